/* What a key costs in a log of a million lines: the command, a slice of work and a frame of 160x45 in
 * memory, as the console does for each key. Prints one line per key; nothing is asserted. */
#include "unit/views.h"

#include <stdlib.h>

#include "kind.h"
#include "log_view.h"

#define LINES   1000000
#define CHUNK   1000
#define ROUNDS  200
#define STEP_US 4000

static struct snapshot *chunk(int from)
{
    AUTO(rid) scope = rid_parse("scheduler/tasks/load", NULL);
    struct snapshot *s = snapshot_new(&kind_log, scope, ROWS_NOW_MS);
    for (int i = from; i < from + CHUNK; i++) {
        g_autofree char *text = i % CHUNK == 500
                                    ? g_strdup_printf("ERROR batch %d refused", i)
                                    : g_strdup_printf("loaded batch %d of fct_orders", i);
        size_t row = snapshot_add(s, "");
        snapshot_set_int(s, row, LOG_TIME, ROWS_NOW_MS - (int64_t)(LINES - i) * 3);
        snapshot_set_text(s, row, LOG_TEXT, text);
    }
    return s;
}

static double fill(struct view *v)
{
    double us = 0;
    for (int i = 0; i < LINES; i += CHUNK) {
        const struct snapshot *s = snapshot_seal(chunk(i));
        int64_t begun = g_get_monotonic_time();
        v->class->take(v, s, NULL, NULL);
        us += (double)(g_get_monotonic_time() - begun);
        snapshot_unref(s);
    }
    return us / LINES * 1000;
}

/* A key: returns microseconds. */
static double press(struct view *v, struct cells *c, void (*run)(struct view *))
{
    int64_t begun = g_get_monotonic_time();
    if (run)
        run(v);
    v->class->step(v, STEP_US, ROWS_NOW_MS);
    cells_clear(c);
    v->class->draw(v, &c->surface, ROWS_NOW_MS);
    return (double)(g_get_monotonic_time() - begun);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void report(const char *name, double *us, unsigned n)
{
    qsort(us, n, sizeof us[0], by_size);
    g_print("%-28s p50 %8.0f us   p99 %8.0f us   max %8.0f us\n", name, us[n / 2],
        us[(n * 99) / 100], us[n - 1]);
}

static void measure(struct view *v, struct cells *c, const char *command)
{
    double us[ROUNDS];
    for (const struct view_command *k = v->class->commands; k->name; k++) {
        if (strcmp(k->name, command) != 0)
            continue;
        for (unsigned i = 0; i < ROUNDS; i++)
            us[i] = press(v, c, k->run);
        report(command, us, ROUNDS);
    }
}

/* Every slice of a search or a filter, with the frame behind it. */
static void measure_slices(struct view *v, struct cells *c, const char *name)
{
    g_autoptr(GArray) us = g_array_new(FALSE, FALSE, sizeof(double));
    int64_t begun = g_get_monotonic_time();
    do {
        double one = press(v, c, NULL);
        g_array_append_val(us, one);
    } while (!log_lines_done(as_log(v)->lines));
    double all = (double)(g_get_monotonic_time() - begun) / 1000;
    report(name, (double *)(void *)us->data, us->len);
    g_print("%-28s %u slices, %.0f ms\n", "", us->len, all);
}

int main(int argc, char **argv)
{
    static const char *const commands[] = {"first", "last", "up", "down", "page-up", "page-down",
        "next-error", "previous-error", "cause", "wrap", "right", "interval", "fold-all",
        "unfold-all"};
    rows_init(&argc, &argv);
    struct view *v = view_class_of(SHAPE_LOG)->create(&kind_log);
    AUTO(cells) c = cells_new(160, 45, false);
    double ns = fill(v);
    const struct log_ring *r = as_log(v)->lines->ring;
    g_print("%u lines, %.0f ns each to take, %.1f bytes each (29 of them text), %" G_GUINT64_FORMAT
            " dropped\n",
        r->order->len, ns, (double)r->bytes / r->order->len, r->dropped);
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++)
        measure(v, c, commands[i]);
    v->class->filter(v, "batch 99999[0-9]", NULL);
    measure_slices(v, c, "search of all lines");
    measure(v, c, "next-match");
    for (const struct view_command *k = v->class->commands; k->name; k++)
        if (k->run_with && strcmp(k->name, "only") == 0)
            k->run_with(v, "99|refused", NULL);
    measure_slices(v, c, "filter of all lines");
    measure(v, c, "up");
    view_free(v);
    return 0;
}
