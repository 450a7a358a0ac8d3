#include "app.h"

#include <string.h>

#include "clock.h"
#include "engine.h"
#include "error.h"
#include "rid.h"

#define STEP_US 4000 /* arranging before a key's frame; the rest goes on after it */

/* -- what the keys do ---------------------------------------------------------------------------- */

/* What the view itself links to there; false: it has no links. */
static bool open_link(struct app *a, const struct view *v)
{
    if (!v->class->link)
        return false;
    g_autoptr(GString) address = g_string_new(NULL);
    AUTO(rid) rid = v->class->link(v, address) ? rid_parse(address->str, NULL) : NULL;
    if (rid)
        frame_open_rid(a, rid);
    else
        app_say(a, "this line leads nowhere; tab goes to one that does");
    return true;
}

static void cmd_open(struct app *a)
{
    struct frame *f = app_top(a);
    if (lists_enter(a) || open_link(a, f->view))
        return;
    if (help_is(f) || keys_is(f)) {
        const struct snapshot *s;
        size_t row;
        if (!f->view->class->selected(f->view, &s, &row))
            return;
        struct cell does = snapshot_cell(s, row, kind_column(snapshot_kind(s), "does"));
        if (snapshot_row(s, row)->phase == PHASE_OFF && does.type == CELL_TEXT) {
            app_say(a, "%s", does.text);
            return;
        }
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

/* -- when they do it: why not, as a clause --- */

static bool has_row(struct app *a, GString *why)
{
    AUTO(rid) rid = frame_selected(app_top(a));
    g_string_assign(why, rid ? "" : "no row is selected");
    return rid != NULL;
}

/* Lines of a detail or a log say themselves where they lead. */
static bool can_open(struct app *a, GString *why)
{
    enum shape shape = app_top(a)->view->class->shape;
    return (shape != SHAPE_TABLE && shape != SHAPE_TREE) || has_row(a, why);
}

static bool has_row_or_owner(struct app *a, GString *why)
{
    AUTO(rid) rid = frame_selected_or_owner(app_top(a));
    g_string_assign(why, rid ? "" : "no row is selected");
    return rid != NULL;
}

static bool has_log(struct app *a, GString *why)
{
    AUTO(rid) rid = frame_selected(app_top(a));
    struct source *s = rid ? environment_source(a->session->environment, rid->source) : NULL;
    const struct connector *c = s ? source_connector(s) : NULL;
    const struct kind *k = c ? registry_kind_of(a->session->registry, c, rid) : NULL;
    for (const struct link *l = k ? k->links : NULL; l && l->key; l++)
        if (strcmp(l->target, "@log") == 0)
            return true;
    g_string_assign(why, "there is no log of this");
    return false;
}

static bool has_filter(struct app *a, GString *why)
{
    g_string_assign(why, "there is nothing to filter here");
    return app_top(a)->view->class->filter != NULL;
}

static bool has_sort(struct app *a, GString *why)
{
    g_string_assign(why, "there is nothing to sort here");
    return app_top(a)->view->class->sort != NULL;
}

static bool has_actions(struct app *a, GString *why)
{
    (void)a;
    g_string_assign(why, "this version has no actions");
    return false;
}

static void open_selected_detail(struct app *a, bool raw)
{
    AUTO(rid) rid = frame_selected_or_owner(app_top(a));
    frame_open_detail(a, rid, raw);
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
    frame_open_log(a, rid);
}

static void cmd_filter(struct app *a)
{
    struct view *v = app_top(a)->view;
    const char *now = v->class->filter_text(v);
    g_free(a->filter_before);
    a->filter_before = g_strdup(now ? now : "");
    prompt_open(a->prompt, PROMPT_FILTER, now);
    complete(a);
}

static void cmd_command(struct app *a)
{
    prompt_open(a->prompt, PROMPT_COMMAND, "");
    complete(a);
}

static void cmd_sort(struct app *a)
{
    prompt_open(a->prompt, PROMPT_SORT, "");
    complete(a);
}

static void cmd_back(struct app *a)
{
    struct view *v = app_top(a)->view;
    if (v->class->escape && v->class->escape(v))
        return;
    if (!v->class->escape && view_is_filtered(v))
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
    frame_ask_again(a, f);
    if (!s && f->scope)
        s = environment_source(a->session->environment, f->scope->source);
    engine_refresh(a->session->engine, s);
    app_say(a, "asking %s again", s ? source_name(s) : "every source");
}

static void cmd_repaint(struct app *a)
{
    a->repaint = true;
}

/* -- with an argument ---------------------------------------------------------------------------- */

static void sort_by(struct app *a, const char *columns)
{
    g_autoptr(GError) error = NULL;
    struct view *v = app_top(a)->view;
    if (!v->class->sort)
        app_complain(a, "there is nothing to sort here");
    else if (!v->class->sort(v, columns, &error))
        app_complain(a, "%s", error->message);
    else
        state_note_sort(a, v->kind, columns);
}

static void choose_columns(struct app *a, const char *columns)
{
    g_autoptr(GError) error = NULL;
    struct view *v = app_top(a)->view;
    if (!v->class->columns)
        app_complain(a, "there are no columns to choose here");
    else if (!v->class->columns(v, columns, &error))
        app_complain(a, "%s", error->message);
    else
        state_note_columns(a, v->kind, columns);
}

static void filter_by(struct app *a, const char *text)
{
    g_autoptr(GError) error = NULL;
    struct view *v = app_top(a)->view;
    if (!v->class->filter)
        app_complain(a, "there is nothing to filter here");
    else if (!v->class->filter(v, text, &error))
        app_complain(a, "%s", error->message);
}

static void set_zone(struct app *a, GTimeZone *take_zone, const char *name)
{
    if (a->settings.zone)
        g_time_zone_unref(a->settings.zone);
    a->settings.zone = take_zone;
    app_say(a, "times are shown in %s", name);
}

static void zone_named(struct app *a, const char *name)
{
    GTimeZone *zone = g_time_zone_new_identifier(name);
    if (zone)
        set_zone(a, zone, name);
    else
        app_complain(a, "no time zone \"%s\"; write one as Europe/Berlin or +02:00", name);
}

static void zone_toggle(struct app *a)
{
    if (a->settings.zone)
        set_zone(a, NULL, "UTC");
    else
        set_zone(a, g_time_zone_new_local(), "the time of this machine");
}

static void use_theme(struct app *a, const char *name)
{
    g_autoptr(GError) error = NULL;
    struct theme *theme = strcmp(name, "auto") == 0 ? NULL : theme_load(name, &error);
    theme_free(theme);
    if (error) {
        app_complain(a, "%s", error->message);
        return;
    }
    g_free(a->theme);
    a->theme = g_strdup(name);
    app_apply_theme(a);
}

static void list_themes(struct app *a)
{
    g_auto(GStrv) names = theme_names();
    g_autofree char *all = g_strjoinv(", ", names);
    app_say(a, "themes: auto, %s; :theme NAME uses one", all);
}

static void export_json(struct app *a)
{
    export_rows(a, "json");
}

static void save_here(struct app *a)
{
    save_screen(a, "");
}

/* Siblings of the thing whose rows are shown: its list, on the line, to go on typing. */
static void cmd_siblings(struct app *a)
{
    const struct frame *f = app_top(a);
    AUTO(rid) rid = f->scope && f->scope->count ? rid_copy(f->scope) : frame_selected(f);
    AUTO(rid) parent = rid && rid->count ? rid_parent(rid) : NULL;
    if (!parent) {
        app_complain(a, "this has no siblings");
        return;
    }
    g_autofree char *path = rid_print(parent);
    g_autofree char *line = g_strdup_printf("%s/%s/", path, rid->part[rid->count - 1].kind);
    prompt_open(a->prompt, PROMPT_COMMAND, line);
    complete(a);
}

const struct app_command app_commands[] = {
    {"open", "enter", "open the selected row", cmd_open, NULL, can_open},
    {"back", "esc", "clear the filter, else close this view", cmd_back, NULL, NULL},
    {"detail", "d", "the selected thing whole", cmd_detail, NULL, has_row_or_owner},
    {"raw", "y", "the server's own answer about it", cmd_raw, NULL, has_row_or_owner},
    {"logs", "l", "its log", cmd_logs, NULL, has_log},
    {"filter", "/", "show only rows that match (in logs: search)", cmd_filter, filter_by,
        has_filter},
    {"command", ":", "go to a kind or an address, or run a command", cmd_command, NULL, NULL},
    {"sort", "o", "sort by columns: -lag,name", cmd_sort, sort_by, has_sort},
    {"columns", ",", "choose columns, their order and width", chooser_open, choose_columns, NULL},
    {"chart", "i", "the numbers of the row, or of marked rows, over time; :chart COLUMN",
        chart_open, chart_open_column, NULL},
    {"preview", "p", "the selected row whole, beside the rows", preview_toggle, NULL, NULL},
    {"wider", "+", "a wider pane", preview_wider, NULL, NULL},
    {"narrower", "_", "a narrower pane", preview_narrower, NULL, NULL},
    {"copy", "c", "copy name, address, row or link", copy_open, NULL, NULL},
    {"plain", "Y", "this view as plain text, to mark with the mouse", plain_open, NULL, NULL},
    {"pager", "|", "what this view shows, in $PAGER (less -R)", pager_open, NULL, NULL},
    {"export", "", "write the rows to a file: json|ndjson|csv|md|table [FILE]", export_json,
        export_rows, NULL},
    {"save-screen", "", "write this view to a file", save_here, save_screen, NULL},
    {"owner", "J", "the list with what owns this", frame_open_owner, NULL, NULL},
    {"siblings", "^", "another one beside this", cmd_siblings, NULL, NULL},
    {"history-back", "[", "the view before", frame_back, NULL, NULL},
    {"history-forward", "]", "the view that one went back from", frame_forward, NULL, NULL},
    {"last-place", "-", "between this view and the one before", tab_toggle_last, NULL, NULL},
    {"tab", "T", "a new tab", tab_open, NULL, NULL},
    {"next-tab", ")", "the next tab", tab_next, NULL, NULL},
    {"previous-tab", "(", "the tab before", tab_previous, NULL, NULL},
    {"tab-close", "", "close this tab", tab_close, NULL, NULL},
    {"bookmark", "B", "keep this view, or forget it; :bookmark NAME", bookmark_toggle,
        bookmark_name, NULL},
    {"bookmarks", "'", "the views that are kept", bookmarks_open, NULL, NULL},
    {"zone", "Z", "times in UTC or local; :zone Europe/Berlin", zone_toggle, zone_named, NULL},
    {"refresh", "r", "ask the servers now", cmd_refresh, NULL, NULL},
    {"now", "N", "the list of problems", frame_home, NULL, NULL},
    {"ctx", "", "environments; :ctx NAME opens one", environments_open, environment_change, NULL},
    {"theme", "", "the themes; :theme NAME uses one", list_themes, use_theme, NULL},
    {"messages", "", "what was said at the bottom", messages_open, NULL, NULL},
    {"help", "?", "what the keys do here", help_open, NULL, NULL},
    {"keys", "", "every command, its keys, and what collides", keys_open, NULL, NULL},
    {"actions", "x", "what can be done to the selected row", NULL, NULL, has_actions},
    {"repaint", "ctrl-l", "draw the screen anew", cmd_repaint, NULL, NULL},
    {"close", "q", "close this view; quit on the list of problems", cmd_quit, NULL, NULL},
    {"quit", "", "end weir", app_quit, NULL, NULL},
    {0},
};

/* -- finding commands ---------------------------------------------------------------------------- */

const char **app_command_names(void)
{
    GPtrArray *names = g_ptr_array_new();
    for (const struct app_command *c = app_commands; c->name; c++)
        g_ptr_array_add(names, (gpointer)c->name);
    for (enum shape shape = SHAPE_TABLE; shape <= SHAPE_CHART; shape++)
        for (const struct view_command *c = view_class_of(shape)->commands; c && c->name; c++)
            g_ptr_array_add(names, (gpointer)c->name);
    g_ptr_array_add(names, NULL);
    return (const char **)g_ptr_array_free(names, FALSE);
}

static const struct view_command *view_command(const struct view *v, const char *name, gsize n)
{
    for (const struct view_command *c = v->class->commands; c && c->name; c++)
        if (strlen(c->name) == n && strncmp(c->name, name, n) == 0)
            return c;
    return NULL;
}

/* One that needs an argument is put on the command line, to be completed there. */
static void run_view_command(struct app *a, const struct view_command *c)
{
    if (c->run) {
        c->run(app_top(a)->view);
        return;
    }
    g_autofree char *line = g_strconcat(c->name, " ", NULL);
    prompt_open(a->prompt, PROMPT_COMMAND, line);
    complete(a);
}

static void run_command(struct app *a, const struct app_command *c)
{
    g_autoptr(GString) why = g_string_new(NULL);
    if (!c->enabled || c->enabled(a, why))
        c->run(a);
    else
        app_complain(a, "%s", why->str);
}

bool app_run_command(struct app *a, const char *name)
{
    const struct view_command *own = view_command(app_top(a)->view, name, strlen(name));
    if (own) {
        run_view_command(a, own);
        return true;
    }
    for (const struct app_command *c = app_commands; c->name; c++) {
        if (strcmp(c->name, name) == 0) {
            run_command(a, c);
            return true;
        }
    }
    return false;
}

/* "sort -lag": a command and what it is given. False: the line is no such thing. */
static bool run_with_argument(struct app *a, const char *line)
{
    gsize n = strcspn(line, " ");
    struct view *v = app_top(a)->view;
    const struct view_command *own = line[n] ? view_command(v, line, n) : NULL;
    g_autoptr(GError) error = NULL;
    if (own && own->run_with) {
        if (!own->run_with(v, line + n + strspn(line + n, " "), &error))
            app_complain(a, "%s", error->message);
        return true;
    }
    for (const struct app_command *c = app_commands; line[n] && c->name; c++) {
        if (strlen(c->name) != n || strncmp(c->name, line, n) != 0)
            continue;
        g_autofree char *argument = g_strstrip(g_strdup(line + n));
        if (c->run_with)
            c->run_with(a, argument);
        else
            app_complain(a, "%s takes nothing", c->name);
        return true;
    }
    return false;
}

static const struct app_command *program_command(const struct app *a, const char *key)
{
    for (const struct app_command *c = app_commands; c->name; c++)
        if (keymap_contains(keymap_keys(a->keymap, c->name, c->keys), key))
            return c;
    return NULL;
}

/* What a key means here: first what the view does, then where the kind leads, then the program; but a
 * key that its user gave to the program goes before where the kind leads. */
static bool run_key(struct app *a, const char *key)
{
    struct view *v = app_top(a)->view;
    for (const struct view_command *c = v->class->commands; c && c->name; c++) {
        if (keymap_contains(keymap_keys(a->keymap, c->name, c->keys), key)) {
            run_view_command(a, c);
            return true;
        }
    }
    const struct app_command *program = program_command(a, key);
    const struct link *link = strcmp(key, "enter") == 0 ? NULL : kind_link(app_top(a)->kind, key);
    bool own = program && keymap_is_own(a->keymap, program->name);
    if (link && !own)
        frame_open_link(a, link);
    else if (program)
        run_command(a, program);
    return program || link;
}

/* -- the prompt ---------------------------------------------------------------------------------- */

/* Filters while one types; a filter that is not finished yet changes nothing. */
static void try_filter(struct app *a, bool complain)
{
    g_autoptr(GError) error = NULL;
    struct view *v = app_top(a)->view;
    if (!v->class->filter(v, a->prompt->text->str, &error) && complain)
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
    if (registry_kind(a->session->registry, text, NULL) == NULL &&
        (app_run_command(a, text) || run_with_argument(a, text)))
        return;
    if (frame_open_address(a, text, &error))
        return;
    if (!a->started)
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
    else if (run && mode == PROMPT_SORT && *text)
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
    a->hint_keys -= a->hint_keys > 0;
    if (a->message_ms != MESSAGE_STAYS && a->prompt->mode == PROMPT_OFF)
        a->message_ms = 0; /* read, since somebody types on */
    if (a->plain)
        plain_close(a);
    else if (a->overlay)
        a->overlay->key(a, key);
    else if (a->prompt->mode != PROMPT_OFF)
        prompt_take_key(a, key);
    else if (strcmp(key, KEY_PASTE) != 0 && !run_key(a, key))
        app_say(a, "%s does nothing here; ? lists the keys", key);
    struct view *v = app_top(a)->view;
    if (v->class->step)
        v->class->step(v, STEP_US, clock_wall_ms());
    app_take_note(a);
}
