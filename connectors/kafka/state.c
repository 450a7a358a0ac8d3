#include "state.h"

#include <string.h>

#define OFF_MS 30000 /* groups that are off are read every 30 to 60 s */

static void broker_free(gpointer data)
{
    struct kafka_broker *b = data;
    g_free(b->host);
    g_free(b->rack);
    g_free(b);
}

static void topic_free(gpointer data)
{
    struct kafka_topic *t = data;
    g_free(t->name);
    g_free(t->partitions);
    g_free(t->ids);
    g_free(t->cleanup);
    g_free(t);
}

void kafka_member_free(struct kafka_member *m)
{
    g_free(m->id);
    g_free(m->instance);
    g_free(m->client);
    g_free(m->host);
    g_array_unref(m->assigned);
    g_free(m);
}

static void group_free(gpointer data)
{
    struct kafka_group *g = data;
    g_free(g->id);
    g_free(g->assignor);
    g_free(g->coordinator);
    g_ptr_array_unref(g->members);
    g_array_unref(g->commits);
    g_clear_pointer(&g->rates, g_hash_table_unref);
    g_free(g);
}

struct kafka_state *kafka_state_new(void)
{
    struct kafka_state *s = g_new0(struct kafka_state, 1);
    s->brokers = g_hash_table_new_full(NULL, NULL, NULL, broker_free);
    s->topics = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, topic_free);
    s->groups = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, group_free);
    s->controller = -1;
    s->placed = KAFKA_KNOWN;
    return s;
}

void kafka_state_free(struct kafka_state *s)
{
    if (!s)
        return;
    g_hash_table_unref(s->groups);
    g_hash_table_unref(s->topics);
    g_hash_table_unref(s->brokers);
    g_free(s->list_error);
    g_free(s->places_error);
    g_free(s->late);
    g_free(s->cut);
    g_free(s);
}

static void cut(struct kafka_state *s, const char *what, unsigned max)
{
    g_free(s->cut);
    s->cut = g_strdup_printf("weir holds at most %u %s of a cluster", max, what);
}

/* -- brokers and topics -------------------------------------------------------------------------- */

struct kafka_broker *kafka_broker(const struct kafka_state *s, int32_t id)
{
    return g_hash_table_lookup(s->brokers, GINT_TO_POINTER(id));
}

struct kafka_topic *kafka_topic(const struct kafka_state *s, const char *name)
{
    return g_hash_table_lookup(s->topics, name);
}

static struct kafka_broker *get_broker(struct kafka_state *s, int32_t id)
{
    struct kafka_broker *b = kafka_broker(s, id);
    if (!b) {
        b = g_new0(struct kafka_broker, 1);
        b->id = id;
        g_hash_table_insert(s->brokers, GINT_TO_POINTER(id), b);
    }
    return b;
}

struct kafka_broker *kafka_broker_see(struct kafka_state *s, int32_t id, const char *host, int port)
{
    struct kafka_broker *b = get_broker(s, id);
    if (g_strcmp0(b->host, host) != 0) {
        g_free(b->host);
        b->host = g_strdup(host);
    }
    b->port = port;
    b->online = true;
    return b;
}

struct kafka_topic *kafka_topic_get(struct kafka_state *s, const char *name)
{
    struct kafka_topic *t = kafka_topic(s, name);
    if (t)
        return t;
    if (g_hash_table_size(s->topics) >= KAFKA_TOPICS_MAX) {
        cut(s, "topics", KAFKA_TOPICS_MAX);
        return NULL;
    }
    t = g_new0(struct kafka_topic, 1);
    t->name = g_strdup(name);
    g_hash_table_insert(s->topics, t->name, t);
    return t;
}

/* Partitions are only ever added to a topic; fewer of them are another topic of the same name. */
static void resize(struct kafka_topic *t, unsigned count)
{
    if (count < t->partition_count)
        t->partition_count = 0;
    t->partitions = g_renew(struct kafka_partition, t->partitions, MAX(count, 1));
    for (unsigned i = t->partition_count; i < count; i++)
        t->partitions[i] =
            (struct kafka_partition){.begin = KAFKA_OFFSET_NONE, .end = KAFKA_OFFSET_NONE};
    t->partition_count = count;
}

struct kafka_topic *kafka_topic_see(
    struct kafka_state *s, const char *name, unsigned partition_count, unsigned id_count)
{
    struct kafka_topic *t = kafka_topic_get(s, name);
    if (!t)
        return NULL;
    if (partition_count > KAFKA_PARTITIONS_MAX)
        cut(s, "partitions of one topic", KAFKA_PARTITIONS_MAX);
    resize(t, MIN(partition_count, KAFKA_PARTITIONS_MAX));
    g_free(t->ids);
    t->ids = g_new(int32_t, MAX(id_count, 1));
    for (unsigned i = 0; i < t->partition_count; i++) {
        struct kafka_partition *p = &t->partitions[i];
        p->leader = -1;
        p->replica_count = p->isr_count = p->unseen = 0;
        p->replicas = p->isr = t->ids;
    }
    t->led = t->placed = KAFKA_KNOWN;
    t->error = NULL;
    t->online = true;
    return t;
}

struct kafka_topic *kafka_topic_list(
    struct kafka_state *s, const char *name, unsigned partition_count, int replication)
{
    struct kafka_topic *t = kafka_topic_get(s, name);
    if (!t)
        return NULL;
    if (partition_count > KAFKA_PARTITIONS_MAX)
        cut(s, "partitions of one topic", KAFKA_PARTITIONS_MAX);
    partition_count = MIN(partition_count, KAFKA_PARTITIONS_MAX);
    if (partition_count != t->partition_count) {
        unsigned had = t->partition_count <= partition_count ? t->partition_count : 0;
        resize(t, partition_count);
        for (unsigned i = had; i < partition_count; i++)
            t->partitions[i].leader = -1;
        t->led = t->placed = KAFKA_NOT_ASKED;
    }
    t->replication = replication;
    t->error = NULL;
    t->online = true;
    return t;
}

struct kafka_partition *kafka_partition(const struct kafka_topic *t, int32_t partition)
{
    bool exists = t && t->online && partition >= 0 && (unsigned)partition < t->partition_count;
    return exists ? &t->partitions[partition] : NULL;
}

void kafka_partition_set_end(struct kafka_partition *p, int64_t end, int64_t now_ms)
{
    if (p->end != KAFKA_OFFSET_NONE && end < p->end)
        kafka_rate_reset(&p->in); /* truncated, or made anew */
    p->end = end;
    p->end_ms = now_ms;
    p->end_error = NULL;
    kafka_rate_add(&p->in, now_ms, end);
}

void kafka_partition_set_begin(struct kafka_partition *p, int64_t begin, int64_t now_ms)
{
    p->begin = begin;
    p->begin_ms = now_ms;
    p->begin_error = NULL;
}

static bool has_id(const int32_t *ids, unsigned count, int32_t id)
{
    for (unsigned i = 0; i < count; i++)
        if (ids[i] == id)
            return true;
    return false;
}

static void count_replicas(struct kafka_state *s, const struct kafka_partition *p)
{
    struct kafka_broker *leader = kafka_broker(s, p->leader);
    if (leader)
        leader->leaders++;
    for (unsigned i = 0; i < p->replica_count; i++) {
        struct kafka_broker *b = kafka_broker(s, p->replicas[i]);
        if (!b)
            continue;
        b->replicas++;
        b->missing += !has_id(p->isr, p->isr_count, b->id);
    }
}

void kafka_brokers_count(struct kafka_state *s)
{
    GHashTableIter iter;
    struct kafka_broker *b;
    struct kafka_topic *t;
    g_hash_table_iter_init(&iter, s->brokers);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&b))
        b->leaders = b->replicas = b->missing = 0;
    g_hash_table_iter_init(&iter, s->topics);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&t))
        for (unsigned i = 0; t->online && i < t->partition_count; i++)
            count_replicas(s, &t->partitions[i]);
}

const struct kafka_broker *kafka_silent_replica(
    const struct kafka_state *s, const struct kafka_partition *p)
{
    for (unsigned i = 0; i < p->isr_count; i++) {
        const struct kafka_broker *b = kafka_broker(s, p->isr[i]);
        if (b && b->silent)
            return b;
    }
    return NULL;
}

void kafka_metadata_begin(struct kafka_state *s)
{
    GHashTableIter iter;
    struct kafka_broker *b;
    struct kafka_topic *t;
    g_hash_table_iter_init(&iter, s->brokers);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&b))
        b->online = false;
    g_hash_table_iter_init(&iter, s->topics);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&t))
        t->online = false;
}

static void keep_replicas(GHashTable *kept, struct kafka_state *s, const struct kafka_topic *t)
{
    for (unsigned i = 0; i < t->partition_count; i++)
        for (unsigned j = 0; j < t->partitions[i].replica_count; j++) {
            gpointer id = GINT_TO_POINTER(t->partitions[i].replicas[j]);
            if (g_hash_table_size(s->brokers) < KAFKA_BROKERS_MAX && g_hash_table_add(kept, id))
                get_broker(s, t->partitions[i].replicas[j]);
        }
}

static void keep_committed(struct kafka_state *s)
{
    GHashTableIter iter;
    struct kafka_group *g;
    g_hash_table_iter_init(&iter, s->groups);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&g)) {
        for (guint i = 0; i < g->commits->len; i++)
            g_array_index(g->commits, struct kafka_commit, i).topic->keep = true;
        for (guint i = 0; i < g->members->len; i++) {
            const struct kafka_member *m = g_ptr_array_index(g->members, i);
            for (guint j = 0; j < m->assigned->len; j++)
                g_array_index(m->assigned, struct kafka_place, j).topic->keep = true;
        }
    }
}

void kafka_metadata_end(struct kafka_state *s, int64_t now_ms)
{
    g_autoptr(GHashTable) kept = g_hash_table_new(NULL, NULL);
    GHashTableIter iter;
    struct kafka_topic *t;
    struct kafka_broker *b;
    unsigned gone = 0;
    g_hash_table_iter_init(&iter, s->topics);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&t)) {
        t->keep = t->online;
        gone += !t->online;
        if (t->online)
            keep_replicas(kept, s, t);
    }
    if (gone > 0)
        keep_committed(s);
    g_hash_table_iter_init(&iter, s->topics);
    while (gone > 0 && g_hash_table_iter_next(&iter, NULL, (gpointer *)&t))
        if (!t->keep)
            g_hash_table_iter_remove(&iter);
    g_hash_table_iter_init(&iter, s->brokers);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&b))
        if (!b->online && !g_hash_table_contains(kept, GINT_TO_POINTER(b->id)))
            g_hash_table_iter_remove(&iter);
    s->metadata_ms = now_ms;
}

/* -- groups -------------------------------------------------------------------------------------- */

struct kafka_group *kafka_group(const struct kafka_state *s, const char *id)
{
    return g_hash_table_lookup(s->groups, id);
}

struct kafka_group *kafka_group_get(struct kafka_state *s, const char *id)
{
    struct kafka_group *g = kafka_group(s, id);
    if (g)
        return g;
    if (g_hash_table_size(s->groups) >= KAFKA_GROUPS_MAX) {
        cut(s, "groups", KAFKA_GROUPS_MAX);
        return NULL;
    }
    g = g_new0(struct kafka_group, 1);
    g->id = g_strdup(id);
    g->state = "Unknown";
    g->described_state = "";
    g->members = g_ptr_array_new_with_free_func((GDestroyNotify)kafka_member_free);
    g->commits = g_array_new(FALSE, TRUE, sizeof(struct kafka_commit));
    g_hash_table_insert(s->groups, g->id, g);
    return g;
}

void kafka_list_begin(struct kafka_state *s)
{
    GHashTableIter iter;
    struct kafka_group *g;
    g_hash_table_iter_init(&iter, s->groups);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&g))
        g->listed = false;
}

/* Only an Empty (or Dead) group is known to have no members without being asked. */
static bool has_no_members(const char *state)
{
    return strcmp(state, "Empty") == 0 || strcmp(state, "Dead") == 0;
}

void kafka_group_see(
    struct kafka_state *s, const char *id, const char *state, const char *type, int64_t now_ms)
{
    struct kafka_group *g = kafka_group_get(s, id);
    if (!g)
        return;
    g->listed = true;
    g->state = state;
    g->type = type;
    g->rebalancing_ms = kafka_rebalancing_since(g->rebalancing_ms, state, now_ms);
    if (!has_no_members(state))
        return;
    g_ptr_array_set_size(g->members, 0);
    g_clear_pointer(&g->assignor, g_free);
    g->members_known = true;
    g->described_ms = now_ms;
    g->describe_error = NULL;
}

void kafka_list_end(struct kafka_state *s, const char *error, int64_t now_ms)
{
    GHashTableIter iter;
    struct kafka_group *g;
    g_hash_table_iter_init(&iter, s->groups);
    while (!error && g_hash_table_iter_next(&iter, NULL, (gpointer *)&g))
        if (!g->listed)
            g_hash_table_iter_remove(&iter);
    g_free(s->list_error);
    s->list_error = g_strdup(error);
    s->list_ms = now_ms;
}

void kafka_group_set_members(struct kafka_group *g, GPtrArray *take_members, int64_t now_ms)
{
    g_ptr_array_unref(g->members);
    g->members = take_members;
    g->members_known = true;
    g->described_ms = now_ms;
    g->described_state = g->state;
    g->describe_error = NULL;
    g->seen_active |= take_members->len > 0;
}

guint kafka_commit_hash(gconstpointer commit)
{
    const struct kafka_commit *c = commit;
    return g_direct_hash(c->topic) ^ ((guint)c->partition * 2654435761u);
}

gboolean kafka_commit_equal(gconstpointer a, gconstpointer b)
{
    const struct kafka_commit *x = a, *y = b;
    return x->topic == y->topic && x->partition == y->partition;
}

/* The old commit of each new one. Almost always both lists hold the same partitions in the same
 * order; the table is only made when they do not. */
static void carry_over(const GArray *old, GArray *new, int64_t *moved)
{
    g_autoptr(GHashTable) table = NULL;
    for (guint i = 0; i < new->len; i++) {
        struct kafka_commit *c = &g_array_index(new, struct kafka_commit, i);
        const struct kafka_commit *before =
            i < old->len ? &g_array_index(old, struct kafka_commit, i) : NULL;
        if (!before || !kafka_commit_equal(before, c)) {
            if (!table) {
                table = g_hash_table_new(kafka_commit_hash, kafka_commit_equal);
                for (guint j = 0; j < old->len; j++)
                    g_hash_table_add(table, &g_array_index(old, struct kafka_commit, j));
            }
            before = g_hash_table_lookup(table, c);
        }
        c->lag = before ? before->lag : (struct kafka_lag){KAFKA_LAG_UNKNOWN, -1, 0};
        if (c->error)
            c->offset = before ? before->offset : KAFKA_OFFSET_NONE;
        *moved += before && c->offset > before->offset ? c->offset - before->offset : 0;
    }
}

void kafka_group_set_commits(struct kafka_group *g, GArray *take_commits, int64_t now_ms)
{
    int64_t moved = 0;
    carry_over(g->commits, take_commits, &moved);
    if (moved > 0) {
        g->advanced_ms = now_ms;
        g->seen_active = true;
    }
    g_array_unref(g->commits);
    g->commits = take_commits;
    g->committed_ms = now_ms;
    g->commit_error = NULL;
    g->commit_denied = false;
    g->commit_fails = 0;
    g->retry_ms = 0;
}

void kafka_group_no_answer(struct kafka_group *g, const char *error, int64_t now_ms)
{
    g->commit_error = error;
    g->commit_fails = MIN(g->commit_fails + 1, 3);
    g->retry_ms = now_ms + g->commit_fails * INT64_C(20000);
}

/* The ids spread those that are off over the cycles. */
static bool is_due(const struct kafka_group *g, int64_t now_ms)
{
    int64_t span = OFF_MS + (int64_t)(g_str_hash(g->id) % 30) * 1000;
    if (now_ms < g->retry_ms)
        return false; /* who was asked last owes an answer still */
    return !kafka_group_is_off(g) || g->committed_ms == 0 || g->commit_error ||
           now_ms - g->committed_ms >= span;
}

static gint by_committed(gconstpointer a, gconstpointer b)
{
    const struct kafka_group *x = *(struct kafka_group *const *)a;
    const struct kafka_group *y = *(struct kafka_group *const *)b;
    return (x->committed_ms > y->committed_ms) - (x->committed_ms < y->committed_ms);
}

GPtrArray *kafka_groups_due(const struct kafka_state *s, int64_t now_ms)
{
    GPtrArray *groups = g_ptr_array_new();
    GHashTableIter iter;
    gpointer g;
    g_hash_table_iter_init(&iter, s->groups);
    while (g_hash_table_iter_next(&iter, NULL, &g))
        if (is_due(g, now_ms))
            g_ptr_array_add(groups, g);
    g_ptr_array_sort(groups, by_committed);
    return groups;
}

bool kafka_begin_is_known(const struct kafka_partition *p, int64_t at_ms)
{
    return p->begin != KAFKA_OFFSET_NONE && at_ms - p->begin_ms <= KAFKA_SPARSE_MS;
}

/* -- sums ---------------------------------------------------------------------------------------- */

static void count_topic(struct kafka_state *s, struct kafka_totals *sum, struct kafka_topic *t)
{
    if (t->mark == s->mark)
        return;
    t->mark = s->mark;
    sum->topics++;
    if (t->online) {
        sum->partitions += t->partition_count;
        sum->uncommitted += t->partition_count;
    }
}

static void count_commit(
    struct kafka_totals *sum, const struct kafka_group *g, struct kafka_commit *c, int64_t since_ms)
{
    const struct kafka_partition *p = kafka_partition(c->topic, c->partition);
    if (!p) {
        /* Its topic or partition is gone: nothing to read, and nothing to be behind of. */
        c->lag = (struct kafka_lag){KAFKA_LAG_UNKNOWN, -1, 0};
        sum->partitions++;
        return;
    }
    bool fresh = !c->error && g->committed_ms >= since_ms && p->end_ms >= since_ms;
    bool none = c->offset < 0 && !c->error;
    if (fresh || none)
        c->lag = kafka_lag_next(c->lag, c->offset, p->begin, p->end);
    sum->uncommitted -= !none;
    if (c->lag.state == KAFKA_LAG_LOST)
        sum->lost += c->lag.gap;
    if (c->lag.state == KAFKA_LAG_AHEAD)
        sum->ahead += c->lag.gap;
    const char *why = c->error          ? c->error
                      : p->end_error    ? p->end_error
                      : g->commit_error ? g->commit_error
                                        : "not read yet";
    if (c->lag.lag >= 0) {
        sum->lag += c->lag.lag;
        sum->counted++;
        sum->stale += !fresh || c->lag.state == KAFKA_LAG_SUSPECT;
        sum->unbegun += c->lag.state != KAFKA_LAG_LOST && !kafka_begin_is_known(p, p->end_ms);
        sum->at_ms = MIN(sum->at_ms, MIN(g->committed_ms, p->end_ms));
    } else if (c->lag.state == KAFKA_LAG_UNKNOWN) {
        sum->unread++;
    }
    if (!sum->error && c->lag.state == KAFKA_LAG_SUSPECT)
        sum->error = "a commit seems to lie beyond the end";
    else if (!sum->error && !fresh && !none)
        sum->error = why;
}

/* Rates that nobody has asked for lately are not kept. */
static void drop_rates(struct kafka_group *g, int64_t now_ms)
{
    if (g->rates && now_ms - g->rates_ms > KAFKA_RATES_KEEP_MS)
        g_clear_pointer(&g->rates, g_hash_table_unref);
}

void kafka_group_count(struct kafka_state *s, struct kafka_group *g, int64_t since_ms)
{
    drop_rates(g, since_ms);
    struct kafka_totals sum = {.at_ms = G_MAXINT64};
    unsigned before = g->totals.counted;
    s->mark++;
    for (guint i = 0; i < g->commits->len; i++) {
        struct kafka_commit *c = &g_array_index(g->commits, struct kafka_commit, i);
        count_topic(s, &sum, c->topic);
        count_commit(&sum, g, c, since_ms);
    }
    for (guint i = 0; i < g->members->len; i++) {
        const struct kafka_member *m = g_ptr_array_index(g->members, i);
        for (guint j = 0; j < m->assigned->len; j++)
            count_topic(s, &sum, g_array_index(m->assigned, struct kafka_place, j).topic);
    }
    if (sum.at_ms == G_MAXINT64)
        sum.at_ms = g->committed_ms;
    g->totals = sum;
    if (sum.counted != before)
        kafka_rate_reset(&g->rate);
    if (sum.counted > 0 && sum.stale == 0 && sum.unread == 0)
        kafka_rate_add(&g->rate, sum.at_ms, sum.lag);
}

static void add_once(GPtrArray *topics, GHashTable *seen, struct kafka_topic *t)
{
    if (g_hash_table_add(seen, t))
        g_ptr_array_add(topics, t);
}

GPtrArray *kafka_group_topics(const struct kafka_group *g)
{
    GPtrArray *topics = g_ptr_array_new();
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < g->commits->len; i++)
        add_once(topics, seen, g_array_index(g->commits, struct kafka_commit, i).topic);
    for (guint i = 0; i < g->members->len; i++) {
        const struct kafka_member *m = g_ptr_array_index(g->members, i);
        for (guint j = 0; j < m->assigned->len; j++)
            add_once(topics, seen, g_array_index(m->assigned, struct kafka_place, j).topic);
    }
    return topics;
}

void kafka_group_forget(struct kafka_state *s, const char *id)
{
    g_hash_table_remove(s->groups, id);
}

bool kafka_group_is_off(const struct kafka_group *g)
{
    return !g->seen_active && has_no_members(g->state);
}

bool kafka_is_current(int64_t at_ms, int64_t now_ms)
{
    return at_ms > 0 && now_ms >= at_ms && now_ms - at_ms <= KAFKA_CURRENT_MS;
}

bool kafka_group_is_current(const struct kafka_group *g, int64_t now_ms)
{
    return g->committed_ms > 0 &&
           (kafka_is_current(g->committed_ms, now_ms) || now_ms < g->retry_ms);
}

struct kafka_rate *kafka_group_rate(struct kafka_group *g, const char *place, int64_t now_ms)
{
    drop_rates(g, now_ms);
    if (!g->rates)
        g->rates = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g->rates_ms = now_ms;
    struct kafka_rate *r = g_hash_table_lookup(g->rates, place);
    if (!r) {
        r = g_new0(struct kafka_rate, 1);
        g_hash_table_insert(g->rates, g_strdup(place), r);
    }
    return r;
}
