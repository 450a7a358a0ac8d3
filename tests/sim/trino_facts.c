/* Figures of a query, and the tables that say where each stands in an answer. */
#include "trino_facts.h"

#include <math.h>
#include <string.h>

#include "quantity.h"

#define SLOT '\x01' /* begins a place in a printed shape: the number of what goes there follows */

/* -- writing -------------------------------------------------------------------------------------- */

void trino_append_span(GString *out, double ms)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = {{"d", 86400e3}, {"h", 3600e3}, {"m", 60e3}, {"s", 1e3}, {"ms", 1}, {"us", 1e-3},
        {"ns", 1e-6}};
    guint i = 0;
    while (i + 1 < G_N_ELEMENTS(units) && ms / units[i].ms < 0.9999)
        i++;
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append(out, g_ascii_formatd(number, sizeof number, "%.2f", ms / units[i].ms));
    g_string_append(out, units[i].name);
}

char *trino_span(double ms)
{
    GString *out = g_string_new(NULL);
    trino_append_span(out, ms);
    return g_string_free(out, FALSE);
}

void trino_append_quoted(GString *out, const char *text)
{
    g_string_append_c(out, '"');
    for (const char *p = text; *p; p++) {
        if (*p == '\n')
            g_string_append(out, "\\n");
        else if (*p == '"' || *p == '\\')
            g_string_append_printf(out, "\\%c", *p);
        else if ((unsigned char)*p < ' ')
            g_string_append_printf(out, "\\u%04x", (unsigned)*p);
        else
            g_string_append_c(out, *p);
    }
    g_string_append_c(out, '"');
}

static void append_whole(GString *out, double value)
{
    char digits[24];
    char *p = digits + sizeof digits;
    guint64 n = value > 0 ? (guint64)value : 0;
    *--p = '\0';
    do {
        *--p = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    g_string_append(out, p);
}

enum how { SPAN, SIZE, COUNT, REAL, TIME, YES };

static void append_value(GString *out, enum how how, double value)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    if (isnan(value)) {
        g_string_append(out, "null");
        return;
    }
    switch (how) {
    case COUNT: append_whole(out, value); return;
    case YES: g_string_append(out, value > 0 ? "true" : "false"); return;
    case REAL: g_string_append(out, g_ascii_formatd(number, sizeof number, "%.15g", value)); return;
    default: break;
    }
    g_string_append_c(out, '"');
    if (how == SPAN) {
        trino_append_span(out, value);
    } else if (how == TIME) {
        quantity_append_iso(out, (int64_t)value);
    } else {
        append_whole(out, value);
        g_string_append_c(out, 'B');
    }
    g_string_append_c(out, '"');
}

/* -- figures by name ------------------------------------------------------------------------------ */

/* In queryStats, stageStats, stats of a task. */
static const struct place {
    const char *name;
    enum how how;
    enum figure figure;
} places[] = {
    {"createTime", TIME, F_CREATED},
    {"executionStartTime", TIME, F_STARTED},
    {"schedulingComplete", TIME, F_STARTED},
    {"firstStartTime", TIME, F_STARTED},
    {"lastStartTime", TIME, F_STARTED},
    {"lastHeartbeat", TIME, F_HEARTBEAT},
    {"endTime", TIME, F_ENDED},
    {"lastEndTime", TIME, F_ENDED},
    {"elapsedTime", SPAN, F_ELAPSED},
    {"queuedTime", SPAN, F_QUEUED},
    {"resourceWaitingTime", SPAN, F_WAITING},
    {"executionTime", SPAN, F_EXECUTION},
    {"analysisTime", SPAN, F_ANALYSIS},
    {"planningTime", SPAN, F_PLANNING},
    {"planningCpuTime", SPAN, F_PLANNING_CPU},
    {"startingTime", SPAN, F_STARTING},
    {"finishingTime", SPAN, F_FINISHING},
    {"totalTasks", COUNT, F_TASKS},
    {"runningTasks", COUNT, F_TASKS_RUNNING},
    {"completedTasks", COUNT, F_TASKS_DONE},
    {"failedTasks", COUNT, F_TASKS_FAILED},
    {"totalDrivers", COUNT, F_SPLITS},
    {"queuedDrivers", COUNT, F_SPLITS_QUEUED},
    {"queuedPartitionedDrivers", COUNT, F_SPLITS_QUEUED},
    {"runningDrivers", COUNT, F_SPLITS_RUNNING},
    {"runningPartitionedDrivers", COUNT, F_SPLITS_RUNNING},
    {"blockedDrivers", COUNT, F_SPLITS_BLOCKED},
    {"completedDrivers", COUNT, F_SPLITS_DONE},
    {"cumulativeUserMemory", REAL, F_CUMULATIVE},
    {"failedCumulativeUserMemory", REAL, F_ZERO},
    {"userMemoryReservation", SIZE, F_MEMORY},
    {"memoryReservation", SIZE, F_MEMORY},
    {"totalMemoryReservation", SIZE, F_MEMORY},
    {"peakUserMemoryReservation", SIZE, F_MEMORY_MOST},
    {"peakMemoryReservation", SIZE, F_MEMORY_MOST},
    {"peakTotalMemoryReservation", SIZE, F_MEMORY_MOST},
    {"peakTaskUserMemory", SIZE, F_TASK_MOST},
    {"peakTaskTotalMemory", SIZE, F_TASK_MOST},
    {"scheduled", YES, F_IS_SCHEDULED},
    {"progressPercentage", REAL, F_PROGRESS},
    {"runningPercentage", REAL, F_RUNNING_PERCENT},
    {"totalScheduledTime", SPAN, F_SCHEDULED},
    {"failedScheduledTime", SPAN, F_ZERO},
    {"totalCpuTime", SPAN, F_CPU},
    {"failedCpuTime", SPAN, F_ZERO},
    {"totalBlockedTime", SPAN, F_BLOCKED},
    {"fullyBlocked", YES, F_FULLY_BLOCKED},
    {"physicalInputDataSize", SIZE, F_READ_BYTES},
    {"failedPhysicalInputDataSize", SIZE, F_ZERO},
    {"physicalInputPositions", COUNT, F_READ_ROWS},
    {"failedPhysicalInputPositions", COUNT, F_ZERO},
    {"physicalInputReadTime", SPAN, F_READ_TIME},
    {"failedPhysicalInputReadTime", SPAN, F_ZERO},
    {"internalNetworkInputDataSize", SIZE, F_NETWORK_BYTES},
    {"failedInternalNetworkInputDataSize", SIZE, F_ZERO},
    {"internalNetworkInputPositions", COUNT, F_NETWORK_ROWS},
    {"failedInternalNetworkInputPositions", COUNT, F_ZERO},
    {"rawInputDataSize", SIZE, F_RAW_BYTES},
    {"failedRawInputDataSize", SIZE, F_ZERO},
    {"rawInputPositions", COUNT, F_RAW_ROWS},
    {"failedRawInputPositions", COUNT, F_ZERO},
    {"processedInputDataSize", SIZE, F_BYTES},
    {"failedProcessedInputDataSize", SIZE, F_ZERO},
    {"processedInputPositions", COUNT, F_ROWS},
    {"failedProcessedInputPositions", COUNT, F_ZERO},
    {"inputBlockedTime", SPAN, F_INPUT_BLOCKED},
    {"failedInputBlockedTime", SPAN, F_ZERO},
    {"bufferedDataSize", SIZE, F_BUFFERED},
    {"outputDataSize", SIZE, F_OUT_BYTES},
    {"failedOutputDataSize", SIZE, F_ZERO},
    {"outputPositions", COUNT, F_OUT_ROWS},
    {"failedOutputPositions", COUNT, F_ZERO},
    {"outputBlockedTime", SPAN, F_OUT_BLOCKED},
    {"failedOutputBlockedTime", SPAN, F_ZERO},
    {"physicalWrittenDataSize", SIZE, F_WRITTEN_BYTES},
    {"failedPhysicalWrittenDataSize", SIZE, F_ZERO},
    {"logicalWrittenDataSize", SIZE, F_WRITTEN_BYTES},
    {"writtenPositions", COUNT, F_WRITTEN_ROWS},
    {"spilledDataSize", SIZE, F_ZERO},
};

/* -- who and what, by path ------------------------------------------------------------------------ */

static void say_id(GString *out, const struct facts *k)
{
    g_string_append_printf(out, "\"%s\"", k->q->id);
}

static void say_transaction(GString *out, const struct facts *k)
{
    guint a = g_str_hash(k->q->id), b = a * 2654435761u;
    g_string_append_printf(out, "\"%08x-%04x-4%03x-9%03x-%04x%08x\"", a, b >> 16, b & 0xfff,
        (a ^ b) & 0xfff, a & 0xffff, b ^ (a >> 3));
}

static void say_user(GString *out, const struct facts *k)
{
    trino_append_quoted(out, k->q->user);
}

static void say_source(GString *out, const struct facts *k)
{
    trino_append_quoted(out, k->q->source);
}

static void say_address(GString *out, const struct facts *k)
{
    g_string_append_printf(out, "\"10.20.4.%u\"", 10 + g_str_hash(k->q->user) % 200);
}

/* With nanoseconds, and a little before the query. */
static void say_start(GString *out, const struct facts *k)
{
    g_string_append_c(out, '"');
    quantity_append_iso(out, k->q->created_ms - 4);
    g_string_truncate(out, out->len - 1);
    g_string_append_printf(out, "%06uZ\"", k->q->number * 7919 % 1000000);
}

static void say_group(GString *out, const struct facts *k)
{
    g_string_append_printf(out, "[\"global\",\"%s\"]", k->w->warehouse->group[k->q->flavour].name);
}

static void say_state(GString *out, const struct facts *k)
{
    g_string_append_printf(out, "\"%s\"", query_state_name(k->state));
}

static void say_scheduled(GString *out, const struct facts *k)
{
    append_value(out, YES, k->f[F_IS_SCHEDULED]);
}

static void say_progress(GString *out, const struct facts *k)
{
    append_value(out, REAL, k->f[F_PROGRESS]);
}

static void say_running(GString *out, const struct facts *k)
{
    append_value(out, REAL, k->f[F_RUNNING_PERCENT]);
}

static void say_self(GString *out, const struct facts *k)
{
    g_string_append_printf(out, "\"" TRINO_URL "/v1/query/%s\"", k->q->id);
}

static void say_sql(GString *out, const struct facts *k)
{
    trino_append_quoted(out, k->q->sql);
}

static void say_type(GString *out, const struct facts *k)
{
    trino_append_quoted(out, k->q->type);
}

static void say_update_type(GString *out, const struct facts *k)
{
    trino_append_quoted(out, k->q->update_type);
}

static void say_error_type(GString *out, const struct facts *k)
{
    trino_append_quoted(out, k->q->error->type);
}

static void say_error_code(GString *out, const struct facts *k)
{
    const struct failure *e = k->q->error;
    g_string_append_printf(out, "{\"code\":%d,\"name\":\"%s\",\"type\":\"%s\",\"fatal\":%s}",
        e->code, e->name, e->type, e->fatal ? "true" : "false");
}

static void say_reasons(GString *out, const struct facts *k)
{
    g_string_append(out, k->q->starved ? "[\"WAITING_FOR_MEMORY\"]" : "[]");
}

static void say_retry_policy(GString *out, const struct facts *k)
{
    g_string_append(out, k->q->retries ? "\"TASK\"" : "\"NONE\"");
}

static const struct word {
    const char *path;
    void (*say)(GString *out, const struct facts *k);
} words[] = {
    {"queryId", say_id},
    {"session.queryId", say_id},
    {"session.transactionId", say_transaction},
    {"session.user", say_user},
    {"session.originalUser", say_user},
    {"session.principal", say_user},
    {"session.source", say_source},
    {"session.remoteUserAddress", say_address},
    {"session.start", say_start},
    {"resourceGroupId", say_group},
    {"state", say_state},
    {"scheduled", say_scheduled},
    {"progressPercentage", say_progress},
    {"runningPercentage", say_running},
    {"self", say_self},
    {"query", say_sql},
    {"queryType", say_type},
    {"updateType", say_update_type},
    {"errorType", say_error_type},
    {"errorCode", say_error_code},
    {"retryPolicy", say_retry_policy},
    {"queryStats.blockedReasons", say_reasons},
};

/* -- filling -------------------------------------------------------------------------------------- */

static bool has(const cJSON *object, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, ".", -1);
    for (char **name = names; *name && object; name++)
        object = cJSON_GetObjectItemCaseSensitive(object, *name);
    return object != NULL;
}

void trino_fill_stats(cJSON *stats, const struct facts *facts)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        const struct place *p = &places[i];
        if (!cJSON_GetObjectItemCaseSensitive(stats, p->name))
            continue;
        g_string_truncate(text, 0);
        append_value(text, p->how, facts->f[p->figure]);
        put(stats, p->name, cJSON_CreateRaw(text->str));
    }
}

void trino_fill(cJSON *query, const struct facts *facts)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        if (!has(query, words[i].path))
            continue;
        g_string_truncate(text, 0);
        words[i].say(text, facts);
        put(query, words[i].path, cJSON_CreateRaw(text->str));
    }
    trino_fill_stats(cJSON_GetObjectItemCaseSensitive(query, "queryStats"), facts);
}

/* -- the same for many ---------------------------------------------------------------------------- */

/* The shape's text with SLOT and two digits where something is to be written. */
static char *print_slots(const char *name)
{
    cJSON *query = shape(name);
    cJSON *stats = cJSON_GetObjectItemCaseSensitive(query, "queryStats");
    char mark[4] = {SLOT};
    for (guint i = 0; i < G_N_ELEMENTS(words) + G_N_ELEMENTS(places); i++) {
        bool word = i < G_N_ELEMENTS(words);
        const char *path = word ? words[i].path : places[i - G_N_ELEMENTS(words)].name;
        cJSON *object = word ? query : stats;
        mark[1] = (char)('!' + i / 80);
        mark[2] = (char)('!' + i % 80);
        if (has(object, path))
            put(object, path, cJSON_CreateRaw(mark));
    }
    char *text = cJSON_PrintUnformatted(query);
    cJSON_Delete(query);
    return text;
}

static const char *slots_of(const char *name)
{
    static GHashTable *printed; /* they never change: printed once */
    if (!printed)
        printed = g_hash_table_new(g_str_hash, g_str_equal);
    char *text = g_hash_table_lookup(printed, name);
    if (!text) {
        text = print_slots(name);
        g_hash_table_insert(printed, g_strdup(name), text);
    }
    return text;
}

static const char *shape_of(const struct facts *k)
{
    const struct query *q = k->q;
    if (k->state == QUERY_FINISHED)
        return q->update_type ? "trino_query_updated" : "trino_query_finished";
    if (k->state != QUERY_FAILED)
        return k->state >= QUERY_RUNNING ? "trino_query_running" : "trino_query_queued";
    if (q->error->early)
        return "trino_query_failed_syntax";
    if (q->started_ms == NEVER)
        return "trino_query_failed_refused";
    bool memory = q->error == &failures[FAIL_MEMORY];
    return memory ? "trino_query_failed_memory" : "trino_query_failed";
}

void trino_append_query(GString *out, const struct facts *facts)
{
    const char *p = slots_of(shape_of(facts));
    for (;;) {
        const char *slot = strchr(p, SLOT);
        if (!slot)
            break;
        g_string_append_len(out, p, slot - p);
        guint i = (guint)(slot[1] - '!') * 80 + (guint)(slot[2] - '!');
        if (i < G_N_ELEMENTS(words)) {
            words[i].say(out, facts);
        } else {
            const struct place *place = &places[i - G_N_ELEMENTS(words)];
            append_value(out, place->how, facts->f[place->figure]);
        }
        p = slot + 3;
    }
    g_string_append(out, p);
}
