/* The kinds that are made of others: the sources, and what is wrong now. */
#include "health.h"
#include "sources.h"
#include "unit/lanes.h"

/* -- sources --------------------------------------------------------------------------------------- */

static const struct snapshot *judged(GPtrArray *take_statuses)
{
    struct snapshot *s = sources_snapshot(take_statuses, ROWS_NOW_MS);
    struct health_rules *rules = health_compile(sources_kind_table(), NULL, NULL);
    g_assert_nonnull(rules);
    health_apply(rules, s, ROWS_NOW_MS);
    health_rules_free(rules);
    g_ptr_array_unref(take_statuses);
    return snapshot_seal(s);
}

static void add(GPtrArray *all, struct source_status *take_s)
{
    g_ptr_array_add(all, take_s);
}

static void health_is(const struct snapshot *s, size_t row, enum health health, const char *why)
{
    g_assert_cmpint(snapshot_row(s, row)->health, ==, health);
    g_assert_cmpstr(snapshot_row(s, row)->why, ==, why);
}

static void a_source_is_judged_by_its_state(void)
{
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)status_free);
    struct source_status *s = status_new("fine", "kafka", ROWS_NOW_MS);
    status_count(s, 1, 100, 20, ROWS_NOW_MS);
    status_succeed(s, ROWS_NOW_MS);
    add(all, s);
    s = status_new("slow", "kafka", ROWS_NOW_MS);
    status_count(s, 1, 100, 4200, ROWS_NOW_MS);
    status_succeed(s, ROWS_NOW_MS);
    add(all, s);
    s = status_new("gone", "kafka", ROWS_NOW_MS);
    status_fail(s, WEIR_ERROR_UNREACHABLE, "connection\033 refused", 5000, 0.5, ROWS_NOW_MS);
    add(all, s);
    s = status_new("locked", "kafka", ROWS_NOW_MS);
    status_fail(s, WEIR_ERROR_DENIED, "wrong password", 5000, 0.5, ROWS_NOW_MS);
    add(all, s);
    add(all, status_new("new", "kafka", ROWS_NOW_MS));
    s = status_new("partial", "kafka", ROWS_NOW_MS);
    status_succeed(s, ROWS_NOW_MS);
    status_set_partial(s, "nodes: denied");
    add(all, s);
    const struct snapshot *rows = judged(all);
    health_is(rows, 0, HEALTH_OK, NULL);
    health_is(rows, 1, HEALTH_WARN, "a request takes 4.2s");
    health_is(rows, 2, HEALTH_FAIL, "connection␛ refused");
    health_is(rows, 3, HEALTH_FAIL, "wrong password");
    health_is(rows, 4, HEALTH_UNKNOWN, "no answer yet");
    health_is(rows, 5, HEALTH_WARN, "nodes: denied");
    const struct kind *k = sources_kind_table();
    g_assert_cmpint(snapshot_cell(rows, 0, kind_column(k, "latency_ms")).i, ==, 20);
    g_assert_cmpint(snapshot_cell(rows, 2, kind_column(k, "latency_ms")).type, ==, CELL_NONE);
    g_assert_cmpint(snapshot_cell(rows, 2, kind_column(k, "last_ok")).type, ==, CELL_NONE);
    g_assert_cmpint(snapshot_cell(rows, 2, kind_column(k, "next_try")).type, ==, CELL_TIME_MS);
    snapshot_unref(rows);
}

/* -- problems -------------------------------------------------------------------------------------- */

static const struct kind dated_kind = {
    .name = "test.dated", .columns = rows_columns, .since = "seen", .feed = "rows"};
static const struct kind *const more_kinds[] = {
    &rows_kind, &dated_kind, &slices_kind, &held_kind, &parts_kind, NULL};
static const struct connector source = {.name = "fake",
    .kinds = more_kinds,
    .feeds = fake_feeds,
    .open = fake_open,
    .close = fake_close};

struct now {
    struct box b;
    const struct kind *kind;
};

static void start(struct now *n)
{
    box_open(&n->b, &source, "");
    registry_add(n->b.registry, derived_connector());
    n->kind = registry_kind(n->b.registry, "problems", NULL);
    engine_start_derived(n->b.engine, derived_connector());
    engine_start(n->b.engine, n->b.source, false);
    BOX_UNTIL(&n->b, box_state(&n->b) == SOURCE_OK);
}

static struct snapshot *rows_of(const struct kind *k)
{
    AUTO(rid) scope = rid_source("s");
    return snapshot_new(k, scope, ROWS_NOW_MS);
}

static size_t problem(struct snapshot *s, const char *name, enum health health, const char *why)
{
    size_t row = snapshot_add(s, name);
    snapshot_set_health(s, row, health, why);
    return row;
}

static int64_t newest_at(struct now *n)
{
    const struct store_entry *e = box_entry(&n->b, n->kind, "weir");
    return e && e->snapshot ? snapshot_at(e->snapshot) : 0;
}

/* Gives the inputs, and waits for the list that is made of them. */
static const struct snapshot *list(struct now *n, struct snapshot *take_a, struct snapshot *take_b)
{
    GPtrArray *inputs = g_ptr_array_new_with_free_func((GDestroyNotify)snapshot_unref);
    g_ptr_array_add(inputs, (gpointer)snapshot_seal(take_a));
    if (take_b)
        g_ptr_array_add(inputs, (gpointer)snapshot_seal(take_b));
    BOX_UNTIL(&n->b, g_get_real_time() / 1000 > newest_at(n)); /* so that its time tells it */
    int64_t before = newest_at(n);
    engine_set_inputs(n->b.engine, inputs);
    BOX_UNTIL(&n->b, newest_at(n) > before);
    return box_entry(&n->b, n->kind, "weir")->snapshot;
}

static const char *text(struct now *n, const struct snapshot *s, size_t row, const char *column)
{
    return snapshot_cell(s, row, kind_column(n->kind, column)).text;
}

static struct cell cell(struct now *n, const struct snapshot *s, size_t row, const char *column)
{
    return snapshot_cell(s, row, kind_column(n->kind, column));
}

static void the_worst_and_oldest_comes_first(void)
{
    struct now n;
    start(&n);
    struct snapshot *a = rows_of(&dated_kind);
    snapshot_set_int(a, problem(a, "young", HEALTH_FAIL, "x"), R_SEEN, ROWS_NOW_MS - 1000);
    snapshot_set_int(a, problem(a, "warned", HEALTH_WARN, "x"), R_SEEN, ROWS_NOW_MS - 9000);
    snapshot_set_int(a, problem(a, "unseen", HEALTH_UNKNOWN, "x"), R_SEEN, 1);
    snapshot_set_int(a, problem(a, "old", HEALTH_FAIL, "broken\a"), R_SEEN, ROWS_NOW_MS - 5000);
    snapshot_set_int(a, problem(a, "ancient", HEALTH_FAIL, "x"), R_SEEN, G_MININT64);
    problem(a, "fine", HEALTH_OK, NULL);
    const struct snapshot *s = list(&n, a, NULL);
    g_assert_cmpuint(snapshot_count(s), ==, 5);
    static const char *const about[] = {
        "s/dated/ancient", "s/dated/old", "s/dated/young", "s/dated/warned", "s/dated/unseen"};
    static const char *const severity[] = {"error", "error", "error", "warn", "info"};
    for (size_t i = 0; i < 5; i++) {
        g_assert_cmpstr(text(&n, s, i, "about"), ==, about[i]);
        g_assert_cmpstr(text(&n, s, i, "severity"), ==, severity[i]);
        g_assert_cmpfloat(cell(&n, s, i, "rank").r, ==, (double)(i + 1));
        g_assert_cmpint(cell(&n, s, i, "since").quality, ==, EXACT);
    }
    g_assert_cmpstr(text(&n, s, 1, "what"), ==, "dated old: broken␇");
    g_assert_cmpstr(text(&n, s, 0, "system"), ==, "test");
    box_close(&n.b);
}

static void what_is_off_or_not_asked_yet_alarms_nobody(void)
{
    struct now n;
    start(&n);
    struct snapshot *a = rows_of(&rows_kind);
    snapshot_set_phase(a, problem(a, "paused", HEALTH_FAIL, "x"), PHASE_OFF);
    snapshot_set_phase(a, problem(a, "off", HEALTH_UNKNOWN, "x"), PHASE_OFF);
    snapshot_set_phase(a, problem(a, "connecting", HEALTH_UNKNOWN, "x"), PHASE_WAIT);
    snapshot_set_phase(a, problem(a, "queued", HEALTH_WARN, "x"), PHASE_WAIT);
    const struct snapshot *s = list(&n, a, NULL);
    g_assert_cmpuint(snapshot_count(s), ==, 1);
    g_assert_cmpstr(text(&n, s, 0, "about"), ==, "s/rows/queued");
    box_close(&n.b);
}

/* Without a time of its own a problem is at least as old as weir's first sight of it. */
static void what_has_no_date_is_dated_by_its_first_sight(void)
{
    struct now n;
    start(&n);
    struct snapshot *a = rows_of(&rows_kind);
    problem(a, "x", HEALTH_FAIL, "x");
    const struct snapshot *s = list(&n, a, NULL);
    struct cell first = cell(&n, s, 0, "since");
    g_assert_cmpint(first.quality, ==, BOUND);
    g_assert_cmpint(g_get_real_time() / 1000 - first.i, <, 60000);
    a = rows_of(&rows_kind);
    problem(a, "x", HEALTH_FAIL, "still");
    problem(a, "y", HEALTH_FAIL, "new");
    s = list(&n, a, NULL);
    g_assert_cmpint(cell(&n, s, 0, "since").i, ==, first.i);
    g_assert_cmpint(cell(&n, s, 1, "since").i, >, first.i);
    list(&n, rows_of(&rows_kind), NULL); /* it is over ... */
    a = rows_of(&rows_kind);
    problem(a, "x", HEALTH_FAIL, "again");
    s = list(&n, a, NULL); /* ... and begins anew */
    g_assert_cmpint(cell(&n, s, 0, "since").i, >, first.i);
    box_close(&n.b);
}

static void what_a_silent_source_said_is_marked_as_old(void)
{
    struct now n;
    start(&n);
    WORLD_SET(world.fail[WIDE] = 1 + WEIR_ERROR_UNREACHABLE; world.hold[HELD_WIDE] = true);
    engine_refresh(n.b.engine, n.b.source);
    BOX_UNTIL(&n.b, box_state(&n.b) == SOURCE_FAILING);
    struct snapshot *a = rows_of(&rows_kind);
    problem(a, "x", HEALTH_FAIL, "x");
    const struct snapshot *s = list(&n, a, NULL);
    g_assert_cmpuint(snapshot_count(s), ==, 2);
    bool seen_row = false, seen_source = false;
    for (size_t i = 0; i < 2; i++) {
        bool of_source = g_str_equal(text(&n, s, i, "about"), "weir/sources/s");
        g_assert_cmpint(snapshot_row(s, i)->error == NULL, ==, of_source);
        seen_source |= of_source;
        seen_row |= !of_source;
    }
    g_assert_true(seen_row && seen_source);
    box_close(&n.b);
}

static void no_problem_is_an_empty_list(void)
{
    struct now n;
    start(&n);
    const struct snapshot *s = list(&n, rows_of(&rows_kind), rows_of(&dated_kind));
    g_assert_cmpuint(snapshot_count(s), ==, 0);
    g_assert_null(snapshot_incomplete(s));
    box_close(&n.b);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/derived/a-source-is-judged-by-its-state", a_source_is_judged_by_its_state);
    g_test_add_func("/derived/the-worst-and-oldest-comes-first", the_worst_and_oldest_comes_first);
    g_test_add_func("/derived/what-is-off-or-not-asked-yet-alarms-nobody",
        what_is_off_or_not_asked_yet_alarms_nobody);
    g_test_add_func("/derived/what-has-no-date-is-dated-by-its-first-sight",
        what_has_no_date_is_dated_by_its_first_sight);
    g_test_add_func("/derived/what-a-silent-source-said-is-marked-as-old",
        what_a_silent_source_said_is_marked_as_old);
    g_test_add_func("/derived/no-problem-is-an-empty-list", no_problem_is_an_empty_list);
    return g_test_run();
}
