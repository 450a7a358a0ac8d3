/* What queries would take, and what they say: the pure part of the warehouse. */
#include "warehouse_query.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "flows.h"

const struct failure failures[FAILINGS] = {
    [FAIL_SYNTAX] = {"SYNTAX_ERROR", 1, "USER_ERROR", true, "io.trino.sql.parser.ParsingException",
        "line 1:17: mismatched input 'FORM'. Expecting: ',', 'EXCEPT', 'FETCH', 'FROM', 'GROUP', "
        "'HAVING', 'INTERSECT', 'LIMIT', 'OFFSET', 'ORDER', 'UNION', 'WHERE', 'WINDOW', <EOF>",
        true},
    [FAIL_TABLE] = {"TABLE_NOT_FOUND", 46, "USER_ERROR", true, "io.trino.spi.TrinoException",
        "line 1:22: Table 'lake.orders.fct_order' does not exist", true},
    [FAIL_COLUMN] = {"COLUMN_NOT_FOUND", 47, "USER_ERROR", true, "io.trino.spi.TrinoException",
        "line 1:8: Column 'amout' cannot be resolved", true},
    [FAIL_DIVISION] = {"DIVISION_BY_ZERO", 8, "USER_ERROR", true, "io.trino.spi.TrinoException",
        "Division by zero", false},
    [FAIL_CANCELED] = {"USER_CANCELED", 3, "USER_ERROR", true, "io.trino.spi.TrinoException",
        "Query was canceled", false},
    [FAIL_KILLED] = {"ADMINISTRATIVELY_KILLED", 38, "USER_ERROR", true,
        "io.trino.spi.TrinoException", "Query killed. No message provided.", false},
    [FAIL_PREEMPTED] = {"ADMINISTRATIVELY_PREEMPTED", 131081, "INSUFFICIENT_RESOURCES", false,
        "io.trino.spi.TrinoException", "Query preempted. No message provided.", false},
    [FAIL_MEMORY] = {"EXCEEDED_LOCAL_MEMORY_LIMIT", 131079, "INSUFFICIENT_RESOURCES", false,
        "io.trino.ExceededMemoryLimitException",
        "Query exceeded per-node memory limit of 10GB [Allocated: 9.88GB, Delta: 132.25MB, Top "
        "Consumers: {HashAggregationOperator=6.12GB, HashBuilderOperator=3.41GB, "
        "ScanFilterAndProjectOperator=212.44MB}]",
        false},
    [FAIL_QUEUE_FULL] = {"QUERY_QUEUE_FULL", 131074, "INSUFFICIENT_RESOURCES", false,
        "io.trino.execution.resourcegroups.QueryQueueFullException", "Too many queued queries",
        false},
    [FAIL_HOST_GONE] = {"REMOTE_HOST_GONE", 65558, "INTERNAL_ERROR", false,
        "io.trino.operator.PageTransportTimeoutException",
        "Encountered too many errors talking to a worker node. The node may have crashed or be "
        "under too much load. This is probably a transient issue, so please retry your query in a "
        "few minutes.",
        false},
    [FAIL_NO_NODES] = {"NO_NODES_AVAILABLE", 65541, "INTERNAL_ERROR", false,
        "io.trino.spi.TrinoException", "No nodes available to run query", false},
};

/* -- who and what --------------------------------------------------------------------------------- */

struct person {
    const char *user, *source;
};

/* {a} and {b} are tables, {n} is the query's number. */
struct text {
    const char *sql, *type, *update_type;
};

struct habits {
    const struct person *people;
    int people_count;
    const struct text *texts;
    int texts_count;
    double work_low, work_high; /* s */
    double bytes_low, bytes_high;
    double peak_low, peak_high; /* GB */
    double splits_low, splits_high;
    double cores; /* that it keeps busy */
    int stages_low, stages_high;
};

static const struct person adhoc_people[] = {{"anna", "trino-cli"}, {"ben", "dbeaver"},
    {"carla", "jupyter"}, {"deepak", "trino-cli"}, {"emil", "superset-sqllab"}, {"fatima", "hue"}};
static const struct person etl_people[] = {
    {"dbt", "dbt-trino-1.9.3"}, {"airflow", "airflow"}, {"dbt", "dbt-trino-1.9.3"}};
static const struct person dashboard_people[] = {
    {"metabase", "metabase"}, {"superset", "Apache Superset"}, {"looker", "looker"}};

static const struct text adhoc_texts[] = {
    {"SELECT count(*) FROM {a} WHERE _loaded_at >= current_date - INTERVAL '3' DAY", "SELECT",
        NULL},
    {"SELECT * FROM {a} WHERE id = {n} LIMIT 100", "SELECT", NULL},
    {"SELECT a.country, approx_distinct(a.customer_id), avg(b.amount / nullif(b.quantity, 0))\n"
     "FROM {a} a JOIN {b} b ON a.id = b.id\nGROUP BY 1\nORDER BY 3 DESC",
        "SELECT", NULL},
    {"WITH days AS (SELECT date_trunc('day', created_at) AS day, amount FROM {a})\n"
     "SELECT day, sum(amount), approx_percentile(amount, 0.95) FROM days GROUP BY day",
        "SELECT", NULL},
    {"SELECT b.*, row_number() OVER (PARTITION BY a.customer_id ORDER BY a.created_at)\n"
     "FROM {a} a LEFT JOIN {b} b ON a.customer_id = b.customer_id WHERE b.status IS NULL",
        "SELECT", NULL},
};

static const struct text etl_texts[] = {
    {"/* {\"app\": \"dbt\", \"dbt_version\": \"1.9.4\", \"target_name\": \"prod\"} */\n"
     "INSERT INTO {a} SELECT b.id, b.customer_id, b.amount, b.status, b.updated_at\n"
     "FROM {b} b WHERE b.updated_at > (SELECT max(updated_at) FROM {a})",
        "INSERT", "INSERT"},
    {"/* {\"app\": \"dbt\", \"dbt_version\": \"1.9.4\", \"target_name\": \"prod\"} */\n"
     "CREATE TABLE {a}__dbt_tmp AS\nSELECT a.id, a.customer_id, b.region, sum(a.amount) AS amount\n"
     "FROM {a} a JOIN {b} b ON a.customer_id = b.customer_id\nGROUP BY 1, 2, 3",
        "INSERT", "CREATE TABLE"},
    {"MERGE INTO {a} t USING {b} s ON t.id = s.id\n"
     "WHEN MATCHED THEN UPDATE SET amount = s.amount, status = s.status\n"
     "WHEN NOT MATCHED THEN INSERT (id, amount, status) VALUES (s.id, s.amount, s.status)",
        "MERGE", "MERGE"},
};

static const struct text dashboard_texts[] = {
    {"SELECT date_trunc('hour', created_at) AS hour, count(*) AS n, sum(amount) AS amount\n"
     "FROM {a}\nWHERE created_at >= current_timestamp - INTERVAL '24' HOUR\nGROUP BY 1 ORDER BY 1",
        "SELECT", NULL},
    {"SELECT status, count(*) FROM {a} WHERE created_at >= current_date GROUP BY status", "SELECT",
        NULL},
    {"SELECT region, sum(amount) AS amount FROM {a} JOIN {b} USING (customer_id)\n"
     "WHERE created_at >= current_date - INTERVAL '7' DAY GROUP BY region ORDER BY 2 DESC LIMIT 20",
        "SELECT", NULL},
    {"SELECT max(_loaded_at) FROM {a}", "SELECT", NULL},
};

#define LIST(array) array, G_N_ELEMENTS(array)

static const struct habits habits[FLAVOURS] = {
    [FLAVOUR_ADHOC] = {LIST(adhoc_people), LIST(adhoc_texts), 2, 60, 8e7, 4e10, 0.2, 6, 60, 800, 8,
        3, 6},
    [FLAVOUR_ETL] = {LIST(etl_people), LIST(etl_texts), 60, 300, 2e9, 2e11, 2, 14, 300, 2600, 16, 5,
        9},
    [FLAVOUR_DASHBOARD] = {LIST(dashboard_people), LIST(dashboard_texts), 0.9, 4.8, 2e7, 2e9, 0.05,
        0.4, 24, 120, 4, 3, 3},
};

static const char *pick_table(const struct world *w, const char *what, guint number)
{
    guint n = w->flows ? flows_table_count(w->flows) : 0;
    if (n == 0)
        return "lake.orders.fct_orders";
    /* The story's own tables come first, and are read most. */
    guint some = world_chance(w, "query.famous", number) < 0.7 ? MIN(n, 12) : n;
    guint i = (guint)world_pick(w, what, number, 0, (int64_t)some - 1);
    return g_intern_string(flows_table(w->flows, i)->name);
}

static char *write_sql(const struct query *q, const char *template)
{
    GString *out = g_string_sized_new(256);
    for (const char *p = template; *p; p++) {
        bool slot = p[0] == '{' && p[1] && p[2] == '}';
        if (!slot)
            g_string_append_c(out, *p);
        else if (p[1] == 'n')
            g_string_append_printf(out, "%u", q->number);
        else
            g_string_append(out, q->table[p[1] == 'b']);
        p += slot ? 2 : 0;
    }
    return g_string_free(out, FALSE);
}

/* Between low and high, as often in each order of magnitude. */
static double stretch(
    const struct world *w, const char *name, guint number, double low, double high)
{
    return low * exp(world_chance(w, name, number) * log(high / low));
}

static const struct failure *pick_failure(const struct world *w, const struct query *q)
{
    double c = world_chance(w, "query.fails", q->number);
    if (q->number % 97 == 13) /* so that there is always one to look at */
        return &failures[FAIL_MEMORY];
    if (q->flavour == FLAVOUR_DASHBOARD)
        return c < 0.001 ? &failures[FAIL_CANCELED] : NULL;
    if (q->flavour == FLAVOUR_ETL)
        return c < 0.01 ? &failures[FAIL_MEMORY] : NULL;
    if (c < 0.030)
        return &failures[FAIL_SYNTAX];
    if (c < 0.050)
        return &failures[c < 0.040 ? FAIL_TABLE : FAIL_COLUMN];
    if (c < 0.075)
        return &failures[FAIL_DIVISION];
    return c < 0.095 ? &failures[FAIL_CANCELED] : NULL;
}

static void set_id(struct query *q, const struct world *w)
{
    time_t seconds = (time_t)(q->created_ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    g_snprintf(q->id, sizeof q->id, "%04d%02d%02d_%02d%02d%02d_%05u_%s", tm.tm_year + 1900,
        tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, q->number % 100000,
        w->warehouse->suffix);
}

static void imagine_size(const struct world *w, struct query *q, const struct habits *h)
{
    guint n = q->number;
    double size = world_chance(w, "query.size", n); /* what runs long reads much */
    q->work_ms = 1000 * h->work_low * exp(size * log(h->work_high / h->work_low));
    double much = CLAMP(size + world_between(w, "query.much", n, -0.2, 0.2), 0, 1);
    q->bytes = h->bytes_low * exp(much * log(h->bytes_high / h->bytes_low));
    q->rows = q->bytes / world_between(w, "query.width", n, 40, 180);
    q->splits = (int)(h->splits_low + much * (h->splits_high - h->splits_low));
    q->cpu_ms = q->work_ms * h->cores * world_between(w, "query.cores", n, 0.6, 1.4);
    q->peak_bytes = stretch(w, "query.peak", n, h->peak_low, h->peak_high) * 1073741824.0;
    q->stages = (int)world_pick(w, "query.stages", n, h->stages_low, h->stages_high);
    q->written_bytes = q->update_type ? 0.12 * q->bytes : 0;
    q->analysis_ms = world_pick(w, "query.analysis", n, 6, 90);
    q->planning_ms = world_pick(w, "query.planning", n, 40, 90 + 70 * (int64_t)q->stages);
    q->starting_ms = world_pick(w, "query.starting", n, 15, 220);
    q->finishing_ms = world_pick(w, "query.finishing", n, 8, q->update_type ? 1800 : 60);
    q->blocked = world_between(w, "query.blocked", n, 0, 0.3);
}

void query_imagine(const struct world *w, struct query *out, enum flavour flavour, guint number)
{
    int64_t created_ms = out->created_ms;
    if (number % 97 == 13)
        flavour = FLAVOUR_ADHOC;
    const struct habits *h = &habits[flavour];
    const struct person *who =
        &h->people[world_pick(w, "query.who", number, 0, h->people_count - 1)];
    const struct text *text = &h->texts[world_pick(w, "query.text", number, 0, h->texts_count - 1)];
    *out = (struct query){
        .number = number,
        .flavour = flavour,
        .created_ms = created_ms,
        .started_ms = NEVER,
        .worked_ms = NEVER,
        .ended_ms = NEVER,
        .stalled_ms = NEVER,
        .user = who->user,
        .source = who->source,
        .type = text->type,
        .update_type = text->update_type,
    };
    out->table[0] = pick_table(w, "query.table", number);
    out->table[1] = pick_table(w, "query.other", number);
    set_id(out, w);
    imagine_size(w, out, h);
    out->fails = pick_failure(w, out);
    out->fails_at = world_between(w, "query.fails_at", number, 0.05, 0.9);
    const char *typo = out->fails == &failures[FAIL_SYNTAX]   ? "SELECT order_id FORM {a}"
                       : out->fails == &failures[FAIL_TABLE]  ? "SELECT count(*) FROM "
                                                                "lake.orders.fct_order"
                       : out->fails == &failures[FAIL_COLUMN] ? "SELECT amout FROM {a}"
                                                              : NULL;
    out->sql = write_sql(out, typo ? typo : text->sql);
}

void query_clear(struct query *q)
{
    g_free(q->sql);
    g_free(q->message);
    q->sql = q->message = NULL;
}

void query_free(struct query *q)
{
    if (!q)
        return;
    query_clear(q);
    g_free(q);
}

/* -- what follows from it ------------------------------------------------------------------------- */

int64_t query_runs_ms(const struct query *q)
{
    return q->started_ms + q->planning_ms + q->starting_ms;
}

enum query_state query_state(const struct query *q, int64_t now_ms)
{
    if (q->ended_ms != NEVER)
        return q->error ? QUERY_FAILED : QUERY_FINISHED;
    if (q->started_ms == NEVER)
        return QUERY_QUEUED;
    if (now_ms < q->started_ms + q->planning_ms)
        return QUERY_PLANNING;
    if (now_ms < query_runs_ms(q))
        return QUERY_STARTING;
    return q->done_ms >= q->work_ms ? QUERY_FINISHING : QUERY_RUNNING;
}

const char *query_state_name(enum query_state state)
{
    static const char *const names[] = {
        "QUEUED", "PLANNING", "STARTING", "RUNNING", "FINISHING", "FINISHED", "FAILED"};
    return names[state];
}

int query_stage_parent(int stage)
{
    return stage == 0 ? -1 : (stage - 1) / 2;
}
