/*
 * Assertions for end-to-end tests. Each waits for what it asserts, at most PTY_PATIENCE_MS (the
 * environment variable of that name overrides it, for slow builds). A failure writes the session as
 * a .cast file named after the test into $PTY_CASTS (default build/casts), prints the whole screen
 * and ends the test program as a failed g_assert does.
 */
#ifndef TESTS_PTY_ASSERT_H
#define TESTS_PTY_ASSERT_H

#include "pty.h"

enum { PTY_PATIENCE_MS = 10000 };

int pty_patience_ms(void);

/* Starts a program; argv is a list of strings. */
#define pty_assert_run(...)                                                                        \
    pty_assert_spawn(&(struct pty_spec){.argv = (const char *const[]){__VA_ARGS__, NULL}})
struct pty *pty_assert_spawn(const struct pty_spec *spec);

/* The screen's text comes to match. */
#define pty_assert_screen(p, regex)                                                                \
    PTY_ASSERT(p, pty_wait(p, regex, pty_patience_ms(), &pty_error_))

/* The program ends, with this code (128 and the signal's number if it was killed). */
#define pty_assert_exit(p, code)                                                                   \
    do {                                                                                           \
        int pty_code_ = -1;                                                                        \
        PTY_ASSERT(p, pty_wait_exit(p, pty_patience_ms(), &pty_code_, &pty_error_));               \
        g_assert_cmpint(pty_code_, ==, code);                                                      \
    } while (0)

/* The terminal comes to be as it was found. */
#define pty_assert_restored(p) PTY_ASSERT(p, pty_wait_restored(p, pty_patience_ms(), &pty_error_))

/* No forbidden byte was written so far (hygiene.h). */
#define pty_assert_clean(p) PTY_ASSERT(p, pty_check_bytes(p, &pty_error_))

/* Any call that takes &pty_error_ as its last argument, for what has no assertion of its own. */
#define PTY_ASSERT(p, call)                                                                        \
    do {                                                                                           \
        GError *pty_error_ = NULL;                                                                 \
        if (!(call))                                                                               \
            pty_fail(p, __FILE__, __LINE__, G_STRFUNC, pty_error_);                                \
    } while (0)

void pty_fail(const struct pty *p, const char *file, int line, const char *function,
    const GError *error) G_GNUC_NORETURN;

#endif
