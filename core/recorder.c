#include "recorder.h"

#include "error.h"
#include "rid.h"

#define THIN_FIRST_MS 30000
#define THIN_MORE_MS  500 /* between two parts, while there is more */
#define THIN_IDLE_MS  60000

struct slot {
    const struct snapshot *waiting; /* or NULL */
    int64_t first_ms, newest_ms;    /* when what waits began to, and when its newest came */
    int64_t written_ms;
};

struct recorder {
    struct history *history;
    GHashTable *slots; /* "kind address" to struct slot */
    int64_t not_before_ms, thin_ms;
    GError *error; /* of the newest writing, or NULL */
    bool news;
};

static void slot_free(gpointer data)
{
    struct slot *s = data;
    snapshot_unref(s->waiting);
    g_free(s);
}

struct recorder *recorder_new(const struct history_options *o)
{
    struct recorder *r = g_new0(struct recorder, 1);
    r->history = history_open(o);
    r->slots = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, slot_free);
    return r;
}

void recorder_free(struct recorder *r)
{
    if (!r)
        return;
    history_close(r->history);
    g_hash_table_unref(r->slots);
    g_clear_error(&r->error);
    g_free(r);
}

struct history *recorder_history(struct recorder *r)
{
    return r->history;
}

void recorder_take(struct recorder *r, const struct snapshot *s, int64_t mono_ms)
{
    if (!history_wants(snapshot_kind(s)))
        return;
    g_autofree char *scope = rid_print(snapshot_scope(s));
    g_autofree char *name = g_strconcat(snapshot_kind(s)->name, " ", scope, NULL);
    struct slot *slot = g_hash_table_lookup(r->slots, name);
    if (!slot) {
        slot = g_new0(struct slot, 1);
        slot->written_ms = mono_ms - HISTORY_FRAME_MS;
        g_hash_table_insert(r->slots, g_steal_pointer(&name), slot);
    }
    if (!slot->waiting)
        slot->first_ms = mono_ms;
    slot->newest_ms = mono_ms;
    snapshot_ref(s);
    snapshot_unref(slot->waiting);
    slot->waiting = s;
}

/* A second after the newest, when the last frame is long enough ago; and not much later, however often
 * something newer comes. */
static int64_t due_of(const struct slot *s)
{
    int64_t due = MAX(
        s->newest_ms + RECORDER_SETTLE_MS, s->written_ms + HISTORY_FRAME_MS - RECORDER_SETTLE_MS);
    return MIN(due, s->first_ms + HISTORY_FRAME_MS);
}

static void set_error(struct recorder *r, GError *take_error)
{
    r->news |= (r->error != NULL) != (take_error != NULL) ||
               (take_error && g_strcmp0(r->error->message, take_error->message) != 0);
    g_clear_error(&r->error);
    r->error = take_error;
}

/* Writes what is due and returns when the next will be. */
static int64_t write_due(struct recorder *r, bool flush, int64_t now_ms, int64_t mono_ms)
{
    int64_t next = INT64_MAX;
    g_autoptr(GPtrArray) due = g_ptr_array_new_with_free_func((GDestroyNotify)snapshot_unref);
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, r->slots);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct slot *s = value;
        if (!s->waiting) {
            if (mono_ms - s->written_ms > HISTORY_KEY_MS)
                g_hash_table_iter_remove(&iter); /* a scope that was closed */
            continue;
        }
        if (!flush && due_of(s) > mono_ms) {
            next = MIN(next, due_of(s));
            continue;
        }
        g_ptr_array_add(due, (gpointer)g_steal_pointer(&s->waiting));
        s->written_ms = mono_ms;
    }
    if (due->len == 0)
        return next;
    GError *error = NULL;
    if (!history_record(r->history, due, now_ms, &error) &&
        !g_error_matches(error, WEIR_ERROR, WEIR_ERROR_PROTOCOL)) /* a new file begins at once */
        r->not_before_ms = mono_ms + RECORDER_RETRY_MS;
    set_error(r, error);
    return next;
}

int64_t recorder_work(struct recorder *r, bool flush, int64_t now_ms, int64_t mono_ms)
{
    if (mono_ms < r->not_before_ms)
        return r->not_before_ms;
    if (r->thin_ms == 0)
        r->thin_ms = mono_ms + THIN_FIRST_MS;
    int64_t next = write_due(r, flush, now_ms, mono_ms);
    if (!flush && mono_ms >= r->thin_ms && r->not_before_ms <= mono_ms) {
        bool more;
        GError *error = NULL;
        if (!history_thin(r->history, now_ms, &more, &error))
            set_error(r, error);
        r->thin_ms = mono_ms + (more ? THIN_MORE_MS : THIN_IDLE_MS);
    }
    return MIN(next, r->thin_ms);
}

bool recorder_news(struct recorder *r, GError **error)
{
    if (!r->news)
        return false;
    r->news = false;
    *error = r->error ? g_error_copy(r->error) : NULL;
    return true;
}
