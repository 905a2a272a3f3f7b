/* ref_internal.h - the parts of the `ref` back end. Plain C whose results are
 * the specification: sums are made in double (or of short sums in float). */
#ifndef OM_NN_REF_INTERNAL_H
#define OM_NN_REF_INTERNAL_H

#include "nn/backend_internal.h"

/* ---- products (ref_product.c) ------------------------------------------- */

enum { REF_LANES = 16 };

/* A matrix [out, in] as panels of 16 outputs: [out / 16, in, 16], the last one
 * filled with zeroes. */
size_t om_ref_panels_size(int out, size_t in);
void om_ref_panels_pack(float *panels, const float *matrix, int out, size_t in);

/* y[m, out] = x[m, in] W^T + bias; bias may be NULL. */
typedef struct ref_product {
    const float *panels, *bias;
    size_t in;
    int out;
} ref_product;
void om_ref_multiply(const ref_product *p, float *y, const float *x, size_t m);

/* Convolution: `patches` has room for om_ref_patches_size() numbers. The panels
 * are of a matrix [out, kernel, kernel, in]. */
size_t om_ref_patches_size(const om_conv_shape *c, int channels);
void om_ref_convolve(const ref_product *p, const om_conv_shape *c, float *y,
                     om_shape ys, const float *x, om_shape xs, float *patches);

/* ---- attention (ref_attend.c) -------------------------------------------- */

/* room: [words + channels of a head] */
void om_ref_attend(float *y, const float *const qkv[3], om_shape s, int heads,
                   bool causal, double *room);
void om_ref_attend_cross(float *y, const float *q, const om_cross *c,
                         double *room);

/* ---- the rest (ref_loops.c) ------------------------------------------------
 */

typedef struct ref_norm {
    const float *weight, *bias;
    float eps;
} ref_norm;
/* y may be x. */
void om_ref_group_norm(float *y, const float *x, om_shape s, int groups,
                       const ref_norm *norm);
void om_ref_layer_norm(float *y, const float *x, om_shape s,
                       const ref_norm *norm);
void om_ref_unary(float *y, om_unary_kind kind, const float *x, size_t n);
/* y[rows, c], x[rows, 2c] */
void om_ref_geglu(float *y, const float *x, size_t rows, size_t c);
/* y may be a, or b when that is of the same shape. */
void om_ref_add(float *y, const float *a, om_shape as, const float *b,
                om_shape bs);
void om_ref_concat(float *y, const float *a, size_t ac, const float *b,
                   size_t bc, size_t rows);
void om_ref_upsample(float *y, const float *x, om_shape xs);
void om_ref_round(float *x, size_t n); /* to bf16 */

#endif
