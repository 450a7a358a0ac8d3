/* Where a host's ssh goes and with what: the answer of `ssh -G HOST`, which knows the user's
 * configuration with all its includes, matches and defaults, so that weir needs no reader of its own.
 * From it is decided whether libssh2 can make the connection or the system's ssh must. */
#ifndef CONNECTORS_TRANSPORT_SSH_TARGET_H
#define CONNECTORS_TRANSPORT_SSH_TARGET_H

#include <glib.h>
#include <stdbool.h>

#include "auto.h"

#define SSH_TARGET_TEXT_MAX       65536 /* of what ssh -G prints */
#define SSH_TARGET_IDENTITIES_MAX 16

struct ssh_target {
    char *host;       /* as the user wrote it */
    char *ssh_config; /* given to ssh as -F, or NULL */
    char *hostname;
    char *user;
    int port;
    int family;            /* AF_UNSPEC, AF_INET or AF_INET6 */
    int connect_ms;        /* of ConnectTimeout, or 0 */
    char *known_as;        /* the name that known_hosts files it under */
    GPtrArray *identities; /* paths */
    bool identities_only;
    char *agent;                            /* path of the agent's socket, or NULL */
    GPtrArray *known_hosts;                 /* paths */
    char *kex, *ciphers, *macs, *host_keys; /* what the user allows, comma-separated, or NULL */
    char *spawn_why;                        /* what only the system's ssh can do, or NULL */
    bool other_ways; /* ssh may get in by other means than keys: a ticket, a master connection */
};

/* Parses the output of `ssh -G`. NULL and WEIR_ERROR_PROTOCOL when it is no such output. */
struct ssh_target *ssh_target_parse(
    const char *host, const char *ssh_config, const char *text, GError **error);
/* OpenSSH's own defaults, for a machine that has no ssh program. */
struct ssh_target *ssh_target_default(const char *host);
void ssh_target_free(struct ssh_target *t);
DEFINE_AUTO(ssh_target, ssh_target_free)

/* The words of `ssh -G ... HOST`, and of the ssh that carries a shell. NULL-terminated, g_ptr_array_unref;
 * the words are borrowed from host and ssh_config. */
GPtrArray *ssh_target_ask_argv(const char *host, const char *ssh_config);
GPtrArray *ssh_target_shell_argv(const char *host, const char *ssh_config);
/* What a person types to reach it: "ssh -F FILE HOST". */
char *ssh_target_command(const char *host, const char *ssh_config);

/* Whether the text may stand as a host on a command line: no option, no control characters, no blanks,
 * nothing that a shell would read. */
bool ssh_target_is_host(const char *text);

/* The members of wanted (comma-separated, in this order) that stand in allowed (NULL: all). */
char *ssh_target_common(const char *wanted, const char *allowed);

#endif
