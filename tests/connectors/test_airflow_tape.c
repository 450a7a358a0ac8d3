/* The Airflow connector against what a real Airflow 3.3.2 said: tests/tapes/airflow.tape. What is
 * expected is read from the tape by code of its own, so that any recording will do. To make a new one:
 *
 *     WEIR_TAPE=$PWD/tests/tapes/airflow.tape WEIR_TAPE_MODE=record \
 *         WEIR_TEST_AIRFLOW=http://127.0.0.1:18081 build/tests/connectors/test_airflow_tape
 */
#include "airflow/airflow.h"

#include <string.h>

#include "harness.h"
#include "recording.h"

#define TAPE      "tests/tapes/airflow.tape"
#define RUN       "af/dags/lab_fail_chain/runs/seed__0"
#define MAPPED    "af/dags/lab_mapped/runs/seed__0"
#define BOOM      RUN "/tasks/boom"
#define BOOM_PATH "/api/v2/dags/lab_fail_chain/dagRuns/seed__0/taskInstances/boom"

/* One session, in the order in which it was recorded. */
static struct {
    struct harness h;
    struct harness_result health, dags, runs, tasks, dag_runs, run_tasks, show, log, check;
    GPtrArray *tape; /* cJSON lines */
} all;

static void run_session(void)
{
    const struct connector *const connectors[2] = {harness_connector("airflow")};
    const char *url = g_getenv("WEIR_TEST_AIRFLOW");
    g_setenv("WEIR_TEST_PASSWORD", "admin", TRUE);
    g_autofree char *yaml = g_strdup_printf("      af:\n        type: airflow\n        url: %s\n"
                                            "        username: admin\n"
                                            "        password: {env: WEIR_TEST_PASSWORD}\n",
        url ? url : "http://127.0.0.1:1");
    harness_open(&all.h, connectors, yaml);
    harness_fetch(&all.h, "airflow.health", "af", &all.health);
    harness_fetch(&all.h, "airflow.runs", "af", &all.runs);
    harness_fetch(&all.h, "airflow.tasks", "af", &all.tasks);
    harness_fetch(&all.h, "airflow.dags", "af", &all.dags);
    harness_fetch(&all.h, "airflow.runs", "af/dags/lab_success", &all.dag_runs);
    harness_fetch(&all.h, "airflow.tasks", MAPPED, &all.run_tasks);
    harness_show(&all.h, BOOM, &all.show);
    harness_check(&all.h, "af", &all.check);
    struct stream_options options = {0};
    harness_follow(&all.h, BOOM, &options, &all.log);
}

/* The JSON of the first answer to a path that begins so. */
static cJSON *answer(const char *path)
{
    for (guint i = 0; i < all.tape->len; i++) {
        const cJSON *line = g_ptr_array_index(all.tape, i);
        const char *at = cJSON_GetStringValue(cJSON_GetObjectItem(line, "path"));
        if (g_str_has_prefix(at, path))
            return cJSON_Parse(cJSON_GetStringValue(cJSON_GetObjectItem(line, "text")));
    }
    g_error("%s does not stand on the tape", path);
}

static const char *member(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(object, name));
}

static const struct snapshot *rows_of(const struct harness_result *r, const char *kind)
{
    g_assert_no_error(r->error);
    return harness_snapshot(r, kind);
}

static gssize find_address(const struct snapshot *s, const char *address)
{
    for (size_t row = 0; row < snapshot_count(s); row++) {
        g_autoptr(GString) own = g_string_new(NULL);
        snapshot_append_address(s, row, own);
        if (strcmp(own->str, address) == 0)
            return (gssize)row;
    }
    return -1;
}

static void assert_text(const struct snapshot *s, gssize row, const char *column, const char *text)
{
    struct cell cell = snapshot_cell(s, (size_t)row, kind_column(snapshot_kind(s), column));
    if (text && *text)
        g_assert_cmpstr(cell.text, ==, text);
    else
        g_assert_cmpint(cell.type, ==, CELL_NONE);
}

static void test_health(void)
{
    const struct snapshot *s = rows_of(&all.health, "airflow.health");
    cJSON *json = answer("/api/v2/monitor/health");
    for (const cJSON *i = json->child; i; i = i->next) {
        gssize row = snapshot_find(s, i->string);
        g_assert_cmpint(row, >=, 0);
        assert_text(s, row, "state", member(i, "status"));
    }
    g_assert_cmpuint(snapshot_count(s), ==, (size_t)cJSON_GetArraySize(json));
    int64_t age = harness_cell(s, "scheduler", "heartbeat_age_ms").i;
    g_assert_cmpint(age, >=, 0);
    g_assert_cmpint(age, <, 60000);
    cJSON_Delete(json);
}

static void test_dags(void)
{
    const struct snapshot *s = rows_of(&all.dags, "airflow.dags");
    cJSON *json = answer("/ui/dags?");
    const cJSON *dags = cJSON_GetObjectItem(json, "dags"), *i;
    unsigned strips = 0;
    g_assert_cmpuint(snapshot_count(s), ==, (size_t)cJSON_GetArraySize(dags));
    cJSON_ArrayForEach(i, dags)
    {
        gssize row = snapshot_find(s, member(i, "dag_id"));
        g_assert_cmpint(row, >=, 0);
        bool paused = cJSON_IsTrue(cJSON_GetObjectItem(i, "is_paused"));
        g_assert_true(snapshot_cell(s, (size_t)row, DAG_PAUSED).b == paused);
        g_assert_true((snapshot_row(s, (size_t)row)->phase == PHASE_OFF) == paused);
        const cJSON *past = cJSON_GetObjectItem(i, "latest_dag_runs");
        assert_text(s, row, "last_state", member(cJSON_GetArrayItem(past, 0), "state"));
        struct cell strip = snapshot_cell(s, (size_t)row, DAG_STATES);
        g_assert_cmpint(strip.type, ==, CELL_STATES);
        g_assert_cmpint((int)strip.states->count, ==, cJSON_GetArraySize(past));
        strips += strip.states->count > 1;
    }
    g_assert_cmpuint(strips, >, 0);
    cJSON_Delete(json);
}

static unsigned check_runs(const struct snapshot *s, const char *path)
{
    cJSON *json = answer(path);
    const cJSON *i;
    unsigned n = 0;
    cJSON_ArrayForEach(i, cJSON_GetObjectItem(json, "dag_runs"))
    {
        AUTO(rid) source = rid_source("af");
        AUTO(rid) dag = rid_child(source, "dags", member(i, "dag_id"));
        AUTO(rid) run = rid_child(dag, "runs", member(i, "dag_run_id"));
        g_autofree char *address = rid_print(run);
        gssize row = find_address(s, address);
        g_assert_cmpint(row, >=, 0);
        assert_text(s, row, "state", member(i, "state"));
        assert_text(s, row, "type", member(i, "run_type"));
        assert_text(s, row, "note", member(i, "note"));
        const cJSON *seconds = cJSON_GetObjectItem(i, "duration");
        if (cJSON_IsNumber(seconds))
            g_assert_cmpfloat_with_epsilon((double)snapshot_cell(s, (size_t)row, RUN_DURATION).i,
                seconds->valuedouble * 1000, 1);
        n++;
    }
    cJSON_Delete(json);
    return n;
}

static void test_runs(void)
{
    const struct snapshot *s = rows_of(&all.runs, "airflow.runs");
    unsigned n = check_runs(s, "/api/v2/dags/~/dagRuns?state=running");
    n += check_runs(s, "/api/v2/dags/~/dagRuns/list");
    g_assert_cmpuint(snapshot_count(s), ==, n);
    s = rows_of(&all.dag_runs, "airflow.runs");
    g_assert_cmpuint(snapshot_count(s), ==, check_runs(s, "/api/v2/dags/lab_success/dagRuns?"));
    g_assert_cmpuint(snapshot_count(s), >=, 3);
}

static unsigned check_tasks(const struct snapshot *s, const char *path, bool all_of_it)
{
    cJSON *json = answer(path);
    const cJSON *i;
    unsigned n = 0;
    cJSON_ArrayForEach(i, cJSON_GetObjectItem(json, "task_instances"))
    {
        AUTO(rid) source = rid_source("af");
        AUTO(rid) dag = rid_child(source, "dags", member(i, "dag_id"));
        AUTO(rid) run = rid_child(dag, "runs", member(i, "dag_run_id"));
        int map_index = cJSON_GetObjectItem(i, "map_index")->valueint;
        g_autofree char *name = map_index < 0
                                    ? g_strdup(member(i, "task_id"))
                                    : g_strdup_printf("%s[%d]", member(i, "task_id"), map_index);
        AUTO(rid) task = rid_child(run, "tasks", name);
        g_autofree char *address = rid_print(task);
        gssize row = find_address(s, address);
        if (row < 0 && !all_of_it)
            continue;
        g_assert_cmpint(row, >=, 0);
        assert_text(s, row, "state", member(i, "state"));
        assert_text(s, row, "pool", member(i, "pool"));
        assert_text(s, row, "host", member(i, "hostname"));
        int try = cJSON_GetObjectItem(i, "try_number")->valueint;
        g_assert_cmpint(snapshot_cell(s, (size_t)row, TASK_TRY).i, ==, try);
        n++;
    }
    cJSON_Delete(json);
    return n;
}

static void test_tasks(void)
{
    const struct snapshot *s = rows_of(&all.tasks, "airflow.tasks");
    unsigned n = check_tasks(s, "/api/v2/dags/~/dagRuns/~/taskInstances?", true);
    n += check_tasks(s, "/api/v2/dags/~/dagRuns/~/taskInstances/list", false);
    g_assert_cmpuint(snapshot_count(s), ==, n);
    gssize boom = find_address(s, BOOM);
    g_assert_cmpint(boom, >=, 0);
    g_assert_cmpint(snapshot_row(s, (size_t)boom)->health, ==, HEALTH_FAIL);
    s = rows_of(&all.run_tasks, "airflow.tasks");
    n = check_tasks(s, "/api/v2/dags/lab_mapped/dagRuns/seed__0/taskInstances?", true);
    g_assert_cmpuint(snapshot_count(s), ==, n);
    g_assert_cmpint(harness_cell(s, "work[7]", "map_index").i, ==, 7);
}

static void test_show(void)
{
    const struct snapshot *s = rows_of(&all.show, "detail");
    cJSON *json = answer(BOOM_PATH), *raw = cJSON_Parse(all.show.raw);
    g_assert_true(cJSON_Compare(json, raw, true));
    g_assert_cmpstr(harness_cell(s, "state", "value").text, ==, "failed");
    g_assert_cmpstr(harness_cell(s, "pool", "value").text, ==, "default_pool");
    cJSON_Delete(json);
    cJSON_Delete(raw);
}

static bool log_has(const char *text)
{
    for (guint i = 0; i < all.log.chunks->len; i++) {
        const struct snapshot *s = g_ptr_array_index(all.log.chunks, i);
        for (size_t row = 0; row < snapshot_count(s); row++)
            if (strcmp(snapshot_cell(s, row, LOG_TEXT).text, text) == 0)
                return true;
    }
    return false;
}

static void test_log(void)
{
    g_assert_no_error(all.log.error);
    g_assert_true(log_has("Task failed with exception"));
    g_assert_true(log_has("KeyError: 'trino'"));
    g_assert_true(log_has("The above exception was the direct cause of the following exception:"));
    g_assert_true(log_has("ConnectionError: connection refused: trino:8080"));
    g_assert_true(log_has("During handling of the above exception, another exception occurred:"));
    g_assert_true(log_has("ValueError: kaboom 42"));
}

static void test_check(void)
{
    const struct snapshot *s = rows_of(&all.check, "doctor");
    for (size_t row = 0; row < snapshot_count(s); row++) {
        const struct row *r = snapshot_row(s, row);
        if (strcmp(r->name, "clock") != 0 && strcmp(r->name, "import errors") != 0)
            g_assert_cmpint(r->health, ==, HEALTH_OK);
    }
    g_assert_nonnull(strstr(harness_cell(s, "version", "seen").text, "Airflow 3."));
    g_assert_nonnull(strstr(harness_cell(s, "import errors", "seen").text, "lab_import_error.py"));
}

static void test_secrets(void)
{
    for (guint i = 0; i < all.tape->len; i++) {
        const cJSON *line = g_ptr_array_index(all.tape, i);
        if (strcmp(member(line, "path"), "/auth/token") != 0)
            continue;
        g_assert_null(member(line, "body"));
        g_assert_cmpstr(member(line, "text"), ==, "{\"access_token\":\"on-tape\"}");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    bool records = g_strcmp0(g_getenv("WEIR_TAPE_MODE"), "record") == 0;
    if (!records) {
        g_setenv("WEIR_TAPE", TAPE, TRUE);
        g_setenv("WEIR_TAPE_MODE", "replay", TRUE);
    } else {
        http_init();
        g_unlink(g_getenv("WEIR_TAPE"));
    }
    run_session();
    all.tape = recording_read();
    g_test_add_func("/airflow-tape/health", test_health);
    g_test_add_func("/airflow-tape/every-dag-with-its-newest-state", test_dags);
    g_test_add_func("/airflow-tape/every-run-of-the-day", test_runs);
    g_test_add_func("/airflow-tape/every-task-that-is-active-or-failed", test_tasks);
    g_test_add_func("/airflow-tape/show-has-the-servers-own-json", test_show);
    g_test_add_func("/airflow-tape/the-log-of-a-failure-holds-its-chain-of-causes", test_log);
    g_test_add_func("/airflow-tape/the-doctor-is-content", test_check);
    g_test_add_func("/airflow-tape/no-secret-stands-on-the-tape", test_secrets);
    int failed = g_test_run();
    harness_close(&all.h);
    return failed;
}
