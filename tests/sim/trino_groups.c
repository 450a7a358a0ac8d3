/* /v1/resourceGroupState: global, and the groups below it. */
#include "trino_facts.h"

#include <string.h>

static double running_cpu(const struct resource_group *g)
{
    return g->cpu_ms / 10; /* of the quota's last minute or so */
}

static void set_group(cJSON *json, const struct resource_group *g, double pool)
{
    const char *id[] = {"global", g->name};
    g_autofree char *memory = g_strdup_printf("%.0fB", g->memory);
    g_autofree char *limit = g_strdup_printf("%.0fB", pool * 0.8);
    g_autofree char *cpu = trino_span(running_cpu(g));
    put(json, "id", cJSON_CreateStringArray(id, 2));
    put_text(json, "state", g->running >= g->limit ? "FULL" : "CAN_RUN");
    put_text(json, "softMemoryLimit", limit);
    put_number(json, "softConcurrencyLimit", g->limit);
    put_number(json, "hardConcurrencyLimit", g->limit);
    put_number(json, "maxQueuedQueries", g->most_queued);
    put_text(json, "memoryUsage", memory);
    put_text(json, "cpuUsage", cpu);
    put_number(json, "numQueuedQueries", g->queued);
    put_number(json, "numRunningQueries", g->running);
}

struct running {
    cJSON *list;
    int group; /* -1: all */
};

static void add_running(const struct world *w, const struct query *q, void *data)
{
    struct running *all = data;
    if (q->started_ms == NEVER || (all->group >= 0 && (int)q->flavour != all->group))
        return;
    struct facts k;
    trino_facts(w, q, &k);
    const char *id[] = {"global", w->warehouse->group[q->flavour].name};
    cJSON *json = shape("trino_group_query");
    put_text(json, "queryId", q->id);
    put_text(json, "queryState", query_state_name(k.state));
    put(json, "resourceGroupId", cJSON_CreateStringArray(id, 2));
    put_text(json, "query", q->sql);
    put_time(json, "createTime", q->created_ms);
    put_text(json, "user", q->user);
    put_text(json, "source", q->source);
    put_number(json, "progress.elapsedTimeMillis", (double)(int64_t)k.f[F_ELAPSED]);
    put_number(json, "progress.queuedTimeMillis", (double)(int64_t)k.f[F_QUEUED]);
    put_number(json, "progress.cpuTimeMillis", (double)(int64_t)k.f[F_CPU]);
    put_number(json, "progress.scheduledTimeMillis", (double)(int64_t)k.f[F_SCHEDULED]);
    put_number(json, "progress.currentMemoryBytes", k.f[F_MEMORY]);
    put_number(json, "progress.peakMemoryBytes", k.f[F_MEMORY_MOST]);
    put_number(json, "progress.inputRows", k.f[F_ROWS]);
    put_number(json, "progress.inputBytes", k.f[F_BYTES]);
    put_bool(json, "progress.blocked", k.f[F_FULLY_BLOCKED] > 0);
    put_number(json, "progress.progressPercentage", k.f[F_PROGRESS]);
    cJSON_AddItemToArray(all->list, json);
}

/* The root's figures are the sums of its children's. */
static cJSON *make_root(const struct world *w)
{
    const struct warehouse *h = w->warehouse;
    const char *id[] = {"global"};
    struct resource_group sum = {"", 40, 1000, 0, 0, 0, 0};
    cJSON *json = shape("trino_group");
    cJSON *children = cJSON_GetObjectItemCaseSensitive(json, "subGroups");
    double pool = warehouse_pool(h);
    for (guint i = 0; i < FLAVOURS; i++) {
        const struct resource_group *g = &h->group[i];
        sum.running += g->running;
        sum.queued += g->queued;
        sum.memory += g->memory;
        sum.cpu_ms += g->cpu_ms;
        if (g->running + g->queued == 0)
            continue; /* it shows only those with live queries */
        cJSON *child = shape("trino_subgroup");
        set_group(child, g, pool);
        cJSON_AddItemToArray(children, child);
    }
    set_group(json, &sum, pool);
    put(json, "id", cJSON_CreateStringArray(id, 1));
    return json;
}

static int find_group(const struct warehouse *h, const char *name)
{
    for (int i = 0; i < FLAVOURS; i++)
        if (strcmp(h->group[i].name, name) == 0)
            return i;
    return -1;
}

/* The path is decoded: an id with slashes in it, encoded or not, comes as segments either way. */
bool trino_answer_groups(struct world *w, const struct request *q, struct reply *r)
{
    static const char begin[] = "/v1/resourceGroupState/";
    if (strcmp(q->method, "GET") != 0 || !g_str_has_prefix(q->path, begin))
        return false;
    g_auto(GStrv) id = g_strsplit(q->path + sizeof begin - 1, "/", -1);
    guint parts = g_strv_length(id);
    struct running running = {NULL, parts == 2 ? find_group(w->warehouse, id[1]) : -1};
    bool known = strcmp(id[0], "global") == 0 && (parts == 1 || running.group >= 0);
    if (!known) {
        trino_refuse(r, 404);
        return true;
    }
    cJSON *json = parts == 1 ? make_root(w) : shape("trino_group");
    if (parts == 2)
        set_group(json, &w->warehouse->group[running.group], warehouse_pool(w->warehouse));
    running.list = cJSON_GetObjectItemCaseSensitive(json, "runningQueries");
    warehouse_each(w, QUERY_PLANNING, QUERY_FINISHING, add_running, &running);
    reply_json(r, 200, json);
    return true;
}
