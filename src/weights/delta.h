/* delta.h - what is added to a weight when it is read, as matrices.
 *
 * A weight [rows, ...] is looked at as a matrix [rows, cols], a bias as one
 * row. A delta of the same size is kept as the factors its file holds and
 * worked out tile by tile while the weight is copied: no memory is taken, and
 * nothing can fail. Sums are f32, in an order that depends on nothing but the
 * sizes, so every machine gets the same numbers. */
#ifndef OM_WEIGHTS_DELTA_H
#define OM_WEIGHTS_DELTA_H

#include "weights/safetensors.h"

/* A matrix [rows, cols]: `whole`, or the product a b, or with a middle
 *
 *   sum over p, q: a[row, p] * mid[p, q, tap] * b[q, col / taps]
 *
 * with tap = col % taps, the position in a convolution's window. */
typedef struct om_factor {
    const om_st_tensor *whole, *a, *b, *mid; /* NULL: not there */
    bool a_transposed;                       /* stored [rank, rows] */
    size_t rows, cols, rank, taps;
} om_factor;

typedef enum om_delta_kind {
    OM_DELTA_PLAIN,    /* f[0] */
    OM_DELTA_HADAMARD, /* f[0] o f[1], number by number */
    OM_DELTA_KRONECKER /* f[0] (x) f[1] */
} om_delta_kind;

typedef struct om_delta {
    om_delta_kind kind;
    float scale;
    om_factor f[2];
    const char *file; /* it came from */
    struct om_delta *next;
} om_delta;

/* Where a weight to be read lies. */
typedef struct om_matrix {
    om_dtype dtype;
    size_t rows, cols;
    const char *data;
    bool transposed; /* stored [cols, rows] */
} om_matrix;

/* dst[rows, cols] of kind `to` (F32, F16, BF16) = the matrix + all deltas. */
void om_delta_apply(om_dtype to, void *dst, const om_matrix *w,
                    const om_delta *deltas);

#endif
