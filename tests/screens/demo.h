/* Made-up rows that look like an afternoon on a data platform, for screens that people look at. */
#ifndef TESTS_SCREENS_DEMO_H
#define TESTS_SCREENS_DEMO_H

#include "connector.h"
#include "unit/views.h"

enum { G_STATE, G_MEMBERS, G_LAG, G_LAG_TIME, G_ETA, G_SEEN, G_SHARE, G_RUNS, G_VERDICT, G_ID };

static const struct column groups_columns[] = {
    [G_STATE] = {"state", "STATE", CELL_STATE, 0, 9, 0, "of the group"},
    [G_MEMBERS] = {"members", "MEMB", CELL_INT, 0, 4, 0, "consumers in it"},
    [G_LAG] = {"lag", "LAG", CELL_INT, COLUMN_F_RECORD, 6, 0, "messages not read"},
    [G_LAG_TIME] = {"lag_time_ms", "BEHIND", CELL_SPAN_MS, 0, 7, 0, "how far behind"},
    [G_ETA] = {"eta_ms", "ETA", CELL_SPAN_MS, 0, 6, 0, "until it has caught up"},
    [G_SEEN] = {"seen", "SEEN", CELL_TIME_MS, COLUMN_F_AGE, 5, 0, "newest commit"},
    [G_SHARE] = {"share", "SHARE", CELL_PERCENT, 0, 5, 0, "of the cluster's lag"},
    [G_RUNS] = {"runs", "RUNS", CELL_STATES, 0, 8, 0, "last runs"},
    [G_VERDICT] = {"verdict", "VERDICT", CELL_TEXT, COLUMN_F_PROSE, 12, 4, "what is the matter"},
    [G_ID] = {"id", "ID", CELL_INT, COLUMN_F_EXACT | COLUMN_F_HIDDEN, 0, 0, "its number"},
    {0},
};

static const struct link groups_links[] = {
    {"enter", "offsets", "demo.offsets"},
    {"m", "members", "demo.offsets"},
    {0},
};

static const struct kind groups_kind = {
    .name = "demo.groups",
    .aliases = "group g",
    .title = "GROUP",
    .help = "consumer groups of the demo",
    .shape = SHAPE_TABLE,
    .columns = groups_columns,
    .sort = "-lag",
    .links = groups_links,
    .feed = "groups",
};

static const struct kind plan_kind = {
    .name = "demo.plan",
    .title = "OPERATOR",
    .help = "a query plan",
    .shape = SHAPE_TREE,
    .scope = "demo.groups",
    .columns = groups_columns,
    .feed = "groups",
};

static const struct kind offsets_kind = {
    .name = "demo.offsets",
    .title = "PARTITION",
    .help = "offsets of a group",
    .shape = SHAPE_TABLE,
    .scope = "demo.groups",
    .columns = groups_columns,
    .feed = "groups",
};

static inline size_t demo_row(
    struct snapshot *s, const char *name, const char *state, enum health health, int64_t lag)
{
    size_t row = snapshot_add(s, name);
    snapshot_set_text(s, row, G_STATE, state);
    if (lag >= 0)
        snapshot_set_int(s, row, G_LAG, lag);
    else
        snapshot_set_absent(s, row, G_LAG, ABSENT_FAILED);
    if (health != HEALTH_OK)
        snapshot_set_health(s, row, health, "why");
    return row;
}

/* Six groups, one of every sort; then as many more as are wanted. */
static inline struct snapshot *demo_groups(const char *source, int more)
{
    static const struct state_mark marks[] = {{"success", HEALTH_OK, 0, 5},
        {"failed", HEALTH_FAIL, 0, 5}, {"late", HEALTH_WARN, 0, 5}, {"lost", HEALTH_UNKNOWN, 0, 5},
        {"success", HEALTH_OK, 0, 5}, {"running", HEALTH_OK, 0, -1}};
    AUTO(rid) scope = rid_source(source);
    struct snapshot *s = snapshot_new(&groups_kind, scope, ROWS_NOW_MS - 5000);
    size_t row = demo_row(s, "enrich-v2", "Stable", HEALTH_FAIL, 1923344);
    snapshot_set_int(s, row, G_MEMBERS, 2);
    snapshot_set_int(s, row, G_LAG_TIME, 6 * 3600000 + 120000);
    snapshot_set_text(s, row, G_VERDICT, "STALLED: commits stopped while messages came");
    snapshot_set_int(s, row, G_SEEN, ROWS_NOW_MS - 3 * 3600000);
    snapshot_set_real(s, row, G_SHARE, 97.2);
    snapshot_set_states(s, row, G_RUNS, marks, 6);
    row = demo_row(s, "billing", "Stable", HEALTH_OK, 12);
    snapshot_set_int(s, row, G_MEMBERS, 4);
    snapshot_set_int(s, row, G_LAG_TIME, 350);
    snapshot_set_quality(s, row, G_LAG_TIME, BOUND);
    snapshot_set_int(s, row, G_ETA, 1200);
    snapshot_set_quality(s, row, G_ETA, ESTIMATE);
    snapshot_set_int(s, row, G_SEEN, ROWS_NOW_MS - 4000);
    snapshot_set_real(s, row, G_SHARE, 0.1);
    row = demo_row(s, "search-indexer", "Rebalancing", HEALTH_WARN, 45210);
    snapshot_set_phase(s, row, PHASE_RUN);
    snapshot_set_text(s, row, G_VERDICT, "falling behind by 45 a second");
    row = demo_row(s, "dead-batch", "Empty", HEALTH_OK, 800);
    snapshot_set_phase(s, row, PHASE_OFF);
    snapshot_set_absent(s, row, G_ETA, ABSENT_NO_VALUE);
    row = demo_row(s, "audit", "?", HEALTH_UNKNOWN, -1);
    snapshot_set_absent(s, row, G_MEMBERS, ABSENT_DENIED);
    row = demo_row(s, "fraud-check", "Stable", HEALTH_OK, 5);
    snapshot_set_phase(s, row, PHASE_WAIT);
    snapshot_set_error(s, row, "not read this time");
    for (int i = 0; i < more; i++) {
        g_autofree char *name = g_strdup_printf("worker-%02d", i);
        snapshot_set_int(s, demo_row(s, name, "Stable", HEALTH_OK, 700 - i), G_MEMBERS, 1);
    }
    return s;
}

static inline struct snapshot *demo_plan(void)
{
    AUTO(rid) scope = rid_parse("warehouse/groups/q1", NULL);
    struct snapshot *s = snapshot_new(&plan_kind, scope, ROWS_NOW_MS - 5000);
    static const struct {
        const char *name;
        uint32_t parent;
    } nodes[] = {{"Output", ROW_NONE}, {"Aggregate(FINAL)", 0}, {"RemoteExchange", 1},
        {"Join orders x lineitem", 2}, {"TableScan orders", 3}, {"RemoteExchange", 3},
        {"TableScan lineitem", 5}, {"Values", 0}};
    for (unsigned i = 0; i < G_N_ELEMENTS(nodes); i++) {
        size_t row =
            demo_row(s, nodes[i].name, "FINISHED", i == 3 ? HEALTH_WARN : HEALTH_OK, i * 1000);
        snapshot_set_parent(s, row, nodes[i].parent);
        snapshot_set_int(s, row, G_LAG_TIME, i * 1500);
        snapshot_set_real(s, row, G_SHARE, i * 12.5);
    }
    return s;
}

static inline const struct snapshot *demo_detail(void)
{
    static const struct {
        const char *group, *name, *value;
    } fields[] = {{NULL, "state", "Stable"}, {NULL, "coordinator", "b1.example:9092 (id 1)"},
        {"member", "client_id", "rdkafka-enrich"}, {"member", "host", "/10.20.30.40"},
        {"member", "assignment",
            "orders:0-11, payments:3, a-very-long-list-of-partitions-that"
            "-goes-on-and-on-and-does-not-fit-on-one-line"},
        {"config", "group.consumer.heartbeat.interval.milliseconds", "5000"},
        {"config", "名前", "日本語の値"}, {"config", "hostile", "\033[31mred\033[0m\u202e"}};
    AUTO(rid) scope = rid_parse("events/groups/enrich-v2", NULL);
    struct snapshot *s = snapshot_new(&kind_detail, scope, ROWS_NOW_MS);
    for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++) {
        size_t row = snapshot_add(s, fields[i].name);
        if (fields[i].group)
            snapshot_set_text(s, row, DETAIL_GROUP, fields[i].group);
        snapshot_set_text(s, row, DETAIL_VALUE, fields[i].value);
    }
    size_t row = snapshot_add(s, "lag");
    snapshot_set_cell(s, row, DETAIL_VALUE, (struct cell){.type = CELL_INT, .i = 1923344});
    snapshot_set_health(s, row, HEALTH_FAIL, "lag");
    row = snapshot_add(s, "password");
    snapshot_set_absent(s, row, DETAIL_VALUE, ABSENT_DENIED);
    return snapshot_seal(s);
}

static inline struct snapshot *demo_log(int first, int count)
{
    static const char *const levels[] = {"info", "debug", "warning", "error", NULL};
    AUTO(rid) scope = rid_parse("scheduler/dags/orders_daily", NULL);
    struct snapshot *s = snapshot_new(&kind_log, scope, ROWS_NOW_MS);
    for (int i = first; i < first + count; i++) {
        g_autofree char *text = g_strdup_printf(
            i % 7 == 3   ? "Task %d failed: Connection refused to db-%d.example:5432 after 3 tries,"
                           " giving up on this partition of the table"
            : i % 7 == 5 ? "%d \033[32mok\033[0m größer als %d"
                         : "loaded batch %d of %d",
            i, count);
        size_t row = snapshot_add(s, "");
        snapshot_set_int(s, row, LOG_TIME, ROWS_NOW_MS - (int64_t)(count - i) * 1000);
        if (levels[i % 5])
            snapshot_set_text(s, row, LOG_LEVEL, levels[i % 5]);
        snapshot_set_text(s, row, LOG_TEXT, text);
    }
    return s;
}

#endif
