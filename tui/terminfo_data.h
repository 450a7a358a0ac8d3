/* The description of xterm-256color as ncurses takes it in $TERMINFO ("b64:..."). The Makefile makes it
 * of the building machine's. */
#ifndef TUI_TERMINFO_DATA_H
#define TUI_TERMINFO_DATA_H

extern const char terminfo_xterm_256color[];

#endif
