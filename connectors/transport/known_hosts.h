/* The user's known_hosts files, read as OpenSSH reads them (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"):
 * patterns with * ? and !, [host]:port, hashed names, @revoked and @cert-authority. libssh2's own
 * reader is not used: it accepts revoked keys, knows no patterns, and one bad line disables its whole
 * file. weir never writes these files.
 *
 * Everything is strict: what does not parse does not count, and only a line for this very name and
 * port, with this very key, is a match. A struct known_hosts belongs to one lane. */
#ifndef CONNECTORS_TRANSPORT_KNOWN_HOSTS_H
#define CONNECTORS_TRANSPORT_KNOWN_HOSTS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "auto.h"

#define KNOWN_HOSTS_BYTES_MAX (64 * 1024 * 1024) /* of one file; what is beyond is not read */
#define KNOWN_HOSTS_LINE_MAX  65536              /* longer lines are skipped */

struct known_hosts;

/* An empty collection; known_hosts_add_file() adds one file, where one that does not exist adds
 * nothing, and known_hosts_add_text() what a test or fuzzer has. path is kept for messages. */
struct known_hosts *known_hosts_new(void);
void known_hosts_add_file(struct known_hosts *k, const char *path);
void known_hosts_add_text(struct known_hosts *k, const char *path, const char *text, gsize length);
void known_hosts_free(struct known_hosts *k);
DEFINE_AUTO(known_hosts, known_hosts_free)

/* The name under which OpenSSH files a host: in lower case, with a port other than 22 as
 * "[host]:port". */
char *known_hosts_name(const char *host, int port);

/* The lines that speak about one name, copied: k may be freed before them. */
struct known_host;
struct known_host *known_hosts_find(const struct known_hosts *k, const char *name);
void known_host_free(struct known_host *h);
DEFINE_AUTO(known_host, known_host_free)

enum known_verdict {
    KNOWN_MATCH,     /* this key stands there */
    KNOWN_NEW,       /* no key of its type stands there */
    KNOWN_CHANGED,   /* another key of its type stands there */
    KNOWN_REVOKED,   /* it is marked @revoked */
    KNOWN_AUTHORITY, /* no match, but a certificate authority is trusted for the name */
};

/* Judges the key that the server showed. where, when not NULL, gets "FILE:LINE" of the line that
 * decided, or NULL (g_free); other gets the fingerprint of the key that stands there instead. */
enum known_verdict known_host_check(
    const struct known_host *h, const guint8 *blob, gsize length, char **where, char **other);

/* Whether a plain line with a key of the type stands there; and whether any plain line, and any
 * certificate authority. */
bool known_host_has_type(const struct known_host *h, const char *type);
bool known_host_is_known(const struct known_host *h);
bool known_host_has_authority(const struct known_host *h);

/* "SHA256:..." as ssh-keygen -l prints it; and the type in a key blob ("ssh-ed25519"), NULL when it is
 * no key blob. */
char *known_hosts_fingerprint(const guint8 *blob, gsize length);
char *known_hosts_key_type(const guint8 *blob, gsize length);

#endif
