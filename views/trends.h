/* What the history said of the rows of a table, by address: the lines in their CELL_SERIES cells. A
 * row is asked for once per span, for the spans that are over, so that a resting screen rests. */
#ifndef VIEWS_TRENDS_H
#define VIEWS_TRENDS_H

#include "auto.h"
#include "view.h"

#define TREND_MS   (30 * 60 * 1000)
#define TRENDS_MAX 2048 /* rows that are remembered */

struct trends;

struct trends *trends_new(void);
void trends_free(struct trends *t); /* accepts NULL */
DEFINE_AUTO(trends, trends_free)

/* NULL: nothing is known of that row. */
const struct series *trends_find(const struct trends *t, const char *address);

/* Collects a wish: begin, one call per row on the screen, then end, which says whether any of them
 * lacks anything. points: spans in TREND_MS. The addresses live until the next begin. */
void trends_wish_begin(struct trends *t, uint32_t points, int64_t now_ms);
void trends_wish_row(struct trends *t, const char *address);
bool trends_wish_end(struct trends *t, struct series_wish *out);

void trends_take(struct trends *t, const struct series_answer *answer);

/* A copy of a series (g_free); NULL of NULL. */
struct series *series_copy(const struct series *series);

#endif
