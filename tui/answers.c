#include "answers.h"

#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Above this relative luminance (WCAG 2.1) black text has more contrast than white. */
#define MIDDLE 0.179

/* One of "rr" to "rrrr" as a share of the brightest; *p moves behind it. */
static double read_channel(const char **p)
{
    char *end;
    guint64 value = g_ascii_strtoull(*p, &end, 16);
    long digits = end - *p;
    *p = *end == '/' ? end + 1 : end;
    return digits >= 1 && digits <= 4 ? (double)value / (double)((1u << (4 * digits)) - 1) : NAN;
}

static double linear(double share)
{
    return share <= 0.03928 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4);
}

/* "rgb:RRRR/GGGG/BBBB" as xterm has it, and rgba: of some others. */
static enum background judge(const char *colour)
{
    const char *p = strchr(colour, ':');
    if (!p || strncmp(colour, "rgb", 3) != 0)
        return BACKGROUND_UNKNOWN;
    p++;
    double red = linear(read_channel(&p));
    double green = linear(read_channel(&p));
    double blue = linear(read_channel(&p));
    double luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    if (isnan(luminance))
        return BACKGROUND_UNKNOWN;
    return luminance > MIDDLE ? BACKGROUND_LIGHT : BACKGROUND_DARK;
}

void answers_take(struct answers *a, const char *sequence)
{
    size_t n = strlen(sequence);
    if (g_str_has_prefix(sequence, "\033]11;"))
        a->background = judge(sequence + 5);
    else if (g_str_has_prefix(sequence, "\033[?2026;"))
        a->sync = sequence[8] >= '1' && sequence[8] <= '3' && g_str_has_suffix(sequence, "$y");
    else if (g_str_has_prefix(sequence, "\033[?") && sequence[n - 1] == 'c')
        a->fenced = true;
    else if (strcmp(sequence, "\033[0n") == 0)
        a->arrived++;
}
