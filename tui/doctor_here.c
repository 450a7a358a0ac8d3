/* weir doctor, the part that asks no server: what this terminal and this machine can do for weir. */
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "curses.h"
#include "doctor.h"
#include "keys.h"
#include "library.h"
#include "quantity.h"
#include "text.h"

#define SMALL_WIDTH  80
#define SMALL_HEIGHT 24
#define LOG_BYTES    (8 * 1024 * 1024)

/* -- the terminal -------------------------------------------------------------------------------- */

static void check_term(struct doctor *d)
{
    const char *term = g_getenv("TERM");
    int colours = 0;
    g_autoptr(GString) seen = g_string_new(term && *term ? term : "TERM is not set");
    if (!term || !*term || strcmp(term, "dumb") == 0) {
        doctor_line(d, HEALTH_WARN, "terminal", seen->str,
            "the console needs a terminal that can move its cursor; `weir get` does not");
        return;
    }
    bool known = terminal_known(term, &colours);
    const char *no_colour = g_getenv("NO_COLOR");
    if (!known)
        g_string_append(seen, ", which this machine has no description of");
    else
        g_string_append_printf(seen, ", %d colours%s", MAX(colours, 0),
            no_colour && *no_colour ? ", not used (NO_COLOR)" : "");
    doctor_line(d, known ? HEALTH_OK : HEALTH_WARN, "terminal", seen->str,
        "weir draws as on an xterm; a package such as ncurses-term describes more terminals");
}

static void check_size(struct doctor *d)
{
    struct winsize size = {0};
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return;
    g_autofree char *seen = g_strdup_printf("%dx%d", size.ws_col, size.ws_row);
    bool small = size.ws_col < SMALL_WIDTH || size.ws_row < SMALL_HEIGHT;
    doctor_line(d, small ? HEALTH_WARN : HEALTH_OK, "size", seen,
        "the console works, but shows few columns below 80x24");
}

/* Within tmux or screen, TERM must be one of theirs, or what is drawn is for another terminal. */
static void check_multiplexer(struct doctor *d)
{
    const char *term = g_getenv("TERM");
    bool tmux = g_getenv("TMUX"), screen = g_getenv("STY");
    if (!tmux && !screen)
        return;
    bool fits = term && (g_str_has_prefix(term, "tmux") || g_str_has_prefix(term, "screen"));
    g_autofree char *seen =
        g_strdup_printf("%s, TERM=%s", tmux ? "tmux" : "screen", term ? term : "");
    doctor_line(d, fits ? HEALTH_OK : HEALTH_WARN, "multiplexer", seen,
        tmux ? "let tmux say what it is: set -g default-terminal tmux-256color"
             : "let screen say what it is: term screen-256color");
}

static void check_locale(struct doctor *d)
{
    bool utf8 = d->cli->utf8;
    doctor_line(d, utf8 ? HEALTH_OK : HEALTH_WARN, "locale", utf8 ? "UTF-8" : "not UTF-8",
        "set LC_ALL=C.UTF-8; until then names are drawn in ASCII");
}

/* -- files --------------------------------------------------------------------------------------- */

static void check_keys(struct doctor *d)
{
    g_autoptr(GString) complaints = g_string_new(NULL);
    g_autofree char *path = config_home_path("keys");
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return;
    struct keymap *k = keys_load(NULL, complaints);
    const GPtrArray *faults = keymap_faults(k);
    bool wrong = false;
    for (guint i = 0; i < faults->len; i++) {
        const struct keymap_fault *f = g_ptr_array_index(faults, i);
        if (f->note)
            continue;
        wrong = true;
        g_autofree char *seen = g_strdup_printf("%s: %s", f->where, f->text);
        doctor_line(d, HEALTH_WARN, "keys file", seen,
            "that line does nothing; `weir config keys` prints the default map in its form");
    }
    if (!wrong)
        doctor_line(d, HEALTH_OK, "keys file", path, NULL);
    keymap_free(k);
}

static void check_state(struct doctor *d)
{
    g_autofree char *log = config_state_path("weir.log");
    g_autofree char *folder = g_path_get_dirname(log);
    bool good = access(folder, W_OK | X_OK) == 0;
    doctor_line(d, good ? HEALTH_OK : HEALTH_WARN, "state folder", folder,
        "weir cannot write there: no log, and nothing is remembered; see XDG_STATE_HOME");
    struct stat info;
    if (stat(log, &info) != 0)
        return;
    g_autoptr(GString) seen = g_string_new(log);
    g_string_append(seen, ", ");
    quantity_append_bytes(seen, info.st_size);
    doctor_line(d, info.st_size > LOG_BYTES ? HEALTH_WARN : HEALTH_OK, "log", seen->str,
        "read what repeats in it, then remove it");
}

/* -- the machine --------------------------------------------------------------------------------- */

/* What the kernel knows of its own clock; how far servers' are off stands in their lines. */
static void check_clock(struct doctor *d)
{
    struct timex clock = {0};
    int state = adjtimex(&clock);
    g_autoptr(GString) seen = g_string_new(NULL);
    quantity_append_iso(seen, clock_wall_ms());
    bool steered = state >= 0 && state != TIME_ERROR && !(clock.status & STA_UNSYNC);
    if (!steered)
        g_string_append(seen, ", kept by nothing that the kernel knows of");
    doctor_line(d, steered ? HEALTH_OK : HEALTH_UNKNOWN, "clock", seen->str,
        "ages and lags are wrong where the clock is: timedatectl, or an NTP client");
}

void doctor_here(struct doctor *d)
{
    check_term(d);
    check_size(d);
    check_multiplexer(d);
    check_locale(d);
    check_keys(d);
    check_state(d);
    check_clock(d);
}

void doctor_library(struct doctor *d, const struct connector_library *library)
{
    g_autofree char *path = library_path();
    g_autoptr(GString) seen = g_string_new(path);
    g_string_append(seen, ": ");
    library->versions(seen);
    doctor_line(d, HEALTH_OK, "connectors", seen->str, NULL);
}
