#include "keymap.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "input.h"
#include "text.h"

#define FILE_MAX  (64 * 1024) /* bytes */
#define IN_CONFIG "keys: of the configuration"

/* Who wins a key: the greater. */
enum rank { RANK_DEFAULT, RANK_FILE, RANK_CONFIG };

struct own {
    char *keys;
    char *where;
    enum rank rank;
    int line;
};

struct keymap {
    GHashTable *own;   /* command to struct own */
    GPtrArray *faults; /* struct keymap_fault */
};

static void own_free(gpointer data)
{
    struct own *o = data;
    g_free(o->keys);
    g_free(o->where);
    g_free(o);
}

static void free_fault(gpointer data)
{
    struct keymap_fault *f = data;
    g_free(f->where);
    g_free(f->text);
    g_free(f);
}

static void add_fault(struct keymap *k, bool note, const char *where, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

static void add_fault(struct keymap *k, bool note, const char *where, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct keymap_fault *f = g_new0(struct keymap_fault, 1);
    f->text = g_strdup_vprintf(format, args);
    va_end(args);
    f->where = g_strdup(where);
    f->note = note;
    g_ptr_array_add(k->faults, f);
}

static void keep(
    struct keymap *k, const char *command, const char *keys, const char *where, enum rank rank)
{
    struct own *o = g_new0(struct own, 1);
    o->keys = g_strdup(keys);
    o->where = g_strdup(where);
    o->rank = rank;
    o->line = (int)g_hash_table_size(k->own);
    g_hash_table_insert(k->own, g_strdup(command), o);
}

static bool are_keys(const char *keys)
{
    g_auto(GStrv) words = g_strsplit(keys, " ", -1);
    for (char **word = words; *word; word++)
        if (!input_is_key(*word))
            return false;
    return words[0] != NULL;
}

/* What is wrong with an entry, or NULL. */
static char *wrong_entry(const char *command, const char *keys, const char *const *known)
{
    if (!g_strv_contains(known, command)) {
        const char *near = text_nearest(command, known);
        return g_strdup_printf(near ? "no command \"%s\"; did you mean \"%s\"?"
                                    : "no command \"%s\"%.0s; ? lists them",
            command, near ? near : "");
    }
    if (are_keys(keys))
        return NULL;
    return g_strdup_printf("%s: \"%s\" is no key; write one character, or ctrl-d, enter, esc, tab, "
                           "space, up, pgdn, home, f1 ...",
        command, keys);
}

struct keymap *keymap_new(const char *const *pairs, const char *const *known, GString *complaints)
{
    struct keymap *k = g_new0(struct keymap, 1);
    k->own = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, own_free);
    k->faults = g_ptr_array_new_with_free_func(free_fault);
    for (; pairs[0]; pairs += 2) {
        g_autofree char *wrong = wrong_entry(pairs[0], pairs[1], known);
        if (wrong)
            g_string_append_printf(complaints, "keys: %s\n", wrong);
        else
            keep(k, pairs[0], pairs[1], IN_CONFIG, RANK_CONFIG);
    }
    return k;
}

void keymap_free(struct keymap *k)
{
    if (!k)
        return;
    g_hash_table_unref(k->own);
    g_ptr_array_unref(k->faults);
    g_free(k);
}

/* -- the file ------------------------------------------------------------------------------------ */

static void parse_line(
    struct keymap *k, const char *where, const char *line, const char *const *known)
{
    g_auto(GStrv) split = g_strsplit_set(line, " \t\r", -1);
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (char **word = split; *word; word++)
        if (**word)
            g_ptr_array_add(words, *word);
    g_ptr_array_add(words, NULL);
    const char *command = g_ptr_array_index(words, 0);
    if (!command || *command == '#')
        return;
    g_autofree char *keys = g_strjoinv(" ", (char **)words->pdata + 1);
    bool none = words->len == 2;
    g_autofree char *wrong = wrong_entry(command, none ? "enter" : keys, known);
    const struct own *before = g_hash_table_lookup(k->own, command);
    if (wrong)
        add_fault(k, false, where, "%s", wrong);
    else if (before && before->rank == RANK_FILE)
        add_fault(k, false, where, "%s has its keys from %s; this line does nothing", command,
            before->where);
    else if (!before)
        keep(k, command, keys, where, RANK_FILE);
}

void keymap_parse(
    struct keymap *k, const char *name, const char *text, gsize length, const char *const *known)
{
    int line = 0;
    for (const char *end = text + length; text < end; line++) {
        const char *stop = memchr(text, '\n', (gsize)(end - text));
        g_autofree char *copy = g_strndup(text, (gsize)((stop ? stop : end) - text));
        g_autofree char *where = g_strdup_printf("%s:%d", name, line + 1);
        g_strdelimit(copy, "\t\r", ' ');
        bool cut = strlen(copy) < (gsize)((stop ? stop : end) - text); /* a NUL stands in it */
        if (cut || !text_is_clean(copy, -1))
            add_fault(k, false, where, "this line is no text");
        else
            parse_line(k, where, copy, known);
        text = stop ? stop + 1 : end;
    }
}

void keymap_read(struct keymap *k, const char *path, const char *const *known)
{
    struct stat info;
    gsize length;
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    if (stat(path, &info) != 0) {
        if (errno != ENOENT)
            add_fault(k, false, path, "it cannot be read: %s", g_strerror(errno));
        return;
    }
    if (!S_ISREG(info.st_mode) || info.st_size > FILE_MAX)
        add_fault(k, false, path, "it is no file of at most %d KiB", FILE_MAX / 1024);
    else if (!g_file_get_contents(path, &text, &length, &error))
        add_fault(k, false, path, "%s", error->message);
    else
        keymap_parse(k, path, text, length, known);
}

/* -- one key, two commands ----------------------------------------------------------------------- */

static struct own *own_of(struct keymap *k, const struct keymap_command *c)
{
    struct own *o = g_hash_table_lookup(k->own, c->name);
    if (!o)
        keep(k, c->name, c->keys, NULL, RANK_DEFAULT);
    return o ? o : g_hash_table_lookup(k->own, c->name);
}

static void take_key(struct own *o, const char *key)
{
    g_auto(GStrv) words = g_strsplit(o->keys, " ", -1);
    GString *left = g_string_new(NULL);
    for (char **word = words; *word; word++)
        if (strcmp(*word, key) != 0)
            g_string_append_printf(left, "%s%s", left->len ? " " : "", *word);
    g_free(o->keys);
    o->keys = g_string_free(left, FALSE);
}

static void settle_key(struct keymap *k, const struct keymap_command *a,
    const struct keymap_command *b, const char *key)
{
    struct own *first = own_of(k, a), *second = own_of(k, b);
    bool swap =
        second->rank > first->rank || (second->rank == first->rank && second->line < first->line);
    const struct keymap_command *winner = swap ? b : a, *loser = swap ? a : b;
    struct own *won = swap ? second : first, *lost = swap ? first : second;
    take_key(lost, key);
    if (lost->rank == RANK_DEFAULT)
        add_fault(k, true, won->where, "%s is %s now, not %s%s", key, winner->name, loser->name,
            *lost->keys ? "" : ", which has no key left");
    else
        add_fault(k, false, lost->where, "%s does not get %s: it is %s (%s)", loser->name, key,
            winner->name, won->where ? won->where : "default");
}

static enum rank rank_of(const struct keymap *k, const struct keymap_command *c)
{
    const struct own *o = g_hash_table_lookup(k->own, c->name);
    return o ? o->rank : RANK_DEFAULT;
}

/* Whether one key cannot be both. A view's key stands before the same key of the program: that is no
 * conflict, unless the user gave it to the program's command and not to the view's. */
static bool share_keys(
    const struct keymap *k, const struct keymap_command *a, const struct keymap_command *b)
{
    if (strcmp(a->name, b->name) == 0)
        return false;
    if (strcmp(a->scope, b->scope) == 0)
        return true;
    return strcmp(a->scope, KEYMAP_EVERYWHERE) == 0 && rank_of(k, a) > RANK_DEFAULT &&
           rank_of(k, b) == RANK_DEFAULT;
}

void keymap_settle(struct keymap *k, const struct keymap_command *commands)
{
    for (const struct keymap_command *a = commands; a->name; a++) {
        for (const struct keymap_command *b = a + 1; b->name; b++) {
            if (!share_keys(k, a, b))
                continue;
            g_auto(GStrv) keys = g_strsplit(keymap_keys(k, a->name, a->keys), " ", -1);
            for (char **key = keys; *key; key++)
                if (keymap_contains(keymap_keys(k, b->name, b->keys), *key))
                    settle_key(k, a, b, *key);
        }
    }
}

/* -- asking -------------------------------------------------------------------------------------- */

const GPtrArray *keymap_faults(const struct keymap *k)
{
    return k->faults;
}

const char *keymap_origin(const struct keymap *k, const char *command)
{
    const struct own *o = g_hash_table_lookup(k->own, command);
    return o && o->where ? o->where : "default";
}

const char *keymap_keys(const struct keymap *k, const char *command, const char *defaults)
{
    const struct own *o = g_hash_table_lookup(k->own, command);
    return o ? o->keys : defaults;
}

bool keymap_is_own(const struct keymap *k, const char *command)
{
    const struct own *o = g_hash_table_lookup(k->own, command);
    return o && o->rank > RANK_DEFAULT;
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
