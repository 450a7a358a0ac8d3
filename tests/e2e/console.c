#include "console.h"

#include <string.h>

static void write_file(const struct bed *b, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(b->folder, name, NULL);
    g_autoptr(GError) error = NULL;
    /* Replaced in one step: a poll sees the old text or the new one. */
    g_assert_true(g_file_set_contents(path, text, -1, &error));
}

void bed_answer(const struct bed *b, const char *source, const char *text)
{
    write_file(b, source, text);
}

void bed_configure(struct bed *b, const char *yaml)
{
    write_file(b, "weir.yaml", yaml);
}

struct bed *bed_new(const char *one, const char *two)
{
    struct bed *b = g_new0(struct bed, 1);
    b->folder = g_dir_make_tmp("weir-e2e-XXXXXX", NULL);
    b->config = g_build_filename(b->folder, "weir.yaml", NULL);
    g_autofree char *yaml = g_strdup_printf("environments:\n"
                                            "  test:\n"
                                            "    class: dev\n"
                                            "    sources:\n"
                                            "      one: {type: fake, file: \"%s/one\"}\n"
                                            "      two: {type: fake, file: \"%s/two\"}\n",
        b->folder, b->folder);
    bed_configure(b, yaml);
    bed_answer(b, "one", one);
    bed_answer(b, "two", two);
    return b;
}

static void remove_all(const char *folder)
{
    const char *const argv[] = {"rm", "-rf", folder, NULL};
    g_spawn_sync(
        NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
}

void bed_free(struct bed *b)
{
    remove_all(b->folder);
    g_free(b->folder);
    g_free(b->config);
    g_free(b);
}

char *bed_program(void)
{
    const char *build = g_getenv("BUILD");
    return g_build_filename(build ? build : "build", "fake", "weir", NULL);
}

struct pty *bed_run(const struct bed *b, const struct bed_run *run)
{
    static const struct bed_run usual;
    run = run ? run : &usual;
    g_autofree char *weir = run->program ? g_strdup(run->program) : bed_program();
    g_autofree char *state = g_strconcat("XDG_STATE_HOME=", b->folder, NULL);
    g_autofree char *home = g_strconcat("XDG_CONFIG_HOME=", b->folder, NULL);
    g_autoptr(GPtrArray) env = g_ptr_array_new();
    g_ptr_array_add(env, state);
    g_ptr_array_add(env, home);
    for (const char *const *e = run->env; e && *e; e++)
        g_ptr_array_add(env, (gpointer)*e);
    g_ptr_array_add(env, NULL);
    g_auto(GStrv) words = g_strsplit(run->arguments ? run->arguments : "", " ", -1);
    static const char *const job[] = {
        "bash", "-c", "set -m; \"$@\"; echo stopped; read x; fg", "bash", NULL};
    g_autofree char *trace = g_build_filename(b->folder, "trace", NULL);
    const char *const traced[] = {
        "sh", "-c", "exec strace -qq -o \"$0\" -e trace=write -P \"$(tty)\" \"$@\"", trace, NULL};
    const char *const *wrap = run->job ? job : run->traced ? traced : (const char *const[]){NULL};
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    for (; *wrap; wrap++)
        g_ptr_array_add(argv, (gpointer)*wrap);
    g_ptr_array_add(argv, weir);
    g_ptr_array_add(argv, (gpointer) "--config");
    g_ptr_array_add(argv, b->config);
    for (char **word = words; *word; word++)
        if (**word)
            g_ptr_array_add(argv, *word);
    g_ptr_array_add(argv, NULL);
    return pty_assert_spawn(&(struct pty_spec){
        .argv = (const char *const *)argv->pdata,
        .env = (const char *const *)env->pdata,
        .term = run->term,
        .width = run->width,
        .height = run->height,
        .manner = run->manner,
    });
}

struct pty *bed_open(const struct bed *b, const struct bed_run *run)
{
    struct pty *p = bed_run(b, run);
    pty_assert_screen(p, "^. one +fake +(ok|failing|denied)");
    pty_assert_screen(p, "^. two +fake +(ok|failing|denied)");
    return p;
}

void bed_go(struct pty *p, const char *line)
{
    pty_type(p, ":");
    pty_type(p, line);
    pty_key(p, "enter");
}

bool bed_can_trace(void)
{
    const char *const argv[] = {"strace", "-qq", "-o", "/dev/null", "true", NULL};
    int status;
    return g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL,
               NULL, NULL, NULL, NULL, &status, NULL) &&
           status == 0;
}

unsigned bed_writes(const struct bed *b)
{
    g_autofree char *path = g_build_filename(b->folder, "trace", NULL);
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    unsigned lines = 0;
    for (const char *p = text; (p = strchr(p, '\n')); p++)
        lines++;
    return lines;
}
