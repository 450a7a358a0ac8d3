/* The simulated Airflow: who may ask, what there is to ask for, and what all answers share. */
#include "airflow_answers.h"

#include <stdarg.h>
#include <string.h>

#include "quantity.h"

#define PAGE_DEFAULT 50
#define PAGE_MAX     100
#define TOKEN        "weir-sim-airflow"

/* -- errors ------------------------------------------------------------------------------------ */

bool airflow_refuse(struct ask *a, int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    cJSON *json = shape("airflow_error");
    put_text(json, "detail", text);
    reply_json(a->r, status, json);
    return false;
}

bool airflow_invalid(struct ask *a, const char *type, const char *where, const char *field,
    const char *message, const cJSON *input)
{
    cJSON *json = shape("airflow_invalid");
    cJSON *one = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "detail"), 0);
    cJSON *loc = cJSON_CreateArray();
    cJSON_AddItemToArray(loc, cJSON_CreateString(where));
    cJSON_AddItemToArray(loc, cJSON_CreateString(field));
    put_text(one, "type", type);
    put(one, "loc", loc);
    put_text(one, "msg", message);
    put(one, "input", input ? cJSON_Duplicate(input, true) : cJSON_CreateNull());
    reply_json(a->r, 422, json);
    return false;
}

bool airflow_no_order(struct ask *a, const char *order)
{
    return airflow_refuse(a, 400,
        "Ordering with '%s' is disallowed or the attribute does not exist on the model", order);
}

/* -- parts of requests ------------------------------------------------------------------------- */

static bool read_count(struct ask *a, const char *name, int64_t *value)
{
    const char *text = request_query(a->q, name);
    gint64 n;
    if (!text)
        return true;
    AUTO(cJSON) input = cJSON_CreateString(text);
    if (!g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &n, NULL))
        return airflow_invalid(a, "int_parsing", "query", name,
            "Input should be a valid integer, unable to parse string as an integer", input);
    if (n < 0)
        return airflow_invalid(a, "greater_than_equal", "query", name,
            "Input should be greater than or equal to 0", input);
    *value = n;
    return true;
}

bool airflow_page(struct ask *a, struct page *page)
{
    *page = (struct page){PAGE_DEFAULT, 0};
    if (!read_count(a, "limit", &page->limit) || !read_count(a, "offset", &page->offset))
        return false;
    page->limit = page->limit == 0 ? PAGE_DEFAULT : MIN(page->limit, PAGE_MAX);
    return true;
}

cJSON *airflow_body(struct ask *a, const char *const *members)
{
    AUTO(cJSON) json = cJSON_Parse(a->q->body);
    if (!cJSON_IsObject(json)) {
        airflow_invalid(a, "json_invalid", "body", "0", "JSON decode error", NULL);
        return NULL;
    }
    for (const cJSON *i = json->child; i; i = i->next) {
        if (g_strv_contains(members, i->string))
            continue;
        airflow_invalid(
            a, "extra_forbidden", "body", i->string, "Extra inputs are not permitted", i);
        return NULL;
    }
    return g_steal_pointer(&json);
}

GPtrArray *airflow_texts(const cJSON *body, const char *member)
{
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(body, member);
    if (!cJSON_IsArray(array))
        return NULL;
    GPtrArray *texts = g_ptr_array_new();
    for (const cJSON *i = array->child; i; i = i->next)
        if (cJSON_IsString(i))
            g_ptr_array_add(texts, i->valuestring);
    return texts;
}

const GPtrArray *airflow_values(const struct ask *a, const char *name)
{
    return g_hash_table_lookup(a->q->query, name);
}

const char *airflow_text(const cJSON *body, const char *member)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, member));
}

bool airflow_flag(const cJSON *body, const char *member, bool fallback)
{
    const cJSON *flag = cJSON_GetObjectItemCaseSensitive(body, member);
    return cJSON_IsBool(flag) ? cJSON_IsTrue(flag) != 0 : fallback;
}

const char *airflow_after(const struct ask *a, const char *segment)
{
    for (guint i = 0; i + 1 < a->q->parts; i++)
        if (strcmp(a->q->part[i], segment) == 0)
            return a->q->part[i + 1];
    return NULL;
}

struct dag *airflow_dag(struct ask *a)
{
    const char *id = airflow_after(a, "dags");
    struct dag *d = flows_find(a->f, id);
    if (!d)
        airflow_refuse(a, 404, "The Dag with ID: `%s` was not found", id);
    return d;
}

struct run *airflow_run(struct ask *a, struct run **made)
{
    const char *dag = airflow_after(a, "dags"), *id = airflow_after(a, "dagRuns");
    struct dag *d = flows_find(a->f, dag);
    *made = NULL;
    struct run *r = d ? flows_run(a->f, d, id, made) : NULL;
    if (!r)
        airflow_refuse(
            a, 404, "The DagRun with dag_id: `%s` and run_id: `%s` was not found", dag, id);
    return r;
}

/* The index stands in the path behind the task, or is a parameter (of logs). */
static int64_t map_index(const struct ask *a)
{
    gint64 n = request_number(a->q, "map_index", -1);
    for (guint i = 0; i + 2 < a->q->parts; i++)
        if (strcmp(a->q->part[i], "taskInstances") == 0)
            g_ascii_string_to_signed(a->q->part[i + 2], 10, -1, G_MAXINT32, &n, NULL);
    return n;
}

struct ti *airflow_ti(struct ask *a, struct run *r)
{
    const char *id = airflow_after(a, "taskInstances");
    int task = plan_task(r->dag->plan, id);
    int64_t map = map_index(a);
    for (guint i = 0; task >= 0 && i < r->count; i++)
        if ((int)r->ti[i].task == task && r->ti[i].map == map)
            return &r->ti[i];
    if (task >= 0 && r->dag->plan->tasks[task].mapped && map < 0)
        airflow_refuse(a, 404, "Task instance is mapped, add the map_index value to the URL");
    else
        airflow_refuse(a, 404,
            "The Task Instance with dag_id: `%s`, run_id: `%s` and task_id: `%s` was not found",
            r->dag->id, r->id, id);
    return NULL;
}

/* -- bounds ------------------------------------------------------------------------------------ */

/* Exclusive bounds are inclusive ones of the next millisecond. */
static void read_bound(struct ask *a, const cJSON *body, const char *field, struct bound *b)
{
    static const struct {
        const char *suffix;
        int64_t plus;
        bool from;
    } kinds[] = {{"_gte", 0, true}, {"_gt", 1, true}, {"_lte", 0, false}, {"_lt", -1, false}};
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *name = g_strconcat(field, kinds[i].suffix, NULL);
        const char *text = body ? airflow_text(body, name) : request_query(a->q, name);
        int64_t ms;
        if (!text || !quantity_parse_time(text, &ms))
            continue;
        if (kinds[i].from)
            b->from_ms = ms + kinds[i].plus;
        else
            b->to_ms = ms + kinds[i].plus;
    }
}

GArray *airflow_bounds(struct ask *a, const cJSON *body, const struct time_field *fields)
{
    GArray *bounds = g_array_new(FALSE, FALSE, sizeof(struct bound));
    for (; fields->name; fields++) {
        struct bound b = {fields->offset, FLOWS_NONE, INT64_MAX};
        read_bound(a, body, fields->name, &b);
        if (b.from_ms != FLOWS_NONE || b.to_ms != INT64_MAX)
            g_array_append_val(bounds, b);
    }
    return bounds;
}

bool airflow_is_within(const GArray *bounds, const void *object)
{
    for (guint i = 0; i < bounds->len; i++) {
        const struct bound *b = &g_array_index(bounds, struct bound, i);
        int64_t ms = G_STRUCT_MEMBER(int64_t, object, b->offset);
        if (ms == FLOWS_NONE || ms < b->from_ms || ms > b->to_ms)
            return false;
    }
    return true;
}

/* -- pieces of answers ------------------------------------------------------------------------- */

void put_duration(cJSON *object, const char *path, int64_t start_ms, int64_t end_ms)
{
    bool known = start_ms != FLOWS_NONE && end_ms != FLOWS_NONE;
    put(object, path,
        known ? cJSON_CreateNumber((double)(end_ms - start_ms) / 1000.0) : cJSON_CreateNull());
}

void put_uuid(cJSON *object, const char *path, const struct dag *d, int64_t at_ms, guint64 number)
{
    guint64 high = dag_hash(d, 400, number), low = dag_hash(d, 401, number);
    char text[37];
    g_snprintf(text, sizeof text, "%08x-%04x-7%03x-%04x-%012" G_GINT64_MODIFIER "x",
        (guint)((guint64)at_ms >> 16 & 0xffffffff), (guint)(at_ms & 0xffff), (guint)(high & 0xfff),
        (guint)(0x8000 | (high >> 16 & 0x3fff)), low & 0xffffffffffff);
    put_text(object, path, text);
}

cJSON *airflow_dag_version(const struct ask *a, const struct dag *d)
{
    cJSON *json = shape("airflow_dag_version");
    int64_t made_ms = a->f->begin_ms - (int64_t)(dag_hash(d, 402, 0) % 864000) * 1000;
    put_uuid(json, "id", d, made_ms, 0);
    put_text(json, "dag_id", d->id);
    put_text(json, "dag_display_name", d->id);
    put_text(json, "bundle_name", "dags-folder");
    put_number(json, "version_number", 1 + (double)(dag_hash(d, 403, 0) % 9));
    put_time(json, "created_at", made_ms);
    return json;
}

void drop_nulls(cJSON *object, const char *const *keep)
{
    cJSON *next;
    for (cJSON *i = object->child; i; i = next) {
        next = i->next;
        if (cJSON_IsNull(i) && !g_strv_contains(keep, i->string))
            cJSON_Delete(cJSON_DetachItemViaPointer(object, i));
    }
}

/* -- the server itself ------------------------------------------------------------------------- */

static void get_version(struct ask *a)
{
    reply_json(a->r, 200, shape("airflow_version"));
}

static void put_beat(cJSON *json, const char *path, int64_t at_ms)
{
    g_autoptr(GString) iso = g_string_new(NULL);
    quantity_append_iso(iso, at_ms);
    g_autofree char *text = g_strdup_printf("%.23s000+00:00", iso->str);
    put_text(json, path, text);
}

static void get_health(struct ask *a)
{
    cJSON *json = shape("airflow_health");
    int64_t beat_ms, now = a->w->now_ms;
    bool well = flows_scheduler_is_well(a->w, &beat_ms);
    put_text(json, "scheduler.status", well ? "healthy" : "unhealthy");
    put_beat(json, "scheduler.latest_scheduler_heartbeat", beat_ms);
    put_beat(json, "triggerer.latest_triggerer_heartbeat", now - now % 5000 - 2300);
    put_beat(json, "dag_processor.latest_dag_processor_heartbeat", now - now % 5000 - 900);
    reply_json(a->r, 200, json);
}

/* -- who asks ---------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum role role;
} users[] = {{"admin", ROLE_ADMIN}, {"op", ROLE_OP}, {"viewer", ROLE_VIEWER}};

static char *token_of(const struct world *w, const char *user)
{
    return g_strdup_printf(
        TOKEN ".%s.%016" G_GINT64_MODIFIER "x", user, (guint64)(world_chance(w, user, 77) * 1e15));
}

static void post_token(struct ask *a)
{
    static const char *const members[] = {"username", "password", NULL};
    AUTO(cJSON) body = airflow_body(a, members);
    if (!body)
        return;
    const char *user = airflow_text(body, "username"), *password = airflow_text(body, "password");
    for (guint i = 0; i < G_N_ELEMENTS(users); i++) {
        if (g_strcmp0(users[i].name, user) != 0 || g_strcmp0(user, password) != 0)
            continue;
        cJSON *json = shape("airflow_token");
        g_autofree char *token = token_of(a->w, user);
        put_text(json, "access_token", token);
        reply_json(a->r, 201, json);
        return;
    }
    airflow_refuse(a, 401, "Invalid credentials");
}

static bool sign_in(struct ask *a)
{
    const char *given = a->q->authorization;
    if (!given || g_ascii_strncasecmp(given, "Bearer ", 7) != 0)
        return airflow_refuse(a, 401, "Not authenticated");
    for (guint i = 0; i < G_N_ELEMENTS(users); i++) {
        g_autofree char *token = token_of(a->w, users[i].name);
        if (strcmp(token, given + 7) != 0)
            continue;
        a->role = users[i].role;
        a->user = users[i].name;
        return true;
    }
    return airflow_refuse(a, 403, "Invalid JWT token");
}

/* -- routes ------------------------------------------------------------------------------------ */

#define API  "/api/v2"
#define DAG  API "/dags/*"
#define RUN  DAG "/dagRuns/*"
#define TASK RUN "/taskInstances/*"

/* The first that fits counts. */
static const struct route {
    const char *method, *pattern;
    enum role role;
    void (*answer)(struct ask *a);
} routes[] = {
    {"GET", API "/version", ROLE_NOBODY, get_version},
    {"GET", API "/monitor/health", ROLE_NOBODY, get_health},
    {"POST", "/auth/token", ROLE_NOBODY, post_token},
    {"GET", API "/dags", ROLE_VIEWER, airflow_list_dags},
    {"PATCH", API "/dags", ROLE_OP, airflow_patch_dags},
    {"GET", "/ui/dags", ROLE_VIEWER, airflow_list_ui_dags},
    {"GET", API "/importErrors", ROLE_VIEWER, airflow_list_import_errors},
    {"GET", API "/pools", ROLE_VIEWER, airflow_list_pools},
    {"GET", API "/pools/*", ROLE_VIEWER, airflow_get_pool},
    {"GET", DAG, ROLE_VIEWER, airflow_get_dag},
    {"PATCH", DAG, ROLE_OP, airflow_patch_dag},
    {"GET", DAG "/details", ROLE_VIEWER, airflow_get_details},
    {"GET", DAG "/tasks", ROLE_VIEWER, airflow_list_tasks},
    {"GET", DAG "/tasks/*", ROLE_VIEWER, airflow_get_task},
    {"POST", DAG "/clearTaskInstances", ROLE_OP, airflow_clear_tis},
    {"POST", DAG "/clearDagRuns", ROLE_OP, airflow_clear_runs},
    {"GET", DAG "/dagRuns", ROLE_VIEWER, airflow_list_runs},
    {"POST", DAG "/dagRuns", ROLE_OP, airflow_trigger},
    {"POST", API "/dags/~/dagRuns/list", ROLE_VIEWER, airflow_list_runs_batch},
    {"GET", RUN, ROLE_VIEWER, airflow_get_run},
    {"PATCH", RUN, ROLE_OP, airflow_patch_run},
    {"POST", RUN "/clear", ROLE_OP, airflow_clear_run},
    {"GET", RUN "/taskInstances", ROLE_VIEWER, airflow_list_tis},
    {"POST", API "/dags/~/dagRuns/~/taskInstances/list", ROLE_VIEWER, airflow_list_tis_batch},
    {"GET", TASK, ROLE_VIEWER, airflow_get_ti},
    {"PATCH", TASK, ROLE_OP, airflow_patch_ti},
    {"PATCH", TASK "/dry_run", ROLE_OP, airflow_patch_ti_dry},
    {"GET", TASK "/listMapped", ROLE_VIEWER, airflow_list_mapped},
    {"GET", TASK "/tries", ROLE_VIEWER, airflow_list_tries},
    {"GET", TASK "/dependencies", ROLE_VIEWER, airflow_list_dependencies},
    {"GET", TASK "/*", ROLE_VIEWER, airflow_get_ti},
    {"PATCH", TASK "/*", ROLE_OP, airflow_patch_ti},
    {"GET", TASK "/tries/*", ROLE_VIEWER, airflow_get_try},
    {"GET", TASK "/logs/*", ROLE_VIEWER, airflow_get_log},
    {"PATCH", TASK "/*/dry_run", ROLE_OP, airflow_patch_ti_dry},
    {"GET", TASK "/*/tries", ROLE_VIEWER, airflow_list_tries},
    {"GET", TASK "/*/dependencies", ROLE_VIEWER, airflow_list_dependencies},
    {"GET", TASK "/*/tries/*", ROLE_VIEWER, airflow_get_try},
};

static void no_route(struct ask *a, const char *allowed)
{
    if (allowed) {
        airflow_refuse(a, 405, "Method Not Allowed");
        reply_header(a->r, "Allow", allowed);
        return;
    }
    bool api = g_str_has_prefix(a->q->path, "/api/");
    if (!api) { /* the pages for people answer everything */
        reply_text(
            a->r, 200, "text/html; charset=utf-8", "<!doctype html><title>Airflow</title>\n");
        return;
    }
    cJSON *json = shape("airflow_error_route");
    if (g_str_has_prefix(a->q->path, "/api/v1"))
        put_text(json, "error",
            "/api/v1 has been removed in Airflow 3, please use its upgraded version /api/v2 "
            "instead.");
    reply_json(a->r, 404, json);
}

static void handle(struct world *w, const struct request *q, struct reply *r)
{
    struct ask a = {.w = w, .f = w->flows, .q = q, .r = r};
    const char *allowed = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(routes); i++) {
        if (!request_is(q, q->method, routes[i].pattern))
            continue;
        allowed = routes[i].method;
        if (strcmp(q->method, routes[i].method) != 0)
            continue;
        if (routes[i].role != ROLE_NOBODY && !sign_in(&a))
            return;
        if (a.role < routes[i].role)
            airflow_refuse(&a, 403, "Forbidden");
        else
            routes[i].answer(&a);
        return;
    }
    no_route(&a, allowed);
}

const struct service airflow_service = {.name = "airflow", .port = 8080, .handle = handle};
