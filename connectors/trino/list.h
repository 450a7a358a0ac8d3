/* One list of queries as the coordinator gave it: rows of ready cells, with the memory they stand in.
 * A list is made whole and replaced whole, so nothing in it is freed alone. */
#ifndef CONNECTORS_TRINO_LIST_H
#define CONNECTORS_TRINO_LIST_H

#include "trino.h"

enum query_column {
    Q_STATE,
    Q_USER,
    Q_SOURCE_NAME,
    Q_GROUP,
    Q_QUEUED,
    Q_ELAPSED,
    Q_CPU,
    Q_PROGRESS,
    Q_MEMORY,
    Q_PEAK_MEMORY,
    Q_READ_BYTES,
    Q_READ_ROWS,
    Q_SPLITS_DONE,
    Q_SPLITS_TOTAL,
    Q_BLOCKED,
    Q_ERROR,
    Q_SQL,
    Q_SINCE,
    Q_CREATED,
    Q_ENDED,
    Q_ERROR_TYPE,
    Q_TYPE,
    Q_TAGS,
    Q_CATALOG,
    Q_SCHEMA,
    Q_PLANNING,
    Q_SPILLED,
    Q_WRITTEN,
    Q_SPLITS_RUNNING,
    Q_SPLITS_QUEUED,
    Q_SPLITS_BLOCKED,
    Q_BLOCKED_FOR,
    Q_LIVE,
    Q_STALLED,
    Q_COLUMNS,
};

#define LIST_SQL_MAX       4096               /* bytes of a statement in its cell */
#define LIST_SQL_SHORT_MAX 256                /* once the list holds LIST_SQL_TOTAL of them */
#define LIST_SQL_TOTAL     (16 * 1024 * 1024) /* bytes */
#define LIST_ROWS_MAX      10000              /* the newest are kept */
#define LIST_DONE_MAX      (4 * 1024 * 1024) /* of what has ended: 2,000 queries, again and again */

struct query {
    const char *id;
    struct cell cell[Q_COLUMNS];
    int64_t lost_ms; /* since when it is in no list any more, 0: it is */
    int64_t gone_ms; /* since when the coordinator is known to have forgotten it, 0: it is not */
    int64_t at_ms;   /* of a lost one: when it was last seen; else 0: the list's own */
};

struct query_list {
    GStringChunk *text;
    GArray *items;     /* struct query */
    GHashTable *by_id; /* id to its place in items, plus one */
    gsize sql_bytes;
    int64_t at_ms;
    gsize left_out; /* beyond LIST_ROWS_MAX */
    bool cut;       /* the coordinator has more than was read; it gives them in no order */
};

struct query_list *list_new(int64_t now_ms);
void list_free(struct query_list *l); /* accepts NULL */
/* Adds what a reply to GET /v1/query?state=... holds; cut: the text ends somewhere. */
bool list_add_reply(struct query_list *l, const char *text, gsize length, bool cut, GError **error);
/* Adds a copy of another list's query. */
struct query *list_add_copy(struct query_list *l, const struct query *q);
/* NULL when it is not in the list; l may be NULL. */
struct query *list_find(const struct query_list *l, const char *id);
/* Drops the oldest beyond LIST_ROWS_MAX. */
void list_trim(struct query_list *l);

#endif
