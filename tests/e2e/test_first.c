/* The first run, help that says what is possible now, and keys of the user's own. */
#include "console.h"

#include <string.h>

#define ONE  "thing alpha ok 1\nthing beta failed 4000\n"
#define TWO  "thing gamma ok 3\n"
#define HINT "\\? lists the keys, +: goes anywhere, +/ filters"

/* A file of the bed's configuration folder, which is its state folder as well. */
static void put_file(const struct bed *b, const char *name, const char *text)
{
    g_autofree char *folder = g_build_filename(b->folder, "weir", NULL);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(GError) error = NULL;
    g_mkdir_with_parents(folder, 0700);
    g_assert_true(g_file_set_contents(path, text, -1, &error));
}

static bool shows(struct pty *p, const char *regex)
{
    g_autofree char *text = pty_text(p);
    return g_regex_match_simple(regex, text, G_REGEX_MULTILINE, 0);
}

static void a_hint_stands_below_until_a_few_keys_were_pressed(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    pty_assert_screen(p, HINT);
    pty_type(p, "jkjkj");
    pty_assert_screen(p, ": go to +\\? help");
    g_assert_false(shows(p, HINT));
}

static void the_hint_is_shown_once(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    {
        AUTO(pty) p = bed_open(b, NULL);
        pty_assert_screen(p, HINT);
        pty_type(p, "q");
        pty_assert_exit(p, 0);
    }
    AUTO(pty) p = bed_open(b, NULL);
    pty_assert_screen(p, ": go to +\\? help");
    g_assert_false(shows(p, HINT));
}

static void help_says_what_cannot_be_done_now_and_why(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, (&(struct bed_run){.height = 70, .width = 120}));
    bed_go(p, "things");
    pty_assert_screen(p, "beta");
    pty_type(p, "?");
    pty_assert_screen(p, "detail +d +the selected thing whole");
    pty_assert_screen(p, "actions +x +not now, this version has no actions");
    pty_assert_screen(p, "ack +a +acknowledge a problem \\(not in this version\\) +reserved");
    pty_type(p, "/acknowledge");
    pty_key(p, "enter");
    pty_assert_screen(p, "> ack");
    pty_key(p, "enter");
    pty_assert_screen(p, "^ acknowledge a problem \\(not in this version\\)");
}

static void a_reserved_key_that_the_user_took_is_no_more_reserved(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    put_file(b, "keys", "refresh a\n");
    AUTO(pty) p = bed_open(b, (&(struct bed_run){.height = 70, .width = 120}));
    pty_type(p, "?");
    pty_assert_screen(p, "refresh +a +ask the servers now");
    g_assert_false(shows(p, "ack +a "));
}

static void the_keys_file_moves_keys_and_a_wrong_line_is_named(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    put_file(b, "keys", "# mine\nfilter F\nfliter f\n");
    AUTO(pty) p = bed_open(b, (&(struct bed_run){.width = 160}));
    pty_assert_screen(p, "weir/keys:3: no command \"fliter\"; did you mean \"filter\"\\?");
    bed_go(p, "things");
    pty_assert_screen(p, "alpha");
    pty_type(p, "Fbeta");
    pty_key(p, "enter");
    pty_assert_screen(p, "1/3");
}

static void colon_keys_lists_the_map_that_is_in_force(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    put_file(b, "keys", "filter s\nsort s\nquit q\n");
    AUTO(pty) p = bed_open(b, (&(struct bed_run){.height = 70, .width = 200}));
    bed_go(p, "keys");
    pty_assert_screen(p, "sort does not get s: it is filter \\([^)]*keys:1\\)");
    pty_assert_screen(p, "q is quit now, not close, which has no key left");
    pty_assert_screen(p, "filter +s +show only rows that match .*everywhere +/.*keys:1");
    pty_assert_screen(p, "repaint +ctrl-l +draw the screen anew +everywhere +default");
}

#define TEST(name, function) g_test_add_func("/first/" name, function)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("a hint stands below until a few keys were pressed",
        a_hint_stands_below_until_a_few_keys_were_pressed);
    TEST("the hint is shown once", the_hint_is_shown_once);
    TEST("help says what cannot be done now, and why", help_says_what_cannot_be_done_now_and_why);
    TEST("a reserved key that the user took is no more reserved",
        a_reserved_key_that_the_user_took_is_no_more_reserved);
    TEST("the keys file moves keys, and a wrong line is named",
        the_keys_file_moves_keys_and_a_wrong_line_is_named);
    TEST("colon keys lists the map that is in force", colon_keys_lists_the_map_that_is_in_force);
    return g_test_run();
}
