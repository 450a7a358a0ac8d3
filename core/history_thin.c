/* Thinning: frames older than a day are kept every 30 s, older than 14 days every 5 min, older than 90
 * days not at all; and when all of it is too large the oldest goes first. One call does one part: it
 * reads the frames from one key to another, and writes those that stay anew, a key
 * first; the day is looked through stream by stream, then the next day. A day that is done is
 * remembered only in memory: another look at it finds nothing and costs little. */
#include "history_private.h"

#include <glib/gstdio.h>
#include <string.h>

#define HOUR_MS 3600000

static const struct {
    int64_t older_ms, every_ms;
    int64_t part_ms; /* as long as one part takes some ten ms */
} tiers[] = {
    [1] = {HISTORY_DAY_MS, 30000, HISTORY_KEY_MS},
    [2] = {14 * HISTORY_DAY_MS, 300000, HOUR_MS},
};
#define KEEP_MS (90 * HISTORY_DAY_MS)

/* What of one part stays, while it is read. */
struct part {
    GArray *kept; /* struct kept */
    struct grid *before;
    int64_t before_ms;
    int64_t end_ms; /* of the part: a key that begins the next one, or 0 */
    int tier;
};

struct kept {
    int64_t at_ms, prev_ms;
    GByteArray *data;
};

static void kept_clear(gpointer data)
{
    g_byte_array_unref(((struct kept *)data)->data);
}

static struct grid *copy_grid(const struct grid *f)
{
    struct grid *copy = grid_new(f->fields, f->rows);
    copy->columns = f->columns;
    copy->incomplete = f->incomplete;
    memcpy(copy->key, f->key, f->rows * sizeof f->key[0]);
    for (guint32 i = 0; i < f->fields; i++) {
        memcpy(copy->value[i], f->value[i], f->rows * sizeof f->value[i][0]);
        memcpy(copy->tag[i], f->tag[i], f->rows);
    }
    return copy;
}

/* Keeps the first frame of each span. A part ends at a key beyond its length. */
static bool keep(struct history_walk *w, bool moved)
{
    (void)moved;
    struct part *p = w->data;
    int64_t every = tiers[p->tier].every_ms;
    if (w->key && w->at_ms >= w->from_ms + tiers[p->tier].part_ms) {
        p->end_ms = w->at_ms;
        return false;
    }
    if (p->before && w->at_ms / every == p->before_ms / every)
        return true;
    bool same = p->before && p->before->columns == w->frame->columns &&
                p->before->fields == w->frame->fields;
    struct kept k = {w->at_ms, same ? p->before_ms : -1,
        same ? grid_encode_delta(p->before, w->frame) : grid_encode_key(w->frame)};
    g_array_append_val(p->kept, k);
    grid_free(p->before);
    p->before = copy_grid(w->frame);
    p->before_ms = w->at_ms;
    return true;
}

static bool write_part(struct history_file *f, gint64 stream, int64_t from_ms, int64_t to_ms,
    const struct part *p, GError **error)
{
    if (!history_file_begin(f, error) || !history_file_delete(f, stream, from_ms, to_ms, error))
        return false;
    for (guint i = 0; i < p->kept->len; i++) {
        const struct kept *k = &g_array_index(p->kept, struct kept, i);
        const struct history_frame frame = {
            k->at_ms, k->prev_ms, p->tier, k->data->data, k->data->len};
        if (!history_file_put(f, stream, &frame, error))
            return false;
    }
    return history_file_commit(f, error);
}

/* One part of a stream, from a key on; *next: where the next one may begin. */
static bool thin_part(struct history_file *f, gint64 stream, int64_t from_ms, int64_t old_ms,
    int tier, int64_t *next, GError **error)
{
    struct part p = {.tier = tier};
    p.kept = g_array_new(FALSE, FALSE, sizeof(struct kept));
    g_array_set_clear_func(p.kept, kept_clear);
    struct history_walk w = {.seen = keep, .data = &p, .from_ms = from_ms, .to_ms = INT64_MAX};
    bool ok = history_walk_run(&w, f, stream, error);
    *next = p.end_ms ? p.end_ms : INT64_MAX;
    /* The last part waits until it is old as a whole: frames may still be added to it. */
    if (ok && (p.end_ms ? p.end_ms <= old_ms : w.at_ms < old_ms))
        ok = write_part(f, stream, from_ms, *next, &p, error);
    history_walk_end(&w);
    grid_free(p.before);
    g_array_unref(p.kept);
    return ok;
}

static int tier_at(int64_t age_ms)
{
    return age_ms > tiers[2].older_ms ? 2 : age_ms > tiers[1].older_ms ? 1 : 0;
}

/* Thins one part of a day. *more: there may be another one. */
static bool thin_day(struct history *h, const char *day, int64_t now_ms, bool *more, GError **error)
{
    *more = false;
    int tier = tier_at(now_ms - history_day_start(day));
    AUTO(history_file) f = tier > 0 ? history_day_open(h, day, true, error) : NULL;
    g_autoptr(GPtrArray) streams = f ? history_file_streams(f, h->environment, error) : NULL;
    for (guint i = 0; streams && i < streams->len; i++) {
        const struct history_stream *s = g_ptr_array_index(streams, i);
        if (s->id < h->thin_stream)
            continue;
        int64_t from = s->id == h->thin_stream ? h->thin_from_ms : 0;
        int64_t key = history_file_key_below(f, s->id, from, tier);
        int64_t old_ms = now_ms - tiers[tier].older_ms;
        if (key < 0 || key >= old_ms)
            continue;
        h->thin_stream = s->id;
        *more = true;
        bool ok = thin_part(f, s->id, key, old_ms, tier, &h->thin_from_ms, error);
        if (ok)
            history_file_shrink(f);
        return ok;
    }
    return tier == 0 || streams != NULL;
}

static void remove_day(const struct history *h, const char *day)
{
    static const char *const more[] = {"-wal", "-shm", ""};
    g_autofree char *path = history_path(h, day);
    for (unsigned i = 0; i < G_N_ELEMENTS(more); i++) {
        g_autofree char *file = g_strconcat(path, more[i], NULL);
        g_unlink(file);
    }
}

/* Beyond the cap: the oldest day, or the oldest hour where there is but one. */
static bool cut(struct history *h, const GPtrArray *days, GError **error)
{
    const char *oldest = g_ptr_array_index(days, 0);
    if (days->len > 1) {
        remove_day(h, oldest);
        return true;
    }
    AUTO(history_file) f = history_day_open(h, oldest, true, error);
    if (!f)
        return false;
    int64_t first = history_file_oldest(f);
    bool ok = history_file_begin(f, error) &&
              history_file_delete(f, 0, 0, first + HOUR_MS, error) && history_file_commit(f, error);
    for (unsigned i = 0; ok && i < 64; i++)
        history_file_shrink(f);
    return ok;
}

static bool is_too_large(const struct history *h)
{
    unsigned files;
    int64_t bytes;
    history_usage(h, &files, &bytes);
    return bytes > h->bytes_max;
}

bool history_thin(struct history *h, int64_t now_ms, bool *more, GError **error)
{
    *more = false;
    if (!history_writes(h))
        return true;
    g_autoptr(GPtrArray) days = history_days(h);
    if (days->len > 0 &&
        history_day_start(g_ptr_array_index(days, 0)) < now_ms - KEEP_MS - HISTORY_DAY_MS) {
        remove_day(h, g_ptr_array_index(days, 0));
        *more = true;
        return true;
    }
    if (days->len > 0 && is_too_large(h)) {
        *more = days->len > 1;
        return cut(h, days, error);
    }
    for (guint i = 0; i < days->len; i++) {
        const char *day = g_ptr_array_index(days, i);
        if (h->thinned && strcmp(day, h->thinned) < 0)
            continue;
        if (g_strcmp0(day, h->thinned) != 0) {
            g_free(h->thinned);
            h->thinned = g_strdup(day);
            h->thin_stream = 0;
            h->thin_from_ms = 0;
        }
        if (!thin_day(h, day, now_ms, more, error))
            return false;
        if (*more)
            return true;
    }
    g_clear_pointer(&h->thinned, g_free); /* begin with the oldest again, when next asked */
    return true;
}
