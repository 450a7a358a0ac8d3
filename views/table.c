/* The table: rows of one kind, of one or several sources, arranged. The cursor stays on its object
 * while that moves in the sort. */
#include <string.h>

#include "arrange.h"
#include "banner.h"
#include "error.h"
#include "list.h"
#include "paint.h"
#include "rid.h"
#include "view.h"

#define MARK_WIDTH 3 /* health, cursor, blank */

static const struct view_class table_view;

struct table {
    struct list_view list_view;
    struct arrange *rows;
    char *key, *address; /* of the object under the cursor, or NULL */
    char *filter;
    char *sort;
    GPtrArray *snapshots; /* referenced */
    GPtrArray *stale;     /* those whose newest fetch failed, referenced */
    struct banners banners;
    bool several;          /* sources */
    bool watched_from_top; /* the cursor was left on the first row */
    bool asked;            /* some fetch has ended */
};

static struct table *as_table(struct view *v)
{
    return (struct table *)(void *)v;
}

static const struct table *as_const_table(const struct view *v)
{
    return (const struct table *)(const void *)v;
}

/* -- the cursor ---------------------------------------------------------------------------------- */

static bool table_selected(const struct view *v, const struct snapshot **s, size_t *row)
{
    const struct table *t = as_const_table(v);
    if (t->list_view.list.cursor >= arrange_known(t->rows))
        return false;
    arrange_at(t->rows, t->list_view.list.cursor, s, row);
    return true;
}

static void remember_object(struct table *t)
{
    const struct snapshot *s;
    size_t row;
    g_clear_pointer(&t->key, g_free);
    g_clear_pointer(&t->address, g_free);
    if (!table_selected(&t->list_view.base, &s, &row))
        return;
    GString *address = g_string_new(NULL);
    snapshot_append_address(s, row, address);
    t->key = g_strdup(snapshot_row(s, row)->key);
    t->address = g_string_free(address, FALSE);
}

/* After the rows moved: the cursor goes where its object went, with the screen line it had. */
static void follow_object(struct table *t)
{
    struct list *l = &t->list_view.list;
    gssize place = -1;
    if (t->watched_from_top)
        l->cursor = 0;
    else if (t->key)
        place = arrange_find(t->rows, t->key, t->address, l->cursor);
    if (place >= 0) {
        size_t line = l->cursor >= l->top ? l->cursor - l->top : 0;
        l->cursor = (size_t)place;
        l->top = (size_t)place > line ? (size_t)place - line : 0;
    }
    list_fit(l, arrange_count(t->rows), l->height);
    if (place < 0)
        remember_object(t);
}

/* On the first row the cursor stays there: the list is watched from its top until one moves. */
static void table_moved(struct list_view *v)
{
    struct table *t = as_table(&v->base);
    remember_object(t);
    t->watched_from_top = v->list.cursor == 0;
}

/* -- filter and sort ----------------------------------------------------------------------------- */

static gboolean table_filter(struct view *v, const char *text, GError **error)
{
    struct table *t = as_table(v);
    struct filter *f = filter_parse(text, v->kind->columns, NULL, NULL, error);
    if (!f)
        return FALSE;
    g_free(t->filter);
    t->filter = g_strdup(text);
    arrange_set_filter(t->rows, f);
    return TRUE;
}

static const char *table_filter_text(const struct view *v)
{
    return as_const_table(v)->filter;
}

static gboolean table_sort(struct view *v, const char *columns, GError **error)
{
    struct table *t = as_table(v);
    if (!arrange_set_sort(t->rows, columns, v->kind->columns, error))
        return FALSE;
    g_free(t->sort);
    t->sort = g_strdup(columns);
    return TRUE;
}

static void reverse(struct view *v)
{
    struct table *t = as_table(v);
    const char *sort = t->sort && *t->sort ? t->sort : "name";
    g_autofree char *other = *sort == '-' ? g_strdup(sort + 1) : g_strconcat("-", sort, NULL);
    table_sort(v, other, NULL);
}

/* -- data ---------------------------------------------------------------------------------------- */

static void table_update(struct view *v, const GPtrArray *entries)
{
    struct table *t = as_table(v);
    g_ptr_array_set_size(t->snapshots, 0);
    g_ptr_array_set_size(t->stale, 0);
    t->asked = false;
    for (guint i = 0; i < entries->len; i++) {
        const struct store_entry *e = g_ptr_array_index(entries, i);
        t->asked |= e->asked_ms > 0 || e->snapshot;
        if (!e->snapshot)
            continue;
        g_ptr_array_add(t->snapshots, (gpointer)snapshot_ref(e->snapshot));
        if (e->error)
            g_ptr_array_add(t->stale, (gpointer)snapshot_ref(e->snapshot));
    }
    t->several = entries->len > 1;
    banners_set(&t->banners, entries);
    arrange_set_input(
        t->rows, (const struct snapshot *const *)t->snapshots->pdata, t->snapshots->len);
}

static bool table_step(struct view *v, int64_t budget_us, int64_t now_ms)
{
    struct table *t = as_table(v);
    if (!arrange_pending(t->rows))
        return false;
    arrange_set_viewport(t->rows, t->list_view.list.top, t->list_view.list.height + 1);
    if (arrange_step(t->rows, budget_us, now_ms) != ARRANGE_MORE)
        follow_object(t);
    return arrange_pending(t->rows);
}

/* -- drawing ------------------------------------------------------------------------------------- */

static int sorted_column(const struct table *t, bool *descending)
{
    *descending = t->sort && *t->sort == '-';
    if (!t->sort || !*t->sort)
        return COLUMN_UNKNOWN;
    const char *name = t->sort + *descending;
    g_autofree char *first = g_strndup(name, strcspn(name, ","));
    return kind_column(t->list_view.base.kind, first);
}

static bool is_stale(const struct table *t, const struct snapshot *s)
{
    return g_ptr_array_find(t->stale, s, NULL);
}

static void draw_row(
    struct table *t, struct paint_row *r, size_t place, const struct paint_layout *l)
{
    arrange_at(t->rows, place, &r->snapshot, &r->row);
    const struct row *row = snapshot_row(r->snapshot, r->row);
    r->stale = is_stale(t, r->snapshot);
    surface_put(r->s, 0, r->y, 1, paint_mark_role(row, r->stale), paint_mark(row, r->stale));
    if (place == t->list_view.list.cursor)
        surface_put(r->s, 1, r->y, 1, ROLE_CURSOR, ">");
    paint_cells(r, l, false);
}

static void draw_empty(struct table *t, struct surface *s)
{
    g_autofree char *text = NULL;
    if (t->filter && *t->filter && arrange_total(t->rows) > 0)
        text = g_strdup_printf(
            "none of %zu rows matches the filter\nesc clears it", arrange_total(t->rows));
    else if (t->banners.count > 0)
        text = g_strdup("nothing to show: see the reason above\nr tries again");
    else if (!t->asked)
        text = g_strdup("reading ...");
    else
        text = g_strdup_printf("no %s", kind_segment(t->list_view.base.kind));
    paint_notice(s, ROLE_DIM, text);
}

static void table_draw(struct view *v, struct surface *s, int64_t now_ms)
{
    struct table *t = as_table(v);
    int used = banners_draw(&t->banners, s, now_ms);
    struct paint_layout layout;
    bool descending;
    int sorted = sorted_column(t, &descending);
    const struct paint_table table = {v->kind, v->kind->columns, t->snapshots, t->several, 0};
    paint_layout(&layout, &table, MARK_WIDTH, s->width - MARK_WIDTH);
    paint_headings(s, used, &layout, v->kind, v->kind->columns, sorted, descending);
    used++;
    size_t height = s->height > used ? (size_t)(s->height - used) : 0;
    list_fit(&t->list_view.list, arrange_count(t->rows), height);
    g_autoptr(GString) scratch = g_string_sized_new(64);
    struct paint_row row = {
        .s = s, .columns = v->kind->columns, .now_ms = now_ms, .scratch = scratch};
    size_t top = t->list_view.list.top;
    for (size_t i = 0; i < height && top + i < arrange_known(t->rows); i++) {
        row.y = used + (int)i;
        draw_row(t, &row, top + i, &layout);
    }
    if (arrange_count(t->rows) == 0 && !arrange_pending(t->rows)) {
        struct surface rest = surface_part(s, 0, used, s->width, s->height - used);
        draw_empty(t, &rest);
    }
}

static void table_status(const struct view *v, GString *out)
{
    const struct table *t = as_const_table(v);
    size_t count = arrange_count(t->rows);
    size_t total = arrange_total(t->rows);
    if (t->filter && *t->filter)
        g_string_append_printf(out, "%zu/%zu  /%s", count, total, t->filter);
    else
        g_string_append_printf(out, "%zu %s", total, total == 1 ? "row" : "rows");
    if (t->sort && *t->sort && strcmp(t->sort, v->kind->sort ? v->kind->sort : "") != 0)
        g_string_append_printf(out, "  sort %s", t->sort);
}

static struct view *table_create(const struct kind *k)
{
    struct table *t = g_new0(struct table, 1);
    t->list_view.base.class = &table_view;
    t->list_view.base.kind = k;
    t->list_view.moved = table_moved;
    t->watched_from_top = true;
    t->rows = arrange_new();
    t->snapshots = g_ptr_array_new_with_free_func((GDestroyNotify)snapshot_unref);
    t->stale = g_ptr_array_new_with_free_func((GDestroyNotify)snapshot_unref);
    table_sort(&t->list_view.base, k->sort ? k->sort : "", NULL);
    return &t->list_view.base;
}

static void table_free(struct view *v)
{
    struct table *t = as_table(v);
    arrange_free(t->rows);
    g_ptr_array_unref(t->snapshots);
    g_ptr_array_unref(t->stale);
    banners_clear(&t->banners);
    g_free(t->key);
    g_free(t->address);
    g_free(t->filter);
    g_free(t->sort);
    g_free(t);
}

static const struct view_command commands[] = {
    LIST_COMMANDS,
    {"reverse", "O", "reverse the sort", reverse},
    {0},
};

static const struct view_class table_view = {
    .shape = SHAPE_TABLE,
    .commands = commands,
    .create = table_create,
    .free = table_free,
    .update = table_update,
    .step = table_step,
    .draw = table_draw,
    .selected = table_selected,
    .filter = table_filter,
    .filter_text = table_filter_text,
    .sort = table_sort,
    .status = table_status,
};
VIEW(table);
