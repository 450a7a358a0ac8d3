/* One thing whole, read when it is asked for. The raw form is JSON of what the cluster answered; the
 * rows are the same with one line per member, partition or setting. */
#include <string.h>

#include "cycle.h"
#include "json.h"
#include "kafka.h"
#include "rest_cycle.h"
#include "rid.h"
#include "text.h"

#define EXACT_MAX (INT64_C(1) << 53) /* beyond it a JSON number would lie */

struct showing {
    struct kafka_lane *lane;
    cJSON *raw, *rows;
};

/* -- JSON ---------------------------------------------------------------------------------------- */

static void add_text(cJSON *to, const char *name, const char *text)
{
    g_autoptr(GString) clean = g_string_new(NULL);
    if (!text) {
        cJSON_AddNullToObject(to, name);
        return;
    }
    text_clean(text, -1, clean);
    cJSON_AddStringToObject(to, name, clean->str);
}

static void add_int(cJSON *to, const char *name, int64_t value, bool known)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, value);
    if (!known)
        cJSON_AddNullToObject(to, name);
    else if (value > EXACT_MAX || value < -EXACT_MAX)
        cJSON_AddStringToObject(to, name, text);
    else
        cJSON_AddNumberToObject(to, name, (double)value);
}

static void add_offset(cJSON *to, const char *name, int64_t offset)
{
    add_int(to, name, offset, offset != KAFKA_OFFSET_NONE);
}

/* A scalar in both forms. */
static void both_text(struct showing *s, const char *name, const char *text)
{
    add_text(s->raw, name, text);
    add_text(s->rows, name, text);
}

static void both_int(struct showing *s, const char *name, int64_t value, bool known)
{
    add_int(s->raw, name, value, known);
    add_int(s->rows, name, value, known);
}

static void add_ids(cJSON *to, const char *name, const int32_t *ids, unsigned count)
{
    cJSON *list = cJSON_AddArrayToObject(to, name);
    for (unsigned i = 0; i < count; i++)
        cJSON_AddItemToArray(list, cJSON_CreateNumber(ids[i]));
}

static void append_ids(GString *out, const int32_t *ids, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        g_string_append_printf(out, "%s%d", i > 0 ? "," : "", ids[i]);
}

static void append_number(GString *out, const char *name, int64_t offset)
{
    if (offset == KAFKA_OFFSET_NONE)
        g_string_append_printf(out, ", %s ?", name);
    else
        g_string_append_printf(out, ", %s %" G_GINT64_FORMAT, name, offset);
}

/* -- configurations ------------------------------------------------------------------------------ */

struct setting {
    const char *name, *value, *from; /* from: whence its value */
    bool is_default, read_only, sensitive;
};

static void add_setting(struct showing *s, struct setting e)
{
    const char *value = e.sensitive ? "(secret)" : e.value;
    cJSON *item = cJSON_CreateObject();
    add_text(item, "name", e.name);
    add_text(item, "value", value);
    cJSON_AddBoolToObject(item, "default", e.is_default);
    cJSON_AddBoolToObject(item, "read_only", e.read_only);
    cJSON_AddBoolToObject(item, "sensitive", e.sensitive);
    add_text(item, "from", e.from);
    cJSON_AddItemToArray(cJSON_GetObjectItem(s->raw, "configs"), item);
    /* What somebody has set comes first; it is what one looks for. */
    add_text(cJSON_GetObjectItem(s->rows, e.is_default ? "configs (default)" : "configs (set)"),
        e.name, value ? value : "");
}

static void add_entry(struct showing *s, const rd_kafka_ConfigEntry_t *e)
{
    add_setting(s, (struct setting){.name = rd_kafka_ConfigEntry_name(e),
                       .value = rd_kafka_ConfigEntry_value(e),
                       .from = rd_kafka_ConfigSource_name(rd_kafka_ConfigEntry_source(e)),
                       .is_default = rd_kafka_ConfigEntry_is_default(e),
                       .read_only = rd_kafka_ConfigEntry_is_read_only(e),
                       .sensitive = rd_kafka_ConfigEntry_is_sensitive(e)});
}

static void add_item(struct showing *s, const cJSON *item)
{
    struct setting e = {.name = json_text(item, "name"),
        .value = json_text(item, "value"),
        .from = json_text(item, "source")};
    json_bool(item, "is_default", &e.is_default);
    json_bool(item, "is_read_only", &e.read_only);
    json_bool(item, "is_sensitive", &e.sensitive);
    if (e.name)
        add_setting(s, e);
}

/* A failure stands among the rows: the rest of it is known. */
static void add_rest_configs(struct showing *s, const char *kind, const char *name)
{
    g_autoptr(GError) failed = NULL;
    g_autoptr(GPtrArray) pages = rest_configs(s->lane, kind, name, &failed);
    if (failed)
        both_text(s, "configs_error", failed->message);
    for (guint i = 0; pages && i < pages->len; i++) {
        const cJSON *item = json_first(json_get(g_ptr_array_index(pages, i), "data"));
        for (; item; item = item->next)
            add_item(s, item);
    }
}

static void take_configs(const struct call_request *r, const rd_kafka_event_t *event,
    rd_kafka_resp_err_t err, const char *text)
{
    struct showing *s = r->data;
    size_t count, n = 0;
    const rd_kafka_ConfigResource_t **all = call_configs(event, &count);
    if (count > 0 && (err = rd_kafka_ConfigResource_error(all[0])))
        text = rd_kafka_err2str(err);
    if (count == 0 || err) {
        both_text(s, "configs_error", text);
        return;
    }
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(all[0], &n);
    for (size_t i = 0; i < n; i++)
        add_entry(s, entries[i]);
}

static bool add_configs(
    struct showing *s, rd_kafka_ResourceType_t type, const char *name, GError **error)
{
    g_autoptr(GArray) requests = call_requests_new();
    struct call_request r = {.type = CALL_CONFIGS,
        .names = &name,
        .count = 1,
        .resource = type,
        .answer = take_configs,
        .data = s,
        .broker = -1};
    cJSON_AddArrayToObject(s->raw, "configs");
    cJSON_AddObjectToObject(s->rows, "configs (set)");
    cJSON_AddObjectToObject(s->rows, "configs (default)");
    g_array_append_val(requests, r);
    if (!s->lane->rest)
        return call_all(&s->lane->call, requests, KAFKA_STEP_MS, error);
    add_rest_configs(s, type == RD_KAFKA_RESOURCE_TOPIC ? "topics" : "brokers", name);
    return true;
}

/* -- topics -------------------------------------------------------------------------------------- */

static void add_partition(struct showing *s, const struct kafka_topic *t, unsigned i)
{
    const struct kafka_partition *p = &t->partitions[i];
    g_autofree char *name = g_strdup_printf("%u", i);
    g_autoptr(GString) line = g_string_new("leader ");
    cJSON *item = cJSON_CreateObject();
    add_int(item, "partition", i, true);
    add_int(item, "leader", p->leader, t->led == KAFKA_KNOWN && p->leader >= 0);
    add_ids(item, "replicas", p->replicas, p->replica_count);
    add_ids(item, "isr", p->isr, p->isr_count);
    add_offset(item, "begin", p->begin);
    add_offset(item, "end", p->end);
    cJSON_AddItemToArray(cJSON_GetObjectItem(s->raw, "partitions"), item);
    if (t->led == KAFKA_KNOWN && p->leader >= 0)
        g_string_append_printf(line, "%d", p->leader);
    else
        g_string_append(line, t->led == KAFKA_KNOWN ? "none" : "?");
    g_string_append(line, ", replicas ");
    append_ids(line, p->replicas, p->replica_count);
    g_string_append(line, t->placed == KAFKA_KNOWN ? ", in sync " : "?, in sync ?");
    append_ids(line, p->isr, p->isr_count);
    append_number(line, "begin", p->begin);
    append_number(line, "end", p->end);
    add_text(cJSON_GetObjectItem(s->rows, "partitions"), name, line->str);
}

static bool show_topic(struct showing *s, const char *name, int32_t only, GError **error)
{
    const struct kafka_topic *t = cycle_one_topic(s->lane, name, error);
    if (!t)
        return false;
    both_text(s, "topic", t->name);
    both_int(s, "partition_count", t->partition_count, true);
    if (only >= 0 && !kafka_partition(t, only))
        return weir_fail(
            error, WEIR_ERROR_NOT_FOUND, "topic %s has no partition %d", t->name, only);
    bool ok = only >= 0 || add_configs(s, RD_KAFKA_RESOURCE_TOPIC, t->name, error);
    cJSON_AddArrayToObject(s->raw, "partitions");
    cJSON_AddObjectToObject(s->rows, "partitions");
    for (unsigned i = 0; ok && i < t->partition_count; i++)
        if (only < 0 || (unsigned)only == i)
            add_partition(s, t, i);
    return ok;
}

/* -- groups -------------------------------------------------------------------------------------- */

static void add_member(struct showing *s, const struct kafka_member *m)
{
    cJSON *item = cJSON_CreateObject();
    add_text(item, "member", m->id);
    add_text(item, "instance", m->instance);
    add_text(item, "client_id", m->client);
    add_text(item, "host", m->host);
    cJSON *assigned = cJSON_AddArrayToObject(item, "assigned");
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_append_printf(line, "%s%s%s", m->client ? m->client : "",
        m->instance ? ", static " : "", m->instance ? m->instance : "");
    g_string_append_printf(line, "%s%s: ", m->host ? " on " : "", m->host ? m->host : "");
    for (guint i = 0; i < m->assigned->len; i++) {
        const struct kafka_place *place = &g_array_index(m->assigned, struct kafka_place, i);
        g_autofree char *text = g_strdup_printf("%s:%d", place->topic->name, place->partition);
        g_autoptr(GString) clean = g_string_new(NULL);
        text_clean(text, -1, clean);
        cJSON_AddItemToArray(assigned, cJSON_CreateString(clean->str));
        g_string_append_printf(line, "%s%s", i > 0 ? " " : "", clean->str);
    }
    if (m->assigned->len == 0)
        g_string_append(line, "nothing assigned");
    cJSON_AddItemToArray(cJSON_GetObjectItem(s->raw, "members"), item);
    add_text(cJSON_GetObjectItem(s->rows, "members"), m->id, line->str);
}

static void add_commit(struct showing *s, const struct kafka_commit *c)
{
    const struct kafka_partition *p = kafka_partition(c->topic, c->partition);
    g_autofree char *name = g_strdup_printf("%s:%d", c->topic->name, c->partition);
    g_autoptr(GString) line = g_string_new(NULL);
    cJSON *item = cJSON_CreateObject();
    add_text(item, "topic", c->topic->name);
    add_int(item, "partition", c->partition, true);
    add_offset(item, "committed", c->offset);
    add_offset(item, "begin", p ? p->begin : KAFKA_OFFSET_NONE);
    add_offset(item, "end", p ? p->end : KAFKA_OFFSET_NONE);
    add_int(item, "lag", c->lag.lag, c->lag.lag >= 0);
    add_int(item, "lost", c->lag.gap, c->lag.state == KAFKA_LAG_LOST);
    cJSON_AddItemToArray(cJSON_GetObjectItem(s->raw, "offsets"), item);
    g_string_append_printf(line, "committed %" G_GINT64_FORMAT, c->offset);
    append_number(line, "end", p ? p->end : KAFKA_OFFSET_NONE);
    append_number(line, "lag", c->lag.lag >= 0 ? c->lag.lag : KAFKA_OFFSET_NONE);
    if (c->lag.state == KAFKA_LAG_LOST)
        append_number(line, "lost", c->lag.gap);
    add_text(cJSON_GetObjectItem(s->rows, "offsets"), name, line->str);
}

static gint by_place(gconstpointer a, gconstpointer b)
{
    const struct kafka_commit *x = *(const struct kafka_commit *const *)a;
    const struct kafka_commit *y = *(const struct kafka_commit *const *)b;
    int by_topic = strcmp(x->topic->name, y->topic->name);
    return by_topic ? by_topic : (x->partition > y->partition) - (x->partition < y->partition);
}

static void add_commits(struct showing *s, const struct kafka_group *g)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    for (guint i = 0; i < g->commits->len; i++)
        g_ptr_array_add(sorted, &g_array_index(g->commits, struct kafka_commit, i));
    g_ptr_array_sort(sorted, by_place);
    cJSON_AddArrayToObject(s->raw, "offsets");
    cJSON_AddObjectToObject(s->rows, "offsets");
    for (guint i = 0; i < sorted->len; i++)
        add_commit(s, g_ptr_array_index(sorted, i));
}

static bool show_group(struct showing *s, const char *id, GError **error)
{
    const struct kafka_group *g = cycle_one_group(s->lane, id, error);
    if (!g)
        return false;
    const struct kafka_totals *sum = &g->totals;
    both_text(s, "group", g->id);
    both_text(s, "state", g->state);
    both_text(s, "type", g->type);
    both_text(s, "protocol", g->assignor);
    both_text(s, "coordinator", g->coordinator);
    both_int(s, "member_count", g->members->len, g->members_known);
    both_int(s, "lag", sum->lag, sum->counted > 0);
    both_int(s, "lost", sum->lost, sum->counted > 0 && sum->unbegun == 0);
    both_int(s, "uncommitted", sum->uncommitted, true);
    if (g->describe_error)
        both_text(s, "members_error", g->describe_error);
    if (sum->error)
        both_text(s, "offsets_error", sum->error);
    cJSON_AddArrayToObject(s->raw, "members");
    cJSON_AddObjectToObject(s->rows, "members");
    for (guint i = 0; i < g->members->len; i++)
        add_member(s, g_ptr_array_index(g->members, i));
    add_commits(s, g);
    return true;
}

/* -- brokers ------------------------------------------------------------------------------------- */

static bool show_broker(struct showing *s, const char *name, GError **error)
{
    if (!cycle_metadata(s->lane, 0, error))
        return false;
    char *end;
    int64_t id = g_ascii_strtoll(name, &end, 10);
    const struct kafka_broker *b =
        *name && !*end && id == (int32_t)id ? kafka_broker(s->lane->state, (int32_t)id) : NULL;
    if (!b)
        return weir_fail(
            error, WEIR_ERROR_NOT_FOUND, "Kafka at %s has no broker %s", s->lane->address, name);
    kafka_brokers_count(s->lane->state);
    both_int(s, "broker", b->id, true);
    both_text(s, "host", b->host);
    both_int(s, "port", b->port, b->host != NULL);
    both_text(s, "rack", b->rack);
    both_text(s, "online", b->online ? "yes" : "no");
    bool placed = s->lane->state->placed == KAFKA_KNOWN;
    both_int(s, "leaders", b->leaders, placed);
    both_int(s, "replicas", b->replicas, placed);
    both_int(s, "under_replicated", b->missing, placed);
    /* Asked of one that is gone, its configuration would take the whole time-out. */
    return !b->online || add_configs(s, RD_KAFKA_RESOURCE_BROKER, name, error);
}

/* "TOPIC:PARTITION"; false when the name is none. */
static bool split_place(const char *name, int32_t *partition)
{
    const char *colon = strrchr(name, ':');
    char *end = NULL;
    int64_t n = colon ? g_ascii_strtoll(colon + 1, &end, 10) : -1;
    if (!colon || !colon[1] || *end || n < 0 || n > G_MAXINT32)
        return false;
    *partition = (int32_t)n;
    return true;
}

static bool show_part(struct showing *s, const struct rid *what, GError **error)
{
    const struct rid_part *last = what->count > 0 ? &what->part[what->count - 1] : NULL;
    int32_t partition;
    if (last && strcmp(last->kind, "groups") == 0)
        return show_group(s, last->name, error);
    if (last && strcmp(last->kind, "topics") == 0)
        return show_topic(s, last->name, -1, error);
    if (last && strcmp(last->kind, "brokers") == 0)
        return show_broker(s, last->name, error);
    if (last && strcmp(last->kind, "partitions") == 0 && rid_name(what, "topics") &&
        split_place(last->name, &partition))
        return show_topic(s, rid_name(what, "topics"), partition, error);
    if (last && strcmp(last->kind, "offsets") == 0 && rid_name(what, "groups"))
        return show_group(s, rid_name(what, "groups"), error);
    return weir_fail(error, WEIR_ERROR_USAGE,
        "a Kafka source shows groups/ID, topics/NAME, brokers/ID and "
        "topics/NAME/partitions/NAME:N");
}

bool kafka_show(
    struct lane *l, const struct rid *what, struct snapshot *detail, GString *raw, GError **error)
{
    struct showing s = {lane_data(l), cJSON_CreateObject(), cJSON_CreateObject()};
    call_enter(&s.lane->call);
    bool ok = show_part(&s, what, error);
    call_leave(&s.lane->call);
    if (ok) {
        char *text = cJSON_Print(s.raw);
        g_string_append(raw, text);
        cJSON_free(text);
        json_detail(detail, s.rows);
    }
    cJSON_Delete(s.raw);
    cJSON_Delete(s.rows);
    return ok;
}
