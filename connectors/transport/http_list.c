#include "http_private.h"

#include <string.h>

#include "clock.h"
#include "error.h"

/* What came of a list's text. */
struct body {
    GString *text;
    bool cut; /* at HTTP_LIST_MAX */
};

/* http_request.sink: false, which ends the transfer, when it is enough. */
static bool take_bytes(const char *bytes, gsize n, void *data)
{
    struct body *b = data;
    gsize room = HTTP_LIST_MAX - b->text->len;
    g_string_append_len(b->text, bytes, (gssize)MIN(n, room));
    b->cut |= n > room;
    return !b->cut;
}

/* Says of a text what is wrong: HTML, half a list, no list at all. */
static bool fail(struct http *h, const struct http_request *q, struct http_reply *r,
    const GString *text, GError **error)
{
    g_string_append_len(r->body, text->str, (gssize)text->len);
    AUTO(cJSON) json = http_reply_json(h, q, r, error);
    g_autofree char *what = http_describe(h->base, q);
    return json && weir_fail(error, WEIR_ERROR_PROTOCOL,
                       "%s: the answer is no list; is url that of the right server?", what);
}

static bool take_elements(struct http *h, const struct http_request *q, struct http_reply *r,
    struct http_list *list, GError **error)
{
    const struct body *b = q->sink_data;
    const char *at = b->text->str, *end = at + b->text->len;
    struct http_element e;
    g_autoptr(GError) broken = NULL;
    while (json_next_element(&at, end, &e.text, &e.length, &broken)) {
        AUTO(cJSON) json = json_parse(e.text, e.length, NULL);
        if (!json)
            return fail(h, q, r, b->text, error);
        e.json = json;
        if (!list->take(&e, list->data)) {
            list->cut = true;
            return true;
        }
    }
    list->cut = b->cut;
    return !broken || b->cut || fail(h, q, r, b->text, error);
}

bool http_read_list(struct http *h, const char *path, struct http_list *list, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct body b = {.text = text};
    const struct http_request q = {.path = path, .sink = take_bytes, .sink_data = &b};
    struct http_reply r = {0};
    g_autoptr(GError) failed = NULL;
    int64_t began_ms = clock_mono_ms();
    list->cut = false;
    bool ok = http_send(h, &q, &r, &failed) || b.cut;
    if (ok) /* of a request with a sink no latency is counted: it may wait for its reader */
        lane_count(h->lane, 0, 0, clock_mono_ms() - began_ms);
    else
        g_propagate_error(error, g_steal_pointer(&failed));
    ok = ok && (b.cut || http_check_status(h, &q, &r, error)) &&
         take_elements(h, &q, &r, list, error);
    http_reply_clear(&r);
    return ok;
}
