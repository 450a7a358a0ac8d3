/* Putting the terminal back, whatever ends the program: bytes that were prepared before, written by a
 * signal handler with nothing but write(2) and tcsetattr(3). One per process, since handlers are. */
#ifndef TUI_RESTORE_H
#define TUI_RESTORE_H

#include <stdbool.h>
#include <termios.h>

/* Adds to what will be written; too much (256 bytes in all) is left out. */
void restore_add(const char *bytes);
/* From now on every fatal signal and exit(3) puts the terminal back to these modes. */
void restore_arm(const struct termios *before);
/* Now; once per restore_arm. May be called from a signal handler. */
void restore_now(void);

#endif
