/* llama_file.h - a look at a GGUF file before libllama reads it, so that what
 * is wrong with it can be said in words. Format: ggml's docs/gguf.md, versions
 * 2 and 3. */
#ifndef OM_COMPOSER_LLAMA_FILE_H
#define OM_COMPOSER_LLAMA_FILE_H

#include "base/error.h"
#include "base/str.h"

typedef struct om_gguf_facts {
    char architecture[64];
    uint64_t size;    /* of the file, bytes */
    int64_t modified; /* nanoseconds */
    uint64_t n_tensors;
    unsigned n_parts; /* files the model is in; 1 for most */
    int n_layers;     /* ARCHITECTURE.block_count; 0: it does not say */
    bool has_words;   /* a vocabulary */
    bool is_embedder; /* its result is a vector, not text */
} om_gguf_facts;

/* MISSING, IO, or FORMAT with what is wrong. */
omost_status om_gguf_look(const char *path, om_gguf_facts *out,
                          omost_error *err);

#endif
