/* A client of the SSH agent (draft-miller-ssh-agent): list the keys, sign with one. libssh2 has one of
 * its own, but its calls block for ever on an agent that hangs; here every step is one read or write
 * that does not wait, so that the lane's loop and its deadlines stay in charge. One request at a time.
 */
#ifndef CONNECTORS_TRANSPORT_AGENT_H
#define CONNECTORS_TRANSPORT_AGENT_H

#include <glib.h>
#include <poll.h>
#include <stdbool.h>

#include "auto.h"

#define AGENT_REPLY_MAX (256 * 1024)
#define AGENT_KEYS_MAX  256

struct agent;

struct agent_key {
    GBytes *blob; /* the public key, as SSH encodes it */
    char *comment;
};

enum agent_state {
    AGENT_BUSY,   /* waits for the agent: poll its fd */
    AGENT_READY,  /* the last request was answered */
    AGENT_FAILED, /* gone, refused, or an answer that makes no sense; for good */
};

/* Connects to the socket and asks for the keys. NULL and WEIR_ERROR_UNREACHABLE. */
struct agent *agent_connect(const char *path, GError **error);
void agent_free(struct agent *a);
DEFINE_AUTO(agent, agent_free)

struct pollfd agent_watch(const struct agent *a);
enum agent_state agent_step(struct agent *a);

/* The keys, once AGENT_READY: struct agent_key. Owned by a. */
const GPtrArray *agent_keys(const struct agent *a);

/* Asks for a signature over data; then step until ready. agent_signature gives the raw signature,
 * without its algorithm's name, or NULL when the agent refused or used another algorithm. */
void agent_sign(struct agent *a, GBytes *blob, const guint8 *data, gsize length);
GBytes *agent_signature(const struct agent *a);

/* For tests and fuzzing: what agent_step does with one whole answer. */
bool agent_parse_keys(const guint8 *payload, gsize length, GPtrArray *out);
GBytes *agent_parse_signature(const guint8 *payload, gsize length, const char *type);
GPtrArray *agent_keys_new(void);

#endif
