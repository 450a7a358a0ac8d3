/* weir config: what can be done with the configuration and no server; and weir version. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "connector.h"
#include "keys.h"
#include "session.h"
#include "text.h"

/* -- check and show ------------------------------------------------------------------------------ */

static int check_or_show(const struct cli *cli, bool show)
{
    AUTO(session) session = session_new(cli);
    if (!session || !session_prepare(session))
        return EXIT_USAGE;
    g_autoptr(GString) out = g_string_new(NULL);
    if (show) {
        config_show(session->config, out);
    } else {
        const char *path = config_path(session->config);
        g_string_append_printf(out, "%s: fine, %u environments, %u sources in \"%s\"\n",
            path ? path : "no configuration file", config_environment_count(session->config),
            environment_source_count(session->environment), environment_name(session->environment));
    }
    cli_print(out);
    return EXIT_FINE;
}

static int check(const struct cli *cli)
{
    return check_or_show(cli, false);
}

static int show(const struct cli *cli)
{
    return check_or_show(cli, true);
}

/* -- init ---------------------------------------------------------------------------------------- */

static bool is_found(const struct environment *e, const char *type)
{
    for (guint i = 0; i < environment_source_count(e); i++)
        if (strcmp(source_type(environment_source_at(e, i)), type) == 0)
            return true;
    return false;
}

/* The name of a file may hold anything, also a line's end. */
static char *origin_of(const struct source *s)
{
    GString *clean = g_string_new(NULL);
    text_clean(source_origin(s) ? source_origin(s) : "this machine", -1, clean);
    return g_string_free(clean, FALSE);
}

/* A system that was not found, as remarks: its first option, and those that must be given. */
static void write_sample(GString *out, const struct connector *c)
{
    g_string_append_printf(
        out, "      # my-%s:  # %s: %s\n      #   type: %s\n", c->name, c->title, c->help, c->name);
    for (const struct option *o = c->options; o && o->name; o++)
        if (o == c->options || o->flags & OPTION_F_REQUIRED)
            g_string_append_printf(out, "      #   %s: ...  # %s\n", o->name, o->help);
}

static void write_thresholds(GString *out, const struct registry *r)
{
    g_string_append(out, "    # thresholds:  # the defaults; see `weir explain config`\n");
    for (guint i = 0; i < registry_connector_count(r); i++)
        for (const struct option *o = registry_connector_at(r, i)->thresholds; o && o->name; o++)
            g_string_append_printf(out, "    #   %s: %s  # %s\n", o->name, o->fallback, o->help);
}

static void write_config(GString *out, const struct session *s)
{
    const struct environment *e = s->environment;
    g_string_append(out,
        "# weir's configuration: weir.yaml(5), `weir explain config`. weir never writes it again.\n"
        "# Secrets are named, never written: {command: [pass, show, NAME]}, {file: PATH} or\n"
        "# {env: NAME}. After a change: weir config check, weir doctor.\n"
        "environment: local\n"
        "environments:\n"
        "  local:\n"
        "    class: dev  # dev, stage or prod; what serves others is prod\n"
        "    sources:\n");
    for (guint i = 0; i < environment_source_count(e); i++) {
        const struct source *source = environment_source_at(e, i);
        g_autofree char *origin = origin_of(source);
        g_string_append_printf(out, "      # found: %s\n", origin);
        source_write(source, out);
    }
    for (guint i = 0; i < registry_connector_count(s->registry); i++) {
        const struct connector *c = registry_connector_at(s->registry, i);
        if (c->options && !is_found(e, c->name))
            write_sample(out, c);
    }
    write_thresholds(out, s->registry);
    g_string_append(out, "theme: auto  # dark, light, mono, or a file of your own in themes/\n"
                         "# keys: {down: \"s down\"}  # `weir config keys` prints all of them\n");
}

/* Where a file is already, nothing is done. */
static bool create(const char *path, const GString *text)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_mkdir_with_parents(folder, 0700);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        cli_complain(errno == EEXIST ? "%s is there already and stays as it is (%s); `weir config "
                                       "init -` prints what would be written"
                                     : "%s cannot be written: %s",
            path, g_strerror(errno));
        return false;
    }
    bool ok = true;
    for (gsize at = 0; ok && at < text->len;) {
        ssize_t n = write(fd, text->str + at, text->len - at);
        ok = n > 0 || (n < 0 && errno == EINTR);
        at += n > 0 ? (gsize)n : 0;
    }
    ok = close(fd) == 0 && ok;
    if (!ok) {
        cli_complain("%s cannot be written: %s", path, g_strerror(errno));
        unlink(path);
    }
    return ok;
}

static void tell(GString *out, const struct environment *e, const char *path)
{
    g_string_append(out, "found:\n");
    for (guint i = 0; i < environment_source_count(e); i++) {
        const struct source *s = environment_source_at(e, i);
        g_autofree char *origin = origin_of(s);
        g_string_append_printf(out, "  %-14s %-14s %s\n", source_name(s), source_type(s), origin);
    }
    g_string_append_printf(out,
        "written: %s\nnext: read it, then `weir config check` and `weir doctor`, then `weir`\n",
        path);
}

static int init(const struct cli *cli)
{
    const char *given = cli_argument(cli, 1);
    bool to_stdout = g_strcmp0(given, "-") == 0;
    g_autofree char *path = given         ? g_strdup(given)
                            : cli->config ? g_strdup(cli->config)
                                          : config_home_path("weir.yaml");
    if (!to_stdout && g_file_test(path, G_FILE_TEST_EXISTS)) {
        cli_complain("%s is there already and stays as it is; `weir config init -` prints what "
                     "would be written",
            path);
        return EXIT_USAGE;
    }
    AUTO(session) session = session_new_builtin();
    if (!session_prepare(session))
        return EXIT_USAGE;
    g_autoptr(GString) text = g_string_new(NULL);
    write_config(text, session);
    if (to_stdout) {
        cli_print(text);
        return EXIT_FINE;
    }
    if (!create(path, text))
        return EXIT_USAGE;
    g_string_truncate(text, 0);
    tell(text, session->environment, path);
    cli_print(text);
    return EXIT_FINE;
}

/* -- the command --------------------------------------------------------------------------------- */

static int keys(const struct cli *cli)
{
    (void)cli;
    g_autoptr(GString) out = g_string_new(NULL);
    keys_sample(out);
    cli_print(out);
    return EXIT_FINE;
}

static int (*const verbs[])(const struct cli *cli) = {check, show, init, keys};
const char *const config_verbs[] = {"check", "show", "init", "keys", NULL};

int cmd_config(const struct cli *cli)
{
    const char *verb = cli_argument(cli, 0);
    for (unsigned i = 0; verb && config_verbs[i]; i++)
        if (strcmp(config_verbs[i], verb) == 0)
            return verbs[i](cli);
    g_autofree char *all = g_strjoinv(", ", (char **)config_verbs);
    cli_complain("write `weir config VERB`, with one of: %s", all);
    return EXIT_USAGE;
}

int cmd_version(const struct cli *cli)
{
    struct cli none = {.config = cli->config};
    g_autoptr(GString) out = g_string_new("weir " WEIR_VERSION "\n");
    AUTO(session) session = session_new(&none);
    if (session && session_prepare(session)) {
        session->library->versions(out);
        g_string_append_c(out, '\n');
    }
    cli_print(out);
    return EXIT_FINE;
}
