/* `hosts:` and `shell:` of a source: which hosts it has, and which of them are reached by a command of
 * the user's instead of ssh (docker exec, kubectl exec, gcloud ssh ...).
 *
 * A key of `shell:` that is a name, or several in brackets, is a host as well, so that a source of
 * containers alone needs no `hosts:`. A key with * or ? only says how hosts that have a name elsewhere
 * are reached. Where several keys mean a host, the first in the file counts, as in ssh's configuration.
 * `local` stays this machine. */
#ifndef CONNECTORS_HOSTS_COMMANDS_H
#define CONNECTORS_HOSTS_COMMANDS_H

#include "config.h"

/* Appends the names of the source's hosts, each once, in the order of the file. False and
 * WEIR_ERROR_CONFIG as names_expand(). */
bool commands_hosts(const struct source *s, GPtrArray *names, GError **error);

/* The command that gives a shell on host: its words, "{host}" in them replaced by the name. NULL: ssh
 * (or, for local, none) is used. g_strfreev. */
char **commands_for(const struct source *s, const char *host);

/* The connector's check_options. */
void commands_check(const struct source *s, struct option_faults *faults);

#endif
