/* attend_panel.h - the inner loops, written once for any kind of vector. Not an
 * ordinary header: each attend_ISA.c includes it after defining
 *
 *   TARGET           the attribute that lets a function use the instructions
 *   LANES, vec       floats of a vector, and the vector
 *   TILE, VECTORS    words (channels) of a tile; most vectors of a panel.
 *                    TILE * VECTORS sums, VECTORS loads and a broadcast are
 *                    to fit into the registers
 *   v_load(p) v_store(p, a) v_all(f) v_add v_sub v_mul
 *   v_max(a, b)      b when either is NaN
 *   v_fma(a, b, c)   a * b + c
 *   v_shift23(a)     the bits of a, shifted left by 23
 *
 * and takes absorb() from it. `vectors` and `tiles` are constants wherever
 * these functions are inlined, and the loops over them unrolled: the arrays of
 * sums are registers. */
#include "nn/attend_kernel.h"

#include <math.h>

#define INLINE static inline __attribute__((always_inline)) TARGET
#ifdef __clang__
#define UNROLLED _Pragma("unroll")
#else
#define UNROLLED _Pragma("GCC unroll 32")
#endif

enum { SUMS = 2 * TILE > TILE *VECTORS ? 2 * TILE : TILE *VECTORS };

/* sum[i][j] = sum over t < n of a[t][i] * b[t][j]: the one matrix product.
 * `tiles` at once, their a's a_tile apart: a narrow panel needs two to keep the
 * units busy. */
INLINE void multiply(vec *sum, const float *a, size_t a_tile, const float *b,
                     int n, const int tiles, const int vectors)
{
    UNROLLED
    for (int i = 0; i < tiles * TILE * vectors; i++) sum[i] = v_all(0);
    for (int t = 0; t < n; t++, a += TILE, b += vectors * LANES) {
        vec row[VECTORS];
        UNROLLED
        for (int j = 0; j < vectors; j++) row[j] = v_load(b + j * LANES);
        UNROLLED
        for (int i = 0; i < tiles * TILE; i++) {
            vec one = v_all(a[(size_t)(i / TILE) * a_tile + i % TILE]);
            UNROLLED
            for (int j = 0; j < vectors; j++)
                sum[i * vectors + j] = v_fma(one, row[j], sum[i * vectors + j]);
        }
    }
}

/* s[t] += the products of channels c .. c + n with tiles of words from t on;
 * from channel 0 on: =; the last channels: times the scale */
INLINE void score_tiles(const om_attend_panel *p, const om_attend_block *b,
                        float *s, int t, int c, int n, const int tiles,
                        const int vectors)
{
    const int lanes = vectors * LANES;
    const float *k = b->k + (size_t)t * (size_t)b->width + c * TILE;
    vec sum[SUMS];
    multiply(sum, k, (size_t)b->width * TILE, p->q + (size_t)(c * lanes), n,
             tiles, vectors);
    s += t * lanes;
    if (c > 0) {
        UNROLLED
        for (int i = 0; i < tiles * TILE * vectors; i++)
            sum[i] = v_add(v_load(s + i * LANES), sum[i]);
    }
    if (c + n == b->width && b->scale != 1) {
        UNROLLED
        for (int i = 0; i < tiles * TILE * vectors; i++)
            sum[i] = v_mul(sum[i], v_all(b->scale));
    }
    UNROLLED
    for (int i = 0; i < tiles * TILE * vectors; i++)
        v_store(s + i * LANES, sum[i]);
}

/* s[words in tiles][lanes] = keys times queries. Many channels go by stretches,
 * so that the queries of one are in the first level of cache for all words. */
INLINE void score(const om_attend_panel *p, const om_attend_block *b, float *s,
                  int words, const int tiles, const int vectors)
{
    enum { WHOLE = 192, STRETCH = 128 };
    const int stretch = b->width <= WHOLE ? b->width : STRETCH;
    for (int c = 0; c < b->width; c += stretch) {
        int n = b->width - c < stretch ? b->width - c : stretch, t = 0;
        for (; t + tiles * TILE <= words; t += tiles * TILE)
            score_tiles(p, b, s, t, c, n, tiles, vectors);
        for (; t < words; t += TILE) score_tiles(p, b, s, t, c, n, 1, vectors);
    }
}

/* o = o * fade + the weighted sum of the values in tiles of channels from c */
INLINE void gather_tiles(const om_attend_panel *p, const om_attend_block *b,
                         const float *s, int words, const vec *fade, int c,
                         const int tiles, const int vectors)
{
    float *o = p->o + (size_t)c * (size_t)(vectors * LANES);
    vec sum[SUMS];
    multiply(sum, b->v + (size_t)c * b->v_words, b->v_words * TILE, s, words,
             tiles, vectors);
    UNROLLED
    for (int i = 0; i < tiles * TILE * vectors; i++)
        v_store(o + i * LANES,
                v_fma(v_load(o + i * LANES), fade[i % vectors], sum[i]));
}

INLINE void gather(const om_attend_panel *p, const om_attend_block *b,
                   const float *s, int words, const vec *fade, const int tiles,
                   const int vectors)
{
    int c = 0;
    for (; c + (tiles - 1) * TILE < b->width; c += tiles * TILE)
        gather_tiles(p, b, s, words, fade, c, tiles, vectors);
    for (; c < b->width; c += TILE)
        gather_tiles(p, b, s, words, fade, c, 1, vectors);
}

/* 2^t for t <= 0; 0 from about 2^-127 on. The polynomial has the least largest
 * relative error on -1/2..1/2 of those of its degree that are exact at 0:
 * 1.1e-7 with these coefficients. */
INLINE vec power_of_2(vec t)
{
    /* adding it rounds t to a whole n and leaves n + 127 in the lowest bits */
    const vec magic = v_all(12583039.0f);
    t = v_max(v_all(-127), t);
    vec u = v_add(t, magic);
    vec f = v_sub(t, v_sub(u, magic));
    vec p = v_fma(f, v_all(1.326472731307149e-3f), v_all(9.67151299118996e-3f));
    p = v_fma(f, p, v_all(5.550733581185341e-2f));
    p = v_fma(f, p, v_all(0.24022242426872253f));
    p = v_fma(f, p, v_all(0.6931470036506653f));
    p = v_fma(f, p, v_all(1));
    return v_mul(p, v_shift23(u));
}

/* e^a for a <= 0. One rounding of a / ln 2 is enough: where it is large, the
 * result is small. */
INLINE vec power_of_e(vec a)
{
    return power_of_2(v_mul(a, v_all(1.44269504f)));
}

/* Scores to weights, e^(s - top), with the panel's new top; fade is what the
 * old sums shrink by. */
INLINE void weigh(const om_attend_panel *p, float *s, int words, vec *fade,
                  const int vectors)
{
    vec top[VECTORS], sum[VECTORS];
    UNROLLED
    for (int j = 0; j < vectors; j++) top[j] = v_load(p->top + j * LANES);
    for (int i = 0; i < words; i++) {
        UNROLLED
        for (int j = 0; j < vectors; j++)
            top[j] = v_max(v_load(s + (i * vectors + j) * LANES), top[j]);
    }
    UNROLLED
    for (int j = 0; j < vectors; j++) {
        fade[j] = power_of_e(v_sub(v_load(p->top + j * LANES), top[j]));
        v_store(p->top + j * LANES, top[j]);
        sum[j] = v_all(0);
    }
    for (int i = 0; i < words; i++) {
        UNROLLED
        for (int j = 0; j < vectors; j++) {
            float *at = s + (i * vectors + j) * LANES;
            vec w = power_of_e(v_sub(v_load(at), top[j]));
            v_store(at, w);
            sum[j] = v_add(sum[j], w);
        }
    }
    UNROLLED
    for (int j = 0; j < vectors; j++)
        v_store(p->sum + j * LANES,
                v_fma(v_load(p->sum + j * LANES), fade[j], sum[j]));
}

/* Words that come after a row get -inf. Word 0 comes after none, so that top is
 * finite from the first block on. */
static void hide_later(const om_attend_panel *p, const om_attend_block *b,
                       float *s, int words)
{
    for (int i = 0; i < words; i++)
        for (int j = 0; j < p->lanes && p->first_row + j < b->first + i; j++)
            s[i * p->lanes + j] = -INFINITY;
}

INLINE void absorb_panel(const om_attend_panel *p, const om_attend_block *b,
                         float *s, const int tiles, const int vectors)
{
    vec fade[VECTORS];
    int words = b->words;
    if (b->causal && words > p->first_row + p->lanes - b->first)
        words = p->first_row + p->lanes - b->first;
    if (words <= 0) return;
    score(p, b, s, b->before + words, tiles, vectors);
    s += b->before * vectors * LANES;
    if (b->causal) hide_later(p, b, s, words);
    weigh(p, s, words, fade, vectors);
    gather(p, b, s, words, fade, tiles, vectors);
}

TARGET static void fold(const om_attend_panel *p, int width, float weight,
                        bool add)
{
    const int lanes = p->lanes;
    for (int j = 0; j < lanes; j += LANES) {
        float factor[LANES] __attribute__((aligned(64)));
        for (int i = 0; i < LANES; i++) factor[i] = weight / p->sum[j + i];
        vec by = v_load(factor);
        for (int c = 0; c < width; c++) {
            float *o = p->o + c * lanes + j, *mix = p->mix + c * lanes + j;
            vec old = add ? v_load(mix) : v_all(0);
            v_store(mix, v_fma(v_load(o), by, old));
            v_store(o, v_all(0));
        }
        v_store(p->top + j, v_all(-INFINITY));
        v_store(p->sum + j, v_all(0));
    }
}

TARGET static void absorb_1(const om_attend_panel *p, const om_attend_block *b,
                            float *s)
{
    absorb_panel(p, b, s, 2, 1);
}

TARGET static void absorb_2(const om_attend_panel *p, const om_attend_block *b,
                            float *s)
{
    absorb_panel(p, b, s, 1, 2);
}

#if VECTORS > 2
TARGET static void absorb_3(const om_attend_panel *p, const om_attend_block *b,
                            float *s)
{
    absorb_panel(p, b, s, 1, 3);
}
#endif

static void absorb(const om_attend_panel *p, const om_attend_block *b, float *s)
{
#if VECTORS > 2
    if (p->lanes > 2 * LANES) {
        absorb_3(p, b, s);
        return;
    }
#endif
    if (p->lanes > LANES)
        absorb_2(p, b, s);
    else
        absorb_1(p, b, s);
}
