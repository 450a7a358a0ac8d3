/* HTTP over libcurl, the only file that includes curl.h. A struct http belongs to one lane and keeps
 * its connections; everything blocks, bounded by lane_left_ms.
 *
 * Rules of this transport (OWASP and curl's own advice): certificates are checked (TLS >= 1.2) unless
 * the source says insecure; only http and https; redirects are not followed (a sign-in page is not the
 * API, and credentials stay with the host they were given for); .netrc and the environment's proxies
 * are ignored; gzip is asked for; a body is cut off at its cap after decoding; requests that write are
 * refused by the gate. */
#ifndef CONNECTORS_TRANSPORT_HTTP_H
#define CONNECTORS_TRANSPORT_HTTP_H

#include "json.h"
#include "lane.h"

#define HTTP_BODY_MAX     (32 * 1024 * 1024)
#define HTTP_CONNECT_MS   5000
#define HTTP_PARALLEL_MAX 8

struct http;

void http_init(void);
void http_versions(GString *out);

/* base is the URL of the server without a trailing slash; the options of every HTTP source (ca_file
 * ...) are read from the lane's source. Blocks only for secret commands. NULL and *error on a bad
 * option. */
struct http *http_new(struct lane *l, const char *base, GError **error);
void http_free(struct http *h); /* accepts NULL */

/* Credentials for every request from now on; copied, and wiped with h. They are refused over plain
 * http to anything but loopback (WEIR_ERROR_DENIED, at the request). NULL removes them. */
void http_set_basic(struct http *h, const char *user, const char *password);
void http_set_bearer(struct http *h, const char *token);
/* A header line "Name: value" for every request; replaces one of the same name. */
void http_set_header(struct http *h, const char *line);

struct http_request {
    const char *method; /* NULL: GET */
    const char *path;   /* "/api/v2/dags?limit=100": below base, already percent-encoded */
    const char *body;   /* NULL: none */
    const char *content_type; /* of the body; NULL: application/json */
    const char *accept;       /* NULL: application/json */
    gsize body_max;           /* 0: HTTP_BODY_MAX */
    bool long_poll; /* its duration says nothing about the server's health: not counted as latency */
};

struct http_reply {
    long status;
    char *content_type; /* "" when none */
    char *date;         /* the Date header, or NULL */
    GString *body;
    GHashTable *headers; /* lower-case name to value: those a connector asked for by http_want_header */
};
void http_reply_clear(struct http_reply *r);

/* One request. Any HTTP status is a success here; false: nothing usable came back (no connection,
 * deadline, too large, TLS) and *error says what was tried, what happened and what to do. */
bool http_send(
    struct http *h, const struct http_request *q, struct http_reply *out, GError **error);

/* count requests, at most parallel (<= HTTP_PARALLEL_MAX) at a time over kept connections; replies in
 * the order of the requests. Stops at the first failure; what came until then is in out. */
bool http_send_many(struct http *h, const struct http_request *q, guint count, guint parallel,
    struct http_reply *out, GError **error);

/* False, with the status as an error, unless it is 2xx: 401 and 403 denied, 404 and 410 not found,
 * 429 and 5xx server, others protocol. The message holds method, path, status and the server's own
 * words (detail, message, title of a JSON body; never HTML). */
bool http_check_status(const struct http *h, const struct http_request *q,
    const struct http_reply *r, GError **error);

/* GET (or q) that must answer 2xx with JSON; the caller owns the result (cJSON_Delete). HTML instead
 * of JSON, broken, too deep or too large JSON are errors that say so. */
cJSON *http_get_json(struct http *h, const char *path, GError **error);
cJSON *http_send_json(struct http *h, const struct http_request *q, GError **error);

/* Percent-encodes one path segment or query value. */
char *http_escape(const char *text);

#endif
