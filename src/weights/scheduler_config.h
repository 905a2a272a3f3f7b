/* scheduler_config.h - what a model says about the noise it was trained with:
 * scheduler/scheduler_config.json of a folder, a marker or the metadata of a
 * single file. */
#ifndef OM_WEIGHTS_SCHEDULER_CONFIG_H
#define OM_WEIGHTS_SCHEDULER_CONFIG_H

#include "base/json.h"

/* How the steps of a few-step model were chosen ("timestep_spacing"). */
typedef enum om_spacing {
    OM_SPACING_UNTOLD,
    OM_SPACING_LEADING, /* SDXL's own; nobody need follow it */
    OM_SPACING_LINSPACE,
    OM_SPACING_TRAILING /* Turbo, Lightning, Hyper need it */
} om_spacing;

/* All zeroes: nothing said, SDXL as it was published. */
typedef struct om_scheduler_config {
    bool v_prediction; /* predicts v, not the noise */
    bool zero_snr; /* its last level is all noise (rescale_betas_zero_snr) */
    om_spacing spacing;
    char odd[160]; /* what it says that is not SDXL's and cannot be drawn with;
                    * empty: nothing */
} om_scheduler_config;

/* From the configuration in diffusers' vocabulary; what is not there is left as
 * it was. Mistakes go to `odd`: a model that cannot be drawn with can still be
 * looked at. */
void om_scheduler_config_read(om_scheduler_config *c, const json_t *config);

/* From a tensor's name: the markers "v_pred" and "ztsnr". */
void om_scheduler_config_see(om_scheduler_config *c, om_str tensor);
/* From the metadata's "modelspec.prediction_type"; p == NULL: none. */
void om_scheduler_config_meta(om_scheduler_config *c, om_str prediction);

#endif
