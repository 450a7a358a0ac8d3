/* Logs of task instances against answers that a test wrote. */
#include "airflow/airflow.h"

#include <string.h>

#include "harness.h"
#include "script.h"

#define SOURCE                                                                                     \
    "      af:\n        type: airflow\n        url: http://127.0.0.1:1\n        username: "        \
    "oncall\n"                                                                                     \
    "        password: {env: WEIR_TEST_PASSWORD}\n"
#define TASK    "/api/v2/dags/a/dagRuns/r/taskInstances/x"
#define ADDRESS "af/dags/a/runs/r/tasks/x"
#define LOG1    TASK "/logs/1?map_index=-1"
#define HEAD    "{\"timestamp\":null,\"event\":\"::group::Log message source details\"}"
#define FROM    "{\"timestamp\":null,\"event\":\"/logs/1.log\"}"
#define TAIL    "{\"timestamp\":null,\"event\":\"::endgroup::\"}"
#define HEADER  HEAD "\n" FROM "\n" TAIL "\n"
#define LINE(n)                                                                                    \
    "{\"timestamp\":\"2026-11-21T12:00:0" n "Z\",\"event\":\"line " n "\",\"level\":\"info\","     \
    "\"task_id\":\"x\"}"

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
    script_get(&t->script, "/api/v2/version", "{\"version\":\"3.3.2\",\"git_version\":null}");
    script_add(&t->script, (struct script_answer){.method = "POST",
                               .path = "/auth/token",
                               .status = 201,
                               .text = "{\"access_token\":\"t\"}"});
}

static void add_task(struct test *t, const char *state, unsigned try)
{
    g_autofree char *json = g_strdup_printf("{\"state\":\"%s\",\"try_number\":%u}", state, try);
    script_get(&t->script, TASK, json);
}

static void add_ndjson(struct test *t, const char *path, const char *text)
{
    script_add(&t->script,
        (struct script_answer){.path = path, .type = "application/x-ndjson", .text = text});
}

/* "12:00:01 error text" per line; a blank before what belongs to a group. */
static char *run(struct test *t, const char *address, struct stream_options options)
{
    g_setenv("WEIR_TEST_PASSWORD", "hunter2", TRUE);
    script_play(&t->script);
    harness_open(&t->h, connectors, SOURCE);
    harness_follow(&t->h, address, &options, &t->r);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < t->r.chunks->len; i++) {
        const struct snapshot *s = g_ptr_array_index(t->r.chunks, i);
        for (size_t row = 0; row < snapshot_count(s); row++) {
            struct cell level = snapshot_cell(s, row, LOG_LEVEL);
            struct cell time = snapshot_cell(s, row, LOG_TIME);
            g_string_append(out, snapshot_row(s, row)->parent == ROW_NONE ? "" : " ");
            if (time.type == CELL_TIME_MS)
                g_string_append_printf(out, "%d ", (int)(time.i / 1000 % 60));
            if (level.type == CELL_STATE)
                g_string_append_printf(out, "%s ", level.text);
            g_string_append_printf(out, "%s\n", snapshot_cell(s, row, LOG_TEXT).text);
        }
    }
    return g_string_free(out, FALSE);
}

static void end(struct test *t)
{
    harness_result_clear(&t->r);
    harness_close(&t->h);
    script_end(&t->script);
}

static void test_whole(void)
{
    struct test t;
    begin(&t);
    add_task(&t, "success", 1);
    add_ndjson(&t, LOG1,
        HEADER LINE("1") "\n"
                         "{\"timestamp\":\"2026-11-21T12:00:02Z\",\"event\":\"::group::Pre "
                         "Execute\",\"level\":\"info\"}\n"
                         "{\"timestamp\":\"2026-11-21T12:00:03Z\",\"event\":\"two\\nlines\\u001b["
                         "2J\",\"level\":\"warning\","
                         "\"dag_id\":\"a\",\"lineno\":7,\"rows\":42,\"name\":\"x y\"}\n"
                         "{\"timestamp\":\"2026-11-21T12:00:04Z\",\"event\":\"::endgroup::\","
                         "\"level\":\"info\"}\n"
                         "no JSON at all\n"
                         "\"a plain text\"\n" LINE("5"));
    g_autofree char *log = run(&t, ADDRESS, (struct stream_options){0});
    g_assert_no_error(t.r.error);
    g_assert_cmpstr(log, ==,
        "▾ Log message source details\n /logs/1.log\n1 info line 1\n2 info ▾ Pre Execute\n"
        " 3 warning two\n 3 warning lines␛[2J rows=42 name=x y\nno JSON at all\na plain text\n"
        "5 info line 5\n");
    end(&t);
}

static void test_exceptions(void)
{
    struct test t;
    begin(&t);
    add_task(&t, "failed", 1);
    add_ndjson(&t, LOG1,
        "{\"timestamp\":\"2026-11-21T12:00:01Z\",\"event\":\"Task failed with "
        "exception\",\"level\":\"error\","
        "\"error_detail\":[{\"exc_type\":\"ValueError\",\"exc_value\":\"kaboom\\n42\",\"exc_"
        "notes\":[\"note\"],"
        "\"is_cause\":false,\"frames\":[{\"filename\":\"a.py\",\"lineno\":8,\"name\":\"boom\"}],"
        "\"exceptions\":[]},"
        "{\"exc_type\":\"ConnectionError\",\"exc_value\":\"refused\",\"is_cause\":false,\"frames\":"
        "[]},"
        "{\"exc_type\":\"KeyError\",\"exc_value\":\"'x'\",\"is_cause\":true,\"frames\":[{}]}]}\n"
        "{\"event\":\"old\",\"error_detail\":\"Traceback\\n  x\"}\n");
    g_autofree char *log = run(&t, ADDRESS, (struct stream_options){0});
    g_assert_cmpstr(log, ==,
        "1 error Task failed with exception\n"
        "1 error Traceback (most recent call last):\n"
        "1 error   File \"?\", line 0, in ?\n"
        "1 error KeyError: 'x'\n"
        "1 error The above exception was the direct cause of the following exception:\n"
        "1 error ConnectionError: refused\n"
        "1 error During handling of the above exception, another exception occurred:\n"
        "1 error Traceback (most recent call last):\n"
        "1 error   File \"a.py\", line 8, in boom\n"
        "1 error ValueError: kaboom\n1 error 42\n1 error note\n"
        "old\nTraceback\n  x\n");
    end(&t);
}

static void test_options(void)
{
    struct test t;
    begin(&t);
    add_task(&t, "success", 3);
    add_ndjson(&t, TASK "/logs/2?map_index=-1",
        HEADER LINE("1") "\n" LINE("2") "\n" LINE("3") "\n" LINE("4") "\n");
    g_autofree char *log = run(&t, ADDRESS, (struct stream_options){.tail = 2, .try = 2});
    g_assert_cmpstr(log, ==, "3 info line 3\n4 info line 4\n");
    end(&t);
    begin(&t);
    add_task(&t, "success", 1);
    add_ndjson(&t, LOG1, LINE("1") "\n{\"event\":\"undated\"}\n" LINE("3") "\n");
    g_autofree char *recent = run(&t, ADDRESS, (struct stream_options){.since_ms = 1795262402000});
    g_assert_cmpstr(recent, ==, "3 info line 3\n");
    end(&t);
}

static void test_missing(void)
{
    struct test t;
    begin(&t);
    add_task(&t, "success", 1);
    g_autofree char *log = run(&t, ADDRESS, (struct stream_options){.try = 2});
    g_assert_cmpstr(log, ==, "");
    g_assert_error(t.r.error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(t.r.error->message, "has no try 2: the newest is 1"));
    end(&t);
    begin(&t);
    script_get(&t.script, TASK, "{\"state\":null,\"try_number\":0}");
    g_autofree char *none = run(&t, ADDRESS, (struct stream_options){0});
    g_assert_cmpstr(none, ==, "");
    g_assert_nonnull(strstr(t.r.error->message, "it has not been tried yet"));
    end(&t);
    begin(&t);
    g_autofree char *dag = run(&t, "af/dags/a", (struct stream_options){0});
    g_assert_cmpstr(dag, ==, "");
    g_assert_error(t.r.error, WEIR_ERROR, WEIR_ERROR_USAGE);
    end(&t);
    begin(&t);
    script_add(&t.script,
        (struct script_answer){.path = TASK,
            .status = 404,
            .text = "{\"detail\":\"Task instance is mapped, add the map_index value\"}"});
    g_autofree char *mapped = run(&t, ADDRESS, (struct stream_options){0});
    g_assert_cmpstr(mapped, ==, "");
    g_assert_nonnull(strstr(t.r.error->message, "write its index, TASK[0]"));
    end(&t);
}

static void test_mapped(void)
{
    struct test t;
    begin(&t);
    script_get(&t.script, TASK "/7", "{\"state\":\"failed\",\"try_number\":1}");
    add_ndjson(&t, TASK "/logs/1?map_index=7", LINE("1") "\n");
    g_autofree char *log = run(&t, ADDRESS "[7]", (struct stream_options){0});
    g_assert_no_error(t.r.error);
    g_assert_cmpstr(log, ==, "1 info line 1\n");
    end(&t);
}

/* -- following ----------------------------------------------------------------------------------- */

#define FOLLOW      ((struct stream_options){.follow = true})
#define JSON_HEADER HEAD "," FROM "," TAIL

static void add_json(struct test *t, const char *token, const char *lines, const char *next)
{
    g_autofree char *path = token ? g_strdup_printf(LOG1 "&token=%s", token) : g_strdup(LOG1);
    g_autofree char *text =
        next ? g_strdup_printf("{\"content\":[%s],\"continuation_token\":\"%s\"}", lines, next)
             : g_strdup_printf("{\"content\":[%s],\"continuation_token\":null}", lines);
    script_get(&t->script, path, text);
}

static void test_follow(void)
{
    struct test t;
    begin(&t);
    add_task(&t, "running", 1);
    add_task(&t, "success", 1);
    add_ndjson(&t, LOG1, HEADER LINE("1") "\n");
    add_json(&t, NULL, JSON_HEADER "," LINE("1") "," LINE("2"), "A");
    add_json(&t, "A", LINE("3"), NULL);
    /* After the end: another header, and a line more (remote storage). */
    add_ndjson(
        &t, LOG1, HEAD "\n" TAIL "\n" LINE("1") "\n" LINE("2") "\n" LINE("3") "\n" LINE("4") "\n");
    g_autofree char *log = run(&t, ADDRESS, FOLLOW);
    g_assert_no_error(t.r.error);
    g_assert_cmpstr(log, ==,
        "▾ Log message source details\n /logs/1.log\n1 info line 1\n2 info line 2\n3 info line 3\n"
        "4 info line 4\n");
    end(&t);
}

/* Servers of 3.0 to 3.2 send the whole log whatever the token says, without its header. */
static void test_resent(void)
{
    struct test t;
    begin(&t);
    add_task(&t, "running", 1);
    add_task(&t, "success", 1);
    add_ndjson(&t, LOG1, LINE("1") "\n");
    add_json(&t, NULL, LINE("1") "," LINE("2"), "A");
    add_json(&t, "A", LINE("1") "," LINE("2") "," LINE("3"), NULL);
    add_ndjson(&t, LOG1, LINE("1") "\n" LINE("2") "\n" LINE("3") "\n");
    g_autofree char *log = run(&t, ADDRESS, FOLLOW);
    g_assert_cmpstr(log, ==, "1 info line 1\n2 info line 2\n3 info line 3\n");
    end(&t);
}

/* 3.3.0 answers 500 to a token: it is dropped, and the log asked for anew. */
static void test_stumbling(void)
{
    struct test t;
    begin(&t);
    add_task(&t, "running", 1);
    add_task(&t, "success", 1);
    add_ndjson(&t, LOG1, LINE("1") "\n");
    add_json(&t, NULL, LINE("1") "," LINE("2"), "A");
    script_add(
        &t.script, (struct script_answer){.path = LOG1 "&token=A", .status = 500, .text = "{}"});
    add_json(&t, NULL, LINE("1") "," LINE("2") "," LINE("3"), NULL);
    add_ndjson(&t, LOG1, LINE("1") "\n" LINE("2") "\n" LINE("3") "\n");
    g_autofree char *log = run(&t, ADDRESS, FOLLOW);
    g_assert_no_error(t.r.error);
    g_assert_cmpstr(log, ==, "1 info line 1\n2 info line 2\n3 info line 3\n");
    end(&t);
}

static void test_long(void)
{
    struct test t;
    begin(&t);
    add_task(&t, "success", 1);
    g_autoptr(GString) text = g_string_new(HEADER);
    for (unsigned i = 0; i < 25000; i++)
        g_string_append_printf(
            text, "{\"timestamp\":\"2026-11-21T12:00:00Z\",\"event\":\"%u\"}\n", i);
    add_ndjson(&t, LOG1, text->str);
    g_autofree char *log = run(&t, ADDRESS, (struct stream_options){0});
    g_assert_no_error(t.r.error);
    guint lines = 0;
    for (const char *p = log; *p; p++)
        lines += *p == '\n';
    g_assert_cmpuint(lines, ==, 25002);
    g_assert_cmpuint(t.r.chunks->len, >=, 25);
    end(&t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    connectors[0] = harness_connector("airflow");
    g_test_add_func("/airflow-log/every-line-with-time-level-and-its-group", test_whole);
    g_test_add_func("/airflow-log/exceptions-read-as-python-prints-them", test_exceptions);
    g_test_add_func("/airflow-log/tail-since-and-try", test_options);
    g_test_add_func("/airflow-log/what-has-no-log-says-why", test_missing);
    g_test_add_func("/airflow-log/mapped-tasks-have-logs-by-index", test_mapped);
    g_test_add_func("/airflow-log/following-doubles-and-loses-no-line", test_follow);
    g_test_add_func("/airflow-log/a-log-that-is-resent-is-shown-once", test_resent);
    g_test_add_func("/airflow-log/a-server-that-stumbles-over-its-token", test_stumbling);
    g_test_add_func("/airflow-log/a-long-log-comes-in-chunks", test_long);
    return g_test_run();
}
