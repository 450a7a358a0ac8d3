#include "report.h"

#include <string.h>

enum { NAME_WIDTH = 24, CELL_WIDTH = 22 };

struct figure {
    const char *name; /* with its unit */
    enum metric metric;
    enum reduction reduction;
    bool by_need; /* divided by METRIC_KEY_NEEDED_BYTES */
    const char *help;
};

static const struct figure figures[] = {
    {"first_byte_ms_p50", METRIC_FIRST_BYTE_MS, REDUCE_P50, false, "fork to first byte"},
    {"first_byte_ms_min", METRIC_FIRST_BYTE_MS, REDUCE_MIN, false, "the same, the best start"},
    {"content_ms_p50", METRIC_CONTENT_MS, REDUCE_P50, false, "fork to the content on the screen"},
    {"content_ms_min", METRIC_CONTENT_MS, REDUCE_MIN, false, "the same, the best start"},
    {"first_screen_bytes", METRIC_SCREEN_BYTES, REDUCE_P50, false, "bytes until it is quiet"},
    {"content_writes", METRIC_CONTENT_WRITES, REDUCE_P50, false,
        "write(2) of the main thread until then"},
    {"key_first_ms_p50", METRIC_KEY_FIRST_MS, REDUCE_P50, false, "key to the answer's first byte"},
    {"key_first_ms_p99", METRIC_KEY_FIRST_MS, REDUCE_P99, false, "the same"},
    {"key_first_ms_min", METRIC_KEY_FIRST_MS, REDUCE_MIN, false, "the same"},
    {"key_last_ms_p50", METRIC_KEY_LAST_MS, REDUCE_P50, false, "key to the answer's last byte"},
    {"key_last_ms_p99", METRIC_KEY_LAST_MS, REDUCE_P99, false, "the same"},
    {"key_missed", METRIC_KEY_MISSED, REDUCE_SUM, false, "keys that changed nothing, of all"},
    {"key_bytes", METRIC_KEY_BYTES, REDUCE_MEAN, false, "bytes per key"},
    {"key_writes", METRIC_KEY_WRITES, REDUCE_MEAN, false, "write(2) of the main thread per key"},
    {"key_cpu_us", METRIC_KEY_CPU_US, REDUCE_MEAN, false, "CPU time of all threads per key"},
    {"key_cells", METRIC_KEY_CELLS, REDUCE_MEAN, false, "cells that a key changes"},
    {"key_runs", METRIC_KEY_RUNS, REDUCE_MEAN, false, "runs of such cells"},
    {"key_bytes_per_need", METRIC_KEY_BYTES, REDUCE_SUM, true, "bytes / (cells + 8 x runs)"},
    {"idle_bytes_s", METRIC_IDLE_BYTES_S, REDUCE_MEAN, false,
        "bytes per second, nobody does anything"},
    {"idle_wakeups_s", METRIC_IDLE_WAKEUPS_S, REDUCE_MEAN, false,
        "context switches of all threads per second"},
    {"idle_sleeps_s", METRIC_IDLE_SLEEPS_S, REDUCE_MEAN, false,
        "the voluntary ones of these: fair on a busy machine"},
    {"idle_cpu_percent", METRIC_IDLE_CPU_PERCENT, REDUCE_MEAN, false, "of one processor"},
    {"threads", METRIC_THREADS, REDUCE_MEAN, false, "at the end of the idle window"},
    {"private_dirty_kib", METRIC_PRIVATE_DIRTY_KIB, REDUCE_MEAN, false, "memory of its own"},
    {"pss_kib", METRIC_PSS_KIB, REDUCE_MEAN, false, "with its share of what is shared"},
    {"quit_restored_ms_p50", METRIC_QUIT_RESTORED_MS, REDUCE_P50, false,
        "key to the terminal as it was (seen every 0.2 ms)"},
    {"quit_exit_ms_p50", METRIC_QUIT_EXIT_MS, REDUCE_P50, false, "key to the process's end"},
    {"slow_content_ms", METRIC_SLOW_CONTENT_MS, REDUCE_P50, false, "content over the slow line"},
    {"slow_last_paint_ms", METRIC_SLOW_LAST_PAINT_MS, REDUCE_P50, false,
        "last of 20 keys, 10/s, to the last byte"},
};

static bool value_of(const struct samples *s, const struct figure *f, double *value)
{
    double need = 0;
    if (!samples_reduce(s, f->metric, f->reduction, value))
        return false;
    if (!f->by_need)
        return true;
    if (!samples_reduce(s, METRIC_KEY_NEEDED_BYTES, REDUCE_SUM, &need) || need <= 0)
        return false;
    *value /= need;
    return true;
}

static char *number(double value)
{
    int decimals = value >= 1000 ? 0 : value >= 100 ? 1 : value >= 1 ? 2 : 3;
    return g_strdup_printf("%.*f", value == 0 ? 0 : decimals, value);
}

/* Value and ratio as text, "-" where there is none. */
static void cell(const struct samples *s, const struct samples *floor, const struct figure *f,
    char **value, char **ratio)
{
    double own = 0, base = 0;
    bool has_own = value_of(s, f, &own), has_base = value_of(floor, f, &base) && base > 0;
    *value = has_own ? number(own) : g_strdup("-");
    *ratio = has_own && has_base ? g_strdup_printf("%.2f", own / base) : g_strdup("-");
}

/* Thread names of all columns, sorted. */
static GList *thread_names(const struct report_column *columns, size_t count)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < count; i++) {
        g_autoptr(GList) own = g_hash_table_get_keys(samples_threads(columns[i].samples));
        for (GList *name = own; name; name = name->next)
            g_hash_table_add(names, name->data);
    }
    return g_list_sort(g_hash_table_get_keys(names), (GCompareFunc)strcmp);
}

static char *thread_value(const struct samples *s, const char *name)
{
    const double *rate = g_hash_table_lookup(samples_threads(s), name);
    return rate ? number(*rate) : g_strdup("-");
}

char *report_lines(const struct report_column *columns, size_t count, const struct samples *floor)
{
    GString *out = g_string_new("figure\tprogram\tvalue\tratio\n");
    for (size_t f = 0; f < G_N_ELEMENTS(figures); f++) {
        for (size_t i = 0; i < count; i++) {
            g_autofree char *value = NULL, *ratio = NULL;
            cell(columns[i].samples, floor, &figures[f], &value, &ratio);
            g_string_append_printf(
                out, "%s\t%s\t%s\t%s\n", figures[f].name, columns[i].name, value, ratio);
        }
    }
    g_autoptr(GList) names = thread_names(columns, count);
    for (GList *name = names; name; name = name->next) {
        for (size_t i = 0; i < count; i++) {
            g_autofree char *value = thread_value(columns[i].samples, name->data);
            if (strcmp(value, "-") != 0)
                g_string_append_printf(out, "idle_wakeups_s:%s\t%s\t%s\t-\n",
                    (const char *)name->data, columns[i].name, value);
        }
    }
    return g_string_free(out, FALSE);
}

static void append_head(GString *out, const struct report_column *columns, size_t count)
{
    g_string_append_printf(out, "%-*s", NAME_WIDTH, "");
    for (size_t i = 0; i < count; i++)
        g_string_append_printf(out, "%*s", CELL_WIDTH, columns[i].name);
    g_string_append_c(out, '\n');
}

char *report_table(const struct report_column *columns, size_t count, const struct samples *floor)
{
    GString *out = g_string_new(NULL);
    append_head(out, columns, count);
    for (size_t f = 0; f < G_N_ELEMENTS(figures); f++) {
        g_string_append_printf(out, "%-*s", NAME_WIDTH, figures[f].name);
        for (size_t i = 0; i < count; i++) {
            g_autofree char *value = NULL, *ratio = NULL;
            cell(columns[i].samples, floor, &figures[f], &value, &ratio);
            g_autofree char *both = g_strdup_printf("%s (x%s)", value, ratio);
            g_string_append_printf(out, "%*s", CELL_WIDTH, strcmp(ratio, "-") ? both : value);
        }
        g_string_append_c(out, '\n');
    }
    g_string_append(out, "\nidle wakeups/s by thread\n");
    g_autoptr(GList) names = thread_names(columns, count);
    for (GList *name = names; name; name = name->next) {
        g_string_append_printf(out, "  %-*s", NAME_WIDTH - 2, (const char *)name->data);
        for (size_t i = 0; i < count; i++) {
            g_autofree char *value = thread_value(columns[i].samples, name->data);
            g_string_append_printf(out, "%*s", CELL_WIDTH, value);
        }
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}

char *report_help(void)
{
    GString *out = g_string_new("Figures:\n");
    for (size_t f = 0; f < G_N_ELEMENTS(figures); f++)
        g_string_append_printf(out, "  %-*s%s\n", NAME_WIDTH, figures[f].name, figures[f].help);
    return g_string_free(out, FALSE);
}
