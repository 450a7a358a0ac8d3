#include "rest_places.h"

#include <string.h>

#include "rest_learn.h"

#define PLACES_MS 60000

static GArray *broker_ids(const struct kafka_state *s)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int32_t));
    GHashTableIter iter;
    struct kafka_broker *b;
    g_hash_table_iter_init(&iter, s->brokers);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&b))
        if (b->online)
            g_array_append_val(ids, b->id);
    return ids;
}

static void set_places_error(struct kafka_state *s, const GError *error)
{
    g_free(s->places_error);
    s->places_error =
        error ? g_strdup_printf("leaders and replicas could not be read: %s", error->message)
              : NULL;
}

/* Cells that were never filled say why; those that were keep their values. */
static void set_answer(struct kafka_state *s, enum kafka_answer answer)
{
    GHashTableIter iter;
    struct kafka_topic *t;
    if (s->placed != KAFKA_KNOWN)
        s->placed = answer;
    g_hash_table_iter_init(&iter, s->topics);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&t)) {
        t->led = t->led == KAFKA_KNOWN ? KAFKA_KNOWN : answer;
        t->placed = t->placed == KAFKA_KNOWN ? KAFKA_KNOWN : answer;
    }
}

/* The replicas of all brokers. NULL and *error, NOT_FOUND when the proxy does not tell of any. */
static GArray *read_replicas(struct kafka_lane *k, const GArray *ids, GError **error)
{
    g_autoptr(GArray) all = g_array_new(FALSE, TRUE, sizeof(struct rest_replica));
    guint found = 0;
    for (guint i = 0; i < ids->len; i++) {
        char id[16];
        g_autoptr(GError) failed = NULL;
        g_snprintf(id, sizeof id, "%d", g_array_index(ids, int32_t, i));
        g_autofree char *path = rest_path(k->rest, "/brokers/%s/partition-replicas", id);
        g_autoptr(GPtrArray) pages = rest_pages(k->rest, path, &failed);
        bool gone = failed && failed->code == WEIR_ERROR_NOT_FOUND;
        if (pages)
            rest_read_replicas(k->state, NULL, pages, all);
        found += pages != NULL;
        if (failed && (!gone || (i + 1 == ids->len && found == 0))) {
            g_propagate_error(error, g_steal_pointer(&failed));
            return NULL;
        }
    }
    return g_steal_pointer(&all);
}

bool rest_read_leaders(struct kafka_lane *k, struct kafka_topic *t, GError **error)
{
    g_autofree char *path = rest_path(k->rest, "/topics/%s/partitions", t->name);
    g_autoptr(GPtrArray) pages = rest_pages(k->rest, path, error);
    if (pages)
        rest_learn_leaders(t, pages);
    return pages != NULL;
}

static bool lacks_leader(const struct kafka_topic *t)
{
    for (unsigned i = 0; i < t->partition_count; i++)
        if (t->partitions[i].leader < 0)
            return true;
    return false;
}

/* Topics by what no broker told: seen has those of which at least one replica is known. */
static void confirm_leaders(struct kafka_lane *k, GHashTable *seen)
{
    GHashTableIter iter;
    struct kafka_topic *t;
    unsigned asked = 0;
    g_hash_table_iter_init(&iter, k->state->topics);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&t)) {
        bool unseen = !g_hash_table_contains(seen, t);
        if (!t->online || t->partition_count == 0 || (!unseen && !lacks_leader(t)))
            continue;
        if (unseen)
            t->led = t->placed = KAFKA_NOT_ASKED;
        if (asked++ < REST_CONFIRM_MAX && lane_left_ms(k->call.lane) > REST_REQUEST_MS &&
            !rest_read_leaders(k, t, NULL))
            t->led = KAFKA_NOT_ASKED;
    }
}

static bool is_short(const struct kafka_topic *t)
{
    for (unsigned i = 0; i < t->partition_count; i++)
        if ((int)t->partitions[i].replica_count < t->replication)
            return true;
    return false;
}

/* Names of the topics that are being reassigned; empty when that cannot be read. */
static GHashTable *read_reassigned(struct kafka_lane *k)
{
    GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *path = rest_path(k->rest, "/topics/-/partitions/-/reassignment");
    g_autoptr(GPtrArray) pages = rest_pages(k->rest, path, NULL);
    for (guint i = 0; pages && i < pages->len; i++) {
        const cJSON *item = json_first(json_get(g_ptr_array_index(pages, i), "data"));
        for (; item; item = item->next)
            if (json_text(item, "topic_name"))
                g_hash_table_add(names, g_strdup(json_text(item, "topic_name")));
    }
    return names;
}

static void count_unseen(struct kafka_lane *k)
{
    g_autoptr(GHashTable) reassigned = NULL;
    GHashTableIter iter;
    struct kafka_topic *t;
    g_hash_table_iter_init(&iter, k->state->topics);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&t)) {
        if (!t->online || t->placed != KAFKA_KNOWN || !is_short(t))
            continue;
        if (!reassigned)
            reassigned = read_reassigned(k);
        bool judged = !g_hash_table_contains(reassigned, t->name);
        for (unsigned i = 0; i < t->partition_count; i++) {
            struct kafka_partition *p = &t->partitions[i];
            int lacking = t->replication - (int)p->replica_count;
            p->unseen = judged && lacking > 0 ? (unsigned)lacking : 0;
        }
    }
}

static void take_replicas(struct kafka_lane *k, GArray *replicas)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < replicas->len; i++)
        g_hash_table_add(seen, g_array_index(replicas, struct rest_replica, i).topic);
    rest_take_replicas(replicas);
    k->state->placed = KAFKA_KNOWN;
    confirm_leaders(k, seen);
    count_unseen(k);
}

bool rest_read_places(struct kafka_lane *k, GError **error)
{
    g_autoptr(GArray) ids = broker_ids(k->state);
    int64_t age = lane_now_ms(k->call.lane) - k->rest->places_ms;
    if (k->rest->places_of == ids->len && age >= 0 && age < PLACES_MS)
        return true;
    g_autoptr(GError) failed = NULL;
    g_autoptr(GArray) replicas = read_replicas(k, ids, &failed);
    k->rest->places_ms = lane_now_ms(k->call.lane);
    k->rest->places_of = ids->len;
    bool none = failed && failed->code == WEIR_ERROR_NOT_FOUND;
    set_places_error(k->state, none ? NULL : failed);
    if (replicas) {
        take_replicas(k, replicas);
        return true;
    }
    set_answer(k->state, none                                ? KAFKA_NOT_ASKED
                         : failed->code == WEIR_ERROR_DENIED ? KAFKA_DENIED
                                                             : KAFKA_FAILED);
    if (failed->code != WEIR_ERROR_UNREACHABLE)
        return true;
    g_propagate_error(error, g_steal_pointer(&failed));
    return false;
}
