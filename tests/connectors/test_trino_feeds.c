/* The Trino connector's feeds, driven through the engine: against tapes of real servers, and against
 * tapes written here for what a server does once a year. A request that is not on the tape fails. */
#include "trino/trino.h"

#include "harness.h"

#define LIVE                                                                                       \
    "/v1/query?state=QUEUED&state=WAITING_FOR_RESOURCES&state=DISPATCHING&state=PLANNING&state="   \
    "STARTING&state=RUNNING&state=FINISHING"
#define FAILED   "/v1/query?state=FAILED"
#define FINISHED "/v1/query?state=FINISHED"
#define METRICS                                                                                    \
    "/metrics?name%5B%5D=trino_memory_type_ClusterMemoryPool_name_general_TotalDistributedBytes"
#define INFO                                                                                       \
    "{\"nodeVersion\":{\"version\":\"476\"},\"environment\":\"lab\",\"coordinator\":true,"         \
    "\"starting\":false,\"uptime\":\"5.45m\"}"
#define STATUS                                                                                     \
    "{\"nodeId\":\"c1\",\"nodeVersion\":{\"version\":\"476\"},\"coordinator\":true,\"memoryInfo\"" \
    ":{\"pool\":{\"maxBytes\":1000,\"reservedBytes\":100}},\"processCpuLoad\":0.5,\"heapUsed\":"   \
    "10,"                                                                                          \
    "\"heapAvailable\":100}"

#define RUNNING_Q1                                                                                 \
    "[{\"queryId\":\"q1\",\"state\":\"RUNNING\",\"queryStats\":{\"runningDrivers\":0,"             \
    "\"blockedDrivers\":4,\"elapsedTime\":\"2.00m\",\"totalMemoryReservation\":\"950B\"}}]"

/* -- tapes ---------------------------------------------------------------------------------------- */

struct line {
    const char *path;
    int status;
    const char *text;
};

static void add_line(GString *tape, const struct line *line)
{
    AUTO(cJSON) json = cJSON_CreateObject();
    bool is_json = line->text[0] == '{' || line->text[0] == '[';
    cJSON_AddStringToObject(json, "source", "warehouse");
    cJSON_AddStringToObject(json, "method", "GET");
    cJSON_AddStringToObject(json, "path", line->path);
    cJSON_AddNumberToObject(json, "status", line->status);
    cJSON_AddStringToObject(
        json, "content_type", is_json ? "application/json" : "text/plain;charset=utf-8");
    cJSON_AddStringToObject(json, "text", line->text);
    char *text = cJSON_PrintUnformatted(json);
    g_string_append_printf(tape, "%s\n", text);
    cJSON_free(text);
}

/* What every poll of a cluster of one node asks, unless a test says otherwise before. */
static const struct line usual[] = {{"/v1/info", 200, INFO}, {LIVE, 200, "[]"}, {FAILED, 200, "[]"},
    {FINISHED, 200, "[]"}, {"/v1/status", 200, STATUS},
    {"/v1/service", 200,
        "{\"services\":[{\"nodeId\":\"c1\",\"type\":\"trino\",\"properties\":{\"http\":"
        "\"http://c1:8080\",\"coordinator\":\"true\",\"node_version\":\"476\"}}]}"},
    {"/v1/node", 200, "[]"}, {"/v1/node/failed", 200, "[]"}};

static void open_tape(struct harness *h, const char *path, const char *more)
{
    const struct connector *const connectors[] = {harness_connector("trino"), NULL};
    g_setenv("WEIR_TAPE", path, TRUE);
    g_setenv("WEIR_TAPE_MODE", "replay", TRUE);
    g_autofree char *yaml = g_strdup_printf(
        "        warehouse: {type: trino, url: \"http://127.0.0.1:18080\"}\n%s", more);
    harness_open(h, connectors, yaml);
}

static void open_recorded(struct harness *h, const char *name)
{
    const char *tapes = g_getenv("TAPES") ? g_getenv("TAPES") : "tests/tapes";
    g_autofree char *path = g_build_filename(tapes, "trino", name, NULL);
    open_tape(h, path, "");
}

/* lines end with a NULL path. Paths that they do not name are answered as usual; only_these: not. */
static void open_lines(
    struct harness *h, const struct line *lines, bool only_these, const char *more)
{
    g_autoptr(GString) tape = g_string_new(NULL);
    for (const struct line *line = lines; line->path; line++)
        add_line(tape, line);
    for (gsize i = 0; i < G_N_ELEMENTS(usual) && !only_these; i++) {
        bool named = false;
        for (const struct line *line = lines; line->path; line++)
            named |= strcmp(line->path, usual[i].path) == 0;
        if (!named)
            add_line(tape, &usual[i]);
    }
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("weir-test-XXXXXX.tape", &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    close(fd);
    g_assert_true(g_file_set_contents(path, tape->str, (gssize)tape->len, NULL));
    open_tape(h, path, more);
}

static void close_lines(struct harness *h)
{
    harness_close(h);
    g_unlink(g_getenv("WEIR_TAPE"));
}

static const struct row *row_of(const struct harness_result *r, const char *kind, const char *key)
{
    const struct snapshot *s = harness_snapshot(r, kind);
    gssize row = snapshot_find(s, key);
    g_assert_cmpint(row, >=, 0);
    return snapshot_row(s, (size_t)row);
}

static struct cell cell_of(
    const struct harness_result *r, const char *kind, const char *key, const char *column)
{
    return harness_cell(harness_snapshot(r, kind), key, column);
}

/* -- what real servers said ----------------------------------------------------------------------- */

static size_t count_error(
    const struct snapshot *s, const char *error, enum health health, enum phase phase)
{
    size_t n = 0;
    int column = kind_column(snapshot_kind(s), "error");
    for (size_t row = 0; row < snapshot_count(s); row++) {
        struct cell cell = snapshot_cell(s, row, column);
        if (cell.type != CELL_TEXT || strcmp(cell.text, error) != 0)
            continue;
        g_assert_cmpint(snapshot_row(s, row)->health, ==, health);
        g_assert_cmpint(snapshot_row(s, row)->phase, ==, phase);
        n++;
    }
    return n;
}

static void test_recorded_queries(void)
{
    struct harness h = {0};
    struct harness_result r = {0};
    open_recorded(&h, "476.tape");
    harness_fetch(&h, "trino.queries", "warehouse", &r);
    g_assert_no_error(r.error);
    const struct snapshot *s = harness_snapshot(&r, "trino.queries");
    g_assert_null(snapshot_incomplete(s));
    g_assert_cmpuint(count_error(s, "EXCEEDED_LOCAL_MEMORY_LIMIT", HEALTH_FAIL, PHASE_DONE), >, 0);
    g_assert_cmpuint(count_error(s, "QUERY_QUEUE_FULL", HEALTH_FAIL, PHASE_DONE), >, 0);
    g_assert_cmpuint(count_error(s, "ADMINISTRATIVELY_KILLED", HEALTH_OK, PHASE_OFF), >, 0);
    g_assert_cmpuint(count_error(s, "USER_CANCELED", HEALTH_OK, PHASE_OFF), >, 0);
    g_assert_cmpuint(count_error(s, "SYNTAX_ERROR", HEALTH_OK, PHASE_OFF), >, 0);
    size_t waiting = 0;
    for (size_t row = 0; row < snapshot_count(s); row++) {
        struct cell state = snapshot_cell(s, row, kind_column(&trino_queries_kind, "state"));
        if (strcmp(state.text, "QUEUED") != 0)
            continue;
        waiting++;
        g_assert_cmpint(snapshot_row(s, row)->health, ==, HEALTH_WARN);
        g_assert_cmpint(snapshot_row(s, row)->phase, ==, PHASE_WAIT);
        g_assert_true(g_str_has_prefix(snapshot_row(s, row)->why, "waits for "));
    }
    g_assert_cmpuint(waiting, ==, 3);
    const struct snapshot *cluster = harness_snapshot(&r, "trino.cluster");
    g_assert_cmpuint(snapshot_count(cluster), ==, 1);
    g_assert_cmpint(harness_cell(cluster, "own", "queued").i, ==, 3);
    g_assert_cmpint(harness_cell(cluster, "own", "nodes").i, ==, 2);
    g_assert_cmpint(harness_cell(cluster, "own", "memory_limit_bytes").i, ==, 1782579200);
    g_assert_cmpint(harness_cell(cluster, "own", "system_failed_5m").i, >, 0);
    harness_result_clear(&r);
    harness_close(&h);
}

static void test_recorded_stages(void)
{
    struct harness h = {0};
    struct harness_result r = {0};
    open_recorded(&h, "476.tape");
    harness_fetch(&h, "trino.stages", "warehouse/queries/20261121_162925_00002_kyhz9", &r);
    g_assert_no_error(r.error);
    const struct snapshot *s = harness_snapshot(&r, "trino.stages");
    g_assert_cmpuint(snapshot_count(s), ==, 3);
    g_assert_cmpuint(snapshot_row(s, 0)->parent, ==, ROW_NONE);
    g_assert_cmpuint(snapshot_row(s, 1)->parent, ==, 0);
    g_assert_cmpstr(harness_cell(s, "0", "node").text, ==, "2 nodes");
    g_assert_cmpint(harness_cell(s, "0", "skew").type, ==, CELL_REAL);
    harness_result_clear(&r);
    harness_close(&h);
}

static void test_recorded_show(void)
{
    struct harness h = {0};
    struct harness_result r = {0};
    open_recorded(&h, "476.tape");
    harness_show(&h, "warehouse/queries/20261121_163610_00032_kyhz9", &r);
    g_assert_no_error(r.error);
    const struct snapshot *s = harness_snapshot(&r, "detail");
    g_assert_true(g_str_has_prefix(
        harness_cell(s, "message", "value").text, "Query exceeded per-node memory limit of 10MB"));
    g_assert_cmpint(harness_cell(s, "elapsed_ms", "value").type, ==, CELL_SPAN_MS);
    g_assert_true(g_str_has_prefix(r.raw, "{\"queryId\":\"20261121_163610_00032_kyhz9\""));
    harness_result_clear(&r);
    harness_show(&h, "warehouse/queries/20260101_000000_00001_abcde", &r);
    g_assert_error(r.error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(r.error->message, "gone from the coordinator's memory"));
    harness_result_clear(&r);
    harness_show(&h, "warehouse/queries/..%2Finfo", &r);
    g_assert_error(r.error, WEIR_ERROR, WEIR_ERROR_USAGE);
    harness_result_clear(&r);
    harness_close(&h);
}

static void test_old_server(void)
{
    struct harness h = {0};
    struct harness_result r = {0};
    open_recorded(&h, "435.tape"); /* holds requests for one state each */
    harness_fetch(&h, "trino.queries", "warehouse", &r);
    g_assert_no_error(r.error);
    const struct snapshot *s = harness_snapshot(&r, "trino.queries");
    g_assert_cmpuint(snapshot_count(s), ==, 2);
    struct cell blocked = cell_of(&r, "trino.cluster", "lab", "blocked");
    g_assert_cmpint(blocked.type, ==, CELL_NONE); /* it cannot tell */
    g_assert_cmpint(cell_of(&r, "trino.cluster", "lab", "running").i, ==, 1);
    harness_result_clear(&r);
    harness_close(&h);
}

static void test_denied_nodes(void)
{
    struct harness h = {0};
    struct harness_result r = {0};
    open_recorded(&h, "denied.tape");
    harness_fetch(&h, "trino.nodes", "warehouse", &r);
    g_assert_no_error(r.error); /* the queries are there */
    const struct snapshot *s = harness_snapshot(&r, "trino.nodes");
    g_assert_cmpuint(snapshot_count(s), ==, 1);
    g_assert_nonnull(strstr(snapshot_incomplete(s), "403"));
    g_assert_cmpint(harness_cell(s, "sec", "last_response").absent, ==, ABSENT_DENIED);
    g_assert_cmpint(harness_cell(s, "sec", "heap_bytes").type, ==, CELL_BYTES);
    struct cell nodes = cell_of(&r, "trino.cluster", "own", "nodes");
    g_assert_cmpint(nodes.type, ==, CELL_NONE);
    g_assert_cmpint(nodes.absent, ==, ABSENT_DENIED);
    struct cell limit = cell_of(&r, "trino.cluster", "own", "memory_limit_bytes");
    g_assert_cmpint(limit.absent, ==, ABSENT_DENIED);
    harness_result_clear(&r);
    harness_close(&h);
}

/* -- servers that say no --------------------------------------------------------------------------- */

static void assert_fails(const struct line *lines, int code, const char *words)
{
    struct harness h = {0};
    struct harness_result r = {0};
    open_lines(&h, lines, true, "");
    harness_fetch(&h, "trino.queries", "warehouse", &r);
    g_assert_error(r.error, WEIR_ERROR, code);
    if (!strstr(r.error->message, words))
        g_error("%s", r.error->message);
    g_assert_cmpuint(g_hash_table_size(r.snapshots), ==, 0);
    harness_result_clear(&r);
    close_lines(&h);
}

static void test_starting(void)
{
    static const struct line lines[] = {
        {"/v1/info", 200,
            "{\"nodeVersion\":{\"version\":\"476\"},\"coordinator\":true,\"starting\":true,"
            "\"uptime\":\"12.30s\"}"},
        {0}};
    assert_fails(lines, WEIR_ERROR_SERVER, "is starting (for 12 s)");
}

static void test_worker_url(void)
{
    static const struct line lines[] = {
        {"/v1/info", 200,
            "{\"nodeVersion\":{\"version\":\"476\"},\"coordinator\":false,\"starting\":false}"},
        {0}};
    assert_fails(lines, WEIR_ERROR_PROTOCOL, "set url to the coordinator");
}

static void test_wrong_password(void)
{
    /* Old enough for a request per state: the second one would not be on the tape. */
    static const struct line lines[] = {
        {"/v1/info", 200,
            "{\"nodeVersion\":{\"version\":\"435\"},\"coordinator\":true,\"starting\":false}"},
        {"/v1/query?state=QUEUED", 401, "Access Denied: Invalid credentials"}, {0}};
    assert_fails(lines, WEIR_ERROR_DENIED, "check the user and the password");
}

static void test_impersonation(void)
{
    static const struct line lines[] = {{"/v1/info", 200, INFO},
        {LIVE, 500,
            "io.trino.spi.security.AccessDeniedException: Access Denied: User bob cannot "
            "impersonate user weir\n\tat io.trino.Foo"},
        {0}};
    assert_fails(lines, WEIR_ERROR_DENIED, "User bob cannot impersonate user weir; asked as");
}

static void test_forwarded(void)
{
    static const struct line lines[] = {
        {"/v1/info", 406,
            "Server configuration does not allow processing of the X-Forwarded-For "
            "header"},
        {0}};
    assert_fails(lines, WEIR_ERROR_PROTOCOL, "http-server.process-forwarded=true");
}

static void test_something_else(void)
{
    static const struct line no_trino[] = {{"/v1/info", 200, "{\"hello\":1}"}, {0}};
    assert_fails(no_trino, WEIR_ERROR_PROTOCOL, "is url that of a Trino coordinator?");
    static const struct line no_list[] = {
        {"/v1/info", 200, INFO}, {LIVE, 200, "{\"queries\":[]}"}, {0}};
    assert_fails(no_list, WEIR_ERROR_PROTOCOL, "no JSON list");
    static const struct line broken[] = {
        {"/v1/info", 200, INFO}, {LIVE, 200, "[{\"queryId\":\"a\"},{\"queryId\":"}, {0}};
    assert_fails(broken, WEIR_ERROR_PROTOCOL, "breaks off");
}

/* -- queries between polls ------------------------------------------------------------------------- */

static void test_ended(void)
{
    static const struct line lines[] = {{LIVE, 200, RUNNING_Q1}, {LIVE, 200, "[]"},
        {FINISHED, 200, "[]"}, {FINISHED, 200, "[{\"queryId\":\"q1\",\"state\":\"FINISHED\"}]"},
        {0}};
    struct harness h = {0};
    struct harness_result r = {0};
    open_lines(&h, lines, false, "");
    harness_fetch(&h, "trino.queries", "warehouse", &r);
    g_assert_cmpstr(cell_of(&r, "trino.queries", "q1", "state").text, ==, "RUNNING");
    harness_result_clear(&r);
    harness_fetch(&h, "trino.queries", "warehouse", &r);
    g_assert_cmpuint(snapshot_count(harness_snapshot(&r, "trino.queries")), ==, 1);
    g_assert_cmpstr(cell_of(&r, "trino.queries", "q1", "state").text, ==, "FINISHED");
    harness_result_clear(&r);
    close_lines(&h);
}

static void test_gone(void)
{
    static const struct line lines[] = {{LIVE, 200, RUNNING_Q1}, {LIVE, 200, "[]"}, {0}};
    struct harness h = {0};
    struct harness_result r = {0};
    open_lines(&h, lines, false, "");
    harness_fetch(&h, "trino.queries", "warehouse", &r);
    harness_result_clear(&r);
    harness_fetch(&h, "trino.queries", "warehouse", &r);
    const struct row *row = row_of(&r, "trino.queries", "q1");
    g_assert_cmpint(row->health, ==, HEALTH_UNKNOWN);
    g_assert_nonnull(strstr(row->error, "gone from the coordinator's memory"));
    g_assert_cmpint(cell_of(&r, "trino.cluster", "lab", "running").i, ==, 0);
    harness_result_clear(&r);
    close_lines(&h);
}

static void test_restart(void)
{
    static const struct line lines[] = {{LIVE, 200, RUNNING_Q1}, {LIVE, 200, "[]"},
        {"/v1/info", 200, INFO},
        {"/v1/info", 200,
            "{\"nodeVersion\":{\"version\":\"476\"},\"environment\":\"lab\",\"coordinator\":true,"
            "\"starting\":false,\"uptime\":\"31.20s\"}"},
        {FAILED, 200, "[{\"queryId\":\"q0\",\"state\":\"FAILED\"}]"}, {FAILED, 200, "[]"}, {0}};
    struct harness h = {0};
    struct harness_result r = {0};
    open_lines(&h, lines, false, "");
    harness_fetch(&h, "trino.queries", "warehouse", &r);
    g_assert_cmpuint(snapshot_count(harness_snapshot(&r, "trino.queries")), ==, 2);
    harness_result_clear(&r);
    harness_fetch(&h, "trino.queries", "warehouse", &r);
    g_assert_cmpuint(snapshot_count(harness_snapshot(&r, "trino.queries")), ==, 1);
    g_assert_cmpstr(
        row_of(&r, "trino.queries", "q1")->error, ==, "lost when the coordinator restarted");
    harness_result_clear(&r);
    close_lines(&h);
}

static void test_no_finished(void)
{
    static const struct line lines[] = {{LIVE, 200, RUNNING_Q1},
        {FINISHED, 503, "{\"message\":\"overloaded\"}"}, {FAILED, 200, "[{\"queryId\":"}, {0}};
    struct harness h = {0};
    struct harness_result r = {0};
    open_lines(&h, lines, false, "");
    harness_fetch(&h, "trino.queries", "warehouse", &r);
    g_assert_no_error(r.error);
    const char *missing = snapshot_incomplete(harness_snapshot(&r, "trino.queries"));
    g_assert_nonnull(strstr(missing, "FINISHED queries: "));
    g_assert_nonnull(strstr(missing, "FAILED queries: "));
    g_assert_cmpuint(snapshot_count(harness_snapshot(&r, "trino.queries")), ==, 1);
    struct cell failed = cell_of(&r, "trino.cluster", "lab", "failed_5m");
    g_assert_cmpint(failed.type, ==, CELL_NONE); /* not zero */
    harness_result_clear(&r);
    close_lines(&h);
}

static void test_stalled(void)
{
    static const struct line lines[] = {{LIVE, 200, RUNNING_Q1}, {0}};
    struct harness h = {0};
    struct harness_result r = {0};
    open_lines(&h, lines, false, "    thresholds: {trino_blocked_for: 0s}\n");
    harness_fetch(&h, "trino.queries", "warehouse", &r);
    const struct row *row = row_of(&r, "trino.queries", "q1");
    g_assert_cmpint(row->health, ==, HEALTH_UNKNOWN); /* since when is not known yet */
    g_assert_cmpint(cell_of(&r, "trino.queries", "q1", "blocked_ms").type, ==, CELL_NONE);
    g_assert_cmpint(cell_of(&r, "trino.cluster", "lab", "blocked").i, ==, 1);
    harness_result_clear(&r);
    harness_fetch(&h, "trino.queries", "warehouse", &r);
    row = row_of(&r, "trino.queries", "q1");
    g_assert_cmpint(row->health, ==, HEALTH_WARN);
    g_assert_true(g_str_has_prefix(row->why, "its splits have waited for "));
    struct cell blocked = cell_of(&r, "trino.queries", "q1", "blocked_ms");
    g_assert_cmpint(blocked.quality, ==, BOUND); /* at least so long */
    harness_result_clear(&r);
    close_lines(&h);
}

static void test_cluster_memory(void)
{
    static const struct line lines[] = {{LIVE, 200, RUNNING_Q1}, {0}};
    struct harness h = {0};
    struct harness_result r = {0};
    open_lines(&h, lines, false, "");
    harness_fetch(&h, "trino.cluster", "warehouse", &r);
    g_assert_cmpint(cell_of(&r, "trino.cluster", "lab", "memory_bytes").i, ==, 950);
    g_assert_cmpint(cell_of(&r, "trino.cluster", "lab", "memory_limit_bytes").i, ==, 1000);
    g_assert_cmpfloat(cell_of(&r, "trino.cluster", "lab", "memory").r, ==, 95.0);
    g_assert_cmpint(row_of(&r, "trino.cluster", "lab")->health, ==, HEALTH_WARN);
    harness_result_clear(&r);
    close_lines(&h);
}

/* -- nodes ----------------------------------------------------------------------------------------- */

#define BOTH                                                                                       \
    "{\"services\":[{\"nodeId\":\"c1\",\"type\":\"trino\",\"properties\":{\"http\":"               \
    "\"http://c1:8080\",\"coordinator\":\"true\",\"node_version\":\"476\"}},{\"nodeId\":\"w1\","   \
    "\"type\":\"trino\",\"properties\":{\"http\":\"http://w1:8080\",\"coordinator\":\"false\","    \
    "\"node_version\":\"476\"}}]}"
#define GOOD_BEAT                                                                                  \
    "{\"uri\":\"http://w1:8080/v1/status\",\"age\":\"6.00s\",\"recentFailureRatio\":0.0,"          \
    "\"lastResponseTime\":\"2026-11-21T16:12:14.904Z\"}"
#define BAD_BEAT                                                                                   \
    "{\"uri\":\"http://w1:8080/v1/status\",\"age\":\"1.77m\",\"recentFailureRatio\":0.86,"         \
    "\"lastResponseTime\":\"2026-11-21T16:10:38.879Z\"}"
#define NEW_BEAT                                                                                   \
    "{\"uri\":\"http://w1:8080/v1/status\",\"age\":\"312.26ms\",\"recentFailureRatio\":\"NaN\"}"

static void assert_worker(
    const struct line *lines, const char *key, const char *state, enum health health)
{
    struct harness h = {0};
    struct harness_result r = {0};
    open_lines(&h, lines, false, "");
    harness_fetch(&h, "trino.nodes", "warehouse", &r);
    g_assert_no_error(r.error);
    g_assert_cmpuint(snapshot_count(harness_snapshot(&r, "trino.nodes")), ==, 2);
    g_assert_cmpstr(cell_of(&r, "trino.nodes", key, "state").text, ==, state);
    g_assert_cmpint(row_of(&r, "trino.nodes", key)->health, ==, health);
    g_assert_cmpint(cell_of(&r, "trino.nodes", key, "heap_bytes").absent, ==, ABSENT_NOT_ASKED);
    struct cell failures = cell_of(&r, "trino.nodes", key, "failures");
    if (strcmp(state, "active") == 0)
        g_assert_cmpfloat(failures.r, ==, 0.0); /* not those of its former life */
    else if (strcmp(state, "joining") == 0)
        g_assert_cmpint(failures.type, ==, CELL_NONE);
    bool lost = health == HEALTH_FAIL;
    g_assert_cmpint(cell_of(&r, "trino.cluster", "lab", "nodes_lost").i, ==, lost ? 1 : 0);
    harness_result_clear(&r);
    close_lines(&h);
}

static void test_workers(void)
{
    static const struct line metrics = {METRICS, 200,
        "# TYPE x gauge\ntrino_memory_type_ClusterMemoryPool_name_general_TotalDistributedBytes "
        "1.66E9\n# EOF\n"};
    const struct line active[] = {
        metrics, {"/v1/service", 200, BOTH}, {"/v1/node", 200, "[" GOOD_BEAT "]"}, {0}};
    assert_worker(active, "w1", "active", HEALTH_OK);
    const struct line failed[] = {metrics, {"/v1/service", 200, BOTH},
        {"/v1/node", 200, "[" BAD_BEAT "]"}, {"/v1/node/failed", 200, "[" BAD_BEAT "]"}, {0}};
    assert_worker(failed, "w1", "failed", HEALTH_FAIL);
    /* It came back at the same address: the monitor of its former life has failed for ever. */
    const struct line back[] = {metrics, {"/v1/service", 200, BOTH},
        {"/v1/node", 200, "[" BAD_BEAT "," GOOD_BEAT "]"},
        {"/v1/node/failed", 200, "[" BAD_BEAT "]"}, {0}};
    assert_worker(back, "w1", "active", HEALTH_OK);
    /* And in its first seconds even the new one stands among the failed. */
    const struct line joining[] = {metrics, {"/v1/service", 200, BOTH},
        {"/v1/node", 200, "[" BAD_BEAT "," NEW_BEAT "]"},
        {"/v1/node/failed", 200, "[" NEW_BEAT "," BAD_BEAT "]"}, {0}};
    assert_worker(joining, "w1", "joining", HEALTH_OK);
}

static void test_departed(void)
{
    /* It left before we looked: nobody says its name, only where it was. */
    const struct line lines[] = {{METRICS, 404, "Not Found"},
        {"/v1/node", 200,
            "[{\"uri\":\"http://w1:8080/v1/status\",\"age\":\"10.00m\","
            "\"recentFailureRatio\":1.0}]"},
        {"/v1/node/failed", 200,
            "[{\"uri\":\"http://w1:8080/v1/status\",\"age\":\"10.00m\","
            "\"recentFailureRatio\":1.0}]"},
        {0}};
    assert_worker(lines, "w1:8080", "gone", HEALTH_FAIL);
}

static void test_worker_leaves(void)
{
    static const struct line lines[] = {{"/v1/service", 200, BOTH},
        {"/v1/service", 200,
            "{\"services\":[{\"nodeId\":\"c1\",\"type\":\"trino\",\"properties\":{\"http\":"
            "\"http://c1:8080\",\"coordinator\":\"true\",\"node_version\":\"476\"}}]}"},
        {"/v1/node", 200, "[" GOOD_BEAT "]"}, {"/v1/node", 200, "[]"}, {METRICS, 403, "no"}, {0}};
    struct harness h = {0};
    struct harness_result r = {0};
    open_lines(&h, lines, false, "");
    harness_fetch(&h, "trino.nodes", "warehouse", &r);
    g_assert_cmpint(cell_of(&r, "trino.cluster", "lab", "nodes").i, ==, 2);
    g_assert_cmpint(
        cell_of(&r, "trino.cluster", "lab", "memory_limit_bytes").absent, ==, ABSENT_DENIED);
    harness_result_clear(&r);
    harness_fetch(&h, "trino.nodes", "warehouse", &r);
    g_assert_cmpstr(cell_of(&r, "trino.nodes", "w1", "state").text, ==, "gone");
    g_assert_cmpint(row_of(&r, "trino.nodes", "w1")->health, ==, HEALTH_FAIL);
    g_assert_cmpint(cell_of(&r, "trino.cluster", "lab", "nodes").i, ==, 1);
    harness_result_clear(&r);
    close_lines(&h);
}

/* -- stages ---------------------------------------------------------------------------------------- */

static void test_final(void)
{
    static const struct line lines[] = {
        {"/v1/query/q1", 200,
            "{\"queryId\":\"q1\",\"finalQueryInfo\":true,\"outputStage\":{\"stageId\":\"q1.0\","
            "\"state\":\"FINISHED\"}}"},
        {"/v1/query/q1", 500, "must not be asked again"}, {0}};
    struct harness h = {0};
    struct harness_result r = {0};
    open_lines(&h, lines, false, "");
    for (int i = 0; i < 2; i++) {
        harness_fetch(&h, "trino.stages", "warehouse/queries/q1", &r);
        g_assert_no_error(r.error);
        g_assert_cmpstr(cell_of(&r, "trino.stages", "0", "state").text, ==, "FINISHED");
        harness_result_clear(&r);
    }
    close_lines(&h);
}

static void test_gone_stages(void)
{
    static const struct line lines[] = {{"/v1/query/q1", 410, "Error 410 Gone"}, {0}};
    struct harness h = {0};
    struct harness_result r = {0};
    open_lines(&h, lines, false, "");
    harness_fetch(&h, "trino.stages", "warehouse/queries/q1", &r);
    g_assert_error(r.error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(r.error->message, "it keeps 100 queries or 15 min"));
    harness_result_clear(&r);
    close_lines(&h);
}

static void test_other_stages(void)
{
    static const struct line lines[] = {{"/v1/query/q1", 200, "{\"hello\":\"world\"}"}, {0}};
    struct harness h = {0};
    struct harness_result r = {0};
    open_lines(&h, lines, false, "");
    harness_fetch(&h, "trino.stages", "warehouse/queries/q1", &r);
    g_assert_error(r.error, WEIR_ERROR, WEIR_ERROR_PROTOCOL);
    g_assert_nonnull(strstr(r.error->message, "names no query"));
    harness_result_clear(&r);
    close_lines(&h);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function) g_test_add_func("/trino feeds/" name, function)
    TEST("a real list has its failures, waits and kills apart", test_recorded_queries);
    TEST("a real query opens as a tree of stages", test_recorded_stages);
    TEST("a query that is gone says so, and no odd id is asked for", test_recorded_show);
    TEST("version 435 is asked for one state at a time", test_old_server);
    TEST("nodes that may not be seen are denied, not zero", test_denied_nodes);
    TEST("a coordinator that is starting says so and is asked no more", test_starting);
    TEST("the url of a worker is recognised", test_worker_url);
    TEST("a wrong password is sent once", test_wrong_password);
    TEST("a denied impersonation is no server fault", test_impersonation);
    TEST("a proxy that forwards is named", test_forwarded);
    TEST("what is no Trino is told apart", test_something_else);
    TEST("a query that ends is found among the finished at once", test_ended);
    TEST("a query that vanishes leaves a row that says so", test_gone);
    TEST("a restart of the coordinator empties what was remembered", test_restart);
    TEST("lists that cannot be read make the answer incomplete", test_no_finished);
    TEST("a query whose splits all wait is warned of, once it is known for how long", test_stalled);
    TEST("memory beyond its threshold is warned of", test_cluster_memory);
    TEST("a worker is judged by its youngest heartbeat monitor", test_workers);
    TEST("a worker that left before is known by its address", test_departed);
    TEST("a worker that leaves is a failure", test_worker_leaves);
    TEST("a query that is final is not read again", test_final);
    TEST("the stages of a query that is gone are an error that says so", test_gone_stages);
    TEST("json of something else is no query without stages", test_other_stages);
    return g_test_run();
}
