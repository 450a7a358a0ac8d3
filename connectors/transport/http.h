/* HTTP over libcurl (no other file includes curl.h). A struct http belongs to one lane and keeps
 * its connections; everything blocks, bounded by lane_left_ms and by the `timeout` of the source, and
 * ends within HTTP_SLICE_MS when the lane is cancelled.
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
#define HTTP_STREAM_MAX   ((gsize)4 * 1024 * 1024 * 1024) /* of a body that goes to a sink */
#define HTTP_HEADERS_MAX  (256 * 1024)
#define HTTP_CONNECT_MS   5000
#define HTTP_PROBE_MS     2000 /* of one request of discovery */
#define HTTP_SLICE_MS     100
#define HTTP_STALL_MS     15000 /* an answer that has begun must give HTTP_STALL_BYTES within this */
#define HTTP_STALL_BYTES  1500
#define HTTP_PARALLEL_MAX 8

struct http;

void http_init(void);
void http_versions(GString *out);

/* base is the URL of the server without a trailing slash; the options of every HTTP source (ca_file
 * ...) are read from the lane's source (none in discovery). Blocks only for secret commands. NULL and
 * *error on a bad option. */
struct http *http_new(struct lane *l, const char *base, GError **error);
void http_free(struct http *h); /* accepts NULL */

/* Credentials for every request from now on; copied, and wiped with h. They are refused over plain
 * http to anything but loopback (WEIR_ERROR_DENIED, at the request). NULL removes them. */
void http_set_basic(struct http *h, const char *user, const char *password);
void http_set_bearer(struct http *h, const char *token);
/* The credentials that the source's options username, password and token give: Basic or Bearer, for
 * servers that want them with every request. None of them set: none are sent. False on two of them that
 * contradict, or when a secret cannot be had. */
bool http_sign_in(struct http *h, GError **error);
/* Who the credentials stand for, where that is not the user of http_set_basic: for messages only. */
void http_set_user(struct http *h, const char *user);
/* A header line "Name: value" for every request; replaces one of the same name. A cookie set so counts
 * as a credential. A line with control characters fails the next request. */
void http_set_header(struct http *h, const char *line);
/* Keeps this header of every answer in http_reply.headers. Several of one name are joined by '\n'. */
void http_want_header(struct http *h, const char *name);

struct http_request {
    const char *method;       /* NULL: GET */
    const char *path;         /* "/api/v2/dags?limit=100": below base, already percent-encoded */
    const char *body;         /* NULL: none */
    const char *content_type; /* of the body; NULL: application/json */
    const char *accept;       /* NULL: application/json */
    gsize body_max;           /* 0: HTTP_BODY_MAX, with a sink HTTP_STREAM_MAX */
    bool cut_body;            /* a longer body is cut there (http_reply.cut), not an error */
    unsigned patience;        /* times the usual time limit; 0: once */
    int64_t limit_ms;         /* less than the usual time limit; 0: that */
    /* Its duration says nothing about the server's health: not counted as latency. */
    bool long_poll;
    /* A sign-in: a tape keeps neither its body nor what the answer says. */
    bool secret;
    /* Takes the body of a 2xx answer as it comes, decoded and in order, instead of http_reply.body.
     * false ends the transfer (WEIR_ERROR_CANCELLED). The time limit starts anew with every piece. May
     * block. Not for http_send_many. */
    bool (*sink)(const char *bytes, gsize length, void *data);
    void *sink_data;
};

struct http_reply {
    long status;
    char *content_type;  /* "" when none */
    char *date;          /* the Date header, or NULL */
    char *location;      /* where a redirect would lead, or NULL */
    GString *body;       /* NUL-terminated as well */
    bool cut;            /* there was more of it */
    GHashTable *headers; /* those of http_want_header: lower-case name to value */
};
void http_reply_clear(struct http_reply *r);
/* The Date header in milliseconds UTC (whole seconds); false when there is none. */
bool http_reply_time(const struct http_reply *r, int64_t *at_ms);
/* The server's clock less ours by that header, for messages: 0 where there is none, and up to two
 * seconds, of which a header of whole seconds says nothing. */
int64_t http_reply_skew_ms(const struct http_reply *r, int64_t now_ms);

/* One request. Any HTTP status is a success here; false: nothing usable came back (no connection,
 * deadline, too large, TLS) and *error says what was tried, what happened and what to do. */
bool http_send(
    struct http *h, const struct http_request *q, struct http_reply *out, GError **error);

/* count requests, at most parallel (<= HTTP_PARALLEL_MAX) at a time over kept connections; replies in
 * the order of the requests. Stops at the first failure; what came until then is in out (status 0:
 * nothing). */
bool http_send_many(struct http *h, const struct http_request *q, guint count, guint parallel,
    struct http_reply *out, GError **error);

/* False, with the status as an error, unless it is 2xx: 401 and 403 denied, 404 and 410 not found,
 * 429 and 5xx server, others protocol. The message holds method, URL, status and the server's own
 * words (detail, message, title of a JSON body, a line of plain text; never HTML). */
bool http_check_status(
    const struct http *h, const struct http_request *q, const struct http_reply *r, GError **error);
/* The JSON of an answer, after http_check_status. HTML instead of JSON, broken, too deep or too large
 * JSON are errors that say so. The caller owns the result (cJSON_Delete). */
cJSON *http_reply_json(
    const struct http *h, const struct http_request *q, const struct http_reply *r, GError **error);

/* GET (or q) that must answer 2xx with JSON; the caller owns the result (cJSON_Delete). */
cJSON *http_get_json(struct http *h, const char *path, GError **error);
cJSON *http_send_json(struct http *h, const struct http_request *q, GError **error);

/* A list that has no pages and may be too long to hold as a tree: take gets its elements one by one,
 * until it says false or body_max bytes have come. Then cut is set: there is more than was taken.
 * An answer that is no list, or a list that breaks off, is an error; take may have seen its beginning. */
#define HTTP_LIST_MAX (32 * 1024 * 1024)
struct http_list {
    bool (*take)(const struct json_element *e, void *data);
    void *data;
    gsize body_max; /* 0: HTTP_LIST_MAX */
    bool cut;
};
bool http_read_list(struct http *h, const char *path, struct http_list *list, GError **error);

/* Percent-encodes one path segment or query value. */
char *http_escape(const char *text);

#endif
