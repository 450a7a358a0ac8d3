#include "trino.h"

#include <string.h>

#define TIMEOUT_MS 15000

static const struct option options[] = {
    {"url", OPTION_URL, OPTION_F_REQUIRED, NULL, "of the coordinator: https://trino.example:8443"},
    {"username", OPTION_TEXT, 0, NULL,
        "whom to ask as (X-Trino-User); weir unless set, with a token whoever the token says"},
    {"password", OPTION_SECRET, 0, NULL, "of username; sent by Basic authentication, over https"},
    {"token", OPTION_SECRET, 0, NULL, "a JWT or OAuth 2 token, instead of a password"},
    {0},
};

static const struct option thresholds[] = {
    {"trino_queued_warn", OPTION_SPAN, 0, "60s", "a query that waits longer to be let run"},
    {"trino_blocked_warn", OPTION_NUMBER, 0, "50%", "splits that wait, of those a query has begun"},
    {"trino_blocked_for", OPTION_SPAN, 0, "60s", "how long none of them may work"},
    {"trino_memory_warn", OPTION_NUMBER, 0, "90%", "query memory in use, of a node or the cluster"},
    {0},
};

static const struct kind *const kinds[] = {
    &trino_cluster_kind, &trino_queries_kind, &trino_nodes_kind, &trino_stages_kind, NULL};

static const struct feed feeds[] = {
    {
        .name = "cluster",
        .poll_ms = 5000,
        .when = FEED_ALWAYS,
        .kinds = (const char *const[]){"trino.queries", "trino.cluster", "trino.nodes", NULL},
        .fetch = trino_fetch_cluster,
    },
    {
        .name = "stages",
        .poll_ms = 3000,
        .when = FEED_WHILE_OPEN,
        .kinds = (const char *const[]){"trino.stages", NULL},
        .fetch = trino_fetch_stages,
    },
    {0},
};

/* -- the connection ------------------------------------------------------------------------------- */

static bool set_identity(struct trino *t, const struct source *s, GError **error)
{
    const char *user = source_text(s, "username");
    t->user = g_strdup(user ? user : source_secret(s, "token") ? NULL : "weir");
    if (t->user) {
        g_autofree char *line = g_strdup_printf("X-Trino-User: %s", t->user);
        http_set_header(t->http, line);
        http_set_user(t->http, t->user);
    }
    return http_sign_in(t->http, error);
}

static void trino_close(struct lane *l)
{
    struct trino *t = lane_data(l);
    if (!t)
        return;
    http_free(t->http);
    queries_free(t->queries);
    nodes_free(t->nodes);
    g_hash_table_unref(t->trees);
    g_free(t->url);
    g_free(t->user);
    g_free(t->environment);
    g_free(t->version);
    g_free(t);
    lane_set_data(l, NULL);
}

static bool trino_open(struct lane *l, GError **error)
{
    const struct source *s = lane_source(l);
    trino_close(l); /* what an attempt that failed left */
    struct trino *t = g_new0(struct trino, 1);
    lane_set_data(l, t);
    t->url = g_strdup(source_text(s, "url"));
    for (gsize n = strlen(t->url); n > 0 && t->url[n - 1] == '/'; n--)
        t->url[n - 1] = '\0';
    t->uptime_ms = -1;
    t->queries = queries_new();
    t->nodes = nodes_new();
    t->trees = trino_trees_new();
    t->http = http_new(l, t->url, error);
    if (!t->http)
        return false;
    http_set_header(t->http, "X-Trino-Source: weir");
    http_set_header(t->http, "X-Trino-Client-Tags: weir-monitor");
    return set_identity(t, s, error);
}

/* -- what all files ask --------------------------------------------------------------------------- */

/* Trino answers a denied impersonation with 500 and a stack trace, and an unprepared load balancer
 * in front of it makes it answer 406 (its words are text/plain and long). */
bool trino_check_status(
    const struct trino *t, const struct http_request *q, const struct http_reply *r, GError **error)
{
    const char *denied = r->status >= 500 ? strstr(r->body->str, "Access Denied") : NULL;
    if (denied) {
        g_autofree char *words = g_strndup(denied, MIN(strcspn(denied, "\r\n\""), 300));
        return weir_fail(error, WEIR_ERROR_DENIED, "GET %s%.*s: %s; asked as \"%s\": set username",
            t->url, (int)strcspn(q->path, "?"), q->path, words, t->user ? t->user : "(token)");
    }
    if (r->status == 406 && strstr(r->body->str, "X-Forwarded"))
        return weir_fail(error, WEIR_ERROR_PROTOCOL,
            "GET %s%.*s: 406 because a proxy forwards to Trino: set "
            "http-server.process-forwarded=true "
            "in its config.properties, or url to the coordinator itself",
            t->url, (int)strcspn(q->path, "?"), q->path);
    return http_check_status(t->http, q, r, error);
}

static void replace(char **place, const char *text)
{
    if (g_strcmp0(*place, text) != 0) {
        g_free(*place);
        *place = g_strdup(text);
    }
}

static void note_uptime(struct lane *l, struct trino *t, const cJSON *info)
{
    double ms;
    bool known = trino_duration(info, "uptime", &ms);
    /* It is written with three digits: "5.45m" may follow "5.46m" only after a restart. */
    if (known && t->uptime_ms >= 0 && (int64_t)ms < t->uptime_ms)
        t->restarted_ms = lane_now_ms(l);
    if (known)
        t->uptime_ms = (int64_t)ms;
}

static bool take_info(struct lane *l, struct trino *t, const cJSON *info, GError **error)
{
    const char *version = json_text(info, "nodeVersion.version");
    const char *environment = json_text(info, "environment");
    bool coordinator = true, starting = false;
    if (!version)
        return weir_fail(error, WEIR_ERROR_PROTOCOL,
            "GET %s/v1/info: the answer names no version; is url that of a Trino coordinator?",
            t->url);
    json_bool(info, "coordinator", &coordinator);
    json_bool(info, "starting", &starting);
    replace(&t->version, version);
    replace(&t->environment, environment && *environment ? environment : "cluster");
    t->major = trino_version_major(version);
    lane_set_version(l, version);
    if (!coordinator)
        return weir_fail(error, WEIR_ERROR_PROTOCOL,
            "%s is a worker, and only a coordinator knows the queries: set url to the coordinator",
            t->url);
    note_uptime(l, t, info);
    if (!starting)
        return true;
    return weir_fail(error, WEIR_ERROR_SERVER,
        "Trino at %s is starting (for %" G_GINT64_FORMAT " s): it cannot be asked for queries yet",
        t->url, MAX(t->uptime_ms, 0) / 1000);
}

bool trino_read_info(struct lane *l, struct trino *t, GError **error)
{
    struct http_request q = {.path = "/v1/info"};
    struct http_reply r = {0};
    bool ok = http_send(t->http, &q, &r, error) && trino_check_status(t, &q, &r, error);
    if (ok)
        t->skew_ms = http_reply_skew_ms(&r, lane_now_ms(l));
    AUTO(cJSON) info = ok ? http_reply_json(t->http, &q, &r, error) : NULL;
    http_reply_clear(&r);
    return info && take_info(l, t, info, error);
}

char *trino_query_path(const char *id, const char *suffix, GError **error)
{
    gsize n = id ? strlen(id) : 0;
    gsize plain =
        id ? strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") : 0;
    if (n == 0 || n > 128 || plain != n) {
        weir_fail(error, WEIR_ERROR_USAGE,
            "\"%s\" is no query id: they look like 20260612_110203_00042_abcde", id ? id : "");
        return NULL;
    }
    return g_strconcat("/v1/query/", id, suffix, NULL);
}

bool trino_fail_gone(const char *id, GError **error)
{
    return weir_fail(error, WEIR_ERROR_NOT_FOUND,
        "query %s is gone from the coordinator's memory (it keeps 100 queries or 15 min)", id);
}

static const struct connector trino_connector = {
    .name = "trino",
    .title = "Trino",
    .help = "the coordinator's REST API, by GET alone; run against Trino 476 and 435",
    .options = options,
    .http = true,
    .thresholds = thresholds,
    .kinds = kinds,
    .feeds = feeds,
    .timeout_ms = TIMEOUT_MS,
    .open = trino_open,
    .close = trino_close,
    .show = trino_show,
    .check = trino_check,
    .discover = trino_discover,
    .secret_variables = trino_secret_variables,
};

CONNECTOR(trino);
