#include "health.h"

#include "connector.h"
#include "error.h"
#include "unit/configs.h"

static const struct health_rule rules[] = {
    {"state=down", HEALTH_FAIL, "{name} is {state}"},
    {"lag>@lag_warn", HEALTH_WARN, "lag is {lag}, seen {seen} ago"},
    {"state=none", HEALTH_UNKNOWN, "not read"},
    {"state=fine lag<10", HEALTH_OK, NULL},
    {"seen>1h", HEALTH_WARN, "{note}"},
    {0},
};
static const struct kind judged = {
    .name = "test.judged", .title = "X", .columns = rows_columns, .health = rules};

static const struct option thresholds[] = {
    {"lag_warn", OPTION_NUMBER, 0, "1k", "lag that warns"},
    {0},
};
static const struct kind *const kinds[] = {NULL};
static const struct connector connector = {
    .name = "thing", .thresholds = thresholds, .kinds = kinds};

struct fixture {
    struct config_result file;
    struct registry *registry;
    struct health_rules *rules;
    struct snapshot *s;
};

static void set_up(struct fixture *f, gconstpointer more)
{
    (void)more;
    f->file = config_read("environments: {e: {thresholds: {lag_warn: 100}}}\n", NULL);
    f->registry = registry_new();
    registry_add(f->registry, &connector);
    g_assert_true(config_check_sources(f->file.config, f->registry, f->file.faults));
    g_autoptr(GError) error = NULL;
    f->rules = health_compile(&judged, config_environment(f->file.config), &error);
    g_assert_no_error(error);
    AUTO(rid) scope = rid_source("events");
    f->s = snapshot_new(&judged, scope, ROWS_NOW_MS);
}

static void tear_down(struct fixture *f, gconstpointer more)
{
    (void)more;
    snapshot_drop(f->s);
    health_rules_free(f->rules);
    registry_free(f->registry);
    config_result_clear(&f->file);
}

static void is(struct fixture *f, size_t row, enum health health, const char *why)
{
    health_apply(f->rules, f->s, ROWS_NOW_MS);
    g_assert_cmpint(snapshot_row(f->s, row)->health, ==, health);
    g_assert_cmpstr(snapshot_row(f->s, row)->why, ==, why);
}

static void the_first_rule_that_holds_decides(struct fixture *f, gconstpointer more)
{
    (void)more;
    size_t row = rows_add(f->s, "a", "down", 1000);
    is(f, row, HEALTH_FAIL, "a is down");
}

static void a_sentence_shows_cells_as_people_read_them(struct fixture *f, gconstpointer more)
{
    (void)more;
    size_t row = rows_add(f->s, "a", "up", 1923344);
    snapshot_set_int(f->s, row, R_SEEN, ROWS_NOW_MS - 65000);
    is(f, row, HEALTH_WARN, "lag is 1.92M, seen 1m ago");
    row = rows_add(f->s, "b", "up", 101);
    is(f, row, HEALTH_WARN, "lag is 101, seen - ago");
}

static void a_rule_may_say_that_all_is_well(struct fixture *f, gconstpointer more)
{
    (void)more;
    size_t row = rows_add(f->s, "a", "fine", 5);
    snapshot_set_int(f->s, row, R_SEEN, ROWS_NOW_MS - 7200000);
    snapshot_set_text(f->s, row, R_NOTE, "old");
    is(f, row, HEALTH_OK, NULL);
    row = rows_add(f->s, "b", "fine", 15);
    snapshot_set_int(f->s, row, R_SEEN, ROWS_NOW_MS - 7200000);
    snapshot_set_text(f->s, row, R_NOTE, "old");
    is(f, row, HEALTH_WARN, "old");
}

static void unknown_is_not_ok(struct fixture *f, gconstpointer more)
{
    (void)more;
    size_t row = rows_add(f->s, "a", NULL, -1);
    is(f, row, HEALTH_UNKNOWN, "not read");
    row = rows_add(f->s, "b", "up", -1);
    is(f, row, HEALTH_OK, NULL); /* no rule is about its lag being absent */
}

static void the_connector_s_own_verdict_stays(struct fixture *f, gconstpointer more)
{
    (void)more;
    size_t row = rows_add(f->s, "a", "down", 1000);
    snapshot_set_health(f->s, row, HEALTH_WARN, "I know better");
    is(f, row, HEALTH_WARN, "I know better");
    row = rows_add(f->s, "b", "down", 1000);
    snapshot_set_health(f->s, row, HEALTH_OK, NULL);
    is(f, row, HEALTH_OK, NULL);
}

static void a_hostile_cell_is_clean_in_the_sentence(struct fixture *f, gconstpointer more)
{
    (void)more;
    size_t row = rows_add(f->s, "evil\033[2J", "down", 1);
    is(f, row, HEALTH_FAIL, "evil␛[2J is down");
}

static void a_rule_that_cannot_be_read_is_an_error(void)
{
    static const struct health_rule wrong[] = {{"lagg>5", HEALTH_FAIL, "x"}, {0}};
    static const struct kind k = {.name = "test.k", .columns = rows_columns, .health = wrong};
    g_autoptr(GError) error = NULL;
    g_assert_null(health_compile(&k, NULL, &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_USAGE);
    g_clear_error(&error);
    g_assert_null(health_compile(&judged, NULL, &error)); /* no environment, no thresholds */
    ASSERT_CONTAINS(error->message, "no threshold \"@lag_warn\"");
    health_rules_free(NULL);
}

static void a_kind_without_rules_is_always_ok(void)
{
    struct health_rules *none = health_compile(&rows_kind, NULL, NULL);
    struct snapshot *s = rows_new("events");
    size_t row = rows_add(s, "a", "down", 1);
    health_apply(none, s, ROWS_NOW_MS);
    g_assert_cmpint(snapshot_row(s, row)->health, ==, HEALTH_OK);
    snapshot_drop(s);
    health_rules_free(none);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
#define WITH_RULES(name, test)                                                                     \
    g_test_add("/health/" name, struct fixture, NULL, set_up, test, tear_down)
    WITH_RULES("the-first-rule-that-holds-decides", the_first_rule_that_holds_decides);
    WITH_RULES(
        "a-sentence-shows-cells-as-people-read-them", a_sentence_shows_cells_as_people_read_them);
    WITH_RULES("a-rule-may-say-that-all-is-well", a_rule_may_say_that_all_is_well);
    WITH_RULES("unknown-is-not-ok", unknown_is_not_ok);
    WITH_RULES("the-connectors-own-verdict-stays", the_connector_s_own_verdict_stays);
    WITH_RULES("a-hostile-cell-is-clean-in-the-sentence", a_hostile_cell_is_clean_in_the_sentence);
    g_test_add_func(
        "/health/a-rule-that-cannot-be-read-is-an-error", a_rule_that_cannot_be_read_is_an_error);
    g_test_add_func("/health/a-kind-without-rules-is-always-ok", a_kind_without_rules_is_always_ok);
    return g_test_run();
}
