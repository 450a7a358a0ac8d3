/* The running simulation: its clock, its ports and shells, and what is broken on purpose. One thread,
 * one GMainContext; nothing here blocks. */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include "fault.h"
#include "service.h"

#define SIM_HOSTS "hosts" /* the name under which faults of shells are switched */

struct wire;
struct server;

/* What a service has been asked so far. */
struct traffic {
    gint64 requests, connections, bytes_in, bytes_out;
    int open, open_max; /* requests that wait for their answer */
};

/* One service at its port. */
struct port {
    struct sim *sim;
    const char *name;
    const struct service
        *service; /* NULL: hosts, which have shells instead of a port, or a proxy */
    int upstream; /* of a proxy: the real server's port */
    int number;   /* 0: none */
    int listener; /* -1: nobody listens */
    guint watch;
    bool tls;
    struct fault_switch fault;
    const struct fault *fault_tls; /* with which the open connections were made */
    struct traffic traffic;
    GPtrArray *wires; /* open connections */
    GArray *stuffing; /* own connections that fill the queue of a black hole */
};

struct sim {
    struct world *world;
    double speed;          /* seconds of the world per second; 0: it stands still */
    int64_t begin_ms;      /* of the world, when the program began ... */
    int64_t begin_mono_ms; /* ... and then */
    int64_t rtt_ms;        /* of every connection */
    gint64 rate;           /* bytes a second of every connection; 0: any */
    bool trace;            /* requests are printed */
    gint64 traced_us;      /* when the first of them came */
    GPtrArray *ports;      /* struct port; the last is that of the hosts */
    struct server *server;
    GMainLoop *loop;
    char *socket; /* path of the control socket */
    int control;  /* it listens; 0: not yet */
    char *folder; /* of the socket, the certificates, the configuration */
};

/* Lets the world catch up with its clock. Everybody calls it before looking. */
void sim_advance(struct sim *s);
struct port *sim_port(struct sim *s, const char *name); /* or NULL */

/* -- config_out.c: the configuration with which weir opens it; newly allocated */
char *sim_config(const struct sim *s);

/* -- server.c: answers ----------------------------------------------------------------------------- */

/* tls: certificates lie in the folder. NULL and *error when the library will not start. */
struct server *server_new(struct sim *s, bool tls, GError **error);
void server_free(struct server *v); /* accepts NULL */
/* Takes one end of a pair whose other end is spoken to as the port's service, with a fault of its TLS or
 * NULL. False: it could not. */
bool server_take(struct server *v, struct port *p, int take_fd, const struct fault *tls);

/* Makes a CA and the certificates that the TLS faults need, by the openssl command. */
bool certificates_make(const char *folder, GError **error);

/* -- ports.c: who listens -------------------------------------------------------------------------- */

/* Binds at the wished port or the next free one, on loopback. */
bool port_open(struct port *p, int wish, GError **error);
void port_close(struct port *p);
/* After its switch was set: acts out what concerns connections as such. */
void port_apply_fault(struct port *p);

/* -- wire.c: one connection ------------------------------------------------------------------------ */

/* Carries bytes between the client and inner, both taken, with the sim's delays and the port's faults,
 * until both ends are done. A fault of its TLS that is WIRE_RAW answers the client's first bytes. */
void wire_new(struct port *p, int take_client, int take_inner, const struct fault *tls);
void wire_free(struct wire *w);
/* The port's fault began or ended: what was held back for it goes on, or ends. */
void wire_fault_changed(struct wire *w);

/* -- shells.c: hosts ------------------------------------------------------------------------------- */

/* What `weir-sim host NAME` sends on is a line "host NAME RTT_MS" and then the shell's input. */
void shell_serve(struct sim *s, int take_fd, const char *host, int64_t rtt_ms);

/* -- control.c ------------------------------------------------------------------------------------- */

bool control_open(struct sim *s, GError **error);
void control_close(struct sim *s);
/* What clients say, one line each; the answer's text, whose first line is "ok" or "error". */
char *control_answer(struct sim *s, const char *line);

#endif
