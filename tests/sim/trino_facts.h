/* What a Trino coordinator says of a query: figures that follow from the world, and how they are
 * written into the shapes of its answers. Shared by the files of the service trino only. */
#ifndef TESTS_SIM_TRINO_FACTS_H
#define TESTS_SIM_TRINO_FACTS_H

#include "service.h"
#include "warehouse_query.h"

#define TRINO_HOST "dp-t01:8080"
#define TRINO_URL  "http://" TRINO_HOST /* of the coordinator */
/* When a query has come so far, the first tasks of each stage have ended (of more than one). */
#define TRINO_EARLY       0.02
#define TRINO_EARLY_TASKS 2

enum figure {
    F_ZERO,
    F_CREATED,
    F_STARTED,
    F_HEARTBEAT,
    F_ENDED,
    F_ELAPSED,
    F_QUEUED,
    F_WAITING,
    F_EXECUTION,
    F_ANALYSIS,
    F_PLANNING,
    F_PLANNING_CPU,
    F_STARTING,
    F_FINISHING,
    F_TASKS,
    F_TASKS_RUNNING,
    F_TASKS_DONE,
    F_TASKS_FAILED,
    F_SPLITS,
    F_SPLITS_QUEUED,
    F_SPLITS_RUNNING,
    F_SPLITS_BLOCKED,
    F_SPLITS_DONE,
    F_CUMULATIVE,
    F_MEMORY,
    F_MEMORY_MOST,
    F_TASK_MOST,
    F_IS_SCHEDULED,
    F_PROGRESS,
    F_RUNNING_PERCENT,
    F_SCHEDULED,
    F_CPU,
    F_BLOCKED,
    F_FULLY_BLOCKED,
    F_READ_BYTES,
    F_READ_ROWS,
    F_READ_TIME,
    F_NETWORK_BYTES,
    F_NETWORK_ROWS,
    F_RAW_BYTES,
    F_RAW_ROWS,
    F_BYTES,
    F_ROWS,
    F_INPUT_BLOCKED,
    F_OUT_BYTES,
    F_OUT_ROWS,
    F_OUT_BLOCKED,
    F_WRITTEN_BYTES,
    F_WRITTEN_ROWS,
    F_BUFFERED,
    FIGURES
};

struct facts {
    const struct world *w;
    const struct query *q;
    enum query_state state;
    double f[FIGURES]; /* times and spans in ms, sizes in bytes; NaN: null */
};

void trino_facts(const struct world *w, const struct query *q, struct facts *out);
/* The part of it that one of many has: of the work (CPU, splits that are done), of what is read, of
 * what is still going on (splits to do, memory). Parts that touch add up to the whole. */
struct portion {
    struct {
        double from, to;
    } work, input, live;
};
void trino_part(const struct facts *all, const struct portion *p, struct facts *out);

/* Writes who, what and the state into a BasicQueryInfo or QueryInfo, and the figures into its
 * queryStats. Members that the shape lacks are left out. */
void trino_fill(cJSON *query, const struct facts *facts);
/* The same for the figures of a stage, a task, or anything that names them alike. */
void trino_fill_stats(cJSON *stats, const struct facts *facts);

/* A shape of a BasicQueryInfo that is printed many times, fast. */
void trino_append_query(GString *out, const struct facts *facts);

/* "1.23s" and so on as airlift's Duration; "2026-11-21T16:36:18.213Z" in quotes, NaN: null. */
void trino_append_span(GString *out, double ms);
char *trino_span(double ms);
/* A text as a JSON string. */
void trino_append_quoted(GString *out, const char *text);
/* {"code": 8, "name": "DIVISION_BY_ZERO", ...} */
cJSON *trino_error_code(const struct failure *failure);
const char *trino_error_message(const struct query *q);

/* The rest of the service, by path: false when it is not theirs. */
bool trino_answer_detail(struct world *w, const struct request *q, struct reply *r);
bool trino_answer_nodes(struct world *w, const struct request *q, struct reply *r);
bool trino_answer_groups(struct world *w, const struct request *q, struct reply *r);
bool trino_answer_statement(struct world *w, const struct request *q, struct reply *r);
/* "Error 410 Gone: HTTP 410 Gone" */
void trino_refuse(struct reply *r, int status);

#endif
