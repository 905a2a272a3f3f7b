/* llm_config.h - config.json of a Llama or Phi-3 model, checked. */
#ifndef OM_MODELS_LLM_CONFIG_H
#define OM_MODELS_LLM_CONFIG_H

#include "models/llm_folder.h"

typedef enum om_llm_arch { OM_LLM_LLAMA, OM_LLM_PHI3 } om_llm_arch;

typedef enum om_rope_kind {
    OM_ROPE_PLAIN,
    OM_ROPE_LINEAR, /* positions divided by a factor */
    OM_ROPE_LLAMA3, /* slow frequencies divided, fast ones kept */
    OM_ROPE_YARN,
    OM_ROPE_LONG /* Phi-3: a factor for each frequency, two lists */
} om_rope_kind;

typedef struct om_llm_config {
    om_llm_arch arch;
    size_t layers, width, hidden, vocab, context;
    size_t heads, kv_heads, head_dim;
    bool head_dim_given; /* it is not width / heads by itself */
    float norm_eps;
    bool tied; /* the output layer is the embedding */

    om_rope_kind rope;
    size_t rope_dims; /* of each head that are turned */
    float rope_theta, rope_factor, rope_low, rope_high;
    size_t rope_original;                 /* positions it was trained with */
    const json_t *rope_short, *rope_long; /* rope_dims / 2 numbers; in `json` */
    size_t sliding_window;                /* 0: none */
    json_t *json;                         /* all of it; owned */
} om_llm_config;

/* "llama", "phi3": what GGUF calls it. */
const char *om_llm_arch_name(om_llm_arch arch);

/* Free it also after a failure. */
omost_status om_llm_config_read(om_llm_config *c, const om_llm_folder *f,
                                omost_error *err);
void om_llm_config_free(om_llm_config *c);

/* What the frequency 1 / theta^(2 i / rope_dims) of OM_ROPE_LLAMA3 is divided
 * by, i < rope_dims / 2:
 *
 *     length = 2 pi / frequency
 *     1        where length < original / high
 *     factor   where length > original / low
 *     1 / ((1 - s) / factor + s), s = (original / length - low) / (high - low)
 *              between */
float om_rope_llama3_factor(const om_llm_config *c, size_t i);

/* What Phi-3 multiplies queries and keys by beyond the trained length: with
 * scale = context / original,
 *     longrope, su: sqrt(1 + ln scale / ln original)
 *     yarn:         0.1 ln scale + 1          1 where scale <= 1 */
float om_rope_attn_factor(const om_llm_config *c);

#endif
