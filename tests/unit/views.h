/* A view, what it shows, and the screen in memory that it is drawn on. */
#ifndef TESTS_UNIT_VIEWS_H
#define TESTS_UNIT_VIEWS_H

#include "cells.h"
#include "error.h"
#include "unit/rows.h"
#include "view.h"

struct shown {
    struct view *v;
    GPtrArray *entries; /* struct store_entry */
};

static inline void entry_free(gpointer data)
{
    struct store_entry *e = data;
    snapshot_unref(e->snapshot);
    rid_free(e->scope);
    g_clear_error(&e->error);
    g_free(e);
}

static inline struct shown shown_new(const struct kind *k)
{
    static const struct view_settings in_utc = {0};
    return (struct shown){
        .v = view_new(k, &in_utc), .entries = g_ptr_array_new_with_free_func(entry_free)};
}

static inline void shown_clear(struct shown *s)
{
    view_free(s->v);
    g_ptr_array_unref(s->entries);
    *s = (struct shown){0};
}

/* Works off what is pending. */
static inline void shown_finish(struct shown *s)
{
    while (s->v->class->step && s->v->class->step(s->v, 1000000, ROWS_NOW_MS))
        ;
}

/* What the store knows of one source: takes take_s (NULL: nothing read yet); error: of the newest
 * fetch, a minute ago, or NULL. */
static inline void shown_put(
    struct shown *s, const char *address, struct snapshot *take_s, const char *error)
{
    AUTO(rid) scope = rid_parse(address, NULL);
    struct store_entry *e = NULL;
    for (guint i = 0; i < s->entries->len; i++)
        if (rid_equal(((struct store_entry *)g_ptr_array_index(s->entries, i))->scope, scope))
            e = g_ptr_array_index(s->entries, i);
    if (!e) {
        e = g_new0(struct store_entry, 1);
        e->scope = rid_copy(scope);
        e->kind = s->v->kind;
        g_ptr_array_add(s->entries, e);
    }
    if (take_s) {
        snapshot_unref(e->snapshot);
        e->snapshot = snapshot_seal(take_s);
    }
    g_clear_error(&e->error);
    e->error = error ? g_error_new_literal(WEIR_ERROR, WEIR_ERROR_TIMEOUT, error) : NULL;
    e->error_ms = ROWS_NOW_MS - 60000;
    e->asked_ms = take_s || error ? ROWS_NOW_MS : 0;
    e->version++;
    s->v->class->update(s->v, s->entries);
    shown_finish(s);
}

static inline void shown_run(struct shown *s, const char *command)
{
    for (const struct view_command *c = s->v->class->commands; c && c->name; c++) {
        if (strcmp(c->name, command) == 0) {
            c->run(s->v);
            shown_finish(s);
            return;
        }
    }
    g_error("no command %s", command);
}

static inline void shown_filter(struct shown *s, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(s->v->class->filter(s->v, text, &error));
    g_assert_no_error(error);
    shown_finish(s);
}

static inline void shown_sort(struct shown *s, const char *columns)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(s->v->class->sort(s->v, columns, &error));
    g_assert_no_error(error);
    shown_finish(s);
}

/* The screen after drawing; twice, so that what drawing learned (its height) is settled. */
static inline struct cells *shown_draw(struct shown *s, int width, int height, bool ascii)
{
    struct cells *c = cells_new(width, height, ascii);
    s->v->class->draw(s->v, &c->surface, ROWS_NOW_MS);
    shown_finish(s);
    cells_clear(c);
    s->v->class->draw(s->v, &c->surface, ROWS_NOW_MS);
    return c;
}

static inline char *shown_text(struct shown *s, int width, int height)
{
    AUTO(cells) c = shown_draw(s, width, height, false);
    return cells_text(c, false);
}

/* The name of the selected row, or "". */
static inline const char *shown_selected(struct shown *s)
{
    const struct snapshot *snapshot;
    size_t row;
    return s->v->class->selected(s->v, &snapshot, &row) ? snapshot_row(snapshot, row)->name : "";
}

static inline char *shown_status(struct shown *s)
{
    GString *out = g_string_new(NULL);
    s->v->class->status(s->v, out);
    return g_string_free(out, FALSE);
}

static inline enum role role_at(const struct cells *c, int x, int y)
{
    return (enum role)cells_row(c, y)[x].role;
}

/* The line of the screen that contains the text, or -1. */
static inline int line_of(const struct cells *c, const char *text)
{
    g_autofree char *all = cells_text(c, false);
    g_auto(GStrv) lines = g_strsplit(all, "\n", -1);
    for (int y = 0; lines[y]; y++)
        if (strstr(lines[y], text))
            return y;
    return -1;
}

#endif
