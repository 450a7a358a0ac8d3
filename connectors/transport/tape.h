/* Tapes: what was asked and what was answered, for tests without servers. With WEIR_TAPE=FILE and
 * WEIR_TAPE_MODE=record every exchange of the HTTP and shell transports is appended to FILE; with
 * replay nothing leaves the process: each request must stand on the tape, and gets its answer. A
 * request that does not stand there fails with WEIR_ERROR_PROTOCOL, which is how a tape checks the
 * requests as well.
 *
 * Secrets are never on it: credentials are no part of what is recorded, and of an exchange that is
 * marked secret (a sign-in) the request's body is left out and every text of the answer is replaced
 * by TAPE_SECRET, in its JSON as in its headers.
 *
 * The file is one JSON object per line: {"source","method","path","body"} of the request and {"status",
 * "content_type","date","headers","text" or "base64"} of the answer, or {"error","code"}. The same
 * request may stand there several times: its answers are given in order, the last one again and
 * again.
 *
 * A struct tape belongs to one transport handle, and so to one lane; several may record into one file,
 * because each line is one write(2) that appends. */
#ifndef CONNECTORS_TRANSPORT_TAPE_H
#define CONNECTORS_TRANSPORT_TAPE_H

#include <glib.h>
#include <stdbool.h>

#define TAPE_SECRET "on-tape"

struct tape;

/* The tape that the environment names, as seen by one source (NULL: discovery). NULL without an error
 * when it names none; NULL with WEIR_ERROR_CONFIG when the file cannot be used. */
struct tape *tape_open(const char *source, GError **error);
void tape_close(struct tape *t); /* accepts NULL */

/* Whether answers come from the tape; else they are to be recorded. False for NULL. */
bool tape_replays(const struct tape *t);

struct tape_request {
    const char *method;
    const char *path;
    const char *body; /* NULL: none */
    bool secret;
};

struct tape_answer {
    long status;
    char *content_type;  /* or NULL */
    char *date;          /* or NULL */
    GHashTable *headers; /* name to value; or NULL */
    GString *text;       /* any bytes; or NULL */
    GError *error;       /* instead of all above; or NULL */
};
void tape_answer_clear(struct tape_answer *a);

/* Appends one exchange. a is borrowed. A tape that cannot be written is a failed test: it aborts. */
void tape_record(struct tape *t, const struct tape_request *q, const struct tape_answer *a);
/* The next answer to q. False, with an error that shows q, when it does not stand on the tape. */
bool tape_replay(
    struct tape *t, const struct tape_request *q, struct tape_answer *out, GError **error);

#endif
