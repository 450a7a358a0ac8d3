#include "paint.h"

#include <string.h>

#include "quantity.h"
#include "rid.h"
#include "spark.h"
#include "text.h"
#include "trends.h"

#define GAP         2 /* blanks between columns */
#define STATE_WIDTH 16

static int default_width(const struct column *c)
{
    switch (c->type) {
    case CELL_BOOL: return 3;
    case CELL_INT: return c->flags & COLUMN_F_EXACT ? 9 : 6;
    case CELL_REAL: return 7;
    case CELL_PERCENT: return 5;
    case CELL_BYTES: return 6;
    case CELL_TIME_MS: return c->flags & COLUMN_F_AGE ? 5 : 12;
    case CELL_SPAN_MS: return 7;
    case CELL_STATE: return STATE_WIDTH;
    case CELL_STATES: return 14;
    case CELL_SERIES: return 15; /* of half an hour: two minutes each */
    default: return 12;
    }
}

int paint_width(const struct column *column)
{
    return column->min_width ? column->min_width : default_width(column);
}

static const char *title_of(const struct kind *k, const struct column *columns, int column)
{
    return column == COLUMN_NAME ? k->title : column_info(columns, column)->title;
}

static bool is_text(const struct column *c)
{
    return c->type == CELL_TEXT || c->type == CELL_STATE || c->type == CELL_LINK;
}

static int natural_width(const struct paint_table *t, int column)
{
    if (column == COLUMN_NAME && t->name_width)
        return t->name_width;
    int width = 0;
    for (guint i = 0; i < t->snapshots->len; i++)
        width = MAX(width, snapshot_width(g_ptr_array_index(t->snapshots, i), column));
    return width;
}

/* The least that a column needs, and what its texts would like. */
static int least_width(const struct paint_table *t, int column, int screen)
{
    const struct column *c = column_info(t->columns, column);
    int title = (int)strlen(title_of(t->kind, t->columns, column)) + 1; /* and the sort's arrow */
    int width = paint_width(c);
    if (c->type == CELL_STATE) /* a state that is cut may read as another */
        width = MAX(width, STATE_WIDTH);
    if (column == COLUMN_NAME) /* what a row is, before anything else about it */
        width = MAX(width, t->name_width ? screen * 3 / 5 : screen / 3);
    if (!is_text(c))
        return MAX(width, title);
    return MAX(MIN(width, MAX(natural_width(t, column), 4)), title);
}

static bool is_part_of(const struct rid *scope, const char *name)
{
    for (unsigned i = 0; i < scope->count; i++)
        if (strcmp(scope->part[i].name, name) == 0)
            return true;
    return false;
}

/* Whether every row has the same text there, which stands in the path above the table already: the DAG
 * of the runs of one DAG. */
static bool repeats_the_path(const struct snapshot *s, int column)
{
    size_t n = snapshot_count(s);
    struct cell first = n ? snapshot_cell(s, 0, column) : (struct cell){0};
    if (first.type != CELL_TEXT || !is_part_of(snapshot_scope(s), first.text))
        return false;
    for (size_t row = 1; row < n; row++) {
        struct cell cell = snapshot_cell(s, row, column);
        if (cell.type != CELL_TEXT || strcmp(cell.text, first.text) != 0)
            return false;
    }
    return true;
}

static bool is_drawn(const struct paint_table *t, int column)
{
    if (t->columns[column].flags & COLUMN_F_HIDDEN)
        return false;
    if (t->columns[column].type == CELL_SERIES)
        return t->with_past;
    bool asked = t->snapshots->len == 0;
    for (guint i = 0; i < t->snapshots->len; i++) {
        const struct snapshot *s = g_ptr_array_index(t->snapshots, i);
        if (repeats_the_path(s, column))
            return false;
        asked |= snapshot_count(s) == 0 || snapshot_asked(s, column);
    }
    return asked;
}

static bool add_column(struct paint_layout *l, const struct paint_table *t, int column, int chosen,
    int screen, int *left)
{
    int width = (chosen ? chosen : least_width(t, column, screen)) + (l->count ? GAP : 0);
    if (l->count == PAINT_COLUMNS_MAX || width > *left)
        return false;
    l->column[l->count] = column;
    l->width[l->count] = width - (l->count ? GAP : 0);
    l->fixed[l->count] = chosen > 0;
    *left -= width;
    l->count++;
    return true;
}

/* Spare columns go to the texts that are cut, by their weight, until none is cut or none is left. */
static void share_spare(struct paint_layout *l, const struct paint_table *t, int spare)
{
    for (bool given = true; given && spare > 0;) {
        int weight = 0;
        given = false;
        int wanted[PAINT_COLUMNS_MAX];
        for (unsigned i = 0; i < l->count; i++) {
            const struct column *c = column_info(t->columns, l->column[i]);
            wanted[i] = is_text(c) && !l->fixed[i]
                            ? MAX(natural_width(t, l->column[i]) - l->width[i], 0)
                            : 0;
            weight += wanted[i] ? c->weight : 0;
        }
        int share = spare;
        for (unsigned i = 0; i < l->count && weight > 0; i++) {
            int own = wanted[i] ? column_info(t->columns, l->column[i])->weight : 0;
            int extra = MIN(MIN(MAX(share * own / weight, own > 0), wanted[i]), spare);
            l->width[i] += extra;
            spare -= extra;
            given |= extra > 0;
        }
    }
}

void paint_choice(const struct paint_table *t, struct choice *out)
{
    *out = t->choice ? *t->choice : (struct choice){0};
    if (!t->choice && t->with_source)
        out->column[out->count++] = COLUMN_SOURCE;
    for (int c = 0; !t->choice && t->columns[c].name && out->count < CHOICE_MAX; c++)
        if (is_drawn(t, c))
            out->column[out->count++] = c;
    out->column[out->count] = COLUMN_UNKNOWN;
}

void paint_layout_one(struct paint_layout *l, const struct paint_table *t, int x, int width)
{
    *l = (struct paint_layout){.count = 1, .x = {x}, .width = {width}};
    for (int c = 0; t->columns[c].name; c++)
        if (is_drawn(t, c) && t->columns[c].weight > t->columns[l->column[0]].weight)
            l->column[0] = c;
}

void paint_layout(struct paint_layout *l, const struct paint_table *t, int x, int width)
{
    *l = (struct paint_layout){0};
    int left = width;
    struct choice choice;
    paint_choice(t, &choice);
    bool fits = t->kind->nameless || add_column(l, t, COLUMN_NAME, 0, width, &left);
    for (unsigned i = 0, skipped = 0; i < choice.count && fits; i++) {
        if (choice.column[i] == COLUMN_NAME && !t->kind->nameless)
            continue;
        if (skipped++ >= t->skip)
            fits = add_column(l, t, choice.column[i], choice.width[i], width, &left);
    }
    l->cut = !fits;
    share_spare(l, t, left);
    for (unsigned i = 0; i < l->count; i++) {
        l->x[i] = x;
        x += l->width[i] + GAP;
    }
}

enum role paint_state_role(enum health health, enum phase phase)
{
    switch (health) {
    case HEALTH_FAIL: return ROLE_FAIL;
    case HEALTH_WARN: return ROLE_WARN;
    case HEALTH_UNKNOWN: return ROLE_UNKNOWN;
    case HEALTH_OK: break;
    }
    return phase == PHASE_OFF    ? ROLE_OFF
           : phase == PHASE_WAIT ? ROLE_WAIT
           : phase == PHASE_RUN  ? ROLE_RUN
                                 : ROLE_OK;
}

const char *paint_mark(const struct row *r, bool stale)
{
    static const char *const marks[] = {" ", "?", "!", "X"};
    if (stale || r->error)
        return "?";
    return marks[r->health];
}

enum role paint_mark_role(const struct row *r, bool stale)
{
    return stale || r->error ? ROLE_UNKNOWN : paint_state_role(r->health, r->phase);
}

static enum role cell_role(struct cell cell, const struct row *r, bool stale)
{
    if (stale || r->error)
        return ROLE_STALE;
    if (cell.type == CELL_NONE)
        return ROLE_DIM;
    if (cell.type == CELL_STATE)
        return paint_state_role(r->health, r->phase);
    return r->phase == PHASE_OFF ? ROLE_OFF : ROLE_TEXT;
}

/* Whether what the row says is old, whatever it says. */
static bool is_old(const struct paint_row *r)
{
    return r->stale || snapshot_row(r->snapshot, r->row)->error;
}

/* A strip of states, the newest at the right end, each in its own role. */
static void paint_states(const struct paint_row *r, int x, int width, const struct states *states)
{
    static const char *const letters[] = {"o", "?", "!", "X"};
    uint32_t shown = MIN(states->count, (uint32_t)width);
    bool old = is_old(r);
    for (uint32_t i = 0; i < shown; i++) {
        const struct state_mark *mark = &states->mark[states->count - shown + i];
        bool running = mark->health == HEALTH_OK && mark->ms < 0;
        enum role role = old       ? ROLE_STALE
                         : running ? ROLE_RUN
                                   : paint_state_role(mark->health, PHASE_DONE);
        surface_put(r->s, x + (int)i, r->y, 1, role, running ? "~" : letters[mark->health]);
    }
}

/* What the history knows of the row; false: nothing yet. */
static bool paint_series(const struct paint_row *r, int x, int width)
{
    if (!r->trends)
        return false;
    g_string_truncate(r->scratch, 0);
    snapshot_append_address(r->snapshot, r->row, r->scratch);
    const struct series *series = trends_find(r->trends, r->scratch->str);
    if (series)
        spark_draw(
            r->s, x, r->y, width, is_old(r) ? ROLE_STALE : ROLE_TEXT, series, r->reader.now_ms);
    return series;
}

enum fit { FIT_LEFT, FIT_RIGHT, FIT_PROSE };

static void put_fitted(
    struct surface *s, int x, int y, int width, enum role role, const char *text, enum fit fit)
{
    int w = text_width(text);
    if (w <= width) {
        surface_put(s, fit == FIT_RIGHT ? x + width - w : x, y, width, role, text);
        return;
    }
    g_autofree char *cut = fit == FIT_PROSE ? text_cut_end(text, width, s->ascii)
                                            : text_cut_middle(text, width, s->ascii);
    surface_put(s, x, y, width, role, cut);
}

void paint_cell(const struct paint_row *r, int x, int width, int column)
{
    const struct column *info = column_info(r->columns, column);
    struct cell cell = snapshot_cell(r->snapshot, r->row, column);
    if (cell.type == CELL_STATES) {
        paint_states(r, x, width, cell.states);
        return;
    }
    if (info->type == CELL_SERIES && paint_series(r, x, width))
        return;
    enum role role = cell_role(cell, snapshot_row(r->snapshot, r->row), r->stale);
    g_string_truncate(r->scratch, 0);
    quantity_append_cell_in(r->scratch, info, cell, &r->reader);
    enum fit fit = quantity_is_number(info->type) ? FIT_RIGHT
                   : info->flags & COLUMN_F_PROSE ? FIT_PROSE
                                                  : FIT_LEFT;
    put_fitted(r->s, x, r->y, width, role, r->scratch->str, fit);
}

void paint_cells(const struct paint_row *r, const struct paint_layout *l, bool without_name)
{
    for (unsigned i = 0; i < l->count; i++)
        if (!without_name || l->column[i] != COLUMN_NAME)
            paint_cell(r, l->x[i], l->width[i], l->column[i]);
}

/* The arrow of a column in "-lag,name", or nothing. */
static const char *sort_arrow(const struct surface *s, const char *sort, const char *name)
{
    gsize n = strlen(name);
    for (const char *p = sort; p && *p; p += strcspn(p, ","), p += *p == ',') {
        bool descending = *p == '-';
        p += descending;
        if (strcspn(p, ",") == n && strncmp(p, name, n) == 0)
            return descending ? surface_glyph(s, "↓", "v") : surface_glyph(s, "↑", "^");
    }
    return "";
}

void paint_headings(struct surface *s, int y, const struct paint_layout *l, const struct kind *k,
    const struct column *columns, const char *sort)
{
    for (unsigned i = 0; i < l->count; i++) {
        const struct column *column = column_info(columns, l->column[i]);
        const char *title = title_of(k, columns, l->column[i]);
        g_autofree char *text = g_strconcat(title, sort_arrow(s, sort, column->name), NULL);
        bool right = quantity_is_number(column->type);
        put_fitted(s, l->x[i], y, l->width[i], ROLE_HEADING, text, right ? FIT_RIGHT : FIT_LEFT);
    }
}

void paint_append_hidden(GString *out, size_t rows, size_t problems, enum health worst)
{
    const struct row row = {.health = (uint8_t)worst};
    if (problems > 0)
        g_string_append_printf(out, "(%s%zu of %zu)", paint_mark(&row, false), problems, rows);
    else
        g_string_append_printf(out, "(%zu)", rows);
}

void paint_notice(struct surface *s, enum role role, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    int n = (int)g_strv_length(lines);
    int y = MAX((s->height - n) / 3, 0);
    for (int i = 0; i < n; i++) {
        int x = MAX((s->width - text_width(lines[i])) / 2, 1);
        put_fitted(s, x, y + i, s->width - x, role, lines[i], FIT_PROSE);
    }
}
