/* Rows that somebody marked, by what they are and not by where they stand: a mark stays with its
 * object through every sort, filter and refresh. */
#ifndef VIEWS_MARKS_H
#define VIEWS_MARKS_H

#include "arrange.h"

struct marks;

struct marks *marks_new(void);
void marks_free(struct marks *m);
DEFINE_AUTO(marks, marks_free)

guint marks_count(const struct marks *m);
bool marks_has(const struct marks *m, const struct snapshot *s, size_t row);
void marks_set(struct marks *m, const struct snapshot *s, size_t row, bool on);
void marks_clear(struct marks *m);
/* Addresses of the marked rows that the arrangement shows, in its order (g_ptr_array_unref); the others
 * are hidden or gone, and nothing may be done to them. */
GPtrArray *marks_shown(const struct marks *m, const struct arrange *rows);

#endif
