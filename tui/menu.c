#include "app.h"
#include "text.h"

#include <string.h>

static void draw_frame(struct surface *box)
{
    int right = box->width - 1, bottom = box->height - 1;
    const char *dash = surface_glyph(box, "─", "-"), *bar = surface_glyph(box, "│", "|");
    for (int x = 1; x < right; x++) {
        surface_put(box, x, 0, 1, ROLE_RULE, dash);
        surface_put(box, x, bottom, 1, ROLE_RULE, dash);
    }
    for (int y = 1; y < bottom; y++) {
        surface_put(box, 0, y, 1, ROLE_RULE, bar);
        surface_put(box, right, y, 1, ROLE_RULE, bar);
    }
    surface_put(box, 0, 0, 1, ROLE_RULE, surface_glyph(box, "┌", "+"));
    surface_put(box, right, 0, 1, ROLE_RULE, surface_glyph(box, "┐", "+"));
    surface_put(box, 0, bottom, 1, ROLE_RULE, surface_glyph(box, "└", "+"));
    surface_put(box, right, bottom, 1, ROLE_RULE, surface_glyph(box, "┘", "+"));
}

struct surface overlay_box(struct surface *s, const char *title, int width, int height)
{
    width = MIN(width + 4, s->width);
    height = MIN(height + 2, s->height - 1);
    struct surface box =
        surface_part(s, MAX((s->width - width) / 2, 0), s->height - 1 - height, width, height);
    g_autofree char *blank = g_strnfill((gsize)width, ' ');
    for (int y = 0; y < height; y++)
        surface_put(&box, 0, y, width, ROLE_TEXT, blank);
    draw_frame(&box);
    g_autofree char *name = g_strdup_printf(" %s ", title);
    surface_put(&box, 2, 0, width - 4, ROLE_TITLE, name);
    return surface_part(s, box.left + 2, box.top + 1, width - 4, height - 2);
}

void overlay_close(struct app *a)
{
    a->overlay = NULL;
    if (app_top(a)->changed)
        frame_update(a, app_top(a));
    app_dirty(a);
}

static int entry_count(const struct app *a)
{
    int n = 0;
    while (a->menu.entries[n].label)
        n++;
    return n;
}

static void run_entry(struct app *a, int i)
{
    overlay_close(a);
    a->menu.entries[i].run(a);
}

static void menu_key(struct app *a, const char *key)
{
    int n = entry_count(a);
    for (int i = 0; i < n; i++) {
        if (strcmp(a->menu.entries[i].key, key) == 0) {
            run_entry(a, i);
            return;
        }
    }
    if (strcmp(key, "enter") == 0)
        run_entry(a, a->menu.at);
    else if (strcmp(key, "down") == 0 || strcmp(key, "tab") == 0 || strcmp(key, "j") == 0)
        a->menu.at = (a->menu.at + 1) % n;
    else if (strcmp(key, "up") == 0 || strcmp(key, "backtab") == 0 || strcmp(key, "k") == 0)
        a->menu.at = (a->menu.at + n - 1) % n;
    else if (strcmp(key, "esc") == 0 || strcmp(key, "q") == 0)
        overlay_close(a);
    app_dirty(a);
}

static void menu_draw(struct app *a, struct surface *s)
{
    int n = entry_count(a), width = text_width(a->menu.title) + 2;
    for (int i = 0; i < n; i++)
        width = MAX(width, text_width(a->menu.entries[i].label) + 4);
    struct surface box = overlay_box(s, a->menu.title, width, n);
    for (int i = 0; i < n; i++) {
        const struct menu_entry *e = &a->menu.entries[i];
        surface_put(&box, 0, i, 1, ROLE_CURSOR, i == a->menu.at ? ">" : " ");
        surface_put(&box, 2, i, box.width, ROLE_KEY, e->key);
        surface_put(&box, 4, i, box.width, ROLE_TEXT, e->label);
    }
}

void menu_open(struct app *a, const char *title, const struct menu_entry *entries)
{
    static const struct overlay menu = {menu_key, menu_draw};
    a->menu.title = title;
    a->menu.entries = entries;
    a->menu.at = 0;
    a->overlay = &menu;
    app_dirty(a);
}
