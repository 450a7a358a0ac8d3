/* Help as text, made from the tables of the code: tables in Markdown, which the README holds and lint
 * compares, and the manual pages. */
#ifndef TUI_HELP_H
#define TUI_HELP_H

#include <glib.h>
#include <stdbool.h>

/* Names of these texts; NULL-terminated. */
extern const char *const help_names[];
/* One of them; false when there is no such text. */
bool help_table(const char *name, GString *out);

#endif
