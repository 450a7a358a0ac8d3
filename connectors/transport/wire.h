/* What a transport is to shell.c: something that is stepped until it carries bytes, and then carries
 * them. Two exist: a spawned program (wire_spawn) and libssh2 (ssh_wire in ssh.h). */
#ifndef CONNECTORS_TRANSPORT_WIRE_H
#define CONNECTORS_TRANSPORT_WIRE_H

#include <poll.h>

#include "child.h"
#include "shell.h"

#define WIRE_FDS      3
#define WIRE_STEP_MAX (256 * 1024) /* bytes read in one step, so that no host holds up the others */

struct wire;

struct wire_ops {
    /* Goes on as far as it can without waiting: connects; then sends from out (and cuts off what is
     * sent) and appends to in. False and *error when it is over; trouble and other_why say more. */
    bool (*step)(struct wire *w, GString *out, GString *in, GError **error);
    unsigned (*watch)(const struct wire *w, bool sending, struct pollfd fds[WIRE_FDS]);
    void (*free)(struct wire *w);
};

struct wire {
    const struct wire_ops *ops;
    struct shell_facts *facts; /* of the shell: filled as things become known */
    enum shell_stage stage;
    bool up;      /* lines may be sent */
    bool assumed; /* ... but nothing has come yet that proves it */
    bool shared;  /* others may come through the same bastion: it keeps its turn until then */
    bool again;   /* step once more without waiting */
    enum shell_trouble trouble;
    char *other_why; /* why the system's ssh may succeed where this failed, or NULL */
    int64_t received, sent;
};

/* What the spawned program is: whose messages are read, and what a person is told to try. */
enum wire_program {
    PROGRAM_SHELL,   /* /bin/sh of this machine */
    PROGRAM_SSH,     /* the system's ssh */
    PROGRAM_COMMAND, /* whatever the configuration says */
};

/* The program's input and output are the shell; command is what a person would type instead. NULL and
 * *error when it cannot be started. */
struct wire *wire_spawn(const char *const *argv, struct shell_facts *facts,
    enum wire_program program, const char *command, GError **error);

void wire_free(struct wire *w); /* accepts NULL */

#endif
