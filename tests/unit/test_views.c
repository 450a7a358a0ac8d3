/* What tables do with what the user does. How they look: tests/screens. */
#include "unit/views.h"

static struct snapshot *numbered(const char *source, int count)
{
    struct snapshot *s = rows_new(source);
    for (int i = 0; i < count; i++) {
        g_autofree char *name = g_strdup_printf("row-%03d", i);
        rows_add(s, name, "run", i);
    }
    return s;
}

/* -- tables ---------------------------------------------------------------------------------------- */

static void the_cursor_moves_by_lines_and_screens(void)
{
    struct shown s = shown_new(&rows_kind);
    shown_put(&s, "events", numbered("events", 100), NULL);
    g_free(shown_text(&s, 80, 11)); /* headings and ten rows */
    static const struct {
        const char *command, *row;
    } steps[] = {{"down", "row-001"}, {"down", "row-002"}, {"up", "row-001"}, {"up", "row-000"},
        {"up", "row-000"}, {"page-down", "row-010"}, {"half-page-down", "row-015"},
        {"half-page-up", "row-010"}, {"page-up", "row-000"}, {"last", "row-099"},
        {"down", "row-099"}, {"page-down", "row-099"}, {"page-up", "row-089"},
        {"first", "row-000"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(steps); i++) {
        shown_run(&s, steps[i].command);
        g_assert_cmpstr(shown_selected(&s), ==, steps[i].row);
        AUTO(cells) c = shown_draw(&s, 80, 11, false);
        g_assert_cmpint(line_of(c, steps[i].row), >, 0); /* it is on the screen */
    }
    shown_clear(&s);
}

static void the_cursor_stays_on_its_object_while_it_moves(void)
{
    struct shown s = shown_new(&rows_kind);
    shown_put(&s, "events", numbered("events", 100), NULL);
    shown_sort(&s, "-lag");
    cells_free(shown_draw(&s, 80, 21, false));
    shown_run(&s, "first");
    for (int i = 0; i < 5; i++)
        shown_run(&s, "down");
    g_assert_cmpstr(shown_selected(&s), ==, "row-094");
    struct snapshot *next = numbered("events", 100);
    snapshot_set_int(next, 94, R_LAG, 40); /* it falls far behind the others */
    shown_put(&s, "events", next, NULL);
    g_assert_cmpstr(shown_selected(&s), ==, "row-094");
    AUTO(cells) after = shown_draw(&s, 80, 21, false);
    g_assert_cmpint(line_of(after, "row-094"), ==, 6); /* on the same line of the screen */
    shown_sort(&s, "name");
    g_assert_cmpstr(shown_selected(&s), ==, "row-094");
    shown_run(&s, "reverse");
    g_assert_cmpstr(shown_selected(&s), ==, "row-094");
    shown_clear(&s);
}

static void an_object_that_goes_leaves_the_cursor_in_its_place(void)
{
    struct shown s = shown_new(&rows_kind);
    shown_put(&s, "events", numbered("events", 10), NULL);
    shown_run(&s, "last");
    g_assert_cmpstr(shown_selected(&s), ==, "row-009");
    shown_put(&s, "events", numbered("events", 5), NULL);
    g_assert_cmpstr(shown_selected(&s), ==, "row-004");
    shown_put(&s, "events", numbered("events", 0), NULL);
    g_assert_cmpstr(shown_selected(&s), ==, "");
    shown_run(&s, "down");
    shown_put(&s, "events", numbered("events", 3), NULL);
    g_assert_cmpstr(shown_selected(&s), ==, "row-000");
    shown_clear(&s);
}

static void equal_names_of_two_sources_are_two_objects(void)
{
    struct shown s = shown_new(&rows_kind);
    shown_put(&s, "a", numbered("a", 3), NULL);
    shown_put(&s, "b", numbered("b", 3), NULL);
    for (int i = 0; i < 4; i++)
        shown_run(&s, "down");
    const struct snapshot *snapshot;
    size_t row;
    g_assert_true(s.v->class->selected(s.v, &snapshot, &row));
    g_assert_cmpstr(snapshot_scope(snapshot)->source, ==, "b");
    g_assert_cmpuint(row, ==, 1);
    shown_put(&s, "a", numbered("a", 5), NULL);
    g_assert_true(s.v->class->selected(s.v, &snapshot, &row));
    g_assert_cmpstr(snapshot_scope(snapshot)->source, ==, "b");
    g_assert_cmpuint(row, ==, 1);
    shown_clear(&s);
}

static void a_filter_shows_what_matches_and_can_be_cleared(void)
{
    struct shown s = shown_new(&rows_kind);
    shown_put(&s, "events", numbered("events", 100), NULL);
    shown_filter(&s, "row-04");
    g_assert_cmpstr(s.v->class->filter_text(s.v), ==, "row-04");
    g_assert_cmpstr(shown_selected(&s), ==, "row-040");
    g_autofree char *status = shown_status(&s);
    ASSERT_CONTAINS(status, "10/100");
    ASSERT_CONTAINS(status, "/row-04");
    g_autoptr(GError) error = NULL;
    g_assert_false(s.v->class->filter(s.v, "lagg>5", &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_USAGE);
    g_assert_cmpstr(s.v->class->filter_text(s.v), ==, "row-04");
    shown_put(&s, "events", numbered("events", 45), NULL); /* a refresh is filtered as well */
    g_autofree char *refreshed = shown_status(&s);
    ASSERT_CONTAINS(refreshed, "5/45");
    shown_filter(&s, "nothing like it");
    g_assert_cmpstr(shown_selected(&s), ==, "");
    g_autofree char *text = shown_text(&s, 80, 24);
    ASSERT_CONTAINS(text, "none of 45 rows matches the filter");
    shown_filter(&s, "");
    g_autofree char *cleared = shown_status(&s);
    g_assert_true(g_str_has_prefix(cleared, "45"));
    g_assert_null(strchr(cleared, '/'));
    shown_clear(&s);
}

static void a_wrong_sort_changes_nothing(void)
{
    struct shown s = shown_new(&rows_kind);
    shown_put(&s, "events", numbered("events", 10), NULL);
    shown_sort(&s, "-lag");
    g_autoptr(GError) error = NULL;
    g_assert_false(s.v->class->sort(s.v, "lagg", &error));
    g_assert_nonnull(error);
    shown_run(&s, "first");
    g_assert_cmpstr(shown_selected(&s), ==, "row-009"); /* the largest lag is still the first */
    g_autofree char *status = shown_status(&s);
    ASSERT_CONTAINS(status, "sort -lag");
    shown_clear(&s);
}

static void what_is_known_is_told_from_what_is_not(void)
{
    struct shown s = shown_new(&rows_kind);
    s.v->class->update(s.v, s.entries);
    g_autofree char *reading = shown_text(&s, 80, 24);
    ASSERT_CONTAINS(reading, "reading ...");
    shown_put(&s, "events", NULL, "no answer from b1");
    g_autofree char *failed = shown_text(&s, 80, 24);
    ASSERT_CONTAINS(failed, "no answer from b1");
    ASSERT_CONTAINS(failed, "never read");
    g_assert_null(strstr(failed, "no rows"));
    shown_put(&s, "events", numbered("events", 0), NULL);
    g_autofree char *empty = shown_text(&s, 80, 24);
    ASSERT_CONTAINS(empty, "no rows");
    g_assert_null(strstr(empty, "reading"));
    shown_clear(&s);
}

/* Only what its own source did not answer for is old. */
static void rows_of_a_silent_source_are_marked_and_others_are_not(void)
{
    struct shown s = shown_new(&rows_kind);
    shown_put(&s, "a", numbered("a", 1), NULL);
    struct snapshot *b = rows_new("b");
    rows_add(b, "other", "run", 1);
    shown_put(&s, "b", b, "no answer from b1");
    AUTO(cells) c = shown_draw(&s, 80, 24, false);
    int fresh = line_of(c, "row-000"), stale = line_of(c, "other");
    g_assert_cmpint(role_at(c, 3, fresh), ==, ROLE_TEXT);
    g_assert_cmpint(role_at(c, 3, stale), ==, ROLE_STALE);
    g_assert_cmpint((int)cells_row(c, stale)[0].text[0], ==, '?');
    g_assert_cmpint((int)cells_row(c, fresh)[0].text[0], ==, ' ');
    g_assert_cmpint(line_of(c, "no answer from b1"), ==, 0);
    shown_put(&s, "b", NULL, NULL); /* it answers again */
    AUTO(cells) again = shown_draw(&s, 80, 24, false);
    g_assert_cmpint(line_of(again, "no answer"), ==, -1);
    g_assert_cmpint(role_at(again, 3, line_of(again, "other")), ==, ROLE_TEXT);
    shown_clear(&s);
}

static void a_green_row_that_is_old_is_not_green(void)
{
    struct shown s = shown_new(&rows_kind);
    struct snapshot *b = numbered("a", 3);
    snapshot_set_health(b, 1, HEALTH_FAIL, "x");
    shown_put(&s, "a", b, "gone");
    AUTO(cells) c = shown_draw(&s, 80, 24, false);
    for (int y = 0; y < 24; y++)
        for (int x = 0; x < 80; x++)
            g_assert_true(role_at(c, x, y) != ROLE_OK && role_at(c, x, y) != ROLE_RUN);
    shown_clear(&s);
}

static void a_list_of_many_rows_is_drawn_before_it_is_sorted(void)
{
    struct shown s = shown_new(&rows_kind);
    AUTO(cells) c = cells_new(80, 24, false);
    s.v->class->update(s.v, s.entries);
    s.v->class->draw(s.v, &c->surface, ROWS_NOW_MS);
    shown_sort(&s, "-lag");
    AUTO(rid) scope = rid_source("events");
    struct store_entry *e = g_new0(struct store_entry, 1);
    *e = (struct store_entry){.kind = &rows_kind, .scope = g_steal_pointer(&scope), .asked_ms = 1};
    struct snapshot *many = rows_new("events");
    for (int i = 0; i < 30000; i++) {
        g_autofree char *name = g_strdup_printf("row-%05d", (i * 7919) % 30000);
        rows_add(many, name, NULL, (i * 7919) % 30000);
    }
    e->snapshot = snapshot_seal(many);
    g_ptr_array_add(s.entries, e);
    s.v->class->update(s.v, s.entries);
    bool drawn = false;
    while (s.v->class->step(s.v, 0, ROWS_NOW_MS)) {
        cells_clear(c);
        s.v->class->draw(s.v, &c->surface, ROWS_NOW_MS);
        if (line_of(c, "row-") < 0)
            continue;
        drawn = true;
        g_assert_cmpint(line_of(c, "row-29999"), ==, 1);
        g_assert_cmpint(line_of(c, "row-29978"), ==, 22);
    }
    g_assert_true(drawn); /* before the work was done */
    shown_clear(&s);
}

/* -- every shape ----------------------------------------------------------------------------------- */

static const struct kind tree_kind = {.name = "test.nodes",
    .title = "NODE",
    .help = "a tree",
    .shape = SHAPE_TREE,
    .columns = rows_columns};

static void any_size_of_screen_can_be_drawn(void)
{
    static const struct kind *const shapes[] = {&rows_kind, &tree_kind, &kind_detail, &kind_log};
    for (unsigned i = 0; i < G_N_ELEMENTS(shapes); i++) {
        struct shown s = shown_new(shapes[i]);
        g_autoptr(GError) error = g_error_new_literal(WEIR_ERROR, WEIR_ERROR_TIMEOUT, "late");
        AUTO(rid) scope = rid_source("events");
        struct snapshot *rows = snapshot_new(shapes[i], scope, ROWS_NOW_MS);
        for (int n = 0; n < 20; n++)
            snapshot_set_text(rows, snapshot_add(rows, "日本語のとても長い名前"), 0, "日本語");
        if (s.v->class->update) {
            shown_put(&s, "events", rows, "no answer from 日本");
        } else {
            const struct snapshot *sealed = snapshot_seal(rows);
            s.v->class->take(s.v, sealed, "{\"a\":[1,2]}", NULL);
            s.v->class->take(s.v, NULL, NULL, error);
            snapshot_unref(sealed);
        }
        for (int width = 1; width < 60; width += 3) {
            for (int height = 1; height < 14; height++) {
                AUTO(cells) c = shown_draw(&s, width, height, height % 2);
                for (const struct view_command *k = s.v->class->commands; k->name; k++)
                    if (k->run)
                        k->run(s.v);
                shown_finish(&s);
                s.v->class->draw(s.v, &c->surface, ROWS_NOW_MS);
            }
        }
        shown_clear(&s);
    }
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func(
        "/table/the-cursor-moves-by-lines-and-screens", the_cursor_moves_by_lines_and_screens);
    g_test_add_func("/table/the-cursor-stays-on-its-object-while-it-moves",
        the_cursor_stays_on_its_object_while_it_moves);
    g_test_add_func("/table/an-object-that-goes-leaves-the-cursor-in-its-place",
        an_object_that_goes_leaves_the_cursor_in_its_place);
    g_test_add_func("/table/equal-names-of-two-sources-are-two-objects",
        equal_names_of_two_sources_are_two_objects);
    g_test_add_func("/table/a-filter-shows-what-matches-and-can-be-cleared",
        a_filter_shows_what_matches_and_can_be_cleared);
    g_test_add_func("/table/a-wrong-sort-changes-nothing", a_wrong_sort_changes_nothing);
    g_test_add_func(
        "/table/what-is-known-is-told-from-what-is-not", what_is_known_is_told_from_what_is_not);
    g_test_add_func("/table/rows-of-a-silent-source-are-marked-and-others-are-not",
        rows_of_a_silent_source_are_marked_and_others_are_not);
    g_test_add_func(
        "/table/a-green-row-that-is-old-is-not-green", a_green_row_that_is_old_is_not_green);
    g_test_add_func("/table/a-list-of-many-rows-is-drawn-before-it-is-sorted",
        a_list_of_many_rows_is_drawn_before_it_is_sorted);
    g_test_add_func("/views/any-size-of-screen-can-be-drawn", any_size_of_screen_can_be_drawn);
    return g_test_run();
}
