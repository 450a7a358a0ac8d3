#include "names.h"

#include <string.h>

#include "error.h"
#include "ssh_target.h"

#define DEPTH_MAX 4 /* brackets in one name */

/* One number of a range, and how many digits it is to have. */
static bool read_number(const char **at, gint64 *value, int *digits)
{
    const char *begin = *at;
    *value = 0;
    while (g_ascii_isdigit(**at) && *at - begin < 9)
        *value = *value * 10 + (*(*at)++ - '0');
    *digits = (int)(*at - begin);
    return *digits > 0;
}

static bool expand_into(const char *head, const char *rest, unsigned depth, GPtrArray *out);

static bool expand_range(
    const char *head, const char **at, const char *rest, unsigned depth, GPtrArray *out)
{
    gint64 first, last;
    int digits, other;
    if (!read_number(at, &first, &digits))
        return false;
    last = first;
    if (**at == '-') {
        (*at)++;
        if (!read_number(at, &last, &other))
            return false;
    }
    if (last < first || last - first >= NAMES_MAX)
        return false;
    for (gint64 i = first; i <= last; i++) {
        g_autofree char *next = g_strdup_printf("%s%0*d", head, digits, (int)i);
        if (!expand_into(next, rest, depth + 1, out))
            return false;
    }
    return true;
}

/* head is done, rest is what may still hold brackets. */
static bool expand_into(const char *head, const char *rest, unsigned depth, GPtrArray *out)
{
    const char *open = strchr(rest, '[');
    if (!open) {
        if (strchr(rest, ']') || out->len > NAMES_MAX)
            return false;
        g_ptr_array_add(out, g_strconcat(head, rest, NULL));
        return true;
    }
    const char *close = strchr(open, ']');
    g_autofree char *before = g_strndup(rest, (gsize)(open - rest));
    g_autofree char *begun = g_strconcat(head, before, NULL);
    if (!close || depth >= DEPTH_MAX)
        return false;
    for (const char *at = open + 1; at <= close; at++) {
        if (!expand_range(begun, &at, close + 1, depth, out) || (*at != ',' && at != close))
            return false;
    }
    return true;
}

static bool add_names(const char *pattern, GPtrArray *out, GHashTable *seen, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    if (!expand_into("", pattern, 0, names))
        return weir_fail(error, WEIR_ERROR_CONFIG,
            "hosts: \"%s\" makes no list of at most %d names; write dp-w[01-40] or dp-w[1,4,9]",
            pattern, NAMES_MAX);
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        if (!ssh_target_is_host(name))
            return weir_fail(error, WEIR_ERROR_CONFIG,
                "hosts: \"%s\" is no host name: it may not begin with - nor hold blanks or what a "
                "shell would read",
                name);
        if (g_hash_table_contains(seen, name))
            continue;
        char *copy = g_strdup(name);
        g_hash_table_add(seen, copy);
        g_ptr_array_add(out, copy);
        if (out->len > NAMES_MAX)
            return weir_fail(error, WEIR_ERROR_CONFIG,
                "hosts: more than %d names; make several sources of them", NAMES_MAX);
    }
    return true;
}

bool names_expand(const char *const *patterns, GPtrArray *out, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (; *patterns; patterns++)
        if (!add_names(*patterns, out, seen, error))
            return false;
    if (out->len == 0)
        return weir_fail(error, WEIR_ERROR_CONFIG, "hosts: the list is empty");
    return true;
}

bool names_match(const char *name, const char *const *patterns)
{
    for (; *patterns; patterns++) {
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        if (!expand_into("", *patterns, 0, names))
            continue;
        for (guint i = 0; i < names->len; i++)
            if (g_pattern_match_simple(g_ptr_array_index(names, i), name))
                return true;
    }
    return false;
}
