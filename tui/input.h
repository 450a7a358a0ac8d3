/* Keys as names, read from a terminal. Its terminfo entry says what special keys send, and what all
 * terminals of today send is known as well. */
#ifndef TUI_INPUT_H
#define TUI_INPUT_H

#include <glib.h>
#include <stdbool.h>

#include "decode.h"

struct input;

/* fd: the terminal's. After setupterm or newterm, which say what its keys send. */
struct input *input_new(int fd, int escape_ms);
/* An ESC that nothing follows for so long is the key. */
void input_set_escape(struct input *in, int escape_ms);

/* The next thing that was typed or answered (decode.h), without waiting for it. late: input_wait_ms
 * has passed. *ended becomes true when there will be no more. */
enum decoded input_next(struct input *in, bool late, char name[16], GString *text, bool *ended);
/* Milliseconds until input_next is to be called with late when nothing more comes; 0: never. */
int input_wait_ms(const struct input *in);

/* Whether a text names a key: one character, or ctrl-LETTER, enter, esc, tab, space, up ... Names are
 * case-sensitive where characters are. */
bool input_is_key(const char *name);

#endif
