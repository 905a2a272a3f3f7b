/* ref_loops.c - norms and element-wise operations of `ref`. */
#include "nn/ref_internal.h"

#include <math.h>

#include "nn/numbers.h"

/* ---- norms --------------------------------------------------------------- */

/* rows runs of n numbers, `stride` apart */
typedef struct part {
    size_t rows, n, stride;
} part;

static double mean_of(const float *x, part p)
{
    double sum = 0;
    for (size_t r = 0; r < p.rows; r++, x += p.stride)
        for (size_t i = 0; i < p.n; i++) sum += (double)x[i];
    return sum / ((double)p.rows * (double)p.n);
}

/* Around the mean: exact where the mean is large. */
static double variance_of(const float *x, part p, double mean)
{
    double sum = 0;
    for (size_t r = 0; r < p.rows; r++, x += p.stride)
        for (size_t i = 0; i < p.n; i++) {
            const double d = (double)x[i] - mean;
            sum += d * d;
        }
    return sum / ((double)p.rows * (double)p.n);
}

/* weight and bias have n numbers, the same for every row */
static void normalise(float *y, const float *x, part p, const float *weight,
                      const float *bias, float eps)
{
    const double mean = mean_of(x, p);
    const double factor = 1 / sqrt(variance_of(x, p, mean) + (double)eps);
    for (size_t r = 0; r < p.rows; r++, x += p.stride, y += p.stride)
        for (size_t i = 0; i < p.n; i++)
            y[i] = (float)(((double)x[i] - mean) * factor * (double)weight[i] +
                           (double)bias[i]);
}

void om_ref_group_norm(float *y, const float *x, om_shape s, int groups,
                       const ref_norm *norm)
{
    const size_t c = (size_t)s.c;
    const part p = {(size_t)s.h * (size_t)s.w, c / (size_t)groups, c};
    for (int n = 0; n < s.n; n++)
        for (size_t i = 0; i < c; i += p.n) {
            const size_t at = (size_t)n * p.rows * c + i;
            normalise(y + at, x + at, p, norm->weight + i, norm->bias + i,
                      norm->eps);
        }
}

void om_ref_layer_norm(float *y, const float *x, om_shape s,
                       const ref_norm *norm)
{
    const size_t c = (size_t)s.c, rows = om_shape_rows(s);
    const part p = {1, c, c};
    for (size_t r = 0; r < rows; r++)
        normalise(y + r * c, x + r * c, p, norm->weight, norm->bias, norm->eps);
}

/* ---- element by element -------------------------------------------------- */

static double gelu(double x)
{
    return x * (1 + erf(x * sqrt(0.5))) / 2;
}

static double unary(om_unary_kind kind, double x)
{
    switch (kind) {
    case OM_SILU: return x / (1 + exp(-x));
    case OM_GELU: return gelu(x);
    case OM_QUICK_GELU: return x / (1 + exp(-1.702 * x));
    case OM_RELU: return x > 0 ? x : 0;
    default: return x;
    }
}

void om_ref_unary(float *y, om_unary_kind kind, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = (float)unary(kind, (double)x[i]);
}

void om_ref_geglu(float *y, const float *x, size_t rows, size_t c)
{
    for (size_t r = 0; r < rows; r++, x += 2 * c, y += c)
        for (size_t i = 0; i < c; i++)
            y[i] = (float)((double)x[i] * gelu((double)x[c + i]));
}

void om_ref_add(float *y, const float *a, om_shape as, const float *b,
                om_shape bs)
{
    const size_t places = (size_t)as.h * (size_t)as.w, c = (size_t)as.c;
    const bool everywhere = bs.h == 1 && bs.w == 1;
    for (int n = 0; n < as.n; n++) {
        const float *row =
            bs.n == 1 ? b : b + (size_t)n * om_shape_size(bs) / (size_t)bs.n;
        for (size_t p = 0; p < places; p++, a += c, y += c) {
            for (size_t i = 0; i < c; i++) y[i] = a[i] + row[i];
            if (!everywhere) row += c;
        }
    }
}

void om_ref_concat(float *y, const float *a, size_t ac, const float *b,
                   size_t bc, size_t rows)
{
    for (size_t r = 0; r < rows; r++, a += ac, b += bc, y += ac + bc) {
        memcpy(y, a, ac * sizeof *y);
        memcpy(y + ac, b, bc * sizeof *y);
    }
}

void om_ref_upsample(float *y, const float *x, om_shape xs)
{
    const size_t c = (size_t)xs.c, line = 2 * (size_t)xs.w * c;
    const size_t rows = (size_t)xs.n * (size_t)xs.h;
    for (size_t r = 0; r < rows; r++, y += 2 * line) {
        float *to = y;
        for (int i = 0; i < xs.w; i++, x += c, to += 2 * c) {
            memcpy(to, x, c * sizeof *to);
            memcpy(to + c, x, c * sizeof *to);
        }
        memcpy(y + line, y, line * sizeof *y);
    }
}

void om_ref_round(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) x[i] = om_round_bf16(x[i]);
}
