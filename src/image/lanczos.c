/* lanczos.c - see lanczos.h. */
#include "image/lanczos.h"

#include <math.h>

enum { BITS = 22, HALF = 1 << (BITS - 1) };
#define PI 3.14159265358979323846
#define SUPPORT 3.0

/* Where each target cell looks, and with what weights. */
typedef struct taps {
    int width;       /* weights kept for a cell */
    int *first, *n;  /* [cells] */
    int32_t *weight; /* [cells][width], in 2^-22 */
    double *real;    /* [width], of one cell before rounding */
} taps;

static double sinc(double x)
{
    if (x == 0.0) return 1.0;
    x *= PI;
    return sin(x) / x;
}

static double lanczos(double x)
{
    return x >= -SUPPORT && x < SUPPORT ? sinc(x) * sinc(x / SUPPORT) : 0.0;
}

static bool taps_new(taps *t, om_arena *arena, int from, int to)
{
    double scale = (double)from / to;
    t->width = (int)ceil(SUPPORT * fmax(scale, 1.0)) * 2 + 1;
    size_t cells = (size_t)to, n;
    if (!om_mul_size(cells, (size_t)t->width, &n)) return false;
    t->first = om_arena_array(arena, cells, sizeof *t->first);
    t->n = om_arena_array(arena, cells, sizeof *t->n);
    t->weight = om_arena_array(arena, n, sizeof *t->weight);
    t->real = om_arena_array(arena, (size_t)t->width, sizeof *t->real);
    return t->first && t->n && t->weight && t->real;
}

/* The weights of cell i: sampled around its centre, made to add up to 1, then
 * rounded away from 0 at halves. */
static void taps_fill(taps *t, int i, int from, int to)
{
    double scale = (double)from / to, stretch = fmax(scale, 1.0);
    double support = SUPPORT * stretch, centre = (i + 0.5) * scale;
    int first = (int)(centre - support + 0.5);
    int last = (int)(centre + support + 0.5);
    if (first < 0) first = 0;
    if (last > from) last = from;
    double *real = t->real, sum = 0, inverse = 1 / stretch;
    int n = last - first;
    for (int k = 0; k < n; k++) {
        real[k] = lanczos((k + first - centre + 0.5) * inverse);
        sum += real[k];
    }
    int32_t *weight = t->weight + (size_t)i * (size_t)t->width;
    for (int k = 0; k < n; k++) {
        double w = (sum != 0.0 ? real[k] / sum : real[k]) * (1 << BITS);
        weight[k] = (int32_t)(w < 0 ? w - 0.5 : w + 0.5);
    }
    t->first[i] = first;
    t->n[i] = n;
}

static bool taps_make(taps *t, om_arena *arena, int from, int to)
{
    if (!taps_new(t, arena, from, to)) return false;
    for (int i = 0; i < to; i++) taps_fill(t, i, from, to);
    return true;
}

static uint8_t to_byte(int32_t sum)
{
    int32_t v = sum / (1 << BITS); /* towards 0: a negative sum is 0 anyway */
    return (uint8_t)(sum < 0 ? 0 : v > 255 ? 255 : v);
}

/* out[h, w, 3] from in[h, in_w, 3] */
static void scale_rows(uint8_t *out, int w, const uint8_t *in, int in_w, int h,
                       const taps *t)
{
    for (int y = 0; y < h; y++, in += (size_t)in_w * 3) {
        for (int x = 0; x < w; x++, out += 3) {
            const uint8_t *p = in + (size_t)t->first[x] * 3;
            const int32_t *weight = t->weight + (size_t)x * (size_t)t->width;
            int32_t r = HALF, g = HALF, b = HALF;
            for (int k = 0; k < t->n[x]; k++, p += 3) {
                r += p[0] * weight[k];
                g += p[1] * weight[k];
                b += p[2] * weight[k];
            }
            out[0] = to_byte(r);
            out[1] = to_byte(g);
            out[2] = to_byte(b);
        }
    }
}

/* out[h, row] from in[.., row], with sum[row] to work in */
static void scale_columns(uint8_t *out, int h, const uint8_t *in, size_t row,
                          const taps *t, int32_t *sum)
{
    for (int y = 0; y < h; y++, out += row) {
        const uint8_t *p = in + (size_t)t->first[y] * row;
        const int32_t *weight = t->weight + (size_t)y * (size_t)t->width;
        for (size_t x = 0; x < row; x++) sum[x] = HALF;
        for (int k = 0; k < t->n[y]; k++, p += row)
            for (size_t x = 0; x < row; x++) sum[x] += p[x] * weight[k];
        for (size_t x = 0; x < row; x++) out[x] = to_byte(sum[x]);
    }
}

/* `in` with columns as many as w, in memory of the arena unless it has them
 * already. NULL: no memory. */
static const uint8_t *widen(om_arena *arena, const om_picture *in, int w)
{
    taps t = {0};
    if (w == in->width) return in->rgb;
    uint8_t *wide = om_arena_array(arena, (size_t)w * 3, (size_t)in->height);
    if (!wide || !taps_make(&t, arena, in->width, w)) return NULL;
    scale_rows(wide, w, in->rgb, in->width, in->height, &t);
    return wide;
}

static bool resize(om_arena *arena, om_picture *out, const om_picture *in)
{
    taps t = {0};
    const size_t row = (size_t)out->width * 3;
    const uint8_t *wide = widen(arena, in, out->width);
    if (!wide) return false;
    if (out->height == in->height) {
        memcpy(out->rgb, wide, om_picture_bytes(out));
        return true;
    }
    int32_t *sum = om_arena_array(arena, row, sizeof *sum);
    if (!sum || !taps_make(&t, arena, in->height, out->height)) return false;
    scale_columns(out->rgb, out->height, wide, row, &t, sum);
    return true;
}

omost_status om_picture_lanczos(om_picture *out, const om_picture *in,
                                omost_error *err)
{
    om_arena arena;
    om_arena_init(&arena, out->env, 0);
    bool done = resize(&arena, out, in);
    om_arena_free(&arena);
    return done ? OMOST_OK : om_fail_nomem(err);
}
