#include "filter.h"

#include "error.h"
#include "unit/rows.h"

static bool threshold(const char *name, double *value, void *data)
{
    *value = *(double *)data;
    return strcmp(name, "lag_warn") == 0;
}

static struct filter *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    double limit = 100;
    struct filter *f = filter_parse(text, rows_columns, threshold, &limit, &error);
    g_assert_no_error(error);
    g_assert_nonnull(f);
    return f;
}

static void fails(const char *text, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(filter_parse(text, rows_columns, NULL, NULL, &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_USAGE);
    ASSERT_CONTAINS(error->message, words);
}

static const struct snapshot *sample(void)
{
    struct snapshot *s = rows_new("events");
    size_t row = rows_add(s, "Orders-enriched", "Stable", 150);
    snapshot_set_text(s, row, R_NOTE, "owned by Größe team");
    snapshot_set_real(s, row, R_RATE, 12.5);
    snapshot_set_int(s, row, R_SEEN, ROWS_NOW_MS - 3 * 3600000);
    snapshot_set_int(s, row, R_WAIT, 65000);
    snapshot_set_int(s, row, R_SIZE, 65536);
    snapshot_set_real(s, row, R_SHARE, 90);
    snapshot_set_bool(s, row, R_ON, true);
    snapshot_set_health(s, row, HEALTH_WARN, "lag grows");
    rows_add(s, "nothing-known", NULL, -1);
    return snapshot_seal(s);
}

/* Whether the row that is known, and the one of which nothing is known, pass. */
static void passes(const char *text, bool known, bool unknown)
{
    const struct snapshot *s = sample();
    AUTO(filter) f = parse(text);
    g_test_message("%s", text);
    g_assert_cmpint(filter_match(f, s, 0, ROWS_NOW_MS), ==, known);
    g_assert_cmpint(filter_match(f, s, 1, ROWS_NOW_MS), ==, unknown);
    snapshot_unref(s);
}

static void words_are_looked_for_everywhere(void)
{
    passes("", true, true);
    passes("   ", true, true);
    passes("orders", true, false);
    passes("ORDERS", true, false);
    passes("stable", true, false);
    passes("größe", true, false);
    passes("GRÖSSE", false, false);
    passes("150", false, false);
    passes("orders nothing", false, false);
    passes("\"owned by\"", true, false);
    passes("\"by owned\"", false, false);
    passes("10.0.0.1:9092", false, false);
}

static void a_regex_matches_each_text_by_itself(void)
{
    passes("/^orders.*ed$/", true, false);
    passes("/^stable$/", true, false);
    passes("/team$/", true, false);
    passes("/ORDERS|x/", true, false);
    passes("/^enriched/", false, false);
    passes("/enriched\\s+stable/", false, false);
    passes("note:/^owned/", true, false);
    passes("note:/^by/", false, false);
    passes("/a\\/b/", false, false);
    passes("/ord", true, false); /* as one types */
}

static void terms_combine(void)
{
    passes("orders stable", true, false);
    passes("orders|nothing", true, true);
    passes("orders x | nothing", false, true);
    passes("!orders", false, true);
    passes("!!orders", true, false);
    passes("!orders | lag>1", true, true);
    passes("| orders", true, false);
    passes("orders |", true, false);
    passes("orders || x", true, false);
}

static void numbers_compare_in_the_column_s_unit(void)
{
    passes("lag>149", true, false);
    passes("lag>=150", true, false);
    passes("lag<150", false, false);
    passes("lag<=0.15k", true, false);
    passes("lag=150", true, false);
    passes("lag!=150", false, false);
    passes("lag!=151", true, false);
    passes("rate>12", true, false);
    passes("size>=64KiB", true, false);
    passes("size>64KiB", false, false);
    passes("share>=90%", true, false);
    passes("wait_ms>1m", true, false);
    passes("wait_ms=65000", true, false);
    passes("wait_ms>1m5s", false, false);
    passes("on=yes", true, false);
    passes("on=true", true, false);
    passes("on=no", false, false);
    passes("lag>@lag_warn", true, false);
}

static void times_compare_by_clock_or_by_age(void)
{
    passes("seen>2h", true, false);
    passes("seen>4h", false, false);
    passes("seen<4h", true, false);
    passes("seen<2026-06-12T11:00:00Z", true, false);
    passes("seen>2026-06-12", true, false);
    passes("seen>@lag_warn", true, false); /* longer ago than the threshold's span */
    passes("seen<@lag_warn", false, false);
}

static void texts_compare_by_part_or_whole(void)
{
    passes("note:größe", true, false);
    passes("note:\"owned by\"", true, false);
    passes("state=Stable", true, false);
    passes("state=stable", false, false);
    passes("state!=Empty", true, false);
    passes("state:STAB", true, false);
    passes("lag:15", true, false);
    passes("on:true", true, false);
    passes("address:rows/orders", true, false);
    passes("address=events/rows/Orders-enriched", true, false);
    passes("source=events", true, true);
    passes("health=warn", true, false);
    passes("phase=done", true, true);
    passes("why:grows", true, false);
    passes("name=nothing-known", false, true);
}

static void unknown_is_not_small(void)
{
    passes("lag<1000000", true, false);
    passes("lag=0", false, false);
    passes("lag!=0", true, false);
    passes("lag=none", false, true);
    passes("lag!=none", true, false);
    passes("!lag>1000", true, true);
    passes("!lag=none", true, false);
    passes("state=none", false, true);
    passes("seen<10000h", true, false);
    passes("why=none", false, true);
    passes("address=none", false, false);
}

static void what_is_wrong_is_said_with_its_place(void)
{
    fails("lagg>5", "did you mean \"lag\"");
    fails("zookeeper=5", "There are: state lag rate");
    fails("zookeeper=5", "health");
    fails("lag>ten", "\"ten\" is no number");
    fails("lag>", "\"\" is no number");
    fails("wait_ms>5x", "no span");
    fails("seen>tomorrow", "no time");
    fails("on=maybe", "yes or no");
    fails("state>5", "\"state\" holds text");
    fails("lag>@lag_warn", "no threshold \"@lag_warn\"");
    fails("/(/", "/(/");
    fails("note:/[/", "/[/");
    fails("\"open", "is not closed");
    fails("note:\"open", "is not closed");
    fails("\xff", "not UTF-8");
    g_autofree char *endless = g_strnfill(FILTER_TEXT_MAX + 1, 'x');
    fails(endless, "longer than 1024");
    g_autoptr(GString) terms = g_string_new(NULL);
    for (int i = 0; i <= FILTER_TERMS_MAX; i++)
        g_string_append(terms, "x ");
    fails(terms->str, "more than 64 terms");
}

static void a_filter_knows_whether_it_searches(void)
{
    AUTO(filter) empty = parse(" ");
    AUTO(filter) compares = parse("lag>5 !state=x");
    AUTO(filter) words = parse("lag>5 x");
    AUTO(filter) regex = parse("/x/");
    g_assert_true(filter_is_empty(empty));
    g_assert_false(filter_is_empty(compares));
    g_assert_false(filter_searches(compares));
    g_assert_true(filter_searches(words));
    g_assert_true(filter_searches(regex));
}

static void narrows(const char *narrow, const char *wide, bool wanted)
{
    AUTO(filter) n = parse(narrow);
    AUTO(filter) w = parse(wide);
    g_test_message("%s < %s", narrow, wide);
    g_assert_cmpint(filter_narrows(n, w), ==, wanted);
}

static void one_more_letter_narrows(void)
{
    narrows("orders", "order", true);
    narrows("reorder", "order", true);
    narrows("ORDERS", "order", true);
    narrows("anything", "", true);
    narrows("lag>5", "", true);
    narrows("order", "orders", false);
    narrows("!orders", "!order", false);
    narrows("orders", "!order", false);
    narrows("/orders/", "order", false);
    narrows("orders|x", "order", false);
    narrows("x", "orders|x", false);
}

/* Narrowing is an optimisation that must never lose a row. */
static void what_narrows_passes_no_more(void)
{
    static const char *const parts[] = {
        "o", "or", "ord", "a", "!o", "/o/", "state:o", "lag>5", "|", " ", "\"o r\"", "n"};
    struct snapshot *b = rows_new("events");
    for (int i = 0; i < 60; i++) {
        g_autofree char *name = g_strdup_printf(
            "%s%s-%d", parts[g_test_rand_int_range(0, 3)], parts[g_test_rand_int_range(0, 4)], i);
        rows_add(b, name, i % 3 ? "run" : "done", i % 4 ? i : -1);
    }
    const struct snapshot *s = snapshot_seal(b);
    for (int i = 0; i < 3000; i++) {
        struct filter *f[2];
        for (int j = 0; j < 2; j++) {
            g_autoptr(GString) text = g_string_new(NULL);
            for (int n = g_test_rand_int_range(0, 4); n > 0; n--)
                g_string_append(text, parts[g_test_rand_int_range(0, (gint32)G_N_ELEMENTS(parts))]);
            f[j] = filter_parse(text->str, rows_columns, NULL, NULL, NULL);
        }
        for (size_t row = 0; f[0] && f[1] && filter_narrows(f[0], f[1]) && row < 60; row++)
            g_assert_true(!filter_match(f[0], s, row, ROWS_NOW_MS) ||
                          filter_match(f[1], s, row, ROWS_NOW_MS));
        filter_free(f[0]);
        filter_free(f[1]);
    }
    snapshot_unref(s);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/filter/words-are-looked-for-everywhere", words_are_looked_for_everywhere);
    g_test_add_func(
        "/filter/a-regex-matches-each-text-by-itself", a_regex_matches_each_text_by_itself);
    g_test_add_func("/filter/terms-combine", terms_combine);
    g_test_add_func(
        "/filter/numbers-compare-in-the-columns-unit", numbers_compare_in_the_column_s_unit);
    g_test_add_func("/filter/times-compare-by-clock-or-by-age", times_compare_by_clock_or_by_age);
    g_test_add_func("/filter/texts-compare-by-part-or-whole", texts_compare_by_part_or_whole);
    g_test_add_func("/filter/unknown-is-not-small", unknown_is_not_small);
    g_test_add_func(
        "/filter/what-is-wrong-is-said-with-its-place", what_is_wrong_is_said_with_its_place);
    g_test_add_func(
        "/filter/a-filter-knows-whether-it-searches", a_filter_knows_whether_it_searches);
    g_test_add_func("/filter/one-more-letter-narrows", one_more_letter_narrows);
    g_test_add_func("/filter/what-narrows-passes-no-more", what_narrows_passes_no_more);
    return g_test_run();
}
