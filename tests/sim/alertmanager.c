/* The service alertmanager: its API v2 as 0.25 answers it, over the world's alerts and silences. */
#include "service.h"

#include <string.h>

#include "alerts.h"
#include "quantity.h"

#define RESENT_MS 60000  /* Prometheus says again that an alert fires */
#define VALID_MS  240000 /* that it is believed without that */

static const char config_text[] =
    "global:\n  resolve_timeout: 5m\nroute:\n  receiver: slack\n  group_by:\n  - alertname\n"
    "  continue: false\n  routes:\n  - receiver: pager\n    matchers:\n    - "
    "severity=\"critical\"\n"
    "    continue: false\n  - receiver: \"null\"\n    matchers:\n    - severity=\"info\"\n"
    "    continue: false\n  group_wait: 30s\n  group_interval: 5m\n  repeat_interval: 4h\n"
    "receivers:\n- name: \"null\"\n- name: slack\n- name: pager\ntemplates: []\n";

static const char *const receivers[] = {"null", "slack", "pager"};

static const char *receiver_of(const struct alert *a)
{
    return strcmp(a->severity, "critical") == 0 ? "pager"
           : strcmp(a->severity, "info") == 0   ? "null"
                                                : "slack";
}

/* -- alerts --------------------------------------------------------------------------------------- */

static void add_label(const char *name, const char *value, void *data)
{
    cJSON_AddStringToObject(data, name, value);
}

static char *generator_url(const struct alert *a)
{
    g_autofree char *escaped = g_uri_escape_string(alert_expression(a), NULL, FALSE);
    g_auto(GStrv) words = g_strsplit(escaped, "%20", -1);
    g_autofree char *expression = g_strjoinv("+", words);
    return g_strdup_printf("http://dp-mon01:9090/graph?g0.expr=%s&g0.tab=1", expression);
}

/* The ids of the silences that fit. */
static cJSON *silenced_by(const struct world *w, const struct alert *a)
{
    cJSON *ids = cJSON_CreateArray();
    const GPtrArray *all = w->alerts->silences;
    for (guint i = 0; i < all->len; i++) {
        const struct silence *s = g_ptr_array_index(all, i);
        if (strcmp(silence_state(s, w->now_ms), "active") == 0 && matchers_fit(s->matchers, a))
            cJSON_AddItemToArray(ids, cJSON_CreateString(s->id));
    }
    return ids;
}

static cJSON *make_receiver(const char *name)
{
    cJSON *json = shape("alerts_receiver");
    put_text(json, "name", name);
    return json;
}

static cJSON *make_alert(const struct world *w, const struct alert *a)
{
    cJSON *json = shape("alerts_alert");
    cJSON *labels = cJSON_CreateObject(), *to = cJSON_CreateArray();
    cJSON *ids = silenced_by(w, a);
    bool silenced = ids->child != NULL;
    int64_t updated_ms = w->now_ms - (w->now_ms - a->starts_ms) % RESENT_MS;
    g_autofree char *url = generator_url(a);
    g_autofree char *runbook =
        g_strdup_printf("https://runbooks.example/data-platform/%s", alert_name(a));
    alert_each_label(a, add_label, labels);
    cJSON_AddItemToArray(to, make_receiver(receiver_of(a)));
    put_text(json, "annotations.summary", a->summary);
    put_text(json, "annotations.description", a->description);
    put_text(json, "annotations.runbook_url", runbook);
    put_text(json, "fingerprint", a->fingerprint);
    put_text(json, "generatorURL", url);
    put_time(json, "startsAt", a->starts_ms);
    put_time(json, "updatedAt", updated_ms);
    put_time(json, "endsAt", updated_ms + VALID_MS);
    put(json, "receivers", to);
    put(json, "labels", labels);
    put(json, "status.silencedBy", ids);
    put(json, "status.inhibitedBy", cJSON_CreateArray());
    put_text(json, "status.state", silenced ? "suppressed" : "active");
    return json;
}

/* -- filters -------------------------------------------------------------------------------------- */

/* name="value", and with !=, =~, !~; the quotes may be missing. */
static bool parse_matcher(const char *text, struct matcher *out)
{
    gsize n = strcspn(text, "=!~");
    const char *op = text + n;
    bool negated = op[0] == '!';
    if (n == 0 || (op[0] != '=' && !(negated && (op[1] == '=' || op[1] == '~'))))
        return false;
    bool regex = op[1] == '~';
    const char *value = op + 1 + (negated || regex);
    gsize length = strlen(value);
    bool quoted = length >= 2 && value[0] == '"' && value[length - 1] == '"';
    g_autofree char *name = g_strndup(text, n);
    *out = (struct matcher){
        .name = g_strdup(g_strstrip(name)),
        .value = quoted ? g_strndup(value + 1, length - 2) : g_strdup(value),
        .is_regex = regex,
        .is_equal = !negated,
    };
    return true;
}

/* NULL with a reply that says what is wrong. */
static GArray *parse_filters(const struct request *q, struct reply *r)
{
    GArray *matchers = matchers_new();
    const GPtrArray *all = g_hash_table_lookup(q->query, "filter");
    for (guint i = 0; all && i < all->len; i++) {
        struct matcher m;
        if (parse_matcher(g_ptr_array_index(all, i), &m)) {
            g_array_append_val(matchers, m);
            continue;
        }
        g_autofree char *text =
            g_strdup_printf("\"bad matcher format: %s\"\n", (char *)g_ptr_array_index(all, i));
        reply_text(r, 400, "application/json", text);
        g_array_unref(matchers);
        return NULL;
    }
    return matchers;
}

static bool is_wanted(const struct request *q, const char *name)
{
    const char *value = request_query(q, name);
    return !value || strcmp(value, "true") == 0;
}

static bool passes(
    const struct world *w, const struct request *q, const GArray *matchers, const struct alert *a)
{
    cJSON *ids = silenced_by(w, a);
    bool silenced = ids->child != NULL;
    cJSON_Delete(ids);
    const char *receiver = request_query(q, "receiver");
    g_autofree char *whole = receiver ? g_strdup_printf("^(?:%s)$", receiver) : NULL;
    return is_wanted(q, silenced ? "silenced" : "active") && matchers_fit(matchers, a) &&
           (!whole || g_regex_match_simple(whole, receiver_of(a), 0, 0));
}

static void add_alert(const struct world *w, const struct alert *a, cJSON *list)
{
    cJSON_AddItemToArray(list, make_alert(w, a));
}

/* The group of the alert's name and receiver, made when it is not there. */
static cJSON *group_for(cJSON *list, const struct alert *a)
{
    for (cJSON *g = list->child; g; g = g->next) {
        const cJSON *labels = cJSON_GetObjectItemCaseSensitive(g, "labels");
        const cJSON *to = cJSON_GetObjectItemCaseSensitive(g, "receiver");
        if (strcmp(labels->child->valuestring, alert_name(a)) == 0 &&
            strcmp(to->child->valuestring, receiver_of(a)) == 0)
            return g;
    }
    cJSON *g = shape("alerts_group");
    put_text(g, "labels.alertname", alert_name(a));
    put_text(g, "receiver.name", receiver_of(a));
    cJSON_AddItemToArray(list, g);
    return g;
}

static void add_to_group(const struct world *w, const struct alert *a, cJSON *list)
{
    add_alert(w, a, cJSON_GetObjectItemCaseSensitive(group_for(list, a), "alerts"));
}

/* The list that add makes of the alerts that are asked for. */
static void answer_firing(struct world *w, const struct request *q, struct reply *r,
    void (*add)(const struct world *w, const struct alert *a, cJSON *list))
{
    GArray *matchers = parse_filters(q, r);
    if (!matchers)
        return;
    g_autoptr(GPtrArray) firing = alerts_firing(w);
    cJSON *list = cJSON_CreateArray();
    for (guint i = 0; i < firing->len; i++) {
        const struct alert *a = g_ptr_array_index(firing, i);
        if (passes(w, q, matchers, a))
            add(w, a, list);
    }
    g_array_unref(matchers);
    reply_json(r, 200, list);
}

/* -- silences ------------------------------------------------------------------------------------- */

static cJSON *make_silence(const struct world *w, const struct silence *s)
{
    cJSON *json = shape("alerts_silence");
    cJSON *matchers = cJSON_GetObjectItemCaseSensitive(json, "matchers");
    cJSON *recorded = cJSON_DetachItemFromArray(matchers, 0);
    for (guint i = 0; i < s->matchers->len; i++) {
        const struct matcher *m = &g_array_index(s->matchers, struct matcher, i);
        cJSON *one = cJSON_Duplicate(recorded, true);
        put_text(one, "name", m->name);
        put_text(one, "value", m->value);
        put_bool(one, "isRegex", m->is_regex);
        put_bool(one, "isEqual", m->is_equal);
        cJSON_AddItemToArray(matchers, one);
    }
    cJSON_Delete(recorded);
    put_text(json, "id", s->id);
    put_text(json, "status.state", silence_state(s, w->now_ms));
    put_text(json, "comment", s->comment);
    put_text(json, "createdBy", s->author);
    put_time(json, "startsAt", s->starts_ms);
    put_time(json, "endsAt", s->ends_ms);
    put_time(json, "updatedAt", s->updated_ms);
    return json;
}

static void answer_silences(struct world *w, struct reply *r)
{
    cJSON *list = cJSON_CreateArray();
    for (guint i = w->alerts->silences->len; i-- > 0;)
        cJSON_AddItemToArray(list, make_silence(w, g_ptr_array_index(w->alerts->silences, i)));
    reply_json(r, 200, list);
}

static void refuse(struct reply *r, int status, int code, const char *message)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "code", code);
    cJSON_AddStringToObject(json, "message", message);
    reply_json(r, status, json);
}

static const char *text_of(const cJSON *json, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
}

static GArray *read_matchers(const cJSON *body)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(body, "matchers");
    GArray *matchers = matchers_new();
    for (const cJSON *i = cJSON_IsArray(list) ? list->child : NULL; i; i = i->next) {
        const char *name = text_of(i, "name"), *value = text_of(i, "value");
        const cJSON *equal = cJSON_GetObjectItemCaseSensitive(i, "isEqual");
        struct matcher m = {
            .name = g_strdup(name),
            .value = g_strdup(value),
            .is_regex = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(i, "isRegex")),
            .is_equal = !cJSON_IsFalse(equal),
        };
        g_array_append_val(matchers, m);
        if (name && value)
            continue;
        g_array_unref(matchers);
        return NULL;
    }
    return matchers;
}

/* What is wrong with a silence; NULL: nothing. */
static const char *fault_of(
    const struct world *w, const cJSON *body, int64_t *starts, int64_t *ends)
{
    const char *begin = text_of(body, "startsAt"), *end = text_of(body, "endsAt");
    if (!text_of(body, "comment"))
        return "comment in body is required";
    if (!text_of(body, "createdBy"))
        return "createdBy in body is required";
    if (!end || !quantity_parse_time(end, ends))
        return "endsAt in body is required";
    if (!begin || !quantity_parse_time(begin, starts))
        return "startsAt in body is required";
    *starts = MAX(*starts, w->now_ms);
    return NULL;
}

/* One that is posted with its id is changed; the real server makes a new one when that cannot
 * be. */
static void post_silence(struct world *w, const struct request *q, struct reply *r)
{
    cJSON *body = cJSON_Parse(q->body);
    int64_t starts, ends;
    const char *fault = body ? fault_of(w, body, &starts, &ends) : NULL;
    GArray *matchers = body ? read_matchers(body) : NULL;
    if (!body) {
        refuse(r, 400, 400, "parsing silence body from \"\" failed, because invalid character");
    } else if (fault || !matchers) {
        refuse(r, 422, 602, fault ? fault : "matchers.name in body is required");
    } else if (matchers->len == 0) {
        refuse(r, 422, 612, "matchers in body should have at least 1 items");
    } else if (ends <= starts) {
        reply_text(r, 400, "application/json",
            "\"failed to create silence: start time must be before end time\"\n");
    } else {
        const char *id = text_of(body, "id");
        struct silence *old = id && *id ? alerts_silence(w, id) : NULL;
        if (old)
            old->ends_ms = MIN(old->ends_ms, w->now_ms);
        struct silence *s =
            alerts_add_silence(w, g_array_ref(matchers), starts, ends, text_of(body, "createdBy"));
        g_free(s->comment);
        s->comment = g_strdup(text_of(body, "comment"));
        world_note(w, "%s sets a silence: %s", s->author, s->comment);
        cJSON *json = shape("alerts_silence_id");
        put_text(json, "silenceID", s->id);
        reply_json(r, 200, json);
    }
    if (matchers)
        g_array_unref(matchers);
    cJSON_Delete(body);
}

static void answer_silence(struct world *w, const struct request *q, struct reply *r)
{
    struct silence *s = alerts_silence(w, q->part[3]);
    bool ends = strcmp(q->method, "DELETE") == 0;
    if (!s) {
        reply_text(r, 404, "application/json", "");
    } else if (!ends) {
        reply_json(r, 200, make_silence(w, s));
    } else if (strcmp(silence_state(s, w->now_ms), "expired") == 0) {
        g_autofree char *text = g_strdup_printf("\"silence %s already expired\"\n", s->id);
        reply_text(r, 500, "application/json", text);
    } else {
        s->ends_ms = s->updated_ms = w->now_ms;
        s->starts_ms = MIN(s->starts_ms, s->ends_ms);
        world_note(w, "a silence ends: %s", s->comment);
        reply_text(r, 200, "application/json", "");
    }
}

/* -- the server ----------------------------------------------------------------------------------- */

static void answer_status(const struct world *w, struct reply *r)
{
    cJSON *json = shape("alerts_status");
    put_text(json, "config.original", config_text);
    put_time(json, "uptime", w->zero_ms - 9 * 24 * 3600 * 1000LL);
    reply_json(r, 200, json);
}

static void answer_receivers(struct reply *r)
{
    cJSON *list = cJSON_CreateArray();
    for (guint i = 0; i < G_N_ELEMENTS(receivers); i++)
        cJSON_AddItemToArray(list, make_receiver(receivers[i]));
    reply_json(r, 200, list);
}

static void handle(struct world *w, const struct request *q, struct reply *r)
{
    if (request_is(q, "GET", "/api/v2/alerts"))
        answer_firing(w, q, r, add_alert);
    else if (request_is(q, "GET", "/api/v2/alerts/groups"))
        answer_firing(w, q, r, add_to_group);
    else if (request_is(q, "GET", "/api/v2/silences"))
        answer_silences(w, r);
    else if (request_is(q, "POST", "/api/v2/silences"))
        post_silence(w, q, r);
    else if (request_is(q, "GET", "/api/v2/silence/*") ||
             request_is(q, "DELETE", "/api/v2/silence/*"))
        answer_silence(w, q, r);
    else if (request_is(q, "GET", "/api/v2/status"))
        answer_status(w, r);
    else if (request_is(q, "GET", "/api/v2/receivers"))
        answer_receivers(r);
    else if (request_is(q, "GET", "/-/healthy") || request_is(q, "GET", "/-/ready"))
        reply_text(r, 200, "text/plain; charset=utf-8", "OK");
    else
        refuse(r, 404, 404, "path was not found");
}

const struct service alertmanager_service = {
    .name = "alertmanager", .port = 9093, .handle = handle};
