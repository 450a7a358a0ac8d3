/* A chart: up to four series of one column over a window of time, with a value axis in the column's
 * unit, a time axis, marks for events, and a line that reads values out. Three forms: braille
 * dots and blocks on a UTF-8 screen, `_ . - = + #` in ASCII. Pure: the same chart on the same surface
 * gives the same picture, and nothing is drawn outside of it.
 *
 * What is not known stays open: no line leads over a gap, and "?" stands where it meets the axis. */
#ifndef VIEWS_CHART_H
#define VIEWS_CHART_H

#include "kind.h"
#include "quantity.h"
#include "surface.h"

#define CHART_LINES_MAX 4
#define CHART_NO_CURSOR G_MININT64

enum chart_form { CHART_DOTS, CHART_BLOCKS }; /* of UTF-8 screens */

/* With several lines each has a letter, a to d, on the curve and before its name. */
struct chart_line {
    const char *name;            /* clean; needed where there are several */
    const struct series *series; /* NULL: nothing known of it */
};

struct chart {
    const struct column *column;
    unsigned count;
    struct chart_line line[CHART_LINES_MAX];
    int64_t from_ms, to_ms;          /* the window: from < to, at most 10 years */
    struct reader reader;            /* now, and the zone of the time axis */
    int64_t since_ms;                /* what the history goes back to; 0: not known */
    int64_t cursor_ms;               /* whose values are read out, or CHART_NO_CURSOR */
    const struct event_mark *events; /* oldest first */
    unsigned event_count;
    enum chart_form form;
};

void chart_draw(const struct chart *c, struct surface *s);

/* Spans of time that a chart as wide as the surface can tell apart. */
int chart_points(const struct surface *s, enum chart_form form);

/* The value of a series at a moment; NAN: not known. */
double series_at(const struct series *series, int64_t at_ms);

#endif
