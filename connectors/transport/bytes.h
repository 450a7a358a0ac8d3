/* A bounded reader for the length-prefixed fields of SSH's formats (key blobs, agent messages). Every
 * function returns false and leaves its outputs alone when the bytes do not suffice. */
#ifndef CONNECTORS_TRANSPORT_BYTES_H
#define CONNECTORS_TRANSPORT_BYTES_H

#include <glib.h>
#include <stdbool.h>
#include <string.h>

struct bytes {
    const guint8 *at;
    gsize left;
};

static inline bool bytes_take_u32(struct bytes *b, guint32 *value)
{
    if (b->left < 4)
        return false;
    *value = (guint32)b->at[0] << 24 | (guint32)b->at[1] << 16 | (guint32)b->at[2] << 8 | b->at[3];
    b->at += 4;
    b->left -= 4;
    return true;
}

static inline bool bytes_take(struct bytes *b, gsize length, struct bytes *out)
{
    if (b->left < length)
        return false;
    *out = (struct bytes){b->at, length};
    b->at += length;
    b->left -= length;
    return true;
}

/* An RFC 4251 string: four bytes of length, then the bytes. */
static inline bool bytes_take_string(struct bytes *b, struct bytes *out)
{
    struct bytes rest = *b;
    guint32 length;
    if (!bytes_take_u32(&rest, &length) || !bytes_take(&rest, length, out))
        return false;
    *b = rest;
    return true;
}

static inline bool bytes_equal(struct bytes b, const char *text)
{
    return b.left == strlen(text) && memcmp(b.at, text, b.left) == 0;
}

static inline void bytes_append_u32(GString *out, gsize value)
{
    const char raw[4] = {(char)(value >> 24 & 255), (char)(value >> 16 & 255),
        (char)(value >> 8 & 255), (char)(value & 255)};
    g_string_append_len(out, raw, sizeof raw);
}

static inline void bytes_append_string(GString *out, const void *data, gsize length)
{
    bytes_append_u32(out, length);
    g_string_append_len(out, data, (gssize)length);
}

#endif
