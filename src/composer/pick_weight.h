/* pick_weight.h - the two passes over all logits that pick.c makes. */
#ifndef OM_COMPOSER_PICK_WEIGHT_H
#define OM_COMPOSER_PICK_WEIGHT_H

#include <stddef.h>

/* The largest of x[n], FLT_MAX when that is infinite; NaN is passed over.
 * -inf: there is nothing else. */
float om_pick_best(const float *x, size_t n);

enum { OM_PICK_BLOCK = 64 };

/* w[i] = e^((x[i] - best) / temperature) where x[i] <= best, else 0; to
 * multiples of 2^-33 (so that sums of 2^20 are exact), which is their sum.
 * temperature > FLT_MIN. The same x gives the same w wherever it stands.
 * block_best[b]: om_pick_best() of the b-th OM_PICK_BLOCK of them. */
double om_pick_weigh(float *w, const float *x, size_t n,
                     const float *block_best, float best, float temperature);

#endif
