/* The Airflow connector, shared by its own files and its tests only.
 *
 * It speaks the REST API v2 of Airflow 3 (run against 3.3.2); 2.x is recognised and refused with a
 * sentence. What it costs: one request for health per 10 s, one for changed runs per 10 s, two for
 * tasks per 15 s, and the list of DAGs once per 30 s for every hundred of them, at most every 5
 * minutes; runs and tasks of what is open, one request per 10 or 15 s each.
 *
 * The server's clock (its Date header) decides about every age and every "changed since": the two
 * machines need not agree. */
#ifndef CONNECTORS_AIRFLOW_AIRFLOW_H
#define CONNECTORS_AIRFLOW_AIRFLOW_H

#include "error.h"
#include "http.h"
#include "json.h"
#include "lane.h"
#include "rid.h"

#define AIRFLOW_PAGE     100  /* GET lists are clamped to it from 3.2 on */
#define AIRFLOW_BATCH    1000 /* POST .../list is not */
#define AIRFLOW_PARALLEL 2    /* a page of DAGs costs the server a third of a second of CPU */

#define AIRFLOW_DAGS_MAX         20000
#define AIRFLOW_ACTIVE_RUNS_MAX  2000
#define AIRFLOW_ENDED_RUNS_MAX   5000 /* of the last AIRFLOW_WINDOW_MS, source-wide */
#define AIRFLOW_DELTA_PAGES_MAX  20   /* more changes than that: everything is read anew */
#define AIRFLOW_DAG_RUNS_MAX     100  /* of one DAG, the newest: one request */
#define AIRFLOW_TASKS_MAX        5000 /* of one run */
#define AIRFLOW_ACTIVE_TASKS_MAX 2000
#define AIRFLOW_FAILED_TASKS_MAX 5000 /* of all runs that matter now */
#define AIRFLOW_PAST_MAX         14   /* runs of the strip of states */

#define AIRFLOW_WINDOW_MS   86400000 /* how far back ended runs are held */
#define AIRFLOW_RESYNC_MS   300000   /* deleted runs are in no delta */
#define AIRFLOW_OVERLAP_MS  20000  /* of two deltas: 100 changes, one page, at 5,000 hourly DAGs */
#define AIRFLOW_PER_PAGE_MS 30000  /* between two readings of the DAGs, per page of them ... */
#define AIRFLOW_DAGS_MS_MAX 300000 /* ... and at most */
#define AIRFLOW_SLICE_MS    3000   /* of one fetch, while an old list is there */
#define AIRFLOW_SHOW_MS     500    /* between two looks at a list that is being read */

#define AIRFLOW_NONE INT64_MIN /* a time or span that the server did not give */

struct runs;
struct dags;
struct failures;

/* What a lane knows between polls (lane_data). */
struct airflow {
    struct lane *lane;
    struct http *http;
    char *user;    /* whom we ask as; NULL: whoever the token says, or nobody */
    char *version; /* "3.3.2" */
    bool signed_in;
    int64_t server_ms; /* the server's clock at its newest answer */
    struct runs *runs;
    struct dags *dags;
    struct failures *failures;
    bool no_ui; /* /ui/dags does not work here: asked once */
};

/* -- airflow.c: requests -------------------------------------------------------------------------- */

/* The session of the lane (signed in), or NULL and *error. */
struct airflow *airflow_of(struct lane *l, GError **error);
/* The same, but not signed in where no credentials are configured: for the health, which a server
 * tells to anybody. */
struct airflow *airflow_of_anybody(struct lane *l, GError **error);

/* Like http_send_many and http_get_json, with a new sign-in when the server has forgotten the token;
 * they note the server's clock. */
bool airflow_send_many(struct airflow *a, const struct http_request *q, guint count, guint parallel,
    struct http_reply *out, GError **error);
bool airflow_send(
    struct airflow *a, const struct http_request *q, struct http_reply *out, GError **error);
cJSON *airflow_send_json(struct airflow *a, const struct http_request *q, GError **error);
cJSON *airflow_get(struct airflow *a, const char *path, GError **error);
/* Whether an answer has the member that makes it one (an array or object): an answer without is not an
 * empty list. NULL json: false, and *error is left as it is. */
bool airflow_has(const struct airflow *a, const char *path, const cJSON *json, const char *member,
    GError **error);
/* Adds an array of the names in a set to a body: sorted, so that the same names make the same request. */
void airflow_add_names(cJSON *body, const char *member, GHashTable *set);
/* A body as it is sent; the caller frees it. */
char *airflow_print(const cJSON *body);

/* Items of a paged list, in order. Advances by what came, not by what was asked for: servers clamp
 * limits silently. Ends at max items, or early when leave_ms of the lane's time are left. */
struct airflow_list {
    const char *path;   /* with its query, but without limit and offset */
    const char *member; /* the array's name */
    guint max;
    int64_t leave_ms;
    void (*take)(const cJSON *item, void *data);
    void (*paged)(const struct airflow_list *list, void *data); /* after some pages; or NULL */
    void *data;
    guint offset;  /* in: where to begin; out: items read, counted from the list's beginning */
    int64_t total; /* out: what the server says there is, -1: it does not say */
    bool whole;    /* out: nothing is left to read */
};
bool airflow_read_list(struct airflow *a, struct airflow_list *list, GError **error);

/* The path below /api/v2/dags that the parts of an address name (dags, runs, tasks), escaped: NULL
 * and WEIR_ERROR_USAGE when it is none of these. */
char *airflow_path(const struct rid *what, GError **error);
/* "load[3]" to its task and map index (-1: not mapped). */
char *airflow_split_task(const char *name, int64_t *map_index);

/* "2026-06-12T11:00:00Z", escaped for a query. */
char *airflow_query_time(int64_t at_ms);
int64_t airflow_time(const cJSON *object, const char *path); /* AIRFLOW_NONE when absent */

/* Cells that are absent (no value) when AIRFLOW_NONE or NULL. */
void airflow_set_time(struct snapshot *s, size_t row, int column, int64_t at_ms);

/* -- kinds.c ------------------------------------------------------------------------------------- */

extern const struct kind airflow_health_kind, airflow_dags_kind, airflow_runs_kind,
    airflow_tasks_kind;

enum { HEALTH_COMPONENT, HEALTH_STATE, HEALTH_BEAT_AGE, HEALTH_BEAT };

enum {
    DAG_PAUSED,
    DAG_SCHEDULE,
    DAG_OWNERS,
    DAG_TAGS,
    DAG_LAST_RUN,
    DAG_LAST_STATE,
    DAG_LAST_DURATION,
    DAG_NEXT_RUN,
    DAG_RUNNING,
    DAG_QUEUED,
    DAG_FAILED_24H,
    DAG_STATES,
    DAG_LATE,
    DAG_FAILED_RUN,
    DAG_IMPORT_ERRORS,
    DAG_SINCE,
};

enum {
    RUN_DAG,
    RUN_STATE,
    RUN_TYPE,
    RUN_LOGICAL,
    RUN_STARTED,
    RUN_ENDED,
    RUN_DURATION,
    RUN_USUAL,
    RUN_QUEUED,
    RUN_NOTE,
    RUN_AFTER,
    RUN_USER,
    RUN_SINCE,
};

enum {
    TASK_DAG,
    TASK_RUN,
    TASK_TASK,
    TASK_MAP,
    TASK_STATE,
    TASK_TRY,
    TASK_MAX_TRIES,
    TASK_STARTED,
    TASK_ENDED,
    TASK_DURATION,
    TASK_QUEUED,
    TASK_POOL,
    TASK_OPERATOR,
    TASK_HOST,
    TASK_SINCE,
};

/* What a state of a run or task means; an unknown one is unknown, never an error. */
enum phase airflow_phase(const char *state);
enum health airflow_state_health(const char *state);
bool airflow_knows(const char *state);

/* -- runs.c -------------------------------------------------------------------------------------- */

struct run {
    char *dag, *id, *state, *type, *note, *user;
    int64_t logical_ms, after_ms, queued_ms, started_ms, ended_ms, duration_ms, updated_ms;
};
struct run *run_new(const cJSON *json); /* NULL when it names no run */
void run_free(struct run *r);           /* accepts NULL */

struct runs *runs_new(void);
void runs_free(struct runs *t); /* accepts NULL */
/* Brings the table up to date: everything the first time and every AIRFLOW_RESYNC_MS, else what has
 * changed. On failure it is as before. */
bool runs_update(struct airflow *a, GError **error);
/* Whether it was read within ms: what a fetch of another feed may rely on. */
bool runs_fresh(const struct runs *t, int64_t ms);
const char *runs_cut(const struct runs *t); /* why it does not hold all, or NULL */
/* Calls visit for every run held: running, queued, or ended within AIRFLOW_WINDOW_MS. */
void runs_each(const struct runs *t, void (*visit)(const struct run *r, void *data), void *data);
const struct run *runs_find(const struct runs *t, const char *dag, const char *id);
/* When the newest run of dag that ended well was due; AIRFLOW_NONE: none is known. A failed run that
 * was due before is history, not a problem. */
int64_t runs_succeeded(const struct runs *t, const char *dag);
bool runs_is_history(const struct runs *t, const struct run *r);

bool runs_fetch(struct lane *l, const struct rid *scope, struct batch *out, GError **error);

/* -- dags.c, tasks.c, health.c, log.c, doctor.c --------------------------------------------------- */

struct dags *dags_new(void);
void dags_free(struct dags *t); /* accepts NULL */
bool dags_held(const struct dags *t);
void dags_publish(struct airflow *a, struct batch *out);
bool dags_fetch(struct lane *l, const struct rid *scope, struct batch *out, GError **error);

/* The failed tasks of runs that have ended, which do not change: read once per run. */
struct failures *failures_new(void);
void failures_free(struct failures *f); /* accepts NULL */
bool tasks_fetch(struct lane *l, const struct rid *scope, struct batch *out, GError **error);

bool airflow_health_fetch(
    struct lane *l, const struct rid *scope, struct batch *out, GError **error);

bool airflow_show(
    struct lane *l, const struct rid *what, struct snapshot *detail, GString *raw, GError **error);
bool airflow_follow(struct lane *l, const struct rid *what, struct stream *out, GError **error);
bool airflow_check(struct lane *l, struct snapshot *doctor, GError **error);
void airflow_discover(struct lane *l, struct found *out);
extern const char *const airflow_secret_variables[];
/* The address in airflowctl's file of an environment, or NULL; g_free. */
char *airflow_ctl_url(const char *text, gsize length);

/* The answer of GET /api/v2/version; with an Airflow 2 WEIR_ERROR_UNSUPPORTED. */
bool airflow_read_version(struct airflow *a, GError **error);
struct airflow *airflow_new(struct lane *l, const char *base, GError **error);
void airflow_free(struct airflow *a); /* accepts NULL */

#endif
