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
 * underline. A role that is not named looks like text. A line that is wrong is an error with its number. */
#ifndef TUI_THEME_H
#define TUI_THEME_H

#include <glib.h>

#include "answers.h"
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

/* The theme of a name: the user's file, else the one inside. NULL and *error when there is none (usage)
 * or when the file is wrong (config: file and line). */
struct theme *theme_load(const char *name, GError **error);
/* The one inside, or NULL. */
struct theme *theme_builtin(const char *name);
/* The name that "auto" stands for: by what the terminal said of its background, else by $COLORFGBG,
 * else "neutral", which can be read on both. */
const char *theme_automatic(enum background background);
/* The same out of text; name is for messages. */
struct theme *theme_parse(const char *name, const char *text, GError **error);
void theme_free(struct theme *t);
/* Names of the themes there are; NULL-terminated, g_strfreev. */
char **theme_names(void);
const char *role_name(enum role role);

#endif
