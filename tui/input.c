#define NCURSES_WIDECHAR 1
#include "input.h"

#include <errno.h>
#include <ncurses.h>
#include <poll.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

#include "text.h"

struct input {
    struct decoder *decoder;
    int fd;
    int escape_ms;
};

/* What each key sends: the name in terminfo, and the usual sequences after ESC. Terminfo is said last,
 * so it counts where they differ. */
static const struct {
    const char *name, *capability, *usual;
} special[] = {{"up", "kcuu1", "[A OA"}, {"down", "kcud1", "[B OB"}, {"left", "kcub1", "[D OD"},
    {"right", "kcuf1", "[C OC"}, {"pgup", "kpp", "[5~"}, {"pgdn", "knp", "[6~"},
    {"home", "khome", "[H OH [1~ [7~"}, {"end", "kend", "[F OF [4~ [8~"},
    {"delete", "kdch1", "[3~"}, {"insert", "kich1", "[2~"}, {"backtab", "kcbt", "[Z"},
    {"enter", "kent", "OM"}, {"backspace", "kbs", ""}, {"f1", "kf1", "OP [11~ [[A"},
    {"f2", "kf2", "OQ [12~ [[B"}, {"f3", "kf3", "OR [13~ [[C"}, {"f4", "kf4", "OS [14~ [[D"},
    {"f5", "kf5", "[15~ [[E"}, {"f6", "kf6", "[17~"}, {"f7", "kf7", "[18~"}, {"f8", "kf8", "[19~"},
    {"f9", "kf9", "[20~"}, {"f10", "kf10", "[21~"}, {"f11", "kf11", "[23~"},
    {"f12", "kf12", "[24~"}, {0}};

static void learn_keys(struct decoder *d)
{
    for (unsigned i = 0; special[i].name; i++) {
        g_auto(GStrv) usual = g_strsplit(special[i].usual, " ", -1);
        for (char **rest = usual; *rest; rest++) {
            g_autofree char *sequence = g_strconcat("\033", *rest, NULL);
            decoder_add(d, sequence, special[i].name);
        }
    }
    for (unsigned i = 0; special[i].name; i++) {
        const char *sequence = tigetstr((char *)special[i].capability);
        if (sequence && sequence != (char *)-1)
            decoder_add(d, sequence, special[i].name);
    }
}

struct input *input_new(int fd, int escape_ms)
{
    struct input *in = g_new0(struct input, 1);
    in->decoder = decoder_new();
    in->fd = fd;
    in->escape_ms = escape_ms;
    learn_keys(in->decoder);
    return in;
}

void input_set_escape(struct input *in, int escape_ms)
{
    in->escape_ms = escape_ms;
}

/* Takes what has come; false: nothing did. */
static bool read_more(struct input *in, bool *ended)
{
    char bytes[4096];
    struct pollfd ready = {.fd = in->fd, .events = POLLIN};
    if (poll(&ready, 1, 0) <= 0)
        return false;
    ssize_t n = read(in->fd, bytes, sizeof bytes);
    *ended = n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
    if (n > 0)
        decoder_feed(in->decoder, bytes, (gsize)n);
    return n > 0;
}

enum decoded input_next(struct input *in, bool late, char name[16], GString *text, bool *ended)
{
    *ended = false;
    for (;;) {
        enum decoded what = decoder_next(in->decoder, false, name, text);
        if (what != DECODED_NONE)
            return what;
        if (!read_more(in, ended))
            break;
    }
    return late ? decoder_next(in->decoder, true, name, text) : DECODED_NONE;
}

int input_wait_ms(const struct input *in)
{
    return decoder_wait_ms(in->decoder, in->escape_ms);
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
