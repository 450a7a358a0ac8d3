/* Alertmanager over its API v2, with GET alone (0.16 and newer; run against 0.25).
 *
 * Its lists have no pages: GET /api/v2/alerts answers every alert in one array, 700 bytes each, and in an
 * outage there may be 100,000 of them. So they are read by http_read_list and cut at ALERTS_MAX rows. The
 * server sorts by fingerprint, which is to say by chance: where the list was cut, what is critical is
 * asked for by itself, so that it is never what was cut away.
 *
 * An alert is named by its fingerprint, a hash of its labels. People know it by the label alertname,
 * which many alerts share: so that is a row's name, and NAME:FINGERPRINT its place in the address.
 * endsAt lies in the future while an alert fires: Prometheus moves it on with every evaluation. */
#include <string.h>

#include "error.h"
#include "http.h"
#include "http_find.h"
#include "json.h"
#include "lane.h"
#include "rid.h"
#include "text.h"

#define TIMEOUT_MS     15000
#define STATUS_MS      (5 * 60 * 1000) /* how often the version is read */
#define ALERTS_MAX     20000
#define CRITICAL_MAX   20000 /* more, where the list was cut */
#define SILENCES_MAX   10000
#define CELL_BYTES_MAX 1024 /* of a text in a cell; the detail has it whole */
#define NAME_BYTES_MAX 200  /* of an alert's name in its address */
#define RELATED_MAX    20   /* silences and alerts that a detail tells of */

#define STATUS     "/api/v2/status"
#define ALERTS     "/api/v2/alerts"
#define SUPPRESSED "/api/v2/alerts?active=false&unprocessed=false"
#define CRITICAL   "/api/v2/alerts?filter=severity%3D~%22%28%3Fi%29critical%22"
#define SILENCES   "/api/v2/silences"

/* What a lane keeps (lane_data). */
struct alertmanager {
    struct lane *lane;
    struct http *http;
    int64_t status_ms; /* when it last told its version; 0: never */
    int64_t skew_ms;   /* the server's clock less ours, to the second */
};

/* -- the kinds ------------------------------------------------------------------------------------ */

enum {
    ALERT_SEVERITY,
    ALERT_SINCE,
    ALERT_SILENCED,
    ALERT_INHIBITED,
    ALERT_SUMMARY,
    ALERT_LABELS,
    ALERT_RECEIVER,
    ALERT_STATE,
    ALERT_ENDS,
    ALERT_SILENCES,
    ALERT_GENERATOR,
    ALERT_FINGERPRINT
};

static const struct column alert_columns[] = {
    [ALERT_SEVERITY] = {"severity", "SEVERITY", CELL_STATE, COLUMN_F_RECORD, 8, 0,
        "its label severity; absent where it has none"},
    [ALERT_SINCE] = {"since", "AGE", CELL_TIME_MS, COLUMN_F_AGE | COLUMN_F_RECORD, 5, 0,
        "since when it fires (startsAt)"},
    [ALERT_SILENCED] = {"silenced", "SIL", CELL_BOOL, COLUMN_F_RECORD, 3, 0,
        "whether a silence holds its notifications back; absent before the server has looked"},
    [ALERT_INHIBITED] = {"inhibited", "INH", CELL_BOOL, COLUMN_F_RECORD, 3, 0,
        "whether another alert holds its notifications back; absent before the server has looked"},
    [ALERT_SUMMARY] = {"summary", "SUMMARY", CELL_TEXT, COLUMN_F_PROSE, 24, 9,
        "its annotation summary, else description"},
    [ALERT_LABELS] = {"labels", "LABELS", CELL_TEXT, COLUMN_F_PROSE, 10, 4,
        "its labels but alertname and severity"},
    [ALERT_RECEIVER] = {"receiver", "RECEIVER", CELL_TEXT, 0, 8, 1, "who is notified, by route"},
    [ALERT_STATE] = {"state", "STATE", CELL_STATE, COLUMN_F_HIDDEN | COLUMN_F_RECORD, 10, 0,
        "active, suppressed (silenced, inhibited or muted by a time interval), or unprocessed"},
    [ALERT_ENDS] = {"ends", "ENDS", CELL_TIME_MS, COLUMN_F_HIDDEN, 9, 0,
        "when it counts as resolved unless it is sent again: in the future while it fires"},
    [ALERT_SILENCES] = {"silences", "SILENCES", CELL_TEXT, COLUMN_F_HIDDEN, 12, 1,
        "the silences that hold it back"},
    [ALERT_GENERATOR] = {"generator", "GENERATOR", CELL_TEXT, COLUMN_F_HIDDEN, 12, 1,
        "URL of what made it, for Prometheus its expression"},
    [ALERT_FINGERPRINT] = {"fingerprint", "FINGERPRINT", CELL_TEXT, COLUMN_F_HIDDEN | COLUMN_F_KEY,
        16, 0, "what the server tells it by: a hash of its labels"},
    {0},
};

static const struct link detail_links[] = {
    {"enter", "detail", "@detail"},
    {0},
};

#define CRITICAL_RULE "severity:/(?i)^critical$/"

static const struct health_rule alert_rules[] = {
    {"silenced=true | inhibited=true | state=suppressed", HEALTH_OK, NULL},
    {CRITICAL_RULE " summary!=none", HEALTH_FAIL, "{summary}"},
    {CRITICAL_RULE " labels!=none", HEALTH_FAIL, "it fires and is critical: {labels}"},
    {CRITICAL_RULE, HEALTH_FAIL, "it fires and is critical"},
    {"summary!=none", HEALTH_WARN, "{summary}"},
    {"labels!=none", HEALTH_WARN, "it fires: {labels}"},
    {"fingerprint!=none", HEALTH_WARN, "it fires"},
    {0},
};

static const struct kind alerts_kind = {
    .name = "alerts",
    .aliases = "alert",
    .title = "ALERT",
    .help = "what fires in Alertmanager, silenced and inhibited alerts included",
    .shape = SHAPE_TABLE,
    .columns = alert_columns,
    .sort = "-health,since,name",
    .links = detail_links,
    .feed = "alerts",
    .health = alert_rules,
    .since = "since",
};

enum {
    SILENCE_MATCHERS,
    SILENCE_STATE,
    SILENCE_ALERTS,
    SILENCE_LEFT,
    SILENCE_CREATED_BY,
    SILENCE_COMMENT,
    SILENCE_STARTS,
    SILENCE_ENDS
};

static const struct column silence_columns[] = {
    [SILENCE_MATCHERS] = {"matchers", "MATCHERS", CELL_TEXT, COLUMN_F_PROSE, 20, 5,
        "what an alert's labels must be: all of these"},
    [SILENCE_STATE] = {"state", "STATE", CELL_STATE, COLUMN_F_RECORD, 7, 0,
        "active, pending (its time has not come) or expired"},
    [SILENCE_ALERTS] = {"alerts", "ALERTS", CELL_INT, COLUMN_F_RECORD, 6, 0,
        "how many alerts that fire it holds back"},
    [SILENCE_LEFT] = {"left_ms", "LEFT", CELL_SPAN_MS, 0, 7, 0,
        "how long until it ends; absent where it has ended"},
    [SILENCE_CREATED_BY] = {"created_by", "BY", CELL_TEXT, 0, 6, 1, "who made it"},
    [SILENCE_COMMENT] = {"comment", "COMMENT", CELL_TEXT, COLUMN_F_PROSE, 10, 4, "why"},
    [SILENCE_STARTS] = {"starts", "STARTS", CELL_TIME_MS, COLUMN_F_HIDDEN, 9, 0,
        "when it began or is to begin"},
    [SILENCE_ENDS] = {"ends", "ENDS", CELL_TIME_MS, 0, 12, 0, "when it ends or ended"},
    {0},
};

static const struct kind silences_kind = {
    .name = "alerts.silences",
    .aliases = "silence",
    .title = "SILENCE",
    .nameless = true,
    .help = "silences of Alertmanager: active, pending, and those that ended within the last days",
    .shape = SHAPE_TABLE,
    .columns = silence_columns,
    .sort = "-phase,ends,name",
    .links = detail_links,
    .feed = "silences",
};

/* -- the server ----------------------------------------------------------------------------------- */

/* What says at once whether an Alertmanager is there. The caller owns the result. */
static cJSON *ask_status(struct alertmanager *am, GError **error)
{
    const struct http_request q = {.path = STATUS};
    struct http_reply r = {0};
    bool sent = http_send(am->http, &q, &r, error), gone = sent && r.status == 404;
    AUTO(cJSON) json = sent && !gone ? http_reply_json(am->http, &q, &r, error) : NULL;
    if (sent)
        am->skew_ms = http_reply_skew_ms(&r, lane_now_ms(am->lane));
    http_reply_clear(&r);
    const char *version = json_text(json, "versionInfo.version");
    if (gone || (json && !version))
        weir_fail(error, gone ? WEIR_ERROR_NOT_FOUND : WEIR_ERROR_PROTOCOL,
            "%s: no Alertmanager with API v2 (0.16 or newer) there, by what " STATUS " answers; is "
            "url its root, and not that of Prometheus?",
            source_text(lane_source(am->lane), "url"));
    if (!version)
        return NULL;
    am->status_ms = lane_now_ms(am->lane);
    lane_set_version(am->lane, version);
    return g_steal_pointer(&json);
}

static bool read_status(struct alertmanager *am, GError **error)
{
    int64_t age_ms = lane_now_ms(am->lane) - am->status_ms;
    if (am->status_ms > 0 && age_ms >= 0 && age_ms < STATUS_MS)
        return true;
    AUTO(cJSON) status = ask_status(am, error);
    return status != NULL;
}

/* -- cells ---------------------------------------------------------------------------------------- */

/* On one line, cut at CELL_BYTES_MAX. */
static void set_text(struct snapshot *s, size_t row, int column, const char *text)
{
    g_autoptr(GString) line = g_string_new(NULL);
    text_append_line(line, text ? text : "", CELL_BYTES_MAX);
    snapshot_set_optional_text(s, row, column, line->str);
}

static void append_separated(GString *out, const char *text)
{
    if (text && out->len <= CELL_BYTES_MAX)
        g_string_append_printf(out, "%s%s", out->len > 0 ? ", " : "", text);
}

/* Texts of an array, or of that member of its objects. */
static void set_joined(
    struct snapshot *s, size_t row, int column, const cJSON *array, const char *member)
{
    g_autoptr(GString) all = g_string_new(NULL);
    for (const cJSON *i = json_first(array); i; i = i->next)
        append_separated(all, member ? json_text(i, member) : cJSON_GetStringValue(i));
    set_text(s, row, column, all->str);
}

/* Go writes the year 1 for a time that is not set. */
static int64_t time_of(const cJSON *object, const char *path)
{
    int64_t at_ms;
    return json_time(object, path, &at_ms) && at_ms > 0 ? at_ms : -1;
}

static void set_time(
    struct snapshot *s, size_t row, int column, const cJSON *object, const char *path)
{
    snapshot_set_optional_int(s, row, column, time_of(object, path), ABSENT_NO_VALUE);
}

static void append_quoted(GString *out, const char *value)
{
    g_string_append_c(out, '"');
    for (const char *p = value; *p; p++) {
        if (*p == '"' || *p == '\\')
            g_string_append_c(out, '\\');
        g_string_append(out, *p == '\n' ? "\\n" : (const char[]){*p, '\0'});
    }
    g_string_append_c(out, '"');
}

/* A label's value, in quotes where it would be unclear without. */
static void append_value(GString *out, const char *value)
{
    bool plain = *value;
    for (const char *p = value; *p; p++)
        plain &= (guchar)*p > ' ' && !strchr("\",={}\\", *p);
    if (plain)
        g_string_append(out, value);
    else
        append_quoted(out, value);
}

static void set_labels(struct snapshot *s, size_t row, const cJSON *labels)
{
    g_autoptr(GString) all = g_string_new(NULL);
    for (const cJSON *i = cJSON_IsObject(labels) ? labels->child : NULL; i; i = i->next) {
        bool own_column = strcmp(i->string, "alertname") == 0 || strcmp(i->string, "severity") == 0;
        if (own_column || !cJSON_IsString(i) || all->len > CELL_BYTES_MAX)
            continue;
        append_separated(all, i->string);
        g_string_append_c(all, '=');
        append_value(all, i->valuestring);
    }
    set_text(s, row, ALERT_LABELS, all->str);
}

static void append_matcher(GString *out, const cJSON *matcher)
{
    bool regex = false, equal = true; /* isEqual is missing before 0.22 */
    const char *name = json_text(matcher, "name"), *value = json_text(matcher, "value");
    json_bool(matcher, "isRegex", &regex);
    json_bool(matcher, "isEqual", &equal);
    append_separated(out, name ? name : "?");
    g_string_append(out, regex ? (equal ? "=~" : "!~") : (equal ? "=" : "!="));
    append_value(out, value ? value : "");
}

static void set_matchers(struct snapshot *s, size_t row, int column, const cJSON *silence)
{
    g_autoptr(GString) all = g_string_new(NULL);
    for (const cJSON *i = json_first(json_get(silence, "matchers")); i; i = i->next)
        if (all->len <= CELL_BYTES_MAX)
            append_matcher(all, i);
    set_text(s, row, column, all->str);
}

/* -- alerts --------------------------------------------------------------------------------------- */

struct alerts {
    struct snapshot *snapshot;
    GHashTable *seen; /* fingerprints */
    guint max;        /* of them */
};

/* NULL where there is none to speak of. */
static const char *name_of(const cJSON *alert)
{
    const char *name = json_text(json_get(alert, "labels"), "alertname");
    return name && *name && strlen(name) <= NAME_BYTES_MAX ? name : NULL;
}

/* "TargetDown:3dad4a6c52db09c0"; the fingerprint alone where there is no name. g_free. */
static char *alert_segment(const cJSON *alert)
{
    const char *name = name_of(alert), *fingerprint = json_text(alert, "fingerprint");
    return name ? g_strconcat(name, ":", fingerprint, NULL) : g_strdup(fingerprint);
}

static const char *summary_of(const cJSON *alert)
{
    const cJSON *annotations = json_get(alert, "annotations");
    const char *summary = json_text(annotations, "summary");
    return summary && *summary ? summary : json_text(annotations, "description");
}

/* Whether the server has looked, and what it saw. */
static void set_held(
    struct snapshot *s, size_t row, int column, const cJSON *status, const char *by)
{
    const char *state = json_text(status, "state");
    const cJSON *array = json_get(status, by);
    if (cJSON_IsArray(array) && state && strcmp(state, "unprocessed") != 0)
        snapshot_set_bool(s, row, column, cJSON_GetArraySize(array) > 0);
    else
        snapshot_set_absent(s, row, column, ABSENT_NO_VALUE);
}

static void set_alert(struct snapshot *s, size_t row, const cJSON *alert)
{
    const cJSON *status = json_get(alert, "status");
    const char *state = json_text(status, "state");
    set_text(s, row, ALERT_SEVERITY, json_text(json_get(alert, "labels"), "severity"));
    set_time(s, row, ALERT_SINCE, alert, "startsAt");
    set_text(s, row, ALERT_SUMMARY, summary_of(alert));
    set_labels(s, row, json_get(alert, "labels"));
    set_held(s, row, ALERT_SILENCED, status, "silencedBy");
    set_held(s, row, ALERT_INHIBITED, status, "inhibitedBy");
    set_joined(s, row, ALERT_RECEIVER, json_get(alert, "receivers"), "name");
    json_cell(s, row, ALERT_STATE, status, "state");
    set_time(s, row, ALERT_ENDS, alert, "endsAt");
    set_joined(s, row, ALERT_SILENCES, json_get(status, "silencedBy"), NULL);
    set_text(s, row, ALERT_GENERATOR, json_text(alert, "generatorURL"));
    json_cell(s, row, ALERT_FINGERPRINT, alert, "fingerprint");
    snapshot_set_phase(s, row, g_strcmp0(state, "suppressed") == 0 ? PHASE_OFF : PHASE_RUN);
}

static bool add_alert(const struct json_element *e, void *data)
{
    struct alerts *all = data;
    const cJSON *alert = e->json;
    const char *fingerprint = json_text(alert, "fingerprint");
    if (!fingerprint || !*fingerprint || strlen(fingerprint) > NAME_BYTES_MAX) {
        snapshot_set_incomplete(all->snapshot, "alerts without a fingerprint were left out");
        return true;
    }
    if (g_hash_table_contains(all->seen, fingerprint))
        return true;
    if (g_hash_table_size(all->seen) >= all->max)
        return false;
    g_hash_table_add(all->seen, g_strdup(fingerprint));
    size_t row = snapshot_add(all->snapshot, name_of(alert) ? name_of(alert) : fingerprint);
    g_autofree char *segment = alert_segment(alert);
    AUTO(rid) own = rid_child(snapshot_scope(all->snapshot), "alerts", segment);
    g_autofree char *address = rid_print(own);
    snapshot_set_address(all->snapshot, row, address);
    set_alert(all->snapshot, row, alert);
    return true;
}

/* A list that was cut is made whole in what matters most. */
static void add_critical(struct alertmanager *am, struct alerts *all)
{
    struct http_list list = {.take = add_alert, .data = all};
    all->max += CRITICAL_MAX;
    bool every = http_read_list(am->http, CRITICAL, &list, NULL) && !list.cut;
    g_autofree char *why = g_strdup_printf("more alerts than weir takes: here are %u, %s",
        g_hash_table_size(all->seen),
        every ? "all critical ones among them" : "not even all critical ones");
    snapshot_set_incomplete(all->snapshot, why);
}

static bool fetch_alerts(struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    (void)scope;
    struct alertmanager *am = lane_data(l);
    if (!read_status(am, error))
        return false;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    AUTO(snapshot) s = batch_snapshot(out, &alerts_kind);
    struct alerts all = {.snapshot = s, .seen = seen, .max = ALERTS_MAX};
    struct http_list list = {.take = add_alert, .data = &all};
    if (!http_read_list(am->http, ALERTS, &list, error))
        return false;
    if (list.cut)
        add_critical(am, &all);
    batch_publish(out, g_steal_pointer(&s));
    return true;
}

/* -- silences ------------------------------------------------------------------------------------- */

static bool add_silence(const struct json_element *e, void *data)
{
    struct snapshot *s = data;
    const cJSON *silence = e->json;
    const char *id = json_text(silence, "id");
    if (!id || !*id)
        return true;
    if (snapshot_count(s) >= SILENCES_MAX)
        return false;
    size_t row = snapshot_add(s, id);
    const char *state = json_text(silence, "status.state");
    bool pending = g_strcmp0(state, "pending") == 0, over = g_strcmp0(state, "expired") == 0;
    int64_t ends_ms = time_of(silence, "endsAt");
    set_matchers(s, row, SILENCE_MATCHERS, silence);
    json_cell(s, row, SILENCE_STATE, silence, "status.state");
    snapshot_set_optional_int(s, row, SILENCE_LEFT,
        over || ends_ms < 0 ? -1 : MAX(ends_ms - snapshot_at(s), 0), ABSENT_NO_VALUE);
    if (over || pending)
        snapshot_set_int(s, row, SILENCE_ALERTS, 0);
    set_text(s, row, SILENCE_CREATED_BY, json_text(silence, "createdBy"));
    set_text(s, row, SILENCE_COMMENT, json_text(silence, "comment"));
    set_time(s, row, SILENCE_STARTS, silence, "startsAt");
    set_time(s, row, SILENCE_ENDS, silence, "endsAt");
    snapshot_set_phase(s, row, over ? PHASE_OFF : pending ? PHASE_WAIT : PHASE_RUN);
    return true;
}

static bool count_held(const struct json_element *e, void *data)
{
    GHashTable *counts = data;
    for (const cJSON *i = json_first(json_get(e->json, "status.silencedBy")); i; i = i->next) {
        if (!cJSON_IsString(i))
            continue;
        guint before = GPOINTER_TO_UINT(g_hash_table_lookup(counts, i->valuestring));
        g_hash_table_insert(counts, g_strdup(i->valuestring), GUINT_TO_POINTER(before + 1));
    }
    return true;
}

/* Fills the numbers of alerts that active silences hold back; they are absent where they cannot be had. */
static bool set_counts(struct alertmanager *am, struct snapshot *s, GError **error)
{
    g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GError) failed = NULL;
    struct http_list list = {.take = count_held, .data = counts};
    bool ok = http_read_list(am->http, SUPPRESSED, &list, &failed);
    enum absent why = ok                                  ? ABSENT_NO_VALUE
                      : failed->code == WEIR_ERROR_DENIED ? ABSENT_DENIED
                                                          : ABSENT_FAILED;
    for (size_t row = 0; row < snapshot_count(s); row++) {
        if (snapshot_row(s, row)->phase != PHASE_RUN)
            continue;
        guint count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, snapshot_row(s, row)->key));
        snapshot_set_optional_int(s, row, SILENCE_ALERTS, ok ? (int64_t)count : -1, why);
        if (ok && list.cut)
            snapshot_set_quality(s, row, SILENCE_ALERTS, BOUND);
    }
    if (!ok)
        g_propagate_error(error, g_steal_pointer(&failed));
    return ok;
}

static bool fetch_silences(
    struct lane *l, const struct rid *scope, struct batch *out, GError **error)
{
    (void)scope;
    struct alertmanager *am = lane_data(l);
    if (!read_status(am, error))
        return false;
    AUTO(snapshot) s = batch_snapshot(out, &silences_kind);
    struct http_list list = {.take = add_silence, .data = s};
    if (!http_read_list(am->http, SILENCES, &list, error))
        return false;
    if (list.cut)
        snapshot_set_incomplete(s, "more silences than weir takes");
    bool counted = set_counts(am, s, error);
    batch_publish(out, g_steal_pointer(&s));
    return counted;
}

/* -- one of them whole ---------------------------------------------------------------------------- */

/* A row of the detail; its value is the caller's to set. */
static size_t add_field(struct snapshot *detail, const char *group, const char *name)
{
    size_t row = snapshot_add(detail, name);
    snapshot_set_text(detail, row, DETAIL_GROUP, group);
    return row;
}

/* What belongs to the thing is worth having, whether or not all of it can be had. */
static void add_failure(struct snapshot *detail, const char *group, const char *why)
{
    snapshot_set_text(detail, add_field(detail, group, "not read"), DETAIL_VALUE, why);
    snapshot_set_incomplete(detail, why);
}

/* An alert that is looked for: by its fingerprint, or by its name where it is the only one. */
struct search {
    const char *fingerprint; /* NULL: any will do */
    cJSON *found;
    GString *raw;
    guint hits;
};

static bool look_at(const struct json_element *e, void *data)
{
    struct search *w = data;
    if (w->fingerprint && g_strcmp0(json_text(e->json, "fingerprint"), w->fingerprint) != 0)
        return true;
    if (w->hits++ == 0) {
        w->found = cJSON_Duplicate(e->json, TRUE);
        g_string_append_len(w->raw, e->text, (gssize)e->length);
    }
    return !w->fingerprint;
}

static char *path_of_name(const char *name)
{
    g_autoptr(GString) matcher = g_string_new("alertname=");
    append_quoted(matcher, name);
    g_autofree char *escaped = http_escape(matcher->str);
    return g_strconcat(ALERTS "?filter=", escaped, NULL);
}

/* segment: NAME:FINGERPRINT, or one of the two. The caller owns the result. */
static cJSON *find_alert(struct alertmanager *am, const char *segment, GString *raw, GError **error)
{
    const char *colon = strrchr(segment, ':'), *last = colon ? colon + 1 : segment;
    bool exact = strlen(last) == 16 && last[strspn(last, "0123456789abcdef")] == '\0';
    g_autofree char *name = g_strndup(segment, (gsize)(colon ? colon - segment : 0));
    g_autofree char *path =
        exact && !colon ? g_strdup(ALERTS) : path_of_name(exact ? name : segment);
    struct search w = {.fingerprint = exact ? last : NULL, .raw = raw};
    struct http_list list = {.take = look_at, .data = &w};
    bool read = http_read_list(am->http, path, &list, error);
    if (read && w.hits == 1)
        return w.found;
    if (read && w.hits == 0)
        weir_fail(error, WEIR_ERROR_NOT_FOUND,
            "no alert %s fires at %s: it is resolved, or has not come in since the server started",
            segment, source_text(lane_source(am->lane), "url"));
    else if (read)
        weir_fail(error, WEIR_ERROR_USAGE,
            "%u alerts are called %s: their addresses, which end in the fingerprint, tell them "
            "apart",
            w.hits, segment);
    cJSON_Delete(w.found);
    return NULL;
}

static cJSON *get_silence(struct alertmanager *am, const char *id, GString *raw, GError **error)
{
    g_autofree char *escaped = http_escape(id);
    g_autofree char *path = g_strconcat("/api/v2/silence/", escaped, NULL);
    const struct http_request q = {.path = path};
    struct http_reply r = {0};
    bool sent = http_send(am->http, &q, &r, error);
    cJSON *silence = sent ? http_reply_json(am->http, &q, &r, error) : NULL;
    if (silence && raw)
        g_string_append_len(raw, r.body->str, (gssize)r.body->len);
    http_reply_clear(&r);
    return silence;
}

static void add_text(struct snapshot *detail, const char *group, const char *name, const char *text)
{
    set_text(detail, add_field(detail, group, name), DETAIL_VALUE, text);
}

/* Who holds the alert back, until when and why. */
static void add_silence_of(struct alertmanager *am, const char *id, struct snapshot *detail)
{
    static const char group[] = "silenced by";
    g_autoptr(GError) error = NULL;
    AUTO(cJSON) silence = get_silence(am, id, NULL, &error);
    if (!silence) {
        add_failure(detail, group, error->message);
        return;
    }
    add_text(detail, group, "silence", id);
    set_matchers(detail, add_field(detail, group, "matchers"), DETAIL_VALUE, silence);
    add_text(detail, group, "created_by", json_text(silence, "createdBy"));
    add_text(detail, group, "comment", json_text(silence, "comment"));
    snapshot_set_cell(detail, add_field(detail, group, "ends"), DETAIL_VALUE,
        (struct cell){.type = CELL_TIME_MS, .i = time_of(silence, "endsAt")});
}

/* Alerts that a silence holds back, or that hold an alert back. */
struct related {
    struct snapshot *detail;
    const char *group;
    const cJSON *fingerprints; /* it is one of these, or */
    const char *silence;       /* held back by this */
    guint count;
};

static bool has_text(const cJSON *array, const char *text)
{
    for (const cJSON *i = json_first(array); i; i = i->next)
        if (g_strcmp0(cJSON_GetStringValue(i), text) == 0)
            return true;
    return false;
}

static bool add_related(const struct json_element *e, void *data)
{
    struct related *r = data;
    const char *fingerprint = json_text(e->json, "fingerprint");
    bool hit = r->silence ? has_text(json_get(e->json, "status.silencedBy"), r->silence)
                          : has_text(r->fingerprints, fingerprint);
    if (!hit || !fingerprint)
        return true;
    if (r->count++ >= RELATED_MAX)
        return false;
    g_autofree char *segment = alert_segment(e->json);
    add_text(r->detail, r->group, segment, summary_of(e->json));
    return true;
}

static void add_alerts_of(struct alertmanager *am, const char *path, struct related *r)
{
    struct http_list list = {.take = add_related, .data = r};
    g_autoptr(GError) error = NULL;
    if (!http_read_list(am->http, path, &list, &error))
        add_failure(r->detail, r->group, error->message);
    else if (list.cut)
        snapshot_set_incomplete(r->detail, "not all alerts that belong to it are listed");
}

static bool show_alert(struct alertmanager *am, const char *segment, struct snapshot *detail,
    GString *raw, GError **error)
{
    AUTO(cJSON) alert = find_alert(am, segment, raw, error);
    if (!alert)
        return false;
    add_text(detail, "", "what", summary_of(alert));
    json_detail(detail, alert);
    guint left = RELATED_MAX;
    const cJSON *id = json_first(json_get(alert, "status.silencedBy"));
    for (; id && left > 0; id = id->next, left--)
        if (cJSON_IsString(id))
            add_silence_of(am, id->valuestring, detail);
    const cJSON *by = json_get(alert, "status.inhibitedBy");
    struct related r = {.detail = detail, .group = "inhibited by", .fingerprints = by};
    if (json_first(by))
        add_alerts_of(am, ALERTS, &r);
    return true;
}

static bool show_silence(
    struct alertmanager *am, const char *id, struct snapshot *detail, GString *raw, GError **error)
{
    AUTO(cJSON) silence = get_silence(am, id, raw, error);
    if (!silence)
        return false;
    struct related held = {.detail = detail, .group = "silences now", .silence = id};
    set_matchers(detail, add_field(detail, "", "for alerts with"), DETAIL_VALUE, silence);
    json_detail(detail, silence);
    if (g_strcmp0(json_text(silence, "status.state"), "active") == 0)
        add_alerts_of(am, SUPPRESSED, &held);
    return true;
}

static bool show(
    struct lane *l, const struct rid *what, struct snapshot *detail, GString *raw, GError **error)
{
    struct alertmanager *am = lane_data(l);
    if (rid_name(what, "alerts"))
        return show_alert(am, rid_name(what, "alerts"), detail, raw, error);
    if (rid_name(what, "silences"))
        return show_silence(am, rid_name(what, "silences"), detail, raw, error);
    return weir_fail(error, WEIR_ERROR_USAGE,
        "%s has alerts and silences: %s/alerts/NAME, %s/silences/ID", what->source, what->source,
        what->source);
}

/* -- doctor and discovery ------------------------------------------------------------------------- */

static void check_cluster(const cJSON *status, struct snapshot *doctor)
{
    const char *state = json_text(status, "cluster.status");
    bool alone = g_strcmp0(state, "disabled") == 0;
    bool good = alone || g_strcmp0(state, "ready") == 0;
    g_autofree char *seen = g_strdup_printf("%s, %d members", state ? state : "state not told",
        cJSON_GetArraySize(json_get(status, "cluster.peers")));
    doctor_add(doctor, "cluster", good ? HEALTH_OK : HEALTH_WARN,
        alone ? "disabled: it runs alone" : seen,
        good ? NULL : "until it is ready, silences made at other members may be missing here");
}

static bool count_element(const struct json_element *e, void *count)
{
    (void)e;
    ++*(guint *)count;
    return true;
}

static void check_list(
    struct alertmanager *am, struct snapshot *doctor, const char *what, const char *path)
{
    guint count = 0;
    struct http_list list = {.take = count_element, .data = &count};
    g_autoptr(GError) error = NULL;
    bool ok = http_read_list(am->http, path, &list, &error);
    g_autofree char *seen = g_strdup_printf("allowed: %s%u", list.cut ? "more than " : "", count);
    doctor_add(doctor, what, ok ? HEALTH_OK : HEALTH_FAIL, ok ? seen : error->message,
        ok || error->code != WEIR_ERROR_DENIED ? NULL
                                               : "let this user GET " ALERTS " and " SILENCES);
}

/* A server that does not answer, or lets nobody in, is the error of the whole. */
static bool check(struct lane *l, struct snapshot *doctor, GError **error)
{
    struct alertmanager *am = lane_data(l);
    AUTO(cJSON) status = ask_status(am, error);
    if (!status)
        return false;
    doctor_add(doctor, "reachable", HEALTH_OK, "answers", NULL);
    doctor_add(doctor, "version", HEALTH_OK, json_text(status, "versionInfo.version"), NULL);
    check_cluster(status, doctor);
    check_list(am, doctor, "may list alerts", ALERTS);
    check_list(am, doctor, "may list silences", SILENCES);
    doctor_add_clock(doctor, am->skew_ms);
    return true;
}

/* Kafka is fond of 9093 as well; it does not answer so. */
static bool is_alertmanager(const cJSON *status)
{
    return json_text(status, "cluster.status") && json_text(status, "versionInfo.version");
}

static void discover(struct lane *l, struct found *out)
{
    static const struct listen_range usual_ports[] = {{9093, 9093}, {19093, 19093}, {0}};
    const struct http_sign sign = {"alertmanager", usual_ports, STATUS, is_alertmanager};
    http_find(l, out, &sign, NULL);
}

/* -- the connector -------------------------------------------------------------------------------- */

static void close_lane(struct lane *l)
{
    struct alertmanager *am = lane_data(l);
    http_free(am ? am->http : NULL);
    g_free(am);
    lane_set_data(l, NULL);
}

static bool open_lane(struct lane *l, GError **error)
{
    close_lane(l); /* what an attempt that failed left */
    struct alertmanager *am = g_new0(struct alertmanager, 1);
    lane_set_data(l, am);
    am->lane = l;
    am->http = http_new(l, source_text(lane_source(l), "url"), error);
    return am->http && http_sign_in(am->http, error);
}

static const struct option options[] = {
    {"url", OPTION_URL, OPTION_F_REQUIRED, NULL, "its root: http://am.example:9093"},
    {"username", OPTION_TEXT, 0, NULL, "for Basic authentication"},
    {"password", OPTION_SECRET, 0, NULL, "of username"},
    {"token", OPTION_SECRET, 0, NULL, "sent as Bearer, for a proxy in front of it"},
    {0},
};

static const struct kind *const kinds[] = {&alerts_kind, &silences_kind, NULL};

static const char *const alerts_kinds[] = {"alerts", NULL};
static const char *const silences_kinds[] = {"alerts.silences", NULL};

static const struct feed feeds[] = {
    {"alerts", 10000, FEED_ALWAYS, .kinds = alerts_kinds, .fetch = fetch_alerts},
    {"silences", 30000, FEED_ALWAYS, .kinds = silences_kinds, .fetch = fetch_silences},
    {0},
};

static const struct connector alertmanager_connector = {
    .name = "alertmanager",
    .title = "Alertmanager",
    .help = "alerts and silences over the API v2, by GET alone; run against 0.25",
    .options = options,
    .http = true,
    .kinds = kinds,
    .feeds = feeds,
    .timeout_ms = TIMEOUT_MS,
    .open = open_lane,
    .close = close_lane,
    .show = show,
    .check = check,
    .discover = discover,
};
CONNECTOR(alertmanager);
