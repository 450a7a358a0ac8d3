/* A chart is drawn in three steps: every series becomes slots, the columns that its form can tell
 * apart (two per cell of dots), each with the levels its values reach; then each column of cells is
 * drawn from its slots by the form; axes, events and the line above stand around it.
 *
 * Where several values share a slot all of their range is drawn, so that a spike of one span shows in
 * a chart of a day; where one value spans several slots it is drawn flat, because that is what is
 * known. Curves join neighbouring slots only where both are known. */
#include "chart.h"

#include <math.h>
#include <string.h>

#include "paint.h"
#include "quantity.h"
#include "scale.h"
#include "spark.h"
#include "text.h"

#define LABEL_MAX    12    /* columns of a label of the value axis */
#define LETTER_EVERY 14    /* columns between the letters on a curve */
#define PATIENCE_MS  15000 /* what is younger may still be on its way */
#define TALL         14    /* rows from which events have two */

struct slot {
    int bottom, top; /* levels of its own values; bottom -1: nothing is known */
    int low, high;   /* with what joins it to its neighbours */
};

struct plot;

struct form {
    int across, levels; /* slots and levels of one cell */
    void (*draw_column)(const struct plot *p, int x);
};

struct plot {
    const struct chart *chart;
    struct surface *s;
    const struct form *form;
    struct scale scale;
    int left, top, width, height; /* of the curves' area on the surface */
    int slots;                    /* of one line */
    struct slot *slot;            /* line by line */
    int cursor;                   /* column, or -1 */
};

static const enum role line_roles[CHART_LINES_MAX] = {ROLE_TEXT, ROLE_KEY, ROLE_RUN, ROLE_WAIT};
static const char *const line_letters[CHART_LINES_MAX] = {"a", "b", "c", "d"};

double series_at(const struct series *series, int64_t at_ms)
{
    if (!series || series->step_ms <= 0 || at_ms < series->from_ms)
        return NAN;
    int64_t i = (at_ms - series->from_ms) / series->step_ms;
    return i < series->count && isfinite(series->value[i]) ? series->value[i] : NAN;
}

/* -- slots --------------------------------------------------------------------------------------- */

static double place_of(const struct chart *c, int64_t at_ms, int places)
{
    return (double)(at_ms - c->from_ms) * places / (double)(c->to_ms - c->from_ms);
}

/* The column of a moment, or -1 outside of the window. */
static int column_of(const struct plot *p, int64_t at_ms)
{
    if (at_ms < p->chart->from_ms || at_ms >= p->chart->to_ms)
        return -1;
    return MIN((int)place_of(p->chart, at_ms, p->width), p->width - 1);
}

static struct slot *slot_at(const struct plot *p, unsigned line, int i)
{
    return &p->slot[(int)line * p->slots + i];
}

static void take_value(struct slot *s, int level)
{
    s->bottom = s->bottom < 0 ? level : MIN(s->bottom, level);
    s->top = MAX(s->top, level);
}

/* A span takes the slots that begin in it, or the one it lies in. */
static void fill_slots(struct plot *p, unsigned line)
{
    const struct series *series = p->chart->line[line].series;
    for (int i = 0; i < p->slots; i++)
        *slot_at(p, line, i) = (struct slot){-1, -1, -1, -1};
    for (uint32_t i = 0; series && i < series->count; i++) {
        int64_t from_ms = series->from_ms + i * series->step_ms;
        double from = place_of(p->chart, from_ms, p->slots);
        double to = place_of(p->chart, from_ms + series->step_ms, p->slots);
        if (!isfinite(series->value[i]) || to <= 0 || from >= p->slots)
            continue;
        int first = (int)lround(MAX(from, 0));
        int end = (int)lround(MIN(to, p->slots));
        if (first >= end) {
            first = MIN((int)MAX((from + to) / 2, 0), p->slots - 1);
            end = first + 1;
        }
        int level = scale_level(&p->scale, series->value[i], p->height * p->form->levels);
        for (int at = first; at < end; at++)
            take_value(slot_at(p, line, at), level);
    }
}

static void join_slots(struct plot *p, unsigned line)
{
    for (int i = 0; i < p->slots; i++) {
        struct slot *s = slot_at(p, line, i);
        s->low = s->bottom;
        s->high = s->top;
        struct slot *before = i > 0 ? s - 1 : s;
        if (s->bottom < 0 || before->bottom < 0)
            continue;
        if (s->low > before->high) {
            before->high = (s->low + before->high) / 2;
            s->low = MIN(s->low, before->high + 1);
        } else if (s->high < before->low) {
            before->low = (s->high + before->low + 1) / 2;
            s->high = MAX(s->high, before->low - 1);
        }
    }
}

static bool is_known(const struct plot *p, unsigned line, int x)
{
    for (int i = 0; i < p->form->across; i++)
        if (slot_at(p, line, x * p->form->across + i)->bottom >= 0)
            return true;
    return false;
}

/* -- the forms ----------------------------------------------------------------------------------- */

static void put_cell(const struct plot *p, int x, int row, enum role role, const char *glyph)
{
    surface_put(p->s, p->left + x, p->top + p->height - 1 - row, 1,
        x == p->cursor ? ROLE_CURSOR : role, glyph);
}

/* The dots of rows low to high within a cell whose lowest level is base, in one of its two halves. */
static unsigned dots_between(int low, int high, int base, int half)
{
    static const uint8_t bits[2][4] = {{0x40, 0x04, 0x02, 0x01}, {0x80, 0x20, 0x10, 0x08}};
    unsigned dots = 0;
    for (int level = MAX(low - base, 0); level <= MIN(high - base, 3); level++)
        dots |= bits[half][level];
    return dots;
}

/* Letters stand apart on the curves, and at the end of each. */
static bool has_letter(const struct plot *p, unsigned line, int x)
{
    if (p->chart->count < 2 || !is_known(p, line, x))
        return false;
    int apart = LETTER_EVERY / CHART_LINES_MAX;
    if ((x + 1 + (int)line * apart) % LETTER_EVERY == 0)
        return true;
    return x + 1 == p->width || !is_known(p, line, x + 1);
}

/* The dots of a line in one cell; a value that stands alone has four, for one is easily missed. */
static unsigned dots_of(const struct plot *p, unsigned line, int x, int row)
{
    unsigned dots = 0;
    for (int i = x * 2; i < x * 2 + 2; i++) {
        const struct slot *s = slot_at(p, line, i);
        bool alone = (i == 0 || s[-1].bottom < 0) && (i + 1 == p->slots || s[1].bottom < 0);
        int base = row * 4;
        if (s->bottom < 0)
            continue;
        if (alone && s->top / 4 == row)
            dots |= dots_between(MIN(s->low, base + 2), s->high + 1, base, 0) |
                    dots_between(MIN(s->low, base + 2), s->high + 1, base, 1);
        dots |= dots_between(s->low, s->high, base, i % 2);
    }
    return dots;
}

static void draw_dots(const struct plot *p, int x)
{
    int low = p->height * 4; /* levels that any line reaches in this column */
    int high = -1;
    for (unsigned line = 0; line < p->chart->count; line++) {
        for (int half = 0; half < 2; half++) {
            const struct slot *s = slot_at(p, line, x * 2 + half);
            low = s->bottom < 0 ? low : MIN(low, s->low);
            high = MAX(high, s->high);
        }
    }
    for (int row = low / 4; row <= high / 4 && high >= 0; row++) {
        unsigned dots = 0;
        unsigned front = 0;
        for (unsigned line = 0; line < p->chart->count; line++) {
            unsigned own = dots_of(p, line, x, row);
            front = own ? line : front;
            dots |= own;
        }
        char glyph[8] = {0};
        g_unichar_to_utf8(0x2800 + dots, glyph);
        if (dots)
            put_cell(p, x, row, line_roles[front], glyph);
    }
    for (unsigned line = 0; line < p->chart->count; line++) {
        const struct slot *s = slot_at(p, line, x * 2);
        if (has_letter(p, line, x))
            put_cell(p, x, MAX(s[0].top, s[1].top) / 4, line_roles[line], line_letters[line]);
    }
}

/* What a cell shows of the bar from the axis up to level, 0 to 7 within it. */
static const char *part_below_axis(int level)
{
    int eighths = 8 - level;
    return eighths <= 2 ? "▔" : eighths <= 6 ? "▀" : "█";
}

static void draw_blocks(const struct plot *p, int x)
{
    const struct slot *s = slot_at(p, 0, x);
    if (s->bottom < 0)
        return;
    int zero = scale_level(&p->scale, CLAMP(0, p->scale.low, p->scale.high), p->height * 8) / 8;
    int bottom = s->bottom / 8;
    int top = s->top / 8;
    for (int row = MIN(bottom, zero); row <= MAX(top, zero); row++) {
        const char *glyph = "█";
        if (row < bottom && row < zero)
            continue;
        if (row > top)
            continue;
        if (row > bottom && row >= zero)
            glyph = row == top ? spark_glyph(p->s, s->top % 8) : "░";
        else if (row == bottom && row >= zero)
            glyph = spark_glyph(p->s, row == top ? s->top % 8 : 7);
        else if (row == bottom)
            glyph = part_below_axis(s->bottom % 8);
        put_cell(p, x, row, line_roles[0], glyph);
    }
}

static void draw_letters(const struct plot *p, int x)
{
    const struct slot *s = slot_at(p, 0, x);
    int levels = p->form->levels;
    for (int row = s->low / levels; s->low >= 0 && row <= s->high / levels; row++) {
        const char *glyph = row == s->top / levels      ? spark_glyph(p->s, s->top % levels)
                            : row == s->bottom / levels ? spark_glyph(p->s, s->bottom % levels)
                                                        : surface_glyph(p->s, "│", "|");
        put_cell(p, x, row, line_roles[0], glyph);
    }
}

/* Several lines without dots: each is its letter, "*" where they meet. */
static void draw_names(const struct plot *p, int x)
{
    for (int row = 0; row < p->height; row++) {
        unsigned found = 0;
        unsigned last = 0;
        for (unsigned line = 0; line < p->chart->count; line++) {
            const struct slot *s = slot_at(p, line, x);
            int levels = p->form->levels;
            if (s->bottom >= 0 && s->bottom / levels <= row && s->top / levels >= row) {
                found++;
                last = line;
            }
        }
        if (found > 0)
            put_cell(p, x, row, line_roles[last], found > 1 ? "*" : line_letters[last]);
    }
}

static const struct form dots_form = {2, 4, draw_dots};
static const struct form blocks_form = {1, 8, draw_blocks};
static const struct form letters_form = {1, 6, draw_letters};
static const struct form names_form = {1, 6, draw_names};

static const struct form *form_of(const struct surface *s, enum chart_form form, unsigned count)
{
    if (!s->ascii && form == CHART_DOTS)
        return &dots_form;
    return count > 1 ? &names_form : s->ascii ? &letters_form : &blocks_form;
}

int chart_points(const struct surface *s, enum chart_form form)
{
    return MAX(s->width - LABEL_MAX / 2, 1) * form_of(s, form, 1)->across;
}

/* -- what stands behind the curves --------------------------------------------------------------- */

static bool is_gap(const struct plot *p, int x)
{
    for (unsigned line = 0; line < p->chart->count; line++)
        if (is_known(p, line, x))
            return false;
    /* What is not over yet is not missing. */
    const struct series *series = p->chart->line[0].series;
    int64_t patience_ms = PATIENCE_MS + (series ? series->step_ms : 0);
    return place_of(p->chart, p->chart->reader.now_ms - patience_ms, p->width) >= x;
}

static void draw_zero(const struct plot *p)
{
    if (p->scale.low >= 0 || p->scale.high <= 0)
        return;
    int levels = p->height * p->form->levels;
    int row = scale_level(&p->scale, 0, levels) / p->form->levels;
    for (int x = 0; x < p->width; x++)
        put_cell(p, x, row, ROLE_RULE, surface_glyph(p->s, "─", "-"));
}

static void draw_column(const struct plot *p, int x)
{
    for (int row = 0; x == p->cursor && row < p->height; row++)
        put_cell(p, x, row, ROLE_CURSOR, surface_glyph(p->s, "┊", ":"));
    if (is_gap(p, x))
        put_cell(p, x, 0, ROLE_DIM, "?");
    else
        p->form->draw_column(p, x);
}

/* -- axes ---------------------------------------------------------------------------------------- */

static int label_width(const struct scale *s)
{
    g_autoptr(GString) label = g_string_new(NULL);
    int width = 0;
    for (unsigned i = 0; i < s->ticks; i++) {
        g_string_truncate(label, 0);
        scale_append_tick(label, s, i);
        width = MAX(width, (int)label->len);
    }
    return MIN(width, LABEL_MAX);
}

static void draw_value_axis(const struct plot *p)
{
    const char *rule = surface_glyph(p->s, "│", "|");
    for (int y = 0; y < p->height; y++)
        surface_put(p->s, p->left - 1, p->top + y, 1, ROLE_RULE, rule);
    g_autoptr(GString) label = g_string_new(NULL);
    int below = -1; /* row of the label below: one row holds one */
    for (unsigned i = 0; i < p->scale.ticks; i++) {
        int levels = p->height * p->form->levels;
        int row = scale_level(&p->scale, p->scale.tick[i], levels) / p->form->levels;
        if (row == below)
            continue;
        below = row;
        g_string_truncate(label, 0);
        scale_append_tick(label, &p->scale, i);
        int x = MAX(p->left - 1 - (int)label->len, 0);
        surface_put(p->s, x, p->top + p->height - 1 - row, p->left - 1 - x, ROLE_DIM, label->str);
    }
}

static void draw_time_axis(const struct plot *p)
{
    const struct chart *c = p->chart;
    int y = p->top + p->height;
    int64_t step_ms = scale_time_step(c->to_ms - c->from_ms, p->width);
    for (int x = -1; x < p->width; x++)
        surface_put(p->s, p->left + x, y, 1, ROLE_RULE,
            x < 0 ? surface_glyph(p->s, "└", "+") : surface_glyph(p->s, "─", "-"));
    g_autoptr(GString) label = g_string_new(NULL);
    bool is_now = c->reader.now_ms < c->to_ms + step_ms;
    g_string_assign(label, "now");
    if (!is_now) {
        g_string_truncate(label, 0);
        scale_append_time(label, c->to_ms, MIN(step_ms, 60000), c->reader.zone);
    }
    int end = p->width - (int)label->len;
    surface_put(p->s, p->left + MAX(end, 0), y, p->width, ROLE_DIM, label->str);
    int64_t before = (c->from_ms + scale_zone_ms(c->reader.zone, c->from_ms)) % step_ms;
    int64_t at_ms = c->from_ms - before + (before > 0 ? step_ms : 0);
    for (; at_ms < c->to_ms; at_ms += step_ms) {
        int x = column_of(p, at_ms);
        g_string_truncate(label, 0);
        scale_append_time(label, at_ms, step_ms, c->reader.zone);
        if (x + 1 + (int)label->len >= end)
            break;
        surface_put(p->s, p->left + x, y, 1, ROLE_RULE, surface_glyph(p->s, "┴", "+"));
        surface_put(p->s, p->left + x + 1, y, p->width, ROLE_DIM, label->str);
    }
}

/* -- events -------------------------------------------------------------------------------------- */

static bool is_free(const char *taken, int begin, int end, int but)
{
    for (int x = begin; x < end; x++)
        if (x != but && taken[x])
            return false;
    return true;
}

/* Writes "text ^11:09Z", "^11:09Z text" or "text ^" into a line of the surface, whichever finds all of
 * its room free. */
static bool name_event(const struct plot *p, const struct event_mark *event, int y, char *taken)
{
    int x = p->left + column_of(p, event->at_ms);
    g_autofree char *name = text_cut_end(event->text, p->width / 2, p->s->ascii);
    g_autoptr(GString) mark = g_string_new("^");
    scale_append_time(mark, event->at_ms, 60000, p->chart->reader.zone);
    g_autofree char *before = g_strconcat(name, " ", mark->str, NULL);
    g_autofree char *behind = g_strconcat(mark->str, " ", name, NULL);
    g_autofree char *timeless = g_strconcat(name, " ^", NULL);
    const char *const forms[] = {before, behind, timeless};
    for (unsigned i = 0; i < G_N_ELEMENTS(forms); i++) {
        int begin = i == 1 ? x : x - text_width(name) - 1;
        int width = text_width(forms[i]);
        int end = MIN(begin + width + 1, p->s->width); /* a blank before the next */
        if (begin < 0 || begin + width > p->s->width || !is_free(taken, begin, end, x))
            continue;
        memset(taken + begin, 1, (gsize)(end - begin));
        surface_put(p->s, begin, y, width, ROLE_TEXT, forms[i]);
        return true;
    }
    return false;
}

/* Every event has its mark; those that have room have their time and name as well. */
static void draw_events(const struct plot *p, int y, int rows)
{
    const struct chart *c = p->chart;
    int width = p->s->width;
    g_autofree char *taken = g_malloc0((gsize)(width * rows) + 1);
    for (unsigned i = 0; i < c->event_count && rows > 0; i++) {
        int x = column_of(p, c->events[i].at_ms);
        if (x < 0)
            continue;
        taken[p->left + x] = 1;
        surface_put(p->s, p->left + x, y, 1, ROLE_KEY, "^");
    }
    for (unsigned i = 0; i < c->event_count; i++) {
        bool done = column_of(p, c->events[i].at_ms) < 0;
        for (int row = 0; row < rows && !done; row++)
            done = name_event(p, &c->events[i], y + row, taken + row * width);
    }
}

/* -- the line above ------------------------------------------------------------------------------ */

/* Where short numbers would all read the same, all of their digits. */
static void append_value(GString *out, const struct plot *p, double value)
{
    char digits[G_ASCII_DTOSTR_BUF_SIZE];
    if (!isfinite(value))
        g_string_append_c(out, '?');
    else if (p->scale.relative)
        g_string_append(out, g_ascii_formatd(digits, sizeof digits, "%.15g", value));
    else
        scale_append(out, p->scale.type, value);
}

/* The newest value, which the span that is not over yet may lack. */
static double value_now(const struct chart *c, const struct series *series)
{
    double value = series_at(series, MIN(c->reader.now_ms, c->to_ms - 1));
    int64_t step_ms = series ? series->step_ms : 0;
    return isfinite(value) ? value
                           : series_at(series, MIN(c->reader.now_ms, c->to_ms - 1) - step_ms);
}

static double line_value(const struct chart *c, unsigned line)
{
    const struct series *series = c->line[line].series;
    return c->cursor_ms == CHART_NO_CURSOR ? value_now(c, series) : series_at(series, c->cursor_ms);
}

struct bounds {
    double low, high;
    bool known;
};

static struct bounds bounds_of(const struct chart *c)
{
    struct bounds b = {0};
    for (unsigned line = 0; line < c->count; line++) {
        const struct series *s = c->line[line].series;
        for (uint32_t i = 0; s && i < s->count; i++) {
            int64_t at_ms = s->from_ms + i * s->step_ms;
            if (!isfinite(s->value[i]) || at_ms + s->step_ms <= c->from_ms || at_ms >= c->to_ms)
                continue;
            b.low = b.known ? MIN(b.low, s->value[i]) : s->value[i];
            b.high = b.known ? MAX(b.high, s->value[i]) : s->value[i];
            b.known = true;
        }
    }
    return b;
}

/* The event in the span that is read out. */
static const char *event_at(const struct plot *p)
{
    const struct chart *c = p->chart;
    for (unsigned i = 0; i < c->event_count && p->cursor >= 0; i++)
        if (column_of(p, c->events[i].at_ms) == p->cursor)
            return c->events[i].text;
    return NULL;
}

static void append_when(GString *out, const struct chart *c)
{
    g_string_append(out, c->cursor_ms == CHART_NO_CURSOR ? "  now" : "  at ");
    if (c->cursor_ms != CHART_NO_CURSOR)
        quantity_append_time_in(out, c->cursor_ms, &c->reader);
}

static void draw_readout(const struct plot *p, const struct bounds *b)
{
    const struct chart *c = p->chart;
    g_autoptr(GString) text = g_string_new(c->column->name);
    int x = 0;
    for (unsigned line = 0; line < c->count; line++) {
        g_string_append_c(text, ' ');
        if (c->count > 1)
            g_string_append_printf(text, " %s %s ", line_letters[line], c->line[line].name);
        append_value(text, p, line_value(c, line));
        surface_put(p->s, x, 0, p->s->width, line ? line_roles[line] : ROLE_TEXT, text->str);
        x += text_width(text->str);
        g_string_truncate(text, 0);
    }
    append_when(text, c);
    const char *event = event_at(p);
    if (event)
        g_string_append_printf(text, "  %s", event);
    surface_put(p->s, x, 0, p->s->width, ROLE_TEXT, text->str);
    x += text_width(text->str);
    g_string_truncate(text, 0);
    if (!b->known)
        return;
    g_string_append(text, "   low ");
    append_value(text, p, b->low);
    g_string_append(text, "  high ");
    append_value(text, p, b->high);
    if (p->scale.low > 0 || p->scale.high < 0)
        g_string_append(text, "  axis without 0");
    surface_put(p->s, x, 0, p->s->width, ROLE_DIM, text->str);
}

/* -- all of it ----------------------------------------------------------------------------------- */

static void draw_nothing_known(const struct plot *p)
{
    const struct chart *c = p->chart;
    struct surface area = surface_part(p->s, p->left, p->top, p->width, p->height);
    g_autoptr(GString) text = g_string_new("no history yet");
    if (c->since_ms > c->from_ms)
        g_string_append(text, ": since ");
    else if (c->since_ms > 0)
        g_string_assign(text, "nothing known of this time\nthe history begins ");
    if (c->since_ms > 0)
        quantity_append_time_in(text, c->since_ms, &c->reader);
    paint_notice(&area, ROLE_DIM, text->str);
}

static void draw_curves(struct plot *p)
{
    p->slots = p->width * p->form->across;
    g_autofree struct slot *slots = g_new(struct slot, (gsize)p->slots * p->chart->count);
    p->slot = slots;
    for (unsigned line = 0; line < p->chart->count; line++) {
        fill_slots(p, line);
        join_slots(p, line);
    }
    draw_zero(p);
    for (int x = 0; x < p->width; x++)
        draw_column(p, x);
    p->slot = NULL;
}

void chart_draw(const struct chart *c, struct surface *s)
{
    struct plot p = {.chart = c, .s = s, .cursor = -1, .form = form_of(s, c->form, c->count)};
    struct bounds b = bounds_of(c);
    bool readout = s->height >= 5 || c->count > 1 || c->cursor_ms != CHART_NO_CURSOR;
    int event_rows = c->event_count == 0 || s->height < 6 ? 0 : s->height < TALL ? 1 : 2;
    p.top = readout && s->height > 1;
    p.height = s->height - p.top - event_rows - (s->height > 2);
    scale_values(&p.scale, c->column->type, b.low, b.high, p.height);
    if (!b.known)
        p.scale.ticks = 0;
    p.left = MIN(MAX(label_width(&p.scale), 4) + 2, s->width / 2);
    p.width = s->width - p.left;
    if (p.height < 1 || p.left < 1 || p.width < 1)
        return;
    if (c->cursor_ms != CHART_NO_CURSOR)
        p.cursor = column_of(&p, c->cursor_ms);
    if (p.top)
        draw_readout(&p, &b);
    draw_value_axis(&p);
    if (s->height > 2)
        draw_time_axis(&p);
    if (b.known)
        draw_curves(&p);
    else
        draw_nothing_known(&p);
    draw_events(&p, p.top + p.height + 1, event_rows);
}
