/* Help as text: tables in Markdown, made from the tables of the code. The README holds them, and lint
 * compares. */
#ifndef TUI_HELP_H
#define TUI_HELP_H

#include <glib.h>
#include <stdbool.h>

/* Names of the tables; NULL-terminated. */
extern const char *const help_names[];
/* One of them; false when there is no such table. */
bool help_table(const char *name, GString *out);

#endif
