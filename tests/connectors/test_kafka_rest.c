/* Kafka by Confluent's REST Proxy, against answers that a test wrote: there is no real proxy to be had.
 * A request that does not stand in the script fails. */
#include "cells.h"
#include "kafka/kafka.h"
#include "kafka/rest_learn.h"
#include "script.h"

#define C    "/v3/clusters/lkc-1"
#define ROOT "http://proxy:8082"
#define LIST(...)                                                                                  \
    "{\"kind\":\"List\",\"metadata\":{\"self\":\"x\",\"next\":null},\"data\":[" __VA_ARGS__ "]}"
#define PAGE(next, ...)   "{\"metadata\":{\"next\":\"" next "\"},\"data\":[" __VA_ARGS__ "]}"
#define ERROR(code, text) "{\"error_code\":" code ",\"message\":\"" text "\"}"
#define BROKER(id)        "{\"broker_id\":" id ",\"host\":\"b" id "\",\"port\":9092,\"rack\":null}"
#define TOPIC(name, partitions, replicas)                                                          \
    "{\"topic_name\":\"" name "\",\"is_internal\":false,\"replication_factor\":" replicas          \
    ",\"partitions_count\":" partitions "}"
#define REPLICA(t, p, b, leader, sync)                                                             \
    "{\"topic_name\":\"" t "\",\"partition_id\":" p ",\"broker_id\":" b ",\"is_leader\":" leader   \
    ",\"is_in_sync\":" sync "}"
#define CONFIG(t, name, value)                                                                     \
    "{\"topic_name\":\"" t "\",\"name\":\"" name "\",\"value\":\"" value                           \
    "\",\"is_default\":false,\"is_read_only\":false,\"is_sensitive\":false,"                       \
    "\"source\":\"DYNAMIC_TOPIC_CONFIG\"}"
#define GROUP(id, state)                                                                           \
    "{\"consumer_group_id\":\"" id "\",\"is_simple\":false,\"partition_assignor\":\"range\","      \
    "\"state\":\"" state "\",\"coordinator\":{\"related\":\"" ROOT C "/brokers/2\"}}"
#define LAG(t, p, c, h, who)                                                                       \
    "{\"topic_name\":\"" t "\",\"partition_id\":" p ",\"current_offset\":" c                       \
    ",\"log_end_offset\":" h ",\"lag\":0,\"consumer_id\":\"" who                                   \
    "\",\"instance_id\":null,\"client_id\":\"app\"}"
#define PARTITION(p, leader)                                                                       \
    "{\"partition_id\":" p ",\"leader\":{\"related\":\"" ROOT C "/topics/t/partitions/" p          \
    "/replicas/" leader "\"}}"
#define OFFSET(begin, end) "{\"earliest_offset\":" begin ",\"latest_offset\":" end "}"
#define CLUSTERS                                                                                   \
    LIST("{\"cluster_id\":\"lkc-1\",\"controller\":{\"related\":\"" ROOT C "/brokers/1\"}}")
#define SOURCE "      af: {type: kafka, url: \"http://127.0.0.1:1\"}\n"

struct test {
    struct script script;
    struct harness h;
    struct harness_result r;
};

static const struct connector *const connectors[] = {&kafka_connector, NULL};

static void begin(struct test *t)
{
    *t = (struct test){0};
    script_begin(&t->script);
}

static void add(struct test *t, const char *path, const char *text)
{
    script_get(&t->script, path, text);
}

static void add_status(struct test *t, const char *path, int status, const char *text)
{
    script_add(&t->script, (struct script_answer){.path = path, .status = status, .text = text});
}

/* Two brokers, topic t of two partitions with two replicas each. */
static void add_cluster(struct test *t)
{
    add(t, "/v3/clusters", CLUSTERS);
    add(t, C "/brokers", LIST(BROKER("1") "," BROKER("2")));
    add(t, C "/topics", LIST(TOPIC("t", "2", "2")));
}

static void add_slow(struct test *t)
{
    add(t, C "/topics/-/configs",
        LIST(CONFIG("t", "retention.ms", "604800000") "," CONFIG("t", "cleanup.policy", "delete")));
    add(t, C "/brokers/1/configs/process.roles",
        "{\"name\":\"process.roles\",\"value\":\"broker\"}");
    add(t, C "/brokers/2/configs/process.roles",
        "{\"name\":\"process.roles\",\"value\":\"broker\"}");
}

static void add_places(struct test *t)
{
    add(t, C "/brokers/1/partition-replicas",
        LIST(REPLICA("t", "0", "1", "true", "true") "," REPLICA("t", "1", "1", "false", "false")));
    add(t, C "/brokers/2/partition-replicas",
        LIST(REPLICA("t", "0", "2", "false", "true") "," REPLICA("t", "1", "2", "true", "true")));
}

static void play(struct test *t)
{
    script_play(&t->script);
    harness_open(&t->h, connectors, SOURCE);
}

static void end(struct test *t)
{
    harness_result_clear(&t->r);
    harness_close(&t->h);
    script_end(&t->script);
}

static const struct snapshot *get(struct test *t, const char *kind, const char *scope)
{
    harness_result_clear(&t->r);
    harness_fetch(&t->h, kind, scope, &t->r);
    if (t->r.error)
        g_test_message("%s", t->r.error->message);
    g_assert_no_error(t->r.error);
    return harness_snapshot(&t->r, kind);
}

static void fails(struct test *t, const char *kind, const char *scope, int code, const char *words)
{
    harness_result_clear(&t->r);
    harness_fetch(&t->h, kind, scope, &t->r);
    g_assert_error(t->r.error, WEIR_ERROR, code);
    g_test_message("%s", t->r.error->message);
    g_assert_nonnull(strstr(t->r.error->message, words));
}

static bool is_absent(
    const struct snapshot *s, const char *row, const char *column, enum absent why)
{
    struct cell cell = harness_cell(s, row, column);
    return cell.type == CELL_NONE && cell.absent == why;
}

/* -- the cluster --------------------------------------------------------------------------------- */

static void brokers_and_topics_are_those_of_the_proxy(void)
{
    struct test t;
    begin(&t);
    add_cluster(&t);
    add_places(&t);
    add_slow(&t);
    play(&t);
    const struct snapshot *s = get(&t, "kafka.topics", "af");
    g_assert_cmpuint(snapshot_count(s), ==, 1);
    g_assert_null(snapshot_incomplete(s));
    g_assert_cmpint(number(s, "t", "partitions"), ==, 2);
    g_assert_cmpint(number(s, "t", "replication"), ==, 2);
    g_assert_cmpint(number(s, "t", "under_replicated"), ==, 1);
    g_assert_cmpint(number(s, "t", "offline"), ==, 0);
    g_assert_cmpint(number(s, "t", "retention_ms"), ==, 604800000);
    g_assert_cmpstr(harness_cell(s, "t", "cleanup").text, ==, "delete");
    g_assert_true(is_absent(s, "t", "messages", ABSENT_NOT_ASKED));
    g_assert_cmpint(row_of(s, "t")->health, ==, HEALTH_WARN);
    s = harness_snapshot(&t.r, "kafka.brokers");
    g_assert_cmpuint(snapshot_count(s), ==, 2);
    g_assert_cmpstr(harness_cell(s, "1", "host").text, ==, "b1");
    g_assert_cmpint(number(s, "1", "leaders"), ==, 1);
    g_assert_cmpint(number(s, "1", "replicas"), ==, 2);
    g_assert_cmpint(number(s, "1", "under_replicated"), ==, 1);
    /* a broker has roles, so whom the proxy calls the controller is any of them */
    g_assert_true(is_absent(s, "1", "controller", ABSENT_NO_VALUE));
    end(&t);
}

static void what_a_broker_may_not_tell_is_denied_and_not_zero(void)
{
    struct test t;
    begin(&t);
    add_cluster(&t);
    for (int i = 1; i <= 2; i++) {
        g_autofree char *path = g_strdup_printf(C "/brokers/%d/partition-replicas", i);
        add_status(&t, path, 403, ERROR("40301", "no DESCRIBE on the cluster"));
        g_autofree char *mode = g_strdup_printf(C "/brokers/%d/configs/process.roles", i);
        add_status(&t, mode, 403, ERROR("40301", "no"));
    }
    add_status(&t, C "/topics/-/configs", 403, ERROR("40301", "no"));
    play(&t);
    const struct snapshot *s = get(&t, "kafka.topics", "af");
    static const char *const columns[] = {"under_replicated", "offline", "retention_ms", "cleanup"};
    for (unsigned i = 0; i < G_N_ELEMENTS(columns); i++)
        g_assert_true(is_absent(s, "t", columns[i], ABSENT_DENIED));
    g_assert_cmpint(number(s, "t", "partitions"), ==, 2);
    g_assert_nonnull(strstr(snapshot_incomplete(s), "no DESCRIBE on the cluster"));
    s = harness_snapshot(&t.r, "kafka.brokers");
    g_assert_true(is_absent(s, "1", "leaders", ABSENT_DENIED));
    g_assert_true(is_absent(s, "1", "controller", ABSENT_DENIED));
    end(&t);
}

static void a_proxy_that_does_not_tell_replicas_leaves_them_not_asked(void)
{
    struct test t;
    begin(&t);
    add_cluster(&t);
    add_status(&t, C "/brokers/1/partition-replicas", 404, ERROR("404", "HTTP 404 Not Found"));
    add_status(&t, C "/brokers/2/partition-replicas", 404, ERROR("404", "HTTP 404 Not Found"));
    add_slow(&t);
    play(&t);
    const struct snapshot *s = get(&t, "kafka.topics", "af");
    g_assert_null(snapshot_incomplete(s));
    g_assert_true(is_absent(s, "t", "offline", ABSENT_NOT_ASKED));
    g_assert_cmpint(row_of(s, "t")->health, ==, HEALTH_OK);
    end(&t);
}

/* Broker 2 is gone: it is in no list any more, and neither is what it had. */
static void a_broker_that_is_gone_leaves_partitions_without_a_leader(void)
{
    struct test t;
    begin(&t);
    add(&t, "/v3/clusters", CLUSTERS);
    add(&t, C "/brokers", LIST(BROKER("1")));
    add(&t, C "/topics",
        LIST(TOPIC("t", "2", "2") "," TOPIC("lost", "1", "1") "," TOPIC("dropped", "1", "1")));
    add(&t, C "/brokers/1/partition-replicas",
        LIST(REPLICA("t", "0", "1", "true", "true") "," REPLICA("t", "1", "1", "false", "false")));
    add(&t, C "/topics/t/partitions",
        LIST(PARTITION("0", "1") ",{\"partition_id\":1,\"leader\":null}"));
    add(&t, C "/topics/lost/partitions", LIST("{\"partition_id\":0,\"leader\":null}"));
    add_status(&t, C "/topics/dropped/partitions", 404, ERROR("40403", "no such topic"));
    add(&t, C "/topics/-/partitions/-/reassignment", LIST());
    add_slow(&t);
    play(&t);
    const struct snapshot *s = get(&t, "kafka.topics", "af");
    g_assert_cmpint(number(s, "t", "offline"), ==, 1);
    g_assert_cmpint(number(s, "t", "under_replicated"), ==, 2);
    g_assert_cmpint(number(s, "lost", "offline"), ==, 1);
    g_assert_cmpint(row_of(s, "lost")->health, ==, HEALTH_FAIL);
    g_assert_true(is_absent(s, "dropped", "offline", ABSENT_NOT_ASKED));
    g_assert_cmpint(row_of(s, "dropped")->health, ==, HEALTH_OK);
    end(&t);
}

/* Partition 0 has three replicas for a while, and the proxy calls that the topic's factor. */
static void a_topic_that_is_being_reassigned_lacks_nothing(void)
{
    struct test t;
    begin(&t);
    add(&t, "/v3/clusters", CLUSTERS);
    add(&t, C "/brokers", LIST(BROKER("1")));
    add(&t, C "/topics", LIST(TOPIC("t", "1", "3")));
    add(&t, C "/brokers/1/partition-replicas", LIST(REPLICA("t", "0", "1", "true", "true")));
    add(&t, C "/topics/-/partitions/-/reassignment",
        LIST("{\"topic_name\":\"t\",\"partition_id\":0,\"adding_replicas\":[2],\"removing_"
             "replicas\":[]}"));
    add_slow(&t);
    play(&t);
    g_assert_cmpint(number(get(&t, "kafka.topics", "af"), "t", "under_replicated"), ==, 0);
    end(&t);
}

static void lists_are_read_page_by_page_and_stay_with_their_server(void)
{
    struct test t;
    begin(&t);
    add(&t, "/v3/clusters", CLUSTERS);
    add(&t, C "/brokers", LIST(BROKER("1") "," BROKER("2")));
    add(&t, C "/topics",
        PAGE("http://evil:1/kafka" C "/topics?page_token=2", TOPIC("t", "2", "2")));
    add(&t, C "/topics?page_token=2", LIST(TOPIC("u", "1", "1")));
    add_places(&t);
    add(&t, C "/topics/u/partitions", LIST(PARTITION("0", "1")));
    add(&t, C "/topics/-/partitions/-/reassignment", LIST());
    add_slow(&t);
    play(&t);
    const struct snapshot *s = get(&t, "kafka.topics", "af");
    g_assert_cmpuint(snapshot_count(s), ==, 2);
    end(&t);
}

static void a_page_that_leads_elsewhere_or_nowhere_is_told(void)
{
    static const struct {
        const char *page, *words;
    } rows[] = {
        {PAGE("http://proxy:8082/v3/clusters/other/acls", ""), "is not one of the same list"},
        {PAGE("http://proxy:8082" C "/../topics", ""), "is not one of the same list"},
        {PAGE("gopher", ""), "is not one of the same list"},
        {PAGE("http://proxy:8082" C "/topics", ""), "does not end"},
        {"{\"data\":{}}", "is no list"},
        {"[]", "is no list"},
        {"{", "JSON"},
        {"<html>sign in</html>", "HTML"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct test t;
        begin(&t);
        add(&t, "/v3/clusters", CLUSTERS);
        add(&t, C "/brokers", LIST(BROKER("1")));
        add(&t, C "/topics", rows[i].page);
        play(&t);
        harness_fetch(&t.h, "kafka.topics", "af", &t.r);
        g_assert_nonnull(t.r.error);
        g_test_message("%s", t.r.error->message);
        g_assert_nonnull(strstr(t.r.error->message, rows[i].words));
        end(&t);
    }
}

static void a_proxy_that_refuses_says_so_in_words(void)
{
    static const struct {
        int status, code;
        const char *text, *words;
    } rows[] = {
        {401, WEIR_ERROR_DENIED, ERROR("40101", "Unauthorized"),
            "set username and password, or token"},
        {403, WEIR_ERROR_DENIED, ERROR("40301", "not you"), "not you"},
        {404, WEIR_ERROR_NOT_FOUND, "<html>nginx</html>", "or http://HOST:8090/kafka"},
        {429, WEIR_ERROR_SERVER, ERROR("429", "slow down"), "slow down"},
        {503, WEIR_ERROR_SERVER, ERROR("50301", "no broker"), "no broker"},
        {200, WEIR_ERROR_PROTOCOL, "{\"data\":[]}", "names no cluster"},
        {200, WEIR_ERROR_PROTOCOL, "{\"data\":[{\"cluster_id\":7}]}", "names no cluster"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct test t;
        begin(&t);
        add_status(&t, "/v3/clusters", rows[i].status, rows[i].text);
        play(&t);
        fails(&t, "kafka.topics", "af", rows[i].code, rows[i].words);
        end(&t);
    }
}

/* -- groups -------------------------------------------------------------------------------------- */

static void one_request_tells_the_lag_of_a_group(void)
{
    struct test t;
    begin(&t);
    add_cluster(&t);
    add(&t, C "/consumer-groups",
        LIST(GROUP("g", "STABLE") "," GROUP("idle", "EMPTY") "," GROUP("odd", "ASSIGNING")));
    add(&t, C "/consumer-groups/g/lags",
        LIST(LAG("t", "0", "90", "100", "c-1") "," LAG("t", "1", "5", "7", "c-2")));
    add(&t, C "/consumer-groups/idle/lags", LIST(LAG("t", "0", "100", "100", "")));
    add(&t, C "/consumer-groups/odd/lags", LIST());
    play(&t);
    const struct snapshot *s = get(&t, "kafka.groups", "af");
    g_assert_null(snapshot_incomplete(s));
    g_assert_cmpint(number(s, "g", "lag"), ==, 12);
    g_assert_cmpstr(harness_cell(s, "g", "state").text, ==, "Stable");
    g_assert_cmpstr(harness_cell(s, "g", "protocol").text, ==, "range");
    g_assert_cmpint(number(s, "g", "members"), ==, 2);
    g_assert_cmpint(harness_cell(s, "g", "members").quality, ==, BOUND);
    g_assert_cmpint(number(s, "g", "partitions"), ==, 2);
    g_assert_cmpint(number(s, "g", "uncommitted"), ==, 0);
    g_assert_true(is_absent(s, "g", "type", ABSENT_NO_VALUE));
    /* that would cost a request per partition */
    g_assert_true(is_absent(s, "g", "lost", ABSENT_NOT_ASKED));
    g_assert_cmpint(number(s, "idle", "lag"), ==, 0);
    g_assert_cmpint(number(s, "idle", "members"), ==, 0);
    g_assert_cmpint(harness_cell(s, "idle", "members").quality, ==, EXACT);
    g_assert_cmpint(number(s, "idle", "uncommitted"), ==, 1);
    g_assert_cmpint(row_of(s, "idle")->phase, ==, PHASE_OFF);
    g_assert_true(is_absent(s, "odd", "state", ABSENT_NO_VALUE));
    g_assert_true(is_absent(s, "odd", "lag", ABSENT_NO_VALUE));
    end(&t);
}

static void a_group_that_cannot_be_read_costs_its_own_row_only(void)
{
    struct test t;
    begin(&t);
    add_cluster(&t);
    add(&t, C "/consumer-groups",
        LIST(GROUP("a", "STABLE") "," GROUP("b", "STABLE") "," GROUP("c", "STABLE") "," GROUP(
            "d", "STABLE")));
    add(&t, C "/consumer-groups/a/lags", LIST(LAG("t", "0", "90", "100", "c-1")));
    add_status(&t, C "/consumer-groups/b/lags", 403, ERROR("40301", "no"));
    add_status(&t, C "/consumer-groups/c/lags", 500, ERROR("50002", "boom"));
    add(&t, C "/consumer-groups/d/lags", "{\"rows\":1}");
    play(&t);
    const struct snapshot *s = get(&t, "kafka.groups", "af");
    g_assert_cmpint(number(s, "a", "lag"), ==, 10);
    g_assert_true(is_absent(s, "b", "lag", ABSENT_DENIED));
    g_assert_nonnull(strstr(row_of(s, "b")->error, "may not read it"));
    g_assert_true(is_absent(s, "c", "lag", ABSENT_FAILED));
    g_assert_cmpint(row_of(s, "c")->health, ==, HEALTH_UNKNOWN);
    g_assert_true(is_absent(s, "d", "lag", ABSENT_FAILED));
    end(&t);
}

static void a_proxy_that_asks_for_fewer_requests_gets_fewer(void)
{
    struct test t;
    begin(&t);
    add_cluster(&t);
    g_autoptr(GString) list = g_string_new(NULL);
    for (int i = 0; i < 9; i++)
        g_string_append_printf(
            list, "%s{\"consumer_group_id\":\"g%d\",\"state\":\"STABLE\"}", i ? "," : "", i);
    g_autofree char *groups = g_strdup_printf(LIST("%s"), list->str);
    add(&t, C "/consumer-groups", groups);
    for (int i = 0; i < 9; i++) {
        g_autofree char *path = g_strdup_printf(C "/consumer-groups/g%d/lags", i);
        add_status(&t, path, 429, ERROR("42901", "too many requests"));
    }
    play(&t);
    fails(&t, "kafka.groups", "af", WEIR_ERROR_SERVER, "too many requests");
    const struct snapshot *s = harness_snapshot(&t.r, "kafka.groups");
    g_assert_nonnull(strstr(snapshot_incomplete(s), "9 of 9 consumer groups were not read"));
    g_assert_true(is_absent(s, "g1", "lag", ABSENT_NOT_ASKED));
    end(&t);
}

static void an_opened_group_shows_where_it_stands(void)
{
    struct test t;
    begin(&t);
    add_cluster(&t);
    add(&t, C "/consumer-groups/my%20group%2F1", GROUP("my group/1", "STABLE"));
    add(&t, C "/consumer-groups/my%20group%2F1/lags",
        LIST(LAG("t", "0", "90", "100", "c-1") "," LAG("gone", "0", "5", "7", "c-1")));
    add(&t, C "/consumer-groups/my%20group%2F1/consumers",
        LIST("{\"consumer_id\":\"c-1\",\"client_id\":\"app\"},{\"consumer_id\":\"c-2\",\"client_"
             "id\":\"app\"}"));
    add(&t, C "/topics/t/partitions/0/offset", OFFSET("95", "101"));
    play(&t);
    const struct snapshot *s = get(&t, "kafka.offsets", "af/groups/my group%2F1");
    g_assert_cmpint(number(s, "t:0", "committed"), ==, 90);
    g_assert_cmpint(number(s, "t:0", "lost"), ==, 5);
    g_assert_cmpint(number(s, "t:0", "lag"), ==, 6);
    g_assert_cmpstr(harness_cell(s, "t:0", "client_id").text, ==, "app");
    g_assert_true(is_absent(s, "t:0", "host", ABSENT_NOT_ASKED));
    g_assert_cmpint(row_of(s, "t:0")->health, ==, HEALTH_FAIL);
    g_assert_true(is_absent(s, "t:1", "committed", ABSENT_NO_VALUE));
    /* somebody may own it: assignments without a commit are not asked for */
    g_assert_true(is_absent(s, "t:1", "member", ABSENT_NOT_ASKED));
    g_assert_true(is_absent(s, "gone:0", "lag", ABSENT_NOT_ASKED));
    harness_result_clear(&t.r);
    harness_show(&t.h, "af/groups/my group%2F1", &t.r);
    g_assert_no_error(t.r.error);
    g_assert_nonnull(strstr(t.r.raw, "\"member_count\":\t2"));
    end(&t);
}

static void a_group_that_is_not_there_is_not_found(void)
{
    struct test t;
    begin(&t);
    add_cluster(&t);
    add_status(&t, C "/consumer-groups/x", 404, ERROR("40403", "no such group"));
    play(&t);
    fails(&t, "kafka.offsets", "af/groups/x", WEIR_ERROR_NOT_FOUND, "has no consumer group \"x\"");
    fails(&t, "kafka.partitions", "af/topics/x", WEIR_ERROR_NOT_FOUND, "has no topic \"x\"");
    end(&t);
}

/* -- topics -------------------------------------------------------------------------------------- */

static void an_opened_topic_shows_leaders_replicas_and_offsets(void)
{
    struct test t;
    begin(&t);
    add_cluster(&t);
    add(&t, C "/topics/t/partitions",
        LIST(PARTITION("0", "1") ",{\"partition_id\":1,\"leader\":null}"));
    add(&t, C "/topics/t/partitions/0/replicas",
        LIST(REPLICA("t", "0", "1", "true", "true") "," REPLICA("t", "0", "2", "false", "true")));
    add(&t, C "/topics/t/partitions/1/replicas", LIST(REPLICA("t", "1", "2", "false", "false")));
    add(&t, C "/topics/t/partitions/0/offset", OFFSET("3", "9007199254740993"));
    play(&t);
    const struct snapshot *s = get(&t, "kafka.partitions", "af/topics/t");
    g_assert_cmpint(number(s, "t:0", "leader"), ==, 1);
    g_assert_cmpstr(harness_cell(s, "t:0", "isr").text, ==, "1,2");
    g_assert_cmpint(number(s, "t:0", "begin"), ==, 3);
    g_assert_cmpint(number(s, "t:0", "end"), ==, 9007199254740993);
    g_assert_true(is_absent(s, "t:1", "leader", ABSENT_NO_VALUE));
    g_assert_cmpint(row_of(s, "t:1")->health, ==, HEALTH_FAIL);
    g_assert_true(is_absent(s, "t:1", "end", ABSENT_FAILED));
    end(&t);
}

static void a_proxy_without_offsets_leaves_them_not_asked(void)
{
    struct test t;
    begin(&t);
    add_cluster(&t);
    add(&t, C "/topics/t/partitions", LIST(PARTITION("0", "1") "," PARTITION("1", "2")));
    add(&t, C "/topics/t/partitions/0/replicas", LIST(REPLICA("t", "0", "1", "true", "true")));
    add(&t, C "/topics/t/partitions/1/replicas", LIST(REPLICA("t", "1", "2", "true", "true")));
    add_status(&t, C "/topics/t/partitions/0/offset", 404, ERROR("404", "HTTP 404 Not Found"));
    add_status(&t, C "/topics/t/partitions/1/offset", 404, "no");
    play(&t);
    const struct snapshot *s = get(&t, "kafka.partitions", "af/topics/t");
    g_assert_true(is_absent(s, "t:0", "end", ABSENT_NOT_ASKED));
    g_assert_cmpint(row_of(s, "t:0")->health, ==, HEALTH_OK);
    end(&t);
}

static void settings_of_a_topic_are_shown_and_secrets_are_not(void)
{
    struct test t;
    begin(&t);
    add_cluster(&t);
    add(&t, C "/topics/t/partitions", LIST(PARTITION("0", "1") "," PARTITION("1", "2")));
    add(&t, C "/topics/t/partitions/0/replicas", LIST(REPLICA("t", "0", "1", "true", "true")));
    add(&t, C "/topics/t/partitions/1/replicas", LIST(REPLICA("t", "1", "2", "true", "true")));
    add(&t, C "/topics/t/partitions/0/offset", OFFSET("0", "1"));
    add(&t, C "/topics/t/partitions/1/offset", OFFSET("0", "1"));
    add(&t, C "/topics/t/configs",
        LIST(CONFIG("t", "retention.ms", "5") ",{\"name\":\"key\",\"value\":\"hunter2\",\"is_"
                                              "sensitive\":true},{\"value\":\"x\"}"));
    play(&t);
    harness_show(&t.h, "af/topics/t", &t.r);
    g_assert_no_error(t.r.error);
    g_assert_nonnull(strstr(t.r.raw, "DYNAMIC_TOPIC_CONFIG"));
    g_assert_nonnull(strstr(t.r.raw, "(secret)"));
    g_assert_null(strstr(t.r.raw, "hunter2"));
    end(&t);
}

/* -- doctor and configuration -------------------------------------------------------------------- */

static void the_doctor_tries_what_is_needed(void)
{
    struct test t;
    begin(&t);
    add_cluster(&t);
    add(&t, C "/consumer-groups", LIST(GROUP("g", "STABLE")));
    add(&t, C "/consumer-groups/g", GROUP("g", "STABLE"));
    add(&t, C "/consumer-groups/g/lags", LIST(LAG("t", "0", "90", "100", "c-1")));
    add_status(&t, C "/consumer-groups/g/consumers", 403, ERROR("40301", "no"));
    add(&t, C "/topics/t/partitions/0/offset", OFFSET("0", "100"));
    add_places(&t);
    play(&t);
    harness_check(&t.h, "af", &t.r);
    g_assert_no_error(t.r.error);
    const struct snapshot *s = harness_snapshot(&t.r, kind_doctor.name);
    static const char *const rows[] = {
        "reachable", "login", "encryption", "consumer groups", "lag", "leaders and replicas"};
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(row_of(s, rows[i])->health, ==, HEALTH_OK);
    g_assert_nonnull(strstr(harness_cell(s, "reachable", "seen").text, "cluster id lkc-1"));
    end(&t);
}

static void is_refused(const char *options, int line, const char *words)
{
    g_autofree char *yaml = g_strdup_printf(
        "environments:\n  e:\n    class: dev\n    sources:\n      k:\n        type: kafka\n%s",
        options);
    g_autofree char *path = NULL;
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func((GDestroyNotify)fault_free);
    close(g_file_open_tmp("weir-test-XXXXXX.yaml", &path, NULL));
    g_assert_true(g_file_set_contents(path, yaml, -1, NULL));
    struct registry *registry = registry_new();
    registry_add(registry, &kafka_connector);
    struct config *config = config_load(path, NULL, faults);
    g_assert_false(config_check_sources(config, registry, faults));
    const struct fault *f = g_ptr_array_index(faults, 0);
    g_test_message("%d: %s", f->line, f->message);
    g_assert_cmpuint(faults->len, ==, 1);
    g_assert_nonnull(strstr(f->message, words));
    g_assert_cmpint(f->line, ==, line ? line + 6 : 5);
    g_unlink(path);
    config_free(config);
    registry_free(registry);
}

#define URL     "        url: http://127.0.0.1:1\n"
#define BROKERS "        brokers: b1:9092\n"

static void a_source_has_brokers_or_a_url_with_the_options_of_each(void)
{
    is_refused("        timeout: 5s\n", 0, "needs \"brokers\" (HOST:PORT, ...) or \"url\"");
    is_refused(BROKERS URL, 2, "has both");
    is_refused(URL "        properties: {acks: 1}\n", 2, "go with \"brokers\"");
    is_refused(BROKERS "        username: x\n", 2, "sasl.username under properties");
    is_refused(BROKERS "        token: {env: T}\n", 2, "goes with \"url\"");
    is_refused(BROKERS "        ca_file: /x\n", 2, "goes with \"url\"");
    is_refused(URL "        password: {env: P}\n", 2, "needs \"username\"");
    is_refused(URL "        username: x\n        password: {env: P}\n        token: {env: T}\n", 4,
        "exclude each other");
}

/* -- what a server may answer -------------------------------------------------------------------- */

static void learn_lags(struct kafka_state *s, struct kafka_group *g, const char *text)
{
    g_autoptr(GPtrArray) pages = g_ptr_array_new_with_free_func((GDestroyNotify)cJSON_Delete);
    cJSON *json = json_parse(text, strlen(text), NULL);
    g_assert_nonnull(json);
    g_ptr_array_add(pages, json);
    rest_learn_lags(s, g, pages, 1000, 1000);
}

static void rows_that_make_no_sense_are_passed_over(void)
{
    struct kafka_state *s = kafka_state_new();
    kafka_topic_list(s, "t", 2, 1);
    struct kafka_group *g = kafka_group_get(s, "g");
    learn_lags(s, g,
        LIST("{},7,null,[],{\"topic_name\":\"\",\"partition_id\":0},"
             "{\"topic_name\":\"t\",\"partition_id\":-1,\"current_offset\":1},"
             "{\"topic_name\":\"t\",\"partition_id\":1.5,\"current_offset\":1},"
             "{\"topic_name\":\"t\",\"partition_id\":99999999999,\"current_offset\":1},"
             "{\"topic_name\":\"t\",\"partition_id\":1,\"current_offset\":-5,\"log_end_offset\":3},"
             "{\"topic_name\":\"t\",\"partition_id\":0,\"current_offset\":null}," LAG(
                 "t", "0", "1", "4", "c") "," LAG("t", "0", "2", "4", "c")));
    g_assert_cmpuint(g->commits->len, ==, 1); /* named twice: the last counts */
    g_assert_cmpint(g_array_index(g->commits, struct kafka_commit, 0).offset, ==, 2);
    g_assert_cmpuint(g->members->len, ==, 1);
    kafka_group_count(s, g, 1000);
    g_assert_cmpint(g->totals.lag, ==, 2);
    kafka_state_free(s);
}

/* Two groups are read at the same time: the end that was read first must not pass for a truncation. */
static void an_end_of_the_same_cycle_never_goes_back(void)
{
    struct kafka_state *s = kafka_state_new();
    struct kafka_topic *t = kafka_topic_list(s, "t", 1, 1);
    learn_lags(s, kafka_group_get(s, "a"), LIST(LAG("t", "0", "10", "20", "")));
    learn_lags(s, kafka_group_get(s, "b"), LIST(LAG("t", "0", "10", "19", "")));
    g_assert_cmpint(t->partitions[0].end, ==, 20);
    t->partitions[0].end_ms = 0; /* of a cycle before */
    learn_lags(s, kafka_group_get(s, "b"), LIST(LAG("t", "0", "10", "15", "")));
    g_assert_cmpint(t->partitions[0].end, ==, 15);
    kafka_state_free(s);
}

static void a_list_of_huge_topics_is_cut(void)
{
    struct kafka_state *s = kafka_state_new();
    g_autoptr(GString) text = g_string_new("{\"data\":[");
    for (int i = 0; i < 100; i++)
        g_string_append_printf(
            text, "%s{\"topic_name\":\"t%d\",\"partitions_count\":99999999}", i ? "," : "", i);
    g_string_append(text, "]}");
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GPtrArray) pages = g_ptr_array_new_with_free_func((GDestroyNotify)cJSON_Delete);
    g_ptr_array_add(pages, json_parse(text->str, text->len, NULL));
    rest_learn_metadata(s, none, pages, 1000);
    g_assert_cmpuint(g_hash_table_size(s->topics), ==, REST_PARTITIONS_MAX / KAFKA_PARTITIONS_MAX);
    g_assert_nonnull(strstr(s->cut, "partitions of a cluster by REST"));
    kafka_state_free(s);
}

static void what_was_known_of_a_topic_outlives_the_next_list(void)
{
    struct kafka_state *s = kafka_state_new();
    struct kafka_topic *t = kafka_topic_list(s, "t", 1, 1);
    g_autoptr(GArray) replicas = g_array_new(FALSE, TRUE, sizeof(struct rest_replica));
    struct rest_replica r = {t, 0, 3, true, true};
    g_array_append_val(replicas, r);
    g_array_append_val(replicas, r); /* twice in the list */
    rest_take_replicas(replicas);
    g_assert_cmpuint(t->partitions[0].replica_count, ==, 1);
    kafka_metadata_begin(s);
    kafka_topic_list(s, "t", 1, 1);
    kafka_metadata_end(s, 1);
    g_assert_cmpint(t->partitions[0].leader, ==, 3);
    g_assert_cmpint(t->placed, ==, KAFKA_KNOWN);
    kafka_topic_list(s, "t", 3, 1);
    g_assert_cmpint(t->placed, ==, KAFKA_NOT_ASKED);
    g_assert_cmpint(t->partitions[2].leader, ==, -1);
    g_assert_cmpint(t->partitions[0].replicas[0], ==, 3);
    kafka_topic_list(s, "t", 1, 1);
    g_assert_cmpuint(t->partitions[0].replica_count, ==, 0);
    kafka_state_free(s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/kafka_rest/" #name, name)
    TEST(brokers_and_topics_are_those_of_the_proxy);
    TEST(what_a_broker_may_not_tell_is_denied_and_not_zero);
    TEST(a_proxy_that_does_not_tell_replicas_leaves_them_not_asked);
    TEST(a_broker_that_is_gone_leaves_partitions_without_a_leader);
    TEST(a_topic_that_is_being_reassigned_lacks_nothing);
    TEST(lists_are_read_page_by_page_and_stay_with_their_server);
    TEST(a_page_that_leads_elsewhere_or_nowhere_is_told);
    TEST(a_proxy_that_refuses_says_so_in_words);
    TEST(one_request_tells_the_lag_of_a_group);
    TEST(a_group_that_cannot_be_read_costs_its_own_row_only);
    TEST(a_proxy_that_asks_for_fewer_requests_gets_fewer);
    TEST(an_opened_group_shows_where_it_stands);
    TEST(a_group_that_is_not_there_is_not_found);
    TEST(an_opened_topic_shows_leaders_replicas_and_offsets);
    TEST(a_proxy_without_offsets_leaves_them_not_asked);
    TEST(settings_of_a_topic_are_shown_and_secrets_are_not);
    TEST(the_doctor_tries_what_is_needed);
    TEST(a_source_has_brokers_or_a_url_with_the_options_of_each);
    TEST(rows_that_make_no_sense_are_passed_over);
    TEST(an_end_of_the_same_cycle_never_goes_back);
    TEST(a_list_of_huge_topics_is_cut);
    TEST(what_was_known_of_a_topic_outlives_the_next_list);
    return g_test_run();
}
