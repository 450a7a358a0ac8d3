/* The doctor's rows. */
#include "airflow.h"

#include <string.h>

/* -- doctor -------------------------------------------------------------------------------------- */

static void check_right(
    struct airflow *a, struct snapshot *doctor, const char *what, const char *path)
{
    g_autoptr(GError) error = NULL;
    AUTO(cJSON) json = airflow_get(a, path, &error);
    int64_t total = -1;
    if (!json) {
        doctor_add(doctor, what, HEALTH_FAIL, error->message,
            error->code == WEIR_ERROR_DENIED ? "give the user at least the role of a viewer"
                                             : NULL);
        return;
    }
    g_autofree char *seen = json_int(json, "total_entries", &total)
                                ? g_strdup_printf("allowed: %" G_GINT64_FORMAT, total)
                                : g_strdup("allowed");
    doctor_add(doctor, what, HEALTH_OK, seen, NULL);
}

static void check_import_errors(struct airflow *a, struct snapshot *doctor)
{
    g_autoptr(GError) error = NULL;
    AUTO(cJSON) json = airflow_get(a, "/api/v2/importErrors?limit=1", &error);
    int64_t total = 0;
    if (!json || !json_int(json, "total_entries", &total)) {
        doctor_add(doctor, "import errors", HEALTH_UNKNOWN, error ? error->message : "no count",
            "without the right to see them, DAGs that are missing stay unexplained");
        return;
    }
    const char *file = json_text(json_first(json_get(json, "import_errors")), "filename");
    g_autofree char *seen = g_strdup_printf("%" G_GINT64_FORMAT " files cannot be imported%s%s",
        total, file ? ", one is " : "", file ? file : "");
    doctor_add(doctor, "import errors", total ? HEALTH_WARN : HEALTH_OK, total ? seen : "none",
        total ? "their DAGs are missing or old: see Airflow's page of import errors" : NULL);
}

static void check_session(struct airflow *a, struct snapshot *doctor)
{
    g_autofree char *version = g_strdup_printf("Airflow %s, API v2", a->version);
    doctor_add(doctor, "reachable", HEALTH_OK, "answers", NULL);
    doctor_add(doctor, "version", HEALTH_OK, version, NULL);
    g_autofree char *who = a->user ? g_strdup_printf("signed in as %s", a->user) : NULL;
    bool token = source_secret(lane_source(a->lane), "token") != NULL;
    doctor_add(doctor, "sign-in", HEALTH_OK,
        who     ? who
        : token ? "the token is accepted"
                : "the server lets everybody in",
        NULL);
}

/* The lane is open when this runs: a server that is down, or a wrong password, is the error of open. */
bool airflow_check(struct lane *l, struct snapshot *doctor, GError **error)
{
    struct airflow *a = airflow_of(l, error);
    if (!a)
        return false;
    check_session(a, doctor);
    check_right(a, doctor, "may list DAGs", "/api/v2/dags?limit=1");
    doctor_add_clock(doctor, a->server_ms - lane_now_ms(l));
    check_right(a, doctor, "may list runs",
        "/api/v2/dags/~/dagRuns?state=running&limit=1&order_by=-run_after");
    check_right(a, doctor, "may list tasks",
        "/api/v2/dags/~/dagRuns/~/taskInstances?state=running&limit=1");
    check_import_errors(a, doctor);
    return true;
}
