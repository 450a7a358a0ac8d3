#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"

struct secret {
    gsize length;
    char text[];
};

/* NULL when nothing but a newline is there. */
static struct secret *secret_new(const char *bytes, gsize length)
{
    if (length > 0 && bytes[length - 1] == '\n')
        length--;
    if (length == 0)
        return NULL;
    struct secret *s = g_malloc0(sizeof *s + length + 1);
    memcpy(s->text, bytes, length);
    s->length = length;
    return s;
}

void secret_wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
}

void secret_free(struct secret *s)
{
    if (!s)
        return;
    explicit_bzero(s->text, s->length);
    g_free(s);
}

const char *secret_text(const struct secret *s)
{
    return s->text;
}

void secret_spec_clear(struct secret_spec *spec)
{
    g_strfreev(spec->command);
    g_free(spec->file);
    g_free(spec->env);
    secret_wipe(spec->value);
    g_free(spec->value);
    *spec = (struct secret_spec){0};
}

/* Reads up to SECRET_BYTES_MAX from fd until its end or the deadline (monotonic microseconds). */
static bool read_all(int fd, gint64 deadline, char *buffer, gsize *length)
{
    *length = 0;
    for (;;) {
        gint64 left = (deadline - g_get_monotonic_time()) / 1000;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ready = left > 0 ? poll(&p, 1, (int)left) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return false;
        ssize_t n = read(fd, buffer + *length, SECRET_BYTES_MAX - *length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        *length += (gsize)n;
        if (*length == SECRET_BYTES_MAX)
            return false;
    }
}

/* In the child: its own session, so that it can neither ask on our terminal nor take our signals. */
static void detach(gpointer data)
{
    (void)data;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
}

/* Whether the child ends before the deadline: the end of its output is not yet its own. */
static bool ends(GPid pid, gint64 deadline)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int ready = fd < 0 ? 1 : -1;
    while (ready < 0) {
        gint64 left = (deadline - g_get_monotonic_time()) / 1000;
        ready = poll(&p, 1, (int)MAX(left, 0));
        if (ready < 0 && errno != EINTR)
            ready = 0;
    }
    if (fd >= 0)
        close(fd);
    return ready > 0;
}

/* Waits for the child, or kills its session when it is not in time. Whether it ended well. */
static bool reap(GPid pid, bool in_time, int *status)
{
    if (!in_time)
        kill(-pid, SIGKILL);
    while (waitpid(pid, status, 0) < 0 && errno == EINTR)
        ;
    return in_time && WIFEXITED(*status) && WEXITSTATUS(*status) == 0;
}

static struct secret *fetch_command(char **command, GError **error)
{
    GPid pid;
    int fd;
    g_autoptr(GError) spawn_error = NULL;
    if (!g_spawn_async_with_pipes(NULL, command, NULL,
            G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, detach,
            NULL, &pid, NULL, &fd, NULL, &spawn_error)) {
        weir_fail(error, WEIR_ERROR_CONFIG, "the secret command \"%s\" cannot be started: %s",
            command[0], spawn_error->message);
        return NULL;
    }
    g_autofree char *buffer = g_malloc(SECRET_BYTES_MAX);
    gsize length;
    gint64 deadline = g_get_monotonic_time() + SECRET_COMMAND_MS * 1000;
    bool in_time = read_all(fd, deadline, buffer, &length);
    close(fd);
    in_time = in_time && ends(pid, deadline);
    int status = 0;
    struct secret *s = reap(pid, in_time, &status) ? secret_new(buffer, length) : NULL;
    if (!in_time)
        weir_fail(error, WEIR_ERROR_CONFIG,
            "the secret command \"%s\" did not end within %d s; unlock the store it reads",
            command[0], SECRET_COMMAND_MS / 1000);
    else if (!s)
        weir_fail(error, WEIR_ERROR_CONFIG,
            "the secret command \"%s\" ended with status %d and %s; unlock the store it reads",
            command[0], WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
            length > 1 ? "some output" : "no output");
    explicit_bzero(buffer, SECRET_BYTES_MAX);
    return s;
}

static char *expand_home(const char *path)
{
    return g_str_has_prefix(path, "~/") ? g_build_filename(g_get_home_dir(), path + 2, NULL)
                                        : g_strdup(path);
}

static gboolean check_file(int fd, const char *path, GError **error)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return weir_fail(error, WEIR_ERROR_CONFIG, "the secret file %s is no regular file", path);
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return weir_fail(
            error, WEIR_ERROR_CONFIG, "the secret file %s belongs to somebody else", path);
    if (st.st_mode & 077)
        return weir_fail(error, WEIR_ERROR_CONFIG,
            "the secret file %s is open to others: chmod 600 %s", path, path);
    return TRUE;
}

static struct secret *fetch_file(const char *name, GError **error)
{
    g_autofree char *path = expand_home(name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK); /* a pipe must not hang */
    if (fd < 0) {
        weir_fail(error, WEIR_ERROR_CONFIG, "the secret file %s cannot be read: %s", path,
            errno == ELOOP ? "it is a symbolic link" : g_strerror(errno));
        return NULL;
    }
    struct secret *s = NULL;
    if (check_file(fd, path, error)) {
        g_autofree char *buffer = g_malloc(SECRET_BYTES_MAX);
        gsize length;
        if (read_all(fd, g_get_monotonic_time() + SECRET_COMMAND_MS * 1000, buffer, &length))
            s = secret_new(buffer, length);
        if (!s)
            weir_fail(error, WEIR_ERROR_CONFIG, "the secret file %s is empty or too long", path);
        explicit_bzero(buffer, SECRET_BYTES_MAX);
    }
    close(fd);
    return s;
}

struct secret *secret_fetch(const struct secret_spec *spec, GError **error)
{
    if (spec->command)
        return fetch_command(spec->command, error);
    if (spec->file)
        return fetch_file(spec->file, error);
    struct secret *s = spec->value ? secret_new(spec->value, strlen(spec->value)) : NULL;
    if (s)
        return s;
    weir_fail(error, WEIR_ERROR_CONFIG, "the environment variable %s is not set or empty",
        spec->env ? spec->env : "?");
    return NULL;
}

bool secret_is_named(const char *name)
{
    static const char *const parts[] = {"password", "secret", "authorization", "cookie", "token",
        "api-key", "apikey", "jaas", "ssl.key.pem", NULL};
    g_autofree char *lower = g_ascii_strdown(name, -1);
    for (unsigned i = 0; parts[i]; i++)
        if (strstr(lower, parts[i]))
            return !strstr(lower, "location") && !strstr(lower, "endpoint");
    return false;
}
