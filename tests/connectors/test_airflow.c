/* The Airflow connector against answers that a test wrote (what no lab can be made to do on demand);
 * test_airflow_tape.c has what a real server said. */
#include "airflow/airflow.h"

#include <string.h>

#include "cells.h"
#include "script.h"

#define SIGNED_IN                                                                                  \
    "      af:\n        type: airflow\n        url: http://127.0.0.1:1\n        username: "        \
    "oncall\n"                                                                                     \
    "        password: {env: WEIR_TEST_PASSWORD}\n"
#define UI     "/ui/dags?dag_runs_limit=14&order_by=dag_id&limit=100&offset="
#define PUBLIC "/api/v2/dags?order_by=dag_id&limit=100&offset="
#define ACTIVE_RUNS                                                                                \
    "/api/v2/dags/~/dagRuns?state=running&state=queued&order_by=-run_after&limit=100&offset=0"
#define RUNS_LIST "/api/v2/dags/~/dagRuns/list"
#define RUNS_LIST_BODY                                                                             \
    "{\"end_date_gte\":\"2026-11-20T12:00:00.000Z\",\"order_by\":\"-end_date\",\"page_limit\":"    \
    "1000,"                                                                                        \
    "\"page_offset\":0}"
#define ACTIVE_TASKS                                                                               \
    "/api/v2/dags/~/dagRuns/~/taskInstances?state=running&state=queued&state=scheduled"            \
    "&state=up_for_retry&state=deferred&state=up_for_reschedule&state=restarting"                  \
    "&state=awaiting_input&limit=100&offset="
#define NO_RUNS  "{\"dag_runs\":[],\"total_entries\":0}"
#define AT(h, m) "\"2026-11-21T" h ":" m ":00Z\""

struct test {
    struct script script;
    struct harness h;
    struct harness_result r;
};

static const struct connector *connectors[2];

static void begin(struct test *t)
{
    *t = (struct test){0};
    script_begin(&t->script);
}

static void add_session(struct test *t)
{
    script_get(&t->script, "/api/v2/version", "{\"version\":\"3.3.2\",\"git_version\":null}");
    script_add(&t->script, (struct script_answer){.method = "POST",
                               .path = "/auth/token",
                               .status = 201,
                               .text = "{\"access_token\":\"t\"}"});
}

static void add_runs(struct test *t, const char *active, const char *ended)
{
    script_get(&t->script, ACTIVE_RUNS, active);
    script_add(&t->script,
        (struct script_answer){
            .method = "POST", .path = RUNS_LIST, .body = RUNS_LIST_BODY, .text = ended});
}

static void play(struct test *t, const char *sources)
{
    g_setenv("WEIR_TEST_PASSWORD", "hunter2", TRUE);
    script_play(&t->script);
    harness_open(&t->h, connectors, sources);
}

static void end(struct test *t)
{
    harness_result_clear(&t->r);
    harness_close(&t->h);
    script_end(&t->script);
}

static const struct snapshot *get(struct test *t, const char *kind, const char *scope)
{
    harness_result_clear(&t->r);
    harness_fetch(&t->h, kind, scope, &t->r);
    g_assert_no_error(t->r.error);
    return harness_snapshot(&t->r, kind);
}

static void get_fails(struct test *t, const char *kind, enum weir_error code, const char *words)
{
    harness_result_clear(&t->r);
    harness_fetch(&t->h, kind, "af", &t->r);
    g_assert_error(t->r.error, WEIR_ERROR, (int)code);
    g_test_message("%s", t->r.error->message);
    g_assert_nonnull(strstr(t->r.error->message, words));
}

/* -- the session --------------------------------------------------------------------------------- */

static void test_version_2(void)
{
    struct test t;
    begin(&t);
    script_add(&t.script,
        (struct script_answer){
            .path = "/api/v2/version", .status = 404, .type = "text/html", .text = "<html>"});
    script_get(&t.script, "/api/v1/version", "{\"version\":\"2.11.2\",\"git_version\":\"\"}");
    play(&t, SIGNED_IN);
    get_fails(&t, "airflow.health", WEIR_ERROR_UNSUPPORTED,
        "Airflow 2.11.2: this version of weir speaks the API of 3.x");
    end(&t);
}

static void test_other_server(void)
{
    struct test t;
    begin(&t);
    script_add(
        &t.script, (struct script_answer){.path = "/api/v2/version", .status = 404, .text = "{}"});
    script_add(
        &t.script, (struct script_answer){.path = "/api/v1/version", .status = 404, .text = "{}"});
    play(&t, SIGNED_IN);
    get_fails(&t, "airflow.health", WEIR_ERROR_NOT_FOUND,
        "no Airflow there (404 at /api/v2/version); is url the root");
    end(&t);
}

static void test_wrong_password(void)
{
    struct test t;
    begin(&t);
    script_get(&t.script, "/api/v2/version", "{\"version\":\"3.3.2\"}");
    script_add(&t.script, (struct script_answer){.method = "POST",
                              .path = "/auth/token",
                              .status = 401,
                              .text = "{\"detail\":\"Invalid credentials\"}"});
    play(&t, SIGNED_IN);
    get_fails(&t, "airflow.dags", WEIR_ERROR_DENIED,
        "does not accept the user \"oncall\" with this password");
    get_fails(&t, "airflow.runs", WEIR_ERROR_DENIED, "it is asked again after 30 s");
    end(&t);
}

static void test_nobody(void)
{
    struct test t;
    begin(&t);
    script_get(&t.script, "/api/v2/version", "{\"version\":\"3.3.2\"}");
    script_add(
        &t.script, (struct script_answer){.path = "/auth/token", .status = 403, .text = "{}"});
    script_get(&t.script, "/api/v2/monitor/health", "{\"scheduler\":{\"status\":\"healthy\"}}");
    play(&t, "      af:\n        type: airflow\n        url: http://127.0.0.1:1\n");
    g_assert_cmpstr(text(get(&t, "airflow.health", "af"), "scheduler", "state"), ==, "healthy");
    get_fails(&t, "airflow.dags", WEIR_ERROR_DENIED, "set username and password, or token");
    end(&t);
}

static void test_token(void)
{
    struct test t;
    begin(&t);
    script_get(&t.script, "/api/v2/version", "{\"version\":\"3.3.2\"}");
    script_add(&t.script, (struct script_answer){.path = "/api/v2/dags?limit=1",
                              .status = 401,
                              .text = "{\"detail\":\"Token Expired\"}"});
    play(&t, "      af:\n        type: airflow\n        url: http://127.0.0.1:1\n"
             "        token: {env: WEIR_TEST_PASSWORD}\n");
    get_fails(
        &t, "airflow.health", WEIR_ERROR_DENIED, "it is wrong or has expired; give a new one");
    end(&t);
}

static void test_renewal(void)
{
    struct test t;
    begin(&t);
    add_session(&t);
    script_add(&t.script, (struct script_answer){.path = "/api/v2/monitor/health",
                              .status = 403,
                              .text = "{\"detail\":\"Invalid JWT token\"}"});
    script_get(&t.script, "/api/v2/monitor/health", "{\"scheduler\":{\"status\":\"healthy\"}}");
    play(&t, SIGNED_IN);
    const struct snapshot *s = get(&t, "airflow.health", "af");
    g_assert_cmpstr(text(s, "scheduler", "state"), ==, "healthy");
    end(&t);
}

/* -- health -------------------------------------------------------------------------------------- */

static void test_health(void)
{
    struct test t;
    begin(&t);
    add_session(&t);
    script_get(&t.script, "/api/v2/monitor/health",
        "{\"metadatabase\":{\"status\":\"healthy\"},"
        "\"scheduler\":{\"status\":\"unhealthy\",\"latest_scheduler_heartbeat\":" AT(
            "11", "58") "},"
                        "\"triggerer\":{\"status\":\"healthy\",\"latest_triggerer_heartbeat\":" AT(
                            "11", "59") "},"
                                        "\"dag_processor\":{\"status\":null,\"latest_dag_processor_"
                                        "heartbeat\":null},"
                                        "\"newcomer\":{\"status\":\"healthy\"}}");
    play(&t, SIGNED_IN);
    const struct snapshot *s = get(&t, "airflow.health", "af");
    g_assert_cmpuint(snapshot_count(s), ==, 5);
    g_assert_cmpint(row_of(s, "metadatabase")->health, ==, HEALTH_OK);
    g_assert_cmpint(absent(s, "metadatabase", "heartbeat_age_ms"), ==, ABSENT_NO_VALUE);
    g_assert_cmpint(row_of(s, "scheduler")->health, ==, HEALTH_FAIL);
    g_assert_cmpint(number(s, "scheduler", "heartbeat_age_ms"), ==, 120000);
    g_assert_cmpstr(row_of(s, "scheduler")->why, ==, "unhealthy: no heartbeat for 2m00s");
    g_assert_cmpint(row_of(s, "triggerer")->health, ==, HEALTH_WARN);
    g_assert_cmpint(row_of(s, "dag_processor")->phase, ==, PHASE_OFF);
    g_assert_cmpint(absent(s, "dag_processor", "state"), ==, ABSENT_NO_VALUE);
    g_assert_cmpstr(text(s, "newcomer", "state"), ==, "healthy");
    end(&t);
}

/* -- dags ---------------------------------------------------------------------------------------- */

static char *dag_page(unsigned first, unsigned count, unsigned total)
{
    GString *page = g_string_new("{\"dags\":[");
    for (unsigned i = first; i < first + count; i++)
        g_string_append_printf(page,
            "%s{\"dag_id\":\"dag_%04u\",\"is_paused\":false,\"owners\":[\"a\",\"b\"],\"tags\":[],"
            "\"latest_dag_runs\":[]}",
            i > first ? "," : "", i);
    g_string_append_printf(page, "],\"total_entries\":%u}", total);
    return g_string_free(page, FALSE);
}

static void add_page(
    struct test *t, const char *path, unsigned first, unsigned count, unsigned total)
{
    g_autofree char *at = g_strdup_printf("%s%u", path, first);
    g_autofree char *page = dag_page(first, count, total);
    script_get(&t->script, at, page);
}

static void test_many_dags(void)
{
    struct test t;
    begin(&t);
    add_session(&t);
    add_runs(&t, NO_RUNS, NO_RUNS);
    add_page(&t, UI, 0, 100, 250);
    add_page(&t, UI, 100, 100, 250);
    add_page(&t, UI, 200, 50, 250);
    play(&t, SIGNED_IN);
    const struct snapshot *s = get(&t, "airflow.dags", "af");
    g_assert_cmpuint(snapshot_count(s), ==, 250);
    g_assert_null(snapshot_incomplete(s));
    g_assert_cmpstr(text(s, "dag_0249", "owners"), ==, "a, b");
    g_assert_cmpint(absent(s, "dag_0000", "last_run"), ==, ABSENT_NO_VALUE);
    end(&t);
}

/* What came before an error stays, and the list is read on from there. */
static void test_broken_off(void)
{
    struct test t;
    begin(&t);
    add_session(&t);
    add_runs(&t, NO_RUNS, NO_RUNS);
    add_page(&t, UI, 0, 100, 150);
    script_add(&t.script,
        (struct script_answer){.path = UI "100", .status = 500, .text = "{\"detail\":\"oops\"}"});
    add_page(&t, UI, 100, 50, 150);
    play(&t, SIGNED_IN);
    get_fails(&t, "airflow.dags", WEIR_ERROR_SERVER, "oops");
    const struct snapshot *s = harness_snapshot(&t.r, "airflow.dags");
    g_assert_cmpuint(snapshot_count(s), ==, 100);
    g_assert_cmpstr(snapshot_incomplete(s), ==, "100 of 150 DAGs are read yet");
    s = get(&t, "airflow.dags", "af");
    g_assert_cmpuint(snapshot_count(s), ==, 150);
    g_assert_null(snapshot_incomplete(s));
    end(&t);
}

static void test_other_json(void)
{
    struct test t;
    begin(&t);
    add_session(&t);
    script_get(&t.script, ACTIVE_RUNS, "{\"hello\":\"world\"}");
    play(&t, SIGNED_IN);
    get_fails(&t, "airflow.runs", WEIR_ERROR_PROTOCOL, "has no \"dag_runs\"");
    end(&t);
}

static void test_clamped_pages(void)
{
    struct test t;
    begin(&t);
    add_session(&t);
    add_runs(&t, NO_RUNS, NO_RUNS);
    for (unsigned first = 0; first < 120; first += 50)
        add_page(&t, UI, first, MIN(50, 120 - first), 120);
    play(&t, SIGNED_IN);
    g_assert_cmpuint(snapshot_count(get(&t, "airflow.dags", "af")), ==, 120);
    end(&t);
}

static void test_without_ui(void)
{
    struct test t;
    begin(&t);
    add_session(&t);
    add_runs(&t, NO_RUNS, NO_RUNS);
    script_add(
        &t.script, (struct script_answer){
                       .path = UI "0", .type = "text/html", .text = "<!doctype html><html>"});
    script_get(&t.script, PUBLIC "0",
        "{\"dags\":[{\"dag_id\":\"a\",\"is_paused\":false},{\"dag_id\":\"b\",\"is_paused\":false}],"
        "\"total_entries\":2}");
    script_get(&t.script, "/api/v2/dags?last_dag_run_state=failed&limit=100&offset=0",
        "{\"dags\":[{\"dag_id\":\"b\"}],\"total_entries\":1}");
    play(&t, SIGNED_IN);
    const struct snapshot *s = get(&t, "airflow.dags", "af");
    g_assert_cmpint(absent(s, "a", "states"), ==, ABSENT_NOT_ASKED);
    g_assert_cmpint(absent(s, "a", "last_state"), ==, ABSENT_NOT_ASKED);
    g_assert_cmpint(row_of(s, "a")->health, ==, HEALTH_OK);
    g_assert_cmpstr(text(s, "b", "last_state"), ==, "failed");
    g_assert_cmpint(row_of(s, "b")->health, ==, HEALTH_FAIL);
    end(&t);
}

#define RUN(dag, id, state, after, started, ended)                                                 \
    "{\"dag_id\":\"" dag "\",\"dag_run_id\":\"" id "\",\"state\":\"" state                         \
    "\",\"run_type\":\"manual\","                                                                  \
    "\"run_after\":" after ",\"queued_at\":" after ",\"start_date\":" started                      \
    ",\"end_date\":" ended "}"
#define PAST(id, state, after)                                                                     \
    "{\"dag_id\":\"a\",\"run_id\":\"" id "\",\"state\":\"" state "\",\"run_after\":" after         \
    ",\"start_date\":" after ",\"end_date\":" after ",\"duration\":60.5}"

static void test_dag_rows(void)
{
    struct test t;
    begin(&t);
    add_session(&t);
    add_runs(&t,
        "{\"dag_runs\":[" RUN("a", "r5", "running", AT("11", "50"), AT("11", "51"), "null") "," RUN(
            "a", "r6", "queued", AT("11", "55"), "null", "null") "],\"total_entries\":2}",
        "{\"dag_runs\":[" RUN(
            "a", "r4", "failed", AT("11", "00"), AT("11", "00"), AT("11", "10")) "," RUN("a", "r3",
            "failed", AT("10", "00"), AT("10", "00"), AT("10", "10")) "," RUN("p", "r1", "failed",
            AT("10", "00"), AT("10", "00"), AT("10", "10")) "],\"total_entries\":3}");
    script_get(&t.script, UI "0",
        "{\"dags\":[{\"dag_id\":\"a\",\"is_paused\":false,\"timetable_summary\":\"@daily\","
        "\"tags\":[{\"name\":\"x\"},{\"name\":\"y\"}],\"next_dagrun_run_after\":" AT("23",
            "00") ","
                  "\"latest_dag_runs\":[" PAST("gone", "running", AT("11", "45")) "," PAST("r4",
                      "running",
                      AT("11", "00")) "," PAST("r2", "success", AT("09", "00")) "," PAST("r1",
                      "strange", AT("08", "00")) "]},"
                                                 "{\"dag_id\":\"p\",\"is_paused\":true,\"has_"
                                                 "import_errors\":true,\"latest_dag_runs\":[]},"
                                                 "{\"dag_id\":\"never\",\"is_paused\":false,"
                                                 "\"latest_dag_runs\":[]}],\"total_entries\":3}");
    play(&t, SIGNED_IN);
    const struct snapshot *s = get(&t, "airflow.dags", "af");
    g_assert_cmpstr(text(s, "a", "schedule"), ==, "@daily");
    g_assert_cmpstr(text(s, "a", "tags"), ==, "x, y");
    g_assert_cmpstr(text(s, "a", "last_state"), ==, "queued");
    g_assert_cmpint(number(s, "a", "running"), ==, 1);
    g_assert_cmpint(number(s, "a", "queued"), ==, 1);
    g_assert_cmpint(number(s, "a", "failed_24h"), ==, 2);
    g_assert_cmpint(row_of(s, "a")->phase, ==, PHASE_RUN);
    g_assert_cmpint(row_of(s, "a")->health, ==, HEALTH_FAIL);
    g_assert_cmpstr(row_of(s, "a")->why, ==, "the last run failed: r4");
    g_assert_cmpint(number(s, "a", "since") % 3600000, ==, 600000); /* r3 was the first to fail */
    const struct states *strip = harness_cell(s, "a", "states").states;
    g_autoptr(GString) states = g_string_new(NULL);
    for (uint32_t i = 0; i < strip->count; i++)
        g_string_append_printf(states, "%s:%d ", strip->mark[i].state, (int)strip->mark[i].health);
    g_assert_cmpstr(states->str, ==, "strange:1 success:0 failed:3 failed:3 running:0 queued:0 ");
    g_assert_cmpint(strip->mark[1].ms, ==, 60500);
    g_assert_cmpint(strip->mark[4].ms, ==, -1);
    g_assert_cmpint(row_of(s, "p")->phase, ==, PHASE_OFF);
    g_assert_cmpint(row_of(s, "never")->health, ==, HEALTH_OK);
    g_assert_cmpint(absent(s, "never", "late_ms"), ==, ABSENT_NOT_ASKED);
    end(&t);
}

/* -- runs ---------------------------------------------------------------------------------------- */

static void test_history(void)
{
    struct test t;
    begin(&t);
    add_session(&t);
    add_runs(&t, NO_RUNS,
        "{\"dag_runs\":[" RUN(
            "a", "r1", "failed", AT("09", "00"), AT("09", "00"), AT("09", "10")) "," RUN("a", "r2",
            "success", AT("10", "00"), AT("10", "00"), AT("10", "10")) "," RUN("a", "r3", "failed",
            AT("11", "00"), AT("11", "00"), AT("11", "10")) "," RUN("b", "odd", "paralysed",
            AT("11", "00"), AT("11", "00"), AT("11", "10")) "],\"total_entries\":4}");
    play(&t, SIGNED_IN);
    const struct snapshot *s = get(&t, "airflow.runs", "af");
    g_assert_cmpint(row_of(s, "r1")->health, ==, HEALTH_FAIL);
    g_assert_cmpint(
        row_of(s, "r1")->phase, ==, PHASE_OFF); /* a later run succeeded: no problem now */
    g_assert_cmpint(row_of(s, "r3")->phase, ==, PHASE_DONE);
    g_assert_cmpstr(row_of(s, "r3")->why, ==, "failed after 10m00s");
    g_assert_cmpstr(row_of(s, "r3")->address, ==, "af/dags/a/runs/r3");
    g_assert_cmpint(row_of(s, "odd")->health, ==, HEALTH_UNKNOWN);
    g_assert_cmpstr(text(s, "odd", "state"), ==, "paralysed");
    g_assert_cmpint(number(s, "r3", "duration_ms"), ==, 600000);
    g_assert_cmpint(number(s, "r3", "queued_ms"), ==, 0);
    end(&t);
}

#define SINCE_1 "updated_at_gte=2026-11-21T11%3A59%3A40.000Z&order_by=updated_at&limit=100"
#define SINCE_2 "updated_at_gte=2026-11-21T12%3A00%3A30.000Z&order_by=updated_at&limit=100"

static void test_deltas(void)
{
    struct test t;
    begin(&t);
    add_session(&t);
    add_runs(&t,
        "{\"dag_runs\":[" RUN("a", "r1", "running", AT("11", "00"), AT("11", "00"), "null") "," RUN(
            "a", "r2", "queued", AT("11", "30"), "null", "null") "],\"total_entries\":2}",
        "{\"dag_runs\":[{\"dag_id\":\"a\",\"dag_run_id\":\"old\",\"state\":\"success\",\"end_"
        "date\":"
        "\"2026-11-20T12:00:10Z\"}],\"total_entries\":1}");
    t.script.date = "Sat, 21 Nov 2026 12:01:00 GMT";
    script_get(&t.script, "/api/v2/dags/~/dagRuns?" SINCE_1 "&cursor=",
        "{\"dag_runs\":[" RUN("a", "r1", "success", AT("11", "00"), AT("11", "00"),
            AT("12", "00")) "],\"next_cursor\":\"x+y\",\"total_entries\":null}");
    script_get(&t.script, "/api/v2/dags/~/dagRuns?" SINCE_1 "&cursor=x%2By",
        "{\"dag_runs\":[" RUN("b", "new", "running", AT("12", "00"), AT("12", "00"),
            "null") "],\"next_cursor\":null}");
    script_get(&t.script, "/api/v2/dags/~/dagRuns?" SINCE_2 "&cursor=", NO_RUNS);
    play(&t, SIGNED_IN);
    g_assert_cmpuint(snapshot_count(get(&t, "airflow.runs", "af")), ==, 3);
    const struct snapshot *s = get(&t, "airflow.runs", "af");
    g_assert_cmpstr(text(s, "r1", "state"), ==, "success");
    g_assert_cmpstr(text(s, "new", "state"), ==, "running");
    g_assert_cmpint(number(s, "new", "duration_ms"), ==, 60000);
    g_assert_cmpint(number(s, "r2", "queued_ms"), ==, 31 * 60000);
    g_assert_cmpuint(snapshot_count(s), ==, 4);
    /* By the server's clock `old` ended more than a day ago now. */
    s = get(&t, "airflow.runs", "af");
    g_assert_cmpint(snapshot_find(s, "old"), ==, -1);
    end(&t);
}

static void test_deltas_by_offset(void)
{
    struct test t;
    begin(&t);
    add_session(&t);
    add_runs(&t, NO_RUNS, NO_RUNS);
    script_get(&t.script, "/api/v2/dags/~/dagRuns?" SINCE_1 "&cursor=",
        "{\"dag_runs\":[" RUN(
            "a", "r1", "running", AT("11", "00"), AT("11", "00"), "null") "],\"total_entries\":2}");
    script_get(&t.script, "/api/v2/dags/~/dagRuns?" SINCE_1 "&offset=1",
        "{\"dag_runs\":[" RUN(
            "a", "r2", "running", AT("11", "00"), AT("11", "00"), "null") "],\"total_entries\":2}");
    play(&t, SIGNED_IN);
    get(&t, "airflow.runs", "af");
    g_assert_cmpuint(snapshot_count(get(&t, "airflow.runs", "af")), ==, 2);
    end(&t);
}

static void test_runs_of_dag(void)
{
    struct test t;
    begin(&t);
    add_session(&t);
    script_get(&t.script, "/api/v2/dags/my%20dag/dagRuns?order_by=-run_after&limit=100&offset=0",
        "{\"dag_runs\":[" RUN("my dag", "scheduled__2026-01-01T00:00:00+00:00", "failed",
            AT("11", "00"), AT("11", "00"), AT("11", "10")) "],\"total_entries\":1}");
    play(&t, SIGNED_IN);
    const struct snapshot *s = get(&t, "airflow.runs", "af/dags/my%20dag");
    g_assert_cmpuint(snapshot_count(s), ==, 1);
    g_autoptr(GString) address = g_string_new(NULL);
    snapshot_append_address(s, 0, address);
    g_assert_cmpstr(address->str, ==, "af/dags/my%20dag/runs/scheduled__2026-01-01T00:00:00+00:00");
    end(&t);
}

static void test_cut_runs(void)
{
    struct test t;
    begin(&t);
    add_session(&t);
    g_autoptr(GString) page = g_string_new("{\"dag_runs\":[");
    for (int i = 0; i < 100; i++)
        g_string_append_printf(page,
            "%s{\"dag_id\":\"a\",\"dag_run_id\":\"r%d\",\"state\":\"success\"}", i ? "," : "", i);
    g_string_append(page, "],\"total_entries\":730}");
    script_get(
        &t.script, "/api/v2/dags/a/dagRuns?order_by=-run_after&limit=100&offset=0", page->str);
    play(&t, SIGNED_IN);
    g_assert_cmpstr(snapshot_incomplete(get(&t, "airflow.runs", "af/dags/a")), ==,
        "the newest 100 of 730 runs");
    end(&t);
}

/* -- tasks --------------------------------------------------------------------------------------- */

#define TASK(run, task, map, state, more)                                                          \
    "{\"dag_id\":\"a\",\"dag_run_id\":\"" run "\",\"task_id\":\"" task "\",\"map_index\":" map     \
    ",\"state\":" state more "}"
#define RUNNING_BODY                                                                               \
    "{\"dag_ids\":[\"a\"],\"dag_run_ids\":[\"busy\"],\"state\":[\"failed\",\"upstream_failed\"],"  \
    "\"page_limit\":1000,\"page_offset\":0}"
#define FAILED_BODY                                                                                \
    "{\"dag_ids\":[\"a\"],\"dag_run_ids\":[\"bad\",\"busy\"],\"state\":[\"failed\",\"upstream_"    \
    "failed\"],"                                                                                   \
    "\"page_limit\":1000,\"page_offset\":0}"

static void test_active_tasks(void)
{
    struct test t;
    begin(&t);
    add_session(&t);
    script_get(&t.script, ACTIVE_TASKS "0",
        "{\"task_instances\":[" TASK("busy", "load", "3", "\"running\"",
            ",\"start_date\":" AT("11", "59") ",\"end_date\":" AT(
                "11", "30") ",\"queued_when\":" AT("11", "58") ",\"try_number\":2") "," TASK("busy",
            "wait", "-1", "\"queued\"", ",\"queued_when\":" AT("11", "00")) "],"
                                                                            "\"total_entries\":4}");
    script_get(&t.script, ACTIVE_TASKS "2",
        "{\"task_instances\":[" TASK(
            "busy", "wait", "-1", "\"queued\"", ",\"queued_when\":" AT("11", "00")) "," TASK("busy",
            "new", "-1", "\"levitating\"", "") "],\"total_entries\":4}");
    add_runs(&t,
        "{\"dag_runs\":[" RUN("a", "busy", "running", AT("11", "00"), AT("11", "00"),
            "null") "],\"total_entries\":1}",
        "{\"dag_runs\":[" RUN(
            "a", "fine", "success", AT("10", "00"), AT("10", "00"), AT("10", "10")) "," RUN("a",
            "past", "failed", AT("09", "00"), AT("09", "00"), AT("09", "10")) "," RUN("a", "bad",
            "failed", AT("10", "30"), AT("10", "30"), AT("10", "40")) "],\"total_entries\":3}");
    script_add(&t.script,
        (struct script_answer){.method = "POST",
            .path = "/api/v2/dags/~/dagRuns/~/taskInstances/list",
            .body = FAILED_BODY,
            .text = "{\"task_instances\":[" TASK("bad", "boom", "-1", "\"failed\"",
                ",\"try_number\":1") "," TASK("other", "x", "-1", "\"failed\"", "") "," TASK("bad",
                "after", "-1", "\"upstream_failed\"", "") "],\"total_entries\":3}"});
    script_add(&t.script, (struct script_answer){.method = "POST",
                              .path = "/api/v2/dags/~/dagRuns/~/taskInstances/list",
                              .body = RUNNING_BODY,
                              .text = "{\"task_instances\":[" TASK(
                                  "busy", "late", "-1", "\"failed\"", "") "],"
                                                                          "\"total_entries\":1}"});
    play(&t, SIGNED_IN);
    const struct snapshot *s = get(&t, "airflow.tasks", "af");
    g_assert_cmpuint(snapshot_count(s), ==, 5);
    g_assert_cmpstr(row_of(s, "load[3]")->address, ==, "af/dags/a/runs/busy/tasks/load[3]");
    g_assert_cmpint(number(s, "load[3]", "duration_ms"), ==, 60000);
    g_assert_cmpint(number(s, "load[3]", "queued_ms"), ==, 60000);
    g_assert_cmpint(number(s, "load[3]", "map_index"), ==, 3);
    g_assert_cmpint(absent(s, "wait", "map_index"), ==, ABSENT_NO_VALUE);
    g_assert_cmpint(row_of(s, "wait")->health, ==, HEALTH_WARN);
    g_assert_cmpstr(row_of(s, "wait")->why, ==, "queued for 1h00m: no worker took it");
    g_assert_cmpint(row_of(s, "new")->health, ==, HEALTH_UNKNOWN);
    g_assert_cmpint(row_of(s, "boom")->health, ==, HEALTH_FAIL);
    g_assert_cmpstr(row_of(s, "boom")->why, ==, "try 1 failed");
    g_assert_cmpint(row_of(s, "after")->health, ==, HEALTH_FAIL);
    g_assert_cmpint(row_of(s, "after")->phase, ==, PHASE_OFF);
    /* What failed in a run that has ended is known: only the running one is asked about again. */
    s = get(&t, "airflow.tasks", "af");
    g_assert_cmpuint(snapshot_count(s), ==, 6);
    g_assert_cmpint(row_of(s, "boom")->health, ==, HEALTH_FAIL);
    g_assert_cmpint(row_of(s, "late")->health, ==, HEALTH_FAIL);
    end(&t);
}

static void test_tasks_of_run(void)
{
    struct test t;
    begin(&t);
    add_session(&t);
    script_get(&t.script,
        "/api/v2/dags/a/dagRuns/s__2026-01-01T00%3A00%3A00%2B00%3A00/taskInstances"
        "?limit=100&offset=0",
        "{\"task_instances\":[" TASK(
            "s__2026-01-01T00:00:00+00:00", "x", "-1", "null", "") "],\"total_entries\":1}");
    play(&t, SIGNED_IN);
    const struct snapshot *s =
        get(&t, "airflow.tasks", "af/dags/a/runs/s__2026-01-01T00:00:00+00:00");
    g_assert_cmpint(absent(s, "x", "state"), ==, ABSENT_NO_VALUE);
    g_assert_cmpint(row_of(s, "x")->phase, ==, PHASE_WAIT);
    g_assert_cmpint(row_of(s, "x")->health, ==, HEALTH_OK);
    end(&t);
}

/* -- show and doctor ------------------------------------------------------------------------------ */

static void test_show(void)
{
    struct test t;
    begin(&t);
    add_session(&t);
    script_get(&t.script, "/api/v2/dags/a/dagRuns/r/taskInstances/x/2",
        "{\"task_id\":\"x\",\"state\":\"scheduled\"}");
    script_get(&t.script, "/api/v2/dags/a/dagRuns/r/taskInstances/x/2/dependencies",
        "{\"dependencies\":[{\"name\":\"Pool Slots\",\"reason\":\"no open slots\"}]}");
    play(&t, SIGNED_IN);
    harness_show(&t.h, "af/dags/a/runs/r/tasks/x[2]", &t.r);
    g_assert_no_error(t.r.error);
    const struct snapshot *s = harness_snapshot(&t.r, "detail");
    g_assert_cmpstr(text(s, "state", "value"), ==, "scheduled");
    g_assert_cmpstr(text(s, "Pool Slots", "group"), ==, "waits for");
    g_assert_cmpstr(text(s, "Pool Slots", "value"), ==, "no open slots");
    g_assert_cmpstr(t.r.raw, ==, "{\"task_id\":\"x\",\"state\":\"scheduled\"}");
    harness_result_clear(&t.r);
    harness_show(&t.h, "af/pools/default", &t.r);
    g_assert_error(t.r.error, WEIR_ERROR, WEIR_ERROR_USAGE);
    end(&t);
}

static void test_check(void)
{
    struct test t;
    begin(&t);
    add_session(&t);
    script_get(&t.script, "/api/v2/dags?limit=1", "{\"dags\":[],\"total_entries\":5}");
    script_get(
        &t.script, "/api/v2/dags/~/dagRuns?state=running&limit=1&order_by=-run_after", NO_RUNS);
    script_add(
        &t.script, (struct script_answer){
                       .path = "/api/v2/dags/~/dagRuns/~/taskInstances?state=running&limit=1",
                       .status = 403,
                       .text = "{\"detail\":\"Forbidden\"}"});
    script_get(&t.script, "/api/v2/importErrors?limit=1",
        "{\"import_errors\":[{\"filename\":\"x\\u001b.py\"}],\"total_entries\":2}");
    play(&t, SIGNED_IN);
    harness_check(&t.h, "af", &t.r);
    g_assert_no_error(t.r.error);
    const struct snapshot *s = harness_snapshot(&t.r, "doctor");
    g_assert_cmpint(row_of(s, "may list DAGs")->health, ==, HEALTH_OK);
    g_assert_cmpint(row_of(s, "may list tasks")->health, ==, HEALTH_FAIL);
    g_assert_nonnull(
        strstr(text(s, "may list tasks", "seen"), "the user \"oncall\" lacks the right"));
    g_assert_cmpint(row_of(s, "import errors")->health, ==, HEALTH_WARN);
    g_assert_cmpstr(
        text(s, "import errors", "seen"), ==, "2 files cannot be imported, one is x␛.py");
    g_assert_cmpint(row_of(s, "clock")->health, ==, HEALTH_WARN); /* the script's date is fixed */
    end(&t);
}

static void test_tables(void)
{
    struct registry *r = registry_new();
    g_autoptr(GString) faults = g_string_new(NULL);
    registry_add(r, connectors[0]);
    unsigned count = kind_check(r, faults);
    g_assert_cmpstr(faults->str, ==, "");
    g_assert_cmpuint(count, ==, 0);
    registry_free(r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    connectors[0] = harness_connector("airflow");
    g_test_add_func("/airflow/its-tables-are-sound", test_tables);
    g_test_add_func("/airflow/airflow-2-is-refused-with-a-sentence", test_version_2);
    g_test_add_func("/airflow/another-server-is-not-taken-for-airflow", test_other_server);
    g_test_add_func("/airflow/a-wrong-password-is-tried-once", test_wrong_password);
    g_test_add_func("/airflow/without-credentials-there-is-health-and-what-to-set", test_nobody);
    g_test_add_func("/airflow/an-expired-token-is-named-as-such", test_token);
    g_test_add_func("/airflow/a-forgotten-session-is-renewed-unnoticed", test_renewal);
    g_test_add_func("/airflow/health-shows-every-part-and-its-heartbeat", test_health);
    g_test_add_func("/airflow/more-dags-than-a-page-all-appear", test_many_dags);
    g_test_add_func("/airflow/pages-smaller-than-asked-for-lose-nothing", test_clamped_pages);
    g_test_add_func("/airflow/what-came-before-an-error-stays", test_broken_off);
    g_test_add_func("/airflow/json-of-something-else-is-no-empty-list", test_other_json);
    g_test_add_func("/airflow/without-the-ui-pages-strips-are-not-asked", test_without_ui);
    g_test_add_func("/airflow/a-dag-row-joins-list-and-runs", test_dag_rows);
    g_test_add_func("/airflow/a-failure-before-a-success-is-no-problem-now", test_history);
    g_test_add_func("/airflow/changed-runs-come-by-deltas", test_deltas);
    g_test_add_func("/airflow/servers-without-cursors-are-paged-by-offset", test_deltas_by_offset);
    g_test_add_func("/airflow/runs-of-one-dag-have-addresses", test_runs_of_dag);
    g_test_add_func("/airflow/a-cut-list-says-so", test_cut_runs);
    g_test_add_func("/airflow/tasks-are-those-that-matter-now", test_active_tasks);
    g_test_add_func("/airflow/tasks-of-one-run", test_tasks_of_run);
    g_test_add_func("/airflow/show-says-why-a-task-waits", test_show);
    g_test_add_func("/airflow/the-doctor-names-missing-rights", test_check);
    return g_test_run();
}
