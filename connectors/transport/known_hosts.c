#include "known_hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"

enum marker { MARKER_NONE, MARKER_REVOKED, MARKER_AUTHORITY, MARKER_UNKNOWN };

struct file {
    char *path;
    char *text;
    gsize length;
};

struct known_hosts {
    GPtrArray *files;
};

/* One line for the name that was looked for. */
struct known {
    enum marker marker;
    char *type;
    guint8 *blob;
    gsize length;
    char *path;
    unsigned line;
};

struct known_host {
    GPtrArray *lines;
};

/* One line cut into its fields; they point into the file's text. */
struct fields {
    enum marker marker;
    struct bytes hosts, type, key;
};

static void file_free(gpointer data)
{
    struct file *f = data;
    g_free(f->path);
    g_free(f->text);
    g_free(f);
}

struct known_hosts *known_hosts_new(void)
{
    struct known_hosts *k = g_new0(struct known_hosts, 1);
    k->files = g_ptr_array_new_with_free_func(file_free);
    return k;
}

void known_hosts_free(struct known_hosts *k)
{
    if (!k)
        return;
    g_ptr_array_unref(k->files);
    g_free(k);
}

void known_hosts_add_text(struct known_hosts *k, const char *path, const char *text, gsize length)
{
    if (length == 0)
        return;
    struct file *f = g_new0(struct file, 1);
    f->path = g_strdup(path);
    f->length = MIN(length, KNOWN_HOSTS_BYTES_MAX);
    f->text = g_memdup2(text, f->length);
    g_ptr_array_add(k->files, f);
}

void known_hosts_add_file(struct known_hosts *k, const char *path)
{
    /* A FIFO would block: it is opened without waiting, and then gives nothing. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return;
    g_autoptr(GString) text = g_string_new(NULL);
    char buffer[16384];
    ssize_t n = 0;
    while (text->len < KNOWN_HOSTS_BYTES_MAX &&
           ((n = read(fd, buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR)))
        if (n > 0)
            g_string_append_len(text, buffer, n);
    close(fd);
    known_hosts_add_text(k, path, text->str, text->len);
}

char *known_hosts_name(const char *host, int port)
{
    g_autofree char *lower = g_ascii_strdown(host, -1);
    return port == 22 || port <= 0 ? g_steal_pointer(&lower)
                                   : g_strdup_printf("[%s]:%d", lower, port);
}

/* -- one line ------------------------------------------------------------------------------------ */

static bool is_blank(guint8 c)
{
    return c == ' ' || c == '\t';
}

static struct bytes next_word(struct bytes *line)
{
    while (line->left > 0 && is_blank(*line->at)) {
        line->at++;
        line->left--;
    }
    struct bytes word = {line->at, 0};
    while (word.left < line->left && !is_blank(word.at[word.left]))
        word.left++;
    line->at += word.left;
    line->left -= word.left;
    return word;
}

static enum marker marker_of(struct bytes word)
{
    if (bytes_equal(word, "@revoked"))
        return MARKER_REVOKED;
    return bytes_equal(word, "@cert-authority") ? MARKER_AUTHORITY : MARKER_UNKNOWN;
}

static bool split_line(struct bytes line, struct fields *out)
{
    while (line.left > 0 && strchr("\r \t", line.at[line.left - 1]))
        line.left--;
    if (line.left == 0 || line.left > KNOWN_HOSTS_LINE_MAX || memchr(line.at, '\0', line.left))
        return false;
    struct bytes word = next_word(&line);
    *out = (struct fields){0};
    if (word.left > 0 && word.at[0] == '@') {
        out->marker = marker_of(word);
        word = next_word(&line);
    }
    out->hosts = word;
    out->type = next_word(&line);
    out->key = next_word(&line);
    return out->marker != MARKER_UNKNOWN && out->key.left > 0 && out->hosts.at[0] != '#';
}

/* Strict base64, padding included, as OpenSSH wants it; GLib's decoder alone would skip over dirt. */
static guint8 *decode(struct bytes text, gsize *length)
{
    gsize body = text.left;
    while (body > 0 && text.left - body < 2 && text.at[body - 1] == '=')
        body--;
    for (gsize i = 0; i < body; i++)
        if (!g_ascii_isalnum(text.at[i]) && text.at[i] != '+' && text.at[i] != '/')
            return NULL;
    if (text.left == 0 || text.left % 4 != 0)
        return NULL;
    g_autofree char *copy = g_strndup((const char *)text.at, text.left);
    return g_base64_decode(copy, length);
}

/* The key of a line, when the type it claims is the one inside. */
static guint8 *key_of(const struct fields *f, gsize *length)
{
    g_autofree guint8 *blob = decode(f->key, length);
    if (!blob)
        return NULL;
    struct bytes rest = {blob, *length}, type;
    if (!bytes_take_string(&rest, &type) || type.left != f->type.left ||
        memcmp(type.at, f->type.at, type.left) != 0)
        return NULL;
    return g_steal_pointer(&blob);
}

/* -- names --------------------------------------------------------------------------------------- */

/* * and ? as OpenSSH has them, in one pass with one way back: never more than length times length. */
static bool wildcard(struct bytes pattern, struct bytes name)
{
    struct bytes star = {0}, retry = {0};
    while (name.left > 0) {
        guint8 p = pattern.left > 0 ? (guint8)g_ascii_tolower((char)*pattern.at) : 0;
        if (pattern.left > 0 && p == '*') {
            pattern.at++;
            pattern.left--;
            star = pattern;
            retry = name;
        } else if (pattern.left > 0 && (p == '?' || p == *name.at)) {
            pattern.at++;
            pattern.left--;
            name.at++;
            name.left--;
        } else if (retry.at) {
            retry.at++;
            retry.left--;
            name = retry;
            pattern = star;
        } else {
            return false;
        }
    }
    while (pattern.left > 0 && *pattern.at == '*') {
        pattern.at++;
        pattern.left--;
    }
    return pattern.left == 0;
}

/* One match among the comma-separated patterns is needed, and a negated match forbids all. */
static bool matches_list(struct bytes list, struct bytes name)
{
    bool found = false;
    while (list.left > 0) {
        struct bytes pattern = {list.at, 0};
        while (pattern.left < list.left && pattern.at[pattern.left] != ',')
            pattern.left++;
        gsize step = MIN(pattern.left + 1, list.left);
        list.at += step;
        list.left -= step;
        bool negated = pattern.left > 0 && *pattern.at == '!';
        if (negated) {
            pattern.at++;
            pattern.left--;
        }
        if (pattern.left == 0 || !wildcard(pattern, name))
            continue;
        if (negated)
            return false;
        found = true;
    }
    return found;
}

/* |1|SALT|HASH, both base64 of 20 bytes: HMAC-SHA1 of the name. */
static bool matches_hash(struct bytes field, struct bytes name)
{
    if (field.left < 3 || memcmp(field.at, "|1|", 3) != 0)
        return false;
    field.at += 3;
    field.left -= 3;
    const guint8 *bar = memchr(field.at, '|', field.left);
    if (!bar)
        return false;
    struct bytes salt_text = {field.at, (gsize)(bar - field.at)};
    struct bytes hash_text = {bar + 1, field.left - salt_text.left - 1};
    gsize salt_length = 0, hash_length = 0;
    g_autofree guint8 *salt = decode(salt_text, &salt_length);
    g_autofree guint8 *hash = decode(hash_text, &hash_length);
    guint8 digest[20];
    gsize digest_length = sizeof digest;
    if (!salt || !hash || salt_length != sizeof digest || hash_length != sizeof digest)
        return false;
    g_autoptr(GHmac) hmac = g_hmac_new(G_CHECKSUM_SHA1, salt, salt_length);
    g_hmac_update(hmac, name.at, (gssize)name.left);
    g_hmac_get_digest(hmac, digest, &digest_length);
    return memcmp(digest, hash, sizeof digest) == 0;
}

static bool matches(struct bytes hosts, const char *name)
{
    struct bytes n = {(const guint8 *)name, strlen(name)};
    return hosts.left > 0 && *hosts.at == '|' ? matches_hash(hosts, n) : matches_list(hosts, n);
}

/* -- looking up ---------------------------------------------------------------------------------- */

static void known_free(gpointer data)
{
    struct known *k = data;
    g_free(k->type);
    g_free(k->blob);
    g_free(k->path);
    g_free(k);
}

static void add_line(struct known_host *h, const struct fields *f, const char *path, unsigned line)
{
    gsize length = 0;
    guint8 *blob = key_of(f, &length);
    if (!blob)
        return;
    struct known *k = g_new0(struct known, 1);
    *k = (struct known){.marker = f->marker, .blob = blob, .length = length, .line = line};
    k->path = g_strdup(path);
    k->type = g_strndup((const char *)f->type.at, f->type.left);
    g_ptr_array_add(h->lines, k);
}

static void find_in(struct known_host *h, const struct file *file, const char *name)
{
    const char *at = file->text, *end = file->text + file->length;
    for (unsigned number = 1; at && at < end; number++) {
        const char *newline = memchr(at, '\n', (gsize)(end - at));
        const char *stop = newline ? newline : end;
        struct fields f;
        if (split_line((struct bytes){(const guint8 *)at, (gsize)(stop - at)}, &f) &&
            matches(f.hosts, name))
            add_line(h, &f, file->path, number);
        at = newline ? newline + 1 : NULL;
    }
}

struct known_host *known_hosts_find(const struct known_hosts *k, const char *name)
{
    struct known_host *h = g_new0(struct known_host, 1);
    h->lines = g_ptr_array_new_with_free_func(known_free);
    for (guint i = 0; i < k->files->len; i++)
        find_in(h, g_ptr_array_index(k->files, i), name);
    return h;
}

void known_host_free(struct known_host *h)
{
    if (!h)
        return;
    g_ptr_array_unref(h->lines);
    g_free(h);
}

static bool is_key(const struct known *k, const guint8 *blob, gsize length)
{
    return k->length == length && memcmp(k->blob, blob, length) == 0;
}

static void tell(const struct known *k, char **where, char **other)
{
    if (k && where)
        *where = g_strdup_printf("%s:%u", k->path, k->line);
    if (k && other)
        *other = known_hosts_fingerprint(k->blob, k->length);
}

enum known_verdict known_host_check(
    const struct known_host *h, const guint8 *blob, gsize length, char **where, char **other)
{
    g_autofree char *type = known_hosts_key_type(blob, length);
    const struct known *same = NULL, *changed = NULL, *authority = NULL;
    for (guint i = 0; i < h->lines->len; i++) {
        const struct known *k = g_ptr_array_index(h->lines, i);
        bool equal = is_key(k, blob, length);
        if (k->marker == MARKER_REVOKED && equal) {
            tell(k, where, NULL);
            return KNOWN_REVOKED;
        }
        if (k->marker == MARKER_AUTHORITY)
            authority = k;
        else if (k->marker == MARKER_NONE && equal)
            same = k;
        else if (k->marker == MARKER_NONE && type && strcmp(k->type, type) == 0)
            changed = k;
    }
    if (same) {
        tell(same, where, NULL);
        return KNOWN_MATCH;
    }
    if (authority) {
        tell(authority, where, NULL);
        return KNOWN_AUTHORITY;
    }
    tell(changed, where, other);
    return changed ? KNOWN_CHANGED : KNOWN_NEW;
}

static bool any_line(const struct known_host *h, enum marker marker, const char *type)
{
    for (guint i = 0; i < h->lines->len; i++) {
        const struct known *k = g_ptr_array_index(h->lines, i);
        if (k->marker == marker && (!type || strcmp(k->type, type) == 0))
            return true;
    }
    return false;
}

bool known_host_has_type(const struct known_host *h, const char *type)
{
    return any_line(h, MARKER_NONE, type);
}

bool known_host_is_known(const struct known_host *h)
{
    return any_line(h, MARKER_NONE, NULL);
}

bool known_host_has_authority(const struct known_host *h)
{
    return any_line(h, MARKER_AUTHORITY, NULL);
}

char *known_hosts_fingerprint(const guint8 *blob, gsize length)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 digest[32];
    gsize size = sizeof digest;
    g_checksum_update(sum, blob, (gssize)length);
    g_checksum_get_digest(sum, digest, &size);
    g_autofree char *text = g_base64_encode(digest, size);
    text[strcspn(text, "=")] = '\0';
    return g_strconcat("SHA256:", text, NULL);
}

char *known_hosts_key_type(const guint8 *blob, gsize length)
{
    struct bytes rest = {blob, length}, type;
    if (!bytes_take_string(&rest, &type) || type.left == 0 || type.left > 64)
        return NULL;
    for (gsize i = 0; i < type.left; i++)
        if (!g_ascii_isgraph(type.at[i]))
            return NULL;
    return g_strndup((const char *)type.at, type.left);
}
