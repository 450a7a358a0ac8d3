#include "kafka.h"

#include <math.h>
#include <string.h>

#include "error.h"
#include "machines.h"

#define COMMIT_S     5     /* between two commits of a group */
#define SESSION_MS   45000 /* a member whose host is gone counts as gone after it */
#define REBALANCE_MS 20000
#define CATCH_UP_MS  60000 /* a broker that came back is in sync again after it */
#define BROKERS      3
#define WORKERS      12      /* dp-w01 to dp-w12 */
#define HISTORY_S    86400.0 /* of records that a topic holds at first */

/* -- what there is --------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int partitions;
    double rate;
} story_topics[] = {
    {"orders.raw", 12, 1310},
    {"orders.enriched", 12, 0}, /* enrich-v2 writes it */
    {"items.raw", 6, 240},
    {"payments", 12, 410},
    {"payments.ledger", 4, 0},
    {"clicks.raw", 48, 8200},
    {"clicks.sessions", 12, 0},
    {"inventory", 6, 95},
    {"audit", 3, 22},
    {"features", 4, 130},
    {"usage.metered", 8, 300},
    {"search.docs", 6, 60},
};

static const struct {
    const char *name, *topics, *feeds;
    int members;
    double capacity; /* records a second of one partition */
} story_groups[] = {
    {"enrich-v2", "orders.raw", "orders.enriched", 6, 700},
    {"orders-audit", "orders.enriched", NULL, 2, 900},
    {"lakehouse-bronze", "orders.enriched items.raw payments clicks.sessions", NULL, 8, 2000},
    {"payments.ledger.rollup", "payments", "payments.ledger", 2, 200},
    {"sessions-v3", "clicks.raw", "clicks.sessions", 4, 900},
    {"clickstream-s3", "clicks.raw", NULL, 8, 900},
    {"fraud-score", "payments orders.enriched", NULL, 4, 600},
    {"feature-store-loader", "features clicks.sessions", NULL, 4, 900},
    {"search-indexer", "search.docs", NULL, 3, 100},
    {"inventory-sync", "inventory", NULL, 2, 100},
    {"billing-export", "usage.metered payments.ledger", NULL, 2, 600},
    {"audit-sink", "audit", NULL, 3, 40},
};

static void add_brokers(struct kafka *k)
{
    for (int i = 1; i <= BROKERS; i++) {
        struct broker b = {.id = i, .host = g_strdup_printf("dp-b%02d", i)};
        g_array_append_val(k->brokers, b);
    }
}

static struct topic *add_topic(
    const struct world *w, struct kafka *k, const char *name, int partitions, double rate)
{
    struct topic *t = g_new0(struct topic, 1);
    *t = (struct topic){
        .name = g_strdup(name),
        .rate = rate,
        .partitions = partitions,
        .partition = g_new0(struct partition, partitions),
        .replication = BROKERS,
        .retention_ms = 7 * 86400000LL,
    };
    bool hot = g_str_equal(name, "orders.raw"); /* two customers make half of the orders */
    for (int i = 0; i < partitions; i++) {
        struct partition *p = &t->partition[i];
        p->topic = t;
        p->number = i;
        p->share = !hot ? 1.0 / partitions : i == 2 ? 0.24 : i == 8 ? 0.235 : 0.525 / 10;
        p->begin = floor(world_between(w, name, (guint64)i, 1e5, 9e6));
        p->end = floor(p->begin + MAX(rate, 50) * p->share * HISTORY_S);
        for (int r = 0; r < BROKERS; r++) {
            p->replicas[r] = (i + r) % BROKERS + 1;
            p->in_sync[r] = true;
        }
        p->leader = p->replicas[0];
    }
    g_ptr_array_add(k->topics, t);
    g_hash_table_insert(k->topic_by_name, t->name, t);
    return t;
}

static void add_readings(struct group *g, struct topic *t)
{
    for (int i = 0; i < t->partitions; i++) {
        struct reading r = {.partition = &t->partition[i], .committed = t->partition[i].end};
        g_array_append_val(g->readings, r);
    }
}

/* The partitions of each topic, one after the other, to the members that are there. */
static void assign(struct group *g)
{
    GArray *present = g_array_new(FALSE, FALSE, sizeof(int));
    for (int i = 0; i < (int)g->members->len; i++)
        if (!g_array_index(g->members, struct member, i).gone)
            g_array_append_val(present, i);
    for (guint i = 0; i < g->readings->len; i++)
        g_array_index(g->readings, struct reading, i).member =
            present->len ? g_array_index(present, int, i % present->len) : -1;
    g->state = present->len ? "STABLE" : "EMPTY";
    g_array_unref(present);
}

/* Where enrich-1 to enrich-6 run: dp-w07 is the host that the story takes away. */
static const int enrich_hosts[] = {3, 4, 7, 5, 6, 8};

static struct group *add_group(
    const struct world *w, struct kafka *k, const char *name, int members, double capacity)
{
    struct group *g = g_new0(struct group, 1);
    *g = (struct group){
        .name = g_strdup(name),
        .assignor = "cooperative-sticky",
        .capacity = capacity,
        .readings = g_array_new(FALSE, FALSE, sizeof(struct reading)),
        .members = g_array_new(FALSE, FALSE, sizeof(struct member)),
        .coordinator = (int)world_pick(w, name, 0, 1, BROKERS),
    };
    g_auto(GStrv) words = g_strsplit_set(name, "-.", 2);
    for (int i = 0; i < members; i++) {
        int host = g_str_equal(name, "enrich-v2")
                       ? enrich_hosts[i]
                       : (int)world_pick(w, name, (guint64)i + 1, 1, WORKERS);
        struct member m = {
            .client_id = g_strdup_printf("%s-%d", words[0], i + 1),
            .host = g_strdup_printf("dp-w%02d", host),
        };
        m.id = g_strdup_printf("%s-%08x-4c1e-4b7a-9d57-%012x", m.client_id,
            (unsigned)world_pick(w, m.client_id, 1, 0, G_MAXUINT32),
            (unsigned)world_pick(w, m.client_id, 2, 0, G_MAXUINT32));
        g_array_append_val(g->members, m);
    }
    g_ptr_array_add(k->groups, g);
    g_hash_table_insert(k->group_by_name, g->name, g);
    return g;
}

static void add_story(const struct world *w, struct kafka *k)
{
    for (guint i = 0; i < G_N_ELEMENTS(story_topics); i++)
        add_topic(w, k, story_topics[i].name, story_topics[i].partitions, story_topics[i].rate);
    for (guint i = 0; i < G_N_ELEMENTS(story_groups); i++) {
        struct group *g = add_group(
            w, k, story_groups[i].name, story_groups[i].members, story_groups[i].capacity);
        g_auto(GStrv) topics = g_strsplit(story_groups[i].topics, " ", -1);
        for (char **t = topics; *t; t++)
            add_readings(g, kafka_topic(k, *t));
        g->feeds = story_groups[i].feeds ? kafka_topic(k, story_groups[i].feeds) : NULL;
        assign(g);
    }
}

/* Topics and groups that behave, as many as the scale asks for beyond the story's. */
static void add_crowd(const struct world *w, struct kafka *k)
{
    int partitions = 0;
    for (guint i = 0; i < k->topics->len; i++)
        partitions += ((struct topic *)g_ptr_array_index(k->topics, i))->partitions;
    int more = MAX(w->scale.partitions - partitions, 0);
    int topics = w->scale.topics ? MAX(w->scale.topics - (int)k->topics->len, more > 0) : more / 10;
    guint first = k->topics->len;
    for (int i = 0; i < topics; i++) {
        g_autofree char *name = g_strdup_printf("crowd.%04d", i);
        int n = more * (i + 1) / topics - more * i / topics;
        add_topic(w, k, name, MAX(n, 1), world_between(w, name, 0, 0.2, 40));
    }
    for (int i = (int)k->groups->len; i < w->scale.groups; i++) {
        g_autofree char *name = g_strdup_printf("crowd-group-%04d", i);
        struct group *g = add_group(w, k, name, (int)world_pick(w, name, 9, 1, 3), 2000);
        guint pick =
            k->topics->len > first ? first + (guint)i % (k->topics->len - first) : (guint)i % first;
        add_readings(g, g_ptr_array_index(k->topics, pick));
        assign(g);
    }
}

static void topic_free(gpointer data)
{
    struct topic *t = data;
    g_free(t->name);
    g_free(t->partition);
    g_free(t);
}

static void group_free(gpointer data)
{
    struct group *g = data;
    for (guint i = 0; i < g->members->len; i++) {
        struct member *m = &g_array_index(g->members, struct member, i);
        g_free(m->id);
        g_free(m->client_id);
        g_free(m->host);
    }
    g_array_unref(g->members);
    g_array_unref(g->readings);
    g_free(g->name);
    g_free(g);
}

struct kafka *kafka_new(const struct world *w)
{
    struct kafka *k = g_new0(struct kafka, 1);
    k->brokers = g_array_new(FALSE, FALSE, sizeof(struct broker));
    k->topics = g_ptr_array_new_with_free_func(topic_free);
    k->groups = g_ptr_array_new_with_free_func(group_free);
    k->topic_by_name = g_hash_table_new(g_str_hash, g_str_equal);
    k->group_by_name = g_hash_table_new(g_str_hash, g_str_equal);
    add_brokers(k);
    add_story(w, k);
    add_crowd(w, k);
    struct topic *offsets = add_topic(w, k, "__consumer_offsets", 50, 0);
    offsets->internal = offsets->compacted = true;
    return k;
}

void kafka_free(struct kafka *k)
{
    if (!k)
        return;
    for (guint i = 0; i < k->brokers->len; i++)
        g_free(g_array_index(k->brokers, struct broker, i).host);
    g_array_unref(k->brokers);
    g_hash_table_unref(k->topic_by_name);
    g_hash_table_unref(k->group_by_name);
    g_ptr_array_unref(k->groups);
    g_ptr_array_unref(k->topics);
    g_free(k);
}

/* -- questions ------------------------------------------------------------------------------------- */

struct topic *kafka_topic(const struct kafka *k, const char *name)
{
    return g_hash_table_lookup(k->topic_by_name, name);
}

struct group *kafka_group(const struct kafka *k, const char *name)
{
    return g_hash_table_lookup(k->group_by_name, name);
}

double reading_lag(const struct reading *r)
{
    return MAX(floor(r->partition->end) - floor(r->committed), 0);
}

double kafka_group_lag(const struct kafka *k, const char *group)
{
    const struct group *g = kafka_group(k, group);
    double lag = 0;
    for (guint i = 0; g && i < g->readings->len; i++)
        lag += reading_lag(&g_array_index(g->readings, struct reading, i));
    return lag;
}

static const struct broker *broker_at(const struct kafka *k, int id)
{
    return &g_array_index(k->brokers, struct broker, id - 1);
}

int kafka_controller(const struct kafka *k)
{
    for (guint i = 0; i < k->brokers->len; i++)
        if (!broker_at(k, (int)i + 1)->down)
            return (int)i + 1;
    return 0;
}

int kafka_under_replicated(const struct kafka *k)
{
    int n = 0;
    for (guint i = 0; i < k->topics->len; i++) {
        const struct topic *t = g_ptr_array_index(k->topics, i);
        for (int p = 0; p < t->partitions; p++)
            n += !t->partition[p].in_sync[0] || !t->partition[p].in_sync[1] ||
                 !t->partition[p].in_sync[2];
    }
    return n;
}

/* -- a second passes ------------------------------------------------------------------------------- */

/* The first replica that is in sync leads; a replica is in sync a while after its broker came back. */
static void settle_partition(const struct world *w, struct partition *p)
{
    p->leader = 0;
    for (int r = 0; r < BROKERS; r++) {
        const struct broker *b = broker_at(w->kafka, p->replicas[r]);
        p->in_sync[r] = !b->down && w->now_ms - b->since_ms >= (b->since_ms ? CATCH_UP_MS : 0);
        if (p->in_sync[r] && !p->leader)
            p->leader = b->id;
    }
}

static void settle_brokers(struct world *w)
{
    bool changed = false;
    for (guint i = 0; i < w->kafka->brokers->len; i++) {
        struct broker *b = &g_array_index(w->kafka->brokers, struct broker, i);
        bool down = !machines_is_up(w, b->host);
        changed |= down != b->down || (b->since_ms && w->now_ms - b->since_ms == CATCH_UP_MS);
        if (down != b->down)
            b->since_ms = w->now_ms;
        b->down = down;
    }
    for (guint i = 0; changed && i < w->kafka->topics->len; i++) {
        struct topic *t = g_ptr_array_index(w->kafka->topics, i);
        for (int p = 0; p < t->partitions; p++)
            settle_partition(w, &t->partition[p]);
    }
}

static void begin_rebalance(struct world *w, struct group *g)
{
    g->state = "PREPARING_REBALANCE";
    g->rebalance_until_ms = w->now_ms + REBALANCE_MS;
    g->rebalances++;
}

/* A member whose host does not answer is given up after its session's time. */
static void miss_members(struct world *w, struct group *g)
{
    for (guint i = 0; i < g->members->len; i++) {
        struct member *m = &g_array_index(g->members, struct member, i);
        bool up = machines_is_up(w, m->host);
        if (up || m->gone) {
            m->missed_ms = 0;
        } else if (!m->missed_ms) {
            m->missed_ms = w->now_ms;
        } else if (w->now_ms - m->missed_ms >= SESSION_MS) {
            m->gone = true;
            world_note(w, "kafka %s left group %s: its host is gone", m->client_id, g->name);
            begin_rebalance(w, g);
        }
    }
}

static void consume(struct world *w, struct group *g)
{
    bool commits = (w->now_ms / WORLD_STEP_MS + g->coordinator) % COMMIT_S == 0;
    if (g->rebalance_until_ms && w->now_ms >= g->rebalance_until_ms) {
        g->rebalance_until_ms = 0;
        assign(g);
    }
    if (g->rebalance_until_ms || !commits)
        return;
    double read = 0;
    for (guint i = 0; i < g->readings->len; i++) {
        struct reading *r = &g_array_index(g->readings, struct reading, i);
        if (r->member < 0 || !r->partition->leader ||
            g_array_index(g->members, struct member, r->member).missed_ms)
            continue;
        double take = MIN(MAX(r->partition->end - r->committed, 0), g->capacity * COMMIT_S);
        r->committed += take;
        read += take;
    }
    for (int p = 0; g->feeds && p < g->feeds->partitions; p++)
        g->feeds->partition[p].end += read * g->feeds->partition[p].share;
}

void kafka_step(struct world *w)
{
    struct kafka *k = w->kafka;
    settle_brokers(w);
    for (guint i = 0; i < k->topics->len; i++) {
        struct topic *t = g_ptr_array_index(k->topics, i);
        for (int p = 0; p < t->partitions; p++)
            if (t->partition[p].leader)
                t->partition[p].end += t->rate * t->partition[p].share;
    }
    for (guint i = 0; i < k->groups->len; i++) {
        struct group *g = g_ptr_array_index(k->groups, i);
        miss_members(w, g);
        consume(w, g);
    }
}

/* -- what a plot may do ---------------------------------------------------------------------------- */

/* The story's: those that the scale adds have numbers. */
static bool no_group(const char *name, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(story_groups); i++)
        g_string_append_printf(known, "%s%s", i ? ", " : "", story_groups[i].name);
    return weir_fail(
        error, WEIR_ERROR_CONFIG, "there is no group \"%s\"; there are %s", name, known->str);
}

static bool no_topic(const char *name, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(story_topics); i++)
        g_string_append_printf(known, "%s%s", i ? ", " : "", story_topics[i].name);
    return weir_fail(
        error, WEIR_ERROR_CONFIG, "there is no topic \"%s\"; there are %s", name, known->str);
}

static struct group *group_of(const struct world *w, GHashTable *args, GError **error)
{
    const char *name = g_hash_table_lookup(args, "group");
    struct group *g = kafka_group(w->kafka, name);
    if (!g)
        no_group(name, error);
    return g;
}

static struct member *member_of(const struct world *w, GHashTable *args, GError **error)
{
    struct group *g = group_of(w, args, error);
    const char *name = g_hash_table_lookup(args, "member");
    for (guint i = 0; g && i < g->members->len; i++) {
        struct member *m = &g_array_index(g->members, struct member, i);
        if (g_str_equal(m->client_id, name))
            return m;
    }
    if (g)
        weir_fail(error, WEIR_ERROR_CONFIG, "group %s has no member \"%s\"; it has %s to %s",
            g->name, name, g_array_index(g->members, struct member, 0).client_id,
            g_array_index(g->members, struct member, g->members->len - 1).client_id);
    return NULL;
}

static bool check_group(const struct world *w, GHashTable *args, GError **error)
{
    return group_of(w, args, error) != NULL;
}

static bool check_member(const struct world *w, GHashTable *args, GError **error)
{
    return member_of(w, args, error) != NULL;
}

static bool leaves_orphans(GHashTable *args)
{
    return g_strcmp0(g_hash_table_lookup(args, "orphans"), "yes") == 0;
}

static bool check_leaving(const struct world *w, GHashTable *args, GError **error)
{
    const char *orphans = g_hash_table_lookup(args, "orphans");
    return check_member(w, args, error) &&
           (!orphans || leaves_orphans(args) || g_str_equal(orphans, "no") ||
               weir_fail(error, WEIR_ERROR_CONFIG, "orphans is yes or no, not \"%s\"", orphans));
}

static bool check_topic(const struct world *w, GHashTable *args, GError **error)
{
    const char *name = g_hash_table_lookup(args, "topic"),
               *rate = g_hash_table_lookup(args, "rate");
    char *end = NULL;
    if (!kafka_topic(w->kafka, name))
        return no_topic(name, error);
    return (g_ascii_strtod(rate, &end) >= 0 && end > rate && !*end) ||
           weir_fail(error, WEIR_ERROR_CONFIG, "rate is records a second, not \"%s\"", rate);
}

/* With orphans nobody takes over what the member read: the group looks stable, and is not. */
static void member_leaves(struct world *w, GHashTable *args)
{
    struct group *g = group_of(w, args, NULL);
    struct member *m = member_of(w, args, NULL);
    int index = (int)(m - (struct member *)g->members->data);
    m->gone = true;
    world_note(w, "kafka %s left group %s", m->client_id, g->name);
    if (!leaves_orphans(args)) {
        begin_rebalance(w, g);
        return;
    }
    for (guint i = 0; i < g->readings->len; i++) {
        struct reading *r = &g_array_index(g->readings, struct reading, i);
        if (r->member == index)
            r->member = -1;
    }
}

static void member_returns(struct world *w, GHashTable *args)
{
    struct group *g = group_of(w, args, NULL);
    struct member *m = member_of(w, args, NULL);
    m->gone = false;
    m->missed_ms = 0;
    world_note(w, "kafka %s joined group %s", m->client_id, g->name);
    begin_rebalance(w, g);
}

static void set_all_gone(struct world *w, struct group *g, bool gone)
{
    for (guint i = 0; i < g->members->len; i++)
        g_array_index(g->members, struct member, i).gone = gone;
    world_note(w, "kafka group %s %s", g->name, gone ? "stopped" : "started");
    begin_rebalance(w, g);
}

static void group_stops(struct world *w, GHashTable *args)
{
    set_all_gone(w, group_of(w, args, NULL), true);
}

static void group_starts(struct world *w, GHashTable *args)
{
    set_all_gone(w, group_of(w, args, NULL), false);
}

static void produce(struct world *w, GHashTable *args)
{
    struct topic *t = kafka_topic(w->kafka, g_hash_table_lookup(args, "topic"));
    t->rate = g_ascii_strtod(g_hash_table_lookup(args, "rate"), NULL);
    world_note(w, "kafka topic %s now gets %g records a second", t->name, t->rate);
}

const struct verb kafka_verbs[] = {
    {"member_leaves", "group member orphans?",
        "a consumer leaves its group; orphans: nobody takes over its partitions", check_leaving,
        member_leaves},
    {"member_returns", "group member", "a consumer joins its group again", check_member,
        member_returns},
    {"group_stops", "group", "all consumers of a group leave", check_group, group_stops},
    {"group_starts", "group", "all consumers of a group are there again", check_group,
        group_starts},
    {"produce", "topic rate", "producers write so many records a second", check_topic, produce},
    {0},
};
