#include "program.h"

#include <string.h>

/* A program as text, the way a file gives it. */
struct description {
    const char *name, *argv, *cwd, *content, *setup, *keys, *quit;
    char **env;
    const char *file, *file_text; /* below HOME, for programs that ask questions at the start */
};

static const struct description known[] = {
    {
        .name = "htop",
        .argv = "htop -d 50",
        .content = "PID +USER",
        .keys = "down*10 up*10",
    },
    {
        .name = "htop-sort", /* most of the screen changes with each key */
        .argv = "htop -d 50",
        .content = "PID +USER",
        .keys = "I",
    },
    {
        .name = "lazygit",
        .argv = "lazygit",
        .content = "Commits",
        .setup = "4",
        .keys = "down*10 up*10",
        .file = ".config/lazygit/config.yml",
        .file_text = "disableStartupPopups: true\nupdate: {method: never}\n"
                     "git: {autoFetch: false, autoRefresh: false}\n",
    },
};

static void add_key(GPtrArray *keys, const char *word)
{
    const char *star = strrchr(word, '*');
    guint64 times = 1;
    bool repeats =
        star && star > word && g_ascii_string_to_unsigned(star + 1, 10, 1, 1000, &times, NULL);
    for (guint64 i = 0; i < times; i++)
        g_ptr_array_add(keys, repeats ? g_strndup(word, (gsize)(star - word)) : g_strdup(word));
}

static char **parse_keys(const char *text)
{
    g_auto(GStrv) words = g_strsplit_set(text ? text : "", " ,", -1);
    GPtrArray *keys = g_ptr_array_new();
    for (char **w = words; *w; w++) {
        if (**w)
            add_key(keys, *w);
    }
    g_ptr_array_add(keys, NULL);
    return (char **)g_ptr_array_free(keys, FALSE);
}

static struct program *describe(const struct description *d, GError **error)
{
    AUTO(program) p = g_new0(struct program, 1);
    p->name = g_strdup(d->name);
    if (!g_shell_parse_argv(d->argv ? d->argv : "", NULL, &p->argv, error))
        return NULL;
    p->env = d->env ? g_strdupv(d->env) : g_new0(char *, 1);
    p->cwd = g_strdup(d->cwd);
    p->content = g_strdup(d->content ? d->content : "\\S");
    p->setup = parse_keys(d->setup);
    p->keys = parse_keys(d->keys);
    p->quit = parse_keys(d->quit ? d->quit : "q");
    if (p->keys[0])
        return g_steal_pointer(&p);
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "no keys to press");
    return NULL;
}

struct program *program_parse(const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", 3);
    if (g_strv_length(parts) == 3) {
        struct description d = {.name = parts[0], .keys = parts[1], .argv = parts[2]};
        struct program *p = describe(&d, error);
        if (!p)
            g_prefix_error(error, "\"%s\": ", text);
        return p;
    }
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "\"%s\" is not NAME:KEYS:COMMAND, for example weir:down*20,up*20:build/weir", text);
    return NULL;
}

static struct program *read_group(GKeyFile *file, const char *group, GError **error)
{
    g_autofree char *argv = g_key_file_get_string(file, group, "argv", NULL);
    g_autofree char *cwd = g_key_file_get_string(file, group, "cwd", NULL);
    g_autofree char *content = g_key_file_get_string(file, group, "content", NULL);
    g_autofree char *setup = g_key_file_get_string(file, group, "setup", NULL);
    g_autofree char *keys = g_key_file_get_string(file, group, "keys", NULL);
    g_autofree char *quit = g_key_file_get_string(file, group, "quit", NULL);
    g_auto(GStrv) env = g_key_file_get_string_list(file, group, "env", NULL, NULL);
    struct description d = {.name = group,
        .argv = argv,
        .cwd = cwd,
        .content = content,
        .setup = setup,
        .keys = keys,
        .quit = quit,
        .env = env};
    return describe(&d, error);
}

bool program_load(GPtrArray *programs, const char *path, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, error)) {
        g_prefix_error(error, "%s: ", path);
        return false;
    }
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    for (char **group = groups; *group; group++) {
        struct program *p = read_group(file, *group, error);
        if (!p) {
            g_prefix_error(error, "%s, [%s]: ", path, *group);
            return false;
        }
        g_ptr_array_add(programs, p);
    }
    return true;
}

struct program *program_floor(const char *name, const char *path)
{
    g_autofree char *quoted = g_shell_quote(path);
    struct description d = {
        .name = name, .argv = quoted, .content = "floor ready", .keys = "j*20 k*20"};
    return describe(&d, NULL);
}

void program_add_installed(GPtrArray *programs, const char *home)
{
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        struct program *p = describe(&known[i], NULL);
        g_autofree char *found = g_find_program_in_path(p->argv[0]);
        if (!found) {
            program_free(p);
            continue;
        }
        if (known[i].file) {
            g_autofree char *path = g_build_filename(home, known[i].file, NULL);
            g_autofree char *folder = g_path_get_dirname(path);
            g_mkdir_with_parents(folder, 0700);
            g_file_set_contents(path, known[i].file_text, -1, NULL);
        }
        g_ptr_array_add(programs, p);
    }
}

void program_free(struct program *p)
{
    if (!p)
        return;
    g_free(p->name);
    g_strfreev(p->argv);
    g_strfreev(p->env);
    g_free(p->cwd);
    g_free(p->content);
    g_strfreev(p->setup);
    g_strfreev(p->keys);
    g_strfreev(p->quit);
    g_free(p);
}
