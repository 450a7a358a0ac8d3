#include "load.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct load {
    char **argv;
    GPid pid; /* 0: could not be started again */
};

/* Its own process group, so that it can be killed with its children. */
static void lead_group(gpointer data)
{
    (void)data;
    setpgid(0, 0);
}

static gboolean spawn(struct load *l, GError **error)
{
    l->pid = 0;
    return g_spawn_async(NULL, l->argv, NULL,
        G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL |
            G_SPAWN_STDERR_TO_DEV_NULL,
        lead_group, NULL, &l->pid, error);
}

struct load *load_start(const char *command, GError **error)
{
    if (!command)
        return NULL;
    AUTO(load) l = g_new0(struct load, 1);
    if (!g_shell_parse_argv(command, NULL, &l->argv, error) || !spawn(l, error))
        return NULL;
    return g_steal_pointer(&l);
}

void load_renew(struct load *l)
{
    if (l && l->pid > 0 && waitpid(l->pid, NULL, WNOHANG) == l->pid)
        spawn(l, NULL);
}

void load_stop(struct load *l)
{
    if (!l)
        return;
    if (l->pid > 0) {
        kill(-l->pid, SIGKILL);
        waitpid(l->pid, NULL, 0);
    }
    g_strfreev(l->argv);
    g_free(l);
}
