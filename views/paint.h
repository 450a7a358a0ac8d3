/* Cells as text with a width and a role: the one place where a typed cell becomes what people see on
 * the screen. Pure: the same cell, column and time give the same text. */
#ifndef VIEWS_PAINT_H
#define VIEWS_PAINT_H

#include "kind.h"
#include "surface.h"

#define PAINT_COLUMNS_MAX 64

/* Columns of a table: which, where, how wide. A column of texts is as wide as its longest text, within
 * what fits; numbers have a width by type, so that a refresh does not move the columns. */
struct paint_layout {
    unsigned count;
    int column[PAINT_COLUMNS_MAX];
    int x[PAINT_COLUMNS_MAX];
    int width[PAINT_COLUMNS_MAX];
};

/* What a layout is made for. Columns that nobody asked for are left out until somebody does. */
struct paint_table {
    const struct kind *kind;
    const struct column *columns;
    const GPtrArray *snapshots; /* const struct snapshot*, sealed; empty: nothing known yet */
    bool with_source;
    int name_extra; /* columns before names: the indent of a tree */
};

/* Lays out name, source and the columns that are drawn by default, from x on in width columns; what
 * does not fit is left out from the right. */
void paint_layout(struct paint_layout *l, const struct paint_table *t, int x, int width);

/* The letter of a row's health: X ! ? and blank, "z" where it is off. */
const char *paint_mark(const struct row *r, bool stale);
enum role paint_mark_role(const struct row *r, bool stale);

/* A row while it is drawn. stale: it is old, whatever it says. */
struct paint_row {
    struct surface *s;
    int y;
    const struct column *columns;
    const struct snapshot *snapshot;
    size_t row;
    bool stale;
    int64_t now_ms;
    GString *scratch; /* one for all cells of a frame: allocating it each time is half the work */
};

void paint_cell(const struct paint_row *r, int x, int width, int column);
/* All columns of a layout but the name when without_name. */
void paint_cells(const struct paint_row *r, const struct paint_layout *l, bool without_name);
/* Headings; the sort column gets its arrow. */
void paint_headings(struct surface *s, int y, const struct paint_layout *l, const struct kind *k,
    const struct column *columns, int sorted, bool descending);

/* Text in the middle of an empty area, one line per sentence. */
void paint_notice(struct surface *s, enum role role, const char *text);

/* The role in which a state is drawn. */
enum role paint_state_role(enum health health, enum phase phase);

#endif
