/* Files of other clients: their lines, and the commands that print their secrets. */
#include "client_file.h"

#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>

#include "secret.h"

static void has(const char *text, const char *name, const char *value)
{
    g_autoptr(GHashTable) values = client_parse(text, strlen(text));
    g_assert_cmpstr(g_hash_table_lookup(values, name), ==, value);
}

static void lines_are_read_as_javas_properties(void)
{
    has("a=1", "a", "1");
    has("  a = 1 \r\n", "a", "1");
    has("a: b=c", "a", "b=c");
    has("#a=1\n!a=2\n", "a", NULL);
    has("a=1\na=2\n", "a", "2");
    has("a=", "a", "");
    has("a", "a", NULL);
    has("=1\nb=2", "b", "2");
    has("a=one \\\n   two \\\n\tthree\nb=4", "a", "one two three");
    has("a=one \\\n   two\nb=4", "b", "4");
    has("# one \\\nb=4", "b", "4");
    has("a=1\\", "a", "1");
}

static void what_is_no_clean_text_is_left_out(void)
{
    has("a=\033[31m", "a", NULL);
    has("a=1\na=\xff", "a", NULL);
    has("a=c:\\\\x", "a", NULL);
    g_autoptr(GHashTable) nul = client_parse("a=1\0b=2\nc=3", 11);
    g_assert_cmpuint(g_hash_table_size(nul), ==, 1);
    g_assert_cmpstr(g_hash_table_lookup(nul, "c"), ==, "3");
}

static void addresses_are_told_from_others(void)
{
    g_assert_true(client_is_brokers("b1:9092, b2:9092"));
    g_assert_true(client_is_brokers("[::1]:9092"));
    g_assert_false(client_is_brokers("x;id"));
    g_assert_false(client_is_brokers(""));
    g_assert_false(client_is_brokers(NULL));
    g_assert_true(client_is_url("https://a.example:8443/x"));
    g_assert_false(client_is_url("https://u:p@a.example"));
    g_assert_false(client_is_url("ftp://a.example"));
    g_assert_false(client_is_url("a.example"));
    g_assert_false(client_is_url(NULL));
    g_assert_cmpuint(client_local_port("http://localhost:8080/x"), ==, 8080);
    g_assert_cmpuint(client_local_port("127.0.0.1:9092"), ==, 9092);
    g_assert_cmpuint(client_local_port("[::1]:9092"), ==, 9092);
    g_assert_cmpuint(client_local_port("b1:9092"), ==, 0);
    g_assert_cmpuint(client_local_port("localhost"), ==, 0);
}

/* What the command for a secret prints, when the file holds text. */
static char *printed(const char *text, const char *key, const char *quoted)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("weir-client-XXXXXX", &error);
    g_assert_no_error(error);
    g_autofree char *path = g_build_filename(folder, "it's a \"file\" $x", NULL);
    g_assert_true(g_file_set_contents(path, text, -1, &error));
    g_autofree char *line = client_secret_command(path, key, quoted);
    struct secret_spec spec = {0};
    g_assert_true(g_shell_parse_argv(line, NULL, &spec.command, &error));
    AUTO(secret) secret = secret_fetch(&spec, &error);
    char *out = secret ? g_strdup(secret_text(secret)) : NULL;
    secret_spec_clear(&spec);
    g_unlink(path);
    g_rmdir(folder);
    return out;
}

static void prints(const char *text, const char *key, const char *quoted, const char *value)
{
    g_autofree char *out = printed(text, key, quoted);
    g_assert_cmpstr(out, ==, value);
}

static void a_secret_is_printed_by_its_command(void)
{
    prints("a=1\nsasl.password = pass=\"word\" #$\\1 \nb=2\n", "sasl.password", NULL,
        "pass=\"word\" #$\\1");
    prints("saslxpassword=no\nsasl.password:yes\n", "sasl.password", NULL, "yes");
    prints("sasl.jaas.config=x.PlainLoginModule required \\\n   username=\"a\" \\\n   "
           "password=\"two words\";\n",
        "sasl.jaas.config", "password", "two words");
    prints("other=1\n", "sasl.password", NULL, NULL);
}

static void only_a_plain_file_of_ones_own_is_read(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("weir-client-XXXXXX", &error);
    g_autofree char *path = g_build_filename(folder, "f", NULL);
    g_assert_true(
        g_file_set_contents_full(path, "a=1\n", -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
    g_autoptr(GHashTable) good = client_read(path);
    g_assert_cmpstr(g_hash_table_lookup(good, "a"), ==, "1");
    g_assert_cmpint(g_chmod(path, 0666), ==, 0);
    g_assert_null(client_read(path));
    g_autofree char *long_text = g_strnfill(CLIENT_FILE_MAX + 1, 'a');
    g_assert_true(g_file_set_contents(path, long_text, -1, NULL));
    g_assert_null(client_read(path));
    g_assert_null(client_read(folder));
    g_assert_null(client_read("/nonexistent/file"));
    g_unlink(path);
    g_rmdir(folder);
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    g_test_init(&argc, &argv, NULL);
    g_test_add_func(
        "/client-file/lines-are-read-as-java's-properties", lines_are_read_as_javas_properties);
    g_test_add_func(
        "/client-file/what-is-no-clean-text-is-left-out", what_is_no_clean_text_is_left_out);
    g_test_add_func("/client-file/addresses-are-told-from-others", addresses_are_told_from_others);
    g_test_add_func(
        "/client-file/a-secret-is-printed-by-its-command", a_secret_is_printed_by_its_command);
    g_test_add_func("/client-file/only-a-plain-file-of-one's-own-is-read",
        only_a_plain_file_of_ones_own_is_read);
    return g_test_run();
}
