/* Cuts members out of JSON text before it is parsed, because parsing costs ten times as much. */
#ifndef CONNECTORS_TRINO_PRUNE_H
#define CONNECTORS_TRINO_PRUNE_H

#include <glib.h>

/* The text with every object or array that is the value of a member called one of names (any depth,
 * NULL-terminated) replaced by null; scalars stay. Text that is no JSON comes out as it happens to:
 * the parser will say so. Newly allocated. */
GString *trino_prune(const char *text, gsize length, const char *const *names);

#endif
