/* Snapshots out of state. What is not known is absent with its reason; what is older than the last
 * cycle carries its age and the error that kept it from being read. */
#ifndef CONNECTORS_KAFKA_PUBLISH_H
#define CONNECTORS_KAFKA_PUBLISH_H

#include "lane.h"
#include "state.h"

void publish_brokers(struct kafka_state *s, struct batch *out);
void publish_topics(const struct kafka_state *s, struct batch *out);
void publish_partitions(
    const struct kafka_state *s, const struct kafka_topic *t, struct batch *out);
/* since_ms: when the cycle began; members described before it are sampled. */
void publish_groups(
    const struct kafka_state *s, struct batch *out, int64_t now_ms, int64_t since_ms);
void publish_offsets(struct kafka_group *g, struct batch *out);

/* The same without a batch, for tests and show(): into a snapshot of the kind. */
void fill_brokers(struct kafka_state *s, struct snapshot *out);
void fill_topics(const struct kafka_state *s, struct snapshot *out);
void fill_partitions(
    const struct kafka_state *s, const struct kafka_topic *t, struct snapshot *out);
void fill_groups(
    const struct kafka_state *s, struct snapshot *out, int64_t now_ms, int64_t since_ms);
void fill_offsets(struct kafka_group *g, struct snapshot *out);

#endif
