/* render_events.h - telling a caller what happens: events, how often, how long
 * it will take, and whether to go on. */
#ifndef OM_ENGINE_RENDER_EVENTS_H
#define OM_ENGINE_RENDER_EVENTS_H

#include "base/error.h"
#include "omost/render.h"

typedef struct om_teller {
    omost_event_fn *fn; /* may be NULL */
    void *user;
    omost_event now;        /* where the work is: the head of every event */
    int64_t seed;           /* of the first picture */
    bool one_seed;          /* of all */
    bool stopped;           /* the caller said so */
    double from, from_done; /* where the time left is reckoned from */
} om_teller;

/* Progress. How often is settled where it comes from (diffusion/progress.h). */
bool om_tell_progress(om_teller *t, omost_phase phase, int index, int pass,
                      int step, int steps, double done, double total_done);
/* Any other event, made from t->now. */
bool om_tell_event(om_teller *t, omost_event ev);
bool om_tell_note(om_teller *t, const char *text, const omost_note *at);

#endif
