/* The two clocks: one for what people read and servers stamp, one for deadlines. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <glib.h>
#include <stdint.h>

/* Milliseconds since 1970 UTC. */
static inline int64_t clock_wall_ms(void)
{
    return g_get_real_time() / 1000;
}

/* Milliseconds that never go back; CLOCK_MONOTONIC. */
static inline int64_t clock_mono_ms(void)
{
    return g_get_monotonic_time() / 1000;
}

#endif
