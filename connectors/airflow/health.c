/* Airflow's own parts. The answer is 200 even when all of them are down. */
#include "airflow.h"

static const char *const components[] = {
    "metadatabase", "scheduler", "triggerer", "dag_processor", NULL};

static void add_component(
    const struct airflow *a, struct snapshot *s, const char *name, const cJSON *json)
{
    size_t row = snapshot_add(s, name);
    g_autofree char *beat = g_strdup_printf("latest_%s_heartbeat", name);
    int64_t at_ms = airflow_time(json, beat);
    snapshot_set_text(s, row, HEALTH_COMPONENT, name);
    json_cell(s, row, HEALTH_STATE, json, "status");
    airflow_set_time(s, row, HEALTH_BEAT, at_ms);
    airflow_set_time(s, row, HEALTH_BEAT_AGE,
        at_ms == AIRFLOW_NONE ? AIRFLOW_NONE : MAX(a->server_ms - at_ms, 0));
    bool runs = json_text(json, "status") != NULL;
    snapshot_set_phase(s, row, runs ? PHASE_RUN : PHASE_OFF);
}

bool airflow_health_fetch(
    struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    (void)scope;
    struct airflow *a = airflow_of_anybody(l, error);
    static const char path[] = "/api/v2/monitor/health";
    AUTO(cJSON) json = a ? airflow_get(a, path, error) : NULL;
    if (!a || !airflow_has(a, path, json, "scheduler", error))
        return false;
    struct snapshot *s = batch_snapshot(out, &airflow_health_kind);
    for (const char *const *name = components; *name; name++)
        add_component(a, s, *name, json_get(json, *name));
    /* A part that a newer Airflow reports is shown as well. */
    for (const cJSON *i = json->child; i; i = i->next)
        if (i->string && !g_strv_contains(components, i->string))
            add_component(a, s, i->string, i);
    batch_publish(out, s);
    return true;
}
