/* A shell somewhere, behind one interface: /bin/sh here, one over libssh2 (ssh.h), one over the
 * system's ssh, spawned, or any command that gives a shell (docker exec, kubectl exec). The remote
 * command of ssh is always the constant "exec /bin/sh -s": scripts and parameters travel on its
 * standard input, because no quoting survives every login shell. Every line that is sent passes the
 * gate (method "SHELL") first.
 *
 * Which transport: the command where one is given (shell_set_command), else `ssh -G HOST` says where
 * the host is and how the user reaches it. What libssh2 cannot do by that answer (jumps, proxy
 * commands, certificates ...), or turns out not to be able to do while connecting (algorithms, RSA
 * signatures), is done by the system's ssh. A key is only ever accepted when known_hosts has it, and
 * nothing is ever written there.
 *
 * Nothing here blocks but shell_poll(), which waits for all shells of a set at once, at most as long as
 * it is told. A set belongs to one lane. Every stage has a deadline of its own, in its host's own time:
 * a host that hangs delays no other. */
#ifndef CONNECTORS_TRANSPORT_SHELL_H
#define CONNECTORS_TRANSPORT_SHELL_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "auto.h"

#define SHELL_REPLY_MAX   (1024 * 1024) /* bytes of one answer */
#define SHELL_OPENING_MAX 8             /* connections being made at a time, of one set */
#define SHELL_STUCK_MS    1500          /* one that hears nothing for so long gives up its turn */
#define SHELL_HANGING_MAX 16            /* ... those that gave it up included */
#define SHELL_LOCAL       "local"       /* the host that is this machine, without ssh */

struct connector;
struct gate_token;
struct lane;
struct shell_set;
struct shell;

enum shell_state {
    SHELL_CLOSED,   /* not begun: shell_open */
    SHELL_WAITING,  /* for its turn to connect */
    SHELL_OPENING,  /* connects */
    SHELL_READY,    /* takes lines */
    SHELL_BUSY,     /* an answer is on its way */
    SHELL_ANSWERED, /* shell_take has it */
    SHELL_FAILED,   /* shell_error says why; shell_open tries anew */
};

/* How far it came, in this order. */
enum shell_stage {
    STAGE_CONFIG,  /* ssh -G */
    STAGE_NAME,    /* the address */
    STAGE_CONNECT, /* TCP */
    STAGE_KEY,     /* algorithms and the host's key */
    STAGE_LOGIN,
    STAGE_SHELL, /* the remote command runs */
    STAGE_COUNT,
};

enum shell_trouble {
    TROUBLE_NONE,
    TROUBLE_CONFIG,  /* ssh's configuration, or this machine's: no program, no key */
    TROUBLE_NAME,    /* the name has no address */
    TROUBLE_CONNECT, /* nothing answers there */
    TROUBLE_NEW_KEY, /* known_hosts does not have the host's key */
    TROUBLE_CHANGED, /* known_hosts has another key, or has revoked this one */
    TROUBLE_DENIED,  /* it does not let us in */
    TROUBLE_BROKEN,  /* it answered, and then ended or made no sense */
    TROUBLE_TIMEOUT,
};

/* What is known about a connection, for people. Texts from the other side are not cleaned yet. */
struct shell_facts {
    char *transport; /* "local", "libssh2", "ssh", "command" */
    char *why;       /* ... and why this one; the command itself */
    char *address;   /* "127.0.0.1 port 22" */
    char *user;
    char *server;                  /* what its software says it is */
    char *methods;                 /* key exchange, cipher and MAC */
    char *key;                     /* "ssh-ed25519 SHA256:..." */
    char *known_at;                /* "FILE:LINE" */
    char *login;                   /* which key opened it */
    int64_t stage_ms[STAGE_COUNT]; /* how long each stage took, -1: not passed */
};

/* connector: whose table of reads the gate asks. ssh_config: given to ssh as -F, or NULL. */
struct shell_set *shell_set_new(const struct connector *connector, const char *ssh_config);
/* The lane is told of every connection that is made or fails, and of every line that is answered or
 * not (lane_note_request). Without it nobody is. */
void shell_set_lane(struct shell_set *set, struct lane *l);
void shell_set_free(struct shell_set *set);
DEFINE_AUTO(shell_set, shell_set_free)

/* A shell on host, closed, owned by the set. The name must have passed ssh_target_is_host(). */
struct shell *shell_add(struct shell_set *set, const char *host);

/* The shell is what argv gives (copied, NULL-terminated, not empty): no other shell stands in between,
 * and its standard input and output are the shell's. Closed shells only. */
void shell_set_command(struct shell *s, const char *const *argv);

/* Asks for a connection; it is made by shell_poll. shell_close ends one, and forgets what it said. */
void shell_open(struct shell *s);
void shell_close(struct shell *s);

/* Sends a line (a newline is added), or a whole script. False: the gate refuses. Ready shells only. */
bool shell_send(struct shell *s, const char *line, const struct gate_token *token, GError **error);
/* The same, and then the shell is busy until a line that equals marker has come. */
bool shell_ask(struct shell *s, const char *line, const char *marker,
    const struct gate_token *token, GError **error);
/* What came up to the marker; the shell is ready again. The caller frees it. */
GString *shell_take(struct shell *s);

/* Lets everything go on that can, waiting at most ms for something to happen. */
void shell_poll(struct shell_set *set, int64_t ms);

enum shell_state shell_state(const struct shell *s);
enum shell_stage shell_stage(const struct shell *s);
enum shell_trouble shell_trouble(const struct shell *s);
const GError *shell_error(const struct shell *s); /* NULL: none */
const struct shell_facts *shell_facts(const struct shell *s);
/* The known_hosts files of its newest connection, NULL-terminated; NULL when there was none. */
const char *const *shell_key_files(const struct shell *s);

/* Monotonic milliseconds: when something last came from it (or changed); when the last question was
 * put; when the first byte after it and the end of its answer came (0: not yet). */
int64_t shell_progress_ms(const struct shell *s);
int64_t shell_asked_ms(const struct shell *s);
int64_t shell_first_ms(const struct shell *s);
int64_t shell_answered_ms(const struct shell *s);
/* Bytes in both directions, all connections of the shell together. */
int64_t shell_bytes(const struct shell *s);

const char *shell_stage_name(enum shell_stage stage);

#endif
