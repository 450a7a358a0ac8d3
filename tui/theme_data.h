/* The themes that are compiled in: themes/NAME.theme as text. */
#ifndef TUI_THEME_DATA_H
#define TUI_THEME_DATA_H

struct theme_text {
    const char *name;
    const char *text;
};

/* Ends with a NULL name. */
extern const struct theme_text theme_texts[];

#endif
