/* One object whole: its fields in groups (fields.h), or the server's own text (raw.h; `y` switches).
 * A search marks what it finds and hides nothing. The object may be asked for again while it is open:
 * the cursor stays on its field. */
#include <string.h>

#include "clock.h"
#include "fields.h"
#include "list.h"
#include "paint.h"
#include "raw.h"
#include "text.h"
#include "view.h"

#define LEFT   3  /* columns before raw lines: health, cursor, found */
#define SCROLL 16 /* columns per step to the side */

static const struct view_class detail_view;

struct detail {
    struct list_view list_view;
    struct fields fields;
    struct raw raw;
    bool show_raw;
    int left; /* columns that raw lines are scrolled to the side */
    char *error;
    char *search, *search_text; /* lower case, and as typed; or NULL */
    GArray *hits;               /* guint: fields or raw lines that the search finds */
    int width;                  /* of the screen when it was last drawn */
    bool ascii;
    struct reader reader; /* how values read */
    size_t other_cursor;  /* of what `y` left */
};

static struct detail *as_detail(struct view *v)
{
    return (struct detail *)(void *)v;
}

static const struct detail *as_const_detail(const struct view *v)
{
    return (const struct detail *)(const void *)v;
}

/* -- lines and what they stand for ---------------------------------------------------------------- */

static size_t line_count(const struct detail *d)
{
    return d->show_raw ? d->raw.lines->len : d->fields.lines->len;
}

/* The field or raw line that a line on the screen belongs to. */
static guint item_at(const struct detail *d, size_t line)
{
    return d->show_raw ? g_array_index(d->raw.lines, guint, line)
                       : fields_line(&d->fields, line)->field;
}

static guint item_count(const struct detail *d)
{
    if (d->show_raw)
        return d->raw.all->len;
    return d->fields.snapshot ? (guint)snapshot_count(d->fields.snapshot) : 0;
}

/* Makes the lines of the fields anew; the cursor stays on its field. */
static void lay_out(struct detail *d)
{
    struct list *l = &d->list_view.list;
    if (!d->show_raw) {
        struct field_line at = {0};
        bool any = l->cursor < d->fields.lines->len;
        if (any)
            at = *fields_line(&d->fields, l->cursor);
        size_t on_screen = l->cursor >= l->top ? l->cursor - l->top : 0;
        fields_lay_out(&d->fields, d->width, d->ascii, &d->reader);
        if (any) {
            l->cursor = fields_find(&d->fields, at.field, at.part, at.heading);
            l->top = l->cursor > on_screen ? l->cursor - on_screen : 0;
        }
    }
    list_fit(l, line_count(d), l->height);
}

static bool is_on_line(const struct detail *d)
{
    return d->list_view.list.cursor < line_count(d);
}

/* -- searching ----------------------------------------------------------------------------------- */

static void append_item(const struct detail *d, guint item, GString *out)
{
    if (d->show_raw) {
        g_string_append(out, g_ptr_array_index(d->raw.all, item));
        return;
    }
    g_string_append_printf(out, "%s %s ", fields_group(&d->fields, item),
        snapshot_row(d->fields.snapshot, item)->name);
    fields_append_value(&d->fields, item, &d->reader, out);
}

static void find_hits(struct detail *d)
{
    g_array_set_size(d->hits, 0);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) lower = g_string_new(NULL);
    for (guint i = 0; d->search && i < item_count(d); i++) {
        g_string_truncate(text, 0);
        g_string_truncate(lower, 0);
        append_item(d, i, text);
        text_append_lower(lower, text->str);
        if (strstr(lower->str, d->search))
            g_array_append_val(d->hits, i);
    }
}

static int compare_items(gconstpointer a, gconstpointer b)
{
    guint x = *(const guint *)a, y = *(const guint *)b;
    return (x > y) - (x < y);
}

/* Whether the item is a hit, and in *place which one. */
static bool find_hit(const struct detail *d, guint item, guint *place)
{
    return g_array_binary_search(d->hits, &item, compare_items, place);
}

static bool is_heading(const struct detail *d, size_t line)
{
    return !d->show_raw && fields_line(&d->fields, line)->heading;
}

/* Whether a line belongs to a hit, and in *place to which. */
static bool is_hit(const struct detail *d, size_t line, guint *place)
{
    return d->hits->len > 0 && line < line_count(d) && !is_heading(d, line) &&
           find_hit(d, item_at(d, line), place);
}

/* Unfolds what hides an item and puts the cursor on it. */
static void go_to_item(struct detail *d, guint item)
{
    struct list *l = &d->list_view.list;
    if (d->show_raw) {
        raw_reveal(&d->raw, item);
        l->cursor = raw_find(&d->raw, item);
    } else {
        fields_fold(&d->fields, item, false);
        fields_lay_out(&d->fields, d->width, d->ascii, &d->reader);
        l->cursor = fields_find(&d->fields, item, 0, false);
    }
    list_fit(l, line_count(d), l->height);
}

static void go_to_hit(struct detail *d, int direction)
{
    guint n = d->hits->len, place;
    if (n == 0 || !is_on_line(d))
        return;
    guint item = item_at(d, d->list_view.list.cursor);
    if (is_hit(d, d->list_view.list.cursor, &place)) {
        place = (direction > 0 ? place + 1 : place + n - 1) % n;
    } else {
        for (place = 0; place < n && g_array_index(d->hits, guint, place) < item;)
            place++;
        place = (direction > 0 ? place : place + n - 1) % n;
    }
    go_to_item(d, g_array_index(d->hits, guint, place));
}

static void next_hit(struct view *v)
{
    go_to_hit(as_detail(v), 1);
}

static void previous_hit(struct view *v)
{
    go_to_hit(as_detail(v), -1);
}

static gboolean detail_search(struct view *v, const char *text, GError **error)
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
    find_hits(d);
    guint place;
    if (!is_hit(d, d->list_view.list.cursor, &place))
        go_to_hit(d, 1);
    return TRUE;
}

static const char *detail_search_text(const struct view *v)
{
    return as_const_detail(v)->search_text;
}

/* -- data ---------------------------------------------------------------------------------------- */

static void take_object(struct detail *d, const struct snapshot *s)
{
    struct list *l = &d->list_view.list;
    size_t cursor = d->show_raw ? d->other_cursor : l->cursor;
    struct field_line at = {0};
    uint32_t field = ROW_NONE;
    if (d->fields.snapshot && cursor < d->fields.lines->len) {
        at = *fields_line(&d->fields, cursor);
        field = fields_same(&d->fields, at.field, s);
    }
    fields_take(&d->fields, s);
    fields_lay_out(&d->fields, d->width, d->ascii, &d->reader);
    if (field != ROW_NONE)
        cursor = fields_find(&d->fields, field, at.part, at.heading);
    if (d->show_raw)
        d->other_cursor = cursor;
    else
        l->cursor = cursor;
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
    d->reader = (struct reader){clock_wall_ms(), v->settings->zone};
    take_object(d, s);
    raw_take(&d->raw, raw ? raw : "");
    find_hits(d);
    list_fit(&d->list_view.list, line_count(d), d->list_view.list.height);
}

/* -- commands ------------------------------------------------------------------------------------ */

static void toggle_raw(struct view *v)
{
    struct detail *d = as_detail(v);
    struct list *l = &d->list_view.list;
    size_t cursor = l->cursor;
    d->show_raw = !d->show_raw;
    l->cursor = d->other_cursor;
    d->other_cursor = cursor;
    find_hits(d);
    list_fit(l, line_count(d), l->height);
}

/* The group that the cursor is in; the cursor goes to its heading. */
static void fold_group(struct detail *d, bool fold)
{
    struct list *l = &d->list_view.list;
    uint32_t field = item_at(d, l->cursor);
    const char *group = fields_group(&d->fields, field);
    while (fold && field > 0 && strcmp(fields_group(&d->fields, field - 1), group) == 0)
        field--;
    bool heading = *group;
    fields_fold(&d->fields, field, fold);
    fields_lay_out(&d->fields, d->width, d->ascii, &d->reader);
    l->cursor = fields_find(&d->fields, field, 0, heading);
    list_fit(l, line_count(d), l->height);
}

static void toggle_fold(struct view *v)
{
    struct detail *d = as_detail(v);
    struct list *l = &d->list_view.list;
    if (!is_on_line(d))
        return;
    if (d->show_raw) {
        l->cursor = raw_find(&d->raw, raw_toggle(&d->raw, item_at(d, l->cursor)));
        list_fit(l, line_count(d), l->height);
    } else if (*fields_group(&d->fields, item_at(d, l->cursor))) {
        fold_group(d, !fields_line(&d->fields, l->cursor)->folded);
    }
}

static void fold_all_or_none(struct detail *d, bool fold)
{
    if (!is_on_line(d))
        return;
    struct list *l = &d->list_view.list;
    guint item = item_at(d, l->cursor);
    if (d->show_raw) {
        raw_fold_all(&d->raw, fold);
        l->cursor = raw_find(&d->raw, item);
    } else {
        fields_fold_all(&d->fields, fold);
    }
    lay_out(d);
}

static void unfold_all(struct view *v)
{
    fold_all_or_none(as_detail(v), false);
}

static void fold_all(struct view *v)
{
    fold_all_or_none(as_detail(v), true);
}

static void go_left(struct view *v)
{
    struct detail *d = as_detail(v);
    if (d->show_raw)
        d->left = MAX(d->left - SCROLL, 0);
    else if (is_on_line(d) && *fields_group(&d->fields, item_at(d, d->list_view.list.cursor)))
        fold_group(d, true);
}

static void go_right(struct view *v)
{
    struct detail *d = as_detail(v);
    if (d->show_raw)
        d->left += d->left + SCROLL < d->raw.width ? SCROLL : 0;
    else if (is_on_line(d) && fields_line(&d->fields, d->list_view.list.cursor)->folded)
        fold_group(d, false);
}

/* -- links --------------------------------------------------------------------------------------- */

static bool detail_link(const struct view *v, GString *address)
{
    const struct detail *d = as_const_detail(v);
    if (d->show_raw || !is_on_line(d))
        return false;
    const struct field_line *line = fields_line(&d->fields, d->list_view.list.cursor);
    return !line->heading && fields_append_link(&d->fields, line->field, address);
}

static void go_to_link(struct detail *d, int direction)
{
    guint n = d->show_raw ? 0 : item_count(d);
    if (n == 0 || !is_on_line(d))
        return;
    g_autoptr(GString) address = g_string_new(NULL);
    guint from = item_at(d, d->list_view.list.cursor);
    bool heading = is_heading(d, d->list_view.list.cursor);
    for (guint step = direction > 0 && heading ? 0 : 1; step <= n; step++) {
        guint field = (from + (direction > 0 ? step : n - step)) % n;
        if (fields_append_link(&d->fields, field, address)) {
            go_to_item(d, field);
            return;
        }
    }
}

static void next_link(struct view *v)
{
    go_to_link(as_detail(v), 1);
}

static void previous_link(struct view *v)
{
    go_to_link(as_detail(v), -1);
}

static void detail_copy_text(const struct view *v, GString *out)
{
    const struct detail *d = as_const_detail(v);
    if (!is_on_line(d))
        return;
    size_t cursor = d->list_view.list.cursor;
    if (d->show_raw)
        g_string_append(out, g_ptr_array_index(d->raw.all, item_at(d, cursor)));
    else if (fields_line(&d->fields, cursor)->heading)
        g_string_append(out, fields_group(&d->fields, item_at(d, cursor)));
    else
        fields_append_value(&d->fields, item_at(d, cursor), &d->reader, out);
}

/* -- drawing ------------------------------------------------------------------------------------- */

static void draw_heading(const struct detail *d, struct surface *s, int y, size_t line)
{
    const struct field_line *l = fields_line(&d->fields, line);
    const struct row worst = {.health = l->problem ? l->worst : HEALTH_OK};
    surface_put(s, 0, y, 1, paint_mark_role(&worst, false), paint_mark(&worst, false));
    g_autofree char *text = g_strndup(d->fields.text->str + l->from, l->end - l->from);
    surface_put(s, LEFT, y, s->width, ROLE_HEADING, text);
}

static enum role value_role(const struct detail *d, const struct field_line *line, bool hit)
{
    const struct row *r = snapshot_row(d->fields.snapshot, line->field);
    g_autoptr(GString) address = g_string_new(NULL);
    if (hit)
        return ROLE_MATCH;
    if (r->health > HEALTH_OK || r->error)
        return paint_mark_role(r, false);
    if (snapshot_cell(d->fields.snapshot, line->field, DETAIL_VALUE).type == CELL_NONE)
        return ROLE_DIM;
    return fields_append_link(&d->fields, line->field, address) ? ROLE_KEY : ROLE_TEXT;
}

static void draw_field(const struct detail *d, struct surface *s, int y, size_t line)
{
    const struct fields *f = &d->fields;
    const struct field_line *l = fields_line(f, line);
    const struct row *r = snapshot_row(f->snapshot, l->field);
    guint place;
    bool hit = is_hit(d, line, &place);
    if (l->part == 0) {
        int x = *fields_group(f, l->field) ? f->name_x : LEFT;
        g_autofree char *name = text_cut_middle(r->name, MAX(f->value_x - x - 2, 1), s->ascii);
        surface_put(s, 0, y, 1, paint_mark_role(r, false), paint_mark(r, false));
        surface_put(s, x, y, f->value_x - x, ROLE_DIM, name);
    }
    g_autofree char *text = g_strndup(f->text->str + l->from, l->end - l->from);
    surface_put(s, f->value_x, y, s->width, value_role(d, l, hit), text);
}

/* What stands beyond an edge is marked there. */
static void draw_raw(const struct detail *d, struct surface *s, int y, size_t line)
{
    g_autoptr(GString) text = g_string_new(NULL);
    raw_append(&d->raw, item_at(d, line), text);
    guint place;
    enum role role = is_hit(d, line, &place) ? ROLE_MATCH : ROLE_TEXT;
    const char *from = text->str + text_prefix(text->str, d->left, NULL);
    surface_put(s, LEFT, y, s->width, role, from);
    if (d->left > 0 && text->len > 0)
        surface_put(s, LEFT, y, 1, ROLE_DIM, surface_glyph(s, "‹", "<"));
    if (from[text_prefix(from, MAX(s->width - LEFT, 0), NULL)])
        surface_put(s, s->width - 1, y, 1, ROLE_DIM, surface_glyph(s, "›", ">"));
}

static void draw_line(const struct detail *d, struct surface *s, int y, size_t line)
{
    if (d->show_raw)
        draw_raw(d, s, y, line);
    else if (is_heading(d, line))
        draw_heading(d, s, y, line);
    else
        draw_field(d, s, y, line);
    if (line == d->list_view.list.cursor)
        surface_put(s, 1, y, 1, ROLE_CURSOR, ">");
    guint place;
    if (is_hit(d, line, &place))
        surface_put(s, 2, y, 1, ROLE_MATCH, "/");
}

static void detail_draw(struct view *v, struct surface *s, int64_t now_ms)
{
    struct detail *d = as_detail(v);
    int used = 0;
    if (d->error) {
        g_autofree char *text = text_cut_end(d->error, s->width, s->ascii);
        surface_put(s, 0, used++, s->width, ROLE_FAIL, text);
    }
    d->width = s->width;
    d->ascii = s->ascii;
    d->reader = (struct reader){now_ms, v->settings->zone};
    lay_out(d);
    struct list *l = &d->list_view.list;
    list_fit(l, line_count(d), s->height > used ? (size_t)(s->height - used) : 0);
    for (size_t i = 0; i < l->height && l->top + i < l->count; i++)
        draw_line(d, s, used + (int)i, l->top + i);
    if (!d->fields.snapshot && !d->error)
        paint_notice(s, ROLE_DIM, "reading ...");
    else if (l->count == 0 && !d->error)
        paint_notice(s, ROLE_DIM, "empty");
}

static void detail_text(const struct view *v, GString *out, int64_t now_ms)
{
    (void)now_ms;
    const struct detail *d = as_const_detail(v);
    for (size_t i = 0; i < line_count(d); i++) {
        if (d->show_raw) {
            raw_append(&d->raw, item_at(d, i), out);
        } else {
            const struct fields *f = &d->fields;
            const struct field_line *l = fields_line(f, i);
            const char *name = l->part == 0 ? snapshot_row(f->snapshot, l->field)->name : "";
            if (!l->heading)
                g_string_append_printf(
                    out, "  %s%*s", name, MAX(f->value_x - text_width(name), 1), "");
            g_string_append_len(out, f->text->str + l->from, (gssize)(l->end - l->from));
        }
        g_string_append_c(out, '\n');
    }
}

static void detail_status(const struct view *v, GString *out)
{
    const struct detail *d = as_const_detail(v);
    g_string_append(out, d->show_raw ? "raw" : "detail");
    if (!d->search)
        return;
    guint place;
    if (is_hit(d, d->list_view.list.cursor, &place))
        g_string_append_printf(out, "  %u/%u match /%s", place + 1, d->hits->len, d->search_text);
    else
        g_string_append_printf(out, "  %u match /%s", d->hits->len, d->search_text);
}

static struct view *detail_create(const struct kind *k)
{
    struct detail *d = g_new0(struct detail, 1);
    d->list_view.base.class = &detail_view;
    d->list_view.base.kind = k;
    d->hits = g_array_new(FALSE, FALSE, sizeof(guint));
    d->width = 80; /* until it is drawn */
    fields_init(&d->fields);
    raw_init(&d->raw);
    return &d->list_view.base;
}

static void detail_free(struct view *v)
{
    struct detail *d = as_detail(v);
    fields_clear(&d->fields);
    raw_clear(&d->raw);
    g_array_unref(d->hits);
    g_free(d->error);
    g_free(d->search);
    g_free(d->search_text);
    g_free(d);
}

static const struct view_command commands[] = {
    LIST_COMMANDS,
    {"raw", "y", "the server's own answer, and back", .run = toggle_raw},
    {"fold", "space", "fold or unfold the group, or the block of raw text", .run = toggle_fold},
    {"unfold-all", "+", "unfold everything", .run = unfold_all},
    {"fold-all", "_", "fold everything", .run = fold_all},
    {"left", "left", "fold the group; raw text: scroll to the left", .run = go_left},
    {"right", "right", "unfold the group; raw text: scroll to the right", .run = go_right},
    {"next-link", "tab", "next address of another thing; enter opens it", .run = next_link},
    {"previous-link", "backtab", "previous address of another thing", .run = previous_link},
    {"next-match", "n", "next line that matches the search", .run = next_hit},
    {"match-before", "P", "previous line that matches", .run = previous_hit},
    {0},
};

static const struct view_class detail_view = {
    .shape = SHAPE_DETAIL,
    .commands = commands,
    .create = detail_create,
    .free = detail_free,
    .take = detail_take,
    .draw = detail_draw,
    .link = detail_link,
    .copy_text = detail_copy_text,
    .filter = detail_search,
    .filter_text = detail_search_text,
    .text = detail_text,
    .status = detail_status,
};
VIEW(detail);
