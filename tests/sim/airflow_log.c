/* The log of one try: made when it is asked for, out of what the task did until now. */
#include "airflow_answers.h"

#include <string.h>

#define LONG_LINES  20000
#define FILE_DIR    "/opt/airflow/dags/"
#define LOST        "TaskHeartbeatTimeout" /* the worker went away ... */
#define LOST_MS     60000                  /* ... so long before anybody noticed */
#define STEP_MS     4000                   /* between two lines of progress */
#define POKE_MS     60000
#define PATIENCE_MS (14 * 60 * 1000) /* of the sensor that goes on then */

struct log {
    struct ask *a;
    const struct run *run;
    const struct ti *ti;
    const struct attempt *try;
    cJSON *out;
    int64_t until_ms; /* what came later is not there yet */
    int64_t skip;     /* entries that are known already */
    int64_t count;    /* entries behind the header */
};

/* -- lines ------------------------------------------------------------------------------------- */

static const struct task *task_of(const struct log *l)
{
    return &l->run->dag->plan->tasks[l->ti->task];
}

/* An entry with the members of that shape, or NULL when nobody wants it. */
static cJSON *add(struct log *l, const char *name, int64_t at_ms, const char *event)
{
    if (at_ms > l->until_ms || l->count++ < l->skip)
        return NULL;
    cJSON *line = shape(name);
    put_time(line, "timestamp", at_ms);
    put_text(line, "event", event);
    cJSON_AddItemToArray(l->out, line);
    return line;
}

static void put_context(const struct log *l, cJSON *line)
{
    if (!line)
        return;
    guint64 number = (((guint64)l->run->serial * 16 + l->ti->task) * 128 + (guint)(l->ti->map + 1));
    put_text(line, "run_id", l->run->id);
    put_number(line, "try_number", l->try->number);
    put_uuid(
        line, "ti_id", l->run->dag, l->run->head.after_ms, number * 64 + (guint64)l->try->number);
    put_text(line, "task_id", task_of(l)->id);
    put_number(line, "map_index", l->ti->map);
    put_text(line, "dag_id", l->run->dag->id);
}

/* A line of the task's logger. */
static void say(struct log *l, int64_t at_ms, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void say(struct log *l, int64_t at_ms, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *event = g_strdup_vprintf(format, args);
    va_end(args);
    cJSON *line = add(l, "airflow_log_line", at_ms, event);
    put_context(l, line);
    if (!line)
        return;
    g_autofree char *logger = g_strdup_printf("airflow.task.operators.%s", task_of(l)->operator);
    put_text(line, "logger", logger);
    put_text(line, "filename", "operators.py");
    put_number(line, "lineno", 133);
}

/* A line that the task printed. */
static void print(struct log *l, int64_t at_ms, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void print(struct log *l, int64_t at_ms, const char *format, ...)
{
    if (at_ms > l->until_ms || l->count < l->skip) {
        l->count += at_ms <= l->until_ms;
        return;
    }
    va_list args;
    va_start(args, format);
    g_autofree char *event = g_strdup_vprintf(format, args);
    va_end(args);
    add(l, "airflow_log_stdout", at_ms, event);
}

/* -- begin and end ----------------------------------------------------------------------------- */

static void add_header(struct log *l, const char *event)
{
    cJSON *line = shape("airflow_log_header");
    put_text(line, "event", event);
    cJSON_AddItemToArray(l->out, line);
}

/* Where the log came from; of a worker that is gone nothing comes. */
static void add_headers(struct log *l)
{
    g_autofree char *map =
        l->ti->map < 0 ? g_strdup("") : g_strdup_printf("/map_index=%d", l->ti->map);
    g_autofree char *path = g_strdup_printf("dag_id=%s/run_id=%s/task_id=%s%s/attempt=%d.log",
        l->run->dag->id, l->run->id, task_of(l)->id, map, l->try->number);
    g_autofree char *source = g_strconcat("/opt/airflow/logs/", path, NULL);
    const char *host = flows_host(l->a->w, l->try->machine);
    g_autofree char *lost = g_strdup_printf(
        "Could not read served logs: HTTPConnectionPool(host='%s', port=8793): Max retries "
        "exceeded "
        "with url: /log/%s (Caused by NewConnectionError(\"Failed to establish a new connection: "
        "[Errno 113] No route to host\"))",
        host, path);
    add_header(l, "::group::Log message source details");
    add_header(l, source);
    if (l->ti->lost_ms != FLOWS_NONE)
        add_header(l, lost);
    add_header(l, "::endgroup::");
}

/* The beginning or the end of a foldable group. */
static void add_fold(struct log *l, int64_t at_ms, const char *event, int lineno)
{
    cJSON *line = add(l, "airflow_log_line", at_ms, event);
    put_context(l, line);
    if (!line)
        return;
    put_text(line, "logger", "task");
    put_text(line, "filename", "task_runner.py");
    put_number(line, "lineno", lineno);
}

static void add_begin(struct log *l)
{
    const struct dag *d = l->run->dag;
    int64_t at = l->try->start_ms;
    g_autofree char *file = g_strconcat(d->id, ".py", NULL);
    g_autofree char *fill = g_strconcat("Filling up the DagBag from " FILE_DIR, file, NULL);
    add(l, "airflow_log_group", at + 110, "::group::Pre Execute");
    put_context(l, add(l, "airflow_log_line", at + 220, "DAG bundles loaded: dags-folder"));
    put_context(l, add(l, "airflow_log_line", at + 230, fill));
    put_context(l, add(l, "airflow_log_warning", at + 800,
                       "The `airflow.utils.operator_helpers.determine_kwargs` attribute is "
                       "deprecated. Please use `'airflow.sdk.bases.decorator.determine_kwargs'`."));
    cJSON *parsed = add(l, "airflow_log_parsed", at + 900, "Worker startup parse complete");
    put_context(l, parsed);
    if (parsed) {
        put_text(parsed, "bundle_name", "dags-folder");
        put_text(parsed, "dag_file", file);
        put_number(parsed, "dag_file_parse_ms", 300 + (double)(d->seed % 900));
    }
    add_fold(l, at + 1000, "::endgroup::", 2232);
}

static void add_end(struct log *l)
{
    int64_t at = l->try->end_ms;
    add_fold(l, at - 120, "::group::Post Execute", 1677);
    add_fold(l, at - 40, "::endgroup::", 2379);
}

/* -- what goes wrong --------------------------------------------------------------------------- */

/* "Type: text" into an exception; frames: keeps those of the libraries. */
static cJSON *exception(const struct log *l, const char *error, int line, bool is_cause)
{
    cJSON *json = shape("airflow_log_exception");
    const char *colon = strstr(error, ": ");
    g_autofree char *type = colon ? g_strndup(error, (gsize)(colon - error)) : g_strdup(error);
    g_autofree char *file = g_strconcat(FILE_DIR, l->run->dag->id, ".py", NULL);
    cJSON *frame = shape("airflow_log_frame");
    cJSON *frames =
        is_cause ? cJSON_CreateArray() : cJSON_DetachItemFromObjectCaseSensitive(json, "frames");
    if (is_cause)
        cJSON_DeleteItemFromObjectCaseSensitive(json, "frames");
    else
        cJSON_DeleteItemFromArray(frames, cJSON_GetArraySize(frames) - 1);
    put_text(frame, "filename", file);
    put_number(frame, "lineno", line);
    put_text(frame, "name", task_of(l)->id);
    cJSON_AddItemToArray(frames, frame);
    cJSON_AddItemToObject(json, "frames", frames);
    put_text(json, "exc_type", type);
    put_text(json, "exc_value", colon ? colon + 2 : "");
    put_bool(json, "is_cause", is_cause);
    return json;
}

/* What was behind it. */
static const char *cause_of(const char *error)
{
    static const struct {
        const char *error, *cause;
    } causes[] = {
        {"RowCountGuard", "AssertionError: 1207 < 43300.8"},
        {"ConnectionError", "TimeoutError: timed out"},
        {"ValueError", "ConversionSyntax: Invalid literal for Decimal: 'N/A'"},
        {"TrinoQueryError", "HTTPError: 400 Client Error for url: http://dp-t01:8080/v1/statement"},
        {"KeyError", "LookupError: the row has no such column since release 2.31"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(causes); i++)
        if (g_str_has_prefix(error, causes[i].error))
            return causes[i].cause;
    return "RuntimeError: step 3 of 5 ended early";
}

static void add_error(struct log *l)
{
    const char *error = l->try->error;
    bool lost = g_str_has_prefix(error, LOST);
    cJSON *line = add(
        l, "airflow_log_error", l->try->end_ms - 180, lost ? error : "Task failed with exception");
    if (!line)
        return;
    put_context(l, line);
    cJSON *detail = cJSON_CreateArray();
    int at = 40 + (int)(l->run->dag->seed % 60);
    if (!lost) {
        cJSON_AddItemToArray(detail, exception(l, error, at, false));
        cJSON_AddItemToArray(detail, exception(l, cause_of(error), at - 4, true));
    }
    put(line, "error_detail", detail);
}

/* -- what goes on ------------------------------------------------------------------------------ */

static void add_pokes(struct log *l, int64_t last_ms)
{
    bool orders = task_of(l)->work == WORK_WAIT_ORDERS;
    for (int64_t at = l->try->start_ms + 1300; at < last_ms; at += POKE_MS) {
        if (orders)
            say(l, at, "Poking for tasks ['publish_kpi'] in dag orders_daily ... ");
        else
            say(l, at, "Poking: is the lag of consumer group enrich-v2 below 100000?");
        if (at + POKE_MS < last_ms)
            say(l, at + 300, "Rescheduling task, marking task as UP_FOR_RESCHEDULE");
    }
    if (l->try->state != TI_SUCCESS)
        return;
    if (l->try->end_ms - l->try->start_ms > PATIENCE_MS)
        say(l, l->try->end_ms - 300, "Sensor has waited long enough: going on with what is there.");
    else
        say(l, l->try->end_ms - 300, "Success criteria met. Exiting.");
}

static void add_query(struct log *l, int64_t last_ms)
{
    const struct dag *d = l->run->dag;
    int64_t first = l->try->start_ms + 1200;
    guint64 id = dag_hash(d, 600, l->run->serial * 64 + l->ti->task);
    say(l, first, "Executing: INSERT INTO lake.%s.%s SELECT * FROM staging.%s WHERE hour = :hour",
        d->owner + strlen("team-"), task_of(l)->id, d->id);
    for (int64_t at = first + STEP_MS; at < last_ms; at += STEP_MS)
        say(l, at, "query %08x_%05u_sim: RUNNING, %d of 100 splits", (guint)id,
            (guint)(id >> 32) % 100000,
            (int)MIN(
                99, 100 * (at - first) / (int64_t)(1000 * task_of(l)->seconds * d->factor + 1)));
    if (l->try->state == TI_SUCCESS)
        say(l, l->try->end_ms - 250, "Statement is executed. Rows: %d", (int)(id % 50000));
}

static void add_progress(struct log *l, int64_t last_ms)
{
    int64_t first = l->try->start_ms + 1200;
    guint64 rows = 200 + dag_hash(l->run->dag, 601, l->ti->task) % 4000;
    guint64 n = 0;
    print(l, first, "%s begins", task_of(l)->id);
    for (int64_t at = first + STEP_MS; at < last_ms; at += STEP_MS) {
        n++;
        print(l, at, "%s: page %" G_GUINT64_FORMAT ", %" G_GUINT64_FORMAT " rows so far",
            task_of(l)->id, n, n * rows);
    }
    if (l->try->state == TI_SUCCESS)
        say(l, l->try->end_ms - 250, "Done. Returned value was: None");
}

static void add_long(struct log *l, int64_t last_ms)
{
    static const char *const tables[] = {"clicks", "sessions", "orders", "events"};
    int64_t first = l->try->start_ms + 1200;
    double whole = 1000 * task_of(l)->seconds * l->run->dag->factor * 0.85;
    for (int i = 0; i < LONG_LINES; i++) {
        int64_t at = first + (int64_t)(whole * i / LONG_LINES);
        if (at >= last_ms)
            return;
        guint64 h = dag_hash(l->run->dag, 602, (guint64)i);
        print(l, at, "compact lake.web.%s part-%05d.parquet: %d files, %d KiB -> %d KiB",
            tables[h % 4], i, 2 + (int)(h >> 8 & 31), 100 + (int)(h >> 16 & 1023),
            90 + (int)(h >> 16 & 511));
    }
}

static void add_body(struct log *l)
{
    const struct task *task = task_of(l);
    bool over = ti_is_over(l->try->state) || l->try->state == TI_UP_FOR_RETRY;
    bool lost = over && l->try->error && g_str_has_prefix(l->try->error, LOST);
    int64_t last_ms = lost ? l->try->end_ms - LOST_MS : over ? l->try->end_ms - 400 : l->until_ms;
    if (task->work == WORK_WAIT_ENRICHED || task->work == WORK_WAIT_ORDERS)
        add_pokes(l, last_ms);
    else if (task->work == WORK_DEFER)
        say(l, l->try->start_ms + 1500, "Pausing task as DEFERRED.");
    else if (task->work == WORK_LONG_LOG)
        add_long(l, last_ms);
    else if (strcmp(task->operator, "SQLExecuteQueryOperator") == 0)
        add_query(l, last_ms);
    else
        add_progress(l, last_ms);
    if (over && l->try->error)
        add_error(l);
    if (over && !lost)
        add_end(l);
}

/* -- the answer -------------------------------------------------------------------------------- */

static const struct attempt *find_try(const struct ti *t, gint64 number)
{
    for (guint i = 0; t->before && i < t->before->len; i++)
        if (g_array_index(t->before, struct attempt, i).number == number)
            return &g_array_index(t->before, struct attempt, i);
    return number > 0 && t->now.number == number ? &t->now : NULL;
}

static bool is_live(const struct attempt *try)
{
    return !ti_is_over(try->state) && try->state != TI_UP_FOR_RETRY && try->state != TI_NONE;
}

static void reply_lines(struct ask *a, cJSON *take_lines)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (const cJSON *i = take_lines->child; i; i = i->next) {
        char *line = cJSON_PrintUnformatted(i);
        g_string_append(text, line);
        g_string_append_c(text, '\n');
        cJSON_free(line);
    }
    cJSON_Delete(take_lines);
    reply_text(a->r, 200, "application/x-ndjson", text->str);
}

/* The headers' entries have no time in JSON. */
static void reply_content(struct ask *a, const struct log *l)
{
    static const char *const none[] = {NULL};
    cJSON *json = shape("airflow_log");
    for (cJSON *i = l->out->child; i; i = i->next)
        if (cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(i, "timestamp")))
            drop_nulls(i, none);
    put(json, "content", l->out);
    g_autofree char *token = g_strdup_printf("log_pos.%" G_GINT64_FORMAT, l->count);
    put_text(json, "continuation_token", is_live(l->try) ? token : NULL);
    reply_json(a->r, 200, json);
}

void airflow_get_log(struct ask *a)
{
    AUTO(run) made = NULL;
    struct run *r = airflow_run(a, &made);
    const struct ti *t = r ? airflow_ti(a, r) : NULL;
    const char *token = request_query(a->q, "token");
    gint64 number = 0;
    if (!t)
        return;
    g_ascii_string_to_signed(airflow_after(a, "logs"), 10, 0, G_MAXINT32, &number, NULL);
    struct log l = {
        .a = a, .run = r, .ti = t, .try = find_try(t, number), .until_ms = a->w->now_ms};
    if (!l.try) {
        airflow_refuse(a, 404, "TaskInstance not found");
        return;
    }
    if (is_live(l.try) && t->lost_ms != FLOWS_NONE)
        l.until_ms = t->lost_ms;
    l.out = cJSON_CreateArray();
    if (token && g_str_has_prefix(token, "log_pos."))
        l.skip = g_ascii_strtoll(token + strlen("log_pos."), NULL, 10);
    else
        add_headers(&l);
    if (l.try->start_ms != FLOWS_NONE) {
        add_begin(&l);
        add_body(&l);
    }
    if (!a->q->accept || !strstr(a->q->accept, "ndjson"))
        reply_content(a, &l);
    else
        reply_lines(a, l.out);
}
