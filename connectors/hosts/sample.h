/* One answer of the probe, parsed: what a host said about itself at one moment. What it did not say
 * stays absent (-1, NULL, or the has_ flag is false); a section that is missing is never read as zero.
 *
 * The text comes from another machine, where any user chooses names: every list has a cap, lines and
 * numbers that make no sense are skipped, and sections begin only with this round's own random word. */
#ifndef CONNECTORS_HOSTS_SAMPLE_H
#define CONNECTORS_HOSTS_SAMPLE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "auto.h"

#define SAMPLE_LINE_MAX  65536 /* longer lines are skipped */
#define SAMPLE_TEXT_MAX  256   /* bytes kept of one name */
#define SAMPLE_DISKS_MAX 512
#define SAMPLE_NICS_MAX  256
#define SAMPLE_UNITS_MAX 256
#define SAMPLE_TASKS_MAX 8192 /* processes */
#define SAMPLE_CPUS_MAX  65536
#define SAMPLE_VALUE_MAX (INT64_MAX / 4096) /* larger numbers are nonsense */

struct sample_disk {
    char *source, *type, *mount;   /* type NULL: not known */
    int64_t size, used, available; /* KiB */
    int64_t inodes, inodes_used;   /* -1: the file system does not count them */
    bool read_only;
};

struct sample_nic {
    char *name;
    int64_t in, out; /* bytes since boot */
};

struct sample_task {
    int64_t pid, ticks, threads, started, pages;
    int64_t fds; /* -1: not allowed to count them */
    char *command;
};

struct sample_pressure {
    double some_avg10, full_avg10; /* %, -1: not given */
};

enum sample_units { UNITS_NOT_ASKED, UNITS_NO_SYSTEMD, UNITS_FAILED, UNITS_KNOWN };

struct sample {
    int refs;
    bool whole;       /* up to its end */
    unsigned skipped; /* lines that made no sense */
    bool cut;         /* some list reached its cap */
    char *os, *kernel, *host, *boot_id;
    int64_t date_ms;    /* its clock, -1: absent */
    bool date_coarse;   /* ... only to the second */
    int64_t page_bytes; /* 0: absent */
    int64_t ticks_per_s;
    double uptime_s; /* -1: absent */
    double load[3];  /* load[0] -1: absent */
    int64_t boot_at_ms;
    int cpus; /* 0: absent */
    bool has_cpu;
    int64_t cpu_all, cpu_idle, cpu_iowait;                     /* ticks since boot */
    int64_t memory, memory_available, swap, swap_free, cached; /* KiB, -1: absent */
    int64_t oom_kills;                                         /* since boot, -1: absent */
    struct sample_pressure pressure[3];                        /* cpu, memory, io */
    bool has_nics, has_disks, has_tasks;
    int disks_status; /* of df: 0 fine, -1 not asked */
    enum sample_units units;
    GPtrArray *nics, *disks, *failed_units, *tasks;
};

/* Parses the text around the sections of word; never fails, at worst all is absent. */
struct sample *sample_parse(const char *text, gsize length, const char *word);
struct sample *sample_ref(struct sample *s);
void sample_unref(struct sample *s); /* accepts NULL */
DEFINE_AUTO(sample, sample_unref)

/* Whether the sections that every working probe gives are there. */
bool sample_is_usable(const struct sample *s);

/* The disks that people mean: file systems that hold data, each device once. Pointers into s, largest
 * share of use first; g_ptr_array_unref. */
GPtrArray *sample_real_disks(const struct sample *s);
/* Percent used as df counts it (of what users may use), -1 when it has no size. */
double sample_disk_percent(const struct sample_disk *d);
double sample_inode_percent(const struct sample_disk *d);
/* Whether a network interface counts: not loopback, and none whose bytes another one carries again. */
bool sample_nic_counts(const char *name);

#endif
