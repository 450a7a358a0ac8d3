#include "ssh_key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"
#include "known_hosts.h"

#define OPENSSH_BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----"
#define OPENSSH_MAGIC "openssh-key-v1"

void ssh_key_free(struct ssh_key *k)
{
    if (!k)
        return;
    g_free(k->path);
    g_free(k->type);
    g_clear_pointer(&k->blob, g_bytes_unref);
    g_free(k->fault);
    g_free(k);
}

static void set_blob(struct ssh_key *k, const guint8 *blob, gsize length)
{
    char *type = known_hosts_key_type(blob, length);
    if (!type)
        return;
    g_free(k->type);
    k->type = type;
    g_clear_pointer(&k->blob, g_bytes_unref);
    k->blob = g_bytes_new(blob, length);
}

/* The body of the new format: magic, cipher, key derivation, options, count, public key, secret. */
static void parse_body(struct ssh_key *k, struct bytes body)
{
    struct bytes magic, cipher, kdf, options, blob;
    guint32 count;
    if (!bytes_take(&body, sizeof OPENSSH_MAGIC, &magic) ||
        memcmp(magic.at, OPENSSH_MAGIC, sizeof OPENSSH_MAGIC) != 0 ||
        !bytes_take_string(&body, &cipher) || !bytes_take_string(&body, &kdf) ||
        !bytes_take_string(&body, &options) || !bytes_take_u32(&body, &count) || count != 1 ||
        !bytes_take_string(&body, &blob))
        return;
    k->encrypted = !bytes_equal(cipher, "none");
    set_blob(k, blob.at, blob.left);
}

static void parse_openssh(struct ssh_key *k, const char *text, const char *end)
{
    const char *begin = text + strlen(OPENSSH_BEGIN);
    const char *stop = g_strstr_len(begin, end - begin, "-----END");
    if (!stop)
        return;
    g_autofree char *base64 = g_strndup(begin, (gsize)(stop - begin));
    gsize length = 0;
    g_autofree guint8 *body = g_base64_decode(base64, &length);
    parse_body(k, (struct bytes){body, length});
    explicit_bzero(base64, strlen(base64));
    if (body)
        explicit_bzero(body, length);
}

void ssh_key_parse(struct ssh_key *k, const char *text, gsize length)
{
    const char *begin = g_strstr_len(text, (gssize)length, "-----BEGIN ");
    if (!begin)
        return;
    const char *end = text + length;
    gssize left = end - begin;
    k->private = g_strstr_len(begin, left, " KEY-----") && !g_strstr_len(begin, left, "PUBLIC KEY");
    if (g_str_has_prefix(begin, OPENSSH_BEGIN))
        parse_openssh(k, begin, end);
    else
        k->encrypted = g_strstr_len(begin, left, "ENCRYPTED") != NULL;
    if (!k->type && g_strstr_len(begin, left, "BEGIN RSA "))
        k->type = g_strdup("ssh-rsa");
    if (!k->type && g_strstr_len(begin, left, "BEGIN DSA "))
        k->type = g_strdup("ssh-dss");
}

/* The bytes of a small regular file, or NULL. private: one that others may read is at fault. */
static char *read_file(struct ssh_key *k, const char *path, bool private, gsize *length)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        if (private && errno != ENOENT)
            k->fault = g_strdup_printf("%s: %s", path, g_strerror(errno));
        return NULL;
    }
    struct stat st;
    char *text = NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < SSH_KEY_FILE_MAX) {
        text = g_malloc0(SSH_KEY_FILE_MAX);
        ssize_t n = read(fd, text, SSH_KEY_FILE_MAX - 1);
        *length = n > 0 ? (gsize)n : 0;
        if (private && st.st_uid == getuid() && (st.st_mode & 077) &&
            g_strstr_len(text, (gssize)*length, "PRIVATE KEY"))
            k->fault = g_strdup_printf("%s is open to others: chmod 600 it", path);
    }
    close(fd);
    return text;
}

/* "TYPE BASE64 COMMENT" */
static void parse_public(struct ssh_key *k, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", 3);
    if (g_strv_length(words) < 2)
        return;
    gsize length = 0;
    g_autofree guint8 *blob = g_base64_decode(words[1], &length);
    if (blob)
        set_blob(k, blob, length);
}

struct ssh_key *ssh_key_read(const char *path)
{
    struct ssh_key *k = g_new0(struct ssh_key, 1);
    k->path = g_strdup(path);
    gsize length = 0, public_length = 0;
    char *text = read_file(k, path, true, &length);
    if (text) {
        ssh_key_parse(k, text, length);
        if (!k->private)
            parse_public(k, text);
        explicit_bzero(text, SSH_KEY_FILE_MAX);
    }
    g_autofree char *public_path = g_strconcat(path, ".pub", NULL);
    g_autofree char *public = k->blob ? NULL : read_file(k, public_path, false, &public_length);
    if (public)
        parse_public(k, public);
    bool exists = text || public || k->fault;
    g_free(text);
    if (exists)
        return k;
    ssh_key_free(k);
    return NULL;
}
