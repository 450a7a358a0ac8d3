#include "samples.h"

#include <math.h>

struct samples {
    GArray *values[METRIC_COUNT]; /* of double */
    GHashTable *threads;
};

struct samples *samples_new(void)
{
    struct samples *s = g_new0(struct samples, 1);
    for (size_t m = 0; m < METRIC_COUNT; m++)
        s->values[m] = g_array_new(FALSE, FALSE, sizeof(double));
    s->threads = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return s;
}

void samples_free(struct samples *s)
{
    if (!s)
        return;
    for (size_t m = 0; m < METRIC_COUNT; m++)
        g_array_unref(s->values[m]);
    g_hash_table_unref(s->threads);
    g_free(s);
}

void samples_add(struct samples *s, enum metric m, double value)
{
    g_array_append_val(s->values[m], value);
}

void samples_add_all(struct samples *s, const struct samples *from)
{
    for (size_t m = 0; m < METRIC_COUNT; m++)
        g_array_append_vals(s->values[m], from->values[m]->data, from->values[m]->len);
}

void samples_add_thread(struct samples *s, const char *comm, double wakeups_s)
{
    double *sum = g_hash_table_lookup(s->threads, comm);
    if (!sum) {
        sum = g_new0(double, 1);
        g_hash_table_insert(s->threads, g_strdup(comm), sum);
    }
    *sum += wakeups_s;
}

GHashTable *samples_threads(const struct samples *s)
{
    return s->threads;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double rank(GArray *values, double share)
{
    g_array_sort(values, compare);
    double place = ceil(share * (double)values->len);
    return g_array_index(values, double, place < 1 ? 0 : (guint)place - 1);
}

bool samples_reduce(const struct samples *s, enum metric m, enum reduction r, double *figure)
{
    GArray *values = s->values[m];
    double sum = 0;
    if (values->len == 0)
        return false;
    for (guint i = 0; i < values->len; i++)
        sum += g_array_index(values, double, i);
    switch (r) {
    case REDUCE_P50: *figure = rank(values, 0.5); break;
    case REDUCE_P99: *figure = rank(values, 0.99); break;
    case REDUCE_MIN: *figure = rank(values, 0); break;
    case REDUCE_MEAN: *figure = sum / (double)values->len; break;
    case REDUCE_SUM: *figure = sum; break;
    }
    return true;
}
