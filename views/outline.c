/* Every row knows how many rows stand in its subtree, itself included (`size`), and its place in the
 * whole order (`at`), in which a subtree is one run. So a fold is a jump over size rows, the last of
 * its siblings is the one that ends where its parent ends, and no pointers are followed: a parent's
 * row number is less than its children's, so one pass backwards sums up and one pass forwards places.
 * Both are made anew when rows, filter or sort change; a key that moves or folds only moves lines. */
#include "outline.h"

#include <string.h>

#include "arrange.h"

struct node {
    uint64_t id;
    uint32_t at, size; /* size 0: left out by the filter */
    uint32_t problems; /* in its subtree, itself included */
    uint32_t depth;
    uint8_t worst_below; /* enum health */
    bool match;
};

/* Which nodes are folded: all but those, or none but those. */
struct folds {
    bool all;
    GHashTable *others; /* ids */
};

struct outline {
    const struct snapshot *snapshot;
    uint32_t count;
    struct node *nodes;
    uint32_t *order; /* rows by `at` */
    uint32_t shown;  /* of them */
    size_t matches;
    GArray *lines; /* uint32_t rows */
    struct filter *filter;
    bool whole;
    char *sort;
    const struct column *columns; /* that the sort is about */
    struct folds folds[2];        /* without and with a filter */
};

static void folds_set(struct folds *f, bool all)
{
    f->all = all;
    g_hash_table_remove_all(f->others);
}

struct outline *outline_new(void)
{
    struct outline *o = g_new0(struct outline, 1);
    o->lines = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (unsigned i = 0; i < G_N_ELEMENTS(o->folds); i++)
        o->folds[i].others = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    return o;
}

void outline_free(struct outline *o)
{
    if (!o)
        return;
    snapshot_unref(o->snapshot);
    g_free(o->nodes);
    g_free(o->order);
    g_array_unref(o->lines);
    filter_free(o->filter);
    g_free(o->sort);
    for (unsigned i = 0; i < G_N_ELEMENTS(o->folds); i++)
        g_hash_table_unref(o->folds[i].others);
    g_free(o);
}

/* -- identity ------------------------------------------------------------------------------------ */

/* FNV-1a over the keys from the root down. */
static uint64_t hash_key(uint64_t hash, const char *key)
{
    for (const unsigned char *p = (const unsigned char *)key; *p; p++)
        hash = (hash ^ *p) * 1099511628211u;
    return (hash ^ 0xff) * 1099511628211u; /* no byte of a key: "ab","c" is not "a","bc" */
}

static uint32_t parent_of(const struct outline *o, uint32_t row)
{
    return snapshot_row(o->snapshot, row)->parent;
}

/* Equal keys under one parent are told apart by their order. */
static void identify(struct outline *o)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (uint32_t row = 0; row < o->count; row++) {
        uint32_t parent = parent_of(o, row);
        struct node *n = &o->nodes[row];
        bool root = parent == ROW_NONE;
        n->depth = root ? 0 : o->nodes[parent].depth + 1;
        n->id = hash_key(root ? 14695981039346656037u : o->nodes[parent].id,
            snapshot_row(o->snapshot, row)->key);
        while (g_hash_table_contains(seen, &n->id))
            n->id = hash_key(n->id, "");
        g_hash_table_add(seen, &n->id);
    }
}

/* -- the order ----------------------------------------------------------------------------------- */

static bool is_problem(const struct row *r)
{
    return r->health != HEALTH_OK || r->error;
}

static enum health health_of(const struct row *r)
{
    return r->error ? MAX(r->health, HEALTH_UNKNOWN) : r->health;
}

static void find_matches(struct outline *o, int64_t now_ms)
{
    o->matches = 0;
    for (uint32_t row = 0; row < o->count; row++) {
        bool match = !o->filter || filter_match(o->filter, o->snapshot, row, now_ms);
        o->nodes[row].match = match;
        o->matches += match;
    }
}

/* What stands in each subtree: children before parents. */
static void sum_up(struct outline *o)
{
    for (uint32_t row = 0; row < o->count; row++) {
        struct node *n = &o->nodes[row];
        n->size = n->match || o->whole;
        n->problems = 0;
        n->worst_below = HEALTH_OK;
    }
    o->shown = 0;
    for (uint32_t row = o->count; row-- > 0;) {
        struct node *n = &o->nodes[row];
        const struct row *r = snapshot_row(o->snapshot, row);
        if (n->size == 0)
            continue;
        n->problems += is_problem(r);
        uint32_t parent = r->parent;
        if (parent == ROW_NONE) {
            o->shown += n->size;
            continue;
        }
        struct node *p = &o->nodes[parent];
        p->size = MAX(p->size, 1) + n->size; /* it leads here, so it is shown */
        p->problems += n->problems;
        p->worst_below = MAX(p->worst_below, MAX(n->worst_below, (uint8_t)health_of(r)));
    }
}

/* Siblings follow each other as in sorted (NULL: as they came). */
static void place(struct outline *o, const struct arrange *sorted)
{
    g_autofree uint32_t *used = g_new0(uint32_t, (gsize)o->count + 1);
    for (uint32_t i = 0; i < o->count; i++) { /* first within the parent */
        size_t row = i;
        const struct snapshot *s;
        if (sorted)
            arrange_at(sorted, i, &s, &row);
        struct node *n = &o->nodes[row];
        uint32_t parent = parent_of(o, (uint32_t)row);
        uint32_t *before = &used[MIN(parent, o->count)];
        n->at = *before + (parent != ROW_NONE);
        *before += n->size;
    }
    for (uint32_t row = 0; row < o->count; row++) {
        uint32_t parent = parent_of(o, row);
        if (parent != ROW_NONE)
            o->nodes[row].at += o->nodes[parent].at;
        if (o->nodes[row].size > 0)
            o->order[o->nodes[row].at] = row;
    }
}

static const struct folds *folds_of(const struct outline *o)
{
    return &o->folds[outline_is_filtered(o)];
}

static bool is_folded(const struct outline *o, uint32_t row)
{
    const struct folds *f = folds_of(o);
    const struct node *n = &o->nodes[row];
    return n->size > 1 && f->all != g_hash_table_contains(f->others, &n->id);
}

/* Appends the rows between two places of the order that no fold between them hides. */
static void append_lines(const struct outline *o, uint32_t from, uint32_t end, GArray *lines)
{
    while (from < end) {
        uint32_t row = o->order[from];
        g_array_append_val(lines, row);
        from += is_folded(o, row) ? o->nodes[row].size : 1;
    }
}

static void make_lines(struct outline *o)
{
    g_array_set_size(o->lines, 0);
    append_lines(o, 0, o->shown, o->lines);
}

static void make_order(struct outline *o)
{
    sum_up(o);
    AUTO(arrange) sorted = NULL;
    if (o->sort && *o->sort && o->snapshot) {
        sorted = arrange_new();
        arrange_set_sort(sorted, o->sort, o->columns, NULL);
        arrange_set_input(sorted, &o->snapshot, 1);
        arrange_finish(sorted, 0);
    }
    place(o, sorted);
    make_lines(o);
}

void outline_set(struct outline *o, const struct snapshot *s, int64_t now_ms)
{
    const struct snapshot *old = o->snapshot;
    o->snapshot = s ? snapshot_ref(s) : NULL;
    snapshot_unref(old);
    o->count = s ? (uint32_t)snapshot_count(s) : 0;
    o->nodes = g_renew(struct node, o->nodes, (gsize)o->count + 1);
    o->order = g_renew(uint32_t, o->order, (gsize)o->count + 1);
    identify(o);
    find_matches(o, now_ms);
    make_order(o);
}

gboolean outline_sort(
    struct outline *o, const char *sort, const struct column *columns, GError **error)
{
    AUTO(arrange) probe = arrange_new();
    if (!arrange_set_sort(probe, sort, columns, error))
        return FALSE;
    g_free(o->sort);
    o->sort = g_strdup(sort);
    o->columns = columns;
    make_order(o);
    return TRUE;
}

void outline_filter(struct outline *o, struct filter *take_f, int64_t now_ms)
{
    filter_free(o->filter);
    o->filter = take_f && !filter_is_empty(take_f) ? take_f : NULL;
    if (!o->filter)
        filter_free(take_f);
    folds_set(&o->folds[1], false);
    find_matches(o, now_ms);
    make_order(o);
}

void outline_show_whole(struct outline *o, bool whole)
{
    o->whole = whole;
    make_order(o);
}

bool outline_is_whole(const struct outline *o)
{
    return o->whole;
}

/* -- reading ------------------------------------------------------------------------------------- */

const struct snapshot *outline_snapshot(const struct outline *o)
{
    return o->snapshot;
}

bool outline_is_filtered(const struct outline *o)
{
    return o->filter != NULL;
}

size_t outline_matches(const struct outline *o)
{
    return o->matches;
}

size_t outline_lines(const struct outline *o)
{
    return o->lines->len;
}

uint32_t outline_row(const struct outline *o, size_t line)
{
    return g_array_index(o->lines, uint32_t, line);
}

/* Lines ascend in the order. */
size_t outline_line(const struct outline *o, uint32_t row)
{
    while (row < o->count && o->nodes[row].size == 0)
        row = parent_of(o, row);
    if (row >= o->count)
        return o->lines->len;
    uint32_t at = o->nodes[row].at;
    size_t low = 0,
           high = o->lines->len; /* the last line that is not behind the row is below high */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (o->nodes[outline_row(o, middle)].at <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint64_t outline_id(const struct outline *o, uint32_t row)
{
    return o->nodes[row].id;
}

uint32_t outline_find(const struct outline *o, uint64_t id)
{
    for (uint32_t row = 0; row < o->count; row++)
        if (o->nodes[row].id == id)
            return row;
    return ROW_NONE;
}

uint32_t outline_parent(const struct outline *o, uint32_t row)
{
    return parent_of(o, row);
}

struct outline_node outline_node(const struct outline *o, uint32_t row)
{
    const struct node *n = &o->nodes[row];
    uint32_t parent = parent_of(o, row);
    const struct node *p = parent == ROW_NONE ? NULL : &o->nodes[parent];
    bool known = n->size > 0;
    return (struct outline_node){
        .depth = n->depth,
        .folded = is_folded(o, row),
        .last = n->at + n->size == (p ? p->at + p->size : o->shown),
        .match = n->match,
        .forced = !n->match && !o->whole,
        .below = known ? n->size - 1 : 0,
        .problems = known ? n->problems - is_problem(snapshot_row(o->snapshot, row)) : 0,
        .worst = n->worst_below,
    };
}

/* -- folding ------------------------------------------------------------------------------------- */

static void set_fold(struct outline *o, uint32_t row, bool fold)
{
    struct folds *f = &o->folds[outline_is_filtered(o)];
    const uint64_t *id = &o->nodes[row].id;
    if (fold == f->all)
        g_hash_table_remove(f->others, id);
    else
        g_hash_table_add(f->others, g_memdup2(id, sizeof *id));
}

bool outline_fold(struct outline *o, size_t line, bool fold)
{
    uint32_t row = outline_row(o, line);
    const struct node *n = &o->nodes[row];
    if (n->size < 2 || is_folded(o, row) == fold)
        return false;
    set_fold(o, row, fold);
    guint next = (guint)line + 1;
    if (fold) {
        guint end = next;
        while (end < o->lines->len && o->nodes[outline_row(o, end)].at < n->at + n->size)
            end++;
        g_array_remove_range(o->lines, next, end - next);
    } else {
        g_autoptr(GArray) below = g_array_new(FALSE, FALSE, sizeof(uint32_t));
        append_lines(o, n->at + 1, n->at + n->size, below);
        g_array_insert_vals(o->lines, next, below->data, below->len);
    }
    return true;
}

void outline_fold_all(struct outline *o, bool fold)
{
    folds_set(&o->folds[outline_is_filtered(o)], fold);
    make_lines(o);
}

void outline_fold_to_problems(struct outline *o)
{
    folds_set(&o->folds[outline_is_filtered(o)], true);
    for (uint32_t row = 0; row < o->count; row++)
        if (o->nodes[row].size > 1 && outline_node(o, row).problems > 0)
            set_fold(o, row, false);
    make_lines(o);
}

void outline_reveal(struct outline *o, uint32_t row)
{
    bool changed = false;
    for (uint32_t above = parent_of(o, row); above != ROW_NONE; above = parent_of(o, above)) {
        if (is_folded(o, above)) {
            set_fold(o, above, false);
            changed = true;
        }
    }
    if (changed)
        make_lines(o);
}

/* -- looking around ------------------------------------------------------------------------------ */

uint32_t outline_sibling(const struct outline *o, uint32_t row, int direction)
{
    const struct node *n = &o->nodes[row];
    uint32_t parent = parent_of(o, row);
    if (direction > 0) {
        uint32_t end = n->at + n->size;
        return outline_node(o, row).last ? ROW_NONE : o->order[end];
    }
    if (n->at == 0)
        return ROW_NONE;
    uint32_t other =
        o->order[n->at - 1]; /* the parent, or the end of the subtree before this one */
    while (other != parent && parent_of(o, other) != parent)
        other = parent_of(o, other);
    return other == parent ? ROW_NONE : other;
}

static bool stands_out(const struct outline *o, uint32_t row)
{
    return o->filter ? o->nodes[row].match : is_problem(snapshot_row(o->snapshot, row));
}

uint32_t outline_next(const struct outline *o, uint32_t row, int direction)
{
    for (uint32_t step = 1; step <= o->shown; step++) {
        uint32_t away = direction > 0 ? step : o->shown - step;
        uint32_t other = o->order[(o->nodes[row].at + away) % o->shown];
        if (stands_out(o, other))
            return other;
    }
    return ROW_NONE;
}
