#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "error.h"
#include "sim.h"

#define TRIES    200 /* ports, from the wished one on */
#define BACKLOG  128
#define STUFFING 4 /* connections that fill a queue of length 0 */

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
        .sin_port = htons((guint16)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int new_socket(void)
{
    return socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* backlog negative: the port is kept, and connections to it are refused. */
static int listen_at(int port, int backlog)
{
    int fd = new_socket(), one = 1;
    struct sockaddr_in address = loopback(port);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        (backlog < 0 || listen(fd, backlog) == 0))
        return fd;
    close(fd);
    return -1;
}

/* Not waited for: what is sent before it stands waits in the kernel's way, EAGAIN. */
static int connect_to(int port)
{
    int fd = new_socket();
    struct sockaddr_in address = loopback(port);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS)
        g_printerr("weir-sim: port %d: %s\n", port, g_strerror(errno));
    return fd;
}

static gboolean on_client(gint fd, GIOCondition condition, gpointer data)
{
    (void)condition;
    struct port *p = data;
    int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), one = 1;
    if (client < 0)
        return G_SOURCE_CONTINUE;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    p->traffic.connections++;
    const struct fault *tls = fault_take(&p->fault, FAULT_TLS, NULL);
    int pair[2];
    if (p->upstream) {
        wire_new(p, client, connect_to(p->upstream), tls);
    } else if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
        close(client);
    } else if (!server_take(p->sim->server, p, pair[1], tls)) {
        close(client);
        close(pair[0]);
    } else {
        wire_new(p, client, pair[0], tls);
    }
    return G_SOURCE_CONTINUE;
}

static void watch(struct port *p)
{
    p->watch = g_unix_fd_add(p->listener, G_IO_IN, on_client, p);
}

bool port_open(struct port *p, int wish, GError **error)
{
    p->listener = -1;
    for (int port = wish; p->listener < 0 && port < wish + TRIES; port++) {
        p->listener = listen_at(port, BACKLOG);
        p->number = port;
    }
    if (p->listener < 0)
        return weir_fail(error, WEIR_ERROR_UNREACHABLE, "%s: no free port from %d to %d", p->name,
            wish, wish + TRIES - 1);
    watch(p);
    return true;
}

static void stop_listening(struct port *p)
{
    if (p->watch)
        g_source_remove(p->watch);
    p->watch = 0;
    if (p->listener >= 0)
        close(p->listener);
    p->listener = -1;
    for (guint i = 0; i < p->stuffing->len; i++)
        close(g_array_index(p->stuffing, int, i));
    g_array_set_size(p->stuffing, 0);
}

/* A queue that is full and never emptied: the kernel drops what would connect. */
static void be_black_hole(struct port *p)
{
    p->listener = listen_at(p->number, 0);
    struct sockaddr_in address = loopback(p->number);
    for (int i = 0; i < STUFFING; i++) {
        int fd = new_socket();
        if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS)
            g_array_append_val(p->stuffing, fd);
        else
            close(fd);
    }
}

static void drop_wires(struct port *p)
{
    while (p->wires->len > 0)
        wire_free(g_ptr_array_index(p->wires, 0));
}

void port_close(struct port *p)
{
    stop_listening(p);
    drop_wires(p);
}

void port_apply_fault(struct port *p)
{
    const struct fault *f = fault_look(&p->fault, FAULT_LISTEN, NULL);
    if (!p->number)
        return; /* hosts: each shell looks for itself */
    bool hole = f && f->how == 1,
         other_tls = fault_look(&p->fault, FAULT_TLS, NULL) != p->fault_tls;
    stop_listening(p);
    if ((f && !hole) || other_tls)
        drop_wires(p);
    p->fault_tls = fault_look(&p->fault, FAULT_TLS, NULL);
    if (hole) {
        be_black_hole(p);
    } else if (f) {
        p->listener = listen_at(p->number, -1);
    } else {
        p->listener = listen_at(p->number, BACKLOG);
        if (p->listener < 0)
            g_printerr(
                "weir-sim: port %d cannot be taken again: %s\n", p->number, g_strerror(errno));
        else
            watch(p);
    }
    for (guint i = 0; i < p->wires->len; i++)
        wire_fault_changed(g_ptr_array_index(p->wires, i));
}
