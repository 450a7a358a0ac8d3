#include "http_private.h"

#include "error.h"

static bool fail_list(const struct http *h, const struct http_request *q, GError **error)
{
    g_autofree char *what = http_describe(h->base, q);
    return weir_fail(error, WEIR_ERROR_PROTOCOL,
        "%s: the answer is no list of objects; is url that of the right server?", what);
}

/* Says of an answer what is wrong: HTML, half a list, no list at all. */
static bool fail(
    struct http *h, const struct http_request *q, const struct http_reply *r, GError **error)
{
    AUTO(cJSON) json = http_reply_json(h, q, r, error);
    return json && fail_list(h, q, error);
}

/* Nothing came before the cut: that is no list without elements. */
static bool fail_cut(struct http *h, const struct http_request *q, GError **error)
{
    g_autofree char *what = http_describe(h->base, q);
    return weir_fail(error, WEIR_ERROR_TOO_LARGE,
        "%s: an answer of more than %" G_GSIZE_FORMAT " MiB and nothing in it; is url that of the "
        "right server?",
        what, q->body_max / 1048576);
}

static bool take_elements(struct http *h, const struct http_request *q, const struct http_reply *r,
    struct http_list *list, GError **error)
{
    const struct json_list text = {r->body->str, r->body->len, r->cut, list->take, list->data};
    enum json_list_end end = json_take_elements(&text, NULL);
    list->cut = end == JSON_LIST_CUT;
    switch (end) {
    case JSON_LIST_WHOLE:
    case JSON_LIST_CUT: return true;
    case JSON_LIST_NOTHING: return fail_cut(h, q, error);
    case JSON_LIST_OTHER: return fail_list(h, q, error);
    case JSON_LIST_BROKEN: break;
    }
    return fail(h, q, r, error);
}

bool http_read_list(struct http *h, const char *path, struct http_list *list, GError **error)
{
    const struct http_request q = {
        .path = path,
        .body_max = list->body_max ? list->body_max : HTTP_LIST_MAX,
        .cut_body = true,
    };
    struct http_reply r = {0};
    bool ok = http_send(h, &q, &r, error) && http_check_status(h, &q, &r, error) &&
              take_elements(h, &q, &r, list, error);
    http_reply_clear(&r);
    return ok;
}
