/* llm_tensors.h - which tensors a GGUF file of a model has, and where the rows
 * of each come from.
 *
 * Names and layouts are libllama's. One trap: for the architecture "llama" it
 * turns neighbouring numbers of a head (2j, 2j + 1) together, Hugging Face's
 * files expect j and j + d/2. So rows of q and k change places within each
 * head:
 *
 *     out row h d + 2 j + s  =  in row h d + s d/2 + j     s = 0, 1
 *
 * "phi3" turns as Hugging Face does, and nothing changes there. */
#ifndef OM_MODELS_LLM_TENSORS_H
#define OM_MODELS_LLM_TENSORS_H

#include "models/llm_config.h"
#include "models/llm_rows.h"

typedef struct om_llm_tensor {
    char name[48];     /* in GGUF */
    om_rows rows;      /* a vector is one row, or a column when turned */
    bool vector;       /* kept as f32 always */
    size_t turn;       /* rows of a head whose order changes; 0: none */
    const float *made; /* numbers of our own instead of rows */
} om_llm_tensor;

typedef struct om_llm_tensors {
    om_arena arena;
    om_llm_tensor *t;
    size_t n, cap;
    om_dtype exact; /* what all matrices can be kept in without loss */
    bool quantized; /* some were quantised already */
} om_llm_tensors;

/* All of them, found and checked. Free it also after a failure. */
omost_status om_llm_tensors_find(om_llm_tensors *all, const om_llm_folder *f,
                                 const om_llm_config *c, omost_error *err);
void om_llm_tensors_free(om_llm_tensors *all);

/* dst[n, cols] = rows first .. first + n of the tensor as GGUF has it. */
void om_llm_tensor_read(float *dst, const om_llm_tensor *t, size_t first,
                        size_t n);

#endif
