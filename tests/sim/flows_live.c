/* Runs that move: what the scheduler, the executor and the workers do to them in one step. */
#include "flows_model.h"

#include "kafka.h"
#include "machines.h"

#define ENRICH        "enrich-v2"
#define LAG_FEW       100e3 /* that the sensor is content with */
#define LAG_MANY      300e3 /* that the loaded rows are too few with */
#define POKE_MS       58000 /* between two looks of a sensor */
#define POKE_SOON_MS  45000 /* the first look comes always too soon */
#define WAIT_MAX_MS   ((int64_t)14 * 60 * 1000)
#define ORDERS_MAX_MS ((int64_t)40 * 60 * 1000)
#define HOUR_MS       ((int64_t)3600 * 1000)
#define ZOMBIE_MS     60000
#define TASKS_MAX     16   /* of one DAG at the same time */
#define HAND_OVER_MS  1000 /* in the scheduler and in the queue, at least */

enum { ABOUT_TIME = 200, ABOUT_HOST };

/* -- making ------------------------------------------------------------------------------------ */

void live_tasks(struct run *r)
{
    const struct plan *p = r->dag->plan;
    r->count = plan_instances(p);
    r->ti = g_new0(struct ti, r->count);
    guint n = 0;
    for (guint i = 0; i < p->count; i++) {
        int maps = p->tasks[i].mapped;
        for (int map = maps ? 0 : -1; map < maps; map++) {
            struct ti *t = &r->ti[n++];
            t->task = i;
            t->map = map;
            t->max_tries = p->tasks[i].retries;
            t->lost_ms = FLOWS_NONE;
            t->now.scheduled_ms = t->now.queued_ms = FLOWS_NONE;
            t->now.start_ms = t->now.end_ms = FLOWS_NONE;
            t->now.machine = -1;
        }
    }
}

void live_wake(struct flows *f, struct run *r)
{
    if (!r->active)
        g_ptr_array_add(f->active, r);
    r->active = true;
}

struct run *live_add(struct flows *f, struct dag *d, const char *id, const struct run_head *head)
{
    struct run *r = g_new0(struct run, 1);
    r->dag = d;
    r->head = *head;
    r->serial = d->serial++;
    r->id = g_strdup(id);
    r->doomed = d->doomed;
    r->doom = g_steal_pointer(&d->doom);
    d->doomed = -1;
    live_tasks(r);
    g_ptr_array_add(d->runs, r);
    live_wake(f, r);
    return r;
}

/* -- states ------------------------------------------------------------------------------------ */

static void count(struct flows *f, struct run *r, const struct ti *t, int n)
{
    const char *name = r->dag->plan->tasks[t->task].pool;
    struct pool *p = flows_pool(f, name);
    switch (t->now.state) {
    case TI_SCHEDULED: p->scheduled += n; return;
    case TI_DEFERRED: p->deferred += n; return;
    case TI_QUEUED: p->queued += n; break;
    case TI_RUNNING: p->running += n; break;
    default: return;
    }
    r->dag->tasks += (guint)n;
}

void live_set(struct flows *f, struct run *r, struct ti *t, enum ti_state state)
{
    count(f, r, t, -1);
    t->now.state = state;
    count(f, r, t, 1);
}

void live_keep_try(struct ti *t)
{
    if (t->now.number == 0)
        return;
    if (!t->before)
        t->before = g_array_new(FALSE, TRUE, sizeof(struct attempt));
    guint n = t->before->len;
    if (n > 0 && g_array_index(t->before, struct attempt, n - 1).number >= t->now.number)
        return;
    struct attempt a = t->now;
    a.state = ti_is_over(a.state) ? a.state : TI_FAILED;
    a.error = g_strdup(t->now.error);
    g_array_append_val(t->before, a);
}

/* A new try; or the same one again, when it comes back from waiting. */
static void schedule(const struct world *w, struct run *r, struct ti *t)
{
    bool again = t->now.state == TI_UP_FOR_RESCHEDULE || t->now.state == TI_DEFERRED;
    if (!again) {
        live_keep_try(t);
        g_clear_pointer(&t->now.error, g_free);
        t->now.number++;
        t->now.start_ms = t->now.end_ms = t->now.queued_ms = FLOWS_NONE;
        t->now.machine = -1;
        t->now.pid = 0;
        t->resumed = false;
    }
    t->lost_ms = FLOWS_NONE;
    live_set(w->flows, r, t, TI_SCHEDULED);
    t->now.scheduled_ms = w->now_ms;
}

static bool will_fail(const struct run *r, const struct ti *t)
{
    return r->doomed == (int)t->task || r->dag->broken == (int)t->task;
}

static double seconds(const struct run *r, const struct ti *t)
{
    const struct task *task = &r->dag->plan->tasks[t->task];
    guint64 n = (((guint64)r->serial * 16 + t->task) * 128 + (guint64)(t->map + 1)) * 64;
    double s = task->seconds * r->dag->factor *
               (0.87 + 0.3 * dag_chance(r->dag, ABOUT_TIME, n + (guint64)t->now.number));
    if (r->dag->slow == (int)t->task)
        s *= r->dag->slower;
    return will_fail(r, t) ? MAX(3, s * 0.3) : s;
}

static void start(const struct world *w, struct run *r, struct ti *t)
{
    guint64 n = (guint64)r->serial * 4096 + t->task * 128 + (guint)(t->map + 1);
    guint64 h = dag_hash(r->dag, ABOUT_HOST, n * 16 + (guint64)t->now.number);
    int machine = flows_worker(w, h, true);
    if (machine < 0)
        return; /* nobody takes it out of the queue */
    enum work work = r->dag->plan->tasks[t->task].work;
    bool short_ = work == WORK_WAIT_ENRICHED || work == WORK_WAIT_ORDERS || work == WORK_DEFER;
    live_set(w->flows, r, t, TI_RUNNING);
    t->now.machine = machine;
    t->now.pid = 4000 + (int)((h >> 24) % 50000);
    t->now.end_ms = FLOWS_NONE;
    if (t->now.start_ms == FLOWS_NONE)
        t->now.start_ms = w->now_ms;
    t->until_ms = w->now_ms + (short_ ? 2000 : (int64_t)(1000 * seconds(r, t)));
}

/* -- ends -------------------------------------------------------------------------------------- */

static void succeed(struct world *w, struct run *r, struct ti *t)
{
    t->now.end_ms = w->now_ms;
    live_set(w->flows, r, t, TI_SUCCESS);
    if (r->dag->plan->tasks[t->task].work != WORK_PUBLISH || r->dag->table < 0)
        return;
    struct table *table = &g_array_index(w->flows->tables, struct table, r->dag->table);
    table->updated_ms = w->now_ms;
    table->rows += table->rows / 500 + 1;
}

static void fail(struct world *w, struct run *r, struct ti *t, const char *error)
{
    const struct task *task = &r->dag->plan->tasks[t->task];
    bool retry = t->now.number <= t->max_tries;
    g_free(t->now.error);
    t->now.error = g_strdup(error);
    t->now.end_ms = w->now_ms;
    t->until_ms = w->now_ms + task->retry_delay_s * 1000;
    live_set(w->flows, r, t, retry ? TI_UP_FOR_RETRY : TI_FAILED);
}

static void wait_on(struct world *w, struct run *r, struct ti *t, enum ti_state state, double s)
{
    t->now.end_ms = w->now_ms;
    t->until_ms = w->now_ms + (int64_t)(1000 * s);
    live_set(w->flows, r, t, state);
}

static bool orders_are_fresh(const struct world *w, const struct run *r)
{
    const struct dag *orders = flows_find(w->flows, "orders_daily");
    const struct table *t = flows_table(w->flows, (guint)orders->table);
    int64_t hour = r->head.after_ms - (r->head.after_ms - orders->last_ms) % HOUR_MS;
    return t->updated_ms >= hour;
}

static void look(struct world *w, struct run *r, struct ti *t, enum work work)
{
    int64_t waited = w->now_ms - t->now.start_ms;
    if (work == WORK_WAIT_ORDERS && orders_are_fresh(w, r))
        succeed(w, r, t);
    else if (work == WORK_WAIT_ORDERS && waited > ORDERS_MAX_MS)
        fail(w, r, t,
            "AirflowSensorTimeout: Sensor has timed out; run duration of 2402.3 seconds exceeds "
            "the specified timeout of 2400.0.");
    else if (work == WORK_WAIT_ENRICHED && waited > POKE_SOON_MS &&
             (waited > WAIT_MAX_MS || kafka_group_lag(w->kafka, ENRICH) < LAG_FEW))
        succeed(w, r, t);
    else
        wait_on(w, r, t, TI_UP_FOR_RESCHEDULE, POKE_MS / 1000.0);
}

static void finish(struct world *w, struct run *r, struct ti *t)
{
    const struct task *task = &r->dag->plan->tasks[t->task];
    if (r->doomed == (int)t->task)
        fail(w, r, t, r->doom);
    else if (r->dag->broken == (int)t->task)
        fail(w, r, t, flows_breakage(r->dag));
    else if (task->work == WORK_WAIT_ORDERS || task->work == WORK_WAIT_ENRICHED)
        look(w, r, t, task->work);
    else if (task->work == WORK_LOAD_ORDERS && kafka_group_lag(w->kafka, ENRICH) > LAG_MANY)
        fail(w, r, t, "RowCountGuard: rows expected 48112 got 1207, below 90% of median");
    else if (task->work == WORK_DEFER && !t->resumed)
        wait_on(w, r, t, TI_DEFERRED, seconds(r, t));
    else
        succeed(w, r, t);
}

/* A task ends by itself when its time has come; when its host is away nobody hears of it again. */
static void step_running(struct world *w, struct run *r, struct ti *t)
{
    bool lost = machines_at(w->machines, (guint)t->now.machine)->down;
    if (!lost) {
        t->lost_ms = FLOWS_NONE;
        if (w->now_ms >= t->until_ms)
            finish(w, r, t);
        return;
    }
    if (t->lost_ms == FLOWS_NONE)
        t->lost_ms = w->now_ms;
    if (w->now_ms - t->lost_ms < ZOMBIE_MS)
        return;
    g_autofree char *error = g_strdup_printf(
        "TaskHeartbeatTimeout: no heartbeat of the task from %s for %d s: its worker is gone",
        flows_host(w, t->now.machine), ZOMBIE_MS / 1000);
    fail(w, r, t, error);
}

/* -- steps ------------------------------------------------------------------------------------- */

/* Which tasks of a run, as bits, are not over, have failed, were skipped. */
struct progress {
    guint open, failed, skipped;
};

static struct progress progress_of(const struct run *r)
{
    struct progress p = {0};
    for (guint i = 0; i < r->count; i++) {
        enum ti_state state = r->ti[i].now.state;
        guint bit = 1u << r->ti[i].task;
        p.open |= ti_is_over(state) ? 0 : bit;
        p.failed |= state == TI_FAILED || state == TI_UPSTREAM_FAILED ? bit : 0;
        p.skipped |= state == TI_SKIPPED ? bit : 0;
    }
    return p;
}

static void step_none(struct world *w, struct run *r, struct ti *t, const struct progress *p)
{
    guint after = r->dag->plan->tasks[t->task].after;
    if (after & p->open)
        return;
    if ((after & (p->failed | p->skipped)) == 0) {
        schedule(w, r, t);
        return;
    }
    live_keep_try(t);
    t->now.end_ms = w->now_ms;
    live_set(w->flows, r, t, after & p->failed ? TI_UPSTREAM_FAILED : TI_SKIPPED);
}

static void step_scheduled(struct world *w, struct run *r, struct ti *t)
{
    const struct pool *p = flows_pool(w->flows, r->dag->plan->tasks[t->task].pool);
    if (w->now_ms - t->now.scheduled_ms < HAND_OVER_MS || r->dag->tasks >= TASKS_MAX ||
        p->queued + p->running >= p->slots)
        return;
    live_set(w->flows, r, t, TI_QUEUED);
    t->now.queued_ms = w->now_ms;
}

static void step_task(struct world *w, struct run *r, struct ti *t, const struct progress *p)
{
    bool scheduler = w->flows->stopped_ms == FLOWS_NONE;
    if (t->now.state == TI_RUNNING)
        step_running(w, r, t);
    if (!scheduler)
        return;
    switch (t->now.state) {
    case TI_NONE: step_none(w, r, t, p); break;
    case TI_SCHEDULED: step_scheduled(w, r, t); break;
    case TI_QUEUED:
        if (w->now_ms - t->now.queued_ms >= HAND_OVER_MS)
            start(w, r, t);
        break;
    case TI_UP_FOR_RETRY:
    case TI_UP_FOR_RESCHEDULE:
    case TI_DEFERRED:
        t->resumed |= t->now.state == TI_DEFERRED && w->now_ms >= t->until_ms;
        if (w->now_ms >= t->until_ms)
            schedule(w, r, t);
        break;
    default: break;
    }
}

static void end_run(struct world *w, struct run *r, bool failed)
{
    r->head.state = failed ? RUN_FAILED : RUN_SUCCESS;
    r->head.end_ms = r->head.updated_ms = w->now_ms;
    r->dag->running--;
    if (failed)
        world_note(w, "%s: run %s failed", r->dag->id, r->id);
}

static void step_queued(struct world *w, struct run *r)
{
    const struct dag *d = r->dag;
    if (d->paused || d->import_ms != FLOWS_NONE || w->flows->stopped_ms != FLOWS_NONE ||
        (int)d->running >= d->max_active || w->now_ms - r->head.queued_ms < HAND_OVER_MS)
        return;
    r->head.state = RUN_RUNNING;
    r->head.start_ms = r->head.updated_ms = w->now_ms;
    r->head.end_ms = FLOWS_NONE;
    r->dag->running++;
}

/* Whether there is more to do. */
static bool step_run(struct world *w, struct run *r)
{
    if (r->head.state == RUN_QUEUED)
        step_queued(w, r);
    if (r->head.state == RUN_QUEUED)
        return true;
    struct progress p = progress_of(r);
    for (guint i = 0; i < r->count && p.open; i++)
        if (!ti_is_over(r->ti[i].now.state))
            step_task(w, r, &r->ti[i], &p);
    bool scheduler = w->flows->stopped_ms == FLOWS_NONE;
    if (scheduler)
        r->head.updated_ms = w->now_ms;
    if (p.open == 0 && scheduler && r->head.state == RUN_RUNNING)
        end_run(w, r, p.failed != 0);
    return r->head.state == RUN_RUNNING || progress_of(r).open != 0;
}

void live_step(struct world *w)
{
    GPtrArray *active = w->flows->active;
    guint kept = 0, before = active->len;
    for (guint i = 0; i < before; i++) {
        struct run *r = g_ptr_array_index(active, i);
        r->active = step_run(w, r);
        if (r->active)
            active->pdata[kept++] = r;
    }
    g_ptr_array_set_size(active, (gint)kept);
}
