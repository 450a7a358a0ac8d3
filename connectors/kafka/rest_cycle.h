/* What is asked of a REST proxy and when. One request tells the ends and commits of a whole group, so
 * lag costs a request per group and cycle, REST_PARALLEL at a time; what a cycle has no time for comes
 * first in the next one, and until then keeps its values and their age. Leaders and replicas of all
 * partitions cost a request per broker and are read once a minute, and at once when the number of
 * brokers changes. The offsets of a partition that is not consumed, its begin, and the members of a
 * group that own nothing cost a request each: they are only read of what somebody looks at. */
#ifndef CONNECTORS_KAFKA_REST_CYCLE_H
#define CONNECTORS_KAFKA_REST_CYCLE_H

#include "cycle.h"
#include "rest.h"

/* As their namesakes in cycle.h. */
bool rest_metadata(struct kafka_lane *k, int64_t max_age_ms, GError **error);
struct kafka_group *rest_one_group(struct kafka_lane *k, const char *id, GError **error);
/* What the two feeds read of the whole cluster. */
bool rest_read_cluster(struct kafka_lane *k, struct batch *out, GError **error);
bool rest_read_lag(struct kafka_lane *k, struct batch *out, GError **error);
/* To a group that the lag cycle has read: the begins of its partitions. */
void rest_add_begins(struct kafka_lane *k, struct kafka_group *g);
/* Leaders, replicas and offsets of a topic that metadata names. */
bool rest_read_topic(struct kafka_lane *k, struct kafka_topic *t, GError **error);
/* The list of groups, as the lag cycle begins with it. */
bool rest_list_groups(struct kafka_lane *k, GError **error);
/* The settings of "topics" or "brokers" of that name, as pages. */
GPtrArray *rest_configs(struct kafka_lane *k, const char *kind, const char *name, GError **error);

#endif
