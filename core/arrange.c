/* One arrangement goes through three stages: filter all rows into a list of matches, pull the first
 * rows of the viewport out of it (a partial selection, so that something right can be drawn at once),
 * and sort the list whole by a bottom-up merge sort that can stop after any run. Two arrangements
 * exist: `current`, which the getters see, and `next`, which is being made. A row is a 32-bit number:
 * the rows of the snapshots, one after the other. */
#include "arrange.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "quantity.h"

#define SLICE_ROWS 2048
#define RUN_ROWS   512  /* sorted by qsort, then merged */
#define HEAD_MIN   4096 /* fewer matches are sorted at once: no need to select a head first */

struct sort_key {
    int column;
    bool descending;
};

/* A match with its first sort key at hand, so that comparing seldom leaves the list. */
struct item {
    union {
        double number;
        const char *text;
    };
    uint32_t row;
    uint8_t absent;
    uint8_t is_text;
};

struct order {
    GPtrArray *snapshots;
    uint32_t *base; /* first row number of each snapshot, and the end */
    struct item *items;
    size_t count; /* matches */
    size_t known; /* items in their final place, from 0 */
    size_t tally[4];
};

enum stage { STAGE_IDLE, STAGE_FILTER, STAGE_HEAD, STAGE_RUNS, STAGE_MERGE };

struct arrange {
    struct filter *filter;
    enum health least;
    struct sort_key keys[ARRANGE_KEYS_MAX];
    unsigned key_count;
    size_t first, viewport;
    struct order *current, *next;
    enum stage stage;
    size_t position;                    /* in the stage */
    size_t width;                       /* of the head, then of the runs being merged */
    size_t merge_a, merge_b, merge_out; /* inside one merge */
    struct item *other;                 /* the merge's target */
    bool narrow;                        /* filter only what passed before */
    bool current_fits; /* `current` holds the matches of `filter` among the newest rows */
};

/* qsort has no argument for its comparison in C11; qsort_r has (glibc). */
struct comparer {
    const struct arrange *a;
    const struct order *o;
};

static struct order *order_new(void)
{
    struct order *o = g_new0(struct order, 1);
    o->snapshots = g_ptr_array_new_with_free_func((GDestroyNotify)snapshot_unref);
    o->base = g_new0(uint32_t, 1);
    return o;
}

static void order_free(struct order *o)
{
    if (!o)
        return;
    g_ptr_array_unref(o->snapshots);
    g_free(o->base);
    g_free(o->items);
    g_free(o);
}

struct arrange *arrange_new(void)
{
    struct arrange *a = g_new0(struct arrange, 1);
    a->current = order_new();
    a->viewport = 64;
    return a;
}

void arrange_free(struct arrange *a)
{
    if (!a)
        return;
    order_free(a->current);
    order_free(a->next);
    filter_free(a->filter);
    g_free(a->other);
    g_free(a);
}

static const struct snapshot *locate(const struct order *o, uint32_t number, size_t *row)
{
    guint i = 0;
    while (number >= o->base[i + 1])
        i++;
    *row = number - o->base[i];
    return g_ptr_array_index(o->snapshots, i);
}

/* -- comparing ----------------------------------------------------------------------------------- */

static double state_rank(const struct snapshot *s, size_t row, int column)
{
    return column == COLUMN_HEALTH  ? snapshot_row(s, row)->health
           : column == COLUMN_PHASE ? snapshot_row(s, row)->phase
                                    : NAN;
}

static struct item make_item(const struct snapshot *s, size_t row, uint32_t number, int column)
{
    struct item item = {.row = number};
    if (column == COLUMN_HEALTH || column == COLUMN_PHASE) {
        item.number = state_rank(s, row, column);
        return item;
    }
    struct cell cell = snapshot_cell(s, row, column);
    if (cell.type == CELL_TEXT || cell.type == CELL_STATE || cell.type == CELL_LINK) {
        item.text = cell.text;
        item.is_text = 1;
    } else if (quantity_is_number(cell.type)) {
        item.number = quantity_value(cell);
    } else {
        item.absent = 1;
    }
    return item;
}

static int compare_items(const struct item *x, const struct item *y, bool descending)
{
    if (x->absent || y->absent)
        return (int)x->absent - (int)y->absent; /* absent last, both ways */
    int order;
    if (x->is_text && y->is_text)
        order = strcmp(x->text, y->text);
    else if (x->is_text || y->is_text)
        order = (int)y->is_text - (int)x->is_text;
    else
        order = (x->number > y->number) - (x->number < y->number);
    return descending ? -order : order;
}

static int compare(const void *px, const void *py, void *data)
{
    const struct item *x = px;
    const struct item *y = py;
    const struct comparer *c = data;
    int order = 0;
    for (unsigned k = 0; k < c->a->key_count && order == 0; k++) {
        const struct sort_key *key = &c->a->keys[k];
        if (k == 0) {
            order = compare_items(x, y, key->descending);
            continue;
        }
        size_t xr, yr;
        const struct snapshot *xs = locate(c->o, x->row, &xr);
        const struct snapshot *ys = locate(c->o, y->row, &yr);
        struct item xi = make_item(xs, xr, x->row, key->column);
        struct item yi = make_item(ys, yr, y->row, key->column);
        order = compare_items(&xi, &yi, key->descending);
    }
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

/* -- what to arrange ----------------------------------------------------------------------------- */

static void restart(struct arrange *a)
{
    a->stage = STAGE_FILTER;
    a->position = 0;
    g_clear_pointer(&a->other, g_free);
}

static struct order *order_like(const struct order *o)
{
    struct order *copy = order_new();
    guint n = o->snapshots->len;
    for (guint i = 0; i < n; i++)
        g_ptr_array_add(
            copy->snapshots, (gpointer)snapshot_ref(g_ptr_array_index(o->snapshots, i)));
    g_free(copy->base);
    copy->base = g_memdup2(o->base, (n + 1) * sizeof o->base[0]);
    return copy;
}

/* The order to be made, over the newest snapshots that were set. */
static void ensure_next(struct arrange *a)
{
    if (!a->next)
        a->next = order_like(a->current);
    g_clear_pointer(&a->next->items, g_free);
    a->next->count = 0;
    a->next->known = 0;
}

void arrange_set_input(struct arrange *a, const struct snapshot *const *snapshots, guint count)
{
    struct order *o = order_new();
    o->base = g_renew(uint32_t, o->base, count + 1);
    o->base[0] = 0;
    for (guint i = 0; i < count; i++) {
        g_ptr_array_add(o->snapshots, (gpointer)snapshot_ref(snapshots[i]));
        o->base[i + 1] = o->base[i] + (uint32_t)snapshot_count(snapshots[i]);
    }
    order_free(a->next);
    a->next = o;
    a->narrow = a->current_fits = false;
    restart(a);
}

void arrange_set_filter(struct arrange *a, struct filter *take_f)
{
    a->narrow = a->current_fits && take_f && (!a->filter || filter_narrows(take_f, a->filter));
    a->current_fits = false;
    filter_free(a->filter);
    a->filter = take_f;
    ensure_next(a);
    restart(a);
}

void arrange_set_least(struct arrange *a, enum health least)
{
    a->least = least;
    a->narrow = a->current_fits = false;
    ensure_next(a);
    restart(a);
}

gboolean arrange_set_sort(
    struct arrange *a, const char *sort, const struct column *columns, GError **error)
{
    struct sort_key keys[ARRANGE_KEYS_MAX];
    unsigned count = 0;
    g_auto(GStrv) names = g_strsplit(sort ? sort : "", ",", -1);
    for (char **name = names; *name && **name; name++) {
        bool descending = **name == '-';
        const char *column = *name + descending;
        int index = column_index(columns, column);
        if (count == ARRANGE_KEYS_MAX)
            return weir_fail(error, WEIR_ERROR_USAGE, "sort: at most %d columns", ARRANGE_KEYS_MAX);
        if (index == COLUMN_ADDRESS) /* no cell holds it: it is made of these */
            return weir_fail(
                error, WEIR_ERROR_USAGE, "sort: not by address; source,name is the same order");
        if (index == COLUMN_UNKNOWN) {
            g_autofree const char **all = column_names(columns);
            g_autofree char *list = g_strjoinv(" ", (char **)all);
            return weir_fail(
                error, WEIR_ERROR_USAGE, "sort: no column \"%s\". There are: %s", column, list);
        }
        keys[count++] = (struct sort_key){index, descending};
    }
    memcpy(a->keys, keys, sizeof keys[0] * count);
    a->key_count = count;
    a->narrow = a->current_fits;
    ensure_next(a);
    restart(a);
    return TRUE;
}

void arrange_set_viewport(struct arrange *a, size_t first, size_t count)
{
    a->first = first;
    a->viewport = count;
}

/* -- the stages ---------------------------------------------------------------------------------- */

static void swap_in(struct arrange *a)
{
    order_free(a->current);
    a->current = a->next;
    a->next = NULL;
    a->current_fits = true;
}

/* Rows to filter: those of the snapshots, or, when only letters were added to a word, what passed. */
static size_t candidates(const struct arrange *a)
{
    return a->narrow ? a->current->count : a->next->base[a->next->snapshots->len];
}

static void filter_row(struct arrange *a, uint32_t number, int64_t now_ms)
{
    struct order *o = a->next;
    size_t row;
    const struct snapshot *s = locate(o, number, &row);
    const struct row *r = snapshot_row(s, row);
    if ((r->health < a->least && !r->error) ||
        (a->filter && !filter_match(a->filter, s, row, now_ms)))
        return;
    int column = a->key_count ? a->keys[0].column : COLUMN_NAME;
    o->items[o->count++] = make_item(s, row, number, column);
    o->tally[r->health]++;
}

static enum arrange_result step_filter(struct arrange *a, int64_t now_ms)
{
    struct order *o = a->next;
    size_t all = candidates(a);
    if (a->position == 0) {
        g_free(o->items);
        o->items = g_new(struct item, MAX(all, 1));
        o->count = 0;
        memset(o->tally, 0, sizeof o->tally);
    }
    size_t end = MIN(a->position + SLICE_ROWS, all);
    for (size_t i = a->position; i < end; i++)
        filter_row(a, a->narrow ? a->current->items[i].row : (uint32_t)i, now_ms);
    a->position = end;
    if (end == all) {
        a->position = 0;
        a->stage = o->count > HEAD_MIN && a->key_count ? STAGE_HEAD : STAGE_RUNS;
    }
    return ARRANGE_MORE;
}

/* Keeps the best `wanted` items in a max-heap at the array's start by swapping: the root is the worst
 * of them. Then they are sorted and are the order's head. */
static void sift_down(struct item *heap, size_t n, size_t i, struct comparer *c)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= n)
            return;
        if (child + 1 < n && compare(&heap[child + 1], &heap[child], c) > 0)
            child++;
        if (compare(&heap[child], &heap[i], c) <= 0)
            return;
        struct item held = heap[i];
        heap[i] = heap[child];
        heap[child] = held;
        i = child;
    }
}

static void show_head(struct arrange *a, size_t wanted)
{
    struct order *o = a->next;
    struct comparer c = {a, o};
    qsort_r(o->items, wanted, sizeof o->items[0], compare, &c);
    o->known = wanted;
    struct order *more = order_like(o);
    more->items = g_memdup2(o->items, o->count * sizeof o->items[0]);
    more->count = o->count;
    memcpy(more->tally, o->tally, sizeof o->tally);
    swap_in(a);
    a->next = more;
}

static enum arrange_result step_head(struct arrange *a)
{
    struct order *o = a->next;
    struct comparer c = {a, o};
    if (a->position == 0) {
        a->width = MIN(a->first + a->viewport, o->count);
        a->stage = STAGE_RUNS;
        if (a->width == 0 ||
            a->width > o->count / 8) /* deep in the list: it costs as much as sorting */
            return ARRANGE_MORE;
        a->stage = STAGE_HEAD;
        a->position = a->width;
        for (size_t i = a->width / 2; i-- > 0;)
            sift_down(o->items, a->width, i, &c);
    }
    size_t end = MIN(a->position + SLICE_ROWS, o->count);
    for (size_t i = a->position; i < end; i++) {
        if (compare(&o->items[i], &o->items[0], &c) >= 0)
            continue;
        struct item held = o->items[0];
        o->items[0] = o->items[i];
        o->items[i] = held;
        sift_down(o->items, a->width, 0, &c);
    }
    a->position = end;
    if (end < o->count)
        return ARRANGE_MORE;
    a->position = 0;
    a->stage = STAGE_RUNS;
    show_head(a, a->width);
    return ARRANGE_SHOWN;
}

static enum arrange_result finish_order(struct arrange *a)
{
    a->next->known = a->next->count;
    if (a->next->count > 0)
        a->next->items = g_renew(struct item, a->next->items, a->next->count);
    g_clear_pointer(&a->other, g_free);
    a->stage = STAGE_IDLE;
    a->narrow = false;
    swap_in(a);
    return ARRANGE_DONE;
}

static enum arrange_result step_runs(struct arrange *a)
{
    struct order *o = a->next;
    struct comparer c = {a, o};
    if (!a->key_count && !a->narrow)
        return finish_order(a); /* the filter kept the snapshots' order */
    size_t n = MIN(RUN_ROWS, o->count - a->position);
    qsort_r(o->items + a->position, n, sizeof o->items[0], compare, &c);
    a->position += n;
    if (a->position < o->count)
        return ARRANGE_MORE;
    if (o->count <= RUN_ROWS)
        return finish_order(a);
    a->other = g_new(struct item, o->count);
    a->width = RUN_ROWS;
    a->position = a->merge_a = a->merge_out = 0;
    a->merge_b = a->width;
    a->stage = STAGE_MERGE;
    return ARRANGE_MORE;
}

/* Merges up to SLICE_ROWS items of the pair of runs at `position`, then goes on with the next pair,
 * and after the last pair with runs of twice the width. */
static enum arrange_result step_merge(struct arrange *a)
{
    struct order *o = a->next;
    struct comparer c = {a, o};
    size_t middle = MIN(a->position + a->width, o->count);
    size_t end = MIN(a->position + 2 * a->width, o->count);
    for (size_t n = 0; n < SLICE_ROWS && a->merge_out < end; n++) {
        bool left =
            a->merge_b >= end ||
            (a->merge_a < middle && compare(&o->items[a->merge_a], &o->items[a->merge_b], &c) <= 0);
        a->other[a->merge_out++] = o->items[left ? a->merge_a++ : a->merge_b++];
    }
    if (a->merge_out < end)
        return ARRANGE_MORE;
    if (end == o->count) {
        struct item *merged = a->other;
        a->other = o->items;
        o->items = merged;
        a->width *= 2;
        if (a->width >= o->count)
            return finish_order(a);
        end = 0;
    }
    a->position = a->merge_a = a->merge_out = end;
    a->merge_b = MIN(end + a->width, o->count);
    return ARRANGE_MORE;
}

static enum arrange_result step_once(struct arrange *a, int64_t now_ms)
{
    switch (a->stage) {
    case STAGE_FILTER: return step_filter(a, now_ms);
    case STAGE_HEAD: return step_head(a);
    case STAGE_RUNS: return step_runs(a);
    case STAGE_MERGE: return step_merge(a);
    case STAGE_IDLE: break;
    }
    return ARRANGE_DONE;
}

enum arrange_result arrange_step(struct arrange *a, int64_t budget_us, int64_t now_ms)
{
    int64_t end = g_get_monotonic_time() + budget_us;
    if (a->stage == STAGE_IDLE)
        return ARRANGE_DONE;
    enum arrange_result result;
    do
        result = step_once(a, now_ms);
    while (result == ARRANGE_MORE && g_get_monotonic_time() < end);
    return result;
}

bool arrange_pending(const struct arrange *a)
{
    return a->stage != STAGE_IDLE;
}

void arrange_finish(struct arrange *a, int64_t now_ms)
{
    while (arrange_step(a, G_MAXINT, now_ms) != ARRANGE_DONE)
        ;
}

/* -- reading ------------------------------------------------------------------------------------- */

size_t arrange_count(const struct arrange *a)
{
    return a->current->count;
}

size_t arrange_total(const struct arrange *a)
{
    return a->current->base[a->current->snapshots->len];
}

size_t arrange_known(const struct arrange *a)
{
    return a->current->known;
}

void arrange_at(const struct arrange *a, size_t place, const struct snapshot **s, size_t *row)
{
    g_assert(place < a->current->known);
    *s = locate(a->current, a->current->items[place].row, row);
}

static bool is_at(const struct arrange *a, size_t place, const char *key, const char *address)
{
    const struct snapshot *s;
    size_t row;
    arrange_at(a, place, &s, &row);
    if (strcmp(snapshot_row(s, row)->key, key) != 0)
        return false;
    g_autoptr(GString) own = g_string_new(NULL);
    snapshot_append_address(s, row, own);
    return strcmp(own->str, address) == 0;
}

gssize arrange_find(const struct arrange *a, const char *key, const char *address, size_t near)
{
    size_t known = a->current->known;
    near = MIN(near, known);
    for (size_t step = 0; step <= known; step++) {
        if (near + step < known && is_at(a, near + step, key, address))
            return (gssize)(near + step);
        if (step > 0 && step <= near && is_at(a, near - step, key, address))
            return (gssize)(near - step);
    }
    return -1;
}

void arrange_tally(const struct arrange *a, size_t tally[4])
{
    memcpy(tally, a->current->tally, sizeof a->current->tally);
}
