/*
 * The table of the scale bench: one row per figure, one column per round trip, each target beside its
 * figure. A figure that was measured several times is shown as its median; absent is "-".
 */
#ifndef TESTS_BENCH_SCALE_REPORT_H
#define TESTS_BENCH_SCALE_REPORT_H

#include "auto.h"

#include <glib.h>
#include <stdbool.h>

struct scale_report;

struct scale_report *scale_report_new(void);
void scale_report_free(struct scale_report *r);

/* A column for what is added from here on. */
void scale_report_begin_column(struct scale_report *r, int rtt_ms);

/* One figure of the newest column. Rows appear in the order in which they are first named. */
struct scale_figure {
    const char *section, *name;
    double value;
    double limit;       /* the figure should not be above it; 0: no target */
    const char *target; /* the limit for people, "< 8 ms"; NULL: no target */
    const char *text;   /* shown instead of a value; NULL: the value itself */
};
void scale_report_add(struct scale_report *r, const struct scale_figure *f);

/* Values are copied and sorted by nearest rank; false when there is none. */
bool scale_rank(const GArray *doubles, double share, double *value);

/* "1.2M" of bytes or so. */
char *scale_amount(double value);

char *scale_report_table(const struct scale_report *r);
/* "section/name TAB round trip in ms TAB figure TAB ok, MISSED or -". */
char *scale_report_lines(const struct scale_report *r);

DEFINE_AUTO(scale_report, scale_report_free)

#endif
