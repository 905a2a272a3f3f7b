/* gguf_make.h - the two steps of making a GGUF file: write one from tensors,
 * and quantise one. The homes of gguf.h and llama.h in this layer. */
#ifndef OM_MODELS_GGUF_MAKE_H
#define OM_MODELS_GGUF_MAKE_H

#include <stdio.h>

#include "models/llm_tensors.h"
#include "models/llm_vocab.h"
#include "omost/models.h"

/* All a file is made of. */
typedef struct om_gguf_parts {
    const char *name; /* of the model */
    const om_llm_config *config;
    const om_llm_vocab *vocab;
    const om_llm_tensors *tensors;
    om_dtype dtype; /* of the matrices: F32, F16, BF16 */
} om_gguf_parts;

/* Who is told how far it is; false stops. */
typedef struct om_gguf_watch {
    omost_convert_fn *on_progress; /* may be NULL */
    void *user;
} om_gguf_watch;

bool om_gguf_tell(const om_gguf_watch *w, const char *phase, const char *name,
                  uint64_t done, uint64_t total);

/* Bytes of the file that om_gguf_write() will make, but for its head. */
uint64_t om_gguf_data_bytes(const om_gguf_parts *p);

/* Write the file from its beginning to its end, a few rows at a time: memory is
 * that of the vocabulary and 8 MB. (gguf_write.c) */
omost_status om_gguf_write(const omost_env *env, const om_gguf_parts *p,
                           FILE *f, const om_gguf_watch *w, omost_error *err);

/* Quantise the file `from` into the file `to`, by libllama. What is being
 * stopped is stopped when it is done. (gguf_quantize.c) */
omost_status om_gguf_quantize(const char *from, const char *to, int file_type,
                              int n_threads, const char *plugins,
                              const om_gguf_watch *w, omost_error *err);

#endif
