/* What faults leave behind over time, and what time itself does: twenty rounds of eight faults in one
 * weir, a wall clock that jumps by a day, and a sleep. */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "cell.h"
#include "proc.h"

#define ROUNDS    20
#define SETTLED   2 /* rounds after which everything has been made that is made on first use */
#define SPARE_FDS 6 /* connections are opened and closed all the time */
#define SPARE_KB  2048
#define DAY_MS    (24 * 60 * 60 * 1000LL)
#define SPEED     30
#define FAILS     12 /* more than there are feeds: each has failed since */
#define SLEEP_NS  (4 * 60 * 1000 * 1000 * 1000LL / SPEED)
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define WEIGHS false /* what is freed is kept aside */
#else
#define WEIGHS true
#endif

struct held {
    guint fds, threads;
    uint64_t kb;
};

static const struct target *target_of(const char *service)
{
    const struct target *t = targets;
    while (!g_str_equal(t->service, service))
        t++;
    return t;
}

static struct held weigh(const struct ground *g)
{
    struct held h = {0};
    struct proc_memory memory = {0};
    pid_t pid = pty_pid(g->weir);
    g_autofree char *path = g_strdup_printf("/proc/%d/fd", pid);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    g_autoptr(GArray) threads = proc_threads(pid);
    g_assert_true(folder && threads && proc_memory(pid, &memory));
    while (g_dir_read_name(folder))
        h.fds++;
    h.threads = threads->len;
    h.kb = memory.private_dirty_bytes / 1024;
    return h;
}

/* -- leaks ----------------------------------------------------------------------------------------- */

/* Everything is broken at once, in two ways in turn. */
static void break_and_mend(struct ground *g, guint round)
{
    static const struct {
        const char *service, *fault[2];
    } broken[] = {{"airflow", {"http-500", "fin-body"}}, {"trino", {"refuse", "deep"}},
        {"kafka", {"cut-json", "reset"}}, {"hosts", {"shell-dies", "shell-garbage"}}};
    for (guint i = 0; i < G_N_ELEMENTS(broken); i++)
        platform_fault(g->platform, target_of(broken[i].service), broken[i].fault[round % 2]);
    for (guint i = 0; i < G_N_ELEMENTS(broken); i++)
        if (!target_is_hosts(target_of(broken[i].service)))
            PTY_ASSERT(
                g->weir, platform_wait_row(g->weir, target_of(broken[i].service),
                             "(failing|ok|slow) .*(http|GET)", pty_patience_ms(), &pty_error_));
        else
            pty_assert_screen(g->weir, "host dp-b01: .*(its command|no answer|not answered)");
    for (guint i = 0; i < G_N_ELEMENTS(broken); i++)
        platform_fault(g->platform, target_of(broken[i].service), "off");
    PTY_ASSERT(g->weir, ground_wait_all_ok(g, &pty_error_));
}

/* What comes and goes is no growth: the most of the first rounds beside the least of the last ones. */
static struct held most(const struct held *a, const struct held *b)
{
    return (struct held){MAX(a->fds, b->fds), MAX(a->threads, b->threads), MAX(a->kb, b->kb)};
}

static struct held least(const struct held *a, const struct held *b)
{
    return (struct held){MIN(a->fds, b->fds), MIN(a->threads, b->threads), MIN(a->kb, b->kb)};
}

static void nothing_is_left_behind(void)
{
    AUTO(ground) g = ground_new(false);
    ground_open(g, SPEED);
    struct held first = {0}, last = {G_MAXUINT, G_MAXUINT, G_MAXUINT64};
    for (guint round = 0; round < ROUNDS * 2; round++) {
        break_and_mend(g, round);
        const struct held now = weigh(g);
        if (round < SETTLED * 2)
            first = most(&first, &now);
        else if (round >= ROUNDS * 2 - SETTLED * 2)
            last = least(&last, &now);
        if (round % 8 == 7)
            g_test_message("after %u rounds: %u descriptors, %" G_GUINT64_FORMAT " kB",
                (round + 1) / 2, now.fds, now.kb);
    }
    g_test_message("descriptors %u to %u, threads %u to %u, private memory %" G_GUINT64_FORMAT
                   " to %" G_GUINT64_FORMAT " kB",
        first.fds, last.fds, first.threads, last.threads, first.kb, last.kb);
    g_assert_cmpuint(last.fds, <=, first.fds + SPARE_FDS);
    g_assert_cmpuint(last.threads, <=, first.threads);
    if (WEIGHS)
        g_assert_cmpuint(last.kb, <=, first.kb + SPARE_KB);
}

/* -- clocks ---------------------------------------------------------------------------------------- */

static void set_jump(const char *path, int64_t ms)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    g_assert_cmpint(pwrite(fd, &ms, sizeof ms, 0), ==, sizeof ms);
    close(fd);
}

static gint64 asked(const struct ground *g)
{
    gint64 all = 0;
    for (const struct target *t = targets; t->service; t++)
        all += platform_asked(g->platform, t);
    return all;
}

static bool wait_asked(struct ground *g, const struct target *t, gint64 times)
{
    gint64 wanted = platform_asked(g->platform, t) + times;
    /* What fails is tried once a minute, two seconds of ours. */
    int64_t deadline = pty_now_ns() + 4 * pty_patience_ms() * 1000000LL;
    while (platform_asked(g->platform, t) < wanted && pty_now_ns() < deadline)
        pty_run_for(g->weir, 20 * 1000 * 1000);
    return platform_asked(g->platform, t) >= wanted;
}

/* Every source is asked on, and well. */
static void assert_goes_on(struct ground *g)
{
    for (const struct target *t = targets; t->service; t++)
        g_assert_true(wait_asked(g, t, 1));
    PTY_ASSERT(g->weir, ground_wait_all_ok(g, &pty_error_));
    PTY_ASSERT(g->weir, ground_probe_keys(g, "a clock", &pty_error_));
}

static void jump(int64_t ms)
{
    AUTO(ground) g = ground_new(false);
    g_autofree char *path = g_build_filename(platform_folder(g->platform), "jump", NULL);
    g_autofree char *env = g_strconcat("WEIR_CLOCK_JUMP=", path, NULL);
    const struct platform_run run = {.speed = SPEED, .env = (const char *const[]){env, NULL}};
    set_jump(path, 0);
    g->weir = platform_open(g->platform, &run);
    g->speed = SPEED;
    PTY_ASSERT(g->weir, ground_wait_all_ok(g, &pty_error_));
    const struct target *broken = target_of("alertmanager");
    platform_fault(g->platform, broken, "http-500");
    PTY_ASSERT(g->weir,
        platform_wait_row(g->weir, broken, "failing .* 500 ", pty_patience_ms(), &pty_error_));
    set_jump(path, ms);
    /* In vain, and each time the next try is put off. */
    g_assert_true(wait_asked(g, broken, FAILS));
    platform_fault(g->platform, broken, "off");
    assert_goes_on(g);
}

static void a_day_ahead(void)
{
    jump(DAY_MS);
}

static void a_day_back(void)
{
    jump(-DAY_MS);
}

/* Stopped for minutes of its time: connections have waited, and timers are all due at once. */
static void a_sleep_is_survived(void)
{
    AUTO(ground) g = ground_new(false);
    ground_open(g, SPEED);
    pty_kill(g->weir, SIGSTOP);
    pty_run_for(g->weir, SLEEP_NS);
    gint64 before = asked(g);
    pty_kill(g->weir, SIGCONT);
    assert_goes_on(g);
    g_assert_cmpint(asked(g), >, before);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func(
        "/faults/twenty rounds of eight faults leave no descriptor, thread or memory behind",
        nothing_is_left_behind);
    g_test_add_func("/faults/a wall clock that jumps a day ahead stops nothing and hides no source",
        a_day_ahead);
    g_test_add_func("/faults/nor does one that jumps a day back", a_day_back);
    g_test_add_func("/faults/a sleep of minutes is survived", a_sleep_is_survived);
    return g_test_run();
}
