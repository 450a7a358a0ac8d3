/* Help: the keys that do something in the view below it, as a table like any other: it can be
 * filtered and sorted, and Enter runs the entry. */
#include "app.h"
#include "clock.h"
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
        add(s, c->name, keymap_keys(a->keymap, c->name, c->keys), c->help, "everywhere");
    frame_open_local(a, s);
}
