/* What logs and single objects do with what the user does. How they look: tests/screens. */
#include "unit/views.h"

/* -- logs ------------------------------------------------------------------------------------------ */

static struct snapshot *chunk(void)
{
    AUTO(rid) scope = rid_parse("scheduler/dags/x", NULL);
    return snapshot_new(&kind_log, scope, ROWS_NOW_MS);
}

static void line(struct snapshot *s, const char *level, const char *text)
{
    size_t row = snapshot_add(s, "");
    snapshot_set_int(s, row, LOG_TIME, ROWS_NOW_MS - 60000);
    if (level)
        snapshot_set_text(s, row, LOG_LEVEL, level);
    snapshot_set_text(s, row, LOG_TEXT, text);
}

static void take(struct shown *s, struct snapshot *take_chunk)
{
    const struct snapshot *sealed = snapshot_seal(take_chunk);
    s->v->class->take(s->v, sealed, NULL, NULL);
    snapshot_unref(sealed);
}

/* Lines first .. first+count-1, numbered. */
static void take_lines(struct shown *s, int first, int count)
{
    struct snapshot *c = chunk();
    for (int i = first; i < first + count; i++) {
        g_autofree char *text = g_strdup_printf("line-%d.", i);
        line(c, i % 10 == 7 ? "ERROR" : "info", text);
    }
    take(s, c);
}

static bool on_screen(struct shown *s, const char *text)
{
    AUTO(cells) c = shown_draw(s, 80, 10, false);
    return line_of(c, text) >= 0;
}

/* The line with the cursor's mark. */
static char *chosen(struct shown *s)
{
    AUTO(cells) c = shown_draw(s, 80, 10, false);
    g_autofree char *all = cells_text(c, false);
    g_auto(GStrv) lines = g_strsplit(all, "\n", -1);
    for (char **l = lines; *l; l++)
        if (**l == '>')
            return g_strdup(*l);
    return g_strdup("");
}

#define CHOSEN_IS(s, part)                                                                         \
    do {                                                                                           \
        g_autofree char *chosen_ = chosen(s);                                                      \
        ASSERT_CONTAINS(chosen_, part);                                                            \
    } while (0)

static void a_log_is_followed_at_its_end(void)
{
    struct shown s = shown_new(&kind_log);
    g_autofree char *reading = shown_text(&s, 80, 10);
    ASSERT_CONTAINS(reading, "reading ...");
    take_lines(&s, 0, 100);
    g_assert_true(on_screen(&s, "line-99."));
    take_lines(&s, 100, 50);
    g_assert_true(on_screen(&s, "line-149."));
    g_autofree char *status = shown_status(&s);
    ASSERT_CONTAINS(status, "following");
    shown_clear(&s);
}

static void what_is_read_stays_while_lines_arrive(void)
{
    struct shown s = shown_new(&kind_log);
    take_lines(&s, 0, 100);
    g_assert_true(on_screen(&s, "line-99."));
    for (int i = 0; i < 20; i++)
        shown_run(&s, "up");
    CHOSEN_IS(&s, "line-79.");
    g_autofree char *paused = shown_status(&s);
    ASSERT_CONTAINS(paused, "paused");
    AUTO(cells) before = shown_draw(&s, 80, 10, false);
    take_lines(&s, 100, 500);
    CHOSEN_IS(&s, "line-79.");
    AUTO(cells) after = shown_draw(&s, 80, 10, false);
    g_assert_cmpint(line_of(after, "line-79."), ==, line_of(before, "line-79."));
    shown_run(&s, "last");
    take_lines(&s, 600, 1);
    g_assert_true(on_screen(&s, "line-600."));
    shown_run(&s, "follow"); /* off */
    take_lines(&s, 601, 100);
    g_assert_false(on_screen(&s, "line-700."));
    shown_run(&s, "follow");
    g_assert_true(on_screen(&s, "line-700."));
    shown_clear(&s);
}

static void errors_are_found_by_a_key(void)
{
    struct shown s = shown_new(&kind_log);
    take_lines(&s, 0, 40);
    shown_run(&s, "first");
    shown_run(&s, "next-error");
    CHOSEN_IS(&s, "line-7.");
    shown_run(&s, "next-error");
    CHOSEN_IS(&s, "line-17.");
    for (int i = 0; i < 3; i++)
        shown_run(&s, "next-error");
    CHOSEN_IS(&s, "line-7."); /* round the end */
    shown_clear(&s);
}

static void a_search_finds_lines_and_hides_none(void)
{
    struct shown s = shown_new(&kind_log);
    take_lines(&s, 0, 100);
    shown_run(&s, "first");
    shown_filter(&s, "LINE-3");
    g_assert_cmpstr(s.v->class->filter_text(s.v), ==, "LINE-3");
    CHOSEN_IS(&s, "line-3.");
    shown_run(&s, "next-match");
    CHOSEN_IS(&s, "line-30.");
    shown_run(&s, "previous-match");
    CHOSEN_IS(&s, "line-3.");
    shown_run(&s, "previous-match");
    CHOSEN_IS(&s, "line-39.");
    g_autofree char *status = shown_status(&s);
    ASSERT_CONTAINS(status, "11 lines match");
    g_assert_true(on_screen(&s, "line-38."));
    take_lines(&s, 300, 10);
    g_autofree char *more = shown_status(&s);
    ASSERT_CONTAINS(more, "21 lines match");
    shown_filter(&s, "nothing like it");
    CHOSEN_IS(&s, "line-39.");
    shown_run(&s, "next-match");
    CHOSEN_IS(&s, "line-39.");
    shown_filter(&s, "");
    g_autofree char *none = shown_status(&s);
    g_assert_null(strstr(none, "match"));
    shown_clear(&s);
}

static void a_search_before_the_first_line_is_no_trouble(void)
{
    struct shown s = shown_new(&kind_log);
    shown_filter(&s, "x");
    shown_run(&s, "next-match");
    shown_run(&s, "next-error");
    shown_run(&s, "follow");
    shown_run(&s, "last");
    take_lines(&s, 0, 3);
    g_assert_true(on_screen(&s, "line-2."));
    shown_clear(&s);
}

static void a_long_line_is_wrapped_or_scrolled(void)
{
    struct shown s = shown_new(&kind_log);
    g_autoptr(GString) text = g_string_new("begin ");
    for (int i = 0; i < 40; i++)
        g_string_append_printf(text, "word%02d ", i);
    g_string_append(text, "the-end");
    struct snapshot *c = chunk();
    line(c, "info", text->str);
    take(&s, c);
    g_assert_true(on_screen(&s, "begin"));
    g_assert_false(on_screen(&s, "the-end"));
    for (int i = 0; i < 15; i++)
        shown_run(&s, "right");
    g_assert_true(on_screen(&s, "the-end"));
    g_assert_false(on_screen(&s, "begin"));
    shown_run(&s, "wrap");
    g_assert_true(on_screen(&s, "the-end"));
    g_assert_true(on_screen(&s, "begin"));
    shown_run(&s, "wrap");
    g_assert_true(on_screen(&s, "begin"));
    for (int i = 0; i < 3; i++)
        shown_run(&s, "left");
    g_assert_true(on_screen(&s, "begin"));
    shown_clear(&s);
}

static void the_cursor_is_seen_among_wrapped_lines(void)
{
    struct shown s = shown_new(&kind_log);
    struct snapshot *c = chunk();
    for (int i = 0; i < 60; i++) {
        g_autofree char *filler = g_strnfill((gsize)(i % 7) * 60, 'x');
        g_autofree char *text = g_strdup_printf("line-%d. %s", i, filler);
        line(c, NULL, text);
    }
    take(&s, c);
    shown_run(&s, "wrap");
    for (int i = 59; i >= 0; i--) {
        g_autofree char *wanted = g_strdup_printf("line-%d.", i);
        CHOSEN_IS(&s, wanted);
        shown_run(&s, "up");
    }
    for (int i = 0; i < 60; i++) {
        g_autofree char *wanted = g_strdup_printf("line-%d.", i);
        CHOSEN_IS(&s, wanted);
        shown_run(&s, "down");
    }
    shown_clear(&s);
}

static void a_gap_in_a_log_is_never_silent(void)
{
    struct shown s = shown_new(&kind_log);
    g_autofree char *filler = g_strnfill(100000, 'x');
    for (int i = 0; i < 60; i++) { /* 2 x 100 kB a line, 10 lines a chunk: far beyond 48 MiB */
        struct snapshot *c = chunk();
        for (int n = 0; n < 10; n++) {
            g_autofree char *text = g_strdup_printf("line-%d. %s", i * 10 + n, filler);
            line(c, "info", text);
        }
        take(&s, c);
    }
    g_assert_true(on_screen(&s, "line-599."));
    g_autofree char *text = shown_text(&s, 80, 10);
    ASSERT_CONTAINS(text, "older lines dropped");
    unsigned dropped = (unsigned)g_ascii_strtoull(text, NULL, 10);
    g_assert_cmpuint(dropped, >, 0);
    g_autofree char *oldest = g_strdup_printf("line-%u.", dropped);
    shown_run(&s, "first");
    CHOSEN_IS(&s, oldest); /* the count is exact */
    shown_clear(&s);
}

static void the_end_of_a_log_is_told_from_a_pause(void)
{
    g_autoptr(GError) error = g_error_new_literal(WEIR_ERROR, WEIR_ERROR_TIMEOUT, "broke\033 off");
    struct shown s = shown_new(&kind_log);
    s.v->class->take(s.v, NULL, NULL, NULL);
    g_autofree char *empty = shown_text(&s, 80, 10);
    ASSERT_CONTAINS(empty, "the log is empty");
    take_lines(&s, 0, 2);
    g_autofree char *status = shown_status(&s);
    ASSERT_CONTAINS(status, "whole");
    s.v->class->take(s.v, NULL, NULL, error);
    g_autofree char *broken = shown_text(&s, 80, 10);
    ASSERT_CONTAINS(broken, "broke␛ off");
    ASSERT_CONTAINS(broken, "line-1.");
    shown_clear(&s);
}

/* -- one object ------------------------------------------------------------------------------------ */

static void field(struct snapshot *s, const char *group, const char *name, const char *value)
{
    size_t row = snapshot_add(s, name);
    if (group)
        snapshot_set_text(s, row, DETAIL_GROUP, group);
    if (value)
        snapshot_set_text(s, row, DETAIL_VALUE, value);
    else
        snapshot_set_absent(s, row, DETAIL_VALUE, ABSENT_DENIED);
}

static void take_object(struct shown *s, const char *raw)
{
    AUTO(rid) scope = rid_parse("events/rows/x", NULL);
    struct snapshot *b = snapshot_new(&kind_detail, scope, ROWS_NOW_MS);
    field(b, NULL, "state", "Stable");
    field(b, "member", "client_id", "rdkafka");
    field(b, "member", "host", "/10.0.0.1");
    field(b, "config", "password", NULL);
    const struct snapshot *sealed = snapshot_seal(b);
    s->v->class->take(s->v, sealed, raw, NULL);
    snapshot_unref(sealed);
}

static void an_object_shows_its_fields_in_groups(void)
{
    struct shown s = shown_new(&kind_detail);
    g_autofree char *reading = shown_text(&s, 80, 10);
    ASSERT_CONTAINS(reading, "reading ...");
    take_object(&s, NULL);
    g_autofree char *text = shown_text(&s, 80, 10);
    ASSERT_CONTAINS(text, "client_id");
    ASSERT_CONTAINS(text, "/10.0.0.1");
    ASSERT_CONTAINS(text, "denied");
    const char *first = strstr(text, "member");
    g_assert_nonnull(first);
    g_assert_null(strstr(first + 1, "member")); /* once, not on each of its lines */
    shown_clear(&s);
}

static void the_servers_own_text_is_a_key_away(void)
{
    struct shown s = shown_new(&kind_detail);
    take_object(&s, "{\"groupId\":\"x\033[2J\",\"lag\":12345678901234567890}");
    shown_run(&s, "raw");
    g_autofree char *raw = shown_text(&s, 80, 10);
    ASSERT_CONTAINS(raw, "  \"groupId\": \"x␛[2J\",\n");
    ASSERT_CONTAINS(raw, "12345678901234567890");
    g_assert_null(strstr(raw, "client_id"));
    shown_run(&s, "raw");
    g_autofree char *fields = shown_text(&s, 80, 10);
    ASSERT_CONTAINS(fields, "client_id");
    shown_clear(&s);
}

static void fields_are_searched_by_name_group_and_value(void)
{
    struct shown s = shown_new(&kind_detail);
    take_object(&s, "{\"a\":1,\"b\":2}");
    static const struct {
        const char *search, *seen, *hidden;
    } cases[] = {{"CLIENT", "rdkafka", "Stable"}, {"10.0", "host", "Stable"},
        {"member", "rdkafka", "Stable"}, {"denied", "password", "rdkafka"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        shown_filter(&s, cases[i].search);
        g_autofree char *text = shown_text(&s, 80, 10);
        ASSERT_CONTAINS(text, cases[i].seen);
        g_assert_null(strstr(text, cases[i].hidden));
    }
    shown_filter(&s, "zzz");
    g_autofree char *none = shown_text(&s, 80, 10);
    ASSERT_CONTAINS(none, "nothing matches");
    shown_filter(&s, "\"b\"");
    shown_run(&s, "raw");
    g_autofree char *raw = shown_text(&s, 80, 10);
    ASSERT_CONTAINS(raw, "\"b\": 2");
    g_assert_null(strstr(raw, "\"a\""));
    shown_clear(&s);
}

static void an_object_that_cannot_be_had_says_why(void)
{
    g_autoptr(GError) error =
        g_error_new_literal(WEIR_ERROR, WEIR_ERROR_NOT_FOUND, "events: no group \"x\a\"");
    struct shown s = shown_new(&kind_detail);
    s.v->class->take(s.v, NULL, NULL, error);
    g_autofree char *text = shown_text(&s, 80, 10);
    ASSERT_CONTAINS(text, "no group \"x␇\"");
    g_assert_null(strstr(text, "reading"));
    take_object(&s, NULL); /* asked again */
    g_autofree char *again = shown_text(&s, 80, 10);
    g_assert_null(strstr(again, "no group"));
    s.v->class->take(s.v, NULL, NULL, error);
    g_autofree char *kept = shown_text(&s, 80, 10);
    ASSERT_CONTAINS(kept, "no group");
    ASSERT_CONTAINS(kept, "rdkafka"); /* what was known stays */
    shown_clear(&s);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/log/it-is-followed-at-its-end", a_log_is_followed_at_its_end);
    g_test_add_func(
        "/log/what-is-read-stays-while-lines-arrive", what_is_read_stays_while_lines_arrive);
    g_test_add_func("/log/errors-are-found-by-a-key", errors_are_found_by_a_key);
    g_test_add_func(
        "/log/a-search-finds-lines-and-hides-none", a_search_finds_lines_and_hides_none);
    g_test_add_func("/log/a-search-before-the-first-line-is-no-trouble",
        a_search_before_the_first_line_is_no_trouble);
    g_test_add_func("/log/a-long-line-is-wrapped-or-scrolled", a_long_line_is_wrapped_or_scrolled);
    g_test_add_func(
        "/log/the-cursor-is-seen-among-wrapped-lines", the_cursor_is_seen_among_wrapped_lines);
    g_test_add_func("/log/a-gap-is-never-silent", a_gap_in_a_log_is_never_silent);
    g_test_add_func("/log/its-end-is-told-from-a-pause", the_end_of_a_log_is_told_from_a_pause);
    g_test_add_func(
        "/detail/an-object-shows-its-fields-in-groups", an_object_shows_its_fields_in_groups);
    g_test_add_func(
        "/detail/the-servers-own-text-is-a-key-away", the_servers_own_text_is_a_key_away);
    g_test_add_func("/detail/fields-are-searched-by-name-group-and-value",
        fields_are_searched_by_name_group_and_value);
    g_test_add_func(
        "/detail/an-object-that-cannot-be-had-says-why", an_object_that_cannot_be_had_says_why);
    return g_test_run();
}
