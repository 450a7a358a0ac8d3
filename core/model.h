/* The model: everything weir shows is rows of typed cells of some kind, sealed into a snapshot.
 *
 * A lane builds a snapshot (snapshot_new, snapshot_add, snapshot_set_*), gives it to its batch, and
 * from then on it is sealed: immutable, shared by reference between threads, freed with its last
 * reference. Cells are stored in column arrays, 8 bytes of payload and one tag byte each; an absent
 * cell carries the reason for its absence, because unknown is never zero.
 *
 * Text given to a snapshot is copied and passes text_clean(); a row's key is kept as the server sent
 * it as well, because it is what the server must be asked with. */
#ifndef CORE_MODEL_H
#define CORE_MODEL_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "auto.h"

struct kind;
struct column;
struct rid;

enum cell_type {
    CELL_NONE, /* absent: see enum absent */
    CELL_BOOL,
    CELL_INT,
    CELL_REAL,
    CELL_TEXT,
    CELL_TIME_MS, /* int64, milliseconds since 1970 UTC */
    CELL_SPAN_MS, /* int64, milliseconds */
    CELL_BYTES,   /* int64 */
    CELL_PERCENT, /* real, 0 to 100 */
    CELL_STATE,   /* text in the server's own words, drawn in the colour of its health */
    CELL_LINK,    /* text: an address */
    CELL_SERIES,  /* filled by the history for rows on screen, never by a connector */
    CELL_STATES,  /* a strip of past states, oldest first */
    CELL_GANTT,   /* a list of {from, to, phase} */
};

enum absent {
    ABSENT_NOT_ASKED, /* the question was not put (yet), or this weir cannot put it */
    ABSENT_NO_VALUE,  /* asked, and the thing has none */
    ABSENT_DENIED,    /* asked, and not allowed to know */
    ABSENT_FAILED,    /* asked, and no answer came */
};

enum quality { EXACT, SAMPLED, ESTIMATE, BOUND };

enum health { HEALTH_OK, HEALTH_UNKNOWN, HEALTH_WARN, HEALTH_FAIL }; /* worse is greater */

enum phase { PHASE_OFF, PHASE_WAIT, PHASE_RUN, PHASE_DONE };

/* One past state of a strip: what, how it went, when it began and how long it took (-1: unknown). */
struct state_mark {
    const char *state;
    enum health health;
    int64_t at_ms;
    int64_t ms;
};

struct states {
    uint32_t count;
    struct state_mark mark[];
};

/* A number over time, evenly spaced, oldest first; NAN where nothing is known. */
struct series {
    int64_t from_ms; /* when the first span begins, UTC */
    int64_t step_ms; /* of one span */
    uint32_t count;
    double value[];
};

/* Something that happened, as charts mark it: "deploy v2.31", clean text. */
struct event_mark {
    int64_t at_ms;
    const char *text;
};

struct cell {
    enum cell_type type;
    enum absent absent;   /* when type is CELL_NONE */
    enum quality quality; /* when it is not */
    union {
        bool b;
        int64_t i; /* INT, TIME_MS, SPAN_MS, BYTES */
        double r;  /* REAL, PERCENT */
        const char *text;
        const struct states *states;
        const struct series *series;
    };
};

/* The pseudo columns that every row of every kind has; real columns count from 0. */
enum {
    COLUMN_SOURCE = -8,
    COLUMN_NAME,
    COLUMN_ADDRESS,
    COLUMN_AT,
    COLUMN_HEALTH,
    COLUMN_PHASE,
    COLUMN_WHY,
    COLUMN_UNKNOWN, /* -1: no such column */
};

#define ROW_NONE UINT32_MAX

struct row {
    const char *key;     /* the server's own name, raw bytes: never print it */
    const char *name;    /* the same, clean */
    const char *address; /* the row's own address where it is not scope + kind + key, else NULL */
    const char *error;   /* why this row could not be read (then its cells are old or absent) */
    const char *why;     /* one sentence when health is not ok */
    int64_t at_ms;       /* when the server said this */
    uint32_t parent; /* tree: index of the parent row, which is less than its own, or ROW_NONE */
    uint8_t health;  /* enum health */
    uint8_t phase;   /* enum phase */
    bool health_set; /* by the connector: the kind's rules are not asked */
};

struct snapshot;

/* -- building: one thread, before snapshot_seal ------------------------------------------------ */

/* An empty snapshot of what kind k holds under scope (borrowed, copied), as of now_ms. */
struct snapshot *snapshot_new(const struct kind *k, const struct rid *scope, int64_t now_ms);

/* Replaces the kind's columns, for answers whose columns only the server knows. columns ends with a
 * NULL name and must outlive the snapshot. Before the first row. */
void snapshot_columns(struct snapshot *s, const struct column *columns);

/* Adds a row and returns its index. All its cells are absent (not asked), its health ok, its phase
 * done, its age that of the snapshot. Rows beyond SNAPSHOT_ROWS_MAX are dropped: the snapshot is then
 * incomplete, and all of them share the index of the last row. */
#define SNAPSHOT_ROWS_MAX 2000000
size_t snapshot_add(struct snapshot *s, const char *key);
size_t snapshot_add_len(struct snapshot *s, const char *key, gssize length);

void snapshot_set_bool(struct snapshot *s, size_t row, int column, bool value);
void snapshot_set_int(struct snapshot *s, size_t row, int column, int64_t value);
void snapshot_set_real(
    struct snapshot *s, size_t row, int column, double value); /* not finite: no value */
void snapshot_set_text(struct snapshot *s, size_t row, int column, const char *text);
/* The text, or ABSENT_NO_VALUE where it is NULL or empty. */
void snapshot_set_optional_text(struct snapshot *s, size_t row, int column, const char *text);
/* The number, or absent where it is negative, which stands for not known. */
void snapshot_set_optional_int(
    struct snapshot *s, size_t row, int column, int64_t value, enum absent why);
void snapshot_set_text_len(
    struct snapshot *s, size_t row, int column, const char *text, gssize length);
void snapshot_set_absent(struct snapshot *s, size_t row, int column, enum absent why);
void snapshot_set_quality(struct snapshot *s, size_t row, int column, enum quality quality);
/* A cell of another type than its column's: detail views hold one type per row. */
void snapshot_set_cell(struct snapshot *s, size_t row, int column, struct cell cell);
/* A strip of count states; the marks are copied. */
void snapshot_set_states(
    struct snapshot *s, size_t row, int column, const struct state_mark *marks, uint32_t count);

void snapshot_set_address(struct snapshot *s, size_t row, const char *address);
void snapshot_set_at(struct snapshot *s, size_t row, int64_t at_ms);
void snapshot_set_parent(struct snapshot *s, size_t row, uint32_t parent);
void snapshot_set_phase(struct snapshot *s, size_t row, enum phase phase);
void snapshot_set_error(struct snapshot *s, size_t row, const char *error);
/* The connector's own verdict; why is copied and cleaned, NULL when ok. */
void snapshot_set_health(struct snapshot *s, size_t row, enum health health, const char *why);

/* The rows are not all there are: why is one clause, "cut at 1,000 rows". */
void snapshot_set_incomplete(struct snapshot *s, const char *why);

/* It is what a history remembers, not what a server said to this weir: old until that is read. */
void snapshot_set_remembered(struct snapshot *s);

/* A copy of text that lives as long as the snapshot (cleaned). */
const char *snapshot_keep(struct snapshot *s, const char *text);

/* Ends building: the search text is made here, so that the screen does not pay for it. Takes s. */
const struct snapshot *snapshot_seal(struct snapshot *take_s);

/* A snapshot that was never sealed. */
void snapshot_drop(struct snapshot *s);
DEFINE_AUTO(snapshot, snapshot_drop)

/* -- reading: any thread, once sealed ---------------------------------------------------------- */

const struct snapshot *snapshot_ref(const struct snapshot *s);
void snapshot_unref(const struct snapshot *s); /* accepts NULL */

const struct kind *snapshot_kind(const struct snapshot *s);
const struct rid *snapshot_scope(const struct snapshot *s);
const struct column *snapshot_column_table(const struct snapshot *s);
int64_t snapshot_at(const struct snapshot *s);
const char *snapshot_incomplete(const struct snapshot *s); /* NULL: complete */
bool snapshot_remembered(const struct snapshot *s);
size_t snapshot_count(const struct snapshot *s);
const struct row *snapshot_row(const struct snapshot *s, size_t row);
struct cell snapshot_cell(const struct snapshot *s, size_t row, int column);
/* Lower-case name, texts and states of a row, for searching. Sealed snapshots only. */
const char *snapshot_haystack(const struct snapshot *s, size_t row);
/* Appends the row's address; or as a new rid. */
void snapshot_append_address(const struct snapshot *s, size_t row, GString *out);
struct rid *snapshot_rid(const struct snapshot *s, size_t row);
/* The row of a key, or -1. */
gssize snapshot_find(const struct snapshot *s, const char *key);
/* Columns on screen that the longest text of a column takes (COLUMN_NAME as well; at most 255), and
 * whether anything was asked at all for that column: for views, known since sealing. */
int snapshot_width(const struct snapshot *s, int column);
bool snapshot_asked(const struct snapshot *s, int column);
/* Adds the rows by health (enum health), as they were when the snapshot was sealed. */
void snapshot_tally(const struct snapshot *s, size_t tally[4]);
/* Bytes the snapshot holds, for the memory figures of doctor and bench. */
size_t snapshot_bytes(const struct snapshot *s);

/* Names of the enums as scripts see them: "ok", "unknown", "warn", "fail"; "no_value"; ... */
const char *health_name(enum health health);
const char *phase_name(enum phase phase);
const char *absent_name(enum absent absent);

#endif
