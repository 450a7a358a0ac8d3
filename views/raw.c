#include "raw.h"

#include <string.h>

#include "emit.h"
#include "text.h"

void raw_init(struct raw *r)
{
    *r = (struct raw){.all = g_ptr_array_new_with_free_func(g_free),
        .lines = g_array_new(FALSE, FALSE, sizeof(guint))};
}

void raw_clear(struct raw *r)
{
    g_ptr_array_unref(r->all);
    g_array_unref(r->lines);
    g_free(r->end);
    g_free(r->folded);
}

static const char *text_of(const struct raw *r, guint number)
{
    return g_ptr_array_index(r->all, number);
}

static void make_lines(struct raw *r)
{
    g_array_set_size(r->lines, 0);
    for (guint i = 0; i < r->all->len; i = (r->folded[i] ? r->end[i] : i) + 1)
        g_array_append_val(r->lines, i);
}

static bool opens(const char *line)
{
    gsize n = strlen(line);
    return n > 0 && (line[n - 1] == '{' || line[n - 1] == '[');
}

/* A block ends at the first line that stands no further right than the one that opened it. */
static void find_blocks(struct raw *r)
{
    g_autoptr(GArray) open = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i < r->all->len; i++) {
        gsize indent = strspn(text_of(r, i), " ");
        r->end[i] = i;
        while (open->len > 0) {
            guint above = g_array_index(open, guint, open->len - 1);
            if (strspn(text_of(r, above), " ") < indent)
                break;
            r->end[above] = i > above + 1 ? i : above;
            g_array_set_size(open, open->len - 1);
        }
        if (opens(text_of(r, i)))
            g_array_append_val(open, i);
    }
}

void raw_take(struct raw *r, const char *text)
{
    g_autoptr(GString) pretty = g_string_new(NULL);
    emit_json_lines(pretty, text);
    g_auto(GStrv) lines = g_strsplit(pretty->str, "\n", -1);
    guint n = g_strv_length(lines);
    GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
    bool *folded = g_new0(bool, n + 1);
    r->width = 0;
    for (guint i = 0; i < n; i++) {
        GString *clean = g_string_new(NULL);
        text_clean(lines[i], -1, clean);
        r->width = MAX(r->width, text_width(clean->str));
        g_ptr_array_add(all, g_string_free(clean, FALSE));
        bool same = i < r->all->len && strcmp(g_ptr_array_index(all, i), text_of(r, i)) == 0;
        folded[i] = same && r->folded[i];
    }
    g_ptr_array_unref(r->all);
    g_free(r->folded);
    r->all = all;
    r->folded = folded;
    r->end = g_renew(guint, r->end, n + 1);
    find_blocks(r);
    make_lines(r);
}

guint raw_toggle(struct raw *r, guint number)
{
    guint block = number;
    while (block > 0 && (r->end[block] < number || r->end[block] == block))
        block--;
    if (r->end[block] == block)
        return number;
    r->folded[block] = !r->folded[block];
    make_lines(r);
    return block;
}

void raw_fold_all(struct raw *r, bool fold)
{
    for (guint i = 0; i < r->all->len; i++)
        r->folded[i] = fold && r->end[i] > i && i > 0;
    make_lines(r);
}

void raw_reveal(struct raw *r, guint number)
{
    for (guint i = 0; i < number; i++)
        if (r->end[i] >= number)
            r->folded[i] = false;
    make_lines(r);
}

size_t raw_find(const struct raw *r, guint number)
{
    size_t i = 0;
    while (i + 1 < r->lines->len && g_array_index(r->lines, guint, i + 1) <= number)
        i++;
    return i;
}

void raw_append(const struct raw *r, guint number, GString *out)
{
    g_string_append(out, text_of(r, number));
    if (!r->folded[number])
        return;
    guint end = r->end[number];
    const char *close = text_of(r, end);
    g_string_append_printf(out, " %u lines %s", end - number - 1, close + strspn(close, " "));
}
