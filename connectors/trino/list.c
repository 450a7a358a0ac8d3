/* The list of queries: GET /v1/query?state=... answers an array of BasicQueryInfo, 2 kB each with
 * their whole SQL, and there may be tens of thousands. So it is never held as one JSON tree: it is
 * taken apart into its elements, and of each the cells are kept. */
#include "list.h"

#include <string.h>

#include "text.h"

/* -- a query's cells ------------------------------------------------------------------------------ */

/* Where a cell's value stands. other: its name in versions that do not have the first. */
static const struct field {
    enum query_column column;
    enum trino_how how;
    const char *path, *other;
} fields[] = {
    {Q_STATE, AS_STATE, "state", NULL},
    {Q_USER, AS_TEXT, "session.user", NULL},
    {Q_SOURCE_NAME, AS_TEXT, "session.source", NULL},
    {Q_CATALOG, AS_TEXT, "session.catalog", NULL},
    {Q_SCHEMA, AS_TEXT, "session.schema", NULL},
    {Q_QUEUED, AS_SPAN, "queryStats.queuedTime", NULL},
    {Q_ELAPSED, AS_SPAN, "queryStats.elapsedTime", NULL},
    {Q_CPU, AS_SPAN, "queryStats.totalCpuTime", NULL},
    {Q_PLANNING, AS_SPAN, "queryStats.planningTime", NULL},
    {Q_PROGRESS, AS_PERCENT, "queryStats.progressPercentage", NULL},
    {Q_MEMORY, AS_SIZE, "queryStats.totalMemoryReservation", NULL},
    {Q_PEAK_MEMORY, AS_SIZE, "queryStats.peakTotalMemoryReservation", NULL},
    {Q_READ_BYTES, AS_SIZE, "queryStats.physicalInputDataSize", NULL},
    {Q_READ_ROWS, AS_INT, "queryStats.processedInputPositions", "queryStats.rawInputPositions"},
    {Q_SPILLED, AS_SIZE, "queryStats.spilledDataSize", NULL},
    {Q_WRITTEN, AS_SIZE, "queryStats.physicalWrittenDataSize", NULL},
    {Q_SPLITS_DONE, AS_INT, "queryStats.completedDrivers", NULL},
    {Q_SPLITS_TOTAL, AS_INT, "queryStats.totalDrivers", NULL},
    {Q_SPLITS_RUNNING, AS_INT, "queryStats.runningDrivers", NULL},
    {Q_SPLITS_QUEUED, AS_INT, "queryStats.queuedDrivers", NULL},
    {Q_SPLITS_BLOCKED, AS_INT, "queryStats.blockedDrivers", NULL},
    {Q_CREATED, AS_TIME, "queryStats.createTime", NULL},
    {Q_ENDED, AS_TIME, "queryStats.endTime", NULL},
    {Q_ERROR, AS_TEXT, "errorCode.name", NULL},
    {Q_ERROR_TYPE, AS_TEXT, "errorType", "errorCode.type"},
    {Q_TYPE, AS_TEXT, "queryType", NULL},
};

static struct cell text_cell(struct query_list *l, enum cell_type type, const char *text)
{
    if (!text || !*text)
        return (struct cell){.type = CELL_NONE, .absent = ABSENT_NO_VALUE};
    return (struct cell){.type = type, .text = g_string_chunk_insert_const(l->text, text)};
}

static struct cell int_cell(enum cell_type type, int64_t value)
{
    return (struct cell){.type = type, .i = value};
}

/* Text is copied: the JSON is gone before the list is. */
static bool read_field(
    struct query_list *l, const cJSON *q, const char *path, enum trino_how how, struct cell *out)
{
    bool there = trino_cell(q, path, how, out);
    if (there && (how == AS_TEXT || how == AS_STATE))
        out->text = g_string_chunk_insert_const(l->text, out->text);
    return there;
}

/* "global.user-alice" of ["global", "user-alice"]. */
static struct cell joined(struct query_list *l, const cJSON *array, const char *between)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (const cJSON *i = json_first(array); i; i = i->next) {
        if (!cJSON_IsString(i))
            continue;
        if (text->len > 0)
            g_string_append(text, between);
        g_string_append(text, i->valuestring);
    }
    return text_cell(l, CELL_TEXT, text->str);
}

/* A statement on one line, cut at a cap: what a cell can show. The detail has all of it. */
static struct cell sql_cell(struct query_list *l, const char *sql)
{
    if (!sql || !*sql)
        return (struct cell){.type = CELL_NONE, .absent = ABSENT_NO_VALUE};
    gsize max = l->sql_bytes < LIST_SQL_TOTAL ? LIST_SQL_MAX : LIST_SQL_SHORT_MAX;
    g_autoptr(GString) line = g_string_new(NULL);
    text_append_line(line, sql, max);
    l->sql_bytes += line->len;
    return (struct cell){.type = CELL_TEXT,
        .text = g_string_chunk_insert_len(l->text, line->str, (gssize)line->len)};
}

static int64_t whole(const struct query *q, enum query_column column)
{
    return q->cell[column].type == CELL_NONE ? -1 : q->cell[column].i;
}

static bool is_state(const struct query *q, const char *state)
{
    return q->cell[Q_STATE].type == CELL_STATE && strcmp(q->cell[Q_STATE].text, state) == 0;
}

/* Of the splits that were begun, how many wait; and whether all of them do. fullyBlocked alone will
 * not do: 476 says false of a running query whose every split waits for its client. So where the
 * waiting ones are not counted (435), only its yes is believed. */
static void derive_blocked(struct query *q, const cJSON *json)
{
    bool fully = false;
    json_bool(json, "queryStats.fullyBlocked", &fully);
    int64_t running = whole(q, Q_SPLITS_RUNNING);
    int64_t blocked = whole(q, Q_SPLITS_BLOCKED);
    bool counted = running >= 0 && blocked >= 0;
    if (!is_state(q, "RUNNING"))
        return;
    if (fully || (counted && running + blocked > 0))
        q->cell[Q_BLOCKED] = (struct cell){.type = CELL_PERCENT,
            .r = fully ? 100.0 : 100.0 * (double)blocked / (double)(running + blocked)};
    if (fully || counted)
        q->cell[Q_STALLED] =
            (struct cell){.type = CELL_BOOL, .b = fully || (running == 0 && blocked > 0)};
}

/* What follows from the other cells. */
static void derive(struct query *q)
{
    bool waits = is_state(q, "QUEUED") || is_state(q, "WAITING_FOR_RESOURCES");
    bool ended = is_state(q, "FINISHED") || is_state(q, "FAILED");
    q->cell[Q_LIVE] = (struct cell){.type = CELL_BOOL, .b = !ended};
    /* queuedTime does not count the wait for resources; all its life it has waited. */
    if (waits && whole(q, Q_ELAPSED) >= 0)
        q->cell[Q_QUEUED] = q->cell[Q_ELAPSED];
    if (ended)
        q->cell[Q_SINCE] = q->cell[Q_ENDED];
    else if (waits || whole(q, Q_CREATED) < 0 || whole(q, Q_QUEUED) < 0)
        q->cell[Q_SINCE] = q->cell[Q_CREATED];
    else
        q->cell[Q_SINCE] = int_cell(CELL_TIME_MS, whole(q, Q_CREATED) + whole(q, Q_QUEUED));
    /* It may still fall when more splits are found (trinodb/trino#16690). */
    if (!ended)
        q->cell[Q_PROGRESS].quality = ESTIMATE;
}

static bool parse_query(struct query_list *l, const cJSON *json, struct query *out)
{
    const char *id = json_text(json, "queryId");
    if (!id || !*id)
        return false;
    *out = (struct query){.id = g_string_chunk_insert(l->text, id)};
    struct cell none = {.type = CELL_NONE, .absent = ABSENT_NO_VALUE};
    for (int c = 0; c < Q_COLUMNS; c++)
        out->cell[c] = none;
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        const struct field *f = &fields[i];
        struct cell *cell = &out->cell[f->column];
        if (!read_field(l, json, f->path, f->how, cell) && f->other)
            read_field(l, json, f->other, f->how, cell);
    }
    out->cell[Q_GROUP] = joined(l, json_get(json, "resourceGroupId"), ".");
    out->cell[Q_TAGS] = joined(l, json_get(json, "session.clientTags"), ",");
    out->cell[Q_SQL] = sql_cell(l, json_text(json, "query"));
    derive_blocked(out, json);
    derive(out);
    return true;
}

/* -- the list ------------------------------------------------------------------------------------- */

struct query_list *list_new(int64_t now_ms)
{
    struct query_list *l = g_new0(struct query_list, 1);
    l->text = g_string_chunk_new(65536);
    l->items = g_array_new(FALSE, FALSE, sizeof(struct query));
    l->by_id = g_hash_table_new(g_str_hash, g_str_equal);
    l->at_ms = now_ms;
    return l;
}

void list_free(struct query_list *l)
{
    if (!l)
        return;
    g_hash_table_unref(l->by_id);
    g_array_unref(l->items);
    g_string_chunk_free(l->text);
    g_free(l);
}

static struct query *append(struct query_list *l, const struct query *q)
{
    g_array_append_vals(l->items, q, 1);
    g_hash_table_insert(l->by_id, (gpointer)q->id, GUINT_TO_POINTER(l->items->len));
    return &g_array_index(l->items, struct query, l->items->len - 1);
}

struct query *list_find(const struct query_list *l, const char *id)
{
    guint place = l ? GPOINTER_TO_UINT(g_hash_table_lookup(l->by_id, id)) : 0;
    return place > 0 ? &g_array_index(l->items, struct query, place - 1) : NULL;
}

static bool take_query(const struct json_element *e, void *data)
{
    struct query_list *l = data;
    struct query q;
    if (parse_query(l, e->json, &q) && !list_find(l, q.id))
        append(l, &q);
    return true;
}

bool list_add_reply(struct query_list *l, const char *text, gsize length, bool cut, GError **error)
{
    const struct json_list list = {text, length, cut, take_query, l};
    l->cut |= cut;
    switch (json_take_elements(&list, error)) {
    case JSON_LIST_WHOLE:
    case JSON_LIST_CUT: return true;
    case JSON_LIST_NOTHING:
        return weir_fail(error, WEIR_ERROR_TOO_LARGE, "the answer is long, and no list of queries");
    case JSON_LIST_OTHER:
        return weir_fail(error, WEIR_ERROR_PROTOCOL, "the answer is no list of queries");
    case JSON_LIST_BROKEN: break;
    }
    return false;
}

struct query *list_add_copy(struct query_list *l, const struct query *q)
{
    struct query copy = *q;
    copy.id = g_string_chunk_insert(l->text, q->id);
    for (int c = 0; c < Q_COLUMNS; c++)
        if (copy.cell[c].type == CELL_TEXT || copy.cell[c].type == CELL_STATE)
            copy.cell[c].text = g_string_chunk_insert_const(l->text, q->cell[c].text);
    return append(l, &copy);
}

/* A query's id begins with its date, time and number: the newest first. */
static gint newest_first(gconstpointer a, gconstpointer b)
{
    return strcmp(((const struct query *)b)->id, ((const struct query *)a)->id);
}

void list_trim(struct query_list *l)
{
    if (l->items->len <= LIST_ROWS_MAX)
        return;
    g_array_sort(l->items, newest_first);
    l->left_out = l->items->len - LIST_ROWS_MAX;
    g_array_set_size(l->items, LIST_ROWS_MAX);
    g_hash_table_remove_all(l->by_id);
    for (guint i = 0; i < l->items->len; i++) {
        const struct query *q = &g_array_index(l->items, struct query, i);
        g_hash_table_insert(l->by_id, (gpointer)q->id, GUINT_TO_POINTER(i + 1));
    }
}
