/* The stages of one query, out of its QueryInfo (GET /v1/query/{id}): up to 476 a stage holds its
 * children (outputStage, subStages), from 477 on all stages stand in one list and name them.
 *
 * A QueryInfo is 200 kB to many MB, most of it plans and operator statistics. What is not needed here
 * is cut out of the text before it is parsed. While somebody looks at a query it is read every 3 s, but
 * at most a fifth of the time, and no more once it says that it is final: what was read is kept. */
#include <math.h>
#include <string.h>

#include "clock.h"
#include "prune.h"
#include "rid.h"
#include "trino.h"

#define TREES_MAX      8     /* queries whose stages are held */
#define TRANSFER_SHARE 5     /* transfer time times this is the least wait */
#define GONE_MS        60000 /* until one that is gone is asked for again */
#define TASKS_MAX      20000
#define BODY_MAX       (64 * 1024 * 1024)

struct tree {
    char *id;
    GArray *stages; /* struct stage; NULL: never read */
    bool cut, final, gone;
    int64_t at_ms;  /* of what is held */
    int64_t due_ms; /* monotonic */
    int64_t used_ms;
};

/* -- the kind ------------------------------------------------------------------------------------- */

enum {
    STATE,
    NODE,
    TASKS,
    SPLITS,
    SPLITS_DONE,
    ROWS,
    BYTES,
    ELAPSED,
    CPU,
    BLOCKED,
    SKEW,
    MEMORY,
    SPILLED,
    ROWS_OUT,
    FAILED_TASKS,
};

static const struct column columns[] = {
    [STATE] = {"state", "STATE", CELL_STATE, COLUMN_F_RECORD, 10, 0,
        "in Trino's own words: PLANNED, SCHEDULING, RUNNING, PENDING, FINISHED, FAILED ..."},
    [NODE] = {"node", "NODE", CELL_TEXT, 0, 8, 1, "where its tasks run: the node, or how many"},
    [TASKS] = {"tasks", "TASKS", CELL_INT, 0, 5, 0, "tasks, one per node and attempt"},
    [SPLITS] = {"splits", "SPLITS", CELL_INT, 0, 6, 0, "splits known so far"},
    [SPLITS_DONE] = {"splits_done", "DONE", CELL_INT, 0, 6, 0, "splits that are completed"},
    [ROWS] = {"rows", "ROWS IN", CELL_INT, COLUMN_F_RECORD, 7, 0, "rows that went into it"},
    [BYTES] = {"bytes", "BYTES IN", CELL_BYTES, COLUMN_F_RECORD, 8, 0, "bytes that went into it"},
    [ELAPSED] = {"elapsed_ms", "ELAPSED", CELL_SPAN_MS, 0, 7, 0, "of its longest task"},
    [CPU] = {"cpu_ms", "CPU", CELL_SPAN_MS, COLUMN_F_RECORD, 6, 0, "CPU time of its tasks"},
    [BLOCKED] = {"blocked", "BLOCKED", CELL_PERCENT, COLUMN_F_RECORD, 7, 0,
        "time its splits waited, of the time they waited or were scheduled, since its begin"},
    [SKEW] = {"skew", "SKEW", CELL_REAL, COLUMN_F_RECORD, 5, 0,
        "input of its largest task by that of the median one; absent with one task"},
    [MEMORY] = {"memory_bytes", "MEMORY", CELL_BYTES, 0, 6, 0, "that its tasks hold now"},
    [SPILLED] = {"spilled_bytes", "SPILLED", CELL_BYTES, COLUMN_F_HIDDEN, 7, 0,
        "bytes it put on disk for want of memory"},
    [ROWS_OUT] = {"rows_out", "ROWS OUT", CELL_INT, 0, 8, 0, "rows that it gave to the next"},
    [FAILED_TASKS] = {"failed_tasks", "FAILED", CELL_INT, COLUMN_F_HIDDEN, 6, 0,
        "tasks that failed, those that were tried again among them"},
    {0},
};

static const struct link links[] = {
    {"d", "detail", "@detail"},
    {0},
};

static const struct health_rule health[] = {
    {"state=FAILED", HEALTH_FAIL, "the query failed in this stage"},
    {0},
};

const struct kind trino_stages_kind = {
    .name = "trino.stages",
    .aliases = "stage st",
    .title = "STAGE",
    .help = "the stages of a query as a tree: the last one first, below each what feeds it",
    .shape = SHAPE_TREE,
    .scope = "trino.queries",
    .columns = columns,
    .links = links,
    .feed = "stages",
    .health = health,
};

/* -- one stage ------------------------------------------------------------------------------------ */

static int64_t whole(const cJSON *json, const char *path)
{
    int64_t value;
    return json_int(json, path, &value) ? value : -1;
}

static int64_t size(const cJSON *json, const char *path)
{
    int64_t value;
    return trino_size(json, path, &value) ? value : -1;
}

static int64_t span(const cJSON *json, const char *path)
{
    double ms;
    return trino_duration(json, path, &ms) ? (int64_t)(ms + 0.5) : -1;
}

static gint by_size(gconstpointer a, gconstpointer b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Largest by median, NaN where that means nothing. Sorts. */
static double skew_of(GArray *sizes)
{
    if (sizes->len < 2)
        return NAN;
    g_array_sort(sizes, by_size);
    const int64_t *size_at = (const int64_t *)(void *)sizes->data;
    guint half = sizes->len / 2;
    double median = sizes->len % 2 ? (double)size_at[half]
                                   : ((double)size_at[half - 1] + (double)size_at[half]) / 2;
    return median > 0 ? (double)size_at[sizes->len - 1] / median : NAN;
}

/* An attempt that failed did not do the stage's work: another one does, or nobody. */
static bool counts(const char *state)
{
    return !state || strcmp(state, "FAILED") != 0;
}

struct tasks {
    GArray *inputs; /* int64_t bytes */
    const char *node;
    GHashTable *nodes; /* borrowed names */
};

static void add_task(struct stage *stage, struct tasks *tasks, const cJSON *task)
{
    const char *node = json_text(task, "taskStatus.nodeId");
    if (node)
        g_hash_table_add(tasks->nodes, (gpointer)node);
    stage->elapsed_ms = MAX(stage->elapsed_ms, span(task, "stats.elapsedTime"));
    int64_t input = size(task, "stats.processedInputDataSize");
    if (input >= 0 && counts(json_text(task, "taskStatus.state")))
        g_array_append_val(tasks->inputs, input);
}

static void read_tasks(struct stage *stage, const cJSON *json)
{
    struct tasks tasks = {
        .inputs = g_array_new(FALSE, FALSE, sizeof(int64_t)),
        .nodes = g_hash_table_new(g_str_hash, g_str_equal),
    };
    int n = 0;
    for (const cJSON *i = json_first(json_get(json, "tasks")); i && n < TASKS_MAX; i = i->next, n++)
        add_task(stage, &tasks, i);
    guint nodes = g_hash_table_size(tasks.nodes);
    GHashTableIter iter;
    gpointer node;
    g_hash_table_iter_init(&iter, tasks.nodes);
    if (nodes == 1 && g_hash_table_iter_next(&iter, &node, NULL))
        stage->node = g_strdup(node);
    else if (nodes > 1)
        stage->node = g_strdup_printf("%u nodes", nodes);
    stage->skew = skew_of(tasks.inputs);
    g_array_unref(tasks.inputs);
    g_hash_table_unref(tasks.nodes);
}

static double blocked_of(const cJSON *json)
{
    double waited, scheduled;
    if (!trino_duration(json, "stageStats.totalBlockedTime", &waited) ||
        !trino_duration(json, "stageStats.totalScheduledTime", &scheduled) ||
        waited + scheduled <= 0)
        return NAN;
    return 100.0 * waited / (waited + scheduled);
}

/* The part behind the last dot of "20260612_110203_00042_abcde.3". */
static const char *number_of(const char *stage_id)
{
    const char *dot = strrchr(stage_id, '.');
    return dot && dot[1] ? dot + 1 : stage_id;
}

static void read_stage(struct stage *out, const cJSON *json, const char *id)
{
    *out = (struct stage){
        .id = g_strdup(number_of(id)),
        .parent = ROW_NONE,
        .state = g_strdup(json_text(json, "state")),
        .tasks = whole(json, "stageStats.totalTasks"),
        .failed_tasks = whole(json, "stageStats.failedTasks"),
        .splits = whole(json, "stageStats.totalDrivers"),
        .splits_done = whole(json, "stageStats.completedDrivers"),
        .rows = whole(json, "stageStats.processedInputPositions"),
        .rows_out = whole(json, "stageStats.outputPositions"),
        .bytes = size(json, "stageStats.processedInputDataSize"),
        .memory_bytes = size(json, "stageStats.totalMemoryReservation"),
        .spilled_bytes = size(json, "stageStats.spilledDataSize"),
        .cpu_ms = span(json, "stageStats.totalCpuTime"),
        .elapsed_ms = -1,
        .blocked = blocked_of(json),
    };
    read_tasks(out, json);
}

/* -- the tree ------------------------------------------------------------------------------------- */

struct walk {
    GArray *out;
    GHashTable *flat; /* stage id to cJSON, where stages stand in one list; else NULL */
    GHashTable *seen; /* a stage may feed two others: it is shown below the first */
    bool cut;
};

static void clear_stage(gpointer data)
{
    struct stage *stage = data;
    g_free(stage->id);
    g_free(stage->state);
    g_free(stage->node);
}

/* A child is the stage itself, or its id. */
static const cJSON *resolve(const struct walk *w, const cJSON *child)
{
    if (cJSON_IsString(child) && w->flat)
        return g_hash_table_lookup(w->flat, child->valuestring);
    return cJSON_IsObject(child) ? child : NULL;
}

/* The depth is bounded by JSON_DEPTH_MAX when nested, and by TRINO_STAGES_MAX when not. */
static void walk(struct walk *w, const cJSON *stage, uint32_t parent)
{
    const char *id = json_text(stage, "stageId");
    if (!id || !g_hash_table_add(w->seen, (gpointer)id))
        return;
    if (w->out->len >= TRINO_STAGES_MAX) {
        w->cut = true;
        return;
    }
    struct stage row;
    uint32_t index = w->out->len;
    read_stage(&row, stage, id);
    row.parent = parent;
    g_array_append_val(w->out, row);
    for (const cJSON *i = json_first(json_get(stage, "subStages")); i; i = i->next)
        walk(w, resolve(w, i), index);
}

static GHashTable *index_flat(const cJSON *stages)
{
    GHashTable *flat = g_hash_table_new(g_str_hash, g_str_equal);
    for (const cJSON *i = json_first(stages); i; i = i->next) {
        const char *id = json_text(i, "stageId");
        if (id)
            g_hash_table_insert(flat, (gpointer)id, (gpointer)i);
    }
    return flat;
}

GArray *trino_parse_stages(const cJSON *query_info, bool *cut)
{
    struct walk w = {
        .out = g_array_new(FALSE, FALSE, sizeof(struct stage)),
        .seen = g_hash_table_new(g_str_hash, g_str_equal),
    };
    g_array_set_clear_func(w.out, clear_stage);
    const cJSON *stages = json_get(query_info, "stages");
    if (cJSON_IsObject(stages)) {
        w.flat = index_flat(json_get(stages, "stages"));
        const char *first = json_text(stages, "outputStageId");
        if (first)
            walk(&w, g_hash_table_lookup(w.flat, first), ROW_NONE);
        g_hash_table_unref(w.flat);
    } else {
        walk(&w, json_get(query_info, "outputStage"), ROW_NONE);
    }
    g_hash_table_unref(w.seen);
    *cut = w.cut;
    return w.out;
}

/* -- what is held --------------------------------------------------------------------------------- */

static void tree_free(gpointer data)
{
    struct tree *tree = data;
    g_free(tree->id);
    if (tree->stages)
        g_array_unref(tree->stages);
    g_free(tree);
}

GHashTable *trino_trees_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, NULL, tree_free);
}

static void drop_oldest(GHashTable *trees)
{
    GHashTableIter iter;
    gpointer value;
    struct tree *oldest = NULL;
    g_hash_table_iter_init(&iter, trees);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct tree *tree = value;
        if (!oldest || tree->used_ms < oldest->used_ms)
            oldest = tree;
    }
    if (oldest)
        g_hash_table_remove(trees, oldest->id);
}

static struct tree *tree_of(GHashTable *trees, const char *id)
{
    struct tree *tree = g_hash_table_lookup(trees, id);
    if (!tree) {
        if (g_hash_table_size(trees) >= TREES_MAX)
            drop_oldest(trees);
        tree = g_new0(struct tree, 1);
        tree->id = g_strdup(id);
        g_hash_table_insert(trees, tree->id, tree);
    }
    tree->used_ms = clock_mono_ms();
    return tree;
}

static bool take_query_info(
    struct tree *tree, const struct http_reply *r, int64_t now_ms, GError **error)
{
    static const char *const not_needed[] = {"plan", "pipelines", "operatorSummaries",
        "outputBuffers", "optimizerRulesSummaries", "dynamicFiltersStats", "splitSourceMetrics",
        "getSplitDistribution", "outputBufferMetrics", "tables", "stack", "noMoreSplits", NULL};
    g_autoptr(GString) text = trino_prune(r->body->str, r->body->len, not_needed);
    g_autoptr(GError) broken = NULL;
    AUTO(cJSON) json = json_parse(text->str, text->len, &broken);
    if (!json)
        return weir_fail(error, (enum weir_error)broken->code, "query %s: the answer is %s",
            tree->id, broken->message);
    if (!json_text(json, "queryId"))
        return weir_fail(error, WEIR_ERROR_PROTOCOL,
            "query %s: the answer names no query; is url that of a Trino coordinator?", tree->id);
    if (tree->stages)
        g_array_unref(tree->stages);
    tree->stages = trino_parse_stages(json, &tree->cut);
    tree->final = false;
    json_bool(json, "finalQueryInfo", &tree->final);
    tree->at_ms = now_ms;
    return true;
}

static bool read_tree(struct lane *l, struct trino *t, struct tree *tree, GError **error)
{
    g_autofree char *path = trino_query_path(tree->id, "", error);
    if (!path)
        return false;
    struct http_request q = {.path = path, .body_max = BODY_MAX};
    struct http_reply r = {0};
    int64_t start = clock_mono_ms();
    bool ok = http_send(t->http, &q, &r, error);
    int64_t took_ms = clock_mono_ms() - start;
    tree->gone = ok && (r.status == 410 || r.status == 404);
    if (tree->gone)
        ok = trino_fail_gone(tree->id, error);
    ok = ok && trino_check_status(t, &q, &r, error);
    ok = ok && take_query_info(tree, &r, lane_now_ms(l), error);
    tree->due_ms = clock_mono_ms() + (tree->gone ? GONE_MS : TRANSFER_SHARE * took_ms);
    http_reply_clear(&r);
    return ok;
}

/* -- publishing ----------------------------------------------------------------------------------- */

static void set_words(struct snapshot *s, size_t row, int column, const char *text)
{
    if (text)
        snapshot_set_text(s, row, column, text);
    else
        snapshot_set_absent(s, row, column, ABSENT_NO_VALUE);
}

static enum phase phase_of(const char *state)
{
    if (!state || strcmp(state, "CANCELED") == 0 || strcmp(state, "ABORTED") == 0)
        return PHASE_OFF;
    if (strcmp(state, "FINISHED") == 0 || strcmp(state, "FAILED") == 0)
        return PHASE_DONE;
    if (strcmp(state, "PLANNED") == 0 || strcmp(state, "PENDING") == 0)
        return PHASE_WAIT;
    return PHASE_RUN;
}

static void add_stage(struct snapshot *s, const struct stage *stage, int64_t at_ms)
{
    size_t row = snapshot_add(s, stage->id);
    snapshot_set_parent(s, row, stage->parent);
    snapshot_set_at(s, row, at_ms);
    snapshot_set_phase(s, row, phase_of(stage->state));
    set_words(s, row, STATE, stage->state);
    set_words(s, row, NODE, stage->node);
    snapshot_set_optional_int(s, row, TASKS, stage->tasks, ABSENT_NO_VALUE);
    snapshot_set_optional_int(s, row, SPLITS, stage->splits, ABSENT_NO_VALUE);
    snapshot_set_optional_int(s, row, SPLITS_DONE, stage->splits_done, ABSENT_NO_VALUE);
    snapshot_set_optional_int(s, row, ROWS, stage->rows, ABSENT_NO_VALUE);
    snapshot_set_optional_int(s, row, BYTES, stage->bytes, ABSENT_NO_VALUE);
    snapshot_set_optional_int(s, row, ELAPSED, stage->elapsed_ms, ABSENT_NO_VALUE);
    snapshot_set_optional_int(s, row, CPU, stage->cpu_ms, ABSENT_NO_VALUE);
    snapshot_set_optional_int(s, row, MEMORY, stage->memory_bytes, ABSENT_NO_VALUE);
    snapshot_set_optional_int(s, row, SPILLED, stage->spilled_bytes, ABSENT_NO_VALUE);
    snapshot_set_optional_int(s, row, ROWS_OUT, stage->rows_out, ABSENT_NO_VALUE);
    snapshot_set_optional_int(s, row, FAILED_TASKS, stage->failed_tasks, ABSENT_NO_VALUE);
    snapshot_set_real(s, row, BLOCKED, stage->blocked);
    snapshot_set_real(s, row, SKEW, stage->skew);
}

static void publish(const struct tree *tree, struct batch *out)
{
    struct snapshot *s = batch_snapshot(out, &trino_stages_kind);
    for (guint i = 0; i < tree->stages->len; i++)
        add_stage(s, &g_array_index(tree->stages, struct stage, i), tree->at_ms);
    if (tree->cut)
        snapshot_set_incomplete(s, "cut at 2,000 stages");
    batch_publish(out, s);
}

bool trino_fetch_stages(struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    struct trino *t = lane_data(l);
    const char *id = rid_name(scope, "queries");
    if (!id)
        return weir_fail(error, WEIR_ERROR_USAGE, "stages belong to a query: %s/queries/QUERY_ID",
            scope->source);
    struct tree *tree = tree_of(t->trees, id);
    bool ok = true;
    if (!tree->final && clock_mono_ms() >= tree->due_ms)
        ok = read_tree(l, t, tree, error);
    else if (tree->gone)
        ok = trino_fail_gone(id, error);
    if (tree->stages)
        publish(tree, out);
    return ok;
}
