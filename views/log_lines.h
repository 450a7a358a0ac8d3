/* Which lines of the ring are shown, and which of those a search found: parts of the ring's order that
 * are made in slices, from the first line on, and go on as lines arrive.
 *
 * Filters: a line is shown when every filter "in" matches it and none "out" does; with context, so are
 * the lines around it. Without filters, runs of frames (and of lines under a heading) may be folded to
 * their first line; a filter unfolds, so that it finds what there is. */
#ifndef VIEWS_LOG_LINES_H
#define VIEWS_LOG_LINES_H

#include "log_match.h"
#include "log_ring.h"

#define LOG_FOLD_MIN 3 /* shorter runs are never folded */

struct log_filter {
    struct log_pattern *pattern; /* NULL: by level */
    enum log_level level;        /* ... that a line has at least; parts of a trace are errors */
    bool out;
};

struct log_part {
    GArray *ids;
    guint scanned; /* lines of the order that were looked at */
};

struct log_lines {
    struct log_ring *ring;
    GPtrArray *filters; /* struct log_filter, owned */
    guint context;      /* lines kept around each that passes */
    bool folded;        /* runs are folded unless they are in toggled, and the other way round */
    GHashTable *toggled;
    struct log_part shown; /* unused where every line is shown */
    guint keep_until;      /* context behind a line that passed goes up to this index */
    guint unshown;         /* lines before this index are shown, or further away than the context */
    struct log_pattern *search;
    struct log_part hits;
};

struct log_lines *log_lines_new(size_t cap);
void log_lines_free(struct log_lines *l);
DEFINE_AUTO(log_lines, log_lines_free)

/* What is on the screen: the ring's order or a part of it. */
const GArray *log_lines_rows(const struct log_lines *l);
/* Whether everything was looked at, by the filters and by the search. */
bool log_lines_done(const struct log_lines *l);
/* How far what is under way has come, in percent. */
unsigned log_lines_percent(const struct log_lines *l);
/* Works until deadline_us (g_get_monotonic_time); true when there is more to do. */
bool log_lines_step(struct log_lines *l, int64_t deadline_us);

void log_lines_add(struct log_lines *l, const struct snapshot *chunk);

/* Takes the pattern (NULL: no search). */
void log_lines_search(struct log_lines *l, struct log_pattern *take_pattern);
/* Adds a filter: by the pattern, or (NULL) by level. */
void log_lines_push(
    struct log_lines *l, struct log_pattern *take_pattern, enum log_level level, bool out);
bool log_lines_pop(struct log_lines *l); /* the newest filter; false: there is none */
void log_lines_context(struct log_lines *l, guint context);
/* Whether a line itself passes the filters: what else is shown is context. */
bool log_lines_passes(struct log_lines *l, uint32_t id);

/* The run of lines that could be folded around the index of the order; false: there is none. */
bool log_lines_run(const struct log_lines *l, guint at, guint *first, guint *count);
bool log_lines_is_folded(const struct log_lines *l, uint32_t first_id);
void log_lines_toggle(struct log_lines *l, uint32_t first_id);
void log_lines_fold_all(struct log_lines *l, bool folded);

#endif
