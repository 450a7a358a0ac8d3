#include "scale.h"

#include <math.h>
#include <string.h>

#include "quantity.h"

#define SECOND 1000.0
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

#define INTERVALS_MAX 6    /* of round values in the range */
#define FAR           0.2  /* values within this share of the largest are shown without zero */
#define BEYOND        1e18 /* what quantity.h has no letter for */
#define AGES          1e13 /* milliseconds: days are no unit for centuries */

static const double round_spans[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, SECOND, 2 * SECOND,
    5 * SECOND, 10 * SECOND, 15 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE,
    15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY};

/* The next of 1, 2, 5, 10, 20 ... of a unit. */
static double round_decimal(double least, double unit)
{
    double power = unit * pow(10, floor(log10(least / unit)));
    static const double steps[] = {1, 2, 5, 10};
    for (unsigned i = 0; i < G_N_ELEMENTS(steps); i++)
        if (power * steps[i] >= least * (1 - 1e-9))
            return power * steps[i];
    return power * 20;
}

static double round_span(double least)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(round_spans); i++)
        if (round_spans[i] >= least * (1 - 1e-9))
            return round_spans[i];
    return round_decimal(least, DAY);
}

/* The least round step that is not less. */
static double round_step(enum cell_type type, double least)
{
    switch (type) {
    case CELL_BYTES: return exp2(ceil(log2(MAX(least, 1)) - 1e-9));
    case CELL_SPAN_MS: return round_span(MAX(least, 1));
    case CELL_PERCENT: return least > 10 && least <= 25 ? 25 : round_decimal(MAX(least, 1e-9), 1);
    case CELL_INT: return round_decimal(MAX(least, 1), 1);
    default: return round_decimal(MAX(least, 1e-300), 1);
    }
}

/* Round values for the labels: every n-th step, so that zero is one of them. */
static void choose_ticks(struct scale *s, double step, int rows)
{
    int steps = (int)llround((s->high - s->low) / step);
    int first = (int)MAX(MIN(llround(MAX(s->low / step, -1e9)), 1000000000), -1000000000);
    int wanted = MAX(MIN((rows + 1) / 2, SCALE_TICKS_MAX - 1), 2);
    s->ticks = 0;
    for (int every = 1; every <= steps && wanted > 2; every++) {
        int found = 0;
        for (int i = 0; i <= steps; i++)
            found += (first + i) % every == 0;
        if (found < 2 || found > wanted)
            continue;
        for (int i = 0; i <= steps; i++)
            if ((first + i) % every == 0)
                s->tick[s->ticks++] = s->low + i * step;
        return;
    }
    s->tick[s->ticks++] = s->low;
    if (s->low < 0 && s->high > 0 && rows > 2)
        s->tick[s->ticks++] = 0;
    s->tick[s->ticks++] = s->high;
}

static bool labels_differ(const struct scale *s)
{
    g_autoptr(GString) label = g_string_new(NULL);
    g_autoptr(GString) before = g_string_new(NULL);
    for (unsigned i = 0; i < s->ticks; i++) {
        g_string_assign(before, label->str);
        g_string_truncate(label, 0);
        scale_append(label, s->type, s->tick[i]);
        if (strcmp(label->str, before->str) == 0)
            return false;
    }
    return true;
}

void scale_values(struct scale *s, enum cell_type type, double low, double high, int rows)
{
    *s = (struct scale){.type = type};
    low = CLAMP(low, -1e300, 1e300);
    high = CLAMP(high, low, 1e300);
    double largest = MAX(fabs(low), fabs(high));
    if (low == high || high - low >= FAR * largest) {
        low = MIN(low, 0);
        high = MAX(high, 0);
    }
    if (low == high)
        high = 1;
    /* Doubles have no finer steps than this. */
    double step = round_step(type, MAX((high - low) / INTERVALS_MAX, largest * 1e-13));
    while (ceil(high / step) - floor(low / step) > INTERVALS_MAX + 0.5)
        step = round_step(type, step * 1.5);
    s->low = floor(low / step) * step;
    s->high = MAX(ceil(high / step), floor(low / step) + 1) * step;
    choose_ticks(s, step, rows);
    s->relative = !labels_differ(s);
}

int scale_level(const struct scale *s, double value, int levels)
{
    double share = (value - s->low) / (s->high - s->low);
    return (int)lround(CLAMP(share, 0, 1) * (levels - 1));
}

void scale_append(GString *out, enum cell_type type, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    if (value == 0 && type != CELL_PERCENT) {
        g_string_append_c(out, '0');
        return;
    }
    bool whole = type == CELL_BYTES || type == CELL_SPAN_MS;
    if (fabs(value) >= (type == CELL_SPAN_MS ? AGES : BEYOND) ||
        (!whole && value != 0 && fabs(value) < 1)) {
        g_string_append(out, g_ascii_formatd(text, sizeof text, "%.3g", value));
        return;
    }
    if (type == CELL_BYTES)
        quantity_append_bytes(out, llround(value));
    else if (type == CELL_SPAN_MS)
        quantity_append_span(out, llround(value));
    else
        quantity_append_number(out, value);
    if (type == CELL_PERCENT)
        g_string_append_c(out, '%');
}

void scale_append_tick(GString *out, const struct scale *s, unsigned tick)
{
    double value = s->tick[tick];
    if (s->relative && tick > 0) {
        g_string_append_c(out, '+');
        value -= s->tick[0];
    }
    scale_append(out, s->type, value);
}

/* -- time ---------------------------------------------------------------------------------------- */

int64_t scale_time_step(int64_t span_ms, int columns)
{
    double per_column = (double)span_ms / MAX(columns, 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(round_spans); i++) {
        double step = round_spans[i];
        /* A tick, a label of 9 or 6 columns, and some of the axis before the next. */
        if (step >= SECOND && step >= per_column * (step < MINUTE ? 13 : 10))
            return (int64_t)step;
    }
    return (int64_t)round_decimal(per_column * 10, DAY);
}

int64_t scale_zone_ms(GTimeZone *zone, int64_t at_ms)
{
    if (!zone)
        return 0;
    int interval = g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, at_ms / 1000);
    return (int64_t)g_time_zone_get_offset(zone, interval) * 1000;
}

void scale_append_time(GString *out, int64_t at_ms, int64_t step_ms, GTimeZone *zone)
{
    at_ms += scale_zone_ms(zone, at_ms);
    g_autoptr(GDateTime) at = g_date_time_new_from_unix_utc(at_ms / 1000);
    if (!at)
        return;
    bool midnight = at_ms % (int64_t)DAY == 0;
    g_autofree char *text = g_date_time_format(at, midnight                     ? "%m-%d"
                                                   : step_ms >= (int64_t)MINUTE ? "%H:%M"
                                                                                : "%H:%M:%S");
    g_string_append(out, text);
    if (!zone && !midnight)
        g_string_append_c(out, 'Z');
}
