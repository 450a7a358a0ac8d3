#include "cli.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "help.h"
#include "quantity.h"
#include "text.h"
#include "theme.h"

const struct command cli_commands[] = {
    {"get", "KIND [NAME]", "print the rows of a kind: one fetch, no screen", cmd_get},
    {"show", "ADDRESS", "one object whole: weir show events/groups/enrich-v2", cmd_show},
    {"logs", "ADDRESS", "the log of a task instance", cmd_logs},
    {"explain", "[KIND[.COLUMN]|config]",
        "what a kind, a column or the configuration is: columns, units, health, keys", cmd_explain},
    {"doctor", "[SOURCE]", "terminal, files, configuration, reachability, rights, versions, clocks",
        cmd_doctor},
    {"config", "check|show|init [FILE]|keys",
        "check the configuration, print it with secrets masked, make a first one; "
        "the default keys",
        cmd_config},
    {"completion", "bash|zsh|fish", "a script that completes commands, kinds and sources",
        cmd_completion},
    {"version", "", "versions of weir and of its libraries", cmd_version},
    {"help", "[COMMAND]", "this text", cmd_help},
    {0},
};

static gboolean set_watch(const gchar *name, const gchar *value, gpointer data, GError **error)
{
    (void)name;
    (void)error;
    struct cli *cli = data;
    cli->watch = TRUE;
    g_free(cli->watch_span);
    cli->watch_span = g_strdup(value);
    return TRUE;
}

static const char *theme_help(void)
{
    g_auto(GStrv) names = theme_names();
    g_autofree char *all = g_strjoinv(", ", names);
    g_autofree char *text = g_strdup_printf("auto, %s, or your own", all);
    return g_intern_string(text);
}

GOptionEntry *cli_options(struct cli *cli)
{
    const GOptionEntry entries[] = {
        {"config", 0, 0, G_OPTION_ARG_FILENAME, &cli->config, "configuration file", "FILE"},
        {"env", 'e', 0, G_OPTION_ARG_STRING, &cli->env, "environment to open", "NAME"},
        {"color", 0, 0, G_OPTION_ARG_STRING, &cli->color, "auto, always, never, 16 or 256", "WHEN"},
        {"theme", 0, 0, G_OPTION_ARG_STRING, &cli->theme, theme_help(), "NAME"},
        {"plain", 0, 0, G_OPTION_ARG_NONE, &cli->plain, "the console as lines, for screen readers",
            NULL},
        {"ascii", 0, 0, G_OPTION_ARG_NONE, &cli->ascii, "draw with ASCII only", NULL},
        {"timeout", 0, 0, G_OPTION_ARG_STRING, &cli->timeout, "give up after", "SPAN"},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &cli->verbose, "log to stderr", NULL},
        {"log", 0, 0, G_OPTION_ARG_FILENAME, &cli->log, "log file", "FILE"},
        {"output", 'o', 0, G_OPTION_ARG_STRING, &cli->output,
            "table, wide, json, ndjson, csv or md", "FORMAT"},
        {"filter", 0, 0, G_OPTION_ARG_STRING, &cli->filter, "only rows that match", "EXPR"},
        {"sort", 0, 0, G_OPTION_ARG_STRING, &cli->sort, "by columns, - for descending",
            "[-]COLUMN,..."},
        {"columns", 0, 0, G_OPTION_ARG_STRING, &cli->columns, "only these", "A,B"},
        {"limit", 0, 0, G_OPTION_ARG_INT64, &cli->limit, "at most so many rows", "N"},
        {"scope", 0, 0, G_OPTION_ARG_STRING, &cli->scope, "what the rows belong to", "ADDRESS"},
        {"source", 's', 0, G_OPTION_ARG_STRING, &cli->source, "only this source", "NAME"},
        {"watch", 0, G_OPTION_FLAG_OPTIONAL_ARG, G_OPTION_ARG_CALLBACK, (gpointer)set_watch,
            "print each changed row as a line of JSON, for SPAN or for ever", "SPAN"},
        {"wait", 0, 0, G_OPTION_ARG_STRING, &cli->wait, "sample for so long: rates need it",
            "SPAN"},
        {"fail-on", 0, 0, G_OPTION_ARG_STRING, &cli->fail_on,
            "exit with 1 when a row is at least warn or fail", "HEALTH"},
        {"raw", 0, 0, G_OPTION_ARG_NONE, &cli->raw, "the server's own answer", NULL},
        {"follow", 'f', 0, G_OPTION_ARG_NONE, &cli->follow, "go on as the log grows", NULL},
        {"since", 0, 0, G_OPTION_ARG_STRING, &cli->since, "lines of the last SPAN", "SPAN"},
        {"tail", 0, 0, G_OPTION_ARG_INT64, &cli->tail, "only the last lines", "N"},
        {"try", 0, 0, G_OPTION_ARG_INT64, &cli->try, "which try of a task instance", "N"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &cli->words, NULL, NULL},
        {0},
    };
    return g_memdup2(entries, sizeof entries);
}

static GOptionGroup *make_group(struct cli *cli)
{
    g_autofree GOptionEntry *entries = cli_options(cli);
    GOptionGroup *group = g_option_group_new("weir", "", "", cli, NULL);
    g_option_group_add_entries(group, entries);
    return group;
}

void cli_complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    g_autoptr(GString) line = g_string_new("weir: ");
    text_clean(message, -1, line);
    g_string_append_c(line, '\n');
    ssize_t ignored = write(STDERR_FILENO, line->str, line->len);
    (void)ignored;
}

static GOptionContext *make_context(struct cli *cli)
{
    GOptionContext *context = g_option_context_new("[COMMAND ...]");
    g_option_context_set_main_group(context, make_group(cli));
    GString *text = g_string_new("Commands:\n");
    for (const struct command *c = cli_commands; c->name; c++)
        g_string_append_printf(text, "  %-10s %-23s %s\n", c->name, c->arguments, c->help);
    g_string_append(text, "\nWithout a command: the console; in a pipe: the list of problems.\n"
                          "Exit codes: 0 fine, 1 problems (--fail-on), 2 usage or configuration, "
                          "3 a source failed, 4 refused.\n");
    g_option_context_set_description(context, text->str);
    g_string_free(text, TRUE);
    return context;
}

bool cli_parse(struct cli *cli, int argc, char **argv)
{
    *cli = (struct cli){0};
    g_autoptr(GOptionContext) context = make_context(cli);
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) copy = g_strdupv(argv);
    (void)argc;
    if (g_option_context_parse_strv(context, &copy, &error))
        return true;
    cli_complain("%s; `weir help` lists the commands and options", error->message);
    return false;
}

void cli_clear(struct cli *cli)
{
    char *texts[] = {cli->config, cli->env, cli->color, cli->theme, cli->log, cli->timeout,
        cli->output, cli->filter, cli->sort, cli->columns, cli->scope, cli->source, cli->wait,
        cli->fail_on, cli->watch_span, cli->since};
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_strfreev(cli->words);
}

const char *cli_argument(const struct cli *cli, unsigned n)
{
    return cli->words && g_strv_length(cli->words) > n + 1 ? cli->words[n + 1] : NULL;
}

gint64 cli_span(const char *name, const char *text, gint64 fallback)
{
    gint64 ms;
    if (!text)
        return fallback;
    if (quantity_parse_span(text, false, &ms))
        return ms;
    cli_complain("--%s %s: not a span; write 500ms, 10s, 5m or 2h", name, text);
    return -1;
}

bool cli_print(const GString *out)
{
    for (gsize at = 0; at < out->len;) {
        ssize_t n = write(STDOUT_FILENO, out->str + at, out->len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            if (errno != EPIPE)
                cli_complain("writing to standard output: %s", g_strerror(errno));
            return false;
        }
        at += (gsize)n;
    }
    return true;
}

int cmd_help(const struct cli *cli)
{
    const char *word = cli_argument(cli, 0);
    g_autoptr(GString) out = g_string_new(NULL);
    for (const struct command *c = cli_commands; word && c->name; c++)
        if (strcmp(c->name, word) == 0)
            g_string_append_printf(out, "weir %s %s\n  %s\n", c->name, c->arguments, c->help);
    if (word && out->len == 0 && !help_table(word, out)) {
        g_autofree char *names = g_strjoinv(", ", (char **)help_names);
        cli_complain("no help on \"%s\"; there is: a command's name, %s", word, names);
        return EXIT_USAGE;
    }
    if (!word) {
        struct cli scratch = {0};
        g_autoptr(GOptionContext) context = make_context(&scratch);
        g_autofree char *help = g_option_context_get_help(context, TRUE, NULL);
        g_string_append(out, help);
    }
    cli_print(out);
    return EXIT_FINE;
}
