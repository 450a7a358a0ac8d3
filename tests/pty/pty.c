/*
 * One session is a child process, the PTY's master, an emulated screen and a record of all bytes.
 * Everything happens in pump(): one ppoll() over the master and a pidfd, with a time-out that is
 * the caller's deadline or the slow line's next event. Output is read until the kernel has no more,
 * each piece with its time stamp, and only then fed to the emulator, so that its work does not
 * stand in the figures.
 *
 * The slave stays open here as well: the master then never fails with EIO after the program's end,
 * and the termios that it left behind can be read. A read of an empty master makes the kernel flush
 * what is still on its way from the slave, so after the program's end "nothing to read" means that
 * all of its output has been seen.
 */
#include "pty.h"

#include "capture.h"
#include "hygiene.h"
#include "launch.h"
#include "proc.h"
#include "restore.h"
#include "slowlink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum {
    CHUNK = 1 << 14,
    READS_PER_TURN = 16,
    RESTORED_TICK_NS = 200 * 1000,
    MODE_SYNC = 2026,
};

struct pty {
    pid_t pid;
    int pidfd, master, slave; /* -1 once closed */
    char *term;
    struct emulator *screen;
    struct capture *capture;
    struct slowlink *link;      /* NULL: none */
    GByteArray *inbox, *outbox; /* not yet fed to the emulator; not yet taken by the kernel */
    struct termios before;      /* as the program found it */
    struct pty_stats stats;
    siginfo_t end; /* how it ended, once it has */
    bool exited;   /* the process is gone ... */
    bool drained;  /* ... and nothing of its output is left to come */
};

G_DEFINE_QUARK(pty_error_domain, pty_error)

int64_t pty_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void send_bytes(struct pty *p, const char *bytes, size_t length);

static void send_from_terminal(const char *bytes, size_t length, void *data)
{
    send_bytes(data, bytes, length);
}

static bool open_ends(struct pty *p)
{
    p->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (p->master < 0 || grantpt(p->master) != 0 || unlockpt(p->master) != 0)
        return false;
    p->slave = open(ptsname(p->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    return p->slave >= 0;
}

/* A terminal as emulators make them: the kernel's defaults, and input known to be UTF-8. */
static bool open_terminal(struct pty *p, int width, int height)
{
    struct winsize size = {.ws_col = (unsigned short)width, .ws_row = (unsigned short)height};
    if (!open_ends(p) || tcgetattr(p->slave, &p->before) != 0)
        return false;
    p->before.c_iflag |= IUTF8;
    return tcsetattr(p->slave, TCSANOW, &p->before) == 0 && ioctl(p->slave, TIOCSWINSZ, &size) == 0;
}

static bool start(struct pty *p, const struct pty_spec *spec, GError **error)
{
    struct launch l = {.argv = spec->argv,
        .env = spec->env,
        .cwd = spec->cwd,
        .term = p->term,
        .master = p->master,
        .slave = p->slave};
    p->stats.started_ns = p->stats.marked_ns = pty_now_ns();
    p->pid = launch_program(&l, error);
    if (p->pid < 0)
        return false;
    p->pidfd = pidfd_open(p->pid, 0);
    g_assert_cmpint(p->pidfd, >=, 0);
    return true;
}

struct pty *pty_spawn(const struct pty_spec *spec, GError **error)
{
    AUTO(pty) p = g_new0(struct pty, 1);
    int width = spec->width ? spec->width : 80, height = spec->height ? spec->height : 24;
    g_autofree char *command = g_strjoinv(" ", (char **)spec->argv);
    p->pidfd = p->master = p->slave = -1;
    p->term = g_strdup(spec->term ? spec->term : "xterm-256color");
    p->inbox = g_byte_array_new();
    p->outbox = g_byte_array_new();
    p->screen = emulator_new(width, height, &spec->manner, send_from_terminal, p);
    p->capture = capture_new(width, height, p->term, command, pty_now_ns());
    if (!open_terminal(p, width, height)) {
        g_set_error(error, PTY_ERROR, PTY_ERROR_SPAWN, "no terminal: %s", g_strerror(errno));
        return NULL;
    }
    return start(p, spec, error) ? g_steal_pointer(&p) : NULL;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void pty_free(struct pty *p)
{
    if (!p)
        return;
    if (p->pid > 0) {
        kill(-p->pid, SIGKILL);
        waitpid(p->pid, NULL, 0);
    }
    close_fd(&p->master);
    close_fd(&p->slave);
    close_fd(&p->pidfd);
    emulator_free(p->screen);
    capture_free(p->capture);
    slowlink_free(p->link);
    g_byte_array_unref(p->inbox);
    g_byte_array_unref(p->outbox);
    g_free(p->term);
    g_free(p);
}

void pty_throttle(struct pty *p, int64_t bytes_per_second, int64_t rtt_ms)
{
    g_assert(!p->link);
    p->link = slowlink_new(bytes_per_second, rtt_ms);
}

static void flush_outbox(struct pty *p)
{
    if (p->outbox->len == 0 || p->master < 0)
        return;
    ssize_t n = write(p->master, p->outbox->data, p->outbox->len);
    if (n > 0)
        g_byte_array_remove_range(p->outbox, 0, (guint)n);
}

static void arrive(struct pty *p, const char *bytes, size_t length, int64_t now_ns)
{
    if (p->stats.first_byte_ns == 0)
        p->stats.first_byte_ns = now_ns;
    p->stats.last_byte_ns = now_ns;
    p->stats.bytes += length;
    capture_output(p->capture, now_ns, bytes, length);
    g_byte_array_append(p->inbox, (const guint8 *)bytes, (guint)length);
}

/* Takes from the line what has come to either end of it by now. */
static void carry(struct pty *p)
{
    if (!p->link)
        return;
    g_autoptr(GByteArray) arrived = g_byte_array_new();
    int64_t now = pty_now_ns();
    slowlink_take(p->link, SLOWLINK_TO_PROGRAM, now, p->outbox);
    slowlink_take(p->link, SLOWLINK_TO_TERMINAL, now, arrived);
    if (arrived->len)
        arrive(p, (const char *)arrived->data, arrived->len, now);
    flush_outbox(p);
}

static size_t room(const struct pty *p)
{
    if (p->master < 0)
        return 0;
    return p->link ? MIN(slowlink_room(p->link, pty_now_ns()), CHUNK) : CHUNK;
}

/* Reads what there is and the line takes. Returns true when the kernel has nothing more. */
static bool receive(struct pty *p)
{
    char chunk[CHUNK];
    for (int i = 0; i < READS_PER_TURN; i++) {
        size_t most = room(p);
        ssize_t n = most ? read(p->master, chunk, most) : 0;
        if (n <= 0)
            return most ? n == 0 || errno != EINTR : p->master < 0;
        int64_t now = pty_now_ns();
        if (p->link)
            slowlink_put(p->link, SLOWLINK_TO_TERMINAL, chunk, (size_t)n, now);
        else
            arrive(p, chunk, (size_t)n, now);
    }
    return false;
}

/* The process stays a zombie until pty_free, so that nobody else gets its pid and its counters can
 * still be read. */
static void note_exit(struct pty *p)
{
    p->stats.ended_ns = pty_now_ns();
    waitid(P_PID, (id_t)p->pid, &p->end, WEXITED | WNOWAIT);
    p->exited = true;
}

static void wait_for_events(struct pty *p, int64_t until_ns)
{
    int64_t now = pty_now_ns();
    int64_t wake = p->link ? MIN(until_ns, slowlink_next_ns(p->link, now)) : until_ns;
    int64_t span = MAX(wake - now, 0);
    struct timespec wait = {.tv_sec = span / 1000000000, .tv_nsec = span % 1000000000};
    short events = (short)((room(p) ? POLLIN : 0) | (p->outbox->len ? POLLOUT : 0));
    struct pollfd fds[] = {
        {.fd = events ? p->master : -1, .events = events},
        {.fd = p->exited ? -1 : p->pidfd, .events = POLLIN},
    };
    if (ppoll(fds, G_N_ELEMENTS(fds), &wait, NULL) <= 0)
        return;
    if (fds[0].revents & POLLOUT)
        flush_outbox(p);
    if (fds[1].revents)
        note_exit(p);
}

/* Waits until something happens or the deadline has come, and takes it in. */
static void pump(struct pty *p, int64_t until_ns)
{
    wait_for_events(p, until_ns);
    carry(p);
    bool dry = receive(p);
    if (p->exited && dry)
        p->drained = !p->link || slowlink_is_idle(p->link, pty_now_ns());
    if (p->inbox->len) {
        emulator_feed(p->screen, (const char *)p->inbox->data, p->inbox->len);
        g_byte_array_set_size(p->inbox, 0);
    }
}

static void send_bytes(struct pty *p, const char *bytes, size_t length)
{
    int64_t now = pty_now_ns();
    capture_input(p->capture, now, bytes, length);
    if (p->link)
        slowlink_put(p->link, SLOWLINK_TO_PROGRAM, bytes, length, now);
    else
        g_byte_array_append(p->outbox, (const guint8 *)bytes, (guint)length);
    flush_outbox(p);
}

void pty_key(struct pty *p, const char *name)
{
    if (!emulator_press(p->screen, name))
        g_error("pty_key: \"%s\" is no key", name);
}

void pty_type(struct pty *p, const char *text)
{
    send_bytes(p, text, strlen(text));
}

void pty_paste(struct pty *p, const char *text)
{
    emulator_paste(p->screen, text);
}

void pty_focus(struct pty *p, bool gained)
{
    emulator_focus(p->screen, gained);
}

void pty_resize(struct pty *p, int width, int height)
{
    struct winsize size = {.ws_col = (unsigned short)width, .ws_row = (unsigned short)height};
    emulator_resize(p->screen, width, height);
    capture_resize(p->capture, pty_now_ns(), width, height);
    ioctl(p->master, TIOCSWINSZ, &size);
}

void pty_hangup(struct pty *p)
{
    close_fd(&p->master);
    close_fd(&p->slave);
}

void pty_kill(struct pty *p, int signal_number)
{
    if (!p->exited)
        kill(p->pid, signal_number);
}

void pty_size(const struct pty *p, int *width, int *height)
{
    emulator_size(p->screen, width, height);
}

char *pty_text(const struct pty *p)
{
    int width = 0, height = 0;
    pty_size(p, &width, &height);
    GString *text = g_string_new(NULL);
    for (int y = 0; y < height; y++) {
        g_autofree char *row = pty_row(p, y);
        g_string_append_printf(text, "%s%s", y ? "\n" : "", row);
    }
    return g_string_free(text, FALSE);
}

char *pty_row(const struct pty *p, int y)
{
    return emulator_row(p->screen, y);
}

struct pty_cell pty_cell(const struct pty *p, int x, int y)
{
    return emulator_cell(p->screen, x, y);
}

struct pty_frame *pty_frame(const struct pty *p)
{
    int width = 0, height = 0;
    pty_size(p, &width, &height);
    struct pty_frame *frame = pty_frame_new(width, height);
    for (int i = 0; i < width * height; i++)
        frame->cells[i] = pty_cell(p, i % width, i / width);
    return frame;
}

bool pty_alt_screen(const struct pty *p)
{
    return emulator_alt_screen(p->screen);
}

bool pty_cursor_visible(const struct pty *p)
{
    return emulator_cursor_visible(p->screen);
}

void pty_cursor(const struct pty *p, int *x, int *y)
{
    emulator_cursor(p->screen, x, y);
}

bool pty_mode(const struct pty *p, int mode)
{
    return emulator_mode(p->screen, mode);
}

/* What the program has not put back, in words; NULL when nothing. The caller owns it. */
static char *left_behind(const struct pty *p)
{
    struct termios after;
    if (p->slave < 0 || tcgetattr(p->slave, &after) != 0)
        return g_strdup("the terminal itself, which is gone");
    return restore_differences(&p->before, &after, p->screen);
}

bool pty_is_restored(const struct pty *p)
{
    g_autofree char *left = left_behind(p);
    return !left;
}

bool pty_check_restored(const struct pty *p, GError **error)
{
    g_autofree char *left = left_behind(p);
    if (left)
        g_set_error(error, PTY_ERROR, PTY_ERROR_TERMINAL, "the terminal is not restored: %s", left);
    return !left;
}

bool pty_check_bytes(const struct pty *p, GError **error)
{
    const GByteArray *bytes = capture_bytes(p->capture);
    if (hygiene_check((const char *)bytes->data, bytes->len, p->term, error) &&
        !capture_is_cut(p->capture))
        return true;
    if (capture_is_cut(p->capture)) {
        g_clear_error(error);
        g_set_error(error, PTY_ERROR, PTY_ERROR_CUT, "more than %d bytes of output", CAPTURE_CAP);
    }
    return false;
}

const GByteArray *pty_bytes(const struct pty *p)
{
    return capture_bytes(p->capture);
}

bool pty_save_cast(const struct pty *p, const char *path, GError **error)
{
    return capture_save(p->capture, path, error);
}

pid_t pty_pid(const struct pty *p)
{
    return p->pid;
}

bool pty_has_ended(const struct pty *p)
{
    return p->drained;
}

void pty_mark(struct pty *p)
{
    p->stats.marked_ns = pty_now_ns();
    p->stats.bytes = 0;
    p->stats.first_byte_ns = p->stats.last_byte_ns = 0;
}

const struct pty_stats *pty_stats(const struct pty *p)
{
    return &p->stats;
}

bool pty_writes(const struct pty *p, uint64_t *count)
{
    return proc_writes(p->pid, p->pid, count);
}

/* The whole screen in words and rows, without the blank rows at its end. */
static char *describe_screen(const struct pty *p)
{
    int width = 0, height = 0, x = 0, y = 0;
    pty_size(p, &width, &height);
    pty_cursor(p, &x, &y);
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "%dx%d, %s screen, cursor %s at %d,%d%s\n", width, height,
        pty_alt_screen(p) ? "alternate" : "main", pty_cursor_visible(p) ? "shown" : "hidden", x, y,
        pty_mode(p, MODE_SYNC) ? ", inside a synchronised update" : "");
    gsize used = out->len;
    for (y = 0; y < height; y++) {
        g_autofree char *row = pty_row(p, y);
        g_string_append_printf(out, "%3d|%s\n", y, row);
        used = *row ? out->len : used;
    }
    g_string_truncate(out, used);
    return g_string_free(out, FALSE);
}

static int exit_code(const struct pty *p)
{
    return p->end.si_code == CLD_EXITED ? p->end.si_status : 128 + p->end.si_status;
}

/* Fills the error of a wait that failed and returns false. */
static bool give_up(const struct pty *p, const char *what, int timeout_ms, GError **error)
{
    g_autofree char *screen = describe_screen(p);
    if (p->drained)
        g_set_error(error, PTY_ERROR, PTY_ERROR_ENDED, "%s: the program ended with %d; %s", what,
            exit_code(p), screen);
    else
        g_set_error(error, PTY_ERROR, PTY_ERROR_TIMEOUT, "%s: not within %d ms; %s", what,
            timeout_ms, screen);
    return false;
}

static bool wait_named(struct pty *p, pty_predicate *holds, void *data, int timeout_ms,
    const char *what, GError **error)
{
    int64_t deadline = pty_now_ns() + (int64_t)timeout_ms * 1000000;
    for (;;) {
        if (!pty_mode(p, MODE_SYNC) && holds(p, data))
            return true;
        if (p->drained || pty_now_ns() >= deadline)
            return give_up(p, what, timeout_ms, error);
        pump(p, deadline);
    }
}

bool pty_wait_for(struct pty *p, pty_predicate *holds, void *data, int timeout_ms, GError **error)
{
    return wait_named(p, holds, data, timeout_ms, "waiting for a condition", error);
}

static bool text_matches(struct pty *p, void *data)
{
    g_autofree char *text = pty_text(p);
    return g_regex_match(data, text, 0, NULL);
}

bool pty_wait(struct pty *p, const char *regex, int timeout_ms, GError **error)
{
    g_autoptr(GRegex) compiled = g_regex_new(regex, G_REGEX_MULTILINE, 0, error);
    if (!compiled)
        return false;
    g_autofree char *what = g_strdup_printf("waiting for /%s/", regex);
    return wait_named(p, text_matches, compiled, timeout_ms, what, error);
}

bool pty_wait_quiet(struct pty *p, int quiet_ms, int timeout_ms, GError **error)
{
    int64_t now = pty_now_ns(), from = now, deadline = now + (int64_t)timeout_ms * 1000000;
    int64_t quiet_ns = (int64_t)quiet_ms * 1000000;
    while ((now = pty_now_ns()) < MAX(from, p->stats.last_byte_ns) + quiet_ns && !p->drained) {
        if (now >= deadline)
            return give_up(p, "waiting for quiet", timeout_ms, error);
        pump(p, MIN(MAX(from, p->stats.last_byte_ns) + quiet_ns, deadline));
    }
    return true;
}

bool pty_wait_exit(struct pty *p, int timeout_ms, int *code, GError **error)
{
    int64_t deadline = pty_now_ns() + (int64_t)timeout_ms * 1000000;
    while (!p->drained) {
        if (pty_now_ns() >= deadline)
            return give_up(p, "waiting for the program's end", timeout_ms, error);
        pump(p, deadline);
    }
    if (code)
        *code = exit_code(p);
    return true;
}

bool pty_wait_restored(struct pty *p, int timeout_ms, GError **error)
{
    int64_t deadline = pty_now_ns() + (int64_t)timeout_ms * 1000000;
    while (!pty_is_restored(p)) {
        if (p->drained || pty_now_ns() >= deadline)
            return pty_check_restored(p, error);
        pump(p, MIN(pty_now_ns() + RESTORED_TICK_NS, deadline));
    }
    return true;
}

void pty_run_for(struct pty *p, int64_t span_ns)
{
    int64_t until = pty_now_ns() + span_ns;
    while (!p->drained && pty_now_ns() < until)
        pump(p, until);
}
