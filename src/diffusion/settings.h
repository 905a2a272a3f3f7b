/* settings.h - what a call asks for, with names looked up, sizes worked out and
 * every value checked before anything costs time. */
#ifndef OM_DIFFUSION_SETTINGS_H
#define OM_DIFFUSION_SETTINGS_H

#include "diffusion/guide.h"
#include "diffusion/pipeline.h"

enum { OM_MAX_PASSES = 2 };

/* One run of the sampler: the first, or the second of hires. */
typedef struct om_pass {
    int width, height; /* pixels */
    int h, w;          /* cells */
    int n_steps;
    float sigmas[OM_MAX_STEPS + 1];
} om_pass;

typedef struct om_settings {
    const om_sampler *sampler;
    om_schedule schedule;
    om_rng_kind rng;
    om_prediction prediction;
    om_sigma_table table;
    float cfg;
    int batch;
    om_region_opts region;
    om_pass pass[OM_MAX_PASSES];
    int n_passes;
} om_settings;

/* Karras, or trailing where the model's scheduler says so: models of few steps
 * were made for its levels. */
om_schedule om_default_schedule(const om_model_files *model);

/* A second pass is drawn for a scale over 1.05, the original's limit; each of
 * its sides is round(side * scale / 64) * 64, halves to the even multiple as
 * Python rounds them. The scale counts as the decimals it was written in. */
bool om_has_second_pass(float scale);
double om_second_side(int side, float scale);

/* USAGE for a name nobody has (the message lists those there are), RANGE for a
 * number outside of what is allowed. */
omost_status om_settings_read(om_settings *s, const omost_render_opts *opts,
                              const om_model_files *model, omost_error *err);

#endif
