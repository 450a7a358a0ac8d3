#include "help.h"

#include <string.h>

#include "app.h"
#include "cli.h"
#include "man.h"
#include "tables.h"

/* A cell of a table in Markdown. */
static char *cell(const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, "|", -1);
    return g_strjoinv("\\|", words);
}

static void commands_table(GString *out)
{
    g_string_append(out, "| command | does |\n|---|---|\n");
    g_string_append(out, "| `weir` | the console; in a pipe: the list of problems |\n");
    for (const struct command *c = cli_commands; c->name; c++) {
        g_autofree char *arguments = cell(c->arguments);
        g_string_append_printf(
            out, "| `weir %s%s%s` | %s |\n", c->name, *arguments ? " " : "", arguments, c->help);
    }
}

static void append_keys(
    GString *out, const char *keys, const char *name, const char *help, const char *where)
{
    g_auto(GStrv) bars = g_strsplit(keys, "|", -1);
    g_autofree char *escaped = g_strjoinv("\\|", bars);
    g_auto(GStrv) words = g_strsplit(escaped, " ", -1);
    g_autofree char *list = *keys ? g_strjoinv("` `", words) : NULL;
    g_autofree char *text = cell(help);
    g_string_append_printf(out, list ? "| `%s` | %s | %s | %s |\n" : "| %.0s | %s | %s | %s |\n",
        list ? list : "", name, text, where);
}

/* The commands that every view has are listed once. */
static void keys_table(GString *out)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_string_append(out, "| keys | command | does | where |\n|---|---|---|---|\n");
    for (const struct app_command *c = app_commands; c->name; c++)
        append_keys(out, c->keys, c->name, c->help, "everywhere");
    const struct view_command *table = view_class_of(SHAPE_TABLE)->commands;
    const struct view_command *log = view_class_of(SHAPE_LOG)->commands;
    for (; table->name && log->name && strcmp(table->name, log->name) == 0; table++, log++) {
        append_keys(out, table->keys, table->name, table->help, "every view");
        g_hash_table_add(seen, (gpointer)table->name);
    }
    for (enum shape shape = SHAPE_TABLE; shape <= SHAPE_CHART; shape++)
        for (const struct view_command *c = view_class_of(shape)->commands; c->name; c++)
            if (!g_hash_table_contains(seen, c->name))
                append_keys(out, c->keys, c->name, c->help, view_scopes[shape]);
}

static void systems_table(GString *out)
{
    struct registry *r = tables_load(false);
    if (!r)
        return;
    g_string_append(out, "| system | type | what it speaks and was run against | kinds |\n");
    g_string_append(out, "|---|---|---|---|\n");
    for (guint i = 0; i < registry_connector_count(r); i++) {
        const struct connector *c = registry_connector_at(r, i);
        g_string_append_printf(out, "| %s | `%s` | %s |", c->title, c->name, c->help);
        for (const struct kind *const *k = c->kinds; *k; k++)
            g_string_append_printf(out, " `%s`", (*k)->name);
        g_string_append(out, " |\n");
    }
    registry_free(r);
}

const char *const help_names[] = {"commands", "keys", "systems", "man", "man-config", NULL};

bool help_table(const char *name, GString *out)
{
    static void (*const write[])(GString *) = {
        commands_table, keys_table, systems_table, man_program, man_config};
    for (unsigned i = 0; help_names[i]; i++) {
        if (strcmp(help_names[i], name) == 0) {
            write[i](out);
            return true;
        }
    }
    return false;
}
