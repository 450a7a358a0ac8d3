#include "ssh_target.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "known_hosts.h"
#include "text.h"

static char *const remote_command = (char *)"exec /bin/sh -s";

void ssh_target_free(struct ssh_target *t)
{
    if (!t)
        return;
    char *texts[] = {t->host, t->ssh_config, t->hostname, t->user, t->known_as, t->agent, t->kex,
        t->ciphers, t->macs, t->host_keys, t->spawn_why};
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_ptr_array_unref(t->identities);
    g_ptr_array_unref(t->known_hosts);
    g_free(t);
}

static struct ssh_target *target_new(const char *host, const char *ssh_config)
{
    struct ssh_target *t = g_new0(struct ssh_target, 1);
    t->host = g_strdup(host);
    t->ssh_config = g_strdup(ssh_config);
    t->port = 22;
    t->family = AF_UNSPEC;
    t->identities = g_ptr_array_new_with_free_func(g_free);
    t->known_hosts = g_ptr_array_new_with_free_func(g_free);
    return t;
}

/* The first reason stays. */
static void must_spawn(struct ssh_target *t, const char *why)
{
    if (!t->spawn_why)
        t->spawn_why = g_strdup(why);
}

/* One %-token of ssh_config(5), or NULL: one that is not known here. */
static char *token(const struct ssh_target *t, char letter)
{
    switch (letter) {
    case '%': return g_strdup("%");
    case 'd': return g_strdup(g_get_home_dir());
    case 'h': return g_strdup(t->hostname);
    case 'n': return g_strdup(t->host);
    case 'p': return g_strdup_printf("%d", t->port);
    case 'r': return g_strdup(t->user);
    case 'u': return g_strdup(g_get_user_name());
    case 'i': return g_strdup_printf("%u", (unsigned)getuid());
    default: return NULL;
    }
}

/* ssh -G leaves ~ and tokens in paths as they were written. NULL: a token that is not known here. */
static char *expand(const struct ssh_target *t, const char *path)
{
    g_autoptr(GString) out = g_string_new(NULL);
    if (g_str_has_prefix(path, "~/")) {
        g_string_append(out, g_get_home_dir());
        path++;
    }
    if (strstr(path, "${"))
        return NULL;
    for (; *path; path++) {
        if (*path != '%') {
            g_string_append_c(out, *path);
            continue;
        }
        g_autofree char *value = token(t, *++path);
        if (!value)
            return NULL;
        g_string_append(out, value);
    }
    return g_strdup(out->str);
}

static void add_identity(struct ssh_target *t, const char *value)
{
    g_autofree char *path = expand(t, value);
    g_autofree char *certificate = path ? g_strconcat(path, "-cert.pub", NULL) : NULL;
    if (!path)
        must_spawn(t, "an IdentityFile with tokens");
    else if (access(certificate, F_OK) == 0)
        must_spawn(t, "a certificate belongs to an identity file");
    else if (strcmp(value, "none") != 0 && t->identities->len < SSH_TARGET_IDENTITIES_MAX)
        g_ptr_array_add(t->identities, g_steal_pointer(&path));
}

/* Several paths in one line, separated by blanks; quotes are gone by then. */
static void add_known_hosts(struct ssh_target *t, const char *value)
{
    g_auto(GStrv) words = g_strsplit(value, " ", -1);
    for (char **word = words; *word; word++) {
        g_autofree char *path = expand(t, *word);
        if (!path)
            must_spawn(t, "a known_hosts path with tokens");
        else if (*path && strcmp(path, "none") != 0)
            g_ptr_array_add(t->known_hosts, g_steal_pointer(&path));
    }
}

static void set_agent(struct ssh_target *t, const char *value)
{
    g_free(t->agent);
    t->agent = NULL;
    if (strcmp(value, "none") == 0)
        return;
    if (strcmp(value, "SSH_AUTH_SOCK") == 0)
        t->agent = g_strdup(g_getenv("SSH_AUTH_SOCK"));
    else if (value[0] == '$')
        t->agent = g_strdup(g_getenv(value + 1));
    else if (!(t->agent = expand(t, value)))
        must_spawn(t, "an IdentityAgent with tokens");
}

static bool is_set(const char *value)
{
    return *value && strcmp(value, "none") != 0 && strcmp(value, "no") != 0 &&
           strcmp(value, "false") != 0;
}

static void replace(char **text, const char *value)
{
    g_free(*text);
    *text = g_strdup(value);
}

/* Lines whose meaning does not depend on others. */
static void take_first(struct ssh_target *t, const char *key, const char *value)
{
    if (strcmp(key, "hostname") == 0)
        replace(&t->hostname, value);
    else if (strcmp(key, "user") == 0)
        replace(&t->user, value);
    else if (strcmp(key, "port") == 0)
        t->port = (int)g_ascii_strtoll(value, NULL, 10);
    else if (strcmp(key, "addressfamily") == 0)
        t->family = strcmp(value, "inet") == 0    ? AF_INET
                    : strcmp(value, "inet6") == 0 ? AF_INET6
                                                  : AF_UNSPEC;
    else if (strcmp(key, "connecttimeout") == 0)
        t->connect_ms = (int)CLAMP(g_ascii_strtoll(value, NULL, 10), 0, 3600) * 1000;
    else if (strcmp(key, "identitiesonly") == 0)
        t->identities_only = is_set(value);
    else if (strcmp(key, "kexalgorithms") == 0)
        replace(&t->kex, value);
    else if (strcmp(key, "ciphers") == 0)
        replace(&t->ciphers, value);
    else if (strcmp(key, "macs") == 0)
        replace(&t->macs, value);
    else if (strcmp(key, "hostkeyalgorithms") == 0)
        replace(&t->host_keys, value);
}

/* What libssh2 cannot do, by the key that asks for it. */
static void take_demands(struct ssh_target *t, const char *key, const char *value)
{
    static const struct {
        const char *key, *why;
    } demands[] = {
        {"proxycommand", "a ProxyCommand is set"},
        {"proxyjump", "a ProxyJump is set"},
        {"knownhostscommand", "a KnownHostsCommand is set"},
        {"pkcs11provider", "a PKCS11Provider is set"},
        {"certificatefile", "a CertificateFile is set"},
        {"bindaddress", "a BindAddress is set"},
        {"bindinterface", "a BindInterface is set"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(demands); i++)
        if (strcmp(key, demands[i].key) == 0 && is_set(value))
            must_spawn(t, demands[i].why);
    if (strcmp(key, "pubkeyauthentication") == 0 && !is_set(value))
        must_spawn(t, "PubkeyAuthentication is off");
    if (strcmp(key, "controlpath") == 0 && is_set(value))
        t->other_ways = true;
}

/* A Kerberos ticket may open the door when no key does. Debian turns GSSAPIAuthentication on for all,
 * so it says something only when a ticket is there. */
static bool has_ticket(void)
{
    g_autofree char *cache = g_strdup_printf("/tmp/krb5cc_%u", (unsigned)getuid());
    return g_getenv("KRB5CCNAME") || access(cache, F_OK) == 0;
}

/* Lines with paths, whose tokens need hostname, port and user. */
static void take_paths(struct ssh_target *t, const char *key, const char *value)
{
    if (strcmp(key, "identityfile") == 0)
        add_identity(t, value);
    else if (strcmp(key, "identityagent") == 0)
        set_agent(t, value);
    else if (strcmp(key, "userknownhostsfile") == 0 || strcmp(key, "globalknownhostsfile") == 0)
        add_known_hosts(t, value);
    else if (strcmp(key, "hostkeyalias") == 0 && is_set(value))
        replace(&t->known_as, value);
    else if (strcmp(key, "gssapiauthentication") == 0 && is_set(value) && has_ticket())
        t->other_ways = true;
}

static void take_lines(struct ssh_target *t, char **lines,
    void (*take)(struct ssh_target *, const char *, const char *))
{
    for (; *lines; lines++) {
        g_auto(GStrv) pair = g_strsplit(*lines, " ", 2);
        if (pair[0] && pair[1])
            take(t, pair[0], g_strstrip(pair[1]));
    }
}

struct ssh_target *ssh_target_parse(
    const char *host, const char *ssh_config, const char *text, GError **error)
{
    AUTO(ssh_target) t = target_new(host, ssh_config);
    g_auto(GStrv) lines = g_strsplit_set(text, "\r\n", -1);
    take_lines(t, lines, take_first);
    if (!t->hostname || !*t->hostname || !t->user || t->port < 1 || t->port > 65535) {
        weir_fail(error, WEIR_ERROR_PROTOCOL,
            "ssh -G %s does not say host, user and port; try it in a terminal", host);
        return NULL;
    }
    t->agent = g_strdup(g_getenv("SSH_AUTH_SOCK"));
    take_lines(t, lines, take_demands);
    take_lines(t, lines, take_paths);
    char *known_as =
        t->known_as ? g_ascii_strdown(t->known_as, -1) : known_hosts_name(t->hostname, t->port);
    g_free(t->known_as);
    t->known_as = known_as;
    return g_steal_pointer(&t);
}

struct ssh_target *ssh_target_default(const char *host)
{
    struct ssh_target *t = target_new(host, NULL);
    const char *at = strrchr(host, '@');
    t->hostname = g_strdup(at ? at + 1 : host);
    t->user = at ? g_strndup(host, (gsize)(at - host)) : g_strdup(g_get_user_name());
    t->agent = g_strdup(g_getenv("SSH_AUTH_SOCK"));
    static const char *const identities[] = {
        "~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ed25519"};
    for (unsigned i = 0; i < G_N_ELEMENTS(identities); i++)
        add_identity(t, identities[i]);
    add_known_hosts(t, "/etc/ssh/ssh_known_hosts ~/.ssh/known_hosts");
    t->known_as = known_hosts_name(t->hostname, t->port);
    return t;
}

static GPtrArray *argv_begin(const char *const *words, const char *ssh_config)
{
    GPtrArray *argv = g_ptr_array_new();
    for (; *words; words++)
        g_ptr_array_add(argv, (gpointer)*words);
    if (ssh_config) {
        g_ptr_array_add(argv, (gpointer) "-F");
        g_ptr_array_add(argv, (gpointer)ssh_config);
    }
    return argv;
}

GPtrArray *ssh_target_ask_argv(const char *host, const char *ssh_config)
{
    static const char *const words[] = {"ssh", "-T", "-G", NULL};
    GPtrArray *argv = argv_begin(words, ssh_config);
    g_ptr_array_add(argv, (gpointer) "--");
    g_ptr_array_add(argv, (gpointer)host);
    g_ptr_array_add(argv, NULL);
    return argv;
}

GPtrArray *ssh_target_shell_argv(const char *host, const char *ssh_config)
{
    /* Never asks, never writes known_hosts, never becomes a master, forwards nothing. */
    static const char *const words[] = {"ssh", "-T", "-a", "-x", "-o", "BatchMode=yes", "-o",
        "ConnectTimeout=5", "-o", "ConnectionAttempts=1", "-o", "ServerAliveInterval=15", "-o",
        "ServerAliveCountMax=2", "-o", "StrictHostKeyChecking=yes", "-o", "UpdateHostKeys=no", "-o",
        "ControlMaster=no", "-o", "RemoteCommand=none", "-o", "PermitLocalCommand=no", "-o",
        "ClearAllForwardings=yes", "-o", "AddKeysToAgent=no", "-o", "LogLevel=ERROR", NULL};
    GPtrArray *argv = argv_begin(words, ssh_config);
    g_ptr_array_add(argv, (gpointer) "--");
    g_ptr_array_add(argv, (gpointer)host);
    g_ptr_array_add(argv, remote_command);
    g_ptr_array_add(argv, NULL);
    return argv;
}

char *ssh_target_command(const char *host, const char *ssh_config)
{
    if (!ssh_config)
        return g_strdup_printf("ssh %s", host);
    g_autofree char *quoted =
        strpbrk(ssh_config, " '\"\\$") ? g_shell_quote(ssh_config) : g_strdup(ssh_config);
    return g_strdup_printf("ssh -F %s %s", quoted, host);
}

bool ssh_target_is_host(const char *text)
{
    if (!*text || *text == '-' || strlen(text) > 255)
        return false;
    for (; *text; text++)
        if (!g_ascii_isgraph(*text) || strchr("'`\"$\\;&<>|(){}*?!#/,", *text))
            return false;
    return true;
}

char *ssh_target_common(const char *wanted, const char *allowed)
{
    g_auto(GStrv) names = g_strsplit(wanted, ",", -1);
    g_auto(GStrv) may = allowed ? g_strsplit(allowed, ",", -1) : NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    for (char **name = names; *name; name++)
        if (!may || g_strv_contains((const char *const *)may, *name))
            g_string_append_printf(out, "%s%s", out->len ? "," : "", *name);
    return g_string_free(g_steal_pointer(&out), FALSE);
}
