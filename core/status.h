/* How a source is doing: one small state machine that turns the results of fetches into a state,
 * what to say about it, and when to try again. Pure functions over a struct; the engine keeps one per
 * source under its lock and hands out copies. */
#ifndef CORE_STATUS_H
#define CORE_STATUS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum source_state {
    SOURCE_CONNECTING, /* no answer yet */
    SOURCE_OK,
    SOURCE_SLOW,    /* answers, but takes long */
    SOURCE_FAILING, /* no answer, or one that makes no sense */
    SOURCE_DENIED,  /* answers, and does not let us in */
};

#define STATUS_BUCKETS      12 /* of STATUS_BUCKET_MS: the last minute */
#define STATUS_BUCKET_MS    5000
#define STATUS_SLOW_MS      3000 /* a request that takes longer is slow */
#define STATUS_RETRY_MAX_MS 60000
#define STATUS_DENIED_MS    300000 /* a wrong password is not tried on: accounts get locked */

struct source_status {
    char *name;
    char *type;
    enum source_state state;
    int64_t since_ms;    /* of the state */
    int64_t last_ok_ms;  /* 0: never */
    int64_t next_try_ms; /* 0: not waiting */
    int64_t latency_ms;  /* of one request, smoothed; -1: not known */
    unsigned failures;   /* in a row */
    char *version;       /* of the server, or NULL */
    char *error;         /* the newest, or NULL */
    char *partial;       /* what is missing while the rest is ok: "nodes: denied", or NULL */
    /* Requests and bytes of the last minute, by buckets of its time. */
    int64_t bucket[STATUS_BUCKETS];
    unsigned requests[STATUS_BUCKETS];
    int64_t bytes[STATUS_BUCKETS];
};

/* Whether an error is a refusal, or our own configuration: asking again changes nothing. code: enum
 * weir_error, or -1. */
bool status_is_refusal(int code);
struct source_status *status_new(const char *name, const char *type, int64_t now_ms);
struct source_status *status_copy(const struct source_status *s);
void status_free(struct source_status *s);
const char *status_name(enum source_state state);

/* A fetch ended well. Returns whether anything that people see has changed. */
bool status_succeed(struct source_status *s, int64_t now_ms);
/* A fetch failed (code: enum weir_error). The delay until the next try is poll_ms doubled per failure
 * up to a minute, five minutes when denied, both with a jitter of a fifth (random is 0 to 1). */
void status_fail(struct source_status *s, int code, const char *message, unsigned poll_ms,
    double random, int64_t now_ms);
/* One feed of several could not be read while others can. NULL: it can again. */
bool status_set_partial(struct source_status *s, const char *partial);
/* It cannot even be asked: its configuration is wrong. Stays so. */
void status_break(struct source_status *s, const char *why, int64_t now_ms);

void status_count(
    struct source_status *s, unsigned requests, int64_t bytes, int64_t ms, int64_t now_ms);
double status_requests_per_min(const struct source_status *s, int64_t now_ms);
double status_bytes_per_min(const struct source_status *s, int64_t now_ms);

#endif
