/* Tapes: what was asked and what was answered, for tests without servers. With WEIR_TAPE=FILE and
 * WEIR_TAPE_MODE=record every exchange of the HTTP and shell transports is appended to FILE; in mode
 * replay nothing leaves the process: each request must stand on the tape, and gets its answer. A
 * request that does not stand there fails with WEIR_ERROR_PROTOCOL, which is how a tape checks the
 * requests as well. Secrets are never on it: credentials are no part of what is recorded, and bodies
 * of sign-in requests and answers are replaced.
 *
 * The file is one JSON object per line: {"method","path","body"} of the request and
 * {"status","content_type","text"} of the answer, or {"error"}. The same request may stand there
 * several times: its answers are given in order, the last one again and again. */
#ifndef CONNECTORS_TRANSPORT_TAPE_H
#define CONNECTORS_TRANSPORT_TAPE_H

#include <glib.h>
#include <stdbool.h>

struct tape_answer {
    long status;
    char *content_type;
    char *text;
    gsize length;
    int error_code; /* enum weir_error, or -1 */
    char *error;
};
void tape_answer_clear(struct tape_answer *a);

enum tape_mode { TAPE_OFF, TAPE_RECORD, TAPE_REPLAY };
enum tape_mode tape_mode(void);

/* source: the tape serves several. Thread-safe by appending one line per write(2) (record), and by
 * each lane reading its own copy (replay). */
void tape_record(const char *source, const char *method, const char *path, const char *body,
    const struct tape_answer *answer);
bool tape_replay(const char *source, const char *method, const char *path, const char *body,
    struct tape_answer *out, GError **error);

#endif
