#include "platform.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY_MS   60000
#define HOSTS_KEPT 6 /* of the story's two dozen: each is a process, and all behave alike */

const struct target targets[] = {
    {"airflow", "scheduler", "airflow", "airflow.dags", "ads_spend +", "ads_spend +",
        .scoped = "__20[0-9]+-"},
    {"trino", "warehouse", "trino", "trino.queries", "[0-9]{8}_[0-9]+_[0-9]+_",
        "[0-9]{8}_[0-9]+_[0-9]+_", .scoped = "^.> 0 ", .filter = "running"},
    {"kafka", "events", "kafka", "kafka.groups", "enrich", "enrich", .scoped = "^.> [^ ]"},
    {"alertmanager", "alerts", "alertmanager", "alerts", "KafkaConsumerLag", "KafkaConsumerLag",
        .scoped = "alertname", .asked_once = true},
    {"hosts", "cluster", "hosts", "hosts", "dp-b01 +[a-z]", "dp-b01 +up", .scoped = "systemd"},
    {0},
};

bool target_is_hosts(const struct target *t)
{
    return g_str_equal(t->service, "hosts");
}

bool target_can_show(const struct target *t, const struct fault *f, bool tls)
{
    if (target_is_hosts(t) || f->stage == FAULT_SHELL)
        return target_is_hosts(t) && f->stage == FAULT_SHELL && !tls;
    return (f->stage == FAULT_TLS) == tls;
}

struct platform {
    char *folder, *socket, *config;
    GPid pid;
    bool tls;
};

/* -- starting and ending --------------------------------------------------------------------------- */

static char *build_path(const char *name)
{
    const char *build = g_getenv("BUILD");
    g_autofree char *path = g_build_filename(build ? build : "build", name, NULL);
    return g_canonicalize_filename(path, NULL); /* weir works in a folder of its own */
}

static void end_with_parent(gpointer data)
{
    (void)data;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* Reads what it prints until a line is "ready". */
static bool wait_ready(int fd)
{
    g_autoptr(GString) said = g_string_new(NULL);
    struct pollfd out = {.fd = fd, .events = POLLIN};
    char buffer[1024];
    while (!strstr(said->str, "\nready\n") && poll(&out, 1, READY_MS) > 0) {
        ssize_t n = read(fd, buffer, sizeof buffer);
        if (n <= 0)
            return false;
        g_string_append_len(said, buffer, n);
    }
    return strstr(said->str, "\nready\n");
}

static void start(struct platform *p, const struct platform_spec *spec)
{
    g_autofree char *program = build_path("weir-sim");
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    const char *const options[] = {program, "--socket", p->socket, "--speed",
        spec->moves ? "1" : "0", spec->tls ? "--tls" : "--seed=1", "--plot",
        spec->plot ? spec->plot : "quiet", spec->at ? "--at" : NULL, spec->at, NULL};
    for (const char *const *option = options; *option; option++)
        g_ptr_array_add(argv, (gpointer)*option);
    g_ptr_array_add(argv, NULL);
    int out = -1;
    g_autoptr(GError) error = NULL;
    g_spawn_async_with_pipes(NULL, (char **)argv->pdata, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
        end_with_parent, NULL, &p->pid, NULL, &out, NULL, &error);
    g_assert_no_error(error);
    bool ready = wait_ready(out);
    close(out);
    g_assert_true(ready);
}

/* Its own configuration without this machine and with fewer hosts. */
static void write_config(struct platform *p)
{
    g_autofree char *own = g_build_filename(p->folder, "weir.yaml", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    g_assert_true(g_file_get_contents(own, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        const char *names = strstr(*line, " hosts: [dp-");
        if (strstr(*line, " here: "))
            continue;
        g_auto(GStrv) host = g_strsplit(names ? names : "", ", ", HOSTS_KEPT + 1);
        if (names && g_strv_length(host) > HOSTS_KEPT) {
            g_clear_pointer(&host[HOSTS_KEPT], g_free);
            g_autofree char *kept = g_strjoinv(", ", host);
            g_string_append_printf(out, "       %s]\n", kept);
        } else {
            g_string_append_printf(out, "%s\n", *line);
        }
    }
    p->config = g_build_filename(p->folder, "fewer.yaml", NULL);
    g_assert_true(
        g_file_set_contents_full(p->config, out->str, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

struct platform *platform_new(const struct platform_spec *spec)
{
    struct platform *p = g_new0(struct platform, 1);
    p->folder = g_dir_make_tmp("weir-faults-XXXXXX", NULL);
    p->socket = g_build_filename(p->folder, "control", NULL);
    p->tls = spec->tls;
    start(p, spec);
    write_config(p);
    return p;
}

void platform_free(struct platform *p)
{
    const char *const argv[] = {"rm", "-rf", p->folder, NULL};
    kill(p->pid, SIGTERM);
    waitpid(p->pid, NULL, 0);
    g_spawn_close_pid(p->pid);
    g_spawn_sync(
        NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    g_free(p->folder);
    g_free(p->socket);
    g_free(p->config);
    g_free(p);
}

const char *platform_folder(const struct platform *p)
{
    return p->folder;
}

bool platform_tls(const struct platform *p)
{
    return p->tls;
}

/* -- the control socket ---------------------------------------------------------------------------- */

static char *say(const struct platform *p, const char *line)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, p->socket, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        g_error("%s: %s", p->socket, g_strerror(errno));
    g_autofree char *all = g_strconcat(line, "\n", NULL);
    GString *answer = g_string_new(NULL);
    char buffer[4096];
    g_assert_cmpint(send(fd, all, strlen(all), MSG_NOSIGNAL), ==, (gssize)strlen(all));
    for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;)
        g_string_append_len(answer, buffer, n);
    close(fd);
    if (!g_str_has_prefix(answer->str, "ok"))
        g_error("weir-sim: %s: %s", line, answer->str);
    return g_string_free(answer, FALSE);
}

void platform_fault(const struct platform *p, const struct target *t, const char *fault)
{
    g_autofree char *line = g_strdup_printf("fault %s %s", t->service, fault);
    g_free(say(p, line));
}

gint64 platform_asked(const struct platform *p, const struct target *t)
{
    g_autofree char *answer = say(p, "status");
    g_autofree char *begin = g_strdup_printf("\n%s port=", t->service);
    const char *line = strstr(answer, begin);
    const char *requests = line ? strstr(line, "requests=") : NULL;
    const char *connections = line ? strstr(line, "connections=") : NULL;
    g_assert_nonnull(requests);
    return g_ascii_strtoll(requests + strlen("requests="), NULL, 10) +
           g_ascii_strtoll(connections + strlen("connections="), NULL, 10);
}

/* -- weir ------------------------------------------------------------------------------------------ */

struct pty *platform_open(const struct platform *p, const struct platform_run *run)
{
    g_autofree char *program = build_path(run->program ? run->program : "fast/weir");
    /* Each run begins without a memory of the one before. */
    g_autofree char *own = g_build_filename(p->folder, "state-XXXXXX", NULL);
    g_assert_nonnull(g_mkdtemp(own));
    g_autofree char *state = g_strconcat("XDG_STATE_HOME=", own, NULL);
    g_autofree char *home = g_strconcat("XDG_CONFIG_HOME=", p->folder, NULL);
    g_autofree char *speed = g_strdup_printf("WEIR_CLOCK_SPEED=%d", MAX(run->speed, 1));
    g_autoptr(GPtrArray) env = g_ptr_array_new();
    g_ptr_array_add(env, state);
    g_ptr_array_add(env, home);
    g_ptr_array_add(env, speed);
    for (const char *const *e = run->env; e && *e; e++)
        g_ptr_array_add(env, (gpointer)*e);
    g_ptr_array_add(env, NULL);
    return pty_assert_spawn(&(struct pty_spec){
        .argv = (const char *const[]){program, "--config", p->config, NULL},
        .env = (const char *const *)env->pdata,
        .cwd = p->folder, /* what is exported or saved goes there */
        .width = run->width ? run->width : 220,
        .height = run->height ? run->height : 45,
    });
}

static char *row_regex(const struct target *t, const char *regex)
{
    return g_strdup_printf("^. %s +%.8s +%s", t->source, t->type, regex);
}

char *platform_row(const struct pty *p, const struct target *t)
{
    int height;
    g_autofree char *regex = row_regex(t, "");
    pty_size(p, NULL, &height);
    for (int y = 0; y < height; y++) {
        char *row = pty_row(p, y);
        if (g_regex_match_simple(regex, row, 0, 0))
            return row;
        g_free(row);
    }
    return NULL;
}

bool platform_wait_row(
    struct pty *p, const struct target *t, const char *regex, int timeout_ms, GError **error)
{
    g_autofree char *all = row_regex(t, regex);
    return pty_wait(p, all, timeout_ms, error);
}

void platform_go(struct pty *p, const char *line)
{
    pty_type(p, ":");
    pty_type(p, line);
    pty_key(p, "enter");
}
