/* What is known: the newest good snapshot of every kind and scope, how old it is and what went wrong
 * since. A failed fetch never replaces a snapshot: it only adds its error. One thread (the one that
 * draws or prints). */
#ifndef CORE_STORE_H
#define CORE_STORE_H

#include "connector.h"
#include "mail.h"

struct store;

struct store_entry {
    const struct kind *kind;
    struct rid *scope;
    const struct snapshot *snapshot; /* NULL: never read */
    GError *error;                   /* of the newest fetch, or NULL */
    int64_t error_ms;                /* since when it fails, wall clock */
    int64_t asked_ms;                /* of the newest fetch that ended */
    guint64 version;                 /* grows with every change */
};

struct store *store_new(const struct registry *r);
void store_free(struct store *s);

/* MAIL_SNAPSHOT and MAIL_FETCHED; others are ignored. Returns whether anything changed. What is only
 * remembered (snapshot_remembered) stands until the first fetch that ends well, and never in the place
 * of something newer. */
bool store_take(struct store *s, const struct mail *m);
void store_put(struct store *s, const struct snapshot *snapshot); /* takes a reference of its own */

/* NULL when nothing is known yet, not even an error. */
const struct store_entry *store_get(
    const struct store *s, const struct kind *k, const struct rid *scope);
/* All source-wide entries of a kind, in the order in which their sources were first heard of;
 * borrowed entries, owned array. */
GPtrArray *store_of_kind(const struct store *s, const struct kind *k);
/* A reference to every source-wide snapshot that is no derived one: what derived kinds see. */
GPtrArray *store_inputs(const struct store *s, const struct connector *derived);
/* Forgets scoped snapshots that no frame shows: called with those that are shown. */
void store_keep(struct store *s, const struct kind *k, const struct rid *scope, bool shown);
/* Grows with every change of anything. */
guint64 store_version(const struct store *s);

#endif
