/* Runs: lists over all DAGs, which look at the heads of runs only, and single ones. */
#include "airflow_answers.h"

#include <stdlib.h>
#include <string.h>

#include "quantity.h"

#define BATCH_DEFAULT 100
#define CURSOR_TOTAL  50000 /* with a cursor no more are counted */

static const struct time_field times[] = {
    {"run_after", offsetof(struct run_head, after_ms)},
    {"logical_date", offsetof(struct run_head, logical_ms)},
    {"start_date", offsetof(struct run_head, start_ms)},
    {"end_date", offsetof(struct run_head, end_ms)},
    {"updated_at", offsetof(struct run_head, updated_ms)},
    {0},
};

/* -- items ------------------------------------------------------------------------------------- */

void item_head(const struct item *item, struct run_head *out)
{
    if (item->live)
        *out = item->live->head;
    else
        past_head(item->dag, item->number, out);
}

char *item_id(const struct item *item)
{
    struct run_head head;
    if (item->live)
        return g_strdup(item->live->id);
    past_head(item->dag, item->number, &head);
    return run_scheduled_id(head.after_ms);
}

static void add_live(struct dag *d, GArray *items)
{
    for (guint i = 0; i < d->runs->len; i++) {
        struct run *r = g_ptr_array_index(d->runs, i);
        struct item item = {.uid = ITEM_UID(d, r->serial), .dag = d, .live = r};
        g_array_append_val(items, item);
    }
}

static void add_past(struct dag *d, int from, int to, GArray *items)
{
    for (int n = from; n >= to; n--) {
        if (past_is_kept(d, n))
            continue;
        struct item item = {.uid = ITEM_UID(d, (guint)(d->past + n)), .dag = d, .number = n};
        g_array_append_val(items, item);
    }
}

void airflow_items(struct dag *d, GArray *items)
{
    add_live(d, items);
    add_past(d, -1, -d->past, items);
}

gint item_compare(gconstpointer pa, gconstpointer pb)
{
    const struct item *a = pa, *b = pb;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return (a->uid > b->uid) - (a->uid < b->uid);
}

void airflow_newest(struct dag *d, guint max, GArray *items)
{
    add_live(d, items);
    add_past(d, -1, -MIN((int)max, d->past), items);
    for (guint i = 0; i < items->len; i++) {
        struct item *item = &g_array_index(items, struct item, i);
        struct run_head head;
        item_head(item, &head);
        item->key = -head.after_ms;
    }
    g_array_sort(items, item_compare);
    if (items->len > max)
        g_array_set_size(items, max);
}

static bool order_value(
    const char *name, const struct item *item, const struct run_head *head, int64_t *value)
{
    static const char *const states[] = {"failed", "queued", "running", "success"};
    gsize offset = 0;
    for (const struct time_field *t = times; t->name; t++)
        if (strcmp(t->name, name) == 0)
            offset = t->offset;
    if (offset)
        *value = G_STRUCT_MEMBER(int64_t, head, offset);
    else if (strcmp(name, "id") == 0)
        *value = (int64_t)item->uid;
    else if (strcmp(name, "dag_id") == 0)
        *value = item->dag->index;
    else if (strcmp(name, "run_id") == 0 || strcmp(name, "dag_run_id") == 0)
        *value = head->after_ms + (head->manual ? 0 : INT64_MAX / 2);
    else if (strcmp(name, "duration") == 0)
        *value = head->end_ms == FLOWS_NONE ? FLOWS_NONE : head->end_ms - head->start_ms;
    else if (strcmp(name, "state") == 0)
        for (*value = 0; strcmp(states[*value], run_state_name(head->state)) != 0;)
            (*value)++;
    else
        return strcmp(name, "conf") == 0;
    return true;
}

/* What has no value comes last in both directions. */
bool item_key(const char *order, const struct item *item, const struct run_head *head, int64_t *key)
{
    bool down = order && *order == '-';
    int64_t value = 0;
    if (!order_value(order ? order + down : "id", item, head, &value))
        return false;
    *key = value == FLOWS_NONE ? INT64_MAX : down ? -value : value;
    return true;
}

/* -- one run as JSON --------------------------------------------------------------------------- */

static cJSON *conf_of(const struct run *r)
{
    cJSON *conf = r->conf ? cJSON_Parse(r->conf) : NULL;
    return conf ? conf : cJSON_CreateObject();
}

static void put_head(cJSON *json, const struct run_head *h)
{
    bool moves = h->state == RUN_RUNNING;
    put_time(json, "logical_date", h->logical_ms);
    put_time(json, "queued_at", h->queued_ms);
    put_time(json, "start_date", h->start_ms);
    put_time(json, "end_date", h->end_ms);
    put_duration(json, "duration", h->start_ms, h->end_ms);
    put_time(json, "data_interval_start", h->manual ? FLOWS_NONE : h->after_ms);
    put_time(json, "data_interval_end", h->manual ? FLOWS_NONE : h->after_ms);
    put_time(json, "run_after", h->after_ms);
    put_time(json, "last_scheduling_decision", moves ? h->updated_ms : h->end_ms);
    put_text(json, "run_type", h->manual ? "manual" : "scheduled");
    put_text(json, "state", run_state_name(h->state));
    put_text(json, "triggered_by", h->manual ? "rest_api" : "timetable");
}

cJSON *airflow_run_json(const struct ask *a, const struct run *r)
{
    cJSON *json = shape("airflow_run"), *versions = cJSON_CreateArray();
    put_text(json, "dag_run_id", r->id);
    put_text(json, "dag_id", r->dag->id);
    put_text(json, "dag_display_name", r->dag->id);
    put_head(json, &r->head);
    put_text(json, "triggering_user_name", r->user);
    put(json, "conf", conf_of(r));
    put_text(json, "note", r->note);
    cJSON_AddItemToArray(versions, airflow_dag_version(a, r->dag));
    put(json, "dag_versions", versions);
    return json;
}

static cJSON *item_json(const struct ask *a, const struct item *item)
{
    if (item->live)
        return airflow_run_json(a, item->live);
    struct run r = {.dag = item->dag};
    past_head(item->dag, item->number, &r.head);
    r.id = run_scheduled_id(r.head.after_ms);
    cJSON *json = airflow_run_json(a, &r);
    g_free(r.id);
    return json;
}

/* -- lists ------------------------------------------------------------------------------------- */

struct list {
    GPtrArray *dags;     /* struct dag, or NULL: all */
    guint states;        /* bits of enum run_state, 0: any */
    int type;            /* 0: any, 1: scheduled, 2: manual, 3: none */
    const char *id_part; /* of run_id_pattern, or NULL */
    GArray *bounds;
    const char *order;
    int64_t limit, offset;
    const char *cursor; /* NULL: by offset */
};

static void list_clear(struct list *l)
{
    g_clear_pointer(&l->dags, g_ptr_array_unref);
    g_clear_pointer(&l->bounds, g_array_unref);
}

static bool wants(const struct list *l, const struct item *item, const struct run_head *head)
{
    if (l->states && !(l->states & 1u << head->state))
        return false;
    if (l->type && l->type != (head->manual ? 2 : 1))
        return false;
    if (!airflow_is_within(l->bounds, head))
        return false;
    g_autofree char *id = l->id_part ? item_id(item) : NULL;
    return !id || strstr(id, l->id_part);
}

/* Takes out of items, from the first on, those that are not wanted. */
static void sift(const struct list *l, GArray *items, guint first)
{
    guint kept = first;
    for (guint i = first; i < items->len; i++) {
        struct item *item = &g_array_index(items, struct item, i);
        struct run_head head;
        item_head(item, &head);
        if (!wants(l, item, &head))
            continue;
        item_key(l->order, item, &head, &item->key);
        g_array_index(items, struct item, kept++) = *item;
    }
    g_array_set_size(items, kept);
}

static GArray *collect(struct ask *a, const struct list *l)
{
    GArray *items = g_array_new(FALSE, FALSE, sizeof(struct item));
    const GPtrArray *dags = l->dags ? l->dags : a->f->dags;
    guint moving = 1u << RUN_QUEUED | 1u << RUN_RUNNING;
    bool live_only = l->states && !(l->states & ~moving);
    for (guint i = 0; i < dags->len; i++) {
        struct dag *d = g_ptr_array_index(dags, i);
        guint first = items->len;
        if (live_only)
            add_live(d, items);
        else
            airflow_items(d, items);
        sift(l, items, first);
    }
    g_array_sort(items, item_compare);
    return items;
}

/* A cursor holds the order's key and the id of the last run that was given. */
static guint after_cursor(const GArray *items, const char *cursor)
{
    char *end;
    struct item last = {.key = g_ascii_strtoll(cursor, &end, 36)};
    if (*cursor == '\0' || *end != '.')
        return 0;
    last.uid = g_ascii_strtoull(end + 1, NULL, 10);
    guint n = 0;
    while (n < items->len && item_compare(&g_array_index(items, struct item, n), &last) <= 0)
        n++;
    return n;
}

static void put_cursor(cJSON *json, const struct list *l, const GArray *items, guint from, guint to)
{
    put_number(json, "total_entries", MIN((double)items->len, CURSOR_TOTAL));
    put_number(json, "total_entries_limit", CURSOR_TOTAL);
    if (to >= items->len || l->limit <= 0 || from >= to)
        return;
    const struct item *last = &g_array_index(items, struct item, to - 1);
    bool below = last->key < 0;
    guint64 left = below ? -(guint64)last->key : (guint64)last->key;
    char digits[16];
    guint n = sizeof digits;
    for (digits[--n] = '\0'; left > 0 || digits[n] == '\0'; left /= 36)
        digits[--n] = "0123456789abcdefghijklmnopqrstuvwxyz"[left % 36];
    g_autofree char *cursor =
        g_strdup_printf("%s%s.%" G_GUINT64_FORMAT, below ? "-" : "", &digits[n], last->uid);
    put_text(json, "next_cursor", cursor);
}

static void reply_list(struct ask *a, const struct list *l)
{
    g_autoptr(GArray) items = collect(a, l);
    guint from = l->cursor ? after_cursor(items, l->cursor) : (guint)MIN(l->offset, items->len);
    guint to = (guint)MIN(from + l->limit, items->len);
    cJSON *json = shape("airflow_runs"), *array = cJSON_CreateArray();
    for (guint i = from; i < to; i++)
        cJSON_AddItemToArray(array, item_json(a, &g_array_index(items, struct item, i)));
    put(json, "dag_runs", array);
    put_number(json, "total_entries", items->len);
    put_text(json, "next_cursor", NULL);
    if (l->cursor)
        put_cursor(json, l, items, from, to);
    reply_json(a->r, 200, json);
}

/* -- what is asked for ------------------------------------------------------------------------- */

static bool take_states(struct ask *a, struct list *l, const GPtrArray *names)
{
    enum run_state state;
    for (guint i = 0; names && i < names->len; i++) {
        if (!run_state_parse(g_ptr_array_index(names, i), &state))
            return airflow_refuse(a, 422,
                "Invalid value for state. Valid values are queued, running, success, failed");
        l->states |= 1u << state;
    }
    return true;
}

static bool take_order(struct ask *a, struct list *l, const char *order)
{
    const struct item item = {.dag = g_ptr_array_index(a->f->dags, 0)};
    const struct run_head head = {0};
    int64_t key;
    l->order = order;
    return item_key(order, &item, &head, &key) || airflow_no_order(a, order);
}

static int type_of(const char *name)
{
    if (!name)
        return 0;
    return strcmp(name, "scheduled") == 0 ? 1 : strcmp(name, "manual") == 0 ? 2 : 3;
}

/* "%text%" or "text": what the ids shall have in them. */
static char *part_of(const char *pattern)
{
    g_auto(GStrv) parts = pattern ? g_strsplit(pattern, "%", -1) : NULL;
    return pattern ? g_strjoinv("", parts) : NULL;
}

void airflow_list_runs(struct ask *a)
{
    const char *id = airflow_after(a, "dags");
    bool all = strcmp(id, "~") == 0;
    struct dag *d = all ? NULL : airflow_dag(a);
    struct page page;
    if ((!all && !d) || !airflow_page(a, &page))
        return;
    g_autofree char *part = part_of(request_query(a->q, "run_id_pattern"));
    struct list l = {.limit = page.limit,
        .offset = page.offset,
        .type = type_of(request_query(a->q, "run_type")),
        .id_part = part,
        .cursor = request_query(a->q, "cursor"),
        .bounds = airflow_bounds(a, NULL, times)};
    if (d) {
        l.dags = g_ptr_array_new();
        g_ptr_array_add(l.dags, d);
    }
    if (take_states(a, &l, airflow_values(a, "state")) &&
        take_order(a, &l, request_query(a->q, "order_by")))
        reply_list(a, &l);
    list_clear(&l);
}

static GPtrArray *dags_of(const struct ask *a, const cJSON *body)
{
    g_autoptr(GPtrArray) ids = airflow_texts(body, "dag_ids");
    if (!ids)
        return NULL;
    GPtrArray *dags = g_ptr_array_new();
    for (guint i = 0; i < ids->len; i++) {
        struct dag *d = flows_find(a->f, g_ptr_array_index(ids, i));
        if (d)
            g_ptr_array_add(dags, d);
    }
    return dags;
}

static int64_t number_of(const cJSON *body, const char *member, int64_t fallback)
{
    const cJSON *n = cJSON_GetObjectItemCaseSensitive(body, member);
    return cJSON_IsNumber(n) ? (int64_t)n->valuedouble : fallback;
}

void airflow_list_runs_batch(struct ask *a)
{
    static const char *const members[] = {"dag_ids", "states", "order_by", "page_limit",
        "page_offset", "run_after_gte", "run_after_gt", "run_after_lte", "run_after_lt",
        "logical_date_gte", "logical_date_gt", "logical_date_lte", "logical_date_lt",
        "start_date_gte", "start_date_gt", "start_date_lte", "start_date_lt", "end_date_gte",
        "end_date_gt", "end_date_lte", "end_date_lt", "duration_gte", "duration_gt", "duration_lte",
        "duration_lt", "conf_contains", "partition_key_pattern", NULL};
    AUTO(cJSON) body = airflow_body(a, members);
    if (!body)
        return;
    g_autoptr(GPtrArray) states = airflow_texts(body, "states");
    struct list l = {.limit = number_of(body, "page_limit", BATCH_DEFAULT),
        .offset = number_of(body, "page_offset", 0),
        .dags = dags_of(a, body),
        .bounds = airflow_bounds(a, body, times)};
    if (take_states(a, &l, states) && take_order(a, &l, airflow_text(body, "order_by")))
        reply_list(a, &l);
    list_clear(&l);
}

/* -- single runs ------------------------------------------------------------------------------- */

void airflow_get_run(struct ask *a)
{
    AUTO(run) made = NULL;
    const struct run *r = airflow_run(a, &made);
    if (r)
        reply_json(a->r, 200, airflow_run_json(a, r));
}

/* The 409 of a run id that is there already. */
static void no_second(struct ask *a)
{
    reply_json(a->r, 409, shape("airflow_error_conflict"));
}

void airflow_trigger(struct ask *a)
{
    static const char *const members[] = {"dag_run_id", "logical_date", "data_interval_start",
        "data_interval_end", "run_after", "conf", "note", "partition_key", "partition_date", NULL};
    AUTO(cJSON) body = airflow_body(a, members);
    if (!body)
        return;
    if (!cJSON_HasObjectItem(body, "logical_date")) {
        airflow_invalid(a, "missing", "body", "logical_date", "Field required", body);
        return;
    }
    struct dag *d = flows_find(a->f, airflow_after(a, "dags"));
    const char *id = airflow_text(body, "dag_run_id"), *date = airflow_text(body, "logical_date");
    const cJSON *given = cJSON_GetObjectItemCaseSensitive(body, "conf");
    AUTO(run) made = NULL;
    int64_t logical_ms = FLOWS_NONE;
    if (!d) {
        airflow_refuse(a, 404, "Dag with dag_id: '%s' not found", airflow_after(a, "dags"));
        return;
    }
    if (d->import_ms != FLOWS_NONE) {
        airflow_refuse(
            a, 400, "DAG with dag_id: '%s' has import errors and cannot be triggered", d->id);
        return;
    }
    if (id && flows_run(a->f, d, id, &made)) {
        no_second(a);
        return;
    }
    if (date)
        quantity_parse_time(date, &logical_ms);
    char *conf = cJSON_IsObject(given) ? cJSON_PrintUnformatted(given) : NULL;
    struct run *r = flows_trigger(a->w, d, id, logical_ms, conf);
    cJSON_free(conf);
    r->note = g_strdup(airflow_text(body, "note"));
    r->user = g_strdup(a->user);
    world_note(a->w, "%s triggers %s", a->user, d->id);
    reply_json(a->r, 200, airflow_run_json(a, r));
}

void airflow_patch_run(struct ask *a)
{
    static const char *const members[] = {"state", "note", NULL};
    AUTO(cJSON) body = airflow_body(a, members);
    AUTO(run) made = NULL;
    struct run *r = body ? airflow_run(a, &made) : NULL;
    if (!r)
        return;
    const cJSON *note = cJSON_GetObjectItemCaseSensitive(body, "note");
    const char *name = airflow_text(body, "state");
    enum run_state state = RUN_QUEUED;
    if (name && (!run_state_parse(name, &state) || state == RUN_RUNNING)) {
        airflow_invalid(a, "enum", "body", "state",
            "Input should be 'queued', 'success' or 'failed'",
            cJSON_GetObjectItemCaseSensitive(body, "state"));
        return;
    }
    made = NULL;
    r = flows_keep(a->f, r);
    if (note) {
        g_free(r->note);
        r->note = g_strdup(cJSON_GetStringValue(note));
        r->head.updated_ms = a->w->now_ms;
    }
    if (name) {
        flows_mark_run(a->w, r, state);
        world_note(a->w, "%s marks %s %s as %s", a->user, r->dag->id, r->id, name);
    }
    reply_json(a->r, 200, airflow_run_json(a, r));
}
