/* What lane.c (threads and locks) and engine.c (the drawing thread's side) share: the structs that the
 * engine's one lock guards. Nothing else includes this. */
#ifndef CORE_LANE_PRIVATE_H
#define CORE_LANE_PRIVATE_H

#include "engine.h"
#include "job.h"
#include "recorder.h"

enum role { ROLE_POLL, ROLE_HAND, ROLE_LOG, ROLE_DERIVED, ROLE_DISCOVER, ROLE_HISTORY };

enum ask_type { ASK_SHOW, ASK_CHECK, ASK_FOLLOW };

struct ask {
    enum ask_type type;
    guint64 id;
    struct rid *what;
    struct stream_options options;
};

struct lane {
    struct engine *engine;
    struct source_run *run;
    enum role role;
    struct lane_thread *thread; /* lane.c's own */
    /* guarded */
    GPtrArray *jobs;
    GQueue asks;
    bool stop, abandoned, done;
    int64_t busy_until; /* monotonic deadline of the running call, 0: idle */
    guint64 busy_id;    /* of the running ask */
    struct job *running;
    bool cancelled;
    unsigned chunks; /* posted and not taken yet, of a log lane */
    /* its own thread only */
    bool opened;
    void *data;
    int64_t deadline;
    const struct ask *asking; /* while it answers one */
    guint64 requests_seen;    /* 1 + the newest request that it has listed; 0: never */
    GHashTable *rules;        /* kind to struct health_rules */
    GPtrArray *inputs;        /* of a derived feed while it runs */
    const struct connector *discover;
};

/* One source while it runs. Guarded by the engine's lock but for what never changes. */
struct source_run {
    struct source *source;
    const struct connector *connector;
    struct source_status *status;
    struct lane *poll, *hand;
    struct request_log requests;
    bool once;
    unsigned replacements;
    void *shared;
    void (*shared_destroy)(void *);
    bool shared_making;
};

/* What the history lane is asked: one column over time, or (no kind) everything that was last known. */
struct question {
    guint64 id;
    struct series_query query;
    char **addresses;
};
void question_free(struct question *q);

struct engine {
    struct environment *environment;
    struct engine_sync *sync; /* lane.c's own */
    /* guarded */
    struct mailbox mail;
    GPtrArray *runs;
    GPtrArray *lanes;
    GPtrArray *inputs;
    struct source_run *derived;
    guint64 next_id;
    guint64 next_request;
    unsigned discovering;
    struct lane *history; /* NULL: nothing is recorded */
    GPtrArray *records;   /* snapshots that wait for it */
    guint64 records_dropped;
    GQueue questions; /* struct question */
    /* the history lane's own */
    struct recorder *recorder;
    const struct registry *registry;
    /* the loader's own */
    struct lane_thread *loader;
    char *library_path, *build_id;
};

void engine_lock(struct engine *e);
void engine_unlock(struct engine *e);
void engine_sync_new(struct engine *e);
void engine_sync_free(struct engine *e);
/* Starts loader_main; joined by engine_join_loader, which accepts that there is none. */
void engine_start_loader(struct engine *e);
void engine_join_loader(struct engine *e);

struct lane *lane_new(struct engine *e, struct source_run *run, enum role role);
/* Locked. Adds it to the engine's lanes and starts its thread. */
void lane_start(struct lane *l);
/* Wakes it, locked or not. */
void lane_signal(struct lane *l);
/* Joins its thread, which must have been told to stop, until deadline (monotonic ms); false: it is
 * stuck. Then lane_free. */
bool lane_join(struct lane *l, int64_t deadline_ms);
/* Instead of joining a thread that may never end: it runs until the process ends, and l with it. */
void lane_let_go(struct lane *l);
void lane_free(struct lane *l);
void ask_free(struct ask *ask);
/* Of the history lane, unlocked: what is asked of the disk. engine_history.c */
void history_lane_answer(struct lane *l, const struct question *q);
/* Writes what there is, and returns when to look again (monotonic). */
int64_t history_lane_work(struct lane *l, GPtrArray *take_records, bool flush);
/* Posts mail of the lane, unless it was abandoned. */
void lane_post(struct lane *l, struct mail *take_m);
/* The mail that says how a fetch ended. */
struct mail *lane_fetched(const struct lane *l, const struct job *job, const GError *error);
/* Locked. */
void engine_post_status(struct engine *e);
/* Locked. The source's run, the derived one as well; or NULL. */
struct source_run *engine_find_run(const struct engine *e, const struct source *s);

#endif
