/* Any bytes as a keys file: read, settled, and every command still has keys that are keys, none of them
 * twice in a scope. */
#include "app.h"
#include "fuzz/fuzz.h"
#include "input.h"
#include "keys.h"

static void judge(const struct keymap *k, const struct keymap_command *c)
{
    g_auto(GStrv) keys = g_strsplit(keymap_keys(k, c->name, c->keys), " ", -1);
    for (char **key = keys; *key; key++) {
        g_assert_true(input_is_key(*key));
        for (const struct keymap_command *d = c + 1; d->name; d++)
            if (strcmp(c->scope, d->scope) == 0 && strcmp(c->name, d->name) != 0)
                g_assert_false(keymap_contains(keymap_keys(k, d->name, d->keys), *key));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const none[] = {NULL};
    g_autoptr(GString) complaints = g_string_new(NULL);
    g_autofree const char **names = app_command_names();
    g_autofree struct keymap_command *table = keys_table();
    struct keymap *k = keymap_new(none, names, complaints);
    g_autofree char *text = fuzz_text(data, size);
    keymap_parse(k, "keys", text, size, names);
    keymap_settle(k, table);
    for (const struct keymap_command *c = table; c->name; c++)
        judge(k, c);
    for (guint i = 0; i < keymap_faults(k)->len; i++) {
        const struct keymap_fault *f = g_ptr_array_index(keymap_faults(k), i);
        g_assert_true(g_str_has_prefix(f->where, "keys:"));
        g_assert_true(g_utf8_validate(f->text, -1, NULL));
    }
    keymap_free(k);
    return 0;
}
