/* A service of the simulated platform: what one server would answer. Handlers are straight-line code
 * over the world; connections, delays and faults are the business of server.c and wire.c.
 *
 * Answers are made from the shapes of real answers (shapes/, recorded): shape() gives a copy of one,
 * put() replaces what the world says otherwise. So a field of the real server cannot be forgotten. */
#ifndef TESTS_SIM_SERVICE_H
#define TESTS_SIM_SERVICE_H

#include <cjson/cJSON.h>
#include <glib.h>

#include "world.h"

struct request {
    const char *method;
    const char *path; /* decoded, without the query */
    char **part;      /* the path's segments, decoded: "/api/v2/dags" is api, v2, dags, NULL */
    guint parts;
    GHashTable *query;         /* name to GPtrArray of values, in order; decoded */
    const char *body;          /* NUL-terminated, never NULL */
    const char *authorization; /* the header, or NULL */
    const char *host;          /* as the client names us, "127.0.0.1:8080"; or NULL */
    const char *accept;        /* the header, or NULL */
    const char *user;          /* Trino's X-Trino-User, or NULL */
    const char *source;        /* Trino's X-Trino-Source, or NULL */
};

struct reply {
    int status;               /* 200 at first */
    const char *content_type; /* static; application/json at first */
    GString *body;
    char *headers; /* "Name: value\n...", or NULL; owned */
};

struct service {
    const char *name;
    int port; /* the usual one of the real server, where the simulation tries first */
    void (*handle)(struct world *w, const struct request *q, struct reply *r);
};

extern const struct service airflow_service, trino_service, kafka_rest_service,
    alertmanager_service;
/* All of them, NULL-terminated. Hosts are no service of this kind (host.h). */
extern const struct service *const services[];
const struct service *service_find(const char *name); /* or NULL */

/* -- requests ------------------------------------------------------------------------------------- */

/* Whether method and path are these; segments of pattern that are "*" match any. "/v1/query/\*". */
bool request_is(const struct request *q, const char *method, const char *pattern);
/* The first value of a query parameter, or NULL; as a number, or fallback. */
const char *request_query(const struct request *q, const char *name);
int64_t request_number(const struct request *q, const char *name, int64_t fallback);
/* Whether a query parameter has value among its values; true when the parameter is not there. */
bool request_allows(const struct request *q, const char *name, const char *value);

/* -- answers -------------------------------------------------------------------------------------- */

/* A copy of shapes/NAME.json. The name must exist. */
cJSON *shape(const char *name);
/* Replaces a member; path may have dots ("stats.totalDrivers") and must exist in the object: the
 * shape is the server's. put takes take_value. */
void put(cJSON *object, const char *path, cJSON *take_value);
void put_text(cJSON *object, const char *path, const char *text); /* NULL: null */
void put_number(cJSON *object, const char *path, double value);
void put_bool(cJSON *object, const char *path, bool value);
/* ISO 8601 in UTC with milliseconds and Z; at_ms INT64_MIN: null. */
void put_time(cJSON *object, const char *path, int64_t at_ms);

/* Prints the object into the reply and deletes it. */
void reply_json(struct reply *r, int status, cJSON *take_object);
/* {"detail": ...}, plain text, and so on are the services' own. */
void reply_text(struct reply *r, int status, const char *content_type, const char *text);
void reply_header(struct reply *r, const char *name, const char *value);

#endif
