/* One connection as a state machine: each step does what can be done without waiting, and says by
 * ssh_watch() what it waits for. libssh2 is told -EAGAIN by the callbacks below when a step has read
 * its share, so that a server that floods us cannot keep us inside one call.
 *
 * Errors: what libssh2 cannot do (algorithms, RSA signatures with SHA-2, certificates) sets other_why,
 * and shell.c goes on with the system's ssh; everything else is final. */
#include "ssh.h"

#include <errno.h>
#include <libssh2.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "error.h"
#include "known_hosts.h"
#include "ssh_login.h"
#include "ssh_target.h"
#include "text.h"
#include "wire.h"

#define BEFORE_STEP_MAX  16384    /* libssh2 reads what should be a banner byte by byte */
#define FIRST_WORDS_MAX  80       /* of a server that is none, for the message */
#define VERSION_SHA2_RSA 0x010b00 /* 1.11.0: RSA with SHA-2, ETM, GCM; 1.11.1: chacha20 */

static const char kex[] = "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,"
                          "ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group16-sha512,"
                          "diffie-hellman-group14-sha256";
static const char ciphers[] = "aes256-ctr,aes192-ctr,aes128-ctr";
static const char ciphers_new[] = "aes256-gcm@openssh.com,aes128-gcm@openssh.com,"
                                  "aes256-ctr,aes192-ctr,aes128-ctr";
static const char macs[] = "hmac-sha2-256,hmac-sha2-512";
static const char macs_new[] = "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,"
                               "hmac-sha2-256,hmac-sha2-512";

enum step {
    STEP_KEYS,
    STEP_CONNECT,
    STEP_HANDSHAKE,
    STEP_LOGIN,
    STEP_CHANNEL,
    STEP_COMMAND,
    STEP_UP
};

struct ssh {
    struct wire base;
    const struct ssh_target *target;
    struct known_host *known;
    char **addresses;
    guint next; /* address to try */
    int fd;
    enum step step;
    LIBSSH2_SESSION *session;
    LIBSSH2_CHANNEL *channel;
    struct ssh_login *login;
    gsize share;      /* bytes that this step may still read */
    int64_t since_ms; /* monotonic: begin of the stage */
    bool sending;     /* libssh2 wants the same write again before anything else */
    GString *words;   /* what the other side wrote to its error output */
};

/* -- the library --------------------------------------------------------------------------------- */

void ssh_init(void)
{
    libssh2_init(0);
}

static const char *version(void)
{
    const char *text = libssh2_version(0);
    return text ? text : "";
}

const char *ssh_library(void)
{
    return version();
}

void ssh_versions(GString *out)
{
    g_string_append_printf(out, "libssh2 %s", version());
}

static bool is_new(void)
{
    return libssh2_version(VERSION_SHA2_RSA) != NULL;
}

static ssize_t receive(libssh2_socket_t fd, void *buffer, size_t length, int flags, void **abstract)
{
    struct ssh *s = *abstract;
    if (s->share == 0) {
        s->base.again = true;
        return -EAGAIN;
    }
    if (!s->base.up && s->base.received > SSH_BEFORE_MAX)
        return -EMSGSIZE;
    ssize_t n = recv(fd, buffer, MIN(length, s->share), flags);
    if (n < 0)
        return -errno;
    s->share -= (gsize)n;
    s->base.received += n;
    if (!s->base.up && s->words->len < FIRST_WORDS_MAX)
        g_string_append_len(s->words, buffer, n);
    return n;
}

static ssize_t transmit(
    libssh2_socket_t fd, const void *buffer, size_t length, int flags, void **abstract)
{
    struct ssh *s = *abstract;
    ssize_t n = send(fd, buffer, length, flags | MSG_NOSIGNAL);
    if (n < 0)
        return -errno;
    s->base.sent += n;
    return n;
}

static void set_callbacks(LIBSSH2_SESSION *session)
{
#if LIBSSH2_VERSION_NUM >= 0x010b01
    libssh2_session_callback_set2(
        session, LIBSSH2_CALLBACK_RECV, (libssh2_cb_generic *)(void (*)(void))receive);
    libssh2_session_callback_set2(
        session, LIBSSH2_CALLBACK_SEND, (libssh2_cb_generic *)(void (*)(void))transmit);
#else
    union {
        ssize_t (*receive)(libssh2_socket_t, void *, size_t, int, void **);
        ssize_t (*transmit)(libssh2_socket_t, const void *, size_t, int, void **);
        void *data;
    } call = {.receive = receive};
    libssh2_session_callback_set(session, LIBSSH2_CALLBACK_RECV, call.data);
    call.transmit = transmit;
    libssh2_session_callback_set(session, LIBSSH2_CALLBACK_SEND, call.data);
#endif
}

/* -- failing ------------------------------------------------------------------------------------- */

static bool fail(struct ssh *s, enum shell_trouble trouble, GError **error, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

static bool fail(struct ssh *s, enum shell_trouble trouble, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    s->base.trouble = trouble;
    bool denied =
        trouble == TROUBLE_DENIED || trouble == TROUBLE_NEW_KEY || trouble == TROUBLE_CHANGED;
    return weir_fail(error,
        denied                       ? WEIR_ERROR_DENIED
        : trouble == TROUBLE_TIMEOUT ? WEIR_ERROR_TIMEOUT
                                     : WEIR_ERROR_UNREACHABLE,
        "%s", text);
}

static bool use_other(struct ssh *s, GError **error, const char *why)
{
    if (!s->base.other_why)
        s->base.other_why = g_strdup(why);
    return fail(s, TROUBLE_CONNECT, error, "%s", why);
}

static char *library_words(const struct ssh *s)
{
    char *text = NULL;
    int code = libssh2_session_last_error(s->session, &text, NULL, 0);
    g_autoptr(GString) clean = g_string_new(NULL);
    text_clean(text ? text : "", -1, clean);
    return g_strdup_printf("%s (libssh2 %d)", clean->str, code);
}

/* The stage is passed. */
static void pass(struct ssh *s, enum step next, enum shell_stage stage)
{
    int64_t now = clock_mono_ms();
    s->base.facts->stage_ms[s->base.stage] = now - s->since_ms;
    s->since_ms = now;
    s->base.stage = stage;
    s->step = next;
    s->base.again = true;
}

/* -- our keys, before anything leaves this machine ----------------------------------------------- */

static bool step_keys(struct ssh *s, GError **error)
{
    enum ssh_login_result result = ssh_login_prepare(s->login);
    if (result == SSH_LOGIN_WAIT)
        return true;
    if (result != SSH_LOGIN_DONE)
        s->base.stage = STAGE_LOGIN;
    if (result == SSH_LOGIN_OTHER)
        return use_other(s, error, ssh_login_words(s->login));
    if (result == SSH_LOGIN_DENIED)
        return fail(s, TROUBLE_DENIED, error, "%s", ssh_login_words(s->login));
    s->step = STEP_CONNECT;
    s->base.again = true;
    return true;
}

/* -- connecting ---------------------------------------------------------------------------------- */

static void close_socket(struct ssh *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

/* Begins with the next address; false when it failed at once. */
static bool begin_connect(struct ssh *s, int *failure)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                        .ai_family = s->target->family,
                        .ai_socktype = SOCK_STREAM},
                    *found = NULL;
    g_autofree char *port = g_strdup_printf("%d", s->target->port);
    const char *address = s->addresses[s->next++];
    g_free(s->base.facts->address);
    s->base.facts->address = g_strdup_printf("%s port %s", address, port);
    *failure = EADDRNOTAVAIL;
    if (getaddrinfo(address, port, &hints, &found) != 0)
        return false;
    s->fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1, give_up_ms = 30000;
    bool ok = s->fd >= 0 &&
              (connect(s->fd, found->ai_addr, found->ai_addrlen) == 0 || errno == EINPROGRESS);
    *failure = errno;
    freeaddrinfo(found);
    if (!ok) {
        close_socket(s);
        return false;
    }
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(s->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(s->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &give_up_ms, sizeof give_up_ms);
    return true;
}

/* 1 connected, 0 not yet, else -errno. */
static int connect_result(const struct ssh *s)
{
    struct pollfd p = {.fd = s->fd, .events = POLLOUT};
    if (poll(&p, 1, 0) <= 0)
        return 0;
    int failure = 0;
    socklen_t length = sizeof failure;
    getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &failure, &length);
    return failure ? -failure : 1;
}

/* The host key types to ask for: those that known_hosts has, so that the server shows one that can be
 * compared; all sound ones when it has none. "" when libssh2 knows none of them. */
static char *host_key_types(const struct ssh *s)
{
    static const char *const sound[] = {
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"};
    bool any = !known_host_is_known(s->known);
    g_autoptr(GString) out = g_string_new(NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(sound); i++)
        if (any || known_host_has_type(s->known, sound[i]))
            g_string_append_printf(out, "%s%s", out->len ? "," : "", sound[i]);
    if (is_new() && (any || known_host_has_type(s->known, "ssh-rsa")))
        g_string_append_printf(out, "%srsa-sha2-512,rsa-sha2-256", out->len ? "," : "");
    return ssh_target_common(out->str, s->target->host_keys);
}

static bool set_method(struct ssh *s, int method, const char *wanted, const char *allowed)
{
    g_autofree char *list = ssh_target_common(wanted, allowed);
    return *list && libssh2_session_method_pref(s->session, method, list) == 0;
}

static bool begin_session(struct ssh *s, GError **error)
{
    s->session = libssh2_session_init_ex(NULL, NULL, NULL, s);
    if (!s->session)
        return fail(s, TROUBLE_BROKEN, error, "libssh2 gives no session");
    libssh2_session_set_blocking(s->session, 0);
    set_callbacks(s->session);
    const struct ssh_target *t = s->target;
    g_autofree char *types = host_key_types(s);
    if (!*types || !set_method(s, LIBSSH2_METHOD_HOSTKEY, types, NULL))
        return use_other(s, error, "libssh2 knows none of the key types that known_hosts has");
    if (!set_method(s, LIBSSH2_METHOD_KEX, kex, t->kex) ||
        !set_method(s, LIBSSH2_METHOD_CRYPT_CS, is_new() ? ciphers_new : ciphers, t->ciphers) ||
        !set_method(s, LIBSSH2_METHOD_CRYPT_SC, is_new() ? ciphers_new : ciphers, t->ciphers) ||
        !set_method(s, LIBSSH2_METHOD_MAC_CS, is_new() ? macs_new : macs, t->macs) ||
        !set_method(s, LIBSSH2_METHOD_MAC_SC, is_new() ? macs_new : macs, t->macs))
        return use_other(s, error, "libssh2 knows none of the algorithms that are configured");
    return true;
}

static bool step_connect(struct ssh *s, GError **error)
{
    int failure = 0;
    int result = s->fd >= 0 ? connect_result(s) : -EAGAIN;
    while (result < 0) {
        failure = -result;
        close_socket(s);
        if (!s->addresses[s->next])
            return fail(s, TROUBLE_CONNECT, error, "no connection to %s: %s",
                s->base.facts->address ? s->base.facts->address : s->target->hostname,
                g_strerror(failure));
        result = begin_connect(s, &failure) ? connect_result(s) : -failure;
    }
    if (result == 0)
        return true;
    pass(s, STEP_HANDSHAKE, STAGE_KEY);
    return begin_session(s, error);
}

/* -- the host's key ------------------------------------------------------------------------------ */

static bool fail_no_server(struct ssh *s, const char *words, GError **error)
{
    g_autoptr(GString) said = g_string_new(NULL);
    gsize line = strcspn(s->words->str, "\r\n");
    text_clean(s->words->str, (gssize)MIN(line, FIRST_WORDS_MAX), said);
    if (said->len == 0 || g_str_has_prefix(said->str, "SSH-"))
        return fail(s, TROUBLE_BROKEN, error, "%s did not answer as an ssh server does: %s",
            s->base.facts->address, words);
    return fail(s, TROUBLE_BROKEN, error,
        "%s did not answer as an ssh server does, it says \"%s\": %s", s->base.facts->address,
        said->str, words);
}

/* How far the handshake came tells what the two sides have not in common. */
static bool fail_handshake(struct ssh *s, int code, GError **error)
{
    g_autofree char *words = library_words(s);
    switch (code) {
    case LIBSSH2_ERROR_KEX_FAILURE:
    case LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE:
    case LIBSSH2_ERROR_METHOD_NONE:
    case LIBSSH2_ERROR_METHOD_NOT_SUPPORTED:
    case LIBSSH2_ERROR_HOSTKEY_INIT:
    case LIBSSH2_ERROR_HOSTKEY_SIGN: {
        const char *what = !libssh2_session_methods(s->session, LIBSSH2_METHOD_KEX) ||
                                   !libssh2_session_methods(s->session, LIBSSH2_METHOD_HOSTKEY)
                               ? "key exchange or host key"
                           : !libssh2_session_methods(s->session, LIBSSH2_METHOD_CRYPT_CS)
                               ? "cipher"
                               : "MAC";
        g_autofree char *why = g_strdup_printf(
            "libssh2 %s has no %s algorithm in common with the server", version(), what);
        return use_other(s, error, why);
    }
    default: return fail_no_server(s, words, error);
    }
}

static void keep(char **fact, char *take_value)
{
    g_free(*fact);
    *fact = take_value;
}

static const char *method(const struct ssh *s, int type)
{
    const char *name = libssh2_session_methods(s->session, type);
    return name ? name : "?";
}

static bool fail_changed(struct ssh *s, const char *where, const char *other, GError **error)
{
    return fail(s, TROUBLE_CHANGED, error,
        "the key of %s has changed: it shows %s, but %s has %s. Somebody may stand in between: "
        "weir does not connect. Find out why; when it is right, ssh-keygen -R '%s' and ssh again",
        s->target->known_as, s->base.facts->key, where, other, s->target->known_as);
}

static bool fail_new(struct ssh *s, GError **error)
{
    g_autofree char *command = ssh_target_command(s->target->host, s->target->ssh_config);
    return fail(s, TROUBLE_NEW_KEY, error,
        "known_hosts does not have the key of %s, which shows %s: compare that fingerprint with "
        "what its owner says, then run %s and accept it",
        s->target->known_as, s->base.facts->key, command);
}

static bool check_key(struct ssh *s, GError **error)
{
    size_t length = 0;
    int type;
    const char *blob = libssh2_session_hostkey(s->session, &length, &type);
    if (!blob || length == 0)
        return fail(s, TROUBLE_BROKEN, error, "the server showed no host key");
    g_autofree char *name = known_hosts_key_type((const guint8 *)blob, length);
    g_autofree char *print = known_hosts_fingerprint((const guint8 *)blob, length);
    keep(&s->base.facts->key, g_strdup_printf("%s %s", name ? name : "?", print));
    g_autofree char *where = NULL, *other = NULL;
    switch (known_host_check(s->known, (const guint8 *)blob, length, &where, &other)) {
    case KNOWN_MATCH: keep(&s->base.facts->known_at, g_steal_pointer(&where)); return true;
    case KNOWN_REVOKED:
        return fail(s, TROUBLE_CHANGED, error,
            "the key of %s, %s, is marked as revoked at %s: weir does not connect",
            s->target->known_as, s->base.facts->key, where);
    case KNOWN_CHANGED: return fail_changed(s, where, other, error);
    case KNOWN_AUTHORITY:
        return use_other(s, error, "known_hosts trusts a certificate authority for this host");
    case KNOWN_NEW:
    default: return fail_new(s, error);
    }
}

static bool step_handshake(struct ssh *s, GError **error)
{
    int code = libssh2_session_handshake(s->session, s->fd);
    if (code == LIBSSH2_ERROR_EAGAIN)
        return true;
    if (code != 0)
        return fail_handshake(s, code, error);
    const char *banner = libssh2_session_banner_get(s->session);
    keep(&s->base.facts->server, g_strdup(banner ? banner : ""));
    keep(&s->base.facts->methods,
        g_strdup_printf("%s, %s, %s", method(s, LIBSSH2_METHOD_KEX),
            method(s, LIBSSH2_METHOD_CRYPT_CS), method(s, LIBSSH2_METHOD_MAC_CS)));
    if (!check_key(s, error))
        return false;
    pass(s, STEP_LOGIN, STAGE_LOGIN);
    return true;
}

/* -- logging in, and the shell ------------------------------------------------------------------- */

static bool step_login(struct ssh *s, GError **error)
{
    enum ssh_login_result result = ssh_login_step(s->login, s->session);
    if (result == SSH_LOGIN_WAIT)
        return true;
    if (result == SSH_LOGIN_OTHER)
        return use_other(s, error, ssh_login_words(s->login));
    if (result == SSH_LOGIN_BROKEN)
        return fail(s, TROUBLE_BROKEN, error, "%s ended the connection while logging in: %s",
            s->base.facts->address, ssh_login_words(s->login));
    if (result == SSH_LOGIN_DENIED)
        return fail(s, TROUBLE_DENIED, error, "%s", ssh_login_words(s->login));
    keep(&s->base.facts->login, g_strdup(ssh_login_words(s->login)));
    pass(s, STEP_CHANNEL, STAGE_SHELL);
    return true;
}

static bool step_channel(struct ssh *s, GError **error)
{
    if (s->step == STEP_CHANNEL) {
        s->channel = libssh2_channel_open_session(s->session);
        if (!s->channel && libssh2_session_last_errno(s->session) == LIBSSH2_ERROR_EAGAIN)
            return true;
        s->step = STEP_COMMAND;
    }
    int code = s->channel ? libssh2_channel_exec(s->channel, "exec /bin/sh -s") : -1;
    if (code == LIBSSH2_ERROR_EAGAIN)
        return true;
    if (code != 0) {
        g_autofree char *words = library_words(s);
        return fail(s, TROUBLE_BROKEN, error, "%s lets us in but starts no command: %s",
            s->target->known_as, words);
    }
    pass(s, STEP_UP, STAGE_SHELL);
    g_string_truncate(s->words, 0);
    s->base.up = true;
    return true;
}

/* -- carrying ------------------------------------------------------------------------------------ */

static bool fail_carrying(struct ssh *s, GError **error)
{
    g_autoptr(GString) clean = g_string_new(NULL);
    g_strstrip(s->words->str);
    text_clean(s->words->str, -1, clean);
    return fail(s, TROUBLE_BROKEN, error, "the shell on %s ended%s%s", s->target->known_as,
        *clean->str ? ": " : ", or the connection broke", clean->str);
}

static bool send_out(struct ssh *s, GString *out)
{
    while (out->len > 0) {
        ssize_t n = libssh2_channel_write(s->channel, out->str, out->len);
        s->sending = n == LIBSSH2_ERROR_EAGAIN;
        if (s->sending)
            return true;
        if (n < 0)
            return false;
        g_string_erase(out, 0, n);
    }
    return true;
}

/* Unread error output would keep the end of the stream from us. */
static bool read_words(struct ssh *s)
{
    char buffer[1024];
    ssize_t n;
    while ((n = libssh2_channel_read_stderr(s->channel, buffer, sizeof buffer)) > 0) {
        g_string_append_len(s->words, buffer, n);
        if (s->words->len > CHILD_STDERR_MAX)
            g_string_erase(s->words, 0, (gssize)(s->words->len - CHILD_STDERR_MAX));
    }
    return n == 0 || n == LIBSSH2_ERROR_EAGAIN;
}

static bool read_in(struct ssh *s, GString *in)
{
    char buffer[16384];
    ssize_t n;
    while ((n = libssh2_channel_read(s->channel, buffer, sizeof buffer)) > 0)
        g_string_append_len(in, buffer, n);
    return (n == 0 || n == LIBSSH2_ERROR_EAGAIN) && read_words(s) &&
           !libssh2_channel_eof(s->channel);
}

static bool step_up(struct ssh *s, GString *out, GString *in, GError **error)
{
    if (!send_out(s, out))
        return fail_carrying(s, error);
    if (s->sending)
        return true;
    return read_in(s, in) || fail_carrying(s, error);
}

static bool ssh_step(struct wire *w, GString *out, GString *in, GError **error)
{
    struct ssh *s = (struct ssh *)w;
    s->share = w->up ? WIRE_STEP_MAX : BEFORE_STEP_MAX;
    w->again = false;
    switch (s->step) {
    case STEP_KEYS: return step_keys(s, error);
    case STEP_CONNECT: return step_connect(s, error);
    case STEP_HANDSHAKE: return step_handshake(s, error);
    case STEP_LOGIN: return step_login(s, error);
    case STEP_CHANNEL:
    case STEP_COMMAND: return step_channel(s, error);
    case STEP_UP:
    default: return step_up(s, out, in, error);
    }
}

static unsigned ssh_watch(const struct wire *w, bool sending, struct pollfd fds[WIRE_FDS])
{
    const struct ssh *s = (const struct ssh *)w;
    unsigned n = 0;
    if (s->fd >= 0) {
        int blocked = s->session ? libssh2_session_block_directions(s->session) : 0;
        bool out = s->step == STEP_CONNECT || (blocked & LIBSSH2_SESSION_BLOCK_OUTBOUND);
        if (s->step == STEP_UP && sending)
            out = true;
        fds[n++] = (struct pollfd){
            .fd = s->fd, .events = (short)((out ? POLLOUT : 0) | (s->session ? POLLIN : 0))};
    }
    if ((s->step == STEP_KEYS || s->step == STEP_LOGIN) && ssh_login_watch(s->login, &fds[n]))
        n++;
    return n;
}

/* After shutdown() no call can wait any more, so that the rest may block. */
static void free_session(struct ssh *s)
{
    if (!s->session)
        return;
    libssh2_session_disconnect(s->session, "weir is done here");
    shutdown(s->fd, SHUT_RDWR);
    s->share = WIRE_STEP_MAX;
    libssh2_session_set_blocking(s->session, 1);
    if (s->channel)
        libssh2_channel_free(s->channel);
    libssh2_session_free(s->session);
}

static void ssh_free(struct wire *w)
{
    struct ssh *s = (struct ssh *)w;
    free_session(s);
    close_socket(s);
    ssh_login_free(s->login);
    known_host_free(s->known);
    g_strfreev(s->addresses);
    g_string_free(s->words, TRUE);
    g_free(s);
}

static const struct wire_ops ssh_ops = {ssh_step, ssh_watch, ssh_free};

struct wire *ssh_wire(const struct ssh_target *target, const char *const *addresses,
    const struct known_hosts *known, struct shell_facts *facts)
{
    struct ssh *s = g_new0(struct ssh, 1);
    s->base = (struct wire){.ops = &ssh_ops, .facts = facts, .stage = STAGE_CONNECT};
    s->target = target;
    s->known = known_hosts_find(known, target->known_as);
    s->addresses = g_strdupv((char **)addresses);
    s->fd = -1;
    s->since_ms = clock_mono_ms();
    s->words = g_string_new(NULL);
    s->login = ssh_login_new(target, is_new());
    return &s->base;
}
