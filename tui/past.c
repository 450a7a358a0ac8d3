/* The past of what is on the screen: what the open view wishes to know of the history is asked, one
 * question at a time, and given to it when the answer comes, if it is still there. And charts. */
#include "app.h"

#include <string.h>

#include "clock.h"
#include "engine.h"
#include "history.h"
#include "rid.h"

static void forget(struct app *a)
{
    g_clear_pointer(&a->past.addresses, g_strfreev);
    a->past.id = 0;
    a->past.view = NULL;
}

/* The same wish with addresses of its own: the view may change before the answer comes. */
static void keep(struct app *a, const struct series_wish *wish)
{
    a->past.wish = *wish;
    a->past.addresses = g_new0(char *, wish->count + 1);
    for (unsigned i = 0; i < wish->count; i++)
        a->past.addresses[i] = g_strdup(wish->addresses[i]);
    a->past.wish.addresses = (const char *const *)a->past.addresses;
}

static void answer(struct app *a, GHashTable *known, const char *error)
{
    struct view *v = a->past.view;
    const struct series_wish *wish = &a->past.wish;
    g_autofree const struct series **series = g_new0(const struct series *, wish->count + 1);
    for (unsigned i = 0; known && i < wish->count; i++)
        series[i] = g_hash_table_lookup(known, wish->addresses[i]);
    const struct series_answer given = {
        .wish = *wish, .series = error ? NULL : series, .error = error};
    if (v == app_top(a)->view)
        v->class->take_series(v, &given);
    forget(a);
    app_dirty(a);
}

void past_ask(struct app *a)
{
    struct view *v = app_top(a)->view;
    struct series_wish wish;
    if (a->past.id || !a->started || !v->class->wants_series ||
        !v->class->wants_series(v, &wish, clock_wall_ms()) || wish.count == 0)
        return;
    keep(a, &wish);
    a->past.view = v;
    const struct series_query query = {.kind = wish.kind,
        .column = wish.column,
        .pick = SERIES_MEAN,
        .from_ms = wish.from_ms,
        .to_ms = wish.to_ms,
        .points = wish.points,
        .addresses = a->past.wish.addresses};
    a->past.id = engine_series(a->session->engine, &query);
    if (!a->past.id)
        answer(a, NULL, "nothing is recorded here");
}

void past_take(struct app *a, const struct mail *m)
{
    if (m->id == a->past.id && a->past.id)
        answer(a, m->series, m->error ? m->error->message : NULL);
}

/* -- charts -------------------------------------------------------------------------------------- */

/* Marked rows, or the selected one. */
static guint chosen_rows(const struct frame *f, char *address[CHART_ROWS_MAX])
{
    const struct view *v = f->view;
    g_autoptr(GPtrArray) marked = v->class->marked ? v->class->marked(v) : NULL;
    guint n = 0;
    for (guint i = 0; marked && i < marked->len && n < CHART_ROWS_MAX; i++)
        address[n++] = g_strdup(g_ptr_array_index(marked, i));
    const struct snapshot *s;
    size_t row;
    if (n == 0 && v->class->selected && v->class->selected(v, &s, &row)) {
        g_autoptr(GString) own = g_string_new(NULL);
        snapshot_append_address(s, row, own);
        address[n++] = g_strdup(own->str);
    }
    return n;
}

/* Lists of the program's own are not recorded. */
static bool has_past(const struct app *a, const struct kind *k)
{
    if (!registry_owner(a->session->registry, k))
        return false;
    for (const struct column *c = k->columns; c->name; c++)
        if (column_has_past(c))
            return true;
    return false;
}

void chart_open_column(struct app *a, const char *column)
{
    const struct frame *f = app_top(a);
    char *address[CHART_ROWS_MAX], *name[CHART_ROWS_MAX];
    int index = *column ? kind_column(f->kind, column) : COLUMN_UNKNOWN;
    if (*column && (index < 0 || !column_has_past(&f->kind->columns[index]))) {
        app_complain(a, "%s has no number \"%s\" that is kept", f->kind->name, column);
        return;
    }
    struct chart_rows rows = {.count = chosen_rows(f, address), .column = index};
    for (guint i = 0; i < rows.count; i++) {
        AUTO(rid) rid = rid_parse(address[i], NULL);
        name[i] = g_strdup(rid ? rid_last_name(rid) : address[i]);
        rows.address[i] = address[i];
        rows.name[i] = name[i];
    }
    if (rows.count == 0)
        app_complain(a, "no row is selected");
    else if (!has_past(a, f->kind))
        app_complain(a, "%s has no number that is kept", f->kind->name);
    else
        frame_open_chart(a, f, &rows);
    for (guint i = 0; i < rows.count; i++) {
        g_free(address[i]);
        g_free(name[i]);
    }
}

void chart_open(struct app *a)
{
    chart_open_column(a, "");
}
