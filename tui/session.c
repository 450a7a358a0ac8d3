#include "session.h"

#include <string.h>

#include "build_id.h"
#include "cli.h"
#include "clock.h"
#include "error.h"
#include "library.h"
#include "rid.h"
#include "text.h"

#define LOAD_MS     20000
#define DISCOVER_MS 5000

static void print_faults(GPtrArray *faults)
{
    for (guint i = 0; i < faults->len; i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        fault_append(text, g_ptr_array_index(faults, i));
        g_printerr("%s", text->str);
    }
}

static struct session *session_of(struct config *take_config)
{
    struct config *config = take_config;
    struct session *s = g_new0(struct session, 1);
    s->config = config;
    s->environment = config_environment(config);
    s->registry = registry_new();
    registry_add(s->registry, derived_connector());
    s->engine = engine_new(s->environment);
    s->store = store_new(s->registry);
    s->faults = g_ptr_array_new_with_free_func((GDestroyNotify)fault_free);
    return s;
}

struct session *session_new(const struct cli *cli)
{
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func((GDestroyNotify)fault_free);
    struct config *config = config_load(cli->config, cli->env, faults);
    print_faults(faults);
    return config ? session_of(config) : NULL;
}

struct session *session_new_builtin(void)
{
    return session_of(config_builtin());
}

void session_free(struct session *s)
{
    if (!s)
        return;
    engine_free(s->engine);
    store_free(s->store);
    registry_free(s->registry);
    config_free(s->config);
    g_ptr_array_unref(s->faults);
    g_free(s);
}

void session_load(struct session *s)
{
    g_autofree char *path = library_path();
    engine_load(s->engine, path, WEIR_BUILD_ID);
}

/* There are no lanes yet. */
static void take_variables(const struct registry *r)
{
    for (guint i = 0; i < registry_connector_count(r); i++) {
        const char *const *name = registry_connector_at(r, i)->secret_variables;
        for (; name && *name; name++)
            config_take_variable(*name);
    }
}

bool session_loaded(struct session *s, const struct mail *m, GError **error)
{
    engine_loaded(s->engine);
    if (m->error) {
        g_propagate_error(error, g_error_copy(m->error));
        return false;
    }
    s->library = m->library;
    library_add(s->library, s->registry);
    g_autoptr(GString) wrong = g_string_new(NULL);
    if (kind_check(s->registry, wrong) > 0)
        return weir_fail(
            error, WEIR_ERROR_CONFIG, "a table of this build is wrong: %s", wrong->str);
    config_check_sources(s->config, s->registry, s->faults);
    if (config_is_builtin(s->config))
        take_variables(s->registry);
    return true;
}

void session_start_history(struct session *s)
{
    if (!config_history(s->config))
        return;
    g_autofree char *folder = history_folder();
    const struct history_options o = {
        .folder = folder, .environment = environment_name(s->environment)};
    engine_start_history(s->engine, s->registry, &o);
    engine_remember(s->engine);
}

bool session_watches(const struct session *s, const struct snapshot *remembered)
{
    const struct kind *k = snapshot_kind(remembered);
    const struct source *source =
        environment_source(s->environment, snapshot_scope(remembered)->source);
    if (!source || source_connector(source) != registry_owner(s->registry, k))
        return false;
    for (const struct feed *f = source_connector(source)->feeds; f->name; f++)
        if (f->when == FEED_ALWAYS && g_strv_contains(f->kinds, k->name))
            return true;
    return false;
}

struct source *session_found(struct session *s, const struct mail *m)
{
    return environment_add_source(
        s->environment, m->name, m->connector, m->origin, (const char *const *)m->pairs);
}

static bool wait_loaded(struct session *s)
{
    int64_t end = clock_mono_ms() + LOAD_MS;
    while (!s->library && clock_mono_ms() < end) {
        g_autoptr(GPtrArray) mail = engine_wait(s->engine, end - clock_mono_ms());
        for (guint i = 0; i < mail->len; i++) {
            const struct mail *m = g_ptr_array_index(mail, i);
            g_autoptr(GError) error = NULL;
            if (m->type == MAIL_LOADED && !session_loaded(s, m, &error)) {
                cli_complain("%s", error->message);
                return false;
            }
        }
    }
    if (!s->library)
        cli_complain("the connectors did not load within %d s", LOAD_MS / 1000);
    print_faults(s->faults);
    return s->library && s->faults->len == 0;
}

static void discover(struct session *s)
{
    engine_discover(s->engine, s->registry);
    int64_t end = clock_mono_ms() + DISCOVER_MS;
    for (bool done = false; !done && clock_mono_ms() < end;) {
        g_autoptr(GPtrArray) mail = engine_wait(s->engine, MAX(end - clock_mono_ms(), 0));
        for (guint i = 0; i < mail->len; i++) {
            const struct mail *m = g_ptr_array_index(mail, i);
            if (m->type == MAIL_FOUND)
                session_found(s, m);
            done |= m->type == MAIL_DISCOVERED;
        }
    }
}

bool session_prepare(struct session *s)
{
    session_load(s);
    if (!wait_loaded(s))
        return false;
    if (config_is_builtin(s->config))
        discover(s);
    return true;
}

struct source *session_source(const struct session *s, const struct rid *rid, GError **error)
{
    if (rid->env && strcmp(rid->env, environment_name(s->environment)) != 0) {
        weir_fail(error, WEIR_ERROR_USAGE, "environment \"%s\" is not open; add -e %s", rid->env,
            rid->env);
        return NULL;
    }
    struct source *source = environment_source(s->environment, rid->source);
    if (source)
        return source;
    guint n = environment_source_count(s->environment);
    g_autofree const char **names = g_new0(const char *, n + 1);
    for (guint i = 0; i < n; i++)
        names[i] = source_name(environment_source_at(s->environment, i));
    const char *near = text_nearest(rid->source, names);
    g_autofree char *all = g_strjoinv(", ", (char **)names);
    if (near)
        weir_fail(
            error, WEIR_ERROR_USAGE, "no source \"%s\"; did you mean \"%s\"?", rid->source, near);
    else
        weir_fail(error, WEIR_ERROR_USAGE, "no source \"%s\"; there are: %s", rid->source, all);
    return NULL;
}

const struct feed *session_feed(const struct session *s, const struct kind *k)
{
    const struct connector *c = registry_owner(s->registry, k);
    for (const struct feed *f = c->feeds; f && f->name; f++)
        if (strcmp(f->name, k->feed) == 0)
            return f;
    return NULL;
}
