/* A surface in memory: what tests look at, and what a screen is saved from. */
#ifndef TUI_CELLS_H
#define TUI_CELLS_H

#include <glib.h>

#include "surface.h"

struct cells;

struct cells *cells_new(int width, int height, bool ascii);
void cells_free(struct cells *c);
struct surface *cells_surface(struct cells *c);
void cells_clear(struct cells *c);
/* The screen as lines, trailing blanks cut; with roles: below each line that has a role other than
 * text, a line with a letter per cell after "|". Newly allocated. */
char *cells_text(const struct cells *c, bool roles);
enum role cells_role(const struct cells *c, int x, int y);

#endif
