/* A rid names one thing on the platform: a source and a path of (kind, name) below it. Printed it is
 * the address that users type, paste and script against:
 *
 *     [weir://][ENV:]SOURCE/KIND/NAME[/KIND/NAME...][?filter=...]
 *
 * Names are the server's own bytes. In the printed form everything but letters, digits and
 * "-._~:+=@,!$*()'[]" is percent-escaped, so an address is always safe to print, and two names print
 * alike only when they are equal. KIND is the last part of a kind's name ("groups" of kafka.groups).
 * A rid is immutable; the functions are pure and may be called from any thread. */
#ifndef CORE_RID_H
#define CORE_RID_H

#include <glib.h>
#include <stdbool.h>

#include "auto.h"

#define RID_PARTS_MAX 6
#define RID_TEXT_MAX  4096 /* bytes of a printed address that rid_parse() accepts */

struct rid_part {
    const char *kind;
    const char *name;
};

struct rid {
    const char *env;    /* NULL: the environment that is open */
    const char *source; /* never NULL */
    const char *filter; /* what followed ?filter=, or NULL */
    unsigned count;     /* parts; 0 names the whole source */
    struct rid_part part[RID_PARTS_MAX];
};

/* All return a new rid (one block, rid_free). rid_parse fails with WEIR_ERROR_USAGE and says which
 * part of the text is wrong. rid_child returns NULL when the path is full. */
struct rid *rid_source(const char *source);
struct rid *rid_child(const struct rid *parent, const char *kind, const char *name);
struct rid *rid_parent(const struct rid *rid); /* one part less; of a source: the source */
struct rid *rid_parse(const char *text, GError **error);
struct rid *rid_copy(const struct rid *rid);
void rid_free(struct rid *rid);
DEFINE_AUTO(rid, rid_free)

/* The name under a kind ("dags"), or NULL; and the last name, or the source's. */
const char *rid_name(const struct rid *rid, const char *kind);
const char *rid_last_name(const struct rid *rid);

bool rid_equal(const struct rid *a, const struct rid *b); /* source and parts only */
guint rid_hash(const struct rid *rid);

/* The address, without environment and filter: "events/groups/enrich-v2". */
char *rid_print(const struct rid *rid);
void rid_append(GString *out, const struct rid *rid);
/* Appends "/kind/name", escaped. */
void rid_append_part(GString *out, const char *kind, const char *name);

/* Whether the text may name a source or an environment: [a-z0-9_-]+ */
bool rid_is_source_name(const char *text);

#endif
