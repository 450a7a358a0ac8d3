#include "list.h"

static void clamp(struct list *l)
{
    if (l->cursor >= l->count)
        l->cursor = l->count ? l->count - 1 : 0;
}

void list_fit(struct list *l, size_t count, size_t height)
{
    l->count = count;
    l->height = height;
    clamp(l);
    if (l->cursor < l->top)
        l->top = l->cursor;
    if (height > 0 && l->cursor >= l->top + height)
        l->top = l->cursor - height + 1;
    if (l->top + height > count)
        l->top = count > height ? count - height : 0;
}

/* Moves by lines, stopping at the ends. */
static void move_by(struct view *v, double lines)
{
    struct list_view *lv = (struct list_view *)(void *)v;
    struct list *l = &lv->list;
    size_t steps = (size_t)MAX(lines < 0 ? -lines : lines, 1);
    if (lines < 0)
        l->cursor -= MIN(steps, l->cursor);
    else
        l->cursor += steps;
    list_fit(l, l->count, l->height);
    if (lv->moved)
        lv->moved(lv);
}

static double screens(struct view *v, double n)
{
    return n * (double)((struct list_view *)(void *)v)->list.height;
}

void list_down(struct view *v)
{
    move_by(v, 1);
}

void list_up(struct view *v)
{
    move_by(v, -1);
}

void list_half_down(struct view *v)
{
    move_by(v, screens(v, 0.5));
}

void list_half_up(struct view *v)
{
    move_by(v, screens(v, -0.5));
}

void list_page_down(struct view *v)
{
    move_by(v, screens(v, 1));
}

void list_page_up(struct view *v)
{
    move_by(v, screens(v, -1));
}

void list_first(struct view *v)
{
    move_by(v, -(double)((struct list_view *)(void *)v)->list.count);
}

void list_last(struct view *v)
{
    move_by(v, (double)((struct list_view *)(void *)v)->list.count);
}
