/* model_source.h - the weights of one part of a model file as nn/params.h wants
 * them: whatever they are stored as, LoRAs added, each read once and its pages
 * given back.
 *
 *     om_model_source s;
 *     st = om_model_source_open(&s, files, OMOST_MODEL_UNET, err);
 *     p = om_params_new(env, backend, om_model_source_params(&s), keep, err);
 *     ... record everything the part consists of ...
 *     st = om_weights_finish(&s.weights, err);     nothing left over
 *
 * The source must stay where it is as long as the store lives. */
#ifndef OM_DIFFUSION_MODEL_SOURCE_H
#define OM_DIFFUSION_MODEL_SOURCE_H

#include "nn/params.h"
#include "weights/weights.h"

typedef struct om_model_source {
    om_weights weights;
    uint64_t n_params; /* numbers in all that was looked for so far */
} om_model_source;

omost_status om_model_source_open(om_model_source *s,
                                  const om_model_files *files,
                                  omost_model_part part, omost_error *err);
om_param_source om_model_source_params(om_model_source *s);

#endif
