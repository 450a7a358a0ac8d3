/* Drives http.c inside a lane against tests/faults/server.py, which misbehaves on request. */
#include "http.h"

#include <signal.h>
#include <sys/wait.h>

#include "clock.h"
#include "harness.h"

/* What runs in the lane. One test at a time, so one place for it. */
static void (*body)(struct http *h);
static char *base_path;
static bool with_basic;
static struct lane *lane; /* while the body runs */

static GPid server;
static int server_in;
static unsigned port, refused;

static const struct column columns[] = {
    {"n", "N", CELL_INT, .help = "a number"},
    {0},
};

static const struct kind rows_kind = {
    .name = "probe.rows",
    .title = "ROW",
    .help = "what the test reads",
    .columns = columns,
    .feed = "rows",
};

static bool fetch(struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    (void)scope;
    (void)out;
    g_autofree char *base = g_strconcat(source_text(lane_source(l), "url"), base_path, NULL);
    struct http *h = http_new(l, base, error);
    if (!h)
        return false;
    if (with_basic)
        http_set_basic(h, "someone", "hunter2");
    lane = l;
    body(h);
    http_free(h);
    return true;
}

static const char *const feed_kinds[] = {"probe.rows", NULL};
static const struct feed feeds[] = {
    {.name = "rows", .poll_ms = 60000, .when = FEED_ALWAYS, .kinds = feed_kinds, .fetch = fetch},
    {0},
};
static const struct option options[] = {
    {"url", OPTION_URL, OPTION_F_REQUIRED, NULL, "where"},
    {0},
};
static const struct kind *const kinds[] = {&rows_kind, NULL};
static const struct request_rule reads[] = {{"POST", "/echo/sign/{}"}, {0}};
static const struct connector probe = {
    .name = "probe",
    .title = "Probe",
    .help = "for tests",
    .options = options,
    .http = true,
    .kinds = kinds,
    .feeds = feeds,
    .reads = reads,
    .timeout_ms = 30000,
};
static const struct connector *const connectors[] = {&probe, NULL};

static void start_server(void)
{
    const char *argv[] = {"python3", "tests/faults/server.py", NULL};
    g_autoptr(GError) error = NULL;
    int out;
    g_spawn_async_with_pipes(NULL, (char **)argv, NULL,
        G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &server, &server_in, &out,
        NULL, &error);
    g_assert_no_error(error);
    FILE *f = fdopen(out, "r");
    g_assert_cmpint(fscanf(f, "%u %u", &port, &refused), ==, 2);
    fclose(f);
}

static void run_at(const char *url, const char *extra, void (*in_lane)(struct http *h))
{
    struct harness h;
    struct harness_result r = {0};
    g_autofree char *yaml =
        g_strdup_printf("      one:\n        type: probe\n        url: %s\n%s", url, extra);
    body = in_lane;
    harness_open(&h, connectors, yaml);
    harness_fetch(&h, "probe.rows", "one", &r);
    g_assert_no_error(r.error);
    harness_result_clear(&r);
    harness_close(&h);
}

static void run_with(const char *extra, unsigned at, void (*in_lane)(struct http *h))
{
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u", at);
    run_at(url, extra, in_lane);
}

static void run(void (*in_lane)(struct http *h))
{
    run_with("", port, in_lane);
}

static void fails(struct http *h, const char *path, enum weir_error code, const char *words)
{
    g_autoptr(GError) error = NULL;
    int64_t start = clock_mono_ms();
    g_assert_null(http_get_json(h, path, &error));
    g_assert_nonnull(error);
    g_test_message("%s (%" G_GINT64_FORMAT " ms)", error->message, clock_mono_ms() - start);
    g_assert_error(error, WEIR_ERROR, (int)code);
    g_assert_nonnull(strstr(error->message, words));
    for (const char *p = error->message; *p; p++)
        g_assert_false(g_ascii_iscntrl(*p));
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
}

static void in_ok(struct http *h)
{
    g_autoptr(GError) error = NULL;
    AUTO(cJSON) json = http_get_json(h, "/ok/a/b?c=%20d", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(json_text(json, "path"), ==, "/a/b");
}

static void test_ok(void)
{
    run(in_ok);
}

static void in_statuses(struct http *h)
{
    fails(h, "/401", WEIR_ERROR_DENIED, "401 Unauthorized: no luck: 401; check the user");
    fails(h, "/403", WEIR_ERROR_DENIED, "403 Forbidden: no luck: 403; these credentials lack");
    fails(h, "/404", WEIR_ERROR_NOT_FOUND, "404 Not Found: no luck: 404");
    fails(h, "/429", WEIR_ERROR_SERVER, "429 Too Many Requests: no luck: 429; set every");
    fails(h, "/500", WEIR_ERROR_SERVER, "500 Internal Server Error: no luck: 500; its own log");
    fails(h, "/503", WEIR_ERROR_SERVER, "503 Service Unavailable");
    fails(h, "/controls", WEIR_ERROR_PROTOCOL, "400 Bad Request: ␛[31mred␛[0m ␛]0;owned␇ ⟨U+202E⟩");
}

static void test_statuses(void)
{
    run(in_statuses);
}

static void in_user(struct http *h)
{
    fails(h, "/403", WEIR_ERROR_DENIED, "the user \"someone\" lacks the right");
}

static void test_user(void)
{
    with_basic = true;
    run(in_user);
    with_basic = false;
}

static void in_answers(struct http *h)
{
    fails(h, "/html", WEIR_ERROR_PROTOCOL, "HTML instead of JSON: is a proxy or sign-in page");
    fails(h, "/truncated?limit=1", WEIR_ERROR_PROTOCOL,
        "/truncated: the answer is JSON that breaks off at");
    fails(h, "/empty", WEIR_ERROR_PROTOCOL, "an empty answer instead of JSON");
    fails(h, "/deep", WEIR_ERROR_TOO_LARGE, "nested deeper than 256 levels");
    fails(h, "/big", WEIR_ERROR_TOO_LARGE, "more than 32 MiB; ask for less");
    fails(h, "/bomb", WEIR_ERROR_TOO_LARGE, "more than 32 MiB");
    fails(h, "/headers", WEIR_ERROR_TOO_LARGE, "headers of more than 256 KiB");
    fails(h, "/reset", WEIR_ERROR_UNREACHABLE, "the connection broke off after");
    fails(h, "/longer", WEIR_ERROR_UNREACHABLE, "the connection broke off after 12 bytes");
    fails(h, "/junk-length", WEIR_ERROR_PROTOCOL, "the answer makes no sense");
    fails(h, "/no-http", WEIR_ERROR_PROTOCOL, "is url that of the right server?");
}

static void test_answers(void)
{
    run(in_answers);
}

static void in_redirect(struct http *h)
{
    fails(h, "/redirect/x", WEIR_ERROR_PROTOCOL, "302: http://127.0.0.1:");
    AUTO(cJSON) json = http_get_json(h, "/hits", NULL);
    int64_t hits = -1;
    g_assert_true(json_int(json, "hits", &hits));
    g_assert_cmpint(hits, ==, 0);
}

static void test_redirect(void)
{
    with_basic = true;
    run(in_redirect);
    with_basic = false;
}

static void in_refused(struct http *h)
{
    fails(h, "/", WEIR_ERROR_UNREACHABLE, ": connection refused; is the server running there?");
}

static void in_proxied(struct http *h)
{
    fails(h, "/", WEIR_ERROR_UNREACHABLE, "no connection to the proxy http://u:***@127.0.0.1:1: ");
}

static void test_refused(void)
{
    run_with("", refused, in_refused);
    run_with("        proxy: http://u:hunter2@127.0.0.1:1\n", port, in_proxied);
}

static void in_hung(struct http *h)
{
    int64_t start = clock_mono_ms();
    fails(h, "/hung", WEIR_ERROR_TIMEOUT, "no answer within 1");
    g_assert_cmpint(clock_mono_ms() - start, <, 5000);
}

static void in_drip(struct http *h)
{
    int64_t start = clock_mono_ms();
    fails(h, "/drip", WEIR_ERROR_TIMEOUT, "the answer is not complete after 1");
    g_assert_cmpint(clock_mono_ms() - start, <, 5000);
}

static void test_deadline(void)
{
    run_with("        timeout: 1s\n", port, in_hung);
    run_with("        timeout: 1s\n", port, in_drip);
}

/* The names below end in .invalid, which no resolver knows (RFC 2606). */
static void in_unresolved(struct http *h)
{
    fails(h, "/", WEIR_ERROR_UNREACHABLE, "the name of the host cannot be resolved");
}

static void test_names(void)
{
    run_at("http://nowhere.invalid:8080", "", in_unresolved);
}

static void in_plain(struct http *h)
{
    http_set_bearer(h, "secret");
    fails(h, "/", WEIR_ERROR_DENIED, "credentials are not sent over plain http to another machine");
    http_set_bearer(h, NULL);
    http_set_header(h, "Cookie: a=b");
    fails(h, "/", WEIR_ERROR_DENIED, "use https");
}

static void test_plain(void)
{
    run_at("http://nowhere.invalid:8080", "", in_plain);
}

static void in_sent(struct http *h)
{
    http_set_bearer(h, "token-1");
    http_set_header(h, "X-Test: old");
    http_set_header(h, "x-test: new");
    http_want_header(h, "Set-Cookie");
    g_autoptr(GError) error = NULL;
    const struct http_request q = {.method = "POST", .path = "/echo/sign/in", .body = "{\"a\":1}"};
    struct http_reply r;
    g_assert_true(http_send(h, &q, &r, &error));
    g_assert_no_error(error);
    AUTO(cJSON) json = http_reply_json(h, &q, &r, &error);
    const char *seen = json_text(json, "request");
    g_test_message("%s", seen);
    g_assert_nonnull(strstr(seen, "POST /echo/sign/in HTTP/1.1\r\n"));
    g_assert_nonnull(strstr(seen, "Authorization: Bearer token-1\r\n"));
    g_assert_nonnull(strstr(seen, "x-test: new\r\n"));
    g_assert_null(strstr(seen, "X-Test: old"));
    g_assert_nonnull(strstr(seen, "X-Config: yes\r\n"));
    g_assert_nonnull(strstr(seen, "Accept-Encoding: "));
    g_assert_nonnull(strstr(seen, "Content-Type: application/json\r\n"));
    g_assert_nonnull(strstr(seen, "User-Agent: weir/"));
    g_assert_true(g_str_has_suffix(seen, "\r\n{\"a\":1}"));
    g_assert_cmpstr(g_hash_table_lookup(r.headers, "set-cookie"), ==, "a=b\nc=d");
    int64_t at = 0;
    g_assert_true(http_reply_time(&r, &at));
    g_assert_cmpint(at, ==, 1795262400000);
    http_reply_clear(&r);
    http_set_bearer(h, "two\r\nlines: x");
    fails(h, "/ok", WEIR_ERROR_CONFIG, "holds a line break");
}

static void test_sent(void)
{
    run_with("        headers: {X-Config: yes}\n", port, in_sent);
}

static void in_gate(struct http *h)
{
    g_autoptr(GError) error = NULL;
    const struct http_request q = {.method = "POST", .path = "/echo/clear", .body = "{}"};
    g_assert_null(http_send_json(h, &q, &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_REFUSED);
    g_clear_error(&error);
    const struct http_request sneaky = {.method = "DELETE", .path = "/echo/sign/in?x=1"};
    g_assert_null(http_send_json(h, &sneaky, &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_REFUSED);
}

static void test_gate(void)
{
    run(in_gate);
}

static void in_many(struct http *h)
{
    enum { N = 20 };
    struct http_request q[N];
    struct http_reply r[N];
    char *paths[N];
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < N; i++) {
        paths[i] = g_strdup_printf("/ok/%d", i);
        q[i] = (struct http_request){.path = paths[i]};
    }
    g_assert_true(http_send_many(h, q, N, 4, r, &error));
    g_assert_no_error(error);
    for (int i = 0; i < N; i++) {
        AUTO(cJSON) json = http_reply_json(h, &q[i], &r[i], &error);
        g_assert_no_error(error);
        g_assert_cmpstr(json_text(json, "path"), ==, paths[i] + 3);
        http_reply_clear(&r[i]);
    }
    q[7].path = "/reset";
    g_assert_false(http_send_many(h, q, N, 4, r, &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_UNREACHABLE);
    for (int i = 0; i < N; i++) {
        http_reply_clear(&r[i]);
        g_free(paths[i]);
    }
}

static void test_many(void)
{
    run(in_many);
}

static bool take(const char *bytes, gsize length, void *data)
{
    (void)bytes;
    gsize *sum = data;
    *sum += length;
    return *sum < 39 * 1024 * 1024;
}

static bool take_all(const char *bytes, gsize length, void *data)
{
    (void)bytes;
    *(gsize *)data += length;
    return true;
}

static void in_sink(struct http *h)
{
    g_autoptr(GError) error = NULL;
    gsize sum = 0;
    struct http_request q = {.path = "/big", .sink = take_all, .sink_data = &sum};
    struct http_reply r;
    g_assert_true(http_send(h, &q, &r, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(sum, ==, 40 * 1024 * 1024);
    g_assert_cmpuint(r.body->len, ==, 0);
    http_reply_clear(&r);
    sum = 0;
    q.sink = take;
    g_assert_false(http_send(h, &q, &r, &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_CANCELLED);
    http_reply_clear(&r);
    g_clear_error(&error);
    sum = 0;
    q.path = "/404";
    g_assert_true(http_send(h, &q, &r, &error));
    g_assert_cmpuint(sum, ==, 0);
    g_assert_false(http_check_status(h, &q, &r, &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
    http_reply_clear(&r);
}

static void test_sink(void)
{
    run(in_sink);
}

static bool take_element(const struct json_element *e, void *data)
{
    g_assert_true(cJSON_IsObject(e->json));
    g_assert_cmpuint(e->length, ==, strlen("{\"a\":1}"));
    return ++*(guint *)data != 1000;
}

static void list_fails(struct http *h, const char *path, enum weir_error code, const char *words)
{
    guint count = 0;
    struct http_list list = {.take = take_element, .data = &count};
    g_autoptr(GError) error = NULL;
    g_assert_false(http_read_list(h, path, &list, &error));
    g_assert_error(error, WEIR_ERROR, (int)code);
    g_assert_nonnull(strstr(error->message, words));
    g_assert_cmpuint(count, ==, 0);
}

static void in_list(struct http *h)
{
    g_autoptr(GError) error = NULL;
    guint count = 0;
    struct http_list list = {.take = take_element, .data = &count};
    g_assert_true(http_read_list(h, "/big", &list, &error));
    g_assert_cmpuint(count, ==, 1000);
    g_assert_true(list.cut);
    count = 1001;
    g_assert_true(http_read_list(h, "/big", &list, &error));
    g_assert_cmpuint(count, ==, 1001 + HTTP_LIST_MAX / strlen("{\"a\":1},"));
    g_assert_true(list.cut);
    list_fails(h, "/ok", WEIR_ERROR_PROTOCOL, "GET http://127.0.0.1:");
    list_fails(h, "/ok", WEIR_ERROR_PROTOCOL, "the answer is no list of objects");
    list_fails(h, "/html", WEIR_ERROR_PROTOCOL, "HTML instead of JSON");
    list_fails(h, "/empty", WEIR_ERROR_PROTOCOL, "an empty answer");
    list_fails(h, "/truncated", WEIR_ERROR_PROTOCOL, "breaks off");
    list_fails(h, "/401", WEIR_ERROR_DENIED, "401 Unauthorized");
    list_fails(h, "/reset", WEIR_ERROR_UNREACHABLE, "");
}

static void test_list(void)
{
    run(in_list);
}

static void in_environment(struct http *h)
{
    g_autoptr(GError) error = NULL;
    AUTO(cJSON) json = http_get_json(h, "/ok", &error);
    g_assert_no_error(error);
    g_assert_nonnull(json);
}

static void test_environment(void)
{
    g_setenv("http_proxy", "http://127.0.0.1:1", TRUE);
    g_setenv("ALL_PROXY", "http://127.0.0.1:1", TRUE);
    run(in_environment);
    g_unsetenv("http_proxy");
    g_unsetenv("ALL_PROXY");
}

/* The lane is in a request that hangs when the engine is told to stop. */
static void in_cancelled(struct http *h)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(http_get_json(h, "/hung", &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_CANCELLED);
}

static void test_cancelled(void)
{
    struct harness h;
    g_autofree char *yaml = g_strdup_printf(
        "      one:\n        type: probe\n        url: http://127.0.0.1:%u\n        timeout: 50s\n",
        port);
    body = in_cancelled;
    harness_open(&h, connectors, yaml);
    AUTO(rid) scope = rid_source("one");
    int64_t start = clock_mono_ms();
    engine_open(h.engine, harness_source(&h, "one"), &feeds[0], scope);
    harness_close(&h);
    g_assert_cmpint(clock_mono_ms() - start, <, 8000);
}

/* -- tapes --------------------------------------------------------------------------------------- */

static void in_taped(struct http *h)
{
    g_autoptr(GError) error = NULL;
    http_want_header(h, "set-cookie");
    const struct http_request q = {.method = "POST",
        .path = "/echo/sign/in",
        .body = "{\"password\":\"hunter2\"}",
        .secret = true};
    struct http_reply r;
    g_assert_true(http_send(h, &q, &r, &error));
    g_assert_no_error(error);
    g_assert_cmpint(r.status, ==, 200);
    g_assert_nonnull(g_hash_table_lookup(r.headers, "set-cookie"));
    http_reply_clear(&r);
    AUTO(cJSON) json = http_get_json(h, "/ok/taped", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(json_text(json, "path"), ==, "/taped");
    fails(h, "/reset", WEIR_ERROR_UNREACHABLE, "broke off");
    fails(h, "/404", WEIR_ERROR_NOT_FOUND, "404");
    gsize sum = 0;
    const struct http_request stream = {.path = "/ok/stream", .sink = take, .sink_data = &sum};
    g_assert_true(http_send(h, &stream, &r, &error));
    g_assert_cmpuint(sum, ==, strlen("{\"ok\": true, \"path\": \"/stream\"}"));
    http_reply_clear(&r);
}

static void in_untaped(struct http *h)
{
    fails(h, "/ok/other", WEIR_ERROR_PROTOCOL, "GET /ok/other does not stand on the tape");
}

static void test_tape(void)
{
    g_autofree char *path = NULL;
    close(g_file_open_tmp("weir-tape-XXXXXX", &path, NULL));
    g_setenv("WEIR_TAPE", path, TRUE);
    g_setenv("WEIR_TAPE_MODE", "record", TRUE);
    with_basic = true;
    run(in_taped);
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_null(strstr(text, "hunter2"));
    g_assert_null(strstr(text, "c29tZW9uZ")); /* "someone:..." in base64 */
    g_assert_null(strstr(text, "a=b"));
    g_setenv("WEIR_TAPE_MODE", "replay", TRUE);
    run_with("", refused, in_taped);
    run_with("", refused, in_untaped);
    with_basic = false;
    g_unlink(path);
    g_unsetenv("WEIR_TAPE");
}

/* -- TLS ----------------------------------------------------------------------------------------- */

static void in_untrusted(struct http *h)
{
    fails(h, "/ok", WEIR_ERROR_UNREACHABLE, "the certificate is not trusted: set ca_file");
}

static void in_trusted(struct http *h)
{
    g_autoptr(GError) error = NULL;
    http_set_bearer(h, "token");
    AUTO(cJSON) json = http_get_json(h, "/ok", &error);
    g_assert_no_error(error);
    g_assert_nonnull(json);
}

static void in_no_tls(struct http *h)
{
    fails(h, "/ok", WEIR_ERROR_UNREACHABLE, "does the server speak https there?");
}

static void run_tls(unsigned at, const char *extra, void (*in_lane)(struct http *h))
{
    g_autofree char *url = g_strdup_printf("https://localhost:%u", at);
    run_at(url, extra, in_lane);
}

static bool make_certificate(const char *path)
{
    const char *argv[] = {"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", path,
        "-out", "-", NULL};
    g_autofree char *certificate = NULL;
    int status = -1;
    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL,
            NULL, NULL, &certificate, NULL, &status, NULL) ||
        status != 0)
        return false;
    g_autofree char *key = NULL;
    g_file_get_contents(path, &key, NULL, NULL);
    g_autofree char *both = g_strconcat(key, certificate, NULL);
    return g_file_set_contents(path, both, -1, NULL);
}

static void test_tls(void)
{
    g_autofree char *path = NULL;
    close(g_file_open_tmp("weir-test-XXXXXX.pem", &path, NULL));
    if (!make_certificate(path)) {
        g_test_skip("openssl is not installed");
        return;
    }
    const char *argv[] = {"python3", "tests/faults/server.py", "--certificate", path, NULL};
    int in, out;
    GPid pid;
    g_assert_true(g_spawn_async_with_pipes(NULL, (char **)argv, NULL,
        G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, &in, &out, NULL, NULL));
    FILE *f = fdopen(out, "r");
    unsigned at, other;
    g_assert_cmpint(fscanf(f, "%u %u", &at, &other), ==, 2);
    fclose(f);
    g_autofree char *trust = g_strdup_printf("        ca_file: %s\n", path);
    run_tls(at, "", in_untrusted);
    run_tls(at, trust, in_trusted);
    run_tls(at, "        insecure: true\n", in_trusted);
    run_tls(port, "", in_no_tls);
    close(in);
    waitpid(pid, NULL, 0);
    g_unlink(path);
}

static void test_escape(void)
{
    g_autofree char *run_id = http_escape("scheduled__2026-01-01T00:00:00+00:00/x y%ż");
    g_assert_cmpstr(run_id, ==, "scheduled__2026-01-01T00%3A00%3A00%2B00%3A00%2Fx%20y%25%C5%BC");
    g_autofree char *up = http_escape("..");
    g_assert_cmpstr(up, ==, "%2E%2E");
}

/* -- the log of requests ------------------------------------------------------------------------- */

#define CANARY "c4n4ry"

static void noted_is(const struct request *r, const char *target, const char *status,
    const char *why, enum request_credential credential)
{
    g_assert_nonnull(strstr(r->target, target));
    g_assert_cmpstr(r->status, ==, status);
    g_assert_cmpstr(r->why, ==, why);
    g_assert_cmpint(r->credential, ==, credential);
    g_assert_cmpstr(r->source, ==, "one");
    g_assert_cmpstr(r->feed, ==, "rows");
    g_assert_cmpint(ABS(g_get_real_time() / 1000 - r->at_ms), <, 60000);
    g_assert_cmpint(r->took_ms, >=, 0);
    const char *const texts[] = {r->target, r->why, r->headers, r->body, r->user};
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++)
        g_assert_true(!texts[i] || !strstr(texts[i], CANARY));
    g_autofree char *curl = request_as_curl(r, lane_source(lane));
    g_assert_null(strstr(curl, CANARY));
}

static void send(struct http *h, const struct http_request *q)
{
    struct http_reply r;
    http_send(h, q, &r, NULL);
    http_reply_clear(&r);
}

/* With a secret in every place where one can stand. */
static void in_noted(struct http *h)
{
    static const struct http_request list = {.path = "/ok/list?limit=1&access_token=" CANARY};
    static const struct http_request sign_in = {.method = "POST",
        .path = "/echo/sign/in",
        .body = "{\"user\":\"me\",\"code\":\"" CANARY "\"}",
        .secret = true};
    static const struct http_request login = {.method = "POST",
        .path = "/echo/sign/on",
        .body = "{\"user\":\"me\",\"password\":\"" CANARY "\"}"};
    static const struct http_request broken = {.path = "/503"}, reset = {.path = "/reset"};
    send(h, &list);
    http_set_header(h, "Cookie: session=" CANARY);
    http_set_basic(h, "me", CANARY);
    send(h, &sign_in);
    http_set_bearer(h, CANARY);
    send(h, &login);
    send(h, &broken);
    send(h, &reset);
    g_autoptr(GPtrArray) all = lane_requests(lane);
    g_assert_cmpuint(all->len, ==, 5);
    const struct request *const *r = (const struct request *const *)(void *)all->pdata;
    noted_is(r[4], "/ok/list?limit=1&access_token=***", "200", NULL, REQUEST_NO_CREDENTIAL);
    g_assert_cmpstr(r[4]->headers, ==, "Accept: application/json\nX-Tenant: ***\nX-Plain: a b\n");
    g_assert_cmpint(r[4]->bytes_in, >, 20);
    noted_is(r[3], "/echo/sign/in", "200", NULL, REQUEST_BASIC);
    g_assert_cmpstr(r[3]->user, ==, "me");
    g_assert_true(r[3]->secret && !r[3]->body);
    noted_is(r[2], "/echo/sign/on", "200", NULL, REQUEST_BEARER);
    g_assert_cmpstr(r[2]->body, ==, "{\"user\":\"me\",\"password\":\"***\"}");
    noted_is(r[1], "/503", "503", "the server answered 503 Service Unavailable", REQUEST_BEARER);
    g_assert_cmpstr(r[0]->status, ==, "no connection");
    g_assert_nonnull(strstr(r[0]->why, "the connection broke off"));
}

static void test_noted(void)
{
    g_autofree char *extra = g_strdup("        headers:\n"
                                      "          X-Tenant: {command: [printf, " CANARY "]}\n"
                                      "          X-Plain: a b\n");
    run_with(extra, port, in_noted);
}

/* When one of many fails, the others say that they were given up, not that they failed as well. */
static void in_noted_many(struct http *h)
{
    const struct http_request q[] = {{.path = "/ok/1"}, {.path = "/hung/1"}, {.path = "/reset"}};
    struct http_reply r[G_N_ELEMENTS(q)];
    g_assert_false(http_send_many(h, q, G_N_ELEMENTS(q), G_N_ELEMENTS(q), r, NULL));
    for (unsigned i = 0; i < G_N_ELEMENTS(q); i++)
        http_reply_clear(&r[i]);
    g_autoptr(GPtrArray) all = lane_requests(lane);
    unsigned failed = 0, given_up = 0;
    for (guint i = 0; i < all->len; i++) {
        const struct request *one = g_ptr_array_index(all, i);
        failed += one->why != NULL;
        given_up += !one->why && strcmp(one->status, "cancelled") == 0;
        g_assert_true(!one->why || strstr(one->target, "/reset"));
    }
    g_assert_cmpuint(failed, ==, 1);
    g_assert_cmpuint(given_up, >=, 1);
    g_assert_null(lane_requests(lane)); /* nothing new */
}

static void test_noted_many(void)
{
    run(in_noted_many);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    http_init();
    start_server();
    g_test_add_func("/http/json-comes-back", test_ok);
    g_test_add_func("/http/a-status-becomes-a-sentence-with-the-servers-own-words", test_statuses);
    g_test_add_func("/http/a-refusal-names-the-user", test_user);
    g_test_add_func("/http/every-bad-answer-has-its-sentence", test_answers);
    g_test_add_func("/http/redirects-are-not-followed", test_redirect);
    g_test_add_func("/http/a-refused-connection-asks-whether-the-server-runs", test_refused);
    g_test_add_func("/http/a-server-that-hangs-costs-no-more-than-the-deadline", test_deadline);
    g_test_add_func("/http/an-unknown-host-is-named", test_names);
    g_test_add_func("/http/credentials-do-not-leave-over-plain-http", test_plain);
    g_test_add_func("/http/a-request-holds-what-was-asked-for", test_sent);
    g_test_add_func("/http/a-request-that-writes-is-refused", test_gate);
    g_test_add_func("/http/many-requests-run-at-once-and-come-back-in-order", test_many);
    g_test_add_func("/http/a-long-body-goes-to-a-sink", test_sink);
    g_test_add_func("/http/an-endless-list-is-cut-and-says-so", test_list);
    g_test_add_func("/http/the-environments-proxies-are-ignored", test_environment);
    g_test_add_func("/http/a-cancelled-lane-is-free-at-once", test_cancelled);
    g_test_add_func("/http/a-tape-replays-without-a-server-and-holds-no-secret", test_tape);
    g_test_add_func("/http/certificates-are-checked", test_tls);
    g_test_add_func("/http/names-are-escaped", test_escape);
    g_test_add_func("/http/every-request-is-in-the-log-and-no-secret-with-it", test_noted);
    g_test_add_func("/http/only-the-request-that-failed-is-said-to-have-failed", test_noted_many);
    int failed = g_test_run();
    close(server_in);
    waitpid(server, NULL, 0);
    return failed;
}
