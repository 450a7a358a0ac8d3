/* Every fault of the simulated platform, at every service that can have it, at three moments (cell.h).
 *
 * By default a covering set is run: every fault at every moment, each time at another service. MATRIX=all
 * runs all cells, MATRIX=30 some thirty, and MATRIX_ONLY those whose name, as "trino drip open", matches
 * a regular expression. */
#include <stdio.h>
#include <string.h>

#include "cell.h"

struct plan {
    struct ground *plain, *tls; /* NULL until needed */
    GArray *cells;              /* struct cell */
    int faults;
};

/* One test: the cells of one service and moment. */
struct chapter {
    struct plan *plan;
    const struct target *target;
    enum moment moment;
    bool tls;
};

/* -- which cells ----------------------------------------------------------------------------------- */

static guint count_targets(const struct fault *f, bool tls)
{
    guint n = 0;
    for (const struct target *t = targets; t->service; t++)
        n += target_can_show(t, f, tls);
    return n;
}

/* The n-th service that can show it. */
static const struct target *nth_target(const struct fault *f, bool tls, guint n)
{
    for (const struct target *t = targets; t->service; t++)
        if (target_can_show(t, f, tls) && n-- == 0)
            return t;
    return NULL;
}

/* What a certificate or a clock does not depend on when: two moments are enough. */
static bool is_covering(const struct fault *f, enum moment moment)
{
    return moment != MOMENT_DRILL || (f->stage != FAULT_TLS && f->stage != FAULT_CLOCK);
}

static void add_cell(struct plan *plan, const struct cell *c)
{
    const char *only = g_getenv("MATRIX_ONLY");
    g_autofree char *name =
        g_strdup_printf("%s %s %s", c->target->service, c->fault->name, moment_names[c->moment]);
    if (!only || g_regex_match_simple(only, name, 0, 0))
        g_array_append_val(plan->cells, *c);
}

static bool is_met(const struct fault *f, enum moment moment)
{
    const struct expectation *e = expectation_of(f);
    return moment == MOMENT_START || !e || !e->early;
}

static void add_fault(struct plan *plan, const struct fault *f, bool all)
{
    bool tls = f->stage == FAULT_TLS;
    guint turn = (guint)(f - faults), count = count_targets(f, tls);
    for (enum moment moment = 0; moment < MOMENTS; moment++)
        for (guint i = 0; i < count; i++)
            if (is_met(f, moment) &&
                (all || (is_covering(f, moment) && i == (turn + moment) % count)))
                add_cell(plan, &(struct cell){nth_target(f, tls, i), f, moment});
}

/* Keeps about so many, spread over all. */
static void thin(GArray *cells, guint wanted)
{
    guint all = cells->len, kept = 0;
    for (guint i = 0; i < all; i++)
        if (i * wanted / all >= kept)
            g_array_index(cells, struct cell, kept++) = g_array_index(cells, struct cell, i);
    g_array_set_size(cells, kept);
}

static void choose_cells(struct plan *plan)
{
    const char *matrix = g_getenv("MATRIX");
    guint64 wanted = 0;
    for (const struct fault *f = faults; f->name; f++, plan->faults++)
        add_fault(plan, f, (matrix && g_str_equal(matrix, "all")) || g_getenv("MATRIX_ONLY"));
    if (matrix && g_ascii_string_to_unsigned(matrix, 10, 1, G_MAXUINT, &wanted, NULL))
        thin(plan->cells, (guint)wanted);
}

/* -- running them ---------------------------------------------------------------------------------- */

static bool belongs(const struct chapter *h, const struct cell *c)
{
    return c->moment == h->moment && (c->fault->stage == FAULT_TLS) == h->tls &&
           (h->tls || c->target == h->target);
}

static struct ground *ground_of(const struct chapter *h)
{
    struct ground **g = h->tls ? &h->plan->tls : &h->plan->plain;
    if (!*g)
        *g = ground_new(h->tls);
    return *g;
}

/* Slow clocks first: one weir for all cells of a speed. */
static gint by_speed(gconstpointer a, gconstpointer b)
{
    return cell_speed(a) - cell_speed(b);
}

/* A cell that fails does not end its test: the others are worth knowing too. */
static void run_cell(struct ground *g, const struct cell *c)
{
    const char *known = known_of(c->target, c->fault, c->moment);
    g_autofree char *wrong = cell_run(g, c);
    g_autofree char *name =
        g_strdup_printf("%s %s %s", c->target->service, c->fault->name, moment_names[c->moment]);
    g_auto(GStrv) lines = g_strsplit(wrong ? wrong : "", "\n", -1);
    for (char **line = lines; *line; line++)
        g_test_message("%s", *line);
    if (wrong && known)
        g_test_incomplete_printf("%s: %s", name, known);
    else if (wrong)
        g_test_fail_printf("%s", name);
    else if (known)
        g_test_fail_printf("%s: no longer wrong, take it out of expect.c", name);
}

static void run_chapter(gconstpointer data)
{
    const struct chapter *h = data;
    g_autoptr(GArray) mine = g_array_new(FALSE, FALSE, sizeof(struct cell));
    for (guint i = 0; i < h->plan->cells->len; i++)
        if (belongs(h, &g_array_index(h->plan->cells, struct cell, i)))
            g_array_append_val(mine, g_array_index(h->plan->cells, struct cell, i));
    if (mine->len == 0) {
        g_test_skip("none of the chosen cells");
        return;
    }
    g_array_sort(mine, by_speed);
    struct ground *g = ground_of(h);
    for (guint i = 0; i < mine->len; i++)
        run_cell(g, &g_array_index(mine, struct cell, i));
    ground_close(g);
}

static const char *sentence(enum moment moment)
{
    static const char *const sentences[MOMENTS] = {
        "is broken before weir starts, weir says how and fills up later",
        "breaks under an open table, the table keeps its rows and says since when",
        "is broken while one opens a part of it, that fills up later"};
    return sentences[moment];
}

static void add_chapter(struct plan *plan, const struct target *t, enum moment moment, bool tls)
{
    struct chapter *h = g_new0(struct chapter, 1);
    *h = (struct chapter){plan, t, moment, tls};
    g_autofree char *path =
        tls ? g_strdup_printf("/faults/when a service's TLS %s", sentence(moment))
            : g_strdup_printf("/faults/when %s %s", t->service, sentence(moment));
    g_test_add_data_func_full(path, h, run_chapter, g_free);
}

int main(int argc, char **argv)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    for (int i = 0; i < argc; i++)
        g_ptr_array_add(all, argv[i]);
    g_ptr_array_add(all, (gpointer) "--keep-going"); /* after a test that failed */
    g_ptr_array_add(all, NULL);
    char **words = (char **)all->pdata;
    argc++;
    g_test_init(&argc, &words, NULL);
    struct plan plan = {.cells = g_array_new(FALSE, FALSE, sizeof(struct cell))};
    choose_cells(&plan);
    for (enum moment moment = 0; moment < MOMENTS; moment++) {
        for (const struct target *t = targets; t->service; t++)
            add_chapter(&plan, t, moment, false);
        add_chapter(&plan, targets, moment, true);
    }
    int failed = g_test_run();
    int64_t longest =
        MAX(plan.plain ? plan.plain->longest_ns : 0, plan.tls ? plan.tls->longest_ns : 0);
    g_printerr("fault matrix: %d faults, %u cells, longest key answer %" G_GINT64_FORMAT " ms\n",
        plan.faults, plan.cells->len, longest / 1000000);
    g_clear_pointer(&plan.plain, ground_free);
    g_clear_pointer(&plan.tls, ground_free);
    g_array_unref(plan.cells);
    return failed;
}
