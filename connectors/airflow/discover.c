/* Servers that this machine already knows: those that airflowctl or the usual variables name, and what
 * listens on loopback. */
#include "airflow.h"

#include <string.h>

#include "client_file.h"
#include "http_find.h"

static const struct listen_range usual_ports[] = {{8080, 8089}, {18080, 18089}, {0}};

const char *const airflow_secret_variables[] = {"AIRFLOW_API_TOKEN", "AIRFLOW_API_PASSWORD", NULL};

/* The root of the server: people write down the API's own address as well. */
static char *root_of(const char *url)
{
    char *root = g_strdup(url);
    char *api = strstr(root, "/api/v");
    if (api)
        *api = '\0';
    while (g_str_has_suffix(root, "/"))
        root[strlen(root) - 1] = '\0';
    return root;
}

static void report(GPtrArray *take_pairs, const char *url, const char *origin, struct found *out)
{
    g_autofree char *root = root_of(url);
    client_pairs_add(take_pairs, "url", root);
    client_pairs_report(take_pairs, out, "airflow", origin);
}

static void keep_port(GHashTable *known, const char *url)
{
    g_hash_table_add(known, GUINT_TO_POINTER(client_local_port(url)));
}

static void read_variables(struct found *out, GHashTable *known)
{
    const char *url = g_getenv("AIRFLOW_API_URL");
    if (!client_is_url(url))
        return;
    GPtrArray *pairs = client_pairs_new();
    client_pairs_add(pairs, "token.env", "AIRFLOW_API_TOKEN");
    client_pairs_add(pairs, "username", g_getenv("AIRFLOW_API_USERNAME"));
    client_pairs_add(pairs, "password.env", "AIRFLOW_API_PASSWORD");
    keep_port(known, url);
    report(pairs, url, "AIRFLOW_API_URL", out);
}

char *airflow_ctl_url(const char *text, gsize length)
{
    AUTO(cJSON) json = json_parse(text, length, NULL);
    const char *url = json ? json_text(json, "api_url") : NULL;
    return client_is_url(url) ? g_strdup(url) : NULL;
}

/* airflowctl keeps the address of each environment in a file, and its token in the keyring, which is
 * not asked. False: the file is not there or names nothing. */
static bool read_ctl(const char *folder, const char *name, struct found *out, GHashTable *known)
{
    gsize length;
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *text = client_read_text(path, &length);
    g_autofree char *url = text ? airflow_ctl_url(text, length) : NULL;
    if (!url)
        return false;
    keep_port(known, url);
    report(client_pairs_new(), url, path, out);
    return true;
}

static void read_clients(struct found *out, GHashTable *known)
{
    const char *environment = g_getenv("AIRFLOW_CLI_ENVIRONMENT");
    const char *home = g_getenv("AIRFLOW_HOME");
    environment = environment && *environment ? environment : "production";
    g_autofree char *name = g_strdup_printf("%s.json", environment);
    g_autofree char *usual = g_build_filename(g_get_home_dir(), "airflow", NULL);
    g_autofree char *older = g_build_filename(g_get_user_config_dir(), "airflow", NULL);
    read_variables(out, known);
    if (strchr(environment, '/'))
        return;
    if (!read_ctl(home && g_path_is_absolute(home) ? home : usual, name, out, known))
        read_ctl(older, name, out, known);
}

static bool is_airflow(const cJSON *version)
{
    return json_text(version, "version") && json_get(version, "git_version");
}

void airflow_discover(struct lane *l, struct found *out)
{
    g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);
    read_clients(out, known);
    http_find(l, out,
        &(struct http_sign){.name = "airflow",
            .ports = usual_ports,
            .path = "/api/v2/version",
            .is_it = is_airflow},
        known);
}
