/* Requests that clear tasks, so that they run again, and that mark them. */
#include "airflow_answers.h"

#include <string.h>

#include "quantity.h"

/* -- which tasks ------------------------------------------------------------------------------- */

/* What a body of clearTaskInstances asks for. */
struct wish {
    const cJSON *tasks; /* array of names and of [name, index]; NULL: all */
    bool only_failed, only_running, upstream, downstream;
};

static bool is_named(const struct wish *wish, const char *id, int map)
{
    for (const cJSON *i = wish->tasks->child; i; i = i->next) {
        if (cJSON_IsString(i) && strcmp(i->valuestring, id) == 0)
            return true;
        const cJSON *name = cJSON_GetArrayItem(i, 0), *index = cJSON_GetArrayItem(i, 1);
        if (cJSON_IsString(name) && strcmp(name->valuestring, id) == 0 && cJSON_IsNumber(index) &&
            index->valueint == map)
            return true;
    }
    return false;
}

/* The tasks that are named, and those before and after them, as bits. */
static guint named_tasks(const struct plan *p, const struct wish *wish)
{
    guint named = 0, all = 0;
    for (const cJSON *i = wish->tasks->child; i; i = i->next) {
        const char *id = cJSON_GetStringValue(cJSON_IsArray(i) ? i->child : i);
        int task = id ? plan_task(p, id) : -1;
        named |= task >= 0 ? 1u << task : 0;
    }
    for (guint i = 0; i < p->count; i++)
        for (guint k = 0; k < p->count; k++)
            if ((named & 1u << k) && ((wish->downstream && plan_follows(p, i, k)) ||
                                         (wish->upstream && plan_follows(p, k, i))))
                all |= 1u << i;
    return all;
}

static bool wants(const struct run *r, const struct ti *t, const struct wish *wish, guint others)
{
    enum ti_state state = t->now.state;
    const char *id = r->dag->plan->tasks[t->task].id;
    if (wish->tasks && !is_named(wish, id, t->map) && !(others & 1u << t->task))
        return false;
    if (wish->only_running)
        return state == TI_RUNNING;
    return !wish->only_failed || state == TI_FAILED || state == TI_UPSTREAM_FAILED;
}

static void add_wanted(struct run *r, const struct wish *wish, GPtrArray *pairs)
{
    guint others = wish->tasks ? named_tasks(r->dag->plan, wish) : 0;
    for (guint i = 0; i < r->count; i++) {
        if (!wants(r, &r->ti[i], wish, others))
            continue;
        g_ptr_array_add(pairs, r);
        g_ptr_array_add(pairs, &r->ti[i]);
    }
}

/* -- clearing ---------------------------------------------------------------------------------- */

static void free_run(gpointer r)
{
    run_free(r);
}

static void set_note(char **where, const char *note)
{
    if (!note)
        return;
    g_free(*where);
    *where = g_strdup(note);
}

/* Runs of the past that have something to clear become live ones, and leave made. */
static void clear(struct ask *a, const GPtrArray *pairs, GPtrArray *made, const char *note)
{
    for (guint i = 0; i < pairs->len; i += 2) {
        struct run *r = g_ptr_array_index(pairs, i);
        struct ti *t = g_ptr_array_index(pairs, i + 1);
        guint at;
        if (g_ptr_array_find(made, r, &at))
            flows_keep(a->f, g_ptr_array_steal_index(made, at));
        flows_clear(a->w, r, t);
        flows_requeue(a->w, r);
        set_note(&t->note, note);
        if (i == 0 || g_ptr_array_index(pairs, i - 2) != r)
            world_note(a->w, "%s clears tasks of %s %s", a->user, r->dag->id, r->id);
    }
}

/* The runs that a body names: one, or those due within two dates. */
static bool find_runs(
    struct ask *a, struct dag *d, const cJSON *body, GPtrArray *runs, GPtrArray *made)
{
    const char *id = airflow_text(body, "dag_run_id");
    const char *from = airflow_text(body, "start_date"), *to = airflow_text(body, "end_date");
    bool past = airflow_flag(body, "include_past", false);
    bool future = airflow_flag(body, "include_future", false);
    int64_t from_ms = INT64_MIN, to_ms = INT64_MAX, after_ms = FLOWS_NONE;
    if (from)
        quantity_parse_time(from, &from_ms);
    if (to)
        quantity_parse_time(to, &to_ms);
    if (id) {
        struct run *one;
        const struct run *r = flows_run(a->f, d, id, &one);
        bool undated = r && r->head.logical_ms == FLOWS_NONE;
        after_ms = r ? r->head.after_ms : FLOWS_NONE;
        if (one)
            run_free(one);
        if (!r)
            return airflow_refuse(a, 404, "Dag Run id %s not found in dag %s", id, d->id);
        if (undated && (past || future))
            return airflow_refuse(a, 400,
                "Cannot use include_past or include_future with no logical_date(e.g. manually or "
                "asset-triggered).");
        from_ms = past ? INT64_MIN : after_ms;
        to_ms = future ? INT64_MAX : after_ms;
    }
    g_autoptr(GArray) items = g_array_new(FALSE, FALSE, sizeof(struct item));
    airflow_items(d, items);
    for (guint i = 0; i < items->len; i++) {
        const struct item *item = &g_array_index(items, struct item, i);
        struct run_head head;
        item_head(item, &head);
        bool other = id && !past && !future && item->live && strcmp(item->live->id, id) != 0;
        if (head.after_ms < from_ms || head.after_ms > to_ms || other)
            continue;
        struct run *r = item->live ? item->live : past_run(a->f, d, item->number);
        g_ptr_array_add(runs, r);
        if (!item->live)
            g_ptr_array_add(made, r);
    }
    return true;
}

/* The tasks of runs that are wanted; cleared unless dry. */
static void clear_wanted(struct ask *a, const GPtrArray *runs, GPtrArray *made,
    const struct wish *wish, const cJSON *body)
{
    g_autoptr(GPtrArray) pairs = g_ptr_array_new();
    for (guint i = 0; i < runs->len; i++)
        add_wanted(g_ptr_array_index(runs, i), wish, pairs);
    if (!airflow_flag(body, "dry_run", true))
        clear(a, pairs, made, airflow_text(body, "note"));
    airflow_reply_tis(a, pairs);
}

void airflow_clear_tis(struct ask *a)
{
    static const char *const members[] = {"dry_run", "start_date", "end_date", "only_failed",
        "only_running", "reset_dag_runs", "task_ids", "dag_run_id", "include_upstream",
        "include_downstream", "include_future", "include_past", "run_on_latest_version",
        "prevent_running_task", "note", NULL};
    AUTO(cJSON) body = airflow_body(a, members);
    struct dag *d = body ? airflow_dag(a) : NULL;
    g_autoptr(GPtrArray) runs = g_ptr_array_new();
    g_autoptr(GPtrArray) made = g_ptr_array_new_with_free_func(free_run);
    if (!d || !find_runs(a, d, body, runs, made))
        return;
    const cJSON *tasks = cJSON_GetObjectItemCaseSensitive(body, "task_ids");
    const struct wish wish = {
        .tasks = cJSON_IsArray(tasks) ? tasks : NULL,
        .only_failed = airflow_flag(body, "only_failed", true),
        .only_running = airflow_flag(body, "only_running", false),
        .upstream = airflow_flag(body, "include_upstream", false),
        .downstream = airflow_flag(body, "include_downstream", false),
    };
    clear_wanted(a, runs, made, &wish, body);
}

/* A whole run, or what failed of it. For good it answers with the run. */
void airflow_clear_run(struct ask *a)
{
    static const char *const members[] = {
        "dry_run", "only_failed", "only_new", "run_on_latest_version", "note", NULL};
    AUTO(cJSON) body = airflow_body(a, members);
    struct run *one = NULL, *r = body ? airflow_run(a, &one) : NULL;
    if (!r)
        return;
    g_autoptr(GPtrArray) runs = g_ptr_array_new();
    g_autoptr(GPtrArray) made = g_ptr_array_new_with_free_func(free_run);
    const struct wish wish = {.only_failed = airflow_flag(body, "only_failed", false)};
    bool dry = airflow_flag(body, "dry_run", true);
    g_ptr_array_add(runs, r);
    if (one)
        g_ptr_array_add(made, one);
    clear_wanted(a, runs, made, &wish, body);
    if (!dry)
        reply_json(a->r, 200, airflow_run_json(a, r));
}

static struct run *run_of(struct ask *a, const cJSON *pair, GPtrArray *made)
{
    const char *path = airflow_after(a, "dags"), *id = airflow_text(pair, "dag_run_id");
    const char *dag = airflow_text(pair, "dag_id");
    struct dag *d = flows_find(a->f, dag ? dag : path);
    struct run *one = NULL, *r = d && id ? flows_run(a->f, d, id, &one) : NULL;
    if (one)
        g_ptr_array_add(made, one);
    if (!r)
        airflow_refuse(a, 404, "The DagRun with dag_id: `%s` and run_id: `%s` was not found",
            dag ? dag : path, id ? id : "");
    return r;
}

/* All of them, or none when one is not there. */
void airflow_clear_runs(struct ask *a)
{
    static const char *const members[] = {
        "dry_run", "dag_runs", "only_failed", "only_new", "run_on_latest_version", "note", NULL};
    AUTO(cJSON) body = airflow_body(a, members);
    if (!body)
        return;
    g_autoptr(GPtrArray) runs = g_ptr_array_new();
    g_autoptr(GPtrArray) made = g_ptr_array_new_with_free_func(free_run);
    const cJSON *named = cJSON_GetObjectItemCaseSensitive(body, "dag_runs");
    for (const cJSON *i = named ? named->child : NULL; i; i = i->next) {
        struct run *r = run_of(a, i, made);
        if (!r)
            return;
        g_ptr_array_add(runs, r);
    }
    const struct wish wish = {.only_failed = airflow_flag(body, "only_failed", false)};
    clear_wanted(a, runs, made, &wish, body);
}

/* -- marking ----------------------------------------------------------------------------------- */

static bool parse_mark(const char *name, enum ti_state *state)
{
    static const enum ti_state marks[] = {TI_SUCCESS, TI_FAILED, TI_SKIPPED};
    for (guint i = 0; i < G_N_ELEMENTS(marks); i++) {
        if (g_strcmp0(ti_state_name(marks[i]), name) != 0)
            continue;
        *state = marks[i];
        return true;
    }
    return false;
}

static bool no_mark(struct ask *a, const cJSON *body)
{
    const cJSON *given = cJSON_GetObjectItemCaseSensitive(body, "new_state");
    g_autofree char *text =
        g_strdup_printf("Value error, '%s' is not one of ['success', 'failed', 'skipped']",
            cJSON_IsString(given) ? given->valuestring : "");
    return airflow_invalid(a, "value_error", "body", "new_state", text, given);
}

/* The task and, where the body says so, those before and after it. */
static void add_marked(struct run *r, const struct ti *t, const cJSON *body, GPtrArray *pairs)
{
    bool up = airflow_flag(body, "include_upstream", false);
    bool down = airflow_flag(body, "include_downstream", false);
    const struct plan *p = r->dag->plan;
    for (guint i = 0; i < r->count; i++) {
        struct ti *other = &r->ti[i];
        if (other != t && !(up && plan_follows(p, t->task, other->task)) &&
            !(down && plan_follows(p, other->task, t->task)))
            continue;
        g_ptr_array_add(pairs, r);
        g_ptr_array_add(pairs, other);
    }
}

static void patch_ti(struct ask *a, bool dry)
{
    static const char *const members[] = {"new_state", "note", "include_upstream",
        "include_downstream", "include_future", "include_past", NULL};
    AUTO(cJSON) body = airflow_body(a, members);
    AUTO(run) made = NULL;
    struct run *r = body ? airflow_run(a, &made) : NULL;
    struct ti *t = r ? airflow_ti(a, r) : NULL;
    const char *name = airflow_text(body, "new_state");
    enum ti_state state = TI_NONE;
    if (!t ||
        (cJSON_HasObjectItem(body, "new_state") && !parse_mark(name, &state) && !no_mark(a, body)))
        return;
    if (name && t->now.state == state) {
        airflow_refuse(
            a, 409, "Task id %s is already in %s state", r->dag->plan->tasks[t->task].id, name);
        return;
    }
    g_autoptr(GPtrArray) pairs = g_ptr_array_new();
    add_marked(r, t, body, pairs);
    if (!dry) {
        made = NULL;
        r = flows_keep(a->f, r);
        set_note(&t->note, airflow_text(body, "note"));
        for (guint i = 1; name && i < pairs->len; i += 2)
            flows_mark_task(a->w, r, g_ptr_array_index(pairs, i), state);
        if (name)
            world_note(a->w, "%s marks %s of %s %s as %s", a->user, r->dag->plan->tasks[t->task].id,
                r->dag->id, r->id, name);
    }
    airflow_reply_tis(a, pairs);
}

void airflow_patch_ti(struct ask *a)
{
    patch_ti(a, false);
}

void airflow_patch_ti_dry(struct ask *a)
{
    patch_ti(a, true);
}
