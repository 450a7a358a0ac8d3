/* Trino writes sizes as "1234B" or "1.21GB" and times as "1.23s": airlift's DataSize and Duration.
 * Which form an answer uses depends on the version and on the field; both are read everywhere. */
#include <math.h>
#include <string.h>

#include "trino.h"

struct unit {
    const char *name;
    double factor;
};

static const struct unit size_units[] = {{"B", 1.0}, {"kB", 1024.0}, {"KB", 1024.0},
    {"MB", 1048576.0}, {"GB", 1073741824.0}, {"TB", 1099511627776.0}, {"PB", 1125899906842624.0},
    {0}};

static const struct unit duration_units[] = {{"ns", 1e-6}, {"us", 1e-3}, {"ms", 1.0}, {"s", 1e3},
    {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}, {0}};

/* Digits, at most one point, perhaps an exponent (large sizes: "1.0E10B"); then one of the units. */
static bool parse(const char *text, const struct unit *units, double *value)
{
    gsize length = strspn(text, "0123456789.");
    if (length > 0 && (text[length] == 'E' || text[length] == 'e')) {
        gsize sign = text[length + 1] == '+' || text[length + 1] == '-';
        gsize digits = strspn(text + length + 1 + sign, "0123456789");
        length += digits > 0 ? 1 + sign + digits : 0;
    }
    char number[48];
    if (length == 0 || length >= sizeof number)
        return false;
    memcpy(number, text, length);
    number[length] = '\0';
    char *end;
    double parsed = g_ascii_strtod(number, &end);
    if (*end || !isfinite(parsed))
        return false;
    for (const char *unit = text + length; units->name; units++) {
        if (strcmp(unit, units->name) == 0) {
            *value = parsed * units->factor;
            return true;
        }
    }
    return false;
}

bool trino_parse_size(const char *text, int64_t *bytes)
{
    double value;
    if (!parse(text, size_units, &value) || value >= 9e18)
        return false;
    gsize digits = strspn(text, "0123456789");
    /* Whole bytes are read as such: a double would round beyond 2^53. */
    *bytes =
        strcmp(text + digits, "B") == 0 ? g_ascii_strtoll(text, NULL, 10) : (int64_t)llround(value);
    return true;
}

bool trino_parse_duration(const char *text, double *ms)
{
    return parse(text, duration_units, ms);
}

bool trino_size(const cJSON *object, const char *path, int64_t *bytes)
{
    const char *text = json_text(object, path);
    return text ? trino_parse_size(text, bytes) : json_int(object, path, bytes);
}

bool trino_duration(const cJSON *object, const char *path, double *ms)
{
    const char *text = json_text(object, path);
    return text && trino_parse_duration(text, ms);
}

bool trino_cell(const cJSON *object, const char *path, enum trino_how how, struct cell *out)
{
    static const enum cell_type types[] = {[AS_TEXT] = CELL_TEXT,
        [AS_STATE] = CELL_STATE,
        [AS_SPAN] = CELL_SPAN_MS,
        [AS_SIZE] = CELL_BYTES,
        [AS_INT] = CELL_INT,
        [AS_PERCENT] = CELL_PERCENT,
        [AS_TIME] = CELL_TIME_MS,
        [AS_BOOL] = CELL_BOOL};
    struct cell cell = {.type = types[how]};
    double ms = 0;
    bool there = false;
    switch (how) {
    case AS_TEXT:
    case AS_STATE:
        cell.text = json_text(object, path);
        there = cell.text && *cell.text;
        break;
    case AS_SPAN:
        there = trino_duration(object, path, &ms) && ms < 9e18;
        cell.i = there ? (int64_t)llround(ms) : 0;
        break;
    case AS_SIZE: there = trino_size(object, path, &cell.i); break;
    case AS_INT: there = json_int(object, path, &cell.i); break;
    case AS_PERCENT: there = json_real(object, path, &cell.r); break;
    case AS_TIME: there = json_time(object, path, &cell.i); break;
    case AS_BOOL: there = json_bool(object, path, &cell.b); break;
    }
    *out = there ? cell : (struct cell){.type = CELL_NONE, .absent = ABSENT_NO_VALUE};
    return there;
}

int trino_version_major(const char *version)
{
    gint64 major = version ? g_ascii_strtoll(version, NULL, 10) : 0;
    return major > 0 && major < 100000 ? (int)major : 0;
}
