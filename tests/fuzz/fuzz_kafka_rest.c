/* Fuzzes what a REST proxy answers on its way into the state of a Kafka cluster, and out of it again into
 * every snapshot. The input is one answer; it is taken for each of those that there are. */
#include "kafka/rest_learn.h"

#include "kafka/kinds.h"
#include "kafka/publish.h"
#include "rid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct snapshot *seal(struct snapshot *take_s)
{
    const struct snapshot *s = snapshot_seal(take_s);
    for (size_t row = 0; row < snapshot_count(s); row++)
        g_assert_nonnull(snapshot_haystack(s, row));
    return s;
}

static void publish(struct kafka_state *s)
{
    AUTO(rid) scope = rid_source("fuzz");
    GHashTableIter iter;
    gpointer thing;
    struct snapshot *brokers = snapshot_new(&kafka_brokers, scope, 0);
    struct snapshot *topics = snapshot_new(&kafka_topics, scope, 0);
    struct snapshot *groups = snapshot_new(&kafka_groups, scope, 0);
    fill_brokers(s, brokers);
    fill_topics(s, topics);
    fill_groups(s, groups, 1000, 1000);
    snapshot_unref(seal(brokers));
    snapshot_unref(seal(topics));
    snapshot_unref(seal(groups));
    g_hash_table_iter_init(&iter, s->groups);
    while (g_hash_table_iter_next(&iter, NULL, &thing)) {
        struct snapshot *offsets = snapshot_new(&kafka_offsets, scope, 0);
        fill_offsets(thing, offsets);
        snapshot_unref(seal(offsets));
    }
}

static void learn_all(struct kafka_state *s, const cJSON *json, const GPtrArray *pages)
{
    g_autofree char *next = NULL;
    g_autoptr(GArray) replicas = g_array_new(FALSE, TRUE, sizeof(struct rest_replica));
    rest_learn_cluster(s, json);
    if (rest_next_path(json, "/v3/clusters/c/topics", &next) && next)
        g_assert_true(g_str_has_prefix(next, "/v3/"));
    rest_learn_metadata(s, pages, pages, 1000);
    rest_learn_configs(s, pages);
    rest_learn_mode(s, json);
    rest_learn_groups(s, pages, 1000);
    struct kafka_group *g = kafka_group_get(s, "g");
    rest_learn_group(g, json, 1000);
    rest_learn_lags(s, g, pages, 1000, 1000);
    rest_learn_consumers(g, pages, 1000);
    kafka_group_count(s, g, 1000);
    struct kafka_topic *t = kafka_topic_list(s, "t", 4, 2);
    rest_learn_leaders(t, pages);
    rest_learn_offset(&t->partitions[0], json, 1000);
    rest_read_replicas(s, NULL, pages, replicas);
    rest_read_replicas(s, t, pages, replicas);
    rest_take_replicas(replicas);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cJSON *json = json_parse((const char *)data, size, NULL);
    if (!json)
        return 0;
    struct kafka_state *s = kafka_state_new();
    g_autoptr(GPtrArray) pages = g_ptr_array_new_with_free_func((GDestroyNotify)cJSON_Delete);
    s->sparse = true;
    kafka_topic_list(s, "t", 4, 2);
    g_ptr_array_add(pages, json);
    learn_all(s, json, pages);
    /* the same once more: what is known meets what is new */
    rest_learn_metadata(s, pages, pages, 2000);
    rest_learn_lags(s, kafka_group_get(s, "g"), pages, 2000, 2000);
    rest_learn_groups(s, pages, 2000);
    publish(s);
    kafka_state_free(s);
    return 0;
}
