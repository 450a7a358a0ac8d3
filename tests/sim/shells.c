/* The shells of the simulated hosts. Not a shell in earnest: it takes what weir's probe sends, which is a
 * script that defines the function probe, and lines that call it, and answers those lines with what the
 * script would print on that machine. */
#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "machines.h"
#include "sim.h"

#define LINE_MAX_BYTES (64 * 1024)
#define SLOW_MS        2000
#define DRIP_BYTES     1
#define HUGE_BYTES     (64 * 1024)

struct shell {
    struct sim *sim;
    int fd;
    char *host;
    int64_t rtt_ms;
    GString *in, *out;
    gint64 due_us; /* when out may go */
    guint reading, timer;
    const struct fault *fault; /* of the question that runs */
    bool ends;                 /* when out has gone */
};

static void shell_free(struct shell *s)
{
    g_source_remove(s->reading);
    if (s->timer)
        g_source_remove(s->timer);
    close(s->fd);
    g_free(s->host);
    g_string_free(s->in, TRUE);
    g_string_free(s->out, TRUE);
    g_free(s);
}

static struct fault_switch *switch_of(const struct shell *s)
{
    return &sim_port(s->sim, SIM_HOSTS)->fault;
}

/* Until the switch says something else; a count is of questions, not of how long. */
static bool lasts(const struct shell *s, enum shell_manner manner)
{
    return s->fault && s->fault->how == (int)manner && switch_of(s)->fault == s->fault;
}

static bool is_silent(const struct shell *s)
{
    return lasts(s, SHELL_HANGS) || !machines_is_up(s->sim->world, s->host);
}

static gboolean pump(gpointer data);

static void wake(struct shell *s, gint64 in_ms)
{
    if (s->timer)
        g_source_remove(s->timer);
    s->timer = g_timeout_add((guint)MAX(in_ms, 0), pump, s);
}

static gboolean pump(gpointer data)
{
    struct shell *s = data;
    s->timer = 0;
    gint64 wait = s->due_us - g_get_monotonic_time();
    bool drips = lasts(s, SHELL_DRIPS), endless = lasts(s, SHELL_HUGE);
    if (s->out->len == 0 && !s->ends && !endless)
        return G_SOURCE_REMOVE;
    if (wait > 0 || is_silent(s)) {
        wake(s, MAX(wait / 1000 + 1, 50));
        return G_SOURCE_REMOVE;
    }
    if (endless && s->out->len < HUGE_BYTES)
        for (int i = 0; i < HUGE_BYTES / 64; i++)
            g_string_append(
                s->out, "cpu  0 0 0 0 0 0 0 0 0 0 and so on, and so on, and so on, on on\n");
    gssize n = send(s->fd, s->out->str, drips ? DRIP_BYTES : s->out->len, MSG_NOSIGNAL);
    if (n > 0) {
        g_string_erase(s->out, 0, n);
        sim_port(s->sim, SIM_HOSTS)->traffic.bytes_out += n;
    }
    if ((n < 0 && errno != EAGAIN) || (s->out->len == 0 && s->ends))
        shell_free(s);
    else if (s->out->len > 0 || endless)
        wake(s, drips ? 1000 : 10);
    return G_SOURCE_REMOVE;
}

/* -- questions ------------------------------------------------------------------------------------- */

static void distort(struct shell *s, GString *answer)
{
    switch (s->fault ? s->fault->how : -1) {
    case SHELL_DIES:
        g_string_truncate(answer, answer->len / 2);
        s->ends = true;
        break;
    case SHELL_GARBAGE:
        g_string_assign(answer, "\xff\xfe\033[2J\001 command not found: \xc0\x80\n@@ @@ end\n");
        break;
    case SHELL_OTHER_WORD: g_string_replace(answer, "@@", "@@0", 0); break;
    case SHELL_BANNER: g_string_assign(answer, "Welcome to the platform!\n"); break;
    case SHELL_SLOW: s->due_us += SLOW_MS * 1000; break;
    default: break;
    }
}

static void take_line(struct shell *s, const char *line)
{
    if (!g_str_has_prefix(line, "probe ") || strchr(line, '{'))
        return; /* the script: it is known by heart */
    sim_advance(s->sim);
    struct port *p = sim_port(s->sim, SIM_HOSTS);
    const struct machine *m = machines_find(s->sim->world->machines, s->host);
    p->traffic.requests++;
    const struct fault *f = fault_look(&p->fault, FAULT_SHELL, s->host);
    s->fault = f && f->how != SHELL_EXITS ? fault_take(&p->fault, FAULT_SHELL, s->host) : NULL;
    s->due_us = g_get_monotonic_time() + s->rtt_ms * 1000;
    g_autoptr(GString) answer = g_string_new(NULL);
    machines_probe(s->sim->world, m, line + strlen("probe "), answer);
    distort(s, answer);
    g_string_append_len(s->out, answer->str, (gssize)answer->len);
    wake(s, s->rtt_ms);
}

static void take_lines(struct shell *s)
{
    char *end;
    while ((end = memchr(s->in->str, '\n', s->in->len))) {
        g_autofree char *line = g_strndup(s->in->str, (gsize)(end - s->in->str));
        g_string_erase(s->in, 0, end + 1 - s->in->str);
        take_line(s, line);
    }
    if (s->in->len > LINE_MAX_BYTES)
        g_string_truncate(s->in, 0);
}

static gboolean on_input(gint fd, GIOCondition condition, gpointer data)
{
    (void)condition;
    struct shell *s = data;
    char buffer[16384];
    gssize n = recv(fd, buffer, sizeof buffer, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (n <= 0) {
        shell_free(s);
        return G_SOURCE_REMOVE;
    }
    sim_port(s->sim, SIM_HOSTS)->traffic.bytes_in += n;
    g_string_append_len(s->in, buffer, n);
    take_lines(s);
    return G_SOURCE_CONTINUE;
}

void shell_serve(struct sim *sim, int take_fd, const char *host, int64_t rtt_ms)
{
    struct shell *s = g_new0(struct shell, 1);
    *s = (struct shell){
        .sim = sim,
        .fd = take_fd,
        .host = g_strdup(host),
        .rtt_ms = rtt_ms + sim->rtt_ms,
        .in = g_string_new(NULL),
        .out = g_string_new(NULL),
    };
    s->reading = g_unix_fd_add(take_fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, s);
    sim_port(sim, SIM_HOSTS)->traffic.connections++;
    const struct fault *f = fault_look(switch_of(s), FAULT_SHELL, host);
    if (f && f->how == SHELL_EXITS) {
        fault_take(switch_of(s), FAULT_SHELL, host);
        s->ends = true;
        wake(s, 0);
    }
}
