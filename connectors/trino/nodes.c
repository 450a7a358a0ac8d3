/* The nodes of a cluster, put together from what the coordinator tells about them: /v1/service (who
 * announces itself), /v1/node and /v1/node/failed (who answers its heartbeats; a management right),
 * /v1/status (the coordinator's own load; no right at all) and /metrics (the memory of all nodes).
 *
 * Seen on 476, and what the rules below come from: a worker that is killed is in /v1/node/failed after
 * 9 s and announced for 30 s; one that ends in good order is no longer announced at once, but its
 * monitor stays in /v1/node/failed for minutes; one that comes back at the same address has two
 * monitors, the old one failed for ever. So the youngest monitor of an address decides. */
#include "node.h"

#include <math.h>
#include <string.h>

#include "clock.h"

#define GONE_SHOWN_MS 600000 /* as long as the coordinator itself remembers a node that left */
#define DENIED_MS     300000 /* ms until what was denied is asked again */
#define LIMIT_MS      30000  /* between two looks at the cluster's memory */
#define HEAP_HIGH     90.0   /* percent */

/* -- what is held --------------------------------------------------------------------------------- */

static void node_free(gpointer data)
{
    struct node *n = data;
    g_free(n->id);
    g_free(n->url);
    g_free(n->version);
    g_free(n);
}

struct nodes *nodes_new(void)
{
    struct nodes *n = g_new0(struct nodes, 1);
    n->by_id = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, node_free);
    n->limit = -1;
    n->no_limit = ABSENT_NOT_ASKED;
    return n;
}

void nodes_free(struct nodes *n)
{
    if (!n)
        return;
    g_hash_table_unref(n->by_id);
    g_free(n->missing);
    g_free(n);
}

static struct node *find_or_add(struct nodes *n, const char *id)
{
    struct node *node = g_hash_table_lookup(n->by_id, id);
    if (node || g_hash_table_size(n->by_id) >= NODES_MAX)
        return node;
    node = g_new0(struct node, 1);
    node->id = g_strdup(id);
    node->is_new = true;
    node->failures = NAN;
    g_hash_table_insert(n->by_id, node->id, node);
    return node;
}

static void set_text(char **place, const char *text)
{
    if (text && g_strcmp0(*place, text) != 0) {
        g_free(*place);
        *place = g_strdup(text);
    }
}

/* "host:8080" of "http://host:8080/v1/status". */
char *node_authority(const char *url)
{
    const char *start = strstr(url, "://");
    start = start ? start + 3 : url;
    return g_strndup(start, strcspn(start, "/?#"));
}

const char *nodes_url(const struct nodes *n, const char *id)
{
    const struct node *node = g_hash_table_lookup(n->by_id, id);
    return node ? node->url : NULL;
}

bool nodes_is_own(const struct nodes *n, const char *id)
{
    const struct node *node = g_hash_table_lookup(n->by_id, id);
    return node && node->load.at_ms > 0;
}

/* -- reading the answers --------------------------------------------------------------------------- */

static int64_t whole(const cJSON *json, const char *path)
{
    int64_t value;
    return json_int(json, path, &value) ? value : -1;
}

static void read_load(struct load *out, const cJSON *json, int64_t now_ms)
{
    double ms;
    *out = (struct load){
        .at_ms = now_ms,
        .heap = whole(json, "heapUsed"),
        .heap_max = whole(json, "heapAvailable"),
        .pool = whole(json, "memoryInfo.pool.reservedBytes"),
        .pool_max = whole(json, "memoryInfo.pool.maxBytes"),
        .processors = whole(json, "processors"),
        .uptime_ms = trino_duration(json, "uptime", &ms) ? (int64_t)ms : -1,
    };
    if (!json_real(json, "processCpuLoad", &out->cpu) || out->cpu < 0)
        out->cpu = NAN;
}

static void note_heap(struct node *node)
{
    const struct load *load = &node->load;
    bool high = load->heap >= 0 && load->heap_max > 0 &&
                100.0 * (double)load->heap / (double)load->heap_max > HEAP_HIGH;
    if (!high)
        node->heap_high_ms = 0;
    else if (node->heap_high_ms == 0)
        node->heap_high_ms = load->at_ms;
}

/* The coordinator itself: it answered, and that is all there is to know. */
static void read_own_status(struct nodes *n, const cJSON *json, const char *url, int64_t now_ms)
{
    const char *id = json_text(json, "nodeId");
    struct node *node = id && *id ? find_or_add(n, id) : NULL;
    if (!node)
        return;
    bool coordinator = true;
    json_bool(json, "coordinator", &coordinator);
    node->coordinator = coordinator;
    node->announced = true;
    set_text(&node->version, json_text(json, "nodeVersion.version"));
    if (!node->url)
        set_text(&node->url, url);
    read_load(&node->load, json, now_ms);
    note_heap(node);
}

static void read_services(struct nodes *n, const cJSON *json)
{
    for (const cJSON *s = json_first(json_get(json, "services")); s; s = s->next) {
        const char *type = json_text(s, "type");
        const char *id = json_text(s, "nodeId");
        bool ours = type && (strcmp(type, "trino") == 0 || strcmp(type, "presto") == 0);
        struct node *node = ours && id && *id ? find_or_add(n, id) : NULL;
        if (!node)
            continue;
        const char *http = json_text(s, "properties.http");
        set_text(&node->url, http ? http : json_text(s, "properties.https"));
        set_text(&node->version, json_text(s, "properties.node_version"));
        const char *coordinator = json_text(s, "properties.coordinator");
        node->coordinator = coordinator && strcmp(coordinator, "true") == 0;
        node->announced = true;
    }
}

static struct node *find_by_authority(struct nodes *n, const char *authority)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, n->by_id);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct node *node = value;
        g_autofree char *own = node->url ? node_authority(node->url) : NULL;
        if (own && strcmp(own, authority) == 0)
            return node;
    }
    return NULL;
}

/* From 477 on there is no /v1/service; /v1/announce is a list of addresses, without ids. */
static void read_announced(struct nodes *n, const cJSON *json)
{
    for (const cJSON *i = json_first(json); i; i = i->next) {
        if (!cJSON_IsString(i))
            continue;
        g_autofree char *authority = node_authority(i->valuestring);
        struct node *node = find_by_authority(n, authority);
        if (!node)
            node = find_or_add(n, authority);
        if (node) {
            set_text(&node->url, i->valuestring);
            node->announced = true;
        }
    }
}

/* -- what follows from it --------------------------------------------------------------------------- */

static enum node_state judge(const struct nodes *n, const struct node *node, const struct beat *b)
{
    if (node->load.at_ms > 0) /* it is the one that told us */
        return NODE_ACTIVE;
    if (b && beat_is_failed(b))
        return node->announced ? NODE_FAILED : NODE_GONE;
    if (b && b->last_attempt_ms == 0)
        return NODE_JOINING;
    if (b)
        return node->announced ? NODE_ACTIVE : NODE_LEAVING;
    if (!node->announced)
        return NODE_GONE;
    return n->beats_known ? NODE_JOINING : NODE_ANNOUNCED;
}

static void settle_node(struct nodes *n, struct node *node, GHashTable *beats, int64_t now_ms)
{
    g_autofree char *authority = node->url ? node_authority(node->url) : g_strdup("");
    const struct beat *b = g_hash_table_lookup(beats, authority);
    enum node_state state = judge(n, node, b);
    bool lost = state == NODE_FAILED || state == NODE_GONE;
    bool was_lost = !node->is_new && (node->state == NODE_FAILED || node->state == NODE_GONE);
    if (b)
        node->failures = b->failures;
    if (b && !lost)
        node->last_response_ms = b->last_attempt_ms;
    /* The coordinator stops asking a worker when that is no longer announced. */
    if (state == NODE_GONE && node->is_new && b && b->last_attempt_ms > 0)
        node->since_ms = b->last_attempt_ms;
    else if (node->is_new || (state != node->state && !(lost && was_lost)))
        node->since_ms = n->read || lost ? now_ms : 0;
    node->is_new = false;
    node->state = state;
}

/* A worker that had left before we looked is known by its address alone. */
static void add_departed(struct nodes *n, GHashTable *beats)
{
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, beats);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        const struct beat *b = value;
        if (!beat_is_failed(b) || find_by_authority(n, key))
            continue;
        struct node *node = find_or_add(n, key);
        if (node)
            set_text(&node->url, b->url);
    }
}

static void settle(struct nodes *n, GHashTable *beats, int64_t now_ms)
{
    GHashTableIter iter;
    gpointer value;
    add_departed(n, beats);
    g_hash_table_iter_init(&iter, n->by_id);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct node *node = value;
        settle_node(n, node, beats, now_ms);
        if (node->state == NODE_GONE && now_ms - node->since_ms > GONE_SHOWN_MS)
            g_hash_table_iter_remove(&iter);
    }
    n->read = true;
}

/* -- asking ------------------------------------------------------------------------------------------ */

enum { ASK_STATUS, ASK_SERVICE, ASK_NODE, ASK_FAILED, ASKS };

static const struct http_request asks[ASKS] = {
    [ASK_STATUS] = {.path = "/v1/status"},
    [ASK_SERVICE] = {.path = "/v1/service"},
    [ASK_NODE] = {.path = "/v1/node"},
    [ASK_FAILED] = {.path = "/v1/node/failed"},
};

static cJSON *json_of(
    struct trino *t, const struct http_request *q, const struct http_reply *r, GError **error)
{
    if (!trino_check_status(t, q, r, error))
        return NULL;
    return http_reply_json(t->http, q, r, error);
}

/* Who is announced: by /v1/service, or by /v1/announce where the former is gone. */
static void read_inventory(struct nodes *n, struct trino *t, const struct http_reply *r)
{
    g_autoptr(GError) error = NULL;
    AUTO(cJSON) json = NULL;
    if (r->status == 404) {
        struct http_request announce = {.path = "/v1/announce"};
        struct http_reply reply = {0};
        if (http_send(t->http, &announce, &reply, &error))
            json = json_of(t, &announce, &reply, &error);
        http_reply_clear(&reply);
        read_announced(n, json);
    } else {
        json = json_of(t, &asks[ASK_SERVICE], r, &error);
        read_services(n, json);
    }
    n->inventory_known = json != NULL;
    bool denied = error && error->code == WEIR_ERROR_DENIED;
    n->no_nodes = denied ? ABSENT_DENIED : ABSENT_FAILED;
    n->inventory_due_ms = denied ? clock_mono_ms() + DENIED_MS : 0;
    g_free(n->missing);
    n->missing = json ? NULL : g_strdup_printf("workers: %s", error->message);
}

static void read_monitors(
    struct nodes *n, struct trino *t, struct http_reply *const *r, GHashTable *beats)
{
    g_autoptr(GError) error = NULL;
    AUTO(cJSON) all = json_of(t, &asks[ASK_NODE], r[ASK_NODE], &error);
    AUTO(cJSON) failed = all ? json_of(t, &asks[ASK_FAILED], r[ASK_FAILED], &error) : NULL;
    n->beats_known = failed != NULL;
    n->beats_denied = error && error->code == WEIR_ERROR_DENIED;
    bool absent = error && error->code == WEIR_ERROR_NOT_FOUND;
    n->beats_due_ms = n->beats_denied || absent ? clock_mono_ms() + DENIED_MS : 0;
    beats_read(beats, failed ? all : NULL, false);
    beats_read(beats, failed, true);
}

/* The number behind a name in OpenMetrics text. */
static bool metric(const char *text, const char *name, double *value)
{
    gsize n = strlen(name);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, n) == 0 && line[n] == ' ') {
            char *end;
            *value = g_ascii_strtod(line + n + 1, &end);
            return end > line + n + 1 && isfinite(*value);
        }
    }
    return false;
}

/* The memory of all nodes together. One node is its own sum; of more, only the coordinator's metrics
 * tell (407 and later; a management right), which cost it 50 ms. */
static bool read_limit(struct nodes *n, struct trino *t, const struct node *own, GError **error)
{
    static const char name[] =
        "trino_memory_type_ClusterMemoryPool_name_general_TotalDistributedBytes";
    if (own && n->inventory_known && g_hash_table_size(n->by_id) == 1) {
        n->limit = own->load.pool_max;
        n->no_limit = ABSENT_NO_VALUE;
        n->limit_due_ms = 0;
        return true;
    }
    if (clock_mono_ms() < n->limit_due_ms)
        return true;
    g_autofree char *path = g_strdup_printf("/metrics?name%%5B%%5D=%s", name);
    struct http_request q = {.path = path, .accept = "application/openmetrics-text"};
    struct http_reply r = {0};
    double bytes;
    bool sent = http_send(t->http, &q, &r, error);
    bool ok = sent && r.status == 200 && metric(r.body->str, name, &bytes) && bytes > 0;
    n->limit = ok ? (int64_t)bytes : -1;
    n->no_limit = r.status == 401 || r.status == 403 ? ABSENT_DENIED : ABSENT_NO_VALUE;
    n->limit_due_ms = clock_mono_ms() + (ok ? LIMIT_MS : DENIED_MS);
    http_reply_clear(&r);
    return sent;
}

static void forget_announcements(struct nodes *n)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, n->by_id);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct node *node = value;
        node->announced = false;
        node->load.at_ms = 0;
    }
}

/* r[i] is NULL when it was not asked, because it was denied a short while ago. */
static const struct node *take_answers(
    struct nodes *n, struct trino *t, struct http_reply *const *r, int64_t now_ms)
{
    AUTO(cJSON) status = json_of(t, &asks[ASK_STATUS], r[ASK_STATUS], NULL);
    g_autoptr(GHashTable) beats = beats_new();
    forget_announcements(n);
    if (status)
        read_own_status(n, status, t->url, now_ms);
    if (r[ASK_SERVICE])
        read_inventory(n, t, r[ASK_SERVICE]);
    if (r[ASK_NODE])
        read_monitors(n, t, r, beats);
    settle(n, beats, now_ms);
    const char *id = status ? json_text(status, "nodeId") : NULL;
    return id ? g_hash_table_lookup(n->by_id, id) : NULL;
}

bool nodes_read(struct lane *l, struct trino *t, GError **error)
{
    struct nodes *n = t->nodes;
    int64_t now = clock_mono_ms();
    const bool due[ASKS] = {[ASK_STATUS] = true,
        [ASK_SERVICE] = now >= n->inventory_due_ms,
        [ASK_NODE] = now >= n->beats_due_ms,
        [ASK_FAILED] = now >= n->beats_due_ms};
    struct http_request q[ASKS];
    struct http_reply replies[ASKS] = {0};
    struct http_reply *r[ASKS] = {0};
    guint count = 0;
    for (guint i = 0; i < ASKS; i++) {
        if (due[i]) {
            q[count] = asks[i];
            r[i] = &replies[count++];
        }
    }
    bool ok = http_send_many(t->http, q, count, ASKS, replies, error);
    if (ok) {
        const struct node *own = take_answers(n, t, r, lane_now_ms(l));
        ok = read_limit(n, t, own, error);
    }
    for (guint i = 0; i < count; i++)
        http_reply_clear(&replies[i]);
    return ok;
}
