/* clock.h - what time it is, and how to wait until another. */
#ifndef OM_BASE_CLOCK_H
#define OM_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Seconds of a clock that only goes forward, from a moment of its own: only
 * differences mean anything. */
static inline double om_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The same in whole milliseconds. */
static inline int64_t om_clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* So many milliseconds from now on that clock: CLOCK_REALTIME is what waiting
 * for a mutex or a condition takes, unless it was made otherwise. */
static inline struct timespec om_clock_in(clockid_t clock, int64_t ms)
{
    struct timespec t;
    clock_gettime(clock, &t);
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    t.tv_sec += (time_t)(ms / 1000) + t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

#endif
