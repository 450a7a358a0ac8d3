/* view.json: {"version": 1, "environments": {NAME: {"kinds": {KIND: {"sort": "-lag", "columns":
 * "state,lag:8"}}, "bookmarks": [{"name": ..., "link": ...}]}}, "seen": ["first-run"]}. It is read at start and, so that two
 * weirs side by side lose nothing of each other's, again before each change, which replaces it in one
 * step. */
#include "app.h"

#include <cjson/cJSON.h>
#include <glib/gstdio.h>
#include <string.h>

#define VERSION   1
#define BYTES_MAX (1024 * 1024)

struct state {
    char *path;
    cJSON *all; /* NULL: nothing is kept */
    bool broken;
};

static cJSON *child(cJSON *parent, const char *name, bool array)
{
    cJSON *item = cJSON_GetObjectItemCaseSensitive(parent, name);
    if (array ? cJSON_IsArray(item) : cJSON_IsObject(item))
        return item;
    cJSON_DeleteItemFromObjectCaseSensitive(parent, name);
    item = array ? cJSON_CreateArray() : cJSON_CreateObject();
    cJSON_AddItemToObject(parent, name, item);
    return item;
}

static cJSON *environment_of(const struct app *a)
{
    cJSON *all = child(a->state->all, "environments", false);
    return child(all, environment_name(a->session->environment), false);
}

static const char *text_in(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* What is wrong with the file's text; NULL: nothing, and *all is what it says. */
static char *parse(const char *text, cJSON **all)
{
    const char *end = NULL;
    *all = cJSON_ParseWithOpts(text, &end, true);
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(*all, "version");
    char *fault = NULL;
    if (!*all)
        fault = g_strdup_printf("no JSON at byte %zu", (gsize)(end ? end - text : 0));
    else if (!cJSON_IsObject(*all) || !cJSON_IsNumber(version))
        fault = g_strdup("it has no version");
    else if (version->valueint != VERSION)
        fault = g_strdup_printf(
            "it is of version %d, and this weir knows %d", version->valueint, VERSION);
    if (fault)
        g_clear_pointer(all, cJSON_Delete);
    return fault;
}

static void read_file(struct app *a)
{
    struct state *s = a->state;
    g_autofree char *text = NULL;
    g_autofree char *fault = NULL;
    cJSON *all = NULL;
    GStatBuf info;
    if (g_stat(s->path, &info) == 0 && info.st_size > BYTES_MAX)
        fault = g_strdup("it is too large");
    else if (g_file_get_contents(s->path, &text, NULL, NULL))
        fault = parse(text, &all);
    if (fault && !s->broken)
        app_complain(a, "%s: %s; it is left as it is, and nothing is kept: remove or mend it",
            s->path, fault);
    s->broken = fault != NULL;
    if (!all) {
        all = cJSON_CreateObject();
        cJSON_AddNumberToObject(all, "version", VERSION);
    }
    cJSON_Delete(s->all);
    s->all = all;
}

static void write_file(struct app *a)
{
    struct state *s = a->state;
    g_autoptr(GError) error = NULL;
    char *text = cJSON_Print(s->all);
    if (!g_file_set_contents_full(s->path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error))
        app_complain(a, "%s", error->message);
    cJSON_free(text);
}

void state_open(struct app *a)
{
    a->state = g_new0(struct state, 1);
    a->state->path = config_state_path("view.json");
    read_file(a);
}

void state_free(struct state *s)
{
    if (!s)
        return;
    cJSON_Delete(s->all);
    g_free(s->path);
    g_free(s);
}

bool state_first_time(struct app *a, const char *name)
{
    if (a->state->broken)
        return false;
    cJSON *item, *list = child(a->state->all, "seen", true);
    cJSON_ArrayForEach(
        item, list) if (g_strcmp0(cJSON_GetStringValue(item), name) == 0) return false;
    cJSON_AddItemToArray(list, cJSON_CreateString(name));
    write_file(a);
    return true;
}

static void set_text(cJSON *object, const char *name, const char *text)
{
    cJSON_DeleteItemFromObjectCaseSensitive(object, name);
    if (text && *text)
        cJSON_AddStringToObject(object, name, text);
}

static void note(struct app *a, const struct kind *k, const char *name, const char *text)
{
    if (!a->state)
        return;
    read_file(a);
    if (a->state->broken)
        return;
    set_text(child(child(environment_of(a), "kinds", false), k->name, false), name, text);
    write_file(a);
}

void state_note_sort(struct app *a, const struct kind *k, const char *sort)
{
    note(a, k, "sort", g_strcmp0(sort, k->sort) == 0 ? NULL : sort);
}

void state_note_columns(struct app *a, const struct kind *k, const char *columns)
{
    note(a, k, "columns", columns);
}

/* A column that is gone since: the kind's own choice, and the file stays as it is. */
void state_apply(struct app *a, struct view *v)
{
    if (!a->state || !v->kind->name)
        return;
    const cJSON *kinds = cJSON_GetObjectItemCaseSensitive(environment_of(a), "kinds");
    const cJSON *own = cJSON_GetObjectItemCaseSensitive(kinds, v->kind->name);
    const char *sort = text_in(own, "sort"), *columns = text_in(own, "columns");
    if (sort && v->class->sort)
        v->class->sort(v, sort, NULL);
    if (columns && v->class->columns)
        v->class->columns(v, columns, NULL);
}

GPtrArray *state_bookmarks(const struct app *a)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
    if (!a->state) {
        g_ptr_array_add(all, NULL);
        return all;
    }
    const cJSON *item, *list = cJSON_GetObjectItemCaseSensitive(environment_of(a), "bookmarks");
    cJSON_ArrayForEach(item, list)
    {
        const char *name = text_in(item, "name"), *link = text_in(item, "link");
        if (!name || !link)
            continue;
        g_ptr_array_add(all, g_strdup(name));
        g_ptr_array_add(all, g_strdup(link));
    }
    g_ptr_array_add(all, NULL);
    return all;
}

void state_bookmark(struct app *a, const char *name, const char *link)
{
    if (!a->state)
        return;
    read_file(a);
    if (a->state->broken)
        return;
    cJSON *list = child(environment_of(a), "bookmarks", true);
    for (int i = cJSON_GetArraySize(list); i-- > 0;)
        if (g_strcmp0(text_in(cJSON_GetArrayItem(list, i), "name"), name) == 0)
            cJSON_DeleteItemFromArray(list, i);
    if (link) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "name", name);
        cJSON_AddStringToObject(item, "link", link);
        cJSON_AddItemToArray(list, item);
    }
    write_file(a);
}
