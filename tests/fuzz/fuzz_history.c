/* Any bytes as frames of the history. The second byte says how much of the rest is the key; what follows
 * that is a delta against it. When the first byte is even both are packed before, so that what lies
 * within the compression is reached. */
#include <zstd.h>

#include "error.h"
#include "history_grid.h"

#include "fuzz/fuzz.h"

static const bool *some(guint32 columns, void *all)
{
    (void)columns;
    return all;
}

static GByteArray *form(const uint8_t *data, size_t size, bool packed)
{
    GByteArray *out = g_byte_array_new();
    if (!packed) {
        g_byte_array_append(out, data, (guint)size);
        return out;
    }
    g_byte_array_set_size(out, (guint)ZSTD_compressBound(size));
    g_byte_array_set_size(out, (guint)ZSTD_compress(out->data, out->len, data, size, 1));
    return out;
}

/* What was read can be written, and is the same when it is read again. */
static void write_again(const struct grid *g)
{
    for (guint32 f = 0; f < g->fields; f++)
        if (!g->tag[f])
            return;
    g_autoptr(GByteArray) key = grid_encode_key(g);
    g_autoptr(GError) error = NULL;
    struct grid *back = grid_decode_key(key->data, key->len, NULL, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(back->rows, ==, g->rows);
    for (guint32 f = 0; f < g->fields; f++) {
        g_assert_true(memcmp(back->tag[f], g->tag[f], g->rows) == 0);
        g_assert_true(memcmp(back->value[f], g->value[f], g->rows * sizeof(int64_t)) == 0);
    }
    grid_free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    bool wanted[GRID_FIELDS_MAX] = {false};
    for (unsigned i = 0; i < GRID_FIELDS_MAX; i += 2)
        wanted[i] = true;
    bool packed = data[0] % 2 == 0;
    size_t split = (size - 2) * data[1] / 255;
    g_autoptr(GByteArray) key = form(data + 2, split, packed);
    g_autoptr(GByteArray) delta = form(data + 2 + split, size - 2 - split, packed);
    for (unsigned round = 0; round < 2; round++) {
        g_autoptr(GError) error = NULL;
        struct grid *g = grid_decode_key(key->data, key->len, round ? some : NULL, wanted, &error);
        g_assert_true((g == NULL) == (error != NULL));
        bool moved;
        if (g && grid_apply_delta(g, delta->data, delta->len, &moved, NULL))
            write_again(g);
        grid_free(g);
    }
    return 0;
}
