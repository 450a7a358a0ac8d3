#include "rest_learn.h"

#include <string.h>

/* -- lists --------------------------------------------------------------------------------------- */

const char *rest_learn_cluster(struct kafka_state *s, const cJSON *json)
{
    const cJSON *first = json_first(json_get(json, "data"));
    const char *id = json_text(first, "cluster_id");
    s->controller = rest_related_id(first, "controller");
    return id && *id ? id : NULL;
}

/* A path may be written down and sent as it is: nothing that ends a line, a path or a segment of it. */
static bool is_path(const char *text)
{
    for (const char *p = text; *p; p++)
        if (!g_ascii_isgraph(*p) || *p == '#' || *p == '\\')
            return false;
    return !strstr(text, "/../") && !strstr(text, "/./");
}

/* Which characters are percent-encoded is everybody's own choice. */
static bool is_same_list(const char *a, const char *b)
{
    g_autofree char *x = g_uri_unescape_segment(a, a + strcspn(a, "?"), NULL);
    g_autofree char *y = g_uri_unescape_segment(b, b + strcspn(b, "?"), NULL);
    return x && y && strcmp(x, y) == 0;
}

bool rest_next_path(const cJSON *page, const char *path, char **next)
{
    const char *url = json_text(page, "metadata.next");
    *next = NULL;
    if (!url || !*url)
        return true;
    const char *below = strstr(url, "/v3/");
    if (!below || !is_path(below) || !is_same_list(below, path))
        return false;
    *next = g_strdup(below);
    return true;
}

static bool read_id(const char *text, int32_t *id)
{
    guint64 n;
    if (!text || !g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT32, &n, NULL))
        return false;
    *id = (int32_t)n;
    return true;
}

int32_t rest_related_id(const cJSON *item, const char *name)
{
    const char *url = json_text(json_get(item, name), "related");
    const char *slash = url ? strrchr(url, '/') : NULL;
    int32_t id;
    return slash && read_id(slash + 1, &id) ? id : -1;
}

static bool get_id(const cJSON *item, const char *name, int32_t *id)
{
    int64_t n;
    if (!json_int(item, name, &n) || n < 0 || n > G_MAXINT32)
        return false;
    *id = (int32_t)n;
    return true;
}

static const cJSON *items_of(const GPtrArray *pages, guint i)
{
    return json_first(json_get(g_ptr_array_index(pages, i), "data"));
}

/* -- brokers and topics -------------------------------------------------------------------------- */

static void learn_broker(struct kafka_state *s, const cJSON *item)
{
    int32_t id;
    int64_t port = 0;
    if (!get_id(item, "broker_id", &id) || g_hash_table_size(s->brokers) >= KAFKA_BROKERS_MAX)
        return;
    json_int(item, "port", &port);
    struct kafka_broker *b =
        kafka_broker_see(s, id, json_text(item, "host"), (int)CLAMP(port, 0, 65535));
    const char *rack = json_text(item, "rack");
    b->rack_known = true;
    if (g_strcmp0(b->rack, rack) != 0) {
        g_free(b->rack);
        b->rack = g_strdup(rack);
    }
}

static void learn_topic(struct kafka_state *s, const cJSON *item, int64_t *room)
{
    const char *name = json_text(item, "topic_name");
    int64_t partitions = 0, replication = 0;
    if (!name || !*name)
        return;
    json_int(item, "partitions_count", &partitions);
    json_int(item, "replication_factor", &replication);
    partitions = CLAMP(partitions, 0, KAFKA_PARTITIONS_MAX);
    if (partitions > *room) {
        g_free(s->cut);
        s->cut = g_strdup_printf(
            "weir holds at most %d partitions of a cluster by REST", REST_PARTITIONS_MAX);
        return;
    }
    *room -= partitions;
    struct kafka_topic *t = kafka_topic_list(
        s, name, (unsigned)partitions, (int)CLAMP(replication, 0, KAFKA_BROKERS_MAX));
    if (t && json_bool(item, "is_internal", &t->internal))
        t->internal_known = KAFKA_KNOWN;
}

void rest_learn_metadata(
    struct kafka_state *s, const GPtrArray *brokers, const GPtrArray *topics, int64_t now_ms)
{
    int64_t room = REST_PARTITIONS_MAX;
    kafka_metadata_begin(s);
    for (guint i = 0; i < brokers->len; i++)
        for (const cJSON *item = items_of(brokers, i); item; item = item->next)
            learn_broker(s, item);
    for (guint i = 0; i < topics->len; i++)
        for (const cJSON *item = items_of(topics, i); item; item = item->next)
            learn_topic(s, item, &room);
    kafka_metadata_end(s, now_ms);
}

void rest_learn_leaders(struct kafka_topic *t, const GPtrArray *pages)
{
    int32_t number;
    for (unsigned i = 0; i < t->partition_count; i++)
        t->partitions[i].leader = -1;
    for (guint i = 0; i < pages->len; i++)
        for (const cJSON *item = items_of(pages, i); item; item = item->next) {
            bool known = get_id(item, "partition_id", &number);
            struct kafka_partition *p = known ? kafka_partition(t, number) : NULL;
            if (p)
                p->leader = rest_related_id(item, "leader");
        }
    t->led = KAFKA_KNOWN;
}

bool rest_learn_offset(struct kafka_partition *p, const cJSON *json, int64_t now_ms)
{
    int64_t begin, end;
    if (!json_int(json, "earliest_offset", &begin) || !json_int(json, "latest_offset", &end) ||
        begin < 0 || end < 0)
        return false;
    kafka_partition_set_begin(p, begin, now_ms);
    kafka_partition_set_end(p, end, now_ms);
    return true;
}

/* -- replicas ------------------------------------------------------------------------------------ */

void rest_read_replicas(
    struct kafka_state *s, struct kafka_topic *t, const GPtrArray *pages, GArray *replicas)
{
    struct rest_replica r = {.topic = t};
    for (guint i = 0; i < pages->len; i++)
        for (const cJSON *item = items_of(pages, i); item; item = item->next) {
            const char *name = json_text(item, "topic_name");
            r.topic = t ? t : name ? kafka_topic(s, name) : NULL;
            r.leader = r.in_sync = false;
            json_bool(item, "is_leader", &r.leader);
            json_bool(item, "is_in_sync", &r.in_sync);
            if (r.topic && get_id(item, "partition_id", &r.partition) &&
                get_id(item, "broker_id", &r.broker) && kafka_partition(r.topic, r.partition))
                g_array_append_val(replicas, r);
        }
}

static gint by_place(gconstpointer a, gconstpointer b)
{
    const struct rest_replica *x = a, *y = b;
    if (x->topic != y->topic)
        return x->topic < y->topic ? -1 : 1;
    if (x->partition != y->partition)
        return x->partition < y->partition ? -1 : 1;
    return (x->broker > y->broker) - (x->broker < y->broker);
}

/* The replicas of one topic: partitions without any have no leader either. */
static void take_topic(const struct rest_replica *r, guint count)
{
    struct kafka_topic *t = r->topic;
    int32_t *room = g_new(int32_t, 2 * count);
    g_free(t->ids);
    t->ids = room;
    for (unsigned i = 0; i < t->partition_count; i++) {
        struct kafka_partition *p = &t->partitions[i];
        *p = (struct kafka_partition){.begin = p->begin,
            .end = p->end,
            .begin_ms = p->begin_ms,
            .end_ms = p->end_ms,
            .begin_error = p->begin_error,
            .end_error = p->end_error,
            .in = p->in,
            .leader = -1,
            .replicas = room,
            .isr = room};
    }
    for (guint i = 0, n; i < count; i += n) {
        struct kafka_partition *p = &t->partitions[r[i].partition];
        for (n = 0; i + n < count && r[i + n].partition == r[i].partition; n++)
            if (n == 0 || r[i + n].broker != r[i + n - 1].broker)
                room[p->replica_count++] = r[i + n].broker;
        p->replicas = room;
        room += p->replica_count;
        for (guint j = i; j < i + n; j++)
            if (r[j].in_sync && (j == i || r[j].broker != r[j - 1].broker))
                room[p->isr_count++] = r[j].broker;
        for (guint j = i; j < i + n; j++)
            p->leader = r[j].leader ? r[j].broker : p->leader;
        p->isr = room;
        room += p->isr_count;
    }
    t->led = t->placed = KAFKA_KNOWN;
}

void rest_take_replicas(GArray *replicas)
{
    struct rest_replica *all = (struct rest_replica *)(void *)replicas->data;
    g_array_sort(replicas, by_place);
    for (guint i = 0, n; i < replicas->len; i += n) {
        for (n = 1; i + n < replicas->len && all[i + n].topic == all[i].topic;)
            n++;
        take_topic(all + i, n);
    }
}

/* -- configurations ------------------------------------------------------------------------------ */

static void learn_config(struct kafka_state *s, const cJSON *item)
{
    const char *topic = json_text(item, "topic_name"), *name = json_text(item, "name");
    const char *value = json_text(item, "value");
    struct kafka_topic *t = topic ? kafka_topic(s, topic) : NULL;
    int64_t ms;
    if (!t || !name)
        return;
    if (strcmp(name, "retention.ms") == 0 && json_int(item, "value", &ms)) {
        t->retention_ms = ms;
    } else if (strcmp(name, "cleanup.policy") == 0 && value) {
        g_free(t->cleanup);
        t->cleanup = g_strdup(value);
    } else {
        return;
    }
    t->config_known = KAFKA_KNOWN;
}

void rest_learn_configs(struct kafka_state *s, const GPtrArray *pages)
{
    for (guint i = 0; i < pages->len; i++)
        for (const cJSON *item = items_of(pages, i); item; item = item->next)
            learn_config(s, item);
}

void rest_learn_mode(struct kafka_state *s, const cJSON *config)
{
    const char *roles = json_text(config, "value");
    s->mode_known = KAFKA_KNOWN;
    s->kraft = roles && *roles;
}

/* -- groups -------------------------------------------------------------------------------------- */

/* The words of the brokers, as librdkafka gives them. What is new here is unknown. */
static const char *state_of(const char *text)
{
    static const struct {
        const char *rest, *state;
    } states[] = {
        {"STABLE", "Stable"},
        {"EMPTY", "Empty"},
        {"DEAD", "Dead"},
        {"PREPARING_REBALANCE", "PreparingRebalance"},
        {"COMPLETING_REBALANCE", "CompletingRebalance"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(states); i++)
        if (g_strcmp0(text, states[i].rest) == 0)
            return states[i].state;
    return "Unknown";
}

static void learn_about(struct kafka_group *g, const cJSON *item)
{
    const char *assignor = json_text(item, "partition_assignor");
    int32_t coordinator = rest_related_id(item, "coordinator");
    g_free(g->assignor);
    g->assignor = g_strdup(assignor && *assignor ? assignor : NULL);
    g_free(g->coordinator);
    g->coordinator = coordinator >= 0 ? g_strdup_printf("%d", coordinator) : NULL;
    g->owners_by_lag = true;
}

static const char *type_of(const cJSON *item)
{
    bool simple = false;
    return json_bool(item, "is_simple", &simple) && simple ? "simple" : NULL;
}

void rest_learn_groups(struct kafka_state *s, const GPtrArray *pages, int64_t now_ms)
{
    kafka_list_begin(s);
    for (guint i = 0; i < pages->len; i++)
        for (const cJSON *item = items_of(pages, i); item; item = item->next) {
            const char *id = json_text(item, "consumer_group_id");
            if (!id)
                continue;
            kafka_group_see(s, id, state_of(json_text(item, "state")), type_of(item), now_ms);
            struct kafka_group *g = kafka_group(s, id);
            if (g)
                learn_about(g, item);
        }
    kafka_list_end(s, NULL, now_ms);
}

void rest_learn_group(struct kafka_group *g, const cJSON *json, int64_t now_ms)
{
    g->state = state_of(json_text(json, "state"));
    g->type = type_of(json);
    g->rebalancing_ms = kafka_rebalancing_since(g->rebalancing_ms, g->state, now_ms);
    learn_about(g, json);
}

/* -- lags ---------------------------------------------------------------------------------------- */

struct lags {
    struct kafka_state *state;
    GArray *commits;
    GPtrArray *members;
    GHashTable *by_id; /* consumer id to its member */
    int64_t since_ms, now_ms;
};

static struct kafka_member *member_new(const char *id, const cJSON *item)
{
    const char *instance = json_text(item, "instance_id");
    struct kafka_member *m = g_new0(struct kafka_member, 1);
    m->id = g_strdup(id);
    m->instance = g_strdup(instance && *instance ? instance : NULL);
    m->client = g_strdup(json_text(item, "client_id"));
    m->assigned = g_array_new(FALSE, FALSE, sizeof(struct kafka_place));
    return m;
}

static void learn_owner(struct lags *l, const cJSON *item, struct kafka_place place)
{
    const char *id = json_text(item, "consumer_id");
    if (!id || !*id)
        return;
    struct kafka_member *m = g_hash_table_lookup(l->by_id, id);
    if (!m && l->members->len >= KAFKA_MEMBERS_MAX)
        return;
    if (!m) {
        m = member_new(id, item);
        g_ptr_array_add(l->members, m);
        g_hash_table_insert(l->by_id, m->id, m);
    }
    g_array_append_val(m->assigned, place);
}

/* Groups are read at the same time: an end may be younger than the one that came before it. */
static void learn_end(const struct lags *l, struct kafka_partition *p, int64_t end)
{
    if (end >= p->end || p->end_ms < l->since_ms)
        kafka_partition_set_end(p, end, l->now_ms);
}

static void learn_lag(struct lags *l, const cJSON *item)
{
    const char *name = json_text(item, "topic_name");
    struct kafka_commit c = {.offset = KAFKA_OFFSET_NONE};
    int64_t end;
    if (!name || !*name || !get_id(item, "partition_id", &c.partition) ||
        l->commits->len >= KAFKA_COMMITS_MAX)
        return;
    c.topic = kafka_topic_get(l->state, name);
    if (!c.topic)
        return;
    learn_owner(l, item, (struct kafka_place){c.topic, c.partition});
    struct kafka_partition *p = kafka_partition(c.topic, c.partition);
    if (p && json_int(item, "log_end_offset", &end) && end >= 0)
        learn_end(l, p, end);
    else if (p)
        p->end_error = "the proxy did not tell it";
    if (json_int(item, "current_offset", &c.offset) && c.offset >= 0)
        g_array_append_val(l->commits, c);
}

/* A list whose pages shift while it is read names a partition twice: the last counts. */
static void drop_twins(GArray *commits)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(kafka_commit_hash, kafka_commit_equal);
    guint kept = commits->len;
    for (guint i = commits->len; i-- > 0;) {
        const struct kafka_commit *c = &g_array_index(commits, struct kafka_commit, i);
        if (g_hash_table_contains(seen, c))
            continue;
        struct kafka_commit *to = &g_array_index(commits, struct kafka_commit, --kept);
        *to = *c;
        g_hash_table_add(seen, to);
    }
    if (kept > 0)
        g_array_remove_range(commits, 0, kept);
}

void rest_learn_lags(struct kafka_state *s, struct kafka_group *g, const GPtrArray *pages,
    int64_t since_ms, int64_t now_ms)
{
    g_autoptr(GHashTable) by_id = g_hash_table_new(g_str_hash, g_str_equal);
    struct lags l = {.state = s,
        .commits = g_array_new(FALSE, TRUE, sizeof(struct kafka_commit)),
        .members = g_ptr_array_new_with_free_func((GDestroyNotify)kafka_member_free),
        .by_id = by_id,
        .since_ms = since_ms,
        .now_ms = now_ms};
    for (guint i = 0; i < pages->len; i++)
        for (const cJSON *item = items_of(pages, i); item; item = item->next)
            learn_lag(&l, item);
    drop_twins(l.commits);
    g->owners_by_lag = true;
    g->members_bound = strcmp(g->state, "Empty") != 0 && strcmp(g->state, "Dead") != 0;
    kafka_group_set_members(g, l.members, now_ms);
    kafka_group_set_commits(g, l.commits, now_ms);
}

void rest_learn_consumers(struct kafka_group *g, const GPtrArray *pages, int64_t now_ms)
{
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < g->members->len; i++)
        g_hash_table_add(known, ((struct kafka_member *)g_ptr_array_index(g->members, i))->id);
    for (guint i = 0; i < pages->len; i++)
        for (const cJSON *item = items_of(pages, i); item; item = item->next) {
            const char *id = json_text(item, "consumer_id");
            if (!id || !*id || g->members->len >= KAFKA_MEMBERS_MAX ||
                g_hash_table_contains(known, id))
                continue;
            struct kafka_member *m = member_new(id, item);
            g_ptr_array_add(g->members, m);
            g_hash_table_add(known, m->id);
        }
    g->members_known = true;
    g->members_bound = false;
    g->described_ms = now_ms;
    g->describe_error = NULL;
    g->seen_active |= g->members->len > 0;
}
