#include "secret.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "unit/rows.h"

static char *folder; /* of this test's files */

static struct secret *run(const char *script, GError **error)
{
    const char *command[] = {"sh", "-c", script, NULL};
    const struct secret_spec spec = {.command = (char **)command};
    return secret_fetch(&spec, error);
}

static void gives(const char *script, const char *wanted)
{
    g_autoptr(GError) error = NULL;
    AUTO(secret) s = run(script, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(secret_text(s), ==, wanted);
}

static void fails(const char *script, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(run(script, &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_CONFIG);
    g_test_message("%s", error->message);
    ASSERT_CONTAINS(error->message, words);
}

static void a_command_says_the_secret(void)
{
    gives("printf hunter2", "hunter2");
    gives("echo hunter2", "hunter2");
    gives("printf 'hunter2\\n\\n'", "hunter2\n");
    gives("printf 'a b\\tc'", "a b\tc");
    gives("echo seen; echo noise >&2", "seen");
}

static void a_command_that_fails_gives_nothing(void)
{
    fails("echo hunter2; exit 3", "ended with status 3 and some output; unlock the store");
    fails("exit 1", "ended with status 1 and no output");
    fails("true", "no output");
    fails("kill -9 $$", "status 137");
    const char *missing[] = {"/nonexistent/pass", NULL};
    g_autoptr(GError) error = NULL;
    g_assert_null(secret_fetch(&(struct secret_spec){.command = (char **)missing}, &error));
    ASSERT_CONTAINS(error->message, "cannot be started");
}

static void nothing_but_a_newline_is_no_secret(void)
{
    fails("echo", "no output");
}

static void an_error_does_not_tell_the_secret(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(run("echo hunter2; exit 1", &error));
    g_assert_null(strstr(error->message, "hunter2\n"));
    const char *command[] = {"/nonexistent/pass", "hunter2", NULL};
    g_clear_error(&error);
    g_assert_null(secret_fetch(&(struct secret_spec){.command = (char **)command}, &error));
    g_assert_null(strstr(error->message, "hunter2"));
}

static void a_command_has_no_terminal_and_no_input(void)
{
    gives("cat; test -t 0 || test -t 1 || test -t 2 || echo none", "none");
    gives("if (: </dev/tty) 2>/dev/null; then echo terminal; else echo none; fi", "none");
    gives("test $(ps -o sid= -p $$) = $$ && echo own", "own");
}

static void an_endless_command_is_cut(void)
{
    fails("yes", "");
    g_autofree char *just =
        g_strdup_printf("head -c %d /dev/zero | tr '\\0' x", SECRET_BYTES_MAX - 1);
    AUTO(secret) s = run(just, NULL);
    g_assert_nonnull(s);
    g_assert_cmpuint(strlen(secret_text(s)), ==, SECRET_BYTES_MAX - 1);
}

static int64_t time_of(const char *script, const char *words)
{
    int64_t start = g_get_monotonic_time();
    fails(script, words);
    return (g_get_monotonic_time() - start) / 1000;
}

/* Both hang at once, so that the test takes as long as one. */
static gpointer hang_in_silence(gpointer unused)
{
    (void)unused;
    g_assert_cmpint(time_of("exec sleep 100", "did not end within"), <, 15000);
    return NULL;
}

static void a_command_that_hangs_is_given_up(void)
{
    g_autofree char *file = g_build_filename(folder, "pid", NULL);
    g_autofree char *script =
        g_strdup_printf("echo $$ >%s; echo x; exec >&-; exec 2>&-; exec sleep 100", file);
    GThread *other = g_thread_new("hang", hang_in_silence, NULL);
    g_assert_cmpint(time_of(script, "did not end within 10 s"), <, 15000);
    g_thread_join(other);
    g_autofree char *pid = NULL;
    g_assert_true(g_file_get_contents(file, &pid, NULL, NULL));
    g_assert_cmpint(kill((pid_t)g_ascii_strtoll(pid, NULL, 10), 0), !=, 0); /* it is gone */
}

/* -- files ---------------------------------------------------------------------------------------- */

static char *file_with(const char *text, gssize length, mode_t mode)
{
    static int number;
    g_autofree char *name = g_strdup_printf("secret-%d", number++);
    char *path = g_build_filename(folder, name, NULL);
    g_assert_true(g_file_set_contents(path, text, length, NULL));
    g_assert_cmpint(g_chmod(path, mode), ==, 0);
    return path;
}

static void file_fails(const char *path, const char *words)
{
    g_autoptr(GError) error = NULL;
    const struct secret_spec spec = {.file = (char *)path};
    g_assert_null(secret_fetch(&spec, &error));
    g_assert_error(error, WEIR_ERROR, WEIR_ERROR_CONFIG);
    g_test_message("%s", error->message);
    ASSERT_CONTAINS(error->message, words);
}

static void a_file_holds_the_secret(void)
{
    g_autofree char *path = file_with("hunter2\n", -1, 0600);
    AUTO(secret) s = secret_fetch(&(struct secret_spec){.file = path}, NULL);
    g_assert_cmpstr(secret_text(s), ==, "hunter2");
    g_assert_cmpint(g_chmod(path, 0400), ==, 0);
    AUTO(secret) again = secret_fetch(&(struct secret_spec){.file = path}, NULL);
    g_assert_nonnull(again);
}

static void a_file_open_to_others_is_refused(void)
{
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0601, 0666};
    for (unsigned i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_autofree char *path = file_with("hunter2", -1, modes[i]);
        g_autofree char *advice = g_strdup_printf("chmod 600 %s", path);
        file_fails(path, advice);
    }
}

static void what_is_no_plain_file_is_refused(void)
{
    g_autofree char *path = file_with("hunter2", -1, 0600);
    g_autofree char *link = g_build_filename(folder, "link", NULL);
    g_autofree char *pipe = g_build_filename(folder, "pipe", NULL);
    g_assert_cmpint(symlink(path, link), ==, 0);
    g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
    file_fails(link, "it is a symbolic link");
    file_fails(pipe, "is no regular file"); /* and nobody waits for a writer */
    file_fails(folder, "is no regular file");
    file_fails("/nonexistent/file", "No such file");
}

static void an_empty_or_endless_file_is_refused(void)
{
    g_autofree char *empty = file_with("", 0, 0600);
    g_autofree char *newline = file_with("\n", 1, 0600);
    g_autofree char *many = g_strnfill(SECRET_BYTES_MAX, 'x');
    g_autofree char *endless = file_with(many, -1, 0600);
    file_fails(empty, "is empty or too long");
    file_fails(newline, "is empty or too long");
    file_fails(endless, "is empty or too long");
}

static void a_variable_holds_the_secret(void)
{
    AUTO(secret) s = secret_fetch(&(struct secret_spec){.env = "X", .value = "hunter2"}, NULL);
    g_assert_cmpstr(secret_text(s), ==, "hunter2");
    g_autoptr(GError) error = NULL;
    g_assert_null(secret_fetch(&(struct secret_spec){.env = "X"}, &error));
    ASSERT_CONTAINS(error->message, "the environment variable X is not set");
    g_clear_error(&error);
    g_assert_null(secret_fetch(&(struct secret_spec){.env = "X", .value = ""}, &error));
    ASSERT_CONTAINS(error->message, "is not set or empty");
    secret_free(NULL);
}

static void wiping_leaves_nothing(void)
{
    char text[] = "hunter2";
    secret_wipe(text);
    for (unsigned i = 0; i < sizeof text; i++)
        g_assert_cmpint(text[i], ==, 0);
    secret_wipe(NULL);
    struct secret_spec spec = {
        .command = g_strsplit("a b", " ", -1), .file = g_strdup("f"), .value = g_strdup("v")};
    secret_spec_clear(&spec);
    g_assert_true(!spec.command && !spec.file && !spec.value);
    secret_spec_clear(&spec);
}

static void remove_folder(void)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_unlink(path);
    }
    g_dir_close(dir);
    g_rmdir(folder);
    g_free(folder);
}

int main(int argc, char **argv)
{
    rows_init(&argc, &argv);
    folder = g_dir_make_tmp("weir-unit-XXXXXX", NULL);
    g_test_add_func("/secret/a-command-says-the-secret", a_command_says_the_secret);
    g_test_add_func(
        "/secret/a-command-that-fails-gives-nothing", a_command_that_fails_gives_nothing);
    g_test_add_func(
        "/secret/nothing-but-a-newline-is-no-secret", nothing_but_a_newline_is_no_secret);
    g_test_add_func("/secret/an-error-does-not-tell-the-secret", an_error_does_not_tell_the_secret);
    g_test_add_func(
        "/secret/a-command-has-no-terminal-and-no-input", a_command_has_no_terminal_and_no_input);
    g_test_add_func("/secret/an-endless-command-is-cut", an_endless_command_is_cut);
    g_test_add_func("/secret/a-command-that-hangs-is-given-up", a_command_that_hangs_is_given_up);
    g_test_add_func("/secret/a-file-holds-the-secret", a_file_holds_the_secret);
    g_test_add_func("/secret/a-file-open-to-others-is-refused", a_file_open_to_others_is_refused);
    g_test_add_func("/secret/what-is-no-plain-file-is-refused", what_is_no_plain_file_is_refused);
    g_test_add_func(
        "/secret/an-empty-or-endless-file-is-refused", an_empty_or_endless_file_is_refused);
    g_test_add_func("/secret/a-variable-holds-the-secret", a_variable_holds_the_secret);
    g_test_add_func("/secret/wiping-leaves-nothing", wiping_leaves_nothing);
    int result = g_test_run();
    remove_folder();
    return result;
}
