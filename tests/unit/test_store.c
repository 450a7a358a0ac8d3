#include "store.h"

#include "error.h"
#include "unit/rows.h"

static const struct kind parts_kind = {
    .name = "test.parts", .scope = "test.rows", .columns = rows_columns, .feed = "rows"};
static const struct kind made_kind = {.name = "made", .columns = rows_columns, .feed = "made"};
static const char *const feed_kinds[] = {"test.rows", "test.parts", NULL};
static const struct feed feeds[] = {{"rows", 5000, FEED_ALWAYS, false, feed_kinds, NULL}, {0}};
static const struct kind *const kinds[] = {&rows_kind, &parts_kind, NULL};
static const struct kind *const made_kinds[] = {&made_kind, NULL};
static const struct connector connector = {.name = "test", .kinds = kinds, .feeds = feeds};
static const struct connector derived = {.name = "weir", .kinds = made_kinds};

struct fixture {
    struct registry *registry;
    struct store *store;
};

static void set_up(struct fixture *f, gconstpointer more)
{
    (void)more;
    f->registry = registry_new();
    registry_add(f->registry, &derived);
    registry_add(f->registry, &connector);
    f->store = store_new(f->registry);
}

static void tear_down(struct fixture *f, gconstpointer more)
{
    (void)more;
    store_free(f->store);
    store_free(NULL);
    registry_free(f->registry);
}

static struct rid *parse(const char *address)
{
    struct rid *rid = rid_parse(address, NULL);
    g_assert_nonnull(rid);
    return rid;
}

static bool take_snapshot(struct fixture *f, const struct kind *k, const char *address, int64_t at)
{
    AUTO(rid) scope = parse(address);
    struct snapshot *s = snapshot_new(k, scope, at);
    snapshot_add(s, "x");
    struct mail *m = mail_new(MAIL_SNAPSHOT);
    m->snapshot = snapshot_seal(s);
    bool changed = store_take(f->store, m);
    mail_free(m);
    return changed;
}

static bool take_result(struct fixture *f, const char *address, const char *error, int64_t at)
{
    struct mail *m = mail_new(MAIL_FETCHED);
    m->at_ms = at;
    m->feed = &feeds[0];
    m->scope = parse(address);
    if (error)
        m->error = g_error_new_literal(WEIR_ERROR, WEIR_ERROR_TIMEOUT, error);
    bool changed = store_take(f->store, m);
    mail_free(m);
    return changed;
}

static const struct store_entry *get(struct fixture *f, const struct kind *k, const char *address)
{
    AUTO(rid) scope = parse(address);
    return store_get(f->store, k, scope);
}

static void nothing_is_known_at_first(struct fixture *f, gconstpointer more)
{
    (void)more;
    g_assert_null(get(f, &rows_kind, "events"));
    g_autoptr(GPtrArray) all = store_of_kind(f->store, &rows_kind);
    g_assert_cmpuint(all->len, ==, 0);
    struct mail *m = mail_new(MAIL_STATUS);
    g_assert_false(store_take(f->store, m));
    mail_free(m);
}

static bool take_remembered(struct fixture *f, const char *address, int64_t at)
{
    AUTO(rid) scope = parse(address);
    struct snapshot *s = snapshot_new(&rows_kind, scope, at);
    snapshot_set_remembered(s);
    struct mail *m = mail_new(MAIL_SNAPSHOT);
    m->snapshot = snapshot_seal(s);
    bool changed = store_take(f->store, m);
    mail_free(m);
    return changed;
}

static void what_is_remembered_stands_until_the_first_answer(struct fixture *f, gconstpointer more)
{
    (void)more;
    g_assert_true(take_remembered(f, "events", 50));
    take_result(f, "events", "no answer", 60);
    g_assert_cmpint(snapshot_at(get(f, &rows_kind, "events")->snapshot), ==, 50);
    g_assert_true(take_snapshot(f, &rows_kind, "events", 100));
    g_assert_false(take_remembered(f, "events", 50)); /* too late */
    g_assert_false(snapshot_remembered(get(f, &rows_kind, "events")->snapshot));
    take_result(f, "other", "no answer", 60);
    g_assert_true(take_remembered(f, "other", 50)); /* all that there is */
    g_assert_nonnull(get(f, &rows_kind, "other")->error);
    g_assert_true(take_result(f, "other", NULL, 70)); /* it answers, and has no such rows */
    g_assert_null(get(f, &rows_kind, "other")->snapshot);
    g_assert_false(take_remembered(f, "other", 50));
}

static void a_failed_fetch_keeps_the_old_data_and_marks_it(struct fixture *f, gconstpointer more)
{
    (void)more;
    g_assert_true(take_snapshot(f, &rows_kind, "events", 100));
    take_result(f, "events", NULL, 110);
    const struct store_entry *e = get(f, &rows_kind, "events");
    g_assert_null(e->error);
    g_assert_cmpint(e->asked_ms, ==, 110);
    g_assert_true(take_result(f, "events", "no answer", 200));
    g_assert_true(take_result(f, "events", "still none", 300));
    e = get(f, &rows_kind, "events");
    g_assert_cmpint(snapshot_at(e->snapshot), ==, 100);
    g_assert_cmpstr(e->error->message, ==, "still none");
    g_assert_cmpint(e->error_ms, ==, 200); /* since when, not when it was tried last */
    g_assert_cmpint(e->asked_ms, ==, 300);
    g_assert_true(take_result(f, "events", NULL, 400));
    g_assert_null(get(f, &rows_kind, "events")->error);
}

static void the_same_failure_again_is_no_news(struct fixture *f, gconstpointer more)
{
    (void)more;
    g_assert_true(take_result(f, "events", "no answer", 200));
    g_assert_false(take_result(f, "events", "no answer", 300));
    const struct store_entry *e = get(f, &rows_kind, "events");
    g_assert_null(e->snapshot);
    g_assert_cmpstr(e->error->message, ==, "no answer");
}

static void a_feed_that_fails_marks_all_its_kinds_under_its_scope(
    struct fixture *f, gconstpointer more)
{
    (void)more;
    take_result(f, "events", "no answer", 200);
    g_assert_nonnull(get(f, &rows_kind, "events")->error);
    g_assert_null(get(f, &parts_kind, "events")); /* they belong to rows, not to the source */
    take_result(f, "events/rows/a", "no answer", 200);
    g_assert_nonnull(get(f, &parts_kind, "events/rows/a")->error);
    g_assert_null(get(f, &parts_kind, "events/rows/b"));
}

static void the_newest_snapshot_replaces_the_older(struct fixture *f, gconstpointer more)
{
    (void)more;
    take_snapshot(f, &rows_kind, "events", 100);
    guint64 before = get(f, &rows_kind, "events")->version;
    take_snapshot(f, &rows_kind, "events", 200);
    g_assert_cmpint(snapshot_at(get(f, &rows_kind, "events")->snapshot), ==, 200);
    g_assert_cmpuint(get(f, &rows_kind, "events")->version, >, before);
    guint64 all = store_version(f->store);
    take_result(f, "events", NULL, 300);
    g_assert_cmpuint(store_version(f->store), >, all);
}

static void sources_keep_their_order(struct fixture *f, gconstpointer more)
{
    (void)more;
    take_result(f, "zeta", "late", 100);
    take_snapshot(f, &rows_kind, "alpha", 100);
    take_snapshot(f, &rows_kind, "zeta", 100);
    take_snapshot(f, &parts_kind, "alpha/rows/x", 100);
    g_autoptr(GPtrArray) all = store_of_kind(f->store, &rows_kind);
    g_assert_cmpuint(all->len, ==, 2);
    g_assert_cmpstr(((struct store_entry *)all->pdata[0])->scope->source, ==, "zeta");
    g_assert_cmpstr(((struct store_entry *)all->pdata[1])->scope->source, ==, "alpha");
    g_autoptr(GPtrArray) parts = store_of_kind(f->store, &parts_kind);
    g_assert_cmpuint(parts->len, ==, 0);
}

static void derived_kinds_see_what_was_read_and_not_themselves(
    struct fixture *f, gconstpointer more)
{
    (void)more;
    take_snapshot(f, &rows_kind, "events", 100);
    take_snapshot(f, &made_kind, "weir", 100);
    take_snapshot(f, &parts_kind, "events/rows/x", 100);
    take_result(f, "other", "no answer", 100);
    g_autoptr(GPtrArray) inputs = store_inputs(f->store, &derived);
    g_assert_cmpuint(inputs->len, ==, 1);
    g_assert_true(snapshot_kind(inputs->pdata[0]) == &rows_kind);
}

static void scopes_that_nothing_shows_are_forgotten(struct fixture *f, gconstpointer more)
{
    (void)more;
    take_snapshot(f, &rows_kind, "events", 100);
    take_snapshot(f, &parts_kind, "events/rows/shown", 100);
    AUTO(rid) shown = parse("events/rows/shown");
    store_keep(f->store, &parts_kind, shown, true);
    for (int i = 0; i < 500; i++) {
        g_autofree char *address = g_strdup_printf("events/rows/%d", i);
        take_snapshot(f, &parts_kind, address, 100);
    }
    g_assert_null(get(f, &parts_kind, "events/rows/0"));
    g_assert_nonnull(get(f, &parts_kind, "events/rows/499")); /* going back shows it at once */
    g_assert_nonnull(get(f, &parts_kind, "events/rows/shown"));
    g_assert_nonnull(get(f, &rows_kind, "events"));
    store_keep(f->store, &parts_kind, shown, false);
    for (int i = 0; i < 100; i++) {
        g_autofree char *address = g_strdup_printf("events/rows/more-%d", i);
        take_snapshot(f, &parts_kind, address, 100);
    }
    g_assert_null(get(f, &parts_kind, "events/rows/shown"));
}

static void a_name_of_any_bytes_has_its_own_place(struct fixture *f, gconstpointer more)
{
    (void)more;
    AUTO(rid) source = rid_source("events");
    AUTO(rid) a = rid_child(source, "rows", "a/b");
    AUTO(rid) b = rid_child(source, "rows", "a%2Fb");
    store_put(f->store, snapshot_seal(snapshot_new(&parts_kind, a, 1)));
    store_put(f->store, snapshot_seal(snapshot_new(&parts_kind, b, 2)));
    const struct snapshot *first = store_get(f->store, &parts_kind, a)->snapshot;
    const struct snapshot *second = store_get(f->store, &parts_kind, b)->snapshot;
    g_assert_cmpint(snapshot_at(first), ==, 1);
    g_assert_cmpint(snapshot_at(second), ==, 2);
    snapshot_unref(first); /* store_put took references of its own */
    snapshot_unref(second);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
#define WITH_STORE(name, test)                                                                     \
    g_test_add("/store/" name, struct fixture, NULL, set_up, test, tear_down)
    WITH_STORE("nothing-is-known-at-first", nothing_is_known_at_first);
    WITH_STORE("a-failed-fetch-keeps-the-old-data-and-marks-it",
        a_failed_fetch_keeps_the_old_data_and_marks_it);
    WITH_STORE("what-is-remembered-stands-until-the-first-answer",
        what_is_remembered_stands_until_the_first_answer);
    WITH_STORE("the-same-failure-again-is-no-news", the_same_failure_again_is_no_news);
    WITH_STORE("a-feed-that-fails-marks-all-its-kinds-under-its-scope",
        a_feed_that_fails_marks_all_its_kinds_under_its_scope);
    WITH_STORE("the-newest-snapshot-replaces-the-older", the_newest_snapshot_replaces_the_older);
    WITH_STORE("sources-keep-their-order", sources_keep_their_order);
    WITH_STORE("derived-kinds-see-what-was-read-and-not-themselves",
        derived_kinds_see_what_was_read_and_not_themselves);
    WITH_STORE("scopes-that-nothing-shows-are-forgotten", scopes_that_nothing_shows_are_forgotten);
    WITH_STORE("a-name-of-any-bytes-has-its-own-place", a_name_of_any_bytes_has_its_own_place);
    return g_test_run();
}
