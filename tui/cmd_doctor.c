/* weir doctor: one line per thing that must hold for weir to be of use, with what to do about it.
 * And the two commands that need no server at all: config and version. */
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "clock.h"
#include "error.h"
#include "rid.h"
#include "session.h"

#define DOCTOR_MS 32000

struct doctor {
    const struct cli *cli;
    struct session *session;
    GString *out;
    int worst;
    GHashTable *waiting; /* id to struct source */
};

static void line(
    struct doctor *d, enum health health, const char *what, const char *seen, const char *advice)
{
    static const char *const marks[] = {"ok  ", "?   ", "warn", "FAIL"};
    g_string_append_printf(d->out, "%s  %-34s %s\n", marks[health], what, seen);
    if (advice && *advice && health != HEALTH_OK)
        g_string_append_printf(d->out, "      -> %s\n", advice);
    d->worst = MAX(d->worst, (int)health);
    cli_print(d->out);
    g_string_truncate(d->out, 0);
}

static void check_terminal(struct doctor *d)
{
    const char *term = g_getenv("TERM");
    bool dumb = !term || !*term || strcmp(term, "dumb") == 0;
    line(d, dumb ? HEALTH_WARN : HEALTH_OK, "terminal", term ? term : "TERM is not set",
        "the console needs a terminal that can move its cursor; `weir get` does not");
    bool utf8 = d->cli->utf8;
    line(d, utf8 ? HEALTH_OK : HEALTH_WARN, "locale", utf8 ? "UTF-8" : "not UTF-8",
        "set LC_ALL=C.UTF-8; until then names are drawn in ASCII");
}

static void check_config(struct doctor *d)
{
    const struct config *c = d->session->config;
    g_autofree char *seen = g_strdup_printf("%s, environment %s (%s%s)",
        config_path(c) ? config_path(c) : "none: found on this machine",
        environment_name(d->session->environment), environment_class_name(d->session->environment),
        environment_read_only(d->session->environment) ? ", read-only" : "");
    line(d, HEALTH_OK, "configuration", seen, NULL);
}

static void check_history(struct doctor *d)
{
    if (!config_history(d->session->config)) {
        line(d, HEALTH_OK, "history", "switched off (history: false)", NULL);
        return;
    }
    g_autofree char *folder = history_folder();
    AUTO(history)
    h = history_open(&(struct history_options){
        .folder = folder, .environment = environment_name(d->session->environment)});
    g_autoptr(GError) error = NULL;
    if (!history_check(h, clock_wall_ms(), &error)) {
        line(d, HEALTH_WARN, "history", error->message,
            "nothing is recorded meanwhile: no trends, and a start remembers nothing");
        return;
    }
    unsigned files;
    int64_t bytes;
    history_usage(h, &files, &bytes);
    g_autofree char *seen = g_strdup_printf("%s: %u %s, %.1f of %d MB", folder, files,
        files == 1 ? "day" : "days", (double)bytes / (1 << 20), (int)(HISTORY_BYTES_MAX >> 20));
    line(d, HEALTH_OK, "history", seen, NULL);
}

static void ask_sources(struct doctor *d)
{
    const char *only = cli_argument(d->cli, 0);
    struct environment *e = d->session->environment;
    for (guint i = 0; i < environment_source_count(e); i++) {
        struct source *s = environment_source_at(e, i);
        if (only && strcmp(source_name(s), only) != 0)
            continue;
        engine_start(d->session->engine, s, true);
        guint64 id = source_connector(s)->check ? engine_check(d->session->engine, s) : 0;
        if (id)
            g_hash_table_insert(d->waiting, g_memdup2(&id, sizeof id), s);
    }
}

static void print_answer(struct doctor *d, const struct mail *m, const char *name)
{
    for (size_t row = 0; m->snapshot && row < snapshot_count(m->snapshot); row++) {
        struct cell seen = snapshot_cell(m->snapshot, row, DOCTOR_SEEN);
        struct cell advice = snapshot_cell(m->snapshot, row, DOCTOR_ADVICE);
        const struct row *r = snapshot_row(m->snapshot, row);
        g_autofree char *what = g_strdup_printf("%s: %s", name, r->name);
        line(d, r->health, what, seen.type == CELL_TEXT ? seen.text : "-",
            advice.type == CELL_TEXT ? advice.text : NULL);
    }
    if (m->error)
        line(d, HEALTH_FAIL, name, m->error->message, NULL);
}

static void wait_answers(struct doctor *d, int64_t timeout_ms)
{
    int64_t end = clock_mono_ms() + timeout_ms;
    for (int64_t now; g_hash_table_size(d->waiting) && (now = clock_mono_ms()) < end;) {
        g_autoptr(GPtrArray) mail = engine_wait(d->session->engine, end - now);
        for (guint i = 0; i < mail->len; i++) {
            const struct mail *m = g_ptr_array_index(mail, i);
            struct source *s = g_hash_table_lookup(d->waiting, &m->id);
            if (m->type != MAIL_REPLY || !s)
                continue;
            print_answer(d, m, source_name(s));
            g_hash_table_remove(d->waiting, &m->id);
        }
    }
    GHashTableIter iter;
    gpointer s;
    g_hash_table_iter_init(&iter, d->waiting);
    while (g_hash_table_iter_next(&iter, NULL, &s))
        line(d, HEALTH_FAIL, source_name(s), "no answer in time", "--timeout gives it longer");
}

int cmd_doctor(const struct cli *cli)
{
    AUTO(session) session = session_new(cli);
    if (!session || !session_prepare(session))
        return EXIT_USAGE;
    gint64 timeout = cli_span("timeout", cli->timeout, DOCTOR_MS);
    if (timeout < 0)
        return EXIT_USAGE;
    const char *only = cli_argument(cli, 0);
    if (only) {
        g_autoptr(GError) error = NULL;
        AUTO(rid) rid = rid_parse(only, &error);
        if (!rid || !session_source(session, rid, &error)) {
            cli_complain("%s", error->message);
            return EXIT_USAGE;
        }
    }
    struct doctor d = {.cli = cli, .session = session, .out = g_string_new(NULL)};
    d.waiting = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    check_terminal(&d);
    check_config(&d);
    check_history(&d);
    ask_sources(&d);
    wait_answers(&d, timeout);
    g_hash_table_unref(d.waiting);
    g_string_free(d.out, TRUE);
    return d.worst == HEALTH_FAIL ? EXIT_SOURCE : EXIT_FINE;
}

int cmd_config(const struct cli *cli)
{
    const char *verb = cli_argument(cli, 0);
    if (!verb || (strcmp(verb, "check") != 0 && strcmp(verb, "show") != 0)) {
        cli_complain("write `weir config check` or `weir config show`");
        return EXIT_USAGE;
    }
    AUTO(session) session = session_new(cli);
    if (!session || !session_prepare(session))
        return EXIT_USAGE;
    g_autoptr(GString) out = g_string_new(NULL);
    if (strcmp(verb, "show") == 0) {
        config_show(session->config, out);
    } else {
        const char *path = config_path(session->config);
        g_string_append_printf(out, "%s: fine, %u environments, %u sources in \"%s\"\n",
            path ? path : "no configuration file", config_environment_count(session->config),
            environment_source_count(session->environment), environment_name(session->environment));
    }
    cli_print(out);
    return EXIT_FINE;
}

int cmd_version(const struct cli *cli)
{
    struct cli none = {.config = cli->config};
    g_autoptr(GString) out = g_string_new("weir " WEIR_VERSION "\n");
    AUTO(session) session = session_new(&none);
    if (session && session_prepare(session)) {
        session->library->versions(out);
        g_string_append_c(out, '\n');
    }
    cli_print(out);
    return EXIT_FINE;
}
