#include "decode.h"

#include <string.h>

#include "text.h"

#define ESC       '\033'
#define REST_MS   1000 /* for the end of what is surely a sequence */
#define PASTE_MS  5000 /* for the end of a paste: a broken line must not swallow keys for ever */
#define KEY_MAX   16   /* bytes of the longest key sequence */
#define PASTE_END "\033[201~"

struct decoder {
    GHashTable *keys; /* sequence to name */
    GString *bytes;   /* what came and was not taken yet */
    GString *paste;
    bool pasting;
    bool first_line; /* of the paste; the rest is dropped */
};

struct decoder *decoder_new(void)
{
    struct decoder *d = g_new0(struct decoder, 1);
    d->keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    d->bytes = g_string_new(NULL);
    d->paste = g_string_new(NULL);
    return d;
}

void decoder_free(struct decoder *d)
{
    if (!d)
        return;
    g_hash_table_unref(d->keys);
    g_string_free(d->bytes, TRUE);
    g_string_free(d->paste, TRUE);
    g_free(d);
}

void decoder_add(struct decoder *d, const char *sequence, const char *name)
{
    gsize n = strlen(sequence);
    if (n >= 2 && n <= KEY_MAX && sequence[0] == ESC)
        g_hash_table_insert(d->keys, g_strdup(sequence), g_strdup(name));
}

void decoder_feed(struct decoder *d, const char *bytes, gsize length)
{
    g_string_append_len(d->bytes, bytes, (gssize)length);
}

static void take(struct decoder *d, gsize length)
{
    g_string_erase(d->bytes, 0, (gssize)length);
}

/* -- characters ---------------------------------------------------------------------------------- */

/* The character at p as *c and its length: 0 when it is not all there, 1 and U+FFFF when it is none. */
static gsize read_character(const char *p, gsize length, gunichar *c)
{
    *c = g_utf8_get_char_validated(p, (gssize)length);
    if (*c == (gunichar)-2)
        return 0;
    if (*c == (gunichar)-1 || *c == 0) {
        *c = 0xffff;
        return 1;
    }
    return (gsize)g_utf8_skip[(guchar)*p];
}

static bool name_character(gunichar c, char name[16])
{
    static const struct {
        gunichar c;
        const char *name;
    } named[] = {{'\r', "enter"}, {'\n', "enter"}, {'\t', "tab"}, {' ', "space"},
        {127, "backspace"}, {8, "backspace"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(named); i++)
        if (named[i].c == c)
            return g_strlcpy(name, named[i].name, 16) > 0;
    if (c > 0 && c < 27)
        return g_snprintf(name, 16, "ctrl-%c", (char)('a' + c - 1)) > 0;
    char utf8[8] = {0};
    g_unichar_to_utf8(c, utf8);
    return text_is_clean(utf8, -1) && g_strlcpy(name, utf8, 16) > 0;
}

/* -- sequences ----------------------------------------------------------------------------------- */

/* OSC and its kin end with ST or, as xterm has it, with BEL. */
static gsize string_length(const char *p, gsize length)
{
    for (gsize i = 2; i < length; i++) {
        if (p[i] == '\a')
            return i + 1;
        if (p[i] == ESC)
            return i + 1 == length ? 0 : p[i + 1] == '\\' ? i + 2 : i;
    }
    return length > DECODE_TEXT_MAX ? length : 0;
}

static gsize csi_length(const char *p, gsize length)
{
    if (length > 2 && p[2] == '[') /* function keys of the Linux console: ESC [ [ A */
        return length > 3 ? 4 : 0;
    for (gsize i = 2; i < length; i++) {
        guchar c = (guchar)p[i];
        if (c >= 0x40 && c <= 0x7e)
            return i + 1;
        if (c < 0x20 || c > 0x7e) /* broken off: what follows is something else */
            return i;
    }
    return length > DECODE_TEXT_MAX ? length : 0;
}

/* How much of what begins with ESC is one sequence: 0 when its end has not come, 1 for a bare ESC. */
static gsize sequence_length(const char *p, gsize length)
{
    if (length < 2)
        return 0;
    switch (p[1]) {
    case '[': return csi_length(p, length);
    case 'O': return length > 2 ? 3 : 0;
    case ']':
    case 'P':
    case '_':
    case '^': return string_length(p, length);
    default: return 1;
    }
}

/* A key of the table at the begin of p: its name, and *n its length. */
static const char *known_key(const struct decoder *d, const char *p, gsize length, gsize *n)
{
    char sequence[KEY_MAX + 1];
    for (*n = MIN(length, KEY_MAX); *n >= 2; (*n)--) {
        memcpy(sequence, p, *n);
        sequence[*n] = '\0';
        const char *name = g_hash_table_lookup(d->keys, sequence);
        if (name && strlen(sequence) == *n)
            return name;
    }
    return NULL;
}

static enum decoded press_escape(struct decoder *d, char name[16])
{
    take(d, 1);
    g_strlcpy(name, "esc", 16);
    return DECODED_KEY;
}

static enum decoded next_sequence(struct decoder *d, bool late, char name[16], GString *text)
{
    const char *p = d->bytes->str;
    gsize n;
    const char *key = known_key(d, p, d->bytes->len, &n);
    if (key) {
        g_strlcpy(name, key, 16);
        take(d, n);
        return DECODED_KEY;
    }
    n = sequence_length(p, d->bytes->len);
    if (n == 0 && !late)
        return DECODED_NONE;
    if (n == 1 || (n == 0 && d->bytes->len <= 2))
        return press_escape(d, name);
    if (n == 0)
        n = d->bytes->len;
    if (strncmp(p, "\033[200~", n) == 0 && n == strlen(PASTE_END)) {
        d->pasting = d->first_line = true;
        g_string_truncate(d->paste, 0);
    }
    g_string_truncate(text, 0);
    g_string_append_len(text, p, (gssize)MIN(n, DECODE_TEXT_MAX));
    take(d, n);
    return DECODED_ANSWER;
}

/* -- pastes -------------------------------------------------------------------------------------- */

static void take_pasted(struct decoder *d, gunichar c)
{
    if (c == '\r' || c == '\n')
        d->first_line = d->paste->len == 0;
    if (!d->first_line || c < 32 || c == 0xffff || d->paste->len >= DECODE_TEXT_MAX)
        return;
    char utf8[8] = {0};
    g_unichar_to_utf8(c, utf8);
    text_clean(utf8, -1, d->paste);
}

/* Whether the bytes may turn out to be the paste's end. */
static bool is_end_begun(const char *p, gsize length)
{
    return length < strlen(PASTE_END) && memcmp(p, PASTE_END, length) == 0;
}

static enum decoded next_pasted(struct decoder *d, bool late, GString *text)
{
    const char *p = d->bytes->str;
    gsize left = d->bytes->len;
    bool end = false;
    while (left > 0 && !is_end_begun(p, left) && !(end = g_str_has_prefix(p, PASTE_END))) {
        gunichar c;
        gsize n = read_character(p, left, &c);
        if (n == 0)
            break;
        take_pasted(d, c);
        p += n;
        left -= n;
    }
    take(d, d->bytes->len - left + (end ? strlen(PASTE_END) : 0));
    if (!end && !late)
        return DECODED_NONE;
    d->pasting = false;
    g_string_assign(text, d->paste->str);
    return DECODED_PASTE;
}

/* -- what comes next ----------------------------------------------------------------------------- */

enum decoded decoder_next(struct decoder *d, bool late, char name[16], GString *text)
{
    name[0] = '\0';
    while (!d->pasting && d->bytes->len > 0) {
        if (d->bytes->str[0] == ESC) {
            enum decoded what = next_sequence(d, late, name, text);
            if (what != DECODED_ANSWER || !d->pasting)
                return what;
            break;
        }
        gunichar c;
        gsize n = read_character(d->bytes->str, d->bytes->len, &c);
        if (n == 0 && !late)
            return DECODED_NONE;
        take(d, MAX(n, 1));
        if (n > 0 && name_character(c, name))
            return DECODED_KEY;
    }
    return d->pasting ? next_pasted(d, late, text) : DECODED_NONE;
}

int decoder_wait_ms(const struct decoder *d, int escape_ms)
{
    if (d->pasting)
        return PASTE_MS;
    if (d->bytes->len == 0)
        return 0;
    return d->bytes->len == 1 && d->bytes->str[0] == ESC ? escape_ms : REST_MS;
}
