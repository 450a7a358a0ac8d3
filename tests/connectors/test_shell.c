/* Shells on this machine and through ssh. The ssh tests start sshd of their own on loopback, with keys
 * and a configuration of their own, as the user who runs them; without sshd they are skipped. */
#include "shell.h"

#include <sys/un.h>

#include "agent.h"
#include "connector.h"
#include "error.h"
#include "ssh.h"
#include "ssh_key.h"
#include "sshd.h"

#define GREETING "hello() { echo \"hi $1\"; echo \"end $1\"; }"

static const struct request_rule reads[] = {
    {"SHELL", GREETING},
    {"SHELL", "hello {}"},
    {"SHELL", "exec sleep 60"},
    {"SHELL", "exit 3"},
    {"SHELL", "yes"},
    {0},
};
static const struct connector connector = {.name = "test", .reads = reads};

/* A lab, and a set of shells that uses its configuration. */
struct ssh_lab {
    struct lab base;
    struct shell_set *set;
};

static bool ssh_lab_open(struct ssh_lab *lab)
{
    lab->set = NULL;
    return lab_open(&lab->base);
}

static void ssh_lab_close(struct ssh_lab *lab)
{
    shell_set_free(lab->set);
    lab_close(&lab->base);
}

static struct shell *open_shell(struct ssh_lab *lab, const char *name)
{
    if (!lab->set) {
        write_file(&lab->base, "config", lab->base.config->str);
        g_autofree char *path = in(&lab->base, "config");
        lab->set = shell_set_new(&connector, path);
    }
    struct shell *s = shell_add(lab->set, name);
    shell_open(s);
    return s;
}

/* -- driving ------------------------------------------------------------------------------------- */

/* Polls until the shell is in one of the states (a mask), and returns which. */
static enum shell_state drive(struct shell_set *set, struct shell *s, unsigned states)
{
    gint64 end = g_get_monotonic_time() + WAIT_MS * 1000LL;
    while (!(states & 1u << shell_state(s)) && g_get_monotonic_time() < end)
        shell_poll(set, 50);
    if (shell_error(s))
        g_test_message("%s", shell_error(s)->message);
    return shell_state(s);
}

#define SETTLED (1u << SHELL_READY | 1u << SHELL_FAILED)
#define DONE    (1u << SHELL_ANSWERED | 1u << SHELL_FAILED)

static void greets(struct shell_set *set, struct shell *s)
{
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(drive(set, s, SETTLED), ==, SHELL_READY);
    g_assert_true(shell_send(s, GREETING, NULL, &error));
    g_assert_true(shell_ask(s, "hello weir", "end weir", NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpint(drive(set, s, DONE), ==, SHELL_ANSWERED);
    g_autoptr(GString) answer = shell_take(s);
    g_assert_nonnull(strstr(answer->str, "hi weir\nend weir\n"));
}

static void fails(
    struct ssh_lab *lab, const char *name, enum shell_trouble trouble, const char *words)
{
    struct shell *s = open_shell(lab, name);
    g_autoptr(GError) error = NULL;
    if (drive(lab->set, s, SETTLED) == SHELL_READY) { /* a spawned ssh fails at its first answer */
        g_assert_true(shell_send(s, GREETING, NULL, &error));
        g_assert_true(shell_ask(s, "hello weir", "end weir", NULL, &error));
        g_assert_cmpint(drive(lab->set, s, DONE), ==, SHELL_FAILED);
    }
    g_assert_cmpint(shell_trouble(s), ==, trouble);
    g_assert_nonnull(strstr(shell_error(s)->message, words));
}

static void opens_by(struct ssh_lab *lab, const char *name, const char *transport)
{
    struct shell *s = open_shell(lab, name);
    greets(lab->set, s);
    g_assert_cmpstr(shell_facts(s)->transport, ==, transport);
}

/* -- this machine -------------------------------------------------------------------------------- */

static void a_shell_on_this_machine_answers_again_and_again(void)
{
    AUTO(shell_set) set = shell_set_new(&connector, NULL);
    struct shell *s = shell_add(set, SHELL_LOCAL);
    shell_open(s);
    greets(set, s);
    for (unsigned i = 0; i < 3; i++) {
        g_assert_true(shell_ask(s, "hello again", "end again", NULL, NULL));
        g_assert_cmpint(drive(set, s, DONE), ==, SHELL_ANSWERED);
        g_autoptr(GString) answer = shell_take(s);
        g_assert_cmpstr(answer->str, ==, "hi again\nend again\n");
    }
    g_assert_cmpint(shell_first_ms(s), >=, shell_asked_ms(s));
    g_assert_cmpint(shell_bytes(s), >, 100);
}

static void a_line_that_the_gate_does_not_know_is_not_sent(void)
{
    AUTO(shell_set) set = shell_set_new(&connector, NULL);
    struct shell *s = shell_add(set, SHELL_LOCAL);
    g_autoptr(GError) error = NULL;
    g_assert_false(shell_send(s, "hello you", NULL, &error)); /* not even open */
    g_clear_error(&error);
    shell_open(s);
    g_assert_cmpint(drive(set, s, SETTLED), ==, SHELL_READY);
    int64_t bytes = shell_bytes(s);
    static const char *const lines[] = {"reboot", "hello a;reboot", "hello $(reboot)", "hello -x",
        "hello a b", GREETING "; reboot"};
    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_assert_false(shell_ask(s, lines[i], "end", NULL, &error));
        g_assert_error(error, WEIR_ERROR, WEIR_ERROR_REFUSED);
        g_clear_error(&error);
    }
    for (unsigned i = 0; i < 5; i++)
        shell_poll(set, 10);
    g_assert_cmpint(shell_bytes(s), ==, bytes);
    g_assert_cmpint(shell_state(s), ==, SHELL_READY);
}

static void a_shell_that_ends_is_noticed_and_can_be_opened_again(void)
{
    AUTO(shell_set) set = shell_set_new(&connector, NULL);
    struct shell *s = shell_add(set, SHELL_LOCAL);
    shell_open(s);
    g_assert_cmpint(drive(set, s, SETTLED), ==, SHELL_READY);
    g_assert_true(shell_ask(s, "exit 3", "never", NULL, NULL));
    g_assert_cmpint(drive(set, s, DONE), ==, SHELL_FAILED);
    g_assert_cmpint(shell_trouble(s), ==, TROUBLE_BROKEN);
    shell_open(s);
    greets(set, s);
}

static void an_answer_without_an_end_is_cut_off(void)
{
    AUTO(shell_set) set = shell_set_new(&connector, NULL);
    struct shell *s = shell_add(set, SHELL_LOCAL);
    shell_open(s);
    g_assert_cmpint(drive(set, s, SETTLED), ==, SHELL_READY);
    g_assert_true(shell_ask(s, "yes", "never", NULL, NULL));
    g_assert_cmpint(drive(set, s, DONE), ==, SHELL_FAILED);
    g_assert_error(shell_error(s), WEIR_ERROR, WEIR_ERROR_TOO_LARGE);
}

static void a_shell_that_hangs_holds_up_no_other_and_is_closed_at_once(void)
{
    struct shell_set *set = shell_set_new(&connector, NULL);
    struct shell *hung = shell_add(set, SHELL_LOCAL), *other = shell_add(set, SHELL_LOCAL);
    shell_open(hung);
    shell_open(other);
    g_assert_cmpint(drive(set, hung, SETTLED), ==, SHELL_READY);
    g_assert_true(shell_ask(hung, "exec sleep 60", "never", NULL, NULL));
    greets(set, other);
    g_assert_cmpint(shell_state(hung), ==, SHELL_BUSY);
    gint64 begin = g_get_monotonic_time();
    shell_set_free(set);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 2000000);
}

/* -- by a command -------------------------------------------------------------------------------- */

static struct shell *open_command(struct shell_set *set, const char *const *argv)
{
    struct shell *s = shell_add(set, "app-1");
    shell_set_command(s, argv);
    shell_open(s);
    return s;
}

#define COMMAND(set, ...) open_command(set, (const char *const[]){__VA_ARGS__, NULL})

static void a_command_that_gives_a_shell_is_one(void)
{
    AUTO(shell_set) set = shell_set_new(&connector, NULL);
    struct shell *s = COMMAND(set, "/bin/sh");
    greets(set, s);
    g_assert_cmpstr(shell_facts(s)->transport, ==, "command");
    g_assert_cmpstr(shell_facts(s)->why, ==, "/bin/sh");
    g_assert_cmpint(shell_facts(s)->stage_ms[STAGE_SHELL], >=, 0);
    g_autofree char *busybox = g_find_program_in_path("busybox");
    if (busybox)
        greets(set, COMMAND(set, "busybox", "sh"));
}

/* Were there a shell in between, it would read the blanks and the dollar. */
static void the_words_of_a_command_arrive_as_they_are(void)
{
    AUTO(shell_set) set = shell_set_new(&connector, NULL);
    struct shell *s =
        COMMAND(set, "/bin/sh", "-c", "test \"$1\" = 'a  $HOME;b' && exec sh", "sh", "a  $HOME;b");
    greets(set, s);
    g_assert_nonnull(strstr(shell_facts(s)->why, "sh 'a  $HOME;b'"));
}

static void what_a_command_says_first_is_no_answer(void)
{
    AUTO(shell_set) set = shell_set_new(&connector, NULL);
    greets(set, COMMAND(set, "/bin/sh", "-c", "echo Welcome; echo; exec sh"));
    greets(set, COMMAND(set, "/bin/sh", "-c", "printf Welcome; exec sh"));
}

static void command_fails(const char *script, const char *words)
{
    AUTO(shell_set) set = shell_set_new(&connector, NULL);
    struct shell *s = COMMAND(set, "/bin/sh", "-c", script);
    if (drive(set, s, SETTLED) == SHELL_READY) {
        g_assert_true(shell_ask(s, "hello weir", "end weir", NULL, NULL));
        g_assert_cmpint(drive(set, s, DONE), ==, SHELL_FAILED);
    }
    g_assert_cmpint(shell_trouble(s), ==, TROUBLE_BROKEN);
    g_assert_error(shell_error(s), WEIR_ERROR, WEIR_ERROR_UNREACHABLE);
    g_assert_nonnull(strstr(shell_error(s)->message, words));
}

static void a_command_that_ends_tells_its_own_words_and_what_to_try(void)
{
    command_fails("echo no such '\033[2Jcontainer' >&2; exit 7",
        "ended with status 7 before it answered: no such ");
    command_fails("exit 3", "no reason given; try: echo uname | /bin/sh -c 'exit 3'");
    command_fails("exit 0", "keep its input open (docker exec -i)?");
    command_fails("echo this account is closed", "it said \"this account is closed\"");
    command_fails("exec sh -c 'read line; echo late; exit 2'", "ended");
}

static void a_command_that_is_missing_says_what_to_correct(void)
{
    AUTO(shell_set) set = shell_set_new(&connector, NULL);
    struct shell *s = COMMAND(set, "weir-no-such-program", "exec");
    g_assert_cmpint(drive(set, s, SETTLED), ==, SHELL_FAILED);
    g_assert_cmpint(shell_trouble(s), ==, TROUBLE_CONFIG);
    g_assert_nonnull(strstr(shell_error(s)->message, "weir-no-such-program cannot be started"));
    g_assert_nonnull(strstr(shell_error(s)->message, "correct the command"));
    g_assert_cmpstr(shell_facts(s)->transport, ==, "command");
}

static void commands_that_are_silent_take_nobodys_turn_and_end_in_time(void)
{
    AUTO(shell_set) set = shell_set_new(&connector, NULL);
    struct shell *silent = NULL;
    for (unsigned i = 0; i < SHELL_OPENING_MAX; i++)
        silent = COMMAND(set, "sleep", "60");
    struct shell *fine = COMMAND(set, "/bin/sh");
    gint64 begin = g_get_monotonic_time();
    greets(set, fine);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 9000000);
    g_assert_cmpint(drive(set, silent, 1u << SHELL_FAILED), ==, SHELL_FAILED);
    g_assert_cmpint(shell_trouble(silent), ==, TROUBLE_TIMEOUT);
    g_assert_nonnull(strstr(shell_error(silent)->message, "from its command; try: echo uname | "));
    greets(set, fine);
}

/* -- through ssh --------------------------------------------------------------------------------- */

static void what_a_shell_says_before_it_ends_is_told(void)
{
    struct ssh_lab lab;
    if (!ssh_lab_open(&lab))
        return;
    int port = server_start(&lab.base, "host_ed25519", "ForceCommand echo not for \033[2Jyou\n");
    know(&lab.base, "host_ed25519", port);
    host(&lab.base, "db", port, "");
    fails(&lab, "db", TROUBLE_BROKEN, "it said \"not for ");
    ssh_lab_close(&lab);
}

static void libssh2_logs_in_with_a_key_file(void)
{
    struct ssh_lab lab;
    if (!ssh_lab_open(&lab))
        return;
    int port = server_start(&lab.base, "host_ed25519 host_ecdsa", "");
    know(&lab.base, "host_ed25519", port);
    host(&lab.base, "db", port, "");
    struct shell *s = open_shell(&lab, "db");
    greets(lab.set, s);
    const struct shell_facts *f = shell_facts(s);
    g_assert_cmpstr(f->transport, ==, "libssh2");
    g_assert_true(g_str_has_prefix(f->key, "ssh-ed25519 SHA256:"));
    g_assert_nonnull(strstr(f->login, "id_ed25519"));
    g_assert_nonnull(strstr(f->known_at, "known_hosts:1"));
    ssh_lab_close(&lab);
}

/* libssh2 would ask for ECDSA first, which known_hosts does not have. */
static void a_key_type_that_is_not_known_is_no_changed_key(void)
{
    struct ssh_lab lab;
    if (!ssh_lab_open(&lab))
        return;
    int port = server_start(&lab.base, "host_ecdsa host_ed25519", "");
    know(&lab.base, "host_ecdsa", port);
    host(&lab.base, "db", port, "");
    opens_by(&lab, "db", "libssh2");
    ssh_lab_close(&lab);
}

static void what_libssh2_cannot_do_is_done_by_the_systems_ssh(void)
{
    struct ssh_lab lab;
    if (!ssh_lab_open(&lab))
        return;
    make_key(&lab.base, "host_rsa", "rsa", "");
    int rsa = server_start(&lab.base, "host_rsa", "");
    int sntrup = server_start(
        &lab.base, "host_ed25519", "KexAlgorithms sntrup761x25519-sha512@openssh.com\n");
    int chacha = server_start(&lab.base, "host_ed25519", "Ciphers chacha20-poly1305@openssh.com\n");
    know(&lab.base, "host_rsa", rsa);
    know(&lab.base, "host_ed25519", sntrup);
    know(&lab.base, "host_ed25519", chacha);
    host(&lab.base, "rsa", rsa, "");
    host(&lab.base, "sntrup", sntrup, "");
    host(&lab.base, "chacha", chacha, "");
    g_autofree char *proxy =
        g_strdup_printf("ProxyCommand ssh -F %s/config -W %%h:%%p sntrup", lab.base.dir);
    host(&lab.base, "jump", chacha, proxy);
    if (!strstr(ssh_library(), "1.11"))
        opens_by(&lab, "rsa", "ssh");
    opens_by(&lab, "sntrup", "ssh");
    if (!strstr(ssh_library(), "1.11"))
        opens_by(&lab, "chacha", "ssh");
    opens_by(&lab, "jump", "ssh");
    ssh_lab_close(&lab);
}

static void an_rsa_user_key_is_left_to_the_systems_ssh(void)
{
    struct ssh_lab lab;
    if (!ssh_lab_open(&lab))
        return;
    make_key(&lab.base, "id_rsa", "rsa", "");
    g_autofree char *key = public_key(&lab.base, "id_rsa");
    write_file(&lab.base, "authorized", key);
    int port = server_start(&lab.base, "host_ed25519", "");
    know(&lab.base, "host_ed25519", port);
    g_autofree char *identity = g_strdup_printf("IdentityFile %s/id_rsa", lab.base.dir);
    host(&lab.base, "db", port, identity);
    g_string_truncate(lab.base.config, 0);
    g_string_append_printf(lab.base.config,
        "Host db\n%s\nHostName 127.0.0.1\nPort %d\nUser %s\nIdentitiesOnly yes\nIdentityAgent "
        "none\nUserKnownHostsFile %s/known_hosts\n",
        identity, port, g_get_user_name(), lab.base.dir);
    opens_by(&lab, "db", strstr(ssh_library(), "1.11") ? "libssh2" : "ssh");
    ssh_lab_close(&lab);
}

static void a_key_that_is_not_known_is_shown_and_not_accepted(void)
{
    struct ssh_lab lab;
    if (!ssh_lab_open(&lab))
        return;
    int port = server_start(&lab.base, "host_ed25519", "");
    write_file(&lab.base, "known_hosts", "");
    host(&lab.base, "db", port, "");
    fails(&lab, "db", TROUBLE_NEW_KEY, "ssh-ed25519 SHA256:");
    g_autofree char *command = g_strdup_printf("ssh -F %s/config db", lab.base.dir);
    fails(&lab, "db", TROUBLE_NEW_KEY, command);
    g_autofree char *path = in(&lab.base, "known_hosts");
    g_autofree char *text = NULL;
    g_file_get_contents(path, &text, NULL, NULL);
    g_assert_cmpstr(text, ==, "");
    ssh_lab_close(&lab);
}

static void a_key_that_has_changed_stops_the_connection(void)
{
    struct ssh_lab lab;
    if (!ssh_lab_open(&lab))
        return;
    make_key(&lab.base, "host_other", "ed25519", "");
    int port = server_start(&lab.base, "host_ed25519", "");
    know(&lab.base, "host_other", port);
    host(&lab.base, "db", port, "");
    fails(&lab, "db", TROUBLE_CHANGED, "has changed");
    ssh_lab_close(&lab);
}

static void a_key_that_is_revoked_stops_the_connection(void)
{
    struct ssh_lab lab;
    if (!ssh_lab_open(&lab))
        return;
    int port = server_start(&lab.base, "host_ed25519", "");
    know(&lab.base, "host_ed25519", port);
    g_autofree char *path = in(&lab.base, "known_hosts");
    g_autofree char *old = NULL, *key = public_key(&lab.base, "host_ed25519");
    g_file_get_contents(path, &old, NULL, NULL);
    g_autofree char *text = g_strdup_printf("%s@revoked * %s\n", old, key);
    write_file(&lab.base, "known_hosts", text);
    host(&lab.base, "db", port, "");
    fails(&lab, "db", TROUBLE_CHANGED, "revoked");
    ssh_lab_close(&lab);
}

/* The system's ssh, too, must neither accept nor write. */
static void the_systems_ssh_is_as_strict(void)
{
    struct ssh_lab lab;
    if (!ssh_lab_open(&lab))
        return;
    make_key(&lab.base, "host_other", "ed25519", "");
    const char *lines = "KexAlgorithms sntrup761x25519-sha512@openssh.com\n";
    int new = server_start(&lab.base, "host_ed25519", lines);
    int changed = server_start(&lab.base, "host_ed25519", lines);
    know(&lab.base, "host_other", changed);
    host(&lab.base, "new", new, "StrictHostKeyChecking no");
    host(&lab.base, "changed", changed, "StrictHostKeyChecking no");
    fails(&lab, "new", TROUBLE_NEW_KEY, "known_hosts does not have");
    fails(&lab, "changed", TROUBLE_CHANGED, "is not the one");
    g_autofree char *path = in(&lab.base, "known_hosts");
    g_autofree char *text = NULL;
    g_file_get_contents(path, &text, NULL, NULL);
    g_auto(GStrv) known = g_strsplit(text, "\n", -1);
    g_assert_cmpuint(g_strv_length(known), ==, 2); /* one line, and what follows its end */
    ssh_lab_close(&lab);
}

static void a_key_that_is_not_accepted_is_named(void)
{
    struct ssh_lab lab;
    if (!ssh_lab_open(&lab))
        return;
    make_key(&lab.base, "other", "ed25519", "");
    g_autofree char *key = public_key(&lab.base, "other");
    write_file(&lab.base, "authorized", key);
    int port = server_start(&lab.base, "host_ed25519", "");
    know(&lab.base, "host_ed25519", port);
    host(&lab.base, "db", port, "");
    fails(&lab, "db", TROUBLE_DENIED, "it refuses ssh-ed25519 key");
    ssh_lab_close(&lab);
}

static void a_key_with_a_passphrase_and_no_agent_is_not_even_tried(void)
{
    struct ssh_lab lab;
    if (!ssh_lab_open(&lab))
        return;
    make_key(&lab.base, "locked", "ed25519", "secret");
    int port;
    int silent = listen_somewhere(&port); /* nobody ever answers there */
    g_string_append_printf(lab.base.config,
        "Host db\nHostName 127.0.0.1\nPort %d\nUser x\nIdentityFile %s/locked\nIdentitiesOnly yes\n"
        "IdentityAgent none\nUserKnownHostsFile /dev/null\n",
        port, lab.base.dir);
    fails(&lab, "db", TROUBLE_DENIED, "has a passphrase and no agent holds it");
    close(silent);
    ssh_lab_close(&lab);
}

/* -- agents -------------------------------------------------------------------------------------- */

static GPid agent_start(const char *socket_path)
{
    const char *argv[] = {"ssh-agent", "-D", "-a", socket_path, NULL};
    GPid pid;
    g_autoptr(GError) error = NULL;
    g_spawn_async(NULL, (char **)argv, NULL,
        G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
        &pid, &error);
    g_assert_no_error(error);
    gint64 end = g_get_monotonic_time() + WAIT_MS * 1000LL;
    while (!g_file_test(socket_path, G_FILE_TEST_EXISTS) && g_get_monotonic_time() < end)
        poll(NULL, 0, 20);
    return pid;
}

static void agent_stop(GPid pid)
{
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

/* Adds a key without a passphrase and takes its file away: only the agent can sign with it. */
static void agent_add(const struct lab *lab, const char *socket_path, const char *name)
{
    g_autofree char *path = in(lab, name);
    g_autofree char *variable = g_strconcat("SSH_AUTH_SOCK=", socket_path, NULL);
    const char *argv[] = {"env", variable, "ssh-add", "-q", path, NULL};
    run(argv);
    g_unlink(path);
}

static void with_agent(const char *type, const char *transport)
{
    struct ssh_lab lab;
    if (!ssh_lab_open(&lab))
        return;
    make_key(&lab.base, "id_agent", type, "");
    g_autofree char *key = public_key(&lab.base, "id_agent");
    write_file(&lab.base, "authorized", key);
    g_autofree char *path = in(&lab.base, "agent");
    GPid agent = agent_start(path);
    agent_add(&lab.base, path, "id_ed25519"); /* one that is refused comes first */
    agent_add(&lab.base, path, "id_agent");
    int port = server_start(&lab.base, "host_ed25519", "");
    know(&lab.base, "host_ed25519", port);
    g_string_append_printf(lab.base.config,
        "Host db\nHostName 127.0.0.1\nPort %d\nUser %s\nIdentityAgent %s\n"
        "UserKnownHostsFile %s/known_hosts\nGlobalKnownHostsFile /dev/null\nIdentityFile %s/none\n",
        port, g_get_user_name(), path, lab.base.dir, lab.base.dir);
    struct shell *s = open_shell(&lab, "db");
    greets(lab.set, s);
    g_assert_cmpstr(shell_facts(s)->transport, ==, transport);
    if (strcmp(transport, "libssh2") == 0)
        g_assert_nonnull(strstr(shell_facts(s)->login, "key of the agent (test)"));
    agent_stop(agent);
    ssh_lab_close(&lab);
}

static void an_agents_keys_log_in_by_libssh2(void)
{
    with_agent("ed25519", "libssh2");
}

static void an_agents_ecdsa_key_logs_in_by_libssh2(void)
{
    with_agent("ecdsa", "libssh2");
}

static void an_agents_rsa_key_logs_in_by_the_systems_ssh(void)
{
    with_agent("rsa", "ssh");
}

/* It accepts connections, in the kernel's queue, and never answers. */
static int hung_agent(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_assert_cmpint(listen(fd, 8), ==, 0);
    return fd;
}

static void an_agent_that_hangs_holds_up_nobody(void)
{
    struct ssh_lab lab;
    if (!ssh_lab_open(&lab))
        return;
    g_autofree char *path = in(&lab.base, "agent");
    int agent = hung_agent(path);
    int port = server_start(&lab.base, "host_ed25519", "");
    know(&lab.base, "host_ed25519", port);
    g_autofree char *line = g_strdup_printf("IdentityAgent %s", path);
    host(&lab.base, "hung", port, line);
    host(&lab.base, "fine", port, "");
    struct shell *hung = open_shell(&lab, "hung"), *fine = open_shell(&lab, "fine");
    gint64 longest = 0, end = g_get_monotonic_time() + WAIT_MS * 1000LL;
    while (shell_state(fine) != SHELL_READY && g_get_monotonic_time() < end) {
        gint64 begin = g_get_monotonic_time();
        shell_poll(lab.set, 50);
        longest = MAX(longest, g_get_monotonic_time() - begin);
    }
    g_assert_cmpint(longest, <, 1000000);
    greets(lab.set, fine);
    greets(lab.set, hung); /* with its key file, once the agent's time is over */
    close(agent);
    ssh_lab_close(&lab);
}

static void an_agents_answers_are_read_within_their_bounds(void)
{
    g_autoptr(GPtrArray) keys = agent_keys_new();
    static const guint8 two[] = {
        12, 0, 0, 0, 2, 0, 0, 0, 1, 'a', 0, 0, 0, 2, 'h', 'i', 0, 0, 0, 0, 0, 0, 0, 0};
    g_assert_true(agent_parse_keys(two, sizeof two, keys));
    g_assert_cmpuint(keys->len, ==, 2);
    g_assert_cmpstr(((struct agent_key *)g_ptr_array_index(keys, 0))->comment, ==, "hi");
    static const guint8 lies[] = {12, 0, 0, 0, 9, 0, 0, 0, 200, 'a'};
    static const guint8 many[] = {12, 255, 255, 255, 255};
    static const guint8 other[] = {5};
    g_assert_false(agent_parse_keys(lies, sizeof lies, keys));
    g_assert_false(agent_parse_keys(many, sizeof many, keys));
    g_assert_false(agent_parse_keys(other, sizeof other, keys));
    static const guint8 signature[] = {14, 0, 0, 0, 9, 0, 0, 0, 1, 'x', 0, 0, 0, 0};
    g_autoptr(GBytes) right = agent_parse_signature(signature, sizeof signature, "x");
    g_assert_nonnull(right);
    g_assert_null(agent_parse_signature(signature, sizeof signature, "y"));
    g_assert_null(agent_parse_signature(signature, 6, "x"));
}

/* -- servers that do not behave ------------------------------------------------------------------ */

struct bad_server {
    int fd;
    const char *says;
    bool floods, closes;
};

/* Serves one connection after the other until the socket is shut down. */
static gpointer bad_server_main(gpointer data)
{
    const struct bad_server *b = data;
    int fd;
    while ((fd = accept(b->fd, NULL, NULL)) >= 0) {
        send(fd, b->says, strlen(b->says), MSG_NOSIGNAL);
        while (b->floods && send(fd, b->says, strlen(b->says), MSG_NOSIGNAL) > 0)
            ;
        char buffer[256];
        while (!b->closes && recv(fd, buffer, sizeof buffer, 0) > 0)
            ;
        close(fd);
    }
    return NULL;
}

static void meets(const char *says, bool floods, bool closes, enum shell_trouble trouble)
{
    struct ssh_lab lab;
    if (!ssh_lab_open(&lab))
        return;
    int port;
    struct bad_server b = {listen_somewhere(&port), says, floods, closes};
    GThread *thread = g_thread_new("bad", bad_server_main, &b);
    write_file(&lab.base, "known_hosts", "");
    host(&lab.base, "db", port, "");
    fails(&lab, "db", trouble, "did not answer as an ssh server does");
    g_clear_pointer(&lab.set, shell_set_free);
    shutdown(b.fd, SHUT_RDWR);
    g_thread_join(thread);
    close(b.fd);
    ssh_lab_close(&lab);
}

static void a_server_that_is_no_ssh_server_is_told_apart(void)
{
    meets("HTTP/1.1 400 Bad Request\r\n\r\n", false, true, TROUBLE_BROKEN);
    meets("Exceeded MaxStartups\r\n", false, true, TROUBLE_BROKEN);
    meets("SSH-2.0-x\r\n", false, true, TROUBLE_BROKEN);
}

static void a_server_that_floods_is_cut_off(void)
{
    meets("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n", true, false,
        TROUBLE_BROKEN);
}

static void servers_that_are_silent_take_nobodys_turn_for_long(void)
{
    struct ssh_lab lab;
    if (!ssh_lab_open(&lab))
        return;
    int silent_port,
        queue = listen_somewhere(&silent_port); /* where connections stay, unanswered */
    int port = server_start(&lab.base, "host_ed25519", "");
    know(&lab.base, "host_ed25519", port);
    host(&lab.base, "silent", silent_port, "");
    host(&lab.base, "fine", port, "");
    struct shell *silent = NULL;
    for (unsigned i = 0; i < SHELL_OPENING_MAX; i++)
        silent = open_shell(&lab, "silent");
    struct shell *fine = open_shell(&lab, "fine");
    gint64 begin = g_get_monotonic_time();
    greets(lab.set, fine);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 9000000);
    g_assert_cmpint(shell_state(silent), ==, SHELL_OPENING);
    close(queue);
    ssh_lab_close(&lab);
}

static void nothing_listens_there(void)
{
    struct ssh_lab lab;
    if (!ssh_lab_open(&lab))
        return;
    int port;
    close(listen_somewhere(&port));
    host(&lab.base, "db", port, "");
    fails(&lab, "db", TROUBLE_CONNECT, "Connection refused");
    ssh_lab_close(&lab);
}

static void a_name_without_an_address_is_said(void)
{
    struct ssh_lab lab;
    if (!ssh_lab_open(&lab))
        return;
    g_string_append_printf(lab.base.config,
        "Host db\nHostName no-such-host.invalid\nUser x\nIdentityFile %s/id_ed25519\n"
        "IdentityAgent none\n",
        lab.base.dir);
    struct shell *s = open_shell(&lab, "db");
    g_assert_cmpint(drive(lab.set, s, SETTLED), ==, SHELL_FAILED);
    /* without a network the resolver may take its time */
    g_assert_true(shell_trouble(s) == TROUBLE_NAME || shell_trouble(s) == TROUBLE_TIMEOUT);
    ssh_lab_close(&lab);
}

/* -- key files ----------------------------------------------------------------------------------- */

static void a_key_file_tells_its_type_and_whether_it_is_locked(void)
{
    struct ssh_lab lab;
    if (!ssh_lab_open(&lab))
        return;
    static const struct {
        const char *name, *type, *phrase, *expected;
    } rows[] = {{"a", "ed25519", "", "ssh-ed25519"}, {"b", "ed25519", "secret", "ssh-ed25519"},
        {"c", "ecdsa", "", "ecdsa-sha2-nistp256"}, {"d", "rsa", "secret", "ssh-rsa"}};
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        make_key(&lab.base, rows[i].name, rows[i].type, rows[i].phrase);
        g_autofree char *path = in(&lab.base, rows[i].name);
        AUTO(ssh_key) k = ssh_key_read(path);
        g_assert_cmpstr(k->type, ==, rows[i].expected);
        g_assert_true(k->private);
        g_assert_cmpint(k->encrypted, ==, *rows[i].phrase != '\0');
        g_assert_null(k->fault);
    }
    g_autofree char *open_path = in(&lab.base, "a"), *none = in(&lab.base, "none");
    g_assert_cmpint(g_chmod(open_path, 0644), ==, 0);
    AUTO(ssh_key) k = ssh_key_read(open_path);
    g_assert_nonnull(strstr(k->fault, "chmod 600"));
    g_assert_null(ssh_key_read(none));
    ssh_lab_close(&lab);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ssh_init();
#define TEST(name) g_test_add_func("/shell/" #name, name)
    TEST(a_shell_on_this_machine_answers_again_and_again);
    TEST(a_line_that_the_gate_does_not_know_is_not_sent);
    TEST(a_shell_that_ends_is_noticed_and_can_be_opened_again);
    TEST(an_answer_without_an_end_is_cut_off);
    TEST(a_shell_that_hangs_holds_up_no_other_and_is_closed_at_once);
    TEST(a_command_that_gives_a_shell_is_one);
    TEST(the_words_of_a_command_arrive_as_they_are);
    TEST(what_a_command_says_first_is_no_answer);
    TEST(a_command_that_ends_tells_its_own_words_and_what_to_try);
    TEST(a_command_that_is_missing_says_what_to_correct);
    TEST(commands_that_are_silent_take_nobodys_turn_and_end_in_time);
    TEST(an_agents_answers_are_read_within_their_bounds);
    TEST(a_key_file_tells_its_type_and_whether_it_is_locked);
    TEST(what_a_shell_says_before_it_ends_is_told);
    TEST(libssh2_logs_in_with_a_key_file);
    TEST(a_key_type_that_is_not_known_is_no_changed_key);
    TEST(what_libssh2_cannot_do_is_done_by_the_systems_ssh);
    TEST(an_rsa_user_key_is_left_to_the_systems_ssh);
    TEST(a_key_that_is_not_known_is_shown_and_not_accepted);
    TEST(a_key_that_has_changed_stops_the_connection);
    TEST(a_key_that_is_revoked_stops_the_connection);
    TEST(the_systems_ssh_is_as_strict);
    TEST(a_key_that_is_not_accepted_is_named);
    TEST(a_key_with_a_passphrase_and_no_agent_is_not_even_tried);
    TEST(an_agents_keys_log_in_by_libssh2);
    TEST(an_agents_ecdsa_key_logs_in_by_libssh2);
    TEST(an_agents_rsa_key_logs_in_by_the_systems_ssh);
    TEST(an_agent_that_hangs_holds_up_nobody);
    TEST(a_server_that_is_no_ssh_server_is_told_apart);
    TEST(a_server_that_floods_is_cut_off);
    TEST(servers_that_are_silent_take_nobodys_turn_for_long);
    TEST(nothing_listens_there);
    TEST(a_name_without_an_address_is_said);
    return g_test_run();
}
