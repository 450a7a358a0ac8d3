/*
 * What was measured of one program: any number of values per metric, and how to make one figure of
 * them. A metric without values has no figure: absent is not 0.
 */
#ifndef TESTS_BENCH_SAMPLES_H
#define TESTS_BENCH_SAMPLES_H

#include "auto.h"

#include <glib.h>
#include <stdbool.h>

enum metric {
    METRIC_FIRST_BYTE_MS,
    METRIC_CONTENT_MS,
    METRIC_SCREEN_BYTES,
    METRIC_CONTENT_WRITES,
    METRIC_KEY_FIRST_MS,
    METRIC_KEY_LAST_MS,
    METRIC_KEY_MISSED,
    METRIC_KEY_BYTES,
    METRIC_KEY_WRITES,
    METRIC_KEY_CPU_US,
    METRIC_KEY_CELLS,
    METRIC_KEY_RUNS,
    METRIC_KEY_NEEDED_BYTES,
    METRIC_IDLE_BYTES_S,
    METRIC_IDLE_WAKEUPS_S,
    METRIC_IDLE_SLEEPS_S,
    METRIC_IDLE_CPU_PERCENT,
    METRIC_THREADS,
    METRIC_PRIVATE_DIRTY_KIB,
    METRIC_PSS_KIB,
    METRIC_QUIT_RESTORED_MS,
    METRIC_QUIT_EXIT_MS,
    METRIC_SLOW_CONTENT_MS,
    METRIC_SLOW_LAST_PAINT_MS,
    METRIC_COUNT,
};

enum reduction { REDUCE_P50, REDUCE_P99, REDUCE_MIN, REDUCE_MEAN, REDUCE_SUM };

struct samples;

struct samples *samples_new(void);
void samples_free(struct samples *s);

void samples_add(struct samples *s, enum metric m, double value);
void samples_add_all(struct samples *s, const struct samples *from);

/* A named rate beside the metrics: wakeups per second of all threads of one name. */
void samples_add_thread(struct samples *s, const char *comm, double wakeups_s);
GHashTable *samples_threads(const struct samples *s); /* name -> double *; borrowed */

/* Percentiles are values that were measured (nearest rank). Returns false when there is none. */
bool samples_reduce(const struct samples *s, enum metric m, enum reduction r, double *figure);

DEFINE_AUTO(samples, samples_free)

#endif
