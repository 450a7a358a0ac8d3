#include "kind.h"

#include "action.h"
#include "connector.h"
#include "error.h"
#include "unit/rows.h"

/* -- a connector whose tables each test may spoil ------------------------------------------------- */

static bool fetch(struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    (void)l;
    (void)scope;
    (void)out;
    (void)error;
    return true;
}

struct tables {
    struct column columns[4];
    struct link links[4];
    struct health_rule health[3];
    struct action actions[3];
    struct kind things, parts, twin;
    const struct kind *kinds[4];
    const char *feed_kinds[4];
    struct feed feeds[3];
    struct option options[3], thresholds[3];
    const char *inputs[2];
    struct connector connector;
};

static void fill(struct tables *t)
{
    *t = (struct tables){
        .columns = {{"state", "STATE", CELL_STATE, .help = "how it is"},
            {"lag", "LAG", CELL_INT, .help = "messages"},
            {"about", "ABOUT", CELL_LINK, .help = "address"}},
        .links = {{"enter", "parts", "test.parts"}, {"a", "about", "@about"},
            {"d", "detail", "@detail"}},
        .health = {{"lag>@lag_warn", HEALTH_WARN, "lag is {lag}"}, {"state=x", HEALTH_OK, NULL}},
        .actions = {{"test.stop", "S", "stops it", 0}, {"test.start", "T", "starts it", 0}},
        .feed_kinds = {"test.things", "test.parts"},
        .options = {{"url", OPTION_URL, 0, NULL, "where"}},
        .thresholds = {{"lag_warn", OPTION_NUMBER, 0, "1k", "lag that warns"}},
    };
    t->things = (struct kind){.name = "test.things",
        .aliases = "thing t",
        .title = "THING",
        .help = "things",
        .columns = t->columns,
        .sort = "-lag,name",
        .links = t->links,
        .feed = "all",
        .health = t->health,
        .actions = t->actions};
    t->parts = (struct kind){.name = "test.parts",
        .title = "PART",
        .help = "parts",
        .scope = "test.things",
        .columns = t->columns + 1,
        .feed = "all"};
    t->twin = t->parts;
    t->kinds[0] = &t->things;
    t->kinds[1] = &t->parts;
    t->feeds[0] = (struct feed){"all", 5000, FEED_ALWAYS, false, t->feed_kinds, fetch};
    t->connector = (struct connector){.name = "test",
        .title = "Test",
        .help = "a test",
        .options = t->options,
        .thresholds = t->thresholds,
        .kinds = t->kinds,
        .feeds = t->feeds};
}

static unsigned check(const struct tables *t, GString *faults)
{
    struct registry *r = registry_new();
    registry_add(r, &t->connector);
    unsigned count = kind_check(r, faults);
    unsigned lines = 0;
    for (const char *p = faults->str; *p; p++)
        lines += *p == '\n';
    g_assert_cmpuint(lines, ==, count);
    registry_free(r);
    return count;
}

static void finds(const struct tables *t, const char *words)
{
    g_autoptr(GString) faults = g_string_new(NULL);
    g_assert_cmpuint(check(t, faults), >, 0);
    ASSERT_CONTAINS(faults->str, words);
}

static void good_tables_have_no_faults(void)
{
    struct tables t;
    fill(&t);
    g_autoptr(GString) faults = g_string_new(NULL);
    unsigned count = check(&t, faults);
    g_assert_cmpstr(faults->str, ==, "");
    g_assert_cmpuint(count, ==, 0);
}

static void weir_s_own_tables_have_no_faults(void)
{
    struct registry *r = registry_new();
    registry_add(r, derived_connector());
    g_autoptr(GString) faults = g_string_new(NULL);
    unsigned count = kind_check(r, faults);
    g_assert_cmpstr(faults->str, ==, "");
    g_assert_cmpuint(count, ==, 0);
    g_assert_nonnull(registry_kind(r, "problems", NULL));
    g_assert_nonnull(registry_kind(r, "sources", NULL));
    registry_free(r);
}

#define SPOILED(statement, words)                                                                  \
    do {                                                                                           \
        struct tables t;                                                                           \
        fill(&t);                                                                                  \
        statement;                                                                                 \
        finds(&t, words);                                                                          \
    } while (0)

static void wrong_columns_are_found(void)
{
    SPOILED(t.columns[1].name = "Lag", "column Lag: bad name");
    SPOILED(t.columns[1].help = NULL, "column lag: bad name, no title or no help");
    SPOILED(t.columns[1].title = NULL, "column lag");
    SPOILED(t.columns[1].name = "state", "column state: stands twice");
    SPOILED(t.columns[1].name = "health", "column health: every row has one");
    SPOILED(t.columns[1].name = "lag_ms", "only they, end in _ms");
    SPOILED(t.columns[1].type = CELL_SPAN_MS, "only they, end in _ms");
    SPOILED(t.columns[1].name = "lag_bytes", "ends in _bytes");
    SPOILED(t.things.sort = "-lagg", "no column \"lagg\"");
    SPOILED(t.things.since = "begun", "no column begun");
    SPOILED(t.things.trend = "begun", "its trend begun is no amount that is recorded");
    SPOILED((t.things.trend = "lag", t.columns[1].flags = COLUMN_F_PRIVATE),
        "its trend lag is no amount that is recorded");
}

static void wrong_links_are_found(void)
{
    SPOILED(t.links[0].target = "test.nothing", "there is no kind test.nothing");
    SPOILED(t.links[0].target = "parts", "there is no kind parts");
    SPOILED(t.links[0].target = "test.things", "does not belong to a row of this kind");
    SPOILED(t.links[1].target = "@lag", "lag is no column of addresses");
    SPOILED(t.links[1].target = "@nothing", "nothing is no column of addresses");
    SPOILED(t.links[1].title = NULL, "link a: no title");
    SPOILED(t.links[1].key = "enter", "the key is taken twice");
    SPOILED(t.links[1].key = "ctrl-c", "ends or freezes programs");
}

static void wrong_rules_are_found(void)
{
    SPOILED(t.health[0].when = "lagg>5", "no column \"lagg\"");
    SPOILED(t.health[0].when = "lag>@nothing", "no threshold");
    SPOILED(t.health[0].when = "word", "it does not search");
    SPOILED(t.health[0].why = NULL, "no sentence");
    SPOILED(t.health[0].why = "lag is {lagg}", "its sentence names no column: lagg");
}

static void wrong_feeds_are_found(void)
{
    SPOILED(t.things.feed = "none", "there is no feed none");
    SPOILED(t.feed_kinds[1] = NULL, "feed all does not list it");
    SPOILED(t.feed_kinds[1] = "test.nothing", "there is no kind test.nothing");
    SPOILED(t.feeds[0].fetch = NULL, "no fetch or no kinds");
    SPOILED(t.feeds[0].poll_ms = 500, "more than once a second");
    SPOILED(t.feeds[0].when = FEED_DERIVED, "inputs and a derived feed belong together");
    SPOILED((t.inputs[0] = "*", t.things.inputs = t.inputs), "inputs and a derived feed");
    SPOILED((t.inputs[0] = "nothing", t.things.inputs = t.inputs), "its input nothing is no kind");
    SPOILED(t.parts.scope = "test.nothing", "its scope test.nothing is no kind");
}

static void wrong_kinds_are_found(void)
{
    SPOILED(t.things.title = NULL, "no title, help or columns");
    SPOILED(t.things.help = NULL, "no title, help or columns");
    SPOILED(t.things.columns = NULL, "no title, help or columns");
    SPOILED(t.kinds[2] = &t.twin, "stands 2 times");
    SPOILED(t.things.name = "tests.things", "must begin with test.");
    SPOILED(t.things.name = "tes.things", "must begin with test.");
}

static void parts_may_carry_the_name_of_their_list(void)
{
    struct tables t;
    fill(&t);
    t.things.name = "alerts";
    t.parts.name = "alerts.parts";
    t.parts.scope = "alerts";
    t.links[0].target = "alerts.parts";
    t.feed_kinds[0] = "alerts";
    t.feed_kinds[1] = "alerts.parts";
    g_autoptr(GString) faults = g_string_new(NULL);
    check(&t, faults);
    g_assert_cmpstr(faults->str, ==, "");
}

static void wrong_options_are_found(void)
{
    SPOILED(t.options[0].help = NULL, "option url");
    SPOILED(t.options[0].name = "URL", "option URL");
    SPOILED(t.thresholds[0].help = NULL, "option lag_warn");
}

/* A threshold without a number would be 0 without a word. */
static void thresholds_without_a_number_are_found(void)
{
    SPOILED(t.thresholds[0].fallback = NULL, "threshold lag_warn");
    SPOILED(t.thresholds[0].fallback = "many", "threshold lag_warn");
    SPOILED((t.thresholds[0].type = OPTION_INT, t.thresholds[0].fallback = "1000"),
        "threshold lag_warn");
}

static void wrong_actions_are_found(void)
{
    SPOILED(t.actions[0].help = NULL, "action test.stop: no help");
    SPOILED(t.actions[0].keys = "ctrl-c", "its key ends or freezes programs");
    SPOILED(t.actions[0].keys = "S ctrl-k", "its key ends or freezes programs");
    SPOILED(t.actions[1].keys = "S", "action test.start: the key S is taken twice");
    SPOILED(t.actions[1].keys = "X S", "action test.start: the key S is taken twice");
    SPOILED(t.actions[1].keys = "a", "action test.start: the key a is taken twice");
    SPOILED(t.actions[1].name = "test.stop", "action test.stop: stands twice");
}

/* -- names ---------------------------------------------------------------------------------------- */

static const struct column none[] = {{0}};
static const struct kind kafka_groups = {.name = "kafka.groups", .aliases = "group g"};
static const struct kind trino_groups = {.name = "trino.groups"};
static const struct kind topics = {.name = "kafka.topics", .aliases = "topic"};
static const struct kind hosts = {.name = "hosts", .aliases = "host"};
static const struct kind *const kafka_kinds[] = {&kafka_groups, &topics, NULL};
static const struct kind *const other_kinds[] = {&trino_groups, &hosts, NULL};
static const struct connector kafka = {.name = "kafka", .kinds = kafka_kinds};
static const struct connector other = {.name = "trino", .kinds = other_kinds};

static struct registry *two(void)
{
    struct registry *r = registry_new();
    registry_add(r, &kafka);
    registry_add(r, &other);
    return r;
}

static void kinds_are_found_by_what_people_type(void)
{
    struct registry *r = two();
    g_assert_true(registry_kind(r, "kafka.groups", NULL) == &kafka_groups);
    g_assert_true(registry_kind(r, "trino.groups", NULL) == &trino_groups);
    g_assert_true(registry_kind(r, "group", NULL) == &kafka_groups);
    g_assert_true(registry_kind(r, "g", NULL) == &kafka_groups);
    g_assert_true(registry_kind(r, "topics", NULL) == &topics);
    g_assert_true(registry_kind(r, "hosts", NULL) == &hosts);
    g_assert_cmpuint(registry_kind_count(r), ==, 4);
    g_assert_true(registry_kind_at(r, 2) == &trino_groups);
    g_assert_cmpuint(registry_connector_count(r), ==, 2);
    g_assert_true(registry_connector_at(r, 1) == &other);
    g_assert_true(registry_connector(r, "kafka") == &kafka);
    g_assert_null(registry_connector(r, "hosts"));
    g_assert_true(registry_owner(r, &hosts) == &other);
    g_assert_null(registry_owner(r, &kind_detail));
    registry_free(r);
}

static void an_unclear_name_lists_what_it_may_be(void)
{
    struct registry *r = two();
    g_autoptr(GError) error = NULL;
    g_assert_null(registry_kind(r, "groups", &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_USAGE);
    ASSERT_CONTAINS(error->message, "kafka.groups trino.groups");
    g_clear_error(&error);
    g_assert_null(registry_kind(r, "topcis", &error));
    ASSERT_CONTAINS(error->message, "did you mean \"topics\"");
    g_clear_error(&error);
    g_assert_null(registry_kind(r, "zookeeper", &error));
    ASSERT_CONTAINS(error->message, "no kind \"zookeeper\". There are: kafka.groups");
    g_clear_error(&error);
    g_assert_null(registry_kind(r, "", &error));
    g_assert_nonnull(error);
    registry_free(r);
}

static void an_address_knows_its_kind(void)
{
    struct registry *r = two();
    AUTO(rid) group = rid_parse("events/groups/x", NULL);
    AUTO(rid) unknown = rid_parse("events/members/x", NULL);
    AUTO(rid) source = rid_source("events");
    g_assert_true(registry_kind_of(r, &kafka, group) == &kafka_groups);
    g_assert_true(registry_kind_of(r, &other, group) == &trino_groups);
    g_assert_null(registry_kind_of(r, &kafka, unknown));
    g_assert_null(registry_kind_of(r, &kafka, source));
    g_assert_cmpstr(kind_segment(&kafka_groups), ==, "groups");
    g_assert_cmpstr(kind_segment(&hosts), ==, "hosts");
    registry_free(r);
}

static void columns_are_found_by_name(void)
{
    g_assert_cmpint(kind_column(&rows_kind, "lag"), ==, R_LAG);
    g_assert_cmpint(kind_column(&rows_kind, "name"), ==, COLUMN_NAME);
    g_assert_cmpint(kind_column(&rows_kind, "why"), ==, COLUMN_WHY);
    g_assert_cmpint(kind_column(&rows_kind, "nothing"), ==, COLUMN_UNKNOWN);
    g_assert_cmpint(column_index(none, "source"), ==, COLUMN_SOURCE);
    g_assert_cmpstr(kind_column_info(&rows_kind, COLUMN_AT)->name, ==, "at");
    g_assert_cmpstr(kind_column_info(&rows_kind, R_LAG)->name, ==, "lag");
    g_assert_cmpuint(column_count(rows_columns), ==, R_STRIP + 1);
    g_autofree const char **names = column_names(rows_columns);
    g_assert_cmpuint(g_strv_length((char **)names), ==, R_STRIP + 1 + 7);
    for (int c = COLUMN_SOURCE; c < COLUMN_UNKNOWN; c++)
        g_assert_cmpint(column_index(none, column_info(none, c)->name), ==, c);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/kind/good-tables-have-no-faults", good_tables_have_no_faults);
    g_test_add_func("/kind/weirs-own-tables-have-no-faults", weir_s_own_tables_have_no_faults);
    g_test_add_func("/kind/wrong-columns-are-found", wrong_columns_are_found);
    g_test_add_func("/kind/wrong-links-are-found", wrong_links_are_found);
    g_test_add_func("/kind/wrong-rules-are-found", wrong_rules_are_found);
    g_test_add_func("/kind/wrong-feeds-are-found", wrong_feeds_are_found);
    g_test_add_func("/kind/wrong-kinds-are-found", wrong_kinds_are_found);
    g_test_add_func(
        "/kind/parts-may-carry-the-name-of-their-list", parts_may_carry_the_name_of_their_list);
    g_test_add_func("/kind/wrong-options-are-found", wrong_options_are_found);
    g_test_add_func(
        "/kind/thresholds-without-a-number-are-found", thresholds_without_a_number_are_found);
    g_test_add_func("/kind/wrong-actions-are-found", wrong_actions_are_found);
    g_test_add_func(
        "/kind/kinds-are-found-by-what-people-type", kinds_are_found_by_what_people_type);
    g_test_add_func(
        "/kind/an-unclear-name-lists-what-it-may-be", an_unclear_name_lists_what_it_may_be);
    g_test_add_func("/kind/an-address-knows-its-kind", an_address_knows_its_kind);
    g_test_add_func("/kind/columns-are-found-by-name", columns_are_found_by_name);
    return g_test_run();
}
