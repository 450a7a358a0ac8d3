/* What a plot may do to DAGs. */
#include "flows_model.h"

#include <string.h>

#include "error.h"

#define NAMES_MAX 12 /* that an error lists */
#define TASK      "task "

static const char *arg(GHashTable *args, const char *key)
{
    return g_hash_table_lookup(args, key);
}

/* -- checks ------------------------------------------------------------------------------------ */

static bool no_dag(const struct flows *f, const char *id, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);
    for (guint i = 0; i < f->dags->len; i++) {
        const struct dag *d = g_ptr_array_index(f->dags, i);
        if (d->about || f->dags->len <= NAMES_MAX)
            g_string_append_printf(known, "%s%s", known->len ? ", " : "", d->id);
    }
    weir_fail(error, WEIR_ERROR_USAGE, "there is no DAG \"%s\"; of the %u some are %s", id,
        f->dags->len, known->str);
    return false;
}

static bool no_task(const struct dag *d, const char *id, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);
    for (guint i = 0; i < d->plan->count; i++)
        g_string_append_printf(known, "%s%s", i ? ", " : "", d->plan->tasks[i].id);
    weir_fail(error, WEIR_ERROR_USAGE, "%s has no task \"%s\"; it has %s", d->id, id, known->str);
    return false;
}

static bool check_dag(const struct world *w, GHashTable *args, GError **error)
{
    const char *id = arg(args, "dag");
    return flows_find(w->flows, id) || no_dag(w->flows, id, error);
}

static bool check_task(const struct world *w, GHashTable *args, GError **error)
{
    if (!check_dag(w, args, error))
        return false;
    const struct dag *d = flows_find(w->flows, arg(args, "dag"));
    const char *id = arg(args, "task");
    return plan_task(d->plan, id) >= 0 || no_task(d, id, error);
}

static bool check_slow(const struct world *w, GHashTable *args, GError **error)
{
    if (!check_task(w, args, error))
        return false;
    char *end;
    const char *text = arg(args, "factor");
    double factor = g_ascii_strtod(text, &end);
    if (end != text && !*end && factor > 0 && factor < 1e6)
        return true;
    weir_fail(error, WEIR_ERROR_USAGE,
        "factor is \"%s\"; it is a number above 0, as 3 for three times as slow", text);
    return false;
}

static bool check_deploy(const struct world *w, GHashTable *args, GError **error)
{
    const char *id = arg(args, "dag"), *breaks = arg(args, "breaks");
    if (id && !check_dag(w, args, error))
        return false;
    if (!breaks || (id && strcmp(breaks, "import") == 0))
        return true;
    if (!id || !g_str_has_prefix(breaks, TASK)) {
        weir_fail(error, WEIR_ERROR_USAGE,
            "breaks is \"%s\"; it is import or \"task NAME\", and goes with dag", breaks);
        return false;
    }
    const struct dag *d = flows_find(w->flows, id);
    const char *task = breaks + strlen(TASK);
    return plan_task(d->plan, task) >= 0 || no_task(d, task, error);
}

/* -- effects ----------------------------------------------------------------------------------- */

static void deploy(struct world *w, GHashTable *args)
{
    const char *id = arg(args, "dag"), *breaks = arg(args, "breaks");
    struct dag *d = id ? flows_find(w->flows, id) : NULL;
    world_note(w, "deploy %s", arg(args, "what"));
    if (d && breaks && strcmp(breaks, "import") == 0)
        d->import_ms = w->now_ms;
    else if (d && breaks)
        d->broken = plan_task(d->plan, breaks + strlen(TASK));
}

static void fix(struct world *w, GHashTable *args)
{
    struct dag *d = flows_find(w->flows, arg(args, "dag"));
    d->import_ms = FLOWS_NONE;
    d->broken = d->slow = d->doomed = -1;
    g_clear_pointer(&d->doom, g_free);
    world_note(w, "%s is fixed", d->id);
}

static void pause_(struct world *w, GHashTable *args)
{
    flows_pause(w, flows_find(w->flows, arg(args, "dag")), true);
}

static void fail_task(struct world *w, GHashTable *args)
{
    struct dag *d = flows_find(w->flows, arg(args, "dag"));
    const char *message = arg(args, "message");
    bool typed = strstr(message, ": ") && strcspn(message, " ") == strcspn(message, ":") + 1;
    g_free(d->doom);
    d->doomed = plan_task(d->plan, arg(args, "task"));
    d->doom = typed ? g_strdup(message) : g_strconcat("AirflowException: ", message, NULL);
}

static void slow_task(struct world *w, GHashTable *args)
{
    struct dag *d = flows_find(w->flows, arg(args, "dag"));
    d->slow = plan_task(d->plan, arg(args, "task"));
    d->slower = g_ascii_strtod(arg(args, "factor"), NULL);
}

static void scheduler_stops(struct world *w, GHashTable *args)
{
    (void)args;
    if (w->flows->stopped_ms == FLOWS_NONE)
        w->flows->stopped_ms = w->now_ms;
    world_note(w, "Airflow's scheduler stops");
}

static void scheduler_starts(struct world *w, GHashTable *args)
{
    (void)args;
    w->flows->stopped_ms = FLOWS_NONE;
    world_note(w, "Airflow's scheduler starts");
}

const struct verb flows_verbs[] = {
    {"deploy", "what dag? breaks?",
        "notes a deployment; with dag and breaks (import, or \"task NAME\") it breaks that",
        check_deploy, deploy},
    {"fix", "dag", "undoes what deploy, fail_task and slow_task did to the DAG", check_dag, fix},
    {"pause", "dag", "pauses the DAG", check_dag, pause_},
    {"fail_task", "dag task message", "the task fails in the next run, in all its tries",
        check_task, fail_task},
    {"slow_task", "dag task factor", "the task takes so many times as long from now on", check_slow,
        slow_task},
    {"scheduler_stops", "", "nothing is scheduled any more; tasks that run go on", NULL,
        scheduler_stops},
    {"scheduler_starts", "", "the scheduler is there again", NULL, scheduler_starts},
    {0},
};
