/* The Trino cluster: its nodes, its queries, its resource groups. */
#ifndef TESTS_SIM_WAREHOUSE_H
#define TESTS_SIM_WAREHOUSE_H

#include "world.h"

struct warehouse *warehouse_new(const struct world *w);
void warehouse_free(struct warehouse *h); /* accepts NULL */
void warehouse_step(struct world *w);
extern const struct verb warehouse_verbs[];

/* For alerts: how many queries wait, and since when the oldest does (INT64_MIN: none). */
int warehouse_queued(const struct warehouse *h, int64_t *oldest_ms);
/* Share of the cluster's memory that is reserved, 0 to 1. */
double warehouse_memory(const struct warehouse *h);

#endif
