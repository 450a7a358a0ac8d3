/* What the history lane does, without the lane: it holds the newest snapshot of everything until it is
 * worth a frame, writes what is due in one transaction, thins when there is nothing else to do, and
 * waits a while where nothing can be written. One thread. Times: now_ms is the wall clock, mono_ms the
 * one that does not go back. */
#ifndef CORE_RECORDER_H
#define CORE_RECORDER_H

#include "history.h"

struct recorder;

#define RECORDER_SETTLE_MS                                                                         \
    1000 /* a fetch publishes its names first and its numbers a little later */
#define RECORDER_RETRY_MS 60000 /* after a disk that was full */

struct recorder *recorder_new(const struct history_options *o);
void recorder_free(
    struct recorder *r); /* accepts NULL; what was not written is lost: flush first */
DEFINE_AUTO(recorder, recorder_free)

struct history *recorder_history(struct recorder *r);
/* Takes a reference. What the history does not want is left out. */
void recorder_take(struct recorder *r, const struct snapshot *s, int64_t mono_ms);
/* Does what is due (flush: all that waits, and no thinning), and returns when to call again (mono). */
int64_t recorder_work(struct recorder *r, bool flush, int64_t now_ms, int64_t mono_ms);
/* Whether what there is to say has changed since the last call: *error is why nothing is recorded (a
 * copy, owned by the caller), or NULL when it goes on. */
bool recorder_news(struct recorder *r, GError **error);

#endif
