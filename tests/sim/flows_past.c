/* Runs of before the world began: made out of the DAG's seed and the run's number whenever somebody
 * asks, always the same. */
#include "flows_model.h"

#include <string.h>

#include "quantity.h"

#define DAY_MS     ((int64_t)86400 * 1000)
#define FAILS_IN   60 /* runs of a DAG that fails now and then */
#define PREFIX     "scheduled__"
#define HOUR_S_MAX 1740.0 /* no past run is as long as the warm-up */

enum { ABOUT_RUN = 100, ABOUT_FAULT, ABOUT_TASK };

/* -- plans ------------------------------------------------------------------------------------- */

bool plan_follows(const struct plan *p, guint task, guint other)
{
    guint reached = 1u << other;
    for (guint i = other + 1; i <= task; i++)
        if (p->tasks[i].after & reached)
            reached |= 1u << i;
    return task != other && (reached & (1u << task)) != 0;
}

double plan_times(const struct plan *p, int failing, double *start_s, double *end_s)
{
    double all = 0;
    for (guint i = 0; i < p->count; i++) {
        const struct task *t = &p->tasks[i];
        start_s[i] = 1.5;
        for (guint k = 0; k < i; k++)
            if (t->after & (1u << k))
                start_s[i] = MAX(start_s[i], end_s[k] + 3);
        end_s[i] = start_s[i] + t->seconds;
        if (failing == (int)i)
            end_s[i] += t->retries * (t->seconds + t->retry_delay_s);
        if (failing < 0 || !plan_follows(p, i, (guint)failing))
            all = MAX(all, end_s[i]);
    }
    return all + 1;
}

const char *flows_mishap(guint64 n)
{
    static const char *const texts[] = {
        "ConnectionError: HTTPSConnectionPool(host='api.partner.example', port=443): Max retries "
        "exceeded (Caused by ConnectTimeoutError('timed out. (connect timeout=30)'))",
        "TrinoQueryError: TrinoQueryError(type=INSUFFICIENT_RESOURCES, "
        "name=EXCEEDED_LOCAL_MEMORY_LIMIT, message=\"Query exceeded per-node memory limit of "
        "4GB\")",
        "ValueError: could not convert string to float: 'N/A'",
        "KeyError: 'store_id'",
        "AirflowException: Bash command failed. The command returned a non-zero exit code 2.",
        "TimeoutError: no answer from s3.eu-central-1 within 60 s",
    };
    return texts[n % G_N_ELEMENTS(texts)];
}

/* -- one run ----------------------------------------------------------------------------------- */

bool past_is_kept(const struct dag *d, int number)
{
    for (guint i = 0; d->kept && i < d->kept->len; i++)
        if (g_array_index(d->kept, int, i) == number)
            return true;
    return false;
}

/* The task that fails in that run, or -1. The two newest runs went well. */
static int failing_task(const struct dag *d, int number)
{
    if (!d->fails || number >= -2)
        return -1;
    guint64 h = dag_hash(d, ABOUT_FAULT, (guint64)number);
    return h % FAILS_IN == 0 ? (int)((h / FAILS_IN) % d->plan->count) : -1;
}

static double share(guint64 bits)
{
    return (double)(bits & 0xffff) / 65536.0;
}

/* How much longer or shorter than usual. */
static double stretch(const struct dag *d, guint64 h, double usual_s)
{
    double s = d->factor * (0.87 + 0.3 * share(h >> 32));
    return usual_s * s > HOUR_S_MAX ? HOUR_S_MAX / usual_s : s;
}

void past_head(const struct dag *d, int number, struct run_head *out)
{
    guint64 h = dag_hash(d, ABOUT_RUN, (guint64)number);
    int failing = failing_task(d, number);
    double start_s[FLOWS_TASKS_MAX], end_s[FLOWS_TASKS_MAX];
    double usual_s = failing < 0 ? d->usual_s : plan_times(d->plan, failing, start_s, end_s);
    out->state = failing < 0 ? RUN_SUCCESS : RUN_FAILED;
    out->manual = false;
    out->logical_ms = out->after_ms = d->last_ms + (number + 1) * d->period_ms;
    out->queued_ms = out->after_ms + 300 + (int64_t)(1200 * share(h));
    out->start_ms = out->queued_ms + 200 + (int64_t)(700 * share(h >> 16));
    out->end_ms = out->start_ms + (int64_t)(1000 * usual_s * stretch(d, h, usual_s));
    out->updated_ms = out->end_ms + 40;
}

int past_number(const struct dag *d, int64_t after_ms)
{
    if (after_ms == FLOWS_NONE || after_ms > d->last_ms)
        return 0;
    int64_t before = d->last_ms - after_ms;
    if (before % d->period_ms != 0 || before / d->period_ms >= d->past)
        return 0;
    return -1 - (int)(before / d->period_ms);
}

char *run_scheduled_id(int64_t after_ms)
{
    g_autoptr(GString) iso = g_string_new(NULL);
    quantity_append_iso(iso, after_ms);
    return g_strdup_printf(PREFIX "%.19s+00:00", iso->str);
}

int64_t run_scheduled_ms(const char *id)
{
    int64_t ms;
    gsize n = strlen(id);
    if (!g_str_has_prefix(id, PREFIX) || n != strlen(PREFIX) + 25)
        return FLOWS_NONE;
    return quantity_parse_time(id + strlen(PREFIX), &ms) ? ms : FLOWS_NONE;
}

/* -- its tasks --------------------------------------------------------------------------------- */

/* What a task instance of the past is made of. */
struct maker {
    struct run *run;
    int failing;
    double stretch;
    const double *start_s, *end_s;
    const GArray *workers;
};

static int64_t at(const struct maker *m, double s)
{
    return m->run->head.start_ms + (int64_t)(1000 * s * m->stretch);
}

static void make_try(
    const struct maker *m, struct attempt *a, guint64 h, double start_s, double end_s)
{
    a->start_ms = at(m, start_s);
    a->end_ms = at(m, end_s);
    a->queued_ms = a->start_ms - 200 - (int64_t)(600 * share(h));
    a->scheduled_ms = a->queued_ms - 100 - (int64_t)(300 * share(h >> 16));
    guint count = m->workers->len;
    a->machine = count ? g_array_index(m->workers, int, (h >> 20) % count) : -1;
    a->pid = 4000 + (int)((h >> 40) % 50000);
}

/* The tries before the last one, all failed. */
static void make_failure(const struct maker *m, struct ti *t, const struct task *task, guint64 h)
{
    double each = task->seconds + task->retry_delay_s;
    const char *error = flows_mishap(h >> 3);
    if (task->retries > 0)
        t->before = g_array_new(FALSE, TRUE, sizeof(struct attempt));
    for (int i = 0; i < task->retries; i++) {
        struct attempt a = {.state = TI_FAILED, .number = i + 1, .error = g_strdup(error)};
        double start_s = m->start_s[t->task] + i * each;
        make_try(m, &a, h + (guint64)i, start_s, start_s + task->seconds);
        g_array_append_val(t->before, a);
    }
    t->now.number = task->retries + 1;
    t->now.state = TI_FAILED;
    t->now.error = g_strdup(error);
    make_try(m, &t->now, h + 99, m->end_s[t->task] - task->seconds, m->end_s[t->task]);
}

static void make_task(const struct maker *m, struct ti *t)
{
    const struct plan *p = m->run->dag->plan;
    const struct task *task = &p->tasks[t->task];
    guint64 number = (guint64)(m->run->past * 4096 + (int)t->task * 128 + t->map + 1);
    guint64 h = dag_hash(m->run->dag, ABOUT_TASK, number);
    bool fails = m->failing == (int)t->task;
    if (m->failing >= 0 && plan_follows(p, t->task, (guint)m->failing)) {
        t->now.state = TI_UPSTREAM_FAILED;
        t->now.end_ms = m->run->head.end_ms - 300;
        return;
    }
    if (fails && t->map <= 0) {
        make_failure(m, t, task, h);
        return;
    }
    t->now.state = TI_SUCCESS;
    t->now.number = 1;
    double start_s = m->start_s[t->task];
    double long_s = task->seconds * (t->map < 0 ? 1 : 0.6 + 0.4 * share(h >> 8));
    make_try(m, &t->now, h, start_s, start_s + long_s);
}

struct run *past_run(const struct flows *f, struct dag *d, int number)
{
    struct run *r = g_new0(struct run, 1);
    double start_s[FLOWS_TASKS_MAX], end_s[FLOWS_TASKS_MAX];
    int failing = failing_task(d, number);
    double usual_s = plan_times(d->plan, failing, start_s, end_s);
    r->dag = d;
    r->past = number;
    r->serial = (guint)(d->past + number);
    r->doomed = -1;
    past_head(d, number, &r->head);
    r->id = run_scheduled_id(r->head.after_ms);
    live_tasks(r);
    struct maker m = {
        .run = r,
        .failing = failing,
        .stretch = stretch(d, dag_hash(d, ABOUT_RUN, (guint64)number), usual_s),
        .start_s = start_s,
        .end_s = end_s,
        .workers = f->workers,
    };
    for (guint i = 0; i < r->count; i++)
        make_task(&m, &r->ti[i]);
    return r;
}
