/* The Trino connector without a server: its parsers on answers that real ones gave, and its feeds on
 * tapes. */
#include "trino/list.h"
#include "trino/prune.h"
#include "trino/trino.h"

#include <math.h>

#include "harness.h"

static char *tape_path(const char *name)
{
    return g_build_filename(
        g_getenv("TAPES") ? g_getenv("TAPES") : "tests/tapes", "trino", name, NULL);
}

static char *load(const char *name, gsize *length)
{
    g_autofree char *path = tape_path(name);
    g_autoptr(GError) error = NULL;
    char *text = NULL;
    g_file_get_contents(path, &text, length, &error);
    g_assert_no_error(error);
    return text;
}

static cJSON *load_json(const char *name)
{
    gsize length;
    g_autofree char *text = load(name, &length);
    g_autoptr(GError) error = NULL;
    cJSON *json = json_parse(text, length, &error);
    g_assert_no_error(error);
    return json;
}

/* -- sizes and times ------------------------------------------------------------------------------ */

static void test_sizes(void)
{
    static const struct {
        const char *text;
        int64_t bytes;
    } good[] = {{"0B", 0}, {"1234B", 1234}, {"1.21GB", 1299227607}, {"20kB", 20480},
        {"1.5MB", 1572864}, {"2TB", 2199023255552}, {"1PB", 1125899906842624},
        {"9007199254740993B", 9007199254740993}, {"1.0E10B", 10000000000}, {"0.5kB", 512}};
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        int64_t bytes = -1;
        g_assert_true(trino_parse_size(good[i].text, &bytes));
        g_assert_cmpint(bytes, ==, good[i].bytes);
    }
    static const char *const bad[] = {"", "B", "12", "12 B", "-1B", "1.2.3GB", "1GBx", "1gb",
        "NaNB", "InfinityB", "99999999PB", "1e", "0x10B"};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        int64_t bytes = -1;
        g_assert_false(trino_parse_size(bad[i], &bytes));
        g_assert_cmpint(bytes, ==, -1);
    }
}

static void test_durations(void)
{
    static const struct {
        const char *text;
        double ms;
    } good[] = {{"0.00ns", 0}, {"283.11us", 0.28311}, {"46.69ms", 46.69}, {"4.18s", 4180},
        {"5.87m", 352200}, {"1.00h", 3600000}, {"2.50d", 216000000}, {"0.00s", 0}};
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        double ms = -1;
        g_assert_true(trino_parse_duration(good[i].text, &ms));
        g_assert_cmpfloat_with_epsilon(ms, good[i].ms, 1e-6);
    }
    static const char *const bad[] = {"", "s", "1", "1 s", "-1s", "1min", "1.s.s", "1B", "nans"};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        double ms = -1;
        g_assert_false(trino_parse_duration(bad[i], &ms));
        g_assert_cmpfloat(ms, ==, -1);
    }
}

static void test_versions(void)
{
    g_assert_cmpint(trino_version_major("476"), ==, 476);
    g_assert_cmpint(trino_version_major("476-e.3"), ==, 476);
    g_assert_cmpint(trino_version_major("0.289-abc"), ==, 0);
    g_assert_cmpint(trino_version_major("dev"), ==, 0);
    g_assert_cmpint(trino_version_major(NULL), ==, 0);
}

static void test_ids(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = trino_query_path("20260612_110203_00042_abcde", "?pruned=true", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(path, ==, "/v1/query/20260612_110203_00042_abcde?pruned=true");
    static const char *const bad[] = {"", "../info", "a/b", "a?b", "a b", "a%2Fb"};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) refused = NULL;
        g_assert_null(trino_query_path(bad[i], "", &refused));
        g_assert_error(refused, WEIR_ERROR, WEIR_ERROR_USAGE);
    }
    g_assert_null(trino_query_path(NULL, "", NULL));
}

/* -- text before parsing -------------------------------------------------------------------------- */

static char *prune(const char *text)
{
    static const char *const names[] = {"plan", "tasks", NULL};
    return g_string_free(trino_prune(text, strlen(text), names), FALSE);
}

static void test_prune(void)
{
    static const char *const cases[][2] = {
        {"{\"a\":1}", "{\"a\":1}"},
        {"{\"plan\":{\"x\":[1,{\"y\":\"}\"}]},\"a\":1}", "{\"plan\":null,\"a\":1}"},
        {"{\"b\":{\"tasks\" : [ \"]\\\"[\" ] },\"plan\":\"kept\"}",
            "{\"b\":{\"tasks\" : null },\"plan\":\"kept\"}"},
        {"[\"plan\",{\"planner\":{}}]", "[\"plan\",{\"planner\":{}}]"},
        {"{\"q\":\"\\\"plan\\\":{\",\"plan\":[]}", "{\"q\":\"\\\"plan\\\":{\",\"plan\":null}"},
        {"{\"plan\":{", "{\"plan\":null"},
        {"\"plan", "\"plan"},
        {"", ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *out = prune(cases[i][0]);
        g_assert_cmpstr(out, ==, cases[i][1]);
    }
}

/* -- stages --------------------------------------------------------------------------------------- */

static GArray *stages_of(const char *name)
{
    AUTO(cJSON) json = load_json(name);
    bool cut = true;
    GArray *stages = trino_parse_stages(json, &cut);
    g_assert_false(cut);
    return stages;
}

static const struct stage *stage_at(GArray *stages, guint i)
{
    g_assert_cmpuint(i, <, stages->len);
    return &g_array_index(stages, struct stage, i);
}

static void test_running_stages(void)
{
    g_autoptr(GArray) s = stages_of("query_476_running.json");
    g_assert_cmpuint(s->len, ==, 6);
    static const uint32_t parents[] = {ROW_NONE, 0, 1, 2, 3, 3};
    for (guint i = 0; i < s->len; i++) {
        g_autofree char *id = g_strdup_printf("%u", i);
        g_assert_cmpstr(stage_at(s, i)->id, ==, id);
        g_assert_cmpuint(stage_at(s, i)->parent, ==, parents[i]);
        g_assert_cmpstr(stage_at(s, i)->node, ==, "c1");
        g_assert_true(isnan(stage_at(s, i)->skew)); /* one task */
    }
    const struct stage *scan = stage_at(s, 4);
    g_assert_cmpstr(scan->state, ==, "RUNNING");
    g_assert_cmpint(scan->bytes, ==, 19923210);
    g_assert_cmpint(scan->elapsed_ms, ==, 6180);
    g_assert_cmpint(scan->tasks, ==, 1);
    g_assert_cmpstr(stage_at(s, 5)->state, ==, "PENDING");
    const struct stage *top = stage_at(s, 0);
    g_assert_cmpint(top->splits, ==, 1);
    g_assert_cmpint(top->splits_done, ==, 0);
    g_assert_cmpint(top->rows, ==, 0);
    g_assert_cmpfloat(top->blocked, >, 99.9);
    g_assert_cmpfloat(top->blocked, <=, 100);
}

static void test_failed_stages(void)
{
    g_autoptr(GArray) s = stages_of("query_476_failed_worker.json");
    g_assert_cmpuint(s->len, ==, 2);
    g_assert_cmpstr(stage_at(s, 0)->state, ==, "FAILED");
    g_assert_cmpstr(stage_at(s, 1)->node, ==, "2 nodes");
    g_assert_cmpint(stage_at(s, 1)->tasks, ==, 2);
    /* The other task failed: what it read was not the stage's work. */
    g_assert_true(isnan(stage_at(s, 1)->skew));
    g_autoptr(GArray) memory = stages_of("query_476_failed_memory.json");
    g_assert_cmpuint(memory->len, ==, 7);
    g_assert_cmpstr(stage_at(memory, 3)->state, ==, "FAILED");
    g_assert_cmpstr(stage_at(memory, 4)->state, ==, "ABORTED");
}

static void test_never_started(void)
{
    g_autoptr(GArray) s = stages_of("query_476_failed_queue_full.json");
    g_assert_cmpuint(s->len, ==, 0);
}

static void test_old_version(void)
{
    g_autoptr(GArray) running = stages_of("query_435_running.json");
    g_autoptr(GArray) finished = stages_of("query_435_finished.json");
    g_assert_cmpuint(running->len, >, 0);
    g_assert_cmpuint(finished->len, >, 0);
    for (guint i = 0; i < finished->len; i++) {
        g_assert_cmpstr(stage_at(finished, i)->state, ==, "FINISHED");
        g_assert_cmpint(stage_at(finished, i)->splits, ==, stage_at(finished, i)->splits_done);
        g_assert_cmpint(stage_at(finished, i)->rows, >=, 0);
    }
}

static void assert_same(const struct stage *a, const struct stage *b)
{
    g_assert_cmpstr(a->id, ==, b->id);
    g_assert_cmpuint(a->parent, ==, b->parent);
    g_assert_cmpstr(a->state, ==, b->state);
    g_assert_cmpstr(a->node, ==, b->node);
    g_assert_cmpint(a->splits, ==, b->splits);
    g_assert_cmpint(a->rows, ==, b->rows);
    g_assert_cmpint(a->bytes, ==, b->bytes);
    g_assert_cmpint(a->elapsed_ms, ==, b->elapsed_ms);
    g_assert_true(a->blocked == b->blocked || (isnan(a->blocked) && isnan(b->blocked)));
}

static void test_flat_and_nested(void)
{
    static const char *const names[] = {"56_stages", "failed_worker"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *nested = g_strdup_printf("query_476_%s.json", names[i]);
        g_autofree char *flat = g_strdup_printf("query_477_%s.json", names[i]);
        g_autoptr(GArray) a = stages_of(nested);
        g_autoptr(GArray) b = stages_of(flat);
        g_assert_cmpuint(a->len, ==, b->len);
        for (guint j = 0; j < a->len; j++)
            assert_same(stage_at(a, j), stage_at(b, j));
    }
}

static void test_many_stages(void)
{
    g_autoptr(GArray) s = stages_of("query_476_56_stages.json");
    g_assert_cmpuint(s->len, ==, 56);
    for (guint i = 1; i < s->len; i++)
        g_assert_cmpuint(stage_at(s, i)->parent, <, i);
}

static GArray *stages_of_text(const char *text, bool *cut)
{
    g_autoptr(GError) error = NULL;
    AUTO(cJSON) json = json_parse(text, strlen(text), &error);
    g_assert_no_error(error);
    return trino_parse_stages(json, cut);
}

static void test_skew(void)
{
    bool cut;
    g_autoptr(GArray) s = stages_of_text(
        "{\"outputStage\":{\"stageId\":\"q.0\",\"tasks\":["
        "{\"stats\":{\"processedInputDataSize\":\"100B\"},\"taskStatus\":{\"nodeId\":\"a\"}},"
        "{\"stats\":{\"processedInputDataSize\":\"1kB\"},\"taskStatus\":{\"nodeId\":\"b\"}},"
        "{\"stats\":{\"processedInputDataSize\":\"128B\"},\"taskStatus\":{\"nodeId\":\"c\"}},"
        "{\"stats\":{\"processedInputDataSize\":\"9GB\"},\"taskStatus\":{\"state\":\"FAILED\"}}]}}",
        &cut);
    g_assert_cmpfloat(stage_at(s, 0)->skew, ==, 8.0);
    g_assert_cmpstr(stage_at(s, 0)->node, ==, "3 nodes");
    /* Nothing read at all has no skew, and says nothing about the rest. */
    g_autoptr(GArray) idle = stages_of_text("{\"outputStage\":{\"stageId\":\"q.0\",\"tasks\":["
                                            "{\"stats\":{\"processedInputDataSize\":\"0B\"}},"
                                            "{\"stats\":{\"processedInputDataSize\":\"0B\"}}]}}",
        &cut);
    g_assert_true(isnan(stage_at(idle, 0)->skew));
    g_assert_cmpint(stage_at(idle, 0)->splits, ==, -1);
    g_assert_null(stage_at(idle, 0)->state);
}

static void test_odd_stages(void)
{
    static const struct {
        const char *text;
        guint stages;
    } cases[] = {
        {"{}", 0},
        {"[]", 0},
        {"{\"outputStage\":null}", 0},
        {"{\"outputStage\":[]}", 0},
        {"{\"stages\":{}}", 0},
        {"{\"stages\":{\"outputStageId\":\"q.9\",\"stages\":[]}}", 0},
        {"{\"outputStage\":{\"stageId\":7}}", 0},
        /* one that feeds itself, and one that feeds two */
        {"{\"stages\":{\"outputStageId\":\"q.0\",\"stages\":[{\"stageId\":\"q.0\",\"subStages\":"
         "[\"q.1\",\"q.0\",\"q.2\",\"q.7\",3]},{\"stageId\":\"q.1\",\"subStages\":[\"q.2\"]},"
         "{\"stageId\":\"q.2\",\"subStages\":[\"q.0\"]}]}}",
            3},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        bool cut;
        g_autoptr(GArray) s = stages_of_text(cases[i].text, &cut);
        g_assert_cmpuint(s->len, ==, cases[i].stages);
    }
}

/* -- the list ------------------------------------------------------------------------------------- */

static const struct query *find_error(const struct query_list *l, const char *error)
{
    for (guint i = 0; i < l->items->len; i++) {
        const struct query *q = &g_array_index(l->items, struct query, i);
        if (q->cell[Q_ERROR].type == CELL_TEXT && strcmp(q->cell[Q_ERROR].text, error) == 0)
            return q;
    }
    g_assert_not_reached();
}

static struct query_list *list_of(const char *name)
{
    gsize length;
    g_autofree char *text = load(name, &length);
    g_autoptr(GError) error = NULL;
    struct query_list *l = list_new(1000);
    g_assert_true(list_add_reply(l, text, length, false, &error));
    g_assert_no_error(error);
    return l;
}

static void test_list(void)
{
    struct query_list *l = list_of("list_476.json");
    g_assert_cmpuint(l->items->len, ==, 22);
    const struct query *q = list_find(l, "20261121_133535_00448_3bkwb");
    g_assert_nonnull(q);
    g_assert_cmpstr(q->cell[Q_STATE].text, ==, "RUNNING");
    g_assert_cmpstr(q->cell[Q_USER].text, ==, "bob");
    g_assert_cmpstr(q->cell[Q_SOURCE_NAME].text, ==, "slow-q1");
    g_assert_cmpstr(q->cell[Q_GROUP].text, ==, "global.slow");
    g_assert_cmpint(q->cell[Q_ELAPSED].i, ==, 5710);
    g_assert_cmpint(q->cell[Q_QUEUED].i, ==, 1);
    g_assert_cmpint(q->cell[Q_MEMORY].i, ==, 400);
    g_assert_cmpint(q->cell[Q_READ_ROWS].i, ==, 3000000);
    g_assert_cmpfloat(q->cell[Q_BLOCKED].r, ==, 60.0);
    g_assert_false(q->cell[Q_STALLED].b);
    g_assert_true(q->cell[Q_LIVE].b);
    g_assert_cmpstr(q->cell[Q_SQL].text, ==, "SELECT count(*) FROM tpch.sf10.lineitem");
    g_assert_cmpint(q->cell[Q_ERROR].type, ==, CELL_NONE);
    g_assert_cmpint(q->cell[Q_ENDED].type, ==, CELL_NONE);
    const struct query *memory = find_error(l, "EXCEEDED_LOCAL_MEMORY_LIMIT");
    g_assert_cmpstr(memory->cell[Q_ERROR_TYPE].text, ==, "INSUFFICIENT_RESOURCES");
    g_assert_cmpint(memory->cell[Q_BLOCKED].type, ==, CELL_NONE);
    g_assert_cmpint(memory->cell[Q_SINCE].i, ==, memory->cell[Q_ENDED].i);
    list_free(l);
}

static void test_list_old(void)
{
    struct query_list *l = list_of("list_435.json");
    g_assert_cmpuint(l->items->len, ==, 1);
    const struct query *q = &g_array_index(l->items, struct query, 0);
    g_assert_cmpstr(q->cell[Q_STATE].text, ==, "PLANNING");
    g_assert_cmpint(q->cell[Q_SPLITS_BLOCKED].type, ==, CELL_NONE);
    g_assert_cmpint(q->cell[Q_PROGRESS].type, ==, CELL_NONE);
    list_free(l);
}

static struct query_list *list_of_text(const char *text)
{
    g_autoptr(GError) error = NULL;
    struct query_list *l = list_new(1000);
    g_assert_true(list_add_reply(l, text, strlen(text), false, &error));
    g_assert_no_error(error);
    return l;
}

static void test_list_cut(void)
{
    static const char text[] =
        "[{\"queryId\":\"20260101_000000_00001_abcde\",\"state\":\"FINISHED\"},{\"queryId\":\"2026";
    struct query_list *l = list_new(1000);
    g_autoptr(GError) error = NULL;
    g_assert_false(list_add_reply(l, text, strlen(text), false, &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_PROTOCOL);
    list_free(l);
    l = list_new(1000);
    g_assert_true(list_add_reply(l, text, strlen(text), true, NULL));
    g_assert_cmpuint(l->items->len, ==, 1);
    g_assert_true(l->cut);
    list_free(l);
}

static void test_blocked(void)
{
    static const struct {
        const char *stats;
        double blocked; /* -1: absent */
        int stalled;    /* -1: absent */
    } cases[] = {
        {"\"runningDrivers\":0,\"blockedDrivers\":4,\"fullyBlocked\":false", 100, 1},
        {"\"runningDrivers\":5,\"blockedDrivers\":5,\"fullyBlocked\":false", 50, 0},
        {"\"runningDrivers\":5,\"blockedDrivers\":5,\"fullyBlocked\":true", 100, 1},
        {"\"runningDrivers\":0,\"blockedDrivers\":0,\"fullyBlocked\":false", -1, 0},
        {"\"runningDrivers\":3,\"fullyBlocked\":false", -1, -1},
        {"\"runningDrivers\":3,\"fullyBlocked\":true", 100, 1},
        {"\"runningDrivers\":3", -1, -1},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf(
            "[{\"queryId\":\"q\",\"state\":\"RUNNING\",\"queryStats\":{%s}}]", cases[i].stats);
        struct query_list *l = list_of_text(text);
        const struct query *q = list_find(l, "q");
        const struct cell *blocked = &q->cell[Q_BLOCKED];
        g_assert_cmpfloat(blocked->type == CELL_NONE ? -1 : blocked->r, ==, cases[i].blocked);
        const struct cell *stalled = &q->cell[Q_STALLED];
        g_assert_cmpint(stalled->type == CELL_NONE ? -1 : stalled->b, ==, cases[i].stalled);
        list_free(l);
    }
}

static void test_sql_cut(void)
{
    g_autoptr(GString) text = g_string_new("[{\"queryId\":\"q\",\"query\":\"SELECT\\n\\t 1");
    for (int i = 0; i < 3000; i++)
        g_string_append(text, "ü");
    g_string_append(text, "\"}]");
    struct query_list *l = list_of_text(text->str);
    const char *sql = list_find(l, "q")->cell[Q_SQL].text;
    g_assert_true(g_str_has_prefix(sql, "SELECT 1ü"));
    g_assert_true(g_str_has_suffix(sql, "ü…"));
    g_assert_true(g_utf8_validate(sql, -1, NULL));
    g_assert_cmpuint(strlen(sql), <=, LIST_SQL_MAX + 4);
    list_free(l);
}

static void test_list_trim(void)
{
    g_autoptr(GString) text = g_string_new("[");
    for (int i = 0; i < LIST_ROWS_MAX + 50; i++)
        g_string_append_printf(text, "%s{\"queryId\":\"20260101_%06d\"}", i ? "," : "",
            (i * 7919) % (LIST_ROWS_MAX + 50));
    g_string_append(text, "]");
    struct query_list *l = list_of_text(text->str);
    guint all = l->items->len;
    list_trim(l);
    g_assert_cmpuint(l->items->len, ==, LIST_ROWS_MAX);
    g_assert_cmpuint(l->left_out, ==, all - LIST_ROWS_MAX);
    g_assert_null(list_find(l, "20260101_000000"));
    g_assert_nonnull(list_find(l, "20260101_010049"));
    list_free(l);
}

static void test_list_odd(void)
{
    struct query_list *l =
        list_of_text("[{},{\"queryId\":\"\"},{\"queryId\":3},7,null,\"x\","
                     "{\"queryId\":\"q\",\"state\":5,\"queryStats\":[]},{\"queryId\":\"q\"}]");
    g_assert_cmpuint(l->items->len, ==, 1);
    g_assert_cmpint(list_find(l, "q")->cell[Q_STATE].type, ==, CELL_NONE);
    list_free(l);
}

/* -- details -------------------------------------------------------------------------------------- */

static struct cell detail_value(const struct snapshot *s, const char *key)
{
    gssize row = snapshot_find(s, key);
    g_assert_cmpint(row, >=, 0);
    return snapshot_cell(s, (size_t)row, DETAIL_VALUE);
}

static void test_detail(void)
{
    AUTO(cJSON) json = load_json("query_476_failed_memory.json");
    AUTO(rid) rid = rid_source("warehouse");
    struct snapshot *s = snapshot_new(&kind_detail, rid, 1000);
    trino_query_detail(s, json);
    g_assert_cmpstr(detail_value(s, "state").text, ==, "FAILED");
    g_assert_cmpint(detail_value(s, "state").type, ==, CELL_STATE);
    g_assert_cmpstr(detail_value(s, "user").text, ==, "alice");
    g_assert_cmpstr(detail_value(s, "resource_group").text, ==, "global.slow");
    g_assert_cmpstr(detail_value(s, "name").text, ==, "EXCEEDED_LOCAL_MEMORY_LIMIT");
    g_assert_cmpstr(detail_value(s, "code").text, ==, "131079");
    g_assert_true(g_str_has_prefix(
        detail_value(s, "message").text, "Query exceeded per-node memory limit of 400MB"));
    g_assert_cmpint(detail_value(s, "peak_memory_bytes").type, ==, CELL_BYTES);
    g_assert_cmpint(detail_value(s, "peak_memory_bytes").i, ==, 418970523);
    g_assert_cmpint(detail_value(s, "elapsed_ms").type, ==, CELL_SPAN_MS);
    g_assert_cmpint(detail_value(s, "ended").type, ==, CELL_TIME_MS);
    g_assert_cmpint(detail_value(s, "tpch.sf10.lineitem").type, ==, CELL_TEXT);
    g_assert_true(g_str_has_prefix(detail_value(s, "sql").text, "SELECT o.orderpriority"));
    snapshot_drop(s);
}

static void test_kinds(void)
{
    struct registry *r = registry_new();
    g_autoptr(GString) faults = g_string_new(NULL);
    registry_add(r, derived_connector());
    registry_add(r, harness_connector("trino"));
    kind_check(r, faults);
    g_assert_cmpstr(faults->str, ==, "");
    registry_free(r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func(
        "/trino/sizes are read as bytes, powers of 1024, and nothing else is", test_sizes);
    g_test_add_func("/trino/times are read as milliseconds, and nothing else is", test_durations);
    g_test_add_func("/trino/the version is the number it begins with", test_versions);
    g_test_add_func("/trino/only what looks like a query id is asked for", test_ids);
    g_test_add_func("/trino/members that are not needed are cut out before parsing", test_prune);
    g_test_add_func("/trino/the stages of a running query are a tree", test_running_stages);
    g_test_add_func("/trino/the stages of a failed query say which one failed", test_failed_stages);
    g_test_add_func("/trino/a query that never started has no stages", test_never_started);
    g_test_add_func("/trino/the stages of version 435 are read", test_old_version);
    g_test_add_func("/trino/the flat form of 477 gives the tree of 476", test_flat_and_nested);
    g_test_add_func("/trino/a plan of 56 stages is read whole", test_many_stages);
    g_test_add_func("/trino/skew is the largest task by the median one", test_skew);
    g_test_add_func("/trino/odd stages end no program and no loop", test_odd_stages);
    g_test_add_func("/trino/a list of queries gives typed cells", test_list);
    g_test_add_func("/trino/what version 435 does not say is absent", test_list_old);
    g_test_add_func("/trino/blocked means that begun splits wait", test_blocked);
    g_test_add_func("/trino/a long statement is cut at a character and says so", test_sql_cut);
    g_test_add_func("/trino/of too many queries the newest are kept", test_list_trim);
    g_test_add_func("/trino/a list that is cut keeps what came whole", test_list_cut);
    g_test_add_func("/trino/odd queries are left out or have absent cells", test_list_odd);
    g_test_add_func("/trino/a query whole keeps its units", test_detail);
    g_test_add_func("/trino/its tables have no fault", test_kinds);
    return g_test_run();
}
