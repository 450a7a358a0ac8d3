/* What the hosts connector makes of names, of ssh's configuration and of the probe's answers. The
 * answers in tests/fuzz/corpus/probe were recorded from Debian and busybox, or are what a hostile or
 * broken host could send. */
#include <string.h>

#include "action.h"
#include "connector.h"
#include "error.h"
#include "hosts/names.h"
#include "hosts/probe.h"
#include "hosts/rates.h"
#include "ssh_target.h"

#define WORD      "b.00112233445566778899aabbccddeeff"
#define WORD_FULL "p.00112233445566778899aabbccddeeff"

extern const struct connector hosts_connector;

/* -- names --------------------------------------------------------------------------------------- */

static char *expand(const char *pattern)
{
    const char *const patterns[] = {pattern, NULL};
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    if (!names_expand(patterns, names, &error)) {
        g_assert_error(error, WEIR_ERROR, WEIR_ERROR_CONFIG);
        return g_strdup("refused");
    }
    g_ptr_array_add(names, NULL);
    return g_strjoinv(" ", (char **)names->pdata);
}

static void brackets_in_host_names_expand(void)
{
    static const char *const rows[][2] = {
        {"db1", "db1"},
        {"dp-w[1-3]", "dp-w1 dp-w2 dp-w3"},
        {"dp-w[08-11]", "dp-w08 dp-w09 dp-w10 dp-w11"},
        {"dp-w[1,4,9].example", "dp-w1.example dp-w4.example dp-w9.example"},
        {"dp-w[1-2,7]", "dp-w1 dp-w2 dp-w7"},
        {"r[1-2]n[1-2]", "r1n1 r1n2 r2n1 r2n2"},
        {"w[2-2]", "w2"},
        {"w[1-2,2-3]", "w1 w2 w3"},
        {"root@db1", "root@db1"},
        {"2001:db8::7", "2001:db8::7"},
        {"w[3-1]", "refused"},
        {"w[]", "refused"},
        {"w[a-c]", "refused"},
        {"w[1-", "refused"},
        {"w1]", "refused"},
        {"w[1-2000]", "refused"},
        {"w[1-999][1-999]", "refused"},
        {"w[99999999999999999999]", "refused"},
        {"[1][2][3][4][5]", "refused"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *names = expand(rows[i][0]);
        g_assert_cmpstr(names, ==, rows[i][1]);
    }
}

static void a_name_that_could_be_an_option_or_a_command_is_refused(void)
{
    static const char *const names[] = {"-oProxyCommand=reboot", "a b", "a\nb", "a;reboot", "$(id)",
        "`id`", "a|b", "a&b", "", "a\033[2J", "a/b", "a'b", "a\"b", "*", "a\x80"};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *expanded = expand(names[i]);
        g_assert_cmpstr(expanded, ==, "refused");
    }
}

static void roles_match_by_pattern(void)
{
    static const char *const patterns[] = {"dp-b*", "dp-w[01-03]", NULL};
    g_assert_true(names_match("dp-b17", patterns));
    g_assert_true(names_match("dp-w02", patterns));
    g_assert_false(names_match("dp-w04", patterns));
}

/* -- ssh -G -------------------------------------------------------------------------------------- */

static const char answer[] =
    "host db\nuser deploy\nhostname 10.0.0.7\nport 2222\n"
    "addressfamily inet\nidentitiesonly yes\n"
    "kexalgorithms sntrup761x25519-sha512,curve25519-sha256\n"
    "identityfile ~/.ssh/id_x\nidentityfile /etc/keys/%r@%h-%p\n"
    "userknownhostsfile /home/a/.ssh/known_hosts /home/a/.ssh/known_hosts2\n"
    "globalknownhostsfile /etc/ssh/ssh_known_hosts\n"
    "connecttimeout 7\nidentityagent /run/agent\n";

static void what_ssh_says_about_a_host_is_understood(void)
{
    AUTO(ssh_target) t = ssh_target_parse("db", NULL, answer, NULL);
    g_assert_nonnull(t);
    g_assert_cmpstr(t->hostname, ==, "10.0.0.7");
    g_assert_cmpstr(t->user, ==, "deploy");
    g_assert_cmpint(t->port, ==, 2222);
    g_assert_cmpstr(t->known_as, ==, "[10.0.0.7]:2222");
    g_assert_cmpint(t->connect_ms, ==, 7000);
    g_assert_true(t->identities_only);
    g_assert_cmpstr(t->agent, ==, "/run/agent");
    g_assert_cmpuint(t->known_hosts->len, ==, 3);
    g_assert_cmpuint(t->identities->len, ==, 2);
    g_assert_true(g_str_has_prefix(g_ptr_array_index(t->identities, 0), g_get_home_dir()));
    g_assert_cmpstr(g_ptr_array_index(t->identities, 1), ==, "/etc/keys/deploy@10.0.0.7-2222");
    g_assert_null(t->spawn_why);
    g_autofree char *common = ssh_target_common("curve25519-sha256,ecdh-sha2-nistp256", t->kex);
    g_assert_cmpstr(common, ==, "curve25519-sha256");
}

static void what_libssh2_cannot_do_goes_to_the_systems_ssh(void)
{
    static const char *const lines[] = {"proxyjump bastion\n", "proxycommand nc %h %p\n",
        "knownhostscommand /bin/x\n", "certificatefile ~/x-cert.pub\n",
        "pkcs11provider /lib/x.so\n", "pubkeyauthentication false\n", "identityfile ~/%C\n",
        "identityfile ${KEYS}/x\n"};
    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *text = g_strconcat(answer, lines[i], NULL);
        AUTO(ssh_target) t = ssh_target_parse("db", NULL, text, NULL);
        g_assert_nonnull(t->spawn_why);
    }
    g_autofree char *none = g_strconcat(answer, "proxycommand none\nproxyjump none\n", NULL);
    AUTO(ssh_target) t = ssh_target_parse("db", NULL, none, NULL);
    g_assert_null(t->spawn_why);
}

static void a_host_key_alias_is_the_name_in_known_hosts(void)
{
    g_autofree char *text = g_strconcat(answer, "hostkeyalias DB-Cluster\n", NULL);
    AUTO(ssh_target) t = ssh_target_parse("db", NULL, text, NULL);
    g_assert_cmpstr(t->known_as, ==, "db-cluster");
}

static void an_answer_without_host_user_or_port_is_an_error(void)
{
    static const char *const texts[] = {"", "port 22\n", "hostname a\nport 22\n",
        "user a\nhostname b\nport 0\n", "user a\nhostname b\nport 99999\n", "usage: ssh [-46]\n"};
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(ssh_target_parse("db", NULL, texts[i], &error));
        g_assert_error(error, WEIR_ERROR, WEIR_ERROR_PROTOCOL);
    }
}

static void the_spawned_ssh_never_asks_and_never_writes(void)
{
    g_autoptr(GPtrArray) argv = ssh_target_shell_argv("db", "/etc/x");
    g_autofree char *line = g_strjoinv(" ", (char **)argv->pdata);
    static const char *const parts[] = {"BatchMode=yes", "StrictHostKeyChecking=yes",
        "UpdateHostKeys=no", "ControlMaster=no", "-F /etc/x", "-- db exec /bin/sh -s"};
    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++)
        g_assert_nonnull(strstr(line, parts[i]));
}

/* -- the gate ------------------------------------------------------------------------------------ */

static bool permits(const char *line)
{
    return gate_permit(&hosts_connector, "SHELL", line, NULL, NULL);
}

static void nothing_but_the_probe_passes_the_gate(void)
{
    g_assert_true(permits(probe_lean));
    g_assert_true(permits(probe_portable));
    g_assert_true(permits("probe " WORD));
    static const char *const lines[] = {"", "probe", "probe ", "reboot", "probe a;reboot",
        "probe a b", "probe $(reboot)", "probe -x", "probe a\nreboot", "probe `id`",
        "systemctl restart kafka.service", "probe a&", "probe a|sh", "probe a>b"};
    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++)
        g_assert_false(permits(lines[i]));
    g_autofree char *more = g_strconcat(probe_lean, "\nreboot", NULL);
    g_autofree char *before = g_strconcat("reboot; ", probe_lean, NULL);
    g_assert_false(permits(more));
    g_assert_false(permits(before));
    g_assert_null(strstr(probe_lean, "{}"));
    g_assert_null(strstr(probe_portable, "{}"));
}

static void the_probe_writes_nothing(void)
{
    const char *const scripts[] = {probe_lean, probe_portable};
    for (unsigned i = 0; i < 2; i++) {
        for (const char *p = strchr(scripts[i], '>'); p; p = strchr(p + 1, '>')) {
            bool dropped = g_str_has_prefix(p, ">/dev/null");
            /* in awk: comparisons and the end of getline's loop */
            bool compares = g_ascii_isdigit(p[1]);
            g_assert_true(dropped || compares);
        }
    }
}

static void a_rounds_word_is_new_each_time(void)
{
    char a[PROBE_WORD_MAX], b[PROBE_WORD_MAX];
    probe_word(a, false);
    probe_word(b, true);
    g_assert_cmpuint(strlen(a), ==, strlen(WORD));
    g_assert_cmpint(a[0], ==, 'b');
    g_assert_cmpint(b[0], ==, 'p');
    g_assert_cmpstr(a + 1, !=, b + 1);
    g_autofree char *line = probe_line(a);
    g_assert_true(permits(line));
}

/* -- the probe's answers ------------------------------------------------------------------------- */

static struct sample *recorded(const char *name, const char *word)
{
    g_autofree char *path = g_build_filename("tests/fuzz/corpus/probe", name, NULL);
    g_autofree char *text = NULL;
    gsize length = 0;
    g_autoptr(GError) error = NULL;
    g_file_get_contents(path, &text, &length, &error);
    g_assert_no_error(error);
    return sample_parse(text, length, word);
}

static void a_debian_host_is_read(void)
{
    AUTO(sample) s = recorded("debian_lean.txt", WORD_FULL);
    g_assert_true(sample_is_usable(s));
    g_assert_cmpuint(s->skipped, ==, 0);
    g_assert_cmpstr(s->os, ==, "Debian GNU/Linux 12 (bookworm)");
    g_assert_cmpstr(s->kernel, ==, "Linux 6.1.0-40-amd64 x86_64");
    g_assert_cmpstr(s->host, ==, "db1");
    g_assert_cmpint(s->date_ms, ==, 1795279385174);
    g_assert_cmpfloat(s->uptime_s, ==, 6116.22);
    g_assert_cmpint(s->cpus, ==, 2);
    g_assert_cmpint(s->memory_available, ==, 18651080);
    g_assert_cmpint(s->swap, ==, 0);
    g_assert_cmpint(s->units, ==, UNITS_NO_SYSTEMD);
    g_assert_cmpuint(s->disks->len, ==, 1);
    g_assert_cmpuint(s->tasks->len, >, 20);
    const struct sample_task *t = g_ptr_array_index(s->tasks, 1);
    g_assert_cmpstr(t->command, ==, "java");
    g_assert_cmpint(t->pid, ==, 11187);
    g_assert_cmpint(t->ticks, ==, 1653 + 403);
    g_assert_cmpint(t->fds, ==, 151);
}

static void a_busybox_host_is_read_by_the_portable_probe(void)
{
    AUTO(sample) lean = recorded("busybox_lean.txt", WORD_FULL);
    g_assert_cmpuint(lean->disks->len, ==, 0); /* its df has no --output */
    g_assert_cmpint(lean->disks_status, ==, 1);
    AUTO(sample) s = recorded("busybox_portable.txt", WORD_FULL);
    g_assert_true(sample_is_usable(s));
    g_assert_cmpuint(s->skipped, ==, 2); /* it has no getconf: "page", "tick" */
    g_assert_true(s->date_coarse);
    g_assert_cmpint(s->cpus, ==, 2);
    g_assert_cmpint(s->page_bytes, ==, 4096);
    g_autoptr(GPtrArray) disks = sample_real_disks(s);
    g_assert_cmpuint(disks->len, ==, 1);
    const struct sample_disk *d = g_ptr_array_index(disks, 0);
    g_assert_cmpstr(d->mount, ==, "/");
    g_assert_cmpstr(d->type, ==, "ext4");
    g_assert_cmpint(d->inodes, ==, 16777216);
    g_assert_cmpuint(s->tasks->len, >, 10);
}

static void a_systemd_host_is_read(void)
{
    AUTO(sample) s = recorded("systemd_lean.txt", WORD);
    g_assert_true(sample_is_usable(s));
    g_assert_cmpuint(s->skipped, ==, 0);
    g_assert_cmpint(s->units, ==, UNITS_KNOWN);
    g_assert_cmpuint(s->failed_units->len, ==, 2);
    g_assert_cmpstr(g_ptr_array_index(s->failed_units, 0), ==, "kafka.service");
    g_assert_cmpint(s->oom_kills, ==, 3);
    g_assert_cmpfloat(s->pressure[1].full_avg10, ==, 0.25);
    g_assert_cmpfloat(s->pressure[0].full_avg10, ==, -1);
    g_assert_cmpint(s->boot_at_ms, ==, 1795000000000);
    g_assert_false(s->has_tasks);
}

static void disks_are_those_that_hold_data_each_once(void)
{
    AUTO(sample) s = recorded("systemd_lean.txt", WORD);
    g_autoptr(GPtrArray) disks = sample_real_disks(s);
    g_assert_cmpuint(disks->len, ==, 3);
    const struct sample_disk *root = g_ptr_array_index(disks, 0);
    const struct sample_disk *data = g_ptr_array_index(disks, 1);
    const struct sample_disk *efi = g_ptr_array_index(disks, 2);
    g_assert_cmpstr(root->mount, ==, "/");
    g_assert_cmpfloat_with_epsilon(sample_disk_percent(root), 97.0, 0.01);
    g_assert_cmpstr(data->mount, ==, "/data/disk 1");
    g_assert_true(data->read_only);
    g_assert_cmpfloat(sample_inode_percent(data), >, 99.9);
    g_assert_cmpfloat(sample_inode_percent(efi), ==, -1);
}

static void a_containers_root_counts_and_its_single_files_do_not(void)
{
    AUTO(sample) s = recorded("forged_portable.txt", WORD_FULL);
    g_autoptr(GPtrArray) disks = sample_real_disks(s);
    g_assert_cmpuint(disks->len, ==, 1);
    g_assert_cmpstr(((struct sample_disk *)g_ptr_array_index(disks, 0))->mount, ==, "/");
    g_assert_cmpint(s->page_bytes, ==, 0); /* an aarch64 kernel that did not say */
    g_assert_cmpint(s->oom_kills, ==, -1);
    g_assert_cmpint(s->swap, ==, -1);
}

static const struct sample_task *task(const struct sample *s, int64_t pid)
{
    for (guint i = 0; i < s->tasks->len; i++) {
        const struct sample_task *t = g_ptr_array_index(s->tasks, i);
        if (t->pid == pid)
            return t;
    }
    return NULL;
}

static void processes_with_hostile_names_forge_nothing(void)
{
    AUTO(sample) s = recorded("hostile_lean.txt", WORD_FULL);
    g_assert_true(s->whole);
    g_assert_cmpstr(task(s, 2001)->command, ==, "@@" WORD_FULL);
    g_assert_cmpstr(task(s, 2002)->command, ==, "a) R 9 9 9 9 9");
    g_assert_cmpstr(task(s, 2004)->command, ==, "$(reboot)"); /* the first of that number */
    g_assert_null(task(s, 2005));
    g_assert_null(task(s, 2006));
    g_assert_cmpuint(s->tasks->len, ==, 7);
    g_assert_cmpint(task(s, 2000)->fds, ==, 812);
    g_assert_cmpint(task(s, 2001)->fds, ==, -1);
    g_assert_cmpuint(s->skipped, ==, 6);
    g_assert_cmpuint(s->failed_units->len, ==, 2);
}

static void a_name_with_a_newline_makes_no_process(void)
{
    AUTO(sample) s = recorded("forged_portable.txt", WORD_FULL);
    g_assert_null(task(s, 40));
    g_assert_nonnull(task(s, 42));
    g_assert_null(task(s, 2)); /* the kernel's own have no memory */
    g_assert_cmpstr(task(s, 1)->command, ==, "init");
}

static void an_answer_that_is_cut_is_not_used(void)
{
    AUTO(sample) s = recorded("truncated.txt", WORD);
    g_assert_false(s->whole);
    g_assert_false(sample_is_usable(s));
    g_assert_cmpint(s->units, ==, UNITS_NOT_ASKED);
}

static void what_stands_before_the_answer_or_carries_another_word_is_ignored(void)
{
    AUTO(sample) s = recorded("noise_before.txt", WORD);
    AUTO(sample) same = recorded("systemd_lean.txt", WORD);
    g_assert_cmpfloat(s->uptime_s, ==, same->uptime_s);
    g_assert_cmpuint(s->skipped, ==, 0);
    AUTO(sample) other = recorded("systemd_lean.txt", WORD_FULL);
    g_assert_false(other->whole);
    g_assert_false(other->has_cpu);
}

static void a_section_that_is_missing_is_absent_not_zero(void)
{
    static const char text[] = "@@" WORD " up\n10.0 20.0\n@@" WORD " end\n";
    AUTO(sample) s = sample_parse(text, strlen(text), WORD);
    g_assert_true(s->whole);
    g_assert_false(sample_is_usable(s));
    g_assert_cmpint(s->memory, ==, -1);
    g_assert_cmpint(s->oom_kills, ==, -1);
    g_assert_cmpint(s->cpus, ==, 0);
    g_assert_false(s->has_cpu);
    g_assert_cmpint(s->disks_status, ==, -1);
}

static void a_line_beyond_its_cap_is_skipped(void)
{
    g_autoptr(GString) text = g_string_new("@@" WORD " up\n");
    for (unsigned i = 0; i < SAMPLE_LINE_MAX; i++)
        g_string_append(text, "9");
    g_string_append(text, "9 1\n10.0 20.0\n@@" WORD " end\n");
    AUTO(sample) s = sample_parse(text->str, text->len, WORD);
    g_assert_cmpfloat(s->uptime_s, ==, 10.0);
    g_assert_cmpuint(s->skipped, ==, 1);
}

static void lists_end_at_their_caps_and_say_so(void)
{
    g_autoptr(GString) text = g_string_new("@@" WORD " ps\n");
    for (unsigned i = 1; i <= SAMPLE_TASKS_MAX + 5; i++)
        g_string_append_printf(text, "%u S 1 1 1 1 1 x\n", i);
    g_string_append(text, "@@" WORD " end\n");
    AUTO(sample) s = sample_parse(text->str, text->len, WORD);
    g_assert_cmpuint(s->tasks->len, ==, SAMPLE_TASKS_MAX);
    g_assert_true(s->cut);
}

/* -- rates --------------------------------------------------------------------------------------- */

/* Two samples of one host: what is between them, in the words of the probe. */
static struct sample *at(double uptime, const char *boot, const char *rest)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_dtostr(number, sizeof number, uptime);
    g_autofree char *text =
        g_strdup_printf("@@" WORD " up\n%s 1.0\n@@" WORD
                        " id\n0a1b2c3d-0000-4000-8000-00000000000%s\n%s\n@@" WORD " end\n",
            number, boot, rest);
    return sample_parse(text, strlen(text), WORD);
}

#define STAT "@@" WORD " stat\ncpu  "
#define NET  "@@" WORD " net\n"
#define VM   "@@" WORD " vm\noom_kill "

static void rates_are_taken_over_the_hosts_own_time(void)
{
    AUTO(sample)
    a = at(100, "1",
        STAT "100 0 100 1000 100 0 0 0\n" NET "eth0: 1000 0 0 0 0 0 0 0 500 0\n" VM "2\n");
    AUTO(sample)
    b = at(110, "1",
        STAT "150 0 150 1150 150 0 0 0\n" NET "eth0: 11000 0 0 0 0 0 0 0 5500 0\n" VM "3\n");
    struct rates r = rates_between(a, b);
    g_assert_cmpfloat_with_epsilon(r.cpu, 100.0 / 3, 1e-9);
    g_assert_cmpfloat_with_epsilon(r.iowait, 100.0 / 6, 1e-9);
    g_assert_cmpfloat(r.net_in, ==, 1000);
    g_assert_cmpfloat(r.net_out, ==, 500);
    g_assert_cmpint(r.oom_kills, ==, 1);
}

static void nothing_is_known_from_one_sample_or_across_a_boot(void)
{
    AUTO(sample) a = at(100, "1", STAT "100 0 100 1000 100 0 0 0\n" VM "2\n");
    AUTO(sample) booted = at(110, "2", STAT "150 0 150 1150 150 0 0 0\n" VM "2\n");
    AUTO(sample) back = at(90, "1", STAT "150 0 150 1150 150 0 0 0\n" VM "2\n");
    AUTO(sample) soon = at(100.05, "1", STAT "150 0 150 1150 150 0 0 0\n" VM "2\n");
    const struct sample *const others[] = {booted, back, soon};
    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++) {
        struct rates r = rates_between(a, others[i]);
        g_assert_cmpfloat(r.cpu, ==, -1);
        g_assert_cmpint(r.oom_kills, ==, -1);
    }
    g_assert_cmpfloat(rates_between(NULL, a).cpu, ==, -1);
}

static void a_counter_that_went_back_has_no_rate(void)
{
    AUTO(sample)
    a = at(100, "1",
        STAT "100 0 100 1000 100 0 0 0\n" NET "eth0: 1000 0 0 0 0 0 0 0 500 0\n" VM "9\n");
    AUTO(sample)
    b = at(
        110, "1", STAT "100 0 100 900 100 0 0 0\n" NET "eth0: 900 0 0 0 0 0 0 0 600 0\n" VM "3\n");
    struct rates r = rates_between(a, b);
    g_assert_cmpfloat(r.cpu, ==, -1);
    g_assert_cmpfloat(r.net_in, ==, -1);
    g_assert_cmpfloat(r.net_out, ==, -1);
    g_assert_cmpint(r.oom_kills, ==, -1);
}

static void iowait_may_go_back_and_is_then_none(void)
{
    AUTO(sample) a = at(100, "1", STAT "100 0 100 1000 100 0 0 0\n");
    AUTO(sample) b = at(110, "1", STAT "150 0 150 1100 90 0 0 0\n");
    struct rates r = rates_between(a, b);
    g_assert_cmpfloat(r.iowait, ==, 0);
    g_assert_cmpfloat(r.cpu, >, 0);
}

static void traffic_is_not_counted_twice(void)
{
    static const char *const names[] = {
        "lo", "veth12ab", "docker0", "br-99", "bond0", "eth0.100", "tap3", "cni0", "virbr0"};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
        g_assert_false(sample_nic_counts(names[i]));
    g_assert_true(
        sample_nic_counts("eth0") && sample_nic_counts("ens192") && sample_nic_counts("wlp3s0"));
    /* a container that has nothing else */
    AUTO(sample) a = at(100, "1", NET "lo: 5 0 0 0 0 0 0 0 5 0\nveth1: 10 0 0 0 0 0 0 0 20 0\n");
    AUTO(sample)
    b = at(110, "1", NET "lo: 99 0 0 0 0 0 0 0 99 0\nveth1: 110 0 0 0 0 0 0 0 220 0\n");
    struct rates r = rates_between(a, b);
    g_assert_cmpfloat(r.net_in, ==, 10);
    g_assert_cmpfloat(r.net_out, ==, 20);
}

static void a_process_is_the_same_only_with_its_start(void)
{
    AUTO(sample) a = at(100, "1", "@@" WORD " ps\n7 S 100 100 4 50 10 java\n8 S 5 5 1 60 10 sh\n");
    AUTO(sample)
    b = at(110, "1",
        "@@" WORD " ps\n7 S 400 300 4 50 10 java\n8 S 9 9 1 999 10 sh\n9 S 1 1 1 5 9 x\n");
    g_autofree double *cores = rates_of_tasks(a, b);
    g_assert_cmpfloat(cores[0], ==, 0.5);
    g_assert_cmpfloat(cores[1], ==, -1); /* another process of the same number */
    g_assert_cmpfloat(cores[2], ==, -1);
    g_autofree double *none = rates_of_tasks(NULL, b);
    g_assert_cmpfloat(none[0], ==, -1);
}

static void the_tables_are_sound(void)
{
    struct registry *r = registry_new();
    registry_add(r, &hosts_connector);
    g_autoptr(GString) faults = g_string_new(NULL);
    unsigned count = kind_check(r, faults);
    if (count)
        g_test_message("%s", faults->str);
    g_assert_cmpuint(count, ==, 0);
    registry_free(r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/hosts/" #name, name)
    TEST(brackets_in_host_names_expand);
    TEST(a_name_that_could_be_an_option_or_a_command_is_refused);
    TEST(roles_match_by_pattern);
    TEST(what_ssh_says_about_a_host_is_understood);
    TEST(what_libssh2_cannot_do_goes_to_the_systems_ssh);
    TEST(a_host_key_alias_is_the_name_in_known_hosts);
    TEST(an_answer_without_host_user_or_port_is_an_error);
    TEST(the_spawned_ssh_never_asks_and_never_writes);
    TEST(nothing_but_the_probe_passes_the_gate);
    TEST(the_probe_writes_nothing);
    TEST(a_rounds_word_is_new_each_time);
    TEST(a_debian_host_is_read);
    TEST(a_busybox_host_is_read_by_the_portable_probe);
    TEST(a_systemd_host_is_read);
    TEST(disks_are_those_that_hold_data_each_once);
    TEST(a_containers_root_counts_and_its_single_files_do_not);
    TEST(processes_with_hostile_names_forge_nothing);
    TEST(a_name_with_a_newline_makes_no_process);
    TEST(an_answer_that_is_cut_is_not_used);
    TEST(what_stands_before_the_answer_or_carries_another_word_is_ignored);
    TEST(a_section_that_is_missing_is_absent_not_zero);
    TEST(a_line_beyond_its_cap_is_skipped);
    TEST(lists_end_at_their_caps_and_say_so);
    TEST(rates_are_taken_over_the_hosts_own_time);
    TEST(nothing_is_known_from_one_sample_or_across_a_boot);
    TEST(a_counter_that_went_back_has_no_rate);
    TEST(iowait_may_go_back_and_is_then_none);
    TEST(traffic_is_not_counted_twice);
    TEST(a_process_is_the_same_only_with_its_start);
    TEST(the_tables_are_sound);
    return g_test_run();
}
