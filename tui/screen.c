/* The frame around the views: title, one line per source on the home screen, and the bottom line,
 * which is prompt, message or hints in turn. */
#include "app.h"

#include <string.h>

#include "sources.h"
#include "quantity.h"
#include "rid.h"
#include "text.h"

#define NAME_WIDTH  12
#define TYPE_WIDTH  8
#define STATE_WIDTH 11
#define TABS_NAMED  120 /* columns of the screen from which on the tabs have names */

/* Below this size there is room for what is wrong and nothing else. */
#define SMALL_WIDTH  60
#define SMALL_HEIGHT 15
#define HINTS_HEIGHT 8
#define CLASS_WIDTH  32

static bool is_small(const struct surface *s)
{
    return s->width < SMALL_WIDTH || s->height < SMALL_HEIGHT;
}

/* -- the title ----------------------------------------------------------------------------------- */

static char *crumbs(const struct app *a)
{
    const struct frame *f = app_top(a);
    GString *out = g_string_new(NULL);
    g_string_append(out, environment_name(a->session->environment));
    for (unsigned i = 0; f->scope && f->kind != &kind_detail && i == 0; i++)
        if (strcmp(f->scope->source, "weir") != 0)
            g_string_append_printf(out, " > %s", f->scope->source);
    for (unsigned i = 0; f->scope && i < f->scope->count; i++) {
        g_string_append_printf(out, " > %s > ", f->scope->part[i].kind);
        text_clean(f->scope->part[i].name, -1, out);
    }
    g_string_append_printf(out, " > %s", kind_segment(f->kind));
    return g_string_free(out, FALSE);
}

/* "X3 !4 ?1": what the list of problems holds, whichever view is open. */
static void append_tally(const struct app *a, GString *out)
{
    const struct kind *k = registry_kind(a->session->registry, "problems", NULL);
    AUTO(rid) weir = rid_source("weir");
    const struct store_entry *e = store_get(a->session->store, k, weir);
    size_t tally[4] = {0};
    for (size_t row = 0; e && e->snapshot && row < snapshot_count(e->snapshot); row++)
        tally[snapshot_row(e->snapshot, row)->health]++;
    if (!e || !e->snapshot)
        g_string_append(out, "...");
    else
        g_string_append_printf(
            out, "X%zu !%zu ?%zu", tally[HEALTH_FAIL], tally[HEALTH_WARN], tally[HEALTH_UNKNOWN]);
}

/* How old the oldest data of the top view is. */
static void append_age(const struct app *a, GString *out, int64_t now_ms)
{
    const struct frame *f = app_top(a);
    int64_t oldest = 0;
    g_autoptr(GPtrArray) entries = frame_entries(a, f);
    for (guint i = 0; i < entries->len; i++) {
        const struct store_entry *e = g_ptr_array_index(entries, i);
        if (e->snapshot && (!oldest || snapshot_at(e->snapshot) < oldest))
            oldest = snapshot_at(e->snapshot);
    }
    if (!oldest || help_is(f) || keys_is(f))
        return;
    quantity_append_age(out, now_ms - oldest);
    g_string_append(out, " old");
}

static void append_clock(const struct app *a, GString *out, int64_t now_ms)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(now_ms / 1000);
    GTimeZone *zone = a->settings.zone;
    g_autoptr(GDateTime) now = zone ? g_date_time_to_timezone(utc, zone) : g_date_time_ref(utc);
    g_autofree char *text = g_date_time_format(now, zone ? "%d %b %H:%M%:z" : "%d %b %H:%MZ");
    g_string_append(out, text);
}

static const char *badge(const struct app *a)
{
    (void)a;
    return "[RO]"; /* no environment can be unlocked yet */
}

static const struct snapshot *sources_of(const struct app *a)
{
    AUTO(rid) weir = rid_source("weir");
    const struct store_entry *e = store_get(a->session->store, sources_kind_table(), weir);
    return e ? e->snapshot : NULL;
}

/* Whether every source has answered or failed: else a tally of zero means nothing. */
static bool is_complete(const struct app *a)
{
    const struct snapshot *s = sources_of(a);
    for (size_t row = 0; s && row < snapshot_count(s); row++)
        if (snapshot_row(s, row)->health == HEALTH_UNKNOWN)
            return false;
    return s != NULL;
}

/* The tally, and where one is as far as it fits. */
static void draw_small_title(const struct app *a, struct surface *s)
{
    g_autoptr(GString) tally = g_string_new(is_complete(a) ? "" : "... ");
    append_tally(a, tally);
    if (s->width >= CLASS_WIDTH)
        g_string_append_printf(tally, "  %s", environment_class_name(a->session->environment));
    g_autofree char *path = app_is_home(a) ? g_strdup("NOW") : crumbs(a);
    int left = MAX(s->width - (int)tally->len - 3, 0);
    g_autofree char *cut = text_cut_middle(path, left, s->ascii);
    surface_put(s, 1, 0, left, ROLE_TITLE, cut);
    surface_put(s, s->width - (int)tally->len - 1, 0, s->width, ROLE_TITLE, tally->str);
}

static void draw_title(const struct app *a, struct surface *s, int64_t now_ms)
{
    g_autoptr(GString) right = g_string_new(NULL);
    const struct view *v = app_top(a)->view;
    if (app_is_home(a)) {
        if (view_is_filtered(v)) {
            v->class->status(v, right);
            g_string_append(right, "  ");
        }
        if (a->log_lines > 0)
            g_string_append_printf(right, "log %u  ", a->log_lines);
        append_tally(a, right);
        g_string_append(right, "  ");
        append_clock(a, right, now_ms);
    } else {
        v->class->status(v, right);
        g_string_append(right, "  ");
        append_age(a, right, now_ms);
    }
    if (a->tabs->len > 1) {
        g_string_append(right, "  ");
        if (s->width >= TABS_NAMED)
            tabs_append(a, right);
        else
            g_string_append_printf(right, "tab %u/%u", a->tab + 1, a->tabs->len);
    }
    const struct environment *e = a->session->environment;
    g_autofree char *mark = g_strdup_printf(" %s%s %s ",
        environment_simulated(e) ? "SIMULATED " : "", environment_class_name(e), badge(a));
    int mark_width = (int)strlen(mark);
    g_autofree char *home = g_strdup_printf("NOW  %s", environment_name(e));
    g_autofree char *path = app_is_home(a) ? g_steal_pointer(&home) : crumbs(a);
    int right_width = MIN(text_width(right->str), s->width / 2);
    g_autofree char *right_cut = text_cut_middle(right->str, right_width, s->ascii);
    int left_width = s->width - right_width - mark_width - 3;
    g_autofree char *left = text_cut_middle(path, left_width, s->ascii);
    surface_put(s, 1, 0, left_width, ROLE_TITLE, left);
    surface_put(s, s->width - mark_width - right_width - 1, 0, right_width, ROLE_TITLE, right_cut);
    surface_put(s, s->width - mark_width, 0, mark_width, ROLE_BADGE, mark);
}

/* -- sources ------------------------------------------------------------------------------------- */

int screen_source_lines(const struct app *a, int height)
{
    const struct snapshot *s = sources_of(a);
    int wanted = s ? (int)snapshot_count(s) : 0;
    return MIN(wanted, MAX(height / 3, 1));
}

static const char *cell_text(const struct snapshot *s, size_t row, const char *column)
{
    struct cell cell = snapshot_cell(s, row, kind_column(snapshot_kind(s), column));
    return cell.type == CELL_TEXT || cell.type == CELL_STATE ? cell.text : NULL;
}

static bool append_cell(
    GString *out, const struct snapshot *s, size_t row, const char *column, int64_t now_ms)
{
    int c = kind_column(snapshot_kind(s), column);
    struct cell cell = snapshot_cell(s, row, c);
    if (cell.type == CELL_NONE)
        return false;
    quantity_append_cell(out, kind_column_info(snapshot_kind(s), c), cell, now_ms);
    return true;
}

/* What there is to say of a source: its fault, else its version, speed and age. */
static char *source_summary(const struct snapshot *s, size_t row, int64_t now_ms)
{
    GString *out = g_string_new(NULL);
    const char *state = cell_text(s, row, "state");
    const char *error = cell_text(s, row, "error");
    if (error) {
        if (strcmp(state, "ok") != 0 && append_cell(out, s, row, "since", now_ms))
            g_string_append(out, "  ");
        g_string_append(out, error);
        return g_string_free(out, FALSE);
    }
    if (append_cell(out, s, row, "version", now_ms))
        g_string_append(out, "  ");
    if (append_cell(out, s, row, "latency_ms", now_ms))
        g_string_append(out, "  ");
    if (append_cell(out, s, row, "last_ok", now_ms))
        g_string_append(out, " ago");
    return g_string_free(out, FALSE);
}

static enum role source_role(const struct row *r)
{
    static const enum role roles[] = {ROLE_OK, ROLE_UNKNOWN, ROLE_WARN, ROLE_FAIL};
    return roles[r->health];
}

static void draw_source(
    struct surface *s, int y, const struct snapshot *sources, size_t row, int64_t now_ms)
{
    static const char *const marks[] = {"o", "?", "!", "X"};
    const struct row *r = snapshot_row(sources, row);
    int x = 0;
    surface_put(s, x, y, 1, source_role(r), marks[r->health]);
    x += 2;
    g_autofree char *name = text_cut_middle(r->name, NAME_WIDTH, s->ascii);
    surface_put(s, x, y, NAME_WIDTH, ROLE_TEXT, name);
    x += NAME_WIDTH + 1;
    surface_put(s, x, y, TYPE_WIDTH, ROLE_DIM, cell_text(sources, row, "type"));
    x += TYPE_WIDTH + 1;
    surface_put(s, x, y, STATE_WIDTH, source_role(r), cell_text(sources, row, "state"));
    x += STATE_WIDTH + 1;
    g_autofree char *text = source_summary(sources, row, now_ms);
    surface_put(s, x, y, s->width - x, r->health > HEALTH_OK ? ROLE_TEXT : ROLE_DIM, text);
}

/* The worst sources first when they do not all fit; else their order stays. */
static int draw_sources(const struct app *a, struct surface *s, int64_t now_ms)
{
    const struct snapshot *sources = sources_of(a);
    int lines = screen_source_lines(a, s->height);
    bool fits = sources && lines == (int)snapshot_count(sources);
    int y = 0;
    for (int health = HEALTH_FAIL; sources && health >= HEALTH_OK && y < lines; health--) {
        for (size_t row = 0; row < snapshot_count(sources) && y < lines; row++) {
            if (fits || snapshot_row(sources, row)->health == health)
                draw_source(s, 1 + y++, sources, row, now_ms);
        }
    }
    return lines;
}

/* -- the bottom line ----------------------------------------------------------------------------- */

static int put_hint(struct surface *s, int x, int y, const char *keys, const char *what)
{
    g_autofree char *key = keymap_first(keys);
    int width = text_width(key) + 1 + text_width(what) + 2;
    if (!*key || x + width > s->width)
        return x;
    surface_put(s, x, y, s->width, ROLE_KEY, key);
    surface_put(s, x + text_width(key) + 1, y, s->width, ROLE_DIM, what);
    return x + width;
}

/* Where a hint is of use. */
enum hint_place { ANYWHERE, ON_ROWS, AT_HOME, BELOW_HOME, WHERE_SORTED, WHERE_FILTERED, ON_CHARTS };

static bool is_of_use(const struct app *a, enum hint_place where)
{
    const struct view_class *class = app_top(a)->view->class;
    switch (where) {
    case ON_ROWS: return class->selected;
    case AT_HOME: return app_is_home(a);
    case BELOW_HOME: return !app_is_home(a);
    case WHERE_SORTED: return class->sort;
    case WHERE_FILTERED: return class->filter;
    case ON_CHARTS: return class->shape == SHAPE_CHART;
    case ANYWHERE: break;
    }
    return true;
}

static void draw_hints(const struct app *a, struct surface *s, int y)
{
    static const struct {
        const char *command, *keys, *what;
        enum hint_place where;
    } usual[] = {{"span-15m", "1", "2 3 4 span", ON_CHARTS},
        {"next-column", "tab", "next number", ON_CHARTS},
        {"form", "b", "dots or blocks", ON_CHARTS}, {"detail", "d", "detail", ON_ROWS},
        {"filter", "/", "filter", WHERE_FILTERED}, {"sort", "o", "sort", WHERE_SORTED},
        {"command", ":", "go to", ANYWHERE}, {"help", "?", "help", ANYWHERE},
        {"back", "esc", "back", BELOW_HOME}, {"close", "q", "quit", AT_HOME}};
    const struct frame *f = app_top(a);
    int x = 1;
    for (const struct link *l = f->kind->links; l && l->key && is_of_use(a, ON_ROWS); l++)
        x = put_hint(s, x, y, l->key, l->title);
    for (unsigned i = 0; i < G_N_ELEMENTS(usual); i++) {
        if (!is_of_use(a, usual[i].where) ||
            (is_of_use(a, ON_ROWS) && kind_link(f->kind, usual[i].keys)))
            continue;
        const char *keys = keymap_keys(a->keymap, usual[i].command, usual[i].keys);
        x = put_hint(s, x, y, keys, usual[i].what);
    }
}

/* Whether a message is to be read. */
static bool is_told(const struct app *a, int64_t now_ms)
{
    return a->message_ms && now_ms < a->message_ms + MESSAGE_MS;
}

/* On the first run, until a few keys were pressed. */
static void draw_first_hint(const struct app *a, struct surface *s, int y)
{
    static const struct {
        const char *command, *keys, *what;
    } hints[] = {{"help", "?", "lists the keys,"}, {"command", ":", "goes anywhere,"},
        {"filter", "/", "filters"}};
    int x = 1;
    for (unsigned i = 0; i < G_N_ELEMENTS(hints); i++)
        x = put_hint(
            s, x, y, keymap_keys(a->keymap, hints[i].command, hints[i].keys), hints[i].what);
}

static void draw_bottom(const struct app *a, struct surface *s, int64_t now_ms)
{
    int y = s->height - 1;
    if (a->prompt->mode != PROMPT_OFF)
        prompt_draw(a->prompt, s, y);
    else if (is_told(a, now_ms))
        surface_put(s, 1, y, s->width - 2, a->message_is_error ? ROLE_FAIL : ROLE_TEXT, a->message);
    else if (a->hint_keys > 0)
        draw_first_hint(a, s, y);
    else
        draw_hints(a, s, y);
}

void screen_draw(struct app *a, struct surface *s, int64_t now_ms)
{
    s->cursor(s, -1, -1);
    if (s->height < 3 || s->width < 10)
        return;
    if (is_small(s))
        draw_small_title(a, s);
    else
        draw_title(a, s, now_ms);
    int top = 1;
    if (app_is_home(a) && !is_small(s))
        top += draw_sources(a, s, now_ms);
    bool has_bottom =
        s->height >= HINTS_HEIGHT || a->prompt->mode != PROMPT_OFF || is_told(a, now_ms);
    struct view *v = app_top(a)->view;
    int pane = preview_width(a, s->width), height = s->height - top - has_bottom;
    struct surface area = surface_part(s, 0, top, s->width - pane, height);
    v->class->draw(v, &area, now_ms);
    if (pane) {
        struct surface beside = surface_part(s, s->width - pane, top, pane, height);
        preview_draw(a, &beside, now_ms);
    }
    if (has_bottom)
        draw_bottom(a, s, now_ms);
    if (a->overlay)
        a->overlay->draw(a, s);
}
