/* The log of a task instance.
 *
 * A whole log is read as ndjson, line by line as it comes: as one JSON document a log of 200,000 lines
 * is 66 MB, and the server thinks 20 s before its first byte. The end of a running try is followed with
 * JSON and a continuation token, which holds the position; the token comes only with a whole JSON
 * answer, so a log that is too long for that is read again from time to time, and what is known is
 * skipped.
 *
 * Positions are counted in entries behind the header (the group that names where the log came from),
 * because the header changes between two readings. Servers before 3.3 ignore the token's position and
 * send the whole log: seen by its first entry. When a try has ended its log is read once more: remote
 * storage is written at the end. */
#include "log.h"

#include <string.h>

#include "clock.h"

#define JSON_MAX      (8 * 1024 * 1024) /* of a log that is followed with tokens */
#define IDLE_FIRST_MS 1000
#define IDLE_MAX_MS   5000
#define REREAD_MS     30000 /* between two readings of a log that is too long, at least */
#define PATIENCE      4 /* with a long log the server thinks for 10 s and more before it answers */
#define HEADER        "::group::Log message source details"

struct log {
    struct airflow *a;
    struct lines *out;
    const struct stream_options *options;
    char *task; /* path of the task instance */
    char *base; /* path of its logs, without the try */
    int64_t map_index;
    int64_t try;    /* which is read; 0: it has not begun */
    char *state;    /* of the task instance */
    int64_t newest; /* its newest try */
    GString *rest;  /* of an unfinished line of ndjson */
    bool too_long;  /* the unfinished line is beyond its cap */
    guint64 known;  /* entries behind the header that were written */
    guint64 at;     /* ... that this reply gave */
    char *first;    /* the first of them */
    bool header_written;
    bool begun, in_header, whole; /* of this reply: whole: it begins at the log's beginning */
    guint64 bytes;                /* of this reply */
    guint64 fresh;                /* entries written of this reply */
};

static void log_free(struct log *g)
{
    lines_free(g->out);
    g_string_free(g->rest, TRUE);
    g_free(g->task);
    g_free(g->base);
    g_free(g->state);
    g_free(g->first);
    g_free(g);
}

/* -- entries of one reply ------------------------------------------------------------------------ */

/* whole: the reply is expected to begin at the beginning. */
static void begin_reply(struct log *g, bool whole)
{
    g_string_truncate(g->rest, 0);
    g->too_long = false;
    g->begun = g->in_header = false;
    g->whole = whole;
    g->at = whole ? 0 : g->known;
    g->bytes = g->fresh = 0;
}

static const char *event_of(const cJSON *entry)
{
    const char *event = cJSON_IsString(entry) ? entry->valuestring : json_text(entry, "event");
    return event ? event : "";
}

/* What the log begins with: a reply that begins so is the whole log, whatever was asked for. */
static char *identity(const cJSON *entry)
{
    const char *time = json_text(entry, "timestamp");
    return g_strconcat(time ? time : "", " ", event_of(entry), NULL);
}

/* The header is written once: the first time. */
static bool take_header(struct log *g, const cJSON *entry)
{
    const char *event = event_of(entry);
    if (!g->begun && strcmp(event, HEADER) == 0) {
        g->in_header = g->whole = true;
        g->at = 0;
    }
    g->begun = true;
    if (!g->in_header)
        return false;
    if (!g->header_written)
        lines_entry(g->out, entry);
    g->in_header = strcmp(event, "::endgroup::") != 0;
    g->header_written |= !g->in_header;
    return true;
}

static void take_entry(struct log *g, const cJSON *entry)
{
    bool is_first = !g->begun;
    if (take_header(g, entry))
        return;
    g_autofree char *name = is_first && !g->whole ? identity(entry) : NULL;
    if (name && g->first && strcmp(name, g->first) == 0) {
        g->whole = true; /* a server that ignores the token's position */
        g->at = 0;
    }
    if (!g->first)
        g->first = identity(entry);
    if (g->at++ < g->known)
        return;
    g->known++;
    g->fresh++;
    lines_entry(g->out, entry);
}

static void take_line(struct log *g, const char *text, gsize length)
{
    if (length == 0)
        return;
    AUTO(cJSON) entry = json_parse(text, length, NULL);
    if (!entry) /* shown as it is: better than a gap */
        entry = cJSON_CreateString(text);
    take_entry(g, entry);
}

/* http_request.sink of ndjson. */
static bool take_bytes(const char *bytes, gsize length, void *data)
{
    struct log *g = data;
    g->bytes += length;
    while (length > 0) {
        const char *end = memchr(bytes, '\n', length);
        gsize n = end ? (gsize)(end - bytes) : length;
        g->too_long |= g->rest->len + n > LOG_ENTRY_MAX;
        if (!g->too_long)
            g_string_append_len(g->rest, bytes, (gssize)n);
        if (end && g->too_long)
            lines_note(g->out, "(an entry of more than 4 MiB is left out)");
        else if (end)
            take_line(g, g->rest->str, g->rest->len);
        if (end) {
            g_string_truncate(g->rest, 0);
            g->too_long = false;
        }
        n += end != NULL;
        bytes += n;
        length -= n;
    }
    return lines_wanted(g->out);
}

/* -- requests ------------------------------------------------------------------------------------ */

static char *log_path(const struct log *g, const char *token)
{
    g_autofree char *escaped = token ? http_escape(token) : NULL;
    return g_strdup_printf("%s/%" G_GINT64_FORMAT "?map_index=%" G_GINT64_FORMAT "%s%s", g->base,
        g->try, g->map_index, token ? "&token=" : "", token ? escaped : "");
}

/* Everything, of which what is known is skipped. */
static bool read_whole(struct log *g, GError **error)
{
    g_autofree char *path = log_path(g, NULL);
    const struct http_request q = {.path = path,
        .accept = "application/x-ndjson",
        .patience = PATIENCE,
        .long_poll = true,
        .sink = take_bytes,
        .sink_data = g};
    struct http_reply r = {0};
    begin_reply(g, true);
    bool ok = airflow_send(g->a, &q, &r, error) && http_check_status(g->a->http, &q, &r, error);
    http_reply_clear(&r);
    if (ok && g->rest->len > 0 && !g->too_long)
        take_line(g, g->rest->str, g->rest->len);
    lines_flush_tail(g->out);
    lines_flush(g->out);
    return ok;
}

/* What came behind *token (NULL: everything); *token is then the next one, NULL at the end of the try.
 * False with *error; a token that the server stumbles over (3.3.0 answers 500) is given up instead. */
static bool read_more(struct log *g, char **token, GError **error)
{
    g_autofree char *path = log_path(g, *token);
    const struct http_request q = {
        .path = path, .patience = PATIENCE, .long_poll = true, .body_max = 2 * JSON_MAX};
    g_autoptr(GError) failed = NULL;
    begin_reply(g, *token == NULL);
    AUTO(cJSON) json = airflow_send_json(g->a, &q, &failed);
    if (!json && *token && failed->code == WEIR_ERROR_SERVER) {
        g_clear_pointer(token, g_free);
        return read_more(g, token, error);
    }
    if (!json) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return false;
    }
    for (const cJSON *i = json_first(json_get(json, "content")); i; i = i->next)
        take_entry(g, i);
    lines_flush(g->out);
    g_free(*token);
    *token = g_strdup(json_text(json, "continuation_token"));
    return true;
}

static bool read_task(struct log *g, GError **error)
{
    g_autoptr(GError) failed = NULL;
    AUTO(cJSON) json = airflow_get(g->a, g->task, &failed);
    if (failed && g->map_index < 0 && strstr(failed->message, "is mapped"))
        return weir_fail(error, WEIR_ERROR_NOT_FOUND,
            "the task is mapped, and each instance has a log of its own: write its index, TASK[0]");
    if (failed) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return false;
    }
    g_free(g->state);
    g->state = g_strdup(json_text(json, "state"));
    g->newest = 0;
    json_int(json, "try_number", &g->newest);
    return true;
}

/* -- following ----------------------------------------------------------------------------------- */

static bool is_live(const struct log *g)
{
    bool runs = g_strcmp0(g->state, "running") == 0 || g_strcmp0(g->state, "deferred") == 0;
    return runs && g->try == g->newest;
}

static bool is_over(const struct log *g)
{
    enum phase phase = airflow_phase(g->state);
    return g->state && (phase == PHASE_DONE || phase == PHASE_OFF);
}

static bool wait_for(struct log *g, int64_t ms)
{
    return lines_wanted(g->out) && lane_wait(g->a->lane, ms);
}

/* A log that is short enough for JSON: with tokens until the try has ended. */
static bool tail_by_token(struct log *g, GError **error)
{
    g_autofree char *token = NULL;
    int64_t idle = IDLE_FIRST_MS;
    do {
        if (!read_more(g, &token, error))
            return false;
        idle = g->fresh > 0 ? IDLE_FIRST_MS : MIN(idle * 3 / 2, IDLE_MAX_MS);
    } while (token && wait_for(g, idle));
    return true;
}

static bool tail_by_reading(struct log *g, GError **error)
{
    while (is_live(g)) {
        int64_t begun = clock_mono_ms();
        if (!read_whole(g, error))
            return false;
        int64_t took = clock_mono_ms() - begun;
        if (!wait_for(g, MAX(REREAD_MS, 5 * took)))
            return true;
        if (!read_task(g, error))
            return false;
    }
    return true;
}

/* One try, from what is known of it to its end (or, when nothing is to be followed, as it is now). */
static bool follow_try(struct log *g, GError **error)
{
    g_autoptr(GError) failed = NULL;
    if (!read_whole(g, error))
        return false;
    if (!g->options->follow || !is_live(g) || !lines_wanted(g->out))
        return true;
    bool ok = g->bytes <= JSON_MAX && tail_by_token(g, &failed);
    bool long_ = !ok && (!failed || failed->code == WEIR_ERROR_TOO_LARGE);
    if (!ok && !long_) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return false;
    }
    if (long_ && !tail_by_reading(g, error))
        return false;
    return lane_cancelled(g->a->lane) || !lines_wanted(g->out) || read_whole(g, error);
}

/* Chooses the next try to read: the one asked for, else the newest. False: there is none (yet). */
static bool next_try(struct log *g)
{
    int64_t want = g->options->try > 0 ? g->options->
    try : g
        ->newest;
    if (want <= 0 || want > g->newest || want == g->try)
        return false;
    g->try = want;
    g->known = 0;
    g->header_written = false;
    g_clear_pointer(&g->first, g_free);
    return true;
}

static bool no_log(const struct log *g, const struct rid *what, GError **error)
{
    g_autofree char *address = rid_print(what);
    if (g->options->try > g->newest && g->newest > 0)
        return weir_fail(error, WEIR_ERROR_NOT_FOUND,
            "%s has no try %" G_GINT64_FORMAT ": the newest is %" G_GINT64_FORMAT, address,
            g->options->try, g->newest);
    return weir_fail(error, WEIR_ERROR_NOT_FOUND,
        "%s has no log: it has not been tried yet (state %s)", address,
        g->state && airflow_knows(g->state) ? g->state : "none");
}

static bool follow(struct log *g, const struct rid *what, GError **error)
{
    bool chosen = g->options->try > 0;
    for (;;) {
        if (!read_task(g, error))
            return false;
        if (next_try(g)) {
            if (!follow_try(g, error))
                return false;
            if (g->options->follow && !read_task(g, error))
                return false;
        } else if (!g->options->follow && g->try == 0) {
            return no_log(g, what, error);
        }
        bool done = !g->options->follow || is_over(g) || (chosen && g->try > 0);
        if (done && g->try == 0)
            return no_log(g, what, error);
        if (done || !wait_for(g, IDLE_MAX_MS))
            return true;
    }
}

bool airflow_follow(struct lane *l, const struct rid *what, struct stream *out, GError **error)
{
    g_autofree char *task = airflow_path(what, error);
    if (!task)
        return false;
    g_autofree char *address = rid_print(what);
    if (what->count != 3)
        return weir_fail(error, WEIR_ERROR_USAGE,
            "%s has no log; tasks have: %s/dags/DAG/runs/RUN/tasks/TASK", address, what->source);
    struct airflow *a = airflow_of(l, error);
    if (!a)
        return false;
    struct log *g = g_new0(struct log, 1);
    g->a = a;
    g->options = stream_options(out);
    g->out = lines_new(out, g->options->tail, g->options->since_ms);
    g->rest = g_string_new(NULL);
    g->task = g_steal_pointer(&task);
    g_autofree char *name = airflow_split_task(what->part[2].name, &g->map_index);
    /* The path of the logs has the index as a parameter. */
    AUTO(rid) run = rid_parent(what);
    g_autofree char *run_path = airflow_path(run, NULL);
    g_autofree char *escaped = http_escape(name);
    g->base = g_strdup_printf("%s/taskInstances/%s/logs", run_path, escaped);
    bool ok = follow(g, what, error);
    log_free(g);
    return ok;
}
