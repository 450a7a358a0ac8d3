/* Clusters that this machine already knows: those that Kafka's other clients are set up for, and what
 * listens on loopback. */
#include "call.h"
#include "client_file.h"
#include "handle.h"
#include "kafka.h"
#include "listen.h"

#define DISCOVER_MS 3000

static const struct listen_range usual_ports[] = {
    {9092, 9092}, {9094, 9094}, {19092, 19092}, {29092, 29092}, {0}};

const char *const kafka_secret_variables[] = {"KAFKA_SASL_PASSWORD", NULL};

/* -- files and variables of other clients -------------------------------------------------------- */

/* What is taken over, by its name there and here. What loads code, runs a program or makes a
 * connection less safe stays where it is. */
static const struct {
    const char *theirs, *ours;
} kept[] = {{"security.protocol", "properties.security.protocol"},
    {"sasl.mechanism", "properties.sasl.mechanism"},
    {"sasl.mechanisms", "properties.sasl.mechanism"}, {"sasl.username", "properties.sasl.username"},
    {"ssl.ca.location", "properties.ssl.ca.location"},
    {"ssl.certificate.location", "properties.ssl.certificate.location"},
    {"ssl.key.location", "properties.ssl.key.location"}};

/* "... required username="alice" password="...";": what is in quotes behind name. */
static char *jaas_value(const char *jaas, const char *name)
{
    g_autofree char *pattern = g_strdup_printf("\\b%s\\s*=\\s*\"([^\"]*)\"", name);
    g_autoptr(GRegex) regex = g_regex_new(pattern, 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    return g_regex_match(regex, jaas, 0, &match) ? g_match_info_fetch(match, 1) : NULL;
}

/* Java's way to say who logs in, and its certificates where they are PEM. */
static void add_java(GPtrArray *pairs, GHashTable *values, const char *path)
{
    const char *jaas = g_hash_table_lookup(values, "sasl.jaas.config");
    g_autofree char *user = jaas ? jaas_value(jaas, "username") : NULL;
    g_autofree char *password = jaas ? jaas_value(jaas, "password") : NULL;
    client_pairs_add(pairs, "properties.sasl.username", user);
    if (password) {
        g_autofree char *command = client_secret_command(path, "sasl.jaas.config", "password");
        client_pairs_add(pairs, "password.command", command);
        secret_wipe(password);
    }
    if (g_strcmp0(g_hash_table_lookup(values, "ssl.truststore.type"), "PEM") == 0)
        client_pairs_add(pairs, "properties.ssl.ca.location",
            g_hash_table_lookup(values, "ssl.truststore.location"));
}

static void keep_ports(GHashTable *ports, const char *brokers)
{
    g_auto(GStrv) each = g_strsplit(brokers, ",", -1);
    for (char **broker = each; *broker; broker++)
        g_hash_table_add(ports, GUINT_TO_POINTER(client_local_port(g_strstrip(*broker))));
}

static void read_file(const char *path, struct found *out, GHashTable *ports)
{
    g_autoptr(GHashTable) values = path && g_path_is_absolute(path) ? client_read(path) : NULL;
    if (!values)
        return;
    const char *brokers = g_hash_table_lookup(values, "bootstrap.servers");
    if (!brokers)
        brokers = g_hash_table_lookup(values, "metadata.broker.list");
    if (!client_is_brokers(brokers))
        return;
    GPtrArray *pairs = client_pairs_new();
    client_pairs_add(pairs, "brokers", brokers);
    for (unsigned i = 0; i < G_N_ELEMENTS(kept); i++)
        client_pairs_add(pairs, kept[i].ours, g_hash_table_lookup(values, kept[i].theirs));
    add_java(pairs, values, path);
    if (g_hash_table_contains(values, "sasl.password")) {
        g_autofree char *command = client_secret_command(path, "sasl.password", NULL);
        client_pairs_add(pairs, "password.command", command);
    }
    keep_ports(ports, brokers);
    client_pairs_report(pairs, out, "kafka", path);
}

static void read_variables(struct found *out, GHashTable *ports)
{
    const char *brokers = g_getenv("KAFKA_BOOTSTRAP_SERVERS");
    if (!client_is_brokers(brokers))
        return;
    GPtrArray *pairs = client_pairs_new();
    client_pairs_add(pairs, "brokers", brokers);
    client_pairs_add(pairs, "properties.security.protocol", g_getenv("KAFKA_SECURITY_PROTOCOL"));
    client_pairs_add(pairs, "properties.sasl.mechanism", g_getenv("KAFKA_SASL_MECHANISM"));
    client_pairs_add(pairs, "properties.sasl.username", g_getenv("KAFKA_SASL_USERNAME"));
    client_pairs_add(pairs, "password.env", "KAFKA_SASL_PASSWORD");
    keep_ports(ports, brokers);
    client_pairs_report(pairs, out, "kafka", "KAFKA_BOOTSTRAP_SERVERS");
}

/* kcat reads one file: the one its variable names, else the one at its usual place. Kafka's own tools
 * have no usual place: the file counts that KAFKA_CLIENT_PROPERTIES names. The working folder is never
 * looked at, since anybody may have put a file there. */
static void read_clients(struct found *out, GHashTable *ports)
{
    const char *named = g_getenv("KCAT_CONFIG");
    g_autofree char *usual = g_build_filename(g_get_home_dir(), ".config", "kcat.conf", NULL);
    read_variables(out, ports);
    read_file(named && *named ? named : usual, out, ports);
    read_file(g_getenv("KAFKA_CLIENT_PROPERTIES"), out, ports);
}

/* -- loopback ------------------------------------------------------------------------------------ */

/* The cluster's id when what listens speaks Kafka without a login; g_free. */
static char *cluster_at(struct lane *l, const char *address)
{
    struct kafka *kafka = kafka_new(&kafka_connector, address, NULL);
    if (!kafka)
        return NULL;
    struct call call;
    call_init(&call, l, kafka);
    call_enter(&call);
    const struct rd_kafka_metadata *metadata = call_metadata(&call, DISCOVER_MS, NULL);
    char *id = metadata ? rd_kafka_clusterid(call.rk, 0) : NULL;
    if (metadata)
        rd_kafka_metadata_destroy(metadata);
    call_leave(&call);
    kafka_free(kafka);
    return id;
}

void kafka_discover(struct lane *l, struct found *out)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);
    read_clients(out, known);
    g_autoptr(GArray) ports = listen_ports(usual_ports);
    for (guint i = 0; i < ports->len; i++) {
        unsigned port = g_array_index(ports, unsigned, i);
        if (g_hash_table_contains(known, GUINT_TO_POINTER(port)))
            continue;
        g_autofree char *address = g_strdup_printf("127.0.0.1:%u", port);
        char *id = cluster_at(l, address);
        const char *pairs[] = {"brokers", address, NULL};
        if (id && g_hash_table_add(seen, id))
            found_add(out, "kafka", "listens here", pairs);
    }
}
