/* Turns what the cluster answered into state. One struct learn serves one batch of requests: its
 * functions are the answers (call.h), and it counts how they went. */
#ifndef CONNECTORS_KAFKA_LEARN_H
#define CONNECTORS_KAFKA_LEARN_H

#include "call.h"
#include "state.h"

struct learn {
    struct kafka_state *state;
    struct lane *lane;
    guint good, bad;         /* answers */
    rd_kafka_resp_err_t err; /* of the first bad one */
    char *text;
};
void learn_clear(struct learn *learn);

/* The request's data is the struct learn; what it may also use is said here. */
void learn_cluster(const struct call_request *r, const rd_kafka_event_t *event,
    rd_kafka_resp_err_t err, const char *text);
void learn_groups(const struct call_request *r, const rd_kafka_event_t *event,
    rd_kafka_resp_err_t err, const char *text);
void learn_members(const struct call_request *r, const rd_kafka_event_t *event,
    rd_kafka_resp_err_t err, const char *text);
void learn_commits(const struct call_request *r, const rd_kafka_event_t *event,
    rd_kafka_resp_err_t err, const char *text);
/* Begins or ends, by the offset of the request's partitions, of the leader that is its broker. */
void learn_offsets(const struct call_request *r, const rd_kafka_event_t *event,
    rd_kafka_resp_err_t err, const char *text);
/* Whether the request's broker answers at all; of CLUSTER. */
void learn_sign_of_life(const struct call_request *r, const rd_kafka_event_t *event,
    rd_kafka_resp_err_t err, const char *text);
void learn_topic_configs(const struct call_request *r, const rd_kafka_event_t *event,
    rd_kafka_resp_err_t err, const char *text);
/* Whether the cluster has a controller that metadata tells the truth about: process.roles. */
void learn_mode(const struct call_request *r, const rd_kafka_event_t *event,
    rd_kafka_resp_err_t err, const char *text);
void learn_topics(const struct call_request *r, const rd_kafka_event_t *event,
    rd_kafka_resp_err_t err, const char *text);

void learn_metadata(struct kafka_state *s, const struct rd_kafka_metadata *metadata,
    int32_t controller, int64_t now_ms);

#endif
