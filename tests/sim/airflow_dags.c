/* DAGs, their tasks, pools, and files that cannot be imported. */
#include "airflow_answers.h"

#include <string.h>

#define FILE_DIR "/opt/airflow/dags/"
#define PARSE_MS 30000 /* between two readings of a DAG's file */

/* -- one DAG ----------------------------------------------------------------------------------- */

/* "42 3 * * *" of a schedule. */
static char *cron_of(const struct dag *d)
{
    int64_t minute = d->next_ms / 60000, period = d->period_ms / 60000;
    int m = (int)(minute % 60), h = (int)(minute / 60 % 24);
    if (period == 60)
        return g_strdup_printf("%d * * * *", m);
    if (period < 60)
        return g_strdup_printf("%d-59/%d * * * *", (int)(m % period), (int)period);
    if (period >= 1440)
        return g_strdup_printf("%d %d * * *", m, h);
    return g_strdup_printf("%d %d-23/%d * * *", m, (int)(h % (period / 60)), (int)(period / 60));
}

static char *description_of(const struct dag *d)
{
    int64_t minute = d->next_ms / 60000, period = d->period_ms / 60000;
    int m = (int)(minute % 60), h = (int)(minute / 60 % 24);
    if (period == 60)
        return g_strdup_printf("At %d minutes past the hour", m);
    if (period < 60)
        return g_strdup_printf("Every %d minutes, minutes %d through 59 past the hour", (int)period,
            (int)(m % period));
    if (period >= 1440)
        return g_strdup_printf("At %02d:%02d", h, m);
    return g_strdup_printf("At %d minutes past the hour, every %d hours", m, (int)(period / 60));
}

static cJSON *tags_of(const struct dag *d)
{
    cJSON *tags = cJSON_CreateArray();
    g_auto(GStrv) words = g_strsplit(d->tags, " ", -1);
    for (char **word = words; *word; word++) {
        if (!**word)
            continue;
        cJSON *tag = shape("airflow_tag");
        put_text(tag, "name", *word);
        put_text(tag, "dag_id", d->id);
        put_text(tag, "dag_display_name", d->id);
        cJSON_AddItemToArray(tags, tag);
    }
    return tags;
}

static void put_next(cJSON *json, const struct dag *d)
{
    put_time(json, "next_dagrun_logical_date", d->next_ms);
    put_time(json, "next_dagrun_data_interval_start", d->next_ms);
    put_time(json, "next_dagrun_data_interval_end", d->next_ms);
    put_time(json, "next_dagrun_run_after", d->next_ms);
}

static int64_t parsed_ms(const struct ask *a, const struct dag *d)
{
    int64_t at = d->import_ms == FLOWS_NONE ? a->w->now_ms : d->import_ms;
    return at - (at + (int64_t)(d->seed % PARSE_MS)) % PARSE_MS;
}

/* What all shapes of a DAG have. */
static void put_dag(const struct ask *a, cJSON *json, const struct dag *d)
{
    g_autofree char *file = g_strconcat(d->id, ".py", NULL);
    g_autofree char *path = g_strconcat(FILE_DIR, file, NULL);
    g_autofree char *cron = cron_of(d), *description = description_of(d);
    g_autofree char *token = g_base64_encode((const guchar *)file, strlen(file));
    cJSON *owners = cJSON_CreateArray();
    cJSON_AddItemToArray(owners, cJSON_CreateString(d->owner));
    put_text(json, "dag_id", d->id);
    put_text(json, "dag_display_name", d->id);
    put_bool(json, "is_paused", d->paused);
    put_time(json, "last_parsed_time", parsed_ms(a, d));
    put_number(json, "last_parse_duration", 0.2 + 1.5 * dag_chance(d, 500, 0));
    put_text(json, "bundle_name", "dags-folder");
    put_text(json, "relative_fileloc", file);
    put_text(json, "fileloc", path);
    put_text(json, "description", d->about);
    put_text(json, "timetable_summary", cron);
    put_text(json, "timetable_description", description);
    put_bool(json, "timetable_periodic", true);
    put(json, "tags", tags_of(d));
    put_number(json, "max_active_runs", d->max_active);
    put_bool(json, "has_import_errors", d->import_ms != FLOWS_NONE);
    put_next(json, d);
    put(json, "owners", owners);
    put_bool(json, "is_backfillable", true);
    put_text(json, "file_token", token);
}

static cJSON *dag_json(const struct ask *a, const struct dag *d)
{
    cJSON *json = shape("airflow_dag");
    put_dag(a, json, d);
    return json;
}

static cJSON *ui_run_json(const struct item *item)
{
    static const char *const none[] = {NULL};
    struct run_head head;
    item_head(item, &head);
    cJSON *json = shape("airflow_ui_run");
    g_autofree char *id = item_id(item);
    put_number(json, "id", (double)item->uid);
    put_text(json, "dag_id", item->dag->id);
    put_text(json, "run_id", id);
    put_time(json, "logical_date", head.logical_ms);
    put_time(json, "run_after", head.after_ms);
    put_time(json, "start_date", head.start_ms);
    put_time(json, "end_date", head.end_ms);
    put_text(json, "state", run_state_name(head.state));
    put_duration(json, "duration", head.start_ms, head.end_ms);
    drop_nulls(json, none);
    return json;
}

/* The pages for people get no nulls; but the asset's expression, which no DAG here has, stays. */
static cJSON *ui_dag_json(const struct ask *a, struct dag *d, guint runs)
{
    static const char *const kept[] = {"asset_expression", NULL};
    cJSON *json = shape("airflow_ui_dag"), *latest = cJSON_CreateArray();
    g_autoptr(GArray) items = g_array_new(FALSE, TRUE, sizeof(struct item));
    put_dag(a, json, d);
    put_text(json, "asset_expression", NULL);
    airflow_newest(d, runs, items);
    for (guint i = 0; i < items->len; i++)
        cJSON_AddItemToArray(latest, ui_run_json(&g_array_index(items, struct item, i)));
    put(json, "latest_dag_runs", latest);
    drop_nulls(json, kept);
    return json;
}

/* -- lists ------------------------------------------------------------------------------------- */

static bool newest_is(struct dag *d, const char *state)
{
    g_autoptr(GArray) items = g_array_new(FALSE, TRUE, sizeof(struct item));
    struct run_head head;
    airflow_newest(d, 1, items);
    if (items->len == 0)
        return false;
    item_head(&g_array_index(items, struct item, 0), &head);
    return strcmp(run_state_name(head.state), state) == 0;
}

static bool has_tag(const struct dag *d, const GPtrArray *tags)
{
    g_auto(GStrv) words = g_strsplit(d->tags, " ", -1);
    for (guint i = 0; tags && i < tags->len; i++)
        if (g_strv_contains((const char *const *)words, g_ptr_array_index(tags, i)))
            return true;
    return !tags;
}

static bool is_flag(const struct ask *a, const char *name, bool value)
{
    const char *text = request_query(a->q, name);
    return !text || (strcmp(text, "true") == 0) == value;
}

static bool wants_dag(const struct ask *a, struct dag *d, const GPatternSpec *pattern)
{
    const char *state = request_query(a->q, "last_dag_run_state");
    return request_allows(a->q, "dag_ids", d->id) && request_allows(a->q, "owners", d->owner) &&
           is_flag(a, "paused", d->paused) &&
           is_flag(a, "has_import_errors", d->import_ms != FLOWS_NONE) &&
           has_tag(d, airflow_values(a, "tags")) &&
           (!pattern || g_pattern_spec_match_string((GPatternSpec *)pattern, d->id)) &&
           (!state || newest_is(d, state));
}

/* SQL's %, anywhere in the name. */
static GPatternSpec *pattern_of(const struct ask *a)
{
    const char *text = request_query(a->q, "dag_id_pattern");
    if (!text || strcmp(text, "~") == 0)
        return NULL;
    g_autofree char *glob = g_strdup_printf("*%s*", text);
    g_strdelimit(glob, "%", '*');
    g_strdelimit(glob, "_", '?');
    return g_pattern_spec_new(glob);
}

static gint by_next(gconstpointer a, gconstpointer b)
{
    int64_t x = (*(const struct dag *const *)a)->next_ms,
            y = (*(const struct dag *const *)b)->next_ms;
    return (x > y) - (x < y);
}

/* The DAGs that are asked for, in order; NULL when it was answered. */
static GPtrArray *find_dags(struct ask *a)
{
    static const char *const orders[] = {"dag_id", "dag_display_name", "next_dagrun", NULL};
    const char *order = request_query(a->q, "order_by");
    bool down = order && *order == '-';
    if (order && !g_strv_contains(orders, order + down)) {
        airflow_no_order(a, order);
        return NULL;
    }
    GPatternSpec *pattern = pattern_of(a);
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    for (guint i = 0; i < a->f->dags->len; i++) {
        struct dag *d = g_ptr_array_index(a->f->dags, i);
        if (wants_dag(a, d, pattern))
            g_ptr_array_add(found, d);
    }
    g_clear_pointer(&pattern, g_pattern_spec_free);
    if (order && strcmp(order + down, "next_dagrun") == 0)
        g_ptr_array_sort(found, by_next);
    if (!down)
        return g_steal_pointer(&found);
    GPtrArray *turned = g_ptr_array_new();
    for (guint i = found->len; i-- > 0;)
        g_ptr_array_add(turned, g_ptr_array_index(found, i));
    return turned;
}

static void reply_dags(struct ask *a, bool ui)
{
    struct page page;
    g_autoptr(GPtrArray) dags = airflow_page(a, &page) ? find_dags(a) : NULL;
    if (!dags)
        return;
    cJSON *json = shape(ui ? "airflow_ui_dags" : "airflow_dags"), *array = cJSON_CreateArray();
    guint runs = (guint)CLAMP(request_number(a->q, "dag_runs_limit", 10), 0, 1000);
    for (int64_t i = page.offset; i < dags->len && i < page.offset + page.limit; i++) {
        struct dag *d = g_ptr_array_index(dags, i);
        cJSON_AddItemToArray(array, ui ? ui_dag_json(a, d, runs) : dag_json(a, d));
    }
    put(json, "dags", array);
    put_number(json, "total_entries", dags->len);
    reply_json(a->r, 200, json);
}

void airflow_list_dags(struct ask *a)
{
    reply_dags(a, false);
}

void airflow_list_ui_dags(struct ask *a)
{
    reply_dags(a, true);
}

void airflow_get_dag(struct ask *a)
{
    const struct dag *d = airflow_dag(a);
    if (d)
        reply_json(a->r, 200, dag_json(a, d));
}

void airflow_get_details(struct ask *a)
{
    const struct dag *d = airflow_dag(a);
    if (!d)
        return;
    cJSON *json = shape("airflow_dag_details");
    put_dag(a, json, d);
    put_time(json, "last_parsed", parsed_ms(a, d));
    put_number(json, "active_runs_count", d->running);
    put(json, "latest_dag_version", airflow_dag_version(a, d));
    reply_json(a->r, 200, json);
}

/* -- pausing ----------------------------------------------------------------------------------- */

static cJSON *pause_body(struct ask *a)
{
    static const char *const members[] = {"is_paused", NULL};
    AUTO(cJSON) body = airflow_body(a, members);
    if (!body || cJSON_IsBool(cJSON_GetObjectItemCaseSensitive(body, "is_paused")))
        return g_steal_pointer(&body);
    airflow_invalid(a, "missing", "body", "is_paused", "Field required", body);
    return NULL;
}

void airflow_patch_dag(struct ask *a)
{
    AUTO(cJSON) body = pause_body(a);
    struct dag *d = body ? airflow_dag(a) : NULL;
    if (!d)
        return;
    flows_pause(a->w, d, airflow_flag(body, "is_paused", false));
    reply_json(a->r, 200, dag_json(a, d));
}

/* All that match, whatever the limit; the answer has a page of them. */
void airflow_patch_dags(struct ask *a)
{
    AUTO(cJSON) body = pause_body(a);
    struct page page;
    g_autoptr(GPtrArray) dags = body && airflow_page(a, &page) ? find_dags(a) : NULL;
    if (!dags)
        return;
    cJSON *json = shape("airflow_dags"), *array = cJSON_CreateArray();
    for (guint i = 0; i < dags->len; i++) {
        struct dag *d = g_ptr_array_index(dags, i);
        flows_pause(a->w, d, airflow_flag(body, "is_paused", false));
        if (i >= page.offset && i < page.offset + page.limit)
            cJSON_AddItemToArray(array, dag_json(a, d));
    }
    put(json, "dags", array);
    put_number(json, "total_entries", dags->len);
    reply_json(a->r, 200, json);
}

/* -- tasks ------------------------------------------------------------------------------------- */

static cJSON *task_json(const struct dag *d, guint i)
{
    const struct task *t = &d->plan->tasks[i];
    cJSON *json = shape("airflow_task"), *next = cJSON_CreateArray();
    for (guint k = i + 1; k < d->plan->count; k++)
        if (d->plan->tasks[k].after & 1u << i)
            cJSON_AddItemToArray(next, cJSON_CreateString(d->plan->tasks[k].id));
    put_text(json, "task_id", t->id);
    put_text(json, "task_display_name", t->id);
    put_text(json, "owner", d->owner);
    put_number(json, "retries", t->retries);
    put_text(json, "pool", t->pool ? t->pool : "default_pool");
    put_number(json, "retry_delay.seconds", t->retry_delay_s ? t->retry_delay_s : 300);
    put(json, "downstream_task_ids", next);
    put_text(json, "operator_name", t->operator_name);
    put_text(json, "class_ref.class_name", t->operator);
    put_bool(json, "is_mapped", t->mapped > 0);
    return json;
}

void airflow_list_tasks(struct ask *a)
{
    const struct dag *d = airflow_dag(a);
    if (!d)
        return;
    cJSON *json = shape("airflow_tasks"), *array = cJSON_CreateArray();
    for (guint i = 0; i < d->plan->count; i++)
        cJSON_AddItemToArray(array, task_json(d, i));
    put(json, "tasks", array);
    put_number(json, "total_entries", d->plan->count);
    reply_json(a->r, 200, json);
}

void airflow_get_task(struct ask *a)
{
    const struct dag *d = airflow_dag(a);
    const char *id = airflow_after(a, "tasks");
    int task = d ? plan_task(d->plan, id) : -1;
    if (d && task < 0)
        airflow_refuse(a, 404, "Task with id %s was not found", id);
    else if (d)
        reply_json(a->r, 200, task_json(d, (guint)task));
}

/* -- pools and import errors ------------------------------------------------------------------- */

static cJSON *pool_json(const struct pool *p)
{
    cJSON *json = shape("airflow_pool");
    int occupied = p->queued + p->running;
    put_text(json, "name", p->name);
    put_number(json, "slots", p->slots);
    put_text(json, "description", p->about);
    put_number(json, "occupied_slots", occupied);
    put_number(json, "running_slots", p->running);
    put_number(json, "queued_slots", p->queued);
    put_number(json, "scheduled_slots", p->scheduled);
    put_number(json, "open_slots", p->slots - occupied);
    put_number(json, "deferred_slots", p->deferred);
    return json;
}

void airflow_list_pools(struct ask *a)
{
    struct page page;
    if (!airflow_page(a, &page))
        return;
    cJSON *json = shape("airflow_pools"), *array = cJSON_CreateArray();
    for (int64_t i = page.offset; i < FLOWS_POOLS && i < page.offset + page.limit; i++)
        cJSON_AddItemToArray(array, pool_json(&a->f->pool[i]));
    put(json, "pools", array);
    put_number(json, "total_entries", FLOWS_POOLS);
    reply_json(a->r, 200, json);
}

void airflow_get_pool(struct ask *a)
{
    const char *name = airflow_after(a, "pools");
    const struct pool *p = flows_pool(a->f, name);
    if (strcmp(p->name, name) == 0)
        reply_json(a->r, 200, pool_json(p));
    else
        airflow_refuse(a, 404, "The Pool with name: `%s` was not found", name);
}

static cJSON *import_error_json(const struct dag *d)
{
    cJSON *json = shape("airflow_import_error");
    g_autofree char *file = g_strconcat(d->id, ".py", NULL);
    g_autofree char *trace = g_strdup_printf(
        "Traceback (most recent call last):\n"
        "  File \"<frozen importlib._bootstrap>\", line 241, in _call_with_frames_removed\n"
        "  File \"" FILE_DIR "%s\", line 7, in <module>\n"
        "    from platform_utils.%s import helpers\n"
        "ModuleNotFoundError: No module named 'platform_utils.%s'\n",
        file, d->id, d->id);
    put_number(json, "import_error_id", d->index + 1);
    put_time(json, "timestamp", d->import_ms);
    put_text(json, "filename", file);
    put_text(json, "bundle_name", "dags-folder");
    put_text(json, "stack_trace", trace);
    return json;
}

void airflow_list_import_errors(struct ask *a)
{
    struct page page;
    if (!airflow_page(a, &page))
        return;
    cJSON *json = shape("airflow_import_errors"), *array = cJSON_CreateArray();
    int64_t n = 0;
    for (guint i = 0; i < a->f->dags->len; i++) {
        const struct dag *d = g_ptr_array_index(a->f->dags, i);
        if (d->import_ms == FLOWS_NONE)
            continue;
        if (n >= page.offset && n < page.offset + page.limit)
            cJSON_AddItemToArray(array, import_error_json(d));
        n++;
    }
    put(json, "import_errors", array);
    put_number(json, "total_entries", (double)n);
    reply_json(a->r, 200, json);
}
