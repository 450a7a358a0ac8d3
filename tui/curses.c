#define NCURSES_WIDECHAR 1
#include "curses.h"

#include <errno.h>
#include <fcntl.h>
#include <ncurses.h>
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

#define RESTORE_MAX 256
/* Bracketed paste: a pasted newline must not press Enter. */
#define PASTE_ON  "\033[?2004h"
#define PASTE_OFF "\033[?2004l"

struct terminal {
    struct cells *shown, *next; /* what the terminal has, and what is being drawn */
    bool ascii;
    SCREEN *screen;
    WINDOW *keys; /* a pad: reading from it refreshes nothing */
    int frame_fd; /* the file in memory that ncurses writes to */
    int out_fd;   /* the terminal, opened anew so that O_NONBLOCK is ours alone */
    GString *pending;
    struct input *input;
    attr_t attributes[ROLE_COUNT];
    short pairs[ROLE_COUNT];
    bool coloured, many;
};

/* What a crash needs, in a form that a signal handler may use. */
static struct {
    struct termios before;
    char bytes[RESTORE_MAX];
    size_t length;
    volatile sig_atomic_t armed;
} restore;

static void restore_now(void)
{
    if (!restore.armed)
        return;
    restore.armed = 0;
    ssize_t ignored = write(STDOUT_FILENO, restore.bytes, restore.length);
    (void)ignored;
    tcsetattr(STDIN_FILENO, TCSANOW, &restore.before);
}

static void on_crash(int number)
{
    restore_now();
    signal(number, SIG_DFL);
    raise(number);
}

static void catch_crashes(void)
{
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGQUIT, SIGTRAP, SIGSYS};
    for (unsigned i = 0; i < G_N_ELEMENTS(fatal); i++) {
        struct sigaction action = {
            .sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND | (int)SA_NODEFER};
        sigaction(fatal[i], &action, NULL);
    }
    atexit(restore_now);
}

static void add_restore(const char *capability)
{
    const char *text = tigetstr((char *)capability);
    size_t n = text && text != (char *)-1 ? strlen(text) : 0;
    if (n > 0 && restore.length + n < RESTORE_MAX) {
        memcpy(restore.bytes + restore.length, text, n);
        restore.length += n;
    }
}

/* The bytes that undo what we switch on; padding ($<..>) does not occur in these. */
static void prepare_restore(void)
{
    static const char *const capabilities[] = {"sgr0", "cnorm", "rmkx", "rmcup"};
    memcpy(restore.bytes, PASTE_OFF, strlen(PASTE_OFF));
    restore.length = strlen(PASTE_OFF);
    for (unsigned i = 0; i < G_N_ELEMENTS(capabilities); i++)
        add_restore(capabilities[i]);
}

static void append_capability(GString *out, const char *capability)
{
    const char *text = tigetstr((char *)capability);
    g_string_append(out, text && text != (char *)-1 ? text : "");
}

/* What keys and pastes need; ncurses does not say it again after a suspend. */
static void announce_modes(struct terminal *t)
{
    append_capability(t->pending, "smkx");
    g_string_append(t->pending, PASTE_ON);
}

/* cbreak without echo; signals stay, flow control goes: nobody means to freeze the screen. */
static void set_modes(void)
{
    struct termios mode = restore.before;
    mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    mode.c_iflag &= ~(tcflag_t)(IXON | ICRNL);
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
}

/* -- drawing ------------------------------------------------------------------------------------- */

/* A cell of ours as one of ncurses'. Where the terminal does not speak UTF-8, what is not ASCII becomes
 * a question mark. */
static cchar_t make_cell(const struct terminal *t, const struct cell_at *cell)
{
    cchar_t out;
    wchar_t text[CCHARW_MAX] = {(wchar_t)cell->text[0]};
    for (unsigned i = 1; i <= CELL_MARKS && i < CCHARW_MAX - 1; i++)
        text[i] = (wchar_t)cell->text[i];
    if (t->next->surface.ascii && cell->text[0] >= 0x80) {
        text[0] = '?';
        text[1] = 0;
    }
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

static void set_role(struct terminal *t, enum role role, const struct style *style)
{
    attr_t attributes = 0;
    attributes |= style->attributes & STYLE_BOLD ? A_BOLD : 0;
    attributes |= style->attributes & STYLE_DIM ? A_DIM : 0;
    attributes |= style->attributes & STYLE_REVERSE ? A_REVERSE : 0;
    attributes |= style->attributes & STYLE_UNDERLINE ? A_UNDERLINE : 0;
    t->attributes[role] = attributes;
    t->pairs[role] = 0;
    if (t->coloured && (style->fg >= 0 || style->bg >= 0)) {
        short limit = (short)(COLORS > 256 ? 256 : COLORS);
        t->pairs[role] = (short)(role + 1);
        init_pair(t->pairs[role], style->fg < limit ? style->fg : (short)(style->fg % 8),
            style->bg < limit ? style->bg : (short)(style->bg % 8));
    }
}

void terminal_set_theme(struct terminal *t, const struct theme *theme)
{
    for (unsigned role = 0; role < ROLE_COUNT; role++)
        set_role(t, role, t->many ? &theme->many[role] : &theme->plain[role]);
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

/* A stock Debian lacks the descriptions of several modern terminals; xterm's fits them. */
static SCREEN *new_screen(FILE *out)
{
    static const char *const fallbacks[] = {"xterm-256color", "xterm", "vt100"};
    SCREEN *screen = newterm(NULL, out, stdin);
    for (unsigned i = 0; !screen && i < G_N_ELEMENTS(fallbacks); i++)
        screen = newterm((char *)fallbacks[i], out, stdin);
    return screen;
}

static bool wants_ascii(const struct terminal_options *options)
{
    return options->ascii || g_strcmp0(g_getenv("TERM"), "linux") == 0;
}

static void open_screen(struct terminal *t, const struct terminal_options *options)
{
    if (!g_getenv("ESCDELAY"))
        set_escdelay(g_getenv("SSH_CONNECTION") ? 100 : 50);
    t->coloured = !options->no_colour && has_colors();
    if (t->coloured) {
        start_color();
        use_default_colors();
        t->many = COLORS >= 256;
    }
    t->keys = newpad(1, 1);
    keypad(t->keys, TRUE);
    nodelay(t->keys, TRUE);
    leaveok(stdscr, TRUE);
    curs_set(0);
    t->input = input_new(t->keys);
    t->ascii = wants_ascii(options);
    /* ncurses writes once per cursor movement until its first suspend: have that behind us. What it
     * says on the way stays in the file; the first frame says it again. */
    endwin();
    discard(t);
    terminal_resize(t);
}

struct terminal *terminal_open(
    const struct terminal_options *options, const struct theme *theme, GError **error)
{
    if (tcgetattr(STDIN_FILENO, &restore.before) != 0) {
        weir_fail(error, WEIR_ERROR_CONFIG, "standard input is no terminal");
        return NULL;
    }
    struct terminal *t = g_new0(struct terminal, 1);
    t->pending = g_string_new(NULL);
    t->frame_fd = memfd_create("weir-frame", MFD_CLOEXEC);
    const char *name = ttyname(STDOUT_FILENO);
    t->out_fd = name ? open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
    if (t->out_fd < 0)
        t->out_fd = dup(STDOUT_FILENO);
    FILE *out = fdopen(dup(t->frame_fd), "w");
    t->screen = new_screen(out);
    if (!t->screen) {
        weir_fail(error, WEIR_ERROR_CONFIG,
            "this terminal (TERM=%s) cannot be used; try TERM=xterm-256color", g_getenv("TERM"));
        fclose(out);
        g_string_free(t->pending, TRUE);
        g_free(t);
        return NULL;
    }
    prepare_restore();
    open_screen(t, options);
    terminal_set_theme(t, theme);
    announce_modes(t); /* leaves with the first frame */
    catch_crashes();
    restore.armed = 1;
    set_modes();
    return t;
}

void terminal_close(struct terminal *t)
{
    (void)t; /* ncurses' own ending would flush into the frame file: the prepared bytes suffice */
    restore_now();
}

/* -- frames -------------------------------------------------------------------------------------- */

void terminal_begin(struct terminal *t, bool repaint)
{
    cells_clear(t->next);
    if (repaint)
        clearok(curscr, TRUE);
}

/* Moves what ncurses wrote out of the file in memory. */
static void collect(struct terminal *t)
{
    off_t length = lseek(t->frame_fd, 0, SEEK_CUR);
    if (length <= 0)
        return;
    gsize at = t->pending->len;
    g_string_set_size(t->pending, at + (gsize)length);
    ssize_t n = pread(t->frame_fd, t->pending->str + at, (size_t)length, 0);
    g_string_truncate(t->pending, at + (gsize)MAX(n, 0));
    discard(t);
}

bool terminal_drain(struct terminal *t)
{
    while (t->pending->len > 0) {
        ssize_t n = write(t->out_fd, t->pending->str, t->pending->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        g_string_erase(t->pending, 0, n);
    }
    return true;
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
    (void)t;
    restore_now();
}

void terminal_return(struct terminal *t)
{
    set_modes();
    restore.armed = 1;
    append_capability(t->pending, "smcup");
    append_capability(t->pending, "civis");
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

bool terminal_key(struct terminal *t, char name[16], GString *paste)
{
    return input_key(t->input, name, paste);
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
