/* What is asked of a cluster and when: the two polled feeds and the fetch of one group or topic.
 *
 * cluster: metadata (in every poll: it is also what makes librdkafka notice a new leader), and ends and
 * begins of all partitions unless the other feed has just read them. lag: the list of groups, members
 * of those that have some, all commits, and after them all ends: C before H. The two share one state
 * in the poll lane, so that together they cost one metadata and one ListOffsets per leader a cycle.
 * Begins, configurations and racks change slowly and are asked for less often.
 *
 * What cannot be read keeps its old value, its age and gets the reason; nothing becomes 0. */
#ifndef CONNECTORS_KAFKA_CYCLE_H
#define CONNECTORS_KAFKA_CYCLE_H

#include "call.h"
#include "state.h"

/* A lane's data. */
struct kafka_lane {
    struct kafka *kafka; /* NULL: by REST */
    struct rest *rest;   /* NULL: by librdkafka */
    const char *address; /* for sentences: brokers, or the proxy's url */
    struct call call;
    struct kafka_state *state;
};

#define KAFKA_POLL_MS    10000
#define KAFKA_TIMEOUT_MS 25000 /* of one feed: connecting, and up to four steps that may time out */
#define KAFKA_STEP_MS    5000  /* of one such step */

/* Metadata younger than max_age_ms (0: read now) is in the state. Everything else needs it first. */
bool cycle_metadata(struct kafka_lane *k, int64_t max_age_ms, GError **error);
/* One group or topic live, wherever the lane's state stands: for scopes and show(). NOT_FOUND when
 * there is none of that name. */
struct kafka_group *cycle_one_group(struct kafka_lane *k, const char *id, GError **error);
struct kafka_topic *cycle_one_topic(struct kafka_lane *k, const char *name, GError **error);

/* The feeds, by either way. */
bool cycle_fetch_cluster(
    struct lane *l, const struct rid *scope, struct batch *out, GError **error);
bool cycle_fetch_lag(struct lane *l, const struct rid *scope, struct batch *out, GError **error);

#endif
