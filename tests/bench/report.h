/*
 * The benchmark's output: a table for people, and a line per figure and program for scripts,
 * "figure TAB program TAB value TAB ratio", where the ratio is to the floor. "-" is absent.
 */
#ifndef TESTS_BENCH_REPORT_H
#define TESTS_BENCH_REPORT_H

#include "samples.h"

struct report_column {
    const char *name;
    const struct samples *samples;
};

/* `floor` holds the samples of all runs of the floor. */
char *report_lines(const struct report_column *columns, size_t count, const struct samples *floor);
char *report_table(const struct report_column *columns, size_t count, const struct samples *floor);

/* What each figure is, one line each. */
char *report_help(void);

#endif
