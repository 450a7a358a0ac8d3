/* Taking text out of the program: to a clipboard, to the bare terminal, to a file. Whether a clipboard
 * took it cannot be known: messages say "sent", and the bare terminal always works. */
#include "app.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "emit.h"
#include "engine.h"
#include "request.h"
#include "rid.h"
#include "text.h"

#define OSC_52_MAX 74994 /* bytes of base64 that xterm takes */
#define PIPE_MAX   65536 /* what a pipe takes without waiting */

/* -- the chain ----------------------------------------------------------------------------------- */

static void on_child(GPid pid, gint status, gpointer data)
{
    (void)status;
    (void)data;
    g_spawn_close_pid(pid);
}

/* tmux drops what programs send to the clipboard, in its default state, but takes this. */
static bool to_tmux(const char *text, gsize length)
{
    static const char *const argv[] = {"tmux", "load-buffer", "-w", "-", NULL};
    GPid pid;
    int in;
    if (!g_getenv("TMUX") || length > PIPE_MAX ||
        !g_spawn_async_with_pipes(NULL, (char **)argv, NULL,
            G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL |
                G_SPAWN_STDERR_TO_DEV_NULL,
            NULL, NULL, &pid, &in, NULL, NULL, NULL))
        return false;
    g_child_watch_add(pid, on_child, NULL);
    bool sent = write(in, text, length) == (gssize)length;
    close(in);
    return sent;
}

/* GNU screen and the Linux console have no clipboard to reach. */
static bool to_terminal(struct app *a, const char *text, gsize length)
{
    const char *term = g_getenv("TERM");
    g_autofree char *coded = g_base64_encode((const guchar *)text, length);
    if (strlen(coded) > OSC_52_MAX || g_getenv("STY") || !term || strcmp(term, "linux") == 0 ||
        g_str_has_prefix(term, "screen"))
        return false;
    g_autofree char *bytes = g_strdup_printf("\033]52;c;%s\a", coded);
    app_send(a, bytes);
    return true;
}

/* A new file of our own; its path, or NULL with *error. */
static char *write_new(const char *path, const char *text, gsize length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0;
    for (gsize done = 0; ok && done < length;) {
        gssize n = write(fd, text + done, length - done);
        ok = n > 0 || (n < 0 && errno == EINTR);
        done += n > 0 ? (gsize)n : 0;
    }
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (!ok && fd >= 0)
        unlink(path);
    errno = why;
    return ok ? g_strdup(path) : NULL;
}

static char *to_file(const char *text, gsize length)
{
    g_autofree char *path = config_state_path("copied.txt");
    unlink(path); /* the copy before this one */
    return write_new(path, text, length);
}

static void copy_text(struct app *a, const char *what, const char *text)
{
    gsize length = strlen(text);
    g_autofree char *path = NULL;
    if (to_tmux(text, length))
        app_say(a, "%s sent to tmux and, where it may, on to the clipboard", what);
    else if (to_terminal(a, text, length))
        app_say(a, "%s sent to the terminal's clipboard; where nothing arrives, Y shows plain text",
            what);
    else if ((path = to_file(text, length)))
        app_say(a, "no clipboard here: %s written to %s", what, path);
    else
        app_complain(a, "no clipboard here, and no file: %s", g_strerror(errno));
}

/* -- what can be copied -------------------------------------------------------------------------- */

static bool selected(struct app *a, const struct snapshot **s, size_t *row)
{
    const struct view *v = app_top(a)->view;
    if (v->class->selected && v->class->selected(v, s, row))
        return true;
    app_complain(a, "no row is selected");
    return false;
}

static void copy_name(struct app *a)
{
    const struct snapshot *s;
    size_t row;
    if (selected(a, &s, &row))
        copy_text(a, "the name", snapshot_row(s, row)->name);
}

/* The path of a node, the value of a field. */
static void copy_place(struct app *a)
{
    const struct view *v = app_top(a)->view;
    g_autoptr(GString) text = g_string_new(NULL);
    if (v->class->copy_text)
        v->class->copy_text(v, text);
    if (text->len > 0)
        copy_text(a, "the text", text->str);
    else
        app_complain(a, "there is no path and no value here");
}

static void copy_address(struct app *a)
{
    AUTO(rid) rid = frame_selected_or_owner(app_top(a));
    g_autofree char *text = rid ? rid_print(rid) : NULL;
    if (text)
        copy_text(a, "the address", text);
    else
        app_complain(a, "this has no address");
}

static void copy_link(struct app *a)
{
    g_autofree char *link = frame_link(a, app_top(a));
    copy_text(a, "the link to this view", link);
}

static void copy_json(struct app *a)
{
    const struct snapshot *s;
    size_t row;
    if (!selected(a, &s, &row))
        return;
    g_autoptr(GString) out = g_string_new(NULL);
    const struct emit e = {.format = EMIT_NDJSON,
        .kind = snapshot_kind(s),
        .columns = snapshot_column_table(s),
        .now_ms = clock_wall_ms()};
    emit_row_json(out, &e, s, row);
    copy_text(a, "the row as JSON", out->str);
}

static void copy_marked(struct app *a)
{
    const struct view *v = app_top(a)->view;
    g_autoptr(GPtrArray) all = v->class->marked ? v->class->marked(v) : NULL;
    if (!all || all->len == 0) {
        app_complain(a, "no row is marked: space marks one");
        return;
    }
    g_ptr_array_add(all, NULL);
    g_autofree char *text = g_strjoinv("\n", (char **)all->pdata);
    copy_text(a, "the addresses of the marked rows", text);
}

/* The feed that fills a kind's rows. */
static const struct feed *feed_of(const struct app *a, const struct kind *k)
{
    const struct connector *c = registry_owner(a->session->registry, k);
    for (const struct feed *f = c ? c->feeds : NULL; f && f->name; f++)
        if (g_strv_contains(f->kinds, k->name))
            return f;
    return NULL;
}

/* The newest request that brought what is selected; of a detail or a log, the one that asked for it. */
static const struct request *find_request(const struct app *a, const struct source **source)
{
    const struct frame *f = app_top(a);
    const struct snapshot *s = NULL;
    size_t row;
    const struct rid *scope = f->scope;
    if (!f->ask && f->view->class->selected && f->view->class->selected(f->view, &s, &row))
        scope = snapshot_scope(s);
    *source = scope ? environment_source(a->session->environment, scope->source) : NULL;
    const struct feed *feed = f->ask ? NULL : feed_of(a, f->kind);
    return *source && (feed || f->ask)
               ? engine_find_request(a->session->engine, *source, feed, scope)
               : NULL;
}

static void copy_request(struct app *a)
{
    const struct source *source;
    const struct request *r = find_request(a, &source);
    g_autofree char *text = r ? request_as_curl(r, source) : NULL;
    if (text)
        copy_text(a, "the request as curl, without its secret,", text);
    else
        app_complain(a, r ? "this did not come over HTTP; :requests shows what was asked"
                          : "no request for this is kept; :requests shows those that are");
    request_unref(r);
}

void copy_open(struct app *a)
{
    static const struct menu_entry entries[] = {
        {"n", "the name", copy_name},
        {"p", "the path of a node, the value of a field", copy_place},
        {"a", "the address, as it goes after : and to weir show", copy_address},
        {"j", "the row as JSON", copy_json},
        {"m", "the addresses of the marked rows", copy_marked},
        {"u", "the request that read this, as curl without its secret", copy_request},
        {"v", "a link to this view, with its filter", copy_link},
        {0},
    };
    menu_open(a, "copy", entries);
}

/* -- as plain text ------------------------------------------------------------------------------- */

/* What the rows came from, and why they may not be all there are. */
static void describe(const GPtrArray *entries, GArray *sources, GPtrArray *reasons)
{
    for (guint i = 0; i < entries->len; i++) {
        const struct store_entry *e = g_ptr_array_index(entries, i);
        bool old = e->snapshot && snapshot_remembered(e->snapshot);
        const char *cut = old           ? "not read yet: what was known before this start"
                          : e->snapshot ? snapshot_incomplete(e->snapshot)
                                        : "not read yet";
        const char *error = e->error ? e->error->message : NULL;
        const struct emit_source source = {.source = e->scope->source,
            .state = error ? "failing"
                     : old ? "connecting"
                           : "ok",
            .at_ms = e->snapshot ? snapshot_at(e->snapshot) : 0,
            .error = error};
        g_array_append_val(sources, source);
        if (error || cut)
            g_ptr_array_add(
                reasons, g_strdup_printf("%s: %s", e->scope->source, error ? error : cut));
    }
    g_ptr_array_add(reasons, NULL);
}

static void append_rows(struct app *a, GString *out, enum emit_format format)
{
    const struct frame *f = app_top(a);
    const struct view *v = f->view;
    struct choice drawn;
    v->class->columns_drawn(v, &drawn);
    int chosen[CHOICE_MAX + 2] = {COLUMN_NAME};
    memcpy(chosen + 1, drawn.column, sizeof drawn.column);
    g_autoptr(GPtrArray) entries = frame_entries(a, f);
    g_autoptr(GArray) sources = g_array_new(FALSE, FALSE, sizeof(struct emit_source));
    g_autoptr(GPtrArray) reasons = g_ptr_array_new_with_free_func(g_free);
    describe(entries, sources, reasons);
    const struct emit e = {.format = format,
        .kind = v->kind,
        .columns = v->kind->columns,
        .chosen = format == EMIT_TABLE ? chosen + v->kind->nameless : NULL,
        .with_source = entries->len > 1,
        .now_ms = clock_wall_ms(),
        .limit = G_MAXSIZE,
        .sources = (const struct emit_source *)(const void *)sources->data,
        .source_count = sources->len,
        .incomplete = (const char *const *)reasons->pdata};
    emit_rows(out, &e, v->class->arranged(v));
}

/* What the open view shows, or NULL and a message. */
static GString *view_text(struct app *a)
{
    const struct view *v = app_top(a)->view;
    GString *out = g_string_new(NULL);
    if (v->class->text)
        v->class->text(v, out, clock_wall_ms());
    else if (v->class->arranged)
        append_rows(a, out, EMIT_TABLE);
    if (out->len > 0)
        return out;
    g_string_free(out, TRUE);
    app_complain(a, "there is no text to show of this view");
    return NULL;
}

void plain_open(struct app *a)
{
    GString *text = view_text(a);
    if (!text)
        return;
    a->plain = true;
    terminal_leave(a->terminal);
    terminal_take_keys(a->terminal);
    g_string_append(text, "\n-- press enter to go back to weir --\n");
    app_send(a, text->str);
    g_string_free(text, TRUE);
}

void plain_close(struct app *a)
{
    a->plain = false;
    terminal_return(a->terminal);
    a->repaint = true;
    app_dirty(a);
}

/* -- to a file ----------------------------------------------------------------------------------- */

/* "weir-groups-20260612T120431Z.json" where one is. */
static char *default_path(const struct app *a, const char *ending)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *when = g_date_time_format(now, "%Y%m%dT%H%M%SZ");
    return g_strdup_printf("weir-%s-%s.%s", kind_segment(app_top(a)->kind), when, ending);
}

static void save_text(struct app *a, const char *path, const GString *text)
{
    g_autofree char *written = write_new(path, text->str, text->len);
    g_autofree char *folder = g_get_current_dir();
    if (written)
        app_say(a, "written: %s%s%s", g_path_is_absolute(path) ? "" : folder,
            g_path_is_absolute(path) ? "" : "/", path);
    else
        app_complain(a, errno == EEXIST ? "%s is there already%.0s: give another name" : "%s: %s",
            path, g_strerror(errno));
}

void export_rows(struct app *a, const char *argument)
{
    g_auto(GStrv) words = g_strsplit(argument, " ", 2);
    const char *name = words[0] ? words[0] : "json";
    enum emit_format format;
    const struct view *v = app_top(a)->view;
    if (!emit_format_parse(name, &format)) {
        g_autofree char *all = g_strjoinv(", ", (char **)emit_format_names);
        app_complain(a, "export %s: write one of %s, then a file's name", name, all);
        return;
    }
    if (!v->class->arranged || arrange_pending(v->class->arranged(v))) {
        app_complain(a, "there are no rows to export%s", v->class->arranged ? " yet" : " here");
        return;
    }
    g_autoptr(GString) out = g_string_new(NULL);
    append_rows(a, out, format);
    g_autofree char *path =
        words[0] && words[1] ? g_strstrip(g_strdup(words[1])) : default_path(a, name);
    save_text(a, path, out);
}

void save_screen(struct app *a, const char *argument)
{
    GString *text = view_text(a);
    if (!text)
        return;
    g_autofree char *path = *argument ? g_strdup(argument) : default_path(a, "txt");
    save_text(a, path, text);
    g_string_free(text, TRUE);
}
