/* What can go wrong with a history, and that nothing of it is lost, overwritten or waited for. */
#include "unit/histories.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder.h"

static int64_t lag_of(const struct past *p)
{
    const struct snapshot *s = past_last(p, &rows_kind);
    int64_t lag = s ? snapshot_cell(s, 0, R_LAG).i : -1;
    snapshot_unref(s);
    return lag;
}

static char *today(const struct past *p)
{
    return g_build_filename(p->folder, "2026-06-12.db", NULL);
}

/* -- several at once ------------------------------------------------------------------------------- */

static void the_first_writes_and_others_read(void)
{
    struct past p;
    past_open(&p);
    struct past other = p;
    const struct history_options o = past_options(&p);
    other.history = history_open(&o);
    past_record(&p, past_row(&p, "ok", 1));
    other.now_ms = p.now_ms += 5000;
    past_record(&other, past_row(&other, "ok", 99));
    g_assert_false(history_writes(other.history));
    g_assert_cmpint(lag_of(&p), ==, 1);
    g_assert_cmpint(lag_of(&other), ==, 1);
    history_close(p.history); /* and the other takes over */
    past_record(&other, past_row(&other, "ok", 2));
    g_assert_true(history_writes(other.history));
    g_assert_cmpint(lag_of(&other), ==, 2);
    past_close(&other);
}

static void environments_share_a_file_and_nothing_else(void)
{
    struct past p;
    past_open(&p);
    struct past other = p;
    struct history_options o = past_options(&p);
    o.environment = "f";
    other.history = history_open(&o);
    for (unsigned i = 0; i < 5; i++, p.now_ms += 5000) {
        other.now_ms = p.now_ms;
        past_record(&p, past_row(&p, "ok", i));
        past_record(&other, past_row(&other, "ok", 100 + i));
    }
    g_assert_cmpint(lag_of(&p), ==, 4);
    g_assert_cmpint(lag_of(&other), ==, 104);
    unsigned files;
    int64_t bytes;
    history_usage(p.history, &files, &bytes);
    g_assert_cmpuint(files, ==, 1);
    history_close(other.history);
    past_close(&p);
}

/* -- ends ---------------------------------------------------------------------------------------- */

static void a_killed_writer_loses_nothing_that_it_had_written(void)
{
    struct past p;
    past_open(&p);
    int pipes[2];
    g_assert_cmpint(pipe(pipes), ==, 0);
    pid_t child = fork();
    if (child == 0) {
        for (int64_t i = 0;; i++, p.now_ms += 5000) {
            past_record(&p, past_row(&p, "ok", i));
            if (write(pipes[1], &i, sizeof i) != (ssize_t)sizeof i)
                _exit(1);
        }
    }
    close(pipes[1]);
    int64_t told = 0;
    while (told < 200)
        g_assert_cmpint(read(pipes[0], &told, sizeof told), ==, sizeof told);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    for (int64_t more; read(pipes[0], &more, sizeof more) == (ssize_t)sizeof more;)
        told = more;
    close(pipes[0]);
    p.now_ms += 1000 * 5000;
    int64_t lag = lag_of(&p);
    g_assert_cmpint(lag, >=, told);
    g_assert_cmpint(lag, <=, told + 1);
    g_autofree struct series *s = past_series(
        &p, "s/rows/a", ROWS_NOW_MS, ROWS_NOW_MS + (told + 1) * 5000, (unsigned)told + 1);
    for (unsigned i = 0; i < s->count; i++)
        ASSERT_NEAR(s->value[i], i);
    past_record(&p, past_row(&p, "ok", 7)); /* its lock is gone with it */
    g_assert_true(history_writes(p.history));
    past_close(&p);
}

static void a_clock_that_is_put_back_breaks_nothing(void)
{
    struct past p;
    past_open(&p);
    int64_t from = p.now_ms;
    for (unsigned i = 0; i < 60; i++, p.now_ms += 5000)
        past_record(&p, past_row(&p, "ok", 1));
    p.now_ms = from + 100001;
    for (unsigned i = 0; i < 20; i++, p.now_ms += 5000)
        past_record(&p, past_row(&p, "ok", 2));
    g_autofree struct series *s = past_series(&p, "s/rows/a", from, from + 300000, 10);
    ASSERT_NEAR(s->value[0], 1);
    ASSERT_NEAR(s->value[5], 2);
    past_close(&p);
}

/* -- files that are not as they should be ---------------------------------------------------------- */

static void assert_set_aside(struct past *p, const char *bytes, gsize length)
{
    g_autofree char *path = today(p);
    g_autofree char *aside = g_strconcat(path, ".damaged-1", NULL);
    g_autoptr(GError) error = NULL;
    g_assert_false(past_try(p, past_row(p, "ok", 1), &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_PROTOCOL);
    ASSERT_CONTAINS(error->message, "set aside as 2026-06-12.db.damaged-1");
    g_autofree char *kept = NULL;
    gsize kept_length;
    g_assert_true(g_file_get_contents(aside, &kept, &kept_length, NULL));
    if (bytes)
        g_assert_true(kept_length == length && memcmp(kept, bytes, length) == 0);
    p->now_ms += 5000;
    past_record(p, past_row(p, "ok", 3));
    g_assert_cmpint(lag_of(p), ==, 3);
}

static void a_foreign_file_is_set_aside_and_kept(void)
{
    struct past p;
    past_open(&p);
    g_mkdir_with_parents(p.folder, 0700);
    g_autofree char *path = today(&p);
    static const char text[] = "a letter to my mother, in which there is nothing about databases\n";
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    assert_set_aside(&p, text, strlen(text));
    past_close(&p);
}

static void a_database_of_somebody_else_is_set_aside(void)
{
    struct past p;
    past_open(&p);
    g_mkdir_with_parents(p.folder, 0700);
    g_autofree char *path = today(&p);
    sqlite3 *db;
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, "CREATE TABLE bookmarks (url)", NULL, NULL, NULL), ==, 0);
    sqlite3_close(db);
    assert_set_aside(&p, NULL, 0);
    past_close(&p);
}

static void a_damaged_file_is_set_aside(void)
{
    struct past p;
    past_open(&p);
    for (unsigned i = 0; i < 30; i++, p.now_ms += 5000)
        past_record(&p, past_row(&p, "ok", i));
    past_again(&p);
    g_autofree char *path = today(&p);
    g_autofree char *bytes = NULL;
    gsize length;
    g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
    memset(bytes + 200, 0xa5, length - 200);
    g_assert_true(g_file_set_contents(path, bytes, (gssize)length, NULL));
    g_assert_cmpint(lag_of(&p), ==, -1); /* who only reads leaves it alone */
    g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
    assert_set_aside(&p, bytes, length);
    past_close(&p);
}

static void a_file_by_a_newer_weir_is_left_alone(void)
{
    struct past p;
    past_open(&p);
    past_record(&p, past_row(&p, "ok", 1));
    past_again(&p);
    g_autofree char *path = today(&p);
    sqlite3 *db;
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(
        sqlite3_exec(db, "UPDATE meta SET value = '99' WHERE key = 'schema'", NULL, NULL, NULL), ==,
        0);
    sqlite3_close(db);
    p.now_ms += 5000;
    g_autoptr(GError) error = NULL;
    g_assert_false(past_try(&p, past_row(&p, "ok", 2), &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_UNSUPPORTED);
    ASSERT_CONTAINS(error->message, "written by a newer weir");
    g_autoptr(GError) checked = NULL;
    g_assert_false(history_check(p.history, p.now_ms, &checked));
    g_assert_error(checked, WEIR_ERROR, WEIR_ERROR_UNSUPPORTED);
    g_assert_cmpint(lag_of(&p), ==, -1);
    g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
    past_close(&p);
}

/* -- no room, no right ----------------------------------------------------------------------------- */

static void a_disk_that_is_nearly_full_is_not_filled(void)
{
    struct past p;
    past_open(&p);
    past_record(&p, past_row(&p, "ok", 1));
    history_close(p.history);
    struct history_options o = past_options(&p);
    o.free_min = 101; /* no disk is that empty */
    p.history = history_open(&o);
    p.now_ms += 5000;
    g_autoptr(GError) error = NULL;
    g_assert_false(past_try(&p, past_row(&p, "ok", 2), &error));
    ASSERT_CONTAINS(error->message, "% of the disk of");
    g_assert_cmpint(lag_of(&p), ==, 1); /* reading goes on */
    past_close(&p);
}

static void a_folder_that_cannot_be_made_is_said(void)
{
    struct past p;
    past_open(&p);
    g_assert_true(g_file_set_contents(p.folder, "in the way", -1, NULL));
    g_autoptr(GError) error = NULL;
    g_assert_false(past_try(&p, past_row(&p, "ok", 1), &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_UNREACHABLE);
    ASSERT_CONTAINS(error->message, "cannot be written");
    g_assert_null(past_last(&p, &rows_kind));
    past_close(&p);
}

/* In a process of its own, which may not write files larger than some. */
static void a_file_that_cannot_grow_stops_recording_and_keeps_what_there_is(void)
{
    struct past p;
    past_open(&p);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGXFSZ, SIG_IGN);
        const struct rlimit limit = {2000000, 2000000};
        setrlimit(RLIMIT_FSIZE, &limit);
        g_autoptr(GError) error = NULL;
        int64_t i = 0;
        while (!error && i < 100000) {
            past_try(&p, past_row(&p, "ok", i++), &error);
            p.now_ms += 5000;
        }
        _exit(g_error_matches(error, WEIR_ERROR, WEIR_ERROR_UNREACHABLE) && i > 10 ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    g_assert_cmpint(status, ==, 0);
    p.now_ms += DAY_MS / 4;
    int64_t before = lag_of(&p);
    g_assert_cmpint(before, >, 5);
    past_record(&p, past_row(&p, "ok", before + 1000));
    g_assert_cmpint(lag_of(&p), ==, before + 1000);
    past_close(&p);
}

/* -- the recorder ---------------------------------------------------------------------------------- */

static void a_fetch_that_publishes_twice_is_one_frame(void)
{
    struct past p;
    past_open(&p);
    const struct history_options o = past_options(&p);
    AUTO(recorder) r = recorder_new(&o);
    int64_t mono = 1000000;
    for (unsigned i = 0; i < 10; i++) { /* every 5 s: names, and 100 ms later the numbers */
        const struct snapshot *names = snapshot_seal(past_row(&p, "ok", -1));
        p.now_ms += 100;
        const struct snapshot *numbers = snapshot_seal(past_row(&p, "ok", i));
        recorder_take(r, names, mono);
        int64_t due = recorder_work(r, false, p.now_ms, mono);
        g_assert_cmpint(due, >, mono);
        recorder_take(r, numbers, mono + 100);
        due = recorder_work(r, false, p.now_ms, mono + 100);
        g_assert_cmpint(due, <=, mono + 100 + HISTORY_FRAME_MS);
        recorder_work(r, false, p.now_ms + 1000, mono + 1100);
        mono += 5000;
        p.now_ms += 4900;
        snapshot_unref(names);
        snapshot_unref(numbers);
    }
    g_assert_cmpuint(past_frames(&p, "2026-06-12", NULL), ==, 10);
    g_assert_cmpint(lag_of(&p), ==, 9);
    past_close(&p);
}

static void what_changes_all_the_time_is_written_every_five_seconds(void)
{
    struct past p;
    past_open(&p);
    const struct history_options o = past_options(&p);
    AUTO(recorder) r = recorder_new(&o);
    for (int64_t mono = 1000000; mono < 1060000; mono += 200, p.now_ms += 200) {
        const struct snapshot *s = snapshot_seal(past_row(&p, "ok", mono));
        recorder_take(r, s, mono);
        recorder_work(r, false, p.now_ms, mono);
        snapshot_unref(s);
    }
    unsigned frames = past_frames(&p, "2026-06-12", NULL);
    g_assert_cmpuint(frames, >=, 10);
    g_assert_cmpuint(frames, <=, 12);
    recorder_work(r, true, p.now_ms, 1060000); /* the end */
    g_assert_cmpuint(past_frames(&p, "2026-06-12", NULL), ==, frames + 1);
    past_close(&p);
}

static void a_full_disk_is_said_once_and_tried_again_later(void)
{
    struct past p;
    past_open(&p);
    g_autofree char *blocked = g_strdup(p.folder);
    g_assert_true(g_file_set_contents(blocked, "in the way", -1, NULL));
    const struct history_options o = past_options(&p);
    AUTO(recorder) r = recorder_new(&o);
    GError *error = NULL;
    int64_t mono = 1000000;
    const struct snapshot *s = snapshot_seal(past_row(&p, "ok", 1));
    for (unsigned i = 0; i < 5; i++, mono += 10000) {
        recorder_take(r, s, mono);
        recorder_work(r, false, p.now_ms, mono + 2000);
        g_assert_true(recorder_news(r, &error) == (i == 0));
        g_assert_nonnull(error);
    }
    g_clear_error(&error);
    g_assert_cmpint(unlink(blocked), ==, 0);
    recorder_take(r, s, mono);
    recorder_work(r, false, p.now_ms, mono + RECORDER_RETRY_MS);
    g_assert_true(recorder_news(r, &error));
    g_assert_no_error(error);
    g_assert_cmpint(lag_of(&p), ==, 1);
    snapshot_unref(s);
    past_close(&p);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
#define TEST(f) g_test_add_func("/history/" #f, f)
    TEST(the_first_writes_and_others_read);
    TEST(environments_share_a_file_and_nothing_else);
    TEST(a_killed_writer_loses_nothing_that_it_had_written);
    TEST(a_clock_that_is_put_back_breaks_nothing);
    TEST(a_foreign_file_is_set_aside_and_kept);
    TEST(a_database_of_somebody_else_is_set_aside);
    TEST(a_damaged_file_is_set_aside);
    TEST(a_file_by_a_newer_weir_is_left_alone);
    TEST(a_disk_that_is_nearly_full_is_not_filled);
    TEST(a_folder_that_cannot_be_made_is_said);
    TEST(a_file_that_cannot_grow_stops_recording_and_keeps_what_there_is);
    TEST(a_fetch_that_publishes_twice_is_one_frame);
    TEST(what_changes_all_the_time_is_written_every_five_seconds);
    TEST(a_full_disk_is_said_once_and_tried_again_later);
    return g_test_run();
}
