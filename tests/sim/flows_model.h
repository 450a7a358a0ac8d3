/* What DAGs, runs and task instances are: for the files of flows and for the service that shows
 * them.
 *
 * Runs that were due before the world began are the past: a pure function of the DAG and the run's
 * number (-1 is the newest), made when somebody asks. What began later is live: flows_step moves it.
 * A past run that somebody clears or marks becomes a live one (flows_keep). */
#ifndef TESTS_SIM_FLOWS_MODEL_H
#define TESTS_SIM_FLOWS_MODEL_H

#include "flows.h"
#include "world.h"

#define FLOWS_NONE      INT64_MIN /* no time */
#define FLOWS_TASKS_MAX 16        /* of one plan */
#define FLOWS_POOLS     4

/* -- plans: what a DAG does -------------------------------------------------------------------- */

/* What a task does besides taking its time. */
enum work {
    WORK_PLAIN,
    WORK_WAIT_ENRICHED, /* a sensor: until enrich-v2 is near the end of its topic */
    WORK_WAIT_ORDERS,   /* a sensor: until fct_orders has been published in this hour */
    WORK_LOAD_ORDERS,   /* fails when enrich-v2 is far behind */
    WORK_DEFER,         /* waits in the triggerer */
    WORK_PUBLISH,       /* publishes the DAG's table */
    WORK_LONG_LOG,
};

struct task {
    const char *id;
    guint after; /* bits of the tasks that it follows; those stand before it */
    const char *operator, * operator_name;
    const char *pool; /* NULL: default_pool */
    double seconds;
    int retries, retry_delay_s;
    int mapped; /* instances; 0: it is not mapped */
    enum work work;
};

struct plan {
    const char *name; /* of a kind of DAG, or the id of the one that has it */
    const struct task *tasks;
    guint count;
};

/* Every instance of a mapped task counts; where the tasks of a run stand. */
guint plan_instances(const struct plan *p);
bool plan_is_leaf(const struct plan *p, guint task);
/* The index of a task, or -1. */
int plan_task(const struct plan *p, const char *id);

/* -- task instances ---------------------------------------------------------------------------- */

enum ti_state {
    TI_NONE,
    TI_SCHEDULED,
    TI_QUEUED,
    TI_RUNNING,
    TI_SUCCESS,
    TI_FAILED,
    TI_UP_FOR_RETRY,
    TI_UP_FOR_RESCHEDULE,
    TI_SKIPPED,
    TI_UPSTREAM_FAILED,
    TI_DEFERRED,
    TI_STATES
};
/* "running"; NULL for TI_NONE. */
const char *ti_state_name(enum ti_state state);
bool ti_is_over(enum ti_state state);

/* One try. */
struct attempt {
    enum ti_state state;
    int number;
    int64_t scheduled_ms, queued_ms, start_ms, end_ms;
    int machine; /* index, -1: none yet */
    int pid;
    char *error; /* "Type: text" of what it failed with, or NULL */
};

struct ti {
    guint task; /* index in the plan */
    int map;    /* -1: not mapped */
    int max_tries;
    struct attempt now; /* the newest try; number 0: none yet */
    GArray *before;     /* struct attempt, the tries before it; or NULL */
    int64_t until_ms;   /* when its state ends by itself */
    int64_t lost_ms;    /* when its host went away, or FLOWS_NONE */
    bool resumed;       /* what it deferred to has come */
    char *note;
};

/* -- runs -------------------------------------------------------------------------------------- */

enum run_state { RUN_QUEUED, RUN_RUNNING, RUN_SUCCESS, RUN_FAILED, RUN_STATES };
const char *run_state_name(enum run_state state);
bool run_state_parse(const char *name, enum run_state *state);

struct dag;

/* What lists filter and sort by. */
struct run_head {
    enum run_state state;
    bool manual;
    int64_t logical_ms, after_ms, queued_ms, start_ms, end_ms, updated_ms;
};

struct run {
    struct dag *dag;
    struct run_head head;
    guint serial; /* counts a DAG's runs, the past ones included */
    int past;     /* its number when it is of the past, else 0 */
    char *id;
    char *conf; /* JSON of an object */
    char *note, *user;
    struct ti *ti;
    guint count;
    int doomed;  /* task that shall fail, or -1 */
    char *doom;  /* with this error */
    bool active; /* flows_step looks at it */
};
void run_free(struct run *r); /* accepts NULL */
DEFINE_AUTO(run, run_free)

/* -- DAGs -------------------------------------------------------------------------------------- */

struct dag {
    guint index;
    char *id;
    const struct plan *plan;
    const char *owner, *tags; /* tags: words */
    const char *about;        /* or NULL */
    bool paused;
    int max_active;
    int64_t period_ms;
    int64_t next_ms; /* when the next run is due */
    int64_t last_ms; /* when run -1 of the past was */
    int past;        /* runs of the past */
    bool fails;      /* now and then, in the past */
    double factor;   /* of the tasks' durations */
    double usual_s;  /* of a whole run, before factor */
    guint64 seed;
    GPtrArray *runs;   /* struct run, live */
    GArray *kept;      /* int: numbers of past runs that are live now; or NULL */
    guint serial;      /* of the next run */
    guint running;     /* runs in RUN_RUNNING */
    guint tasks;       /* that are queued or running */
    int table;         /* index of what it publishes, or -1 */
    int64_t import_ms; /* since when it cannot be imported, or FLOWS_NONE */
    int broken;        /* task that fails from now on, or -1 */
    int slow;          /* task that is slower, or -1 */
    double slower;
    int doomed; /* task that fails in the next run, or -1 */
    char *doom;
};

struct pool {
    const char *name, *about;
    int slots, queued, running, scheduled, deferred;
};

struct flows {
    GPtrArray *dags; /* struct dag, by id */
    GHashTable *by_id;
    GArray *tables;    /* struct table */
    GPtrArray *active; /* struct run, not owned: queued or running */
    GArray *workers;   /* int: machines that run tasks */
    struct pool pool[FLOWS_POOLS];
    int64_t begin_ms;   /* of the world */
    int64_t stopped_ms; /* since when the scheduler is, or FLOWS_NONE */
};

struct dag *flows_find(const struct flows *f, const char *id); /* or NULL */
struct pool *flows_pool(struct flows *f, const char *name);
/* A chance in [0, 1) that belongs to the DAG, as world_chance. */
double dag_chance(const struct dag *d, guint64 what, guint64 number);
guint64 dag_hash(const struct dag *d, guint64 what, guint64 number);

/* flows_past.c: seconds from a run's start to each task's, and to its end; gives the whole run's.
 * One task may fail (-1: none) in all its tries: what follows it does not run. */
double plan_times(const struct plan *p, int failing, double *start_s, double *end_s);
/* Whether task comes after the other one, over however many steps. */
bool plan_follows(const struct plan *p, guint task, guint other);
/* Something that went wrong once: "Type: text". */
const char *flows_mishap(guint64 n);

/* flows_defs.c: builds all DAGs, pools and tables of the world. */
void flows_define(struct flows *f, const struct world *w);

/* -- flows_past.c ------------------------------------------------------------------------------ */

/* number: -1 to -d->past, and not one of d->kept. */
void past_head(const struct dag *d, int number, struct run_head *out);
bool past_is_kept(const struct dag *d, int number);
struct run *past_run(const struct flows *f, struct dag *d, int number); /* the caller frees it */
/* The number of the run that was due then; 0: none was. */
int past_number(const struct dag *d, int64_t after_ms);
/* "scheduled__2026-06-12T11:00:00+00:00". */
char *run_scheduled_id(int64_t after_ms);
/* The time in such an id; FLOWS_NONE when it is none. */
int64_t run_scheduled_ms(const char *id);

/* -- flows_live.c ------------------------------------------------------------------------------ */

/* A run that waits for its tasks; the DAG owns it. */
struct run *live_add(struct flows *f, struct dag *d, const char *id, const struct run_head *head);
void live_tasks(struct run *r); /* its task instances, in TI_NONE */
void live_step(struct world *w);
/* Puts the newest try to those before it, unless it is there. */
void live_keep_try(struct ti *t);
/* Puts an instance into a state and keeps the counts of pools right. */
void live_set(struct flows *f, struct run *r, struct ti *t, enum ti_state state);
/* Has flows_step look at the run again. */
void live_wake(struct flows *f, struct run *r);

/* -- flows_change.c: what requests and plots do ------------------------------------------------ */

/* The run of that id, or NULL: a live one, or one of the past, which *made then owns. */
struct run *flows_run(const struct flows *f, struct dag *d, const char *id, struct run **made);
/* Makes a past run live; gives the live one. */
struct run *flows_keep(struct flows *f, struct run *take_r);
struct run *flows_trigger(
    struct world *w, struct dag *d, const char *id, int64_t logical_ms, const char *conf);
void flows_clear(struct world *w, struct run *r, struct ti *t);
/* The run waits for the scheduler again, after some of its tasks were cleared. */
void flows_requeue(struct world *w, struct run *r);
void flows_mark_task(struct world *w, struct run *r, struct ti *t, enum ti_state state);
void flows_mark_run(struct world *w, struct run *r, enum run_state state);
void flows_pause(struct world *w, struct dag *d, bool paused);
/* What the broken task of a DAG fails with: "Type: text". */
const char *flows_breakage(const struct dag *d);
/* A machine that could run a task: n counts through those that are up; -1: none is. */
int flows_worker(const struct world *w, guint64 n, bool up);
const char *flows_host(const struct world *w, int machine); /* "" for -1 */
bool flows_scheduler_is_well(const struct world *w, int64_t *beat_ms);

#endif
