/*
 * How it is measured. A start is timed from just before the fork. Content is there when the first
 * piece of output has arrived with which the screen matches. A key comes after a jittered gap, so
 * that it does not fall into step with a program's own timers; its answer is complete when 30 ms
 * have brought nothing more, and the time is that of the last byte, not of the end of the wait.
 * Counters from /proc and copies of the screen are taken outside the timed span. Bytes that a
 * program writes on its own while it answers count as part of the answer. Over the slow line only
 * the last key of a burst is timed: it shows whether work has piled up behind the line.
 */
#include "measure.h"

#include "load.h"
#include "pty/proc.h"
#include "pty/pty.h"

enum {
    CONTENT_TIMEOUT_MS = 30000,
    QUIET_MS = 60,           /* the first screen is complete */
    QUIET_TIMEOUT_MS = 2000, /* of a program that is never quiet */
    KEY_TIMEOUT_MS = 500,
    KEY_QUIET_MS = 30, /* the answer to a key is complete */
    GAP_MIN_MS = 20,
    GAP_MAX_MS = 60,
    QUIT_TIMEOUT_MS = 5000,
    BURSTS = 3,
    BURST_KEYS = 20,
    BURST_GAP_MS = 100,
    BURST_QUIET_MS = 400, /* well above the round trip */
    BURST_TIMEOUT_MS = 30000,
    MOVE_BYTES = 8, /* what a cursor move costs, for the least that a frame can cost */
};

static double ms(int64_t from_ns, int64_t to_ns)
{
    return (double)(to_ns - from_ns) / 1e6;
}

static char **environment(const struct settings *s, const struct program *p)
{
    GPtrArray *env = g_ptr_array_new();
    g_ptr_array_add(env, g_strdup_printf("HOME=%s", s->home));
    g_ptr_array_add(env, g_strdup_printf("XDG_CONFIG_HOME=%s/.config", s->home));
    g_ptr_array_add(env, g_strdup_printf("XDG_STATE_HOME=%s/.local/state", s->home));
    g_ptr_array_add(env, g_strdup_printf("XDG_DATA_HOME=%s/.local/share", s->home));
    g_ptr_array_add(env, g_strdup_printf("XDG_CACHE_HOME=%s/.cache", s->home));
    for (char **e = p->env; *e; e++)
        g_ptr_array_add(env, g_strdup(*e));
    g_ptr_array_add(env, NULL);
    return (char **)g_ptr_array_free(env, FALSE);
}

static struct pty *spawn(const struct settings *s, const struct program *p, GError **error)
{
    g_auto(GStrv) env = environment(s, p);
    struct pty_spec spec = {.argv = (const char *const *)p->argv,
        .env = (const char *const *)env,
        .cwd = p->cwd,
        .term = s->term,
        .width = s->width,
        .height = s->height};
    return pty_spawn(&spec, error);
}

/* Some programs paint all the time; what they have painted by then must do. */
static void settle(struct pty *t)
{
    pty_wait_quiet(t, QUIET_MS, QUIET_TIMEOUT_MS, NULL);
}

static void press_all(struct pty *t, char **keys)
{
    for (char **key = keys; *key; key++) {
        pty_key(t, *key);
        settle(t);
    }
}

/* A program at its measured state; NULL with the reason. */
static struct pty *open_session(const struct settings *s, const struct program *p, GError **error)
{
    AUTO(pty) t = spawn(s, p, error);
    if (!t || !pty_wait(t, p->content, CONTENT_TIMEOUT_MS, error))
        return NULL;
    settle(t);
    press_all(t, p->setup);
    return g_steal_pointer(&t);
}

static void measure_quit(struct pty *t, const struct program *p, struct samples *out)
{
    char **key = p->quit;
    for (; key[0] && key[1]; key++) {
        pty_key(t, *key);
        settle(t);
    }
    int64_t start = pty_now_ns();
    pty_key(t, *key);
    if (pty_wait_restored(t, QUIT_TIMEOUT_MS, NULL))
        samples_add(out, METRIC_QUIT_RESTORED_MS, ms(start, pty_now_ns()));
    if (pty_wait_exit(t, QUIT_TIMEOUT_MS, NULL, NULL))
        samples_add(out, METRIC_QUIT_EXIT_MS, ms(start, pty_stats(t)->ended_ns));
}

bool measure_start(
    const struct settings *s, const struct program *p, struct samples *out, GError **error)
{
    AUTO(pty) t = spawn(s, p, error);
    if (!t || !pty_wait(t, p->content, CONTENT_TIMEOUT_MS, error))
        return false;
    const struct pty_stats *stats = pty_stats(t);
    uint64_t writes = 0;
    if (pty_writes(t, &writes))
        samples_add(out, METRIC_CONTENT_WRITES, (double)writes);
    if (stats->bytes) {
        samples_add(out, METRIC_FIRST_BYTE_MS, ms(stats->started_ns, stats->first_byte_ns));
        samples_add(out, METRIC_CONTENT_MS, ms(stats->started_ns, stats->last_byte_ns));
    }
    settle(t);
    samples_add(out, METRIC_SCREEN_BYTES, (double)stats->bytes);
    press_all(t, p->setup);
    measure_quit(t, p, out);
    return true;
}

/* What must be known before a key and after it. */
struct moment {
    struct pty_frame *frame;
    bool has_writes;
    uint64_t writes, cpu_ns;
};

static uint64_t cpu_ns(GArray *threads)
{
    uint64_t sum = 0;
    for (guint i = 0; threads && i < threads->len; i++)
        sum += g_array_index(threads, struct proc_thread, i).cpu_ns;
    return sum;
}

static void take_moment(struct pty *t, struct moment *m)
{
    g_autoptr(GArray) threads = proc_threads(pty_pid(t));
    m->frame = pty_frame(t);
    m->has_writes = pty_writes(t, &m->writes);
    m->cpu_ns = cpu_ns(threads);
}

static bool has_answered(struct pty *t, void *data)
{
    (void)data;
    return pty_stats(t)->first_byte_ns != 0;
}

static void add_key(const struct pty_stats *stats, const struct moment *before,
    const struct moment *after, struct samples *out)
{
    struct pty_change change = pty_frame_compare(before->frame, after->frame);
    samples_add(out, METRIC_KEY_FIRST_MS, ms(stats->marked_ns, stats->first_byte_ns));
    samples_add(out, METRIC_KEY_LAST_MS, ms(stats->marked_ns, stats->last_byte_ns));
    samples_add(out, METRIC_KEY_BYTES, (double)stats->bytes);
    samples_add(out, METRIC_KEY_CELLS, (double)change.cells);
    samples_add(out, METRIC_KEY_RUNS, (double)change.runs);
    samples_add(out, METRIC_KEY_NEEDED_BYTES, (double)(change.cells + MOVE_BYTES * change.runs));
    if (before->has_writes && after->has_writes)
        samples_add(out, METRIC_KEY_WRITES, (double)(after->writes - before->writes));
    if (after->cpu_ns >= before->cpu_ns) /* less when a thread has ended meanwhile */
        samples_add(out, METRIC_KEY_CPU_US, (double)(after->cpu_ns - before->cpu_ns) / 1e3);
}

static void measure_key(struct pty *t, const char *key, struct samples *out)
{
    struct moment before, after;
    take_moment(t, &before);
    pty_mark(t);
    pty_key(t, key);
    bool answered = pty_wait_for(t, has_answered, NULL, KEY_TIMEOUT_MS, NULL);
    if (answered)
        pty_wait_quiet(t, KEY_QUIET_MS, KEY_TIMEOUT_MS, NULL);
    take_moment(t, &after);
    samples_add(out, METRIC_KEY_MISSED, answered ? 0 : 1);
    if (answered)
        add_key(pty_stats(t), &before, &after, out);
    pty_frame_free(before.frame);
    pty_frame_free(after.frame);
}

static const struct proc_thread *find_thread(GArray *threads, pid_t id)
{
    for (guint i = 0; i < threads->len; i++) {
        const struct proc_thread *t = &g_array_index(threads, struct proc_thread, i);
        if (t->id == id)
            return t;
    }
    return NULL;
}

/* A thread that began meanwhile counts from 0; one that ended is not counted. */
static void add_idle(GArray *before, GArray *after, double seconds, struct samples *out)
{
    double waited = 0, preempted = 0, busy_ns = 0;
    for (guint i = 0; i < after->len; i++) {
        const struct proc_thread *now = &g_array_index(after, struct proc_thread, i);
        const struct proc_thread *found = find_thread(before, now->id);
        const struct proc_thread then = found ? *found : (struct proc_thread){0};
        double slept = (double)(now->waited - then.waited);
        double pushed = (double)(now->preempted - then.preempted);
        waited += slept;
        preempted += pushed;
        busy_ns += (double)(now->cpu_ns - then.cpu_ns);
        samples_add_thread(out, now->comm, (slept + pushed) / seconds);
    }
    samples_add(out, METRIC_IDLE_WAKEUPS_S, (waited + preempted) / seconds);
    samples_add(out, METRIC_IDLE_SLEEPS_S, waited / seconds);
    samples_add(out, METRIC_IDLE_CPU_PERCENT, busy_ns / 1e9 / seconds * 100);
    samples_add(out, METRIC_THREADS, after->len);
}

static void measure_idle(struct pty *t, int window_ms, struct samples *out)
{
    settle(t);
    g_autoptr(GArray) before = proc_threads(pty_pid(t));
    pty_mark(t);
    pty_run_for(t, (int64_t)window_ms * 1000000);
    double seconds = ms(pty_stats(t)->marked_ns, pty_now_ns()) / 1e3;
    g_autoptr(GArray) after = proc_threads(pty_pid(t));
    samples_add(out, METRIC_IDLE_BYTES_S, (double)pty_stats(t)->bytes / seconds);
    if (before && after)
        add_idle(before, after, seconds, out);
    struct proc_memory memory;
    if (!proc_memory(pty_pid(t), &memory))
        return;
    samples_add(out, METRIC_PRIVATE_DIRTY_KIB, (double)memory.private_dirty_bytes / 1024);
    samples_add(out, METRIC_PSS_KIB, (double)memory.pss_bytes / 1024);
}

bool measure_keys(const struct settings *s, const struct program *p, int count, bool idle,
    struct samples *out, GError **error)
{
    AUTO(pty) t = open_session(s, p, error);
    if (!t)
        return false;
    g_autoptr(GError) load_error = NULL;
    AUTO(load) load = load_start(s->load, &load_error);
    if (load_error) {
        g_propagate_error(error, g_steal_pointer(&load_error));
        return false;
    }
    g_autoptr(GRand) jitter = g_rand_new_with_seed(1);
    guint cycle = g_strv_length(p->keys);
    for (int i = 0; i < count && !pty_has_ended(t); i++) {
        load_renew(load);
        pty_run_for(
            t, g_rand_int_range(jitter, GAP_MIN_MS * 1000, GAP_MAX_MS * 1000) * INT64_C(1000));
        measure_key(t, p->keys[(guint)i % cycle], out);
    }
    load_stop(g_steal_pointer(&load));
    if (idle && s->idle_ms > 0 && !pty_has_ended(t))
        measure_idle(t, s->idle_ms, out);
    if (!pty_has_ended(t))
        return true;
    g_set_error(error, PTY_ERROR, PTY_ERROR_ENDED, "it ended while keys were pressed");
    return false;
}

static void measure_burst(struct pty *t, const struct program *p, int *next, struct samples *out)
{
    guint cycle = g_strv_length(p->keys);
    int64_t start = pty_now_ns();
    for (int i = 0; i < BURST_KEYS; i++) {
        pty_run_for(t, start + (int64_t)i * BURST_GAP_MS * 1000000 - pty_now_ns());
        if (i == BURST_KEYS - 1)
            pty_mark(t);
        pty_key(t, p->keys[(guint)(*next)++ % cycle]);
    }
    const struct pty_stats *stats = pty_stats(t);
    bool quiet = pty_wait_quiet(t, BURST_QUIET_MS, BURST_TIMEOUT_MS, NULL);
    if (quiet && stats->last_byte_ns)
        samples_add(out, METRIC_SLOW_LAST_PAINT_MS, ms(stats->marked_ns, stats->last_byte_ns));
}

bool measure_slow(
    const struct settings *s, const struct program *p, struct samples *out, GError **error)
{
    AUTO(pty) t = spawn(s, p, error);
    if (!t)
        return false;
    pty_throttle(t, s->slow_bytes_per_second, s->slow_rtt_ms);
    if (!pty_wait(t, p->content, CONTENT_TIMEOUT_MS, error))
        return false;
    const struct pty_stats *stats = pty_stats(t);
    if (stats->bytes)
        samples_add(out, METRIC_SLOW_CONTENT_MS, ms(stats->started_ns, stats->last_byte_ns));
    pty_wait_quiet(t, BURST_QUIET_MS, BURST_TIMEOUT_MS, NULL);
    for (char **key = p->setup; *key; key++) {
        pty_key(t, *key);
        pty_wait_quiet(t, BURST_QUIET_MS, BURST_TIMEOUT_MS, NULL);
    }
    int next = 0;
    for (int i = 0; i < BURSTS; i++)
        measure_burst(t, p, &next, out);
    return true;
}
