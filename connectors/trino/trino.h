/* The Trino connector, shared by its own files and its tests only.
 *
 * It speaks the coordinator's REST API below /v1 (Trino 435 to 483; run against 476 and 435), with GET
 * alone: /v1/query with a state filter for the list, /v1/query/{id} for one query, /v1/status,
 * /v1/service, /v1/node for the nodes. The API is not documented as stable, so every field may be
 * missing: then its cell is absent. */
#ifndef CONNECTORS_TRINO_TRINO_H
#define CONNECTORS_TRINO_TRINO_H

#include "error.h"
#include "http.h"
#include "json.h"
#include "lane.h"

#define TRINO_VERSION_STATES 470 /* from here on one request may name several states */

struct queries;
struct nodes;

/* What a lane knows between polls (lane_data). */
struct trino {
    struct http *http;
    char *url;   /* of the coordinator, without a slash at its end */
    char *user;  /* whom we ask as; NULL: whoever the token says */
    int major;   /* 476 of "476" or "476-e.3"; 0: not known */
    bool let_in; /* /v1/query has answered: the credentials are good */
    char *environment;
    char *version;
    int64_t uptime_ms;    /* -1: not known */
    int64_t restarted_ms; /* when a restart was noticed; 0: none */
    int64_t skew_ms;      /* the coordinator's clock minus ours, to the second */
    struct queries *queries;
    struct nodes *nodes;
    GHashTable *trees; /* of the queries that somebody looks at: stages.c */
};

/* -- units.c: how Trino writes sizes and times ---------------------------------------------------- */

/* "1234B", "1.21GB" (powers of 1024, whatever the letters suggest). Whole text, not negative. */
bool trino_parse_size(const char *text, int64_t *bytes);
/* "283.11us", "1.23s", "5.87m": ns us ms s m h d. Whole text, not negative. */
bool trino_parse_duration(const char *text, double *ms);

/* Members as values; false when absent, null or unreadable. */
bool trino_size(const cJSON *object, const char *path, int64_t *bytes);
bool trino_duration(const cJSON *object, const char *path, double *ms);

/* A member as a typed cell; its text is the JSON's own. False, and no value, when absent or null. */
enum trino_how { AS_TEXT, AS_STATE, AS_SPAN, AS_SIZE, AS_INT, AS_PERCENT, AS_TIME, AS_BOOL };
bool trino_cell(const cJSON *object, const char *path, enum trino_how how, struct cell *out);

/* The leading number of a version: 476 of "476-e.3"; 0 when there is none. */
int trino_version_major(const char *version);

/* -- trino.c -------------------------------------------------------------------------------------- */

/* Reads /v1/info: version, environment, uptime, clock. False when it does not answer, is no
 * coordinator, or is starting (WEIR_ERROR_SERVER, "is starting"): then nothing else may be asked. */
bool trino_read_info(struct lane *l, struct trino *t, GError **error);
/* Like http_check_status, with Trino's own ways to say no. */
bool trino_check_status(const struct trino *t, const struct http_request *q,
    const struct http_reply *r, GError **error);
/* The path of one query; NULL and *error unless id looks like one: an empty id would name the list. */
char *trino_query_path(const char *id, const char *suffix, GError **error);
/* Says of a 410 what it means. */
bool trino_fail_gone(const char *id, GError **error);

/* -- queries.c ------------------------------------------------------------------------------------ */

extern const struct kind trino_queries_kind;

struct query_counts {
    int64_t running, queued, blocked;
    int64_t failed, failed_system; /* in the last five minutes */
    bool blocked_known;            /* every running query said whether it is */
    bool failed_bound;             /* the list of failures was cut: at least so many */
    int64_t memory_bytes;
    bool memory_known; /* every query said how much it holds */
};

struct queries *queries_new(void);
void queries_free(struct queries *q); /* accepts NULL */
/* Reads the lists that are due. False when not even the live queries could be read. */
bool queries_read(struct lane *l, struct trino *t, GError **error);
void queries_publish(struct lane *l, struct trino *t, struct batch *out);
void queries_count(const struct queries *q, int64_t now_ms, struct query_counts *out);

/* -- nodes.c -------------------------------------------------------------------------------------- */

extern const struct kind trino_nodes_kind;

struct node_totals {
    int64_t nodes;        /* active, the coordinator among them; -1: not known */
    int64_t lost;         /* failed or gone */
    int64_t memory_limit; /* sum of all nodes' pools; -1: not known */
    enum absent no_limit; /* why it is not */
    enum absent no_nodes;
};

struct nodes *nodes_new(void);
void nodes_free(struct nodes *n);
/* Reads what may be read of the nodes. A refusal is no failure: it is noted where it matters. */
bool nodes_read(struct lane *l, struct trino *t, GError **error);
void nodes_publish(struct lane *l, struct trino *t, struct batch *out);
void nodes_totals(const struct nodes *n, struct node_totals *out);
/* What is known of one node, as rows of kind_detail; false when there is none of that id. */
bool nodes_detail(const struct nodes *n, const char *id, struct snapshot *detail);
/* Where the coordinator reaches it; NULL when that was not said. */
const char *nodes_url(const struct nodes *n, const char *id);
/* Whether it is the coordinator that we talk to. */
bool nodes_is_own(const struct nodes *n, const char *id);

/* -- cluster.c: the feed that is always polled ----------------------------------------------------- */

extern const struct kind trino_cluster_kind;
bool trino_fetch_cluster(
    struct lane *l, const struct rid *scope, struct batch *out, GError **error);

/* -- stages.c ------------------------------------------------------------------------------------- */

extern const struct kind trino_stages_kind;
bool trino_fetch_stages(struct lane *l, const struct rid *scope, struct batch *out, GError **error);
GHashTable *trino_trees_new(void);

struct stage {
    char *id;        /* the number behind the query's id */
    uint32_t parent; /* index, or ROW_NONE */
    char *state, *node;
    int64_t tasks, failed_tasks;
    int64_t splits, splits_done, rows, rows_out, bytes, memory_bytes,
        spilled_bytes; /* -1: absent */
    int64_t elapsed_ms, cpu_ms;
    double blocked, skew; /* NaN: absent */
    bool skew_one_task;   /* absent because there is nothing to compare with */
};

/* The stages of a QueryInfo in the order of its tree, parents first: struct stage. Reads the nested
 * form (up to 476) and the flat one (from 477). At most TRINO_STAGES_MAX; *cut says so. */
#define TRINO_STAGES_MAX 2000
GArray *trino_parse_stages(const cJSON *query_info, bool *cut);

/* -- detail.c ------------------------------------------------------------------------------------- */

bool trino_show(
    struct lane *l, const struct rid *what, struct snapshot *detail, GString *raw, GError **error);
/* A QueryInfo, whole or pruned, as rows of kind_detail. */
void trino_query_detail(struct snapshot *detail, const cJSON *query_info);

/* -- doctor.c ------------------------------------------------------------------------------------- */

bool trino_check(struct lane *l, struct snapshot *doctor, GError **error);
void trino_discover(struct lane *l, struct found *out);
extern const char *const trino_secret_variables[];

#endif
