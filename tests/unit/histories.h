/* A history in a folder of its own, and snapshots to put into it. */
#ifndef TESTS_UNIT_HISTORIES_H
#define TESTS_UNIT_HISTORIES_H

#include <math.h>

#include "connector.h"
#include "error.h"
#include "history.h"
#include "history_file.h"
#include "unit/rows.h"

#define DAY_MS HISTORY_DAY_MS

static const struct kind histories_log = {
    .name = "test.lines", .shape = SHAPE_LOG, .columns = rows_columns, .feed = "rows"};
static const struct column histories_secret_columns[] = {
    {"open", "OPEN", CELL_TEXT, 0, 6, 0, "anybody may read it"},
    {"secret", "SECRET", CELL_TEXT, COLUMN_F_PRIVATE, 6, 0, "nobody may keep it"},
    {"n", "N", CELL_INT, 0, 6, 0, "a number"},
    {0},
};
static const struct kind histories_secret = {
    .name = "test.secrets", .columns = histories_secret_columns, .feed = "rows"};
static const struct kind histories_parts = {
    .name = "test.parts", .scope = "test.rows", .columns = rows_columns, .feed = "rows"};
static const struct kind *const histories_kinds[] = {
    &rows_kind, &histories_log, &histories_secret, &histories_parts, NULL};
static const struct connector histories_connector = {.name = "test", .kinds = histories_kinds};

struct past {
    char *folder;
    struct registry *registry;
    struct history *history;
    int64_t now_ms;
};

static inline struct history_options past_options(const struct past *p)
{
    return (struct history_options){.folder = p->folder, .environment = "e"};
}

static inline void past_open(struct past *p)
{
    g_autofree char *top = g_dir_make_tmp("weir-history-XXXXXX", NULL);
    *p = (struct past){.folder = g_build_filename(top, "history", NULL), .now_ms = ROWS_NOW_MS};
    p->registry = registry_new();
    registry_add(p->registry, &histories_connector);
    const struct history_options o = past_options(p);
    p->history = history_open(&o);
}

static inline void past_close(struct past *p)
{
    history_close(p->history);
    registry_free(p->registry);
    g_autofree char *top = g_path_get_dirname(p->folder);
    const char *const argv[] = {"rm", "-rf", top, NULL};
    g_spawn_sync(
        NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    g_free(p->folder);
}

/* The same folder as another process would see it. */
static inline void past_again(struct past *p)
{
    history_close(p->history);
    const struct history_options o = past_options(p);
    p->history = history_open(&o);
}

/* Records one snapshot now. Takes take_s. */
static inline bool past_try(struct past *p, struct snapshot *take_s, GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)snapshot_unref);
    g_ptr_array_add(all, (gpointer)snapshot_seal(take_s));
    return history_record(p->history, all, p->now_ms, error);
}

static inline void past_record(struct past *p, struct snapshot *take_s)
{
    g_autoptr(GError) error = NULL;
    past_try(p, take_s, &error);
    g_assert_no_error(error);
}

static inline struct snapshot *past_snapshot(const struct past *p, const struct kind *k)
{
    AUTO(rid) scope = rid_source("s");
    return snapshot_new(k, scope, p->now_ms);
}

/* A snapshot of one row named a: a state and a lag. */
static inline struct snapshot *past_row(const struct past *p, const char *state, int64_t lag)
{
    struct snapshot *s = past_snapshot(p, &rows_kind);
    rows_add(s, "a", state, lag);
    return s;
}

/* What is remembered of a kind of source s, or NULL; a reference. */
static inline const struct snapshot *past_last(const struct past *p, const struct kind *k)
{
    g_autoptr(GPtrArray) all = history_last(p->history, p->registry, p->now_ms);
    const struct snapshot *found = NULL;
    for (guint i = 0; i < all->len; i++) {
        const struct snapshot *s = g_ptr_array_index(all, i);
        g_assert_true(snapshot_remembered(s));
        if (snapshot_kind(s) == k && strcmp(snapshot_scope(s)->source, "s") == 0)
            found = snapshot_ref(s);
    }
    return found;
}

/* The series of rows' lag at one address; g_free. */
static inline struct series *past_series(
    const struct past *p, const char *address, int64_t from_ms, int64_t to_ms, unsigned points)
{
    const char *const addresses[] = {address, NULL};
    const struct series_query q = {
        &rows_kind, R_LAG, SERIES_MEAN, from_ms, to_ms, points, addresses};
    g_autoptr(GHashTable) all = history_series(p->history, &q, NULL, NULL);
    const struct series *s = g_hash_table_lookup(all, address);
    return s ? g_memdup2(s, sizeof *s + s->count * sizeof s->value[0]) : NULL;
}

/* Frames of the kind of rows in a day's file, and how many of them are keys. */
static inline bool past_count_frame(const struct history_frame *f, void *counts)
{
    ((unsigned *)counts)[0]++;
    ((unsigned *)counts)[1] += f->prev_ms < 0;
    return true;
}

static inline unsigned past_frames(const struct past *p, const char *day, unsigned *keys)
{
    unsigned counts[2] = {0};
    g_autofree char *path = g_strdup_printf("%s/%s.db", p->folder, day);
    g_autoptr(GError) error = NULL;
    AUTO(history_file) f = history_file_open(path, false, &error);
    g_assert_no_error(error);
    gint64 stream = history_file_stream(f, "e", "test.rows", "s", false, NULL);
    history_file_frames(f, stream, 0, INT64_MAX, past_count_frame, counts, &error);
    g_assert_no_error(error);
    if (keys)
        *keys = counts[1];
    return counts[0];
}

#define ASSERT_NEAR(a, b) g_assert_cmpfloat_with_epsilon(a, b, 1e-9)

#endif
