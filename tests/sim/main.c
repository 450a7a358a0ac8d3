/* weir-sim: a whole data platform in one process, on loopback. See README.md beside this file. */
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "client.h"
#include "error.h"
#include "plot.h"
#include "quantity.h"
#include "sim.h"

#define FILES_MAX 8192
#define SPEED_MAX 100000

static const char commands_text[] =
    "Commands:\n"
    "  run (or none)                           the platform, until it is told to quit\n"
    "  plots                                   the plots that are built in\n"
    "  fault [SERVICE FAULT|off [path=/P] [count=N]]\n"
    "                                          breaks something; alone: what can be broken\n"
    "  do [VERB KEY=VALUE ...]                 lets something happen; alone: what can\n"
    "  at +20m                                 jumps there\n"
    "  status, log, quit                       of the simulation that runs\n"
    "  host NAME [--rtt 20ms]                  a shell of a simulated host, for weir's shell:\n"
    "  proxy --to PORT                         the delays and faults of connections before a\n"
    "                                          real server; its service is called \"proxy\"\n";

struct options {
    char *plot, *at, *scale, *socket, *rtt, *epoch;
    gint64 seed, rate;
    double speed;
    int to;
    gboolean tls, trace;
    char **words;
};

static bool parse_options(struct options *o, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"plot", 0, 0, G_OPTION_ARG_STRING, &o->plot, "a plot's name, or a file (quiet)", "PLOT"},
        {"at", 0, 0, G_OPTION_ARG_STRING, &o->at, "begin at this moment of the plot", "+12m"},
        {"speed", 0, 0, G_OPTION_ARG_DOUBLE, &o->speed, "seconds of the world per second (1)", "X"},
        {"seed", 0, 0, G_OPTION_ARG_INT64, &o->seed, "of all chance (1)", "N"},
        {"epoch", 0, 0, G_OPTION_ARG_STRING, &o->epoch,
            "wall clock at the plot's first moment (so that it is now)", "TIME"},
        {"scale", 0, 0, G_OPTION_ARG_STRING, &o->scale,
            "dags=5000,runs=50,groups=1000,topics=500,partitions=10000,queries=24000,hosts=200",
            "..."},
        {"tls", 0, 0, G_OPTION_ARG_NONE, &o->tls, "the services speak TLS", NULL},
        {"trace", 0, 0, G_OPTION_ARG_NONE, &o->trace,
            "print each request and when it came, in ms since the first", NULL},
        {"rtt", 0, 0, G_OPTION_ARG_STRING, &o->rtt, "round trip of every connection", "20ms"},
        {"rate", 0, 0, G_OPTION_ARG_INT64, &o->rate, "bytes a second of every connection", "N"},
        {"socket", 0, 0, G_OPTION_ARG_FILENAME, &o->socket,
            "control socket ($WEIR_SIM, else one in the user's runtime folder)", "PATH"},
        {"to", 0, 0, G_OPTION_ARG_INT, &o->to, "of proxy: the real server's port", "PORT"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &o->words, NULL, "[COMMAND ...]"},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- a simulated data platform");
    g_option_context_set_description(context, commands_text);
    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

static char *default_socket(void)
{
    const char *named = g_getenv("WEIR_SIM");
    return named ? g_strdup(named)
                 : g_build_filename(g_get_user_runtime_dir(), "weir-sim", "control", NULL);
}

/* -- reading the options --------------------------------------------------------------------------- */

static bool parse_span(const char *name, const char *text, int64_t *ms, GError **error)
{
    return !text || quantity_parse_span(text + (*text == '+'), false, ms) ||
           weir_fail(error, WEIR_ERROR_USAGE, "--%s takes a span as 20ms or +12m, not \"%s\"", name,
               text);
}

static bool parse_scale(const char *text, struct scale *out, GError **error)
{
    const struct {
        const char *name;
        int *value;
    } members[] = {{"dags", &out->dags}, {"runs", &out->runs}, {"groups", &out->groups},
        {"topics", &out->topics}, {"partitions", &out->partitions}, {"queries", &out->queries},
        {"hosts", &out->hosts}};
    g_auto(GStrv) parts = g_strsplit(text ? text : "", ",", -1);
    for (char **part = parts; *part; part++) {
        g_auto(GStrv) pair = g_strsplit(*part, "=", 2);
        gint64 n = -1;
        bool found = false;
        for (guint i = 0; pair[1] && i < G_N_ELEMENTS(members); i++)
            if (g_str_equal(pair[0], members[i].name) &&
                g_ascii_string_to_signed(pair[1], 10, 0, 1000000, &n, NULL)) {
                *members[i].value = (int)n;
                found = true;
            }
        if (!found)
            return weir_fail(error, WEIR_ERROR_USAGE,
                "--scale takes dags, runs, groups, topics, partitions, queries and hosts, each "
                "=NUMBER, not \"%s\"",
                *part);
    }
    return true;
}

/* -- the running simulation ------------------------------------------------------------------------ */

void sim_advance(struct sim *s)
{
    double passed = (double)(g_get_monotonic_time() / 1000 - s->begin_mono_ms) * s->speed;
    if (s->world)
        world_advance(s->world, s->begin_ms + (int64_t)passed);
}

struct port *sim_port(struct sim *s, const char *name)
{
    for (guint i = 0; i < s->ports->len; i++) {
        struct port *p = g_ptr_array_index(s->ports, i);
        if (g_str_equal(p->name, name))
            return p;
    }
    return NULL;
}

static struct port *add_port(
    struct sim *s, const char *name, const struct service *service, bool tls)
{
    struct port *p = g_new0(struct port, 1);
    p->sim = s;
    p->name = name;
    p->service = service;
    p->tls = tls;
    p->listener = -1;
    p->wires = g_ptr_array_new();
    p->stuffing = g_array_new(FALSE, FALSE, sizeof(int));
    g_ptr_array_add(s->ports, p);
    return p;
}

static gboolean on_second(gpointer data)
{
    sim_advance(data);
    return G_SOURCE_CONTINUE;
}

static gboolean on_end(gpointer data)
{
    struct sim *s = data;
    g_main_loop_quit(s->loop);
    return G_SOURCE_CONTINUE;
}

static bool write_config(struct sim *s, GError **error)
{
    g_autofree char *text = sim_config(s);
    g_autofree char *path = g_build_filename(s->folder, "weir.yaml", NULL);
    g_autofree char *password = g_build_filename(s->folder, "password", NULL);
    return g_file_set_contents_full(
               password, "admin\n", -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error) &&
           g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}

static void print_places(const struct sim *s)
{
    for (guint i = 0; i < s->ports->len; i++) {
        const struct port *p = g_ptr_array_index(s->ports, i);
        if (p->number)
            g_print("%-14s %s://127.0.0.1:%d\n", p->name, p->tls ? "https" : "http", p->number);
    }
    if (s->world)
        g_print("configuration  %s/weir.yaml\n", s->folder);
    g_print("control        %s\nready\n", s->socket);
}

/* From here on until somebody says quit. */
static void serve(struct sim *s)
{
    s->loop = g_main_loop_new(NULL, FALSE);
    guint watches[] = {g_timeout_add_seconds(1, on_second, s),
        g_unix_signal_add(SIGTERM, on_end, s), g_unix_signal_add(SIGINT, on_end, s)};
    fflush(stdout);
    g_main_loop_run(s->loop);
    for (guint i = 0; i < G_N_ELEMENTS(watches); i++)
        g_source_remove(watches[i]);
    g_main_loop_unref(s->loop);
}

static bool open_ports(struct sim *s, bool tls, GError **error)
{
    for (const struct service *const *v = services; *v; v++)
        if (!port_open(add_port(s, (*v)->name, *v, tls), (*v)->port, error))
            return false;
    add_port(s, SIM_HOSTS, NULL, false);
    return true;
}

static bool make_world(
    struct sim *s, const struct options *o, const struct plot *plot, GError **error)
{
    struct scale scale = {0};
    int64_t at = 0, zero = 0;
    if (!parse_scale(o->scale, &scale, error) || !parse_span("at", o->at, &at, error))
        return false;
    if (o->epoch && !quantity_parse_time(o->epoch, &zero))
        return weir_fail(error, WEIR_ERROR_USAGE,
            "--epoch takes a time as 2026-06-12T11:00:00Z, not \"%s\"", o->epoch);
    if (!(o->speed >= 0 && o->speed <= SPEED_MAX))
        return weir_fail(error, WEIR_ERROR_USAGE,
            "--speed takes seconds of the world per second, from 0 (it stands still) to %d",
            SPEED_MAX);
    if (!o->epoch)
        zero = (g_get_real_time() / 1000 - at) / 60000 * 60000;
    s->world = world_new(&scale, (guint64)o->seed, zero, plot);
    if (!plot_check(plot, s->world, error))
        return false;
    s->speed = o->speed;
    s->begin_ms = o->epoch ? zero + at : g_get_real_time() / 1000;
    s->begin_mono_ms = g_get_monotonic_time() / 1000;
    sim_advance(s);
    return true;
}

static bool prepare(struct sim *s, const struct options *o, GError **error)
{
    struct rlimit files = {FILES_MAX, FILES_MAX};
    setrlimit(RLIMIT_NOFILE, &files); /* as far as the user may */
    s->folder = g_path_get_dirname(s->socket);
    s->rate = o->rate;
    if (o->rate < 0)
        return weir_fail(error, WEIR_ERROR_USAGE, "--rate takes bytes a second, 0 for any");
    s->trace = o->trace;
    if (g_mkdir_with_parents(s->folder, 0700) != 0)
        return weir_fail(error, WEIR_ERROR_CONFIG, "%s cannot be made", s->folder);
    return parse_span("rtt", o->rtt, &s->rtt_ms, error) && control_open(s, error);
}

static bool run(struct sim *s, const struct options *o, const struct plot *plot, GError **error)
{
    if (!prepare(s, o, error) || (o->tls && !certificates_make(s->folder, error)) ||
        !make_world(s, o, plot, error))
        return false;
    s->server = server_new(s, o->tls, error);
    return s->server && open_ports(s, o->tls, error) && write_config(s, error);
}

static bool run_proxy(struct sim *s, const struct options *o, GError **error)
{
    if (o->to <= 0 || o->to > 65535)
        return weir_fail(error, WEIR_ERROR_USAGE, "proxy needs --to PORT");
    if (!prepare(s, o, error))
        return false;
    struct port *p = add_port(s, "proxy", NULL, false);
    p->upstream = o->to;
    return port_open(p, o->to + 1, error);
}

/* -- commands -------------------------------------------------------------------------------------- */

static int complain(const GError *error)
{
    g_printerr(
        "weir-sim: %s%s", error->message, g_str_has_suffix(error->message, "\n") ? "" : "\n");
    return 2;
}

static int list_plots(void)
{
    for (const char *const *name = plot_names(); *name; name++) {
        AUTO(plot) p = plot_load(*name, NULL);
        if (p)
            g_print("%-16s %s\n%s\n", *name, p->title, p->about ? p->about : "");
    }
    return 0;
}

static void sim_free(struct sim *s)
{
    for (guint i = 0; i < s->ports->len; i++) {
        struct port *p = g_ptr_array_index(s->ports, i);
        port_close(p);
        fault_switch_set(&p->fault, NULL, NULL, 0);
        g_ptr_array_unref(p->wires);
        g_array_unref(p->stuffing);
        g_free(p);
    }
    server_free(s->server);
    world_free(s->world);
    g_ptr_array_unref(s->ports);
    g_free(s->socket);
    g_free(s->folder);
    g_free(s);
}

static int start(const struct options *o, bool proxy)
{
    g_autoptr(GError) error = NULL;
    AUTO(plot) plot = proxy ? NULL : plot_load(o->plot ? o->plot : "quiet", &error);
    struct sim *s = g_new0(struct sim, 1);
    g_autofree char *socket = o->socket ? g_strdup(o->socket) : default_socket();
    s->socket = g_canonicalize_filename(socket, NULL); /* the configuration is read elsewhere */
    s->ports = g_ptr_array_new();
    bool ok = !error && (proxy ? run_proxy(s, o, &error) : run(s, o, plot, &error));
    if (ok) {
        print_places(s);
        serve(s);
    }
    control_close(s);
    sim_free(s);
    return ok ? 0 : complain(error);
}

static int run_host(const struct options *o, const char *socket)
{
    g_autoptr(GError) error = NULL;
    int64_t rtt = 0;
    if (!o->words[1])
        weir_fail(&error, WEIR_ERROR_USAGE, "host needs a NAME");
    if (error || !parse_span("rtt", o->rtt, &rtt, &error))
        return complain(error);
    return client_host(socket, o->words[1], rtt);
}

static int run_command(const struct options *o)
{
    const char *command = o->words ? o->words[0] : "run";
    g_autofree char *socket = o->socket ? g_strdup(o->socket) : default_socket();
    if (g_str_equal(command, "run") || g_str_equal(command, "proxy"))
        return start(o, *command == 'p');
    if (g_str_equal(command, "plots"))
        return list_plots();
    if (g_str_equal(command, "host"))
        return run_host(o, socket);
    return client_say(socket, o->words);
}

int main(int argc, char **argv)
{
    struct options o = {.seed = 1, .speed = 1};
    g_autoptr(GError) error = NULL;
    int code = parse_options(&o, &argc, &argv, &error) ? run_command(&o) : complain(error);
    char *texts[] = {o.plot, o.at, o.scale, o.socket, o.rtt, o.epoch};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_strfreev(o.words);
    return code;
}
