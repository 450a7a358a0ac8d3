/* The order and the folds of a tree. The rows of a snapshot that have parents in it stand depth first:
 * siblings in the server's order or sorted, with a filter only what matches and what leads there.
 * Lines are the rows that no fold hides, numbered from 0.
 *
 * A node is known by the keys from its root down to it, so folds survive a refresh, and one thing
 * under two parents is two nodes. New nodes are folded when "fold everything" came last. A filter has
 * folds of its own, which end with it. The drawing thread only. */
#ifndef VIEWS_OUTLINE_H
#define VIEWS_OUTLINE_H

#include "filter.h"

struct outline;

struct outline *outline_new(void);
void outline_free(struct outline *o);
DEFINE_AUTO(outline, outline_free)

/* New rows (NULL: none), of which a reference is taken. now_ms: wall clock, for ages in filters. */
void outline_set(struct outline *o, const struct snapshot *s, int64_t now_ms);
/* "-lag,name" sorts siblings; "" gives the server's order. Unknown names fail and change nothing. */
gboolean outline_sort(
    struct outline *o, const char *sort, const struct column *columns, GError **error);
/* NULL or an empty one: everything. Takes take_f. */
void outline_filter(struct outline *o, struct filter *take_f, int64_t now_ms);
/* Whether what does not match stays where it is as well. */
void outline_show_whole(struct outline *o, bool whole);
bool outline_is_whole(const struct outline *o);

/* -- reading ------------------------------------------------------------------------------------- */

const struct snapshot *outline_snapshot(const struct outline *o); /* NULL: none */
size_t outline_lines(const struct outline *o);
uint32_t outline_row(const struct outline *o, size_t line);
/* The line of a row, or of the nearest node above it that is not hidden; the end when there is none. */
size_t outline_line(const struct outline *o, uint32_t row);
/* What a row is, whatever its number in the next snapshot; and the row of one, or ROW_NONE. */
uint64_t outline_id(const struct outline *o, uint32_t row);
uint32_t outline_find(const struct outline *o, uint64_t id);

struct outline_node {
    unsigned depth;    /* 0: a root */
    bool folded;       /* what is below is hidden */
    bool last;         /* of its siblings */
    bool match;        /* passes the filter; without one, always */
    bool forced;       /* shown only because it leads to a match */
    uint32_t below;    /* rows under it, on any level */
    uint32_t problems; /* of those, not ok */
    enum health worst; /* of those */
};
struct outline_node outline_node(const struct outline *o, uint32_t row);
uint32_t outline_parent(const struct outline *o, uint32_t row); /* ROW_NONE: a root */
size_t outline_matches(const struct outline *o);
bool outline_is_filtered(const struct outline *o);

/* -- folding ------------------------------------------------------------------------------------- */

/* Of one node: moves only the lines below it. False: it has nothing to fold, or was so already. */
bool outline_fold(struct outline *o, size_t line, bool fold);
void outline_fold_all(struct outline *o, bool fold);
/* Unfolds exactly what leads to rows that are not ok. */
void outline_fold_to_problems(struct outline *o);
/* Unfolds what hides the row. */
void outline_reveal(struct outline *o, uint32_t row);

/* -- looking around ------------------------------------------------------------------------------ */

/* direction 1 or -1; ROW_NONE: there is none. */
uint32_t outline_sibling(const struct outline *o, uint32_t row, int direction);
/* The next match of the filter, or without one the next row that is not ok, folds or not, around the
 * end. */
uint32_t outline_next(const struct outline *o, uint32_t row, int direction);

#endif
