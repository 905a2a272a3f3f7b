/* clock.h - seconds of a clock that only goes forward. */
#ifndef OM_BASE_CLOCK_H
#define OM_BASE_CLOCK_H

#include <time.h>

/* From a moment of its own: only differences mean anything. */
static inline double om_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

#endif
