#include "slowlink.h"

enum { TURNS_PER_SECOND = 200 }; /* 5 ms of line per piece */

struct parcel {
    int64_t due_ns;
    GBytes *bytes;
};

struct slowlink {
    int64_t bytes_per_second, half_rtt_ns;
    int64_t free_ns;   /* when the last byte handed in has left the program's end */
    GQueue parcels[2]; /* by way; due times only grow */
};

static void parcel_free(struct parcel *p)
{
    g_bytes_unref(p->bytes);
    g_free(p);
}

struct slowlink *slowlink_new(int64_t bytes_per_second, int64_t rtt_ms)
{
    g_assert(bytes_per_second > 0 && rtt_ms >= 0);
    struct slowlink *l = g_new0(struct slowlink, 1);
    l->bytes_per_second = bytes_per_second;
    l->half_rtt_ns = rtt_ms * 1000000 / 2;
    return l;
}

void slowlink_free(struct slowlink *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(l->parcels); i++)
        g_queue_clear_full(&l->parcels[i], (GDestroyNotify)parcel_free);
    g_free(l);
}

size_t slowlink_room(const struct slowlink *l, int64_t now_ns)
{
    if (now_ns < l->free_ns)
        return 0;
    return (size_t)MAX(l->bytes_per_second / TURNS_PER_SECOND, 1);
}

void slowlink_put(
    struct slowlink *l, enum slowlink_way way, const char *bytes, size_t length, int64_t now_ns)
{
    int64_t sent_ns = now_ns;
    if (way == SLOWLINK_TO_TERMINAL) {
        sent_ns = MAX(l->free_ns, now_ns) + (int64_t)length * 1000000000 / l->bytes_per_second;
        l->free_ns = sent_ns;
    }
    struct parcel *p = g_new0(struct parcel, 1);
    p->due_ns = sent_ns + l->half_rtt_ns;
    p->bytes = g_bytes_new(bytes, length);
    g_queue_push_tail(&l->parcels[way], p);
}

void slowlink_take(struct slowlink *l, enum slowlink_way way, int64_t now_ns, GByteArray *out)
{
    struct parcel *p;
    while ((p = g_queue_peek_head(&l->parcels[way])) && p->due_ns <= now_ns) {
        gsize size = 0;
        const void *bytes = g_bytes_get_data(p->bytes, &size);
        g_byte_array_append(out, bytes, (guint)size);
        parcel_free(g_queue_pop_head(&l->parcels[way]));
    }
}

int64_t slowlink_next_ns(const struct slowlink *l, int64_t now_ns)
{
    int64_t next = l->free_ns > now_ns ? l->free_ns : INT64_MAX;
    for (size_t i = 0; i < G_N_ELEMENTS(l->parcels); i++) {
        const struct parcel *p = l->parcels[i].head ? l->parcels[i].head->data : NULL;
        if (p)
            next = MIN(next, p->due_ns);
    }
    return next;
}

bool slowlink_is_idle(const struct slowlink *l, int64_t now_ns)
{
    return now_ns >= l->free_ns && l->parcels[SLOWLINK_TO_TERMINAL].length == 0;
}
