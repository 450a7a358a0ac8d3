/* The simulated platform: one world that every simulated service shows a side of.
 *
 * Topics feed groups, groups feed topics and tables, DAGs load tables, queries read them, brokers and
 * workers live on hosts. The world moves in steps of WORLD_STEP_MS along its own clock, and each step
 * depends on the seed, the plot, the scale and what was asked of it, never on when it is computed: the
 * same begin, seed and plot give the same world at the same moment. Chance is a hash of the seed and of
 * what it is about (world_chance), so that it does not depend on the order of things either.
 *
 * A part of the world (machines.h, kafka.h, flows.h, warehouse.h, alerts.h) has four functions: _new builds it
 * for a scale, _step lets WORLD_STEP_MS pass, _verbs names what a plot may do to it, _free. Services
 * read the parts and, where a request changes something, call the part's functions. One thread. */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "auto.h"

#define WORLD_STEP_MS    1000
#define WORLD_WARM_UP_MS (30 * 60 * 1000) /* simulated before the plot's first moment */

struct plot;
struct world;
struct kafka;
struct flows;
struct warehouse;
struct machines;
struct alerts;

/* How much there is; 0 means as much as the story needs. Objects beyond the story's own are numbered
 * ones that behave. */
struct scale {
    int dags, runs; /* runs: kept per DAG */
    int groups, topics, partitions;
    int queries; /* that the coordinator remembers */
    int hosts;
};

struct world {
    struct scale scale;
    guint64 seed;
    int64_t zero_ms; /* wall clock of the plot's first moment: a whole minute */
    int64_t now_ms;  /* wall clock of the world; zero_ms - WORLD_WARM_UP_MS at first */
    const struct plot *plot;
    guint next_event; /* of the plot */
    GPtrArray *log;   /* what happened, "12:01:10Z deploy enrich v2.31": owned texts */
    struct machines *machines;
    struct kafka *kafka;
    struct flows *flows;
    struct warehouse *warehouse;
    struct alerts *alerts;
};

/* plot is borrowed and must outlive the world (NULL: nothing ever happens). The world stands at the
 * beginning of its warm-up. */
struct world *world_new(
    const struct scale *scale, guint64 seed, int64_t zero_ms, const struct plot *plot);
void world_free(struct world *w); /* accepts NULL */
DEFINE_AUTO(world, world_free)

/* Lets time pass, in whole steps, until now_ms is at most WORLD_STEP_MS before to_ms. */
void world_advance(struct world *w, int64_t to_ms);
/* Milliseconds since the plot's first moment; negative before it. */
int64_t world_plot_ms(const struct world *w);
/* Something that a person would want to know happened. */
void world_note(struct world *w, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* A number in [0, 1) that is always the same for the same seed, name and number. */
double world_chance(const struct world *w, const char *name, guint64 number);
/* The same between low and high, and as an integer of [low, high]. */
double world_between(
    const struct world *w, const char *name, guint64 number, double low, double high);
int64_t world_pick(
    const struct world *w, const char *name, guint64 number, int64_t low, int64_t high);

/* What a plot may do to a part of the world. args are the texts of the event's map, by key. apply is
 * called when its moment has come; check, before the world begins to move, says whether the names in
 * args exist (false and *error: a sentence). */
struct verb {
    const char *name;
    const char *keys; /* "group member?": those with ? may be missing */
    const char *help;
    bool (*check)(const struct world *w, GHashTable *args, GError **error); /* or NULL */
    void (*apply)(struct world *w, GHashTable *args);
};

/* The tables of verbs of all parts; each ends with a NULL name, the list of them with NULL. */
const struct verb *const *world_verbs(void);
const struct verb *world_verb(const char *name); /* or NULL */

#endif
