/*
 * Whether a program left the terminal as it found it.
 */
#ifndef TESTS_PTY_RESTORE_H
#define TESTS_PTY_RESTORE_H

#include "emulator.h"

#include <termios.h>

/* Gives NULL when it did, else what differs, in words. The caller owns it. */
char *restore_differences(
    const struct termios *before, const struct termios *after, const struct emulator *screen);

#endif
