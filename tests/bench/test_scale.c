/* Tests of what the scale bench computes. */
#include "scale_report.h"
#include "scale_trace.h"

#include <string.h>

static const char trace_text[] = "     0.0 airflow GET /api/v2/version\n"
                                 "     2.0 trino GET /v1/info\n"
                                 "   100.2 airflow POST /auth/token\n"
                                 "configuration  /tmp/weir.yaml\n"
                                 "   200.3 airflow GET /api/v2/dags/~/dagRuns\n"
                                 "   200.9 airflow GET /api/v2/dags/~/dagRuns\n"
                                 "   301.0 airflow GET /api";

static void whole_lines_are_requests(void)
{
    g_autoptr(GArray) requests = g_array_new(FALSE, FALSE, sizeof(struct scale_request));
    gsize read = scale_trace_parse(trace_text, requests);
    g_assert_cmpstr(trace_text + read, ==, "   301.0 airflow GET /api");
    g_assert_cmpuint(requests->len, ==, 5);
    const struct scale_request *second = &g_array_index(requests, struct scale_request, 1);
    g_assert_cmpstr(second->service, ==, "trino");
    g_assert_cmpfloat(second->at_ms, ==, 2);
}

static void chain_of_round_trips(void)
{
    g_autoptr(GArray) requests = g_array_new(FALSE, FALSE, sizeof(struct scale_request));
    scale_trace_parse(trace_text, requests);
    g_assert_cmpint(scale_trace_chain(requests, 0, "airflow", 1000, 100), ==, 4);
    g_assert_cmpint(scale_trace_chain(requests, 0, "airflow", 150, 100), ==, 3);
    g_assert_cmpint(scale_trace_chain(requests, 2, "airflow", 150, 100), ==, 2);
    g_assert_cmpint(scale_trace_chain(requests, 0, "kafka", 1000, 100), ==, 0);
    g_assert_cmpint(scale_trace_chain(requests, 0, "airflow", 1000, 0), ==, -1);
}

static void add(struct scale_report *r, const char *name, double value, double limit)
{
    scale_report_add(r, &(struct scale_figure){.section = "times",
                            .name = name,
                            .value = value,
                            .limit = limit,
                            .target = limit > 0 ? "<= 8" : NULL});
}

static void median_beside_its_target(void)
{
    AUTO(scale_report) r = scale_report_new();
    scale_report_begin_column(r, 0);
    add(r, "one", 9, 8);
    add(r, "one", 7, 8);
    add(r, "one", 2, 8);
    scale_report_begin_column(r, 20);
    add(r, "one", 8.5, 8);
    add(r, "two", 3, 0);
    g_autofree char *lines = scale_report_lines(r);
    g_assert_nonnull(strstr(lines, "\ntimes: one\t0\t7\tok\n"));
    g_assert_nonnull(strstr(lines, "\ntimes: one\t20\t8.50\tMISSED\n"));
    g_assert_nonnull(strstr(lines, "\ntimes: two\t0\t-\t-\n"));
    g_assert_nonnull(strstr(lines, "\ntimes: two\t20\t3\t-\n"));
    g_autofree char *table = scale_report_table(r);
    g_assert_nonnull(strstr(table, " 7 ok "));
    g_assert_nonnull(strstr(table, " 8.50 MISSED "));
}

static void amounts(void)
{
    g_autofree char *small = scale_amount(999);
    g_autofree char *middle = scale_amount(31804434);
    g_assert_cmpstr(small, ==, "999");
    g_assert_cmpstr(middle, ==, "31.8M");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scale/whole lines of the trace are requests", whole_lines_are_requests);
    g_test_add_func("/scale/requests a round trip apart are a chain", chain_of_round_trips);
    g_test_add_func("/scale/the median stands beside its target", median_beside_its_target);
    g_test_add_func("/scale/amounts are short", amounts);
    return g_test_run();
}
