/* The connectors' shared object, which brings libcurl, libssh2 and librdkafka: opened by the loader
 * thread after the first paint, because their 43 shared objects would cost the start 13 ms. */
#ifndef CORE_LIBRARY_H
#define CORE_LIBRARY_H

#include "connector.h"

/* weir-connectors.so beside the running program, or in ../lib/weir of it. Newly allocated. */
char *library_path(void);

/* Opens the object, checks that it was built with this program, and initialises its libraries. */
const struct connector_library *library_open(
    const char *path, const char *build_id, GError **error);
void library_add(const struct connector_library *library, struct registry *r);

#endif
