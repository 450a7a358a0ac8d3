#include "trends.h"

struct trend {
    struct series *series;  /* NULL: the history knows nothing of the row */
    int64_t from_ms, to_ms; /* of the newest answer */
};

struct trends {
    GHashTable *rows;  /* address, struct trend */
    GPtrArray *wished; /* addresses */
    int64_t from_ms, to_ms;
    uint32_t points;
};

struct series *series_copy(const struct series *series)
{
    return series ? g_memdup2(series, sizeof *series + series->count * sizeof series->value[0])
                  : NULL;
}

static void trend_free(gpointer data)
{
    struct trend *trend = data;
    g_free(trend->series);
    g_free(trend);
}

struct trends *trends_new(void)
{
    struct trends *t = g_new0(struct trends, 1);
    t->rows = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, trend_free);
    t->wished = g_ptr_array_new_with_free_func(g_free);
    return t;
}

void trends_free(struct trends *t)
{
    if (!t)
        return;
    g_hash_table_unref(t->rows);
    g_ptr_array_unref(t->wished);
    g_free(t);
}

const struct series *trends_find(const struct trends *t, const char *address)
{
    const struct trend *trend = g_hash_table_lookup(t->rows, address);
    return trend ? trend->series : NULL;
}

/* -- asking -------------------------------------------------------------------------------------- */

void trends_wish_begin(struct trends *t, uint32_t points, int64_t now_ms)
{
    int64_t step_ms = TREND_MS / points;
    t->points = points;
    t->to_ms = now_ms / step_ms * step_ms;
    t->from_ms = t->to_ms - step_ms * points;
    g_ptr_array_set_size(t->wished, 0);
}

void trends_wish_row(struct trends *t, const char *address)
{
    const struct trend *trend = g_hash_table_lookup(t->rows, address);
    if (!trend || trend->to_ms != t->to_ms || trend->from_ms != t->from_ms)
        g_ptr_array_add(t->wished, g_strdup(address));
}

bool trends_wish_end(struct trends *t, struct series_wish *out)
{
    if (t->wished->len == 0)
        return false;
    out->count = t->wished->len;
    out->addresses = (const char *const *)t->wished->pdata;
    out->from_ms = t->from_ms;
    out->to_ms = t->to_ms;
    out->points = t->points;
    return true;
}

void trends_take(struct trends *t, const struct series_answer *answer)
{
    const struct series_wish *wish = &answer->wish;
    /* What is on the screen is asked for again. */
    if (g_hash_table_size(t->rows) + wish->count > TRENDS_MAX)
        g_hash_table_remove_all(t->rows);
    for (unsigned i = 0; i < wish->count; i++) {
        struct trend *trend = g_hash_table_lookup(t->rows, wish->addresses[i]);
        if (!trend) {
            trend = g_new0(struct trend, 1);
            g_hash_table_insert(t->rows, g_strdup(wish->addresses[i]), trend);
        }
        trend->from_ms = wish->from_ms;
        trend->to_ms = wish->to_ms;
        if (answer->error)
            continue; /* what was known stays, and grows old */
        g_free(trend->series);
        trend->series = series_copy(answer->series[i]);
    }
}
