#include "quantity.h"

#include <math.h>

#include "unit/rows.h"

static void number_is(const char *text, double wanted)
{
    double value = -12345;
    g_assert_true(quantity_parse_number(text, &value));
    g_assert_cmpfloat(value, ==, wanted);
}

static void no_number(const char *text)
{
    double value = 7;
    g_assert_false(quantity_parse_number(text, &value));
    g_assert_cmpfloat(value, ==, 7);
}

static void numbers_take_the_usual_units(void)
{
    number_is("10", 10);
    number_is("-3.5", -3.5);
    number_is(".5", .5);
    number_is("1.5k", 1500);
    number_is("2K", 2000);
    number_is("2M", 2e6);
    number_is("3G", 3e9);
    number_is("1T", 1e12);
    number_is("64KiB", 65536);
    number_is("1MiB", 1048576);
    number_is("2GiB", 2147483648.0);
    number_is("1TiB", 1099511627776.0);
    number_is("90%", 90);
}

static void what_is_no_number_is_refused(void)
{
    static const char *const wrong[] = {"", " ", ".", "-", "k", "ten", "10 ", " 10", "1,5", "1.5.5",
        "10kk", "10KB", "10kib", "--1", "+1", "0x10", "1e5", "inf", "nan", "١", NULL};
    for (const char *const *text = wrong; *text; text++)
        no_number(*text);
    g_autofree char *endless = g_strnfill(100, '1');
    no_number(endless);
}

static void span_is(const char *text, int64_t wanted)
{
    int64_t ms = -1;
    g_assert_true(quantity_parse_span(text, false, &ms));
    g_assert_cmpint(ms, ==, wanted);
}

static void no_span(const char *text, bool bare)
{
    int64_t ms = 7;
    g_assert_false(quantity_parse_span(text, bare, &ms));
    g_assert_cmpint(ms, ==, 7);
}

static void spans_may_be_chained(void)
{
    span_is("500ms", 500);
    span_is("10s", 10000);
    span_is("0s", 0);
    span_is("15m", 900000);
    span_is("4h", 14400000);
    span_is("2d", 172800000);
    span_is("1h30m", 5400000);
    span_is("1.5h", 5400000);
    span_is("1d2h3m4s5ms", 93784005);
}

static void what_is_no_span_is_refused(void)
{
    static const char *const wrong[] = {
        "", "s", "10", "1h30", "-5s", "10 s", "10x", "5s ", "1y", "99999999999999999999d", NULL};
    for (const char *const *text = wrong; *text; text++)
        no_span(*text, false);
    no_span("1h30", true);
    no_span("10x", true);
    int64_t ms;
    g_assert_true(quantity_parse_span("1500", true, &ms));
    g_assert_cmpint(ms, ==, 1500);
}

static void time_is(const char *text, int64_t wanted)
{
    int64_t ms;
    g_assert_true(quantity_parse_time(text, &ms));
    g_assert_cmpint(ms, ==, wanted);
}

static void times_are_read_with_any_offset(void)
{
    time_is("2026-06-12T12:04:31.120Z", ROWS_NOW_MS);
    time_is("2026-06-12T12:04:31Z", ROWS_NOW_MS - 120);
    time_is("2026-06-12T14:04:31+02:00", ROWS_NOW_MS - 120);
    time_is("2026-06-12T12:04:31", ROWS_NOW_MS - 120);
    time_is("2026-06-12", ROWS_NOW_MS - 120 - ((12 * 60 + 4) * 60 + 31) * 1000);
    time_is("1970-01-01T00:00:00Z", 0);
    time_is("1969-12-31T23:59:59.500Z", -500);
    int64_t ms = 7;
    g_assert_false(quantity_parse_time("", &ms));
    g_assert_false(quantity_parse_time("yesterday", &ms));
    g_assert_false(quantity_parse_time("2026-13-01", &ms));
    g_assert_false(quantity_parse_time("2026-06-12T25:00:00Z", &ms));
    g_assert_cmpint(ms, ==, 7);
}

static void a_printed_time_reads_back_to_the_millisecond(void)
{
    for (int i = 0; i < 3000; i++) {
        int64_t wanted =
            i < 1000 ? ROWS_NOW_MS - 120 + i : (int64_t)g_test_rand_double_range(-2e12, 4e12);
        g_autoptr(GString) text = g_string_new(NULL);
        quantity_append_iso(text, wanted);
        g_assert_cmpuint(text->len, ==, strlen("2026-06-12T12:04:31.120Z"));
        time_is(text->str, wanted);
    }
}

static void shows(void (*append)(GString *, int64_t), int64_t value, const char *wanted)
{
    g_autoptr(GString) out = g_string_new(NULL);
    append(out, value);
    g_assert_cmpstr(out->str, ==, wanted);
}

static void shows_number(double value, const char *wanted)
{
    g_autoptr(GString) out = g_string_new(NULL);
    quantity_append_number(out, value);
    g_assert_cmpstr(out->str, ==, wanted);
}

static void large_numbers_are_short(void)
{
    shows_number(0, "0");
    shows_number(-0.0, "0");
    shows_number(812, "812");
    shows_number(9999, "9999");
    shows_number(-9999, "-9999");
    shows_number(10000, "10k");
    shows_number(0.4, "0.4");
    shows_number(3.14159, "3.14");
    shows_number(31.04, "31");
    shows_number(999.5, "1k");
    shows_number(310000, "310k");
    shows_number(1923344, "1.92M");
    shows_number(999499, "999k");
    shows_number(999500, "1M");
    shows_number(9.2e18, "9.2E");
    shows_number(-1923344, "-1.92M");
}

static void a_number_is_never_longer_than_its_column(void)
{
    for (int i = 0; i < 20000; i++) {
        double value = exp(g_test_rand_double_range(0, 44)) * (i % 2 ? 1 : -1);
        g_autoptr(GString) out = g_string_new(NULL);
        quantity_append_number(out, i % 3 ? value : floor(value));
        g_assert_cmpuint(out->len, <=, 6);
        g_autoptr(GString) bytes = g_string_new(NULL);
        quantity_append_bytes(bytes, (int64_t)fmin(fabs(value), 9e18));
        g_assert_cmpuint(bytes->len, <=, 6);
    }
}

static void sizes_count_in_powers_of_1024(void)
{
    shows(quantity_append_bytes, 0, "0");
    shows(quantity_append_bytes, 512, "512");
    shows(quantity_append_bytes, 1023, "1023");
    shows(quantity_append_bytes, 1024, "1K");
    shows(quantity_append_bytes, 1288490189, "1.2G");
    shows(quantity_append_bytes, 1048575, "1M");
    shows(quantity_append_bytes, G_MAXINT64, "8E");
}

static void spans_show_two_units(void)
{
    shows(quantity_append_span, 0, "0ms");
    shows(quantity_append_span, 350, "350ms");
    shows(quantity_append_span, 999, "999ms");
    shows(quantity_append_span, 4270, "4.2s");
    shows(quantity_append_span, 59999, "59s");
    shows(quantity_append_span, 275000, "4m35s");
    shows(quantity_append_span, 10920000, "3h02m");
    shows(quantity_append_span, 187200000, "2d4h");
    shows(quantity_append_span, -350, "-350ms");
    shows(quantity_append_span, G_MININT64, "-106751991167d7h");
}

static void ages_move_in_steps(void)
{
    shows(quantity_append_age, -5000, "0s");
    shows(quantity_append_age, 4999, "0s");
    shows(quantity_append_age, 5000, "5s");
    shows(quantity_append_age, 59000, "55s");
    shows(quantity_append_age, 119000, "1m");
    shows(quantity_append_age, 3600000, "1h");
    shows(quantity_append_age, 47 * 3600000LL, "47h");
    shows(quantity_append_age, 48 * 3600000LL, "2d");
}

static void shows_time(int64_t at_ms, const char *wanted)
{
    g_autoptr(GString) out = g_string_new(NULL);
    quantity_append_time(out, at_ms, ROWS_NOW_MS);
    g_assert_cmpstr(out->str, ==, wanted);
}

static void a_time_shows_what_is_not_obvious(void)
{
    shows_time(ROWS_NOW_MS - 3600000, "11:04:31Z");
    shows_time(ROWS_NOW_MS - 24 * 3600000, "06-11 12:04Z");
    shows_time(ROWS_NOW_MS - 365 * 86400000LL, "2025-06-12");
    shows_time(-1, "1969-12-31");
    shows_time(G_MAXINT64, "?");
    shows_time(G_MININT64, "?");
}

static void shows_cell(struct cell cell, unsigned flags, const char *wanted)
{
    const struct column column = {"c", "C", cell.type, flags, 0, 0, "a cell"};
    g_autoptr(GString) out = g_string_new(NULL);
    quantity_append_cell(out, &column, cell, ROWS_NOW_MS);
    g_assert_cmpstr(out->str, ==, wanted);
}

static void an_absent_cell_is_never_a_zero(void)
{
    shows_cell((struct cell){.type = CELL_NONE, .absent = ABSENT_NOT_ASKED}, 0, "-");
    shows_cell((struct cell){.type = CELL_NONE, .absent = ABSENT_NO_VALUE}, 0, "-");
    shows_cell((struct cell){.type = CELL_NONE, .absent = ABSENT_DENIED}, 0, "denied");
    shows_cell((struct cell){.type = CELL_NONE, .absent = ABSENT_FAILED}, 0, "?");
    g_autoptr(GString) out = g_string_new(NULL);
    quantity_append_plain(out, (struct cell){.type = CELL_NONE, .absent = ABSENT_FAILED});
    g_assert_cmpstr(out->str, ==, "");
}

static void a_guess_is_marked_as_one(void)
{
    shows_cell((struct cell){.type = CELL_INT, .quality = BOUND, .i = 5}, 0, ">5");
    shows_cell((struct cell){.type = CELL_SPAN_MS, .quality = ESTIMATE, .i = 5000}, 0, "~5.0s");
    shows_cell((struct cell){.type = CELL_INT, .quality = EXACT, .i = 5}, 0, "5");
}

static void cells_are_read_by_people(void)
{
    shows_cell((struct cell){.type = CELL_BOOL, .b = true}, 0, "yes");
    shows_cell((struct cell){.type = CELL_INT, .i = 1923344}, 0, "1.92M");
    shows_cell((struct cell){.type = CELL_INT, .i = 1923344}, COLUMN_F_EXACT, "1923344");
    shows_cell(
        (struct cell){.type = CELL_INT, .i = G_MININT64}, COLUMN_F_EXACT, "-9223372036854775808");
    shows_cell((struct cell){.type = CELL_PERCENT, .r = 97.24}, 0, "97.2%");
    shows_cell((struct cell){.type = CELL_TIME_MS, .i = ROWS_NOW_MS - 65000}, COLUMN_F_AGE, "1m");
    shows_cell((struct cell){.type = CELL_TEXT, .text = "x"}, 0, "x");
}

static void a_time_beyond_all_calendars_breaks_nothing(void)
{
    shows_cell((struct cell){.type = CELL_TIME_MS, .i = G_MININT64}, 0, "?");
    shows_cell((struct cell){.type = CELL_TIME_MS, .i = G_MAXINT64}, COLUMN_F_AGE, "0s");
    shows_cell((struct cell){.type = CELL_TIME_MS, .i = G_MININT64}, COLUMN_F_AGE, "106751991167d");
}

static void is_plain(struct cell cell, const char *wanted)
{
    g_autoptr(GString) out = g_string_new(NULL);
    quantity_append_plain(out, cell);
    g_assert_cmpstr(out->str, ==, wanted);
}

static void cells_are_read_by_scripts(void)
{
    is_plain((struct cell){.type = CELL_BOOL, .b = false}, "false");
    is_plain((struct cell){.type = CELL_INT, .i = 9007199254740993}, "9007199254740993");
    is_plain((struct cell){.type = CELL_BYTES, .i = G_MAXINT64}, "9223372036854775807");
    is_plain((struct cell){.type = CELL_SPAN_MS, .i = 275000}, "275000");
    is_plain((struct cell){.type = CELL_TIME_MS, .i = ROWS_NOW_MS}, "2026-06-12T12:04:31.120Z");
    is_plain((struct cell){.type = CELL_REAL, .r = 0.1}, "0.1");
    is_plain((struct cell){.type = CELL_PERCENT, .r = 97.25}, "97.25");
}

static void the_decimal_point_is_a_point_everywhere(void)
{
    /* No locale with a comma need be installed: the C library is asked for one and may refuse. */
    g_autofree char *before = g_strdup(setlocale(LC_NUMERIC, NULL));
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8"))
        g_test_message("no locale with a comma here");
    shows_number(1923344, "1.92M");
    number_is("1.5k", 1500);
    is_plain((struct cell){.type = CELL_REAL, .r = 0.5}, "0.5");
    setlocale(LC_NUMERIC, before);
}

static void numbers_are_told_from_texts(void)
{
    g_assert_true(quantity_is_number(CELL_BOOL));
    g_assert_true(quantity_is_number(CELL_TIME_MS));
    g_assert_false(quantity_is_number(CELL_STATE));
    g_assert_false(quantity_is_number(CELL_NONE));
    g_assert_cmpfloat(quantity_value((struct cell){.type = CELL_BOOL, .b = true}), ==, 1);
    g_assert_cmpfloat(quantity_value((struct cell){.type = CELL_BYTES, .i = 12}), ==, 12);
    g_assert_cmpfloat(quantity_value((struct cell){.type = CELL_PERCENT, .r = 1.5}), ==, 1.5);
    g_assert_true(isnan(quantity_value((struct cell){.type = CELL_TEXT, .text = "5"})));
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/quantity/numbers-take-the-usual-units", numbers_take_the_usual_units);
    g_test_add_func("/quantity/what-is-no-number-is-refused", what_is_no_number_is_refused);
    g_test_add_func("/quantity/spans-may-be-chained", spans_may_be_chained);
    g_test_add_func("/quantity/what-is-no-span-is-refused", what_is_no_span_is_refused);
    g_test_add_func("/quantity/times-are-read-with-any-offset", times_are_read_with_any_offset);
    g_test_add_func("/quantity/a-printed-time-reads-back-to-the-millisecond",
        a_printed_time_reads_back_to_the_millisecond);
    g_test_add_func("/quantity/large-numbers-are-short", large_numbers_are_short);
    g_test_add_func("/quantity/a-number-is-never-longer-than-its-column",
        a_number_is_never_longer_than_its_column);
    g_test_add_func("/quantity/sizes-count-in-powers-of-1024", sizes_count_in_powers_of_1024);
    g_test_add_func("/quantity/spans-show-two-units", spans_show_two_units);
    g_test_add_func("/quantity/ages-move-in-steps", ages_move_in_steps);
    g_test_add_func("/quantity/a-time-shows-what-is-not-obvious", a_time_shows_what_is_not_obvious);
    g_test_add_func("/quantity/an-absent-cell-is-never-a-zero", an_absent_cell_is_never_a_zero);
    g_test_add_func("/quantity/a-guess-is-marked-as-one", a_guess_is_marked_as_one);
    g_test_add_func("/quantity/cells-are-read-by-people", cells_are_read_by_people);
    g_test_add_func("/quantity/a-time-beyond-all-calendars-breaks-nothing",
        a_time_beyond_all_calendars_breaks_nothing);
    g_test_add_func("/quantity/cells-are-read-by-scripts", cells_are_read_by_scripts);
    g_test_add_func("/quantity/the-decimal-point-is-a-point-everywhere",
        the_decimal_point_is_a_point_everywhere);
    g_test_add_func("/quantity/numbers-are-told-from-texts", numbers_are_told_from_texts);
    return g_test_run();
}
