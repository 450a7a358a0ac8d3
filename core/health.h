/* The verdict on a row: the first of its kind's rules that holds, as an enum and a sentence. */
#ifndef CORE_HEALTH_H
#define CORE_HEALTH_H

#include "kind.h"

struct environment;
struct health_rules;

/* Compiles a kind's rules with the environment's thresholds (NULL: none are known). NULL and *error
 * when a rule does not parse: a programmer's error that kind_check() reports. */
struct health_rules *health_compile(
    const struct kind *k, const struct environment *e, GError **error);
void health_rules_free(struct health_rules *r);

/* Judges every row of an unsealed snapshot that the connector did not judge itself. */
void health_apply(const struct health_rules *r, struct snapshot *s, int64_t now_ms);

#endif
