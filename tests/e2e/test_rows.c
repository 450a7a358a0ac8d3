/* What one does to rows: marks, columns, sort, problems only, undo, the pane, copying, exporting. */
#include "console.h"

#include <glib/gstdio.h>
#include <string.h>

#define ONE                                                                                        \
    "thing alpha ok 12 all is well\n"                                                              \
    "thing beta failed 4000 disk full\n"                                                           \
    "thing gamma late 77 waiting for alpha\n"
#define TWO "thing delta ok 5 from the other source\n"

static struct pty *open_things(const struct bed *b, const struct bed_run *run)
{
    struct pty *p = bed_open(b, run);
    bed_go(p, "things");
    pty_assert_screen(p, "^X> beta[^~]*delta");
    return p;
}

/* -- marks --------------------------------------------------------------------------------------- */

static void marks_stay_with_their_objects(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, NULL);
    pty_key(p, "space");
    pty_assert_screen(p, "^X>\\*beta");
    pty_assert_screen(p, "^ 1 marked");
    pty_type(p, "O");
    pty_assert_screen(p, "delta[^~]*^X.\\*beta");
    pty_key(p, "space"); /* the cursor is at the top, on another one now */
    pty_assert_screen(p, "^ 2 marked");
    bed_answer(b, "one", "thing beta ok 1 mended\nthing new ok 2 x\n");
    pty_assert_screen(p, "^ .\\*beta +one +ok");
    pty_assert_screen(p, "^ 2 marked");
    pty_type(p, "M");
    pty_assert_screen(p, "^ ..beta");
}

static void hidden_marks_are_counted_and_left_out(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, NULL);
    pty_key(p, "space");
    pty_type(p, "/gamma");
    pty_key(p, "enter");
    pty_assert_screen(p, "0 marked \\(1 more hidden or gone, will not be acted on\\)");
    pty_type(p, "cm");
    pty_assert_screen(p, "no row is marked");
    bed_answer(b, "one", "thing gamma late 77 waiting\n");
    pty_key(p, "esc");
    pty_assert_screen(p, "0 marked \\(1 more hidden or gone");
}

static void a_range_marks_what_lies_between(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, NULL);
    pty_type(p, "v");
    pty_key(p, "down");
    pty_key(p, "down");
    pty_assert_screen(p, "^X \\+beta[^~]*^! \\+gamma[^~]*^ >\\+alpha");
    pty_key(p, "esc"); /* closes the range and nothing else */
    pty_assert_screen(p, "^ test > things");
    pty_type(p, "v");
    pty_key(p, "up");
    pty_type(p, "v");
    pty_assert_screen(p, "^ 2 marked");
    pty_assert_screen(p, "^!>\\*gamma[^~]*^  \\*alpha");
}

static void the_cursor_can_be_held_at_the_top(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, NULL);
    pty_type(p, "F");
    pty_assert_screen(p, "held");
    bed_answer(b, "one", "thing beta failed 4000 x\nthing gamma late 9000 now first\n");
    pty_assert_screen(p, "^!  gamma[^~]*^X> beta");
}

/* -- what is shown ------------------------------------------------------------------------------- */

static void only_problems_and_all_again(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, NULL);
    pty_type(p, "!");
    pty_assert_screen(p, "2/4  ! only");
    pty_type(p, "/gamma");
    pty_key(p, "enter");
    pty_assert_screen(p, "1/4  ! only  /gamma");
    pty_key(p, "esc");
    pty_assert_screen(p, "2/4  ! only");
    pty_key(p, "esc");
    pty_assert_screen(p, "4 rows");
}

static void a_filter_that_hides_problems_says_so(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, NULL);
    pty_type(p, "/alpha");
    pty_key(p, "enter");
    pty_assert_screen(p, "the filter hides X1");
    pty_type(p, "/ | beta | gamma");
    pty_key(p, "enter");
    pty_assert_screen(p, "3/4");
    pty_assert_screen(p, "^   alpha[^X]*^ enter parts"); /* and no word of it any more */
}

static void several_columns_sort(void)
{
    AUTO(bed) b = bed_new("thing a late 1 x\nthing b late 2 x\nthing c failed 1 x\n", "");
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "sort -size_bytes"); /* the home list has no such column */
    pty_assert_screen(p, "no column \"size_bytes\"");
    bed_go(p, "things");
    pty_assert_screen(p, "^.> b");
    bed_go(p, "sort state,-count");
    pty_assert_screen(p, "^X. c[^~]*^!. b[^~]*^!. a");
    pty_assert_screen(p, "STATE↑.*COUNT↓");
}

static void columns_are_chosen_and_kept(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    {
        AUTO(pty) p = open_things(b, NULL);
        pty_type(p, ",");
        pty_assert_screen(p, "> \\[x\\] source");
        pty_key(p, "space"); /* not this one */
        pty_type(p, "jJ");   /* the state after the count */
        pty_assert_screen(p, "\\[x\\] count[^~]*> \\[x\\] state");
        pty_key(p, "enter");
        pty_assert_screen(p, "THING +COUNT↓ +STATE");
        bed_go(p, "q");
        pty_assert_exit(p, 0);
    }
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "things");
    pty_assert_screen(p, "THING +COUNT↓ +STATE");
    pty_type(p, ",r");
    pty_assert_screen(p, "THING +SOURCE +STATE +COUNT");
}

static void columns_can_be_typed(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, NULL);
    bed_go(p, "columns note:20,count");
    pty_assert_screen(p, "THING +NOTE +COUNT");
    pty_assert_screen(p, "^X. beta +disk full +4000");
    bed_go(p, "columns nope");
    pty_assert_screen(p, "fake.things has no column \"nope\"; there are: state count");
    bed_go(p, "columns count:0");
    pty_assert_screen(p, "count:0: the width is a number from 1 to 200");
    pty_assert_screen(p, "THING +NOTE +COUNT");
}

static void every_change_can_be_undone(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, NULL);
    pty_type(p, "/gamma");
    pty_key(p, "enter");
    pty_assert_screen(p, "1/4  /gamma");
    bed_go(p, "columns note");
    pty_assert_screen(p, "THING +NOTE");
    bed_go(p, "sort name");
    pty_type(p, "!");
    pty_assert_screen(p, "! only");
    pty_type(p, "UU");
    pty_assert_screen(p, "THING +NOTE");
    pty_assert_screen(p, "1/4  /gamma");
    pty_type(p, "U");
    pty_assert_screen(p, "THING +SOURCE +STATE +COUNT");
    pty_type(p, "U");
    pty_assert_screen(p, "4 rows");
}

static void further_columns_are_scrolled_to(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "things");
    bed_go(p, "columns state:30,host:30,owner:30,count:12");
    pty_assert_screen(p, "THING +STATE +HOST");
    pty_key(p, "right");
    pty_assert_screen(p, "THING +HOST +OWNER");
    pty_key(p, "right");
    pty_assert_screen(p, "THING +OWNER +COUNT");
    pty_key(p, "right"); /* all fit: nothing further */
    pty_key(p, "left");
    pty_assert_screen(p, "THING +HOST +OWNER");
}

/* -- typing -------------------------------------------------------------------------------------- */

static void filters_complete_columns_and_values(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, NULL);
    pty_type(p, "/alpha | sta");
    pty_assert_screen(p, "^ state: +what the file says");
    pty_key(p, "tab");
    pty_assert_screen(p, "^/alpha \\| state:");
    pty_type(p, "f");
    pty_assert_screen(p, "^ state:failed");
    pty_key(p, "tab");
    pty_key(p, "enter");
    pty_assert_screen(p, "3/4  /alpha \\| state:failed");
}

static void commands_show_their_keys(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, (&(struct bed_run){.width = 110}));
    pty_type(p, ":prob");
    pty_assert_screen(p, "problems-only +only rows that are not fine, or all again  \\(!\\)");
}

static void a_command_that_takes_nothing_says_so(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, NULL);
    bed_go(p, "repaint twice");
    pty_assert_screen(p, "repaint takes nothing");
}

/* -- one row ------------------------------------------------------------------------------------- */

static void a_wide_screen_shows_the_row_beside(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, (&(struct bed_run){.width = 140}));
    pty_type(p, "p");
    pty_assert_screen(p, "│.*address +. one/things/beta");
    pty_assert_screen(p, "│.*why +failed with count 4000");
    pty_key(p, "down");
    pty_assert_screen(p, "│.*address +. one/things/gamma");
    pty_resize(p, 100, 24); /* too narrow: it folds away */
    pty_assert_screen(p, "^!> gamma +one +late +77 .* waiting for alpha$");
    pty_type(p, "pp");
    pty_assert_screen(p, "the pane needs 110 columns; here are 100");
}

static void weirs_own_rows_have_a_detail(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "sources");
    pty_assert_screen(p, "one +fake");
    pty_type(p, "d");
    pty_assert_screen(p, "address +. weir/sources/");
    pty_assert_screen(p, "requests_per_min");
}

static void times_follow_the_zone(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty)
    p = bed_open(b, (&(struct bed_run){.env = (const char *const[]){"TZ=Asia/Kolkata", NULL}}));
    pty_assert_screen(p, "[0-9][0-9]:[0-9][0-9]Z");
    pty_type(p, "Z");
    pty_assert_screen(p, "times are shown in the time of this machine");
    pty_assert_screen(p, "[0-9][0-9]:[0-9][0-9]\\+05:30");
    bed_go(p, "zone Nowhere/City");
    pty_assert_screen(p, "no time zone \"Nowhere/City\"");
    bed_go(p, "zone -03:00");
    pty_assert_screen(p, "[0-9][0-9]:[0-9][0-9]-03:00");
    pty_type(p, "Z");
    pty_assert_screen(p, "[0-9][0-9]:[0-9][0-9]Z");
}

/* -- while one chooses --------------------------------------------------------------------------- */

static void nothing_moves_below_a_menu(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, (&(struct bed_run){.env = (const char *const[]){"TMUX", NULL}}));
    pty_type(p, "c");
    pty_assert_screen(p, "copy");
    bed_answer(b, "one", "thing gamma late 9000 now first\nthing beta ok 1 x\n");
    bed_answer(b, "two", "fail no more\n");
    pty_run_for(p, 2500000000); /* two polls */
    pty_assert_screen(p, "^X> beta[^~]*^!  gamma");
    pty_type(p, "a");
    pty_assert_screen(p, "the address sent");
    g_autofree char *coded = g_base64_encode((const guchar *)"one/things/beta", 15);
    g_assert_nonnull(
        g_strstr_len((const char *)pty_bytes(p)->data, (gssize)pty_bytes(p)->len, coded));
    pty_assert_screen(p, "gamma +one +late +9000");
}

static void two_consoles_lose_nothing_of_each_other(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, NULL);
    AUTO(pty) q = open_things(b, NULL);
    bed_go(p, "columns note");
    pty_assert_screen(p, "THING +NOTE");
    bed_go(q, "bookmark mine");
    pty_assert_screen(q, "kept as");
    bed_go(p, "sort name");
    pty_assert_screen(p, "alpha[^~]*beta");
    AUTO(pty) r = bed_open(b, NULL);
    bed_go(r, "things");
    pty_assert_screen(r, "THING↑ +NOTE");
    bed_go(r, "bookmarks");
    pty_assert_screen(r, "mine +weir://test:fake.things");
}

static void a_kept_column_that_is_gone_spoils_nothing(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    g_autofree char *folder = g_build_filename(b->folder, "weir", NULL);
    g_autofree char *path = g_build_filename(folder, "view.json", NULL);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    const char *text = "{\"version\": 1, \"environments\": {\"test\": {\"kinds\": {\"fake.things\":"
                       " {\"columns\": \"note,colour\", \"sort\": \"-colour\"}}}}}";
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    AUTO(pty) p = open_things(b, NULL);
    pty_assert_screen(p, "THING +SOURCE +STATE +COUNT↓");
}

/* -- taking it out ------------------------------------------------------------------------------- */

static void a_copy_is_sent_and_not_claimed(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, (&(struct bed_run){.env = (const char *const[]){"TMUX", NULL}}));
    pty_type(p, "ca");
    pty_assert_screen(p, "the address sent to the terminal's clipboard; where nothing arrives, Y");
    const GByteArray *bytes = pty_bytes(p);
    g_autofree char *coded = g_base64_encode((const guchar *)"one/things/beta", 15);
    g_autofree char *osc = g_strdup_printf("\033]52;c;%s\a", coded);
    g_assert_nonnull(g_strstr_len((const char *)bytes->data, bytes->len, osc));
}

static void without_a_clipboard_a_copy_is_a_file(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty)
    p = open_things(
        b, (&(struct bed_run){.width = 160, .env = (const char *const[]){"TMUX", "STY=1", NULL}}));
    pty_type(p, "cj");
    pty_assert_screen(p, "no clipboard here: the row as JSON written to .*/weir/copied.txt");
    g_autofree char *path = g_build_filename(b->folder, "weir", "copied.txt", NULL);
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_nonnull(strstr(text, "\"address\":\"one/things/beta\""));
    GStatBuf info;
    g_assert_cmpint(g_stat(path, &info), ==, 0);
    g_assert_cmpint(info.st_mode & 0777, ==, 0600);
}

static void plain_text_is_left_on_the_bare_terminal(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, NULL);
    pty_type(p, "Y");
    pty_assert_screen(p, "^THING +SOURCE +STATE +COUNT");
    pty_assert_screen(p, "^beta +one +failed +4000");
    pty_assert_screen(p, "press enter to go back");
    g_assert_false(pty_alt_screen(p));
    bed_answer(b, "one", "thing beta ok 1 x\n"); /* nothing is drawn over it */
    pty_key(p, "ctrl-d");                        /* any key, and no end of input */
    pty_assert_screen(p, "^ test > things");
    g_assert_true(pty_alt_screen(p));
    pty_assert_screen(p, "beta +one +ok");
}

static void rows_are_exported_and_nothing_is_overwritten(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, (&(struct bed_run){.width = 160}));
    pty_type(p, "/beta");
    pty_key(p, "enter");
    pty_assert_screen(p, "1/4");
    g_autofree char *path = g_build_filename(b->folder, "rows.json", NULL);
    g_autofree char *line = g_strdup_printf("export json %s", path);
    bed_go(p, line);
    pty_assert_screen(p, "written: .*rows.json");
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_nonnull(strstr(text, "\"complete\":true"));
    g_assert_nonnull(strstr(text, "one/things/beta"));
    g_assert_null(strstr(text, "one/things/gamma"));
    bed_go(p, line);
    pty_assert_screen(p, "rows.json is there already: give another name");
    bed_go(p, "export yaml");
    pty_assert_screen(p, "export yaml: write one of table, wide, json");
}

static void a_broken_state_file_is_left_alone(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    g_autofree char *folder = g_build_filename(b->folder, "weir", NULL);
    g_autofree char *path = g_build_filename(folder, "view.json", NULL);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, "{\"version\": 1, oops", -1, NULL));
    AUTO(pty) p = bed_run(b, (&(struct bed_run){.width = 200}));
    pty_assert_screen(p, "view.json: no JSON at byte 1[0-9]; it is left as it is");
    pty_assert_screen(p, "^. one +fake +ok");
    bed_go(p, "things");
    bed_go(p, "sort name");
    pty_assert_screen(p, "alpha[^~]*beta");
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "{\"version\": 1, oops");
}

#define TEST(name, function) g_test_add_func("/rows/" name, function)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("marks stay with their objects through sort and refresh", marks_stay_with_their_objects);
    TEST("hidden marks are counted and never acted on", hidden_marks_are_counted_and_left_out);
    TEST("a range marks what lies between, esc takes back the range only",
        a_range_marks_what_lies_between);
    TEST("the cursor can be held on its object from the top", the_cursor_can_be_held_at_the_top);
    TEST("problems only composes with a filter, esc closes one of them at a time",
        only_problems_and_all_again);
    TEST("a filter that hides problems says so", a_filter_that_hides_problems_says_so);
    TEST("several columns sort, each with its arrow", several_columns_sort);
    TEST("columns are chosen, ordered and kept until the next time", columns_are_chosen_and_kept);
    TEST("columns and widths can be typed", columns_can_be_typed);
    TEST("every change of what is shown can be undone", every_change_can_be_undone);
    TEST("further columns are scrolled to, the first one stays", further_columns_are_scrolled_to);
    TEST("a filter completes columns and their values", filters_complete_columns_and_values);
    TEST("completions of commands show their keys", commands_show_their_keys);
    TEST("a command that takes nothing says so", a_command_that_takes_nothing_says_so);
    TEST("a wide screen shows the selected row whole beside the others",
        a_wide_screen_shows_the_row_beside);
    TEST("weir's own rows have a detail as well", weirs_own_rows_have_a_detail);
    TEST("rows stay where they are while a menu is open", nothing_moves_below_a_menu);
    TEST("two consoles lose nothing of each other's columns and bookmarks",
        two_consoles_lose_nothing_of_each_other);
    TEST("a kept column that is gone spoils nothing", a_kept_column_that_is_gone_spoils_nothing);
    TEST("times are in UTC, local or a named zone", times_follow_the_zone);
    TEST(
        "a copy over SSH is sent, and not claimed to have arrived", a_copy_is_sent_and_not_claimed);
    TEST("without a clipboard a copy is a file of mode 0600", without_a_clipboard_a_copy_is_a_file);
    TEST("Y leaves plain text on the bare terminal, to mark with the mouse",
        plain_text_is_left_on_the_bare_terminal);
    TEST("rows are exported as they are filtered, and never over a file",
        rows_are_exported_and_nothing_is_overwritten);
    TEST("a broken state file is named and left alone", a_broken_state_file_is_left_alone);
    return g_test_run();
}
