#include "json.h"

#include <locale.h>
#include <string.h>

#include "error.h"
#include "kind.h"
#include "rid.h"

static void fails(const char *text, enum weir_error code, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(json_parse(text, strlen(text), &error));
    g_assert_error(error, WEIR_ERROR, (int)code);
    g_assert_nonnull(strstr(error->message, words));
}

static cJSON *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    cJSON *json = json_parse(text, strlen(text), &error);
    g_assert_no_error(error);
    return json;
}

static void test_broken(void)
{
    fails("", WEIR_ERROR_PROTOCOL, "breaks off at byte 0");
    fails("   ", WEIR_ERROR_PROTOCOL, "no valid JSON");
    fails("{\"a\": 1", WEIR_ERROR_PROTOCOL, "breaks off at byte 7");
    fails("{\"a\": \"x", WEIR_ERROR_PROTOCOL, "byte");
    fails("\"\\", WEIR_ERROR_PROTOCOL, "byte");
    fails("[1] x", WEIR_ERROR_PROTOCOL, "no valid JSON at byte 4");
    fails("[1]]", WEIR_ERROR_PROTOCOL, "no valid JSON at byte 3");
    fails("{a: 1}", WEIR_ERROR_PROTOCOL, "byte");
    fails("<html>", WEIR_ERROR_PROTOCOL, "byte 0");
    fails("[\"\xff\"]", WEIR_ERROR_PROTOCOL, "not UTF-8 at byte 2");
    fails("NaN", WEIR_ERROR_PROTOCOL, "byte");
    g_autoptr(GError) error = NULL;
    g_assert_null(json_parse("[1, 2]", 4, &error)); /* what follows is not ours */
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_PROTOCOL);
}

static char *nested(unsigned depth)
{
    GString *s = g_string_new(NULL);
    for (unsigned i = 0; i < depth; i++)
        g_string_append_c(s, '[');
    for (unsigned i = 0; i < depth; i++)
        g_string_append_c(s, ']');
    return g_string_free(s, FALSE);
}

static void test_depth(void)
{
    g_autofree char *most = nested(JSON_DEPTH_MAX);
    AUTO(cJSON) json = parse(most);
    g_assert_nonnull(json);
    g_autofree char *more = nested(JSON_DEPTH_MAX + 1);
    fails(more, WEIR_ERROR_TOO_LARGE, "nested deeper than 256 levels at byte 257");
    g_autofree char *deep = nested(100000);
    fails(deep, WEIR_ERROR_TOO_LARGE, "nested deeper");
    AUTO(cJSON) brackets = parse("{\"text\": \"[[[[[[[[ \\\" [[[[ \\\\\"}");
    g_assert_cmpstr(json_text(brackets, "text"), ==, "[[[[[[[[ \" [[[[ \\");
}

static void test_values(void)
{
    g_autoptr(GString) many = g_string_new("[0");
    for (unsigned i = 0; i <= JSON_VALUES_MAX; i++)
        g_string_append(many, ",0");
    fails(many->str, WEIR_ERROR_TOO_LARGE, "more than 4000000 values");
}

static int64_t int_of(const char *number)
{
    g_autofree char *text = g_strdup_printf("{\"n\": %s, \"after\": [%s]}", number, number);
    AUTO(cJSON) json = parse(text);
    int64_t n;
    g_assert_true(json_int(json, "n", &n));
    return n;
}

static void test_integers(void)
{
    g_assert_cmpint(int_of("0"), ==, 0);
    g_assert_cmpint(int_of("-17"), ==, -17);
    g_assert_cmpint(int_of("9007199254740992"), ==, 9007199254740992);
    g_assert_cmpint(int_of("9007199254740993"), ==, 9007199254740993);
    g_assert_cmpint(int_of("-9007199254740993"), ==, -9007199254740993);
    g_assert_cmpint(int_of("9223372036854775807"), ==, G_MAXINT64);
    g_assert_cmpint(int_of("\"42\""), ==, 42);
    AUTO(cJSON)
    json = parse("{\"big\": 18446744073709551616, \"half\": 1.5, \"text\": \"x\", \"e\": 1e3,"
                 " \"f\": 12345678901234567.5, \"empty\": \"\"}");
    int64_t n = 7;
    double r;
    g_assert_false(json_int(json, "big", &n));
    g_assert_false(json_int(json, "half", &n));
    g_assert_false(json_int(json, "text", &n));
    g_assert_false(json_int(json, "empty", &n));
    g_assert_false(json_int(json, "nothing", &n));
    g_assert_cmpint(n, ==, 7);
    g_assert_true(json_int(json, "e", &n));
    g_assert_cmpint(n, ==, 1000);
    g_assert_true(json_real(json, "big", &r));
    g_assert_cmpfloat(r, ==, 18446744073709551616.0);
    g_assert_true(json_real(json, "f", &r));
}

static void test_getters(void)
{
    AUTO(cJSON)
    json = parse(
        "{\"a\": {\"b\": {\"c\": \"deep\"}}, \"t\": \"2026-06-12T11:00:00.250Z\", \"yes\": true,"
        " \"nan\": \"NaN\", \"Name\": 1, \"null\": null, \"list\": [1, 2], \"z\": \"a\\u0000b\"}");
    g_assert_cmpstr(json_text(json, "a.b.c"), ==, "deep");
    g_assert_null(json_text(json, "a.b"));
    g_assert_null(json_text(json, "a.x.c"));
    g_assert_null(json_get(json, "name"));
    g_assert_null(json_text(NULL, "a"));
    int64_t at;
    g_assert_true(json_time(json, "t", &at));
    g_assert_cmpint(at % 60000, ==, 250);
    bool yes = false;
    double r = 5;
    g_assert_true(json_bool(json, "yes", &yes) && yes);
    g_assert_false(json_bool(json, "null", &yes));
    g_assert_false(json_real(json, "nan", &r));
    g_assert_cmpfloat(r, ==, 5);
    g_assert_cmpint(json_first(json_get(json, "list"))->next->valueint, ==, 2);
    g_assert_null(json_first(json_get(json, "a")));
    g_assert_cmpstr(json_text(json, "z"), ==,
        "a\xe2\x90\x80"
        "b");
}

static void test_cells(void)
{
    static const struct column columns[] = {
        {"text", "T", CELL_TEXT, .help = "x"},
        {"took_ms", "T", CELL_SPAN_MS, .help = "x"},
        {"at_time", "T", CELL_TIME_MS, .help = "x"},
        {"n", "T", CELL_INT, .help = "x"},
        {"share", "T", CELL_PERCENT, .help = "x"},
        {"on", "T", CELL_BOOL, .help = "x"},
        {0},
    };
    static const struct kind kind = {.name = "test.rows", .title = "ROW", .columns = columns};
    AUTO(rid) scope = rid_source("test");
    AUTO(snapshot) s = snapshot_new(&kind, scope, 0);
    AUTO(cJSON)
    json = parse(
        "{\"a\": \"x\\u001b[31m\", \"d\": 12.3456, \"t\": \"2026-06-12T11:00:00Z\", \"n\": null,"
        " \"p\": 12.5, \"b\": false}");
    size_t row = snapshot_add(s, "r");
    const char *const paths[] = {"a", "d", "t", "n", "p", "b"};
    for (int i = 0; i < 6; i++)
        json_cell(s, row, i, json, paths[i]);
    g_assert_cmpstr(snapshot_cell(s, row, 0).text, ==, "x␛[31m");
    g_assert_cmpint(snapshot_cell(s, row, 1).i, ==, 12346);
    g_assert_cmpint(snapshot_cell(s, row, 2).type, ==, CELL_TIME_MS);
    g_assert_cmpint(snapshot_cell(s, row, 3).type, ==, CELL_NONE);
    g_assert_cmpint(snapshot_cell(s, row, 3).absent, ==, ABSENT_NO_VALUE);
    g_assert_cmpfloat(snapshot_cell(s, row, 4).r, ==, 12.5);
    g_assert_cmpint(snapshot_cell(s, row, 5).type, ==, CELL_BOOL);
}

static void append_detail(GString *out, const struct snapshot *s)
{
    for (size_t row = 0; row < snapshot_count(s); row++) {
        struct cell cell = snapshot_cell(s, row, DETAIL_VALUE);
        g_string_append_printf(
            out, "%s|%s|", snapshot_cell(s, row, DETAIL_GROUP).text, snapshot_row(s, row)->name);
        if (cell.type == CELL_TEXT)
            g_string_append(out, cell.text);
        else if (cell.type == CELL_INT || cell.type == CELL_TIME_MS)
            g_string_append_printf(out, "%" G_GINT64_FORMAT, cell.i);
        g_string_append_c(out, '\n');
    }
}

static void test_detail(void)
{
    AUTO(rid) scope = rid_source("test");
    AUTO(snapshot) s = snapshot_new(&kind_detail, scope, 0);
    AUTO(cJSON)
    json = parse(
        "{\"pool\": {\"name\": \"p\", \"free\": {\"now\": 1}}, \"id\": \"x\", \"n\": 12,"
        " \"versions\": [{\"v\": 1}, {\"v\": 2, \"tags\": [\"a\", 3]}], \"owners\": [\"a\", \"b\"],"
        " \"at\": \"1970-01-01T00:00:01Z\", \"none\": null, \"conf\": {},"
        " \"trace\": \"one\\ntwo\\n\"}");
    json_detail(s, json);
    g_autoptr(GString) text = g_string_new(NULL);
    append_detail(text, s);
    g_assert_cmpstr(text->str, ==,
        "|id|x\n|n|12\n|owners|a, b\n|at|1000\n|none|\n|conf|\n|trace|one\n|trace:2|two\n"
        "pool|name|p\npool|free.now|1\n"
        "versions|versions[0].v|1\nversions|versions[1].v|2\nversions|versions[1].tags|a, 3\n");
}

static void test_detail_cap(void)
{
    g_autoptr(GString) text = g_string_new("{\"a\": [{}");
    for (unsigned i = 0; i < 3 * JSON_DETAIL_ROWS_MAX; i++)
        g_string_append(text, ",{\"b\": 1}");
    g_string_append(text, "]}");
    AUTO(cJSON) json = parse(text->str);
    AUTO(rid) scope = rid_source("test");
    AUTO(snapshot) s = snapshot_new(&kind_detail, scope, 0);
    json_detail(s, json);
    g_assert_cmpuint(snapshot_count(s), ==, JSON_DETAIL_ROWS_MAX);
    g_assert_nonnull(snapshot_incomplete(s));
}

static GPtrArray *elements(const char *text, GError **error)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
    const char *at = text;
    const char *element;
    gsize n;
    while (json_next_element(&at, text + strlen(text), &element, &n, error))
        g_ptr_array_add(all, g_strndup(element, n));
    return all;
}

static void test_elements(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) none = elements(" [ ]", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(none->len, ==, 0);
    g_autoptr(GPtrArray) all =
        elements("[{\"a\":\"]}\\\"\"} , [1,[2]],\n\"x,y\", 12,null]", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(all->len, ==, 5);
    g_assert_cmpstr(all->pdata[0], ==, "{\"a\":\"]}\\\"\"}");
    g_assert_cmpstr(all->pdata[1], ==, "[1,[2]]");
    g_assert_cmpstr(all->pdata[2], ==, "\"x,y\"");
    static const char *const broken[] = {
        "", "{}", "<html>", "[{\"a\":1}", "[{\"a\":\"", "[1,", "[,"};
    for (gsize i = 0; i < G_N_ELEMENTS(broken); i++) {
        g_autoptr(GError) failed = NULL;
        g_autoptr(GPtrArray) some = elements(broken[i], &failed);
        g_assert_nonnull(some);
        g_assert_error(failed, WEIR_ERROR, WEIR_ERROR_PROTOCOL);
    }
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json/broken-json-names-the-byte", test_broken);
    g_test_add_func("/json/deep-json-is-refused-before-it-is-parsed", test_depth);
    g_test_add_func("/json/a-small-text-cannot-fill-the-memory", test_values);
    g_test_add_func("/json/no-digit-of-a-long-integer-is-lost", test_integers);
    g_test_add_func("/json/what-is-not-there-is-absent", test_getters);
    g_test_add_func("/json/cells-take-the-type-of-their-column", test_cells);
    g_test_add_func("/json/an-object-is-shown-whole-and-in-groups", test_detail);
    g_test_add_func("/json/an-endless-object-is-cut-and-says-so", test_detail_cap);
    g_test_add_func("/json/a-long-list-is-taken-apart-and-a-broken-one-says-so", test_elements);
    return g_test_run();
}
