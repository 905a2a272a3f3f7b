/* plates.h - where labels go: pure geometry, no text and no colours.
 *
 * Every region wants a plate inside its own box, as rich as there is room for,
 * where the region itself is on top, away from other boxes' edges, and never
 * over another plate. First each gets its smallest plate, so that none is left
 * out because another came first; then, smallest box first, plates grow. */
#ifndef OM_PREVIEW_PLATES_H
#define OM_PREVIEW_PLATES_H

#include "image/raster.h"

/* Poorest first. */
typedef enum om_plate_level {
    OM_PLATE_NONE,  /* no room at all */
    OM_PLATE_BADGE, /* the number */
    OM_PLATE_SHORT, /* and as much of the name as a few words */
    OM_PLATE_NAME,  /* and the name, as wide as the box allows */
    OM_PLATE_FULL,  /* and a second line */
    OM_PLATE_LEVELS
} om_plate_level;

typedef struct om_plate {
    om_rect room;                  /* its own box, less the outline */
    om_rect size[OM_PLATE_LEVELS]; /* w and h alone; w 0: not wanted */
    om_plate_level level;          /* the result */
    om_rect at;
    bool outside; /* no room in its own box: it needs a line to it */
} om_plate;

/* `p` is in order, nearest region first. Plates stay `gap` pixels apart and
 * within `within`. */
omost_status om_plates_place(om_plate *p, size_t n, om_rect within, int gap,
                             const omost_env *env, omost_error *err);

#endif
