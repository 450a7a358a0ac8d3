/* The commands of all tables with their keys, and the user's own map over them. */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H

#include "keymap.h"

struct config;

/* All commands of the program and of every view, by scope; g_free. */
struct keymap_command *keys_table(void);
/* The default map in the form of the keys file, with remarks. */
void keys_sample(GString *out);
/* The map in force: defaults, keys file, `keys:` (config NULL: none). What is wrong with the configuration's goes to
 * complaints, a line each; of the file, to keymap_faults. */
struct keymap *keys_load(const struct config *config, GString *complaints);

#endif
