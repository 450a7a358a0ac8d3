#include "pty_frame.h"

#include <glib.h>
#include <string.h>

static bool color_equal(const struct pty_color *a, const struct pty_color *b)
{
    return a->kind == b->kind && a->index == b->index && a->red == b->red && a->green == b->green &&
           a->blue == b->blue;
}

bool pty_cell_equal(const struct pty_cell *a, const struct pty_cell *b)
{
    return a->width == b->width && a->bold == b->bold && a->dim == b->dim &&
           a->italic == b->italic && a->underline == b->underline && a->blink == b->blink &&
           a->reverse == b->reverse && color_equal(&a->fg, &b->fg) && color_equal(&a->bg, &b->bg) &&
           strcmp(a->text, b->text) == 0;
}

struct pty_frame *pty_frame_new(int width, int height)
{
    struct pty_frame *f = g_new0(struct pty_frame, 1);
    f->width = width;
    f->height = height;
    f->cells = g_new0(struct pty_cell, (size_t)width * (size_t)height);
    return f;
}

void pty_frame_free(struct pty_frame *f)
{
    if (!f)
        return;
    g_free(f->cells);
    g_free(f);
}

static struct pty_change compare_row(
    const struct pty_cell *before, const struct pty_cell *after, int width)
{
    struct pty_change change = {0};
    bool in_run = false;
    for (int x = 0; x < width; x++) {
        bool changed = !pty_cell_equal(&before[x], &after[x]);
        change.cells += changed;
        change.runs += changed && !in_run;
        in_run = changed;
    }
    return change;
}

struct pty_change pty_frame_compare(const struct pty_frame *before, const struct pty_frame *after)
{
    size_t width = (size_t)after->width, height = (size_t)after->height;
    if (before->width != after->width || before->height != after->height)
        return (struct pty_change){.cells = width * height, .runs = height};
    struct pty_change sum = {0};
    for (size_t y = 0; y < height; y++) {
        struct pty_change row =
            compare_row(before->cells + y * width, after->cells + y * width, after->width);
        sum.cells += row.cells;
        sum.runs += row.runs;
    }
    return sum;
}
