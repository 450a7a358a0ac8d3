/* What is held, as rows. A host that does not answer keeps its old cells, their age and the reason; one
 * that never has answered has none. */
#include "hosts.h"
#include "quantity.h"
#include "rid.h"

/* A number that is -1 when it is not known. */
static void set_real(struct snapshot *s, size_t row, int column, double value, enum absent why)
{
    if (value >= 0)
        snapshot_set_real(s, row, column, value);
    else
        snapshot_set_absent(s, row, column, why);
}

static double share(int64_t part, int64_t whole)
{
    return part >= 0 && whole > 0 ? CLAMP(100.0 * (double)part / (double)whole, 0, 100) : -1;
}

static double memory_percent(const struct sample *n)
{
    return n->memory_available >= 0 ? share(n->memory - n->memory_available, n->memory) : -1;
}

/* -- hosts --------------------------------------------------------------------------------------- */

static void set_load(struct snapshot *s, size_t row, const struct sample *n)
{
    set_real(s, row, HOST_LOAD1, n->load[0], ABSENT_NO_VALUE);
    snapshot_set_optional_int(s, row, HOST_CPUS, n->cpus > 0 ? n->cpus : -1, ABSENT_NO_VALUE);
    set_real(s, row, HOST_LOAD_PER_CPU, n->load[0] >= 0 && n->cpus > 0 ? n->load[0] / n->cpus : -1,
        ABSENT_NO_VALUE);
}

/* Rates need two samples: until then they were not asked for. */
static void set_rates(struct snapshot *s, size_t row, const struct host *h)
{
    enum absent why = h->before ? ABSENT_NO_VALUE : ABSENT_NOT_ASKED;
    set_real(s, row, HOST_CPU, h->rates.cpu, why);
    set_real(s, row, HOST_IOWAIT, h->rates.iowait, why);
    set_real(s, row, HOST_NET_IN, h->rates.net_in, why);
    set_real(s, row, HOST_NET_OUT, h->rates.net_out, why);
    snapshot_set_optional_int(s, row, HOST_OOM_KILLS, h->rates.oom_kills, why);
}

static void set_disk(struct snapshot *s, size_t row, const struct sample *n)
{
    g_autoptr(GPtrArray) disks = sample_real_disks(n);
    const struct sample_disk *d = disks->len > 0 ? g_ptr_array_index(disks, 0) : NULL;
    double percent = d ? sample_disk_percent(d) : -1;
    enum absent why = n->disks_status > 0 && n->disks->len == 0 ? ABSENT_FAILED : ABSENT_NO_VALUE;
    set_real(s, row, HOST_DISK, percent, why);
    if (percent >= 0)
        snapshot_set_text(s, row, HOST_DISK_MOUNT, d->mount);
    else
        snapshot_set_absent(s, row, HOST_DISK_MOUNT, why);
}

static void set_units(struct snapshot *s, size_t row, const struct sample *n)
{
    static const enum absent reasons[] = {
        [UNITS_NOT_ASKED] = ABSENT_NOT_ASKED,
        [UNITS_NO_SYSTEMD] = ABSENT_NO_VALUE,
        [UNITS_FAILED] = ABSENT_FAILED,
    };
    if (n->units != UNITS_KNOWN) {
        snapshot_set_absent(s, row, HOST_FAILED_UNITS, reasons[n->units]);
        snapshot_set_absent(s, row, HOST_UNITS, reasons[n->units]);
        return;
    }
    snapshot_set_int(s, row, HOST_FAILED_UNITS, n->failed_units->len);
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < n->failed_units->len && i < 8; i++)
        g_string_append_printf(
            names, "%s%s", i ? ", " : "", (const char *)g_ptr_array_index(n->failed_units, i));
    if (n->failed_units->len > 8)
        g_string_append_printf(names, " and %u more", n->failed_units->len - 8);
    snapshot_set_optional_text(s, row, HOST_UNITS, names->str);
}

static void set_clock(struct snapshot *s, size_t row, const struct host *h)
{
    snapshot_set_optional_int(s, row, HOST_LATENCY, h->latency_ms, ABSENT_NO_VALUE);
    if (!h->has_skew) {
        snapshot_set_absent(s, row, HOST_CLOCK_SKEW, ABSENT_NO_VALUE);
        snapshot_set_absent(s, row, HOST_CLOCK_OFF, ABSENT_NO_VALUE);
        return;
    }
    snapshot_set_int(s, row, HOST_CLOCK_SKEW, h->skew_ms);
    /* Half of the round trip is what the middle may be wrong by: no alarm for that. */
    int64_t off = h->skew_ms < 0 ? -h->skew_ms : h->skew_ms;
    snapshot_set_int(
        s, row, HOST_CLOCK_OFF, MAX(off - h->latency_ms / 2 - (h->skew_coarse ? 500 : 0), 0));
    if (h->skew_coarse)
        snapshot_set_quality(s, row, HOST_CLOCK_SKEW, ESTIMATE);
}

static void set_cells(struct snapshot *s, size_t row, const struct host *h)
{
    const struct sample *n = h->now;
    snapshot_set_optional_text(s, row, HOST_OS, n->os);
    snapshot_set_optional_text(s, row, HOST_KERNEL, n->kernel);
    snapshot_set_int(s, row, HOST_UPTIME, (int64_t)(n->uptime_s * 1000));
    set_load(s, row, n);
    set_rates(s, row, h);
    set_real(s, row, HOST_MEMORY, memory_percent(n), ABSENT_NO_VALUE);
    set_real(s, row, HOST_SWAP, n->swap_free >= 0 ? share(n->swap - n->swap_free, n->swap) : -1,
        ABSENT_NO_VALUE);
    set_disk(s, row, n);
    set_units(s, row, n);
    set_clock(s, row, h);
    snapshot_set_at(s, row, h->at_ms);
}

static void set_nothing(struct snapshot *s, size_t row, const struct host *h)
{
    enum absent why = h->trouble == TROUBLE_NONE     ? ABSENT_NOT_ASKED
                      : h->trouble == TROUBLE_DENIED ? ABSENT_DENIED
                                                     : ABSENT_FAILED;
    for (int column = HOST_OS; column < HOST_COLUMNS; column++)
        snapshot_set_absent(s, row, column, why);
}

/* A host that cannot be seen is unknown; one that could be and has missed three polls has failed, and
 * so has one whose key is not the one that is known. What answers is judged by the kind's rules. */
static void judge(struct snapshot *s, size_t row, const struct host *h, int64_t now_ms)
{
    if (h->missed == 0 && h->trouble == TROUBLE_NONE) {
        snapshot_set_phase(s, row, h->at_ms ? PHASE_RUN : PHASE_WAIT);
        if (!h->at_ms)
            snapshot_set_health(s, row, HEALTH_UNKNOWN, "no answer yet");
        return;
    }
    const char *error = h->error ? h->error : "no answer yet";
    bool changed = h->trouble == TROUBLE_CHANGED;
    bool gone = h->at_ms > 0 && h->missed >= HOSTS_MISSED_FAIL;
    g_autoptr(GString) why = g_string_new(NULL);
    if (h->at_ms > 0 && h->missed > 0) {
        g_string_append(why, gone ? "unreachable since " : "no answer since ");
        quantity_append_time(why, h->since_ms, now_ms);
        g_string_append_printf(why, ", %u poll%s: ", h->missed, h->missed == 1 ? "" : "s");
    }
    g_string_append(why, error);
    snapshot_set_phase(s, row, h->trouble == TROUBLE_NONE && !h->at_ms ? PHASE_WAIT : PHASE_RUN);
    snapshot_set_health(s, row, changed || gone ? HEALTH_FAIL : HEALTH_UNKNOWN, why->str);
    snapshot_set_error(s, row, error);
}

static void add_host(const struct host *h, struct snapshot *s)
{
    size_t row = snapshot_add(s, h->name);
    if (h->now)
        set_cells(s, row, h);
    else
        set_nothing(s, row, h);
    snapshot_set_text(s, row, HOST_STATE, host_state(h));
    snapshot_set_optional_text(s, row, HOST_ROLES, h->roles);
    snapshot_set_optional_text(s, row, HOST_TRANSPORT, shell_facts(h->shell)->transport);
    snapshot_set_int(s, row, HOST_MISSED, h->missed);
    if (h->since_ms > 0)
        snapshot_set_int(s, row, HOST_SINCE, h->since_ms);
    else
        snapshot_set_absent(s, row, HOST_SINCE, ABSENT_NO_VALUE);
    judge(s, row, h, snapshot_at(s));
}

void rows_hosts(const struct hosts *all, struct snapshot *s)
{
    for (guint i = 0; i < all->all->len; i++)
        add_host(g_ptr_array_index(all->all, i), s);
}

/* -- one host's disks and processes -------------------------------------------------------------- */

/* Rows of a host that does not answer say so, one by one. */
static void set_age(struct snapshot *s, size_t row, const struct host *h, int64_t at_ms)
{
    snapshot_set_at(s, row, at_ms);
    if (h->missed == 0)
        return;
    snapshot_set_error(s, row, h->error ? h->error : "its host does not answer");
    snapshot_set_health(s, row, HEALTH_UNKNOWN, "its host does not answer: this is what was");
}

void rows_disks(const struct host *h, struct snapshot *s)
{
    g_autoptr(GPtrArray) disks = sample_real_disks(h->now);
    for (guint i = 0; i < disks->len; i++) {
        const struct sample_disk *d = g_ptr_array_index(disks, i);
        size_t row = snapshot_add(s, d->mount);
        snapshot_set_text(s, row, DISK_MOUNT, d->mount);
        set_real(s, row, DISK_USED, sample_disk_percent(d), ABSENT_NO_VALUE);
        snapshot_set_int(s, row, DISK_FREE, d->available * 1024);
        snapshot_set_int(s, row, DISK_SIZE, d->size * 1024);
        set_real(s, row, DISK_INODES, sample_inode_percent(d), ABSENT_NO_VALUE);
        snapshot_set_optional_text(s, row, DISK_TYPE, d->type);
        snapshot_set_optional_text(s, row, DISK_DEVICE, d->source);
        snapshot_set_bool(s, row, DISK_READ_ONLY, d->read_only);
        snapshot_set_phase(s, row, PHASE_RUN);
        set_age(s, row, h, h->at_ms);
    }
    if (h->now->disks_status > 0)
        snapshot_set_incomplete(s, "df could not read every file system within 3 s");
    if (h->now->cut)
        snapshot_set_incomplete(s, "the probe's lists were cut at their caps");
}

void rows_processes(const struct host *h, struct snapshot *s)
{
    const struct sample *n = h->full;
    g_autofree double *cores = rates_of_tasks(h->full_before, n);
    enum absent why = h->full_before ? ABSENT_NO_VALUE : ABSENT_NOT_ASKED;
    for (guint i = 0; i < n->tasks->len; i++) {
        const struct sample_task *t = g_ptr_array_index(n->tasks, i);
        char key[24];
        g_snprintf(key, sizeof key, "%" G_GINT64_FORMAT, t->pid);
        size_t row = snapshot_add(s, key);
        snapshot_set_int(s, row, TASK_PID, t->pid);
        snapshot_set_text(s, row, TASK_COMMAND, t->command);
        set_real(s, row, TASK_CORES, cores[i], why);
        set_real(s, row, TASK_CPU,
            cores[i] >= 0 && n->cpus > 0 ? MIN(100 * cores[i] / n->cpus, 100) : -1, why);
        snapshot_set_optional_int(
            s, row, TASK_MEMORY, n->page_bytes ? t->pages * n->page_bytes : -1, ABSENT_NO_VALUE);
        snapshot_set_int(s, row, TASK_THREADS, t->threads);
        snapshot_set_optional_int(s, row, TASK_FDS, t->fds, ABSENT_DENIED);
        snapshot_set_phase(s, row, PHASE_RUN);
        set_age(s, row, h, h->full_at_ms);
    }
    if (n->cut)
        snapshot_set_incomplete(s, "the probe's lists were cut at their caps");
}
