/* What an answer says: statuses, a server's own words, JSON. No network here. */
#include "http.h"
#include "http_private.h"

#include <string.h>

#include "error.h"
#include "text.h"

#define WORDS_MAX 300 /* bytes of a server's own words in a message */

const char *http_method(const struct http_request *q)
{
    return q->method ? q->method : "GET";
}

char *http_describe(const char *base, const struct http_request *q)
{
    return g_strdup_printf(
        "%s %s%.*s", http_method(q), base, (int)MIN(strcspn(q->path, "?"), 200), q->path);
}

char *http_escape(const char *text)
{
    /* Dots are harmless but for the two segments that mean a folder. */
    if (strcmp(text, ".") == 0)
        return g_strdup("%2E");
    if (strcmp(text, "..") == 0)
        return g_strdup("%2E%2E");
    return g_uri_escape_string(text, NULL, FALSE);
}

void http_reply_init(struct http_reply *r)
{
    *r = (struct http_reply){
        .body = g_string_new(NULL),
        .headers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
    };
}

void http_reply_clear(struct http_reply *r)
{
    g_free(r->content_type);
    g_free(r->date);
    g_free(r->location);
    if (r->body)
        g_string_free(r->body, TRUE);
    g_clear_pointer(&r->headers, g_hash_table_unref);
    *r = (struct http_reply){0};
}

/* A server's own words as part of a sentence: clean, one line, cut. */
static void append_words(GString *out, const char *words)
{
    gsize n = strcspn(words, "\r\n");
    if (n > WORDS_MAX)
        for (n = WORDS_MAX; n > 0 && (words[n] & 0xc0) == 0x80;)
            n--;
    if (n == 0)
        return;
    g_string_append(out, ": ");
    text_clean(words, (gssize)n, out);
}

/* FastAPI, Flask, Spring, Airflow, Confluent and problem+json: whatever of it there is. */
static void append_json_words(GString *out, const cJSON *json)
{
    static const char *const paths[] = {"detail", "detail.reason", "detail.message", "message",
        "error_message", "error.message", "error", "reason", "title"};
    const cJSON *first = json_first(json_get(json, "detail"));
    if (json_text(first, "msg")) {
        append_words(out, json_text(first, "msg"));
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(paths); i++) {
        if (json_text(json, paths[i])) {
            append_words(out, json_text(json, paths[i]));
            return;
        }
    }
}

static bool is_html(const struct http_reply *r)
{
    const char *p = r->body->str;
    return strstr(r->content_type, "html") || p[strspn(p, " \t\r\n")] == '<';
}

static void append_reply_words(GString *out, const struct http_reply *r)
{
    if (is_html(r) || r->body->len > 65536)
        return;
    AUTO(cJSON) json = json_parse(r->body->str, r->body->len, NULL);
    if (json)
        append_json_words(out, json);
    else if (strstr(r->content_type, "text/plain"))
        append_words(out, r->body->str);
}

#define UNKNOWN_VERSION "this weir may not know the server's version"

static const struct {
    long status;
    const char *name;
    const char *advice; /* NULL: none that fits */
} statuses[] = {
    {400, "Bad Request", UNKNOWN_VERSION},
    {401, "Unauthorized", "check the user and the password, or the token"},
    {403, "Forbidden", NULL},
    {404, "Not Found", "is it gone, or is url not the root of the server?"},
    {405, "Method Not Allowed", UNKNOWN_VERSION},
    {406, "Not Acceptable", UNKNOWN_VERSION},
    {407, "Proxy Authentication Required", "give proxy a user and a password"},
    {409, "Conflict", NULL},
    {410, "Gone", NULL},
    {422, "Unprocessable Content", UNKNOWN_VERSION},
    {429, "Too Many Requests", "set every to a longer span"},
    {500, "Internal Server Error", "its own log says why"},
    {502, "Bad Gateway", "is the server behind the proxy up?"},
    {503, "Service Unavailable", "is it starting, or overloaded?"},
    {504, "Gateway Timeout", "is the server behind the proxy up?"},
};

const char *http_status_name(long status)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(statuses); i++)
        if (statuses[i].status == status)
            return statuses[i].name;
    return "";
}

static void append_status(GString *out, const struct http *h, const struct http_reply *r)
{
    const char *advice = NULL;
    g_string_append_printf(out, ": %ld", r->status);
    for (unsigned i = 0; i < G_N_ELEMENTS(statuses); i++) {
        if (statuses[i].status == r->status) {
            g_string_append_printf(out, " %s", statuses[i].name);
            advice = statuses[i].advice;
        }
    }
    append_reply_words(out, r);
    const char *who = h->who ? h->who : h->user;
    if (r->status == 403 && who)
        g_string_append_printf(out, "; the user \"%s\" lacks the right", who);
    else if (r->status == 403)
        g_string_append(out, "; these credentials lack the right");
    else if (advice)
        g_string_append_printf(out, "; %s", advice);
    if (r->status / 100 != 3)
        return;
    if (r->location)
        append_words(out, r->location);
    g_string_append(out, "; redirects are not followed: is a proxy or sign-in page in front of it? "
                         "Set url to the server itself");
}

static enum weir_error status_code(long status)
{
    if (status == 401 || status == 403 || status == 407)
        return WEIR_ERROR_DENIED;
    if (status == 404 || status == 410)
        return WEIR_ERROR_NOT_FOUND;
    return status == 429 || status >= 500 ? WEIR_ERROR_SERVER : WEIR_ERROR_PROTOCOL;
}

bool http_check_status(
    const struct http *h, const struct http_request *q, const struct http_reply *r, GError **error)
{
    if (r->status / 100 == 2)
        return true;
    g_autofree char *what = http_describe(h->base, q);
    g_autoptr(GString) message = g_string_new(what);
    append_status(message, h, r);
    return weir_fail(error, status_code(r->status), "%s", message->str);
}

cJSON *http_reply_json(
    const struct http *h, const struct http_request *q, const struct http_reply *r, GError **error)
{
    if (!http_check_status(h, q, r, error))
        return NULL;
    g_autofree char *what = http_describe(h->base, q);
    if (is_html(r)) {
        weir_fail(error, WEIR_ERROR_PROTOCOL,
            "%s: HTML instead of JSON: is a proxy or sign-in page in front of it?", what);
        return NULL;
    }
    if (r->body->len == 0) {
        weir_fail(error, WEIR_ERROR_PROTOCOL,
            "%s: an empty answer instead of JSON; is url that of the right server?", what);
        return NULL;
    }
    g_autoptr(GError) failed = NULL;
    cJSON *json = json_parse(r->body->str, r->body->len, &failed);
    if (!json)
        weir_fail(error, (enum weir_error)failed->code,
            "%s: the answer is %s; is url that of the right server?", what, failed->message);
    return json;
}
