/* The service trino: the coordinator's REST API below /v1, as Trino 476 answers it. */
#include "trino_facts.h"

#include <string.h>

/* -- what all files use --------------------------------------------------------------------------- */

void trino_refuse(struct reply *r, int status)
{
    static const struct {
        int status;
        const char *name;
    } names[] = {{403, "Forbidden"}, {404, "Not Found"}, {405, "Method Not Allowed"},
        {409, "Conflict"}, {410, "Gone"}, {0, "Bad Request"}};
    guint i = 0;
    while (names[i].status != 0 && names[i].status != status)
        i++;
    g_autofree char *text =
        g_strdup_printf("Error %d %s: HTTP %d %s", status, names[i].name, status, names[i].name);
    reply_text(r, status, "text/plain", text);
}

cJSON *trino_error_code(const struct failure *failure)
{
    cJSON *code = cJSON_CreateObject();
    cJSON_AddNumberToObject(code, "code", failure->code);
    cJSON_AddStringToObject(code, "name", failure->name);
    cJSON_AddStringToObject(code, "type", failure->type);
    cJSON_AddBoolToObject(code, "fatal", failure->fatal);
    return code;
}

const char *trino_error_message(const struct query *q)
{
    return q->message ? q->message : q->error->message;
}

/* -- the list ------------------------------------------------------------------------------------- */

struct listing {
    const struct request *request;
    GString *out;
};

static void list_query(const struct world *w, const struct query *q, void *data)
{
    struct listing *l = data;
    const char *name = query_state_name(query_state(q, w->now_ms));
    if (!request_allows(l->request, "state", name))
        return;
    struct facts facts;
    trino_facts(w, q, &facts);
    if (l->out->len > 1)
        g_string_append_c(l->out, ',');
    trino_append_query(l->out, &facts);
}

static bool answer_list(struct world *w, const struct request *q, struct reply *r)
{
    if (!request_is(q, "GET", "/v1/query"))
        return false;
    struct listing l = {q, r->body};
    enum query_state from = QUERY_FAILED, to = QUERY_QUEUED;
    for (enum query_state s = QUERY_QUEUED; s <= QUERY_FAILED; s++) {
        if (request_allows(q, "state", query_state_name(s))) {
            from = MIN(from, s);
            to = MAX(to, s);
        }
    }
    g_string_assign(r->body, "[");
    if (from <= to)
        warehouse_each(w, from, to, list_query, &l);
    g_string_append_c(r->body, ']');
    return true;
}

/* -- ending queries ------------------------------------------------------------------------------- */

static void kill_query(
    struct world *w, const struct request *q, struct reply *r, enum failing how, const char *verb)
{
    struct query *live = warehouse_find_live(w, q->part[2]);
    struct query storage;
    if (!live) {
        const struct query *ended = warehouse_find(w, q->part[2], &storage);
        trino_refuse(r, ended ? 409 : 410);
        if (ended == &storage)
            query_clear(&storage);
        return;
    }
    bool told = *q->body && strcmp(q->body, "\"\"") != 0;
    g_autofree char *message =
        told ? g_strdup_printf("Query %s. Message: %s", verb, q->body) : NULL;
    world_note(w, "query %s is %s by %s", live->id, verb, q->user ? q->user : "somebody");
    warehouse_end(w, live, &failures[how], message);
    reply_text(r, 202, "text/plain", "");
}

static bool answer_ends(struct world *w, const struct request *q, struct reply *r)
{
    if (request_is(q, "PUT", "/v1/query/*/killed")) {
        kill_query(w, q, r, FAIL_KILLED, "killed");
    } else if (request_is(q, "PUT", "/v1/query/*/preempted")) {
        kill_query(w, q, r, FAIL_PREEMPTED, "preempted");
    } else if (request_is(q, "DELETE", "/v1/query/*")) {
        struct query *live = warehouse_find_live(w, q->part[2]);
        if (live)
            warehouse_end(w, live, &failures[FAIL_CANCELED], NULL);
        reply_text(r, 204, "text/plain", "");
    } else {
        return false;
    }
    return true;
}

/* -- the server ----------------------------------------------------------------------------------- */

static bool answer_info(struct world *w, const struct request *q, struct reply *r)
{
    if (request_is(q, "GET", "/v1/info")) {
        cJSON *info = shape("trino_info");
        g_autofree char *uptime = trino_span((double)(w->now_ms - w->warehouse->started_ms));
        put_text(info, "environment", "warehouse");
        put_text(info, "uptime", uptime);
        reply_json(r, 200, info);
    } else if (request_is(q, "GET", "/v1/info/state")) {
        reply_text(r, 200, "application/json", "\"ACTIVE\"");
    } else if (request_is(q, "GET", "/v1/info/coordinator") ||
               request_is(q, "HEAD", "/v1/statement")) {
        reply_text(r, 200, "text/plain", "");
    } else {
        return false;
    }
    return true;
}

static bool is_public(const struct request *q)
{
    return request_is(q, "GET", "/v1/info") || request_is(q, "GET", "/v1/info/state") ||
           request_is(q, "GET", "/v1/info/coordinator") || request_is(q, "GET", "/v1/status") ||
           g_str_has_prefix(q->path, "/v1/statement/");
}

static void handle(struct world *w, const struct request *q, struct reply *r)
{
    static bool (*const answers[])(struct world * w, const struct request *q, struct reply *r) = {
        answer_info, answer_list, trino_answer_detail, answer_ends, trino_answer_nodes,
        trino_answer_groups, trino_answer_statement};
    if (!q->user && !q->authorization && !is_public(q)) {
        reply_text(r, 401, "text/plain;charset=utf-8", "Unauthorized");
        reply_header(r, "WWW-Authenticate", "Basic realm=\"Trino\"");
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(answers); i++)
        if (answers[i](w, q, r))
            return;
    trino_refuse(r, 404);
}

const struct service trino_service = {.name = "trino", .port = 8080, .handle = handle};
