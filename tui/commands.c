#include "app.h"

#include <string.h>

#include "clock.h"
#include "engine.h"
#include "error.h"
#include "rid.h"

#define STEP_US 4000 /* arranging before a key's frame; the rest goes on after it */

/* -- what the keys do ---------------------------------------------------------------------------- */

static void cmd_open(struct app *a)
{
    struct frame *f = app_top(a);
    if (help_is(f)) {
        const struct snapshot *s;
        size_t row;
        if (!f->view->class->selected(f->view, &s, &row))
            return;
        g_autofree char *name = g_strdup(snapshot_row(s, row)->name);
        frame_back(a);
        if (!app_run_command(a, name))
            app_run_line(a, name);
        return;
    }
    const struct link *enter = kind_link(f->kind, "enter");
    if (enter)
        frame_open_link(a, enter);
    else if (f->view->class->selected)
        app_run_command(a, "detail");
}

static void open_selected_detail(struct app *a, bool raw)
{
    AUTO(rid) rid = frame_selected_or_owner(app_top(a));
    if (rid)
        frame_open_detail(a, rid, raw);
    else
        app_complain(a, "no row is selected");
}

static void cmd_detail(struct app *a)
{
    open_selected_detail(a, false);
}

static void cmd_raw(struct app *a)
{
    open_selected_detail(a, true);
}

/* The log of what is selected, where its kind has one. */
static void cmd_logs(struct app *a)
{
    AUTO(rid) rid = frame_selected(app_top(a));
    struct source *s = rid ? environment_source(a->session->environment, rid->source) : NULL;
    const struct connector *c = s ? source_connector(s) : NULL;
    const struct kind *k = c ? registry_kind_of(a->session->registry, c, rid) : NULL;
    for (const struct link *l = k ? k->links : NULL; l && l->key; l++) {
        if (strcmp(l->target, "@log") == 0) {
            frame_open_log(a, rid);
            return;
        }
    }
    app_complain(a, "there is no log of this");
}

static void cmd_filter(struct app *a)
{
    struct view *v = app_top(a)->view;
    if (!v->class->filter) {
        app_complain(a, "there is nothing to filter here");
        return;
    }
    const char *now = v->class->filter_text(v);
    g_free(a->filter_before);
    a->filter_before = g_strdup(now ? now : "");
    prompt_open(a->prompt, PROMPT_FILTER, now);
}

static void complete(struct app *a);

static void cmd_command(struct app *a)
{
    prompt_open(a->prompt, PROMPT_COMMAND, "");
    complete(a);
}

static void cmd_sort(struct app *a)
{
    if (!app_top(a)->view->class->sort) {
        app_complain(a, "there is nothing to sort here");
        return;
    }
    prompt_open(a->prompt, PROMPT_SORT, "");
    complete(a);
}

static void cmd_back(struct app *a)
{
    struct view *v = app_top(a)->view;
    if (view_is_filtered(v))
        v->class->filter(v, "", NULL);
    else
        frame_back(a);
}

static void cmd_quit(struct app *a)
{
    if (app_is_home(a))
        app_quit(a);
    else
        frame_back(a);
}

static void cmd_refresh(struct app *a)
{
    struct frame *f = app_top(a);
    const struct source *s = f->ask_source;
    if (!s && f->scope)
        s = environment_source(a->session->environment, f->scope->source);
    engine_refresh(a->session->engine, s);
    app_say(a, "asking %s again", s ? source_name(s) : "every source");
}

static void cmd_repaint(struct app *a)
{
    a->repaint = true;
}

static void cmd_actions(struct app *a)
{
    app_say(a, "this environment is read-only, and this version has no actions");
}

const struct app_command app_commands[] = {
    {"open", "enter", "open the selected row", cmd_open},
    {"back", "esc", "clear the filter, else close this view", cmd_back},
    {"detail", "d", "the selected thing whole", cmd_detail},
    {"raw", "y", "the server's own answer about it", cmd_raw},
    {"logs", "l", "its log", cmd_logs},
    {"filter", "/", "show only rows that match (in logs: search)", cmd_filter},
    {"command", ":", "go to a kind or an address, or run a command", cmd_command},
    {"sort", "o", "sort by a column", cmd_sort},
    {"refresh", "r", "ask the servers now", cmd_refresh},
    {"now", "N", "the list of problems", frame_home},
    {"help", "?", "what the keys do here", help_open},
    {"actions", "x", "what can be done to the selected row", cmd_actions},
    {"repaint", "ctrl-l", "draw the screen anew", cmd_repaint},
    {"close", "q", "close this view; quit on the list of problems", cmd_quit},
    {"quit", "", "end weir", app_quit},
    {0},
};

/* -- finding commands ---------------------------------------------------------------------------- */

const char **app_command_names(void)
{
    GPtrArray *names = g_ptr_array_new();
    for (const struct app_command *c = app_commands; c->name; c++)
        g_ptr_array_add(names, (gpointer)c->name);
    for (enum shape shape = SHAPE_TABLE; shape <= SHAPE_LOG; shape++)
        for (const struct view_command *c = view_class_of(shape)->commands; c && c->name; c++)
            g_ptr_array_add(names, (gpointer)c->name);
    g_ptr_array_add(names, NULL);
    return (const char **)g_ptr_array_free(names, FALSE);
}

bool app_run_command(struct app *a, const char *name)
{
    struct view *v = app_top(a)->view;
    for (const struct view_command *c = v->class->commands; c && c->name; c++) {
        if (strcmp(c->name, name) == 0) {
            c->run(v);
            return true;
        }
    }
    for (const struct app_command *c = app_commands; c->name; c++) {
        if (strcmp(c->name, name) == 0) {
            c->run(a);
            return true;
        }
    }
    return false;
}

/* What a key means here: first what the view does, then where the kind leads, then the program. */
static bool run_key(struct app *a, const char *key)
{
    struct view *v = app_top(a)->view;
    for (const struct view_command *c = v->class->commands; c && c->name; c++) {
        if (keymap_contains(keymap_keys(a->keymap, c->name, c->keys), key)) {
            c->run(v);
            return true;
        }
    }
    const struct link *link = kind_link(app_top(a)->kind, key);
    if (link && strcmp(key, "enter") != 0) {
        frame_open_link(a, link);
        return true;
    }
    for (const struct app_command *c = app_commands; c->name; c++) {
        if (keymap_contains(keymap_keys(a->keymap, c->name, c->keys), key)) {
            c->run(a);
            return true;
        }
    }
    return false;
}

/* -- the prompt ---------------------------------------------------------------------------------- */

static void add(GPtrArray *list, const char *name, const char *help)
{
    g_ptr_array_add(list, (gpointer)name);
    g_ptr_array_add(list, (gpointer)help);
}

static GPtrArray *column_choices(const struct frame *f)
{
    GPtrArray *list = g_ptr_array_new();
    for (const struct column *c = f->kind->columns; c->name; c++)
        add(list, c->name, c->help);
    for (int c = COLUMN_SOURCE; c < COLUMN_UNKNOWN; c++)
        add(list, kind_column_info(f->kind, c)->name, kind_column_info(f->kind, c)->help);
    g_ptr_array_add(list, NULL);
    return list;
}

static GPtrArray *command_choices(const struct app *a)
{
    GPtrArray *list = g_ptr_array_new();
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
        add(list, c->name, c->help);
    const struct view_command *c = app_top(a)->view->class->commands;
    for (; c && c->name; c++)
        add(list, c->name, c->help);
    g_ptr_array_add(list, NULL);
    return list;
}

static void complete(struct app *a)
{
    if (a->prompt->mode == PROMPT_FILTER)
        return;
    g_autoptr(GPtrArray) list =
        a->prompt->mode == PROMPT_SORT ? column_choices(app_top(a)) : command_choices(a);
    prompt_complete(a->prompt, (const char *const *)list->pdata);
}

/* Filters while one types; a filter that is not finished yet changes nothing. */
static void try_filter(struct app *a, bool complain)
{
    g_autoptr(GError) error = NULL;
    struct view *v = app_top(a)->view;
    if (!v->class->filter(v, a->prompt->text->str, &error) && complain)
        app_complain(a, "%s", error->message);
}

static void sort_by(struct app *a, const char *columns)
{
    g_autoptr(GError) error = NULL;
    struct view *v = app_top(a)->view;
    if (*columns && !v->class->sort(v, columns, &error))
        app_complain(a, "%s", error->message);
}

void app_run_line(struct app *a, const char *line)
{
    g_autofree char *text = g_strstrip(g_strdup(line));
    g_autoptr(GError) error = NULL;
    if (!*text)
        return;
    if (g_str_equal(text, "q") || g_str_equal(text, "q!")) {
        app_quit(a);
        return;
    }
    const struct kind *k = registry_kind(a->session->registry, text, &error);
    if (k) {
        frame_open_kind(a, k, NULL);
        return;
    }
    if (app_run_command(a, text))
        return;
    bool address = strchr(text, '/') || environment_source(a->session->environment, text);
    AUTO(rid) rid = address ? rid_parse(text, NULL) : NULL;
    if (rid)
        frame_open_rid(a, rid);
    else if (!a->started)
        app_complain(a, "the connectors are still loading");
    else
        app_complain(a, "%s", error->message);
}

static void end_prompt(struct app *a, bool run)
{
    enum prompt_mode mode = a->prompt->mode;
    g_autofree char *text = g_strdup(a->prompt->text->str);
    struct view *v = app_top(a)->view;
    if (mode == PROMPT_FILTER && run)
        try_filter(a, true);
    else if (mode == PROMPT_FILTER)
        v->class->filter(v, a->filter_before, NULL);
    prompt_close(a->prompt);
    if (run && mode == PROMPT_COMMAND)
        app_run_line(a, text);
    else if (run && mode == PROMPT_SORT)
        sort_by(a, text);
}

static void prompt_take_key(struct app *a, const char *key)
{
    switch (prompt_key(a->prompt, key, a->paste->str)) {
    case PROMPT_EDITED:
        if (a->prompt->mode == PROMPT_FILTER)
            try_filter(a, false);
        complete(a);
        break;
    case PROMPT_ENTER: end_prompt(a, true); break;
    case PROMPT_CANCEL: end_prompt(a, false); break;
    case PROMPT_CHOSE:
    case PROMPT_NOTHING: break;
    }
}

void app_key(struct app *a, const char *key)
{
    if (a->message_ms != MESSAGE_STAYS && a->prompt->mode == PROMPT_OFF)
        a->message_ms = 0; /* read, since somebody types on */
    if (a->prompt->mode != PROMPT_OFF)
        prompt_take_key(a, key);
    else if (strcmp(key, KEY_PASTE) != 0 && !run_key(a, key))
        app_say(a, "%s does nothing here; ? lists the keys", key);
    struct view *v = app_top(a)->view;
    if (v->class->step)
        v->class->step(v, STEP_US, clock_wall_ms());
}
