#include "publish.h"

#include <string.h>

#include "kinds.h"

#define SHOWN_MS  30000  /* a topic's sums are shown this long after somebody looked at all of it */
#define ACTIVE_MS 300000 /* a group whose commits moved this recently is running, members or not */

static enum absent absence(enum kafka_answer answer)
{
    switch (answer) {
    case KAFKA_KNOWN: return ABSENT_NO_VALUE;
    case KAFKA_DENIED: return ABSENT_DENIED;
    case KAFKA_FAILED: return ABSENT_FAILED;
    default: return ABSENT_NOT_ASKED;
    }
}

/* Both for scripts, which see the column, and for the row. Nothing when text is empty. */
static void set_error(struct snapshot *s, size_t row, int column, const GString *text)
{
    if (text->len == 0) {
        snapshot_set_absent(s, row, column, ABSENT_NO_VALUE);
        return;
    }
    snapshot_set_text(s, row, column, text->str);
    snapshot_set_error(s, row, text->str);
}

static void set_rate(struct snapshot *s, size_t row, int column, const struct kafka_rate *r)
{
    double per_s;
    if (kafka_rate_get(r, &per_s))
        snapshot_set_real(s, row, column, per_s);
}

/* -- brokers ------------------------------------------------------------------------------------- */

static void set_controller(
    const struct kafka_state *s, struct snapshot *out, size_t row, const struct kafka_broker *b)
{
    if (s->mode_known == KAFKA_KNOWN && !s->kraft && s->controller >= 0)
        snapshot_set_bool(out, row, BROKER_CONTROLLER, s->controller == b->id);
    else
        snapshot_set_absent(out, row, BROKER_CONTROLLER, absence(s->mode_known));
}

static void set_places(
    struct snapshot *out, size_t row, const struct kafka_state *s, const struct kafka_broker *b)
{
    static const int columns[] = {BROKER_LEADERS, BROKER_REPLICAS, BROKER_UNDER_REPLICATED};
    const unsigned values[] = {b->leaders, b->replicas, b->missing};
    for (unsigned i = 0; i < G_N_ELEMENTS(columns); i++) {
        if (s->placed == KAFKA_KNOWN)
            snapshot_set_int(out, row, columns[i], values[i]);
        else
            snapshot_set_absent(out, row, columns[i], absence(s->placed));
    }
}

static void add_broker(
    const struct kafka_state *s, struct snapshot *out, const struct kafka_broker *b)
{
    g_autofree char *key = g_strdup_printf("%d", b->id);
    g_autoptr(GString) error = g_string_new(NULL);
    size_t row = snapshot_add(out, key);
    snapshot_set_int(out, row, BROKER_ID, b->id);
    snapshot_set_optional_text(out, row, BROKER_HOST, b->host);
    if (b->host)
        snapshot_set_int(out, row, BROKER_PORT, b->port);
    else
        snapshot_set_absent(out, row, BROKER_PORT, ABSENT_NO_VALUE);
    if (b->rack_known)
        snapshot_set_optional_text(out, row, BROKER_RACK, b->rack);
    set_controller(s, out, row, b);
    set_places(out, row, s, b);
    snapshot_set_bool(out, row, BROKER_ONLINE, b->online);
    if (b->online && b->silent)
        g_string_printf(
            error, "does not answer weir, although the cluster names it: %s", b->silent);
    set_error(out, row, BROKER_ERROR, error);
    snapshot_set_at(out, row, s->metadata_ms);
    snapshot_set_phase(out, row, b->online ? PHASE_RUN : PHASE_DONE);
}

void fill_brokers(struct kafka_state *s, struct snapshot *out)
{
    GHashTableIter iter;
    struct kafka_broker *b;
    kafka_brokers_count(s);
    g_hash_table_iter_init(&iter, s->brokers);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&b))
        add_broker(s, out, b);
    if (s->places_error)
        snapshot_set_incomplete(out, s->places_error);
}

/* -- topics -------------------------------------------------------------------------------------- */

struct topic_sums {
    unsigned under, offline, replication;
    unsigned unread, never; /* partitions of which begin or end could not, or were never read */
    bool rate_known;
    double rate;
    int64_t messages, at_ms;
    const char *error;
    const struct kafka_broker *silent;
};

static unsigned missing(const struct kafka_partition *p)
{
    unsigned wanted = p->replica_count + p->unseen;
    return wanted > p->isr_count ? wanted - p->isr_count : 0;
}

static void sum_partition(
    const struct kafka_state *s, const struct kafka_partition *p, struct topic_sums *sum)
{
    double per_s;
    sum->offline += p->leader < 0;
    sum->under += missing(p) > 0;
    sum->replication = MIN(sum->replication, p->replica_count + p->unseen);
    const char *error = p->end_error ? p->end_error : p->begin_error;
    sum->unread += error != NULL;
    sum->error = sum->error ? sum->error : error;
    if (!sum->silent)
        sum->silent = kafka_silent_replica(s, p);
    bool old = s->sparse && s->metadata_ms - MIN(p->begin_ms, p->end_ms) > SHOWN_MS;
    if (p->begin == KAFKA_OFFSET_NONE || p->end == KAFKA_OFFSET_NONE || old) {
        sum->never++;
        return;
    }
    sum->messages += MAX(p->end - p->begin, 0);
    sum->at_ms = MIN(sum->at_ms, p->end_ms);
    if (kafka_rate_get(&p->in, &per_s)) {
        sum->rate += per_s;
        sum->rate_known = true;
    }
}

static void append_silent(GString *error, const struct kafka_broker *b)
{
    g_string_append_printf(error,
        "broker %d does not answer, so whether its replicas are in sync is not known: %s", b->id,
        b->silent);
}

static void set_topic_config(struct snapshot *out, size_t row, const struct kafka_topic *t)
{
    bool known = t->config_known == KAFKA_KNOWN;
    if (known && t->retention_ms >= 0)
        snapshot_set_int(out, row, TOPIC_RETENTION, t->retention_ms);
    else
        snapshot_set_absent(out, row, TOPIC_RETENTION, absence(t->config_known));
    if (known)
        snapshot_set_optional_text(out, row, TOPIC_CLEANUP, t->cleanup);
    else
        snapshot_set_absent(out, row, TOPIC_CLEANUP, absence(t->config_known));
    if (t->internal_known == KAFKA_KNOWN)
        snapshot_set_bool(out, row, TOPIC_INTERNAL, t->internal);
    else
        snapshot_set_absent(out, row, TOPIC_INTERNAL, absence(t->internal_known));
}

/* sparse: what is known of some partitions says nothing of the topic. */
static void set_topic_sums(struct snapshot *out, size_t row, const struct kafka_topic *t,
    const struct topic_sums *sum, bool sparse)
{
    snapshot_set_int(out, row, TOPIC_PARTITIONS, t->partition_count);
    if (t->placed == KAFKA_KNOWN)
        snapshot_set_int(out, row, TOPIC_UNDER_REPLICATED, sum->under);
    else
        snapshot_set_absent(out, row, TOPIC_UNDER_REPLICATED, absence(t->placed));
    if (t->led == KAFKA_KNOWN)
        snapshot_set_int(out, row, TOPIC_OFFLINE, sum->offline);
    else
        snapshot_set_absent(out, row, TOPIC_OFFLINE, absence(t->led));
    if (t->replication > 0)
        snapshot_set_int(out, row, TOPIC_REPLICATION, t->replication);
    else if (t->placed == KAFKA_KNOWN)
        snapshot_set_int(out, row, TOPIC_REPLICATION, sum->replication);
    if (sum->never == 0) {
        snapshot_set_int(out, row, TOPIC_MESSAGES, sum->messages);
        snapshot_set_quality(out, row, TOPIC_MESSAGES, ESTIMATE);
    } else {
        snapshot_set_absent(
            out, row, TOPIC_MESSAGES, sum->unread > 0 ? ABSENT_FAILED : ABSENT_NOT_ASKED);
    }
    if (sum->rate_known && !(sparse && sum->never > 0))
        snapshot_set_real(out, row, TOPIC_RATE_IN, sum->rate);
}

static void append_topic_error(
    GString *error, const struct kafka_topic *t, const struct topic_sums *sum)
{
    if (t->error)
        g_string_append_printf(error, "the cluster cannot describe it: %s", t->error);
    else if (sum->unread > 0)
        g_string_append_printf(error, "the offsets of %u of %u partitions could not be read: %s",
            sum->unread, t->partition_count, sum->error);
    else if (sum->silent)
        append_silent(error, sum->silent);
}

static void add_topic(
    const struct kafka_state *s, struct snapshot *out, const struct kafka_topic *t)
{
    struct topic_sums sum = {.replication = G_MAXUINT, .at_ms = s->metadata_ms};
    g_autoptr(GString) error = g_string_new(NULL);
    for (unsigned i = 0; i < t->partition_count; i++)
        sum_partition(s, &t->partitions[i], &sum);
    size_t row = snapshot_add(out, t->name);
    if (t->partition_count > 0)
        set_topic_sums(out, row, t, &sum, s->sparse);
    set_topic_config(out, row, t);
    append_topic_error(error, t, &sum);
    set_error(out, row, TOPIC_ERROR, error);
    snapshot_set_at(out, row, sum.at_ms);
    snapshot_set_phase(out, row, PHASE_RUN);
}

void fill_topics(const struct kafka_state *s, struct snapshot *out)
{
    GHashTableIter iter;
    struct kafka_topic *t;
    g_hash_table_iter_init(&iter, s->topics);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&t))
        if (t->online)
            add_topic(s, out, t);
    if (s->cut)
        snapshot_set_incomplete(out, s->cut);
    else if (s->places_error)
        snapshot_set_incomplete(out, s->places_error);
}

static void set_ids(
    struct snapshot *out, size_t row, int column, const int32_t *ids, unsigned count)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (unsigned i = 0; i < count; i++)
        g_string_append_printf(text, "%s%d", i > 0 ? "," : "", ids[i]);
    snapshot_set_optional_text(out, row, column, text->str);
}

static void set_place(
    struct snapshot *out, size_t row, const struct kafka_topic *t, const struct kafka_partition *p)
{
    static const int columns[] = {PARTITION_REPLICAS, PARTITION_ISR, PARTITION_MISSING};
    if (t->led == KAFKA_KNOWN) {
        if (p->leader >= 0)
            snapshot_set_int(out, row, PARTITION_LEADER, p->leader);
        snapshot_set_bool(out, row, PARTITION_OFFLINE, p->leader < 0);
    }
    if (t->led != KAFKA_KNOWN || p->leader < 0)
        snapshot_set_absent(out, row, PARTITION_LEADER, absence(t->led));
    if (t->led != KAFKA_KNOWN)
        snapshot_set_absent(out, row, PARTITION_OFFLINE, absence(t->led));
    for (unsigned i = 0; t->placed != KAFKA_KNOWN && i < G_N_ELEMENTS(columns); i++)
        snapshot_set_absent(out, row, columns[i], absence(t->placed));
    if (t->placed != KAFKA_KNOWN)
        return;
    set_ids(out, row, PARTITION_REPLICAS, p->replicas, p->replica_count);
    set_ids(out, row, PARTITION_ISR, p->isr, p->isr_count);
    snapshot_set_int(out, row, PARTITION_MISSING, missing(p));
}

static void set_offset(
    struct snapshot *out, size_t row, int column, int64_t offset, const char *error)
{
    if (offset != KAFKA_OFFSET_NONE)
        snapshot_set_int(out, row, column, offset);
    else
        snapshot_set_absent(out, row, column, error ? ABSENT_FAILED : ABSENT_NOT_ASKED);
}

static void append_partition_error(
    const struct kafka_state *s, GString *error, const struct kafka_partition *p)
{
    const struct kafka_broker *silent = kafka_silent_replica(s, p);
    if (p->end_error)
        g_string_append_printf(error, "its end could not be read: %s", p->end_error);
    else if (p->begin_error)
        g_string_append_printf(error, "its begin could not be read: %s", p->begin_error);
    else if (silent)
        append_silent(error, silent);
}

static void add_partition(
    const struct kafka_state *s, struct snapshot *out, const struct kafka_topic *t, unsigned i)
{
    const struct kafka_partition *p = &t->partitions[i];
    g_autofree char *key = g_strdup_printf("%s:%u", t->name, i);
    g_autoptr(GString) error = g_string_new(NULL);
    size_t row = snapshot_add(out, key);
    snapshot_set_text(out, row, PARTITION_TOPIC, t->name);
    snapshot_set_int(out, row, PARTITION_PARTITION, i);
    set_place(out, row, t, p);
    set_offset(out, row, PARTITION_BEGIN, p->begin, p->begin_error);
    set_offset(out, row, PARTITION_END, p->end, p->end_error);
    set_rate(out, row, PARTITION_RATE_IN, &p->in);
    append_partition_error(s, error, p);
    set_error(out, row, PARTITION_ERROR, error);
    snapshot_set_at(out, row, p->end_ms > 0 ? MIN(p->end_ms, s->metadata_ms) : s->metadata_ms);
    snapshot_set_phase(out, row, PHASE_RUN);
}

void fill_partitions(const struct kafka_state *s, const struct kafka_topic *t, struct snapshot *out)
{
    for (unsigned i = 0; i < t->partition_count; i++)
        add_partition(s, out, t, i);
    if (t->late == 0)
        return;
    g_autofree char *why = g_strdup_printf(
        "%u of %u partitions are read when their turn comes", t->late, t->partition_count);
    snapshot_set_incomplete(out, why);
}

/* -- groups -------------------------------------------------------------------------------------- */

static enum phase phase_of(const struct kafka_group *g, int64_t now_ms)
{
    if (kafka_group_is_off(g))
        return PHASE_OFF;
    if (g->rebalancing_ms > 0)
        return PHASE_WAIT;
    bool empty = strcmp(g->state, "Empty") == 0 || strcmp(g->state, "Dead") == 0;
    bool moves = g->advanced_ms > 0 && now_ms - g->advanced_ms < ACTIVE_MS;
    return empty && !moves ? PHASE_DONE : PHASE_RUN;
}

static void append_group_error(
    GString *error, const struct kafka_state *s, const struct kafka_group *g)
{
    const struct kafka_totals *sum = &g->totals;
    if (!g->listed && s->list_error)
        g_string_append_printf(
            error, "not in the newest list of groups, which is not whole: %s", s->list_error);
    else if (g->commit_error)
        g_string_append_printf(error, "its offsets could not be read: %s", g->commit_error);
    else if (sum->error)
        g_string_append_printf(error, "%u of its %u partitions could not be read: %s",
            sum->stale + sum->unread, sum->partitions, sum->error);
    else if (g->describe_error)
        g_string_append_printf(error, "its members could not be read: %s", g->describe_error);
}

static enum absent no_commits(const struct kafka_group *g)
{
    if (g->committed_ms > 0)
        return ABSENT_NO_VALUE;
    return g->commit_denied ? ABSENT_DENIED : g->commit_error ? ABSENT_FAILED : ABSENT_NOT_ASKED;
}

static void set_sum(struct snapshot *out, size_t row, int column, int64_t value, enum quality q)
{
    snapshot_set_int(out, row, column, value);
    snapshot_set_quality(out, row, column, q);
}

static void set_lag(struct snapshot *out, size_t row, const struct kafka_group *g)
{
    static const int columns[] = {
        GROUP_TOPICS, GROUP_PARTITIONS, GROUP_LAG, GROUP_UNCOMMITTED, GROUP_LOST, GROUP_AHEAD};
    const struct kafka_totals *sum = &g->totals;
    for (unsigned i = 0; g->committed_ms == 0 && i < G_N_ELEMENTS(columns); i++)
        snapshot_set_absent(out, row, columns[i], no_commits(g));
    if (g->committed_ms == 0)
        return;
    /* A partition that was never read makes every sum a lower bound. */
    enum quality quality = sum->unread > 0 ? BOUND : EXACT;
    snapshot_set_int(out, row, GROUP_TOPICS, sum->topics);
    snapshot_set_int(out, row, GROUP_PARTITIONS, sum->partitions);
    snapshot_set_int(out, row, GROUP_UNCOMMITTED, sum->uncommitted);
    if (sum->counted > 0) {
        set_sum(out, row, GROUP_LAG, sum->lag, quality);
        if (sum->unbegun < sum->counted)
            set_sum(out, row, GROUP_LOST, sum->lost, sum->unbegun > 0 ? BOUND : quality);
        else
            snapshot_set_absent(out, row, GROUP_LOST, ABSENT_NOT_ASKED);
    } else {
        enum absent why = sum->unread > 0 ? ABSENT_FAILED : ABSENT_NO_VALUE;
        snapshot_set_absent(out, row, GROUP_LAG, why);
        snapshot_set_absent(out, row, GROUP_LOST, why);
    }
    set_sum(out, row, GROUP_AHEAD, sum->ahead, quality);
    set_rate(out, row, GROUP_LAG_PER_S, &g->rate);
}

static void set_members(
    struct snapshot *out, size_t row, const struct kafka_group *g, int64_t since_ms)
{
    enum absent why = g->describe_error ? ABSENT_FAILED : ABSENT_NOT_ASKED;
    if (g->members_known) {
        snapshot_set_int(out, row, GROUP_MEMBERS, g->members->len);
        if (g->members_bound || g->described_ms < since_ms)
            snapshot_set_quality(out, row, GROUP_MEMBERS, g->members_bound ? BOUND : SAMPLED);
        snapshot_set_optional_text(out, row, GROUP_PROTOCOL, g->assignor);
    } else {
        snapshot_set_absent(out, row, GROUP_MEMBERS, why);
        snapshot_set_absent(out, row, GROUP_PROTOCOL, why);
    }
}

struct moment {
    int64_t now_ms, since_ms;
};

static void add_group(
    const struct kafka_state *s, struct snapshot *out, const struct kafka_group *g, struct moment m)
{
    g_autoptr(GString) error = g_string_new(NULL);
    size_t row = snapshot_add(out, g->id);
    snapshot_set_optional_text(
        out, row, GROUP_STATE, strcmp(g->state, "Unknown") == 0 ? NULL : g->state);
    snapshot_set_optional_text(out, row, GROUP_TYPE, g->type);
    set_members(out, row, g, m.since_ms);
    set_lag(out, row, g);
    if (g->rebalancing_ms > 0)
        snapshot_set_int(out, row, GROUP_REBALANCING, MAX(m.now_ms - g->rebalancing_ms, 0));
    else
        snapshot_set_absent(out, row, GROUP_REBALANCING, ABSENT_NO_VALUE);
    append_group_error(error, s, g);
    set_error(out, row, GROUP_ERROR, error);
    snapshot_set_at(out, row, g->committed_ms > 0 ? g->totals.at_ms : s->list_ms);
    snapshot_set_phase(out, row, phase_of(g, m.now_ms));
}

void fill_groups(
    const struct kafka_state *s, struct snapshot *out, int64_t now_ms, int64_t since_ms)
{
    GHashTableIter iter;
    struct kafka_group *g;
    g_hash_table_iter_init(&iter, s->groups);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&g))
        add_group(s, out, g, (struct moment){now_ms, since_ms});
    if (s->list_error)
        snapshot_set_incomplete(out, s->list_error);
    else if (s->late)
        snapshot_set_incomplete(out, s->late);
    else if (s->cut)
        snapshot_set_incomplete(out, s->cut);
}

/* -- offsets ------------------------------------------------------------------------------------- */

/* What is known of the partitions of one topic of a group, by number. */
struct topic_view {
    const struct kafka_topic *topic;
    unsigned count;
    const struct kafka_commit **commits;
    const struct kafka_member **members;
};

static void view_free(gpointer data)
{
    struct topic_view *v = data;
    g_free(v->commits);
    g_free(v->members);
    g_free(v);
}

/* Topics to their views. A commit may name a partition, or a topic, that is no more. */
static GHashTable *views_new(const struct kafka_group *g)
{
    GHashTable *views = g_hash_table_new_full(NULL, NULL, NULL, view_free);
    g_autoptr(GPtrArray) topics = kafka_group_topics(g);
    for (guint i = 0; i < topics->len; i++) {
        struct topic_view *v = g_new0(struct topic_view, 1);
        v->topic = g_ptr_array_index(topics, i);
        v->count = v->topic->online ? v->topic->partition_count : 0;
        v->commits = g_new0(const struct kafka_commit *, v->count + 1);
        v->members = g_new0(const struct kafka_member *, v->count + 1);
        g_hash_table_insert(views, (gpointer)v->topic, v);
    }
    return views;
}

static void view_members(GHashTable *views, const struct kafka_group *g)
{
    for (guint i = 0; i < g->members->len; i++) {
        const struct kafka_member *m = g_ptr_array_index(g->members, i);
        for (guint j = 0; j < m->assigned->len; j++) {
            const struct kafka_place *place = &g_array_index(m->assigned, struct kafka_place, j);
            struct topic_view *v = g_hash_table_lookup(views, place->topic);
            if (place->partition >= 0 && (unsigned)place->partition < v->count)
                v->members[place->partition] = m;
        }
    }
}

static void set_member(struct snapshot *out, size_t row, const struct kafka_group *g,
    const struct kafka_member *m, bool committed)
{
    static const int columns[] = {OFFSET_MEMBER, OFFSET_CLIENT_ID, OFFSET_HOST};
    bool asked = g->members_known && (committed || !g->owners_by_lag || g->members->len == 0);
    enum absent why = asked               ? ABSENT_NO_VALUE
                      : g->describe_error ? ABSENT_FAILED
                                          : ABSENT_NOT_ASKED;
    for (unsigned i = 0; !m && i < G_N_ELEMENTS(columns); i++)
        snapshot_set_absent(out, row, columns[i], why);
    if (!m)
        return;
    snapshot_set_optional_text(out, row, OFFSET_MEMBER, m->instance ? m->instance : m->id);
    snapshot_set_optional_text(out, row, OFFSET_CLIENT_ID, m->client);
    if (g->owners_by_lag)
        snapshot_set_absent(out, row, OFFSET_HOST, ABSENT_NOT_ASKED);
    else
        snapshot_set_optional_text(
            out, row, OFFSET_HOST, m->host && m->host[0] == '/' ? m->host + 1 : m->host);
}

static void set_partition_lag(
    struct snapshot *out, size_t row, const struct kafka_commit *c, const struct kafka_partition *p)
{
    const char *end_error = p ? p->end_error : NULL;
    struct kafka_lag lag = c ? c->lag : (struct kafka_lag){KAFKA_LAG_UNCOMMITTED, -1, 0};
    enum absent why = lag.state != KAFKA_LAG_UNKNOWN ? ABSENT_NO_VALUE
                      : end_error || c->error        ? ABSENT_FAILED
                                                     : ABSENT_NOT_ASKED;
    if (lag.lag >= 0) {
        snapshot_set_int(out, row, OFFSET_LAG, lag.lag);
        if (lag.state == KAFKA_LAG_LOST || (p && kafka_begin_is_known(p, p->end_ms)))
            snapshot_set_int(out, row, OFFSET_LOST, lag.state == KAFKA_LAG_LOST ? lag.gap : 0);
        else
            snapshot_set_absent(
                out, row, OFFSET_LOST, p && p->begin_error ? ABSENT_FAILED : ABSENT_NOT_ASKED);
        snapshot_set_int(out, row, OFFSET_AHEAD, 0);
        return;
    }
    snapshot_set_absent(out, row, OFFSET_LAG, why);
    snapshot_set_absent(out, row, OFFSET_LOST, why);
    if (lag.state == KAFKA_LAG_AHEAD)
        snapshot_set_int(out, row, OFFSET_AHEAD, lag.gap);
    else
        snapshot_set_absent(out, row, OFFSET_AHEAD, why);
}

static void append_offset_error(GString *error, const struct kafka_group *g,
    const struct kafka_commit *c, const struct kafka_partition *p)
{
    if (g->commit_error)
        g_string_append_printf(error, "the group's offsets could not be read: %s", g->commit_error);
    else if (c && c->error)
        g_string_append_printf(error, "its offset could not be read: %s", c->error);
    else if (p && p->end_error)
        g_string_append_printf(error, "its end could not be read: %s", p->end_error);
    else if (!p)
        g_string_append(error, "the topic has no such partition (any more)");
}

static void add_offset(struct snapshot *out, struct kafka_group *g, const struct topic_view *v,
    const struct kafka_commit *c, int32_t number)
{
    const struct kafka_partition *p = kafka_partition(v->topic, number);
    const struct kafka_member *m = p ? v->members[number] : NULL;
    g_autofree char *key = g_strdup_printf("%s:%d", v->topic->name, number);
    g_autoptr(GString) error = g_string_new(NULL);
    size_t row = snapshot_add(out, key);
    snapshot_set_text(out, row, OFFSET_TOPIC, v->topic->name);
    snapshot_set_int(out, row, OFFSET_PARTITION, number);
    if (c && c->offset >= 0)
        snapshot_set_int(out, row, OFFSET_COMMITTED, c->offset);
    else
        snapshot_set_absent(
            out, row, OFFSET_COMMITTED, c && c->error ? ABSENT_FAILED : no_commits(g));
    if (p) {
        set_offset(out, row, OFFSET_BEGIN, p->begin, p->begin_error);
        set_offset(out, row, OFFSET_END, p->end, p->end_error);
    }
    set_partition_lag(out, row, c, p);
    set_member(out, row, g, m, c != NULL);
    append_offset_error(error, g, c, p);
    set_error(out, row, OFFSET_ERROR, error);
    int64_t at_ms = p && p->end_ms > 0 ? MIN(p->end_ms, g->committed_ms) : g->committed_ms;
    snapshot_set_at(out, row, at_ms);
    snapshot_set_phase(out, row, kafka_group_is_off(g) ? PHASE_OFF : PHASE_RUN);
    if (!c || c->lag.lag < 0)
        return;
    struct kafka_rate *rate = kafka_group_rate(g, key, at_ms);
    if (error->len == 0)
        kafka_rate_add(rate, at_ms, c->lag.lag);
    set_rate(out, row, OFFSET_LAG_PER_S, rate);
}

void fill_offsets(struct kafka_group *g, struct snapshot *out)
{
    g_autoptr(GHashTable) views = views_new(g);
    GHashTableIter iter;
    struct topic_view *v;
    view_members(views, g);
    for (guint i = 0; i < g->commits->len; i++) {
        const struct kafka_commit *c = &g_array_index(g->commits, struct kafka_commit, i);
        v = g_hash_table_lookup(views, c->topic);
        if (c->partition >= 0 && (unsigned)c->partition < v->count)
            v->commits[c->partition] = c;
        else
            add_offset(out, g, v, c, c->partition);
    }
    g_hash_table_iter_init(&iter, views);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&v))
        for (unsigned i = 0; i < v->count; i++)
            add_offset(out, g, v, v->commits[i], (int32_t)i);
}

/* -- publishing ---------------------------------------------------------------------------------- */

void publish_brokers(struct kafka_state *s, struct batch *out)
{
    struct snapshot *snapshot = batch_snapshot(out, &kafka_brokers);
    fill_brokers(s, snapshot);
    batch_publish(out, snapshot);
}

void publish_topics(const struct kafka_state *s, struct batch *out)
{
    struct snapshot *snapshot = batch_snapshot(out, &kafka_topics);
    fill_topics(s, snapshot);
    batch_publish(out, snapshot);
}

void publish_partitions(const struct kafka_state *s, const struct kafka_topic *t, struct batch *out)
{
    struct snapshot *snapshot = batch_snapshot(out, &kafka_partitions);
    fill_partitions(s, t, snapshot);
    batch_publish(out, snapshot);
}

void publish_groups(
    const struct kafka_state *s, struct batch *out, int64_t now_ms, int64_t since_ms)
{
    struct snapshot *snapshot = batch_snapshot(out, &kafka_groups);
    fill_groups(s, snapshot, now_ms, since_ms);
    batch_publish(out, snapshot);
}

void publish_offsets(struct kafka_group *g, struct batch *out)
{
    struct snapshot *snapshot = batch_snapshot(out, &kafka_offsets);
    fill_offsets(g, snapshot);
    batch_publish(out, snapshot);
}
