/* The DAGs that there are: those of the story, and as many that behave as the scale asks for. */
#include "flows_model.h"

#include <string.h>

#define DAGS_DEFAULT 40
#define RUNS_DEFAULT 30
#define TABLES_MAX   64
#define MINUTE_MS    ((int64_t)60 * 1000)

#define AFTER(n) (1u << (n))
#define PYTHON   "PythonOperator", "PythonOperator"
#define AT_TASK  "_PythonDecoratedOperator", "@task"
#define SENSOR   "PythonSensor", "PythonSensor"
#define TRINO    "SQLExecuteQueryOperator", "SQLExecuteQueryOperator"
#define BASH     "BashOperator", "BashOperator"

/* -- plans ------------------------------------------------------------------------------------- */

static const struct task orders[] = {
    {"extract_orders", 0, PYTHON, NULL, 40, 1, 60, 0, WORK_PLAIN},
    {"extract_items", 0, PYTHON, NULL, 55, 1, 60, 0, WORK_PLAIN},
    {"wait_enriched", AFTER(0) | AFTER(1), SENSOR, NULL, 62, 0, 0, 0, WORK_WAIT_ENRICHED},
    {"load_fct", AFTER(2), TRINO, "etl", 70, 2, 120, 0, WORK_LOAD_ORDERS},
    {"dq_fct_orders", AFTER(3), TRINO, NULL, 12, 0, 0, 0, WORK_PLAIN},
    {"publish_kpi", AFTER(4), PYTHON, NULL, 20, 1, 60, 0, WORK_PUBLISH},
};
static const struct task billing[] = {
    {"extract_invoices", 0, PYTHON, NULL, 35, 1, 60, 0, WORK_PLAIN},
    {"extract_payments", 0, PYTHON, NULL, 48, 1, 60, 0, WORK_PLAIN},
    {"load_invoices", AFTER(0) | AFTER(1), TRINO, "etl", 80, 2, 120, 0, WORK_PLAIN},
    {"reconcile", AFTER(2), TRINO, NULL, 30, 0, 0, 0, WORK_PLAIN},
    {"publish_billing", AFTER(3), PYTHON, NULL, 15, 1, 60, 0, WORK_PUBLISH},
};
static const struct task clickstream[] = {
    {"list_partitions", 0, AT_TASK, NULL, 6, 0, 0, 0, WORK_PLAIN},
    {"sessionize", AFTER(0), AT_TASK, "spark", 75, 2, 60, 8, WORK_PLAIN},
    {"merge_sessions", AFTER(1), TRINO, "etl", 55, 1, 60, 0, WORK_PUBLISH},
    {"dq_sessions", AFTER(2), TRINO, NULL, 10, 0, 0, 0, WORK_PLAIN},
};
static const struct task features[] = {
    {"snapshot_orders", 0, TRINO, NULL, 45, 1, 60, 0, WORK_PLAIN},
    {"snapshot_sessions", 0, TRINO, NULL, 60, 1, 60, 0, WORK_PLAIN},
    {"build_features", AFTER(0) | AFTER(1), AT_TASK, "spark", 190, 2, 120, 0, WORK_PLAIN},
    {"validate_features", AFTER(2), PYTHON, NULL, 25, 0, 0, 0, WORK_PLAIN},
    {"publish_online", AFTER(3), PYTHON, NULL, 30, 2, 60, 0, WORK_PUBLISH},
};
static const struct task finance[] = {
    {"freeze_ledger", 0, PYTHON, NULL, 20, 0, 0, 0, WORK_PLAIN},
    {"sum_orders", AFTER(0), TRINO, "etl", 90, 1, 120, 0, WORK_PLAIN},
    {"sum_billing", AFTER(0), TRINO, "etl", 75, 1, 120, 0, WORK_PLAIN},
    {"reconcile_ledger", AFTER(1) | AFTER(2), PYTHON, NULL, 60, 0, 0, 0, WORK_PLAIN},
    {"close_books", AFTER(3), PYTHON, NULL, 25, 0, 0, 0, WORK_PUBLISH},
    {"mail_report", AFTER(4), "EmailOperator", "EmailOperator", NULL, 5, 2, 60, 0, WORK_PLAIN},
};
static const struct task kpi[] = {
    {"wait_orders", 0, "ExternalTaskSensor", "ExternalTaskSensor", NULL, 2, 0, 0, 0,
        WORK_WAIT_ORDERS},
    {"build_kpi", AFTER(0), TRINO, NULL, 45, 1, 60, 0, WORK_PLAIN},
    {"publish_dashboard", AFTER(1), PYTHON, NULL, 18, 1, 60, 0, WORK_PUBLISH},
};
static const struct task store[] = {
    {"extract_stores", 0, PYTHON, NULL, 22, 1, 60, 0, WORK_PLAIN},
    {"load_dim", AFTER(0), TRINO, NULL, 30, 1, 60, 0, WORK_PUBLISH},
};
static const struct task customers[] = {
    {"request_export", 0, "HttpOperator", "HttpOperator", NULL, 8, 2, 30, 0, WORK_PLAIN},
    {"wait_export", AFTER(0), "TimeDeltaSensorAsync", "TimeDeltaSensorAsync", NULL, 90, 0, 0, 0,
        WORK_DEFER},
    {"load_customers", AFTER(1), TRINO, NULL, 50, 1, 60, 0, WORK_PUBLISH},
    {"mask_pii", AFTER(2), PYTHON, NULL, 20, 0, 0, 0, WORK_PLAIN},
};
static const struct task compact[] = {
    {"find_small_files", 0, PYTHON, NULL, 15, 0, 0, 0, WORK_PLAIN},
    {"compact", AFTER(0), BASH, NULL, 420, 1, 300, 0, WORK_LONG_LOG},
    {"expire_snapshots", AFTER(1), TRINO, NULL, 35, 1, 60, 0, WORK_PLAIN},
};
static const struct task etl[] = {
    {"extract", 0, PYTHON, NULL, 35, 1, 60, 0, WORK_PLAIN},
    {"transform", AFTER(0), AT_TASK, NULL, 50, 1, 60, 0, WORK_PLAIN},
    {"load", AFTER(1), TRINO, NULL, 40, 2, 60, 0, WORK_PUBLISH},
};
static const struct task parts[] = {
    {"list_parts", 0, AT_TASK, NULL, 5, 0, 0, 0, WORK_PLAIN},
    {"process", AFTER(0), AT_TASK, NULL, 40, 1, 60, 4, WORK_PLAIN},
    {"merge", AFTER(1), TRINO, NULL, 25, 1, 60, 0, WORK_PUBLISH},
};
static const struct task dbt[] = {
    {"dbt_deps", 0, BASH, NULL, 8, 1, 30, 0, WORK_PLAIN},
    {"dbt_run", AFTER(0), BASH, NULL, 110, 1, 60, 0, WORK_PUBLISH},
    {"dbt_test", AFTER(1), BASH, NULL, 35, 0, 0, 0, WORK_PLAIN},
};
static const struct task sync_[] = {
    {"sync", 0, PYTHON, NULL, 45, 2, 60, 0, WORK_PLAIN},
};

static const struct plan generic[] = {
    {"etl", etl, G_N_ELEMENTS(etl)},
    {"dbt", dbt, G_N_ELEMENTS(dbt)},
    {"sync", sync_, G_N_ELEMENTS(sync_)},
    {"parts", parts, G_N_ELEMENTS(parts)},
};

/* -- the story --------------------------------------------------------------------------------- */

static const struct {
    struct plan plan;
    const char *owner, *tags, *about;
    int period_min, at_min; /* of the plot */
    bool fails;
    const char *table;
    int64_t rows, fresh_min;
} story[] = {
    {{"orders_daily", orders, G_N_ELEMENTS(orders)}, "team-orders", "orders finance",
        "facts of the day's orders, brought up to date every hour", 60, 0, true,
        "lake.orders.fct_orders", 48112, 75},
    {{"billing_hourly", billing, G_N_ELEMENTS(billing)}, "team-billing", "billing finance",
        "invoices and payments of the hour", 60, 10, true, "lake.billing.invoices", 9120, 90},
    {{"clickstream_sessions", clickstream, G_N_ELEMENTS(clickstream)}, "team-web", "web spark",
        "sessions out of clicks", 15, 2, true, "lake.web.sessions", 310400, 40},
    {{"feature_store", features, G_N_ELEMENTS(features)}, "team-ml", "ml spark",
        "features of orders and sessions, offline and online", 60, 20, true, "lake.ml.features",
        1204000, 100},
    {{"finance_close", finance, G_N_ELEMENTS(finance)}, "team-finance", "finance close",
        "closes the books of the day", 1440, 25, false, "lake.finance.ledger", 20344, 1560},
    {{"exec_kpi", kpi, G_N_ELEMENTS(kpi)}, "team-bi", "kpi finance",
        "the board's numbers; waits for fct_orders", 60, 5, false, "lake.exec.kpi", 240, 75},
    {{"dim_store", store, G_N_ELEMENTS(store)}, "team-retail", "dim", NULL, 30, 12, false,
        "lake.dim.store", 1822, 120},
    {{"customers_sync", customers, G_N_ELEMENTS(customers)}, "team-crm", "crm pii",
        "customers out of the CRM's export", 30, 7, true, "lake.crm.customers", 88210, 120},
    {{"web_logs_compact", compact, G_N_ELEMENTS(compact)}, "team-platform", "maintenance",
        "compacts the day's small files; its log is long", 120, 14, false, NULL, 0, 0},
};

/* Those that behave: the first ones have names, the others numbers. */
static const char *const names[] = {"ads_spend", "audit_export", "carrier_rates", "catalog_sync",
    "churn_scores", "coupons", "crm_leads", "currency_rates", "delivery_times", "email_events",
    "fraud_labels", "gift_cards", "hr_headcount", "inventory_snapshot", "loyalty_points",
    "marketing_attribution", "nps_surveys", "page_views", "partner_feeds", "price_history",
    "product_reviews", "promotions", "returns", "search_terms", "seo_rankings", "shipments",
    "stock_levels", "supplier_orders", "support_tickets", "tax_rates", "warehouse_costs"};
static const char *const areas[] = {
    "ads", "crm", "dwh", "events", "finance", "hr", "logistics", "ml", "retail", "web"};

static const struct pool pools[FLOWS_POOLS] = {
    {.name = "default_pool", .about = "Default pool", .slots = 128},
    {.name = "etl", .about = "loads into the lake", .slots = 8},
    {.name = "spark", .about = "jobs on the cluster", .slots = 16},
    {.name = "backfill", .about = "", .slots = 4},
};

/* -- building ---------------------------------------------------------------------------------- */

static struct dag *dag_new(const struct world *w, const char *id, const struct plan *plan)
{
    struct dag *d = g_new0(struct dag, 1);
    d->id = g_strdup(id);
    d->plan = plan;
    d->max_active = 16;
    d->factor = 1;
    double start_s[FLOWS_TASKS_MAX], end_s[FLOWS_TASKS_MAX];
    d->usual_s = plan_times(plan, -1, start_s, end_s);
    d->seed = (guint64)(world_chance(w, id, 0) * 9007199254740992.0);
    d->runs = g_ptr_array_new_with_free_func((GDestroyNotify)run_free);
    d->past = w->scale.runs > 0 ? w->scale.runs : RUNS_DEFAULT;
    d->serial = (guint)d->past;
    d->table = -1;
    d->import_ms = FLOWS_NONE;
    d->broken = d->slow = d->doomed = -1;
    return d;
}

/* The first run that is simulated is the first that is due at begin or later. */
static void set_times(struct dag *d, const struct flows *f, int64_t zero_ms, int period, int at)
{
    d->period_ms = period * MINUTE_MS;
    int64_t due = zero_ms + at * MINUTE_MS;
    due -= (due - f->begin_ms) / d->period_ms * d->period_ms;
    d->next_ms = due;
    d->last_ms = due - d->period_ms;
}

static void add_table(
    struct flows *f, struct dag *d, const char *name, int64_t rows, int64_t fresh_ms)
{
    struct run_head newest;
    past_head(d, -1, &newest);
    struct table t = {.name = g_intern_string(name),
        .dag = d->id,
        .updated_ms = newest.end_ms,
        .rows = rows,
        .fresh_ms = fresh_ms};
    d->table = (int)f->tables->len;
    g_array_append_val(f->tables, t);
}

static void add_dag(struct flows *f, struct dag *d)
{
    g_ptr_array_add(f->dags, d);
    g_hash_table_insert(f->by_id, d->id, d);
}

static void add_story(struct flows *f, const struct world *w, guint i)
{
    struct dag *d = dag_new(w, story[i].plan.name, &story[i].plan);
    d->owner = story[i].owner;
    d->tags = story[i].tags;
    d->about = story[i].about;
    d->fails = story[i].fails;
    d->max_active = 1;
    set_times(d, f, w->zero_ms, story[i].period_min, story[i].at_min);
    if (story[i].table)
        add_table(f, d, story[i].table, story[i].rows, story[i].fresh_min * MINUTE_MS);
    add_dag(f, d);
}

static void add_generic(struct flows *f, const struct world *w, guint i)
{
    static const char *const owners[] = {
        "team-web", "team-crm", "team-platform", "team-retail", "team-bi", "team-ml"};
    static const char *const tags[] = {"bronze", "silver", "daily", "dbt", "core bronze", "gold"};
    static const int periods[] = {60, 60, 60, 60, 60, 60, 30, 30, 360, 1440};
    const char *area = areas[i % G_N_ELEMENTS(areas)];
    g_autofree char *id =
        i < G_N_ELEMENTS(names) ? g_strdup(names[i]) : g_strdup_printf("%s_feed_%04u", area, i);
    struct dag *d = dag_new(w, id, &generic[i % G_N_ELEMENTS(generic)]);
    d->owner = owners[dag_hash(d, 1, 0) % G_N_ELEMENTS(owners)];
    d->tags = tags[dag_hash(d, 2, 0) % G_N_ELEMENTS(tags)];
    d->factor = 0.4 + 1.4 * dag_chance(d, 3, 0);
    d->fails = dag_chance(d, 4, 0) < 0.2;
    d->paused = dag_chance(d, 5, 0) < 0.06 || i == 7;
    int period = periods[dag_hash(d, 6, 0) % G_N_ELEMENTS(periods)];
    set_times(d, f, w->zero_ms, period, (int)(dag_hash(d, 7, 0) % (guint64)period));
    if (d->paused) {
        d->next_ms -= 40 * d->period_ms;
        d->last_ms -= 40 * d->period_ms;
    }
    g_autofree char *table = g_strdup_printf("lake.%s.%s", area, id);
    if (i % 4 != 2 && f->tables->len < TABLES_MAX && !d->paused)
        add_table(f, d, table, 500 + (int64_t)(dag_hash(d, 8, 0) % 200000),
            2 * d->period_ms + 30 * MINUTE_MS);
    add_dag(f, d);
}

static gint by_id(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const struct dag *const *)a)->id, (*(const struct dag *const *)b)->id);
}

void flows_define(struct flows *f, const struct world *w)
{
    guint count = w->scale.dags > 0 ? (guint)w->scale.dags : DAGS_DEFAULT;
    for (guint i = 0; i < G_N_ELEMENTS(story); i++)
        add_story(f, w, i);
    for (guint i = 0; f->dags->len < count; i++)
        add_generic(f, w, i);
    g_ptr_array_sort(f->dags, by_id);
    for (guint i = 0; i < f->dags->len; i++)
        ((struct dag *)g_ptr_array_index(f->dags, i))->index = i;
    memcpy(f->pool, pools, sizeof pools);
    f->pool[0].slots = MAX(f->pool[0].slots, (int)count / 4);
}

/* -- plans, read ------------------------------------------------------------------------------- */

guint plan_instances(const struct plan *p)
{
    guint n = 0;
    for (guint i = 0; i < p->count; i++)
        n += p->tasks[i].mapped ? (guint)p->tasks[i].mapped : 1;
    return n;
}

bool plan_is_leaf(const struct plan *p, guint task)
{
    for (guint i = task + 1; i < p->count; i++)
        if (p->tasks[i].after & AFTER(task))
            return false;
    return true;
}

int plan_task(const struct plan *p, const char *id)
{
    for (guint i = 0; i < p->count; i++)
        if (strcmp(p->tasks[i].id, id) == 0)
            return (int)i;
    return -1;
}
