/* What history.c (writing), history_read.c and history_thin.c share. Nothing else includes this. */
#ifndef CORE_HISTORY_PRIVATE_H
#define CORE_HISTORY_PRIVATE_H

#include "history.h"
#include "history_file.h"
#include "history_grid.h"

struct history {
    char *folder;
    char *environment;
    int64_t bytes_max;
    double free_min;
    int lock; /* fd of the file that is locked, or -1 */
    struct history_file *today;
    char *day;           /* of today's file: "2026-06-12" */
    GHashTable *streams; /* "kind scope" to struct stream: what today's file ends with */
    char *thinned;       /* the day that history_thin is at, or NULL: begin with the oldest */
    gint64 thin_stream;  /* where in it */
    int64_t thin_from_ms;
};

/* Names of the days there are ("2026-06-12"), oldest first; owned by the array. */
GPtrArray *history_days(const struct history *h);
char *history_day_of(int64_t at_ms);
char *history_path(const struct history *h, const char *day);
/* When a day begins. */
int64_t history_day_start(const char *day);
/* Opens the file of a day to read, or to write where it exists; one that is damaged is set aside, if
 * this weir writes. NULL: not there, or *error. */
struct history_file *history_day_open(
    struct history *h, const char *day, bool write, GError **error);

/* A walk over the frames of one stream, oldest first, each as it was. */
struct history_walk {
    grid_choose choose; /* NULL: all fields */
    /* Called after each frame from from_ms on (NULL: never); moved: the rows are not those of the call
     * before. False ends the walk. */
    bool (*seen)(struct history_walk *w, bool moved);
    void *data;
    int64_t from_ms, to_ms; /* from <= t < to */
    /* The newest frame that could be read, NULL after a damaged one; owned by the walk. */
    struct grid *frame;
    int64_t at_ms;
    int tier;
    bool key;
    bool moved;
};
/* Runs it from the key before from_ms on; frame stays until the next run or history_walk_end. */
bool history_walk_run(
    struct history_walk *w, struct history_file *f, gint64 stream, GError **error);
void history_walk_end(struct history_walk *w);

#endif
