/* The names of hosts as people write them in the configuration: "dp-w[01-40]" is forty of them. */
#ifndef CONNECTORS_HOSTS_NAMES_H
#define CONNECTORS_HOSTS_NAMES_H

#include <glib.h>
#include <stdbool.h>

#define NAMES_MAX 1000 /* hosts of one source */

/* Expands every pattern: [01-40] counts with as many digits as its first number has, [1,4,9] and
 * [1-3,7] list, and several brackets multiply. Appends the names to out (a GPtrArray of char*, each
 * once, in order). False and WEIR_ERROR_CONFIG when a bracket makes no sense, when there are more than
 * NAMES_MAX, or when a name could be mistaken for an option or holds what no host name has. */
bool names_expand(const char *const *patterns, GPtrArray *out, GError **error);

/* Whether a name is meant by one of the patterns: * and ? as usual, brackets as above. */
bool names_match(const char *name, const char *const *patterns);

#endif
