#include "ssh_login.h"

#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "clock.h"
#include "known_hosts.h"
#include "ssh.h"
#include "ssh_key.h"
#include "ssh_target.h"
#include "text.h"

struct offer {
    GBytes *blob; /* of the agent's key; NULL: a file's */
    char *path;
    char *words; /* "ssh-ed25519 of the agent (comment)" */
};

struct ssh_login {
    const struct ssh_target *target;
    bool sha2;
    struct agent *agent;
    bool agent_asked, agent_hung;
    int64_t begun_ms;
    GPtrArray *offers;
    guint next; /* offer that is being made */
    bool signing, signature_failed;
    void *self;       /* what libssh2 hands to the signing callback */
    GString *refused; /* the words of the keys that were not accepted */
    GString *skipped; /* what libssh2 cannot offer */
    GString *locked;  /* what nobody can offer without a passphrase, or because of its mode */
    char *words;
};

static void offer_free(gpointer data)
{
    struct offer *o = data;
    if (o->blob)
        g_bytes_unref(o->blob);
    g_free(o->path);
    g_free(o->words);
    g_free(o);
}

struct ssh_login *ssh_login_new(const struct ssh_target *target, bool sha2)
{
    struct ssh_login *l = g_new0(struct ssh_login, 1);
    l->target = target;
    l->sha2 = sha2;
    l->self = l;
    l->offers = g_ptr_array_new_with_free_func(offer_free);
    l->refused = g_string_new(NULL);
    l->skipped = g_string_new(NULL);
    l->locked = g_string_new(NULL);
    return l;
}

void ssh_login_free(struct ssh_login *l)
{
    if (!l)
        return;
    agent_free(l->agent);
    g_ptr_array_unref(l->offers);
    g_string_free(l->refused, TRUE);
    g_string_free(l->skipped, TRUE);
    g_string_free(l->locked, TRUE);
    g_free(l->words);
    g_free(l);
}

static void add_words(GString *list, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void add_words(GString *list, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    if (list->len)
        g_string_append(list, ", ");
    text_clean(text, -1, list);
}

static void set_words(struct ssh_login *l, char *take_words)
{
    g_free(l->words);
    l->words = take_words;
}

const char *ssh_login_words(const struct ssh_login *l)
{
    return l->words ? l->words : "";
}

/* -- which keys ---------------------------------------------------------------------------------- */

/* What this libssh2 signs with. An agent would have to be told to use SHA-2 for RSA, and libssh2 does
 * not say when: so RSA keys of an agent are the system ssh's. */
static bool can_sign(const struct ssh_login *l, const char *type, bool from_file)
{
    if (!type)
        return false;
    if (strcmp(type, "ssh-rsa") == 0)
        return l->sha2 && from_file;
    return strcmp(type, "ssh-ed25519") == 0 || g_str_has_prefix(type, "ecdsa-sha2-nistp");
}

static char *type_of(GBytes *blob)
{
    gsize length;
    const guint8 *data = g_bytes_get_data(blob, &length);
    return known_hosts_key_type(data, length);
}

static void offer_agent_key(struct ssh_login *l, const struct agent_key *k)
{
    for (guint i = 0; i < l->offers->len; i++) {
        const struct offer *have = g_ptr_array_index(l->offers, i);
        if (have->blob && g_bytes_equal(have->blob, k->blob))
            return;
    }
    g_autofree char *type = type_of(k->blob);
    if (!can_sign(l, type, false)) {
        add_words(l->skipped, "%s key of the agent (%s)", type ? type : "unknown", k->comment);
        return;
    }
    struct offer *o = g_new0(struct offer, 1);
    o->blob = g_bytes_ref(k->blob);
    GString *words = g_string_new(NULL);
    add_words(words, "%s key of the agent (%s)", type, k->comment);
    o->words = g_string_free(words, FALSE);
    g_ptr_array_add(l->offers, o);
}

static const struct agent_key *agent_key_of(const struct ssh_login *l, const struct ssh_key *k)
{
    const GPtrArray *keys = l->agent ? agent_keys(l->agent) : NULL;
    for (guint i = 0; keys && k->blob && i < keys->len; i++) {
        const struct agent_key *a = g_ptr_array_index(keys, i);
        if (g_bytes_equal(a->blob, k->blob))
            return a;
    }
    return NULL;
}

static void offer_file(struct ssh_login *l, const struct ssh_key *k)
{
    if (agent_key_of(l, k) || (!k->private && !k->fault))
        return;
    if (k->fault) {
        add_words(l->locked, "%s", k->fault);
    } else if (k->encrypted) {
        add_words(l->locked, "%s has a passphrase and no agent holds it: ssh-add it", k->path);
    } else if (!can_sign(l, k->type, true)) {
        add_words(l->skipped, "%s key %s", k->type ? k->type : "unknown", k->path);
    } else {
        struct offer *o = g_new0(struct offer, 1);
        o->path = g_strdup(k->path);
        o->words = g_strdup_printf("%s key %s", k->type, k->path);
        g_ptr_array_add(l->offers, o);
    }
}

/* OpenSSH's order: the agent's keys that an IdentityFile names, its others, files. */
static void collect(struct ssh_login *l)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func((GDestroyNotify)ssh_key_free);
    for (guint i = 0; i < l->target->identities->len; i++) {
        struct ssh_key *k = ssh_key_read(g_ptr_array_index(l->target->identities, i));
        if (k)
            g_ptr_array_add(files, k);
    }
    for (guint i = 0; i < files->len; i++) {
        const struct agent_key *held = agent_key_of(l, g_ptr_array_index(files, i));
        if (held)
            offer_agent_key(l, held);
    }
    const GPtrArray *keys = l->agent && !l->target->identities_only ? agent_keys(l->agent) : NULL;
    for (guint i = 0; keys && i < keys->len; i++)
        offer_agent_key(l, g_ptr_array_index(keys, i));
    for (guint i = 0; i < files->len; i++)
        offer_file(l, g_ptr_array_index(files, i));
}

/* What to do when there is nothing (more) to offer. */
static enum ssh_login_result give_up(struct ssh_login *l)
{
    const struct ssh_target *t = l->target;
    g_autoptr(GString) why = g_string_new(NULL);
    if (l->skipped->len || t->other_ways) {
        g_string_append_printf(why, "libssh2 %s cannot log in with %s", ssh_library(),
            l->skipped->len ? l->skipped->str : "what is configured");
        set_words(l, g_strdup(why->str));
        return SSH_LOGIN_OTHER;
    }
    if (l->refused->len)
        g_string_append_printf(
            why, "%s does not let %s in: it refuses %s", t->known_as, t->user, l->refused->str);
    else
        g_string_append_printf(
            why, "there is no key to log in to %s as %s with", t->known_as, t->user);
    if (l->locked->len)
        g_string_append_printf(why, "; not offered: %s", l->locked->str);
    if (l->agent_hung)
        g_string_append_printf(why, "; the ssh agent at %s does not answer", t->agent);
    g_autofree char *command = ssh_target_command(t->host, t->ssh_config);
    g_string_append_printf(why, "; %s must work without a question first", command);
    set_words(l, g_strdup(why->str));
    return SSH_LOGIN_DENIED;
}

static enum ssh_login_result list_agent(struct ssh_login *l)
{
    if (!l->agent_asked) {
        l->agent_asked = true;
        l->begun_ms = clock_mono_ms();
        l->agent = l->target->agent ? agent_connect(l->target->agent, NULL) : NULL;
    }
    if (!l->agent)
        return SSH_LOGIN_DONE;
    enum agent_state state = agent_step(l->agent);
    if (state == AGENT_BUSY && clock_mono_ms() - l->begun_ms < SSH_AGENT_MS)
        return SSH_LOGIN_WAIT;
    l->agent_hung = state == AGENT_BUSY;
    if (state != AGENT_READY)
        g_clear_pointer(&l->agent, agent_free);
    return SSH_LOGIN_DONE;
}

enum ssh_login_result ssh_login_prepare(struct ssh_login *l)
{
    if (list_agent(l) == SSH_LOGIN_WAIT)
        return SSH_LOGIN_WAIT;
    collect(l);
    return l->offers->len ? SSH_LOGIN_DONE : give_up(l);
}

/* -- offering them ------------------------------------------------------------------------------- */

/* libssh2 calls it again and again while it returns EAGAIN, with the same data. */
static int sign(LIBSSH2_SESSION *session, unsigned char **signature, size_t *length,
    const unsigned char *data, size_t data_length, void **abstract)
{
    (void)session;
    struct ssh_login *l = *abstract;
    const struct offer *o = g_ptr_array_index(l->offers, l->next);
    if (!l->signing) {
        l->signing = true;
        agent_sign(l->agent, o->blob, data, data_length);
    }
    if (agent_step(l->agent) == AGENT_BUSY)
        return LIBSSH2_ERROR_EAGAIN;
    l->signing = false;
    GBytes *raw = agent_signature(l->agent);
    l->signature_failed = !raw;
    if (!raw)
        return LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED;
    gsize size;
    const void *bytes = g_bytes_get_data(raw, &size);
    *signature = malloc(size ? size : 1); /* libssh2 frees it */
    if (!*signature)
        return LIBSSH2_ERROR_ALLOC;
    memcpy(*signature, bytes, size);
    *length = size;
    return 0;
}

static int offer(struct ssh_login *l, LIBSSH2_SESSION *session, const struct offer *o)
{
    const char *user = l->target->user;
    if (!o->blob)
        return libssh2_userauth_publickey_fromfile_ex(
            session, user, (unsigned)strlen(user), NULL, o->path, "");
    gsize length;
    const void *blob = g_bytes_get_data(o->blob, &length);
    return libssh2_userauth_publickey(session, user, blob, length, sign, &l->self);
}

static void note_refusal(struct ssh_login *l, const struct offer *o, int code)
{
    if (l->signature_failed)
        add_words(l->refused, "%s, with which the agent did not sign", o->words);
    else if (code == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED)
        add_words(
            l->refused, "%s (accepted, but the server wants more: a password or a code)", o->words);
    else if (code == LIBSSH2_ERROR_FILE)
        add_words(l->skipped, "%s (libssh2 cannot read it)", o->words);
    else
        add_words(l->refused, "%s", o->words);
    l->signature_failed = false;
}

static bool is_broken(int code)
{
    return code == LIBSSH2_ERROR_SOCKET_DISCONNECT || code == LIBSSH2_ERROR_SOCKET_SEND ||
           code == LIBSSH2_ERROR_SOCKET_RECV || code == LIBSSH2_ERROR_SOCKET_TIMEOUT;
}

enum ssh_login_result ssh_login_step(struct ssh_login *l, LIBSSH2_SESSION *session)
{
    while (l->next < MIN(l->offers->len, SSH_KEYS_MAX)) {
        const struct offer *o = g_ptr_array_index(l->offers, l->next);
        int code = offer(l, session, o);
        if (code == LIBSSH2_ERROR_EAGAIN)
            return SSH_LOGIN_WAIT;
        if (code == 0) {
            set_words(l, g_strdup(o->words));
            return SSH_LOGIN_DONE;
        }
        if (is_broken(code)) {
            set_words(l, g_strdup_printf("after %s (libssh2 %d)", o->words, code));
            return SSH_LOGIN_BROKEN;
        }
        note_refusal(l, o, code);
        l->next++;
    }
    if (l->offers->len > SSH_KEYS_MAX)
        add_words(l->refused,
            "and %u more keys were not offered (name the right one with "
            "IdentityFile and IdentitiesOnly)",
            l->offers->len - SSH_KEYS_MAX);
    return give_up(l);
}

bool ssh_login_watch(const struct ssh_login *l, struct pollfd *out)
{
    if (!l->agent)
        return false;
    *out = agent_watch(l->agent);
    return true;
}
