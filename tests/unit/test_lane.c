/* What is fetched, when, by which lane, and what becomes of it. */
#include "unit/lanes.h"

static void a_source_is_polled_from_the_start(void)
{
    struct box b;
    box_open(&b, &fake, ", every: 1ms");
    engine_start(b.engine, b.source, false);
    BOX_UNTIL(&b, box_count(&b, MAIL_FETCHED) >= 3);
    const struct store_entry *e = box_entry(&b, &rows_kind, "s");
    g_assert_cmpuint(snapshot_count(e->snapshot), ==, 1);
    g_assert_null(e->error);
    const struct mail *m = box_last(&b, MAIL_FETCHED);
    g_assert_true(m->source == b.source);
    g_assert_true(m->feed >= fake_feeds && m->feed < fake_feeds + 2);
    g_assert_cmpuint(world_get(&world.entered[OPEN]), ==, 1);
    g_assert_cmpuint(world_get(&world.entered[PARTS]), ==, 0); /* nobody looks at it */
    box_close(&b);
    g_assert_cmpuint(world.closes, ==, 1);
}

static void a_failed_fetch_keeps_the_old_data_and_marks_it(void)
{
    struct box b;
    box_open(&b, &fake, ", every: 1ms");
    engine_start(b.engine, b.source, false);
    BOX_UNTIL(&b, box_entry(&b, &rows_kind, "s"));
    WORLD_SET(world.fail[WIDE] = 1 + WEIR_ERROR_SERVER);
    BOX_UNTIL(&b, box_entry(&b, &rows_kind, "s")->error);
    const struct store_entry *e = box_entry(&b, &rows_kind, "s");
    g_assert_cmpuint(snapshot_count(e->snapshot), ==, 1);
    g_assert_cmpstr(e->error->message, ==, "made to fail");
    g_assert_cmpint(e->error_ms, >=, snapshot_at(e->snapshot));
    WORLD_SET(world.fail[WIDE] = 0);
    BOX_UNTIL(&b, !box_entry(&b, &rows_kind, "s")->error);
    box_close(&b);
}

static void what_was_never_read_has_no_data(void)
{
    struct box b;
    box_open(&b, &fake, "");
    WORLD_SET(world.fail[WIDE] = 1 + WEIR_ERROR_DENIED);
    engine_start(b.engine, b.source, false);
    BOX_UNTIL(&b, box_entry(&b, &rows_kind, "s"));
    const struct store_entry *e = box_entry(&b, &rows_kind, "s");
    g_assert_null(e->snapshot);
    g_assert_error(e->error, WEIR_ERROR, WEIR_ERROR_DENIED);
    box_close(&b);
}

static void the_newest_snapshot_wins_in_its_place(void)
{
    struct box b;
    box_open(&b, &fake, "");
    WORLD_SET(world.publish = 50);
    engine_start(b.engine, b.source, false);
    WORLD_UNTIL(world.left[WIDE] == 1);
    BOX_UNTIL(&b, box_count(&b, MAIL_FETCHED) >= 1);
    g_assert_cmpuint(box_count(&b, MAIL_SNAPSHOT), <=, 2); /* at most one was taken before */
    const struct store_entry *e = box_entry(&b, &rows_kind, "s");
    g_assert_cmpstr(snapshot_row(e->snapshot, 0)->name, ==, "1.49");
    box_close(&b);
}

/* -- two lanes ------------------------------------------------------------------------------------ */

static void the_hand_lane_answers_while_the_poll_lane_hangs(void)
{
    struct box b;
    box_open(&b, &fake, "");
    WORLD_SET(world.hold[WIDE] = true);
    engine_start(b.engine, b.source, false);
    WORLD_UNTIL(world.entered[WIDE] == 1);
    box_show_scope(&b, PARTS_FEED, "s/rows/a", true);
    BOX_UNTIL(&b, box_entry(&b, &parts_kind, "s/rows/a"));
    box_show_scope(&b, ROWS_FEED, "s/rows/b", true);
    BOX_UNTIL(&b, box_entry(&b, &slices_kind, "s/rows/b"));
    AUTO(rid) what = rid_parse("s/rows/c", NULL);
    guint64 id = engine_show(b.engine, b.source, what);
    BOX_UNTIL(&b, box_answer(&b, id));
    g_assert_null(box_entry(&b, &rows_kind, "s"));
    g_assert_cmpuint(world_get(&world.left[WIDE]), ==, 0);
    g_assert_cmpuint(world_get(&world.lane[PARTS]), !=, world_get(&world.lane[WIDE]));
    box_close(&b);
    g_assert_cmpuint(world.closes, ==, 2);
}

static void what_is_open_is_polled_and_no_longer_than_that(void)
{
    struct box b;
    box_open(&b, &fake, ", every: 1ms");
    engine_start(b.engine, b.source, false);
    box_show_scope(&b, PARTS_FEED, "s/rows/a", true);
    box_show_scope(&b, PARTS_FEED, "s/rows/a", true); /* two frames show it */
    BOX_UNTIL(&b, world_get(&world.left[PARTS]) >= 3);
    box_show_scope(&b, PARTS_FEED, "s/rows/a", false);
    unsigned before = world_get(&world.left[PARTS]);
    BOX_UNTIL(&b, world_get(&world.left[PARTS]) >= before + 3);
    box_show_scope(&b, PARTS_FEED, "s/rows/a", false);
    AUTO(rid) what = rid_parse("s/rows/a", NULL);
    guint64 id = engine_show(b.engine, b.source, what); /* the same lane, after what it did */
    BOX_UNTIL(&b, box_answer(&b, id));
    before = world_get(&world.entered[PARTS]);
    for (int i = 0; i < 30; i++) {
        id = engine_show(b.engine, b.source, what);
        BOX_UNTIL(&b, box_answer(&b, id));
    }
    g_assert_cmpuint(world_get(&world.entered[PARTS]), ==, before);
    box_close(&b);
}

/* A scope of a polled feed: at once by the hand lane, then by the poll lane after each of its polls. */
static void scopes_of_a_polled_feed_follow_its_polls(void)
{
    struct box b;
    box_open(&b, &fake, "");
    engine_start(b.engine, b.source, false);
    BOX_UNTIL(&b, box_entry(&b, &rows_kind, "s"));
    box_show_scope(&b, ROWS_FEED, "s/rows/a", true);
    BOX_UNTIL(&b, box_entry(&b, &slices_kind, "s/rows/a"));
    unsigned poll_lane = world_get(&world.lane[WIDE]);
    for (unsigned poll = 2; poll < 6; poll++) {
        engine_refresh(b.engine, b.source);
        WORLD_UNTIL(world.left[WIDE] == poll);
        WORLD_UNTIL(world.slices[poll_lane] >= poll - 1);
    }
    WORLD_UNTIL(world.slices[poll_lane == 1 ? 2 : 1] >= 1);
    g_assert_cmpuint(world_get(&world.slices[poll_lane]), <=, 2 * 5);
    box_close(&b);
}

static void scopes_follow_polls_by_themselves(void)
{
    struct box b;
    box_open(&b, &fake, ", every: 1ms");
    engine_start(b.engine, b.source, false);
    box_show_scope(&b, ROWS_FEED, "s/rows/a", true);
    BOX_UNTIL(&b, world_get(&world.left[SLICE]) >= 5);
    g_assert_cmpuint(world_get(&world.left[SLICE]), <=, world_get(&world.left[WIDE]) + 2);
    g_assert_cmpuint(world_get(&world.slices[world_get(&world.lane[WIDE])]), >=, 4);
    box_show_scope(&b, ROWS_FEED, "s/rows/a", false);
    box_close(&b);
}

static void a_held_feed_has_one_connection(void)
{
    struct box b;
    box_open(&b, &fake, "");
    engine_start(b.engine, b.source, false);
    box_show_scope(&b, HELD_FEED, "s/rows/a", true);
    BOX_UNTIL(&b, box_entry(&b, &held_kind, "s/rows/a"));
    g_assert_cmpuint(world_get(&world.entered[OPEN]), ==, 1); /* no hand lane was needed */
    box_close(&b);
}

static void a_one_shot_command_fetches_once(void)
{
    struct box b;
    box_open(&b, &fake, ", every: 1ms");
    engine_start(b.engine, b.source, true);
    AUTO(rid) what = rid_parse("s/rows/a", NULL);
    guint64 id = engine_show(b.engine, b.source, what);
    BOX_UNTIL(&b, box_answer(&b, id));
    g_assert_cmpuint(world_get(&world.entered[WIDE]), ==, 0);
    box_show_scope(&b, ROWS_FEED, "s", true);
    BOX_UNTIL(&b, box_entry(&b, &rows_kind, "s"));
    box_show_scope(&b, PARTS_FEED, "s/rows/a", true);
    BOX_UNTIL(&b, box_entry(&b, &parts_kind, "s/rows/a"));
    for (int i = 0; i < 20; i++) {
        id = engine_show(b.engine, b.source, what);
        BOX_UNTIL(&b, box_answer(&b, id));
    }
    g_assert_cmpuint(world_get(&world.entered[WIDE]), ==, 1);
    g_assert_cmpuint(world_get(&world.entered[PARTS]), ==, 1);
    box_close(&b);
}

static void refresh_does_not_wait_for_the_next_try(void)
{
    struct box b;
    box_open(&b, &fake, ", every: 1h");
    WORLD_SET(world.fail[WIDE] = 1 + WEIR_ERROR_DENIED);
    engine_start(b.engine, b.source, false);
    for (unsigned i = 1; i < 5; i++) {
        BOX_UNTIL(&b, world_get(&world.left[WIDE]) == i);
        engine_refresh(b.engine, i % 2 ? b.source : NULL);
    }
    WORLD_SET(world.fail[WIDE] = 0);
    engine_refresh(b.engine, NULL);
    BOX_UNTIL(&b, box_entry(&b, &rows_kind, "s") && box_entry(&b, &rows_kind, "s")->snapshot);
    box_close(&b);
}

/* -- handles -------------------------------------------------------------------------------------- */

static void a_half_open_lane_is_closed_before_it_is_opened_again(void)
{
    struct box b;
    box_open(&b, &fake, ", every: 1ms");
    WORLD_SET(world.fail[OPEN] = 1 + WEIR_ERROR_UNREACHABLE);
    engine_start(b.engine, b.source, false);
    WORLD_UNTIL(world.left[OPEN] >= 3);
    g_assert_cmpuint(world_get(&world.closes), >=, 2);
    g_assert_cmpuint(world_get(&world.entered[WIDE]), ==, 0);
    WORLD_SET(world.fail[OPEN] = 0);
    BOX_UNTIL(&b, box_entry(&b, &rows_kind, "s") && box_entry(&b, &rows_kind, "s")->snapshot);
    box_close(&b);
    g_assert_cmpuint(world.closes, ==, world.entered[OPEN]);
}

static void lanes_share_one_handle(void)
{
    struct box b;
    box_open(&b, &fake, "");
    WORLD_SET(world.share = world.hold[MAKE] = true);
    engine_start(b.engine, b.source, false);
    WORLD_UNTIL(world.entered[MAKE] == 1);
    box_show_scope(&b, PARTS_FEED, "s/rows/a", true); /* asks while the other one makes it */
    WORLD_UNTIL(world.entered[PARTS] == 1);
    WORLD_SET(world.hold[MAKE] = false);
    WORLD_UNTIL(world.left[WIDE] == 1 && world.left[PARTS] == 1);
    g_assert_cmpuint(world_get(&world.entered[MAKE]), ==, 1);
    g_assert_nonnull(world.shared[0]);
    g_assert_true(world.shared[0] == world.shared[1]);
    g_assert_cmpuint(world_get(&world.destroys), ==, 0);
    box_close(&b);
    g_assert_cmpuint(world.destroys, ==, 1);
}

static void a_handle_that_could_not_be_made_is_tried_again(void)
{
    struct box b;
    box_open(&b, &fake, ", every: 1ms");
    WORLD_SET(world.share = world.hold[MAKE] = true; world.fail[MAKE] = 1 + WEIR_ERROR_DENIED);
    engine_start(b.engine, b.source, false);
    box_show_scope(&b, PARTS_FEED, "s/rows/a", true);
    WORLD_UNTIL(world.entered[WIDE] == 1 && world.entered[PARTS] == 1);
    WORLD_SET(world.hold[MAKE] = false);
    WORLD_UNTIL(world.left[MAKE] >= 2); /* the one that waited tries by itself */
    WORLD_SET(world.fail[MAKE] = 0);
    engine_refresh(b.engine, NULL);
    BOX_UNTIL(&b, box_entry(&b, &rows_kind, "s") && box_entry(&b, &rows_kind, "s")->snapshot);
    box_close(&b);
    g_assert_cmpuint(world.destroys, ==, 1);
}

/* -- what people see of a source ------------------------------------------------------------------ */

static void a_source_says_how_it_does(void)
{
    struct box b;
    box_open(&b, &fake, ", every: 1h, timeout: 7s");
    struct source_status *s = box_status(&b);
    g_assert_cmpint(s->state, ==, SOURCE_CONNECTING);
    status_free(s);
    engine_start(b.engine, b.source, false);
    BOX_UNTIL(&b, world_get(&world.left[WIDE]) == 1 && box_state(&b) == SOURCE_OK);
    s = box_status(&b);
    g_assert_cmpstr(s->version, ==, "4.3␛");
    g_assert_cmpint(s->latency_ms, ==, 5);
    g_assert_cmpfloat(status_requests_per_min(s, g_get_real_time() / 1000), >=, 1);
    g_assert_true(s->error == NULL && s->partial == NULL);
    status_free(s);
    g_assert_nonnull(box_last(&b, MAIL_STATUS));
    box_close(&b);
    g_assert_cmpint(world.left_ms, <=, 7000);
    g_assert_cmpint(world.left_ms, >, 0);
}

static bool misses_a_part(struct box *b)
{
    struct source_status *s = box_status(b);
    bool partial = g_strcmp0(s->partial, "test.rows: made to fail") == 0;
    status_free(s);
    return partial;
}

static void a_part_that_cannot_be_read_does_not_condemn_the_whole(void)
{
    struct box b;
    box_open(&b, &fake, ", every: 1h");
    engine_start(b.engine, b.source, false);
    BOX_UNTIL(&b, world_get(&world.left[HELD_WIDE]) == 1 && box_state(&b) == SOURCE_OK);
    WORLD_SET(world.fail[WIDE] = 1 + WEIR_ERROR_DENIED; world.hold[HELD_WIDE] = true);
    engine_refresh(b.engine, b.source);
    BOX_UNTIL(&b, misses_a_part(&b));
    g_assert_cmpint(box_state(&b), ==, SOURCE_OK); /* the other feed could be read */
    WORLD_SET(world.fail[WIDE] = 0; world.hold[HELD_WIDE] = false);
    engine_refresh(b.engine, b.source);
    BOX_UNTIL(&b, !misses_a_part(&b));
    box_close(&b);
}

static void a_server_that_is_gone_fails_as_a_whole(void)
{
    struct box b;
    box_open(&b, &fake, ", every: 1h");
    engine_start(b.engine, b.source, false);
    BOX_UNTIL(&b, world_get(&world.left[HELD_WIDE]) == 1 && box_state(&b) == SOURCE_OK);
    WORLD_SET(world.fail[WIDE] = 1 + WEIR_ERROR_UNREACHABLE; world.hold[HELD_WIDE] = true);
    engine_refresh(b.engine, b.source);
    BOX_UNTIL(&b, box_state(&b) == SOURCE_FAILING);
    struct source_status *s = box_status(&b);
    g_assert_cmpstr(s->error, ==, "made to fail");
    g_assert_null(s->partial);
    g_assert_cmpint(s->next_try_ms, >, 0);
    status_free(s);
    box_close(&b);
}

static void a_source_with_a_wrong_option_is_not_asked(void)
{
    world_reset();
    struct box b = {.file = config_read("environments: {e: {sources: {s: {type: none}}}}\n", NULL),
        .registry = registry_new()};
    registry_add(b.registry, &fake);
    config_check_sources(b.file.config, b.registry, b.file.faults);
    b.engine = engine_new(config_environment(b.file.config));
    b.store = store_new(b.registry);
    b.source = environment_source_at(config_environment(b.file.config), 0);
    b.mail = g_ptr_array_new_with_free_func((GDestroyNotify)mail_free);
    engine_start(b.engine, b.source, false);
    struct source_status *s = box_status(&b);
    g_assert_cmpint(s->state, ==, SOURCE_FAILING);
    ASSERT_CONTAINS(s->error, "unknown type \"none\"");
    status_free(s);
    AUTO(rid) what = rid_parse("s/rows/a", NULL);
    g_assert_cmpuint(engine_show(b.engine, b.source, what), ==, 0);
    g_assert_cmpuint(engine_check(b.engine, b.source), ==, 0);
    g_assert_cmpuint(engine_follow(b.engine, b.source, what, NULL), ==, 0);
    box_show_scope(&b, PARTS_FEED, "s/rows/a", true);
    box_show_scope(&b, PARTS_FEED, "s/rows/a", false);
    engine_refresh(b.engine, NULL);
    g_assert_cmpuint(world_get(&world.entered[OPEN]), ==, 0);
    box_close(&b);
}

/* -- derived kinds -------------------------------------------------------------------------------- */

#define RUNS 4

static int64_t run_ms[RUNS + 1]; /* when a derived fetch began; guarded by the world's lock */
static unsigned runs;
static int64_t newest_seen; /* of the inputs */
static bool hold_run;

static const char *const made_inputs[] = {"test.rows", NULL};
static const struct kind made_kind = {
    .name = "made", .columns = rows_columns, .inputs = made_inputs, .feed = "made"};

static bool fetch_made(struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    (void)scope;
    (void)error;
    int64_t newest = 0;
    for (guint i = 0; i < lane_input_count(l); i++)
        newest = MAX(newest, snapshot_at(lane_input(l, i)));
    GPtrArray *statuses = lane_statuses(l);
    g_assert_cmpuint(statuses->len, ==, 1);
    g_ptr_array_unref(statuses);
    pthread_mutex_lock(&world.lock);
    run_ms[MIN(runs, RUNS)] = g_get_monotonic_time() / 1000;
    runs++;
    newest_seen = newest;
    pthread_cond_broadcast(&world.changed);
    while (hold_run)
        pthread_cond_wait(&world.changed, &world.lock);
    pthread_mutex_unlock(&world.lock);
    batch_publish(out, batch_snapshot(out, &made_kind));
    return true;
}

static const char *const made_names[] = {"made", NULL};
static const struct feed made_feeds[] = {
    {"made", 0, FEED_DERIVED, false, made_names, fetch_made}, {0}};
static const struct kind *const made_kinds[] = {&made_kind, NULL};
static const struct connector made = {.name = "weir", .kinds = made_kinds, .feeds = made_feeds};

static GPtrArray *inputs(int64_t at_ms)
{
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)snapshot_unref);
    AUTO(rid) scope = rid_source("s");
    g_ptr_array_add(all, (gpointer)snapshot_seal(snapshot_new(&rows_kind, scope, at_ms)));
    /* One that the kind did not name: it must not be seen. */
    g_ptr_array_add(all, (gpointer)snapshot_seal(snapshot_new(&parts_kind, scope, G_MAXINT64)));
    return all;
}

static void derived_start(struct box *b)
{
    box_open(b, &fake, ", every: 1h");
    WORLD_SET(runs = 0; newest_seen = 0; hold_run = false);
    registry_add(b->registry, &made);
    engine_start_derived(b->engine, &made);
}

static void derived_kinds_run_at_most_twice_a_second(void)
{
    struct box b;
    derived_start(&b);
    for (int64_t n = 1; world_get(&runs) < RUNS; n++) {
        engine_set_inputs(b.engine, inputs(n));
        box_receive(&b, 5);
    }
    WORLD_SET(hold_run = false);
    for (unsigned i = 2; i < RUNS; i++)
        g_assert_cmpint(run_ms[i] - run_ms[i - 2], >=, 1000);
    g_assert_cmpint(run_ms[1] - run_ms[0], >=, 499);
    box_close(&b);
}

/* Inputs that come while it runs do not make it run again at once. */
static void inputs_during_a_run_wait_their_turn(void)
{
    struct box b;
    derived_start(&b);
    WORLD_SET(hold_run = true);
    engine_set_inputs(b.engine, inputs(1));
    WORLD_UNTIL(runs == 1);
    engine_set_inputs(b.engine, inputs(2));
    WORLD_SET(hold_run = false);
    BOX_UNTIL(&b, world_get(&runs) == 2);
    g_assert_cmpint(run_ms[1] - run_ms[0], >=, 499);
    WORLD_UNTIL(newest_seen == 2);
    box_close(&b);
}

static void derived_kinds_see_the_newest_inputs(void)
{
    struct box b;
    derived_start(&b);
    for (int64_t n = 1; n <= 100; n++)
        engine_set_inputs(b.engine, inputs(n));
    WORLD_UNTIL(newest_seen == 100);
    g_assert_cmpuint(world_get(&runs), <=, 2);
    BOX_UNTIL(&b, box_entry(&b, &made_kind, "weir"));
    box_close(&b);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/lane/a-source-is-polled-from-the-start", a_source_is_polled_from_the_start);
    g_test_add_func("/lane/a-failed-fetch-keeps-the-old-data-and-marks-it",
        a_failed_fetch_keeps_the_old_data_and_marks_it);
    g_test_add_func("/lane/what-was-never-read-has-no-data", what_was_never_read_has_no_data);
    g_test_add_func(
        "/lane/the-newest-snapshot-wins-in-its-place", the_newest_snapshot_wins_in_its_place);
    g_test_add_func("/lane/the-hand-lane-answers-while-the-poll-lane-hangs",
        the_hand_lane_answers_while_the_poll_lane_hangs);
    g_test_add_func("/lane/what-is-open-is-polled-and-no-longer-than-that",
        what_is_open_is_polled_and_no_longer_than_that);
    g_test_add_func(
        "/lane/scopes-of-a-polled-feed-follow-its-polls", scopes_of_a_polled_feed_follow_its_polls);
    g_test_add_func("/lane/scopes-follow-polls-by-themselves", scopes_follow_polls_by_themselves);
    g_test_add_func("/lane/a-held-feed-has-one-connection", a_held_feed_has_one_connection);
    g_test_add_func("/lane/a-one-shot-command-fetches-once", a_one_shot_command_fetches_once);
    g_test_add_func(
        "/lane/refresh-does-not-wait-for-the-next-try", refresh_does_not_wait_for_the_next_try);
    g_test_add_func("/lane/a-half-open-lane-is-closed-before-it-is-opened-again",
        a_half_open_lane_is_closed_before_it_is_opened_again);
    g_test_add_func("/lane/lanes-share-one-handle", lanes_share_one_handle);
    g_test_add_func("/lane/a-handle-that-could-not-be-made-is-tried-again",
        a_handle_that_could_not_be_made_is_tried_again);
    g_test_add_func("/lane/a-source-says-how-it-does", a_source_says_how_it_does);
    g_test_add_func("/lane/a-part-that-cannot-be-read-does-not-condemn-the-whole",
        a_part_that_cannot_be_read_does_not_condemn_the_whole);
    g_test_add_func(
        "/lane/a-server-that-is-gone-fails-as-a-whole", a_server_that_is_gone_fails_as_a_whole);
    g_test_add_func("/lane/a-source-with-a-wrong-option-is-not-asked",
        a_source_with_a_wrong_option_is_not_asked);
    g_test_add_func(
        "/lane/derived-kinds-run-at-most-twice-a-second", derived_kinds_run_at_most_twice_a_second);
    g_test_add_func(
        "/lane/inputs-during-a-run-wait-their-turn", inputs_during_a_run_wait_their_turn);
    g_test_add_func(
        "/lane/derived-kinds-see-the-newest-inputs", derived_kinds_see_the_newest_inputs);
    return g_test_run();
}
