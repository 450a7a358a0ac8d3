/*
 * What weir and the simulated platform have used so far; two of them make what a span of time cost.
 */
#ifndef TESTS_BENCH_SCALE_COST_H
#define TESTS_BENCH_SCALE_COST_H

#include "scale_report.h"
#include "scale_session.h"

struct scale_cost {
    struct scale_traffic traffic[SCALE_SERVICES];
    double weir_cpu_s, sim_cpu_s;
    GHashTable *thread_cpu_s; /* name to double*: of the threads that live */
};

bool scale_cost_take(
    struct scale_cost *c, const struct scale_sim *sim, struct scale_session *s, GError **error);
void scale_cost_clear(struct scale_cost *c);

/* Adds the rows of a section: what lies between two moments, times factor. name: "cold start". */
void scale_cost_report(const struct scale_cost *from, const struct scale_cost *to, double factor,
    const char *section, struct scale_report *report);

#endif
