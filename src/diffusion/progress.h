/* progress.h - how far a call is: parts of estimated work, one after the other,
 * told at most ten times a second, and every finished step. Any telling may be
 * answered with "stop". */
#ifndef OM_DIFFUSION_PROGRESS_H
#define OM_DIFFUSION_PROGRESS_H

#include "diffusion/pipeline.h"

typedef struct om_progress {
    const om_draw_sink *sink;
    omost_phase phase;
    int index, pass, step, steps;
    double before; /* work of the parts that are done */
    double work;   /* of the part at hand */
    double total;  /* of all */
    double told;   /* when, in seconds */
    bool stopped;
} om_progress;

/* The part at hand; work in the units of om_work_*(). */
typedef struct om_part {
    omost_phase phase;
    int index, pass, steps;
    double work;
} om_part;

void om_progress_init(om_progress *p, const om_draw_sink *sink, double total);
/* These return false when the work shall stop, from then on always. */
bool om_progress_begin(om_progress *p, const om_part *part);
/* A step is done. */
bool om_progress_step(om_progress *p);
/* `done` (0..1) of the step at hand, or of a part without steps. */
bool om_progress_at(om_progress *p, double done);
bool om_progress_end(om_progress *p);
/* The error of having been stopped. */
omost_status om_progress_stop(omost_error *err);

/* om_progress_at() as a watch. */
om_watch om_progress_watch(om_progress *p);

/* ---- estimates --------------------------------------------------------- */

/* In units of one evaluation of SDXL's UNet for one picture of 64 x 64 cells
 * (1.5 * 10^12 operations). Measured shares, not exact for other models: what
 * is estimated is when a progress bar arrives. */
double om_work_text(int rows);
double om_work_evaluation(double cells);
double om_work_decode(int h, int w);
double om_work_encode(int h, int w);
double om_work_load_unet(void);

#endif
