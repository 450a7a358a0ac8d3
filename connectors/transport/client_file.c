#include "client_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "secret.h"
#include "text.h"

static void wipe_free(gpointer text)
{
    secret_wipe(text); /* some of the values are passwords */
    g_free(text);
}

/* -- lines --------------------------------------------------------------------------------------- */

static bool goes_on(const char *line, gsize length)
{
    gsize n = 0;
    while (n < length && line[length - 1 - n] == '\\')
        n++;
    return n % 2 == 1;
}

static void keep_line(GHashTable *values, char *line)
{
    g_strstrip(line);
    char *sign = line + strcspn(line, "=:");
    if (!*line || *line == '#' || *line == '!' || !*sign)
        return;
    g_autofree char *name = g_strndup(line, (gsize)(sign - line));
    g_autofree char *value = g_strdup(sign + 1);
    g_strstrip(name);
    g_strstrip(value);
    if (!*name || !text_is_clean(name, -1))
        return;
    if (text_is_clean(value, -1) && !strchr(value, '\\'))
        g_hash_table_replace(values, g_steal_pointer(&name), g_steal_pointer(&value));
    else
        g_hash_table_remove(values, name);
}

GHashTable *client_parse(const char *text, gsize length)
{
    GHashTable *values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, wipe_free);
    g_autoptr(GString) whole = g_string_new(NULL);
    for (const char *end = text + MIN(length, CLIENT_FILE_MAX); text < end;) {
        const char *stop = memchr(text, '\n', (gsize)(end - text));
        gsize n = (gsize)((stop ? stop : end) - text);
        gsize kept = n > 0 && text[n - 1] == '\r' ? n - 1 : n;
        gsize skip = 0;
        while (whole->len > 0 && skip < kept && g_ascii_isspace(text[skip]))
            skip++;
        bool remark = whole->len == 0 && kept > 0 && (*text == '#' || *text == '!');
        bool more = !remark && goes_on(text, kept);
        g_string_append_len(whole, text + skip, (gssize)(kept - skip - more));
        text += n + 1;
        if (more && text < end)
            continue;
        if (!memchr(whole->str, '\0', whole->len))
            keep_line(values, whole->str);
        g_string_truncate(whole, 0);
    }
    return values;
}

/* -- files --------------------------------------------------------------------------------------- */

static bool is_ours(int fd, gsize *size)
{
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > CLIENT_FILE_MAX)
        return false;
    *size = (gsize)info.st_size;
    return (info.st_uid == geteuid() || info.st_uid == 0) && !(info.st_mode & (S_IWGRP | S_IWOTH));
}

/* Opened without waiting: what lies there may be a pipe. */
char *client_read_text(const char *path, gsize *length)
{
    gsize size = 0;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    char *text = is_ours(fd, &size) ? g_malloc(size + 1) : NULL;
    gsize have = 0;
    while (text && have < size) {
        ssize_t n = read(fd, text + have, size - have);
        if (n <= 0)
            break;
        have += (gsize)n;
    }
    close(fd);
    if (!text)
        return NULL;
    text[have] = '\0';
    *length = have;
    return text;
}

GHashTable *client_read(const char *path)
{
    gsize length;
    char *text = client_read_text(path, &length);
    GHashTable *values = text ? client_parse(text, length) : NULL;
    wipe_free(text);
    return values;
}

/* -- addresses ----------------------------------------------------------------------------------- */

bool client_is_brokers(const char *text)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[], ";
    return text && (g_ascii_isalnum(*text) || *text == '[') && text[strspn(text, allowed)] == '\0';
}

bool client_is_url(const char *text)
{
    g_autoptr(GUri) uri = text ? g_uri_parse(text, G_URI_FLAGS_NONE, NULL) : NULL;
    const char *host = uri ? g_uri_get_host(uri) : NULL;
    return host && *host && !g_uri_get_userinfo(uri) && !g_uri_get_query(uri) &&
           !g_uri_get_fragment(uri) && text_is_clean(text, -1) &&
           (strcmp(g_uri_get_scheme(uri), "http") == 0 ||
               strcmp(g_uri_get_scheme(uri), "https") == 0);
}

unsigned client_local_port(const char *address)
{
    static const char *const local[] = {"localhost", "127.0.0.1", "[::1]", "::1", NULL};
    const char *scheme = strstr(address, "://");
    g_autofree char *place = g_strdup(scheme ? scheme + 3 : address);
    place[strcspn(place, "/ ")] = '\0';
    char *colon = strrchr(place, ':');
    if (!colon)
        return 0;
    *colon = '\0';
    guint64 port = g_ascii_strtoull(colon + 1, NULL, 10);
    return g_strv_contains(local, place) && port <= 65535 ? (unsigned)port : 0;
}

/* -- secrets ------------------------------------------------------------------------------------- */

/* text as a basic regular expression that matches it. */
static void append_pattern(GString *out, const char *text)
{
    for (; *text; text++) {
        if (strchr(".[]*^$\\/", *text))
            g_string_append_c(out, '\\');
        g_string_append_c(out, *text);
    }
}

char *client_secret_command(const char *path, const char *key, const char *quoted)
{
    g_autoptr(GString) take = g_string_new("s/^[[:space:]]*");
    append_pattern(take, key);
    g_string_append(take, "[[:space:]]*[=:][[:space:]]*");
    if (quoted)
        g_string_append_printf(
            take, ".*%s[[:space:]]*=[[:space:]]*\"\\([^\"]*\\)\".*/\\1/p", quoted);
    else
        g_string_append(take, "\\(.*[^[:space:]]\\)[[:space:]]*$/\\1/p");
    g_autofree char *script = g_shell_quote(take->str);
    g_autofree char *file = g_shell_quote(path);
    return g_strdup_printf(
        "sed -n -e :a -e '/\\\\$/{N;s/\\\\\\n[[:space:]]*//;ba' -e '}' -e %s %s", script, file);
}

/* -- options ------------------------------------------------------------------------------------- */

GPtrArray *client_pairs_new(void)
{
    return g_ptr_array_new_with_free_func(g_free);
}

void client_pairs_add(GPtrArray *pairs, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    g_ptr_array_add(pairs, g_strdup(name));
    g_ptr_array_add(pairs, g_strdup(value));
}

void client_pairs_report(
    GPtrArray *take_pairs, struct found *out, const char *name, const char *origin)
{
    g_ptr_array_add(take_pairs, NULL);
    found_add(out, name, origin, (const char *const *)take_pairs->pdata);
    g_ptr_array_unref(take_pairs);
}
