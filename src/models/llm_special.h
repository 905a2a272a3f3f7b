/* llm_special.h - the tokens that mean something, and the chat template. */
#ifndef OM_MODELS_LLM_SPECIAL_H
#define OM_MODELS_LLM_SPECIAL_H

#include "models/llm_vocab.h"

/* Fills bos, eos, eot, unk, pad, add_bos and chat_template of a vocabulary
 * whose tokens are there. `root` is tokenizer.json. */
omost_status om_llm_special_read(om_llm_vocab *v, const om_llm_folder *f,
                                 const om_llm_config *c, const json_t *root,
                                 omost_error *err);

#endif
