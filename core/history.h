/* The history: what the lanes read anyway, kept on disk, so that trends are there from the first screen
 * on and a start shows what was known. Nothing is asked for its sake.
 *
 * $XDG_STATE_HOME/weir/history holds one SQLite file per UTC day (history_file.h), shared by all
 * environments: the file of a day is what people copy and delete, so an environment is a column of it,
 * not a file of its own. The first weir of an environment writes (it holds a lock on NAME.lock until it
 * ends, however it ends), others read. Every snapshot of a table or tree becomes a frame
 * (history_grid.h): all its cells but those of private columns, texts cut at HISTORY_TEXT_MAX.
 *
 * Frames are kept as they came (at most one in 5 s) for a day, one in 30 s for 14 days, one in 5 min for
 * 90 days, and less when all of it takes more than HISTORY_BYTES_MAX: the oldest goes first.
 *
 * A file that is damaged or not ours is renamed, never written over; one by a newer weir is left alone.
 * When nothing can be written (no room, no right) weir goes on without: the functions say so and can be
 * called again. They block on the disk, so only a lane or a command calls them; one thread per handle.
 * Times are wall clock, milliseconds UTC. */
#ifndef CORE_HISTORY_H
#define CORE_HISTORY_H

#include "kind.h"

struct history;

#define HISTORY_FRAME_MS  5000
#define HISTORY_KEY_MS    600000 /* a key frame at least that often */
#define HISTORY_DAY_MS    86400000LL
#define HISTORY_TEXT_MAX  16384
#define HISTORY_BYTES_MAX (512LL << 20)
#define HISTORY_FREE_MIN  5.0 /* percent of the disk that recording leaves free */

struct history_options {
    const char *folder;      /* made with mode 0700 */
    const char *environment; /* its name */
    int64_t bytes_max;       /* 0: HISTORY_BYTES_MAX */
    double free_min;         /* 0: HISTORY_FREE_MIN */
};

/* Never fails: what is wrong is said by who first uses it. */
struct history *history_open(const struct history_options *o);
void history_close(struct history *h); /* accepts NULL */
DEFINE_AUTO(history, history_close)
/* $XDG_STATE_HOME/weir/history; g_free. */
char *history_folder(void);

/* -- writing ------------------------------------------------------------------------------------- */

/* Whether snapshots of such a kind are kept: tables and trees are, logs and single things are not. */
bool history_wants(const struct kind *k);
/* Whether this weir is the one that writes; takes the lock when it is free. */
bool history_writes(struct history *h);
/* Writes the snapshots (const struct snapshot *) in one transaction. Where another weir writes: does
 * nothing and returns true. On failure nothing of them is written. */
bool history_record(struct history *h, const GPtrArray *snapshots, int64_t now_ms, GError **error);
/* Does a small part (some ms) of what age and size ask for. *more: there is more to do. */
bool history_thin(struct history *h, int64_t now_ms, bool *more, GError **error);

/* -- reading ------------------------------------------------------------------------------------- */

/* The newest snapshot of every source-wide kind that was recorded within the last HISTORY_LAST_MS,
 * sealed, with its own times and marked by snapshot_set_remembered(): an array that owns its
 * references. What the registry does not know (any more) is left out. Never NULL. */
#define HISTORY_LAST_MS (7 * HISTORY_DAY_MS)
GPtrArray *history_last(struct history *h, const struct registry *r, int64_t now_ms);

enum series_pick {
    SERIES_MEAN,   /* of the numbers of each span */
    SERIES_LAST,   /* the newest of each span */
    SERIES_STATES, /* not numbers: what the column said, and the row's health meanwhile */
};

/* What to read: one column over the rows that the addresses name. Numbers are
 * those of any type, times in ms, yes 1 and no 0; of states at most points marks, the newest. */
struct series_query {
    const struct kind *kind;
    int column; /* COLUMN_HEALTH as well, for SERIES_STATES */
    enum series_pick pick;
    int64_t from_ms, to_ms; /* from <= t < to */
    unsigned points;        /* at most, 1 to SERIES_POINTS_MAX; fewer where frames are rarer */
    const char *const *addresses; /* NULL-terminated */
};
#define SERIES_POINTS_MAX 4096

/* Address to struct series * or struct states *, each one block of memory (g_free), owned by the table;
 * rows of which nothing is known are not in it. Spans without a frame are NAN, or a mark without a text
 * and of unknown health: nothing is made up. cancelled (may be NULL) is asked now and then; when it
 * says yes, what was read so far is given. Never NULL. */
GHashTable *history_series(
    struct history *h, const struct series_query *q, bool (*cancelled)(void *data), void *data);

/* -- doctor -------------------------------------------------------------------------------------- */

/* What there is: files and bytes. */
void history_usage(const struct history *h, unsigned *files, int64_t *bytes);
/* Why nothing would be written now (no room, no right, a file by a newer weir); true: it would. Makes the
 * folder, and nothing else. */
bool history_check(const struct history *h, int64_t now_ms, GError **error);

#endif
