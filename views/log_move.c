/* Where the cursor is and goes: following, matches, errors, causes. */
#include "log_view.h"

#define CHAIN_GAP 8 /* lines of a message that a chain of exceptions may have between its parts */

/* -- staying ------------------------------------------------------------------------------------- */

static const GArray *rows_of(const struct log *l)
{
    return log_lines_rows(l->lines);
}

void log_keep(struct log *l)
{
    const GArray *rows = rows_of(l);
    const struct list *list = &l->list_view.list;
    if (list->cursor >= rows->len || list->top >= rows->len)
        return;
    l->cursor = log_ring_key(l->lines->ring, log_id(rows, (guint)list->cursor));
    l->top = log_ring_key(l->lines->ring, log_id(rows, (guint)list->top));
    l->kept = true;
}

static guint index_of(const struct log *l, const struct log_key *key)
{
    const GArray *rows = rows_of(l);
    guint i = log_ring_find(l->lines->ring, rows, key);
    return MIN(i, rows->len ? rows->len - 1 : 0);
}

void log_sync(struct log *l)
{
    struct list *list = &l->list_view.list;
    list->count = rows_of(l)->len;
    if (l->kept) {
        list->cursor = index_of(l, &l->cursor);
        list->top = index_of(l, &l->top);
    }
    if (!l->follow)
        return;
    list->cursor = list->count ? list->count - 1 : 0;
    log_keep(l);
}

static void set_follow(struct log *l, bool follow)
{
    const GArray *order = l->lines->ring->order;
    if (l->follow && !follow && order->len > 0) {
        l->paused = log_ring_key(l->lines->ring, log_id(order, order->len - 1));
        l->paused_any = true;
    }
    l->follow = follow;
}

void log_pause(struct log *l)
{
    set_follow(l, false);
}

/* The list believes that each line takes one row: the top is chosen when it is drawn. */
void log_moved(struct list_view *v)
{
    struct log *l = as_log(&v->base);
    struct list *list = &v->list;
    l->pending = JUMP_NONE;
    if (l->kept)
        list->top = MIN(index_of(l, &l->top), list->cursor);
    set_follow(l, list->count == 0 || list->cursor == list->count - 1);
    log_keep(l);
}

guint log_unseen(const struct log *l)
{
    const GArray *rows = rows_of(l);
    if (l->follow || !l->paused_any)
        return 0;
    guint i = log_ring_find(l->lines->ring, rows, &l->paused);
    i += i < rows->len && log_id(rows, i) == l->paused.id;
    return rows->len - i;
}

void log_go(struct log *l, uint32_t id)
{
    struct log_ring *ring = l->lines->ring;
    struct list *list = &l->list_view.list;
    struct log_key key = log_ring_key(ring, id);
    guint first, count, at = log_ring_find(ring, ring->order, &key);
    if (log_lines_run(l->lines, at, &first, &count) && first != at &&
        log_lines_is_folded(l->lines, log_id(ring->order, first))) {
        log_lines_toggle(l->lines, log_id(ring->order, first));
        log_lines_step(l->lines, INT64_MAX);
    }
    list->count = rows_of(l)->len;
    list->cursor = index_of(l, &key);
    set_follow(l, list->cursor + 1 == list->count);
    /* With a third of a screen above it what led there is seen as well. */
    if (list->cursor < list->top || list->cursor >= list->top + list->height)
        list->top = list->cursor - MIN(list->cursor, list->height / 3);
    log_keep(l);
}

/* -- matches ------------------------------------------------------------------------------------- */

static const GArray *hits_of(const struct log *l)
{
    return l->lines->hits.ids;
}

static bool is_on(const struct log *l, guint i)
{
    return i < hits_of(l)->len && log_id(hits_of(l), i) == l->cursor.id;
}

guint log_hit_index(const struct log *l)
{
    guint i = l->kept ? log_ring_find(l->lines->ring, hits_of(l), &l->cursor) : 0;
    return is_on(l, i) ? i + 1 : 0;
}

/* Index of the hit to go to, or -1: not known (yet). */
static gint64 wanted_hit(const struct log *l)
{
    const struct log_lines *lines = l->lines;
    guint i = l->kept ? log_ring_find(lines->ring, hits_of(l), &l->cursor) : 0;
    if (l->pending == JUMP_PREVIOUS) {
        bool known =
            lines->hits.scanned > log_ring_find(lines->ring, lines->ring->order, &l->cursor);
        return known && i > 0 ? (gint64)i - 1 : -1;
    }
    if (l->pending == JUMP_NEXT && is_on(l, i))
        i++;
    return i < hits_of(l)->len ? (gint64)i : -1;
}

bool log_resolve(struct log *l)
{
    guint n = hits_of(l)->len;
    gint64 i = l->pending == JUMP_NONE ? -1 : wanted_hit(l);
    bool done = log_lines_done(l->lines);
    if (l->pending == JUMP_NONE || (i < 0 && !done))
        return false;
    bool back = l->pending == JUMP_PREVIOUS;
    bool asked = l->pending != JUMP_HERE;
    l->pending = JUMP_NONE;
    if (n == 0) {
        if (asked)
            view_say(&l->list_view.base, "no line matches /%s", log_pattern_text(l->lines->search));
        return false;
    }
    if (i < 0)
        view_say(&l->list_view.base,
            back ? "the search went on from the end" : "the search went on from the beginning");
    log_go(l, log_id(hits_of(l), i >= 0 ? (guint)i : back ? n - 1 : 0));
    return true;
}

static void jump_to_match(struct log *l, enum log_jump jump)
{
    if (!l->lines->search) {
        view_say(&l->list_view.base, "nothing is searched: / searches");
        return;
    }
    l->pending = jump;
    if (!log_resolve(l) && l->pending != JUMP_NONE)
        view_say(&l->list_view.base, "searching ...");
}

void log_next_match(struct view *v)
{
    jump_to_match(as_log(v), JUMP_NEXT);
}

void log_previous_match(struct view *v)
{
    jump_to_match(as_log(v), JUMP_PREVIOUS);
}

gboolean log_search(struct view *v, const char *text, GError **error)
{
    struct log *l = as_log(v);
    struct log_pattern *pattern = *text ? log_pattern_new(text, error) : NULL;
    if (*text && !pattern)
        return FALSE;
    log_lines_search(l->lines, pattern);
    l->pending = pattern ? JUMP_HERE : JUMP_NONE;
    return TRUE;
}

const char *log_search_text(const struct view *v)
{
    const struct log_pattern *search = as_const_log(v)->lines->search;
    return search ? log_pattern_text(search) : NULL;
}

/* -- errors and causes --------------------------------------------------------------------------- */

static bool is_shown(struct log *l, uint32_t id)
{
    return l->lines->filters->len == 0 || log_lines_passes(l->lines, id);
}

static bool begins_error(const struct log_ring *r, uint32_t id)
{
    return log_ring_line(r, id)->flags & LINE_START;
}

static bool names_exception(const struct log_ring *r, uint32_t id)
{
    return log_ring_line(r, id)->flags & LINE_NAMES;
}

/* The index in the order of the nearest line of a sort, from `from` on, around the end at most once;
 * false: there is none. */
static bool find_line(struct log *l, guint from, bool back,
    bool (*wanted)(const struct log_ring *, uint32_t), guint *at, bool *around)
{
    const struct log_ring *r = l->lines->ring;
    guint n = r->order->len;
    for (guint step = 1; step <= n; step++) {
        guint i = (from + (back ? n - step : step)) % n;
        uint32_t id = log_id(r->order, i);
        if (!wanted(r, id) || !is_shown(l, id))
            continue;
        *at = i;
        *around = back ? i >= from : i <= from;
        return true;
    }
    return false;
}

static guint cursor_in_order(const struct log *l)
{
    const struct log_ring *r = l->lines->ring;
    guint n = r->order->len;
    guint i = l->kept ? log_ring_find(r, r->order, &l->cursor) : n - 1;
    return MIN(i, n - 1);
}

static void jump_to_error(struct log *l, bool back)
{
    guint at;
    bool around;
    struct log_ring *r = l->lines->ring;
    if (r->order->len == 0 || !find_line(l, cursor_in_order(l), back, begins_error, &at, &around)) {
        view_say(&l->list_view.base, "no error in these lines");
        return;
    }
    if (around)
        view_say(&l->list_view.base,
            back ? "no error above: the last one" : "no error below: the first one");
    log_go(l, log_id(r->order, at));
}

void log_next_error(struct view *v)
{
    jump_to_error(as_log(v), false);
}

void log_previous_error(struct view *v)
{
    jump_to_error(as_log(v), true);
}

/* Where the chain of exceptions around a line ends, and where it starts: traces of one entry, with
 * messages of some lines between them. */
static guint chain_end(const struct log_ring *r, guint at)
{
    guint end = at + 1;
    int64_t at_ms = log_ring_line(r, log_id(r->order, at))->at_ms;
    unsigned stream = log_ring_stream(r, log_id(r->order, at));
    for (guint i = at + 1; i < r->order->len && i - end < CHAIN_GAP; i++) {
        const struct log_line *line = log_ring_line(r, log_id(r->order, i));
        if (line->at_ms != at_ms || log_ring_stream(r, log_id(r->order, i)) != stream)
            break;
        if (line->flags & LINE_TRACE)
            end = i + 1;
    }
    return end;
}

static guint chain_start(const struct log_ring *r, guint at)
{
    guint start = at;
    int64_t at_ms = log_ring_line(r, log_id(r->order, at))->at_ms;
    unsigned stream = log_ring_stream(r, log_id(r->order, at));
    for (guint i = at; i-- > 0 && start - i <= CHAIN_GAP;) {
        const struct log_line *line = log_ring_line(r, log_id(r->order, i));
        if (line->at_ms != at_ms || log_ring_stream(r, log_id(r->order, i)) != stream)
            break;
        if (line->flags & LINE_TRACE)
            start = i;
    }
    return start;
}

/* What began it all: Java prints it last ("Caused by:"), Python first. */
static guint root_of(const struct log_ring *r, guint start, guint end, guint otherwise)
{
    guint first = otherwise, last = otherwise;
    bool caused = false, named = false;
    for (guint i = start; i < end; i++) {
        unsigned flags = log_ring_line(r, log_id(r->order, i))->flags;
        if (flags & LINE_NAMES && !named)
            first = i;
        named |= (flags & LINE_NAMES) != 0;
        if (flags & LINE_CAUSE)
            last = i;
        caused |= (flags & LINE_CAUSE) != 0;
    }
    return caused ? last : first;
}

/* Of the chain the cursor is in; once there, of the next one. */
void log_root_cause(struct view *v)
{
    struct log *l = as_log(v);
    const struct log_ring *r = l->lines->ring;
    guint n = r->order->len, at;
    if (n == 0)
        return;
    guint from = cursor_in_order(l);
    guint end = chain_end(r, from);
    bool inside = log_ring_line(r, log_id(r->order, from))->flags & LINE_TRACE;
    guint root = inside ? root_of(r, chain_start(r, from), end, from) : from;
    if (root == from) {
        bool around;
        if (!find_line(l, inside ? end - 1 : from, false, names_exception, &at, &around)) {
            view_say(v, "no exception in these lines");
            return;
        }
        root = root_of(r, chain_start(r, at), chain_end(r, at), at);
        if (around)
            view_say(v, "no further exception below: the first one");
    }
    log_go(l, log_id(r->order, root));
}
