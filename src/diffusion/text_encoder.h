/* text_encoder.h - CLIP's text encoders: rows of token ids to what the UNet
 * attends to.
 *
 * SDXL takes the states before the last layer ("penultimate", without the final
 * layer norm) of both encoders, side by side: [rows * 77, 768 + 1280]. Of the
 * second one it also takes one vector: the state after the last layer and its
 * layer norm at the first end mark (the position of the largest id when the
 * configuration's eos_token_id is 2), times text_projection. The original
 * (Omost) leaves that product out. */
#ifndef OM_DIFFUSION_TEXT_ENCODER_H
#define OM_DIFFUSION_TEXT_ENCODER_H

#include "nn/backend.h"
#include "omost/plan.h"
#include "weights/model_config.h"

typedef struct om_text_encoder om_text_encoder;

/* Reads headers, checks every name and shape; weights are packed by the first
 * run. `config` may be NULL. `files` and `backend` must outlive it. */
om_text_encoder *om_text_encoder_open(const omost_env *env, om_backend *backend,
                                      const om_model_files *files,
                                      omost_model_part part,
                                      const json_t *config, om_keep keep,
                                      omost_error *err);
void om_text_encoder_close(om_text_encoder *te);
const om_clip_config *om_text_encoder_config(const om_text_encoder *te);

/* Where results go; NULL: not wanted. */
typedef struct om_encoded {
    float *states;    /* [n_rows, 77, width] */
    float *last;      /* [n_rows, 77, width] after the final layer norm */
    float *pooled;    /* [n_rows, width] */
    float *projected; /* [n_rows, projection]; USAGE when it has none */
} om_encoded;

/* RANGE when an id is outside the vocabulary. */
omost_status om_text_encoder_run(om_text_encoder *te,
                                 const uint32_t (*ids)[OMOST_ROW_IDS],
                                 int n_rows, const om_encoded *out,
                                 const om_watch *watch, omost_error *err);

#endif
