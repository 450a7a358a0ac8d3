/* The server's own text as lines: JSON with a line per member, whose maps and lists can be folded.
 * The drawing thread only. */
#ifndef VIEWS_RAW_H
#define VIEWS_RAW_H

#include <glib.h>
#include <stdbool.h>

struct raw {
    GPtrArray *all; /* lines, clean */
    guint *end;     /* of each: the line that closes the block it opens, or itself */
    bool *folded;
    GArray *lines; /* guint: numbers of those that no fold hides */
    int width;     /* of the longest */
};

void raw_init(struct raw *r);
void raw_clear(struct raw *r);
/* Folds of lines that are as they were stay. */
void raw_take(struct raw *r, const char *text);
/* Folds or unfolds the block that a line opens, or else the one that it is in; returns the line (its
 * number in all) that opens it. */
guint raw_toggle(struct raw *r, guint number);
void raw_fold_all(struct raw *r, bool fold); /* of what is in the outermost one */
/* Unfolds what hides a line. */
void raw_reveal(struct raw *r, guint number);
/* The place in lines of a line, or of the fold that hides it. */
size_t raw_find(const struct raw *r, guint number);
/* The line as it is to be drawn; a folded one says how much it hides. */
void raw_append(const struct raw *r, guint number, GString *out);

#endif
