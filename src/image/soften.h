/* soften.h - the composition of a canvas as a soft picture of real numbers, for
 * a renderer to start from: bytes to -1..1, a mean over a square, nearest cells.
 *
 * The original's path: om_bytes_to_signed, om_mean_reflect with radius 40 on
 * the 90x90 grid, om_resize_nearest to the picture's size. Images are [h, w, c],
 * channels last. */
#ifndef OM_IMAGE_SOFTEN_H
#define OM_IMAGE_SOFTEN_H

#include "base/error.h"
#include "base/mem.h"

typedef struct om_extent {
    int h, w, c;
} om_extent;

/* out[n] = in[n] / 127.5 - 1 */
void om_bytes_to_signed(float *out, const uint8_t *in, size_t n);

/* out[h,w,c] = mean of in[h,w,c] over the square of 2 * radius + 1 around each
 * pixel, the picture being mirrored at its borders (whose pixels do not repeat).
 * radius is less than both sides, else RANGE. out and in differ. The cost grows
 * with the square of the radius (0.15 s for the original's). */
OMOST_NODISCARD omost_status om_mean_reflect(const omost_env *env, float *out,
                                             const float *in, om_extent size,
                                             int radius, omost_error *err);

/* The source of cell i of n when `from` cells are resized to n by "nearest"
 * (not "nearest-exact"): floor(i * (from / n)) in float. */
int om_nearest_index(int i, int from, int n);

/* out[to.h, to.w, c] from in[from.h, from.w, c]; both have the same c. */
void om_resize_nearest(float *out, om_extent to, const float *in,
                       om_extent from);

#endif
