/* One connection between weir and a service, and everything that can happen to its bytes: they come
 * half a round trip later, at a rate, one by one, never, or not all. What a fault does begins with a
 * request: a connection that is kept serves one request well and the next one badly. */
#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim.h"

#define CHUNK_BYTES  65536
#define QUEUED_MAX   (4 * 1024 * 1024) /* of one direction; then it is not read on */
#define SLOW_US      (2 * G_USEC_PER_SEC)
#define DRIP_US      G_USEC_PER_SEC
#define HEADER_BYTES 20 /* that come before the reset */
#define BODY_BYTES   10 /* that come before the end */

struct chunk {
    char *data;
    gsize length, sent;
    gint64 due_us;
};

/* One direction. */
struct lane {
    struct wire *wire;
    int from, to;
    GQueue chunks;
    gsize queued;
    guint in, out;  /* watches */
    gint64 free_us; /* when the rate lets the next chunk go */
    bool ended;     /* from has nothing more */
};

struct wire {
    struct port *port;
    struct lane up, down; /* up: from the client */
    guint timer;
    const char *instead;       /* of a handshake, NULL: TLS or none as it should be */
    const struct fault *fault; /* of the request that runs; NULL: none */
    char *path;
    bool asking; /* bytes of a request came last */
    gsize sent;  /* bytes of the answer so far */
    gssize body; /* where its body begins, -1: not seen yet */
    gint64 drip_us;
    gint64 first_us; /* nothing moves before: the handshake's round trip */
};

static void lane_pump(struct lane *l);

static void chunk_free(gpointer data)
{
    struct chunk *c = data;
    g_free(c->data);
    g_free(c);
}

static void unwatch(guint *watch)
{
    if (*watch)
        g_source_remove(*watch);
    *watch = 0;
}

static void lane_clear(struct lane *l)
{
    unwatch(&l->in);
    unwatch(&l->out);
    g_queue_clear_full(&l->chunks, chunk_free);
}

void wire_free(struct wire *w)
{
    lane_clear(&w->up);
    lane_clear(&w->down);
    unwatch(&w->timer);
    if (w->asking)
        w->port->traffic.open--;
    close(w->up.from);
    close(w->down.from);
    g_ptr_array_remove_fast(w->port->wires, w);
    g_free(w->path);
    g_free(w);
}

static void reset(struct wire *w)
{
    struct linger now = {.l_onoff = 1};
    setsockopt(w->up.from, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    wire_free(w);
}

static void answer_raw(struct wire *w, const char *text)
{
    if (write(w->up.from, text, strlen(text)) < 0)
        errno = 0; /* the client has gone already */
    wire_free(w);
}

/* -- requests -------------------------------------------------------------------------------------- */

static bool begins_request(const struct wire *w, const char *data, gsize n)
{
    static const char *const methods[] = {
        "GET ", "POST ", "PUT ", "DELETE ", "PATCH ", "HEAD ", NULL};
    for (const char *const *m = methods; *m; m++)
        if (n > strlen(*m) && strncmp(data, *m, strlen(*m)) == 0)
            return true;
    return w->port->tls && !w->asking;
}

static void note_request(struct wire *w, const char *data, gsize n)
{
    const char *blank = w->port->tls ? NULL : memchr(data, ' ', n);
    g_free(w->path);
    w->path = blank ? g_strndup(blank + 1, strcspn(blank + 1, " ?\r")) : NULL;
    w->fault = fault_take(&w->port->fault, FAULT_WIRE, w->path);
    w->sent = 0;
    w->body = -1;
    w->drip_us = 0;
    if (!w->asking)
        w->port->traffic.open++;
    w->port->traffic.open_max = MAX(w->port->traffic.open_max, w->port->traffic.open);
    w->asking = true;
}

static void note_answer(struct wire *w)
{
    if (w->asking)
        w->port->traffic.open--;
    w->asking = false;
}

/* -- what a fault does to an answer ---------------------------------------------------------------- */

static bool has_manner(const struct wire *w, enum wire_manner manner)
{
    return w->fault && w->fault->how == (int)manner;
}

static void find_body(struct wire *w, const struct chunk *c)
{
    const char *end = w->body < 0 ? g_strstr_len(c->data, (gssize)c->length, "\r\n\r\n") : NULL;
    if (end)
        w->body = end + 4 - c->data;
}

/* How many bytes of the chunk may go now: 0, and *again_us when more may; -1: the connection is over and
 * w is gone. */
static gssize allow(struct wire *w, struct chunk *c, gint64 now_us, gint64 *again_us)
{
    gssize left = (gssize)(c->length - c->sent), sent = (gssize)w->sent;
    if (fault_look(&w->port->fault, FAULT_LISTEN, NULL) || has_manner(w, WIRE_STALL))
        return 0;
    if (!w->fault || has_manner(w, WIRE_SLOW))
        return left;
    find_body(w, c);
    bool in_body = w->body >= 0 && sent >= w->body;
    gssize to_body = w->body >= 0 && !in_body ? w->body - sent : left;
    if (has_manner(w, WIRE_RESET) || (has_manner(w, WIRE_RESET_HEADERS) && sent >= HEADER_BYTES)) {
        reset(w);
        return -1;
    }
    if (has_manner(w, WIRE_RAW)) {
        answer_raw(w, w->fault->text);
        return -1;
    }
    if (has_manner(w, WIRE_FIN_BODY) && w->body >= 0 && sent >= w->body + BODY_BYTES) {
        wire_free(w);
        return -1;
    }
    if (has_manner(w, WIRE_FIN_BODY))
        return MIN(left, in_body ? w->body + BODY_BYTES - sent : to_body);
    if (has_manner(w, WIRE_RESET_HEADERS))
        return MIN(left, HEADER_BYTES - sent);
    if (has_manner(w, WIRE_DRIP_BODY) && !in_body)
        return to_body;
    if (now_us < w->drip_us) {
        *again_us = w->drip_us;
        return 0;
    }
    w->drip_us = *again_us = now_us + DRIP_US;
    return 1;
}

/* -- carrying -------------------------------------------------------------------------------------- */

static gboolean on_timer(gpointer data)
{
    struct wire *w = data;
    w->timer = 0;
    struct port *p = w->port;
    lane_pump(&w->up);
    if (g_ptr_array_find(p->wires, w, NULL)) /* it may have ended */
        lane_pump(&w->down);
    return G_SOURCE_REMOVE;
}

static void wake_at(struct wire *w, gint64 at_us)
{
    gint64 wait = MAX(at_us - g_get_monotonic_time(), 0);
    unwatch(&w->timer);
    w->timer = g_timeout_add((guint)(wait / 1000 + 1), on_timer, w);
}

static gboolean on_writable(gint fd, GIOCondition condition, gpointer data)
{
    (void)fd;
    (void)condition;
    struct lane *l = data;
    l->out = 0;
    lane_pump(l);
    return G_SOURCE_REMOVE;
}

/* False: the wire is gone, or has to wait. */
static bool send_some(struct lane *l, struct chunk *c, gsize n)
{
    struct wire *w = l->wire;
    gssize done = send(l->to, c->data + c->sent, n, MSG_NOSIGNAL);
    if (done < 0 && (errno == EAGAIN || errno == EINTR)) {
        l->out = l->out ? l->out : g_unix_fd_add(l->to, G_IO_OUT, on_writable, l);
        return false;
    }
    if (done < 0) {
        wire_free(w);
        return false;
    }
    c->sent += (gsize)done;
    l->queued -= (gsize)done;
    if (l == &w->down) {
        w->sent += (gsize)done;
        w->port->traffic.bytes_out += done;
        note_answer(w);
    } else {
        w->port->traffic.bytes_in += done;
    }
    if (c->sent == c->length)
        chunk_free(g_queue_pop_head(&l->chunks));
    return true;
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data);

static void lane_pump(struct lane *l)
{
    struct wire *w = l->wire;
    struct chunk *c;
    while ((c = g_queue_peek_head(&l->chunks))) {
        gint64 now = g_get_monotonic_time(), again = 0;
        if (c->due_us > now) {
            wake_at(w, c->due_us);
            return;
        }
        gssize n = l == &w->down ? allow(w, c, now, &again) : (gssize)(c->length - c->sent);
        if (n < 0 || (n > 0 && !send_some(l, c, (gsize)n)))
            return;
        if (again)
            wake_at(w, again);
        if (n == 0)
            return;
    }
    if (l->ended && l == &w->down)
        wire_free(w);
    else if (l->ended)
        shutdown(l->to, SHUT_WR);
    else if (!l->in)
        l->in = g_unix_fd_add(l->from, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, l);
}

static void enqueue(struct lane *l, const char *data, gsize n)
{
    struct wire *w = l->wire;
    const struct sim *s = w->port->sim;
    gint64 now = g_get_monotonic_time();
    struct chunk *c = g_new0(struct chunk, 1);
    c->data = g_memdup2(data, n);
    c->length = n;
    c->due_us = MAX(MAX(now, w->first_us) + s->rtt_ms * 500, l->free_us);
    if (s->rate > 0)
        c->due_us = l->free_us = MAX(l->free_us, now) + (gint64)n * G_USEC_PER_SEC / s->rate;
    if (l == &w->down && has_manner(w, WIRE_SLOW) && w->asking)
        c->due_us += SLOW_US;
    l->queued += n;
    g_queue_push_tail(&l->chunks, c);
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data)
{
    (void)condition;
    struct lane *l = data;
    struct wire *w = l->wire;
    char buffer[CHUNK_BYTES];
    gssize n = recv(fd, buffer, sizeof buffer, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (n > 0 && w->instead) {
        l->in = 0;
        answer_raw(w, w->instead);
        return G_SOURCE_REMOVE;
    }
    if (n > 0 && l == &w->up && begins_request(w, buffer, (gsize)n))
        note_request(w, buffer, (gsize)n);
    if (n > 0)
        enqueue(l, buffer, (gsize)n);
    l->ended = n <= 0;
    bool stays = n > 0 && l->queued < QUEUED_MAX;
    if (!stays)
        l->in = 0;
    if (n <= 0 && l == &w->up) {
        wire_free(w); /* the client has gone: nobody waits for the rest */
        return G_SOURCE_REMOVE;
    }
    struct port *p = w->port;
    lane_pump(l);
    return stays && g_ptr_array_find(p->wires, w, NULL) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void lane_init(struct lane *l, struct wire *w, int from, int to)
{
    *l = (struct lane){.wire = w, .from = from, .to = to};
    g_queue_init(&l->chunks);
    l->in = g_unix_fd_add(from, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, l);
}

void wire_new(struct port *p, int take_client, int take_inner, const struct fault *tls)
{
    struct wire *w = g_new0(struct wire, 1);
    w->port = p;
    w->body = -1;
    w->instead = tls && tls->how == WIRE_RAW ? tls->text : NULL;
    w->first_us = g_get_monotonic_time() + p->sim->rtt_ms * 1000;
    g_ptr_array_add(p->wires, w);
    lane_init(&w->up, w, take_client, take_inner);
    lane_init(&w->down, w, take_inner, take_client);
}

void wire_fault_changed(struct wire *w)
{
    if (w->fault && !w->port->fault.fault)
        w->fault = NULL; /* what was held back may go now */
    wake_at(w, 0);
}
