#include "kinds.h"

/* What a row could not be read for: every kind has it last, and where no number is worse, it makes the
 * row unknown rather than green. */
#define ERROR_COLUMN                                                                               \
    {                                                                                              \
        "error", "ERROR", CELL_TEXT, COLUMN_F_HIDDEN, 12, 3,                                       \
            "what of this row could not be read, and why: its numbers are then older"              \
    }
#define ERROR_RULE                                                                                 \
    {                                                                                              \
        "error!=none", HEALTH_UNKNOWN, "{error}"                                                   \
    }

/* -- brokers ------------------------------------------------------------------------------------- */

static const struct column broker_columns[] = {
    [BROKER_ID] = {"id", "ID", CELL_INT, COLUMN_F_EXACT | COLUMN_F_HIDDEN, 4, 0,
        "the broker's number"},
    [BROKER_HOST] = {"host", "HOST", CELL_TEXT, 0, 12, 2, "as advertised to clients"},
    [BROKER_PORT] = {"port", "PORT", CELL_INT, COLUMN_F_EXACT, 5, 0, "as advertised to clients"},
    [BROKER_RACK] = {"rack", "RACK", CELL_TEXT, 0, 6, 1, "its rack or zone, where one is set"},
    [BROKER_CONTROLLER] = {"controller", "CONTROLLER", CELL_BOOL, 0, 10, 0,
        "whether it is the cluster's controller; not known in KRaft clusters, whose metadata names "
        "any broker"},
    [BROKER_LEADERS] = {"leaders", "LEADERS", CELL_INT, COLUMN_F_RECORD, 7, 0,
        "partitions that it leads"},
    [BROKER_REPLICAS] = {"replicas", "REPLICAS", CELL_INT, COLUMN_F_RECORD, 8, 0,
        "partitions of which it has, or should have, a replica"},
    [BROKER_UNDER_REPLICATED] = {"under_replicated", "UNDER-REPL", CELL_INT, COLUMN_F_RECORD, 10, 0,
        "its replicas that are not in sync"},
    [BROKER_ONLINE] = {"online", "ONLINE", CELL_BOOL, 0, 6, 0,
        "whether the cluster's metadata names it; a broker that died stays there for some seconds"},
    [BROKER_ERROR] = ERROR_COLUMN,
    {0},
};

static const struct health_rule broker_health[] = {
    {"online=no replicas>0", HEALTH_FAIL,
        "not part of the cluster, although {replicas} replicas belong to it"},
    {"error!=none", HEALTH_FAIL, "{error}"},
    {"under_replicated>0", HEALTH_WARN, "{under_replicated} of its replicas are not in sync"},
    {0},
};

static const struct link detail_links[] = {
    {"d", "detail", "@detail"},
    {0},
};

const struct kind kafka_brokers = {
    .name = "kafka.brokers",
    .aliases = "broker",
    .title = "BROKER",
    .help = "the brokers of a Kafka cluster, also those that are gone while replicas are theirs",
    .shape = SHAPE_TABLE,
    .columns = broker_columns,
    .sort = "id",
    .links = detail_links,
    .feed = "cluster",
    .health = broker_health,
};

/* -- topics -------------------------------------------------------------------------------------- */

static const struct column topic_columns[] = {
    [TOPIC_PARTITIONS] = {"partitions", "PARTS", CELL_INT, 0, 5, 0, "how many partitions it has"},
    [TOPIC_REPLICATION] = {"replication", "REPL", CELL_INT, 0, 4, 0,
        "replicas that a partition should have (the least of its partitions)"},
    [TOPIC_UNDER_REPLICATED] = {"under_replicated", "UNDER-REPL", CELL_INT, COLUMN_F_RECORD, 10, 0,
        "partitions with replicas that are not in sync"},
    [TOPIC_OFFLINE] = {"offline", "OFFLINE", CELL_INT, COLUMN_F_RECORD, 7, 0,
        "partitions without a leader: nobody can read or write them"},
    [TOPIC_MESSAGES] = {"messages", "MESSAGES", CELL_INT, COLUMN_F_RECORD, 8, 0,
        "offsets between begin and end of all partitions: an upper bound, since compaction and "
        "transactions use offsets that hold no record; by REST only of a topic that is opened"},
    [TOPIC_RATE_IN] = {"rate_in_per_s", "IN/S", CELL_REAL, COLUMN_F_RECORD | COLUMN_F_WINDOW, 7, 0,
        "offsets appended per second, over the last minute"},
    [TOPIC_RETENTION] = {"retention_ms", "RETENTION", CELL_SPAN_MS, 0, 9, 0,
        "retention.ms: how long records are kept; none when for ever"},
    [TOPIC_CLEANUP] = {"cleanup", "CLEANUP", CELL_TEXT, 0, 7, 0, "cleanup.policy"},
    [TOPIC_INTERNAL] = {"internal", "INTERNAL", CELL_BOOL, COLUMN_F_HIDDEN, 8, 0,
        "whether Kafka keeps its own data in it"},
    [TOPIC_ERROR] = ERROR_COLUMN,
    {0},
};

static const struct health_rule topic_health[] = {
    {"offline>0", HEALTH_FAIL, "{offline} of {partitions} partitions have no leader"},
    {"under_replicated>0", HEALTH_WARN,
        "{under_replicated} of {partitions} partitions lack replicas in sync"},
    ERROR_RULE,
    {0},
};

static const struct link topic_links[] = {
    {"enter", "partitions", "kafka.partitions"},
    {"d", "detail", "@detail"},
    {0},
};

const struct kind kafka_topics = {
    .name = "kafka.topics",
    .aliases = "topic",
    .title = "TOPIC",
    .help = "the topics of a Kafka cluster",
    .shape = SHAPE_TABLE,
    .columns = topic_columns,
    .sort = "name",
    .links = topic_links,
    .feed = "cluster",
    .health = topic_health,
};

static const struct column partition_columns[] = {
    [PARTITION_TOPIC] = {"topic", "TOPIC", CELL_TEXT, COLUMN_F_HIDDEN, 12, 2, "its topic"},
    [PARTITION_PARTITION] = {"partition", "PART", CELL_INT,
        COLUMN_F_KEY | COLUMN_F_EXACT | COLUMN_F_HIDDEN, 4, 0, "its number"},
    [PARTITION_LEADER] = {"leader", "LEADER", CELL_INT, COLUMN_F_EXACT, 6, 0,
        "the broker that it is read from and written to; none when it is offline"},
    [PARTITION_REPLICAS] = {"replicas", "REPLICAS", CELL_TEXT, 0, 8, 1,
        "brokers that should have a replica; the first is the preferred leader"},
    [PARTITION_ISR] = {"isr", "ISR", CELL_TEXT, 0, 6, 1, "replicas in sync"},
    [PARTITION_MISSING] = {"missing", "MISSING", CELL_INT, COLUMN_F_HIDDEN, 7, 0,
        "replicas that are not in sync"},
    [PARTITION_OFFLINE] = {"offline", "OFFLINE", CELL_BOOL, COLUMN_F_HIDDEN, 7, 0,
        "whether it has no leader"},
    [PARTITION_BEGIN] = {"begin", "BEGIN", CELL_INT, COLUMN_F_EXACT, 9, 0,
        "first offset that is still there"},
    [PARTITION_END] = {"end", "END", CELL_INT, COLUMN_F_EXACT, 9, 0,
        "offset that the next record will get (the high watermark)"},
    [PARTITION_RATE_IN] = {"rate_in_per_s", "IN/S", CELL_REAL, COLUMN_F_WINDOW, 7, 0,
        "offsets appended per second, over the last minute"},
    [PARTITION_ERROR] = ERROR_COLUMN,
    {0},
};

static const struct health_rule partition_health[] = {
    {"offline=yes", HEALTH_FAIL, "no leader: nobody can read or write it"},
    {"missing>0", HEALTH_WARN, "{missing} replicas are not in sync (of {replicas}: {isr})"},
    ERROR_RULE,
    {0},
};

const struct kind kafka_partitions = {
    .name = "kafka.partitions",
    .aliases = "partition",
    .title = "PARTITION",
    .help = "the partitions of a topic, with leader, replicas and offsets",
    .shape = SHAPE_TABLE,
    .scope = "kafka.topics",
    .columns = partition_columns,
    .sort = "partition",
    .links = detail_links,
    .feed = "cluster",
    .health = partition_health,
};

/* -- groups -------------------------------------------------------------------------------------- */

/* Columns of the contract that need a window of history: later work fills them. */
#define LATER_COLUMN(name, title, type, help)                                                      \
    {                                                                                              \
        name, title, type, COLUMN_F_HIDDEN, 8, 0, help " (not filled by this version)"             \
    }

static const struct column group_columns[] = {
    [GROUP_STATE] = {"state", "STATE", CELL_STATE, COLUMN_F_RECORD, 12, 0,
        "in the coordinator's words: Stable, Empty, PreparingRebalance, ..."},
    [GROUP_PROTOCOL] = {"protocol", "PROTOCOL", CELL_TEXT, COLUMN_F_HIDDEN, 8, 0,
        "how partitions are assigned: range, cooperative-sticky, uniform, ..."},
    [GROUP_TYPE] = {"type", "TYPE", CELL_TEXT, COLUMN_F_HIDDEN, 8, 0,
        "classic, consumer (KIP-848) or simple (commits without membership); share groups are not "
        "listed by the client library"},
    [GROUP_MEMBERS] = {"members", "MEMBERS", CELL_INT, COLUMN_F_RECORD, 7, 0,
        "how many it has; by REST those that own a partition with a commit, so at least as many"},
    [GROUP_TOPICS] = {"topics", "TOPICS", CELL_INT, COLUMN_F_HIDDEN, 6, 0,
        "topics it has committed in or is assigned"},
    [GROUP_PARTITIONS] = {"partitions", "PARTS", CELL_INT, 0, 5, 0,
        "all partitions of these topics"},
    [GROUP_LAG] = {"lag", "LAG", CELL_INT, COLUMN_F_RECORD, 8, 0,
        "records between its commits and the ends (offsets, to be exact), of all partitions that "
        "have a commit"},
    [GROUP_UNCOMMITTED] = {"uncommitted", "UNCOMMITTED", CELL_INT, 0, 11, 0,
        "partitions without a commit: how much is unread there is unknown and not in lag"},
    [GROUP_LAG_PER_S] = {"lag_per_s", "LAG/S", CELL_REAL, COLUMN_F_RECORD | COLUMN_F_WINDOW, 7, 0,
        "growth of the lag per second, over the last minute; negative while it catches up"},
    [GROUP_LOST] = {"lost", "LOST", CELL_INT, COLUMN_F_RECORD | COLUMN_F_HIDDEN, 6, 0,
        "records that were deleted before the group read them; by REST only of a group that is "
        "opened"},
    [GROUP_AHEAD] = {"ahead", "AHEAD", CELL_INT, COLUMN_F_HIDDEN, 6, 0,
        "records by which commits lie beyond the end: the topic was truncated or made anew"},
    [GROUP_REBALANCING] = {"rebalancing_ms", "REBALANCING", CELL_SPAN_MS, COLUMN_F_HIDDEN, 11, 0,
        "for how long it has been seen rebalancing"},
    [GROUP_LAG_TIME] = LATER_COLUMN(
        "lag_time_ms", "LAG TIME", CELL_SPAN_MS, "age of the first record that is not read"),
    [GROUP_LAG_TIME_QUALITY] = LATER_COLUMN("lag_time_quality", "QUALITY", CELL_TEXT,
        "how lag_time_ms is known: exact, interpolated, bound"),
    [GROUP_ETA] = LATER_COLUMN("eta_ms", "ETA", CELL_SPAN_MS, "until it has caught up"),
    [GROUP_LOSS_ETA] =
        LATER_COLUMN("loss_eta_ms", "LOSS IN", CELL_SPAN_MS, "until unread records are deleted"),
    [GROUP_VERDICT] = LATER_COLUMN("verdict", "VERDICT", CELL_STATE,
        "OK, LAGGING, STALLED, STOPPED, ... over a window of polls"),
    [GROUP_TREND] = {"trend", "TREND", CELL_SERIES, 0, 15, 0,
        "its lag over the last 30 minutes, as the history has it"},
    [GROUP_ERROR] = ERROR_COLUMN,
    {0},
};

/* A lag counts as growing from half a record per second on: below that it is the rhythm of commits. */
static const struct health_rule group_health[] = {
    {"phase=off error!=none", HEALTH_UNKNOWN, "{error}"},
    {"phase=off", HEALTH_OK, NULL},
    {"lost>0", HEALTH_FAIL, "{lost} records were deleted before it read them"},
    {"ahead>0", HEALTH_FAIL,
        "its commits lie {ahead} records beyond the end: the topic was truncated or made anew"},
    {"rebalancing_ms>60s", HEALTH_WARN, "rebalancing for {rebalancing_ms}"},
    {"lag>@lag_warn lag_per_s>0.5", HEALTH_WARN,
        "{lag} records behind, {lag_per_s} more per second"},
    ERROR_RULE,
    {0},
};

static const struct link group_links[] = {
    {"enter", "offsets", "kafka.offsets"},
    {"d", "detail", "@detail"},
    {0},
};

const struct kind kafka_groups = {
    .name = "kafka.groups",
    .aliases = "group g",
    .title = "GROUP",
    .help = "the consumer groups of a Kafka cluster and how far they are behind",
    .shape = SHAPE_TABLE,
    .columns = group_columns,
    .sort = "-lag",
    .links = group_links,
    .feed = "lag",
    .health = group_health,
    .trend = "lag",
};

static const struct column offset_columns[] = {
    [OFFSET_TOPIC] = {"topic", "TOPIC", CELL_TEXT, COLUMN_F_HIDDEN, 12, 2, "the partition's topic"},
    [OFFSET_PARTITION] = {"partition", "PART", CELL_INT, COLUMN_F_EXACT | COLUMN_F_HIDDEN, 4, 0,
        "its number"},
    [OFFSET_COMMITTED] = {"committed", "COMMITTED", CELL_INT, COLUMN_F_EXACT, 9, 0,
        "offset of the next record that the group will read; none: it has not committed here"},
    [OFFSET_BEGIN] = {"begin", "BEGIN", CELL_INT, COLUMN_F_EXACT | COLUMN_F_HIDDEN, 9, 0,
        "first offset that is still there"},
    [OFFSET_END] = {"end", "END", CELL_INT, COLUMN_F_EXACT, 9, 0,
        "offset that the next record will get, read after committed"},
    [OFFSET_LAG] = {"lag", "LAG", CELL_INT, 0, 8, 0,
        "end less committed; where records are lost, end less begin"},
    [OFFSET_LAG_PER_S] = {"lag_per_s", "LAG/S", CELL_REAL, COLUMN_F_WINDOW, 7, 0,
        "growth of the lag per second, over the last minute"},
    [OFFSET_LOST] = {"lost", "LOST", CELL_INT, COLUMN_F_HIDDEN, 6, 0,
        "records that were deleted before the group read them"},
    [OFFSET_AHEAD] = {"ahead", "AHEAD", CELL_INT, COLUMN_F_HIDDEN, 6, 0,
        "records by which the commit lies beyond the end, seen twice running"},
    [OFFSET_MEMBER] = {"member", "MEMBER", CELL_TEXT, COLUMN_F_HIDDEN, 12, 2,
        "member that the partition is assigned to (its instance id when it is static)"},
    [OFFSET_CLIENT_ID] = {"client_id", "CLIENT", CELL_TEXT, 0, 10, 2, "the member's client.id"},
    [OFFSET_HOST] = {"host", "HOST", CELL_TEXT, 0, 12, 1,
        "where the member connects from; REST does not tell it"},
    [OFFSET_LAG_TIME] = LATER_COLUMN(
        "lag_time_ms", "LAG TIME", CELL_SPAN_MS, "age of the first record that is not read"),
    [OFFSET_VERDICT] = LATER_COLUMN("verdict", "VERDICT", CELL_STATE,
        "OK, LAGGING, STALLED, STOPPED, ... over a window of polls"),
    [OFFSET_COMMIT_AGE] =
        LATER_COLUMN("commit_age_ms", "COMMIT AGE", CELL_SPAN_MS, "since the commit last moved"),
    [OFFSET_ERROR] = ERROR_COLUMN,
    {0},
};

static const struct health_rule offset_health[] = {
    {"phase=off error!=none", HEALTH_UNKNOWN, "{error}"},
    {"phase=off", HEALTH_OK, NULL},
    {"lost>0", HEALTH_FAIL, "{lost} records were deleted before the group read them"},
    {"ahead>0", HEALTH_FAIL,
        "the commit lies {ahead} records beyond the end: the topic was truncated or made anew"},
    {"lag>@lag_warn lag_per_s>0.5", HEALTH_WARN,
        "{lag} records behind, {lag_per_s} more per second"},
    ERROR_RULE,
    {0},
};

const struct kind kafka_offsets = {
    .name = "kafka.offsets",
    .aliases = "offset",
    .title = "PARTITION",
    .help = "where a consumer group stands in each partition",
    .shape = SHAPE_TABLE,
    .scope = "kafka.groups",
    .columns = offset_columns,
    .sort = "-lag,topic,partition",
    .links = detail_links,
    .feed = "lag",
    .health = offset_health,
};
