/* ref_product.c - matrix products and convolutions of `ref`.
 *
 * Sums of up to CHUNK products are made in float, in vectors of 16 outputs;
 * these are summed in double. That is as good as double and several times as
 * fast. A convolution is a product with patches, a strip of positions a time.
 */
#include "nn/ref_internal.h"

typedef float lanes
    __attribute__((vector_size(REF_LANES * sizeof(float)), aligned(4)));

enum { CHUNK = 32, STRIP = 32, ROWS = 2 };

size_t om_ref_panels_size(int out, size_t in)
{
    const size_t n_panels = ((size_t)out + REF_LANES - 1) / REF_LANES;
    return n_panels * in * REF_LANES;
}

void om_ref_panels_pack(float *panels, const float *matrix, int out, size_t in)
{
    for (int o = 0; o < out; o += REF_LANES)
        for (size_t i = 0; i < in; i++)
            for (int l = 0; l < REF_LANES; l++)
                *panels++ =
                    o + l < out ? matrix[(size_t)(o + l) * in + i] : 0.0f;
}

/* sum[ROWS][16] += x[ROWS][n] panel[n][16]; x1 may be x0 */
static void add_chunk(double sum[ROWS][REF_LANES], const float *x0,
                      const float *x1, const float *panel, size_t n)
{
    lanes a = {0}, b = {0};
    for (size_t i = 0; i < n; i++) {
        const lanes w = *(const lanes *)(const void *)(panel + i * REF_LANES);
        a += x0[i] * w;
        b += x1[i] * w;
    }
    for (int l = 0; l < REF_LANES; l++) {
        sum[0][l] += (double)a[l];
        sum[1][l] += (double)b[l];
    }
}

/* Two rows (or one twice) by one panel; `n` of its outputs are real. */
static void multiply_rows(float *const y[ROWS], const float *const x[ROWS],
                          const float *panel, const float *bias, size_t in,
                          int n)
{
    double sum[ROWS][REF_LANES] = {{0}};
    for (size_t i = 0; i < in; i += CHUNK)
        add_chunk(sum, x[0] + i, x[1] + i, panel + i * REF_LANES,
                  in - i < CHUNK ? in - i : CHUNK);
    for (int r = 0; r < ROWS; r++)
        for (int l = 0; l < n; l++)
            y[r][l] = (float)(sum[r][l] + (bias ? (double)bias[l] : 0));
}

void om_ref_multiply(const ref_product *p, float *y, const float *x, size_t m)
{
    for (int o = 0; o < p->out; o += REF_LANES) {
        const float *panel = p->panels + (size_t)o * p->in;
        const float *bias = p->bias ? p->bias + o : NULL;
        const int n = p->out - o < REF_LANES ? p->out - o : REF_LANES;
        for (size_t r = 0; r < m; r += ROWS) {
            const size_t next = r + 1 < m ? r + 1 : r;
            const float *const from[] = {x + r * p->in, x + next * p->in};
            float *const to[] = {y + r * (size_t)p->out + o,
                                 y + next * (size_t)p->out + o};
            multiply_rows(to, from, panel, bias, p->in, n);
        }
    }
}

/* ---- convolution --------------------------------------------------------- */

size_t om_ref_patches_size(const om_conv_shape *c, int channels)
{
    return (size_t)STRIP * (size_t)c->kernel * (size_t)c->kernel *
           (size_t)channels;
}

/* patch[kernel, kernel, c] of position (oy, ox) of picture x[h, w, c] */
static void take_patch(float *patch, const om_conv_shape *c, const float *x,
                       om_shape xs, int oy, int ox)
{
    const size_t n = (size_t)xs.c;
    for (int ky = 0; ky < c->kernel; ky++)
        for (int kx = 0; kx < c->kernel; kx++, patch += n) {
            const int64_t iy = (int64_t)oy * c->stride + ky - c->pad[0];
            const int64_t ix = (int64_t)ox * c->stride + kx - c->pad[1];
            if (iy < 0 || iy >= xs.h || ix < 0 || ix >= xs.w)
                memset(patch, 0, n * sizeof *patch);
            else
                memcpy(patch, x + (size_t)(iy * xs.w + ix) * n,
                       n * sizeof *patch);
        }
}

void om_ref_convolve(const ref_product *p, const om_conv_shape *c, float *y,
                     om_shape ys, const float *x, om_shape xs, float *patches)
{
    const size_t n_in = (size_t)xs.h * (size_t)xs.w * (size_t)xs.c;
    for (int n = 0; n < ys.n; n++, x += n_in)
        for (int oy = 0; oy < ys.h; oy++)
            for (int ox = 0; ox < ys.w; ox += STRIP) {
                const int m = ys.w - ox < STRIP ? ys.w - ox : STRIP;
                for (int i = 0; i < m; i++)
                    take_patch(patches + (size_t)i * p->in, c, x, xs, oy,
                               ox + i);
                om_ref_multiply(p, y, patches, (size_t)m);
                y += (size_t)m * (size_t)p->out;
            }
}
