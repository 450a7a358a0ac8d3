/*
 * What stands on an emulated screen: cells, and whole frames that can be compared. A frame is a
 * copy; it does not follow the screen it was taken from.
 */
#ifndef TESTS_PTY_FRAME_H
#define TESTS_PTY_FRAME_H

#include "auto.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PTY_CELL_TEXT = 28 }; /* six code points, the emulator's limit per cell, and a NUL */

enum pty_color_kind { PTY_COLOR_DEFAULT, PTY_COLOR_INDEXED, PTY_COLOR_RGB };

struct pty_color {
    enum pty_color_kind kind;
    uint8_t index;            /* PTY_COLOR_INDEXED: 0 to 255 */
    uint8_t red, green, blue; /* PTY_COLOR_RGB */
};

struct pty_cell {
    char text[PTY_CELL_TEXT]; /* UTF-8 with combining marks; " " where nothing was written */
    int width;                /* 1, 2, or 0 for the right half of a wide cell (text is then "") */
    struct pty_color fg, bg;  /* as the program set them: reverse does not swap them */
    bool bold, dim, italic, underline, blink, reverse;
};

struct pty_frame {
    int width, height;
    struct pty_cell *cells; /* row by row */
};

/* What separates two frames. A run is a stretch of changed cells in one row without a gap: the
 * least that a program must write is the cells, and a cursor move for each run. */
struct pty_change {
    size_t cells, runs;
};

bool pty_cell_equal(const struct pty_cell *a, const struct pty_cell *b);

struct pty_frame *pty_frame_new(int width, int height);
void pty_frame_free(struct pty_frame *f);

/* Two frames of different size have every cell of `after` changed, one run per row. */
struct pty_change pty_frame_compare(const struct pty_frame *before, const struct pty_frame *after);

DEFINE_AUTO(pty_frame, pty_frame_free)

#endif
