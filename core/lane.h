/* What a connector may ask of the lane it runs in. A lane is a thread: everything here is called from
 * it and only from it, and none of it takes longer than a lock. engine.h is the other side. */
#ifndef CORE_LANE_H
#define CORE_LANE_H

#include "connector.h"
#include "request.h"

struct gate_token;

/* NULL in discovery. */
const struct source *lane_source(const struct lane *l);

/* Wall clock, milliseconds UTC. */
int64_t lane_now_ms(const struct lane *l);
/* Milliseconds until the running call must have returned; never negative. Every blocking call of a
 * connector is bounded by it. */
int64_t lane_left_ms(const struct lane *l);
/* Whether its source is fetched one time (a command, not the console): nothing comes later, so what is
 * slow is worth waiting for. */
bool lane_is_once(const struct lane *l);
/* True when nobody waits for the running call any more (its view was closed, the program ends). */
bool lane_cancelled(struct lane *l);
/* Waits ms, or less when the call is cancelled (then false). For follow() between two polls. */
bool lane_wait(struct lane *l, int64_t ms);

/* The connector's state between calls: one per lane, set in open(), freed in close(). */
void lane_set_data(struct lane *l, void *data);
void *lane_data(const struct lane *l);
/* A handle that all lanes of the source share (it must be thread-safe): made by the first to ask,
 * destroyed with the last. While one lane makes it, the others wait. NULL and *error when make fails;
 * the next call tries again. */
void *lane_shared(struct lane *l, void *(*make)(struct lane *l, GError **error),
    void (*destroy)(void *shared), GError **error);

/* Counts what weir costs the server: requests sent, bytes in both directions, and how long the request
 * took (ms, -1: not known). */
void lane_count(struct lane *l, unsigned requests, int64_t bytes, int64_t ms);
/* Every request that has ended, once: whatever a transport sends goes through here as well. In discovery
 * there is nobody to tell. One allocation of what is kept, and a moment of the lock. */
void lane_note_request(struct lane *l, const struct request_note *note);
/* The server's version, for people. Copied and cleaned. */
void lane_set_version(struct lane *l, const char *version);
/* The token of the action that is running, or NULL: what the transports show the gate. */
const struct gate_token *lane_token(const struct lane *l);

/* -- results of fetch ---------------------------------------------------------------------------- */

/* A snapshot for the scope being fetched. */
struct snapshot *batch_snapshot(struct batch *b, const struct kind *k);
/* Judges (health), seals and posts s; the newest snapshot per kind and scope wins. Takes take_s. */
void batch_publish(struct batch *b, struct snapshot *take_s);

/* -- derived kinds ------------------------------------------------------------------------------- */

/* The newest source-wide snapshots of every kind named in the derived kind's inputs ("*": all but the
 * derived ones). Borrowed until fetch returns. lane_seal judges and seals without publishing. */
const struct snapshot *lane_seal(struct lane *l, struct snapshot *take_s);
guint lane_input_count(const struct lane *l);
const struct snapshot *lane_input(const struct lane *l, guint i);
/* How every source is doing (struct source_status), a copy: g_ptr_array_unref. */
GPtrArray *lane_statuses(struct lane *l);
/* What every source was asked, the newest first (const struct request, with its references:
 * g_ptr_array_unref). NULL when nothing was asked since this lane saw it last. */
GPtrArray *lane_requests(struct lane *l);
/* The one of that id, if it is still kept, and whom it asked: request_unref. */
const struct request *lane_request(struct lane *l, guint64 id, const struct source **asked);

/* -- logs ---------------------------------------------------------------------------------------- */

struct stream_options {
    bool follow;      /* stay at the end; else end there */
    int64_t since_ms; /* wall clock; 0: from the beginning */
    int64_t tail;     /* last lines only; 0: all */
    int64_t try;      /* of a task instance; 0: the newest */
};
const struct stream_options *stream_options(const struct stream *s);
/* An empty chunk of kind_log to fill. */
struct snapshot *stream_chunk(struct stream *s);
/* Posts a chunk. Waits while the reader is STREAM_CHUNKS_MAX behind, so that nothing is lost; false
 * when it is gone. Takes take_chunk. */
#define STREAM_CHUNKS_MAX 16
bool stream_put(struct stream *s, struct snapshot *take_chunk);

/* -- discovery and doctor ------------------------------------------------------------------------ */

/* Reports a server: the source is named name (numbered when taken) and gets the options of pairs
 * ("url", "http://...", NULL; see environment_add_source). origin says where it was found: a file's
 * path, a variable's name, "listens here". */
void found_add(struct found *f, const char *name, const char *origin, const char *const *pairs);

/* One line of the doctor's table: what was checked, how it is, what was seen, what to do (or NULL). */
extern const struct kind kind_doctor;
enum { DOCTOR_SEEN, DOCTOR_ADVICE };
void doctor_add(struct snapshot *doctor, const char *what, enum health health, const char *seen,
    const char *advice);
/* The line about the server's clock: how far it is ahead of ours, as far as that is known. Dates of
 * HTTP answers have whole seconds, and travel: only beyond DOCTOR_SKEW_MS does it warn. */
#define DOCTOR_SKEW_MS 5000
void doctor_add_clock(struct snapshot *doctor, int64_t skew_ms);

#endif
