/* Discovery of what speaks HTTP: the usual ports that this machine listens on are asked one question,
 * without a credential. */
#ifndef CONNECTORS_TRANSPORT_HTTP_FIND_H
#define CONNECTORS_TRANSPORT_HTTP_FIND_H

#include "json.h"
#include "lane.h"
#include "listen.h"

struct http_sign {
    const char *name;                 /* of the source that is found */
    const struct listen_range *ports; /* people run it there; ends with first 0 */
    const char *path;                 /* GET, open to everybody */
    bool (*is_it)(const cJSON *answer);
};

/* Reports each server on loopback whose answer is_it() knows, by its url; ports in known (as pointers;
 * or NULL) are left alone: other clients' files have named them. */
void http_find(struct lane *l, struct found *out, const struct http_sign *sign, GHashTable *known);

#endif
