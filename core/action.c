#include "action.h"

#include <string.h>

#include "error.h"

/* Dots alone, however written, are no name: libcurl and the kernel take them for a step up. */
static gsize segment_length(const char *text)
{
    gsize n = 0;
    bool dots = true;
    while ((unsigned char)text[n] > 0x20 && !strchr("/?#\\\x7f", text[n])) {
        bool escaped = g_ascii_strncasecmp(text + n, "%2e", 3) == 0;
        dots &= escaped || text[n] == '.';
        n += escaped ? 3 : 1;
    }
    return dots ? 0 : n;
}

static gsize word_length(const char *text)
{
    gsize n = 0;
    while (g_ascii_isalnum(text[n]) || (text[n] && strchr("_.@:-", text[n])))
        n++;
    bool option = text[0] == '-';
    return option || strspn(text, ".") == n ? 0 : n;
}

/* One {} of a rule: a path segment, or in a shell line one harmless word. */
static gsize placeholder_length(const char *method, const char *text)
{
    return strcmp(method, "SHELL") == 0 ? word_length(text) : segment_length(text);
}

static bool matches(const char *method, const char *rule, const char *text)
{
    while (*rule) {
        if (rule[0] == '{' && rule[1] == '}') {
            gsize n = placeholder_length(method, text);
            if (n == 0)
                return false;
            text += n;
            rule += 2;
        } else if (*rule++ != *text++) {
            return false;
        }
    }
    return *text == '\0';
}

gboolean gate_permit(const struct connector *c, const char *method, const char *path,
    const struct gate_token *token, GError **error)
{
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
        return TRUE;
    for (const struct request_rule *r = c->reads; r && r->method; r++)
        if (strcmp(r->method, method) == 0 && matches(method, r->path, path))
            return TRUE;
    (void)token; /* no action makes one yet, so none is valid */
    return weir_fail(error, WEIR_ERROR_REFUSED,
        "refused: %s %.80s writes, and this environment is read-only", method, path);
}
