#include "arrange.h"

#include <stdlib.h>

#include "error.h"
#include "quantity.h"
#include "unit/rows.h"

#define NOW ROWS_NOW_MS

/* -- made-up rows, and the slow way to arrange them ------------------------------------------------ */

static const struct snapshot *random_rows(const char *source, int count)
{
    static const char *const states[] = {"run", "done", "wait", "Done", "empty"};
    static const char *const words[] = {"orders", "order", "billing", "ord", "audit-log", "größe"};
    struct snapshot *s = rows_new(source);
    for (int i = 0; i < count; i++) {
        g_autofree char *name = g_strdup_printf("%s-%d",
            words[g_test_rand_int_range(0, G_N_ELEMENTS(words))], g_test_rand_int_range(0, count));
        bool known = g_test_rand_int_range(0, 5) > 0;
        size_t row = rows_add(s, name, known ? states[g_test_rand_int_range(0, 5)] : NULL,
            g_test_rand_int_range(-3, 20));
        if (g_test_rand_bit())
            snapshot_set_real(s, row, R_RATE, g_test_rand_double_range(-1, 1));
        if (g_test_rand_bit())
            snapshot_set_text(s, row, R_NOTE, words[g_test_rand_int_range(0, 6)]);
        snapshot_set_health(s, row, (enum health)g_test_rand_int_range(0, 4), "why");
        snapshot_set_phase(s, row, (enum phase)g_test_rand_int_range(0, 4));
    }
    return snapshot_seal(s);
}

struct place {
    const struct snapshot *s;
    size_t row;
    unsigned order; /* of arrival */
};

struct naive {
    GArray *places; /* struct place */
    char **sort;
};

static int compare_cells(struct cell a, struct cell b)
{
    if (quantity_is_number(a.type)) {
        double x = quantity_value(a), y = quantity_value(b);
        return (x > y) - (x < y);
    }
    return strcmp(a.text, b.text);
}

static struct cell cell_of(const struct place *p, const char *column)
{
    if (strcmp(column, "health") == 0)
        return (struct cell){.type = CELL_INT, .i = snapshot_row(p->s, p->row)->health};
    if (strcmp(column, "phase") == 0)
        return (struct cell){.type = CELL_INT, .i = snapshot_row(p->s, p->row)->phase};
    return snapshot_cell(p->s, p->row, kind_column(&rows_kind, column));
}

static int naive_compare(const void *pa, const void *pb, void *sort)
{
    const struct place *a = pa, *b = pb;
    for (char **key = sort; *key; key++) {
        bool down = **key == '-';
        struct cell x = cell_of(a, *key + down), y = cell_of(b, *key + down);
        bool no_x = x.type == CELL_NONE, no_y = y.type == CELL_NONE;
        if (no_x != no_y)
            return no_x ? 1 : -1;
        int order = no_x ? 0 : compare_cells(x, y);
        if (order != 0)
            return down ? -order : order;
    }
    return (a->order > b->order) - (a->order < b->order);
}

static GArray *naive(const struct snapshot *const *s, guint n, const char *filter, const char *sort)
{
    GArray *places = g_array_new(FALSE, FALSE, sizeof(struct place));
    AUTO(filter) f = filter_parse(filter, rows_columns, NULL, NULL, NULL);
    for (guint i = 0; i < n; i++) {
        for (size_t row = 0; row < snapshot_count(s[i]); row++) {
            struct place p = {s[i], row, places->len};
            if (filter_match(f, s[i], row, NOW))
                g_array_append_val(places, p);
        }
    }
    g_auto(GStrv) keys = g_strsplit(sort, ",", -1);
    if (places->len > 0)
        qsort_r(places->data, places->len, sizeof(struct place), naive_compare, keys);
    return places;
}

static void set_filter(struct arrange *a, const char *text)
{
    g_autoptr(GError) error = NULL;
    struct filter *f = filter_parse(text, rows_columns, NULL, NULL, &error);
    g_assert_no_error(error);
    arrange_set_filter(a, f);
}

static void set_sort(struct arrange *a, const char *sort)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(arrange_set_sort(a, sort, rows_columns, &error));
    g_assert_no_error(error);
}

/* The rows whose place is known are those of the slow way. */
static void is_like(const struct arrange *a, const GArray *places)
{
    size_t tally[4], wanted[4] = {0};
    arrange_tally(a, tally);
    g_assert_cmpuint(arrange_count(a), ==, places->len);
    g_assert_cmpuint(arrange_known(a), <=, places->len);
    for (guint i = 0; i < places->len; i++) {
        const struct place *p = &g_array_index(places, struct place, i);
        wanted[snapshot_row(p->s, p->row)->health]++;
        if (i >= arrange_known(a))
            continue;
        const struct snapshot *s;
        size_t row;
        arrange_at(a, i, &s, &row);
        g_assert_true(s == p->s);
        g_assert_cmpuint(row, ==, p->row);
    }
    g_assert_true(memcmp(tally, wanted, sizeof tally) == 0);
}

static const char *const sorts[] = {"", "name", "-name", "lag", "-lag", "-lag,name", "state,-lag",
    "rate", "-rate,-state,name", "note,-lag", "health", "-health,-phase,lag", "source,-lag", "at",
    "-note,source,health,-name"};
static const char *const filters[] = {
    "", "ord", "orders", "lag>3", "state=none", "!order lag<10", "zzz", "health=fail", "größe"};

static const char *any(const char *const *texts, gsize n)
{
    return texts[g_test_rand_int_range(0, (gint32)n)];
}

static void the_fast_order_is_the_slow_one(void)
{
    for (int round = 0; round < 300; round++) {
        const struct snapshot *s[3] = {random_rows("a", g_test_rand_int_range(0, 60)),
            random_rows("b", g_test_rand_int_range(0, 40)), random_rows("c", round % 7)};
        const char *filter = any(filters, G_N_ELEMENTS(filters));
        const char *sort = any(sorts, G_N_ELEMENTS(sorts));
        AUTO(arrange) a = arrange_new();
        arrange_set_input(a, s, 3);
        set_filter(a, filter);
        set_sort(a, sort);
        arrange_finish(a, NOW);
        g_autoptr(GArray) wanted = naive(s, 3, filter, sort);
        g_assert_cmpuint(arrange_known(a), ==, wanted->len);
        g_assert_cmpuint(arrange_total(a), ==,
            snapshot_count(s[0]) + snapshot_count(s[1]) + snapshot_count(s[2]));
        is_like(a, wanted);
        for (int i = 0; i < 3; i++)
            snapshot_unref(s[i]);
    }
}

static void an_absent_cell_sorts_last_in_both_directions(void)
{
    struct snapshot *b = rows_new("a");
    rows_add(b, "none", NULL, -1);
    rows_add(b, "small", NULL, 0);
    rows_add(b, "large", NULL, 9);
    const struct snapshot *s = snapshot_seal(b);
    static const char *const order[] = {"lag", "-lag"};
    for (int i = 0; i < 2; i++) {
        AUTO(arrange) a = arrange_new();
        arrange_set_input(a, &s, 1);
        set_sort(a, order[i]);
        arrange_finish(a, NOW);
        const struct snapshot *at;
        size_t row;
        arrange_at(a, 2, &at, &row);
        g_assert_cmpstr(snapshot_row(at, row)->name, ==, "none");
        arrange_at(a, 0, &at, &row);
        g_assert_cmpstr(snapshot_row(at, row)->name, ==, i ? "large" : "small");
    }
    snapshot_unref(s);
}

static void equal_rows_keep_their_order(void)
{
    struct snapshot *b = rows_new("a");
    for (int i = 0; i < 6000; i++) {
        g_autofree char *name = g_strdup_printf("%05d", i);
        rows_add(b, name, NULL, i % 3);
    }
    const struct snapshot *s = snapshot_seal(b);
    AUTO(arrange) a = arrange_new();
    arrange_set_input(a, &s, 1);
    set_sort(a, "-lag");
    arrange_finish(a, NOW);
    const char *before = "";
    for (size_t i = 0; i < 6000; i++) {
        const struct snapshot *at;
        size_t row;
        arrange_at(a, i, &at, &row);
        if (i % 2000)
            g_assert_cmpstr(before, <, snapshot_row(at, row)->name);
        before = snapshot_row(at, row)->name;
    }
    snapshot_unref(s);
}

/* A clock that never lets it work for long gives the same rows as one that does. */
static void slices_of_any_size_give_the_same(void)
{
    const struct snapshot *s[2] = {random_rows("a", 9000), random_rows("b", 6000)};
    for (gsize i = 0; i < G_N_ELEMENTS(sorts); i++) {
        const char *filter = filters[i % 3];
        g_autoptr(GArray) wanted = naive(s, 2, filter, sorts[i]);
        AUTO(arrange) a = arrange_new();
        arrange_set_input(a, s, 2);
        set_filter(a, filter);
        set_sort(a, sorts[i]);
        arrange_set_viewport(a, i * 7, 50);
        static const int64_t budgets[] = {0, 1, 100, 5000};
        unsigned shown = 0;
        enum arrange_result result;
        while ((result = arrange_step(a, budgets[i % 4], NOW)) != ARRANGE_DONE) {
            g_assert_true(arrange_pending(a));
            if (result == ARRANGE_SHOWN)
                is_like(a, wanted);
            shown += result == ARRANGE_SHOWN;
        }
        g_assert_false(arrange_pending(a));
        g_assert_cmpint(arrange_step(a, 100, NOW), ==, ARRANGE_DONE);
        g_assert_cmpuint(shown, <=, 1);
        is_like(a, wanted);
        g_assert_cmpuint(arrange_known(a), ==, wanted->len);
    }
    snapshot_unref(s[0]);
    snapshot_unref(s[1]);
}

static void the_rows_on_screen_come_first(void)
{
    const struct snapshot *s = random_rows("a", 20000);
    g_autoptr(GArray) wanted = naive(&s, 1, "", "-lag,name");
    AUTO(arrange) a = arrange_new();
    arrange_set_input(a, &s, 1);
    set_sort(a, "-lag,name");
    arrange_set_viewport(a, 100, 60);
    enum arrange_result result;
    while ((result = arrange_step(a, 0, NOW)) == ARRANGE_MORE)
        g_assert_cmpuint(arrange_count(a), ==, 0); /* the old arrangement stays until then */
    g_assert_cmpint(result, ==, ARRANGE_SHOWN);
    g_assert_cmpuint(arrange_known(a), >=, 160);
    g_assert_cmpuint(arrange_known(a), <, 20000);
    g_assert_cmpuint(arrange_count(a), ==, 20000);
    is_like(a, wanted);
    arrange_finish(a, NOW);
    g_assert_cmpuint(arrange_known(a), ==, 20000);
    is_like(a, wanted);
    snapshot_unref(s);
}

static void old_rows_stay_until_new_ones_can_be_shown(void)
{
    const struct snapshot *old = random_rows("a", 300);
    const struct snapshot *new = random_rows("a", 9000);
    g_autoptr(GArray) wanted = naive(&old, 1, "", "name");
    AUTO(arrange) a = arrange_new();
    arrange_set_input(a, &old, 1);
    set_sort(a, "name");
    arrange_finish(a, NOW);
    snapshot_unref(old); /* the arrangement has a reference of its own */
    arrange_set_input(a, &new, 1);
    g_assert_true(arrange_pending(a));
    is_like(a, wanted);
    g_assert_cmpint(arrange_step(a, 0, NOW), ==, ARRANGE_MORE);
    is_like(a, wanted);
    arrange_set_input(a, NULL, 0);
    arrange_finish(a, NOW);
    g_assert_cmpuint(arrange_count(a), ==, 0);
    g_assert_cmpuint(arrange_total(a), ==, 0);
    snapshot_unref(new);
}

/* Whatever was typed before, the rows are those of a fresh start. */
static void typing_gives_the_rows_of_a_fresh_start(void)
{
    static const char *const typed[] = {"", "o", "or", "ord", "orde", "order", "orders", "order",
        "ord", "lag>3", "lag>3 ord", "zzz", "", "größe", "!ord"};
    for (int round = 0; round < 40; round++) {
        const struct snapshot *s[2] = {
            random_rows("a", round % 2 ? 9000 : 200), random_rows("b", 100)};
        AUTO(arrange) a = arrange_new();
        arrange_set_input(a, s, 2);
        const char *filter = "", *sort = "";
        for (int step = 0; step < 30; step++) {
            switch (g_test_rand_int_range(0, 5)) {
            case 0:
            case 1:
                sort = any(sorts, G_N_ELEMENTS(sorts));
                set_sort(a, sort);
                break;
            case 2: arrange_set_input(a, s, 2); break;
            default:
                filter = typed[g_test_rand_int_range(0, G_N_ELEMENTS(typed))];
                set_filter(a, filter);
            }
            for (int n = g_test_rand_int_range(0, 6); n > 0; n--)
                arrange_step(a, 0, NOW);
            if (g_test_rand_bit())
                continue;
            arrange_finish(a, NOW);
            g_autoptr(GArray) wanted = naive(s, 2, filter, sort);
            is_like(a, wanted);
        }
        snapshot_unref(s[0]);
        snapshot_unref(s[1]);
    }
}

static void taking_the_sort_away_gives_the_servers_order(void)
{
    const struct snapshot *s = random_rows("a", 1000);
    AUTO(arrange) a = arrange_new();
    arrange_set_input(a, &s, 1);
    set_sort(a, "-lag");
    arrange_finish(a, NOW);
    set_sort(a, "");
    arrange_finish(a, NOW);
    g_autoptr(GArray) wanted = naive(&s, 1, "", "");
    is_like(a, wanted);
    set_sort(a, "-lag");
    arrange_finish(a, NOW);
    g_assert_true(arrange_set_sort(a, NULL, rows_columns, NULL));
    set_filter(a, "ord");
    arrange_finish(a, NOW);
    g_autoptr(GArray) filtered = naive(&s, 1, "ord", "");
    is_like(a, filtered);
    snapshot_unref(s);
}

static void an_unknown_column_changes_nothing(void)
{
    const struct snapshot *s = random_rows("a", 50);
    AUTO(arrange) a = arrange_new();
    arrange_set_input(a, &s, 1);
    set_sort(a, "-lag");
    arrange_finish(a, NOW);
    g_autoptr(GError) error = NULL;
    static const char *const wrong[] = {"lagg", "lag,nothing", "-", "--lag", "lag name", NULL};
    for (const char *const *sort = wrong; *sort; sort++) {
        g_assert_false(arrange_set_sort(a, *sort, rows_columns, &error));
        g_assert_error(error, WEIR_ERROR, WEIR_ERROR_USAGE);
        ASSERT_CONTAINS(error->message, "There are: state lag");
        g_clear_error(&error);
    }
    g_assert_false(arrange_set_sort(a, "lag,lag,lag,lag,lag", rows_columns, &error));
    g_assert_nonnull(error);
    g_assert_false(arrange_pending(a));
    g_autoptr(GArray) wanted = naive(&s, 1, "", "-lag");
    is_like(a, wanted);
    snapshot_unref(s);
}

static void a_row_is_found_where_it_went(void)
{
    struct snapshot *b = rows_new("a"), *c = rows_new("b");
    for (int i = 0; i < 6000; i++) {
        g_autofree char *name = g_strdup_printf("row-%d", i);
        rows_add(b, name, NULL, (i * 7919) % 6000);
    }
    rows_add(c, "row-5", NULL, 1); /* the same name in another source */
    const struct snapshot *s[2] = {snapshot_seal(b), snapshot_seal(c)};
    AUTO(arrange) a = arrange_new();
    arrange_set_input(a, s, 2);
    set_sort(a, "-lag");
    arrange_finish(a, NOW);
    for (int i = 0; i < 6000; i += 97) {
        g_autofree char *name = g_strdup_printf("row-%d", i);
        g_autofree char *address = g_strdup_printf("a/rows/%s", name);
        gssize place = arrange_find(a, name, address, (size_t)g_test_rand_int_range(0, 7000));
        const struct snapshot *at;
        size_t row;
        arrange_at(a, (size_t)place, &at, &row);
        g_assert_true(at == s[0]);
        g_assert_cmpuint(row, ==, (size_t)i);
        g_assert_cmpint(arrange_find(a, name, address, (size_t)place), ==, place);
    }
    gssize other = arrange_find(a, "row-5", "b/rows/row-5", 0);
    const struct snapshot *at;
    size_t row;
    arrange_at(a, (size_t)other, &at, &row);
    g_assert_true(at == s[1]);
    g_assert_cmpint(arrange_find(a, "row-5", "c/rows/row-5", 0), ==, -1);
    g_assert_cmpint(arrange_find(a, "nothing", "a/rows/nothing", 50), ==, -1);
    set_filter(a, "name=row-7");
    arrange_finish(a, NOW);
    g_assert_cmpint(arrange_find(a, "row-5", "a/rows/row-5", 0), ==, -1);
    snapshot_unref(s[0]);
    snapshot_unref(s[1]);
}

static void what_cannot_sort_is_told(void)
{
    AUTO(arrange) a = arrange_new();
    static const char *const wrong[][2] = {
        {"nosuch", "no column \"nosuch\". There are: "},
        {"address", "source,name"},
        {"lag,lag,lag,lag,lag,lag,lag,lag,lag", "at most"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(arrange_set_sort(a, wrong[i][0], rows_columns, &error));
        g_assert_error(error, WEIR_ERROR, WEIR_ERROR_USAGE);
        g_assert_nonnull(strstr(error->message, wrong[i][1]));
    }
}

static void an_empty_arrangement_is_no_trouble(void)
{
    AUTO(arrange) a = arrange_new();
    g_assert_false(arrange_pending(a));
    g_assert_cmpint(arrange_step(a, 100, NOW), ==, ARRANGE_DONE);
    set_sort(a, "-lag");
    set_filter(a, "x");
    arrange_set_filter(a, NULL);
    arrange_set_viewport(a, 1000000, 0);
    arrange_finish(a, NOW);
    g_assert_cmpuint(arrange_count(a), ==, 0);
    g_assert_cmpint(arrange_find(a, "x", "a/rows/x", 0), ==, -1);
    size_t tally[4];
    arrange_tally(a, tally);
    g_assert_cmpuint(tally[HEALTH_FAIL], ==, 0);
    arrange_free(NULL);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/arrange/the-fast-order-is-the-slow-one", the_fast_order_is_the_slow_one);
    g_test_add_func("/arrange/an-absent-cell-sorts-last-in-both-directions",
        an_absent_cell_sorts_last_in_both_directions);
    g_test_add_func("/arrange/equal-rows-keep-their-order", equal_rows_keep_their_order);
    g_test_add_func("/arrange/slices-of-any-size-give-the-same", slices_of_any_size_give_the_same);
    g_test_add_func("/arrange/the-rows-on-screen-come-first", the_rows_on_screen_come_first);
    g_test_add_func("/arrange/old-rows-stay-until-new-ones-can-be-shown",
        old_rows_stay_until_new_ones_can_be_shown);
    g_test_add_func(
        "/arrange/typing-gives-the-rows-of-a-fresh-start", typing_gives_the_rows_of_a_fresh_start);
    g_test_add_func("/arrange/taking-the-sort-away-gives-the-servers-order",
        taking_the_sort_away_gives_the_servers_order);
    g_test_add_func(
        "/arrange/an-unknown-column-changes-nothing", an_unknown_column_changes_nothing);
    g_test_add_func("/arrange/a-row-is-found-where-it-went", a_row_is_found_where_it_went);
    g_test_add_func("/arrange/what-cannot-sort-is-told", what_cannot_sort_is_told);
    g_test_add_func(
        "/arrange/an-empty-arrangement-is-no-trouble", an_empty_arrangement_is_no_trouble);
    return g_test_run();
}
