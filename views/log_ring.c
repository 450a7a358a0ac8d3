#include "log_ring.h"

#include <string.h>

#include "kind.h"
#include "rid.h"
#include "text.h"

#define BLOCK_BITS  10
#define BLOCK_COUNT (1u << (32 - BLOCK_BITS))
#define CUT_PART    64 /* at the cap this part of it is given up at once */

G_STATIC_ASSERT(LOG_BLOCK_LINES == 1 << BLOCK_BITS);
G_STATIC_ASSERT(sizeof(struct log_line) == 16);

struct block {
    unsigned stream;
    uint32_t count, capacity, size;
    char *text;
    struct log_line line[LOG_BLOCK_LINES];
};

struct stream {
    struct rid *what;
    char *label;
    struct block *open; /* takes the next line */
    uint32_t open_number;
    int64_t at_ms; /* of the newest line */
    bool error;    /* the newest line is one */
    struct log_trace trace;
};

static void block_free(gpointer data)
{
    struct block *b = data;
    if (b)
        g_free(b->text);
    g_free(b);
}

static void stream_free(gpointer data)
{
    struct stream *s = data;
    rid_free(s->what);
    g_free(s->label);
    g_free(s);
}

struct log_ring *log_ring_new(size_t cap)
{
    struct log_ring *r = g_new0(struct log_ring, 1);
    r->order = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    r->blocks = g_ptr_array_new_with_free_func(block_free);
    r->streams = g_ptr_array_new_with_free_func(stream_free);
    r->cap = cap;
    return r;
}

void log_ring_free(struct log_ring *r)
{
    if (!r)
        return;
    g_array_unref(r->order);
    g_ptr_array_unref(r->blocks);
    g_ptr_array_unref(r->streams);
    g_free(r);
}

/* -- reading ------------------------------------------------------------------------------------- */

static struct block *block_of(const struct log_ring *r, uint32_t id)
{
    uint32_t i = ((id >> BLOCK_BITS) - r->first) & (BLOCK_COUNT - 1);
    return i < r->blocks->len ? g_ptr_array_index(r->blocks, i) : NULL;
}

const struct log_line *log_ring_line(const struct log_ring *r, uint32_t id)
{
    const struct block *b = block_of(r, id);
    return b ? &b->line[id & (LOG_BLOCK_LINES - 1)] : NULL;
}

const char *log_ring_text(const struct log_ring *r, uint32_t id)
{
    const struct block *b = block_of(r, id);
    return b->text + b->line[id & (LOG_BLOCK_LINES - 1)].offset;
}

bool log_ring_time(const struct log_ring *r, uint32_t id, int64_t *at_ms)
{
    const struct log_line *line = log_ring_line(r, id);
    if (!(line->flags & LINE_TIME))
        return false;
    *at_ms = line->at_ms;
    if (line->flags & LINE_LATE)
        memcpy(at_ms, log_ring_text(r, id) - sizeof *at_ms, sizeof *at_ms);
    return true;
}

unsigned log_ring_stream(const struct log_ring *r, uint32_t id)
{
    return block_of(r, id)->stream;
}

const char *log_ring_label(const struct log_ring *r, unsigned stream)
{
    return ((struct stream *)g_ptr_array_index(r->streams, stream))->label;
}

struct log_key log_ring_key(const struct log_ring *r, uint32_t id)
{
    return (struct log_key){log_ring_line(r, id)->at_ms, log_ring_stream(r, id), id};
}

/* Whether the line of id stands before key. */
static bool is_before(const struct log_ring *r, uint32_t id, const struct log_key *key)
{
    int64_t at_ms = log_ring_line(r, id)->at_ms;
    if (at_ms != key->at_ms)
        return at_ms < key->at_ms;
    unsigned stream = log_ring_stream(r, id);
    return stream != key->stream ? stream < key->stream : (int32_t)(id - key->id) < 0;
}

static guint find_below(
    const struct log_ring *r, const GArray *ids, guint high, const struct log_key *key)
{
    guint low = 0;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (is_before(r, log_id(ids, middle), key))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

guint log_ring_find(const struct log_ring *r, const GArray *ids, const struct log_key *key)
{
    return find_below(r, ids, ids->len, key);
}

int64_t log_ring_median_gap(const struct log_ring *r)
{
    guint64 total = 0, sum = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(r->gaps); i++)
        total += r->gaps[i];
    for (unsigned i = 0; i < G_N_ELEMENTS(r->gaps); i++) {
        sum += r->gaps[i];
        if (sum * 2 >= total && total > 0)
            return (int64_t)1 << i;
    }
    return 0;
}

/* -- streams ------------------------------------------------------------------------------------- */

/* Two logs of one name are told apart by a number. */
static char *make_label(const struct log_ring *r, const struct rid *what)
{
    const char *name = what->count > 0 ? rid_last_name(what) : what->source;
    GString *out = g_string_new(NULL);
    text_clean(name, -1, out);
    unsigned same = 0;
    for (guint i = 0; i < r->streams->len; i++) {
        const struct stream *s = g_ptr_array_index(r->streams, i);
        same += g_str_has_prefix(s->label, out->str) &&
                (s->label[out->len] == '\0' || s->label[out->len] == '#');
    }
    if (same > 0)
        g_string_append_printf(out, "#%u", same + 1);
    return g_string_free(out, FALSE);
}

static unsigned stream_of(struct log_ring *r, const struct rid *what)
{
    for (guint i = 0; i < r->streams->len; i++)
        if (rid_equal(((struct stream *)g_ptr_array_index(r->streams, i))->what, what))
            return i;
    struct stream *s = g_new0(struct stream, 1);
    s->what = rid_copy(what);
    s->label = make_label(r, what);
    s->at_ms = LOG_NO_TIME;
    g_ptr_array_add(r->streams, s);
    return r->streams->len - 1;
}

/* -- adding -------------------------------------------------------------------------------------- */

static void close_block(struct log_ring *r, struct stream *s)
{
    struct block *b = s->open;
    if (!b)
        return;
    r->bytes -= b->capacity - b->size;
    b->text = g_realloc(b->text, MAX(b->size, 1));
    b->capacity = b->size;
    s->open = NULL;
}

static void open_block(struct log_ring *r, unsigned stream)
{
    struct stream *s = g_ptr_array_index(r->streams, stream);
    close_block(r, s);
    s->open = g_new(struct block, 1);
    *s->open = (struct block){.stream = stream};
    s->open_number = (r->first + r->blocks->len) & (BLOCK_COUNT - 1);
    g_ptr_array_add(r->blocks, s->open);
    r->bytes += sizeof *s->open;
}

/* Room for size bytes behind what the block holds. */
static char *reserve(struct log_ring *r, struct block *b, uint32_t size)
{
    if (b->size + size > b->capacity) {
        uint32_t capacity = MAX(b->size + size, MAX(b->capacity * 2, 4096));
        r->bytes += capacity - b->capacity;
        b->text = g_realloc(b->text, capacity);
        b->capacity = capacity;
    }
    char *at = b->text + b->size;
    b->size += size;
    return at;
}

static void count_gap(struct log_ring *r, int64_t gap_ms)
{
    unsigned i = gap_ms > 0 ? g_bit_storage((gulong)gap_ms) : 0;
    r->gaps[MIN(i, G_N_ELEMENTS(r->gaps) - 1)]++;
}

/* A line whose time is before that of its predecessor keeps its own in front of its text. */
static void set_time(struct log_ring *r, struct stream *s, struct log_line *line, struct cell at)
{
    line->at_ms = s->at_ms;
    if (at.type != CELL_TIME_MS)
        return;
    line->flags |= LINE_TIME;
    if (s->at_ms != LOG_NO_TIME)
        count_gap(r, at.i - s->at_ms);
    if (at.i >= s->at_ms) {
        line->at_ms = s->at_ms = at.i;
        return;
    }
    line->flags |= LINE_LATE;
    memcpy(reserve(r, s->open, sizeof at.i), &at.i, sizeof at.i);
}

/* An error begins where the line before was none, or belongs to another entry: the lines of one entry
 * share their time, to the millisecond. */
static bool starts_error(const struct stream *s, const struct log_line *line, int64_t before_ms)
{
    bool same_entry =
        !(line->flags & LINE_TIME) || (line->at_ms == before_ms && line->at_ms % 1000 != 0);
    return line->level >= LEVEL_ERROR && !(s->error && (line->flags & LINE_TRACE || same_entry));
}

static bool is_ascii(const char *text, gsize length)
{
    for (gsize i = 0; i < length; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

static enum log_level level_of(struct cell level, const char *text)
{
    enum log_level named =
        level.type == CELL_STATE ? log_level_named(level.text, strlen(level.text)) : LEVEL_NONE;
    return named != LEVEL_NONE ? named : log_level_detect(text);
}

/* The first frame makes the line before it the name of an exception (Java). */
static void mark_headline(struct stream *s)
{
    if (s->open->count > 0)
        s->open->line[s->open->count - 1].flags |= (LINE_TRACE | LINE_NAMES) & 0x1ff;
}

static uint32_t add_line(
    struct log_ring *r, unsigned stream, const struct snapshot *chunk, size_t row, GString *text)
{
    struct stream *s = g_ptr_array_index(r->streams, stream);
    if (!s->open || s->open->count == LOG_BLOCK_LINES || s->open->size >= LOG_BLOCK_BYTES)
        open_block(r, stream);
    struct cell cell = snapshot_cell(chunk, row, LOG_TEXT);
    g_string_truncate(text, 0);
    if (cell.type == CELL_TEXT)
        log_text_append(text, cell.text, LOG_LINE_MAX);
    struct log_line *line = &s->open->line[s->open->count];
    int64_t before_ms = s->at_ms;
    *line = (struct log_line){.length = (uint32_t)text->len & 0xfffff};
    set_time(r, s, line, snapshot_cell(chunk, row, LOG_TIME));
    line->offset = s->open->size;
    memcpy(reserve(r, s->open, (uint32_t)text->len + 1), text->str, text->len + 1);
    line->level = level_of(snapshot_cell(chunk, row, LOG_LEVEL), text->str) & 7u;
    line->flags |= log_trace_next(&s->trace, text->str) & 0x1ff;
    if (s->trace.headline)
        mark_headline(s);
    if (is_ascii(text->str, text->len))
        line->flags |= LINE_ASCII;
    if (snapshot_row(chunk, row)->parent != ROW_NONE)
        line->flags |= LINE_GROUP;
    if (starts_error(s, line, before_ms))
        line->flags |= LINE_START;
    /* What a trace prints without a level belongs to the error above it. */
    s->error = line->level >= LEVEL_ERROR || (s->error && line->flags & LINE_TRACE);
    return s->open_number << BLOCK_BITS | s->open->count++;
}

/* Moves new lines (in their order) to their places among the others, from the end on: each line moves
 * at most once. */
static void merge(struct log_ring *r, const GArray *fresh)
{
    guint n = r->order->len, k = fresh->len;
    g_array_set_size(r->order, n + k);
    uint32_t *ids = (uint32_t *)(void *)r->order->data;
    while (k > 0) {
        struct log_key key = log_ring_key(r, log_id(fresh, k - 1));
        guint from = n;
        if (n > 0 && !is_before(r, ids[n - 1], &key))
            from = find_below(r, r->order, n, &key);
        memmove(ids + from + k, ids + from, (n - from) * sizeof *ids);
        ids[from + k - 1] = log_id(fresh, k - 1);
        n = from;
        k--;
    }
}

/* -- the cap ------------------------------------------------------------------------------------- */

static bool is_open(const struct log_ring *r, const struct block *b)
{
    return ((struct stream *)g_ptr_array_index(r->streams, b->stream))->open == b;
}

/* The full block whose last line is the oldest; -1: there is none. */
static int oldest_block(const struct log_ring *r)
{
    int best = -1;
    int64_t best_ms = 0;
    for (guint i = 0; i < r->blocks->len; i++) {
        const struct block *b = g_ptr_array_index(r->blocks, i);
        if (!b || is_open(r, b))
            continue;
        int64_t at_ms = b->line[b->count - 1].at_ms;
        if (best < 0 || at_ms < best_ms) {
            best = (int)i;
            best_ms = at_ms;
        }
        if (r->streams->len == 1)
            break; /* in one log they stand in their order */
    }
    return best;
}

static guint drop_block(struct log_ring *r, guint i)
{
    struct block *b = g_ptr_array_index(r->blocks, i);
    guint count = b->count;
    r->bytes -= sizeof *b + b->capacity + count * sizeof(uint32_t);
    block_free(b);
    g_ptr_array_index(r->blocks, i) = NULL;
    return count;
}

/* Takes the ids of lost lines out of the order; there are lost of them. */
static void forget(struct log_ring *r, guint lost)
{
    uint32_t *ids = (uint32_t *)(void *)r->order->data;
    guint to = 0, from = 0;
    while (from < lost && !block_of(r, ids[from]))
        from++;
    for (lost -= from; lost > 0; from++) {
        if (block_of(r, ids[from]))
            ids[to++] = ids[from];
        else
            lost--;
    }
    g_array_remove_range(r->order, to, from - to);
}

static guint cut(struct log_ring *r)
{
    guint lost = 0;
    if (r->bytes <= r->cap)
        return 0;
    int i;
    while (r->bytes > r->cap - r->cap / CUT_PART && (i = oldest_block(r)) >= 0)
        lost += drop_block(r, (guint)i);
    if (lost == 0)
        return 0;
    forget(r, lost);
    guint gone = 0;
    while (gone < r->blocks->len && !g_ptr_array_index(r->blocks, gone))
        gone++;
    if (gone > 0)
        g_ptr_array_remove_range(r->blocks, 0, gone);
    r->first = (r->first + gone) & (BLOCK_COUNT - 1);
    r->dropped += lost;
    return lost;
}

guint log_ring_add(struct log_ring *r, const struct snapshot *chunk, struct log_key *first)
{
    size_t count = snapshot_count(chunk);
    if (count == 0)
        return 0;
    unsigned stream = stream_of(r, snapshot_scope(chunk));
    g_autoptr(GArray) fresh = g_array_sized_new(FALSE, FALSE, sizeof(uint32_t), (guint)count);
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t row = 0; row < count; row++) {
        uint32_t id = add_line(r, stream, chunk, row, text);
        g_array_append_val(fresh, id);
        r->bytes += sizeof id;
    }
    *first = log_ring_key(r, log_id(fresh, 0));
    merge(r, fresh);
    return cut(r);
}
