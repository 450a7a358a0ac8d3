/* The soak: weir on the moving platform for a while, with a fault on a random service half of the time
 * and somebody who presses random keys. It fails when weir ends, writes a byte that it should not, takes
 * long to answer, or when what it holds grows: file descriptors, threads, memory.
 *
 *     build/soak MINUTES [SEED]
 *
 * Growth is judged over the second half, when everything has been opened and every cache is warm: the
 * least of its last quarter is compared with the most of the one before, since connections, logs and
 * huge answers come and go. */
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform.h"
#include "proc.h"

#define SECOND_NS     (1000 * 1000 * 1000LL)
#define FAULT_EVERY_S 30
#define FAULT_FOR_S   15
#define SAMPLE_S      5
#define KEY_MS        120                   /* on average, between two keys */
#define ALONE_NS      (200 * 1000 * 1000LL) /* what follows an escape sooner makes it alt */
#define SHOWN         12                    /* samples, in the report */
#define SPARE_THREADS 2                     /* that may be in use by chance */
#define SPARE_FDS     12 /* connections of both lanes of a source are opened as they are needed */
#define GROWTH_KB     2048
#define GROWTH_KB_H   1024
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define ANSWER_MS 10000 /* and memory is the sanitizer's to judge */
#define JUDGES    false
#else
#define ANSWER_MS 1000
#define JUDGES    true
#endif

struct sample {
    double hours;
    double memory_kb;
    guint fds, threads;
};

struct soak {
    struct platform *platform;
    struct pty *weir;
    GRand *chance;
    GPtrArray *keys; /* names, from `weir help keys` */
    GArray *samples;
    const struct target *broken; /* NULL: nothing is */
    int64_t began_ns, longest_ns;
    guint pressed, faults;
    GString *wrong; /* a line each */
};

static void complain(struct soak *s, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void complain(struct soak *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_string_append_vprintf(s->wrong, format, args);
    va_end(args);
    g_string_append_c(s->wrong, '\n');
}

static guint pick(struct soak *s, guint count)
{
    return (guint)g_rand_int_range(s->chance, 0, (gint32)count);
}

/* -- keys ------------------------------------------------------------------------------------------ */

/* A key as the table has it, by the name that the terminal's side gives it. */
static char *key_of(const char *word)
{
    if (g_str_equal(word, "\\|")) /* a bare one would end the column */
        return g_strdup("|");
    return g_strdup(g_str_equal(word, "backtab") ? "shift-tab" : word);
}

/* All keys of the table that weir prints of itself, but for those that end it. */
static GPtrArray *read_keys(void)
{
    GPtrArray *keys = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *program = g_build_filename(g_getenv("BUILD"), "weir", NULL);
    const char *argv[] = {program, "help", "keys", NULL};
    g_autofree char *text = NULL;
    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
        &text, NULL, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) parts = g_strsplit(*line, " | ", 3);
        if (g_strv_length(parts) < 3 || g_str_equal(parts[1], "close"))
            continue;
        g_auto(GStrv) words = g_strsplit(parts[0], "`", -1);
        for (guint i = 1; i < g_strv_length(words); i += 2)
            g_ptr_array_add(keys, key_of(words[i]));
    }
    g_assert_cmpuint(keys->len, >, 20);
    return keys;
}

static void type_line(struct soak *s, const char *begin)
{
    static const char *const lines[] = {"airflow.dags", "airflow.runs", "airflow.tasks",
        "trino.queries", "trino.nodes", "kafka.topics", "kafka.groups", "hosts", "alerts",
        "alerts.silences", "sources", "problems", "nosuch", "scheduler/dags/orders_daily"};
    static const char *const filters[] = {"a", "enrich", "failed", "lag>100", "state:", "(", "-x"};
    bool command = *begin == ':';
    pty_type(s->weir, begin);
    pty_type(s->weir,
        command ? lines[pick(s, G_N_ELEMENTS(lines))] : filters[pick(s, G_N_ELEMENTS(filters))]);
    pty_key(s->weir, "enter");
}

/* Whether Enter would end weir now: on its entry of the help, or after its name on the line. */
static bool enter_would_end(const struct soak *s)
{
    int height;
    pty_size(s->weir, NULL, &height);
    for (int y = 0; y < height; y++) {
        g_autofree char *row = pty_row(s->weir, y);
        if (g_regex_match_simple("^(.>. *|:)(q!?|quit|close)( |$)", row, 0, 0))
            return true;
    }
    return false;
}

static void press_any(struct soak *s)
{
    const char *key = g_ptr_array_index(s->keys, pick(s, s->keys->len));
    bool enter = g_str_equal(key, "enter");
    if (enter)
        pty_run_for(s->weir, ALONE_NS); /* until the screen is what it will be */
    pty_key(s->weir, enter && enter_would_end(s) ? "esc" : key);
}

/* Somebody presses something: mostly a key, sometimes a line, seldom the window's corner. */
static void press(struct soak *s)
{
    guint what = pick(s, 100);
    if (what < 12)
        type_line(s, ":");
    else if (what < 16)
        type_line(s, "/");
    else if (what < 18)
        pty_resize(s->weir, 20 + (int)pick(s, 220), 5 + (int)pick(s, 60));
    else if (what < 24)
        pty_key(s->weir, "esc");
    else
        press_any(s);
    s->pressed++;
}

static bool answer(struct soak *s, const char *key, const char *effect)
{
    g_autoptr(GError) error = NULL;
    int64_t before = pty_now_ns();
    pty_key(s->weir, key);
    if (!pty_wait(s->weir, effect, ANSWER_MS, &error)) {
        complain(s, "%s: %s", key, error->message);
        return false;
    }
    s->longest_ns = MAX(s->longest_ns, pty_now_ns() - before);
    return true;
}

/* From wherever it is to the list of problems, and how long a key takes there. */
static bool go_home(struct soak *s)
{
    pty_resize(s->weir, 160, 45);
    pty_key(s->weir, "esc"); /* out of a prompt */
    pty_run_for(s->weir, ALONE_NS);
    platform_go(s->weir, "sources"); /* in a log N has another meaning */
    g_autoptr(GError) error = NULL;
    bool there = pty_wait(s->weir, "^ simulated > sources ", pty_patience_ms(), &error);
    pty_key(s->weir, "N");
    if (!there || !pty_wait(s->weir, "^ NOW ", pty_patience_ms(), &error)) {
        complain(s, "the way home: %s", error->message);
        return false;
    }
    return answer(s, ":", "^:[^a-z]*$") && answer(s, "x", "^:x") &&
           answer(s, "esc", "[?] (help|lists) ");
}

/* -- what it holds --------------------------------------------------------------------------------- */

static guint count_fds(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/fd", pid);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    guint n = 0;
    while (folder && g_dir_read_name(folder))
        n++;
    return n;
}

static void take_sample(struct soak *s)
{
    struct proc_memory memory = {0};
    pid_t pid = pty_pid(s->weir);
    g_autoptr(GArray) threads = proc_threads(pid);
    if (!threads || !proc_memory(pid, &memory))
        return;
    struct sample one = {
        .hours = (double)(pty_now_ns() - s->began_ns) / 3600e9,
        .memory_kb = (double)memory.private_dirty_bytes / 1024,
        .fds = count_fds(pid),
        .threads = threads->len,
    };
    g_array_append_val(s->samples, one);
}

static const struct sample *sample_at(const struct soak *s, guint i)
{
    return &g_array_index(s->samples, struct sample, i);
}

static double smaller(double a, double b)
{
    return MIN(a, b);
}

static double larger(double a, double b)
{
    return MAX(a, b);
}

/* The least or the most of each figure in the samples from.. below to. */
static struct sample extreme(
    const struct soak *s, guint from, guint to, double (*choose)(double a, double b))
{
    struct sample all = *sample_at(s, from);
    for (guint i = from; i < to; i++) {
        const struct sample *one = sample_at(s, i);
        all.memory_kb = choose(all.memory_kb, one->memory_kb);
        all.fds = (guint)choose(all.fds, one->fds);
        all.threads = (guint)choose(all.threads, one->threads);
    }
    return all;
}

static void judge(struct soak *s)
{
    guint all = s->samples->len;
    if (all < 8) {
        complain(s, "too short to judge: %u samples", all);
        return;
    }
    const struct sample third = extreme(s, all / 2, all * 3 / 4, larger),
                        last = extreme(s, all * 3 / 4, all, smaller);
    double hours = sample_at(s, all - 1)->hours - sample_at(s, all / 2)->hours;
    double growth = last.memory_kb - third.memory_kb, bound = GROWTH_KB + GROWTH_KB_H * hours;
    printf("# memory: %.0f kB at first; at most %.0f kB in the third quarter, at least %.0f kB in "
           "the last\n",
        sample_at(s, 0)->memory_kb, third.memory_kb, last.memory_kb);
    printf("# descriptors: at most %u, then at least %u; threads: %u, then %u\n", third.fds,
        last.fds, third.threads, last.threads);
    printf("# keys: %u, longest answer %.0f ms; faults: %u\n", s->pressed,
        (double)s->longest_ns / 1e6, s->faults);
    for (guint i = 0; i < all; i += MAX(all / SHOWN, 1))
        printf("# at %4.0f s: %.0f kB, %u descriptors, %u threads\n", sample_at(s, i)->hours * 3600,
            sample_at(s, i)->memory_kb, sample_at(s, i)->fds, sample_at(s, i)->threads);
    if (last.fds > third.fds + SPARE_FDS)
        complain(s, "descriptors grew from %u to %u", third.fds, last.fds);
    if (last.threads > third.threads + SPARE_THREADS)
        complain(s, "threads grew from %u to %u", third.threads, last.threads);
    if (JUDGES && growth > bound)
        complain(s, "memory grew by %.0f kB from quarter to quarter, %.0f may be", growth, bound);
}

/* -- the run --------------------------------------------------------------------------------------- */

static void toggle_fault(struct soak *s, int64_t second)
{
    bool on = second % FAULT_EVERY_S < FAULT_FOR_S;
    if (on == !!s->broken)
        return;
    if (!on) {
        platform_fault(s->platform, s->broken, "off");
        s->broken = NULL;
        return;
    }
    guint services = 0, names = 0;
    while (targets[services].service)
        services++;
    while (faults[names].name)
        names++;
    s->broken = &targets[pick(s, services)];
    const struct fault *f;
    do
        f = &faults[pick(s, names)];
    while (!target_can_show(s->broken, f, false));
    printf("# %3" G_GINT64_FORMAT " s: %s %s\n", second, s->broken->service, f->name);
    fflush(stdout);
    platform_fault(s->platform, s->broken, f->name);
    s->faults++;
}

/* Once through everything, so that what is made on first use is there before anybody counts. */
static bool warm_up(struct soak *s)
{
    g_autoptr(GError) error = NULL;
    bool ok = true;
    for (const struct target *t = targets; t->service && ok; t++)
        ok = platform_wait_row(s->weir, t, "(ok|slow) ", pty_patience_ms(), &error);
    for (const struct target *t = targets; t->service && ok; t++) {
        platform_go(s->weir, t->kind);
        ok = ok && pty_wait(s->weir, t->whole, pty_patience_ms(), &error);
        pty_key(s->weir, "enter");
        ok = ok && pty_wait(s->weir, t->scoped, pty_patience_ms(), &error) && go_home(s);
    }
    if (error)
        complain(s, "%s", error->message);
    return ok;
}

static void run(struct soak *s, double minutes)
{
    s->began_ns = pty_now_ns();
    int64_t end = s->began_ns + (int64_t)(minutes * 60e9), sample = s->began_ns, now;
    while ((now = pty_now_ns()) < end && !pty_has_ended(s->weir)) {
        toggle_fault(s, (now - s->began_ns) / SECOND_NS);
        if (now >= sample) {
            if (!go_home(s))
                return;
            take_sample(s);
            sample = now + SAMPLE_S * SECOND_NS;
        }
        press(s);
        pty_run_for(s->weir, (int64_t)pick(s, 2 * KEY_MS) * 1000000);
    }
    if (s->broken)
        platform_fault(s->platform, s->broken, "off");
}

/* Quits, and looks at how it ended and what it wrote. */
static void end(struct soak *s)
{
    g_autoptr(GError) error = NULL;
    int code = -1;
    if (pty_has_ended(s->weir)) {
        complain(s, "weir ended by itself");
        return;
    }
    go_home(s);
    pty_run_for(s->weir, ALONE_NS);
    platform_go(s->weir, "q");
    if (!pty_wait_exit(s->weir, 3 * pty_patience_ms(), &code, &error) || code != 0)
        complain(s, "weir ended with %d: %s", code, error ? error->message : "");
    g_clear_error(&error);
    if (!pty_check_bytes(s->weir, &error) && !g_error_matches(error, PTY_ERROR, PTY_ERROR_CUT))
        complain(s, "%s", error->message);
}

/* What a sanitizer found goes to files, since the terminal is weir's. */
static void look_for_reports(struct soak *s)
{
    g_autoptr(GDir) folder = g_dir_open(platform_folder(s->platform), 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(folder))) {
        g_autofree char *path = g_build_filename(platform_folder(s->platform), name, NULL);
        g_autofree char *text = NULL;
        if (g_str_has_prefix(name, "report.") && g_file_get_contents(path, &text, NULL, NULL))
            complain(s, "%s", text);
    }
}

static void open_weir(struct soak *s)
{
    static const char *const names[] = {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"};
    g_autoptr(GPtrArray) env = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *own = g_getenv(names[i]);
        g_ptr_array_add(env, g_strdup_printf("%s=%s%slog_path=%s/report", names[i], own ? own : "",
                                 own ? ":" : "", platform_folder(s->platform)));
    }
    g_ptr_array_add(env, g_strdup("PAGER=cat")); /* others run commands at the press of a key */
    g_ptr_array_add(env, NULL);
    const struct platform_run run = {
        .program = "weir", .env = (const char *const *)env->pdata, .width = 160};
    s->weir = platform_open(s->platform, &run);
}

int main(int argc, char **argv)
{
    double minutes = argc > 1 ? g_ascii_strtod(argv[1], NULL) : 3;
    guint32 seed = argc > 2 ? (guint32)g_ascii_strtoull(argv[2], NULL, 10) : g_random_int();
    const struct platform_spec spec = {.plot = "enrich-lag", .at = "+60m", .moves = true};
    struct soak s = {
        .platform = platform_new(&spec),
        .chance = g_rand_new_with_seed(seed),
        .keys = read_keys(),
        .samples = g_array_new(FALSE, FALSE, sizeof(struct sample)),
        .wrong = g_string_new(NULL),
    };
    printf("1..1\n# %.1f minutes, seed %u\n", minutes, seed);
    fflush(stdout);
    open_weir(&s);
    if (warm_up(&s))
        run(&s, minutes);
    judge(&s);
    end(&s);
    look_for_reports(&s);
    g_auto(GStrv) lines = g_strsplit(s.wrong->str, "\n", -1);
    for (char **line = lines; *line; line++)
        if (**line)
            printf("# %s\n", *line);
    bool ok = s.wrong->len == 0;
    printf("%sok 1 - weir keeps its pace and its size while everything breaks\n", ok ? "" : "not ");
    if (!ok)
        pty_save_cast(s.weir, "build/casts/soak.cast", NULL);
    pty_free(s.weir);
    platform_free(s.platform);
    g_rand_free(s.chance);
    g_ptr_array_unref(s.keys);
    g_array_unref(s.samples);
    g_string_free(s.wrong, TRUE);
    return ok ? 0 : 1;
}
