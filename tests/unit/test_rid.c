#include "rid.h"

#include "error.h"
#include "unit/rows.h"

static struct rid *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    struct rid *rid = rid_parse(text, &error);
    g_assert_no_error(error);
    g_assert_nonnull(rid);
    return rid;
}

static void fails(const char *text, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(rid_parse(text, &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_USAGE);
    ASSERT_CONTAINS(error->message, words);
}

static void an_address_is_read_into_its_parts(void)
{
    AUTO(rid)
    rid = parse("scheduler/dags/orders_daily/runs/"
                "scheduled__2026-06-12T11:00:00+00:00/tasks/load_fct[3]");
    g_assert_null(rid->env);
    g_assert_null(rid->filter);
    g_assert_cmpstr(rid->source, ==, "scheduler");
    g_assert_cmpuint(rid->count, ==, 3);
    g_assert_cmpstr(rid_name(rid, "dags"), ==, "orders_daily");
    g_assert_cmpstr(rid_name(rid, "runs"), ==, "scheduled__2026-06-12T11:00:00+00:00");
    g_assert_cmpstr(rid_last_name(rid), ==, "load_fct[3]");
    g_assert_null(rid_name(rid, "pools"));
    AUTO(rid) whole = parse("weir://prod-eu:events/groups/a%2Fb?filter=lag%3E10%20x");
    g_assert_cmpstr(whole->env, ==, "prod-eu");
    g_assert_cmpstr(whole->source, ==, "events");
    g_assert_cmpstr(rid_name(whole, "groups"), ==, "a/b");
    g_assert_cmpstr(whole->filter, ==, "lag>10 x");
    AUTO(rid) source = parse("events");
    g_assert_cmpuint(source->count, ==, 0);
    g_assert_cmpstr(rid_last_name(source), ==, "events");
}

static void a_wrong_address_says_what_is_wrong(void)
{
    fails("", "is no name of a source");
    fails("Events/groups/x", "\"Events\" is no name of a source");
    fails("PROD:events/groups/x", "\"PROD\"");
    fails("prod:Events", "\"Events\"");
    fails("a:b:c", "no name of a source");
    fails("events/groups", "a kind without a name");
    fails("events/groups/x/", "a kind without a name");
    fails("events//x", "empty");
    fails("events/groups/", "empty");
    fails("events/groups/%zz", "broken");
    fails("events/groups/%4", "broken");
    fails("events/groups/a%00b", "broken");
    fails("events?sort=lag", "only ?filter=");
    fails("events?filter=%", "filter");
    fails("s/a/1/b/2/c/3/d/4/e/5/f/6/g/7", "more than 6 parts");
    fails("s/groups/\xff", "not UTF-8");
    g_autofree char *name = g_strnfill(RID_TEXT_MAX, 'x');
    g_autofree char *endless = g_strconcat("s/k/", name, NULL);
    fails(endless, "longer than 4096 bytes");
}

static void the_fullest_path_is_accepted(void)
{
    AUTO(rid) rid = parse("s/a/1/b/2/c/3/d/4/e/5/f/6");
    g_assert_cmpuint(rid->count, ==, RID_PARTS_MAX);
    g_assert_null(rid_child(rid, "g", "7"));
}

static void any_name_survives_its_printed_form(void)
{
    for (int i = 0; i < 20000; i++) {
        char name[24] = "";
        for (int j = g_test_rand_int_range(0, 23); j >= 0; j--)
            name[j] = (char)g_test_rand_int_range(1, 256);
        AUTO(rid) source = rid_source("events");
        AUTO(rid) rid = rid_child(source, "groups", name);
        g_autofree char *text = rid_print(rid);
        for (const char *p = text; *p; p++)
            g_assert_true(*p > 0x20 && *p < 0x7f);
        AUTO(rid) again = parse(text);
        g_assert_true(rid_equal(rid, again));
        g_assert_cmpuint(rid_hash(rid), ==, rid_hash(again));
        g_assert_cmpstr(rid_last_name(again), ==, name);
        g_assert_true(again->filter == NULL && again->env == NULL);
    }
}

static void readable_names_stay_readable(void)
{
    AUTO(rid) rid = parse("scheduler/runs/scheduled__2026-06-12T11:00:00+00:00/tasks/a@b=c[3]");
    g_autofree char *text = rid_print(rid);
    g_assert_cmpstr(text, ==, "scheduler/runs/scheduled__2026-06-12T11:00:00+00:00/tasks/a@b=c[3]");
    AUTO(rid) odd = parse("s/k/a%2Fb%25%20%C3%BC%1B?filter=x");
    g_autofree char *printed = rid_print(odd);
    g_assert_cmpstr(printed, ==, "s/k/a%2Fb%25%20%C3%BC%1B");
}

static void equal_means_source_and_path(void)
{
    AUTO(rid) a = parse("dev:events/groups/x?filter=lag");
    AUTO(rid) b = parse("events/groups/x");
    AUTO(rid) c = parse("events/groups/x/offsets/y");
    AUTO(rid) d = parse("other/groups/x");
    AUTO(rid) e = parse("events/topics/x");
    g_assert_true(rid_equal(a, b));
    g_assert_cmpuint(rid_hash(a), ==, rid_hash(b));
    g_assert_false(rid_equal(b, c));
    g_assert_false(rid_equal(b, d));
    g_assert_false(rid_equal(b, e));
}

static void going_up_ends_at_the_source(void)
{
    AUTO(rid) rid = parse("dev:s/a/1/b/2?filter=x");
    AUTO(rid) up = rid_parent(rid);
    AUTO(rid) upper = rid_parent(up);
    AUTO(rid) top = rid_parent(upper);
    AUTO(rid) copy = rid_copy(rid);
    AUTO(rid) child = rid_child(rid, "c", "3");
    g_autofree char *text = rid_print(up);
    g_assert_cmpstr(text, ==, "s/a/1");
    g_assert_cmpuint(upper->count, ==, 0);
    g_assert_true(rid_equal(upper, top));
    g_assert_cmpstr(top->env, ==, "dev");
    g_assert_cmpstr(copy->filter, ==, "x");
    g_assert_null(child->filter);
    g_assert_cmpstr(child->env, ==, "dev");
}

static void names_of_sources_are_plain(void)
{
    g_assert_true(rid_is_source_name("prod-eu_1"));
    g_assert_false(rid_is_source_name(""));
    g_assert_false(rid_is_source_name("Prod"));
    g_assert_false(rid_is_source_name("a b"));
    g_assert_false(rid_is_source_name("a/b"));
    g_assert_false(rid_is_source_name("ü"));
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    g_test_add_func("/rid/an-address-is-read-into-its-parts", an_address_is_read_into_its_parts);
    g_test_add_func("/rid/a-wrong-address-says-what-is-wrong", a_wrong_address_says_what_is_wrong);
    g_test_add_func("/rid/the-fullest-path-is-accepted", the_fullest_path_is_accepted);
    g_test_add_func("/rid/any-name-survives-its-printed-form", any_name_survives_its_printed_form);
    g_test_add_func("/rid/readable-names-stay-readable", readable_names_stay_readable);
    g_test_add_func("/rid/equal-means-source-and-path", equal_means_source_and_path);
    g_test_add_func("/rid/going-up-ends-at-the-source", going_up_ends_at_the_source);
    g_test_add_func("/rid/names-of-sources-are-plain", names_of_sources_are_plain);
    return g_test_run();
}
