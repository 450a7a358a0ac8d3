/* The table: rows of one kind, of one or several sources, arranged. The cursor stays on its object
 * while that moves in the sort, and marks stay with theirs. Every change of what is shown (filter,
 * sort, columns, problems only) can be undone. */
#include <string.h>

#include "arrange.h"
#include "banner.h"
#include "error.h"
#include "list.h"
#include "marks.h"
#include "paint.h"
#include "rid.h"
#include "text.h"
#include "trends.h"

#define MARK_WIDTH 3 /* health, cursor, mark */
#define UNDO_MAX   32
#define NO_PLACE   G_MAXSIZE

static const struct view_class table_view;

/* What a person chose to see. */
struct shown {
    char *filter;  /* "" or NULL: all */
    char *sort;    /* "" or NULL: the order of the snapshots */
    char *columns; /* "" or NULL: the kind's own */
    bool problems; /* only */
    unsigned skip; /* columns scrolled away to the left */
};

struct table {
    struct list_view list_view;
    struct arrange *rows;
    char *key, *address; /* of the object under the cursor, or NULL */
    char *wanted;        /* address of the row that the cursor goes to when it comes, or NULL */
    struct shown shown;
    GQueue before; /* struct shown, the newest first: what undo brings back */
    struct choice choice;
    struct marks *marks;
    char *range_key, *range_address; /* where a range was begun, or NULL */
    size_t range_at;                 /* its place while a frame is drawn */
    GPtrArray *snapshots;            /* referenced */
    GPtrArray *stale;                /* those whose newest fetch failed, referenced */
    struct banners banners;
    struct trends *trends; /* NULL: nobody asked what the table lacks of the past */
    bool several;          /* sources */
    bool watched_from_top; /* the cursor was left on the first row */
    bool filtering;        /* the newest change is one of the filter, which may go on */
    bool held;             /* and stays on its object even there */
    bool asked;            /* some fetch has ended */
    bool cut;              /* columns did not fit when it was last drawn */
};

static struct table *as_table(struct view *v)
{
    return (struct table *)(void *)v;
}

static const struct table *as_const_table(const struct view *v)
{
    return (const struct table *)(const void *)v;
}

/* -- the cursor ---------------------------------------------------------------------------------- */

static bool table_selected(const struct view *v, const struct snapshot **s, size_t *row)
{
    const struct table *t = as_const_table(v);
    if (t->list_view.list.cursor >= arrange_known(t->rows))
        return false;
    arrange_at(t->rows, t->list_view.list.cursor, s, row);
    return true;
}

static void remember_object(struct table *t)
{
    const struct snapshot *s;
    size_t row;
    g_clear_pointer(&t->key, g_free);
    g_clear_pointer(&t->address, g_free);
    if (!table_selected(&t->list_view.base, &s, &row))
        return;
    GString *address = g_string_new(NULL);
    snapshot_append_address(s, row, address);
    t->key = g_strdup(snapshot_row(s, row)->key);
    t->address = g_string_free(address, FALSE);
}

/* The row that was asked for before it was there. */
static bool find_wanted(struct table *t, gssize *place)
{
    AUTO(rid) rid = rid_parse(t->wanted, NULL);
    const char *key = rid && rid->count ? rid->part[rid->count - 1].name : NULL;
    *place = key ? arrange_find(t->rows, key, t->wanted, 0) : -1;
    if (*place >= 0)
        g_clear_pointer(&t->wanted, g_free);
    return *place >= 0;
}

/* After the rows moved: the cursor goes where its object went, with the screen line it had. */
static void follow_object(struct table *t)
{
    struct list *l = &t->list_view.list;
    gssize place = -1;
    if (t->wanted && find_wanted(t, &place))
        t->watched_from_top = false;
    else if (t->watched_from_top && !t->held)
        l->cursor = 0;
    else if (t->key)
        place = arrange_find(t->rows, t->key, t->address, l->cursor);
    if (place >= 0) {
        size_t line = l->cursor >= l->top ? l->cursor - l->top : 0;
        l->cursor = (size_t)place;
        l->top = (size_t)place > line ? (size_t)place - line : 0;
    }
    list_fit(l, arrange_count(t->rows), l->height);
    if (place < 0 || !t->key)
        remember_object(t);
}

static void table_select(struct view *v, const char *address)
{
    struct table *t = as_table(v);
    g_free(t->wanted);
    t->wanted = g_strdup(address);
    follow_object(t);
    remember_object(t);
}

/* On the first row the cursor stays there: the list is watched from its top until one moves. */
static void table_moved(struct list_view *v)
{
    struct table *t = as_table(&v->base);
    remember_object(t);
    g_clear_pointer(&t->wanted, g_free);
    t->watched_from_top = v->list.cursor == 0;
    t->filtering = false;
}

static void hold(struct view *v)
{
    struct table *t = as_table(v);
    t->held = !t->held;
    remember_object(t);
}

/* -- what is shown ------------------------------------------------------------------------------- */

static bool is_set(const char *text)
{
    return text && *text;
}

static void shown_clear(struct shown *shown)
{
    g_free(shown->filter);
    g_free(shown->sort);
    g_free(shown->columns);
}

static void shown_free(gpointer data)
{
    shown_clear(data);
    g_free(data);
}

/* Before a change: what undo will bring back. */
static void keep_shown(struct table *t)
{
    struct shown *copy = g_new(struct shown, 1);
    *copy = t->shown;
    copy->filter = g_strdup(t->shown.filter);
    copy->sort = g_strdup(t->shown.sort);
    copy->columns = g_strdup(t->shown.columns);
    t->filtering = false;
    g_queue_push_head(&t->before, copy);
    if (g_queue_get_length(&t->before) > UNDO_MAX)
        shown_free(g_queue_pop_tail(&t->before));
}

static gboolean set_filter(struct table *t, const char *text, GError **error)
{
    struct filter *f = filter_parse(text, t->list_view.base.kind->columns, NULL, NULL, error);
    if (!f)
        return FALSE;
    g_free(t->shown.filter);
    t->shown.filter = g_strdup(text);
    arrange_set_filter(t->rows, f);
    return TRUE;
}

static gboolean set_sort(struct table *t, const char *columns, GError **error)
{
    if (!arrange_set_sort(t->rows, columns, t->list_view.base.kind->columns, error))
        return FALSE;
    g_free(t->shown.sort);
    t->shown.sort = g_strdup(columns);
    return TRUE;
}

static gboolean set_columns(struct table *t, const char *text, GError **error)
{
    struct choice choice = {0};
    if (is_set(text) && !choice_parse(text, t->list_view.base.kind, &choice, error))
        return FALSE;
    t->choice = choice;
    g_free(t->shown.columns);
    t->shown.columns = g_strdup(text);
    t->shown.skip = 0;
    return TRUE;
}

static void set_problems(struct table *t, bool only)
{
    t->shown.problems = only;
    arrange_set_least(t->rows, only ? HEALTH_UNKNOWN : HEALTH_OK);
}

/* While one types, every letter is a new filter, and all of them are one change. */
static gboolean table_filter(struct view *v, const char *text, GError **error)
{
    struct table *t = as_table(v);
    if (!t->filtering)
        keep_shown(t);
    t->filtering = true;
    return set_filter(t, text, error);
}

static const char *table_filter_text(const struct view *v)
{
    return as_const_table(v)->shown.filter;
}

static gboolean table_sort(struct view *v, const char *columns, GError **error)
{
    struct table *t = as_table(v);
    keep_shown(t);
    return set_sort(t, columns, error);
}

static const char *table_sort_text(const struct view *v)
{
    return as_const_table(v)->shown.sort;
}

static gboolean table_columns(struct view *v, const char *choice, GError **error)
{
    struct table *t = as_table(v);
    keep_shown(t);
    return set_columns(t, choice, error);
}

static const char *table_columns_text(const struct view *v)
{
    return as_const_table(v)->shown.columns;
}

static void reverse(struct view *v)
{
    const char *sort = is_set(table_sort_text(v)) ? table_sort_text(v) : "name";
    g_autofree char *other = *sort == '-' ? g_strdup(sort + 1) : g_strconcat("-", sort, NULL);
    table_sort(v, other, NULL);
}

static void problems(struct view *v)
{
    struct table *t = as_table(v);
    keep_shown(t);
    set_problems(t, !t->shown.problems);
}

static void undo(struct view *v)
{
    struct table *t = as_table(v);
    struct shown *before = g_queue_pop_head(&t->before);
    if (!before)
        return;
    set_filter(t, before->filter ? before->filter : "", NULL);
    set_sort(t, before->sort ? before->sort : "", NULL);
    set_columns(t, before->columns, NULL);
    set_problems(t, before->problems);
    t->shown.skip = before->skip;
    shown_free(before);
}

static void scroll_right(struct view *v)
{
    struct table *t = as_table(v);
    if (t->cut)
        t->shown.skip++;
}

static void scroll_left(struct view *v)
{
    struct table *t = as_table(v);
    t->shown.skip -= t->shown.skip > 0;
}

/* -- marks --------------------------------------------------------------------------------------- */

static gssize range_place(const struct table *t)
{
    return t->range_key
               ? arrange_find(t->rows, t->range_key, t->range_address, t->list_view.list.cursor)
               : -1;
}

static void end_range(struct table *t)
{
    g_clear_pointer(&t->range_key, g_free);
    g_clear_pointer(&t->range_address, g_free);
}

static void mark_between(struct table *t, size_t first, size_t last)
{
    for (size_t place = first; place <= last && place < arrange_known(t->rows); place++) {
        const struct snapshot *s;
        size_t row;
        arrange_at(t->rows, place, &s, &row);
        marks_set(t->marks, s, row, true);
    }
}

/* A range that was begun ends here; else the row under the cursor. */
static void mark(struct view *v)
{
    struct table *t = as_table(v);
    const struct snapshot *s;
    size_t row, cursor = t->list_view.list.cursor;
    gssize from = range_place(t);
    if (from >= 0)
        mark_between(t, MIN((size_t)from, cursor), MAX((size_t)from, cursor));
    else if (table_selected(v, &s, &row))
        marks_set(t->marks, s, row, !marks_has(t->marks, s, row));
    end_range(t);
}

static void range(struct view *v)
{
    struct table *t = as_table(v);
    if (t->range_key) {
        mark(v);
        return;
    }
    remember_object(t);
    t->range_key = g_strdup(t->key);
    t->range_address = g_strdup(t->address);
}

static void unmark(struct view *v)
{
    struct table *t = as_table(v);
    end_range(t);
    marks_clear(t->marks);
}

static GPtrArray *table_marked(const struct view *v)
{
    const struct table *t = as_const_table(v);
    return marks_shown(t->marks, t->rows);
}

static bool table_escape(struct view *v)
{
    struct table *t = as_table(v);
    if (t->range_key) {
        end_range(t);
        return true;
    }
    if (!is_set(t->shown.filter) && !t->shown.problems)
        return false;
    keep_shown(t);
    if (is_set(t->shown.filter))
        set_filter(t, "", NULL);
    else
        set_problems(t, false);
    return true;
}

/* -- data ---------------------------------------------------------------------------------------- */

static void table_update(struct view *v, const GPtrArray *entries)
{
    struct table *t = as_table(v);
    g_ptr_array_set_size(t->snapshots, 0);
    g_ptr_array_set_size(t->stale, 0);
    t->asked = false;
    for (guint i = 0; i < entries->len; i++) {
        const struct store_entry *e = g_ptr_array_index(entries, i);
        t->asked |= e->asked_ms > 0 || e->snapshot;
        if (!e->snapshot)
            continue;
        g_ptr_array_add(t->snapshots, (gpointer)snapshot_ref(e->snapshot));
        if (e->error)
            g_ptr_array_add(t->stale, (gpointer)snapshot_ref(e->snapshot));
    }
    t->several = entries->len > 1;
    banners_set(&t->banners, entries);
    arrange_set_input(
        t->rows, (const struct snapshot *const *)t->snapshots->pdata, t->snapshots->len);
}

static bool table_step(struct view *v, int64_t budget_us, int64_t now_ms)
{
    struct table *t = as_table(v);
    if (!arrange_pending(t->rows))
        return false;
    arrange_set_viewport(t->rows, t->list_view.list.top, t->list_view.list.height + 1);
    if (arrange_step(t->rows, budget_us, now_ms) != ARRANGE_MORE)
        follow_object(t);
    return arrange_pending(t->rows);
}

/* -- the past ------------------------------------------------------------------------------------ */

/* How wide the chosen column of series is, or the one that is drawn by default; 0: there is none. */
static int series_width(const struct table *t)
{
    const struct column *columns = t->list_view.base.kind->columns;
    for (unsigned i = 0; i < t->choice.count; i++)
        if (column_info(columns, t->choice.column[i])->type == CELL_SERIES)
            return t->choice.width[i] ? t->choice.width[i]
                                      : paint_width(&columns[t->choice.column[i]]);
    for (int c = 0; t->choice.count == 0 && columns[c].name; c++)
        if (columns[c].type == CELL_SERIES && !(columns[c].flags & COLUMN_F_HIDDEN))
            return paint_width(&columns[c]);
    return 0;
}

/* The rows on the screen, as far as they are known. */
static bool table_wants_series(struct view *v, struct series_wish *out, int64_t now_ms)
{
    struct table *t = as_table(v);
    int width = series_width(t);
    if (!v->kind->trend || width == 0)
        return false;
    if (!t->trends)
        t->trends = trends_new();
    trends_wish_begin(t->trends, (uint32_t)width, now_ms);
    const struct list *l = &t->list_view.list;
    g_autoptr(GString) address = g_string_new(NULL);
    for (size_t i = l->top; i < l->top + l->height && i < arrange_known(t->rows); i++) {
        const struct snapshot *s;
        size_t row;
        arrange_at(t->rows, i, &s, &row);
        g_string_truncate(address, 0);
        snapshot_append_address(s, row, address);
        trends_wish_row(t->trends, address->str);
    }
    *out = (struct series_wish){.kind = v->kind, .column = kind_column(v->kind, v->kind->trend)};
    return trends_wish_end(t->trends, out);
}

static void table_take_series(struct view *v, const struct series_answer *answer)
{
    struct table *t = as_table(v);
    if (t->trends && answer->wish.kind == v->kind)
        trends_take(t->trends, answer);
}

/* -- drawing ------------------------------------------------------------------------------------- */

static bool is_stale(const struct table *t, const struct snapshot *s)
{
    return snapshot_remembered(s) || g_ptr_array_find(t->stale, s, NULL);
}

static void draw_row(
    struct table *t, struct paint_row *r, size_t place, const struct paint_layout *l)
{
    arrange_at(t->rows, place, &r->snapshot, &r->row);
    const struct row *row = snapshot_row(r->snapshot, r->row);
    r->stale = is_stale(t, r->snapshot);
    surface_put(r->s, 0, r->y, 1, paint_mark_role(row, r->stale), paint_mark(row, r->stale));
    if (place == t->list_view.list.cursor)
        surface_put(r->s, 1, r->y, 1, ROLE_CURSOR, ">");
    if (marks_has(t->marks, r->snapshot, r->row))
        surface_put(r->s, 2, r->y, 1, ROLE_MATCH, "*");
    else if (t->range_at != NO_PLACE && place >= MIN(t->range_at, t->list_view.list.cursor) &&
             place <= MAX(t->range_at, t->list_view.list.cursor))
        surface_put(r->s, 2, r->y, 1, ROLE_MATCH, "+");
    paint_cells(r, l, false);
}

static void draw_empty(struct table *t, struct surface *s)
{
    g_autofree char *text = NULL;
    size_t total = arrange_total(t->rows);
    if (is_set(t->shown.filter) && total > 0)
        text = g_strdup_printf("none of %zu rows matches the filter\nesc clears it", total);
    else if (t->shown.problems && total > 0)
        text = g_strdup_printf("none of %zu rows is a problem\n! shows them all", total);
    else if (t->banners.count > 0)
        text = g_strdup("nothing to show: see the reason above\nr tries again");
    else if (!t->asked)
        text = g_strdup("reading ...");
    else
        text = g_strdup_printf("no %s", kind_segment(t->list_view.base.kind));
    paint_notice(s, ROLE_DIM, text);
}

static void append_tally(GString *out, const size_t tally[4])
{
    static const char marks[] = {' ', '?', '!', 'X'};
    for (int health = HEALTH_FAIL; health > HEALTH_OK; health--)
        if (tally[health])
            g_string_append_printf(out, " %c%zu", marks[health], tally[health]);
}

/* What one would not see otherwise: marks, and problems that the filter hides. */
static char *footer(const struct table *t)
{
    g_autoptr(GString) out = g_string_new(NULL);
    if (t->range_key)
        g_string_append(out, "range: move, then v or space marks it  ");
    if (marks_count(t->marks)) {
        g_autoptr(GPtrArray) shown = marks_shown(t->marks, t->rows);
        guint hidden = marks_count(t->marks) - shown->len;
        g_string_append_printf(out, "%u marked", shown->len);
        if (hidden)
            g_string_append_printf(out, " (%u more hidden or gone, will not be acted on)", hidden);
        g_string_append(out, "  ");
    }
    size_t all[4] = {0}, passed[4];
    for (guint i = 0; is_set(t->shown.filter) && i < t->snapshots->len; i++)
        snapshot_tally(g_ptr_array_index(t->snapshots, i), all);
    arrange_tally(t->rows, passed);
    for (int health = HEALTH_OK; health <= HEALTH_FAIL; health++)
        all[health] -= MIN(all[health], passed[health]);
    if (all[HEALTH_FAIL] + all[HEALTH_WARN] + all[HEALTH_UNKNOWN] > 0) {
        g_string_append(out, "the filter hides");
        append_tally(out, all);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* Whether there is room for one column only, which needs no heading. */
static bool is_narrow(const struct kind *k, int width)
{
    return k->nameless && width < PAINT_NARROW;
}

static void lay_out(struct table *t, struct paint_layout *layout, int width)
{
    const struct paint_table table = {
        .kind = t->list_view.base.kind,
        .columns = t->list_view.base.kind->columns,
        .snapshots = t->snapshots,
        .with_source = t->several,
        .choice = t->choice.count ? &t->choice : NULL,
        .skip = t->shown.skip,
        .with_past = t->trends != NULL,
    };
    if (is_narrow(table.kind, width))
        paint_layout_one(layout, &table, MARK_WIDTH, width - MARK_WIDTH);
    else
        paint_layout(layout, &table, MARK_WIDTH, width - MARK_WIDTH);
    t->cut = layout->cut;
}

static void draw_rows(struct table *t, struct surface *s, const struct paint_layout *layout,
    size_t height, int64_t now_ms)
{
    const struct view *v = &t->list_view.base;
    g_autoptr(GString) scratch = g_string_sized_new(64);
    struct paint_row row = {.s = s,
        .columns = v->kind->columns,
        .reader = {now_ms, v->settings->zone},
        .trends = t->trends,
        .scratch = scratch};
    gssize from = range_place(t);
    t->range_at = from >= 0 ? (size_t)from : NO_PLACE;
    size_t top = t->list_view.list.top;
    for (size_t i = 0; i < height && top + i < arrange_known(t->rows); i++) {
        row.y = (int)i;
        draw_row(t, &row, top + i, layout);
    }
}

static void table_draw(struct view *v, struct surface *s, int64_t now_ms)
{
    struct table *t = as_table(v);
    int used = banners_draw(&t->banners, s, now_ms);
    struct paint_layout layout;
    lay_out(t, &layout, s->width);
    if (!is_narrow(v->kind, s->width))
        paint_headings(s, used++, &layout, v->kind, v->kind->columns, t->shown.sort);
    g_autofree char *foot = footer(t);
    int foot_lines = *foot && s->height > used + 1;
    size_t height = s->height > used ? (size_t)(s->height - used - foot_lines) : 0;
    list_fit(&t->list_view.list, arrange_count(t->rows), height);
    struct surface rest = surface_part(s, 0, used, s->width, s->height - used);
    draw_rows(t, &rest, &layout, height, now_ms);
    if (foot_lines) {
        g_autofree char *cut = text_cut_end(foot, s->width - 1, s->ascii);
        surface_put(s, 1, s->height - 1, s->width - 1, ROLE_WARN, cut);
    }
    if (arrange_count(t->rows) == 0 && !arrange_pending(t->rows))
        draw_empty(t, &rest);
}

static void table_columns_drawn(const struct view *v, struct choice *out)
{
    const struct table *t = as_const_table(v);
    const struct paint_table table = {
        .kind = v->kind,
        .columns = v->kind->columns,
        .snapshots = t->snapshots,
        .with_source = t->several,
        .choice = t->choice.count ? &t->choice : NULL,
        .with_past = t->trends != NULL,
    };
    paint_choice(&table, out);
}

static void table_status(const struct view *v, GString *out)
{
    const struct table *t = as_const_table(v);
    size_t count = arrange_count(t->rows);
    size_t total = arrange_total(t->rows);
    if (view_is_filtered(v) || t->shown.problems)
        g_string_append_printf(out, "%zu/%zu", count, total);
    else
        g_string_append_printf(out, "%zu %s", total, total == 1 ? "row" : "rows");
    if (t->shown.problems)
        g_string_append(out, "  ! only");
    if (is_set(t->shown.filter))
        g_string_append_printf(out, "  /%s", t->shown.filter);
    if (is_set(t->shown.sort) && strcmp(t->shown.sort, v->kind->sort ? v->kind->sort : "") != 0)
        g_string_append_printf(out, "  sort %s", t->shown.sort);
    if (t->held)
        g_string_append(out, "  held");
}

static const struct arrange *table_arranged(const struct view *v)
{
    return as_const_table(v)->rows;
}

static struct view *table_create(const struct kind *k)
{
    struct table *t = g_new0(struct table, 1);
    t->list_view.base.class = &table_view;
    t->list_view.base.kind = k;
    t->list_view.moved = table_moved;
    t->watched_from_top = true;
    t->range_at = NO_PLACE;
    t->rows = arrange_new();
    t->marks = marks_new();
    g_queue_init(&t->before);
    t->snapshots = g_ptr_array_new_with_free_func((GDestroyNotify)snapshot_unref);
    t->stale = g_ptr_array_new_with_free_func((GDestroyNotify)snapshot_unref);
    set_sort(t, k->sort ? k->sort : "", NULL);
    return &t->list_view.base;
}

static void table_free(struct view *v)
{
    struct table *t = as_table(v);
    arrange_free(t->rows);
    marks_free(t->marks);
    g_ptr_array_unref(t->snapshots);
    g_ptr_array_unref(t->stale);
    banners_clear(&t->banners);
    shown_clear(&t->shown);
    g_queue_clear_full(&t->before, shown_free);
    end_range(t);
    trends_free(t->trends);
    g_free(t->key);
    g_free(t->address);
    g_free(t->wanted);
    g_free(t);
}

static const struct view_command commands[] = {
    LIST_COMMANDS,
    {"reverse", "O", "reverse the sort", .run = reverse},
    {"problems-only", "!", "only rows that are not fine, or all again", .run = problems},
    {"mark", "space", "mark the row, or take the mark away", .run = mark},
    {"range", "v", "begin a range of marks here; again: end it", .run = range},
    {"unmark-all", "M", "take all marks away", .run = unmark},
    {"hold", "F", "keep the cursor on its row while that moves, even from the top", .run = hold},
    {"right", "right", "scroll to further columns; the first one stays", .run = scroll_right},
    {"left", "left", "scroll back", .run = scroll_left},
    {"undo", "U", "undo the last change of filter, sort or columns", .run = undo},
    {0},
};

static const struct view_class table_view = {
    .shape = SHAPE_TABLE,
    .commands = commands,
    .create = table_create,
    .free = table_free,
    .update = table_update,
    .step = table_step,
    .draw = table_draw,
    .selected = table_selected,
    .filter = table_filter,
    .filter_text = table_filter_text,
    .sort = table_sort,
    .sort_text = table_sort_text,
    .columns = table_columns,
    .columns_text = table_columns_text,
    .columns_drawn = table_columns_drawn,
    .select = table_select,
    .marked = table_marked,
    .escape = table_escape,
    .arranged = table_arranged,
    .status = table_status,
    .wants_series = table_wants_series,
    .take_series = table_take_series,
};
VIEW(table);
