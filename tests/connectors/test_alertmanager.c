/* The Alertmanager connector against answers that a test wrote; test_alertmanager_tape.c has what a real
 * server said. */
#include "http.h"

#include <string.h>

#include "cells.h"
#include "script.h"

#define SOURCE   "      af:\n        type: alertmanager\n        url: http://127.0.0.1:1/\n"
#define STATUS   "/api/v2/status"
#define ALERTS   "/api/v2/alerts"
#define CRITICAL "/api/v2/alerts?filter=severity%3D~%22%28%3Fi%29critical%22"
#define HELD     "/api/v2/alerts?active=false&unprocessed=false"
#define SILENCES "/api/v2/silences"
#define ID       "a7ab969b-64f9-43fe-853d-d2fc8c690557"
#define STATUS_TEXT                                                                                \
    "{\"cluster\":{\"peers\":[],\"status\":\"disabled\"},\"versionInfo\":{\"version\":\"0.25.0\"}" \
    "}"
#define FIRES                                                                                      \
    "\"startsAt\":\"2026-11-21T11:00:00Z\",\"endsAt\":\"2026-11-21T12:04:00Z\",\"receivers\":[{"   \
    "\"name\":\"hook\"},{\"name\":\"mail\"}],\"generatorURL\":\"http://p/graph\""
#define STATE(state, silenced, inhibited)                                                          \
    "\"status\":{\"state\":\"" state "\",\"silencedBy\":[" silenced                                \
    "],\"inhibitedBy\":[" inhibited "]}"
#define ALERT(print, labels, annotations, status)                                                  \
    "{\"fingerprint\":\"" print "\",\"labels\":{" labels "},\"annotations\":{" annotations         \
    "}," FIRES "," status "}"
#define ACTIVE  STATE("active", "", "")
#define DOWN    "\"alertname\":\"TargetDown\",\"severity\":\"critical\",\"instance\":\"dp-w01\""
#define SUMMARY "\"summary\":\"dp-w01 is down\""

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
    script_get(&t->script, STATUS, STATUS_TEXT);
}

static void play(struct test *t)
{
    script_play(&t->script);
    harness_open(&t->h, connectors, SOURCE);
}

static void end(struct test *t)
{
    harness_result_clear(&t->r);
    harness_close(&t->h);
    script_end(&t->script);
}

static const struct snapshot *get(struct test *t, const char *kind)
{
    harness_result_clear(&t->r);
    harness_fetch(&t->h, kind, "af", &t->r);
    g_assert_no_error(t->r.error);
    return harness_snapshot(&t->r, kind);
}

static const struct snapshot *show(struct test *t, const char *address)
{
    harness_result_clear(&t->r);
    harness_show(&t->h, address, &t->r);
    g_assert_no_error(t->r.error);
    return harness_snapshot(&t->r, "detail");
}

static void fails(struct test *t, enum weir_error code, const char *words)
{
    g_assert_error(t->r.error, WEIR_ERROR, (int)code);
    g_test_message("%s", t->r.error->message);
    g_assert_nonnull(strstr(t->r.error->message, words));
}

static void get_fails(struct test *t, const char *kind, enum weir_error code, const char *words)
{
    harness_result_clear(&t->r);
    harness_fetch(&t->h, kind, "af", &t->r);
    fails(t, code, words);
}

static void show_fails(struct test *t, const char *address, enum weir_error code, const char *words)
{
    harness_result_clear(&t->r);
    harness_show(&t->h, address, &t->r);
    fails(t, code, words);
}

/* -- alerts --------------------------------------------------------------------------------------- */

static void test_tables(void)
{
    struct registry *r = registry_new();
    registry_add(r, connectors[0]);
    registry_add(r, derived_connector());
    g_autoptr(GString) faults = g_string_new(NULL);
    kind_check(r, faults);
    g_assert_cmpstr(faults->str, ==, "");
    g_assert_null(connectors[0]->reads);
    registry_free(r);
}

static void test_alert(void)
{
    struct test t;
    begin(&t);
    script_get(&t.script, ALERTS, "[" ALERT("3dad4a6c52db09c0", DOWN, SUMMARY, ACTIVE) "]");
    play(&t);
    const struct snapshot *s = get(&t, "alerts");
    g_assert_cmpuint(snapshot_count(s), ==, 1);
    g_assert_null(snapshot_incomplete(s));
    const struct row *row = row_of(s, "TargetDown");
    g_assert_cmpstr(row->address, ==, "af/alerts/TargetDown:3dad4a6c52db09c0");
    g_assert_cmpint(row->health, ==, HEALTH_FAIL);
    g_assert_cmpstr(row->why, ==, "dp-w01 is down");
    g_assert_cmpstr(text(s, "TargetDown", "severity"), ==, "critical");
    g_assert_cmpstr(text(s, "TargetDown", "labels"), ==, "instance=dp-w01");
    g_assert_cmpstr(text(s, "TargetDown", "summary"), ==, "dp-w01 is down");
    g_assert_cmpstr(text(s, "TargetDown", "receiver"), ==, "hook, mail");
    g_assert_cmpstr(text(s, "TargetDown", "state"), ==, "active");
    g_assert_cmpstr(text(s, "TargetDown", "generator"), ==, "http://p/graph");
    g_assert_cmpint(number(s, "TargetDown", "since"), ==, 1795258800000);
    g_assert_cmpint(number(s, "TargetDown", "ends"), ==, 1795262640000);
    g_assert_cmpint(number(s, "TargetDown", "silenced"), ==, false);
    g_assert_cmpint(number(s, "TargetDown", "inhibited"), ==, false);
    end(&t);
}

static void test_held(void)
{
    struct test t;
    begin(&t);
    script_get(&t.script, ALERTS,
        "[" ALERT("01", "\"alertname\":\"Silenced\",\"severity\":\"critical\"", "",
            STATE("suppressed", "\"" ID "\"", "")) "," ALERT("02",
            "\"alertname\":\"Inhibited\",\"severity\":\"warning\"", "",
            STATE("suppressed", "", "\"01\"")) "," ALERT("03",
            "\"alertname\":\"Muted\",\"severity\":\"critical\"", "",
            STATE("suppressed", "", "")) "," ALERT("04",
            "\"alertname\":\"Fresh\",\"severity\":\"info\"", "", STATE("unprocessed", "", "")) "]");
    play(&t);
    const struct snapshot *s = get(&t, "alerts");
    static const char *const off[] = {"Silenced", "Inhibited", "Muted"};
    for (unsigned i = 0; i < G_N_ELEMENTS(off); i++) {
        g_assert_cmpint(row_of(s, off[i])->health, ==, HEALTH_OK);
        g_assert_cmpint(row_of(s, off[i])->phase, ==, PHASE_OFF);
    }
    g_assert_cmpint(number(s, "Silenced", "silenced"), ==, true);
    g_assert_cmpint(number(s, "Silenced", "inhibited"), ==, false);
    g_assert_cmpstr(text(s, "Silenced", "silences"), ==, ID);
    g_assert_cmpint(number(s, "Inhibited", "inhibited"), ==, true);
    g_assert_cmpint(row_of(s, "Fresh")->health, ==, HEALTH_WARN);
    g_assert_cmpint(absent(s, "Fresh", "silenced"), ==, ABSENT_NO_VALUE);
    g_assert_cmpint(absent(s, "Fresh", "inhibited"), ==, ABSENT_NO_VALUE);
    end(&t);
}

static void test_bare(void)
{
    struct test t;
    begin(&t);
    script_get(&t.script, ALERTS,
        "[{\"fingerprint\":\"05\"},"
        "{\"fingerprint\":\"06\",\"labels\":{\"alertname\":\"Loud\",\"severity\":\"CRITICAL\"},"
        "\"startsAt\":\"0001-01-01T00:00:00Z\",\"annotations\":{\"summary\":\"\","
        "\"description\":\"told\\n  at length\"}},"
        "{\"labels\":{\"alertname\":\"Nobody\"}}, 7]");
    play(&t);
    const struct snapshot *s = get(&t, "alerts");
    g_assert_cmpuint(snapshot_count(s), ==, 2);
    g_assert_nonnull(strstr(snapshot_incomplete(s), "without a fingerprint"));
    static const char *const columns[] = {"severity", "since", "summary", "labels", "silenced",
        "inhibited", "receiver", "state", "ends", "generator"};
    for (unsigned i = 0; i < G_N_ELEMENTS(columns); i++)
        g_assert_cmpint(absent(s, "05", columns[i]), ==, ABSENT_NO_VALUE);
    g_assert_cmpstr(row_of(s, "05")->address, ==, "af/alerts/05");
    g_assert_cmpint(row_of(s, "05")->health, ==, HEALTH_WARN);
    g_assert_cmpstr(row_of(s, "05")->why, ==, "it fires");
    g_assert_cmpint(row_of(s, "Loud")->health, ==, HEALTH_FAIL);
    g_assert_cmpstr(row_of(s, "Loud")->why, ==, "told at length");
    g_assert_cmpint(absent(s, "Loud", "since"), ==, ABSENT_NO_VALUE);
    end(&t);
}

static void test_hostile(void)
{
    struct test t;
    begin(&t);
    script_get(&t.script, ALERTS,
        "[" ALERT("07",
            "\"alertname\":\"a/b:\\u001b[31m\",\"path\":\"/a "
            "\\\"b\\\"\",\"x\":\"\",\"y\":\"n\\nl\"",
            "\"summary\":\"one\\ntwo \\u001b[5m\\u202eevil\"", ACTIVE) "]");
    script_get(&t.script, "/api/v2/alerts?filter=alertname%3D%22a%2Fb%3A%1B%5B31m%22",
        "[" ALERT("0000000000000007", "\"alertname\":\"a/b:\\u001b[31m\"", "", ACTIVE) "]");
    play(&t);
    const struct snapshot *s = get(&t, "alerts");
    const struct row *row = snapshot_row(s, 0);
    g_assert_cmpstr(row->name, ==, "a/b:␛[31m");
    g_assert_cmpstr(row->address, ==, "af/alerts/a%2Fb:%1B[31m:07");
    g_assert_cmpstr(row->why, ==, "one two ␛[5m⟨U+202E⟩evil");
    g_assert_cmpstr(text(s, row->key, "labels"), ==, "path=\"/a \\\"b\\\"\", x=\"\", y=\"n\\nl\"");
    s = show(&t, "af/alerts/a%2Fb:%1B[31m:0000000000000007");
    g_assert_cmpstr(text(s, "alertname", "value"), ==, "a/b:␛[31m");
    end(&t);
}

static void test_long_texts(void)
{
    struct test t;
    begin(&t);
    g_autofree char *longer = g_strnfill(5000, 'x');
    g_autofree char *list =
        g_strdup_printf("[{\"fingerprint\":\"08\",\"labels\":{\"alertname\":\"%s\",\"a\":\"%s\"},"
                        "\"annotations\":{\"summary\":\"%s\"}}]",
            longer, longer, longer);
    script_get(&t.script, ALERTS, list);
    play(&t);
    const struct snapshot *s = get(&t, "alerts");
    g_assert_cmpuint(strlen(text(s, "08", "summary")), ==, 1024 + strlen("…"));
    g_assert_cmpuint(strlen(text(s, "08", "labels")), ==, 1024 + strlen("…"));
    end(&t);
}

static void test_empty(void)
{
    struct test t;
    begin(&t);
    script_get(&t.script, ALERTS, "[]\n");
    script_get(&t.script, SILENCES, "[]\n");
    script_get(&t.script, HELD, "[]\n");
    play(&t);
    g_assert_cmpuint(snapshot_count(get(&t, "alerts")), ==, 0);
    g_assert_null(snapshot_incomplete(harness_snapshot(&t.r, "alerts")));
    g_assert_cmpuint(snapshot_count(get(&t, "alerts.silences")), ==, 0);
    end(&t);
}

static char *many(unsigned first, unsigned count, const char *severity)
{
    GString *list = g_string_new("[");
    for (unsigned i = first; i < first + count; i++)
        g_string_append_printf(list,
            "%s{\"fingerprint\":\"%016x\",\"labels\":{\"alertname\":\"A%u\",\"severity\":\"%s\"}}",
            i > first ? "," : "", i, i, severity);
    return g_string_free(g_string_append(list, "]"), FALSE);
}

static void test_huge(void)
{
    struct test t;
    begin(&t);
    g_autofree char *all = many(0, 100000, "warning"), *critical = many(99990, 10, "critical");
    script_get(&t.script, ALERTS, all);
    script_get(&t.script, CRITICAL, critical);
    play(&t);
    const struct snapshot *s = get(&t, "alerts");
    g_assert_cmpuint(snapshot_count(s), ==, 20010);
    g_assert_cmpint(row_of(s, "A99999")->health, ==, HEALTH_FAIL);
    g_assert_cmpstr(snapshot_incomplete(s), ==,
        "more alerts than weir takes: here are 20010, all critical ones among them");
    end(&t);
}

static void test_huge_and_refused(void)
{
    struct test t;
    begin(&t);
    g_autofree char *all = many(0, 20001, "warning");
    script_get(&t.script, ALERTS, all);
    script_add(&t.script, (struct script_answer){.path = CRITICAL, .status = 400, .text = "{}"});
    play(&t);
    const struct snapshot *s = get(&t, "alerts");
    g_assert_cmpuint(snapshot_count(s), ==, 20000);
    g_assert_nonnull(strstr(snapshot_incomplete(s), "not even all critical ones"));
    end(&t);
}

/* -- silences ------------------------------------------------------------------------------------- */

#define SILENCE(id, state, ends, matchers)                                                         \
    "{\"id\":\"" id "\",\"status\":{\"state\":\"" state "\"},\"createdBy\":\"ann\",\"comment\":"   \
    "\"planned\\nwork\",\"startsAt\":\"2026-11-21T11:00:00Z\",\"endsAt\":\"" ends                  \
    "\",\"matchers\":[" matchers "]}"
#define MATCHER(name, value, flags) "{\"name\":\"" name "\",\"value\":\"" value "\"" flags "}"
#define FAR                         "2999-01-01T00:00:00Z"

static void add_silences(struct test *t)
{
    script_get(&t->script, SILENCES,
        "[" SILENCE(ID, "active", FAR,
            MATCHER("alertname", "Target Down", ",\"isRegex\":false,\"isEqual\":true") "," MATCHER(
                "instance", "dp-.+", ",\"isRegex\":true,\"isEqual\":true") "," MATCHER("team",
                "ops", ",\"isRegex\":false,\"isEqual\":false") "," MATCHER("env", "dev|test",
                ",\"isRegex\":true,\"isEqual\":false") "," MATCHER("old", "yes",
                ",\"isRegex\":false")) "," SILENCE("later", "pending", FAR,
            MATCHER("a", "b", "")) "," SILENCE("over", "expired", "2026-11-21T11:30:00Z",
            MATCHER("a", "b", "")) "]");
}

static void test_silences(void)
{
    struct test t;
    begin(&t);
    add_silences(&t);
    script_get(&t.script, HELD,
        "[" ALERT("01", DOWN, "", STATE("suppressed", "\"" ID "\",\"other\"", "")) "," ALERT(
            "02", DOWN, "", STATE("suppressed", "\"" ID "\"", "")) "," ALERT("03", DOWN, "",
            STATE("suppressed", "", "\"01\"")) "]");
    play(&t);
    const struct snapshot *s = get(&t, "alerts.silences");
    g_assert_cmpuint(snapshot_count(s), ==, 3);
    g_assert_cmpstr(text(s, ID, "matchers"), ==,
        "alertname=\"Target Down\", instance=~dp-.+, team!=ops, env!~dev|test, old=yes");
    g_assert_cmpstr(text(s, ID, "state"), ==, "active");
    g_assert_cmpstr(text(s, ID, "created_by"), ==, "ann");
    g_assert_cmpstr(text(s, ID, "comment"), ==, "planned work");
    g_assert_cmpint(number(s, ID, "alerts"), ==, 2);
    g_assert_cmpint(number(s, ID, "starts"), ==, 1795258800000);
    g_assert_cmpint(number(s, ID, "left_ms"), >, 0);
    g_assert_cmpint(row_of(s, ID)->phase, ==, PHASE_RUN);
    g_assert_cmpint(number(s, "later", "alerts"), ==, 0);
    g_assert_cmpint(row_of(s, "later")->phase, ==, PHASE_WAIT);
    g_assert_cmpint(absent(s, "over", "left_ms"), ==, ABSENT_NO_VALUE);
    g_assert_cmpint(row_of(s, "over")->phase, ==, PHASE_OFF);
    end(&t);
}

static void test_uncounted(void)
{
    struct test t;
    begin(&t);
    add_silences(&t);
    script_add(&t.script, (struct script_answer){.path = HELD, .status = 403, .text = "{}"});
    play(&t);
    get_fails(&t, "alerts.silences", WEIR_ERROR_DENIED, "403 Forbidden");
    const struct snapshot *s = harness_snapshot(&t.r, "alerts.silences");
    g_assert_cmpint(absent(s, ID, "alerts"), ==, ABSENT_DENIED);
    g_assert_cmpint(number(s, "later", "alerts"), ==, 0);
    end(&t);
}

/* -- failures ------------------------------------------------------------------------------------- */

static void bad_answer(struct script_answer answer, enum weir_error code, const char *words)
{
    struct test t;
    begin(&t);
    answer.path = ALERTS;
    script_add(&t.script, answer);
    answer.path = SILENCES;
    script_add(&t.script, answer);
    play(&t);
    get_fails(&t, "alerts", code, words);
    get_fails(&t, "alerts.silences", code, words);
    end(&t);
}

static void test_bad_answers(void)
{
    bad_answer((struct script_answer){.status = 401, .text = "{\"message\":\"no\"}"},
        WEIR_ERROR_DENIED, "401 Unauthorized: no; check the user and the password, or the token");
    bad_answer((struct script_answer){.status = 503, .type = "text/plain", .text = "starting"},
        WEIR_ERROR_SERVER, "503 Service Unavailable: starting");
    bad_answer((struct script_answer){.type = "text/html", .text = "<html>Sign in"},
        WEIR_ERROR_PROTOCOL, "HTML instead of JSON");
    bad_answer((struct script_answer){.text = "[" ALERT("01", DOWN, "", ACTIVE) ",{\"finger"},
        WEIR_ERROR_PROTOCOL, "breaks off");
    bad_answer((struct script_answer){.text = "[{\"a\":nope}]"}, WEIR_ERROR_PROTOCOL, "JSON");
    bad_answer(
        (struct script_answer){.text = "{\"status\":\"ok\"}"}, WEIR_ERROR_PROTOCOL, "is no list");
    bad_answer((struct script_answer){.text = ""}, WEIR_ERROR_PROTOCOL, "an empty answer");
}

static void other_server(struct script_answer status, enum weir_error code, const char *words)
{
    struct test t = {0};
    script_begin(&t.script);
    status.path = STATUS;
    script_add(&t.script, status);
    play(&t);
    get_fails(&t, "alerts", code, words);
    harness_result_clear(&t.r);
    harness_check(&t.h, "af", &t.r);
    fails(&t, code, words);
    end(&t);
}

static void test_other_servers(void)
{
    other_server((struct script_answer){.status = 404, .type = "text/plain", .text = "404 page"},
        WEIR_ERROR_NOT_FOUND, "no Alertmanager with API v2 (0.16 or newer) there");
    other_server((struct script_answer){.text = "{\"status\":\"success\"}"}, WEIR_ERROR_PROTOCOL,
        "is url its root, and not that of Prometheus?");
    other_server((struct script_answer){.status = 401, .text = "{}"}, WEIR_ERROR_DENIED, "401");
}

static void test_credentials(void)
{
    static const struct {
        const char *options, *words;
    } cases[] = {
        {"        password: {env: WEIR_TEST_PASSWORD}\n", "a password without username"},
        {"        username: ann\n        password: {env: WEIR_TEST_PASSWORD}\n"
         "        token: {env: WEIR_TEST_PASSWORD}\n",
            "password and token exclude each other"},
    };
    g_setenv("WEIR_TEST_PASSWORD", "hunter2", TRUE);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct test t;
        g_autofree char *source = g_strconcat(SOURCE, cases[i].options, NULL);
        begin(&t);
        script_play(&t.script);
        harness_open(&t.h, connectors, source);
        get_fails(&t, "alerts", WEIR_ERROR_CONFIG, cases[i].words);
        end(&t);
    }
}

/* -- one of them whole ---------------------------------------------------------------------------- */

#define BY_NAME "/api/v2/alerts?filter=alertname%3D%22TargetDown%22"
#define FIRST   ALERT("3dad4a6c52db09c0", DOWN, SUMMARY, STATE("suppressed", "\"" ID "\"", "\"0a\""))
#define SECOND  ALERT("3dad4a6c52db09c1", DOWN, "", ACTIVE)

static void test_show_alert(void)
{
    struct test t;
    begin(&t);
    script_get(&t.script, BY_NAME, "[" SECOND "," FIRST "]");
    script_get(&t.script, "/api/v2/silence/" ID, SILENCE(ID, "active", FAR, MATCHER("a", "b", "")));
    script_get(&t.script, ALERTS,
        "[" FIRST
        "," ALERT("0a", "\"alertname\":\"Root\"", "\"summary\":\"the cause\"", ACTIVE) "]");
    play(&t);
    const struct snapshot *s = show(&t, "af/alerts/TargetDown:3dad4a6c52db09c0");
    g_assert_cmpstr(t.r.raw, ==, FIRST);
    g_assert_cmpstr(text(s, "summary", "value"), ==, "dp-w01 is down");
    g_assert_cmpstr(text(s, "instance", "value"), ==, "dp-w01");
    g_assert_cmpstr(text(s, "silence", "value"), ==, ID);
    g_assert_cmpstr(text(s, "created_by", "value"), ==, "ann");
    g_assert_cmpstr(text(s, "comment", "value"), ==, "planned work");
    g_assert_cmpstr(text(s, "matchers", "value"), ==, "a=b");
    g_assert_cmpstr(text(s, "Root:0a", "value"), ==, "the cause");
    show_fails(&t, "af/alerts/TargetDown", WEIR_ERROR_USAGE, "2 alerts are called TargetDown");
    show_fails(&t, "af/alerts/TargetDown:0000000000000000", WEIR_ERROR_NOT_FOUND, "is resolved");
    end(&t);
}

static void test_show_half(void)
{
    struct test t;
    begin(&t);
    script_get(&t.script, BY_NAME, "[" FIRST "]");
    script_add(&t.script, (struct script_answer){.path = "/api/v2/silence/" ID, .status = 500});
    script_add(&t.script, (struct script_answer){.path = ALERTS, .status = 500});
    play(&t);
    const struct snapshot *s = show(&t, "af/alerts/TargetDown");
    g_assert_cmpstr(text(s, "summary", "value"), ==, "dp-w01 is down");
    g_assert_nonnull(strstr(text(s, "not read", "value"), "500"));
    g_assert_nonnull(strstr(snapshot_incomplete(s), "500"));
    end(&t);
}

static void test_show_silence(void)
{
    struct test t;
    begin(&t);
    script_get(&t.script, "/api/v2/silence/" ID,
        SILENCE(ID, "active", FAR, MATCHER("a", "b", ",\"isRegex\":true")));
    script_get(&t.script, HELD, "[" FIRST "," SECOND "]");
    script_add(&t.script, (struct script_answer){.path = "/api/v2/silence/gone", .status = 404});
    play(&t);
    const struct snapshot *s = show(&t, "af/silences/" ID);
    g_assert_cmpstr(text(s, "for alerts with", "value"), ==, "a=~b");
    g_assert_cmpstr(text(s, "TargetDown:3dad4a6c52db09c0", "value"), ==, "dp-w01 is down");
    g_assert_cmpint(snapshot_find(s, "TargetDown:3dad4a6c52db09c1"), ==, -1);
    g_assert_nonnull(strstr(t.r.raw, "\"createdBy\":\"ann\""));
    show_fails(&t, "af/silences/gone", WEIR_ERROR_NOT_FOUND, "404");
    show_fails(&t, "af", WEIR_ERROR_USAGE, "af has alerts and silences");
    end(&t);
}

/* -- doctor --------------------------------------------------------------------------------------- */

static void test_check(void)
{
    struct test t = {0};
    script_begin(&t.script);
    t.script.date = NULL;
    script_get(&t.script, STATUS,
        "{\"cluster\":{\"peers\":[{},{}],\"status\":\"settling\"},\"versionInfo\":{\"version\":"
        "\"0.27.0\"}}");
    script_get(&t.script, ALERTS, "[" FIRST "," SECOND "]");
    script_add(&t.script, (struct script_answer){.path = SILENCES, .status = 403, .text = "{}"});
    play(&t);
    harness_check(&t.h, "af", &t.r);
    g_assert_no_error(t.r.error);
    const struct snapshot *s = harness_snapshot(&t.r, "doctor");
    g_assert_cmpstr(text(s, "version", "seen"), ==, "0.27.0");
    g_assert_cmpstr(text(s, "cluster", "seen"), ==, "settling, 2 members");
    g_assert_cmpint(row_of(s, "cluster")->health, ==, HEALTH_WARN);
    g_assert_cmpstr(text(s, "may list alerts", "seen"), ==, "allowed: 2");
    g_assert_cmpint(row_of(s, "may list silences")->health, ==, HEALTH_FAIL);
    g_assert_nonnull(strstr(text(s, "may list silences", "advice"), "let this user GET"));
    g_assert_cmpint(row_of(s, "clock")->health, ==, HEALTH_OK);
    end(&t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    connectors[0] = harness_connector("alertmanager");
    g_test_add_func("/alertmanager/its-tables-have-no-faults-and-it-only-reads", test_tables);
    g_test_add_func("/alertmanager/a-critical-alert-fails-and-says-why", test_alert);
    g_test_add_func("/alertmanager/what-is-held-back-alarms-nobody", test_held);
    g_test_add_func("/alertmanager/what-an-alert-lacks-is-absent", test_bare);
    g_test_add_func("/alertmanager/hostile-labels-are-shown-and-found-again", test_hostile);
    g_test_add_func("/alertmanager/long-texts-are-cut-in-cells", test_long_texts);
    g_test_add_func("/alertmanager/no-alert-is-an-empty-table", test_empty);
    g_test_add_func("/alertmanager/of-100000-alerts-no-critical-one-is-lost", test_huge);
    g_test_add_func("/alertmanager/a-cut-list-says-so-where-critical-ones-cannot-be-asked-for",
        test_huge_and_refused);
    g_test_add_func("/alertmanager/silences-say-what-they-hold-back", test_silences);
    g_test_add_func("/alertmanager/an-unknown-count-is-never-zero", test_uncounted);
    g_test_add_func("/alertmanager/every-bad-answer-has-its-sentence", test_bad_answers);
    g_test_add_func("/alertmanager/another-server-is-told-apart", test_other_servers);
    g_test_add_func("/alertmanager/credentials-that-contradict-are-named", test_credentials);
    g_test_add_func("/alertmanager/an-alert-is-shown-with-what-holds-it-back", test_show_alert);
    g_test_add_func("/alertmanager/what-cannot-be-read-of-an-alert-is-said", test_show_half);
    g_test_add_func("/alertmanager/a-silence-is-shown-with-its-alerts", test_show_silence);
    g_test_add_func("/alertmanager/the-doctor-sees-cluster-and-rights", test_check);
    return g_test_run();
}
