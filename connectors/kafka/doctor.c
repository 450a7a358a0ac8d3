/* What must hold for this connector to be of use, line by line. */
#include <string.h>

#include "cycle.h"
#include "error.h"
#include "kafka.h"
#include "learn.h"
#include "rest_doctor.h"

/* -- check --------------------------------------------------------------------------------------- */

static void check_library(struct kafka_lane *k, struct snapshot *doctor)
{
    g_autofree char *text = kafka_library_text(k->call.rk);
    doctor_add(doctor, "librdkafka", HEALTH_OK, text, NULL);
}

static char *property(const struct kafka_lane *k, const char *name)
{
    char value[512] = "";
    size_t size = sizeof value;
    rd_kafka_conf_get(rd_kafka_conf(k->call.rk), name, value, &size);
    return g_strdup(value);
}

/* Kafka's own address book is what is used after the first contact, so it is judged as well. */
static bool all_local(const struct kafka_state *s)
{
    GHashTableIter iter;
    struct kafka_broker *b;
    g_hash_table_iter_init(&iter, s->brokers);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&b))
        if (b->host && strcmp(b->host, "localhost") != 0 && strcmp(b->host, "::1") != 0 &&
            !g_str_has_prefix(b->host, "127."))
            return false;
    return true;
}

static void check_security(struct kafka_lane *k, struct snapshot *doctor)
{
    g_autofree char *protocol = property(k, "security.protocol");
    g_autofree char *mechanism = property(k, "sasl.mechanisms");
    g_autofree char *verify = property(k, "enable.ssl.certificate.verification");
    bool sasl = g_str_has_prefix(protocol, "sasl");
    bool tls = g_str_has_suffix(protocol, "ssl");
    bool checked = strcmp(verify, "false") != 0;
    g_autofree char *login = sasl ? g_strdup_printf("%s as %s", mechanism,
                                        k->kafka->user ? k->kafka->user : "the client's identity")
                                  : g_strdup("none: the brokers let anybody in");
    doctor_add(doctor, "login", HEALTH_OK, login, NULL);
    bool exposed = !tls && !all_local(k->state);
    doctor_add(doctor, "encryption", exposed || (tls && !checked) ? HEALTH_WARN : HEALTH_OK,
        tls ? checked ? "TLS, certificates checked" : "TLS, certificates not checked" : "none",
        exposed ? "what is read, and a password, can be seen on the network: use SSL or SASL_SSL"
                : "give ssl.ca.location instead of switching the check off");
}

static void check_groups(struct kafka_lane *k, struct snapshot *doctor)
{
    struct learn learn = {.state = k->state, .lane = k->call.lane};
    g_autoptr(GArray) requests = call_requests_new();
    struct call_request r = {.type = CALL_GROUPS, .answer = learn_groups, .data = &learn};
    g_array_append_val(requests, r);
    g_autoptr(GError) error = NULL;
    bool ok = call_all(&k->call, requests, KAFKA_STEP_MS, &error);
    g_autofree char *seen =
        g_strdup_printf("%u consumer groups%s%s", g_hash_table_size(k->state->groups),
            k->state->list_error ? "; but " : "", k->state->list_error ? k->state->list_error : "");
    if (ok && learn.good > 0)
        doctor_add(doctor, "consumer groups", k->state->list_error ? HEALTH_WARN : HEALTH_OK, seen,
            "those groups are shown with their last known state");
    else
        doctor_add(doctor, "consumer groups", HEALTH_FAIL, error ? error->message : learn.text,
            "the user needs DESCRIBE on the cluster or on groups");
    learn_clear(&learn);
}

void kafka_check_lag(struct kafka_lane *k, struct snapshot *doctor, const char *advice)
{
    GHashTableIter iter;
    struct kafka_group *g;
    g_hash_table_iter_init(&iter, k->state->groups);
    if (!g_hash_table_iter_next(&iter, NULL, (gpointer *)&g)) {
        doctor_add(doctor, "lag", HEALTH_UNKNOWN, "no group to try it on",
            "DESCRIBE on groups and topics is needed");
        return;
    }
    g_autoptr(GError) error = NULL;
    g_autofree char *id = g_strdup(g->id); /* g may be gone by then */
    g = cycle_one_group(k, id, &error);
    g_autofree char *seen = g ? g_strdup_printf("commits and ends of group \"%s\": %u partitions",
                                    id, g->totals.partitions)
                              : NULL;
    doctor_add(doctor, "lag", g ? HEALTH_OK : HEALTH_FAIL, g ? seen : error->message, advice);
}

static const char *answer_text(enum kafka_answer answer)
{
    switch (answer) {
    case KAFKA_KNOWN: return "can be read";
    case KAFKA_DENIED: return "denied";
    case KAFKA_FAILED: return "could not be read";
    default: return "no topic to try it on";
    }
}

static void check_configs(struct kafka_lane *k, struct snapshot *doctor)
{
    static const char *const keys[] = {"retention.ms", NULL};
    struct learn learn = {.state = k->state, .lane = k->call.lane};
    GHashTableIter iter;
    struct kafka_topic *t = NULL;
    g_hash_table_iter_init(&iter, k->state->topics);
    g_hash_table_iter_next(&iter, NULL, (gpointer *)&t);
    const char *name = t ? t->name : NULL;
    g_autoptr(GArray) requests = call_requests_new();
    struct call_request r = {.type = CALL_CONFIGS,
        .names = &name,
        .count = 1,
        .resource = RD_KAFKA_RESOURCE_TOPIC,
        .keys = keys,
        .answer = learn_topic_configs,
        .data = &learn,
        .broker = -1};
    if (t) {
        g_array_append_val(requests, r);
        call_all(&k->call, requests, KAFKA_STEP_MS, NULL);
    }
    enum kafka_answer answer = t ? t->config_known : KAFKA_NOT_ASKED;
    doctor_add(doctor, "topic configurations", answer == KAFKA_KNOWN ? HEALTH_OK : HEALTH_WARN,
        answer_text(answer),
        "retention and cleanup stay empty; the user needs DESCRIBE_CONFIGS on topics");
    learn_clear(&learn);
}

static bool check_all(struct kafka_lane *k, struct snapshot *doctor, GError **error)
{
    struct lane *l = k->call.lane;
    check_library(k, doctor);
    int64_t begin = lane_now_ms(l);
    if (!cycle_metadata(k, 0, error))
        return false;
    g_autofree char *cluster = rd_kafka_clusterid(k->call.rk, 0);
    g_autofree char *seen = g_strdup_printf("%u brokers, %u topics, cluster id %s, in %d ms",
        g_hash_table_size(k->state->brokers), g_hash_table_size(k->state->topics),
        cluster ? cluster : "unknown", (int)(lane_now_ms(l) - begin));
    doctor_add(doctor, "reachable", HEALTH_OK, seen, NULL);
    check_security(k, doctor);
    check_groups(k, doctor);
    kafka_check_lag(k, doctor, "the user needs DESCRIBE on groups and topics");
    check_configs(k, doctor);
    return true;
}

bool kafka_check(struct lane *l, struct snapshot *doctor, GError **error)
{
    struct kafka_lane *k = lane_data(l);
    if (k->rest)
        return rest_check(k, doctor, error);
    call_enter(&k->call);
    bool ok = check_all(k, doctor, error);
    call_leave(&k->call);
    return ok;
}
