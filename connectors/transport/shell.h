/* A shell somewhere, behind one interface: /bin/sh here, a spawned ssh, or (ssh.h) libssh2. The remote
 * command is always the constant "exec /bin/sh -s": scripts and parameters travel on its standard
 * input, because no quoting survives every login shell. Each line sent passes the gate (method
 * "SHELL").
 *
 * Used by one lane; all calls are non-blocking steps for one poll() loop over many shells
 * (shell_poll). */
#ifndef CONNECTORS_TRANSPORT_SHELL_H
#define CONNECTORS_TRANSPORT_SHELL_H

#include "lane.h"

struct shell; /* one host's shell, whatever the transport */

#endif
