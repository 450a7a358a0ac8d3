#include "launch.h"

#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

/* What would make a program behave otherwise here than on the next machine. */
static const char *const unset[] = {"COLORTERM", "COLORFGBG", "COLUMNS", "LINES", "NO_COLOR",
    "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "ESCDELAY", "TERM_PROGRAM", "TERM_PROGRAM_VERSION",
    "TERMINFO", "TMUX", "TMUX_PANE", "STY", "VTE_VERSION", "WINDOWID", "LC_ALL", "LC_CTYPE",
    "LANGUAGE", "SSH_TTY", "SSH_CONNECTION", "SSH_CLIENT"};

static char **environment(const struct launch *l)
{
    char **env = g_get_environ();
    for (size_t i = 0; i < G_N_ELEMENTS(unset); i++)
        env = g_environ_unsetenv(env, unset[i]);
    env = g_environ_setenv(env, "LANG", "C.UTF-8", TRUE);
    env = g_environ_setenv(env, "TERM", l->term, TRUE);
    for (size_t i = 0; l->env && l->env[i]; i++) {
        g_auto(GStrv) pair = g_strsplit(l->env[i], "=", 2);
        env = pair[1] ? g_environ_setenv(env, pair[0], pair[1], TRUE)
                      : g_environ_unsetenv(env, pair[0]);
    }
    return env;
}

/* In the child: becomes the program, or tells the parent why not. */
static G_NORETURN void become(const struct launch *l, char **env, int report)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL);
    close(l->master);
    if (login_tty(l->slave) == 0 && (!l->cwd || chdir(l->cwd) == 0))
        execvpe(l->argv[0], (char *const *)l->argv, env);
    int why = errno;
    _exit(write(report, &why, sizeof why) == sizeof why ? 126 : 127);
}

/* Why the child could not become the program; 0 when it did, for then the pipe closes on exec. */
static int wait_for_exec(int report)
{
    int why = 0;
    ssize_t n;
    do
        n = read(report, &why, sizeof why);
    while (n < 0 && errno == EINTR);
    return n == sizeof why ? why : 0;
}

pid_t launch_program(const struct launch *l, GError **error)
{
    g_auto(GStrv) env = environment(l);
    int report[2], why = 0;
    if (pipe2(report, O_CLOEXEC) != 0) {
        g_set_error(error, PTY_ERROR, PTY_ERROR_SPAWN, "pipe: %s", g_strerror(errno));
        return -1;
    }
    pid_t pid = fork();
    why = errno;
    if (pid == 0)
        become(l, env, report[1]);
    close(report[1]);
    if (pid > 0) {
        why = wait_for_exec(report[0]);
        if (why)
            waitpid(pid, NULL, 0);
    }
    close(report[0]);
    if (pid > 0 && why == 0)
        return pid;
    g_set_error(
        error, PTY_ERROR, PTY_ERROR_SPAWN, "cannot run %s: %s", l->argv[0], g_strerror(why));
    return -1;
}
