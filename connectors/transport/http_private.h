/* What http.c (curl) and http_reply.c (what answers say) share. Nothing else includes this. */
#ifndef CONNECTORS_TRANSPORT_HTTP_PRIVATE_H
#define CONNECTORS_TRANSPORT_HTTP_PRIVATE_H

#include "http.h"

const char *http_base(const struct http *h);
const char *http_who(const struct http *h); /* NULL: nobody */
const char *http_method(const struct http_request *q);
/* "GET https://host/api/v2/dags", without the query. */
char *http_describe(const char *base, const struct http_request *q);
void http_reply_init(struct http_reply *r);

#endif
