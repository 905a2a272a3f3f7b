/* render_events.c - see render_events.h. */
#include "engine/render_events.h"

#include "base/clock.h"

/* What must have been seen before the time left means anything. */
static const double seen_s = 0.3, seen_share = 0.01;

bool om_tell_event(om_teller *t, omost_event ev)
{
    if (t->stopped) return false;
    ev.seed = t->one_seed ? t->seed : t->seed + ev.index;
    if (t->fn && !t->fn(t->user, &ev)) t->stopped = true;
    return !t->stopped;
}

bool om_tell_note(om_teller *t, const char *text, const omost_note *at)
{
    omost_event ev = t->now;
    ev.kind = OMOST_EVENT_NOTE;
    ev.text = text;
    ev.note = at;
    return om_tell_event(t, ev);
}

/* By the speed since the first step began: loading has another. */
static double seconds_left(om_teller *t, double now, double total)
{
    if (t->now.phase < OMOST_PHASE_SAMPLE && t->from <= 0) return -1;
    if (t->from <= 0) {
        t->from = now;
        t->from_done = total;
    }
    double took = now - t->from, did = total - t->from_done;
    if (took < seen_s || did < seen_share) return -1;
    return took / did * (1 - total);
}

bool om_tell_progress(om_teller *t, omost_phase phase, int index, int pass,
                      int step, int steps, double done, double total_done)
{
    omost_event *e = &t->now;
    if (t->stopped) return false;
    e->kind = OMOST_EVENT_PROGRESS;
    e->phase = phase;
    e->index = index;
    e->pass = pass;
    e->step = step;
    e->steps = steps;
    e->done = done;
    if (total_done > e->total_done) e->total_done = total_done;
    e->seconds_left = seconds_left(t, om_clock(), e->total_done);
    return om_tell_event(t, *e);
}
