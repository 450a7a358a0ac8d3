#include "agent.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bytes.h"
#include "error.h"

enum {
    REQUEST_IDENTITIES = 11,
    IDENTITIES_ANSWER = 12,
    SIGN_REQUEST = 13,
    SIGN_RESPONSE = 14,
};

struct agent {
    int fd;
    enum agent_state state;
    bool signing;
    GString *out, *in;
    GPtrArray *keys;
    char *sign_type; /* the algorithm that the signature must have */
    GBytes *signature;
};

static void key_free(gpointer data)
{
    struct agent_key *k = data;
    g_bytes_unref(k->blob);
    g_free(k->comment);
    g_free(k);
}

GPtrArray *agent_keys_new(void)
{
    return g_ptr_array_new_with_free_func(key_free);
}

/* A request of one message; what was asked before is over. */
static void request(struct agent *a, const GString *payload)
{
    g_string_truncate(a->out, 0);
    g_string_truncate(a->in, 0);
    bytes_append_string(a->out, payload->str, payload->len);
    if (a->state != AGENT_FAILED)
        a->state = AGENT_BUSY;
}

struct agent *agent_connect(const char *path, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        weir_fail(error, WEIR_ERROR_UNREACHABLE, "the path of the ssh agent is too long: %s", path);
        return NULL;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        weir_fail(error, WEIR_ERROR_UNREACHABLE, "no ssh agent answers at %s: %s", path,
            g_strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    struct agent *a = g_new0(struct agent, 1);
    *a = (struct agent){.fd = fd, .out = g_string_new(NULL), .in = g_string_new(NULL)};
    a->keys = agent_keys_new();
    g_autoptr(GString) payload = g_string_new(NULL);
    g_string_append_c(payload, REQUEST_IDENTITIES);
    request(a, payload);
    return a;
}

void agent_free(struct agent *a)
{
    if (!a)
        return;
    close(a->fd);
    g_string_free(a->out, TRUE);
    g_string_free(a->in, TRUE);
    g_ptr_array_unref(a->keys);
    g_free(a->sign_type);
    g_clear_pointer(&a->signature, g_bytes_unref);
    g_free(a);
}

struct pollfd agent_watch(const struct agent *a)
{
    return (struct pollfd){.fd = a->fd, .events = (short)(POLLIN | (a->out->len ? POLLOUT : 0))};
}

bool agent_parse_keys(const guint8 *payload, gsize length, GPtrArray *out)
{
    struct bytes rest = {payload, length}, type;
    guint32 count;
    if (!bytes_take(&rest, 1, &type) || *type.at != IDENTITIES_ANSWER ||
        !bytes_take_u32(&rest, &count) || count > AGENT_KEYS_MAX)
        return false;
    for (guint32 i = 0; i < count; i++) {
        struct bytes blob, comment;
        if (!bytes_take_string(&rest, &blob) || !bytes_take_string(&rest, &comment))
            return false;
        struct agent_key *k = g_new0(struct agent_key, 1);
        k->blob = g_bytes_new(blob.at, blob.left);
        k->comment = g_strndup((const char *)comment.at, comment.left);
        g_ptr_array_add(out, k);
    }
    return true;
}

GBytes *agent_parse_signature(const guint8 *payload, gsize length, const char *type)
{
    struct bytes rest = {payload, length}, code, whole, name, raw;
    if (!bytes_take(&rest, 1, &code) || *code.at != SIGN_RESPONSE ||
        !bytes_take_string(&rest, &whole) || !bytes_take_string(&whole, &name) ||
        !bytes_take_string(&whole, &raw) || !bytes_equal(name, type))
        return NULL;
    return g_bytes_new(raw.at, raw.left);
}

static bool take_answer(struct agent *a, struct bytes answer)
{
    if (!a->signing)
        return agent_parse_keys(answer.at, answer.left, a->keys);
    /* A refusal is an answer: the connection is good for the next key. */
    a->signature = agent_parse_signature(answer.at, answer.left, a->sign_type);
    return true;
}

static bool send_out(struct agent *a)
{
    while (a->out->len > 0) {
        ssize_t n = send(a->fd, a->out->str, a->out->len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        g_string_erase(a->out, 0, n);
    }
    return true;
}

/* 1: a whole message stands in a->in; 0: not yet; -1: never. */
static int receive(struct agent *a, struct bytes *answer)
{
    char buffer[4096];
    ssize_t n;
    while ((n = recv(a->fd, buffer, sizeof buffer, 0)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            return -1;
        if (n < 0)
            break;
        g_string_append_len(a->in, buffer, n);
        if (a->in->len > AGENT_REPLY_MAX)
            return -1;
    }
    struct bytes all = {(const guint8 *)a->in->str, a->in->len};
    return bytes_take_string(&all, answer) ? 1 : n == 0 ? -1 : 0;
}

enum agent_state agent_step(struct agent *a)
{
    struct bytes answer;
    if (a->state != AGENT_BUSY)
        return a->state;
    int got = send_out(a) ? receive(a, &answer) : -1;
    if (got < 0)
        a->state = AGENT_FAILED;
    else if (got > 0)
        a->state = take_answer(a, answer) ? AGENT_READY : AGENT_FAILED;
    return a->state;
}

const GPtrArray *agent_keys(const struct agent *a)
{
    return a->keys;
}

void agent_sign(struct agent *a, GBytes *blob, const guint8 *data, gsize length)
{
    gsize size;
    const guint8 *bytes = g_bytes_get_data(blob, &size);
    struct bytes rest = {bytes, size}, type = {0};
    bytes_take_string(&rest, &type);
    g_free(a->sign_type);
    a->sign_type = g_strndup((const char *)type.at, type.left);
    g_clear_pointer(&a->signature, g_bytes_unref);
    a->signing = true;
    g_autoptr(GString) payload = g_string_new(NULL);
    g_string_append_c(payload, SIGN_REQUEST);
    bytes_append_string(payload, bytes, size);
    bytes_append_string(payload, data, length);
    bytes_append_u32(payload, 0);
    request(a, payload);
}

GBytes *agent_signature(const struct agent *a)
{
    return a->signature;
}
