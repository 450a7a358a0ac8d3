#include "kafka.h"

#include "cycle.h"
#include "kinds.h"
#include "rest.h"

static const struct option options[] = {
    {"brokers", OPTION_LIST, 0, NULL, "some of the brokers, as HOST:PORT; or url"},
    {"properties", OPTION_MAP, 0, NULL,
        "librdkafka's own names: security.protocol, sasl.mechanism, sasl.username, "
        "ssl.ca.location, ..."},
    {"password", OPTION_SECRET, 0, NULL, "sasl.password, for SASL_SSL and SASL_PLAINTEXT"},
    {"url", OPTION_URL, 0, NULL,
        "a Confluent REST Proxy (API v3) instead of brokers: http://HOST:8082, or "
        "http://HOST:8090/kafka inside Confluent Server"},
    {"username", OPTION_TEXT, 0, NULL, "of the REST Proxy; the password is its password then"},
    {"token", OPTION_SECRET, 0, NULL, "of the REST Proxy, instead of username and password"},
    {"via", OPTION_TEXT, OPTION_F_LATER, NULL, "a host to tunnel through"},
    {0},
};

/* Two ways lead to a cluster, and each has options of its own. */
static void check_options(const struct source *s, struct option_faults *faults)
{
    bool url = source_has(s, "url");
    bool password = source_secret(s, "password"), token = source_secret(s, "token");
    if (url && source_has(s, "brokers"))
        option_fault(faults, "url", NULL,
            "source \"%s\" has both \"brokers\" and \"url\": keep one of them", source_name(s));
    else if (!url && !source_list(s, "brokers")[0])
        option_fault(faults, "brokers", NULL,
            "source \"%s\" needs \"brokers\" (HOST:PORT, ...) or \"url\" (a Confluent REST Proxy)",
            source_name(s));
    else if (url && source_has(s, "properties"))
        option_fault(faults, "properties", NULL,
            "\"properties\" are librdkafka's and go with \"brokers\"; a url takes ca_file, "
            "username, password, token, headers ...");
    else if (!url && source_has(s, "username"))
        option_fault(faults, "username", NULL,
            "\"username\" goes with \"url\"; with brokers it is sasl.username under properties");
    else if (!url && token)
        option_fault(faults, "token", NULL,
            "\"token\" goes with \"url\"; with brokers see sasl.mechanism under properties");
    else if (password && token)
        option_fault(faults, "token", NULL,
            "\"password\" and \"token\" exclude each other: keep one of them");
    else if (url && password && !source_has(s, "username"))
        option_fault(faults, "password", NULL, "\"password\" needs \"username\"");
}

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
    bool by_rest = source_has(lane_source(l), "url");
    struct rest *rest = by_rest ? rest_new(l, error) : NULL;
    struct kafka *shared = by_rest ? NULL : kafka_shared(l, error);
    if (!rest && !shared)
        return false;
    struct kafka_lane *k = g_new0(struct kafka_lane, 1);
    k->rest = rest;
    k->kafka = shared;
    k->address = rest ? rest->url : shared->brokers;
    k->state = kafka_state_new();
    k->state->sparse = by_rest;
    k->state->placed = by_rest ? KAFKA_NOT_ASKED : KAFKA_KNOWN;
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
    rest_free(k->rest);
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
    .help =
        "brokers, topics and consumer groups by Kafka's own protocol, run against Kafka 4.3; or by "
        "Confluent's REST Proxy v3 (url), not run against the real service",
    .options = options,
    .http = true,
    .http_option = "url",
    .check_options = check_options,
    .thresholds = thresholds,
    .kinds = kinds,
    .feeds = feeds,
    .reads = reads,
    .timeout_ms = KAFKA_TIMEOUT_MS,
    .open = open_lane,
    .close = close_lane,
    .show = kafka_show,
    .discover = kafka_discover,
    .secret_variables = kafka_secret_variables,
    .check = kafka_check,
    .library = name_library,
};
CONNECTOR(kafka);
