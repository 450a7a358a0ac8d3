#include "man.h"

#include <string.h>

#include "app.h"
#include "cli.h"
#include "connector.h"
#include "tables.h"

/* -- roff ---------------------------------------------------------------------------------------- */

/* Text that roff takes as it is: its escape character, hyphens that are typed, and no request at the
 * beginning of a line. */
static void append_roff(GString *out, const char *text)
{
    if (*text == '.' || *text == '\'')
        g_string_append(out, "\\&");
    for (const char *p = text; *p; p++) {
        if (*p == '\\')
            g_string_append(out, "\\e");
        else if (*p == '-')
            g_string_append(out, "\\-");
        else
            g_string_append_c(out, *p);
    }
}

static void line(GString *out, const char *text)
{
    append_roff(out, text);
    g_string_append_c(out, '\n');
}

static void section(GString *out, const char *title)
{
    g_string_append_printf(out, ".SH %s\n", title);
}

static void subsection(GString *out, const char *title)
{
    g_string_append(out, ".SS ");
    line(out, title);
}

/* A term in bold, and what follows it in italics; then its text. */
static void term(GString *out, const char *bold, const char *italic, const char *text)
{
    g_string_append(out, ".TP\n\\fB");
    append_roff(out, bold);
    g_string_append(out, "\\fR");
    if (italic && *italic) {
        g_string_append(out, " \\fI");
        append_roff(out, italic);
        g_string_append(out, "\\fR");
    }
    g_string_append_c(out, '\n');
    line(out, text);
}

struct entry {
    const char *name, *text;
};

static void terms(GString *out, const struct entry *entries)
{
    for (; entries->name; entries++)
        term(out, entries->name, NULL, entries->text);
}

static void paragraphs(GString *out, const char *const *texts)
{
    for (; *texts; texts++) {
        line(out, *texts);
        if (texts[1])
            g_string_append(out, ".PP\n");
    }
}

static void literal(GString *out, const char *const *lines)
{
    g_string_append(out, ".nf\n.RS 2\n");
    for (; *lines; lines++)
        line(out, *lines);
    g_string_append(out, ".RE\n.fi\n");
}

static void title(GString *out, const char *name, const char *chapter, const char *what)
{
    g_string_append(out, ".\\\" Made by weir from its own tables.\n");
    g_string_append_printf(
        out, ".TH %s %s \"\" \"weir " WEIR_VERSION "\"\n.SH NAME\n", name, chapter);
    line(out, what);
}

/* -- weir(1) ------------------------------------------------------------------------------------- */

static void commands(GString *out)
{
    section(out, "COMMANDS");
    term(out, "weir", NULL, "the console; in a pipe: the list of problems");
    for (const struct command *c = cli_commands; c->name; c++) {
        g_autofree char *name = g_strdup_printf("weir %s", c->name);
        term(out, name, c->arguments, c->help);
    }
}

static void options(GString *out)
{
    struct cli none = {0};
    g_autofree GOptionEntry *entries = cli_options(&none);
    section(out, "OPTIONS");
    for (const GOptionEntry *o = entries; o->long_name; o++) {
        if (!*o->long_name)
            continue;
        g_autofree char *name = o->short_name
                                    ? g_strdup_printf("-%c, --%s", o->short_name, o->long_name)
                                    : g_strdup_printf("--%s", o->long_name);
        term(out, name, o->arg_description, o->description);
    }
}

static void keys(GString *out)
{
    section(out, "KEYS");
    line(out, "These work everywhere; ? lists those of the view that is open.");
    for (const struct app_command *c = app_commands; c->name; c++)
        if (*c->keys)
            term(out, c->keys, NULL, c->help);
}

static void kinds(GString *out, const struct registry *r)
{
    section(out, "KINDS");
    line(out, "weir explain KIND tells their columns, and when they are well.");
    for (guint i = 0; i < registry_connector_count(r); i++) {
        const struct connector *c = registry_connector_at(r, i);
        subsection(out, c->title);
        line(out, c->help);
        for (const struct kind *const *k = c->kinds; *k; k++)
            term(out, (*k)->name, NULL, (*k)->help);
    }
}

static void exit_codes(GString *out)
{
    static const struct entry codes[] = {{"0", "fine"},
        {"1", "problems were found; only with --fail-on"}, {"2", "usage or configuration"},
        {"3", "a source failed, or --fail-on could not see everything that it judges"},
        {"4", "refused"}, {0}};
    section(out, "EXIT STATUS");
    terms(out, codes);
}

static void environment(GString *out)
{
    static const struct entry variables[] = {
        {"WEIR_CONFIG", "the configuration, unless --config names another"},
        {"XDG_CONFIG_HOME, XDG_STATE_HOME", "where weir/ lies; ~/.config and ~/.local/state"},
        {"NO_COLOR", "no colours, unless --color says otherwise"},
        {"AIRFLOW_API_URL, KAFKA_BOOTSTRAP_SERVERS, TRINO_HOST",
            "servers to open without a configuration: see weir.yaml(5)"},
        {0}};
    static const struct entry files[] = {{"~/.config/weir/weir.yaml, /etc/weir/weir.yaml",
                                             "the configuration, which weir only reads"},
        {"~/.config/weir/keys", "keys of your own; `weir config keys` prints the default ones"},
        {"~/.config/weir/themes/NAME.theme", "themes of your own"},
        {"~/.local/state/weir/weir.log", "what libraries and lanes have to say"}, {0}};
    section(out, "ENVIRONMENT");
    terms(out, variables);
    section(out, "FILES");
    terms(out, files);
}

void man_program(GString *out)
{
    static const char *const about[] = {
        "weir is a full-screen console for those who are on call for a data platform. It connects "
        "to "
        "Kafka, Trino, Airflow, Alertmanager and the cluster's hosts over their own protocols, at "
        "once, shows what is wrong now, since when and why, and gives the same rows to scripts.",
        "It reads and never writes: no action is part of this version. An unknown value is never "
        "shown as zero, and old data never as fine.",
        "Without a configuration it shows this machine, the servers that listen on its loopback "
        "addresses, and those that the files and variables of other clients name.",
        NULL};
    static const char *const filters[] = {"word            name, texts or states contain it",
        "/regex/         one of them matches", "!term           the term does not apply",
        "column:value    the cell contains it",
        "column=value    the cell equals it; column=none: it is absent",
        "column>10k      numbers with k M G KiB MiB GiB, spans ms s m h d",
        "a b, a | b      both; either", NULL};
    struct registry *r = tables_load(false);
    if (!r)
        return;
    title(out, "WEIR", "1", "weir - console for a data platform");
    section(out, "SYNOPSIS");
    g_string_append(
        out, "\\fBweir\\fR [\\fIOPTION\\fR...] [\\fICOMMAND\\fR [\\fIARGUMENT\\fR...]]\n");
    section(out, "DESCRIPTION");
    paragraphs(out, about);
    commands(out);
    options(out);
    section(out, "FILTERS");
    literal(out, filters);
    keys(out);
    kinds(out, r);
    exit_codes(out);
    environment(out);
    section(out, "SEE ALSO");
    line(out, "weir.yaml(5)");
    registry_free(r);
}

/* -- weir.yaml(5) -------------------------------------------------------------------------------- */

static void option_terms(GString *out, const struct option *o)
{
    for (; o && o->name; o++) {
        g_autoptr(GString) text = g_string_new(o->help);
        g_string_append_printf(text, " (%s", option_type_words(o->type));
        if (o->flags & OPTION_F_REQUIRED)
            g_string_append(text, "; it must be given");
        if (o->fallback)
            g_string_append_printf(text, "; default %s", o->fallback);
        if (o->flags & OPTION_F_LATER)
            g_string_append(text, "; not in this version");
        g_string_append_c(text, ')');
        term(out, o->name, NULL, text->str);
    }
}

static void connector_options(GString *out, const struct registry *r)
{
    section(out, "SOURCES");
    line(out, "Every source takes:");
    option_terms(out, source_options);
    for (guint i = 0; i < registry_connector_count(r); i++) {
        const struct connector *c = registry_connector_at(r, i);
        if (!c->options)
            continue;
        g_autofree char *name = g_strdup_printf("type: %s", c->name);
        subsection(out, name);
        line(out, c->help);
        option_terms(out, c->options);
    }
    subsection(out, "Sources that speak HTTP");
    option_terms(out, http_options);
    section(out, "THRESHOLDS");
    for (guint i = 0; i < registry_connector_count(r); i++)
        option_terms(out, registry_connector_at(r, i)->thresholds);
}

void man_config(GString *out)
{
    static const char *const about[] = {
        "The file that --config names, else $WEIR_CONFIG, else $XDG_CONFIG_HOME/weir/weir.yaml, "
        "else "
        "/etc/weir/weir.yaml. weir reads it and never writes it; `weir config init` makes a first "
        "one "
        "from what it finds. Unknown keys, wrong types, tabs, duplicate names, secrets in plain "
        "text "
        "and a file that others may write are errors; `weir config check` names them all, with "
        "line "
        "and column. `weir config show` prints what is in force, secrets masked.",
        NULL};
    static const char *const example[] = {"environment: prod-eu",
        "environments:", "  prod-eu:", "    class: prod",
        "    sources:", "      events:", "        type: kafka", "        brokers: b1:9093,b2:9093",
        "        properties: {security.protocol: SSL}", "      scheduler:", "        type: airflow",
        "        url: https://airflow.example:8080", "        username: oncall",
        "        password: {command: [pass, show, airflow]}", NULL};
    static const char *const secrets[] = {
        "A secret is never written down here. It is the output of a program, {command: [pass, "
        "show, "
        "NAME]}, the content of a file that only its owner may read, {file: PATH}, or a variable, "
        "{env: NAME}. The program runs without a terminal, for at most 10 s.",
        NULL};
    struct registry *r = tables_load(false);
    if (!r)
        return;
    title(out, "WEIR.YAML", "5", "weir.yaml - configuration of weir(1)");
    section(out, "DESCRIPTION");
    paragraphs(out, about);
    section(out, "EXAMPLE");
    literal(out, example);
    section(out, "THE FILE");
    option_terms(out, config_options);
    section(out, "ENVIRONMENTS");
    option_terms(out, environment_options);
    connector_options(out, r);
    section(out, "SECRETS");
    paragraphs(out, secrets);
    section(out, "SEE ALSO");
    line(out, "weir(1)");
    registry_free(r);
}
