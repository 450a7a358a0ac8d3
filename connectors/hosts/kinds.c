/* The tables of the hosts connector: what its kinds hold, what makes a row warn or fail, and what it
 * may be told in the configuration. */
#include "commands.h"
#include "hosts.h"
#include "names.h"

static const struct column host_columns[] = {
    [HOST_STATE] = {"state", "STATE", CELL_STATE, COLUMN_F_RECORD, 11, 0,
        "up, connecting, late (missed one poll or two), unreachable, denied, new key or key "
        "changed"},
    [HOST_OS] = {"os", "OS", CELL_TEXT, COLUMN_F_HIDDEN, 10, 2,
        "its distribution, from /etc/os-release"},
    [HOST_UPTIME] = {"uptime_ms", "UPTIME", CELL_SPAN_MS, 0, 7, 0, "since it was booted"},
    [HOST_LOAD1] = {"load1", "LOAD", CELL_REAL, COLUMN_F_RECORD, 5, 0,
        "load average of the last minute"},
    [HOST_CPUS] = {"cpus", "CPUS", CELL_INT, 0, 4, 0, "processors that are online"},
    [HOST_CPU] = {"cpu", "CPU", CELL_PERCENT, COLUMN_F_RECORD, 5, 0,
        "share of all processors that was busy since the poll before; waiting for disks is not "
        "busy"},
    [HOST_IOWAIT] = {"iowait", "IOWAIT", CELL_PERCENT, COLUMN_F_RECORD, 6, 0,
        "share of all processors that was idle while a disk was waited for"},
    [HOST_MEMORY] = {"memory", "MEM", CELL_PERCENT, COLUMN_F_RECORD, 5, 0,
        "memory that is not available to programs (MemTotal less MemAvailable)"},
    [HOST_SWAP] = {"swap", "SWAP", CELL_PERCENT, COLUMN_F_RECORD, 5, 0,
        "swap in use; absent where there is none"},
    [HOST_DISK] = {"disk", "DISK", CELL_PERCENT, COLUMN_F_RECORD, 5, 0,
        "the fullest file system that holds data, as df counts (of what users may use)"},
    [HOST_DISK_MOUNT] = {"disk_mount", "FULLEST", CELL_TEXT, 0, 8, 2, "where that one is mounted"},
    [HOST_NET_IN] = {"net_in_bytes_per_s", "NET IN/S", CELL_REAL, COLUMN_F_RECORD, 8, 0,
        "bytes received per second, all interfaces but loopback and those whose bytes another one "
        "carries again (veth, bridges, bonds, VLANs)"},
    [HOST_NET_OUT] = {"net_out_bytes_per_s", "NET OUT/S", CELL_REAL, COLUMN_F_RECORD, 9, 0,
        "bytes sent per second, counted alike"},
    [HOST_FAILED_UNITS] = {"failed_units", "FAILED", CELL_INT, COLUMN_F_RECORD, 6, 0,
        "systemd units that have failed; absent where there is no systemd"},
    [HOST_OOM_KILLS] = {"oom_kills", "OOM", CELL_INT, COLUMN_F_RECORD, 4, 0,
        "processes that the kernel killed for want of memory since the poll before"},
    [HOST_CLOCK_SKEW] = {"clock_skew_ms", "CLOCK", CELL_SPAN_MS, COLUMN_F_RECORD, 7, 0,
        "its clock less ours, in the middle of the round trip; wrong by at most half of it"},
    [HOST_LATENCY] = {"latency_ms", "LATENCY", CELL_SPAN_MS, COLUMN_F_RECORD, 7, 0,
        "from asking the probe to its first words"},
    [HOST_ROLES] = {"roles", "ROLES", CELL_TEXT, COLUMN_F_HIDDEN, 8, 1,
        "as the configuration says"},
    [HOST_KERNEL] = {"kernel", "KERNEL", CELL_TEXT, COLUMN_F_HIDDEN, 12, 1, "uname -srm"},
    [HOST_LOAD_PER_CPU] = {"load_per_cpu", "LOAD/CPU", CELL_REAL, COLUMN_F_HIDDEN, 8, 0,
        "load average of the last minute per processor"},
    [HOST_CLOCK_OFF] = {"clock_off_ms", "CLOCK OFF", CELL_SPAN_MS, COLUMN_F_HIDDEN, 9, 0,
        "how far its clock is off at least, either way"},
    [HOST_UNITS] = {"units", "FAILED UNITS", CELL_TEXT, COLUMN_F_HIDDEN, 12, 2,
        "names of the units that have failed"},
    [HOST_TRANSPORT] = {"transport", "TRANSPORT", CELL_TEXT, COLUMN_F_HIDDEN, 9, 0,
        "local, libssh2, ssh (the system's) or command; `weir show` says why, or which"},
    [HOST_SINCE] = {"since", "SINCE", CELL_TIME_MS, COLUMN_F_HIDDEN | COLUMN_F_AGE, 5, 0,
        "of the first poll that it missed"},
    [HOST_MISSED] = {"missed_polls", "MISSED", CELL_INT, COLUMN_F_HIDDEN, 6, 0,
        "polls in a row that it did not answer"},
    {0},
};

static const struct link host_links[] = {
    {"enter", "processes", "hosts.processes"},
    {"f", "filesystems", "hosts.disks"},
    {"d", "detail", "@detail"},
    {0},
};

/* Connections that fail are judged in rows.c, which knows how many polls were missed. */
static const struct health_rule host_health[] = {
    {"oom_kills>0", HEALTH_FAIL, "the kernel killed {oom_kills} process(es) for want of memory"},
    {"disk>@disk_fail", HEALTH_FAIL, "{disk_mount} is {disk} full"},
    {"failed_units>0", HEALTH_FAIL, "{failed_units} unit(s) failed: {units}"},
    {"disk>@disk_warn", HEALTH_WARN, "{disk_mount} is {disk} full"},
    {"memory>@memory_warn", HEALTH_WARN, "{memory} of its memory is in use"},
    {"load_per_cpu>@load_warn", HEALTH_WARN, "load {load1} on {cpus} CPU(s)"},
    {"clock_off_ms>@clock_warn", HEALTH_WARN, "its clock is off by {clock_skew_ms}"},
    {0},
};

const struct kind hosts_kind = {
    .name = "hosts",
    .aliases = "host h",
    .title = "HOST",
    .help = "the machines of the platform, read by a probe over ssh",
    .shape = SHAPE_TABLE,
    .columns = host_columns,
    .sort = "name",
    .links = host_links,
    .feed = "probe",
    .health = host_health,
    .since = "since",
};

static const struct column disk_columns[] = {
    [DISK_MOUNT] = {"mount", "MOUNT", CELL_TEXT, COLUMN_F_HIDDEN, 8, 2, "where it is mounted"},
    [DISK_USED] = {"used", "USED", CELL_PERCENT, 0, 6, 0,
        "in use, of what users may use: what df rounds up to its Use%"},
    [DISK_FREE] = {"free_bytes", "FREE", CELL_BYTES, 0, 7, 0, "left to users"},
    [DISK_SIZE] = {"size_bytes", "SIZE", CELL_BYTES, 0, 7, 0, "of the file system"},
    [DISK_INODES] = {"inodes", "INODES", CELL_PERCENT, 0, 6, 0,
        "inodes in use; absent where the file system does not count them"},
    [DISK_TYPE] = {"type", "TYPE", CELL_TEXT, 0, 6, 0, "of the file system"},
    [DISK_DEVICE] = {"device", "DEVICE", CELL_TEXT, 0, 10, 2, "what is mounted there"},
    [DISK_READ_ONLY] = {"read_only", "RO", CELL_BOOL, COLUMN_F_HIDDEN, 3, 0,
        "nothing can be written: ext4 and others turn to it after an error"},
    [DISK_FULL_ETA] = {"full_eta_ms", "FULL IN", CELL_SPAN_MS, COLUMN_F_HIDDEN, 7, 0,
        "until it is full, at its present growth; not filled in by this version"},
    {0},
};

static const struct health_rule disk_health[] = {
    {"used>@disk_fail", HEALTH_FAIL, "{used} full, {free_bytes} left"},
    {"inodes>@disk_fail", HEALTH_FAIL, "{inodes} of its inodes are in use"},
    {"used>@disk_warn", HEALTH_WARN, "{used} full, {free_bytes} left"},
    {"inodes>@disk_warn", HEALTH_WARN, "{inodes} of its inodes are in use"},
    {"read_only=yes", HEALTH_WARN, "it is mounted read-only"},
    {0},
};

const struct kind hosts_disks_kind = {
    .name = "hosts.disks",
    .aliases = "disk df",
    .title = "MOUNT",
    .help = "the file systems of one host that hold data, each device once",
    .shape = SHAPE_TABLE,
    .scope = "hosts",
    .columns = disk_columns,
    .sort = "-used,name",
    .feed = "probe",
    .health = disk_health,
};

static const struct column task_columns[] = {
    [TASK_PID] = {"pid", "PID", CELL_INT, COLUMN_F_EXACT, 7, 0, "process id"},
    [TASK_COMMAND] = {"command", "COMMAND", CELL_TEXT, 0, 16, 4,
        "the name it gives itself, at most 15 bytes: any user chooses his own"},
    [TASK_CPU] = {"cpu", "CPU", CELL_PERCENT, 0, 6, 0,
        "share of all processors of the host since the poll before"},
    [TASK_CORES] = {"cores", "CORES", CELL_REAL, 0, 6, 0,
        "processors that it kept busy: 1 is one of them, all the time"},
    [TASK_MEMORY] = {"memory_bytes", "MEMORY", CELL_BYTES, 0, 7, 0, "resident memory"},
    [TASK_THREADS] = {"threads", "THREADS", CELL_INT, 0, 7, 0, "threads"},
    [TASK_FDS] = {"fds", "FDS", CELL_INT, 0, 6, 0,
        "open files; denied where the process is another user's"},
    {0},
};

const struct kind hosts_processes_kind = {
    .name = "hosts.processes",
    .aliases = "process ps",
    .title = "PID",
    .nameless = true,
    .help = "the processes of one host, without the kernel's own",
    .shape = SHAPE_TABLE,
    .scope = "hosts",
    .columns = task_columns,
    .sort = "-cores,-memory_bytes,pid",
    .feed = "probe",
};

static const struct option options[] = {
    {"hosts", OPTION_LIST, 0, NULL,
        "ssh names, brackets count: [\"dp-w[01-40]\", dp-b1, local]; local is this machine, "
        "without ssh"},
    {"roles", OPTION_LISTS, 0, NULL, "what hosts are for: {kafka: [\"dp-b*\"]}"},
    {"ssh_config", OPTION_FILE, 0, NULL, "read by ssh instead of ~/.ssh/config (ssh -F)"},
    {"shell", OPTION_LISTS, 0, NULL,
        "hosts that are reached by a command which gives a shell, instead of ssh: {app-1: [docker, "
        "exec, -i, app-1, sh]}; a pattern is for names in hosts, \"{host}\" stands for the name: "
        "{\"app-*\": [docker, exec, -i, \"{host}\", sh]}"},
    {0},
};

static const struct option thresholds[] = {
    {"disk_warn", OPTION_NUMBER, 0, "85", "percent of a file system in use from which it warns"},
    {"disk_fail", OPTION_NUMBER, 0, "95", "... and from which it fails"},
    {"memory_warn", OPTION_NUMBER, 0, "90", "percent of a host's memory in use"},
    {"load_warn", OPTION_NUMBER, 0, "4", "load average per processor"},
    {"clock_warn", OPTION_SPAN, 0, "1s", "how far a host's clock may be off"},
    {0},
};

static const struct kind *const kinds[] = {
    &hosts_kind, &hosts_disks_kind, &hosts_processes_kind, NULL};
static const char *const feed_kinds[] = {"hosts", "hosts.disks", "hosts.processes", NULL};

/* held: a drill-down shows what the poll has, and asks over the connection that is open. */
static const struct feed feeds[] = {
    {
        .name = "probe",
        .poll_ms = 5000,
        .when = FEED_ALWAYS,
        .held = true,
        .kinds = feed_kinds,
        .fetch = hosts_fetch,
    },
    {0},
};

static const struct request_rule reads[] = {
    {"SHELL", probe_lean},
    {"SHELL", probe_portable},
    {"SHELL", PROBE_RULE},
    {0},
};

/* -- a lane's hosts ------------------------------------------------------------------------------ */

static char *roles_of(const struct source *source, const char *host)
{
    g_autoptr(GString) roles = g_string_new(NULL);
    for (const char *const *role = source_map_keys(source, "roles"); *role; role++)
        if (names_match(host, source_map_list(source, "roles", *role)))
            g_string_append_printf(roles, "%s%s", roles->len ? ", " : "", *role);
    return roles->len ? g_strdup(roles->str) : NULL;
}

/* Talks to nobody: connections are made by the first poll. */
static bool open_hosts(struct lane *l, GError **error)
{
    const struct source *source = lane_source(l);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    if (!commands_hosts(source, names, error))
        return false;
    struct hosts *all = g_new0(struct hosts, 1);
    all->lane = l;
    all->shells = shell_set_new(source_connector(source), source_text(source, "ssh_config"));
    shell_set_lane(all->shells, l);
    all->all = g_ptr_array_new_with_free_func(host_free);
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        struct shell *shell = shell_add(all->shells, name);
        g_auto(GStrv) command = commands_for(source, name);
        if (command)
            shell_set_command(shell, (const char *const *)command);
        g_ptr_array_add(all->all, host_new(name, roles_of(source, name), shell));
    }
    lane_set_data(l, all);
    return true;
}

static void close_hosts(struct lane *l)
{
    struct hosts *all = lane_data(l);
    if (!all)
        return;
    shell_set_free(all->shells);
    g_ptr_array_unref(all->all);
    g_free(all);
    lane_set_data(l, NULL);
}

extern const struct connector hosts_connector;
const struct connector hosts_connector = {
    .name = "hosts",
    .title = "Hosts",
    .help =
        "Linux machines over ssh (libssh2, or the system's ssh), any command that gives a shell, "
        "and this one; a probe of shell and awk, nothing is installed; run against Debian 12 "
        "and busybox",
    .options = options,
    .check_options = commands_check,
    .thresholds = thresholds,
    .kinds = kinds,
    .feeds = feeds,
    .reads = reads,
    .timeout_ms = 20000,
    .open = open_hosts,
    .close = close_hosts,
    .show = hosts_show,
    .check = hosts_check,
};
CONNECTOR(hosts);
