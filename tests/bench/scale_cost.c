#include "scale_cost.h"

#include "proc.h"

#include <string.h>
#include <time.h>

static double process_cpu_s(pid_t pid)
{
    clockid_t clock;
    struct timespec used = {0};
    if (clock_getcpuclockid(pid, &clock) == 0)
        clock_gettime(clock, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* By the name of the thread: lanes are called weir:SOURCE, the thread that draws weir. */
static GHashTable *threads_cpu_s(pid_t pid)
{
    GHashTable *sums = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GArray) threads = proc_threads(pid);
    for (guint i = 0; threads && i < threads->len; i++) {
        const struct proc_thread *t = &g_array_index(threads, struct proc_thread, i);
        double *sum = g_hash_table_lookup(sums, t->comm);
        if (!sum) {
            sum = g_new0(double, 1);
            g_hash_table_insert(sums, g_strdup(t->comm), sum);
        }
        *sum += (double)t->cpu_ns / 1e9;
    }
    return sums;
}

bool scale_cost_take(
    struct scale_cost *c, const struct scale_sim *sim, struct scale_session *s, GError **error)
{
    pid_t pid = pty_pid(scale_session_pty(s));
    if (!scale_sim_traffic(sim, c->traffic, error))
        return false;
    c->weir_cpu_s = process_cpu_s(pid);
    c->sim_cpu_s = scale_sim_cpu_s(sim);
    c->thread_cpu_s = threads_cpu_s(pid);
    return true;
}

void scale_cost_clear(struct scale_cost *c)
{
    g_clear_pointer(&c->thread_cpu_s, g_hash_table_unref);
}

static void report_traffic(const struct scale_cost *from, const struct scale_cost *to,
    double factor, const char *section, struct scale_report *report)
{
    for (int i = 0; i < SCALE_SERVICES; i++) {
        const struct scale_traffic *a = &from->traffic[i], *b = &to->traffic[i];
        double requests = (double)(b->requests - a->requests) * factor;
        g_autofree char *bytes = scale_amount((double)(b->bytes - a->bytes) * factor);
        g_autofree char *text = g_strdup_printf("%.0f / %s / %.0f / %d", requests, bytes,
            (double)(b->connections - a->connections) * factor, (int)b->in_flight_max);
        scale_report_add(report, &(struct scale_figure){.section = section,
                                     .name = scale_service_names[i],
                                     .value = requests,
                                     .text = text});
    }
}

static double *thread_of(const struct scale_cost *c, const char *name)
{
    return g_hash_table_lookup(c->thread_cpu_s, name);
}

/* "main 0.31 scheduler 0.82", the dearest first, as far as they fit. */
static char *threads_text(const struct scale_cost *from, const struct scale_cost *to, double factor)
{
    GString *out = g_string_new(NULL);
    g_autoptr(GHashTable) shown = g_hash_table_new(g_str_hash, g_str_equal);
    for (int places = 0; places < 3; places++) {
        GHashTableIter iter;
        gpointer key, value;
        const char *best = NULL;
        double most = 0.005;
        g_hash_table_iter_init(&iter, to->thread_cpu_s);
        while (g_hash_table_iter_next(&iter, &key, &value)) {
            const double *before = thread_of(from, key);
            double used = (*(double *)value - (before ? *before : 0)) * factor;
            if (used <= most || g_hash_table_contains(shown, key))
                continue;
            best = key;
            most = used;
        }
        if (!best)
            break;
        g_hash_table_add(shown, (gpointer)best);
        const char *lane = g_str_has_prefix(best, "weir:") ? best + strlen("weir:") : "draws";
        g_string_append_printf(out, "%s%.5s %.2f", out->len ? " " : "", lane, most);
    }
    return g_string_free(out, FALSE);
}

void scale_cost_report(const struct scale_cost *from, const struct scale_cost *to, double factor,
    const char *section, struct scale_report *report)
{
    report_traffic(from, to, factor, section, report);
    double weir = (to->weir_cpu_s - from->weir_cpu_s) * factor;
    g_autofree char *threads = threads_text(from, to, factor);
    scale_report_add(
        report, &(struct scale_figure){.section = section, .name = "weir's CPU, s", .value = weir});
    scale_report_add(report,
        &(struct scale_figure){
            .section = section, .name = "  its dearest threads", .value = weir, .text = threads});
    scale_report_add(report, &(struct scale_figure){.section = section,
                                 .name = "weir-sim's CPU, s",
                                 .value = (to->sim_cpu_s - from->sim_cpu_s) * factor});
}
