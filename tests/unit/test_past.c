/* What views show of the past: sparklines in tables, the chart of a row, and what they ask for it. */
#include "spark.h"
#include "trends.h"
#include "unit/series.h"
#include "unit/views.h"

enum { P_STATE, P_LAG, P_TOOK, P_OFFSET, P_TREND };

static const struct column columns[] = {
    [P_STATE] = {"state", "STATE", CELL_STATE, COLUMN_F_RECORD, 8, 0, "how it is"},
    [P_LAG] = {"lag", "LAG", CELL_INT, COLUMN_F_RECORD, 6, 0, "messages not read"},
    [P_TOOK] = {"took_ms", "TOOK", CELL_SPAN_MS, COLUMN_F_RECORD, 6, 0, "how long"},
    [P_OFFSET] = {"offset", "OFFSET", CELL_INT, COLUMN_F_HIDDEN | COLUMN_F_EXACT, 6, 0,
        "no amount"},
    [P_TREND] = {"trend", "TREND", CELL_SERIES, 0, 10, 0, "its lag over time"},
    {0},
};

static const struct kind kind = {.name = "test.rows",
    .title = "ROW",
    .help = "rows of a test",
    .shape = SHAPE_TABLE,
    .columns = columns,
    .feed = "rows",
    .trend = "lag"};

static const struct view_settings in_utc = {0};

static struct snapshot *some_rows(int count)
{
    AUTO(rid) scope = rid_source("events");
    struct snapshot *s = snapshot_new(&kind, scope, ROWS_NOW_MS);
    for (int i = 0; i < count; i++) {
        g_autofree char *name = g_strdup_printf("row-%02d", i);
        size_t row = snapshot_add(s, name);
        snapshot_set_int(s, row, P_LAG, i);
    }
    return s;
}

/* -- a history ----------------------------------------------------------------------------------- */

struct history {
    struct series *series; /* of every row it knows */
    const char *unknown;   /* a row that it does not know */
    const char *error;
    unsigned asked; /* rows, in the last question */
};

/* Asks for what the view wants, once; false: it wants nothing. */
static bool answer(struct history *h, struct view *v, int64_t now_ms)
{
    struct series_wish wish;
    h->asked = 0;
    if (!v->class->wants_series(v, &wish, now_ms))
        return false;
    h->asked = wish.count;
    const struct event_mark event = {ROWS_NOW_MS - 20 * MINUTE_MS, "deploy v2.31"};
    const struct series *series[64];
    for (unsigned i = 0; i < wish.count; i++)
        series[i] = g_strcmp0(wish.addresses[i], h->unknown) == 0 ? NULL : h->series;
    const struct series_answer a = {.wish = wish,
        .series = h->error ? NULL : series,
        .since_ms = ROWS_NOW_MS - 600 * MINUTE_MS,
        .events = &event,
        .event_count = 1,
        .error = h->error};
    v->class->take_series(v, &a);
    return true;
}

static struct series *rising(uint32_t count, int64_t step_ms)
{
    struct series *s = series_new(count, step_ms);
    for (uint32_t i = 0; i < count; i++)
        s->value[i] = i;
    return s;
}

/* -- sparklines ---------------------------------------------------------------------------------- */

static char *spark(const double *values, uint32_t count, int width, bool ascii, int64_t later_ms)
{
    g_autofree struct series *s = series_new(count, MINUTE_MS);
    memcpy(s->value, values, count * sizeof *values);
    AUTO(cells) c = cells_new(width + 4, 1, ascii);
    spark_draw(&c->surface, 2, 0, width, ROLE_TEXT, s, series_end(s) + later_ms);
    char *text = cells_text(c, false);
    for (int x = 0; x < width + 4; x++)
        g_assert_true((x >= 2 && x < width + 2) || cells_row(c, 0)[x].text[0] == ' ');
    text[strlen(text) - 1] = '\0';
    return text;
}

static void a_sparkline_shows_its_shape(void)
{
    static const struct {
        double values[8];
        const char *utf8, *ascii;
    } cases[] = {
        {{0, 1, 2, 3, 4, 5, 6, 7}, "  ▁▂▃▄▅▆▇█", "  __.-=+##"},
        {{0, 0, 0, 0, 0, 0, 0, 0}, "  ▁▁▁▁▁▁▁▁", "  ________"},
        {{5, 5, 5, 5, 5, 5, 5, 5}, "  ▅▅▅▅▅▅▅▅", "  ========"},
        {{1000000, 1000009, 1000000, 1000009, 1000000, 1000009, 1000000, 1000009}, "  ▄▅▄▅▄▅▄▅",
            "  -=-=-=-="},
        {{-4, -3, -2, -1, 0, 1, 2, 3}, "  ▁▂▃▄▅▆▇█", "  __.-=+##"},
        {{NAN, NAN, 1, NAN, 1, 0, INFINITY, 1}, "    █?█▁?█", "    #?#_?#"},
        {{NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN}, "         ?", "         ?"},
        {{-1e308, 1e308, 0, 0, 0, 0, 0, NAN}, "  ▁█▅▅▅▅▅?", "  _#=====?"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *utf8 = spark(cases[i].values, 8, 8, false, 0);
        g_autofree char *ascii = spark(cases[i].values, 8, 8, true, 0);
        g_assert_cmpstr(utf8, ==, cases[i].utf8);
        g_assert_cmpstr(ascii, ==, cases[i].ascii);
    }
}

static void its_right_end_is_now(void)
{
    static const double values[] = {0, 1, 2, 3, 4, 5};
    g_autofree char *narrow = spark(values, 6, 3, true, 0);
    g_autofree char *wide = spark(values, 6, 9, true, 0);
    g_autofree char *same = spark(values, 6, 6, true, MINUTE_MS - 1);
    g_autofree char *older = spark(values, 6, 6, true, 2 * MINUTE_MS);
    g_autofree char *oldest = spark(values, 6, 6, true, 1000 * MINUTE_MS);
    g_assert_cmpstr(narrow, ==, "  _=#");
    g_assert_cmpstr(wide, ==, "     _.-=+#");
    g_assert_cmpstr(same, ==, "  _.-=+#");
    g_assert_cmpstr(older, ==, "  _-+#??");
    g_assert_cmpstr(oldest, ==, "       ?");
}

/* -- tables -------------------------------------------------------------------------------------- */

static void a_table_asks_for_the_rows_on_the_screen_once_per_span(void)
{
    struct shown s = shown_new(&kind);
    shown_put(&s, "events", some_rows(50), NULL);
    g_autofree char *before = shown_text(&s, 60, 11);
    g_assert_null(strstr(before, "TREND")); /* nobody can answer yet */
    g_autofree struct series *series = rising(10, 3 * MINUTE_MS);
    struct history h = {.series = series, .unknown = "events/rows/row-03"};
    g_assert_true(answer(&h, s.v, ROWS_NOW_MS));
    g_assert_cmpuint(h.asked, ==, 10);
    g_assert_false(answer(&h, s.v, ROWS_NOW_MS + 1000));
    g_autofree char *text = shown_text(&s, 60, 11);
    ASSERT_CONTAINS(text, "TREND");
    ASSERT_CONTAINS(text, "▁▁▂▃▄▅▆▇██");
    g_assert_nonnull(strstr(strstr(text, "row-03"), "-\n"));
    shown_run(&s, "page-down");
    g_free(shown_text(&s, 60, 11));
    g_assert_true(answer(&h, s.v, ROWS_NOW_MS + 2000));
    g_assert_cmpuint(h.asked, ==, 1); /* the others are known */
    shown_run(&s, "up");
    g_free(shown_text(&s, 60, 11));
    g_assert_false(answer(&h, s.v, ROWS_NOW_MS + 3000));
    g_assert_true(answer(&h, s.v, ROWS_NOW_MS + 3 * MINUTE_MS));
    shown_clear(&s);
}

static void a_chosen_column_is_asked_for_at_its_width(void)
{
    struct shown s = shown_new(&kind);
    shown_put(&s, "events", some_rows(2), NULL);
    g_free(shown_text(&s, 60, 5));
    struct series_wish wish;
    g_assert_true(s.v->class->wants_series(s.v, &wish, ROWS_NOW_MS));
    g_assert_cmpuint(wish.points, ==, 10);
    g_assert_true(s.v->class->columns(s.v, "lag,trend:6", NULL));
    g_assert_true(s.v->class->wants_series(s.v, &wish, ROWS_NOW_MS));
    g_assert_cmpuint(wish.points, ==, 6);
    g_assert_true(s.v->class->columns(s.v, "lag", NULL));
    g_assert_false(s.v->class->wants_series(s.v, &wish, ROWS_NOW_MS));
    shown_clear(&s);
}

static void a_history_that_fails_leaves_what_was_known(void)
{
    struct shown s = shown_new(&kind);
    shown_put(&s, "events", some_rows(2), NULL);
    g_free(shown_text(&s, 60, 5));
    g_autofree struct series *series = rising(10, 3 * MINUTE_MS);
    struct history h = {.series = series};
    g_assert_true(answer(&h, s.v, ROWS_NOW_MS));
    h.error = "the disk is full";
    g_assert_true(answer(&h, s.v, ROWS_NOW_MS + 3 * MINUTE_MS));
    g_assert_false(answer(&h, s.v, ROWS_NOW_MS + 3 * MINUTE_MS));
    g_autofree char *text = shown_text(&s, 60, 5);
    ASSERT_CONTAINS(text, "▁▁▂▃▄▅▆▇██");
    shown_clear(&s);
}

static void a_kind_without_a_trend_asks_nothing(void)
{
    struct shown s = shown_new(&rows_kind);
    struct snapshot *b = rows_new("events");
    rows_add(b, "orders", "Stable", 1);
    shown_put(&s, "events", b, NULL);
    struct history h = {0};
    g_assert_false(answer(&h, s.v, ROWS_NOW_MS));
    shown_clear(&s);
}

/* -- the chart ----------------------------------------------------------------------------------- */

static struct view *chart_of(unsigned rows, int column)
{
    struct view *v = view_new_as(SHAPE_CHART, &kind, &in_utc);
    const struct chart_rows r = {.count = rows,
        .address = {"events/rows/a", "events/rows/b"},
        .name = {"a-row", "b-row"},
        .column = column};
    v->class->show_rows(v, &r);
    return v;
}

static char *drawn(struct view *v, int64_t now_ms)
{
    AUTO(cells) c = cells_new(70, 10, true);
    v->class->draw(v, &c->surface, now_ms);
    return cells_text(c, false);
}

static void run(struct view *v, const char *name)
{
    for (const struct view_command *c = v->class->commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            c->run(v);
}

static char *status(struct view *v)
{
    GString *out = g_string_new(NULL);
    v->class->status(v, out);
    return g_string_free(out, FALSE);
}

static void a_chart_asks_for_its_span_and_shows_it(void)
{
    struct view *v = chart_of(1, COLUMN_UNKNOWN);
    g_autofree char *first = drawn(v, ROWS_NOW_MS);
    ASSERT_CONTAINS(first, "reading the history ...");
    struct series_wish wish;
    g_assert_true(v->class->wants_series(v, &wish, ROWS_NOW_MS));
    g_assert_cmpint(wish.to_ms - wish.from_ms, ==, 60 * MINUTE_MS);
    g_assert_cmpint(wish.to_ms, >, ROWS_NOW_MS);
    g_assert_cmpint(wish.from_ms % ((wish.to_ms - wish.from_ms) / wish.points), ==, 0);
    g_assert_cmpint(wish.column, ==, P_LAG);
    g_assert_cmpuint(wish.points, ==, 60); /* 64 columns of ASCII */
    g_autofree struct series *series = rising(60, MINUTE_MS);
    struct history h = {.series = series};
    g_assert_true(answer(&h, v, ROWS_NOW_MS));
    g_assert_false(answer(&h, v, ROWS_NOW_MS + 1000));
    g_autofree char *text = drawn(v, ROWS_NOW_MS);
    ASSERT_CONTAINS(text, "lag 59  now   low 0  high 59");
    ASSERT_CONTAINS(text, "deploy v2.31 ^11:44Z");
    g_assert_true(answer(&h, v, ROWS_NOW_MS + 11000)); /* the newest span goes on */
    view_free(v);
}

static void each_number_and_each_span_has_its_key(void)
{
    static const struct {
        const char *name;
        int64_t minutes;
    } spans[] = {{"span-15m", 15}, {"span-1h", 60}, {"span-6h", 360}, {"span-24h", 1440}};
    struct view *v = chart_of(1, P_TOOK);
    g_autofree struct series *series = rising(60, MINUTE_MS);
    struct history h = {.series = series};
    for (unsigned i = 0; i < G_N_ELEMENTS(spans); i++) {
        struct series_wish wish;
        run(v, spans[i].name);
        g_assert_true(v->class->wants_series(v, &wish, ROWS_NOW_MS));
        g_assert_cmpint(wish.to_ms - wish.from_ms, ==, spans[i].minutes * MINUTE_MS);
        g_assert_cmpint((wish.to_ms - wish.from_ms) % wish.points, ==, 0);
        g_assert_cmpint(wish.column, ==, P_TOOK);
        g_assert_true(answer(&h, v, ROWS_NOW_MS));
    }
    g_autofree char *took = status(v);
    g_assert_cmpstr(took, ==, "a-row  took_ms 2/2  last 24h");
    run(v, "next-column");
    g_autofree char *lag = status(v);
    g_assert_cmpstr(lag, ==, "a-row  lag 1/2  last 24h");
    g_autofree char *text = drawn(v, ROWS_NOW_MS);
    ASSERT_CONTAINS(text, "reading"); /* the answer was about another column */
    run(v, "previous-column");
    g_autofree char *back = status(v);
    g_assert_cmpstr(back, ==, "a-row  took_ms 2/2  last 24h");
    view_free(v);
}

static void an_answer_to_an_older_question_is_not_shown(void)
{
    struct view *v = chart_of(1, P_LAG);
    struct series_wish wish;
    g_assert_true(v->class->wants_series(v, &wish, ROWS_NOW_MS));
    run(v, "span-6h");
    g_autofree struct series *series = rising(60, MINUTE_MS);
    const struct series *all[] = {series};
    const struct series_answer a = {.wish = wish, .series = all};
    v->class->take_series(v, &a);
    g_autofree char *text = drawn(v, ROWS_NOW_MS);
    ASSERT_CONTAINS(text, "reading");
    view_free(v);
}

static void the_cursor_walks_through_time(void)
{
    struct view *v = chart_of(2, P_LAG);
    g_autofree struct series *series = rising(60, MINUTE_MS);
    struct history h = {.series = series};
    g_free(drawn(v, ROWS_NOW_MS));
    g_assert_true(answer(&h, v, ROWS_NOW_MS));
    static const struct {
        const char *command, *seen;
    } steps[] = {{"earlier", "b b-row 59  at 12:04:00Z"}, {"earlier", "b-row 58  at 12:03:00Z"},
        {"much-earlier", "b-row 48  at 11:53:00Z"}, {"later", "b-row 49  at 11:54:00Z"},
        {"first", "b-row 0  at 11:05:00Z"}, {"earlier", "b-row 0  at 11:05:00Z"},
        {"last", "a a-row 59  b b-row 59  now"}, {"later", "b-row 59  now"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(steps); i++) {
        run(v, steps[i].command);
        g_autofree char *text = drawn(v, ROWS_NOW_MS);
        ASSERT_CONTAINS(text, steps[i].seen);
    }
    /* It stays on its moment while time goes on, until that leaves the window. */
    run(v, "first");
    g_autofree char *text = drawn(v, ROWS_NOW_MS + 5 * MINUTE_MS);
    ASSERT_CONTAINS(text, "b-row 5  at 11:10:00Z");
    view_free(v);
}

static void a_chart_says_why_there_is_nothing(void)
{
    struct view *v = chart_of(1, P_LAG);
    struct history h = {.error = "the disk is full"};
    g_assert_true(answer(&h, v, ROWS_NOW_MS));
    g_autofree char *nothing = drawn(v, ROWS_NOW_MS);
    ASSERT_CONTAINS(nothing, "no history: the disk is full");
    g_autofree struct series *series = rising(60, MINUTE_MS);
    h = (struct history){.series = series};
    g_assert_true(answer(&h, v, ROWS_NOW_MS + MINUTE_MS));
    h.error = "the disk is full";
    g_assert_true(answer(&h, v, ROWS_NOW_MS + 2 * MINUTE_MS));
    g_autofree char *old = drawn(v, ROWS_NOW_MS + 2 * MINUTE_MS);
    ASSERT_CONTAINS(old, "the disk is full\nlag ?  now   low 2  high 59");
    ASSERT_CONTAINS(old, "?\n");
    view_free(v);

    static const struct kind plain = {
        .name = "test.plain", .columns = columns + P_OFFSET, .shape = SHAPE_TABLE};
    v = view_new_as(SHAPE_CHART, &plain, &in_utc);
    const struct chart_rows r = {1, {"events/plain/a"}, {"a"}, COLUMN_UNKNOWN};
    v->class->show_rows(v, &r);
    struct series_wish wish;
    g_assert_false(v->class->wants_series(v, &wish, ROWS_NOW_MS));
    run(v, "next-column");
    g_autofree char *text = drawn(v, ROWS_NOW_MS);
    ASSERT_CONTAINS(text, "no number of plain is kept over time");
    view_free(v);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/past/a-sparkline-shows-its-shape", a_sparkline_shows_its_shape);
    g_test_add_func("/past/its-right-end-is-now", its_right_end_is_now);
    g_test_add_func("/past/a-table-asks-for-the-rows-on-the-screen-once-per-span",
        a_table_asks_for_the_rows_on_the_screen_once_per_span);
    g_test_add_func("/past/a-chosen-column-is-asked-for-at-its-width",
        a_chosen_column_is_asked_for_at_its_width);
    g_test_add_func("/past/a-history-that-fails-leaves-what-was-known",
        a_history_that_fails_leaves_what_was_known);
    g_test_add_func(
        "/past/a-kind-without-a-trend-asks-nothing", a_kind_without_a_trend_asks_nothing);
    g_test_add_func(
        "/past/a-chart-asks-for-its-span-and-shows-it", a_chart_asks_for_its_span_and_shows_it);
    g_test_add_func(
        "/past/each-number-and-each-span-has-its-key", each_number_and_each_span_has_its_key);
    g_test_add_func("/past/an-answer-to-an-older-question-is-not-shown",
        an_answer_to_an_older_question_is_not_shown);
    g_test_add_func("/past/the-cursor-walks-through-time", the_cursor_walks_through_time);
    g_test_add_func("/past/a-chart-says-why-there-is-nothing", a_chart_says_why_there_is_nothing);
    return g_test_run();
}
