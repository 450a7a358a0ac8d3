/*
 * Starts a program as the leader of a session of its own, with a terminal as its standard streams.
 */
#ifndef TESTS_PTY_LAUNCH_H
#define TESTS_PTY_LAUNCH_H

#include <glib.h>
#include <sys/types.h>

struct launch {
    const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
    const char *const *env;  /* "NAME=VALUE" sets, "NAME" removes; NULL-terminated or NULL */
    const char *cwd;         /* NULL: the caller's */
    const char *term;
    int master, slave; /* both ends of the terminal; the child closes what it does not need */
};

/* Returns the pid once the program is executed, so that there is nothing of the caller's left in
 * the child, or -1 with PTY_ERROR_SPAWN and the reason. */
pid_t launch_program(const struct launch *l, GError **error);

#endif
