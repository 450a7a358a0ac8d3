/* Filter, sort and cut: what a view draws and what `weir get` prints, out of one or more snapshots of
 * one kind (several sources). It works in slices, so that 100,000 rows never hold up a key: the rows
 * of the viewport come first, the full order follows, and until something can be shown the old
 * arrangement (over the old snapshots) stays. One thread. */
#ifndef CORE_ARRANGE_H
#define CORE_ARRANGE_H

#include "filter.h"

#define ARRANGE_KEYS_MAX 4

struct arrange;

struct arrange *arrange_new(void);
void arrange_free(struct arrange *a);
DEFINE_AUTO(arrange, arrange_free)

/* The snapshots to arrange (count may be 0); takes a reference to each. */
void arrange_set_input(struct arrange *a, const struct snapshot *const *snapshots, guint count);
/* NULL: everything passes. Takes take_f. */
void arrange_set_filter(struct arrange *a, struct filter *take_f);
/* Leaves out rows whose health is better; HEALTH_OK: none. */
void arrange_set_least(struct arrange *a, enum health least);
/* "-lag,name": column names, - is descending. Unknown names fail and change nothing. Absent cells come
 * last whichever the direction; ties keep the order of the snapshots. NULL: that order. */
gboolean arrange_set_sort(
    struct arrange *a, const char *sort, const struct column *columns, GError **error);
/* Rows first .. first+count-1 are wanted first. */
void arrange_set_viewport(struct arrange *a, size_t first, size_t count);

/* Works for about budget_us microseconds (at least one slice). ARRANGE_MORE: call again; _SHOWN: the
 * arrangement that the getters see has changed, and there is more; _DONE: nothing left (when it had
 * work, what the getters see has changed). now_ms: wall clock, for ages in filters. */
enum arrange_result { ARRANGE_MORE, ARRANGE_SHOWN, ARRANGE_DONE };
enum arrange_result arrange_step(struct arrange *a, int64_t budget_us, int64_t now_ms);
bool arrange_pending(const struct arrange *a);
void arrange_finish(struct arrange *a, int64_t now_ms);

/* -- the current arrangement --------------------------------------------------------------------- */

size_t arrange_count(const struct arrange *a); /* rows that pass */
size_t arrange_total(const struct arrange *a); /* rows there are */
/* Rows whose place is known: arrange_count(), or less while only the viewport is sorted. */
size_t arrange_known(const struct arrange *a);
/* The row at a place below arrange_known(); borrowed until the next arrange call. */
void arrange_at(const struct arrange *a, size_t place, const struct snapshot **s, size_t *row);
/* The place of the row with this key and address, or -1. near: where it was, looked at first. The key
 * is compared first, so that a list of 100,000 is searched in less than a millisecond. */
gssize arrange_find(const struct arrange *a, const char *key, const char *address, size_t near);
/* Rows that pass, by health (enum health). */
void arrange_tally(const struct arrange *a, size_t tally[4]);

#endif
