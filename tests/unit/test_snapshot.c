#include "model.h"

#include <math.h>

#include "unit/rows.h"

static void is_absent(const struct snapshot *s, size_t row, int column, enum absent why)
{
    struct cell cell = snapshot_cell(s, row, column);
    g_assert_cmpint(cell.type, ==, CELL_NONE);
    g_assert_cmpint(cell.absent, ==, why);
}

static void a_new_row_knows_nothing(void)
{
    struct snapshot *s = rows_new("events");
    size_t row = snapshot_add(s, "a");
    for (int c = 0; rows_columns[c].name; c++)
        is_absent(s, row, c, ABSENT_NOT_ASKED);
    const struct row *r = snapshot_row(s, row);
    g_assert_cmpint(r->health, ==, HEALTH_OK);
    g_assert_cmpint(r->phase, ==, PHASE_DONE);
    g_assert_cmpint(r->at_ms, ==, ROWS_NOW_MS);
    g_assert_cmpuint(r->parent, ==, ROW_NONE);
    g_assert_true(r->why == NULL && r->error == NULL && r->address == NULL && !r->health_set);
    snapshot_drop(s);
}

static void cells_come_out_as_they_went_in(void)
{
    struct snapshot *b = rows_new("events");
    size_t row = snapshot_add(b, "a");
    snapshot_set_text(b, row, R_STATE, "Stable");
    snapshot_set_int(b, row, R_LAG, G_MAXINT64);
    snapshot_set_real(b, row, R_RATE, 0.25);
    snapshot_set_int(b, row, R_SEEN, G_MININT64);
    snapshot_set_int(b, row, R_SIZE, -1);
    snapshot_set_real(b, row, R_SHARE, 97.5);
    snapshot_set_bool(b, row, R_ON, true);
    snapshot_set_text_len(b, row, R_NOTE, "note and more", 4);
    snapshot_set_absent(b, row, R_WAIT, ABSENT_DENIED);
    snapshot_set_quality(b, row, R_LAG, BOUND);
    snapshot_set_quality(b, row, R_WAIT, BOUND); /* there is nothing to qualify */
    const struct snapshot *s = snapshot_seal(b);
    g_assert_cmpstr(snapshot_cell(s, row, R_STATE).text, ==, "Stable");
    g_assert_cmpint(snapshot_cell(s, row, R_STATE).type, ==, CELL_STATE);
    g_assert_cmpint(snapshot_cell(s, row, R_LAG).i, ==, G_MAXINT64);
    g_assert_cmpint(snapshot_cell(s, row, R_LAG).quality, ==, BOUND);
    g_assert_cmpfloat(snapshot_cell(s, row, R_RATE).r, ==, 0.25);
    g_assert_cmpint(snapshot_cell(s, row, R_SEEN).i, ==, G_MININT64);
    g_assert_cmpint(snapshot_cell(s, row, R_SEEN).type, ==, CELL_TIME_MS);
    g_assert_cmpint(snapshot_cell(s, row, R_SIZE).i, ==, -1);
    g_assert_cmpfloat(snapshot_cell(s, row, R_SHARE).r, ==, 97.5);
    g_assert_true(snapshot_cell(s, row, R_ON).b);
    g_assert_cmpstr(snapshot_cell(s, row, R_NOTE).text, ==, "note");
    is_absent(s, row, R_WAIT, ABSENT_DENIED);
    snapshot_unref(s);
}

static void what_is_no_finite_number_has_no_value(void)
{
    struct snapshot *s = rows_new("events");
    size_t row = snapshot_add(s, "a");
    snapshot_set_real(s, row, R_RATE, (double)NAN);
    is_absent(s, row, R_RATE, ABSENT_NO_VALUE);
    snapshot_set_real(s, row, R_RATE, HUGE_VAL);
    is_absent(s, row, R_RATE, ABSENT_NO_VALUE);
    snapshot_set_cell(s, row, R_SHARE, (struct cell){.type = CELL_PERCENT, .r = -HUGE_VAL});
    is_absent(s, row, R_SHARE, ABSENT_NO_VALUE);
    snapshot_set_cell(s, row, R_SHARE, (struct cell){.type = CELL_REAL, .r = (double)NAN});
    is_absent(s, row, R_SHARE, ABSENT_NO_VALUE);
    snapshot_drop(s);
}

static void text_is_cleaned_at_the_door(void)
{
    struct snapshot *b = rows_new("events");
    size_t row = snapshot_add(b, "bad\033name");
    snapshot_set_text(b, row, R_NOTE, "\033[2J");
    snapshot_set_health(b, row, HEALTH_FAIL, "why\a");
    snapshot_set_error(b, row, "error\x9b");
    snapshot_set_cell(b, row, R_STATE, (struct cell){.type = CELL_STATE, .text = "st\te"});
    const struct state_mark mark = {"x\n", HEALTH_OK, 0, 1};
    snapshot_set_states(b, row, R_STRIP, &mark, 1);
    g_assert_cmpstr(snapshot_keep(b, "\033"), ==, "␛");
    const struct snapshot *s = snapshot_seal(b);
    const struct row *r = snapshot_row(s, row);
    g_assert_cmpstr(r->key, ==, "bad\033name");
    g_assert_cmpstr(r->name, ==, "bad␛name");
    g_assert_cmpstr(r->why, ==, "why␇");
    g_assert_cmpstr(r->error, ==, "error⟨9B⟩");
    g_assert_cmpstr(snapshot_cell(s, row, R_NOTE).text, ==, "␛[2J");
    g_assert_cmpstr(snapshot_cell(s, row, R_STATE).text, ==, "st␉e");
    g_assert_cmpstr(snapshot_cell(s, row, R_STRIP).states->mark[0].state, ==, "x␊");
    g_assert_cmpint(snapshot_find(s, "bad\033name"), ==, 0);
    g_assert_cmpint(snapshot_find(s, "bad␛name"), ==, -1);
    snapshot_unref(s);
}

static void every_row_has_the_pseudo_columns(void)
{
    struct snapshot *b = rows_new("events");
    snapshot_add(b, "a");
    size_t row = snapshot_add(b, "b");
    snapshot_set_at(b, row, 5);
    snapshot_set_phase(b, row, PHASE_RUN);
    snapshot_set_health(b, row, HEALTH_WARN, "late");
    snapshot_set_address(b, row, "x/y/z");
    const struct snapshot *s = snapshot_seal(b);
    g_assert_cmpstr(snapshot_cell(s, row, COLUMN_SOURCE).text, ==, "events");
    g_assert_cmpstr(snapshot_cell(s, row, COLUMN_NAME).text, ==, "b");
    g_assert_cmpstr(snapshot_cell(s, row, COLUMN_ADDRESS).text, ==, "x/y/z");
    g_assert_cmpint(snapshot_cell(s, row, COLUMN_AT).i, ==, 5);
    g_assert_cmpint(snapshot_cell(s, 0, COLUMN_AT).i, ==, ROWS_NOW_MS);
    g_assert_cmpstr(snapshot_cell(s, row, COLUMN_HEALTH).text, ==, "warn");
    g_assert_cmpstr(snapshot_cell(s, row, COLUMN_PHASE).text, ==, "run");
    g_assert_cmpstr(snapshot_cell(s, row, COLUMN_WHY).text, ==, "late");
    g_assert_cmpint(snapshot_cell(s, 0, COLUMN_WHY).type, ==, CELL_NONE);
    snapshot_unref(s);
}

static void a_sentence_goes_with_a_verdict_only(void)
{
    struct snapshot *s = rows_new("events");
    size_t row = snapshot_add(s, "a");
    snapshot_set_health(s, row, HEALTH_FAIL, "broken");
    snapshot_set_health(s, row, HEALTH_OK, "never mind");
    g_assert_null(snapshot_row(s, row)->why);
    g_assert_true(snapshot_row(s, row)->health_set);
    snapshot_drop(s);
}

static void a_row_knows_its_address(void)
{
    struct snapshot *b = rows_new("events");
    snapshot_add(b, "a/b \xff");
    snapshot_set_address(b, snapshot_add(b, "c"), "other/things/c");
    const struct snapshot *s = snapshot_seal(b);
    g_autoptr(GString) address = g_string_new(NULL);
    snapshot_append_address(s, 0, address);
    g_assert_cmpstr(address->str, ==, "events/rows/a%2Fb%20%FF");
    AUTO(rid) rid = snapshot_rid(s, 0);
    g_assert_cmpstr(rid_last_name(rid), ==, "a/b \xff");
    AUTO(rid) other = snapshot_rid(s, 1);
    g_assert_cmpstr(other->source, ==, "other");
    snapshot_unref(s);
}

static void searching_sees_name_texts_and_states(void)
{
    struct snapshot *b = rows_new("events");
    size_t row = rows_add(b, "Orders", "STABLE", 12345);
    snapshot_set_text(b, row, R_NOTE, "Größe");
    snapshot_set_text(b, row, R_LINK, "some/where/else");
    const struct snapshot *s = snapshot_seal(b);
    const char *haystack = snapshot_haystack(s, row);
    ASSERT_CONTAINS(haystack, "orders");
    ASSERT_CONTAINS(haystack, "stable");
    ASSERT_CONTAINS(haystack, "größe");
    g_assert_null(strstr(haystack, "12345"));
    g_assert_null(strstr(haystack, "where"));
    snapshot_unref(s);
}

static void a_snapshot_knows_how_wide_its_texts_are(void)
{
    struct snapshot *b = rows_new("events");
    g_autofree char *endless = g_strnfill(1000, 'x');
    size_t row = rows_add(b, "orders", "Stable", -1);
    snapshot_set_text(b, row, R_NOTE, endless);
    rows_add(b, "注文データ", "安定", 5);
    const struct snapshot *s = snapshot_seal(b);
    g_assert_cmpint(snapshot_width(s, COLUMN_NAME), ==, 10);
    g_assert_cmpint(snapshot_width(s, R_STATE), ==, 6);
    g_assert_cmpint(snapshot_width(s, R_NOTE), ==, 255);
    g_assert_true(snapshot_asked(s, R_STATE));
    g_assert_true(snapshot_asked(s, R_LAG)); /* one has no value: that was asked */
    g_assert_false(snapshot_asked(s, R_RATE));
    snapshot_unref(s);
}

static void many_rows_and_texts_keep_apart(void)
{
    struct snapshot *b = rows_new("events");
    for (int i = 0; i < 5000; i++) {
        g_autofree char *name = g_strdup_printf("group-%d", i);
        g_autofree char *note = g_strdup_printf("%d is a note longer than a word is", i);
        size_t row = rows_add(b, name, i % 2 ? "Stable" : "Empty", i);
        g_assert_cmpuint(row, ==, (size_t)i);
        snapshot_set_text(b, row, R_NOTE, note);
    }
    const struct snapshot *s = snapshot_seal(b);
    g_assert_cmpuint(snapshot_count(s), ==, 5000);
    for (size_t i = 0; i < 5000; i++) {
        g_autofree char *name = g_strdup_printf("group-%zu", i);
        g_assert_cmpstr(snapshot_row(s, i)->name, ==, name);
        g_assert_cmpint(snapshot_cell(s, i, R_LAG).i, ==, (gint64)i);
        g_assert_cmpstr(snapshot_cell(s, i, R_STATE).text, ==, i % 2 ? "Stable" : "Empty");
        g_assert_true(g_str_has_prefix(snapshot_haystack(s, i), name));
    }
    g_assert_cmpint(snapshot_find(s, "group-4999"), ==, 4999);
    g_assert_cmpint(snapshot_find(s, "group-5000"), ==, -1);
    g_assert_cmpuint(snapshot_bytes(s), >, 5000 * 40);
    snapshot_unref(s);
}

static void an_endless_answer_is_cut_and_says_so(void)
{
    static const struct column one[] = {{"n", "N", CELL_INT, .help = "a number"}, {0}};
    struct snapshot *b = rows_new("events");
    snapshot_columns(b, one);
    for (size_t i = 0; i < SNAPSHOT_ROWS_MAX; i++)
        snapshot_add(b, "x");
    g_assert_null(snapshot_incomplete(b));
    g_assert_cmpuint(snapshot_add(b, "y"), ==, SNAPSHOT_ROWS_MAX - 1);
    g_assert_cmpuint(snapshot_add(b, "z"), ==, SNAPSHOT_ROWS_MAX - 1);
    g_assert_nonnull(snapshot_incomplete(b));
    g_assert_cmpuint(snapshot_count(b), ==, SNAPSHOT_ROWS_MAX);
    snapshot_drop(b);
}

static void an_empty_answer_is_an_answer(void)
{
    const struct snapshot *s = snapshot_seal(rows_new("events"));
    g_assert_cmpuint(snapshot_count(s), ==, 0);
    g_assert_cmpint(snapshot_find(s, "x"), ==, -1);
    g_assert_null(snapshot_incomplete(s));
    g_assert_cmpint(snapshot_at(s), ==, ROWS_NOW_MS);
    g_assert_true(snapshot_kind(s) == &rows_kind);
    snapshot_unref(snapshot_ref(s));
    snapshot_unref(s);
    snapshot_unref(NULL);
}

static void columns_may_come_from_the_server(void)
{
    static const struct column own[] = {{"a", "A", CELL_TEXT, .help = "a"}, {0}};
    struct snapshot *b = rows_new("events");
    snapshot_columns(b, own);
    snapshot_set_text(b, snapshot_add(b, "x"), 0, "y");
    snapshot_set_incomplete(b, "cut at 1 row");
    const struct snapshot *s = snapshot_seal(b);
    g_assert_true(snapshot_column_table(s) == own);
    g_assert_cmpstr(snapshot_cell(s, 0, 0).text, ==, "y");
    g_assert_cmpstr(snapshot_incomplete(s), ==, "cut at 1 row");
    snapshot_unref(s);
}

static void a_key_ends_at_its_first_nul(void)
{
    struct snapshot *b = rows_new("events");
    snapshot_add_len(b, "ab\0cd", 5);
    snapshot_add_len(b, "abcd", 2);
    g_assert_cmpstr(snapshot_row(b, 0)->key, ==, "ab");
    g_assert_cmpstr(snapshot_row(b, 1)->key, ==, "ab");
    snapshot_drop(b);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/snapshot/a-new-row-knows-nothing", a_new_row_knows_nothing);
    g_test_add_func("/snapshot/cells-come-out-as-they-went-in", cells_come_out_as_they_went_in);
    g_test_add_func(
        "/snapshot/what-is-no-finite-number-has-no-value", what_is_no_finite_number_has_no_value);
    g_test_add_func("/snapshot/text-is-cleaned-at-the-door", text_is_cleaned_at_the_door);
    g_test_add_func("/snapshot/every-row-has-the-pseudo-columns", every_row_has_the_pseudo_columns);
    g_test_add_func(
        "/snapshot/a-sentence-goes-with-a-verdict-only", a_sentence_goes_with_a_verdict_only);
    g_test_add_func("/snapshot/a-row-knows-its-address", a_row_knows_its_address);
    g_test_add_func(
        "/snapshot/searching-sees-name-texts-and-states", searching_sees_name_texts_and_states);
    g_test_add_func("/snapshot/a-snapshot-knows-how-wide-its-texts-are",
        a_snapshot_knows_how_wide_its_texts_are);
    g_test_add_func("/snapshot/many-rows-and-texts-keep-apart", many_rows_and_texts_keep_apart);
    g_test_add_func(
        "/snapshot/an-endless-answer-is-cut-and-says-so", an_endless_answer_is_cut_and_says_so);
    g_test_add_func("/snapshot/an-empty-answer-is-an-answer", an_empty_answer_is_an_answer);
    g_test_add_func("/snapshot/columns-may-come-from-the-server", columns_may_come_from_the_server);
    g_test_add_func("/snapshot/a-key-ends-at-its-first-nul", a_key_ends_at_its_first_nul);
    return g_test_run();
}
