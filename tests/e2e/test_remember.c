/* What weir remembers from one run to the next. */
#include "console.h"

#include <string.h>

#include "history_file.h"

#define ONE                                                                                        \
    "thing alpha ok 12 all is well\n"                                                              \
    "thing beta failed 4000 disk full\n"
#define TWO "thing delta ok 5 from the other source\n"

static char *history_of(const struct bed *b)
{
    return g_build_filename(b->folder, "weir", "history", NULL);
}

/* Whether both sources' things are in the newest day's file. */
static bool is_recorded(const struct bed *b)
{
    g_autofree char *folder = history_of(b);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    bool both = false;
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (!g_str_has_suffix(name, ".db"))
            continue;
        AUTO(history_file) f = history_file_open(path, false, NULL);
        both |= f && history_file_stream(f, "test", "fake.things", "one", false, NULL) &&
                history_file_stream(f, "test", "fake.things", "two", false, NULL);
    }
    return both;
}

static void run_until_recorded(const struct bed *b, struct pty *p)
{
    int64_t end = g_get_monotonic_time() + pty_patience_ms() * 1000LL;
    while (!is_recorded(b)) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        pty_run_for(p, 50000000);
    }
}

/* A run that is killed in the middle. */
static void run_and_kill(const struct bed *b)
{
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "things");
    pty_assert_screen(p, "^ +alpha +one +ok +12");
    run_until_recorded(b, p);
}

static void a_start_shows_what_was_known_as_old(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    run_and_kill(b);
    bed_answer(b, "one", "hang\n");
    bed_answer(b, "two", "thing delta ok 6 read anew\n");
    AUTO(pty) p = bed_run(b, NULL);
    pty_assert_screen(p, "^\\?> error +fake +one +thing beta: failed with count 4000");
    bed_go(p, "things");
    pty_assert_screen(p, "test > things +.*[0-9]+s old");
    pty_assert_screen(p, "^\\?[> ] *alpha +one +ok +12"); /* stale is never green */
    pty_assert_screen(p, "^\\?[> ] *beta +one +failed +4000");
    pty_assert_screen(p, "^ [> ] *delta +two +ok +6");
    pty_assert_clean(p);
}

static void the_first_answer_takes_the_place_of_the_memory(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    run_and_kill(b);
    bed_answer(b, "one", "thing gamma ok 1 is new\n");
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "things");
    pty_assert_screen(p, "^ [> ] *gamma +one +ok +1");
    pty_assert_screen(p, "2 rows");
}

static void what_cannot_be_read_now_stays_with_its_age(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    run_and_kill(b);
    bed_answer(b, "one", "fail connection refused\n");
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "things");
    pty_assert_screen(p, "old, read .*failing for .*one: connection refused");
    pty_assert_screen(p, "^\\?[> ] *alpha +one +ok +12");
}

static void nothing_is_recorded_where_that_is_switched_off(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    g_autofree char *yaml = NULL;
    g_assert_true(g_file_get_contents(b->config, &yaml, NULL, NULL));
    g_autofree char *off = g_strconcat("history: false\n", yaml, NULL);
    bed_configure(b, off);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "things");
    pty_assert_screen(p, "^ +alpha");
    pty_type(p, "qq");
    pty_assert_exit(p, 0);
    g_autofree char *folder = history_of(b);
    g_assert_false(g_file_test(folder, G_FILE_TEST_EXISTS));
}

/* Even a run of a moment is remembered: what waits is written at the end. */
static void quitting_writes_what_waits(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    AUTO(pty) p = bed_open(b, NULL);
    bed_go(p, "things");
    pty_assert_screen(p, "^ +alpha +one +ok");
    pty_assert_screen(p, "delta +two +ok");
    pty_type(p, "qq");
    pty_assert_exit(p, 0);
    g_assert_true(is_recorded(b));
}

static void a_folder_that_cannot_be_written_is_said(void)
{
    AUTO(bed) b = bed_new(ONE, TWO);
    g_autofree char *folder = history_of(b);
    g_autofree char *parent = g_path_get_dirname(folder);
    g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
    g_assert_true(g_file_set_contents(folder, "in the way", -1, NULL));
    AUTO(pty) p = bed_open(b, NULL);
    pty_assert_screen(p, "history: .*cannot be written");
    bed_go(p, "things"); /* and the rest goes on */
    pty_assert_screen(p, "^ +alpha +one +ok +12");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(f) g_test_add_func("/remember/" #f, f)
    TEST(a_start_shows_what_was_known_as_old);
    TEST(the_first_answer_takes_the_place_of_the_memory);
    TEST(what_cannot_be_read_now_stays_with_its_age);
    TEST(nothing_is_recorded_where_that_is_switched_off);
    TEST(quitting_writes_what_waits);
    TEST(a_folder_that_cannot_be_written_is_said);
    return g_test_run();
}
