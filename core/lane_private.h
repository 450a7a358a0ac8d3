/* What lane.c (threads and locks) and engine.c (the drawing thread's side) share: the structs that the
 * engine's one lock guards. Nothing else includes this. */
#ifndef CORE_LANE_PRIVATE_H
#define CORE_LANE_PRIVATE_H

#include "engine.h"
#include "job.h"

enum role { ROLE_POLL, ROLE_HAND, ROLE_LOG, ROLE_DERIVED, ROLE_DISCOVER };

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
/* The mail that says how a fetch ended. */
struct mail *lane_fetched(const struct lane *l, const struct job *job, const GError *error);
/* Locked. */
void engine_post_status(struct engine *e);
/* Locked. The source's run, the derived one as well; or NULL. */
struct source_run *engine_find_run(const struct engine *e, const struct source *s);

#endif
