#include "lag.h"

#include <string.h>

static int64_t at_least_zero(int64_t n)
{
    return n > 0 ? n : 0;
}

struct kafka_lag kafka_lag_next(struct kafka_lag before, int64_t c, int64_t s, int64_t h)
{
    if (c < 0)
        return (struct kafka_lag){KAFKA_LAG_UNCOMMITTED, -1, 0};
    if (before.state == KAFKA_LAG_UNCOMMITTED)
        before = (struct kafka_lag){KAFKA_LAG_UNKNOWN, -1, 0};
    if (h < 0)
        return before;
    if (s >= 0 && c < s)
        return (struct kafka_lag){KAFKA_LAG_LOST, at_least_zero(h - s), s - c};
    if (c <= h)
        return (struct kafka_lag){KAFKA_LAG_KNOWN, h - c, 0};
    if (before.state == KAFKA_LAG_SUSPECT || before.state == KAFKA_LAG_AHEAD)
        return (struct kafka_lag){KAFKA_LAG_AHEAD, -1, c - h};
    return (struct kafka_lag){KAFKA_LAG_SUSPECT, before.lag, 0};
}

void kafka_rate_reset(struct kafka_rate *r)
{
    *r = (struct kafka_rate){0};
}

void kafka_rate_add(struct kafka_rate *r, int64_t at_ms, int64_t value)
{
    if (r->readings == 0 || at_ms < r->old_ms) {
        *r = (struct kafka_rate){at_ms, value, at_ms, value, 0, 1};
        return;
    }
    if (at_ms == r->old_ms)
        return;
    r->per_s = (double)(value - r->old_value) * 1000 / (double)(at_ms - r->old_ms);
    r->readings = 2;
    if (at_ms - r->mid_ms < KAFKA_RATE_STEP_MS)
        return;
    r->old_ms = r->mid_ms;
    r->old_value = r->mid_value;
    r->mid_ms = at_ms;
    r->mid_value = value;
}

bool kafka_rate_get(const struct kafka_rate *r, double *per_s)
{
    if (r->readings < 2)
        return false;
    *per_s = r->per_s;
    return true;
}

bool kafka_is_rebalancing(const char *state)
{
    static const char *const states[] = {
        "PreparingRebalance", "CompletingRebalance", /* classic */
        "Assigning", "Reconciling",                  /* KIP-848 */
    };
    for (unsigned i = 0; i < sizeof states / sizeof states[0]; i++)
        if (strcmp(states[i], state) == 0)
            return true;
    return false;
}

int64_t kafka_rebalancing_since(int64_t since_ms, const char *state, int64_t now_ms)
{
    if (!kafka_is_rebalancing(state))
        return 0;
    return since_ms > 0 ? since_ms : now_ms;
}
