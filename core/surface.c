#include "surface.h"

static void part_put(struct surface *s, int x, int y, int max, enum role role, const char *utf8)
{
    surface_put(s->parent, s->left + x, s->top + y, max, role, utf8);
}

static void part_cursor(struct surface *s, int x, int y)
{
    s->parent->cursor(s->parent, x < 0 ? -1 : s->left + x, s->top + y);
}

struct surface surface_part(struct surface *parent, int x, int y, int width, int height)
{
    return (struct surface){
        .width = width,
        .height = height,
        .ascii = parent->ascii,
        .put = part_put,
        .cursor = part_cursor,
        .parent = parent,
        .left = x,
        .top = y,
    };
}
