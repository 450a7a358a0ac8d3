/* weir --plain: lines that are only ever appended, for screen readers, logs and terminals that cannot
 * place a cursor. It lists the problems, says when one comes, gets worse or better, or goes, and in
 * between takes commands, a line each; see help_text below. One command is answered before the next is
 * read, so that a pipe may hold several. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "clock.h"
#include "emit.h"
#include "error.h"
#include "quantity.h"
#include "rid.h"
#include "session.h"
#include "text.h"

#define ROWS_MAX    100 /* of one list */
#define LINE_LENGTH 4096
#define FIRST_MS    10000 /* the first list waits so long for sources that do not answer */
#define ANSWER_MS   32000
#define WATCH_MS    5000

static const char help_text[] =
    "now            the problems\n"
    "NUMBER         open that row of the last list\n"
    "KIND           list it: groups, kafka.groups, things; sources lists the sources\n"
    "KIND /FILTER   only the rows that match, for example: groups /lag>10k\n"
    "ADDRESS        open it, for example: events/groups/enrich-v2\n"
    "r              ask the servers now\n"
    "?              this list\n"
    "q              quit\n"
    "A line may begin with a colon, as in the console.\n";

struct plain {
    const struct cli *cli;
    struct session *session;
    const struct kind *problems;
    GString *input;
    bool input_ended;
    GHashTable *first; /* source and feed whose first answer has not come */
    GHashTable *known; /* problem to its severity, as last said; NULL: not listed yet */
    GPtrArray *rows;   /* struct rid: what the numbers of the last list open */
    bool broken;       /* nobody reads any more */
    bool quits;
    int64_t first_ms, answer_ms;
    int64_t until_ms; /* monotonic: when what is awaited is given up; 0: nothing is */
    /* A list that waits for its rows: */
    const struct kind *kind;
    struct rid *scope; /* NULL: all sources */
    char *filter;
    GPtrArray *asked; /* struct source whose feed was opened; those that have not answered */
    /* A thing that is awaited: */
    guint64 show;
};

/* -- printing ------------------------------------------------------------------------------------ */

static void print(struct plain *p, const GString *out)
{
    if (!p->cli->ascii && p->cli->utf8) {
        p->broken |= !cli_print(out);
        return;
    }
    g_autoptr(GString) ascii = g_string_sized_new(out->len);
    for (const char *c = out->str; *c; c = g_utf8_next_char(c))
        g_string_append_c(ascii, (guchar)*c < 0x80 ? *c : '?');
    p->broken |= !cli_print(ascii);
}

static void say(struct plain *p, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void say(struct plain *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autoptr(GString) out = g_string_new(NULL);
    g_string_append_vprintf(out, format, args);
    va_end(args);
    g_string_append_c(out, '\n');
    print(p, out);
}

static bool is_told(const struct column *c, struct cell cell)
{
    bool absent = cell.type == CELL_NONE &&
                  (cell.absent == ABSENT_NOT_ASKED || cell.absent == ABSENT_NO_VALUE);
    return !(c->flags & COLUMN_F_HIDDEN) && !absent && cell.type != CELL_SERIES;
}

/* A row as one sentence: its health, its name, and what is known of it, each with its heading. */
static void append_row(GString *out, const struct snapshot *s, size_t row, bool with_source)
{
    static const char *const marks[] = {"ok", "unknown", "warn", "fail"};
    const struct kind *k = snapshot_kind(s);
    const struct row *r = snapshot_row(s, row);
    if (!k->nameless)
        g_string_append_printf(out, "%s: %s", marks[r->health], r->name);
    if (with_source)
        g_string_append_printf(out, ", source %s", snapshot_scope(s)->source);
    bool first = k->nameless && !with_source;
    for (int c = 0; k->columns[c].name; c++) {
        struct cell cell = snapshot_cell(s, row, c);
        if (!is_told(&k->columns[c], cell))
            continue;
        g_string_append(out, first ? "" : ", ");
        if (!k->nameless || k->columns[c].flags & COLUMN_F_AGE)
            g_string_append_printf(out, "%s ", k->columns[c].title);
        quantity_append_cell(out, &k->columns[c], cell, clock_wall_ms());
        first = false;
    }
    if (!k->nameless && r->why)
        g_string_append_printf(out, ", %s", r->why);
}

/* -- lists --------------------------------------------------------------------------------------- */

static GPtrArray *entries_of(const struct plain *p, const struct kind *k, const struct rid *scope)
{
    if (!scope)
        return store_of_kind(p->session->store, k);
    GPtrArray *one = g_ptr_array_new();
    const struct store_entry *e = store_get(p->session->store, k, scope);
    if (e)
        g_ptr_array_add(one, (gpointer)e);
    return one;
}

/* What a number opens: a row about another thing stands for that thing. */
static struct rid *row_rid(const struct snapshot *s, size_t row)
{
    int about = kind_column(snapshot_kind(s), "about");
    if (about < 0)
        return snapshot_rid(s, row);
    struct cell cell = snapshot_cell(s, row, about);
    return cell.type == CELL_LINK ? rid_parse(cell.text, NULL) : NULL;
}

static void print_arranged(struct plain *p, const struct arrange *a, bool several)
{
    g_autoptr(GString) out = g_string_new(NULL);
    size_t count = arrange_count(a);
    g_ptr_array_set_size(p->rows, 0);
    for (size_t i = 0; i < count && i < ROWS_MAX; i++) {
        const struct snapshot *s;
        size_t row;
        arrange_at(a, i, &s, &row);
        g_string_append_printf(out, "%zu ", i + 1);
        append_row(out, s, row, several);
        g_string_append_c(out, '\n');
        g_ptr_array_add(p->rows, row_rid(s, row));
    }
    if (count > ROWS_MAX)
        g_string_append_printf(
            out, "and %zu more: narrow it with KIND /FILTER\n", count - ROWS_MAX);
    print(p, out);
}

static void print_list(
    struct plain *p, const struct kind *k, const struct rid *scope, const char *filter)
{
    g_autoptr(GPtrArray) entries = entries_of(p, k, scope);
    g_autoptr(GPtrArray) snapshots = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    struct filter *f = filter_parse(filter ? filter : "", k->columns, NULL, NULL, &error);
    AUTO(arrange) a = arrange_new();
    if (!f || !arrange_set_sort(a, k->sort, k->columns, &error)) {
        say(p, "%s", error->message);
        return;
    }
    for (guint i = 0; i < entries->len; i++) {
        const struct store_entry *e = g_ptr_array_index(entries, i);
        if (e->snapshot)
            g_ptr_array_add(snapshots, (gpointer)e->snapshot);
        if (e->error)
            say(p, "%s %s: %s", e->scope->source, e->snapshot ? "is old" : "was not read",
                e->error->message);
    }
    arrange_set_filter(a, f);
    arrange_set_input(a, (const struct snapshot *const *)snapshots->pdata, snapshots->len);
    arrange_finish(a, clock_wall_ms());
    size_t count = arrange_count(a);
    const char *name = kind_segment(k);
    if (snapshots->len > 0 && count == 0)
        say(p, filter ? "none of the %s matches" : "no %s", name);
    else if (snapshots->len > 0)
        say(p, "%zu %s", count, name);
    else if (entries->len == 0)
        say(p, "%s: nothing was read yet", name);
    print_arranged(p, a, snapshots->len > 1);
}

static const struct feed *feed_of(const struct plain *p, const struct kind *k)
{
    return registry_owner(p->session->registry, k) == derived_connector()
               ? NULL
               : session_feed(p->session, k);
}

/* Says that the list is wanted, or no longer. */
static void open_feed(struct plain *p, bool on)
{
    const struct feed *feed = feed_of(p, p->kind);
    for (guint i = 0; feed && i < environment_source_count(p->session->environment); i++) {
        struct source *s = environment_source_at(p->session->environment, i);
        AUTO(rid) wide = rid_source(source_name(s));
        const struct rid *scope = p->scope && p->scope->count > 0 ? p->scope : wide;
        if (source_connector(s) != registry_owner(p->session->registry, p->kind) ||
            (p->scope && strcmp(p->scope->source, source_name(s)) != 0) ||
            (feed->when == FEED_ALWAYS && scope->count == 0))
            continue;
        if (on)
            engine_open(p->session->engine, s, feed, scope);
        else
            engine_close(p->session->engine, s, feed, scope);
        if (on)
            g_ptr_array_add(p->asked, s);
        if (scope->count > 0)
            store_keep(p->session->store, p->kind, scope, on);
    }
}

static void end_list(struct plain *p)
{
    print_list(p, p->kind, p->scope, p->filter);
    open_feed(p, false);
    g_ptr_array_set_size(p->asked, 0);
    p->kind = NULL;
    p->until_ms = 0;
}

/* Lists a kind: at once when it is watched anyway, else when every source has answered. */
static void open_list(
    struct plain *p, const struct kind *k, const struct rid *scope, const char *filter)
{
    if (k->scope && !k->scope_optional && (!scope || scope->count == 0)) {
        say(p, "%s belong to one of %s: list those and open one by its number", k->name, k->scope);
        return;
    }
    rid_free(p->scope);
    g_free(p->filter);
    p->kind = k;
    p->scope = scope ? rid_copy(scope) : NULL;
    p->filter = g_strdup(filter);
    p->until_ms = clock_mono_ms() + p->answer_ms;
    open_feed(p, true);
    if (p->asked->len == 0)
        end_list(p);
}

/* -- one thing ----------------------------------------------------------------------------------- */

static void open_detail(struct plain *p, struct source *s, const struct rid *rid)
{
    if (!source_connector(s)->show || rid->count == 0) {
        say(p, "there is nothing more to show of this");
        return;
    }
    p->show = engine_show(p->session->engine, s, rid);
    p->until_ms = clock_mono_ms() + p->answer_ms;
}

static void open_log(struct plain *p, const struct rid *rid)
{
    g_autofree char *address = rid_print(rid);
    say(p, "its log: weir logs '%s'", address);
}

/* What Enter does in the console. */
static void open_rid(struct plain *p, const struct rid *rid)
{
    if (strcmp(rid->source, "weir") == 0 && rid_name(rid, "sources")) {
        AUTO(rid) source = rid_source(rid_name(rid, "sources"));
        open_rid(p, source);
        return;
    }
    g_autoptr(GError) error = NULL;
    struct source *s = session_source(p->session, rid, &error);
    const struct connector *c = s ? source_connector(s) : NULL;
    const struct kind *k =
        c && rid->count > 0 ? registry_kind_of(p->session->registry, c, rid) : NULL;
    if (!c) {
        say(p, "%s", error ? error->message : "this source is not running");
    } else if (rid->count == 0) {
        open_list(p, c->kinds[0], rid, NULL);
    } else if (!k) {
        say(p, "%s has no %s", c->name, rid->part[rid->count - 1].kind);
    } else {
        const char *target = k->links && k->links[0].key ? k->links[0].target : "@detail";
        const struct kind *below = registry_kind(p->session->registry, target, NULL);
        if (below)
            open_list(p, below, rid, NULL);
        else if (strcmp(target, "@log") == 0)
            open_log(p, rid);
        else
            open_detail(p, s, rid);
    }
}

static void open_number(struct plain *p, guint64 number)
{
    const struct rid *rid = number <= p->rows->len ? g_ptr_array_index(p->rows, number - 1) : NULL;
    if (rid)
        open_rid(p, rid);
    else
        say(p, "there is no row %" G_GUINT64_FORMAT " to open in the last list", number);
}

/* -- commands ------------------------------------------------------------------------------------ */

static void run_other(struct plain *p, char *line)
{
    g_autoptr(GError) error = NULL;
    char *filter = strstr(line, " /");
    if (filter) {
        *filter = '\0';
        filter += 2;
    }
    const struct kind *k = registry_kind(p->session->registry, g_strstrip(line), &error);
    AUTO(rid) rid = NULL;
    if (k)
        open_list(p, k, NULL, filter);
    else if (strchr(line, '/') || environment_source(p->session->environment, line))
        rid = rid_parse(line, NULL);
    if (rid)
        open_rid(p, rid);
    else if (!k)
        say(p, "%s; ? lists what can be typed", error->message);
}

static void run_line(struct plain *p, char *line)
{
    guint64 number;
    g_autoptr(GString) clean = g_string_new(NULL);
    text_clean(line, -1, clean);
    line = g_strstrip(clean->str + (clean->str[0] == ':'));
    if (*line == '\0')
        return;
    if (strcmp(line, "q") == 0 || strcmp(line, "quit") == 0) {
        p->quits = true;
    } else if (strcmp(line, "?") == 0 || strcmp(line, "help") == 0) {
        g_autoptr(GString) out = g_string_new(help_text);
        print(p, out);
    } else if (strcmp(line, "now") == 0) {
        open_list(p, p->problems, NULL, NULL);
    } else if (strcmp(line, "r") == 0 || strcmp(line, "refresh") == 0) {
        engine_refresh(p->session->engine, NULL);
    } else if (g_ascii_string_to_unsigned(line, 10, 1, G_MAXUINT32, &number, NULL)) {
        open_number(p, number);
    } else {
        run_other(p, line);
    }
}

/* Runs what was typed until something has to be waited for. */
static void run_lines(struct plain *p)
{
    char *end;
    while (!p->quits && !p->until_ms && (end = strchr(p->input->str, '\n'))) {
        g_autofree char *line = g_strndup(p->input->str, (gsize)(end - p->input->str));
        g_string_erase(p->input, 0, end - p->input->str + 1);
        run_line(p, line);
    }
    if (p->input_ended && !p->until_ms)
        p->quits = true;
}

static void read_input(struct plain *p)
{
    char bytes[1024];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {
        p->input_ended = true;
        if (p->input->len > 0)
            g_string_append_c(p->input, '\n');
        return;
    }
    for (ssize_t i = 0; i < n; i++)
        g_string_append_c(p->input, bytes[i] ? bytes[i] : ' ');
    if (p->input->len > LINE_LENGTH && !strchr(p->input->str, '\n')) {
        say(p, "a line of more than %d bytes was left out", LINE_LENGTH);
        g_string_truncate(p->input, 0);
    }
}

/* -- mail ---------------------------------------------------------------------------------------- */

static void announce(struct plain *p, const char *what, const struct snapshot *s, size_t row)
{
    g_autoptr(GString) out = g_string_new(what);
    g_string_append(out, ": ");
    append_row(out, s, row, false);
    g_string_append_c(out, '\n');
    print(p, out);
}

/* Says which problems came, changed their severity or went since the last time. */
static void compare_problems(struct plain *p, const struct snapshot *s)
{
    int severity = kind_column(p->problems, "severity");
    int what = kind_column(p->problems, "what");
    GHashTable *now = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    bool first = !p->known;
    for (size_t row = 0; row < snapshot_count(s); row++) {
        const char *name = snapshot_row(s, row)->name;
        struct cell is = snapshot_cell(s, row, severity);
        struct cell text = snapshot_cell(s, row, what);
        const char *level = is.type == CELL_STATE ? is.text : "?";
        const char *before = first ? NULL : g_hash_table_lookup(p->known, name);
        if (!first && !before)
            announce(p, "new", s, row);
        else if (!first && !g_str_has_prefix(before, level))
            announce(p, "changed", s, row);
        g_hash_table_insert(now, g_strdup(name),
            g_strdup_printf("%s, %s", level, text.type == CELL_TEXT ? text.text : name));
    }
    GHashTableIter iter;
    gpointer name, before;
    for (g_hash_table_iter_init(&iter, first ? now : p->known);
         g_hash_table_iter_next(&iter, &name, &before);)
        if (!g_hash_table_contains(now, name))
            say(p, "gone: %s", (const char *)before);
    g_clear_pointer(&p->known, g_hash_table_unref);
    p->known = now;
}

static void take_reply(struct plain *p, const struct mail *m)
{
    g_autoptr(GString) out = g_string_new(NULL);
    p->show = 0;
    p->until_ms = 0;
    if (m->error)
        say(p, "%s", m->error->message);
    else if (m->snapshot)
        emit_detail(out, m->snapshot, false, clock_wall_ms());
    print(p, out);
}

static char *fetch_key(const struct source *s, const struct feed *f)
{
    return g_strdup_printf("%s %s", source_name(s), f->name);
}

static bool take_mail(struct plain *p, const struct mail *m)
{
    g_autofree char *key = m->type == MAIL_FETCHED ? fetch_key(m->source, m->feed) : NULL;
    if (key)
        g_hash_table_remove(p->first, key);
    bool changed = store_take(p->session->store, m);
    if (m->type == MAIL_SNAPSHOT && snapshot_kind(m->snapshot) == p->problems && p->known)
        compare_problems(p, m->snapshot);
    if (m->type == MAIL_REPLY && p->show && m->id == p->show)
        take_reply(p, m);
    if (m->type == MAIL_FETCHED && p->kind && m->feed == feed_of(p, p->kind) &&
        g_ptr_array_remove(p->asked, (gpointer)m->source) && p->asked->len == 0)
        end_list(p);
    return changed &&
           (m->type == MAIL_FETCHED || registry_owner(p->session->registry,
                                           snapshot_kind(m->snapshot)) != derived_connector());
}

static void take_all(struct plain *p, GPtrArray *mail)
{
    bool derive = false;
    for (guint i = 0; i < mail->len; i++)
        derive |= take_mail(p, g_ptr_array_index(mail, i));
    if (derive)
        engine_set_inputs(p->session->engine, store_inputs(p->session->store, derived_connector()));
}

static void give_up(struct plain *p)
{
    if (p->kind) {
        end_list(p);
        return;
    }
    engine_cancel(p->session->engine, p->show);
    p->show = 0;
    p->until_ms = 0;
    say(p, "no answer within %d s; --timeout gives it longer", (int)(p->answer_ms / 1000));
}

/* -- start and loop ------------------------------------------------------------------------------ */

static void start_all(struct plain *p)
{
    for (guint i = 0; i < environment_source_count(p->session->environment); i++) {
        struct source *s = environment_source_at(p->session->environment, i);
        engine_start(p->session->engine, s, false);
        for (const struct feed *f = source_connector(s)->feeds; f && f->name; f++)
            if (f->when == FEED_ALWAYS)
                g_hash_table_add(p->first, fetch_key(s, f));
    }
    engine_start_derived(p->session->engine, derived_connector());
}

static const struct snapshot *newest_problems(const struct plain *p)
{
    AUTO(rid) weir = rid_source("weir");
    const struct store_entry *e = store_get(p->session->store, p->problems, weir);
    return e ? e->snapshot : NULL;
}

/* Until the list of problems knows of the first answer of every source: it was made after they came. */
static void await_first(struct plain *p)
{
    int64_t end = clock_mono_ms() + p->first_ms;
    int64_t all_ms = 0;
    for (int64_t now; (now = clock_mono_ms()) < end;) {
        const struct snapshot *s = newest_problems(p);
        if (all_ms && s && snapshot_at(s) > all_ms)
            return;
        g_autoptr(GPtrArray) mail = engine_wait(p->session->engine, MIN(end - now, 50));
        take_all(p, mail);
        if (g_hash_table_size(p->first) > 0)
            continue;
        if (!all_ms)
            all_ms = clock_wall_ms();
        if (mail->len == 0) /* what was made in the same millisecond may know less */
            engine_set_inputs(
                p->session->engine, store_inputs(p->session->store, derived_connector()));
    }
}

static void begin(struct plain *p)
{
    say(p, "weir, environment %s, %u sources. ? lists what can be typed.",
        environment_name(p->session->environment),
        environment_source_count(p->session->environment));
    start_all(p);
    await_first(p);
    GHashTableIter iter;
    gpointer key;
    for (g_hash_table_iter_init(&iter, p->first); g_hash_table_iter_next(&iter, &key, NULL);)
        say(p, "no answer yet: %s", (const char *)key);
    print_list(p, p->problems, NULL, NULL);
    if (newest_problems(p))
        compare_problems(p, newest_problems(p));
    else
        p->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

static void loop(struct plain *p)
{
    while (!p->quits && !p->broken) {
        int64_t left = p->until_ms ? MAX(p->until_ms - clock_mono_ms(), 0) : WATCH_MS;
        struct pollfd ready[] = {{.fd = engine_fd(p->session->engine), .events = POLLIN},
            {.fd = p->until_ms || p->input_ended ? -1 : STDIN_FILENO, .events = POLLIN}};
        int n = poll(ready, G_N_ELEMENTS(ready), (int)MIN(left, WATCH_MS));
        if (n > 0 && ready[0].revents) {
            g_autoptr(GPtrArray) mail = engine_take(p->session->engine);
            take_all(p, mail);
        }
        if (n > 0 && ready[1].revents)
            read_input(p);
        if (p->until_ms && clock_mono_ms() >= p->until_ms)
            give_up(p);
        run_lines(p);
        engine_watch(p->session->engine);
    }
}

int plain_run(const struct cli *cli)
{
    AUTO(session) session = session_new(cli);
    if (!session || !session_prepare(session))
        return EXIT_USAGE;
    struct plain p = {.cli = cli, .session = session};
    p.answer_ms = cli_span("timeout", cli->timeout, ANSWER_MS);
    p.first_ms = MIN(p.answer_ms, FIRST_MS);
    if (p.answer_ms < 0)
        return EXIT_USAGE;
    p.problems = registry_kind(session->registry, "problems", NULL);
    p.input = g_string_new(NULL);
    p.first = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    p.rows = g_ptr_array_new_with_free_func((GDestroyNotify)rid_free);
    p.asked = g_ptr_array_new();
    begin(&p);
    loop(&p);
    g_string_free(p.input, TRUE);
    g_hash_table_unref(p.first);
    g_hash_table_unref(p.known);
    g_ptr_array_unref(p.rows);
    g_ptr_array_unref(p.asked);
    rid_free(p.scope);
    g_free(p.filter);
    return EXIT_FINE;
}
