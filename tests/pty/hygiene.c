#include "hygiene.h"

#include "escape.h"

#include <string.h>

/* Last, and in this file only: term.h defines macros named lines, columns, tab ... */
#include <ncurses.h>
#include <term.h>

G_DEFINE_QUARK(hygiene_error_domain, hygiene_error)

/* A shape is what makes a sequence what it is, without its numbers: "ESC ( B", "CSI H", "OSC 11".
 * Setting and resetting a mode is a shape of its own for each mode: "CSI ? 1049 h". */
static const char *const known_shapes[] = {
    "CSI ? 1000 h", "CSI ? 1000 l", /* mouse, SGR coordinates in 1006 */
    "CSI ? 1002 h", "CSI ? 1002 l", /* */
    "CSI ? 1006 h", "CSI ? 1006 l", /* */
    "CSI ? 1004 h", "CSI ? 1004 l", /* focus */
    "CSI ? 2004 h", "CSI ? 2004 l", /* bracketed paste */
    "CSI ? 2026 h", "CSI ? 2026 l", /* synchronised update */
    "CSI ? $ p",                    /* DECRQM: is a mode known? */
    "CSI c",                        /* DA1, the fence behind other questions */
    "CSI n",                        /* where is the cursor? */
    "OSC 0", "OSC 2",               /* title */
    "OSC 10", "OSC 11",             /* colours of text and background */
    "OSC 52",                       /* clipboard */
};

/* Unicode 15, Default_Ignorable_Code_Point, and what else is no text on a screen. */
static const struct {
    gunichar from, to;
    const char *what;
} unseen[] = {
    {0x0080, 0x009f, "C1 control"},
    {0x00ad, 0x00ad, "soft hyphen"},
    {0x034f, 0x034f, "grapheme joiner"},
    {0x061c, 0x061c, "bidi mark"},
    {0x115f, 0x1160, "Hangul filler"},
    {0x17b4, 0x17b5, "invisible vowel"},
    {0x180b, 0x180f, "Mongolian selector"},
    {0x200b, 0x200d, "zero-width character"},
    {0x200e, 0x200f, "bidi mark"},
    {0x2028, 0x2029, "line separator"},
    {0x202a, 0x202e, "bidi override"},
    {0x2060, 0x2065, "zero-width character"},
    {0x2066, 0x2069, "bidi isolate"},
    {0x206a, 0x206f, "deprecated format character"},
    {0x3164, 0x3164, "Hangul filler"},
    {0xfe00, 0xfe0f, "variation selector"},
    {0xfeff, 0xfeff, "byte order mark"},
    {0xffa0, 0xffa0, "Hangul filler"},
    {0xfff0, 0xfffb, "interlinear annotation"},
    {0x1bca0, 0x1bca3, "shorthand format character"},
    {0x1d173, 0x1d17a, "musical format character"},
    {0xe0000, 0xe0fff, "tag character"},
};

static void add_shape(GPtrArray *shapes, GString *take_shape)
{
    g_ptr_array_add(shapes, g_string_free(take_shape, FALSE));
}

static void add_csi_shapes(GPtrArray *shapes, const struct escape_token *t)
{
    bool is_mode = (t->final == 'h' || t->final == 'l') && !t->intermediate;
    size_t at = 0;
    long mode = 0;
    while (!is_mode || escape_param(t, &at, &mode)) {
        GString *shape = g_string_new("CSI ");
        if (t->leader)
            g_string_append_printf(shape, "%c ", t->leader);
        if (is_mode)
            g_string_append_printf(shape, "%ld ", mode);
        if (t->intermediate)
            g_string_append_printf(shape, "%c ", t->intermediate);
        g_string_append_c(shape, t->final);
        add_shape(shapes, shape);
        if (!is_mode)
            return;
    }
}

/* Gives the shapes of one sequence: several only where one CSI sets several modes. */
static GPtrArray *token_shapes(const struct escape_token *t)
{
    GPtrArray *shapes = g_ptr_array_new_with_free_func(g_free);
    GString *shape = g_string_new(NULL);
    if (t->kind == ESCAPE_SHORT) {
        g_string_append(shape, "ESC");
        for (size_t i = 1; i < t->length; i++)
            g_string_append_printf(shape, " %c", t->bytes[i]);
        add_shape(shapes, shape);
        return shapes;
    }
    if (t->kind == ESCAPE_STRING) {
        g_autofree char *payload = escape_payload(t);
        payload[strspn(payload, "0123456789")] = '\0';
        g_string_append_printf(shape, "%s %s", t->final == ']' ? "OSC" : "string", payload);
        add_shape(shapes, shape);
        return shapes;
    }
    g_string_free(shape, TRUE);
    add_csi_shapes(shapes, t);
    return shapes;
}

static void learn_capability(GHashTable *known, const char *text)
{
    size_t length = strlen(text), at = 0, n;
    struct escape_token t;
    while ((n = escape_next(text + at, length - at, &t)) > 0) {
        at += n;
        if (t.kind != ESCAPE_SHORT && t.kind != ESCAPE_CSI && t.kind != ESCAPE_STRING)
            continue;
        g_autoptr(GPtrArray) shapes = token_shapes(&t);
        for (guint i = 0; i < shapes->len; i++)
            g_hash_table_add(known, g_strdup(shapes->pdata[i]));
    }
}

/* Keys (k...) and answers (u6, u8) come from the terminal, not from the program; printing a screen
 * (mc...) and programming a key (pf...) are nothing that a full-screen program should do. */
static bool is_output(const char *name)
{
    return name[0] != 'k' && !g_str_has_prefix(name, "mc") && !g_str_has_prefix(name, "pf") &&
           strcmp(name, "u6") != 0 && strcmp(name, "u8") != 0;
}

static GHashTable *shapes_of(const char *term, GError **error)
{
    int status = 0;
    if (setupterm(term, -1, &status) != OK) {
        g_set_error(error, HYGIENE_ERROR, HYGIENE_ERROR_TERM, "no terminfo entry for \"%s\"", term);
        return NULL;
    }
    GHashTable *known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; strnames[i]; i++) {
        const char *text = tigetstr(strnames[i]);
        if (!text || text == (const char *)-1 || !is_output(strnames[i]) || strstr(text, "%s"))
            continue;
        const char *filled = tparm(text, 1L, 1L, 1L, 1L, 1L, 1L, 1L, 1L, 1L);
        if (filled)
            learn_capability(known, filled);
    }
    del_curterm(cur_term);
    for (size_t i = 0; i < G_N_ELEMENTS(known_shapes); i++)
        g_hash_table_add(known, g_strdup(known_shapes[i]));
    return known;
}

static const char *why_unseen(gunichar c)
{
    for (size_t i = 0; i < G_N_ELEMENTS(unseen); i++) {
        if (c >= unseen[i].from && c <= unseen[i].to)
            return unseen[i].what;
    }
    return NULL;
}

/* What is wrong with a run of text, and where in it; NULL when nothing is. The caller owns it. */
static char *judge_text(const struct escape_token *t, size_t *at)
{
    const char *end = t->bytes + t->length, *bad = NULL;
    bool valid = g_utf8_validate_len(t->bytes, t->length, &bad);
    for (const char *c = t->bytes; c < bad; c = g_utf8_next_char(c)) {
        const char *why = why_unseen(g_utf8_get_char(c));
        *at = (size_t)(c - t->bytes);
        if (why)
            return g_strdup_printf("U+%04X, %s", g_utf8_get_char(c), why);
    }
    *at = (size_t)(bad - t->bytes);
    if (valid)
        return NULL;
    return g_strdup(end - bad == 1 ? "a byte that is not UTF-8" : "bytes that are not UTF-8");
}

static char *judge_sequence(const struct escape_token *t, GHashTable *known, const char *term)
{
    g_autoptr(GPtrArray) shapes = token_shapes(t);
    for (guint i = 0; i < shapes->len; i++) {
        if (!g_hash_table_contains(known, shapes->pdata[i]))
            return g_strdup_printf(
                "\"%s\" is no output sequence of %s", (const char *)shapes->pdata[i], term);
    }
    return NULL;
}

static char *judge(const struct escape_token *t, GHashTable *known, const char *term, size_t *at)
{
    *at = 0;
    switch (t->kind) {
    case ESCAPE_TEXT: return judge_text(t, at);
    case ESCAPE_CONTROL:
        return memchr("\a\b\t\n\r\016\017", t->bytes[0], 7)
                   ? NULL
                   : g_strdup_printf("control byte 0x%02x", (unsigned)(unsigned char)t->bytes[0]);
    case ESCAPE_BROKEN: return g_strdup("a broken escape sequence");
    default: return judge_sequence(t, known, term);
    }
}

static void report(const char *bytes, size_t length, size_t offset, const char *why, GError **error)
{
    size_t from = offset > 16 ? offset - 16 : 0;
    g_autofree char *around = g_strndup(bytes + from, MIN(length - from, 48));
    g_autofree char *shown = g_strescape(around, NULL);
    g_set_error(error, HYGIENE_ERROR, HYGIENE_ERROR_FORBIDDEN, "byte %zu of the output: %s (in %s)",
        offset, why, shown);
}

bool hygiene_check(const char *bytes, size_t length, const char *term, GError **error)
{
    g_autoptr(GHashTable) known = shapes_of(term, error);
    if (!known)
        return false;
    size_t at = 0, n, inside = 0;
    struct escape_token t;
    while ((n = escape_next(bytes + at, length - at, &t)) > 0) {
        g_autofree char *why = judge(&t, known, term, &inside);
        if (why) {
            report(bytes, length, at + inside, why, error);
            return false;
        }
        at += n;
    }
    if (at == length)
        return true;
    report(bytes, length, at, "the output ends inside an escape sequence", error);
    return false;
}
