/*
 * A command that runs in the background while keys are measured, and is started again whenever it
 * ends: "key to paint while a 10 MB reply is parsed".
 */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include "auto.h"

#include <glib.h>

struct load;

/* `command` is split as a shell would, its output is dropped. A NULL command is no load: gives NULL
 * without an error, which the functions below accept. */
struct load *load_start(const char *command, GError **error);

/* Starts it again if it has ended. */
void load_renew(struct load *l);

/* Kills it with its children. */
void load_stop(struct load *l);

DEFINE_AUTO(load, load_stop)

#endif
