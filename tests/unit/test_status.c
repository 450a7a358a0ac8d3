#include "status.h"

#include "error.h"
#include "unit/rows.h"

#define NOW ROWS_NOW_MS

static struct source_status *new_status(void)
{
    return status_new("events", "kafka", NOW);
}

static void a_new_source_is_connecting(void)
{
    struct source_status *s = new_status();
    g_assert_cmpint(s->state, ==, SOURCE_CONNECTING);
    g_assert_cmpstr(status_name(s->state), ==, "connecting");
    g_assert_cmpint(s->latency_ms, ==, -1);
    g_assert_cmpint(s->last_ok_ms, ==, 0);
    g_assert_cmpint(s->since_ms, ==, NOW);
    status_free(s);
    status_free(NULL);
}

static void the_wait_doubles_up_to_a_minute(void)
{
    struct source_status *s = new_status();
    static const int64_t waits[] = {5000, 10000, 20000, 40000, 60000, 60000, 60000};
    int64_t now = NOW;
    for (unsigned i = 0; i < G_N_ELEMENTS(waits); i++) {
        status_fail(s, WEIR_ERROR_UNREACHABLE, "gone", 5000, 0.5, now);
        g_assert_cmpint(s->next_try_ms - now, ==, waits[i]);
        g_assert_cmpuint(s->failures, ==, i + 1);
        now = s->next_try_ms;
    }
    for (int i = 0; i < 5000; i++) {
        status_fail(s, WEIR_ERROR_UNREACHABLE, "gone", 5000, 0.5, now);
        g_assert_cmpint(s->next_try_ms - now, ==, STATUS_RETRY_MAX_MS);
        now = s->next_try_ms;
    }
    status_free(s);
}

static void feeds_that_fail_in_one_round_are_one_failure(void)
{
    struct source_status *s = new_status();
    for (int i = 0; i < 5; i++)
        status_fail(s, WEIR_ERROR_UNREACHABLE, "gone", 5000, 0.5, NOW + i * 100);
    g_assert_cmpint(s->next_try_ms - NOW, ==, 5000);
    g_assert_cmpuint(s->failures, ==, 1);
    status_free(s);
}

static void a_clock_that_is_put_back_puts_no_try_off(void)
{
    struct source_status *s = new_status();
    status_fail(s, WEIR_ERROR_UNREACHABLE, "gone", 5000, 0.5, NOW);
    int64_t before_ms = NOW - 86400000;
    status_fail(s, WEIR_ERROR_UNREACHABLE, "gone", 5000, 0.5, before_ms);
    g_assert_cmpint(s->next_try_ms - before_ms, ==, 10000);
    status_free(s);
}

static void the_wait_jitters_by_a_fifth(void)
{
    static const double random[] = {0, 0.25, 0.75, 0.999};
    for (unsigned i = 0; i < G_N_ELEMENTS(random); i++) {
        struct source_status *s = new_status();
        status_fail(s, WEIR_ERROR_TIMEOUT, "late", 10000, random[i], NOW);
        g_assert_cmpint(s->next_try_ms - NOW, >=, 8000);
        g_assert_cmpint(s->next_try_ms - NOW, <=, 12000);
        g_assert_cmpint(ABS(s->next_try_ms - NOW - (int64_t)(8000 + 4000 * random[i])), <=, 1);
        status_free(s);
    }
}

static void a_wrong_password_is_not_tried_on(void)
{
    struct source_status *s = new_status();
    status_fail(s, WEIR_ERROR_DENIED, "no", 5000, 0.5, NOW);
    g_assert_cmpint(s->state, ==, SOURCE_DENIED);
    g_assert_cmpint(s->next_try_ms - NOW, ==, STATUS_DENIED_MS);
    status_fail(s, WEIR_ERROR_CONFIG, "locked", 5000, 0, NOW);
    g_assert_cmpint(s->state, ==, SOURCE_DENIED);
    g_assert_cmpint(s->next_try_ms - NOW, ==, STATUS_DENIED_MS * 4 / 5);
    status_free(s);
}

static void one_good_answer_ends_the_failure(void)
{
    struct source_status *s = new_status();
    status_fail(s, WEIR_ERROR_SERVER, "boom", 5000, 0.5, NOW);
    status_fail(s, WEIR_ERROR_SERVER, "boom again", 5000, 0.5, NOW + 10);
    g_assert_cmpstr(s->error, ==, "boom again");
    g_assert_cmpint(s->since_ms, ==, NOW);
    g_assert_cmpint(s->state, ==, SOURCE_FAILING);
    g_assert_true(status_succeed(s, NOW + 100));
    g_assert_cmpint(s->state, ==, SOURCE_OK);
    g_assert_cmpint(s->since_ms, ==, NOW + 100);
    g_assert_cmpint(s->last_ok_ms, ==, NOW + 100);
    g_assert_cmpint(s->next_try_ms, ==, 0);
    g_assert_cmpuint(s->failures, ==, 0);
    g_assert_null(s->error);
    status_fail(s, WEIR_ERROR_SERVER, "boom", 5000, 0.5, NOW + 200);
    g_assert_cmpint(s->next_try_ms - NOW - 200, ==, 5000);
    g_assert_cmpint(s->last_ok_ms, ==, NOW + 100);
    status_free(s);
}

static void people_are_told_only_of_changes(void)
{
    struct source_status *s = new_status();
    g_assert_true(status_succeed(s, NOW));
    g_assert_false(status_succeed(s, NOW + 5000));
    g_assert_true(status_set_partial(s, "nodes: denied"));
    g_assert_false(status_set_partial(s, "nodes: denied"));
    g_assert_true(status_set_partial(s, NULL));
    g_assert_false(status_set_partial(s, NULL));
    status_free(s);
}

static void a_slow_answer_is_told_from_a_fast_one(void)
{
    struct source_status *s = new_status();
    status_count(s, 1, 100, STATUS_SLOW_MS + 1, NOW);
    g_assert_true(status_succeed(s, NOW));
    g_assert_cmpint(s->state, ==, SOURCE_SLOW);
    for (int i = 0; i < 5; i++)
        status_count(s, 1, 100, 10, NOW);
    g_assert_true(status_succeed(s, NOW));
    g_assert_cmpint(s->state, ==, SOURCE_OK);
    status_free(s);
}

static void latency_is_smoothed(void)
{
    struct source_status *s = new_status();
    status_count(s, 1, 0, -1, NOW);
    g_assert_cmpint(s->latency_ms, ==, -1);
    status_count(s, 1, 0, 100, NOW);
    g_assert_cmpint(s->latency_ms, ==, 100);
    status_count(s, 1, 0, 500, NOW);
    g_assert_cmpint(s->latency_ms, ==, 200);
    status_count(s, 1, 0, -1, NOW);
    g_assert_cmpint(s->latency_ms, ==, 200);
    status_free(s);
}

static void costs_are_those_of_the_last_minute(void)
{
    struct source_status *s = new_status();
    int64_t t = NOW - NOW % STATUS_BUCKET_MS;
    g_assert_cmpfloat(status_requests_per_min(s, t), ==, 0);
    status_count(s, 2, 1000, -1, t);
    status_count(s, 3, 500, -1, t + 10000);
    g_assert_cmpfloat(status_requests_per_min(s, t + 10000), ==, 5);
    g_assert_cmpfloat(status_bytes_per_min(s, t + 10000), ==, 1500);
    g_assert_cmpfloat(status_requests_per_min(s, t + 59999), ==, 5);
    g_assert_cmpfloat(status_requests_per_min(s, t + 60000), ==, 3);
    g_assert_cmpfloat(status_bytes_per_min(s, t + 69999), ==, 500);
    g_assert_cmpfloat(status_requests_per_min(s, t + 70000), ==, 0);
    status_count(s, 7, 70, -1, t + 60000);
    g_assert_cmpfloat(status_requests_per_min(s, t + 60000), ==, 10);
    g_assert_cmpfloat(status_requests_per_min(s, t + 600000), ==, 0);
    status_free(s);
}

static void a_wrong_configuration_is_a_failure(void)
{
    struct source_status *s = new_status();
    status_break(s, "its type is unknown", NOW + 1);
    g_assert_cmpint(s->state, ==, SOURCE_FAILING);
    g_assert_cmpstr(s->error, ==, "its type is unknown");
    g_assert_cmpint(s->next_try_ms, ==, 0);
    status_free(s);
}

static void a_copy_stands_alone(void)
{
    struct source_status *s = new_status();
    status_fail(s, WEIR_ERROR_SERVER, "boom", 5000, 0.5, NOW);
    status_set_partial(s, "part");
    s->version = g_strdup("4.3.1");
    struct source_status *copy = status_copy(s);
    status_free(s);
    g_assert_cmpstr(copy->name, ==, "events");
    g_assert_cmpstr(copy->type, ==, "kafka");
    g_assert_cmpstr(copy->version, ==, "4.3.1");
    g_assert_cmpstr(copy->error, ==, "boom");
    g_assert_cmpstr(copy->partial, ==, "part");
    status_fail(copy, WEIR_ERROR_SERVER, copy->error, 5000, 0.5, NOW); /* its own text */
    g_assert_cmpstr(copy->error, ==, "boom");
    status_free(copy);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/status/a-new-source-is-connecting", a_new_source_is_connecting);
    g_test_add_func("/status/the-wait-doubles-up-to-a-minute", the_wait_doubles_up_to_a_minute);
    g_test_add_func("/status/feeds-that-fail-in-one-round-are-one-failure",
        feeds_that_fail_in_one_round_are_one_failure);
    g_test_add_func("/status/a-clock-that-is-put-back-puts-no-try-off",
        a_clock_that_is_put_back_puts_no_try_off);
    g_test_add_func("/status/the-wait-jitters-by-a-fifth", the_wait_jitters_by_a_fifth);
    g_test_add_func("/status/a-wrong-password-is-not-tried-on", a_wrong_password_is_not_tried_on);
    g_test_add_func("/status/one-good-answer-ends-the-failure", one_good_answer_ends_the_failure);
    g_test_add_func("/status/people-are-told-only-of-changes", people_are_told_only_of_changes);
    g_test_add_func(
        "/status/a-slow-answer-is-told-from-a-fast-one", a_slow_answer_is_told_from_a_fast_one);
    g_test_add_func("/status/latency-is-smoothed", latency_is_smoothed);
    g_test_add_func(
        "/status/costs-are-those-of-the-last-minute", costs_are_those_of_the_last_minute);
    g_test_add_func(
        "/status/a-wrong-configuration-is-a-failure", a_wrong_configuration_is_a_failure);
    g_test_add_func("/status/a-copy-stands-alone", a_copy_stands_alone);
    return g_test_run();
}
