/* latents.h - small things between torch's layout and ours, and between latents
 * and pixels. Ours is channels last. */
#ifndef OM_DIFFUSION_LATENTS_H
#define OM_DIFFUSION_LATENTS_H

#include "base/error.h"

/* to[n, c] from from[c, n], as when N,C,H,W becomes N,H,W,C. */
void om_channels_last(float *to, const float *from, size_t n, int c);

/* Floats of -1..1 to bytes as the original does it: y * 127.5 + 127.5, clipped,
 * truncated. */
void om_signed_to_bytes(uint8_t *out, const float *in, size_t n);

/* Whether none is infinite or NaN. */
bool om_all_finite(const float *x, size_t n);

/* The decimal number that was meant by a float: 0.4f is a little more than 0.4,
 * and int(20 / 0.4f) would be 49. To six places. */
double om_decimal(float x);

/* A rough picture of latents[n, 4] (scaled, as the sampler has them), one pixel
 * a cell: rgb[n, 3]. */
void om_latents_to_rgb(uint8_t *rgb, const float *latents, size_t n);

#endif
