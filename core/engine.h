/* The engine: all lanes of one environment, seen from the thread that draws (or prints). That thread
 * never takes a lock that a lane holds for long, never sees a half-built snapshot and never waits for
 * a server: it subscribes, and mail comes.
 *
 * All functions are for the one thread that made the engine. */
#ifndef CORE_ENGINE_H
#define CORE_ENGINE_H

#include "history.h"
#include "lane.h"
#include "mail.h"
#include "status.h"

struct engine;

struct engine *engine_new(struct environment *e);
/* Stops every lane, waits for them for a second or two, and frees everything; when one is stuck,
 * nothing is freed. A console that quits does not call it: it ends the process. */
void engine_free(struct engine *e);

/* Becomes readable when mail waits. engine_take gives it all, oldest first: struct mail, owned. */
int engine_fd(const struct engine *e);
GPtrArray *engine_take(struct engine *e);
/* The same, but waits for mail up to timeout_ms (-1: for ever). Empty when none came. For one-shot
 * commands and tests. */
GPtrArray *engine_wait(struct engine *e, int64_t timeout_ms);

/* Opens the connectors' shared object in a thread of its own; MAIL_LOADED follows. */
void engine_load(struct engine *e, const char *path, const char *build_id);
/* MAIL_LOADED was taken: joins that thread, which ends with it. */
void engine_loaded(struct engine *e);

/* Starts the lanes of a source (its options must have been read). once: nothing is polled by itself,
 * and what is opened is fetched one time. */
void engine_start(struct engine *e, struct source *s, bool once);
/* The lane of the derived kinds. */
void engine_start_derived(struct engine *e, const struct connector *derived);
/* Looks for servers on this machine, in a lane of its own per connector. */
void engine_discover(struct engine *e, const struct registry *r);

/* Says that something shows (feed, scope), or no longer does. Balanced; cheap. */
void engine_open(
    struct engine *e, const struct source *s, const struct feed *f, const struct rid *scope);
void engine_close(
    struct engine *e, const struct source *s, const struct feed *f, const struct rid *scope);
/* Polls everything of the source now (NULL: of all), whatever it was waiting for. */
void engine_refresh(struct engine *e, const struct source *s);

/* Asks for one thing whole; MAIL_REPLY with the id follows. engine_check: the doctor's table. */
guint64 engine_show(struct engine *e, const struct source *s, const struct rid *what);
guint64 engine_check(struct engine *e, const struct source *s);
/* Streams a log; MAIL_CHUNK and at last MAIL_END with the id. 0 when LOGS_MAX are running. */
#define LOGS_MAX 4
guint64 engine_follow(struct engine *e, const struct source *s, const struct rid *what,
    const struct stream_options *options);
/* Nobody waits for the answer to id any more. */
void engine_cancel(struct engine *e, guint64 id);

/* What derived kinds see: the newest source-wide snapshots (array of const struct snapshot*, taken
 * with its references). */
void engine_set_inputs(struct engine *e, GPtrArray *take_snapshots);

/* -- the history ---------------------------------------------------------------------------------- */

/* Starts the lane that records; r must not change from here on. Until then, and without it, the
 * functions below do nothing and give 0. MAIL_HISTORY says when nothing can be written, and when it can
 * be again. */
void engine_start_history(
    struct engine *e, const struct registry *r, const struct history_options *o);
/* Hands a sealed snapshot to it (a reference is taken). When the lane is RECORDS_MAX behind, the oldest
 * is dropped. */
#define RECORDS_MAX 256
void engine_record(struct engine *e, const struct snapshot *s);
/* Snapshots that were dropped so far. */
guint64 engine_records_dropped(struct engine *e);
/* Asks for what was known last, before this weir began: MAIL_SNAPSHOT follows for each source-wide kind
 * (snapshot_remembered says true of them). */
guint64 engine_remember(struct engine *e);
/* Asks for a column over time (q is copied); MAIL_SERIES with the id follows. */
guint64 engine_series(struct engine *e, const struct series_query *q);
/* Writes what waits and ends the lane, within ms; for the end of the program. False: it hangs. */
bool engine_end_history(struct engine *e, int64_t ms);

/* Copies of every source's status, in the order of the configuration. */
GPtrArray *engine_statuses(struct engine *e);
/* The newest request that fetched what a row came from: f is the feed of the row's kind and scope that of
 * its snapshot (what a poll reads for all scopes counts for each). f NULL: the one that asked for scope
 * alone, its detail or its log. NULL when none is kept; request_unref. */
const struct request *engine_find_request(
    struct engine *e, const struct source *s, const struct feed *f, const struct rid *scope);

/* Replaces lanes that are stuck ENGINE_STUCK_MS past their deadline, at most twice per source. To be
 * called every few seconds. */
#define ENGINE_STUCK_MS 5000
void engine_watch(struct engine *e);

#endif
