/* The cluster as time passes: queries come, wait for their group, run on the nodes, end. */
#include "warehouse_query.h"

#include <math.h>
#include <string.h>

#include "flows.h"
#include "machines.h"

#define REMEMBERED   200
#define UP_MS        (6 * 86400000LL + 7643000) /* the coordinator, before the world's begin */
#define PERIOD_MS    3400                       /* between the ended queries of old */
#define NOTICED_MS   11000                      /* until a lost node gets no tasks any more */
#define GIVES_UP_MS  66000 /* until a query fails that has tasks on a lost node */
#define WORKER_POOL  (40.0 * 1073741824.0)
#define OWN_POOL     (8.0 * 1073741824.0)
#define WORKERS      5
#define RAMP_MS      45000.0 /* until a query holds the most it will */
#define STARVED_PACE 0.4
#define SMALL        (1.0 * 1073741824.0) /* memory that a query always gets */
#define SENT_AGAIN   0.25                 /* of those that wait for longer than usual */

/* How many queries of a flavour come in a second. When all is slow, people send again what has not
 * come back: so do dashboards, but no jobs. */
static const double arrivals[FLAVOURS] = {
    [FLAVOUR_ADHOC] = 0.045, [FLAVOUR_ETL] = 0.004, [FLAVOUR_DASHBOARD] = 0.24};
static const char *const streams[FLAVOURS] = {"adhoc", "etl", "dashboard"};

/* -- life ----------------------------------------------------------------------------------------- */

static void add_nodes(struct warehouse *h)
{
    h->nodes = g_array_new(FALSE, FALSE, sizeof(struct node));
    for (guint i = 0; i <= WORKERS; i++) {
        struct node n = {
            .name = g_strdup_printf("dp-t%02u", i + 1),
            .coordinator = i == 0,
            .since_ms = h->started_ms + 1000 * (int64_t)i,
            .former_ms = NEVER,
            .pool_bytes = i == 0 ? OWN_POOL : WORKER_POOL,
        };
        g_array_append_val(h->nodes, n);
    }
}

struct warehouse *warehouse_new(const struct world *w)
{
    /* 32 letters and digits without l, o, 0 and 1, as Trino's own. */
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
    struct warehouse *h = g_new0(struct warehouse, 1);
    for (guint i = 0; i < 5; i++)
        h->suffix[i] = letters[world_pick(w, "warehouse.suffix", i, 0, 31)];
    h->begin_ms = w->now_ms;
    h->started_ms = w->now_ms - UP_MS;
    h->remembered = w->scale.queries > 0 ? (guint)w->scale.queries : REMEMBERED;
    h->first = h->next = h->remembered + 1000;
    h->pace = 1;
    h->group[FLAVOUR_ADHOC] = (struct resource_group){"adhoc", 20, 500, 0, 0, 0, 0};
    h->group[FLAVOUR_ETL] = (struct resource_group){"etl", 4, 100, 0, 0, 0, 0};
    h->group[FLAVOUR_DASHBOARD] = (struct resource_group){"dashboard", 10, 200, 0, 0, 0, 0};
    h->live = g_ptr_array_new();
    h->ended = g_queue_new();
    h->by_id = g_hash_table_new(g_str_hash, g_str_equal);
    h->statements = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    add_nodes(h);
    return h;
}

void warehouse_free(struct warehouse *h)
{
    if (!h)
        return;
    for (guint i = 0; i < h->live->len; i++)
        query_free(g_ptr_array_index(h->live, i));
    g_ptr_array_unref(h->live);
    for (GList *i = h->ended->head; i; i = i->next)
        query_free(i->data);
    g_queue_free(h->ended);
    g_hash_table_unref(h->by_id);
    g_hash_table_unref(h->statements);
    for (guint i = 0; i < h->nodes->len; i++)
        g_free(g_array_index(h->nodes, struct node, i).name);
    g_array_unref(h->nodes);
    g_free(h);
}

/* -- ends ----------------------------------------------------------------------------------------- */

static void forget_oldest(struct warehouse *h)
{
    struct query *oldest = g_queue_pop_head(h->ended);
    g_hash_table_remove(h->by_id, oldest->id);
    g_hash_table_remove(h->statements, oldest->id);
    query_free(oldest);
}

static void bury(struct warehouse *h, struct query *q, int64_t at_ms)
{
    struct resource_group *g = &h->group[q->flavour];
    if (q->started_ms != NEVER)
        g->running--;
    else
        g->queued--;
    q->ended_ms = at_ms;
    q->memory = 0;
    q->starved = false;
    g_ptr_array_remove(h->live, q);
    g_queue_push_tail(h->ended, q);
    while (h->ended->length > h->remembered)
        forget_oldest(h);
}

static void end_at(struct world *w, struct query *q, const struct failure *error,
    const char *message, int64_t at_ms)
{
    q->error = error;
    g_free(q->message);
    q->message = g_strdup(message);
    bury(w->warehouse, q, at_ms);
}

void warehouse_end(
    struct world *w, struct query *q, const struct failure *error, const char *message)
{
    end_at(w, q, error, message, w->now_ms);
}

/* -- begins --------------------------------------------------------------------------------------- */

struct query *warehouse_add(struct world *w, enum flavour flavour, int64_t created_ms)
{
    struct warehouse *h = w->warehouse;
    struct query *q = g_new0(struct query, 1);
    q->created_ms = created_ms;
    query_imagine(w, q, flavour, h->next++);
    struct resource_group *g = &h->group[q->flavour];
    bool full = g->queued >= g->most_queued && !(q->fails && q->fails->early);
    g->queued++;
    g_ptr_array_add(h->live, q);
    g_hash_table_insert(h->by_id, q->id, q);
    if (full) {
        g_autofree char *message =
            g_strdup_printf("Too many queued queries for \"global.%s\"", g->name);
        end_at(w, q, &failures[FAIL_QUEUE_FULL], message, created_ms + 1);
    } else if (q->fails && q->fails->early) {
        end_at(w, q, q->fails, NULL, created_ms + q->analysis_ms / 4);
    }
    return q;
}

static bool takes_tasks(const struct node *n, int64_t now_ms)
{
    return !n->coordinator && (!n->away || now_ms - n->since_ms < NOTICED_MS);
}

static guint pick_nodes(const struct world *w, const struct query *q)
{
    const struct warehouse *h = w->warehouse;
    guint most = q->flavour == FLAVOUR_DASHBOARD ? 3 : WORKERS;
    guint begin = (guint)world_pick(w, "query.node", q->number, 0, WORKERS - 1);
    guint mask = 0, count = 0;
    for (guint i = 0; i < WORKERS && count < most; i++) {
        guint at = 1 + (begin + i) % WORKERS;
        if (takes_tasks(&g_array_index(h->nodes, struct node, at), w->now_ms)) {
            mask |= 1u << at;
            count++;
        }
    }
    return mask;
}

void warehouse_start(struct world *w, struct query *q, int64_t at_ms)
{
    struct resource_group *g = &w->warehouse->group[q->flavour];
    q->started_ms = at_ms;
    g->queued--;
    g->running++;
    q->nodes = pick_nodes(w, q);
    if (q->nodes == 0 && !q->quick) {
        warehouse_end(w, q, &failures[FAIL_NO_NODES], NULL);
        return;
    }
    for (guint i = 0; i < w->warehouse->nodes->len; i++)
        if ((q->nodes & 1u << i) && g_array_index(w->warehouse->nodes, struct node, i).away)
            q->stalled_ms = w->now_ms;
}

struct query *warehouse_submit(
    struct world *w, const char *user, const char *source, const char *sql, bool quick)
{
    struct query *q = g_new0(struct query, 1);
    struct warehouse *h = w->warehouse;
    q->created_ms = w->now_ms;
    guint number = h->next++;
    query_imagine(w, q, FLAVOUR_ADHOC, number + (number % 97 == 13));
    q->number = number;
    q->user = g_intern_string(user);
    q->source = g_intern_string(source);
    g_free(q->sql);
    q->sql = g_strdup(sql);
    q->fails = NULL;
    q->work_ms = quick ? 12 : CLAMP(q->work_ms, 2000, 6000);
    q->quick = quick;
    q->type = "SELECT";
    h->group[q->flavour].queued++;
    g_ptr_array_add(h->live, q);
    g_hash_table_insert(h->by_id, q->id, q);
    if (quick) {
        q->rows = q->bytes = q->written_bytes = q->peak_bytes = 0;
        q->splits = 1;
        q->stages = 1;
        q->cpu_ms = 3;
        warehouse_start(w, q, w->now_ms);
        q->done_ms = q->work_ms;
        bury(h, q, w->now_ms);
    }
    return q;
}

static void arrive(struct world *w)
{
    guint64 second = (guint64)(w->now_ms / 1000);
    for (enum flavour f = 0; f < FLAVOURS; f++) {
        double again = f == FLAVOUR_ETL ? 1 : 1 + SENT_AGAIN * MAX(w->warehouse->pace - 1, 0);
        const struct resource_group *g = &w->warehouse->group[f];
        bool idle = f == FLAVOUR_ETL && g->running + g->queued == 0; /* some job runs always */
        if (!idle && world_chance(w, streams[f], second) >= arrivals[f] * again)
            continue;
        int64_t ago = world_pick(w, streams[f], ~second, 100, WORLD_STEP_MS - 1);
        warehouse_add(w, f, w->now_ms - ago);
    }
}

static void admit(struct world *w)
{
    struct warehouse *h = w->warehouse;
    for (guint i = 0; i < h->live->len; i++) {
        struct query *q = g_ptr_array_index(h->live, i);
        const struct resource_group *g = &h->group[q->flavour];
        if (q->started_ms != NEVER || g->running >= g->limit)
            continue;
        int64_t soonest = q->created_ms + q->analysis_ms / 2;
        warehouse_start(w, q, MAX(soonest, w->now_ms - WORLD_STEP_MS));
        i -= q->ended_ms != NEVER;
    }
}

/* -- nodes ---------------------------------------------------------------------------------------- */

void warehouse_set_away(struct world *w, struct node *n, bool away)
{
    if (n->away == away)
        return;
    struct warehouse *h = w->warehouse;
    guint index = (guint)(n - (struct node *)(void *)h->nodes->data);
    if (!away)
        n->former_ms = n->since_ms;
    n->away = away;
    n->since_ms = w->now_ms;
    for (guint i = 0; i < h->live->len && away; i++) {
        struct query *q = g_ptr_array_index(h->live, i);
        if (!(q->nodes & 1u << index))
            continue;
        if (q->retries) {
            q->lost_tasks += q->stages - 1;
            q->nodes &= ~(1u << index);
        } else if (q->stalled_ms == NEVER) {
            q->stalled_ms = w->now_ms;
        }
    }
}

static void look_at_machines(struct world *w)
{
    for (guint i = 0; i < w->warehouse->nodes->len; i++) {
        struct node *n = &g_array_index(w->warehouse->nodes, struct node, i);
        warehouse_set_away(w, n, n->sent_away || !machines_is_up(w, n->name));
    }
}

static const char *lost_node(const struct warehouse *h, const struct query *q)
{
    for (guint i = 1; i < h->nodes->len; i++) {
        const struct node *n = &g_array_index(h->nodes, struct node, i);
        if ((q->nodes & 1u << i) && (n->away || n->since_ms > q->started_ms))
            return n->name;
    }
    return g_array_index(h->nodes, struct node, 1).name;
}

static void give_up(struct world *w, struct query *q)
{
    g_autofree char *message = g_strdup_printf(
        "%s (http://%s:8080/v1/task/%s.1.0.0/results/0/0 - 116 failures, failure duration 60.10s, "
        "total failed request time 61.41s)",
        failures[FAIL_HOST_GONE].message, lost_node(w->warehouse, q), q->id);
    warehouse_end(w, q, &failures[FAIL_HOST_GONE], message);
}

/* -- work ----------------------------------------------------------------------------------------- */

double warehouse_pool(const struct warehouse *h)
{
    double sum = 0;
    for (guint i = 0; i < h->nodes->len; i++) {
        const struct node *n = &g_array_index(h->nodes, struct node, i);
        sum += n->away ? 0 : n->pool_bytes;
    }
    return sum;
}

double warehouse_reserved(const struct warehouse *h)
{
    double sum = 0;
    for (guint i = 0; i < h->live->len; i++)
        sum += ((const struct query *)g_ptr_array_index(h->live, i))->memory;
    return sum;
}

static double wanted_memory(const struct world *w, const struct query *q)
{
    double run_ms = q->started_ms == NEVER ? 0 : (double)(w->now_ms - query_runs_ms(q));
    return q->peak_bytes * CLAMP(run_ms / MIN(RAMP_MS, 0.3 * q->work_ms), 0, 1);
}

/* Small ones always find something; of the others, those that came first get what they want, and
 * the rest what is left. */
static void share_memory(struct world *w)
{
    struct warehouse *h = w->warehouse;
    double left = warehouse_pool(h);
    for (enum flavour f = 0; f < FLAVOURS; f++)
        h->group[f].memory = 0;
    for (guint pass = 0; pass < 2; pass++) {
        for (guint i = 0; i < h->live->len; i++) {
            struct query *q = g_ptr_array_index(h->live, i);
            double wanted = wanted_memory(w, q);
            if ((wanted > SMALL) != (pass == 1))
                continue;
            q->memory = MIN(wanted, left);
            q->starved = q->memory < 0.98 * wanted;
            q->memory_most = MAX(q->memory_most, q->memory);
            left -= q->memory;
            h->group[q->flavour].memory += q->memory;
        }
    }
}

static void finish(struct world *w, struct query *q, double goal_ms, double pace)
{
    if (q->worked_ms == NEVER) {
        int64_t over = (int64_t)((q->done_ms - goal_ms) * pace);
        q->worked_ms = MAX(w->now_ms - over, query_runs_ms(q));
        q->done_ms = goal_ms;
    }
    if (goal_ms < q->work_ms) {
        end_at(w, q, q->fails, NULL, q->worked_ms);
    } else if (q->worked_ms + q->finishing_ms <= w->now_ms) {
        q->memory_most = MAX(q->memory_most, q->peak_bytes * 0.8);
        bury(w->warehouse, q, q->worked_ms + q->finishing_ms);
    }
}

static void work(struct world *w, struct query *q)
{
    struct warehouse *h = w->warehouse;
    if (q->started_ms == NEVER)
        return;
    if (q->stalled_ms != NEVER) {
        int64_t patience = GIVES_UP_MS + world_pick(w, "query.patience", q->number, 0, 8000);
        if (w->now_ms - q->stalled_ms >= patience)
            give_up(w, q);
        return;
    }
    double pace = q->steady ? 1 : h->pace * (q->starved ? 1 / STARVED_PACE : 1);
    int64_t from = MAX(query_runs_ms(q), w->now_ms - WORLD_STEP_MS);
    double effort = (double)MAX(w->now_ms - from, 0) / pace;
    double goal = q->fails ? q->fails_at * q->work_ms : q->work_ms;
    if (q->worked_ms == NEVER)
        q->done_ms += effort;
    h->group[q->flavour].cpu_ms += effort / q->work_ms * q->cpu_ms;
    if (q->done_ms >= goal)
        finish(w, q, goal, pace);
}

void warehouse_step(struct world *w)
{
    struct warehouse *h = w->warehouse;
    look_at_machines(w);
    if (g_array_index(h->nodes, struct node, 0).away)
        return; /* without its coordinator nothing moves */
    arrive(w);
    admit(w);
    share_memory(w);
    for (guint i = 0; i < h->live->len;) {
        struct query *q = g_ptr_array_index(h->live, i);
        work(w, q);
        i += q->ended_ms == NEVER;
    }
}

/* -- looking -------------------------------------------------------------------------------------- */

/* The ended query that is so many before the world's first one. */
static void imagine_old(const struct world *w, guint back, struct query *out)
{
    const struct warehouse *h = w->warehouse;
    double c = world_chance(w, "old.flavour", back);
    enum flavour f = c < 0.82 ? FLAVOUR_DASHBOARD : c < 0.85 ? FLAVOUR_ETL : FLAVOUR_ADHOC;
    out->created_ms =
        h->begin_ms - (int64_t)back * PERIOD_MS + world_pick(w, "old.at", back, 0, PERIOD_MS - 10);
    query_imagine(w, out, f, h->first - back);
    if (out->fails && out->fails->early) {
        out->error = out->fails;
        out->ended_ms = out->created_ms + out->analysis_ms / 4;
        return;
    }
    out->started_ms = out->created_ms + out->analysis_ms / 2;
    out->error = out->fails;
    out->done_ms = out->work_ms * (out->error ? out->fails_at : 1);
    int64_t ended = query_runs_ms(out) + (int64_t)out->done_ms + out->finishing_ms;
    out->ended_ms = MIN(ended, h->begin_ms - 1);
    out->started_ms = MIN(out->started_ms, out->ended_ms);
    out->memory_most = out->peak_bytes * 0.97;
    out->nodes = 0x3e;
}

static guint old_count(const struct warehouse *h)
{
    return h->ended->length < h->remembered ? h->remembered - h->ended->length : 0;
}

void warehouse_each(const struct world *w, enum query_state from, enum query_state to,
    void (*visit)(const struct world *w, const struct query *q, void *data), void *data)
{
    const struct warehouse *h = w->warehouse;
    for (guint back = to >= QUERY_FINISHED ? old_count(h) : 0; back > 0; back--) {
        struct query q;
        imagine_old(w, back, &q);
        enum query_state s = query_state(&q, w->now_ms);
        if (s >= from && s <= to)
            visit(w, &q, data);
        query_clear(&q);
    }
    for (GList *i = to >= QUERY_FINISHED ? h->ended->head : NULL; i; i = i->next) {
        enum query_state s = query_state(i->data, w->now_ms);
        if (s >= from && s <= to)
            visit(w, i->data, data);
    }
    for (guint i = 0; i < h->live->len; i++) {
        const struct query *q = g_ptr_array_index(h->live, i);
        enum query_state s = query_state(q, w->now_ms);
        if (s >= from && s <= to)
            visit(w, q, data);
    }
}

struct query *warehouse_find_live(const struct world *w, const char *id)
{
    struct query *q = g_hash_table_lookup(w->warehouse->by_id, id);
    return q && q->ended_ms == NEVER ? q : NULL;
}

const struct query *warehouse_find(const struct world *w, const char *id, struct query *storage)
{
    const struct warehouse *h = w->warehouse;
    const struct query *q = g_hash_table_lookup(h->by_id, id);
    if (q)
        return q;
    guint number = strlen(id) == 27 ? (guint)g_ascii_strtoull(id + 16, NULL, 10) : 0;
    if (number >= h->first || h->first - number > old_count(h))
        return NULL;
    imagine_old(w, h->first - number, storage);
    if (strcmp(storage->id, id) == 0)
        return storage;
    query_clear(storage);
    return NULL;
}

int warehouse_queued(const struct warehouse *h, int64_t *oldest_ms)
{
    int count = 0;
    *oldest_ms = INT64_MIN;
    for (guint i = 0; i < h->live->len; i++) {
        const struct query *q = g_ptr_array_index(h->live, i);
        if (q->started_ms != NEVER)
            continue;
        if (count++ == 0)
            *oldest_ms = q->created_ms;
    }
    return count;
}

double warehouse_memory(const struct warehouse *h)
{
    double pool = warehouse_pool(h);
    return pool > 0 ? warehouse_reserved(h) / pool : 0;
}
