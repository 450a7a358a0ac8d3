/* The manual pages, made from the tables: weir(1) and weir.yaml(5), in roff. */
#ifndef TUI_MAN_H
#define TUI_MAN_H

#include <glib.h>

/* Nothing when the connectors, whose tables they hold, cannot be loaded (why is on stderr). */
void man_program(GString *out);
void man_config(GString *out);

#endif
