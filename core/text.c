#include "text.h"

#include <string.h>
#include <wchar.h>

/* Printable ASCII is most of what servers send; everything else takes the slow path. */
static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f;
}

/* Marks that draw nothing: two names that differ by one would look alike. */
static bool is_invisible_mark(gunichar c)
{
    return c == 0x34f || c == 0x17b4 || c == 0x17b5 || (c >= 0x180b && c <= 0x180f) ||
           (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0100 && c <= 0xe01ef);
}

static bool is_combining(gunichar c)
{
    GUnicodeType type = g_unichar_type(c);
    return (type == G_UNICODE_NON_SPACING_MARK || type == G_UNICODE_ENCLOSING_MARK) &&
           !is_invisible_mark(c);
}

static bool is_drawable(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_UNASSIGNED:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR: return false;
    default: break;
    }
    /* Fillers are of drawable types but have no width of their own. */
    return wcwidth((wchar_t)c) > 0 || is_combining(c);
}

static void append_picture(GString *out, gunichar c)
{
    if (c < 0x20)
        g_string_append_unichar(out, 0x2400 + c);
    else if (c == 0x7f)
        g_string_append_unichar(out, 0x2421);
    else
        g_string_append_printf(out, "⟨U+%04X⟩", c);
}

/* One step of the cleaner over p (left bytes): how many bytes it covers and whether they may stay. */
static gsize scan_one(const char *p, gsize left, int *marks, bool *stays, gunichar *c)
{
    if (*p == '\0') { /* which g_utf8_get_char_validated takes for a broken character */
        *stays = false;
        *c = 0;
        return 1;
    }
    *c = g_utf8_get_char_validated(p, (gssize)left);
    if (*c == (gunichar)-1 || *c == (gunichar)-2) {
        *stays = false;
        *c = (gunichar)-1;
        return 1;
    }
    *marks = is_combining(*c) ? *marks + 1 : 0;
    *stays = *marks <= TEXT_COMBINING_MAX && is_drawable(*c);
    return (gsize)g_unichar_to_utf8(*c, NULL);
}

bool text_clean(const char *bytes, gssize length, GString *out)
{
    gsize left = length < 0 ? strlen(bytes) : (gsize)length;
    const char *p = bytes;
    bool changed = false;
    int marks = TEXT_COMBINING_MAX; /* at the start there is no letter to stand on */
    while (left > 0) {
        gsize plain = 0;
        while (plain < left && is_plain((unsigned char)p[plain]))
            plain++;
        if (plain > 0) {
            g_string_append_len(out, p, (gssize)plain);
            p += plain;
            left -= plain;
            marks = 0;
            continue;
        }
        bool stays;
        gunichar c;
        gsize step = scan_one(p, left, &marks, &stays, &c);
        if (stays)
            g_string_append_len(out, p, (gssize)step);
        else if (c == (gunichar)-1)
            g_string_append_printf(out, "⟨%02X⟩", (unsigned char)*p);
        else
            append_picture(out, c);
        changed |= !stays;
        p += step;
        left -= step;
    }
    return changed;
}

bool text_is_clean(const char *bytes, gssize length)
{
    gsize left = length < 0 ? strlen(bytes) : (gsize)length;
    int marks = TEXT_COMBINING_MAX;
    for (const char *p = bytes; left > 0;) {
        if (is_plain((unsigned char)*p)) {
            marks = 0;
            p++;
            left--;
            continue;
        }
        bool stays;
        gunichar c;
        gsize step = scan_one(p, left, &marks, &stays, &c);
        if (!stays)
            return false;
        p += step;
        left -= step;
    }
    return true;
}

static int char_width(gunichar c)
{
    int w = wcwidth((wchar_t)c);
    return w > 0 ? w : 0;
}

int text_width(const char *text)
{
    int width = 0;
    for (const char *p = text; *p;) {
        if (is_plain((unsigned char)*p)) {
            width++;
            p++;
        } else {
            width += char_width(g_utf8_get_char(p));
            p = g_utf8_next_char(p);
        }
    }
    return width;
}

gsize text_prefix(const char *text, int width, int *taken)
{
    const char *p = text;
    int used = 0;
    while (*p) {
        bool plain = is_plain((unsigned char)*p);
        int w = plain ? 1 : char_width(g_utf8_get_char(p));
        if (used + w > width)
            break;
        used += w;
        p = plain ? p + 1 : g_utf8_next_char(p);
    }
    if (taken)
        *taken = used;
    return (gsize)(p - text);
}

/* The start of the shortest suffix-side piece: the longest suffix that fits in width columns. */
static const char *suffix_within(const char *text, int width)
{
    const char *p = text + strlen(text);
    const char *best = p;
    for (int used = 0; p > text;) {
        p = g_utf8_prev_char(p);
        used += char_width(g_utf8_get_char(p));
        if (used > width)
            break;
        if (char_width(g_utf8_get_char(p)) > 0)
            best = p;
    }
    return best;
}

char *text_cut_middle(const char *text, int width, bool ascii)
{
    if (width <= 0)
        return g_strdup("");
    if (text_width(text) <= width)
        return g_strdup(text);
    const char *dots = ascii ? "~" : "…";
    if (width == 1)
        return g_strdup(dots);
    int head = (width - 1 + 1) / 2;
    gsize bytes = text_prefix(text, head, &head);
    return g_strdup_printf(
        "%.*s%s%s", (int)bytes, text, dots, suffix_within(text, width - 1 - head));
}

char *text_cut_end(const char *text, int width, bool ascii)
{
    if (width <= 0)
        return g_strdup("");
    if (text_width(text) <= width)
        return g_strdup(text);
    gsize bytes = text_prefix(text, width - 1, NULL);
    return g_strdup_printf("%.*s%s", (int)bytes, text, ascii ? "~" : "…");
}

void text_append_line(GString *out, const char *text, gsize max)
{
    gsize start = out->len;
    const char *p = text;
    for (; *p && out->len - start < max; p++) {
        if (!g_ascii_isspace(*p))
            g_string_append_c(out, *p);
        else if (out->len > start && out->str[out->len - 1] != ' ')
            g_string_append_c(out, ' ');
    }
    if (!*p)
        return;
    while (out->len > start && (*p & 0xC0) == 0x80) { /* p stands within a character */
        p--;
        g_string_truncate(out, out->len - 1);
    }
    g_string_append(out, "…");
}

void text_append_shell_word(GString *out, const char *word)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./@:=,+-";
    bool safe = *word && word[strspn(word, plain)] == '\0';
    g_autofree char *quoted = safe ? NULL : g_shell_quote(word);
    g_string_append(out, safe ? word : quoted);
}

void text_append_lower(GString *out, const char *text)
{
    for (const char *p = text; *p;) {
        if ((unsigned char)*p < 0x80) {
            g_string_append_c(out, g_ascii_tolower(*p));
            p++;
        } else {
            g_string_append_unichar(out, g_unichar_tolower(g_utf8_get_char(p)));
            p = g_utf8_next_char(p);
        }
    }
}

static guint edit_distance(const char *a, const char *b)
{
    guint n = (guint)strlen(b);
    g_autofree guint *row = g_new(guint, n + 1);
    for (guint j = 0; j <= n; j++)
        row[j] = j;
    for (guint i = 1; a[i - 1]; i++) {
        guint diagonal = row[0];
        row[0] = i;
        for (guint j = 1; j <= n; j++) {
            guint substitute = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = MIN(MIN(row[j] + 1, row[j - 1] + 1), substitute);
        }
    }
    return row[n];
}

const char *text_nearest(const char *word, const char *const *candidates)
{
    const char *best = NULL;
    guint length = (guint)strlen(word);
    guint limit = MAX(length / 3, 1) + 1;
    if (length > 64)
        return NULL;
    for (; *candidates; candidates++) {
        guint distance = edit_distance(word, *candidates);
        if (distance < limit) {
            limit = distance;
            best = *candidates;
        }
    }
    return best;
}
