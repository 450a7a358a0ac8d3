/* SSH over libssh2. See shell.h for what it carries. */
#ifndef CONNECTORS_TRANSPORT_SSH_H
#define CONNECTORS_TRANSPORT_SSH_H

#include <glib.h>

void ssh_init(void);
void ssh_versions(GString *out);

#endif
