#include "proc.h"

#include <string.h>

/* The number behind "NAME:" (or "NAME" and a blank) at the beginning of a line. */
static bool field(const char *text, const char *name, uint64_t *value)
{
    size_t length = strlen(name);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) != 0)
            continue;
        *value = g_ascii_strtoull(line + length, NULL, 10);
        return true;
    }
    return false;
}

static char *read_file(pid_t pid, pid_t thread, const char *name)
{
    g_autofree char *path = thread ? g_strdup_printf("/proc/%d/task/%d/%s", pid, thread, name)
                                   : g_strdup_printf("/proc/%d/%s", pid, name);
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

bool proc_writes(pid_t pid, pid_t thread, uint64_t *count)
{
    g_autofree char *io = read_file(pid, thread, "io");
    return io && field(io, "syscw:", count);
}

static bool read_thread(pid_t pid, pid_t thread, struct proc_thread *out)
{
    g_autofree char *status = read_file(pid, thread, "status");
    g_autofree char *comm = read_file(pid, thread, "comm");
    g_autofree char *schedule = read_file(pid, thread, "schedstat");
    struct proc_thread t = {.id = thread};
    if (!status || !comm || !field(status, "voluntary_ctxt_switches:", &t.waited) ||
        !field(status, "nonvoluntary_ctxt_switches:", &t.preempted))
        return false;
    *out = t;
    out->cpu_ns = schedule ? g_ascii_strtoull(schedule, NULL, 10) : 0;
    g_strlcpy(out->comm, g_strchomp(comm), sizeof out->comm);
    return true;
}

GArray *proc_threads(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/task", pid);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    if (!folder)
        return NULL;
    GArray *threads = g_array_new(FALSE, FALSE, sizeof(struct proc_thread));
    const char *name;
    while ((name = g_dir_read_name(folder))) {
        struct proc_thread t;
        if (read_thread(pid, (pid_t)g_ascii_strtoll(name, NULL, 10), &t))
            g_array_append_val(threads, t);
    }
    return threads;
}

bool proc_memory(pid_t pid, struct proc_memory *memory)
{
    g_autofree char *rollup = read_file(pid, 0, "smaps_rollup");
    uint64_t pss_kib = 0, dirty_kib = 0;
    if (!rollup || !field(rollup, "Pss:", &pss_kib) || !field(rollup, "Private_Dirty:", &dirty_kib))
        return false;
    *memory = (struct proc_memory){pss_kib * 1024, dirty_kib * 1024};
    return true;
}
