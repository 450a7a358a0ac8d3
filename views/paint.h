/* Cells as text with a width and a role: the one place where a typed cell becomes what people see on
 * the screen. Pure: the same cell, column and time give the same text. */
#ifndef VIEWS_PAINT_H
#define VIEWS_PAINT_H

#include "choice.h"
#include "quantity.h"
#include "surface.h"

struct trends;

#define PAINT_COLUMNS_MAX CHOICE_MAX

/* Columns of a table: which, where, how wide. A column of texts is as wide as its longest text, within
 * what fits; numbers have a width by type, so that a refresh does not move the columns. */
struct paint_layout {
    unsigned count;
    bool cut; /* not all columns fit */
    int column[PAINT_COLUMNS_MAX];
    int x[PAINT_COLUMNS_MAX];
    int width[PAINT_COLUMNS_MAX];
    bool fixed[PAINT_COLUMNS_MAX]; /* somebody chose the width */
};

/* What a layout is made for. Columns that nobody asked for are left out until somebody does. */
struct paint_table {
    const struct kind *kind;
    const struct column *columns;
    const GPtrArray *snapshots; /* const struct snapshot*, sealed; empty: nothing known yet */
    bool with_source;
    int name_width;              /* what names want; 0: as wide as the longest */
    const struct choice *choice; /* NULL: the columns that are drawn by default */
    unsigned skip;               /* chosen columns that are scrolled away, the name never */
    bool with_past;              /* somebody asks a history: columns of series are drawn */
};

/* Lays out name, source and the chosen columns, from x on in width columns; what does not fit is left
 * out from the right. */
void paint_layout(struct paint_layout *l, const struct paint_table *t, int x, int width);

/* The columns that paint_layout would like to draw, without the name. */
void paint_choice(const struct paint_table *t, struct choice *out);

/* Only the column that says the most (the weightiest one), as wide as there is room: for screens below
 * PAINT_NARROW columns and kinds without names. */
#define PAINT_NARROW 60
void paint_layout_one(struct paint_layout *l, const struct paint_table *t, int x, int width);

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
    struct reader reader;
    const struct trends *trends; /* what CELL_SERIES columns show; NULL: nothing */
    GString *scratch; /* one for all cells of a frame: allocating it each time is half the work */
};

/* Columns on screen of a column that is no text, or the least of one that is. */
int paint_width(const struct column *column);
void paint_cell(const struct paint_row *r, int x, int width, int column);
/* All columns of a layout but the name when without_name. */
void paint_cells(const struct paint_row *r, const struct paint_layout *l, bool without_name);
/* Headings; the columns of sort ("-lag,name" or NULL) get their arrows. */
void paint_headings(struct surface *s, int y, const struct paint_layout *l, const struct kind *k,
    const struct column *columns, const char *sort);

/* What a fold hides: "(5)" rows, or "(X2 of 5)" with the worst mark and how many are not ok. */
void paint_append_hidden(GString *out, size_t rows, size_t problems, enum health worst);

/* Text in the middle of an empty area, one line per sentence. */
void paint_notice(struct surface *s, enum role role, const char *text);

/* The role in which a state is drawn. */
enum role paint_state_role(enum health health, enum phase phase);

#endif
