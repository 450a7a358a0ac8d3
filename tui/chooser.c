#include "app.h"
#include "text.h"

#include <string.h>

static const struct kind *kind_of(const struct app *a)
{
    return app_top(a)->kind;
}

static struct column_tick *tick_at(const struct app *a, guint i)
{
    return &g_array_index(a->chooser.ticks, struct column_tick, i);
}

static void add_tick(struct app *a, int column, int width, bool shown)
{
    for (guint i = 0; i < a->chooser.ticks->len; i++)
        if (tick_at(a, i)->column == column)
            return;
    const struct column_tick tick = {column, width, shown};
    g_array_append_val(a->chooser.ticks, tick);
}

static void fill(struct app *a)
{
    const struct view *v = app_top(a)->view;
    struct choice drawn;
    v->class->columns_drawn(v, &drawn);
    for (unsigned i = 0; i < drawn.count; i++)
        add_tick(a, drawn.column[i], drawn.width[i], true);
    for (int c = 0; kind_of(a)->columns[c].name; c++)
        add_tick(a, c, 0, false);
    for (int c = COLUMN_SOURCE; c < COLUMN_UNKNOWN; c++)
        if (c != COLUMN_NAME)
            add_tick(a, c, 0, false);
}

/* What is ticked becomes what the table shows. */
static void apply(struct app *a)
{
    struct choice choice = {0};
    for (guint i = 0; i < a->chooser.ticks->len && choice.count < CHOICE_MAX; i++) {
        const struct column_tick *tick = tick_at(a, i);
        if (!tick->shown)
            continue;
        choice.column[choice.count] = tick->column;
        choice.width[choice.count++] = tick->width;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    choice_append(&choice, kind_of(a), text);
    struct view *v = app_top(a)->view;
    g_autoptr(GError) error = NULL;
    if (choice.count == 0)
        app_complain(a, "a table needs a column: tick one with space");
    else if (!v->class->columns(v, text->str, &error))
        app_complain(a, "%s", error->message);
    else
        state_note_columns(a, kind_of(a), text->str);
    if (choice.count > 0)
        overlay_close(a);
}

static void reset(struct app *a)
{
    struct view *v = app_top(a)->view;
    v->class->columns(v, "", NULL);
    state_note_columns(a, kind_of(a), "");
    overlay_close(a);
}

static void shift(struct app *a, int step)
{
    guint at = a->chooser.at, other = at + (guint)step;
    if (other >= a->chooser.ticks->len)
        return;
    struct column_tick held = *tick_at(a, at);
    *tick_at(a, at) = *tick_at(a, other);
    *tick_at(a, other) = held;
    a->chooser.at = other;
}

static void widen(struct app *a, int step)
{
    struct column_tick *tick = tick_at(a, a->chooser.at);
    int usual = MAX(kind_column_info(kind_of(a), tick->column)->min_width, 8);
    tick->width = CLAMP((tick->width ? tick->width : usual) + step, 1, CHOICE_WIDTH_MAX);
    tick->shown = true;
}

static void move(struct app *a, int step)
{
    guint n = a->chooser.ticks->len;
    a->chooser.at = (a->chooser.at + n + (guint)step) % n;
}

static void chooser_key(struct app *a, const char *key)
{
    static const struct {
        const char *key;
        void (*run)(struct app *a, int step);
        int step;
    } keys[] = {{"j", move, 1}, {"down", move, 1}, {"k", move, -1}, {"up", move, -1},
        {"J", shift, 1}, {"right", shift, 1}, {"K", shift, -1}, {"left", shift, -1},
        {"+", widen, 1}, {"_", widen, -1}, {"-", widen, -1}};
    for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++)
        if (strcmp(keys[i].key, key) == 0)
            keys[i].run(a, keys[i].step);
    if (strcmp(key, "space") == 0)
        tick_at(a, a->chooser.at)->shown = !tick_at(a, a->chooser.at)->shown;
    else if (strcmp(key, "enter") == 0)
        apply(a);
    else if (strcmp(key, "r") == 0)
        reset(a);
    else if (strcmp(key, "esc") == 0 || strcmp(key, "q") == 0)
        overlay_close(a);
    app_dirty(a);
}

static void draw_tick(const struct app *a, struct surface *s, int y, guint i)
{
    const struct column_tick *tick = tick_at(a, i);
    const struct column *c = kind_column_info(kind_of(a), tick->column);
    g_autofree char *width = tick->width ? g_strdup_printf("%d wide", tick->width) : g_strdup("");
    surface_put(s, 0, y, 1, ROLE_CURSOR, i == a->chooser.at ? ">" : " ");
    surface_put(s, 2, y, 3, tick->shown ? ROLE_MATCH : ROLE_DIM, tick->shown ? "[x]" : "[ ]");
    surface_put(s, 6, y, 20, ROLE_TEXT, c->name);
    surface_put(s, 27, y, 8, ROLE_DIM, width);
    g_autofree char *help = text_cut_end(c->help ? c->help : "", MAX(s->width - 36, 0), s->ascii);
    surface_put(s, 36, y, s->width - 36, ROLE_DIM, help);
}

static void chooser_draw(struct app *a, struct surface *s)
{
    guint n = a->chooser.ticks->len;
    int lines = MIN((int)n, s->height - 6);
    struct surface box = overlay_box(s, "columns", 76, lines + 1);
    lines = box.height - 1;
    guint first = (int)a->chooser.at >= lines ? a->chooser.at - (guint)lines + 1 : 0;
    for (int i = 0; i < lines && first + (guint)i < n; i++)
        draw_tick(a, &box, i, first + (guint)i);
    surface_put(&box, 0, box.height - 1, box.width, ROLE_DIM,
        "space show  J K move  + - width  enter apply  r as it was  esc cancel");
}

void chooser_open(struct app *a)
{
    static const struct overlay chooser = {chooser_key, chooser_draw};
    if (!app_top(a)->view->class->columns) {
        app_complain(a, "there are no columns to choose here");
        return;
    }
    g_array_set_size(a->chooser.ticks, 0);
    a->chooser.at = 0;
    fill(a);
    a->overlay = &chooser;
    app_dirty(a);
}
