/* Any bytes as a plot: read, its names looked up in a world, and what can be played is played. */
#include "sim/plot.h"

#include "fuzz/fuzz.h"

#define PLAYED_MAX 24 /* events: a plot may ask for thousands of queries at a time */
#define PLAYED_MS  20000

static const struct scale small = {.runs = 1, .queries = 1};

static void check_message(const GError *error)
{
    g_assert_nonnull(error);
    g_assert_cmpstr(error->message, !=, "");
    g_assert_null(strchr(error->message, '\033'));
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
}

static void play(const struct plot *p)
{
    AUTO(world) w = world_new(&small, 1, 0, p);
    for (guint i = 0; i < p->events->len; i++) {
        const struct event *e = &g_array_index(p->events, struct event, i);
        e->verb->apply(w, e->args);
    }
    world_advance(w, w->now_ms + PLAYED_MS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world *world;
    if (!world)
        world = world_new(&small, 1, 0, NULL);
    g_autoptr(GError) error = NULL;
    AUTO(plot) p = plot_load(fuzz_file((const char *)data, size), &error);
    if (p && plot_check(p, world, &error) && p->events->len <= PLAYED_MAX)
        play(p);
    if (error)
        check_message(error);
    return 0;
}
