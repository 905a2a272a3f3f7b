/* engine_impl.h - the inside of an engine: what stays open between renders. */
#ifndef OM_ENGINE_ENGINE_IMPL_H
#define OM_ENGINE_ENGINE_IMPL_H

#include "diffusion/pipeline.h"
#include "engine/digest.h"
#include "omost/render.h"

struct omost_engine {
    const omost_env *env;
    om_arena arena; /* texts */
    om_model_files *model, *vae, *taesd;
    const char
        *model_note; /* of tensors that are nobody's; NULL: there are none */
    json_t *config;
    omost_tokenizer *tokenizer;
    const char *tokenizer_name; /* "model", "builtin" or a folder's */
    om_backend *backend;
    om_pipeline *pipeline;
    om_digests *digests;
    const om_digest_item *model_item, *vae_item, *config_item;
    const char *cache_dir;
    omost_lora lora[OMOST_MAX_LORAS];
    const om_digest_item *lora_item[OMOST_MAX_LORAS];
    const char *lora_note[OMOST_MAX_LORAS]; /* NULL: all of it was used */
    size_t n_loras;
};

#endif
