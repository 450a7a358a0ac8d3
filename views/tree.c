/* The tree: rows that have parents in the same snapshot, drawn depth first, with folds. A node is
 * known by its path of keys, so folds and cursor survive a refresh. */
#include <string.h>

#include "banner.h"
#include "clock.h"
#include "error.h"
#include "filter.h"
#include "list.h"
#include "paint.h"
#include "view.h"

#define MARK_WIDTH 3
#define INDENT     2
#define INDENT_MAX 128 /* deeper nodes stand below each other */

static const struct view_class tree_view;

struct line {
    uint32_t row;
    unsigned depth;
    bool folded; /* has children that are not shown */
    bool last;   /* of its siblings */
};

struct tree {
    struct list_view list_view;
    const struct snapshot *snapshot; /* NULL: nothing read */
    GArray *lines;                   /* struct line: what is shown, in order */
    GHashTable *folds;               /* paths of folded nodes */
    struct filter *filter;
    char *filter_text;
    char *path; /* of the node under the cursor */
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

/* The keys from a node up to its root: a node may stand under several parents. */
static char *path_of(const struct tree *t, uint32_t row)
{
    GString *path = g_string_new(NULL);
    for (; row < snapshot_count(t->snapshot); row = snapshot_row(t->snapshot, row)->parent) {
        g_string_append(path, snapshot_row(t->snapshot, row)->key);
        g_string_append_c(path, '\n');
    }
    return g_string_free(path, FALSE);
}

static bool is_folded(const struct tree *t, uint32_t row)
{
    if (g_hash_table_size(t->folds) == 0)
        return false;
    g_autofree char *path = path_of(t, row);
    return g_hash_table_contains(t->folds, path);
}

/* -- lines --------------------------------------------------------------------------------------- */

/* The rows as a tree: of each its first child and its next sibling, or ROW_NONE. The place after the
 * last row stands above the roots. */
struct kin {
    uint32_t child, sibling;
};

static GArray *kin_of(const struct snapshot *s)
{
    uint32_t n = (uint32_t)snapshot_count(s);
    GArray *all = g_array_sized_new(FALSE, FALSE, sizeof(struct kin), n + 1);
    for (uint32_t row = 0; row <= n; row++)
        g_array_append_val(all, ((struct kin){ROW_NONE, ROW_NONE}));
    struct kin *kin = (struct kin *)(void *)all->data;
    for (uint32_t row = n; row-- > 0;) {
        struct kin *parent = &kin[MIN(snapshot_row(s, row)->parent, n)];
        kin[row].sibling = parent->child;
        parent->child = row;
    }
    return all;
}

/* Depth first. A parent's index is less than its children's, so this ends. */
static void add_lines(struct tree *t, int64_t now_ms)
{
    g_autoptr(GArray) all = kin_of(t->snapshot);
    const struct kin *kin = (const struct kin *)(const void *)all->data;
    uint32_t row = kin[all->len - 1].child;
    struct line line = {0};
    while (row != ROW_NONE) {
        line.row = row;
        line.last = kin[row].sibling == ROW_NONE;
        line.folded = kin[row].child != ROW_NONE && is_folded(t, row);
        if (!t->filter || filter_match(t->filter, t->snapshot, row, now_ms))
            g_array_append_val(t->lines, line);
        if (kin[row].child != ROW_NONE && !line.folded) {
            row = kin[row].child;
            line.depth++;
            continue;
        }
        while (kin[row].sibling == ROW_NONE && line.depth > 0) {
            row = snapshot_row(t->snapshot, row)->parent;
            line.depth--;
        }
        row = kin[row].sibling;
    }
}

static bool is_at(const struct tree *t, guint place, const char *path)
{
    uint32_t row = g_array_index(t->lines, struct line, place).row;
    if (!g_str_has_prefix(path, snapshot_row(t->snapshot, row)->key))
        return false;
    g_autofree char *own = path_of(t, row);
    return strcmp(own, path) == 0;
}

static void rebuild(struct tree *t)
{
    g_array_set_size(t->lines, 0);
    if (!t->snapshot)
        return;
    add_lines(t, clock_wall_ms());
    struct list *l = &t->list_view.list;
    for (guint i = 0; t->path && i < t->lines->len; i++)
        if (is_at(t, i, t->path)) {
            l->cursor = i;
            break;
        }
    list_fit(l, t->lines->len, l->height);
}

static bool tree_selected(const struct view *v, const struct snapshot **s, size_t *row)
{
    const struct tree *t = as_const_tree(v);
    if (t->list_view.list.cursor >= t->lines->len)
        return false;
    *s = t->snapshot;
    *row = g_array_index(t->lines, struct line, t->list_view.list.cursor).row;
    return true;
}

static void tree_moved(struct list_view *v)
{
    const struct snapshot *s;
    size_t row;
    struct tree *t = as_tree(&v->base);
    g_clear_pointer(&t->path, g_free);
    if (tree_selected(&v->base, &s, &row))
        t->path = path_of(t, (uint32_t)row);
}

static void toggle_fold(struct view *v)
{
    struct tree *t = as_tree(v);
    tree_moved(&t->list_view);
    if (!t->path)
        return;
    if (!g_hash_table_remove(t->folds, t->path))
        g_hash_table_add(t->folds, g_strdup(t->path));
    rebuild(t);
}

static void unfold_all(struct view *v)
{
    tree_moved(&as_tree(v)->list_view);
    g_hash_table_remove_all(as_tree(v)->folds);
    rebuild(as_tree(v));
}

/* -- data ---------------------------------------------------------------------------------------- */

static void tree_update(struct view *v, const GPtrArray *entries)
{
    struct tree *t = as_tree(v);
    const struct store_entry *e = entries->len ? g_ptr_array_index(entries, 0) : NULL;
    snapshot_unref(t->snapshot);
    t->snapshot = e && e->snapshot ? snapshot_ref(e->snapshot) : NULL;
    t->stale = e && e->error;
    t->asked = e && (e->asked_ms > 0 || e->snapshot);
    banners_set(&t->banners, entries);
    rebuild(t);
}

static gboolean tree_filter(struct view *v, const char *text, GError **error)
{
    struct tree *t = as_tree(v);
    struct filter *f = filter_parse(text, v->kind->columns, NULL, NULL, error);
    if (!f)
        return FALSE;
    filter_free(t->filter);
    t->filter = f;
    g_free(t->filter_text);
    t->filter_text = g_strdup(text);
    rebuild(t);
    return TRUE;
}

static const char *tree_filter_text(const struct view *v)
{
    return as_const_tree(v)->filter_text;
}

/* -- drawing ------------------------------------------------------------------------------------- */

/* The name column of a node: its depth as blanks, a branch, whether it is folded. */
static void draw_name(struct surface *s, int x, int y, int width, const struct line *line,
    const struct row *r, enum role role)
{
    const char *branch = line->folded   ? "+ "
                         : !line->depth ? ""
                         : line->last   ? surface_glyph(s, "└ ", "` ")
                                        : surface_glyph(s, "├ ", "| ");
    g_autofree char *text = g_strdup_printf("%*s%s%s",
        line->depth > 0 ? (int)MIN((line->depth - 1) * INDENT, INDENT_MAX) : 0, "", branch,
        r->name);
    surface_put(s, x, y, width, role, text);
}

static void draw_line(
    struct tree *t, struct paint_row *r, size_t place, const struct paint_layout *l)
{
    const struct line *line = &g_array_index(t->lines, struct line, place);
    const struct row *row = snapshot_row(t->snapshot, line->row);
    r->row = line->row;
    surface_put(r->s, 0, r->y, 1, paint_mark_role(row, t->stale), paint_mark(row, t->stale));
    if (place == t->list_view.list.cursor)
        surface_put(r->s, 1, r->y, 1, ROLE_CURSOR, ">");
    enum role role = t->stale || row->error ? ROLE_STALE : ROLE_TEXT;
    if (l->count > 0)
        draw_name(r->s, l->x[0], r->y, l->width[0], line, row, role);
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

static int deepest(const struct tree *t)
{
    unsigned depth = 0;
    for (guint i = 0; i < t->lines->len; i++)
        depth = MAX(depth, g_array_index(t->lines, struct line, i).depth);
    return (int)MIN(depth, INDENT_MAX / INDENT);
}

static void tree_draw(struct view *v, struct surface *s, int64_t now_ms)
{
    struct tree *t = as_tree(v);
    int used = banners_draw(&t->banners, s, now_ms);
    struct paint_layout layout;
    g_autoptr(GPtrArray) snapshots = g_ptr_array_new();
    if (t->snapshot)
        g_ptr_array_add(snapshots, (gpointer)t->snapshot);
    const struct paint_table table = {.kind = v->kind,
        .columns = v->kind->columns,
        .snapshots = snapshots,
        .name_extra = deepest(t) * INDENT};
    paint_layout(&layout, &table, MARK_WIDTH, s->width - MARK_WIDTH);
    paint_headings(s, used, &layout, v->kind, v->kind->columns, NULL);
    used++;
    size_t height = s->height > used ? (size_t)(s->height - used) : 0;
    struct list *l = &t->list_view.list;
    list_fit(l, t->lines->len, height);
    g_autoptr(GString) scratch = g_string_sized_new(64);
    struct paint_row row = {.s = s,
        .columns = v->kind->columns,
        .snapshot = t->snapshot,
        .stale = t->stale,
        .reader = {now_ms, v->settings->zone},
        .scratch = scratch};
    for (size_t i = 0; i < height && l->top + i < t->lines->len; i++) {
        row.y = used + (int)i;
        draw_line(t, &row, l->top + i, &layout);
    }
    if (t->lines->len == 0) {
        struct surface rest = surface_part(s, 0, used, s->width, s->height - used);
        paint_notice(&rest, ROLE_DIM, empty_text(t));
    }
}

static void tree_status(const struct view *v, GString *out)
{
    const struct tree *t = as_const_tree(v);
    size_t all = t->snapshot ? snapshot_count(t->snapshot) : 0;
    if (t->filter_text && *t->filter_text)
        g_string_append_printf(out, "%u/%zu  /%s", t->lines->len, all, t->filter_text);
    else
        g_string_append_printf(out, "%zu %s", all, all == 1 ? "row" : "rows");
}

static struct view *tree_create(const struct kind *k)
{
    struct tree *t = g_new0(struct tree, 1);
    t->list_view.base.class = &tree_view;
    t->list_view.base.kind = k;
    t->list_view.moved = tree_moved;
    t->lines = g_array_new(FALSE, FALSE, sizeof(struct line));
    t->folds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return &t->list_view.base;
}

static void tree_free(struct view *v)
{
    struct tree *t = as_tree(v);
    snapshot_unref(t->snapshot);
    g_array_unref(t->lines);
    g_hash_table_unref(t->folds);
    filter_free(t->filter);
    g_free(t->filter_text);
    g_free(t->path);
    banners_clear(&t->banners);
    g_free(t);
}

static const struct view_command commands[] = {
    LIST_COMMANDS,
    {"fold", "space", "fold or unfold the node", toggle_fold},
    {"unfold-all", "+", "unfold everything", unfold_all},
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
    .filter = tree_filter,
    .filter_text = tree_filter_text,
    .status = tree_status,
};
VIEW(tree);
