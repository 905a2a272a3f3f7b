/* soften.c - see soften.h. */
#include "image/soften.h"

void om_bytes_to_signed(float *out, const uint8_t *in, size_t n)
{
    for (size_t i = 0; i < n; i++) out[i] = (float)in[i] / 127.5f - 1.0f;
}

/* Index i of a line of n that is mirrored at both ends; |i| < n. */
static int mirrored(int i, int n)
{
    if (i < 0) return -i;
    return i < n ? i : 2 * (n - 1) - i;
}

/* out[h + 2r, w + 2r, c] from in[h, w, c] */
static void pad_mirrored(float *out, const float *in, om_extent size, int r)
{
    const size_t c = (size_t)size.c;
    for (int y = -r; y < size.h + r; y++) {
        const float *line =
            in + (size_t)mirrored(y, size.h) * (size_t)size.w * c;
        for (int x = -r; x < size.w + r; x++, out += c)
            memcpy(out, line + (size_t)mirrored(x, size.w) * c,
                   c * sizeof *out);
    }
}

/* Line y of the mean. Each pixel's sum is made in float, from the square's first
 * row to its last, as the original's is: among thousands of addends another
 * order gives other results, and the encoder magnifies them. */
static void mean_line(float *out, const float *padded, om_extent size, int r,
                      int y)
{
    const size_t n = (size_t)size.w * (size_t)size.c;
    const size_t line = n + 2 * (size_t)r * (size_t)size.c;
    const int side = 2 * r + 1;
    for (size_t i = 0; i < n; i++) out[i] = 0;
    for (int dy = 0; dy < side; dy++)
        for (int dx = 0; dx < side; dx++) {
            const float *p =
                padded + (size_t)(y + dy) * line + (size_t)(dx * size.c);
            for (size_t i = 0; i < n; i++) out[i] += p[i];
        }
    for (size_t i = 0; i < n; i++) out[i] /= (float)side * (float)side;
}

omost_status om_mean_reflect(const omost_env *env, float *out, const float *in,
                             om_extent size, int radius, omost_error *err)
{
    if (radius < 0 || radius >= size.h || radius >= size.w)
        return om_fail(err, OMOST_RANGE,
                       "a blur of radius %d does not fit a picture of %dx%d",
                       radius, size.w, size.h);
    const size_t h = (size_t)size.h + 2 * (size_t)radius;
    const size_t w = (size_t)size.w + 2 * (size_t)radius;
    size_t n, bytes;
    float *padded = NULL;
    if (om_mul_size(h * w, (size_t)size.c, &n) &&
        om_mul_size(n, sizeof *padded, &bytes))
        padded = om_alloc(env, bytes);
    if (!padded) return om_fail_nomem(err);
    pad_mirrored(padded, in, size, radius);
    for (int y = 0; y < size.h; y++)
        mean_line(out + (size_t)y * (size_t)size.w * (size_t)size.c, padded,
                  size, radius, y);
    om_free(env, padded);
    return OMOST_OK;
}

int om_nearest_index(int i, int from, int n)
{
    int cell = (int)((float)i * ((float)from / (float)n));
    return cell < from ? cell : from - 1;
}

void om_resize_nearest(float *out, om_extent to, const float *in,
                       om_extent from)
{
    const size_t c = (size_t)to.c;
    for (int y = 0; y < to.h; y++) {
        const float *line =
            in + (size_t)om_nearest_index(y, from.h, to.h) * (size_t)from.w * c;
        for (int x = 0; x < to.w; x++, out += c)
            memcpy(out, line + (size_t)om_nearest_index(x, from.w, to.w) * c,
                   c * sizeof *out);
    }
}
