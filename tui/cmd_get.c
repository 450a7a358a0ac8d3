/* weir get: the same kinds, lanes and arrangement as the console, then text instead of cells. */
#include <string.h>
#include <unistd.h>

#include "choice.h"
#include "cli.h"
#include "clock.h"
#include "emit.h"
#include "error.h"
#include "rid.h"
#include "session.h"
#include "status.h"

#define MARGIN_MS 2000 /* beyond a source's own deadline, for a lane that is about to say so */

struct get {
    const struct cli *cli;
    struct session *session;
    const struct kind *kind;
    const struct feed *feed;
    struct rid *scope; /* --scope, or NULL */
    enum emit_format format;
    int64_t wait_ms, timeout_ms, watch_ms;
    GPtrArray *sources;  /* struct source that are asked */
    GPtrArray *failures; /* text: "events: ..." */
    GHashTable *waiting; /* source name + feed name: fetches still to come */
    GHashTable *printed; /* --watch: address to its line of JSON */
};

/* -- what is asked ------------------------------------------------------------------------------- */

static bool is_derived(const struct get *g)
{
    return registry_owner(g->session->registry, g->kind) == derived_connector();
}

static gboolean find_scope(struct get *g, GError **error)
{
    const char *text = g->cli->scope;
    if (text) {
        g->scope = rid_parse(text, error);
        if (!g->scope || !session_source(g->session, g->scope, error))
            return FALSE;
    }
    bool wide = !g->scope || g->scope->count == 0;
    if (g->kind->scope && !g->kind->scope_optional && wide) {
        const struct kind *owner = registry_kind(g->session->registry, g->kind->scope, NULL);
        return weir_fail(error, WEIR_ERROR_USAGE,
            "%s belong to one of %s: add --scope SOURCE/%s/NAME", g->kind->name, g->kind->scope,
            kind_segment(owner));
    }
    if (!wide && (!g->kind->scope ||
                     strcmp(kind_segment(registry_kind(g->session->registry, g->kind->scope, NULL)),
                         g->scope->part[g->scope->count - 1].kind) != 0))
        return weir_fail(error, WEIR_ERROR_USAGE, "--scope %s: %s do not belong to such a thing",
            text, g->kind->name);
    return TRUE;
}

static gboolean find_sources(struct get *g, GError **error)
{
    const char *name = g->scope ? g->scope->source : g->cli->source;
    const struct connector *owner = registry_owner(g->session->registry, g->kind);
    if (g->cli->source) {
        AUTO(rid) rid = rid_parse(g->cli->source, error);
        if (!rid || !session_source(g->session, rid, error))
            return FALSE;
    }
    for (guint i = 0; i < environment_source_count(g->session->environment); i++) {
        struct source *s = environment_source_at(g->session->environment, i);
        bool fits = is_derived(g) || source_connector(s) == owner;
        if (fits && (!name || strcmp(source_name(s), name) == 0))
            g_ptr_array_add(g->sources, s);
    }
    if (g->sources->len > 0)
        return TRUE;
    if (name)
        return weir_fail(error, WEIR_ERROR_USAGE, "source \"%s\" has no %s", name, g->kind->name);
    return weir_fail(error, WEIR_ERROR_USAGE,
        "no source of type %s is configured in environment \"%s\"", owner->name,
        environment_name(g->session->environment));
}

static gboolean read_options(struct get *g, GError **error)
{
    const struct cli *cli = g->cli;
    if (cli->output && !emit_format_parse(cli->output, &g->format)) {
        g_autofree char *all = g_strjoinv(", ", (char **)emit_format_names);
        return weir_fail(
            error, WEIR_ERROR_USAGE, "-o %s: no such format; there are: %s", cli->output, all);
    }
    if (cli->fail_on && strcmp(cli->fail_on, "warn") != 0 && strcmp(cli->fail_on, "fail") != 0)
        return weir_fail(error, WEIR_ERROR_USAGE, "--fail-on %s: write warn or fail", cli->fail_on);
    g->wait_ms = cli_span("wait", cli->wait, 0);
    g->timeout_ms = cli_span("timeout", cli->timeout, 0);
    g->watch_ms = cli_span("watch", cli->watch_span, 0);
    if (g->wait_ms < 0 || g->timeout_ms < 0 || g->watch_ms < 0)
        return weir_fail(error, WEIR_ERROR_USAGE, "see `weir help get`");
    return TRUE;
}

/* -- asking -------------------------------------------------------------------------------------- */

static char *waiting_key(const struct source *s, const struct feed *f)
{
    return g_strdup_printf("%s %s", source_name(s), f->name);
}

static void ask(struct get *g, const struct source *s, const struct feed *f, bool once)
{
    AUTO(rid) wide = rid_source(source_name(s));
    const struct rid *scope = g->scope && g->scope->count > 0 ? g->scope : wide;
    g_hash_table_add(g->waiting, waiting_key(s, f));
    if (once || f->when == FEED_WHILE_OPEN || scope->count > 0)
        engine_open(g->session->engine, s, f, scope);
}

/* A derived kind is made of everything that is watched always. */
static void ask_all(struct get *g, const struct source *s, bool once)
{
    if (!source_connector(s))
        return;
    for (const struct feed *f = source_connector(s)->feeds; f->name; f++)
        if (f->when == FEED_ALWAYS)
            ask(g, s, f, once);
}

/* A kind of weir's own that is made only while somebody looks. */
static void look(struct get *g)
{
    AUTO(rid) weir = rid_source("weir");
    if (is_derived(g) && g->feed->when == FEED_WHILE_OPEN)
        engine_open(g->session->engine,
            environment_weir(g->session->environment, derived_connector()), g->feed, weir);
}

static void start(struct get *g)
{
    bool once = g->wait_ms == 0 && !g->cli->watch;
    for (guint i = 0; i < g->sources->len; i++) {
        struct source *s = g_ptr_array_index(g->sources, i);
        engine_start(g->session->engine, s, once);
        if (is_derived(g))
            ask_all(g, s, once);
        else
            ask(g, s, g->feed, once);
    }
    if (is_derived(g))
        engine_start_derived(g->session->engine, derived_connector());
}

static int64_t patience(const struct get *g)
{
    int64_t ms = g->timeout_ms;
    for (guint i = 0; ms == 0 && i < g->sources->len; i++) {
        const struct source *s = g_ptr_array_index(g->sources, i);
        int64_t own = source_int(s, "timeout");
        if (own == 0 && source_connector(s))
            own = source_connector(s)->timeout_ms;
        ms = MAX(ms, (own ? own : 10000) + MARGIN_MS);
    }
    return MAX(ms, g->wait_ms + MARGIN_MS * (g->wait_ms > 0));
}

static void fail(struct get *g, const char *source, const char *message)
{
    char *text = g_strdup_printf("%s: %s", source, message);
    if (g_ptr_array_find_with_equal_func(g->failures, text, g_str_equal, NULL))
        g_free(text);
    else
        g_ptr_array_add(g->failures, text);
}

static void take_mail(struct get *g, const struct mail *m)
{
    store_take(g->session->store, m);
    if (m->type != MAIL_FETCHED)
        return;
    g_autofree char *key = waiting_key(m->source, m->feed);
    g_hash_table_remove(g->waiting, key);
}

/* The errors that stand now, after everything came or the time was up. */
static void collect_failures(struct get *g)
{
    g_ptr_array_set_size(g->failures, 0);
    g_autoptr(GPtrArray) statuses = engine_statuses(g->session->engine);
    for (guint i = 0; i < statuses->len; i++) {
        const struct source_status *status = g_ptr_array_index(statuses, i);
        const char *message = status->error ? status->error : status->partial;
        for (guint j = 0; message && j < g->sources->len; j++)
            if (strcmp(source_name(g_ptr_array_index(g->sources, j)), status->name) == 0)
                fail(g, status->name, message);
    }
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, g->waiting);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        g_auto(GStrv) words = g_strsplit(key, " ", 2);
        fail(g, words[0], "no answer in time; --timeout gives it longer");
    }
}

/* Says on a terminal what takes longer than a second; the line is wiped when it is over. */
static void show_progress(const struct get *g, int64_t elapsed_ms)
{
    if (elapsed_ms < 1000 || !isatty(STDERR_FILENO))
        return;
    g_autofree char **keys = (char **)g_hash_table_get_keys_as_array(g->waiting, NULL);
    g_autofree char *what = keys[0] ? g_strjoinv(", ", keys) : g_strdup("a second sample");
    g_printerr("\r\033[Kwaiting for %.60s ... %ds", what, (int)(elapsed_ms / 1000));
}

static void end_progress(int64_t elapsed_ms)
{
    if (elapsed_ms >= 1000 && isatty(STDERR_FILENO))
        g_printerr("\r\033[K");
}

/* Waits until every fetch has ended, and in between for --wait; then for the derived kind. */
static void gather(struct get *g)
{
    int64_t start = clock_mono_ms();
    int64_t now = start;
    int64_t end = now + patience(g);
    int64_t settled = now + g->wait_ms;
    while (now < end && (g_hash_table_size(g->waiting) > 0 || now < settled)) {
        int64_t until = g_hash_table_size(g->waiting) > 0 ? end : settled;
        show_progress(g, now - start);
        g_autoptr(GPtrArray) mail = engine_wait(g->session->engine, MIN(until - now, 1000));
        for (guint i = 0; i < mail->len; i++)
            take_mail(g, g_ptr_array_index(mail, i));
        now = clock_mono_ms();
    }
    end_progress(now - start);
    if (!is_derived(g))
        return;
    engine_set_inputs(g->session->engine, store_inputs(g->session->store, derived_connector()));
    look(g);
    AUTO(rid) weir = rid_source("weir");
    for (end = now + MARGIN_MS; now < end; now = clock_mono_ms()) {
        const struct store_entry *e = store_get(g->session->store, g->kind, weir);
        if (e && e->asked_ms)
            break;
        g_autoptr(GPtrArray) mail = engine_wait(g->session->engine, end - now);
        for (guint i = 0; i < mail->len; i++)
            store_take(g->session->store, g_ptr_array_index(mail, i));
    }
}

/* -- arranging and printing ---------------------------------------------------------------------- */

static GPtrArray *entries_of(const struct get *g)
{
    if (!g->scope || g->scope->count == 0)
        return store_of_kind(g->session->store, g->kind);
    GPtrArray *one = g_ptr_array_new();
    const struct store_entry *e = store_get(g->session->store, g->kind, g->scope);
    if (e)
        g_ptr_array_add(one, (gpointer)e);
    return one;
}

static void set_input(const struct get *g, struct arrange *a, GPtrArray *entries)
{
    g_autoptr(GPtrArray) snapshots = g_ptr_array_new();
    for (guint i = 0; i < entries->len; i++) {
        const struct store_entry *e = g_ptr_array_index(entries, i);
        if (e->snapshot)
            g_ptr_array_add(snapshots, (gpointer)e->snapshot);
    }
    (void)g;
    arrange_set_input(a, (const struct snapshot *const *)snapshots->pdata, snapshots->len);
}

/* [NAME] after the kind is the plainest filter. */
static struct filter *make_filter(const struct get *g, GError **error)
{
    const char *name = cli_argument(g->cli, 1);
    g_autofree char *quoted = name ? g_strdup_printf("name=\"%s\"", name) : NULL;
    g_autofree char *text = g_strjoin(" ", quoted ? quoted : "", g->cli->filter, NULL);
    return filter_parse(text, g->kind->columns, NULL, NULL, error);
}

/* Columns that need samples over time, and none of them has come: one fetch cannot judge them. */
static bool lacks_history(const struct get *g, GPtrArray *entries)
{
    bool window = false;
    for (int c = 0; g->kind->columns[c].name; c++) {
        if (!(g->kind->columns[c].flags & COLUMN_F_WINDOW) ||
            g->kind->columns[c].flags & COLUMN_F_HIDDEN)
            continue;
        window = true;
        for (guint i = 0; i < entries->len; i++) {
            const struct snapshot *s = ((struct store_entry *)entries->pdata[i])->snapshot;
            for (size_t row = 0; s && row < snapshot_count(s); row++)
                if (snapshot_cell(s, row, c).type != CELL_NONE)
                    return false;
        }
    }
    return window;
}

static GPtrArray *incomplete_reasons(const struct get *g, GPtrArray *entries, bool cut)
{
    GPtrArray *reasons = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < g->failures->len; i++)
        g_ptr_array_add(reasons, g_strdup(g_ptr_array_index(g->failures, i)));
    for (guint i = 0; i < entries->len; i++) {
        const struct snapshot *s = ((struct store_entry *)entries->pdata[i])->snapshot;
        if (s && snapshot_incomplete(s))
            g_ptr_array_add(reasons, g_strdup(snapshot_incomplete(s)));
    }
    if (cut)
        g_ptr_array_add(reasons, g_strdup("limit"));
    if (lacks_history(g, entries))
        g_ptr_array_add(reasons, g_strdup("no history"));
    g_ptr_array_add(reasons, NULL);
    return reasons;
}

static int64_t snapshot_time(const struct get *g, GPtrArray *entries, const char *source)
{
    for (guint i = 0; i < entries->len; i++) {
        const struct store_entry *e = g_ptr_array_index(entries, i);
        if (e->snapshot && (is_derived(g) || strcmp(e->scope->source, source) == 0))
            return snapshot_at(e->snapshot);
    }
    return 0;
}

static GArray *source_lines(const struct get *g, GPtrArray *statuses, GPtrArray *entries)
{
    GArray *lines = g_array_new(FALSE, TRUE, sizeof(struct emit_source));
    for (guint i = 0; i < g->sources->len; i++) {
        const char *name = source_name(g_ptr_array_index(g->sources, i));
        for (guint j = 0; j < statuses->len; j++) {
            const struct source_status *status = g_ptr_array_index(statuses, j);
            if (strcmp(status->name, name) != 0)
                continue;
            struct emit_source line = {name, status_name(status->state),
                snapshot_time(g, entries, name), status->error ? status->error : status->partial};
            g_array_append_val(lines, line);
        }
    }
    return lines;
}

static int verdict(const struct get *g, const struct arrange *a, bool complete)
{
    size_t tally[4];
    arrange_tally(a, tally);
    bool bad = tally[HEALTH_FAIL] > 0;
    if (g->cli->fail_on && strcmp(g->cli->fail_on, "warn") == 0)
        bad |= tally[HEALTH_WARN] > 0;
    if (g->cli->fail_on && bad)
        return EXIT_PROBLEMS;
    if (g->failures->len > 0)
        return EXIT_SOURCE;
    return g->cli->fail_on && (!complete || tally[HEALTH_UNKNOWN] > 0) ? EXIT_SOURCE : EXIT_FINE;
}

static void say_failures(const struct get *g, const char *const *incomplete, size_t rows)
{
    for (guint i = 0; i < g->failures->len; i++)
        cli_complain("%s", (const char *)g_ptr_array_index(g->failures, i));
    for (; *incomplete; incomplete++)
        if (strcmp(*incomplete, "no history") == 0)
            cli_complain("no history: rates are absent; --wait 60s samples them");
    if (rows == 0 && g->failures->len == 0 && g->format == EMIT_TABLE)
        cli_complain("no %s", g->kind->name);
}

static int print_rows(struct get *g, const int *chosen, GError **error)
{
    collect_failures(g);
    g_autoptr(GPtrArray) entries = entries_of(g);
    g_autoptr(GPtrArray) statuses = engine_statuses(g->session->engine);
    AUTO(arrange) a = arrange_new();
    const char *sort = g->cli->sort ? g->cli->sort : g->kind->sort;
    struct filter *filter = make_filter(g, error);
    if (!filter || !arrange_set_sort(a, sort, g->kind->columns, error))
        return EXIT_USAGE;
    set_input(g, a, entries);
    arrange_set_filter(a, filter);
    arrange_finish(a, clock_wall_ms());
    size_t all = arrange_count(a);
    bool cut = g->cli->limit > 0 && all > (size_t)g->cli->limit;
    g_autoptr(GPtrArray) reasons = incomplete_reasons(g, entries, cut);
    g_autoptr(GArray) lines = source_lines(g, statuses, entries);
    struct emit e = {.format = g->format,
        .kind = g->kind,
        .columns = g->kind->columns,
        .chosen = chosen,
        .with_source = g->sources->len > 1 && !is_derived(g),
        .now_ms = clock_wall_ms(),
        .limit = cut ? (size_t)g->cli->limit : all,
        .sources = (struct emit_source *)(void *)lines->data,
        .source_count = lines->len,
        .incomplete = (const char *const *)reasons->pdata};
    g_autoptr(GString) out = g_string_new(NULL);
    emit_rows(out, &e, a);
    cli_print(out);
    say_failures(g, e.incomplete, all);
    return verdict(g, a, reasons->len == 1);
}

/* -- watching ------------------------------------------------------------------------------------ */

/* Prints a row when it is new or anything but the time of its reading has changed. */
static void print_changed(struct get *g, const struct emit *e, const struct snapshot *s, size_t row)
{
    g_autoptr(GString) line = g_string_new(NULL);
    g_autoptr(GString) address = g_string_new(NULL);
    emit_row_json(line, e, s, row);
    snapshot_append_address(s, row, address);
    g_autofree char *at = g_strdup("\"at\":\"");
    char *start = strstr(line->str, at);
    g_autofree char *comparable = g_strdup(line->str);
    if (start)
        memset(
            comparable + (start - line->str) + strlen(at), '-', strlen("2026-01-01T00:00:00.000Z"));
    const char *before = g_hash_table_lookup(g->printed, address->str);
    if (before && strcmp(before, comparable) == 0)
        return;
    g_hash_table_insert(g->printed, g_strdup(address->str), g_steal_pointer(&comparable));
    g_string_append_c(line, '\n');
    cli_print(line);
}

static int watch(struct get *g, GError **error)
{
    AUTO(filter) filter = make_filter(g, error);
    if (!filter)
        return EXIT_USAGE;
    struct emit e = {.format = EMIT_NDJSON, .kind = g->kind, .columns = g->kind->columns};
    int64_t end = g->watch_ms ? clock_mono_ms() + g->watch_ms : INT64_MAX;
    look(g);
    for (int64_t now; (now = clock_mono_ms()) < end;) {
        g_autoptr(GPtrArray) mail =
            engine_wait(g->session->engine, end == INT64_MAX ? -1 : end - now);
        bool derive = false;
        for (guint i = 0; i < mail->len; i++) {
            const struct mail *m = g_ptr_array_index(mail, i);
            take_mail(g, m);
            const struct snapshot *s = m->type == MAIL_SNAPSHOT ? m->snapshot : NULL;
            derive |= m->type == MAIL_STATUS || (s && snapshot_kind(s) != g->kind);
            e.now_ms = clock_wall_ms();
            for (size_t row = 0; s && snapshot_kind(s) == g->kind && row < snapshot_count(s); row++)
                if (filter_match(filter, s, row, e.now_ms))
                    print_changed(g, &e, s, row);
        }
        if (derive && is_derived(g))
            engine_set_inputs(
                g->session->engine, store_inputs(g->session->store, derived_connector()));
    }
    collect_failures(g);
    say_failures(g, (const char *const[]){NULL}, 1);
    return g->failures->len ? EXIT_SOURCE : EXIT_FINE;
}

static int run(struct get *g, const char *word, GError **error)
{
    struct choice chosen;
    if (!read_options(g, error) || !(g->kind = registry_kind(g->session->registry, word, error)))
        return EXIT_USAGE;
    if (g->cli->columns && !choice_parse(g->cli->columns, g->kind, &chosen, error))
        return EXIT_USAGE;
    AUTO(filter) probe = make_filter(g, error); /* a typing error should not wait for servers */
    AUTO(arrange) sorted = arrange_new();
    if (!probe || !arrange_set_sort(sorted, g->cli->sort, g->kind->columns, error) ||
        !find_scope(g, error) || !find_sources(g, error))
        return EXIT_USAGE;
    g->feed = session_feed(g->session, g->kind);
    start(g);
    if (g->cli->watch)
        return watch(g, error);
    gather(g);
    return print_rows(g, g->cli->columns ? chosen.column : NULL, error);
}

int cmd_get(const struct cli *cli)
{
    const char *word = cli->words && cli->words[0] ? cli_argument(cli, 0) : "problems";
    if (!word) {
        cli_complain("get what? `weir get KIND`, for example: weir get problems");
        return EXIT_USAGE;
    }
    AUTO(session) session = session_new(cli);
    if (!session || !session_prepare(session))
        return EXIT_USAGE;
    struct get g = {.cli = cli, .session = session};
    g.sources = g_ptr_array_new();
    g.failures = g_ptr_array_new_with_free_func(g_free);
    g.waiting = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g.printed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GError) error = NULL;
    int status = run(&g, word, &error);
    if (error)
        cli_complain("%s", error->message);
    rid_free(g.scope);
    g_ptr_array_unref(g.sources);
    g_ptr_array_unref(g.failures);
    g_hash_table_unref(g.waiting);
    g_hash_table_unref(g.printed);
    return status;
}
