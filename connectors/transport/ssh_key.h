/* What can be known of a private key file without its passphrase: its public key, and whether it has a
 * passphrase. The secret part is overwritten in memory as soon as this is known, and no part of it is
 * ever printed. */
#ifndef CONNECTORS_TRANSPORT_SSH_KEY_H
#define CONNECTORS_TRANSPORT_SSH_KEY_H

#include <glib.h>
#include <stdbool.h>

#include "auto.h"

#define SSH_KEY_FILE_MAX 65536

struct ssh_key {
    char *path;
    char *type;   /* "ssh-ed25519"; NULL: not known */
    GBytes *blob; /* the public key; NULL: not known */
    bool private; /* there is a private key, not a public one alone */
    bool encrypted;
    char *fault; /* why the file must not be used, or NULL */
};

/* NULL when neither path nor path.pub exists. */
struct ssh_key *ssh_key_read(const char *path);
void ssh_key_free(struct ssh_key *k);
DEFINE_AUTO(ssh_key, ssh_key_free)

/* The same out of the text of a private key file. */
void ssh_key_parse(struct ssh_key *k, const char *text, gsize length);

#endif
