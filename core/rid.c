#include "rid.h"

#include <string.h>

#include "error.h"

#define UNESCAPED "-._~:+=@,!$*()'[]"

/* A rid and its strings are one block: the strings follow the struct. */
struct builder {
    GString *bytes;
    gsize env, source, filter, kind[RID_PARTS_MAX], name[RID_PARTS_MAX];
    unsigned count;
};

static gsize builder_add(struct builder *b, const char *text)
{
    gsize at = b->bytes->len + 1; /* 0 means absent */
    g_string_append(b->bytes, text);
    g_string_append_c(b->bytes, '\0');
    return at;
}

static void builder_add_rid(struct builder *b, const struct rid *rid, unsigned parts)
{
    if (rid->env)
        b->env = builder_add(b, rid->env);
    b->source = builder_add(b, rid->source);
    if (rid->filter && parts == rid->count)
        b->filter = builder_add(b, rid->filter);
    for (unsigned i = 0; i < parts; i++) {
        b->kind[i] = builder_add(b, rid->part[i].kind);
        b->name[i] = builder_add(b, rid->part[i].name);
    }
    b->count = parts;
}

static struct rid *builder_end(struct builder *b)
{
    struct rid *rid = g_malloc0(sizeof *rid + b->bytes->len);
    char *bytes = (char *)(rid + 1);
    memcpy(bytes, b->bytes->str, b->bytes->len);
    rid->env = b->env ? bytes + b->env - 1 : NULL;
    rid->source = bytes + b->source - 1;
    rid->filter = b->filter ? bytes + b->filter - 1 : NULL;
    rid->count = b->count;
    for (unsigned i = 0; i < b->count; i++) {
        rid->part[i].kind = bytes + b->kind[i] - 1;
        rid->part[i].name = bytes + b->name[i] - 1;
    }
    g_string_free(b->bytes, TRUE);
    return rid;
}

static struct builder builder_new(void)
{
    return (struct builder){.bytes = g_string_sized_new(96)};
}

struct rid *rid_source(const char *source)
{
    struct builder b = builder_new();
    b.source = builder_add(&b, source);
    return builder_end(&b);
}

struct rid *rid_child(const struct rid *parent, const char *kind, const char *name)
{
    if (parent->count == RID_PARTS_MAX)
        return NULL;
    struct builder b = builder_new();
    builder_add_rid(&b, parent, parent->count);
    b.filter = 0;
    b.kind[b.count] = builder_add(&b, kind);
    b.name[b.count] = builder_add(&b, name);
    b.count++;
    return builder_end(&b);
}

struct rid *rid_parent(const struct rid *rid)
{
    struct builder b = builder_new();
    builder_add_rid(&b, rid, rid->count ? rid->count - 1 : 0);
    return builder_end(&b);
}

struct rid *rid_copy(const struct rid *rid)
{
    struct builder b = builder_new();
    builder_add_rid(&b, rid, rid->count);
    return builder_end(&b);
}

void rid_free(struct rid *rid)
{
    g_free(rid);
}

bool rid_is_source_name(const char *text)
{
    return *text && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0';
}

/* Undoes the percent-escapes of one part of a path; NULL when one is broken or hides a NUL. */
static char *unescape(const char *text, gsize length)
{
    return g_uri_unescape_segment(text, text + length, NULL);
}

static gboolean parse_parts(struct builder *b, const char *path, const char *whole, GError **error)
{
    g_auto(GStrv) segments = g_strsplit(path, "/", RID_PARTS_MAX * 2 + 2);
    guint n = g_strv_length(segments);
    if (n % 2)
        return weir_fail(error, WEIR_ERROR_USAGE,
            "address \"%s\": a kind without a name; it is written SOURCE/KIND/NAME[/KIND/NAME...]",
            whole);
    if (n > RID_PARTS_MAX * 2)
        return weir_fail(
            error, WEIR_ERROR_USAGE, "address \"%s\": more than %d parts", whole, RID_PARTS_MAX);
    for (guint i = 0; i < n; i += 2) {
        g_autofree char *kind = unescape(segments[i], strlen(segments[i]));
        g_autofree char *name = unescape(segments[i + 1], strlen(segments[i + 1]));
        if (!kind || !name || !*kind || !*name)
            return weir_fail(error, WEIR_ERROR_USAGE,
                "address \"%s\": \"%s/%s\" is empty or holds a broken %%-escape", whole,
                segments[i], segments[i + 1]);
        b->kind[b->count] = builder_add(b, kind);
        b->name[b->count] = builder_add(b, name);
        b->count++;
    }
    return TRUE;
}

static gboolean parse_source(struct builder *b, char *text, const char *whole, GError **error)
{
    char *colon = strchr(text, ':');
    const char *source = text;
    if (colon) {
        *colon = '\0';
        source = colon + 1;
    }
    if (!rid_is_source_name(source) || (colon && !rid_is_source_name(text)))
        return weir_fail(error, WEIR_ERROR_USAGE,
            "address \"%s\": \"%s\" is no name of a source (letters a-z, digits, _ and -)", whole,
            rid_is_source_name(source) ? text : source);
    if (colon)
        b->env = builder_add(b, text);
    b->source = builder_add(b, source);
    return TRUE;
}

static gboolean parse_query(struct builder *b, const char *query, const char *whole, GError **error)
{
    if (!g_str_has_prefix(query, "filter="))
        return weir_fail(
            error, WEIR_ERROR_USAGE, "address \"%s\": only ?filter=... may follow it", whole);
    const char *value = query + strlen("filter=");
    g_autofree char *filter = unescape(value, strlen(value));
    if (!filter)
        return weir_fail(
            error, WEIR_ERROR_USAGE, "address \"%s\": broken %%-escape in the filter", whole);
    b->filter = builder_add(b, filter);
    return TRUE;
}

struct rid *rid_parse(const char *text, GError **error)
{
    if (strlen(text) > RID_TEXT_MAX || !g_utf8_validate(text, -1, NULL)) {
        weir_fail(
            error, WEIR_ERROR_USAGE, "address: longer than %d bytes or not UTF-8", RID_TEXT_MAX);
        return NULL;
    }
    g_autofree char *copy = g_strdup(g_str_has_prefix(text, "weir://") ? text + 7 : text);
    char *query = strchr(copy, '?');
    if (query)
        *query++ = '\0';
    char *path = strchr(copy, '/');
    if (path)
        *path++ = '\0';
    struct builder b = builder_new();
    if (!parse_source(&b, copy, text, error) || (path && !parse_parts(&b, path, text, error)) ||
        (query && !parse_query(&b, query, text, error))) {
        g_string_free(b.bytes, TRUE);
        return NULL;
    }
    return builder_end(&b);
}

const char *rid_name(const struct rid *rid, const char *kind)
{
    for (unsigned i = 0; i < rid->count; i++)
        if (strcmp(rid->part[i].kind, kind) == 0)
            return rid->part[i].name;
    return NULL;
}

const char *rid_last_name(const struct rid *rid)
{
    return rid->count ? rid->part[rid->count - 1].name : rid->source;
}

bool rid_equal(const struct rid *a, const struct rid *b)
{
    if (a->count != b->count || strcmp(a->source, b->source) != 0)
        return false;
    for (unsigned i = 0; i < a->count; i++)
        if (strcmp(a->part[i].kind, b->part[i].kind) != 0 ||
            strcmp(a->part[i].name, b->part[i].name) != 0)
            return false;
    return true;
}

guint rid_hash(const struct rid *rid)
{
    guint hash = g_str_hash(rid->source);
    for (unsigned i = 0; i < rid->count; i++)
        hash = (hash * 31 + g_str_hash(rid->part[i].kind)) * 31 + g_str_hash(rid->part[i].name);
    return hash;
}

static void append_escaped(GString *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (g_ascii_isalnum(*p) || strchr(UNESCAPED, *p))
            g_string_append_c(out, *p);
        else
            g_string_append_printf(out, "%%%02X", (unsigned char)*p);
    }
}

void rid_append_part(GString *out, const char *kind, const char *name)
{
    g_string_append_c(out, '/');
    append_escaped(out, kind);
    g_string_append_c(out, '/');
    append_escaped(out, name);
}

void rid_append(GString *out, const struct rid *rid)
{
    g_string_append(out, rid->source);
    for (unsigned i = 0; i < rid->count; i++)
        rid_append_part(out, rid->part[i].kind, rid->part[i].name);
}

char *rid_print(const struct rid *rid)
{
    GString *out = g_string_sized_new(64);
    rid_append(out, rid);
    return g_string_free(out, FALSE);
}
