/* One query whole: GET /v1/query/{id}. Its stages are a binary tree; what the query has done is
 * shared out among them, and among the tasks of each, so that all sums agree. As in the real
 * server, a task that runs shows no operators; in each stage the first ones end early. */
#include "trino_facts.h"

#include <math.h>
#include <string.h>

#define TASKS_MAX  8
#define STAGES_MAX 16

/* One answer. */
struct telling {
    const struct facts *facts;
    cJSON *root_shape;     /* a stage without subStages */
    cJSON *stage_shape[8]; /* what the recorded one fed on */
    int stage_shapes;
    int node[TASKS_MAX]; /* workers with its tasks */
    int nodes;
};

/* -- shares --------------------------------------------------------------------------------------- */

static bool is_leaf(const struct query *q, int stage)
{
    return 2 * stage + 1 >= q->stages;
}

enum which { EVERY, LEAVES, INNER };

/* Borders of the stages' shares, from 0 to 1. A stage that is not among which has none. */
static void share_out(const struct facts *k, enum which which, double *borders)
{
    double weight[STAGES_MAX], sum = 0, at = 0;
    for (int i = 0; i < k->q->stages; i++) {
        bool leaf = is_leaf(k->q, i);
        bool in = which == EVERY || leaf == (which == LEAVES);
        double chance = world_between(k->w, "stage", k->q->number * 16 + (guint)i, 0.5, 1.5);
        double usual = leaf ? 2 : i == 0 && which == EVERY ? 0.05 : 1;
        weight[i] = in ? chance * usual : 0;
        sum += weight[i];
    }
    for (int i = 0; i < k->q->stages; i++) {
        borders[i] = at;
        at += sum > 0 ? weight[i] / sum : 0;
    }
    borders[k->q->stages] = 1;
}

static struct portion stage_portion(const struct facts *k, int stage)
{
    double work[STAGES_MAX + 1], input[STAGES_MAX + 1];
    share_out(k, EVERY, work);
    share_out(k, is_leaf(k->q, stage) ? LEAVES : INNER, input);
    return (struct portion){
        .work = {work[stage], work[stage + 1]},
        .input = {input[stage], input[stage + 1]},
        .live = {work[stage], work[stage + 1]},
    };
}

static void stage_facts(const struct telling *t, int stage, struct facts *out)
{
    const struct query *q = t->facts->q;
    struct portion p = stage_portion(t->facts, stage);
    trino_part(t->facts, &p, out);
    double *f = out->f;
    bool leaf = is_leaf(q, stage);
    if (leaf) {
        f[F_NETWORK_BYTES] = f[F_NETWORK_ROWS] = 0;
    } else { /* it reads what others send */
        f[F_READ_BYTES] = f[F_READ_ROWS] = f[F_READ_TIME] = 0;
        f[F_BYTES] = f[F_NETWORK_BYTES];
        f[F_ROWS] = f[F_NETWORK_ROWS];
    }
    f[F_RAW_BYTES] = f[F_READ_BYTES] + f[F_NETWORK_BYTES];
    f[F_RAW_ROWS] = f[F_READ_ROWS] + f[F_NETWORK_ROWS];
    f[F_TASKS] = stage == 0 ? 1 : t->nodes;
    bool done = out->state >= QUERY_FINISHING;
    int early = stage > 0 && q->stages > 1 ? (int)t->facts->f[F_TASKS_DONE] / (q->stages - 1) : 0;
    f[F_TASKS_DONE] = done ? f[F_TASKS] : early;
    f[F_TASKS_RUNNING] = f[F_TASKS] - f[F_TASKS_DONE];
    f[F_TASKS_FAILED] = stage == 1 ? t->facts->f[F_TASKS_FAILED] : 0;
    if (stage == 0) {
        f[F_OUT_ROWS] = t->facts->f[F_OUT_ROWS];
        f[F_OUT_BYTES] = t->facts->f[F_OUT_BYTES];
    } else {
        f[F_OUT_ROWS] = floor(f[F_ROWS] * (leaf ? 0.11 : 0.4));
        f[F_OUT_BYTES] = floor(f[F_BYTES] * (leaf ? 0.14 : 0.45));
    }
    f[F_WRITTEN_BYTES] = stage == MIN(1, q->stages - 1) ? t->facts->f[F_WRITTEN_BYTES] : 0;
    f[F_WRITTEN_ROWS] = f[F_WRITTEN_BYTES] > 0 ? t->facts->f[F_WRITTEN_ROWS] : 0;
}

/* Large queries of some numbers are skewed: the last task has several times the work. */
static double task_border(const struct facts *stage, int task, int from, int tasks)
{
    const struct query *q = stage->q;
    double sum = 0, at = 0;
    for (int i = from; i < tasks; i++) {
        guint key = q->number * 64 + (guint)i;
        double weight = world_between(stage->w, "task", key, 0.85, 1.15);
        weight *= i == tasks - 1 && q->splits >= 1000 && q->number % 3 == 0 ? 4 : 1;
        sum += weight;
        at += i < task ? weight : 0;
    }
    return task >= tasks ? 1 : sum > 0 ? at / sum : 0;
}

static void task_facts(const struct facts *stage, int task, int tasks, struct facts *out)
{
    int gone = (int)stage->f[F_TASKS_DONE] < tasks ? (int)stage->f[F_TASKS_DONE] : 0;
    struct portion p = {
        .work = {task_border(stage, task, 0, tasks), task_border(stage, task + 1, 0, tasks)},
        .live = {task_border(stage, task, gone, tasks), task_border(stage, task + 1, gone, tasks)},
    };
    p.input = p.work;
    trino_part(stage, &p, out);
    bool running = stage->f[F_TASKS_RUNNING] > 0 && task >= gone;
    if (running)
        out->f[F_ENDED] = NAN;
    else if (isnan(out->f[F_ENDED]))
        out->f[F_ENDED] = MIN(out->f[F_HEARTBEAT], out->f[F_STARTED] + out->f[F_EXECUTION] * 0.3);
    double end = running ? (double)stage->w->now_ms : out->f[F_ENDED];
    out->f[F_CREATED] = out->f[F_STARTED] + out->f[F_PLANNING];
    out->f[F_ELAPSED] = MAX(end - out->f[F_CREATED], 0);
    out->f[F_QUEUED] = 2;
}

/* -- stages and tasks ----------------------------------------------------------------------------- */

/* "FINISHED" of a stage or of a task. */
static const char *part_state(const struct facts *k, bool running, bool culprit)
{
    if (k->state == QUERY_FAILED)
        return culprit                                   ? "FAILED"
               : k->q->error == &failures[FAIL_CANCELED] ? "CANCELED"
                                                         : "ABORTED";
    return running ? "RUNNING" : "FINISHED";
}

static void set_failure(cJSON *json, const struct query *q)
{
    put_text(json, "type", q->error->exception);
    put_text(json, "message", trino_error_message(q));
    put(json, "errorCode", trino_error_code(q->error));
}

/* The recorded task that failed, for the one that does; otherwise they take turns. */
static cJSON *copy_task(const cJSON *recorded, int task, bool failed)
{
    const cJSON *item = NULL;
    for (item = recorded->child; failed && item; item = item->next)
        if (cJSON_GetObjectItemCaseSensitive(
                cJSON_GetObjectItemCaseSensitive(item, "taskStatus"), "failures")
                ->child)
            break;
    if (!failed || !item)
        item = cJSON_GetArrayItem(recorded, task % cJSON_GetArraySize(recorded));
    return cJSON_Duplicate(item, true);
}

static cJSON *make_task(
    const struct telling *t, const cJSON *recorded, const struct facts *stage, int number, int task)
{
    int tasks = (int)stage->f[F_TASKS];
    const struct query *q = stage->q;
    struct facts k;
    task_facts(stage, task, tasks, &k);
    bool running = isnan(k.f[F_ENDED]);
    bool own = (number == 0 && q->update_type) || t->node[task] == 0;
    bool failed = k.state == QUERY_FAILED && number == 1 && task == tasks - 1;
    const char *node =
        g_array_index(stage->w->warehouse->nodes, struct node, own ? 0 : t->node[task]).name;
    cJSON *json = copy_task(recorded, task, failed);
    cJSON *status = cJSON_GetObjectItemCaseSensitive(json, "taskStatus");
    cJSON *stats = cJSON_GetObjectItemCaseSensitive(json, "stats");
    g_autofree char *id = g_strdup_printf("%s.%d.%d.0", q->id, number, task);
    g_autofree char *self = g_strdup_printf("http://%s:8080/v1/task/%s", node, id);
    trino_fill_stats(json, &k);
    trino_fill_stats(status, &k);
    trino_fill_stats(stats, &k);
    put_text(status, "taskId", id);
    put_text(status, "self", self);
    put_text(status, "nodeId", node);
    put_text(status, "state", part_state(&k, running, failed));
    cJSON *failure = cJSON_GetObjectItemCaseSensitive(status, "failures")->child;
    if (failure && failed)
        set_failure(failure, q);
    else
        put(status, "failures", cJSON_CreateArray());
    if (running)
        put(stats, "pipelines", cJSON_CreateArray());
    return json;
}

static void set_tables(cJSON *stage, const struct query *q, int number)
{
    cJSON *tables = cJSON_GetObjectItemCaseSensitive(stage, "tables");
    int i = number;
    for (cJSON *table = tables ? tables->child : NULL; table; table = table->next, i++) {
        put_text(table, "connectorName", "iceberg");
        put_text(table, "tableName", q->table[i % 2]);
    }
}

static cJSON *make_stage(const struct telling *t, int number)
{
    const struct facts *all = t->facts;
    cJSON *stage = cJSON_Duplicate(
        number == 0 ? t->root_shape : t->stage_shape[(number - 1) % t->stage_shapes], true);
    struct facts k;
    stage_facts(t, number, &k);
    g_autofree char *id = g_strdup_printf("%s.%d", all->q->id, number);
    put_text(stage, "stageId", id);
    put_text(stage, "state", part_state(&k, k.f[F_TASKS_RUNNING] > 0, number == 1));
    put_bool(stage, "coordinatorOnly", number == 0 && all->q->update_type);
    trino_fill_stats(cJSON_GetObjectItemCaseSensitive(stage, "stageStats"), &k);
    set_tables(stage, all->q, number);
    cJSON *cause = cJSON_GetObjectItemCaseSensitive(stage, "failureCause");
    if (cause && number == 1)
        set_failure(cause, all->q);
    else if (cause)
        cJSON_DeleteItemFromObjectCaseSensitive(stage, "failureCause");
    cJSON *recorded = cJSON_GetObjectItemCaseSensitive(stage, "tasks");
    cJSON *tasks = cJSON_CreateArray();
    for (int i = 0; i < (int)k.f[F_TASKS]; i++)
        cJSON_AddItemToArray(tasks, make_task(t, recorded, &k, number, i));
    put(stage, "tasks", tasks);
    return stage;
}

/* Takes apart what was recorded, and puts together what the query has. */
static void set_stages(cJSON *info, const struct facts *facts)
{
    struct telling t = {.facts = facts};
    t.root_shape = cJSON_DetachItemFromObjectCaseSensitive(info, "outputStage");
    cJSON *subs = cJSON_GetObjectItemCaseSensitive(t.root_shape, "subStages");
    while (cJSON_GetArraySize(subs) > 0 && t.stage_shapes < (int)G_N_ELEMENTS(t.stage_shape))
        t.stage_shape[t.stage_shapes++] = cJSON_DetachItemFromArray(subs, 0);
    for (guint i = 1; i < facts->w->warehouse->nodes->len && t.nodes < TASKS_MAX; i++)
        if (facts->q->nodes & 1u << i)
            t.node[t.nodes++] = (int)i;
    if (t.nodes == 0)
        t.nodes = 1; /* the coordinator */
    cJSON *stage[STAGES_MAX];
    for (int i = 0; i < facts->q->stages; i++) {
        stage[i] = make_stage(&t, i);
        int parent = query_stage_parent(i);
        if (parent >= 0)
            cJSON_AddItemToArray(
                cJSON_GetObjectItemCaseSensitive(stage[parent], "subStages"), stage[i]);
    }
    cJSON_AddItemToObject(info, "outputStage", stage[0]);
    cJSON_Delete(t.root_shape);
    for (int i = 0; i < t.stage_shapes; i++)
        cJSON_Delete(t.stage_shape[i]);
}

/* -- the rest ------------------------------------------------------------------------------------- */

static void set_table_name(cJSON *json, const char *catalog_key, const char *name)
{
    g_auto(GStrv) part = g_strsplit(name, ".", 3);
    bool whole = g_strv_length(part) == 3;
    put_text(json, catalog_key, whole ? part[0] : "lake");
    put_text(json, "schema", whole ? part[1] : "");
    put_text(json, "table", whole ? part[2] : name);
}

/* As many of the recorded elements as there are tables. */
static void set_inputs(cJSON *info, const struct query *q)
{
    static const char *const lists[] = {"inputs", "referencedTables"};
    static const char *const catalogs[] = {"catalogName", "catalog"};
    for (guint l = 0; l < 2; l++) {
        cJSON *list = cJSON_GetObjectItemCaseSensitive(info, lists[l]);
        while (cJSON_GetArraySize(list) > 2)
            cJSON_DeleteItemFromArray(list, 2);
        int i = 0;
        for (cJSON *item = list->child; item; item = item->next) {
            set_table_name(item, catalogs[l], q->table[i++]);
            put_text(
                item, l == 0 ? "connectorName" : "authorization", l == 0 ? "iceberg" : q->user);
        }
    }
}

static void set_gc(cJSON *info, const struct query *q)
{
    cJSON *list = cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(info, "queryStats"), "stageGcStatistics");
    cJSON *recorded = cJSON_DetachItemFromArray(list, 0);
    if (!recorded)
        return;
    while (cJSON_GetArraySize(list) > 0)
        cJSON_DeleteItemFromArray(list, 0);
    for (int i = 0; i < q->stages; i++) {
        cJSON *gc = cJSON_Duplicate(recorded, true);
        put_number(gc, "stageId", i);
        cJSON_AddItemToArray(list, gc);
    }
    cJSON_Delete(recorded);
}

/* ?pruned=true: the root stage alone, without plan and tasks. */
static void prune(cJSON *info)
{
    cJSON *stage = cJSON_GetObjectItemCaseSensitive(info, "outputStage");
    put(info, "queryStats.operatorSummaries", cJSON_CreateArray());
    put(info, "queryStats.optimizerRulesSummaries", cJSON_CreateArray());
    if (cJSON_GetObjectItemCaseSensitive(info, "pruned"))
        put_bool(info, "pruned", true);
    if (!stage)
        return;
    cJSON_DeleteItemFromObjectCaseSensitive(stage, "plan");
    put(stage, "tasks", cJSON_CreateArray());
    put(stage, "subStages", cJSON_CreateArray());
    put(stage, "tables", cJSON_CreateObject());
}

static const char *shape_of(const struct facts *k)
{
    if (k->state == QUERY_FAILED)
        return k->q->started_ms == NEVER ? "trino_info_refused" : "trino_info_failed";
    if (k->state == QUERY_FINISHED)
        return "trino_info_finished";
    return k->state <= QUERY_PLANNING ? "trino_info_queued" : "trino_info_running";
}

static void set_error(cJSON *info, const struct query *q)
{
    set_failure(cJSON_GetObjectItemCaseSensitive(info, "failureInfo"), q);
    if (q->error->early) {
        cJSON_DeleteItemFromObjectCaseSensitive(info, "resourceGroupId");
        cJSON_DeleteItemFromObjectCaseSensitive(info, "queryType");
    }
    if (q->error == &failures[FAIL_MEMORY] && q->started_ms != NEVER)
        put_text(info, "session.systemProperties.query_max_memory_per_node", "10GB");
    else
        put(info, "session.systemProperties", cJSON_CreateObject());
}

static cJSON *make_info(const struct facts *k, bool pruned)
{
    cJSON *info = shape(shape_of(k));
    trino_fill(info, k);
    set_inputs(info, k->q);
    if (cJSON_GetObjectItemCaseSensitive(info, "outputStage")) {
        set_stages(info, k);
        set_gc(info, k->q);
    }
    if (k->state == QUERY_FAILED)
        set_error(info, k->q);
    if (k->state == QUERY_FINISHED && k->q->update_type)
        cJSON_AddStringToObject(info, "updateType", k->q->update_type);
    if (pruned)
        prune(info);
    return info;
}

bool trino_answer_detail(struct world *w, const struct request *q, struct reply *r)
{
    if (!request_is(q, "GET", "/v1/query/*"))
        return false;
    struct query storage;
    struct facts facts;
    const struct query *query = warehouse_find(w, q->part[2], &storage);
    if (!query) {
        trino_refuse(r, 410);
        return true;
    }
    trino_facts(w, query, &facts);
    const char *pruned = request_query(q, "pruned");
    reply_json(r, 200, make_info(&facts, pruned && strcmp(pruned, "true") == 0));
    if (query == &storage)
        query_clear(&storage);
    return true;
}
