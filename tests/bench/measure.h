/*
 * The measurements of one program on an emulated terminal. Each adds its values to `out` and starts
 * the program anew. They fail, with the reason, when the program cannot be started or its content
 * does not come; values are never judged.
 */
#ifndef TESTS_BENCH_MEASURE_H
#define TESTS_BENCH_MEASURE_H

#include "program.h"
#include "samples.h"

struct settings {
    int width, height;
    const char *term;
    const char *home; /* the programs' HOME and XDG folders lie here */
    const char *load; /* a command to run while keys are measured, or NULL */
    int idle_ms;
    int slow_bytes_per_second, slow_rtt_ms;
};

/* One start: fork to first byte, to content; bytes of the first screen until it is quiet; then
 * quit: key to restored terminal, to exit. */
bool measure_start(
    const struct settings *s, const struct program *p, struct samples *out, GError **error);

/* `count` keys with jittered gaps: time to the first and last byte of the answer, bytes, writes,
 * CPU time of all threads, and how much of the screen changed. With idle also, afterwards, a window
 * in which nobody does anything (bytes, wakeups, CPU time), and the memory. */
bool measure_keys(const struct settings *s, const struct program *p, int count, bool idle,
    struct samples *out, GError **error);

/* Over a slow line: time to content, then bursts of ten keys per second: from the last key to the
 * last byte that it caused. */
bool measure_slow(
    const struct settings *s, const struct program *p, struct samples *out, GError **error);

#endif
