#include "world.h"

#include <stdarg.h>

#include "alerts.h"
#include "flows.h"
#include "kafka.h"
#include "machines.h"
#include "plot.h"
#include "quantity.h"
#include "warehouse.h"

struct world *world_new(
    const struct scale *scale, guint64 seed, int64_t zero_ms, const struct plot *plot)
{
    struct world *w = g_new0(struct world, 1);
    w->scale = *scale;
    w->seed = seed;
    w->zero_ms = zero_ms;
    w->now_ms = zero_ms - WORLD_WARM_UP_MS;
    w->plot = plot;
    w->log = g_ptr_array_new_with_free_func(g_free);
    /* Each part may look at those before it. */
    w->machines = machines_new(w);
    w->kafka = kafka_new(w);
    w->flows = flows_new(w);
    w->warehouse = warehouse_new(w);
    w->alerts = alerts_new(w);
    return w;
}

void world_free(struct world *w)
{
    if (!w)
        return;
    alerts_free(w->alerts);
    warehouse_free(w->warehouse);
    flows_free(w->flows);
    kafka_free(w->kafka);
    machines_free(w->machines);
    g_ptr_array_unref(w->log);
    g_free(w);
}

int64_t world_plot_ms(const struct world *w)
{
    return w->now_ms - w->zero_ms;
}

static void play(struct world *w)
{
    while (w->plot && w->next_event < w->plot->events->len) {
        const struct event *e = &g_array_index(w->plot->events, struct event, w->next_event);
        if (e->at_ms > world_plot_ms(w))
            return;
        e->verb->apply(w, e->args);
        w->next_event++;
    }
}

void world_advance(struct world *w, int64_t to_ms)
{
    while (w->now_ms + WORLD_STEP_MS <= to_ms) {
        w->now_ms += WORLD_STEP_MS;
        play(w);
        machines_step(w);
        kafka_step(w);
        flows_step(w);
        warehouse_step(w);
        alerts_step(w);
    }
}

void world_note(struct world *w, const char *format, ...)
{
    g_autoptr(GString) line = g_string_new(NULL);
    quantity_append_iso(line, w->now_ms);
    g_string_append_c(line, ' ');
    va_list args;
    va_start(args, format);
    g_string_append_vprintf(line, format, args);
    va_end(args);
    g_ptr_array_add(w->log, g_strdup(line->str));
}

/* -- chance --------------------------------------------------------------------------------------- */

/* splitmix64, after Steele, Lea and Flood, "Fast splittable pseudorandom number generators". */
static guint64 mix(guint64 x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

double world_chance(const struct world *w, const char *name, guint64 number)
{
    guint64 h = mix(mix(w->seed ^ g_str_hash(name)) ^ number);
    return (double)(h >> 11) / 9007199254740992.0; /* 2^53 */
}

double world_between(
    const struct world *w, const char *name, guint64 number, double low, double high)
{
    return low + world_chance(w, name, number) * (high - low);
}

int64_t world_pick(
    const struct world *w, const char *name, guint64 number, int64_t low, int64_t high)
{
    return low + (int64_t)(world_chance(w, name, number) * (double)(high - low + 1));
}

/* -- verbs ---------------------------------------------------------------------------------------- */

const struct verb *const *world_verbs(void)
{
    static const struct verb *const all[] = {
        kafka_verbs, machines_verbs, flows_verbs, warehouse_verbs, NULL};
    return all;
}

const struct verb *world_verb(const char *name)
{
    for (const struct verb *const *table = world_verbs(); *table; table++)
        for (const struct verb *v = *table; v->name; v++)
            if (g_str_equal(v->name, name))
                return v;
    return NULL;
}
