/* What two samples of a host say together: rates and shares over the time between them, measured by
 * the host's own uptime. */
#ifndef CONNECTORS_HOSTS_RATES_H
#define CONNECTORS_HOSTS_RATES_H

#include "sample.h"

struct rates {
    double cpu, iowait;     /* %, -1: not known */
    double net_in, net_out; /* bytes per second, -1: not known */
    int64_t oom_kills;      /* since the sample before, -1: not known */
    double span_s;          /* between the two */
};

/* All is unknown when before is NULL, when the host was booted in between, or when its time went back;
 * one figure is unknown when a counter of it went back. */
struct rates rates_between(const struct sample *before, const struct sample *now);

/* Cores that a process kept busy between two samples with processes, by its pid: array of double in
 * the order of now->tasks, -1 where it is not known. g_free. */
double *rates_of_tasks(const struct sample *before, const struct sample *now);

#endif
