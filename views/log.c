/* Lines of a log, oldest first. The end is followed until somebody scrolls up; what was there stays
 * where it is when lines arrive. Old chunks are dropped at a cap, and counted: a gap is never
 * silent. */
#include <string.h>

#include "list.h"
#include "paint.h"
#include "quantity.h"
#include "text.h"
#include "view.h"

#define LOG_BYTES_MAX (48 * 1024 * 1024)
#define TIME_WIDTH    9
#define LEVEL_WIDTH   5
#define SCROLL        16   /* columns per step to the side */
#define ROW_SPAN_MAX  4096 /* screen rows that one line may take when it is wrapped */

static const struct view_class log_view;

struct log_line {
    const struct snapshot *chunk;
    uint32_t row;
};

struct log {
    struct list_view list_view; /* the list's lines are log lines */
    GPtrArray *chunks;          /* referenced snapshots, oldest first */
    GArray *lines;              /* struct log_line */
    size_t bytes;
    size_t dropped; /* lines given up at the cap */
    bool follow;
    bool wrap;
    int left; /* columns scrolled to the side */
    bool ended;
    char *error;
    char *search, *search_text; /* lower case, and as typed */
    size_t hits;
};

static struct log *as_log(struct view *v)
{
    return (struct log *)(void *)v;
}

static const struct log *as_const_log(const struct view *v)
{
    return (const struct log *)(const void *)v;
}

static const struct log_line *line_at(const struct log *l, size_t i)
{
    return &g_array_index(l->lines, struct log_line, i);
}

static bool is_hit(const struct log *l, size_t i)
{
    const struct log_line *line = line_at(l, i);
    return strstr(snapshot_haystack(line->chunk, line->row), l->search) != NULL;
}

/* -- data ---------------------------------------------------------------------------------------- */

static void drop_oldest(struct log *l)
{
    const struct snapshot *s = g_ptr_array_index(l->chunks, 0);
    size_t n = snapshot_count(s);
    struct list *list = &l->list_view.list;
    l->bytes -= snapshot_bytes(s);
    l->dropped += n;
    g_array_remove_range(l->lines, 0, (guint)n);
    list->cursor -= MIN(list->cursor, n);
    list->top -= MIN(list->top, n);
    g_ptr_array_remove_index(l->chunks, 0);
}

static void add_chunk(struct log *l, const struct snapshot *s)
{
    g_ptr_array_add(l->chunks, (gpointer)snapshot_ref(s));
    l->bytes += snapshot_bytes(s);
    for (uint32_t row = 0; row < snapshot_count(s); row++) {
        struct log_line line = {s, row};
        g_array_append_val(l->lines, line);
        if (l->search && is_hit(l, l->lines->len - 1))
            l->hits++;
    }
    while (l->bytes > LOG_BYTES_MAX && l->chunks->len > 1)
        drop_oldest(l);
    struct list *list = &l->list_view.list;
    if (l->follow && l->lines->len > 0)
        list->cursor = l->lines->len - 1;
    list_fit(list, l->lines->len, list->height);
}

/* A chunk, or (s NULL) the end of the stream, with its error. */
static void log_take(struct view *v, const struct snapshot *s, const char *raw, const GError *error)
{
    (void)raw;
    struct log *l = as_log(v);
    if (s)
        add_chunk(l, s);
    else
        l->ended = true;
    if (!error)
        return;
    GString *clean = g_string_new(NULL);
    text_clean(error->message, -1, clean);
    g_free(l->error);
    l->error = g_string_free(clean, FALSE);
}

/* -- commands ------------------------------------------------------------------------------------ */

static void log_moved(struct list_view *v)
{
    struct log *l = as_log(&v->base);
    l->follow = v->list.count == 0 || v->list.cursor == v->list.count - 1;
}

static void toggle_follow(struct view *v)
{
    struct log *l = as_log(v);
    l->follow = !l->follow;
    if (l->follow)
        list_last(v);
}

static void toggle_wrap(struct view *v)
{
    as_log(v)->wrap = !as_log(v)->wrap;
    as_log(v)->left = 0;
}

static void scroll_right(struct view *v)
{
    as_log(v)->left += as_log(v)->wrap ? 0 : SCROLL;
}

static void scroll_left(struct view *v)
{
    as_log(v)->left = MAX(as_log(v)->left - SCROLL, 0);
}

static void jump(struct log *l, bool (*wanted)(const struct log *, size_t), int direction)
{
    struct list *list = &l->list_view.list;
    size_t n = l->lines->len;
    for (size_t step = 1; step <= n; step++) {
        size_t i = (list->cursor + (direction > 0 ? step : n - step)) % n;
        if (!wanted(l, i))
            continue;
        list->cursor = i;
        list_fit(list, n, list->height);
        log_moved(&l->list_view);
        return;
    }
}

static bool is_search_hit(const struct log *l, size_t i)
{
    return l->search && is_hit(l, i);
}

static bool is_error(const struct log *l, size_t i)
{
    const struct log_line *line = line_at(l, i);
    struct cell level = snapshot_cell(line->chunk, line->row, LOG_LEVEL);
    return level.type == CELL_STATE && (g_ascii_strncasecmp(level.text, "err", 3) == 0 ||
                                           g_ascii_strncasecmp(level.text, "crit", 4) == 0 ||
                                           g_ascii_strcasecmp(level.text, "fatal") == 0);
}

static void next_hit(struct view *v)
{
    jump(as_log(v), is_search_hit, 1);
}

static void previous_hit(struct view *v)
{
    jump(as_log(v), is_search_hit, -1);
}

static void next_error(struct view *v)
{
    jump(as_log(v), is_error, 1);
}

static gboolean log_search(struct view *v, const char *text, GError **error)
{
    (void)error;
    struct log *l = as_log(v);
    g_free(l->search);
    g_free(l->search_text);
    l->search = NULL;
    l->search_text = g_strdup(text);
    l->hits = 0;
    if (!*text)
        return TRUE;
    GString *lower = g_string_new(NULL);
    text_append_lower(lower, text);
    l->search = g_string_free(lower, FALSE);
    for (size_t i = 0; i < l->lines->len; i++)
        l->hits += is_hit(l, i);
    struct list *list = &l->list_view.list;
    if (l->hits > 0 && !is_hit(l, MIN(list->cursor, l->lines->len - 1)))
        jump(l, is_search_hit, 1);
    return TRUE;
}

static const char *log_search_text(const struct view *v)
{
    return as_const_log(v)->search_text;
}

/* -- drawing ------------------------------------------------------------------------------------- */

static enum role level_role(const struct log *l, size_t i, const char *level)
{
    if (is_error(l, i))
        return ROLE_FAIL;
    if (g_ascii_strncasecmp(level, "warn", 4) == 0)
        return ROLE_WARN;
    return g_ascii_strncasecmp(level, "debug", 5) == 0 ? ROLE_DIM : ROLE_TEXT;
}

static const char *line_text(const struct log_line *line)
{
    struct cell text = snapshot_cell(line->chunk, line->row, LOG_TEXT);
    return text.type == CELL_TEXT ? text.text : "";
}

/* Screen rows that a line takes. */
static int rows_of(const struct log *l, size_t i, int width)
{
    if (!l->wrap || width <= 0)
        return 1;
    int w = text_width(line_text(line_at(l, i)));
    return CLAMP((w + width - 1) / width, 1, ROW_SPAN_MAX);
}

/* Draws one line from y on; returns the rows it took. */
static int draw_line(struct log *l, struct surface *s, int y, size_t i, int64_t now_ms)
{
    const struct log_line *line = line_at(l, i);
    struct cell at = snapshot_cell(line->chunk, line->row, LOG_TIME);
    struct cell level = snapshot_cell(line->chunk, line->row, LOG_LEVEL);
    enum role role = level_role(l, i, level.type == CELL_STATE ? level.text : "");
    bool chosen = i == l->list_view.list.cursor;
    if (chosen)
        surface_put(s, 0, y, 1, ROLE_CURSOR, ">");
    if (at.type == CELL_TIME_MS) {
        g_autoptr(GString) time = g_string_new(NULL);
        quantity_append_time(time, at.i, now_ms);
        surface_put(s, 2, y, TIME_WIDTH + 3, ROLE_DIM, time->str);
    }
    int x = 2 + TIME_WIDTH + 1;
    if (level.type == CELL_STATE)
        surface_put(s, x, y, LEVEL_WIDTH, role, level.text);
    x += LEVEL_WIDTH + 1;
    if (l->search && is_hit(l, i))
        role = ROLE_MATCH;
    const char *text = line_text(line);
    int width = s->width - x;
    text += text_prefix(text, l->left, NULL);
    int rows = rows_of(l, i, width);
    for (int r = 0; r < rows && y + r < s->height; r++) {
        surface_put(s, x, y + r, width, role, text);
        text += text_prefix(text, width, NULL);
    }
    return rows;
}

/* With wrapped lines the cursor may need fewer lines above it than the screen has rows. */
static void fit_wrapped(struct log *l, int width)
{
    struct list *list = &l->list_view.list;
    int rows = 0;
    for (size_t i = list->cursor + 1; l->wrap && i-- > list->top;) {
        rows += rows_of(l, i, width);
        if (rows > (int)list->height) {
            list->top = MIN(i + 1, list->cursor);
            return;
        }
    }
}

static void log_draw(struct view *v, struct surface *s, int64_t now_ms)
{
    struct log *l = as_log(v);
    int used = 0;
    if (l->error)
        surface_put(s, 0, used++, s->width, ROLE_FAIL, l->error);
    if (l->dropped > 0) {
        g_autofree char *text = g_strdup_printf(
            "%zu older lines dropped: the log is longer than weir holds", l->dropped);
        surface_put(s, 0, used++, s->width, ROLE_WARN, text);
    }
    struct list *list = &l->list_view.list;
    list_fit(list, l->lines->len, (size_t)MAX(s->height - used, 0));
    fit_wrapped(l, s->width - 3 - TIME_WIDTH - LEVEL_WIDTH - 1);
    int y = used;
    for (size_t i = list->top; i < l->lines->len && y < s->height; i++)
        y += draw_line(l, s, y, i, now_ms);
    if (l->lines->len == 0 && !l->error)
        paint_notice(s, ROLE_DIM, l->ended ? "the log is empty" : "reading ...");
}

static void log_status(const struct view *v, GString *out)
{
    const struct log *l = as_const_log(v);
    const struct list *list = &l->list_view.list;
    g_string_append_printf(out, "line %zu/%u  %s", l->lines->len ? list->cursor + 1 : 0,
        l->lines->len,
        l->ended    ? "whole"
        : l->follow ? "following"
                    : "paused");
    if (l->search)
        g_string_append_printf(out, "  %zu lines match /%s", l->hits, l->search_text);
}

static struct view *log_create(const struct kind *k)
{
    struct log *l = g_new0(struct log, 1);
    l->list_view.base.class = &log_view;
    l->list_view.base.kind = k;
    l->list_view.moved = log_moved;
    l->chunks = g_ptr_array_new_with_free_func((GDestroyNotify)snapshot_unref);
    l->lines = g_array_new(FALSE, FALSE, sizeof(struct log_line));
    l->follow = true;
    return &l->list_view.base;
}

static void log_free(struct view *v)
{
    struct log *l = as_log(v);
    g_ptr_array_unref(l->chunks);
    g_array_unref(l->lines);
    g_free(l->error);
    g_free(l->search);
    g_free(l->search_text);
    g_free(l);
}

static const struct view_command commands[] = {
    LIST_COMMANDS,
    {"follow", "f", "follow the end, or stop", toggle_follow},
    {"next-match", "n", "next line that matches the search", next_hit},
    {"previous-match", "N", "previous line that matches", previous_hit},
    {"next-error", "e", "next error", next_error},
    {"wrap", "w", "wrap long lines, or cut them", toggle_wrap},
    {"right", "right", "scroll to the right", scroll_right},
    {"left", "left", "scroll to the left", scroll_left},
    {0},
};

static const struct view_class log_view = {
    .shape = SHAPE_LOG,
    .commands = commands,
    .create = log_create,
    .free = log_free,
    .take = log_take,
    .draw = log_draw,
    .filter = log_search,
    .filter_text = log_search_text,
    .status = log_status,
};
VIEW(log);
