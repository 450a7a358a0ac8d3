/* Hosts: what each runs, and whether it answers. */
#ifndef TESTS_SIM_MACHINES_H
#define TESTS_SIM_MACHINES_H

#include "world.h"

struct machine {
    char *name;       /* "dp-w07" */
    const char *role; /* kafka, trino, airflow or work */
    bool down;        /* does not answer at all */
    int cpus;
    double load;                                /* processes that want to run */
    double memory_share;                        /* used, 0 to 1 */
    double disk_share;                          /* of /data, 0 to 1 */
    double disk_per_s;                          /* growth of disk_share */
    double cpu_ticks, idle_ticks, iowait_ticks; /* since boot */
    double bytes_in, bytes_out;
    char *failed_unit; /* or NULL */
    int64_t boot_ms;
    int64_t oom_kills;
};

struct machines *machines_new(const struct world *w);
void machines_free(struct machines *m); /* accepts NULL */
void machines_step(struct world *w);
extern const struct verb machines_verbs[];

guint machines_count(const struct machines *m);
struct machine *machines_at(const struct machines *m, guint i);
struct machine *machines_find(const struct machines *m, const char *name); /* or NULL */
/* Whether the machine is there and answers. */
bool machines_is_up(const struct world *w, const char *name);

/* What the probe of weir's hosts connector prints there now (connectors/hosts/probe.c), sections of the
 * lean form; word is the round's. */
void machines_probe(const struct world *w, const struct machine *m, const char *word, GString *out);

#endif
