/* What weir asked the systems it watches: every request with its end and its time, so that people can
 * see what their servers are asked, and ask it again. Transports report each one with a request_note
 * (lane_note_request); the newest of every source are kept in a request_log under the engine's lock.
 *
 * A request never holds a secret. The transport says which kind of credential went with it and whose,
 * not the credential; a body that holds one is not given at all. What still looks like one is masked
 * with REQUEST_MASK here: passwords in URLs, and values whose names say what they are (secret_is_named)
 * in queries, headers, forms and JSON. Other texts, SQL for one, are kept as they were sent.
 *
 * A request is immutable and shared by reference; any thread may read it. All functions are pure but
 * for the log, which has no lock of its own. */
#ifndef CORE_REQUEST_H
#define CORE_REQUEST_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "auto.h"

struct source;

#define REQUESTS_MAX       500 /* kept of one source */
#define REQUESTS_BYTES_MAX (512 * 1024)
#define REQUEST_TARGET_MAX 8192 /* bytes kept of one */
#define REQUEST_BODY_MAX   4096
#define REQUEST_MASK       "***"

enum request_credential { REQUEST_NO_CREDENTIAL, REQUEST_BASIC, REQUEST_BEARER };

/* One request that has ended, as its transport saw it. Everything is borrowed. */
struct request_note {
    const char *method; /* an HTTP method, or another of struct request_rule: "SHELL" ... */
    const char *target; /* the whole URL; "HOST: line"; the operation and what it is about */
    const char *status; /* "200", "ok", or request_error_word() */
    const char *why;    /* one sentence when it failed, else NULL */
    int64_t at_ms;      /* wall clock, when it was sent */
    int64_t took_ms;    /* -1: not known, as everywhere here */
    int64_t bytes_in;
    enum request_credential credential;
    const char *user;         /* of REQUEST_BASIC */
    const char *headers;      /* lines "Name: value\n", without the credential; or NULL */
    const char *content_type; /* of the body: what may be masked in it */
    const char *body;         /* or NULL */
    bool secret;              /* there was a body that must not be kept; body is not looked at */
};

struct request {
    gatomicrefcount refs;
    guint64 id; /* grows with time, unique in its engine */
    gsize size; /* bytes of all of it */
    const char *source;
    const char *feed;  /* which feed asked; or "detail", "doctor", "log" */
    const char *scope; /* address of what it asked about */
    const char *method, *target, *status, *why, *user, *headers, *body; /* NULL as above */
    int64_t at_ms, took_ms, bytes_in;
    enum request_credential credential;
    bool secret;     /* it had a body, which is not kept */
    bool cut_target; /* there was more of it */
    bool cut_body;
};

/* A copy of what may be kept of the note. id is 0. */
struct request *request_new(
    const struct request_note *note, const char *source, const char *feed, const char *scope);
const struct request *request_ref(const struct request *r);
void request_unref(const struct request *r); /* accepts NULL */

/* A text with the passwords of all URLs in it masked. */
void request_append_masked(GString *out, const char *text);

/* "timeout", "no connection": a status for what ended without an answer. */
const char *request_error_word(const GError *error);

/* A command line that repeats an HTTP request: safe to paste into sh whatever stands in it, with shell
 * variables where secrets belong ("$PASSWORD", "$TOKEN", "$BODY") or what cannot be typed. s: the
 * source, whose ca_file, insecure, cert_file, key_file and proxy count; or NULL. NULL when it was no HTTP
 * request or its URL was too long to be kept. g_free. */
char *request_as_curl(const struct request *r, const struct source *s);

/* The newest requests of one source: a ring, whose oldest give way beyond REQUESTS_MAX of them and
 * beyond REQUESTS_BYTES_MAX. Zeroed is empty. */
struct request_log {
    const struct request *ring[REQUESTS_MAX];
    guint first, count;
    gsize bytes;
};
void request_log_add(struct request_log *log, struct request *take_r);
void request_log_clear(struct request_log *log);
/* i counts from the newest; i < count. Borrowed. */
const struct request *request_log_at(const struct request_log *log, guint i);
/* The newest of a feed (NULL: of any) about exactly scope, sign-ins left out; or NULL. Borrowed. */
const struct request *request_log_find(
    const struct request_log *log, const char *feed, const char *scope);

#endif
