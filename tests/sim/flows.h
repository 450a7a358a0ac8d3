/* DAGs, their runs and task instances, and the tables that they load. */
#ifndef TESTS_SIM_FLOWS_H
#define TESTS_SIM_FLOWS_H

#include "world.h"

/* A table that a DAG publishes, and queries and checks read. */
struct table {
    const char *name;   /* "lake.orders.fct_orders" */
    const char *dag;    /* that loads it */
    int64_t updated_ms; /* when a run last published it */
    int64_t rows;
    int64_t fresh_ms; /* how old it may be */
};

struct flows *flows_new(const struct world *w);
void flows_free(struct flows *f); /* accepts NULL */
void flows_step(struct world *w);
extern const struct verb flows_verbs[];

guint flows_table_count(const struct flows *f);
const struct table *flows_table(const struct flows *f, guint i);
/* DAGs whose newest ended run failed, for alerts and hosts: calls visit with the DAG's id, the run's id
 * and when it failed. */
void flows_each_failed(const struct flows *f,
    void (*visit)(const char *dag, const char *run, int64_t at_ms, void *data), void *data);

#endif
