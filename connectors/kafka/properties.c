#include "properties.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "text.h"

static const struct {
    const char *name, *value;
} fixed[] = {
    {"client.id", "weir"},
    /* Ends are high watermarks: lag is counted in records, whatever transactions are open. */
    {"isolation.level", "read_uncommitted"},
    {"socket.nagle.disable", "true"}, /* small requests, answered at once */
    {"statistics.interval.ms", "10000"},
    {"socket.timeout.ms", "10000"}, /* may be set: after this a broker that hangs is reconnected */
    {"log.thread.name", "false"},
    {"allow.auto.create.topics", "false"},
    {"enable.metrics.push", "false"}, /* the client's telemetry would be a write */
    {0},
};

/* Names that the user may not set, and why. */
static const struct {
    const char *name, *why;
} refused[] = {
    {"bootstrap.servers", "write it as the option brokers"},
    {"metadata.broker.list", "write it as the option brokers"},
    {"client.id", "weir is always \"weir\", so that the brokers' logs tell who asks"},
    {"isolation.level", "weir counts lag up to the last record that was written"},
    {"socket.nagle.disable", "weir sets it"},
    {"statistics.interval.ms", "weir counts its requests by it"},
    {"enabled_events", "weir sets it"},
    {"log.queue", "weir sets it"},
    {"group.id", "weir reads and never joins a consumer group"},
    {"group.instance.id", "weir reads and never joins a consumer group"},
    {"group.protocol", "weir reads and never joins a consumer group"},
    {"group.remote.assignor", "weir reads and never joins a consumer group"},
    {"enable.auto.commit", "weir reads and never commits"},
    {"enable.auto.offset.store", "weir reads and never commits"},
    {"auto.commit.enable", "weir reads and never commits"},
    {"allow.auto.create.topics", "looking at a topic must not create it"},
    {"enable.metrics.push", "weir sends no telemetry"},
    {"transactional.id", "weir never produces"},
    {"enable.idempotence", "weir never produces"},
    {"enable.gapless.guarantee", "weir never produces"},
    {"plugin.library.paths", "weir loads no foreign code"},
    {"test.mock.num.brokers", "that would be a cluster which does not exist"},
    {0},
};

/* All names that librdkafka knows: its table of them is only to be had as a printed page. */
static char **known_names(void)
{
    char *page = NULL;
    size_t size = 0;
    GPtrArray *names = g_ptr_array_new();
    FILE *f = open_memstream(&page, &size);
    if (f) {
        rd_kafka_conf_properties_show(f);
        fclose(f);
    }
    g_auto(GStrv) lines = g_strsplit(page ? page : "", "\n", -1);
    for (char **line = lines; *line; line++) {
        gsize n = strcspn(*line, " |");
        if (n > 2 && strchr(*line, '|') && g_ascii_islower(**line))
            g_ptr_array_add(names, g_strndup(*line, n));
    }
    free(page);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

static bool unknown(const char *source, const char *name, GError **error)
{
    g_auto(GStrv) names = known_names();
    const char *near = text_nearest(name, (const char *const *)names);
    return weir_fail(error, WEIR_ERROR_CONFIG,
        near ? "source \"%s\", properties: librdkafka %s has no property \"%s\"; did you mean "
               "\"%s\"?"
             : "source \"%s\", properties: librdkafka %s has no property \"%s\": see its "
               "CONFIGURATION.md%.0s",
        source, rd_kafka_version_str(), name, near ? near : "");
}

static bool set(rd_kafka_conf_t *conf, const char *source, const char *name, const char *value,
    bool secret, GError **error)
{
    char text[512] = "";
    switch (rd_kafka_conf_set(conf, name, value, text, sizeof text)) {
    case RD_KAFKA_CONF_OK: return true;
    case RD_KAFKA_CONF_UNKNOWN: return unknown(source, name, error);
    default:
        return weir_fail(error, WEIR_ERROR_CONFIG, "source \"%s\", properties: %s: %s", source,
            name, secret ? "librdkafka does not take what the secret holds" : text);
    }
}

static bool set_secret(rd_kafka_conf_t *conf, const char *source, const char *name,
    const struct secret_spec *spec, GError **error)
{
    AUTO(secret) value = secret_fetch(spec, error);
    return value && set(conf, source, name, secret_text(value), true, error);
}

static bool check_name(const char *source, const char *name, GError **error)
{
    for (unsigned i = 0; refused[i].name; i++)
        if (strcmp(refused[i].name, name) == 0)
            return weir_fail(error, WEIR_ERROR_CONFIG,
                "source \"%s\", properties: \"%s\" cannot be set: %s", source, name,
                refused[i].why);
    return true;
}

static bool check_class(const struct source *s, const char *name, const char *value, GError **error)
{
    bool blind =
        strcmp(name, "enable.ssl.certificate.verification") == 0 && g_strcmp0(value, "false") == 0;
    if (!blind || environment_class(source_environment(s)) != CLASS_PROD)
        return true;
    return weir_fail(error, WEIR_ERROR_CONFIG,
        "source \"%s\", properties: enable.ssl.certificate.verification: false is refused in class "
        "prod; give the brokers' CA as ssl.ca.location",
        source_name(s));
}

rd_kafka_conf_t *properties_fixed(const char *brokers)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers, NULL, 0);
    for (unsigned i = 0; fixed[i].name; i++)
        rd_kafka_conf_set(conf, fixed[i].name, fixed[i].value, NULL, 0);
    return conf;
}

static bool read_properties(rd_kafka_conf_t *conf, const struct source *s, GError **error)
{
    const char *source = source_name(s);
    for (const char *const *name = source_map_keys(s, "properties"); *name; name++) {
        const char *value = source_map_text(s, "properties", *name);
        const struct secret_spec *secret = source_map_secret(s, "properties", *name);
        if (!check_name(source, *name, error) || !check_class(s, *name, value, error))
            return false;
        if (secret ? !set_secret(conf, source, *name, secret, error)
                   : value && !set(conf, source, *name, value, false, error))
            return false;
    }
    return true;
}

/* A password that nothing would send is a mistake in the configuration. */
static bool read_password(rd_kafka_conf_t *conf, const struct source *s, GError **error)
{
    const struct secret_spec *password = source_secret(s, "password");
    if (!password)
        return true;
    char protocol[64] = "";
    size_t size = sizeof protocol;
    rd_kafka_conf_get(conf, "security.protocol", protocol, &size);
    if (!g_str_has_prefix(protocol, "sasl"))
        return weir_fail(error, WEIR_ERROR_CONFIG,
            "source \"%s\" has a password, but security.protocol is %s, which has no login: set "
            "security.protocol in properties to SASL_SSL (or SASL_PLAINTEXT)",
            source_name(s), protocol);
    if (source_map_secret(s, "properties", "sasl.password"))
        return weir_fail(error, WEIR_ERROR_CONFIG,
            "source \"%s\" has both password and sasl.password: give one of them", source_name(s));
    return set_secret(conf, source_name(s), "sasl.password", password, error);
}

rd_kafka_conf_t *properties_read(const struct source *s, const char *brokers, GError **error)
{
    if (!*brokers) {
        weir_fail(error, WEIR_ERROR_CONFIG, "source \"%s\" has no brokers: write HOST:PORT, ...",
            source_name(s));
        return NULL;
    }
    rd_kafka_conf_t *conf = properties_fixed(brokers);
    if (read_properties(conf, s, error) && read_password(conf, s, error))
        return conf;
    rd_kafka_conf_destroy(conf);
    return NULL;
}
