#include "app.h"

#include <string.h>

#include "engine.h"
#include "rid.h"

struct frame *app_top(const struct app *a)
{
    return g_ptr_array_index(a->frames, a->frames->len - 1);
}

bool app_is_home(const struct app *a)
{
    return a->frames->len == 1;
}

static const struct feed *feed_of(const struct app *a, const struct frame *f)
{
    if (f->ask || !f->kind->feed || !registry_owner(a->session->registry, f->kind))
        return NULL;
    return session_feed(a->session, f->kind);
}

static bool concerns(const struct app *a, const struct frame *f, const struct source *s)
{
    if (source_connector(s) != registry_owner(a->session->registry, f->kind))
        return false;
    return !f->scope || strcmp(f->scope->source, source_name(s)) == 0;
}

/* What weir itself knows, but only while somebody looks. */
static void subscribe_own(struct app *a, const struct feed *feed, bool on)
{
    const struct source *weir = environment_weir(a->session->environment, derived_connector());
    AUTO(rid) wide = rid_source(source_name(weir));
    if (on)
        engine_open(a->session->engine, weir, feed, wide);
    else
        engine_close(a->session->engine, weir, feed, wide);
}

/* Only what is seen is polled; a frame that is covered keeps what it has, with its age. Before the
 * lanes run there is nobody to ask: frames_started(). */
static void subscribe(struct app *a, struct frame *f, bool on)
{
    const struct feed *feed = feed_of(a, f);
    if (!a->started || !feed || f->subscribed == on || feed->when == FEED_DERIVED)
        return;
    f->subscribed = on;
    struct environment *e = a->session->environment;
    if (registry_owner(a->session->registry, f->kind) == derived_connector()) {
        subscribe_own(a, feed, on);
        return;
    }
    for (guint i = 0; i < environment_source_count(e); i++) {
        struct source *s = environment_source_at(e, i);
        if (!concerns(a, f, s))
            continue;
        AUTO(rid) wide = rid_source(source_name(s));
        const struct rid *scope = f->scope && f->scope->count > 0 ? f->scope : wide;
        if (feed->when == FEED_ALWAYS && scope->count == 0)
            continue;
        if (on)
            engine_open(a->session->engine, s, feed, scope);
        else
            engine_close(a->session->engine, s, feed, scope);
        if (scope->count > 0)
            store_keep(a->session->store, f->kind, scope, on);
    }
}

void frames_started(struct app *a)
{
    subscribe(a, app_top(a), true);
}

void frame_show(struct app *a, struct frame *f)
{
    subscribe(a, f, true);
    frame_update(a, f);
    app_dirty(a);
}

void frame_cover(struct app *a, struct frame *f)
{
    subscribe(a, f, false);
}

static void push(struct app *a, struct frame *f)
{
    if (a->frames->len > 0)
        frame_cover(a, app_top(a));
    tab_forget_forward(a);
    g_ptr_array_add(a->frames, f);
    frame_show(a, f);
}

static struct frame *frame_new(struct app *a, const struct kind *k, struct rid *take_scope)
{
    struct frame *f = g_new0(struct frame, 1);
    f->kind = k;
    f->scope = take_scope;
    f->view = view_new(k, &a->settings);
    state_apply(a, f->view);
    return f;
}

void frame_free(struct frame *f)
{
    view_free(f->view);
    rid_free(f->scope);
    g_free(f);
}

void frame_open_kind(struct app *a, const struct kind *k, struct rid *take_scope)
{
    if (k->scope && !k->scope_optional && (!take_scope || take_scope->count == 0)) {
        app_complain(
            a, "%s belong to one of %s: open that first and press enter", k->name, k->scope);
        rid_free(take_scope);
        return;
    }
    push(a, frame_new(a, k, take_scope));
}

void frame_open_local(struct app *a, struct snapshot *take_s)
{
    const struct snapshot *s = snapshot_seal(take_s);
    store_put(a->session->store, s);
    push(a, frame_new(a, snapshot_kind(s), rid_copy(snapshot_scope(s))));
    snapshot_unref(s);
}

/* -- asking for one thing ------------------------------------------------------------------------ */

/* The running source of an address, or NULL and a message. */
static struct source *source_for(struct app *a, const struct rid *rid)
{
    g_autoptr(GError) error = NULL;
    struct source *s = strcmp(rid->source, "weir") == 0
                           ? environment_weir(a->session->environment, derived_connector())
                           : session_source(a->session, rid, &error);
    if (!s)
        app_complain(a, "%s", error->message);
    else if (!source_connector(s) || !a->started)
        app_complain(a, "%s is not running yet", source_name(s));
    else
        return s;
    return NULL;
}

/* Puts the question that fills a detail or a log; false: it said why not. */
static bool ask(struct app *a, struct frame *f)
{
    struct source *s = source_for(a, f->scope);
    if (!s)
        return false;
    struct engine *e = a->session->engine;
    const struct stream_options options = {.follow = true};
    const struct connector *c = source_connector(s);
    bool log = f->kind == &kind_log;
    if (log ? !c->follow : !c->show || f->scope->count == 0) {
        app_complain(a, log ? "this has no log" : "there is nothing more to show of this");
        return false;
    }
    f->ask = log ? engine_follow(e, s, f->scope, &options) : engine_show(e, s, f->scope);
    f->ask_source = s;
    if (!f->ask)
        app_complain(a, "%d logs are followed already: close one", LOGS_MAX);
    return f->ask != 0;
}

/* What weir itself says of a thing: every column of its row. */
static void open_row_detail(struct app *a)
{
    const struct frame *from = app_top(a);
    struct snapshot *s = row_detail(from);
    if (!s) {
        app_complain(a, "there is nothing more to show of this");
        return;
    }
    struct frame *f = frame_new(a, &kind_detail, rid_copy(snapshot_scope(s)));
    const struct snapshot *sealed = snapshot_seal(s);
    f->local = true;
    f->view->class->take(f->view, sealed, NULL, NULL);
    snapshot_unref(sealed);
    push(a, f);
}

void frame_open_detail(struct app *a, const struct rid *rid, bool raw)
{
    if (strcmp(rid->source, "weir") == 0 && !derived_shows(rid)) {
        open_row_detail(a);
        return;
    }
    struct frame *f = frame_new(a, &kind_detail, rid_copy(rid));
    if (!ask(a, f)) {
        frame_free(f);
        return;
    }
    push(a, f);
    if (raw)
        app_run_command(a, "raw");
}

void frame_ask_again(struct app *a, struct frame *f)
{
    if (f->kind != &kind_detail || !f->ask)
        return;
    engine_cancel(a->session->engine, f->ask);
    f->ask = engine_show(a->session->engine, f->ask_source, f->scope);
}

void frame_open_log(struct app *a, const struct rid *rid)
{
    struct frame *f = frame_new(a, &kind_log, rid_copy(rid));
    if (ask(a, f))
        push(a, f);
    else
        frame_free(f);
}

/* What was asked for a frame that one went back from is asked anew; a log begins from its start. */
static void ask_again(struct app *a, struct frame *f)
{
    if (f->kind == &kind_log) {
        view_free(f->view);
        f->view = view_new(f->kind, &a->settings);
    }
    if (f->ask)
        ask(a, f);
}

/* -- following links ----------------------------------------------------------------------------- */

const struct link *kind_link(const struct kind *k, const char *key)
{
    for (const struct link *l = k->links; l && l->key; l++)
        if (strcmp(l->key, key) == 0)
            return l;
    return NULL;
}

struct rid *frame_selected(const struct frame *f)
{
    const struct snapshot *s;
    size_t row;
    if (!f->view->class->selected || !f->view->class->selected(f->view, &s, &row))
        return NULL;
    /* A row about another thing (a problem) stands for that thing. */
    int about = kind_column(f->kind, "about");
    if (about >= 0) {
        struct cell cell = snapshot_cell(s, row, about);
        return cell.type == CELL_LINK ? rid_parse(cell.text, NULL) : NULL;
    }
    return snapshot_rid(s, row);
}

struct rid *frame_selected_or_owner(const struct frame *f)
{
    struct rid *rid = frame_selected(f);
    return rid || !f->view->class->selected || !f->scope || f->scope->count == 0
               ? rid
               : rid_copy(f->scope);
}

/* The address in the cell that a link names ("@about"). */
static struct rid *linked_rid(const struct frame *f, const char *column)
{
    const struct snapshot *s;
    size_t row;
    if (!f->view->class->selected || !f->view->class->selected(f->view, &s, &row))
        return NULL;
    struct cell cell = snapshot_cell(s, row, kind_column(f->kind, column));
    bool text = cell.type == CELL_LINK || cell.type == CELL_TEXT;
    return text ? rid_parse(cell.text, NULL) : NULL;
}

static void open_link_of(struct app *a, const struct link *link, const struct rid *rid)
{
    if (strcmp(link->target, "@detail") == 0) {
        frame_open_detail(a, rid, false);
    } else if (strcmp(link->target, "@log") == 0) {
        frame_open_log(a, rid);
    } else {
        const struct kind *k = registry_kind(a->session->registry, link->target, NULL);
        if (k)
            frame_open_kind(a, k, rid_copy(rid));
    }
}

void frame_open_link(struct app *a, const struct link *link)
{
    struct frame *f = app_top(a);
    if (link->target[0] == '@' && kind_column(f->kind, link->target + 1) != COLUMN_UNKNOWN) {
        AUTO(rid) there = linked_rid(f, link->target + 1);
        if (there)
            frame_open_rid(a, there);
        return;
    }
    bool detail = strcmp(link->target, "@detail") == 0;
    AUTO(rid) rid = detail ? frame_selected_or_owner(f) : frame_selected(f);
    if (rid)
        open_link_of(a, link, rid);
}

/* What `:` takes to open the same view again: a kind of all sources, or whose rows and which. */
static char *frame_path(const struct frame *f)
{
    if (!f->scope || f->kind == &kind_detail || f->kind == &kind_log)
        return f->scope ? rid_print(f->scope) : g_strdup(f->kind->name);
    g_autofree char *scope = rid_print(f->scope);
    return strcmp(f->scope->source, "weir") == 0
               ? g_strdup(f->kind->name)
               : g_strconcat(scope, "/", kind_segment(f->kind), NULL);
}

char *frame_link(const struct app *a, const struct frame *f)
{
    const struct view *v = f->view;
    g_autofree char *path = frame_path(f);
    const char *filter = v->class->filter_text ? v->class->filter_text(v) : NULL;
    const char *sort = v->class->sort_text ? v->class->sort_text(v) : NULL;
    GString *out = g_string_new("weir://");
    g_string_append_printf(out, "%s:%s", environment_name(a->session->environment), path);
    if (filter && *filter) {
        g_string_append(out, "?filter=");
        g_string_append_uri_escaped(out, filter, NULL, FALSE);
    }
    if (sort && g_strcmp0(sort, f->kind->sort) != 0) {
        g_string_append(out, filter && *filter ? "&sort=" : "?sort=");
        g_string_append_uri_escaped(out, sort, NULL, FALSE);
    }
    return g_string_free(out, FALSE);
}

/* "events/groups/enrich-v2/offsets": the rows of a kind that a thing owns. */
static bool open_rows_of(struct app *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    g_autofree char *owner = slash ? g_strndup(path, (gsize)(slash - path)) : NULL;
    AUTO(rid) scope = owner ? rid_parse(owner, NULL) : NULL;
    const struct source *s =
        scope ? environment_source(a->session->environment, scope->source) : NULL;
    const struct connector *c = s ? source_connector(s) : NULL;
    const char *env = environment_name(a->session->environment);
    if (scope && scope->env && strcmp(scope->env, env) != 0)
        return false;
    for (const struct kind *const *k = c ? c->kinds : NULL; k && *k; k++) {
        bool whole = scope->count == 0 && (!(*k)->scope || (*k)->scope_optional);
        const struct kind *of =
            scope->count ? registry_kind_of(a->session->registry, c, scope) : NULL;
        bool owned = of && (*k)->scope && strcmp((*k)->scope, of->name) == 0;
        if (strcmp(kind_segment(*k), slash + 1) == 0 && (whole || owned)) {
            frame_open_kind(a, *k, g_steal_pointer(&scope));
            return true;
        }
    }
    return false;
}

/* "filter=...&sort=..." of a link, for the view that it opened. */
static void apply_query(struct app *a, const char *query)
{
    struct view *v = app_top(a)->view;
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) all = g_uri_parse_params(query, -1, "&", G_URI_PARAMS_NONE, &error);
    const char *filter = all ? g_hash_table_lookup(all, "filter") : NULL;
    const char *sort = all ? g_hash_table_lookup(all, "sort") : NULL;
    if ((filter && v->class->filter && !v->class->filter(v, filter, &error)) ||
        (sort && v->class->sort && !v->class->sort(v, sort, &error)) || !all)
        app_complain(a, "%s", error->message);
}

bool frame_open_address(struct app *a, const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, "?", 2);
    const char *path = parts[0] ? parts[0] : "";
    const char *query = parts[0] ? parts[1] : NULL;
    bool link = g_str_has_prefix(path, "weir://");
    path += link ? strlen("weir://") : 0;
    g_autofree char *own = g_strconcat(environment_name(a->session->environment), ":", NULL);
    if (g_str_has_prefix(path, own))
        path += strlen(own);
    struct frame *before = app_top(a);
    const struct kind *k = registry_kind(a->session->registry, path, NULL);
    bool address = strchr(path, '/') || environment_source(a->session->environment, path);
    AUTO(rid) rid = !k && address ? rid_parse(path, error) : NULL;
    if (!k && !address)
        return registry_kind(a->session->registry, path, error) != NULL;
    if (k)
        frame_open_kind(a, k, NULL);
    else if (!open_rows_of(a, path) && rid)
        frame_open_rid(a, rid);
    if (app_top(a) == before)
        return k || rid;
    g_clear_error(error);
    if (query)
        apply_query(a, query);
    return true;
}

void frame_open_home(struct app *a)
{
    frame_open_kind(a, registry_kind(a->session->registry, "problems", NULL), rid_source("weir"));
}

void frame_open_chart(struct app *a, const struct frame *of, const struct chart_rows *rows)
{
    struct frame *f = g_new0(struct frame, 1);
    f->kind = of->kind;
    f->scope = of->scope ? rid_copy(of->scope) : NULL;
    f->view = view_new_as(SHAPE_CHART, of->kind, &a->settings);
    f->view->class->show_rows(f->view, rows);
    push(a, f);
}

void frame_open_same(struct app *a, const struct frame *from)
{
    g_autofree char *link = frame_link(a, from);
    if (from->local || strcmp(from->kind->name, app_top(a)->kind->name) == 0)
        return;
    frame_open_address(a, link, NULL);
}

void frame_open_rid(struct app *a, const struct rid *rid)
{
    if (strcmp(rid->source, "weir") == 0) {
        /* weir/sources/NAME is a source. */
        const char *name = rid_name(rid, "sources");
        AUTO(rid) source = rid_source(name ? name : rid->source);
        if (name)
            frame_open_rid(a, source);
        else if (derived_shows(rid))
            frame_open_detail(a, rid, false);
        return;
    }
    struct source *s = source_for(a, rid);
    if (!s)
        return;
    const struct connector *c = source_connector(s);
    if (rid->count == 0) {
        frame_open_kind(a, c->kinds[0], rid_copy(rid));
        return;
    }
    const struct kind *k = registry_kind_of(a->session->registry, c, rid);
    const struct link *enter = k ? kind_link(k, "enter") : NULL;
    if (!k)
        app_complain(a, "%s has no %s", c->name, rid->part[rid->count - 1].kind);
    else if (enter)
        open_link_of(a, enter, rid);
    else
        frame_open_detail(a, rid, false);
}

void frame_back(struct app *a)
{
    if (app_is_home(a))
        return;
    struct frame *f = app_top(a);
    frame_cover(a, f);
    if (f->ask)
        engine_cancel(a->session->engine, f->ask);
    tab_keep_forward(a, g_ptr_array_steal_index(a->frames, a->frames->len - 1));
    frame_show(a, app_top(a));
}

void frame_forward(struct app *a)
{
    struct frame *f = tab_take_forward(a);
    if (!f) {
        app_say(a, "there is nothing further on");
        return;
    }
    frame_cover(a, app_top(a));
    ask_again(a, f);
    g_ptr_array_add(a->frames, f);
    frame_show(a, f);
}

void frame_home(struct app *a)
{
    while (!app_is_home(a))
        frame_back(a);
}

/* The list in which a thing stands, with the cursor on it. */
static void open_list_of(struct app *a, const struct rid *rid)
{
    const struct source *s = source_for(a, rid);
    const struct kind *k =
        s ? registry_kind_of(a->session->registry, source_connector(s), rid) : NULL;
    if (!k)
        return;
    AUTO(rid) parent = rid_parent(rid);
    g_autofree char *address = rid_print(rid);
    const struct frame *before = app_top(a);
    frame_open_kind(a, k, k->scope || parent->count ? g_steal_pointer(&parent) : NULL);
    struct view *v = app_top(a)->view;
    if (app_top(a) != before && v->class->select)
        v->class->select(v, address);
}

void frame_open_owner(struct app *a)
{
    const struct frame *f = app_top(a);
    AUTO(rid) rid = frame_selected_or_owner(f);
    bool about = kind_column(f->kind, "about") >= 0; /* of a problem: the thing itself */
    AUTO(rid) owner = rid && rid->count && !about ? rid_parent(rid) : rid ? rid_copy(rid) : NULL;
    if (!owner || strcmp(owner->source, "weir") == 0) {
        app_complain(a, "nothing owns this");
        return;
    }
    if (owner->count > 0) {
        open_list_of(a, owner);
        return;
    }
    AUTO(rid) weir = rid_source("weir");
    AUTO(rid) source = rid_child(weir, "sources", owner->source);
    g_autofree char *address = rid_print(source);
    frame_open_kind(a, registry_kind(a->session->registry, "sources", NULL), rid_copy(weir));
    app_top(a)->view->class->select(app_top(a)->view, address);
}

/* -- data ---------------------------------------------------------------------------------------- */

GPtrArray *frame_entries(const struct app *a, const struct frame *f)
{
    if (!f->scope && !f->ask)
        return store_of_kind(a->session->store, f->kind);
    GPtrArray *entries = g_ptr_array_new();
    const struct store_entry *e =
        f->ask || f->local ? NULL : store_get(a->session->store, f->kind, f->scope);
    if (e)
        g_ptr_array_add(entries, (gpointer)e);
    return entries;
}

void frame_update(struct app *a, struct frame *f)
{
    f->changed = false;
    if (f->ask || f->local || !f->view->class->update)
        return;
    g_autoptr(GPtrArray) entries = frame_entries(a, f);
    f->view->class->update(f->view, entries);
}

static void take_answer(struct app *a, const struct mail *m)
{
    for (guint t = 0; t < a->tabs->len; t++) {
        const struct tab *tab = g_ptr_array_index(a->tabs, t);
        for (guint i = 0; i < tab->frames->len; i++) {
            struct frame *f = g_ptr_array_index(tab->frames, i);
            if (f->ask == m->id && f->view->class->take)
                f->view->class->take(f->view, m->snapshot, m->raw, m->error);
        }
    }
}

/* Whether a kind and scope are what the frame shows. */
static bool shows(const struct frame *f, const struct kind *k, const struct rid *scope)
{
    if (f->ask || f->local || f->kind != k)
        return false;
    return f->scope ? rid_equal(f->scope, scope) : scope->count == 0;
}

void frames_take(struct app *a, const struct mail *m)
{
    switch (m->type) {
    case MAIL_REPLY:
    case MAIL_CHUNK:
    case MAIL_END: take_answer(a, m); break;
    case MAIL_SNAPSHOT: {
        struct frame *f = app_top(a);
        f->changed |= shows(f, snapshot_kind(m->snapshot), snapshot_scope(m->snapshot));
        break;
    }
    case MAIL_FETCHED: {
        struct frame *f = app_top(a);
        for (const char *const *k = m->feed->kinds; *k; k++)
            if (strcmp(f->kind->name, *k) == 0)
                f->changed |= shows(f, f->kind, m->scope);
        break;
    }
    default: break;
    }
}
