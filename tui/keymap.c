#include "keymap.h"

#include <string.h>

#include "input.h"
#include "text.h"

struct keymap {
    GHashTable *own; /* command to keys */
};

static bool are_keys(const char *keys)
{
    g_auto(GStrv) words = g_strsplit(keys, " ", -1);
    for (char **word = words; *word; word++)
        if (!input_is_key(*word))
            return false;
    return words[0] != NULL;
}

struct keymap *keymap_new(const char *const *pairs, const char *const *known, GString *complaints)
{
    struct keymap *k = g_new0(struct keymap, 1);
    k->own = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (; pairs[0]; pairs += 2) {
        if (!g_strv_contains(known, pairs[0])) {
            const char *near = text_nearest(pairs[0], known);
            g_string_append_printf(complaints,
                near ? "keys: no command \"%s\"; did you mean \"%s\"?\n"
                     : "keys: no command \"%s\"%.0s; ? lists them\n",
                pairs[0], near ? near : "");
        } else if (!are_keys(pairs[1])) {
            g_string_append_printf(complaints,
                "keys: %s: \"%s\" is no key; write one character, or ctrl-d, enter, esc, tab, "
                "space, up, pgdn, home, f1 ...\n",
                pairs[0], pairs[1]);
        } else {
            g_hash_table_insert(k->own, g_strdup(pairs[0]), g_strdup(pairs[1]));
        }
    }
    return k;
}

void keymap_free(struct keymap *k)
{
    if (!k)
        return;
    g_hash_table_unref(k->own);
    g_free(k);
}

const char *keymap_keys(const struct keymap *k, const char *command, const char *defaults)
{
    const char *own = g_hash_table_lookup(k->own, command);
    return own ? own : defaults;
}

const char *keymap_own(const struct keymap *k, const char *key)
{
    GHashTableIter i;
    gpointer command, keys;
    g_hash_table_iter_init(&i, k->own);
    while (g_hash_table_iter_next(&i, &command, &keys))
        if (keymap_contains(keys, key))
            return command;
    return NULL;
}

bool keymap_contains(const char *keys, const char *key)
{
    gsize n = strlen(key);
    for (const char *p = keys; p && n > 0 && (p = strstr(p, key)); p += n)
        if ((p == keys || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
            return true;
    return false;
}

char *keymap_first(const char *keys)
{
    return g_strndup(keys, strcspn(keys, " "));
}
