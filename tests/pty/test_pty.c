/*
 * Tests of the terminal harness itself, against small shell scripts and the floor program of the
 * benchmark: $PTY_FLOOR, else bench-floor in $BUILD, else beside this test's own binary.
 */
#include "pty_assert.h"

#include "hygiene.h"
#include "slowlink.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { SHORT_MS = 60 };

/* Shows what it is sent, and says when it listens. */
#define ECHO_KEYS "stty raw -echo; printf 'ready\\r\\n'; exec cat -vT"

static struct pty *shell(const char *script)
{
    return pty_assert_run("sh", "-c", script);
}

static char *floor_path(void)
{
    const char *given = g_getenv("PTY_FLOOR"), *build = g_getenv("BUILD");
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_path_get_dirname(self);
    return given ? g_strdup(given) : g_build_filename(build ? build : folder, "bench-floor", NULL);
}

static struct pty *floor_program(void)
{
    g_autofree char *path = floor_path();
    struct pty *p = pty_assert_run(path);
    pty_assert_screen(p, "floor ready");
    return p;
}

static void shows_output(void)
{
    AUTO(pty) p = shell("printf 'one\\r\\n\\033[5;3Htwo'");
    pty_assert_exit(p, 0);
    g_autofree char *first = pty_row(p, 0);
    g_autofree char *fifth = pty_row(p, 4);
    g_assert_cmpstr(first, ==, "one");
    g_assert_cmpstr(fifth, ==, "  two");
    int x = 0, y = 0;
    pty_cursor(p, &x, &y);
    g_assert_cmpint(x, ==, 5);
    g_assert_cmpint(y, ==, 4);
}

static void shows_last_output(void)
{
    AUTO(pty) p = shell("seq 1 20000");
    pty_assert_exit(p, 0);
    g_autofree char *row = pty_row(p, 22);
    g_assert_cmpstr(row, ==, "20000");
}

static void missing_program(void)
{
    g_autoptr(GError) error = NULL;
    struct pty_spec spec = {.argv = (const char *const[]){"/no/such/program", NULL}};
    g_assert_null(pty_spawn(&spec, &error));
    g_assert_error(error, PTY_ERROR, PTY_ERROR_SPAWN);
    g_assert_nonnull(strstr(error->message, "/no/such/program: No such file"));
}

static void environment(void)
{
    struct pty_spec spec = {
        .argv = (const char *const[]){"sh", "-c",
            "echo $TERM-$LANG-${COLORTERM:-none}-$A-$(pwd)-${HOME:-x}; stty size", NULL},
        .env = (const char *const[]){"A=b=c", "HOME", NULL},
        .cwd = "/",
        .term = "vt100",
        .width = 100,
        .height = 30,
    };
    g_setenv("COLORTERM", "truecolor", TRUE);
    AUTO(pty) p = pty_assert_spawn(&spec);
    pty_assert_screen(p, "^vt100-C.UTF-8-none-b=c-/-x$");
    pty_assert_screen(p, "^30 100$");
    pty_assert_exit(p, 0);
}

static void timeout_shows_screen(void)
{
    AUTO(pty) p = shell("printf 'the third\\nrow'; read line");
    pty_assert_screen(p, "row");
    g_autoptr(GError) error = NULL;
    g_assert_false(pty_wait(p, "never", SHORT_MS, &error));
    g_assert_error(error, PTY_ERROR, PTY_ERROR_TIMEOUT);
    g_assert_nonnull(strstr(error->message, "waiting for /never/: not within 60 ms; 80x24, main"));
    g_assert_nonnull(strstr(error->message, "  0|the third\n  1|row\n"));
}

static void end_ends_waiting(void)
{
    AUTO(pty) p = shell("echo last words; exit 3");
    g_autoptr(GError) error = NULL;
    g_assert_false(pty_wait(p, "never", pty_patience_ms(), &error));
    g_assert_error(error, PTY_ERROR, PTY_ERROR_ENDED);
    g_assert_nonnull(strstr(error->message, "the program ended with 3"));
    g_assert_nonnull(strstr(error->message, "last words"));
}

static void exit_codes(void)
{
    AUTO(pty) seven = shell("exit 7");
    pty_assert_exit(seven, 7);
    AUTO(pty) killed = shell("read line");
    pty_kill(killed, SIGTERM);
    pty_assert_exit(killed, 128 + SIGTERM);
    g_assert_true(pty_has_ended(killed));
}

static void colors(void)
{
    AUTO(pty)
    p = shell("printf '\\033[31;44mA\\033[38;5;208mB\\033[48;2;1;2;3mC\\033[39;49mD\\033[m'");
    pty_assert_exit(p, 0);
    struct pty_cell a = pty_cell(p, 0, 0), b = pty_cell(p, 1, 0), c = pty_cell(p, 2, 0);
    struct pty_cell d = pty_cell(p, 3, 0);
    g_assert_cmpstr(a.text, ==, "A");
    g_assert_cmpint(a.fg.kind, ==, PTY_COLOR_INDEXED);
    g_assert_cmpint(a.fg.index, ==, 1);
    g_assert_cmpint(a.bg.index, ==, 4);
    g_assert_cmpint(b.fg.index, ==, 208);
    g_assert_cmpint(c.bg.kind, ==, PTY_COLOR_RGB);
    g_assert_cmpint(c.bg.red, ==, 1);
    g_assert_cmpint(c.bg.blue, ==, 3);
    g_assert_cmpint(d.fg.kind, ==, PTY_COLOR_DEFAULT);
    g_assert_cmpint(d.bg.kind, ==, PTY_COLOR_DEFAULT);
}

static void attributes(void)
{
    AUTO(pty)
    p = shell("printf '\\033[1mb\\033[22;2md\\033[0;7mr\\033[m\\033[4mu\\033[0;1;2mx\\033[22my"
              "\\033[38;5;2mz\\033[38;2;2;2;2mw'");
    pty_assert_exit(p, 0);
    struct pty_cell b = pty_cell(p, 0, 0), d = pty_cell(p, 1, 0), r = pty_cell(p, 2, 0);
    struct pty_cell u = pty_cell(p, 3, 0), x = pty_cell(p, 4, 0), y = pty_cell(p, 5, 0);
    struct pty_cell z = pty_cell(p, 6, 0), w = pty_cell(p, 7, 0);
    g_assert_true(b.bold && !b.dim && !b.reverse && !b.underline);
    g_assert_true(!d.bold && d.dim);
    g_assert_true(r.reverse && !r.dim && !r.bold);
    g_assert_true(u.underline && !u.reverse);
    g_assert_true(x.bold && x.dim);
    g_assert_true(!y.bold && !y.dim);
    g_assert_true(!z.dim && z.fg.index == 2);
    g_assert_true(!w.dim && w.fg.kind == PTY_COLOR_RGB && w.fg.green == 2);
}

static void wide_characters(void)
{
    AUTO(pty) p = shell("printf '日e\\314\\201x\\033(0q\\033(B=\\033[4b'");
    pty_assert_exit(p, 0);
    g_assert_cmpint(pty_cell(p, 0, 0).width, ==, 2);
    g_assert_cmpint(pty_cell(p, 1, 0).width, ==, 0);
    g_assert_cmpstr(pty_cell(p, 2, 0).text, ==, "e\314\201");
    g_autofree char *row = pty_row(p, 0);
    g_assert_cmpstr(row, ==, "日e\314\201x─=====");
}

static void keys(void)
{
    static const struct {
        const char *key, *sends;
    } cases[] = {
        {"j", "j"},
        {"é", "M-CM-)"},
        {"space", " ."},
        {"ctrl-d", "^D"},
        {"ctrl-i", "^I"},
        {"esc", "^["},
        {"enter", "^M"},
        {"tab", "^I"},
        {"shift-tab", "^[[Z"},
        {"backspace", "^?"},
        {"up", "^[[A"},
        {"ctrl-left", "^[[1;5D"},
        {"pgdn", "^[[6~"},
        {"home", "^[[H"},
        {"delete", "^[[3~"},
        {"f1", "^[OP"},
        {"f12", "^[[24~"},
        {"alt-x", "^[x"},
    };
    AUTO(pty) p = shell(ECHO_KEYS);
    pty_assert_screen(p, "ready");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *shown = g_strdup_printf("<%s>", cases[i].sends);
        g_autofree char *literal = g_regex_escape_string(shown, -1);
        pty_type(p, "<");
        pty_key(p, cases[i].key);
        pty_type(p, strcmp(cases[i].key, "space") == 0 ? ".>" : ">");
        pty_assert_screen(p, literal);
    }
}

static void application_keys(void)
{
    AUTO(pty) p = shell("printf '\\033[?1h'; " ECHO_KEYS);
    pty_assert_screen(p, "ready");
    pty_key(p, "up");
    pty_key(p, "end");
    pty_assert_screen(p, "\\^\\[OA\\^\\[OF");
    g_assert_true(pty_mode(p, 1));
}

static void paste_and_focus(void)
{
    AUTO(pty) p = shell(ECHO_KEYS);
    pty_assert_screen(p, "ready");
    pty_focus(p, false);
    pty_paste(p, "plain ");
    pty_assert_screen(p, "^plain");
    AUTO(pty) asked = shell("printf '\\033[?2004;1004h'; " ECHO_KEYS);
    pty_assert_screen(asked, "ready");
    pty_focus(asked, false);
    pty_paste(asked, "framed");
    pty_assert_screen(asked, "\\^\\[\\[O\\^\\[\\[200~framed\\^\\[\\[201~");
}

static void questions(void)
{
    static const char ask[] =
        "stty raw -echo; printf '\\033]11;?\\007\\033[?2026$p\\033[?9999$p\\033[6n"
        "\\033[c'; exec cat -vT";
    static const char answers[] = "\\^\\[\\]11;rgb:0000/0000/0000\\^\\[\\\\\\^\\[\\[\\?2026;2\\$y"
                                  "\\^\\[\\[\\?9999;0\\$y\\^\\[\\[1;1R\\^\\[\\[\\?1;2c";
    struct pty_spec spec = {.argv = (const char *const[]){"sh", "-c", ask, NULL}, .width = 160};
    AUTO(pty) dark = pty_assert_spawn(&spec);
    pty_assert_screen(dark, answers);
    spec.manner = (struct emulator_manner){.light = true, .no_sync = true};
    AUTO(pty) light = pty_assert_spawn(&spec);
    pty_assert_screen(light, "rgb:ffff/ffff/ffff.*2026;0");
}

static void mute_terminal(void)
{
    struct pty_spec spec = {
        .argv =
            (const char *const[]){"sh", "-c", "printf '\\033[c\\033]11;?\\007'; " ECHO_KEYS, NULL},
        .manner.mute = true,
    };
    AUTO(pty) p = pty_assert_spawn(&spec);
    pty_assert_screen(p, "ready");
    pty_key(p, "up");
    pty_assert_screen(p, "^\\^\\[\\[A$");
}

static void resize(void)
{
    AUTO(pty) p = shell("trap 'stty size' WINCH; echo ready; while :; do read line; done");
    pty_assert_screen(p, "ready");
    pty_resize(p, 132, 43);
    pty_assert_screen(p, "^43 132$");
    int width = 0, height = 0;
    pty_size(p, &width, &height);
    g_assert_cmpint(width, ==, 132);
    g_assert_cmpint(height, ==, 43);
}

static void resize_storm(void)
{
    AUTO(pty) p = floor_program();
    for (int i = 0; i < 2000; i++)
        pty_resize(p, 1 + i % 300, 1 + i % 97);
    pty_resize(p, 1, 1);
    pty_resize(p, 120, 40);
    pty_key(p, "j");
    PTY_ASSERT(p, pty_wait_quiet(p, SHORT_MS, pty_patience_ms(), &pty_error_));
    pty_key(p, "q");
    pty_assert_exit(p, 0);
    pty_assert_clean(p);
    g_assert_true(pty_is_restored(p));
}

static void hangup(void)
{
    AUTO(pty) p = shell("echo ready; read line; echo never");
    pty_assert_screen(p, "ready");
    pty_hangup(p);
    pty_assert_exit(p, 128 + SIGHUP);
    g_assert_false(pty_is_restored(p));
}

static void cursor_modes(void)
{
    AUTO(pty)
    p = shell("printf '\\033[?25lhidden'; read line; printf '\\033[?12;25hshown'; read line");
    pty_assert_screen(p, "hidden");
    g_assert_false(pty_cursor_visible(p));
    pty_key(p, "enter");
    pty_assert_screen(p, "shown");
    g_assert_true(pty_cursor_visible(p));
}

static void sync_hides_halves(void)
{
    AUTO(pty)
    p = shell("printf '\\033[?2026hhalf'; read line; printf ' whole\\033[?2026l'; read line");
    g_autoptr(GError) error = NULL;
    g_assert_false(pty_wait(p, "half", SHORT_MS, &error));
    g_assert_nonnull(strstr(error->message, "inside a synchronised update"));
    pty_key(p, "enter");
    pty_assert_screen(p, "half\n whole");
}

static void restores(void)
{
    AUTO(pty) p = floor_program();
    g_assert_true(pty_alt_screen(p));
    g_assert_false(pty_cursor_visible(p));
    g_autoptr(GError) error = NULL;
    g_assert_false(pty_check_restored(p, &error));
    g_assert_nonnull(strstr(error->message, "ECHO, ICANON"));
    g_assert_nonnull(strstr(error->message, "the alternate screen, a hidden cursor, application"));
    pty_key(p, "q");
    pty_assert_restored(p);
    pty_assert_exit(p, 0);
    g_assert_true(pty_is_restored(p));
    g_assert_false(pty_alt_screen(p));
}

static void unrestored(void)
{
    AUTO(pty) p = floor_program();
    pty_kill(p, SIGKILL);
    pty_assert_exit(p, 128 + SIGKILL);
    g_autoptr(GError) error = NULL;
    g_assert_false(pty_wait_restored(p, SHORT_MS, &error));
    g_assert_error(error, PTY_ERROR, PTY_ERROR_TERMINAL);
}

static void counts(void)
{
    AUTO(pty) p = floor_program();
    PTY_ASSERT(p, pty_wait_quiet(p, SHORT_MS, pty_patience_ms(), &pty_error_));
    const struct pty_stats *stats = pty_stats(p);
    g_assert_cmpuint(stats->bytes, >, 80 * 20);
    g_assert_cmpint(stats->first_byte_ns, >, stats->started_ns);
    AUTO(pty_frame) before = pty_frame(p);
    uint64_t writes_before = 0, writes_after = 0;
    g_assert_true(pty_writes(p, &writes_before));
    pty_mark(p);
    g_assert_cmpint(stats->first_byte_ns, ==, 0);
    pty_key(p, "j");
    PTY_ASSERT(p, pty_wait_quiet(p, SHORT_MS, pty_patience_ms(), &pty_error_));
    g_assert_true(pty_writes(p, &writes_after));
    g_assert_cmpuint(writes_after - writes_before, ==, 1);
    g_assert_cmpuint(stats->bytes, <=, 12);
    g_assert_cmpint(stats->last_byte_ns, >=, stats->first_byte_ns);
    AUTO(pty_frame) after = pty_frame(p);
    struct pty_change change = pty_frame_compare(before, after);
    g_assert_cmpuint(change.cells, ==, 2);
    g_assert_cmpuint(change.runs, ==, 2);
    pty_key(p, "q");
    pty_assert_exit(p, 0);
    g_assert_true(pty_writes(p, &writes_after));
    g_assert_cmpuint(writes_after, >, writes_before);
    g_assert_cmpint(stats->ended_ns, >, stats->started_ns);
}

static void frames(void)
{
    AUTO(pty_frame) a = pty_frame_new(10, 2);
    AUTO(pty_frame) b = pty_frame_new(10, 2);
    AUTO(pty_frame) c = pty_frame_new(9, 2);
    b->cells[0].text[0] = 'x';
    b->cells[3].bold = b->cells[4].dim = true;
    b->cells[9].bg.kind = b->cells[10].bg.kind = PTY_COLOR_RGB;
    struct pty_change change = pty_frame_compare(a, b);
    g_assert_cmpuint(change.cells, ==, 5);
    g_assert_cmpuint(change.runs, ==, 4);
    change = pty_frame_compare(a, c);
    g_assert_cmpuint(change.cells, ==, 18);
    g_assert_cmpuint(change.runs, ==, 2);
}

static void clean_bytes(void)
{
    AUTO(pty) p = floor_program();
    pty_key(p, "down");
    pty_key(p, "q");
    pty_assert_exit(p, 0);
    pty_assert_clean(p);
}

static void forbidden_bytes(void)
{
    static const struct {
        const char *output, *complaint; /* NULL: none */
    } cases[] = {
        {"plain 日本 e\314\201 \033[1;38;5;208mx\033[m\033(B\r\n\033[5;3H\033[K\033[?25l", NULL},
        {"\033[?2026h\033[?2004h\033[?1049h\033[22;0;0t\033]52;c;eA==\033\\\033]0;weir\a", NULL},
        {"\033[c\033[?2026$p\033]11;?\a\033[6n", NULL},
        {"a\302\205", "byte 1 of the output: U+0085, C1 control"},
        {"\342\200\256x", "byte 0 of the output: U+202E, bidi override"},
        {"ab\342\200\213", "byte 2 of the output: U+200B, zero-width character"},
        {"\357\273\277", "U+FEFF, byte order mark"},
        {"x\303", "a byte that is not UTF-8"},
        {"x\2335n", "bytes that are not UTF-8"},
        {"a\001", "control byte 0x01"},
        {"\177", "control byte 0x7f"},
        {"\033[2\033[m", "a broken escape sequence"},
        {"\033]0;a\nb\a", "a broken escape sequence"},
        {"\033P+q544e\033\\", "is no output sequence"},
        {"\033]8;;http://x\033\\", "\"OSC 8\" is no output sequence of xterm-256color"},
        {"\033[?1;1049;47h", "\"CSI ? 47 h\" is no output sequence of xterm-256color"},
        {"\033[5i", "\"CSI i\" is no output sequence"},
        {"\033[>4;2m", "\"CSI > m\" is no output sequence"},
        {"\033V", "\"ESC V\" is no output sequence"},
        {"abc\033[12", "byte 3 of the output: the output ends inside an escape sequence"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        hygiene_check(cases[i].output, strlen(cases[i].output), "xterm-256color", &error);
        if (!cases[i].complaint)
            g_assert_no_error(error);
        else
            g_assert_true(error && strstr(error->message, cases[i].complaint));
    }
    g_autoptr(GError) error = NULL;
    g_assert_false(hygiene_check("", 0, "no-such-term", &error));
    g_assert_error(error, HYGIENE_ERROR, HYGIENE_ERROR_TERM);
}

static void other_terms(void)
{
    static const char *const terms[] = {
        "xterm", "screen-256color", "tmux-256color", "linux", "vt100"};
    g_autofree char *path = floor_path();
    for (size_t i = 0; i < G_N_ELEMENTS(terms); i++) {
        struct pty_spec spec = {.argv = (const char *const[]){path, NULL}, .term = terms[i]};
        AUTO(pty) p = pty_assert_spawn(&spec);
        pty_assert_screen(p, "floor ready");
        pty_key(p, "q");
        pty_assert_exit(p, 0);
        pty_assert_clean(p);
    }
}

static void slow_line(void)
{
    AUTO(slowlink) l = slowlink_new(20000, 100);
    g_autoptr(GByteArray) out = g_byte_array_new();
    const int64_t ms = 1000000;
    char page[1000] = {0};
    g_assert_cmpuint(slowlink_room(l, 0), ==, 100);
    slowlink_put(l, SLOWLINK_TO_TERMINAL, page, 100, 0);
    g_assert_cmpuint(slowlink_room(l, 4 * ms), ==, 0);
    g_assert_cmpint(slowlink_next_ns(l, 0), ==, 5 * ms);
    g_assert_cmpuint(slowlink_room(l, 5 * ms), ==, 100);
    slowlink_put(l, SLOWLINK_TO_TERMINAL, page, sizeof page, 5 * ms);
    slowlink_take(l, SLOWLINK_TO_TERMINAL, 54 * ms, out);
    g_assert_cmpuint(out->len, ==, 0);
    slowlink_take(l, SLOWLINK_TO_TERMINAL, 55 * ms, out);
    g_assert_cmpuint(out->len, ==, 100);
    g_assert_cmpint(slowlink_next_ns(l, 60 * ms), ==, 105 * ms);
    slowlink_put(l, SLOWLINK_TO_PROGRAM, "j", 1, 60 * ms);
    slowlink_take(l, SLOWLINK_TO_PROGRAM, 109 * ms, out);
    g_assert_cmpuint(out->len, ==, 100);
    slowlink_take(l, SLOWLINK_TO_PROGRAM, 110 * ms, out);
    g_assert_cmpuint(out->len, ==, 101);
    slowlink_take(l, SLOWLINK_TO_TERMINAL, 105 * ms, out);
    g_assert_true(slowlink_is_idle(l, 105 * ms));
    g_assert_cmpint(slowlink_next_ns(l, 110 * ms), ==, INT64_MAX);
}

/* Only lower bounds: a busy machine may be slower than the line, never faster. */
static void throttled_session(void)
{
    AUTO(pty)
    p = shell("stty raw -echo; yes | head -c 4000; printf '\\r\\nready'; head -c 1; echo got it");
    pty_throttle(p, 20000, 100);
    pty_assert_screen(p, "ready");
    const struct pty_stats *stats = pty_stats(p);
    g_assert_cmpuint(stats->bytes, ==, 4007);
    g_assert_cmpint(stats->last_byte_ns - stats->started_ns, >=, 250 * 1000000);
    pty_mark(p);
    pty_key(p, "x");
    pty_assert_screen(p, "xgot it");
    g_assert_cmpint(stats->first_byte_ns - stats->marked_ns, >=, 100 * 1000000);
    pty_assert_exit(p, 0);
}

static void blocked_writer(void)
{
    AUTO(pty) p = shell("head -c 100000 /dev/zero | tr '\\0' x; echo done; read line");
    pty_throttle(p, 1000, 0);
    g_autoptr(GError) error = NULL;
    g_assert_false(pty_wait(p, "done", SHORT_MS, &error));
    g_assert_cmpuint(pty_stats(p)->bytes, <=, 1000);
}

static void cast_files(void)
{
    g_autofree char *folder = g_dir_make_tmp("pty-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "a", "session.cast", NULL);
    g_autofree char *inner = g_path_get_dirname(path);
    AUTO(pty) p = shell("stty -echo; printf 'A\\033[1m\"\\303'; read line; printf '\\251\\377'");
    pty_assert_screen(p, "^A\"");
    pty_resize(p, 90, 20);
    pty_key(p, "enter");
    pty_assert_exit(p, 0);
    PTY_ASSERT(p, pty_save_cast(p, path, &pty_error_));
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_assert_cmpstr(lines[0], ==,
        "{\"version\": 2, \"width\": 80, \"height\": 24, \"command\": \"sh -c stty -echo; printf "
        "'A\\\\033[1m\\\"\\\\303'; read line; printf '\\\\251\\\\377'\", \"env\": {\"TERM\": "
        "\"xterm-256color\"}}");
    g_assert_true(g_str_has_suffix(lines[1], ", \"o\", \"A\\u001b[1m\\\"\"]"));
    g_assert_true(g_str_has_suffix(lines[2], ", \"r\", \"90x20\"]"));
    g_assert_true(g_str_has_suffix(lines[3], ", \"i\", \"\\u000d\"]"));
    g_assert_true(g_str_has_suffix(lines[4], ", \"o\", \"é\357\277\275\"]"));
    unlink(path);
    rmdir(inner);
    rmdir(folder);
}

static void failure_leaves_cast(void)
{
    if (g_test_subprocess()) {
        AUTO(pty) p = shell("echo something else; read line");
        pty_assert_screen(p, "expected");
        return;
    }
    g_autofree char *folder = g_dir_make_tmp("pty-XXXXXX", NULL);
    g_setenv("PTY_CASTS", folder, TRUE);
    g_setenv("PTY_PATIENCE_MS", "60", TRUE);
    g_test_trap_subprocess(NULL, 0, 0);
    g_unsetenv("PTY_CASTS");
    g_unsetenv("PTY_PATIENCE_MS");
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr(
        "*test_pty.c*failure_leaves_cast*0|something else*the session: *.cast*");
    g_autoptr(GDir) made = g_dir_open(folder, 0, NULL);
    const char *name = g_dir_read_name(made);
    g_assert_true(name && g_str_has_suffix(name, ".cast"));
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_assert_cmpint(unlink(path), ==, 0);
    rmdir(folder);
}

static const struct {
    const char *path;
    GTestFunc run;
} tests[] = {
    {"/pty/what a program writes stands on the screen", shows_output},
    {"/pty/all output is on the screen once the program has ended", shows_last_output},
    {"/pty/a program that does not exist is an error with its name", missing_program},
    {"/pty/a program gets a known environment, folder and window size", environment},
    {"/pty/a wait that fails shows the whole screen", timeout_shows_screen},
    {"/pty/the end of the program ends the wait", end_ends_waiting},
    {"/pty/an exit code tells status and signal", exit_codes},
    {"/pty/a cell has the colours that the program set", colors},
    {"/pty/a cell has its attributes, dim among them", attributes},
    {"/pty/wide, combined, drawn and repeated characters are in their cells", wide_characters},
    {"/pty/a key sends what a terminal sends", keys},
    {"/pty/a key follows the application cursor mode", application_keys},
    {"/pty/paste and focus follow the modes that the program asked for", paste_and_focus},
    {"/pty/the terminal answers what programs ask", questions},
    {"/pty/a mute terminal answers nothing and still has keys", mute_terminal},
    {"/pty/a new size reaches the program and the screen", resize},
    {"/pty/a storm of sizes does no harm", resize_storm},
    {"/pty/a closed window hangs the program up", hangup},
    {"/pty/a list of modes sets them all", cursor_modes},
    {"/pty/half a synchronised update is not looked at", sync_hides_halves},
    {"/pty/a program that ends properly leaves the terminal as it was", restores},
    {"/pty/a killed program leaves the terminal unusable", unrestored},
    {"/pty/a key of the floor costs one write and two cells", counts},
    {"/pty/two frames differ in cells and in runs of cells", frames},
    {"/pty/the output of the floor has no forbidden byte", clean_bytes},
    {"/pty/a forbidden byte is named with its place", forbidden_bytes},
    {"/pty/terminals of other families have their own sequences", other_terms},
    {"/pty/a slow line delivers bytes when they are due", slow_line},
    {"/pty/a throttled session takes as long as its line", throttled_session},
    {"/pty/a program behind a slow line waits for it", blocked_writer},
    {"/pty/a session can be written as a cast", cast_files},
    {"/pty/a failed assertion leaves a cast", failure_leaves_cast},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add_func(tests[i].path, tests[i].run);
    return g_test_run();
}
