/* weir in all sorts of terminals: what they can, what they say, how they are reached. */
#include "console.h"

#include <signal.h>
#include <string.h>

#define ONE                                                                                        \
    "thing alpha ok 12 all is well\n"                                                              \
    "thing beta failed 4000 disk full\n"                                                           \
    "thing gamma late 77 waiting for alpha\n"                                                      \
    "part beta root\npart beta left root\npart beta leaf left\n"                                   \
    "log hello\nlog Error: broken\n"
#define TWO "thing delta ok 5 from the other source\n"

#define ENV(...) ((const char *const[]){__VA_ARGS__, NULL})
#define RUN(...) (&(struct bed_run){__VA_ARGS__})

static size_t count_bytes(const struct pty *p, guint from, const char *what)
{
    const GByteArray *bytes = pty_bytes(p);
    size_t count = 0, n = strlen(what);
    for (guint i = from; i + n <= bytes->len; i++)
        count += memcmp(bytes->data + i, what, n) == 0;
    return count;
}

static void all_bytes_are_ascii(const struct pty *p)
{
    const GByteArray *bytes = pty_bytes(p);
    for (guint i = 0; i < bytes->len; i++)
        g_assert_cmpuint(bytes->data[i], <, 0x80);
}

/* The highest number of a colour on the screen, -1: none; colours that are no number end the test. */
static int highest_colour(const struct pty *p)
{
    int width, height, highest = -1;
    pty_size(p, &width, &height);
    for (int i = 0; i < width * height; i++) {
        struct pty_cell cell = pty_cell(p, i % width, i / width);
        g_assert_cmpint(cell.fg.kind, !=, PTY_COLOR_RGB);
        g_assert_cmpint(cell.bg.kind, !=, PTY_COLOR_RGB);
        if (cell.fg.kind == PTY_COLOR_INDEXED)
            highest = MAX(highest, cell.fg.index);
        if (cell.bg.kind == PTY_COLOR_INDEXED)
            highest = MAX(highest, cell.bg.index);
    }
    return highest;
}

/* -- start --------------------------------------------------------------------------------------- */

static void no_description_is_said_once(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty)
    p = bed_run(b, RUN(.term = "xterm-nobody", .width = 160, .env = ENV("TERMINFO=/nonexistent")));
    pty_assert_screen(
        p, "no description of the terminal \"xterm-nobody\": drawn as xterm-256color");
    pty_assert_screen(p, "^X> error +fake +one +thing beta: failed");
    pty_key(p, "down"); /* its keys are known as well */
    pty_assert_screen(p, "^!> warn");
    g_assert_cmpint(highest_colour(p), >=, 16);
    pty_type(p, "q");
    pty_assert_restored(p);
}

static void a_dumb_terminal_gets_a_table_and_a_code(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) bad = bed_run(b, RUN(.term = "dumb", .arguments = "--fail-on fail"));
    pty_assert_screen(bad, "thing beta: failed with count 4000");
    pty_assert_exit(bad, 1);
    bed_answer(b, "one", TWO);
    AUTO(pty) good = bed_run(b, RUN(.term = "dumb", .arguments = "--fail-on fail"));
    pty_assert_exit(good, 0);
}

/* -- colours ------------------------------------------------------------------------------------- */

static void a_terminal_gets_the_colours_that_it_has(void)
{
    static const struct {
        const char *term, *arguments;
        int least, most;
    } cases[] = {{"xterm", NULL, 1, 7}, {"linux", NULL, 1, 7}, {"xterm-16color", NULL, 1, 15},
        {"xterm-256color", NULL, 16, 255}, {"xterm-256color", "--color 16", 1, 15},
        {"xterm", "--color 256", 16, 255}, {"xterm-direct", NULL, 1, 7},
        {"xterm-mono", NULL, -1, -1}, {"vt100", NULL, -1, -1},
        {"xterm-256color", "--color never", -1, -1}};
    AUTO(bed) b = bed_new(ONE, TWO);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        AUTO(pty) p = bed_open(b, RUN(.term = cases[i].term, .arguments = cases[i].arguments));
        pty_assert_screen(p, "^X> error");
        g_test_message("%s %s", cases[i].term, cases[i].arguments ? cases[i].arguments : "");
        g_assert_cmpint(highest_colour(p), >=, cases[i].least);
        g_assert_cmpint(highest_colour(p), <=, cases[i].most);
    }
}

static void no_color_counts_when_it_is_not_empty(void)
{
    static const struct {
        const char *env, *arguments;
        bool coloured;
    } cases[] = {{"NO_COLOR=1", NULL, false}, {"NO_COLOR=", NULL, true},
        {"NO_COLOR=1", "--color auto", false}, {"NO_COLOR=1", "--color always", true}};
    AUTO(bed) b = bed_new(ONE, TWO);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        AUTO(pty) p = bed_open(b, RUN(.env = ENV(cases[i].env), .arguments = cases[i].arguments));
        pty_assert_screen(p, "^X> error");
        g_assert_cmpint(highest_colour(p) >= 0, ==, cases[i].coloured);
    }
    AUTO(pty) wrong = bed_run(b, RUN(.arguments = "--color 88"));
    pty_assert_screen(wrong, "--color 88: write auto, always, never, 16 or 256");
    pty_assert_exit(wrong, 2);
}

static bool heading_is(struct pty *p, void *data)
{
    return pty_cell(p, 3, 3).fg.index == GPOINTER_TO_INT(data);
}

/* 256 colours of the headings in each theme: themes/. */
enum { DARK = 44, LIGHT = 25, NEUTRAL = 30 };

static void the_background_chooses_the_theme(void)
{
    static const struct {
        struct emulator_manner manner;
        const char *env;
        int heading;
    } cases[] = {{{0}, "COLORFGBG=0;15", DARK}, {{.light = true}, "COLORFGBG=15;0", LIGHT},
        {{.mute = true}, "X=1", NEUTRAL}, {{.mute = true}, "COLORFGBG=0;15", LIGHT}};
    AUTO(bed) b = bed_new(ONE, TWO);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        AUTO(pty) p = bed_open(b, RUN(.manner = cases[i].manner, .env = ENV(cases[i].env)));
        pty_assert_screen(p, "^ +SEV +SYSTEM");
        PTY_ASSERT(p, pty_wait_for(p, heading_is, GINT_TO_POINTER(cases[i].heading),
                          pty_patience_ms(), &pty_error_));
        pty_assert_clean(p);
    }
    AUTO(pty) own = bed_open(b, RUN(.arguments = "--theme light"));
    pty_assert_screen(own, "^ +SEV +SYSTEM");
    g_assert_cmpuint(count_bytes(own, 0, "\033]11;?"), ==, 1);
    PTY_ASSERT(
        own, pty_wait_for(own, heading_is, GINT_TO_POINTER(LIGHT), pty_patience_ms(), &pty_error_));
}

static void every_theme_can_be_drawn(void)
{
    static const char *const names[] = {
        "auto", "contrast", "dark", "deutan", "light", "mono", "neutral"};
    AUTO(bed) b = bed_new(ONE, TWO);
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *arguments = g_strconcat("--theme ", names[i], NULL);
        AUTO(pty) p = bed_open(b, RUN(.arguments = arguments));
        pty_assert_screen(p, "^X> error");
        bool contrast = strcmp(names[i], "contrast") == 0;
        pty_assert_screen(p, "^o two +fake +ok");
        struct pty_cell empty = pty_cell(p, 70, 15); /* where nothing is drawn */
        g_assert_cmpint(empty.bg.kind, ==, contrast ? PTY_COLOR_INDEXED : PTY_COLOR_DEFAULT);
        pty_assert_clean(p);
    }
}

static void a_wrong_theme_costs_only_its_colours(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    g_autofree char *folder = g_build_filename(b->folder, "weir", "themes", NULL);
    g_autofree char *file = g_build_filename(folder, "dark.theme", NULL);
    static const char text[] = "[roles]\nok = green\nfails = red\n";
    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(file, text, -1, NULL));
    AUTO(pty) p = bed_open(b, RUN(.arguments = "--theme dark", .width = 160));
    pty_assert_screen(p, "themes/dark.theme:3: no role \"fails\"; did you mean \"fail\"");
    pty_assert_screen(p, "^X> error");
    g_autofree char *kept = NULL;
    g_assert_true(g_file_get_contents(file, &kept, NULL, NULL));
    g_assert_cmpstr(kept, ==, text);
    AUTO(pty) none = bed_run(b, RUN(.arguments = "--theme drak", .width = 160));
    pty_assert_screen(none, "no theme \"drak\"; there are: auto, contrast, dark");
    pty_assert_exit(none, 2);
}

static void an_unknown_theme_of_the_configuration_is_said(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    g_autofree char *yaml = NULL;
    g_assert_true(g_file_get_contents(b->config, &yaml, NULL, NULL));
    g_autofree char *more = g_strconcat(yaml, "theme: drak\n", NULL);
    bed_configure(b, more);
    AUTO(pty) p = bed_open(b, RUN(.width = 160));
    pty_assert_screen(p, "no theme \"drak\"; there are: auto, contrast, dark");
    pty_assert_screen(p, "^X> error");
}

/* -- ASCII --------------------------------------------------------------------------------------- */

/* Every view, the prompts and a hostile name. */
static void walk_all_views(struct pty *p)
{
    bed_go(p, "things");
    pty_assert_screen(p, "^X> beta");
    pty_type(p, "oname");
    pty_key(p, "enter");
    pty_assert_screen(p, "sort name");
    pty_type(p, "O");
    pty_assert_screen(p, "sort -name");
    bed_go(p, "one/things/beta");
    pty_assert_screen(p, "root[^~]*left[^~]*leaf");
    pty_type(p, "d");
    pty_assert_screen(p, "detail");
    bed_go(p, "things");
    pty_assert_screen(p, "beta");
    pty_type(p, "/beta\r");
    pty_assert_screen(p, "^X> beta");
    pty_type(p, "y");
    pty_assert_screen(p, "\"name\": \"beta\"");
    pty_key(p, "esc");
    pty_type(p, "l");
    pty_assert_screen(p, "line 2/2");
    pty_type(p, "w/hello");
    pty_key(p, "enter");
    pty_key(p, "esc");
    pty_type(p, "?");
    pty_assert_screen(p, "half-page-down");
    pty_type(p, ":thi");
    pty_assert_screen(p, "rows of a text file");
    pty_key(p, "esc");
    pty_type(p, "N");
    bed_go(p, "sources");
    pty_assert_screen(p, "^ > one +fake");
}

static void ascii_is_ascii_in_every_view(void)
{
    const struct bed_run runs[] = {
        {.arguments = "--ascii"}, {.env = ENV("LANG=C", "LC_ALL=C")}, {.term = "linux"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(runs); i++) {
        AUTO(bed) b = bed_new("thing \xc5\xbc\xe5\x90\x8d e\xcc\x81 1 x\n" ONE, TWO);
        AUTO(pty) p = bed_open(b, &runs[i]);
        walk_all_views(p);
        all_bytes_are_ascii(p);
        if (runs[i].term) /* it would print what it is asked */
            g_assert_cmpuint(count_bytes(p, 0, "\033]11"), ==, 0);
    }
}

/* -- size ---------------------------------------------------------------------------------------- */

static void a_small_screen_shows_what_is_wrong(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    static const struct {
        int width, height;
        const char *wanted;
    } cases[] = {{60, 15, "^o two +fake +ok"}, {59, 15, "^X> thing beta: failed with count 4000\n"},
        {20, 5, "^ NOW +X1 !1 \\?0\nX> thing beta: fail.\n!"}, {500, 200, "^X> error +fake +one"},
        {60, 14, "^ NOW +X1 !1 \\?0  dev\n +SEV"}, {12, 3, "X1 !1 \\?0\nX> "}, {3, 1, "^ *$"},
        {80, 24, "^o two +fake +ok"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        pty_resize(p, cases[i].width, cases[i].height);
        pty_assert_screen(p, cases[i].wanted);
    }
    pty_type(p, "q");
    pty_assert_exit(p, 0);
    bed_answer(b, "one", "hang\n"); /* no problem is seen, and not all is seen */
    AUTO(pty) hangs = bed_run(b, RUN(.width = 40, .height = 10));
    pty_assert_screen(hangs, "^ NOW +\\.\\.\\. X0 !0 \\?0");
}

static void a_storm_of_sizes_is_one_repaint(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    pty_assert_screen(p, "^X> error");
    PTY_ASSERT(p, pty_wait_quiet(p, 300, pty_patience_ms(), &pty_error_));
    guint from = pty_bytes(p)->len;
    for (int i = 0; i < 100; i++)
        pty_resize(p, 60 + i, 20 + i % 30);
    pty_resize(p, 100, 30);
    pty_assert_screen(p, "dev \\[RO\\]$");
    PTY_ASSERT(p, pty_wait_quiet(p, 300, pty_patience_ms(), &pty_error_));
    g_assert_cmpuint(count_bytes(p, from, "\033[?2026h"), <=, 10);
    g_autofree char *title = pty_row(p, 0);
    g_assert_cmpuint(strlen(title), ==, 99);
}

/* -- what the terminal says, and when ------------------------------------------------------------ */

static void frames_are_synchronised_where_that_is_known(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) known = bed_open(b, NULL);
    pty_assert_screen(known, "^!  warn");
    pty_key(known, "down");
    pty_assert_screen(known, "^!> warn");
    size_t begun = count_bytes(known, 0, "\033[?2026h");
    g_assert_cmpuint(begun, >, 0);
    g_assert_cmpuint(count_bytes(known, 0, "\033[?2026l"), ==, begun);
    pty_kill(known, SIGSEGV);
    pty_assert_restored(known);
    AUTO(pty) unknown = bed_open(b, RUN(.manner = {.no_sync = true}));
    pty_assert_screen(unknown, "^!  warn");
    pty_key(unknown, "down");
    pty_assert_screen(unknown, "^!> warn");
    g_assert_cmpuint(count_bytes(unknown, 0, "\033[?2026h"), ==, 0);
}

static void keys_typed_before_the_answers_count(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_run(b, NULL);
    pty_throttle(p, 60000, 300); /* the answers are under way while these are typed */
    pty_type(p, ":sources\r/one\r");
    pty_assert_screen(p, "1/2  /one");
    pty_type(p, "qq");
    pty_assert_exit(p, 0);
}

/* What is asked just before the end must not be answered to the shell. */
static void a_quick_end_leaves_no_answers_behind(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_run(b, RUN(.job = true));
    pty_throttle(p, 60000, 200);
    pty_type(p, "q");
    pty_assert_screen(p, "stopped");
    pty_key(p, "enter"); /* the shell reads a line: nothing may stand before it */
    PTY_ASSERT(p, pty_wait_exit(p, pty_patience_ms(), NULL, &pty_error_));
    g_autofree char *text = pty_text(p);
    g_assert_null(strstr(text, "rgb:"));
    g_assert_null(strstr(text, "2026"));
}

static void a_key_that_arrives_in_pieces_is_one_key(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "things");
    pty_assert_screen(p, "^X> beta");
    pty_type(p, "\033[");
    pty_run_for(p, 300 * 1000 * 1000LL); /* what a bad line takes */
    pty_type(p, "B");
    pty_assert_screen(p, "^!> gamma");
    pty_type(p, "\033[<35;10;10M\033[I\033[24;7;1t"); /* nobody asked for these */
    pty_key(p, "down");
    pty_assert_screen(p, "^ > alpha");
    pty_key(p, "esc");
    pty_assert_screen(p, "^ NOW");
}

/* -- slow lines ---------------------------------------------------------------------------------- */

static struct bed *bed_of_many(void)
{
    struct bed *b = bed_new("", "");
    bed_configure(b, "environments:\n  test:\n    class: dev\n    sources:\n"
                     "      one: {type: fake, rows: 300, every: 1h}\n"
                     "      two: {type: fake, every: 1h}\n");
    return b;
}

static void a_burst_of_keys_on_a_slow_line(void)
{
    AUTO(bed) b = bed_of_many();
    AUTO(pty) p = bed_run(b, NULL);
    pty_throttle(p, 6000, 300);
    pty_assert_screen(p, "^o two");
    bed_go(p, "things");
    pty_assert_screen(p, "300 rows");
    pty_type(p, "oname\r");
    pty_assert_screen(p, "> thing-000000");
    PTY_ASSERT(p, pty_wait_quiet(p, 600, pty_patience_ms(), &pty_error_));
    guint from = pty_bytes(p)->len;
    for (int i = 0; i < 50; i++) {
        pty_type(p, "j");
        pty_run_for(p, 10 * 1000 * 1000LL);
    }
    pty_assert_screen(p, "> thing-000050");
    /* The burst takes half a second: at two frames per round trip, and two behind it. */
    size_t frames = count_bytes(p, from, "\033[?2026h");
    g_test_message("%zu frames for 50 keys, %u bytes", frames, pty_bytes(p)->len - from);
    g_assert_cmpuint(frames, <=, 12);
}

static void a_page_costs_little_more_than_its_cells(void)
{
    AUTO(bed) b = bed_of_many();
    AUTO(pty) p = bed_open(b, RUN(.width = 160, .height = 45));
    bed_go(p, "things");
    pty_assert_screen(p, "300 rows");
    PTY_ASSERT(p, pty_wait_quiet(p, 300, pty_patience_ms(), &pty_error_));
    for (int i = 0; i < 5; i++) {
        AUTO(pty_frame) before = pty_frame(p);
        guint from = pty_bytes(p)->len;
        pty_key(p, "pgdn");
        PTY_ASSERT(p, pty_wait_quiet(p, 200, pty_patience_ms(), &pty_error_));
        AUTO(pty_frame) after = pty_frame(p);
        struct pty_change change = pty_frame_compare(before, after);
        guint bytes = pty_bytes(p)->len - from;
        g_test_message("%u bytes for %zu cells in %zu runs", bytes, change.cells, change.runs);
        g_assert_cmpuint(change.cells, >, 0);
        g_assert_cmpuint(bytes, <=, (change.cells + 8 * change.runs) * 6 / 5);
    }
}

/* -- stderr -------------------------------------------------------------------------------------- */

static void what_a_library_prints_is_counted(void)
{
    AUTO(bed) b = bed_new("print a warning of some library\n" ONE, TWO);
    AUTO(pty) p = bed_open(b, RUN(.width = 120));
    pty_assert_screen(p, "^ NOW .* log [0-9]+ +X1");
    pty_assert_screen(p, "^X> error");
    g_autofree char *text = pty_text(p);
    g_assert_null(strstr(text, "a warning of some"));
    g_autofree char *path = g_build_filename(b->folder, "weir", "weir.log", NULL);
    g_autofree char *log = NULL;
    g_assert_true(g_file_get_contents(path, &log, NULL, NULL));
    g_assert_nonnull(strstr(log, "a warning of some library\n"));
}

#define TEST(name, function) g_test_add_func("/terminals/" name, function)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("a terminal without a description is drawn as xterm, which is said once",
        no_description_is_said_once);
    TEST("a dumb terminal gets a table, and scripts their exit code",
        a_dumb_terminal_gets_a_table_and_a_code);
    TEST("a terminal gets the colours that it has", a_terminal_gets_the_colours_that_it_has);
    TEST("NO_COLOR counts when it is not empty, --color counts more",
        no_color_counts_when_it_is_not_empty);
    TEST("the terminal's background chooses the theme, else COLORFGBG, else neutral",
        the_background_chooses_the_theme);
    TEST("every theme can be drawn, contrast paints its own background", every_theme_can_be_drawn);
    TEST("a theme that is wrong is told with file and line, and costs only its colours",
        a_wrong_theme_costs_only_its_colours);
    TEST("an unknown theme in the configuration is said, and weir starts",
        an_unknown_theme_of_the_configuration_is_said);
    TEST("with --ascii, LANG=C or TERM=linux every view is ASCII", ascii_is_ascii_in_every_view);
    TEST("a small screen shows what is wrong, in one column", a_small_screen_shows_what_is_wrong);
    TEST("a storm of sizes costs few repaints", a_storm_of_sizes_is_one_repaint);
    TEST("frames are synchronised updates where the terminal knows them",
        frames_are_synchronised_where_that_is_known);
    TEST("keys typed before the terminal has answered count", keys_typed_before_the_answers_count);
    TEST(
        "an end before the answers leaves none to the shell", a_quick_end_leaves_no_answers_behind);
    TEST("a key that arrives in pieces is one key, an unknown sequence none",
        a_key_that_arrives_in_pieces_is_one_key);
    TEST("on a slow line 50 keys cost a few frames, and the last one is right",
        a_burst_of_keys_on_a_slow_line);
    TEST("a page costs little more than the cells that change",
        a_page_costs_little_more_than_its_cells);
    TEST("what a library prints is counted and does not tear the screen",
        what_a_library_prints_is_counted);
    return g_test_run();
}
