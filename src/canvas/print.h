/* print.h - values as Python text, and texts as one line for people: what the
 * Python printer shares with the other writers of a canvas. */
#ifndef OM_CANVAS_PRINT_H
#define OM_CANVAS_PRINT_H

#include "base/buf.h"
#include "omost/canvas.h"

/* The number as Python's repr() has it, whatever the locale: 5, True, 16.8,
 * 1e+22 (the fewest digits that read back as the same double). Infinity,
 * which has no literal of its own, is 1e999. */
void om_print_number(om_buf *b, const omost_number *x);

/* The text as Python's repr() quotes it. */
void om_print_quoted(om_buf *b, om_str s);

/* At most `max` characters of the text on one line: what cannot be printed and
 * runs of white space become one space, a cut shows as "...". */
void om_print_line(om_buf *b, om_str s, size_t max);

#endif
