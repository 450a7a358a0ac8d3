/* The arithmetic of lag, apart from any connection: how far a consumer group is behind, how fast a
 * number changes, and for how long a group has been rebalancing. Pure functions, times are given.
 *
 * C is the committed offset (the next record that the group will read), S the first offset that the
 * broker still has, H the end: the offset that the next record will get. C must have been read before
 * H, else a busy partition seems to be read beyond its end. */
#ifndef CONNECTORS_KAFKA_LAG_H
#define CONNECTORS_KAFKA_LAG_H

#include <stdbool.h>
#include <stdint.h>

#define KAFKA_OFFSET_NONE (-1) /* of C: nothing is committed; of S and H: not read */

enum kafka_lag_state {
    KAFKA_LAG_UNKNOWN,     /* the end was never read */
    KAFKA_LAG_UNCOMMITTED, /* no C: how much the group has to read is not known, so not counted */
    KAFKA_LAG_KNOWN,
    KAFKA_LAG_LOST,    /* C < S: gap records were deleted before the group read them */
    KAFKA_LAG_SUSPECT, /* C > H once: a leader may just have changed; the older value stays */
    KAFKA_LAG_AHEAD,   /* C > H twice running: gap records beyond the end of a remade topic */
};

struct kafka_lag {
    enum kafka_lag_state state;
    int64_t lag; /* records behind; -1: not known */
    int64_t gap; /* of LOST and AHEAD; else 0 */
};

/* The lag of a partition after C, S and H (KAFKA_OFFSET_NONE where absent) were read, in that order;
 * before is what it was a cycle ago. An end that was not read leaves what was known before. */
struct kafka_lag kafka_lag_next(struct kafka_lag before, int64_t c, int64_t s, int64_t h);

/* How fast a number changes, over the last 30 to 60 seconds: two older readings are kept, the younger
 * takes the elder's place when it is KAFKA_RATE_STEP_MS old. */
#define KAFKA_RATE_STEP_MS 30000
struct kafka_rate {
    int64_t old_ms, old_value;
    int64_t mid_ms, mid_value;
    double per_s;
    unsigned readings; /* 0, 1, or 2 for any more */
};
/* Adds a reading. A clock that was set back begins anew. */
void kafka_rate_add(struct kafka_rate *r, int64_t at_ms, int64_t value);
/* Forgets all: the number is of something else now. */
void kafka_rate_reset(struct kafka_rate *r);
/* False before the second reading. */
bool kafka_rate_get(const struct kafka_rate *r, double *per_s);

/* Whether a group's state (the server's word) means that its partitions are being handed around. */
bool kafka_is_rebalancing(const char *state);
/* Since when it has been, as far as was seen: since_ms of the poll before, or 0 when it was not. */
int64_t kafka_rebalancing_since(int64_t since_ms, const char *state, int64_t now_ms);

#endif
