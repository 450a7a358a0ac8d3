#include "cells.h"

#include <string.h>
#include <wchar.h>

/* One letter per role, in the order of the enum. */
static const char role_letters[] = " dTHouwFrqzsckpm-B";

static int width_of(gunichar c)
{
    return c < 0x7f ? 1 : MAX(wcwidth((wchar_t)c), 0);
}

static void put(struct surface *s, int x, int y, int max, enum role role, const char *utf8)
{
    struct cells *c = (struct cells *)(void *)s;
    struct cell_at *at = cells_row(c, y) + x;
    struct cell_at *end = at + max;
    struct cell_at *last = NULL;
    for (const char *p = utf8; *p;) {
        bool plain = (unsigned char)*p < 0x80;
        gunichar letter = plain ? (gunichar)*p : g_utf8_get_char(p);
        int width = width_of(letter);
        p = plain ? p + 1 : g_utf8_next_char(p);
        if (width == 0) {
            for (unsigned i = 1; last && !s->ascii && i <= CELL_MARKS; i++) {
                if (!last->text[i]) {
                    last->text[i] = letter;
                    break;
                }
            }
            continue;
        }
        if (at + width > end)
            return;
        if (s->ascii && letter >= 0x7f) {
            for (; width > 0; width--)
                *at++ = (struct cell_at){.text = {'?'}, .role = role};
            last = NULL;
            continue;
        }
        *at = (struct cell_at){.text = {letter}, .role = role};
        last = at++;
        if (width == 2)
            *at++ = (struct cell_at){.role = role};
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
    c->at = g_new(struct cell_at, (gsize)MAX(width * height, 1));
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

void cells_clear(struct cells *c)
{
    static const struct cell_at blank = {.text = {' '}, .role = ROLE_TEXT};
    gsize n = (gsize)c->surface.width * (gsize)c->surface.height;
    for (gsize i = 0; i < n; i++)
        c->at[i] = blank;
    c->cursor_x = -1;
}

static void append_cell(GString *line, const struct cell_at *cell)
{
    for (unsigned i = 0; i <= CELL_MARKS && cell->text[i]; i++)
        g_string_append_unichar(line, cell->text[i]);
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
        const struct cell_at *row = cells_row(c, y);
        bool plain = true;
        g_string_truncate(line, 0);
        for (int x = 0; x < c->surface.width; x++) {
            append_cell(line, &row[x]);
            plain &= row[x].role == ROLE_TEXT || row[x].text[0] == ' ';
        }
        append_trimmed(out, line);
        if (!roles || plain)
            continue;
        g_string_assign(line, "");
        for (int x = 0; x < c->surface.width; x++)
            g_string_append_c(line, row[x].text[0] == ' ' ? ' ' : role_letters[row[x].role]);
        g_string_append(out, "|");
        append_trimmed(out, line);
    }
    return g_string_free(out, FALSE);
}
