#include "yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <libfyaml.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

#define MERGE_DEPTH_MAX 8
#define MERGES_MAX      1000 /* maps that go into one, by whatever way */

struct yaml {
    char *path;
    char *text;
    char **lines;
    struct fy_document *document;
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

/* The key of a value in its map, or NULL. */
static struct fy_node *key_of(struct fy_node *value)
{
    struct fy_node *map = fy_node_get_parent(value);
    void *iterator = NULL;
    struct fy_node_pair *pair;
    while (map && fy_node_is_mapping(map) && (pair = fy_node_mapping_iterate(map, &iterator)))
        if (fy_node_pair_value(pair) == value)
            return fy_node_pair_key(pair);
    return NULL;
}

static const struct fy_mark *node_mark(struct fy_node *node)
{
    if (!node)
        return NULL;
    struct fy_token *token = fy_node_get_scalar_token(node);
    if (token)
        return fy_token_start_mark(token);
    /* A map or list begins where its first key or item does, an empty one is where its key is. */
    void *iterator = NULL;
    struct fy_node_pair *pair =
        fy_node_is_mapping(node) ? fy_node_mapping_iterate(node, &iterator) : NULL;
    struct fy_node *first = pair                        ? fy_node_pair_key(pair)
                            : fy_node_is_sequence(node) ? fy_node_sequence_iterate(node, &iterator)
                                                        : NULL;
    return node_mark(first ? first : key_of(node));
}

void yaml_fault(struct yaml *y, struct fy_node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    const struct fy_mark *mark = node_mark(node);
    add_fault(y, mark ? mark->line + 1 : 0, mark ? mark->column + 1 : 0, message);
}

void yaml_hide_line(struct yaml *y)
{
    struct fault *f = g_ptr_array_index(y->faults, y->faults->len - 1);
    secret_wipe(f->text);
    g_clear_pointer(&f->text, g_free);
}

/* What libfyaml found wrong, in its words, with a hint for the mistake that is made most. */
static void add_parse_faults(struct yaml *y, struct fy_diag *diag)
{
    void *iterator = NULL;
    struct fy_diag_error *e;
    guint before = y->faults->len;
    while ((e = fy_diag_errors_iterate(diag, &iterator))) {
        const char *line =
            e->line > 0 && e->line <= (int)g_strv_length(y->lines) ? y->lines[e->line - 1] : "";
        bool tab = line[strspn(line, " ")] == '\t';
        g_autofree char *message = g_strdup_printf(
            "%s%s", e->msg, tab ? " (YAML is indented with blanks, never with tabs)" : "");
        add_fault(y, e->line, e->column, message);
    }
    if (y->faults->len == before)
        add_fault(y, 0, 0, "not YAML");
}

/* Blank lines and comments alone: libfyaml takes that for an error without saying which. */
static bool is_empty(const struct yaml *y)
{
    for (char **line = y->lines; *line; line++) {
        const char *p = *line + strspn(*line, " \t\r");
        if (*p && *p != '#')
            return false;
    }
    return true;
}

struct yaml *yaml_parse(const char *name, const char *text, gsize length, GPtrArray *faults)
{
    struct yaml *y = g_new0(struct yaml, 1);
    y->path = g_strdup(name);
    y->faults = faults;
    y->text = g_strndup(text, length);
    y->lines = g_strsplit(y->text, "\n", -1);
    if (strlen(y->text) != length || !g_utf8_validate(y->text, -1, NULL)) {
        add_fault(y, 0, 0, "not a text in UTF-8");
        yaml_close(y);
        return NULL;
    }
    struct fy_diag_cfg diag_cfg;
    fy_diag_cfg_default(&diag_cfg);
    diag_cfg.fp = NULL;
    struct fy_diag *diag = fy_diag_create(&diag_cfg);
    fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_DISABLE_MMAP_OPT, .diag = diag};
    y->document = fy_document_build_from_string(&cfg, y->text, length);
    if (!is_empty(y) && (!y->document || fy_diag_got_error(diag))) {
        add_parse_faults(y, diag);
        fy_diag_destroy(diag);
        yaml_close(y);
        return NULL;
    }
    fy_diag_destroy(diag); /* gives up our reference; a mere unref would leak warnings */
    return y;
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
    if (y->document)
        fy_document_destroy(y->document);
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

static struct fy_node *follow(struct fy_node *node)
{
    return node && fy_node_is_alias(node) ? fy_node_resolve_alias(node) : node;
}

struct fy_node *yaml_root(const struct yaml *y)
{
    return y->document ? follow(fy_document_root(y->document)) : NULL;
}

bool yaml_is_map(struct fy_node *node)
{
    node = follow(node);
    return node && fy_node_is_mapping(node);
}

bool yaml_is_list(struct fy_node *node)
{
    node = follow(node);
    return node && fy_node_is_sequence(node);
}

bool yaml_is_text(struct fy_node *node)
{
    node = follow(node);
    return node && fy_node_is_scalar(node) && !fy_node_is_null(node);
}

char *yaml_text(struct fy_node *node)
{
    node = follow(node);
    if (!node || !fy_node_is_scalar(node) || fy_node_is_alias(node))
        return NULL;
    size_t length = 0;
    const char *text = fy_node_get_scalar(node, &length);
    return g_strndup(text ? text : "", length);
}

static bool has_key(const GArray *pairs, const char *key)
{
    for (guint i = 0; i < pairs->len; i++)
        if (strcmp(g_array_index(pairs, struct yaml_pair, i).key, key) == 0)
            return true;
    return false;
}

static void add_pairs(
    struct yaml *y, struct fy_node *map, GArray *pairs, int depth, unsigned *merges)
{
    map = follow(map);
    if (!map || !fy_node_is_mapping(map) || depth > MERGE_DEPTH_MAX || *merges > MERGES_MAX)
        return;
    if (++*merges > MERGES_MAX)
        yaml_fault(y, map, "more than %d maps are merged into one", MERGES_MAX);
    g_autoptr(GPtrArray) merged = g_ptr_array_new();
    void *iterator = NULL;
    struct fy_node_pair *pair;
    while ((pair = fy_node_mapping_iterate(map, &iterator))) {
        struct fy_node *key_node = fy_node_pair_key(pair);
        g_autofree char *key = yaml_text(key_node);
        if (!key) {
            yaml_fault(y, key_node, "a key must be a plain word");
        } else if (strcmp(key, "<<") == 0) {
            g_ptr_array_add(merged, fy_node_pair_value(pair));
        } else if (!has_key(pairs, key)) {
            struct yaml_pair p = {
                g_steal_pointer(&key), key_node, follow(fy_node_pair_value(pair))};
            g_array_append_val(pairs, p);
        }
    }
    for (guint i = 0; i < merged->len; i++) {
        g_autoptr(GPtrArray) maps = yaml_items(g_ptr_array_index(merged, i));
        for (guint j = 0; j < maps->len; j++)
            add_pairs(y, g_ptr_array_index(maps, j), pairs, depth + 1, merges);
    }
}

GArray *yaml_pairs(struct yaml *y, struct fy_node *map)
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

GPtrArray *yaml_items(struct fy_node *list)
{
    GPtrArray *items = g_ptr_array_new();
    list = follow(list);
    if (!list || !fy_node_is_sequence(list)) {
        if (list)
            g_ptr_array_add(items, list);
        return items;
    }
    void *iterator = NULL;
    struct fy_node *item;
    while ((item = fy_node_sequence_iterate(list, &iterator)))
        g_ptr_array_add(items, follow(item));
    return items;
}
