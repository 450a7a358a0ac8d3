#include "cells.h"

#include <string.h>
#include <wchar.h>

/* One letter per role, in the order of the enum. */
static const char role_letters[] = " dTHouwFrqzsckpm-B";

struct cell_at {
    char text[16]; /* one character and its combining marks; "" after a wide one */
    enum role role;
};

struct cells {
    struct surface surface;
    struct cell_at *at;
    int cursor_x, cursor_y;
};

static void put(struct surface *s, int x, int y, int max, enum role role, const char *utf8)
{
    struct cells *c = (struct cells *)(void *)s;
    int used = 0;
    for (const char *p = utf8; *p;) {
        const char *next = g_utf8_next_char(p);
        int w = wcwidth((wchar_t)g_utf8_get_char(p));
        while (*next && wcwidth((wchar_t)g_utf8_get_char(next)) == 0)
            next = g_utf8_next_char(next);
        if (used + w > max)
            return;
        struct cell_at *cell = &c->at[y * s->width + x + used];
        gsize n = MIN((gsize)(next - p), sizeof cell->text - 1);
        memcpy(cell->text, p, n);
        cell->text[n] = '\0';
        cell->role = role;
        if (w == 2) {
            cell[1].text[0] = '\0';
            cell[1].role = role;
        }
        used += w;
        p = next;
    }
}

static void cursor(struct surface *s, int x, int y)
{
    struct cells *c = (struct cells *)(void *)s;
    c->cursor_x = x;
    c->cursor_y = y;
}

struct cells *cells_new(int width, int height, bool ascii)
{
    struct cells *c = g_new0(struct cells, 1);
    c->surface = (struct surface){
        .width = width, .height = height, .ascii = ascii, .put = put, .cursor = cursor};
    c->at = g_new0(struct cell_at, (gsize)(width * height));
    cells_clear(c);
    return c;
}

void cells_free(struct cells *c)
{
    if (!c)
        return;
    g_free(c->at);
    g_free(c);
}

struct surface *cells_surface(struct cells *c)
{
    return &c->surface;
}

void cells_clear(struct cells *c)
{
    for (int i = 0; i < c->surface.width * c->surface.height; i++) {
        c->at[i].text[0] = ' ';
        c->at[i].text[1] = '\0';
        c->at[i].role = ROLE_TEXT;
    }
    c->cursor_x = -1;
}

enum role cells_role(const struct cells *c, int x, int y)
{
    return c->at[y * c->surface.width + x].role;
}

static void append_trimmed(GString *out, GString *line)
{
    while (line->len > 0 && line->str[line->len - 1] == ' ')
        g_string_truncate(line, line->len - 1);
    g_string_append_len(out, line->str, (gssize)line->len);
    g_string_append_c(out, '\n');
}

char *cells_text(const struct cells *c, bool roles)
{
    GString *out = g_string_new(NULL);
    g_autoptr(GString) line = g_string_new(NULL);
    for (int y = 0; y < c->surface.height; y++) {
        bool plain = true;
        g_string_truncate(line, 0);
        for (int x = 0; x < c->surface.width; x++) {
            const struct cell_at *cell = &c->at[y * c->surface.width + x];
            g_string_append(line, cell->text);
            plain &= cell->role == ROLE_TEXT || strcmp(cell->text, " ") == 0;
        }
        append_trimmed(out, line);
        if (!roles || plain)
            continue;
        g_string_assign(line, "");
        for (int x = 0; x < c->surface.width; x++) {
            const struct cell_at *cell = &c->at[y * c->surface.width + x];
            bool shown = cell->role != ROLE_TEXT && strcmp(cell->text, " ") != 0;
            g_string_append_c(line, shown ? role_letters[cell->role] : ' ');
        }
        g_string_append(out, "|");
        append_trimmed(out, line);
    }
    return g_string_free(out, FALSE);
}
