/* The lane that records, asked from the drawing thread. */
#include "unit/lanes.h"

#include "clock.h"

struct bench {
    struct box box;
    char *folder;
};

static void start(struct bench *b)
{
    const struct history_options o = {.folder = b->folder, .environment = "e"};
    engine_start_history(b->box.engine, b->box.registry, &o);
}

static void set_up(struct bench *b, gconstpointer more)
{
    (void)more;
    b->folder = g_dir_make_tmp("weir-history-XXXXXX", NULL);
    box_open(&b->box, &fake, "");
}

static void tear_down(struct bench *b, gconstpointer more)
{
    (void)more;
    box_close(&b->box);
    const char *const argv[] = {"rm", "-rf", b->folder, NULL};
    g_spawn_sync(
        NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    g_free(b->folder);
}

static void record(struct bench *b, int64_t at_ms, int64_t lag)
{
    AUTO(rid) scope = rid_source("s");
    struct snapshot *s = snapshot_new(&rows_kind, scope, at_ms);
    rows_add(s, "a", "ok", lag);
    const struct snapshot *sealed = snapshot_seal(s);
    engine_record(b->box.engine, sealed);
    snapshot_unref(sealed);
}

static guint64 ask_lag(struct bench *b, int64_t from_ms, int64_t to_ms)
{
    const char *const addresses[] = {"s/rows/a", NULL};
    const struct series_query q = {&rows_kind, R_LAG, SERIES_LAST, from_ms, to_ms, 1, addresses};
    return engine_series(b->box.engine, &q);
}

static const struct mail *series_answer(const struct box *b, guint64 id)
{
    for (guint i = 0; i < b->mail->len; i++) {
        const struct mail *m = g_ptr_array_index(b->mail, i);
        if (m->type == MAIL_SERIES && m->id == id)
            return m;
    }
    return NULL;
}

static void what_is_handed_over_can_be_asked_for(struct bench *b, gconstpointer more)
{
    (void)more;
    start(b);
    int64_t now = clock_wall_ms();
    record(b, now, 42);
    guint64 id;
    const struct mail *m;
    do { /* it is written a second later */
        id = ask_lag(b, now - 1000, now + 1000);
        BOX_UNTIL(&b->box, series_answer(&b->box, id));
        m = series_answer(&b->box, id);
    } while (g_hash_table_size(m->series) == 0);
    const struct series *s = g_hash_table_lookup(m->series, "s/rows/a");
    g_assert_cmpuint(s->count, ==, 1);
    g_assert_cmpfloat(s->value[0], ==, 42);
}

static void ending_writes_what_waits_and_a_new_start_remembers_it(
    struct bench *b, gconstpointer more)
{
    (void)more;
    start(b);
    record(b, clock_wall_ms(), 43);
    g_assert_true(engine_end_history(b->box.engine, PATIENCE_S * 1000));
    g_assert_cmpuint(engine_remember(b->box.engine), ==, 0); /* there is no lane any more */
    record(b, clock_wall_ms(), 44);
    start(b);
    engine_remember(b->box.engine);
    BOX_UNTIL(&b->box, box_entry(&b->box, &rows_kind, "s"));
    const struct store_entry *e = box_entry(&b->box, &rows_kind, "s");
    g_assert_true(snapshot_remembered(e->snapshot));
    g_assert_cmpint(snapshot_cell(e->snapshot, 0, R_LAG).i, ==, 43);
    g_assert_cmpint(e->asked_ms, ==, 0);
}

static void an_answer_that_nobody_waits_for_does_not_come(struct bench *b, gconstpointer more)
{
    (void)more;
    start(b);
    int64_t now = clock_wall_ms();
    guint64 ids[1000];
    for (unsigned i = 0; i < G_N_ELEMENTS(ids); i++)
        ids[i] = ask_lag(b, now - 1000, now);
    for (unsigned i = G_N_ELEMENTS(ids) - 1; i-- > 0;) /* those first that it comes to last */
        engine_cancel(b->box.engine, ids[i]);
    guint64 last = ids[G_N_ELEMENTS(ids) - 1];
    BOX_UNTIL(&b->box, series_answer(&b->box, last));
    g_assert_cmpuint(box_count(&b->box, MAIL_SERIES), <, G_N_ELEMENTS(ids));
}

static void a_lane_that_is_far_behind_drops_the_oldest_and_counts_them(
    struct bench *b, gconstpointer more)
{
    (void)more;
    start(b);
    guint64 n = 0;
    while (engine_records_dropped(b->box.engine) == 0 && n < 100000000)
        record(b, clock_wall_ms(), (int64_t)n++);
    g_assert_cmpuint(engine_records_dropped(b->box.engine), >, 0);
    g_assert_cmpuint(n, >, RECORDS_MAX);
}

static void a_failure_is_told_once(struct bench *b, gconstpointer more)
{
    (void)more;
    g_autofree char *path = g_build_filename(b->folder, "file", NULL);
    g_assert_true(g_file_set_contents(path, "in the way", -1, NULL));
    const struct history_options o = {.folder = path, .environment = "e"};
    engine_start_history(b->box.engine, b->box.registry, &o);
    record(b, clock_wall_ms(), 1);
    BOX_UNTIL(&b->box, box_count(&b->box, MAIL_HISTORY) == 1);
    ASSERT_CONTAINS(box_last(&b->box, MAIL_HISTORY)->error->message, "cannot be written");
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
#define TEST(f) g_test_add("/history/" #f, struct bench, NULL, set_up, f, tear_down)
    TEST(what_is_handed_over_can_be_asked_for);
    TEST(ending_writes_what_waits_and_a_new_start_remembers_it);
    TEST(an_answer_that_nobody_waits_for_does_not_come);
    TEST(a_lane_that_is_far_behind_drops_the_oldest_and_counts_them);
    TEST(a_failure_is_told_once);
    return g_test_run();
}
