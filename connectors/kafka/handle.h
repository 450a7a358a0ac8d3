/* The librdkafka handle of a source: one per source, shared by its lanes (librdkafka is thread-safe),
 * made from the source's options by the first that asks, destroyed with the last.
 *
 * It is a consumer handle without a group: unlike a producer's it never lets a broker create a topic
 * that was merely asked about, and without a group it joins nothing and commits nothing. Properties
 * that would change that are refused.
 *
 * librdkafka says why a login or a handshake failed only to its callbacks. They run in its own
 * threads, so what they leave here is kept in atomics: no lock is needed, and the newest wins. */
#ifndef CONNECTORS_KAFKA_HANDLE_H
#define CONNECTORS_KAFKA_HANDLE_H

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>

#include "error.h"
#include "lane.h"

#if RD_KAFKA_VERSION < 0x020601ff
#error "librdkafka 2.6.1 or newer is needed: see deps.sh"
#endif

struct kafka_reason {
    rd_kafka_resp_err_t err;
    char text[];
};

struct kafka {
    /* Replaced at times (kafka_renew): a lane takes it between kafka_enter and kafka_leave only. */
    _Atomic(rd_kafka_t *) rk;
    atomic_int users;    /* lanes between the two */
    rd_kafka_t *retired; /* replaced, but a lane still used it. Of the poll lane */
    atomic_int_fast64_t
        stuck_ms; /* since when a request to a coordinator is given up; 0: none is */
    const struct connector *connector;
    char *brokers; /* as configured, for sentences */
    char *user;    /* sasl.username, or NULL */
    bool uses_password_option;
    /* What the callbacks said since the last answer: of a login, and anything else. */
    _Atomic(struct kafka_reason *) login, other;
    atomic_int_fast64_t answered_ms; /* when the cluster last answered anything; 0: never */
    atomic_int_fast64_t denied_ms;   /* since when no connection is made; 0: they are */
    atomic_bool all_down;            /* no broker could be connected to since the last answer */
    /* Totals of librdkafka's statistics, every KAFKA_STATISTICS_MS, and what of them was counted. */
    atomic_int_fast64_t requests, bytes, counted_requests, counted_bytes;
};

#define KAFKA_STATISTICS_MS 10000

/* The lane's source's handle. NULL and *error: an option or a secret is wrong (CONFIG). Nothing is
 * sent yet, but librdkafka begins to connect. */
struct kafka *kafka_shared(struct lane *l, GError **error);
/* A handle of its own for servers that were found: no credential, nothing shared. */
struct kafka *kafka_new(const struct connector *c, const char *brokers, GError **error);
void kafka_free(void *kafka);

/* Around each call of a lane: what kafka_enter returns lives until kafka_leave. */
rd_kafka_t *kafka_enter(struct kafka *k);
void kafka_leave(struct kafka *k);

/* librdkafka (2.0 to 2.15) has a trap: an admin request to a group's coordinator that times out, because
 * the coordinator is down, is freed, but the question for the coordinator stays queued; when a broker
 * comes back it runs, touches what was freed and aborts the process. So such requests get the longest
 * time there is, weir stops waiting by itself (kafka_give_up), and the handle on which one was given up
 * is replaced, long before that time is over, by the next kafka_renew after KAFKA_RENEW_MS. This also
 * frees what would otherwise wait for a coordinator that has moved. */
#define KAFKA_COORDINATOR_MS 3600000
#define KAFKA_RENEW_MS       300000
void kafka_give_up(struct kafka *k, int64_t now_ms);
/* By the poll lane only, outside of kafka_enter and kafka_leave. */
void kafka_renew(struct kafka *k, struct lane *l);

/* Before each call of a lane. After a refused login no connection is tried for KAFKA_DENIED_MS, so that
 * librdkafka's reconnects do not lock an account; false and *error until then. After that the secret
 * is fetched again: it may have been changed. */
#define KAFKA_DENIED_MS 30000
bool kafka_begin(struct kafka *k, rd_kafka_t *rk, struct lane *l, GError **error);
/* Runs the callbacks that librdkafka kept for us. */
void kafka_serve(struct kafka *k, rd_kafka_t *rk, struct lane *l);
/* The cluster answered: older reasons are void. */
void kafka_answered(struct kafka *k, int64_t now_ms);
/* Whether the brokers refuse our login (and nothing answered lately). */
bool kafka_is_denied(const struct kafka *k);

/* One sentence about a failed request: what was asked for and err with what came back (text, or NULL for
 * librdkafka's own words), with the reason that the callbacks gave and what to do. Returns false. */
bool kafka_fail(
    struct kafka *k, const char *asked, rd_kafka_resp_err_t err, const char *text, GError **error);
/* What an error of librdkafka or of a broker means to weir. */
enum weir_error kafka_error_code(rd_kafka_resp_err_t err);

/* "librdkafka 2.15.1" and its features. Newly allocated. */
char *kafka_library_text(rd_kafka_t *rk);

#endif
