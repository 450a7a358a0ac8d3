/* Logs made line by line, and a view of them. */
#ifndef TESTS_UNIT_LOGS_H
#define TESTS_UNIT_LOGS_H

#include "kind.h"
#include "log_view.h"
#include "unit/views.h"

#define NONE INT64_MIN

/* -- making logs ------------------------------------------------------------------------------------ */

static inline struct snapshot *chunk_of(const char *address)
{
    AUTO(rid) scope = rid_parse(address, NULL);
    return snapshot_new(&kind_log, scope, ROWS_NOW_MS);
}

static inline void add_line(struct snapshot *s, int64_t at_ms, const char *level, const char *text)
{
    size_t row = snapshot_add(s, "");
    if (at_ms != NONE)
        snapshot_set_int(s, row, LOG_TIME, at_ms);
    if (level)
        snapshot_set_text(s, row, LOG_LEVEL, level);
    snapshot_set_text(s, row, LOG_TEXT, text);
}

static inline void take(struct shown *s, struct snapshot *take_chunk)
{
    const struct snapshot *sealed = snapshot_seal(take_chunk);
    s->v->class->take(s->v, sealed, NULL, NULL);
    snapshot_unref(sealed);
    shown_finish(s);
}

/* Lines "line FROM" ..., a second apart. */
static inline void take_numbered(struct shown *s, int from, int count)
{
    struct snapshot *c = chunk_of("a/tasks/t");
    for (int i = from; i < from + count; i++) {
        g_autofree char *text = g_strdup_printf("line %d", i);
        add_line(c, ROWS_NOW_MS - 3600000 + i * 100, NULL, text);
    }
    take(s, c);
}

/* One line per text, without times or levels. */
static inline void take_texts(struct shown *s, const char *const *texts)
{
    struct snapshot *c = chunk_of("a/tasks/t");
    for (; *texts; texts++)
        add_line(c, NONE, NULL, *texts);
    take(s, c);
}

static inline struct shown log_new(void)
{
    struct shown s = shown_new(&kind_log);
    g_free(shown_text(&s, 80, 11));
    return s;
}

static inline const struct log *log_of(const struct shown *s)
{
    return as_const_log(s->v);
}

/* The text of the line at the cursor. */
static inline const char *at_cursor(struct shown *s)
{
    const struct log *l = log_of(s);
    const GArray *rows = log_lines_rows(l->lines);
    g_assert_cmpuint(l->list_view.list.cursor, <, rows->len);
    return log_ring_text(l->lines->ring, log_id(rows, (guint)l->list_view.list.cursor));
}

static inline void only(struct shown *s, const char *pattern)
{
    g_autoptr(GError) error = NULL;
    for (const struct view_command *c = s->v->class->commands; c->name; c++)
        if (strcmp(c->name, "only") == 0)
            g_assert_true(c->run_with(s->v, pattern, &error));
    g_assert_no_error(error);
    shown_finish(s);
}

static inline gboolean save_to(struct shown *s, const char *path, GError **error)
{
    for (const struct view_command *c = s->v->class->commands; c->name; c++) {
        if (strcmp(c->name, "save") == 0) {
            gboolean ok = c->run_with(s->v, path, error);
            shown_finish(s);
            return ok;
        }
    }
    g_assert_not_reached();
}

static inline void status_has(struct shown *s, const char *text)
{
    g_autofree char *status = shown_status(s);
    ASSERT_CONTAINS(status, text);
}

static inline void screen_has(struct shown *s, const char *text)
{
    g_autofree char *screen = shown_text(s, 80, 24);
    ASSERT_CONTAINS(screen, text);
}

static inline void screen_lacks(struct shown *s, const char *text)
{
    g_autofree char *screen = shown_text(s, 80, 24);
    g_assert_null(strstr(screen, text));
}

#endif
