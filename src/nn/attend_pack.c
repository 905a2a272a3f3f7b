/* attend_pack.c - rows to and from the orders of attend_kernel.h, four by four
 * elements at a time. */
#include "nn/attend_kernel.h"

#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))
#ifdef __clang__
#define UNROLLED _Pragma("unroll")
#else
#define UNROLLED _Pragma("GCC unroll 4")
#endif

typedef float f4 __attribute__((vector_size(16)));
typedef uint32_t u4 __attribute__((vector_size(16)));
typedef uint16_t h4 __attribute__((vector_size(8)));

INLINE f4 all(float f)
{
    return (f4){f, f, f, f};
}

INLINE f4 load(const float *p)
{
    f4 a;
    memcpy(&a, p, sizeof a);
    return a;
}

INLINE void store(float *p, f4 a)
{
    memcpy(p, &a, sizeof a);
}

INLINE void transpose(f4 a[4])
{
#ifdef __x86_64__
    _MM_TRANSPOSE4_PS(a[0], a[1], a[2], a[3]);
#else
    f4 t[4];
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) t[i][j] = a[j][i];
    memcpy(a, t, sizeof t);
#endif
}

INLINE f4 from_bf16(h4 h)
{
    return (f4)(__builtin_convertvector(h, u4) << 16);
}

/* The upper halves, rounded to nearest even; NaN stays NaN. */
INLINE h4 to_bf16(f4 a)
{
    u4 u = (u4)a;
    u4 nan = (u4)((u & 0x7fffffff) > 0x7f800000);
    u4 rounded = u + 0x7fff + ((u >> 16) & 1);
    u4 kept = (nan & (u | 0x400000)) | (~nan & rounded);
    return __builtin_convertvector(kept >> 16, h4);
}

/* ---- four rows --------------------------------------------------------- */

/* Rows i .. i + 3 of an array; where there are fewer, the last again. `bf16` is
 * a constant where these functions are inlined. */
typedef struct four {
    const char *row[4];
    int width;
} four;

INLINE int among_four(int i, int n)
{
    return n - i < 4 ? n - i : 4;
}

INLINE size_t element_size(const bool bf16)
{
    return bf16 ? sizeof(uint16_t) : sizeof(float);
}

INLINE four four_rows(const void *src, const om_attend_rows *rows, int i,
                      const bool bf16)
{
    four f = {.width = rows->width};
    const int n = among_four(i, rows->n);
    for (int j = 0; j < 4; j++)
        f.row[j] = (const char *)src +
                   rows->at[i + (j < n ? j : n - 1)] * element_size(bf16);
    return f;
}

/* Ask for the four rows after i's, which lie far apart and would each be waited
 * for. */
INLINE void expect(const void *array, const om_attend_rows *rows, int i)
{
    const size_t size = element_size(rows->type == OM_ATTEND_BF16);
    for (int j = i + 4; j < i + 8 && j < rows->n; j++)
        for (size_t c = 0; c < (size_t)rows->width * size; c += 64)
            __builtin_prefetch((const char *)array + rows->at[j] * size + c);
}

/* Row j's channels c .. c + 3, of which the first n exist. */
INLINE f4 load_four(const four *f, int j, int c, int n, const bool bf16)
{
    const char *p = f->row[j] + (size_t)c * element_size(bf16);
    f4 a = all(0);
    h4 h = {0, 0, 0, 0};
    if (n == 4) { /* so that a copy of constant size is one instruction */
        if (!bf16) return load((const float *)(const void *)p);
        memcpy(&h, p, sizeof h);
        return from_bf16(h);
    }
    memcpy(bf16 ? (void *)&h : (void *)&a, p, (size_t)n * element_size(bf16));
    return bf16 ? from_bf16(h) : a;
}

/* Channels c .. c + n of four rows, to dst[n][stride], times scale[row]. */
INLINE void pack_square(float *dst, size_t stride, const four *f, int c, int n,
                        f4 scale, const bool bf16)
{
    f4 a[4];
    UNROLLED
    for (int j = 0; j < 4; j++) a[j] = load_four(f, j, c, n, bf16);
    transpose(a);
    UNROLLED
    for (int j = 0; j < n; j++) store(dst + (size_t)j * stride, a[j] * scale);
}

INLINE void pack_rows(float *dst, size_t stride, const four *f, f4 scale,
                      const bool bf16)
{
    int c = 0;
    for (; c + 4 <= f->width; c += 4, dst += 4 * stride)
        pack_square(dst, stride, f, c, 4, scale, bf16);
    if (c < f->width) pack_square(dst, stride, f, c, f->width - c, scale, bf16);
}

/* dst[width][stride], the first four of each line: rows from i on. */
static void pack_four(float *dst, size_t stride, const void *src,
                      const om_attend_rows *rows, int i, f4 scale)
{
    if (i >= rows->n) {
        for (int c = 0; c < rows->width; c++)
            store(dst + (size_t)c * stride, all(0));
    } else if (rows->type == OM_ATTEND_BF16) {
        four f = four_rows(src, rows, i, true);
        expect(src, rows, i);
        pack_rows(dst, stride, &f, scale, true);
    } else {
        four f = four_rows(src, rows, i, false);
        expect(src, rows, i);
        pack_rows(dst, stride, &f, scale, false);
    }
}

void om_attend_pack_queries(float *dst, int lanes, const void *src,
                            const om_attend_rows *rows, float scale)
{
    for (int i = 0; i < lanes; i += 4)
        pack_four(dst + i, (size_t)lanes, src, rows, i, all(scale));
}

void om_attend_pack_keys(float *dst, int tile, const void *src,
                         const om_attend_rows *rows)
{
    const size_t whole = (size_t)rows->width * (size_t)tile;
    for (int i = 0; i < om_attend_in_tiles(rows->n, tile); i += 4)
        pack_four(dst + (size_t)(i / tile) * whole + i % tile, (size_t)tile,
                  src, rows, i, all(1));
}

/* Channels c .. c + n of the first `words` of four words, a tile apart. */
INLINE void value_square(float *dst, int tile, const four *f, int words, int c,
                         int n, const bool bf16)
{
    UNROLLED
    for (int j = 0; j < 4; j++)
        if (j < words) store(dst + j * tile, load_four(f, j, c, n, bf16));
}

/* Words i .. i + 3 to dst[width in tiles][words][tile]. */
INLINE void pack_values(float *dst, int tile, size_t words, const void *src,
                        const om_attend_rows *rows, int i, const bool bf16)
{
    const four f = four_rows(src, rows, i, bf16);
    const int n = among_four(i, rows->n);
    const int end = om_attend_in_tiles(f.width, tile);
    expect(src, rows, i);
    dst += i * tile;
    for (int c = 0; c < end; c += 4) {
        float *at = dst + (size_t)(c / tile * tile) * words + c % tile;
        const int left = f.width - c;
        if (left >= 4 && n == 4)
            value_square(at, tile, &f, 4, c, 4, bf16);
        else
            value_square(at, tile, &f, n, c,
                         left < 0   ? 0
                         : left < 4 ? left
                                    : 4,
                         bf16);
    }
}

void om_attend_pack_values(float *dst, int tile, size_t words, const void *src,
                           const om_attend_rows *rows)
{
    for (int i = 0; i < rows->n; i += 4)
        if (rows->type == OM_ATTEND_BF16)
            pack_values(dst, tile, words, src, rows, i, true);
        else
            pack_values(dst, tile, words, src, rows, i, false);
}

/* ---- and back ---------------------------------------------------------- */

/* a's first n to p */
INLINE void put(char *p, f4 a, int n, const bool bf16)
{
    h4 h = to_bf16(a);
    if (bf16)
        memcpy(p, &h, (size_t)n * sizeof(uint16_t));
    else
        memcpy(p, &a, (size_t)n * sizeof(float));
}

/* src[c .. c + n][lanes], the first four of each line, times scale[lane]: lane
 * i to row[i]. Row 0 comes last: where there are fewer rows than four, it
 * stands for the missing ones too. */
INLINE void unpack_square(char *const row[4], const float *src, int lanes,
                          int c, int n, f4 scale, const bool bf16)
{
    f4 a[4];
    src += c * lanes;
    UNROLLED
    for (int j = 0; j < 4; j++) a[j] = load(src + j * lanes) * scale;
    transpose(a);
    UNROLLED
    for (int j = 3; j >= 0; j--)
        put(row[j] + (size_t)c * element_size(bf16), a[j], n, bf16);
}

INLINE void unpack_rows(void *dst, const om_attend_rows *rows, int i,
                        const float *src, int lanes, f4 scale, const bool bf16)
{
    char *row[4];
    const int width = rows->width, n = rows->n - i;
    int c = 0;
    for (int j = 0; j < 4; j++)
        row[j] = (char *)dst + rows->at[j < n ? i + j : i] * element_size(bf16);
    expect(dst, rows, i);
    for (; c + 4 <= width; c += 4)
        unpack_square(row, src, lanes, c, 4, scale, bf16);
    if (c < width) unpack_square(row, src, lanes, c, width - c, scale, bf16);
}

void om_attend_unpack(void *dst, const om_attend_rows *rows, const float *src,
                      int lanes, const float *scale)
{
    for (int i = 0; i < rows->n; i += 4)
        if (rows->type == OM_ATTEND_BF16)
            unpack_rows(dst, rows, i, src + i, lanes, load(scale + i), true);
        else
            unpack_rows(dst, rows, i, src + i, lanes, load(scale + i), false);
}
