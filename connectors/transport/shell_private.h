/* What shell.c (the set, the loop, what the connector calls) and shell_open.c (the way to a wire) share.
 * Nothing else includes this. */
#ifndef CONNECTORS_TRANSPORT_SHELL_PRIVATE_H
#define CONNECTORS_TRANSPORT_SHELL_PRIVATE_H

#include "error.h"
#include "ssh_target.h"
#include "wire.h"

enum phase_of { ASKING, NAMING, WIRING };

struct shell_set {
    const struct connector *connector;
    struct lane *lane; /* to be told; or NULL */
    char *ssh_config;
    GPtrArray *shells;
    unsigned opening; /* shells past WAITING that are not proven yet */
    GArray *fds;      /* struct pollfd, of one poll */
};

struct shell {
    struct shell_set *set;
    char *host;
    char **command; /* NULL: ssh, or this machine's own shell */
    enum shell_state state;
    enum phase_of phase;
    bool counted;             /* in set->opening */
    bool kicked;              /* something was asked of it: step it */
    unsigned fd_at, fd_count; /* its part of set->fds */
    struct child *child;      /* of ASKING and NAMING */
    GString *answer;          /* of the child */
    struct ssh_target *target;
    struct wire *wire;
    char *spawn_why; /* libssh2 was tried: the system's ssh from now on */
    char **key_files;
    GString *out, *in;
    char *marker;
    char *line;     /* the question */
    bool heeded;    /* it has answered a question */
    char *said;     /* ... what came instead, before one was put */
    gsize searched; /* of in, for the marker */
    enum shell_stage stage;
    enum shell_trouble trouble;
    GError *error;
    struct shell_facts facts;
    int64_t opened_ms; /* its turn came; 0: no connection is being made */
    int64_t stage_began_ms, progress_ms, asked_ms, first_ms, answered_ms;
    int64_t bytes; /* of wires that are gone */
};

/* -- shell.c ------------------------------------------------------------------------------------- */

/* Counts it among those that connect, or no longer. */
void shell_count(struct shell *s, bool opening);
void shell_drop_wire(struct shell *s);
/* The command as a person types it. */
char *shell_command_text(const struct shell *s);
void shell_fail(struct shell *s, enum shell_trouble trouble, GError *take_error);
void shell_fail_text(struct shell *s, enum shell_trouble trouble, enum weir_error code,
    const char *format, ...) G_GNUC_PRINTF(4, 5);

/* -- shell_open.c -------------------------------------------------------------------------------- */

/* Its turn has come: takes the first step. */
void shell_begin(struct shell *s);
/* Go on in the phases of these names. */
void shell_step_asking(struct shell *s);
void shell_step_naming(struct shell *s);
/* libssh2 could not, and said that the other transport may. */
void shell_change_transport(struct shell *s, GError *take_error);

#endif
