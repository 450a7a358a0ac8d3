/* The lines of one or several logs, ordered by time, capped by bytes.
 *
 * Lines are packed: text in blocks of up to LOG_BLOCK_LINES lines, 16 bytes of record and 4 of order per
 * line; snapshots are not kept. A line has an id that never changes while the ring holds it (blocks are
 * numbered; ids wrap after four milliards of lines and are compared by distance). `order` is what people
 * see: ids by (time, stream, arrival). A line without a time, or with one before that of the line above
 * it, stays behind its predecessor: within one log the order is always that of the log.
 *
 * At the cap the oldest blocks go, and their lines are counted. The drawing thread only. */
#ifndef VIEWS_LOG_RING_H
#define VIEWS_LOG_RING_H

#include <stdint.h>

#include "auto.h"
#include "log_text.h"
#include "model.h"

#define LOG_BLOCK_LINES 1024
#define LOG_BLOCK_BYTES (512 * 1024)
#define LOG_LINE_MAX    (1024 * 1024 - 64) /* bytes kept of one line; the cut is said in the line */
#define LOG_NO_TIME     INT64_MIN

struct log_line {
    int64_t at_ms; /* where it belongs; LOG_NO_TIME: nothing before it had a time */
    uint32_t offset;
    uint32_t length : 20;
    uint32_t level : 3;
    uint32_t flags : 9;
};

/* Where a line stands in the order, whether the ring still holds it or not. */
struct log_key {
    int64_t at_ms;
    unsigned stream;
    uint32_t id;
};

struct log_ring {
    GArray *order;     /* uint32_t ids */
    GPtrArray *blocks; /* NULL: given up */
    uint32_t first;    /* number of the first of them */
    GPtrArray *streams;
    size_t cap, bytes;
    guint64 dropped;
    guint64 gaps[48]; /* how many spans between two lines were of 2^i ms */
};

struct log_ring *log_ring_new(size_t cap);
void log_ring_free(struct log_ring *r);
DEFINE_AUTO(log_ring, log_ring_free)

/* Adds the lines of a chunk of kind_log, which has some; its scope says of which log they are. *first is
 * the key of the first of them: the order before it is as it was, but for the lines that were dropped,
 * wherever they stood, and whose number is returned. */
guint log_ring_add(struct log_ring *r, const struct snapshot *chunk, struct log_key *first);

/* NULL: the ring holds it no longer. */
const struct log_line *log_ring_line(const struct log_ring *r, uint32_t id);
/* The text of a line the ring holds; its length is in the line. */
const char *log_ring_text(const struct log_ring *r, uint32_t id);
/* The line's own time; false: it has none. */
bool log_ring_time(const struct log_ring *r, uint32_t id, int64_t *at_ms);
unsigned log_ring_stream(const struct log_ring *r, uint32_t id);
/* What people call the log: the last name of its address. */
const char *log_ring_label(const struct log_ring *r, unsigned stream);

struct log_key log_ring_key(const struct log_ring *r, uint32_t id);
/* The first index in ids (a part of the order, in its order) that does not stand before key. */
guint log_ring_find(const struct log_ring *r, const GArray *ids, const struct log_key *key);
/* The span that half of all lines come within, ms. */
int64_t log_ring_median_gap(const struct log_ring *r);

static inline uint32_t log_id(const GArray *ids, guint i)
{
    return g_array_index(ids, uint32_t, i);
}

#endif
