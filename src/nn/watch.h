/* watch.h - who is told how far a work is, and may stop it. */
#ifndef OM_NN_WATCH_H
#define OM_NN_WATCH_H

#include <stdbool.h>

/* Told before every operation how much of the work is done, 0..1; returns
 * false to stop, and the work fails with CANCELLED. */
typedef struct om_watch {
    bool (*go_on)(void *user, double done);
    void *user;
} om_watch;

/* `w` may be NULL, or have no function: nobody watches. */
static inline bool om_watch_goes_on(const om_watch *w, double done)
{
    return !w || !w->go_on || w->go_on(w->user, done);
}

#endif
