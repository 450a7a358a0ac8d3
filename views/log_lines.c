#include "log_lines.h"

#define CHECK_LINES 64   /* between two looks at the clock */
#define CHECK_BYTES 4096 /* ... but after each line of more than this */

static struct log_part part_new(void)
{
    return (struct log_part){.ids = g_array_new(FALSE, FALSE, sizeof(uint32_t))};
}

static void filter_free(gpointer data)
{
    struct log_filter *f = data;
    log_pattern_free(f->pattern);
    g_free(f);
}

struct log_lines *log_lines_new(size_t cap)
{
    struct log_lines *l = g_new0(struct log_lines, 1);
    l->ring = log_ring_new(cap);
    l->filters = g_ptr_array_new_with_free_func(filter_free);
    l->toggled = g_hash_table_new(NULL, NULL);
    l->shown = part_new();
    l->hits = part_new();
    return l;
}

void log_lines_free(struct log_lines *l)
{
    if (!l)
        return;
    log_ring_free(l->ring);
    g_ptr_array_unref(l->filters);
    g_hash_table_unref(l->toggled);
    g_array_unref(l->shown.ids);
    g_array_unref(l->hits.ids);
    log_pattern_free(l->search);
    g_free(l);
}

static bool is_part(const struct log_lines *l)
{
    return l->filters->len > 0 || l->folded || g_hash_table_size(l->toggled) > 0;
}

const GArray *log_lines_rows(const struct log_lines *l)
{
    return is_part(l) ? l->shown.ids : l->ring->order;
}

/* -- one line ------------------------------------------------------------------------------------ */

/* A line that a pattern gives up on is shown: it may be the one. */
bool log_lines_passes(struct log_lines *l, uint32_t id)
{
    const char *text = log_ring_text(l->ring, id);
    const struct log_line *line = log_ring_line(l->ring, id);
    gsize length = line->length;
    unsigned level =
        line->level == LEVEL_NONE && line->flags & LINE_TRACE ? LEVEL_ERROR : line->level;
    for (guint i = 0; i < l->filters->len; i++) {
        struct log_filter *f = g_ptr_array_index(l->filters, i);
        enum log_match match = f->pattern          ? log_pattern_match(f->pattern, text, length)
                               : level >= f->level ? MATCH_YES
                                                   : MATCH_NO;
        if (match == (f->out ? MATCH_YES : MATCH_NO))
            return false;
    }
    return true;
}

static unsigned fold_kind(const struct log_lines *l, guint at)
{
    unsigned flags = log_ring_line(l->ring, log_id(l->ring->order, at))->flags;
    return flags & LINE_FRAME ? LINE_FRAME : flags & LINE_GROUP;
}

/* Whether the line at belongs to the run of the line before it. */
static bool goes_on(const struct log_lines *l, guint at)
{
    if (at == 0 || at >= l->ring->order->len)
        return false;
    unsigned kind = fold_kind(l, at);
    return kind && kind == fold_kind(l, at - 1) &&
           log_ring_stream(l->ring, log_id(l->ring->order, at)) ==
               log_ring_stream(l->ring, log_id(l->ring->order, at - 1));
}

bool log_lines_run(const struct log_lines *l, guint at, guint *first, guint *count)
{
    if (at >= l->ring->order->len || !fold_kind(l, at))
        return false;
    guint from = at, to = at + 1;
    while (goes_on(l, from))
        from--;
    while (goes_on(l, to))
        to++;
    *first = from;
    *count = to - from;
    return *count >= LOG_FOLD_MIN;
}

bool log_lines_is_folded(const struct log_lines *l, uint32_t first_id)
{
    return l->filters->len == 0 &&
           g_hash_table_contains(l->toggled, GUINT_TO_POINTER(first_id)) != l->folded;
}

/* -- making the parts ---------------------------------------------------------------------------- */

static void show(struct log_lines *l, guint at)
{
    uint32_t id = log_id(l->ring->order, at);
    g_array_append_val(l->shown.ids, id);
    l->unshown = at + 1;
}

/* A line that passes brings along the lines around it. */
static guint scan_filtered(struct log_lines *l, guint at)
{
    if (log_lines_passes(l, log_id(l->ring->order, at))) {
        guint from = MAX(l->unshown, at - MIN(at, l->context));
        for (guint i = from; i <= at; i++)
            show(l, i);
        l->keep_until = at + l->context;
    } else if (at <= l->keep_until && l->keep_until > 0 && at >= l->unshown) {
        show(l, at);
    }
    return at + 1;
}

static guint scan_folded(struct log_lines *l, guint at)
{
    guint first, count = 1;
    bool run = fold_kind(l, at) && !goes_on(l, at) && log_lines_run(l, at, &first, &count) &&
               log_lines_is_folded(l, log_id(l->ring->order, at));
    show(l, at);
    return at + (run ? count : 1);
}

static guint scan_searched(struct log_lines *l, guint at)
{
    uint32_t id = log_id(l->ring->order, at);
    const struct log_line *line = log_ring_line(l->ring, id);
    if (log_pattern_match(l->search, log_ring_text(l->ring, id), line->length) != MATCH_YES)
        return at + 1;
    if (l->filters->len > 0) {
        struct log_key key = log_ring_key(l->ring, id);
        guint i = log_ring_find(l->ring, l->shown.ids, &key);
        if (i >= l->shown.ids->len || log_id(l->shown.ids, i) != id)
            return at + 1;
    }
    g_array_append_val(l->hits.ids, id);
    return at + 1;
}

static bool scan(struct log_lines *l, struct log_part *part,
    guint (*one)(struct log_lines *, guint), int64_t deadline_us)
{
    for (guint n = 1; part->scanned < l->ring->order->len; n++) {
        gsize length = log_ring_line(l->ring, log_id(l->ring->order, part->scanned))->length;
        part->scanned = one(l, part->scanned);
        if ((n % CHECK_LINES == 0 || length > CHECK_BYTES) && g_get_monotonic_time() >= deadline_us)
            return part->scanned < l->ring->order->len;
    }
    return false;
}

bool log_lines_step(struct log_lines *l, int64_t deadline_us)
{
    if (is_part(l) &&
        scan(l, &l->shown, l->filters->len > 0 ? scan_filtered : scan_folded, deadline_us))
        return true;
    return l->search && scan(l, &l->hits, scan_searched, deadline_us);
}

bool log_lines_done(const struct log_lines *l)
{
    guint n = l->ring->order->len;
    return (!is_part(l) || l->shown.scanned >= n) && (!l->search || l->hits.scanned >= n);
}

unsigned log_lines_percent(const struct log_lines *l)
{
    guint n = MAX(l->ring->order->len, 1);
    guint scanned = is_part(l) && l->shown.scanned < n ? l->shown.scanned : l->hits.scanned;
    return (unsigned)((guint64)scanned * 100 / n);
}

/* -- changes ------------------------------------------------------------------------------------- */

/* Begins anew at the index of the order. */
static void part_cut(struct log_lines *l, struct log_part *part, guint at)
{
    if (at >= part->scanned)
        return;
    struct log_key key = log_ring_key(l->ring, log_id(l->ring->order, at));
    g_array_set_size(part->ids, log_ring_find(l->ring, part->ids, &key));
    part->scanned = at;
}

static void shown_cut(struct log_lines *l, guint at)
{
    l->keep_until = 0;
    if (at >= l->shown.scanned)
        at = l->shown.scanned;
    if (l->filters->len == 0) {
        while (at > 0 && goes_on(l, MIN(at, l->ring->order->len - 1)))
            at--; /* a run may have become longer */
        at -= at > 0;
        while (at > 0 && goes_on(l, at))
            at--;
        part_cut(l, &l->shown, at);
        return;
    }
    /* Lines up to the context before it may be shown because of it; what passed before those counts. */
    guint from = at - MIN(at, l->context);
    part_cut(l, &l->shown, from);
    l->unshown = from;
    for (guint i = from - MIN(from, l->context); l->context > 0 && i < from; i++)
        if (log_lines_passes(l, log_id(l->ring->order, i)))
            l->keep_until = i + l->context;
}

static void part_reset(struct log_part *part)
{
    g_array_set_size(part->ids, 0);
    part->scanned = 0;
}

static void reset(struct log_lines *l)
{
    part_reset(&l->shown);
    part_reset(&l->hits);
    l->keep_until = l->unshown = 0;
}

/* Takes out what the ring holds no longer. */
static void part_forget(const struct log_lines *l, struct log_part *part)
{
    uint32_t *ids = (uint32_t *)(void *)part->ids->data;
    guint to = 0;
    for (guint from = 0; from < part->ids->len; from++)
        if (log_ring_line(l->ring, ids[from]))
            ids[to++] = ids[from];
    g_array_set_size(part->ids, to);
}

/* A folded run whose first line went is folded to its next one, or has become too short. */
static void forget(struct log_lines *l)
{
    part_forget(l, &l->shown);
    part_forget(l, &l->hits);
    if (!is_part(l) || l->filters->len > 0 || l->shown.scanned == 0 || l->ring->order->len == 0)
        return;
    uint32_t id = log_id(l->ring->order, 0);
    guint first, count = 1;
    if (l->shown.ids->len > 0 && log_id(l->shown.ids, 0) == id)
        return;
    if (log_lines_run(l, 0, &first, &count) && log_lines_is_folded(l, id))
        count = 1;
    g_array_prepend_vals(l->shown.ids, l->ring->order->data, count);
}

/* The key of the last line that was looked at; false: none was. */
static bool last_scanned(
    const struct log_lines *l, const struct log_part *part, struct log_key *key)
{
    if (part->scanned == 0)
        return false;
    guint last = MIN(part->scanned, l->ring->order->len) - 1;
    *key = log_ring_key(l->ring, log_id(l->ring->order, last));
    return true;
}

static void find_scanned(
    const struct log_lines *l, struct log_part *part, bool any, const struct log_key *key)
{
    if (!any)
        return;
    part->scanned = log_ring_find(l->ring, l->ring->order, key);
    if (part->scanned < l->ring->order->len && log_id(l->ring->order, part->scanned) == key->id)
        part->scanned++;
}

void log_lines_add(struct log_lines *l, const struct snapshot *chunk)
{
    if (snapshot_count(chunk) == 0)
        return;
    struct log_key shown, hits, first;
    bool any_shown = last_scanned(l, &l->shown, &shown),
         any_hits = last_scanned(l, &l->hits, &hits);
    if (log_ring_add(l->ring, chunk, &first) > 0)
        forget(l);
    find_scanned(l, &l->shown, any_shown, &shown);
    find_scanned(l, &l->hits, any_hits, &hits);
    guint at = log_ring_find(l->ring, l->ring->order, &first);
    if (is_part(l) && l->ring->order->len > 0)
        shown_cut(l, at);
    part_cut(l, &l->hits, at - MIN(at, l->context));
}

void log_lines_search(struct log_lines *l, struct log_pattern *take_pattern)
{
    log_pattern_free(l->search);
    l->search = take_pattern;
    part_reset(&l->hits);
}

void log_lines_push(
    struct log_lines *l, struct log_pattern *take_pattern, enum log_level level, bool out)
{
    struct log_filter *f = g_new0(struct log_filter, 1);
    f->pattern = take_pattern;
    f->level = level;
    f->out = out;
    g_ptr_array_add(l->filters, f);
    reset(l);
}

bool log_lines_pop(struct log_lines *l)
{
    if (l->filters->len == 0)
        return false;
    g_ptr_array_set_size(l->filters, (gint)l->filters->len - 1);
    reset(l);
    return true;
}

void log_lines_context(struct log_lines *l, guint context)
{
    l->context = context;
    reset(l);
}

void log_lines_toggle(struct log_lines *l, uint32_t first_id)
{
    if (!g_hash_table_remove(l->toggled, GUINT_TO_POINTER(first_id)))
        g_hash_table_add(l->toggled, GUINT_TO_POINTER(first_id));
    part_reset(&l->shown);
}

void log_lines_fold_all(struct log_lines *l, bool folded)
{
    g_hash_table_remove_all(l->toggled);
    l->folded = folded;
    part_reset(&l->shown);
}
