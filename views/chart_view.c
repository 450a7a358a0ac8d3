/* The chart: one column of one to four rows over time, read from the history. It owns which column,
 * which span of time and where its cursor stands; what it draws is the newest answer that fits. */
#include <string.h>

#include "chart.h"
#include "paint.h"
#include "text.h"
#include "trends.h"
#include "view.h"

#define REFRESH_MS    5000 /* the span that is not over yet is asked for again */
#define WIDTH_AT_ONCE 80   /* before it was drawn */

static const struct view_class chart_view;

G_STATIC_ASSERT(CHART_ROWS_MAX <= CHART_LINES_MAX);

static const struct {
    const char *name;
    int64_t ms;
} spans[] = {{"15m", 15 * 60000}, {"1h", 3600000}, {"6h", 6 * 3600000}, {"24h", 24 * 3600000}};

enum { SPAN_15M, SPAN_1H, SPAN_6H, SPAN_24H };

/* Lengths of the spans of a series; each divides every span of time. */
static const int64_t steps_ms[] = {
    10000, 15000, 30000, 60000, 120000, 300000, 600000, 900000, 1800000, 3600000};

struct charted {
    struct view base;
    unsigned count; /* rows */
    char *address[CHART_ROWS_MAX], *name[CHART_ROWS_MAX];
    int column; /* COLUMN_UNKNOWN: the kind has none that is kept */
    unsigned span;
    enum chart_form form;
    int64_t cursor_ms;
    int width; /* of the screen, and whether it is one of ASCII */
    bool ascii;
    int64_t from_ms, to_ms, step_ms; /* when it was last drawn or asked */
    int64_t wished_ms;
    /* The newest answer. */
    bool answered;
    int answer_column;
    int64_t answer_ms; /* from its begin to its end */
    uint32_t answer_points;
    struct series *series[CHART_ROWS_MAX];
    GArray *events; /* struct event_mark, their texts owned */
    int64_t since_ms;
    char *error;
};

static struct charted *as_chart(struct view *v)
{
    return (struct charted *)(void *)v;
}

static const struct charted *as_const_chart(const struct view *v)
{
    return (const struct charted *)(const void *)v;
}

/* -- what is shown ------------------------------------------------------------------------------- */

/* Steps as short as the screen can tell apart. */
static void fit_window(struct charted *v, int64_t now_ms)
{
    const struct surface s = {.width = v->width, .ascii = v->ascii};
    int64_t points = chart_points(&s, v->form);
    unsigned i = 0;
    while (i + 1 < G_N_ELEMENTS(steps_ms) && spans[v->span].ms / steps_ms[i] > points)
        i++;
    v->step_ms = steps_ms[i];
    v->to_ms = (now_ms / v->step_ms + 1) * v->step_ms;
    v->from_ms = v->to_ms - spans[v->span].ms;
}

/* Whether the newest answer is about what is shown, in whatever steps. */
static bool is_answered(const struct charted *v)
{
    return v->answered && v->answer_column == v->column && v->answer_ms == spans[v->span].ms;
}

static void drop_answer(struct charted *v)
{
    for (unsigned i = 0; i < CHART_ROWS_MAX; i++)
        g_clear_pointer(&v->series[i], g_free);
    g_array_set_size(v->events, 0);
    g_clear_pointer(&v->error, g_free);
    v->answered = false;
}

static void mark_clear(gpointer data)
{
    g_free((char *)((struct event_mark *)data)->text);
}

static int first_column(const struct kind *k)
{
    int trend = k->trend ? column_index(k->columns, k->trend) : COLUMN_UNKNOWN;
    for (int c = 0; trend < 0 && k->columns[c].name; c++)
        if (column_has_past(&k->columns[c]))
            return c;
    return trend;
}

static void chart_show_rows(struct view *view, const struct chart_rows *rows)
{
    struct charted *v = as_chart(view);
    v->count = MIN(rows->count, CHART_ROWS_MAX);
    for (unsigned i = 0; i < v->count; i++) {
        g_free(v->address[i]);
        g_free(v->name[i]);
        v->address[i] = g_strdup(rows->address[i]);
        v->name[i] = g_strdup(rows->name[i]);
    }
    if (rows->column >= 0 && column_has_past(&view->kind->columns[rows->column]))
        v->column = rows->column;
    drop_answer(v);
}

/* -- the past ------------------------------------------------------------------------------------ */

static bool chart_wants_series(struct view *view, struct series_wish *out, int64_t now_ms)
{
    struct charted *v = as_chart(view);
    if (v->count == 0 || v->column < 0)
        return false;
    fit_window(v, now_ms);
    uint32_t points = (uint32_t)(spans[v->span].ms / v->step_ms);
    int64_t waited_ms = now_ms - v->wished_ms;
    bool fresh = waited_ms >= 0 && waited_ms < MIN(REFRESH_MS, v->step_ms);
    if (is_answered(v) && v->answer_points == points && fresh)
        return false;
    v->wished_ms = now_ms;
    *out = (struct series_wish){.kind = view->kind,
        .column = v->column,
        .count = v->count,
        .addresses = (const char *const *)v->address,
        .from_ms = v->from_ms,
        .to_ms = v->to_ms,
        .points = points};
    return true;
}

static bool is_about(const struct charted *v, const struct series_wish *wish)
{
    if (wish->kind != v->base.kind || wish->column != v->column || wish->count != v->count ||
        wish->to_ms - wish->from_ms != spans[v->span].ms)
        return false;
    for (unsigned i = 0; i < v->count; i++)
        if (strcmp(wish->addresses[i], v->address[i]) != 0)
            return false;
    return true;
}

static void chart_take_series(struct view *view, const struct series_answer *answer)
{
    struct charted *v = as_chart(view);
    if (!is_about(v, &answer->wish))
        return;
    if (answer->error && is_answered(v)) { /* what was known stays, and grows old */
        g_free(v->error);
        v->error = g_strdup(answer->error);
        return;
    }
    drop_answer(v);
    v->answered = true;
    v->answer_column = answer->wish.column;
    v->answer_ms = answer->wish.to_ms - answer->wish.from_ms;
    v->answer_points = answer->wish.points;
    v->since_ms = answer->since_ms;
    v->error = g_strdup(answer->error);
    for (unsigned i = 0; i < v->count && answer->series; i++)
        v->series[i] = series_copy(answer->series[i]);
    for (unsigned i = 0; i < answer->event_count; i++) {
        struct event_mark mark = {answer->events[i].at_ms, g_strdup(answer->events[i].text)};
        g_array_append_val(v->events, mark);
    }
}

/* -- commands ------------------------------------------------------------------------------------ */

static void step_column(struct view *view, int by)
{
    struct charted *v = as_chart(view);
    int n = (int)column_count(view->kind->columns);
    for (int i = 1; i <= n && v->column >= 0; i++) {
        int column = (v->column + (by * i) % n + n) % n;
        if (column_has_past(&view->kind->columns[column])) {
            v->column = column;
            return;
        }
    }
}

static void next_column(struct view *v)
{
    step_column(v, 1);
}

static void previous_column(struct view *v)
{
    step_column(v, -1);
}

static void set_span(struct view *view, unsigned span)
{
    as_chart(view)->span = span;
}

static void span_15m(struct view *v)
{
    set_span(v, SPAN_15M);
}

static void span_1h(struct view *v)
{
    set_span(v, SPAN_1H);
}

static void span_6h(struct view *v)
{
    set_span(v, SPAN_6H);
}

static void span_24h(struct view *v)
{
    set_span(v, SPAN_24H);
}

/* Moves the cursor by columns of the screen, in whole steps; beyond the end it goes away. */
static void move_cursor(struct view *view, int columns)
{
    struct charted *v = as_chart(view);
    if (v->step_ms == 0)
        return;
    int64_t column_ms = (v->to_ms - v->from_ms) / MAX(v->width, 1);
    int64_t by_ms = MAX((column_ms + v->step_ms - 1) / v->step_ms, 1) * v->step_ms;
    int64_t at_ms = v->cursor_ms == CHART_NO_CURSOR ? v->to_ms : v->cursor_ms;
    at_ms = MAX(at_ms / v->step_ms * v->step_ms + columns * by_ms, v->from_ms);
    v->cursor_ms = at_ms >= v->to_ms ? CHART_NO_CURSOR : at_ms;
}

static void earlier(struct view *v)
{
    move_cursor(v, -1);
}

static void later(struct view *v)
{
    move_cursor(v, 1);
}

static void much_earlier(struct view *v)
{
    move_cursor(v, -10);
}

static void much_later(struct view *v)
{
    move_cursor(v, 10);
}

static void first(struct view *v)
{
    as_chart(v)->cursor_ms = as_chart(v)->from_ms;
}

static void last(struct view *v)
{
    as_chart(v)->cursor_ms = CHART_NO_CURSOR;
}

static void change_form(struct view *v)
{
    as_chart(v)->form = as_chart(v)->form == CHART_DOTS ? CHART_BLOCKS : CHART_DOTS;
}

/* -- drawing ------------------------------------------------------------------------------------- */

static void draw_chart(const struct charted *v, struct surface *s, int64_t now_ms)
{
    struct chart c = {.column = &v->base.kind->columns[v->column],
        .count = v->count,
        .from_ms = v->from_ms,
        .to_ms = v->to_ms,
        .reader = {now_ms, v->base.settings->zone},
        .since_ms = v->since_ms,
        .cursor_ms =
            v->cursor_ms == CHART_NO_CURSOR ? CHART_NO_CURSOR : MAX(v->cursor_ms, v->from_ms),
        .events = (const struct event_mark *)(const void *)v->events->data,
        .event_count = v->events->len,
        .form = v->form};
    for (unsigned i = 0; i < v->count; i++)
        c.line[i] = (struct chart_line){v->name[i], v->series[i]};
    chart_draw(&c, s);
}

static void chart_view_draw(struct view *view, struct surface *s, int64_t now_ms)
{
    struct charted *v = as_chart(view);
    v->width = s->width;
    v->ascii = s->ascii;
    if (v->count == 0 || v->column < 0) {
        g_autofree char *text =
            g_strdup_printf("no number of %s is kept over time", kind_segment(view->kind));
        paint_notice(s, ROLE_DIM, v->count ? text : "nothing is selected");
        return;
    }
    fit_window(v, now_ms);
    bool any = false;
    for (unsigned i = 0; i < v->count; i++)
        any |= v->series[i] != NULL;
    if (!is_answered(v) || (v->error && !any)) {
        g_autofree char *text = v->error ? g_strdup_printf("no history: %s", v->error) : NULL;
        paint_notice(s, text ? ROLE_WARN : ROLE_DIM, text ? text : "reading the history ...");
        return;
    }
    struct surface area = surface_part(s, 0, v->error ? 1 : 0, s->width, s->height - !!v->error);
    g_autofree char *error = v->error ? text_cut_end(v->error, s->width, s->ascii) : NULL;
    if (error)
        surface_put(s, 0, 0, s->width, ROLE_WARN, error);
    draw_chart(v, &area, now_ms);
}

/* "enrich-v2  lag 2/5  last 1h" */
static void chart_status(const struct view *view, GString *out)
{
    const struct charted *v = as_const_chart(view);
    unsigned place = 0, all = 0;
    for (int c = 0; view->kind->columns[c].name; c++) {
        all += column_has_past(&view->kind->columns[c]);
        place = c == v->column ? all : place;
    }
    if (v->count > 0)
        g_string_append_printf(out, v->count > 1 ? "%s ...  " : "%s  ", v->name[0]);
    if (v->column >= 0)
        g_string_append_printf(out, "%s %u/%u  last %s", view->kind->columns[v->column].name, place,
            all, spans[v->span].name);
}

static struct view *chart_create(const struct kind *k)
{
    struct charted *v = g_new0(struct charted, 1);
    v->base.class = &chart_view;
    v->base.kind = k;
    v->column = first_column(k);
    v->span = SPAN_1H;
    v->cursor_ms = CHART_NO_CURSOR;
    v->width = WIDTH_AT_ONCE;
    v->events = g_array_new(FALSE, FALSE, sizeof(struct event_mark));
    g_array_set_clear_func(v->events, mark_clear);
    return &v->base;
}

static void chart_free(struct view *view)
{
    struct charted *v = as_chart(view);
    drop_answer(v);
    g_array_unref(v->events);
    for (unsigned i = 0; i < CHART_ROWS_MAX; i++) {
        g_free(v->address[i]);
        g_free(v->name[i]);
    }
    g_free(v);
}

static const struct view_command commands[] = {
    {"next-column", "tab", "the next number that is kept", .run = next_column},
    {"previous-column", "backtab", "the number before", .run = previous_column},
    {"span-15m", "1", "the last 15 minutes", .run = span_15m},
    {"span-1h", "2", "the last hour", .run = span_1h},
    {"span-6h", "3", "the last 6 hours", .run = span_6h},
    {"span-24h", "4", "the last 24 hours", .run = span_24h},
    {"earlier", "left", "read an earlier value", .run = earlier},
    {"later", "right", "read a later value", .run = later},
    {"much-earlier", "pgup", "ten columns earlier", .run = much_earlier},
    {"much-later", "pgdn", "ten columns later", .run = much_later},
    {"first", "g home", "read the first value", .run = first},
    {"last", "G end", "read the value of now", .run = last},
    {"form", "b", "dots or blocks", .run = change_form},
    {0},
};

static const struct view_class chart_view = {
    .shape = SHAPE_CHART,
    .commands = commands,
    .create = chart_create,
    .free = chart_free,
    .draw = chart_view_draw,
    .status = chart_status,
    .wants_series = chart_wants_series,
    .take_series = chart_take_series,
    .show_rows = chart_show_rows,
};
VIEW(chart);
