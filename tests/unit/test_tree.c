/* What trees do with what the user does. How they look: tests/screens. */
#include "outline.h"
#include "unit/views.h"

static const struct kind tree_kind = {.name = "test.nodes",
    .title = "NODE",
    .help = "a tree",
    .shape = SHAPE_TREE,
    .columns = rows_columns};

static struct snapshot *empty(void)
{
    AUTO(rid) scope = rid_parse("events/rows/x", NULL);
    return snapshot_new(&tree_kind, scope, ROWS_NOW_MS);
}

static size_t node(struct snapshot *s, const char *name, uint32_t parent)
{
    size_t row = rows_add(s, name, "run", (int64_t)snapshot_count(s));
    snapshot_set_parent(s, row, parent);
    return row;
}

/* root a: b (c, d), e (b). */
static struct snapshot *nodes(void)
{
    struct snapshot *s = empty();
    uint32_t a = (uint32_t)node(s, "aaa", ROW_NONE);
    uint32_t b = (uint32_t)node(s, "bbb", a);
    node(s, "ccc", b);
    node(s, "ddd", b);
    uint32_t e = (uint32_t)node(s, "eee", a);
    node(s, "bbb", e); /* the same thing under another parent */
    return s;
}

static struct shown shown_nodes(void)
{
    struct shown s = shown_new(&tree_kind);
    shown_put(&s, "events/rows/x", nodes(), NULL);
    return s;
}

/* The names on the screen, first letters only, in order. */
static char *outline_of(struct shown *s)
{
    g_autofree char *text = shown_text(s, 80, 24);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *out = g_string_new(NULL);
    static const char *const names[] = {"aaa", "bbb", "ccc", "ddd", "eee"};
    for (char **line = lines; *line; line++)
        for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
            if (strstr(*line, names[i]))
                g_string_append_c(out, names[i][0]);
    return g_string_free(out, FALSE);
}

#define OUTLINE_IS(s, wanted)                                                                      \
    do {                                                                                           \
        g_autofree char *outline_ = outline_of(s);                                                 \
        g_assert_cmpstr(outline_, ==, wanted);                                                     \
    } while (0)

#define STATUS_HAS(s, wanted)                                                                      \
    do {                                                                                           \
        g_autofree char *status_ = shown_status(s);                                                \
        ASSERT_CONTAINS(status_, wanted);                                                          \
    } while (0)

static size_t selected_row(struct shown *s)
{
    const struct snapshot *snapshot;
    size_t row;
    g_assert_true(s->v->class->selected(s->v, &snapshot, &row));
    return row;
}

static int column_of(const struct cells *c, const char *name)
{
    g_autofree char *all = cells_text(c, false);
    const char *found = strstr(all, name);
    g_assert_nonnull(found);
    while (found > all && found[-1] != '\n')
        found--;
    g_autofree char *before = g_strndup(found, (gsize)(strstr(found, name) - found));
    return (int)g_utf8_strlen(before, -1);
}

/* -- order and folds ------------------------------------------------------------------------------- */

static void a_tree_is_drawn_depth_first(void)
{
    struct shown s = shown_nodes();
    OUTLINE_IS(&s, "abcdeb");
    AUTO(cells) c = shown_draw(&s, 80, 24, false);
    g_assert_cmpint(column_of(c, "aaa"), <, column_of(c, "bbb"));
    g_assert_cmpint(column_of(c, "bbb"), <, column_of(c, "ccc"));
    g_assert_cmpint(column_of(c, "ccc"), ==, column_of(c, "ddd"));
    g_assert_cmpint(column_of(c, "eee"), ==, column_of(c, "bbb"));
    shown_clear(&s);
}

static void a_fold_hides_what_is_below_and_survives_a_refresh(void)
{
    struct shown s = shown_nodes();
    shown_run(&s, "down");
    g_assert_cmpstr(shown_selected(&s), ==, "bbb");
    shown_run(&s, "fold");
    OUTLINE_IS(&s, "abeb");
    STATUS_HAS(&s, "6 rows, 2 folded away");
    shown_put(&s, "events/rows/x", nodes(), NULL);
    OUTLINE_IS(&s, "abeb");
    g_assert_cmpstr(shown_selected(&s), ==, "bbb");
    shown_run(&s, "fold");
    OUTLINE_IS(&s, "abcdeb");
    shown_run(&s, "fold-all");
    OUTLINE_IS(&s, "a");
    shown_run(&s, "fold");
    OUTLINE_IS(&s, "abe"); /* their own children stay folded */
    shown_run(&s, "unfold-all");
    OUTLINE_IS(&s, "abcdeb");
    shown_clear(&s);
}

static void left_and_right_walk_the_tree(void)
{
    struct shown s = shown_nodes();
    static const struct {
        const char *command;
        size_t row;
        const char *seen;
    } steps[] = {{"unfold-or-child", 1, "abcdeb"}, {"unfold-or-child", 2, "abcdeb"},
        {"unfold-or-child", 2, "abcdeb"}, {"next-sibling", 3, "abcdeb"},
        {"next-sibling", 3, "abcdeb"}, {"previous-sibling", 2, "abcdeb"},
        {"previous-sibling", 2, "abcdeb"}, {"fold-or-parent", 1, "abcdeb"},
        {"fold-or-parent", 1, "abeb"}, {"next-sibling", 4, "abeb"}, {"previous-sibling", 1, "abeb"},
        {"fold-or-parent", 0, "abeb"}, {"fold-or-parent", 0, "a"}, {"fold-or-parent", 0, "a"},
        {"next-sibling", 0, "a"}, {"unfold-or-child", 0, "abeb"}, {"unfold-or-child", 1, "abeb"},
        {"unfold-or-child", 1, "abcdeb"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(steps); i++) {
        shown_run(&s, steps[i].command);
        g_assert_cmpuint(selected_row(&s), ==, steps[i].row);
        OUTLINE_IS(&s, steps[i].seen);
    }
    shown_clear(&s);
}

/* A stage may stand under several parents: they are two places. */
static void a_node_under_two_parents_is_two_places(void)
{
    struct shown s = shown_nodes();
    shown_run(&s, "down");
    g_assert_cmpuint(selected_row(&s), ==, 1);
    shown_put(&s, "events/rows/x", nodes(), NULL);
    g_assert_cmpuint(selected_row(&s), ==, 1); /* not the one further below */
    shown_run(&s, "last");
    g_assert_cmpuint(selected_row(&s), ==, 5);
    shown_put(&s, "events/rows/x", nodes(), NULL);
    g_assert_cmpuint(selected_row(&s), ==, 5);
    shown_clear(&s);
}

static void the_cursor_follows_its_node_to_another_line(void)
{
    struct shown s = shown_nodes();
    shown_run(&s, "last"); /* a > e > b */
    struct snapshot *moved = empty();
    uint32_t a = (uint32_t)node(moved, "aaa", ROW_NONE);
    uint32_t e = (uint32_t)node(moved, "eee", a);
    node(moved, "bbb", e);
    uint32_t b = (uint32_t)node(moved, "bbb", a);
    node(moved, "ccc", b);
    shown_put(&s, "events/rows/x", moved, NULL);
    g_assert_cmpuint(selected_row(&s), ==, 2);
    shown_run(&s, "fold-all"); /* what hides it stands for it */
    g_assert_cmpuint(selected_row(&s), ==, 0);
    shown_run(&s, "unfold-all");
    g_assert_cmpuint(selected_row(&s), ==, 2);
    shown_clear(&s);
}

static void a_path_can_be_copied(void)
{
    struct shown s = shown_nodes();
    g_autoptr(GString) path = g_string_new("at ");
    shown_run(&s, "last");
    s.v->class->copy_text(s.v, path);
    g_assert_cmpstr(path->str, ==, "at aaa > eee > bbb");
    shown_clear(&s);
    s = shown_new(&tree_kind);
    g_string_truncate(path, 0);
    s.v->class->copy_text(s.v, path);
    g_assert_cmpstr(path->str, ==, "");
    shown_clear(&s);
}

/* -- problems -------------------------------------------------------------------------------------- */

static struct shown shown_problems(void)
{
    struct shown s = shown_new(&tree_kind);
    struct snapshot *b = nodes();
    snapshot_set_health(b, 3, HEALTH_WARN, "late");
    snapshot_set_health(b, 2, HEALTH_FAIL, "broken");
    shown_put(&s, "events/rows/x", b, NULL);
    return s;
}

static void exactly_what_leads_to_problems_unfolds(void)
{
    struct shown s = shown_problems();
    shown_run(&s, "unfold-problems");
    OUTLINE_IS(&s, "abcde");
    shown_clear(&s);
    s = shown_nodes();
    shown_run(&s, "unfold-problems");
    OUTLINE_IS(&s, "a");
    shown_clear(&s);
}

static void a_fold_says_what_it_hides(void)
{
    struct shown s = shown_problems();
    shown_run(&s, "fold-all");
    AUTO(cells) c = shown_draw(&s, 80, 24, true);
    g_autofree char *text = cells_text(c, false);
    ASSERT_CONTAINS(text, "\nX> + aaa (X2 of 5)");
    shown_run(&s, "unfold-problems");
    g_autofree char *open = shown_text(&s, 80, 24);
    ASSERT_CONTAINS(open, "\nX  │ ├ ccc");
    ASSERT_CONTAINS(open, "\n   └ + eee (1)");
    shown_clear(&s);
}

static void the_next_problem_is_found_inside_folds(void)
{
    struct shown s = shown_problems();
    shown_run(&s, "fold-all");
    shown_run(&s, "next-match");
    g_assert_cmpuint(selected_row(&s), ==, 2);
    OUTLINE_IS(&s, "abcde");
    shown_run(&s, "next-match");
    g_assert_cmpuint(selected_row(&s), ==, 3);
    shown_run(&s, "next-match"); /* around the end */
    g_assert_cmpuint(selected_row(&s), ==, 2);
    shown_run(&s, "match-before");
    g_assert_cmpuint(selected_row(&s), ==, 3);
    shown_clear(&s);
}

/* -- filter and sort ------------------------------------------------------------------------------- */

static void a_filtered_tree_shows_what_matches_and_what_leads_there(void)
{
    struct shown s = shown_nodes();
    shown_filter(&s, "lag=3|lag=5"); /* ddd and the last bbb */
    OUTLINE_IS(&s, "abdeb");
    STATUS_HAS(&s, "2/6  /lag=3");
    g_assert_cmpuint(selected_row(&s), ==, 3); /* the first match, not what leads there */
    g_autofree char *text = shown_text(&s, 80, 24);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    ASSERT_CONTAINS(lines[3], "run");
    g_assert_null(strstr(lines[1], "run")); /* what leads there has no numbers */
    shown_run(&s, "next-match");
    g_assert_cmpuint(selected_row(&s), ==, 5);
    shown_run(&s, "match-before");
    g_assert_cmpuint(selected_row(&s), ==, 3);
    g_autoptr(GError) error = NULL;
    g_assert_false(s.v->class->filter(s.v, "lagg>5", &error));
    OUTLINE_IS(&s, "abdeb");
    shown_filter(&s, "zzz");
    g_autofree char *none = shown_text(&s, 80, 24);
    ASSERT_CONTAINS(none, "nothing matches the filter");
    shown_filter(&s, "");
    OUTLINE_IS(&s, "abcdeb");
    shown_clear(&s);
}

static void a_search_leaves_everything_where_it_is(void)
{
    struct shown s = shown_nodes();
    shown_filter(&s, "ddd");
    shown_run(&s, "whole");
    OUTLINE_IS(&s, "abcdeb");
    STATUS_HAS(&s, "1/6  /ddd  all shown");
    AUTO(cells) c = shown_draw(&s, 80, 24, true);
    g_autofree char *text = cells_text(c, false);
    ASSERT_CONTAINS(text, "\n >/| `-ddd"); /* seen without colour */
    shown_run(&s, "first");
    shown_run(&s, "next-match");
    g_assert_cmpuint(selected_row(&s), ==, 3);
    shown_run(&s, "whole");
    OUTLINE_IS(&s, "abd");
    shown_clear(&s);
}

static void a_filter_looks_into_folds_and_leaves_them(void)
{
    struct shown s = shown_nodes();
    shown_run(&s, "fold-all");
    shown_filter(&s, "ccc");
    OUTLINE_IS(&s, "abc");
    shown_run(&s, "fold-or-parent");
    shown_run(&s, "fold"); /* folds of its own */
    OUTLINE_IS(&s, "ab");
    shown_filter(&s, "");
    OUTLINE_IS(&s, "a");
    shown_clear(&s);
}

static void siblings_are_sorted_below_their_parent(void)
{
    struct shown s = shown_nodes();
    shown_run(&s, "last");
    shown_sort(&s, "-lag");
    OUTLINE_IS(&s, "aebbdc");
    g_assert_cmpuint(selected_row(&s), ==, 5); /* the cursor went with it */
    STATUS_HAS(&s, "sort -lag");
    shown_run(&s, "reverse");
    OUTLINE_IS(&s, "abcdeb");
    g_autoptr(GError) error = NULL;
    shown_sort(&s, "-name");
    g_assert_false(s.v->class->sort(s.v, "lagg", &error));
    OUTLINE_IS(&s, "aebbdc");
    shown_run(&s, "server-order");
    OUTLINE_IS(&s, "abcdeb");
    shown_clear(&s);
}

/* -- what servers may send ------------------------------------------------------------------------- */

static void parents_in_a_circle_do_not_hang_the_screen(void)
{
    struct shown s = shown_new(&tree_kind);
    struct snapshot *b = empty();
    node(b, "aaa", 2);
    node(b, "bbb", 0);
    node(b, "ccc", 1);
    node(b, "ddd", 3);      /* its own parent */
    node(b, "eee", 123456); /* a parent that is not there */
    shown_put(&s, "events/rows/x", b, NULL);
    g_autofree char *seen = outline_of(&s);
    for (const char *name = "abcde"; *name; name++)
        g_assert_nonnull(strchr(seen, *name));
    shown_clear(&s);
}

static void a_deep_tree_keeps_its_names_on_the_screen(void)
{
    struct shown s = shown_new(&tree_kind);
    struct snapshot *b = empty();
    for (uint32_t i = 0; i < 200; i++) {
        g_autofree char *name = g_strdup_printf("node-%03u", i);
        node(b, name, i ? i - 1 : ROW_NONE);
    }
    shown_put(&s, "events/rows/x", b, NULL);
    for (int width = 80; width >= 20; width -= 12) {
        shown_run(&s, "last");
        AUTO(cells) c = shown_draw(&s, width, 24, true);
        g_assert_cmpstr(shown_selected(&s), ==, "node-199");
        g_assert_cmpint(line_of(c, "`-node-199"), ==, 23);
        g_assert_cmpint(line_of(c, "198 "), ==, 22); /* its level */
    }
    shown_clear(&s);
}

/* -- any tree -------------------------------------------------------------------------------------- */

static struct snapshot *random_tree(int count)
{
    static const char *const names[] = {
        "scan", "join orders", "日本語の名前", "x", "a.very.long.name.of.a.table.partition.0001"};
    struct snapshot *s = empty();
    for (int i = 0; i < count; i++) {
        bool root = i == 0 || g_test_rand_int_range(0, 12) == 0;
        uint32_t parent = root ? ROW_NONE : (uint32_t)g_test_rand_int_range(MAX(0, i - 30), i);
        g_autofree char *name = g_strdup_printf("%s%d",
            names[g_test_rand_int_range(0, G_N_ELEMENTS(names))], g_test_rand_int_range(0, 30));
        size_t row = node(s, name, parent);
        if (g_test_rand_int_range(0, 10) == 0)
            snapshot_set_health(s, row, (enum health)g_test_rand_int_range(1, 4), "why");
        else if (g_test_rand_int_range(0, 30) == 0)
            snapshot_set_error(s, row, "not read");
    }
    return s;
}

static bool not_ok(const struct row *r)
{
    return r->health != HEALTH_OK || r->error;
}

/* Every row is on a line or counted by the fold that hides it, once; a parent stands before its
 * children; problems are counted like rows. */
static void nothing_is_lost(const struct outline *o, const struct snapshot *s)
{
    size_t seen = 0, problems = 0, wanted = 0, last_line = 0;
    for (size_t row = 0; row < snapshot_count(s); row++)
        wanted += not_ok(snapshot_row(s, row));
    g_autofree bool *there = g_new0(bool, snapshot_count(s));
    for (size_t line = 0; line < outline_lines(o); line++) {
        uint32_t row = outline_row(o, line);
        struct outline_node n = outline_node(o, row);
        uint32_t parent = outline_parent(o, row);
        g_assert_false(there[row]);
        g_assert_true(parent == ROW_NONE || there[parent]);
        there[row] = true;
        g_assert_cmpuint(outline_line(o, row), ==, line);
        seen += 1 + (n.folded ? n.below : 0);
        problems += (size_t)not_ok(snapshot_row(s, row)) + (n.folded ? n.problems : 0);
        g_assert_cmpint(n.problems > 0, ==, n.worst != HEALTH_OK);
        last_line = line;
    }
    g_assert_cmpuint(seen, ==, snapshot_count(s));
    g_assert_cmpuint(problems, ==, wanted);
    g_assert_cmpuint(last_line + 1, ==, outline_lines(o));
}

static void folding_never_loses_a_node(void)
{
    for (int round = 0; round < 40; round++) {
        AUTO(outline) o = outline_new();
        const struct snapshot *s = snapshot_seal(random_tree(g_test_rand_int_range(1, 300)));
        outline_set(o, s, ROWS_NOW_MS);
        for (int step = 0; step < 60; step++) {
            size_t line = (size_t)g_test_rand_int_range(0, (gint)outline_lines(o));
            int what = g_test_rand_int_range(0, 20);
            if (what == 0)
                outline_fold_all(o, true);
            else if (what == 1)
                outline_fold_all(o, false);
            else if (what == 2)
                outline_fold_to_problems(o);
            else if (what == 3)
                outline_sort(o, step % 2 ? "-name" : "state,-lag", rows_columns, NULL);
            else if (what == 4)
                outline_reveal(o, (uint32_t)g_test_rand_int_range(0, (gint)snapshot_count(s)));
            else
                outline_fold(o, line, what % 2);
            nothing_is_lost(o, s);
        }
        outline_fold_all(o, false);
        g_assert_cmpuint(outline_lines(o), ==, snapshot_count(s));
        snapshot_unref(s);
    }
}

/* Moving lines gives what making them anew gives. */
static void a_fold_moves_only_its_lines_and_moves_them_right(void)
{
    const struct snapshot *s = snapshot_seal(random_tree(400));
    AUTO(outline) o = outline_new();
    outline_set(o, s, ROWS_NOW_MS);
    for (int step = 0; step < 400; step++) {
        size_t line = (size_t)g_test_rand_int_range(0, (gint)outline_lines(o));
        outline_fold(o, line, g_test_rand_int_range(0, 2));
        g_autoptr(GArray) moved = g_array_new(FALSE, FALSE, sizeof(uint32_t));
        for (size_t i = 0; i < outline_lines(o); i++)
            g_array_append_val(moved, (uint32_t){outline_row(o, i)});
        outline_set(o, s, ROWS_NOW_MS);
        g_assert_cmpuint(outline_lines(o), ==, moved->len);
        for (size_t i = 0; i < moved->len; i++)
            g_assert_cmpuint(outline_row(o, i), ==, g_array_index(moved, uint32_t, i));
    }
    snapshot_unref(s);
}

/* Draws into the middle of a larger screen; nothing may be around it. In ASCII every problem has its
 * letter in the first column. */
static void draw_within(struct shown *s, int width, int height, bool ascii)
{
    AUTO(cells) c = cells_new(width + 4, height + 4, ascii);
    struct surface inner = surface_part(&c->surface, 2, 2, width, height);
    s->v->class->draw(s->v, &inner, ROWS_NOW_MS);
    for (int y = 0; y < height + 4; y++) {
        for (int x = 0; x < width + 4; x++) {
            bool outside = x < 2 || y < 2 || x >= width + 2 || y >= height + 2;
            gunichar letter = cells_row(c, y)[x].text[0];
            g_assert_true(!outside || letter == ' ');
            bool alarming = cells_row(c, y)[x].role == ROLE_FAIL && letter != ' ';
            g_assert_true(!alarming || cells_row(c, y)[2].text[0] == 'X');
        }
    }
}

static void the_cursor_stays_on_its_node_and_the_drawing_inside(void)
{
    static const char *const commands[] = {"down", "up", "page-down", "fold", "fold-or-parent",
        "unfold-or-child", "next-sibling", "previous-sibling", "next-match", "match-before",
        "whole", "reverse", "server-order", "last", "first"};
    static const char *const steady[] = {"whole", "reverse", "server-order", "unfold-all"};
    for (int round = 0; round < 12; round++) {
        struct shown s = shown_new(&tree_kind);
        shown_put(&s, "events/rows/x", random_tree(g_test_rand_int_range(1, 150)), NULL);
        const struct store_entry *e = g_ptr_array_index(s.entries, 0);
        for (unsigned step = 0; step < 60; step++) {
            shown_run(&s, commands[g_test_rand_int_range(0, G_N_ELEMENTS(commands))]);
            if (step % 10 == 5)
                shown_filter(&s, step % 20 == 5 ? "scan" : "");
            draw_within(&s, g_test_rand_int_range(1, 90), g_test_rand_int_range(1, 20), step % 2);
            const struct snapshot *snapshot;
            size_t row, other;
            shown_run(&s, "down"); /* the cursor is put somewhere */
            if (!s.v->class->selected(s.v, &snapshot, &row) || step % 10 == 5)
                continue;
            const char *command = steady[step % G_N_ELEMENTS(steady)];
            bool filtered = step % 20 > 5 && step % 20 < 15;
            if (!filtered || strcmp(command, "whole") != 0)
                shown_run(&s, command);
            s.v->class->update(s.v, s.entries);
            g_assert_true(s.v->class->selected(s.v, &snapshot, &other));
            g_assert_cmpuint(other, ==, row);
            g_assert_true(snapshot == e->snapshot);
        }
        shown_clear(&s);
    }
}

static void a_large_tree_keeps_every_row(void)
{
    struct shown s = shown_new(&tree_kind);
    struct snapshot *b = empty();
    for (uint32_t i = 0; i < 20000; i++) {
        g_autofree char *name = g_strdup_printf("node-%05u", i);
        node(b, name, i ? (i - 1) / 8 : ROW_NONE);
    }
    shown_put(&s, "events/rows/x", b, NULL);
    shown_sort(&s, "-name");
    for (int i = 0; i < 50; i++)
        shown_run(&s, i % 3 ? "down" : "fold");
    STATUS_HAS(&s, "20000 rows");
    shown_run(&s, "unfold-all");
    shown_run(&s, "last");
    STATUS_HAS(&s, "20000 rows");
    g_assert_true(g_str_has_prefix(shown_selected(&s), "node-"));
    shown_clear(&s);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/tree/it-is-drawn-depth-first", a_tree_is_drawn_depth_first);
    g_test_add_func("/tree/a-fold-hides-what-is-below-and-survives-a-refresh",
        a_fold_hides_what_is_below_and_survives_a_refresh);
    g_test_add_func("/tree/left-and-right-walk-it", left_and_right_walk_the_tree);
    g_test_add_func(
        "/tree/a-node-under-two-parents-is-two-places", a_node_under_two_parents_is_two_places);
    g_test_add_func("/tree/the-cursor-follows-its-node-to-another-line",
        the_cursor_follows_its_node_to_another_line);
    g_test_add_func("/tree/a-path-can-be-copied", a_path_can_be_copied);
    g_test_add_func(
        "/tree/exactly-what-leads-to-problems-unfolds", exactly_what_leads_to_problems_unfolds);
    g_test_add_func("/tree/a-fold-says-what-it-hides", a_fold_says_what_it_hides);
    g_test_add_func(
        "/tree/the-next-problem-is-found-inside-folds", the_next_problem_is_found_inside_folds);
    g_test_add_func("/tree/a-filter-shows-what-matches-and-what-leads-there",
        a_filtered_tree_shows_what_matches_and_what_leads_there);
    g_test_add_func(
        "/tree/a-search-leaves-everything-where-it-is", a_search_leaves_everything_where_it_is);
    g_test_add_func("/tree/a-filter-looks-into-folds-and-leaves-them",
        a_filter_looks_into_folds_and_leaves_them);
    g_test_add_func(
        "/tree/siblings-are-sorted-below-their-parent", siblings_are_sorted_below_their_parent);
    g_test_add_func("/tree/parents-in-a-circle-do-not-hang-the-screen",
        parents_in_a_circle_do_not_hang_the_screen);
    g_test_add_func("/tree/a-deep-one-keeps-its-names-on-the-screen",
        a_deep_tree_keeps_its_names_on_the_screen);
    g_test_add_func("/tree/folding-never-loses-a-node", folding_never_loses_a_node);
    g_test_add_func("/tree/a-fold-moves-only-its-lines-and-moves-them-right",
        a_fold_moves_only_its_lines_and_moves_them_right);
    g_test_add_func("/tree/the-cursor-stays-on-its-node-and-the-drawing-inside",
        the_cursor_stays_on_its_node_and_the_drawing_inside);
    g_test_add_func("/tree/a-large-one-keeps-every-row", a_large_tree_keeps_every_row);
    return g_test_run();
}
