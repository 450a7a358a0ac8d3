/* Turns what a REST proxy answers into state: pure functions over parsed JSON. Members that are missing
 * or of another type leave what was known; items that make no sense are passed over. */
#ifndef CONNECTORS_KAFKA_REST_LEARN_H
#define CONNECTORS_KAFKA_REST_LEARN_H

#include "json.h"
#include "state.h"

/* Every partition of a cluster takes memory here, but in a list of topics it is no more than a number. */
#define REST_PARTITIONS_MAX 500000

/* The id of the first cluster (borrowed from json), NULL when there is none. Its controller is noted. */
const char *rest_learn_cluster(struct kafka_state *s, const cJSON *json);

/* The path of the page after this one of the list at path, NULL when it is the last. False: what stands
 * there leads elsewhere. */
bool rest_next_path(const cJSON *page, const char *path, char **next);
/* The id that a relationship leads to ("leader": {"related": ".../brokers/3"}), -1: none. */
int32_t rest_related_id(const cJSON *item, const char *name);

/* Whole lists, as pages. */
void rest_learn_metadata(
    struct kafka_state *s, const GPtrArray *brokers, const GPtrArray *topics, int64_t now_ms);
void rest_learn_configs(struct kafka_state *s, const GPtrArray *pages);
void rest_learn_mode(struct kafka_state *s, const cJSON *config);
void rest_learn_groups(struct kafka_state *s, const GPtrArray *pages, int64_t now_ms);
/* One group, of its own answer. */
void rest_learn_group(struct kafka_group *g, const cJSON *json, int64_t now_ms);
/* The `lags` of a group: its commits, the ends that belong to them, and who owns what. An end that is
 * older than one of the same cycle (which began at since_ms) is not taken. */
void rest_learn_lags(struct kafka_state *s, struct kafka_group *g, const GPtrArray *pages,
    int64_t since_ms, int64_t now_ms);
/* The list of its consumers: those who own nothing are members as well. */
void rest_learn_consumers(struct kafka_group *g, const GPtrArray *pages, int64_t now_ms);
/* The leaders of a topic's partitions. */
void rest_learn_leaders(struct kafka_topic *t, const GPtrArray *pages);
/* earliest_offset and latest_offset of a partition. False when they are not there. */
bool rest_learn_offset(struct kafka_partition *p, const cJSON *json, int64_t now_ms);

/* Replicas as they are read, broker by broker or partition by partition. */
struct rest_replica {
    struct kafka_topic *topic;
    int32_t partition, broker;
    bool leader, in_sync;
};
/* Appends those of pages (struct rest_replica); t NULL: each item names its topic. */
void rest_read_replicas(
    struct kafka_state *s, struct kafka_topic *t, const GPtrArray *pages, GArray *replicas);
/* Sorts them and gives every topic that is named all of its replicas anew. */
void rest_take_replicas(GArray *replicas);

#endif
