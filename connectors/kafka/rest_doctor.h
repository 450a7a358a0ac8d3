/* The doctor's lines of a source that reads Kafka by REST. */
#ifndef CONNECTORS_KAFKA_REST_DOCTOR_H
#define CONNECTORS_KAFKA_REST_DOCTOR_H

#include "cycle.h"

bool rest_check(struct kafka_lane *k, struct snapshot *doctor, GError **error);

#endif
