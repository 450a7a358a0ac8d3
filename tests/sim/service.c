#include "service.h"

#include <gio/gio.h>
#include <string.h>

#include "quantity.h"

const struct service *const services[] = {
    &airflow_service, &trino_service, &kafka_rest_service, &alertmanager_service, NULL};

const struct service *service_find(const char *name)
{
    for (const struct service *const *s = services; *s; s++)
        if (g_str_equal((*s)->name, name))
            return *s;
    return NULL;
}

/* -- requests ------------------------------------------------------------------------------------- */

bool request_is(const struct request *q, const char *method, const char *pattern)
{
    if (!g_str_equal(q->method, method))
        return false;
    const char *p = pattern;
    for (guint i = 0; i < q->parts; i++) {
        if (*p++ != '/')
            return false;
        gsize n = strcspn(p, "/");
        bool any = n == 1 && *p == '*';
        if (!any && (strlen(q->part[i]) != n || strncmp(q->part[i], p, n) != 0))
            return false;
        p += n;
    }
    return *p == '\0';
}

static const GPtrArray *values(const struct request *q, const char *name)
{
    return g_hash_table_lookup(q->query, name);
}

const char *request_query(const struct request *q, const char *name)
{
    const GPtrArray *all = values(q, name);
    return all ? g_ptr_array_index(all, 0) : NULL;
}

int64_t request_number(const struct request *q, const char *name, int64_t fallback)
{
    const char *text = request_query(q, name);
    gint64 n;
    return text && g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, &n, NULL) ? n
                                                                                        : fallback;
}

bool request_allows(const struct request *q, const char *name, const char *value)
{
    const GPtrArray *all = values(q, name);
    if (!all)
        return true;
    for (guint i = 0; value && i < all->len; i++)
        if (g_str_equal(g_ptr_array_index(all, i), value))
            return true;
    return false;
}

/* -- answers -------------------------------------------------------------------------------------- */

cJSON *shape(const char *name)
{
    static GHashTable *parsed; /* they never change: parsed once */
    if (!parsed)
        parsed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    cJSON *one = g_hash_table_lookup(parsed, name);
    if (!one) {
        g_autofree char *path = g_strdup_printf("/sim/shapes/%s.json", name);
        g_autoptr(GBytes) bytes = g_resources_lookup_data(path, 0, NULL);
        gsize length = 0;
        const char *text = bytes ? g_bytes_get_data(bytes, &length) : NULL;
        one = text ? cJSON_ParseWithLength(text, length) : NULL;
        if (!one)
            g_error("shapes/%s.json is missing or no JSON", name);
        g_hash_table_insert(parsed, g_strdup(name), one);
    }
    return cJSON_Duplicate(one, true);
}

void put(cJSON *object, const char *path, cJSON *take_value)
{
    g_auto(GStrv) names = g_strsplit(path, ".", -1);
    guint last = g_strv_length(names) - 1;
    cJSON *at = object;
    for (guint i = 0; i < last && at; i++)
        at = cJSON_GetObjectItemCaseSensitive(at, names[i]);
    if (!at || !cJSON_ReplaceItemInObjectCaseSensitive(at, names[last], take_value))
        g_error("the shape has no \"%s\"", path);
}

void put_text(cJSON *object, const char *path, const char *text)
{
    put(object, path, text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

void put_number(cJSON *object, const char *path, double value)
{
    put(object, path, cJSON_CreateNumber(value));
}

void put_bool(cJSON *object, const char *path, bool value)
{
    put(object, path, cJSON_CreateBool(value));
}

void put_time(cJSON *object, const char *path, int64_t at_ms)
{
    if (at_ms == INT64_MIN) {
        put(object, path, cJSON_CreateNull());
        return;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    quantity_append_iso(text, at_ms);
    put_text(object, path, text->str);
}

void reply_json(struct reply *r, int status, cJSON *take_object)
{
    char *text = cJSON_PrintUnformatted(take_object);
    reply_text(r, status, "application/json", text);
    cJSON_free(text);
    cJSON_Delete(take_object);
}

void reply_text(struct reply *r, int status, const char *content_type, const char *text)
{
    r->status = status;
    r->content_type = content_type;
    g_string_assign(r->body, text);
}

void reply_header(struct reply *r, const char *name, const char *value)
{
    char *all = g_strdup_printf("%s%s: %s\n", r->headers ? r->headers : "", name, value);
    g_free(r->headers);
    r->headers = all;
}
