/* The engine's side of the history: what the drawing thread hands over and asks, and what the lane
 * makes of it. The thread and the lock are lane.c's. */
#include "lane_private.h"

#include "clock.h"
#include "rid.h"

void question_free(struct question *q)
{
    if (!q)
        return;
    g_strfreev(q->addresses);
    g_free(q);
}

/* -- the drawing thread ---------------------------------------------------------------------------- */

void engine_start_history(
    struct engine *e, const struct registry *r, const struct history_options *o)
{
    e->registry = r;
    e->recorder = recorder_new(o);
    engine_lock(e);
    e->history = lane_new(e, NULL, ROLE_HISTORY);
    lane_start(e->history);
    engine_unlock(e);
}

void engine_record(struct engine *e, const struct snapshot *s)
{
    engine_lock(e);
    if (e->history && !e->history->stop) {
        if (!e->records)
            e->records = g_ptr_array_new_with_free_func((GDestroyNotify)snapshot_unref);
        if (e->records->len >= RECORDS_MAX) {
            g_ptr_array_remove_index(e->records, 0);
            e->records_dropped++;
        }
        g_ptr_array_add(e->records, (gpointer)snapshot_ref(s));
        lane_signal(e->history);
    }
    engine_unlock(e);
}

guint64 engine_records_dropped(struct engine *e)
{
    engine_lock(e);
    guint64 dropped = e->records_dropped;
    engine_unlock(e);
    return dropped;
}

static guint64 ask(struct engine *e, const struct series_query *q)
{
    guint64 id = 0;
    engine_lock(e);
    if (e->history && !e->history->stop) {
        struct question *question = g_new0(struct question, 1);
        id = question->id = e->next_id++;
        if (q) {
            question->addresses = g_strdupv((char **)q->addresses);
            question->query = *q;
            question->query.addresses = (const char *const *)question->addresses;
        }
        g_queue_push_tail(&e->questions, question);
        lane_signal(e->history);
    }
    engine_unlock(e);
    return id;
}

guint64 engine_remember(struct engine *e)
{
    return ask(e, NULL);
}

guint64 engine_series(struct engine *e, const struct series_query *q)
{
    return ask(e, q);
}

bool engine_end_history(struct engine *e, int64_t ms)
{
    engine_lock(e);
    struct lane *l = e->history;
    if (l) {
        l->stop = true;
        g_ptr_array_remove(e->lanes, l);
        e->history = NULL;
        lane_signal(l);
    }
    engine_unlock(e);
    if (!l)
        return true;
    if (!lane_join(l, clock_mono_ms() + ms)) {
        lane_let_go(l);
        return false;
    }
    lane_free(l);
    g_clear_pointer(&e->recorder, recorder_free);
    return true;
}

/* -- the lane ------------------------------------------------------------------------------------ */

static bool is_cancelled(void *lane)
{
    return lane_cancelled(lane);
}

static void answer_last(struct lane *l)
{
    struct engine *e = l->engine;
    g_autoptr(GPtrArray) all =
        history_last(recorder_history(e->recorder), e->registry, clock_wall_ms());
    for (guint i = 0; i < all->len; i++) {
        const struct snapshot *s = g_ptr_array_index(all, i);
        g_autofree char *scope = rid_print(snapshot_scope(s));
        struct mail *m = mail_new(MAIL_SNAPSHOT);
        m->snapshot = snapshot_ref(s);
        m->slot = g_strdup_printf("r %s %s", snapshot_kind(s)->name, scope);
        lane_post(l, m);
    }
}

void history_lane_answer(struct lane *l, const struct question *q)
{
    if (!q->query.kind) {
        answer_last(l);
        return;
    }
    struct mail *m = mail_new(MAIL_SERIES);
    m->id = q->id;
    m->series = history_series(recorder_history(l->engine->recorder), &q->query, is_cancelled, l);
    if (lane_cancelled(l))
        mail_free(m);
    else
        lane_post(l, m);
}

int64_t history_lane_work(struct lane *l, GPtrArray *take_records, bool flush)
{
    struct recorder *r = l->engine->recorder;
    for (guint i = 0; take_records && i < take_records->len; i++)
        recorder_take(r, g_ptr_array_index(take_records, i), clock_mono_ms());
    if (take_records)
        g_ptr_array_unref(take_records);
    int64_t due = recorder_work(r, flush, clock_wall_ms(), clock_mono_ms());
    GError *error = NULL;
    if (recorder_news(r, &error)) {
        struct mail *m = mail_new(MAIL_HISTORY);
        m->error = error;
        m->slot = g_strdup("history");
        lane_post(l, m);
    }
    return due;
}
