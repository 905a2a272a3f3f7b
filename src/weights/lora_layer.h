/* lora_layer.h - one layer of a LoRA: its tensors, and what they make of a
 * tensor of the model. */
#ifndef OM_WEIGHTS_LORA_LAYER_H
#define OM_WEIGHTS_LORA_LAYER_H

#include "weights/delta.h"
#include "weights/lora_config.h"
#include "weights/lora_names.h"
#include "weights/model_files.h"

/* Its tensors, by what they are; NULL: not there. */
typedef struct om_lora_layer {
    omost_model_part part;
    om_str name; /* dots made underscores */
    const om_st_tensor *first;
    const om_st_tensor *piece[OM_LORA_N_PIECES];
} om_lora_layer;

/* What of the model is changed; ones at the end of its shape left out. */
typedef struct om_lora_target {
    om_entry *entry;
    int n_dims;
    size_t dim[OM_ST_MAX_DIMS];  /* beyond n_dims: 1 */
    size_t rows, in, taps, cols; /* cols = in * taps; none is 0 */
} om_lora_target;

typedef struct om_lora_source {
    const char *path; /* for messages */
    float weight;
    const om_lora_config *config;
    omost_error *err;
} om_lora_source;

/* The ways in which a layer can change something, 0, 1 ...: what this one
 * changes ("weight", "bias"; NULL: nothing), or false beyond the last. */
bool om_lora_way(size_t way, const om_lora_layer *l, const char **what);
/* That change; shapes are checked. */
omost_status om_lora_change(const om_lora_source *s, size_t way,
                            const om_lora_layer *l, const om_lora_target *to,
                            om_delta *out);

#endif
