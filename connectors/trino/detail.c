/* One thing whole: a query out of its QueryInfo, a stage of it, a node out of its /v1/status, the
 * cluster. Values keep their types, so that "1.07m" and "1234B" are a span and a size here as well. */
#include <math.h>
#include <string.h>

#include "prune.h"
#include "rid.h"
#include "trino.h"

#define SQL_LINES_MAX   500
#define LIST_ROWS_MAX   200 /* of session properties, inputs, warnings, tasks */
#define CAUSES_MAX      10
#define DETAIL_BODY_MAX (16 * 1024 * 1024) /* beyond it the pruned form is asked for */

/* One call of show(). */
struct showing {
    struct lane *lane;
    struct trino *t;
    struct snapshot *detail;
    GString *raw;
};

/* -- rows ----------------------------------------------------------------------------------------- */

static void add_cell(struct snapshot *detail, const char *group, const char *name, struct cell cell)
{
    size_t row = snapshot_add(detail, name);
    snapshot_set_text(detail, row, DETAIL_GROUP, group);
    snapshot_set_cell(detail, row, DETAIL_VALUE, cell);
}

static void add_text(struct snapshot *detail, const char *group, const char *name, const char *text)
{
    if (text && *text)
        add_cell(detail, group, name, (struct cell){.type = CELL_TEXT, .text = text});
}

/* "name", "name:2", "name:3" ... of a text of several lines. */
static void add_lines(
    struct snapshot *detail, const char *group, const char *name, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", SQL_LINES_MAX);
    for (guint i = 0; lines[i]; i++) {
        g_autofree char *numbered = i ? g_strdup_printf("%s:%u", name, i + 1) : g_strdup(name);
        g_strchomp(lines[i]);
        add_cell(detail, group, numbered, (struct cell){.type = CELL_TEXT, .text = lines[i]});
    }
}

/* What a string of Trino's says, by its looks. */
static struct cell typed(const cJSON *value)
{
    struct cell cell = {.type = CELL_NONE, .absent = ABSENT_NO_VALUE};
    double ms;
    int64_t n;
    if (cJSON_IsBool(value))
        cell = (struct cell){.type = CELL_BOOL, .b = cJSON_IsTrue(value)};
    else if (cJSON_IsNumber(value) && fabs(value->valuedouble) < 9e15 &&
             value->valuedouble == trunc(value->valuedouble))
        cell = (struct cell){.type = CELL_INT, .i = (int64_t)value->valuedouble};
    else if (cJSON_IsNumber(value))
        cell = (struct cell){.type = CELL_REAL, .r = value->valuedouble};
    else if (cJSON_IsString(value) && trino_parse_size(value->valuestring, &n))
        cell = (struct cell){.type = CELL_BYTES, .i = n};
    else if (cJSON_IsString(value) && trino_parse_duration(value->valuestring, &ms))
        cell = (struct cell){.type = CELL_SPAN_MS, .i = (int64_t)llround(ms)};
    else if (cJSON_IsString(value))
        cell = (struct cell){.type = CELL_TEXT, .text = value->valuestring};
    return cell;
}

static void add_scalars(struct snapshot *detail, const char *group, const cJSON *object)
{
    for (const cJSON *i = cJSON_IsObject(object) ? object->child : NULL; i; i = i->next)
        if (!cJSON_IsObject(i) && !cJSON_IsArray(i) && !cJSON_IsNull(i))
            add_cell(detail, group, i->string, typed(i));
}

static char *join(const cJSON *array, const char *between)
{
    GString *out = g_string_new(NULL);
    for (const cJSON *i = json_first(array); i; i = i->next)
        if (cJSON_IsString(i))
            g_string_append_printf(out, "%s%s", out->len > 0 ? between : "", i->valuestring);
    return g_string_free(out, FALSE);
}

/* -- a query -------------------------------------------------------------------------------------- */

struct item {
    const char *group, *name;
    enum trino_how how;
    const char *path, *other; /* other: its name in versions without the first */
};

static const struct item who[] = {
    {"query", "state", AS_STATE, "state", NULL},
    {"query", "user", AS_TEXT, "session.user", NULL},
    {"query", "original_user", AS_TEXT, "session.originalUser", NULL},
    {"query", "principal", AS_TEXT, "session.principal", NULL},
    {"query", "source_name", AS_TEXT, "session.source", NULL},
    {"query", "client_info", AS_TEXT, "session.clientInfo", NULL},
    {"query", "client_address", AS_TEXT, "session.remoteUserAddress", NULL},
    {"query", "user_agent", AS_TEXT, "session.userAgent", NULL},
    {"query", "query_type", AS_TEXT, "queryType", NULL},
    {"query", "update_type", AS_TEXT, "updateType", NULL},
    {"query", "retry_policy", AS_TEXT, "retryPolicy", NULL},
    {"query", "catalog", AS_TEXT, "session.catalog", NULL},
    {"query", "schema", AS_TEXT, "session.schema", NULL},
    {"query", "progress", AS_PERCENT, "progressPercentage", "queryStats.progressPercentage"},
    {"query", "final", AS_BOOL, "finalQueryInfo", NULL},
    {0},
};

static const struct item measured[] = {
    {"time", "created", AS_TIME, "queryStats.createTime", NULL},
    {"time", "started", AS_TIME, "queryStats.executionStartTime", NULL},
    {"time", "ended", AS_TIME, "queryStats.endTime", NULL},
    {"time", "last_heartbeat", AS_TIME, "queryStats.lastHeartbeat", NULL},
    {"time", "elapsed_ms", AS_SPAN, "queryStats.elapsedTime", NULL},
    {"time", "queued_ms", AS_SPAN, "queryStats.queuedTime", NULL},
    {"time", "resource_waiting_ms", AS_SPAN, "queryStats.resourceWaitingTime", NULL},
    {"time", "dispatching_ms", AS_SPAN, "queryStats.dispatchingTime", NULL},
    {"time", "analysis_ms", AS_SPAN, "queryStats.analysisTime", NULL},
    {"time", "planning_ms", AS_SPAN, "queryStats.planningTime", NULL},
    {"time", "starting_ms", AS_SPAN, "queryStats.startingTime", NULL},
    {"time", "execution_ms", AS_SPAN, "queryStats.executionTime", NULL},
    {"time", "finishing_ms", AS_SPAN, "queryStats.finishingTime", NULL},
    {"time", "cpu_ms", AS_SPAN, "queryStats.totalCpuTime", NULL},
    {"time", "failed_cpu_ms", AS_SPAN, "queryStats.failedCpuTime", NULL},
    {"time", "scheduled_ms", AS_SPAN, "queryStats.totalScheduledTime", NULL},
    {"time", "blocked_ms", AS_SPAN, "queryStats.totalBlockedTime", NULL},
    {"memory", "memory_bytes", AS_SIZE, "queryStats.totalMemoryReservation", NULL},
    {"memory", "revocable_memory_bytes", AS_SIZE, "queryStats.revocableMemoryReservation", NULL},
    {"memory", "peak_memory_bytes", AS_SIZE, "queryStats.peakTotalMemoryReservation", NULL},
    {"memory", "peak_task_memory_bytes", AS_SIZE, "queryStats.peakTaskTotalMemory", NULL},
    {"memory", "spilled_bytes", AS_SIZE, "queryStats.spilledDataSize", NULL},
    {"data", "read_bytes", AS_SIZE, "queryStats.physicalInputDataSize", NULL},
    {"data", "read_ms", AS_SPAN, "queryStats.physicalInputReadTime", NULL},
    {"data", "processed_rows", AS_INT, "queryStats.processedInputPositions",
        "queryStats.rawInputPositions"},
    {"data", "processed_bytes", AS_SIZE, "queryStats.processedInputDataSize",
        "queryStats.rawInputDataSize"},
    {"data", "network_bytes", AS_SIZE, "queryStats.internalNetworkInputDataSize", NULL},
    {"data", "output_rows", AS_INT, "queryStats.outputPositions", NULL},
    {"data", "output_bytes", AS_SIZE, "queryStats.outputDataSize", NULL},
    {"data", "written_rows", AS_INT, "queryStats.writtenPositions", NULL},
    {"data", "written_bytes", AS_SIZE, "queryStats.physicalWrittenDataSize", NULL},
    {"splits", "splits_total", AS_INT, "queryStats.totalDrivers", NULL},
    {"splits", "splits_queued", AS_INT, "queryStats.queuedDrivers", NULL},
    {"splits", "splits_running", AS_INT, "queryStats.runningDrivers", NULL},
    {"splits", "splits_blocked", AS_INT, "queryStats.blockedDrivers", NULL},
    {"splits", "splits_done", AS_INT, "queryStats.completedDrivers", NULL},
    {"splits", "tasks_total", AS_INT, "queryStats.totalTasks", NULL},
    {"splits", "tasks_running", AS_INT, "queryStats.runningTasks", NULL},
    {"splits", "tasks_done", AS_INT, "queryStats.completedTasks", NULL},
    {"splits", "tasks_failed", AS_INT, "queryStats.failedTasks", NULL},
    {0},
};

/* What the server does not say is left out: a list of dashes helps nobody. */
static void add_items(struct snapshot *detail, const struct item *items, const cJSON *json)
{
    for (; items->name; items++) {
        struct cell cell;
        if (trino_cell(json, items->path, items->how, &cell) ||
            (items->other && trino_cell(json, items->other, items->how, &cell)))
            add_cell(detail, items->group, items->name, cell);
    }
}

static void add_error(struct snapshot *detail, const cJSON *json)
{
    static const struct item items[] = {
        {"error", "name", AS_TEXT, "errorCode.name", NULL},
        {"error", "error_type", AS_TEXT, "errorType", "errorCode.type"},
        {"error", "line", AS_INT, "failureInfo.errorLocation.lineNumber",
            "failureInfo.errorInfo.errorLocation.lineNumber"},
        {"error", "column", AS_INT, "failureInfo.errorLocation.columnNumber",
            "failureInfo.errorInfo.errorLocation.columnNumber"},
        {0},
    };
    int64_t code;
    if (json_int(json, "errorCode.code", &code)) { /* a name made of digits: never 131k */
        g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, code);
        add_text(detail, "error", "code", text);
    }
    add_items(detail, items, json);
    const cJSON *failure = json_get(json, "failureInfo");
    if (!failure)
        return;
    add_lines(detail, "error", "message", json_text(failure, "message"));
    add_text(detail, "error", "exception", json_text(failure, "type"));
    const cJSON *cause = json_get(failure, "cause");
    for (int n = 1; cJSON_IsObject(cause) && n <= CAUSES_MAX;
         n++, cause = json_get(cause, "cause")) {
        const char *type = json_text(cause, "type");
        const char *message = json_text(cause, "message");
        g_autofree char *name = g_strdup_printf("cause %d", n);
        g_autofree char *text =
            g_strdup_printf("%s: %s", type ? type : "?", message ? message : "(no message)");
        add_text(detail, "error", name, text);
    }
}

static void add_properties(struct snapshot *detail, const cJSON *session)
{
    int n = 0;
    const cJSON *system = json_get(session, "systemProperties");
    for (const cJSON *i = system ? system->child : NULL; i && n < LIST_ROWS_MAX; i = i->next, n++)
        add_text(detail, "session", i->string, cJSON_IsString(i) ? i->valuestring : NULL);
    const cJSON *catalogs = json_get(session, "catalogProperties");
    for (const cJSON *c = catalogs ? catalogs->child : NULL; c && n < LIST_ROWS_MAX; c = c->next) {
        for (const cJSON *i = c->child; i && n < LIST_ROWS_MAX; i = i->next, n++) {
            g_autofree char *name = g_strdup_printf("%s.%s", c->string, i->string ? i->string : "");
            add_text(detail, "session", name, cJSON_IsString(i) ? i->valuestring : NULL);
        }
    }
}

static void add_inputs(struct snapshot *detail, const cJSON *inputs)
{
    int n = 0;
    for (const cJSON *i = json_first(inputs); i && n < LIST_ROWS_MAX; i = i->next, n++) {
        const char *catalog = json_text(i, "catalogName");
        const char *schema = json_text(i, "schema");
        const char *table = json_text(i, "table");
        g_autofree char *name = g_strdup_printf(
            "%s.%s.%s", catalog ? catalog : "?", schema ? schema : "?", table ? table : "?");
        GString *columns = g_string_new(NULL);
        for (const cJSON *c = json_first(json_get(i, "columns")); c; c = c->next) {
            const char *column = json_text(c, "name");
            if (column)
                g_string_append_printf(columns, "%s%s", columns->len > 0 ? ", " : "", column);
        }
        add_text(detail, "reads", name, columns->len > 0 ? columns->str : "(no column)");
        g_string_free(columns, TRUE);
    }
}

static void add_warnings(struct snapshot *detail, const cJSON *warnings)
{
    int n = 0;
    for (const cJSON *i = json_first(warnings); i && n < LIST_ROWS_MAX; i = i->next, n++) {
        const char *name = json_text(i, "warningCode.name");
        add_text(detail, "warnings", name ? name : "warning", json_text(i, "message"));
    }
}

void trino_query_detail(struct snapshot *detail, const cJSON *query_info)
{
    g_autofree char *group = join(json_get(query_info, "resourceGroupId"), ".");
    g_autofree char *tags = join(json_get(query_info, "session.clientTags"), ", ");
    g_autofree char *reasons = join(json_get(query_info, "queryStats.blockedReasons"), ", ");
    add_items(detail, who, query_info);
    add_text(detail, "query", "resource_group", group);
    add_text(detail, "query", "client_tags", tags);
    add_text(detail, "query", "blocked_reasons", reasons);
    add_error(detail, query_info);
    add_items(detail, measured, query_info);
    add_properties(detail, json_get(query_info, "session"));
    add_inputs(detail, json_get(query_info, "inputs"));
    add_warnings(detail, json_get(query_info, "warnings"));
    add_lines(detail, "sql", "sql", json_text(query_info, "query"));
}

static bool get_query(
    struct trino *t, const char *id, const char *suffix, struct http_reply *r, GError **error)
{
    g_autofree char *path = trino_query_path(id, suffix, error);
    if (!path)
        return false;
    struct http_request q = {.path = path, .body_max = DETAIL_BODY_MAX};
    if (!http_send(t->http, &q, r, error))
        return false;
    if (r->status == 410 || r->status == 404)
        return trino_fail_gone(id, error);
    return trino_check_status(t, &q, r, error);
}

/* The whole QueryInfo, or, where that is too large, the form without plan and tasks (454 and later). */
static bool get_query_any(struct trino *t, const char *id, struct http_reply *r, GError **error)
{
    g_autoptr(GError) large = NULL;
    if (get_query(t, id, "", r, &large))
        return true;
    if (large->code != WEIR_ERROR_TOO_LARGE) {
        g_propagate_error(error, g_steal_pointer(&large));
        return false;
    }
    http_reply_clear(r);
    return get_query(t, id, "?pruned=true", r, error);
}

static cJSON *parse_query_info(
    const struct http_reply *r, const char *id, const char *const *not_needed, GError **error)
{
    g_autoptr(GError) broken = NULL;
    g_autoptr(GString) text = trino_prune(r->body->str, r->body->len, not_needed);
    cJSON *json = json_parse(text->str, text->len, &broken);
    if (!json)
        weir_fail(error, (enum weir_error)broken->code, "query %s: the answer is %s", id,
            broken->message);
    return json;
}

static bool show_query(const struct showing *w, const char *id, GError **error)
{
    static const char *const not_needed[] = {"outputStage", "stages", "operatorSummaries",
        "optimizerRulesSummaries", "stageGcStatistics", "stack", "suppressed", NULL};
    struct http_reply r = {0};
    bool ok = get_query_any(w->t, id, &r, error);
    AUTO(cJSON) json = ok ? parse_query_info(&r, id, not_needed, error) : NULL;
    if (json) {
        trino_query_detail(w->detail, json);
        g_string_append_len(w->raw, r.body->str, (gssize)r.body->len);
    }
    http_reply_clear(&r);
    return json != NULL;
}

/* -- a stage of it -------------------------------------------------------------------------------- */

static const cJSON *find_nested(const cJSON *stage, const char *number)
{
    const char *id = json_text(stage, "stageId");
    const char *dot = id ? strrchr(id, '.') : NULL;
    if (dot && strcmp(dot + 1, number) == 0)
        return stage;
    const cJSON *found = NULL;
    for (const cJSON *i = json_first(json_get(stage, "subStages")); i && !found; i = i->next)
        found = find_nested(i, number);
    return found;
}

static const cJSON *find_stage(const cJSON *query_info, const char *number)
{
    const cJSON *found = find_nested(json_get(query_info, "outputStage"), number);
    const cJSON *flat = json_first(json_get(query_info, "stages.stages"));
    for (; flat && !found; flat = flat->next)
        found = find_nested(flat, number);
    return found;
}

static void add_task(struct snapshot *detail, const cJSON *task)
{
    const char *id = json_text(task, "taskStatus.taskId");
    const char *input = json_text(task, "stats.processedInputDataSize");
    const char *elapsed = json_text(task, "stats.elapsedTime");
    const char *blocked = json_text(task, "stats.totalBlockedTime");
    const char *node = json_text(task, "taskStatus.nodeId");
    const char *state = json_text(task, "taskStatus.state");
    int64_t rows;
    bool counted = json_int(task, "stats.processedInputPositions", &rows);
    g_autofree char *in = counted ? g_strdup_printf("%" G_GINT64_FORMAT, rows) : g_strdup("?");
    g_autofree char *text = g_strdup_printf("%s on %s, %s rows and %s in, %s, blocked %s",
        state ? state : "?", node ? node : "?", in, input ? input : "?", elapsed ? elapsed : "?",
        blocked ? blocked : "?");
    add_text(detail, "tasks", id ? id : "?", text);
}

static void add_stage(const struct showing *w, const cJSON *stage)
{
    int n = 0;
    add_scalars(w->detail, "stage", stage);
    add_scalars(w->detail, "measured", json_get(stage, "stageStats"));
    const cJSON *task = json_first(json_get(stage, "tasks"));
    for (; task && n < LIST_ROWS_MAX; task = task->next, n++)
        add_task(w->detail, task);
    char *text = cJSON_PrintUnformatted(stage);
    g_string_append(w->raw, text ? text : "");
    cJSON_free(text);
}

static bool show_stage(const struct showing *w, const char *id, const char *number, GError **error)
{
    static const char *const not_needed[] = {"plan", "pipelines", "operatorSummaries",
        "outputBuffers", "optimizerRulesSummaries", "stack", NULL};
    struct http_reply r = {0};
    bool ok = get_query(w->t, id, "", &r, error);
    AUTO(cJSON) json = ok ? parse_query_info(&r, id, not_needed, error) : NULL;
    http_reply_clear(&r);
    const cJSON *stage = json ? find_stage(json, number) : NULL;
    if (stage)
        add_stage(w, stage);
    else if (json)
        weir_fail(error, WEIR_ERROR_NOT_FOUND, "query %s has no stage %s", id, number);
    return stage != NULL;
}

/* -- a node, the cluster -------------------------------------------------------------------------- */

static void add_reservations(struct snapshot *detail, const cJSON *status)
{
    const cJSON *all = json_get(status, "memoryInfo.pool.queryMemoryReservations");
    int n = 0;
    for (const cJSON *i = all ? all->child : NULL; i && n < LIST_ROWS_MAX; i = i->next, n++)
        if (cJSON_IsNumber(i))
            add_cell(detail, "memory by query", i->string,
                (struct cell){.type = CELL_BYTES, .i = (int64_t)i->valuedouble});
}

static void add_status(struct snapshot *detail, const cJSON *status)
{
    static const struct item items[] = {
        {"status", "environment", AS_TEXT, "environment", NULL},
        {"status", "version", AS_TEXT, "nodeVersion.version", NULL},
        {"status", "uptime_ms", AS_SPAN, "uptime", NULL},
        {"status", "external_address", AS_TEXT, "externalAddress", NULL},
        {"status", "internal_address", AS_TEXT, "internalAddress", NULL},
        {"status", "processors", AS_INT, "processors", NULL},
        {"status", "heap_bytes", AS_SIZE, "heapUsed", NULL},
        {"status", "heap_max_bytes", AS_SIZE, "heapAvailable", NULL},
        {"status", "non_heap_bytes", AS_SIZE, "nonHeapUsed", NULL},
        {"status", "pool_bytes", AS_SIZE, "memoryInfo.pool.reservedBytes", NULL},
        {"status", "pool_revocable_bytes", AS_SIZE, "memoryInfo.pool.reservedRevocableBytes", NULL},
        {"status", "pool_max_bytes", AS_SIZE, "memoryInfo.pool.maxBytes", NULL},
        {0},
    };
    double load;
    add_items(detail, items, status);
    if (json_real(status, "processCpuLoad", &load) && load >= 0)
        add_cell(detail, "status", "cpu", (struct cell){.type = CELL_PERCENT, .r = load * 100.0});
    if (json_real(status, "systemCpuLoad", &load) && load >= 0)
        add_cell(detail, "status", "machine_cpu",
            (struct cell){.type = CELL_PERCENT, .r = load * 100.0});
    add_reservations(detail, status);
}

static bool get_status(const struct showing *w, struct http *http, GError **error)
{
    struct http_request q = {.path = "/v1/status"};
    struct http_reply r = {0};
    bool ok = http_send(http, &q, &r, error) && trino_check_status(w->t, &q, &r, error);
    AUTO(cJSON) status = ok ? http_reply_json(http, &q, &r, error) : NULL;
    if (status) {
        add_status(w->detail, status);
        g_string_append_len(w->raw, r.body->str, (gssize)r.body->len);
    }
    http_reply_clear(&r);
    return status != NULL;
}

/* A worker is asked itself, without credentials: /v1/status wants none. What the source sends with
 * every request was given for the coordinator, so then the worker is not asked. */
static bool get_worker_status(const struct showing *w, const char *id, GError **error)
{
    const char *url = nodes_url(w->t->nodes, id);
    const struct source *s = lane_source(w->lane);
    if (!url)
        return weir_fail(error, WEIR_ERROR_NOT_FOUND, "nobody says where node %s is", id);
    if (source_map_keys(s, "headers")[0] || source_has(s, "cert_file"))
        return weir_fail(error, WEIR_ERROR_UNSUPPORTED,
            "%s is not asked for its status: headers and cert_file were given for %s alone", url,
            w->t->url);
    struct http *http = http_new(w->lane, url, error);
    bool ok = http && get_status(w, http, error);
    http_free(http);
    return ok;
}

static bool show_node(const struct showing *w, const char *id, GError **error)
{
    struct trino *t = w->t;
    g_autoptr(GError) silent = NULL;
    if (!nodes_read(w->lane, t, error))
        return false;
    if (!nodes_detail(t->nodes, id, w->detail))
        return weir_fail(error, WEIR_ERROR_NOT_FOUND, "%s knows no node %s", t->url, id);
    bool ok = nodes_is_own(t->nodes, id) ? get_status(w, t->http, &silent)
                                         : get_worker_status(w, id, &silent);
    if (!ok) { /* what the coordinator knows of it is there all the same */
        add_text(w->detail, "status", "no status", silent->message);
        snapshot_set_incomplete(w->detail, silent->message);
    }
    return true;
}

static bool show_cluster(const struct showing *w, GError **error)
{
    struct trino *t = w->t;
    if (!trino_read_info(w->lane, t, error))
        return false;
    add_text(w->detail, "cluster", "environment", t->environment);
    add_text(w->detail, "cluster", "version", t->version);
    add_text(w->detail, "cluster", "url", t->url);
    add_text(w->detail, "cluster", "asked_as", t->user);
    if (t->uptime_ms >= 0)
        add_cell(w->detail, "cluster", "uptime_ms",
            (struct cell){.type = CELL_SPAN_MS, .i = t->uptime_ms});
    add_cell(w->detail, "cluster", "clock_skew_ms",
        (struct cell){.type = CELL_SPAN_MS, .quality = ESTIMATE, .i = t->skew_ms});
    return get_status(w, t->http, error);
}

bool trino_show(
    struct lane *l, const struct rid *what, struct snapshot *detail, GString *raw, GError **error)
{
    struct showing w = {l, lane_data(l), detail, raw};
    const char *query = rid_name(what, "queries");
    const char *stage = rid_name(what, "stages");
    const char *node = rid_name(what, "nodes");
    if (query && stage)
        return show_stage(&w, query, stage, error);
    if (query)
        return show_query(&w, query, error);
    if (node)
        return show_node(&w, node, error);
    if (what->count == 0 || rid_name(what, "cluster"))
        return show_cluster(&w, error);
    return weir_fail(error, WEIR_ERROR_USAGE,
        "%s has queries, nodes, cluster, and stages of a query; nothing called %s", what->source,
        what->part[what->count - 1].kind);
}
