#include "action.h"

#include "error.h"
#include "unit/rows.h"

static const struct request_rule reads[] = {
    {"POST", "/v1/statement"},
    {"POST", "/api/v2/dags/{}/dagRuns/list"},
    {"DELETE", "/v1/statement/executing/{}/{}/{}"},
    {"KAFKA", "DescribeConfigs"},
    {"SHELL", "systemctl show {} --property=Id"},
    {"SHELL", "cat /proc/{}/status"},
    {"SHELL", "uptime"},
    {0},
};
static const struct connector reader = {.name = "reader", .reads = reads};
static const struct connector blind = {.name = "blind"};

static void passes(const char *method, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_test_message("%s %s", method, path);
    g_assert_true(gate_permit(&reader, method, path, NULL, &error));
    g_assert_no_error(error);
}

static void refused(const char *method, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_test_message("%s %s", method, path);
    g_assert_false(gate_permit(&reader, method, path, NULL, &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_REFUSED);
    ASSERT_CONTAINS(error->message, "read-only");
}

static void reading_is_always_allowed(void)
{
    passes("GET", "/api/v2/dags");
    passes("HEAD", "/");
    passes("GET", "");
    g_assert_true(gate_permit(&blind, "GET", "/x", NULL, NULL));
    g_assert_true(gate_permit(&blind, "HEAD", "/x", NULL, NULL));
}

static void everything_else_is_refused(void)
{
    static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT",
        "TRACE", "KAFKA", "SHELL", "", "get", "Get", "GET ", "GETX", NULL};
    for (const char *const *method = methods; *method; method++) {
        refused(*method, "/api/v2/dags/orders/dagRuns");
        g_assert_false(gate_permit(&blind, *method, "/v1/statement", NULL, NULL));
    }
}

/* Each row of the table, and what stands beside it. */
static void a_row_opens_itself_and_nothing_beside_it(void)
{
    passes("POST", "/v1/statement");
    refused("PUT", "/v1/statement");
    refused("DELETE", "/v1/statement");
    refused("POST", "/v1/statement/");
    refused("POST", "/v1/statemen");
    refused("POST", "/v1/statements");
    refused("POST", "/V1/statement");
    refused("POST", "v1/statement");
    refused("POST", "//v1/statement");
    refused("POST", "/v1/statement?x");
    passes("POST", "/api/v2/dags/orders_daily/dagRuns/list");
    passes("POST", "/api/v2/dags/~/dagRuns/list");
    passes("POST", "/api/v2/dags/a%2Fb/dagRuns/list");
    passes("POST", "/api/v2/dags/v1.2..3/dagRuns/list");
    refused("POST", "/api/v2/dags//dagRuns/list");
    refused("POST", "/api/v2/dags/a/b/dagRuns/list");
    refused("POST", "/api/v2/dags/orders/dagRuns");
    refused("POST", "/api/v2/dags/orders/dagRuns/list/x");
    refused("POST", "/api/v2/dags/x?y/dagRuns/list");
    refused("POST", "/api/v2/dags/x#y/dagRuns/list");
    passes("DELETE", "/v1/statement/executing/q/slug/1");
    refused("DELETE", "/v1/statement/executing/q/slug");
    refused("DELETE", "/v1/statement/queued/q/slug/1");
    refused("DELETE", "/v1/query/q");
    passes("KAFKA", "DescribeConfigs");
    refused("KAFKA", "IncrementalAlterConfigs");
    refused("KAFKA", "DescribeConfigsX");
    refused("KAFKA", "");
}

/* libcurl takes dots out of a path before it sends it: the request would be another one. */
static void a_path_that_climbs_is_refused(void)
{
    refused("POST", "/api/v2/dags/../dagRuns/list");
    refused("POST", "/api/v2/dags/./dagRuns/list");
    refused("POST", "/api/v2/dags/%2e%2E/dagRuns/list");
    refused("POST", "/api/v2/dags/.%2e/dagRuns/list");
    refused("DELETE", "/v1/statement/executing/../../x");
}

static void a_path_cannot_hold_a_second_request(void)
{
    refused("POST", "/api/v2/dags/a b/dagRuns/list");
    refused("POST", "/api/v2/dags/a\r\nX: y/dagRuns/list");
    refused("POST", "/api/v2/dags/a\tb/dagRuns/list");
    refused("POST", "/api/v2/dags/a\\b/dagRuns/list");
}

static void a_word_of_a_shell_line_is_harmless(void)
{
    passes("SHELL", "uptime");
    refused("SHELL", "uptime ");
    refused("SHELL", "uptime; reboot");
    refused("SHELL", "reboot");
    passes("SHELL", "systemctl show getty@tty1.service --property=Id");
    passes("SHELL", "systemctl show a-b_c.d:1@x --property=Id");
    passes("SHELL", "cat /proc/1234/status");
    static const char *const words[] = {"", "-H", "--now", "a b", "a;b", "a&b", "a|b", "a$b",
        "$(reboot)", "`reboot`", "a>b", "a<b", "a\nb", "a\tb", "a'b", "a\"b", "a\\b", "a*b", "a?b",
        "a[b]", "a{b}", "a(b)", "a!b", "a#b", "a~b", "~", "a=b", "a%b", "a/b", "../x", "ü", "a\x7f",
        "{}", NULL};
    for (const char *const *word = words; *word; word++) {
        g_autofree char *unit = g_strdup_printf("systemctl show %s --property=Id", *word);
        g_autofree char *file = g_strdup_printf("cat /proc/%s/status", *word);
        refused("SHELL", unit);
        refused("SHELL", file);
    }
    refused("SHELL", "cat /proc/../status");
    refused("SHELL", "cat /proc/./status");
}

static void every_byte_but_a_word_s_is_refused(void)
{
    for (int c = 1; c < 256; c++) {
        g_autofree char *line = g_strdup_printf("cat /proc/a%cb/status", c);
        bool wanted = g_ascii_isalnum(c) || (c < 128 && strchr("_.@:-", c));
        g_assert_cmpint(gate_permit(&reader, "SHELL", line, NULL, NULL), ==, wanted);
    }
}

static void a_refusal_names_the_request_but_not_all_of_it(void)
{
    g_autofree char *endless = g_strnfill(5000, 'x');
    g_autoptr(GError) error = NULL;
    g_assert_false(gate_permit(&reader, "POST", endless, NULL, &error));
    ASSERT_CONTAINS(error->message, "POST xxx");
    g_assert_cmpuint(strlen(error->message), <, 200);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/gate/reading-is-always-allowed", reading_is_always_allowed);
    g_test_add_func("/gate/everything-else-is-refused", everything_else_is_refused);
    g_test_add_func(
        "/gate/a-row-opens-itself-and-nothing-beside-it", a_row_opens_itself_and_nothing_beside_it);
    g_test_add_func("/gate/a-path-that-climbs-is-refused", a_path_that_climbs_is_refused);
    g_test_add_func(
        "/gate/a-path-cannot-hold-a-second-request", a_path_cannot_hold_a_second_request);
    g_test_add_func("/gate/a-word-of-a-shell-line-is-harmless", a_word_of_a_shell_line_is_harmless);
    g_test_add_func("/gate/every-byte-but-a-words-is-refused", every_byte_but_a_word_s_is_refused);
    g_test_add_func("/gate/a-refusal-names-the-request-but-not-all-of-it",
        a_refusal_names_the_request_but_not_all_of_it);
    return g_test_run();
}
