/* The inside of the warehouse, for its own files and for the service that shows it (trino.c).
 *
 * A query is a few numbers: what it would take (work, rows, bytes, CPU, memory at its peak) and
 * how far it has come. Everything a server reports of it follows from these and the clock, so that
 * its figures cannot contradict each other. What a query would take is a pure function of its
 * number and its flavour (query_imagine); the queries that ended before the world's beginning are
 * made from nothing else, when somebody asks (warehouse_each). */
#ifndef TESTS_SIM_WAREHOUSE_QUERY_H
#define TESTS_SIM_WAREHOUSE_QUERY_H

#include "warehouse.h"

#define NEVER INT64_MIN

enum query_state {
    QUERY_QUEUED,
    QUERY_PLANNING,
    QUERY_STARTING,
    QUERY_RUNNING,
    QUERY_FINISHING,
    QUERY_FINISHED,
    QUERY_FAILED,
};

enum flavour {
    FLAVOUR_ADHOC,
    FLAVOUR_ETL,
    FLAVOUR_DASHBOARD,
    FLAVOURS
}; /* also the group's index */

/* A way to fail, as Trino numbers and names it. */
struct failure {
    const char *name;
    int code;
    const char *type;
    bool fatal;
    const char *exception, *message;
    bool early; /* before it was put into a group: nothing is known of it but its text */
};

enum failing {
    FAIL_SYNTAX,
    FAIL_TABLE,
    FAIL_COLUMN,
    FAIL_DIVISION,
    FAIL_CANCELED,
    FAIL_KILLED,
    FAIL_PREEMPTED,
    FAIL_MEMORY,
    FAIL_QUEUE_FULL,
    FAIL_HOST_GONE,
    FAIL_NO_NODES,
    FAILINGS
};
extern const struct failure failures[FAILINGS];

struct query {
    guint number;
    char id[32];
    enum flavour flavour;
    const char *user, *source, *type, *update_type; /* interned; update_type or NULL */
    char *sql;
    const char *table[2]; /* that it reads, "lake.orders.fct_orders"; interned */
    int64_t created_ms;
    int64_t started_ms; /* let run; NEVER: it waits */
    int64_t worked_ms;  /* all splits are done; NEVER: not yet */
    int64_t ended_ms;   /* NEVER: it lives */
    int64_t analysis_ms, planning_ms, starting_ms, finishing_ms;
    double work_ms, done_ms; /* of running, at the usual pace */
    double rows, bytes, cpu_ms, peak_bytes, written_bytes;
    double blocked; /* share of its begun splits that wait */
    int splits, stages;
    guint nodes;                 /* bit i: tasks on node i */
    const struct failure *fails; /* that it is bound to end with; or NULL */
    double fails_at;             /* share of its work */
    const struct failure *error; /* that it ended with; or NULL */
    char *message;               /* of the error; NULL: the failure's own */
    double memory, memory_most;  /* bytes reserved now, and at most */
    bool starved;                /* waits for memory */
    int64_t stalled_ms;          /* since when a node that holds tasks is gone; NEVER */
    bool quick;                  /* answered by the coordinator alone, at once */
    bool steady;                 /* its work takes its time, however slow the others are */
    bool retries;                /* retry policy TASK: it survives the loss of a node */
    int lost_tasks;              /* that were tried again */
};

struct node {
    char *name;
    bool coordinator;
    bool sent_away;    /* by the plot */
    bool away;         /* it does not answer, for whatever reason */
    int64_t since_ms;  /* away, or there, since */
    int64_t former_ms; /* when its former life ended; NEVER: there was none */
    double pool_bytes;
};

struct resource_group {
    const char *name;
    int limit, most_queued;
    int running, queued;
    double cpu_ms, memory; /* of those that run */
};

struct warehouse {
    char suffix[6];     /* of this life of the coordinator: ids end with it */
    int64_t begin_ms;   /* of the world: ended queries before it are imagined */
    int64_t started_ms; /* the coordinator */
    guint first, next;  /* numbers: of the world's first query, of the next one */
    guint remembered;   /* how many ended queries */
    double pace;        /* 1: the usual, 3: everything takes three times as long */
    GArray *nodes;      /* struct node, the coordinator first */
    struct resource_group group[FLAVOURS];
    GPtrArray *live; /* struct query, by creation */
    GQueue *ended;   /* struct query, the oldest first */
    GHashTable *by_id;
    GHashTable *statements; /* id to what its client was told: trino_statement.c */
};

/* -- one query ------------------------------------------------------------------------------------ */

/* Fills in who, what and how much. w, flavour and number decide; out->created_ms is given. */
void query_imagine(const struct world *w, struct query *out, enum flavour flavour, guint number);
void query_clear(struct query *q); /* what it owns, not q */
void query_free(struct query *q);  /* accepts NULL */
enum query_state query_state(const struct query *q, int64_t now_ms);
/* "QUEUED" */
const char *query_state_name(enum query_state state);
/* When its splits begin to work. */
int64_t query_runs_ms(const struct query *q);
/* Which stage feeds which: a binary tree, 0 at its root. -1: none. */
int query_stage_parent(int stage);

/* -- all ------------------------------------------------------------------------------------------ */

/* Visits every query that the coordinator knows, the oldest first; q is valid during the call. */
void warehouse_each(const struct world *w, enum query_state from, enum query_state to,
    void (*visit)(const struct world *w, const struct query *q, void *data), void *data);
/* NULL when there is none; an ended one of old is made in *storage (query_clear it then). */
const struct query *warehouse_find(const struct world *w, const char *id, struct query *storage);
/* What a client sends. Quick ones have ended when this returns. */
struct query *warehouse_submit(
    struct world *w, const char *user, const char *source, const char *sql, bool quick);
/* A live query ends, now. message: NULL, or the whole text. */
void warehouse_end(
    struct world *w, struct query *q, const struct failure *error, const char *message);
struct query *warehouse_find_live(const struct world *w, const char *id); /* or NULL */
/* Takes a new query among the live ones; it waits until its group has room. */
struct query *warehouse_add(struct world *w, enum flavour flavour, int64_t created_ms);
/* A waiting query is let run at that moment. */
void warehouse_start(struct world *w, struct query *q, int64_t at_ms);
void warehouse_set_away(struct world *w, struct node *n, bool away);
double warehouse_pool(const struct warehouse *h); /* bytes of all nodes that answer */
double warehouse_reserved(const struct warehouse *h);

#endif
