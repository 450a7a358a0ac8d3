/* Confluent's REST API v3 over the world's Kafka. No real REST proxy could be recorded: its shapes are
 * those of the published API (Confluent REST Proxy API reference, v3). */
#include "kafka.h"
#include "service.h"

#define BASE "/v3/clusters/" KAFKA_CLUSTER

static void fail(struct reply *r, int status, int code, const char *message)
{
    cJSON *error = cJSON_CreateObject();
    cJSON_AddNumberToObject(error, "error_code", code);
    cJSON_AddStringToObject(error, "message", message);
    reply_json(r, status, error);
}

static cJSON *object(const char *kind, const char *self)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "kind", kind);
    cJSON *meta = cJSON_AddObjectToObject(o, "metadata");
    cJSON_AddStringToObject(meta, "self", self);
    cJSON_AddNullToObject(meta, "resource_name");
    cJSON_AddStringToObject(o, "cluster_id", KAFKA_CLUSTER);
    return o;
}

G_GNUC_PRINTF(3, 4)
static void add_related(cJSON *o, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *url = g_strdup_vprintf(format, args);
    va_end(args);
    cJSON *related = cJSON_AddObjectToObject(o, name);
    cJSON_AddStringToObject(related, "related", url);
}

static void reply_list(struct reply *r, const char *kind, const char *self, cJSON *take_data)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "kind", kind);
    cJSON *meta = cJSON_AddObjectToObject(o, "metadata");
    cJSON_AddStringToObject(meta, "self", self);
    cJSON_AddNullToObject(meta, "next");
    cJSON_AddItemToObject(o, "data", take_data);
    reply_json(r, 200, o);
}

/* -- clusters, brokers ----------------------------------------------------------------------------- */

static cJSON *cluster(struct world *w)
{
    cJSON *o = object("KafkaCluster", BASE);
    int controller = kafka_controller(w->kafka);
    if (controller)
        add_related(o, "controller", BASE "/brokers/%d", controller);
    else
        cJSON_AddNullToObject(o, "controller");
    add_related(o, "acls", BASE "/acls");
    add_related(o, "brokers", BASE "/brokers");
    add_related(o, "broker_configs", BASE "/broker-configs");
    add_related(o, "consumer_groups", BASE "/consumer-groups");
    add_related(o, "topics", BASE "/topics");
    add_related(o, "partition_reassignments", BASE "/topics/-/partitions/-/reassignment");
    return o;
}

static void get_clusters(struct world *w, const struct request *q, struct reply *r)
{
    (void)q;
    cJSON *data = cJSON_CreateArray();
    cJSON_AddItemToArray(data, cluster(w));
    reply_list(r, "KafkaClusterList", "/v3/clusters", data);
}

static void get_cluster(struct world *w, const struct request *q, struct reply *r)
{
    (void)q;
    reply_json(r, 200, cluster(w));
}

static void get_brokers(struct world *w, const struct request *q, struct reply *r)
{
    (void)q;
    cJSON *data = cJSON_CreateArray();
    for (guint i = 0; i < w->kafka->brokers->len; i++) {
        const struct broker *b = &g_array_index(w->kafka->brokers, struct broker, i);
        if (b->down)
            continue;
        cJSON *o = object("KafkaBroker", BASE "/brokers");
        cJSON_AddNumberToObject(o, "broker_id", b->id);
        cJSON_AddStringToObject(o, "host", b->host);
        cJSON_AddNumberToObject(o, "port", 9092);
        cJSON_AddNullToObject(o, "rack");
        add_related(o, "configs", BASE "/brokers/%d/configs", b->id);
        add_related(o, "partition_replicas", BASE "/brokers/%d/partition-replicas", b->id);
        cJSON_AddItemToArray(data, o);
    }
    reply_list(r, "KafkaBrokerList", BASE "/brokers", data);
}

/* -- topics ---------------------------------------------------------------------------------------- */

static cJSON *topic_object(const struct topic *t)
{
    cJSON *o = object("KafkaTopic", BASE "/topics");
    cJSON_AddStringToObject(o, "topic_name", t->name);
    cJSON_AddBoolToObject(o, "is_internal", t->internal);
    cJSON_AddNumberToObject(o, "replication_factor", t->replication);
    cJSON_AddNumberToObject(o, "partitions_count", t->partitions);
    add_related(o, "partitions", BASE "/topics/%s/partitions", t->name);
    add_related(o, "configs", BASE "/topics/%s/configs", t->name);
    add_related(o, "partition_reassignments", BASE "/topics/%s/partitions/-/reassignment", t->name);
    cJSON_AddItemToObject(o, "authorized_operations", cJSON_CreateArray());
    return o;
}

static void get_topics(struct world *w, const struct request *q, struct reply *r)
{
    (void)q;
    cJSON *data = cJSON_CreateArray();
    for (guint i = 0; i < w->kafka->topics->len; i++)
        cJSON_AddItemToArray(data, topic_object(g_ptr_array_index(w->kafka->topics, i)));
    reply_list(r, "KafkaTopicList", BASE "/topics", data);
}

static struct topic *topic_of(struct world *w, const struct request *q, struct reply *r)
{
    struct topic *t = kafka_topic(w->kafka, q->part[4]);
    if (!t)
        fail(r, 404, 40403, "This server does not host this topic-partition.");
    return t;
}

static void get_topic(struct world *w, const struct request *q, struct reply *r)
{
    const struct topic *t = topic_of(w, q, r);
    if (t)
        reply_json(r, 200, topic_object(t));
}

static cJSON *config(const struct topic *t, const char *name, const char *value, bool is_default)
{
    cJSON *o = object("KafkaTopicConfig", BASE "/topics/-/configs");
    cJSON_AddStringToObject(o, "name", name);
    cJSON_AddStringToObject(o, "value", value);
    cJSON_AddBoolToObject(o, "is_default", is_default);
    cJSON_AddBoolToObject(o, "is_read_only", false);
    cJSON_AddBoolToObject(o, "is_sensitive", false);
    cJSON_AddStringToObject(o, "source", is_default ? "DEFAULT_CONFIG" : "DYNAMIC_TOPIC_CONFIG");
    cJSON_AddItemToObject(o, "synonyms", cJSON_CreateArray());
    cJSON_AddStringToObject(o, "topic_name", t->name);
    return o;
}

static void add_configs(cJSON *data, const struct topic *t)
{
    g_autofree char *retention = g_strdup_printf("%" G_GINT64_FORMAT, t->retention_ms);
    cJSON_AddItemToArray(
        data, config(t, "cleanup.policy", t->compacted ? "compact" : "delete", !t->compacted));
    cJSON_AddItemToArray(data, config(t, "retention.ms", retention, true));
    cJSON_AddItemToArray(data, config(t, "min.insync.replicas", "2", false));
}

static void get_configs(struct world *w, const struct request *q, struct reply *r)
{
    cJSON *data = cJSON_CreateArray();
    bool all = g_str_equal(q->part[4], "-");
    const struct topic *one = all ? NULL : topic_of(w, q, r);
    for (guint i = 0; all && i < w->kafka->topics->len; i++)
        add_configs(data, g_ptr_array_index(w->kafka->topics, i));
    if (one)
        add_configs(data, one);
    if (all || one)
        reply_list(r, "KafkaTopicConfigList", BASE "/topics/-/configs", data);
    else
        cJSON_Delete(data);
}

/* -- partitions ------------------------------------------------------------------------------------ */

static cJSON *partition_object(const struct partition *p, const char *kind)
{
    cJSON *o = object(kind, BASE "/topics/-/partitions");
    cJSON_AddStringToObject(o, "topic_name", p->topic->name);
    cJSON_AddNumberToObject(o, "partition_id", p->number);
    if (p->leader)
        add_related(o, "leader", BASE "/topics/%s/partitions/%d/replicas/%d", p->topic->name,
            p->number, p->leader);
    else
        cJSON_AddNullToObject(o, "leader");
    add_related(o, "replicas", BASE "/topics/%s/partitions/%d/replicas", p->topic->name, p->number);
    add_related(
        o, "reassignment", BASE "/topics/%s/partitions/%d/reassignment", p->topic->name, p->number);
    return o;
}

static void get_partitions(struct world *w, const struct request *q, struct reply *r)
{
    const struct topic *t = topic_of(w, q, r);
    if (!t)
        return;
    cJSON *data = cJSON_CreateArray();
    for (int i = 0; i < t->partitions; i++)
        cJSON_AddItemToArray(data, partition_object(&t->partition[i], "KafkaPartition"));
    reply_list(r, "KafkaPartitionList", BASE "/topics/-/partitions", data);
}

static const struct partition *partition_of(
    struct world *w, const struct request *q, struct reply *r)
{
    const struct topic *t = topic_of(w, q, r);
    gint64 n = 0;
    if (!t)
        return NULL;
    if (g_ascii_string_to_signed(q->part[6], 10, 0, t->partitions - 1, &n, NULL))
        return &t->partition[n];
    fail(r, 404, 404, "HTTP 404 Not Found");
    return NULL;
}

static void get_partition(struct world *w, const struct request *q, struct reply *r)
{
    const struct partition *p = partition_of(w, q, r);
    if (p)
        reply_json(r, 200, partition_object(p, "KafkaPartition"));
}

static void get_offset(struct world *w, const struct request *q, struct reply *r)
{
    const struct partition *p = partition_of(w, q, r);
    if (!p)
        return;
    cJSON *o = partition_object(p, "KafkaPartitionWithOffsets");
    cJSON_AddNumberToObject(o, "earliest_offset", (double)(int64_t)p->begin);
    cJSON_AddNumberToObject(o, "latest_offset", (double)(int64_t)p->end);
    reply_json(r, 200, o);
}

static cJSON *replica_object(const struct partition *p, int replica)
{
    cJSON *o = object("KafkaReplica", BASE "/topics/-/partitions/-/replicas");
    cJSON_AddStringToObject(o, "topic_name", p->topic->name);
    cJSON_AddNumberToObject(o, "partition_id", p->number);
    cJSON_AddNumberToObject(o, "broker_id", p->replicas[replica]);
    cJSON_AddBoolToObject(o, "is_leader", p->replicas[replica] == p->leader);
    cJSON_AddBoolToObject(o, "is_in_sync", p->in_sync[replica]);
    add_related(o, "broker", BASE "/brokers/%d", p->replicas[replica]);
    return o;
}

static void get_replicas(struct world *w, const struct request *q, struct reply *r)
{
    const struct partition *p = partition_of(w, q, r);
    if (!p)
        return;
    cJSON *data = cJSON_CreateArray();
    for (int i = 0; i < p->topic->replication; i++)
        cJSON_AddItemToArray(data, replica_object(p, i));
    reply_list(r, "KafkaReplicaList", BASE "/topics/-/partitions/-/replicas", data);
}

/* All replicas that one broker has. */
static void get_broker_replicas(struct world *w, const struct request *q, struct reply *r)
{
    gint64 broker = 0;
    guint last = w->kafka->brokers->len;
    if (!g_ascii_string_to_signed(q->part[4], 10, 1, last, &broker, NULL)) {
        fail(r, 404, 404, "HTTP 404 Not Found");
        return;
    }
    cJSON *data = cJSON_CreateArray();
    for (guint i = 0; i < w->kafka->topics->len; i++) {
        const struct topic *t = g_ptr_array_index(w->kafka->topics, i);
        for (int n = 0; n < t->partitions * t->replication; n++) {
            const struct partition *p = &t->partition[n / t->replication];
            if (p->replicas[n % t->replication] == broker)
                cJSON_AddItemToArray(data, replica_object(p, n % t->replication));
        }
    }
    reply_list(r, "KafkaReplicaList", BASE "/brokers/-/partition-replicas", data);
}

/* -- groups ---------------------------------------------------------------------------------------- */

static cJSON *group_object(const struct group *g)
{
    cJSON *o = object("KafkaConsumerGroup", BASE "/consumer-groups");
    cJSON_AddStringToObject(o, "consumer_group_id", g->name);
    cJSON_AddBoolToObject(o, "is_simple", false);
    cJSON_AddStringToObject(o, "partition_assignor", g->assignor);
    cJSON_AddStringToObject(o, "state", g->state);
    add_related(o, "coordinator", BASE "/brokers/%d", g->coordinator);
    add_related(o, "consumers", BASE "/consumer-groups/%s/consumers", g->name);
    add_related(o, "lag_summary", BASE "/consumer-groups/%s/lag-summary", g->name);
    return o;
}

static void get_groups(struct world *w, const struct request *q, struct reply *r)
{
    (void)q;
    cJSON *data = cJSON_CreateArray();
    for (guint i = 0; i < w->kafka->groups->len; i++)
        cJSON_AddItemToArray(data, group_object(g_ptr_array_index(w->kafka->groups, i)));
    reply_list(r, "KafkaConsumerGroupList", BASE "/consumer-groups", data);
}

static const struct group *group_of(struct world *w, const struct request *q, struct reply *r)
{
    const struct group *g = kafka_group(w->kafka, q->part[4]);
    if (!g)
        fail(r, 404, 40403, "The consumer group does not exist.");
    return g;
}

static void get_group(struct world *w, const struct request *q, struct reply *r)
{
    const struct group *g = group_of(w, q, r);
    if (g)
        reply_json(r, 200, group_object(g));
}

static void get_consumers(struct world *w, const struct request *q, struct reply *r)
{
    const struct group *g = group_of(w, q, r);
    if (!g)
        return;
    cJSON *data = cJSON_CreateArray();
    for (guint i = 0; i < g->members->len; i++) {
        const struct member *m = &g_array_index(g->members, struct member, i);
        if (m->gone)
            continue;
        cJSON *o = object("KafkaConsumer", BASE "/consumer-groups/-/consumers");
        cJSON_AddStringToObject(o, "consumer_group_id", g->name);
        cJSON_AddStringToObject(o, "consumer_id", m->id);
        cJSON_AddNullToObject(o, "instance_id");
        cJSON_AddStringToObject(o, "client_id", m->client_id);
        add_related(
            o, "assignments", BASE "/consumer-groups/%s/consumers/%s/assignments", g->name, m->id);
        cJSON_AddItemToArray(data, o);
    }
    reply_list(r, "KafkaConsumerList", BASE "/consumer-groups/-/consumers", data);
}

static cJSON *lag_object(const struct group *g, const struct reading *reading)
{
    const struct member *m =
        reading->member < 0 ? NULL : &g_array_index(g->members, struct member, reading->member);
    cJSON *o = object("KafkaConsumerLag", BASE "/consumer-groups/-/lags");
    cJSON_AddStringToObject(o, "consumer_group_id", g->name);
    cJSON_AddStringToObject(o, "topic_name", reading->partition->topic->name);
    cJSON_AddNumberToObject(o, "partition_id", reading->partition->number);
    cJSON_AddNumberToObject(o, "current_offset", (double)(int64_t)reading->committed);
    cJSON_AddNumberToObject(o, "log_end_offset", (double)(int64_t)reading->partition->end);
    cJSON_AddNumberToObject(o, "lag", reading_lag(reading));
    cJSON_AddStringToObject(o, "consumer_id", m ? m->id : "");
    cJSON_AddNullToObject(o, "instance_id");
    cJSON_AddStringToObject(o, "client_id", m ? m->client_id : "");
    return o;
}

static void get_lags(struct world *w, const struct request *q, struct reply *r)
{
    const struct group *g = group_of(w, q, r);
    if (!g)
        return;
    cJSON *data = cJSON_CreateArray();
    for (guint i = 0; i < g->readings->len; i++)
        cJSON_AddItemToArray(data, lag_object(g, &g_array_index(g->readings, struct reading, i)));
    reply_list(r, "KafkaConsumerLagList", BASE "/consumer-groups/-/lags", data);
}

static void get_lag_summary(struct world *w, const struct request *q, struct reply *r)
{
    const struct group *g = group_of(w, q, r);
    if (!g)
        return;
    const struct reading *worst = NULL;
    double total = 0;
    for (guint i = 0; i < g->readings->len; i++) {
        const struct reading *one = &g_array_index(g->readings, struct reading, i);
        total += reading_lag(one);
        worst = !worst || reading_lag(one) > reading_lag(worst) ? one : worst;
    }
    const struct member *m = worst && worst->member >= 0
                                 ? &g_array_index(g->members, struct member, worst->member)
                                 : NULL;
    cJSON *o = object("KafkaConsumerGroupLagSummary", BASE "/consumer-groups/-/lag-summary");
    cJSON_AddStringToObject(o, "consumer_group_id", g->name);
    cJSON_AddStringToObject(o, "max_lag_consumer_id", m ? m->id : "");
    cJSON_AddNullToObject(o, "max_lag_instance_id");
    cJSON_AddStringToObject(o, "max_lag_client_id", m ? m->client_id : "");
    cJSON_AddStringToObject(o, "max_lag_topic_name", worst ? worst->partition->topic->name : "");
    cJSON_AddNumberToObject(o, "max_lag_partition_id", worst ? worst->partition->number : 0);
    cJSON_AddNumberToObject(o, "max_lag", worst ? reading_lag(worst) : 0);
    cJSON_AddNumberToObject(o, "total_lag", total);
    reply_json(r, 200, o);
}

/* -- the table ------------------------------------------------------------------------------------- */

static const struct {
    const char *pattern;
    void (*handle)(struct world *w, const struct request *q, struct reply *r);
} routes[] = {
    {"/v3/clusters", get_clusters},
    {"/v3/clusters/*", get_cluster},
    {"/v3/clusters/*/brokers", get_brokers},
    {"/v3/clusters/*/brokers/*/partition-replicas", get_broker_replicas},
    {"/v3/clusters/*/topics", get_topics},
    {"/v3/clusters/*/topics/*", get_topic},
    {"/v3/clusters/*/topics/*/configs", get_configs},
    {"/v3/clusters/*/topics/*/partitions", get_partitions},
    {"/v3/clusters/*/topics/*/partitions/*", get_partition},
    {"/v3/clusters/*/topics/*/partitions/*/offset", get_offset},
    {"/v3/clusters/*/topics/*/partitions/*/replicas", get_replicas},
    {"/v3/clusters/*/consumer-groups", get_groups},
    {"/v3/clusters/*/consumer-groups/*", get_group},
    {"/v3/clusters/*/consumer-groups/*/consumers", get_consumers},
    {"/v3/clusters/*/consumer-groups/*/lags", get_lags},
    {"/v3/clusters/*/consumer-groups/*/lag-summary", get_lag_summary},
};

static void handle(struct world *w, const struct request *q, struct reply *r)
{
    if (q->parts > 2 && !g_str_equal(q->part[2], KAFKA_CLUSTER)) {
        fail(r, 404, 404, "Cluster not found.");
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(routes); i++)
        if (request_is(q, "GET", routes[i].pattern)) {
            routes[i].handle(w, q, r);
            return;
        }
    fail(r, 404, 404, "HTTP 404 Not Found");
}

const struct service kafka_rest_service = {.name = "kafka", .port = 8082, .handle = handle};
