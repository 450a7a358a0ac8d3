/* All keys of all commands: the map that is in force, as a table of the console (`:keys`), and the
 * default one as a text in the form of the keys file, which is its sample. */
#include <string.h>

#include "app.h"
#include "clock.h"
#include "keys.h"
#include "rid.h"

enum { KEYS, DOES, WHERE, FROM };

static const struct column columns[] = {
    [KEYS] = {"keys", "KEYS", CELL_TEXT, 0, 14, 1, "what to press; nothing: it has no key"},
    [DOES] = {"does", "DOES", CELL_TEXT, COLUMN_F_PROSE, 24, 6, "what it does"},
    [WHERE] = {"where", "WHERE", CELL_TEXT, 0, 10, 0, "in which views it is known"},
    [FROM] = {"from", "FROM", CELL_TEXT, 0, 12, 3,
        "who says so: default, or a line of the keys file"},
    {0},
};

/* A row is a command, or what is wrong with a line of the keys file. */
static const struct kind kind_keys = {
    .name = "keys",
    .title = "COMMAND",
    .help = "every command and its keys",
    .shape = SHAPE_TABLE,
    .columns = columns,
};

const char *const view_scopes[] = {"tables", "trees", "detail", "logs", "charts"};

struct keymap_command *keys_table(void)
{
    GArray *table = g_array_new(TRUE, TRUE, sizeof(struct keymap_command));
    for (const struct app_command *c = app_commands; c->name; c++)
        g_array_append_val(
            table, ((struct keymap_command){KEYMAP_EVERYWHERE, c->name, c->keys, c->help}));
    for (enum shape shape = SHAPE_TABLE; shape <= SHAPE_CHART; shape++)
        for (const struct view_command *c = view_class_of(shape)->commands; c && c->name; c++)
            g_array_append_val(
                table, ((struct keymap_command){view_scopes[shape], c->name, c->keys, c->help}));
    return (struct keymap_command *)(void *)g_array_free(table, FALSE);
}

void keys_sample(GString *out)
{
    g_autofree struct keymap_command *table = keys_table();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    const char *scope = "";
    g_string_append(out, "# weir's keys, as they are without this file. A line is a command and "
                         "its keys, separated by\n"
                         "# blanks; a command alone has none. A key is one character, or ctrl-d, "
                         "enter, esc, tab, space,\n"
                         "# up, pgdn, home, f1 ... Put lines you want changed into "
                         "~/.config/weir/keys; `keys:` of the\n"
                         "# configuration wins over it, and your own key over a default one. :keys "
                         "shows what is in\n"
                         "# force.\n");
    for (const struct keymap_command *c = table; c->name; c++) {
        if (!g_hash_table_add(seen, (gpointer)c->name))
            continue;
        if (strcmp(scope, c->scope) != 0)
            g_string_append_printf(out, "\n# -- %s\n", c->scope);
        scope = c->scope;
        g_string_append_printf(out, "# %s\n", c->help);
        if (*c->keys)
            g_string_append_printf(out, "%-18s %s\n", c->name, c->keys);
        else
            g_string_append_printf(out, "%s\n", c->name);
    }
}

struct keymap *keys_load(const struct config *config, GString *complaints)
{
    g_autofree const char **names = app_command_names();
    g_autofree struct keymap_command *table = keys_table();
    g_autofree char *path = config_home_path("keys");
    static const char *const none[] = {NULL};
    struct keymap *k = keymap_new(config ? config_keys(config) : none, names, complaints);
    keymap_read(k, path, names);
    keymap_settle(k, table);
    return k;
}

/* Faults before notes, since those are what one looks for. */
static void add_faults(const struct app *a, struct snapshot *s, bool notes)
{
    const GPtrArray *faults = keymap_faults(a->keymap);
    for (guint i = 0; i < faults->len; i++) {
        const struct keymap_fault *f = g_ptr_array_index(faults, i);
        if (f->note != notes)
            continue;
        size_t row = snapshot_add(s, notes ? "note" : "fault");
        snapshot_set_text(s, row, KEYS, "");
        snapshot_set_text(s, row, DOES, f->text);
        snapshot_set_text(s, row, WHERE, "");
        snapshot_set_text(s, row, FROM, f->where);
        snapshot_set_health(s, row, notes ? HEALTH_OK : HEALTH_WARN, notes ? NULL : f->text);
    }
}

void keys_open(struct app *a)
{
    if (keys_is(app_top(a)))
        return;
    AUTO(rid) scope = rid_source("weir");
    struct snapshot *s = snapshot_new(&kind_keys, scope, clock_wall_ms());
    g_autofree struct keymap_command *table = keys_table();
    add_faults(a, s, false);
    add_faults(a, s, true);
    for (const struct keymap_command *c = table; c->name; c++) {
        size_t row = snapshot_add(s, c->name);
        snapshot_set_text(s, row, KEYS, keymap_keys(a->keymap, c->name, c->keys));
        snapshot_set_text(s, row, DOES, c->help);
        snapshot_set_text(s, row, WHERE, c->scope);
        snapshot_set_text(s, row, FROM, keymap_origin(a->keymap, c->name));
    }
    frame_open_local(a, s);
}

bool keys_is(const struct frame *f)
{
    return f->kind == &kind_keys;
}
