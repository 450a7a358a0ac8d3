/* Tests of what the terminal benchmark computes; what it measures is tested with the harness. */
#include "program.h"
#include "report.h"
#include "samples.h"

#include <string.h>
#include <unistd.h>

static double figure(const struct samples *s, enum metric m, enum reduction r)
{
    double value = -1;
    g_assert_true(samples_reduce(s, m, r, &value));
    return value;
}

static void percentiles(void)
{
    AUTO(samples) s = samples_new();
    for (int i = 200; i >= 1; i--)
        samples_add(s, METRIC_KEY_FIRST_MS, i);
    g_assert_cmpfloat(figure(s, METRIC_KEY_FIRST_MS, REDUCE_P50), ==, 100);
    g_assert_cmpfloat(figure(s, METRIC_KEY_FIRST_MS, REDUCE_P99), ==, 198);
    g_assert_cmpfloat(figure(s, METRIC_KEY_FIRST_MS, REDUCE_MIN), ==, 1);
    g_assert_cmpfloat(figure(s, METRIC_KEY_FIRST_MS, REDUCE_MEAN), ==, 100.5);
    g_assert_cmpfloat(figure(s, METRIC_KEY_FIRST_MS, REDUCE_SUM), ==, 20100);
}

static void absent_is_not_zero(void)
{
    AUTO(samples) s = samples_new();
    double value = 7;
    g_assert_false(samples_reduce(s, METRIC_PSS_KIB, REDUCE_SUM, &value));
    g_assert_cmpfloat(value, ==, 7);
}

static void ratios(void)
{
    AUTO(samples) floor = samples_new();
    AUTO(samples) own = samples_new();
    samples_add(floor, METRIC_KEY_BYTES, 10);
    samples_add(floor, METRIC_IDLE_BYTES_S, 0);
    samples_add(own, METRIC_KEY_BYTES, 45);
    samples_add(own, METRIC_KEY_BYTES, 15);
    samples_add(own, METRIC_KEY_NEEDED_BYTES, 20);
    samples_add(own, METRIC_KEY_NEEDED_BYTES, 20);
    samples_add(own, METRIC_IDLE_BYTES_S, 3);
    samples_add_thread(own, "rdk:main", 1.5);
    samples_add_thread(own, "rdk:main", 0.25);
    const struct report_column columns[] = {{"own", own}};
    g_autofree char *lines = report_lines(columns, 1, floor);
    g_assert_nonnull(strstr(lines, "\nkey_bytes\town\t30.00\t3.00\n"));
    g_assert_nonnull(strstr(lines, "\nkey_bytes_per_need\town\t1.50\t-\n"));
    g_assert_nonnull(strstr(lines, "\nidle_bytes_s\town\t3.00\t-\n"));
    g_assert_nonnull(strstr(lines, "\npss_kib\town\t-\t-\n"));
    g_assert_nonnull(strstr(lines, "\nidle_wakeups_s:rdk:main\town\t1.75\t-\n"));
}

static void command_line(void)
{
    AUTO(program) p = program_parse("weir:down*3,up *:build/weir --config 'a b'", NULL);
    g_autofree char *keys = g_strjoinv(" ", p->keys);
    g_assert_cmpstr(p->name, ==, "weir");
    g_assert_cmpstr(keys, ==, "down down down up *");
    g_assert_cmpuint(g_strv_length(p->argv), ==, 3);
    g_assert_cmpstr(p->argv[2], ==, "a b");
    g_assert_cmpstr(p->quit[0], ==, "q");
    g_autoptr(GError) error = NULL;
    g_assert_null(program_parse("weir:j", &error));
    g_assert_nonnull(strstr(error->message, "is not NAME:KEYS:COMMAND"));
    g_clear_error(&error);
    g_assert_null(program_parse("weir:j:build/weir 'a", &error));
    g_assert_true(g_str_has_prefix(error->message, "\"weir:j:build/weir 'a\": "));
}

static void description_file(void)
{
    g_autofree char *path = NULL;
    close(g_file_open_tmp("bench-XXXXXX", &path, NULL));
    g_assert_true(g_file_set_contents(path,
        "[one]\nargv = one -x\nkeys = j k\nsetup = g g\nquit = esc q\ncontent = ^NOW\n"
        "env = A=1;B=2;\n[two]\nargv = two\n",
        -1, NULL));
    g_autoptr(GPtrArray) programs = g_ptr_array_new_with_free_func((GDestroyNotify)program_free);
    g_autoptr(GError) error = NULL;
    g_assert_false(program_load(programs, path, &error));
    g_assert_nonnull(strstr(error->message, "[two]: no keys"));
    g_assert_cmpuint(programs->len, ==, 1);
    const struct program *one = programs->pdata[0];
    g_assert_cmpstr(one->content, ==, "^NOW");
    g_assert_cmpstr(one->env[1], ==, "B=2");
    g_assert_cmpuint(g_strv_length(one->setup), ==, 2);
    unlink(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bench/a percentile is a value that was measured", percentiles);
    g_test_add_func("/bench/a metric without values has no figure", absent_is_not_zero);
    g_test_add_func("/bench/a ratio needs a floor above zero", ratios);
    g_test_add_func("/bench/a program can be given on the command line", command_line);
    g_test_add_func("/bench/programs can be described in a file", description_file);
    return g_test_run();
}
