#include "console.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#define ONE                                                                                        \
    "thing alpha ok 12 all is well\n"                                                              \
    "thing beta failed 4000 disk full\n"                                                           \
    "thing gamma late 77 waiting for alpha\n"                                                      \
    "part beta root\npart beta left root\npart beta leaf left\n"                                   \
    "log hello\nlog Error: broken\n"
#define TWO "thing delta ok 5 from the other source\n"

/* -- finding the way ----------------------------------------------------------------------------- */

static void opens_on_problems(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    pty_assert_screen(p, "NOW  test +X1 !1 \\?0");
    pty_assert_screen(p, "^X> error +fake +one +thing beta: failed with count 4000");
    pty_assert_screen(p, "^! +warn +fake +one +thing gamma: late: waiting for alpha");
    pty_assert_clean(p);
    pty_type(p, "/beta");
    pty_key(p, "enter");
    pty_assert_screen(p, "^ NOW  test +1/2  /beta +X1 !1 \\?0");
}

static void goes_down_and_back(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "things");
    pty_assert_screen(p, "^ test > things");
    pty_assert_screen(p, "^X> beta +one +failed +4000");
    pty_assert_screen(p, "^ +delta +two");
    pty_key(p, "enter");
    pty_assert_screen(p, "test > one > things > beta > parts");
    pty_assert_screen(p, "└ left");
    pty_key(p, "esc");
    pty_assert_screen(p, "^X> beta +one");
    pty_key(p, "esc");
    pty_assert_screen(p, "^ NOW");
}

static void an_empty_view_leads_to_what_it_belongs_to(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "one/things/alpha");
    pty_assert_screen(p, "d shows what it belongs to");
    pty_type(p, "d");
    pty_assert_screen(p, "things > alpha.* > detail");
}

static void enter_on_a_problem_opens_the_thing(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    pty_assert_screen(p, "^X> error");
    pty_key(p, "enter");
    pty_assert_screen(p, "test > one > things > beta > parts");
}

static void an_address_opens_its_thing(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "one/things/beta");
    pty_assert_screen(p, "test > one > things > beta > parts");
    bed_go(p, "one/things/nosuch/parts/x");
    pty_assert_screen(p, "nosuch");
    bed_go(p, "three/things/beta");
    pty_assert_screen(p, "no source \"three\"");
}

static void what_is_not_there_is_said_with_the_nearest(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "thingz");
    pty_assert_screen(p, "no kind \"thingz\"; did you mean");
    pty_type(p, "Q");
    pty_assert_screen(p, "Q does nothing here; \\? lists the keys");
}

static void completion_shows_and_tab_takes(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    pty_type(p, ":thi");
    pty_assert_screen(p, "fake.things +rows of a text file");
    pty_key(p, "enter"); /* what was only shown is not run */
    pty_assert_screen(p, "no kind \"thi\"");
    pty_type(p, ":thi");
    pty_key(p, "tab");
    pty_assert_screen(p, "^:fake.things");
    pty_key(p, "enter");
    pty_assert_screen(p, "^ test > things");
}

static void filters_while_one_types(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "things");
    pty_assert_screen(p, "delta");
    pty_type(p, "/count>50");
    pty_assert_screen(p, "2/4  /count>50");
    pty_key(p, "enter");
    pty_type(p, "/ nosuch");
    pty_assert_screen(p, "none of 4 rows matches");
    pty_key(p, "esc"); /* a cancelled prompt restores the filter before it */
    pty_assert_screen(p, "2/4  /count>50");
    pty_key(p, "esc");
    pty_assert_screen(p, "4 rows");
    pty_type(p, "/nope:1");
    pty_key(p, "enter");
    pty_assert_screen(p, "no column \"nope\"");
}

static void sorts_by_any_column(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "things");
    pty_assert_screen(p, "beta[^~]*gamma[^~]*alpha[^~]*delta");
    pty_type(p, "oname");
    pty_key(p, "enter");
    pty_assert_screen(p, "alpha[^~]*beta[^~]*delta[^~]*gamma");
    pty_type(p, "O");
    pty_assert_screen(p, "gamma[^~]*delta[^~]*beta[^~]*alpha");
}

static void the_cursor_stays_on_its_object(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "things");
    pty_key(p, "down");
    pty_assert_screen(p, "^!> gamma");
    bed_answer(b, "one", "thing beta failed 4000\nthing gamma late 9000 now first\n");
    pty_assert_screen(p, "^!> gamma[^~]*\n.*beta");
}

static void help_lists_what_the_keys_do_and_runs_it(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, (&(struct bed_run){.height = 40}));
    bed_go(p, "things");
    pty_assert_screen(p, "delta");
    pty_type(p, "?");
    pty_assert_screen(p, "parts +enter");
    pty_assert_screen(p, "half-page-down +ctrl-d +half a screen down");
    pty_type(p, "/reverse");
    pty_key(p, "enter");
    pty_assert_screen(p, "> reverse +O");
    pty_key(p, "enter");
    pty_assert_screen(p, "delta[^~]*alpha[^~]*gamma[^~]*beta");
}

static void detail_and_raw_show_one_object(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "things");
    pty_assert_screen(p, "^X> beta");
    pty_type(p, "d");
    pty_assert_screen(p, "count +4000");
    pty_type(p, "y");
    pty_assert_screen(p, "\"count\": 4000");
    pty_key(p, "esc");
    pty_type(p, "y");
    pty_assert_screen(p, "\"name\": \"beta\"");
}

static void a_tree_is_folded_and_leads_to_its_problems(void)
{
    AUTO(bed)
    b = bed_new(ONE "part gamma root\npart gamma left root\npart gamma leaf left\n"
                    "part gamma right root\npart gamma bad right failed\n",
        TWO);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "one/things/gamma");
    pty_assert_screen(
        p, "^ > root[^~]*^   ├ left[^~]*^   │ └ leaf[^~]*^   └ right[^~]*^X    └ bad");
    pty_key(p, "left");
    pty_assert_screen(p, "^X> \\+ root \\(X1 of 4\\)");
    pty_assert_screen(p, "5 rows, 4 folded away");
    pty_type(p, "*");
    pty_assert_screen(p, "^ > root[^~]*\\+ left \\(1\\)[^~]*└ right[^~]*└ bad");
    pty_type(p, "n");
    pty_assert_screen(p, "^X>   └ bad");
    pty_key(p, "left");
    pty_assert_screen(p, "^ > └ right");
    pty_type(p, "{");
    pty_assert_screen(p, "^ > ├ \\+ left");
    pty_key(p, "right");
    pty_key(p, "right");
    pty_assert_screen(p, "^ > │ └ leaf");
    pty_type(p, "/bad");
    pty_key(p, "enter");
    pty_assert_screen(p, "1/5  /bad");
    pty_assert_screen(p, "^X>   └ bad");
    bed_answer(b, "one",
        ONE "part gamma root\npart gamma new root\npart gamma right root\n"
            "part gamma bad right late\n");
    pty_assert_screen(p, "1/4  /bad");
    pty_assert_screen(p, "^ >   └ bad .*late"); /* it is ok now, and the cursor is on it */
}

static void a_detail_leads_on_and_keeps_its_place_when_read_again(void)
{
    AUTO(bed)
    b = bed_new(ONE "field beta owner somebody\nfield beta parent one/things/gamma\n", TWO);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "things");
    pty_assert_screen(p, "^X> beta");
    pty_type(p, "d");
    pty_assert_screen(p, "^ > name +beta[^~]*^   more[^~]*^ +parent +→ one/things/gamma");
    pty_key(p, "enter");
    pty_assert_screen(p, "this line leads nowhere; tab goes to one that does");
    pty_key(p, "tab");
    pty_assert_screen(p, "^ > +parent");
    bed_answer(b, "one", ONE "field beta added before\nfield beta parent one/things/alpha\n");
    pty_type(p, "r");
    pty_assert_screen(p, "^ +added +before[^~]*^ > +parent +→ one/things/alpha");
    pty_key(p, "enter");
    pty_assert_screen(p, "test > one > things > alpha > parts");
    pty_key(p, "esc");
    pty_assert_screen(p, "^ > +parent");
    pty_type(p, " ");
    pty_assert_screen(p, "^ > \\+ more \\(2\\)");
}

/* What the sources were asked goes on while one looks; the newest are on top. */
static void what_was_asked_is_listed_filtered_and_shown_whole(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "requests");
    pty_assert_screen(p, "Z +one +FILE +[^ ]*/one +ok +3ms +184");
    pty_assert_screen(p, "Z +two +FILE +[^ ]*/two +ok");
    pty_type(p, "/from=two");
    pty_key(p, "enter");
    pty_assert_screen(p, "> [0-9:]+Z +two +FILE");
    pty_type(p, "d");
    pty_assert_screen(p, "^ +source +two");
    pty_assert_screen(p, "feed +things");
    pty_assert_screen(p, "took_ms +3ms");
    pty_key(p, "esc");
    g_autofree char *path = g_build_filename(b->folder, "two", NULL);
    g_assert_cmpint(g_unlink(path), ==, 0);
    pty_assert_screen(p, "X> [0-9:]+Z +two +FILE +[^ ]*/two +no conn");
}

static void a_log_is_followed_and_searched(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "things");
    pty_assert_screen(p, "^X> beta");
    pty_type(p, "l");
    pty_assert_screen(p, "line 2/2  following");
    bed_answer(b, "one", ONE "log third line\n");
    pty_assert_screen(p, "line 3/3  following[^~]*> +third line");
    pty_type(p, "k");
    pty_assert_screen(p, "line 2/3  paused");
    bed_answer(b, "one", ONE "log third line\nlog fourth line\n");
    pty_assert_screen(p, "line 2/4  paused, \\+1 new");
    pty_type(p, "/hello");
    pty_key(p, "enter");
    pty_assert_screen(p, "line 1/4[^~]*/hello +1/1");
    pty_type(p, "e");
    pty_assert_screen(p, "line 2/4");
}

static void a_log_is_filtered_line_by_line(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    bed_answer(b, "one", ONE "log third line\nlog fourth line\n");
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "things");
    pty_assert_screen(p, "^X> beta");
    pty_type(p, "l");
    pty_assert_screen(p, "line 4/4  following");
    pty_type(p, "&");
    pty_assert_screen(p, "^:only");
    pty_type(p, "line");
    pty_key(p, "enter");
    pty_assert_screen(p, "line 2/2 of 4[^~]*&line +2 of 4 lines");
    bed_go(p, "only !third");
    pty_assert_screen(p, "&line &!third +1 of 4 lines");
    bed_go(p, "only (");
    pty_assert_screen(p, "no regular expression");
    pty_key(p, "esc");
    pty_assert_screen(p, "&line +2 of 4 lines");
    pty_key(p, "esc");
    pty_assert_screen(p, "line 4/4  following[^&]*$");
    pty_key(p, "esc");
    pty_assert_screen(p, "^X> beta");
}

static void a_log_is_saved_to_a_file_that_is_new(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    g_autofree char *path = g_build_filename(b->folder, "saved", NULL);
    g_autofree char *line = g_strdup_printf("save %s", path);
    bed_go(p, "things");
    pty_assert_screen(p, "^X> beta");
    pty_type(p, "l");
    pty_assert_screen(p, "line 2/2  following");
    bed_go(p, line);
    pty_assert_screen(p, "2 lines in /");
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "hello\nError: broken\n");
    bed_go(p, line);
    pty_assert_screen(p, "File exists; weir never writes over a file");
}

/* The pager has the terminal until it ends, and the log goes on meanwhile. */
static void a_log_is_read_in_the_pager_and_the_console_comes_back(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    static const char *const env[] = {"PAGER=sh -c 'head -1; read key </dev/tty'", NULL};
    AUTO(pty) p = bed_open(b, (&(struct bed_run){.env = env}));
    bed_go(p, "things");
    pty_assert_screen(p, "^X> beta");
    pty_type(p, "l");
    pty_assert_screen(p, "line 2/2  following");
    pty_type(p, "|");
    pty_assert_screen(p, "^hello");
    bed_answer(b, "one", ONE "log third line\n");
    pty_key(p, "enter");
    pty_assert_screen(p, "line 3/3  following[^~]*> +third line");
    pty_type(p, "q");
    pty_assert_screen(p, "^X> beta");
}

/* -- when things fail ---------------------------------------------------------------------------- */

static void a_source_that_fails_keeps_its_rows_and_says_why(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "things");
    pty_assert_screen(p, "^X> beta +one");
    bed_answer(b, "one", "fail connection refused; is the server running?\n");
    pty_assert_screen(p, "^\\? old, read .* failing for 0s  one: connection refused");
    pty_assert_screen(p, "^\\?> beta +one +failed +4000");
    pty_assert_screen(p, "^  +delta +two +ok"); /* the other does not notice */
    pty_key(p, "esc");
    pty_assert_screen(p, "^X one +fake +failing .*connection refused");
    pty_assert_screen(p, "^o two +fake +ok");
    bed_answer(b, "one", ONE);
    pty_type(p, "r");
    pty_assert_screen(p, "^o one +fake +ok");
    bed_go(p, "things");
    pty_assert_screen(p, "^X> beta +one +failed +4000");
}

static void a_denied_source_says_so(void)
{
    AUTO(bed) b = bed_new("denied the password of x is wrong; check it\n", TWO);
    AUTO(pty) p = bed_open(b, NULL);
    pty_assert_screen(p, "^X one +fake +denied .*the password of x is wrong");
    pty_assert_screen(p, "error +sources +source one: the password");
}

static void a_hanging_source_holds_up_nothing(void)
{
    AUTO(bed) b = bed_new("hang\n", TWO);
    AUTO(pty) p = bed_run(b, NULL);
    pty_assert_screen(p, "^\\? one +fake +connecting");
    pty_assert_screen(p, "^o two +fake +ok");
    bed_go(p, "things");
    pty_assert_screen(p, "delta");
    pty_type(p, "NqN");
    pty_type(p, "q");
    pty_assert_restored(p);
    pty_assert_exit(p, 0);
}

static void hostile_text_stays_text(void)
{
    AUTO(bed)
    b = bed_new("thing evil\033]0;title\007\xe2\x80\xaegroup failed 1 \033[31mred\r\x9b\n", TWO);
    AUTO(pty) p = bed_open(b, (&(struct bed_run){.width = 120}));
    pty_assert_screen(p, "evil␛\\]0;title␇⟨U\\+202E⟩group");
    bed_go(p, "things");
    pty_assert_screen(p, "␛\\[31mred␍");
    pty_assert_clean(p);
}

static void a_wrong_option_of_one_source_spares_the_others(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    g_autofree char *yaml = g_strdup_printf("environments:\n  test:\n    class: dev\n    sources:\n"
                                            "      one: {type: fake, fil: x}\n"
                                            "      two: {type: fake, file: \"%s/two\"}\n",
        b->folder);
    bed_configure(b, yaml);
    AUTO(pty) p = bed_open(b, NULL);
    pty_assert_screen(p, "^X one +fake +failing .*a fake source has no option \"fil\"");
    pty_assert_screen(p, "^o two +fake +ok");
}

static void a_wrong_configuration_says_where_and_ends_with_2(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    bed_configure(b, "environments:\n  test:\n    clas: dev\n");
    AUTO(pty) p = bed_run(b, (&(struct bed_run){.width = 160}));
    pty_assert_screen(
        p, "weir.yaml:3:5: an environment has no key \"clas\"; did you mean \"class\"");
    pty_assert_exit(p, 2);
}

/* -- the terminal -------------------------------------------------------------------------------- */

static void quit_restores_the_terminal(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    g_assert_true(pty_alt_screen(p));
    pty_type(p, "q");
    pty_assert_restored(p);
    pty_assert_exit(p, 0);
    pty_assert_clean(p);
}

static void q_closes_views_before_it_quits(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "things");
    pty_assert_screen(p, "test > things");
    pty_type(p, "q");
    pty_assert_screen(p, "^ NOW");
    bed_go(p, "q");
    pty_assert_exit(p, 0);
}

static void any_end_restores_the_terminal(void)
{
    static const int numbers[] = {
        SIGTERM, SIGHUP, SIGSEGV, SIGABRT, SIGQUIT, SIGBUS, SIGILL, SIGFPE};
    AUTO(bed) b = bed_new(ONE, TWO);
    for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
        AUTO(pty) p = bed_open(b, NULL);
        pty_kill(p, numbers[i]);
        pty_assert_restored(p);
        PTY_ASSERT(p, pty_wait_exit(p, pty_patience_ms(), NULL, &pty_error_));
    }
}

static void a_closed_window_ends_the_program(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    pty_hangup(p);
    PTY_ASSERT(p, pty_wait_exit(p, pty_patience_ms(), NULL, &pty_error_));
}

static void ctrl_c_does_not_end_it(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    pty_key(p, "ctrl-c");
    pty_assert_screen(p, "q quits");
}

static void suspend_gives_the_shell_its_terminal_and_takes_it_back(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, (&(struct bed_run){.job = true}));
    pty_key(p, "ctrl-z");
    pty_assert_screen(p, "^stopped");
    pty_assert_restored(p);
    bed_answer(b, "two", "thing epsilon failed 1 while you were away\n");
    pty_key(p, "enter");
    pty_assert_screen(p, "thing epsilon: failed");
    g_assert_true(pty_alt_screen(p));
    pty_type(p, "q");
    pty_assert_restored(p);
}

static void it_follows_the_size_of_the_window(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    static const int sizes[][2] = {
        {160, 45}, {60, 15}, {30, 8}, {10, 3}, {1, 1}, {200, 60}, {80, 24}};
    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++)
        pty_resize(p, sizes[i][0], sizes[i][1]);
    pty_assert_screen(p, "^X> error +fake +one +thing beta: failed with count 4000 +>?[0-9]+s$");
    pty_type(p, "q");
    pty_assert_exit(p, 0);
}

static void a_paste_presses_no_keys(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    pty_paste(p, "q\nq\n"); /* outside of a prompt: nothing */
    pty_type(p, ":");
    pty_assert_screen(p, "^:");
    pty_paste(p, "thin\nq\n");
    pty_assert_screen(p, "^:thin +$|^:thin$");
    pty_type(p, "gs");
    pty_key(p, "enter");
    pty_assert_screen(p, "test > things");
}

static bool is_coloured(struct pty_cell cell)
{
    return cell.fg.kind != PTY_COLOR_DEFAULT || cell.bg.kind != PTY_COLOR_DEFAULT;
}

static bool any_colour(const struct pty *p)
{
    int width, height;
    pty_size(p, &width, &height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            if (is_coloured(pty_cell(p, x, y)))
                return true;
    return false;
}

static void no_color_means_none(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty)
    plain = bed_open(b, (&(struct bed_run){.env = (const char *const[]){"NO_COLOR=1", NULL}}));
    g_assert_false(any_colour(plain));
    AUTO(pty) coloured = bed_open(b, NULL);
    g_assert_true(any_colour(coloured));
}

static void terminals_without_a_description_work(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    static const char *const terms[] = {
        "xterm-ghostty", "alacritty-direct", "vt100", "linux", "screen-256color", "tmux-256color"};
    for (unsigned i = 0; i < G_N_ELEMENTS(terms); i++) {
        AUTO(pty) p = bed_open(b, (&(struct bed_run){.term = terms[i]}));
        pty_assert_screen(p, "thing beta: failed with count 4000");
    }
}

static void without_utf8_it_draws_ascii(void)
{
    AUTO(bed) b = bed_new("thing \xc5\xbc\xc3\xb3\xc5\x82w failed 1 x\n", TWO);
    AUTO(pty)
    p = bed_open(b, (&(struct bed_run){.env = (const char *const[]){"LANG=C", "LC_ALL=C", NULL}}));
    pty_assert_screen(p, "thing \\?\\?\\?w: failed");
    const GByteArray *bytes = pty_bytes(p);
    for (guint i = 0; i < bytes->len; i++)
        g_assert_cmpuint(bytes->data[i], <, 0x80);
}

static void a_dumb_terminal_gets_text(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_run(b, (&(struct bed_run){.term = "dumb"}));
    pty_assert_screen(p, "thing beta: failed with count 4000");
    pty_assert_exit(p, 0);
    const GByteArray *bytes = pty_bytes(p);
    g_assert_null(memchr(bytes->data, 0x1b, bytes->len));
}

static void at_rest_nothing_is_written(void)
{
    AUTO(bed) b = bed_new(ONE, "thing delta ok 5\n");
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "things"); /* polled every second; its age stays below the first step of five */
    pty_assert_screen(p, "delta +two +ok");
    PTY_ASSERT(p, pty_wait_quiet(p, 300, pty_patience_ms(), &pty_error_));
    pty_mark(p);
    pty_run_for(p, 2500 * 1000 * 1000LL);
    g_assert_cmpuint(pty_stats(p)->bytes, ==, 0);
}

static void a_frame_is_one_write(void)
{
    if (!bed_can_trace()) {
        g_test_skip("strace is not allowed here");
        return;
    }
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, (&(struct bed_run){.traced = true, .width = 160, .height = 45}));
    bed_go(p, "things");
    pty_assert_screen(p, "^X> beta");
    PTY_ASSERT(p, pty_wait_quiet(p, 300, pty_patience_ms(), &pty_error_));
    unsigned before = bed_writes(b);
    for (unsigned i = 0; i < 5; i++) {
        pty_key(p, "down");
        pty_assert_screen(p, "^!> gamma");
        pty_key(p, "up");
        pty_assert_screen(p, "^X> beta");
    }
    PTY_ASSERT(p, pty_wait_quiet(p, 300, pty_patience_ms(), &pty_error_)); /* the trace is late */
    g_assert_cmpuint(bed_writes(b) - before, ==, 10);
}

static void the_user_can_move_keys(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    g_autofree char *yaml = g_strdup_printf("environments:\n  test:\n    class: dev\n    sources:\n"
                                            "      one: {type: fake, file: \"%s/one\"}\n"
                                            "      two: {type: fake, file: \"%s/two\"}\n"
                                            "keys: {down: \"s\", close: ctrl-x}\n",
        b->folder, b->folder);
    bed_configure(b, yaml);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "things");
    pty_assert_screen(p, "^X> beta");
    pty_type(p, "s");
    pty_assert_screen(p, "^!> gamma");
    pty_key(p, "ctrl-x");
    pty_assert_screen(p, "^ NOW");
}

static void connectors_that_cannot_be_loaded_are_named(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    g_autofree char *usual = bed_program();
    g_autofree char *copy = g_build_filename(b->folder, "weir", NULL);
    g_autofree char *connectors = g_build_filename(b->folder, "weir-connectors.so", NULL);
    g_autofree char *bytes = NULL;
    gsize size;
    g_assert_true(g_file_get_contents(usual, &bytes, &size, NULL));
    g_assert_true(
        g_file_set_contents_full(copy, bytes, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
    g_assert_true(g_file_set_contents(connectors, "no library", -1, NULL));
    AUTO(pty) p = bed_run(b, (&(struct bed_run){.program = copy}));
    pty_assert_screen(p, "^X one +fake +failing .*the connectors cannot be loaded");
    pty_type(p, "j");
    pty_assert_screen(p, "\n .*weir-connectors.so");
    pty_type(p, "q");
    pty_assert_exit(p, 0);
}

static void a_key_that_is_none_is_refused_with_a_reason(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    bed_configure(b, "environments:\n  test: {class: dev}\nkeys: {downn: j, up: meta-x}\n");
    AUTO(pty) p = bed_run(b, (&(struct bed_run){.width = 160}));
    pty_assert_screen(p, "no command \"downn\"; did you mean \"down\"");
    pty_assert_screen(p, "\"meta-x\" is no key");
    pty_assert_exit(p, 2);
}

static void a_hundred_thousand_rows_stay_quick(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    bed_configure(b, "environments:\n  test:\n    class: dev\n    sources:\n"
                     "      one: {type: fake, rows: 100000, every: 1h}\n"
                     "      two: {type: fake, every: 1h}\n");
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "things");
    pty_assert_screen(p, "100000 rows");
    pty_type(p, "/thing-012345");
    pty_assert_screen(p, "1/100000  /thing-012345");
    pty_assert_screen(p, "> thing-012345.of.the.platform");
    pty_key(p, "enter");
    pty_key(p, "esc");
    pty_assert_screen(p, "100000 rows");
    pty_type(p, "G");
    pty_type(p, "g");
    pty_type(p, "q");
    pty_assert_screen(p, "^ NOW");
}

#define TEST(name, function) g_test_add_func("/console/" name, function)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("it opens on the problems, with a line per source above them", opens_on_problems);
    TEST("enter goes down into a row, esc comes back to it", goes_down_and_back);
    TEST("an empty view leads to what it belongs to", an_empty_view_leads_to_what_it_belongs_to);
    TEST("enter on a problem opens the thing it is about", enter_on_a_problem_opens_the_thing);
    TEST("an address typed after : opens its thing", an_address_opens_its_thing);
    TEST("a name that is not there is answered with the nearest",
        what_is_not_there_is_said_with_the_nearest);
    TEST("completions are shown, tab takes one, enter runs only what was typed",
        completion_shows_and_tab_takes);
    TEST("a filter works while one types, and a cancelled one is undone", filters_while_one_types);
    TEST("rows can be sorted by any column and reversed", sorts_by_any_column);
    TEST("the cursor stays on its object while that moves", the_cursor_stays_on_its_object);
    TEST("help lists the keys of the view and runs what is chosen",
        help_lists_what_the_keys_do_and_runs_it);
    TEST("d and y show one object, in fields and as the server says it",
        detail_and_raw_show_one_object);
    TEST("a tree is folded by keys and leads to its problems, whatever a refresh brings",
        a_tree_is_folded_and_leads_to_its_problems);
    TEST("a detail leads on to other things and keeps its place when it is read again",
        a_detail_leads_on_and_keeps_its_place_when_read_again);
    TEST("requests lists what the sources were asked, as it is asked",
        what_was_asked_is_listed_filtered_and_shown_whole);
    TEST("a log is followed until one scrolls up, and can be searched",
        a_log_is_followed_and_searched);
    TEST("a log is filtered line by line, and esc takes back the last filter",
        a_log_is_filtered_line_by_line);
    TEST("a log is saved to a file that is new", a_log_is_saved_to_a_file_that_is_new);
    TEST("a log is read in the pager, and the console comes back",
        a_log_is_read_in_the_pager_and_the_console_comes_back);
    TEST("a source that fails keeps its rows, greyed, with since when and why",
        a_source_that_fails_keeps_its_rows_and_says_why);
    TEST("a denied source says so and what to check", a_denied_source_says_so);
    TEST("a hanging source holds up neither keys nor quitting", a_hanging_source_holds_up_nothing);
    TEST(
        "hostile names are shown as pictures, and nothing raw is written", hostile_text_stays_text);
    TEST("a wrong option of one source spares the others",
        a_wrong_option_of_one_source_spares_the_others);
    TEST("a wrong configuration is told with its place, exit code 2",
        a_wrong_configuration_says_where_and_ends_with_2);
    TEST("quitting restores the terminal", quit_restores_the_terminal);
    TEST("q closes views before it quits, :q quits at once", q_closes_views_before_it_quits);
    TEST("signals and crashes restore the terminal as well", any_end_restores_the_terminal);
    TEST("a closed window ends the program", a_closed_window_ends_the_program);
    TEST("ctrl-c does not end it by accident", ctrl_c_does_not_end_it);
    TEST("ctrl-z gives the terminal back, and continuing shows what is new",
        suspend_gives_the_shell_its_terminal_and_takes_it_back);
    TEST("it follows the window's size down to one cell and back",
        it_follows_the_size_of_the_window);
    TEST("a paste types into prompts only, and only its first line", a_paste_presses_no_keys);
    TEST("NO_COLOR means no colour", no_color_means_none);
    TEST("terminals without a description of their own work", terminals_without_a_description_work);
    TEST("without a UTF-8 locale it draws ASCII", without_utf8_it_draws_ascii);
    TEST("a dumb terminal gets the problems as text", a_dumb_terminal_gets_text);
    TEST("at rest nothing is written", at_rest_nothing_is_written);
    TEST("a frame is one write", a_frame_is_one_write);
    TEST("keys can be moved in the configuration", the_user_can_move_keys);
    TEST(
        "a key that is none is refused with a reason", a_key_that_is_none_is_refused_with_a_reason);
    TEST("connectors that cannot be loaded are named, and it stays so",
        connectors_that_cannot_be_loaded_are_named);
    TEST("100,000 rows are filtered at every key", a_hundred_thousand_rows_stay_quick);
    return g_test_run();
}
