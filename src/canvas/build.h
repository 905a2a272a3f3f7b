/* build.h - what statements mean: the two methods, their parameters, what may
 * stand in them and what is repaired. */
#ifndef OM_CANVAS_BUILD_H
#define OM_CANVAS_BUILD_H

#include "canvas/parser.h"

typedef struct om_builder {
    omost_canvas *cv;
    om_lexer *lx; /* for places */
    bool strict;
    om_str
        object; /* what the canvas is called; empty before `... = Canvas()` */
    bool announced; /* a missing canvas = Canvas() was noted */
} om_builder;

typedef enum om_built {
    OM_BUILT_NOTHING,
    OM_BUILT_START,  /* a canvas began (again) */
    OM_BUILT_GLOBAL, /* cv->global is new */
    OM_BUILT_REGION, /* the last region is new */
} om_built;

/* Carry a statement out on the canvas. */
omost_status om_build(om_builder *b, const om_statement *s, om_built *what,
                      omost_error *err);

#endif
