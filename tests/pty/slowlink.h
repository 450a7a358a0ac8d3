/*
 * A model of a slow line between program and terminal: so many bytes per second towards the
 * terminal, and half a round trip of delay each way. It moves no bytes by itself: its owner asks
 * how many bytes the line takes now, hands them in, and takes out those whose time has come. Keys
 * are delayed only, since they are few.
 *
 * What the line does not take stays in the kernel's PTY buffer (about 19 kB on Linux), and when
 * that is full the program's write blocks, as it does behind a terminal that reads slowly.
 */
#ifndef TESTS_PTY_SLOWLINK_H
#define TESTS_PTY_SLOWLINK_H

#include "auto.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum slowlink_way { SLOWLINK_TO_TERMINAL, SLOWLINK_TO_PROGRAM };

struct slowlink;

/* bytes_per_second is above 0, rtt_ms 0 or above. Times are CLOCK_MONOTONIC in nanoseconds. */
struct slowlink *slowlink_new(int64_t bytes_per_second, int64_t rtt_ms);
void slowlink_free(struct slowlink *l);

/* How many bytes the line takes now towards the terminal: 0 while it is still sending the last
 * ones, else what it sends in 5 ms. */
size_t slowlink_room(const struct slowlink *l, int64_t now_ns);

void slowlink_put(
    struct slowlink *l, enum slowlink_way way, const char *bytes, size_t length, int64_t now_ns);

/* Appends to `out` what has arrived at the other end by now. */
void slowlink_take(struct slowlink *l, enum slowlink_way way, int64_t now_ns, GByteArray *out);

/* The next moment after now at which something arrives or the line has room again; INT64_MAX when
 * nothing is under way. */
int64_t slowlink_next_ns(const struct slowlink *l, int64_t now_ns);

/* Nothing is under way towards the terminal. */
bool slowlink_is_idle(const struct slowlink *l, int64_t now_ns);

DEFINE_AUTO(slowlink, slowlink_free)

#endif
