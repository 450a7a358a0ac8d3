#include "quantity.h"

#include <math.h>
#include <string.h>

struct unit {
    const char *name;
    double factor;
};

/* Longer names first: "KiB" before "k". */
static const struct unit number_units[] = {{"KiB", 1024.0}, {"MiB", 1048576.0},
    {"GiB", 1073741824.0}, {"TiB", 1099511627776.0}, {"k", 1e3}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9},
    {"T", 1e12}, {"%", 1.0}, {0}};

static const struct unit span_units[] = {
    {"ms", 1.0}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}, {0}};

/* The number at *text, which is moved behind it. Only digits and one point: no hex, no "inf". */
static bool take_number(const char **text, double *value)
{
    const char *p = *text;
    gsize digits = strspn(p, "0123456789");
    gsize length = digits;
    if (p[length] == '.') {
        gsize fraction = strspn(p + length + 1, "0123456789");
        digits += fraction;
        length += 1 + fraction;
    }
    if (digits == 0 || length > 40)
        return false;
    char copy[48];
    memcpy(copy, p, length);
    copy[length] = '\0';
    *value = g_ascii_strtod(copy, NULL);
    *text = p + length;
    return true;
}

static const struct unit *take_unit(const char **text, const struct unit *units)
{
    for (; units->name; units++) {
        if (g_str_has_prefix(*text, units->name)) {
            *text += strlen(units->name);
            return units;
        }
    }
    return NULL;
}

bool quantity_parse_number(const char *text, double *value)
{
    const char *p = text;
    double sign = 1;
    double number;
    if (*p == '-') {
        sign = -1;
        p++;
    }
    if (!take_number(&p, &number))
        return false;
    const struct unit *unit = take_unit(&p, number_units);
    if (*p)
        return false;
    *value = sign * number * (unit ? unit->factor : 1.0);
    return true;
}

bool quantity_parse_span(const char *text, bool bare_ms, int64_t *ms)
{
    const char *p = text;
    double total = 0;
    bool any = false;
    while (*p) {
        double number;
        if (!take_number(&p, &number))
            return false;
        const struct unit *unit = take_unit(&p, span_units);
        if (!unit && !(bare_ms && !any && !*p))
            return false;
        total += number * (unit ? unit->factor : 1.0);
        any = true;
    }
    if (!any || total > 1e15)
        return false;
    *ms = (int64_t)llround(total);
    return true;
}

bool quantity_parse_time(const char *text, int64_t *ms)
{
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autofree char *day = strlen(text) == 10 ? g_strconcat(text, "T00:00:00Z", NULL) : NULL;
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(day ? day : text, utc);
    if (!time)
        return false;
    *ms = g_date_time_to_unix(time) * 1000 + g_date_time_get_microsecond(time) / 1000;
    return true;
}

static void append_integer(GString *out, uint64_t value)
{
    char digits[20];
    gsize n = sizeof digits;
    do
        digits[--n] = (char)('0' + value % 10);
    while (value /= 10);
    g_string_append_len(out, digits + n, (gssize)(sizeof digits - n));
}

/* Three significant digits: 1.92, 31, 310. By hand, because a screen has five hundred numbers and is
 * drawn at every key. */
static void append_short(GString *out, double value)
{
    if (value != 0 && fabs(value) < 0.005) {
        g_string_append(out, "~0"); /* little is not nothing */
        return;
    }
    if (value < 0)
        g_string_append_c(out, '-');
    value = fabs(value);
    unsigned places = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    uint64_t scale = places == 2 ? 100 : places == 1 ? 10 : 1;
    uint64_t number = (uint64_t)llround(MIN(value, 1e18) * (double)scale);
    append_integer(out, number / scale);
    for (uint64_t rest = number % scale; rest > 0; rest = rest * 10 % scale) {
        if (rest == number % scale)
            g_string_append_c(out, '.');
        g_string_append_c(out, (char)('0' + rest * 10 / scale));
    }
}

void quantity_append_number(GString *out, double value)
{
    static const char letters[] = "kMGTPE";
    if (fabs(value) < 9999.5 && value == floor(value)) {
        if (value < 0)
            g_string_append_c(out, '-');
        append_integer(out, (uint64_t)fabs(value));
        return;
    }
    int step = -1;
    while (fabs(value) >= 999.5 && step + 1 < (int)strlen(letters)) {
        value /= 1000;
        step++;
    }
    append_short(out, value);
    if (step >= 0)
        g_string_append_c(out, letters[step]);
}

void quantity_append_bytes(GString *out, int64_t bytes)
{
    static const char letters[] = "KMGTPE";
    double value = (double)bytes;
    int step = -1;
    while (fabs(value) >= 1023.5 && step + 1 < (int)strlen(letters)) {
        value /= 1024;
        step++;
    }
    append_short(out, value);
    if (step >= 0)
        g_string_append_c(out, letters[step]);
}

/* "4m05s": two units, the second with its leading zero. */
static void append_two(GString *out, int64_t first, char unit, int64_t second, char second_unit)
{
    append_integer(out, (uint64_t)first);
    g_string_append_c(out, unit);
    if (second < 10)
        g_string_append_c(out, '0');
    append_integer(out, (uint64_t)second);
    g_string_append_c(out, second_unit);
}

static void append_unit(GString *out, int64_t value, const char *unit)
{
    append_integer(out, (uint64_t)value);
    g_string_append(out, unit);
}

void quantity_append_span(GString *out, int64_t ms)
{
    if (ms < 0) {
        g_string_append_c(out, '-');
        ms = ms == G_MININT64 ? G_MAXINT64 : -ms;
    }
    int64_t s = ms / 1000;
    if (ms < 1000) {
        append_unit(out, ms, "ms");
    } else if (ms < 10000) {
        append_unit(out, s, ".");
        append_unit(out, ms % 1000 / 100, "s");
    } else if (s < 60) {
        append_unit(out, s, "s");
    } else if (s < 3600) {
        append_two(out, s / 60, 'm', s % 60, 's');
    } else if (s < 86400) {
        append_two(out, s / 3600, 'h', s % 3600 / 60, 'm');
    } else {
        append_unit(out, s / 86400, "d");
        append_unit(out, s % 86400 / 3600, "h");
    }
}

void quantity_append_age(GString *out, int64_t ms)
{
    int64_t s = MAX(ms, 0) / 1000;
    if (s < 60)
        append_unit(out, s / 5 * 5, "s");
    else if (s < 3600)
        append_unit(out, s / 60, "m");
    else if (s < 2 * 86400)
        append_unit(out, s / 3600, "h");
    else
        append_unit(out, s / 86400, "d");
}

/* A server may send any number as a time. */
static int64_t since(int64_t at_ms, int64_t now_ms)
{
    int64_t ms;
    if (__builtin_sub_overflow(now_ms, at_ms, &ms))
        return at_ms < 0 ? G_MAXINT64 : G_MININT64;
    return ms;
}

static GDateTime *utc_time(int64_t at_ms)
{
    return g_date_time_new_from_unix_utc(at_ms / 1000 - (at_ms % 1000 < 0));
}

static GDateTime *time_in(int64_t at_ms, GTimeZone *zone)
{
    g_autoptr(GDateTime) utc = utc_time(at_ms);
    if (!utc || !zone)
        return g_steal_pointer(&utc);
    return g_date_time_to_timezone(utc, zone);
}

/* "Z", "+02", "+0530". */
static void append_offset(GString *out, GDateTime *at, const struct reader *r)
{
    g_autofree char *offset = r->zone ? g_date_time_format(at, "%z") : g_strdup("Z");
    if (g_str_has_suffix(offset, "00") && strlen(offset) == strlen("+0200"))
        offset[strlen("+02")] = '\0';
    g_string_append(out, offset);
}

void quantity_append_time_in(GString *out, int64_t at_ms, const struct reader *r)
{
    g_autoptr(GDateTime) at = time_in(at_ms, r->zone);
    g_autoptr(GDateTime) now = time_in(r->now_ms, r->zone);
    if (!at || !now) {
        g_string_append_c(out, '?');
        return;
    }
    bool same_year = g_date_time_get_year(at) == g_date_time_get_year(now);
    bool same_day =
        same_year && g_date_time_get_day_of_year(at) == g_date_time_get_day_of_year(now);
    g_autofree char *text = g_date_time_format(at, same_day    ? "%H:%M:%S"
                                                   : same_year ? "%m-%d %H:%M"
                                                               : "%Y-%m-%d");
    g_string_append(out, text);
    if (same_year)
        append_offset(out, at, r);
}

void quantity_append_time(GString *out, int64_t at_ms, int64_t now_ms)
{
    quantity_append_time_in(out, at_ms, &(struct reader){.now_ms = now_ms});
}

void quantity_append_iso(GString *out, int64_t at_ms)
{
    g_autoptr(GDateTime) at = utc_time(at_ms);
    if (!at)
        return;
    int ms = (int)(at_ms % 1000);
    g_string_append_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", g_date_time_get_year(at),
        g_date_time_get_month(at), g_date_time_get_day_of_month(at), g_date_time_get_hour(at),
        g_date_time_get_minute(at), g_date_time_get_second(at), ms < 0 ? ms + 1000 : ms);
}

static void append_absent(GString *out, enum absent why)
{
    static const char *const text[] = {[ABSENT_NOT_ASKED] = "-",
        [ABSENT_NO_VALUE] = "-",
        [ABSENT_DENIED] = "denied",
        [ABSENT_FAILED] = "?"};
    g_string_append(out, text[why]);
}

/* A strip as letters: the first of each state, oldest first. Views paint it in colour. */
static void append_states(GString *out, const struct states *states)
{
    for (uint32_t i = 0; i < states->count; i++)
        g_string_append_c(out, states->mark[i].state[0] ? states->mark[i].state[0] : '.');
}

void quantity_append_cell_in(
    GString *out, const struct column *column, struct cell cell, const struct reader *r)
{
    if (cell.type != CELL_NONE && cell.quality == BOUND)
        g_string_append_c(out, '>');
    else if (cell.type != CELL_NONE && cell.quality == ESTIMATE)
        g_string_append_c(out, '~');
    switch (cell.type) {
    case CELL_NONE: append_absent(out, cell.absent); break;
    case CELL_BOOL: g_string_append(out, cell.b ? "yes" : "no"); break;
    case CELL_INT:
        if (column && column->flags & COLUMN_F_EXACT)
            g_string_append_printf(out, "%" G_GINT64_FORMAT, cell.i);
        else
            quantity_append_number(out, (double)cell.i);
        break;
    case CELL_REAL: quantity_append_number(out, cell.r); break;
    case CELL_PERCENT:
        append_short(out, cell.r);
        g_string_append_c(out, '%');
        break;
    case CELL_TIME_MS:
        if (column && column->flags & COLUMN_F_AGE)
            quantity_append_age(out, since(cell.i, r->now_ms));
        else
            quantity_append_time_in(out, cell.i, r);
        break;
    case CELL_SPAN_MS: quantity_append_span(out, cell.i); break;
    case CELL_BYTES: quantity_append_bytes(out, cell.i); break;
    case CELL_TEXT:
    case CELL_STATE:
    case CELL_LINK: g_string_append(out, cell.text); break;
    case CELL_STATES: append_states(out, cell.states); break;
    case CELL_SERIES:
    case CELL_GANTT: break;
    }
}

void quantity_append_cell(
    GString *out, const struct column *column, struct cell cell, int64_t now_ms)
{
    quantity_append_cell_in(out, column, cell, &(struct reader){.now_ms = now_ms});
}

void quantity_append_plain(GString *out, struct cell cell)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    switch (cell.type) {
    case CELL_BOOL: g_string_append(out, cell.b ? "true" : "false"); break;
    case CELL_INT:
    case CELL_SPAN_MS:
    case CELL_BYTES: g_string_append_printf(out, "%" G_GINT64_FORMAT, cell.i); break;
    case CELL_REAL:
    case CELL_PERCENT:
        g_string_append(out, g_ascii_formatd(text, sizeof text, "%.15g", cell.r));
        break;
    case CELL_TIME_MS: quantity_append_iso(out, cell.i); break;
    case CELL_TEXT:
    case CELL_STATE:
    case CELL_LINK: g_string_append(out, cell.text); break;
    case CELL_STATES: append_states(out, cell.states); break;
    case CELL_NONE:
    case CELL_SERIES:
    case CELL_GANTT: break;
    }
}

bool quantity_is_number(enum cell_type type)
{
    switch (type) {
    case CELL_BOOL:
    case CELL_INT:
    case CELL_REAL:
    case CELL_TIME_MS:
    case CELL_SPAN_MS:
    case CELL_BYTES:
    case CELL_PERCENT: return true;
    default: return false;
    }
}

double quantity_value(struct cell cell)
{
    switch (cell.type) {
    case CELL_BOOL: return cell.b ? 1 : 0;
    case CELL_REAL:
    case CELL_PERCENT: return cell.r;
    case CELL_INT:
    case CELL_TIME_MS:
    case CELL_SPAN_MS:
    case CELL_BYTES: return (double)cell.i;
    default: return NAN;
    }
}
