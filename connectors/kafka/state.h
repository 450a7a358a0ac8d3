/* What a lane knows of a cluster, between its polls: brokers, topics with their partitions, consumer
 * groups with their members and commits. Filled by learn.c out of answers, read by publish.c. No
 * librdkafka type and no request in it, so that tests can fill it by hand.
 *
 * Every part carries when it was last read. What could not be read keeps its old value and gets an
 * error: a constant text (librdkafka's name of the fault), NULL when all is well. */
#ifndef CONNECTORS_KAFKA_STATE_H
#define CONNECTORS_KAFKA_STATE_H

#include <glib.h>

#include "lag.h"

/* Caps on what a cluster may make this process hold. */
#define KAFKA_BROKERS_MAX    10000
#define KAFKA_TOPICS_MAX     200000
#define KAFKA_PARTITIONS_MAX 100000 /* of one topic */
#define KAFKA_GROUPS_MAX     50000
#define KAFKA_COMMITS_MAX    500000 /* of one group */
#define KAFKA_MEMBERS_MAX    20000  /* of one group */

struct kafka_broker {
    int32_t id;
    char *host; /* NULL: it was never named, only stands in a list of replicas */
    int port;
    char *rack;
    bool rack_known;    /* rack was asked for; NULL then means none */
    bool online;        /* the newest metadata names it */
    const char *silent; /* why it did not answer the last request sent to it alone; NULL: it did */
    unsigned leaders, replicas, missing; /* made by kafka_brokers_count */
};

struct kafka_partition {
    int32_t leader; /* -1: none */
    unsigned replica_count, isr_count;
    unsigned unseen; /* replicas that it should have and that no broker of the cluster names */
    const int32_t *replicas, *isr; /* in the topic's ids */
    int64_t begin, end;            /* KAFKA_OFFSET_NONE: never read */
    int64_t begin_ms, end_ms;
    const char *begin_error, *end_error;
    struct kafka_rate in;
};

/* How a question was answered that not everybody may ask. */
enum kafka_answer { KAFKA_NOT_ASKED, KAFKA_KNOWN, KAFKA_DENIED, KAFKA_FAILED };

struct kafka_topic {
    char *name;
    bool online; /* the newest metadata names it; a commit may outlive its topic */
    const char *error;
    unsigned partition_count;
    struct kafka_partition *partitions;
    int32_t *ids;
    enum kafka_answer led, placed; /* the leaders of its partitions; their replicas */
    int replication;               /* as a list of topics says; 0: it does not */
    unsigned late;                 /* partitions whose turn did not come when it was read last */
    int64_t config_ms;             /* when its configuration was asked for by itself */
    enum kafka_answer internal_known, config_known;
    bool internal;
    int64_t retention_ms; /* -1: for ever */
    char *cleanup;
    unsigned mark; /* which kafka_group_count looked at it last */
    bool keep;
};

struct kafka_place {
    struct kafka_topic *topic;
    int32_t partition;
};

struct kafka_member {
    char *id, *instance, *client, *host; /* instance: NULL unless static */
    GArray *assigned;                    /* struct kafka_place */
};

struct kafka_commit {
    struct kafka_topic *topic;
    int32_t partition;
    int64_t offset;
    struct kafka_lag lag;
    const char *error;
};

/* A group's sums, made by kafka_group_count. */
struct kafka_totals {
    unsigned topics, partitions;
    unsigned uncommitted; /* partitions of its topics without a commit */
    unsigned counted;     /* whose lag is in the sum */
    unsigned unread;      /* committed, but the end was never read */
    unsigned stale;       /* in the sum with an older value */
    unsigned unbegun;     /* in the sum, but what was deleted is not known */
    const char *error;    /* the first reason for one of the last two */
    int64_t lag, lost, ahead;
    int64_t at_ms; /* of the oldest part of the sum */
};

struct kafka_group {
    char *id;
    const char *state; /* constant */
    const char *type;  /* constant: classic, consumer or simple; NULL: the broker does not say */
    bool listed;       /* the newest list names it */
    int64_t described_ms;
    const char *described_state; /* what its state was then; "" before */
    const char *describe_error;
    bool members_known;
    bool
        members_bound; /* there may be more: only those that own something with a commit are known */
    bool owners_by_lag; /* ... and of no other partition is the owner known, nor anybody's host */
    char *assignor, *coordinator;
    GPtrArray *members;   /* struct kafka_member */
    GArray *commits;      /* struct kafka_commit */
    int64_t committed_ms; /* 0: never read */
    const char *commit_error;
    bool commit_denied;    /* that error is a refusal */
    unsigned commit_fails; /* in a row, for want of an answer */
    int64_t retry_ms;      /* not asked before */
    struct kafka_totals totals;
    bool seen_active;
    int64_t advanced_ms;    /* when a commit was last seen to advance; 0: never */
    int64_t rebalancing_ms; /* since when; 0: it is not */
    struct kafka_rate rate; /* of the lag */
    /* Rates of the partitions' lag, by "topic:partition": only while somebody looks at them. */
    GHashTable *rates;
    int64_t rates_ms;
};

struct kafka_state {
    GHashTable *brokers; /* id to struct kafka_broker */
    GHashTable *topics;  /* name to struct kafka_topic */
    GHashTable *groups;  /* id to struct kafka_group */
    int64_t metadata_ms, cluster_ms, ends_ms, begins_ms, configs_ms, list_ms; /* 0: never */
    int64_t ends_used_ms; /* the ends_ms that the cluster feed last showed */
    int32_t controller;   /* as metadata says; -1: none */
    enum kafka_answer mode_known;
    bool kraft;               /* then the controller that metadata names is any broker */
    enum kafka_answer placed; /* what each broker leads and has */
    char *places_error;       /* why that is old or not known; NULL: it is neither */
    bool sparse;      /* begins and ends are only read of what somebody looks at, or of commits */
    char *late;       /* why the newest cycle did not read all groups that were due; NULL: it did */
    char *list_error; /* why the newest list of groups may lack some; NULL: it is whole */
    char *cut;        /* which cap was reached, or NULL */
    unsigned mark;
    unsigned cluster_cycles, lag_cycles;
};

struct kafka_state *kafka_state_new(void);
void kafka_state_free(struct kafka_state *s); /* accepts NULL */

/* Metadata: everything is offline between begin and what is then named; end forgets the topics that
 * are gone and that no commit needs, and the brokers that are gone and hold no replica. */
void kafka_metadata_begin(struct kafka_state *s);
void kafka_metadata_end(struct kafka_state *s, int64_t now_ms);
struct kafka_broker *kafka_broker_see(
    struct kafka_state *s, int32_t id, const char *host, int port);
/* NULL beyond the cap. Resizes to partition_count partitions without leader and replicas, and gives
 * them room for id_count broker ids (all replicas and in-sync replicas together). */
struct kafka_topic *kafka_topic_see(
    struct kafka_state *s, const char *name, unsigned partition_count, unsigned id_count);

/* The same where a list says no more than how many partitions there are: what is known of leaders and
 * replicas stays. */
struct kafka_topic *kafka_topic_list(
    struct kafka_state *s, const char *name, unsigned partition_count, int replication);

struct kafka_broker *kafka_broker(const struct kafka_state *s, int32_t id);
struct kafka_topic *kafka_topic(const struct kafka_state *s, const char *name);
/* A topic that metadata has not named (yet); NULL beyond the cap. */
struct kafka_topic *kafka_topic_get(struct kafka_state *s, const char *name);
struct kafka_partition *kafka_partition(
    const struct kafka_topic *t, int32_t partition); /* or NULL */
void kafka_partition_set_end(struct kafka_partition *p, int64_t end, int64_t now_ms);
void kafka_partition_set_begin(struct kafka_partition *p, int64_t begin, int64_t now_ms);
/* Counts what each broker leads, has, and lacks. */
void kafka_brokers_count(struct kafka_state *s);
/* The first broker in sync by the metadata of which that is not known, since it does not answer. */
const struct kafka_broker *kafka_silent_replica(
    const struct kafka_state *s, const struct kafka_partition *p);

struct kafka_group *kafka_group(const struct kafka_state *s, const char *id);
/* Known or new; NULL beyond the cap. */
struct kafka_group *kafka_group_get(struct kafka_state *s, const char *id);
/* A list of groups: begin, a kafka_group_see for each, end. A whole list (error NULL) forgets those
 * that it does not name; a partial one never does. */
void kafka_list_begin(struct kafka_state *s);
void kafka_group_see(
    struct kafka_state *s, const char *id, const char *state, const char *type, int64_t now_ms);
void kafka_list_end(struct kafka_state *s, const char *error, int64_t now_ms);
void kafka_group_set_members(struct kafka_group *g, GPtrArray *take_members, int64_t now_ms);
void kafka_member_free(struct kafka_member *m);
/* Replaces the commits (struct kafka_commit with topic, partition, offset, error); the lag known so
 * far is carried over, and with an error the old offset as well. */
void kafka_group_set_commits(struct kafka_group *g, GArray *take_commits, int64_t now_ms);
/* No answer came from its coordinator: it is asked again after 20, 40, then 60 seconds. */
void kafka_group_no_answer(struct kafka_group *g, const char *error, int64_t now_ms);
/* Computes the lag of every partition whose commit and, after it, end were read since since_ms, and
 * the sums; the others keep what they had. */
void kafka_group_count(struct kafka_state *s, struct kafka_group *g, int64_t since_ms);
/* Commits are equal when they are of the same partition. */
guint kafka_commit_hash(gconstpointer commit);
gboolean kafka_commit_equal(gconstpointer a, gconstpointer b);
/* The groups whose commits are to be read now, the longest unread first, so that a cycle that runs out
 * of time begins with others next time (borrowed): g_ptr_array_unref. Of those that are off it is done
 * only now and then: an old cluster has many, and reading them is what costs most. */
GPtrArray *kafka_groups_due(const struct kafka_state *s, int64_t now_ms);
/* The topics that it has committed in or is assigned (borrowed), each once: g_ptr_array_unref. */
GPtrArray *kafka_group_topics(const struct kafka_group *g);
void kafka_group_forget(struct kafka_state *s, const char *id);
/* Nothing of it moves, and nothing did since it was first seen: old, or not started yet. */
bool kafka_group_is_off(const struct kafka_group *g);
/* How long what was read of a partition when somebody looked at it counts as known of it, where that is
 * not read always. */
#define KAFKA_SPARSE_MS 300000
/* Whether its first offset is known and not too old to tell what a group has lost. */
bool kafka_begin_is_known(const struct kafka_partition *p, int64_t at_ms);
/* What was read at at_ms may still be shown of one group or topic without asking again: a cycle brings
 * it anew in less. When cycles fail it grows older than that, and shown again it would pass for new,
 * while a question for it says what is wrong. */
#define KAFKA_CURRENT_MS 12000
bool kafka_is_current(int64_t at_ms, int64_t now_ms);
/* The same of a group's commits. While its coordinator owes an answer it is not asked either: then its
 * rows say that they are old. */
bool kafka_group_is_current(const struct kafka_group *g, int64_t now_ms);
/* The rate of a partition's lag while somebody looks at it. */
#define KAFKA_RATES_KEEP_MS 60000
struct kafka_rate *kafka_group_rate(struct kafka_group *g, const char *place, int64_t now_ms);

#endif
