/* The coordinator's view of its nodes: /v1/status, /v1/service, /v1/node, /v1/node/failed,
 * /metrics. */
#include "trino_facts.h"

#include <math.h>
#include <string.h>

#define BEATS_A_MINUTE 120.0
#define DECAY_MS       60000.0 /* of the heartbeats' counts */
#define THRESHOLD      0.1     /* share of failures that makes a node failed */
#define ANNOUNCED_MS   30000   /* that a lost node is announced still */
#define REMEMBERED_MS  600000  /* that its monitor is kept */
#define HEAP           (60.0 * 1073741824.0)

static const struct node *node_at(const struct world *w, guint i)
{
    return &g_array_index(w->warehouse->nodes, struct node, i);
}

/* -- /v1/status ----------------------------------------------------------------------------------- */

/* What the last stage of a query that writes holds: a few kilobytes, here on the coordinator. */
static double own_bytes(const struct query *q, int64_t now_ms)
{
    bool here = q->update_type && query_state(q, now_ms) == QUERY_RUNNING;
    return here ? 4096 + q->number % 97 * 160 : 0;
}

static cJSON *make_allocations(const cJSON *recorded, double bytes)
{
    cJSON *list = cJSON_CreateArray();
    cJSON *one = cJSON_Duplicate(cJSON_GetArrayItem(recorded, 0), true);
    put_text(one, "tag", "TableFinishOperator");
    put_number(one, "allocation", bytes);
    cJSON_AddItemToArray(list, one);
    return list;
}

static void set_pool(cJSON *status, const struct world *w)
{
    cJSON *pool = cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(status, "memoryInfo"), "pool");
    cJSON *queries = cJSON_CreateObject(), *tasks = cJSON_CreateObject();
    cJSON *allocations = cJSON_CreateObject();
    const cJSON *recorded = cJSON_GetObjectItemCaseSensitive(pool, "queryMemoryAllocations")->child;
    double sum = 0, most = node_at(w, 0)->pool_bytes;
    for (guint i = 0; i < w->warehouse->live->len; i++) {
        const struct query *q = g_ptr_array_index(w->warehouse->live, i);
        double bytes = own_bytes(q, w->now_ms);
        if (bytes <= 0)
            continue;
        sum += bytes;
        g_autofree char *task = g_strdup_printf("%s.0.0.0", q->id);
        cJSON_AddNumberToObject(queries, q->id, bytes);
        cJSON_AddNumberToObject(tasks, task, bytes);
        cJSON_AddItemToObject(allocations, q->id, make_allocations(recorded, bytes));
    }
    put_number(pool, "maxBytes", most);
    put_number(pool, "reservedBytes", sum);
    put_number(pool, "freeBytes", most - sum);
    put(pool, "queryMemoryReservations", queries);
    put(pool, "taskMemoryReservations", tasks);
    put(pool, "queryMemoryAllocations", allocations);
}

/* The heap fills and is cleaned, at its own rhythm. */
static double heap_used(const struct world *w, double idle)
{
    double phase = (double)(w->now_ms / 1000 % 97) / 97;
    return floor(HEAP * (idle + 0.25 * phase));
}

static cJSON *make_status(const struct world *w)
{
    cJSON *status = shape("trino_status");
    g_autofree char *uptime = trino_span((double)(w->now_ms - w->warehouse->started_ms));
    guint64 second = (guint64)(w->now_ms / 1000);
    double busy = 0.03 + 0.01 * w->warehouse->live->len;
    double cpu = MIN(busy, 0.7) + 0.03 * world_chance(w, "trino.cpu", second);
    put_text(status, "nodeId", node_at(w, 0)->name);
    put_text(status, "environment", "warehouse");
    put_text(status, "uptime", uptime);
    put_text(status, "externalAddress", "10.20.3.1");
    put_text(status, "internalAddress", "10.20.3.1");
    put_number(status, "memoryInfo.availableProcessors", 16);
    put_number(status, "processors", 16);
    put_number(status, "processCpuLoad", cpu);
    put_number(status, "systemCpuLoad", cpu + 0.04);
    put_number(status, "heapUsed", heap_used(w, 0.3));
    put_number(status, "heapAvailable", HEAP);
    set_pool(status, w);
    return status;
}

/* -- /v1/service ---------------------------------------------------------------------------------- */

static void add_service(cJSON *list, const struct node *n, const char *shape_name)
{
    cJSON *s = shape(shape_name);
    g_autofree char *url = g_strdup_printf("http://%s:8080", n->name);
    g_autofree char *location = g_strdup_printf("/%s", n->name);
    g_autofree char *seed = g_strdup_printf("%s %s", n->name, shape_name);
    guint h = g_str_hash(seed), life = (guint)(n->since_ms / 1000);
    g_autofree char *id = g_strdup_printf("%08x-%04x-4%03x-8%03x-%08x%04x", h, life & 0xffff,
        h >> 20, life & 0xfff, life ^ h, h & 0xffff);
    put_text(s, "id", id);
    put_text(s, "nodeId", n->name);
    put_text(s, "location", location);
    put_text(s, "properties.http", url);
    put_text(s, "properties.http-external", url);
    if (strcmp(shape_name, "trino_service_node") == 0) {
        put_text(s, "properties.coordinator", n->coordinator ? "true" : "false");
        put_text(s, "properties.catalogHandleIds", "lake:normal:default,system:normal:system");
    }
    cJSON_AddItemToArray(list, s);
}

static cJSON *make_services(const struct world *w)
{
    cJSON *all = shape("trino_service");
    cJSON *list = cJSON_GetObjectItemCaseSensitive(all, "services");
    put_text(all, "environment", "warehouse");
    for (guint i = 0; i < w->warehouse->nodes->len; i++) {
        const struct node *n = node_at(w, i);
        if (n->away && w->now_ms - n->since_ms >= ANNOUNCED_MS)
            continue;
        add_service(list, n, "trino_service_jmx");
        if (n->coordinator)
            add_service(list, n, "trino_service_coordinator");
        add_service(list, n, "trino_service_node");
        if (n->coordinator)
            add_service(list, n, "trino_service_discovery");
    }
    return all;
}

/* -- the monitors --------------------------------------------------------------------------------- */

/* One life of a worker as the heartbeats saw it: since begun_ms, and silent since silent_ms. */
struct monitor {
    const struct node *node;
    int64_t begun_ms, silent_ms; /* NEVER: it answers */
};

static double failure_ratio(const struct world *w, const struct monitor *m)
{
    return m->silent_ms == NEVER ? 0 : 1 - exp(-(double)(w->now_ms - m->silent_ms) / DECAY_MS);
}

static void add_monitor(const struct world *w, cJSON *list, const struct monitor *m)
{
    bool forgotten = m->silent_ms != NEVER && w->now_ms - m->silent_ms > REMEMBERED_MS;
    if (forgotten)
        return;
    cJSON *json = shape("trino_monitor");
    g_autofree char *uri = g_strdup_printf("http://%s:8080/v1/status", m->node->name);
    g_autofree char *age = trino_span((double)MAX(w->now_ms - m->begun_ms, 0));
    double ratio = failure_ratio(w, m);
    double young = 1 - exp(-(double)(w->now_ms - m->begun_ms) / DECAY_MS);
    double requests = BEATS_A_MINUTE * young;
    bool gone = m->silent_ms != NEVER && w->now_ms - m->silent_ms >= ANNOUNCED_MS;
    int64_t last_ms = gone ? m->silent_ms + ANNOUNCED_MS : w->now_ms - w->now_ms % 500;
    put_text(json, "uri", uri);
    put_number(json, "recentRequests", requests);
    put_number(json, "recentFailures", requests * ratio);
    put_number(json, "recentSuccesses", requests * (1 - ratio));
    put_number(json, "recentFailureRatio", ratio);
    put_time(json, "lastRequestTime", last_ms - 4);
    put_time(json, "lastResponseTime", last_ms);
    put_text(json, "age", age);
    if (ratio > 0) {
        cJSON *types = cJSON_GetObjectItemCaseSensitive(json, "recentFailuresByType");
        cJSON_AddNumberToObject(types, "java.net.ConnectException", requests * ratio);
    }
    cJSON_AddItemToArray(list, json);
}

/* A worker that came back has two: the one of its former life has failed for good. */
static cJSON *make_monitors(const struct world *w, bool failed)
{
    cJSON *list = cJSON_CreateArray();
    for (guint i = 1; i < w->warehouse->nodes->len; i++) {
        const struct node *n = node_at(w, i);
        int64_t start = w->warehouse->started_ms + 1000 * (int64_t)i;
        struct monitor former = {n, start, n->former_ms};
        struct monitor own = {n, n->away ? start : n->since_ms, n->away ? n->since_ms : NEVER};
        if (n->former_ms != NEVER && !n->away)
            add_monitor(w, list, &former);
        if (!failed || failure_ratio(w, &own) > THRESHOLD)
            add_monitor(w, list, &own);
    }
    return list;
}

/* -- answers -------------------------------------------------------------------------------------- */

static double total_memory(const struct world *w)
{
    return warehouse_pool(w->warehouse);
}

static double free_memory(const struct world *w)
{
    return warehouse_pool(w->warehouse) - warehouse_reserved(w->warehouse);
}

static double running_queries(const struct world *w)
{
    double sum = 0;
    for (guint i = 0; i < FLAVOURS; i++)
        sum += w->warehouse->group[i].running;
    return sum;
}

static double queued_queries(const struct world *w)
{
    double sum = 0;
    for (guint i = 0; i < FLAVOURS; i++)
        sum += w->warehouse->group[i].queued;
    return sum;
}

#define CLUSTER_POOL "trino_memory_type_ClusterMemoryPool_name_general_"

static const struct {
    const char *name;
    double (*value)(const struct world *w);
} metrics[] = {
    {CLUSTER_POOL "FreeDistributedBytes", free_memory},
    {CLUSTER_POOL "TotalDistributedBytes", total_memory},
    {"trino_execution_name_QueryManager_QueuedQueries", queued_queries},
    {"trino_execution_name_QueryManager_RunningQueries", running_queries},
};

static void answer_metrics(const struct world *w, const struct request *q, struct reply *r)
{
    g_string_truncate(r->body, 0);
    for (guint i = 0; i < G_N_ELEMENTS(metrics); i++) {
        if (!request_allows(q, "name[]", metrics[i].name))
            continue;
        char number[G_ASCII_DTOSTR_BUF_SIZE];
        g_ascii_formatd(number, sizeof number, "%.17g", metrics[i].value(w));
        g_string_append_printf(
            r->body, "# TYPE %s gauge\n%s %s\n", metrics[i].name, metrics[i].name, number);
    }
    g_string_append(r->body, "# EOF\n");
    r->content_type = "application/openmetrics-text;charset=utf-8;version=1.0.0";
}

bool trino_answer_nodes(struct world *w, const struct request *q, struct reply *r)
{
    if (request_is(q, "GET", "/v1/status"))
        reply_json(r, 200, make_status(w));
    else if (request_is(q, "GET", "/v1/service"))
        reply_json(r, 200, make_services(w));
    else if (request_is(q, "GET", "/v1/node"))
        reply_json(r, 200, make_monitors(w, false));
    else if (request_is(q, "GET", "/v1/node/failed"))
        reply_json(r, 200, make_monitors(w, true));
    else if (request_is(q, "GET", "/metrics"))
        answer_metrics(w, q, r);
    else
        return false;
    return true;
}
