/* The terminal: a surface over ncurses, whose output goes into a file in memory, so that each frame
 * leaves in one write(2). Otherwise ncurses would write once per cursor movement until its first
 * suspend, and could block on a terminal that does not read.
 *
 * The terminal is put back as it was by terminal_close, after any fatal signal, and while the program
 * is suspended. */
#ifndef TUI_CURSES_H
#define TUI_CURSES_H

#include <glib.h>

#include "answers.h"
#include "surface.h"
#include "theme.h"

struct terminal;

enum colours { COLOURS_AUTO, COLOURS_NONE, COLOURS_16, COLOURS_256 };

struct terminal_options {
    bool ascii; /* asked for, or the locale is not UTF-8 */
    enum colours colours;
};

/* Takes the terminal of standard input and output. NULL and *error when it cannot be used at all. */
struct terminal *terminal_open(const struct terminal_options *options, GError **error);
/* Puts the terminal back. Takes no longer than a write, or, right after a question, 300 ms (on a slow
 * line two round trips). */
void terminal_close(struct terminal *t);

/* How many colours are used: 0, 8, 16 or 256. */
int terminal_colours(const struct terminal *t);
/* What the user should know about how the terminal was opened, or NULL. Borrowed. */
const char *terminal_note(const struct terminal *t);
/* What the terminal has said of its background so far; known some time after the first frame. */
enum background terminal_background(const struct terminal *t);

struct surface *terminal_surface(struct terminal *t);
void terminal_set_theme(struct terminal *t, const struct theme *theme);

/* A frame: begin clears what will be drawn, end sends the difference. repaint: as if nothing were on
 * the screen. end returns false while the terminal has not taken the frame before: then nothing was
 * sent, and terminal_pending's descriptor tells when to try again. */
void terminal_begin(struct terminal *t, bool repaint);
bool terminal_end(struct terminal *t);
/* Bytes that wait for the terminal; >0: call terminal_drain when terminal_fd is writable. */
gsize terminal_pending(const struct terminal *t);
bool terminal_drain(struct terminal *t); /* true when nothing waits any more */
int terminal_fd(const struct terminal *t);
/* Whether the terminal has still to show earlier frames: another one would only queue up. It catches
 * up when terminal_drain or terminal_key has something. */
bool terminal_is_behind(struct terminal *t);

/* Takes the window's size from the kernel. */
void terminal_resize(struct terminal *t);
/* Gives the terminal back for a while: what is sent is seen below the shell's own lines. */
void terminal_leave(struct terminal *t);
/* Then keys come one by one all the same, without echo: ctrl-d is a key and not the end of input. */
void terminal_take_keys(struct terminal *t);
void terminal_return(struct terminal *t);
/* Bytes beside the frames; false as with terminal_end. */
bool terminal_send(struct terminal *t, const char *bytes);
/* Gives the terminal back and stops the process; returns after it is continued. */
void terminal_suspend(struct terminal *t);

/* The next key as a name ("j", "G", "ctrl-d", "enter", "esc", "up", "pgdn", "ü"), or "" when there is
 * none. A pasted text comes whole as KEY_PASTE, its first line in paste. late: terminal_wait_ms has
 * passed since the last call. False: the input has ended. */
#define KEY_PASTE "paste"
bool terminal_key(struct terminal *t, bool late, char name[16], GString *paste);
/* When this is not 0, terminal_key is to be called again with late after so many milliseconds. */
int terminal_wait_ms(const struct terminal *t);

/* Whether this machine has a description of the terminal, and how many colours that gives it (below 0:
 * none). For the doctor: not while a terminal is open. */
bool terminal_known(const char *term, int *colours);

#endif
