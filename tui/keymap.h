/* Which key does what. Defaults stand in the tables of commands; the user's own replace them by command
 * name: `keys:` of the configuration, else a line of the keys file
 * ($XDG_CONFIG_HOME/weir/keys: a command's name, then its keys, separated by blanks; # begins a remark;
 * a name alone takes its keys away). Where two commands want one key, the user's own wins over a default, `keys:` over the file, and an earlier line over a later one. */
#ifndef TUI_KEYMAP_H
#define TUI_KEYMAP_H

#include <glib.h>
#include <stdbool.h>

struct keymap;

/* One command of the tables; the array ends with a NULL name. Those of a scope share the keyboard; what
 * works everywhere comes first, and has a key only where no view has it. */
#define KEYMAP_EVERYWHERE "everywhere"
struct keymap_command {
    const char *scope, *name, *keys, *help;
};

/* What the user should know: where ("FILE:12", "keys: of the configuration") and what. */
struct keymap_fault {
    char *where, *text;
    bool note; /* nothing is wrong: a key has another meaning now */
};

/* pairs: command name, keys, ..., NULL. Entries that name no command (known: NULL-terminated) or no
 * key are left out, and complaints get a line each. */
struct keymap *keymap_new(const char *const *pairs, const char *const *known, GString *complaints);
void keymap_free(struct keymap *k);
/* Adds the lines of the keys file for commands that pairs did not name. Lines that are wrong become
 * faults, and so does a file that cannot be read; one that is not there is none. */
void keymap_read(struct keymap *k, const char *path, const char *const *known);
/* The same of a text; name stands for the file in faults. */
void keymap_parse(
    struct keymap *k, const char *name, const char *text, gsize length, const char *const *known);
/* Takes keys that two commands of a scope want from one of them; a fault or note for each. */
void keymap_settle(struct keymap *k, const struct keymap_command *commands);
/* struct keymap_fault, in the order they were found. */
const GPtrArray *keymap_faults(const struct keymap *k);
/* Who said so: "default", or where as in faults. */
const char *keymap_origin(const struct keymap *k, const char *command);

/* The keys of a command, separated by blanks. */
const char *keymap_keys(const struct keymap *k, const char *command, const char *defaults);
/* Whether the user gave the command its keys. */
bool keymap_is_own(const struct keymap *k, const char *command);
/* Whether key is one of keys. */
bool keymap_contains(const char *keys, const char *key);
/* The first of keys, for hints; newly allocated. */
char *keymap_first(const char *keys);

#endif
