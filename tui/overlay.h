/* What lies over the open view and takes the keys until it is closed: a menu, the chooser of columns.
 * One at a time. */
#ifndef TUI_OVERLAY_H
#define TUI_OVERLAY_H

#include "surface.h"

struct app;

struct overlay {
    void (*key)(struct app *a, const char *key);
    void (*draw)(struct app *a, struct surface *s); /* over the whole screen */
};

/* An entry of a menu: its key runs it. The array ends with a NULL label. */
struct menu_entry {
    const char *key;
    const char *label;
    void (*run)(struct app *a);
};

/* title and entries outlive the menu. */
void menu_open(struct app *a, const char *title, const struct menu_entry *entries);
/* Which columns the open table shows: ticked, ordered, widened. */
void chooser_open(struct app *a);
void overlay_close(struct app *a);

/* A box of height lines and at most width columns above the bottom line, emptied and framed. The part
 * inside of the frame is returned. */
struct surface overlay_box(struct surface *s, const char *title, int width, int height);

#endif
