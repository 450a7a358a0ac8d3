/* The parts of the Kafka connector that need no server: the arithmetic of lag, what a lane keeps from
 * poll to poll, and the rows that are made of it. */
#include "harness.h"

#include "health.h"
#include "kafka/kafka.h"
#include "kafka/kinds.h"
#include "kafka/publish.h"

#define NONE KAFKA_OFFSET_NONE

static const struct kafka_lag unknown = {KAFKA_LAG_UNKNOWN, -1, 0};

/* -- lag ----------------------------------------------------------------------------------------- */

static void test_lag_table(void)
{
    static const struct {
        int64_t c, s, h;
        struct kafka_lag expected;
    } rows[] = {
        {40, 0, 100, {KAFKA_LAG_KNOWN, 60, 0}},
        {100, 0, 100, {KAFKA_LAG_KNOWN, 0, 0}},
        {0, 0, 0, {KAFKA_LAG_KNOWN, 0, 0}},
        {40, 40, 100, {KAFKA_LAG_KNOWN, 60, 0}},
        {40, NONE, 100, {KAFKA_LAG_KNOWN, 60, 0}}, /* the begin is read less often */
        {NONE, 0, 100, {KAFKA_LAG_UNCOMMITTED, -1, 0}},
        {NONE, NONE, NONE, {KAFKA_LAG_UNCOMMITTED, -1, 0}},
        {40, 70, 100, {KAFKA_LAG_LOST, 30, 30}},
        {40, 100, 100, {KAFKA_LAG_LOST, 0, 60}},
        {40, 0, NONE, {KAFKA_LAG_UNKNOWN, -1, 0}},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct kafka_lag lag = kafka_lag_next(unknown, rows[i].c, rows[i].s, rows[i].h);
        g_assert_cmpint(lag.state, ==, rows[i].expected.state);
        g_assert_cmpint(lag.lag, ==, rows[i].expected.lag);
        g_assert_cmpint(lag.gap, ==, rows[i].expected.gap);
    }
}

static void test_lag_ahead(void)
{
    struct kafka_lag lag = kafka_lag_next(unknown, 90, 0, 100);
    lag = kafka_lag_next(lag, 120, 0, 100);
    g_assert_cmpint(lag.state, ==, KAFKA_LAG_SUSPECT);
    g_assert_cmpint(lag.lag, ==, 10);
    lag = kafka_lag_next(lag, 120, 0, 100);
    g_assert_cmpint(lag.state, ==, KAFKA_LAG_AHEAD);
    g_assert_cmpint(lag.lag, ==, -1);
    g_assert_cmpint(lag.gap, ==, 20);
    lag = kafka_lag_next(lag, 120, 0, 130);
    g_assert_cmpint(lag.state, ==, KAFKA_LAG_KNOWN);
    g_assert_cmpint(lag.lag, ==, 10);
}

static void test_lag_kept(void)
{
    struct kafka_lag lag = kafka_lag_next(unknown, 40, 0, 100);
    lag = kafka_lag_next(lag, 50, 0, NONE);
    g_assert_cmpint(lag.state, ==, KAFKA_LAG_KNOWN);
    g_assert_cmpint(lag.lag, ==, 60);
    lag = kafka_lag_next(lag, NONE, 0, 100);
    lag = kafka_lag_next(lag, 10, 0, NONE);
    g_assert_cmpint(lag.state, ==, KAFKA_LAG_UNKNOWN);
    g_assert_cmpint(lag.lag, ==, -1);
}

static void test_rate(void)
{
    struct kafka_rate r = {0};
    double per_s = -1;
    g_assert_false(kafka_rate_get(&r, &per_s));
    kafka_rate_add(&r, 1000, 500);
    g_assert_false(kafka_rate_get(&r, &per_s));
    kafka_rate_add(&r, 11000, 700);
    g_assert_true(kafka_rate_get(&r, &per_s));
    g_assert_cmpfloat(per_s, ==, 20);
    for (int i = 2; i <= 20; i++)
        kafka_rate_add(&r, 1000 + i * 10000, 700);
    g_assert_true(kafka_rate_get(&r, &per_s));
    g_assert_cmpfloat(per_s, ==, 0);
    kafka_rate_add(&r, 211000, 400);
    kafka_rate_get(&r, &per_s);
    g_assert_cmpfloat(per_s, <, -4.9);
    kafka_rate_add(&r, 5000, 0); /* the clock was set back */
    g_assert_false(kafka_rate_get(&r, &per_s));
    kafka_rate_reset(&r);
    g_assert_false(kafka_rate_get(&r, &per_s));
}

static void test_rebalancing(void)
{
    g_assert_cmpint(kafka_rebalancing_since(0, "Stable", 5000), ==, 0);
    int64_t since = kafka_rebalancing_since(0, "PreparingRebalance", 5000);
    g_assert_cmpint(since, ==, 5000);
    since = kafka_rebalancing_since(since, "CompletingRebalance", 70000);
    g_assert_cmpint(since, ==, 5000);
    since = kafka_rebalancing_since(since, "Stable", 80000);
    g_assert_cmpint(since, ==, 0);
    g_assert_true(kafka_is_rebalancing("Reconciling"));
    g_assert_false(kafka_is_rebalancing("Empty"));
}

/* -- a cluster made by hand ---------------------------------------------------------------------- */

struct world {
    struct kafka_state *s;
    struct harness h;
    int64_t now_ms;
};

static const struct connector *const connectors[] = {&kafka_connector, NULL};

static void world_open(struct world *w)
{
    w->s = kafka_state_new();
    w->now_ms = 1000000;
    harness_open(
        &w->h, connectors, "      k:\n        type: kafka\n        brokers: 127.0.0.1:1\n");
}

static void world_close(struct world *w)
{
    kafka_state_free(w->s);
    harness_close(&w->h);
}

/* Topic "t" of four partitions on brokers 1 and 2; the fourth has no leader, the third misses a
 * replica. */
static void see_metadata(struct world *w)
{
    static const int32_t both[] = {1, 2};
    kafka_metadata_begin(w->s);
    kafka_broker_see(w->s, 1, "one", 9092);
    kafka_broker_see(w->s, 2, "two", 9092);
    struct kafka_topic *t = kafka_topic_see(w->s, "t", 4, 4);
    for (int i = 0; i < 4; i++) {
        struct kafka_partition *p = kafka_partition(t, i);
        p->leader = i < 3 ? 1 + i % 2 : -1;
        p->replicas = p->isr = both;
        p->replica_count = 2;
        p->isr_count = i < 2 ? 2 : 1;
    }
    kafka_metadata_end(w->s, w->now_ms);
}

static void see_end(struct world *w, int32_t partition, int64_t begin, int64_t end)
{
    struct kafka_partition *p = kafka_partition(kafka_topic(w->s, "t"), partition);
    kafka_partition_set_begin(p, begin, w->now_ms);
    kafka_partition_set_end(p, end, w->now_ms);
}

static void see_commits(struct world *w, const char *group, const int64_t *offsets, int count)
{
    GArray *commits = g_array_new(FALSE, TRUE, sizeof(struct kafka_commit));
    for (int i = 0; i < count; i++) {
        struct kafka_commit c = {
            .topic = kafka_topic_get(w->s, "t"), .partition = i, .offset = offsets[i]};
        if (offsets[i] != NONE)
            g_array_append_val(commits, c);
    }
    kafka_group_set_commits(kafka_group_get(w->s, group), commits, w->now_ms);
}

static const struct snapshot *judged(struct world *w, struct snapshot *take_s)
{
    g_autoptr(GError) error = NULL;
    struct health_rules *rules =
        health_compile(snapshot_kind(take_s), config_environment(w->h.config), &error);
    g_assert_no_error(error);
    health_apply(rules, take_s, w->now_ms);
    health_rules_free(rules);
    return snapshot_seal(take_s);
}

static struct snapshot *empty(struct world *w, const struct kind *k)
{
    AUTO(rid) scope = rid_source("k");
    return snapshot_new(k, scope, w->now_ms);
}

static const struct snapshot *groups_of(struct world *w)
{
    struct snapshot *s = empty(w, &kafka_groups);
    fill_groups(w->s, s, w->now_ms, w->now_ms);
    return judged(w, s);
}

static void list_groups(struct world *w, const char *state)
{
    kafka_list_begin(w->s);
    kafka_group_see(w->s, "g", state, "classic", w->now_ms);
    kafka_list_end(w->s, NULL, w->now_ms);
}

static void count(struct world *w)
{
    kafka_group_count(w->s, kafka_group(w->s, "g"), w->now_ms);
}

static int64_t int_of(const struct snapshot *s, size_t row, int column)
{
    struct cell cell = snapshot_cell(s, row, column);
    g_assert_cmpint(cell.type, !=, CELL_NONE);
    return cell.i;
}

static void assert_absent(const struct snapshot *s, size_t row, int column, enum absent why)
{
    struct cell cell = snapshot_cell(s, row, column);
    g_assert_cmpint(cell.type, ==, CELL_NONE);
    g_assert_cmpint(cell.absent, ==, why);
}

static void assert_health(const struct snapshot *s, size_t row, enum health health)
{
    g_assert_cmpstr(health_name(snapshot_row(s, row)->health), ==, health_name(health));
}

/* A cycle in which everything answers: commits 10 and 20, ends 100 and 100, nothing in 2 and 3. */
static void good_cycle(struct world *w)
{
    see_metadata(w);
    list_groups(w, "Stable");
    see_commits(w, "g", (int64_t[]){10, 20, NONE, NONE}, 4);
    see_end(w, 0, 0, 100);
    see_end(w, 1, 0, 100);
    see_end(w, 2, 0, 50);
    count(w);
}

/* -- groups -------------------------------------------------------------------------------------- */

static void test_group_sums(void)
{
    struct world w;
    world_open(&w);
    good_cycle(&w);
    const struct snapshot *s = groups_of(&w);
    g_assert_cmpuint(snapshot_count(s), ==, 1);
    g_assert_cmpint(int_of(s, 0, GROUP_LAG), ==, 170);
    g_assert_cmpint(int_of(s, 0, GROUP_UNCOMMITTED), ==, 2);
    g_assert_cmpint(int_of(s, 0, GROUP_PARTITIONS), ==, 4);
    g_assert_cmpint(int_of(s, 0, GROUP_TOPICS), ==, 1);
    g_assert_cmpint(int_of(s, 0, GROUP_LOST), ==, 0);
    assert_absent(s, 0, GROUP_LAG_PER_S, ABSENT_NOT_ASKED);
    assert_absent(s, 0, GROUP_LAG_TIME, ABSENT_NOT_ASKED);
    assert_health(s, 0, HEALTH_OK);
    snapshot_unref(s);
    world_close(&w);
}

static void test_names_first(void)
{
    struct world w;
    world_open(&w);
    see_metadata(&w);
    list_groups(&w, "Stable");
    const struct snapshot *s = groups_of(&w);
    assert_absent(s, 0, GROUP_LAG, ABSENT_NOT_ASKED);
    assert_absent(s, 0, GROUP_UNCOMMITTED, ABSENT_NOT_ASKED);
    assert_absent(s, 0, GROUP_MEMBERS, ABSENT_NOT_ASKED);
    snapshot_unref(s);
    world_close(&w);
}

static void test_stale_end(void)
{
    struct world w;
    world_open(&w);
    good_cycle(&w);
    int64_t before = w.now_ms;
    w.now_ms += 10000;
    see_metadata(&w);
    list_groups(&w, "Stable");
    see_commits(&w, "g", (int64_t[]){60, 70, NONE, NONE}, 4);
    see_end(&w, 0, 0, 110);
    kafka_partition(kafka_topic(w.s, "t"), 1)->end_error = "Local: Timed out";
    count(&w);
    const struct snapshot *s = groups_of(&w);
    g_assert_cmpint(int_of(s, 0, GROUP_LAG), ==, 50 + 80); /* partition 1 as it was */
    g_assert_cmpint(snapshot_row(s, 0)->at_ms, ==, before);
    g_assert_nonnull(strstr(snapshot_row(s, 0)->error, "Timed out"));
    assert_health(s, 0, HEALTH_UNKNOWN);
    snapshot_unref(s);
    world_close(&w);
}

static void test_never_read(void)
{
    struct world w;
    world_open(&w);
    see_metadata(&w);
    list_groups(&w, "Stable");
    see_commits(&w, "g", (int64_t[]){10, 20}, 2);
    kafka_partition(kafka_topic(w.s, "t"), 0)->end_error = "Local: Timed out";
    kafka_partition(kafka_topic(w.s, "t"), 1)->end_error = "Local: Timed out";
    count(&w);
    const struct snapshot *s = groups_of(&w);
    assert_absent(s, 0, GROUP_LAG, ABSENT_FAILED);
    assert_absent(s, 0, GROUP_LOST, ABSENT_FAILED);
    assert_health(s, 0, HEALTH_UNKNOWN);
    snapshot_unref(s);
    see_end(&w, 0, 0, 100);
    count(&w);
    s = groups_of(&w);
    g_assert_cmpint(int_of(s, 0, GROUP_LAG), ==, 90);
    g_assert_cmpint(snapshot_cell(s, 0, GROUP_LAG).quality, ==, BOUND);
    snapshot_unref(s);
    world_close(&w);
}

static void test_commits_fail(void)
{
    struct world w;
    world_open(&w);
    good_cycle(&w);
    int64_t before = w.now_ms;
    w.now_ms += 10000;
    kafka_group(w.s, "g")->commit_error = "Broker: Coordinator load in progress";
    see_end(&w, 0, 0, 500);
    see_end(&w, 1, 0, 500);
    count(&w);
    const struct snapshot *s = groups_of(&w);
    g_assert_cmpint(int_of(s, 0, GROUP_LAG), ==, 170);
    g_assert_cmpint(snapshot_row(s, 0)->at_ms, ==, before);
    assert_health(s, 0, HEALTH_UNKNOWN);
    snapshot_unref(s);
    world_close(&w);
}

static void test_current(void)
{
    struct world w;
    world_open(&w);
    good_cycle(&w);
    struct kafka_group *g = kafka_group(w.s, "g");
    int64_t read = g->committed_ms;
    g_assert_true(kafka_group_is_current(g, read + 10000));
    g_assert_false(kafka_group_is_current(g, read + KAFKA_CURRENT_MS + 1));
    g_assert_false(kafka_group_is_current(g, read - 1)); /* the clock was set back */
    g_assert_false(kafka_is_current(0, 5000));           /* never read */
    kafka_group_no_answer(g, "no answer from its coordinator", read + 15000);
    g_assert_true(kafka_group_is_current(g, read + 30000)); /* not asked; its rows say so */
    g_assert_false(kafka_group_is_current(g, read + 36000));
    world_close(&w);
}

static void test_partial_list(void)
{
    struct world w;
    world_open(&w);
    good_cycle(&w);
    w.now_ms += 10000;
    kafka_list_begin(w.s);
    kafka_group_see(w.s, "other", "Empty", "classic", w.now_ms);
    kafka_list_end(w.s, "1 of the brokers did not list the groups: Local: Timed out", w.now_ms);
    const struct snapshot *s = groups_of(&w);
    gssize row = snapshot_find(s, "g");
    g_assert_cmpint(row, >=, 0);
    g_assert_nonnull(strstr(snapshot_row(s, (size_t)row)->error, "not whole"));
    assert_health(s, (size_t)row, HEALTH_UNKNOWN);
    g_assert_nonnull(snapshot_incomplete(s));
    snapshot_unref(s);
    kafka_list_begin(w.s);
    kafka_group_see(w.s, "other", "Empty", "classic", w.now_ms);
    kafka_list_end(w.s, NULL, w.now_ms);
    g_assert_null(kafka_group(w.s, "g"));
    world_close(&w);
}

static void test_off(void)
{
    struct world w;
    world_open(&w);
    see_metadata(&w);
    list_groups(&w, "Empty");
    see_commits(&w, "g", (int64_t[]){10}, 1);
    see_end(&w, 0, 60, 5000);
    count(&w);
    const struct snapshot *s = groups_of(&w);
    g_assert_cmpint(snapshot_row(s, 0)->phase, ==, PHASE_OFF);
    g_assert_cmpint(int_of(s, 0, GROUP_MEMBERS), ==, 0);
    g_assert_cmpint(int_of(s, 0, GROUP_LOST), ==, 50);
    assert_health(s, 0, HEALTH_OK); /* nobody reads there: nothing is missed */
    snapshot_unref(s);
    w.now_ms += 10000;
    list_groups(&w, "Empty"); /* no members, but commits move: a consumer that assigns by itself */
    see_commits(&w, "g", (int64_t[]){30}, 1);
    see_end(&w, 0, 60, 5000);
    count(&w);
    s = groups_of(&w);
    g_assert_cmpint(snapshot_row(s, 0)->phase, ==, PHASE_RUN);
    assert_health(s, 0, HEALTH_FAIL);
    snapshot_unref(s);
    world_close(&w);
}

static void test_growing(void)
{
    struct world w;
    world_open(&w);
    good_cycle(&w);
    w.now_ms += 10000;
    see_metadata(&w);
    list_groups(&w, "Stable");
    see_commits(&w, "g", (int64_t[]){10, 20}, 2);
    see_end(&w, 0, 0, 1100);
    see_end(&w, 1, 0, 100);
    count(&w);
    const struct snapshot *s = groups_of(&w);
    g_assert_cmpint(int_of(s, 0, GROUP_LAG), ==, 1170);
    g_assert_cmpfloat(snapshot_cell(s, 0, GROUP_LAG_PER_S).r, ==, 100);
    assert_health(s, 0, HEALTH_WARN);
    snapshot_unref(s);
    world_close(&w);
}

static void test_rebalancing_warns(void)
{
    struct world w;
    world_open(&w);
    good_cycle(&w);
    for (int i = 0; i <= 7; i++) {
        w.now_ms += 10000;
        list_groups(&w, "PreparingRebalance");
        see_commits(&w, "g", (int64_t[]){10, 20}, 2);
        see_end(&w, 0, 0, 100);
        see_end(&w, 1, 0, 100);
        count(&w);
        const struct snapshot *s = groups_of(&w);
        g_assert_cmpint(int_of(s, 0, GROUP_REBALANCING), ==, i * 10000);
        g_assert_cmpint(snapshot_row(s, 0)->phase, ==, PHASE_WAIT);
        assert_health(s, 0, i * 10000 > 60000 ? HEALTH_WARN : HEALTH_OK);
        snapshot_unref(s);
    }
    world_close(&w);
}

static void test_deleted_topic(void)
{
    struct world w;
    world_open(&w);
    good_cycle(&w);
    w.now_ms += 10000;
    kafka_metadata_begin(w.s);
    kafka_broker_see(w.s, 1, "one", 9092);
    kafka_metadata_end(w.s, w.now_ms);
    g_assert_nonnull(kafka_topic(w.s, "t")); /* its commits are still there */
    list_groups(&w, "Stable");
    see_commits(&w, "g", (int64_t[]){10, 20}, 2);
    count(&w);
    const struct snapshot *s = groups_of(&w);
    assert_absent(s, 0, GROUP_LAG, ABSENT_NO_VALUE);
    snapshot_unref(s);
    see_commits(&w, "g", NULL, 0);
    kafka_metadata_begin(w.s);
    kafka_metadata_end(w.s, w.now_ms);
    g_assert_null(kafka_topic(w.s, "t"));
    world_close(&w);
}

/* -- offsets ------------------------------------------------------------------------------------- */

static const struct snapshot *offsets_of(struct world *w)
{
    struct snapshot *s = empty(w, &kafka_offsets);
    fill_offsets(kafka_group(w->s, "g"), s);
    return judged(w, s);
}

static void add_member(struct world *w, int32_t partition)
{
    GPtrArray *members = g_ptr_array_new_with_free_func((GDestroyNotify)kafka_member_free);
    struct kafka_member *m = g_new0(struct kafka_member, 1);
    m->id = g_strdup("app-1-uuid");
    m->client = g_strdup("app-1");
    m->host = g_strdup("/10.0.0.1");
    m->assigned = g_array_new(FALSE, FALSE, sizeof(struct kafka_place));
    struct kafka_place place = {kafka_topic(w->s, "t"), partition};
    g_array_append_val(m->assigned, place);
    g_ptr_array_add(members, m);
    kafka_group_set_members(kafka_group(w->s, "g"), members, w->now_ms);
}

static void test_offsets(void)
{
    struct world w;
    world_open(&w);
    good_cycle(&w);
    add_member(&w, 1);
    see_commits(&w, "g", (int64_t[]){10, 20, NONE, 7}, 4);
    see_end(&w, 0, 40, 100);
    count(&w);
    const struct snapshot *s = offsets_of(&w);
    g_assert_cmpuint(snapshot_count(s), ==, 4);
    size_t lost = (size_t)snapshot_find(s, "t:0");
    size_t good = (size_t)snapshot_find(s, "t:1");
    size_t none = (size_t)snapshot_find(s, "t:2");
    size_t headless = (size_t)snapshot_find(s, "t:3");
    g_assert_cmpint(int_of(s, lost, OFFSET_LOST), ==, 30);
    g_assert_cmpint(int_of(s, lost, OFFSET_LAG), ==, 60);
    assert_health(s, lost, HEALTH_FAIL);
    g_assert_cmpint(int_of(s, good, OFFSET_LAG), ==, 80);
    g_assert_cmpstr(snapshot_cell(s, good, OFFSET_HOST).text, ==, "10.0.0.1");
    g_assert_cmpstr(snapshot_cell(s, good, OFFSET_CLIENT_ID).text, ==, "app-1");
    assert_absent(s, lost, OFFSET_CLIENT_ID, ABSENT_NO_VALUE);
    assert_absent(s, none, OFFSET_COMMITTED, ABSENT_NO_VALUE);
    assert_absent(s, none, OFFSET_LAG, ABSENT_NO_VALUE);
    g_assert_cmpint(int_of(s, none, OFFSET_END), ==, 50);
    assert_absent(s, headless, OFFSET_END, ABSENT_NOT_ASKED);
    assert_absent(s, headless, OFFSET_LAG, ABSENT_NOT_ASKED);
    snapshot_unref(s);
    world_close(&w);
}

static void test_offset_rates(void)
{
    struct world w;
    world_open(&w);
    good_cycle(&w);
    snapshot_unref(offsets_of(&w));
    w.now_ms += 10000;
    see_commits(&w, "g", (int64_t[]){10, 20}, 2);
    see_end(&w, 0, 0, 300);
    see_end(&w, 1, 0, 100);
    count(&w);
    const struct snapshot *s = offsets_of(&w);
    size_t row = (size_t)snapshot_find(s, "t:0");
    g_assert_cmpfloat(snapshot_cell(s, row, OFFSET_LAG_PER_S).r, ==, 20);
    snapshot_unref(s);
    w.now_ms += KAFKA_RATES_KEEP_MS + 1;
    count(&w);
    g_assert_null(kafka_group(w.s, "g")->rates);
    world_close(&w);
}

/* -- topics and brokers -------------------------------------------------------------------------- */

static void test_topics(void)
{
    struct world w;
    world_open(&w);
    good_cycle(&w);
    struct snapshot *building = empty(&w, &kafka_topics);
    fill_topics(w.s, building);
    const struct snapshot *s = judged(&w, building);
    g_assert_cmpint(int_of(s, 0, TOPIC_PARTITIONS), ==, 4);
    g_assert_cmpint(int_of(s, 0, TOPIC_OFFLINE), ==, 1);
    g_assert_cmpint(int_of(s, 0, TOPIC_UNDER_REPLICATED), ==, 2);
    assert_absent(s, 0, TOPIC_MESSAGES, ABSENT_NOT_ASKED); /* one was never read: no sum */
    assert_absent(s, 0, TOPIC_RETENTION, ABSENT_NOT_ASKED);
    assert_health(s, 0, HEALTH_FAIL);
    snapshot_unref(s);
    kafka_topic(w.s, "t")->config_known = KAFKA_DENIED;
    see_end(&w, 3, 5, 10);
    building = empty(&w, &kafka_topics);
    fill_topics(w.s, building);
    s = judged(&w, building);
    g_assert_cmpint(int_of(s, 0, TOPIC_MESSAGES), ==, 255);
    g_assert_cmpint(snapshot_cell(s, 0, TOPIC_MESSAGES).quality, ==, ESTIMATE);
    assert_absent(s, 0, TOPIC_RETENTION, ABSENT_DENIED);
    snapshot_unref(s);
    world_close(&w);
}

static void test_silent_broker(void)
{
    struct world w;
    world_open(&w);
    good_cycle(&w);
    kafka_broker(w.s, 2)->silent = "Local: Timed out";
    AUTO(rid) scope = rid_parse("k/topics/t", NULL);
    struct snapshot *building = snapshot_new(&kafka_partitions, scope, w.now_ms);
    fill_partitions(w.s, kafka_topic(w.s, "t"), building);
    const struct snapshot *s = judged(&w, building);
    assert_health(s, (size_t)snapshot_find(s, "t:0"), HEALTH_UNKNOWN); /* in sync, it was said */
    assert_health(s, (size_t)snapshot_find(s, "t:2"), HEALTH_WARN);
    assert_health(s, (size_t)snapshot_find(s, "t:3"), HEALTH_FAIL);
    snapshot_unref(s);
    building = empty(&w, &kafka_brokers);
    fill_brokers(w.s, building);
    s = judged(&w, building);
    assert_health(s, (size_t)snapshot_find(s, "2"), HEALTH_FAIL);
    assert_health(s, (size_t)snapshot_find(s, "1"), HEALTH_OK);
    assert_absent(s, 0, BROKER_RACK, ABSENT_NOT_ASKED);
    assert_absent(s, 0, BROKER_CONTROLLER, ABSENT_NOT_ASKED);
    snapshot_unref(s);
    world_close(&w);
}

static void test_gone_broker(void)
{
    struct world w;
    world_open(&w);
    good_cycle(&w);
    static const int32_t both[] = {1, 2};
    kafka_metadata_begin(w.s);
    kafka_broker_see(w.s, 1, "one", 9092);
    struct kafka_topic *t = kafka_topic_see(w.s, "t", 1, 0);
    t->partitions[0].leader = 1;
    t->partitions[0].replicas = t->partitions[0].isr = both;
    t->partitions[0].replica_count = 2;
    t->partitions[0].isr_count = 1;
    kafka_metadata_end(w.s, w.now_ms);
    struct snapshot *building = empty(&w, &kafka_brokers);
    fill_brokers(w.s, building);
    const struct snapshot *s = judged(&w, building);
    size_t gone = (size_t)snapshot_find(s, "2");
    g_assert_false(snapshot_cell(s, gone, BROKER_ONLINE).b);
    g_assert_cmpstr(snapshot_cell(s, gone, BROKER_HOST).text, ==, "two");
    g_assert_cmpint(int_of(s, gone, BROKER_UNDER_REPLICATED), ==, 1);
    assert_health(s, gone, HEALTH_FAIL);
    snapshot_unref(s);
    world_close(&w);
}

static void test_remade_topic(void)
{
    struct world w;
    world_open(&w);
    good_cycle(&w);
    w.now_ms += 10000;
    see_end(&w, 0, 0, 200);
    double per_s;
    struct kafka_partition *p = kafka_partition(kafka_topic(w.s, "t"), 0);
    g_assert_true(kafka_rate_get(&p->in, &per_s));
    g_assert_cmpfloat(per_s, ==, 10);
    w.now_ms += 10000;
    see_end(&w, 0, 0, 5);
    g_assert_false(kafka_rate_get(&p->in, &per_s)); /* not minus twenty per second */
    world_close(&w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add_func("/kafka/state/" name, function)
    ADD("lag of a partition follows the table of rules", test_lag_table);
    ADD("a commit beyond the end counts only when seen twice", test_lag_ahead);
    ADD("an end that could not be read leaves the lag as it was", test_lag_kept);
    ADD("a rate looks back a minute and needs two readings", test_rate);
    ADD("a group rebalances since it was first seen to", test_rebalancing);
    ADD("a group's lag is the sum of what is committed, the rest is counted", test_group_sums);
    ADD("groups have names before they have lag, and no zeros", test_names_first);
    ADD("a group with a partition that timed out is old and unknown, not green", test_stale_end);
    ADD("a lag that was never read is absent, a part of it a bound", test_never_read);
    ADD("commits that could not be read keep lag and its age", test_commits_fail);
    ADD("what the cycles have not read for long is asked for, not shown as new", test_current);
    ADD("a partial list drops no group, a whole one does", test_partial_list);
    ADD("an empty group that never moved is off; one that moves is not", test_off);
    ADD("a big lag that grows warns", test_growing);
    ADD("rebalancing longer than a minute warns", test_rebalancing_warns);
    ADD("commits of a deleted topic are no lag", test_deleted_topic);
    ADD("offsets show lost, uncommitted and leaderless partitions as they are", test_offsets);
    ADD("partitions of a group that is looked at have rates", test_offset_rates);
    ADD("a topic's messages are an estimate, or absent", test_topics);
    ADD("what a silent broker is said to have in sync is unknown", test_silent_broker);
    ADD("a broker that left keeps its row while replicas are its", test_gone_broker);
    ADD("a topic that was made anew has no negative rate", test_remade_topic);
    return g_test_run();
}
