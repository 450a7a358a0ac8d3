#include "commands.h"

#include <string.h>

#include "names.h"
#include "shell.h"

static bool is_pattern(const char *key)
{
    return strpbrk(key, "*?") != NULL;
}

bool commands_hosts(const struct source *s, GPtrArray *names, GError **error)
{
    g_autoptr(GPtrArray) patterns = g_ptr_array_new();
    for (const char *const *host = source_list(s, "hosts"); *host; host++)
        g_ptr_array_add(patterns, (gpointer)*host);
    for (const char *const *key = source_map_keys(s, "shell"); *key; key++)
        if (!is_pattern(*key))
            g_ptr_array_add(patterns, (gpointer)*key);
    g_ptr_array_add(patterns, NULL);
    return names_expand((const char *const *)patterns->pdata, names, error);
}

/* The name passed ssh_target_is_host(): it cannot be an option, nor hold what a shell would read. */
static char *word_for(const char *word, const char *host)
{
    g_auto(GStrv) parts = g_strsplit(word, "{host}", -1);
    return g_strjoinv(host, parts);
}

char **commands_for(const struct source *s, const char *host)
{
    const char *const *key = source_map_keys(s, "shell");
    if (strcmp(host, SHELL_LOCAL) == 0)
        return NULL;
    while (*key && !names_match(host, (const char *const[]){*key, NULL}))
        key++;
    if (!*key)
        return NULL;
    const char *const *words = source_map_list(s, "shell", *key);
    GPtrArray *argv = g_ptr_array_new();
    for (; *words; words++)
        g_ptr_array_add(argv, word_for(*words, host));
    g_ptr_array_add(argv, NULL);
    return (char **)g_ptr_array_free(argv, FALSE);
}

/* -- the configuration --------------------------------------------------------------------------- */

static bool means_any(const char *key, const GPtrArray *names)
{
    const char *const patterns[] = {key, NULL};
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        if (strcmp(name, SHELL_LOCAL) != 0 && names_match(name, patterns))
            return true;
    }
    return false;
}

static void check_command(const struct source *s, const char *key, struct option_faults *faults)
{
    const char *const *words = source_map_list(s, "shell", key);
    if (!words[0] || !*words[0])
        option_fault(faults, "shell", key,
            "\"%s\" needs a command that gives a shell: [docker, exec, -i, \"{host}\", sh]", key);
    else if (!words[1] && strpbrk(words[0], " \t"))
        option_fault(faults, "shell", key,
            "no shell reads the command of \"%s\": write it as a list of words, [docker, exec, "
            "-i, \"{host}\", sh]",
            key);
}

static void check_key(
    const struct source *s, const char *key, const GPtrArray *names, struct option_faults *faults)
{
    const char *const patterns[] = {key, NULL};
    g_autoptr(GPtrArray) own = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    check_command(s, key, faults);
    if (strcmp(key, SHELL_LOCAL) == 0)
        option_fault(faults, "shell", key,
            "\"local\" is this machine, which needs no command; give the host another name");
    else if (is_pattern(key) && !means_any(key, names))
        option_fault(faults, "shell", key,
            "\"%s\" means none of the hosts: a pattern only says how hosts with a name are "
            "reached; write the names (app-1, app-[1-3])",
            key);
    else if (!is_pattern(key) && !names_expand(patterns, own, &error))
        option_fault(faults, "shell", key, "%s", error->message);
}

void commands_check(const struct source *s, struct option_faults *faults)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) listed = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    const char *const *hosts = source_list(s, "hosts");
    if (!hosts[0] && !source_map_keys(s, "shell")[0]) {
        option_fault(faults, "hosts", NULL,
            "source \"%s\" has no hosts: list them in \"hosts\" (ssh names, local), or in "
            "\"shell\" with the command that reaches each",
            source_name(s));
        return;
    }
    if (hosts[0] && !names_expand(hosts, listed, &error)) {
        option_fault(faults, "hosts", NULL, "%s", error->message);
        return;
    }
    bool whole = commands_hosts(s, names, &error);
    for (const char *const *key = source_map_keys(s, "shell"); *key; key++)
        check_key(s, *key, names, faults);
    /* Each key alone is fine, but not all of them together: too many. */
    if (!whole && strstr(error->message, "more than"))
        option_fault(faults, "hosts", NULL, "%s", error->message);
}
