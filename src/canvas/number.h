/* number.h - Python's numeric literals, and comparing them exactly. */
#ifndef OM_CANVAS_NUMBER_H
#define OM_CANVAS_NUMBER_H

#include "base/mem.h"
#include "omost/canvas.h"

typedef enum om_number_verdict {
    OM_NUMBER_OK,
    OM_NUMBER_NOMEM,
    OM_NUMBER_BAD,      /* not a Python number */
    OM_NUMBER_COMPLEX,  /* 3j: a number, but of no use here */
    OM_NUMBER_TOO_LONG, /* more digits than Python converts (4300) */
} om_number_verdict;

/* Read one unsigned literal: 5, 5., .5, 1_000, 1e3, 0x1F, 0o7, 0b1. The digits
 * of large integers go to the arena. */
om_number_verdict om_number_parse(om_str literal, om_arena *arena,
                                  omost_number *out);

/* value > 0 */
bool om_number_is_positive(const omost_number *x);
/* Make a number that somebody filled in what reading it gives: digits in the
 * arena for large integers, none otherwise. BAD: an integer with a fraction or
 * with digits of another value, a BOOL other than 1. */
om_number_verdict om_number_canonical(om_arena *arena, omost_number *x);

#endif
