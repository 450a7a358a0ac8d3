/* The Alertmanager connector against what a real Alertmanager 0.25 said: tests/tapes/alertmanager.tape.
 * What is expected is read from the tape by code of its own, so that any recording of the lab will do.
 * To make a new one:
 *
 *     WEIR_TAPE=$PWD/tests/tapes/alertmanager.tape WEIR_TAPE_MODE=record \
 *         WEIR_TEST_ALERTMANAGER=http://127.0.0.1:19093 build/tests/connectors/test_alertmanager_tape
 */
#include "http.h"

#include <string.h>

#include "harness.h"
#include "recording.h"

#define TAPE "tests/tapes/alertmanager.tape"

/* One session, in the order in which it was recorded. */
static struct {
    struct harness h;
    struct harness_result alerts, silences, show, check;
    GPtrArray *tape; /* cJSON lines */
} all;

static const char *member(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(object, name));
}

/* The JSON of the first answer to that very path. */
static cJSON *answer(const char *path)
{
    for (guint i = 0; i < all.tape->len; i++) {
        const cJSON *line = g_ptr_array_index(all.tape, i);
        if (strcmp(member(line, "path"), path) == 0)
            return cJSON_Parse(member(line, "text"));
    }
    g_error("%s does not stand on the tape", path);
}

static const struct snapshot *rows_of(const struct harness_result *r, const char *kind)
{
    g_assert_no_error(r->error);
    const struct snapshot *s = harness_snapshot(r, kind);
    g_assert_null(snapshot_incomplete(s));
    return s;
}

static void run_session(void)
{
    const struct connector *const connectors[2] = {harness_connector("alertmanager")};
    const char *url = g_getenv("WEIR_TEST_ALERTMANAGER");
    g_autofree char *yaml =
        g_strdup_printf("      am:\n        type: alertmanager\n        url: %s\n",
            url ? url : "http://127.0.0.1:1");
    harness_open(&all.h, connectors, yaml);
    harness_fetch(&all.h, "alerts", "am", &all.alerts);
    harness_fetch(&all.h, "alerts.silences", "am", &all.silences);
    harness_show(&all.h, "am/alerts/LabSilenced", &all.show);
    harness_check(&all.h, "am", &all.check);
}

static gssize find_address(const struct snapshot *s, const char *address)
{
    for (size_t row = 0; row < snapshot_count(s); row++)
        if (g_strcmp0(snapshot_row(s, row)->address, address) == 0)
            return (gssize)row;
    return -1;
}

static const char *text(const struct snapshot *s, size_t row, const char *column)
{
    struct cell cell = snapshot_cell(s, row, kind_column(snapshot_kind(s), column));
    return cell.type == CELL_TEXT || cell.type == CELL_STATE ? cell.text : NULL;
}

static bool flag(const struct snapshot *s, size_t row, const char *column)
{
    struct cell cell = snapshot_cell(s, row, kind_column(snapshot_kind(s), column));
    g_assert_cmpint(cell.type, ==, CELL_BOOL);
    return cell.b;
}

/* The plain ones by their address; what the hostile one becomes is for test_hostile to say. */
static void compare(const struct snapshot *s, const cJSON *alert)
{
    const cJSON *labels = cJSON_GetObjectItem(alert, "labels");
    const cJSON *status = cJSON_GetObjectItem(alert, "status");
    g_autofree char *address = g_strdup_printf(
        "am/alerts/%s:%s", member(labels, "alertname"), member(alert, "fingerprint"));
    gssize found = find_address(s, address);
    g_assert_cmpint(found, >=, 0);
    size_t row = (size_t)found;
    bool silenced = cJSON_GetArraySize(cJSON_GetObjectItem(status, "silencedBy")) > 0;
    bool inhibited = cJSON_GetArraySize(cJSON_GetObjectItem(status, "inhibitedBy")) > 0;
    bool critical = g_strcmp0(member(labels, "severity"), "critical") == 0;
    g_assert_cmpstr(text(s, row, "state"), ==, member(status, "state"));
    g_assert_true(flag(s, row, "silenced") == silenced);
    g_assert_true(flag(s, row, "inhibited") == inhibited);
    g_assert_true((snapshot_row(s, row)->phase == PHASE_OFF) == (silenced || inhibited));
    g_assert_cmpint(snapshot_row(s, row)->health, ==,
        silenced || inhibited ? HEALTH_OK
        : critical            ? HEALTH_FAIL
                              : HEALTH_WARN);
    if (!strstr(address, "LabHostile"))
        g_assert_cmpstr(text(s, row, "severity"), ==, member(labels, "severity"));
}

static void test_alerts(void)
{
    const struct snapshot *s = rows_of(&all.alerts, "alerts");
    cJSON *json = answer("/api/v2/alerts");
    const cJSON *i;
    g_assert_cmpuint(snapshot_count(s), ==, (size_t)cJSON_GetArraySize(json));
    g_assert_cmpuint(snapshot_count(s), ==, 8);
    cJSON_ArrayForEach(i, json) compare(s, i);
    cJSON_Delete(json);
}

static void test_hostile(void)
{
    const struct snapshot *s = rows_of(&all.alerts, "alerts");
    size_t row = (size_t)snapshot_find(s, "LabHostile");
    g_assert_cmpstr(text(s, row, "severity"), ==, "warning␛[31m");
    g_assert_cmpstr(text(s, row, "labels"), ==,
        "cluster=lab, path=\"/a\\\\b/\\\"c\\\"/{d=\\\"e\\\"}, f=g\", "
        "text=\"␛]0;title␇␛[2J⟨U+202E⟩gnp.exe⟨U+200B⟩ 日本語 end\"");
}

static void test_silences(void)
{
    const struct snapshot *s = rows_of(&all.silences, "alerts.silences");
    cJSON *json = answer("/api/v2/silences");
    const cJSON *i;
    g_assert_cmpuint(snapshot_count(s), ==, (size_t)cJSON_GetArraySize(json));
    cJSON_ArrayForEach(i, json)
    {
        const char *state = member(cJSON_GetObjectItem(i, "status"), "state");
        size_t row = (size_t)snapshot_find(s, member(i, "id"));
        g_assert_cmpstr(text(s, row, "state"), ==, state);
        g_assert_cmpstr(text(s, row, "comment"), ==, member(i, "comment"));
        g_assert_cmpstr(text(s, row, "created_by"), ==, member(i, "createdBy"));
        g_assert_cmpint(
            harness_cell(s, member(i, "id"), "alerts").i, ==, strcmp(state, "active") == 0 ? 1 : 0);
    }
    cJSON_Delete(json);
}

static void test_show(void)
{
    const struct snapshot *s = rows_of(&all.show, "detail");
    g_assert_cmpstr(harness_cell(s, "alertname", "value").text, ==, "LabSilenced");
    g_assert_cmpstr(harness_cell(s, "matchers", "value").text, ==, "alertname=LabSilenced");
    g_assert_nonnull(strstr(all.show.raw, "\"alertname\":\"LabSilenced\""));
}

static void test_check(void)
{
    const struct snapshot *s = rows_of(&all.check, "doctor");
    for (size_t row = 0; row < snapshot_count(s); row++)
        if (strcmp(snapshot_row(s, row)->name, "clock") != 0)
            g_assert_cmpint(snapshot_row(s, row)->health, ==, HEALTH_OK);
    g_assert_nonnull(strstr(harness_cell(s, "version", "seen").text, "0."));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (g_strcmp0(g_getenv("WEIR_TAPE_MODE"), "record") == 0) {
        http_init();
        g_unlink(g_getenv("WEIR_TAPE"));
    } else {
        g_setenv("WEIR_TAPE", TAPE, TRUE);
        g_setenv("WEIR_TAPE_MODE", "replay", TRUE);
    }
    run_session();
    all.tape = recording_read();
    g_test_add_func("/alertmanager-tape/every-alert-with-what-holds-it-back", test_alerts);
    g_test_add_func("/alertmanager-tape/hostile-text-is-harmless", test_hostile);
    g_test_add_func("/alertmanager-tape/every-silence-with-its-alerts", test_silences);
    g_test_add_func("/alertmanager-tape/show-has-the-servers-own-json", test_show);
    g_test_add_func("/alertmanager-tape/the-doctor-is-content", test_check);
    int failed = g_test_run();
    g_ptr_array_unref(all.tape);
    harness_result_clear(&all.alerts);
    harness_result_clear(&all.silences);
    harness_result_clear(&all.show);
    harness_result_clear(&all.check);
    harness_close(&all.h);
    return failed;
}
