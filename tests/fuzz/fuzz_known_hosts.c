/* Fuzzes the reader of known_hosts, and of what else tells whom to trust and how to log in: key blobs,
 * agents' answers, private key files, the output of ssh -G. The first line of the input is the name that is looked for. */
#include "known_hosts.h"

#include <string.h>

#include "agent.h"
#include "ssh_key.h"
#include "ssh_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char key[] = "AAAAC3NzaC1lZDI1NTE5AAAAIA7HCtDLn63Ue39uNrVBZa7LepYJV2abe8pWEU+CWAgv";

static void judge(const char *name, const char *text, gsize length)
{
    AUTO(known_hosts) k = known_hosts_new();
    known_hosts_add_text(k, "known_hosts", text, length);
    AUTO(known_host) h = known_hosts_find(k, name);
    gsize size;
    g_autofree guint8 *blob = g_base64_decode(key, &size);
    g_autofree char *where = NULL, *other = NULL;
    enum known_verdict verdict = known_host_check(h, blob, size, &where, &other);
    g_assert_true((verdict == KNOWN_NEW) == (where == NULL));
    g_assert_true((verdict == KNOWN_CHANGED) == (other != NULL));
    if (verdict == KNOWN_MATCH)
        g_assert_true(known_host_is_known(h) && known_host_has_type(h, "ssh-ed25519"));
}

static void read_blobs(const uint8_t *data, size_t size)
{
    g_autofree char *type = known_hosts_key_type(data, size);
    g_autofree char *print = known_hosts_fingerprint(data, size);
    g_assert_cmpuint(strlen(print), ==, 50);
    g_autoptr(GPtrArray) keys = agent_keys_new();
    agent_parse_keys(data, size, keys);
    g_autoptr(GBytes) signature = agent_parse_signature(data, size, "ssh-ed25519");
}

static void read_key_file(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    struct ssh_key *k = g_new0(struct ssh_key, 1);
    ssh_key_parse(k, text, strlen(text));
    ssh_key_free(k);
}

static void read_target(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    AUTO(ssh_target) t = ssh_target_parse("db", NULL, text, NULL);
    if (!t)
        return;
    g_assert_true(t->port > 0 && t->port < 65536 && *t->hostname && t->user && t->known_as);
    g_assert_cmpuint(t->identities->len, <=, SSH_TARGET_IDENTITIES_MAX);
    g_autofree char *common = ssh_target_common("a,b,c", t->kex);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *newline = memchr(text, '\n', size);
    if (newline) {
        gsize length = (gsize)(newline - text);
        g_autofree char *name = g_strndup(text, MIN(length, 256));
        judge(name, newline + 1, size - length - 1);
    }
    read_blobs(data, size);
    read_key_file(data, size);
    read_target(data, size);
    return 0;
}
