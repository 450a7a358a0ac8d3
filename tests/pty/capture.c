#include "capture.h"

#include <string.h>

struct event {
    int64_t at_ns;
    char code;           /* 'o', 'i' or 'r', as in the file */
    size_t from, length; /* 'o': in bytes; else in notes */
};

struct capture {
    int width, height;
    char *term, *command;
    int64_t start_ns;
    GByteArray *bytes, *notes;
    GArray *events;
    bool cut;
};

struct capture *capture_new(
    int width, int height, const char *term, const char *command, int64_t start_ns)
{
    struct capture *c = g_new0(struct capture, 1);
    c->width = width;
    c->height = height;
    c->term = g_strdup(term);
    c->command = g_strdup(command);
    c->start_ns = start_ns;
    c->bytes = g_byte_array_new();
    c->notes = g_byte_array_new();
    c->events = g_array_new(FALSE, FALSE, sizeof(struct event));
    return c;
}

void capture_free(struct capture *c)
{
    if (!c)
        return;
    g_free(c->term);
    g_free(c->command);
    g_byte_array_unref(c->bytes);
    g_byte_array_unref(c->notes);
    g_array_unref(c->events);
    g_free(c);
}

static void add_event(struct capture *c, int64_t now_ns, char code, GByteArray *into,
    const char *bytes, size_t length)
{
    struct event e = {.at_ns = now_ns, .code = code, .from = into->len, .length = length};
    g_byte_array_append(into, (const guint8 *)bytes, (guint)length);
    g_array_append_val(c->events, e);
}

void capture_output(struct capture *c, int64_t now_ns, const char *bytes, size_t length)
{
    c->cut = c->cut || c->bytes->len + length > CAPTURE_CAP;
    if (!c->cut)
        add_event(c, now_ns, 'o', c->bytes, bytes, length);
}

void capture_input(struct capture *c, int64_t now_ns, const char *bytes, size_t length)
{
    add_event(c, now_ns, 'i', c->notes, bytes, length);
}

void capture_resize(struct capture *c, int64_t now_ns, int width, int height)
{
    g_autofree char *size = g_strdup_printf("%dx%d", width, height);
    add_event(c, now_ns, 'r', c->notes, size, strlen(size));
}

const GByteArray *capture_bytes(const struct capture *c)
{
    return c->bytes;
}

bool capture_is_cut(const struct capture *c)
{
    return c->cut;
}

static void append_json(GString *out, const char *utf8)
{
    g_string_append_c(out, '"');
    for (const char *c = utf8; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            g_string_append_printf(out, "\\u%04x", (unsigned)*c);
        else if (*c == '"' || *c == '\\')
            g_string_append_printf(out, "\\%c", *c);
        else
            g_string_append_c(out, *c);
    }
    g_string_append_c(out, '"');
}

/* How many bytes at the end of an event begin a character that the next event ends. */
static size_t open_tail(const char *bytes, size_t length)
{
    for (size_t back = 1; back <= MIN(length, 3); back++) {
        unsigned char c = (unsigned char)bytes[length - back];
        if (c >= 0xc0)
            return g_utf8_get_char_validated(bytes + length - back, (gssize)back) == (gunichar)-2
                       ? back
                       : 0;
        if (c < 0x80)
            return 0;
    }
    return 0;
}

static void append_event(
    GString *out, const struct capture *c, const struct event *e, GString *carried)
{
    const GByteArray *source = e->code == 'o' ? c->bytes : c->notes;
    g_autoptr(GString) text = g_string_new(NULL);
    if (e->code == 'o')
        g_string_append_len(text, carried->str, (gssize)carried->len);
    g_string_append_len(text, (const char *)source->data + e->from, (gssize)e->length);
    if (e->code == 'o') {
        size_t tail = open_tail(text->str, text->len);
        g_string_assign(carried, "");
        g_string_append_len(carried, text->str + text->len - tail, (gssize)tail);
        g_string_truncate(text, text->len - tail);
    }
    g_autofree char *valid = g_utf8_make_valid(text->str, (gssize)text->len);
    double seconds = (double)(e->at_ns - c->start_ns) / 1e9;
    g_string_append_printf(out, "[%.6f, \"%c\", ", seconds, e->code);
    append_json(out, valid);
    g_string_append(out, "]\n");
}

bool capture_save(const struct capture *c, const char *path, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GString) carried = g_string_new(NULL);
    g_string_append_printf(
        out, "{\"version\": 2, \"width\": %d, \"height\": %d, ", c->width, c->height);
    g_string_append(out, "\"command\": ");
    append_json(out, c->command);
    g_string_append(out, ", \"env\": {\"TERM\": ");
    append_json(out, c->term);
    g_string_append(out, "}}\n");
    for (guint i = 0; i < c->events->len; i++)
        append_event(out, c, &g_array_index(c->events, struct event, i), carried);
    g_autofree char *folder = g_path_get_dirname(path);
    g_mkdir_with_parents(folder, 0777);
    return g_file_set_contents(path, out->str, (gssize)out->len, error);
}
