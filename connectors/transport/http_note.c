/* What the log of requests is told. Credentials are named, never given: a struct http holds them apart
 * from the headers, and headers whose value came from a secret are masked here, by whatever name. */
#include "http_private.h"

#include <string.h>

#include "error.h"

static void append_shown(const struct http *h, const char *line, GString *out)
{
    gsize length = strcspn(line, ":");
    g_autofree char *name = g_ascii_strdown(line, (gssize)length);
    if (g_ptr_array_find_with_equal_func(h->hidden, name, g_str_equal, NULL))
        g_string_append_printf(out, "%.*s: " REQUEST_MASK "\n", (int)length, line);
    else
        g_string_append_printf(out, "%s\n", line);
}

static const char *shown(struct http *h)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; !h->shown && i < h->lines->len; i++)
        append_shown(h, g_ptr_array_index(h->lines, i), out);
    if (!h->shown)
        h->shown = g_strdup(out->str);
    return h->shown;
}

void http_note(struct http *h, const struct http_request *q, const struct http_end *end)
{
    const char *accept = q->accept ? q->accept : "application/json";
    const char *type = q->content_type ? q->content_type : "application/json";
    g_autofree char *target = g_strconcat(h->base, q->path, NULL);
    g_autofree char *headers = g_strconcat("Accept: ", accept, "\n",
        q->body ? "Content-Type: " : "", q->body ? type : "", q->body ? "\n" : "", shown(h), NULL);
    char number[24];
    g_snprintf(number, sizeof number, "%ld", end->status);
    g_autofree char *why = end->error ? g_strdup(end->error->message)
                           : end->status >= 400
                               ? g_strchomp(g_strdup_printf("the server answered %ld %s",
                                     end->status, http_status_name(end->status)))
                               : NULL;
    bool cancelled = end->error && end->error->code == WEIR_ERROR_CANCELLED;
    const struct request_note note = {
        .method = http_method(q),
        .target = target,
        .status = end->error ? request_error_word(end->error) : number,
        .why = cancelled ? NULL : why,
        .at_ms = lane_now_ms(h->lane) - end->took_ms,
        .took_ms = end->took_ms,
        .bytes_in = end->bytes_in,
        .credential = h->bearer ? REQUEST_BEARER
                      : h->user ? REQUEST_BASIC
                                : REQUEST_NO_CREDENTIAL,
        .user = h->user,
        .headers = headers,
        .content_type = type,
        .body = q->secret ? NULL : q->body,
        .secret = q->secret && q->body,
    };
    lane_note_request(h->lane, &note);
}
