/* Coordinators that this machine already knows: those that Trino's command line or the usual variables
 * name, and what listens on loopback. */
#include "trino.h"

#include <string.h>

#include "client_file.h"
#include "http_find.h"

/* Ports that people run Trino on; only those that this machine listens on are asked. */
static const struct listen_range usual_ports[] = {{8080, 8089}, {18080, 18089}, {0}};

const char *const trino_secret_variables[] = {"TRINO_PASSWORD", NULL};

static void keep_port(GHashTable *known, const char *url)
{
    g_hash_table_add(known, GUINT_TO_POINTER(client_local_port(url)));
}

/* TRINO_PASSWORD belongs to TRINO_HOST; alone it names no address, and goes nowhere. */
static void read_variables(struct found *out, GHashTable *known)
{
    const char *host = g_getenv("TRINO_HOST"), *port = g_getenv("TRINO_PORT");
    const char *scheme = g_getenv("TRINO_HTTP_SCHEME");
    if (!host || !*host)
        return;
    scheme = scheme && *scheme ? scheme : g_strcmp0(port, "443") == 0 ? "https" : "http";
    bool plain =
        strspn(host, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_") ==
        strlen(host);
    g_autofree char *url = g_strdup_printf("%s://%s:%s", scheme, host,
        port && *port                  ? port
        : strcmp(scheme, "https") == 0 ? "443"
                                       : "8080");
    if (!plain || !client_is_url(url))
        return;
    GPtrArray *pairs = client_pairs_new();
    client_pairs_add(pairs, "url", url);
    client_pairs_add(pairs, "username", g_getenv("TRINO_USER"));
    client_pairs_add(pairs, "password.env", "TRINO_PASSWORD");
    keep_port(known, url);
    client_pairs_report(pairs, out, "trino", "TRINO_HOST");
}

/* The server may stand there without a scheme. */
static char *url_of(const char *server)
{
    g_autofree char *url = server && strstr(server, "://") ? g_strdup(server)
                           : server                        ? g_strdup_printf("http://%s", server)
                                                           : NULL;
    return client_is_url(url) ? g_steal_pointer(&url) : NULL;
}

/* False: there is no such file, and the next place counts. */
static bool read_file(const char *path, struct found *out, GHashTable *known)
{
    g_autoptr(GHashTable) values = client_read(path);
    g_autofree char *url = values ? url_of(g_hash_table_lookup(values, "server")) : NULL;
    if (url) {
        GPtrArray *pairs = client_pairs_new();
        client_pairs_add(pairs, "url", url);
        client_pairs_add(pairs, "username", g_hash_table_lookup(values, "user"));
        if (g_hash_table_contains(values, "access-token")) {
            g_autofree char *command = client_secret_command(path, "access-token", NULL);
            client_pairs_add(pairs, "token.command", command);
        }
        keep_port(known, url);
        client_pairs_report(pairs, out, "trino", path);
    }
    return values != NULL;
}

/* The command line reads the first of these. */
static void read_clients(struct found *out, GHashTable *known)
{
    const char *named = g_getenv("TRINO_CONFIG");
    g_autofree char *home = g_build_filename(g_get_home_dir(), ".trino_config", NULL);
    g_autofree char *config = g_build_filename(g_get_user_config_dir(), "trino", "config", NULL);
    read_variables(out, known);
    if (named && *named) {
        if (g_path_is_absolute(named))
            read_file(named, out, known);
    } else if (!read_file(home, out, known)) {
        read_file(config, out, known);
    }
}

static bool is_coordinator(const cJSON *info)
{
    bool coordinator = false;
    json_bool(info, "coordinator", &coordinator);
    return coordinator && json_text(info, "nodeVersion.version");
}

void trino_discover(struct lane *l, struct found *out)
{
    g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);
    read_clients(out, known);
    http_find(l, out,
        &(struct http_sign){
            .name = "trino", .ports = usual_ports, .path = "/v1/info", .is_it = is_coordinator},
        known);
}
