/* A plot: a small YAML file that says what happens to the world, and when.
 *
 *     title: a consumer leaves and its partitions have no owner
 *     about: what a person may learn from it, in a few sentences
 *     events:
 *       - {at: +3m, deploy: {what: enrich v2.31}}
 *       - {at: +6m, member_leaves: {group: enrich-v2, member: enrich-3}}
 *
 * Every event has `at` (a span from the plot's first moment) and one verb of world_verbs() with its
 * map. A wrong file is described with file, line and column, all faults at once. */
#ifndef TESTS_SIM_PLOT_H
#define TESTS_SIM_PLOT_H

#include "world.h"

struct event {
    int64_t at_ms;
    const struct verb *verb;
    GHashTable *args; /* text to text */
    struct yaml_node_s *place;
};

struct plot {
    char *name, *title, *about;
    GArray *events;    /* struct event, by time */
    struct yaml *yaml; /* the file, for the places of what is wrong */
};

/* name: of a plot that is built in, or the path of a file (when it has a slash or ends in .yaml).
 * NULL with *error, whose message is the faults' text. */
struct plot *plot_load(const char *name, GError **error);
void plot_free(struct plot *p); /* accepts NULL */
DEFINE_AUTO(plot, plot_free)

/* Whether the names that the events speak of exist in the world: false and *error as above. */
bool plot_check(const struct plot *p, const struct world *w, GError **error);

/* Names of the plots that are built in, NULL-terminated. */
const char *const *plot_names(void);

#endif
