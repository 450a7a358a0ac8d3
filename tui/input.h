/* Keys as names. ncurses knows the escape sequences of the terminal; this gives what it reads a name
 * that key tables, help and the user's configuration share. */
#ifndef TUI_INPUT_H
#define TUI_INPUT_H

#include <glib.h>
#include <stdbool.h>

struct input;

/* pad: a WINDOW of ncurses, with keypad and nodelay set. */
struct input *input_new(void *pad);

/* The next key (see terminal_key). */
bool input_key(struct input *in, char name[16], GString *paste);

/* Whether a text names a key: one character, or ctrl-LETTER, enter, esc, tab, space, up ... Names are
 * case-sensitive where characters are. */
bool input_is_key(const char *name);

#endif
