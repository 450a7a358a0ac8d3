/* The log of requests, as lanes fill it and as lanes and the drawing thread read it. Every source has a
 * ring of its own, so that one that is asked a thousand things does not push the others out. */
#include "lane_private.h"
#include "rid.h"

static const char *const ask_words[] = {
    [ASK_SHOW] = "detail", [ASK_CHECK] = "doctor", [ASK_FOLLOW] = "log"};

void lane_note_request(struct lane *l, const struct request_note *note)
{
    if (!l->run)
        return;
    /* Only this thread changes the two. */
    const struct ask *ask = l->asking;
    const struct job *job = l->running;
    const char *feed = ask ? ask_words[ask->type] : job ? job->feed->name : "";
    const struct rid *about = ask ? ask->what : job ? job->scope : NULL;
    const char *source = source_name(l->run->source);
    g_autofree char *scope = about ? rid_print(about) : g_strdup(source);
    struct request *r = request_new(note, source, feed, scope);
    engine_lock(l->engine);
    r->id = l->engine->next_request++;
    request_log_add(&l->run->requests, r);
    engine_unlock(l->engine);
}

static gint newer_first(gconstpointer pa, gconstpointer pb)
{
    const struct request *a = *(const struct request *const *)pa;
    const struct request *b = *(const struct request *const *)pb;
    return (a->id < b->id) - (a->id > b->id);
}

GPtrArray *lane_requests(struct lane *l)
{
    struct engine *e = l->engine;
    GPtrArray *all = NULL;
    engine_lock(e);
    if (l->requests_seen != e->next_request + 1)
        all = g_ptr_array_new_with_free_func((GDestroyNotify)request_unref);
    l->requests_seen = e->next_request + 1;
    for (guint i = 0; all && i < e->runs->len; i++) {
        const struct source_run *run = g_ptr_array_index(e->runs, i);
        for (guint j = 0; j < run->requests.count; j++)
            g_ptr_array_add(all, (gpointer)request_ref(request_log_at(&run->requests, j)));
    }
    engine_unlock(e);
    if (all)
        g_ptr_array_sort(all, newer_first);
    return all;
}

/* Locked. */
static const struct request *find_id(const struct request_log *log, guint64 id)
{
    for (guint i = 0; i < log->count; i++)
        if (request_log_at(log, i)->id == id)
            return request_ref(request_log_at(log, i));
    return NULL;
}

const struct request *lane_request(struct lane *l, guint64 id, const struct source **asked)
{
    const struct request *r = NULL;
    engine_lock(l->engine);
    for (guint i = 0; !r && i < l->engine->runs->len; i++) {
        const struct source_run *run = g_ptr_array_index(l->engine->runs, i);
        r = find_id(&run->requests, id);
        *asked = run->source;
    }
    engine_unlock(l->engine);
    return r;
}

const struct request *engine_find_request(
    struct engine *e, const struct source *s, const struct feed *f, const struct rid *scope)
{
    g_autofree char *exact = rid_print(scope);
    engine_lock(e);
    const struct source_run *run = engine_find_run(e, s);
    const struct request_log *log = run ? &run->requests : NULL;
    const struct request *r = log ? request_log_find(log, f ? f->name : NULL, exact) : NULL;
    if (!r && log && f)
        r = request_log_find(log, f->name, source_name(s));
    if (r)
        request_ref(r);
    engine_unlock(e);
    return r;
}
