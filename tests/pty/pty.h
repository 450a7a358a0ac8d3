/*
 * A terminal for programs under test: starts a program on a PTY, shows what it writes on an
 * emulated screen, types keys, and waits until something is true. Tests assert on real cells;
 * benches read the counters and the time stamps.
 *
 * Nothing sleeps and nothing runs in the background: the session moves on only inside the functions
 * named pty_wait... and pty_run_for, which poll the PTY and return at the first moment at which
 * their condition holds. One thread may use one session; sessions do not share anything.
 *
 *     struct pty_spec spec = {.argv = (const char *[]){"build/weir", NULL}};
 *     AUTO(pty) p = pty_spawn(&spec, &error);
 *     pty_wait(p, "^NOW", 5000, &error);
 *     pty_key(p, "down");
 *
 * Times are CLOCK_MONOTONIC nanoseconds. Columns and rows count from 0.
 */
#ifndef TESTS_PTY_PTY_H
#define TESTS_PTY_PTY_H

#include "emulator.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PTY_ERROR (pty_error_quark())
GQuark pty_error_quark(void);

enum pty_error {
    PTY_ERROR_SPAWN,    /* the program could not be started */
    PTY_ERROR_TIMEOUT,  /* what was waited for did not come; the message shows the whole screen */
    PTY_ERROR_ENDED,    /* the program ended first; the message shows the whole screen */
    PTY_ERROR_TERMINAL, /* the terminal was not left as it was found */
    PTY_ERROR_CUT,      /* more output than CAPTURE_CAP, so not all of it could be checked */
};

struct pty_spec {
    const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */

    /* Added to the caller's environment, from which everything that speaks of the caller's own
     * terminal and locale is taken away (launch.c lists it); LANG is C.UTF-8. "NAME=VALUE" sets,
     * "NAME" removes; NULL-terminated or NULL. */
    const char *const *env;
    const char *cwd;   /* NULL: the caller's */
    const char *term;  /* NULL: xterm-256color */
    int width, height; /* 0: 80 and 24 */
    struct emulator_manner manner;
};

struct pty_stats {
    int64_t started_ns; /* just before the fork */
    int64_t ended_ns;   /* when the program's end was seen; 0 while it runs */
    /* Since the start or the last pty_mark, as they arrive at the terminal: */
    int64_t marked_ns;
    uint64_t bytes;
    int64_t first_byte_ns, last_byte_ns; /* 0: none came */
};

struct pty;

/* Starts the program as the leader of a session whose terminal this is. Returns NULL with
 * PTY_ERROR_SPAWN when it cannot be executed. */
struct pty *pty_spawn(const struct pty_spec *spec, GError **error);

/* Kills what is left of the program's process group and reaps the program. */
void pty_free(struct pty *p);

/* From here on the terminal hangs behind a slow line (slowlink.h). Right after pty_spawn or at any
 * later time, once. */
void pty_throttle(struct pty *p, int64_t bytes_per_second, int64_t rtt_ms);

/* What a person does. */

/* Keys by name as in emulator_press; an unknown name is a programmer's error. */
void pty_key(struct pty *p, const char *name);
void pty_type(struct pty *p, const char *text);  /* the bytes as they are */
void pty_paste(struct pty *p, const char *text); /* bracketed when the program asked for it */
void pty_focus(struct pty *p, bool gained);
void pty_resize(struct pty *p, int width, int height); /* the kernel sends SIGWINCH */
void pty_hangup(struct pty *p); /* the window is closed: SIGHUP, end of input, EIO on output */
void pty_kill(struct pty *p, int signal_number); /* to the program alone, not to its children */

/* Waiting. On failure the error holds the whole screen as text. */

typedef bool pty_predicate(struct pty *p, void *data);

/* Until the predicate holds. It is asked at once and then after everything that happens, but not
 * inside a synchronised update (mode 2026), of which a person would see nothing either. */
bool pty_wait_for(struct pty *p, pty_predicate *holds, void *data, int timeout_ms, GError **error);

/* Until the screen's text (pty_text) matches; ^ and $ match at every row. */
bool pty_wait(struct pty *p, const char *regex, int timeout_ms, GError **error);

/* Until no byte came for quiet_ms, counted from the call at the earliest, or the program ended. */
bool pty_wait_quiet(struct pty *p, int quiet_ms, int timeout_ms, GError **error);

/* Until the program has ended and its last output is on the screen. *code is its exit status, or
 * 128 and the signal's number; code may be NULL. */
bool pty_wait_exit(struct pty *p, int timeout_ms, int *code, GError **error);

/* Until pty_is_restored, looked at every 0.2 ms since no event announces a change of termios. */
bool pty_wait_restored(struct pty *p, int timeout_ms, GError **error);

/* Lets the session go on for this long (or until the program has ended). For measurements over a
 * window of time; a test has something to wait for. */
void pty_run_for(struct pty *p, int64_t span_ns);

/* What stands on the screen. */

void pty_size(const struct pty *p, int *width, int *height);
char *pty_text(const struct pty *p);       /* all rows, joined by newlines; the caller owns it */
char *pty_row(const struct pty *p, int y); /* without the blanks at its end; the caller owns it */
struct pty_cell pty_cell(const struct pty *p, int x, int y);
struct pty_frame *pty_frame(const struct pty *p); /* a copy of all cells */
bool pty_alt_screen(const struct pty *p);
bool pty_cursor_visible(const struct pty *p);
void pty_cursor(const struct pty *p, int *x, int *y);
bool pty_mode(const struct pty *p, int mode); /* private modes that are on: 2004, 1006 ... */

/* What is left behind, what was written. */

/* The terminal is as the program found it: termios (ECHO, ICANON and everything else), main screen,
 * cursor shown, and no mode left on that would make a shell unusable. Also after the program ended;
 * not after pty_hangup. */
bool pty_is_restored(const struct pty *p);
bool pty_check_restored(const struct pty *p, GError **error); /* the error lists what differs */

/* No forbidden byte in all that was written: see hygiene.h. */
bool pty_check_bytes(const struct pty *p, GError **error);

const GByteArray *pty_bytes(const struct pty *p); /* everything since the start; borrowed */
bool pty_save_cast(const struct pty *p, const char *path, GError **error);

/* Figures. */

int64_t pty_now_ns(void);
pid_t pty_pid(const struct pty *p);
bool pty_has_ended(const struct pty *p);

/* Counts and time stamps anew from here. */
void pty_mark(struct pty *p);
const struct pty_stats *pty_stats(const struct pty *p);

/* write(2) calls of the program's main thread since its start (proc_writes), also after its end. */
bool pty_writes(const struct pty *p, uint64_t *count);

DEFINE_AUTO(pty, pty_free)

#endif
