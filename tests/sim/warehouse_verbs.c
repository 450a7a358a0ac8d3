/* What a plot may do to the warehouse. */
#include "error.h"
#include "quantity.h"
#include "warehouse_query.h"

#include <string.h>

#define USUAL_LASTS_MS (10 * 60 * 1000)
#define USUAL_MEMORY   (2.0 * 1073741824.0)
#define MANY           2000 /* queries of one event */

static const char *arg(GHashTable *args, const char *name)
{
    return g_hash_table_lookup(args, name);
}

static bool parse_number(const char *text, double *value)
{
    char *end;
    *value = g_ascii_strtod(text, &end);
    return end > text && (*end == '\0' || strcmp(end, "%") == 0);
}

/* "180GB", as Trino writes sizes: powers of 1024. */
static bool parse_size(const char *text, double *bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    char *end;
    double value = g_ascii_strtod(text, &end);
    for (guint i = 0; i < G_N_ELEMENTS(units) && end > text; i++, value *= 1024) {
        if (strcmp(end, units[i]) == 0) {
            *bytes = value;
            return true;
        }
    }
    return false;
}

/* "etl" of "etl" and of "global.etl"; FLAVOURS when there is no such group. */
static enum flavour find_group(const struct world *w, const char *name)
{
    name += g_str_has_prefix(name, "global.") ? 7 : 0;
    enum flavour f = 0;
    while (f < FLAVOURS && strcmp(w->warehouse->group[f].name, name) != 0)
        f++;
    return f;
}

static struct node *find_worker(const struct world *w, const char *name)
{
    for (guint i = 1; i < w->warehouse->nodes->len; i++) {
        struct node *n = &g_array_index(w->warehouse->nodes, struct node, i);
        if (strcmp(n->name, name) == 0)
            return n;
    }
    return NULL;
}

static bool check_group(const struct world *w, const char *name, GError **error)
{
    if (find_group(w, name) < FLAVOURS)
        return true;
    return weir_fail(error, WEIR_ERROR_CONFIG,
        "there is no resource group \"%s\"; there are adhoc, etl and dashboard", name);
}

/* -- query ---------------------------------------------------------------------------------------- */

static bool check_query(const struct world *w, GHashTable *args, GError **error)
{
    const char *state = arg(args, "state"), *memory = arg(args, "memory");
    const char *blocked = arg(args, "blocked"), *lasts = arg(args, "lasts");
    const char *group = arg(args, "group");
    double number;
    int64_t ms;
    if (state && strcmp(state, "running") != 0 && strcmp(state, "queued") != 0)
        return weir_fail(error, WEIR_ERROR_CONFIG, "state is running or queued, not \"%s\"", state);
    if (memory && !parse_size(memory, &number))
        return weir_fail(error, WEIR_ERROR_CONFIG, "memory is a size as 180GB, not \"%s\"", memory);
    if (blocked && (!parse_number(blocked, &number) || number < 0 || number > 100))
        return weir_fail(error, WEIR_ERROR_CONFIG, "blocked is 0 to 100, not \"%s\"", blocked);
    if (lasts && !quantity_parse_span(lasts, false, &ms))
        return weir_fail(error, WEIR_ERROR_CONFIG, "lasts is a span as 40m, not \"%s\"", lasts);
    const char *retry = arg(args, "retry");
    if (retry && strcmp(retry, "task") != 0 && strcmp(retry, "none") != 0)
        return weir_fail(error, WEIR_ERROR_CONFIG, "retry is task or none, not \"%s\"", retry);
    return !group || check_group(w, group, error);
}

static enum flavour guess_group(const struct world *w, const char *group, const char *source)
{
    if (group)
        return find_group(w, group);
    bool etl = strstr(source, "dbt") || strstr(source, "airflow") || strstr(source, "etl");
    return etl ? FLAVOUR_ETL : FLAVOUR_ADHOC;
}

static void do_query(struct world *w, GHashTable *args)
{
    const char *source = arg(args, "source"), *state = arg(args, "state");
    enum flavour f = guess_group(w, arg(args, "group"), source);
    struct query *q = warehouse_submit(w, arg(args, "user"), source, arg(args, "sql"), false);
    struct resource_group *g = w->warehouse->group;
    g[q->flavour].queued--;
    g[f].queued++;
    q->flavour = f;
    int64_t lasts = USUAL_LASTS_MS;
    double peak = USUAL_MEMORY, blocked = 5;
    if (arg(args, "lasts"))
        quantity_parse_span(arg(args, "lasts"), false, &lasts);
    if (arg(args, "memory"))
        parse_size(arg(args, "memory"), &peak);
    if (arg(args, "blocked"))
        parse_number(arg(args, "blocked"), &blocked);
    q->work_ms = (double)MAX(lasts, 1000);
    q->peak_bytes = peak;
    q->blocked = CLAMP(blocked / 100, 0, 1);
    q->bytes = MAX(q->bytes, 4 * peak);
    q->rows = q->bytes / 90;
    q->splits = MAX(q->splits, 1200);
    q->cpu_ms = q->work_ms * 22 * (1 - q->blocked);
    q->stages = 7;
    q->steady = true;
    q->retries = g_strcmp0(arg(args, "retry"), "task") == 0;
    if (state && strcmp(state, "running") == 0)
        warehouse_start(w, q, w->now_ms);
    world_note(w, "query %s of %s begins", q->id, q->user);
}

/* -- the cluster ---------------------------------------------------------------------------------- */

static bool check_slow(const struct world *w, GHashTable *args, GError **error)
{
    (void)w;
    double factor;
    if (parse_number(arg(args, "factor"), &factor) && factor >= 0.1 && factor <= 1000)
        return true;
    return weir_fail(error, WEIR_ERROR_CONFIG, "factor is a number from 0.1 to 1000, not \"%s\"",
        arg(args, "factor"));
}

static void do_slow(struct world *w, GHashTable *args)
{
    parse_number(arg(args, "factor"), &w->warehouse->pace);
    world_note(w, "queries take %s times as long", arg(args, "factor"));
}

static void do_ok(struct world *w, GHashTable *args)
{
    (void)args;
    w->warehouse->pace = 1;
    world_note(w, "queries take as long as usual");
}

static bool check_worker(const struct world *w, GHashTable *args, GError **error)
{
    if (find_worker(w, arg(args, "node")))
        return true;
    return weir_fail(error, WEIR_ERROR_CONFIG,
        "there is no worker \"%s\"; there are dp-t02 to dp-t%02u", arg(args, "node"),
        w->warehouse->nodes->len);
}

static void send_worker(struct world *w, GHashTable *args, bool away)
{
    struct node *n = find_worker(w, arg(args, "node"));
    n->sent_away = away;
    world_note(w, "worker %s %s", n->name, away ? "leaves" : "returns");
}

static void do_leave(struct world *w, GHashTable *args)
{
    send_worker(w, args, true);
}

static void do_return(struct world *w, GHashTable *args)
{
    send_worker(w, args, false);
}

static bool check_fill(const struct world *w, GHashTable *args, GError **error)
{
    double n;
    if (!parse_number(arg(args, "queries"), &n) || n < 1 || n > MANY)
        return weir_fail(error, WEIR_ERROR_CONFIG, "queries is a number from 1 to %d, not \"%s\"",
            MANY, arg(args, "queries"));
    return check_group(w, arg(args, "group"), error);
}

/* As many as a client sends that has lost its mind: none of them short, none very long. */
static void do_fill(struct world *w, GHashTable *args)
{
    double n;
    enum flavour f = find_group(w, arg(args, "group"));
    parse_number(arg(args, "queries"), &n);
    for (int i = 0; i < (int)n; i++) {
        struct query *q = warehouse_add(w, f, w->now_ms - 999 + (i * 998) / (int)n);
        if (q->ended_ms != NEVER)
            continue;
        q->work_ms = world_between(w, "fill.work", q->number, 20000, 60000);
        q->fails = NULL;
    }
    world_note(w, "%d queries come at once into global.%s", (int)n, w->warehouse->group[f].name);
}

const struct verb warehouse_verbs[] = {
    {"query", "user source sql state? memory? blocked? group? lasts? retry?",
        "a heavy query; state: running (it does not wait) or queued; memory: at its peak, 180GB; "
        "blocked: percent of its splits that wait; lasts: how long it runs, 10m unless given; "
        "retry: task (it survives the loss of a worker) or none",
        check_query, do_query},
    {"warehouse_slow", "factor", "all queries take so many times as long", check_slow, do_slow},
    {"warehouse_ok", "", "queries take as long as usual again", NULL, do_ok},
    {"worker_leaves", "node", "a Trino worker does not answer any more", check_worker, do_leave},
    {"worker_returns", "node", "a Trino worker is there again", check_worker, do_return},
    {"queue_fills", "group queries", "so many queries come into a resource group at once",
        check_fill, do_fill},
    {0},
};
