/* A spawned process: its standard input and output are one socket pair (a write to a dead process is
 * then an error and no signal), its error output a pipe of which the last bytes are kept. It runs in a
 * session of its own, without a terminal, so that it can neither ask there nor take our Ctrl-C.
 *
 * Nothing here blocks. A child belongs to the lane that started it. */
#ifndef CONNECTORS_TRANSPORT_CHILD_H
#define CONNECTORS_TRANSPORT_CHILD_H

#include <glib.h>
#include <poll.h>
#include <stdbool.h>

#include "auto.h"

#define CHILD_STDERR_MAX 4096
#define CHILD_FDS        2

struct child;

/* argv[0] is looked up in PATH. NULL and WEIR_ERROR_CONFIG when it cannot be started. */
struct child *child_start(const char *const *argv, GError **error);
/* Closes the pipes, kills its whole session and reaps it. Accepts NULL. */
void child_free(struct child *c);
DEFINE_AUTO(child, child_free)

/* Says that nothing more will be written. */
void child_close_input(struct child *c);

/* Writes what it takes of bytes; the number written, 0 when it would block, -1 when nobody reads. */
gssize child_write(struct child *c, const char *bytes, gsize length);
/* Appends at most max bytes to out, and takes in what stands in the error output. The number read, 0
 * when there is nothing now, -1 at the end of its output. */
gssize child_read(struct child *c, GString *out, gsize max);
/* What to poll for, sending: also for room to write. The number of fds filled. */
unsigned child_watch(const struct child *c, bool sending, struct pollfd fds[CHILD_FDS]);

/* Whether it has ended, and then its exit status (128 + the signal that killed it). */
bool child_ended(struct child *c, int *status);
/* The end of its error output: the last line that is not blank, cleaned, or NULL (g_free). */
char *child_last_words(struct child *c);
const char *child_stderr(struct child *c);

#endif
