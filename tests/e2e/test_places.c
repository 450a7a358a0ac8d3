/* Going about: tabs, back and forward, owners, siblings, links, bookmarks, environments. */
#include "console.h"

#define ONE                                                                                        \
    "thing alpha ok 12 all is well\n"                                                              \
    "thing beta failed 4000 disk full\n"                                                           \
    "thing gamma late 77 waiting for alpha\n"                                                      \
    "part beta root\npart beta left root\npart alpha wheel\n"
#define TWO "thing delta ok 5 from the other source\n"

static struct pty *open_things(const struct bed *b, const struct bed_run *run)
{
    struct pty *p = bed_open(b, run);
    bed_go(p, "things");
    pty_assert_screen(p, "^X> beta");
    return p;
}

static void back_and_forward_are_a_browsers(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, NULL);
    pty_key(p, "enter");
    pty_assert_screen(p, "beta > parts");
    pty_type(p, "[");
    pty_assert_screen(p, "^ test > things");
    pty_type(p, "]");
    pty_assert_screen(p, "beta > parts");
    pty_type(p, "[");
    pty_assert_screen(p, "^ test > things");
    bed_go(p, "sources");
    pty_assert_screen(p, "^ test > sources");
    pty_type(p, "]");
    pty_assert_screen(p, "there is nothing further on");
}

static void minus_goes_between_two_places(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, NULL);
    pty_type(p, "-");
    pty_assert_screen(p, "^ NOW");
    pty_type(p, "-");
    pty_assert_screen(p, "^ test > things");
    pty_type(p, "-");
    pty_assert_screen(p, "^ NOW");
}

static void a_view_comes_back_as_it_was_left(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, NULL);
    pty_type(p, "/count>50");
    pty_key(p, "enter");
    pty_assert_screen(p, "2/4  /count>50");
    pty_key(p, "down");
    pty_assert_screen(p, "^!> gamma");
    pty_key(p, "enter");
    pty_assert_screen(p, "gamma > parts");
    pty_type(p, "[");
    pty_assert_screen(p, "2/4  /count>50");
    pty_assert_screen(p, "^!> gamma");
}

static void a_log_that_one_goes_forward_to_is_read_anew(void)
{
    AUTO(bed) b = bed_new(ONE "log hello\nlog world\n", TWO);
    AUTO(pty) p = open_things(b, NULL);
    pty_type(p, "l");
    pty_assert_screen(p, "line 2/2");
    pty_type(p, "[");
    pty_assert_screen(p, "^X> beta");
    pty_type(p, "]");
    pty_assert_screen(p, "line 2/2");
}

static void tabs_keep_their_place(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, (&(struct bed_run){.width = 140}));
    pty_type(p, "/beta");
    pty_key(p, "enter");
    pty_type(p, "T");
    pty_assert_screen(p, "/beta.*1:things 2:things\\*");
    bed_go(p, "sources");
    pty_assert_screen(p, "1:things 2:sources\\*");
    pty_type(p, "(");
    pty_assert_screen(p, "^ test > things.*1/4  /beta.*1:things\\* 2:sources");
    pty_type(p, ")");
    pty_assert_screen(p, "^ test > sources");
    bed_go(p, "tab-close");
    pty_assert_screen(p, "^ test > things.*1/4  /beta");
    bed_go(p, "tab-close");
    pty_assert_screen(p, "this is the only tab");
}

static void a_tab_that_is_not_seen_answers_nobody(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, NULL);
    pty_type(p, "T");
    pty_assert_screen(p, "tab 2/2");
    pty_type(p, "d");
    pty_assert_screen(p, "beta > detail");
    pty_type(p, "(");
    pty_assert_screen(p, "^ test > things");
    pty_type(p, ")");
    pty_assert_screen(p, "count +4000");
}

static void the_owner_is_one_key_away(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, NULL);
    bed_go(p, "one/things/alpha");
    pty_assert_screen(p, "alpha > parts");
    pty_assert_screen(p, "wheel");
    pty_type(p, "J");
    pty_assert_screen(p, "^ test > things");
    pty_assert_screen(p, "^ > alpha");
    pty_type(p, "J");
    pty_assert_screen(p, "^ test > sources");
    pty_assert_screen(p, "^ > one");
}

static void a_problem_leads_to_its_things_list(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    pty_assert_screen(p, "^X> error +fake");
    pty_key(p, "down");
    pty_assert_screen(p, "^!> warn");
    pty_type(p, "J");
    pty_assert_screen(p, "^ test > things");
    pty_assert_screen(p, "^!> gamma");
}

static void siblings_are_typed_into(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, NULL);
    pty_key(p, "enter");
    pty_assert_screen(p, "beta > parts");
    pty_type(p, "^");
    pty_assert_screen(p, "^:one/things/");
    pty_assert_screen(p, "one/things/alpha +fake.things");
    pty_type(p, "al");
    pty_key(p, "tab");
    pty_key(p, "enter");
    pty_assert_screen(p, "alpha > parts");
}

static void rows_of_a_thing_have_an_address(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "one/things");
    pty_assert_screen(p, "^ test > one > things.*3 rows");
    bed_go(p, "one/things/beta/parts");
    pty_assert_screen(p, "beta > parts");
}

static void a_link_opens_a_view_with_its_filter(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "weir://test:fake.things?filter=count%3E50&sort=name");
    pty_assert_screen(p, "2/4  /count>50  sort name");
    pty_assert_screen(p, "beta[^~]*gamma");
    bed_go(p, "weir://other:one/things/beta");
    pty_assert_screen(p, "environment \"other\" is not open; add -e other");
    bed_go(p, "weir://test:fake.things?filter=nope%3A1");
    pty_assert_screen(p, "no column \"nope\"");
}

static void a_bookmark_is_there_the_next_time(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    {
        AUTO(pty) p = open_things(b, NULL);
        pty_type(p, "/beta");
        pty_key(p, "enter");
        bed_go(p, "bookmark the bad one");
        pty_assert_screen(p, "kept as \"the bad one\"");
        bed_go(p, "q");
        pty_assert_exit(p, 0);
    }
    AUTO(pty) p = bed_open(b, NULL);
    pty_type(p, "'");
    pty_assert_screen(p, "> the bad one +weir://test:fake.things\\?filter=beta");
    pty_key(p, "enter");
    pty_assert_screen(p, "^ test > things.*1/4  /beta");
}

static void the_same_key_forgets_a_bookmark(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = open_things(b, NULL);
    pty_type(p, "B");
    pty_assert_screen(p, "kept as \"fake.things\"");
    pty_type(p, "B");
    pty_assert_screen(p, "\"fake.things\" is not kept any more");
}

static void another_environment_is_a_fresh_start(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    g_autofree char *yaml =
        g_strdup_printf("environment: test\nenvironments:\n  test:\n    class: dev\n"
                        "    sources:\n      one: {type: fake, file: \"%s/one\"}\n"
                        "  other:\n    class: stage\n    sources:\n"
                        "      two: {type: fake, file: \"%s/two\"}\n",
            b->folder, b->folder);
    bed_configure(b, yaml);
    AUTO(pty) p = bed_run(b, NULL);
    pty_assert_screen(p, "^. one +fake +ok");
    bed_go(p, "ctx");
    pty_assert_screen(p, "other +stage +1 +no");
    pty_assert_screen(p, "test +dev +1 +yes");
    bed_go(p, "ctx nowhere");
    pty_assert_screen(p, "no environment \"nowhere\"");
    bed_go(p, "ctx other");
    pty_assert_screen(p, "NOW  other.*stage");
    pty_assert_screen(p, "^. two +fake +ok");
    bed_go(p, "things");
    pty_assert_screen(p, "^ other > things +1 row");
    pty_assert_screen(p, "delta");
    pty_key(p, "ctrl-c"); /* signals arrive as before */
    pty_assert_screen(p, "q quits");
}

static void what_was_said_can_be_read_again(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "nonsense");
    pty_assert_screen(p, "no kind \"nonsense\"");
    bed_go(p, "messages");
    pty_assert_screen(p, "error +no kind \"nonsense\"");
}

#define TEST(name, function) g_test_add_func("/places/" name, function)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST("back and forward work as in a browser", back_and_forward_are_a_browsers);
    TEST("- goes to and fro between two places", minus_goes_between_two_places);
    TEST("a view comes back with its filter and its cursor", a_view_comes_back_as_it_was_left);
    TEST("a log that one goes forward to has no line twice",
        a_log_that_one_goes_forward_to_is_read_anew);
    TEST("tabs keep where one was, with the filter", tabs_keep_their_place);
    TEST("an answer reaches the tab that asked", a_tab_that_is_not_seen_answers_nobody);
    TEST("J goes to what owns a row, up to its source", the_owner_is_one_key_away);
    TEST("J on a problem goes to the thing in its list", a_problem_leads_to_its_things_list);
    TEST("^ offers the siblings of what is open", siblings_are_typed_into);
    TEST("the rows that a thing owns can be opened by address", rows_of_a_thing_have_an_address);
    TEST("a link opens a view with its filter and sort", a_link_opens_a_view_with_its_filter);
    TEST("a bookmark is there the next time", a_bookmark_is_there_the_next_time);
    TEST("B forgets what B kept", the_same_key_forgets_a_bookmark);
    TEST("another environment is a fresh start", another_environment_is_a_fresh_start);
    TEST("what was said at the bottom can be read again", what_was_said_can_be_read_again);
    return g_test_run();
}
