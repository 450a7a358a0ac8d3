#include "request.h"

#include <string.h>

#include "config.h"
#include "error.h"
#include "secret.h"
#include "text.h"

#define WORD_MAX    256 /* bytes of a method, a user, a name */
#define WHY_MAX     1024
#define HEADERS_MAX 2048

/* -- masking ------------------------------------------------------------------------------------- */

static bool names_a_secret(const char *name, gsize length)
{
    static const char *const more[] = {
        "passwd", "credential", "signature", "api_key", "access_key"};
    g_autofree char *lower = g_ascii_strdown(name, (gssize)length);
    for (unsigned i = 0; i < G_N_ELEMENTS(more); i++)
        if (strstr(lower, more[i]))
            return true;
    return secret_is_named(lower);
}

/* "user:password@host" as "user:***@host". Without a colon it may be a token. */
static void append_authority(GString *out, const char *text, gsize length)
{
    const char *at = memrchr(text, '@', length);
    if (at) {
        const char *colon = memchr(text, ':', (gsize)(at - text));
        g_string_append_len(out, text, colon ? colon + 1 - text : 0);
        g_string_append(out, REQUEST_MASK);
        length -= (gsize)(at - text);
        text = at;
    }
    g_string_append_len(out, text, (gssize)length);
}

void request_append_masked(GString *out, const char *text)
{
    for (const char *slashes; (slashes = strstr(text, "://"));) {
        g_string_append_len(out, text, slashes + 3 - text);
        text = slashes + 3;
        gsize length = strcspn(text, "/?# \t\n;\"'");
        append_authority(out, text, length);
        text += length;
    }
    g_string_append(out, text);
}

/* "a=1&token=x" as "a=1&token=***". */
static void append_query(GString *out, const char *text)
{
    for (;;) {
        gsize length = strcspn(text, "&;#");
        const char *equals = memchr(text, '=', length);
        if (equals && names_a_secret(text, (gsize)(equals - text))) {
            g_string_append_len(out, text, equals + 1 - text);
            g_string_append(out, REQUEST_MASK);
        } else {
            g_string_append_len(out, text, (gssize)length);
        }
        text += length;
        if (!*text)
            return;
        g_string_append_c(out, *text++);
    }
}

static void append_url(GString *out, const char *url)
{
    gsize path = strcspn(url, "?");
    g_autofree char *before = g_strndup(url, path);
    request_append_masked(out, before);
    append_query(out, url + path);
}

static void append_headers(GString *out, const char *headers)
{
    for (gsize length; *headers; headers += length) {
        const char *end = strchrnul(headers, '\n');
        gsize name = MIN(strcspn(headers, ":"), (gsize)(end - headers));
        length = (gsize)(end - headers) + (*end != '\0');
        if (names_a_secret(headers, name))
            g_string_append_printf(out, "%.*s: " REQUEST_MASK "\n", (int)name, headers);
        else
            g_string_append_len(out, headers, (gssize)length);
    }
}

/* The end of the JSON string that begins at text, behind its closing quote. */
static const char *string_end(const char *text)
{
    for (text++; *text && *text != '"'; text++)
        if (*text == '\\' && text[1])
            text++;
    return *text ? text + 1 : text;
}

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

/* Behind the value of a secret's name. Of a list or an object all that follows is given up. */
static const char *value_end(const char *text)
{
    if (*text == '"')
        return string_end(text);
    return strchr("[{", *text) ? text + strlen(text) : text + strcspn(text, ",}] \t\r\n");
}

/* It need not be whole: it may have been cut. */
static void append_json(GString *out, const char *text)
{
    while (*text) {
        if (*text != '"') {
            g_string_append_c(out, *text++);
            continue;
        }
        const char *end = string_end(text), *colon = skip_blanks(end);
        bool hide = *colon == ':' && names_a_secret(text, (gsize)(end - text));
        const char *value = hide ? skip_blanks(colon + 1) : end;
        g_string_append_len(out, text, value - text);
        text = value;
        if (hide) {
            g_string_append(out, "\"" REQUEST_MASK "\"");
            text = value_end(value);
        }
    }
}

static void append_body(GString *out, const char *body, const char *type)
{
    if (type && strstr(type, "json"))
        append_json(out, body);
    else if (type && strstr(type, "form"))
        append_query(out, body);
    else
        g_string_append(out, body);
}

/* -- one request --------------------------------------------------------------------------------- */

/* Bytes of the longest prefix within max that ends between two characters. */
static gsize prefix(const char *text, gsize max)
{
    gsize n = strlen(text);
    if (n <= max)
        return n;
    for (n = max; n > 0 && ((guchar)text[n] & 0xc0) == 0x80;)
        n--;
    return n;
}

/* All texts of a request one after the other, each with its NUL; where it begins, -1: it is NULL. */
struct packed {
    GString *text;
    gssize at[10];
    unsigned count;
};

static void append_plain(GString *out, const char *text)
{
    g_string_append(out, text);
}

/* Cuts first, so that masking costs no more than what is kept. Whether it was cut. */
static bool pack(
    struct packed *p, const char *text, gsize max, void (*mask)(GString *, const char *))
{
    p->at[p->count++] = text ? (gssize)p->text->len : -1;
    if (!text)
        return false;
    gsize n = prefix(text, max);
    bool cut = text[n] != '\0';
    g_autofree char *head = cut ? g_strndup(text, n) : NULL;
    mask(p->text, cut ? head : text);
    g_string_append_c(p->text, '\0');
    return cut;
}

static bool pack_body(struct packed *p, const struct request_note *note)
{
    g_autoptr(GString) masked = g_string_new(NULL);
    const char *body = note->secret ? NULL : note->body;
    gsize n = body ? prefix(body, REQUEST_BODY_MAX) : 0;
    g_autofree char *head = body ? g_strndup(body, n) : NULL;
    if (body)
        append_body(masked, head, note->content_type);
    pack(p, body ? masked->str : NULL, G_MAXSIZE, append_plain);
    return body && body[n];
}

struct request *request_new(
    const struct request_note *note, const char *source, const char *feed, const char *scope)
{
    struct packed p = {.text = g_string_sized_new(512)};
    bool url = strstr(note->target, "://") != NULL;
    pack(&p, source, WORD_MAX, append_plain);
    pack(&p, feed, WORD_MAX, append_plain);
    pack(&p, scope, REQUEST_TARGET_MAX, append_plain);
    pack(&p, note->method, WORD_MAX, append_plain);
    bool cut_target = pack(&p, note->target, REQUEST_TARGET_MAX, url ? append_url : append_plain);
    pack(&p, note->status, WORD_MAX, append_plain);
    pack(&p, note->why, WHY_MAX, request_append_masked);
    pack(&p, note->credential == REQUEST_BASIC ? note->user : NULL, WORD_MAX, append_plain);
    pack(&p, note->headers, HEADERS_MAX, append_headers);
    bool cut_body = pack_body(&p, note);
    struct request *r = g_malloc0(sizeof *r + p.text->len);
    const char **places[] = {&r->source, &r->feed, &r->scope, &r->method, &r->target, &r->status,
        &r->why, &r->user, &r->headers, &r->body};
    char *texts = memcpy(r + 1, p.text->str, p.text->len);
    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++)
        *places[i] = p.at[i] < 0 ? NULL : texts + p.at[i];
    g_atomic_ref_count_init(&r->refs);
    r->size = sizeof *r + p.text->len;
    r->at_ms = note->at_ms;
    r->took_ms = note->took_ms;
    r->bytes_in = note->bytes_in;
    r->credential = note->credential;
    r->secret = note->secret;
    r->cut_target = cut_target;
    r->cut_body = cut_body;
    g_string_free(p.text, TRUE);
    return r;
}

const struct request *request_ref(const struct request *r)
{
    g_atomic_ref_count_inc((gatomicrefcount *)&r->refs);
    return r;
}

void request_unref(const struct request *r)
{
    if (r && g_atomic_ref_count_dec((gatomicrefcount *)&r->refs))
        g_free((gpointer)r);
}

const char *request_error_word(const GError *error)
{
    static const char *const words[] = {
        [WEIR_ERROR_CONFIG] = "not sent",
        [WEIR_ERROR_UNREACHABLE] = "no connection",
        [WEIR_ERROR_TIMEOUT] = "timeout",
        [WEIR_ERROR_DENIED] = "denied",
        [WEIR_ERROR_PROTOCOL] = "no sense",
        [WEIR_ERROR_TOO_LARGE] = "too large",
        [WEIR_ERROR_CANCELLED] = "cancelled",
    };
    guint code = (guint)error->code;
    return code < G_N_ELEMENTS(words) && words[code] ? words[code] : "failed";
}

/* -- as a command -------------------------------------------------------------------------------- */

static bool can_be_typed(const char *text)
{
    for (const char *c = text; *c; c++)
        if (g_ascii_iscntrl(*c) && *c != '\n' && *c != '\t')
            return false;
    return g_utf8_validate(text, -1, NULL);
}

/* " -x word". */
static void add_option(GString *out, const char *option, const char *word)
{
    if (word) {
        g_string_append_printf(out, " %s ", option);
        text_append_shell_word(out, word);
    }
}

/* The name of a shell variable for the value of a header. */
static char *variable_of(const char *name, gsize length)
{
    char *variable = g_ascii_strup(name, (gssize)length);
    for (char *c = variable; *c; c++)
        if (!g_ascii_isalnum(*c))
            *c = '_';
    return variable;
}

static void add_headers(GString *out, const char *headers)
{
    g_auto(GStrv) lines = g_strsplit(headers ? headers : "", "\n", -1);
    for (char **line = lines; *line; line++) {
        gsize name = strcspn(*line, ":");
        bool hidden = strcmp(*line + name, ": " REQUEST_MASK) == 0;
        if (!**line || **line == '@' || !can_be_typed(*line)) /* curl reads @FILE */
            continue;
        if (!hidden) {
            add_option(out, "-H", *line);
            continue;
        }
        g_autofree char *variable = variable_of(*line, name);
        (*line)[name] = '\0';
        add_option(out, "-H", *line);
        g_string_append_printf(out, "\": $%s%s\"", g_ascii_isdigit(*variable) ? "_" : "", variable);
    }
}

static void add_credential(GString *out, const struct request *r)
{
    if (r->credential == REQUEST_BEARER) {
        g_string_append(out, " -H \"Authorization: Bearer $TOKEN\"");
    } else if (r->credential == REQUEST_BASIC) {
        bool typed = r->user && can_be_typed(r->user);
        g_autofree char *user = typed ? g_strconcat(r->user, ":", NULL) : NULL;
        g_string_append(out, " -u ");
        if (typed)
            text_append_shell_word(out, user);
        else
            g_string_append(out, "\"$USERNAME:\"");
        g_string_append(out, "\"$PASSWORD\"");
    }
}

static void add_body(GString *out, const struct request *r)
{
    if (r->secret || r->cut_body || (r->body && !can_be_typed(r->body)))
        g_string_append(out, " --data-raw \"$BODY\"");
    else
        add_option(out, "--data-raw", r->body);
}

/* The password in a proxy's URL becomes a variable. */
static void add_proxy(GString *out, const char *proxy)
{
    const char *at = proxy ? strrchr(proxy, '@') : NULL;
    const char *slashes = at ? strstr(proxy, "://") : NULL;
    const char *user = slashes ? slashes + 3 : proxy;
    const char *colon = at ? memchr(user, ':', (gsize)(at - user)) : NULL;
    if (!colon) {
        add_option(out, "-x", proxy);
        return;
    }
    g_autofree char *before = g_strndup(proxy, (gsize)(colon + 1 - proxy));
    add_option(out, "-x", before);
    g_string_append(out, "\"$PROXY_PASSWORD\"");
    text_append_shell_word(out, at);
}

static void add_source(GString *out, const struct source *s)
{
    if (source_bool(s, "insecure"))
        g_string_append(out, " -k");
    add_option(out, "--cacert", source_text(s, "ca_file"));
    add_option(out, "--cert", source_text(s, "cert_file"));
    add_option(out, "--key", source_text(s, "key_file"));
    add_proxy(out, source_text(s, "proxy"));
}

/* A URL has no control characters; what sends one all the same gets it as curl would have to send it. */
static void add_url(GString *out, const char *url)
{
    g_autoptr(GString) safe = g_string_new(NULL);
    bool valid = g_utf8_validate(url, -1, NULL);
    for (const char *c = url; *c; c++) {
        if (g_ascii_iscntrl(*c) || (!valid && (guchar)*c >= 0x80))
            g_string_append_printf(safe, "%%%02X", (guchar)*c);
        else
            g_string_append_c(safe, *c);
    }
    g_string_append_c(out, ' ');
    text_append_shell_word(out, safe->str);
}

char *request_as_curl(const struct request *r, const struct source *s)
{
    bool http = g_str_has_prefix(r->target, "http://") || g_str_has_prefix(r->target, "https://");
    if (!http || r->cut_target)
        return NULL;
    GString *out = g_string_new("curl -g"); /* [] and {} stand for themselves */
    const char *implied = r->body || r->secret ? "POST" : "GET";
    if (strcmp(r->method, "HEAD") == 0)
        g_string_append(out, " -I");
    else if (strcmp(r->method, implied) != 0)
        add_option(out, "-X", r->method);
    add_credential(out, r);
    add_headers(out, r->headers);
    add_body(out, r);
    if (s)
        add_source(out, s);
    add_url(out, r->target);
    return g_string_free(out, FALSE);
}

/* -- the log ------------------------------------------------------------------------------------- */

static void drop_oldest(struct request_log *log)
{
    const struct request *r = log->ring[log->first];
    log->bytes -= r->size;
    log->ring[log->first] = NULL;
    log->first = (log->first + 1) % REQUESTS_MAX;
    log->count--;
    request_unref(r);
}

void request_log_add(struct request_log *log, struct request *take_r)
{
    while (log->count > 0 &&
           (log->count == REQUESTS_MAX || log->bytes + take_r->size > REQUESTS_BYTES_MAX))
        drop_oldest(log);
    log->ring[(log->first + log->count++) % REQUESTS_MAX] = take_r;
    log->bytes += take_r->size;
}

void request_log_clear(struct request_log *log)
{
    while (log->count > 0)
        drop_oldest(log);
}

const struct request *request_log_at(const struct request_log *log, guint i)
{
    return log->ring[(log->first + log->count - 1 - i) % REQUESTS_MAX];
}

const struct request *request_log_find(
    const struct request_log *log, const char *feed, const char *scope)
{
    for (guint i = 0; i < log->count; i++) {
        const struct request *r = request_log_at(log, i);
        if (!r->secret && (!feed || strcmp(r->feed, feed) == 0) && strcmp(r->scope, scope) == 0)
            return r;
    }
    return NULL;
}
