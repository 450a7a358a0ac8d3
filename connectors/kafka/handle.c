#include "handle.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "action.h"
#include "properties.h"
#include "secret.h"
#include "text.h"

#define REASON_MAX 400
#define RECENT_MS  30000 /* an answer this recent means that the cluster still lets us in */

/* -- callbacks ----------------------------------------------------------------------------------- */

static bool is_login(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR__AUTHENTICATION ||
           err == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED ||
           err == RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM;
}

static struct kafka_reason *reason_new(rd_kafka_resp_err_t err, const char *text)
{
    gsize n = strnlen(text, REASON_MAX);
    struct kafka_reason *r = g_malloc(sizeof *r + n + 1);
    r->err = err;
    memcpy(r->text, text, n);
    r->text[n] = '\0';
    return r;
}

/* Unless a newer one has come. */
static void put_back(_Atomic(struct kafka_reason *) *slot, struct kafka_reason *r)
{
    struct kafka_reason *none = NULL;
    if (!atomic_compare_exchange_strong(slot, &none, r))
        g_free(r);
}

/* "HOST:PORT/ID: Connect to ipv4#ADDRESS failed: WHY" says one thing twice, and a screen is not wide:
 * "ADDRESS: WHY" is what is left. */
static void cut_address(GString *text)
{
    const char *hash = strstr(text->str, ": Connect to ipv");
    hash = hash ? strchr(hash, '#') : NULL;
    if (!hash)
        return;
    g_string_erase(text, 0, hash + 1 - text->str);
    g_string_replace(text, " failed: ", ": ", 1);
}

/* A broker that takes connections and then is silent: which queues its requests were in helps nobody. */
static void cut_counts(GString *text)
{
    const char *counts = strstr(text->str, "Timed out ");
    if (!counts || !strstr(counts, " in-flight"))
        return;
    g_string_truncate(text, (gsize)(counts - text->str));
    g_string_append(text, "no answer in time");
}

/* What librdkafka adds for its own developers at the end of a reason, or as advice that is wrong here:
 * a "response" that is too long is the greeting of a server that is not Kafka. */
static void cut_asides(GString *text)
{
    static const char *const ends[] = {
        ": increase receive.message.max.bytes", ": receive 0 after POLLIN"};
    const char *state = g_strrstr(text->str, "ms in state ");
    const char *after = state ? g_strrstr_len(text->str, state - text->str, " (after ") : NULL;
    if (after)
        g_string_truncate(text, (gsize)(after - text->str));
    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++)
        if (g_str_has_suffix(text->str, ends[i]))
            g_string_truncate(text, text->len - strlen(ends[i]));
    g_string_replace(text, "/bootstrap: ", ": ", 1);
    cut_address(text);
    cut_counts(text);
}

/* A copy, cleaned, since servers have a say in it; NULL when there is none. The slot is taken while it
 * is read: another lane that looks just then sees none and says a little less. */
static char *get_reason(_Atomic(struct kafka_reason *) *slot, rd_kafka_resp_err_t *err)
{
    struct kafka_reason *r = atomic_exchange(slot, NULL);
    if (!r)
        return NULL;
    GString *text = g_string_new(NULL);
    text_clean(r->text, -1, text);
    cut_asides(text);
    *err = r->err;
    put_back(slot, r);
    return g_string_free(text, FALSE);
}

/* Called by librdkafka's threads. Most of what it calls FAIL comes to error_cb as well, with a code, but a
 * closed connection does not; warnings are second choice like it. */
static void log_cb(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    struct kafka *k = rk ? rd_kafka_opaque(rk) : NULL;
    bool warning = level <= 4; /* as syslog counts */
    bool failure = strcmp(facility, "FAIL") == 0;
    if (!k || !(warning || failure) || strcmp(facility, "CONFWARN") == 0 || kafka_is_denied(k))
        return;
    put_back(&k->other, reason_new(RD_KAFKA_RESP_ERR_UNKNOWN, text));
}

/* Called by rd_kafka_poll, in a lane. */
static void error_cb(rd_kafka_t *rk, int err, const char *text, void *opaque)
{
    (void)rk;
    struct kafka *k = opaque;
    if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        atomic_store(&k->all_down, true);
    if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || kafka_is_denied(k))
        return; /* says nothing that the others did not; or is our own refusal to connect */
    g_free(atomic_exchange(is_login(err) ? &k->login : &k->other, reason_new(err, text)));
}

static int64_t member(const cJSON *json, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
    return cJSON_IsNumber(item) ? (int64_t)item->valuedouble : 0;
}

static int stats_cb(rd_kafka_t *rk, char *text, size_t length, void *opaque)
{
    (void)rk;
    struct kafka *k = opaque;
    cJSON *json = cJSON_ParseWithLength(text, length);
    atomic_store(&k->requests, member(json, "tx"));
    atomic_store(&k->bytes, member(json, "tx_bytes") + member(json, "rx_bytes"));
    cJSON_Delete(json);
    return 0;
}

/* What librdkafka does by itself, but for the door that a refused login closes. */
static int connect_cb(
    int fd, const struct sockaddr *address, int length, const char *id, void *opaque)
{
    (void)id;
    if (kafka_is_denied(opaque))
        return EACCES;
    return connect(fd, address, (socklen_t)length) == 0 || errno == EINPROGRESS ? 0 : errno;
}

/* -- making one ---------------------------------------------------------------------------------- */

void kafka_free(void *kafka)
{
    struct kafka *k = kafka;
    if (!k)
        return;
    if (k->retired)
        rd_kafka_destroy(k->retired);
    if (atomic_load(&k->rk))
        rd_kafka_destroy(atomic_load(&k->rk));
    g_free(atomic_exchange(&k->login, NULL));
    g_free(atomic_exchange(&k->other, NULL));
    g_free(k->brokers);
    g_free(k->user);
    g_free(k);
}

/* Takes conf. From here on librdkafka connects by itself, with what every connection begins with. */
static rd_kafka_t *connect_with(struct kafka *k, rd_kafka_conf_t *take_conf, GError **error)
{
    char text[512] = "";
    rd_kafka_conf_set_opaque(take_conf, k);
    rd_kafka_conf_set_log_cb(take_conf, log_cb);
    rd_kafka_conf_set_error_cb(take_conf, error_cb);
    rd_kafka_conf_set_stats_cb(take_conf, stats_cb);
    rd_kafka_conf_set_connect_cb(take_conf, connect_cb);
    bool may = gate_permit(k->connector, "KAFKA", "ApiVersions", NULL, error);
    rd_kafka_t *rk = may ? rd_kafka_new(RD_KAFKA_CONSUMER, take_conf, text, sizeof text) : NULL;
    if (!rk)
        rd_kafka_conf_destroy(take_conf);
    if (!rk && may)
        weir_fail(error, WEIR_ERROR_CONFIG, "Kafka at %s: librdkafka refuses the properties: %s",
            k->brokers, text);
    return rk;
}

/* k, or NULL when there is no configuration or it cannot be used. */
static struct kafka *finish(struct kafka *k, rd_kafka_conf_t *take_conf, GError **error)
{
    if (take_conf)
        atomic_store(&k->rk, connect_with(k, take_conf, error));
    if (atomic_load(&k->rk))
        return k;
    kafka_free(k);
    return NULL;
}

struct kafka *kafka_new(const struct connector *c, const char *brokers, GError **error)
{
    struct kafka *k = g_new0(struct kafka, 1);
    k->connector = c;
    k->brokers = g_strdup(brokers);
    return finish(k, properties_fixed(brokers), error);
}

static void *make(struct lane *l, GError **error)
{
    const struct source *source = lane_source(l);
    struct kafka *k = g_new0(struct kafka, 1);
    k->connector = source_connector(source);
    k->brokers = g_strjoinv(",", (char **)source_list(source, "brokers"));
    k->user = g_strdup(source_map_text(source, "properties", "sasl.username"));
    k->uses_password_option = source_secret(source, "password") != NULL;
    return finish(k, properties_read(source, k->brokers, error), error);
}

struct kafka *kafka_shared(struct lane *l, GError **error)
{
    return lane_shared(l, make, kafka_free, error);
}

/* -- replacing it -------------------------------------------------------------------------------- */

rd_kafka_t *kafka_enter(struct kafka *k)
{
    atomic_fetch_add(&k->users, 1); /* before the handle is looked at: see kafka_renew */
    return atomic_load(&k->rk);
}

void kafka_leave(struct kafka *k)
{
    atomic_fetch_sub(&k->users, 1);
}

void kafka_give_up(struct kafka *k, int64_t now_ms)
{
    int_fast64_t never = 0;
    atomic_compare_exchange_strong(&k->stuck_ms, &never, now_ms);
}

/* When nobody is inside after the exchange, whoever enters later sees the new handle: both counts and
 * pointer are sequentially consistent. */
static void drop_retired(struct kafka *k)
{
    if (!k->retired || atomic_load(&k->users) > 0)
        return;
    rd_kafka_destroy(k->retired);
    k->retired = NULL;
}

void kafka_renew(struct kafka *k, struct lane *l)
{
    drop_retired(k);
    int64_t since = atomic_load(&k->stuck_ms);
    bool due = since > 0 && lane_now_ms(l) - since >= KAFKA_RENEW_MS;
    if (!due || k->retired || kafka_is_denied(k))
        return;
    rd_kafka_conf_t *conf = properties_read(lane_source(l), k->brokers, NULL);
    rd_kafka_t *rk = conf ? connect_with(k, conf, NULL) : NULL;
    if (!rk)
        return; /* the secret cannot be had now: in the next round */
    atomic_store(&k->stuck_ms, 0);
    k->retired = atomic_exchange(&k->rk, rk);
    drop_retired(k);
}

/* -- use ----------------------------------------------------------------------------------------- */

bool kafka_is_denied(const struct kafka *k)
{
    return atomic_load(&k->denied_ms) > 0;
}

void kafka_answered(struct kafka *k, int64_t now_ms)
{
    atomic_store(&k->answered_ms, now_ms);
    atomic_store(&k->all_down, false);
    g_free(atomic_exchange(&k->login, NULL));
    g_free(atomic_exchange(&k->other, NULL));
}

void kafka_serve(struct kafka *k, rd_kafka_t *rk, struct lane *l)
{
    while (rd_kafka_poll(rk, 0) > 0)
        ;
    int64_t now = lane_now_ms(l);
    if (!kafka_is_denied(k) && atomic_load(&k->login) &&
        now - atomic_load(&k->answered_ms) > RECENT_MS)
        atomic_store(&k->denied_ms, now);
    int64_t requests = atomic_load(&k->requests);
    int64_t bytes = atomic_load(&k->bytes);
    int64_t new_requests = requests - atomic_exchange(&k->counted_requests, requests);
    int64_t new_bytes = bytes - atomic_exchange(&k->counted_bytes, bytes);
    if (new_requests > 0 || new_bytes > 0)
        lane_count(l, (unsigned)MAX(new_requests, 0), MAX(new_bytes, 0), -1);
}

static bool renew_password(struct kafka *k, rd_kafka_t *rk, struct lane *l, GError **error)
{
    if (!k->uses_password_option || !k->user)
        return true;
    AUTO(secret) password = secret_fetch(source_secret(lane_source(l), "password"), error);
    if (!password)
        return false;
    rd_kafka_error_t *failed = rd_kafka_sasl_set_credentials(rk, k->user, secret_text(password));
    if (failed)
        rd_kafka_error_destroy(failed);
    return true;
}

bool kafka_begin(struct kafka *k, rd_kafka_t *rk, struct lane *l, GError **error)
{
    kafka_serve(k, rk, l);
    int64_t since = atomic_load(&k->denied_ms);
    if (since == 0)
        return true;
    if (lane_now_ms(l) - since < KAFKA_DENIED_MS)
        return kafka_fail(
            k, "no new login is tried so soon", RD_KAFKA_RESP_ERR__AUTHENTICATION, NULL, error);
    if (!renew_password(k, rk, l, error))
        return false;
    g_free(atomic_exchange(&k->login, NULL));
    g_free(atomic_exchange(&k->other, NULL));
    atomic_store(&k->denied_ms, 0);
    return true;
}

enum weir_error kafka_error_code(rd_kafka_resp_err_t err)
{
    switch (err) {
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT: return WEIR_ERROR_TIMEOUT;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__NODE_UPDATE: return WEIR_ERROR_UNREACHABLE;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED: return WEIR_ERROR_DENIED;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND: return WEIR_ERROR_NOT_FOUND;
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION: return WEIR_ERROR_UNSUPPORTED;
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__UNDERFLOW: return WEIR_ERROR_PROTOCOL;
    default: return WEIR_ERROR_SERVER;
    }
}

static const char *advice(const struct kafka *k, enum weir_error code, rd_kafka_resp_err_t err)
{
    if (err == RD_KAFKA_RESP_ERR__SSL)
        return "check ssl.ca.location, the names in the certificate and security.protocol";
    switch (code) {
    case WEIR_ERROR_UNREACHABLE:
        return "check brokers, the network, and that security.protocol is that listener's";
    case WEIR_ERROR_PROTOCOL:
        return atomic_load(&k->answered_ms) > 0
                   ? NULL
                   : "the port may not be Kafka's: check brokers, and that security.protocol is "
                     "that listener's";
    case WEIR_ERROR_TIMEOUT: return "a broker may hang or be overloaded; weir keeps asking";
    case WEIR_ERROR_DENIED:
        return is_login(err) ? k->user ? "check sasl.username, sasl.mechanism and the password"
                                       : "check sasl.mechanism and the credentials in properties"
                             : "this user needs the right to describe it (an ACL)";
    default: return NULL;
    }
}

bool kafka_fail(
    struct kafka *k, const char *asked, rd_kafka_resp_err_t err, const char *text, GError **error)
{
    rd_kafka_resp_err_t why = err;
    enum weir_error code = kafka_error_code(err);
    g_autofree char *reason = NULL;
    /* "Transport failure" and "timed out" are only how it looked from here. */
    if (code == WEIR_ERROR_UNREACHABLE || code == WEIR_ERROR_TIMEOUT || is_login(err)) {
        reason = get_reason(&k->login, &why);
        if (!reason)
            reason = get_reason(&k->other, &why);
        if (reason && why != RD_KAFKA_RESP_ERR_UNKNOWN)
            code = kafka_error_code(why);
    }
    g_autoptr(GString) clean = g_string_new(NULL);
    text_clean(text ? text : rd_kafka_err2str(err), -1, clean);
    const char *hint = advice(k, code, why);
    weir_fail(error, code, "Kafka at %s: %s: %s%s%s", k->brokers, asked,
        reason ? reason : clean->str, hint ? "; " : "", hint ? hint : "");
    return false;
}

char *kafka_library_text(rd_kafka_t *rk)
{
    char features[512] = "";
    size_t size = sizeof features;
    const rd_kafka_conf_t *conf = rd_kafka_conf(rk);
    rd_kafka_conf_get(conf, "builtin.features", features, &size);
    return g_strdup_printf("librdkafka %s: %s", rd_kafka_version_str(), features);
}
