/* A screen in memory: what views draw on. The terminal compares it with the one before and sends the
 * difference; tests look at it. */
#ifndef TUI_CELLS_H
#define TUI_CELLS_H

#include <glib.h>
#include <stdint.h>

#include "auto.h"
#include "surface.h"

#define CELL_MARKS 2 /* combining marks kept per character: what text_clean lets through */

/* One cell. All bytes are set, so that rows can be compared with memcmp. */
struct cell_at {
    uint32_t text[1 + CELL_MARKS]; /* a character and its marks; text[0] 0 behind a wide one */
    uint32_t role;
};

struct cells {
    struct surface surface; /* first: a surface is its cells */
    struct cell_at *at;     /* row by row */
    int cursor_x, cursor_y; /* x -1: hidden */
};

struct cells *cells_new(int width, int height, bool ascii);
void cells_free(struct cells *c);
DEFINE_AUTO(cells, cells_free)
/* Blanks everywhere. */
void cells_clear(struct cells *c);
static inline struct cell_at *cells_row(const struct cells *c, int y)
{
    return c->at + (gsize)y * (gsize)c->surface.width;
}

/* The screen as lines, trailing blanks cut; with roles: below each line that has a role other than
 * text, a line with a letter per cell after "|". Newly allocated. */
char *cells_text(const struct cells *c, bool roles);

#endif
