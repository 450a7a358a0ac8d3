/*
 * What weir-sim --trace prints: one line per request, with the moment at which the whole request had
 * come, and how many round trips on end they took. Pure functions.
 */
#ifndef TESTS_BENCH_SCALE_TRACE_H
#define TESTS_BENCH_SCALE_TRACE_H

#include <glib.h>

struct scale_request {
    double at_ms; /* since the simulation's first request */
    char service[16];
};

/* Appends the requests of whole lines of text (struct scale_request); what is no request is skipped.
 * Gives how many bytes were whole lines. */
gsize scale_trace_parse(const char *text, GArray *requests);

/* The most requests of a service, from the one at index from until until_ms, of which each came at
 * least a round trip after the one before and so may have needed its answer. It is an upper bound:
 * a request that merely came later counts too, and so does the handshake of a second connection, one
 * round trip, when the first one was asked at the same time. The first handshake is added, as 1. -1:
 * without a round trip nothing can be told. */
int scale_trace_chain(
    const GArray *requests, guint from, const char *service, double until_ms, double rtt_ms);

#endif
