#include "prune.h"

#include <stdbool.h>
#include <string.h>

/* Behind the closing quote of the string that begins at p, or end. */
static const char *skip_string(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++)
        if (*p == '\\' && p + 1 < end)
            p++;
    return p < end ? p + 1 : end;
}

/* Behind the object or array that begins at p, or end. */
static const char *skip_container(const char *p, const char *end)
{
    unsigned depth = 0;
    while (p < end) {
        if (*p == '"') {
            p = skip_string(p, end);
            continue;
        }
        depth += *p == '{' || *p == '[';
        depth -= *p == '}' || *p == ']';
        p++;
        if (depth == 0)
            break;
    }
    return p;
}

static const char *skip_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
        p++;
    return p;
}

static bool is_named(const char *start, gsize n, const char *const *names)
{
    for (; *names; names++)
        if (strncmp(*names, start, n) == 0 && (*names)[n] == '\0')
            return true;
    return false;
}

GString *trino_prune(const char *text, gsize length, const char *const *names)
{
    const char *end = text + length;
    const char *copied = text;
    GString *out = g_string_sized_new(length / 4 + 64);
    for (const char *p = text; p < end;) {
        if (*p != '"') {
            p++;
            continue;
        }
        const char *key = p + 1;
        p = skip_string(p, end);
        const char *value = skip_space(p, end);
        if (value >= end || *value != ':' || !is_named(key, (gsize)(p - 1 - key), names))
            continue;
        value = skip_space(value + 1, end);
        if (value >= end || (*value != '{' && *value != '['))
            continue;
        g_string_append_len(out, copied, value - copied);
        g_string_append(out, "null");
        p = copied = skip_container(value, end);
    }
    g_string_append_len(out, copied, end - copied);
    return out;
}
