#include "rest_doctor.h"

#include <string.h>

#include "rest_cycle.h"
#include "rest_places.h"

static bool is_loopback(const char *url)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
    const char *host = uri ? g_uri_get_host(uri) : "";
    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
           g_str_has_prefix(host, "127.");
}

static void check_security(const struct kafka_lane *k, struct snapshot *doctor)
{
    const struct source *s = lane_source(k->call.lane);
    const char *user = source_text(s, "username");
    g_autofree char *who = user ? g_strdup_printf("as %s", user) : NULL;
    doctor_add(doctor, "login", HEALTH_OK,
        who                         ? who
        : source_secret(s, "token") ? "by a token"
                                    : "none: the proxy lets anybody in",
        NULL);
    bool tls = g_str_has_prefix(k->rest->url, "https");
    bool checked = !source_bool(s, "insecure");
    bool exposed = !tls && !is_loopback(k->rest->url);
    doctor_add(doctor, "encryption", exposed || (tls && !checked) ? HEALTH_WARN : HEALTH_OK,
        !tls      ? "none"
        : checked ? "TLS, certificates checked"
                  : "TLS, certificates not checked",
        exposed ? "what is read can be seen on the network: use https"
                : "give ca_file instead of switching the check off");
}

static void check_groups(struct kafka_lane *k, struct snapshot *doctor)
{
    g_autoptr(GError) error = NULL;
    bool ok = rest_list_groups(k, &error);
    g_autofree char *seen =
        g_strdup_printf("%u consumer groups", g_hash_table_size(k->state->groups));
    doctor_add(doctor, "consumer groups", ok ? HEALTH_OK : HEALTH_FAIL, ok ? seen : error->message,
        "the proxy's user needs DESCRIBE on the cluster or on groups");
}

static void check_places(struct kafka_lane *k, struct snapshot *doctor)
{
    struct kafka_state *s = k->state;
    g_autoptr(GError) error = NULL;
    bool ok = rest_read_places(k, &error) && s->placed == KAFKA_KNOWN && !s->places_error;
    doctor_add(doctor, "leaders and replicas", ok ? HEALTH_OK : HEALTH_WARN,
        ok                ? "can be read"
        : error           ? error->message
        : s->places_error ? s->places_error
                          : "this proxy does not tell the replicas of a broker",
        "partitions without a leader are not seen, except in a topic that is opened");
}

bool rest_check(struct kafka_lane *k, struct snapshot *doctor, GError **error)
{
    struct lane *l = k->call.lane;
    int64_t begin = lane_now_ms(l);
    if (!rest_metadata(k, 0, error))
        return false;
    g_autofree char *seen = g_strdup_printf("%u brokers, %u topics, cluster id %s, in %d ms",
        g_hash_table_size(k->state->brokers), g_hash_table_size(k->state->topics), k->rest->cluster,
        (int)(lane_now_ms(l) - begin));
    doctor_add(doctor, "reachable", HEALTH_OK, seen, NULL);
    check_security(k, doctor);
    check_groups(k, doctor);
    kafka_check_lag(k, doctor, "the proxy's user needs DESCRIBE on groups and topics");
    check_places(k, doctor);
    return true;
}
