/* The Kafka connector. kafka.c has its table; kinds.c what it shows; state.c what a lane knows of a
 * cluster, and publish.c that as rows. Two ways fill the state: librdkafka (cycle.c, what is asked when;
 * learn.c; call.c, the only door to the brokers) and Confluent's REST Proxy (rest_cycle.c; rest_learn.c;
 * rest.c, the only door to the proxy). */
#ifndef CONNECTORS_KAFKA_KAFKA_H
#define CONNECTORS_KAFKA_KAFKA_H

#include "lane.h"

extern const struct connector kafka_connector;

/* show.c: a group, topic, broker, partition or a group's partition whole, read just now. */
bool kafka_show(
    struct lane *l, const struct rid *what, struct snapshot *detail, GString *raw, GError **error);
/* doctor.c */
bool kafka_check(struct lane *l, struct snapshot *doctor, GError **error);
/* discover.c */
void kafka_discover(struct lane *l, struct found *out);
extern const char *const kafka_secret_variables[];

#endif
