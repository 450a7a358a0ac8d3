/* The Kafka connector, by librdkafka. kafka.c has its table; kinds.c what it shows; cycle.c what is
 * asked when; call.c, the only door to the brokers. */
#ifndef CONNECTORS_KAFKA_KAFKA_H
#define CONNECTORS_KAFKA_KAFKA_H

#include "lane.h"

extern const struct connector kafka_connector;

/* show.c: a group, topic, broker, partition or a group's partition whole, read just now. */
bool kafka_show(
    struct lane *l, const struct rid *what, struct snapshot *detail, GString *raw, GError **error);
/* doctor.c */
bool kafka_check(struct lane *l, struct snapshot *doctor, GError **error);
void kafka_discover(struct lane *l, struct found *out);

#endif
