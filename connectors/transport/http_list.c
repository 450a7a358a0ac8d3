#include "http_private.h"

#include "error.h"

/* Says of an answer what is wrong: HTML, half a list, no list at all. */
static bool fail(
    struct http *h, const struct http_request *q, const struct http_reply *r, GError **error)
{
    AUTO(cJSON) json = http_reply_json(h, q, r, error);
    g_autofree char *what = http_describe(h->base, q);
    return json && weir_fail(error, WEIR_ERROR_PROTOCOL,
                       "%s: the answer is no list; is url that of the right server?", what);
}

static bool take_elements(struct http *h, const struct http_request *q, const struct http_reply *r,
    struct http_list *list, GError **error)
{
    const char *at = r->body->str, *end = at + r->body->len;
    struct http_element e;
    g_autoptr(GError) broken = NULL;
    list->cut = r->cut;
    while (json_next_element(&at, end, &e.text, &e.length, &broken)) {
        AUTO(cJSON) json = json_parse(e.text, e.length, NULL);
        if (!json)
            return fail(h, q, r, error);
        e.json = json;
        if (!list->take(&e, list->data)) {
            list->cut = true;
            return true;
        }
    }
    return !broken || r->cut || fail(h, q, r, error);
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
