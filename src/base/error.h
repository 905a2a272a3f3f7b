/* error.h - the one way to fail: fill the caller's error, return the status. */
#ifndef OM_BASE_ERROR_H
#define OM_BASE_ERROR_H

#include <stdarg.h>

#include "omost/status.h"

/* A place in a text: 1-based line and column in characters, 0 for none. */
typedef struct om_place {
    int line, col, len;
} om_place;

/* Fill `err` (may be NULL) and return `st`. */
omost_status om_fail(omost_error *err, omost_status st, const char *fmt, ...)
    OMOST_PRINTF(3, 4);
omost_status om_fail_at(omost_error *err, omost_status st, om_place at,
                        const char *fmt, ...) OMOST_PRINTF(4, 5);

omost_status om_fail_v(omost_error *err, omost_status st, om_place at,
                       const char *fmt, va_list ap);

/* The sentence every failed allocation ends in. */
omost_status om_fail_nomem(omost_error *err);

/* Make `err` say "no error". */
void om_error_clear(omost_error *err);

#endif
