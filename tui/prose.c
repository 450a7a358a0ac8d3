#include "prose.h"

#include "text.h"

void prose_heading(struct prose *p, const char *text)
{
    g_string_append_printf(p->out, p->bold ? "\033[1m%s\033[0m\n" : "%s\n", text);
}

/* The words of text from column at on; the lines after the first begin at column. */
static void append_words(struct prose *p, int at, int column, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    bool first = true;
    for (char **word = words; *word; word++) {
        int width = text_width(*word);
        if (!first && at + 1 + width > PROSE_WIDTH - 1) {
            g_string_append_printf(p->out, "\n%*s", column, "");
            at = column;
        } else if (!first) {
            g_string_append_c(p->out, ' ');
            at++;
        }
        g_string_append(p->out, *word);
        at += width;
        first = false;
    }
    g_string_append_c(p->out, '\n');
}

void prose_term(struct prose *p, int indent, int column, const char *term, const char *text)
{
    int at = indent + text_width(term);
    g_string_append_printf(p->out, "%*s%s", indent, "", term);
    if (!*text) {
        g_string_append_c(p->out, '\n');
        return;
    }
    if (at + 2 > column) {
        g_string_append_c(p->out, '\n');
        at = 0;
    }
    g_string_append_printf(p->out, "%*s", column - at, "");
    append_words(p, column, column, text);
}

void prose_paragraph(struct prose *p, int indent, const char *text)
{
    g_string_append_printf(p->out, "%*s", indent, "");
    append_words(p, indent, indent, text);
}
