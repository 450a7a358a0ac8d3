/* What lanes tell the drawing thread, and the box it waits in: newest wins per slot, order kept. The
 * box has no lock of its own: lane.c calls it under the engine's. */
#ifndef CORE_MAIL_H
#define CORE_MAIL_H

#include "model.h"

struct source;
struct feed;
struct connector;
struct connector_library;

enum mail_type {
    MAIL_LOADED,     /* the connectors are there: library, or error */
    MAIL_FOUND,      /* discovery: connector, name, origin, pairs */
    MAIL_DISCOVERED, /* discovery is over */
    MAIL_SNAPSHOT,   /* snapshot */
    MAIL_FETCHED,    /* source, feed, scope, error: one fetch ended */
    MAIL_STATUS,     /* what people see of some source has changed */
    MAIL_REPLY,      /* id, snapshot (detail or doctor), raw, error */
    MAIL_CHUNK,      /* id, snapshot (lines) */
    MAIL_END,        /* id, error: the stream ended */
    MAIL_SERIES,     /* id, series: what engine_series asked for */
    MAIL_HISTORY,    /* error: why nothing is recorded; NULL: it goes on */
};

struct mail {
    enum mail_type type;
    int64_t at_ms; /* wall clock */
    const struct snapshot *snapshot;
    const struct source *source;
    const struct feed *feed;
    struct rid *scope;
    GError *error;
    guint64 id;
    char *raw;
    const struct connector_library *library;
    const struct connector *connector;
    char *name, *origin;
    char **pairs;
    GHashTable *series; /* address to struct series or struct states, as history_series gives it */
    char *slot;         /* NULL: never replaced */
};

struct mail *mail_new(enum mail_type type);
void mail_free(struct mail *m); /* accepts NULL */

struct mailbox {
    GQueue queue;
    GHashTable *slots; /* slot to its link in queue */
    int event_fd;      /* readable while mail waits */
};

void mailbox_init(struct mailbox *box);
void mailbox_clear(struct mailbox *box);
/* Takes take_m; an older mail of the same slot gives up its place to it. */
void mailbox_post(struct mailbox *box, struct mail *take_m);
/* All mail, oldest first, owned by the array. */
GPtrArray *mailbox_take(struct mailbox *box);

#endif
