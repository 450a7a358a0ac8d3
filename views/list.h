/* What every view with a cursor over lines shares: moving, paging and scrolling, and the commands
 * that do it. A view begins with a struct list_view and puts LIST_COMMANDS into its table. */
#ifndef VIEWS_LIST_H
#define VIEWS_LIST_H

#include "view.h"

struct list {
    size_t count;  /* lines there are */
    size_t cursor; /* the chosen one, below count unless that is 0 */
    size_t top;    /* first line on the screen */
    size_t height; /* lines on the screen when it was last drawn */
};

struct list_view {
    struct view base;
    struct list list;
    void (*moved)(struct list_view *v); /* the cursor was moved by a command; may be NULL */
};

/* Keeps the cursor inside and on the screen. */
void list_fit(struct list *l, size_t count, size_t height);

void list_down(struct view *v);
void list_up(struct view *v);
void list_half_down(struct view *v);
void list_half_up(struct view *v);
void list_page_down(struct view *v);
void list_page_up(struct view *v);
void list_first(struct view *v);
void list_last(struct view *v);

#define LIST_COMMANDS                                                                              \
    {"down", "j down", "next line", .run = list_down},                                             \
        {"up", "k up", "previous line", .run = list_up},                                           \
        {"half-page-down", "ctrl-d", "half a screen down", .run = list_half_down},                 \
        {"half-page-up", "ctrl-u", "half a screen up", .run = list_half_up},                       \
        {"page-down", "pgdn", "a screen down", .run = list_page_down},                             \
        {"page-up", "pgup", "a screen up", .run = list_page_up},                                   \
        {"first", "g home", "first line", .run = list_first},                                      \
    {                                                                                              \
        "last", "G end", "last line", .run = list_last                                             \
    }

#endif
