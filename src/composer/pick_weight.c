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

static vec all(float f)
{
    return (vec){f, f, f, f};
}

static vec load(const float *p)
{
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* yes where the bits of `which` are set */
static vec choose(ivec which, vec yes, vec no)
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
static vec exp2_of(vec y)
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

static vec weigh(vec x, vec best, vec scale)
{
    const vec low = all(-64);
    const vec fine = all(0x1p-10F); /* from here on floats are fine enough */
    x = choose(x > all(FLT_MAX), all(FLT_MAX), x);
    vec y = (x - best) * scale;
    y = choose(y > low, y, low); /* NaN, too */
    y = choose(y < all(0), y, all(0));
    vec w = exp2_of(y);
    w = choose(w < fine, (w + fine) - fine, w);
    return choose(x <= best, w, all(0));
}

static dvec add(dvec sum, vec w)
{
    return sum + (dvec){(double)w[0], (double)w[1]} +
           (dvec){(double)w[2], (double)w[3]};
}

double om_pick_weigh(float *w, const float *x, size_t n, float best,
                     float temperature)
{
    const vec scale = all((float)(1.4426950408889634 / (double)temperature));
    const vec top = all(best);
    dvec sum = {0, 0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        const vec v = weigh(load(x + i), top, scale);
        memcpy(w + i, &v, sizeof v);
        sum = add(sum, v);
    }
    if (i < n) {
        vec v = all(NAN); /* weighs 0 */
        memcpy(&v, x + i, (n - i) * sizeof *x);
        v = weigh(v, top, scale);
        memcpy(w + i, &v, (n - i) * sizeof *x);
        sum = add(sum, v);
    }
    return sum[0] + sum[1];
}
