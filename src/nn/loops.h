/* loops.h - what is bound by memory, not by arithmetic: norms, activations,
 * sums, changes of number format. Each function does one thread's share.
 *
 * Elements are f32 or bf16 (om_elem); everything between is f32. Functions may
 * work in place unless it says otherwise. Compiled twice from loops_body.h: for
 * AVX2, FMA and F16C, and in plain C. No function allocates. */
#ifndef OM_NN_LOOPS_H
#define OM_NN_LOOPS_H

#include "nn/graph.h"

typedef enum om_elem { OM_ELEM_F32, OM_ELEM_BF16 } om_elem;

static inline size_t om_elem_size(om_elem t)
{
    return t == OM_ELEM_F32 ? 4 : 2;
}

/* What numbers kept as weights are. */
typedef enum om_bits { OM_BITS_F32, OM_BITS_F16, OM_BITS_BF16 } om_bits;

static inline size_t om_bits_size(om_bits b)
{
    return b == OM_BITS_F32 ? 4 : 2;
}

/* y = (x - mean) * scale + shift, channel by channel */
typedef struct om_affine {
    const float *mean, *scale, *shift; /* [c] */
} om_affine;

typedef struct om_loops {
    const char *name;

    /* Over x[rows, c], channel by channel: sum += x - ref, square += (x -
     * ref)^2. With a ref near the mean, nothing cancels. In f32: hand in a few
     * hundred rows at a time and add up in double. */
    void (*moments)(om_elem t, const void *x, size_t rows, size_t c,
                    const float *ref, float *sum, float *square);
    /* `silu`: y / (1 + e^-y) afterwards */
    void (*affine)(om_elem t, void *y, const void *x, size_t rows, size_t c,
                   om_affine a, bool silu);
    void (*layer_norm)(om_elem t, void *y, const void *x, size_t rows, size_t c,
                       const float *weight, const float *bias, float eps);
    void (*unary)(om_elem t, om_unary_kind kind, void *y, const void *x,
                  size_t n);
    /* y[rows, c] = x[rows, :c] * gelu(x[rows, c:]); not in place */
    void (*geglu)(om_elem t, void *y, const void *x, size_t rows, size_t c);
    /* y[rows, c] = a[rows, c] + b; b_step elements from one row of b to the
     * next, 0: the same for all */
    void (*add)(om_elem t, void *y, const void *a, const void *b, size_t rows,
                size_t c, size_t b_step);

    /* Elements to f32 and back; not in place. */
    void (*widen)(om_elem t, float *y, const void *x, size_t n);
    void (*narrow)(om_elem t, void *y, const float *x, size_t n);
    /* Weights to f32 and back (f16: |x| <= 65504); not in place. */
    void (*unpack)(om_bits b, float *y, const void *x, size_t n);
    void (*pack)(om_bits b, void *y, const float *x, size_t n);
    /* The same, interleaving m streams of n groups of 8 numbers; stream i
     * is at x + i * stride numbers: y[(k * m + i) * 8 + j] = x_i[k * 8 + j].
     * i >= n_streams gives 0. */
    void (*unpack8)(om_bits b, float *y, const void *x, size_t n, int m,
                    int n_streams, size_t stride);
    /* Eight rows of x, `row` numbers apart, to columns: y[at[j] + i] = number j
     * of row i, for n numbers. */
    void (*pack8)(om_bits b, void *y, const size_t *at, const float *x,
                  size_t row, size_t n);
    /* In which bits all of x[n] can be kept: every number survives f16; or
     * bf16. Where they do not survive f16, `finite16` tells whether those that
     * do not are finite and within its range. */
    void (*look)(const float *x, size_t n, bool *f16, bool *bf16,
                 bool *finite16);
} om_loops;

/* The fastest this processor runs. */
const om_loops *om_loops_best(void);
extern const om_loops om_loops_plain;
#if defined(__x86_64__)
extern const om_loops om_loops_avx2;
#endif

#endif
