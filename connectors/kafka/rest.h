/* The second way to a Kafka cluster: Confluent's REST Proxy, API v3, over HTTP (docs.confluent.io,
 * platform/current/kafka-rest/api.html; the shapes are those of its api/v3/openapi.yaml). It fills the
 * same state as librdkafka does (learn.h), so that what is shown, summed and judged is the same code.
 *
 * NOT RUN AGAINST THE REAL SERVICE: the proxy is published in its vendor's own repository alone. The
 * tests replay these shapes.
 *
 * This is the only door to the proxy: everything is a GET, and the gate sees each. A list is read page
 * by page (metadata.next), of which only the path below /v3 is used: whatever host it names, nothing,
 * and no credential, goes there. */
#ifndef CONNECTORS_KAFKA_REST_H
#define CONNECTORS_KAFKA_REST_H

#include "error.h"
#include "http.h"
#include "state.h"

#define REST_PARALLEL   4    /* requests at a time */
#define REST_REQUEST_MS 8000 /* of one: a group whose coordinator hangs costs no more */
#define REST_PAGES_MAX  1000 /* of one list */

struct rest {
    struct lane *lane;
    struct http *http;
    char *url;          /* as configured, without /v3 */
    char *cluster;      /* its id; NULL: not asked yet */
    char *root;         /* "/v3/clusters/ID", the id percent-encoded */
    int64_t cluster_ms; /* when it was asked last */
    int64_t places_ms;  /* when replicas of all brokers were read, or tried, last */
    guint places_of;    /* how many brokers that were */
    bool no_offsets;    /* this proxy does not tell the offsets of a partition */
};

/* The proxy that the source's url names, with its credentials. Sends nothing. NULL and *error. */
struct rest *rest_new(struct lane *l, GError **error);
void rest_free(struct rest *r); /* accepts NULL */

/* Learns the cluster's id and its controller unless that was done less than max_age_ms ago. */
bool rest_begin(struct rest *r, struct kafka_state *s, int64_t max_age_ms, GError **error);

/* "/v3/clusters/ID" and the rest, in which every %s is a path segment that gets percent-encoded. */
char *rest_path(const struct rest *r, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* One JSON object. The caller owns it. */
cJSON *rest_get(struct rest *r, const char *path, GError **error);
/* All pages of a list, in order, each a cJSON that the array owns. NULL and *error when one of them
 * cannot be read: half a list would make the rest of it look gone. */
GPtrArray *rest_pages(struct rest *r, const char *path, GError **error);
/* Goes on from a first page (owned by pages already) that was read otherwise. */
bool rest_more_pages(struct rest *r, const char *path, GPtrArray *pages, GError **error);

/* Several GETs at once, at most REST_PARALLEL in flight; http_send_many otherwise. */
bool rest_send(struct rest *r, const struct http_request *q, guint count, struct http_reply *out,
    GError **error);
struct http_request rest_request(const char *path);

/* What a status that is no success means for one row; constant. */
const char *rest_status_text(long status);
/* Whether a 404 is about the thing that was asked for, and not about a path that the proxy lacks. */
bool rest_is_missing(const struct http_reply *reply);
/* Whether all further requests would fare alike: the proxy asks for fewer, or cannot answer. */
bool rest_is_overloaded(long status);

#endif
