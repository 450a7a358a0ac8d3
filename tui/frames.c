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

/* Only what is seen is polled; a frame that is covered keeps what it has, with its age. */
static void subscribe(struct app *a, struct frame *f, bool on)
{
    const struct feed *feed = feed_of(a, f);
    if (!feed || f->subscribed == on || feed->when == FEED_DERIVED)
        return;
    f->subscribed = on;
    struct environment *e = a->session->environment;
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

static void push(struct app *a, struct frame *f)
{
    if (a->frames->len > 0)
        subscribe(a, app_top(a), false);
    g_ptr_array_add(a->frames, f);
    subscribe(a, f, true);
    frame_update(a, f);
    app_dirty(a);
}

static struct frame *frame_new(const struct kind *k, struct rid *take_scope)
{
    struct frame *f = g_new0(struct frame, 1);
    f->kind = k;
    f->scope = take_scope;
    f->view = view_class_of(k->shape)->create(k);
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
    push(a, frame_new(k, take_scope));
}

void frame_open_local(struct app *a, struct snapshot *take_s)
{
    const struct snapshot *s = snapshot_seal(take_s);
    store_put(a->session->store, s);
    push(a, frame_new(snapshot_kind(s), rid_copy(snapshot_scope(s))));
    snapshot_unref(s);
}

/* -- asking for one thing ------------------------------------------------------------------------ */

/* The running source of an address, or NULL and a message. */
static struct source *source_for(struct app *a, const struct rid *rid)
{
    g_autoptr(GError) error = NULL;
    struct source *s = session_source(a->session, rid, &error);
    if (!s)
        app_complain(a, "%s", error->message);
    else if (!source_connector(s) || !a->started)
        app_complain(a, "%s is not running yet", source_name(s));
    else
        return s;
    return NULL;
}

void frame_open_detail(struct app *a, const struct rid *rid, bool raw)
{
    struct source *s = source_for(a, rid);
    if (!s)
        return;
    if (!source_connector(s)->show || rid->count == 0) {
        app_complain(a, "there is nothing more to show of this");
        return;
    }
    struct frame *f = frame_new(&kind_detail, rid_copy(rid));
    f->ask = engine_show(a->session->engine, s, rid);
    f->ask_source = s;
    push(a, f);
    if (raw)
        app_run_command(a, "raw");
}

void frame_open_log(struct app *a, const struct rid *rid)
{
    struct source *s = source_for(a, rid);
    if (!s)
        return;
    const struct stream_options options = {.follow = true};
    guint64 id =
        source_connector(s)->follow ? engine_follow(a->session->engine, s, rid, &options) : 0;
    if (!id) {
        app_complain(a,
            source_connector(s)->follow ? "%d logs are followed already: close one"
                                        : "this has no log%.0d",
            LOGS_MAX);
        return;
    }
    struct frame *f = frame_new(&kind_log, rid_copy(rid));
    f->ask = id;
    f->ask_source = s;
    push(a, f);
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
    if (!f->view->class->selected(f->view, &s, &row))
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

void frame_open_rid(struct app *a, const struct rid *rid)
{
    if (strcmp(rid->source, "weir") == 0) {
        /* weir/sources/NAME is a source; of weir's other rows there is only the list. */
        const char *name = rid_name(rid, "sources");
        AUTO(rid) source = rid_source(name ? name : rid->source);
        if (name)
            frame_open_rid(a, source);
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
    subscribe(a, f, false);
    if (f->ask)
        engine_cancel(a->session->engine, f->ask);
    g_ptr_array_set_size(a->frames, (int)a->frames->len - 1);
    f = app_top(a);
    subscribe(a, f, true);
    frame_update(a, f);
    app_dirty(a);
}

void frame_home(struct app *a)
{
    while (!app_is_home(a))
        frame_back(a);
}

/* -- data ---------------------------------------------------------------------------------------- */

void frame_update(struct app *a, struct frame *f)
{
    f->changed = false;
    if (f->ask || !f->view->class->update)
        return;
    g_autoptr(GPtrArray) entries = NULL;
    if (f->scope) {
        entries = g_ptr_array_new();
        const struct store_entry *e = store_get(a->session->store, f->kind, f->scope);
        if (e)
            g_ptr_array_add(entries, (gpointer)e);
    } else {
        entries = store_of_kind(a->session->store, f->kind);
    }
    f->view->class->update(f->view, entries);
}

static void take_answer(struct app *a, const struct mail *m)
{
    for (guint i = 0; i < a->frames->len; i++) {
        struct frame *f = g_ptr_array_index(a->frames, i);
        if (f->ask == m->id && f->view->class->take)
            f->view->class->take(f->view, m->snapshot, m->raw, m->error);
    }
}

/* Whether a kind and scope are what the frame shows. */
static bool shows(const struct frame *f, const struct kind *k, const struct rid *scope)
{
    if (f->ask || f->kind != k)
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
