/* Questions, logs, lanes that do not come back, discovery, and the end. */
#include "unit/lanes.h"

#include <poll.h>

#include "lane_private.h" /* to let a lane look stuck without waiting for it */

/* -- questions ------------------------------------------------------------------------------------ */

static guint64 ask(struct box *b, const char *address)
{
    AUTO(rid) what = rid_parse(address, NULL);
    guint64 id = engine_show(b->engine, b->source, what);
    g_assert_cmpuint(id, !=, 0);
    return id;
}

static void an_object_comes_whole_with_the_servers_own_text(void)
{
    struct box b;
    box_open(&b, &fake, "");
    engine_start(b.engine, b.source, true);
    guint64 id = ask(&b, "s/rows/a%2Fb");
    guint64 other = ask(&b, "s/rows/c");
    g_assert_cmpuint(id, !=, other);
    BOX_UNTIL(&b, box_answer(&b, other));
    const struct mail *m = box_answer(&b, id);
    g_assert_no_error(m->error);
    g_assert_cmpstr(m->raw, ==, "{\"raw\":1}");
    g_assert_true(snapshot_kind(m->snapshot) == &kind_detail);
    g_assert_cmpstr(snapshot_cell(m->snapshot, 0, DETAIL_VALUE).text, ==, "a/b");
    box_close(&b);
}

static void a_question_that_fails_says_why(void)
{
    struct box b;
    box_open(&b, &fake, "");
    WORLD_SET(world.fail[SHOW] = 1 + WEIR_ERROR_NOT_FOUND);
    engine_start(b.engine, b.source, true);
    guint64 id = ask(&b, "s/rows/a");
    BOX_UNTIL(&b, box_answer(&b, id));
    g_assert_error(box_answer(&b, id)->error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
    box_close(&b);
    box_open(&b, &fake, "");
    WORLD_SET(world.fail[OPEN] = 1 + WEIR_ERROR_DENIED);
    engine_start(b.engine, b.source, true);
    id = ask(&b, "s/rows/a");
    BOX_UNTIL(&b, box_answer(&b, id));
    g_assert_error(box_answer(&b, id)->error, WEIR_ERROR, WEIR_ERROR_DENIED);
    box_close(&b);
}

static void the_doctor_lists_what_it_checked(void)
{
    struct box b;
    box_open(&b, &fake, "");
    engine_start(b.engine, b.source, true);
    guint64 id = engine_check(b.engine, b.source);
    BOX_UNTIL(&b, box_answer(&b, id));
    const struct snapshot *s = box_answer(&b, id)->snapshot;
    g_assert_cmpuint(snapshot_count(s), ==, 2);
    g_assert_cmpint(snapshot_row(s, 0)->health, ==, HEALTH_FAIL);
    g_assert_cmpstr(snapshot_row(s, 0)->why, ==, "start it");
    g_assert_cmpint(snapshot_cell(s, 1, DOCTOR_ADVICE).type, ==, CELL_NONE);
    box_close(&b);
}

static void a_cancelled_question_ends_at_once(void)
{
    struct box b;
    box_open(&b, &fake, ", timeout: 10m");
    WORLD_SET(world.hold[SHOW] = true);
    engine_start(b.engine, b.source, true);
    guint64 running = ask(&b, "s/rows/a");
    guint64 waiting = ask(&b, "s/rows/b");
    WORLD_UNTIL(world.entered[SHOW] == 1);
    engine_cancel(b.engine, waiting);
    engine_cancel(b.engine, running);
    WORLD_UNTIL(world.left[SHOW] == 1);
    WORLD_SET(world.hold[SHOW] = false);
    guint64 next = ask(&b, "s/rows/c");
    BOX_UNTIL(&b, box_answer(&b, next));
    g_assert_no_error(box_answer(&b, next)->error); /* the cancelling is not carried over */
    g_assert_cmpuint(world_get(&world.entered[SHOW]), ==, 2); /* the one that waited never ran */
    g_assert_null(box_answer(&b, waiting));
    engine_cancel(b.engine, 12345); /* what there is not */
    box_close(&b);
}

static void stopping_ends_a_call_that_listens(void)
{
    struct box b;
    box_open(&b, &fake, ", timeout: 10m");
    WORLD_SET(world.hold[SHOW] = true);
    engine_start(b.engine, b.source, true);
    ask(&b, "s/rows/a");
    WORLD_UNTIL(world.entered[SHOW] == 1);
    int64_t start = g_get_monotonic_time();
    engine_free(b.engine); /* while it is held: lane_wait tells it */
    g_assert_cmpint(g_get_monotonic_time() - start, <, 1500000);
    g_assert_cmpuint(world.left[SHOW], ==, 1);
    g_assert_cmpuint(world.closes, ==, 1);
    box_clear(&b);
}

static void mail_wakes_the_one_who_waits(void)
{
    struct box b;
    box_open(&b, &fake, "");
    struct pollfd p = {.fd = engine_fd(b.engine), .events = POLLIN};
    g_assert_cmpint(poll(&p, 1, 0), ==, 0);
    g_autoptr(GPtrArray) none = engine_wait(b.engine, 1);
    g_assert_cmpuint(none->len, ==, 0);
    engine_start(b.engine, b.source, false);
    g_assert_cmpint(poll(&p, 1, PATIENCE_S * 1000), ==, 1);
    g_autoptr(GPtrArray) some = engine_wait(b.engine, -1);
    g_assert_cmpuint(some->len, >, 0);
    box_close(&b);
}

/* -- logs ----------------------------------------------------------------------------------------- */

#define LINES 1000

static unsigned chunks_put; /* guarded by the world's lock */

/* A log of LINES numbered lines, one per chunk; then it waits for more, if it is to follow. */
static bool follow_lines(struct lane *l, const struct rid *what, struct stream *out, GError **error)
{
    if (strcmp(rid_last_name(what), "gone") == 0)
        return weir_fail(error, WEIR_ERROR_NOT_FOUND, "no such log");
    for (unsigned i = 0; i < LINES; i++) {
        struct snapshot *chunk = stream_chunk(out);
        g_autofree char *line = g_strdup_printf("%u", i);
        snapshot_set_text(chunk, snapshot_add(chunk, ""), LOG_TEXT, line);
        if (!stream_put(out, chunk))
            return weir_fail(error, WEIR_ERROR_CANCELLED, "nobody reads");
        WORLD_SET(chunks_put++);
    }
    while (stream_options(out)->follow && lane_wait(l, 60000))
        ;
    return true;
}

static const struct connector logs = {
    .name = "logs",
    .kinds = fake_kinds,
    .feeds = fake_feeds,
    .open = fake_open,
    .close = fake_close,
    .follow = follow_lines,
};

static guint64 follow(struct box *b, const char *address, bool stay)
{
    AUTO(rid) what = rid_parse(address, NULL);
    const struct stream_options options = {.follow = stay, .tail = 5};
    return engine_follow(b->engine, b->source, what, &options);
}

static void log_open(struct box *b)
{
    box_open(b, &logs, "");
    WORLD_SET(chunks_put = 0);
    engine_start(b->engine, b->source, true);
}

static void a_slow_reader_of_a_log_misses_nothing(void)
{
    struct box b;
    log_open(&b);
    guint64 id = follow(&b, "s/rows/a", false);
    WORLD_UNTIL(chunks_put == STREAM_CHUNKS_MAX); /* no more until somebody reads */
    unsigned line = 0, most = 0;
    while (!box_answer(&b, id)) {
        guint first = b.mail->len;
        box_receive(&b, PATIENCE_S * 1000);
        unsigned chunks = 0;
        for (guint i = first; i < b.mail->len; i++) {
            const struct mail *m = g_ptr_array_index(b.mail, i);
            if (m->type != MAIL_CHUNK)
                continue;
            g_autofree char *wanted = g_strdup_printf("%u", line++);
            g_assert_cmpuint(m->id, ==, id);
            g_assert_cmpstr(snapshot_cell(m->snapshot, 0, LOG_TEXT).text, ==, wanted);
            chunks++;
        }
        most = MAX(most, chunks);
    }
    g_assert_cmpuint(line, ==, LINES);
    g_assert_cmpuint(most, <=, STREAM_CHUNKS_MAX);
    g_assert_no_error(box_answer(&b, id)->error);
    box_close(&b);
}

static void closing_a_log_ends_it(void)
{
    struct box b;
    log_open(&b);
    guint64 blocked = follow(&b, "s/rows/a", true);
    WORLD_UNTIL(chunks_put == STREAM_CHUNKS_MAX);
    engine_cancel(b.engine, blocked);
    BOX_UNTIL(&b, box_answer(&b, blocked));
    g_assert_error(box_answer(&b, blocked)->error, WEIR_ERROR, WEIR_ERROR_CANCELLED);
    guint64 at_the_end = follow(&b, "s/rows/b", true);
    BOX_UNTIL(&b, world_get(&chunks_put) == STREAM_CHUNKS_MAX + LINES);
    engine_cancel(b.engine, at_the_end);
    BOX_UNTIL(&b, box_answer(&b, at_the_end));
    guint64 gone = follow(&b, "s/rows/gone", true);
    BOX_UNTIL(&b, box_answer(&b, gone));
    g_assert_error(box_answer(&b, gone)->error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
    box_close(&b);
}

/* Opened and closed before its thread has begun. */
static void a_log_that_is_closed_at_once_does_not_stay(void)
{
    struct box b;
    log_open(&b);
    for (int i = 0; i < 50; i++) {
        guint64 id = 0;
        BOX_UNTIL(&b, id || (id = follow(&b, "s/rows/a", true)));
        engine_cancel(b.engine, id);
    }
    box_close(&b);
}

static void only_a_few_logs_run_at_once(void)
{
    struct box b;
    log_open(&b);
    guint64 id[LOGS_MAX];
    for (int i = 0; i < LOGS_MAX; i++) {
        id[i] = follow(&b, "s/rows/a", true);
        g_assert_cmpuint(id[i], !=, 0);
    }
    g_assert_cmpuint(follow(&b, "s/rows/a", true), ==, 0);
    engine_cancel(b.engine, id[1]);
    guint64 next = 0;
    BOX_UNTIL(&b, next || (next = follow(&b, "s/rows/a", true)));
    box_close(&b); /* while four are blocked or follow */
}

/* A console that runs for weeks opens thousands of logs. */
static void logs_that_ended_leave_no_thread(void)
{
    struct box b;
    log_open(&b);
    for (int i = 0; i < 20; i++) {
        guint64 id = 0;
        BOX_UNTIL(&b, id || (id = follow(&b, "s/rows/gone", false)));
        BOX_UNTIL(&b, box_answer(&b, id));
    }
    engine_lock(b.engine);
    guint lanes = b.engine->lanes->len;
    engine_unlock(b.engine);
    box_close(&b);
    g_assert_cmpuint(lanes, <=, 1 + LOGS_MAX);
}

/* -- lanes that do not come back ------------------------------------------------------------------ */

/* As if the running call had passed its deadline long ago. */
static void let_look_stuck(struct box *b, bool hand)
{
    engine_lock(b->engine);
    struct source_run *run = g_ptr_array_index(b->engine->runs, 0);
    struct lane *l = hand ? run->hand : run->poll;
    g_assert_cmpint(l->busy_until, !=, 0);
    l->busy_until = 1;
    engine_unlock(b->engine);
    engine_watch(b->engine);
}

static guint lane_count_of(struct box *b)
{
    engine_lock(b->engine);
    guint n = b->engine->lanes->len;
    engine_unlock(b->engine);
    return n;
}

static void a_stuck_lane_is_replaced_at_most_twice(void)
{
    struct box b;
    box_open(&b, &fake, "");
    WORLD_SET(world.hold[WIDE] = true);
    engine_start(b.engine, b.source, false);
    for (unsigned i = 1; i <= 3; i++) {
        WORLD_UNTIL(world.entered[WIDE] == i);
        engine_watch(b.engine); /* in time: nothing happens */
        g_assert_cmpuint(lane_count_of(&b), ==, i);
        let_look_stuck(&b, false);
        struct source_status *s = box_status(&b);
        g_assert_cmpint(s->state, ==, SOURCE_FAILING);
        ASSERT_CONTAINS(s->error, i < 3 ? "it was given up and started anew" : "restart weir");
        status_free(s);
    }
    BOX_UNTIL(&b, box_entry(&b, &rows_kind, "s"));
    g_assert_error(box_entry(&b, &rows_kind, "s")->error, WEIR_ERROR, WEIR_ERROR_TIMEOUT);
    g_assert_cmpuint(lane_count_of(&b), ==, 3);
    engine_watch(b.engine);
    engine_watch(b.engine);
    g_assert_cmpuint(lane_count_of(&b), ==, 3);
    WORLD_SET(world.hold[WIDE] = false);
    WORLD_UNTIL(world.left[WIDE] == 3);
    box_close(&b);
    g_assert_cmpuint(world.closes, ==, 3);
}

static void what_an_abandoned_lane_says_is_not_heard(void)
{
    struct box b;
    box_open(&b, &fake, "");
    WORLD_SET(world.hold[WIDE] = true);
    engine_start(b.engine, b.source, false);
    WORLD_UNTIL(world.entered[WIDE] == 1);
    let_look_stuck(&b, false);
    WORLD_UNTIL(world.entered[WIDE] == 2);
    WORLD_SET(world.hold[WIDE] = false);
    WORLD_UNTIL(world.closes == 1); /* the old one has ended */
    BOX_UNTIL(&b, box_entry(&b, &rows_kind, "s"));
    for (guint i = 0; i < b.mail->len; i++) {
        const struct mail *m = g_ptr_array_index(b.mail, i);
        if (m->type == MAIL_SNAPSHOT)
            g_assert_cmpstr(snapshot_row(m->snapshot, 0)->name, ==, "2.0");
    }
    box_close(&b);
}

static void what_waited_behind_a_stuck_call_is_answered(void)
{
    struct box b;
    box_open(&b, &fake, "");
    WORLD_SET(world.hold[PARTS] = true);
    engine_start(b.engine, b.source, false);
    box_show_scope(&b, PARTS_FEED, "s/rows/a", true);
    WORLD_UNTIL(world.entered[PARTS] == 1);
    guint64 id = ask(&b, "s/rows/b");
    let_look_stuck(&b, true);
    BOX_UNTIL(&b, box_answer(&b, id));
    g_assert_no_error(box_answer(&b, id)->error);
    box_close(&b);
}

static void a_question_that_hangs_is_answered_with_an_error(void)
{
    struct box b;
    box_open(&b, &fake, "");
    WORLD_SET(world.hold[CHECK] = true);
    engine_start(b.engine, b.source, false);
    guint64 id = engine_check(b.engine, b.source);
    WORLD_UNTIL(world.entered[CHECK] == 1);
    let_look_stuck(&b, true);
    BOX_UNTIL(&b, box_answer(&b, id));
    g_assert_error(box_answer(&b, id)->error, WEIR_ERROR, WEIR_ERROR_TIMEOUT);
    box_close(&b);
}

/* What was open while its fetch hung is fetched by the next lane, and closed with its frame. */
static void what_is_open_moves_to_the_next_lane(void)
{
    struct box b;
    box_open(&b, &fake, ", every: 1ms");
    WORLD_SET(world.hold[PARTS] = true);
    engine_start(b.engine, b.source, false);
    box_show_scope(&b, PARTS_FEED, "s", true);
    WORLD_UNTIL(world.entered[PARTS] == 1);
    let_look_stuck(&b, true);
    WORLD_UNTIL(world.entered[PARTS] == 2);
    WORLD_SET(world.hold[PARTS] = false);
    BOX_UNTIL(&b, box_entry(&b, &parts_kind, "s"));
    box_show_scope(&b, PARTS_FEED, "s", false);
    guint64 id = ask(&b, "s/rows/a");
    BOX_UNTIL(&b, box_answer(&b, id));
    unsigned before = world_get(&world.entered[PARTS]);
    for (int i = 0; i < 30; i++) {
        id = ask(&b, "s/rows/a");
        BOX_UNTIL(&b, box_answer(&b, id));
    }
    g_assert_cmpuint(world_get(&world.entered[PARTS]), ==, before);
    box_close(&b);
}

/* -- discovery and loading ------------------------------------------------------------------------ */

static void find_one(struct lane *l, struct found *out)
{
    g_assert_null(lane_source(l));
    g_assert_cmpint(lane_left_ms(l), >, 0);
    g_assert_false(lane_cancelled(l));
    lane_count(l, 1, 10, 1);
    found_add(
        out, "kafka", "listens here", (const char *const[]){"url", "http://127.0.0.1:1", NULL});
}

static void find_none(struct lane *l, struct found *out)
{
    (void)l;
    (void)out;
}

static const struct connector finder = {
    .name = "finder", .kinds = fake_kinds, .feeds = fake_feeds, .discover = find_one};
static const struct connector blind = {
    .name = "blind", .kinds = fake_kinds, .feeds = fake_feeds, .discover = find_none};

static void what_is_found_comes_before_the_end_of_the_search(void)
{
    struct box b;
    box_open(&b, &fake, "");
    struct registry *r = registry_new();
    registry_add(r, &finder);
    registry_add(r, &blind);
    engine_discover(b.engine, r);
    BOX_UNTIL(&b, box_count(&b, MAIL_DISCOVERED) == 1);
    const struct mail *m = box_last(&b, MAIL_FOUND);
    g_assert_true(m->connector == &finder);
    g_assert_cmpstr(m->name, ==, "kafka");
    g_assert_cmpstr(m->origin, ==, "listens here");
    g_assert_cmpstr(m->pairs[1], ==, "http://127.0.0.1:1");
    g_assert_cmpuint(box_count(&b, MAIL_FOUND), ==, 1);
    g_assert_true(box_last(&b, MAIL_DISCOVERED) == g_ptr_array_index(b.mail, b.mail->len - 1));
    registry_free(r);
    box_close(&b);
}

static void a_search_without_searchers_ends_at_once(void)
{
    struct box b;
    box_open(&b, &fake, "");
    engine_discover(b.engine, b.registry);
    box_receive(&b, 0);
    g_assert_cmpuint(box_count(&b, MAIL_DISCOVERED), ==, 1);
    box_close(&b);
}

static void connectors_that_are_missing_are_told(void)
{
    struct box b;
    box_open(&b, &fake, "");
    engine_load(b.engine, "/nonexistent/weir-connectors.so", "x");
    BOX_UNTIL(&b, box_count(&b, MAIL_LOADED) == 1);
    const struct mail *m = box_last(&b, MAIL_LOADED);
    g_assert_null(m->library);
    g_assert_error(m->error, WEIR_ERROR, WEIR_ERROR_CONFIG);
    ASSERT_CONTAINS(m->error->message, "/nonexistent/weir-connectors.so");
    box_close(&b);
}

/* -- the end -------------------------------------------------------------------------------------- */

static void an_engine_that_never_started_ends(void)
{
    struct box b;
    box_open(&b, &fake, "");
    engine_set_inputs(b.engine, g_ptr_array_new());
    engine_watch(b.engine);
    box_close(&b);
    engine_free(NULL);
}

/* By the test below, whose process would end now; volatile, so that it is really held. */
static struct engine *volatile left_behind;

static guint count_threads(void)
{
    g_autoptr(GDir) tasks = g_dir_open("/proc/self/task", 0, NULL);
    guint n = 0;
    while (g_dir_read_name(tasks))
        n++;
    return n;
}

static void a_connector_that_hangs_does_not_keep_the_program(void)
{
    struct box b;
    guint threads = count_threads();
    box_open(&b, &fake, "");
    WORLD_SET(world.hold[WIDE] = true);
    engine_start(b.engine, b.source, false);
    WORLD_UNTIL(world.entered[WIDE] == 1);
    left_behind = b.engine;
    int64_t start = g_get_monotonic_time();
    engine_free(b.engine);
    g_assert_cmpint(g_get_monotonic_time() - start, <, 2 * G_USEC_PER_SEC);
    g_assert_cmpuint(world_get(&world.left[WIDE]), ==, 0);
    /* Nothing was freed under it: it may still return, and end. */
    WORLD_SET(world.hold[WIDE] = false);
    WORLD_UNTIL(world.closes == 1);
    while (count_threads() > threads)
        g_thread_yield();
    box_clear(&b);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/engine/an-object-comes-whole-with-the-servers-own-text",
        an_object_comes_whole_with_the_servers_own_text);
    g_test_add_func("/engine/a-question-that-fails-says-why", a_question_that_fails_says_why);
    g_test_add_func("/engine/the-doctor-lists-what-it-checked", the_doctor_lists_what_it_checked);
    g_test_add_func("/engine/a-cancelled-question-ends-at-once", a_cancelled_question_ends_at_once);
    g_test_add_func("/engine/stopping-ends-a-call-that-listens", stopping_ends_a_call_that_listens);
    g_test_add_func("/engine/mail-wakes-the-one-who-waits", mail_wakes_the_one_who_waits);
    g_test_add_func(
        "/engine/a-slow-reader-of-a-log-misses-nothing", a_slow_reader_of_a_log_misses_nothing);
    g_test_add_func("/engine/closing-a-log-ends-it", closing_a_log_ends_it);
    g_test_add_func("/engine/a-log-that-is-closed-at-once-does-not-stay",
        a_log_that_is_closed_at_once_does_not_stay);
    g_test_add_func("/engine/only-a-few-logs-run-at-once", only_a_few_logs_run_at_once);
    g_test_add_func("/engine/logs-that-ended-leave-no-thread", logs_that_ended_leave_no_thread);
    g_test_add_func(
        "/engine/a-stuck-lane-is-replaced-at-most-twice", a_stuck_lane_is_replaced_at_most_twice);
    g_test_add_func("/engine/what-an-abandoned-lane-says-is-not-heard",
        what_an_abandoned_lane_says_is_not_heard);
    g_test_add_func("/engine/what-waited-behind-a-stuck-call-is-answered",
        what_waited_behind_a_stuck_call_is_answered);
    g_test_add_func("/engine/a-question-that-hangs-is-answered-with-an-error",
        a_question_that_hangs_is_answered_with_an_error);
    g_test_add_func(
        "/engine/what-is-open-moves-to-the-next-lane", what_is_open_moves_to_the_next_lane);
    g_test_add_func("/engine/what-is-found-comes-before-the-end-of-the-search",
        what_is_found_comes_before_the_end_of_the_search);
    g_test_add_func(
        "/engine/a-search-without-searchers-ends-at-once", a_search_without_searchers_ends_at_once);
    g_test_add_func(
        "/engine/connectors-that-are-missing-are-told", connectors_that_are_missing_are_told);
    g_test_add_func("/engine/an-engine-that-never-started-ends", an_engine_that_never_started_ends);
    g_test_add_func("/engine/a-connector-that-hangs-does-not-keep-the-program",
        a_connector_that_hangs_does_not_keep_the_program);
    return g_test_run();
}
