/* The coordinator's heartbeat monitors, one per life of a worker: /v1/node has all, /v1/node/failed those
 * that see nothing. */
#include "node.h"

#include <math.h>

#define MONITOR_SLACK_MS 5000 /* between the two answers that name the same monitor */

static void beat_free(gpointer data)
{
    struct beat *b = data;
    g_free(b->url);
    g_free(b);
}

GHashTable *beats_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, beat_free);
}

void beats_read(GHashTable *beats, const cJSON *json, bool failed)
{
    for (const cJSON *i = json_first(json); i; i = i->next) {
        const char *uri = json_text(i, "uri");
        double age;
        if (!uri || !trino_duration(i, "age", &age) || g_hash_table_size(beats) >= NODES_MAX)
            continue;
        char *authority = node_authority(uri);
        struct beat *b = g_hash_table_lookup(beats, authority);
        if (!b) {
            b = g_new0(struct beat, 1);
            b->url = g_strndup(uri, strcspn(uri, "/") + 2 + strlen(authority));
            b->age_ms = b->failed_age_ms = INFINITY;
            b->failures = NAN;
            g_hash_table_insert(beats, g_strdup(authority), b);
        }
        g_free(authority);
        double *place = failed ? &b->failed_age_ms : &b->age_ms;
        if (age >= *place)
            continue;
        *place = age;
        if (failed && age > b->age_ms + MONITOR_SLACK_MS)
            continue; /* of a former life: the younger one has said what is so now */
        if (!json_time(i, "lastResponseTime", &b->last_attempt_ms))
            b->last_attempt_ms = 0;
        if (!json_real(i, "recentFailureRatio", &b->failures))
            b->failures = NAN;
    }
}

/* Whether the youngest monitor is one of the failed. One that is new is listed there as well until its
 * first answers have come. */
bool beat_is_failed(const struct beat *b)
{
    bool young_failed = b->failed_age_ms <= b->age_ms + MONITOR_SLACK_MS;
    return young_failed && b->failures > 0;
}
