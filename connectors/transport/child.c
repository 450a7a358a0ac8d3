#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "text.h"

#define REAP_MS 500 /* a killed process ends at once, unless the kernel holds it */

struct child {
    GPid pid;
    int fd, error_fd; /* -1: closed */
    int end_fd;       /* readable once it has ended; -1: this kernel has no such thing */
    GString *words;
    bool ended;
    int status;
};

/* In the child, before exec. */
static void detach(gpointer data)
{
    (void)data;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setsid();
}

static void set_nonblocking(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

struct child *child_start(const char *const *argv, GError **error)
{
    int pair[2], words[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        weir_fail(error, WEIR_ERROR_CONFIG, "%s cannot be started: %s", argv[0], g_strerror(errno));
        return NULL;
    }
    if (pipe2(words, O_CLOEXEC) != 0) {
        weir_fail(error, WEIR_ERROR_CONFIG, "%s cannot be started: %s", argv[0], g_strerror(errno));
        close(pair[0]);
        close(pair[1]);
        return NULL;
    }
    GPid pid = 0;
    g_autoptr(GError) spawn_error = NULL;
    bool ok = g_spawn_async_with_fds(NULL, (char **)argv, NULL,
        G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, detach, NULL, &pid, pair[1], pair[1],
        words[1], &spawn_error);
    close(pair[1]);
    close(words[1]);
    if (!ok) {
        close(pair[0]);
        close(words[0]);
        weir_fail(
            error, WEIR_ERROR_CONFIG, "%s cannot be started: %s", argv[0], spawn_error->message);
        return NULL;
    }
    set_nonblocking(pair[0]);
    set_nonblocking(words[0]);
    struct child *c = g_new0(struct child, 1);
    *c = (struct child){.pid = pid, .fd = pair[0], .error_fd = words[0]};
    c->end_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    c->words = g_string_new(NULL);
    return c;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Looks without reaping: as long as its number is not given back, its session can be killed by it. */
static bool has_ended(struct child *c)
{
    siginfo_t info = {0};
    if (!c->ended && waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid != 0) {
        c->ended = true;
        c->status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
    }
    return c->ended;
}

void child_free(struct child *c)
{
    if (!c)
        return;
    close_fd(&c->fd);
    close_fd(&c->error_fd);
    /* Its session may outlive it: a ProxyCommand, a probe that hangs. */
    kill(-c->pid, SIGKILL);
    struct pollfd end = {.fd = c->end_fd, .events = POLLIN};
    if (!has_ended(c) && c->end_fd >= 0)
        poll(&end, 1, REAP_MS);
    /* One that the kernel holds even now (a dead network file system) is left to init: its parent is
     * us, and we end some time. */
    waitpid(c->pid, NULL, WNOHANG);
    close_fd(&c->end_fd);
    g_string_free(c->words, TRUE);
    g_free(c);
}

void child_close_input(struct child *c)
{
    if (c->fd >= 0)
        shutdown(c->fd, SHUT_WR);
}

gssize child_write(struct child *c, const char *bytes, gsize length)
{
    if (c->fd < 0)
        return -1;
    ssize_t n = send(c->fd, bytes, length, MSG_NOSIGNAL);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    return n;
}

static void read_words(struct child *c)
{
    char buffer[1024];
    ssize_t n = 1;
    while (c->error_fd >= 0 && (n = read(c->error_fd, buffer, sizeof buffer)) != 0) {
        if (n < 0 && errno != EINTR)
            break;
        if (n > 0)
            g_string_append_len(c->words, buffer, n);
        if (c->words->len > CHILD_STDERR_MAX)
            g_string_erase(c->words, 0, (gssize)(c->words->len - CHILD_STDERR_MAX));
    }
    if (c->error_fd >= 0 && n == 0)
        close_fd(&c->error_fd);
}

gssize child_read(struct child *c, GString *out, gsize max)
{
    read_words(c);
    if (c->fd < 0)
        return -1;
    gsize had = out->len;
    char buffer[16384];
    while (out->len - had < max) {
        ssize_t n = recv(c->fd, buffer, MIN(sizeof buffer, max - (out->len - had)), 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n <= 0) {
            close_fd(&c->fd);
            return out->len > had ? (gssize)(out->len - had) : -1;
        }
        g_string_append_len(out, buffer, n);
    }
    return (gssize)(out->len - had);
}

unsigned child_watch(const struct child *c, bool sending, struct pollfd fds[CHILD_FDS])
{
    unsigned n = 0;
    if (c->fd >= 0)
        fds[n++] =
            (struct pollfd){.fd = c->fd, .events = (short)(POLLIN | (sending ? POLLOUT : 0))};
    else if (c->end_fd >= 0)
        fds[n++] = (struct pollfd){.fd = c->end_fd, .events = POLLIN};
    if (c->error_fd >= 0)
        fds[n++] = (struct pollfd){.fd = c->error_fd, .events = POLLIN};
    return n;
}

bool child_ended(struct child *c, int *status)
{
    if (!has_ended(c))
        return false;
    read_words(c);
    if (status)
        *status = c->status;
    return true;
}

char *child_last_words(struct child *c)
{
    read_words(c);
    g_auto(GStrv) lines = g_strsplit_set(c->words->str, "\r\n", -1);
    for (guint i = g_strv_length(lines); i-- > 0;) {
        if (*g_strstrip(lines[i])) {
            g_autoptr(GString) clean = g_string_new(NULL);
            text_clean(lines[i], -1, clean);
            return g_strdup(clean->str);
        }
    }
    return NULL;
}

const char *child_stderr(struct child *c)
{
    read_words(c);
    return c->words->str;
}
