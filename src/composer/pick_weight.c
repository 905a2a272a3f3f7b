/* pick_weight.c - see pick_weight.h. Written in the vectors of GCC and Clang:
 * four floats are what every machine has. */
#include "composer/pick_weight.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

typedef float vec __attribute__((vector_size(16)));
typedef int32_t ivec __attribute__((vector_size(16)));
typedef double dvec __attribute__((vector_size(16)));
enum { LANES = 4, AT_ONCE = 16 };
#define INLINE static inline __attribute__((always_inline))

INLINE vec all(float f)
{
    return (vec){f, f, f, f};
}

INLINE vec load(const float *p)
{
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* yes where the bits of `which` are set */
INLINE vec choose(ivec which, vec yes, vec no)
{
    return (vec)(((ivec)yes & which) | ((ivec)no & ~which));
}

float om_pick_best(const float *x, size_t n)
{
    vec a = all(-INFINITY), b = a, c = a, d = a;
    size_t i = 0;
    for (; i + AT_ONCE <= n; i += AT_ONCE) {
        const vec p = load(x + i), q = load(x + i + LANES);
        const vec r = load(x + i + 2 * LANES), s = load(x + i + 3 * LANES);
        a = choose(p > a, p, a);
        b = choose(q > b, q, b);
        c = choose(r > c, r, c);
        d = choose(s > d, s, d);
    }
    a = choose(b > a, b, a);
    c = choose(d > c, d, c);
    a = choose(c > a, c, a);
    float best = -INFINITY;
    for (int k = 0; k < LANES; k++)
        if (a[k] > best) best = a[k];
    for (; i < n; i++)
        if (x[i] > best) best = x[i];
    return best > FLT_MAX ? FLT_MAX : best;
}

/* 2^y for y in -64..0 to 2e-7 of it, and 1 for 0: y = n + f, |f| <= 1/2, 2^f by
 * its series, n into the exponent. */
INLINE vec exp2_of(vec y)
{
    const vec magic = all(0x1.8p23F); /* leaves no room for a fraction */
    const vec shifted = y + magic;
    const vec f = y - (shifted - magic);
    const ivec n = (ivec)shifted - (ivec)magic;
    vec p = all(1.5252734e-5F); /* (ln 2)^k / k! */
    p = p * f + all(1.5403530e-4F);
    p = p * f + all(1.3333558e-3F);
    p = p * f + all(9.6181291e-3F);
    p = p * f + all(5.5504109e-2F);
    p = p * f + all(2.4022651e-1F);
    p = p * f + all(6.9314718e-1F);
    p = p * f + all(1);
    return (vec)((ivec)p + (n << 23));
}

INLINE vec weigh(vec x, vec best, vec scale)
{
    const vec low = all(-64);
    const vec fine = all(0x1p-10F); /* from here on floats are fine enough */
    x = choose(x > all(FLT_MAX), all(FLT_MAX), x);
    vec y = (x - best) * scale;  /* above 0: chosen away at the end */
    y = choose(y > low, y, low); /* NaN, too */
    y = choose(y < all(0), y, all(0));
    vec w = exp2_of(y);
    w = choose(w < fine, (w + fine) - fine, w);
    return choose(x <= best, w, all(0));
}

INLINE dvec weigh_at(float *w, const float *x, vec best, vec scale)
{
    const vec v = weigh(load(x), best, scale);
    memcpy(w, &v, sizeof v);
    return (dvec){(double)v[0], (double)v[1]} +
           (dvec){(double)v[2], (double)v[3]};
}

/* One block, or what there is of the last one. */
static double weigh_block(float *w, const float *x, size_t n, vec best,
                          vec scale)
{
    dvec sum = {0, 0}, more = {0, 0};
    size_t i = 0;
    for (; i + 2 * LANES <= n; i += 2 * LANES) {
        sum += weigh_at(w + i, x + i, best, scale);
        more += weigh_at(w + i + LANES, x + i + LANES, best, scale);
    }
    for (; i < n; i += LANES) {
        const size_t rest = n - i < LANES ? n - i : LANES;
        float a[LANES] = {NAN, NAN, NAN, NAN}, b[LANES]; /* NAN weighs 0 */
        memcpy(a, x + i, rest * sizeof *a);
        sum += weigh_at(b, a, best, scale);
        memcpy(w + i, b, rest * sizeof *b);
    }
    sum += more;
    return sum[0] + sum[1];
}

double om_pick_weigh(float *w, const float *x, size_t n,
                     const float *block_best, float best, float temperature)
{
    const float scale = (float)(1.4426950408889634 / (double)temperature);
    double sum = 0;
    for (size_t b = 0, i = 0; i < n; b++, i += OM_PICK_BLOCK) {
        const size_t len = n - i < OM_PICK_BLOCK ? n - i : OM_PICK_BLOCK;
        if ((block_best[b] - best) * scale < -35) /* all weigh 0 */
            memset(w + i, 0, len * sizeof *w);
        else
            sum += weigh_block(w + i, x + i, len, all(best), all(scale));
    }
    return sum;
}
