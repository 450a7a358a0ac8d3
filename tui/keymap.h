/* Which key does what. Defaults stand in the tables of commands; the user's own (`keys:` of the
 * configuration: command name to keys, separated by blanks) replace them by command name. */
#ifndef TUI_KEYMAP_H
#define TUI_KEYMAP_H

#include <glib.h>
#include <stdbool.h>

struct keymap;

/* pairs: command name, keys, ..., NULL. Entries that name no command (known: NULL-terminated) or no
 * key are left out, and complaints get a line each. */
struct keymap *keymap_new(const char *const *pairs, const char *const *known, GString *complaints);
void keymap_free(struct keymap *k);
/* The keys of a command, separated by blanks. */
const char *keymap_keys(const struct keymap *k, const char *command, const char *defaults);
/* The command to which the user gave a key, or NULL: that goes before every default. */
const char *keymap_own(const struct keymap *k, const char *key);
/* Whether key is one of keys. */
bool keymap_contains(const char *keys, const char *key);
/* The first of keys, for hints; newly allocated. */
char *keymap_first(const char *keys);

#endif
