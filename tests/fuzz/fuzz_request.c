/* Any bytes as what a request was sent with: nothing breaks, and a secret stays out. */
#include "request.h"

#include "fuzz/fuzz.h"

#define CANARY "c4n4ry"

static void keep(const struct request_note *note, const char *text)
{
    struct request *r = request_new(note, "s", "feed", "s");
    g_autofree char *curl = request_as_curl(r, NULL);
    g_assert_true(curl || r->cut_target || !g_str_has_prefix(r->target, "http://"));
    if (!strstr(text, CANARY)) {
        g_assert_null(strstr(r->target, CANARY));
        g_assert_true(!r->headers || !strstr(r->headers, CANARY));
        g_assert_true(!curl || !strstr(curl, CANARY));
    }
    for (const char *c = curl; c && *c; c++)
        g_assert_true(!g_ascii_iscntrl(*c) || *c == '\n' || *c == '\t');
    request_unref(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_text(data, size);
    g_autofree char *url = g_strconcat("http://h/?", text, "&token=" CANARY, NULL);
    g_autofree char *user = g_strconcat("http://h:", CANARY, "@h/", text, NULL);
    g_autofree char *headers = g_strconcat("Cookie: " CANARY "\nX-A: ", text, "\n", NULL);
    struct request_note note = {.method = "POST", .target = url, .status = "200"};
    note.headers = headers;
    note.body = text;
    note.user = text;
    note.credential = REQUEST_BASIC;
    static const char *const types[] = {"application/json", "application/x-www-form-urlencoded"};
    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        note.content_type = types[i];
        note.target = i ? user : url;
        keep(&note, text);
    }
    note.target = text;
    note.body = NULL;
    note.why = text;
    keep(&note, text);
    return 0;
}
