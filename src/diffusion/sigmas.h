/* sigmas.h - how noisy each step is: the model's table of noise levels, and the
 * schedules that choose from it.
 *
 *     om_sigma_table table;
 *     om_sigma_table_init(&table, false);
 *     float sigmas[MAX + 1];
 *     st = om_schedule_sigmas(&table, OM_SCHEDULE_KARRAS, 25, 1.0, sigmas, err);
 *
 * sigmas[0] is the noise to begin with, sigmas[steps] is 0. The model is told
 * a step as om_sigma_timestep(&table, sigma). The table is a plain value that
 * nobody changes.
 *
 * strength < 1 (image to image): the schedule is made for int(steps / strength)
 * steps, a truncated division of doubles, and its last steps + 1 are used, as
 * in the original, whatever the schedule. */
#ifndef OM_DIFFUSION_SIGMAS_H
#define OM_DIFFUSION_SIGMAS_H

#include "base/error.h"
#include "base/str.h"

enum { OM_N_TIMESTEPS = 1000, OM_MAX_STEPS = 1000 };

typedef struct om_sigma_table {
    float sigma[OM_N_TIMESTEPS]; /* ascending */
    float log_sigma[OM_N_TIMESTEPS];
} om_sigma_table;

/* SDXL's: betas scaled-linear from 0.00085 to 0.012. `zero_snr` stretches it so
 * that the last level is all noise (sigma 4519 stands for infinity), as
 * v-prediction checkpoints trained with "zero terminal SNR" need it. */
void om_sigma_table_init(om_sigma_table *table, bool zero_snr);

/* The index whose logarithm is nearest; the first one on ties, 0 for sigma 0. */
int om_sigma_timestep(const om_sigma_table *table, float sigma);

/* The noise at a time between two entries, interpolated in the logarithm;
 * t is clamped to the table. */
float om_sigma_at(const om_sigma_table *table, double t);

/* id, name, other name, what it is */
#define OM_SCHEDULE_LIST(X)                                                  \
    X(KARRAS, "karras", NULL, "even in sigma^(1/7): small steps at the end") \
    X(NORMAL, "normal", "discrete", "even in time, both ends included")      \
    X(SIMPLE, "simple", NULL, "every k-th level from the noisiest")          \
    X(EXPONENTIAL, "exponential", NULL, "even in log sigma")                 \
    X(SGM_UNIFORM, "sgm_uniform", NULL,                                      \
      "even in time, stops a step before the cleanest level")                \
    X(DDIM_UNIFORM, "ddim_uniform", "leading",                               \
      "every k-th level from the cleanest but one")                          \
    X(TRAILING, "trailing", NULL,                                            \
      "every k-th level, rounded, from the end: "                            \
      "Turbo, Lightning, Hyper")

typedef enum om_schedule {
#define X(id, name, alias, text) OM_SCHEDULE_##id,
    OM_SCHEDULE_LIST(X)
#undef X
        OM_N_SCHEDULES
} om_schedule;

const char *om_schedule_name(om_schedule schedule);
/* One phrase about it. */
const char *om_schedule_text(om_schedule schedule);
/* The schedule of that name, or -1. */
int om_schedule_find(om_str name);

/* out[steps + 1], descending, the last one 0. RANGE unless steps is
 * 1..OM_MAX_STEPS and strength in (0, 1]. Beyond a thousand steps in all,
 * schedules of whole levels repeat some. */
OMOST_NODISCARD omost_status om_schedule_sigmas(const om_sigma_table *table,
                                                om_schedule schedule, int steps,
                                                double strength, float *out,
                                                omost_error *err);

#endif
