#include "cycle.h"

#include <string.h>

#include "learn.h"
#include "publish.h"
#include "rest_cycle.h"
#include "rid.h"

#define METADATA_REUSE_MS 5000   /* the feed that runs second takes the first one's */
#define ENDS_REUSE_MS     12000  /* for the feed that does not compare them with commits */
#define BEGINS_MS         55000  /* every sixth cycle */
#define SLOW_MS           300000 /* configurations, racks */
#define OFFSETS_PER_CALL  1000   /* librdkafka merges answers in quadratic time */
#define TOPICS_PER_CALL   500
#define MEMBERS_MS        25000 /* every third cycle: a description costs up to four requests */
#define DESCRIBE_MAX      200   /* groups per cycle: with more, members are sampled in turns */

static int64_t now_of(const struct kafka_lane *k)
{
    return lane_now_ms(k->call.lane);
}

static bool fail_first(
    struct kafka_lane *k, const struct learn *learn, const char *asked, GError **error)
{
    return kafka_fail(k->kafka, asked, learn->err, learn->text, error);
}

/* -- metadata ------------------------------------------------------------------------------------ */

bool cycle_metadata(struct kafka_lane *k, int64_t max_age_ms, GError **error)
{
    if (k->rest)
        return rest_metadata(k, max_age_ms, error);
    int64_t age = now_of(k) - k->state->metadata_ms;
    if (k->state->metadata_ms > 0 && age >= 0 && age < max_age_ms)
        return true;
    if (!kafka_begin(k->kafka, k->call.rk, k->call.lane, error))
        return false;
    const struct rd_kafka_metadata *metadata = call_metadata(&k->call, KAFKA_STEP_MS, error);
    if (!metadata)
        return false;
    int32_t controller = rd_kafka_controllerid(k->call.rk, 0);
    learn_metadata(k->state, metadata, controller, now_of(k));
    rd_kafka_metadata_destroy(metadata);
    return true;
}

/* -- offsets of partitions ----------------------------------------------------------------------- */

/* Collects the partitions to ask for by leader, so that a dead one costs only its own. */
struct asking {
    GArray *requests;
    struct learn *learn;
    int64_t spec;
    GHashTable *open; /* leader to the index of its request that has room, plus 1 */
};

static struct call_request *open_request(struct asking *a, int32_t leader)
{
    guint i = GPOINTER_TO_UINT(g_hash_table_lookup(a->open, GINT_TO_POINTER(leader)));
    struct call_request *r = i > 0 ? &g_array_index(a->requests, struct call_request, i - 1) : NULL;
    if (r && r->partitions->cnt < OFFSETS_PER_CALL)
        return r;
    struct call_request fresh = {.type = CALL_OFFSETS,
        .partitions = rd_kafka_topic_partition_list_new(16),
        .answer = learn_offsets,
        .data = a->learn,
        .broker = leader};
    g_array_append_val(a->requests, fresh);
    g_hash_table_insert(a->open, GINT_TO_POINTER(leader), GUINT_TO_POINTER(a->requests->len));
    return &g_array_index(a->requests, struct call_request, a->requests->len - 1);
}

static void ask_partition(struct asking *a, const struct kafka_topic *t, unsigned i)
{
    struct kafka_partition *p = &t->partitions[i];
    bool end = a->spec == RD_KAFKA_OFFSET_SPEC_LATEST;
    if (p->leader < 0) {
        *(end ? &p->end_error : &p->begin_error) =
            rd_kafka_err2str(RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
        return;
    }
    rd_kafka_topic_partition_list_add(open_request(a, p->leader)->partitions, t->name, (int32_t)i)
        ->offset = a->spec;
}

static void ask_topic(struct asking *a, const struct kafka_topic *t)
{
    for (unsigned i = 0; t->online && i < t->partition_count; i++)
        ask_partition(a, t, i);
}

static void ask_all(struct asking *a, const struct kafka_state *s)
{
    GHashTableIter iter;
    struct kafka_topic *t;
    g_hash_table_iter_init(&iter, s->topics);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&t))
        ask_topic(a, t);
}

static void add_offsets(
    GArray *requests, struct learn *learn, int64_t spec, GPtrArray *topics /* NULL: all */)
{
    g_autoptr(GHashTable) open = g_hash_table_new(NULL, NULL);
    struct asking a = {requests, learn, spec, open};
    if (!topics)
        ask_all(&a, learn->state);
    for (guint i = 0; topics && i < topics->len; i++)
        ask_topic(&a, g_ptr_array_index(topics, i));
}

/* Only those that lead something are asked, so an old silence says nothing of the others. */
static void forget_silence(struct kafka_state *s)
{
    GHashTableIter iter;
    struct kafka_broker *b;
    g_hash_table_iter_init(&iter, s->brokers);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&b))
        b->silent = NULL;
}

static bool is_asked(const GArray *requests, int32_t broker)
{
    for (guint i = 0; i < requests->len; i++)
        if (g_array_index(requests, struct call_request, i).broker == broker)
            return true;
    return false;
}

/* A broker that leads nothing is not asked for offsets. When it dies while the controllers have lost
 * their quorum, the others go on calling it a replica in sync: so it is asked for a sign of life. */
static void add_signs_of_life(GArray *requests, struct learn *learn)
{
    g_autoptr(GPtrArray) idle = g_ptr_array_new();
    GHashTableIter iter;
    struct kafka_broker *b;
    g_hash_table_iter_init(&iter, learn->state->brokers);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&b))
        if (b->online && !is_asked(requests, b->id))
            g_ptr_array_add(idle, b);
    for (guint i = 0; i < idle->len; i++) {
        b = g_ptr_array_index(idle, i);
        struct call_request r = {
            .type = CALL_CLUSTER, .answer = learn_sign_of_life, .data = learn, .broker = b->id};
        g_array_append_val(requests, r);
    }
}

/* Ends, and begins when they are due, of all partitions. */
static bool read_offsets(struct kafka_lane *k, GError **error)
{
    struct kafka_state *s = k->state;
    struct learn learn = {.state = s, .lane = k->call.lane};
    g_autoptr(GArray) requests = call_requests_new();
    bool begins = now_of(k) - s->begins_ms >= BEGINS_MS;
    forget_silence(s);
    add_offsets(requests, &learn, RD_KAFKA_OFFSET_SPEC_LATEST, NULL);
    if (begins)
        add_offsets(requests, &learn, RD_KAFKA_OFFSET_SPEC_EARLIEST, NULL);
    add_signs_of_life(requests, &learn);
    bool ok = call_all(&k->call, requests, KAFKA_STEP_MS, error);
    if (ok && learn.good > 0) {
        s->ends_ms = now_of(k);
        s->begins_ms = begins ? s->ends_ms : s->begins_ms;
    }
    if (ok && learn.good == 0 && learn.bad > 0)
        ok = fail_first(k, &learn, "the ends of its partitions were asked for", error);
    learn_clear(&learn);
    return ok;
}

/* -- what changes slowly ------------------------------------------------------------------------- */

static const char *const topic_keys[] = {"retention.ms", "cleanup.policy", NULL};
static const char *const mode_keys[] = {"process.roles", NULL};

/* Names of topics, borrowed: of all, or of those that are not known to be internal or not. */
static GPtrArray *topic_names(const struct kafka_state *s, bool unknown_only, bool again)
{
    GPtrArray *names = g_ptr_array_new();
    GHashTableIter iter;
    struct kafka_topic *t;
    g_hash_table_iter_init(&iter, s->topics);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&t)) {
        bool unknown =
            t->internal_known == KAFKA_NOT_ASKED || (again && t->internal_known != KAFKA_KNOWN);
        if (t->online && (!unknown_only || unknown))
            g_ptr_array_add(names, t->name);
    }
    return names;
}

static void add_named(GArray *requests, struct call_request r, const GPtrArray *names)
{
    for (guint i = 0; i < names->len; i += TOPICS_PER_CALL) {
        r.names = (const char *const *)names->pdata + i;
        r.count = MIN(names->len - i, TOPICS_PER_CALL);
        g_array_append_val(requests, r);
    }
}

/* One that is likely to answer; -1: none is. */
static int32_t any_broker(const struct kafka_state *s)
{
    GHashTableIter iter;
    struct kafka_broker *b;
    g_hash_table_iter_init(&iter, s->brokers);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&b))
        if (b->online && !b->silent)
            return b->id;
    return -1;
}

/* Whether the controller that metadata names is one can only be told by a broker's configuration. */
static void add_mode(GArray *requests, struct learn *learn, char id[16], const char **name)
{
    int32_t broker = any_broker(learn->state);
    if (broker < 0 || learn->state->mode_known == KAFKA_KNOWN)
        return;
    g_snprintf(id, 16, "%d", broker);
    *name = id;
    struct call_request r = {.type = CALL_CONFIGS,
        .names = name,
        .count = 1,
        .resource = RD_KAFKA_RESOURCE_BROKER,
        .keys = mode_keys,
        .answer = learn_mode,
        .data = learn};
    g_array_append_val(requests, r);
}

/* Its failures stand in the cells that stay empty. */
static bool read_slow(struct kafka_lane *k, GError **error)
{
    struct kafka_state *s = k->state;
    struct learn learn = {.state = s, .lane = k->call.lane};
    bool due = now_of(k) - s->configs_ms >= SLOW_MS;
    g_autoptr(GArray) requests = call_requests_new();
    g_autoptr(GPtrArray) new_names = topic_names(s, true, due);
    g_autoptr(GPtrArray) names = due ? topic_names(s, false, false) : g_ptr_array_ref(new_names);
    int32_t any = any_broker(s);
    char id[16];
    const char *broker = NULL;
    add_named(requests,
        (struct call_request){
            .type = CALL_TOPICS, .answer = learn_topics, .data = &learn, .broker = any},
        new_names);
    add_named(requests,
        (struct call_request){.type = CALL_CONFIGS,
            .resource = RD_KAFKA_RESOURCE_TOPIC,
            .keys = topic_keys,
            .answer = learn_topic_configs,
            .data = &learn,
            .broker = any},
        names);
    struct call_request cluster = {
        .type = CALL_CLUSTER, .answer = learn_cluster, .data = &learn, .broker = any};
    if (now_of(k) - s->cluster_ms >= SLOW_MS)
        g_array_append_val(requests, cluster);
    if (due)
        add_mode(requests, &learn, id, &broker);
    bool ok = call_all(&k->call, requests, KAFKA_STEP_MS, error);
    if (ok && due && learn.good > 0)
        s->configs_ms = now_of(k);
    learn_clear(&learn);
    return ok;
}

static void publish_cluster(struct kafka_lane *k, struct batch *out)
{
    publish_brokers(k->state, out);
    publish_topics(k->state, out);
}

static bool read_cluster(struct kafka_lane *k, struct batch *out, GError **error)
{
    struct kafka_state *s = k->state;
    if (!cycle_metadata(k, 0, error))
        return false;
    publish_brokers(s, out);
    if (s->cluster_cycles == 0)
        publish_topics(s, out);
    /* What the other feed has read since this one last ran is as good as new. */
    bool news = s->ends_ms != s->ends_used_ms && now_of(k) - s->ends_ms <= ENDS_REUSE_MS;
    bool ok = news || read_offsets(k, error);
    s->ends_used_ms = s->ends_ms;
    if (s->cluster_cycles++ == 0)
        publish_cluster(k, out);
    ok = read_slow(k, ok ? error : NULL) && ok;
    publish_cluster(k, out);
    return ok;
}

/* -- groups -------------------------------------------------------------------------------------- */

static bool list_groups(struct kafka_lane *k, GError **error)
{
    struct learn learn = {.state = k->state, .lane = k->call.lane};
    g_autoptr(GArray) requests = call_requests_new();
    struct call_request r = {.type = CALL_GROUPS, .answer = learn_groups, .data = &learn};
    g_array_append_val(requests, r);
    bool ok = call_all(&k->call, requests, KAFKA_STEP_MS, error);
    if (ok && learn.good == 0)
        ok = fail_first(k, &learn, "its consumer groups were asked for", error);
    learn_clear(&learn);
    return ok;
}

static gint by_described(gconstpointer a, gconstpointer b)
{
    const struct kafka_group *x = *(struct kafka_group *const *)a;
    const struct kafka_group *y = *(struct kafka_group *const *)b;
    return (x->described_ms > y->described_ms) - (x->described_ms < y->described_ms);
}

/* The ids of groups that must be asked for their members; the longest unasked first. The list has
 * already said of Empty and Dead ones that they have none. */
static GPtrArray *ids_to_describe(GPtrArray *groups, int64_t since_ms)
{
    GPtrArray *ids = g_ptr_array_new();
    g_ptr_array_sort(groups, by_described);
    for (guint i = 0; i < groups->len && ids->len < DESCRIBE_MAX; i++) {
        struct kafka_group *g = g_ptr_array_index(groups, i);
        bool settled = g->members_known && strcmp(g->state, g->described_state) == 0 &&
                       !kafka_is_rebalancing(g->state);
        if (g->described_ms < (settled ? since_ms - MEMBERS_MS : since_ms))
            g_ptr_array_add(ids, g->id);
    }
    return ids;
}

static GPtrArray *ids_of(const GPtrArray *groups)
{
    GPtrArray *ids = g_ptr_array_new();
    for (guint i = 0; i < groups->len; i++)
        g_ptr_array_add(ids, ((struct kafka_group *)g_ptr_array_index(groups, i))->id);
    return ids;
}

/* One request per group, since one whose coordinator is down would keep the answers of the others. */
static void add_groups(GArray *requests, struct call_request r, const GPtrArray *ids)
{
    for (guint i = 0; i < ids->len; i++) {
        r.names = (const char *const *)ids->pdata + i;
        r.count = 1;
        g_array_append_val(requests, r);
    }
}

/* Members and commits of groups. Fails when not one commit could be read. */
static bool read_groups(struct kafka_lane *k, GPtrArray *groups, int64_t since_ms, GError **error)
{
    struct learn members = {.state = k->state, .lane = k->call.lane};
    struct learn commits = members;
    g_autoptr(GPtrArray) ids = ids_of(groups); /* in their order: the longest unread first */
    g_autoptr(GPtrArray) to_describe = ids_to_describe(groups, since_ms);
    g_autoptr(GArray) requests = call_requests_new();
    add_groups(requests,
        (struct call_request){.type = CALL_DESCRIBE, .answer = learn_members, .data = &members},
        to_describe);
    add_groups(requests,
        (struct call_request){.type = CALL_COMMITS, .answer = learn_commits, .data = &commits},
        ids);
    /* Time is left for the ends, without which all of it is in vain. */
    int64_t left = lane_left_ms(k->call.lane);
    k->call.reserve_ms = CALL_RESERVE_MS + MIN(KAFKA_STEP_MS, left / 3);
    bool ok = call_all(&k->call, requests, KAFKA_STEP_MS, error);
    k->call.reserve_ms = CALL_RESERVE_MS;
    if (ok && commits.good == 0 && commits.bad > 0)
        ok = fail_first(k, &commits, "the offsets of its groups were asked for", error);
    learn_clear(&members);
    learn_clear(&commits);
    return ok;
}

static bool read_lag(struct kafka_lane *k, struct batch *out, GError **error)
{
    struct kafka_state *s = k->state;
    int64_t begin = now_of(k);
    if (!cycle_metadata(k, METADATA_REUSE_MS, error) || !list_groups(k, error))
        return false;
    if (s->lag_cycles++ == 0)
        publish_groups(s, out, now_of(k), begin);
    g_autoptr(GPtrArray) groups = kafka_groups_due(s, begin);
    bool ok = read_groups(k, groups, begin, error);
    ok = read_offsets(k, ok ? error : NULL) && ok;
    for (guint i = 0; i < groups->len; i++)
        kafka_group_count(s, g_ptr_array_index(groups, i), begin);
    publish_groups(s, out, now_of(k), begin);
    if (s->cluster_cycles > 0)
        publish_topics(s, out); /* the ends are news for them as well */
    return ok;
}

/* -- one thing ----------------------------------------------------------------------------------- */

static bool read_topics(struct kafka_lane *k, GPtrArray *topics, GError **error)
{
    struct learn learn = {.state = k->state, .lane = k->call.lane};
    g_autoptr(GArray) requests = call_requests_new();
    add_offsets(requests, &learn, RD_KAFKA_OFFSET_SPEC_LATEST, topics);
    add_offsets(requests, &learn, RD_KAFKA_OFFSET_SPEC_EARLIEST, topics);
    bool ok = call_all(&k->call, requests, KAFKA_STEP_MS, error);
    if (ok && learn.good == 0 && learn.bad > 0)
        ok = fail_first(k, &learn, "the ends of its partitions were asked for", error);
    learn_clear(&learn);
    return ok;
}

static struct kafka_group *no_group(struct kafka_lane *k, const char *id, GError **error)
{
    weir_fail(error, WEIR_ERROR_NOT_FOUND,
        "Kafka at %s has no consumer group \"%s\" (share groups cannot be read yet)", k->address,
        id);
    kafka_group_forget(k->state, id);
    return NULL;
}

struct kafka_group *cycle_one_group(struct kafka_lane *k, const char *id, GError **error)
{
    int64_t begin = now_of(k);
    if (k->rest)
        return rest_one_group(k, id, error);
    if (!cycle_metadata(k, METADATA_REUSE_MS, error))
        return NULL;
    struct kafka_group *g = kafka_group_get(k->state, id);
    if (!g) {
        weir_fail(error, WEIR_ERROR_TOO_LARGE, "%s", k->state->cut);
        return NULL;
    }
    g_autoptr(GPtrArray) groups = g_ptr_array_new();
    g_ptr_array_add(groups, g);
    if (!read_groups(k, groups, begin, error))
        return NULL;
    /* Of a group that does not exist a coordinator says that it is Dead and has no commits. */
    if (g->commits->len == 0 && g->members->len == 0 && strcmp(g->state, "Dead") == 0)
        return no_group(k, id, error);
    g_autoptr(GPtrArray) topics = kafka_group_topics(g);
    if (topics->len > 0 && !read_topics(k, topics, error))
        return NULL;
    kafka_group_count(k->state, g, begin);
    return g;
}

struct kafka_topic *cycle_one_topic(struct kafka_lane *k, const char *name, GError **error)
{
    if (!cycle_metadata(k, METADATA_REUSE_MS, error))
        return NULL;
    struct kafka_topic *t = kafka_topic(k->state, name);
    if (!t || !t->online) {
        weir_fail(error, WEIR_ERROR_NOT_FOUND, "Kafka at %s has no topic \"%s\"", k->address, name);
        return NULL;
    }
    if (k->rest)
        return rest_read_topic(k, t, error) ? t : NULL;
    g_autoptr(GPtrArray) topics = g_ptr_array_new();
    g_ptr_array_add(topics, t);
    return read_topics(k, topics, error) ? t : NULL;
}

/* -- feeds --------------------------------------------------------------------------------------- */

static bool fetch_topic(
    struct kafka_lane *k, const struct rid *scope, struct batch *out, GError **error)
{
    const char *name = rid_name(scope, "topics");
    if (!name)
        return weir_fail(error, WEIR_ERROR_USAGE, "partitions belong to a topic");
    int64_t now = now_of(k);
    /* By REST never: no feed reads all ends. */
    bool held = k->state->cluster_cycles > 0 && kafka_is_current(k->state->metadata_ms, now) &&
                kafka_is_current(k->state->ends_ms, now);
    struct kafka_topic *t = held ? kafka_topic(k->state, name) : NULL;
    if (!t || !t->online)
        t = cycle_one_topic(k, name, error);
    if (t)
        publish_partitions(k->state, t, out);
    return t != NULL;
}

static bool fetch_group(
    struct kafka_lane *k, const struct rid *scope, struct batch *out, GError **error)
{
    const char *id = rid_name(scope, "groups");
    if (!id)
        return weir_fail(error, WEIR_ERROR_USAGE, "offsets belong to a group");
    bool held = k->state->lag_cycles > 0;
    struct kafka_group *g = held ? kafka_group(k->state, id) : NULL;
    if (!g || !kafka_group_is_current(g, now_of(k)))
        g = cycle_one_group(k, id, error);
    else if (k->rest)
        rest_add_begins(k, g);
    if (g)
        publish_offsets(g, out);
    return g != NULL;
}

bool cycle_fetch_cluster(struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    struct kafka_lane *k = lane_data(l);
    call_enter(&k->call);
    bool ok = scope->count > 0 ? fetch_topic(k, scope, out, error)
              : k->rest        ? rest_read_cluster(k, out, error)
                               : read_cluster(k, out, error);
    call_leave(&k->call);
    return ok;
}

bool cycle_fetch_lag(struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    struct kafka_lane *k = lane_data(l);
    if (scope->count == 0 && k->kafka)
        kafka_renew(k->kafka, l);
    call_enter(&k->call);
    bool ok = scope->count > 0 ? fetch_group(k, scope, out, error)
              : k->rest        ? rest_read_lag(k, out, error)
                               : read_lag(k, out, error);
    call_leave(&k->call);
    return ok;
}
