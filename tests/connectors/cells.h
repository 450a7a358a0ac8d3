/* What tests of connectors look at in a snapshot, by the names of row and column. The names are short,
 * without a prefix: these tests are made of them. */
#ifndef TESTS_CONNECTORS_CELLS_H
#define TESTS_CONNECTORS_CELLS_H

#include "harness.h"

/* NULL: no text. */
static inline const char *text(const struct snapshot *s, const char *row, const char *column)
{
    struct cell cell = harness_cell(s, row, column);
    return cell.type == CELL_TEXT || cell.type == CELL_STATE ? cell.text : NULL;
}

static inline int64_t number(const struct snapshot *s, const char *row, const char *column)
{
    struct cell cell = harness_cell(s, row, column);
    g_assert_cmpint(cell.type, !=, CELL_NONE);
    return cell.type == CELL_BOOL ? cell.b : cell.i;
}

/* Why the cell is empty; it must be. */
static inline enum absent absent(const struct snapshot *s, const char *row, const char *column)
{
    struct cell cell = harness_cell(s, row, column);
    g_assert_cmpint(cell.type, ==, CELL_NONE);
    return cell.absent;
}

static inline const struct row *row_of(const struct snapshot *s, const char *name)
{
    gssize i = snapshot_find(s, name);
    g_assert_cmpint(i, >=, 0);
    return snapshot_row(s, (size_t)i);
}

#endif
