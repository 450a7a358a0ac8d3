/* Completion for shells. The scripts are small: on each press of Tab they ask `weir complete`, which
 * knows the tables and the configuration and talks to no server. */
#include <string.h>

#include "cli.h"
#include "completion.h"
#include "connector.h"
#include "emit.h"
#include "help.h"
#include "tables.h"
#include "text.h"
#include "theme.h"

/* -- the scripts --------------------------------------------------------------------------------- */

/* Bash ends words at = and : as well, so what it replaces is only the part behind the last of them. */
static const char bash_script[] =
    "# bash completion for weir: source <(weir completion bash)\n"
    "_weir() {\n"
    "    local line\n"
    "    COMPREPLY=()\n"
    "    while IFS= read -r line; do\n"
    "        case $line in\n"
    "        :files) compopt -o filenames 2>/dev/null\n"
    "            while IFS= read -r line; do COMPREPLY+=(\"$line\"); done \\\n"
    "                < <(compgen -f -- \"${COMP_WORDS[COMP_CWORD]#=}\") ;;\n"
    "        */) compopt -o nospace 2>/dev/null; COMPREPLY+=(\"$line\") ;;\n"
    "        *) COMPREPLY+=(\"$line\") ;;\n"
    "        esac\n"
    "    done < <(\"${COMP_WORDS[0]}\" complete bash \"${COMP_WORDS[@]:1:COMP_CWORD}\" "
    "2>/dev/null)\n"
    "}\n"
    "complete -F _weir weir\n";

static const char zsh_script[] =
    "#compdef weir\n"
    "# zsh completion for weir: source <(weir completion zsh), or as _weir in $fpath\n"
    "_weir() {\n"
    "    local line\n"
    "    local -a names folders\n"
    "    while IFS= read -r line; do\n"
    "        case $line in\n"
    "        :files) _files ;;\n"
    "        */[[:blank:]]*|*/) folders+=(\"${line%%$'\\t'*}\") ;;\n"
    "        *) names+=(\"${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}\") ;;\n"
    "        esac\n"
    "    done < <(\"${words[1]}\" complete zsh \"${(@)words[2,CURRENT]}\" 2>/dev/null)\n"
    "    (( $#folders )) && compadd -S '' -a folders\n"
    "    (( $#names )) && _describe weir names\n"
    "}\n"
    "if [[ $funcstack[1] == _weir ]]; then _weir \"$@\"; else compdef _weir weir; fi\n";

static const char fish_script[] =
    "# fish completion for weir: weir completion fish | source\n"
    "function __weir_complete\n"
    "    set -l words (commandline -opc) (commandline -ct)\n"
    "    for line in ($words[1] complete fish $words[2..-1] 2>/dev/null)\n"
    "        if test \"$line\" = :files\n"
    "            __fish_complete_path (commandline -ct)\n"
    "        else\n"
    "            echo $line\n"
    "        end\n"
    "    end\n"
    "end\n"
    "complete -c weir -f -a '(__weir_complete)'\n";

static const struct {
    const char *shell, *script;
} scripts[] = {{"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}};

int cmd_completion(const struct cli *cli)
{
    const char *shell = cli_argument(cli, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(scripts); i++) {
        if (g_strcmp0(shell, scripts[i].shell) == 0) {
            g_autoptr(GString) out = g_string_new(scripts[i].script);
            cli_print(out);
            return EXIT_FINE;
        }
    }
    cli_complain("write `weir completion bash`, zsh or fish");
    return EXIT_USAGE;
}

/* -- what is known of the line ------------------------------------------------------------------- */

struct complete {
    const char *shell;
    GPtrArray *words;   /* before the one that is typed, without options and their values */
    char *option;       /* whose value is typed, or NULL */
    char *config, *env; /* --config, --env of the line */
    const char *typed;  /* what stands there so far */
    gsize done;         /* bytes of typed that the shell does not replace */
    GString *out;
    struct config *configuration; /* NULL until asked for, or broken */
    struct registry *registry;    /* the same */
};

static void offer(struct complete *c, const char *text, const char *help)
{
    if (!g_str_has_prefix(text, c->typed) || strlen(text) < c->done)
        return;
    g_autoptr(GString) line = g_string_new(text + c->done);
    if (help && strcmp(c->shell, "bash") != 0)
        g_string_append_printf(line, "\t%s", help);
    g_string_append_c(line, '\n');
    g_string_append(c->out, line->str);
}

static const struct registry *registry(struct complete *c)
{
    if (!c->registry)
        c->registry = tables_load(true);
    return c->registry;
}

static struct environment *environment(struct complete *c)
{
    if (!c->configuration) {
        g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func((GDestroyNotify)fault_free);
        c->configuration = config_load(c->config, c->env, faults);
    }
    return c->configuration ? config_environment(c->configuration) : NULL;
}

/* -- what may stand there ------------------------------------------------------------------------ */

static void offer_each(struct complete *c, const char *const *names)
{
    for (; *names; names++)
        offer(c, *names, NULL);
}

static void offer_commands(struct complete *c)
{
    for (const struct command *command = cli_commands; command->name; command++)
        offer(c, command->name, command->help);
}

static void offer_kinds(struct complete *c)
{
    for (guint i = 0; registry(c) && i < registry_kind_count(c->registry); i++) {
        const struct kind *k = registry_kind_at(c->registry, i);
        offer(c, k->name, k->help);
    }
}

static void offer_sources(struct complete *c)
{
    struct environment *e = environment(c);
    for (guint i = 0; e && i < environment_source_count(e); i++) {
        struct source *s = environment_source_at(e, i);
        offer(c, source_name(s), source_type(s));
    }
}

static void offer_environments(struct complete *c)
{
    g_clear_pointer(&c->env, g_free); /* it is being typed */
    for (guint i = 0; environment(c) && i < config_environment_count(c->configuration); i++) {
        struct environment *e = config_environment_at(c->configuration, i);
        offer(c, environment_name(e), environment_class_name(e));
    }
}

/* SOURCE/, then SOURCE/KIND/. Names of rows are known to servers, who are not asked; the last stored
 * snapshot, where there is one, would tell them here. */
static void offer_addresses(struct complete *c)
{
    struct environment *e = environment(c);
    for (guint i = 0; e && i < environment_source_count(e); i++) {
        struct source *s = environment_source_at(e, i);
        g_autofree char *folder = g_strdup_printf("%s/", source_name(s));
        if (!g_str_has_prefix(c->typed, folder)) {
            offer(c, folder, source_type(s));
            continue;
        }
        const struct connector *connector =
            registry(c) ? registry_connector(c->registry, source_type(s)) : NULL;
        for (const struct kind *const *k = connector ? connector->kinds : NULL; k && *k; k++) {
            g_autofree char *address = g_strdup_printf("%s%s/", folder, kind_segment(*k));
            if (!(*k)->scope || (*k)->scope_optional)
                offer(c, address, (*k)->help);
        }
    }
}

static const struct kind *kind_of_line(struct complete *c)
{
    const char *word = c->words->len > 1 ? g_ptr_array_index(c->words, 1) : "problems";
    return registry(c) ? registry_kind(c->registry, word, NULL) : NULL;
}

/* Columns of the kind that is asked for; several are separated by commas, - sorts downwards. */
static void offer_columns(struct complete *c)
{
    const struct kind *k = kind_of_line(c);
    const char *last = strrchr(c->typed, ',');
    last = last ? last + 1 : c->typed;
    last += *last == '-' && strcmp(c->option, "sort") == 0;
    g_autofree char *before = g_strndup(c->typed, (gsize)(last - c->typed));
    g_autofree const char **names = k ? column_names(k->columns) : NULL;
    for (const char **name = names; name && *name; name++) {
        g_autofree char *text = g_strconcat(before, *name, NULL);
        offer(c, text, kind_column_info(k, kind_column(k, *name))->help);
    }
}

static void offer_formats(struct complete *c)
{
    offer_each(c, emit_format_names);
}

static void offer_when(struct complete *c)
{
    offer_each(c, (const char *const[]){"auto", "always", "never", NULL});
}

static void offer_health(struct complete *c)
{
    offer_each(c, (const char *const[]){"warn", "fail", NULL});
}

static void offer_themes(struct complete *c)
{
    g_auto(GStrv) names = theme_names();
    offer(c, "auto", NULL);
    offer_each(c, (const char *const *)names);
}

static void offer_files(struct complete *c)
{
    g_string_append(c->out, ":files\n");
}

static void offer_get(struct complete *c)
{
    if (c->words->len == 1)
        offer_kinds(c);
}

static void offer_address(struct complete *c)
{
    if (c->words->len == 1)
        offer_addresses(c);
}

static void offer_doctor(struct complete *c)
{
    if (c->words->len == 1)
        offer_sources(c);
}

static void offer_explain(struct complete *c)
{
    const char *point = strrchr(c->typed, '.');
    g_autofree char *head = point ? g_strndup(c->typed, (gsize)(point - c->typed)) : NULL;
    const struct kind *k = head && registry(c) ? registry_kind(c->registry, head, NULL) : NULL;
    if (c->words->len > 1)
        return;
    offer_kinds(c);
    offer(c, "config", "every key of the configuration");
    for (const struct column *column = k ? k->columns : NULL; column && column->name; column++) {
        g_autofree char *text = g_strdup_printf("%s.%s", head, column->name);
        offer(c, text, column->help);
    }
}

static void offer_verbs(struct complete *c)
{
    if (c->words->len == 1)
        offer_each(c, config_verbs);
    else if (c->words->len == 2 && g_str_equal(g_ptr_array_index(c->words, 1), "init"))
        offer_files(c);
}

static void offer_shells(struct complete *c)
{
    for (unsigned i = 0; c->words->len == 1 && i < G_N_ELEMENTS(scripts); i++)
        offer(c, scripts[i].shell, NULL);
}

static void offer_help(struct complete *c)
{
    if (c->words->len > 1)
        return;
    offer_commands(c);
    offer_each(c, help_names);
}

/* By option (its long name) or command. */
static const struct {
    const char *name;
    void (*offer)(struct complete *c);
} values[] = {{"config", offer_files}, {"log", offer_files}, {"env", offer_environments},
    {"color", offer_when}, {"theme", offer_themes}, {"output", offer_formats},
    {"sort", offer_columns}, {"columns", offer_columns}, {"scope", offer_addresses},
    {"source", offer_sources}, {"fail-on", offer_health}},
  arguments[] = {{"get", offer_get}, {"show", offer_address}, {"logs", offer_address},
      {"explain", offer_explain}, {"doctor", offer_doctor}, {"config", offer_verbs},
      {"completion", offer_shells}, {"help", offer_help}};

/* -- reading the line ---------------------------------------------------------------------------- */

static const GOptionEntry *find_option(const GOptionEntry *o, const char *word, gsize length)
{
    if (length == 2 && word[0] == '-' && word[1] != '-') {
        for (; o->long_name; o++)
            if (o->short_name == word[1])
                return o;
        return NULL;
    }
    for (; length > 2 && o->long_name; o++)
        if (*o->long_name && strlen(o->long_name) == length - 2 &&
            strncmp(o->long_name, word + 2, length - 2) == 0)
            return o;
    return NULL;
}

static bool takes_value(const GOptionEntry *o)
{
    return o && o->arg != G_OPTION_ARG_NONE && o->arg != G_OPTION_ARG_CALLBACK;
}

static void keep_value(struct complete *c, const char *option, const char *value)
{
    char **place = strcmp(option, "config") == 0 ? &c->config
                   : strcmp(option, "env") == 0  ? &c->env
                                                 : NULL;
    if (!place)
        return;
    g_free(*place);
    *place = g_strdup(value);
}

/* Bash hands over --output=js as three words: what it ended at = or : is one word again. */
static GPtrArray *join_words(char **argv)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    bool open = false;
    for (; *argv; argv++) {
        bool sign = strcmp(*argv, "=") == 0 || strcmp(*argv, ":") == 0;
        if ((sign || open) && words->len > 0) {
            char **last = (char **)&words->pdata[words->len - 1];
            char *joined = g_strconcat(*last, *argv, NULL);
            g_free(*last);
            *last = joined;
        } else {
            g_ptr_array_add(words, g_strdup(*argv));
        }
        open = sign;
    }
    return words;
}

/* Sorts the words before the last one into words, options and their values. */
static void read_words(struct complete *c, const GPtrArray *line, const GOptionEntry *options)
{
    const GOptionEntry *open = NULL;
    for (guint i = 0; i + 1 < line->len; i++) {
        const char *word = g_ptr_array_index(line, i);
        const char *equals = *word == '-' ? strchr(word, '=') : NULL;
        if (open) {
            keep_value(c, open->long_name, word);
            open = NULL;
        } else if (equals) {
            const GOptionEntry *o = find_option(options, word, (gsize)(equals - word));
            if (o)
                keep_value(c, o->long_name, equals + 1);
        } else if (*word == '-') {
            const GOptionEntry *o = find_option(options, word, strlen(word));
            open = takes_value(o) ? o : NULL;
        } else {
            g_ptr_array_add(c->words, (gpointer)word);
        }
    }
    if (open)
        c->option = g_strdup(open->long_name);
}

static void offer_options(struct complete *c, const GOptionEntry *o)
{
    for (; o->long_name; o++) {
        g_autofree char *text = g_strdup_printf("--%s", o->long_name);
        if (*o->long_name)
            offer(c, text, o->description);
    }
}

/* --option=value: the value is completed, and what stands before it is kept. */
static void open_joined(struct complete *c, const GOptionEntry *options, GString *keep)
{
    const char *equals = g_str_has_prefix(c->typed, "--") ? strchr(c->typed, '=') : NULL;
    const GOptionEntry *o =
        equals ? find_option(options, c->typed, (gsize)(equals - c->typed)) : NULL;
    if (!o)
        return;
    c->option = g_strdup(o->long_name);
    g_string_append_len(keep, c->typed, equals + 1 - c->typed);
    c->typed = equals + 1;
}

static void offer_value(struct complete *c)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(values); i++)
        if (strcmp(values[i].name, c->option) == 0)
            values[i].offer(c);
}

static void offer_argument(struct complete *c)
{
    if (c->words->len == 0)
        offer_commands(c);
    for (unsigned i = 0; c->words->len > 0 && i < G_N_ELEMENTS(arguments); i++)
        if (strcmp(arguments[i].name, g_ptr_array_index(c->words, 0)) == 0)
            arguments[i].offer(c);
}

/* Puts keep before every line: what the shell replaces is the whole word then. */
static void print_lines(const struct complete *c, const char *keep)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(c->out->str, "\n", -1);
    for (char **line = lines; *line && **line; line++) {
        g_autoptr(GString) clean = g_string_new(NULL);
        g_auto(GStrv) halves = g_strsplit(*line, "\t", 2);
        text_clean(halves[0], -1, clean);
        g_string_append_printf(out, "%s%s", **line == ':' ? "" : keep, clean->str);
        if (halves[1])
            g_string_append_printf(out, "\t%s", halves[1]);
        g_string_append_c(out, '\n');
    }
    cli_print(out);
}

int complete_run(char **argv)
{
    struct cli none = {0};
    if (!argv[0] || !argv[1])
        return EXIT_USAGE;
    g_autofree GOptionEntry *options = cli_options(&none);
    g_autoptr(GPtrArray) line = join_words(argv + 1);
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GString) keep = g_string_new(NULL);
    struct complete c = {.shell = argv[0], .words = words, .out = out};
    c.typed = g_ptr_array_index(line, line->len - 1);
    read_words(&c, line, options);
    if (!c.option)
        open_joined(&c, options, keep);
    if (strcmp(c.shell, "bash") == 0) { /* replaces what stands behind the last : or = */
        const char *colon = strrchr(c.typed, ':');
        c.done = colon ? (gsize)(colon + 1 - c.typed) : 0;
        g_string_truncate(keep, 0);
    }
    if (c.option)
        offer_value(&c);
    else if (*c.typed == '-')
        offer_options(&c, options);
    else
        offer_argument(&c);
    print_lines(&c, keep->str);
    registry_free(c.registry);
    config_free(c.configuration);
    g_free(c.option);
    g_free(c.config);
    g_free(c.env);
    return EXIT_FINE;
}
