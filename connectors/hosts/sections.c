/* The sections of the probe's answer (probe.c): each function takes one line of its section, and returns
 * false when it makes no sense. Both scripts give the same sections, but for the disks ("df" with types,
 * or "dfk", "dfi" and "mounts") and the processes ("ps", or the kernel's own lines, "pstat"). */
#include "sample_private.h"

#include <string.h>

/* -- small readers ------------------------------------------------------------------------------- */

/* A whole number, not negative, of a sane size. */
static bool read_int(const char *text, int64_t *value)
{
    if (!g_ascii_isdigit(*text))
        return false;
    char *end;
    guint64 v = g_ascii_strtoull(text, &end, 10);
    if (*end || v > (guint64)SAMPLE_VALUE_MAX)
        return false;
    *value = (int64_t)v;
    return true;
}

static bool read_ints(char **fields, guint count, int64_t *values)
{
    for (guint i = 0; i < count; i++)
        if (!read_int(fields[i], &values[i]))
            return false;
    return true;
}

static bool read_real(const char *text, double *value)
{
    if (!g_ascii_isdigit(*text))
        return false;
    char *end;
    double v = g_ascii_strtod(text, &end);
    if (*end || !(v >= 0 && v < 1e15))
        return false;
    *value = v;
    return true;
}

static char *keep_text(const char *text)
{
    return g_strndup(text, strnlen(text, SAMPLE_TEXT_MAX));
}

static void set_text(char **where, const char *text)
{
    g_free(*where);
    *where = keep_text(text);
}

/* What follows after count fields of line. */
static const char *after_fields(const char *line, guint count)
{
    for (; count > 0; count--) {
        line += strspn(line, " \t");
        line += strcspn(line, " \t");
    }
    return line + strspn(line, " \t");
}

static bool is_full(struct parse *p, const GPtrArray *list, guint max)
{
    if (list->len < max)
        return false;
    p->s->cut = true;
    return true;
}

/* -- sections: each takes one line; false: it makes no sense ------------------------------------- */

/* "1718191919.123456789"; busybox's date has no nanoseconds and says "%N" or nothing. */
static bool take_date(struct sample *s, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ".", 2);
    int64_t seconds;
    if (!parts[0] || !read_int(parts[0], &seconds) || seconds > INT64_C(1000000000000))
        return false;
    s->date_ms = seconds * 1000;
    s->date_coarse = !parts[1] || !g_ascii_isdigit(parts[1][0]);
    int64_t fraction = 0;
    const char *digit = s->date_coarse ? "" : parts[1];
    for (int64_t unit = 100; unit > 0 && g_ascii_isdigit(*digit); unit /= 10)
        fraction += (*digit++ - '0') * unit;
    s->date_ms += fraction;
    return true;
}

static void take_os(struct sample *s, const char *text)
{
    g_autofree char *plain = keep_text(text);
    g_strdelimit(plain, "\"'", ' ');
    set_text(&s->os, g_strstrip(plain));
}

static bool take_head(struct parse *p, char **f, guint count, const char *line)
{
    struct sample *s = p->s;
    int64_t value;
    if (g_str_has_prefix(line, "PRETTY_NAME="))
        take_os(s, strchr(line, '=') + 1);
    else if (count < 2)
        return count == 0;
    else if (strcmp(f[0], "date") == 0)
        return take_date(s, f[1]);
    else if (strcmp(f[0], "kernel") == 0)
        set_text(&s->kernel, after_fields(line, 1));
    else if (strcmp(f[0], "os") == 0)
        take_os(s, after_fields(line, 1));
    else if (strcmp(f[0], "page") == 0 && read_int(f[1], &value) && value > 0 && value <= 1 << 20)
        s->page_bytes = value;
    else if (strcmp(f[0], "tick") == 0 && read_int(f[1], &value) && value > 0 && value <= 1000000)
        s->ticks_per_s = value;
    else
        return false;
    return true;
}

/* /proc/uptime has two fields, /proc/loadavg five. */
static bool take_up(struct parse *p, char **f, guint count, const char *line)
{
    (void)line;
    if (count == 2)
        return read_real(f[0], &p->s->uptime_s);
    double load[3];
    if (count != 5 || !read_real(f[0], &load[0]) || !read_real(f[1], &load[1]) ||
        !read_real(f[2], &load[2]))
        return false;
    memcpy(p->s->load, load, sizeof load);
    return true;
}

/* user nice system idle iowait irq softirq steal; guest time is part of user time. */
static bool take_cpu(struct sample *s, char **f, guint count)
{
    int64_t v[8] = {0}, all = 0;
    guint have = MIN(count - 1, 8);
    if (have < 4 || !read_ints(f + 1, have, v))
        return false;
    for (guint i = 0; i < have; i++)
        all += v[i];
    s->cpu_all = all;
    s->cpu_idle = v[3];
    s->cpu_iowait = v[4];
    s->has_cpu = true;
    return true;
}

static bool take_stat(struct parse *p, char **f, guint count, const char *line)
{
    struct sample *s = p->s;
    (void)line;
    int64_t value;
    if (count < 2)
        return false;
    if (strcmp(f[0], "cpu") == 0)
        return take_cpu(s, f, count);
    if (strcmp(f[0], "cpus") == 0 && read_int(f[1], &value) && value <= SAMPLE_CPUS_MAX)
        s->cpus = (int)value;
    else if (strcmp(f[0], "btime") == 0 && read_int(f[1], &value) && value < INT64_C(1) << 40)
        s->boot_at_ms = value * 1000;
    else if (g_str_has_prefix(f[0], "cpu") && g_ascii_isdigit(f[0][3]) && s->cpus < SAMPLE_CPUS_MAX)
        s->cpus++;
    else
        return false;
    return true;
}

static bool take_memory(struct parse *p, char **f, guint count, const char *line)
{
    (void)line;
    struct sample *s = p->s;
    const struct {
        const char *key;
        int64_t *where;
    } keys[] = {
        {"MemTotal:", &s->memory},
        {"MemAvailable:", &s->memory_available},
        {"SwapTotal:", &s->swap},
        {"SwapFree:", &s->swap_free},
        {"Cached:", &s->cached},
    };
    int64_t value;
    if (count < 2 || !read_int(f[1], &value))
        return false;
    for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++)
        if (strcmp(f[0], keys[i].key) == 0)
            *keys[i].where = value;
    return true;
}

static bool take_vm(struct parse *p, char **f, guint count, const char *line)
{
    (void)line;
    return count == 2 && strcmp(f[0], "oom_kill") == 0 && read_int(f[1], &p->s->oom_kills);
}

/* "cpu some avg10=0.00 avg60=..." */
static bool take_pressure(struct parse *p, char **f, guint count, const char *line)
{
    static const char *const names[] = {"cpu", "memory", "io"};
    (void)line;
    double value;
    if (count < 3 || !g_str_has_prefix(f[2], "avg10=") || !read_real(f[2] + 6, &value))
        return false;
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        struct sample_pressure *pressure = &p->s->pressure[i];
        if (strcmp(f[0], names[i]) == 0 && strcmp(f[1], "some") == 0)
            pressure->some_avg10 = value;
        else if (strcmp(f[0], names[i]) == 0 && strcmp(f[1], "full") == 0)
            pressure->full_avg10 = value;
    }
    return true;
}

bool sample_nic_counts(const char *name)
{
    static const char *const virtual[] = {"veth", "docker", "br-", "virbr", "vnet", "tap", "cni",
        "cali", "flannel", "lxc", "lxd", "dummy", "ifb", "kube-", "nodelocal", "bond", "team",
        "vxlan", "geneve", "cilium", "weave", NULL};
    if (strcmp(name, "lo") == 0 || strchr(name, '.') || strchr(name, '@'))
        return false;
    for (unsigned i = 0; virtual[i]; i++)
        if (g_str_has_prefix(name, virtual[i]))
            return false;
    return true;
}

/* "  eth0: 1234 ..." or, in old kernels, "  eth0:1234 ...": 16 numbers, the first and the ninth count. */
static bool take_nic(struct parse *p, char **f, guint count, const char *line)
{
    (void)f;
    (void)count;
    p->s->has_nics = true;
    const char *colon = strrchr(line, ':');
    if (!colon)
        return false;
    g_auto(GStrv) numbers = g_strsplit_set(after_fields(colon + 1, 0), " \t", -1);
    int64_t values[9];
    guint have = 0;
    for (char **n = numbers; *n && have < 9; n++)
        if (**n && !read_int(*n, &values[have++]))
            return false;
    if (have < 9 || is_full(p, p->s->nics, SAMPLE_NICS_MAX))
        return have == 9;
    struct sample_nic *nic = g_new0(struct sample_nic, 1);
    g_autofree char *name = g_strndup(line, (gsize)(colon - line));
    nic->name = keep_text(g_strstrip(name));
    nic->in = values[0];
    nic->out = values[8];
    g_ptr_array_add(p->s->nics, nic);
    return true;
}

static bool take_id(struct parse *p, char **f, guint count, const char *line)
{
    if (count == 1 && strlen(f[0]) == 36 && f[0][8] == '-')
        set_text(&p->s->boot_id, f[0]);
    else if (count > 0)
        set_text(&p->s->host, line);
    return true;
}

static struct sample_disk *disk_at(const struct sample *s, const char *mount)
{
    for (guint i = 0; i < s->disks->len; i++) {
        struct sample_disk *d = g_ptr_array_index(s->disks, i);
        if (strcmp(d->mount, mount) == 0)
            return d;
    }
    return NULL;
}

static bool add_disk(
    struct parse *p, const char *source, const char *type, const int64_t *sizes, const char *mount)
{
    if (*mount != '/')
        return false;
    /* What is mounted over another hides it. */
    struct sample_disk *hidden = disk_at(p->s, mount);
    if (hidden)
        g_ptr_array_remove(p->s->disks, hidden);
    if (is_full(p, p->s->disks, SAMPLE_DISKS_MAX))
        return true;
    struct sample_disk *d = g_new0(struct sample_disk, 1);
    d->source = keep_text(source);
    d->type = type ? keep_text(type) : NULL;
    d->mount = g_strdup(mount);
    d->size = sizes[0];
    d->used = sizes[1];
    d->available = sizes[2];
    d->inodes = d->inodes_used = -1;
    g_ptr_array_add(p->s->disks, d);
    return true;
}

static bool take_status(struct sample *s, char **f, guint count)
{
    int64_t value;
    if (count != 2 || strcmp(f[0], "rc") != 0 || !read_int(f[1], &value))
        return false;
    s->disks_status = (int)MIN(value, 255);
    return true;
}

/* "d SOURCE TYPE SIZE USED AVAIL INODES IUSED MOUNT"; a source with blanks moves the rest. */
static bool take_df(struct parse *p, char **f, guint count, const char *line)
{
    if (take_status(p->s, f, count))
        return true;
    if (count < 9 || strcmp(f[0], "d") != 0)
        return false;
    p->s->has_disks = true;
    for (guint at = 3; at <= 6 && at + 6 <= count; at++) {
        int64_t sizes[3], inodes[2] = {-1, -1};
        if (!read_ints(f + at, 3, sizes))
            continue;
        if (!read_ints(f + at + 3, 2, inodes) || inodes[0] == 0)
            inodes[0] = inodes[1] = -1;
        const char *mount = after_fields(line, at + 5);
        bool ok = add_disk(p, f[1], f[at - 1], sizes, mount);
        struct sample_disk *d = disk_at(p->s, mount);
        if (d) {
            d->inodes = inodes[0];
            d->inodes_used = inodes[1];
        }
        return ok;
    }
    return f[3] && strcmp(f[3], "1K-blocks") == 0; /* its heading */
}

/* POSIX: "SOURCE BLOCKS USED AVAIL 12% MOUNT" */
static bool take_df_posix(struct parse *p, char **f, guint count, const char *line)
{
    int64_t sizes[3];
    if (take_status(p->s, f, count))
        return true;
    p->s->has_disks = true;
    return (count >= 6 && read_ints(f + 1, 3, sizes) &&
               add_disk(p, f[0], NULL, sizes, after_fields(line, 5))) ||
           (count > 1 && g_str_has_suffix(f[1], "-blocks")); /* its heading */
}

static bool take_df_inodes(struct parse *p, char **f, guint count, const char *line)
{
    int64_t v[2];
    if (count < 6 || !read_ints(f + 1, 2, v))
        return count > 1; /* its heading, or a file system without a count */
    struct sample_disk *d = disk_at(p->s, after_fields(line, 5));
    if (d && v[0] > 0) {
        d->inodes = v[0];
        d->inodes_used = v[1];
    }
    return true;
}

/* /proc/mounts writes blanks as \040 and the like. */
static char *unescape(const char *text)
{
    GString *out = g_string_new(NULL);
    for (; *text; text++) {
        if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && g_ascii_isdigit(text[2]) &&
            g_ascii_isdigit(text[3])) {
            g_string_append_c(
                out, (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0')));
            text += 3;
        } else {
            g_string_append_c(out, *text);
        }
    }
    return g_string_free(out, FALSE);
}

/* "SOURCE MOUNT TYPE OPTIONS 0 0": the type, and whether nothing can be written. */
static bool take_mount(struct parse *p, char **f, guint count, const char *line)
{
    (void)line;
    if (count < 4)
        return false;
    g_autofree char *mount = unescape(f[1]);
    struct sample_disk *d = disk_at(p->s, mount);
    if (!d)
        return true;
    set_text(&d->type, f[2]);
    d->read_only = strcmp(f[3], "ro") == 0 || g_str_has_prefix(f[3], "ro,");
    return true;
}

static bool take_read_only(struct parse *p, char **f, guint count, const char *line)
{
    (void)line;
    if (count >= 4 && g_hash_table_size(p->read_only) < SAMPLE_DISKS_MAX)
        g_hash_table_add(p->read_only, unescape(f[1]));
    return count >= 4;
}

static bool take_unit(struct parse *p, char **f, guint count, const char *line)
{
    struct sample *s = p->s;
    (void)line;
    int64_t status;
    if (count == 2 && strcmp(f[0], "rc") == 0 && read_int(f[1], &status)) {
        s->units = status == 0 ? UNITS_KNOWN : UNITS_FAILED;
        return true;
    }
    const char *name = count > 0 && strchr(f[0], '.') ? f[0] : count > 1 ? f[1] : "";
    if (!strchr(name, '.'))
        return false;
    if (!is_full(p, s->failed_units, SAMPLE_UNITS_MAX))
        g_ptr_array_add(s->failed_units, keep_text(name));
    return true;
}

static bool add_task(struct parse *p, const int64_t *v, const char *command, gsize length)
{
    if (is_full(p, p->s->tasks, SAMPLE_TASKS_MAX))
        return true;
    gpointer key = GINT_TO_POINTER((int)(v[0] & G_MAXINT));
    if (v[0] > G_MAXINT || v[5] > INT64_C(1) << 40 || g_hash_table_contains(p->tasks, key))
        return false;
    struct sample_task *t = g_new0(struct sample_task, 1);
    *t = (struct sample_task){.pid = v[0],
        .ticks = v[1] + v[2],
        .threads = v[3],
        .started = v[4],
        .pages = v[5],
        .fds = -1};
    t->command = g_strndup(command, MIN(length, SAMPLE_TEXT_MAX));
    g_ptr_array_add(p->s->tasks, t);
    g_hash_table_insert(p->tasks, key, t);
    return true;
}

/* "PID STATE UTIME STIME THREADS STARTED PAGES COMMAND" */
static bool take_task(struct parse *p, char **f, guint count, const char *line)
{
    int64_t v[6];
    p->s->has_tasks = true;
    if (count < 7 || !read_int(f[0], &v[0]) || !read_ints(f + 2, 5, v + 1))
        return false;
    const char *command = after_fields(line, 7);
    return add_task(p, v, command, strlen(command));
}

/* A line of /proc/PID/stat: "PID (COMMAND) S ppid ...". The command may hold anything, so its end is
 * the last bracket. A command with a newline makes two lines of which neither parses. */
static bool take_stat_line(struct parse *p, char **f, guint count, const char *line)
{
    p->s->has_tasks = true;
    const char *open = strchr(line, '('), *close = strrchr(line, ')');
    int64_t v[6];
    if (count < 3 || !open || !close || close < open || !read_int(f[0], &v[0]))
        return false;
    g_auto(GStrv) rest = g_strsplit(close + 1, " ", FIELDS_MAX);
    if (g_strv_length(rest) < 23 || !read_int(rest[12], &v[1]) || !read_int(rest[13], &v[2]) ||
        !read_int(rest[18], &v[3]) || !read_int(rest[20], &v[4]) || !read_int(rest[22], &v[5]))
        return false;
    return v[5] == 0 || add_task(p, v, open + 1, (gsize)(close - open - 1));
}

static bool take_fds(struct parse *p, char **f, guint count, const char *line)
{
    (void)line;
    int64_t v[2];
    if (count != 2 || !read_ints(f, 2, v))
        return false;
    struct sample_task *t = g_hash_table_lookup(p->tasks, GINT_TO_POINTER((int)(v[0] & G_MAXINT)));
    if (t)
        t->fds = v[1];
    return true;
}

static bool take_nothing(struct parse *p, char **f, guint count, const char *line)
{
    (void)p;
    (void)f;
    (void)count;
    (void)line;
    return true;
}

static const struct {
    const char *name;
    bool (*take)(struct parse *p, char **fields, guint count, const char *line);
} sections[] = {
    {"head", take_head},
    {"up", take_up},
    {"stat", take_stat},
    {"mem", take_memory},
    {"vm", take_vm},
    {"psi", take_pressure},
    {"net", take_nic},
    {"id", take_id},
    {"ro", take_read_only},
    {"df", take_df},
    {"dfk", take_df_posix},
    {"dfi", take_df_inodes},
    {"mounts", take_mount},
    {"units", take_unit},
    {"ps", take_task},
    {"pstat", take_stat_line},
    {"fd", take_fds},
};

void sample_begin_section(struct parse *p, const char *name)
{
    p->section = take_nothing; /* one that a later version sends */
    p->s->whole |= strcmp(name, "end") == 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(sections); i++)
        if (strcmp(name, sections[i].name) == 0)
            p->section = sections[i].take;
    if (p->section == take_unit)
        p->s->units = UNITS_NO_SYSTEMD; /* until a status follows */
}
