/* The console's events. One thread, one main loop: keys, mail from the lanes, signals and a slow
 * clock. Each turn takes what is there, works for a few milliseconds, and draws at most one frame. */
#include "console.h"

#include "app.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli.h"
#include "clock.h"
#include "engine.h"
#include "error.h"
#include "health.h"
#include "keys.h"
#include "rid.h"
#include "sources.h"
#include "text.h"

#define FRAME_US      33000 /* between two frames that no key asked for */
#define STEP_US       4000  /* of arranging per idle turn */
#define TICK_MS       5000  /* ages move in steps of five seconds */
#define RESIZE_MS     50
#define MESSAGES_KEPT 500
#define HINT_KEYS     5

#define HISTORY_END_MS 150

/* -- messages ------------------------------------------------------------------------------------ */

static void set_message(struct app *a, bool error, const char *format, va_list args)
    G_GNUC_PRINTF(3, 0);

static void set_message(struct app *a, bool error, const char *format, va_list args)
{
    g_autofree char *text = g_strdup_vprintf(format, args);
    GString *clean = g_string_new(NULL);
    text_clean(text, -1, clean);
    g_free(a->message);
    a->message = g_string_free(clean, FALSE);
    a->message_is_error = error;
    a->message_ms = clock_wall_ms();
    struct said *said = g_new(struct said, 1);
    *said = (struct said){a->message_ms, error, g_strdup(a->message)};
    g_ptr_array_add(a->messages, said);
    if (a->messages->len > MESSAGES_KEPT)
        g_ptr_array_remove_index(a->messages, 0);
    app_dirty(a);
}

void app_say(struct app *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_message(a, false, format, args);
    va_end(args);
}

void app_complain(struct app *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_message(a, true, format, args);
    va_end(args);
}

void app_take_note(struct app *a)
{
    struct view *v = app_top(a)->view;
    g_autofree char *text = g_steal_pointer(&v->note);
    if (text && v->note_is_error)
        app_complain(a, "%s", text);
    else if (text)
        app_say(a, "%s", text);
}

/* -- drawing ------------------------------------------------------------------------------------- */

static gboolean on_drained(gint fd, GIOCondition condition, gpointer data)
{
    (void)fd;
    (void)condition;
    struct app *a = data;
    if (!terminal_drain(a->terminal))
        return G_SOURCE_CONTINUE;
    a->drain_watch = 0;
    app_dirty(a);
    return G_SOURCE_REMOVE;
}

static void watch_drain(struct app *a)
{
    if (!a->drain_watch)
        a->drain_watch =
            g_unix_fd_add(terminal_fd(a->terminal), G_IO_OUT | G_IO_ERR, on_drained, a);
}

void app_send(struct app *a, const char *bytes)
{
    if (!terminal_send(a->terminal, bytes))
        watch_drain(a);
}

/* A terminal that does not read gets no further frame until it has taken the last one, and one behind a
 * slow line none until it has shown them: what is shown then is the newest state, not a queue of old
 * ones. */
static void paint(struct app *a)
{
    a->behind = a->drain_watch || terminal_is_behind(a->terminal);
    if (a->behind || a->plain || a->away)
        return;
    g_clear_handle_id(&a->paint_timer, g_source_remove);
    terminal_begin(a->terminal, a->repaint);
    a->repaint = false;
    screen_draw(a, terminal_surface(a->terminal), clock_wall_ms());
    if (!terminal_end(a->terminal))
        watch_drain(a);
    past_ask(a); /* for the rows that are on the screen now */
    a->painted_us = g_get_monotonic_time();
}

static gboolean on_paint(gpointer data)
{
    struct app *a = data;
    a->paint_timer = 0;
    paint(a);
    return G_SOURCE_REMOVE;
}

void app_dirty(struct app *a)
{
    if (a->paint_timer || !a->loop)
        return;
    gint64 wait_us = a->painted_us + FRAME_US - g_get_monotonic_time();
    a->paint_timer = g_timeout_add(wait_us > 0 ? (guint)(wait_us / 1000 + 1) : 0, on_paint, a);
}

/* -- work in slices ------------------------------------------------------------------------------ */

static gboolean on_idle(gpointer data)
{
    struct app *a = data;
    struct view *v = app_top(a)->view;
    if (v->class->step && v->class->step(v, STEP_US, clock_wall_ms()))
        return G_SOURCE_CONTINUE;
    a->step_idle = 0;
    app_take_note(a);
    app_dirty(a);
    return G_SOURCE_REMOVE;
}

static void work(struct app *a)
{
    struct view *v = app_top(a)->view;
    if (!a->step_idle && v->class->step && v->class->step(v, STEP_US, clock_wall_ms()))
        a->step_idle = g_idle_add(on_idle, a);
    app_take_note(a);
}

/* -- mail ---------------------------------------------------------------------------------------- */

static void start_source(struct app *a, struct source *s)
{
    engine_start(a->session->engine, s, false);
}

/* The sources as they are before anything was asked: connecting; or why none ever will be (why). */
static void put_sources(struct app *a, const char *why)
{
    g_autoptr(GPtrArray) statuses = engine_statuses(a->session->engine);
    for (guint i = 0; why && i < statuses->len; i++)
        status_break(g_ptr_array_index(statuses, i), why, clock_wall_ms());
    struct snapshot *s = sources_snapshot(statuses, clock_wall_ms());
    struct health_rules *rules = health_compile(snapshot_kind(s), a->session->environment, NULL);
    health_apply(rules, s, clock_wall_ms());
    health_rules_free(rules);
    const struct snapshot *sealed = snapshot_seal(s);
    store_put(a->session->store, sealed);
    snapshot_unref(sealed);
}

static void take_loaded(struct app *a, const struct mail *m)
{
    g_autoptr(GError) error = NULL;
    if (!session_loaded(a->session, m, &error)) {
        app_complain(a, "%s", error->message);
        a->message_ms = MESSAGE_STAYS; /* nothing works without them */
        put_sources(a, error->message);
        return;
    }
    struct environment *e = a->session->environment;
    session_start_history(a->session);
    engine_start_derived(a->session->engine, derived_connector());
    for (guint i = 0; i < environment_source_count(e); i++)
        start_source(a, environment_source_at(e, i));
    a->started = true;
    frames_started(a);
    if (config_is_builtin(a->session->config)) {
        a->discovering = true;
        engine_discover(a->session->engine, a->session->registry);
    }
}

static bool is_derived(const struct app *a, const struct snapshot *s)
{
    return registry_owner(a->session->registry, snapshot_kind(s)) == derived_connector();
}

/* What is remembered is shown until the first answer, and is not recorded again. */
static bool take_snapshot(struct app *a, const struct mail *m)
{
    bool remembered = snapshot_remembered(m->snapshot);
    if (remembered && !session_watches(a->session, m->snapshot))
        return false;
    if (!remembered)
        engine_record(a->session->engine, m->snapshot);
    bool changed = store_take(a->session->store, m);
    frames_take(a, m);
    return changed && !is_derived(a, m->snapshot);
}

static void take_history(struct app *a, const struct mail *m)
{
    if (m->error)
        app_complain(a, "history: %s", m->error->message);
    else
        app_say(a, "history: recording goes on");
}

static bool take_mail(struct app *a, const struct mail *m)
{
    switch (m->type) {
    case MAIL_LOADED: take_loaded(a, m); return true;
    case MAIL_FOUND: start_source(a, session_found(a->session, m)); return true;
    case MAIL_DISCOVERED:
        a->discovering = false;
        app_say(a, "found on this machine, no configuration; ? lists the keys");
        return false;
    case MAIL_SNAPSHOT: return take_snapshot(a, m);
    case MAIL_FETCHED: {
        bool changed = store_take(a->session->store, m);
        frames_take(a, m);
        return changed;
    }
    case MAIL_HISTORY: take_history(a, m); return false;
    case MAIL_SERIES: past_take(a, m); return false;
    case MAIL_STATUS: return true;
    default: frames_take(a, m); return false;
    }
}

static gboolean on_mail(gint fd, GIOCondition condition, gpointer data)
{
    (void)fd;
    (void)condition;
    struct app *a = data;
    g_autoptr(GPtrArray) mail = engine_take(a->session->engine);
    bool derive = false;
    for (guint i = 0; i < mail->len; i++)
        derive |= take_mail(a, g_ptr_array_index(mail, i));
    if (derive)
        engine_set_inputs(a->session->engine, store_inputs(a->session->store, derived_connector()));
    struct frame *f = app_top(a);
    if (f->changed && !a->overlay) /* nothing moves below what one is about to choose */
        frame_update(a, f);
    work(a);
    app_dirty(a);
    return G_SOURCE_CONTINUE;
}

/* -- the theme ----------------------------------------------------------------------------------- */

/* A theme that is wrong costs its colours, not the console. */
void app_apply_theme(struct app *a)
{
    g_autoptr(GError) error = NULL;
    const char *name = strcmp(a->theme, "auto") == 0
                           ? theme_automatic(terminal_background(a->terminal))
                           : a->theme;
    if (terminal_colours(a->terminal) == 0)
        name = "mono";
    struct theme *theme = theme_load(name, &error);
    if (!theme) {
        app_complain(a, "%s; shown without it", error->message);
        theme = theme_builtin(terminal_colours(a->terminal) == 0 ? "mono" : "neutral");
    }
    terminal_set_theme(a->terminal, theme);
    theme_free(theme);
    a->repaint = true;
}

/* -- keys ---------------------------------------------------------------------------------------- */

/* A terminal that was closed reads as ready for ever: that is the end, not a reason to spin. What was
 * ready a moment ago may have been read since (on_late). */
static bool input_ended(GIOCondition condition)
{
    int waiting = 0;
    struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
    return condition & (G_IO_HUP | G_IO_ERR) ||
           (poll(&ready, 1, 0) > 0 && ioctl(STDIN_FILENO, FIONREAD, &waiting) == 0 && waiting == 0);
}

static void take_keys(struct app *a, bool late);

static gboolean on_late(gpointer data)
{
    struct app *a = data;
    a->late_timer = 0;
    take_keys(a, true);
    return G_SOURCE_REMOVE;
}

/* late: the rest of what has begun did not come in time. */
static void take_keys(struct app *a, bool late)
{
    char key[16];
    bool any = false;
    enum background before = terminal_background(a->terminal);
    g_clear_handle_id(&a->late_timer, g_source_remove);
    while (!a->away && terminal_key(a->terminal, late, key, a->paste) && key[0]) {
        app_key(a, key);
        any = true;
    }
    int wait_ms = a->away ? 0 : terminal_wait_ms(a->terminal);
    if (wait_ms > 0)
        a->late_timer = g_timeout_add((guint)wait_ms, on_late, a);
    if (terminal_background(a->terminal) != before) {
        app_apply_theme(a);
        any = true;
    }
    if (any)
        work(a);
    if (any || a->behind)
        paint(a);
}

static gboolean on_key(gint fd, GIOCondition condition, gpointer data)
{
    (void)fd;
    struct app *a = data;
    if (input_ended(condition)) {
        app_quit(a);
        return G_SOURCE_REMOVE;
    }
    take_keys(a, false);
    return a->away ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

/* -- lending the terminal ------------------------------------------------------------------------ */

static void watch_keys(struct app *a)
{
    a->key_watch = g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, on_key, a);
}

void app_lend(struct app *a)
{
    a->away = true;
    g_clear_handle_id(&a->key_watch, g_source_remove);
    g_clear_handle_id(&a->late_timer, g_source_remove);
    terminal_leave(a->terminal);
}

void app_take_back(struct app *a)
{
    a->away = false;
    terminal_return(a->terminal);
    watch_keys(a);
    a->repaint = true;
    app_dirty(a);
}

/* -- signals and the clock ----------------------------------------------------------------------- */

static gboolean on_resized(gpointer data)
{
    struct app *a = data;
    a->resized = false;
    if (a->away) /* taking it back asks for the size */
        return G_SOURCE_REMOVE;
    terminal_resize(a->terminal);
    a->repaint = true;
    paint(a);
    return G_SOURCE_REMOVE;
}

static gboolean on_signal(gint fd, GIOCondition condition, gpointer data)
{
    (void)condition;
    struct app *a = data;
    struct signalfd_siginfo info;
    while (read(fd, &info, sizeof info) == (ssize_t)sizeof info) {
        switch (info.ssi_signo) {
        case SIGWINCH:
            if (!a->resized)
                g_timeout_add(RESIZE_MS, on_resized, a);
            a->resized = true;
            break;
        case SIGTSTP:
            if (a->away) {
                raise(SIGSTOP); /* with the program that has the terminal */
                break;
            }
            a->plain = false;
            terminal_suspend(a->terminal);
            a->repaint = true;
            engine_refresh(a->session->engine, NULL);
            app_dirty(a);
            break;
        case SIGINT: app_say(a, "q quits (ctrl-c does not, it is too near to copying)"); break;
        default: app_quit(a);
        }
    }
    return G_SOURCE_CONTINUE;
}

static gboolean on_tick(gpointer data)
{
    struct app *a = data;
    engine_watch(a->session->engine);
    stderr_watch(a);
    paint(a);
    return G_SOURCE_CONTINUE;
}

/* Signals become readable: nothing of ours runs in a handler. Lanes inherit the mask. */
static int open_signals(void)
{
    sigset_t set;
    static const int numbers[] = {SIGWINCH, SIGTSTP, SIGINT, SIGTERM, SIGHUP};
    sigemptyset(&set);
    for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++)
        sigaddset(&set, numbers[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* -- start and end ------------------------------------------------------------------------------- */

/* The terminal first, whatever hangs, then what waits to be recorded, if the disk takes it at once;
 * lanes and handles end with the process. */
void app_quit(struct app *a)
{
    terminal_close(a->terminal);
    engine_end_history(a->session->engine, HISTORY_END_MS);
    _exit(EXIT_FINE);
}

/* The same program on another environment: same process, new image. */
void app_restart(struct app *a, const char *environment)
{
    const struct cli *cli = a->cli;
    const struct {
        const char *option, *value;
    } options[] = {{"--config", cli->config}, {"--theme", cli->theme}, {"--color", cli->color},
        {"--log", cli->log}};
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_ptr_array_add(argv, (gpointer) "weir");
    g_ptr_array_add(argv, (gpointer) "--env");
    g_ptr_array_add(argv, (gpointer)environment);
    for (unsigned i = 0; i < G_N_ELEMENTS(options); i++) {
        if (options[i].value) {
            g_ptr_array_add(argv, (gpointer)options[i].option);
            g_ptr_array_add(argv, (gpointer)options[i].value);
        }
    }
    if (cli->ascii)
        g_ptr_array_add(argv, (gpointer) "--ascii");
    g_ptr_array_add(argv, NULL);
    terminal_close(a->terminal);
    engine_end_history(a->session->engine, HISTORY_END_MS);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    dup2(a->stderr_fd, STDERR_FILENO);
    execv("/proc/self/exe", (char **)argv->pdata);
    g_printerr("weir: it cannot be started anew: %s\n", g_strerror(errno));
    _exit(EXIT_USAGE);
}

static bool choose_colours(struct app *a, const struct cli *cli)
{
    static const struct {
        const char *name;
        enum colours colours;
    } choices[] = {{"auto", COLOURS_AUTO}, {"always", COLOURS_AUTO}, {"never", COLOURS_NONE},
        {"16", COLOURS_16}, {"256", COLOURS_256}};
    const char *no_color = g_getenv("NO_COLOR");
    for (unsigned i = 0; i < G_N_ELEMENTS(choices); i++) {
        if (strcmp(choices[i].name, cli->color ? cli->color : "auto") == 0) {
            a->options.colours = choices[i].colours;
            if (i == 0 && no_color && *no_color)
                a->options.colours = COLOURS_NONE;
            return true;
        }
    }
    cli_complain("--color %s: write auto, always, never, 16 or 256", cli->color);
    return false;
}

/* A theme asked for on the command line must be there; one of the configuration only should. */
static bool choose_options(struct app *a, const struct cli *cli)
{
    a->options.ascii = cli->ascii || !cli->utf8;
    a->theme = g_strdup(cli->theme ? cli->theme : config_theme(a->session->config));
    g_autoptr(GError) error = NULL;
    struct theme *theme =
        cli->theme && strcmp(cli->theme, "auto") != 0 ? theme_load(cli->theme, &error) : NULL;
    theme_free(theme);
    if (g_error_matches(error, WEIR_ERROR, WEIR_ERROR_USAGE)) {
        cli_complain("%s", error->message);
        return false;
    }
    return choose_colours(a, cli);
}

static bool choose_keys(struct app *a)
{
    g_autoptr(GString) complaints = g_string_new(NULL);
    a->keymap = keys_load(a->session->config, complaints);
    g_auto(GStrv) lines = g_strsplit(complaints->str, "\n", -1);
    for (char **line = lines; *line && **line; line++)
        cli_complain("%s", *line);
    return complaints->len == 0;
}

/* A keys file that is wrong does not keep the program: its good lines count. */
static void tell_key_faults(struct app *a)
{
    const GPtrArray *faults = keymap_faults(a->keymap);
    const struct keymap_fault *first = NULL;
    guint count = 0;
    for (guint i = 0; i < faults->len; i++) {
        const struct keymap_fault *f = g_ptr_array_index(faults, i);
        first = first || f->note ? first : f;
        count += !f->note;
    }
    if (first)
        app_complain(a, count > 1 ? "%s: %s (and %u more: :keys)" : "%s: %s%.0u", first->where,
            first->text, count - 1);
}

void app_init(struct app *a)
{
    a->prompt = prompt_new();
    a->paste = g_string_new(NULL);
    a->messages = g_ptr_array_new_with_free_func((GDestroyNotify)said_free);
    a->chooser.ticks = g_array_new(FALSE, FALSE, sizeof(struct column_tick));
    a->preview.share = PREVIEW_SHARE;
    tabs_init(a);
}

void app_clear(struct app *a)
{
    g_free(a->theme);
    g_free(a->log_path);
    keymap_free(a->keymap);
    prompt_free(a->prompt);
    g_string_free(a->paste, TRUE);
    g_free(a->message);
    g_free(a->filter_before);
    g_ptr_array_unref(a->messages);
    g_array_unref(a->chooser.ticks);
    g_ptr_array_unref(a->tabs);
    state_free(a->state);
}

/* Nothing was opened yet. Once it is, quitting frees nothing: the program ends at once. */
static int give_up(struct app *a)
{
    session_free(a->session);
    app_clear(a);
    return EXIT_USAGE;
}

int console_run(const struct cli *cli)
{
    struct session *session = session_new(cli);
    if (!session)
        return EXIT_USAGE;
    struct app app = {.cli = cli, .session = session};
    struct app *a = &app;
    app_init(a);
    if (!choose_options(a, cli) || !choose_keys(a))
        return give_up(a);
    g_autoptr(GError) error = NULL;
    int signals = open_signals();
    a->terminal = terminal_open(&a->options, &error);
    if (!a->terminal) {
        cli_complain("%s", error->message);
        return give_up(a);
    }
    stderr_redirect(a, cli->log);
    if (terminal_note(a->terminal))
        app_say(a, "%s", terminal_note(a->terminal));
    app_apply_theme(a);
    put_sources(a, NULL);
    state_open(a);
    frame_open_home(a);
    a->hint_keys = state_first_time(a, "first-run") ? HINT_KEYS : 0;
    tell_key_faults(a);
    paint(a);
    session_load(session);
    a->loop = g_main_loop_new(NULL, FALSE);
    watch_keys(a);
    g_unix_fd_add(engine_fd(session->engine), G_IO_IN, on_mail, a);
    g_unix_fd_add(signals, G_IO_IN, on_signal, a);
    g_timeout_add(TICK_MS, on_tick, a);
    g_main_loop_run(a->loop);
    return EXIT_FINE;
}
