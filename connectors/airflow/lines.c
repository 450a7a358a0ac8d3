#include "log.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"

#define GROUP     "::group::"
#define END_GROUP "::endgroup::"

struct line {
    int64_t at_ms; /* AIRFLOW_NONE: not known */
    char *level;   /* or NULL */
    bool heading, grouped;
    char text[];
};

struct lines {
    struct stream *out;
    struct snapshot *chunk; /* NULL: nothing waits */
    int64_t chunk_ms;       /* monotonic, of its first line */
    uint32_t heading;       /* row of the group's heading in this chunk, or ROW_NONE */
    bool grouped;
    GQueue *tail; /* struct line; NULL: they pass */
    guint tail_max;
    int64_t since_ms;
    bool old; /* the entry before was older than since_ms */
    guint64 count;
    bool gone;
};

struct lines *lines_new(struct stream *out, int64_t tail, int64_t since_ms)
{
    struct lines *w = g_new0(struct lines, 1);
    w->out = out;
    w->heading = ROW_NONE;
    w->tail = tail > 0 ? g_queue_new() : NULL;
    w->tail_max = (guint)CLAMP(tail, 0, LOG_TAIL_MAX);
    w->since_ms = since_ms;
    return w;
}

static void line_free(gpointer data)
{
    struct line *line = data;
    if (line)
        g_free(line->level);
    g_free(line);
}

void lines_free(struct lines *w)
{
    if (!w)
        return;
    if (w->chunk)
        snapshot_drop(w->chunk);
    if (w->tail)
        g_queue_free_full(w->tail, line_free);
    g_free(w);
}

bool lines_wanted(const struct lines *w)
{
    return !w->gone;
}

guint64 lines_count(const struct lines *w)
{
    return w->count;
}

bool lines_flush(struct lines *w)
{
    struct snapshot *chunk = g_steal_pointer(&w->chunk);
    w->heading = ROW_NONE;
    if (chunk && w->gone)
        snapshot_drop(chunk);
    else if (chunk)
        w->gone = !stream_put(w->out, chunk);
    return !w->gone;
}

/* -- rows ---------------------------------------------------------------------------------------- */

static enum health level_health(const char *level)
{
    if (g_strcmp0(level, "error") == 0 || g_strcmp0(level, "critical") == 0)
        return HEALTH_FAIL;
    return g_strcmp0(level, "warning") == 0 ? HEALTH_WARN : HEALTH_OK;
}

static void add_row(struct lines *w, const struct line *line)
{
    if (!w->chunk) {
        w->chunk = stream_chunk(w->out);
        w->chunk_ms = clock_mono_ms();
    }
    char key[24];
    snprintf(key, sizeof key, "%" G_GUINT64_FORMAT, ++w->count);
    size_t row = snapshot_add(w->chunk, key);
    airflow_set_time(w->chunk, row, LOG_TIME, line->at_ms);
    snapshot_set_optional_text(w->chunk, row, LOG_LEVEL, line->level);
    snapshot_set_text(w->chunk, row, LOG_TEXT, line->text);
    snapshot_set_health(w->chunk, row, level_health(line->level), NULL);
    if (line->grouped)
        snapshot_set_parent(w->chunk, row, w->heading);
    if (line->heading)
        w->heading = (uint32_t)row;
    bool full = snapshot_count(w->chunk) >= LOG_CHUNK_ROWS;
    if (full || clock_mono_ms() - w->chunk_ms > LOG_CHUNK_MS)
        lines_flush(w);
}

void lines_flush_tail(struct lines *w)
{
    GQueue *tail = g_steal_pointer(&w->tail);
    for (struct line *line; tail && (line = g_queue_pop_head(tail)); line_free(line))
        add_row(w, line);
    if (tail)
        g_queue_free(tail);
}

/* What all lines of one entry share. */
struct entry {
    struct lines *w;
    int64_t at_ms;
    const char *level;
    unsigned lines;
};

static struct line *line_new(const struct entry *e, const char *text, gsize length, bool heading)
{
    bool cut = length > LOG_TEXT_MAX;
    gsize n = cut ? LOG_TEXT_MAX : length;
    while (cut && n > 0 && (text[n] & 0xc0) == 0x80)
        n--; /* not within a character */
    static const char mark[] = " … cut";
    struct line *line = g_malloc0(sizeof *line + n + sizeof mark);
    memcpy(line->text, text, n);
    if (cut)
        memcpy(line->text + n, mark, sizeof mark);
    line->at_ms = e->at_ms;
    line->level = g_strdup(e->level);
    line->heading = heading;
    line->grouped = e->w->grouped && !heading;
    return line;
}

static void write_line(struct entry *e, const char *text, gsize length, bool heading)
{
    struct lines *w = e->w;
    if (w->gone || e->lines++ > LOG_LINES_MAX)
        return;
    struct line *line = line_new(e, text, length, heading);
    if (!w->tail) {
        add_row(w, line);
        line_free(line);
        return;
    }
    g_queue_push_tail(w->tail, line);
    if (w->tail->length > w->tail_max)
        line_free(g_queue_pop_head(w->tail));
}

/* Each line of the text; a carriage return ends one as well (progress bars). */
static void write_text(struct entry *e, const char *text)
{
    do {
        gsize n = strcspn(text, "\n");
        gsize shown = n > 0 && text[n - 1] == '\r' ? n - 1 : n;
        write_line(e, text, shown, false);
        text += n + (text[n] == '\n');
    } while (*text);
}

static void write_format(struct entry *e, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void write_format(struct entry *e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    write_text(e, text);
}

/* -- exceptions ---------------------------------------------------------------------------------- */

static void write_exceptions(struct entry *e, const cJSON *array, unsigned depth);

static void write_exception(struct entry *e, const cJSON *exception, unsigned depth)
{
    unsigned n = 0;
    const cJSON *frames = json_get(exception, "frames");
    if (json_first(frames))
        write_text(e, "Traceback (most recent call last):");
    for (const cJSON *i = json_first(frames); i && n < LOG_FRAMES_MAX; i = i->next, n++) {
        int64_t number = 0;
        json_int(i, "lineno", &number);
        const char *file = json_text(i, "filename"), *name = json_text(i, "name");
        write_format(e, "  File \"%s\", line %" G_GINT64_FORMAT ", in %s", file ? file : "?",
            number, name ? name : "?");
    }
    const char *type = json_text(exception, "exc_type"), *value = json_text(exception, "exc_value");
    write_format(
        e, "%s%s%s", type ? type : "exception", value && *value ? ": " : "", value ? value : "");
    for (const cJSON *i = json_first(json_get(exception, "exc_notes")); i; i = i->next)
        if (cJSON_IsString(i))
            write_text(e, i->valuestring);
    n = 0;
    for (const cJSON *i = json_first(json_get(exception, "exceptions")); i; i = i->next) {
        write_format(e, "in this group, exception %u:", ++n);
        write_exceptions(e, i, depth + 1);
    }
}

/* A chain, as Python prints it: the first cause first. In the JSON the last one raised stands first,
 * and is_cause says how each relates to the one before it there. */
static void write_exceptions(struct entry *e, const cJSON *array, unsigned depth)
{
    const cJSON *last = json_first(array);
    if (!last || depth > JSON_DEPTH_MAX)
        return;
    for (const cJSON *i = last->prev;; i = i->prev) {
        bool cause = false;
        json_bool(i, "is_cause", &cause);
        write_exception(e, i, depth);
        if (i == last)
            return;
        write_text(e, cause
                          ? "The above exception was the direct cause of the following exception:"
                          : "During handling of the above exception, another exception occurred:");
    }
}

static void write_detail(struct entry *e, const cJSON *detail)
{
    if (cJSON_IsString(detail))
        write_text(e, detail->valuestring);
    else if (cJSON_IsObject(detail))
        write_exception(e, detail, 0);
    else
        write_exceptions(e, detail, 0);
}

/* -- entries ------------------------------------------------------------------------------------- */

/* What names the task is the same in every line, and the place in the code is for its authors. */
static bool is_context(const char *name)
{
    static const char *const names[] = {"timestamp", "event", "level", "logger", "filename",
        "lineno", "error_detail", "sources", "ti_id", "dag_id", "task_id", "run_id", "try_number",
        "map_index", NULL};
    return g_strv_contains(names, name);
}

/* "event key=value ...": structured logging carries what matters in such pairs. */
static char *text_of(const cJSON *entry)
{
    const char *event = json_text(entry, "event");
    g_autoptr(GString) text = g_string_new(event);
    for (const cJSON *i = entry->child; i; i = i->next) {
        if (!i->string || is_context(i->string) || cJSON_IsNull(i))
            continue;
        char *value = cJSON_IsString(i) ? NULL : cJSON_PrintUnformatted(i);
        g_string_append_printf(text, " %s=%s", i->string, value ? value : i->valuestring);
        cJSON_free(value);
    }
    return g_strdup(text->str);
}

static bool is_old(struct lines *w, int64_t at_ms)
{
    if (at_ms != AIRFLOW_NONE)
        w->old = at_ms < w->since_ms;
    return w->since_ms > 0 && w->old;
}

static void write_entry(struct entry *e, const char *text, const cJSON *entry)
{
    if (strcmp(text, END_GROUP) == 0) {
        e->w->grouped = false;
        return;
    }
    if (g_str_has_prefix(text, GROUP)) {
        g_autofree char *heading = g_strconcat("▾ ", text + strlen(GROUP), NULL);
        write_line(e, heading, strlen(heading), true);
        e->w->grouped = true;
    } else {
        write_text(e, text);
    }
    for (const cJSON *i = json_first(json_get(entry, "sources")); i; i = i->next)
        if (cJSON_IsString(i))
            write_text(e, i->valuestring);
    if (json_get(entry, "error_detail"))
        write_detail(e, json_get(entry, "error_detail"));
}

void lines_entry(struct lines *w, const cJSON *entry)
{
    bool plain = cJSON_IsString(entry);
    struct entry e = {w, AIRFLOW_NONE, NULL, 0};
    g_autofree char *text = plain ? g_strdup(entry->valuestring) : text_of(entry);
    if (!plain) {
        e.at_ms = airflow_time(entry, "timestamp");
        e.level = json_text(entry, "level");
    }
    if (!is_old(w, e.at_ms))
        write_entry(&e, text, entry);
}

void lines_note(struct lines *w, const char *text)
{
    struct entry e = {w, AIRFLOW_NONE, NULL, 0};
    write_text(&e, text);
}
