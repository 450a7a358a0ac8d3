/* Charts: what is drawn is where it belongs, nothing else is drawn, and labels tell the truth. */
#include "chart.h"

#include "scale.h"
#include "text.h"
#include "unit/series.h"
#include "unit/views.h"

static const struct column columns[] = {{"lag", "LAG", CELL_INT, COLUMN_F_RECORD, 0, 0, "a count"},
    {"rate", "RATE", CELL_REAL, COLUMN_F_RECORD, 0, 0, "a rate"},
    {"took_ms", "TOOK", CELL_SPAN_MS, COLUMN_F_RECORD, 0, 0, "a span"},
    {"size_bytes", "SIZE", CELL_BYTES, COLUMN_F_RECORD, 0, 0, "a size"},
    {"cpu", "CPU", CELL_PERCENT, COLUMN_F_RECORD, 0, 0, "a share"}, {0}};

enum { LAG, RATE, TOOK, SIZE, CPU, COLUMNS };

static struct chart chart_of(const struct column *column, const struct series *series)
{
    return (struct chart){.column = column,
        .count = 1,
        .line = {{"x", series}},
        .from_ms = series->from_ms,
        .to_ms = series_end(series),
        .reader = {ROWS_NOW_MS, NULL},
        .cursor_ms = CHART_NO_CURSOR};
}

static char *text_of(const struct chart *c, int width, int height, bool ascii)
{
    AUTO(cells) cells = cells_new(width, height, ascii);
    chart_draw(c, &cells->surface);
    return cells_text(cells, false);
}

#define ASSERT_PICTURE(chart, width, height, ascii, ...)                                           \
    do {                                                                                           \
        static const char *const lines_[] = {__VA_ARGS__, "", NULL};                               \
        g_autofree char *wanted_ = g_strjoinv("\n", (char **)lines_);                              \
        g_autofree char *seen_ = text_of(chart, width, height, ascii);                             \
        g_assert_cmpstr(seen_, ==, wanted_);                                                       \
    } while (0)

/* -- any numbers --------------------------------------------------------------------------------- */

static double any_value(void)
{
    static const double odd[] = {0, 1e-300, -1e-12, 1e12, -9e18, 1e19, 1e300, -1e308, 1e308};
    switch (g_test_rand_int_range(0, 8)) {
    case 0: return NAN;
    case 1: return INFINITY;
    case 2: return odd[g_test_rand_int_range(0, G_N_ELEMENTS(odd))];
    default: return g_test_rand_double_range(-100, 100000);
    }
}

static void any_series(struct series *s)
{
    bool mild = g_test_rand_bit();
    double base = g_test_rand_bit() ? 0 : g_test_rand_double_range(-1e9, 1e9);
    for (uint32_t i = 0; i < s->count; i++)
        s->value[i] = mild ? base + g_test_rand_double_range(-3, 50) : any_value();
}

static void nothing_is_drawn_outside_of_the_chart(void)
{
    static const struct event_mark events[] = {{ROWS_NOW_MS - 50 * MINUTE_MS, "deploy v2.31"},
        {ROWS_NOW_MS - 49 * MINUTE_MS, "日本語の名前 that is rather long"},
        {ROWS_NOW_MS - MINUTE_MS, "member left"}, {ROWS_NOW_MS + 9 * MINUTE_MS, "later"}};
    static const int sizes[][2] = {
        {20, 4}, {80, 24}, {500, 200}, {1, 1}, {0, 0}, {3, 2}, {7, 3}, {160, 5}, {24, 60}};
    for (int round = 0; round < 300; round++) {
        g_autofree struct series *s = series_new(
            (uint32_t)g_test_rand_int_range(1, 200), 1000 * g_test_rand_int_range(1, 100));
        any_series(s);
        struct chart c = chart_of(&columns[round % COLUMNS], s);
        unsigned n = (unsigned)round % G_N_ELEMENTS(sizes);
        int width = sizes[n][0], height = sizes[n][1];
        c.count = 1 + (unsigned)g_test_rand_int_range(0, CHART_LINES_MAX);
        for (unsigned line = 1; line < c.count; line++)
            c.line[line] = (struct chart_line){"other", line % 2 ? s : NULL};
        c.events = events;
        c.event_count = G_N_ELEMENTS(events);
        c.form = round % 2 ? CHART_DOTS : CHART_BLOCKS;
        c.cursor_ms = round % 3 ? ROWS_NOW_MS - round * 1000 : CHART_NO_CURSOR;
        c.from_ms -= g_test_rand_int_range(0, 3) * s->step_ms * 7;
        AUTO(cells) cells = cells_new(width + 4, height + 2, round % 5 == 0);
        struct surface part = surface_part(&cells->surface, 2, 1, width, height);
        chart_draw(&c, &part);
        for (int y = 0; y < height + 2; y++)
            for (int x = 0; x < width + 4; x++)
                if (x < 2 || x >= width + 2 || y < 1 || y > height)
                    g_assert_cmpuint(cells_row(cells, y)[x].text[0], ==, ' ');
    }
}

static bool is_curve(const struct cells *cells, int x, int y)
{
    uint32_t c = cells_row(cells, y)[x].text[0];
    return c != ' ' && c != '?' && cells_row(cells, y)[x].role == ROLE_TEXT;
}

/* Something of the curve in the cell or one that touches it. */
static bool is_seen(const struct cells *cells, int x, int y, int left, int top, int end)
{
    for (int dy = -1; dy <= 1; dy++)
        for (int dx = -1; dx <= 1; dx++)
            if (x + dx >= left && x + dx < cells->surface.width && y + dy >= top && y + dy < end &&
                is_curve(cells, x + dx, y + dy))
                return true;
    return false;
}

static void every_value_is_seen_within_a_cell_of_its_place(void)
{
    for (int round = 0; round < 120; round++) {
        int width = g_test_rand_int_range(20, 120), height = g_test_rand_int_range(5, 40);
        g_autofree struct series *s =
            series_new((uint32_t)g_test_rand_int_range(1, 300), MINUTE_MS);
        double base = round % 4 ? 0 : 1e6;
        for (uint32_t i = 0; i < s->count; i++)
            if (g_test_rand_int_range(0, 4))
                s->value[i] = base + g_test_rand_double_range(round % 3 ? 0 : -500, 1000);
        s->value[0] = base;
        struct chart c = chart_of(&columns[RATE], s);
        c.form = round % 2 ? CHART_DOTS : CHART_BLOCKS;
        AUTO(cells) cells = cells_new(width, height, round % 5 == 0);
        chart_draw(&c, &cells->surface);
        int rows = height - 2;
        struct scale scale;
        double low = base, high = base;
        for (uint32_t i = 0; i < s->count; i++) {
            low = fmin(low, s->value[i]);
            high = fmax(high, s->value[i]);
        }
        scale_values(&scale, CELL_REAL, low, high, rows);
        int left = 1; /* right of the axis */
        while (cells_row(cells, 1)[left - 1].role != ROLE_RULE)
            left++;
        for (uint32_t i = 0; i < s->count; i++) {
            if (!isfinite(s->value[i]))
                continue;
            int x = left + (int)((i + 0.5) * (width - left) / s->count);
            double share = (s->value[i] - scale.low) / (scale.high - scale.low);
            int y = rows - (int)lround(share * rows - 0.5);
            g_assert_true(is_seen(cells, x, CLAMP(y, 1, rows), left, 1, rows + 1));
        }
    }
}

/* -- what is not known --------------------------------------------------------------------------- */

static void a_gap_is_open_and_says_so(void)
{
    for (int form = 0; form < 3; form++) {
        g_autofree struct series *s = series_new(60, MINUTE_MS);
        for (int i = 0; i < 60; i++)
            s->value[i] = i >= 20 && i < 40 ? (double)NAN : 1000 - i;
        struct chart c = chart_of(&columns[LAG], s);
        c.form = form == 1 ? CHART_BLOCKS : CHART_DOTS;
        AUTO(cells) cells = cells_new(66, 10, form == 2);
        chart_draw(&c, &cells->surface);
        for (int x = 6; x < 66; x++) {
            bool gap = x >= 26 && x < 46;
            unsigned drawn = 0;
            for (int y = 1; y < 9; y++)
                drawn += is_curve(cells, x, y);
            g_assert_cmpuint(drawn > 0, ==, !gap);
            g_assert_cmpuint(cells_row(cells, 8)[x].text[0] == '?', ==, gap);
        }
    }
}

static void the_span_that_is_not_over_is_no_gap(void)
{
    g_autofree struct series *s = series_new(60, MINUTE_MS);
    for (int i = 0; i < 59; i++)
        s->value[i] = 7;
    struct chart c = chart_of(&columns[LAG], s);
    g_autofree char *text = text_of(&c, 66, 8, true);
    g_assert_null(strchr(text, '?'));
    ASSERT_CONTAINS(text, "lag 7  now");
    s->value[58] = s->value[57] = NAN;
    g_autofree char *late = text_of(&c, 66, 8, true);
    ASSERT_CONTAINS(late, "?\n");
    ASSERT_CONTAINS(late, "lag ?  now");
}

static void without_history_no_number_stands_there(void)
{
    g_autofree struct series *s = series_new(60, MINUTE_MS);
    struct chart c = chart_of(&columns[LAG], s);
    c.since_ms = ROWS_NOW_MS - 31120;
    ASSERT_PICTURE(&c, 44, 6, true, "lag ?  now", "     |",
        "     |   no history yet: since 12:04:00Z", "     |", "     |",
        "     +---------------+11:30Z-------------now");
    c.since_ms = c.from_ms - 24 * 60 * MINUTE_MS;
    g_autofree char *other = text_of(&c, 60, 8, true);
    ASSERT_CONTAINS(other, "nothing known of this time");
    ASSERT_CONTAINS(other, "the history begins 06-11 11:");
}

/* -- pictures ------------------------------------------------------------------------------------ */

static struct series *incident(void)
{
    struct series *s = series_new(60, MINUTE_MS);
    for (int i = 0; i < 60; i++)
        s->value[i] = i < 12 ? 8000 : i < 16 ? (double)NAN : 8000 + (i - 16) * 44000.0;
    return s;
}

static void an_incident_reads_the_same_in_all_forms(void)
{
    static const struct event_mark events[] = {{ROWS_NOW_MS - 40 * MINUTE_MS, "deploy v2.31"},
        {ROWS_NOW_MS - 30 * MINUTE_MS, "member left"}};
    g_autofree struct series *s = incident();
    struct chart c = chart_of(&columns[LAG], s);
    c.events = events;
    c.event_count = 2;
    ASSERT_PICTURE(&c, 66, 8, true, "lag 1.9M  now   low 8000  high 1.9M",
        "   2M|                                                     __.--=+",
        "     |                                            _..-==++#",
        "   1M|                                  __.--==+##",
        "     |                         __.--=++#", "    0|____________????_..-==+##",
        "     +-----+11:10Z---+11:20Z---+11:30Z---+11:40Z---+11:50Z-----now",
        "            deploy v2.31 ^11:24Z   ^11:34Z member left");
    ASSERT_PICTURE(&c, 66, 8, false, "lag 1.9M  now   low 8000  high 1.9M",
        "   2M│                                                     ⣀⣀⣀⠤⠤⠒⠒",
        "     │                                            ⣀⣀⠤⠤⠤⠒⠒⠉⠉",
        "   1M│                                  ⣀⣀⣀⠤⠤⠒⠒⠉⠉⠉",
        "     │                         ⣀⣀⠤⠤⠒⠒⠒⠉⠉", "    0│⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀????⣀⣀⠤⠤⠒⠒⠉⠉⠉",
        "     └─────┴11:10Z───┴11:20Z───┴11:30Z───┴11:40Z───┴11:50Z─────now",
        "            deploy v2.31 ^11:24Z   ^11:34Z member left");
    c.form = CHART_BLOCKS;
    c.cursor_ms = ROWS_NOW_MS - 30 * MINUTE_MS;
    ASSERT_PICTURE(&c, 66, 8, false, "lag 580k  at 11:34:31Z  member left   low 8000  high 1.9M",
        "   2M│                             ┊                       ▁▂▃▃▄▅▆",
        "     │                             ┊              ▁▂▃▄▅▅▆▇████████",
        "   1M│                             ┊    ▁▁▂▃▄▅▆▇▇█████████████████",
        "     │                         ▁▂▃▃▄▅▆▇███████████████████████████",
        "    0│▁▁▁▁▁▁▁▁▁▁▁▁????▁▂▃▄▅▅▆▇████████████████████████████████████",
        "     └─────┴11:10Z───┴11:20Z───┴11:30Z───┴11:40Z───┴11:50Z─────now",
        "            deploy v2.31 ^11:24Z   ^11:34Z member left");
}

static void values_below_zero_hang_from_the_zero_line(void)
{
    g_autofree struct series *s = series_new(30, MINUTE_MS);
    for (int i = 0; i < 30; i++)
        s->value[i] = 40 - i * 4;
    struct chart c = chart_of(&columns[RATE], s);
    ASSERT_PICTURE(&c, 36, 9, true, "rate -76  now   low -76  high 40", "   40|#+-._",
        "     |    |+=._", "    0|---------#=-.-----------------", "     |             #+=._",
        "  -40|                 |+=-_", "     |                      #+-.",
        "  -80|                          #+=.", "     +-----+11:40Z---+11:50Z-----now");
    c.form = CHART_BLOCKS;
    ASSERT_PICTURE(&c, 36, 9, false, "rate -76  now   low -76  high 40", "   40│█▆▄▃▁",
        "     │█████▇▅▃▁", "    0│██████████▆▄▂─────────────────", "     │             ▔▀▀▀█",
        "  -40│                  ▔▀▀█", "     │                      ▔▀▀█",
        "  -80│                          ▔▔▀▀", "     └─────┴11:40Z───┴11:50Z─────now");
}

static void several_lines_differ_by_letters(void)
{
    g_autofree struct series *a = series_new(30, MINUTE_MS);
    g_autofree struct series *b = series_new(30, MINUTE_MS);
    for (int i = 0; i < 30; i++) {
        a->value[i] = i;
        b->value[i] = 29 - i;
    }
    struct chart c = chart_of(&columns[LAG], a);
    c.count = 2;
    c.line[1] = (struct chart_line){"orders", b};
    ASSERT_PICTURE(&c, 36, 8, true, "lag  a x 29  b orders 0  now   low 0",
        "   30|bbbb                      aaaa", "     |    bbbbb            aaaaa",
        "   15|         bbbbbbaaaaaa", "     |          aaaaabbbbb",
        "     |     aaaaa          bbbbb", "    0|aaaaa                    bbbbb",
        "     +-----+11:40Z---+11:50Z-----now");
    ASSERT_PICTURE(&c, 36, 8, false, "lag  a x 29  b orders 0  now   low 0",
        "   30│⠒⠤⠤⣀                      ⣀a⠤a", "     │    ⠉⠒⠒⠤⣀            ⣀⠤⠒⠒⠉",
        "   15│         ⠉b⠒⠤⣀⣀⣀⣀⠤⠒⠉⠉", "     │          ⣀⣀⠤a⠉⠉⠒⠤⣀⣀",
        "     │     ⣀⠤⠤⠒⠉          ⠉⠒⠤⠤b", "    0│⣀⠤⠒⠒⠉                    ⠉⠒⠒⠤b",
        "     └─────┴11:40Z───┴11:50Z─────now");
}

static void the_smallest_chart_still_has_two_labels(void)
{
    g_autofree struct series *s = series_new(30, MINUTE_MS);
    for (int i = 0; i < 30; i++)
        s->value[i] = 44000;
    struct chart c = chart_of(&columns[LAG], s);
    ASSERT_PICTURE(
        &c, 20, 4, true, "  50k|==============", "     |", "    0|", "     +-----------now");
}

static void one_value_is_not_missed(void)
{
    g_autofree struct series *s = series_new(120, MINUTE_MS);
    s->value[60] = 5;
    struct chart c = chart_of(&columns[LAG], s);
    AUTO(cells) cells = cells_new(36, 8, false);
    chart_draw(&c, &cells->surface);
    unsigned cells_of_it = 0;
    for (int y = 1; y < 7; y++)
        for (int x = 6; x < 36; x++)
            if (is_curve(cells, x, y)) {
                g_assert_cmpuint(g_bit_storage(cells_row(cells, y)[x].text[0]), >, 8);
                cells_of_it++;
            }
    g_assert_cmpuint(cells_of_it, ==, 1);
    g_autofree char *all = text_of(&c, 36, 8, false);
    ASSERT_CONTAINS(all, "low 5  high 5");
}

/* -- axes ---------------------------------------------------------------------------------------- */

static void labels_rise_and_differ(void)
{
    static const enum cell_type types[] = {
        CELL_INT, CELL_REAL, CELL_SPAN_MS, CELL_BYTES, CELL_PERCENT};
    for (int round = 0; round < 20000; round++) {
        enum cell_type type = types[round % 5];
        double size = pow(10, g_test_rand_double_range(type == CELL_REAL ? -9 : 0, 20));
        double low = g_test_rand_double_range(-1, 1) * size;
        double high = low + fabs(low) * pow(10, g_test_rand_double_range(-12, 1));
        int rows = g_test_rand_int_range(1, 60);
        struct scale s;
        scale_values(&s, type, low, high, rows);
        g_assert_cmpfloat(s.low, <=, low);
        g_assert_cmpfloat(s.high, >=, high);
        g_assert_cmpuint(s.ticks, >=, 2);
        g_assert_cmpuint(s.ticks, <=, SCALE_TICKS_MAX);
        g_autofree char *before = NULL;
        for (unsigned i = 0; i < s.ticks; i++) {
            g_autoptr(GString) label = g_string_new(NULL);
            scale_append_tick(label, &s, i);
            g_assert_cmpstr(label->str, !=, before ? before : "");
            g_assert_cmpuint(label->len, <=, 12);
            if (i > 0)
                g_assert_cmpfloat(s.tick[i], >, s.tick[i - 1]);
            g_free(before);
            before = g_strdup(label->str);
        }
    }
}

static char *labels(enum cell_type type, double low, double high, int rows)
{
    struct scale s;
    scale_values(&s, type, low, high, rows);
    g_autoptr(GString) out = g_string_new(NULL);
    for (unsigned i = 0; i < s.ticks; i++) {
        g_string_append(out, i ? " " : "");
        scale_append_tick(out, &s, i);
    }
    return g_strdup(out->str);
}

static void labels_are_round_in_the_unit_of_the_column(void)
{
    static const struct {
        enum cell_type type;
        double low, high;
        const char *labels;
    } cases[] = {{CELL_INT, 0, 1923344, "0 1M 2M"}, {CELL_INT, 0, 0, "0 1"},
        {CELL_INT, 1000000, 1000009, "1M +4 +8"}, {CELL_INT, 44000, 44000, "0 20k 40k"},
        {CELL_REAL, -543, 479, "-400 0 400"}, {CELL_REAL, 0, 0.0031, "0 0.002 0.004"},
        {CELL_SPAN_MS, 4000, 3500000, "0 20m00s 40m00s 1h00m"},
        {CELL_SPAN_MS, 0, 90, "0 40ms 80ms"}, {CELL_BYTES, 0, 3e9, "0 1G 2G 3G"},
        {CELL_BYTES, 212e9, 214e9, "197G 198G 199G"}, {CELL_PERCENT, 3, 98, "0% 50% 100%"},
        {CELL_REAL, -1e308, 1e308, ""}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *seen = labels(cases[i].type, cases[i].low, cases[i].high, 8);
        if (*cases[i].labels)
            g_assert_cmpstr(seen, ==, cases[i].labels);
    }
}

static void times_are_round_and_never_touch(void)
{
    static const int64_t spans[] = {15, 60, 6 * 60, 24 * 60, 7 * 24 * 60};
    for (unsigned i = 0; i < G_N_ELEMENTS(spans); i++) {
        for (int width = 20; width < 300; width += 7) {
            g_autofree struct series *s = series_new(60, spans[i] * MINUTE_MS / 60);
            s->value[3] = 1;
            struct chart c = chart_of(&columns[LAG], s);
            g_autofree char *text = text_of(&c, width, 6, true);
            g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
            g_assert_true(g_str_has_suffix(lines[5], "-now"));
            g_assert_cmpint(text_width(lines[5]), ==, width);
            for (const char *p = strchr(lines[5], 'Z'); p; p = strchr(p + 1, 'Z')) {
                g_assert_cmpint(p[1], ==, '-');
            }
        }
    }
}

static void a_day_says_where_it_begins(void)
{
    g_autofree struct series *s = series_new(144, 10 * MINUTE_MS);
    s->value[3] = 1;
    struct chart c = chart_of(&columns[LAG], s);
    g_autofree char *text = text_of(&c, 80, 6, true);
    ASSERT_CONTAINS(text, "+18:00Z---");
    ASSERT_CONTAINS(text, "+06-12---");
}

static void times_are_those_of_the_readers_zone(void)
{
    g_autofree struct series *s = series_new(144, 10 * MINUTE_MS);
    s->value[3] = 1;
    g_autoptr(GTimeZone) zone = g_time_zone_new_offset(5 * 3600 + 1800);
    const struct event_mark event = {ROWS_NOW_MS - 180 * MINUTE_MS, "deploy"};
    struct chart c = chart_of(&columns[LAG], s);
    c.reader.zone = zone;
    c.events = &event;
    c.event_count = 1;
    c.cursor_ms = s->from_ms;
    g_autofree char *text = text_of(&c, 80, 8, true);
    ASSERT_CONTAINS(text, "+18:00---");
    ASSERT_CONTAINS(text, "+06-12---");
    ASSERT_CONTAINS(text, "deploy ^14:34\n");
    ASSERT_CONTAINS(text, "at 06-11 17:40+0530");
}

static void a_window_of_the_past_does_not_end_now(void)
{
    g_autofree struct series *s = series_new(60, MINUTE_MS);
    s->value[3] = 1;
    struct chart c = chart_of(&columns[LAG], s);
    c.reader.now_ms += 24 * 60 * MINUTE_MS;
    g_autofree char *text = text_of(&c, 80, 6, true);
    ASSERT_CONTAINS(text, "-12:05Z\n");
}

/* -- the line above ------------------------------------------------------------------------------ */

static void the_cursor_reads_the_value_and_what_happened(void)
{
    g_autofree struct series *s = incident();
    const struct event_mark event = {s->from_ms + 30 * MINUTE_MS, "member left"};
    struct chart c = chart_of(&columns[LAG], s);
    c.events = &event;
    c.event_count = 1;
    c.cursor_ms = s->from_ms + 30 * MINUTE_MS;
    g_autofree char *text = text_of(&c, 80, 8, true);
    ASSERT_CONTAINS(text, "lag 624k  at 11:35:00Z  member left");
    c.cursor_ms = s->from_ms + 13 * MINUTE_MS;
    g_autofree char *gap = text_of(&c, 80, 8, true);
    ASSERT_CONTAINS(gap, "lag ?  at 11:18:00Z");
    ASSERT_CONTAINS(gap, " :");
}

static void what_just_happened_has_its_name(void)
{
    g_autofree struct series *s = incident();
    const struct event_mark event = {ROWS_NOW_MS - MINUTE_MS, "member left"};
    struct chart c = chart_of(&columns[LAG], s);
    c.events = &event;
    c.event_count = 1;
    g_autofree char *text = text_of(&c, 66, 8, true);
    ASSERT_CONTAINS(text, "member left ^\n");
}

static void an_axis_without_zero_says_so(void)
{
    g_autofree struct series *s = series_new(60, MINUTE_MS);
    for (int i = 0; i < 60; i++)
        s->value[i] = 1000000 + i % 10;
    struct chart c = chart_of(&columns[LAG], s);
    g_autofree char *text = text_of(&c, 80, 8, true);
    ASSERT_CONTAINS(text, "lag 1000009  now   low 1000000  high 1000009  axis without 0");
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func(
        "/chart/nothing-is-drawn-outside-of-the-chart", nothing_is_drawn_outside_of_the_chart);
    g_test_add_func("/chart/every-value-is-seen-within-a-cell-of-its-place",
        every_value_is_seen_within_a_cell_of_its_place);
    g_test_add_func("/chart/a-gap-is-open-and-says-so", a_gap_is_open_and_says_so);
    g_test_add_func(
        "/chart/the-span-that-is-not-over-is-no-gap", the_span_that_is_not_over_is_no_gap);
    g_test_add_func(
        "/chart/without-history-no-number-stands-there", without_history_no_number_stands_there);
    g_test_add_func(
        "/chart/an-incident-reads-the-same-in-all-forms", an_incident_reads_the_same_in_all_forms);
    g_test_add_func("/chart/values-below-zero-hang-from-the-zero-line",
        values_below_zero_hang_from_the_zero_line);
    g_test_add_func("/chart/several-lines-differ-by-letters", several_lines_differ_by_letters);
    g_test_add_func(
        "/chart/the-smallest-chart-still-has-two-labels", the_smallest_chart_still_has_two_labels);
    g_test_add_func("/chart/one-value-is-not-missed", one_value_is_not_missed);
    g_test_add_func("/chart/labels-rise-and-differ", labels_rise_and_differ);
    g_test_add_func("/chart/labels-are-round-in-the-unit-of-the-column",
        labels_are_round_in_the_unit_of_the_column);
    g_test_add_func("/chart/times-are-round-and-never-touch", times_are_round_and_never_touch);
    g_test_add_func("/chart/a-day-says-where-it-begins", a_day_says_where_it_begins);
    g_test_add_func(
        "/chart/times-are-those-of-the-readers-zone", times_are_those_of_the_readers_zone);
    g_test_add_func(
        "/chart/a-window-of-the-past-does-not-end-now", a_window_of_the_past_does_not_end_now);
    g_test_add_func("/chart/the-cursor-reads-the-value-and-what-happened",
        the_cursor_reads_the_value_and_what_happened);
    g_test_add_func("/chart/what-just-happened-has-its-name", what_just_happened_has_its_name);
    g_test_add_func("/chart/an-axis-without-zero-says-so", an_axis_without_zero_says_so);
    return g_test_run();
}
