/* Series for the tests of what draws them. */
#ifndef TESTS_UNIT_SERIES_H
#define TESTS_UNIT_SERIES_H

#include <math.h>

#include "unit/rows.h"

#define MINUTE_MS 60000

/* count spans that end with the one that now is in, all unknown (g_free). */
static inline struct series *series_new(uint32_t count, int64_t step_ms)
{
    struct series *s = g_malloc0(sizeof *s + count * sizeof s->value[0]);
    s->count = count;
    s->step_ms = step_ms;
    s->from_ms = (ROWS_NOW_MS / step_ms + 1 - count) * step_ms;
    for (uint32_t i = 0; i < count; i++)
        s->value[i] = NAN;
    return s;
}

static inline int64_t series_end(const struct series *s)
{
    return s->from_ms + s->count * s->step_ms;
}

#endif
