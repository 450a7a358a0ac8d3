#define NCURSES_WIDECHAR 1
#include "curses.h"

#include <errno.h>
#include <fcntl.h>
#include <ncurses.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "cells.h"
#include "error.h"
#include "input.h"
#include "restore.h"
#include "terminfo_data.h"

/* Bracketed paste: a pasted newline must not press Enter. */
#define PASTE_ON  "\033[?2004h"
#define PASTE_OFF "\033[?2004l"
/* Synchronised update: the terminal shows a frame when it is whole. */
#define SYNC_ON  "\033[?2026h"
#define SYNC_OFF "\033[?2026l"

#define ANSWER_MS     300  /* how long an ending waits for answers that the shell would get, */
#define ANSWER_MAX_MS 2000 /* and where the line is slow */
#define ESCAPE_MS     50   /* an ESC that nothing follows for so long is the key */
#define ESCAPE_SSH_MS 100  /* over a network */
#define ESCAPE_MAX_MS 300  /* where the line's round trip is longer */
#define SLOW_MS       80   /* a terminal that needs so long to answer is told to confirm frames */
#define IN_FLIGHT_MAX 2    /* frames that were not confirmed */
#define SILENT_MS     3000 /* no confirmation for so long: it does not confirm */

struct terminal {
    struct cells *shown, *next; /* what the terminal has, and what is being drawn */
    bool ascii;
    SCREEN *screen;
    int frame_fd; /* the file in memory that ncurses writes to */
    int out_fd;   /* the terminal, opened anew so that O_NONBLOCK is ours alone */
    GString *pending;
    struct input *input;
    struct termios before;
    attr_t attributes[ROLE_COUNT];
    short pairs[ROLE_COUNT];
    int colours; /* 0, 8, 16 or 256 */
    char *note;
    /* What was asked and answered (answers.h). */
    const char *questions; /* to be sent with the next frame, or NULL */
    struct answers answers;
    gint64 asked_us; /* 0: nothing was asked yet */
    bool confirms;   /* frames end with ASK_ARRIVED */
    unsigned sent;   /* such frames */
    gint64 sent_us;
    int took_ms; /* from the first question to its answer */
};

G_STATIC_ASSERT(ROLE_COUNT < 64); /* a pair each; many terminals have no more */

static const char *capability(const char *name)
{
    const char *text = tigetstr((char *)name);
    return text && text != (char *)-1 ? text : "";
}

/* The bytes that undo what we switch on; padding ($<..>) does not occur in these. */
static void prepare_restore(void)
{
    static const char *const capabilities[] = {"sgr0", "cnorm", "rmkx", "rmcup"};
    restore_add(PASTE_OFF);
    for (unsigned i = 0; i < G_N_ELEMENTS(capabilities); i++)
        restore_add(capability(capabilities[i]));
}

/* What keys and pastes need; ncurses does not say it again after a suspend. */
static void announce_modes(struct terminal *t)
{
    g_string_append(t->pending, capability("smkx"));
    g_string_append(t->pending, PASTE_ON);
}

/* cbreak without echo; signals stay, flow control goes: nobody means to freeze the screen. */
static void set_modes(const struct terminal *t)
{
    struct termios mode = t->before;
    mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    mode.c_iflag &= ~(tcflag_t)(IXON | ICRNL);
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
}

/* -- drawing ------------------------------------------------------------------------------------- */

/* A cell of ours as one of ncurses'. */
static cchar_t make_cell(const struct terminal *t, const struct cell_at *cell)
{
    cchar_t out;
    wchar_t text[CCHARW_MAX] = {(wchar_t)cell->text[0]};
    for (unsigned i = 1; i <= CELL_MARKS && i < CCHARW_MAX - 1; i++)
        text[i] = (wchar_t)cell->text[i];
    setcchar(&out, text, t->attributes[cell->role], t->pairs[cell->role], NULL);
    return out;
}

/* Gives ncurses the part of a row that changed. Both ends are moved to whole characters. */
static void send_row(struct terminal *t, int y, const struct cell_at *before)
{
    const struct cell_at *row = cells_row(t->next, y);
    int width = t->next->surface.width;
    int first = 0;
    int last = width - 1;
    while (memcmp(&row[first], &before[first], sizeof row[0]) == 0)
        first++;
    while (memcmp(&row[last], &before[last], sizeof row[0]) == 0)
        last--;
    while (first > 0 && (row[first].text[0] == 0 || before[first].text[0] == 0))
        first--;
    while (last + 1 < width && (row[last + 1].text[0] == 0 || before[last + 1].text[0] == 0))
        last++;
    g_autofree cchar_t *cells = g_new(cchar_t, (gsize)(last - first + 1));
    int n = 0;
    for (int x = first; x <= last; x++)
        if (row[x].text[0] != 0)
            cells[n++] = make_cell(t, &row[x]);
    mvadd_wchnstr(y, first, cells, n);
}

/* A colour of the theme as one that the terminal has. Eight colours have no bright ones: those are
 * bold, as on the terminals that were made so. */
static short fit_colour(const struct terminal *t, short colour, attr_t *attributes)
{
    if (colour < t->colours)
        return colour;
    *attributes |= A_BOLD;
    return (short)(colour % 8);
}

static void set_role(struct terminal *t, enum role role, const struct style *style)
{
    attr_t attributes = 0;
    attributes |= style->attributes & STYLE_BOLD ? A_BOLD : 0;
    attributes |= style->attributes & STYLE_DIM ? A_DIM : 0;
    attributes |= style->attributes & STYLE_REVERSE ? A_REVERSE : 0;
    attributes |= style->attributes & STYLE_UNDERLINE ? A_UNDERLINE : 0;
    t->pairs[role] = 0;
    if (t->colours > 0 && (style->fg >= 0 || style->bg >= 0)) {
        attr_t unused = 0; /* a background cannot be bold */
        t->pairs[role] = (short)(role + 1);
        init_pair(t->pairs[role], fit_colour(t, style->fg, &attributes),
            fit_colour(t, style->bg, &unused));
    }
    t->attributes[role] = attributes;
}

void terminal_set_theme(struct terminal *t, const struct theme *theme)
{
    for (unsigned role = 0; role < ROLE_COUNT; role++)
        set_role(t, role, t->colours == 256 ? &theme->many[role] : &theme->plain[role]);
    /* Where nothing is drawn looks like text as well; everything is drawn anew. */
    cchar_t blank;
    setcchar(&blank, L" ", t->attributes[ROLE_TEXT], t->pairs[ROLE_TEXT], NULL);
    bkgrnd(&blank);
    erase();
    cells_clear(t->shown);
}

struct surface *terminal_surface(struct terminal *t)
{
    return &t->next->surface;
}

static void discard(struct terminal *t)
{
    lseek(t->frame_fd, 0, SEEK_SET);
    if (ftruncate(t->frame_fd, 0) != 0)
        g_assert(errno == EINTR);
}

/* -- opening and closing ------------------------------------------------------------------------- */

/* Without a description of its own, a terminal gets xterm's, which fits nearly all of today's. That
 * one is inside the program, for machines that have no terminfo files at all; ncurses reads it out of
 * $TERMINFO. */
static SCREEN *screen_without_description(FILE *out)
{
    g_autofree char *before = g_strdup(g_getenv("TERMINFO"));
    g_setenv("TERMINFO", terminfo_xterm_256color, TRUE);
    SCREEN *screen = newterm((char *)"xterm-256color", out, stdin);
    if (before)
        g_setenv("TERMINFO", before, TRUE);
    else
        g_unsetenv("TERMINFO");
    return screen ? screen : newterm((char *)"vt100", out, stdin);
}

static SCREEN *new_screen(struct terminal *t, const struct terminal_options *options, FILE *out)
{
    const char *name = g_getenv("TERM");
    bool wants_many = options->colours == COLOURS_256 && g_strcmp0(name, "xterm-256color") != 0;
    SCREEN *screen = wants_many ? NULL : newterm(NULL, out, stdin);
    if (screen)
        return screen;
    screen = screen_without_description(out);
    if (screen && !wants_many)
        t->note =
            g_strdup_printf("this machine has no description of the terminal \"%s\": drawn as "
                            "%s (the package ncurses-term may have it)",
                name, termname());
    return screen;
}

static int count_colours(const struct terminal_options *options)
{
    if (options->colours == COLOURS_NONE || !has_colors())
        return 0;
    start_color();
    use_default_colors();
    int most = options->colours == COLOURS_16 ? 16 : 256;
    /* Beyond 256 a number is red, green and blue; only the first eight are still the palette's. */
    int have = COLORS > 256 ? 8 : MIN(COLORS, most);
    return have >= 256 ? 256 : have >= 16 ? 16 : 8;
}

static bool term_begins(const char *prefix)
{
    const char *term = g_getenv("TERM");
    return term && g_str_has_prefix(term, prefix);
}

/* The Linux console and real VTs print what they do not understand. */
static const char *choose_questions(const struct terminal *t)
{
    if (term_begins("linux") || term_begins("vt"))
        return NULL;
    return t->colours > 0 ? ASK_BACKGROUND ASK_SYNC ASK_FENCE : ASK_SYNC ASK_FENCE;
}

static int escape_delay(void)
{
    const char *own = g_getenv("ESCDELAY");
    guint64 ms;
    if (own && g_ascii_string_to_unsigned(own, 10, 1, 5000, &ms, NULL))
        return (int)ms;
    return g_getenv("SSH_CONNECTION") ? ESCAPE_SSH_MS : ESCAPE_MS;
}

static void open_screen(struct terminal *t, const struct terminal_options *options)
{
    t->colours = count_colours(options);
    typeahead(-1); /* keys that wait must not cut a frame in two: it goes to memory anyway */
    leaveok(stdscr, TRUE);
    curs_set(0);
    t->input = input_new(STDIN_FILENO, escape_delay());
    t->ascii = options->ascii || term_begins("linux"); /* its font lacks most of Unicode */
    t->questions = choose_questions(t);
    /* ncurses writes once per cursor movement until its first suspend: have that behind us. What it
     * says on the way stays in the file; the first frame says it again. */
    endwin();
    discard(t);
    terminal_resize(t);
}

struct terminal *terminal_open(const struct terminal_options *options, GError **error)
{
    struct termios before;
    if (tcgetattr(STDIN_FILENO, &before) != 0) {
        weir_fail(error, WEIR_ERROR_CONFIG, "standard input is no terminal");
        return NULL;
    }
    struct terminal *t = g_new0(struct terminal, 1);
    t->before = before;
    t->pending = g_string_new(NULL);
    t->frame_fd = memfd_create("weir-frame", MFD_CLOEXEC);
    const char *name = ttyname(STDOUT_FILENO);
    t->out_fd = name ? open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
    if (t->out_fd < 0)
        t->out_fd = dup(STDOUT_FILENO);
    FILE *out = fdopen(dup(t->frame_fd), "w");
    t->screen = new_screen(t, options, out);
    if (!t->screen) {
        weir_fail(error, WEIR_ERROR_CONFIG,
            "this terminal (TERM=%s) cannot be used; try TERM=xterm-256color, or weir --plain",
            g_getenv("TERM"));
        fclose(out);
        g_string_free(t->pending, TRUE);
        g_free(t);
        return NULL;
    }
    prepare_restore();
    open_screen(t, options);
    announce_modes(t); /* leaves with the first frame */
    restore_arm(&t->before);
    set_modes(t);
    return t;
}

int terminal_colours(const struct terminal *t)
{
    return t->colours;
}

const char *terminal_note(const struct terminal *t)
{
    return t->note;
}

enum background terminal_background(const struct terminal *t)
{
    return term_begins("linux") ? BACKGROUND_DARK : t->answers.background;
}

/* -- answers ------------------------------------------------------------------------------------- */

static bool is_answered(const struct terminal *t)
{
    return !t->asked_us || (t->answers.fenced && t->answers.arrived >= t->sent);
}

static void take_answer(struct terminal *t, const char *sequence)
{
    struct answers before = t->answers;
    answers_take(&t->answers, sequence);
    if (t->answers.sync && !before.sync)
        restore_add(SYNC_OFF);
    if (!t->answers.fenced || before.fenced)
        return;
    gint64 took_ms = (g_get_monotonic_time() - t->asked_us) / 1000;
    t->took_ms = (int)MIN(took_ms, ANSWER_MAX_MS);
    t->confirms |= took_ms >= SLOW_MS;
    /* On a slow line the rest of a sequence may be that late, too. */
    if (!g_getenv("ESCDELAY"))
        input_set_escape(t->input, (int)CLAMP(took_ms, escape_delay(), ESCAPE_MAX_MS));
}

/* Lets answers come that are under way, so that they are not typed into the shell. */
static void await_answers(struct terminal *t)
{
    char name[16];
    bool ended = false;
    g_autoptr(GString) text = g_string_new(NULL);
    int wait_ms = CLAMP(2 * t->took_ms, ANSWER_MS, ANSWER_MAX_MS);
    gint64 end = MAX(t->asked_us, t->sent_us) + wait_ms * 1000;
    for (gint64 left; !ended && !is_answered(t) && (left = end - g_get_monotonic_time()) > 0;) {
        struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
        if (poll(&ready, 1, (int)(left / 1000 + 1)) < 0 || ready.revents & (POLLHUP | POLLERR))
            return;
        for (enum decoded what; (what = input_next(t->input, false, name, text, &ended));)
            if (what == DECODED_ANSWER)
                take_answer(t, text->str);
    }
}

void terminal_close(struct terminal *t)
{
    /* ncurses' own ending would flush into the frame file: the prepared bytes suffice. */
    await_answers(t);
    restore_now();
}

/* -- frames -------------------------------------------------------------------------------------- */

void terminal_begin(struct terminal *t, bool repaint)
{
    cells_clear(t->next);
    if (repaint)
        clearok(curscr, TRUE);
}

/* Moves what ncurses wrote out of the file in memory, as one frame. */
static void collect(struct terminal *t)
{
    off_t length = lseek(t->frame_fd, 0, SEEK_CUR);
    if (length <= 0)
        return;
    g_string_append(t->pending, t->answers.sync ? SYNC_ON : "");
    gsize at = t->pending->len;
    g_string_set_size(t->pending, at + (gsize)length);
    ssize_t n = pread(t->frame_fd, t->pending->str + at, (size_t)length, 0);
    g_string_truncate(t->pending, at + (gsize)MAX(n, 0));
    g_string_append(t->pending, t->answers.sync ? SYNC_OFF : "");
    discard(t);
    if (t->confirms) {
        g_string_append(t->pending, ASK_ARRIVED);
        t->sent++;
        t->sent_us = g_get_monotonic_time();
    }
    if (t->questions) {
        g_string_append(t->pending, t->questions);
        t->questions = NULL;
        t->asked_us = g_get_monotonic_time();
    }
}

bool terminal_drain(struct terminal *t)
{
    while (t->pending->len > 0) {
        ssize_t n = write(t->out_fd, t->pending->str, t->pending->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            t->confirms = t->answers.fenced; /* it answers, and is slow */
            return false;
        }
        g_string_erase(t->pending, 0, n);
    }
    return true;
}

bool terminal_is_behind(struct terminal *t)
{
    if (!t->confirms || t->sent - t->answers.arrived < IN_FLIGHT_MAX)
        return false;
    if (g_get_monotonic_time() < t->sent_us + SILENT_MS * 1000)
        return true;
    t->confirms = false;
    return false;
}

static void place_cursor(const struct cells *c)
{
    bool shown = c->cursor_x >= 0 && c->cursor_x < c->surface.width;
    curs_set(shown);
    leaveok(stdscr, !shown);
    if (shown)
        move(c->cursor_y, c->cursor_x);
}

bool terminal_end(struct terminal *t)
{
    struct cells *next = t->next;
    gsize row_bytes = (gsize)next->surface.width * sizeof(struct cell_at);
    for (int y = 0; y < next->surface.height; y++)
        if (memcmp(cells_row(next, y), cells_row(t->shown, y), row_bytes) != 0)
            send_row(t, y, cells_row(t->shown, y));
    place_cursor(next);
    t->next = t->shown;
    t->shown = next;
    wnoutrefresh(stdscr);
    doupdate();
    collect(t);
    return terminal_drain(t);
}

gsize terminal_pending(const struct terminal *t)
{
    return t->pending->len;
}

int terminal_fd(const struct terminal *t)
{
    return t->out_fd;
}

void terminal_resize(struct terminal *t)
{
    struct winsize size;
    if (ioctl(t->out_fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
        resizeterm(size.ws_row, size.ws_col);
    int width, height;
    getmaxyx(stdscr, height, width);
    cells_free(t->shown);
    cells_free(t->next);
    t->shown = cells_new(width, height, t->ascii);
    t->next = cells_new(width, height, t->ascii);
    erase();
}

void terminal_leave(struct terminal *t)
{
    await_answers(t);
    restore_now();
}

void terminal_take_keys(struct terminal *t)
{
    set_modes(t);
    restore_arm(&t->before);
}

void terminal_return(struct terminal *t)
{
    set_modes(t);
    restore_arm(&t->before);
    g_string_append(t->pending, capability("smcup"));
    g_string_append(t->pending, capability("civis"));
    announce_modes(t);
    terminal_resize(t);
    clearok(curscr, TRUE);
}

bool terminal_send(struct terminal *t, const char *bytes)
{
    g_string_append(t->pending, bytes);
    return terminal_drain(t);
}

void terminal_suspend(struct terminal *t)
{
    terminal_leave(t);
    sigset_t stop;
    sigset_t before;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    signal(SIGTSTP, SIG_DFL); /* ncurses has a handler of its own, which would restore once more */
    raise(SIGTSTP);           /* blocked, so it waits until the mask lets it through: here */
    pthread_sigmask(SIG_UNBLOCK, &stop, &before);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    terminal_return(t);
}

bool terminal_key(struct terminal *t, bool late, char name[16], GString *paste)
{
    bool ended = false;
    enum decoded what;
    while ((what = input_next(t->input, late, name, paste, &ended)) == DECODED_ANSWER)
        take_answer(t, paste->str);
    if (what == DECODED_PASTE)
        g_strlcpy(name, KEY_PASTE, 16);
    else if (what == DECODED_NONE)
        name[0] = '\0';
    return !ended;
}

int terminal_wait_ms(const struct terminal *t)
{
    return input_wait_ms(t->input);
}

bool terminal_known(const char *term, int *colours)
{
    int found = 0;
    if (setupterm(term, STDOUT_FILENO, &found) != OK)
        return false;
    *colours = tigetnum("colors");
    del_curterm(cur_term);
    return true;
}
