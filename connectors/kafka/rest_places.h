/* Which broker leads and has which partition, out of a REST proxy: it tells the replicas of a broker,
 * or of one partition. A broker that is gone is in no list, so what it had is told by its absence:
 * partitions without a leader, and fewer replicas than the topic's replication factor. As brokers are
 * read one after the other, leadership may move meanwhile: a partition only counts as without a leader
 * when its topic's own list says so, and topics that are being reassigned are not judged by their
 * replication factor. */
#ifndef CONNECTORS_KAFKA_REST_PLACES_H
#define CONNECTORS_KAFKA_REST_PLACES_H

#include "cycle.h"
#include "rest.h"

#define REST_CONFIRM_MAX 20 /* topics that are asked for their leaders in one round */

/* All partitions, when that is due. What cannot be read stands in the state (places_error). False and
 * *error only when nothing more can be asked. */
bool rest_read_places(struct kafka_lane *k, GError **error);
/* The leaders of one topic's partitions. */
bool rest_read_leaders(struct kafka_lane *k, struct kafka_topic *t, GError **error);

#endif
