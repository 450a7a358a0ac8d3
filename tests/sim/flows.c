#include "flows_model.h"

#include <string.h>

#include "machines.h"

#define MINUTE_MS 60000

/* -- names ------------------------------------------------------------------------------------- */

const char *ti_state_name(enum ti_state state)
{
    static const char *const names[TI_STATES] = {
        [TI_SCHEDULED] = "scheduled",
        [TI_QUEUED] = "queued",
        [TI_RUNNING] = "running",
        [TI_SUCCESS] = "success",
        [TI_FAILED] = "failed",
        [TI_UP_FOR_RETRY] = "up_for_retry",
        [TI_UP_FOR_RESCHEDULE] = "up_for_reschedule",
        [TI_SKIPPED] = "skipped",
        [TI_UPSTREAM_FAILED] = "upstream_failed",
        [TI_DEFERRED] = "deferred",
    };
    return names[state];
}

bool ti_is_over(enum ti_state state)
{
    return state == TI_SUCCESS || state == TI_FAILED || state == TI_SKIPPED ||
           state == TI_UPSTREAM_FAILED;
}

static const char *const run_states[RUN_STATES] = {
    [RUN_QUEUED] = "queued",
    [RUN_RUNNING] = "running",
    [RUN_SUCCESS] = "success",
    [RUN_FAILED] = "failed",
};

const char *run_state_name(enum run_state state)
{
    return run_states[state];
}

bool run_state_parse(const char *name, enum run_state *state)
{
    for (guint i = 0; i < RUN_STATES; i++) {
        if (strcmp(run_states[i], name) == 0) {
            *state = (enum run_state)i;
            return true;
        }
    }
    return false;
}

/* -- chance ------------------------------------------------------------------------------------ */

/* splitmix64, as in world.c: the past asks for so many that names are too slow for it. */
static guint64 mix(guint64 x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

guint64 dag_hash(const struct dag *d, guint64 what, guint64 number)
{
    return mix(mix(d->seed + what) ^ number);
}

double dag_chance(const struct dag *d, guint64 what, guint64 number)
{
    return (double)(dag_hash(d, what, number) >> 11) / 9007199254740992.0; /* 2^53 */
}

/* -- life -------------------------------------------------------------------------------------- */

static void free_ti(struct ti *t)
{
    for (guint i = 0; t->before && i < t->before->len; i++)
        g_free(g_array_index(t->before, struct attempt, i).error);
    if (t->before)
        g_array_unref(t->before);
    g_free(t->now.error);
    g_free(t->note);
}

void run_free(struct run *r)
{
    if (!r)
        return;
    for (guint i = 0; i < r->count; i++)
        free_ti(&r->ti[i]);
    g_free(r->ti);
    g_free(r->id);
    g_free(r->conf);
    g_free(r->note);
    g_free(r->user);
    g_free(r->doom);
    g_free(r);
}

static void dag_free(gpointer data)
{
    struct dag *d = data;
    g_ptr_array_unref(d->runs);
    g_clear_pointer(&d->kept, g_array_unref);
    g_free(d->doom);
    g_free(d->id);
    g_free(d);
}

static void find_workers(struct flows *f, const struct machines *m)
{
    for (guint i = 0; m && i < machines_count(m); i++) {
        const char *role = machines_at(m, i)->role;
        int index = (int)i;
        if (strcmp(role, "work") == 0 || strcmp(role, "airflow") == 0)
            g_array_append_val(f->workers, index);
    }
}

struct flows *flows_new(const struct world *w)
{
    struct flows *f = g_new0(struct flows, 1);
    f->dags = g_ptr_array_new_with_free_func(dag_free);
    f->by_id = g_hash_table_new(g_str_hash, g_str_equal);
    f->tables = g_array_new(FALSE, TRUE, sizeof(struct table));
    f->active = g_ptr_array_new();
    f->workers = g_array_new(FALSE, FALSE, sizeof(int));
    f->begin_ms = w->now_ms;
    f->stopped_ms = FLOWS_NONE;
    find_workers(f, w->machines);
    flows_define(f, w);
    return f;
}

void flows_free(struct flows *f)
{
    if (!f)
        return;
    g_ptr_array_unref(f->active);
    g_hash_table_unref(f->by_id);
    g_ptr_array_unref(f->dags);
    g_array_unref(f->tables);
    g_array_unref(f->workers);
    g_free(f);
}

/* -- steps ------------------------------------------------------------------------------------- */

/* As many live runs are kept as there are past ones. */
static void forget_oldest(struct dag *d)
{
    while (d->runs->len > (guint)d->past) {
        const struct run *oldest = g_ptr_array_index(d->runs, 0);
        if (oldest->active)
            return;
        g_ptr_array_remove_index(d->runs, 0);
    }
}

/* Only the newest of the runs that were missed is made. */
static void make_due(struct world *w, struct dag *d)
{
    d->next_ms += (w->now_ms - d->next_ms) / d->period_ms * d->period_ms;
    const struct run_head head = {
        .state = RUN_QUEUED,
        .logical_ms = d->next_ms,
        .after_ms = d->next_ms,
        .queued_ms = w->now_ms,
        .start_ms = FLOWS_NONE,
        .end_ms = FLOWS_NONE,
        .updated_ms = w->now_ms,
    };
    g_autofree char *id = run_scheduled_id(d->next_ms);
    forget_oldest(d);
    live_add(w->flows, d, id, &head);
    d->next_ms += d->period_ms;
}

/* All schedules are in whole minutes of the plot. */
void flows_step(struct world *w)
{
    const struct flows *f = w->flows;
    bool minute = world_plot_ms(w) % MINUTE_MS == 0;
    for (guint i = 0; minute && f->stopped_ms == FLOWS_NONE && i < f->dags->len; i++) {
        struct dag *d = g_ptr_array_index(f->dags, i);
        if (d->next_ms <= w->now_ms && !d->paused && d->import_ms == FLOWS_NONE)
            make_due(w, d);
    }
    live_step(w);
}

/* -- for others -------------------------------------------------------------------------------- */

struct dag *flows_find(const struct flows *f, const char *id)
{
    return g_hash_table_lookup(f->by_id, id);
}

struct pool *flows_pool(struct flows *f, const char *name)
{
    for (guint i = 1; name && i < FLOWS_POOLS; i++)
        if (strcmp(f->pool[i].name, name) == 0)
            return &f->pool[i];
    return &f->pool[0];
}

guint flows_table_count(const struct flows *f)
{
    return f->tables->len;
}

const struct table *flows_table(const struct flows *f, guint i)
{
    return &g_array_index(f->tables, struct table, i);
}

static const struct run *newest_ended(const struct dag *d)
{
    const struct run *newest = NULL;
    for (guint i = 0; i < d->runs->len; i++) {
        const struct run *r = g_ptr_array_index(d->runs, i);
        bool ended = r->head.state == RUN_FAILED || r->head.state == RUN_SUCCESS;
        if (ended && (!newest || r->head.after_ms > newest->head.after_ms))
            newest = r;
    }
    return newest;
}

/* The newest run of the past went well, so that only live ones matter. */
void flows_each_failed(const struct flows *f,
    void (*visit)(const char *dag, const char *run, int64_t at_ms, void *data), void *data)
{
    for (guint i = 0; i < f->dags->len; i++) {
        const struct dag *d = g_ptr_array_index(f->dags, i);
        const struct run *r = d->runs->len ? newest_ended(d) : NULL;
        bool newer = r && (r->head.after_ms >= d->last_ms || past_is_kept(d, -1));
        if (newer && r->head.state == RUN_FAILED)
            visit(d->id, r->id, r->head.end_ms, data);
    }
}
