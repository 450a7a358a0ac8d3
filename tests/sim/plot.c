#include "plot.h"

#include <gio/gio.h>
#include <string.h>

#include "config.h"
#include "error.h"
#include "quantity.h"
#include "yaml.h"

#define BUILT_IN "/sim/plots"

static void event_clear(gpointer data)
{
    struct event *e = data;
    g_hash_table_unref(e->args);
}

void plot_free(struct plot *p)
{
    if (!p)
        return;
    g_free(p->name);
    g_free(p->title);
    g_free(p->about);
    g_array_unref(p->events);
    yaml_close(p->yaml);
    g_free(p);
}

/* "+3m", "3m", "1h": from the plot's first moment on. */
static bool parse_moment(const char *text, int64_t *ms)
{
    return text && quantity_parse_span(text + (*text == '+'), false, ms);
}

/* "group member?" and what stands in the map: every key known, none missing. */
static void check_keys(
    struct yaml *y, const struct yaml_pair *p, const struct verb *v, GHashTable *args)
{
    g_auto(GStrv) keys = g_strsplit(v->keys, " ", -1);
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    for (char **key = keys; *key; key++) {
        bool optional = g_str_has_suffix(*key, "?");
        if (optional)
            (*key)[strlen(*key) - 1] = '\0';
        g_hash_table_add(known, *key);
        if (**key && !optional && !g_hash_table_contains(args, *key))
            yaml_fault(y, p->key_node, "%s needs %s", v->name, *key);
    }
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, args);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        if (!g_hash_table_contains(known, key))
            yaml_fault(y, p->key_node, "%s takes no \"%s\"; it takes: %s", v->name,
                (const char *)key, *v->keys ? v->keys : "nothing");
}

static GHashTable *read_args(struct yaml *y, const struct yaml_pair *p, const struct verb *v)
{
    GHashTable *args = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (!yaml_is_map(p->value)) {
        yaml_fault(y, p->value, "%s takes a map: {%s}", v->name, v->keys);
        return args;
    }
    GArray *pairs = yaml_pairs(y, p->value);
    for (guint i = 0; i < pairs->len; i++) {
        const struct yaml_pair *arg = &g_array_index(pairs, struct yaml_pair, i);
        char *text = yaml_text(arg->value);
        if (!text)
            yaml_fault(y, arg->value, "%s must be a text or a number", arg->key);
        if (g_hash_table_contains(args, arg->key)) /* its own before what it merges in */
            g_free(text);
        else
            g_hash_table_insert(args, g_strdup(arg->key), text ? text : g_strdup(""));
    }
    yaml_pairs_free(pairs);
    check_keys(y, p, v, args);
    return args;
}

static void add_unknown_verb(struct yaml *y, const struct yaml_pair *p)
{
    g_autoptr(GString) known = g_string_new(NULL);
    for (const struct verb *const *table = world_verbs(); *table; table++)
        for (const struct verb *v = *table; v->name; v++)
            g_string_append_printf(known, "%s%s", known->len ? ", " : "", v->name);
    yaml_fault(y, p->key_node, "nothing is called \"%s\"; there are: %s", p->key, known->str);
}

/* Complains about what is missing only when nothing else is wrong with the event. */
static void read_event(struct yaml *y, struct yaml_node_s *node, struct plot *plot)
{
    struct event e = {.at_ms = -1};
    guint faults = yaml_fault_count(y);
    if (!yaml_is_map(node)) {
        yaml_fault(y, node, "an event is a map: {at: +3m, VERB: {...}}");
        return;
    }
    GArray *pairs = yaml_pairs(y, node);
    for (guint i = 0; i < pairs->len; i++) {
        const struct yaml_pair *p = &g_array_index(pairs, struct yaml_pair, i);
        g_autofree char *text = yaml_text(p->value);
        const struct verb *v = world_verb(p->key);
        if (g_str_equal(p->key, "at")) {
            if (!parse_moment(text, &e.at_ms))
                yaml_fault(y, p->value, "at is a span from the plot's beginning, as +3m or +90s");
        } else if (!v) {
            add_unknown_verb(y, p);
        } else if (e.verb) {
            yaml_fault(
                y, p->key_node, "one event does one thing: make %s an event of its own", p->key);
        } else {
            e.verb = v;
            e.args = read_args(y, p, v);
            e.place = p->key_node;
        }
    }
    yaml_pairs_free(pairs);
    bool whole = e.verb && e.at_ms >= 0;
    if (whole)
        g_array_append_val(plot->events, e);
    else if (yaml_fault_count(y) == faults)
        yaml_fault(y, node, "%s",
            e.verb ? "this event has no moment: it needs at"
                   : "this event does nothing: it needs a verb");
    if (e.args && !whole)
        g_hash_table_unref(e.args);
}

static gint earlier(gconstpointer pa, gconstpointer pb)
{
    const struct event *a = pa, *b = pb;
    return (a->at_ms > b->at_ms) - (a->at_ms < b->at_ms);
}

static void read_events(struct yaml *y, struct yaml_node_s *list, struct plot *plot)
{
    if (yaml_is_map(list) || yaml_is_text(list)) {
        yaml_fault(y, list, "events is a list: - {at: +3m, VERB: {...}}");
        return;
    }
    g_autoptr(GPtrArray) items = yaml_is_list(list) ? yaml_items(y, list) : g_ptr_array_new();
    for (guint i = 0; i < items->len; i++)
        read_event(y, g_ptr_array_index(items, i), plot);
}

static void read_plot(struct yaml *y, struct plot *plot)
{
    struct yaml_node_s *root = yaml_root(y);
    guint faults = yaml_fault_count(y);
    if (!yaml_is_map(root)) {
        yaml_fault(y, root, "a plot is a map of title, about and events");
        return;
    }
    GArray *pairs = yaml_pairs(y, root);
    for (guint i = 0; i < pairs->len; i++) {
        const struct yaml_pair *p = &g_array_index(pairs, struct yaml_pair, i);
        char **text = g_str_equal(p->key, "title")   ? &plot->title
                      : g_str_equal(p->key, "about") ? &plot->about
                                                     : NULL;
        if (text && yaml_is_text(p->value)) {
            g_free(*text);
            *text = yaml_text(p->value);
        } else if (text) {
            yaml_fault(y, p->value, "%s must be a text", p->key);
        } else if (g_str_equal(p->key, "events")) {
            read_events(y, p->value, plot);
        } else {
            yaml_fault(
                y, p->key_node, "a plot has title, about and events (a list), not \"%s\"", p->key);
        }
    }
    yaml_pairs_free(pairs);
    if (!plot->title && yaml_fault_count(y) == faults)
        yaml_fault(y, NULL, "a plot needs a title");
    g_array_sort(plot->events, earlier); /* stable: what happens at once happens in this order */
}

/* False, with all faults as one text, when there are any. */
static bool no_faults(const GPtrArray *faults, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < faults->len; i++)
        fault_append(text, g_ptr_array_index(faults, i));
    return faults->len == 0 || weir_fail(error, WEIR_ERROR_CONFIG, "%s", text->str);
}

static struct yaml *open_plot(const char *name, GPtrArray *faults, GError **error)
{
    if (strchr(name, '/') || g_str_has_suffix(name, ".yaml"))
        return yaml_open(name, false, faults);
    g_autofree char *path = g_strdup_printf(BUILT_IN "/%s.yaml", name);
    g_autoptr(GBytes) bytes = g_resources_lookup_data(path, 0, NULL);
    if (bytes) {
        gsize length;
        const char *text = g_bytes_get_data(bytes, &length);
        return yaml_parse(name, text, length, faults);
    }
    g_autofree char *names = g_strjoinv(", ", (char **)plot_names());
    weir_fail(error, WEIR_ERROR_CONFIG,
        "there is no plot \"%s\"; there are %s, and the path of a file of your own", name, names);
    return NULL;
}

struct plot *plot_load(const char *name, GError **error)
{
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func((GDestroyNotify)fault_free);
    struct yaml *y = open_plot(name, faults, error);
    if (!y && faults->len == 0)
        return NULL;
    struct plot *plot = g_new0(struct plot, 1);
    plot->yaml = y;
    plot->name = g_path_get_basename(name);
    if (g_str_has_suffix(plot->name, ".yaml"))
        plot->name[strlen(plot->name) - 5] = '\0';
    plot->events = g_array_new(FALSE, FALSE, sizeof(struct event));
    g_array_set_clear_func(plot->events, event_clear);
    if (y)
        read_plot(y, plot);
    if (no_faults(faults, error))
        return plot;
    plot_free(plot);
    return NULL;
}

bool plot_check(const struct plot *p, const struct world *w, GError **error)
{
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func((GDestroyNotify)fault_free);
    yaml_set_faults(p->yaml, faults);
    for (guint i = 0; i < p->events->len; i++) {
        const struct event *e = &g_array_index(p->events, struct event, i);
        g_autoptr(GError) wrong = NULL;
        if (e->verb->check && !e->verb->check(w, e->args, &wrong))
            yaml_fault(p->yaml, e->place, "%s: %s", e->verb->name, wrong->message);
    }
    return no_faults(faults, error);
}

const char *const *plot_names(void)
{
    static const char *const names[] = {
        "quiet", "enrich-lag", "broker-down", "bad-deploy", "slow-warehouse", NULL};
    return names;
}
