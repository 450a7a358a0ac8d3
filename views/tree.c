/* The tree: rows that have parents in the same snapshot, drawn depth first, with folds (outline.h).
 * The cursor stays on its object while that moves. */
#include <limits.h>
#include <string.h>

#include "banner.h"
#include "clock.h"
#include "list.h"
#include "outline.h"
#include "paint.h"
#include "text.h"
#include "view.h"

#define MARK_WIDTH 3
#define INDENT     2  /* columns per level */
#define NAME_LEAST 12 /* columns that the guides leave to a name */

static const struct view_class tree_view;

struct tree {
    struct list_view list_view;
    struct outline *outline;
    GArray *widths; /* int: columns of each row's name */
    int widest;     /* columns that the names want, with what stands around them */
    uint64_t id;    /* of the node that the cursor was put on */
    bool chosen;    /* there is one */
    char *filter_text;
    char *sort;
    bool stale, asked;
    struct banners banners;
};

static struct tree *as_tree(struct view *v)
{
    return (struct tree *)(void *)v;
}

static const struct tree *as_const_tree(const struct view *v)
{
    return (const struct tree *)(const void *)v;
}

static const struct row *row_of(const struct tree *t, uint32_t row)
{
    return snapshot_row(outline_snapshot(t->outline), row);
}

/* -- the cursor ---------------------------------------------------------------------------------- */

/* The row under the cursor, or ROW_NONE. */
static uint32_t cursor_row(const struct tree *t)
{
    size_t line = t->list_view.list.cursor;
    return line < outline_lines(t->outline) ? outline_row(t->outline, line) : ROW_NONE;
}

static void remember(struct tree *t)
{
    uint32_t row = cursor_row(t);
    t->chosen = row != ROW_NONE;
    if (t->chosen)
        t->id = outline_id(t->outline, row);
}

static void tree_moved(struct list_view *v)
{
    remember(as_tree(&v->base));
}

static void append_badge(const struct outline_node *n, GString *out)
{
    if (!n->folded)
        return;
    g_string_append_c(out, ' ');
    paint_append_hidden(out, n->below, n->problems, n->worst);
}

/* After lines came or went: how wide the names are now. */
static void lines_changed(struct tree *t)
{
    g_autoptr(GString) badge = g_string_new(NULL);
    t->widest = 1;
    for (size_t i = 0; i < outline_lines(t->outline); i++) {
        uint32_t row = outline_row(t->outline, i);
        struct outline_node n = outline_node(t->outline, row);
        g_string_truncate(badge, 0);
        append_badge(&n, badge);
        int width = (int)MIN(n.depth, 1000) * INDENT + g_array_index(t->widths, int, row) +
                    (int)badge->len + (n.folded ? 2 : 0);
        t->widest = MAX(t->widest, width);
    }
    struct list *l = &t->list_view.list;
    list_fit(l, outline_lines(t->outline), l->height);
}

static void put_cursor(struct tree *t, size_t line)
{
    struct list *l = &t->list_view.list;
    size_t on_screen = l->cursor >= l->top ? l->cursor - l->top : 0;
    l->cursor = line;
    l->top = line > on_screen ? line - on_screen : 0;
}

/* After the order changed: the cursor goes where its object went, on the screen line it had; to what
 * hides it; or stays in its place when the object is gone. */
static void follow_object(struct tree *t)
{
    uint32_t row = t->chosen ? outline_find(t->outline, t->id) : ROW_NONE;
    size_t line = outline_line(t->outline, row);
    if (line < outline_lines(t->outline))
        put_cursor(t, line);
    lines_changed(t);
    if (row == ROW_NONE)
        remember(t);
}

static void go_to(struct tree *t, uint32_t row)
{
    if (row == ROW_NONE)
        return;
    outline_reveal(t->outline, row);
    struct list *l = &t->list_view.list;
    l->cursor = outline_line(t->outline, row);
    lines_changed(t);
    remember(t);
}

static bool tree_selected(const struct view *v, const struct snapshot **s, size_t *row)
{
    const struct tree *t = as_const_tree(v);
    uint32_t chosen = cursor_row(t);
    if (chosen == ROW_NONE)
        return false;
    *s = outline_snapshot(t->outline);
    *row = chosen;
    return true;
}

static void tree_copy_text(const struct view *v, GString *out)
{
    const struct tree *t = as_const_tree(v);
    gssize start = (gssize)out->len;
    for (uint32_t row = cursor_row(t); row != ROW_NONE; row = outline_parent(t->outline, row)) {
        if ((gssize)out->len > start)
            g_string_insert(out, start, " > ");
        g_string_insert(out, start, row_of(t, row)->name);
    }
}

/* -- commands ------------------------------------------------------------------------------------ */

static void fold_at_cursor(struct tree *t, bool fold)
{
    remember(t);
    if (cursor_row(t) != ROW_NONE && outline_fold(t->outline, t->list_view.list.cursor, fold))
        lines_changed(t);
}

static void toggle_fold(struct view *v)
{
    struct tree *t = as_tree(v);
    uint32_t row = cursor_row(t);
    if (row != ROW_NONE)
        fold_at_cursor(t, !outline_node(t->outline, row).folded);
}

static void fold_or_parent(struct view *v)
{
    struct tree *t = as_tree(v);
    uint32_t row = cursor_row(t);
    if (row == ROW_NONE)
        return;
    struct outline_node n = outline_node(t->outline, row);
    if (n.below > 0 && !n.folded)
        fold_at_cursor(t, true);
    else
        go_to(t, outline_parent(t->outline, row));
}

static void unfold_or_child(struct view *v)
{
    struct tree *t = as_tree(v);
    uint32_t row = cursor_row(t);
    if (row == ROW_NONE)
        return;
    struct outline_node n = outline_node(t->outline, row);
    if (n.folded)
        fold_at_cursor(t, false);
    else if (n.below > 0)
        list_down(v);
}

static void unfold_all(struct view *v)
{
    outline_fold_all(as_tree(v)->outline, false);
    follow_object(as_tree(v));
}

static void fold_all(struct view *v)
{
    outline_fold_all(as_tree(v)->outline, true);
    follow_object(as_tree(v));
}

static void unfold_problems(struct view *v)
{
    outline_fold_to_problems(as_tree(v)->outline);
    follow_object(as_tree(v));
}

static void go_to_sibling(struct view *v, int direction)
{
    struct tree *t = as_tree(v);
    uint32_t row = cursor_row(t);
    if (row != ROW_NONE)
        go_to(t, outline_sibling(t->outline, row, direction));
}

static void next_sibling(struct view *v)
{
    go_to_sibling(v, 1);
}

static void previous_sibling(struct view *v)
{
    go_to_sibling(v, -1);
}

static void go_to_next(struct view *v, int direction)
{
    struct tree *t = as_tree(v);
    uint32_t row = cursor_row(t);
    if (row != ROW_NONE)
        go_to(t, outline_next(t->outline, row, direction));
}

static void next_match(struct view *v)
{
    go_to_next(v, 1);
}

static void previous_match(struct view *v)
{
    go_to_next(v, -1);
}

static void toggle_whole(struct view *v)
{
    struct tree *t = as_tree(v);
    outline_show_whole(t->outline, !outline_is_whole(t->outline));
    follow_object(t);
}

/* -- filter and sort ----------------------------------------------------------------------------- */

static gboolean tree_filter(struct view *v, const char *text, GError **error)
{
    struct tree *t = as_tree(v);
    struct filter *f = filter_parse(text, v->kind->columns, NULL, NULL, error);
    if (!f)
        return FALSE;
    outline_filter(t->outline, f, clock_wall_ms());
    g_free(t->filter_text);
    t->filter_text = g_strdup(text);
    follow_object(t);
    uint32_t row = cursor_row(t);
    if (row != ROW_NONE && !outline_node(t->outline, row).match)
        next_match(v);
    return TRUE;
}

static const char *tree_filter_text(const struct view *v)
{
    return as_const_tree(v)->filter_text;
}

static const char *tree_sort_text(const struct view *v)
{
    return as_const_tree(v)->sort;
}

static gboolean tree_sort(struct view *v, const char *columns, GError **error)
{
    struct tree *t = as_tree(v);
    if (!outline_sort(t->outline, columns, v->kind->columns, error))
        return FALSE;
    g_free(t->sort);
    t->sort = g_strdup(columns);
    follow_object(t);
    return TRUE;
}

static void reverse(struct view *v)
{
    const char *sort = as_tree(v)->sort;
    sort = *sort ? sort : "name";
    g_autofree char *other = *sort == '-' ? g_strdup(sort + 1) : g_strconcat("-", sort, NULL);
    tree_sort(v, other, NULL);
}

static void server_order(struct view *v)
{
    tree_sort(v, "", NULL);
}

/* -- data ---------------------------------------------------------------------------------------- */

static void measure_names(struct tree *t)
{
    const struct snapshot *s = outline_snapshot(t->outline);
    size_t n = s ? snapshot_count(s) : 0;
    g_array_set_size(t->widths, (guint)n);
    for (size_t row = 0; row < n; row++)
        g_array_index(t->widths, int, row) = text_width(snapshot_row(s, row)->name);
}

static void tree_update(struct view *v, const GPtrArray *entries)
{
    struct tree *t = as_tree(v);
    const struct store_entry *e = entries->len ? g_ptr_array_index(entries, 0) : NULL;
    outline_set(t->outline, e ? e->snapshot : NULL, clock_wall_ms());
    t->stale = e && (e->error || (e->snapshot && snapshot_remembered(e->snapshot)));
    t->asked = e && (e->asked_ms > 0 || e->snapshot);
    banners_set(&t->banners, entries);
    measure_names(t);
    follow_object(t);
}

/* -- drawing ------------------------------------------------------------------------------------- */

/* The guides of a node, in width columns: for every level a line where siblings follow. What is too
 * deep for that gets the number of its level and the last guides. */
static void append_guides(const struct tree *t, uint32_t row, int width, bool ascii, GString *out)
{
    const struct outline_node own = outline_node(t->outline, row);
    unsigned room = (unsigned)(MAX(width, 0) / INDENT);
    unsigned levels = own.depth;
    gssize start = (gssize)out->len;
    if (levels > room) {
        g_string_append_printf(out, "%u ", own.depth);
        start = (gssize)out->len;
        levels = room - MIN(room, ((unsigned)out->len + 1) / INDENT);
    }
    const char *const branch[] = {ascii ? "|-" : "├ ", ascii ? "`-" : "└ "};
    const char *const pass[] = {ascii ? "| " : "│ ", "  "};
    for (unsigned i = 0; i < levels; i++, row = outline_parent(t->outline, row)) {
        bool last = outline_node(t->outline, row).last;
        g_string_insert(out, start, i == 0 ? branch[last] : pass[last]);
    }
}

static enum role name_role(const struct tree *t, const struct row *r, const struct outline_node *n)
{
    if (t->stale || r->error)
        return ROLE_STALE;
    if (n->forced)
        return ROLE_DIM;
    return outline_is_filtered(t->outline) && outline_is_whole(t->outline) && n->match ? ROLE_MATCH
                                                                                       : ROLE_TEXT;
}

/* The name column of a node: its guides, whether it is folded, its name, what the fold hides. */
static void draw_name(
    const struct tree *t, const struct paint_row *r, int x, int width, const struct outline_node *n)
{
    const struct row *row = row_of(t, (uint32_t)r->row);
    GString *text = g_string_truncate(r->scratch, 0);
    append_badge(n, text);
    g_autofree char *badge = g_strdup(text->str);
    int badge_width = (int)text->len + (n->folded ? 2 : 0);
    int least = MIN(g_array_index(t->widths, int, r->row), NAME_LEAST) + badge_width;
    g_string_truncate(text, 0);
    append_guides(t, (uint32_t)r->row, width - least, r->s->ascii, text);
    if (n->folded)
        g_string_append(text, "+ ");
    int before = text_width(text->str);
    surface_put(r->s, x, r->y, width, ROLE_DIM, text->str);
    int room = MAX(width - before - (int)strlen(badge), 1);
    g_autofree char *name = text_cut_middle(row->name, room, r->s->ascii);
    surface_put(r->s, x + before, r->y, width - before, name_role(t, row, n), name);
    int end = before + text_width(name);
    enum role role = n->problems > 0 ? paint_state_role(n->worst, PHASE_DONE) : ROLE_DIM;
    surface_put(r->s, x + end, r->y, width - end, t->stale ? ROLE_STALE : role, badge);
}

static void draw_line(
    const struct tree *t, struct paint_row *r, size_t line, const struct paint_layout *l)
{
    uint32_t row = outline_row(t->outline, line);
    struct outline_node n = outline_node(t->outline, row);
    struct row marked = *row_of(t, row);
    if (n.folded && n.worst > (marked.error ? HEALTH_UNKNOWN : marked.health)) {
        marked.health = (uint8_t)n.worst;
        marked.error = NULL;
    }
    r->row = row;
    surface_put(
        r->s, 0, r->y, 1, paint_mark_role(&marked, t->stale), paint_mark(&marked, t->stale));
    if (line == t->list_view.list.cursor)
        surface_put(r->s, 1, r->y, 1, ROLE_CURSOR, ">");
    if (outline_is_filtered(t->outline) && outline_is_whole(t->outline) && n.match)
        surface_put(r->s, 2, r->y, 1, ROLE_MATCH, "/");
    if (l->count > 0)
        draw_name(t, r, l->x[0], l->width[0], &n);
    if (!n.forced) /* what only leads to a match has no numbers, so that one sees which it is */
        paint_cells(r, l, true);
}

static const char *empty_text(const struct tree *t)
{
    if (t->filter_text && *t->filter_text)
        return "nothing matches the filter\nesc clears it";
    if (t->banners.count > 0)
        return "nothing to show: see the reason above\nr tries again";
    return t->asked ? "nothing here\nd shows what it belongs to" : "reading ...";
}

/* Lays the columns out and draws their headings. */
static void draw_headings(
    const struct tree *t, struct surface *s, int y, struct paint_layout *layout)
{
    const struct kind *k = t->list_view.base.kind;
    const struct snapshot *known = outline_snapshot(t->outline);
    g_autoptr(GPtrArray) snapshots = g_ptr_array_new();
    if (known)
        g_ptr_array_add(snapshots, (gpointer)known);
    const struct paint_table table = {
        .kind = k, .columns = k->columns, .snapshots = snapshots, .name_width = t->widest};
    paint_layout(layout, &table, MARK_WIDTH, s->width - MARK_WIDTH);
    paint_headings(s, y, layout, k, k->columns, t->sort);
}

static void tree_draw(struct view *v, struct surface *s, int64_t now_ms)
{
    struct tree *t = as_tree(v);
    int used = banners_draw(&t->banners, s, now_ms);
    struct paint_layout layout;
    draw_headings(t, s, used++, &layout);
    size_t height = s->height > used ? (size_t)(s->height - used) : 0;
    struct list *l = &t->list_view.list;
    size_t lines = outline_lines(t->outline);
    list_fit(l, lines, height);
    g_autoptr(GString) scratch = g_string_sized_new(64);
    struct paint_row row = {.s = s,
        .columns = v->kind->columns,
        .snapshot = outline_snapshot(t->outline),
        .stale = t->stale,
        .reader = {now_ms, v->settings->zone},
        .scratch = scratch};
    for (size_t i = 0; i < height && l->top + i < lines; i++) {
        row.y = used + (int)i;
        draw_line(t, &row, l->top + i, &layout);
    }
    if (lines == 0) {
        struct surface rest = surface_part(s, 0, used, s->width, s->height - used);
        paint_notice(&rest, ROLE_DIM, empty_text(t));
    }
}

/* The lines with their guides, without the numbers. */
static void tree_text(const struct view *v, GString *out, int64_t now_ms)
{
    (void)now_ms;
    const struct tree *t = as_const_tree(v);
    g_autoptr(GString) guides = g_string_new(NULL);
    for (size_t i = 0; i < outline_lines(t->outline); i++) {
        uint32_t row = outline_row(t->outline, i);
        struct outline_node n = outline_node(t->outline, row);
        g_string_truncate(guides, 0);
        append_guides(t, row, INT_MAX, true, guides);
        g_string_append_printf(out, "%s %s%s%s", paint_mark(row_of(t, row), t->stale), guides->str,
            n.folded ? "+ " : "", row_of(t, row)->name);
        append_badge(&n, out);
        g_string_append_c(out, '\n');
    }
}

static void tree_status(const struct view *v, GString *out)
{
    const struct tree *t = as_const_tree(v);
    const struct snapshot *s = outline_snapshot(t->outline);
    size_t all = s ? snapshot_count(s) : 0;
    size_t lines = outline_lines(t->outline);
    if (outline_is_filtered(t->outline)) {
        g_string_append_printf(out, "%zu/%zu  /%s%s", outline_matches(t->outline), all,
            t->filter_text, outline_is_whole(t->outline) ? "  all shown" : "");
    } else {
        g_string_append_printf(out, "%zu %s", all, all == 1 ? "row" : "rows");
        if (lines < all)
            g_string_append_printf(out, ", %zu folded away", all - lines);
    }
    if (strcmp(t->sort, v->kind->sort ? v->kind->sort : "") != 0)
        g_string_append_printf(out, "  sort %s", *t->sort ? t->sort : "as the server's");
}

static struct view *tree_create(const struct kind *k)
{
    struct tree *t = g_new0(struct tree, 1);
    t->list_view.base.class = &tree_view;
    t->list_view.base.kind = k;
    t->list_view.moved = tree_moved;
    t->outline = outline_new();
    t->widths = g_array_new(FALSE, FALSE, sizeof(int));
    tree_sort(&t->list_view.base, k->sort ? k->sort : "", NULL);
    return &t->list_view.base;
}

static void tree_free(struct view *v)
{
    struct tree *t = as_tree(v);
    outline_free(t->outline);
    g_array_unref(t->widths);
    g_free(t->filter_text);
    g_free(t->sort);
    banners_clear(&t->banners);
    g_free(t);
}

static const struct view_command commands[] = {
    LIST_COMMANDS,
    {"fold", "space", "fold or unfold the node", .run = toggle_fold},
    {"fold-or-parent", "left", "fold the node, or go to its parent", .run = fold_or_parent},
    {"unfold-or-child", "right", "unfold the node, or go to its first child",
        .run = unfold_or_child},
    {"unfold-all", "+", "unfold everything", .run = unfold_all},
    {"fold-all", "_", "fold everything", .run = fold_all},
    {"unfold-problems", "*", "unfold what leads to rows not ok", .run = unfold_problems},
    {"next-sibling", "}", "next node below the same parent", .run = next_sibling},
    {"previous-sibling", "{", "previous node below the same parent", .run = previous_sibling},
    {"next-match", "n", "next match of the filter, or row not ok", .run = next_match},
    {"match-before", "P", "previous match, or row not ok", .run = previous_match},
    {"whole", "&", "hide what does not match, or mark what does", .run = toggle_whole},
    {"reverse", "O", "reverse the sort of siblings", .run = reverse},
    {"server-order", "U", "siblings as the server has them", .run = server_order},
    {0},
};

static const struct view_class tree_view = {
    .shape = SHAPE_TREE,
    .commands = commands,
    .create = tree_create,
    .free = tree_free,
    .update = tree_update,
    .draw = tree_draw,
    .selected = tree_selected,
    .copy_text = tree_copy_text,
    .filter = tree_filter,
    .filter_text = tree_filter_text,
    .sort = tree_sort,
    .sort_text = tree_sort_text,
    .text = tree_text,
    .status = tree_status,
};
VIEW(tree);
