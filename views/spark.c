#include "spark.h"

#include <math.h>

#define LARGEST 1e300 /* differences of larger values would not be finite */
#define STEADY  0.25  /* movement that takes the whole height, as a share of the largest value */

static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const letters[] = {"_", ".", "-", "=", "+", "#"};

int spark_levels(const struct surface *s)
{
    return s->ascii ? (int)G_N_ELEMENTS(letters) : (int)G_N_ELEMENTS(blocks);
}

const char *spark_glyph(const struct surface *s, int level)
{
    return s->ascii ? letters[level] : blocks[level];
}

struct range {
    double low, high;
};

static struct range range_of(const struct series *series, int64_t first)
{
    struct range r = {INFINITY, -INFINITY};
    for (int64_t i = MAX(first, 0); i < series->count; i++) {
        if (isfinite(series->value[i])) {
            double value = CLAMP(series->value[i], -LARGEST, LARGEST);
            r.low = MIN(r.low, value);
            r.high = MAX(r.high, value);
        }
    }
    double lack = STEADY * MAX(fabs(r.low), fabs(r.high)) - (r.high - r.low);
    if (lack > 0) {
        r.low -= lack / 2;
        r.high += lack / 2;
    }
    return r;
}

static int level_of(struct range r, double value, int levels)
{
    if (r.low == r.high) /* all zero */
        return 0;
    double share = (CLAMP(value, r.low, r.high) - r.low) / (r.high - r.low);
    return MIN((int)(share * levels), levels - 1);
}

void spark_draw(struct surface *s, int x, int y, int width, enum role role,
    const struct series *series, int64_t now_ms)
{
    if (width <= 0)
        return;
    /* The span that is not over yet is nobody's loss. */
    int64_t end_ms = series->from_ms + series->count * series->step_ms;
    int64_t passed = series->step_ms > 0 ? MAX(now_ms - end_ms, 0) / series->step_ms : 0;
    int64_t first = series->count + MIN(passed, width) - width;
    struct range range = range_of(series, first);
    bool known = false;
    for (int i = 0; i < width; i++) {
        int64_t at = first + i;
        double value = at >= 0 && at < series->count ? series->value[at] : NAN;
        known |= isfinite(value);
        if (isfinite(value))
            surface_put(
                s, x + i, y, 1, role, spark_glyph(s, level_of(range, value, spark_levels(s))));
        else if (known || i == width - 1)
            surface_put(s, x + i, y, 1, ROLE_DIM, "?");
    }
}
