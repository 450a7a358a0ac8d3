#include "config_private.h"

#include <string.h>
#include <sys/stat.h>

#include "connector.h"
#include "rid.h"
#include "text.h"

struct config {
    struct yaml *yaml;
    char *path;
    GPtrArray *environments;
    struct environment *open;
    char *theme;
    bool history;
    GPtrArray *keys; /* name, key, ..., NULL */
};

const struct option config_options[] = {
    {"environment", OPTION_TEXT, 0, NULL, "the environment that opens; -e opens another"},
    {"environments", OPTION_MAP, OPTION_F_REQUIRED, NULL,
        "the platforms there are, by name (a-z, 0-9, _ and -)"},
    {"theme", OPTION_TEXT, 0, "auto", "dark, light, mono, or a file of your own in themes/"},
    {"history", OPTION_BOOL, 0, "true",
        "keep what is read, for trends and for the next start: false keeps nothing"},
    {"keys", OPTION_MAP, 0, NULL,
        "keys of your own, by command: {down: \"s down\"}; they win over the keys file"},
    {0},
};

const struct option environment_options[] = {
    {"class", OPTION_TEXT, 0, "prod",
        "dev, stage or prod: an unnamed place is treated as the dangerous one"},
    {"read_only", OPTION_BOOL, 0, "false", "no action at all, whatever is typed"},
    {"simulated", OPTION_BOOL, 0, "false",
        "it is no real platform: the header says so, help begins with a tour"},
    {"sources", OPTION_MAP, 0, NULL, "the systems of this platform, by name"},
    {"thresholds", OPTION_MAP, 0, NULL, "where health changes, by name; the defaults are below"},
    {"checks", OPTION_LIST, OPTION_F_LATER, NULL, "data-quality checks"},
    {"run_checks", OPTION_BOOL, OPTION_F_LATER, "false", "run the checks by their schedule"},
    {0},
};

void fault_free(struct fault *f)
{
    if (!f)
        return;
    g_free(f->file);
    g_free(f->message);
    g_free(f->text);
    g_free(f);
}

void fault_append(GString *out, const struct fault *f)
{
    text_clean(f->file, -1, out);
    if (f->line > 0)
        g_string_append_printf(out, ":%d:%d", f->line, f->column);
    g_string_append(out, ": ");
    text_clean(f->message, -1, out);
    g_string_append_c(out, '\n');
    if (!f->text || f->line == 0 || strlen(f->text) > 200)
        return;
    g_string_append(out, "    ");
    text_clean(f->text, -1, out);
    g_string_append_printf(out, "\n    %*s^\n", MAX(f->column - 1, 0), "");
}

static struct environment *environment_new(const char *name)
{
    struct environment *e = g_new0(struct environment, 1);
    e->name = g_strdup(name);
    e->class = CLASS_PROD;
    e->sources = g_ptr_array_new_with_free_func((GDestroyNotify)source_free);
    e->thresholds = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    return e;
}

static void environment_free(struct environment *e)
{
    if (e->weir)
        source_free(e->weir);
    g_free(e->name);
    g_ptr_array_unref(e->sources);
    g_hash_table_unref(e->thresholds);
    if (e->raw_thresholds)
        yaml_pairs_free(e->raw_thresholds);
    g_free(e);
}

static struct config *config_new(void)
{
    struct config *c = g_new0(struct config, 1);
    c->environments = g_ptr_array_new_with_free_func((GDestroyNotify)environment_free);
    c->theme = g_strdup("auto");
    c->history = true;
    c->keys = g_ptr_array_new_with_free_func(g_free);
    return c;
}

void config_free(struct config *c)
{
    if (!c)
        return;
    g_ptr_array_unref(c->environments);
    g_ptr_array_unref(c->keys);
    g_free(c->theme);
    g_free(c->path);
    yaml_close(c->yaml);
    g_free(c);
}

static void unknown_key(
    struct yaml *y, const struct yaml_pair *p, const char *where, const struct option *table)
{
    const char *known[16] = {NULL};
    for (unsigned i = 0; table[i].name && i < G_N_ELEMENTS(known) - 1; i++)
        known[i] = table[i].name;
    const char *near = text_nearest(p->key, known);
    g_autofree char *all = g_strjoinv(", ", (char **)known);
    if (near)
        yaml_fault(
            y, p->key_node, "%s has no key \"%s\"; did you mean \"%s\"?", where, p->key, near);
    else
        yaml_fault(y, p->key_node, "%s has no key \"%s\"; it takes: %s", where, p->key, all);
}

static bool read_bool(struct yaml *y, const struct yaml_pair *p, bool *out)
{
    g_autofree char *text = yaml_text(p->value);
    if (g_strcmp0(text, "true") == 0 || g_strcmp0(text, "false") == 0) {
        *out = text[0] == 't';
        return true;
    }
    yaml_fault(y, p->key_node, "\"%s\" must be true or false", p->key);
    return false;
}

/* NULL when nothing stands there; anything but a text is a fault. */
static char *read_text(struct yaml *y, const struct yaml_pair *p)
{
    if (yaml_is_map(p->value) || yaml_is_list(p->value))
        yaml_fault(y, p->key_node, "\"%s\" must be a text", p->key);
    return yaml_is_text(p->value) ? yaml_text(p->value) : NULL;
}

/* The pairs of a map, none when nothing stands there; anything else is a fault. */
static GArray *read_map(struct yaml *y, const struct yaml_pair *p)
{
    if (yaml_is_list(p->value) || yaml_is_text(p->value))
        yaml_fault(y, p->key_node, "\"%s\" must be a map", p->key);
    return yaml_pairs(y, p->value);
}

/* -- an environment ------------------------------------------------------------------------------ */

static const char *const class_names[] = {"dev", "stage", "prod", NULL};

static void read_class(struct environment *e, struct yaml *y, const struct yaml_pair *p)
{
    g_autofree char *text = yaml_text(p->value);
    for (unsigned i = 0; class_names[i]; i++) {
        if (g_strcmp0(text, class_names[i]) == 0) {
            e->class = i;
            return;
        }
    }
    yaml_fault(y, p->value ? p->value : p->key_node, "class must be dev, stage or prod");
}

static bool has_source(const struct environment *e, const char *name)
{
    return environment_source((struct environment *)e, name) != NULL;
}

static void read_source(struct environment *e, struct yaml *y, const struct yaml_pair *p)
{
    if (!rid_is_source_name(p->key) || strcmp(p->key, "weir") == 0) {
        yaml_fault(y, p->key_node,
            strcmp(p->key, "weir") == 0
                ? "the source name \"weir\" is weir's own; choose another"
                : "a source's name is made of a-z, 0-9, _ and - (it is part of addresses)");
        return;
    }
    if (!yaml_is_map(p->value)) {
        yaml_fault(y, p->key_node, "source \"%s\" must be a map with a type", p->key);
        return;
    }
    struct source *s = g_new0(struct source, 1);
    s->name = g_strdup(p->key);
    s->environment = e;
    s->at = p->key_node;
    s->raw = yaml_pairs(y, p->value);
    for (guint i = 0; i < s->raw->len; i++) {
        struct yaml_pair *option = &g_array_index(s->raw, struct yaml_pair, i);
        if (strcmp(option->key, "type") == 0)
            s->type = yaml_text(option->value);
    }
    if (!s->type || !*s->type) {
        yaml_fault(
            y, p->key_node, "source \"%s\" has no type (kafka, airflow, trino, hosts ...)", p->key);
        source_free(s);
        return;
    }
    g_ptr_array_add(e->sources, s);
}

static void read_sources(struct environment *e, struct yaml *y, const struct yaml_pair *p)
{
    if (!yaml_is_map(p->value)) {
        yaml_fault(y, p->key_node, "sources must be a map of names");
        return;
    }
    GArray *pairs = yaml_pairs(y, p->value);
    for (guint i = 0; i < pairs->len; i++)
        read_source(e, y, &g_array_index(pairs, struct yaml_pair, i));
    yaml_pairs_free(pairs);
}

/* A key of the contract that this version cannot honour: empty is harmless, more is said. */
static void read_later(struct yaml *y, const struct yaml_pair *p)
{
    g_autoptr(GPtrArray) items = yaml_items(y, p->value);
    g_autofree char *text = yaml_text(p->value);
    bool list = yaml_is_map(p->value) || yaml_is_list(p->value);
    if (yaml_is_text(p->value) ? strcmp(text, "false") != 0 : list && items->len > 0)
        yaml_fault(y, p->key_node, "\"%s\" is not supported by this version of weir", p->key);
}

static void read_environment(struct config *c, struct yaml *y, const struct yaml_pair *p)
{
    if (!rid_is_source_name(p->key) || !yaml_is_map(p->value)) {
        yaml_fault(y, p->key_node,
            "an environment is a map named with a-z, 0-9, _ and - (\"%s\" is not)", p->key);
        return;
    }
    struct environment *e = environment_new(p->key);
    g_ptr_array_add(c->environments, e);
    GArray *pairs = yaml_pairs(y, p->value);
    for (guint i = 0; i < pairs->len; i++) {
        struct yaml_pair *q = &g_array_index(pairs, struct yaml_pair, i);
        if (strcmp(q->key, "class") == 0)
            read_class(e, y, q);
        else if (strcmp(q->key, "read_only") == 0)
            read_bool(y, q, &e->read_only);
        else if (strcmp(q->key, "simulated") == 0)
            read_bool(y, q, &e->simulated);
        else if (strcmp(q->key, "sources") == 0)
            read_sources(e, y, q);
        else if (strcmp(q->key, "thresholds") == 0)
            e->raw_thresholds = read_map(y, q);
        else if (strcmp(q->key, "checks") == 0 || strcmp(q->key, "run_checks") == 0)
            read_later(y, q);
        else
            unknown_key(y, q, "an environment", environment_options);
    }
    yaml_pairs_free(pairs);
}

/* -- the file ------------------------------------------------------------------------------------ */

static void read_environments(struct config *c, struct yaml *y, const struct yaml_pair *p)
{
    if (!yaml_is_map(p->value)) {
        yaml_fault(y, p->key_node, "environments must be a map of names");
        return;
    }
    GArray *pairs = yaml_pairs(y, p->value);
    for (guint i = 0; i < pairs->len; i++)
        read_environment(c, y, &g_array_index(pairs, struct yaml_pair, i));
    yaml_pairs_free(pairs);
}

static void read_keys(struct config *c, struct yaml *y, const struct yaml_pair *p)
{
    GArray *pairs = read_map(y, p);
    for (guint i = 0; i < pairs->len; i++) {
        struct yaml_pair *q = &g_array_index(pairs, struct yaml_pair, i);
        g_autofree char *key = yaml_text(q->value);
        if (!key || !*key) {
            yaml_fault(y, q->key_node, "the key of \"%s\" must be a text", q->key);
            continue;
        }
        g_ptr_array_add(c->keys, g_strdup(q->key));
        g_ptr_array_add(c->keys, g_steal_pointer(&key));
    }
    yaml_pairs_free(pairs);
}

static struct yaml_node_s *read_root(struct config *c, struct yaml *y, char **open_name)
{
    struct yaml_node_s *open_node = NULL;
    struct yaml_node_s *root = yaml_root(y);
    if (root && !yaml_is_map(root)) {
        yaml_fault(y, root, "the file must be a map with the key \"environments\"");
        return NULL;
    }
    GArray *pairs = yaml_pairs(y, root);
    for (guint i = 0; i < pairs->len; i++) {
        struct yaml_pair *p = &g_array_index(pairs, struct yaml_pair, i);
        if (strcmp(p->key, "environments") == 0) {
            read_environments(c, y, p);
        } else if (strcmp(p->key, "environment") == 0) {
            *open_name = read_text(y, p);
            open_node = p->value;
        } else if (strcmp(p->key, "theme") == 0) {
            char *theme = read_text(y, p);
            if (theme) {
                g_free(c->theme);
                c->theme = theme;
            }
        } else if (strcmp(p->key, "history") == 0) {
            read_bool(y, p, &c->history);
        } else if (strcmp(p->key, "keys") == 0) {
            read_keys(c, y, p);
        } else {
            unknown_key(y, p, "the file", config_options);
        }
    }
    yaml_pairs_free(pairs);
    return open_node;
}

static struct environment *find_environment(const struct config *c, const char *name)
{
    for (guint i = 0; i < c->environments->len; i++) {
        struct environment *e = g_ptr_array_index(c->environments, i);
        if (strcmp(e->name, name) == 0)
            return e;
    }
    return NULL;
}

/* Which environment opens: the one asked for, the one the file names, or its only one. */
static void choose_environment(
    struct config *c, const char *wanted, const char *named, struct yaml_node_s *named_node)
{
    const char *name = wanted ? wanted : named;
    if (name)
        c->open = find_environment(c, name);
    else if (c->environments->len == 1)
        c->open = g_ptr_array_index(c->environments, 0);
    if (c->open)
        return;
    g_autoptr(GString) all = g_string_new(NULL);
    for (guint i = 0; i < c->environments->len; i++)
        g_string_append_printf(
            all, " %s", ((struct environment *)g_ptr_array_index(c->environments, i))->name);
    if (c->environments->len == 0)
        yaml_fault(c->yaml, NULL, "no environment is defined under \"environments\"");
    else if (name)
        yaml_fault(c->yaml, wanted ? NULL : named_node, "no environment \"%s\"; there are:%s", name,
            all->str);
    else
        yaml_fault(c->yaml, NULL, "add \"environment: NAME\" to say which one opens; there are:%s",
            all->str);
}

static char *default_path(void)
{
    const char *given = g_getenv("WEIR_CONFIG");
    if (given && *given)
        return g_strdup(given);
    g_autofree char *home = config_home_path("weir.yaml");
    if (g_file_test(home, G_FILE_TEST_EXISTS))
        return g_steal_pointer(&home);
    if (g_file_test("/etc/weir/weir.yaml", G_FILE_TEST_EXISTS))
        return g_strdup("/etc/weir/weir.yaml");
    return NULL;
}

/* No file: this machine, without asking anyone. What listens on it is added by discovery. */
struct config *config_builtin(void)
{
    struct config *c = config_new();
    struct environment *e = environment_new("local");
    e->class = CLASS_DEV;
    g_ptr_array_add(c->environments, e);
    c->open = e;
    struct source *s = g_new0(struct source, 1);
    s->name = g_strdup("machine");
    s->type = g_strdup("hosts");
    s->environment = e;
    s->pairs = g_strsplit("hosts,local", ",", -1);
    g_ptr_array_add(e->sources, s);
    return c;
}

struct config *config_load(const char *path, const char *env, GPtrArray *faults)
{
    g_autofree char *found = path ? g_strdup(path) : default_path();
    if (!found && env) {
        struct fault *f = g_new0(struct fault, 1);
        f->file = config_home_path("weir.yaml");
        f->message = g_strdup_printf("no configuration, so there is no environment \"%s\"", env);
        g_ptr_array_add(faults, f);
        return NULL;
    }
    if (!found)
        return config_builtin();
    guint before = faults->len;
    struct yaml *y = yaml_open(found, true, faults);
    if (!y)
        return NULL;
    struct config *c = config_new();
    c->yaml = y;
    c->path = g_strdup(found);
    g_autofree char *named = NULL;
    struct yaml_node_s *named_node = read_root(c, y, &named);
    if (faults->len == before || c->environments->len > 0)
        choose_environment(c, env, named, named_node);
    g_ptr_array_add(c->keys, NULL);
    if (faults->len > before) {
        config_free(c);
        return NULL;
    }
    return c;
}

bool config_is_builtin(const struct config *c)
{
    return !c->path;
}

const char *config_path(const struct config *c)
{
    return c->path;
}

struct environment *config_environment(const struct config *c)
{
    return c->open;
}

guint config_environment_count(const struct config *c)
{
    return c->environments->len;
}

struct environment *config_environment_at(const struct config *c, guint i)
{
    return g_ptr_array_index(c->environments, i);
}

const char *config_theme(const struct config *c)
{
    return c->theme;
}

bool config_history(const struct config *c)
{
    return c->history;
}

const char *const *config_keys(const struct config *c)
{
    static const char *const none[] = {NULL};
    return c->keys->len ? (const char *const *)c->keys->pdata : none;
}

bool config_check_sources(struct config *c, const struct registry *r, GPtrArray *faults)
{
    guint before = faults->len;
    if (c->yaml)
        yaml_set_faults(c->yaml, faults);
    for (guint i = 0; i < c->environments->len; i++) {
        struct environment *e = g_ptr_array_index(c->environments, i);
        e->registry = r;
        environment_read_thresholds(e, c->yaml, r);
        for (guint j = 0; j < e->sources->len; j++) {
            struct source *s = g_ptr_array_index(e->sources, j);
            guint first = faults->len;
            source_read_options(s, c->yaml, r);
            if (faults->len > first)
                s->fault = g_ptr_array_index(faults, first);
        }
    }
    return faults->len == before;
}

void config_show(const struct config *c, GString *out)
{
    g_string_append_printf(
        out, "# %s\n", c->path ? c->path : "found on this machine, no configuration");
    g_string_append_printf(out, "environment: %s\nenvironments:\n", c->open->name);
    for (guint i = 0; i < c->environments->len; i++) {
        struct environment *e = g_ptr_array_index(c->environments, i);
        g_string_append_printf(out, "  %s:\n    class: %s\n    read_only: %s\n%s    sources:\n",
            e->name, class_names[e->class], e->read_only ? "true" : "false",
            e->simulated ? "    simulated: true\n" : "");
        for (guint j = 0; j < e->sources->len; j++)
            source_show(g_ptr_array_index(e->sources, j), out);
        g_string_append(out, "    thresholds:\n");
        for (guint k = 0; c->open == e && k < registry_connector_count(e->registry); k++) {
            const struct option *o = registry_connector_at(e->registry, k)->thresholds;
            for (double value; o && o->name; o++)
                if (environment_threshold(e, o->name, &value))
                    g_string_append_printf(out, "      %s: %.15g%s\n", o->name, value,
                        o->type == OPTION_SPAN ? "ms" : "");
        }
    }
    g_string_append(out, "theme: ");
    config_show_text(c->theme, out);
    g_string_append_printf(out, "\nhistory: %s", c->history ? "true" : "false");
    const char *const *keys = config_keys(c);
    g_string_append(out, keys[0] ? "\nkeys:\n" : "\nkeys: {}\n");
    for (; keys[0]; keys += 2) {
        g_string_append(out, "  ");
        config_show_text(keys[0], out);
        g_string_append(out, ": ");
        config_show_text(keys[1], out);
        g_string_append_c(out, '\n');
    }
}

const char *environment_name(const struct environment *e)
{
    return e->name;
}

enum environment_class environment_class(const struct environment *e)
{
    return e->class;
}

const char *environment_class_name(const struct environment *e)
{
    return class_names[e->class];
}

bool environment_read_only(const struct environment *e)
{
    return e->read_only;
}

bool environment_simulated(const struct environment *e)
{
    return e->simulated;
}

guint environment_source_count(const struct environment *e)
{
    return e->sources->len;
}

struct source *environment_source_at(const struct environment *e, guint i)
{
    return g_ptr_array_index(e->sources, i);
}

struct source *environment_source(const struct environment *e, const char *name)
{
    for (guint i = 0; i < e->sources->len; i++) {
        struct source *s = g_ptr_array_index(e->sources, i);
        if (strcmp(s->name, name) == 0)
            return s;
    }
    return NULL;
}

struct source *environment_add_source(struct environment *e, const char *name,
    const struct connector *c, const char *origin, const char *const *pairs)
{
    g_autofree char *free_name = g_strdup(name);
    for (unsigned n = 2; has_source(e, free_name); n++) {
        g_free(free_name);
        free_name = g_strdup_printf("%s-%u", name, n);
    }
    struct source *s = g_new0(struct source, 1);
    s->name = g_steal_pointer(&free_name);
    s->type = g_strdup(c->name);
    s->environment = e;
    s->pairs = g_strdupv((char **)pairs);
    s->origin = g_strdup(origin);
    source_read_options(s, NULL, e->registry);
    g_ptr_array_add(e->sources, s);
    return s;
}

struct source *environment_weir(struct environment *e, const struct connector *derived)
{
    if (!e->weir) {
        e->weir = g_new0(struct source, 1);
        e->weir->name = g_strdup("weir");
        e->weir->type = g_strdup("weir");
        e->weir->environment = e;
        e->weir->connector = derived;
    }
    return e->weir;
}

char *config_home_path(const char *file)
{
    return g_build_filename(g_get_user_config_dir(), "weir", file, NULL);
}

char *config_state_path(const char *file)
{
    const char *base = g_getenv("XDG_STATE_HOME");
    g_autofree char *directory =
        base && g_path_is_absolute(base)
            ? g_build_filename(base, "weir", NULL)
            : g_build_filename(g_get_home_dir(), ".local", "state", "weir", NULL);
    g_autofree char *path = g_build_filename(directory, file, NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    g_mkdir_with_parents(parent, 0700);
    return g_steal_pointer(&path);
}
