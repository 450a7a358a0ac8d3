/* All that a view can draw on: a grid of cells, text in roles. No colour and no terminal library
 * crosses this line: a theme says what a role looks like. Implemented by the terminal (tui/curses.c)
 * and in memory (tui/cells.c, for tests). The drawing thread only. */
#ifndef CORE_SURFACE_H
#define CORE_SURFACE_H

#include <stdbool.h>

enum role {
    ROLE_TEXT,
    ROLE_DIM,     /* less important: units, hints, absent values */
    ROLE_TITLE,   /* the top line */
    ROLE_HEADING, /* of columns */
    ROLE_OK,
    ROLE_UNKNOWN,
    ROLE_WARN,
    ROLE_FAIL,
    ROLE_RUN,  /* states: moving */
    ROLE_WAIT, /* queued, retrying */
    ROLE_OFF,
    ROLE_STALE,  /* was true, may not be */
    ROLE_CURSOR, /* the mark of the selected row */
    ROLE_KEY,    /* a key in a hint */
    ROLE_PROMPT,
    ROLE_MATCH, /* what a search found; the chosen completion */
    ROLE_RULE,  /* lines between areas */
    ROLE_BADGE, /* class of the environment, read-only */
    ROLE_COUNT,
};

struct surface {
    int width, height;
    bool ascii; /* draw with ASCII only */
    /* Clean text from (x, y), at most max columns; what does not fit is not drawn. */
    void (*put)(struct surface *s, int x, int y, int max, enum role role, const char *utf8);
    /* Where the terminal's own cursor stands (a prompt); x -1: hidden. */
    void (*cursor)(struct surface *s, int x, int y);
    struct surface *parent; /* of a part */
    int left, top;
};

/* A rectangle of parent as a surface of its own; lives as long as parent. */
struct surface surface_part(struct surface *parent, int x, int y, int width, int height);

static inline void surface_put(
    struct surface *s, int x, int y, int max, enum role role, const char *utf8)
{
    if (y >= 0 && y < s->height && x >= 0 && x < s->width && max > 0)
        s->put(s, x, y, max < s->width - x ? max : s->width - x, role, utf8);
}

/* The same glyph in its two forms. */
static inline const char *surface_glyph(
    const struct surface *s, const char *utf8, const char *ascii)
{
    return s->ascii ? ascii : utf8;
}

#endif
