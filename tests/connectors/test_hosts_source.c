/* A source of hosts as the console and the command line see it: rows, their age and their verdict, when
 * hosts answer and when they do not. Over this machine, and over sshd of the test's own. */
#include <dirent.h>
#include <sys/statvfs.h>

#include "harness.h"
#include "ssh.h"
#include "sshd.h"

extern const struct connector hosts_connector;
static const struct connector *const connectors[] = {&hosts_connector, NULL};

#define LOCAL "      here: {type: hosts, hosts: [local]}\n"

static void open_local(struct harness *h)
{
    harness_open(h, connectors, LOCAL);
}

static bool is_absent(struct cell cell, enum absent why)
{
    return cell.type == CELL_NONE && cell.absent == why;
}

/* -- this machine -------------------------------------------------------------------------------- */

static void this_machine_is_read_with_rates_in_one_go(void)
{
    struct harness h;
    struct harness_result r = {0};
    open_local(&h);
    harness_fetch(&h, "hosts", "here", &r);
    g_assert_no_error(r.error);
    const struct snapshot *s = harness_snapshot(&r, "hosts");
    g_assert_cmpuint(snapshot_count(s), ==, 1);
    g_assert_cmpstr(harness_cell(s, "local", "state").text, ==, "up");
    g_assert_cmpint(harness_cell(s, "local", "cpus").i, ==, sysconf(_SC_NPROCESSORS_ONLN));
    struct cell cpu = harness_cell(s, "local", "cpu");
    g_assert_cmpint(cpu.type, ==, CELL_PERCENT);
    g_assert_true(cpu.r >= 0 && cpu.r <= 100);
    struct cell memory = harness_cell(s, "local", "memory");
    g_assert_true(memory.r > 0 && memory.r < 100);
    g_assert_cmpint(harness_cell(s, "local", "oom_kills").type, ==, CELL_INT);
    struct cell skew = harness_cell(s, "local", "clock_skew_ms");
    g_assert_cmpint(ABS(skew.i), <=, harness_cell(s, "local", "latency_ms").i / 2 + 5);
    g_assert_cmpstr(harness_cell(s, "local", "transport").text, ==, "local");
    g_assert_cmpint(g_get_real_time() / 1000 - snapshot_row(s, 0)->at_ms, <, 20000);
    harness_result_clear(&r);
    harness_close(&h);
}

static void its_filesystems_are_those_of_statvfs(void)
{
    struct harness h;
    struct harness_result r = {0};
    open_local(&h);
    harness_fetch(&h, "hosts.disks", "here/hosts/local", &r);
    g_assert_no_error(r.error);
    const struct snapshot *s = harness_snapshot(&r, "hosts.disks");
    g_assert_cmpuint(snapshot_count(s), >, 0);
    for (size_t row = 0; row < snapshot_count(s); row++) {
        const char *mount = snapshot_row(s, row)->key;
        struct statvfs st;
        g_assert_cmpint(statvfs(mount, &st), ==, 0);
        double size = (double)st.f_blocks * (double)st.f_frsize;
        g_assert_cmpfloat_with_epsilon(
            (double)harness_cell(s, mount, "size_bytes").i, size, 1024.0);
        double used = (double)(st.f_blocks - st.f_bfree);
        double percent = 100 * used / (used + (double)st.f_bavail);
        g_assert_cmpfloat_with_epsilon(harness_cell(s, mount, "used").r, percent, 2.0);
        g_assert_true(is_absent(harness_cell(s, mount, "full_eta_ms"), ABSENT_NOT_ASKED));
    }
    harness_result_clear(&r);
    harness_close(&h);
}

static void its_processes_are_those_of_proc(void)
{
    struct harness h;
    struct harness_result r = {0};
    open_local(&h);
    harness_fetch(&h, "hosts.processes", "here/hosts/local", &r);
    g_assert_no_error(r.error);
    const struct snapshot *s = harness_snapshot(&r, "hosts.processes");
    g_autofree char *self = g_strdup_printf("%d", (int)getpid());
    g_autofree char *name = NULL;
    g_assert_true(g_file_get_contents("/proc/self/comm", &name, NULL, NULL));
    g_assert_cmpstr(harness_cell(s, self, "command").text, ==, g_strchomp(name));
    g_assert_cmpint(harness_cell(s, self, "threads").i, >=, 2);
    g_assert_cmpint(harness_cell(s, self, "fds").i, >, 3);
    g_assert_cmpint(harness_cell(s, self, "memory_bytes").i, >, 1 << 20);
    g_assert_cmpint(harness_cell(s, self, "cores").type, ==, CELL_REAL);
    harness_result_clear(&r);
    harness_close(&h);
}

static void one_host_is_shown_whole(void)
{
    struct harness h;
    struct harness_result r = {0};
    open_local(&h);
    harness_show(&h, "here/hosts/local", &r);
    g_assert_no_error(r.error);
    const struct snapshot *s = harness_snapshot(&r, "detail");
    static const char *const fields[] = {
        "kernel", "uptime", "load", "available", "cpu", "transport", "probe"};
    for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++)
        g_assert_cmpint(snapshot_find(s, fields[i]), >=, 0);
    g_assert_nonnull(strstr(r.raw, " mem\nMemTotal:"));
    harness_result_clear(&r);
    harness_show(&h, "here/hosts/local/processes/1", &r);
    g_assert_no_error(r.error);
    g_assert_cmpint(snapshot_find(harness_snapshot(&r, "detail"), "threads"), >=, 0);
    harness_result_clear(&r);
    harness_show(&h, "here/hosts/local/disks/%2Fnowhere", &r);
    g_assert_error(r.error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
    harness_result_clear(&r);
    harness_close(&h);
}

static void a_host_that_is_not_configured_is_not_found(void)
{
    struct harness h;
    struct harness_result r = {0};
    open_local(&h);
    harness_fetch(&h, "hosts.disks", "here/hosts/elsewhere", &r);
    g_assert_error(r.error, WEIR_ERROR, WEIR_ERROR_NOT_FOUND);
    harness_result_clear(&r);
    harness_close(&h);
}

/* The one fault of a source with these options, which stands in this line of them (0: its name). */
static void is_refused(const char *options, int line, const char *words)
{
    g_autofree char *yaml = g_strdup_printf(
        "environments:\n  e:\n    sources:\n      here:\n        type: hosts\n%s", options);
    g_autofree char *path = NULL;
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func((GDestroyNotify)fault_free);
    close(g_file_open_tmp("weir-test-XXXXXX.yaml", &path, NULL));
    g_assert_true(g_file_set_contents(path, yaml, -1, NULL));
    struct registry *registry = registry_new();
    registry_add(registry, &hosts_connector);
    struct config *config = config_load(path, NULL, faults);
    g_assert_false(config_check_sources(config, registry, faults));
    const struct fault *f = g_ptr_array_index(faults, 0);
    g_test_message("%d: %s", f->line, f->message);
    g_assert_cmpuint(faults->len, ==, 1);
    g_assert_nonnull(strstr(f->message, words));
    g_assert_cmpint(f->line, ==, line ? line + 5 : 4);
    g_unlink(path);
    config_free(config);
    registry_free(registry);
}

static void a_name_that_makes_no_sense_is_a_fault_of_the_configuration(void)
{
    is_refused("        hosts: [\"-oProxyCommand=id\"]\n", 1, "is no host name");
    is_refused("        hosts: [\"w[9-1]\"]\n", 1, "makes no list");
    is_refused("        roles: {db: [x]}\n", 0, "has no hosts");
    is_refused("        hosts: []\n        shell: {}\n", 1, "has no hosts");
}

static void a_command_that_makes_no_sense_is_told_where_it_stands(void)
{
    is_refused(
        "        shell:\n          app-1: [sh]\n          app-2: []\n", 3, "needs a command");
    is_refused("        shell: {app-1: docker exec -i app-1 sh}\n", 1, "as a list of words");
    is_refused("        shell: {\"-x\": [sh]}\n", 1, "is no host name");
    is_refused("        shell: {\"a[1\": [sh]}\n", 1, "makes no list");
    is_refused("        hosts: [a]\n        shell: {local: [sh]}\n", 2, "is this machine");
    is_refused("        hosts: [local, a]\n        shell:\n          a: [sh]\n"
               "          \"ap*\": [sh]\n",
        4, "means none of the hosts");
    is_refused("        hosts: [local]\n        shell: {\"*\": [sh]}\n", 2, "means none");
    is_refused(
        "        hosts: \"a[1-900]\"\n        shell: {\"b[1-900]\": [sh]}\n", 1, "more than");
}

/* -- by commands --------------------------------------------------------------------------------- */

#define COMMANDS                                                                                   \
    "      here:\n        type: hosts\n        hosts: [local, \"w[1-2]\"]\n"                       \
    "        roles: {app: [\"app*\"]}\n        shell:\n"                                           \
    "          app-1: [/bin/sh]\n          \"c[1-2]\": [sh, -c, \"echo Welcome; exec sh\"]\n"      \
    "          \"w*\": [sh, -c, \"test $0 = {host} && exec sh\", \"{host}\"]\n"                    \
    "          w1: [weir-no-such-program]\n          gone: [sh, -c, \"echo no {host} >&2; exit "   \
    "1\"]\n"

static void hosts_are_reached_by_the_commands_of_the_configuration(void)
{
    struct harness h;
    struct harness_result r = {0};
    harness_open(&h, connectors, COMMANDS);
    harness_fetch(&h, "hosts", "here", &r);
    g_assert_no_error(r.error);
    const struct snapshot *s = harness_snapshot(&r, "hosts");
    static const char *const names[] = {"w1", "w2", "app-1", "c1", "c2"};
    g_assert_cmpuint(snapshot_count(s), ==, 7);
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_assert_cmpstr(harness_cell(s, names[i], "state").text, ==, "up");
        g_assert_cmpstr(harness_cell(s, names[i], "transport").text, ==, "command");
    }
    g_assert_cmpstr(harness_cell(s, "local", "transport").text, ==, "local");
    g_assert_cmpstr(harness_cell(s, "app-1", "roles").text, ==, "app");
    const struct row *gone = snapshot_row(s, (size_t)snapshot_find(s, "gone"));
    g_assert_cmpstr(harness_cell(s, "gone", "state").text, ==, "unreachable");
    g_assert_nonnull(strstr(gone->error, "ended with status 1 before it answered: no gone; try: "));
    harness_result_clear(&r);
    harness_fetch(&h, "hosts.processes", "here/hosts/app-1", &r);
    g_assert_no_error(r.error);
    g_assert_cmpuint(snapshot_count(harness_snapshot(&r, "hosts.processes")), >, 0);
    harness_result_clear(&r);
    harness_close(&h);
}

static void the_doctor_tells_of_commands(void)
{
    struct harness h;
    struct harness_result r = {0};
    harness_open(&h, connectors, COMMANDS);
    harness_check(&h, "here", &r);
    g_assert_no_error(r.error);
    const struct snapshot *s = harness_snapshot(&r, kind_doctor.name);
    g_assert_true(g_str_has_prefix(harness_cell(s, "app-1 shell", "seen").text, "/bin/sh, "));
    g_assert_cmpint(snapshot_find(s, "gone shell"), ==, -1);
    gssize gone = snapshot_find(s, "gone starting a shell");
    g_assert_cmpint(snapshot_row(s, (size_t)gone)->health, ==, HEALTH_WARN);
    g_assert_cmpstr(harness_cell(s, "gone starting a shell", "advice").text, ==,
        "try its command in a terminal");
    harness_result_clear(&r);
    harness_close(&h);
}

/* -- several hosts ------------------------------------------------------------------------------- */

static void open_lab(struct harness *h, struct lab *lab, const char *hosts, const char *more)
{
    write_file(lab, "config", lab->config->str);
    g_autofree char *yaml = g_strdup_printf(
        "      lab: {type: hosts, hosts: [%s], ssh_config: %s/config%s}\n", hosts, lab->dir, more);
    harness_open(h, connectors, yaml);
}

/* Fetches hosts until none is still connecting: a busy machine takes more than one round. */
static const struct snapshot *fetch_settled(struct harness *h, struct harness_result *r)
{
    gint64 end = g_get_monotonic_time() + HARNESS_WAIT_MS * 1000LL;
    for (;;) {
        harness_fetch(h, "hosts", "lab", r);
        g_assert_no_error(r->error);
        const struct snapshot *s = harness_snapshot(r, "hosts");
        bool settled = true;
        for (size_t i = 0; i < snapshot_count(s); i++)
            settled &=
                strcmp(harness_cell(s, snapshot_row(s, i)->name, "state").text, "connecting") != 0;
        if (settled || g_get_monotonic_time() > end)
            return s;
        harness_result_clear(r);
    }
}

static void a_host_that_fails_costs_its_own_row_only(void)
{
    struct lab lab;
    if (!lab_open(&lab))
        return;
    struct harness h;
    struct harness_result r = {0};
    int port = server_start(&lab, "host_ed25519", ""), closed;
    close(listen_somewhere(&closed));
    know(&lab, "host_ed25519", port);
    host(&lab, "up", port, "");
    host(&lab, "down", closed, "");
    host(&lab, "stranger", port, "HostKeyAlias stranger");
    open_lab(&h, &lab, "up, down, stranger, local", ", roles: {db: [\"u*\"]}");
    const struct snapshot *s = fetch_settled(&h, &r);
    g_assert_cmpuint(snapshot_count(s), ==, 4);
    g_assert_cmpstr(harness_cell(s, "up", "state").text, ==, "up");
    g_assert_cmpstr(harness_cell(s, "up", "roles").text, ==, "db");
    g_assert_cmpstr(harness_cell(s, "local", "state").text, ==, "up");
    g_assert_cmpstr(harness_cell(s, "down", "state").text, ==, "unreachable");
    g_assert_true(is_absent(harness_cell(s, "down", "cpu"), ABSENT_FAILED));
    const struct row *down = snapshot_row(s, (size_t)snapshot_find(s, "down"));
    g_assert_cmpint(down->health, ==, HEALTH_UNKNOWN); /* it was never seen */
    g_assert_nonnull(strstr(down->error, "Connection refused"));
    const struct row *stranger = snapshot_row(s, (size_t)snapshot_find(s, "stranger"));
    g_assert_cmpstr(harness_cell(s, "stranger", "state").text, ==, "new key");
    g_assert_nonnull(strstr(stranger->why, "SHA256:"));
    g_assert_nonnull(strstr(stranger->why, "config stranger and accept it"));
    harness_result_clear(&r);
    harness_fetch(&h, "hosts.disks", "lab/hosts/down", &r);
    g_assert_error(r.error, WEIR_ERROR, WEIR_ERROR_TIMEOUT);
    harness_result_clear(&r);
    harness_close(&h);
    lab_close(&lab);
}

static void the_doctor_tells_how_far_each_host_came(void)
{
    struct lab lab;
    if (!lab_open(&lab))
        return;
    struct harness h;
    struct harness_result r = {0};
    int port = server_start(&lab, "host_ed25519", ""), closed;
    close(listen_somewhere(&closed));
    know(&lab, "host_ed25519", port);
    host(&lab, "up", port, "");
    host(&lab, "down", closed, "");
    open_lab(&h, &lab, "up, down", "");
    harness_check(&h, "lab", &r);
    g_assert_no_error(r.error);
    const struct snapshot *s = harness_snapshot(&r, kind_doctor.name);
    static const char *const rows[] = {"ssh library", "up connection", "up host key", "up login",
        "up shell", "up probe", "down connecting"};
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(snapshot_find(s, rows[i]), >=, 0);
    g_assert_cmpint(
        snapshot_row(s, (size_t)snapshot_find(s, "down connecting"))->health, ==, HEALTH_WARN);
    g_assert_cmpint(snapshot_find(s, "down probe"), ==, -1);
    harness_result_clear(&r);
    harness_close(&h);
    lab_close(&lab);
}

/* -- over time ----------------------------------------------------------------------------------- */

/* Stops or continues every process below an sshd: its sessions freeze, its port stays open. */
static void signal_sessions(GPid server, int sign)
{
    DIR *proc = opendir("/proc");
    g_assert_nonnull(proc);
    const struct dirent *entry;
    while ((entry = readdir(proc))) {
        int pid = (int)g_ascii_strtoll(entry->d_name, NULL, 10);
        g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);
        g_autofree char *text = NULL;
        if (pid <= 0 || !g_file_get_contents(path, &text, NULL, NULL))
            continue;
        int parent = (int)g_ascii_strtoll(strrchr(text, ')') + 4, NULL, 10);
        if (parent == server)
            kill(pid, sign);
    }
    closedir(proc);
}

/* Waits for a snapshot of hosts in which the host's state is this; NULL after HARNESS_WAIT_MS. */
static const struct snapshot *await_state(struct harness *h, const char *host, const char *state)
{
    gint64 end = g_get_monotonic_time() + HARNESS_WAIT_MS * 1000LL;
    while (g_get_monotonic_time() < end) {
        g_autoptr(GPtrArray) all = engine_wait(h->engine, 1000);
        for (guint i = 0; i < all->len; i++) {
            struct mail *m = g_ptr_array_index(all, i);
            if (m->type != MAIL_SNAPSHOT || strcmp(snapshot_kind(m->snapshot)->name, "hosts") != 0)
                continue;
            if (strcmp(harness_cell(m->snapshot, host, "state").text, state) == 0)
                return snapshot_ref(m->snapshot);
        }
    }
    return NULL;
}

/* The harness fetches once; this polls as the console does. */
static void poll_on(struct harness *h)
{
    engine_free(h->engine);
    h->engine = engine_new(config_environment(h->config));
    engine_start(h->engine, environment_source_at(config_environment(h->config), 0), false);
}

static void a_host_that_freezes_keeps_its_cells_and_its_age_and_comes_back(void)
{
    struct lab lab;
    if (!lab_open(&lab))
        return;
    struct harness h;
    int port = server_start(&lab, "host_ed25519", "");
    know(&lab, "host_ed25519", port);
    host(&lab, "frozen", port, "");
    open_lab(&h, &lab, "frozen, local", ", every: 1s");
    poll_on(&h);
    const struct snapshot *up = await_state(&h, "frozen", "up");
    g_assert_nonnull(up);
    int64_t seen_ms = snapshot_row(up, 0)->at_ms;
    snapshot_unref(up);
    signal_sessions(lab.servers[0], SIGSTOP);
    const struct snapshot *late = await_state(&h, "frozen", "late");
    g_assert_nonnull(late);
    g_assert_cmpint(snapshot_row(late, 0)->health, ==, HEALTH_UNKNOWN);
    snapshot_unref(late);
    const struct snapshot *gone = await_state(&h, "frozen", "unreachable");
    g_assert_nonnull(gone);
    const struct row *row = snapshot_row(gone, 0);
    g_assert_cmpint(row->health, ==, HEALTH_FAIL);
    g_assert_nonnull(strstr(row->why, "unreachable since "));
    g_assert_nonnull(strstr(row->why, "3 polls"));
    g_assert_cmpint(harness_cell(gone, "frozen", "cpus").i, >, 0); /* what was */
    g_assert_cmpint(snapshot_at(gone) - row->at_ms, >=, 2000);
    g_assert_cmpint(row->at_ms, >=, seen_ms);
    g_assert_cmpstr(harness_cell(gone, "local", "state").text, ==, "up");
    g_assert_cmpint(snapshot_at(gone) - snapshot_row(gone, 1)->at_ms, <, 5000);
    snapshot_unref(gone);
    signal_sessions(lab.servers[0], SIGCONT);
    const struct snapshot *back = await_state(&h, "frozen", "up");
    g_assert_nonnull(back);
    g_assert_cmpint(snapshot_row(back, 0)->health, !=, HEALTH_FAIL);
    snapshot_unref(back);
    harness_close(&h);
    lab_close(&lab);
}

static void a_connection_that_ends_is_made_again(void)
{
    struct lab lab;
    if (!lab_open(&lab))
        return;
    struct harness h;
    int port = server_start(&lab, "host_ed25519", "");
    know(&lab, "host_ed25519", port);
    host(&lab, "db", port, "");
    open_lab(&h, &lab, "db", ", every: 1s");
    poll_on(&h);
    snapshot_unref(await_state(&h, "db", "up"));
    signal_sessions(lab.servers[0], SIGKILL);
    const struct snapshot *late = await_state(&h, "db", "late");
    g_assert_nonnull(late);
    g_assert_nonnull(strstr(snapshot_row(late, 0)->why, "no answer since"));
    snapshot_unref(late);
    const struct snapshot *back = await_state(&h, "db", "up");
    g_assert_nonnull(back);
    snapshot_unref(back);
    harness_close(&h);
    lab_close(&lab);
}

static void a_key_that_the_user_accepts_is_noticed(void)
{
    struct lab lab;
    if (!lab_open(&lab))
        return;
    struct harness h;
    int port = server_start(&lab, "host_ed25519", "");
    write_file(&lab, "known_hosts", "");
    host(&lab, "db", port, "");
    open_lab(&h, &lab, "db", ", every: 1s");
    poll_on(&h);
    const struct snapshot *stranger = await_state(&h, "db", "new key");
    g_assert_nonnull(stranger);
    g_assert_cmpint(snapshot_row(stranger, 0)->health, ==, HEALTH_UNKNOWN);
    snapshot_unref(stranger);
    know(&lab, "host_ed25519", port); /* as `ssh db` and a yes would */
    const struct snapshot *up = await_state(&h, "db", "up");
    g_assert_nonnull(up);
    snapshot_unref(up);
    harness_close(&h);
    lab_close(&lab);
}

/* -- the log of requests ------------------------------------------------------------------------- */

static const struct request *newest_request(struct harness *h, const char *source)
{
    const struct source *s = harness_source(h, source);
    AUTO(rid) scope = rid_source(source);
    const struct request *r =
        engine_find_request(h->engine, s, &source_connector(s)->feeds[0], scope);
    g_assert_nonnull(r);
    g_assert_cmpstr(r->method, ==, "SHELL");
    return r;
}

static void what_a_host_was_asked_is_in_the_log(void)
{
    struct harness h;
    struct harness_result r = {0};
    open_local(&h);
    harness_fetch(&h, "hosts", "here", &r);
    const struct request *q = newest_request(&h, "here");
    g_assert_cmpstr(q->target, ==, "local: probe");
    g_assert_cmpstr(q->status, ==, "ok");
    g_assert_cmpint(q->bytes_in, >, 100);
    g_assert_cmpint(q->took_ms, >=, 0);
    request_unref(q);
    harness_result_clear(&r);
    harness_close(&h);
}

static void a_host_that_cannot_be_reached_is_in_the_log_with_the_reason(void)
{
    struct harness h;
    struct harness_result r = {0};
    harness_open(&h, connectors, "      c: {type: hosts, shell: {bad: [sh, -c, exit 7]}}\n");
    harness_fetch(&h, "hosts", "c", &r);
    const struct request *q = newest_request(&h, "c");
    g_assert_true(g_str_has_prefix(q->target, "bad: "));
    g_assert_cmpstr(q->status, !=, "ok");
    g_assert_nonnull(strstr(q->why, "7"));
    request_unref(q);
    harness_result_clear(&r);
    harness_close(&h);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ssh_init();
#define TEST(name) g_test_add_func("/hosts_source/" #name, name)
    TEST(this_machine_is_read_with_rates_in_one_go);
    TEST(its_filesystems_are_those_of_statvfs);
    TEST(its_processes_are_those_of_proc);
    TEST(one_host_is_shown_whole);
    TEST(a_host_that_is_not_configured_is_not_found);
    TEST(a_name_that_makes_no_sense_is_a_fault_of_the_configuration);
    TEST(a_command_that_makes_no_sense_is_told_where_it_stands);
    TEST(hosts_are_reached_by_the_commands_of_the_configuration);
    TEST(the_doctor_tells_of_commands);
    TEST(what_a_host_was_asked_is_in_the_log);
    TEST(a_host_that_cannot_be_reached_is_in_the_log_with_the_reason);
    TEST(a_host_that_fails_costs_its_own_row_only);
    TEST(the_doctor_tells_how_far_each_host_came);
    TEST(a_host_that_freezes_keeps_its_cells_and_its_age_and_comes_back);
    TEST(a_connection_that_ends_is_made_again);
    TEST(a_key_that_the_user_accepts_is_noticed);
    return g_test_run();
}
