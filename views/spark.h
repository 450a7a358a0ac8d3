/* A sparkline: a series in one line, one span per cell, its end (now) at the right end. Pure. */
#ifndef VIEWS_SPARK_H
#define VIEWS_SPARK_H

#include "model.h"
#include "surface.h"

/* How many heights a cell can show, and the glyph of one (0: lowest). */
int spark_levels(const struct surface *s);
const char *spark_glyph(const struct surface *s, int level);

/* Draws the newest width spans of a series. What is not known is "?" from the first known value on
 * and blank before it; spans that passed since the series was read are not known either. The height
 * tells the shape alone: a series that hardly moves is flat, in the middle unless it is zero. */
void spark_draw(struct surface *s, int x, int y, int width, enum role role,
    const struct series *series, int64_t now_ms);

#endif
