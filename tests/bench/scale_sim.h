/*
 * The simulated platform as a process of the scale bench: started, asked for its counters, its trace
 * read, and ended by its pid.
 */
#ifndef TESTS_BENCH_SCALE_SIM_H
#define TESTS_BENCH_SCALE_SIM_H

#include "auto.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum scale_service {
    SCALE_AIRFLOW,
    SCALE_TRINO,
    SCALE_KAFKA,
    SCALE_ALERTMANAGER,
    SCALE_HOSTS,
    SCALE_SERVICES,
};

extern const char *const scale_service_names[SCALE_SERVICES];

struct scale_spec {
    const char *program; /* weir-sim */
    const char *plot, *at, *scale;
    const char *without; /* name of a source that the configuration leaves out; NULL: none */
    int rtt_ms;
};

/* Of one service since weir-sim began; bytes are those that it sent. */
struct scale_traffic {
    gint64 requests, connections, bytes, in_flight_max;
};

struct scale_sim;

/* Starts it and waits until it is ready. */
struct scale_sim *scale_sim_start(const struct scale_spec *spec, GError **error);
void scale_sim_free(struct scale_sim *s);

const char *scale_sim_folder(
    const struct scale_sim *s); /* of its own, and for what else is written */
const char *scale_sim_config(const struct scale_sim *s);
int scale_sim_rtt_ms(const struct scale_sim *s);
double scale_sim_cpu_s(const struct scale_sim *s);

bool scale_sim_traffic(
    const struct scale_sim *s, struct scale_traffic traffic[SCALE_SERVICES], GError **error);

/* Reads on in the trace. To be called often: the moment at which the first request is seen here says
 * how the trace's clock and ours (pty_now_ns) differ. */
void scale_sim_read_trace(struct scale_sim *s);
guint scale_sim_requests(const struct scale_sim *s); /* that were read so far */
/* Whether the service was asked nothing for span_ms up to now, of the requests from index from on. */
bool scale_sim_is_quiet(
    const struct scale_sim *s, guint from, enum scale_service service, double span_ms);
/* Round trips on end (scale_trace_chain) of the requests from index from on whose answers can have
 * been there at at_ns. */
int scale_sim_chain(
    const struct scale_sim *s, guint from, enum scale_service service, int64_t at_ns);

DEFINE_AUTO(scale_sim, scale_sim_free)

#endif
