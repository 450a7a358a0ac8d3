/* Task instances: lists, single ones, their tries, and why they wait. */
#include "airflow_answers.h"

#include <stdlib.h>
#include <string.h>

#include "quantity.h"

#define BATCH_DEFAULT 100
#define BEAT_MS       5000 /* a running task is updated so often */

/* What lists filter by. */
struct times {
    int64_t after_ms, logical_ms, start_ms, end_ms, updated_ms;
};

static const struct time_field fields[] = {
    {"run_after", offsetof(struct times, after_ms)},
    {"logical_date", offsetof(struct times, logical_ms)},
    {"start_date", offsetof(struct times, start_ms)},
    {"end_date", offsetof(struct times, end_ms)},
    {"updated_at", offsetof(struct times, updated_ms)},
    {0},
};

/* -- one as JSON ------------------------------------------------------------------------------- */

static guint64 ti_number(const struct run *r, const struct ti *t, int try)
{
    return (((guint64)r->serial * 16 + t->task) * 128 + (guint)(t->map + 1)) * 64 + (guint)try;
}

/* Tasks that follow it, itself included: the weight rule "downstream". */
static int weight_of(const struct plan *p, guint task)
{
    int n = 1;
    for (guint i = task + 1; i < p->count; i++)
        n += plan_follows(p, i, task);
    return n;
}

static cJSON *rendered(const struct plan *p, const struct ti *t)
{
    const struct task *task = &p->tasks[t->task];
    cJSON *json = cJSON_CreateObject();
    if (t->now.start_ms == FLOWS_NONE)
        return json;
    if (task->work == WORK_DEFER) {
        cJSON_AddStringToObject(json, "delta", "0:01:30");
        return json;
    }
    cJSON_AddNullToObject(json, "templates_dict");
    cJSON *list = cJSON_AddArrayToObject(json, "op_args");
    for (guint i = 0; i < t->task; i++)
        if ((task->after & 1u << i) && p->tasks[i].mapped)
            cJSON_AddItemToArray(
                list, cJSON_CreateString("LazyXComSequence(<unevaluated length>)"));
    cJSON *args = cJSON_AddObjectToObject(json, "op_kwargs");
    if (t->map >= 0)
        cJSON_AddNumberToObject(args, "i", t->map);
    return json;
}

/* What a task instance and a try of it have both. */
static void put_try(const struct ask *a, cJSON *json, const struct run *r, const struct ti *t,
    const struct attempt *try)
{
    const struct task *task = &r->dag->plan->tasks[t->task];
    put_text(json, "task_id", task->id);
    put_text(json, "dag_id", r->dag->id);
    put_text(json, "dag_run_id", r->id);
    put_number(json, "map_index", t->map);
    put_time(json, "start_date", try->start_ms);
    put_time(json, "end_date", try->end_ms);
    put_duration(json, "duration", try->start_ms, try->end_ms);
    put_text(json, "state", ti_state_name(try->state));
    put_number(json, "try_number", try->number);
    put_number(json, "max_tries", t->max_tries);
    put_text(json, "task_display_name", task->id);
    put_text(json, "dag_display_name", r->dag->id);
    put_text(json, "hostname", flows_host(a->w, try->machine));
    put_text(json, "unixname", "airflow");
    put_text(json, "pool", task->pool ? task->pool : "default_pool");
    put_number(json, "priority_weight", weight_of(r->dag->plan, t->task));
    put_text(json, "operator", task->operator);
    put_text(json, "operator_name", task->operator_name);
    put_time(json, "queued_when", try->queued_ms);
    put_time(json, "scheduled_when", try->scheduled_ms);
    put(json, "pid", try->pid ? cJSON_CreateNumber(try->pid) : cJSON_CreateNull());
    put(json, "dag_version", airflow_dag_version(a, r->dag));
}

static void put_trigger(const struct ask *a, cJSON *json, const struct ti *t)
{
    cJSON *trigger = shape("airflow_trigger"), *job = shape("airflow_triggerer_job");
    int64_t now = a->w->now_ms;
    put_time(trigger, "created_date", t->now.end_ms);
    put_time(job, "start_date", a->f->begin_ms - 86400000);
    put_time(job, "latest_heartbeat", now - now % 5000);
    put(json, "trigger", trigger);
    put(json, "triggerer_job", job);
}

cJSON *airflow_ti_json(const struct ask *a, const struct run *r, const struct ti *t)
{
    cJSON *json = shape("airflow_task_instance");
    put_try(a, json, r, t, &t->now);
    put_uuid(json, "id", r->dag, r->head.after_ms, ti_number(r, t, t->now.number));
    put_time(json, "logical_date", r->head.logical_ms);
    put_time(json, "run_after", r->head.after_ms);
    put_text(json, "note", t->note);
    put(json, "rendered_fields", rendered(r->dag->plan, t));
    g_autofree char *item = t->map >= 0 ? g_strdup_printf("item %d", t->map) : NULL;
    put_text(json, "rendered_map_index", item);
    if (t->now.state == TI_DEFERRED)
        put_trigger(a, json, t);
    return json;
}

/* -- lists ------------------------------------------------------------------------------------- */

struct list {
    guint states; /* bits of enum ti_state; 0: any */
    GArray *bounds;
    GPtrArray *tasks, *pools; /* names, or NULL: any */
    int map;                  /* -2: any */
    const char *order;
    int64_t limit, offset;
};

/* One that is in the list, and what it is sorted by. */
struct found {
    const struct run *run;
    const struct ti *ti;
    int64_t key;
    guint order; /* in which it was found */
};

static bool is_among(const GPtrArray *names, const char *name)
{
    for (guint i = 0; names && i < names->len; i++)
        if (strcmp(g_ptr_array_index(names, i), name) == 0)
            return true;
    return !names;
}

static struct times times_of(const struct ask *a, const struct run *r, const struct ti *t)
{
    int64_t now = a->w->now_ms;
    bool runs = t->now.state == TI_RUNNING && t->lost_ms == FLOWS_NONE;
    struct times x = {r->head.after_ms, r->head.logical_ms, t->now.start_ms, t->now.end_ms, 0};
    x.updated_ms = runs                             ? now - now % BEAT_MS
                   : x.end_ms != FLOWS_NONE         ? x.end_ms
                   : t->now.queued_ms != FLOWS_NONE ? t->now.queued_ms
                                                    : r->head.queued_ms;
    return x;
}

static bool order_key(
    const char *order, const struct run *r, const struct ti *t, const struct times *x, int64_t *key)
{
    bool down = *order == '-';
    const char *name = order + down;
    int64_t value = FLOWS_NONE;
    const struct time_field *f = fields;
    while (f->name && strcmp(f->name, name) != 0)
        f++;
    if (f->name)
        value = G_STRUCT_MEMBER(int64_t, x, f->offset);
    else if (strcmp(name, "map_index") == 0)
        value = t->map;
    else if (strcmp(name, "try_number") == 0)
        value = t->now.number;
    else if (strcmp(name, "id") == 0)
        value = (int64_t)ti_number(r, t, 0);
    else if (strcmp(name, "state") == 0)
        value = t->now.state;
    else if (strcmp(name, "duration") == 0)
        value = x->end_ms == FLOWS_NONE ? FLOWS_NONE : x->end_ms - x->start_ms;
    else
        return false;
    *key = value == FLOWS_NONE ? INT64_MAX : down ? -value : value;
    return true;
}

static void add_wanted(const struct ask *a, const struct list *l, const struct run *r, GArray *out)
{
    for (guint i = 0; i < r->count; i++) {
        const struct ti *t = &r->ti[i];
        const struct task *task = &r->dag->plan->tasks[t->task];
        if ((l->states && !(l->states & 1u << t->now.state)) || (l->map > -2 && l->map != t->map) ||
            !is_among(l->tasks, task->id) ||
            !is_among(l->pools, task->pool ? task->pool : "default_pool"))
            continue;
        struct times x = times_of(a, r, t);
        struct found one = {r, t, 0, out->len};
        order_key(l->order, r, t, &x, &one.key);
        if (airflow_is_within(l->bounds, &x))
            g_array_append_val(out, one);
    }
}

static gint found_compare(gconstpointer pa, gconstpointer pb)
{
    const struct found *a = pa, *b = pb;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

static void free_run(gpointer r)
{
    run_free(r);
}

static void reply_list(struct ask *a, const struct list *l, const GPtrArray *runs)
{
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(struct found));
    for (guint i = 0; i < runs->len; i++)
        add_wanted(a, l, g_ptr_array_index(runs, i), found);
    g_array_sort(found, found_compare);
    cJSON *json = shape("airflow_task_instances"), *array = cJSON_CreateArray();
    for (int64_t i = l->offset; i < found->len && i < l->offset + l->limit; i++) {
        const struct found *one = &g_array_index(found, struct found, i);
        cJSON_AddItemToArray(array, airflow_ti_json(a, one->run, one->ti));
    }
    put(json, "task_instances", array);
    put_number(json, "total_entries", found->len);
    reply_json(a->r, 200, json);
}

void airflow_reply_tis(struct ask *a, const GPtrArray *pairs)
{
    cJSON *json = shape("airflow_task_instances"), *array = cJSON_CreateArray();
    for (guint i = 0; i + 1 < pairs->len; i += 2)
        cJSON_AddItemToArray(array,
            airflow_ti_json(a, g_ptr_array_index(pairs, i), g_ptr_array_index(pairs, i + 1)));
    put(json, "task_instances", array);
    put_number(json, "total_entries", pairs->len / 2);
    reply_json(a->r, 200, json);
}

/* -- which runs -------------------------------------------------------------------------------- */

/* What can only be in runs that move. */
static bool is_active_only(const struct list *l)
{
    guint over = 1u << TI_SUCCESS | 1u << TI_FAILED | 1u << TI_SKIPPED | 1u << TI_UPSTREAM_FAILED;
    return l->states && !(l->states & over);
}

/* All runs of the DAGs; those of the past are made, which is dear. */
static void add_all(
    struct ask *a, const GPtrArray *dags, const struct list *l, GPtrArray *runs, GPtrArray *made)
{
    bool good = l->states && !(l->states & 1u << TI_SUCCESS);
    for (guint i = 0; i < dags->len; i++) {
        g_autoptr(GArray) items = g_array_new(FALSE, FALSE, sizeof(struct item));
        airflow_items(g_ptr_array_index(dags, i), items);
        for (guint k = 0; k < items->len; k++) {
            const struct item *item = &g_array_index(items, struct item, k);
            struct run_head head;
            item_head(item, &head);
            if (!item->live && good && head.state == RUN_SUCCESS)
                continue; /* all its tasks went well */
            struct run *r = item->live ? item->live : past_run(a->f, item->dag, item->number);
            g_ptr_array_add(runs, r);
            if (!item->live)
                g_ptr_array_add(made, r);
        }
    }
}

/* The runs that have one of the ids, of each DAG: names are crossed with names. */
static void add_named(
    struct ask *a, const GPtrArray *dags, const GPtrArray *ids, GPtrArray *runs, GPtrArray *made)
{
    g_autoptr(GHashTable) set = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GArray) dates = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = 0; i < ids->len; i++) {
        int64_t ms = run_scheduled_ms(g_ptr_array_index(ids, i));
        g_hash_table_add(set, g_ptr_array_index(ids, i));
        g_array_append_val(dates, ms);
    }
    for (guint i = 0; i < dags->len; i++) {
        struct dag *d = g_ptr_array_index(dags, i);
        for (guint k = 0; k < d->runs->len; k++) {
            struct run *r = g_ptr_array_index(d->runs, k);
            if (g_hash_table_contains(set, r->id))
                g_ptr_array_add(runs, r);
        }
        for (guint k = 0; k < dates->len; k++) {
            int number = past_number(d, g_array_index(dates, int64_t, k));
            if (number == 0 || past_is_kept(d, number))
                continue;
            g_ptr_array_add(made, past_run(a->f, d, number));
            g_ptr_array_add(runs, g_ptr_array_index(made, made->len - 1));
        }
    }
}

/* dags, ids: NULL is all. */
static void answer_list(
    struct ask *a, const GPtrArray *dags, const GPtrArray *ids, const struct list *l)
{
    g_autoptr(GPtrArray) runs = g_ptr_array_new();
    g_autoptr(GPtrArray) made = g_ptr_array_new_with_free_func(free_run);
    if (ids)
        add_named(a, dags ? dags : a->f->dags, ids, runs, made);
    else if (!dags && is_active_only(l))
        g_ptr_array_extend(runs, a->f->active, NULL, NULL);
    else
        add_all(a, dags ? dags : a->f->dags, l, runs, made);
    reply_list(a, l, runs);
}

/* -- what is asked for ------------------------------------------------------------------------- */

static bool take_state(struct list *l, const char *name)
{
    static const char *const absent[] = {"restarting", "awaiting_input", "removed", NULL};
    for (guint i = 0; i < TI_STATES; i++) {
        const char *known = ti_state_name((enum ti_state)i);
        if (strcmp(known ? known : "none", name) != 0)
            continue;
        l->states |= 1u << i;
        return true;
    }
    l->states |= 1u << TI_STATES; /* which none is in */
    return g_strv_contains(absent, name);
}

static bool take_states(struct ask *a, struct list *l, const GPtrArray *names)
{
    for (guint i = 0; names && i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        if (!take_state(l, name ? name : "none"))
            return airflow_refuse(a, 422,
                "Invalid value for state. Valid values are removed, scheduled, queued, running, "
                "success, restarting, failed, up_for_retry, up_for_reschedule, upstream_failed, "
                "skipped, deferred, awaiting_input");
    }
    return true;
}

static bool take_order(struct ask *a, struct list *l, const char *order)
{
    const struct ti t = {.map = -1};
    const struct run r = {0};
    const struct times x = {0};
    int64_t key;
    l->order = order ? order : "map_index";
    return order_key(l->order, &r, &t, &x, &key) || airflow_no_order(a, order);
}

/* The list of a GET; of one task when task is not NULL. */
static void list_tis(struct ask *a, const char *task)
{
    const char *dag = airflow_after(a, "dags"), *run = airflow_after(a, "dagRuns");
    g_autoptr(GPtrArray) dags = g_ptr_array_new(), ids = g_ptr_array_new();
    g_autoptr(GPtrArray) tasks = g_ptr_array_new();
    AUTO(run) made = NULL;
    struct page page;
    bool all_dags = strcmp(dag, "~") == 0, all_runs = strcmp(run, "~") == 0;
    struct dag *d = all_dags ? NULL : airflow_dag(a);
    if ((!all_dags && !d) || (!all_runs && d && !airflow_run(a, &made)) || !airflow_page(a, &page))
        return;
    g_ptr_array_add(dags, d);
    g_ptr_array_add(ids, (gpointer)run);
    g_ptr_array_add(tasks, (gpointer)task);
    const GPtrArray *named = airflow_values(a, "task_id");
    struct list l = {.limit = page.limit,
        .offset = page.offset,
        .map = (int)request_number(a->q, "map_index", -2),
        .tasks = task ? tasks : (GPtrArray *)named,
        .pools = (GPtrArray *)airflow_values(a, "pool"),
        .bounds = airflow_bounds(a, NULL, fields)};
    if (take_states(a, &l, airflow_values(a, "state")) &&
        take_order(a, &l, request_query(a->q, "order_by")))
        answer_list(a, all_dags ? NULL : dags, all_runs ? NULL : ids, &l);
    g_array_unref(l.bounds);
}

void airflow_list_tis(struct ask *a)
{
    list_tis(a, NULL);
}

void airflow_list_mapped(struct ask *a)
{
    list_tis(a, airflow_after(a, "taskInstances"));
}

static int64_t number_of(const cJSON *body, const char *member, int64_t fallback)
{
    const cJSON *n = cJSON_GetObjectItemCaseSensitive(body, member);
    return cJSON_IsNumber(n) ? (int64_t)n->valuedouble : fallback;
}

static GPtrArray *find_dags(const struct ask *a, const GPtrArray *ids)
{
    GPtrArray *dags = g_ptr_array_new();
    for (guint i = 0; i < ids->len; i++) {
        struct dag *d = flows_find(a->f, g_ptr_array_index(ids, i));
        if (d)
            g_ptr_array_add(dags, d);
    }
    return dags;
}

void airflow_list_tis_batch(struct ask *a)
{
    static const char *const members[] = {"dag_ids", "dag_run_ids", "task_ids", "state", "pool",
        "queue", "executor", "order_by", "page_limit", "page_offset", "run_after_gte",
        "run_after_gt", "run_after_lte", "run_after_lt", "logical_date_gte", "logical_date_gt",
        "logical_date_lte", "logical_date_lt", "start_date_gte", "start_date_gt", "start_date_lte",
        "start_date_lt", "end_date_gte", "end_date_gt", "end_date_lte", "end_date_lt",
        "duration_gte", "duration_gt", "duration_lte", "duration_lt", NULL};
    AUTO(cJSON) body = airflow_body(a, members);
    if (!body)
        return;
    g_autoptr(GPtrArray) dag_ids = airflow_texts(body, "dag_ids");
    g_autoptr(GPtrArray) ids = airflow_texts(body, "dag_run_ids");
    g_autoptr(GPtrArray) tasks = airflow_texts(body, "task_ids");
    g_autoptr(GPtrArray) pools = airflow_texts(body, "pool");
    g_autoptr(GPtrArray) states = airflow_texts(body, "state");
    g_autoptr(GPtrArray) dags = dag_ids ? find_dags(a, dag_ids) : NULL;
    struct list l = {.limit = number_of(body, "page_limit", BATCH_DEFAULT),
        .offset = number_of(body, "page_offset", 0),
        .map = -2,
        .tasks = tasks,
        .pools = pools,
        .bounds = airflow_bounds(a, body, fields)};
    if (take_states(a, &l, states) && take_order(a, &l, airflow_text(body, "order_by")))
        answer_list(a, dags, ids, &l);
    g_array_unref(l.bounds);
}

/* -- single ones ------------------------------------------------------------------------------- */

void airflow_get_ti(struct ask *a)
{
    AUTO(run) made = NULL;
    struct run *r = airflow_run(a, &made);
    const struct ti *t = r ? airflow_ti(a, r) : NULL;
    if (t)
        reply_json(a->r, 200, airflow_ti_json(a, r, t));
}

static cJSON *try_json(
    const struct ask *a, const struct run *r, const struct ti *t, const struct attempt *try)
{
    cJSON *json = shape("airflow_try");
    put_try(a, json, r, t, try);
    return json;
}

/* The tries before and the newest one, by index; NULL behind the last. */
static const struct attempt *try_at(const struct ti *t, guint i)
{
    guint before = t->before ? t->before->len : 0;
    if (i < before)
        return &g_array_index(t->before, struct attempt, i);
    bool cleared =
        before > 0 && g_array_index(t->before, struct attempt, before - 1).number == t->now.number;
    return i == before && t->now.number > 0 && !cleared ? &t->now : NULL;
}

void airflow_list_tries(struct ask *a)
{
    AUTO(run) made = NULL;
    struct run *r = airflow_run(a, &made);
    const struct ti *t = r ? airflow_ti(a, r) : NULL;
    if (!t)
        return;
    cJSON *json = shape("airflow_tries"), *array = cJSON_CreateArray();
    guint n = 0;
    for (const struct attempt *try; (try = try_at(t, n)); n++)
        cJSON_AddItemToArray(array, try_json(a, r, t, try));
    put(json, "task_instances", array);
    put_number(json, "total_entries", n);
    reply_json(a->r, 200, json);
}

void airflow_get_try(struct ask *a)
{
    AUTO(run) made = NULL;
    struct run *r = airflow_run(a, &made);
    const struct ti *t = r ? airflow_ti(a, r) : NULL;
    gint64 number = 0;
    if (!t)
        return;
    g_ascii_string_to_signed(airflow_after(a, "tries"), 10, 0, G_MAXINT32, &number, NULL);
    for (guint i = 0; try_at(t, i); i++) {
        if (try_at(t, i)->number != number)
            continue;
        reply_json(a->r, 200, try_json(a, r, t, try_at(t, i)));
        return;
    }
    airflow_refuse(a, 404,
        "The Task Instance with dag_id: `%s`, run_id: `%s`, task_id: `%s`, try_number: `%s` and "
        "map_index: `%d` was not found",
        r->dag->id, r->id, airflow_after(a, "taskInstances"), airflow_after(a, "tries"), t->map);
}

/* -- why it waits ------------------------------------------------------------------------------ */

static void add_reason(cJSON *array, const char *name, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void add_reason(cJSON *array, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    cJSON *json = shape("airflow_dependency");
    put_text(json, "name", name);
    put_text(json, "reason", text);
    cJSON_AddItemToArray(array, json);
}

static void add_upstream(cJSON *array, const struct run *r, const struct ti *t)
{
    const struct plan *p = r->dag->plan;
    g_autoptr(GString) names = g_string_new(NULL);
    int open = 0;
    for (guint i = 0; i < r->count; i++) {
        const struct ti *other = &r->ti[i];
        if (!(p->tasks[t->task].after & 1u << other->task) || other->now.state == TI_SUCCESS)
            continue;
        g_string_append_printf(names, "%s'%s'", open++ ? ", " : "", p->tasks[other->task].id);
    }
    if (open)
        add_reason(array, "Trigger Rule",
            "Task's trigger rule 'all_success' requires all upstream tasks to have succeeded, but "
            "found %d non-success(es). upstream_task_ids={%s}",
            open, names->str);
}

static void add_times(struct ask *a, cJSON *array, const struct ti *t)
{
    g_autoptr(GString) until = g_string_new(NULL), now = g_string_new(NULL);
    quantity_append_iso(until, t->until_ms);
    quantity_append_iso(now, a->w->now_ms);
    if (t->now.state == TI_UP_FOR_RETRY)
        add_reason(array, "Not In Retry Period",
            "Task is not ready for retry yet but will be retried automatically. Current date is %s "
            "and task will be retried at %s.",
            now->str, until->str);
    if (t->now.state == TI_UP_FOR_RESCHEDULE)
        add_reason(array, "Ready To Reschedule",
            "Task is not ready for reschedule yet but will be rescheduled automatically. Current "
            "date is %s and task will be rescheduled at %s.",
            now->str, until->str);
}

void airflow_list_dependencies(struct ask *a)
{
    AUTO(run) made = NULL;
    struct run *r = airflow_run(a, &made);
    const struct ti *t = r ? airflow_ti(a, r) : NULL;
    if (!t)
        return;
    cJSON *json = shape("airflow_dependencies"), *array = cJSON_CreateArray();
    const struct pool *p = flows_pool(a->f, r->dag->plan->tasks[t->task].pool);
    int open = p->slots - p->queued - p->running;
    bool waits = !ti_is_over(t->now.state);
    if (waits && r->dag->paused)
        add_reason(array, "Dag Not Paused", "Task's DAG '%s' is paused.", r->dag->id);
    if (waits && r->head.state == RUN_QUEUED)
        add_reason(array, "Dagrun Running",
            "Task instance's dagrun was not in the 'running' state but in the state 'queued'.");
    if (t->now.state == TI_NONE)
        add_upstream(array, r, t);
    if (t->now.state == TI_SCHEDULED && open <= 0)
        add_reason(array, "Pool Slots Available",
            "Not scheduling since there are %d open slots in pool %s and require 1 pool slots",
            open, p->name);
    add_times(a, array, t);
    put(json, "dependencies", array);
    reply_json(a->r, 200, json);
}
