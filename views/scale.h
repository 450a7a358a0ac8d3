/* The two axes of a chart: which range of values it shows and which of them are labelled, and where
 * round times stand. Pure functions over numbers; labels are text of core/quantity.h. */
#ifndef VIEWS_SCALE_H
#define VIEWS_SCALE_H

#include "model.h"

#define SCALE_TICKS_MAX 5

struct scale {
    enum cell_type type;
    double low, high; /* of the axis: low < high, both finite */
    unsigned ticks;   /* 2 to SCALE_TICKS_MAX values that are labelled, rising */
    double tick[SCALE_TICKS_MAX];
    bool relative; /* their labels would read the same: all but the first are told from the first */
};

/* An axis for finite values from low to high in rows lines: between round values of the type, with
 * zero unless the values lie close together far from it. */
void scale_values(struct scale *s, enum cell_type type, double low, double high, int rows);

/* The level, 0 to levels - 1 from below, that shows a value. */
int scale_level(const struct scale *s, double value, int levels);

/* A value of the axis' type as people read it, also where it is no whole number. */
void scale_append(GString *out, enum cell_type type, double value);
/* The label of a tick: at most 12 columns. */
void scale_append_tick(GString *out, const struct scale *s, unsigned tick);

/* The step between round times such that a label of its form fits into columns for span_ms (> 0). */
int64_t scale_time_step(int64_t span_ms, int columns);
/* The clock of a zone (NULL: UTC) is this much ahead of UTC. */
int64_t scale_zone_ms(GTimeZone *zone, int64_t at_ms);
/* "11:04Z", or "13:04" in a zone; with seconds where the step is shorter than a minute; the date at
 * midnight. */
void scale_append_time(GString *out, int64_t at_ms, int64_t step_ms, GTimeZone *zone);

#endif
