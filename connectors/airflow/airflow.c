/* Apache Airflow: the table, the session, and how requests are put. */
#include "airflow.h"

#include <string.h>

#include "quantity.h"

#define DENIED_S 30 /* no second sign-in within: accounts get locked */

/* -- the session --------------------------------------------------------------------------------- */

/* What all lanes of the source share. */
struct session {
    gint
        denied_s; /* atomic: when the server last refused a sign-in, in seconds of the wall clock */
};

static void *session_make(struct lane *l, GError **error)
{
    (void)l;
    (void)error;
    return g_new0(struct session, 1);
}

static gint now_s(const struct airflow *a)
{
    return (gint)(lane_now_ms(a->lane) / 1000);
}

/* "Invalid JWT token" is a 403 (a wrong signature: the server has a new secret), "Token Expired" a 401. */
static bool token_is_stale(const struct http_reply *r)
{
    return r->status == 401 ||
           (r->status == 403 && r->body && strstr(r->body->str, "Invalid JWT token"));
}

static void note_denial(struct airflow *a)
{
    struct session *shared = lane_shared(a->lane, session_make, g_free, NULL);
    g_atomic_int_set(&shared->denied_s, now_s(a));
}

static const char *url_of(const struct airflow *a)
{
    return source_text(lane_source(a->lane), "url");
}

static bool has_token(const struct airflow *a)
{
    return source_secret(lane_source(a->lane), "token") != NULL;
}

/* Whether no credentials are configured: then a server may let us in, or tell its health only. */
static bool is_nobody(const struct airflow *a)
{
    return !a->user && !has_token(a);
}

/* how: what the server said, or that it said so a while ago. */
static bool refuse(const struct airflow *a, const char *how, GError **error)
{
    if (has_token(a))
        return weir_fail(error, WEIR_ERROR_DENIED,
            "%s: the server does not accept the token: it is wrong or has expired; give a new one "
            "(%s)",
            url_of(a), how);
    if (a->user)
        return weir_fail(error, WEIR_ERROR_DENIED,
            "%s: the server does not accept the user \"%s\" with this password; check username "
            "and password (%s)",
            url_of(a), a->user, how);
    return weir_fail(error, WEIR_ERROR_DENIED,
        "%s: the server asks who we are; set username and password, or token (%s)", url_of(a), how);
}

/* {"username":...,"password":...}; the caller wipes it. */
static char *sign_in_body(const char *user, const char *password)
{
    AUTO(cJSON) json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "username", user);
    cJSON *secret = cJSON_AddStringToObject(json, "password", password);
    char *text = cJSON_PrintUnformatted(json);
    secret_wipe(secret->valuestring);
    char *copy = g_strdup(text);
    secret_wipe(text);
    cJSON_free(text);
    return copy;
}

static bool take_token(
    struct airflow *a, const struct http_request *q, struct http_reply *r, GError **error)
{
    if (r->status == 401 || r->status == 403) {
        note_denial(a);
        return refuse(a, r->status == 401 ? "401 Unauthorized" : "403 Forbidden", error);
    }
    if (r->status == 404 || r->status == 405)
        return weir_fail(error, WEIR_ERROR_UNSUPPORTED,
            "%s: its auth manager gives no token for a password (/auth/token: %ld); set token",
            url_of(a), r->status);
    AUTO(cJSON) json = http_reply_json(a->http, q, r, error);
    if (!json)
        return false;
    const char *token = json_text(json, "access_token");
    if (!token)
        return weir_fail(
            error, WEIR_ERROR_PROTOCOL, "%s: /auth/token answers without a token", url_of(a));
    http_set_bearer(a->http, token);
    return true;
}

/* POST with the password, or, where none is configured, GET: servers that make everybody an
 * administrator answer that. */
static bool fetch_token(struct airflow *a, GError **error)
{
    struct http_request q = {.path = "/auth/token", .secret = true};
    g_autofree char *body = NULL;
    if (a->user) {
        const struct secret_spec *spec = source_secret(lane_source(a->lane), "password");
        AUTO(secret) password = spec ? secret_fetch(spec, error) : NULL;
        if (spec && !password)
            return false;
        body = sign_in_body(a->user, password ? secret_text(password) : "");
        q.method = "POST";
        q.body = body;
    }
    http_set_bearer(a->http, NULL);
    struct http_reply r;
    bool ok = http_send(a->http, &q, &r, error) && take_token(a, &q, &r, error);
    http_reply_clear(&r);
    secret_wipe(body);
    return ok;
}

/* A token that the configuration gives is tried at once, so that a bad one is known as such. */
static bool use_token(struct airflow *a, const struct secret_spec *spec, GError **error)
{
    AUTO(secret) token = secret_fetch(spec, error);
    if (!token)
        return false;
    http_set_bearer(a->http, secret_text(token));
    const struct http_request q = {.path = "/api/v2/dags?limit=1"};
    struct http_reply r;
    bool ok = http_send(a->http, &q, &r, error);
    if (ok && token_is_stale(&r)) {
        note_denial(a);
        ok = refuse(a, r.status == 401 ? "401 Unauthorized" : "403 Forbidden", error);
    }
    http_reply_clear(&r);
    return ok;
}

static bool sign_in(struct airflow *a, GError **error)
{
    struct session *shared = lane_shared(a->lane, session_make, g_free, error);
    gint ago = now_s(a) - g_atomic_int_get(&shared->denied_s);
    a->signed_in = false;
    if (ABS(ago) < DENIED_S) {
        g_autofree char *how = g_strdup_printf(
            "it said so %d s ago; it is asked again after %d s", ABS(ago), DENIED_S);
        return refuse(a, how, error);
    }
    const struct secret_spec *spec = source_secret(lane_source(a->lane), "token");
    return a->signed_in = spec ? use_token(a, spec, error) : fetch_token(a, error);
}

/* -- requests ------------------------------------------------------------------------------------ */

static bool any_stale(const struct http_reply *r, guint count)
{
    for (guint i = 0; i < count; i++)
        if (token_is_stale(&r[i]))
            return true;
    return false;
}

static bool send_once(struct airflow *a, const struct http_request *q, guint count, guint parallel,
    struct http_reply *out, GError **error)
{
    bool ok = http_send_many(a->http, q, count, parallel, out, error);
    for (guint i = 0; i < count; i++)
        if (out[i].status > 0 && !http_reply_time(&out[i], &a->server_ms))
            a->server_ms = lane_now_ms(a->lane);
    return ok;
}

bool airflow_send_many(struct airflow *a, const struct http_request *q, guint count, guint parallel,
    struct http_reply *out, GError **error)
{
    if (!send_once(a, q, count, parallel, out, error))
        return false;
    if (!any_stale(out, count))
        return true;
    for (guint i = 0; i < count; i++)
        http_reply_clear(&out[i]);
    if (!sign_in(a, error) || !send_once(a, q, count, parallel, out, error))
        return false;
    return !any_stale(out, count) ||
           weir_fail(error, WEIR_ERROR_DENIED,
               "%s: the server does not accept the token that it has just given; has it several "
               "API servers with different secrets?",
               url_of(a));
}

bool airflow_send(
    struct airflow *a, const struct http_request *q, struct http_reply *out, GError **error)
{
    return airflow_send_many(a, q, 1, 1, out, error);
}

cJSON *airflow_send_json(struct airflow *a, const struct http_request *q, GError **error)
{
    struct http_reply r = {0};
    cJSON *json = airflow_send(a, q, &r, error) ? http_reply_json(a->http, q, &r, error) : NULL;
    http_reply_clear(&r);
    return json;
}

cJSON *airflow_get(struct airflow *a, const char *path, GError **error)
{
    const struct http_request q = {.path = path};
    return airflow_send_json(a, &q, error);
}

bool airflow_has(const struct airflow *a, const char *path, const cJSON *json, const char *member,
    GError **error)
{
    const cJSON *value = json ? json_get(json, member) : NULL;
    return cJSON_IsArray(value) || cJSON_IsObject(value) ||
           (json && weir_fail(error, WEIR_ERROR_PROTOCOL,
                        "%s%s: the answer has no \"%s\"; is url that of an Airflow API server?",
                        url_of(a), path, member));
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void airflow_add_names(cJSON *body, const char *member, GHashTable *set)
{
    cJSON *array = cJSON_AddArrayToObject(body, member);
    GHashTableIter iter;
    gpointer name;
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    g_hash_table_iter_init(&iter, set);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        g_ptr_array_add(sorted, name);
    g_ptr_array_sort(sorted, by_name);
    for (guint i = 0; i < sorted->len; i++)
        cJSON_AddItemToArray(array, cJSON_CreateString(g_ptr_array_index(sorted, i)));
}

char *airflow_print(const cJSON *body)
{
    char *text = cJSON_PrintUnformatted(body);
    char *copy = g_strdup(text);
    cJSON_free(text);
    return copy;
}

/* -- lists --------------------------------------------------------------------------------------- */

/* Takes what fits under the cap; gives how many items the page has. */
static guint take_page(struct airflow_list *list, const cJSON *page)
{
    guint n = 0;
    for (const cJSON *i = json_first(json_get(page, list->member)); i; i = i->next, n++)
        if (list->offset + n < list->max)
            list->take(i, list->data);
    list->total = -1;
    json_int(page, "total_entries", &list->total);
    return n;
}

static char *page_path(const struct airflow_list *list, guint offset)
{
    return g_strdup_printf("%s%climit=%d&offset=%u", list->path,
        strchr(list->path, '?') ? '&' : '?', AIRFLOW_PAGE, offset);
}

/* Reads count pages (at most AIRFLOW_PARALLEL) of size items from the offset on. */
static bool read_pages(struct airflow *a, struct airflow_list *list, guint size, guint count,
    guint *got, GError **error)
{
    struct http_request q[AIRFLOW_PARALLEL] = {0};
    struct http_reply r[AIRFLOW_PARALLEL] = {0};
    char *path[AIRFLOW_PARALLEL] = {0};
    for (guint i = 0; i < count; i++) {
        path[i] = page_path(list, list->offset + i * size);
        q[i].path = path[i];
    }
    bool ok = airflow_send_many(a, q, count, AIRFLOW_PARALLEL, r, error);
    *got = 0;
    for (guint i = 0; i < count; i++) {
        AUTO(cJSON) json = ok ? http_reply_json(a->http, &q[i], &r[i], error) : NULL;
        ok = airflow_has(a, path[i], json, list->member, error);
        guint n = ok ? take_page(list, json) : 0;
        list->offset += n;
        *got += n;
        http_reply_clear(&r[i]);
        g_free(path[i]);
    }
    return ok;
}

bool airflow_read_list(struct airflow *a, struct airflow_list *list, GError **error)
{
    guint size = AIRFLOW_PAGE, count = 1, got;
    list->whole = false;
    for (bool first = true;; first = false) {
        if (!read_pages(a, list, size, count, &got, error))
            return false;
        size = first && got > 0 ? got : size;
        guint64 total = list->total < 0 ? G_MAXUINT : (guint64)list->total;
        list->whole = got == 0 || list->offset >= total || (list->total < 0 && got < AIRFLOW_PAGE);
        if (list->paged)
            list->paged(list, list->data);
        if (list->whole || list->offset >= list->max || lane_left_ms(a->lane) < list->leave_ms)
            return true;
        guint64 left = MIN(total, list->max) - list->offset;
        count = (guint)CLAMP((left + size - 1) / size, 1, AIRFLOW_PARALLEL);
    }
}

/* -- names and values ---------------------------------------------------------------------------- */

char *airflow_split_task(const char *name, int64_t *map_index)
{
    const char *open = strrchr(name, '[');
    guint64 n;
    *map_index = -1;
    g_autofree char *digits = NULL;
    if (open && open > name && g_str_has_suffix(open, "]"))
        digits = g_strndup(open + 1, strlen(open) - 2);
    if (!digits || !g_ascii_string_to_unsigned(digits, 10, 0, G_MAXINT32, &n, NULL))
        return g_strdup(name);
    *map_index = (int64_t)n;
    return g_strndup(name, (gsize)(open - name));
}

char *airflow_path(const struct rid *what, GError **error)
{
    static const char *const kinds[] = {"dags", "runs", "tasks"};
    static const char *const segments[] = {"dags", "dagRuns", "taskInstances"};
    g_autoptr(GString) path = g_string_new("/api/v2");
    bool known = what->count > 0 && what->count <= G_N_ELEMENTS(kinds);
    for (unsigned i = 0; known && i < what->count; i++) {
        known = strcmp(what->part[i].kind, kinds[i]) == 0;
        int64_t map_index = -1;
        g_autofree char *name = i == 2 ? airflow_split_task(what->part[i].name, &map_index)
                                       : g_strdup(what->part[i].name);
        g_autofree char *escaped = http_escape(name);
        g_string_append_printf(path, "/%s/%s", segments[i], escaped);
        if (map_index >= 0)
            g_string_append_printf(path, "/%" G_GINT64_FORMAT, map_index);
    }
    if (known)
        return g_strdup(path->str);
    g_autofree char *address = rid_print(what);
    weir_fail(error, WEIR_ERROR_USAGE,
        "%s names nothing of Airflow; write %s/dags/DAG[/runs/RUN[/tasks/TASK]]", address,
        what->source);
    return NULL;
}

char *airflow_query_time(int64_t at_ms)
{
    g_autoptr(GString) text = g_string_new(NULL);
    quantity_append_iso(text, at_ms);
    return http_escape(text->str);
}

int64_t airflow_time(const cJSON *object, const char *path)
{
    int64_t at_ms;
    return json_time(object, path, &at_ms) ? at_ms : AIRFLOW_NONE;
}

void airflow_set_time(struct snapshot *s, size_t row, int column, int64_t at_ms)
{
    if (at_ms == AIRFLOW_NONE)
        snapshot_set_absent(s, row, column, ABSENT_NO_VALUE);
    else
        snapshot_set_int(s, row, column, at_ms);
}

/* -- the lane ------------------------------------------------------------------------------------ */

struct airflow *airflow_new(struct lane *l, const char *base, GError **error)
{
    struct http *http = http_new(l, base, error);
    if (!http)
        return NULL;
    struct airflow *a = g_new0(struct airflow, 1);
    a->lane = l;
    a->http = http;
    a->server_ms = lane_now_ms(l);
    a->runs = runs_new();
    a->dags = dags_new();
    a->failures = failures_new();
    return a;
}

void airflow_free(struct airflow *a)
{
    if (!a)
        return;
    http_free(a->http);
    runs_free(a->runs);
    dags_free(a->dags);
    failures_free(a->failures);
    g_free(a->user);
    g_free(a->version);
    g_free(a);
}

/* Whether the server is an Airflow 2, whose API this is not. */
static bool is_version_2(struct airflow *a, GError **error)
{
    g_autoptr(GError) ignored = NULL;
    AUTO(cJSON) json = http_get_json(a->http, "/api/v1/version", &ignored);
    const char *version = json_text(json, "version");
    return version && !weir_fail(error, WEIR_ERROR_UNSUPPORTED,
                          "%s: Airflow %.20s: this version of weir speaks the API of 3.x (v2) only",
                          url_of(a), version);
}

static bool no_airflow(const struct airflow *a, GError **error)
{
    return weir_fail(error, WEIR_ERROR_NOT_FOUND,
        "%s: no Airflow there (404 at /api/v2/version); is url the root of the API server?",
        url_of(a));
}

bool airflow_read_version(struct airflow *a, GError **error)
{
    const struct http_request q = {.path = "/api/v2/version"};
    struct http_reply r;
    bool sent = http_send(a->http, &q, &r, error);
    http_reply_time(&r, &a->server_ms);
    AUTO(cJSON) json = NULL;
    if (sent && r.status == 404)
        (void)(is_version_2(a, error) || no_airflow(a, error));
    else if (sent)
        json = http_reply_json(a->http, &q, &r, error);
    http_reply_clear(&r);
    if (!json)
        return false;
    const char *version = json_text(json, "version");
    if (!version)
        return weir_fail(error, WEIR_ERROR_PROTOCOL,
            "%s/api/v2/version names no version: is an Airflow there?", url_of(a));
    g_free(a->version);
    a->version = g_strdup(version);
    return true;
}

static bool airflow_open(struct lane *l, GError **error)
{
    const struct source *s = lane_source(l);
    struct airflow *a = airflow_new(l, source_text(s, "url"), error);
    if (!a)
        return false;
    a->user = has_token(a) ? NULL : g_strdup(source_text(s, "username"));
    http_set_user(a->http, a->user);
    g_autoptr(GError) refused = NULL;
    bool ok = airflow_read_version(a, error);
    if (ok && !sign_in(a, &refused)) {
        ok = is_nobody(a) && refused->code == WEIR_ERROR_DENIED;
        if (!ok)
            g_propagate_error(error, g_steal_pointer(&refused));
    }
    if (!ok) {
        airflow_free(a);
        return false;
    }
    lane_set_version(l, a->version);
    lane_set_data(l, a);
    return true;
}

static void airflow_close(struct lane *l)
{
    airflow_free(lane_data(l));
    lane_set_data(l, NULL);
}

struct airflow *airflow_of(struct lane *l, GError **error)
{
    struct airflow *a = lane_data(l);
    return a->signed_in || sign_in(a, error) ? a : NULL;
}

struct airflow *airflow_of_anybody(struct lane *l, GError **error)
{
    struct airflow *a = lane_data(l);
    return is_nobody(a) ? a : airflow_of(l, error);
}

/* -- the table ----------------------------------------------------------------------------------- */

static const struct option options[] = {
    {"url", OPTION_URL, OPTION_F_REQUIRED, NULL, "root of the API server: http://host:8080"},
    {"username", OPTION_TEXT, 0, NULL, "who signs in at /auth/token"},
    {"password", OPTION_SECRET, 0, NULL, "the user's password"},
    {"token", OPTION_SECRET, 0, NULL,
        "a token instead of user and password; a command is run again when it has expired"},
    {0},
};

static const struct option thresholds[] = {
    {"airflow_heartbeat_warn", OPTION_SPAN, 0, "30s", "a component without a heartbeat for longer"},
    {"airflow_queued_warn", OPTION_SPAN, 0, "10m", "a run or task that waits longer for its start"},
    {0},
};

static const struct kind *const kinds[] = {
    &airflow_health_kind, &airflow_dags_kind, &airflow_runs_kind, &airflow_tasks_kind, NULL};

static const char *const health_kinds[] = {"airflow.health", NULL};
static const char *const runs_kinds[] = {"airflow.runs", "airflow.dags", NULL};
static const char *const tasks_kinds[] = {"airflow.tasks", NULL};
static const char *const dags_kinds[] = {"airflow.dags", NULL};

/* In this order at the start: what answers soon first. */
static const struct feed feeds[] = {
    {"health", 10000, FEED_ALWAYS, .kinds = health_kinds, .fetch = airflow_health_fetch},
    {"runs", 10000, FEED_ALWAYS, .kinds = runs_kinds, .fetch = runs_fetch},
    {"tasks", 15000, FEED_ALWAYS, .kinds = tasks_kinds, .fetch = tasks_fetch},
    {"dags", 10000, FEED_ALWAYS, .kinds = dags_kinds, .fetch = dags_fetch},
    {0},
};

static const struct request_rule reads[] = {
    {"POST", "/auth/token"},
    {"POST", "/api/v2/dags/~/dagRuns/list"},
    {"POST", "/api/v2/dags/~/dagRuns/~/taskInstances/list"},
    {0},
};

static const struct connector airflow_connector = {
    .name = "airflow",
    .title = "Apache Airflow",
    .help = "Airflow 3 over its REST API v2; run against 3.3.2",
    .options = options,
    .http = true,
    .thresholds = thresholds,
    .kinds = kinds,
    .feeds = feeds,
    .reads = reads,
    .timeout_ms = 30000,
    .open = airflow_open,
    .close = airflow_close,
    .show = airflow_show,
    .follow = airflow_follow,
    .discover = airflow_discover,
    .secret_variables = airflow_secret_variables,
    .check = airflow_check,
};
CONNECTOR(airflow);
