#include "choice.h"

#include <string.h>

#include "error.h"

static gboolean has_no_column(const struct kind *k, const char *name, GError **error)
{
    g_autofree const char **all = column_names(k->columns);
    g_autofree char *list = g_strjoinv(" ", (char **)all);
    return weir_fail(error, WEIR_ERROR_USAGE, "columns: %s has no column \"%s\"; there are: %s",
        k->name, name, list);
}

static gboolean add(
    struct choice *c, const struct kind *k, const char *name, const char *width, GError **error)
{
    guint64 wide = 0;
    int column = kind_column(k, name);
    if (column == COLUMN_UNKNOWN)
        return has_no_column(k, name, error);
    if (width && !g_ascii_string_to_unsigned(width, 10, 1, CHOICE_WIDTH_MAX, &wide, NULL))
        return weir_fail(error, WEIR_ERROR_USAGE,
            "columns: %s:%s: the width is a number from 1 to %d", name, width, CHOICE_WIDTH_MAX);
    for (unsigned i = 0; i < c->count; i++)
        if (c->column[i] == column)
            return TRUE;
    if (c->count == CHOICE_MAX)
        return weir_fail(error, WEIR_ERROR_USAGE, "columns: at most %d", CHOICE_MAX);
    c->column[c->count] = column;
    c->width[c->count++] = (int)wide;
    return TRUE;
}

gboolean choice_parse(const char *text, const struct kind *k, struct choice *out, GError **error)
{
    *out = (struct choice){0};
    g_auto(GStrv) items = g_strsplit(text, ",", -1);
    for (char **item = items; *item; item++) {
        char *name = g_strstrip(*item);
        char *width = strchr(name, ':');
        if (width)
            *width++ = '\0';
        if (!add(out, k, name, width, error))
            return FALSE;
    }
    out->column[out->count] = COLUMN_UNKNOWN;
    if (out->count == 0)
        return has_no_column(k, "", error);
    return TRUE;
}

void choice_append(const struct choice *c, const struct kind *k, GString *out)
{
    for (unsigned i = 0; i < c->count; i++) {
        g_string_append_printf(out, "%s%s", i ? "," : "", kind_column_info(k, c->column[i])->name);
        if (c->width[i])
            g_string_append_printf(out, ":%d", c->width[i]);
    }
}
