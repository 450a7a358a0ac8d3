/* How log lines look. The work of a frame is bounded by the screen, however long a line is: of each line
 * only the part that is seen is measured, copied and searched for matches. */
#include <string.h>

#include "log_view.h"
#include "paint.h"
#include "quantity.h"
#include "text.h"

#define LABEL_MAX   14
#define RUN_COUNTED 9999 /* a longer folded run is "more than" */

/* What one frame knows about all lines. */
struct look {
    struct log *l;
    struct surface *s;
    const GArray *rows;
    int64_t now_ms, gap_ms;
    int top;           /* rows of the surface above the lines */
    int height, width; /* of the lines; of their text */
    const char *time_format;
    int time_width, label_width, x;
};

static const struct log_line *line_of(const struct look *k, size_t i)
{
    return log_ring_line(k->l->lines->ring, log_id(k->rows, (guint)i));
}

/* -- measuring ----------------------------------------------------------------------------------- */

/* Bytes of the part of text that fits in columns. */
static gsize prefix(const struct log_line *line, const char *text, gsize from, int columns)
{
    gsize left = line->length - from;
    if (line->flags & LINE_ASCII)
        return MIN(left, (gsize)MAX(columns, 0));
    return text_prefix(text + from, columns, NULL);
}

static bool is_fold(const struct look *k, size_t i, guint *count)
{
    const struct log_lines *lines = k->l->lines;
    uint32_t id = log_id(k->rows, (guint)i);
    if (!(line_of(k, i)->flags & (LINE_FRAME | LINE_GROUP)) || !log_lines_is_folded(lines, id))
        return false;
    guint first;
    struct log_key key = log_ring_key(lines->ring, id);
    guint at = log_ring_find(lines->ring, lines->ring->order, &key);
    return log_lines_run(lines, at, &first, count) && first == at;
}

/* The span to the line above where it is worth a rule, else 0. */
static int64_t gap_above(const struct look *k, size_t i)
{
    if (i == 0 || !(line_of(k, i)->flags & LINE_TIME))
        return 0;
    int64_t before = line_of(k, i - 1)->at_ms, at = line_of(k, i)->at_ms;
    if (before == LOG_NO_TIME || at - before < k->gap_ms)
        return 0;
    return at - before;
}

/* Where the text of a line begins: wrapped lines are scrolled one by one, the others together. */
static gsize text_start(const struct look *k, size_t i, const char *text)
{
    bool here = !k->l->wrap || i == k->l->list_view.list.cursor;
    return here ? prefix(line_of(k, i), text, 0, k->l->left) : 0;
}

/* Screen rows that a line takes, at most max. */
static int rows_of(const struct look *k, size_t i, int max)
{
    const struct log_line *line = line_of(k, i);
    int rows = 1 + (gap_above(k, i) > 0);
    guint count;
    if (!k->l->wrap || k->width <= 0 || is_fold(k, i, &count))
        return rows;
    const char *text = log_ring_text(k->l->lines->ring, log_id(k->rows, (guint)i));
    gsize at = text_start(k, i, text);
    for (at += prefix(line, text, at, k->width); at < line->length && rows < max; rows++) {
        gsize n = prefix(line, text, at, k->width);
        if (n == 0)
            break;
        at += n;
    }
    return rows;
}

/* Chooses the top so that the cursor's line is seen whole, and the screen is full. */
static void fit(struct look *k)
{
    struct list *list = &k->l->list_view.list;
    list->count = k->rows->len;
    list->height = (size_t)k->height;
    if (list->count == 0)
        return;
    list->cursor = MIN(list->cursor, list->count - 1);
    list->top = MIN(list->top, list->cursor);
    size_t lowest = list->cursor;
    int used = rows_of(k, lowest, k->height);
    while (lowest > list->top && (used += rows_of(k, lowest - 1, k->height)) <= k->height)
        lowest--;
    list->top = MAX(list->top, lowest);
    if (list->count - list->top >= list->height)
        return;
    used = 0;
    for (size_t i = list->count; i-- > list->top;)
        used += rows_of(k, i, k->height);
    while (list->top > 0 && (used += rows_of(k, list->top - 1, k->height)) <= k->height)
        list->top--;
}

/* -- lines --------------------------------------------------------------------------------------- */

static enum role role_of(const struct look *k, size_t i)
{
    static const enum role roles[] = {
        ROLE_TEXT, ROLE_DIM, ROLE_TEXT, ROLE_WARN, ROLE_FAIL, ROLE_FAIL};
    const struct log_line *line = line_of(k, i);
    struct log_lines *lines = k->l->lines;
    if (lines->context > 0 && lines->filters->len > 0 &&
        !log_lines_passes(lines, log_id(k->rows, (guint)i)))
        return ROLE_DIM;
    return line->flags & LINE_FRAME ? ROLE_DIM : roles[line->level];
}

static void put_bytes(
    const struct look *k, int x, int y, enum role role, const char *text, gsize length)
{
    g_autofree char *copy = g_strndup(text, length);
    surface_put(k->s, x, y, k->s->width - x, role, copy);
}

static int width_of(const struct log_line *line, const char *text, gsize length)
{
    if (line->flags & LINE_ASCII)
        return (int)length;
    g_autofree char *copy = g_strndup(text, length);
    return text_width(copy);
}

/* text[from, to) in one row, and over it what the search finds there. */
static void put_part(const struct look *k, int y, enum role role, const struct log_line *line,
    const char *text, struct log_span part)
{
    put_bytes(k, k->x, y, role, text + part.from, part.to - part.from);
    const struct log_pattern *search = k->l->lines->search;
    if (!search || part.from == part.to)
        return;
    g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(struct log_span));
    log_pattern_spans(search, text, line->length, part.from, part.to, spans);
    for (guint i = 0; i < spans->len; i++) {
        struct log_span span = g_array_index(spans, struct log_span, i);
        int x = k->x + width_of(line, text + part.from, span.from - part.from);
        put_bytes(k, x, y, ROLE_MATCH, text + span.from, span.to - span.from);
    }
}

static void put_fold(const struct look *k, int y, size_t i, guint count)
{
    bool frames = line_of(k, i)->flags & LINE_FRAME;
    g_autofree char *text = g_strdup_printf("    %s %s%u %s", surface_glyph(k->s, "…", "..."),
        count > RUN_COUNTED ? "more than " : "", MIN(count, RUN_COUNTED),
        frames ? "frames" : "lines");
    surface_put(k->s, k->x, y, k->width, ROLE_DIM, text);
}

static void put_text(const struct look *k, int y, size_t i)
{
    const struct log_line *line = line_of(k, i);
    const char *text = log_ring_text(k->l->lines->ring, log_id(k->rows, (guint)i));
    enum role role = role_of(k, i);
    guint count;
    if (is_fold(k, i, &count)) {
        put_fold(k, y, i, count);
        return;
    }
    gsize at = text_start(k, i, text);
    do {
        gsize n = prefix(line, text, at, k->width);
        put_part(k, y++, role, line, text, (struct log_span){at, at + n});
        at += n;
        if (n == 0)
            break;
    } while (k->l->wrap && at < line->length && y < k->s->height);
}

static GDateTime *local_time(const struct log *l, int64_t at_ms)
{
    const struct view_settings *settings = l->list_view.base.settings;
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(at_ms / 1000);
    if (!utc || !settings || !settings->zone)
        return g_steal_pointer(&utc);
    return g_date_time_to_timezone(utc, settings->zone);
}

/* "11:04:31Z" where all lines are of today; else with its date. */
static void append_time(const struct look *k, GString *out, int64_t at_ms)
{
    g_autoptr(GDateTime) at = local_time(k->l, at_ms);
    g_autofree char *text = at ? g_date_time_format(at, k->time_format) : NULL;
    g_string_append(out, text ? text : "?");
}

static void put_time(const struct look *k, int y, size_t i)
{
    const struct log_ring *ring = k->l->lines->ring;
    int64_t at_ms, before_ms;
    if (!log_ring_time(ring, log_id(k->rows, (guint)i), &at_ms))
        return;
    g_autoptr(GString) text = g_string_new(NULL);
    if (!k->l->relative) {
        append_time(k, text, at_ms);
    } else if (i > 0 && (before_ms = line_of(k, i - 1)->at_ms) != LOG_NO_TIME) {
        g_string_append_c(text, at_ms < before_ms ? '-' : '+');
        quantity_append_span(text, ABS(at_ms - before_ms));
    }
    surface_put(k->s, 2, y, k->time_width, ROLE_DIM, text->str);
}

static void put_gap(const struct look *k, int y, int64_t gap_ms)
{
    const char *dash = surface_glyph(k->s, "─", "-");
    g_autoptr(GString) text = g_string_new(NULL);
    for (int n = 0; n < 4; n++)
        g_string_append(text, dash);
    g_string_append_c(text, ' ');
    quantity_append_span(text, gap_ms);
    g_string_append(text, " later ");
    for (int n = text_width(text->str); n < k->s->width - 4; n++)
        g_string_append(text, dash);
    surface_put(k->s, 2, y, k->s->width - 4, ROLE_RULE, text->str);
}

/* Draws one line from y on; returns the rows it took. */
static int put_line(const struct look *k, int y, size_t i)
{
    const struct log_ring *ring = k->l->lines->ring;
    const struct log_line *line = line_of(k, i);
    int64_t gap_ms = gap_above(k, i);
    int rows = rows_of(k, i, k->height + 1);
    if (gap_ms > 0)
        put_gap(k, y++, gap_ms);
    if (y >= k->s->height)
        return rows;
    if (i == k->l->list_view.list.cursor)
        surface_put(k->s, 0, y, 1, ROLE_CURSOR, ">");
    put_time(k, y, i);
    int x = 2 + k->time_width + (k->time_width > 0);
    surface_put(k->s, x, y, 1, role_of(k, i), log_level_letter(line->level));
    if (k->label_width > 0) {
        const char *label = log_ring_label(ring, log_ring_stream(ring, log_id(k->rows, (guint)i)));
        g_autofree char *cut = text_cut_middle(label, k->label_width, k->s->ascii);
        surface_put(k->s, x + 2, y, k->label_width, ROLE_HEADING, cut);
    }
    put_text(k, y, i);
    return rows;
}

/* -- above the lines ----------------------------------------------------------------------------- */

static void append_search(const struct log *l, GString *out)
{
    const struct log_lines *lines = l->lines;
    guint at = log_hit_index(l);
    g_string_append_printf(out, "/%s  ", log_pattern_text(lines->search));
    if (at > 0)
        g_string_append_printf(out, "%u/%u", at, lines->hits.ids->len);
    else
        g_string_append_printf(out, "-/%u", lines->hits.ids->len);
    guint64 gave_up = log_pattern_gave_up(lines->search);
    if (gave_up > 0)
        g_string_append_printf(
            out, " (%" G_GUINT64_FORMAT " lines are too costly for it)", gave_up);
    g_string_append(out, "   ");
}

/* "/foo  3/17   &error &!retry  17 of 345 lines": what marks and hides lines. */
static void append_state(const struct log *l, GString *out)
{
    const struct log_lines *lines = l->lines;
    if (lines->search)
        append_search(l, out);
    for (guint i = 0; i < lines->filters->len; i++) {
        const struct log_filter *f = g_ptr_array_index(lines->filters, i);
        g_string_append_printf(out, "&%s%s%s ", f->out ? "!" : "", f->pattern ? "" : "@",
            f->pattern ? log_pattern_text(f->pattern) : log_level_name(f->level));
    }
    if (lines->filters->len > 0)
        g_string_append_printf(
            out, " %u of %u lines", log_lines_rows(lines)->len, lines->ring->order->len);
    if (lines->filters->len > 0 && lines->context > 0)
        g_string_append_printf(out, ", with %u around each", lines->context);
    if (!log_lines_done(lines))
        g_string_append_printf(out, "   %u%% looked at", log_lines_percent(lines));
}

static int put_header(struct log *l, struct surface *s)
{
    int y = 0;
    if (l->error)
        surface_put(s, 0, y++, s->width, ROLE_FAIL, l->error);
    if (l->lines->ring->dropped > 0) {
        g_autofree char *text =
            g_strdup_printf("%" G_GUINT64_FORMAT " older lines dropped: weir holds %d MiB of a log",
                l->lines->ring->dropped, (int)(l->lines->ring->cap / 1024 / 1024));
        surface_put(s, 0, y++, s->width, ROLE_WARN, text);
    }
    if (!l->lines->search && l->lines->filters->len == 0)
        return y;
    g_autoptr(GString) state = g_string_new(NULL);
    append_state(l, state);
    surface_put(s, 0, y++, s->width, ROLE_PROMPT, state->str);
    return y;
}

static void put_notice(const struct look *k)
{
    const struct log *l = k->l;
    g_autofree char *none =
        g_strdup_printf("none of %u lines passes the filter", l->lines->ring->order->len);
    const char *text = l->lines->ring->order->len > 0
                           ? (log_lines_done(l->lines) ? none : "looking ...")
                       : l->ended > 0 ? "the log is empty"
                                      : "reading ...";
    struct surface area = surface_part(k->s, 0, k->top, k->s->width, k->s->height - k->top);
    paint_notice(&area, ROLE_DIM, text);
}

/* -- the frame ----------------------------------------------------------------------------------- */

static bool same_day(const struct log *l, int64_t a_ms, int64_t b_ms)
{
    g_autoptr(GDateTime) a = local_time(l, a_ms);
    g_autoptr(GDateTime) b = local_time(l, b_ms);
    return a && b && g_date_time_get_year(a) == g_date_time_get_year(b) &&
           g_date_time_get_day_of_year(a) == g_date_time_get_day_of_year(b);
}

/* Times are short when the first and the last line are of today. */
static void choose_time(struct look *k)
{
    const struct log_ring *r = k->l->lines->ring;
    const struct view_settings *settings = k->l->list_view.base.settings;
    bool utc = !settings || !settings->zone;
    struct log_key any = {LOG_NO_TIME + 1, 0, 0};
    guint i = log_ring_find(r, r->order, &any);
    if (i == r->order->len)
        return; /* not one has a time */
    int64_t first_ms = log_ring_line(r, log_id(r->order, i))->at_ms;
    int64_t last_ms = log_ring_line(r, log_id(r->order, r->order->len - 1))->at_ms;
    bool today = same_day(k->l, first_ms, k->now_ms) && same_day(k->l, last_ms, k->now_ms);
    k->time_format = today ? (utc ? "%H:%M:%SZ" : "%H:%M:%S%:::z")
                           : (utc ? "%m-%d %H:%M:%SZ" : "%m-%d %H:%M:%S%:::z");
    g_autoptr(GString) text = g_string_new(NULL);
    append_time(k, text, last_ms);
    k->time_width = text_width(text->str);
}

static int label_width(const struct log_ring *r)
{
    int width = 0;
    for (guint i = 0; r->streams->len > 1 && i < r->streams->len; i++)
        width = MAX(width, text_width(log_ring_label(r, i)));
    return MIN(width, LABEL_MAX);
}

static int64_t gap_limit(const struct log_ring *r)
{
    int64_t median = log_ring_median_gap(r) * LOG_GAP_TIMES;
    return MIN(LOG_GAP_MS, MAX(median, LOG_GAP_MIN_MS));
}

void log_draw(struct view *v, struct surface *s, int64_t now_ms)
{
    struct log *l = as_log(v);
    const struct log_ring *ring = l->lines->ring;
    struct look k = {.l = l, .s = s, .rows = log_lines_rows(l->lines), .now_ms = now_ms};
    k.top = put_header(l, s);
    k.height = MAX(s->height - k.top, 0);
    choose_time(&k);
    k.label_width = label_width(ring);
    k.gap_ms = gap_limit(ring);
    k.x = 2 + k.time_width + (k.time_width > 0) + 2 + k.label_width + (k.label_width > 0);
    k.width = s->width - k.x;
    if (k.rows->len == 0 && !(l->error && ring->order->len == 0))
        put_notice(&k);
    fit(&k);
    const struct list *list = &l->list_view.list;
    int y = k.top;
    for (size_t i = list->top; i < k.rows->len && y < s->height; i++)
        y += put_line(&k, y, i);
    if (log_lines_done(l->lines) || l->follow)
        log_keep(l);
}
