/* Help: the keys that do something in the view below it, as a table like any other: it can be
 * filtered and sorted, and Enter runs the entry. */
#include "app.h"
#include "clock.h"
#include "keys.h"
#include "rid.h"

enum { KEYS, DOES, WHERE };

static const struct column columns[] = {
    [KEYS] = {"keys", "KEYS", CELL_TEXT, 0, 16, 1, "what to press"},
    [DOES] = {"does", "DOES", CELL_TEXT, COLUMN_F_PROSE, 30, 6, "what it does"},
    [WHERE] = {"where", "WHERE", CELL_TEXT, 0, 10, 0, "in which view it is known"},
    {0},
};

static const struct kind kind_help = {
    .name = "help",
    .title = "COMMAND",
    .help = "the keys and commands of a view",
    .shape = SHAPE_TABLE,
    .columns = columns,
};

/* What to try first on the simulated platform: lines for `:`, in the order of the story. */
static const struct {
    const char *line, *does;
} tour[] = {
    {"now", "what is wrong, the worst first"},
    {"events/groups/enrich-v2", "partitions that nobody reads"},
    {"scheduler/dags/orders_daily", "its runs, their tasks, logs: l"},
    {"hosts", "one hangs and delays no other"},
    {"queries", "the warehouse; / filters"},
};

bool help_is(const struct frame *f)
{
    return f->kind == &kind_help;
}

static void add(
    struct snapshot *s, const char *name, const char *keys, const char *help, const char *where)
{
    size_t row = snapshot_add(s, name);
    snapshot_set_text(s, row, KEYS, *keys ? keys : "(:)");
    snapshot_set_text(s, row, DOES, help);
    snapshot_set_text(s, row, WHERE, where);
}

/* Keys that have no meaning yet and will get one: nobody should wonder, or bind them unawares. */
static const struct {
    const char *keys, *name, *does;
} reserved[] = {
    {"a", "ack", "acknowledge a problem"},
    {"A", "assign", "give a problem an owner"},
    {"z", "silence", "silence a problem until a time"},
    {"J", "upstream", "lineage: what this comes from"},
    {"L", "downstream", "lineage: what depends on this"},
    {"t", "time", "look at an earlier moment"},
    {"<", "step-back", "a step back in time"},
    {">", "step-forward", "a step forward in time"},
    {"T", "tab", "a new tab"},
    {"D", "diff", "what changed since"},
    {"H", "handover", "a handover of the shift"},
    {"W", "snapshot", "write what is seen into a file"},
    {"u", "unseen", "the next that is new"},
    {"v", "range", "mark a range of rows"},
    {"c", "copy", "copy name, address or request"},
    {"Y", "plain", "plain text for the mouse"},
    {"s", "shell", "a shell on the host"},
    {"!", "faults", "only rows with a problem"},
    {",", "columns", "choose the columns"},
    {"Z", "zone", "time zone"},
    {"[", "history-back", "the view before"},
    {"]", "history-forward", "the view after"},
    {"-", "last-view", "the view one was in"},
};

/* Whether a command, or a link of the kind below, has the key now. */
static bool has_meaning(const struct app *a, const struct frame *f, const char *key)
{
    g_autofree struct keymap_command *table = keys_table();
    for (const struct keymap_command *c = table; c->name; c++)
        if (keymap_contains(keymap_keys(a->keymap, c->name, c->keys), key))
            return true;
    return kind_link(f->kind, key) != NULL;
}

static void add_reserved(const struct app *a, const struct frame *f, struct snapshot *s)
{
    for (guint i = 0; i < G_N_ELEMENTS(reserved); i++) {
        if (has_meaning(a, f, reserved[i].keys))
            continue;
        g_autofree char *does = g_strdup_printf("%s (not in this version)", reserved[i].does);
        add(s, reserved[i].name, reserved[i].keys, does, "reserved");
        snapshot_set_phase(s, snapshot_count(s) - 1, PHASE_OFF);
    }
}

/* What cannot be done now is grey, and says why. */
static void add_command(struct app *a, struct snapshot *s, const struct app_command *c)
{
    g_autoptr(GString) why = g_string_new(NULL);
    bool now = !c->enabled || c->enabled(a, why);
    g_autofree char *does =
        now ? g_strdup(c->help) : g_strdup_printf("not now, %s: %s", why->str, c->help);
    add(s, c->name, keymap_keys(a->keymap, c->name, c->keys), does, "everywhere");
    if (!now)
        snapshot_set_phase(s, snapshot_count(s) - 1, PHASE_OFF);
}

void help_open(struct app *a)
{
    const struct frame *f = app_top(a);
    if (help_is(f))
        return;
    AUTO(rid) scope = rid_source("weir");
    struct snapshot *s = snapshot_new(&kind_help, scope, clock_wall_ms());
    bool simulated = environment_simulated(a->session->environment);
    for (guint i = 0; simulated && i < G_N_ELEMENTS(tour); i++)
        add(s, tour[i].line, "enter", tour[i].does, "try this");
    for (const struct link *l = f->kind->links; l && l->key; l++)
        add(s, l->title, l->key, l->title, "this kind");
    const struct view_command *v = f->view->class->commands;
    for (; v && v->name; v++)
        add(s, v->name, keymap_keys(a->keymap, v->name, v->keys), v->help, "this view");
    for (const struct app_command *c = app_commands; c->name; c++)
        add_command(a, s, c);
    add_reserved(a, f, s);
    frame_open_local(a, s);
}
