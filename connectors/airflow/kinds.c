/* The tables: columns, links, rules. */
#include "airflow.h"

#include <string.h>

/* -- health -------------------------------------------------------------------------------------- */

static const struct column health_columns[] = {
    [HEALTH_COMPONENT] = {"component", "COMPONENT", CELL_TEXT, COLUMN_F_HIDDEN, 12, 0,
        "metadatabase, scheduler, triggerer or dag_processor"},
    [HEALTH_STATE] = {"state", "STATE", CELL_STATE, COLUMN_F_RECORD, 9, 0,
        "healthy or unhealthy, as the API server says; absent where the component never ran"},
    [HEALTH_BEAT_AGE] = {"heartbeat_age_ms", "HEARTBEAT", CELL_SPAN_MS, COLUMN_F_RECORD, 9, 0,
        "how long ago its newest heartbeat was, by the server's clock"},
    [HEALTH_BEAT] = {"heartbeat", "LAST BEAT", CELL_TIME_MS, COLUMN_F_HIDDEN, 9, 0,
        "when its newest heartbeat was"},
    {0},
};

static const struct link health_links[] = {
    {"d", "detail", "@detail"},
    {0},
};

static const struct health_rule health_rules[] = {
    {"state=unhealthy heartbeat_age_ms>0", HEALTH_FAIL,
        "unhealthy: no heartbeat for {heartbeat_age_ms}"},
    {"state=unhealthy", HEALTH_FAIL, "unhealthy"},
    {"heartbeat_age_ms>@airflow_heartbeat_warn", HEALTH_WARN,
        "no heartbeat for {heartbeat_age_ms}"},
    {0},
};

const struct kind airflow_health_kind = {
    .name = "airflow.health",
    .title = "COMPONENT",
    .help = "Airflow's own parts and their heartbeats",
    .shape = SHAPE_TABLE,
    .columns = health_columns,
    .sort = "name",
    .links = health_links,
    .feed = "health",
    .health = health_rules,
    .since = "heartbeat",
};

/* -- dags ---------------------------------------------------------------------------------------- */

static const struct column dag_columns[] = {
    [DAG_PAUSED] = {"paused", "PAUSED", CELL_BOOL, 0, 6, 0,
        "whether it is paused; read with the list of DAGs, every 30 s per hundred of them"},
    [DAG_SCHEDULE] = {"schedule", "SCHEDULE", CELL_TEXT, 0, 12, 1,
        "its timetable; absent where only triggers start it"},
    [DAG_OWNERS] = {"owners", "OWNERS", CELL_TEXT, 0, 8, 1, "owners of its tasks"},
    [DAG_TAGS] = {"tags", "TAGS", CELL_TEXT, COLUMN_F_HIDDEN, 8, 2, "its tags"},
    [DAG_LAST_RUN] = {"last_run", "LAST RUN", CELL_TIME_MS, COLUMN_F_AGE, 8, 0,
        "when its newest run began, or was due while it has not begun"},
    [DAG_LAST_STATE] = {"last_state", "STATE", CELL_STATE, COLUMN_F_RECORD, 8, 0,
        "of its newest run: queued, running, success, failed"},
    [DAG_LAST_DURATION] = {"last_duration_ms", "TOOK", CELL_SPAN_MS, COLUMN_F_RECORD, 7, 0,
        "how long its newest run took, or takes until now"},
    [DAG_NEXT_RUN] = {"next_run", "NEXT RUN", CELL_TIME_MS, 0, 10, 0,
        "when the scheduler is to make its next run"},
    [DAG_RUNNING] = {"running", "RUN", CELL_INT, COLUMN_F_RECORD, 4, 0,
        "its runs that are running"},
    [DAG_QUEUED] = {"queued", "QUEUE", CELL_INT, COLUMN_F_RECORD, 5, 0, "its runs that are queued"},
    [DAG_FAILED_24H] = {"failed_24h", "FAIL24H", CELL_INT, COLUMN_F_RECORD, 7, 0,
        "its runs that failed within 24 hours"},
    [DAG_STATES] = {"states", "LAST 14", CELL_STATES, 0, 14, 0,
        "its newest 14 runs, the newest at the right"},
    [DAG_LATE] = {"late_ms", "LATE", CELL_SPAN_MS, COLUMN_F_HIDDEN, 6, 0,
        "how long its next run is overdue"},
    [DAG_FAILED_RUN] = {"failed_run", "FAILED RUN", CELL_TEXT, COLUMN_F_HIDDEN, 12, 2,
        "its newest failed run, while none has succeeded since"},
    [DAG_IMPORT_ERRORS] = {"import_errors", "BROKEN", CELL_BOOL, COLUMN_F_HIDDEN, 6, 0,
        "whether its file cannot be imported any more"},
    [DAG_SINCE] = {"since", "SINCE", CELL_TIME_MS, COLUMN_F_AGE | COLUMN_F_HIDDEN, 5, 0,
        "since when it fails: the end of its first failed run after the newest success"},
    {0},
};

static const struct link dag_links[] = {
    {"enter", "runs", "airflow.runs"},
    {"d", "detail", "@detail"},
    {0},
};

static const struct health_rule dag_rules[] = {
    {"failed_run!=none", HEALTH_FAIL, "the last run failed: {failed_run}"},
    {"import_errors=true", HEALTH_WARN,
        "its file has import errors; what runs is its last good version"},
    {0},
};

const struct kind airflow_dags_kind = {
    .name = "airflow.dags",
    .aliases = "dag d",
    .title = "DAG",
    .help = "every DAG with its newest runs",
    .shape = SHAPE_TABLE,
    .columns = dag_columns,
    .sort = "name",
    .links = dag_links,
    .feed = "dags",
    .health = dag_rules,
    .since = "since",
};

/* -- runs ---------------------------------------------------------------------------------------- */

static const struct column run_columns[] = {
    [RUN_DAG] = {"dag", "DAG", CELL_TEXT, COLUMN_F_KEY, 12, 3, "the DAG it is a run of"},
    [RUN_STATE] = {"state", "STATE", CELL_STATE, COLUMN_F_RECORD, 8, 0,
        "queued, running, success or failed"},
    [RUN_TYPE] = {"type", "TYPE", CELL_TEXT, 0, 9, 0,
        "scheduled, manual, backfill, asset_triggered ..."},
    [RUN_LOGICAL] = {"logical_date", "LOGICAL DATE", CELL_TIME_MS, COLUMN_F_HIDDEN, 12, 0,
        "the moment that it stands for; absent for runs that stand for none"},
    [RUN_STARTED] = {"started", "STARTED", CELL_TIME_MS, 0, 9, 0, "when it began to run"},
    [RUN_ENDED] = {"ended", "ENDED", CELL_TIME_MS, COLUMN_F_AGE, 6, 0, "when it ended"},
    [RUN_DURATION] = {"duration_ms", "TOOK", CELL_SPAN_MS, COLUMN_F_RECORD, 7, 0,
        "from its start to its end, or until now"},
    [RUN_USUAL] = {"usual_ms", "USUAL", CELL_SPAN_MS, COLUMN_F_HIDDEN, 7, 0,
        "how long runs of this DAG usually take"},
    [RUN_QUEUED] = {"queued_ms", "QUEUED", CELL_SPAN_MS, COLUMN_F_RECORD, 7, 0,
        "how long it waited for its start, or waits until now"},
    [RUN_NOTE] = {"note", "NOTE", CELL_TEXT, 0, 8, 2, "what somebody wrote to it"},
    [RUN_AFTER] = {"run_after", "DUE", CELL_TIME_MS, COLUMN_F_HIDDEN, 9, 0, "when it was due"},
    [RUN_USER] = {"user", "BY", CELL_TEXT, COLUMN_F_HIDDEN, 6, 0, "who triggered it"},
    [RUN_SINCE] = {"since", "AGE", CELL_TIME_MS, COLUMN_F_AGE | COLUMN_F_HIDDEN, 5, 0,
        "since when it is in this state"},
    {0},
};

static const struct link run_links[] = {
    {"enter", "tasks", "airflow.tasks"},
    {"d", "detail", "@detail"},
    {0},
};

static const struct health_rule run_rules[] = {
    {"state=failed duration_ms!=none", HEALTH_FAIL, "failed after {duration_ms}"},
    {"state=failed", HEALTH_FAIL, "failed"},
    {"state=queued queued_ms>@airflow_queued_warn", HEALTH_WARN, "queued for {queued_ms}"},
    {0},
};

const struct kind airflow_runs_kind = {
    .name = "airflow.runs",
    .aliases = "run r",
    .title = "RUN",
    .help = "runs of one DAG, or all that run, wait, or ended within 24 hours",
    .shape = SHAPE_TABLE,
    .scope = "airflow.dags",
    .scope_optional = true,
    .columns = run_columns,
    .sort = "-run_after,dag,name",
    .links = run_links,
    .feed = "runs",
    .health = run_rules,
    .since = "since",
};

/* -- tasks --------------------------------------------------------------------------------------- */

static const struct column task_columns[] = {
    [TASK_DAG] = {"dag", "DAG", CELL_TEXT, COLUMN_F_KEY, 12, 3, "the DAG that it belongs to"},
    [TASK_RUN] = {"run", "RUN", CELL_TEXT, COLUMN_F_KEY, 12, 3, "the run that it belongs to"},
    [TASK_TASK] = {"task", "TASK", CELL_TEXT, COLUMN_F_HIDDEN, 12, 2,
        "the task, without its index"},
    [TASK_MAP] = {"map_index", "MAP", CELL_INT, COLUMN_F_EXACT | COLUMN_F_HIDDEN, 3, 0,
        "which of the instances of a mapped task; absent where it is not mapped"},
    [TASK_STATE] = {"state", "STATE", CELL_STATE, COLUMN_F_RECORD, 9, 0,
        "scheduled, queued, running, success, failed, up_for_retry ...; absent before it is "
        "scheduled"},
    [TASK_TRY] = {"try", "TRY", CELL_INT, 0, 3, 0, "which try it is, from 1"},
    [TASK_MAX_TRIES] = {"max_tries", "RETRIES", CELL_INT, COLUMN_F_HIDDEN, 7, 0,
        "how often it may be tried again"},
    [TASK_STARTED] = {"started", "STARTED", CELL_TIME_MS, 0, 9, 0, "when this try began"},
    [TASK_ENDED] = {"ended", "ENDED", CELL_TIME_MS, COLUMN_F_HIDDEN | COLUMN_F_AGE, 6, 0,
        "when this try ended"},
    [TASK_DURATION] = {"duration_ms", "TOOK", CELL_SPAN_MS, COLUMN_F_RECORD, 7, 0,
        "how long this try took, or takes until now"},
    [TASK_QUEUED] = {"queued_ms", "QUEUED", CELL_SPAN_MS, COLUMN_F_RECORD, 7, 0,
        "how long it waited to be run, or waits until now: from queued, or scheduled, to its "
        "start"},
    [TASK_POOL] = {"pool", "POOL", CELL_TEXT, 0, 8, 1, "the pool whose slots it takes"},
    [TASK_OPERATOR] = {"operator", "OPERATOR", CELL_TEXT, COLUMN_F_HIDDEN, 8, 1,
        "what it is made of"},
    [TASK_HOST] = {"host", "HOST", CELL_TEXT, 0, 8, 1, "where this try ran or runs"},
    [TASK_SINCE] = {"since", "AGE", CELL_TIME_MS, COLUMN_F_AGE, 5, 0,
        "since when it is in this state, as near as the server says: its end, start, or queueing"},
    {0},
};

static const struct link task_links[] = {
    {"enter", "log", "@log"},
    {"l", "log", "@log"},
    {"d", "detail", "@detail"},
    {0},
};

static const struct health_rule task_rules[] = {
    {"state=failed", HEALTH_FAIL, "try {try} failed"},
    {"state=upstream_failed", HEALTH_FAIL, "did not run: a task before it failed"},
    {"state=up_for_retry", HEALTH_WARN, "try {try} failed; it will be tried again"},
    {"state=queued queued_ms>@airflow_queued_warn", HEALTH_WARN,
        "queued for {queued_ms}: no worker took it"},
    {"state=scheduled queued_ms>@airflow_queued_warn", HEALTH_WARN,
        "scheduled for {queued_ms}: no slot is free in pool {pool}, or the scheduler is busy"},
    {0},
};

const struct kind airflow_tasks_kind = {
    .name = "airflow.tasks",
    .aliases = "task t ti",
    .title = "TASK",
    .help = "task instances of one run, or all that run or wait, and those that failed",
    .shape = SHAPE_TABLE,
    .scope = "airflow.runs",
    .scope_optional = true,
    .columns = task_columns,
    .sort = "started,name",
    .links = task_links,
    .feed = "tasks",
    .health = task_rules,
    .since = "since",
};

/* -- states -------------------------------------------------------------------------------------- */

static const struct {
    const char *state;
    enum phase phase;
    enum health health; /* in a strip of past states */
} states[] = {
    {"none", PHASE_WAIT, HEALTH_OK},
    {"scheduled", PHASE_WAIT, HEALTH_OK},
    {"queued", PHASE_WAIT, HEALTH_OK},
    {"deferred", PHASE_WAIT, HEALTH_OK},
    {"up_for_reschedule", PHASE_WAIT, HEALTH_OK},
    {"awaiting_input", PHASE_WAIT, HEALTH_OK},
    {"up_for_retry", PHASE_WAIT, HEALTH_WARN},
    {"running", PHASE_RUN, HEALTH_OK},
    {"restarting", PHASE_RUN, HEALTH_OK},
    {"success", PHASE_DONE, HEALTH_OK},
    {"failed", PHASE_DONE, HEALTH_FAIL},
    {"upstream_failed", PHASE_OFF, HEALTH_FAIL}, /* it did not run; what failed before it alarms */
    {"skipped", PHASE_OFF, HEALTH_OK},
    {"removed", PHASE_OFF, HEALTH_OK},
};

static int find_state(const char *state)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(states); i++)
        if (strcmp(states[i].state, state) == 0)
            return (int)i;
    return -1;
}

enum phase airflow_phase(const char *state)
{
    int i = find_state(state ? state : "none");
    return i < 0 ? PHASE_RUN : states[i].phase; /* not WAIT: an unknown state is to be seen */
}

enum health airflow_state_health(const char *state)
{
    int i = find_state(state ? state : "none");
    return i < 0 ? HEALTH_UNKNOWN : states[i].health;
}

bool airflow_knows(const char *state)
{
    return !state || find_state(state) >= 0;
}
