/* The doctor's lines of a source that reads Kafka by REST, and one that both ways have. */
#ifndef CONNECTORS_KAFKA_REST_DOCTOR_H
#define CONNECTORS_KAFKA_REST_DOCTOR_H

#include "cycle.h"

bool rest_check(struct kafka_lane *k, struct snapshot *doctor, GError **error);
/* doctor.c. Asks for the offsets of one group, the right that lag needs; advice: when it lacks. */
void kafka_check_lag(struct kafka_lane *k, struct snapshot *doctor, const char *advice);

#endif
