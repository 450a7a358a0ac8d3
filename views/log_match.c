#include "log_match.h"

#include <string.h>

#include "error.h"

/* What the matcher may try on one line before it gives up: a few milliseconds, whatever the pattern. */
#define LIMITS "(*LIMIT_MATCH=200000)(*LIMIT_DEPTH=2000)(*LIMIT_HEAP=4096)"

struct log_pattern {
    char *text;
    GRegex *regex;
    guint64 gave_up;
};

/* Capital letters count, but not those of \S, \W, \B ... */
static bool has_capital(const char *text)
{
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        if (*p == '\\' && p[1])
            p++;
        else if (g_unichar_isupper(g_utf8_get_char(p)))
            return true;
    }
    return false;
}

struct log_pattern *log_pattern_new(const char *text, GError **error)
{
    g_autoptr(GError) failed = NULL;
    g_autofree char *limited = g_strconcat(LIMITS, text, NULL);
    GRegexCompileFlags flags = G_REGEX_OPTIMIZE | (has_capital(text) ? 0 : G_REGEX_CASELESS);
    GRegex *regex = g_regex_new(limited, flags, 0, &failed);
    if (!regex) {
        const char *at =
            strstr(failed->message, ": "); /* "Error while compiling ... at char N: why" */
        const char *last = at;
        while (last && (at = strstr(last + 2, ": ")))
            last = at;
        weir_fail(error, WEIR_ERROR_USAGE,
            "/%s is no regular expression: %s (write \\( for a plain ()", text,
            last ? last + 2 : failed->message);
        return NULL;
    }
    struct log_pattern *p = g_new0(struct log_pattern, 1);
    p->text = g_strdup(text);
    p->regex = regex;
    return p;
}

void log_pattern_free(struct log_pattern *p)
{
    if (!p)
        return;
    g_free(p->text);
    g_regex_unref(p->regex);
    g_free(p);
}

const char *log_pattern_text(const struct log_pattern *p)
{
    return p->text;
}

guint64 log_pattern_gave_up(const struct log_pattern *p)
{
    return p->gave_up;
}

enum log_match log_pattern_match(struct log_pattern *p, const char *text, gsize length)
{
    g_autoptr(GError) error = NULL;
    if (g_regex_match_full(p->regex, text, (gssize)length, 0, 0, NULL, &error))
        return MATCH_YES;
    if (!error)
        return MATCH_NO;
    p->gave_up++;
    return MATCH_UNKNOWN;
}

static gsize boundary(const char *text, gsize at)
{
    while (at > 0 && (text[at] & 0xc0) == 0x80)
        at--;
    return at;
}

void log_pattern_spans(const struct log_pattern *p, const char *text, gsize length, gsize from,
    gsize to, GArray *spans)
{
    gsize start = boundary(text, from > LOG_SPAN_BEFORE ? from - LOG_SPAN_BEFORE : 0);
    gsize end = boundary(text, MIN(length, to + LOG_SPAN_BEFORE));
    GMatchInfo *info = NULL;
    g_regex_match_full(p->regex, text, (gssize)end, (gint)start, 0, &info, NULL);
    for (guint n = 0; n < LOG_SPANS_MAX && g_match_info_matches(info); n++) {
        gint a, b;
        if (!g_match_info_fetch_pos(info, 0, &a, &b) || (gsize)a >= to)
            break;
        struct log_span span = {MAX((gsize)a, from), MIN((gsize)b, to)};
        if (span.from < span.to)
            g_array_append_val(spans, span);
        if (!g_match_info_next(info, NULL))
            break;
    }
    g_match_info_free(info);
}
