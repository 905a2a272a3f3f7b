/* watch_part.h - a watch of a whole that consists of several programs' runs.
 *
 *     om_watch_part part = {whole, from, share};
 *     om_watch watch = om_watch_of_part(&part);
 *
 * While a program tells `watch` 0..1, `whole` is told from..from + share. */
#ifndef OM_DIFFUSION_WATCH_PART_H
#define OM_DIFFUSION_WATCH_PART_H

#include "nn/backend.h"

typedef struct om_watch_part {
    const om_watch *whole; /* may be NULL */
    double from, share;
} om_watch_part;

static inline bool om_watch_part_go_on(void *user, double done)
{
    const om_watch_part *p = user;
    return om_watch_goes_on(p->whole, p->from + p->share * done);
}

static inline om_watch om_watch_of_part(om_watch_part *part)
{
    return (om_watch){om_watch_part_go_on, part};
}

#endif
