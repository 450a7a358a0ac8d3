#include "scale_sim.h"

#include "pty.h"
#include "scale_trace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { READY_TRIES = 600, READY_STEP_MS = 100, TRACE_CHUNK = 65536, NICE = 15 };

const char *const scale_service_names[SCALE_SERVICES] = {
    [SCALE_AIRFLOW] = "airflow",
    [SCALE_TRINO] = "trino",
    [SCALE_KAFKA] = "kafka",
    [SCALE_ALERTMANAGER] = "alertmanager",
    [SCALE_HOSTS] = "hosts",
};

struct scale_sim {
    char *program, *folder, *socket, *config;
    GPid pid;
    int rtt_ms;
    int trace;         /* its output */
    GString *unparsed; /* the beginning of a line */
    GArray *requests;
    int64_t zero_ns; /* our clock at the trace's zero; 0: not known yet */
};

/* A bench that dies takes its simulation with it. The platform would be other machines: it gives way to
 * weir, so that it does not take the processor from it. */
static void begin_child(gpointer data)
{
    (void)data;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    setpriority(PRIO_PROCESS, 0, NICE);
}

static bool spawn(struct scale_sim *s, const struct scale_spec *spec, GError **error)
{
    g_autofree char *rtt = g_strdup_printf("%dms", spec->rtt_ms);
    g_autofree char *path = g_build_filename(s->folder, "trace", NULL);
    const char *const argv[] = {spec->program, "--socket", s->socket, "--plot", spec->plot, "--at",
        spec->at, "--rtt", rtt, "--scale", spec->scale, "--trace", NULL};
    int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    s->trace = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = g_spawn_async_with_fds(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
        begin_child, NULL, &s->pid, -1, out, out, error);
    close(out);
    return ok;
}

/* Reads what its output has more. */
static void read_output(struct scale_sim *s)
{
    char buffer[TRACE_CHUNK];
    for (ssize_t n; (n = read(s->trace, buffer, sizeof buffer)) > 0;)
        g_string_append_len(s->unparsed, buffer, n);
}

static bool wait_ready(struct scale_sim *s, GError **error)
{
    for (int i = 0; i < READY_TRIES; i++) {
        read_output(s);
        const char *ready = strstr(s->unparsed->str, "\nready\n");
        if (ready) {
            g_string_erase(s->unparsed, 0, ready + strlen("\nready\n") - s->unparsed->str);
            return true;
        }
        if (waitpid(s->pid, NULL, WNOHANG) == s->pid) {
            s->pid = 0;
            break;
        }
        g_poll(NULL, 0, READY_STEP_MS);
    }
    g_set_error(error, PTY_ERROR, PTY_ERROR_SPAWN, "weir-sim does not begin: %s", s->unparsed->str);
    return false;
}

/* The configuration of weir-sim, less a source. */
static bool write_config(struct scale_sim *s, const char *without, GError **error)
{
    g_autofree char *own = g_build_filename(s->folder, "weir.yaml", NULL);
    g_autofree char *text = NULL;
    g_autofree char *named = g_strdup_printf("      %s: ", without ? without : "");
    g_autoptr(GString) out = g_string_new(NULL);
    if (!g_file_get_contents(own, &text, NULL, error))
        return false;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        if (!without || !g_str_has_prefix(*line, named))
            g_string_append_printf(out, "%s\n", *line);
    s->config = g_build_filename(s->folder, "scale.yaml", NULL);
    return g_file_set_contents_full(s->config, out->str, -1, G_FILE_SET_CONTENTS_NONE, 0600, error);
}

struct scale_sim *scale_sim_start(const struct scale_spec *spec, GError **error)
{
    AUTO(scale_sim) s = g_new0(struct scale_sim, 1);
    s->trace = -1;
    s->rtt_ms = spec->rtt_ms;
    s->program = g_strdup(spec->program);
    s->unparsed = g_string_new(NULL);
    s->requests = g_array_new(FALSE, FALSE, sizeof(struct scale_request));
    s->folder = g_dir_make_tmp("weir-scale-XXXXXX", error);
    s->socket = s->folder ? g_build_filename(s->folder, "control", NULL) : NULL;
    if (!s->folder || !spawn(s, spec, error) || !wait_ready(s, error) ||
        !write_config(s, spec->without, error))
        return NULL;
    return g_steal_pointer(&s);
}

static void remove_folder(const char *folder)
{
    const char *const argv[] = {"rm", "-rf", folder, NULL};
    g_spawn_sync(
        NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
}

void scale_sim_free(struct scale_sim *s)
{
    if (!s)
        return;
    if (s->pid > 0) {
        kill(s->pid, SIGTERM);
        waitpid(s->pid, NULL, 0);
    }
    if (s->folder)
        remove_folder(s->folder);
    if (s->trace >= 0)
        close(s->trace);
    g_string_free(s->unparsed, TRUE);
    g_array_unref(s->requests);
    g_free(s->program);
    g_free(s->folder);
    g_free(s->socket);
    g_free(s->config);
    g_free(s);
}

const char *scale_sim_folder(const struct scale_sim *s)
{
    return s->folder;
}

const char *scale_sim_config(const struct scale_sim *s)
{
    return s->config;
}

int scale_sim_rtt_ms(const struct scale_sim *s)
{
    return s->rtt_ms;
}

double scale_sim_cpu_s(const struct scale_sim *s)
{
    clockid_t clock;
    struct timespec used = {0};
    if (clock_getcpuclockid(s->pid, &clock) == 0)
        clock_gettime(clock, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* -- counters -------------------------------------------------------------------------------------- */

/* " name=7" in a line of the status. */
static gint64 number(const char *line, const char *name)
{
    g_autofree char *key = g_strdup_printf(" %s=", name);
    const char *found = strstr(line, key);
    return found ? g_ascii_strtoll(found + strlen(key), NULL, 10) : 0;
}

bool scale_sim_traffic(
    const struct scale_sim *s, struct scale_traffic traffic[SCALE_SERVICES], GError **error)
{
    const char *const argv[] = {s->program, "--socket", s->socket, "status", NULL};
    g_autofree char *out = NULL;
    if (!g_spawn_sync(
            NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, NULL, error))
        return false;
    memset(traffic, 0, SCALE_SERVICES * sizeof *traffic);
    g_auto(GStrv) lines = g_strsplit(out, "\n", -1);
    for (char **line = lines; *line; line++)
        for (int i = 0; i < SCALE_SERVICES; i++) {
            g_autofree char *named = g_strconcat(scale_service_names[i], " ", NULL);
            if (g_str_has_prefix(*line, named))
                traffic[i] =
                    (struct scale_traffic){number(*line, "requests"), number(*line, "connections"),
                        number(*line, "bytes_out"), number(*line, "in_flight_max")};
        }
    return true;
}

/* -- the trace ------------------------------------------------------------------------------------- */

void scale_sim_read_trace(struct scale_sim *s)
{
    read_output(s);
    guint before = s->requests->len;
    g_string_erase(s->unparsed, 0, (gssize)scale_trace_parse(s->unparsed->str, s->requests));
    if (before == 0 && s->requests->len > 0) {
        guint last = s->requests->len - 1;
        double at_ms = g_array_index(s->requests, struct scale_request, last).at_ms;
        s->zero_ns = pty_now_ns() - (int64_t)(at_ms * 1e6);
    }
}

guint scale_sim_requests(const struct scale_sim *s)
{
    return s->requests->len;
}

bool scale_sim_is_quiet(
    const struct scale_sim *s, guint from, enum scale_service service, double span_ms)
{
    double now_ms = (double)(pty_now_ns() - s->zero_ns) / 1e6;
    for (guint i = s->requests->len; i > from; i--) {
        const struct scale_request *r = &g_array_index(s->requests, struct scale_request, i - 1);
        if (strcmp(r->service, scale_service_names[service]) == 0)
            return now_ms - r->at_ms >= span_ms;
    }
    return false;
}

int scale_sim_chain(
    const struct scale_sim *s, guint from, enum scale_service service, int64_t at_ns)
{
    double at_ms = (double)(at_ns - s->zero_ns) / 1e6;
    return scale_trace_chain(
        s->requests, from, scale_service_names[service], at_ms - s->rtt_ms / 2.0, s->rtt_ms);
}
