#include "yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "config.h"

#define MERGE_DEPTH_MAX 8
#define MERGES_MAX      1000 /* maps that go into one, by whatever way */

struct yaml {
    char *path;
    char *text;
    char **lines;
    yaml_document_t document;
    GPtrArray *faults;
};

static void add_fault(struct yaml *y, int line, int column, const char *message)
{
    struct fault *f = g_new0(struct fault, 1);
    f->file = g_strdup(y->path);
    f->line = line;
    f->column = column;
    f->message = g_strdup(message);
    if (line > 0 && y->lines && line <= (int)g_strv_length(y->lines))
        f->text = g_strdup(y->lines[line - 1]);
    g_ptr_array_add(y->faults, f);
}

void yaml_fault(struct yaml *y, struct yaml_node_s *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    add_fault(y, node ? (int)node->start_mark.line + 1 : 0,
        node ? (int)node->start_mark.column + 1 : 0, message);
}

guint yaml_fault_count(const struct yaml *y)
{
    return y->faults->len;
}

void yaml_hide_line(struct yaml *y)
{
    struct fault *f = g_ptr_array_index(y->faults, y->faults->len - 1);
    secret_wipe(f->text);
    g_clear_pointer(&f->text, g_free);
}

/* What libyaml found wrong, in its words, with a hint for the mistake that is made most. */
static void add_parse_fault(struct yaml *y, const yaml_parser_t *parser)
{
    yaml_mark_t at = parser->problem_mark;
    if (parser->error == YAML_READER_ERROR) { /* gives an offset alone */
        for (const char *p = y->text; p < y->text + parser->problem_offset; p++) {
            at.column = *p == '\n' ? 0 : at.column + 1;
            at.line += *p == '\n';
        }
    }
    /* The end of the text shows nothing: what is open there began where the context is. */
    if (at.index >= strlen(y->text) && parser->context)
        at = parser->context_mark;
    guint count = g_strv_length(y->lines);
    const char *line = at.line < count ? y->lines[at.line] : "";
    bool tab = line[strspn(line, " ")] == '\t';
    g_autofree char *message = g_strdup_printf("%s%s%s%s", parser->context ? parser->context : "",
        parser->context ? ": " : "", parser->problem ? parser->problem : "not YAML",
        tab ? " (YAML is indented with blanks, never with tabs)" : "");
    add_fault(y, (int)at.line + 1, (int)at.column + 1, message);
}

static struct yaml_node_s *node_at(struct yaml *y, int index)
{
    return yaml_document_get_node(&y->document, index);
}

/* libyaml takes a key that stands twice in a map; the reader of the file would see but one. */
static void check_keys(struct yaml *y, struct yaml_node_s *map)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
         p++) {
        struct yaml_node_s *key = node_at(y, p->key);
        char *name = yaml_text(key);
        if (!name)
            yaml_fault(y, key, "a key must be a plain word");
        else if (!g_hash_table_add(seen, name) && strcmp(name, "<<") != 0)
            yaml_fault(y, key, "the key %s stands twice in this map", name);
    }
}

static bool load(struct yaml *y, gsize length)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        g_error("libyaml: out of memory");
    yaml_parser_set_input_string(&parser, (const unsigned char *)y->text, length);
    guint before = y->faults->len;
    if (!yaml_parser_load(&parser, &y->document)) {
        add_parse_fault(y, &parser);
    } else if (yaml_root(y)) {
        for (yaml_node_t *n = y->document.nodes.start; n < y->document.nodes.top; n++)
            if (n->type == YAML_MAPPING_NODE)
                check_keys(y, n);
        yaml_document_t more;
        if (!yaml_parser_load(&parser, &more)) {
            add_parse_fault(y, &parser);
        } else {
            struct yaml_node_s *second = yaml_document_get_root_node(&more);
            if (second)
                yaml_fault(y, second, "a second document begins here; weir reads one per file");
            yaml_document_delete(&more);
        }
    }
    yaml_parser_delete(&parser);
    return y->faults->len == before;
}

struct yaml *yaml_parse(const char *name, const char *text, gsize length, GPtrArray *faults)
{
    struct yaml *y = g_new0(struct yaml, 1);
    y->path = g_strdup(name);
    y->faults = faults;
    y->text = g_strndup(text, length);
    y->lines = g_strsplit(y->text, "\n", -1);
    bool utf8 = strlen(y->text) == length && g_utf8_validate(y->text, -1, NULL);
    if (!utf8)
        add_fault(y, 0, 0, "not a text in UTF-8");
    if (utf8 && load(y, length))
        return y;
    yaml_close(y);
    return NULL;
}

/* The file's bytes, or NULL and a fault. */
static char *read_file(struct yaml *y, bool owner_only, gsize *length)
{
    int fd = open(y->path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        g_autofree char *message = g_strdup_printf(
            "cannot be read: %s", fd < 0 ? g_strerror(errno) : "it is no regular file");
        add_fault(y, 0, 0, message);
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    char *text = NULL;
    if (owner_only && st.st_mode & 022) {
        add_fault(y, 0, 0, "is writable by others: chmod go-w, since it says what weir runs");
    } else if (st.st_size > YAML_BYTES_MAX) {
        add_fault(y, 0, 0, "is larger than 1 MiB");
    } else {
        text = g_malloc((gsize)st.st_size + 1);
        ssize_t n = 0;
        *length = 0;
        while (*length < (gsize)st.st_size &&
               (n = read(fd, text + *length, (gsize)st.st_size - *length)) > 0)
            *length += (gsize)n;
        text[*length] = '\0';
        if (n < 0) {
            add_fault(y, 0, 0, g_strerror(errno));
            g_clear_pointer(&text, g_free);
        }
    }
    close(fd);
    return text;
}

struct yaml *yaml_open(const char *path, bool owner_only, GPtrArray *faults)
{
    struct yaml probe = {.path = (char *)path, .faults = faults};
    gsize length = 0;
    g_autofree char *text = read_file(&probe, owner_only, &length);
    return text ? yaml_parse(path, text, length, faults) : NULL;
}

void yaml_close(struct yaml *y)
{
    if (!y)
        return;
    yaml_document_delete(&y->document);
    g_free(y->path);
    g_free(y->text);
    g_strfreev(y->lines);
    g_free(y);
}

void yaml_set_faults(struct yaml *y, GPtrArray *faults)
{
    y->faults = faults;
}

const char *yaml_path(const struct yaml *y)
{
    return y->path;
}

struct yaml_node_s *yaml_root(struct yaml *y)
{
    return y->document.nodes.start ? yaml_document_get_root_node(&y->document) : NULL;
}

bool yaml_is_map(const struct yaml_node_s *node)
{
    return node && node->type == YAML_MAPPING_NODE;
}

bool yaml_is_list(const struct yaml_node_s *node)
{
    return node && node->type == YAML_SEQUENCE_NODE;
}

bool yaml_is_text(const struct yaml_node_s *node)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    return node && node->type == YAML_SCALAR_NODE &&
           !(node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
               g_strv_contains(nulls, (const char *)node->data.scalar.value));
}

char *yaml_text(const struct yaml_node_s *node)
{
    return node && node->type == YAML_SCALAR_NODE
               ? g_strndup((const char *)node->data.scalar.value, node->data.scalar.length)
               : NULL;
}

static bool has_key(const GArray *pairs, const char *key)
{
    for (guint i = 0; i < pairs->len; i++)
        if (strcmp(g_array_index(pairs, struct yaml_pair, i).key, key) == 0)
            return true;
    return false;
}

static void add_pairs(
    struct yaml *y, struct yaml_node_s *map, GArray *pairs, int depth, unsigned *merges)
{
    if (!yaml_is_map(map) || depth > MERGE_DEPTH_MAX || *merges > MERGES_MAX)
        return;
    if (++*merges > MERGES_MAX)
        yaml_fault(y, map, "more than %d maps are merged into one", MERGES_MAX);
    g_autoptr(GPtrArray) merged = g_ptr_array_new();
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
         p++) {
        struct yaml_node_s *key_node = node_at(y, p->key);
        g_autofree char *key = yaml_text(key_node);
        if (strcmp(key, "<<") == 0) {
            g_ptr_array_add(merged, node_at(y, p->value));
        } else if (!has_key(pairs, key)) {
            struct yaml_pair pair = {g_steal_pointer(&key), key_node, node_at(y, p->value)};
            g_array_append_val(pairs, pair);
        }
    }
    for (guint i = 0; i < merged->len; i++) {
        g_autoptr(GPtrArray) maps = yaml_items(y, g_ptr_array_index(merged, i));
        for (guint j = 0; j < maps->len; j++)
            add_pairs(y, g_ptr_array_index(maps, j), pairs, depth + 1, merges);
    }
}

GArray *yaml_pairs(struct yaml *y, struct yaml_node_s *map)
{
    GArray *pairs = g_array_new(FALSE, FALSE, sizeof(struct yaml_pair));
    unsigned merges = 0;
    add_pairs(y, map, pairs, 0, &merges);
    return pairs;
}

void yaml_pairs_free(GArray *pairs)
{
    for (guint i = 0; i < pairs->len; i++)
        g_free(g_array_index(pairs, struct yaml_pair, i).key);
    g_array_unref(pairs);
}

GPtrArray *yaml_items(struct yaml *y, struct yaml_node_s *list)
{
    GPtrArray *items = g_ptr_array_new();
    if (!yaml_is_list(list)) {
        if (list)
            g_ptr_array_add(items, list);
        return items;
    }
    yaml_node_item_t *end = list->data.sequence.items.top;
    for (yaml_node_item_t *item = list->data.sequence.items.start; item < end; item++)
        g_ptr_array_add(items, node_at(y, *item));
    return items;
}
