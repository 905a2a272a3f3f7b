/* progress.c - see progress.h. */
#include "diffusion/progress.h"

#include "base/clock.h"

void om_progress_init(om_progress *p, const om_draw_sink *sink, double total)
{
    *p = (om_progress){.sink = sink, .total = total > 0 ? total : 1};
}

/* done: of the part at hand */
static bool tell(om_progress *p, double done)
{
    if (p->stopped || !p->sink->progress) return !p->stopped;
    double total = (p->before + done * p->work) / p->total;
    if (total > 1) total = 1;
    p->told = om_clock();
    p->stopped = !p->sink->progress(p->sink->user, p->phase, p->index, p->pass,
                                    p->step, p->steps, done, total);
    return !p->stopped;
}

bool om_progress_begin(om_progress *p, const om_part *part)
{
    p->phase = part->phase;
    p->index = part->index;
    p->pass = part->pass;
    p->steps = part->steps;
    p->work = part->work;
    p->step = 0;
    return tell(p, 0);
}

bool om_progress_step(om_progress *p)
{
    p->step++;
    return tell(p, (double)p->step / p->steps);
}

bool om_progress_at(om_progress *p, double done)
{
    enum { PER_SECOND = 10 };
    if (p->stopped || om_clock() - p->told < 1.0 / PER_SECOND)
        return !p->stopped;
    return tell(p, p->steps ? (p->step + done) / p->steps : done);
}

bool om_progress_end(om_progress *p)
{
    bool go_on = tell(p, 1);
    p->before += p->work;
    p->work = 0;
    return go_on;
}

omost_status om_progress_stop(omost_error *err)
{
    return om_fail(err, OMOST_CANCELLED, "stopped on request");
}

static bool watch_at(void *user, double done)
{
    return om_progress_at(user, done);
}

om_watch om_progress_watch(om_progress *p)
{
    return (om_watch){watch_at, p};
}

/* ---- estimates --------------------------------------------------------- */

enum { UNIT_CELLS = 64 * 64 };

double om_work_text(int rows)
{
    return 0.5 + 0.08 * rows; /* the encoders' weights are read first */
}

double om_work_evaluation(double cells)
{
    return cells / UNIT_CELLS;
}

double om_work_decode(int h, int w)
{
    return 1.1 * h * w / UNIT_CELLS;
}

double om_work_encode(int h, int w)
{
    return 0.5 * h * w / UNIT_CELLS;
}

double om_work_load_unet(void)
{
    return 2;
}
