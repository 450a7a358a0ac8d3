/* Where columns stand, and what a cell looks like on the screen. */
#include "paint.h"

#include "unit/views.h"

static const struct snapshot *sample(int rows)
{
    struct snapshot *s = rows_new("events");
    for (int i = 0; i < rows; i++) {
        g_autofree char *name = g_strnfill((gsize)g_test_rand_int_range(1, 60), 'n');
        g_autofree char *note = g_strnfill((gsize)g_test_rand_int_range(0, 90), 'x');
        size_t row = rows_add(s, name, i % 3 ? "Stable" : "PreparingRebalance", i % 2 ? i : -1);
        snapshot_set_text(s, row, R_NOTE, note);
        snapshot_set_int(s, row, R_SEEN, ROWS_NOW_MS);
    }
    return snapshot_seal(s);
}

static struct paint_layout lay_out(const struct snapshot *s, bool with_source, int x, int width)
{
    g_autoptr(GPtrArray) snapshots = g_ptr_array_new();
    if (s)
        g_ptr_array_add(snapshots, (gpointer)s);
    const struct paint_table t = {.kind = &rows_kind,
        .columns = rows_columns,
        .snapshots = snapshots,
        .with_source = with_source};
    struct paint_layout l;
    paint_layout(&l, &t, x, width);
    return l;
}

static void columns_never_overlap_or_leave_the_screen(void)
{
    for (int round = 0; round < 300; round++) {
        const struct snapshot *s = round % 10 ? sample(g_test_rand_int_range(0, 20)) : NULL;
        int x = g_test_rand_int_range(0, 10), width = g_test_rand_int_range(0, 200);
        struct paint_layout l = lay_out(s, round % 2, x, width);
        int end = x - 1;
        for (unsigned i = 0; i < l.count; i++) {
            g_assert_cmpint(l.x[i], >, end); /* at least a blank between two */
            g_assert_cmpint(l.width[i], >, 0);
            end = l.x[i] + l.width[i];
        }
        g_assert_cmpint(end, <=, x + width);
        snapshot_unref(s);
    }
}

static bool shows(const struct snapshot *s, int column)
{
    struct paint_layout l = lay_out(s, false, 0, 120);
    for (unsigned i = 0; i < l.count; i++)
        if (l.column[i] == column)
            return true;
    return false;
}

static void what_the_path_says_is_not_said_in_every_row(void)
{
    static const char *const notes[][2] = {{"x", "x"}, {"x", "y"}, {"y", "y"}, {"x", NULL}};
    for (unsigned i = 0; i < G_N_ELEMENTS(notes); i++) {
        AUTO(rid) scope = rid_parse("events/rows/x", NULL);
        struct snapshot *b = snapshot_new(&rows_kind, scope, ROWS_NOW_MS);
        for (unsigned j = 0; j < 2; j++) {
            size_t row = rows_add(b, j ? "one" : "two", "Stable", 1);
            if (notes[i][j])
                snapshot_set_text(b, row, R_NOTE, notes[i][j]);
        }
        const struct snapshot *s = snapshot_seal(b);
        g_assert_cmpint(shows(s, R_NOTE), ==, i > 0);
        snapshot_unref(s);
    }
}

static void a_state_is_never_cut(void)
{
    const struct snapshot *s = sample(10);
    for (int width = 60; width < 200; width++) {
        struct paint_layout l = lay_out(s, false, 0, width);
        for (unsigned i = 0; i < l.count; i++)
            if (l.column[i] == R_STATE)
                g_assert_cmpint(l.width[i], >=, 16);
    }
    snapshot_unref(s);
}

static void the_name_comes_first_and_stays_longest(void)
{
    const struct snapshot *s = sample(10);
    for (int width = 20; width < 200; width++) {
        struct paint_layout l = lay_out(s, true, 0, width);
        g_assert_cmpuint(l.count, >, 0);
        g_assert_cmpint(l.column[0], ==, COLUMN_NAME);
        if (l.count > 1)
            g_assert_cmpint(l.column[1], ==, COLUMN_SOURCE);
        struct paint_layout wider = lay_out(s, true, 0, width + 1);
        g_assert_cmpuint(wider.count, >=, l.count); /* a wider screen loses no column */
    }
    snapshot_unref(s);
}

static void what_nobody_asked_for_takes_no_room(void)
{
    struct snapshot *b = rows_new("events");
    rows_add(b, "a", "Stable", 5);
    const struct snapshot *s = snapshot_seal(b);
    struct paint_layout l = lay_out(s, false, 0, 200);
    for (unsigned i = 0; i < l.count; i++)
        g_assert_true(l.column[i] != R_SEEN && l.column[i] != R_NOTE);
    g_assert_cmpuint(l.count, ==, 3);
    struct paint_layout nothing_known = lay_out(NULL, false, 0, 200);
    g_assert_cmpuint(nothing_known.count, ==, 5);
    snapshot_unref(s);
}

/* A refresh that changes numbers moves no column. */
static void numbers_do_not_move_the_columns(void)
{
    struct paint_layout first = {0};
    for (int i = 0; i < 20; i++) {
        struct snapshot *b = rows_new("events");
        size_t row = rows_add(b, "orders", "Stable", (int64_t)g_test_rand_int_range(0, 1 << 30));
        snapshot_set_int(b, row, R_SEEN, ROWS_NOW_MS - g_test_rand_int_range(0, 1 << 30));
        const struct snapshot *s = snapshot_seal(b);
        struct paint_layout l = lay_out(s, false, 3, 77);
        if (i == 0)
            first = l;
        g_assert_cmpuint(l.count, ==, first.count);
        for (unsigned c = 0; c < l.count; c++)
            g_assert_true(l.x[c] == first.x[c] && l.width[c] == first.width[c]);
        snapshot_unref(s);
    }
}

static void health_has_a_letter_besides_its_colour(void)
{
    static const struct {
        enum health health;
        const char *error, *mark;
        enum role role;
    } cases[] = {{HEALTH_OK, NULL, " ", ROLE_OK}, {HEALTH_UNKNOWN, NULL, "?", ROLE_UNKNOWN},
        {HEALTH_WARN, NULL, "!", ROLE_WARN}, {HEALTH_FAIL, NULL, "X", ROLE_FAIL},
        {HEALTH_FAIL, "not read", "?", ROLE_UNKNOWN}, {HEALTH_OK, "not read", "?", ROLE_UNKNOWN}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        const struct row r = {
            .health = (uint8_t)cases[i].health, .phase = PHASE_DONE, .error = cases[i].error};
        g_assert_cmpstr(paint_mark(&r, false), ==, cases[i].mark);
        g_assert_cmpint(paint_mark_role(&r, false), ==, cases[i].role);
        g_assert_cmpstr(paint_mark(&r, true), ==, "?"); /* old is not known, whatever it was */
        g_assert_cmpint(paint_mark_role(&r, true), ==, ROLE_UNKNOWN);
    }
}

static void a_failure_outranks_what_something_is_doing(void)
{
    static const enum phase phases[] = {PHASE_OFF, PHASE_WAIT, PHASE_RUN, PHASE_DONE};
    static const enum role calm[] = {ROLE_OFF, ROLE_WAIT, ROLE_RUN, ROLE_OK};
    for (unsigned i = 0; i < G_N_ELEMENTS(phases); i++) {
        g_assert_cmpint(paint_state_role(HEALTH_OK, phases[i]), ==, calm[i]);
        g_assert_cmpint(paint_state_role(HEALTH_FAIL, phases[i]), ==, ROLE_FAIL);
        g_assert_cmpint(paint_state_role(HEALTH_WARN, phases[i]), ==, ROLE_WARN);
        g_assert_cmpint(paint_state_role(HEALTH_UNKNOWN, phases[i]), ==, ROLE_UNKNOWN);
    }
}

static void a_cell_stays_in_its_column(void)
{
    struct snapshot *b = rows_new("events");
    size_t row =
        rows_add(b, "日本語の名前 with a tail that is long", "PreparingRebalance", 1923344);
    snapshot_set_text(b, row, R_NOTE, "日本語日本語日本語日本語日本語");
    const struct state_mark marks[40] = {{"a", HEALTH_OK, 0, 1}, {"b", HEALTH_FAIL, 0, 1}};
    struct state_mark all[40];
    for (int i = 0; i < 40; i++)
        all[i] = marks[i % 2];
    snapshot_set_states(b, row, R_STRIP, all, 40);
    const struct snapshot *s = snapshot_seal(b);
    g_autoptr(GString) scratch = g_string_new(NULL);
    static const int columns[] = {COLUMN_NAME, COLUMN_WHY, R_STATE, R_LAG, R_RATE, R_NOTE, R_STRIP};
    for (int width = 1; width < 30; width++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(columns); i++) {
            AUTO(cells) c = cells_new(40, 1, width % 2);
            const struct paint_row r = {.s = &c->surface,
                .columns = rows_columns,
                .snapshot = s,
                .row = row,
                .reader = {.now_ms = ROWS_NOW_MS},
                .scratch = scratch};
            paint_cell(&r, 5, width, columns[i]);
            for (int x = 0; x < 40; x++)
                if (x < 5 || x >= 5 + width)
                    g_assert_cmpuint(cells_row(c, 0)[x].text[0], ==, ' ');
        }
    }
    snapshot_unref(s);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/paint/what-the-path-says-is-not-said-in-every-row",
        what_the_path_says_is_not_said_in_every_row);
    g_test_add_func("/paint/a-state-is-never-cut", a_state_is_never_cut);
    g_test_add_func("/paint/columns-never-overlap-or-leave-the-screen",
        columns_never_overlap_or_leave_the_screen);
    g_test_add_func(
        "/paint/the-name-comes-first-and-stays-longest", the_name_comes_first_and_stays_longest);
    g_test_add_func(
        "/paint/what-nobody-asked-for-takes-no-room", what_nobody_asked_for_takes_no_room);
    g_test_add_func("/paint/numbers-do-not-move-the-columns", numbers_do_not_move_the_columns);
    g_test_add_func(
        "/paint/health-has-a-letter-besides-its-colour", health_has_a_letter_besides_its_colour);
    g_test_add_func("/paint/a-failure-outranks-what-something-is-doing",
        a_failure_outranks_what_something_is_doing);
    g_test_add_func("/paint/a-cell-stays-in-its-column", a_cell_stays_in_its_column);
    return g_test_run();
}
