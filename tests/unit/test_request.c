/* The log of what was asked: what is kept, what is masked, and commands that repeat it. */
#include "request.h"

#include "unit/lanes.h"

#define CANARY "c4n4ry"

static struct request *made(const struct request_note *note)
{
    return request_new(note, "s", "rows", "s/rows/x");
}

static struct request_note get(const char *url)
{
    return (struct request_note){
        .method = "GET", .target = url, .status = "200", .took_ms = 7, .bytes_in = 42};
}

/* -- masking --------------------------------------------------------------------------------------- */

static void url_becomes(const char *url, const char *wanted)
{
    struct request_note note = get(url);
    struct request *r = made(&note);
    g_assert_cmpstr(r->target, ==, wanted);
    request_unref(r);
}

static void a_url_keeps_its_query_but_for_secrets(void)
{
    url_becomes("http://h/a?limit=1&order_by=-x", "http://h/a?limit=1&order_by=-x");
    url_becomes("http://h/a?token=" CANARY "&b=2", "http://h/a?token=***&b=2");
    url_becomes("http://h/a?b=2&Api_Key=" CANARY, "http://h/a?b=2&Api_Key=***");
    url_becomes("http://h/a?my.password=" CANARY "#x", "http://h/a?my.password=***#x");
    url_becomes("http://h/a?x-amz-signature=" CANARY ";b", "http://h/a?x-amz-signature=***;b");
    url_becomes("https://me:" CANARY "@h:1/a@b", "https://me:***@h:1/a@b");
    url_becomes("https://" CANARY "@h/", "https://***@h/");
    url_becomes("https://h/tokens/a=1", "https://h/tokens/a=1");
    url_becomes("https://h?token", "https://h?token");
}

static void body_becomes(const char *type, const char *body, const char *wanted)
{
    struct request_note note = get("http://h/");
    note.content_type = type;
    note.body = body;
    struct request *r = made(&note);
    g_assert_cmpstr(r->body, ==, wanted);
    request_unref(r);
}

static void a_body_keeps_its_text_but_for_secrets(void)
{
    static const char json[] = "application/json";
    body_becomes(json, "{\"a\":\"b\",\"c\":[1]}", "{\"a\":\"b\",\"c\":[1]}");
    body_becomes(
        json, "{\"password\" : \"" CANARY "\",\"a\":1}", "{\"password\" : \"***\",\"a\":1}");
    body_becomes(json, "{\"Token\":\"x\\\"" CANARY "\"}", "{\"Token\":\"***\"}");
    body_becomes(json, "{\"token\":17, \"b\":2}", "{\"token\":\"***\", \"b\":2}");
    body_becomes(json, "{\"secrets\":[\"" CANARY "\"]}", "{\"secrets\":\"***\"");
    body_becomes(json, "{\"secret\":{\"a\":\"" CANARY "\"}}", "{\"secret\":\"***\"");
    body_becomes(
        json, "{\"a\":\"the password\",\"b\":\"c\"}", "{\"a\":\"the password\",\"b\":\"c\"}");
    body_becomes(json, "{\"password\":\"" CANARY, "{\"password\":\"***\"");
    body_becomes(json, "{\"password\":", "{\"password\":\"***\"");
    body_becomes("application/x-www-form-urlencoded", "user=me&password=" CANARY "&b=1",
        "user=me&password=***&b=1");
    body_becomes("text/plain", "SELECT token FROM t WHERE password = 'x'",
        "SELECT token FROM t WHERE password = 'x'");
}

static void what_holds_a_secret_is_not_kept_at_all(void)
{
    struct request_note note = get("http://h/auth/token");
    note.method = "POST";
    note.body = "{\"odd\":\"" CANARY "\"}";
    note.secret = true;
    note.headers = "Accept: a\nAuthorization: Bearer " CANARY "\nX-Api-Key: " CANARY
                   "\nCookie: " CANARY "\nX-User: me\n";
    note.why = "no connection to the proxy http://me:" CANARY "@proxy:3128: refused";
    struct request *r = made(&note);
    g_assert_null(r->body);
    g_assert_cmpstr(
        r->headers, ==, "Accept: a\nAuthorization: ***\nX-Api-Key: ***\nCookie: ***\nX-User: me\n");
    g_assert_cmpstr(r->why, ==, "no connection to the proxy http://me:***@proxy:3128: refused");
    g_autofree char *curl = request_as_curl(r, NULL);
    g_assert_null(strstr(curl, CANARY));
    ASSERT_CONTAINS(curl, "--data-raw \"$BODY\"");
    ASSERT_CONTAINS(curl, "-H X-Api-Key\": $X_API_KEY\"");
    request_unref(r);
}

/* -- bounds ---------------------------------------------------------------------------------------- */

static void long_texts_are_cut_between_characters(void)
{
    g_autofree char *path = g_strnfill(REQUEST_TARGET_MAX, 'a');
    g_autofree char *url = g_strconcat("http://h/", path, NULL);
    struct request_note note = get(url);
    GString *body = g_string_new("x");
    while (body->len <= REQUEST_BODY_MAX)
        g_string_append(body, "\u20ac");
    note.body = body->str;
    struct request *r = made(&note);
    g_assert_cmpuint(strlen(r->target), ==, REQUEST_TARGET_MAX);
    g_assert_cmpuint(strlen(r->body), <=, REQUEST_BODY_MAX);
    g_assert_cmpuint(strlen(r->body), >, REQUEST_BODY_MAX - 3);
    g_assert_true(g_utf8_validate(r->body, -1, NULL));
    g_assert_true(r->cut_target && r->cut_body);
    g_assert_null(request_as_curl(r, NULL)); /* it would ask for another thing */
    request_unref(r);
    g_string_free(body, TRUE);
}

static void the_log_keeps_the_newest(void)
{
    static struct request_log log;
    for (guint i = 0; i < 3 * REQUESTS_MAX; i++) {
        g_autofree char *url = g_strdup_printf("http://h/%u", i);
        struct request_note note = get(url);
        request_log_add(&log, made(&note));
    }
    g_assert_cmpuint(log.count, ==, REQUESTS_MAX);
    g_assert_cmpstr(request_log_at(&log, 0)->target, ==, "http://h/1499");
    g_assert_cmpstr(request_log_at(&log, REQUESTS_MAX - 1)->target, ==, "http://h/1000");
    g_autofree char *body = g_strnfill(REQUEST_BODY_MAX, 'b');
    for (guint i = 0; i < REQUESTS_MAX; i++) {
        struct request_note note = get("http://h/large");
        note.body = body;
        request_log_add(&log, made(&note));
        gsize bytes = 0;
        for (guint j = 0; j < log.count; j++)
            bytes += request_log_at(&log, j)->size;
        g_assert_cmpuint(bytes, ==, log.bytes);
        g_assert_cmpuint(bytes, <=, REQUESTS_BYTES_MAX);
    }
    g_assert_cmpuint(log.count, >, REQUESTS_BYTES_MAX / (REQUEST_BODY_MAX + 1024));
    request_log_clear(&log);
    g_assert_cmpuint(log.bytes, ==, 0);
}

/* -- curl ------------------------------------------------------------------------------------------ */

static void curl_is(const struct request_note *note, const char *wanted)
{
    struct request *r = made(note);
    g_autofree char *curl = request_as_curl(r, NULL);
    g_assert_cmpstr(curl, ==, wanted);
    request_unref(r);
}

static void a_request_is_repeated_as_it_was_sent(void)
{
    struct request_note note = get("https://h:1/api/v2/dags?limit=1&x=[a]");
    curl_is(&note, "curl -g 'https://h:1/api/v2/dags?limit=1&x=[a]'");
    note.method = "HEAD";
    note.headers = "Accept: application/json\nX-Trino-User: o'hara\n";
    curl_is(&note, "curl -g -I -H 'Accept: application/json' -H 'X-Trino-User: o'\\''hara' "
                   "'https://h:1/api/v2/dags?limit=1&x=[a]'");
    note = get("http://h/list");
    note.method = "POST";
    note.body = "@{\"a\":1}";
    note.credential = REQUEST_BEARER;
    curl_is(
        &note, "curl -g -H \"Authorization: Bearer $TOKEN\" --data-raw '@{\"a\":1}' http://h/list");
    note.credential = REQUEST_BASIC;
    note.user = "me";
    note.body = NULL;
    curl_is(&note, "curl -g -X POST -u me:\"$PASSWORD\" http://h/list");
    note.target = "dp-w01: probe";
    curl_is(&note, NULL);
}

static const struct connector http_fake = {
    .name = "fake", .http = true, .kinds = fake_kinds, .feeds = fake_feeds};

static void its_source_says_whom_to_trust_and_the_proxy(void)
{
    struct box b;
    box_open(&b, &http_fake,
        ", ca_file: /ca x.pem, insecure: true, cert_file: /c, key_file: /k, "
        "proxy: \"http://me:" CANARY "@proxy:3128\"");
    struct request_note note = get("http://h/");
    struct request *r = made(&note);
    g_autofree char *curl = request_as_curl(r, b.source);
    g_assert_cmpstr(curl, ==,
        "curl -g -k --cacert '/ca x.pem' --cert /c --key /k "
        "-x http://me:\"$PROXY_PASSWORD\"@proxy:3128 http://h/");
    request_unref(r);
    box_close(&b);
}

/* Bytes that mean something to a shell, to curl or to a terminal, in any order. */
static char *hostile(GRand *rand, bool controls)
{
    static const char *const bits[] = {"'", "\"", "$(touch owned)", "`id`", "\\", ";", "&", "|",
        " ", "*", "~", "!", "#", "-", "--", "@", "%", "{a,b}", "[1-9]", "<", ">", "\u20ac", "x",
        "$HOME", "\n", "\t", "\033[201~", "\r", "\x7f", "\xff"};
    GString *out = g_string_new(NULL);
    unsigned count = G_N_ELEMENTS(bits) - (controls ? 0 : 6);
    for (int n = g_rand_int_range(rand, 0, 12); n > 0; n--)
        g_string_append(out, bits[g_rand_int_range(rand, 0, (gint)count)]);
    return g_string_free(out, FALSE);
}

/* What a URL with bytes that no URL has becomes. */
static char *expected_url(const char *url)
{
    GString *out = g_string_new(NULL);
    bool valid = g_utf8_validate(url, -1, NULL);
    for (; *url; url++)
        if (g_ascii_iscntrl(*url) || (!valid && (guchar)*url >= 0x80))
            g_string_append_printf(out, "%%%02X", (guchar)*url);
        else
            g_string_append_c(out, *url);
    return g_string_free(out, FALSE);
}

/* One command of the script, and the words that the program must get of it, each with a NUL. */
static void add_case(GRand *rand, GString *script, GString *wanted)
{
    g_autofree char *tail = hostile(rand, true);
    g_autofree char *url = g_strconcat("http://h/", tail, NULL);
    g_autofree char *user = hostile(rand, false);
    g_autofree char *body = hostile(rand, false);
    g_autofree char *value = hostile(rand, false);
    g_autofree char *headers = g_strconcat("X-Y: z", value, "\n", NULL);
    struct request_note note = get(url);
    note.method = "POST";
    note.body = body;
    note.content_type = "text/plain";
    note.headers = headers;
    note.credential = REQUEST_BASIC;
    note.user = user;
    struct request *r = made(&note);
    g_autofree char *curl = request_as_curl(r, NULL);
    g_autofree char *sent = expected_url(url);
    g_string_append_printf(script, "%s || exit 1\n", curl);
    const char *const words[] = {"-g", "-u", user, "-H", "X-Y: z", "--data-raw", body, sent};
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        g_string_append(wanted, words[i]);
        g_string_append(wanted, i == 2 ? ":pa ss" : i == 4 ? value : "");
        g_string_append_c(wanted, '\0');
    }
    request_unref(r);
}

static void whatever_stands_in_it_a_shell_passes_it_on(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(20261122);
    g_autofree char *folder = g_dir_make_tmp("weir-request-XXXXXX", NULL);
    g_autofree char *got = g_build_filename(folder, "got", NULL);
    g_autoptr(GString) script = g_string_new("PASSWORD='pa ss'\n"
                                             "curl() { printf '%s\\0' \"$@\" >>got; }\n");
    g_autoptr(GString) wanted = g_string_new(NULL);
    for (int i = 0; i < 500; i++)
        add_case(rand, script, wanted);
    const char *argv[] = {"sh", "-c", script->str, NULL};
    int status = -1;
    g_autofree char *errors = NULL;
    g_assert_true(g_spawn_sync(folder, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
        &errors, &status, NULL));
    g_assert_cmpstr(errors, ==, "");
    g_assert_cmpint(status, ==, 0);
    g_autofree char *text = NULL;
    gsize length = 0;
    g_assert_true(g_file_get_contents(got, &text, &length, NULL));
    g_assert_cmpuint(length, ==, wanted->len);
    g_assert_true(memcmp(text, wanted->str, length) == 0);
    g_unlink(got);
    g_assert_cmpint(g_rmdir(folder), ==, 0); /* nothing else was touched */
}

static void what_cannot_be_typed_becomes_a_variable(void)
{
    struct request_note note = get("http://h/");
    note.method = "POST";
    note.body = "a\033[201~b";
    note.credential = REQUEST_BASIC;
    note.user = "\r";
    note.headers = "X-A: \033\nX-B: c\n@file: y\n";
    curl_is(
        &note, "curl -g -u \"$USERNAME:\"\"$PASSWORD\" -H 'X-B: c' --data-raw \"$BODY\" http://h/");
}

/* -- through lanes --------------------------------------------------------------------------------- */

/* A fetch that asks twice: for a list, and after a sign-in. */
static bool fetch_asking(struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    (void)out;
    (void)error;
    g_autofree char *url = g_strdup_printf("http://h/%s", rid_last_name(scope));
    struct request_note note = get(url);
    note.at_ms = lane_now_ms(l);
    lane_note_request(l, &note);
    note.target = "http://h/sign-in";
    note.secret = true;
    lane_note_request(l, &note);
    note = get("http://h/broken?token=" CANARY);
    note.at_ms = lane_now_ms(l) - 1000;
    note.status = "503";
    note.why = "the server answered 503";
    note.bytes_in = -1;
    lane_note_request(l, &note);
    return true;
}

static bool show_asking(
    struct lane *l, const struct rid *what, struct snapshot *detail, GString *raw, GError **error)
{
    (void)detail;
    (void)raw;
    return fetch_asking(l, what, NULL, error);
}

static const struct feed asking_feeds[] = {
    {"rows", 3600000, FEED_ALWAYS, false, rows_kinds, fetch_asking},
    {"parts", 3600000, FEED_WHILE_OPEN, false, parts_kinds, fetch_asking},
    {"held", 3600000, FEED_WHILE_OPEN, false, held_kinds, fetch_asking},
    {0},
};
static const struct connector asking = {
    .name = "fake", .http = true, .kinds = fake_kinds, .feeds = asking_feeds, .show = show_asking};

static void start(struct box *b)
{
    box_open(b, &asking, "");
    registry_add(b->registry, derived_connector());
    engine_start_derived(b->engine, derived_connector());
    engine_start(b->engine, b->source, false);
    BOX_UNTIL(b, box_last(b, MAIL_FETCHED));
}

static void found_is(struct box *b, const struct feed *f, const char *scope, const char *target)
{
    AUTO(rid) rid = rid_parse(scope, NULL);
    const struct request *r = engine_find_request(b->engine, b->source, f, rid);
    g_assert_cmpstr(r ? r->target : NULL, ==, target);
    request_unref(r);
}

static void a_row_leads_to_the_request_that_fetched_it(void)
{
    struct box b;
    start(&b);
    AUTO(rid) x = rid_parse("s/rows/x", NULL);
    engine_open(b.engine, b.source, &asking_feeds[1], x);
    BOX_UNTIL(&b, box_last(&b, MAIL_FETCHED)->feed == &asking_feeds[1]);
    guint64 id = engine_show(b.engine, b.source, x);
    BOX_UNTIL(&b, box_answer(&b, id));
    found_is(&b, &asking_feeds[1], "s/rows/x", "http://h/broken?token=***");
    found_is(&b, &asking_feeds[0], "s", "http://h/broken?token=***");
    found_is(&b, &asking_feeds[0], "s/rows/y", "http://h/broken?token=***"); /* read for all */
    found_is(&b, &asking_feeds[1], "s/rows/y", NULL);
    found_is(&b, &asking_feeds[2], "s", NULL);
    found_is(&b, NULL, "s/rows/x", "http://h/broken?token=***"); /* the detail's */
    found_is(&b, NULL, "s/rows/y", NULL);
    box_close(&b);
}

static const struct snapshot *listed(struct box *b)
{
    const struct kind *k = registry_kind(b->registry, "requests", NULL);
    struct source *weir = environment_weir(config_environment(b->file.config), derived_connector());
    const struct feed *f = derived_connector()->feeds;
    while (strcmp(f->name, "requests") != 0)
        f++;
    AUTO(rid) wide = rid_source("weir");
    engine_open(b->engine, weir, f, wide);
    BOX_UNTIL(b, box_entry(b, k, "weir") && box_entry(b, k, "weir")->snapshot);
    engine_close(b->engine, weir, f, wide);
    return box_entry(b, k, "weir")->snapshot;
}

static void they_are_listed_and_judged_while_somebody_looks(void)
{
    struct box b;
    start(&b);
    const struct kind *k = registry_kind(b.registry, "requests", NULL);
    BOX_UNTIL(&b, box_last(&b, MAIL_FETCHED));
    g_assert_null(box_entry(&b, k, "weir")); /* nobody looked */
    const struct snapshot *s = listed(&b);
    g_assert_cmpuint(snapshot_count(s), ==, 3);
    const struct row *broken = snapshot_row(s, 0);
    g_assert_cmpint(broken->health, ==, HEALTH_FAIL);
    g_assert_cmpstr(broken->why, ==, "the server answered 503");
    g_assert_cmpint(snapshot_row(s, 1)->health, ==, HEALTH_OK);
    g_assert_cmpstr(snapshot_cell(s, 0, kind_column(k, "target")).text, ==, "/broken?token=***");
    g_assert_cmpint(snapshot_cell(s, 0, kind_column(k, "bytes_in")).type, ==, CELL_NONE);
    g_assert_cmpint(snapshot_cell(s, 1, kind_column(k, "took_ms")).i, ==, 7);
    g_assert_cmpstr(snapshot_cell(s, 1, kind_column(k, "feed")).text, ==, "rows");
    g_assert_cmpstr(snapshot_cell(s, 1, kind_column(k, "from")).text, ==, "s");
    for (size_t row = 0; row < snapshot_count(s); row++)
        g_assert_null(strstr(snapshot_haystack(s, row), CANARY));
    box_close(&b);
}

static void nothing_of_them_is_a_problem_or_recorded(void)
{
    struct box b;
    start(&b);
    listed(&b);
    const struct kind *problems = registry_kind(b.registry, "problems", NULL);
    engine_set_inputs(b.engine, store_inputs(b.store, derived_connector()));
    BOX_UNTIL(&b, box_entry(&b, problems, "weir") && box_entry(&b, problems, "weir")->snapshot);
    g_assert_cmpuint(snapshot_count(box_entry(&b, problems, "weir")->snapshot), ==, 0);
    const struct kind *k = registry_kind(b.registry, "requests", NULL);
    for (const struct column *c = k->columns; c->name; c++)
        g_assert_cmpuint(c->flags & (COLUMN_F_RECORD | COLUMN_F_PRIVATE), ==, COLUMN_F_PRIVATE);
    box_close(&b);
}

static const struct mail *shown(struct box *b, const char *address)
{
    AUTO(rid) rid = rid_parse(address, NULL);
    struct source *weir = environment_weir(config_environment(b->file.config), derived_connector());
    guint64 id = engine_show(b->engine, weir, rid);
    BOX_UNTIL(b, box_answer(b, id));
    return box_answer(b, id);
}

static void one_is_shown_whole_with_the_command_that_repeats_it(void)
{
    struct box b;
    start(&b);
    const struct snapshot *s = listed(&b);
    g_autoptr(GString) address = g_string_new(NULL);
    snapshot_append_address(s, 2, address);
    const struct mail *m = shown(&b, address->str);
    g_assert_no_error(m->error);
    g_assert_cmpstr(m->raw, ==, "curl -g http://h/s");
    gssize row = snapshot_find(m->snapshot, "took_ms");
    g_assert_cmpint(snapshot_cell(m->snapshot, (size_t)row, DETAIL_VALUE).i, ==, 7);
    g_assert_cmpint(snapshot_find(m->snapshot, "curl"), >=, 0);
    m = shown(&b, "weir/requests/99999");
    g_assert_error(m->error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
    m = shown(&b, "weir/sources/s");
    g_assert_error(m->error, WEIR_ERROR, WEIR_ERROR_UNSUPPORTED);
    box_close(&b);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func(
        "/request/a-url-keeps-its-query-but-for-secrets", a_url_keeps_its_query_but_for_secrets);
    g_test_add_func(
        "/request/a-body-keeps-its-text-but-for-secrets", a_body_keeps_its_text_but_for_secrets);
    g_test_add_func(
        "/request/what-holds-a-secret-is-not-kept-at-all", what_holds_a_secret_is_not_kept_at_all);
    g_test_add_func(
        "/request/long-texts-are-cut-between-characters", long_texts_are_cut_between_characters);
    g_test_add_func("/request/the-log-keeps-the-newest", the_log_keeps_the_newest);
    g_test_add_func(
        "/request/a-request-is-repeated-as-it-was-sent", a_request_is_repeated_as_it_was_sent);
    g_test_add_func("/request/its-source-says-whom-to-trust-and-the-proxy",
        its_source_says_whom_to_trust_and_the_proxy);
    g_test_add_func("/request/whatever-stands-in-it-a-shell-passes-it-on",
        whatever_stands_in_it_a_shell_passes_it_on);
    g_test_add_func("/request/what-cannot-be-typed-becomes-a-variable",
        what_cannot_be_typed_becomes_a_variable);
    g_test_add_func("/request/a-row-leads-to-the-request-that-fetched-it",
        a_row_leads_to_the_request_that_fetched_it);
    g_test_add_func("/request/they-are-listed-and-judged-while-somebody-looks",
        they_are_listed_and_judged_while_somebody_looks);
    g_test_add_func("/request/nothing-of-them-is-a-problem-or-recorded",
        nothing_of_them_is_a_problem_or_recorded);
    g_test_add_func("/request/one-is-shown-whole-with-the-command-that-repeats-it",
        one_is_shown_whole_with_the_command_that_repeats_it);
    return g_test_run();
}
