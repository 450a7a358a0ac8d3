#include "tape.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "json.h"

struct tape {
    char *source;
    int fd;              /* recording, else -1 */
    GPtrArray *lines;    /* replaying: cJSON, in the order of the file */
    GHashTable *answers; /* request as text to struct answers */
};

/* The answers to one request and how many of them were given. */
struct answers {
    GPtrArray *all; /* cJSON, borrowed */
    guint next;
};

static void answers_free(gpointer data)
{
    struct answers *a = data;
    g_ptr_array_unref(a->all);
    g_free(a);
}

static char *request_key(const char *method, const char *path, const char *body)
{
    return g_strdup_printf("%s %s\n%s", method, path, body ? body : "");
}

static void free_json(gpointer data)
{
    cJSON_Delete(data);
}

static void index_line(struct tape *t, cJSON *line)
{
    const char *source = json_text(line, "source");
    const char *method = json_text(line, "method");
    const char *path = json_text(line, "path");
    if (!source || !method || !path || strcmp(source, t->source) != 0)
        return;
    g_autofree char *key = request_key(method, path, json_text(line, "body"));
    struct answers *a = g_hash_table_lookup(t->answers, key);
    if (!a) {
        a = g_new0(struct answers, 1);
        a->all = g_ptr_array_new();
        g_hash_table_insert(t->answers, g_steal_pointer(&key), a);
    }
    g_ptr_array_add(a->all, line);
}

static gboolean load(struct tape *t, const char *path, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) failed = NULL;
    if (!g_file_get_contents(path, &text, NULL, &failed))
        return weir_fail(error, WEIR_ERROR_CONFIG, "the tape: %s", failed->message);
    t->lines = g_ptr_array_new_with_free_func(free_json);
    t->answers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, answers_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        if (!*lines[i])
            continue;
        cJSON *line = json_parse(lines[i], strlen(lines[i]), &failed);
        if (!line)
            return weir_fail(
                error, WEIR_ERROR_CONFIG, "the tape %s:%u: %s", path, i + 1, failed->message);
        g_ptr_array_add(t->lines, line);
        index_line(t, line);
    }
    return TRUE;
}

struct tape *tape_open(const char *source, GError **error)
{
    const char *path = g_getenv("WEIR_TAPE");
    const char *mode = g_getenv("WEIR_TAPE_MODE");
    if (!path || !*path)
        return NULL;
    struct tape *t = g_new0(struct tape, 1);
    t->source = g_strdup(source ? source : "");
    t->fd = -1;
    bool ok = false;
    if (g_strcmp0(mode, "record") == 0) {
        t->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        ok = t->fd >= 0 || weir_fail(error, WEIR_ERROR_CONFIG, "the tape %s cannot be written: %s",
                               path, g_strerror(errno));
    } else if (g_strcmp0(mode, "replay") == 0) {
        ok = load(t, path, error);
    } else {
        weir_fail(error, WEIR_ERROR_CONFIG,
            "WEIR_TAPE is set, so WEIR_TAPE_MODE must be record or replay");
    }
    if (ok)
        return t;
    tape_close(t);
    return NULL;
}

void tape_close(struct tape *t)
{
    if (!t)
        return;
    if (t->fd >= 0)
        close(t->fd);
    g_clear_pointer(&t->answers, g_hash_table_unref);
    g_clear_pointer(&t->lines, g_ptr_array_unref);
    g_free(t->source);
    g_free(t);
}

bool tape_replays(const struct tape *t)
{
    return t && t->answers;
}

void tape_answer_clear(struct tape_answer *a)
{
    g_free(a->content_type);
    g_free(a->date);
    g_clear_pointer(&a->headers, g_hash_table_unref);
    if (a->text)
        g_string_free(a->text, TRUE);
    g_clear_error(&a->error);
    *a = (struct tape_answer){0};
}

/* -- recording ----------------------------------------------------------------------------------- */

/* JSON_DEPTH_MAX bounds the recursion. */
static void hide_texts(cJSON *value)
{
    if (cJSON_IsString(value))
        cJSON_SetValuestring(value, TAPE_SECRET);
    for (cJSON *i = cJSON_IsString(value) ? NULL : value->child; i; i = i->next)
        hide_texts(i);
}

/* What a secret answer may leave on the tape: the shape of its JSON, nothing of any other text. */
static char *hidden_text(const GString *text)
{
    AUTO(cJSON) json = json_parse(text->str, text->len, NULL);
    if (!json)
        return g_strdup("");
    hide_texts(json);
    char *printed = cJSON_PrintUnformatted(json);
    char *out = g_strdup(printed);
    cJSON_free(printed);
    return out;
}

/* "NAME=value; Path=/" keeps its name and attributes. */
static char *hidden_header(const char *value)
{
    const char *is = strchr(value, '=');
    const char *end = is ? strchr(is, ';') : NULL;
    return g_strdup_printf(
        "%.*s%s%s", is ? (int)(is - value) + 1 : 0, value, TAPE_SECRET, end ? end : "");
}

static void put_text(cJSON *line, const GString *text, bool secret)
{
    g_autofree char *hidden = secret ? hidden_text(text) : NULL;
    bool utf8 = g_utf8_validate_len(text->str, text->len, NULL);
    g_autofree char *coded =
        hidden || utf8 ? NULL : g_base64_encode((const guchar *)text->str, text->len);
    if (coded)
        cJSON_AddStringToObject(line, "base64", coded);
    else
        cJSON_AddStringToObject(line, "text", hidden ? hidden : text->str);
}

static void put_headers(cJSON *line, GHashTable *headers, bool secret)
{
    cJSON *all = cJSON_AddObjectToObject(line, "headers");
    GHashTableIter iter;
    gpointer name, value;
    g_hash_table_iter_init(&iter, headers);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        g_autofree char *hidden = secret ? hidden_header(value) : NULL;
        cJSON_AddStringToObject(all, name, hidden ? hidden : value);
    }
}

static void append_line(const struct tape *t, const cJSON *line)
{
    char *printed = cJSON_PrintUnformatted(line);
    g_autoptr(GString) text = g_string_new(printed);
    cJSON_free(printed);
    g_string_append_c(text, '\n');
    if (write(t->fd, text->str, text->len) != (ssize_t)text->len)
        g_error("the tape cannot be written: %s", g_strerror(errno));
}

void tape_record(struct tape *t, const struct tape_request *q, const struct tape_answer *a)
{
    AUTO(cJSON) line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "source", t->source);
    cJSON_AddStringToObject(line, "method", q->method);
    cJSON_AddStringToObject(line, "path", q->path);
    if (q->body && !q->secret)
        cJSON_AddStringToObject(line, "body", q->body);
    if (a->error) {
        cJSON_AddStringToObject(line, "error", a->error->message);
        cJSON_AddNumberToObject(line, "code", a->error->code);
    } else {
        cJSON_AddNumberToObject(line, "status", (double)a->status);
        if (a->content_type)
            cJSON_AddStringToObject(line, "content_type", a->content_type);
        if (a->date)
            cJSON_AddStringToObject(line, "date", a->date);
        if (a->headers && g_hash_table_size(a->headers) > 0)
            put_headers(line, a->headers, q->secret);
        if (a->text)
            put_text(line, a->text, q->secret);
    }
    append_line(t, line);
}

/* -- replaying ----------------------------------------------------------------------------------- */

static void take_text(const cJSON *line, struct tape_answer *out)
{
    const char *text = json_text(line, "text");
    const char *coded = json_text(line, "base64");
    gsize n = 0;
    g_autofree guchar *bytes = coded ? g_base64_decode(coded, &n) : NULL;
    if (bytes)
        out->text = g_string_new_len((const char *)bytes, (gssize)n);
    else
        out->text = g_string_new(text);
}

static void take_answer(const cJSON *line, struct tape_answer *out)
{
    int64_t number = 0;
    *out = (struct tape_answer){0};
    const char *message = json_text(line, "error");
    if (message) {
        json_int(line, "code", &number);
        out->error = g_error_new_literal(WEIR_ERROR, (int)number, message);
        return;
    }
    json_int(line, "status", &number);
    out->status = (long)number;
    out->content_type = g_strdup(json_text(line, "content_type"));
    out->date = g_strdup(json_text(line, "date"));
    out->headers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    const cJSON *headers = json_get(line, "headers");
    for (const cJSON *i = headers ? headers->child : NULL; i; i = i->next)
        if (cJSON_IsString(i))
            g_hash_table_insert(out->headers, g_strdup(i->string), g_strdup(i->valuestring));
    take_text(line, out);
}

bool tape_replay(
    struct tape *t, const struct tape_request *q, struct tape_answer *out, GError **error)
{
    g_autofree char *key = request_key(q->method, q->path, q->secret ? NULL : q->body);
    struct answers *a = g_hash_table_lookup(t->answers, key);
    if (!a)
        return weir_fail(error, WEIR_ERROR_PROTOCOL, "%s %s%s%s does not stand on the tape",
            q->method, q->path, q->body && !q->secret ? " " : "",
            q->body && !q->secret ? q->body : "");
    take_answer(g_ptr_array_index(a->all, a->next), out);
    a->next = MIN(a->next + 1, a->all->len - 1);
    return true;
}
