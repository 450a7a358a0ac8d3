/* Trends and strips out of what was recorded, and what remains of it as it gets old. */
#include "unit/histories.h"

static void a_trend_is_the_mean_of_each_span(void)
{
    struct past p;
    past_open(&p);
    int64_t from = p.now_ms;
    for (unsigned i = 0; i < 120; i++, p.now_ms += 5000)
        past_record(&p, past_row(&p, "ok", i));
    past_again(&p);
    g_autofree struct series *s = past_series(&p, "s/rows/a", from, from + 600000, 10);
    g_assert_cmpuint(s->count, ==, 10);
    g_assert_cmpint(s->from_ms, ==, from);
    g_assert_cmpint(s->step_ms, ==, 60000);
    for (unsigned i = 0; i < 10; i++)
        ASSERT_NEAR(s->value[i], 12 * i + 5.5);
    g_autofree struct series *none = past_series(&p, "s/rows/b", from, from + 600000, 10);
    g_assert_null(none);
    g_autofree struct series *before = past_series(&p, "s/rows/a", from - 9000, from, 10);
    g_assert_null(before);
    past_close(&p);
}

static void the_newest_of_each_span_can_be_had_too(void)
{
    struct past p;
    past_open(&p);
    int64_t from = p.now_ms;
    for (unsigned i = 0; i < 120; i++, p.now_ms += 5000)
        past_record(&p, past_row(&p, "ok", i));
    const char *const addresses[] = {"s/rows/a", NULL};
    const struct series_query q = {
        &rows_kind, R_LAG, SERIES_LAST, from, from + 600000, 10, addresses};
    g_autoptr(GHashTable) all = history_series(p.history, &q, NULL, NULL);
    const struct series *s = g_hash_table_lookup(all, "s/rows/a");
    for (unsigned i = 0; i < 10; i++)
        ASSERT_NEAR(s->value[i], 12 * i + 11);
    past_close(&p);
}

static void what_was_not_read_is_a_gap(void)
{
    struct past p;
    past_open(&p);
    int64_t from = p.now_ms;
    for (unsigned i = 0; i < 60; i++, p.now_ms += 5000)
        if (i < 20 || i >= 40)
            past_record(&p, i == 50 ? past_row(&p, "ok", -1) : past_row(&p, "ok", 100));
    g_autofree struct series *s = past_series(&p, "s/rows/a", from, from + 300000, 60);
    g_assert_cmpuint(s->count, ==, 60);
    for (unsigned i = 0; i < 60; i++)
        g_assert_true(isnan(s->value[i]) == ((i >= 20 && i < 40) || i == 50));
    past_close(&p);
}

/* Read once a minute: wider spans, not holes. */
static void a_slow_source_has_no_holes(void)
{
    struct past p;
    past_open(&p);
    int64_t from = p.now_ms;
    for (unsigned i = 0; i < 30; i++, p.now_ms += 61000)
        past_record(&p, past_row(&p, "ok", 7));
    g_autofree struct series *s = past_series(&p, "s/rows/a", from, p.now_ms, 300);
    g_assert_cmpuint(s->count, >, 10);
    g_assert_cmpuint(s->count, <=, 30);
    for (unsigned i = 0; i + 1 < s->count; i++)
        ASSERT_NEAR(s->value[i], 7);
    past_close(&p);
}

static void rows_keep_their_own_numbers_when_they_move(void)
{
    struct past p;
    past_open(&p);
    int64_t from = p.now_ms;
    for (unsigned i = 0; i < 40; i++, p.now_ms += 5000) {
        struct snapshot *s = past_snapshot(&p, &rows_kind);
        for (unsigned n = 0; n < 3; n++) {
            unsigned which = (n + i) % 3;
            static const char *const names[] = {"a", "b/c", "c"};
            rows_add(s, names[which], "ok", which * 100);
        }
        past_record(&p, s);
    }
    const char *const addresses[] = {"s/rows/a", "s/rows/b%2Fc", "s/rows/c", "t/rows/a", "s", NULL};
    const struct series_query q = {&rows_kind, R_LAG, SERIES_MEAN, from, p.now_ms, 10, addresses};
    g_autoptr(GHashTable) all = history_series(p.history, &q, NULL, NULL);
    g_assert_cmpuint(g_hash_table_size(all), ==, 3);
    for (unsigned n = 0; n < 3; n++) {
        const struct series *s = g_hash_table_lookup(all, addresses[n]);
        for (unsigned i = 0; i < 10; i++)
            ASSERT_NEAR(s->value[i], n * 100);
    }
    past_close(&p);
}

/* Rows of a list over everything have addresses of their own. */
static void rows_are_found_by_their_own_address(void)
{
    struct past p;
    past_open(&p);
    int64_t from = p.now_ms;
    for (unsigned i = 0; i < 12; i++, p.now_ms += 5000) {
        struct snapshot *s = past_snapshot(&p, &rows_kind);
        snapshot_set_address(s, rows_add(s, "t", "ok", 5), "s/dags/d/runs/r/rows/t");
        snapshot_set_address(s, rows_add(s, "t", "ok", 6), "s/dags/e/runs/r/rows/t");
        past_record(&p, s);
    }
    g_autofree struct series *s = past_series(&p, "s/dags/e/runs/r/rows/t", from, p.now_ms, 4);
    ASSERT_NEAR(s->value[1], 6);
    g_autofree struct series *none = past_series(&p, "s/rows/t", from, p.now_ms, 4);
    g_assert_null(none);
    past_close(&p);
}

static bool at_once(void *asked)
{
    ++*(unsigned *)asked;
    return true;
}

static void a_cancelled_question_ends_early(void)
{
    struct past p;
    past_open(&p);
    int64_t from = p.now_ms;
    for (unsigned i = 0; i < 600; i++, p.now_ms += 5000)
        past_record(&p, past_row(&p, "ok", 1));
    const char *const addresses[] = {"s/rows/a", NULL};
    const struct series_query q = {&rows_kind, R_LAG, SERIES_MEAN, from, p.now_ms, 600, addresses};
    unsigned asked = 0;
    g_autoptr(GHashTable) all = history_series(p.history, &q, at_once, &asked);
    const struct series *s = g_hash_table_lookup(all, "s/rows/a");
    g_assert_cmpuint(asked, ==, 1);
    g_assert_true(isnan(s->value[500]));
    past_close(&p);
}

/* -- strips -------------------------------------------------------------------------------------- */

static void assert_mark(
    const struct states *s, uint32_t i, const char *state, enum health health, int64_t ms)
{
    g_assert_cmpuint(s->count, >, i);
    g_assert_cmpstr(s->mark[i].state, ==, state);
    g_assert_cmpint(s->mark[i].health, ==, health);
    g_assert_cmpint(s->mark[i].ms, ==, ms);
}

static void a_strip_tells_what_the_state_was(void)
{
    struct past p;
    past_open(&p);
    int64_t from = p.now_ms;
    for (unsigned i = 0; i < 60; i++, p.now_ms += 5000) {
        if (i >= 30 && i < 40)
            continue; /* nobody read it */
        struct snapshot *s = past_row(&p, i < 12 ? "ok" : "late", 1);
        snapshot_set_health(s, 0, i < 12 ? HEALTH_OK : i < 50 ? HEALTH_WARN : HEALTH_FAIL, "why");
        past_record(&p, s);
    }
    const char *const addresses[] = {"s/rows/a", NULL};
    struct series_query q = {&rows_kind, R_STATE, SERIES_STATES, from, p.now_ms, 100, addresses};
    g_autoptr(GHashTable) all = history_series(p.history, &q, NULL, NULL);
    const struct states *s = g_hash_table_lookup(all, "s/rows/a");
    assert_mark(s, 0, "ok", HEALTH_OK, 60000);
    assert_mark(s, 1, "late", HEALTH_WARN, 100000);
    assert_mark(s, 2, "", HEALTH_UNKNOWN, 40000);
    assert_mark(s, 3, "late", HEALTH_WARN, 50000);
    g_assert_cmpint(s->mark[3].at_ms, ==, from + 200000);
    g_assert_cmpstr(s->mark[4].state, ==, "late");
    g_assert_cmpint(s->mark[4].health, ==, HEALTH_FAIL);
    g_assert_cmpuint(s->count, ==, 5);
    q.points = 2; /* the newest */
    q.column = COLUMN_HEALTH;
    g_autoptr(GHashTable) two = history_series(p.history, &q, NULL, NULL);
    s = g_hash_table_lookup(two, "s/rows/a");
    g_assert_cmpuint(s->count, ==, 2);
    assert_mark(s, 0, "warn", HEALTH_WARN, 50000);
    g_assert_cmpstr(s->mark[1].state, ==, "fail");
    past_close(&p);
}

/* -- getting old --------------------------------------------------------------------------------- */

static unsigned thin_all(struct past *p)
{
    unsigned parts = 0;
    for (bool more = true; more; parts++) {
        g_autoptr(GError) error = NULL;
        history_thin(p->history, p->now_ms, &more, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(parts, <, 10000);
    }
    return parts;
}

/* An hour of frames of 5 s, with the lag 0, 1, 2 ... */
static int64_t an_hour(struct past *p)
{
    int64_t from = p->now_ms;
    for (unsigned i = 0; i < 720; i++, p->now_ms += 5000)
        past_record(p, past_row(p, "ok", i));
    return from;
}

static void frames_are_thinned_as_they_get_old(void)
{
    struct past p;
    past_open(&p);
    p.now_ms -= p.now_ms % DAY_MS; /* a day begins */
    int64_t from = an_hour(&p);
    g_autofree char *day = g_strdup("2026-06-12");
    g_assert_cmpuint(past_frames(&p, day, NULL), ==, 720);
    thin_all(&p);
    g_assert_cmpuint(past_frames(&p, day, NULL), ==, 720);
    p.now_ms = from + DAY_MS + 3 * 3600000;
    thin_all(&p);
    unsigned keys;
    g_assert_cmpuint(past_frames(&p, day, &keys), ==, 120);
    g_assert_cmpuint(keys, ==, 6);
    g_autofree struct series *s = past_series(&p, "s/rows/a", from, from + 3600000, 120);
    for (unsigned i = 0; i < 120; i++)
        ASSERT_NEAR(s->value[i], i * 6);
    p.now_ms = from + 16 * DAY_MS;
    thin_all(&p);
    g_assert_cmpuint(past_frames(&p, day, NULL), ==, 12);
    g_autofree struct series *coarse = past_series(&p, "s/rows/a", from, from + 3600000, 12);
    for (unsigned i = 0; i < 12; i++)
        ASSERT_NEAR(coarse->value[i], i * 60);
    p.now_ms = from + 92 * DAY_MS;
    thin_all(&p);
    g_autofree char *path = g_strdup_printf("%s/%s.db", p.folder, day);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    past_close(&p);
}

static void thinning_leaves_alone_what_is_not_old_yet(void)
{
    struct past p;
    past_open(&p);
    p.now_ms += DAY_MS - p.now_ms % DAY_MS - 3600000; /* the last hour of a day */
    int64_t from = an_hour(&p);
    p.now_ms = from + DAY_MS + 1200000; /* a third of it is older than a day */
    thin_all(&p);
    g_assert_cmpuint(past_frames(&p, "2026-06-12", NULL), ==, 40 + 480);
    p.now_ms = from + DAY_MS + 3600000;
    thin_all(&p);
    g_assert_cmpuint(past_frames(&p, "2026-06-12", NULL), ==, 120);
    past_close(&p);
}

static void the_oldest_day_goes_when_there_is_too_much(void)
{
    struct past p;
    past_open(&p);
    for (unsigned i = 0; i < 6; i++) {
        for (unsigned n = 0; n < 40; n++, p.now_ms += 5000) {
            struct snapshot *s = past_snapshot(&p, &rows_kind);
            for (unsigned row = 0; row < 50; row++) {
                g_autofree char *note = g_strdup_printf("%u %u %u of a sort", i, n, row);
                snapshot_set_text(s, rows_add(s, note, "ok", (int64_t)n * row), R_NOTE, note);
            }
            past_record(&p, s);
        }
        p.now_ms += DAY_MS;
    }
    past_again(&p);
    unsigned files;
    int64_t bytes;
    history_usage(p.history, &files, &bytes);
    g_assert_cmpuint(files, ==, 6);
    history_close(p.history);
    struct history_options o = past_options(&p);
    o.bytes_max = bytes / 2;
    p.history = history_open(&o);
    thin_all(&p);
    history_usage(p.history, &files, &bytes);
    g_assert_cmpint(bytes, <=, o.bytes_max);
    g_assert_cmpuint(files, >=, 2);
    const struct snapshot *last = past_last(&p, &rows_kind);
    g_assert_nonnull(last);
    snapshot_unref(last);
    past_close(&p);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
#define TEST(f) g_test_add_func("/history/" #f, f)
    TEST(a_trend_is_the_mean_of_each_span);
    TEST(the_newest_of_each_span_can_be_had_too);
    TEST(what_was_not_read_is_a_gap);
    TEST(a_slow_source_has_no_holes);
    TEST(rows_keep_their_own_numbers_when_they_move);
    TEST(rows_are_found_by_their_own_address);
    TEST(a_cancelled_question_ends_early);
    TEST(a_strip_tells_what_the_state_was);
    TEST(frames_are_thinned_as_they_get_old);
    TEST(thinning_leaves_alone_what_is_not_old_yet);
    TEST(the_oldest_day_goes_when_there_is_too_much);
    return g_test_run();
}
