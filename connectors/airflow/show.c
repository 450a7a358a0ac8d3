/* One object whole: the server's own JSON, and for a task that waits the reasons why. */
#include "airflow.h"

#include <string.h>

static char *path_of(const struct rid *what, GError **error)
{
    if (what->count == 1 && strcmp(what->part[0].kind, "health") == 0)
        return g_strdup("/api/v2/monitor/health");
    char *path = airflow_path(what, error);
    if (!path || what->count != 1)
        return path;
    char *details = g_strconcat(path, "/details", NULL);
    g_free(path);
    return details;
}

static bool waits(const cJSON *task)
{
    const char *state = json_text(task, "state");
    return airflow_phase(state) == PHASE_WAIT && g_strcmp0(state, "deferred") != 0;
}

/* Names and reasons of what keeps the task from starting. Its failure spoils nothing: 2.x and denied
 * users have the rest. */
static void add_reasons(struct airflow *a, const char *path, struct snapshot *detail)
{
    g_autofree char *ask = g_strconcat(path, "/dependencies", NULL);
    g_autoptr(GError) error = NULL;
    AUTO(cJSON) json = airflow_get(a, ask, &error);
    for (const cJSON *i = json_first(json_get(json, "dependencies")); i; i = i->next) {
        const char *name = json_text(i, "name"), *reason = json_text(i, "reason");
        if (!name || !reason)
            continue;
        size_t row = snapshot_add(detail, name);
        snapshot_set_text(detail, row, DETAIL_GROUP, "waits for");
        snapshot_set_cell(
            detail, row, DETAIL_VALUE, (struct cell){.type = CELL_TEXT, .text = reason});
    }
    if (json)
        return;
    size_t row = snapshot_add(detail, "reasons");
    snapshot_set_text(detail, row, DETAIL_GROUP, "waits for");
    enum absent why = error->code == WEIR_ERROR_DENIED ? ABSENT_DENIED : ABSENT_FAILED;
    snapshot_set_cell(detail, row, DETAIL_VALUE, (struct cell){.type = CELL_NONE, .absent = why});
}

bool airflow_show(
    struct lane *l, const struct rid *what, struct snapshot *detail, GString *raw, GError **error)
{
    g_autofree char *path = path_of(what, error);
    struct airflow *a = path ? airflow_of(l, error) : NULL;
    if (!a)
        return false;
    const struct http_request q = {.path = path};
    struct http_reply r = {0};
    AUTO(cJSON) json = NULL;
    if (airflow_send(a, &q, &r, error))
        json = http_reply_json(a->http, &q, &r, error);
    if (json) {
        json_detail(detail, json);
        g_string_append_len(raw, r.body->str, (gssize)r.body->len);
    }
    http_reply_clear(&r);
    if (json && what->count == 3 && waits(json))
        add_reasons(a, path, detail);
    return json != NULL;
}
