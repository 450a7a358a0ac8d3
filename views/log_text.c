#include "log_text.h"

#include <string.h>

#define ESC      "␛"
#define BELL     "␇"
#define TAB      "␉"
#define PICTURE  3   /* bytes of each of them */
#define HEAD     160 /* bytes of a line in which its level stands */
#define LINK_MAX 4096

/* -- terminal sequences -------------------------------------------------------------------------- */

static gsize span_of(const char *p, char from, char to)
{
    gsize n = 0;
    while (p[n] >= from && p[n] <= to)
        n++;
    return n;
}

/* A title or a link: up to a bell or ESC \. */
static gsize string_length(const char *p)
{
    for (gsize n = 0; p[n] && n < LINK_MAX; n++) {
        if (strncmp(p + n, BELL, PICTURE) == 0)
            return n + PICTURE;
        if (strncmp(p + n, ESC "\\", PICTURE + 1) == 0)
            return n + PICTURE + 1;
    }
    return 0;
}

/* Bytes of the sequence that begins at p with the picture of an escape; 0: it is none. */
static gsize sequence_length(const char *p)
{
    gsize n = PICTURE;
    if (p[n] == ']') {
        gsize rest = string_length(p + n + 1);
        return rest ? n + 1 + rest : 0;
    }
    if (p[n] == '[')
        n += 1 + span_of(p + n + 1, '0', '?');
    bool csi = p[PICTURE] == '[';
    gsize between = csi ? span_of(p + n, ' ', '/') : span_of(p + n, '#', '/');
    n += between;
    bool final = p[n] >= (csi ? '@' : '0') && p[n] <= '~' && (csi || between > 0);
    return final ? n + 1 : 0;
}

bool log_text_append(GString *out, const char *text, gsize max)
{
    gsize start = out->len;
    bool changed = false;
    for (const char *p = text; *p;) {
        gsize plain = strcspn(p, "\xe2");
        gsize room = max - MIN(max, out->len - start);
        if (plain > room || room == 0) {
            const char *end = p + room;
            while (room > 0 && (*end & 0xc0) == 0x80) {
                end--;
                room--;
            }
            g_string_append_len(out, p, (gssize)room);
            g_string_append_printf(out, " ... cut: %" G_GSIZE_FORMAT " more bytes", strlen(end));
            return true;
        }
        g_string_append_len(out, p, (gssize)plain);
        p += plain;
        if (!*p)
            break;
        gsize skip = strncmp(p, ESC, PICTURE) == 0 ? sequence_length(p) : 0;
        bool tab = strncmp(p, TAB, PICTURE) == 0;
        changed |= skip > 0 || tab;
        if (tab)
            g_string_append(out, "    ");
        else if (skip == 0)
            g_string_append_len(out, p, PICTURE);
        p += skip > 0 ? skip : PICTURE;
    }
    return changed;
}

/* -- levels -------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum log_level level;
} names[] = {
    {"trace", LEVEL_DEBUG},
    {"debug", LEVEL_DEBUG},
    {"info", LEVEL_INFO},
    {"notice", LEVEL_INFO},
    {"warn", LEVEL_WARN},
    {"warning", LEVEL_WARN},
    {"err", LEVEL_ERROR},
    {"error", LEVEL_ERROR},
    {"severe", LEVEL_ERROR},
    {"crit", LEVEL_FATAL},
    {"critical", LEVEL_FATAL},
    {"alert", LEVEL_FATAL},
    {"emerg", LEVEL_FATAL},
    {"fatal", LEVEL_FATAL},
    {"panic", LEVEL_FATAL},
};

enum log_level log_level_named(const char *word, gsize length)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
        if (strlen(names[i].name) == length &&
            g_ascii_strncasecmp(names[i].name, word, length) == 0)
            return names[i].level;
    return LEVEL_NONE;
}

static gsize word_length(const char *p)
{
    gsize n = 0;
    while (g_ascii_isalnum(p[n]) || p[n] == '_')
        n++;
    return n;
}

/* In small letters a word is a level only where something says so. */
static bool is_marked(const char *text, const char *word)
{
    const char *p = word;
    while (p > text && strchr("\"': ", p[-1]))
        p--;
    gsize before = (gsize)(p - text);
    bool key = p > text && (p[-1] == '=' || p < word);
    if (p > text && p[-1] == '=')
        before--;
    while (before > 0 && strchr("\"'", text[before - 1]))
        before--;
    bool named = (before >= 5 && g_ascii_strncasecmp(text + before - 5, "level", 5) == 0) ||
                 (before >= 3 && strncmp(text + before - 3, "lvl", 3) == 0);
    return (key && named) || (word > text && word[-1] == '[' && word[word_length(word)] == ']');
}

/* glog's "E0612 12:00:01.123456". */
static enum log_level glog_level(const char *text)
{
    static const char letters[] = "IWEF";
    const char *at = *text ? strchr(letters, *text) : NULL;
    if (!at || span_of(text + 1, '0', '9') != 4 || text[5] != ' ')
        return LEVEL_NONE;
    return (enum log_level)(LEVEL_INFO + (at - letters));
}

enum log_level log_level_detect(const char *text)
{
    enum log_level level = glog_level(text);
    if (level != LEVEL_NONE)
        return level;
    if (g_str_has_prefix(text, "Traceback (most recent call last)") ||
        g_str_has_prefix(text, "panic: "))
        return LEVEL_ERROR;
    for (const char *p = text; *p && p < text + HEAD;) {
        gsize n = word_length(p);
        bool capital = n > 0 && g_ascii_isupper(p[0]) && g_ascii_isupper(p[n - 1]);
        if (n > 0 && (level = log_level_named(p, n)) != LEVEL_NONE &&
            (capital || is_marked(text, p)))
            return level;
        p += MAX(n, 1);
    }
    return LEVEL_NONE;
}

const char *log_level_name(enum log_level level)
{
    static const char *const words[] = {"", "debug", "info", "warn", "error", "fatal"};
    return words[level];
}

const char *log_level_letter(enum log_level level)
{
    static const char *const letters[] = {" ", "D", "I", "W", "E", "F"};
    return letters[level];
}

/* -- traces -------------------------------------------------------------------------------------- */

/* What lines of a trace begin with, behind their indentation. */
static const struct {
    const char *prefix, *contains;
    bool indented;
    bool python;
    unsigned flags;
} parts[] = {
    {"Traceback (most recent call last)", NULL, false, true, LINE_TRACE},
    {"File \"", ", line ", true, true, LINE_TRACE | LINE_FRAME},
    {"The above exception was the direct cause", NULL, false, true, LINE_TRACE},
    {"During handling of the above exception", NULL, false, true, LINE_TRACE},
    {"Caused by: ", NULL, false, false, LINE_TRACE | LINE_NAMES | LINE_CAUSE},
    {"Suppressed: ", NULL, true, false, LINE_TRACE | LINE_NAMES},
    {"at ", "(", true, false, LINE_TRACE | LINE_FRAME},
    {"... ", " more", true, false, LINE_TRACE | LINE_FRAME},
    {"... ", " common frames", true, false, LINE_TRACE | LINE_FRAME},
    {"panic: ", NULL, false, false, LINE_TRACE | LINE_NAMES},
    {"goroutine ", " [", false, false, LINE_TRACE},
    {"/", ".go:", true, false, LINE_TRACE | LINE_FRAME},
};

static unsigned part_of(struct log_trace *t, const char *text, gsize indent)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        if ((parts[i].indented && indent == 0) || !g_str_has_prefix(text, parts[i].prefix) ||
            (parts[i].contains && !g_strstr_len(text, HEAD * 4, parts[i].contains)))
            continue;
        t->python = parts[i].python;
        return parts[i].flags;
    }
    return 0;
}

unsigned log_trace_next(struct log_trace *t, const char *text)
{
    gsize indent = strspn(text, " ");
    const char *rest = text + indent;
    unsigned flags = part_of(t, rest, indent);
    bool stack = t->stack;
    t->headline = flags & LINE_FRAME && !t->inside && !t->python;
    t->stack = flags & LINE_FRAME;
    if (flags) {
        t->inside = true;
        return flags;
    }
    if (t->inside && t->python && stack && indent >= 4) {
        t->stack = true; /* the line of source, and the marks below it */
        return LINE_TRACE | LINE_FRAME;
    }
    if (t->inside && t->python && stack && *rest)
        return LINE_TRACE | LINE_NAMES;
    t->inside = t->inside && !*rest;
    return t->inside ? LINE_TRACE : 0;
}
