#include "machines.h"

#include <math.h>
#include <string.h>

#include "error.h"

#define TICKS_PER_S  100
#define MEMORY_KIB   (INT64_C(64) * 1024 * 1024)
#define DISK_KIB     (INT64_C(1000) * 1024 * 1024)
#define CPUS_DEFAULT 16

static const struct {
    const char *prefix, *role;
    int count;
    double load, memory, disk;
} story[] = {
    {"dp-b", "kafka", 3, 3.2, 0.62, 0.71},
    {"dp-w", "work", 12, 6.5, 0.55, 0.48},
    {"dp-t", "trino", 6, 8.1, 0.74, 0.35},
    {"dp-a", "airflow", 2, 2.4, 0.50, 0.42},
};

static const struct {
    const char *role, *commands;
} programs[] = {
    {"kafka", "java kafka-exporter"},
    {"work", "java python3 consumer"},
    {"trino", "java"},
    {"airflow", "airflow postgres gunicorn"},
};

struct machines {
    GPtrArray *all; /* struct machine */
    GHashTable *by_name;
};

static void machine_free(gpointer data)
{
    struct machine *m = data;
    g_free(m->name);
    g_free(m->failed_unit);
    g_free(m);
}

static void add(const struct world *w, struct machines *all, char *take_name, const char *role,
    double load, double memory, double disk)
{
    struct machine *m = g_new0(struct machine, 1);
    guint64 n = all->all->len;
    double uptime_s = world_between(w, "uptime", n, 2e5, 9e6);
    *m = (struct machine){
        .name = take_name,
        .role = role,
        .cpus = CPUS_DEFAULT,
        .load = load * world_between(w, "load", n, 0.6, 1.4),
        .memory_share = memory * world_between(w, "memory", n, 0.9, 1.1),
        .disk_share = disk * world_between(w, "disk", n, 0.8, 1.05),
        .boot_ms = w->now_ms - (int64_t)(uptime_s * 1000),
        .bytes_in = world_between(w, "in", n, 1e11, 9e12),
        .bytes_out = world_between(w, "out", n, 1e11, 9e12),
    };
    double ticks = uptime_s * m->cpus * TICKS_PER_S, busy = m->load / m->cpus;
    m->cpu_ticks = ticks;
    m->iowait_ticks = ticks * 0.01;
    m->idle_ticks = ticks * (1 - MIN(busy, 0.98));
    g_ptr_array_add(all->all, m);
    g_hash_table_insert(all->by_name, m->name, m);
}

struct machines *machines_new(const struct world *w)
{
    struct machines *all = g_new0(struct machines, 1);
    all->all = g_ptr_array_new_with_free_func(machine_free);
    all->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < G_N_ELEMENTS(story); i++)
        for (int n = 1; n <= story[i].count; n++)
            add(w, all, g_strdup_printf("%s%02d", story[i].prefix, n), story[i].role, story[i].load,
                story[i].memory, story[i].disk);
    for (int n = 1; (int)all->all->len < w->scale.hosts; n++)
        add(w, all, g_strdup_printf("dp-x%03d", n), "work", 4, 0.5, 0.4);
    return all;
}

void machines_free(struct machines *m)
{
    if (!m)
        return;
    g_hash_table_unref(m->by_name);
    g_ptr_array_unref(m->all);
    g_free(m);
}

guint machines_count(const struct machines *m)
{
    return m->all->len;
}

struct machine *machines_at(const struct machines *m, guint i)
{
    return g_ptr_array_index(m->all, i);
}

struct machine *machines_find(const struct machines *m, const char *name)
{
    return g_hash_table_lookup(m->by_name, name);
}

bool machines_is_up(const struct world *w, const char *name)
{
    const struct machine *m = machines_find(w->machines, name);
    return m && !m->down;
}

void machines_step(struct world *w)
{
    guint64 minute = (guint64)(w->now_ms / 60000);
    for (guint i = 0; i < w->machines->all->len; i++) {
        struct machine *m = machines_at(w->machines, i);
        double sway = 0.8 + 0.4 * world_chance(w, m->name, minute);
        double busy = MIN(m->load * sway / m->cpus, 0.99);
        m->cpu_ticks += m->cpus * TICKS_PER_S;
        m->idle_ticks += m->cpus * TICKS_PER_S * (1 - busy) * 0.97;
        m->iowait_ticks += m->cpus * TICKS_PER_S * (1 - busy) * 0.03;
        m->bytes_in += 4e6 * m->load * sway;
        m->bytes_out += 3e6 * m->load * sway;
        m->disk_share = MIN(m->disk_share + m->disk_per_s, 0.999);
    }
}

/* -- the probe ------------------------------------------------------------------------------------- */

static void add_kernel(const struct machine *m, GString *out, double uptime_s)
{
    double busy = MIN(m->load / m->cpus, 1);
    g_string_append_printf(out, "up\n%.2f %.2f\n%.2f %.2f %.2f 2/800 31337\n", uptime_s,
        uptime_s * m->cpus * (1 - busy), m->load, m->load * 0.97, m->load * 0.95);
}

static void add_counters(
    const struct world *w, const struct machine *m, const char *word, GString *out)
{
    int64_t available = (int64_t)((1 - MIN(m->memory_share, 0.995)) * (double)MEMORY_KIB);
    int64_t used = (int64_t)((m->cpu_ticks - m->idle_ticks - m->iowait_ticks));
    g_string_append_printf(out,
        "@@%s stat\ncpu  %" G_GINT64_FORMAT " 0 0 %.0f %.0f 0 0 0 0 0\nbtime %" G_GINT64_FORMAT
        "\ncpus %d\n",
        word, used, m->idle_ticks, m->iowait_ticks, m->boot_ms / 1000, m->cpus);
    g_string_append_printf(out,
        "@@%s mem\nMemTotal: %" G_GINT64_FORMAT " kB\nMemFree: %" G_GINT64_FORMAT
        " kB\nMemAvailable: %" G_GINT64_FORMAT
        " kB\nBuffers: 320760 kB\nCached: 7762844 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n"
        "SReclaimable: 389080 kB\n",
        word, MEMORY_KIB, available / 2, available);
    g_string_append_printf(out, "@@%s vm\noom_kill %" G_GINT64_FORMAT "\n", word, m->oom_kills);
    g_string_append_printf(out,
        "@@%s psi\ncpu some avg10=%.2f avg60=2.34 avg300=3.22 total=8657874781\n"
        "cpu full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
        "memory some avg10=0.00 avg60=0.00 avg300=0.00 total=6662669\n"
        "memory full avg10=0.00 avg60=0.00 avg300=0.00 total=4717302\n"
        "io some avg10=0.75 avg60=0.98 avg300=0.30 total=131122366\n"
        "io full avg10=0.45 avg60=0.98 avg300=0.30 total=26412839\n",
        word, MIN(m->load * 100 / m->cpus, 99) * 0.3);
    g_string_append_printf(out,
        "@@%s net\n  eth0: %.0f 150116 0 0 0 0 0 0 %.0f 93912 0 0 0 0 0 0\n", word, m->bytes_in,
        m->bytes_out);
    g_string_append_printf(out, "@@%s id\n%08x-5f06-476c-aec4-8f4f8ce99fc7\n%s\n@@%s ro\n", word,
        (unsigned)world_pick(w, m->name, (guint64)m->boot_ms, 0, G_MAXUINT32), m->name, word);
}

static void add_disks(const struct machine *m, const char *word, GString *out)
{
    int64_t data = (int64_t)(m->disk_share * (double)DISK_KIB);
    g_string_append_printf(out,
        "@@%s df\nd Filesystem Type 1K-blocks Used Avail Inodes IUsed Mounted on\n"
        "d /dev/nvme0n1p1 ext4 61845972 20615324 38056736 3932160 294120 /\n"
        "d /dev/nvme1n1 xfs %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
        " 524288000 81234 /data\n"
        "rc 0\n@@%s units\n",
        word, DISK_KIB, data, DISK_KIB - data, word);
    if (m->failed_unit)
        g_string_append_printf(out, "%s loaded failed failed\n", m->failed_unit);
    g_string_append(out, "rc 0\n");
}

static void add_processes(const struct machine *m, const char *word, GString *out)
{
    double share = m->cpu_ticks - m->idle_ticks - m->iowait_ticks;
    g_string_append_printf(out, "@@%s ps\n1 S 3772 12976 1 10 4493 systemd\n", word);
    g_string_append(out, "412 S 120 310 1 900 2100 sshd\n");
    for (guint i = 0; i < G_N_ELEMENTS(programs); i++) {
        if (!g_str_equal(programs[i].role, m->role))
            continue;
        g_auto(GStrv) names = g_strsplit(programs[i].commands, " ", -1);
        for (guint n = 0; names[n]; n++)
            g_string_append_printf(out, "%u S %.0f %.0f %d %u %.0f %s\n", 2001 + n,
                share * 0.7 / (1 << n), share * 0.1 / (1 << n), n ? 9 : 214, 5000 + n,
                m->memory_share * (double)MEMORY_KIB / 4 / (2 << n), names[n]);
    }
    g_string_append_printf(out, "@@%s fd\n1 273\n412 5\n2001 812\n2002 31\n2003 12\n", word);
}

void machines_probe(const struct world *w, const struct machine *m, const char *word, GString *out)
{
    int64_t real_us = g_get_real_time(); /* the plot's clock may run fast; a host's does not lie */
    g_string_append_printf(out,
        "@@%s head\ndate %" G_GINT64_FORMAT ".%06" G_GINT64_FORMAT
        "000\nkernel Linux 6.1.0-37-amd64 x86_64\npage 4096\ntick %d\n"
        "os \"Debian GNU/Linux 12 (bookworm)\"\n@@%s ",
        word, real_us / G_USEC_PER_SEC, real_us % G_USEC_PER_SEC, TICKS_PER_S, word);
    add_kernel(m, out, (double)(w->now_ms - m->boot_ms) / 1000);
    add_counters(w, m, word, out);
    add_disks(m, word, out);
    if (*word == 'p')
        add_processes(m, word, out);
    g_string_append_printf(out, "@@%s end\n", word);
}

/* -- what a plot may do ---------------------------------------------------------------------------- */

static struct machine *machine_of(const struct world *w, GHashTable *args)
{
    return machines_find(w->machines, g_hash_table_lookup(args, "host"));
}

static bool check_host(const struct world *w, GHashTable *args, GError **error)
{
    if (machine_of(w, args))
        return true;
    g_autoptr(GString) known = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(story); i++)
        g_string_append_printf(known, "%s%s01 to %s%02d (%s)", i ? ", " : "", story[i].prefix,
            story[i].prefix, story[i].count, story[i].role);
    return weir_fail(error, WEIR_ERROR_CONFIG, "there is no host \"%s\"; there are %s",
        (const char *)g_hash_table_lookup(args, "host"), known->str);
}

static bool check_load(const struct world *w, GHashTable *args, GError **error)
{
    const char *text = g_hash_table_lookup(args, "load");
    char *end = NULL;
    double load = g_ascii_strtod(text, &end);
    return check_host(w, args, error) &&
           ((end > text && !*end && load >= 0 && load < 1e4) ||
               weir_fail(error, WEIR_ERROR_CONFIG, "load is a number, not \"%s\"", text));
}

static void host_down(struct world *w, GHashTable *args)
{
    struct machine *m = machine_of(w, args);
    m->down = true;
    world_note(w, "hosts %s does not answer", m->name);
}

static void host_up(struct world *w, GHashTable *args)
{
    struct machine *m = machine_of(w, args);
    m->boot_ms = m->down ? w->now_ms : m->boot_ms;
    m->down = false;
    world_note(w, "hosts %s is up", m->name);
}

static void host_load(struct world *w, GHashTable *args)
{
    machine_of(w, args)->load = g_ascii_strtod(g_hash_table_lookup(args, "load"), NULL);
}

/* /data is full in about half an hour. */
static void disk_fills(struct world *w, GHashTable *args)
{
    struct machine *m = machine_of(w, args);
    m->disk_per_s = (1 - m->disk_share) / 1800;
    world_note(w, "hosts %s: /data fills", m->name);
}

static void unit_fails(struct world *w, GHashTable *args)
{
    struct machine *m = machine_of(w, args);
    g_free(m->failed_unit);
    m->failed_unit = g_strdup(g_hash_table_lookup(args, "unit"));
    world_note(w, "hosts %s: %s failed", m->name, m->failed_unit);
}

const struct verb machines_verbs[] = {
    {"host_down", "host", "a machine does not answer any more", check_host, host_down},
    {"host_up", "host", "a machine is there again, booted anew", check_host, host_up},
    {"host_load", "host load", "so many processes want to run there", check_load, host_load},
    {"disk_fills", "host", "/data is full in half an hour", check_host, disk_fills},
    {"unit_fails", "host unit", "a unit of systemd fails", check_host, unit_fails},
    {0},
};
