#include "escape.h"

#include <glib.h>

enum { BEL = 0x07, ESC = 0x1b, DEL = 0x7f };

/* Parameters beyond this count as this, so that a long run of digits cannot overflow. */
enum { PARAM_CAP = 1000000 };

static bool between(char c, unsigned char from, unsigned char to)
{
    unsigned char u = (unsigned char)c;
    return u >= from && u <= to;
}

static bool is_text(char c)
{
    return (unsigned char)c >= ' ' && c != DEL;
}

static size_t finish(struct escape_token *t, enum escape_kind kind, size_t length)
{
    t->kind = kind;
    t->length = length;
    return length;
}

static size_t scan_text(const char *bytes, size_t length, struct escape_token *t)
{
    size_t i = 1;
    while (i < length && is_text(bytes[i]))
        i++;
    return finish(t, ESCAPE_TEXT, i);
}

static size_t scan_csi(const char *bytes, size_t length, struct escape_token *t)
{
    size_t i = 2;
    if (i < length && between(bytes[i], '<', '?'))
        t->leader = bytes[i++];
    while (i < length && between(bytes[i], '0', ';'))
        i++;
    while (i < length && between(bytes[i], ' ', '/'))
        t->intermediate = bytes[i++];
    if (i == length)
        return 0;
    if (!between(bytes[i], '@', '~'))
        return finish(t, ESCAPE_BROKEN, i);
    t->final = bytes[i];
    return finish(t, ESCAPE_CSI, i + 1);
}

static size_t scan_string(const char *bytes, size_t length, struct escape_token *t)
{
    t->final = bytes[1];
    for (size_t i = 2; i < length; i++) {
        if (bytes[i] == BEL && t->final == ']')
            return finish(t, ESCAPE_STRING, i + 1);
        if (bytes[i] == ESC && i + 1 == length)
            return 0;
        if (bytes[i] == ESC && bytes[i + 1] == '\\')
            return finish(t, ESCAPE_STRING, i + 2);
        if (!is_text(bytes[i]))
            return finish(t, ESCAPE_BROKEN, i);
    }
    return 0;
}

static size_t scan_short(const char *bytes, size_t length, struct escape_token *t)
{
    size_t i = 1;
    while (i < length && between(bytes[i], ' ', '/'))
        t->intermediate = bytes[i++];
    if (i == length)
        return 0;
    if (!between(bytes[i], '0', '~'))
        return finish(t, ESCAPE_BROKEN, i);
    t->final = bytes[i];
    return finish(t, ESCAPE_SHORT, i + 1);
}

size_t escape_next(const char *bytes, size_t length, struct escape_token *token)
{
    *token = (struct escape_token){.bytes = bytes};
    if (length == 0)
        return 0;
    if (is_text(bytes[0]))
        return scan_text(bytes, length, token);
    if (bytes[0] != ESC)
        return finish(token, ESCAPE_CONTROL, 1);
    if (length == 1)
        return 0;
    switch (bytes[1]) {
    case '[': return scan_csi(bytes, length, token);
    case ']': /* OSC */
    case 'P': /* DCS */
    case 'X': /* SOS */
    case '^': /* PM */
    case '_': /* APC */ return scan_string(bytes, length, token);
    default: return scan_short(bytes, length, token);
    }
}

bool escape_param(const struct escape_token *token, size_t *at, long *value)
{
    size_t i = *at ? *at : (token->leader ? 3 : 2);
    if (i >= token->length || !between(token->bytes[i], '0', ';'))
        return false;
    *value = -1;
    bool in_number = true;
    for (; i < token->length && between(token->bytes[i], '0', ';') && token->bytes[i] != ';'; i++) {
        in_number = in_number && token->bytes[i] != ':';
        if (in_number)
            *value = MIN(MAX(*value, 0) * 10 + (token->bytes[i] - '0'), PARAM_CAP);
    }
    *at = token->bytes[i] == ';' ? i + 1 : i;
    return true;
}

char *escape_payload(const struct escape_token *token)
{
    size_t end = token->bytes[token->length - 1] == BEL ? 1 : 2;
    return g_strndup(token->bytes + 2, token->length - 2 - end);
}
