/* Lists of the program's own that Enter does something with: what was said, environments, bookmarks. */
#include "app.h"

#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "rid.h"

/* -- messages ------------------------------------------------------------------------------------ */

enum { SAID_AT, SAID_LEVEL, SAID_TEXT };

static const struct column said_columns[] = {
    [SAID_AT] = {"at", "AT", CELL_TIME_MS, 0, 12, 0, "when it was said"},
    [SAID_LEVEL] = {"level", "LEVEL", CELL_STATE, 0, 6, 0, "info or error"},
    [SAID_TEXT] = {"text", "MESSAGE", CELL_TEXT, COLUMN_F_PROSE, 40, 9, "what was said"},
    {0},
};

static const struct kind kind_messages = {
    .name = "messages",
    .title = "N",
    .nameless = true,
    .help = "what weir said at the bottom of the screen",
    .shape = SHAPE_TABLE,
    .columns = said_columns,
    .sort = "-at",
};

void said_free(struct said *s)
{
    g_free(s->text);
    g_free(s);
}

static struct snapshot *own_snapshot(const struct kind *k)
{
    AUTO(rid) weir = rid_source("weir");
    return snapshot_new(k, weir, clock_wall_ms());
}

void messages_open(struct app *a)
{
    struct snapshot *s = own_snapshot(&kind_messages);
    for (guint i = 0; i < a->messages->len; i++) {
        const struct said *said = g_ptr_array_index(a->messages, i);
        g_autofree char *key = g_strdup_printf("%u", i);
        size_t row = snapshot_add(s, key);
        snapshot_set_cell(s, row, SAID_AT, (struct cell){.type = CELL_TIME_MS, .i = said->at_ms});
        snapshot_set_cell(s, row, SAID_LEVEL,
            (struct cell){.type = CELL_STATE, .text = said->error ? "error" : "info"});
        snapshot_set_text(s, row, SAID_TEXT, said->text);
        snapshot_set_health(s, row, said->error ? HEALTH_WARN : HEALTH_OK, NULL);
    }
    frame_open_local(a, s);
}

/* -- environments -------------------------------------------------------------------------------- */

enum { ENV_CLASS, ENV_SOURCES, ENV_OPEN };

static const struct column environment_columns[] = {
    [ENV_CLASS] = {"class", "CLASS", CELL_TEXT, 0, 6, 0, "dev, stage or prod"},
    [ENV_SOURCES] = {"sources", "SOURCES", CELL_INT, 0, 7, 0, "how many it has"},
    [ENV_OPEN] = {"open", "OPEN", CELL_BOOL, 0, 4, 0, "whether this is the one that is open"},
    {0},
};

static const struct kind kind_environments = {
    .name = "environments",
    .title = "ENVIRONMENT",
    .help = "environments of the configuration; Enter opens one",
    .shape = SHAPE_TABLE,
    .columns = environment_columns,
};

void environments_open(struct app *a)
{
    struct snapshot *s = own_snapshot(&kind_environments);
    const struct config *c = a->session->config;
    for (guint i = 0; i < config_environment_count(c); i++) {
        const struct environment *e = config_environment_at(c, i);
        size_t row = snapshot_add(s, environment_name(e));
        snapshot_set_text(s, row, ENV_CLASS, environment_class_name(e));
        snapshot_set_int(s, row, ENV_SOURCES, environment_source_count(e));
        snapshot_set_bool(s, row, ENV_OPEN, e == a->session->environment);
    }
    frame_open_local(a, s);
}

/* A fresh start is the one way in which nothing of the old environment can stay on the screen. */
void environment_change(struct app *a, const char *name)
{
    const struct config *c = a->session->config;
    bool known = false;
    for (guint i = 0; i < config_environment_count(c); i++)
        known |= strcmp(environment_name(config_environment_at(c, i)), name) == 0;
    if (!known) {
        app_complain(a, "no environment \"%s\"; :ctx lists them", name);
        return;
    }
    if (strcmp(environment_name(a->session->environment), name) == 0) {
        app_say(a, "%s is open already", name);
        return;
    }
    app_restart(a, name);
}

/* -- bookmarks ----------------------------------------------------------------------------------- */

static const struct column bookmark_columns[] = {
    {"link", "LINK", CELL_TEXT, 0, 20, 6, "what it opens"},
    {0},
};

static const struct kind kind_bookmarks = {
    .name = "bookmarks",
    .title = "BOOKMARK",
    .help = "views that somebody kept; Enter opens one",
    .shape = SHAPE_TABLE,
    .columns = bookmark_columns,
    .sort = "name",
};

void bookmark_name(struct app *a, const char *name)
{
    g_autofree char *link = frame_link(a, app_top(a));
    state_bookmark(a, name, link);
    app_say(a, "kept as \"%s\"; ' lists what is kept", name);
}

/* The path of a link, without environment and filter, as its name. */
static char *usual_name(const struct app *a)
{
    g_autofree char *link = frame_link(a, app_top(a));
    const char *path = strchr(link + strlen("weir://"), ':');
    return g_strdup(path ? path + 1 : link);
}

void bookmark_toggle(struct app *a)
{
    g_autofree char *name = usual_name(a);
    g_autoptr(GPtrArray) all = state_bookmarks(a);
    for (guint i = 0; i + 1 < all->len; i += 2) {
        if (strcmp(g_ptr_array_index(all, i), name) == 0) {
            state_bookmark(a, name, NULL);
            app_say(a, "\"%s\" is not kept any more", name);
            return;
        }
    }
    bookmark_name(a, name);
}

void bookmarks_open(struct app *a)
{
    struct snapshot *s = own_snapshot(&kind_bookmarks);
    g_autoptr(GPtrArray) all = state_bookmarks(a);
    for (guint i = 0; i + 1 < all->len; i += 2)
        snapshot_set_text(
            s, snapshot_add(s, g_ptr_array_index(all, i)), 0, g_ptr_array_index(all, i + 1));
    frame_open_local(a, s);
}

bool lists_enter(struct app *a)
{
    const struct frame *f = app_top(a);
    const struct snapshot *s;
    size_t row;
    if (f->kind != &kind_bookmarks && f->kind != &kind_environments && f->kind != &kind_messages)
        return false;
    if (f->kind == &kind_messages || !f->view->class->selected(f->view, &s, &row))
        return true;
    if (f->kind == &kind_environments) {
        environment_change(a, snapshot_row(s, row)->key);
        return true;
    }
    g_autofree char *link = g_strdup(snapshot_cell(s, row, 0).text);
    g_autoptr(GError) error = NULL;
    if (!frame_open_address(a, link, &error))
        app_complain(a, "%s", error->message);
    return true;
}
