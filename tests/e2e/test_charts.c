/* Numbers over time: trends in tables, charts of rows, and what is known again after a restart. */
#include "console.h"

#define TWO "thing delta ok 5 from the other source\n"

static void a_row_is_charted_with_one_key(void)
{
    AUTO(bed) b = bed_new("thing beta failed 4000 x\nthing gamma late 77 y\n", TWO);
    AUTO(pty) p = bed_open(b, (&(struct bed_run){.width = 120, .height = 30}));
    bed_go(p, "things");
    pty_assert_screen(p, "^X> beta");
    bed_answer(b, "one", "thing beta failed 5000 x\nthing gamma late 77 y\n");
    pty_assert_screen(p, "^X> beta +one +failed +5000");
    pty_type(p, "i");
    pty_assert_screen(p, "beta  count .* last 1h");
    /* the history keeps a frame in five seconds, and the chart asks again as often */
    PTY_ASSERT(p, pty_wait(p, "^count +[0-9].* now", 3 * pty_patience_ms(), &pty_error_));
    pty_type(p, "1");
    pty_assert_screen(p, "last 15m");
    pty_type(p, "4");
    pty_assert_screen(p, "last 24h");
    pty_key(p, "tab");
    pty_assert_screen(p, "beta  (rate_per_s|size_bytes|share) ");
    pty_key(p, "esc");
    pty_assert_screen(p, "^X> beta");
}

static void marked_rows_share_a_chart(void)
{
    AUTO(bed) b = bed_new("thing beta failed 4000 x\nthing gamma late 77 y\n", TWO);
    AUTO(pty) p = bed_open(b, (&(struct bed_run){.width = 120, .height = 30}));
    bed_go(p, "things");
    pty_assert_screen(p, "^X> beta");
    pty_type(p, " j ");
    pty_assert_screen(p, "2 marked");
    bed_go(p, "chart count");
    pty_assert_screen(p, "beta[^~]*gamma");
    bed_go(p, "chart nope");
    pty_assert_screen(p, "fake.things has no number \"nope\" that is kept");
}

static void what_has_no_numbers_says_so(void)
{
    AUTO(bed) b = bed_new("thing beta failed 4000 x\n", TWO);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "bookmarks");
    pty_type(p, "i");
    pty_assert_screen(p, "no row is selected");
    bed_go(p, "history-back");
    bed_go(p, "nonsense");
    bed_go(p, "ctx");
    pty_assert_screen(p, "^ > test +dev");
    pty_type(p, "i");
    pty_assert_screen(p, "environments has no number that is kept");
}

#define TEST(name, function) g_test_add_func("/charts/" name, function)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(
        "a row's numbers are charted with one key, over four spans", a_row_is_charted_with_one_key);
    TEST("marked rows share a chart", marked_rows_share_a_chart);
    TEST("what has no row or number to chart says so", what_has_no_numbers_says_so);
    return g_test_run();
}
