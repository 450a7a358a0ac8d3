/* What requests and plots do to runs and tasks. */
#include "flows_model.h"

#include <string.h>

#include "machines.h"
#include "quantity.h"

#define BEAT_MS  5000  /* between two heartbeats of the scheduler */
#define STALE_MS 30000 /* a heartbeat that is older makes it unhealthy */

/* -- finding ----------------------------------------------------------------------------------- */

struct run *flows_run(const struct flows *f, struct dag *d, const char *id, struct run **made)
{
    *made = NULL;
    for (guint i = 0; i < d->runs->len; i++) {
        struct run *r = g_ptr_array_index(d->runs, i);
        if (strcmp(r->id, id) == 0)
            return r;
    }
    int number = past_number(d, run_scheduled_ms(id));
    if (number != 0)
        *made = past_run(f, d, number);
    return *made;
}

struct run *flows_keep(struct flows *f, struct run *take_r)
{
    struct dag *d = take_r->dag;
    (void)f;
    if (take_r->past == 0)
        return take_r;
    if (!d->kept)
        d->kept = g_array_new(FALSE, FALSE, sizeof(int));
    g_array_append_val(d->kept, take_r->past);
    take_r->past = 0;
    g_ptr_array_add(d->runs, take_r);
    return take_r;
}

int flows_worker(const struct world *w, guint64 n, bool up)
{
    const GArray *workers = w->flows->workers;
    for (guint i = 0; i < workers->len; i++) {
        int machine = g_array_index(workers, int, (n + i) % workers->len);
        if (!up || !machines_at(w->machines, (guint)machine)->down)
            return machine;
    }
    return -1;
}

const char *flows_host(const struct world *w, int machine)
{
    return machine < 0 ? "" : machines_at(w->machines, (guint)machine)->name;
}

bool flows_scheduler_is_well(const struct world *w, int64_t *beat_ms)
{
    int64_t stopped = w->flows->stopped_ms;
    int64_t at = stopped == FLOWS_NONE ? w->now_ms : stopped;
    *beat_ms = at - at % BEAT_MS + 415;
    if (*beat_ms > at)
        *beat_ms -= BEAT_MS;
    return w->now_ms - *beat_ms < STALE_MS;
}

/* What a bad release does: plots speak of a type error. */
const char *flows_breakage(const struct dag *d)
{
    static const char *const texts[] = {
        "TypeError: unsupported operand type(s) for -: 'str' and 'datetime.timedelta'",
        "TypeError: 'NoneType' object is not subscriptable",
        "TypeError: '<' not supported between instances of 'str' and 'int'",
        "TypeError: merge() missing 1 required positional argument: 'keys'",
    };
    return texts[dag_hash(d, 300, (guint64)d->broken) % G_N_ELEMENTS(texts)];
}

/* -- runs -------------------------------------------------------------------------------------- */

struct run *flows_trigger(
    struct world *w, struct dag *d, const char *id, int64_t logical_ms, const char *conf)
{
    const struct run_head head = {
        .state = RUN_QUEUED,
        .manual = true,
        .logical_ms = logical_ms,
        .after_ms = w->now_ms,
        .queued_ms = w->now_ms,
        .start_ms = FLOWS_NONE,
        .end_ms = FLOWS_NONE,
        .updated_ms = w->now_ms,
    };
    g_autoptr(GString) iso = g_string_new(NULL);
    quantity_append_iso(iso, w->now_ms);
    g_autofree char *own = g_strdup_printf("manual__%.23s%03u+00:00_%08x", iso->str,
        d->serial % 1000, (guint)dag_hash(d, 301, d->serial));
    struct run *r = live_add(w->flows, d, id ? id : own, &head);
    r->conf = g_strdup(conf);
    return r;
}

void flows_requeue(struct world *w, struct run *r)
{
    r->head.updated_ms = w->now_ms;
    if (r->head.state == RUN_SUCCESS || r->head.state == RUN_FAILED) {
        r->head.state = RUN_QUEUED;
        r->head.queued_ms = w->now_ms;
        r->head.start_ms = r->head.end_ms = FLOWS_NONE;
    }
    live_wake(w->flows, r);
}

void flows_clear(struct world *w, struct run *r, struct ti *t)
{
    live_keep_try(t);
    live_set(w->flows, r, t, TI_NONE);
    t->max_tries = t->now.number + r->dag->plan->tasks[t->task].retries;
    t->lost_ms = FLOWS_NONE;
}

/* What could not run because of the task may do so now. */
void flows_mark_task(struct world *w, struct run *r, struct ti *t, enum ti_state state)
{
    bool again = false;
    if (!ti_is_over(t->now.state))
        t->now.end_ms = w->now_ms;
    live_set(w->flows, r, t, state);
    for (guint i = 0; i < r->count; i++) {
        struct ti *other = &r->ti[i];
        if (other->now.state == TI_UPSTREAM_FAILED &&
            plan_follows(r->dag->plan, other->task, t->task)) {
            flows_clear(w, r, other);
            again = true;
        }
    }
    r->head.updated_ms = w->now_ms;
    if (again)
        flows_requeue(w, r);
}

/* A task whose run is marked. */
static enum ti_state marked(enum ti_state now, enum run_state state)
{
    if (state == RUN_SUCCESS)
        return TI_SUCCESS;
    if (ti_is_over(now))
        return now;
    return now == TI_RUNNING ? TI_FAILED : TI_SKIPPED;
}

void flows_mark_run(struct world *w, struct run *r, enum run_state state)
{
    if (state == RUN_QUEUED) {
        flows_requeue(w, r);
        return;
    }
    for (guint i = 0; i < r->count; i++) {
        struct ti *t = &r->ti[i];
        if (!ti_is_over(t->now.state))
            t->now.end_ms = w->now_ms;
        live_set(w->flows, r, t, marked(t->now.state, state));
    }
    if (r->head.state == RUN_RUNNING)
        r->dag->running--;
    if (r->head.end_ms == FLOWS_NONE)
        r->head.end_ms = w->now_ms;
    r->head.state = state;
    r->head.updated_ms = w->now_ms;
}

void flows_pause(struct world *w, struct dag *d, bool paused)
{
    if (d->paused != paused)
        world_note(w, "%s %s", d->id, paused ? "is paused" : "is on again");
    d->paused = paused;
}
