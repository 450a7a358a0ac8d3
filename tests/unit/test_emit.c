#include "emit.h"

#include <cjson/cJSON.h>

#include "text.h"
#include "unit/rows.h"

#define NOW ROWS_NOW_MS

static const char *const whole[] = {NULL};

/* Everything a cell can be, in two rows of which the second knows nothing. */
static const struct snapshot *sample(void)
{
    struct snapshot *s = rows_new("events");
    size_t row = rows_add(s, "=1+2", "Stable", 9007199254740993);
    snapshot_set_real(s, row, R_RATE, 0.1);
    snapshot_set_int(s, row, R_SEEN, NOW - 65000);
    snapshot_set_int(s, row, R_WAIT, -1500);
    snapshot_set_int(s, row, R_SIZE, G_MAXINT64);
    snapshot_set_real(s, row, R_SHARE, 97.5);
    snapshot_set_bool(s, row, R_ON, true);
    snapshot_set_text(s, row, R_NOTE, "say \"hi\", a|b\\c\n\033 größe");
    snapshot_set_text(s, row, R_LINK, "events/rows/x");
    const struct state_mark marks[] = {
        {"success", HEALTH_OK, NOW - 5000, 4000}, {"running", HEALTH_OK, NOW, -1}};
    snapshot_set_states(s, row, R_STRIP, marks, 2);
    snapshot_set_quality(s, row, R_WAIT, BOUND);
    snapshot_set_health(s, row, HEALTH_WARN, "late");
    row = snapshot_add(s, "unknown");
    snapshot_set_absent(s, row, R_LAG, ABSENT_DENIED);
    snapshot_set_absent(s, row, R_RATE, ABSENT_FAILED);
    snapshot_set_absent(s, row, R_SEEN, ABSENT_NO_VALUE);
    snapshot_set_at(s, row, NOW - 1000);
    return snapshot_seal(s);
}

static char *emit(enum emit_format format, const struct snapshot *s, const struct emit *more)
{
    struct emit e = more ? *more : (struct emit){0};
    e.format = format;
    e.kind = &rows_kind;
    e.columns = rows_columns;
    e.now_ms = NOW;
    e.limit = e.limit ? e.limit : SIZE_MAX;
    e.incomplete = e.incomplete ? e.incomplete : whole;
    AUTO(arrange) a = arrange_new();
    arrange_set_input(a, &s, 1);
    arrange_finish(a, NOW);
    GString *out = g_string_new(NULL);
    emit_rows(out, &e, a);
    return g_string_free(out, FALSE);
}

static void formats_are_known_by_name(void)
{
    enum emit_format format;
    for (unsigned i = 0; emit_format_names[i]; i++) {
        g_assert_true(emit_format_parse(emit_format_names[i], &format));
        g_assert_cmpint(format, ==, i);
    }
    g_assert_cmpstr(emit_format_names[EMIT_MD], ==, "md");
    format = EMIT_CSV;
    g_assert_false(emit_format_parse("yaml", &format));
    g_assert_false(emit_format_parse("", &format));
    g_assert_cmpint(format, ==, EMIT_CSV);
}

/* -- json ----------------------------------------------------------------------------------------- */

static cJSON *parse(const char *text)
{
    cJSON *json = cJSON_ParseWithOpts(text, NULL, true);
    if (!json)
        g_test_message("%s", text);
    g_assert_nonnull(json);
    return json;
}

static const cJSON *get(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!item)
        g_test_message("there is no %s", name);
    g_assert_nonnull(item);
    return item;
}

static void text_is(const cJSON *object, const char *name, const char *wanted)
{
    g_assert_cmpstr(cJSON_GetStringValue(get(object, name)), ==, wanted);
}

/* A name that stands twice means two things to two readers. */
static void names_are_unique(const cJSON *object)
{
    for (const cJSON *a = object->child; a; a = a->next) {
        for (const cJSON *b = a->next; b; b = b->next)
            if (a->string)
                g_assert_cmpstr(a->string, !=, b->string);
        names_are_unique(a);
    }
}

static void json_holds_typed_values(void)
{
    const struct snapshot *s = sample();
    g_autofree char *text = emit(EMIT_JSON, s, NULL);
    cJSON *json = parse(text);
    names_are_unique(json);
    text_is(json, "kind", "test.rows");
    text_is(json, "at", "2026-06-12T12:04:31.120Z");
    g_assert_true(cJSON_IsTrue(get(json, "complete")));
    const cJSON *rows = get(json, "rows");
    g_assert_cmpint(cJSON_GetArraySize(rows), ==, 2);
    const cJSON *row = cJSON_GetArrayItem(rows, 0);
    text_is(row, "source", "events");
    text_is(row, "name", "=1+2");
    text_is(row, "address", "events/rows/=1+2");
    text_is(row, "at", "2026-06-12T12:04:31.120Z");
    text_is(row, "health", "warn");
    text_is(row, "phase", "done");
    text_is(row, "why", "late");
    text_is(row, "state", "Stable");
    text_is(row, "seen", "2026-06-12T12:03:26.120Z");
    text_is(row, "note", "say \"hi\", a|b\\c␊␛ größe");
    text_is(row, "about", "events/rows/x");
    g_assert_cmpfloat(get(row, "rate")->valuedouble, ==, 0.1);
    g_assert_cmpfloat(get(row, "wait_ms")->valuedouble, ==, -1500);
    g_assert_cmpfloat(get(row, "share")->valuedouble, ==, 97.5);
    g_assert_true(cJSON_IsTrue(get(row, "on")));
    text_is(get(row, "quality"), "wait_ms", "bound");
    const cJSON *strip = get(row, "strip");
    text_is(cJSON_GetArrayItem(strip, 0), "state", "success");
    g_assert_cmpfloat(get(cJSON_GetArrayItem(strip, 0), "ms")->valuedouble, ==, 4000);
    g_assert_true(cJSON_IsNull(get(cJSON_GetArrayItem(strip, 1), "ms")));
    g_assert_null(cJSON_GetObjectItem(row, "absent"));
    cJSON_Delete(json);
    snapshot_unref(s);
}

static void large_integers_keep_every_digit(void)
{
    const struct snapshot *s = sample();
    static const enum emit_format formats[] = {EMIT_JSON, EMIT_NDJSON};
    for (unsigned i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autofree char *text = emit(formats[i], s, NULL);
        ASSERT_CONTAINS(text, "\"lag\":9007199254740993,");
        ASSERT_CONTAINS(text, "\"size\":9223372036854775807,");
        ASSERT_CONTAINS(text, "\"rate\":0.1,");
    }
    g_autofree char *csv = emit(EMIT_CSV, s, NULL);
    ASSERT_CONTAINS(csv, ",9007199254740993,0.1,");
    snapshot_unref(s);
}

static void an_absent_value_is_null_with_its_reason(void)
{
    const struct snapshot *s = sample();
    g_autofree char *text = emit(EMIT_JSON, s, NULL);
    cJSON *json = parse(text);
    const cJSON *row = cJSON_GetArrayItem(get(json, "rows"), 1);
    const cJSON *absent = get(row, "absent");
    for (int c = 0; rows_columns[c].name; c++)
        g_assert_true(cJSON_IsNull(get(row, rows_columns[c].name)));
    text_is(absent, "lag", "denied");
    text_is(absent, "rate", "failed");
    text_is(absent, "seen", "no_value");
    text_is(absent, "state", "not_asked");
    g_assert_cmpint(cJSON_GetArraySize(absent), ==, R_STRIP + 1);
    text_is(row, "at", "2026-06-12T12:04:30.120Z");
    g_assert_true(cJSON_IsNull(get(row, "why")));
    cJSON_Delete(json);
    snapshot_unref(s);
}

static void a_time_beyond_all_calendars_is_null(void)
{
    struct snapshot *b = rows_new("events");
    snapshot_set_int(b, rows_add(b, "x", "y", 1), R_SEEN, G_MAXINT64);
    const struct snapshot *s = snapshot_seal(b);
    g_autofree char *text = emit(EMIT_JSON, s, NULL);
    cJSON *json = parse(text);
    g_assert_true(cJSON_IsNull(get(cJSON_GetArrayItem(get(json, "rows"), 0), "seen")));
    cJSON_Delete(json);
    snapshot_unref(s);
}

static void what_is_not_whole_says_so(void)
{
    const struct snapshot *s = sample();
    const struct emit_source sources[] = {
        {"events", "failing", 0, "no answer from \"b1\""}, {"other", "ok", NOW, NULL}};
    static const char *const reasons[] = {"no history", "cut by --limit", NULL};
    const struct emit more = {
        .sources = sources, .source_count = 2, .incomplete = reasons, .limit = 1};
    g_autofree char *text = emit(EMIT_JSON, s, &more);
    cJSON *json = parse(text);
    names_are_unique(json);
    g_assert_true(cJSON_IsFalse(get(json, "complete")));
    g_assert_cmpint(cJSON_GetArraySize(get(json, "incomplete")), ==, 2);
    g_assert_cmpint(cJSON_GetArraySize(get(json, "rows")), ==, 1);
    const cJSON *first = cJSON_GetArrayItem(get(json, "sources"), 0);
    text_is(first, "source", "events");
    text_is(first, "state", "failing");
    text_is(first, "error", "no answer from \"b1\"");
    g_assert_true(cJSON_IsNull(get(first, "at")));
    const cJSON *second = cJSON_GetArrayItem(get(json, "sources"), 1);
    text_is(second, "at", "2026-06-12T12:04:31.120Z");
    g_assert_true(cJSON_IsNull(get(second, "error")));
    cJSON_Delete(json);
    snapshot_unref(s);
}

static void no_rows_are_an_empty_list(void)
{
    const struct snapshot *s = snapshot_seal(rows_new("events"));
    g_autofree char *text = emit(EMIT_JSON, s, NULL);
    cJSON *json = parse(text);
    g_assert_cmpint(cJSON_GetArraySize(get(json, "rows")), ==, 0);
    cJSON_Delete(json);
    g_autofree char *lines = emit(EMIT_NDJSON, s, NULL);
    g_assert_cmpstr(lines, ==, "");
    g_autofree char *table = emit(EMIT_TABLE, s, NULL);
    g_assert_cmpint(table[strlen(table) - 1], ==, '\n');
    g_assert_true(strchr(table, '\n') == table + strlen(table) - 1);
    snapshot_unref(s);
}

static void ndjson_is_a_row_a_line(void)
{
    const struct snapshot *s = sample();
    g_autofree char *text = emit(EMIT_NDJSON, s, NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 3);
    g_assert_cmpstr(lines[2], ==, "");
    for (int i = 0; i < 2; i++) {
        cJSON *json = parse(lines[i]);
        names_are_unique(json);
        text_is(json, "source", "events");
        cJSON_Delete(json);
    }
    g_autoptr(GString) one = g_string_new(NULL);
    const struct emit e = {.format = EMIT_NDJSON, .kind = &rows_kind, .columns = rows_columns};
    emit_row_json(one, &e, s, 1);
    g_assert_cmpstr(one->str, ==, lines[1]);
    snapshot_unref(s);
}

static void a_row_that_could_not_be_read_says_why(void)
{
    struct snapshot *b = rows_new("events");
    snapshot_set_error(b, rows_add(b, "x", "y", 1), "not for you");
    const struct snapshot *s = snapshot_seal(b);
    g_autofree char *text = emit(EMIT_NDJSON, s, NULL);
    cJSON *json = parse(text);
    text_is(json, "read_error", "not for you");
    cJSON_Delete(json);
    snapshot_unref(s);
}

static void the_error_of_a_row_and_a_column_error_are_two_things(void)
{
    static const struct column columns[] = {{"error", "ERROR", CELL_TEXT, .help = "its own"}, {0}};
    static const struct kind k = {.name = "test.errors", .title = "X", .columns = columns};
    AUTO(rid) scope = rid_source("events");
    struct snapshot *b = snapshot_new(&k, scope, NOW);
    size_t row = snapshot_add(b, "x");
    snapshot_set_text(b, row, 0, "SYNTAX_ERROR");
    snapshot_set_error(b, row, "gone from the server's memory");
    const struct snapshot *s = snapshot_seal(b);
    const struct emit e = {.format = EMIT_NDJSON, .kind = &k, .columns = columns};
    g_autoptr(GString) text = g_string_new(NULL);
    emit_row_json(text, &e, s, 0);
    cJSON *json = parse(text->str);
    names_are_unique(json);
    text_is(json, "error", "SYNTAX_ERROR");
    text_is(json, "read_error", "gone from the server's memory");
    cJSON_Delete(json);
    snapshot_unref(s);
}

/* Random texts and numbers, read back by another parser. */
static void any_row_survives_json(void)
{
    for (int i = 0; i < 3000; i++) {
        struct snapshot *b = rows_new("events");
        char name[16] = "", note[16] = "";
        for (int j = 0; j < 15; j++) {
            name[j] = (char)g_test_rand_int_range(1, 256);
            note[j] = (char)g_test_rand_int_range(1, 256);
        }
        double rate = g_test_rand_double_range(-1e9, 1e9);
        size_t row = rows_add(b, name, "x", g_test_rand_int());
        snapshot_set_text(b, row, R_NOTE, note);
        snapshot_set_real(b, row, R_RATE, rate);
        const struct snapshot *s = snapshot_seal(b);
        g_autofree char *text = emit(EMIT_NDJSON, s, NULL);
        cJSON *json = parse(text);
        text_is(json, "name", snapshot_row(s, 0)->name);
        text_is(json, "note", snapshot_cell(s, 0, R_NOTE).text);
        double read = get(json, "rate")->valuedouble;
        g_assert_cmpfloat_with_epsilon(read, rate, 1e-5);
        cJSON_Delete(json);
        snapshot_unref(s);
    }
}

static void only_the_columns_asked_for_are_printed(void)
{
    const struct snapshot *s = sample();
    static const int chosen[] = {R_LAG, COLUMN_NAME, COLUMN_UNKNOWN};
    const struct emit more = {.chosen = chosen};
    g_autofree char *lines = emit(EMIT_NDJSON, s, &more);
    g_assert_cmpstr(lines, ==,
        "{\"lag\":9007199254740993,\"name\":\"=1+2\"}\n"
        "{\"lag\":null,\"name\":\"unknown\",\"absent\":{\"lag\":\"denied\"}}\n");
    g_autofree char *csv = emit(EMIT_CSV, s, &more);
    g_assert_cmpstr(csv, ==, "lag,name\n9007199254740993,\"'=1+2\"\n,unknown\n");
    g_autofree char *table = emit(EMIT_TABLE, s, &more);
    g_assert_cmpstr(table, ==, "   LAG  ROW\n 9.01P  =1+2\ndenied  unknown\n");
    snapshot_unref(s);
}

/* -- csv, md, table ------------------------------------------------------------------------------- */

static void csv_cells_are_quoted_and_harmless(void)
{
    static const int chosen[] = {COLUMN_NAME, R_NOTE, R_WAIT, COLUMN_UNKNOWN};
    static const char *const notes[] = {
        "plain", "a,b", "say \"hi\"", "=cmd()", "+1", "-1", "@x", "'x", " =x", "-", ""};
    static const char *const wanted[] = {"plain", "\"a,b\"", "\"say \"\"hi\"\"\"", "\"'=cmd()\"",
        "\"'+1\"", "\"'-1\"", "\"'@x\"", "'x", " =x", "\"'-\"", ""};
    struct snapshot *b = rows_new("events");
    g_autoptr(GString) text = g_string_new("name,note,wait_ms\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(notes); i++) {
        size_t row = rows_add(b, "n", NULL, 1);
        snapshot_set_text(b, row, R_NOTE, notes[i]);
        snapshot_set_int(b, row, R_WAIT, -5);
        g_string_append_printf(text, "n,%s,-5\n", wanted[i]);
    }
    const struct snapshot *s = snapshot_seal(b);
    const struct emit more = {.chosen = chosen};
    g_autofree char *csv = emit(EMIT_CSV, s, &more);
    g_assert_cmpstr(csv, ==, text->str);
    snapshot_unref(s);
}

static void csv_has_every_column(void)
{
    const struct snapshot *s = sample();
    g_autofree char *csv = emit(EMIT_CSV, s, NULL);
    g_assert_true(g_str_has_prefix(csv,
        "source,name,address,at,health,phase,why,state,lag,rate,seen,wait_ms,size,share,on,note,"
        "about,strip\n"));
    ASSERT_CONTAINS(csv, "events,unknown,events/rows/unknown,2026-06-12T12:04:30.120Z,ok,done,,,,");
    snapshot_unref(s);
}

static void md_cells_cannot_end_the_cell(void)
{
    static const int chosen[] = {COLUMN_NAME, R_LAG, R_NOTE, COLUMN_UNKNOWN};
    const struct snapshot *s = sample();
    const struct emit more = {.chosen = chosen};
    g_autofree char *md = emit(EMIT_MD, s, &more);
    g_assert_cmpstr(md, ==,
        "| ROW | LAG | NOTE |\n"
        "|---|--:|---|\n"
        "| =1+2 | 9.01P | say \"hi\", a\\|b\\\\c␊␛ größe |\n"
        "| unknown | denied | - |\n");
    snapshot_unref(s);
}

static void a_table_is_aligned_and_never_cut(void)
{
    struct snapshot *b = rows_new("events");
    g_autofree char *endless = g_strnfill(2000, 'n');
    snapshot_set_text(b, rows_add(b, "短い名前", "Stable", 5), R_NOTE, endless);
    rows_add(b, "b", "Dead", 1923344);
    const struct snapshot *s = snapshot_seal(b);
    g_autofree char *table = emit(EMIT_TABLE, s, NULL);
    g_autofree char *wanted = g_strdup_printf("ROW       HEALTH  STATE     LAG  SEEN  NOTE\n"
                                              "短い名前  ok      Stable      5     -  %s\n"
                                              "b         ok      Dead    1.92M     -  -\n",
        endless);
    g_assert_cmpstr(table, ==, wanted);
    const struct emit several = {.with_source = true};
    g_autofree char *with = emit(EMIT_TABLE, s, &several);
    g_assert_true(g_str_has_prefix(with, "SOURCE"));
    g_autofree char *wide = emit(EMIT_WIDE, s, NULL);
    ASSERT_CONTAINS(wide, "RATE");
    ASSERT_CONTAINS(wide, "WHY\n");
    snapshot_unref(s);
}

/* -- one object ----------------------------------------------------------------------------------- */

static void lines_of(const char *json, const char *wanted)
{
    g_autoptr(GString) out = g_string_new(NULL);
    emit_json_lines(out, json);
    g_assert_cmpstr(out->str, ==, wanted);
}

static void json_of_a_server_is_laid_out_and_not_changed(void)
{
    lines_of("{\"a\":12345678901234567890.10,\"b\":[1,{}],\"c\":[],\"d\":{\"e\":null}}",
        "{\n  \"a\": 12345678901234567890.10,\n  \"b\": [\n    1,\n    {}\n  ],\n  \"c\": [],\n"
        "  \"d\": {\n    \"e\": null\n  }\n}");
    lines_of("[\"a b, {x}: \\\" [\\\\\"]", "[\n  \"a b, {x}: \\\" [\\\\\"\n]");
    lines_of(" { \"a\" :\t1 ,\r\n \"b\" : true } ", "{\n  \"a\": 1,\n  \"b\": true\n}");
    lines_of("[]", "[]");
    lines_of("{ }", "{}");
    lines_of("[ [ ] ]", "[\n  []\n]");
}

static void text_that_is_no_json_stays(void)
{
    static const char *const texts[] = {"", "plain text", "  indented", "<html>", "12", "\"a\"",
        "[2026-06-12 12:00:00] INFO  started", "{broken", "[1, 2", "[1,,2]", "{} {}", "[\"open]",
        "{\"a\": \"\\", "]", NULL};
    for (const char *const *text = texts; *text; text++)
        lines_of(*text, *text);
}

static void deep_json_is_no_trouble(void)
{
    g_autoptr(GString) deep = g_string_new(NULL);
    for (int i = 0; i < 500; i++)
        g_string_append_c(deep, '[');
    for (int i = 0; i < 500; i++)
        g_string_append_c(deep, ']');
    g_autoptr(GString) out = g_string_new(NULL);
    emit_json_lines(out, deep->str);
    g_autoptr(GString) tokens = g_string_new(NULL);
    for (const char *p = out->str; *p; p++)
        if (!g_ascii_isspace(*p))
            g_string_append_c(tokens, *p);
    g_assert_cmpstr(tokens->str, ==, deep->str);
}

static const struct snapshot *detail(void)
{
    AUTO(rid) scope = rid_source("events");
    struct snapshot *s = snapshot_new(&kind_detail, scope, NOW);
    size_t row = snapshot_add(s, "id");
    snapshot_set_text(s, row, DETAIL_VALUE, "x-1");
    row = snapshot_add(s, "lag");
    snapshot_set_text(s, row, DETAIL_GROUP, "group");
    snapshot_set_cell(s, row, DETAIL_VALUE, (struct cell){.type = CELL_INT, .i = 9007199254740993});
    row = snapshot_add(s, "secret");
    snapshot_set_text(s, row, DETAIL_GROUP, "group");
    snapshot_set_absent(s, row, DETAIL_VALUE, ABSENT_DENIED);
    row = snapshot_add(s, "on");
    snapshot_set_cell(s, row, DETAIL_VALUE, (struct cell){.type = CELL_BOOL, .b = true});
    return snapshot_seal(s);
}

static void an_object_is_text_in_groups(void)
{
    const struct snapshot *s = detail();
    g_autoptr(GString) out = g_string_new(NULL);
    emit_detail(out, s, false, NOW);
    g_assert_cmpstr(out->str, ==, "id: x-1\ngroup:\n  lag: 9.01P\n  secret: denied\non: yes\n");
    snapshot_unref(s);
}

static void an_object_is_one_json_object(void)
{
    const struct snapshot *s = detail();
    g_autoptr(GString) out = g_string_new(NULL);
    emit_detail(out, s, true, NOW);
    cJSON *json = parse(out->str);
    names_are_unique(json);
    text_is(json, "id", "x-1");
    ASSERT_CONTAINS(out->str, "9007199254740993");
    g_assert_true(cJSON_IsNull(get(get(json, "group"), "secret")));
    g_assert_true(cJSON_IsTrue(get(json, "on")));
    cJSON_Delete(json);
    snapshot_unref(s);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/emit/formats-are-known-by-name", formats_are_known_by_name);
    g_test_add_func("/emit/json-holds-typed-values", json_holds_typed_values);
    g_test_add_func("/emit/large-integers-keep-every-digit", large_integers_keep_every_digit);
    g_test_add_func(
        "/emit/an-absent-value-is-null-with-its-reason", an_absent_value_is_null_with_its_reason);
    g_test_add_func(
        "/emit/a-time-beyond-all-calendars-is-null", a_time_beyond_all_calendars_is_null);
    g_test_add_func("/emit/what-is-not-whole-says-so", what_is_not_whole_says_so);
    g_test_add_func("/emit/no-rows-are-an-empty-list", no_rows_are_an_empty_list);
    g_test_add_func("/emit/ndjson-is-a-row-a-line", ndjson_is_a_row_a_line);
    g_test_add_func(
        "/emit/a-row-that-could-not-be-read-says-why", a_row_that_could_not_be_read_says_why);
    g_test_add_func("/emit/the-error-of-a-row-and-a-column-error-are-two-things",
        the_error_of_a_row_and_a_column_error_are_two_things);
    g_test_add_func("/emit/any-row-survives-json", any_row_survives_json);
    g_test_add_func(
        "/emit/only-the-columns-asked-for-are-printed", only_the_columns_asked_for_are_printed);
    g_test_add_func("/emit/csv-cells-are-quoted-and-harmless", csv_cells_are_quoted_and_harmless);
    g_test_add_func("/emit/csv-has-every-column", csv_has_every_column);
    g_test_add_func("/emit/md-cells-cannot-end-the-cell", md_cells_cannot_end_the_cell);
    g_test_add_func("/emit/a-table-is-aligned-and-never-cut", a_table_is_aligned_and_never_cut);
    g_test_add_func("/emit/json-of-a-server-is-laid-out-and-not-changed",
        json_of_a_server_is_laid_out_and_not_changed);
    g_test_add_func("/emit/text-that-is-no-json-stays", text_that_is_no_json_stays);
    g_test_add_func("/emit/deep-json-is-no-trouble", deep_json_is_no_trouble);
    g_test_add_func("/emit/an-object-is-text-in-groups", an_object_is_text_in_groups);
    g_test_add_func("/emit/an-object-is-one-json-object", an_object_is_one_json_object);
    return g_test_run();
}
