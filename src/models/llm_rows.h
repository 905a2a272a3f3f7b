/* llm_rows.h - the rows of one matrix as f32, however they are stored.
 *
 *   plain     any float kind of safetensors
 *   4 bits    bitsandbytes NF4 and FP4. Two codes a byte, the first in the high
 *             half; w[e] = quant_map[code[e]] * absmax[e / blocksize], e
 * counted through the whole matrix. absmax is f32, or once more quantised
 *             ("nested", "double"):
 *             absmax[b] = nested_quant_map[byte[b]]
 *                         * nested_absmax[b / nested_blocksize] + nested_offset
 *   8 bits    bitsandbytes LLM.int8: w[r, c] = q[r, c] * SCB[r] / 127
 *
 * Both are as bitsandbytes' documentation and its saved files have them: beside
 * NAME lie NAME.absmax, NAME.quant_map, NAME.nested_absmax,
 * NAME.nested_quant_map, NAME.quant_state.bitsandbytes__nf4 (or __fp4; JSON as
 * bytes), or, for 8 bits, SCB and weight_format in NAME's place.
 *
 * All is checked when the rows are found; reading them cannot fail. Any number
 * of threads may read. */
#ifndef OM_MODELS_LLM_ROWS_H
#define OM_MODELS_LLM_ROWS_H

#include "models/llm_folder.h"

typedef enum om_rows_kind {
    OM_ROWS_PLAIN,
    OM_ROWS_4BIT,
    OM_ROWS_8BIT
} om_rows_kind;

enum { OM_ROWS_MAX_SIDE = 1 << 24 };

typedef struct om_rows {
    om_rows_kind kind;
    const om_st_tensor *data; /* numbers or codes */
    size_t rows, cols;
    /* 4 bits */
    float level[16];
    size_t block;
    const om_st_tensor *absmax; /* f32, or bytes when nested */
    const om_st_tensor *nested_absmax, *nested_map;
    size_t nested_block;
    float nested_offset;
    /* 8 bits */
    const om_st_tensor *scale;
} om_rows;

/* NAME as a matrix [rows, cols] (rows 0: whatever it has), or as a vector
 * (cols 0), which is one row of `rows` numbers. MISSING when there is none. */
omost_status om_rows_find(om_rows *out, const om_llm_folder *f,
                          const char *name, size_t rows, size_t cols,
                          omost_error *err);

/* dst[n, cols] = rows first .. first + n. */
void om_rows_read(float *dst, const om_rows *r, size_t first, size_t n);

/* The kind it is stored in without loss: F16, BF16, or F32. */
om_dtype om_rows_exact(const om_rows *r);

/* Give the pages of the file back; they come again when needed. */
void om_rows_drop(const om_rows *r);

#endif
