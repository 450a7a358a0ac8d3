#include "fault.h"

#include <gio/gio.h>
#include <string.h>

#define HUGE_BYTES (100 * 1024 * 1024)
#define BOMB_BYTES (256 * 1024 * 1024)
#define DEEP       100000
#define LINE_BYTES (1024 * 1024)

const struct fault faults[] = {
    {"refuse", FAULT_LISTEN, 0, NULL, "connections are refused"},
    {"blackhole", FAULT_LISTEN, 1, NULL, "connections are never made, those that are stay silent"},

    {"stall", FAULT_WIRE, WIRE_STALL, NULL, "half open: takes requests, never answers"},
    {"reset", FAULT_WIRE, WIRE_RESET, NULL, "resets the connection instead of an answer"},
    {"reset-headers", FAULT_WIRE, WIRE_RESET_HEADERS, NULL, "resets it within the headers"},
    {"fin-body", FAULT_WIRE, WIRE_FIN_BODY, NULL, "ends the connection within the body"},
    {"drip", FAULT_WIRE, WIRE_DRIP, NULL, "one byte a second"},
    {"drip-body", FAULT_WIRE, WIRE_DRIP_BODY, NULL, "the headers, then one byte a second"},
    {"slow", FAULT_WIRE, WIRE_SLOW, NULL, "every answer two seconds late"},
    {"garbage", FAULT_WIRE, WIRE_RAW, "\x16\x03\x01 this is not HTTP\r\n\r\n",
        "bytes that are no HTTP"},
    {"no-headers", FAULT_WIRE, WIRE_RAW, "HTTP/1.1 200 OK\r\n", "a status line, and then the end"},
    {"length-long", FAULT_WIRE, WIRE_RAW,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
        "100000\r\n\r\n{\"a\":1}",
        "Content-Length promises more than comes"},
    {"length-short", FAULT_WIRE, WIRE_RAW,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n{\"a\":1}",
        "Content-Length promises less than comes"},
    {"bad-chunk", FAULT_WIRE, WIRE_RAW,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n",
        "a chunk of an impossible length"},

    {"tls-expired", FAULT_TLS, 0, "expired", "a certificate that has expired"},
    {"tls-name", FAULT_TLS, 0, "name", "a certificate for another name"},
    {"tls-self-signed", FAULT_TLS, 0, "self", "a certificate that nobody vouches for"},
    {"tls-1.0", FAULT_TLS, 0, "old", "TLS 1.0 and no newer"},
    {"tls-none", FAULT_TLS, WIRE_RAW, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
        "plain HTTP where TLS is spoken"},

    {"http-400", FAULT_HTTP, 400, "application/json\n{\"detail\":\"bad request\"}",
        "400 Bad Request"},
    {"http-401", FAULT_HTTP, 401, "application/json\n{\"detail\":\"Not authenticated\"}",
        "401 Unauthorized"},
    {"http-403", FAULT_HTTP, 403, "application/json\n{\"detail\":\"Forbidden\"}", "403 Forbidden"},
    {"http-404", FAULT_HTTP, 404, "application/json\n{\"detail\":\"Not Found\"}", "404 Not Found"},
    {"http-429", FAULT_HTTP, 429, "text/plain\nslow down", "429 with Retry-After: 3"},
    {"http-500", FAULT_HTTP, 500, "text/plain\nInternal Server Error", "500 Internal Server Error"},
    {"http-502", FAULT_HTTP, 502, "text/html\n<html><h1>502 Bad Gateway</h1></html>",
        "502 Bad Gateway, as a page"},
    {"http-503", FAULT_HTTP, 503, "text/plain\nunavailable", "503 with Retry-After: 3"},
    {"redirect", FAULT_HTTP, 302, "text/plain\n", "redirects to itself"},
    {"login-page", FAULT_HTTP, 200, "text/html\n<!DOCTYPE html><title>Sign in</title>",
        "a sign-in page instead of JSON"},
    {"wrong-type", FAULT_HTTP, 200, "image/png\n\x89PNG\r\n", "a picture instead of JSON"},
    {"empty", FAULT_HTTP, 200, "application/json\n", "no body at all"},
    {"null", FAULT_HTTP, 200, "application/json\nnull", "null where an object belongs"},
    {"other-json", FAULT_HTTP, 200, "application/json\n{\"hello\":[\"world\",1,true]}",
        "JSON of something else"},
    {"cut-json", FAULT_HTTP, 200,
        "application/json\n{\"total_entries\":1,\"dags\":[{\"dag_id\":\"a",
        "JSON that ends in the middle"},
    {"bad-utf8", FAULT_HTTP, 200, "application/json\n{\"version\":\"\xff\xfe\xc0\x80\"}",
        "bytes that are no UTF-8"},
    {"surrogate", FAULT_HTTP, 200, "application/json\n{\"version\":\"\\ud800 \\udfff\"}",
        "half of a surrogate pair"},
    {"nul", FAULT_HTTP, 200, "application/json\n<nul>", "NUL bytes within the text"},
    {"huge", FAULT_HTTP, 200, "application/json\n<huge>", "100 MB of JSON"},
    {"deep", FAULT_HTTP, 200, "application/json\n<deep>", "JSON 100,000 arrays deep"},
    {"long-line", FAULT_HTTP, 200, "application/json\n<line>", "one text of 1 MB"},
    {"bomb", FAULT_HTTP, 200, "application/json\n<bomb>", "256 MB, compressed to 1 MB"},

    {"clock-ahead", FAULT_CLOCK, 1, NULL, "the server's clock is a day ahead"},
    {"clock-behind", FAULT_CLOCK, -1, NULL, "the server's clock is a day behind"},

    {"shell-exits", FAULT_SHELL, SHELL_EXITS, NULL, "the command ends at once"},
    {"shell-dies", FAULT_SHELL, SHELL_DIES, NULL, "the shell ends in the middle of an answer"},
    {"shell-hangs", FAULT_SHELL, SHELL_HANGS, NULL, "the shell answers nothing"},
    {"shell-drips", FAULT_SHELL, SHELL_DRIPS, NULL, "the shell gives one byte a second"},
    {"shell-garbage", FAULT_SHELL, SHELL_GARBAGE, NULL, "the shell answers with nonsense"},
    {"shell-banner", FAULT_SHELL, SHELL_BANNER, NULL, "the shell greets, and is silent then"},
    {"shell-huge", FAULT_SHELL, SHELL_HUGE, NULL, "the shell's answer has no end"},
    {"shell-other", FAULT_SHELL, SHELL_OTHER_WORD, NULL, "the shell answers another question"},
    {"shell-slow", FAULT_SHELL, SHELL_SLOW, NULL, "the shell answers two seconds late"},
    {0},
};

const struct fault *fault_find(const char *name)
{
    for (const struct fault *f = faults; f->name; f++)
        if (g_str_equal(f->name, name))
            return f;
    return NULL;
}

char *fault_names(bool hosts)
{
    g_autoptr(GString) all = g_string_new(NULL);
    for (const struct fault *f = faults; f->name; f++)
        if ((f->stage == FAULT_SHELL) == hosts)
            g_string_append_printf(all, "%s%s", all->len ? ", " : "", f->name);
    return g_strdup(all->str);
}

/* -- switches -------------------------------------------------------------------------------------- */

void fault_switch_set(struct fault_switch *s, const struct fault *f, const char *path, int count)
{
    g_free(s->path);
    *s = (struct fault_switch){.fault = f, .path = g_strdup(path), .left = count};
}

const struct fault *fault_look(
    const struct fault_switch *s, enum fault_stage stage, const char *path)
{
    bool holds = s->fault && s->fault->stage == stage && s->left != 0 &&
                 (!s->path || (path && g_str_has_prefix(path, s->path)));
    return holds ? s->fault : NULL;
}

const struct fault *fault_take(struct fault_switch *s, enum fault_stage stage, const char *path)
{
    const struct fault *f = fault_look(s, stage, path);
    if (f && s->left > 0)
        s->left--;
    return f;
}

/* -- bad answers ----------------------------------------------------------------------------------- */

static GBytes *repeat(const char *head, char c, gsize count, const char *tail)
{
    gsize h = strlen(head), t = strlen(tail);
    char *all = g_malloc(h + count + t);
    memcpy(all, head, h);
    memset(all + h, c, count);
    memcpy(all + h + count, tail, t);
    return g_bytes_new_take(all, h + count + t);
}

/* [1,1,1 ... of so many bytes. */
static GBytes *huge(void)
{
    char *all = g_malloc(HUGE_BYTES);
    for (gsize i = 0; i < HUGE_BYTES; i++)
        all[i] = i == 0 ? '[' : i + 1 == HUGE_BYTES ? ']' : i % 2 ? '1' : ',';
    return g_bytes_new_take(all, HUGE_BYTES);
}

static GBytes *bomb(void)
{
    g_autoptr(GOutputStream) memory = g_memory_output_stream_new_resizable();
    g_autoptr(GZlibCompressor) gzip = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 1);
    g_autoptr(GOutputStream) out = g_converter_output_stream_new(memory, G_CONVERTER(gzip));
    g_autofree char *blanks = g_malloc(1024 * 1024);
    memset(blanks, ' ', 1024 * 1024);
    for (int i = 0; i < BOMB_BYTES / (1024 * 1024); i++)
        g_output_stream_write_all(out, blanks, 1024 * 1024, NULL, NULL, NULL);
    g_output_stream_close(out, NULL, NULL);
    return g_memory_output_stream_steal_as_bytes(G_MEMORY_OUTPUT_STREAM(memory));
}

/* Dear ones are made once: everybody waits while they are. */
static GBytes *once(GBytes **kept, GBytes *(*build)(void))
{
    if (!*kept)
        *kept = build();
    return g_bytes_ref(*kept);
}

static GBytes *make(const char *word)
{
    static GBytes *kept_huge, *kept_bomb;
    if (g_str_equal(word, "<huge>"))
        return once(&kept_huge, huge);
    if (g_str_equal(word, "<bomb>"))
        return once(&kept_bomb, bomb);
    if (g_str_equal(word, "<deep>"))
        return repeat("", '[', DEEP, "");
    if (g_str_equal(word, "<line>"))
        return repeat("{\"version\":\"", 'x', LINE_BYTES, "\"}");
    if (g_str_equal(word, "<nul>"))
        return repeat("{\"version\":\"", '\0', 8, "\"}");
    return g_bytes_new_static(word, strlen(word));
}

void fault_answer(const struct fault *f, struct fault_reply *out)
{
    const char *body = strchr(f->text, '\n') + 1;
    gsize n = (gsize)(body - f->text) - 1;
    g_autofree char *type = g_strndup(f->text, n);
    *out = (struct fault_reply){
        .status = f->how,
        .content_type = g_intern_string(type),
        .header = f->how == 429 || f->how == 503 ? "Retry-After: 3"
                  : f->how == 302                ? "Location: /again"
                  : f->how == 401                ? "WWW-Authenticate: Bearer"
                  : g_str_equal(body, "<bomb>")  ? "Content-Encoding: gzip"
                                                 : NULL,
        .body = make(body),
    };
}
