/* llama_open.h - a GGUF file opened for writing replies. */
#ifndef OM_COMPOSER_LLAMA_OPEN_H
#define OM_COMPOSER_LLAMA_OPEN_H

#include "composer/llama_local.h"

/* Everything of the om_llama but head.ops. On failure what was opened is left
 * to om_llama_shut(). */
omost_status om_llama_open(om_llama *w, const omost_composer_opts *opts,
                           omost_load_fn *on_load, void *user,
                           omost_error *err);
/* Safe on a zeroed om_llama with its env. */
void om_llama_shut(om_llama *w);

#endif
