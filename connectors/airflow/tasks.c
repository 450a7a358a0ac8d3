/* Task instances: those of one run; and, for the whole source, those that run or wait, and those that
 * failed in runs whose failure is not history yet.
 *
 * The latter are asked for by the ids of these runs, which an index serves: a list by state alone scans
 * all that ever failed. What failed in a run that has ended does not change, so it is read once and
 * held; only running runs are asked about again. Two requests in all, unless more than a hundred tasks
 * are active. */
#include "airflow.h"

#include "clock.h"

#define ACTIVE                                                                                     \
    "/api/v2/dags/~/dagRuns/~/taskInstances?state=running&state=queued&state=scheduled"            \
    "&state=up_for_retry&state=deferred&state=up_for_reschedule&state=restarting"                  \
    "&state=awaiting_input"
/* awaiting_input is of 3.3: servers before it answer 422 to a state that they do not know. */
#define ACTIVE_BEFORE_3_3                                                                          \
    "/api/v2/dags/~/dagRuns/~/taskInstances?state=running&state=queued&state=scheduled"            \
    "&state=up_for_retry&state=deferred&state=up_for_reschedule&state=restarting"

struct rows {
    struct airflow *airflow;
    struct snapshot *snapshot;
    const struct rid *source; /* of rows of several runs; NULL: all are of the scope */
    GHashTable *seen;         /* addresses: a list may shift between two pages */
};

/* Since when it waits for its start: queued, or scheduled while it is not queued yet. */
static int64_t waited(const cJSON *json, const char *state, int64_t started, int64_t now_ms)
{
    int64_t queued = airflow_time(json, "queued_when");
    int64_t scheduled = airflow_time(json, "scheduled_when");
    if (g_strcmp0(state, "scheduled") == 0)
        return scheduled == AIRFLOW_NONE ? AIRFLOW_NONE : MAX(now_ms - scheduled, 0);
    if (g_strcmp0(state, "queued") == 0)
        return queued == AIRFLOW_NONE ? AIRFLOW_NONE : MAX(now_ms - queued, 0);
    if (queued == AIRFLOW_NONE || started == AIRFLOW_NONE || started < queued)
        return AIRFLOW_NONE;
    return started - queued;
}

static int64_t since_of(const cJSON *json, const char *state)
{
    static const char *const ended[] = {
        "end_date", "start_date", "queued_when", "scheduled_when", NULL};
    static const char *const queued[] = {"queued_when", "scheduled_when", NULL};
    static const char *const scheduled[] = {"scheduled_when", NULL};
    const char *const *paths = g_strcmp0(state, "queued") == 0      ? queued
                               : g_strcmp0(state, "scheduled") == 0 ? scheduled
                                                                    : ended;
    /* A running task may still have the end of the try before it. */
    if (g_strcmp0(state, "running") == 0)
        paths++;
    for (; *paths; paths++)
        if (airflow_time(json, *paths) != AIRFLOW_NONE)
            return airflow_time(json, *paths);
    return AIRFLOW_NONE;
}

static void set_times(const struct airflow *a, struct snapshot *s, size_t row, const cJSON *json)
{
    const char *state = json_text(json, "state");
    int64_t started = airflow_time(json, "start_date");
    bool running = g_strcmp0(state, "running") == 0;
    airflow_set_time(s, row, TASK_STARTED, started);
    airflow_set_time(s, row, TASK_ENDED, airflow_time(json, "end_date"));
    airflow_set_time(s, row, TASK_QUEUED, waited(json, state, started, a->server_ms));
    airflow_set_time(s, row, TASK_SINCE, since_of(json, state));
    if (running && started != AIRFLOW_NONE)
        snapshot_set_int(s, row, TASK_DURATION, MAX(a->server_ms - started, 0));
    else
        json_cell(s, row, TASK_DURATION, json, "duration");
}

static void set_task(const struct airflow *a, struct snapshot *s, size_t row, const cJSON *json)
{
    const char *state = json_text(json, "state");
    int64_t map_index = -1;
    json_cell(s, row, TASK_DAG, json, "dag_id");
    json_cell(s, row, TASK_RUN, json, "dag_run_id");
    json_cell(s, row, TASK_TASK, json, "task_id");
    json_cell(s, row, TASK_STATE, json, "state");
    json_cell(s, row, TASK_TRY, json, "try_number");
    json_cell(s, row, TASK_MAX_TRIES, json, "max_tries");
    json_cell(s, row, TASK_POOL, json, "pool");
    json_cell(s, row, TASK_OPERATOR, json,
        json_text(json, "operator_name") ? "operator_name" : "operator");
    snapshot_set_optional_text(s, row, TASK_HOST, json_text(json, "hostname"));
    json_int(json, "map_index", &map_index);
    airflow_set_time(s, row, TASK_MAP, map_index < 0 ? AIRFLOW_NONE : map_index);
    set_times(a, s, row, json);
    snapshot_set_phase(s, row, airflow_phase(state));
    if (airflow_knows(state))
        return;
    g_autofree char *why = g_strdup_printf("this weir does not know the state \"%s\"", state);
    snapshot_set_health(s, row, HEALTH_UNKNOWN, why);
}

/* "load", or "load[3]" of a mapped task. */
static char *name_of(const cJSON *json)
{
    const char *task = json_text(json, "task_id");
    int64_t map_index = -1;
    json_int(json, "map_index", &map_index);
    if (!task || map_index < 0)
        return g_strdup(task);
    return g_strdup_printf("%s[%" G_GINT64_FORMAT "]", task, map_index);
}

static void take_task(const cJSON *json, void *data)
{
    struct rows *rows = data;
    g_autofree char *name = name_of(json);
    if (!name || !json_text(json, "dag_id") || !json_text(json, "dag_run_id"))
        return;
    g_autoptr(GString) address = g_string_new(NULL);
    rid_append(address, rows->source);
    rid_append_part(address, "dags", json_text(json, "dag_id"));
    rid_append_part(address, "runs", json_text(json, "dag_run_id"));
    rid_append_part(address, "tasks", name);
    if (!g_hash_table_add(rows->seen, g_strdup(address->str)))
        return;
    size_t row = snapshot_add(rows->snapshot, name);
    snapshot_set_address(rows->snapshot, row, address->str);
    set_task(rows->airflow, rows->snapshot, row, json);
}

static bool read_tasks(struct rows *rows, const char *path, guint max, GError **error)
{
    struct airflow_list list = {
        .path = path, .member = "task_instances", .max = max, .take = take_task, .data = rows};
    if (!airflow_read_list(rows->airflow, &list, error))
        return false;
    if (list.total > max) {
        g_autofree char *cut =
            g_strdup_printf("only %u of %" G_GINT64_FORMAT " tasks", max, list.total);
        snapshot_set_incomplete(rows->snapshot, cut);
    }
    return true;
}

/* -- failed tasks of runs that matter now --------------------------------------------------------- */

/* Of one run that has ended. */
struct failure {
    int64_t ended_ms; /* of the run: it runs again when somebody clears it */
    int64_t read_ms;  /* monotonic: somebody may mark a task, which the run does not show */
    GPtrArray *tasks; /* cJSON */
};

struct failures {
    GHashTable *by_run; /* "DAG\nRUN" to struct failure */
};

static void free_json(gpointer json)
{
    cJSON_Delete(json);
}

static struct failure *failure_new(void)
{
    struct failure *f = g_new0(struct failure, 1);
    f->tasks = g_ptr_array_new_with_free_func(free_json);
    return f;
}

static void failure_free(gpointer data)
{
    struct failure *f = data;
    g_ptr_array_unref(f->tasks);
    g_free(f);
}

struct failures *failures_new(void)
{
    struct failures *f = g_new0(struct failures, 1);
    f->by_run = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, failure_free);
    return f;
}

void failures_free(struct failures *f)
{
    if (!f)
        return;
    g_hash_table_unref(f->by_run);
    g_free(f);
}

/* What one poll asks for. */
struct asked {
    const struct airflow *airflow;
    GHashTable *dags, *runs; /* sets of names */
    GHashTable *wanted;      /* "DAG\nRUN" to struct run (failed), or to NULL (running) */
    GHashTable *kept;        /* those that are held and wanted still */
};

static void add_wanted(const struct run *r, void *data)
{
    struct asked *q = data;
    bool running = g_strcmp0(r->state, "running") == 0;
    bool failed = g_strcmp0(r->state, "failed") == 0;
    if (!running && !(failed && !runs_is_history(q->airflow->runs, r)))
        return;
    g_autofree char *key = g_strdup_printf("%s\n%s", r->dag, r->id);
    const struct failure *f = g_hash_table_lookup(q->airflow->failures->by_run, key);
    bool recent = f && clock_mono_ms() - f->read_ms < AIRFLOW_RESYNC_MS;
    if (failed && recent && f->ended_ms == r->ended_ms) {
        g_hash_table_add(q->kept, g_steal_pointer(&key));
        return;
    }
    g_hash_table_add(q->dags, r->dag);
    g_hash_table_add(q->runs, r->id);
    g_hash_table_insert(q->wanted, g_steal_pointer(&key), failed ? (gpointer)r : NULL);
}

static char *failed_body(const struct asked *q, guint offset)
{
    AUTO(cJSON) body = cJSON_CreateObject();
    airflow_add_names(body, "dag_ids", q->dags);
    airflow_add_names(body, "dag_run_ids", q->runs);
    cJSON *states = cJSON_AddArrayToObject(body, "state");
    cJSON_AddItemToArray(states, cJSON_CreateString("failed"));
    cJSON_AddItemToArray(states, cJSON_CreateString("upstream_failed"));
    cJSON_AddNumberToObject(body, "page_limit", AIRFLOW_BATCH);
    cJSON_AddNumberToObject(body, "page_offset", offset);
    return airflow_print(body);
}

/* Members that no row shows, and that are most of the bytes. */
static void trim(cJSON *task)
{
    static const char *const bulky[] = {
        "rendered_fields", "trigger", "triggerer_job", "dag_version", "executor_config"};
    for (unsigned i = 0; i < G_N_ELEMENTS(bulky); i++)
        cJSON_DeleteItemFromObjectCaseSensitive(task, bulky[i]);
}

/* Takes the tasks out of a page into a table by run: names are crossed with names, so that some belong
 * to runs that nobody asked for. Gives how many there were. */
static guint take_failed(const struct asked *q, cJSON *page, GHashTable *by_run)
{
    guint n = 0;
    cJSON *array = cJSON_GetObjectItemCaseSensitive(page, "task_instances"), *task;
    for (; (task = cJSON_DetachItemFromArray(array, 0)); n++) {
        const char *dag = json_text(task, "dag_id"), *run = json_text(task, "dag_run_id");
        g_autofree char *key = g_strdup_printf("%s\n%s", dag ? dag : "", run ? run : "");
        if (!g_hash_table_contains(q->wanted, key)) {
            cJSON_Delete(task);
            continue;
        }
        trim(task);
        struct failure *f = g_hash_table_lookup(by_run, key);
        if (!f) {
            f = failure_new();
            g_hash_table_insert(by_run, g_steal_pointer(&key), f);
        }
        g_ptr_array_add(f->tasks, task);
    }
    return n;
}

static bool read_failed(
    struct airflow *a, const struct asked *q, GHashTable *by_run, bool *cut, GError **error)
{
    int64_t total = 0;
    guint got = 1, held = 0;
    while (got > 0 && held < AIRFLOW_FAILED_TASKS_MAX && (held == 0 || held < total)) {
        g_autofree char *body = failed_body(q, held);
        const struct http_request r = {
            .method = "POST", .path = "/api/v2/dags/~/dagRuns/~/taskInstances/list", .body = body};
        AUTO(cJSON) page = airflow_send_json(a, &r, error);
        if (!airflow_has(a, r.path, page, "task_instances", error))
            return false;
        got = take_failed(q, page, by_run);
        held += got;
        json_int(page, "total_entries", &total);
    }
    *cut = held < total;
    return true;
}

/* Holds take_f for the next polls when its run r (NULL: running) has ended and all of it was read. */
static void hold(
    GHashTable *held, const char *key, const struct run *r, struct failure *take_f, bool cut)
{
    if (!r || cut) {
        failure_free(take_f);
        return;
    }
    take_f->ended_ms = r->ended_ms;
    take_f->read_ms = clock_mono_ms();
    g_hash_table_insert(held, g_strdup(key), take_f);
}

static void add_rows_of(struct rows *rows, const struct failure *f)
{
    for (guint i = 0; i < f->tasks->len; i++)
        take_task(g_ptr_array_index(f->tasks, i), rows);
}

/* Rows of what was read and of what is held; what will not change is held from now on. */
static void settle(struct rows *rows, const struct asked *q, GHashTable *by_run, bool cut)
{
    GHashTable *held = rows->airflow->failures->by_run;
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, held);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        if (g_hash_table_contains(q->kept, key))
            add_rows_of(rows, value);
        else
            g_hash_table_iter_remove(&iter);
    }
    g_hash_table_iter_init(&iter, q->wanted);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        gpointer own_key = NULL, f = NULL;
        if (!g_hash_table_steal_extended(by_run, key, &own_key, &f))
            f = failure_new();
        g_free(own_key);
        add_rows_of(rows, f);
        hold(held, key, value, f, cut);
    }
}

static bool read_failing(struct rows *rows, GError **error)
{
    struct airflow *a = rows->airflow;
    if (!runs_fresh(a->runs, AIRFLOW_OVERLAP_MS) && !runs_update(a, error))
        return false;
    g_autoptr(GHashTable) dags = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) runs = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) by_run =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, failure_free);
    struct asked q = {a, dags, runs, wanted, kept};
    bool cut = false;
    runs_each(a->runs, add_wanted, &q);
    if (g_hash_table_size(wanted) > 0 && !read_failed(a, &q, by_run, &cut, error))
        return false;
    settle(rows, &q, by_run, cut);
    if (cut)
        snapshot_set_incomplete(
            rows->snapshot, "not all failed tasks are listed: there are too many");
    return true;
}

static bool is_before_3_3(const struct airflow *a)
{
    return g_str_has_prefix(a->version, "3.0") || g_str_has_prefix(a->version, "3.1") ||
           g_str_has_prefix(a->version, "3.2");
}

static bool read_scope(struct rows *rows, const struct rid *scope, GError **error)
{
    struct airflow *a = rows->airflow;
    if (scope->count == 0)
        return read_tasks(rows, is_before_3_3(a) ? ACTIVE_BEFORE_3_3 : ACTIVE,
                   AIRFLOW_ACTIVE_TASKS_MAX, error) &&
               read_failing(rows, error);
    g_autofree char *base = airflow_path(scope, error);
    if (!base)
        return false;
    g_autofree char *path = g_strconcat(base, "/taskInstances", NULL);
    return read_tasks(rows, path, AIRFLOW_TASKS_MAX, error);
}

bool tasks_fetch(struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    struct airflow *a = airflow_of(l, error);
    if (!a)
        return false;
    AUTO(rid) source = rid_source(scope->source);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    AUTO(snapshot) s = batch_snapshot(out, &airflow_tasks_kind);
    struct rows rows = {.airflow = a, .snapshot = s, .source = source, .seen = seen};
    bool ok = read_scope(&rows, scope, error);
    if (ok)
        batch_publish(out, g_steal_pointer(&s));
    return ok;
}
