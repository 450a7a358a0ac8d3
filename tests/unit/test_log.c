/* What the log view does when one moves, searches, filters and folds. How it looks: tests/screens. */
#include "unit/logs.h"

static const char *const python[] = {"INFO started", "ERROR Task failed",
    "Traceback (most recent call last):", "  File \"/a.py\", line 1, in f", "    g()",
    "  File \"/b.py\", line 2, in g", "    raise ValueError(1)", "ValueError: bad row", "",
    "The above exception was the direct cause of the following exception:", "",
    "Traceback (most recent call last):", "  File \"/c.py\", line 3, in h",
    "RuntimeError: load failed", "INFO cleaned up", "ERROR gave up", NULL};
static const char *const java[] = {"INFO started", "ERROR query failed",
    "io.trino.spi.TrinoException: no rows", "␉at io.trino.A.a(A.java:1)",
    "␉at io.trino.B.b(B.java:2)", "␉at io.trino.C.c(C.java:3)",
    "Caused by: java.io.IOException: disk", "␉at io.trino.D.d(D.java:4)",
    "Caused by: java.net.SocketException: reset", "␉at io.trino.E.e(E.java:5)", "␉... 31 more",
    "INFO next", NULL};

/* -- following -------------------------------------------------------------------------------------- */

static void the_end_is_followed_until_one_scrolls_up(void)
{
    struct shown s = log_new();
    take_numbered(&s, 0, 100);
    g_assert_cmpstr(at_cursor(&s), ==, "line 99");
    status_has(&s, "following");
    g_free(shown_text(&s, 80, 11));
    shown_run(&s, "up");
    g_autofree char *before = shown_text(&s, 80, 11);
    take_numbered(&s, 100, 123);
    g_autofree char *after = shown_text(&s, 80, 11);
    g_assert_cmpstr(before, ==, after);
    g_assert_cmpstr(at_cursor(&s), ==, "line 98");
    status_has(&s, "paused, +123 new");
    shown_run(&s, "follow");
    g_assert_cmpstr(at_cursor(&s), ==, "line 222");
    status_has(&s, "following");
    take_numbered(&s, 223, 1);
    g_assert_cmpstr(at_cursor(&s), ==, "line 223");
    shown_run(&s, "follow"); /* stops without moving */
    take_numbered(&s, 224, 2);
    g_assert_cmpstr(at_cursor(&s), ==, "line 223");
    status_has(&s, "+2 new");
    shown_clear(&s);
}

static void new_lines_do_not_reset_scrolling_to_the_side(void)
{
    struct shown s = log_new();
    take_texts(&s, (const char *const[]){"0123456789abcdefghijklmnop", NULL});
    shown_run(&s, "right");
    screen_lacks(&s, "0123");
    screen_has(&s, "ghijklmnop");
    take_texts(&s, (const char *const[]){"0123456789ABCDEFGHIJKLMNOP", NULL});
    screen_has(&s, "ghijklmnop");
    screen_has(&s, "GHIJKLMNOP");
    screen_lacks(&s, "0123");
    shown_run(&s, "left");
    screen_has(&s, "0123");
    shown_clear(&s);
}

/* -- searching -------------------------------------------------------------------------------------- */

static void a_search_says_which_of_how_many_and_goes_around(void)
{
    struct shown s = log_new();
    take_numbered(&s, 0, 100);
    shown_run(&s, "first");
    shown_filter(&s, "line .?.7$");
    g_assert_cmpstr(at_cursor(&s), ==, "line 17");
    screen_has(&s, "/line .?.7$  1/9");
    shown_run(&s, "next-match");
    g_assert_cmpstr(at_cursor(&s), ==, "line 27");
    screen_has(&s, "2/9");
    shown_run(&s, "previous-match");
    shown_run(&s, "previous-match");
    g_assert_cmpstr(at_cursor(&s), ==, "line 97");
    g_assert_cmpstr(s.v->note, ==, "the search went on from the end");
    shown_run(&s, "next-match");
    g_assert_cmpstr(at_cursor(&s), ==, "line 17");
    g_assert_cmpstr(s.v->note, ==, "the search went on from the beginning");
    take_numbered(&s, 100, 10);
    screen_has(&s, "1/10"); /* what comes is searched as well */
    shown_filter(&s, "nothing");
    shown_run(&s, "next-match");
    g_assert_cmpstr(s.v->note, ==, "no line matches /nothing");
    g_assert_cmpstr(at_cursor(&s), ==, "line 17");
    shown_clear(&s);
}

static void what_matches_is_marked_in_its_line(void)
{
    struct shown s = log_new();
    take_texts(&s, (const char *const[]){"größer Refused twice: refused", "no", NULL});
    shown_filter(&s, "refused");
    AUTO(cells) c = shown_draw(&s, 80, 5, false);
    int y = line_of(c, "twice");
    int from = 4; /* no line has a time */
    g_assert_cmpint(role_at(c, from + 6, y), ==, ROLE_TEXT);
    g_assert_cmpint(role_at(c, from + 7, y), ==, ROLE_MATCH);
    g_assert_cmpint(role_at(c, from + 13, y), ==, ROLE_MATCH);
    g_assert_cmpint(role_at(c, from + 14, y), ==, ROLE_TEXT);
    g_assert_cmpint(role_at(c, from + 22, y), ==, ROLE_MATCH);
    shown_filter(&s, "Refused"); /* a capital letter makes it exact */
    AUTO(cells) exact = shown_draw(&s, 80, 5, false);
    g_assert_cmpint(role_at(exact, from + 7, y), ==, ROLE_MATCH);
    g_assert_cmpint(role_at(exact, from + 22, y), ==, ROLE_TEXT);
    shown_clear(&s);
}

static void a_wrong_pattern_is_told_and_changes_nothing(void)
{
    struct shown s = log_new();
    take_numbered(&s, 0, 10);
    shown_filter(&s, "line 7");
    g_autoptr(GError) error = NULL;
    g_assert_false(s.v->class->filter(s.v, "line (", &error));
    ASSERT_CONTAINS(error->message, "/line ( is no regular expression");
    g_assert_cmpstr(s.v->class->filter_text(s.v), ==, "line 7");
    shown_clear(&s);
}

static void a_pattern_that_would_take_for_ever_gives_up_and_says_so(void)
{
    struct shown s = log_new();
    g_autofree char *line = g_strnfill(60000, 'a');
    take_texts(&s, (const char *const[]){line, "aaab", NULL});
    shown_filter(&s, "(a|a)*(a|aa)+$(?<=b)");
    screen_has(&s, "too costly");
    only(&s, "(a|a)*(a|aa)+$(?<=b)"); /* a filter shows what it cannot tell */
    g_assert_cmpuint(log_lines_rows(log_of(&s)->lines)->len, ==, 1);
    shown_clear(&s);
}

static void a_search_of_many_lines_goes_on_in_slices(void)
{
    struct shown s = log_new();
    take_numbered(&s, 0, 50000);
    shown_run(&s, "first");
    g_autoptr(GError) error = NULL;
    g_assert_true(s.v->class->filter(s.v, "49999", &error));
    unsigned slices = 0;
    while (s.v->class->step(s.v, 0, ROWS_NOW_MS)) {
        AUTO(cells) c = cells_new(80, 24, false);
        s.v->class->draw(s.v, &c->surface, ROWS_NOW_MS);
        if (slices++ == 3)
            g_assert_cmpint(line_of(c, "% looked at"), ==, 0);
    }
    g_assert_cmpuint(slices, >, 100);
    g_assert_cmpstr(at_cursor(&s), ==, "line 49999");
    shown_clear(&s);
}

/* -- filters ---------------------------------------------------------------------------------------- */

static void filters_stack_and_esc_takes_off_the_last(void)
{
    struct shown s = log_new();
    take_texts(&s, (const char *const[]){"error a", "info b", "error retry c", "error d", NULL});
    only(&s, "error");
    screen_has(&s, "&error  3 of 4 lines");
    only(&s, "!retry");
    screen_has(&s, "&error &!retry  2 of 4 lines");
    status_has(&s, "of 4");
    screen_lacks(&s, "error retry c");
    take_texts(&s, (const char *const[]){"error e", "error retry f", NULL});
    screen_has(&s, "error e");
    screen_has(&s, "3 of 6 lines");
    g_assert_true(s.v->class->escape(s.v));
    shown_finish(&s);
    screen_has(&s, "error retry f");
    g_assert_true(s.v->class->escape(s.v));
    shown_finish(&s);
    screen_has(&s, "info b");
    g_assert_false(s.v->class->escape(s.v));
    only(&s, "not there");
    screen_has(&s, "none of 6 lines passes the filter");
    shown_clear(&s);
}

static void a_filter_by_level_shows_that_level_and_worse(void)
{
    struct shown s = log_new();
    take_texts(&s, python);
    take_texts(&s, (const char *const[]){"WARN slow", "DEBUG x", NULL});
    only(&s, "@warning");
    screen_has(&s, "&@warn  15 of 18 lines");
    screen_has(&s, "ValueError: bad row"); /* a stack belongs to its error */
    screen_has(&s, "WARN slow");
    screen_lacks(&s, "cleaned up");
    only(&s, "!@error");
    screen_has(&s, "&@warn &!@error  1 of 18 lines");
    shown_clear(&s);
}

static void a_filter_can_keep_the_lines_around_what_it_finds(void)
{
    struct shown s = log_new();
    take_numbered(&s, 100, 100);
    only(&s, "line 150|line 152");
    screen_lacks(&s, "line 149");
    shown_run(&s, "context");
    const GArray *rows = log_lines_rows(log_of(&s)->lines);
    g_assert_cmpuint(rows->len, ==, 9);
    AUTO(cells) c = shown_draw(&s, 80, 24, false);
    g_assert_cmpint(line_of(c, "line 155"), ==, line_of(c, "line 147") + 8);
    g_assert_cmpint(role_at(c, 14, line_of(c, "Z   line 150")), ==, ROLE_TEXT);
    g_assert_cmpint(role_at(c, 14, line_of(c, "line 149")), ==, ROLE_DIM);
    shown_run(&s, "context");
    g_assert_cmpuint(log_lines_rows(log_of(&s)->lines)->len, ==, 23);
    shown_run(&s, "context");
    g_assert_cmpuint(log_lines_rows(log_of(&s)->lines)->len, ==, 2);
    shown_clear(&s);
}

/* Lines that come one by one are filtered like those that were there. */
static void a_filter_of_lines_that_come_shows_what_one_of_all_lines_shows(void)
{
    struct shown at_once = log_new(), piecemeal = log_new();
    GRand *rand = g_rand_new_with_seed(7);
    for (unsigned i = 0; i < 2; i++) {
        struct shown *s = i ? &piecemeal : &at_once;
        only(s, "7|13");
        shown_run(s, "context");
    }
    take_numbered(&at_once, 0, 500);
    for (int from = 0, n; from < 500; from += n) {
        n = MIN(g_rand_int_range(rand, 1, 9), 500 - from);
        take_numbered(&piecemeal, from, n);
    }
    const GArray *a = log_lines_rows(log_of(&at_once)->lines);
    const GArray *b = log_lines_rows(log_of(&piecemeal)->lines);
    g_assert_cmpuint(a->len, ==, b->len);
    for (guint i = 0; i < a->len; i++)
        g_assert_cmpuint(log_id(a, i), ==, log_id(b, i));
    g_rand_free(rand);
    shown_clear(&at_once);
    shown_clear(&piecemeal);
}

static void a_filter_keeps_the_cursor_where_it_was(void)
{
    struct shown s = log_new();
    take_numbered(&s, 0, 1000);
    shown_filter(&s, "line 500$");
    only(&s, "00$");
    g_assert_cmpstr(at_cursor(&s), ==, "line 500");
    g_assert_true(s.v->class->escape(s.v)); /* the search */
    g_assert_true(s.v->class->escape(s.v));
    shown_finish(&s);
    g_assert_cmpstr(at_cursor(&s), ==, "line 500");
    shown_clear(&s);
}

/* -- errors and stacks ------------------------------------------------------------------------------ */

static void errors_are_found_one_by_one_in_both_directions(void)
{
    struct shown s = log_new();
    take_texts(&s, python);
    shown_run(&s, "first");
    shown_run(&s, "next-error");
    g_assert_cmpstr(at_cursor(&s), ==, "ERROR Task failed");
    shown_run(&s, "next-error"); /* its stack is no error of its own */
    g_assert_cmpstr(at_cursor(&s), ==, "ERROR gave up");
    shown_run(&s, "next-error");
    g_assert_cmpstr(at_cursor(&s), ==, "ERROR Task failed");
    g_assert_cmpstr(s.v->note, ==, "no error below: the first one");
    shown_run(&s, "previous-error");
    g_assert_cmpstr(at_cursor(&s), ==, "ERROR gave up");
    shown_clear(&s);
}

static void the_first_cause_is_found_in_what_python_and_java_print(void)
{
    struct shown s = log_new();
    take_texts(&s, python);
    shown_run(&s, "first");
    shown_run(&s, "cause");
    g_assert_cmpstr(at_cursor(&s), ==, "ValueError: bad row");
    shown_clear(&s);
    s = log_new();
    take_texts(&s, java);
    shown_run(&s, "first");
    shown_run(&s, "cause");
    g_assert_cmpstr(at_cursor(&s), ==, "Caused by: java.net.SocketException: reset");
    for (int i = 0; i < 4; i++)
        shown_run(&s, "up");
    shown_run(&s, "cause"); /* from within */
    g_assert_cmpstr(at_cursor(&s), ==, "Caused by: java.net.SocketException: reset");
    shown_run(&s, "cause");
    g_assert_cmpstr(s.v->note, ==, "no further exception below: the first one");
    shown_clear(&s);
}

static void a_stack_folds_to_one_line_and_a_match_in_it_unfolds_it(void)
{
    struct shown s = log_new();
    take_texts(&s, java);
    shown_run(&s, "fold-all");
    screen_has(&s, "… 3 frames");
    screen_lacks(&s, "B.java");
    screen_has(&s, "D.java"); /* one or two frames stay */
    shown_filter(&s, "B\\.java");
    g_assert_cmpstr(at_cursor(&s), ==, "    at io.trino.B.b(B.java:2)");
    screen_has(&s, "A.java");
    shown_run(&s, "fold");
    screen_has(&s, "… 3 frames");
    only(&s, "java:2"); /* a filter finds what is folded */
    screen_has(&s, "B.java:2");
    g_assert_true(s.v->class->escape(s.v));
    g_assert_true(s.v->class->escape(s.v));
    shown_run(&s, "unfold-all");
    screen_has(&s, "C.java");
    shown_clear(&s);
}

static void a_stack_that_comes_in_pieces_folds_whole(void)
{
    struct shown s = log_new();
    shown_run(&s, "fold-all");
    for (const char *const *text = java; *text; text++)
        take_texts(&s, (const char *const[]){*text, NULL});
    screen_has(&s, "… 3 frames");
    screen_lacks(&s, "A.java");
    screen_lacks(&s, "C.java");
    g_assert_cmpuint(log_lines_rows(log_of(&s)->lines)->len, ==, 10);
    shown_clear(&s);
}

static void levels_are_letters_wherever_they_stand(void)
{
    static const struct {
        const char *text, *letter;
    } lines[] = {{"2026-06-12 11:00:00 ERROR disk full", "E"}, {"level=warn msg=slow", "W"},
        {"{\"time\":1,\"level\":\"error\",\"msg\":\"x\"}", "E"},
        {"E0612 11:00:00.1 main.go:1] x", "E"}, {"[info] started", "I"},
        {"[2026-06-12] {x.py:1} INFO - no ERROR here", "I"}, {"an error of one's own", " "},
        {"errors: 0", " "}, {"FATAL out of memory", "F"}, {"[Sun] DEBUG x", "D"}, {"", " "},
        {"Traceback (most recent call last):", "E"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++)
        g_assert_cmpstr(log_level_letter(log_level_detect(lines[i].text)), ==, lines[i].letter);
    struct shown s = log_new();
    struct snapshot *c = chunk_of("a/tasks/t");
    add_line(c, NONE, "CRITICAL", "what the source says counts: INFO");
    take(&s, c);
    AUTO(cells) cells = shown_draw(&s, 80, 5, false);
    g_assert_cmpint((int)cells_row(cells, 0)[2].text[0], ==, 'F');
    g_assert_cmpint(role_at(cells, 2, 0), ==, ROLE_FAIL);
    shown_clear(&s);
}

#define TEST(name, function) g_test_add_func("/log/" name, function)

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    TEST("the end is followed until one scrolls up, and what comes is counted",
        the_end_is_followed_until_one_scrolls_up);
    TEST("new lines do not reset scrolling to the side (complaint 6)",
        new_lines_do_not_reset_scrolling_to_the_side);
    TEST("a search says which of how many, and goes around",
        a_search_says_which_of_how_many_and_goes_around);
    TEST("what matches is marked in its line", what_matches_is_marked_in_its_line);
    TEST(
        "a wrong pattern is told and changes nothing", a_wrong_pattern_is_told_and_changes_nothing);
    TEST("a pattern that would take for ever gives up and says so",
        a_pattern_that_would_take_for_ever_gives_up_and_says_so);
    TEST("a search of many lines goes on in slices", a_search_of_many_lines_goes_on_in_slices);
    TEST("filters stack, and esc takes off the last", filters_stack_and_esc_takes_off_the_last);
    TEST("a filter by level shows that level and worse",
        a_filter_by_level_shows_that_level_and_worse);
    TEST("a filter can keep the lines around what it finds (complaint 5)",
        a_filter_can_keep_the_lines_around_what_it_finds);
    TEST("a filter of lines that come shows what one of all lines shows",
        a_filter_of_lines_that_come_shows_what_one_of_all_lines_shows);
    TEST("a filter keeps the cursor where it was", a_filter_keeps_the_cursor_where_it_was);
    TEST("errors are found one by one in both directions",
        errors_are_found_one_by_one_in_both_directions);
    TEST("the first cause is found in what Python and Java print",
        the_first_cause_is_found_in_what_python_and_java_print);
    TEST("a stack folds to one line, and a match in it unfolds it",
        a_stack_folds_to_one_line_and_a_match_in_it_unfolds_it);
    TEST("a stack that comes in pieces folds whole", a_stack_that_comes_in_pieces_folds_whole);
    TEST("levels are letters, wherever they stand", levels_are_letters_wherever_they_stand);
    return g_test_run();
}
