#include "kind.h"

#include <string.h>

#include "connector.h"
#include "error.h"
#include "lane.h"
#include "quantity.h"
#include "rid.h"
#include "text.h"

static const struct column pseudo[] = {
    [COLUMN_SOURCE + 8] = {"source", "SOURCE", CELL_TEXT, .min_width = 8, .weight = 1,
        .help = "the source it was read from"},
    [COLUMN_NAME + 8] = {"name", "NAME", CELL_TEXT, COLUMN_F_KEY, 12, 4, "its name"},
    [COLUMN_ADDRESS + 8] = {"address", "ADDRESS", CELL_LINK, COLUMN_F_HIDDEN, 20, 2,
        "what names it everywhere in weir: SOURCE/KIND/NAME"},
    [COLUMN_AT + 8] = {"at", "AT", CELL_TIME_MS, COLUMN_F_HIDDEN, 9, 0,
        "when this row was read, by weir's clock"},
    [COLUMN_HEALTH + 8] = {"health", "HEALTH", CELL_STATE, COLUMN_F_HIDDEN, 7, 0,
        "ok, unknown, warn or fail, by the rules of its kind"},
    [COLUMN_PHASE + 8] = {"phase", "PHASE", CELL_STATE, COLUMN_F_HIDDEN, 5, 0,
        "off, wait, run or done"},
    [COLUMN_WHY + 8] = {"why", "WHY", CELL_TEXT, COLUMN_F_HIDDEN, 16, 3,
        "one sentence when health is not ok"},
};

static const struct column detail_columns[] = {
    [DETAIL_GROUP] = {"group", "GROUP", CELL_TEXT, 0, 8, 1, "what the field belongs to"},
    [DETAIL_VALUE] = {"value", "VALUE", CELL_TEXT, 0, 20, 8, "its value"},
    {0},
};

const struct kind kind_detail = {
    .name = "detail",
    .title = "FIELD",
    .help = "one object whole, a row per field",
    .shape = SHAPE_DETAIL,
    .columns = detail_columns,
};

static const struct column log_columns[] = {
    [LOG_TIME] = {"time", "TIME", CELL_TIME_MS, 0, 9, 0, "when the line was written"},
    [LOG_LEVEL] = {"level", "LEVEL", CELL_STATE, 0, 5, 0, "debug, info, warning, error ..."},
    [LOG_TEXT] = {"text", "TEXT", CELL_TEXT, COLUMN_F_PRIVATE, 20, 8, "the line"},
    {0},
};

const struct kind kind_log = {
    .name = "log",
    .title = "LINE",
    .help = "lines of a log",
    .shape = SHAPE_LOG,
    .columns = log_columns,
};

static const struct column doctor_columns[] = {
    [DOCTOR_SEEN] = {"seen", "SEEN", CELL_TEXT, 0, 20, 4, "what was seen"},
    [DOCTOR_ADVICE] = {"advice", "ADVICE", CELL_TEXT, 0, 20, 4, "what to do"},
    {0},
};

const struct kind kind_doctor = {
    .name = "doctor",
    .title = "CHECK",
    .help = "what must hold for weir to be of use",
    .shape = SHAPE_TABLE,
    .columns = doctor_columns,
};

void doctor_add(struct snapshot *doctor, const char *what, enum health health, const char *seen,
    const char *advice)
{
    size_t row = snapshot_add(doctor, what);
    snapshot_set_text(doctor, row, DOCTOR_SEEN, seen);
    if (advice)
        snapshot_set_text(doctor, row, DOCTOR_ADVICE, advice);
    snapshot_set_health(doctor, row, health, advice ? advice : seen);
}

void doctor_add_clock(struct snapshot *doctor, int64_t skew_ms)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    quantity_append_span(seen, ABS(skew_ms));
    g_string_append(seen, skew_ms > 0 ? " ahead of ours" : " behind ours");
    bool off = ABS(skew_ms) > DOCTOR_SKEW_MS;
    doctor_add(doctor, "clock", off ? HEALTH_WARN : HEALTH_OK, off ? seen->str : "agrees with ours",
        off ? "ages are counted by the server's clock; set both by NTP" : NULL);
}

const char *kind_segment(const struct kind *k)
{
    const char *dot = strchr(k->name, '.');
    return dot ? dot + 1 : k->name;
}

int column_index(const struct column *columns, const char *name)
{
    for (int i = 0; columns[i].name; i++)
        if (strcmp(columns[i].name, name) == 0)
            return i;
    for (int i = 0; i < (int)G_N_ELEMENTS(pseudo); i++)
        if (strcmp(pseudo[i].name, name) == 0)
            return i - 8;
    return COLUMN_UNKNOWN;
}

int kind_column(const struct kind *k, const char *name)
{
    return column_index(k->columns, name);
}

const struct column *column_info(const struct column *columns, int column)
{
    return column < 0 ? &pseudo[column + 8] : &columns[column];
}

const struct column *kind_column_info(const struct kind *k, int column)
{
    return column_info(k->columns, column);
}

size_t column_count(const struct column *columns)
{
    size_t n = 0;
    while (columns[n].name)
        n++;
    return n;
}

bool column_has_past(const struct column *column)
{
    switch (column->type) {
    case CELL_INT:
    case CELL_REAL:
    case CELL_SPAN_MS:
    case CELL_BYTES:
    case CELL_PERCENT: return !(column->flags & (COLUMN_F_PRIVATE | COLUMN_F_EXACT));
    default: return false;
    }
}

const char **column_names(const struct column *columns)
{
    size_t n = column_count(columns);
    const char **names = g_new0(const char *, n + G_N_ELEMENTS(pseudo) + 1);
    for (size_t i = 0; i < n; i++)
        names[i] = columns[i].name;
    for (size_t i = 0; i < G_N_ELEMENTS(pseudo); i++)
        names[n + i] = pseudo[i].name;
    return names;
}

struct registry {
    GPtrArray *connectors;
    GPtrArray *kinds;
    GHashTable *owners; /* kind to connector */
};

struct registry *registry_new(void)
{
    struct registry *r = g_new0(struct registry, 1);
    r->connectors = g_ptr_array_new();
    r->kinds = g_ptr_array_new();
    r->owners = g_hash_table_new(NULL, NULL);
    return r;
}

void registry_free(struct registry *r)
{
    if (!r)
        return;
    g_ptr_array_unref(r->connectors);
    g_ptr_array_unref(r->kinds);
    g_hash_table_unref(r->owners);
    g_free(r);
}

void registry_add(struct registry *r, const struct connector *c)
{
    g_ptr_array_add(r->connectors, (gpointer)c);
    for (const struct kind *const *k = c->kinds; *k; k++) {
        g_ptr_array_add(r->kinds, (gpointer)*k);
        g_hash_table_insert(r->owners, (gpointer)*k, (gpointer)c);
    }
}

guint registry_connector_count(const struct registry *r)
{
    return r->connectors->len;
}

const struct connector *registry_connector_at(const struct registry *r, guint i)
{
    return g_ptr_array_index(r->connectors, i);
}

const struct connector *registry_connector(const struct registry *r, const char *name)
{
    for (guint i = 0; i < r->connectors->len; i++)
        if (strcmp(registry_connector_at(r, i)->name, name) == 0)
            return registry_connector_at(r, i);
    return NULL;
}

guint registry_kind_count(const struct registry *r)
{
    return r->kinds->len;
}

const struct kind *registry_kind_at(const struct registry *r, guint i)
{
    return g_ptr_array_index(r->kinds, i);
}

const struct connector *registry_owner(const struct registry *r, const struct kind *k)
{
    return g_hash_table_lookup(r->owners, k);
}

/* Whether word is one of the aliases, which are separated by blanks. Allocates nothing: a frame asks. */
static bool has_alias(const struct kind *k, const char *word)
{
    gsize length = strlen(word);
    for (const char *p = k->aliases; p && *p; p += strspn(p, " ")) {
        gsize n = strcspn(p, " ");
        if (n == length && strncmp(p, word, n) == 0)
            return true;
        p += n;
    }
    return false;
}

static void unknown_kind(const struct registry *r, const char *word, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < r->kinds->len; i++) {
        g_ptr_array_add(names, (gpointer)registry_kind_at(r, i)->name);
        g_ptr_array_add(names, (gpointer)kind_segment(registry_kind_at(r, i)));
    }
    g_ptr_array_add(names, NULL);
    const char *near = text_nearest(word, (const char *const *)names->pdata);
    g_autoptr(GString) all = g_string_new(NULL);
    for (guint i = 0; i < r->kinds->len; i++)
        g_string_append_printf(all, " %s", registry_kind_at(r, i)->name);
    if (near)
        weir_fail(error, WEIR_ERROR_USAGE, "no kind \"%s\"; did you mean \"%s\"? There are:%s",
            word, near, all->str);
    else
        weir_fail(error, WEIR_ERROR_USAGE, "no kind \"%s\". There are:%s", word, all->str);
}

const struct kind *registry_kind(const struct registry *r, const char *word, GError **error)
{
    for (guint i = 0; i < r->kinds->len; i++)
        if (strcmp(registry_kind_at(r, i)->name, word) == 0)
            return registry_kind_at(r, i);
    g_autoptr(GPtrArray) hits = g_ptr_array_new();
    for (guint i = 0; i < r->kinds->len; i++) {
        const struct kind *k = registry_kind_at(r, i);
        if (strcmp(kind_segment(k), word) == 0 || has_alias(k, word))
            g_ptr_array_add(hits, (gpointer)k);
    }
    if (hits->len == 1)
        return g_ptr_array_index(hits, 0);
    if (hits->len == 0) {
        unknown_kind(r, word, error);
        return NULL;
    }
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < hits->len; i++)
        g_string_append_printf(
            names, " %s", ((const struct kind *)g_ptr_array_index(hits, i))->name);
    weir_fail(error, WEIR_ERROR_USAGE, "\"%s\" may be any of:%s", word, names->str);
    return NULL;
}

const struct kind *registry_kind_of(
    const struct registry *r, const struct connector *c, const struct rid *rid)
{
    (void)r;
    if (rid->count == 0)
        return NULL;
    for (const struct kind *const *k = c->kinds; *k; k++)
        if (strcmp(kind_segment(*k), rid->part[rid->count - 1].kind) == 0)
            return *k;
    return NULL;
}
