/* A view in the user's pager. The text lies in a file in memory, so that nothing waits for the pager; the
 * main loop goes on, so that mail from the lanes is taken while somebody reads. */
#include "app.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"

#define PAGER "less -R"

/* Runs in the child: signals that the console takes through a descriptor are its own again. */
static void unblock_signals(gpointer data)
{
    (void)data;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void on_ended(GPid pid, gint status, gpointer data)
{
    struct app *a = data;
    g_spawn_close_pid(pid);
    app_take_back(a);
    g_autoptr(GError) error = NULL;
    if (!g_spawn_check_wait_status(status, &error))
        app_complain(a, "the pager: %s", error->message);
}

/* A file in memory that begins with the text, or -1. */
static int text_file(const GString *text)
{
    int fd = memfd_create("weir-log", MFD_CLOEXEC);
    for (gsize done = 0; fd >= 0 && done < text->len;) {
        ssize_t n = write(fd, text->str + done, text->len - done);
        if (n <= 0) {
            close(fd);
            return -1;
        }
        done += (gsize)n;
    }
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

static bool run(struct app *a, char **argv, int fd, GError **error)
{
    GPid pid;
    int errors =
        dup(STDOUT_FILENO); /* our own are in a file, and some pagers read keys from there */
    app_lend(a);
    bool ok =
        g_spawn_async_with_fds(NULL, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
            unblock_signals, NULL, &pid, fd, -1, errors, error);
    if (errors >= 0)
        close(errors);
    if (ok)
        g_child_watch_add(pid, on_ended, a);
    else
        app_take_back(a);
    return ok;
}

void pager_open(struct app *a)
{
    struct view *v = app_top(a)->view;
    const char *pager = g_getenv("PAGER");
    g_auto(GStrv) argv = NULL;
    g_autoptr(GError) error = NULL;
    if (!v->class->text) {
        app_complain(a, "this view has no text to read in a pager");
        return;
    }
    if (!g_shell_parse_argv(pager && *pager ? pager : PAGER, NULL, &argv, &error)) {
        app_complain(a, "$PAGER: %s", error->message);
        return;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    v->class->text(v, text, clock_wall_ms());
    int fd = text_file(text);
    if (fd < 0)
        app_complain(a, "there is no memory for the text of this log");
    else if (!run(a, argv, fd, &error))
        app_complain(a, "%s; set PAGER to a pager that is installed", error->message);
    if (fd >= 0)
        close(fd);
}
