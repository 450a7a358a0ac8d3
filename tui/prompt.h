/* The line at the bottom in which one types: a command, a filter, a column. With a list of
 * completions above it; Enter runs what was typed, never a suggestion that was only shown. */
#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H

#include <glib.h>
#include <stdbool.h>

#include "surface.h"

enum prompt_mode { PROMPT_OFF, PROMPT_COMMAND, PROMPT_FILTER, PROMPT_SORT };

struct completion {
    char *text; /* what it puts on the line */
    char *help;
};

struct prompt {
    enum prompt_mode mode;
    GString *text;
    GPtrArray *completions; /* struct completion that match what was typed */
    int chosen;             /* -1: none */
    gsize from;             /* where the word begins that they complete */
};

enum prompt_event {
    PROMPT_NOTHING, /* the key did nothing here */
    PROMPT_EDITED,  /* the text changed */
    PROMPT_CHOSE,   /* a completion was put on the line */
    PROMPT_ENTER,
    PROMPT_CANCEL,
};

struct prompt *prompt_new(void);
void prompt_free(struct prompt *p);
/* text: what stands there at first. */
void prompt_open(struct prompt *p, enum prompt_mode mode, const char *text);
void prompt_close(struct prompt *p);
/* A key, or KEY_PASTE with its text. */
enum prompt_event prompt_key(struct prompt *p, const char *key, const char *paste);
/* Replaces the completions by those of all (name, help, name, help ..., NULL) that match the text from
 * byte from on: first those that begin with it, then those that contain its letters in order. */
void prompt_complete(struct prompt *p, gsize from, const char *const *all);

#define PROMPT_LIST_MAX 8 /* completions on the screen */
/* Draws the line at y and the list above it. */
void prompt_draw(const struct prompt *p, struct surface *s, int y);

#endif
