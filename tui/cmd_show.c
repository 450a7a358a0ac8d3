/* weir show and weir logs: one object whole, and the lines of one log. */
#include <string.h>

#include "cli.h"
#include "clock.h"
#include "emit.h"
#include "error.h"
#include "quantity.h"
#include "rid.h"
#include "session.h"

#define SHOW_MS 32000

/* What both commands begin with: the address, its source, and a lane. */
struct target {
    struct session *session;
    struct rid *rid;
    struct source *source;
};

static gboolean find_target(
    struct target *t, const struct cli *cli, struct session *session, GError **error)
{
    const char *address = cli_argument(cli, 0);
    if (!address)
        return weir_fail(error, WEIR_ERROR_USAGE, "an address is needed: SOURCE/KIND/NAME");
    t->session = session;
    t->rid = rid_parse(address, error);
    t->source = t->rid ? session_source(session, t->rid, error) : NULL;
    if (!t->source)
        return FALSE;
    const struct connector *c = source_connector(t->source);
    if (!registry_kind_of(session->registry, c, t->rid)) {
        g_autoptr(GString) all = g_string_new(NULL);
        for (const struct kind *const *k = c->kinds; *k; k++)
            g_string_append_printf(all, " %s", kind_segment(*k));
        return weir_fail(error, WEIR_ERROR_USAGE, "address \"%s\": a source of type %s has:%s",
            address, c->name, all->str);
    }
    engine_start(session->engine, t->source, true);
    return TRUE;
}

static struct mail *steal_reply(GPtrArray *mail, guint64 id, enum mail_type type)
{
    for (guint i = 0; i < mail->len; i++) {
        const struct mail *m = g_ptr_array_index(mail, i);
        if (m->type == type && m->id == id)
            return g_ptr_array_steal_index(mail, i);
    }
    return NULL;
}

static int print_reply(const struct mail *m, const struct cli *cli)
{
    g_autoptr(GString) out = g_string_new(NULL);
    bool json = g_strcmp0(cli->output, "json") == 0;
    if (cli->raw)
        g_string_append(out, m->raw);
    else if (m->snapshot)
        emit_detail(out, m->snapshot, json, clock_wall_ms());
    if (out->len && out->str[out->len - 1] != '\n')
        g_string_append_c(out, '\n');
    cli_print(out);
    return EXIT_FINE;
}

static int exit_code(const GError *error)
{
    switch (error->code) {
    case WEIR_ERROR_USAGE:
    case WEIR_ERROR_CONFIG: return EXIT_USAGE;
    case WEIR_ERROR_REFUSED: return EXIT_REFUSED;
    default: return EXIT_SOURCE;
    }
}

static int show(struct target *t, const struct cli *cli, GError **error)
{
    gint64 timeout = cli_span("timeout", cli->timeout, SHOW_MS);
    if (timeout < 0)
        return EXIT_USAGE;
    if (!source_connector(t->source)->show) {
        weir_fail(error, WEIR_ERROR_UNSUPPORTED, "%s has nothing to show", source_name(t->source));
        return EXIT_USAGE;
    }
    guint64 id = engine_show(t->session->engine, t->source, t->rid);
    int64_t end = clock_mono_ms() + timeout;
    for (int64_t now; (now = clock_mono_ms()) < end;) {
        g_autoptr(GPtrArray) mail = engine_wait(t->session->engine, end - now);
        struct mail *m = steal_reply(mail, id, MAIL_REPLY);
        if (!m)
            continue;
        int status = m->error ? exit_code(m->error) : print_reply(m, cli);
        *error = g_steal_pointer(&m->error);
        mail_free(m);
        return status;
    }
    weir_fail(error, WEIR_ERROR_TIMEOUT, "%s: no answer within %d s", source_name(t->source),
        (int)(timeout / 1000));
    return EXIT_SOURCE;
}

static int run(const struct cli *cli, int (*act)(struct target *, const struct cli *, GError **))
{
    AUTO(session) session = session_new(cli);
    if (!session || !session_prepare(session))
        return EXIT_USAGE;
    struct target t = {0};
    g_autoptr(GError) error = NULL;
    int status = find_target(&t, cli, session, &error) ? act(&t, cli, &error) : EXIT_USAGE;
    if (error)
        cli_complain("%s", error->message);
    rid_free(t.rid);
    return status;
}

int cmd_show(const struct cli *cli)
{
    return run(cli, show);
}

/* -- logs ---------------------------------------------------------------------------------------- */

static void append_line(GString *out, const struct snapshot *s, size_t row)
{
    struct cell at = snapshot_cell(s, row, LOG_TIME);
    struct cell level = snapshot_cell(s, row, LOG_LEVEL);
    struct cell text = snapshot_cell(s, row, LOG_TEXT);
    if (at.type == CELL_TIME_MS) {
        quantity_append_iso(out, at.i);
        g_string_append_c(out, ' ');
    }
    if (level.type == CELL_STATE)
        g_string_append_printf(out, "%-7s ", level.text);
    if (text.type == CELL_TEXT)
        g_string_append(out, text.text);
    g_string_append_c(out, '\n');
}

static bool print_chunk(const struct snapshot *s)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (size_t row = 0; row < snapshot_count(s); row++)
        append_line(out, s, row);
    return cli_print(out);
}

static int logs(struct target *t, const struct cli *cli, GError **error)
{
    struct stream_options options = {.follow = cli->follow, .tail = cli->tail, .try = cli->try};
    gint64 since = cli_span("since", cli->since, 0);
    if (since < 0)
        return EXIT_USAGE;
    options.since_ms = since ? clock_wall_ms() - since : 0;
    if (!source_connector(t->source)->follow) {
        weir_fail(error, WEIR_ERROR_UNSUPPORTED, "%s has no logs", source_name(t->source));
        return EXIT_USAGE;
    }
    guint64 id = engine_follow(t->session->engine, t->source, t->rid, &options);
    for (;;) {
        g_autoptr(GPtrArray) mail = engine_wait(t->session->engine, -1);
        for (guint i = 0; i < mail->len; i++) {
            struct mail *m = g_ptr_array_index(mail, i);
            if (m->id != id)
                continue;
            if (m->type == MAIL_CHUNK && !print_chunk(m->snapshot))
                return EXIT_FINE; /* the reader has seen enough */
            if (m->type != MAIL_END)
                continue;
            *error = g_steal_pointer(&m->error);
            return *error ? exit_code(*error) : EXIT_FINE;
        }
    }
}

int cmd_logs(const struct cli *cli)
{
    return run(cli, logs);
}
