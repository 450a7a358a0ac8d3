/* weir doctor: one line per thing that must hold for weir to be of use, with what to do about it. */
#include <string.h>

#include "clock.h"
#include "doctor.h"
#include "emit.h"
#include "error.h"
#include "history.h"
#include "rid.h"
#include "session.h"
#include "text.h"

#define DOCTOR_MS 32000

struct round {
    struct doctor doctor;
    struct session *session;
    GHashTable *waiting; /* id to struct source */
};

void doctor_line(
    struct doctor *d, enum health health, const char *what, const char *seen, const char *advice)
{
    static const char *const marks[] = {"ok  ", "?   ", "warn", "FAIL"};
    bool advise = advice && *advice && health != HEALTH_OK;
    d->worst = MAX(d->worst, health);
    if (d->rows) {
        doctor_add(d->rows, what, health, seen, advise ? advice : NULL);
        return;
    }
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GString) clean = g_string_new(NULL);
    text_clean(seen, -1, clean);
    g_string_append_printf(out, "%s  %-34s %s\n", marks[health], what, clean->str);
    if (advise)
        g_string_append_printf(out, "      -> %s\n", advice);
    cli_print(out);
}

static void check_config(struct round *r)
{
    const struct config *c = r->session->config;
    const struct environment *e = r->session->environment;
    g_autofree char *seen = g_strdup_printf("%s, environment %s (%s%s)",
        config_path(c) ? config_path(c) : "none: found on this machine", environment_name(e),
        environment_class_name(e), environment_read_only(e) ? ", read-only" : "");
    doctor_line(&r->doctor, HEALTH_OK, "configuration", seen, NULL);
    for (guint i = 0; i < environment_source_count(e); i++) {
        const struct source *s = environment_source_at((struct environment *)e, i);
        g_autofree char *what = g_strdup_printf("%s: found", source_name(s));
        if (source_origin(s))
            doctor_line(&r->doctor, HEALTH_OK, what, source_origin(s), NULL);
    }
}

static void check_history(struct round *r)
{
    if (!config_history(r->session->config)) {
        doctor_line(&r->doctor, HEALTH_OK, "history", "switched off (history: false)", NULL);
        return;
    }
    g_autofree char *folder = history_folder();
    AUTO(history)
    h = history_open(&(struct history_options){
        .folder = folder, .environment = environment_name(r->session->environment)});
    g_autoptr(GError) error = NULL;
    if (!history_check(h, clock_wall_ms(), &error)) {
        doctor_line(&r->doctor, HEALTH_WARN, "history", error->message,
            "nothing is recorded meanwhile: no trends, and a start remembers nothing");
        return;
    }
    unsigned files;
    int64_t bytes;
    history_usage(h, &files, &bytes);
    g_autofree char *seen = g_strdup_printf("%s: %u %s, %.1f of %d MB", folder, files,
        files == 1 ? "day" : "days", (double)bytes / (1 << 20), (int)(HISTORY_BYTES_MAX >> 20));
    doctor_line(&r->doctor, HEALTH_OK, "history", seen, NULL);
}

static void ask_sources(struct round *r)
{
    const char *only = cli_argument(r->doctor.cli, 0);
    struct environment *e = r->session->environment;
    for (guint i = 0; i < environment_source_count(e); i++) {
        struct source *s = environment_source_at(e, i);
        if (only && strcmp(source_name(s), only) != 0)
            continue;
        engine_start(r->session->engine, s, true);
        guint64 id = source_connector(s)->check ? engine_check(r->session->engine, s) : 0;
        if (id)
            g_hash_table_insert(r->waiting, g_memdup2(&id, sizeof id), s);
    }
}

static void print_answer(struct round *r, const struct mail *m, const char *name)
{
    for (size_t row = 0; m->snapshot && row < snapshot_count(m->snapshot); row++) {
        struct cell seen = snapshot_cell(m->snapshot, row, DOCTOR_SEEN);
        struct cell advice = snapshot_cell(m->snapshot, row, DOCTOR_ADVICE);
        const struct row *found = snapshot_row(m->snapshot, row);
        g_autofree char *what = g_strdup_printf("%s: %s", name, found->name);
        doctor_line(&r->doctor, found->health, what, seen.type == CELL_TEXT ? seen.text : "-",
            advice.type == CELL_TEXT ? advice.text : NULL);
    }
    if (m->error)
        doctor_line(&r->doctor, HEALTH_FAIL, name, m->error->message, NULL);
}

static void wait_answers(struct round *r, int64_t timeout_ms)
{
    int64_t end = clock_mono_ms() + timeout_ms;
    for (int64_t now; g_hash_table_size(r->waiting) && (now = clock_mono_ms()) < end;) {
        g_autoptr(GPtrArray) mail = engine_wait(r->session->engine, end - now);
        for (guint i = 0; i < mail->len; i++) {
            const struct mail *m = g_ptr_array_index(mail, i);
            struct source *s = g_hash_table_lookup(r->waiting, &m->id);
            if (m->type != MAIL_REPLY || !s)
                continue;
            print_answer(r, m, source_name(s));
            g_hash_table_remove(r->waiting, &m->id);
        }
    }
    GHashTableIter iter;
    gpointer s;
    g_hash_table_iter_init(&iter, r->waiting);
    while (g_hash_table_iter_next(&iter, NULL, &s))
        doctor_line(&r->doctor, HEALTH_FAIL, source_name(s), "no answer in time",
            "--timeout gives it longer");
}

/* The rows as `weir get` would print them. */
static void print_rows(struct doctor *d, enum emit_format format)
{
    const struct snapshot *rows = snapshot_seal(g_steal_pointer(&d->rows));
    static const char *const complete[] = {NULL};
    AUTO(arrange) a = arrange_new();
    arrange_set_input(a, &rows, 1);
    arrange_finish(a, clock_wall_ms());
    struct emit e = {.format = format,
        .kind = &kind_doctor,
        .columns = kind_doctor.columns,
        .now_ms = clock_wall_ms(),
        .limit = arrange_count(a),
        .incomplete = complete};
    g_autoptr(GString) out = g_string_new(NULL);
    emit_rows(out, &e, a);
    cli_print(out);
    snapshot_unref(rows);
}

static int check_sources(struct round *r, int64_t timeout_ms)
{
    const char *only = cli_argument(r->doctor.cli, 0);
    g_autoptr(GError) error = NULL;
    AUTO(rid) rid = only ? rid_parse(only, &error) : NULL;
    if (only && (!rid || !session_source(r->session, rid, &error))) {
        cli_complain("%s", error->message);
        return EXIT_USAGE;
    }
    doctor_library(&r->doctor, r->session->library);
    check_config(r);
    check_history(r);
    r->waiting = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    ask_sources(r);
    wait_answers(r, timeout_ms);
    g_hash_table_unref(r->waiting);
    return r->doctor.worst == HEALTH_FAIL ? EXIT_SOURCE : EXIT_FINE;
}

int cmd_doctor(const struct cli *cli)
{
    enum emit_format format = EMIT_TABLE;
    gint64 timeout = cli_span("timeout", cli->timeout, DOCTOR_MS);
    if (timeout < 0)
        return EXIT_USAGE;
    if (cli->output && !emit_format_parse(cli->output, &format)) {
        g_autofree char *all = g_strjoinv(", ", (char **)emit_format_names);
        cli_complain("-o %s: no such format; there are: %s", cli->output, all);
        return EXIT_USAGE;
    }
    AUTO(rid) weir = rid_source("weir");
    struct round r = {.doctor = {.cli = cli}};
    if (cli->output)
        r.doctor.rows = snapshot_new(&kind_doctor, weir, clock_wall_ms());
    doctor_here(&r.doctor);
    AUTO(session) session = session_new(cli);
    r.session = session;
    int status = EXIT_USAGE;
    if (session && session_prepare(session))
        status = check_sources(&r, timeout);
    else
        doctor_line(&r.doctor, HEALTH_FAIL, "configuration", "it cannot be used",
            "`weir config check` names what is wrong; without a file: weir config init");
    if (r.doctor.rows)
        print_rows(&r.doctor, format);
    return status;
}
