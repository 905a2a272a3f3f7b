/* lora_config.h - how strong a LoRA is that has no alpha among its tensors.
 *
 * PEFT keeps it in adapter_config.json beside adapter_model.safetensors;
 * diffusers writes the same, a prefix before each key, into the metadata of its
 * file ("lora_adapter_metadata", JSON: {"unet.lora_alpha": 16, ...}).
 *
 *     alpha / rank, or alpha / sqrt(rank) where use_rslora is true
 *
 * alpha is what alpha_pattern says of the layer, else lora_alpha (LoHa and
 * LoKr: alpha). The rank is the tensors' own, so r and rank_pattern say nothing
 * new. */
#ifndef OM_WEIGHTS_LORA_CONFIG_H
#define OM_WEIGHTS_LORA_CONFIG_H

#include "base/json.h"
#include "omost/model.h"
#include "weights/safetensors.h"

typedef struct om_lora_config {
    json_t *root;     /* NULL: there is none */
    bool by_part;     /* keys have "unet." and the like before them */
    const char *path; /* of the LoRA, for messages */
} om_lora_config;

/* The configuration of the LoRA in this file. Errors, naming the file: what is
 * there is no JSON object. To be freed in any case. */
omost_status om_lora_config_open(om_lora_config *c, const omost_env *env,
                                 const om_safetensors *file, omost_error *err);
void om_lora_config_free(om_lora_config *c);

/* The factor of the layer of this part that `tensor` (its name in the file)
 * belongs to; *scale stays as it is where nothing is said. rank > 0. Errors,
 * naming file and key: a value that is not of its kind; a pattern that is no
 * name. */
omost_status om_lora_config_scale(const om_lora_config *c,
                                  omost_model_part part, om_str tensor,
                                  size_t rank, double *scale, omost_error *err);

#endif
