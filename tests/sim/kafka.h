/* Brokers, topics and consumer groups. Offsets are doubles while the world moves (a rate of 0.3 records
 * a second is one) and are shown rounded down. */
#ifndef TESTS_SIM_KAFKA_H
#define TESTS_SIM_KAFKA_H

#include "world.h"

#define KAFKA_CLUSTER "kQ3ReWeirSimPlatform01"

struct broker {
    int id;
    char *host;
    bool down;
    int64_t since_ms; /* when it last went or came; 0: never did */
};

struct topic;

struct partition {
    struct topic *topic;
    int number;
    double begin, end;
    double share;    /* of the topic's rate */
    int replicas[3]; /* broker ids, the preferred leader first; 0: none */
    int leader;      /* broker id; 0: none */
    bool in_sync[3];
};

struct topic {
    char *name;
    double rate; /* records a second that producers write */
    struct partition *partition;
    int partitions, replication;
    int64_t retention_ms;
    bool compacted, internal;
};

/* A partition as a group reads it. */
struct reading {
    struct partition *partition;
    double committed;
    int member; /* index, -1: nobody holds it */
};

struct member {
    char *id, *client_id;
    char *host; /* machine's name */
    bool gone;
    int64_t missed_ms; /* since when its host does not answer; 0: it does */
};

struct group {
    char *name;
    const char *state; /* STABLE, PREPARING_REBALANCE, EMPTY ... */
    const char *assignor;
    double capacity;     /* records a second of one member */
    struct topic *feeds; /* what it reads it writes there; or NULL */
    GArray *readings;    /* struct reading */
    GArray *members;     /* struct member */
    int64_t rebalance_until_ms;
    int coordinator; /* broker id */
    int rebalances;
};

struct kafka {
    GArray *brokers;   /* struct broker */
    GPtrArray *topics; /* struct topic */
    GPtrArray *groups; /* struct group */
    GHashTable *topic_by_name, *group_by_name;
};

struct kafka *kafka_new(const struct world *w);
void kafka_free(struct kafka *k); /* accepts NULL */
void kafka_step(struct world *w);
extern const struct verb kafka_verbs[];

struct topic *kafka_topic(const struct kafka *k, const char *name); /* or NULL */
struct group *kafka_group(const struct kafka *k, const char *name); /* or NULL */
double reading_lag(const struct reading *r);                        /* whole records */
/* Records that it is behind; 0 when there is no such group. */
double kafka_group_lag(const struct kafka *k, const char *group);
int kafka_controller(const struct kafka *k); /* broker id; 0: none */
/* How many partitions have replicas that are not in sync. */
int kafka_under_replicated(const struct kafka *k);

#endif
