/* hub_wanted.h - which files of a repository are worth fetching. */
#ifndef OM_MODELS_HUB_WANTED_H
#define OM_MODELS_HUB_WANTED_H

#include "models/hub_list.h"

/* Keep the wanted ones, the one that makes the folder a model last:
 *
 *   model_index.json there   a diffusers folder: of unet, vae, text_encoder,
 *                            text_encoder_2, scheduler, tokenizer and
 *                            tokenizer_2 the configuration, words and
 *                            .safetensors, the fp16 ones where there are both
 *   config.json there        one model: the .json and .safetensors beside it
 *
 * MISSING when that leaves nothing, with a file of the repository to name. */
omost_status om_hub_keep_wanted(om_hub_list *l, const om_hub_ref *r,
                                omost_error *err);

#endif
