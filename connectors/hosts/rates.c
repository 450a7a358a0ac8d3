#include "rates.h"

#include <string.h>

#define SPAN_MIN_S 0.2 /* ticks of 10 ms say nothing about less */

/* The seconds between the two, or 0 when they cannot be compared. */
static double span_between(const struct sample *before, const struct sample *now)
{
    if (!before || before->uptime_s < 0 || now->uptime_s < 0)
        return 0;
    if (g_strcmp0(before->boot_id, now->boot_id) != 0)
        return 0;
    double span = now->uptime_s - before->uptime_s;
    return span >= SPAN_MIN_S ? span : 0;
}

static void rate_cpu(struct rates *r, const struct sample *before, const struct sample *now)
{
    if (!before->has_cpu || !now->has_cpu)
        return;
    double all = (double)(now->cpu_all - before->cpu_all);
    double idle = (double)(now->cpu_idle - before->cpu_idle);
    /* The kernel does not promise that iowait only grows. */
    double iowait = MAX((double)(now->cpu_iowait - before->cpu_iowait), 0);
    if (all <= 0 || idle < 0)
        return;
    r->iowait = CLAMP(100 * iowait / all, 0, 100);
    r->cpu = CLAMP(100 * (all - idle - iowait) / all, 0, 100);
}

static const struct sample_nic *nic_named(const struct sample *s, const char *name)
{
    for (guint i = 0; i < s->nics->len; i++) {
        const struct sample_nic *n = g_ptr_array_index(s->nics, i);
        if (strcmp(n->name, name) == 0)
            return n;
    }
    return NULL;
}

/* Over the interfaces that both have; when none counts (a container's only one is virtual), over all
 * but loopback. */
static bool sum_nics(
    struct rates *r, const struct sample *before, const struct sample *now, bool all)
{
    double in = 0, out = 0;
    bool any = false;
    for (guint i = 0; i < now->nics->len; i++) {
        const struct sample_nic *n = g_ptr_array_index(now->nics, i);
        const struct sample_nic *b = nic_named(before, n->name);
        if (!b || !(all ? strcmp(n->name, "lo") != 0 : sample_nic_counts(n->name)))
            continue;
        any = true;
        if (n->in < b->in || n->out < b->out)
            return true;
        in += (double)(n->in - b->in);
        out += (double)(n->out - b->out);
    }
    if (any) {
        r->net_in = in / r->span_s;
        r->net_out = out / r->span_s;
    }
    return any;
}

struct rates rates_between(const struct sample *before, const struct sample *now)
{
    struct rates r = {.cpu = -1, .iowait = -1, .net_in = -1, .net_out = -1, .oom_kills = -1};
    r.span_s = span_between(before, now);
    if (r.span_s <= 0)
        return r;
    rate_cpu(&r, before, now);
    if (!sum_nics(&r, before, now, false))
        sum_nics(&r, before, now, true);
    if (before->oom_kills >= 0 && now->oom_kills >= before->oom_kills)
        r.oom_kills = now->oom_kills - before->oom_kills;
    return r;
}

double *rates_of_tasks(const struct sample *before, const struct sample *now)
{
    double *cores = g_new(double, now->tasks->len + 1);
    double span = span_between(before, now);
    g_autoptr(GHashTable) known = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (guint i = 0; span > 0 && i < before->tasks->len; i++) {
        struct sample_task *t = g_ptr_array_index(before->tasks, i);
        g_hash_table_insert(known, &t->pid, t);
    }
    for (guint i = 0; i < now->tasks->len; i++) {
        const struct sample_task *t = g_ptr_array_index(now->tasks, i);
        const struct sample_task *b = g_hash_table_lookup(known, &t->pid);
        bool same = b && b->started == t->started && t->ticks >= b->ticks;
        cores[i] = same ? (double)(t->ticks - b->ticks) / (double)now->ticks_per_s / span : -1;
    }
    return cores;
}
