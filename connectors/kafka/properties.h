/* A source's options as a configuration of librdkafka. */
#ifndef CONNECTORS_KAFKA_PROPERTIES_H
#define CONNECTORS_KAFKA_PROPERTIES_H

#include <librdkafka/rdkafka.h>

#include "config.h"

/* What weir always sets; rd_kafka_conf_destroy, or rd_kafka_new takes it. */
rd_kafka_conf_t *properties_fixed(const char *brokers);
/* The same with the source's `properties` and `password`. Fetches secrets: blocks as secret_fetch
 * does. NULL and *error (CONFIG) for a property that librdkafka does not know (naming the nearest) or
 * does not take, and for one that is weir's own or would make weir write. */
rd_kafka_conf_t *properties_read(const struct source *s, const char *brokers, GError **error);

#endif
