/* random.h - numbers nobody can foresee, from the system. */
#ifndef OM_BASE_RANDOM_H
#define OM_BASE_RANDOM_H

#include "base/error.h"

/* Fill p[n]; IO when the system has none. */
omost_status om_random_bytes(void *p, size_t n, omost_error *err);

#endif
