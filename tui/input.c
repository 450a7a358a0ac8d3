#define NCURSES_WIDECHAR 1
#include "input.h"

#include <errno.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>

#include "curses.h"
#include "text.h"

#define PASTE_BEGIN 600 /* beyond ncurses' own codes */
#define PASTE_END   601
#define PASTE_MAX   4096

struct input {
    WINDOW *pad;
    bool pasting;
    bool first_line; /* of the paste; the rest is dropped */
};

static const struct {
    int code;
    const char *name;
} special[] = {{KEY_UP, "up"}, {KEY_DOWN, "down"}, {KEY_LEFT, "left"}, {KEY_RIGHT, "right"},
    {KEY_PPAGE, "pgup"}, {KEY_NPAGE, "pgdn"}, {KEY_HOME, "home"}, {KEY_END, "end"},
    {KEY_FIND, "home"}, {KEY_SELECT, "end"}, {KEY_BACKSPACE, "backspace"}, {KEY_DC, "delete"},
    {KEY_IC, "insert"}, {KEY_BTAB, "backtab"}, {KEY_ENTER, "enter"}, {KEY_F(1), "f1"},
    {KEY_F(2), "f2"}, {KEY_F(3), "f3"}, {KEY_F(4), "f4"}, {KEY_F(5), "f5"}, {KEY_F(6), "f6"},
    {KEY_F(7), "f7"}, {KEY_F(8), "f8"}, {KEY_F(9), "f9"}, {KEY_F(10), "f10"}, {KEY_F(11), "f11"},
    {KEY_F(12), "f12"}, {0, NULL}};

struct input *input_new(void *pad)
{
    struct input *in = g_new0(struct input, 1);
    in->pad = pad;
    define_key("\033[200~", PASTE_BEGIN);
    define_key("\033[201~", PASTE_END);
    /* Some descriptions lack these. */
    define_key("\033[H", KEY_HOME);
    define_key("\033[F", KEY_END);
    define_key("\033OH", KEY_HOME);
    define_key("\033OF", KEY_END);
    return in;
}

static void name_code(wint_t code, char name[16])
{
    for (unsigned i = 0; special[i].name; i++)
        if ((wint_t)special[i].code == code)
            g_strlcpy(name, special[i].name, 16);
}

static void name_character(wint_t c, char name[16])
{
    static const struct {
        wint_t c;
        const char *name;
    } named[] = {{'\r', "enter"}, {'\n', "enter"}, {'\t', "tab"}, {27, "esc"}, {' ', "space"},
        {127, "backspace"}, {8, "backspace"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(named); i++) {
        if (named[i].c == c) {
            g_strlcpy(name, named[i].name, 16);
            return;
        }
    }
    if (c > 0 && c < 27) {
        g_snprintf(name, 16, "ctrl-%c", (char)('a' + c - 1));
        return;
    }
    char utf8[8] = {0};
    g_unichar_to_utf8((gunichar)c, utf8);
    if (text_is_clean(utf8, -1))
        g_strlcpy(name, utf8, 16);
}

/* A character of a paste: only the first line counts, and of that what is printable. */
static void take_pasted(struct input *in, wint_t c, GString *paste)
{
    if (c == '\r' || c == '\n')
        in->first_line = paste->len == 0;
    if (!in->first_line || c < 32 || paste->len >= PASTE_MAX)
        return;
    char utf8[8] = {0};
    g_unichar_to_utf8((gunichar)c, utf8);
    text_clean(utf8, -1, paste);
}

bool input_key(struct input *in, char name[16], GString *paste)
{
    name[0] = '\0';
    for (;;) {
        wint_t c;
        errno = 0;
        int result = wget_wch(in->pad, &c);
        if (result == ERR)
            return errno == 0 || errno == EINTR || errno == EAGAIN;
        if (result == KEY_CODE_YES && (c == PASTE_BEGIN || c == PASTE_END)) {
            in->pasting = in->first_line = c == PASTE_BEGIN;
            if (in->pasting) {
                g_string_truncate(paste, 0);
                continue;
            }
            g_strlcpy(name, KEY_PASTE, 16);
            return true;
        }
        if (in->pasting) {
            if (result == OK)
                take_pasted(in, c, paste);
            continue;
        }
        if (result == KEY_CODE_YES)
            name_code(c, name);
        else
            name_character(c, name);
        if (name[0])
            return true;
    }
}

bool input_is_key(const char *name)
{
    static const char *const words[] = {"enter", "esc", "tab", "space", "backspace", NULL};
    if (!g_utf8_validate(name, -1, NULL) || !text_is_clean(name, -1))
        return false;
    if (g_utf8_strlen(name, -1) == 1)
        return *name != ' ';
    if (g_str_has_prefix(name, "ctrl-"))
        return name[5] >= 'a' && name[5] <= 'z' && name[6] == '\0';
    for (unsigned i = 0; special[i].name; i++)
        if (strcmp(special[i].name, name) == 0)
            return true;
    return g_strv_contains(words, name);
}
