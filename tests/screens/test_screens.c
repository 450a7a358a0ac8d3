/* How the four shapes look. */
#include "screens/demo.h"
#include "screens/golden.h"

static void looks(struct shown *s, const char *name, int width, int height, bool ascii)
{
    AUTO(cells) c = shown_draw(s, width, height, ascii);
    golden_is(name, c);
}

static void looks_both(struct shown *s, const char *name)
{
    g_autofree char *small = g_strconcat(name, "-80x24", NULL);
    g_autofree char *large = g_strconcat(name, "-160x45", NULL);
    looks(s, small, 80, 24, false);
    looks(s, large, 160, 45, false);
}

/* -- tables ---------------------------------------------------------------------------------------- */

static void a_table(void)
{
    struct shown s = shown_new(&groups_kind);
    shown_put(&s, "events", demo_groups("events", 10), NULL);
    looks_both(&s, "table");
    looks(&s, "table-ascii", 80, 24, true);
    looks(&s, "table-narrow", 40, 10, false);
    shown_clear(&s);
}

static void a_table_without_rows(void)
{
    struct shown s = shown_new(&groups_kind);
    s.v->class->update(s.v, s.entries);
    looks(&s, "table-loading", 80, 24, false);
    shown_put(&s, "events", NULL, "b1.example:9092: connection refused; is the broker running?");
    looks(&s, "table-never-read", 80, 24, false);
    AUTO(rid) scope = rid_source("events");
    shown_put(&s, "events", snapshot_new(&groups_kind, scope, ROWS_NOW_MS), NULL);
    looks(&s, "table-empty", 80, 24, false);
    shown_put(&s, "events", demo_groups("events", 0), NULL);
    shown_filter(&s, "nothing like it");
    looks(&s, "table-no-hits", 80, 24, false);
    shown_clear(&s);
}

static void a_table_that_is_old(void)
{
    struct shown s = shown_new(&groups_kind);
    shown_put(&s, "events", demo_groups("events", 2),
        "b1.example:9092: no answer within 10 s; the rows below are what was");
    looks_both(&s, "table-stale");
    shown_clear(&s);
}

static void a_table_of_several_sources(void)
{
    struct shown s = shown_new(&groups_kind);
    shown_put(&s, "events", demo_groups("events", 0), NULL);
    shown_put(&s, "events-eu", demo_groups("events-eu", 2), "login failed: SASL authentication");
    shown_put(&s, "lab", NULL, "connection refused");
    looks_both(&s, "table-sources");
    shown_clear(&s);
}

static void a_table_scrolled_and_sorted(void)
{
    struct shown s = shown_new(&groups_kind);
    shown_put(&s, "events", demo_groups("events", 60), NULL);
    cells_free(shown_draw(&s, 80, 12, false));
    shown_run(&s, "page-down");
    shown_run(&s, "page-down");
    shown_run(&s, "down");
    looks(&s, "table-scrolled", 80, 12, false);
    shown_run(&s, "last");
    looks(&s, "table-end", 80, 12, false);
    shown_sort(&s, "name,-lag");
    shown_run(&s, "first");
    looks(&s, "table-by-name", 80, 12, false);
    shown_run(&s, "reverse");
    looks(&s, "table-by-name-reversed", 80, 12, true);
    shown_filter(&s, "worker-1");
    looks(&s, "table-filtered", 80, 12, false);
    shown_clear(&s);
}

static void names_that_are_long_wide_or_hostile(void)
{
    static const char *const names[] = {
        "scheduled__2026-06-12T11:00:00+00:00__orders_daily_enriched_and_deduplicated_v2",
        "scheduled__2026-06-12T12:00:00+00:00__orders_daily_enriched_and_deduplicated_v3",
        "注文データの日次集計ジョブ・バージョン２・本番環境・東京リージョン・冗長化済み", "日本",
        "\033[2J\033]0;owned\a", "pay\u202egnp.exe", "zero\u200bwidth", "e\u0301\u0302\u0303\u0304",
        "bytes \xff\xfe", "tab\tand\nnewline", "one\u00a0space", "\u0301leading mark"};
    struct shown s = shown_new(&groups_kind);
    AUTO(rid) scope = rid_source("events");
    struct snapshot *b = snapshot_new(&groups_kind, scope, ROWS_NOW_MS);
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        size_t row = demo_row(b, names[i], i % 2 ? "Stable" : "安定している", HEALTH_OK, 100 - i);
        snapshot_set_text(b, row, G_VERDICT, names[(i + 3) % G_N_ELEMENTS(names)]);
    }
    shown_put(&s, "events", b, NULL);
    looks_both(&s, "table-names");
    looks(&s, "table-names-ascii", 80, 24, true);
    shown_clear(&s);
}

/* -- trees ----------------------------------------------------------------------------------------- */

static void a_tree(void)
{
    struct shown s = shown_new(&plan_kind);
    s.v->class->update(s.v, s.entries);
    looks(&s, "tree-loading", 80, 24, false);
    shown_put(&s, "warehouse/groups/q1", demo_plan(), NULL);
    looks_both(&s, "tree");
    looks(&s, "tree-ascii", 80, 24, true);
    for (int i = 0; i < 3; i++)
        shown_run(&s, "down");
    shown_run(&s, "fold");
    looks(&s, "tree-folded", 80, 24, false);
    shown_run(&s, "unfold-problems");
    looks(&s, "tree-problems", 160, 45, false);
    shown_run(&s, "fold-all");
    looks(&s, "tree-fold-all-ascii", 80, 24, true);
    shown_run(&s, "unfold-all");
    shown_sort(&s, "-lag");
    looks(&s, "tree-sorted", 80, 24, false);
    shown_run(&s, "server-order");
    shown_filter(&s, "scan");
    looks(&s, "tree-filtered", 80, 24, false);
    shown_run(&s, "whole");
    looks(&s, "tree-searched-ascii", 80, 24, true);
    shown_run(&s, "whole");
    shown_filter(&s, "zzz");
    looks(&s, "tree-no-hits", 80, 24, false);
    shown_filter(&s, "");
    shown_put(&s, "warehouse/groups/q1", NULL, "the query is gone from the coordinator's memory");
    looks(&s, "tree-stale", 80, 24, false);
    shown_clear(&s);
}

/* -- objects --------------------------------------------------------------------------------------- */

static void an_object(void)
{
    g_autoptr(GError) error = g_error_new_literal(
        WEIR_ERROR, WEIR_ERROR_NOT_FOUND, "events: there is no group \"enrich-v2\" any more");
    struct shown s = shown_new(&kind_detail);
    looks(&s, "detail-loading", 80, 24, false);
    const struct snapshot *object = demo_detail();
    s.v->class->take(s.v, object,
        "{\"groupId\":\"enrich-v2\",\"members\":[{\"clientId\":\"rdkafka\",\"lag\":1923344}],"
        "\"offset\":12345678901234567890}",
        NULL);
    looks_both(&s, "detail");
    looks(&s, "detail-ascii", 80, 24, true);
    shown_run(&s, "down");
    shown_filter(&s, "member");
    looks(&s, "detail-searched", 80, 24, false);
    shown_filter(&s, "");
    shown_run(&s, "raw");
    looks(&s, "detail-raw", 80, 24, false);
    shown_run(&s, "raw");
    s.v->class->take(s.v, NULL, NULL, error);
    looks(&s, "detail-gone", 80, 24, false);
    shown_clear(&s);
    snapshot_unref(object);
}

/* -- logs ------------------------------------------------------------------------------------------ */

static void take(struct shown *s, struct snapshot *take_chunk)
{
    const struct snapshot *sealed = snapshot_seal(take_chunk);
    s->v->class->take(s->v, sealed, NULL, NULL);
    snapshot_unref(sealed);
}

static void a_log(void)
{
    struct shown s = shown_new(&kind_log);
    looks(&s, "log-loading", 80, 24, false);
    take(&s, demo_log(0, 100));
    looks_both(&s, "log");
    looks(&s, "log-ascii", 80, 24, true);
    shown_filter(&s, "refused");
    shown_run(&s, "next-match");
    looks(&s, "log-searched", 80, 24, false);
    shown_run(&s, "wrap");
    looks(&s, "log-wrapped", 80, 24, false);
    shown_run(&s, "wrap");
    shown_run(&s, "right");
    looks(&s, "log-scrolled", 80, 24, false);
    shown_clear(&s);
}

static void a_log_that_is_longer_than_weir_holds(void)
{
    struct shown s = shown_new(&kind_log);
    g_autofree char *filler = g_strnfill(1000000, 'x');
    for (int i = 0; i < 70; i++) {
        struct snapshot *b = demo_log(i * 10, 9);
        snapshot_set_text(b, snapshot_add(b, ""), LOG_TEXT, filler);
        take(&s, b);
    }
    looks(&s, "log-dropped", 80, 24, false);
    g_autoptr(GError) error = g_error_new_literal(
        WEIR_ERROR, WEIR_ERROR_UNREACHABLE, "scheduler: the connection broke while reading");
    s.v->class->take(s.v, NULL, NULL, error);
    shown_run(&s, "first");
    looks(&s, "log-broken", 80, 24, false);
    shown_clear(&s);
}

static void a_log_without_lines(void)
{
    struct shown s = shown_new(&kind_log);
    s.v->class->take(s.v, NULL, NULL, NULL);
    looks(&s, "log-empty", 80, 24, false);
    shown_clear(&s);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/screens/a-table", a_table);
    g_test_add_func("/screens/a-table-without-rows-says-why", a_table_without_rows);
    g_test_add_func("/screens/a-table-that-is-old-says-so", a_table_that_is_old);
    g_test_add_func("/screens/a-table-of-several-sources", a_table_of_several_sources);
    g_test_add_func("/screens/a-table-scrolled-and-sorted", a_table_scrolled_and_sorted);
    g_test_add_func(
        "/screens/names-that-are-long-wide-or-hostile", names_that_are_long_wide_or_hostile);
    g_test_add_func("/screens/a-tree", a_tree);
    g_test_add_func("/screens/an-object", an_object);
    g_test_add_func("/screens/a-log", a_log);
    g_test_add_func(
        "/screens/a-log-that-is-longer-than-weir-holds", a_log_that_is_longer_than_weir_holds);
    g_test_add_func("/screens/a-log-without-lines", a_log_without_lines);
    return g_test_run();
}
