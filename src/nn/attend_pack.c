/* attend_pack.c - rows to and from the orders of attend_kernel.h, four by four
 * elements at a time. */
#include "nn/attend_kernel.h"

#include <string.h>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

typedef float f4 __attribute__((vector_size(16)));
typedef uint32_t u4 __attribute__((vector_size(16)));
typedef uint16_t h4 __attribute__((vector_size(8)));

static inline f4 all(float f)
{
    return (f4){f, f, f, f};
}

static inline void store(float *p, f4 a)
{
    memcpy(p, &a, sizeof a);
}

static inline void transpose(f4 a[4])
{
#ifdef __SSE__
    _MM_TRANSPOSE4_PS(a[0], a[1], a[2], a[3]);
#else
    f4 t[4];
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) t[i][j] = a[j][i];
    memcpy(a, t, sizeof t);
#endif
}

/* How many of 4 elements from i on are below n. */
static inline size_t among(int i, int n)
{
    return n - i >= 4 ? 4 : n > i ? (size_t)(n - i) : 0;
}

/* Row i's channels c .. c + 3; zero beyond the rows' width. */
static inline f4 load(const void *src, const om_attend_rows *rows, int i, int c)
{
    const size_t n = among(c, rows->width), at = rows->at[i] + (size_t)c;
    if (rows->type == OM_ATTEND_F32) {
        const float *p = (const float *)src + at;
        f4 a = all(0);
        if (n == 4)
            memcpy(&a, p, sizeof a);
        else
            memcpy(&a, p, n * sizeof *p);
        return a;
    }
    const uint16_t *p = (const uint16_t *)src + at;
    h4 h = {0, 0, 0, 0};
    if (n == 4)
        memcpy(&h, p, sizeof h);
    else
        memcpy(&h, p, n * sizeof *p);
    return (f4)(__builtin_convertvector(h, u4) << 16);
}

/* The upper halves, rounded to nearest even; NaN stays NaN. */
static inline h4 to_bf16(f4 a)
{
    u4 u = (u4)a;
    u4 nan = (u4)((u & 0x7fffffff) > 0x7f800000);
    u4 rounded = u + 0x7fff + ((u >> 16) & 1);
    u4 kept = (nan & (u | 0x400000)) | (~nan & rounded);
    return __builtin_convertvector(kept >> 16, h4);
}

static inline void put(void *dst, const om_attend_rows *rows, int i, int c,
                       f4 a)
{
    const size_t n = among(c, rows->width), at = rows->at[i] + (size_t)c;
    if (rows->type == OM_ATTEND_F32) {
        float *p = (float *)dst + at;
        if (n == 4)
            memcpy(p, &a, sizeof a);
        else
            memcpy(p, &a, n * sizeof *p);
        return;
    }
    uint16_t *p = (uint16_t *)dst + at;
    h4 h = to_bf16(a);
    if (n == 4)
        memcpy(p, &h, sizeof h);
    else
        memcpy(p, &h, n * sizeof *p);
}

/* dst[c * stride + j] = row i + j's channel c times scale[j] */
static void pack_four(float *dst, size_t stride, const void *src,
                      const om_attend_rows *rows, int i, f4 scale)
{
    const size_t n = among(i, rows->n);
    for (int c = 0; c < rows->width; c += 4) {
        f4 a[4];
        for (size_t j = 0; j < 4; j++)
            a[j] = j < n ? load(src, rows, i + (int)j, c) : all(0);
        transpose(a);
        for (size_t j = 0; j < among(c, rows->width); j++)
            store(dst + ((size_t)c + j) * stride, a[j] * scale);
    }
}

void om_attend_pack_queries(float *dst, int lanes, const void *src,
                            const om_attend_rows *rows, float scale)
{
    for (int i = 0; i < lanes; i += 4)
        pack_four(dst + i, (size_t)lanes, src, rows, i, all(scale));
}

void om_attend_pack_keys(float *dst, int tile, const void *src,
                         const om_attend_rows *rows, const float *scale)
{
    const size_t whole = (size_t)rows->width * (size_t)tile;
    for (int i = 0; i < om_attend_in_tiles(rows->n, tile); i += 4) {
        f4 by = all(0);
        memcpy(&by, scale + i, among(i, rows->n) * sizeof *scale);
        pack_four(dst + (size_t)(i / tile) * whole + i % tile, (size_t)tile,
                  src, rows, i, by);
    }
}

void om_attend_pack_values(float *dst, int tile, const void *src,
                           const om_attend_rows *rows)
{
    const size_t whole = (size_t)rows->n * (size_t)tile;
    for (int i = 0; i < rows->n; i += 4) {
        const int n = (int)among(i, rows->n);
        for (int c = 0; c < om_attend_in_tiles(rows->width, tile); c += 4) {
            float *at = dst + (size_t)(c / tile) * whole + i * tile + c % tile;
            for (int j = 0; j < n; j++)
                store(at + j * tile, load(src, rows, i + j, c));
        }
    }
}

void om_attend_unpack(void *dst, const om_attend_rows *rows, const float *src,
                      int lanes, const float *scale)
{
    for (int i = 0; i < rows->n; i += 4) {
        const int n = (int)among(i, rows->n);
        f4 by;
        memcpy(&by, scale + i, sizeof by);
        for (int c = 0; c < rows->width; c += 4) {
            f4 a[4];
            for (int j = 0; j < 4; j++) {
                memcpy(&a[j], src + (c + j) * lanes + i, sizeof a[j]);
                a[j] *= by;
            }
            transpose(a);
            for (int j = 0; j < n; j++) put(dst, rows, i + j, c, a[j]);
        }
    }
}
