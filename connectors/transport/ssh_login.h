/* Logging in by public key, over libssh2: which keys there are, in which order they are offered, and
 * what came of it. Part of ssh.c, which calls the two steps until they are through. */
#ifndef CONNECTORS_TRANSPORT_SSH_LOGIN_H
#define CONNECTORS_TRANSPORT_SSH_LOGIN_H

#include <glib.h>
#include <libssh2.h>
#include <poll.h>
#include <stdbool.h>

#define SSH_AGENT_MS 1500 /* for the list of its keys; a hung agent is then done without */

struct ssh_target;
struct ssh_login;

enum ssh_login_result {
    SSH_LOGIN_WAIT,   /* poll */
    SSH_LOGIN_DONE,   /* ready to try; let in */
    SSH_LOGIN_DENIED, /* no key is there, or none is accepted */
    SSH_LOGIN_OTHER,  /* ... but the system's ssh has more to try */
    SSH_LOGIN_BROKEN, /* the connection ended */
};

/* target is borrowed. sha2: the library can sign with RSA and SHA-2. */
struct ssh_login *ssh_login_new(const struct ssh_target *target, bool sha2);
void ssh_login_free(struct ssh_login *l);

/* Finds the keys: before connecting, so that a host is not bothered when there are none. */
enum ssh_login_result ssh_login_prepare(struct ssh_login *l);
/* Offers one after the other. */
enum ssh_login_result ssh_login_step(struct ssh_login *l, LIBSSH2_SESSION *session);
/* What a step waits for besides the session's socket. */
bool ssh_login_watch(const struct ssh_login *l, struct pollfd *out);

/* Which key opened it, or why none did. */
const char *ssh_login_words(const struct ssh_login *l);

#endif
