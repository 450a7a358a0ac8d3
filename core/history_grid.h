/* One frame of the history as numbers, and its form on disk. A frame is a snapshot without texts: each
 * field is a tag (the cell's type and, above it, the reason of its absence or its quality: one byte, as
 * in a snapshot) and a number; a text is its number in a dictionary that somebody else keeps, a real
 * its bits. Field 0 and on are the pseudo fields of every row, then come the columns.
 *
 * On disk a frame is either a key, which stands for itself, or a delta against the frame before it;
 * both are varints, column by column, with zstd around them. Columns that nobody asks for are stepped
 * over without being read. What comes from a disk may be anything: every count is bounded, every read
 * is checked, and a frame that does not decode is an error, not a crash. Pure functions, any thread. */
#ifndef CORE_HISTORY_GRID_H
#define CORE_HISTORY_GRID_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    GRID_AT,     /* when the row was read, ms; 0: with the frame */
    GRID_PARENT, /* index of the parent row and one; 0: none */
    GRID_PHASE,
    GRID_HEALTH,
    GRID_WHY, /* texts from here on */
    GRID_ERROR,
    GRID_ADDRESS,
    GRID_COLUMNS, /* the first column */
};

#define GRID_FIELDS_MAX 256
#define GRID_BYTES_MAX  (64 << 20) /* of one frame, unpacked */
#define GRID_CELLS_MAX  (48 << 20)

struct grid {
    guint32 columns;    /* text: names and types of its columns */
    guint32 incomplete; /* text: why rows are missing; 0: they are not */
    guint32 fields;     /* GRID_COLUMNS and one for each column */
    guint32 rows;
    guint32 *key;    /* of each row: text */
    int64_t **value; /* [field][row]; NULL for a field that was not asked for */
    uint8_t **tag;
};

/* An empty frame; every field has its array. rows and fields within the limits above. */
struct grid *grid_new(guint32 fields, guint32 rows);
void grid_free(struct grid *f); /* accepts NULL */

/* Rows of b that are not in a, and rows of a that are not in b. */
guint32 grid_moved_rows(const struct grid *a, const struct grid *b);

/* The form on disk. old and now must have the same fields and columns. */
GByteArray *grid_encode_key(const struct grid *now);
GByteArray *grid_encode_delta(const struct grid *old, const struct grid *now);

/* Which fields are to be read of a frame with such columns: GRID_FIELDS_MAX flags. */
typedef const bool *(*grid_choose)(guint32 columns, void *data);
/* Reads a key. choose NULL: all fields. NULL and WEIR_ERROR_PROTOCOL when it is damaged or no key. */
struct grid *grid_decode_key(
    const uint8_t *bytes, gsize length, grid_choose choose, void *data, GError **error);
/* Turns f into the frame after it. On failure f is of no further use. *moved (may be NULL): whether rows
 * came, went or changed places. */
bool grid_apply_delta(
    struct grid *f, const uint8_t *bytes, gsize length, bool *moved, GError **error);

#endif
