#include "rest_cycle.h"

#include <string.h>

#include "publish.h"
#include "rest_learn.h"
#include "rest_places.h"

#define METADATA_REUSE_MS 5000
#define SLOW_MS           300000  /* configurations, the controller */
#define CONFIGS_MAX       500     /* topics whose settings are asked for with one request */
#define CONFIGS_TURN      40      /* ... with more of them, these are asked one by one in a cycle */
#define CONFIGS_MS        3600000 /* ... and again after this */
#define LAGS_MS           10000   /* of one cycle, for the lags of groups */
#define PLACES_TURN       400     /* partitions that are asked for their offsets at a time */
#define PLACES_SPAN_MS    5000    /* ... in this time */
#define BEGIN_FRESH_MS    55000   /* a begin is asked for again after this */
#define PLACED_FRESH_MS   90000   /* replicas of all brokers that are younger are used */
#define REPLICAS_MAX      64      /* partitions of a topic that are asked for them one by one */
#define BATCH             16

static int64_t now_of(const struct kafka_lane *k)
{
    return lane_now_ms(k->call.lane);
}

/* -- brokers and topics -------------------------------------------------------------------------- */

bool rest_metadata(struct kafka_lane *k, int64_t max_age_ms, GError **error)
{
    struct kafka_state *s = k->state;
    int64_t age = now_of(k) - s->metadata_ms;
    if (s->metadata_ms > 0 && age >= 0 && age < max_age_ms)
        return true;
    if (!rest_begin(k->rest, s, SLOW_MS, error))
        return false;
    g_autofree char *broker_path = rest_path(k->rest, "/brokers");
    g_autofree char *topic_path = rest_path(k->rest, "/topics");
    g_autoptr(GPtrArray) brokers = rest_pages(k->rest, broker_path, error);
    g_autoptr(GPtrArray) topics = brokers ? rest_pages(k->rest, topic_path, error) : NULL;
    if (topics)
        rest_learn_metadata(s, brokers, topics, now_of(k));
    return topics != NULL;
}

/* -- what changes slowly ------------------------------------------------------------------------- */

static enum kafka_answer answer_of(const GError *error)
{
    return error->code == WEIR_ERROR_DENIED ? KAFKA_DENIED : KAFKA_FAILED;
}

GPtrArray *rest_configs(struct kafka_lane *k, const char *kind, const char *name, GError **error)
{
    g_autofree char *path = strcmp(kind, "topics") == 0
                                ? rest_path(k->rest, "/topics/%s/configs", name)
                                : rest_path(k->rest, "/brokers/%s/configs", name);
    return rest_pages(k->rest, path, error);
}

static GPtrArray *topics_online(const struct kafka_state *s)
{
    GPtrArray *topics = g_ptr_array_new();
    GHashTableIter iter;
    struct kafka_topic *t;
    g_hash_table_iter_init(&iter, s->topics);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&t))
        if (t->online)
            g_ptr_array_add(topics, t);
    return topics;
}

static void set_config_answer(const GPtrArray *topics, enum kafka_answer answer)
{
    for (guint i = 0; i < topics->len; i++) {
        struct kafka_topic *t = g_ptr_array_index(topics, i);
        t->config_known = t->config_known == KAFKA_KNOWN ? KAFKA_KNOWN : answer;
    }
}

static void read_all_configs(struct kafka_lane *k, const GPtrArray *topics)
{
    g_autoptr(GError) failed = NULL;
    g_autofree char *path = rest_path(k->rest, "/topics/-/configs");
    g_autoptr(GPtrArray) pages = rest_pages(k->rest, path, &failed);
    if (pages)
        rest_learn_configs(k->state, pages);
    else
        set_config_answer(topics, answer_of(failed));
}

static gint by_config(gconstpointer a, gconstpointer b)
{
    const struct kafka_topic *x = *(struct kafka_topic *const *)a;
    const struct kafka_topic *y = *(struct kafka_topic *const *)b;
    return (x->config_ms > y->config_ms) - (x->config_ms < y->config_ms);
}

/* All settings of all topics are 12 KB a topic: of many topics they are read one by one. */
static void read_some_configs(struct kafka_lane *k, GPtrArray *topics)
{
    int64_t begin = now_of(k);
    g_ptr_array_sort(topics, by_config);
    for (guint i = 0; i < MIN(topics->len, CONFIGS_TURN); i++) {
        struct kafka_topic *t = g_ptr_array_index(topics, i);
        g_autoptr(GError) failed = NULL;
        if (begin - t->config_ms < CONFIGS_MS || now_of(k) - begin > PLACES_SPAN_MS)
            return;
        g_autoptr(GPtrArray) pages = rest_configs(k, "topics", t->name, &failed);
        t->config_ms = begin;
        if (pages)
            rest_learn_configs(k->state, pages);
        else if (t->config_known != KAFKA_KNOWN)
            t->config_known = answer_of(failed);
    }
}

/* Whether the controller that the proxy names is one: only a broker's configuration can tell. */
static void read_mode(struct kafka_lane *k)
{
    GHashTableIter iter;
    struct kafka_broker *b;
    g_hash_table_iter_init(&iter, k->state->brokers);
    if (k->state->mode_known == KAFKA_KNOWN || !g_hash_table_iter_next(&iter, NULL, (gpointer *)&b))
        return;
    char id[16];
    g_autoptr(GError) failed = NULL;
    g_snprintf(id, sizeof id, "%d", b->id);
    g_autofree char *path = rest_path(k->rest, "/brokers/%s/configs/process.roles", id);
    AUTO(cJSON) json = rest_get(k->rest, path, &failed);
    /* Brokers that know no roles are of the days of ZooKeeper. */
    if (json || failed->code == WEIR_ERROR_NOT_FOUND)
        rest_learn_mode(k->state, json);
    else
        k->state->mode_known = answer_of(failed);
}

/* Its failures stand in the cells that stay empty. */
static void read_slow(struct kafka_lane *k)
{
    g_autoptr(GPtrArray) topics = topics_online(k->state);
    bool due = now_of(k) - k->state->configs_ms >= SLOW_MS;
    if (topics->len > CONFIGS_MAX)
        read_some_configs(k, topics);
    else if (due)
        read_all_configs(k, topics);
    if (!due)
        return;
    k->state->configs_ms = now_of(k);
    k->rest->no_offsets = false;
    read_mode(k);
}

static void publish_cluster(struct kafka_lane *k, struct batch *out)
{
    publish_brokers(k->state, out);
    publish_topics(k->state, out);
}

bool rest_read_cluster(struct kafka_lane *k, struct batch *out, GError **error)
{
    if (!rest_metadata(k, 0, error))
        return false;
    if (k->state->cluster_cycles++ == 0)
        publish_cluster(k, out);
    bool ok = rest_read_places(k, error);
    if (ok)
        read_slow(k);
    publish_cluster(k, out);
    return ok;
}

/* -- offsets of partitions ----------------------------------------------------------------------- */

static gint by_age(gconstpointer a, gconstpointer b)
{
    const struct kafka_place *x = a, *y = b;
    const struct kafka_partition *p = kafka_partition(x->topic, x->partition);
    const struct kafka_partition *q = kafka_partition(y->topic, y->partition);
    if ((p->end_error != NULL) != (q->end_error != NULL)) /* one that hangs holds up no other */
        return p->end_error ? 1 : -1;
    return (p->begin_ms > q->begin_ms) - (p->begin_ms < q->begin_ms);
}

static void take_offset(struct kafka_lane *k, const struct http_request *q,
    const struct http_reply *reply, const struct kafka_place *place)
{
    struct kafka_partition *p = kafka_partition(place->topic, place->partition);
    if (reply->status == 404 && !rest_is_missing(reply)) {
        k->rest->no_offsets = true; /* not every version of the proxy tells them */
        return;
    }
    if (reply->status / 100 != 2) {
        p->end_error = p->begin_error = rest_status_text(reply->status);
        return;
    }
    AUTO(cJSON) json = http_reply_json(k->rest->http, q, reply, NULL);
    if (!json || !rest_learn_offset(p, json, now_of(k)))
        p->end_error = p->begin_error = "the proxy's answer makes no sense";
}

/* At most BATCH of them. False and *error: nothing more is to be asked now. */
static bool read_batch(
    struct kafka_lane *k, const struct kafka_place *places, guint count, GError **error)
{
    struct http_request q[BATCH] = {0};
    struct http_reply reply[BATCH] = {0};
    char *path[BATCH] = {0};
    for (guint i = 0; i < count; i++) {
        char number[16];
        g_snprintf(number, sizeof number, "%d", places[i].partition);
        path[i] =
            rest_path(k->rest, "/topics/%s/partitions/%s/offset", places[i].topic->name, number);
        q[i] = rest_request(path[i]);
    }
    bool ok = rest_send(k->rest, q, count, reply, error);
    for (guint i = 0; i < count; i++) {
        if (ok || reply[i].status > 0)
            take_offset(k, &q[i], &reply[i], &places[i]);
        else
            kafka_partition(places[i].topic, places[i].partition)->end_error = rest_status_text(0);
        if (ok && rest_is_overloaded(reply[i].status))
            ok = http_check_status(k->rest->http, &q[i], &reply[i], error);
    }
    for (guint i = 0; i < count; i++) {
        http_reply_clear(&reply[i]);
        g_free(path[i]);
    }
    return ok;
}

/* The begins and ends of these partitions, the longest unread first. How many got no turn. */
static guint read_offsets(struct kafka_lane *k, GArray *places, GError **error)
{
    int64_t begin = now_of(k);
    guint n = 0;
    g_array_sort(places, by_age);
    while (n < MIN(places->len, PLACES_TURN) && !k->rest->no_offsets &&
           (n == 0 || now_of(k) - begin < PLACES_SPAN_MS)) {
        guint count = MIN(MIN(places->len, PLACES_TURN) - n, BATCH);
        if (!read_batch(k, &g_array_index(places, struct kafka_place, n), count, error))
            break;
        n += count;
    }
    return k->rest->no_offsets ? 0 : places->len - n;
}

static void read_replicas(struct kafka_lane *k, struct kafka_topic *t)
{
    g_autoptr(GArray) all = g_array_new(FALSE, TRUE, sizeof(struct rest_replica));
    int64_t begin = now_of(k);
    for (unsigned i = 0; i < t->partition_count; i++) {
        char number[16];
        g_autoptr(GError) failed = NULL;
        g_snprintf(number, sizeof number, "%u", i);
        g_autofree char *path =
            rest_path(k->rest, "/topics/%s/partitions/%s/replicas", t->name, number);
        g_autoptr(GPtrArray) pages =
            now_of(k) - begin < PLACES_SPAN_MS ? rest_pages(k->rest, path, &failed) : NULL;
        if (failed && t->placed != KAFKA_KNOWN)
            t->placed = answer_of(failed);
        if (!pages)
            return;
        rest_read_replicas(k->state, t, pages, all);
    }
    rest_take_replicas(all);
}

bool rest_read_topic(struct kafka_lane *k, struct kafka_topic *t, GError **error)
{
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(struct kafka_place));
    g_autoptr(GError) failed = NULL;
    bool fresh = k->rest->places_ms > 0 && now_of(k) - k->rest->places_ms < PLACED_FRESH_MS;
    bool known = t->placed == KAFKA_KNOWN && fresh;
    if (!known && t->partition_count <= REPLICAS_MAX)
        read_replicas(k, t);
    else if (!known && !rest_read_places(k, error))
        return false;
    if (!rest_read_leaders(k, t, error))
        return false;
    for (unsigned i = 0; i < t->partition_count; i++) {
        struct kafka_partition *p = &t->partitions[i];
        struct kafka_place place = {t, (int32_t)i};
        if (p->leader >= 0)
            g_array_append_val(places, place);
        else
            p->end_error = p->begin_error = "it has no leader";
    }
    t->late = read_offsets(k, places, &failed);
    if (!failed || t->late < places->len)
        return true;
    g_propagate_error(error, g_steal_pointer(&failed));
    return false;
}

/* -- groups -------------------------------------------------------------------------------------- */

/* How one cycle's requests for lags went. */
struct round {
    struct kafka_lane *k;
    int64_t begin_ms;
    guint good, bad;
    GError *first; /* the first failure, whatever it means */
    bool over;     /* nothing more is to be asked in this cycle */
};

static void note(struct round *r, GError *take_error)
{
    if (r->first)
        g_clear_error(&take_error);
    else
        r->first = take_error;
}

static void refuse(struct round *r, struct kafka_group *g, const struct http_request *q,
    const struct http_reply *reply)
{
    GError *error = NULL;
    http_check_status(r->k->rest->http, q, reply, &error);
    note(r, error);
    r->over |= rest_is_overloaded(reply->status);
    if (rest_is_overloaded(reply->status))
        return; /* its turn comes again */
    r->bad++;
    g->commit_error = rest_status_text(reply->status);
    g->commit_denied = reply->status == 401 || reply->status == 403;
}

static void take_lags(struct round *r, struct kafka_group *g, const struct http_request *q,
    const struct http_reply *reply)
{
    GError *error = NULL;
    if (reply->status / 100 != 2) {
        refuse(r, g, q, reply);
        return;
    }
    g_autoptr(GPtrArray) pages = g_ptr_array_new_with_free_func((GDestroyNotify)cJSON_Delete);
    cJSON *json = http_reply_json(r->k->rest->http, q, reply, &error);
    if (json)
        g_ptr_array_add(pages, json);
    if (!json || !rest_more_pages(r->k->rest, q->path, pages, &error)) {
        note(r, error);
        r->bad++;
        g->commit_error = "the proxy's answer could not be read to its end";
        return;
    }
    rest_learn_lags(r->k->state, g, pages, r->begin_ms, now_of(r->k));
    kafka_group_count(r->k->state, g, r->begin_ms);
    r->good++;
}

/* One of these did not answer in time; which one is not known when several were asked, so that they are
 * asked one by one the next time. */
static void no_answer(struct round *r, struct kafka_group *g)
{
    r->bad++;
    kafka_group_no_answer(g, "no answer from the proxy in time", now_of(r->k));
}

static guint take_turn(const GPtrArray *groups, guint from, struct kafka_group **turn)
{
    guint n = 0;
    while (n < REST_PARALLEL && from + n < groups->len) {
        struct kafka_group *g = g_ptr_array_index(groups, from + n);
        if (g->commit_fails > 0 && n > 0)
            break;
        turn[n++] = g;
        if (g->commit_fails > 0)
            break;
    }
    return n;
}

static guint read_turn(struct round *r, const GPtrArray *groups, guint from)
{
    struct kafka_group *turn[REST_PARALLEL];
    struct http_request q[REST_PARALLEL] = {0};
    struct http_reply reply[REST_PARALLEL] = {0};
    char *path[REST_PARALLEL] = {0};
    GError *error = NULL;
    guint n = take_turn(groups, from, turn);
    for (guint i = 0; i < n; i++) {
        path[i] = rest_path(r->k->rest, "/consumer-groups/%s/lags", turn[i]->id);
        q[i] = rest_request(path[i]);
    }
    bool ok = rest_send(r->k->rest, q, n, reply, &error);
    bool late = !ok && error->code == WEIR_ERROR_TIMEOUT;
    r->over |= !ok && !late;
    if (!ok)
        note(r, error);
    for (guint i = 0; i < n; i++) {
        if (reply[i].status > 0)
            take_lags(r, turn[i], &q[i], &reply[i]);
        else if (late)
            no_answer(r, turn[i]);
        http_reply_clear(&reply[i]);
        g_free(path[i]);
    }
    return n;
}

static void set_late(struct kafka_state *s, const struct round *r, guint left, guint all)
{
    g_clear_pointer(&s->late, g_free);
    if (left > 0)
        s->late = g_strdup_printf("%u of %u consumer groups were not read in this cycle: %s", left,
            all, r->first ? r->first->message : "there was no time for them");
}

/* False and *error when not one could be read, or the proxy cannot be reached any more. */
static bool read_lags(struct kafka_lane *k, const GPtrArray *groups, int64_t begin, GError **error)
{
    struct round r = {.k = k, .begin_ms = begin};
    int64_t span = lane_is_once(k->call.lane) ? G_MAXINT32 : LAGS_MS;
    guint at = 0, unasked = 0;
    while (at < groups->len && !r.over && now_of(k) - begin < span &&
           lane_left_ms(k->call.lane) > CALL_RESERVE_MS)
        at += read_turn(&r, groups, at);
    for (guint i = 0; i < groups->len; i++) {
        const struct kafka_group *g = g_ptr_array_index(groups, i);
        unasked += g->committed_ms < begin && !g->commit_error;
    }
    set_late(k->state, &r, unasked, groups->len);
    bool lost = r.over && r.first && r.first->code == WEIR_ERROR_UNREACHABLE;
    if (r.first && (r.good == 0 || lost)) {
        g_propagate_error(error, r.first);
        return false;
    }
    g_clear_error(&r.first);
    return true;
}

bool rest_list_groups(struct kafka_lane *k, GError **error)
{
    g_autofree char *path = rest_path(k->rest, "/consumer-groups");
    g_autoptr(GPtrArray) pages = rest_pages(k->rest, path, error);
    if (pages)
        rest_learn_groups(k->state, pages, now_of(k));
    return pages != NULL;
}

bool rest_read_lag(struct kafka_lane *k, struct batch *out, GError **error)
{
    struct kafka_state *s = k->state;
    int64_t begin = now_of(k);
    if (!rest_metadata(k, METADATA_REUSE_MS, error) || !rest_list_groups(k, error))
        return false;
    if (s->lag_cycles++ == 0)
        publish_groups(s, out, now_of(k), begin);
    g_autoptr(GPtrArray) groups = kafka_groups_due(s, begin);
    bool ok = read_lags(k, groups, begin, error);
    publish_groups(s, out, now_of(k), begin);
    return ok;
}

/* -- one group ----------------------------------------------------------------------------------- */

/* What was deleted before a group read it: only its partitions' begins tell. Their failures stand in
 * the cells. */
static void read_begins(struct kafka_lane *k, struct kafka_group *g, int64_t since_ms)
{
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(struct kafka_place));
    for (guint i = 0; i < g->commits->len; i++) {
        const struct kafka_commit *c = &g_array_index(g->commits, struct kafka_commit, i);
        const struct kafka_partition *p = kafka_partition(c->topic, c->partition);
        struct kafka_place place = {c->topic, c->partition};
        if (p && now_of(k) - p->begin_ms > BEGIN_FRESH_MS)
            g_array_append_val(places, place);
    }
    read_offsets(k, places, NULL);
    kafka_group_count(k->state, g, since_ms);
}

void rest_add_begins(struct kafka_lane *k, struct kafka_group *g)
{
    read_begins(k, g, g->committed_ms - LAGS_MS);
}

static struct kafka_group *ask_group(struct kafka_lane *k, const char *id, GError **error)
{
    g_autofree char *path = rest_path(k->rest, "/consumer-groups/%s", id);
    g_autoptr(GError) failed = NULL;
    AUTO(cJSON) json = rest_get(k->rest, path, &failed);
    struct kafka_group *g = json ? kafka_group_get(k->state, id) : NULL;
    if (g) {
        rest_learn_group(g, json, now_of(k));
        return g;
    }
    if (json) {
        weir_fail(error, WEIR_ERROR_TOO_LARGE, "%s", k->state->cut);
    } else if (failed->code == WEIR_ERROR_NOT_FOUND) {
        kafka_group_forget(k->state, id);
        weir_fail(error, WEIR_ERROR_NOT_FOUND, "Kafka at %s has no consumer group \"%s\"",
            k->address, id);
    } else {
        g_propagate_error(error, g_steal_pointer(&failed));
    }
    return NULL;
}

struct kafka_group *rest_one_group(struct kafka_lane *k, const char *id, GError **error)
{
    int64_t begin = now_of(k);
    if (!rest_metadata(k, METADATA_REUSE_MS, error))
        return NULL;
    struct kafka_group *g = ask_group(k, id, error);
    if (!g)
        return NULL;
    g_autoptr(GPtrArray) groups = g_ptr_array_new();
    g_ptr_array_add(groups, g);
    if (!read_lags(k, groups, begin, error))
        return NULL;
    g_autofree char *path = rest_path(k->rest, "/consumer-groups/%s/consumers", id);
    g_autoptr(GError) failed = NULL;
    g_autoptr(GPtrArray) pages = rest_pages(k->rest, path, &failed);
    if (pages)
        rest_learn_consumers(g, pages, now_of(k));
    read_begins(k, g, begin);
    return g;
}
