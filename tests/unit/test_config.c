#include "config.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "unit/configs.h"
#include "yaml.h"

#define ONE "environments:\n  dev:\n    class: dev\n    sources:\n      a: {type: kafka}\n"

static void fails_with(const char *text, const char *env, const char *words, int line)
{
    struct config_result r = config_read(text, env);
    g_autofree char *all = config_faults(&r);
    g_test_message("%s", all);
    g_assert_null(r.config);
    ASSERT_CONTAINS(all, words);
    if (line > 0)
        g_assert_cmpint(config_fault(&r, 0)->line, ==, line);
    config_result_clear(&r);
}

static void fails(const char *text, const char *words, int line)
{
    fails_with(text, NULL, words, line);
}

static void a_file_is_read_whole(void)
{
    struct config_result r = config_read("environment: prod-eu\n"
                                         "environments:\n"
                                         "  prod-eu:\n"
                                         "    read_only: true\n"
                                         "    sources:\n"
                                         "      events: {type: kafka}\n"
                                         "      warehouse: {type: trino}\n"
                                         "    checks: []\n"
                                         "    run_checks: false\n"
                                         "  dev:\n"
                                         "    class: dev\n"
                                         "    simulated: true\n"
                                         "    sources: {}\n"
                                         "theme: light\n"
                                         "keys: {filter: F, quit: ctrl-x q}\n",
        NULL);
    const struct environment *e = config_environment(r.config);
    g_assert_cmpstr(environment_name(e), ==, "prod-eu");
    g_assert_cmpint(environment_class(e), ==, CLASS_PROD);
    g_assert_cmpstr(environment_class_name(e), ==, "prod");
    g_assert_true(environment_read_only(e));
    g_assert_cmpuint(environment_source_count(e), ==, 2);
    const struct source *s = environment_source(e, "warehouse");
    g_assert_true(s == environment_source_at(e, 1));
    g_assert_cmpstr(source_name(s), ==, "warehouse");
    g_assert_cmpstr(source_type(s), ==, "trino");
    g_assert_true(source_environment(s) == e);
    g_assert_null(source_connector(s));
    g_assert_null(environment_source(e, "nothing"));
    g_assert_cmpuint(config_environment_count(r.config), ==, 2);
    g_assert_cmpint(environment_class(config_environment_at(r.config, 1)), ==, CLASS_DEV);
    g_assert_false(environment_simulated(e));
    g_assert_true(environment_simulated(config_environment_at(r.config, 1)));
    g_assert_cmpstr(config_theme(r.config), ==, "light");
    const char *const *keys = config_keys(r.config);
    g_assert_cmpuint(g_strv_length((char **)keys), ==, 4);
    g_assert_cmpstr(keys[2], ==, "quit");
    g_assert_cmpstr(keys[3], ==, "ctrl-x q");
    g_assert_false(config_is_builtin(r.config));
    g_assert_cmpstr(config_path(r.config), ==, r.path);
    config_result_clear(&r);
}

static void an_unnamed_place_is_treated_as_the_dangerous_one(void)
{
    struct config_result r = config_read("environments:\n  x:\n    sources: {}\n", NULL);
    g_assert_cmpint(environment_class(config_environment(r.config)), ==, CLASS_PROD);
    g_assert_false(environment_read_only(config_environment(r.config)));
    g_assert_cmpstr(config_theme(r.config), ==, "auto");
    g_assert_null(config_keys(r.config)[0]);
    config_result_clear(&r);
}

static void the_environment_is_the_one_asked_for(void)
{
    static const char two[] = "environment: b\nenvironments:\n  a: {class: dev}\n  b: {}\n";
    struct config_result r = config_read(two, NULL);
    g_assert_cmpstr(environment_name(config_environment(r.config)), ==, "b");
    config_result_clear(&r);
    r = config_read(two, "a");
    g_assert_cmpstr(environment_name(config_environment(r.config)), ==, "a");
    config_result_clear(&r);
    fails_with(two, "c", "no environment \"c\"; there are: a b", 0);
    fails("environment: c\nenvironments:\n  a: {}\n", "no environment \"c\"; there are: a", 1);
    fails("environments:\n  a: {}\n  b: {}\n", "which one opens; there are: a b", 0);
    fails("environments: {}\n", "no environment is defined", 0);
    fails("", "no environment is defined", 0);
}

static void a_wrong_key_names_the_nearest_and_its_place(void)
{
    struct config_result r =
        config_read("environments:\n  dev:\n    class: dev\n    read_onyl: true\n", NULL);
    const struct fault *f = config_fault(&r, 0);
    g_assert_cmpstr(f->file, ==, r.path);
    g_assert_cmpint(f->line, ==, 4);
    g_assert_cmpint(f->column, ==, 5);
    g_assert_cmpstr(f->text, ==, "    read_onyl: true");
    ASSERT_CONTAINS(f->message, "did you mean \"read_only\"?");
    g_autofree char *printed = config_faults(&r);
    g_autofree char *place = g_strdup_printf("%s:4:5: ", r.path);
    g_assert_true(g_str_has_prefix(printed, place));
    ASSERT_CONTAINS(printed, "\n        read_onyl: true\n        ^\n");
    config_result_clear(&r);
    fails("enviroment: dev\n" ONE, "did you mean \"environment\"?", 1);
    fails("zookeeper: x\n" ONE, "it takes: environment, environments, theme, history, keys", 1);
}

static void all_faults_are_told_at_once(void)
{
    struct config_result r = config_read("themes: x\n"
                                         "environments:\n"
                                         "  dev:\n"
                                         "    class: test\n"
                                         "    read_only: maybe\n"
                                         "    sources:\n"
                                         "      Bad: {type: kafka}\n"
                                         "      weir: {type: kafka}\n"
                                         "      none: {}\n"
                                         "      text: kafka\n",
        NULL);
    g_autofree char *all = config_faults(&r);
    g_assert_cmpuint(r.faults->len, ==, 7);
    ASSERT_CONTAINS(all, ":1:1: the file has no key \"themes\"; did you mean \"theme\"?");
    ASSERT_CONTAINS(all, ":4:12: class must be dev, stage or prod");
    ASSERT_CONTAINS(all, ":5:5: \"read_only\" must be true or false");
    ASSERT_CONTAINS(all, ":7:7: a source's name is made of a-z, 0-9, _ and -");
    ASSERT_CONTAINS(all, ":8:7: the source name \"weir\" is weir's own");
    ASSERT_CONTAINS(all, ":9:7: source \"none\" has no type");
    ASSERT_CONTAINS(all, ":10:7: source \"text\" must be a map with a type");
    config_result_clear(&r);
}

static void values_of_the_wrong_type_are_told(void)
{
    fails("environments: [a]\n", "environments must be a map", 1);
    fails("environments: {a: 5}\n", "an environment is a map", 1);
    fails("environments: {A b: {}}\n", "(\"A b\" is not)", 1);
    fails("environments: {a: {sources: [x]}}\n", "sources must be a map", 1);
    fails("environments: {a: {class: [dev]}}\n", "class must be dev, stage or prod", 1);
    fails("[environments]\n", "the file must be a map", 1);
    fails("just text\n", "the file must be a map", 1);
    fails("keys: {quit: [a]}\n" ONE, "the key of \"quit\" must be a text", 1);
    fails("keys: {quit: \"\"}\n" ONE, "the key of \"quit\" must be a text", 1);
    fails("keys: [quit]\n" ONE, "\"keys\" must be a map", 1);
    fails("keys: q\n" ONE, "\"keys\" must be a map", 1);
    fails("theme: {a: b}\n" ONE, "\"theme\" must be a text", 1);
    fails("theme: [dark]\n" ONE, "\"theme\" must be a text", 1);
    fails("environment: [dev]\n" ONE, "\"environment\" must be a text", 1);
    fails("environments: {a: {thresholds: 5}}\n", "\"thresholds\" must be a map", 1);
    fails("environments: {a: {? [x] : y}}\n", "a key must be a plain word", 1);
}

static void an_empty_key_changes_nothing(void)
{
    struct config_result r =
        config_read("theme:\nkeys:\nenvironments:\n  a:\n    thresholds:\n    checks:\n", NULL);
    g_autofree char *all = config_faults(&r);
    g_assert_cmpstr(all, ==, "");
    g_assert_cmpstr(config_theme(r.config), ==, "auto");
    g_assert_null(config_keys(r.config)[0]);
    config_result_clear(&r);
}

static void what_is_not_there_yet_is_said(void)
{
    fails("environments: {a: {checks: [x]}}\n", "\"checks\" is not supported by this version", 1);
    fails("environments: {a: {run_checks: true}}\n", "\"run_checks\" is not supported", 1);
}

static void broken_yaml_names_its_place(void)
{
    fails("environments:\n\tdev: {}\n", "never with tabs", 2);
    fails("environments:\n  dev: \"x\n", "while scanning a quoted scalar", 2);
    fails("# first\nenvironments: \x01\n", "control characters", 2);
    fails("environments:\n  dev: {}\n  dev: {}\n", "the key dev stands twice", 3);
    fails("environments: {}\n---\nenvironments: {}\n", "a second document", 3);
    fails("environments: *nowhere\n", "undefined alias", 1);
    fails("environments:\n  dev: {class: dev\n", "", 0);
    fails("environments: {a: b, a: c}\n", "", 1);
    fails("environments:\n  dev:\n    sources:\n      a: {type: kafka}\n      a: {type: kafka}\n",
        "", 5);
    fails("\"\xff\": x\n", "not a text in UTF-8", 0);
    fails("a: \"\\q\"\n", "", 1);
}

static void a_file_of_zeros_is_no_text(void)
{
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func((GDestroyNotify)fault_free);
    g_assert_null(yaml_parse("zeros", "a: b\0c: d", 9, faults));
    g_assert_cmpuint(faults->len, ==, 1);
}

static void a_file_that_others_may_write_is_refused(void)
{
    struct config_result r = {.path = config_file(ONE)};
    static const mode_t modes[] = {0620, 0602, 0666};
    for (unsigned i = 0; i < G_N_ELEMENTS(modes); i++) {
        r.faults = g_ptr_array_new_with_free_func((GDestroyNotify)fault_free);
        g_assert_cmpint(g_chmod(r.path, modes[i]), ==, 0);
        g_assert_null(config_load(r.path, NULL, r.faults));
        ASSERT_CONTAINS(config_fault(&r, 0)->message, "chmod go-w");
        g_ptr_array_unref(r.faults);
    }
    r.faults = g_ptr_array_new_with_free_func((GDestroyNotify)fault_free);
    g_chmod(r.path, 0644); /* read by others is fine: no secret stands in it */
    r.config = config_load(r.path, NULL, r.faults);
    g_assert_nonnull(r.config);
    config_result_clear(&r);
}

static void what_cannot_be_read_is_told(void)
{
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func((GDestroyNotify)fault_free);
    g_assert_null(config_load("/nonexistent/weir.yaml", NULL, faults));
    g_assert_null(config_load("/", NULL, faults));
    g_assert_null(config_load("/dev/null", NULL, faults));
    g_assert_cmpuint(faults->len, ==, 3);
    ASSERT_CONTAINS(((struct fault *)faults->pdata[0])->message, "No such file");
    ASSERT_CONTAINS(((struct fault *)faults->pdata[1])->message, "no regular file");
    g_autofree char *large = g_strnfill(YAML_BYTES_MAX + 1, '#');
    struct config_result r = config_read(large, NULL);
    ASSERT_CONTAINS(config_fault(&r, 0)->message, "larger than 1 MiB");
    config_result_clear(&r);
}

static void a_long_or_hostile_line_is_not_printed(void)
{
    g_autofree char *filler = g_strnfill(300, 'x');
    g_autofree char *text = g_strconcat("bad: ", filler, "\n", ONE, NULL);
    struct config_result r = config_read(text, NULL);
    g_autofree char *all = config_faults(&r);
    g_assert_cmpuint(strlen(all), <, 300);
    config_result_clear(&r);
    r = config_read("\"k\\e[31m\": \"\xc2\x9b\"\n" ONE, NULL);
    g_autofree char *hostile = config_faults(&r);
    g_assert_null(strchr(hostile, '\033'));
    g_assert_null(strstr(hostile, "\xc2\x9b"));
    config_result_clear(&r);
}

/* -- aliases -------------------------------------------------------------------------------------- */

static void parts_may_be_shared(void)
{
    struct config_result r = config_read("environment: b\n"
                                         "environments:\n"
                                         "  a: &a\n"
                                         "    class: dev\n"
                                         "    read_only: true\n"
                                         "    sources: &s\n"
                                         "      one: {type: kafka}\n"
                                         "  b:\n"
                                         "    <<: *a\n"
                                         "    class: stage\n"
                                         "    sources:\n"
                                         "      <<: *s\n"
                                         "      two: {type: trino}\n"
                                         "  c: *a\n"
                                         "  d:\n"
                                         "    <<: [*a, {read_only: false}]\n",
        NULL);
    g_autofree char *all = config_faults(&r);
    g_assert_cmpstr(all, ==, "");
    const struct environment *b = config_environment(r.config);
    g_assert_cmpint(environment_class(b), ==, CLASS_STAGE);
    g_assert_true(environment_read_only(b));
    g_assert_cmpuint(environment_source_count(b), ==, 2);
    g_assert_cmpstr(source_type(environment_source(b, "one")), ==, "kafka");
    const struct environment *c = config_environment_at(r.config, 2);
    g_assert_cmpint(environment_class(c), ==, CLASS_DEV);
    g_assert_nonnull(environment_source(c, "one"));
    g_assert_true(environment_read_only(config_environment_at(r.config, 3)));
    config_result_clear(&r);
}

static void the_own_key_wins_over_a_merged_one(void)
{
    struct config_result r = config_read("environments:\n"
                                         "  a:\n"
                                         "    class: stage\n"
                                         "    <<: {class: dev, read_only: true}\n",
        NULL);
    g_assert_cmpint(environment_class(config_environment(r.config)), ==, CLASS_STAGE);
    g_assert_true(environment_read_only(config_environment(r.config)));
    config_result_clear(&r);
}

/* Of this process: what others do on the machine does not count. */
static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Ten levels of maps that each merge the one below many times: ten to the twelfth if copied. */
static void nested_merges_cannot_explode(void)
{
    g_autoptr(GString) text = g_string_new("x0: &x0 {class: dev}\n");
    for (int level = 1; level <= 12; level++) {
        g_string_append_printf(text, "x%d: &x%d\n  <<: [", level, level);
        for (int i = 0; i < 10; i++)
            g_string_append_printf(text, "%s*x%d", i ? ", " : "", level - 1);
        g_string_append(text, "]\n");
    }
    g_string_append(text, "environments:\n  a:\n    <<: *x12\n");
    double start = cpu_seconds();
    struct config_result r = config_read(text->str, NULL);
    g_assert_cmpfloat(cpu_seconds() - start, <, 2);
    config_result_clear(&r);
}

static void nested_aliases_cannot_explode(void)
{
    g_autoptr(GString) text = g_string_new("x0: &x0 [lol]\n");
    for (int level = 1; level <= 12; level++) {
        g_string_append_printf(text, "x%d: &x%d [", level, level);
        for (int i = 0; i < 10; i++)
            g_string_append_printf(text, "%s*x%d", i ? ", " : "", level - 1);
        g_string_append(text, "]\n");
    }
    g_string_append(text, "environments:\n  a: {checks: *x12}\n");
    double start = cpu_seconds();
    struct config_result r = config_read(text->str, NULL);
    g_assert_cmpfloat(cpu_seconds() - start, <, 2);
    config_result_clear(&r);
}

static void a_map_that_merges_itself_ends(void)
{
    fails("environments:\n  a: &a\n    <<: *a\n    clas: dev\n", "did you mean \"class\"", 0);
    fails("environments: &e\n  a: *e\n", "", 0);
    fails("x: *nowhere\n" ONE, "", 0);
}

/* -- which file ----------------------------------------------------------------------------------- */

/* GLib keeps the folders of the first call: each order is looked at by a process of its own. */
static void search_order_child(void)
{
    const char *wanted = g_getenv("WANTED");
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func((GDestroyNotify)fault_free);
    struct config *c = config_load(g_getenv("GIVEN"), NULL, faults);
    g_assert_cmpuint(faults->len, ==, 0);
    g_assert_cmpstr(environment_name(config_environment(c)), ==, wanted);
    g_assert_cmpint(config_is_builtin(c), ==, strcmp(wanted, "local") == 0);
    config_free(c);
}

static void opens(const char *wanted, const char *given, const char *variable)
{
    g_setenv("WANTED", wanted, TRUE);
    g_unsetenv("GIVEN");
    g_unsetenv("WEIR_CONFIG");
    if (given)
        g_setenv("GIVEN", given, TRUE);
    if (variable)
        g_setenv("WEIR_CONFIG", variable, TRUE);
    g_test_trap_subprocess("/config/search-order/subprocess", 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
    g_test_trap_assert_passed();
}

static void the_nearest_configuration_is_taken(void)
{
    g_autofree char *home = g_dir_make_tmp("weir-unit-XXXXXX", NULL);
    g_autofree char *folder = g_build_filename(home, "weir", NULL);
    g_autofree char *own = g_build_filename(folder, "weir.yaml", NULL);
    g_autofree char *given = config_file("environments: {given: {}}\n");
    g_autofree char *variable = config_file("environments: {variable: {}}\n");
    g_setenv("XDG_CONFIG_HOME", home, TRUE);
    if (!g_file_test("/etc/weir/weir.yaml", G_FILE_TEST_EXISTS))
        opens("local", NULL, NULL);
    g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents_full(
        own, "environments: {own: {}}\n", -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    opens("own", NULL, NULL);
    opens("own", NULL, "");
    opens("variable", NULL, variable);
    opens("given", given, variable);
    g_unlink(own);
    g_rmdir(folder);
    g_rmdir(home);
    g_unlink(given);
    g_unlink(variable);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/config/a-file-is-read-whole", a_file_is_read_whole);
    g_test_add_func("/config/an-unnamed-place-is-treated-as-the-dangerous-one",
        an_unnamed_place_is_treated_as_the_dangerous_one);
    g_test_add_func(
        "/config/the-environment-is-the-one-asked-for", the_environment_is_the_one_asked_for);
    g_test_add_func("/config/a-wrong-key-names-the-nearest-and-its-place",
        a_wrong_key_names_the_nearest_and_its_place);
    g_test_add_func("/config/all-faults-are-told-at-once", all_faults_are_told_at_once);
    g_test_add_func("/config/values-of-the-wrong-type-are-told", values_of_the_wrong_type_are_told);
    g_test_add_func("/config/an-empty-key-changes-nothing", an_empty_key_changes_nothing);
    g_test_add_func("/config/what-is-not-there-yet-is-said", what_is_not_there_yet_is_said);
    g_test_add_func("/config/broken-yaml-names-its-place", broken_yaml_names_its_place);
    g_test_add_func("/config/a-file-of-zeros-is-no-text", a_file_of_zeros_is_no_text);
    g_test_add_func(
        "/config/a-file-that-others-may-write-is-refused", a_file_that_others_may_write_is_refused);
    g_test_add_func("/config/what-cannot-be-read-is-told", what_cannot_be_read_is_told);
    g_test_add_func(
        "/config/a-long-or-hostile-line-is-not-printed", a_long_or_hostile_line_is_not_printed);
    g_test_add_func("/config/parts-may-be-shared", parts_may_be_shared);
    g_test_add_func(
        "/config/the-own-key-wins-over-a-merged-one", the_own_key_wins_over_a_merged_one);
    g_test_add_func("/config/nested-merges-cannot-explode", nested_merges_cannot_explode);
    g_test_add_func("/config/nested-aliases-cannot-explode", nested_aliases_cannot_explode);
    g_test_add_func("/config/a-map-that-merges-itself-ends", a_map_that_merges_itself_ends);
    g_test_add_func(
        "/config/the-nearest-configuration-is-taken", the_nearest_configuration_is_taken);
    g_test_add_func("/config/search-order/subprocess", search_order_child);
    return g_test_run();
}
