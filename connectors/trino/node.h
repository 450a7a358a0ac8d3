/* What is held of a cluster's nodes between polls, shared by the files that read it (nodes.c, beats.c)
 * and the one that shows it (node_rows.c). */
#ifndef CONNECTORS_TRINO_NODE_H
#define CONNECTORS_TRINO_NODE_H

#include "trino.h"

#define NODES_MAX 10000

enum node_state {
    NODE_ACTIVE,
    NODE_JOINING,   /* announced, no heartbeat answered yet */
    NODE_ANNOUNCED, /* whether it answers may not be seen */
    NODE_LEAVING,   /* no longer announced, still answers */
    NODE_FAILED,    /* announced, does not answer */
    NODE_GONE,
};

/* /v1/status of a node; -1 and NaN: not known. */
struct load {
    int64_t at_ms; /* 0: not read in this poll */
    int64_t heap, heap_max, pool, pool_max, processors, uptime_ms;
    double cpu;
};

struct node {
    char *id, *url, *version;
    bool coordinator, announced, is_new;
    enum node_state state;
    int64_t since_ms;         /* of the state; 0: before we looked */
    int64_t last_response_ms; /* while its heartbeats were good; 0: not known */
    double failures;          /* share of the newest heartbeats, NaN: not known */
    int64_t heap_high_ms;     /* since when, 0: it is not */
    struct load load;         /* of the coordinator alone */
};

struct nodes {
    GHashTable *by_id;
    bool read;
    bool beats_known, beats_denied, inventory_known;
    char *missing;            /* why the workers cannot be listed, one clause; or NULL */
    int64_t beats_due_ms;     /* monotonic */
    int64_t inventory_due_ms; /* monotonic */
    int64_t limit_due_ms;     /* monotonic */
    int64_t limit;            /* memory of all nodes' pools; -1: not known */
    enum absent no_limit;     /* why */
    enum absent no_nodes;     /* why, when they are not known */
};

/* "host:8080" of "http://host:8080/v1/status". Newly allocated. */
char *node_authority(const char *url);

/* -- beats.c: the coordinator's heartbeat monitors ------------------------------------------------- */

/* What they say of one address. */
struct beat {
    char *url;
    double age_ms;        /* of the youngest monitor */
    double failed_age_ms; /* of the youngest that is in the list of the failed, INFINITY: none */
    int64_t
        last_attempt_ms; /* what Trino calls lastResponseTime: of an answer or a failure; 0: none */
    double failures;
};

GHashTable *beats_new(void); /* authority to struct beat */
/* Adds an answer of /v1/node, or of /v1/node/failed; json may be NULL. */
void beats_read(GHashTable *beats, const cJSON *json, bool failed);
bool beat_is_failed(const struct beat *b);

#endif
