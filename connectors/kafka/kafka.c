#include "kafka.h"

#include "cycle.h"
#include "kinds.h"

static const struct option options[] = {
    {"brokers", OPTION_LIST, OPTION_F_REQUIRED, NULL, "some of the brokers, as HOST:PORT"},
    {"properties", OPTION_MAP, 0, NULL,
        "librdkafka's own names: security.protocol, sasl.mechanism, sasl.username, "
        "ssl.ca.location, "
        "..."},
    {"password", OPTION_SECRET, 0, NULL, "sasl.password, for SASL_SSL and SASL_PLAINTEXT"},
    {"url", OPTION_URL, OPTION_F_LATER, NULL, "a Confluent REST proxy, instead of brokers"},
    {"via", OPTION_TEXT, OPTION_F_LATER, NULL, "a host to tunnel through"},
    {0},
};

static const struct option thresholds[] = {
    {"lag_warn", OPTION_NUMBER, 0, "1000",
        "records that a group may be behind while its lag grows"},
    {0},
};

static const struct kind *const kinds[] = {
    &kafka_groups,
    &kafka_offsets,
    &kafka_topics,
    &kafka_partitions,
    &kafka_brokers,
    NULL,
};

static const char *const cluster_kinds[] = {
    "kafka.topics", "kafka.partitions", "kafka.brokers", NULL};
static const char *const lag_kinds[] = {"kafka.groups", "kafka.offsets", NULL};

/* In this order: the second of a round takes the metadata of the first. */
static const struct feed feeds[] = {
    {
        .name = "cluster",
        .poll_ms = KAFKA_POLL_MS,
        .when = FEED_ALWAYS,
        .kinds = cluster_kinds,
        .fetch = cycle_fetch_cluster,
    },
    {
        .name = "lag",
        .poll_ms = KAFKA_POLL_MS,
        .when = FEED_ALWAYS,
        .kinds = lag_kinds,
        .fetch = cycle_fetch_lag,
    },
    {0},
};

/* Kafka has no methods: every operation that only reads stands here, and nothing else is sent.
 * ApiVersions is what librdkafka opens every connection with. */
static const struct request_rule reads[] = {
    {"KAFKA", "ApiVersions"},
    {"KAFKA", "Metadata"},
    {"KAFKA", "DescribeCluster"},
    {"KAFKA", "DescribeTopics"},
    {"KAFKA", "DescribeConfigs"},
    {"KAFKA", "ListOffsets"},
    {"KAFKA", "ListConsumerGroups"},
    {"KAFKA", "DescribeConsumerGroups"},
    {"KAFKA", "ListConsumerGroupOffsets"},
    {0},
};

static bool open_lane(struct lane *l, GError **error)
{
    struct kafka *shared = kafka_shared(l, error);
    if (!shared)
        return false;
    struct kafka_lane *k = g_new0(struct kafka_lane, 1);
    k->kafka = shared;
    k->state = kafka_state_new();
    call_init(&k->call, l, shared);
    lane_set_data(l, k);
    return true;
}

static void close_lane(struct lane *l)
{
    struct kafka_lane *k = lane_data(l);
    if (!k)
        return;
    kafka_state_free(k->state);
    g_free(k);
    lane_set_data(l, NULL);
}

static void name_library(GString *out)
{
    g_string_append_printf(out, "librdkafka %s", rd_kafka_version_str());
}

const struct connector kafka_connector = {
    .name = "kafka",
    .title = "Apache Kafka",
    .help = "brokers, topics and consumer groups by Kafka's own protocol; run against Kafka 4.3",
    .options = options,
    .thresholds = thresholds,
    .kinds = kinds,
    .feeds = feeds,
    .reads = reads,
    .timeout_ms = KAFKA_TIMEOUT_MS,
    .open = open_lane,
    .close = close_lane,
    .show = kafka_show,
    .discover = kafka_discover,
    .check = kafka_check,
    .library = name_library,
};
CONNECTOR(kafka);
