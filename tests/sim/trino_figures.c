/* The figures of a query at a moment, all out of how far it has come. */
#include "trino_facts.h"

#include <math.h>
#include <string.h>

#define WORKER_SLOTS 24 /* splits of one query that a node works on at once */

static guint count_bits(guint mask)
{
    return (guint)__builtin_popcount(mask);
}

static void tell_times(struct facts *k)
{
    const struct query *q = k->q;
    double now = (double)(k->w->now_ms);
    double end = q->ended_ms == NEVER ? now : (double)q->ended_ms;
    double created = (double)q->created_ms;
    bool begun = q->started_ms != NEVER;
    double started = begun ? (double)q->started_ms : end;
    double fraction = (double)(q->number % 89) / 97; /* of a millisecond */
    double *f = k->f;
    f[F_CREATED] = created;
    f[F_ENDED] = q->ended_ms == NEVER ? NAN : end;
    f[F_STARTED] = begun || q->ended_ms != NEVER ? started : NAN;
    f[F_HEARTBEAT] = MIN(now, end + 30);
    f[F_ELAPSED] = MAX(end - created, 0) + fraction;
    f[F_QUEUED] = MAX(started - created, 0) + fraction;
    f[F_WAITING] = begun ? 1 + fraction : 0;
    f[F_EXECUTION] = MAX(end - started, 0);
    f[F_ANALYSIS] = (double)q->analysis_ms + fraction;
    if (!begun)
        return;
    double run = end - started;
    f[F_PLANNING] = MIN((double)q->planning_ms, run);
    f[F_PLANNING_CPU] = 0.6 * f[F_PLANNING];
    f[F_STARTING] = CLAMP(run - f[F_PLANNING], 0, (double)q->starting_ms);
    if (k->state == QUERY_FINISHED)
        f[F_FINISHING] = MIN((double)q->finishing_ms, run);
    else if (k->state == QUERY_FINISHING)
        f[F_FINISHING] = MAX(end - (double)q->worked_ms, 0);
}

static void tell_splits(struct facts *k, double share)
{
    const struct query *q = k->q;
    double *f = k->f;
    guint nodes = MAX(count_bits(q->nodes), 1);
    f[F_SPLITS] = q->splits;
    f[F_SPLITS_DONE] = floor(share * q->splits);
    f[F_TASKS] = 1 + (q->stages - 1) * (double)nodes;
    if (k->state == QUERY_RUNNING) {
        double left = f[F_SPLITS] - f[F_SPLITS_DONE];
        double begun = MIN(left, (double)nodes * WORKER_SLOTS);
        double waiting = q->stalled_ms != NEVER ? 1 : q->starved ? 0.94 : q->blocked;
        f[F_SPLITS_BLOCKED] = floor(begun * waiting + 0.5);
        f[F_SPLITS_RUNNING] = begun - f[F_SPLITS_BLOCKED];
        f[F_SPLITS_QUEUED] = left - begun;
        f[F_FULLY_BLOCKED] = q->stalled_ms != NEVER;
        double early = MIN(TRINO_EARLY_TASKS, nodes - 1);
        f[F_TASKS_DONE] = share > TRINO_EARLY ? (q->stages - 1) * early : 0;
        f[F_TASKS_RUNNING] = f[F_TASKS] - f[F_TASKS_DONE];
    } else {
        f[F_TASKS_DONE] = f[F_TASKS];
        if (k->state == QUERY_FAILED) /* what was at work is counted so for ever */
            f[F_SPLITS_RUNNING] = f[F_SPLITS] - f[F_SPLITS_DONE];
        else
            f[F_SPLITS_DONE] = f[F_SPLITS];
        f[F_TASKS_FAILED] = k->state == QUERY_FAILED && q->error != &failures[FAIL_CANCELED];
    }
    f[F_TASKS_FAILED] += q->lost_tasks;
    f[F_PROGRESS] = 100 * f[F_SPLITS_DONE] / f[F_SPLITS];
    f[F_RUNNING_PERCENT] = 100 * f[F_SPLITS_RUNNING] / f[F_SPLITS];
}

static void tell_work(struct facts *k, double share)
{
    const struct query *q = k->q;
    double *f = k->f;
    double run_ms = MAX(f[F_EXECUTION] - f[F_PLANNING] - f[F_STARTING] - f[F_FINISHING], 0);
    double waiting = MIN(q->blocked + 0.1, 0.95);
    f[F_CPU] = q->cpu_ms * share;
    f[F_SCHEDULED] = f[F_CPU] * 1.45;
    f[F_BLOCKED] = f[F_SCHEDULED] * waiting / (1 - waiting);
    if (q->stalled_ms != NEVER && k->state != QUERY_FAILED)
        f[F_BLOCKED] += (double)(k->w->now_ms - q->stalled_ms) * (double)count_bits(q->nodes);
    f[F_INPUT_BLOCKED] = f[F_BLOCKED] * 0.7;
    f[F_OUT_BLOCKED] = f[F_BLOCKED] * 0.1;
    f[F_MEMORY] = k->state < QUERY_FINISHED ? floor(q->memory) : 0;
    f[F_MEMORY_MOST] = floor(q->memory_most);
    f[F_TASK_MOST] = floor(q->memory_most / MAX(count_bits(q->nodes), 1) * 0.6);
    f[F_CUMULATIVE] = q->memory_most * 0.85 * run_ms;
    f[F_READ_BYTES] = f[F_BYTES] = floor(q->bytes * share);
    f[F_READ_ROWS] = f[F_ROWS] = floor(q->rows * share);
    f[F_READ_TIME] = f[F_SCHEDULED] * 0.3;
    f[F_NETWORK_BYTES] = floor(f[F_BYTES] * 0.14);
    f[F_NETWORK_ROWS] = floor(f[F_ROWS] * 0.11);
    f[F_RAW_BYTES] = f[F_READ_BYTES] + f[F_NETWORK_BYTES];
    f[F_RAW_ROWS] = f[F_READ_ROWS] + f[F_NETWORK_ROWS];
    f[F_WRITTEN_BYTES] = floor(q->written_bytes * share);
    f[F_WRITTEN_ROWS] = q->update_type ? floor(f[F_ROWS] * 0.3) : 0;
    f[F_OUT_ROWS] = q->update_type ? 1 : floor(MIN(q->rows * 0.001, 5000) * share) + 1;
    f[F_OUT_BYTES] = f[F_OUT_ROWS] * 46;
    f[F_BUFFERED] = k->state == QUERY_RUNNING ? floor(f[F_MEMORY] * 0.02) : 0;
}

void trino_facts(const struct world *w, const struct query *q, struct facts *out)
{
    *out = (struct facts){.w = w, .q = q, .state = query_state(q, w->now_ms)};
    tell_times(out);
    bool ran = out->state >= QUERY_RUNNING && q->started_ms != NEVER;
    if (!ran)
        return;
    double share = CLAMP(q->done_ms / q->work_ms, 0, 1);
    if (out->state == QUERY_FINISHED || out->state == QUERY_FINISHING)
        share = 1;
    out->f[F_IS_SCHEDULED] = 1;
    tell_splits(out, share);
    tell_work(out, share);
}

/* -- a part of it --------------------------------------------------------------------------------- */

enum sharing { ALL, WORK, INPUT, LIVE };

/* spans may have fractions; all else is counted. */
static const struct {
    enum sharing sharing;
    bool span;
} parts[FIGURES] = {
    [F_SPLITS_DONE] = {WORK, false},
    [F_CUMULATIVE] = {WORK, true},
    [F_MEMORY_MOST] = {WORK, false},
    [F_SCHEDULED] = {WORK, true},
    [F_CPU] = {WORK, true},
    [F_BLOCKED] = {WORK, true},
    [F_INPUT_BLOCKED] = {WORK, true},
    [F_OUT_BYTES] = {WORK, false},
    [F_OUT_ROWS] = {WORK, false},
    [F_OUT_BLOCKED] = {WORK, true},
    [F_WRITTEN_BYTES] = {WORK, false},
    [F_WRITTEN_ROWS] = {WORK, false},
    [F_READ_BYTES] = {INPUT, false},
    [F_READ_ROWS] = {INPUT, false},
    [F_READ_TIME] = {INPUT, true},
    [F_NETWORK_BYTES] = {INPUT, false},
    [F_NETWORK_ROWS] = {INPUT, false},
    [F_RAW_BYTES] = {INPUT, false},
    [F_RAW_ROWS] = {INPUT, false},
    [F_BYTES] = {INPUT, false},
    [F_ROWS] = {INPUT, false},
    [F_SPLITS_QUEUED] = {LIVE, false},
    [F_SPLITS_RUNNING] = {LIVE, false},
    [F_SPLITS_BLOCKED] = {LIVE, false},
    [F_MEMORY] = {LIVE, false},
    [F_BUFFERED] = {LIVE, false},
};

void trino_part(const struct facts *all, const struct portion *p, struct facts *out)
{
    *out = *all;
    for (guint i = 0; i < FIGURES; i++) {
        enum sharing sharing = parts[i].sharing;
        double from = sharing == WORK    ? p->work.from
                      : sharing == INPUT ? p->input.from
                                         : p->live.from;
        double to = sharing == WORK ? p->work.to : sharing == INPUT ? p->input.to : p->live.to;
        double x = all->f[i];
        if (sharing != ALL && parts[i].span)
            out->f[i] = x * (to - from);
        else if (sharing != ALL)
            out->f[i] = floor(x * to + 0.5) - floor(x * from + 0.5);
    }
    out->f[F_SPLITS] = out->f[F_SPLITS_DONE] + out->f[F_SPLITS_QUEUED] + out->f[F_SPLITS_RUNNING] +
                       out->f[F_SPLITS_BLOCKED];
}
