#include "config.h"

#include <string.h>

#include "connector.h"
#include "unit/configs.h"
#include "yaml.h"

static const struct option options[] = {
    {"url", OPTION_URL, OPTION_F_REQUIRED, NULL, "where it listens"},
    {"username", OPTION_TEXT, 0, NULL, "who asks"},
    {"password", OPTION_SECRET, 0, NULL, "of username"},
    {"count", OPTION_INT, 0, "3", "how many"},
    {"limit", OPTION_NUMBER, 0, "10k", "how much"},
    {"wait", OPTION_SPAN, 0, "5s", "how long"},
    {"loud", OPTION_BOOL, 0, "false", "whether"},
    {"ca", OPTION_FILE, 0, NULL, "a path"},
    {"names", OPTION_LIST, 0, NULL, "which"},
    {"properties", OPTION_MAP, 0, NULL, "by name"},
    {"roles", OPTION_LISTS, 0, NULL, "lists by name"},
    {"tunnel", OPTION_TEXT, OPTION_F_LATER, NULL, "not yet"},
    {0},
};
static const struct option thresholds[] = {
    {"lag_warn", OPTION_NUMBER, 0, "1000", "lag that warns"},
    {"age_warn", OPTION_SPAN, 0, "30s", "age that warns"},
    {0},
};
static const struct kind *const kinds[] = {NULL};

static void check_thing(const struct source *s, struct option_faults *faults)
{
    if (source_int(s, "count") > 9)
        option_fault(faults, "count", NULL, "%s counts to nine", source_name(s));
    for (const char *const *role = source_map_keys(s, "roles"); *role; role++)
        if (strcmp(*role, "king") == 0)
            option_fault(faults, "roles", *role, "there is no %s", *role);
    if (source_bool(s, "loud") && !source_has(s, "names"))
        option_fault(faults, "names", NULL, "who is loud has \"names\"");
}

static const struct connector thing = {.name = "thing",
    .options = options,
    .check_options = check_thing,
    .thresholds = thresholds,
    .http = true,
    .kinds = kinds};
/* One that speaks HTTP where it has a url. */
static const struct option both_options[] = {
    {"brokers", OPTION_LIST, 0, NULL, "or these"},
    {"url", OPTION_URL, 0, NULL, "or this"},
    {0},
};
static const struct connector both = {
    .name = "both", .options = both_options, .http = true, .http_option = "url", .kinds = kinds};
static const struct connector plain = {.name = "plain", .kinds = kinds};

struct checked {
    struct config_result file;
    struct registry *registry;
    const struct source *s; /* the first */
};

/* lines: of one source of type thing, each indented by eight blanks. */
static struct checked check(const char *class, const char *lines)
{
    g_autofree char *text = g_strdup_printf("environments:\n  e:\n    class: %s\n    sources:\n"
                                            "      s:\n        type: thing\n%s",
        class, lines);
    struct checked c = {.file = config_read(text, NULL), .registry = registry_new()};
    g_assert_nonnull(c.file.config);
    registry_add(c.registry, &plain);
    registry_add(c.registry, &thing);
    registry_add(c.registry, derived_connector());
    bool ok = config_check_sources(c.file.config, c.registry, c.file.faults);
    g_assert_cmpint(ok, ==, c.file.faults->len == 0);
    c.s = environment_source_at(config_environment(c.file.config), 0);
    return c;
}

static void clear(struct checked *c)
{
    config_result_clear(&c->file);
    registry_free(c->registry);
}

static struct checked good(const char *lines)
{
    struct checked c = check("dev", lines);
    g_autofree char *all = config_faults(&c.file);
    g_assert_cmpstr(all, ==, "");
    return c;
}

static void fails_in(const char *class, const char *lines, const char *words, int line)
{
    struct checked c = check(class, lines);
    g_autofree char *all = config_faults(&c.file);
    g_test_message("%s", all);
    ASSERT_CONTAINS(all, words);
    g_assert_cmpint(config_fault(&c.file, 0)->line, ==, line);
    g_assert_true(source_fault(c.s) == config_fault(&c.file, 0));
    clear(&c);
}

#define URL "        url: http://h:1\n"

static void fails(const char *lines, const char *words, int line)
{
    fails_in("dev", lines, words, line);
}

static void options_are_read_by_their_type(void)
{
    struct checked c = good("        url: https://h.example:8443/\n"
                            "        username: oncall\n"
                            "        count: -7\n"
                            "        limit: 64KiB\n"
                            "        wait: 1m30s\n"
                            "        loud: true\n"
                            "        ca: /etc/x.pem\n"
                            "        names: [a, \"b c\"]\n"
                            "        properties: {sasl.username: weir, n: 5}\n"
                            "        roles: {kafka: [x, y], one: z}\n"
                            "        every: 10s\n"
                            "        timeout: 2s\n"
                            "        headers: {X-Team: data}\n");
    g_assert_true(source_connector(c.s) == &thing);
    g_assert_null(source_fault(c.s));
    g_assert_cmpstr(source_text(c.s, "url"), ==, "https://h.example:8443");
    g_assert_cmpstr(source_text(c.s, "username"), ==, "oncall");
    g_assert_cmpint(source_int(c.s, "count"), ==, -7);
    g_assert_cmpfloat(source_number(c.s, "limit"), ==, 65536);
    g_assert_cmpint(source_int(c.s, "wait"), ==, 90000);
    g_assert_true(source_bool(c.s, "loud"));
    g_assert_cmpstr(source_text(c.s, "ca"), ==, "/etc/x.pem");
    g_assert_cmpstr(source_list(c.s, "names")[1], ==, "b c");
    g_assert_null(source_list(c.s, "names")[2]);
    g_assert_cmpstr(source_map_keys(c.s, "properties")[0], ==, "sasl.username");
    g_assert_cmpstr(source_map_text(c.s, "properties", "n"), ==, "5");
    g_assert_null(source_map_text(c.s, "properties", "m"));
    g_assert_cmpstr(source_map_list(c.s, "roles", "kafka")[1], ==, "y");
    g_assert_cmpstr(source_map_list(c.s, "roles", "one")[0], ==, "z");
    g_assert_null(source_map_list(c.s, "roles", "none")[0]);
    g_assert_cmpint(source_int(c.s, "every"), ==, 10000);
    g_assert_cmpint(source_int(c.s, "timeout"), ==, 2000);
    g_assert_cmpstr(source_map_text(c.s, "headers", "X-Team"), ==, "data");
    clear(&c);
}

static void what_is_not_set_has_its_default(void)
{
    struct checked c = good(URL);
    g_assert_cmpint(source_int(c.s, "count"), ==, 3);
    g_assert_cmpfloat(source_number(c.s, "limit"), ==, 10000);
    g_assert_cmpint(source_int(c.s, "wait"), ==, 5000);
    g_assert_true(source_has(c.s, "count"));
    g_assert_false(source_bool(c.s, "loud"));
    g_assert_false(source_has(c.s, "username"));
    g_assert_null(source_text(c.s, "username"));
    g_assert_null(source_secret(c.s, "password"));
    g_assert_null(source_list(c.s, "names")[0]);
    g_assert_null(source_map_keys(c.s, "properties")[0]);
    g_assert_cmpint(source_int(c.s, "every"), ==, 0);
    clear(&c);
}

static void a_list_may_be_written_with_commas(void)
{
    struct checked c = good(URL "        names: a, b ,c\n        ca: ~/x.pem\n");
    g_assert_cmpstr(source_list(c.s, "names")[1], ==, "b");
    g_assert_cmpuint(g_strv_length((char **)source_list(c.s, "names")), ==, 3);
    g_autofree char *path = g_build_filename(g_get_home_dir(), "x.pem", NULL);
    g_assert_cmpstr(source_text(c.s, "ca"), ==, path);
    clear(&c);
}

static void an_unknown_option_names_the_nearest(void)
{
    fails(URL "        usrname: x\n", "has no option \"usrname\"; did you mean \"username\"?", 8);
    fails(URL "        tmeout: 5s\n", "did you mean \"timeout\"?", 8);
    fails(URL "        ca_fil: x\n", "did you mean \"ca_file\"?", 8);
    fails(URL "        zookeeper: x\n", "it takes: url, username", 8);
    fails(URL "        tunnel: x\n", "\"tunnel\" is not supported by this version", 8);
    fails(URL "        via: x\n", "\"via\" is not supported by this version", 8);
}

static void a_missing_option_is_told(void)
{
    fails("        username: x\n", "source \"s\" needs \"url\": where it listens", 5);
}

static void a_value_of_the_wrong_type_is_told(void)
{
    fails("        url: h:1\n", "\"url\" must be a URL", 7);
    fails("        url: ftp://h/\n", "\"url\" must be a URL", 7);
    fails("        url: http://\n", "\"url\" must be a URL", 7);
    fails("        url: http://u:p@h/\n", "without user and password", 7);
    fails("        url: [x]\n", "\"url\" must be a URL", 7);
    fails(URL "        count: 1.5\n", "\"count\" must be a whole number", 8);
    fails(URL "        count: many\n", "\"count\" must be a whole number", 8);
    fails(URL "        count: 99999999999999999999\n", "\"count\" must be a whole number", 8);
    fails(URL "        count: \"\"\n", "\"count\" must be a whole number", 8);
    fails(URL "        count:\n", "\"count\" must be a whole number", 8);
    fails(URL "        limit: 10x\n", "\"limit\" must be a number", 8);
    fails(URL "        wait: 10\n", "\"wait\" must be a span", 8);
    fails(URL "        loud: yes\n", "\"loud\" must be true or false", 8);
    fails(URL "        ca: \"\"\n", "\"ca\" must be a path", 8);
    fails(URL "        names: {a: b}\n", "\"names\" must be a list", 8);
    fails(URL "        names: [a, {b: c}]\n", "\"names\" must be a list", 8);
    fails(URL "        properties: [a]\n", "\"properties\" must be a map", 8);
    fails(URL "        properties: {a: [b]}\n", "\"a\" must be a text", 8);
    fails(URL "        roles: x\n", "\"roles\" must be a map of lists", 8);
    fails(URL "        roles: {a: {b: c}}\n", "\"a\" must be a list", 8);
    fails(URL "        username: [x]\n", "\"username\" must be a text", 8);
    fails(URL "        headers: x\n", "\"headers\" must be a map", 8);
}

static void what_a_connector_finds_wrong_is_told_where_it_stands(void)
{
    fails(URL "        count: 10\n", "s counts to nine", 8);
    fails(URL "        roles:\n          page: [a]\n          king: [b]\n", "there is no king", 10);
    fails(URL "        loud: true\n", "who is loud has \"names\"", 5);
    /* where the tables found a fault already, it is not asked */
    struct checked c = check("dev", URL "        count: 10\n        wait: soon\n");
    g_assert_cmpuint(c.file.faults->len, ==, 1);
    ASSERT_CONTAINS(config_fault(&c.file, 0)->message, "\"wait\" must be a span");
    clear(&c);
}

static void an_unknown_type_lists_what_there_is(void)
{
    struct checked c = {.registry = registry_new()};
    registry_add(c.registry, &plain);
    registry_add(c.registry, &thing);
    registry_add(c.registry, derived_connector());
    c.file = config_read("environments:\n  e:\n    sources:\n      a: {type: thng, x: y}\n"
                         "      b: {type: plain}\n      c: {type: weir}\n",
        NULL);
    g_assert_false(config_check_sources(c.file.config, c.registry, c.file.faults));
    g_autofree char *all = config_faults(&c.file);
    ASSERT_CONTAINS(
        all, ":4:7: source \"a\" has the unknown type \"thng\"; this version has: plain thing\n");
    ASSERT_CONTAINS(all, ":6:7: source \"c\" has the unknown type \"weir\"");
    const struct environment *e = config_environment(c.file.config);
    g_assert_nonnull(source_fault(environment_source(e, "a")));
    g_assert_null(source_connector(environment_source(e, "a")));
    g_assert_null(source_fault(environment_source(e, "b")));
    clear(&c);
}

static void a_plain_connector_takes_no_http_options(void)
{
    struct config_result r =
        config_read("environments:\n  e:\n    sources:\n      a: {type: plain, proxy: x}\n", NULL);
    struct registry *registry = registry_new();
    registry_add(registry, &plain);
    g_assert_false(config_check_sources(r.config, registry, r.faults));
    ASSERT_CONTAINS(config_fault(&r, 0)->message, "has no option \"proxy\"");
    config_result_clear(&r);
    registry_free(registry);
}

static void http_options_go_with_the_option_that_makes_it_an_http_source(void)
{
    struct config_result r =
        config_read("environments:\n  e:\n    class: prod\n    sources:\n"
                    "      a: {type: both, url: \"http://h:1\", proxy: x}\n"
                    "      b: {type: both, brokers: x, proxy: x}\n"
                    "      c: {type: both, brokers: x, insecure: true}\n"
                    "      d: {type: both, url: \"http://h:1\", insecure: true}\n"
                    "      e: {type: both, brokers: x}\n",
            NULL);
    struct registry *registry = registry_new();
    registry_add(registry, &both);
    g_assert_false(config_check_sources(r.config, registry, r.faults));
    g_autofree char *all = config_faults(&r);
    g_assert_cmpuint(r.faults->len, ==, 3);
    ASSERT_CONTAINS(all, ":6:35: \"proxy\" goes with \"url\", which this source does not have");
    ASSERT_CONTAINS(all, ":7:35: \"insecure\" goes with \"url\"");
    ASSERT_CONTAINS(all, ":8:7: source \"d\": insecure is refused in class prod");
    const struct environment *e = config_environment(r.config);
    g_assert_cmpstr(source_text(environment_source(e, "a"), "proxy"), ==, "x");
    g_assert_false(source_has(environment_source(e, "e"), "insecure"));
    g_autoptr(GString) shown = g_string_new(NULL);
    config_show(r.config, shown);
    const char *last = strstr(shown->str, "      e:");
    g_assert_null(strstr(last, "insecure"));
    config_result_clear(&r);
    registry_free(registry);
}

/* -- secrets -------------------------------------------------------------------------------------- */

static void a_secret_is_given_in_one_of_three_ways(void)
{
    struct checked c = good(URL "        password: {command: [pass, show, x]}\n");
    const struct secret_spec *secret = source_secret(c.s, "password");
    g_assert_cmpstr(secret->command[2], ==, "x");
    g_assert_null(secret->command[3]);
    g_assert_null(source_text(c.s, "password"));
    clear(&c);
    c = good(URL "        password: {file: ~/pw}\n");
    g_assert_cmpstr(source_secret(c.s, "password")->file, ==, "~/pw");
    clear(&c);
    c = good(URL "        headers: {Authorization: {file: /pw}}\n");
    g_assert_cmpstr(source_map_secret(c.s, "headers", "Authorization")->file, ==, "/pw");
    g_assert_null(source_map_text(c.s, "headers", "Authorization"));
    g_assert_null(source_map_secret(c.s, "headers", "Other"));
    clear(&c);
}

static void a_secret_in_plain_text_is_refused(void)
{
    static const char hint[] = "{command: [pass, show, NAME]}, {file: PATH} or {env: VARIABLE}";
    fails(URL "        password: hunter2\n", hint, 8);
    fails(URL "        headers: {Authorization: Bearer x}\n", hint, 8);
    fails(URL "        headers: {X-Api-Key: x}\n", hint, 8);
    fails(URL "        properties: {sasl.password: x}\n", hint, 8);
    fails(URL "        properties: {sasl.jaas.config: x}\n", hint, 8);
    fails(URL "        properties: {ssl.key.pem: x}\n", hint, 8);
    struct checked c = good(URL "        properties: {ssl.key.location: x,"
                                " sasl.oauthbearer.token.endpoint.url: y}\n");
    clear(&c);
}

static void a_plain_secret_is_not_repeated(void)
{
    struct checked c = check("dev", URL "        password: hunter2\n");
    ASSERT_CONTAINS(config_fault(&c.file, 0)->message, "\"password\" is a secret");
    g_autofree char *all = config_faults(&c.file);
    g_assert_null(strstr(all, "hunter2"));
    clear(&c);
}

static void a_secret_has_exactly_one_form(void)
{
    static const char hint[] = "must be exactly one of";
    fails(URL "        password: {}\n", hint, 8);
    fails(URL "        password: {file: a, env: B}\n", hint, 8);
    fails(URL "        password: {command: pass show x}\n", hint, 8);
    fails(URL "        password: {command: []}\n", hint, 8);
    fails(URL "        password: {command: [pass, [x]]}\n", hint, 8);
    fails(URL "        password: {file: [x]}\n", hint, 8);
    fails(URL "        password: {vault: x}\n", hint, 8);
}

static void a_variable_is_taken_out_of_the_environment(void)
{
    g_setenv("WEIR_UNIT_PASSWORD", "hunter2", TRUE);
    struct checked c = good(URL "        password: {env: WEIR_UNIT_PASSWORD}\n"
                                "        headers: {Cookie: {env: WEIR_UNIT_PASSWORD}}\n");
    g_assert_null(g_getenv("WEIR_UNIT_PASSWORD"));
    g_assert_cmpstr(source_secret(c.s, "password")->value, ==, "hunter2");
    g_assert_cmpstr(source_map_secret(c.s, "headers", "Cookie")->value, ==, "hunter2");
    clear(&c);
    c = good(URL "        password: {env: WEIR_UNIT_NOT_SET}\n");
    g_assert_null(source_secret(c.s, "password")->value);
    clear(&c);
}

/* -- the whole ------------------------------------------------------------------------------------ */

static void insecure_is_refused_in_production(void)
{
    fails_in("prod", URL "        insecure: true\n", "insecure is refused in class prod", 5);
    struct checked c = good(URL "        insecure: true\n");
    g_assert_true(source_bool(c.s, "insecure"));
    clear(&c);
}

static void thresholds_have_defaults_and_may_be_set(void)
{
    struct checked c = good(URL "    thresholds: {lag_warn: 5k}\n");
    const struct environment *e = source_environment(c.s);
    double value = 0;
    g_assert_true(environment_threshold(e, "lag_warn", &value));
    g_assert_cmpfloat(value, ==, 5000);
    g_assert_true(environment_threshold(e, "age_warn", &value));
    g_assert_cmpfloat(value, ==, 30000);
    g_assert_false(environment_threshold(e, "nothing", &value));
    clear(&c);
}

static void a_wrong_threshold_is_told_and_the_default_holds(void)
{
    struct checked c = check("dev", URL "    thresholds:\n      lag_wran: 5\n      age_warn: 5\n"
                                        "      lag_warn: [5]\n      zookeeper: 5\n");
    g_autofree char *all = config_faults(&c.file);
    ASSERT_CONTAINS(all, ":9:7: no threshold \"lag_wran\"; did you mean \"lag_warn\"?");
    ASSERT_CONTAINS(all, ":10:7: \"age_warn\" must be a span");
    ASSERT_CONTAINS(all, ":11:7: \"lag_warn\" must be a number");
    ASSERT_CONTAINS(all, ":12:7: no threshold \"zookeeper\"\n");
    double value = 0;
    g_assert_true(environment_threshold(source_environment(c.s), "age_warn", &value));
    g_assert_cmpfloat(value, ==, 30000);
    g_assert_true(environment_threshold(source_environment(c.s), "lag_warn", &value));
    g_assert_cmpfloat(value, ==, 1000);
    clear(&c);
}

static void found_sources_are_added_under_a_free_name(void)
{
    struct checked c = good(URL);
    struct environment *e = config_environment(c.file.config);
    static const char *const pairs[] = {"url", "http://127.0.0.1:1", "count", "9", "x", "y", NULL};
    struct source *s = environment_add_source(e, "s", &thing, "listens here", pairs);
    g_assert_cmpstr(source_name(s), ==, "s-2");
    g_assert_cmpstr(source_origin(s), ==, "listens here");
    g_assert_cmpstr(source_text(s, "url"), ==, "http://127.0.0.1:1");
    g_assert_cmpint(source_int(s, "count"), ==, 9);
    g_assert_cmpint(source_int(s, "wait"), ==, 5000);
    g_assert_cmpstr(
        source_name(environment_add_source(e, "s", &thing, "listens here", pairs)), ==, "s-3");
    g_assert_cmpstr(source_name(environment_add_source(e, "t", &thing, NULL, pairs)), ==, "t");
    g_assert_cmpuint(environment_source_count(e), ==, 4);
    const struct source *weir = environment_weir(e, derived_connector());
    g_assert_cmpstr(source_name(weir), ==, "weir");
    g_assert_true(environment_weir(e, derived_connector()) == weir);
    g_assert_cmpuint(environment_source_count(e), ==, 4);
    clear(&c);
}

static char *shown(const struct checked *c)
{
    GString *out = g_string_new(NULL);
    config_show(c->file.config, out);
    return g_string_free(out, FALSE);
}

static void the_effective_configuration_hides_secrets(void)
{
    g_setenv("WEIR_UNIT_OTHER", "hunter2", TRUE);
    struct checked c = good(URL "        username: oncall\n"
                                "        password: {command: [pass, show, hunter2]}\n"
                                "        headers: {Cookie: {env: WEIR_UNIT_OTHER}, X-Team: a}\n"
                                "        proxy: \"http://u:hunter2@proxy:3128\"\n"
                                "        names: [a, b]\n"
                                "        roles: {r: [x]}\n");
    g_autofree char *text = shown(&c);
    ASSERT_CONTAINS(text, "http://u:***@proxy:3128");
    g_test_message("%s", text);
    g_assert_null(strstr(text, "hunter2"));
    ASSERT_CONTAINS(text, "password: {command: [pass, ...]}");
    ASSERT_CONTAINS(text, "{env: WEIR_UNIT_OTHER}");
    ASSERT_CONTAINS(text, "username: oncall");
    ASSERT_CONTAINS(text, "count: 3");
    ASSERT_CONTAINS(text, "wait: 5000ms");
    ASSERT_CONTAINS(text, "lag_warn: 1000");
    ASSERT_CONTAINS(text, "class: dev");
    clear(&c);
}

/* What `weir config show` prints can be kept as a file, whatever stands in the values. */
static void the_effective_configuration_is_yaml(void)
{
    struct checked c = good(URL "        username: \"a: b # c\"\n"
                                "        ca: \"/tmp/{x}, [y]\"\n"
                                "        names: [\"a\\\"b\", \"c, d\", \"\"]\n"
                                "        properties: {p: \"- x\", q: \"true\", \"r s\": \"\"}\n"
                                "        roles: {r: [\"x, y\", \"]\"]}\n"
                                "        headers: {H: \"v: w\", Cookie: {file: \"/a b#c: d\"}}\n"
                                "theme: \"a: b\"\nkeys: {command: \":\", quit: \"q ctrl-x\"}\n");
    g_autofree char *text = shown(&c);
    g_test_message("%s", text);
    struct checked again = {.file = config_read(text, NULL), .registry = registry_new()};
    g_autofree char *all = config_faults(&again.file);
    g_assert_cmpstr(all, ==, "");
    registry_add(again.registry, &thing);
    config_check_sources(again.file.config, again.registry, again.file.faults);
    g_autofree char *more = config_faults(&again.file);
    g_assert_cmpstr(more, ==, "");
    const struct source *s = environment_source_at(config_environment(again.file.config), 0);
    g_assert_cmpstr(source_text(s, "username"), ==, "a: b # c");
    g_assert_cmpstr(source_text(s, "ca"), ==, "/tmp/{x}, [y]");
    g_assert_cmpstr(source_list(s, "names")[0], ==, "a\"b");
    g_assert_cmpstr(source_list(s, "names")[1], ==, "c, d");
    g_assert_cmpstr(source_map_text(s, "properties", "p"), ==, "- x");
    g_assert_cmpstr(source_map_text(s, "properties", "r s"), ==, "");
    g_assert_cmpstr(source_map_list(s, "roles", "r")[0], ==, "x, y");
    g_assert_cmpstr(source_map_text(s, "headers", "H"), ==, "v: w");
    g_assert_cmpstr(source_map_secret(s, "headers", "Cookie")->file, ==, "/a b#c: d");
    g_assert_cmpstr(config_theme(again.file.config), ==, "a: b");
    g_assert_cmpstr(config_keys(again.file.config)[1], ==, ":");
    clear(&again);
    clear(&c);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/sources/options-are-read-by-their-type", options_are_read_by_their_type);
    g_test_add_func("/sources/what-is-not-set-has-its-default", what_is_not_set_has_its_default);
    g_test_add_func(
        "/sources/a-list-may-be-written-with-commas", a_list_may_be_written_with_commas);
    g_test_add_func(
        "/sources/an-unknown-option-names-the-nearest", an_unknown_option_names_the_nearest);
    g_test_add_func("/sources/a-missing-option-is-told", a_missing_option_is_told);
    g_test_add_func(
        "/sources/a-value-of-the-wrong-type-is-told", a_value_of_the_wrong_type_is_told);
    g_test_add_func("/sources/what-a-connector-finds-wrong-is-told-where-it-stands",
        what_a_connector_finds_wrong_is_told_where_it_stands);
    g_test_add_func(
        "/sources/an-unknown-type-lists-what-there-is", an_unknown_type_lists_what_there_is);
    g_test_add_func("/sources/http-options-go-with-the-option-that-makes-it-an-http-source",
        http_options_go_with_the_option_that_makes_it_an_http_source);
    g_test_add_func("/sources/a-plain-connector-takes-no-http-options",
        a_plain_connector_takes_no_http_options);
    g_test_add_func(
        "/sources/a-secret-is-given-in-one-of-three-ways", a_secret_is_given_in_one_of_three_ways);
    g_test_add_func(
        "/sources/a-secret-in-plain-text-is-refused", a_secret_in_plain_text_is_refused);
    g_test_add_func("/sources/a-plain-secret-is-not-repeated", a_plain_secret_is_not_repeated);
    g_test_add_func("/sources/a-secret-has-exactly-one-form", a_secret_has_exactly_one_form);
    g_test_add_func("/sources/a-variable-is-taken-out-of-the-environment",
        a_variable_is_taken_out_of_the_environment);
    g_test_add_func(
        "/sources/insecure-is-refused-in-production", insecure_is_refused_in_production);
    g_test_add_func("/sources/thresholds-have-defaults-and-may-be-set",
        thresholds_have_defaults_and_may_be_set);
    g_test_add_func("/sources/a-wrong-threshold-is-told-and-the-default-holds",
        a_wrong_threshold_is_told_and_the_default_holds);
    g_test_add_func("/sources/found-sources-are-added-under-a-free-name",
        found_sources_are_added_under_a_free_name);
    g_test_add_func("/sources/the-effective-configuration-hides-secrets",
        the_effective_configuration_hides_secrets);
    g_test_add_func(
        "/sources/the-effective-configuration-is-yaml", the_effective_configuration_is_yaml);
    return g_test_run();
}
