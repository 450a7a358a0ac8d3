/* Themes: what each role looks like. A theme is a text (themes/NAME.theme, compiled in; a user's own
 * in $XDG_CONFIG_HOME/weir/themes/NAME.theme wins):
 *
 *     [roles]
 *     fail = red bold
 *     title = black on cyan
 *     # the same where the terminal has 256 colours
 *     [256]
 *     dim = 245
 *
 * Colours: default, the eight ANSI names, bright-NAME, or 0 to 255. Attributes: bold, dim, reverse,
 * underline. A role that is not named looks like text. */
#ifndef TUI_THEME_H
#define TUI_THEME_H

#include <glib.h>

#include "surface.h"

enum { STYLE_BOLD = 1, STYLE_DIM = 2, STYLE_REVERSE = 4, STYLE_UNDERLINE = 8 };

struct style {
    short fg, bg; /* -1: the terminal's own */
    unsigned attributes;
};

struct theme {
    struct style plain[ROLE_COUNT]; /* up to 16 colours */
    struct style many[ROLE_COUNT];  /* 256 */
};

/* name: "auto" (light where $COLORFGBG says so, mono where colour is not wanted, else dark) or a
 * theme's. no_colour: what --color, NO_COLOR or the terminal say. NULL and *error when there is none,
 * or when it is wrong: the message names the line. */
struct theme *theme_load(const char *name, bool no_colour, GError **error);
/* The same out of text; name is for messages. */
struct theme *theme_parse(const char *name, const char *text, GError **error);
void theme_free(struct theme *t);
/* Names of the themes there are; NULL-terminated, g_strfreev. */
char **theme_names(void);
const char *role_name(enum role role);

#endif
