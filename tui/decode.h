/* Bytes from a terminal, cut into keys, pastes and answers. Pure: it reads nothing and knows no clock,
 * so any bytes can be tried on it.
 *
 * A sequence that is known to be one (ECMA-48: ESC [ ..., ESC O ., ESC ] ... ST) is taken whole or
 * dropped whole, however late its end comes: its letters never act as keys. */
#ifndef TUI_DECODE_H
#define TUI_DECODE_H

#include <glib.h>
#include <stdbool.h>

#include "auto.h"

struct decoder;

struct decoder *decoder_new(void);
void decoder_free(struct decoder *d);
DEFINE_AUTO(decoder, decoder_free)

/* sequence (at least two bytes, else it is left out) stands for a key; the last one said counts. */
void decoder_add(struct decoder *d, const char *sequence, const char *name);
void decoder_feed(struct decoder *d, const char *bytes, gsize length);

enum decoded {
    DECODED_NONE,   /* all is taken, or more bytes are needed: decoder_wait_ms */
    DECODED_KEY,    /* name */
    DECODED_PASTE,  /* text: its first line, at most DECODE_TEXT_MAX bytes, clean */
    DECODED_ANSWER, /* text: an escape sequence that is no key */
};
#define DECODE_TEXT_MAX 4096
/* The next thing. late: nothing came for decoder_wait_ms, so an ESC by itself is the key. */
enum decoded decoder_next(struct decoder *d, bool late, char name[16], GString *text);

/* How long to wait for the rest of what has begun, given how long an ESC may be the begin of a
 * sequence; 0: nothing has begun. */
int decoder_wait_ms(const struct decoder *d, int escape_ms);

#endif
