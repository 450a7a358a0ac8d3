/* DAGs: the list of them, read seldom because it is dear, joined with the runs that are held.
 *
 * /ui/dags gives each DAG with its newest runs; it belongs to Airflow's own pages and may change, so
 * it is tried once, and where it does not work the public list is used, without the strip of states.
 * A list too long for one fetch, or broken off by an error, is read on in the next. While there is no
 * whole list yet, every page is shown as it comes. */
#include "airflow.h"

#include <string.h>

#include "clock.h"

struct dag {
    char *id, *schedule, *owners, *tags;
    bool paused, import_errors;
    int64_t next_ms;
    GPtrArray *past; /* its newest struct run, or NULL: not asked */
    bool failing;    /* where past is NULL: the server says that its newest run failed */
};

struct dags {
    GHashTable *by_id;   /* what is shown */
    GHashTable *reading; /* what is being read anew, or NULL */
    guint offset;        /* of the next page to read */
    int64_t total;
    bool whole;       /* by_id holds all that there are */
    int64_t begun_ms; /* monotonic, of the reading that gave by_id; 0: none yet */
    int64_t reading_begun_ms;
};

static void dag_free(gpointer data)
{
    struct dag *d = data;
    g_free(d->id);
    g_free(d->schedule);
    g_free(d->owners);
    g_free(d->tags);
    g_clear_pointer(&d->past, g_ptr_array_unref);
    g_free(d);
}

static GHashTable *table_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, NULL, dag_free);
}

struct dags *dags_new(void)
{
    struct dags *t = g_new0(struct dags, 1);
    t->by_id = table_new();
    return t;
}

void dags_free(struct dags *t)
{
    if (!t)
        return;
    g_hash_table_unref(t->by_id);
    g_clear_pointer(&t->reading, g_hash_table_unref);
    g_free(t);
}

bool dags_held(const struct dags *t)
{
    return g_hash_table_size(t->by_id) > 0;
}

/* -- reading ------------------------------------------------------------------------------------- */

/* "a, b" of texts, or of the name of each object. NULL when there are none. */
static char *join(const cJSON *array)
{
    g_autoptr(GString) all = g_string_new(NULL);
    for (const cJSON *i = json_first(array); i; i = i->next) {
        const char *text = cJSON_IsString(i) ? i->valuestring : json_text(i, "name");
        if (text)
            g_string_append_printf(all, "%s%s", all->len ? ", " : "", text);
    }
    return all->len ? g_strdup(all->str) : NULL;
}

static void free_run(gpointer r)
{
    run_free(r);
}

static GPtrArray *read_past(const cJSON *array)
{
    if (!cJSON_IsArray(array))
        return NULL;
    GPtrArray *past = g_ptr_array_new_with_free_func(free_run);
    for (const cJSON *i = json_first(array); i && past->len < AIRFLOW_PAST_MAX; i = i->next) {
        struct run *r = run_new(i);
        if (r)
            g_ptr_array_add(past, r);
    }
    return past;
}

/* One reading of the list. */
struct reading {
    struct airflow *airflow;
    struct batch *out;
    int64_t shown_ms; /* monotonic, when pages were last shown */
};

static void take_dag(const cJSON *json, void *data)
{
    const struct reading *reading = data;
    struct dags *t = reading->airflow->dags;
    const char *id = json_text(json, "dag_id");
    if (!id)
        return;
    struct dag *d = g_new0(struct dag, 1);
    d->id = g_strdup(id);
    d->schedule = g_strdup(json_text(json, "timetable_summary"));
    d->owners = join(json_get(json, "owners"));
    d->tags = join(json_get(json, "tags"));
    json_bool(json, "is_paused", &d->paused);
    json_bool(json, "has_import_errors", &d->import_errors);
    d->next_ms = airflow_time(json, "next_dagrun_run_after");
    d->past = read_past(json_get(json, "latest_dag_runs"));
    g_hash_table_replace(t->reading, d->id, d);
}

static void take_failing(const cJSON *json, void *data)
{
    struct dags *t = data;
    const char *id = json_text(json, "dag_id");
    struct dag *d = id ? g_hash_table_lookup(t->reading, id) : NULL;
    if (d)
        d->failing = true;
}

/* The first pages are shown at once, the others as often as a person would notice. */
static void show_pages(const struct airflow_list *list, void *data)
{
    struct reading *reading = data;
    struct dags *t = reading->airflow->dags;
    int64_t now = clock_mono_ms();
    if (t->whole || list->whole || now - reading->shown_ms < AIRFLOW_SHOW_MS)
        return;
    t->total = list->total;
    reading->shown_ms = now;
    dags_publish(reading->airflow, reading->out);
}

static bool read_some(
    struct reading *r, const char *path, int64_t leave, bool *whole, GError **error)
{
    struct dags *t = r->airflow->dags;
    struct airflow_list list = {
        .path = path,
        .member = "dags",
        .max = AIRFLOW_DAGS_MAX,
        .leave_ms = leave,
        .take = take_dag,
        .paged = show_pages,
        .data = r,
        .offset = t->offset,
    };
    bool ok = airflow_read_list(r->airflow, &list, error);
    t->offset = list.offset;
    t->total = list.total;
    *whole = list.whole || list.offset >= AIRFLOW_DAGS_MAX;
    return ok;
}

/* Which DAGs fail, where their runs are not known. */
static bool read_failing(struct airflow *a, GError **error)
{
    struct airflow_list list = {
        .path = "/api/v2/dags?last_dag_run_state=failed",
        .member = "dags",
        .max = AIRFLOW_DAGS_MAX,
        .take = take_failing,
        .data = a->dags,
    };
    return airflow_read_list(a, &list, error);
}

/* Whether the page for people is of no use here: it is not there, is no JSON, is not for us, or is too
 * dear for this server. */
static bool ui_is_useless(const GError *error)
{
    switch (error->code) {
    case WEIR_ERROR_NOT_FOUND:
    case WEIR_ERROR_PROTOCOL:
    case WEIR_ERROR_DENIED:
    case WEIR_ERROR_TIMEOUT:
    case WEIR_ERROR_TOO_LARGE: return true;
    default: return false;
    }
}

static bool read_more(struct reading *r, int64_t leave, bool *whole, GError **error)
{
    struct airflow *a = r->airflow;
    g_autoptr(GError) failed = NULL;
    g_autofree char *ui =
        g_strdup_printf("/ui/dags?dag_runs_limit=%d&order_by=dag_id", AIRFLOW_PAST_MAX);
    if (!a->no_ui && read_some(r, ui, leave, whole, &failed))
        return true;
    if (!a->no_ui && !ui_is_useless(failed)) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return false;
    }
    bool ok = read_some(r, "/api/v2/dags?order_by=dag_id", leave, whole, error);
    a->no_ui |= ok; /* the server is well, and that page is not for us */
    return ok && (!*whole || read_failing(a, error));
}

static int64_t period_ms(const struct dags *t)
{
    int64_t pages = g_hash_table_size(t->by_id) / AIRFLOW_PAGE + 1;
    return MIN(pages * AIRFLOW_PER_PAGE_MS, AIRFLOW_DAGS_MS_MAX);
}

/* How much of the lane's time to leave. While there is no list yet, people wait for it; later the
 * other feeds shall not wait for a long one. */
static int64_t leave_ms(const struct airflow *a)
{
    int64_t left = lane_left_ms(a->lane);
    return a->dags->whole ? MAX(left - AIRFLOW_SLICE_MS, 0) : left / 3;
}

static void begin_reading(struct dags *t)
{
    t->reading = table_new();
    t->reading_begun_ms = clock_mono_ms();
    t->offset = 0;
    if (!t->whole) { /* what is being read is all there is to show */
        g_hash_table_unref(t->by_id);
        t->by_id = g_hash_table_ref(t->reading);
    }
}

static void end_reading(struct dags *t)
{
    g_hash_table_unref(t->by_id);
    t->by_id = g_steal_pointer(&t->reading);
    t->begun_ms = t->reading_begun_ms;
    t->whole = true;
}

/* Reads as much of the list as there is time for, when it is due. An error leaves what came before it,
 * to be read on from there; half of a new list is worse than the old one. */
static bool dags_update(struct airflow *a, struct batch *out, bool *changed, GError **error)
{
    struct dags *t = a->dags;
    if (!t->reading && t->begun_ms > 0 && clock_mono_ms() - t->begun_ms < period_ms(t))
        return true;
    if (!t->reading)
        begin_reading(t);
    struct reading r = {a, out, 0};
    bool whole = false;
    bool ok = read_more(&r, leave_ms(a), &whole, error);
    if (whole && ok)
        end_reading(t);
    *changed |= !t->whole || whole;
    return ok;
}

/* -- rows ---------------------------------------------------------------------------------------- */

/* The runs held of one DAG. */
struct group {
    GPtrArray *runs; /* const struct run */
    int64_t running, queued, failed;
};

static void group_free(gpointer data)
{
    struct group *g = data;
    g_ptr_array_unref(g->runs);
    g_free(g);
}

static void add_to_group(const struct run *r, void *data)
{
    GHashTable *groups = data;
    struct group *g = g_hash_table_lookup(groups, r->dag);
    if (!g) {
        g = g_new0(struct group, 1);
        g->runs = g_ptr_array_new();
        g_hash_table_insert(groups, r->dag, g);
    }
    g_ptr_array_add(g->runs, (gpointer)r);
    g->running += g_strcmp0(r->state, "running") == 0;
    g->queued += g_strcmp0(r->state, "queued") == 0;
    g->failed += g_strcmp0(r->state, "failed") == 0;
}

static gint newer_first(gconstpointer pa, gconstpointer pb)
{
    const struct run *a = *(const struct run *const *)pa;
    const struct run *b = *(const struct run *const *)pb;
    int order = (a->after_ms < b->after_ms) - (a->after_ms > b->after_ms);
    return order ? order : strcmp(b->id, a->id);
}

static bool is_active(const struct run *r)
{
    return g_strcmp0(r->state, "running") == 0 || g_strcmp0(r->state, "queued") == 0;
}

/* The newest runs that are known, the newest first: those held win over those of the list, which is
 * older. One that was active then and is not held now has been deleted. */
static GPtrArray *newest_runs(const struct airflow *a, const struct dag *d, const struct group *g)
{
    GPtrArray *all = g_ptr_array_new();
    for (guint i = 0; g && i < g->runs->len; i++)
        g_ptr_array_add(all, g_ptr_array_index(g->runs, i));
    for (guint i = 0; d->past && i < d->past->len; i++) {
        const struct run *r = g_ptr_array_index(d->past, i);
        bool gone = is_active(r) && !runs_cut(a->runs);
        if (!gone && !runs_find(a->runs, r->dag, r->id))
            g_ptr_array_add(all, (gpointer)r);
    }
    g_ptr_array_sort(all, newer_first);
    if (all->len > AIRFLOW_PAST_MAX)
        g_ptr_array_set_size(all, AIRFLOW_PAST_MAX);
    return all;
}

static int64_t began(const struct run *r)
{
    return r->started_ms != AIRFLOW_NONE ? r->started_ms : r->after_ms;
}

static void set_newest(struct airflow *a, struct snapshot *s, size_t row, const struct run *r)
{
    int64_t took = r->duration_ms;
    if (took == AIRFLOW_NONE && r->started_ms != AIRFLOW_NONE && is_active(r))
        took = MAX(a->server_ms - r->started_ms, 0);
    airflow_set_time(s, row, DAG_LAST_RUN, began(r));
    snapshot_set_optional_text(s, row, DAG_LAST_STATE, r->state);
    airflow_set_time(s, row, DAG_LAST_DURATION, took);
}

static void set_states(struct snapshot *s, size_t row, const GPtrArray *runs)
{
    struct state_mark marks[AIRFLOW_PAST_MAX];
    for (guint i = 0; i < runs->len; i++) {
        const struct run *r = g_ptr_array_index(runs, runs->len - 1 - i);
        marks[i] = (struct state_mark){
            .state = r->state ? r->state : "none",
            .health = airflow_state_health(r->state),
            .at_ms = began(r),
            .ms = r->duration_ms == AIRFLOW_NONE ? -1 : r->duration_ms,
        };
    }
    snapshot_set_states(s, row, DAG_STATES, marks, runs->len);
}

/* The newest run that has ended says whether the DAG fails; since the first of its failures in a row. */
static void set_failure(struct snapshot *s, size_t row, const GPtrArray *runs)
{
    const struct run *failed = NULL, *first = NULL;
    for (guint i = 0; i < runs->len; i++) {
        const struct run *r = g_ptr_array_index(runs, i);
        if (is_active(r))
            continue;
        if (g_strcmp0(r->state, "failed") != 0)
            break;
        failed = failed ? failed : r;
        first = r;
    }
    snapshot_set_optional_text(s, row, DAG_FAILED_RUN, failed ? failed->id : NULL);
    airflow_set_time(s, row, DAG_SINCE, first ? first->ended_ms : AIRFLOW_NONE);
}

static void set_runs(
    struct airflow *a, struct snapshot *s, size_t row, const struct dag *d, const struct group *g)
{
    g_autoptr(GPtrArray) runs = newest_runs(a, d, g);
    enum absent why = d->past ? ABSENT_NO_VALUE : ABSENT_NOT_ASKED;
    if (runs->len > 0) {
        set_newest(a, s, row, g_ptr_array_index(runs, 0));
    } else {
        snapshot_set_absent(s, row, DAG_LAST_RUN, why);
        snapshot_set_absent(s, row, DAG_LAST_STATE, why);
        snapshot_set_absent(s, row, DAG_LAST_DURATION, why);
    }
    if (d->past)
        set_states(s, row, runs);
    set_failure(s, row, runs);
    if (d->failing && runs->len == 0) {
        snapshot_set_text(s, row, DAG_LAST_STATE, "failed");
        snapshot_set_health(s, row, HEALTH_FAIL, "the last run failed");
    }
}

static void set_counts(struct airflow *a, struct snapshot *s, size_t row, const struct group *g)
{
    snapshot_set_int(s, row, DAG_RUNNING, g ? g->running : 0);
    snapshot_set_int(s, row, DAG_QUEUED, g ? g->queued : 0);
    snapshot_set_int(s, row, DAG_FAILED_24H, g ? g->failed : 0);
    if (!runs_cut(a->runs))
        return;
    snapshot_set_quality(s, row, DAG_RUNNING, BOUND);
    snapshot_set_quality(s, row, DAG_QUEUED, BOUND);
    snapshot_set_quality(s, row, DAG_FAILED_24H, BOUND);
}

static void add_dag(
    struct airflow *a, struct snapshot *s, const struct dag *d, const struct group *g)
{
    size_t row = snapshot_add(s, d->id);
    snapshot_set_bool(s, row, DAG_PAUSED, d->paused);
    snapshot_set_bool(s, row, DAG_IMPORT_ERRORS, d->import_errors);
    snapshot_set_optional_text(s, row, DAG_SCHEDULE, d->schedule);
    snapshot_set_optional_text(s, row, DAG_OWNERS, d->owners);
    snapshot_set_optional_text(s, row, DAG_TAGS, d->tags);
    airflow_set_time(s, row, DAG_NEXT_RUN, d->next_ms);
    set_counts(a, s, row, g);
    set_runs(a, s, row, d, g);
    snapshot_set_phase(s, row,
        d->paused             ? PHASE_OFF
        : g && g->running > 0 ? PHASE_RUN
        : g && g->queued > 0  ? PHASE_WAIT
                              : PHASE_DONE);
}

void dags_publish(struct airflow *a, struct batch *out)
{
    g_autoptr(GHashTable) groups = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, group_free);
    runs_each(a->runs, add_to_group, groups);
    struct snapshot *s = batch_snapshot(out, &airflow_dags_kind);
    GHashTableIter iter;
    gpointer d;
    g_hash_table_iter_init(&iter, a->dags->by_id);
    while (g_hash_table_iter_next(&iter, NULL, &d))
        add_dag(a, s, d, g_hash_table_lookup(groups, ((struct dag *)d)->id));
    g_autofree char *cut = g_strdup_printf("%u of %" G_GINT64_FORMAT " DAGs are read yet",
        g_hash_table_size(a->dags->by_id), a->dags->total);
    if (!a->dags->whole)
        snapshot_set_incomplete(s, cut);
    else if (runs_cut(a->runs))
        snapshot_set_incomplete(s, runs_cut(a->runs));
    batch_publish(out, s);
}

bool dags_fetch(struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    (void)scope;
    struct airflow *a = airflow_of(l, error);
    if (!a)
        return false;
    /* Where runs are polled, that feed shows the DAGs with them. */
    bool changed = !runs_fresh(a->runs, AIRFLOW_OVERLAP_MS);
    if (changed && !runs_update(a, error))
        return false;
    bool ok = dags_update(a, out, &changed, error);
    if (changed && (ok || dags_held(a->dags)))
        dags_publish(a, out);
    return ok;
}
