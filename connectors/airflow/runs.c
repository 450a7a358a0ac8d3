/* Runs: the table of all that run, wait, or ended within a day, kept up by deltas; and the rows of
 * one DAG.
 *
 * The first reading takes what people wait for: the active runs, those that failed within the day, and
 * what the same DAGs have done well since, which makes a failure history. The second one takes all, the
 * active runs by state and the ended ones by date, in big batches. From then on one request per poll
 * asks for what was updated since the answer before (with an overlap: transactions commit out of
 * order), by the server's clock. Deleted runs stand in no delta, so every five minutes all is read
 * anew. */
#include "airflow.h"

#include "clock.h"
#include "quantity.h"

struct runs {
    GHashTable *by_key;  /* "DAG\nRUN" to struct run */
    GHashTable *success; /* DAG to int64_t: run_after of its newest success */
    int64_t read_ms;     /* monotonic, when it was brought up to date; 0: never */
    int64_t full_ms;     /* monotonic, when all was read */
    int64_t server_ms;   /* the server's clock at the newest answer */
    char *cut;
};

/* -- one run ------------------------------------------------------------------------------------- */

struct run *run_new(const cJSON *json)
{
    const char *dag = json_text(json, "dag_id");
    const char *id = json_text(json, "dag_run_id");
    if (!id)
        id = json_text(json, "run_id"); /* so named by /ui */
    if (!dag || !id)
        return NULL;
    struct run *r = g_new0(struct run, 1);
    double seconds;
    r->dag = g_strdup(dag);
    r->id = g_strdup(id);
    r->state = g_strdup(json_text(json, "state"));
    r->type = g_strdup(json_text(json, "run_type"));
    r->note = g_strdup(json_text(json, "note"));
    r->user = g_strdup(json_text(json, "triggering_user_name"));
    r->logical_ms = airflow_time(json, "logical_date");
    r->after_ms = airflow_time(json, "run_after");
    r->queued_ms = airflow_time(json, "queued_at");
    r->started_ms = airflow_time(json, "start_date");
    r->ended_ms = airflow_time(json, "end_date");
    r->duration_ms = AIRFLOW_NONE;
    if (json_real(json, "duration", &seconds) && seconds >= 0 && seconds < 1e12)
        r->duration_ms = (int64_t)(seconds * 1000 + 0.5);
    else if (r->started_ms != AIRFLOW_NONE && r->ended_ms >= r->started_ms)
        r->duration_ms = r->ended_ms - r->started_ms; /* 3.0 has no duration */
    return r;
}

void run_free(struct run *r)
{
    if (!r)
        return;
    g_free(r->dag);
    g_free(r->id);
    g_free(r->state);
    g_free(r->type);
    g_free(r->note);
    g_free(r->user);
    g_free(r);
}

static bool is_state(const struct run *r, const char *state)
{
    return g_strcmp0(r->state, state) == 0;
}

/* From since to the start, or until now while it waits; from the start to the end likewise. */
static int64_t span(int64_t from_ms, int64_t to_ms, int64_t now_ms)
{
    if (from_ms == AIRFLOW_NONE)
        return AIRFLOW_NONE;
    return MAX((to_ms == AIRFLOW_NONE ? now_ms : to_ms) - from_ms, 0);
}

static int64_t since_of(const struct run *r)
{
    const int64_t times[] = {r->ended_ms, r->started_ms, r->queued_ms, r->after_ms};
    for (unsigned i = 0; i < G_N_ELEMENTS(times); i++)
        if (times[i] != AIRFLOW_NONE)
            return times[i];
    return AIRFLOW_NONE;
}

static void judge(struct snapshot *s, size_t row, const struct run *r, bool history)
{
    snapshot_set_phase(s, row, history ? PHASE_OFF : airflow_phase(r->state));
    if (airflow_knows(r->state))
        return;
    g_autofree char *why = g_strdup_printf("this weir does not know the state \"%s\"", r->state);
    snapshot_set_health(s, row, HEALTH_UNKNOWN, why);
}

static size_t add_run(struct snapshot *s, const struct run *r, bool history, int64_t server_ms)
{
    size_t row = snapshot_add(s, r->id);
    bool active = is_state(r, "running") || is_state(r, "queued");
    int64_t duration = r->duration_ms;
    if (duration == AIRFLOW_NONE && is_state(r, "running"))
        duration = span(r->started_ms, AIRFLOW_NONE, server_ms);
    snapshot_set_optional_text(s, row, RUN_DAG, r->dag);
    snapshot_set_optional_text(s, row, RUN_STATE, r->state);
    snapshot_set_optional_text(s, row, RUN_TYPE, r->type);
    snapshot_set_optional_text(s, row, RUN_NOTE, r->note);
    snapshot_set_optional_text(s, row, RUN_USER, r->user);
    airflow_set_time(s, row, RUN_LOGICAL, r->logical_ms);
    airflow_set_time(s, row, RUN_AFTER, r->after_ms);
    airflow_set_time(s, row, RUN_STARTED, r->started_ms);
    airflow_set_time(s, row, RUN_ENDED, r->ended_ms);
    airflow_set_time(s, row, RUN_DURATION, duration);
    bool waits = active || r->started_ms != AIRFLOW_NONE;
    airflow_set_time(
        s, row, RUN_QUEUED, waits ? span(r->queued_ms, r->started_ms, server_ms) : AIRFLOW_NONE);
    airflow_set_time(s, row, RUN_SINCE, since_of(r));
    judge(s, row, r, history);
    return row;
}

/* -- the table ----------------------------------------------------------------------------------- */

static void free_run(gpointer r)
{
    run_free(r);
}

struct runs *runs_new(void)
{
    struct runs *t = g_new0(struct runs, 1);
    t->by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_run);
    t->success = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return t;
}

void runs_free(struct runs *t)
{
    if (!t)
        return;
    g_hash_table_unref(t->by_key);
    g_hash_table_unref(t->success);
    g_free(t->cut);
    g_free(t);
}

bool runs_fresh(const struct runs *t, int64_t ms)
{
    return t->read_ms > 0 && clock_mono_ms() - t->read_ms < ms;
}

const char *runs_cut(const struct runs *t)
{
    return t->cut;
}

void runs_each(const struct runs *t, void (*visit)(const struct run *r, void *data), void *data)
{
    GHashTableIter iter;
    gpointer r;
    g_hash_table_iter_init(&iter, t->by_key);
    while (g_hash_table_iter_next(&iter, NULL, &r))
        visit(r, data);
}

const struct run *runs_find(const struct runs *t, const char *dag, const char *id)
{
    g_autofree char *key = g_strdup_printf("%s\n%s", dag, id);
    return g_hash_table_lookup(t->by_key, key);
}

int64_t runs_succeeded(const struct runs *t, const char *dag)
{
    const int64_t *at = g_hash_table_lookup(t->success, dag);
    return at ? *at : AIRFLOW_NONE;
}

bool runs_is_history(const struct runs *t, const struct run *r)
{
    return is_state(r, "failed") && r->after_ms != AIRFLOW_NONE &&
           r->after_ms < runs_succeeded(t, r->dag);
}

static void note_success(const struct run *r, void *data)
{
    struct runs *t = data;
    if (is_state(r, "success") && r->after_ms > runs_succeeded(t, r->dag))
        g_hash_table_insert(
            t->success, g_strdup(r->dag), g_memdup2(&r->after_ms, sizeof r->after_ms));
}

static void take_run(const cJSON *json, void *data)
{
    struct runs *t = data;
    struct run *r = run_new(json);
    if (r)
        g_hash_table_replace(t->by_key, g_strdup_printf("%s\n%s", r->dag, r->id), r);
}

static gboolean is_over(gpointer key, gpointer run, gpointer oldest_ms)
{
    (void)key;
    const struct run *r = run;
    bool active = is_state(r, "running") || is_state(r, "queued");
    return !active && r->ended_ms != AIRFLOW_NONE && r->ended_ms < *(int64_t *)oldest_ms;
}

/* Forgets what ended before the window, and finds the successes of what is left. */
static void tidy(struct runs *t)
{
    int64_t oldest = t->server_ms - AIRFLOW_WINDOW_MS;
    g_hash_table_foreach_remove(t->by_key, is_over, &oldest);
    g_hash_table_remove_all(t->success);
    runs_each(t, note_success, t);
}

/* -- reading ------------------------------------------------------------------------------------- */

static void note_cut(struct runs *t, const char *what, guint held, int64_t total)
{
    if (total <= held)
        return;
    g_free(t->cut);
    t->cut = g_strdup_printf("only %u of %" G_GINT64_FORMAT " %s", held, total, what);
}

static bool read_active(struct airflow *a, struct runs *t, GError **error)
{
    struct airflow_list list = {
        .path = "/api/v2/dags/~/dagRuns?state=running&state=queued&order_by=-run_after",
        .member = "dag_runs",
        .max = AIRFLOW_ACTIVE_RUNS_MAX,
        .take = take_run,
        .data = t,
    };
    if (!airflow_read_list(a, &list, error))
        return false;
    note_cut(t, "active runs are held", list.offset, list.total);
    return true;
}

/* Pages of what ended within the window, the newest first, so that a cut loses the oldest. */
struct ended {
    GHashTable *dags;  /* a set of names, only of these; NULL: of all */
    const char *state; /* only those that ended so; NULL: all */
    guint pages;       /* at most */
    guint held;        /* out: how many came */
    int64_t total;     /* out: how many there are */
};

/* All but the page's offset. Made once: the names belong to runs that a page may replace. */
static cJSON *ended_body(const struct runs *t, const struct ended *e)
{
    g_autoptr(GString) since = g_string_new(NULL);
    quantity_append_iso(since, t->server_ms - AIRFLOW_WINDOW_MS);
    cJSON *body = cJSON_CreateObject();
    if (e->dags)
        airflow_add_names(body, "dag_ids", e->dags);
    if (e->state)
        cJSON_AddItemToArray(cJSON_AddArrayToObject(body, "states"), cJSON_CreateString(e->state));
    cJSON_AddStringToObject(body, "end_date_gte", since->str);
    cJSON_AddStringToObject(body, "order_by", "-end_date");
    cJSON_AddNumberToObject(body, "page_limit", AIRFLOW_BATCH);
    return body;
}

static bool read_ended(struct airflow *a, struct runs *t, struct ended *e, GError **error)
{
    AUTO(cJSON) body = ended_body(t, e);
    cJSON *offset = cJSON_AddNumberToObject(body, "page_offset", 0);
    guint pages = e->pages;
    for (guint got = 1; got > 0 && pages > 0 && (e->held == 0 || e->held < e->total); pages--) {
        cJSON_SetNumberHelper(offset, e->held);
        g_autofree char *text = airflow_print(body);
        const struct http_request q = {
            .method = "POST", .path = "/api/v2/dags/~/dagRuns/list", .body = text};
        AUTO(cJSON) page = airflow_send_json(a, &q, error);
        if (!airflow_has(a, q.path, page, "dag_runs", error))
            return false;
        got = 0;
        for (const cJSON *i = json_first(json_get(page, "dag_runs")); i; i = i->next, got++)
            take_run(i, t);
        e->held += got;
        json_int(page, "total_entries", &e->total);
    }
    return true;
}

static bool read_all_ended(struct airflow *a, struct runs *t, GError **error)
{
    struct ended all = {.pages = AIRFLOW_ENDED_RUNS_MAX / AIRFLOW_BATCH};
    if (!read_ended(a, t, &all, error))
        return false;
    note_cut(t, "runs that ended within 24 h are held", all.held, all.total);
    return true;
}

static void add_failed_dag(const struct run *r, void *data)
{
    if (is_state(r, "failed"))
        g_hash_table_add(data, r->dag);
}

/* One page of the newest successes tells of nearly every failure whether it is history. */
static bool read_failures(struct airflow *a, struct runs *t, GError **error)
{
    struct ended failed = {.state = "failed", .pages = 1};
    if (!read_ended(a, t, &failed, error))
        return false;
    g_autoptr(GHashTable) dags = g_hash_table_new(g_str_hash, g_str_equal);
    runs_each(t, add_failed_dag, dags);
    struct ended succeeded = {.dags = dags, .state = "success", .pages = 1};
    return g_hash_table_size(dags) == 0 || read_ended(a, t, &succeeded, error);
}

static struct runs *begin_anew(const struct airflow *a)
{
    struct runs *t = runs_new();
    t->server_ms = a->server_ms;
    return t;
}

static bool replace(struct airflow *a, struct runs *take_t, bool ok)
{
    runs_free(ok ? a->runs : take_t);
    a->runs = ok ? take_t : a->runs;
    return ok;
}

static bool read_first(struct airflow *a, GError **error)
{
    struct runs *t = begin_anew(a);
    bool ok = read_active(a, t, error) && read_failures(a, t, error);
    g_free(t->cut);
    t->cut = g_strdup("runs that ended well are still to be read");
    return replace(a, t, ok);
}

static bool read_all(struct airflow *a, GError **error)
{
    struct runs *t = begin_anew(a);
    bool ok = read_active(a, t, error) && read_all_ended(a, t, error);
    t->full_ms = clock_mono_ms();
    return replace(a, t, ok);
}

/* The next page: by cursor where the server has one (3.2.2 and later), else by offset. */
static char *delta_path(const char *since, const cJSON *before, guint offset)
{
    const char *cursor = json_text(before, "next_cursor");
    g_autofree char *escaped = cursor ? http_escape(cursor) : NULL;
    bool by_offset = before && !cursor;
    g_autofree char *at = by_offset ? g_strdup_printf("&offset=%u", offset)
                                    : g_strdup_printf("&cursor=%s", escaped ? escaped : "");
    return g_strdup_printf(
        "/api/v2/dags/~/dagRuns?updated_at_gte=%s&order_by=updated_at&limit=%d%s", since,
        AIRFLOW_PAGE, at);
}

static bool has_more(const cJSON *page, guint got, guint offset)
{
    int64_t total;
    if (json_get(page, "next_cursor"))
        return json_text(page, "next_cursor") != NULL;
    return got > 0 && json_int(page, "total_entries", &total) && offset < (guint64)total;
}

/* *whole is false when there are more changes than pages for them. */
static bool read_delta(struct airflow *a, bool *whole, GError **error)
{
    g_autofree char *since = airflow_query_time(a->runs->server_ms - AIRFLOW_OVERLAP_MS);
    AUTO(cJSON) page = NULL;
    guint offset = 0;
    *whole = true;
    for (unsigned pages = 0; pages < AIRFLOW_DELTA_PAGES_MAX; pages++) {
        g_autofree char *path = delta_path(since, page, offset);
        cJSON *next = airflow_get(a, path, error);
        cJSON_Delete(page);
        page = next;
        if (!airflow_has(a, path, page, "dag_runs", error))
            return false;
        guint got = 0;
        for (const cJSON *i = json_first(json_get(page, "dag_runs")); i; i = i->next, got++)
            take_run(i, a->runs);
        offset += got;
        if (!has_more(page, got, offset))
            return true;
    }
    *whole = false;
    return true;
}

bool runs_update(struct airflow *a, GError **error)
{
    bool whole = false;
    bool recent = a->runs->full_ms > 0 && clock_mono_ms() - a->runs->full_ms < AIRFLOW_RESYNC_MS;
    /* The clock of before the first page: what changes while pages come is in the next delta. */
    int64_t begun_ms = a->server_ms;
    if (recent && !read_delta(a, &whole, error))
        return false;
    bool first = a->runs->read_ms == 0 && !lane_is_once(a->lane);
    if (!whole && !(first ? read_first(a, error) : read_all(a, error)))
        return false;
    a->runs->server_ms = begun_ms;
    a->runs->read_ms = clock_mono_ms();
    tidy(a->runs);
    return true;
}

/* -- the feed ------------------------------------------------------------------------------------ */

struct rows {
    const struct airflow *airflow;
    struct snapshot *snapshot;
    const struct rid *source;
};

static void add_held(const struct run *r, void *data)
{
    const struct rows *rows = data;
    size_t row = add_run(
        rows->snapshot, r, runs_is_history(rows->airflow->runs, r), rows->airflow->server_ms);
    g_autoptr(GString) address = g_string_new(NULL);
    rid_append(address, rows->source);
    rid_append_part(address, "dags", r->dag);
    rid_append_part(address, "runs", r->id);
    snapshot_set_address(rows->snapshot, row, address->str);
}

static void publish_held(struct airflow *a, const struct rid *scope, struct batch *out)
{
    struct rows rows = {a, batch_snapshot(out, &airflow_runs_kind), scope};
    runs_each(a->runs, add_held, &rows);
    if (a->runs->cut)
        snapshot_set_incomplete(rows.snapshot, a->runs->cut);
    batch_publish(out, rows.snapshot);
}

static void add_of_dag(const cJSON *json, void *data)
{
    const struct rows *rows = data;
    struct run *r = run_new(json);
    if (r)
        add_run(rows->snapshot, r, false, rows->airflow->server_ms);
    run_free(r);
}

/* The newest runs of one DAG. */
static bool fetch_dag(struct airflow *a, const struct rid *scope, struct batch *out, GError **error)
{
    g_autofree char *base = airflow_path(scope, error);
    if (!base)
        return false;
    g_autofree char *path = g_strconcat(base, "/dagRuns?order_by=-run_after", NULL);
    AUTO(snapshot) s = batch_snapshot(out, &airflow_runs_kind);
    struct rows rows = {a, s, scope};
    struct airflow_list list = {
        .path = path,
        .member = "dag_runs",
        .max = AIRFLOW_DAG_RUNS_MAX,
        .take = add_of_dag,
        .data = &rows,
    };
    if (!airflow_read_list(a, &list, error))
        return false;
    g_autofree char *cut =
        g_strdup_printf("the newest %u of %" G_GINT64_FORMAT " runs", list.offset, list.total);
    if (list.total > list.offset)
        snapshot_set_incomplete(s, cut);
    batch_publish(out, g_steal_pointer(&s));
    return true;
}

bool runs_fetch(struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    struct airflow *a = airflow_of(l, error);
    if (!a)
        return false;
    if (scope->count > 0)
        return fetch_dag(a, scope, out, error);
    if (!runs_update(a, error))
        return false;
    publish_held(a, scope, out);
    if (dags_held(a->dags))
        dags_publish(a, out);
    return true;
}
