/* Help as people read it in a terminal: headings, and paragraphs that end before column 80. */
#ifndef TUI_PROSE_H
#define TUI_PROSE_H

#include <glib.h>
#include <stdbool.h>

#define PROSE_WIDTH 80

struct prose {
    GString *out;
    bool bold; /* headings are bold: only on a terminal */
};

void prose_heading(struct prose *p, const char *text);
/* A term in the left column (at least indent wide), and beside it text, wrapped at its own column. */
void prose_term(struct prose *p, int indent, int column, const char *term, const char *text);
/* A paragraph of its own. */
void prose_paragraph(struct prose *p, int indent, const char *text);

#endif
