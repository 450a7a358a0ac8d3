#include "rest.h"

#include <string.h>

#include "rest_learn.h"

#define LIST_VALUES_MAX 2000000 /* items of one list */

/* -- the connection ------------------------------------------------------------------------------ */

struct rest *rest_new(struct lane *l, GError **error)
{
    const struct source *s = lane_source(l);
    struct rest *r = g_new0(struct rest, 1);
    r->lane = l;
    r->url = g_strdup(source_text(s, "url"));
    if (g_str_has_suffix(r->url, "/v3"))
        r->url[strlen(r->url) - 3] = '\0';
    r->http = http_new(l, r->url, error);
    if (r->http)
        http_set_user(r->http, source_text(s, "username"));
    if (r->http && http_sign_in(r->http, error))
        return r;
    rest_free(r);
    return NULL;
}

void rest_free(struct rest *r)
{
    if (!r)
        return;
    http_free(r->http);
    g_free(r->url);
    g_free(r->cluster);
    g_free(r->root);
    g_free(r);
}

/* The first question, and so the one that a wrong url or credential is told by. */
static cJSON *ask_clusters(struct rest *r, GError **error)
{
    const struct http_request q = rest_request("/v3/clusters");
    struct http_reply reply;
    cJSON *json = NULL;
    bool sent = http_send(r->http, &q, &reply, error);
    bool secret = source_secret(lane_source(r->lane), "password") ||
                  source_secret(lane_source(r->lane), "token");
    if (sent && reply.status == 404)
        weir_fail(error, WEIR_ERROR_NOT_FOUND,
            "%s: no REST Proxy of version 3 there (404 at /v3/clusters); is url the root of one: "
            "http://HOST:8082, or http://HOST:8090/kafka inside Confluent Server?",
            r->url);
    else if (sent && reply.status == 401 && !secret)
        weir_fail(error, WEIR_ERROR_DENIED,
            "%s: the proxy asks who we are (401): set username and password, or token", r->url);
    else if (sent)
        json = http_reply_json(r->http, &q, &reply, error);
    http_reply_clear(&reply);
    return json;
}

bool rest_begin(struct rest *r, struct kafka_state *s, int64_t max_age_ms, GError **error)
{
    int64_t now = lane_now_ms(r->lane);
    if (r->cluster && now >= r->cluster_ms && now - r->cluster_ms < max_age_ms)
        return true;
    AUTO(cJSON) json = ask_clusters(r, error);
    if (!json)
        return false;
    const char *id = rest_learn_cluster(s, json);
    if (!id)
        return weir_fail(error, WEIR_ERROR_PROTOCOL,
            "%s/v3/clusters names no cluster: is it a Confluent REST Proxy that is connected to "
            "one?",
            r->url);
    g_autofree char *escaped = http_escape(id);
    g_free(r->cluster);
    g_free(r->root);
    r->cluster = g_strdup(id);
    r->root = g_strdup_printf("/v3/clusters/%s", escaped);
    r->cluster_ms = now;
    lane_set_version(r->lane, "REST Proxy v3");
    return true;
}

/* -- asking -------------------------------------------------------------------------------------- */

char *rest_path(const struct rest *r, const char *format, ...)
{
    g_autoptr(GString) path = g_string_new(r->root);
    va_list args;
    va_start(args, format);
    for (const char *p = format; *p; p++) {
        if (p[0] != '%' || p[1] != 's') {
            g_string_append_c(path, *p);
            continue;
        }
        g_autofree char *escaped = http_escape(va_arg(args, const char *));
        g_string_append(path, escaped);
        p++;
    }
    va_end(args);
    return g_string_free(g_steal_pointer(&path), FALSE);
}

struct http_request rest_request(const char *path)
{
    return (struct http_request){.path = path, .limit_ms = REST_REQUEST_MS};
}

cJSON *rest_get(struct rest *r, const char *path, GError **error)
{
    const struct http_request q = {.path = path};
    return http_send_json(r->http, &q, error);
}

bool rest_send(struct rest *r, const struct http_request *q, guint count, struct http_reply *out,
    GError **error)
{
    return http_send_many(r->http, q, count, REST_PARALLEL, out, error);
}

bool rest_more_pages(struct rest *r, const char *path, GPtrArray *pages, GError **error)
{
    g_autofree char *at = g_strdup(path);
    guint items = 0;
    for (;;) {
        const cJSON *page = g_ptr_array_index(pages, pages->len - 1);
        g_autofree char *next = NULL;
        if (!cJSON_IsArray(json_get(page, "data")))
            return weir_fail(error, WEIR_ERROR_PROTOCOL,
                "GET %s%s: the answer is no list; is url that of a Confluent REST Proxy?", r->url,
                at);
        items += (guint)cJSON_GetArraySize(json_get(page, "data"));
        if (!rest_next_path(page, path, &next))
            return weir_fail(error, WEIR_ERROR_PROTOCOL,
                "GET %s%s: its next page is not one of the same list", r->url, at);
        if (!next)
            return true;
        if (pages->len >= REST_PAGES_MAX || items >= LIST_VALUES_MAX || strcmp(next, at) == 0)
            return weir_fail(error, WEIR_ERROR_TOO_LARGE,
                "GET %s%s: the list does not end (%u pages, %u items)", r->url, path, pages->len,
                items);
        cJSON *json = rest_get(r, next, error);
        if (!json)
            return false;
        g_ptr_array_add(pages, json);
        g_free(at);
        at = g_steal_pointer(&next);
    }
}

GPtrArray *rest_pages(struct rest *r, const char *path, GError **error)
{
    g_autoptr(GPtrArray) pages = g_ptr_array_new_with_free_func((GDestroyNotify)cJSON_Delete);
    cJSON *json = rest_get(r, path, error);
    if (!json)
        return NULL;
    g_ptr_array_add(pages, json);
    return rest_more_pages(r, path, pages, error) ? g_steal_pointer(&pages) : NULL;
}

/* -- statuses ------------------------------------------------------------------------------------ */

const char *rest_status_text(long status)
{
    switch (status) {
    case 0: return "the proxy did not answer";
    case 401:
    case 403: return "the proxy's user may not read it";
    case 404: return "the proxy knows no such thing (any more)";
    case 429: return "the proxy asks for fewer requests (429)";
    case 503: return "the proxy cannot answer now (503)";
    case 504: return "the cluster did not answer the proxy (504)";
    default: return status >= 500 ? "the proxy failed (5xx)" : "the proxy refused it (4xx)";
    }
}

/* Its own errors have five digits: 40403; that of a path is HTTP's. */
bool rest_is_missing(const struct http_reply *reply)
{
    AUTO(cJSON) json = json_parse(reply->body->str, reply->body->len, NULL);
    int64_t code;
    return json_int(json, "error_code", &code) && code > 999;
}

bool rest_is_overloaded(long status)
{
    return status == 429 || status == 503;
}
