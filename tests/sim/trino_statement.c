/* The client protocol: POST /v1/statement, and the chain of nextUri behind it.
 *
 * What the coordinator answers by itself (SHOW CATALOGS, system.runtime and so on) has ended with
 * the first GET; everything else becomes a query of the world, runs for a few seconds of it, and
 * gives one row. A GET never waits: the same state may be told several times, with a new token
 * each. */
#include "trino_facts.h"

#include <string.h>

#define COLUMNS_MAX 6

/* What a statement gives: names and types of columns, and rows of JSON text. */
struct table_of {
    const char *begins; /* the statement, in lower case, spaces made one */
    const char *columns[COLUMNS_MAX];
    const char *types[COLUMNS_MAX];
    void (*rows)(const struct world *w, GString *out); /* "[1],[2]" */
};

/* -- what is known -------------------------------------------------------------------------------- */

static void row_one(const struct world *w, GString *out)
{
    (void)w;
    g_string_append(out, "[1]");
}

static void rows_catalogs(const struct world *w, GString *out)
{
    (void)w;
    g_string_append(out, "[\"lake\"],[\"system\"]");
}

static void rows_nodes(const struct world *w, GString *out)
{
    for (guint i = 0; i < w->warehouse->nodes->len; i++) {
        const struct node *n = &g_array_index(w->warehouse->nodes, struct node, i);
        if (n->away)
            continue;
        g_string_append_printf(out, "%s[\"%s\",\"http://%s:8080\",\"476\",%s,\"active\"]",
            out->len > 0 ? "," : "", n->name, n->name, n->coordinator ? "true" : "false");
    }
}

static void row_query(const struct world *w, const struct query *q, void *data)
{
    GString *out = data;
    g_string_append_printf(out, "%s[\"%s\",\"%s\",", out->len > 0 ? "," : "", q->id,
        query_state_name(query_state(q, w->now_ms)));
    trino_append_quoted(out, q->user);
    g_string_append_c(out, ',');
    trino_append_quoted(out, q->source);
    g_string_append_c(out, ',');
    trino_append_quoted(out, q->sql);
    g_string_append_c(out, ']');
}

static void rows_queries(const struct world *w, GString *out)
{
    warehouse_each(w, QUERY_QUEUED, QUERY_FINISHING, row_query, out);
}

static void rows_schemas(const struct world *w, GString *out)
{
    (void)w;
    g_string_append(out, "[\"customers\"],[\"information_schema\"],[\"orders\"],[\"raw\"]");
}

static const struct table_of known[] = {
    {"select 1", {"_col0"}, {"integer"}, row_one},
    {"show catalogs", {"Catalog"}, {"varchar"}, rows_catalogs},
    {"show schemas", {"Schema"}, {"varchar"}, rows_schemas},
    {"select catalog_name from system.metadata.catalogs", {"catalog_name"}, {"varchar"},
        rows_catalogs},
    {"select * from system.runtime.nodes",
        {"node_id", "http_uri", "node_version", "coordinator", "state"},
        {"varchar", "varchar", "varchar", "boolean", "varchar"}, rows_nodes},
    {"select query_id, state, user, source, query from system.runtime.queries",
        {"query_id", "state", "user", "source", "query"},
        {"varchar", "varchar", "varchar", "varchar", "varchar"}, rows_queries},
};

static const struct table_of anything = {NULL, {"_col0", "_col1"}, {"varchar", "bigint"}, NULL};

/* Lower case, one space for many, no semicolon at the end. */
static char *plain(const char *sql)
{
    GString *out = g_string_new(NULL);
    for (const char *p = sql; *p; p++) {
        bool space = g_ascii_isspace(*p);
        if (!space)
            g_string_append_c(out, g_ascii_tolower(*p));
        else if (out->len > 0 && out->str[out->len - 1] != ' ')
            g_string_append_c(out, ' ');
    }
    while (out->len > 0 && strchr(" ;", out->str[out->len - 1]))
        g_string_truncate(out, out->len - 1);
    return g_string_free(out, FALSE);
}

static const struct table_of *find_known(const char *sql)
{
    g_autofree char *text = plain(sql);
    for (guint i = 0; i < G_N_ELEMENTS(known); i++)
        if (strcmp(text, known[i].begins) == 0 ||
            (known[i].rows == rows_schemas && g_str_has_prefix(text, "show schemas from ")))
            return &known[i];
    return NULL;
}

/* -- answers -------------------------------------------------------------------------------------- */

static char *slug(const char *id)
{
    guint h = g_str_hash(id);
    return g_strdup_printf("y%08x%08x%08x%08x%08x", h, h * 31, h * 131, h * 1031, h * 65599);
}

static void set_stats(cJSON *json, const struct facts *k)
{
    static const struct {
        const char *name;
        enum figure figure;
    } places[] = {{"totalSplits", F_SPLITS}, {"queuedSplits", F_SPLITS_QUEUED},
        {"runningSplits", F_SPLITS_RUNNING}, {"completedSplits", F_SPLITS_DONE},
        {"planningTimeMillis", F_PLANNING}, {"analysisTimeMillis", F_ANALYSIS},
        {"cpuTimeMillis", F_CPU}, {"wallTimeMillis", F_SCHEDULED}, {"queuedTimeMillis", F_QUEUED},
        {"elapsedTimeMillis", F_ELAPSED}, {"finishingTimeMillis", F_FINISHING},
        {"physicalInputTimeMillis", F_READ_TIME}, {"processedRows", F_ROWS},
        {"processedBytes", F_BYTES}, {"physicalInputBytes", F_READ_BYTES},
        {"physicalWrittenBytes", F_WRITTEN_BYTES}, {"internalNetworkInputBytes", F_NETWORK_BYTES},
        {"peakMemoryBytes", F_MEMORY_MOST}, {"spilledBytes", F_ZERO}};
    cJSON *stats = cJSON_GetObjectItemCaseSensitive(json, "stats");
    cJSON *stage = cJSON_GetObjectItemCaseSensitive(stats, "rootStage");
    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        double value = (double)(int64_t)k->f[places[i].figure];
        put_number(stats, places[i].name, value);
        if (stage && cJSON_GetObjectItemCaseSensitive(stage, places[i].name))
            put_number(stage, places[i].name, value);
    }
    put_text(stats, "state", query_state_name(k->state));
    put_bool(stats, "queued", k->state == QUERY_QUEUED);
    put_bool(stats, "scheduled", k->f[F_IS_SCHEDULED] > 0);
    if (!stage)
        return;
    put_number(stats, "nodes", __builtin_popcount(k->q->nodes));
    put_number(stats, "progressPercentage", k->f[F_PROGRESS]);
    put_number(stats, "runningPercentage", k->f[F_RUNNING_PERCENT]);
    put_text(stage, "state", query_state_name(k->state));
    put_bool(stage, "done", k->state >= QUERY_FINISHED);
    put_number(stage, "nodes", 1);
}

static void set_columns(cJSON *json, const struct table_of *table)
{
    cJSON *columns = cJSON_GetObjectItemCaseSensitive(json, "columns");
    cJSON *recorded = cJSON_DetachItemFromArray(columns, 0);
    for (guint i = 0; i < COLUMNS_MAX && table->columns[i]; i++) {
        cJSON *column = cJSON_Duplicate(recorded, true);
        put_text(column, "name", table->columns[i]);
        put_text(column, "type", table->types[i]);
        put_text(column, "typeSignature.rawType", table->types[i]);
        cJSON_AddItemToArray(columns, column);
    }
    cJSON_Delete(recorded);
}

static void set_data(cJSON *json, const struct facts *k, const struct table_of *table)
{
    g_autoptr(GString) rows = g_string_new(NULL);
    if (table->rows)
        table->rows(k->w, rows);
    else
        g_string_append_printf(rows, "[\"%s\",%.0f]", k->q->table[0], k->f[F_ROWS]);
    g_autofree char *data = g_strdup_printf("[%s]", rows->str);
    cJSON_AddItemToObject(json, "data", cJSON_CreateRaw(data));
}

static void set_error(cJSON *json, const struct query *q)
{
    cJSON *error = shape("trino_statement_error");
    put_text(error, "message", trino_error_message(q));
    put_number(error, "errorCode", q->error->code);
    put_text(error, "errorName", q->error->name);
    put_text(error, "errorType", q->error->type);
    put_text(error, "failureInfo.type", q->error->exception);
    put_text(error, "failureInfo.message", trino_error_message(q));
    put_number(error, "failureInfo.errorInfo.code", q->error->code);
    put_text(error, "failureInfo.errorInfo.name", q->error->name);
    put_text(error, "failureInfo.errorInfo.type", q->error->type);
    if (q->error != &failures[FAIL_HOST_GONE])
        cJSON_DeleteItemFromObjectCaseSensitive(
            cJSON_GetObjectItemCaseSensitive(error, "failureInfo"), "cause");
    cJSON_AddItemToObject(json, "error", error);
}

/* where: the path's part behind /v1/statement of the next request, NULL: this is the last
 * answer. */
static void answer(const struct world *w, const struct request *asked, const struct query *q,
    const char *where, guint token, struct reply *r)
{
    g_autofree char *base = g_strconcat("http://", asked->host ? asked->host : TRINO_HOST, NULL);
    struct facts k;
    trino_facts(w, q, &k);
    bool runs = k.f[F_IS_SCHEDULED] > 0 && (!where || strcmp(where, "executing") == 0);
    cJSON *json = shape(runs ? "trino_statement_running" : "trino_statement_queued");
    const struct table_of *table = find_known(q->sql);
    g_autofree char *info = g_strdup_printf("%s/ui/query.html?%s", base, q->id);
    g_autofree char *word = slug(q->id);
    put_text(json, "id", q->id);
    put_text(json, "infoUri", info);
    set_stats(json, &k);
    if (runs)
        set_columns(json, table ? table : &anything);
    g_autofree char *next = g_strdup_printf(
        "%s/v1/statement/%s/%s/%s/%u", base, where ? where : "", q->id, word, token);
    g_autofree char *cancel = g_strdup_printf(
        "%s/v1/statement/executing/partialCancel/%s/1/%s/%u", base, q->id, word, token);
    if (where)
        put_text(json, "nextUri", next);
    else
        cJSON_DeleteItemFromObjectCaseSensitive(json, "nextUri");
    if (runs && where)
        put_text(json, "partialCancelUri", cancel);
    else
        cJSON_DeleteItemFromObjectCaseSensitive(json, "partialCancelUri");
    if (!where && q->error)
        set_error(json, q);
    else if (!where)
        set_data(json, &k, table ? table : &anything);
    reply_json(r, 200, json);
}

static void follow(struct world *w, const struct request *q, struct reply *r)
{
    struct query storage;
    const struct query *query = warehouse_find(w, q->part[3], &storage);
    g_autofree char *word = slug(q->part[3]);
    if (!query || query == &storage || strcmp(word, q->part[4]) != 0) {
        if (query == &storage)
            query_clear(&storage);
        trino_refuse(r, query ? 410 : 404);
        return;
    }
    bool executing = strcmp(q->part[2], "executing") == 0;
    guint token = (guint)g_ascii_strtoull(q->part[5], NULL, 10);
    bool ended = query->ended_ms != NEVER;
    if (!executing)
        answer(w, q, query, "executing", 0, r);
    else
        answer(w, q, query, ended ? NULL : "executing", token + 1, r);
}

static void cancel_statement(struct world *w, const struct request *q, struct reply *r)
{
    struct query *live = warehouse_find_live(w, q->part[3]);
    g_autofree char *word = slug(q->part[3]);
    if (live && strcmp(word, q->part[4]) == 0)
        warehouse_end(w, live, &failures[FAIL_CANCELED], NULL);
    reply_text(r, 204, "text/plain", "");
}

bool trino_answer_statement(struct world *w, const struct request *q, struct reply *r)
{
    static const char pattern[] = "/v1/statement/*/*/*/*";
    if (request_is(q, "POST", "/v1/statement")) {
        if (!*q->body) {
            reply_text(r, 400, "text/plain", "SQL statement is empty");
            return true;
        }
        bool quick = find_known(q->body) != NULL;
        const struct query *query = warehouse_submit(
            w, q->user ? q->user : "somebody", q->source ? q->source : "rest", q->body, quick);
        answer(w, q, query, "queued", 1, r);
        return true;
    }
    if (request_is(q, "GET", pattern))
        follow(w, q, r);
    else if (request_is(q, "DELETE", pattern))
        cancel_statement(w, q, r);
    else
        return false;
    return true;
}
