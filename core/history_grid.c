/* The form of a frame, before zstd:
 *
 *     key:    'K' columns fields rows incomplete, key of each row, then for each field its length and
 *             runs of equal tags, and the numbers of the cells that have one
 *     delta:  'D' incomplete; 0, or the new number of rows and where each comes from (runs of old rows,
 *             or a key that is new); then the fields that changed: steps to the next one, length, and
 *             for each changed row the step to it, its tag when that changed, and its number
 *
 * All are varints. Numbers are differences: in a key to the row above, in a delta to the same cell
 * before. A real is the bytes of its bits that are not zero at the end. */
#include "history_grid.h"

#include <string.h>
#include <zstd.h>

#include "error.h"
#include "model.h"

#define ZSTD_LEVEL 3

struct reader {
    const uint8_t *p, *end;
    bool bad;
};

/* -- frames -------------------------------------------------------------------------------------- */

struct grid *grid_new(guint32 fields, guint32 rows)
{
    struct grid *f = g_new0(struct grid, 1);
    f->fields = fields;
    f->rows = rows;
    f->key = g_new0(guint32, MAX(rows, 1));
    f->value = g_new0(int64_t *, fields);
    f->tag = g_new0(uint8_t *, fields);
    for (guint32 i = 0; i < fields; i++) {
        f->value[i] = g_new0(int64_t, MAX(rows, 1));
        f->tag[i] = g_new0(uint8_t, MAX(rows, 1));
    }
    return f;
}

void grid_free(struct grid *f)
{
    if (!f)
        return;
    for (guint32 i = 0; i < f->fields; i++) {
        g_free(f->value[i]);
        g_free(f->tag[i]);
    }
    g_free(f->value);
    g_free(f->tag);
    g_free(f->key);
    g_free(f);
}

/* Where each row of now stands in old, or -1: rows of the same key in their order. */
static gint64 *find_rows(const struct grid *old, const struct grid *now)
{
    gint64 *from = g_new(gint64, MAX(now->rows, 1));
    g_autofree gint64 *next = g_new(gint64, MAX(old->rows, 1));
    g_autoptr(GHashTable) first = g_hash_table_new(NULL, NULL);
    for (guint32 i = old->rows; i-- > 0;) {
        gpointer key = GUINT_TO_POINTER(old->key[i]);
        next[i] = (gint64)GPOINTER_TO_UINT(g_hash_table_lookup(first, key)) - 1;
        g_hash_table_insert(first, key, GUINT_TO_POINTER(i + 1));
    }
    for (guint32 i = 0; i < now->rows; i++) {
        gpointer key = GUINT_TO_POINTER(now->key[i]);
        from[i] = (gint64)GPOINTER_TO_UINT(g_hash_table_lookup(first, key)) - 1;
        if (from[i] >= 0)
            g_hash_table_insert(first, key, GUINT_TO_POINTER((guint)(next[from[i]] + 1)));
    }
    return from;
}

static bool same_rows(const struct grid *a, const struct grid *b)
{
    return a->rows == b->rows && memcmp(a->key, b->key, a->rows * sizeof a->key[0]) == 0;
}

guint32 grid_moved_rows(const struct grid *a, const struct grid *b)
{
    if (same_rows(a, b))
        return 0;
    g_autofree gint64 *from = find_rows(a, b);
    guint32 kept = 0;
    for (guint32 i = 0; i < b->rows; i++)
        kept += from[i] >= 0;
    return a->rows - kept + (b->rows - kept);
}

/* -- varints ------------------------------------------------------------------------------------- */

static void put(GByteArray *out, guint64 n)
{
    uint8_t bytes[10];
    guint length = 0;
    for (; n >= 128; n >>= 7)
        bytes[length++] = (uint8_t)(n | 128);
    bytes[length++] = (uint8_t)n;
    g_byte_array_append(out, bytes, length);
}

static guint64 get(struct reader *r)
{
    guint64 n = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (r->p == r->end)
            break;
        uint8_t byte = *r->p++;
        n |= (guint64)(byte & 127) << shift;
        if (byte < 128)
            return n;
    }
    r->bad = true;
    return 0;
}

/* A number that must be below limit; else 0, and the frame is bad. */
static guint64 get_below(struct reader *r, guint64 limit)
{
    guint64 n = get(r);
    if (n < limit)
        return n;
    r->bad = true;
    return 0;
}

/* Small numbers of either sign are small; wraps around, so that any difference has its form. */
static guint64 zigzag(guint64 n)
{
    return n << 1 ^ (0 - (n >> 63));
}

static guint64 unzigzag(guint64 n)
{
    return n >> 1 ^ (0 - (n & 1));
}

static void put_real(GByteArray *out, guint64 bits)
{
    uint8_t bytes[9] = {8};
    for (unsigned i = 0; i < 8; i++)
        bytes[1 + i] = (uint8_t)(bits >> (56 - 8 * i));
    while (bytes[0] > 0 && bytes[bytes[0]] == 0)
        bytes[0]--;
    g_byte_array_append(out, bytes, 1U + bytes[0]);
}

static guint64 get_real(struct reader *r)
{
    guint64 bits = 0;
    unsigned length = (unsigned)get_below(r, 9);
    if ((gsize)(r->end - r->p) < length)
        r->bad = true;
    for (unsigned i = 0; i < length && !r->bad; i++)
        bits |= (guint64)*r->p++ << (56 - 8 * i);
    return bits;
}

static void put_value(GByteArray *out, uint8_t tag, int64_t value, int64_t before)
{
    unsigned type = tag & 15;
    if (type == CELL_REAL || type == CELL_PERCENT)
        put_real(out, (guint64)value);
    else if (type != CELL_NONE)
        put(out, zigzag((guint64)value - (guint64)before));
}

static int64_t get_value(struct reader *r, uint8_t tag, int64_t before)
{
    unsigned type = tag & 15;
    if (type == CELL_NONE)
        return 0;
    if (type == CELL_REAL || type == CELL_PERCENT)
        return (int64_t)get_real(r);
    return (int64_t)((guint64)before + unzigzag(get(r)));
}

static uint8_t get_tag(struct reader *r)
{
    uint8_t tag = (uint8_t)get_below(r, 64);
    if ((tag & 15) > CELL_GANTT)
        r->bad = true;
    return tag;
}

static GByteArray *pack(GByteArray *take_raw)
{
    gsize bound = ZSTD_compressBound(take_raw->len);
    GByteArray *out = g_byte_array_sized_new((guint)bound);
    g_byte_array_set_size(out, (guint)bound);
    gsize length = ZSTD_compress(out->data, bound, take_raw->data, take_raw->len, ZSTD_LEVEL);
    g_assert(!ZSTD_isError(length)); /* there is room for the worst */
    g_byte_array_set_size(out, (guint)length);
    g_byte_array_unref(take_raw);
    return out;
}

static uint8_t *unpack(const uint8_t *bytes, gsize length, gsize *raw_length, GError **error)
{
    unsigned long long size = ZSTD_getFrameContentSize(bytes, length);
    if (size == 0 || size > GRID_BYTES_MAX) { /* the two error values are greater */
        weir_fail(error, WEIR_ERROR_PROTOCOL, "a frame of the history is damaged");
        return NULL;
    }
    g_autofree uint8_t *raw = g_malloc(size);
    *raw_length = ZSTD_decompress(raw, size, bytes, length);
    if (ZSTD_isError(*raw_length) || *raw_length == 0) {
        weir_fail(error, WEIR_ERROR_PROTOCOL, "a frame of the history is damaged");
        return NULL;
    }
    return g_steal_pointer(&raw);
}

/* -- keys ---------------------------------------------------------------------------------------- */

static void put_block(GByteArray *out, GByteArray *take_block)
{
    put(out, take_block->len);
    g_byte_array_append(out, take_block->data, take_block->len);
    g_byte_array_unref(take_block);
}

/* The next block as a reader of its own. */
static struct reader get_block(struct reader *r)
{
    guint64 length = get_below(r, (guint64)(r->end - r->p) + 1);
    if (r->bad || length > (guint64)(r->end - r->p)) {
        r->bad = true;
        length = 0;
    }
    struct reader block = {.p = r->p, .end = r->p + length};
    r->p += length;
    return block;
}

GByteArray *grid_encode_key(const struct grid *now)
{
    GByteArray *out = g_byte_array_sized_new(now->rows * now->fields + 64);
    put(out, 'K');
    put(out, now->columns);
    put(out, now->fields);
    put(out, now->rows);
    put(out, now->incomplete);
    for (guint32 i = 0, before = 0; i < now->rows; before = now->key[i++])
        put(out, zigzag((guint64)now->key[i] - before));
    for (guint32 field = 0; field < now->fields; field++) {
        const uint8_t *tag = now->tag[field];
        GByteArray *block = g_byte_array_new();
        for (guint32 i = 0, run; i < now->rows; i += run) {
            for (run = 1; i + run < now->rows && tag[i + run] == tag[i];)
                run++;
            put(block, tag[i]);
            put(block, run);
        }
        int64_t before = 0;
        for (guint32 i = 0; i < now->rows; i++) {
            put_value(block, tag[i], now->value[field][i], before);
            if ((tag[i] & 15) != CELL_NONE)
                before = now->value[field][i];
        }
        put_block(out, block);
    }
    return pack(out);
}

static void decode_field(struct grid *f, guint32 field, struct reader *r)
{
    uint8_t *tag = f->tag[field] = g_new0(uint8_t, MAX(f->rows, 1));
    int64_t *value = f->value[field] = g_new0(int64_t, MAX(f->rows, 1));
    for (guint32 i = 0; i < f->rows && !r->bad;) {
        uint8_t one = get_tag(r);
        guint64 run = get_below(r, (guint64)f->rows - i + 1);
        r->bad |= run == 0;
        for (; run > 0 && !r->bad; run--)
            tag[i++] = one;
    }
    int64_t before = 0;
    for (guint32 i = 0; i < f->rows && !r->bad; i++) {
        value[i] = get_value(r, tag[i], before);
        if ((tag[i] & 15) != CELL_NONE)
            before = value[i];
    }
}

static struct grid *decode_key(struct reader *r, grid_choose choose, void *data)
{
    struct grid *f = g_new0(struct grid, 1);
    r->bad |= get(r) != 'K';
    f->columns = (guint32)get_below(r, G_MAXUINT32);
    f->fields = (guint32)get_below(r, GRID_FIELDS_MAX + 1);
    guint64 left = (guint64)(r->end - r->p);
    f->rows = (guint32)get_below(r, left); /* each takes a byte at least */
    f->incomplete = (guint32)get_below(r, G_MAXUINT32);
    r->bad |= f->fields < GRID_COLUMNS || (guint64)f->fields * f->rows > GRID_CELLS_MAX;
    if (r->bad) {
        f->fields = f->rows = 0;
        return f;
    }
    const bool *wanted = choose ? choose(f->columns, data) : NULL;
    f->value = g_new0(int64_t *, f->fields);
    f->tag = g_new0(uint8_t *, f->fields);
    f->key = g_new0(guint32, MAX(f->rows, 1));
    for (guint32 i = 0, before = 0; i < f->rows && !r->bad; before = f->key[i++])
        f->key[i] = before + (guint32)unzigzag(get(r));
    for (guint32 field = 0; field < f->fields && !r->bad; field++) {
        struct reader block = get_block(r);
        if (!wanted || wanted[field])
            decode_field(f, field, &block);
        r->bad |= block.bad;
    }
    return f;
}

struct grid *grid_decode_key(
    const uint8_t *bytes, gsize length, grid_choose choose, void *data, GError **error)
{
    gsize raw_length = 0;
    g_autofree uint8_t *raw = unpack(bytes, length, &raw_length, error);
    if (!raw)
        return NULL;
    struct reader r = {.p = raw, .end = raw + raw_length};
    struct grid *f = decode_key(&r, choose, data);
    if (!r.bad)
        return f;
    grid_free(f);
    weir_fail(error, WEIR_ERROR_PROTOCOL, "a frame of the history is damaged");
    return NULL;
}

/* -- deltas -------------------------------------------------------------------------------------- */

/* Where the rows come from: runs of old rows (length and how far from where the last run ended), or a
 * zero and a new key. */
static void encode_rows(GByteArray *out, const struct grid *now, const gint64 *from)
{
    put(out, (guint64)now->rows + 1);
    guint64 expected = 0;
    guint32 key = 0;
    for (guint32 i = 0, run; i < now->rows; i += run) {
        run = 1;
        if (from[i] < 0) {
            put(out, 0);
            put(out, zigzag((guint64)now->key[i] - key));
            key = now->key[i];
            continue;
        }
        while (i + run < now->rows && from[i + run] == from[i] + run)
            run++;
        put(out, run);
        put(out, zigzag((guint64)from[i] - expected));
        expected = (guint64)from[i] + run;
    }
}

static GByteArray *encode_changes(
    const struct grid *old, const struct grid *now, const gint64 *from, guint32 field)
{
    GByteArray *block = NULL;
    guint32 next = 0;
    for (guint32 i = 0; i < now->rows; i++) {
        gint64 at = from ? from[i] : (gint64)i;
        uint8_t tag_before = at < 0 ? 0 : old->tag[field][at];
        int64_t before = at < 0 ? 0 : old->value[field][at];
        uint8_t tag = now->tag[field][i];
        if (tag == tag_before && now->value[field][i] == before)
            continue;
        if (!block)
            block = g_byte_array_new();
        put(block, (guint64)(i - next) << 1 | (tag != tag_before));
        if (tag != tag_before)
            put(block, tag);
        put_value(block, tag, now->value[field][i], before);
        next = i + 1;
    }
    return block;
}

GByteArray *grid_encode_delta(const struct grid *old, const struct grid *now)
{
    GByteArray *out = g_byte_array_sized_new(4096);
    g_autofree gint64 *from = same_rows(old, now) ? NULL : find_rows(old, now);
    put(out, 'D');
    put(out, now->incomplete);
    if (from)
        encode_rows(out, now, from);
    else
        put(out, 0);
    guint32 next = 0;
    for (guint32 field = 0; field < now->fields; field++) {
        GByteArray *block = encode_changes(old, now, from, field);
        if (!block)
            continue;
        put(out, field - next);
        put_block(out, block);
        next = field + 1;
    }
    return pack(out);
}

/* Puts the rows of f in their new places. */
static void move_rows(struct grid *f, guint32 rows, const gint64 *from, guint32 *take_key)
{
    for (guint32 field = 0; field < f->fields; field++) {
        if (!f->tag[field])
            continue;
        uint8_t *tag = g_new0(uint8_t, MAX(rows, 1));
        int64_t *value = g_new0(int64_t, MAX(rows, 1));
        for (guint32 i = 0; i < rows; i++) {
            tag[i] = from[i] < 0 ? 0 : f->tag[field][from[i]];
            value[i] = from[i] < 0 ? 0 : f->value[field][from[i]];
        }
        g_free(f->tag[field]);
        g_free(f->value[field]);
        f->tag[field] = tag;
        f->value[field] = value;
    }
    g_free(f->key);
    f->key = take_key;
    f->rows = rows;
}

static void decode_rows(struct grid *f, struct reader *r, guint64 rows)
{
    /* A run may stand for all old rows; else each row takes two bytes. */
    guint64 most = (guint64)f->rows + (guint64)(r->end - r->p);
    if (rows > most || rows * f->fields > GRID_CELLS_MAX) {
        r->bad = true;
        return;
    }
    guint32 *key = g_new0(guint32, MAX(rows, 1));
    g_autofree gint64 *from = g_new0(gint64, MAX(rows, 1));
    guint64 expected = 0;
    guint32 new_key = 0;
    for (guint64 i = 0; i < rows && !r->bad;) {
        guint64 run = get_below(r, rows - i + 1);
        guint64 step = unzigzag(get(r));
        if (run == 0) {
            new_key += (guint32)step;
            from[i] = -1;
            key[i++] = new_key;
            continue;
        }
        guint64 at = expected + step;
        if (at >= f->rows || run > f->rows - at) {
            r->bad = true;
            break;
        }
        for (expected = at + run; at < expected; at++, i++) {
            from[i] = (gint64)at;
            key[i] = f->key[at];
        }
    }
    if (r->bad)
        g_free(key);
    else
        move_rows(f, (guint32)rows, from, key);
}

static void decode_changes(struct grid *f, guint32 field, struct reader *r)
{
    guint64 row = 0;
    while (r->p < r->end && !r->bad) {
        guint64 head = get(r);
        row += head >> 1;
        if (r->bad || row >= f->rows) {
            r->bad = true;
            return;
        }
        uint8_t tag = head & 1 ? get_tag(r) : f->tag[field][row];
        f->tag[field][row] = tag;
        f->value[field][row] = get_value(r, tag, f->value[field][row]);
        row++;
    }
}

bool grid_apply_delta(
    struct grid *f, const uint8_t *bytes, gsize length, bool *moved, GError **error)
{
    gsize raw_length = 0;
    g_autofree uint8_t *raw = unpack(bytes, length, &raw_length, error);
    if (!raw)
        return false;
    struct reader r = {.p = raw, .end = raw + raw_length};
    r.bad = get(&r) != 'D';
    f->incomplete = (guint32)get_below(&r, G_MAXUINT32);
    guint64 rows = get(&r);
    if (rows > 0 && !r.bad)
        decode_rows(f, &r, rows - 1);
    guint64 field = 0;
    while (r.p < r.end && !r.bad) {
        field += get_below(&r, f->fields);
        struct reader block = get_block(&r);
        if (r.bad || field >= f->fields)
            r.bad = true;
        else if (f->tag[field])
            decode_changes(f, (guint32)field, &block);
        r.bad |= block.bad;
        field++;
    }
    if (r.bad)
        return weir_fail(error, WEIR_ERROR_PROTOCOL, "a frame of the history is damaged");
    if (moved)
        *moved = rows > 0;
    return true;
}
