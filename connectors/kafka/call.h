/* Every request that weir sends to Kafka leaves from here, and each asks the gate first: method
 * "KAFKA" and the operation's name must stand in the connector's reads table. No function of
 * librdkafka that writes is called in this program.
 *
 * Most requests are librdkafka's admin requests: many are in flight at once on one queue, so that a
 * broker which hangs costs only what was asked of it. The queue lives as long as the call: an answer
 * that comes later is thrown away by librdkafka. */
#ifndef CONNECTORS_KAFKA_CALL_H
#define CONNECTORS_KAFKA_CALL_H

#include "handle.h"

/* What a lane asks with. Between call_enter and call_leave, which every function called by the engine
 * puts around what it does, rk is the handle. */
struct call {
    struct lane *lane;
    struct kafka *kafka; /* NULL: by REST, and so is rk */
    rd_kafka_t *rk;
    int64_t reserve_ms; /* left of the lane's time for what comes after: CALL_RESERVE_MS or more */
};
void call_init(struct call *c, struct lane *l, struct kafka *k);
void call_enter(struct call *c);
void call_leave(struct call *c);

enum call_type {
    CALL_CLUSTER,  /* brokers with racks: DescribeCluster */
    CALL_GROUPS,   /* ListConsumerGroups, of all states and types */
    CALL_DESCRIBE, /* DescribeConsumerGroups: names are groups */
    CALL_COMMITS,  /* ListConsumerGroupOffsets of one group: names[0] */
    CALL_OFFSETS,  /* ListOffsets: partitions, whose offset is RD_KAFKA_OFFSET_SPEC_... */
    CALL_CONFIGS,  /* DescribeConfigs: names of `resource`; keys limit what is asked */
    CALL_TOPICS,   /* DescribeTopics: names are topics */
};

struct call_request;
/* What came back: an event of the request's type without an error, or NULL and why. text is borrowed
 * until the function returns; err2str gives a constant one. */
typedef void call_answer(const struct call_request *r, const rd_kafka_event_t *event,
    rd_kafka_resp_err_t err, const char *text);

struct call_request {
    enum call_type type;
    const char *const *names; /* borrowed until the call returns */
    guint count;
    rd_kafka_topic_partition_list_t *partitions; /* owned: call_request_clear */
    rd_kafka_ResourceType_t resource;
    const char *const *keys; /* NULL-terminated; NULL: all */
    call_answer *answer;
    void *data;
    /* OFFSETS: the leader that they are asked of, for the answer. CLUSTER, TOPICS and CONFIGS of topics:
     * the broker to ask, or -1 for the one that librdkafka takes for the controller. */
    int32_t broker;
};
void call_request_clear(gpointer request);
/* An array of struct call_request that clears them. */
GArray *call_requests_new(void);

/* The answer to DescribeConfigs, count of them; NULL and 0 without an event. The event's. */
const rd_kafka_ConfigResource_t **call_configs(const rd_kafka_event_t *event, size_t *count);

#define CALL_IN_FLIGHT_MAX 200
/* For publishing what was learned. */
#define CALL_RESERVE_MS 500

/* Sends all requests, at most CALL_IN_FLIGHT_MAX at a time, each with timeout_ms (less near the lane's
 * deadline), and hands every answer to its request's function, in this thread. False and *error only
 * when nothing more can be asked: the gate refuses, the login was refused, nobody waits any more. */
bool call_all(struct call *c, GArray *requests, int timeout_ms, GError **error);

/* All topics and brokers; also what keeps librdkafka's own picture of the leaders fresh. Blocks up to
 * timeout_ms, less when the login is refused or every connection is. rd_kafka_metadata_destroy. NULL and
 * *error. */
const struct rd_kafka_metadata *call_metadata(struct call *c, int timeout_ms, GError **error);

#endif
