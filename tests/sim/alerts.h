/* Alerts: rules over the world, each with the time it must hold, and the silences that people set. The
 * service alertmanager shows them. */
#ifndef TESTS_SIM_ALERTS_H
#define TESTS_SIM_ALERTS_H

#include "world.h"

struct alerts *alerts_new(const struct world *w);
void alerts_free(struct alerts *a); /* accepts NULL */
void alerts_step(struct world *w);

#endif
