/*
 * The terminal's side of a session: libvterm's screen, and what libvterm 0.1 lacks and programs
 * rely on: dim text, the list of private modes that are on, answers about colours (OSC 10 and 11)
 * and about synchronised updates (mode 2026). Keys are named here because what a key sends depends
 * on the modes that the program has set.
 */
#ifndef TESTS_PTY_EMULATOR_H
#define TESTS_PTY_EMULATOR_H

#include "pty_frame.h"

/* What kind of terminal it is. All false: a dark one that knows synchronised updates. */
struct emulator_manner {
    bool mute;    /* answers no question at all */
    bool no_sync; /* answers that it does not know mode 2026 */
    bool light;   /* black on white */
};

/* Bytes that the terminal sends to the program: answers, keys, pasted text. */
typedef void emulator_send(const char *bytes, size_t length, void *data);

struct emulator;

struct emulator *emulator_new(
    int width, int height, const struct emulator_manner *manner, emulator_send *send, void *data);
void emulator_free(struct emulator *e);

void emulator_feed(struct emulator *e, const char *bytes, size_t length);
void emulator_resize(struct emulator *e, int width, int height);

void emulator_size(const struct emulator *e, int *width, int *height);
void emulator_cursor(const struct emulator *e, int *x, int *y);
bool emulator_cursor_visible(const struct emulator *e);
bool emulator_alt_screen(const struct emulator *e);

/* Whether the program has switched this private mode on: 2004 for "CSI ? 2004 h". Modes that are on
 * in a fresh terminal (7, 25) are not known here until the program sets them. */
bool emulator_mode(const struct emulator *e, int mode);

/* x and y count from 0 and lie inside the screen. */
struct pty_cell emulator_cell(const struct emulator *e, int x, int y);

/* One row without the blanks at its end. The caller owns it. */
char *emulator_row(const struct emulator *e, int y);

/* Presses a key: "j", "esc", "enter", "up", "pgdn", "f5", "ctrl-d", "shift-tab", "alt-x". Returns
 * false for a name that is no key. */
bool emulator_press(struct emulator *e, const char *name);

/* Pastes text, bracketed when the program asked for that (mode 2004). */
void emulator_paste(struct emulator *e, const char *text);

/* The window gains or loses the focus; sends something only under mode 1004. */
void emulator_focus(struct emulator *e, bool gained);

DEFINE_AUTO(emulator, emulator_free)

#endif
