/* One host whole, and the doctor's view of all of them. Both run in the hand lane, over connections of
 * its own; the one of the host shown last is kept, since who looks once looks again. */
#include <string.h>

#include "error.h"
#include "hosts.h"
#include "quantity.h"
#include "rid.h"
#include "ssh.h"
#include "text.h"

/* -- rows of a detail ---------------------------------------------------------------------------- */

struct detail {
    struct snapshot *s;
    const char *group;
};

static size_t add(const struct detail *d, const char *field)
{
    size_t row = snapshot_add(d->s, field);
    snapshot_set_text(d->s, row, DETAIL_GROUP, d->group);
    return row;
}

static void add_text(const struct detail *d, const char *field, const char *value)
{
    size_t row = add(d, field);
    if (value && *value)
        snapshot_set_text(d->s, row, DETAIL_VALUE, value);
    else
        snapshot_set_absent(d->s, row, DETAIL_VALUE, ABSENT_NO_VALUE);
}

static void add_format(const struct detail *d, const char *field, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static void add_format(const struct detail *d, const char *field, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    add_text(d, field, text);
}

/* value -1: absent. */
static void add_number(const struct detail *d, const char *field, enum cell_type type, double value)
{
    size_t row = add(d, field);
    struct cell cell = {.type = type};
    if (value < 0)
        cell = (struct cell){.type = CELL_NONE, .absent = ABSENT_NO_VALUE};
    else if (type == CELL_REAL || type == CELL_PERCENT)
        cell.r = value;
    else
        cell.i = (int64_t)value;
    snapshot_set_cell(d->s, row, DETAIL_VALUE, cell);
}

static double kib(int64_t value)
{
    return value < 0 ? -1 : (double)value * 1024;
}

/* -- groups -------------------------------------------------------------------------------------- */

static void add_system(const struct detail *in, const struct host *h)
{
    const struct sample *n = h->now;
    struct detail d = {in->s, "system"};
    add_text(&d, "os", n->os);
    add_text(&d, "kernel", n->kernel);
    add_text(&d, "hostname", n->host);
    add_text(&d, "roles", h->roles);
    add_number(&d, "uptime", CELL_SPAN_MS, n->uptime_s < 0 ? -1 : n->uptime_s * 1000);
    add_number(&d, "booted", CELL_TIME_MS, (double)n->boot_at_ms);
    add_number(&d, "cpus", CELL_INT, n->cpus > 0 ? n->cpus : -1);
    if (n->load[0] >= 0)
        add_format(&d, "load", "%.2f %.2f %.2f", n->load[0], n->load[1], n->load[2]);
    if (h->has_skew)
        snapshot_set_cell(in->s, add(&d, "clock skew"), DETAIL_VALUE,
            (struct cell){.type = CELL_SPAN_MS, .i = h->skew_ms});
    add_number(&d, "latency", CELL_SPAN_MS, (double)h->latency_ms);
}

static void add_memory(const struct detail *in, const struct sample *n)
{
    struct detail d = {in->s, "memory"};
    add_number(&d, "total", CELL_BYTES, kib(n->memory));
    add_number(&d, "available", CELL_BYTES, kib(n->memory_available));
    add_number(&d, "page cache", CELL_BYTES, kib(n->cached));
    add_number(&d, "swap total", CELL_BYTES, kib(n->swap));
    add_number(&d, "swap free", CELL_BYTES, kib(n->swap_free));
    add_number(&d, "OOM kills since boot", CELL_INT, (double)n->oom_kills);
}

static void add_pressure(const struct detail *in, const struct sample *n)
{
    static const char *const names[] = {"cpu", "memory", "io"};
    struct detail d = {in->s, "pressure"};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (n->pressure[i].some_avg10 >= 0)
            add_format(&d, names[i], "some %.2f %%, all %.2f %% of the last 10 s",
                n->pressure[i].some_avg10, MAX(n->pressure[i].full_avg10, 0));
        else
            add_text(&d, names[i], NULL);
    }
}

static void append_disk(GString *out, const struct sample_disk *disk)
{
    double inodes = sample_inode_percent(disk);
    g_string_append_printf(out, "%.1f %% of ", MAX(sample_disk_percent(disk), 0));
    quantity_append_bytes(out, disk->size * 1024);
    g_string_append(out, " used, ");
    quantity_append_bytes(out, disk->available * 1024);
    g_string_append(out, " free");
    if (inodes >= 0)
        g_string_append_printf(out, ", inodes %.1f %%", inodes);
    g_string_append_printf(out, ", %s on %s%s", disk->type ? disk->type : "unknown type",
        disk->source, disk->read_only ? ", read-only" : "");
}

static void add_disks(const struct detail *in, const struct sample *n)
{
    struct detail d = {in->s, "filesystems"};
    g_autoptr(GPtrArray) disks = sample_real_disks(n);
    for (guint i = 0; i < disks->len; i++) {
        const struct sample_disk *disk = g_ptr_array_index(disks, i);
        g_autoptr(GString) text = g_string_new(NULL);
        append_disk(text, disk);
        add_text(&d, disk->mount, text->str);
    }
}

static void add_network(const struct detail *in, const struct sample *n)
{
    struct detail d = {in->s, "network"};
    for (guint i = 0; i < n->nics->len; i++) {
        const struct sample_nic *nic = g_ptr_array_index(n->nics, i);
        g_autoptr(GString) text = g_string_new(NULL);
        quantity_append_bytes(text, nic->in);
        g_string_append(text, " in, ");
        quantity_append_bytes(text, nic->out);
        g_string_append(text, " out since boot");
        add_text(&d, nic->name, text->str);
    }
}

static void add_units(const struct detail *in, const struct sample *n)
{
    struct detail d = {in->s, "failed units"};
    static const char *const words[] = {
        [UNITS_NOT_ASKED] = "not asked",
        [UNITS_NO_SYSTEMD] = "there is no systemd",
        [UNITS_FAILED] = "systemctl did not answer",
    };
    if (n->units != UNITS_KNOWN)
        add_text(&d, "systemd", words[n->units]);
    else if (n->failed_units->len == 0)
        add_text(&d, "systemd", "none");
    for (guint i = 0; n->units == UNITS_KNOWN && i < n->failed_units->len; i++)
        add_text(&d, g_ptr_array_index(n->failed_units, i), "failed");
}

static void add_connection(const struct detail *in, const struct host *h)
{
    const struct shell_facts *f = shell_facts(h->shell);
    struct detail d = {in->s, "connection"};
    add_format(
        &d, "transport", "%s: %s", f->transport ? f->transport : "none yet", f->why ? f->why : "");
    add_text(&d, "user", f->user);
    add_text(&d, "probe", h->variant == VARIANT_LEAN ? "lean (awk, GNU df)" : "portable (busybox)");
    if (f->transport && strcmp(f->transport, "libssh2") != 0)
        return;
    add_text(&d, "address", f->address);
    add_text(&d, "server", f->server);
    add_text(&d, "algorithms", f->methods);
    add_text(&d, "host key", f->key);
    add_text(&d, "known from", f->known_at);
    add_text(&d, "logged in with", f->login);
    add_format(&d, "library", "libssh2 %s", ssh_library());
}

/* -- show ---------------------------------------------------------------------------------------- */

static void show_host(const struct host *h, struct snapshot *s)
{
    struct detail d = {s, NULL};
    add_system(&d, h);
    add_memory(&d, h->now);
    add_pressure(&d, h->now);
    add_disks(&d, h->now);
    add_network(&d, h->now);
    add_units(&d, h->now);
    add_connection(&d, h);
}

static bool show_disk(const struct host *h, const char *mount, struct snapshot *s)
{
    struct detail d = {s, "filesystem"};
    g_autoptr(GPtrArray) disks = sample_real_disks(h->now);
    for (guint i = 0; i < disks->len; i++) {
        const struct sample_disk *disk = g_ptr_array_index(disks, i);
        if (strcmp(disk->mount, mount) != 0)
            continue;
        add_text(&d, "mount", disk->mount);
        add_text(&d, "device", disk->source);
        add_text(&d, "type", disk->type);
        add_number(&d, "used", CELL_PERCENT, sample_disk_percent(disk));
        add_number(&d, "size", CELL_BYTES, kib(disk->size));
        add_number(&d, "free", CELL_BYTES, kib(disk->available));
        add_number(&d, "inodes", CELL_INT, (double)disk->inodes);
        add_number(&d, "inodes used", CELL_INT, (double)disk->inodes_used);
        add_text(&d, "read-only", disk->read_only ? "yes" : "no");
        return true;
    }
    return false;
}

static bool show_process(const struct host *h, const char *pid, struct snapshot *s)
{
    struct detail d = {s, "process"};
    const struct sample *n = h->full;
    gint64 wanted = g_ascii_strtoll(pid, NULL, 10);
    for (guint i = 0; i < n->tasks->len; i++) {
        const struct sample_task *t = g_ptr_array_index(n->tasks, i);
        if (t->pid != wanted)
            continue;
        add_number(&d, "pid", CELL_INT, (double)t->pid);
        add_text(&d, "command", t->command);
        add_number(
            &d, "memory", CELL_BYTES, n->page_bytes ? (double)(t->pages * n->page_bytes) : -1);
        add_number(&d, "threads", CELL_INT, (double)t->threads);
        add_number(&d, "open files", CELL_INT, (double)t->fds);
        add_number(
            &d, "processor time", CELL_SPAN_MS, (double)t->ticks * 1000 / (double)n->ticks_per_s);
        if (n->uptime_s >= 0)
            add_number(&d, "running for", CELL_SPAN_MS,
                MAX(n->uptime_s * 1000 - (double)t->started * 1000 / (double)n->ticks_per_s, 0));
        return true;
    }
    return false;
}

/* The probe's own words, line by line, with nothing left that a terminal would act on. */
static void append_raw(GString *raw, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    for (char **line = lines; *line; line++) {
        text_clean(*line, -1, raw);
        if (line[1])
            g_string_append_c(raw, '\n');
    }
}

/* The hand lane keeps one connection. */
static void close_others(struct hosts *all, const struct host *keep)
{
    for (guint i = 0; i < all->all->len; i++) {
        struct host *h = g_ptr_array_index(all->all, i);
        if (h != keep)
            host_close(h);
    }
}

bool hosts_show(
    struct lane *l, const struct rid *what, struct snapshot *detail, GString *raw, GError **error)
{
    struct hosts *all = lane_data(l);
    struct host *h = hosts_find(all, rid_name(what, "hosts"), error);
    if (!h)
        return false;
    close_others(all, h);
    h->retry_ms = 0; /* somebody asks: that is worth a try */
    if (!hosts_ask(all, h, error))
        return false;
    append_raw(raw, h->raw);
    const char *mount = rid_name(what, "disks"), *pid = rid_name(what, "processes");
    bool found = true;
    if (mount)
        found = show_disk(h, mount, detail);
    else if (pid)
        found = show_process(h, pid, detail);
    else
        show_host(h, detail);
    if (!found)
        return weir_fail(error, WEIR_ERROR_NOT_FOUND, "%s has no %s %s (any more)", h->name,
            mount ? "file system at" : "process", mount ? mount : pid);
    return true;
}

/* -- the doctor ---------------------------------------------------------------------------------- */

static bool is_command(const struct shell_facts *f)
{
    return g_strcmp0(f->transport, "command") == 0;
}

static const char *advice_for(const struct host *h)
{
    if (is_command(shell_facts(h->shell)) && h->trouble != TROUBLE_NONE)
        return h->trouble == TROUBLE_CONFIG
                   ? "look at its command under shell: in the configuration"
                   : "try its command in a terminal";
    switch (h->trouble) {
    case TROUBLE_CONFIG: return "look at the ssh configuration";
    case TROUBLE_NAME: return "look at HostName in the ssh configuration and at the resolver";
    case TROUBLE_CONNECT: return "is the host up, and its port open from here?";
    case TROUBLE_NEW_KEY: return "compare the fingerprint, then accept it with ssh once";
    case TROUBLE_CHANGED: return "do not log in before you know why the key changed";
    case TROUBLE_DENIED: return "ssh-add the right key, or add it to authorized_keys there";
    case TROUBLE_TIMEOUT:
    case TROUBLE_BROKEN: return "try it with ssh in a terminal";
    case TROUBLE_NONE:
    default: return NULL;
    }
}

static const char *seen_at(const struct shell_facts *f, enum shell_stage stage)
{
    switch (stage) {
    case STAGE_CONFIG: return f->user;
    case STAGE_CONNECT: return f->address;
    case STAGE_KEY: return f->key;
    case STAGE_LOGIN: return f->login;
    case STAGE_SHELL: return is_command(f) ? f->why : NULL;
    default: return NULL;
    }
}

static void check_stage(const struct host *h, enum shell_stage stage, struct snapshot *doctor)
{
    static const char *const names[STAGE_COUNT] = {
        [STAGE_CONFIG] = "ssh configuration",
        [STAGE_NAME] = "address",
        [STAGE_CONNECT] = "connection",
        [STAGE_KEY] = "host key",
        [STAGE_LOGIN] = "login",
        [STAGE_SHELL] = "shell",
    };
    const struct shell_facts *f = shell_facts(h->shell);
    g_autofree char *what = g_strdup_printf("%s %s", h->name, names[stage]);
    g_autoptr(GString) seen = g_string_new(seen_at(f, stage));
    if (f->stage_ms[stage] >= 0)
        g_string_append_printf(
            seen, "%s%" G_GINT64_FORMAT " ms", seen->len ? ", " : "", f->stage_ms[stage]);
    doctor_add(doctor, what, HEALTH_OK, seen->len ? seen->str : "fine", NULL);
}

/* The stages of a connection that were passed, and the one where it failed. */
static void check_connection(const struct host *h, struct snapshot *doctor)
{
    const struct shell_facts *f = shell_facts(h->shell);
    for (enum shell_stage stage = STAGE_CONFIG; stage < STAGE_COUNT; stage++)
        if (f->stage_ms[stage] >= 0)
            check_stage(h, stage, doctor);
    if (h->at_ms > 0 && h->trouble == TROUBLE_NONE)
        return;
    g_autofree char *what =
        g_strdup_printf("%s %s", h->name, shell_stage_name(shell_stage(h->shell)));
    doctor_add(doctor, what, h->trouble == TROUBLE_CHANGED ? HEALTH_FAIL : HEALTH_WARN,
        h->error ? h->error : "no answer yet", advice_for(h));
}

static void check_probe(const struct host *h, struct snapshot *doctor)
{
    const struct shell_facts *f = shell_facts(h->shell);
    if (h->at_ms == 0)
        return;
    g_autofree char *what = g_strdup_printf("%s probe", h->name);
    g_autofree char *seen = g_strdup_printf("%s over %s (%s), first words after %" G_GINT64_FORMAT
                                            " ms, clock off by %" G_GINT64_FORMAT " ms%s",
        h->variant == VARIANT_LEAN ? "lean" : "portable", f->transport ? f->transport : "?",
        f->why ? f->why : "?", h->latency_ms, h->has_skew ? h->skew_ms : 0,
        h->now->skipped ? ", with lines that made no sense" : "");
    doctor_add(doctor, what, HEALTH_OK, seen, NULL);
}

bool hosts_check(struct lane *l, struct snapshot *doctor, GError **error)
{
    struct hosts *all = lane_data(l);
    (void)error;
    g_autofree char *program = g_find_program_in_path("ssh");
    g_autofree char *library = g_strdup_printf("libssh2 %s", ssh_library());
    doctor_add(doctor, "ssh library", HEALTH_OK, library, NULL);
    doctor_add(doctor, "ssh program", program ? HEALTH_OK : HEALTH_WARN,
        program ? program : "there is none",
        program ? NULL
                : "install openssh-client: without it ~/.ssh/config is not read, and what libssh2 "
                  "cannot do fails");
    for (guint i = 0; i < all->all->len; i++)
        ((struct host *)g_ptr_array_index(all->all, i))->retry_ms = 0;
    hosts_ask_all(all);
    for (guint i = 0; i < all->all->len; i++) {
        const struct host *h = g_ptr_array_index(all->all, i);
        check_connection(h, doctor);
        check_probe(h, doctor);
    }
    close_others(all, NULL);
    return true;
}
