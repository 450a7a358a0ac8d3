/* sshd of a test's own on loopback, with keys and a configuration of its own, as the user who runs the
 * test. Nothing of the user's keys, agents and configuration plays a part. */
#ifndef TESTS_CONNECTORS_SSHD_H
#define TESTS_CONNECTORS_SSHD_H

#include <arpa/inet.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS   30000 /* nothing here takes as long */
#define SERVERS   6
#define SSHD_PATH "/usr/sbin/sshd"

struct lab {
    char *dir;
    GString *config;
    GPid servers[SERVERS];
    unsigned server_count;
};

static inline char *in(const struct lab *lab, const char *name)
{
    return g_build_filename(lab->dir, name, NULL);
}

static inline void write_file(const struct lab *lab, const char *name, const char *text)
{
    g_autofree char *path = in(lab, name);
    g_assert_true(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

static inline void run(const char *const *argv)
{
    int status = 0;
    g_autoptr(GError) error = NULL;
    g_spawn_sync(NULL, (char **)argv, NULL,
        G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
        NULL, NULL, &status, &error);
    g_assert_no_error(error);
    g_assert_cmpint(status, ==, 0);
}

static inline void make_key(
    const struct lab *lab, const char *name, const char *type, const char *phrase)
{
    g_autofree char *path = in(lab, name);
    /* Small and quick to make: RSA of 2048 bits, one round against guessing. */
    bool rsa = strcmp(type, "rsa") == 0;
    const char *argv[] = {"ssh-keygen", "-q", "-t", type, "-N", phrase, "-C", "test", "-a", "1",
        "-f", path, rsa ? "-b" : NULL, "2048", NULL};
    run(argv);
}

/* "TYPE BASE64" of a public key. */
static inline char *public_key(const struct lab *lab, const char *name)
{
    g_autofree char *file = g_strconcat(name, ".pub", NULL);
    g_autofree char *path = in(lab, file);
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_auto(GStrv) words = g_strsplit(text, " ", 3);
    return g_strdup_printf("%s %s", words[0], words[1]);
}

static inline bool has_sshd(void)
{
    static const char *const programs[] = {"ssh", "ssh-keygen", NULL};
    for (const char *const *p = programs; *p; p++) {
        g_autofree char *found = g_find_program_in_path(*p);
        if (!found)
            return false;
    }
    /* As root it wants the folder that only Debian's unit file makes. */
    if (geteuid() == 0)
        g_mkdir("/run/sshd", 0755);
    return g_file_test(SSHD_PATH, G_FILE_TEST_IS_EXECUTABLE);
}

static inline bool lab_open(struct lab *lab)
{
    *lab = (struct lab){0};
    if (!has_sshd()) {
        g_test_skip("there is no sshd here");
        return false;
    }
    lab->dir = g_dir_make_tmp("weir-shell-XXXXXX", NULL);
    lab->config = g_string_new(NULL);
    make_key(lab, "host_ed25519", "ed25519", "");
    make_key(lab, "host_ecdsa", "ecdsa", "");
    make_key(lab, "id_ed25519", "ed25519", "");
    g_autofree char *key = public_key(lab, "id_ed25519");
    write_file(lab, "authorized", key);
    return true;
}

static inline void lab_close(struct lab *lab)
{
    for (unsigned i = 0; i < lab->server_count; i++) {
        kill(lab->servers[i], SIGTERM);
        waitpid(lab->servers[i], NULL, 0);
    }
    g_autoptr(GDir) dir = g_dir_open(lab->dir, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = in(lab, name);
        g_unlink(path);
    }
    g_rmdir(lab->dir);
    g_free(lab->dir);
    g_string_free(lab->config, TRUE);
}

/* A socket that listens on loopback; *port tells where. */
static inline int listen_somewhere(int *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_assert_cmpint(listen(fd, 8), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&address, &length), ==, 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static inline bool answers(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
        .sin_port = htons((guint16)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    bool ok = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return ok;
}

/* A test that aborts leaves no server. */
static inline void die_with_parent(gpointer unused)
{
    (void)unused;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
}

/* An sshd with these host keys ("host_ed25519 host_ecdsa") and further lines. Returns its port. */
static inline int server_start(struct lab *lab, const char *host_keys, const char *lines)
{
    int port;
    close(listen_somewhere(&port));
    g_autoptr(GString) text = g_string_new(lines);
    g_auto(GStrv) keys = g_strsplit(host_keys, " ", -1);
    for (char **key = keys; *key; key++)
        g_string_append_printf(text, "HostKey %s/%s\n", lab->dir, *key);
    g_string_append_printf(text,
        "ListenAddress 127.0.0.1\nPort %d\nPidFile none\nAuthorizedKeysFile %s/authorized\n"
        "StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        "PermitRootLogin prohibit-password\nSetEnv HOME=%s\n", /* without the user's own .bashrc */
        port, lab->dir, lab->dir);
    g_autofree char *name = g_strdup_printf("sshd.%u", lab->server_count);
    write_file(lab, name, text->str);
    g_autofree char *path = in(lab, name);
    const char *argv[] = {SSHD_PATH, "-D", "-e", "-f", path, NULL};
    g_autoptr(GError) error = NULL;
    g_spawn_async(NULL, (char **)argv, NULL,
        G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
        die_with_parent, NULL, &lab->servers[lab->server_count++], &error);
    g_assert_no_error(error);
    gint64 end = g_get_monotonic_time() + WAIT_MS * 1000LL;
    while (!answers(port) && g_get_monotonic_time() < end)
        poll(NULL, 0, 20);
    return port;
}

/* A host of the configuration; lines are added to those that every host here has. */
static inline void host(struct lab *lab, const char *name, int port, const char *lines)
{
    g_string_append_printf(lab->config,
        "Host %s\n%s\nHostName 127.0.0.1\nPort %d\nUser %s\nIdentityFile %s/id_ed25519\n"
        "IdentitiesOnly yes\nIdentityAgent none\nUserKnownHostsFile %s/known_hosts\n"
        "GlobalKnownHostsFile /dev/null\n",
        name, lines, port, g_get_user_name(), lab->dir, lab->dir);
}

static inline void know(const struct lab *lab, const char *key, int port)
{
    g_autofree char *path = in(lab, "known_hosts");
    g_autofree char *old = NULL;
    g_file_get_contents(path, &old, NULL, NULL);
    g_autofree char *blob = public_key(lab, key);
    g_autofree char *text = g_strdup_printf("%s[127.0.0.1]:%d %s\n", old ? old : "", port, blob);
    write_file(lab, "known_hosts", text);
}

#endif
