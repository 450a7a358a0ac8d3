/* One row whole, from what is known already: the pane beside a wide view, and the detail of weir's own
 * rows. It asks no server. */
#include "app.h"

#include <string.h>

#include "rid.h"
#include "text.h"

#define PREVIEW_SCREEN 110 /* columns below which a pane would leave too little to both */
#define SHARE_LEAST    20  /* percent of the screen */
#define SHARE_MOST     70
#define SHARE_STEP     5

static void add_field(
    struct snapshot *out, const char *name, const char *group, const struct cell *cell)
{
    size_t row = snapshot_add(out, name);
    snapshot_set_text(out, row, DETAIL_GROUP, group);
    snapshot_set_cell(out, row, DETAIL_VALUE, *cell);
}

static void add_text(struct snapshot *out, const char *name, const char *group, const char *text)
{
    if (text && *text)
        add_field(out, name, group, &(struct cell){.type = CELL_TEXT, .text = text});
}

/* Strips and series are drawn in their column, not here. */
static bool is_field(enum cell_type type)
{
    return type != CELL_STATES && type != CELL_SERIES && type != CELL_GANTT;
}

struct snapshot *row_detail(const struct frame *f)
{
    const struct snapshot *s;
    size_t row;
    if (!f->view->class->selected || !f->view->class->selected(f->view, &s, &row))
        return NULL;
    const struct row *r = snapshot_row(s, row);
    g_autoptr(GString) address = g_string_new(NULL);
    snapshot_append_address(s, row, address);
    AUTO(rid) rid = rid_parse(address->str, NULL);
    AUTO(rid) weir = rid_source("weir");
    struct snapshot *out = snapshot_new(&kind_detail, rid ? rid : weir, r->at_ms);
    add_text(out, f->kind->title ? f->kind->title : "NAME", "row", r->name);
    add_text(out, "address", "row", address->str);
    add_text(out, "health", "row", health_name(r->health));
    add_text(out, "why", "row", r->why);
    add_text(out, "error", "row", r->error);
    add_field(out, "read", "row", &(struct cell){.type = CELL_TIME_MS, .i = r->at_ms});
    const struct column *columns = snapshot_column_table(s);
    for (int c = 0; columns[c].name; c++) {
        struct cell cell = snapshot_cell(s, row, c);
        if (is_field(cell.type))
            add_field(out, columns[c].name, "columns", &cell);
    }
    return out;
}

/* -- the pane ------------------------------------------------------------------------------------ */

void preview_toggle(struct app *a)
{
    a->preview.on = !a->preview.on;
    int width = terminal_surface(a->terminal)->width;
    if (a->preview.on && width < PREVIEW_SCREEN)
        app_say(a, "the pane needs %d columns; here are %d", PREVIEW_SCREEN, width);
}

static void resize(struct app *a, int step)
{
    a->preview.share = CLAMP(a->preview.share + step, SHARE_LEAST, SHARE_MOST);
}

void preview_wider(struct app *a)
{
    resize(a, SHARE_STEP);
}

void preview_narrower(struct app *a)
{
    resize(a, -SHARE_STEP);
}

int preview_width(const struct app *a, int width)
{
    const struct frame *f = app_top(a);
    bool rows = f->view->class->selected && f->kind != &kind_detail && f->kind != &kind_log;
    return a->preview.on && rows && width >= PREVIEW_SCREEN ? width * a->preview.share / 100 : 0;
}

void preview_draw(struct app *a, struct surface *s, int64_t now_ms)
{
    for (int y = 0; y < s->height; y++)
        surface_put(s, 0, y, 1, ROLE_RULE, surface_glyph(s, "│", "|"));
    struct surface area = surface_part(s, 2, 0, s->width - 2, s->height);
    struct snapshot *row = row_detail(app_top(a));
    if (!row) {
        surface_put(&area, 0, 0, area.width, ROLE_DIM, "no row is selected");
        return;
    }
    const struct snapshot *sealed = snapshot_seal(row);
    struct view *v = view_new(&kind_detail, &a->settings);
    v->class->take(v, sealed, NULL, NULL);
    v->class->draw(v, &area, now_ms);
    view_free(v);
    snapshot_unref(sealed);
}
