/* Any bytes as a file of another client: lines of names and values, and airflowctl's JSON. What comes
 * out of it as an address can be no more than one, and the commands for its secrets are one program. */
#include "client_file.h"

#include "airflow/airflow.h"
#include "fuzz/fuzz.h"
#include "text.h"

static void judge_address(const char *value)
{
    if (client_is_brokers(value))
        g_assert_null(strpbrk(value, ";$`\"'\\|&<>(){}\n"));
    if (client_is_url(value))
        g_assert_true(g_str_has_prefix(value, "http") || g_str_has_prefix(value, "HTTP") ||
                      g_ascii_strncasecmp(value, "http", 4) == 0);
    g_assert_cmpuint(client_local_port(value), <=, 65535);
}

static void judge_command(const char *path)
{
    g_auto(GStrv) words = NULL;
    g_autofree char *line = client_secret_command(path, "sasl.password", NULL);
    int count = 0;
    g_assert_true(g_shell_parse_argv(line, &count, &words, NULL));
    g_assert_cmpint(count, ==, 11);
    g_assert_cmpstr(words[10], ==, path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_text(data, size);
    g_autoptr(GHashTable) values = client_parse(text, size);
    GHashTableIter iter;
    gpointer name, value;
    g_hash_table_iter_init(&iter, values);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        g_assert_true(*(const char *)name != '\0');
        g_assert_true(text_is_clean(name, -1) && text_is_clean(value, -1));
        judge_address(value);
        judge_command(value);
    }
    g_autofree char *url = airflow_ctl_url(text, size);
    g_assert_true(!url || client_is_url(url));
    return 0;
}
