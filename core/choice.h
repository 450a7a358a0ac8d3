/* Which columns of a kind are shown, in which order and how wide, as people write it: "state,lag:8".
 * By name, so that a column that comes or goes moves no other. */
#ifndef CORE_CHOICE_H
#define CORE_CHOICE_H

#include "kind.h"

#define CHOICE_MAX       64
#define CHOICE_WIDTH_MAX 200

struct choice {
    unsigned count;
    int column[CHOICE_MAX + 1]; /* real or pseudo; COLUMN_UNKNOWN after the last */
    int width[CHOICE_MAX];      /* on the screen; 0: as wide as it comes */
};

/* WEIR_ERROR_USAGE names what is wrong and lists the columns. A name that comes twice counts once. */
gboolean choice_parse(const char *text, const struct kind *k, struct choice *out, GError **error);
/* The text of a choice, which choice_parse reads back. */
void choice_append(const struct choice *c, const struct kind *k, GString *out);

#endif
