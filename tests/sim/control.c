/* The control socket: how a running simulation is told what to break, and how hosts reach it. A client
 * sends one line, "fault airflow drip" for instance, and gets "ok" or "error" and further lines; the line
 * "host NAME RTT" makes the rest of the connection that host's shell. */
#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "error.h"
#include "machines.h"
#include "plot.h"
#include "quantity.h"
#include "sim.h"

#define LINE_BYTES 4096
#define COUNT_MAX  1000000

/* -- fault ----------------------------------------------------------------------------------------- */

static char *list_faults(const struct sim *s)
{
    g_autoptr(GString) out = g_string_new("ok\n");
    for (const struct fault *f = faults; f->name; f++)
        g_string_append_printf(out, "%-16s %s\n", f->name, f->help);
    for (guint i = 0; i < s->ports->len; i++) {
        const struct port *p = g_ptr_array_index(s->ports, i);
        const struct fault_switch *f = &p->fault;
        if (!f->fault || f->left == 0)
            continue;
        g_string_append_printf(out, "now: %s %s", p->name, f->fault->name);
        if (f->path)
            g_string_append_printf(out, " path=%s", f->path);
        if (f->left > 0)
            g_string_append_printf(out, " count=%d", f->left);
        g_string_append_c(out, '\n');
    }
    return g_strdup(out->str);
}

static char *services_line(const struct sim *s)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < s->ports->len; i++) {
        const struct port *p = g_ptr_array_index(s->ports, i);
        g_string_append_printf(out, "%s%s", i ? ", " : "", p->name);
    }
    return g_strdup(out->str);
}

/* Why the port cannot show the fault named by word: the answer's text; NULL: it can. */
static char *refuse_fault(const struct port *p, const struct fault *f, const char *word)
{
    bool hosts = !p->number;
    if (!f || (f->stage == FAULT_SHELL) != hosts) {
        g_autofree char *known = fault_names(hosts);
        return g_strdup_printf(
            "error\n%s has no fault \"%s\"; it has off, %s\n", p->name, word, known);
    }
    if (p->upstream && f->stage != FAULT_LISTEN && f->stage != FAULT_WIRE)
        return g_strdup_printf(
            "error\n%s is the real server's business: a proxy shows what happens to "
            "connections, refuse to bad-chunk\n",
            f->name);
    if (f->stage == FAULT_TLS && !p->tls)
        return g_strdup_printf(
            "error\n%s speaks no TLS here: start weir-sim with --tls\n", p->name);
    return NULL;
}

/* What of path and count the fault cannot heed, likewise. */
static char *refuse_limits(
    const struct port *p, const struct fault *f, const char *path, gint64 count)
{
    bool whole = f->stage == FAULT_LISTEN || f->stage == FAULT_TLS;
    if (path && whole)
        return g_strdup_printf("error\n%s happens before there is a path\n", f->name);
    if (path && p->tls && f->stage == FAULT_WIRE)
        return g_strdup_printf(
            "error\n%s happens to bytes, and TLS hides the path in them\n", f->name);
    if (count > 0 && f->stage == FAULT_LISTEN)
        return g_strdup_printf(
            "error\n%s lasts until it is switched off: it has no count\n", f->name);
    return NULL;
}

/* fault SERVICE NAME|off [path=/api] [count=3] */
static char *set_fault(struct sim *s, char **word, guint n)
{
    struct port *p = sim_port(s, word[1]);
    const struct fault *f = n > 2 ? fault_find(word[2]) : NULL;
    const char *path = NULL;
    gint64 count = -1;
    if (!p) {
        g_autofree char *known = services_line(s);
        return g_strdup_printf("error\nno service \"%s\"; there are %s\n", word[1], known);
    }
    bool off = n > 2 && g_str_equal(word[2], "off");
    char *refusal = off ? NULL : refuse_fault(p, f, n > 2 ? word[2] : "");
    for (guint i = 3; i < n && !refusal; i++) {
        if (g_str_has_prefix(word[i], "path="))
            path = word[i] + strlen("path=");
        else if (!g_str_has_prefix(word[i], "count=") ||
                 !g_ascii_string_to_signed(
                     word[i] + strlen("count="), 10, 1, COUNT_MAX, &count, NULL))
            refusal = g_strdup_printf("error\n\"%s\" is neither path=/... nor count=N\n", word[i]);
    }
    if (!refusal && f)
        refusal = refuse_limits(p, f, path, count);
    if (refusal)
        return refusal;
    fault_switch_set(&p->fault, f, path, (int)count);
    port_apply_fault(p);
    return g_strdup("ok\n");
}

/* -- do, at, status -------------------------------------------------------------------------------- */

static char *list_verbs(const char *unknown)
{
    g_autoptr(GString) out = g_string_new(unknown ? "error\n" : "ok\n");
    if (unknown)
        g_string_append_printf(out, "nothing is called \"%s\"; there are:\n", unknown);
    for (const struct verb *const *table = world_verbs(); *table; table++)
        for (const struct verb *v = *table; v->name; v++)
            g_string_append_printf(out, "%-16s %-24s %s\n", v->name, v->keys, v->help);
    return g_strdup(out->str);
}

/* As a plot's event: no key missing, none unknown. */
static bool has_its_keys(const struct verb *v, GHashTable *args)
{
    g_auto(GStrv) keys = g_strsplit(v->keys, " ", -1);
    guint known = 0;
    for (char **key = keys; *key && **key; key++) {
        bool optional = g_str_has_suffix(*key, "?");
        if (optional)
            (*key)[strlen(*key) - 1] = '\0';
        bool given = g_hash_table_contains(args, *key);
        if (!given && !optional)
            return false;
        known += given;
    }
    return known == g_hash_table_size(args);
}

/* do VERB key=value ... */
static char *do_verb(struct sim *s, char **word, guint n)
{
    const struct verb *v = n > 1 ? world_verb(word[1]) : NULL;
    if (!v)
        return list_verbs(n > 1 ? word[1] : NULL);
    g_autoptr(GHashTable) args = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 2; i < n; i++) {
        char *equals = strchr(word[i], '=');
        if (!equals)
            return g_strdup_printf("error\n\"%s\" is not key=value\n", word[i]);
        *equals = '\0';
        g_hash_table_insert(args, word[i], equals + 1);
    }
    if (!has_its_keys(v, args))
        return g_strdup_printf("error\n%s takes %s\n", v->name, *v->keys ? v->keys : "nothing");
    g_autoptr(GError) error = NULL;
    if (v->check && !v->check(s->world, args, &error))
        return g_strdup_printf("error\n%s\n", error->message);
    v->apply(s->world, args);
    return g_strdup("ok\n");
}

/* at +20m: the clock jumps there, through everything that happens on the way. */
static char *jump(struct sim *s, char **word, guint n)
{
    int64_t to;
    if (n != 2 || !quantity_parse_span(word[1] + (*word[1] == '+'), false, &to))
        return g_strdup("error\nat +20m: a span from the plot's first moment\n");
    if (to < world_plot_ms(s->world))
        return g_strdup_printf("error\n%s is over: the plot is at +%" G_GINT64_FORMAT
                               "m; start weir-sim anew with --at to see it again\n",
            word[1], world_plot_ms(s->world) / 60000);
    s->begin_ms += to - world_plot_ms(s->world);
    sim_advance(s);
    return g_strdup("ok\n");
}

static char *status(const struct sim *s)
{
    g_autoptr(GString) out = g_string_new("ok\n");
    int64_t at = s->world ? world_plot_ms(s->world) / 1000 : 0;
    if (s->world)
        g_string_append_printf(out, "plot %s at %+" G_GINT64_FORMAT "m%02" G_GINT64_FORMAT "s\n",
            s->world->plot ? s->world->plot->name : "none", at / 60, ABS(at % 60));
    for (guint i = 0; i < s->ports->len; i++) {
        const struct port *p = g_ptr_array_index(s->ports, i);
        const struct traffic *t = &p->traffic;
        g_string_append_printf(out,
            "%s port=%d requests=%" G_GINT64_FORMAT " connections=%" G_GINT64_FORMAT
            " bytes_in=%" G_GINT64_FORMAT " bytes_out=%" G_GINT64_FORMAT
            " in_flight=%d in_flight_max=%d fault=%s\n",
            p->name, p->number, t->requests, t->connections, t->bytes_in, t->bytes_out, t->open,
            t->open_max, p->fault.fault ? p->fault.fault->name : "-");
    }
    return g_strdup(out->str);
}

static char *show_log(const struct sim *s)
{
    g_autoptr(GString) out = g_string_new("ok\n");
    for (guint i = 0; i < s->world->log->len; i++)
        g_string_append_printf(out, "%s\n", (const char *)g_ptr_array_index(s->world->log, i));
    return g_strdup(out->str);
}

static char *ask_world(struct sim *s, char **word, guint n)
{
    if (g_str_equal(word[0], "do"))
        return do_verb(s, word, n);
    if (g_str_equal(word[0], "at"))
        return jump(s, word, n);
    if (g_str_equal(word[0], "log"))
        return show_log(s);
    return g_strdup_printf("error\nfault, do, at, status, log or quit, not \"%s\"\n", word[0]);
}

char *control_answer(struct sim *s, const char *line)
{
    g_auto(GStrv) word = NULL;
    gint n = 0;
    g_autoptr(GError) error = NULL;
    if (!g_shell_parse_argv(line, &n, &word, &error))
        return g_strdup_printf("error\n%s\n", error->message);
    sim_advance(s);
    if (g_str_equal(word[0], "fault"))
        return n > 1 ? set_fault(s, word, (guint)n) : list_faults(s);
    if (g_str_equal(word[0], "status"))
        return status(s);
    if (g_str_equal(word[0], "quit")) {
        g_main_loop_quit(s->loop);
        return g_strdup("ok\n");
    }
    return s->world ? ask_world(s, word, (guint)n)
                    : g_strdup("error\na proxy has no plot: fault, status and quit are for it\n");
}

/* -- the socket ------------------------------------------------------------------------------------ */

struct client {
    struct sim *sim;
    int fd;
};

static bool take_host(struct client *c, const char *line)
{
    g_auto(GStrv) word = g_strsplit(line, " ", 3);
    if (g_strv_length(word) != 3 || !g_str_equal(word[0], "host"))
        return false;
    int fd = dup(c->fd);
    if (c->sim->world && machines_find(c->sim->world->machines, word[1]))
        shell_serve(c->sim, fd, word[1], g_ascii_strtoll(word[2], NULL, 10));
    else
        close(fd);
    return true;
}

/* The first line is read byte by byte: what follows belongs to the shell. */
static gboolean on_line(gint fd, GIOCondition condition, gpointer data)
{
    (void)condition;
    struct client *c = data;
    char line[LINE_BYTES];
    gsize n = 0;
    while (n + 1 < sizeof line && recv(fd, line + n, 1, 0) == 1 && line[n] != '\n')
        n++;
    line[n] = '\0';
    if (n > 0 && !take_host(c, line)) {
        g_autofree char *answer = control_answer(c->sim, line);
        for (gsize done = 0, all = strlen(answer); done < all;) {
            gssize k = send(fd, answer + done, all - done, MSG_NOSIGNAL);
            if (k <= 0 && errno != EAGAIN)
                break;
            done += k > 0 ? (gsize)k : 0;
        }
    }
    close(fd);
    g_free(c);
    return G_SOURCE_REMOVE;
}

static gboolean on_connect(gint fd, GIOCondition condition, gpointer data)
{
    (void)condition;
    struct client *c = g_new0(struct client, 1);
    c->sim = data;
    c->fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (c->fd < 0)
        g_free(c);
    else
        g_unix_fd_add(c->fd, G_IO_IN, on_line, c);
    return G_SOURCE_CONTINUE;
}

/* Whether somebody listens there: a socket that was left behind refuses. */
static bool is_alive(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool alive = connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ||
                 errno == EAGAIN; /* its queue is full */
    close(fd);
    return alive;
}

bool control_open(struct sim *s, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(s->socket) >= sizeof address.sun_path)
        return weir_fail(error, WEIR_ERROR_CONFIG, "%s is too long for a socket's path", s->socket);
    g_strlcpy(address.sun_path, s->socket, sizeof address.sun_path);
    if (is_alive(&address))
        return weir_fail(error, WEIR_ERROR_CONFIG,
            "one runs at %s already: end it with \"weir-sim quit\", or give this one a --socket of "
            "its own",
            s->socket);
    g_unlink(s->socket); /* of one that did not end by itself */
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 64) != 0) {
        close(fd);
        return weir_fail(error, WEIR_ERROR_CONFIG, "%s: %s", s->socket, g_strerror(errno));
    }
    g_unix_fd_add(fd, G_IO_IN, on_connect, s);
    s->control = fd;
    return true;
}

void control_close(struct sim *s)
{
    if (s->control)
        g_unlink(s->socket);
}
