/* What http.c (curl), http_error.c (its failures) and http_reply.c (what answers say) share. Nothing
 * else includes this. */
#ifndef CONNECTORS_TRANSPORT_HTTP_PRIVATE_H
#define CONNECTORS_TRANSPORT_HTTP_PRIVATE_H

#include <curl/curl.h>

#include "http.h"

struct http {
    struct lane *lane;
    const struct source *source; /* NULL: discovery */
    char *base;
    bool credentials_safe; /* https, or loopback without a proxy */
    char *user, *password, *bearer;
    char *who;
    GPtrArray *lines;  /* headers of every request */
    GPtrArray *hidden; /* lower-case names of those whose value is a secret */
    char *shown;       /* the lines as people may see them; NULL: they have changed */
    bool secret_line;  /* one of them is a credential */
    bool bad_line;
    GPtrArray *wanted; /* lower case */
    int64_t limit_ms;
    CURLM *multi;
    struct tape *tape;
};

enum http_stop {
    HTTP_STOP_NONE,
    HTTP_STOP_BODY,
    HTTP_STOP_HEADERS,
    HTTP_STOP_UNWANTED,
    HTTP_STOP_CUT
};

struct http_transfer {
    struct http *h;
    const struct http_request *q;
    struct http_reply *reply;
    CURL *easy;
    struct curl_slist *lines;
    gsize body_max, body_bytes, header_bytes;
    enum http_stop stop; /* why our own callback ended it */
    bool broke;          /* what made all of them end */
    int64_t started_ms, deadline_ms, stall_ms;
    gsize stall_bytes;
    GString *copy; /* what a sink got, for the tape */
    char message[CURL_ERROR_SIZE];
};

/* Of the source; NULL when it is not set, or in discovery. */
const char *http_option(const struct http *h, const char *name);
const char *http_method(const struct http_request *q);
/* "GET https://host/api/v2/dags", without the query. */
char *http_describe(const char *base, const struct http_request *q);
void http_reply_init(struct http_reply *r);

const char *http_status_name(long status); /* "Not Found", or "" */

/* How a request ended: error is NULL, or the reason where there was no answer. */
struct http_end {
    long status;
    const GError *error;
    int64_t took_ms, bytes_in;
};
/* Tells the lane of a request that was sent. */
void http_note(struct http *h, const struct http_request *q, const struct http_end *end);

/* Fill *error and return false. */
bool http_explain(struct http_transfer *t, CURLcode code, GError **error);
bool http_explain_timeout(const struct http_transfer *t, GError **error);

#endif
