/* For tests of connectors: a configuration with sources, the engine over them, and one fetch, show or
 * stream at a time, waited for with a bound. */
#ifndef TESTS_CONNECTORS_HARNESS_H
#define TESTS_CONNECTORS_HARNESS_H

#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "engine.h"
#include "error.h"
#include "rid.h"

#define HARNESS_WAIT_MS 60000 /* nothing in a test takes as long */

struct harness {
    struct registry *registry;
    struct config *config;
    struct engine *engine;
};

/* What one call brought: the newest snapshot per kind name, lines of a stream in order. */
struct harness_result {
    GHashTable *snapshots; /* kind name to const struct snapshot */
    GPtrArray *chunks;
    char *raw;
    GError *error;
};

static inline void harness_result_clear(struct harness_result *r)
{
    g_clear_pointer(&r->snapshots, g_hash_table_unref);
    g_clear_pointer(&r->chunks, g_ptr_array_unref);
    g_clear_pointer(&r->raw, g_free);
    g_clear_error(&r->error);
}

extern const struct connector *const __start_weir_connectors[];
extern const struct connector *const __stop_weir_connectors[];

/* The connector of that name; there must be one. */
static inline const struct connector *harness_connector(const char *name)
{
    for (const struct connector *const *c = __start_weir_connectors; c < __stop_weir_connectors;
         c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    g_assert_not_reached();
}

/* sources: the YAML below `sources:`, indented by eight blanks. */
static inline void harness_open(
    struct harness *h, const struct connector *const *connectors, const char *sources)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    g_autofree char *yaml = g_strdup_printf(
        "environment: test\nenvironments:\n  test:\n    class: dev\n    sources:\n%s", sources);
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("weir-test-XXXXXX.yaml", &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    close(fd);
    g_assert_true(g_file_set_contents(path, yaml, -1, NULL));
    h->registry = registry_new();
    for (; *connectors; connectors++)
        registry_add(h->registry, *connectors);
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func((GDestroyNotify)fault_free);
    h->config = config_load(path, NULL, faults);
    if (h->config)
        config_check_sources(h->config, h->registry, faults);
    for (guint i = 0; i < faults->len; i++)
        g_test_message("%s", ((struct fault *)g_ptr_array_index(faults, i))->message);
    g_assert_cmpuint(faults->len, ==, 0);
    g_unlink(path);
    struct environment *e = config_environment(h->config);
    h->engine = engine_new(e);
    for (guint i = 0; i < environment_source_count(e); i++)
        engine_start(h->engine, environment_source_at(e, i), true);
}

static inline void harness_close(struct harness *h)
{
    engine_free(h->engine);
    config_free(h->config);
    registry_free(h->registry);
    *h = (struct harness){0};
}

static inline void harness_take(struct harness_result *r, struct mail *m)
{
    if (m->type == MAIL_SNAPSHOT)
        g_hash_table_insert(r->snapshots, (gpointer)snapshot_kind(m->snapshot)->name,
            (gpointer)snapshot_ref(m->snapshot));
    if (m->type == MAIL_CHUNK)
        g_ptr_array_add(r->chunks, (gpointer)snapshot_ref(m->snapshot));
    if (m->type == MAIL_REPLY && m->snapshot)
        g_hash_table_insert(r->snapshots, (gpointer)snapshot_kind(m->snapshot)->name,
            (gpointer)snapshot_ref(m->snapshot));
    if (m->type == MAIL_REPLY)
        r->raw = g_strdup(m->raw);
    if ((m->type == MAIL_FETCHED || m->type == MAIL_REPLY || m->type == MAIL_END) && m->error)
        r->error = g_error_copy(m->error);
}

/* Waits for the end of the fetch of feed f (or, NULL, of the call id). */
static inline void harness_wait(
    struct harness *h, const struct feed *f, guint64 id, struct harness_result *r)
{
    gint64 end = g_get_monotonic_time() + HARNESS_WAIT_MS * 1000LL;
    r->snapshots =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)snapshot_unref);
    r->chunks = g_ptr_array_new_with_free_func((GDestroyNotify)snapshot_unref);
    for (bool over = false; !over;) {
        gint64 left = (end - g_get_monotonic_time()) / 1000;
        g_assert_cmpint(left, >, 0);
        g_autoptr(GPtrArray) all = engine_wait(h->engine, left);
        for (guint i = 0; i < all->len; i++) {
            struct mail *m = g_ptr_array_index(all, i);
            harness_take(r, m);
            over |= f ? m->type == MAIL_FETCHED && m->feed == f
                      : (m->type == MAIL_REPLY || m->type == MAIL_END) && m->id == id;
        }
    }
}

static inline struct source *harness_source(const struct harness *h, const char *name)
{
    struct source *s = environment_source(config_environment(h->config), name);
    g_assert_nonnull(s);
    return s;
}

/* Fetches the feed of kind under scope ("airflow", "airflow/dags/x") once. */
static inline void harness_fetch(
    struct harness *h, const char *kind, const char *scope, struct harness_result *r)
{
    g_autoptr(GError) error = NULL;
    AUTO(rid) rid = strchr(scope, '/') ? rid_parse(scope, &error) : rid_source(scope);
    g_assert_no_error(error);
    const struct kind *k = registry_kind(h->registry, kind, &error);
    g_assert_no_error(error);
    struct source *s = harness_source(h, rid->source);
    const struct feed *f = source_connector(s)->feeds;
    while (f->name && strcmp(f->name, k->feed) != 0)
        f++;
    engine_open(h->engine, s, f, rid);
    harness_wait(h, f, 0, r);
    engine_close(h->engine, s, f, rid);
}

static inline void harness_show(struct harness *h, const char *address, struct harness_result *r)
{
    AUTO(rid) rid = rid_parse(address, NULL);
    g_assert_nonnull(rid);
    harness_wait(h, NULL, engine_show(h->engine, harness_source(h, rid->source), rid), r);
}

static inline void harness_check(struct harness *h, const char *source, struct harness_result *r)
{
    harness_wait(h, NULL, engine_check(h->engine, harness_source(h, source)), r);
}

static inline void harness_follow(struct harness *h, const char *address,
    const struct stream_options *options, struct harness_result *r)
{
    AUTO(rid) rid = rid_parse(address, NULL);
    g_assert_nonnull(rid);
    guint64 id = engine_follow(h->engine, harness_source(h, rid->source), rid, options);
    g_assert_cmpuint(id, !=, 0);
    harness_wait(h, NULL, id, r);
}

static inline const struct snapshot *harness_snapshot(
    const struct harness_result *r, const char *kind)
{
    const struct snapshot *s = g_hash_table_lookup(r->snapshots, kind);
    g_assert_nonnull(s);
    return s;
}

/* A cell by the names of row and column. */
static inline struct cell harness_cell(
    const struct snapshot *s, const char *row, const char *column)
{
    gssize i = snapshot_find(s, row);
    g_assert_cmpint(i, >=, 0);
    int c = kind_column(snapshot_kind(s), column);
    g_assert_cmpint(c, !=, COLUMN_UNKNOWN);
    return snapshot_cell(s, (size_t)i, c);
}

#endif
