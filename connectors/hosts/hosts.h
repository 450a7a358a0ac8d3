/* What the files of the hosts connector share: a lane's hosts and what is held of each.
 *
 * kinds.c has the tables, state.c a host's life (connect, ask, answer, fail, wait, try again), rounds.c
 * the loops over all hosts, rows.c what is published, show.c one host whole and the doctor. */
#ifndef CONNECTORS_HOSTS_HOSTS_H
#define CONNECTORS_HOSTS_HOSTS_H

#include "lane.h"
#include "probe.h"
#include "rates.h"
#include "shell.h"

#define HOSTS_MISSED_FAIL 3     /* polls without an answer until a host counts as unreachable */
#define HOSTS_ANSWER_MS   30000 /* an answer that takes longer: the connection is given up */
#define HOSTS_SECOND_MS   1000  /* between the first two rounds, so that rates exist early */
#define HOSTS_FULL_MS     60000 /* processes are asked for this long after somebody looked */
#define HOSTS_DENIED_MS   300000

extern const struct kind hosts_kind, hosts_disks_kind, hosts_processes_kind;

enum {
    HOST_STATE,
    HOST_OS,
    HOST_UPTIME,
    HOST_LOAD1,
    HOST_CPUS,
    HOST_CPU,
    HOST_IOWAIT,
    HOST_MEMORY,
    HOST_SWAP,
    HOST_DISK,
    HOST_DISK_MOUNT,
    HOST_NET_IN,
    HOST_NET_OUT,
    HOST_FAILED_UNITS,
    HOST_OOM_KILLS,
    HOST_CLOCK_SKEW,
    HOST_LATENCY,
    HOST_ROLES,
    HOST_KERNEL,
    HOST_LOAD_PER_CPU,
    HOST_CLOCK_OFF,
    HOST_UNITS,
    HOST_TRANSPORT,
    HOST_SINCE,
    HOST_MISSED,
    HOST_COLUMNS,
};

enum {
    DISK_MOUNT,
    DISK_USED,
    DISK_FREE,
    DISK_SIZE,
    DISK_INODES,
    DISK_TYPE,
    DISK_DEVICE,
    DISK_READ_ONLY,
    DISK_FULL_ETA,
};

enum {
    TASK_PID,
    TASK_COMMAND,
    TASK_CPU,
    TASK_CORES,
    TASK_MEMORY,
    TASK_THREADS,
    TASK_FDS,
};

enum variant { VARIANT_LEAN, VARIANT_PORTABLE };

struct host {
    char *name;
    char *roles; /* "kafka, trino", or NULL */
    struct shell *shell;

    enum variant variant; /* of the probe; what worked once is kept */
    bool settled;         /* it did work */
    bool loaded;          /* this shell knows the function */
    char word[PROBE_WORD_MAX];
    char first_line[81]; /* of an answer that was none, for the message */
    char *raw;           /* the newest answer, kept for `weir show --raw` */
    bool parked; /* nobody listened while the answer was on its way: its times say nothing */
    int64_t asked_wall_ms;
    int64_t counted_bytes; /* of the shell, as told to lane_count */

    bool wants;        /* a round, in the fetch that runs */
    bool answered;     /* in the fetch that runs */
    int64_t second_ms; /* monotonic: when the second round of a new connection is due, 0: none */
    int64_t full_until_ms; /* monotonic: processes are wanted */

    struct sample *now, *before;       /* the two newest */
    struct sample *full, *full_before; /* the two newest with processes */
    struct rates rates;
    int64_t at_ms; /* wall clock: when `now` was taken; 0: never */
    int64_t full_at_ms;
    int64_t latency_ms; /* -1: not known */
    int64_t skew_ms;
    bool has_skew, skew_coarse;

    enum shell_trouble trouble; /* why it does not answer */
    char *error;
    int64_t since_ms;  /* wall clock: of the first poll that it missed, 0: none */
    unsigned missed;   /* polls in a row */
    unsigned failures; /* connections in a row that came to nothing */
    bool noted;        /* ... the newest of which is counted */
    int64_t retry_ms;  /* monotonic: not before; 0: at once */
    char *keys_stamp;  /* of the known_hosts files, when a key was the trouble */
};

/* The lane's data. */
struct hosts {
    struct lane *lane;
    struct shell_set *shells;
    GPtrArray *all; /* struct host */
    bool warm;      /* a whole round has been made */
};

/* -- state.c ------------------------------------------------------------------------------------- */

struct host *host_new(const char *name, char *take_roles, struct shell *shell);
void host_free(gpointer host);
/* Begins a poll: the host wants a round, and is connected when it is not and may be tried. */
void host_begin(struct host *h);
/* Goes on as far as it can. True when something changed that people see. */
bool host_step(struct hosts *all, struct host *h);
/* Nobody listens for a while: what comes meanwhile is read later, and not timed. */
void host_park(struct host *h);
/* Ends a poll: parks it, and counts the poll as missed when no answer came. */
void host_end(struct host *h);
/* Whether the running poll still waits for it. */
bool host_is_open(const struct host *h);
/* Lets go of the connection; what was learned stays. */
void host_close(struct host *h);
/* "up", "connecting", "late", "unreachable", "denied", "new key", "key changed" */
const char *host_state(const struct host *h);

/* -- rounds.c ------------------------------------------------------------------------------------ */

bool hosts_fetch(struct lane *l, const struct rid *scope, struct batch *out, GError **error);
/* One host, until it has answered a full round or will not: what show() and a scope that nothing is
 * held of need. False and *error. */
bool hosts_ask(struct hosts *all, struct host *h, GError **error);
/* All hosts at once, as far as they come within the lane's time. */
void hosts_ask_all(struct hosts *all);
struct host *hosts_find(const struct hosts *all, const char *name, GError **error);

/* -- rows.c -------------------------------------------------------------------------------------- */

void rows_hosts(const struct hosts *all, struct snapshot *s);
void rows_disks(const struct host *h, struct snapshot *s);
void rows_processes(const struct host *h, struct snapshot *s);

/* -- show.c -------------------------------------------------------------------------------------- */

bool hosts_show(
    struct lane *l, const struct rid *what, struct snapshot *detail, GString *raw, GError **error);
bool hosts_check(struct lane *l, struct snapshot *doctor, GError **error);

#endif
