#include "config_private.h"

#include <errno.h>
#include <string.h>

#include "connector.h"
#include "quantity.h"
#include "request.h"
#include "text.h"

const struct option source_options[] = {
    {"type", OPTION_TEXT, OPTION_F_REQUIRED, NULL, "which connector speaks to it"},
    {"every", OPTION_SPAN, 0, NULL, "span between two polls, instead of each feed's own"},
    {"timeout", OPTION_SPAN, 0, NULL, "longest time one fetch may take"},
    {0},
};

const struct option http_options[] = {
    {"ca_file", OPTION_FILE, 0, NULL, "certificates that sign the server's (PEM)"},
    {"cert_file", OPTION_FILE, 0, NULL, "client certificate (PEM)"},
    {"key_file", OPTION_FILE, 0, NULL, "its private key (PEM)"},
    {"insecure", OPTION_BOOL, 0, "false",
        "do not check the server's certificate; refused in class prod"},
    {"headers", OPTION_MAP, 0, NULL, "request headers to add, by name"},
    {"proxy", OPTION_TEXT, 0, NULL,
        "http:// or socks5h:// proxy; the environment's proxies are not used"},
    {"via", OPTION_TEXT, OPTION_F_LATER, NULL, "a host to tunnel through"},
    {0},
};

static void value_free(gpointer data)
{
    struct value *v = data;
    g_free(v->text);
    g_strfreev(v->list);
    g_strfreev(v->map_keys);
    secret_spec_clear(&v->secret);
    for (guint i = 0; v->map && i < v->map->len; i++) {
        struct map_entry *entry = &g_array_index(v->map, struct map_entry, i);
        g_free(entry->key);
        g_free(entry->text);
        g_strfreev(entry->list);
        secret_spec_clear(&entry->secret);
    }
    if (v->map)
        g_array_unref(v->map);
    g_free(v);
}

void source_free(struct source *s)
{
    g_free(s->name);
    g_free(s->type);
    g_strfreev(s->pairs);
    g_free(s->origin);
    if (s->raw)
        yaml_pairs_free(s->raw);
    g_clear_pointer(&s->values, g_hash_table_unref);
    g_free(s);
}

/* -- secrets ------------------------------------------------------------------------------------- */

/* A text, or a list of nothing else. */
static bool are_texts(struct yaml *y, struct yaml_node_s *node)
{
    g_autoptr(GPtrArray) items = yaml_items(y, node);
    for (guint i = 0; i < items->len; i++)
        if (!yaml_is_text(g_ptr_array_index(items, i)))
            return false;
    return yaml_is_list(node) || yaml_is_text(node);
}

static char **read_strings(struct yaml *y, struct yaml_node_s *node)
{
    g_autoptr(GPtrArray) items = yaml_items(y, node);
    GPtrArray *texts = g_ptr_array_new();
    for (guint i = 0; i < items->len; i++) {
        char *text = yaml_text(g_ptr_array_index(items, i));
        if (text)
            g_ptr_array_add(texts, text);
    }
    g_ptr_array_add(texts, NULL);
    return (char **)g_ptr_array_free(texts, FALSE);
}

/* The variable is taken out of the environment, so that no child inherits it. Several sources may
 * name the same one: what was taken is kept until the end of the process. */
static char *take_variable(const char *name)
{
    static GHashTable *taken; /* UI thread, before the lanes */
    if (!taken)
        taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    char *value = g_hash_table_lookup(taken, name);
    if (!value && g_getenv(name)) {
        value = g_strdup(g_getenv(name));
        g_hash_table_insert(taken, g_strdup(name), value);
        g_unsetenv(name);
    }
    return g_strdup(value);
}

void config_take_variable(const char *name)
{
    g_autofree char *value = take_variable(name);
    secret_wipe(value);
}

bool config_read_secret(
    struct yaml *y, struct yaml_node_s *node, const char *name, struct secret_spec *out)
{
    if (!yaml_is_map(node)) {
        yaml_fault(y, node,
            "\"%s\" is a secret and may not stand here in plain text: write "
            "{command: [pass, show, NAME]}, {file: PATH} or {env: VARIABLE}",
            name);
        yaml_hide_line(y);
        return false;
    }
    GArray *pairs = yaml_pairs(y, node);
    struct yaml_pair *p = pairs->len == 1 ? &g_array_index(pairs, struct yaml_pair, 0) : NULL;
    bool ok = true;
    if (p && strcmp(p->key, "command") == 0 && yaml_is_list(p->value) && are_texts(y, p->value))
        out->command = read_strings(y, p->value);
    else if (p && strcmp(p->key, "file") == 0 && yaml_is_text(p->value))
        out->file = yaml_text(p->value);
    else if (p && strcmp(p->key, "env") == 0 && yaml_is_text(p->value))
        out->env = yaml_text(p->value);
    else
        ok = false;
    if (out->command && !out->command[0])
        ok = false;
    if (out->env)
        out->value = take_variable(out->env);
    if (!ok)
        yaml_fault(y, p ? p->key_node : node,
            "\"%s\" must be exactly one of {command: [...]}, {file: PATH}, {env: VARIABLE}", name);
    yaml_pairs_free(pairs);
    return ok;
}

/* -- one value ----------------------------------------------------------------------------------- */

static const char *const type_words[] = {
    [OPTION_TEXT] = "a text",
    [OPTION_INT] = "a whole number",
    [OPTION_NUMBER] = "a number (10, 10k, 64KiB)",
    [OPTION_SPAN] = "a span (500ms, 10s, 5m)",
    [OPTION_BOOL] = "true or false",
    [OPTION_FILE] = "a path",
    [OPTION_URL] = "a URL (http://host:port or https://..., without user and password)",
    [OPTION_LIST] = "a list",
    [OPTION_MAP] = "a map",
    [OPTION_LISTS] = "a map of lists",
    [OPTION_SECRET] = "a secret ({command: [...]}, {file: PATH} or {env: NAME})",
};

const char *option_type_words(enum option_type type)
{
    return type_words[type];
}

static bool is_url(const char *text)
{
    g_autoptr(GUri) uri = g_uri_parse(text, G_URI_FLAGS_NONE, NULL);
    if (!uri || g_uri_get_userinfo(uri) || !g_uri_get_host(uri) || !*g_uri_get_host(uri))
        return false;
    const char *scheme = g_uri_get_scheme(uri);
    return strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0;
}

/* A scalar by its option's type; false when it is none. */
static bool read_scalar(struct value *v, const char *text)
{
    char *end;
    switch (v->option->type) {
    case OPTION_INT:
        errno = 0;
        v->i = g_ascii_strtoll(text, &end, 10);
        return *text && !*end && errno == 0;
    case OPTION_NUMBER: return quantity_parse_number(text, &v->number);
    case OPTION_SPAN:
        if (!quantity_parse_span(text, false, &v->i))
            return false;
        v->number = (double)v->i;
        return true;
    case OPTION_BOOL: v->i = strcmp(text, "true") == 0; return v->i || strcmp(text, "false") == 0;
    case OPTION_FILE:
        v->text = g_str_has_prefix(text, "~/") ? g_build_filename(g_get_home_dir(), text + 2, NULL)
                                               : g_strdup(text);
        return *text != '\0';
    case OPTION_URL:
        v->text = g_strdup(text);
        while (g_str_has_suffix(v->text, "/"))
            v->text[strlen(v->text) - 1] = '\0';
        return is_url(text);
    case OPTION_LIST:
        v->list = g_strsplit(text, ",", -1);
        for (char **item = v->list; *item; item++)
            g_strstrip(*item);
        return true;
    case OPTION_TEXT: v->text = g_strdup(text); return true;
    default: return false;
    }
}

static void read_map(struct value *v, struct yaml *y, struct yaml_node_s *node)
{
    GArray *pairs = yaml_pairs(y, node);
    v->map = g_array_new(FALSE, TRUE, sizeof(struct map_entry));
    GPtrArray *keys = g_ptr_array_new();
    for (guint i = 0; i < pairs->len; i++) {
        struct yaml_pair *p = &g_array_index(pairs, struct yaml_pair, i);
        struct map_entry entry = {.key = g_strdup(p->key)};
        if (v->option->type == OPTION_LISTS && are_texts(y, p->value))
            entry.list = read_strings(y, p->value);
        else if (v->option->type == OPTION_LISTS)
            yaml_fault(y, p->key_node,
                "\"%s\" must be a list of texts; one with { or [ in front needs quotes", p->key);
        else if (yaml_is_map(p->value) || secret_is_named(p->key))
            config_read_secret(y, p->value, p->key, &entry.secret);
        else if (yaml_is_text(p->value))
            entry.text = yaml_text(p->value);
        else
            yaml_fault(y, p->key_node, "\"%s\" must be a text", p->key);
        g_array_append_val(v->map, entry);
        g_ptr_array_add(keys, g_strdup(p->key));
    }
    g_ptr_array_add(keys, NULL);
    v->map_keys = (char **)g_ptr_array_free(keys, FALSE);
    yaml_pairs_free(pairs);
}

static void read_node(struct value *v, struct yaml *y, const struct yaml_pair *p)
{
    bool ok = true;
    switch (v->option->type) {
    case OPTION_SECRET: config_read_secret(y, p->value, p->key, &v->secret); break;
    case OPTION_MAP:
    case OPTION_LISTS:
        ok = yaml_is_map(p->value);
        if (ok)
            read_map(v, y, p->value);
        break;
    case OPTION_LIST:
        if (yaml_is_list(p->value)) {
            ok = are_texts(y, p->value);
            v->list = read_strings(y, p->value);
            break;
        }
        G_GNUC_FALLTHROUGH;
    default: {
        g_autofree char *text = yaml_is_text(p->value) ? yaml_text(p->value) : NULL;
        ok = text && read_scalar(v, text);
    }
    }
    v->set = true;
    if (!ok)
        yaml_fault(y, p->key_node, "\"%s\" must be %s", p->key, type_words[v->option->type]);
}

/* -- all options of a source --------------------------------------------------------------------- */

static const struct option *find_in(const struct option *table, const char *name)
{
    for (; table && table->name; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

static const struct yaml_pair *find_pair(const GArray *pairs, const char *key)
{
    for (guint i = 0; pairs && i < pairs->len; i++)
        if (strcmp(g_array_index(pairs, struct yaml_pair, i).key, key) == 0)
            return &g_array_index(pairs, struct yaml_pair, i);
    return NULL;
}

/* Whether it speaks HTTP, as far as its options say before they are read. */
static bool is_http(const struct source *s)
{
    const char *by = s->connector->http_option;
    if (!s->connector->http || !by || find_pair(s->raw, by))
        return s->connector->http;
    for (char **pair = s->pairs; pair && pair[0]; pair += 2)
        if (strcmp(pair[0], by) == 0)
            return true;
    return false;
}

static const struct option *find_option(const struct source *s, const char *name)
{
    const struct option *o = find_in(source_options, name);
    if (!o)
        o = find_in(s->connector->options, name);
    if (!o && is_http(s))
        o = find_in(http_options, name);
    return o;
}

static void add_names(GPtrArray *names, const struct option *table)
{
    for (; table && table->name; table++)
        if (!(table->flags & OPTION_F_LATER))
            g_ptr_array_add(names, (gpointer)table->name);
}

static void unknown_option(struct source *s, struct yaml *y, const struct yaml_pair *p)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    if (s->connector->http && find_in(http_options, p->key)) {
        yaml_fault(y, p->key_node, "\"%s\" goes with \"%s\", which this source does not have",
            p->key, s->connector->http_option);
        return;
    }
    add_names(names, s->connector->options);
    add_names(names, source_options);
    if (is_http(s))
        add_names(names, http_options);
    g_ptr_array_add(names, NULL);
    const char *near = text_nearest(p->key, (const char *const *)names->pdata);
    g_autofree char *all = g_strjoinv(", ", (char **)names->pdata);
    yaml_fault(y, p->key_node,
        near ? "a %s source has no option \"%s\"; did you mean \"%s\"?"
             : "a %s source has no option \"%s\"; it takes: %s",
        s->type, p->key, near ? near : all);
}

static struct value *add_value(struct source *s, const struct option *o)
{
    struct value *v = g_new0(struct value, 1);
    v->option = o;
    g_hash_table_replace(s->values, (gpointer)o->name, v);
    return v;
}

static void read_table(struct source *s, struct yaml *y, const struct option *table)
{
    for (; table && table->name; table++) {
        if (g_hash_table_contains(s->values, table->name))
            continue;
        if (table->flags & OPTION_F_REQUIRED)
            yaml_fault(
                y, s->at, "source \"%s\" needs \"%s\": %s", s->name, table->name, table->help);
        struct value *v = add_value(s, table);
        if (table->fallback)
            v->set = read_scalar(v, table->fallback);
    }
}

/* -- what the connector checks itself ------------------------------------------------------------ */

struct option_faults {
    const struct source *s;
    struct yaml *y;
};

void option_fault(
    struct option_faults *f, const char *option, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    struct yaml_node_s *at = f->s->at;
    const struct yaml_pair *p = find_pair(f->s->raw, option);
    GArray *keys = p && key ? yaml_pairs(f->y, p->value) : NULL;
    const struct yaml_pair *inner = keys ? find_pair(keys, key) : NULL;
    if (p)
        at = inner ? inner->key_node : p->key_node;
    yaml_fault(f->y, at, "%s", text);
    if (keys)
        yaml_pairs_free(keys);
}

/* -- what was found ------------------------------------------------------------------------------- */

static void add_map_text(struct value *v, const char *key, const char *text)
{
    if (!v->map) {
        v->map = g_array_new(FALSE, TRUE, sizeof(struct map_entry));
        v->map_keys = g_new0(char *, 1);
    }
    struct map_entry entry = {.key = g_strdup(key), .text = g_strdup(text)};
    g_array_append_val(v->map, entry);
    v->map_keys = g_renew(char *, v->map_keys, v->map->len + 1);
    v->map_keys[v->map->len - 1] = g_strdup(key);
    v->map_keys[v->map->len] = NULL;
}

/* True when the secret can be had. */
static bool read_found_secret(struct secret_spec *secret, const char *form, const char *text)
{
    if (strcmp(form, "command") == 0)
        return g_shell_parse_argv(text, NULL, &secret->command, NULL);
    if (strcmp(form, "file") == 0) {
        secret->file = g_strdup(text);
        return true;
    }
    secret->value = take_variable(text);
    if (secret->value)
        secret->env = g_strdup(text);
    return secret->value;
}

static void read_pair(struct source *s, const char *name, const char *text)
{
    const char *point = strchr(name, '.');
    g_autofree char *head = point ? g_strndup(name, (gsize)(point - name)) : g_strdup(name);
    const struct option *o = find_option(s, head);
    struct value *v = o ? g_hash_table_lookup(s->values, o->name) : NULL;
    if (!o || (v && v->set && o->type != OPTION_MAP))
        return;
    v = v ? v : add_value(s, o);
    if (point && o->type == OPTION_MAP) {
        add_map_text(v, point + 1, text);
        v->set = true;
    } else if (point && o->type == OPTION_SECRET) {
        v->set = read_found_secret(&v->secret, point + 1, text);
    } else if (!point) {
        v->set = read_scalar(v, text);
    }
}

static bool find_type(struct source *s, struct yaml *y, const struct registry *r)
{
    s->connector = registry_connector(r, s->type);
    if (s->connector && strcmp(s->type, "weir") != 0)
        return true;
    s->connector = NULL;
    g_autoptr(GString) types = g_string_new(NULL);
    for (guint i = 0; i < registry_connector_count(r); i++) {
        const char *name = registry_connector_at(r, i)->name;
        if (strcmp(name, "weir") != 0)
            g_string_append_printf(types, " %s", name);
    }
    if (y)
        yaml_fault(y, s->at, "source \"%s\" has the unknown type \"%s\"; this version has:%s",
            s->name, s->type, types->str);
    return false;
}

void source_read_options(struct source *s, struct yaml *y, const struct registry *r)
{
    s->values = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, value_free);
    guint before = y ? yaml_fault_count(y) : 0;
    if (!find_type(s, y, r))
        return;
    for (guint i = 0; s->raw && i < s->raw->len; i++) {
        struct yaml_pair *p = &g_array_index(s->raw, struct yaml_pair, i);
        const struct option *o = find_option(s, p->key);
        if (!o)
            unknown_option(s, y, p);
        else if (o->flags & OPTION_F_LATER)
            yaml_fault(y, p->key_node, "\"%s\" is not supported by this version of weir", p->key);
        else
            read_node(add_value(s, o), y, p);
    }
    for (char **pair = s->pairs; pair && pair[0]; pair += 2)
        read_pair(s, pair[0], pair[1]);
    read_table(s, y, s->pairs ? NULL : source_options);
    read_table(s, y, s->pairs ? source_options + 1 : NULL);
    read_table(s, y, s->connector->options);
    if (is_http(s))
        read_table(s, y, http_options);
    if (is_http(s) && source_bool(s, "insecure") && s->environment->class == CLASS_PROD)
        yaml_fault(y, s->at,
            "source \"%s\": insecure is refused in class prod; give the server's ca_file", s->name);
    struct option_faults own = {s, y};
    if (s->connector->check_options && y && yaml_fault_count(y) == before)
        s->connector->check_options(s, &own);
}

void environment_read_thresholds(struct environment *e, struct yaml *y, const struct registry *r)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < registry_connector_count(r); i++) {
        const struct option *o = registry_connector_at(r, i)->thresholds;
        add_names(names, o);
        for (; o && o->name; o++) {
            struct value v = {.option = o};
            if (read_scalar(&v, o->fallback))
                g_hash_table_replace(
                    e->thresholds, (gpointer)o->name, g_memdup2(&v.number, sizeof v.number));
        }
    }
    g_ptr_array_add(names, NULL);
    for (guint i = 0; e->raw_thresholds && i < e->raw_thresholds->len; i++) {
        struct yaml_pair *p = &g_array_index(e->raw_thresholds, struct yaml_pair, i);
        const struct option *o = NULL;
        for (guint j = 0; !o && j < registry_connector_count(r); j++)
            o = find_in(registry_connector_at(r, j)->thresholds, p->key);
        if (!o) {
            const char *near = text_nearest(p->key, (const char *const *)names->pdata);
            yaml_fault(y, p->key_node,
                near ? "no threshold \"%s\"; did you mean \"%s\"?" : "no threshold \"%s\"%.0s",
                p->key, near ? near : "");
            continue;
        }
        const double *fallback = g_hash_table_lookup(e->thresholds, o->name);
        struct value v = {.option = o, .number = fallback ? *fallback : 0};
        read_node(&v, y, p);
        g_hash_table_replace(
            e->thresholds, (gpointer)o->name, g_memdup2(&v.number, sizeof v.number));
    }
}

bool environment_threshold(const struct environment *e, const char *name, double *value)
{
    const double *found = g_hash_table_lookup(e->thresholds, name);
    if (found)
        *value = *found;
    return found != NULL;
}

/* -- reading ------------------------------------------------------------------------------------- */

const char *source_name(const struct source *s)
{
    return s->name;
}

const char *source_type(const struct source *s)
{
    return s->type;
}

const struct connector *source_connector(const struct source *s)
{
    return s->connector;
}

const struct environment *source_environment(const struct source *s)
{
    return s->environment;
}

const char *source_origin(const struct source *s)
{
    return s->origin;
}

const struct fault *source_fault(const struct source *s)
{
    return s->fault;
}

static const struct value *get(const struct source *s, const char *option)
{
    static const struct value none;
    const struct value *v = s->values ? g_hash_table_lookup(s->values, option) : NULL;
    return v ? v : &none;
}

bool source_has(const struct source *s, const char *option)
{
    return get(s, option)->set;
}

const char *source_text(const struct source *s, const char *option)
{
    return get(s, option)->text;
}

int64_t source_int(const struct source *s, const char *option)
{
    return get(s, option)->i;
}

double source_number(const struct source *s, const char *option)
{
    return get(s, option)->number;
}

bool source_bool(const struct source *s, const char *option)
{
    return get(s, option)->i != 0;
}

static const char *const no_strings[] = {NULL};

const char *const *source_list(const struct source *s, const char *option)
{
    char **list = get(s, option)->list;
    return list ? (const char *const *)list : no_strings;
}

const char *const *source_map_keys(const struct source *s, const char *option)
{
    char **keys = get(s, option)->map_keys;
    return keys ? (const char *const *)keys : no_strings;
}

static const struct map_entry *map_entry(
    const struct source *s, const char *option, const char *key)
{
    const GArray *map = get(s, option)->map;
    for (guint i = 0; map && i < map->len; i++) {
        const struct map_entry *entry = &g_array_index(map, struct map_entry, i);
        if (strcmp(entry->key, key) == 0)
            return entry;
    }
    return NULL;
}

const char *source_map_text(const struct source *s, const char *option, const char *key)
{
    const struct map_entry *entry = map_entry(s, option, key);
    return entry ? entry->text : NULL;
}

const char *const *source_map_list(const struct source *s, const char *option, const char *key)
{
    const struct map_entry *entry = map_entry(s, option, key);
    return entry && entry->list ? (const char *const *)entry->list : no_strings;
}

static bool is_given(const struct secret_spec *secret)
{
    return secret->command || secret->file || secret->env;
}

const struct secret_spec *source_map_secret(
    const struct source *s, const char *option, const char *key)
{
    const struct map_entry *entry = map_entry(s, option, key);
    return entry && is_given(&entry->secret) ? &entry->secret : NULL;
}

const struct secret_spec *source_secret(const struct source *s, const char *option)
{
    const struct secret_spec *secret = &get(s, option)->secret;
    return is_given(secret) ? secret : NULL;
}

/* -- config show --------------------------------------------------------------------------------- */

void config_show_text(const char *text, GString *out)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./~@-:";
    static const char *const words[] = {"true", "false", "null", "~", NULL};
    bool safe = (g_ascii_isalnum(*text) || *text == '/' || *text == '~') &&
                text[strspn(text, plain)] == '\0' && !g_str_has_suffix(text, ":") &&
                !g_strv_contains(words, text);
    if (safe) {
        g_string_append(out, text);
        return;
    }
    g_string_append_c(out, '"');
    for (const char *p = text; *p; p++) {
        if (*p == '"' || *p == '\\')
            g_string_append_c(out, '\\');
        if ((unsigned char)*p < 0x20)
            g_string_append_printf(out, "\\x%02x", (unsigned)*p);
        else
            g_string_append_c(out, *p);
    }
    g_string_append_c(out, '"');
}

/* A URL may hold a password. */
static void show_masked(const char *text, GString *out)
{
    g_autoptr(GString) masked = g_string_new(NULL);
    request_append_masked(masked, text);
    config_show_text(masked->str, out);
}

static void show_list(char **list, GString *out)
{
    g_string_append_c(out, '[');
    for (char **item = list; item && *item; item++) {
        g_string_append(out, item == list ? "" : ", ");
        config_show_text(*item, out);
    }
    g_string_append_c(out, ']');
}

static void show_secret(const struct secret_spec *secret, bool whole, GString *out)
{
    const char *form = secret->file ? "file" : "env";
    const char *text = secret->file ? secret->file : secret->env;
    if (secret->command && whole) {
        g_string_append(out, "{command: ");
        show_list(secret->command, out);
    } else if (secret->command) {
        g_string_append(out, "{command: [");
        config_show_text(secret->command[0], out);
        g_string_append(out, ", ...]");
    } else {
        g_string_append_printf(out, "{%s: ", form);
        config_show_text(text ? text : "", out);
    }
    g_string_append_c(out, '}');
    if (secret->env && !secret->value && !whole)
        g_string_append(out, "  # not set");
}

static void show_value(const struct value *v, bool whole, GString *out)
{
    switch (v->option->type) {
    case OPTION_SECRET: show_secret(&v->secret, whole, out); return;
    case OPTION_INT: g_string_append_printf(out, "%" G_GINT64_FORMAT, v->i); return;
    case OPTION_NUMBER: g_string_append_printf(out, "%.15g", v->number); return;
    case OPTION_SPAN: g_string_append_printf(out, "%" G_GINT64_FORMAT "ms", v->i); return;
    case OPTION_BOOL: g_string_append(out, v->i ? "true" : "false"); return;
    case OPTION_LIST: show_list(v->list, out); return;
    case OPTION_MAP:
    case OPTION_LISTS:
        for (guint i = 0; i < v->map->len; i++) {
            const struct map_entry *entry = &g_array_index(v->map, struct map_entry, i);
            g_string_append(out, "\n          ");
            config_show_text(entry->key, out);
            g_string_append(out, ": ");
            if (v->option->type == OPTION_LISTS)
                show_list(entry->list, out);
            else if (entry->text)
                config_show_text(entry->text, out);
            else
                show_secret(&entry->secret, whole, out);
        }
        return;
    default: show_masked(v->text ? v->text : "", out); return;
    }
}

/* whole: what was given, with all of a secret's command; else what is in force. */
static void show_table(const struct source *s, const struct option *table, bool whole, GString *out)
{
    for (; table && table->name; table++) {
        const struct value *v = get(s, table->name);
        if (!v->set || (whole && table->fallback))
            continue;
        g_string_append_printf(out, "        %s: ", table->name);
        show_value(v, whole, out);
        g_string_append_c(out, '\n');
    }
}

static void show_source(const struct source *s, bool whole, GString *out)
{
    g_string_append_printf(out, "      %s:\n        type: %s\n", s->name, s->type);
    if (s->connector)
        show_table(s, s->connector->options, whole, out);
    show_table(s, source_options + 1, whole, out);
    if (s->connector && is_http(s))
        show_table(s, http_options, whole, out);
}

void source_show(const struct source *s, GString *out)
{
    show_source(s, false, out);
}

void source_write(const struct source *s, GString *out)
{
    show_source(s, true, out);
}
