/* SSH over libssh2: the files ssh*.c are the only ones that include libssh2.h. See shell.h for what it
 * carries, and wire.h for how.
 *
 * Rules of this transport: non-blocking throughout; only algorithms that are sound today; the host's
 * key must stand in known_hosts (known_hosts.h, strict); keys are offered in OpenSSH's order, at most
 * SSH_KEYS_MAX of them: those of the agent that an IdentityFile names, the agent's others, then key
 * files without a passphrase. libssh2's own agent client blocks for ever on an agent that hangs; ours
 * (agent.h) is part of the loop. Passphrases and passwords are never asked for. */
#ifndef CONNECTORS_TRANSPORT_SSH_H
#define CONNECTORS_TRANSPORT_SSH_H

#include <glib.h>
#include <stdbool.h>

#define SSH_KEYS_MAX   5      /* sshd allows six attempts by default */
#define SSH_BEFORE_MAX 131072 /* bytes that a server may send before it has let us in */

struct wire;
struct ssh_target;
struct shell_facts;
struct known_hosts;

void ssh_init(void);
void ssh_versions(GString *out);
/* "libssh2 1.10.0": the library that runs. */
const char *ssh_library(void);

/* Connects to target at the first of addresses (numeric, NULL-terminated) that answers. target and
 * facts must outlive the wire, known need not. */
struct wire *ssh_wire(const struct ssh_target *target, const char *const *addresses,
    const struct known_hosts *known, struct shell_facts *facts);

#endif
