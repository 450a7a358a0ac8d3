/* What the files of the simulated Airflow share: the request in work, and pieces of answers. The API
 * is that of Airflow 3.3.2, as recorded. */
#ifndef TESTS_SIM_AIRFLOW_ANSWERS_H
#define TESTS_SIM_AIRFLOW_ANSWERS_H

#include "flows_model.h"
#include "service.h"

enum role { ROLE_NOBODY, ROLE_VIEWER, ROLE_OP, ROLE_ADMIN };

DEFINE_AUTO(cJSON, cJSON_Delete)

/* A request and all that its answer needs. Whoever answers returns at once. */
struct ask {
    struct world *w;
    struct flows *f;
    const struct request *q;
    struct reply *r;
    enum role role;
    const char *user; /* NULL: nobody */
};

/* -- airflow.c: errors and parts of requests --------------------------------------------------- */

/* {"detail": "..."}. Always false, so that a check ends with it. */
bool airflow_refuse(struct ask *a, int status, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* The 422 of a validation: where ("query" or "body"), the field, what was given (NULL: null). */
bool airflow_invalid(struct ask *a, const char *type, const char *where, const char *field,
    const char *message, const cJSON *input);

struct page {
    int64_t limit, offset;
};
/* limit and offset of a GET: at most 100. False when it was answered: they are no numbers. */
bool airflow_page(struct ask *a, struct page *page);
/* The body as an object with none but these members (NULL-terminated); NULL: it was answered. */
cJSON *airflow_body(struct ask *a, const char *const *members);
/* Texts of an array member, or of a query parameter; NULL when it is not there. */
GPtrArray *airflow_texts(const cJSON *body, const char *member);
const GPtrArray *airflow_values(const struct ask *a, const char *name);
const char *airflow_text(const cJSON *body, const char *member); /* or NULL */
bool airflow_flag(const cJSON *body, const char *member, bool fallback);

/* The DAG, run and task instance that the path names; NULL when it was answered with 404. Of the
 * past a run is made, which *made then owns. */
struct dag *airflow_dag(struct ask *a);
struct run *airflow_run(struct ask *a, struct run **made);
struct ti *airflow_ti(struct ask *a, struct run *r);
/* The segment after the one of that name, or NULL: "dags" gives the DAG's id. */
const char *airflow_after(const struct ask *a, const char *segment);

/* -- orders and bounds of lists ---------------------------------------------------------------- */

/* "run_after_gte" and the like: what a time must be within. */
struct bound {
    gsize offset; /* of the int64_t in the object that is looked at */
    int64_t from_ms, to_ms;
};
/* The bounds that the request names, of fields (NULL-terminated names, with offsets). */
struct time_field {
    const char *name;
    gsize offset;
};
GArray *airflow_bounds(struct ask *a, const cJSON *body, const struct time_field *fields);
bool airflow_is_within(const GArray *bounds, const void *object);
bool airflow_no_order(struct ask *a, const char *order); /* the 400 */

/* -- pieces of answers ------------------------------------------------------------------------- */

void put_duration(cJSON *object, const char *path, int64_t start_ms, int64_t end_ms);
/* An identifier that is always the same for the same DAG, what and number. */
void put_uuid(cJSON *object, const char *path, const struct dag *d, int64_t at_ms, guint64 number);
cJSON *airflow_dag_version(const struct ask *a, const struct dag *d);
/* Removes members that are null, but for those of the list (NULL-terminated). */
void drop_nulls(cJSON *object, const char *const *keep);

/* -- airflow_runs.c ---------------------------------------------------------------------------- */

/* A run in a list: live, or of the past and not made yet. */
struct item {
    int64_t key;
    guint64 uid;
    struct dag *dag;
    struct run *live;
    int number;
};
#define ITEM_UID(dag, serial) ((guint64)(dag)->index * 1000000 + (serial) + 1)
/* All runs of a DAG into an array of struct item. */
void airflow_items(struct dag *d, GArray *items);
/* Its newest runs by run_after, at most max of them, the newest first. */
void airflow_newest(struct dag *d, guint max, GArray *items);
void item_head(const struct item *item, struct run_head *out);
char *item_id(const struct item *item);
/* An order of items; "id" when order is NULL. False when there is no such order. */
bool item_key(
    const char *order, const struct item *item, const struct run_head *head, int64_t *key);
gint item_compare(gconstpointer a, gconstpointer b);
cJSON *airflow_run_json(const struct ask *a, const struct run *r);

void airflow_list_runs(struct ask *a);
void airflow_list_runs_batch(struct ask *a);
void airflow_get_run(struct ask *a);
void airflow_trigger(struct ask *a);
void airflow_patch_run(struct ask *a);

/* -- airflow_dags.c ---------------------------------------------------------------------------- */

void airflow_list_dags(struct ask *a);
void airflow_list_ui_dags(struct ask *a);
void airflow_get_dag(struct ask *a);
void airflow_get_details(struct ask *a);
void airflow_patch_dag(struct ask *a);
void airflow_patch_dags(struct ask *a);
void airflow_list_tasks(struct ask *a);
void airflow_get_task(struct ask *a);
void airflow_list_pools(struct ask *a);
void airflow_get_pool(struct ask *a);
void airflow_list_import_errors(struct ask *a);

/* -- airflow_tasks.c --------------------------------------------------------------------------- */

cJSON *airflow_ti_json(const struct ask *a, const struct run *r, const struct ti *t);
/* Answers with a list of all of them; pairs: struct run, struct ti, in turn. */
void airflow_reply_tis(struct ask *a, const GPtrArray *pairs);

void airflow_list_tis(struct ask *a);
void airflow_list_tis_batch(struct ask *a);
void airflow_list_mapped(struct ask *a);
void airflow_get_ti(struct ask *a);
void airflow_list_tries(struct ask *a);
void airflow_get_try(struct ask *a);
void airflow_list_dependencies(struct ask *a);

/* -- airflow_change.c -------------------------------------------------------------------------- */

void airflow_clear_tis(struct ask *a);
void airflow_clear_run(struct ask *a);
void airflow_clear_runs(struct ask *a);
void airflow_patch_ti(struct ask *a);
void airflow_patch_ti_dry(struct ask *a);

/* -- airflow_log.c ----------------------------------------------------------------------------- */

void airflow_get_log(struct ask *a);

#endif
