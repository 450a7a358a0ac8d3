/* One object whole: its fields in groups, or the server's own text (`y` switches). */
#include <string.h>

#include "emit.h"
#include "list.h"
#include "paint.h"
#include "quantity.h"
#include "text.h"
#include "view.h"

#define NAME_WIDTH  26
#define GROUP_WIDTH 18 /* at most */

static const struct view_class detail_view;

struct detail {
    struct list_view list_view;
    const struct snapshot *snapshot; /* NULL: not there yet */
    GPtrArray *raw;                  /* lines, clean */
    bool show_raw;
    char *error;
    char *search; /* lower case, or NULL */
    char *search_text;
    int group_width; /* columns before the names: none where nothing is grouped */
    GArray *shown;   /* numbers of the fields or raw lines that match the search */
};

static struct detail *as_detail(struct view *v)
{
    return (struct detail *)(void *)v;
}

static const struct detail *as_const_detail(const struct view *v)
{
    return (const struct detail *)(const void *)v;
}

static guint line_count(const struct detail *d)
{
    if (d->show_raw)
        return d->raw->len;
    return d->snapshot ? (guint)snapshot_count(d->snapshot) : 0;
}

static void append_field(const struct detail *d, guint i, GString *out)
{
    struct cell group = snapshot_cell(d->snapshot, i, DETAIL_GROUP);
    if (group.type == CELL_TEXT)
        g_string_append_printf(out, "%s ", group.text);
    g_string_append_printf(out, "%s ", snapshot_row(d->snapshot, i)->name);
    quantity_append_cell(
        out, &kind_detail.columns[DETAIL_VALUE], snapshot_cell(d->snapshot, i, DETAIL_VALUE), 0);
}

static void rebuild(struct detail *d)
{
    g_array_set_size(d->shown, 0);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) lower = g_string_new(NULL);
    for (guint i = 0; i < line_count(d); i++) {
        g_string_truncate(text, 0);
        g_string_truncate(lower, 0);
        if (d->show_raw)
            g_string_append(text, g_ptr_array_index(d->raw, i));
        else
            append_field(d, i, text);
        text_append_lower(lower, text->str);
        if (!d->search || strstr(lower->str, d->search))
            g_array_append_val(d->shown, i);
    }
    list_fit(&d->list_view.list, d->shown->len, d->list_view.list.height);
}

static void add_raw_lines(struct detail *d, const char *raw)
{
    g_autoptr(GString) pretty = g_string_new(NULL);
    emit_json_lines(pretty, raw);
    g_auto(GStrv) lines = g_strsplit(pretty->str, "\n", -1);
    for (char **line = lines; *line; line++) {
        GString *clean = g_string_new(NULL);
        text_clean(*line, -1, clean);
        g_ptr_array_add(d->raw, g_string_free(clean, FALSE));
    }
}

static void detail_take(
    struct view *v, const struct snapshot *s, const char *raw, const GError *error)
{
    struct detail *d = as_detail(v);
    g_clear_pointer(&d->error, g_free);
    if (error) {
        GString *clean = g_string_new(NULL);
        text_clean(error->message, -1, clean);
        d->error = g_string_free(clean, FALSE);
        return;
    }
    snapshot_unref(d->snapshot);
    d->snapshot = snapshot_ref(s);
    int width = snapshot_width(d->snapshot, DETAIL_GROUP);
    d->group_width = width ? MIN(width, GROUP_WIDTH) + 2 : 0;
    g_ptr_array_set_size(d->raw, 0);
    add_raw_lines(d, raw ? raw : "");
    rebuild(d);
}

static void toggle_raw(struct view *v)
{
    struct detail *d = as_detail(v);
    d->show_raw = !d->show_raw;
    d->list_view.list.cursor = d->list_view.list.top = 0;
    rebuild(d);
}

static gboolean detail_filter(struct view *v, const char *text, GError **error)
{
    (void)error;
    struct detail *d = as_detail(v);
    g_free(d->search);
    g_free(d->search_text);
    d->search_text = g_strdup(text);
    GString *lower = g_string_new(NULL);
    text_append_lower(lower, text);
    d->search = g_string_free(lower, FALSE);
    if (!*d->search)
        g_clear_pointer(&d->search, g_free);
    rebuild(d);
    return TRUE;
}

static const char *detail_filter_text(const struct view *v)
{
    return as_const_detail(v)->search_text;
}

/* -- drawing ------------------------------------------------------------------------------------- */

static const char *group_of(const struct detail *d, guint field)
{
    struct cell group = snapshot_cell(d->snapshot, field, DETAIL_GROUP);
    return group.type == CELL_TEXT ? group.text : "";
}

static void draw_field(
    struct detail *d, struct surface *s, int y, guint field, bool first, int64_t now_ms)
{
    const struct row *r = snapshot_row(d->snapshot, field);
    struct cell cell = snapshot_cell(d->snapshot, field, DETAIL_VALUE);
    g_autoptr(GString) value = g_string_new(NULL);
    g_autofree char *name = text_cut_middle(r->name, NAME_WIDTH, s->ascii);
    g_autofree char *group = text_cut_middle(group_of(d, field), GROUP_WIDTH, s->ascii);
    quantity_append_cell(value, &kind_detail.columns[DETAIL_VALUE], cell, now_ms);
    int x = 2 + d->group_width;
    if (first)
        surface_put(s, 2, y, GROUP_WIDTH, ROLE_HEADING, group);
    surface_put(s, x, y, NAME_WIDTH, ROLE_DIM, name);
    enum role role = r->health > HEALTH_OK    ? paint_state_role(r->health, r->phase)
                     : cell.type == CELL_NONE ? ROLE_DIM
                                              : ROLE_TEXT;
    surface_put(s, x + NAME_WIDTH + 2, y, s->width, role, value->str);
}

static void detail_draw(struct view *v, struct surface *s, int64_t now_ms)
{
    struct detail *d = as_detail(v);
    int used = 0;
    if (d->error) {
        surface_put(s, 0, 0, s->width, ROLE_FAIL, d->error);
        used = 1;
    }
    size_t height = s->height > used ? (size_t)(s->height - used) : 0;
    struct list *l = &d->list_view.list;
    list_fit(l, d->shown->len, height);
    const char *group = NULL;
    for (size_t i = 0; i < height && l->top + i < d->shown->len; i++) {
        guint n = g_array_index(d->shown, guint, l->top + i);
        int y = used + (int)i;
        if (l->top + i == l->cursor)
            surface_put(s, 0, y, 1, ROLE_CURSOR, ">");
        if (d->show_raw) {
            surface_put(s, 2, y, s->width, ROLE_TEXT, g_ptr_array_index(d->raw, n));
            continue;
        }
        bool first = !group || strcmp(group, group_of(d, n)) != 0;
        group = group_of(d, n);
        draw_field(d, s, y, n, first, now_ms);
    }
    if (!d->snapshot && !d->error)
        paint_notice(s, ROLE_DIM, "reading ...");
    else if (d->shown->len == 0 && !d->error)
        paint_notice(s, ROLE_DIM, d->search ? "nothing matches\nesc clears the search" : "empty");
}

static void detail_status(const struct view *v, GString *out)
{
    const struct detail *d = as_const_detail(v);
    g_string_append(out, d->show_raw ? "raw" : "detail");
    if (d->search)
        g_string_append_printf(out, "  %u/%u  /%s", d->shown->len, line_count(d), d->search_text);
}

static struct view *detail_create(const struct kind *k)
{
    struct detail *d = g_new0(struct detail, 1);
    d->list_view.base.class = &detail_view;
    d->list_view.base.kind = k;
    d->raw = g_ptr_array_new_with_free_func(g_free);
    d->shown = g_array_new(FALSE, FALSE, sizeof(guint));
    return &d->list_view.base;
}

static void detail_free(struct view *v)
{
    struct detail *d = as_detail(v);
    snapshot_unref(d->snapshot);
    g_ptr_array_unref(d->raw);
    g_array_unref(d->shown);
    g_free(d->error);
    g_free(d->search);
    g_free(d->search_text);
    g_free(d);
}

static const struct view_command commands[] = {
    LIST_COMMANDS,
    {"raw", "y", "the server's own answer, and back", toggle_raw},
    {0},
};

static const struct view_class detail_view = {
    .shape = SHAPE_DETAIL,
    .commands = commands,
    .create = detail_create,
    .free = detail_free,
    .take = detail_take,
    .draw = detail_draw,
    .filter = detail_filter,
    .filter_text = detail_filter_text,
    .status = detail_status,
};
VIEW(detail);
