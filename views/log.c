/* Lines of one or several logs, ordered by time. The end is followed until somebody scrolls up; what was
 * there stays where it is when lines arrive. A search marks lines, filters hide lines; both work in
 * slices and go on as lines come. Old lines are dropped at a cap, and counted: a gap is never silent. */
#include "log_view.h"

#include <string.h>

#include "error.h"
#include "text.h"

#define SCROLL  16   /* columns per step to the side */
#define FOLD_US 4000 /* of folding before it is drawn */

static const struct view_class log_view;

/* -- data ---------------------------------------------------------------------------------------- */

/* A chunk, or (s NULL) the end of a stream, with its error. */
static void log_take(struct view *v, const struct snapshot *s, const char *raw, const GError *error)
{
    (void)raw;
    struct log *l = as_log(v);
    if (s) {
        log_lines_add(l->lines, s);
        log_sync(l);
    } else {
        l->ended++;
    }
    if (!error)
        return;
    GString *clean = g_string_new(NULL);
    text_clean(error->message, -1, clean);
    g_free(l->error);
    l->error = g_string_free(clean, FALSE);
}

static bool save_step(struct log *l, int64_t deadline_us)
{
    g_autoptr(GError) error = NULL;
    if (!l->save)
        return false;
    if (log_save_step(l->save, l->lines->ring, deadline_us, &error))
        return true;
    g_autofree char *result = log_save_result(l->save);
    if (error)
        view_complain(&l->list_view.base, "%s", error->message);
    else
        view_say(&l->list_view.base, "%s", result);
    g_clear_pointer(&l->save, log_save_free);
    return false;
}

static bool log_step(struct view *v, int64_t budget_us, int64_t now_ms)
{
    (void)now_ms;
    struct log *l = as_log(v);
    int64_t deadline_us = g_get_monotonic_time() + budget_us;
    bool more = !log_lines_done(l->lines);
    if (more) {
        more = log_lines_step(l->lines, deadline_us);
        log_sync(l);
    }
    log_resolve(l);
    return save_step(l, deadline_us) || more;
}

/* -- commands ------------------------------------------------------------------------------------ */

static void toggle_follow(struct view *v)
{
    struct log *l = as_log(v);
    if (l->follow)
        log_pause(l);
    else
        list_last(v);
}

static void toggle_wrap(struct view *v)
{
    as_log(v)->wrap = !as_log(v)->wrap;
    as_log(v)->left = 0;
}

static void toggle_relative(struct view *v)
{
    as_log(v)->relative = !as_log(v)->relative;
}

static void scroll_right(struct view *v)
{
    struct log *l = as_log(v);
    l->left = MIN(l->left + SCROLL, LOG_LINE_MAX);
}

static void scroll_left(struct view *v)
{
    as_log(v)->left = MAX(as_log(v)->left - SCROLL, 0);
}

/* Lines were hidden or shown: the cursor stays on its line, or goes to the next one that is there. */
static void changed(struct log *l)
{
    log_sync(l);
    l->pending = JUMP_NONE;
}

static gboolean filter_lines(struct view *v, const char *argument, GError **error)
{
    struct log *l = as_log(v);
    bool out = argument[0] == '!';
    if (out && !argument[1])
        return weir_fail(error, WEIR_ERROR_USAGE, "write a pattern behind the !");
    const char *text = argument + out;
    enum log_level level = *text == '@' ? log_level_named(text + 1, strlen(text + 1)) : LEVEL_NONE;
    struct log_pattern *pattern = level ? NULL : log_pattern_new(text, error);
    if (!level && !pattern)
        return FALSE;
    log_lines_push(l->lines, pattern, level, out);
    changed(l);
    return TRUE;
}

static void cycle_context(struct view *v)
{
    struct log *l = as_log(v);
    guint next = l->lines->context == 0 ? 3 : l->lines->context == 3 ? 10 : 0;
    log_lines_context(l->lines, next);
    view_say(v, "filters keep %u lines around each that matches", next);
    changed(l);
}

/* Folding is quick: it is done before it is drawn, but for the largest of logs. */
static void folded(struct log *l)
{
    log_lines_step(l->lines, g_get_monotonic_time() + FOLD_US);
    changed(l);
}

static void toggle_fold(struct view *v)
{
    struct log *l = as_log(v);
    const struct log_ring *ring = l->lines->ring;
    guint first, count;
    guint at = l->kept ? log_ring_find(ring, ring->order, &l->cursor) : 0;
    if (l->lines->filters->len > 0) {
        view_say(v, "nothing is folded while a filter is set");
    } else if (!log_lines_run(l->lines, at, &first, &count)) {
        view_say(v, "no frames here: space folds a stack, _ folds all of them");
    } else {
        uint32_t id = log_id(ring->order, first);
        log_pause(l);
        l->cursor = log_ring_key(ring, id);
        log_lines_toggle(l->lines, id);
        folded(l);
    }
}

static void fold_all(struct view *v)
{
    log_lines_fold_all(as_log(v)->lines, true);
    folded(as_log(v));
}

static void unfold_all(struct view *v)
{
    log_lines_fold_all(as_log(v)->lines, false);
    folded(as_log(v));
}

static gboolean save_to(struct view *v, const char *path, GError **error)
{
    struct log *l = as_log(v);
    if (l->save)
        return weir_fail(error, WEIR_ERROR_USAGE, "another file is being written: wait for it");
    l->save = log_save_new(log_lines_rows(l->lines), path, error);
    return l->save != NULL;
}

static bool log_escape(struct view *v)
{
    struct log *l = as_log(v);
    if (l->lines->search) {
        log_search(v, "", NULL);
        return true;
    }
    bool any = log_lines_pop(l->lines);
    changed(l);
    return any;
}

/* -- the class ----------------------------------------------------------------------------------- */

static void log_status(const struct view *v, GString *out)
{
    const struct log *l = as_const_log(v);
    const struct list *list = &l->list_view.list;
    guint shown = log_lines_rows(l->lines)->len, all = l->lines->ring->order->len;
    g_string_append_printf(out, "line %zu/%u", shown ? list->cursor + 1 : 0, shown);
    if (l->lines->filters->len > 0)
        g_string_append_printf(out, " of %u", all);
    guint unseen = log_unseen(l);
    if (l->error)
        g_string_append(out, "  broken off");
    else if (l->ended > 0 && l->ended >= l->lines->ring->streams->len)
        g_string_append(out, "  whole");
    else if (l->follow)
        g_string_append(out, "  following");
    else if (unseen > 0)
        g_string_append_printf(out, "  paused, +%u new", unseen);
    else
        g_string_append(out, "  paused");
}

static void log_text(const struct view *v, GString *out, int64_t now_ms)
{
    (void)now_ms;
    const struct log *l = as_const_log(v);
    const GArray *rows = log_lines_rows(l->lines);
    for (guint i = 0; i < rows->len; i++)
        log_save_append(out, l->lines->ring, log_id(rows, i));
}

static struct view *log_create(const struct kind *k)
{
    struct log *l = g_new0(struct log, 1);
    l->list_view.base.class = &log_view;
    l->list_view.base.kind = k;
    l->list_view.moved = log_moved;
    l->lines = log_lines_new(LOG_BYTES_MAX);
    l->follow = true;
    return &l->list_view.base;
}

static void log_free(struct view *v)
{
    struct log *l = as_log(v);
    log_save_free(l->save);
    log_lines_free(l->lines);
    g_free(l->error);
    g_free(l);
}

static const struct view_command commands[] = {
    LIST_COMMANDS,
    {"follow", "f", "follow the end, or stop", .run = toggle_follow},
    {"next-match", "n", "next line that matches the search", .run = log_next_match},
    {"previous-match", "N", "previous line that matches", .run = log_previous_match},
    {"only", "&",
        "only lines that match PATTERN, or are @warn or worse; ! before it: those that do not",
        .run_with = filter_lines},
    {"context", "C", "lines kept around what a filter passes: 0, 3 or 10", .run = cycle_context},
    {"next-error", "e", "next error", .run = log_next_error},
    {"previous-error", "E", "previous error", .run = log_previous_error},
    {"cause", "X", "the first cause of the exception here, then of the next one",
        .run = log_root_cause},
    {"fold", "space", "fold or unfold the stack at the cursor", .run = toggle_fold},
    {"fold-all", "_", "fold every stack to one line", .run = fold_all},
    {"unfold-all", "+", "unfold everything", .run = unfold_all},
    {"wrap", "w", "wrap long lines, or cut them", .run = toggle_wrap},
    {"right", "right", "scroll to the right", .run = scroll_right},
    {"left", "left", "scroll to the left", .run = scroll_left},
    {"interval", "i", "times as such, or since the line above", .run = toggle_relative},
    {"save", "S", "write these lines to PATH, a new file", .run_with = save_to},
    {0},
};

static const struct view_class log_view = {
    .shape = SHAPE_LOG,
    .commands = commands,
    .create = log_create,
    .free = log_free,
    .take = log_take,
    .step = log_step,
    .draw = log_draw,
    .filter = log_search,
    .filter_text = log_search_text,
    .status = log_status,
    .escape = log_escape,
    .text = log_text,
};
VIEW(log);
