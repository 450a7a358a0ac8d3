/* What could be typed next: names of commands, kinds, sources and addresses after `:`, columns and
 * their values in a filter, columns of a sort. */
#include "app.h"

#include <string.h>

#include "quantity.h"
#include "rid.h"

#define VALUES_MAX    200  /* of a column, or addresses */
#define ROWS_LOOKED   5000 /* at, for values */
#define FILTER_BREAKS " |!()"

static void add(GPtrArray *list, const char *name, const char *help)
{
    g_ptr_array_add(list, g_strdup(name));
    g_ptr_array_add(list, g_strdup(help ? help : ""));
}

static void add_command(
    GPtrArray *list, const struct app *a, const char *name, const char *keys, const char *help)
{
    g_autofree char *key = keymap_first(keymap_keys(a->keymap, name, keys));
    g_autofree char *text = *key ? g_strdup_printf("%s  (%s)", help, key) : g_strdup(help);
    add(list, name, text);
}

/* -- commands and addresses ---------------------------------------------------------------------- */

/* Addresses of what is known, once one types into them. */
static void add_addresses(GPtrArray *list, const struct app *a, const char *text)
{
    const struct registry *r = a->session->registry;
    guint wanted = list->len + 2 * VALUES_MAX;
    for (guint i = 0; strchr(text, '/') && i < registry_kind_count(r); i++) {
        g_autoptr(GPtrArray) entries = store_of_kind(a->session->store, registry_kind_at(r, i));
        for (guint e = 0; e < entries->len; e++) {
            const struct store_entry *entry = g_ptr_array_index(entries, e);
            size_t rows = entry->snapshot ? snapshot_count(entry->snapshot) : 0;
            g_autoptr(GString) address = g_string_new(NULL);
            for (size_t row = 0; row < MIN(rows, ROWS_LOOKED) && list->len < wanted; row++) {
                g_string_truncate(address, 0);
                snapshot_append_address(entry->snapshot, row, address);
                if (g_str_has_prefix(address->str, text))
                    add(list, address->str, registry_kind_at(r, i)->name);
            }
        }
    }
}

static void add_environments(GPtrArray *list, const struct app *a)
{
    const struct config *c = a->session->config;
    for (guint i = 0; i < config_environment_count(c); i++) {
        const char *name = environment_name(config_environment_at(c, i));
        g_autofree char *line = g_strconcat("ctx ", name, NULL);
        add(list, line, "open this environment");
    }
}

static void add_commands(GPtrArray *list, const struct app *a, const char *text)
{
    const struct registry *r = a->session->registry;
    for (guint i = 0; i < registry_kind_count(r); i++) {
        const struct kind *k = registry_kind_at(r, i);
        if (!k->scope || k->scope_optional)
            add(list, k->name, k->help);
    }
    for (guint i = 0; i < environment_source_count(a->session->environment); i++)
        add(list, source_name(environment_source_at(a->session->environment, i)),
            "this source alone");
    for (const struct app_command *c = app_commands; c->name; c++)
        add_command(list, a, c->name, c->keys, c->help);
    const struct view_command *c = app_top(a)->view->class->commands;
    for (; c && c->name; c++)
        add_command(list, a, c->name, c->keys, c->help);
    if (g_str_has_prefix(text, "ctx "))
        add_environments(list, a);
    add_addresses(list, a, text);
}

/* -- columns ------------------------------------------------------------------------------------- */

static void add_columns(GPtrArray *list, const struct kind *k)
{
    for (int i = 0; k->columns[i].name; i++)
        add(list, k->columns[i].name, k->columns[i].help);
    for (int i = COLUMN_SOURCE; i < COLUMN_UNKNOWN; i++)
        add(list, kind_column_info(k, i)->name, kind_column_info(k, i)->help);
}

/* Those that begin with what was typed, which may as well be a word to look for. */
static void add_terms(GPtrArray *list, const struct kind *k, const char *begin)
{
    g_autoptr(GPtrArray) columns = g_ptr_array_new_with_free_func(g_free);
    add_columns(columns, k);
    for (guint i = 0; i < columns->len; i += 2) {
        const char *name = g_ptr_array_index(columns, i);
        const struct column *c = kind_column_info(k, kind_column(k, name));
        g_autofree char *term = g_strconcat(name, quantity_is_number(c->type) ? ">" : ":", NULL);
        if (g_str_has_prefix(name, begin))
            add(list, term, g_ptr_array_index(columns, i + 1));
    }
}

/* The values that a column has on this screen, as they are written in a filter. */
static void add_values(GPtrArray *list, const struct app *a, const char *name, gsize length)
{
    const struct frame *f = app_top(a);
    g_autofree char *column = g_strndup(name, length);
    int index = kind_column(f->kind, column);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) entries = frame_entries(a, f);
    for (guint e = 0; index != COLUMN_UNKNOWN && e < entries->len; e++) {
        const struct snapshot *s = ((const struct store_entry *)entries->pdata[e])->snapshot;
        size_t rows = s ? MIN(snapshot_count(s), ROWS_LOOKED) : 0;
        for (size_t row = 0; row < rows && g_hash_table_size(seen) < VALUES_MAX; row++) {
            struct cell cell = snapshot_cell(s, row, index);
            bool text = cell.type == CELL_TEXT || cell.type == CELL_STATE || cell.type == CELL_LINK;
            if (!text || strpbrk(cell.text, "\" |") || !g_hash_table_add(seen, g_strdup(cell.text)))
                continue;
            g_autofree char *term = g_strdup_printf("%s:%s", column, cell.text);
            add(list, term, "");
        }
    }
}

/* -- the prompt ---------------------------------------------------------------------------------- */

/* Where the word begins that is being typed. */
static gsize word_start(const char *text, const char *breaks)
{
    gsize start = 0;
    for (gsize i = 0; text[i]; i++)
        if (strchr(breaks, text[i]))
            start = i + 1;
    return start;
}

void complete(struct app *a)
{
    const struct frame *f = app_top(a);
    const char *text = a->prompt->text->str;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
    gsize from = 0;
    bool rows = f->kind->shape == SHAPE_TABLE || f->kind->shape == SHAPE_TREE;
    if (a->prompt->mode == PROMPT_FILTER && !rows)
        return; /* it is a search */
    if (a->prompt->mode == PROMPT_FILTER) {
        from = word_start(text, FILTER_BREAKS);
        gsize name = strcspn(text + from, ":=");
        if (text[from + name])
            add_values(list, a, text + from, name);
        else if (text[from])
            add_terms(list, f->kind, text + from);
    } else if (a->prompt->mode == PROMPT_SORT) {
        from = word_start(text, ",-");
        add_columns(list, f->kind);
    } else {
        add_commands(list, a, text);
    }
    g_ptr_array_add(list, NULL);
    prompt_complete(a->prompt, from, (const char *const *)list->pdata);
}
