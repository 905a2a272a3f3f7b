/* diff.h - the inside of a diff: made by diff.c, paired by diff_pair.c, told by
 * diff_print.c. */
#ifndef OM_CANVAS_DIFF_H
#define OM_CANVAS_DIFF_H

#include "base/mem.h"
#include "omost/canvas.h"

#define OM_DIFF_NONE SIZE_MAX

/* What is known of one canvas's regions, each array as long as they are. */
typedef struct om_diff_side {
    const omost_canvas *cv;
    size_t n;
    size_t *partner; /* region of the other canvas, or OM_DIFF_NONE */
    size_t *rank;    /* among the paired ones, 0 = farthest */
} om_diff_side;

struct omost_diff {
    om_arena arena;
    om_diff_side before, after;
    omost_change *changes;
    size_t n;
};

/* Fill partner of both sides; false when there is no memory. */
bool om_diff_pair(omost_diff *d);

#endif
