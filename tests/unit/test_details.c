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
    shown_filter(&s, "line-3");
    g_assert_cmpstr(s.v->class->filter_text(s.v), ==, "line-3");
    CHOSEN_IS(&s, "line-3.");
    shown_run(&s, "next-match");
    CHOSEN_IS(&s, "line-30.");
    shown_run(&s, "previous-match");
    CHOSEN_IS(&s, "line-3.");
    shown_run(&s, "previous-match");
    CHOSEN_IS(&s, "line-39.");
    g_assert_true(on_screen(&s, "/line-3  11/11"));
    g_assert_true(on_screen(&s, "line-38."));
    take_lines(&s, 300, 10);
    g_assert_true(on_screen(&s, "/line-3  11/21"));
    shown_filter(&s, "nothing like it");
    CHOSEN_IS(&s, "line-39.");
    shown_run(&s, "next-match");
    CHOSEN_IS(&s, "line-39.");
    shown_filter(&s, "");
    g_assert_false(on_screen(&s, "/line-3"));
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
    for (int i = 0; i < 80; i++) { /* 100 kB a line, 10 lines a chunk: beyond 64 MiB */
        struct snapshot *c = chunk();
        for (int n = 0; n < 10; n++) {
            g_autofree char *text = g_strdup_printf("line-%d. %s", i * 10 + n, filler);
            line(c, "info", text);
        }
        take(&s, c);
    }
    g_assert_true(on_screen(&s, "line-799."));
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

#define LINE_IS(s, wanted)                                                                         \
    do {                                                                                           \
        AUTO(cells) cells_ = shown_draw(s, 80, 10, true);                                          \
        int line_ = line_of(cells_, wanted);                                                       \
        g_assert_cmpint(line_, >=, 0);                                                             \
        g_assert_cmpint((int)cells_row(cells_, line_)[1].text[0], ==, '>');                        \
    } while (0)

#define STATUS_HAS(s, wanted)                                                                      \
    do {                                                                                           \
        g_autofree char *status_ = shown_status(s);                                                \
        ASSERT_CONTAINS(status_, wanted);                                                          \
    } while (0)

static void fields_are_searched_by_name_group_and_value(void)
{
    struct shown s = shown_new(&kind_detail);
    take_object(&s, "{\"a\":1,\"b\":2}");
    static const struct {
        const char *search, *line, *status;
    } cases[] = {{"CLIENT", "client_id", "1/1 match /CLIENT"}, {"10.0", "host", "1/1 match"},
        {"member", "client_id", "1/2 match"}, {"denied", "password", "1/1 match"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        shown_run(&s, "first");
        shown_filter(&s, cases[i].search);
        LINE_IS(&s, cases[i].line);
        STATUS_HAS(&s, cases[i].status);
        g_autofree char *text = shown_text(&s, 80, 10);
        ASSERT_CONTAINS(text, "Stable"); /* nothing is hidden */
    }
    shown_filter(&s, "member");
    shown_run(&s, "first");
    STATUS_HAS(&s, "  2 match /member");
    shown_run(&s, "next-match");
    LINE_IS(&s, "client_id");
    shown_run(&s, "next-match");
    LINE_IS(&s, "host");
    shown_run(&s, "next-match");
    LINE_IS(&s, "client_id");
    shown_run(&s, "match-before");
    LINE_IS(&s, "host");
    AUTO(cells) c = shown_draw(&s, 80, 10, true);
    g_assert_cmpint((int)cells_row(c, line_of(c, "client_id"))[2].text[0], ==, '/');
    shown_filter(&s, "zzz");
    STATUS_HAS(&s, "  0 match /zzz");
    shown_run(&s, "raw");
    shown_filter(&s, "\"b\"");
    LINE_IS(&s, "\"b\": 2");
    STATUS_HAS(&s, "raw  1/1 match");
    shown_clear(&s);
}

/* -- what a field says ----------------------------------------------------------------------------- */

static void add_cell(struct snapshot *s, const char *name, struct cell cell)
{
    snapshot_set_cell(s, snapshot_add(s, name), DETAIL_VALUE, cell);
}

static struct snapshot *new_object(void)
{
    AUTO(rid) scope = rid_parse("events/rows/x", NULL);
    return snapshot_new(&kind_detail, scope, ROWS_NOW_MS);
}

static void take_snapshot(struct shown *s, struct snapshot *take_s)
{
    const struct snapshot *sealed = snapshot_seal(take_s);
    s->v->class->take(s->v, sealed, NULL, NULL);
    snapshot_unref(sealed);
}

static void every_number_has_its_unit_and_its_digits(void)
{
    struct shown s = shown_new(&kind_detail);
    struct snapshot *b = new_object();
    add_cell(b, "few", (struct cell){.type = CELL_INT, .i = 812});
    add_cell(b, "many", (struct cell){.type = CELL_INT, .i = 1923344});
    add_cell(b, "owed", (struct cell){.type = CELL_INT, .i = -123456});
    add_cell(b, "guess", (struct cell){.type = CELL_INT, .i = 50000, .quality = ESTIMATE});
    add_cell(b, "small", (struct cell){.type = CELL_BYTES, .i = 512});
    add_cell(b, "large", (struct cell){.type = CELL_BYTES, .i = 1288490188});
    add_cell(b, "took", (struct cell){.type = CELL_SPAN_MS, .i = 275000});
    add_cell(b, "began", (struct cell){.type = CELL_TIME_MS, .i = ROWS_NOW_MS - 3120000});
    add_cell(b, "due", (struct cell){.type = CELL_TIME_MS, .i = ROWS_NOW_MS + 120000});
    add_cell(b, "never", (struct cell){.type = CELL_TIME_MS, .i = G_MININT64});
    add_cell(b, "full", (struct cell){.type = CELL_PERCENT, .r = 97.2});
    take_snapshot(&s, b);
    g_autofree char *text = shown_text(&s, 80, 20);
    static const char *const wanted[] = {"few    812\n", "many   1.92M (1923344)\n",
        "owed   -123k (-123456)\n", "guess  ~50k\n", "small  512 bytes\n",
        "large  1.2GiB (1288490188 bytes)\n", "took   4m35s\n", "began  11:12:31Z (52m ago)\n",
        "due    12:06:31Z (in 2m)\n", "never  ", "full   97.2%\n"};
    for (unsigned i = 0; i < G_N_ELEMENTS(wanted); i++)
        ASSERT_CONTAINS(text, wanted[i]);
    AUTO(cells) later = cells_new(80, 20, false);
    s.v->class->draw(s.v, &later->surface, ROWS_NOW_MS + 60000); /* ages go on */
    g_assert_cmpint(line_of(later, "(53m ago)"), >=, 0);
    shown_clear(&s);
}

static void what_is_absent_says_why_in_words(void)
{
    struct shown s = shown_new(&kind_detail);
    struct snapshot *b = new_object();
    add_cell(b, "a", (struct cell){.type = CELL_NONE, .absent = ABSENT_NOT_ASKED});
    add_cell(b, "b", (struct cell){.type = CELL_NONE, .absent = ABSENT_NO_VALUE});
    add_cell(b, "c", (struct cell){.type = CELL_NONE, .absent = ABSENT_DENIED});
    snapshot_set_error(b, 2, "no right to describe");
    add_cell(b, "d", (struct cell){.type = CELL_NONE, .absent = ABSENT_FAILED});
    add_cell(b, "e", (struct cell){.type = CELL_PERCENT, .r = 99});
    snapshot_set_health(b, 4, HEALTH_FAIL, "the disk is full");
    take_snapshot(&s, b);
    g_autofree char *text = shown_text(&s, 80, 20);
    static const char *const wanted[] = {"a  not asked\n", "b  none\n",
        "?  c  denied: no right to describe\n", "d  no answer\n", "X  e  99%: the disk is full\n"};
    for (unsigned i = 0; i < G_N_ELEMENTS(wanted); i++)
        ASSERT_CONTAINS(text, wanted[i]);
    shown_clear(&s);
}

static void a_long_text_is_wrapped_below_itself(void)
{
    struct shown s = shown_new(&kind_detail);
    struct snapshot *b = new_object();
    field(b, NULL, "sql", "select a, b from orders\nwhere total > 10 and country = 'DE'");
    field(b, NULL, "hash", "0123456789abcdefghijklmnopqrstuvwxyz");
    take_snapshot(&s, b);
    g_autofree char *text = shown_text(&s, 29, 10);
    g_assert_true(g_str_has_prefix(text, " > sql   select a, b from\n"
                                         "         orders\n"
                                         "         where total > 10 and\n"
                                         "         country = 'DE'\n"
                                         "   hash  0123456789abcdefghij\n"
                                         "         klmnopqrstuvwxyz\n"));
    shown_run(&s, "down");
    shown_run(&s, "down");
    g_autofree char *wide =
        shown_text(&s, 120, 10); /* a line less: the cursor stays in its field */
    ASSERT_CONTAINS(wide, "\n >       where total > 10 and country = 'DE'\n");
    shown_clear(&s);
}

/* -- folding, links, refresh ----------------------------------------------------------------------- */

static void a_group_is_folded_and_says_what_it_hides(void)
{
    struct shown s = shown_new(&kind_detail);
    take_object(&s, NULL);
    shown_filter(&s, "host");
    shown_run(&s, "fold");
    LINE_IS(&s, "+ member (2)");
    shown_filter(&s, "rdkafka"); /* a search looks into folds */
    LINE_IS(&s, "client_id");
    shown_run(&s, "fold-all");
    LINE_IS(&s, "+ member (2)");
    g_autofree char *text = shown_text(&s, 80, 10);
    ASSERT_CONTAINS(text, "state");
    ASSERT_CONTAINS(text, "+ config (1)");
    g_assert_null(strstr(text, "password"));
    take_object(&s, NULL); /* asked again */
    LINE_IS(&s, "+ member (2)");
    shown_run(&s, "right");
    LINE_IS(&s, "member");
    shown_run(&s, "down");
    LINE_IS(&s, "client_id");
    shown_run(&s, "left");
    LINE_IS(&s, "+ member (2)");
    shown_run(&s, "unfold-all");
    g_autofree char *open = shown_text(&s, 80, 10);
    ASSERT_CONTAINS(open, "password");
    shown_clear(&s);
}

static void link_is(struct shown *s, const char *wanted)
{
    g_autoptr(GString) address = g_string_new(NULL);
    g_assert_cmpint(s->v->class->link(s->v, address), ==, *wanted != '\0');
    g_assert_cmpstr(address->str, ==, wanted);
}

static void addresses_of_other_things_are_links(void)
{
    struct shown s = shown_new(&kind_detail);
    struct snapshot *b = new_object();
    field(b, NULL, "type", "application/json/x"); /* like an address, of no source we know of */
    field(b, NULL, "leader", "events/brokers/1");
    field(b, "more", "told", "weir://scheduler/dags/orders");
    add_cell(b, "about", (struct cell){.type = CELL_LINK, .text = "warehouse/queries/q1"});
    add_cell(b, "wrong", (struct cell){.type = CELL_LINK, .text = "not an address"});
    take_snapshot(&s, b);
    g_autofree char *text = shown_text(&s, 80, 10);
    ASSERT_CONTAINS(text, "→ events/brokers/1");
    g_assert_null(strstr(text, "→ application"));
    g_assert_null(strstr(text, "→ not"));
    link_is(&s, "");
    static const struct {
        const char *command, *wanted;
    } steps[] = {{"next-link", "events/brokers/1"}, {"next-link", "weir://scheduler/dags/orders"},
        {"next-link", "warehouse/queries/q1"}, {"next-link", "events/brokers/1"},
        {"previous-link", "warehouse/queries/q1"},
        {"previous-link", "weir://scheduler/dags/orders"}, {"fold", ""},
        {"next-link", "weir://scheduler/dags/orders"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(steps); i++) {
        shown_run(&s, steps[i].command);
        link_is(&s, steps[i].wanted);
    }
    g_autoptr(GString) copied = g_string_new(NULL);
    s.v->class->copy_text(s.v, copied);
    g_assert_cmpstr(copied->str, ==, "weir://scheduler/dags/orders");
    shown_clear(&s);
}

static void an_answer_that_comes_again_keeps_the_place(void)
{
    struct shown s = shown_new(&kind_detail);
    take_object(&s, "{\"a\":{\"x\":1,\"y\":2},\"b\":2}");
    shown_filter(&s, "host");
    shown_filter(&s, "");
    LINE_IS(&s, "host");
    struct snapshot *b = new_object();
    field(b, NULL, "state", "Stable");
    field(b, NULL, "new", "one more");
    field(b, "member", "client_id", "rdkafka");
    field(b, "member", "host", "/10.0.0.2");
    take_snapshot(&s, b);
    LINE_IS(&s, "/10.0.0.2");
    shown_run(&s, "raw");
    take_object(&s, "{\"a\":{\"x\":1,\"y\":2},\"b\":2}");
    shown_run(&s, "raw");
    LINE_IS(&s, "/10.0.0.1");
    shown_clear(&s);
}

static void raw_text_is_folded_and_scrolled(void)
{
    struct shown s = shown_new(&kind_detail);
    take_object(&s, "{\"a\":{\"x\":[1,2],\"y\":2},\"b\":\"0123456789abcdefghijklmnopqrstuvwxyz\"}");
    shown_run(&s, "raw");
    for (int i = 0; i < 3; i++)
        shown_run(&s, "down");
    LINE_IS(&s, "1,");
    shown_run(&s, "fold"); /* what it is in */
    LINE_IS(&s, "\"x\": [ 2 lines ],");
    shown_run(&s, "up");
    shown_run(&s, "fold");
    LINE_IS(&s, "\"a\": { 5 lines },");
    shown_filter(&s, "2");
    shown_run(&s, "next-match");
    g_autofree char *revealed = shown_text(&s, 80, 12);
    ASSERT_CONTAINS(revealed, "\"x\": [\n");
    shown_run(&s, "fold-all");
    g_autofree char *folded = shown_text(&s, 30, 12);
    ASSERT_CONTAINS(folded, "{ 5 lines },");
    ASSERT_CONTAINS(folded, "\"b\": \"0123456789abcdefgh›\n");
    shown_run(&s, "right");
    g_autofree char *right = shown_text(&s, 30, 12);
    ASSERT_CONTAINS(right, "‹");
    g_assert_null(strstr(right, "\"b\""));
    for (int i = 0; i < 50; i++)
        shown_run(&s, "right");
    g_autofree char *end = shown_text(&s, 30, 12);
    ASSERT_CONTAINS(end, "z\""); /* not beyond the longest line */
    for (int i = 0; i < 50; i++)
        shown_run(&s, "left");
    g_autofree char *left = shown_text(&s, 30, 12);
    ASSERT_CONTAINS(left, "\"b\": \"0123");
    shown_clear(&s);
}

/* Any object, any keys: nothing is drawn outside, and unfolded it has every field. */
static void no_key_loses_a_field(void)
{
    static const char *const values[] = {"", "x", "a, b, c and d\nnext", "日本語の値", "\n\n",
        "events/rows/y", "a-very-long-value-without-a-blank-that-has-to-be-cut-somewhere-or-other"};
    for (int round = 0; round < 15; round++) {
        struct shown s = shown_new(&kind_detail);
        int count = g_test_rand_int_range(0, 60);
        for (unsigned step = 0; step < 60; step++) {
            if (step % 30 == 0) {
                struct snapshot *b = new_object();
                for (int i = 0; i < count; i++) {
                    g_autofree char *name = g_strdup_printf("field-%03d", i);
                    g_autofree char *group = g_strdup_printf("group %d", i / 7);
                    field(b, i % 21 < 3 ? NULL : group, name,
                        values[g_test_rand_int_range(0, G_N_ELEMENTS(values))]);
                }
                const struct snapshot *sealed = snapshot_seal(b);
                s.v->class->take(s.v, sealed, "{\"a\":[{\"b\":1},2],\"c\":{}}", NULL);
                snapshot_unref(sealed);
            }
            const struct view_command *c = s.v->class->commands;
            c[g_test_rand_int_range(0, 18)].run(s.v);
            if (step % 7 == 0)
                shown_filter(&s, step % 14 ? "field-01" : "");
            int width = g_test_rand_int_range(1, 90), height = g_test_rand_int_range(1, 20);
            AUTO(cells) screen = cells_new(width + 2, height + 2, step % 2);
            struct surface inner = surface_part(&screen->surface, 1, 1, width, height);
            s.v->class->draw(s.v, &inner, ROWS_NOW_MS);
            for (int x = 0; x < width + 2; x++)
                for (int y = 0; y < height + 2; y += height + 1)
                    g_assert_cmpint((int)cells_row(screen, y)[x].text[0], ==, ' ');
        }
        g_autofree char *before = shown_status(&s);
        if (g_str_has_prefix(before, "raw"))
            shown_run(&s, "raw");
        shown_run(&s, "unfold-all");
        g_autofree char *text = shown_text(&s, 100, 400);
        for (int i = 0; i < count; i++) {
            g_autofree char *name = g_strdup_printf("field-%03d", i);
            ASSERT_CONTAINS(text, name);
        }
        shown_clear(&s);
    }
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
    g_test_add_func("/detail/every-number-has-its-unit-and-its-digits",
        every_number_has_its_unit_and_its_digits);
    g_test_add_func("/detail/what-is-absent-says-why-in-words", what_is_absent_says_why_in_words);
    g_test_add_func(
        "/detail/a-long-text-is-wrapped-below-itself", a_long_text_is_wrapped_below_itself);
    g_test_add_func("/detail/a-group-is-folded-and-says-what-it-hides",
        a_group_is_folded_and_says_what_it_hides);
    g_test_add_func(
        "/detail/addresses-of-other-things-are-links", addresses_of_other_things_are_links);
    g_test_add_func("/detail/an-answer-that-comes-again-keeps-the-place",
        an_answer_that_comes_again_keeps_the_place);
    g_test_add_func("/detail/raw-text-is-folded-and-scrolled", raw_text_is_folded_and_scrolled);
    g_test_add_func("/detail/no-key-loses-a-field", no_key_loses_a_field);
    g_test_add_func(
        "/detail/an-object-that-cannot-be-had-says-why", an_object_that_cannot_be_had_says_why);
    return g_test_run();
}
