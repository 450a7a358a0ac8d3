/* One host after the other would take minutes, a thread per host would need locks: so every shell is a
 * small state machine, and shell_poll() steps all of a set that have something to do. Before a shell
 * connects it waits for its turn: SHELL_OPENING_MAX do so at a time, since sshd drops what comes in
 * bursts (MaxStartups 10:30:100). */
#include "shell_private.h"

#include <errno.h>
#include <string.h>

#include "action.h"
#include "clock.h"
#include "lane.h"
#include "text.h"

#define SAID_MAX 200   /* bytes of what a shell says instead of an answer */
#define IN_KEPT  65536 /* of its memory, from one answer to the next */

/* How long each stage may take. Logging in includes an agent that asks somebody. */
static const int64_t stage_max_ms[STAGE_COUNT] = {
    [STAGE_CONFIG] = 5000,
    [STAGE_NAME] = 5000,
    [STAGE_CONNECT] = 5000,
    [STAGE_KEY] = 10000,
    [STAGE_LOGIN] = 15000,
    [STAGE_SHELL] = 10000,
};

/* Of a spawned ssh, or of a command, until its shell answers. The doctor sees the second one end. */
#define SPAWN_MAX_MS   20000
#define COMMAND_MAX_MS 15000

static const char *const stage_names[STAGE_COUNT] = {
    [STAGE_CONFIG] = "reading ssh's configuration",
    [STAGE_NAME] = "looking up the address",
    [STAGE_CONNECT] = "connecting",
    [STAGE_KEY] = "agreeing on algorithms and keys",
    [STAGE_LOGIN] = "logging in",
    [STAGE_SHELL] = "starting a shell",
};

const char *shell_stage_name(enum shell_stage stage)
{
    return stage_names[stage];
}

/* -- making and freeing -------------------------------------------------------------------------- */

static void facts_clear(struct shell_facts *f)
{
    char **texts[] = {&f->transport, &f->why, &f->address, &f->user, &f->server, &f->methods,
        &f->key, &f->known_at, &f->login};
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++)
        g_clear_pointer(texts[i], g_free);
    for (unsigned i = 0; i < STAGE_COUNT; i++)
        f->stage_ms[i] = -1;
}

void shell_count(struct shell *s, bool opening)
{
    if (s->counted != opening)
        s->set->opening += opening ? 1 : (unsigned)-1;
    s->counted = opening;
}

void shell_drop_wire(struct shell *s)
{
    if (s->wire)
        s->bytes += s->wire->received + s->wire->sent;
    g_clear_pointer(&s->wire, wire_free);
}

/* A huge answer is not to hold its memory once it is gone: there are hundreds of hosts. */
static void empty_in(struct shell *s)
{
    if (s->in->allocated_len > IN_KEPT) {
        g_string_free(s->in, TRUE);
        s->in = g_string_new(NULL);
    }
    g_string_truncate(s->in, 0);
    s->searched = 0;
}

/* Everything of a connection, but not what it left behind: error, facts. */
static void drop_connection(struct shell *s)
{
    shell_count(s, false);
    g_clear_pointer(&s->child, child_free);
    shell_drop_wire(s);
    g_clear_pointer(&s->target, ssh_target_free);
    g_clear_pointer(&s->marker, g_free);
    g_clear_pointer(&s->line, g_free);
    g_clear_pointer(&s->said, g_free);
    s->heeded = false;
    s->opened_ms = 0;
    g_string_truncate(s->answer, 0);
    g_string_truncate(s->out, 0);
    empty_in(s);
}

static void shell_free(gpointer data)
{
    struct shell *s = data;
    drop_connection(s);
    facts_clear(&s->facts);
    g_clear_error(&s->error);
    g_string_free(s->answer, TRUE);
    g_string_free(s->out, TRUE);
    g_string_free(s->in, TRUE);
    g_free(s->spawn_why);
    g_strfreev(s->key_files);
    g_strfreev(s->command);
    g_free(s->host);
    g_free(s);
}

struct shell_set *shell_set_new(const struct connector *connector, const char *ssh_config)
{
    struct shell_set *set = g_new0(struct shell_set, 1);
    set->connector = connector;
    set->ssh_config = g_strdup(ssh_config);
    set->shells = g_ptr_array_new_with_free_func(shell_free);
    set->fds = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
    return set;
}

void shell_set_lane(struct shell_set *set, struct lane *l)
{
    set->lane = l;
}

void shell_set_free(struct shell_set *set)
{
    if (!set)
        return;
    g_ptr_array_unref(set->shells);
    g_array_unref(set->fds);
    g_free(set->ssh_config);
    g_free(set);
}

struct shell *shell_add(struct shell_set *set, const char *host)
{
    struct shell *s = g_new0(struct shell, 1);
    s->set = set;
    s->host = g_strdup(host);
    s->answer = g_string_new(NULL);
    s->out = g_string_new(NULL);
    s->in = g_string_new(NULL);
    facts_clear(&s->facts);
    g_ptr_array_add(set->shells, s);
    return s;
}

void shell_set_command(struct shell *s, const char *const *argv)
{
    g_strfreev(s->command);
    s->command = g_strdupv((char **)argv);
}

char *shell_command_text(const struct shell *s)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (char **word = s->command; *word; word++) {
        if (text->len > 0)
            g_string_append_c(text, ' ');
        text_append_shell_word(text, *word);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* -- telling ------------------------------------------------------------------------------------- */

/* The question without the random words that only mark its answer: they stand in the marker as well. */
static char *question(const struct shell *s)
{
    g_auto(GStrv) words = g_strsplit(s->line, " ", -1);
    GString *out = g_string_new(words[0]);
    for (char **word = words + 1; words[0] && *word; word++)
        if (**word && !strstr(s->marker, *word))
            g_string_append_printf(out, " %s", *word);
    return g_string_free(out, FALSE);
}

/* A line, or the making of a connection, has come to its end. error: why not to a good one, or NULL. */
static void tell(const struct shell *s, bool line, int64_t bytes, const GError *error)
{
    if (!s->set->lane)
        return;
    int64_t took_ms = clock_mono_ms() - (line ? s->asked_ms : s->opened_ms);
    g_autofree char *what = line ? question(s) : g_strdup("connect");
    g_autofree char *target = g_strconcat(s->host, ": ", what, NULL);
    const struct request_note note = {
        .method = "SHELL",
        .target = target,
        .status = error ? request_error_word(error) : "ok",
        .why = error ? error->message : NULL,
        .at_ms = lane_now_ms(s->set->lane) - took_ms,
        .took_ms = took_ms,
        .bytes_in = bytes,
    };
    lane_note_request(s->set->lane, &note);
}

/* What was going on when the connection came to nothing. */
static void tell_end(const struct shell *s, const GError *error)
{
    if (s->state == SHELL_BUSY)
        tell(s, true, (int64_t)s->in->len, error);
    else if (s->opened_ms > 0)
        tell(s, false, s->wire ? s->wire->received : 0, error);
}

/* -- failing ------------------------------------------------------------------------------------- */

void shell_fail(struct shell *s, enum shell_trouble trouble, GError *take_error)
{
    tell_end(s, take_error);
    drop_connection(s);
    s->state = SHELL_FAILED;
    s->trouble = trouble;
    s->progress_ms = clock_mono_ms();
    g_clear_error(&s->error);
    s->error = take_error;
}

void shell_fail_text(
    struct shell *s, enum shell_trouble trouble, enum weir_error code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    GError *error = NULL;
    weir_fail(&error, code, "%s", text);
    shell_fail(s, trouble, error);
}

/* -- carrying ------------------------------------------------------------------------------------ */

/* A shell that never answers may have said why, before it was asked. */
static void keep_said(struct shell *s, const char *text)
{
    if (!*text || s->heeded || strlen(text) > SAID_MAX)
        return;
    g_free(s->said);
    s->said = g_strdup(text);
}

static void look_for_marker(struct shell *s)
{
    /* What nobody asked for is not kept: a login banner, a shell that talks. */
    if (s->state != SHELL_BUSY) {
        keep_said(s, s->in->str + MIN(s->in->len, s->searched));
        g_string_truncate(s->in, MIN(s->in->len, s->searched));
        return;
    }
    gsize length = strlen(s->marker);
    gsize from = s->searched > length ? s->searched - length : 0;
    const char *found = g_strstr_len(s->in->str + from, (gssize)(s->in->len - from), s->marker);
    s->searched = s->in->len;
    if (found) {
        s->state = SHELL_ANSWERED;
        s->answered_ms = clock_mono_ms();
        if (!s->heeded && s->facts.stage_ms[STAGE_SHELL] < 0) /* a spawned one, proven by this */
            s->facts.stage_ms[STAGE_SHELL] = s->answered_ms - s->stage_began_ms;
        s->heeded = true;
        s->searched = (gsize)(found - s->in->str) + length;
        tell(s, true, (int64_t)s->searched, NULL);
    } else if (s->in->len > SHELL_REPLY_MAX) {
        shell_fail_text(s, TROUBLE_BROKEN, WEIR_ERROR_TOO_LARGE,
            "its answer is longer than %d bytes; the connection was closed", SHELL_REPLY_MAX);
    }
}

/* A login shell that does not let anything run says so on its output: "This account is currently not
 * available." */
static GError *with_last_line(const struct shell *s, GError *take_error)
{
    bool now = s->state == SHELL_BUSY && s->in->len > 0 && s->in->len <= SAID_MAX;
    if (!now && (s->heeded || !s->said))
        return take_error;
    g_autoptr(GString) said = g_string_new(NULL);
    g_autofree char *text = g_strdup(now ? s->in->str : s->said);
    text_clean(g_strstrip(text), -1, said);
    GError *error = NULL;
    weir_fail(&error, (enum weir_error)take_error->code, "%s; it said \"%s\"", take_error->message,
        said->str);
    g_error_free(take_error);
    return error;
}

static void step_wiring(struct shell *s)
{
    GError *error = NULL;
    struct wire *w = s->wire;
    int64_t received = w->received;
    bool ok = w->ops->step(w, s->out, s->in, &error);
    if (w->received != received || w->stage != s->stage)
        s->progress_ms = clock_mono_ms();
    if (w->stage != s->stage)
        s->stage_began_ms = s->progress_ms;
    s->stage = w->stage;
    if (s->asked_ms && !s->first_ms && w->received != received && w->up)
        s->first_ms = s->progress_ms;
    look_for_marker(s);
    if (s->state == SHELL_FAILED) {
        g_clear_error(&error);
        return;
    }
    if (!ok && w->other_why && !w->up)
        return shell_change_transport(s, error);
    if (!ok)
        return shell_fail(s, w->trouble, with_last_line(s, error));
    if (w->up && s->state == SHELL_OPENING) {
        s->state = SHELL_READY;
        if (!w->assumed) /* else the first answer proves it */
            tell(s, false, w->received, NULL);
        s->opened_ms = 0;
    }
    if (w->up && !w->assumed)
        shell_count(s, false);
    s->kicked = w->again;
}

static bool is_opening(const struct shell *s)
{
    return s->state == SHELL_OPENING || (s->wire && s->wire->assumed);
}

static int64_t stage_limit(const struct shell *s)
{
    if (s->phase == WIRING && s->wire->assumed)
        return s->command ? COMMAND_MAX_MS : SPAWN_MAX_MS;
    if (s->stage == STAGE_CONNECT && s->target && s->target->connect_ms)
        return s->target->connect_ms;
    return stage_max_ms[s->stage];
}

/* Being late is only noticed after a step: what came while nobody looked counts. */
static void check_time(struct shell *s)
{
    if (!is_opening(s) || s->state == SHELL_FAILED)
        return;
    int64_t limit = stage_limit(s);
    if (clock_mono_ms() - s->stage_began_ms < limit)
        return;
    if (s->command) {
        g_autofree char *text = shell_command_text(s);
        return shell_fail_text(s, TROUBLE_TIMEOUT, WEIR_ERROR_TIMEOUT,
            "no answer within %" G_GINT64_FORMAT " s from its command; try: echo uname | %s",
            limit / 1000, text);
    }
    g_autofree char *command = ssh_target_command(s->host, s->set->ssh_config);
    const char *doing = s->wire && s->wire->assumed ? "connecting with ssh" : stage_names[s->stage];
    shell_fail_text(s, s->stage == STAGE_CONNECT ? TROUBLE_CONNECT : TROUBLE_TIMEOUT,
        WEIR_ERROR_TIMEOUT, "no answer within %" G_GINT64_FORMAT " s while %s%s%s; try %s",
        limit / 1000, doing, s->facts.address ? " to " : "",
        s->facts.address ? s->facts.address : "", command);
}

static void step(struct shell *s)
{
    s->kicked = false;
    switch (s->phase) {
    case ASKING: shell_step_asking(s); break;
    case NAMING: shell_step_naming(s); break;
    case WIRING:
    default: step_wiring(s); break;
    }
    check_time(s);
}

/* -- the loop ------------------------------------------------------------------------------------ */

static bool is_alive(const struct shell *s)
{
    return s->child || s->wire;
}

/* A host that hangs keeps its own deadline, but not its turn. One that goes through the system's ssh
 * does keep it: many may share a bastion, and its sshd would drop the rest of the crowd. */
static void release_stuck(struct shell_set *set)
{
    int64_t now = clock_mono_ms();
    for (guint i = 0; i < set->shells->len; i++) {
        struct shell *s = g_ptr_array_index(set->shells, i);
        bool shared = s->wire && s->wire->assumed && s->wire->shared;
        if (s->counted && !shared && now - s->progress_ms > SHELL_STUCK_MS)
            shell_count(s, false);
    }
}

static void admit(struct shell_set *set)
{
    unsigned alive = 0;
    for (guint i = 0; i < set->shells->len; i++)
        alive += is_opening(g_ptr_array_index(set->shells, i));
    for (guint i = 0; i < set->shells->len; i++) {
        struct shell *s = g_ptr_array_index(set->shells, i);
        if (set->opening >= SHELL_OPENING_MAX || alive >= SHELL_HANGING_MAX)
            return;
        if (s->state == SHELL_WAITING) {
            shell_begin(s);
            alive++;
        }
    }
}

/* Fills set->fds; whether some shell can go on without waiting. */
static bool collect(struct shell_set *set)
{
    bool kicked = false;
    g_array_set_size(set->fds, 0);
    for (guint i = 0; i < set->shells->len; i++) {
        struct shell *s = g_ptr_array_index(set->shells, i);
        struct pollfd fds[WIRE_FDS];
        bool sending = s->out->len > 0;
        s->fd_at = set->fds->len;
        s->fd_count = s->wire    ? s->wire->ops->watch(s->wire, sending, fds)
                      : s->child ? child_watch(s->child, false, fds)
                                 : 0;
        g_array_append_vals(set->fds, fds, s->fd_count);
        kicked |= s->kicked && is_alive(s);
    }
    return kicked;
}

static bool has_event(const struct shell *s)
{
    for (unsigned i = 0; i < s->fd_count; i++)
        if (g_array_index(s->set->fds, struct pollfd, s->fd_at + i).revents)
            return true;
    return false;
}

void shell_poll(struct shell_set *set, int64_t ms)
{
    release_stuck(set);
    admit(set);
    bool kicked = collect(set);
    struct pollfd *fds = (struct pollfd *)(void *)set->fds->data;
    if (poll(fds, set->fds->len, kicked ? 0 : (int)MIN(ms, G_MAXINT)) < 0 && errno != EINTR)
        return;
    /* A shell that connects is stepped always: its deadlines, and those of an agent, have no fd. */
    for (guint i = 0; i < set->shells->len; i++) {
        struct shell *s = g_ptr_array_index(set->shells, i);
        if (is_alive(s) && (s->kicked || is_opening(s) || has_event(s)))
            step(s);
    }
}

/* -- for the connector --------------------------------------------------------------------------- */

void shell_open(struct shell *s)
{
    shell_close(s);
    s->state = SHELL_WAITING;
    s->stage = STAGE_CONFIG;
    s->progress_ms = clock_mono_ms();
}

void shell_close(struct shell *s)
{
    g_autoptr(GError) given_up = NULL;
    weir_fail(&given_up, WEIR_ERROR_TIMEOUT, "%s: closed before it had answered", s->host);
    tell_end(s, given_up);
    drop_connection(s);
    facts_clear(&s->facts);
    g_clear_error(&s->error);
    s->trouble = TROUBLE_NONE;
    s->state = SHELL_CLOSED;
    s->asked_ms = s->first_ms = s->answered_ms = 0;
}

bool shell_send(struct shell *s, const char *line, const struct gate_token *token, GError **error)
{
    if (s->state != SHELL_READY)
        return weir_fail(error, WEIR_ERROR_PROTOCOL, "%s: its shell is not ready", s->host);
    if (!gate_permit(s->set->connector, "SHELL", line, token, error))
        return false;
    g_string_append(s->out, line);
    g_string_append_c(s->out, '\n');
    s->kicked = true;
    return true;
}

bool shell_ask(struct shell *s, const char *line, const char *marker,
    const struct gate_token *token, GError **error)
{
    if (!shell_send(s, line, token, error))
        return false;
    g_free(s->marker);
    s->marker = g_strconcat(marker, "\n", NULL);
    g_free(s->line);
    s->line = g_strdup(line);
    empty_in(s);
    s->asked_ms = clock_mono_ms();
    s->first_ms = s->answered_ms = 0;
    s->state = SHELL_BUSY;
    return true;
}

GString *shell_take(struct shell *s)
{
    GString *answer = g_string_new_len(s->in->str, (gssize)s->searched);
    g_string_erase(s->in, 0, (gssize)s->searched);
    s->searched = 0;
    s->state = SHELL_READY;
    return answer;
}

enum shell_state shell_state(const struct shell *s)
{
    return s->state;
}

enum shell_stage shell_stage(const struct shell *s)
{
    return s->stage;
}

enum shell_trouble shell_trouble(const struct shell *s)
{
    return s->trouble;
}

const GError *shell_error(const struct shell *s)
{
    return s->error;
}

const struct shell_facts *shell_facts(const struct shell *s)
{
    return &s->facts;
}

const char *const *shell_key_files(const struct shell *s)
{
    return (const char *const *)s->key_files;
}

int64_t shell_progress_ms(const struct shell *s)
{
    return s->progress_ms;
}

int64_t shell_asked_ms(const struct shell *s)
{
    return s->asked_ms;
}

int64_t shell_first_ms(const struct shell *s)
{
    return s->first_ms;
}

int64_t shell_answered_ms(const struct shell *s)
{
    return s->answered_ms;
}

int64_t shell_bytes(const struct shell *s)
{
    return s->bytes + (s->wire ? s->wire->received + s->wire->sent : 0);
}
