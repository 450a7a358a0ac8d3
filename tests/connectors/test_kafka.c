/* The Kafka connector against librdkafka's mock cluster: real sockets and requests, brokers that go
 * down and answer late on command. The mock knows neither groups nor configurations; those are run
 * against the real broker (tests/live/kafka.t). */
#include "harness.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "action.h"
#include "kafka/kafka.h"
#include "kafka/kinds.h"
#include "lane_private.h"

/* Kafka's numbers of the requests that are counted here. */
enum { API_PRODUCE, API_FETCH, API_LIST_OFFSETS, API_METADATA, API_VERSIONS = 18 };

#define BROKERS    3
#define PARTITIONS 1000

struct mock {
    rd_kafka_t *rk;
    rd_kafka_mock_cluster_t *cluster;
    struct harness h;
};

static void quiet(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    (void)level;
    g_test_message("%s: %s", facility, text);
}

static const struct connector *const connectors[] = {&kafka_connector, NULL};

/* One topic "t" of PARTITIONS partitions over the brokers, and the connector on it. */
static void mock_open(
    struct mock *m, const struct connector *const *list, const char *more, int partitions)
{
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, quiet);
    m->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    g_assert_nonnull(m->rk);
    m->cluster = rd_kafka_mock_cluster_new(m->rk, BROKERS);
    g_assert_nonnull(m->cluster);
    g_assert_cmpint(rd_kafka_mock_topic_create(m->cluster, "t", partitions, 1), ==, 0);
    rd_kafka_mock_start_request_tracking(m->cluster);
    g_autofree char *yaml =
        g_strdup_printf("      k:\n        type: kafka\n        brokers: \"%s\"\n%s",
            rd_kafka_mock_cluster_bootstraps(m->cluster), more);
    harness_open(&m->h, list, yaml);
}

static void mock_close(struct mock *m)
{
    harness_close(&m->h);
    rd_kafka_mock_cluster_destroy(m->cluster);
    rd_kafka_destroy(m->rk);
}

/* How the mock spreads partitions of one replica over its brokers. */
static int64_t leader_of(int partition)
{
    return 1 + partition % BROKERS;
}

/* How many requests the brokers got; api -1: of any sort. Forgets them. */
static unsigned requests(struct mock *m, int api)
{
    size_t count;
    unsigned hits = 0;
    rd_kafka_mock_request_t **all = rd_kafka_mock_get_requests(m->cluster, &count);
    for (size_t i = 0; i < count; i++)
        hits += api < 0 || rd_kafka_mock_request_api_key(all[i]) == api;
    rd_kafka_mock_request_destroy_array(all, count);
    return hits;
}

/* Appends count records to one partition, by a producer of its own. */
static void produce(struct mock *m, int partition, int count)
{
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, quiet);
    rd_kafka_conf_set(
        conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(m->cluster), NULL, 0);
    rd_kafka_t *producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    g_assert_nonnull(producer);
    for (int i = 0; i < count; i++)
        g_assert_cmpint(
            rd_kafka_producev(producer, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(partition),
                RD_KAFKA_V_VALUE("x", 1), RD_KAFKA_V_END),
            ==, 0);
    g_assert_cmpint(rd_kafka_flush(producer, 20000), ==, 0);
    rd_kafka_destroy(producer);
    rd_kafka_mock_clear_requests(m->cluster);
}

static const struct snapshot *snapshot_of(const struct harness_result *r, const char *kind)
{
    const struct snapshot *s = g_hash_table_lookup(r->snapshots, kind);
    g_assert_nonnull(s);
    return s;
}

static size_t row_of(const struct snapshot *s, const char *key)
{
    gssize row = snapshot_find(s, key);
    g_assert_cmpint(row, >=, 0);
    return (size_t)row;
}

static void assert_health(const struct snapshot *s, const char *key, enum health health)
{
    g_assert_cmpstr(health_name(snapshot_row(s, row_of(s, key))->health), ==, health_name(health));
}

/* -- requests ------------------------------------------------------------------------------------ */

static void test_few_requests(void)
{
    struct mock m;
    struct harness_result r = {0};
    mock_open(&m, connectors, "", PARTITIONS);
    produce(&m, 7, 5);
    harness_fetch(&m.h, "kafka.topics", "k", &r);
    g_assert_no_error(r.error);
    const struct snapshot *topics = snapshot_of(&r, "kafka.topics");
    g_assert_cmpint(snapshot_cell(topics, row_of(topics, "t"), TOPIC_PARTITIONS).i, ==, PARTITIONS);
    g_assert_cmpint(snapshot_cell(topics, row_of(topics, "t"), TOPIC_MESSAGES).i, ==, 5);
    /* Per broker one request for ends and one for begins; never one per partition. */
    g_assert_cmpuint(requests(&m, API_LIST_OFFSETS), ==, 2 * BROKERS);
    harness_result_clear(&r);
    rd_kafka_mock_clear_requests(m.cluster);
    harness_fetch(&m.h, "kafka.topics", "k", &r);
    g_assert_no_error(r.error);
    g_assert_cmpuint(requests(&m, API_LIST_OFFSETS), ==, BROKERS); /* begins are not due yet */
    g_assert_cmpuint(requests(&m, API_METADATA), <=, 2);
    g_assert_cmpuint(requests(&m, API_PRODUCE), ==, 0);
    harness_result_clear(&r);
    mock_close(&m);
}

/* The newest such request in the log. */
static void noted_is(struct mock *m, const char *target, const char *status)
{
    const struct source *s = harness_source(&m->h, "k");
    const struct request *r = NULL;
    engine_lock(m->h.engine);
    const struct request_log *log = &engine_find_run(m->h.engine, s)->requests;
    for (guint i = 0; !r && i < log->count; i++)
        if (g_str_has_prefix(request_log_at(log, i)->target, target))
            r = request_ref(request_log_at(log, i));
    engine_unlock(m->h.engine);
    g_assert_nonnull(r);
    g_assert_cmpstr(r->method, ==, "KAFKA");
    g_assert_cmpstr(r->status, ==, status);
    g_assert_cmpint(r->why == NULL, ==, strcmp(status, "ok") == 0);
    g_assert_cmpint(r->took_ms, >=, 0);
    g_assert_cmpint(r->bytes_in, ==, -1);
    g_assert_null(request_as_curl(r, s));
    request_unref(r);
}

static void test_noted(void)
{
    struct mock m;
    struct harness_result r = {0};
    mock_open(&m, connectors, "        timeout: 3s\n", 3);
    harness_fetch(&m.h, "kafka.topics", "k", &r);
    noted_is(&m, "Metadata", "ok");
    noted_is(&m, "ListOffsets t/", "ok");
    harness_result_clear(&r);
    for (int broker = 1; broker <= BROKERS; broker++)
        rd_kafka_mock_broker_set_down(m.cluster, broker);
    harness_fetch(&m.h, "kafka.topics", "k", &r);
    g_assert_nonnull(r.error);
    noted_is(&m, "Metadata", "no connection");
    harness_result_clear(&r);
    mock_close(&m);
}

static void test_rates(void)
{
    struct mock m;
    struct harness_result r = {0};
    mock_open(&m, connectors, "", 3);
    harness_fetch(&m.h, "kafka.topics", "k", &r);
    const struct snapshot *topics = snapshot_of(&r, "kafka.topics");
    struct cell rate = snapshot_cell(topics, row_of(topics, "t"), TOPIC_RATE_IN);
    g_assert_cmpint(rate.type, ==, CELL_NONE);
    g_assert_cmpint(rate.absent, ==, ABSENT_NOT_ASKED);
    harness_result_clear(&r);
    produce(&m, 1, 10);
    harness_fetch(&m.h, "kafka.topics", "k", &r);
    topics = snapshot_of(&r, "kafka.topics");
    rate = snapshot_cell(topics, row_of(topics, "t"), TOPIC_RATE_IN);
    g_assert_cmpint(rate.type, ==, CELL_REAL);
    g_assert_cmpfloat(rate.r, >, 0);
    harness_result_clear(&r);
    mock_close(&m);
}

static void test_partitions(void)
{
    struct mock m;
    struct harness_result r = {0};
    mock_open(&m, connectors, "", 6);
    produce(&m, 4, 3);
    harness_fetch(&m.h, "kafka.partitions", "k/topics/t", &r);
    g_assert_no_error(r.error);
    const struct snapshot *s = snapshot_of(&r, "kafka.partitions");
    g_assert_cmpuint(snapshot_count(s), ==, 6);
    g_assert_cmpint(snapshot_cell(s, row_of(s, "t:4"), PARTITION_END).i, ==, 3);
    g_assert_cmpint(snapshot_cell(s, row_of(s, "t:5"), PARTITION_END).i, ==, 0);
    g_assert_cmpint(snapshot_cell(s, row_of(s, "t:4"), PARTITION_LEADER).i, ==, leader_of(4));
    harness_result_clear(&r);
    harness_fetch(&m.h, "kafka.partitions", "k/topics/none", &r);
    g_assert_error(r.error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
    harness_result_clear(&r);
    rd_kafka_mock_clear_requests(m.cluster);
    harness_fetch(&m.h, "kafka.topics", "k", &r); /* asking for it has not made it */
    g_assert_cmpint(snapshot_find(snapshot_of(&r, "kafka.topics"), "none"), ==, -1);
    harness_result_clear(&r);
    mock_close(&m);
}

/* -- names first --------------------------------------------------------------------------------- */

static void test_names_first(void)
{
    struct mock m;
    mock_open(&m, connectors, "", 3);
    for (int broker = 1; broker <= BROKERS; broker++)
        rd_kafka_mock_broker_push_request_error_rtts(
            m.cluster, broker, API_LIST_OFFSETS, 2, 0, 1000, 0, 1000);
    struct source *s = harness_source(&m.h, "k");
    AUTO(rid) scope = rid_source("k");
    engine_open(m.h.engine, s, &source_connector(s)->feeds[0], scope);
    bool names = false, complete = false;
    for (bool over = false; !over;) {
        g_autoptr(GPtrArray) all = engine_wait(m.h.engine, HARNESS_WAIT_MS);
        g_assert_cmpuint(all->len, >, 0);
        for (guint i = 0; i < all->len; i++) {
            const struct mail *mail = g_ptr_array_index(all, i);
            over |= mail->type == MAIL_FETCHED;
            if (mail->type != MAIL_SNAPSHOT || snapshot_kind(mail->snapshot) != &kafka_topics)
                continue;
            struct cell cell = snapshot_cell(mail->snapshot, 0, TOPIC_MESSAGES);
            names |= !complete && cell.type == CELL_NONE && cell.absent == ABSENT_NOT_ASKED;
            complete |= cell.type == CELL_INT;
        }
    }
    g_assert_true(names);
    g_assert_true(complete);
    engine_close(m.h.engine, s, &source_connector(s)->feeds[0], scope);
    mock_close(&m);
}

/* -- faults -------------------------------------------------------------------------------------- */

/* Fetches topics until all of them could be read; bounded by the harness. */
static void wait_until_whole(struct mock *m)
{
    for (bool back = false; !back;) {
        struct harness_result r = {0};
        harness_fetch(&m->h, "kafka.topics", "k", &r);
        const struct snapshot *s = snapshot_of(&r, "kafka.topics");
        back = !snapshot_row(s, row_of(s, "t"))->error;
        harness_result_clear(&r);
    }
}

static void test_broker_down(void)
{
    struct mock m;
    struct harness_result r = {0};
    mock_open(&m, connectors, "        timeout: 4s\n", 6);
    for (int i = 0; i < 6; i++)
        produce(&m, i, 4);
    harness_fetch(&m.h, "kafka.topics", "k", &r);
    g_assert_no_error(r.error);
    harness_result_clear(&r);
    for (int i = 0; i < 6; i += 3)
        produce(&m, i, 1); /* partitions 0 and 3, of broker 1 */
    rd_kafka_mock_broker_set_down(m.cluster, 2);
    harness_fetch(&m.h, "kafka.topics", "k", &r);
    g_assert_no_error(r.error);
    const struct snapshot *topics = snapshot_of(&r, "kafka.topics");
    size_t row = row_of(topics, "t");
    /* The two partitions of the dead broker keep what they had; nothing became zero. */
    g_assert_cmpint(snapshot_cell(topics, row, TOPIC_MESSAGES).i, ==, 6 * 4 + 2);
    g_assert_nonnull(snapshot_row(topics, row)->error);
    assert_health(topics, "t", HEALTH_UNKNOWN);
    const struct snapshot *brokers = snapshot_of(&r, "kafka.brokers");
    assert_health(brokers, "2", HEALTH_FAIL);
    assert_health(brokers, "1", HEALTH_OK);
    harness_result_clear(&r);
    harness_fetch(&m.h, "kafka.partitions", "k/topics/t", &r);
    const struct snapshot *parts = snapshot_of(&r, "kafka.partitions");
    g_assert_cmpint(snapshot_cell(parts, row_of(parts, "t:0"), PARTITION_END).i, ==, 5);
    g_assert_cmpint(snapshot_cell(parts, row_of(parts, "t:1"), PARTITION_END).i, ==, 4);
    g_assert_nonnull(snapshot_row(parts, row_of(parts, "t:1"))->error);
    g_assert_cmpint(snapshot_row(parts, row_of(parts, "t:1"))->at_ms, <,
        snapshot_row(parts, row_of(parts, "t:0"))->at_ms);
    harness_result_clear(&r);
    rd_kafka_mock_broker_set_up(m.cluster, 2);
    wait_until_whole(&m);
    mock_close(&m);
}

/* librdkafka aborts the process here when it is left to its own time-outs: handle.h, kafka_give_up. */
static void test_coordinator_comes_back(void)
{
    struct mock m;
    struct harness_result r = {0};
    mock_open(&m, connectors, "        timeout: 3s\n", 6);
    rd_kafka_mock_coordinator_set(m.cluster, "group", "g", 2);
    harness_fetch(&m.h, "kafka.offsets", "k/groups/g", &r);
    g_assert_no_error(r.error);
    harness_result_clear(&r);
    rd_kafka_mock_broker_set_down(m.cluster, 2);
    harness_fetch(&m.h, "kafka.offsets", "k/groups/g", &r);
    g_assert_nonnull(r.error);
    harness_result_clear(&r);
    rd_kafka_mock_broker_set_up(m.cluster, 2);
    wait_until_whole(&m);
    harness_fetch(&m.h, "kafka.offsets", "k/groups/g", &r);
    g_assert_no_error(r.error);
    harness_result_clear(&r);
    mock_close(&m);
}

static void test_leader_change(void)
{
    struct mock m;
    struct harness_result r = {0};
    mock_open(&m, connectors, "", 3);
    produce(&m, 0, 2);
    harness_fetch(&m.h, "kafka.topics", "k", &r);
    harness_result_clear(&r);
    rd_kafka_mock_partition_set_leader(m.cluster, "t", 0, 3);
    harness_fetch(&m.h, "kafka.topics", "k", &r);
    g_assert_no_error(r.error);
    const struct snapshot *topics = snapshot_of(&r, "kafka.topics");
    g_assert_null(snapshot_row(topics, row_of(topics, "t"))->error);
    g_assert_cmpint(snapshot_cell(topics, row_of(topics, "t"), TOPIC_MESSAGES).i, ==, 2);
    harness_result_clear(&r);
    rd_kafka_mock_partition_set_leader(m.cluster, "t", 0, -1);
    harness_fetch(&m.h, "kafka.topics", "k", &r);
    topics = snapshot_of(&r, "kafka.topics");
    g_assert_cmpint(snapshot_cell(topics, row_of(topics, "t"), TOPIC_OFFLINE).i, ==, 1);
    assert_health(topics, "t", HEALTH_FAIL);
    harness_result_clear(&r);
    mock_close(&m);
}

static void test_nobody_there(void)
{
    struct harness h;
    struct harness_result r = {0};
    /* Nothing listens on port 1 of a sane machine. */
    harness_open(&h, connectors, "      k:\n        type: kafka\n        brokers: 127.0.0.1:1\n");
    gint64 begin = g_get_monotonic_time();
    harness_fetch(&h, "kafka.topics", "k", &r);
    g_assert_error(r.error, WEIR_ERROR, WEIR_ERROR_UNREACHABLE);
    g_assert_nonnull(strstr(r.error->message, "127.0.0.1:1"));
    g_assert_nonnull(strstr(r.error->message, "refused"));
    g_assert_null(strstr(r.error->message, "ms in state")); /* librdkafka's asides */
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 4000000);
    harness_result_clear(&r);
    harness_close(&h);
}

/* -- the gate ------------------------------------------------------------------------------------ */

static void test_gate(void)
{
    static const struct request_rule nothing[] = {{0}};
    static struct connector deaf;
    deaf = kafka_connector;
    deaf.reads = nothing;
    const struct connector *const list[] = {&deaf, NULL};
    struct mock m;
    struct harness_result r = {0};
    mock_open(&m, list, "", 3);
    harness_fetch(&m.h, "kafka.topics", "k", &r);
    g_assert_error(r.error, WEIR_ERROR, WEIR_ERROR_REFUSED);
    harness_result_clear(&r);
    g_assert_cmpuint(requests(&m, -1), ==, 0);
    mock_close(&m);
}

static void test_gate_each(void)
{
    static const struct request_rule only_metadata[] = {
        {"KAFKA", "ApiVersions"}, {"KAFKA", "Metadata"}, {"KAFKA", "DescribeCluster"}, {0}};
    static struct connector timid;
    timid = kafka_connector;
    timid.reads = only_metadata;
    const struct connector *const list[] = {&timid, NULL};
    struct mock m;
    struct harness_result r = {0};
    mock_open(&m, list, "", 3);
    harness_fetch(&m.h, "kafka.topics", "k", &r);
    g_assert_error(r.error, WEIR_ERROR, WEIR_ERROR_REFUSED);
    g_assert_nonnull(strstr(r.error->message, "ListOffsets"));
    g_assert_cmpuint(requests(&m, API_LIST_OFFSETS), ==, 0);
    g_assert_cmpuint(requests(&m, API_METADATA), >, 0);
    harness_result_clear(&r);
    mock_close(&m);
}

static void test_writes_are_refused(void)
{
    static const char *const writes[] = {"CreateTopics", "DeleteTopics", "CreatePartitions",
        "DeleteRecords", "AlterConfigs", "IncrementalAlterConfigs", "DeleteGroups",
        "AlterConsumerGroupOffsets", "DeleteConsumerGroupOffsets", "CreateAcls", "DeleteAcls",
        "ElectLeaders", "AlterUserScramCredentials", "Produce", "OffsetCommit", "JoinGroup"};
    for (unsigned i = 0; i < G_N_ELEMENTS(writes); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(gate_permit(&kafka_connector, "KAFKA", writes[i], NULL, &error));
        g_assert_error(error, WEIR_ERROR, WEIR_ERROR_REFUSED);
    }
}

/* -- options ------------------------------------------------------------------------------------- */

static void assert_config_fault(const char *more, const char *expected)
{
    struct harness h;
    struct harness_result r = {0};
    g_autofree char *yaml =
        g_strdup_printf("      k:\n        type: kafka\n        brokers: 127.0.0.1:1\n%s", more);
    harness_open(&h, connectors, yaml);
    harness_fetch(&h, "kafka.topics", "k", &r);
    g_assert_error(r.error, WEIR_ERROR, WEIR_ERROR_CONFIG);
    if (!strstr(r.error->message, expected))
        g_error("\"%s\" is not in: %s", expected, r.error->message);
    harness_result_clear(&r);
    harness_close(&h);
}

static void test_properties(void)
{
    assert_config_fault("        properties: {security.protocl: SSL}\n", "\"security.protocol\"");
    assert_config_fault("        properties: {sasl.mechanisn: PLAIN}\n", "\"sasl.mechanism\"");
    assert_config_fault("        properties: {group.id: mine}\n", "never joins a consumer group");
    assert_config_fault("        properties: {enable.auto.commit: \"true\"}\n", "never commits");
    assert_config_fault("        properties: {transactional.id: x}\n", "never produces");
    assert_config_fault(
        "        properties: {allow.auto.create.topics: \"true\"}\n", "must not create");
    assert_config_fault("        properties: {isolation.level: read_committed}\n", "cannot be set");
    assert_config_fault("        properties: {bootstrap.servers: \"x:1\"}\n", "option brokers");
    assert_config_fault("        properties: {security.protocol: NONSENSE}\n", "security.protocol");
    assert_config_fault("        properties: {ssl.truststore.location: /x}\n", "ssl.ca.location");
    assert_config_fault("        password: {env: HOME}\n", "has no login");
}

static void test_tables(void)
{
    struct registry *r = registry_new();
    g_autoptr(GString) faults = g_string_new(NULL);
    registry_add(r, &kafka_connector);
    kind_check(r, faults);
    g_assert_cmpstr(faults->str, ==, "");
    registry_free(r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add_func("/kafka/" name, function)
    ADD("its tables have no fault", test_tables);
    ADD("ends of a thousand partitions cost one request per broker", test_few_requests);
    ADD("what the brokers were asked is in the log, and how it ended", test_noted);
    ADD("rates come with the second poll", test_rates);
    ADD("partitions of a topic are read live, and asking creates nothing", test_partitions);
    ADD("topics have names before their offsets are there", test_names_first);
    ADD("a broker that is down costs only its partitions, and it shows", test_broker_down);
    ADD("a group coordinator that comes back ends nothing", test_coordinator_comes_back);
    ADD("a new leader is found in the next poll", test_leader_change);
    ADD("nobody there: the error comes soon and says where", test_nobody_there);
    ADD("without a table of reads nothing at all is sent", test_gate);
    ADD("an operation that does not stand in the table is not sent", test_gate_each);
    ADD("no operation that writes stands in the table", test_writes_are_refused);
    ADD("wrong, foreign and dangerous properties are refused with what to do", test_properties);
    return g_test_run();
}
