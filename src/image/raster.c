/* raster.c - see raster.h. */
#include "image/raster.h"

#include <math.h>

omost_status om_picture_init(om_picture *pic, const omost_env *env, int width,
                             int height, omost_error *err)
{
    *pic = (om_picture){.env = env};
    if (width < 1 || height < 1 || width > OM_PICTURE_MAX_SIDE ||
        height > OM_PICTURE_MAX_SIDE || width > OM_PICTURE_MAX_PIXELS / height)
        return om_fail(
            err, OMOST_LIMIT,
            "a picture of %dx%d pixels is over the limit of %d a side and %d in all",
            width, height, OM_PICTURE_MAX_SIDE, OM_PICTURE_MAX_PIXELS);
    size_t bytes = (size_t)width * (size_t)height * 3;
    pic->rgb = om_zalloc(env, bytes);
    if (!pic->rgb) return om_fail_nomem(err);
    pic->width = width;
    pic->height = height;
    return OMOST_OK;
}

void om_picture_free(om_picture *pic)
{
    om_free(pic->env, pic->rgb);
    *pic = (om_picture){.env = pic->env};
}

static om_rect clip(const om_picture *pic, om_rect r)
{
    int x1 = r.x + r.w < pic->width ? r.x + r.w : pic->width;
    int y1 = r.y + r.h < pic->height ? r.y + r.h : pic->height;
    if (r.x < 0) r.x = 0;
    if (r.y < 0) r.y = 0;
    r.w = x1 > r.x ? x1 - r.x : 0;
    r.h = y1 > r.y ? y1 - r.y : 0;
    return r;
}

void om_picture_fill(om_picture *pic, om_rect r, om_rgba c)
{
    r = clip(pic, r);
    for (int y = r.y; y < r.y + r.h; y++) {
        uint8_t *p = om_picture_at(pic, r.x, y);
        for (int x = 0; x < r.w; x++) om_pixel_blend(p + x * 3, c, 255);
    }
}

void om_picture_frame(om_picture *pic, om_rect r, int width, om_rgba c)
{
    if (2 * width >= r.w || 2 * width >= r.h) {
        om_picture_fill(pic, r, c);
        return;
    }
    int inner = r.h - 2 * width;
    om_picture_fill(pic, (om_rect){r.x, r.y, r.w, width}, c);
    om_picture_fill(pic, (om_rect){r.x, r.y + r.h - width, r.w, width}, c);
    om_picture_fill(pic, (om_rect){r.x, r.y + width, width, inner}, c);
    om_picture_fill(pic,
                    (om_rect){r.x + r.w - width, r.y + width, width, inner}, c);
}

/* How much of a pixel a shape covers, from the distance of the pixel's centre
 * to the shape's edge (negative inside): exact enough for edges a few pixels
 * long, and needs no sampling. */
static unsigned cover_at(float distance)
{
    float a = 0.5F - distance;
    return a <= 0.0F ? 0 : a >= 1.0F ? 255 : (unsigned)(a * 255.0F + 0.5F);
}

void om_picture_fill_round(om_picture *pic, om_rect r, int radius, om_rgba c)
{
    int most = (r.w < r.h ? r.w : r.h) / 2;
    float rad = (float)(radius < most ? radius : most);
    float cx = (float)r.x + (float)r.w * 0.5F,
          cy = (float)r.y + (float)r.h * 0.5F;
    float hx = (float)r.w * 0.5F - rad, hy = (float)r.h * 0.5F - rad;
    om_rect box = clip(pic, r);
    for (int y = box.y; y < box.y + box.h; y++) {
        uint8_t *p = om_picture_at(pic, box.x, y);
        float dy = fabsf((float)y + 0.5F - cy) - hy;
        for (int x = 0; x < box.w; x++, p += 3) {
            float dx = fabsf((float)(box.x + x) + 0.5F - cx) - hx;
            bool corner = dx > 0.0F && dy > 0.0F;
            float d = (corner    ? sqrtf(dx * dx + dy * dy)
                       : dx > dy ? dx
                                 : dy) -
                      rad;
            om_pixel_blend(p, c, cover_at(d));
        }
    }
}

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

static float distance_to_line(float x, float y, float dx, float dy)
{
    float len2 = dx * dx + dy * dy;
    float t = len2 > 0.0F ? (x * dx + y * dy) / len2 : 0.0F;
    t = t < 0.0F ? 0.0F : t > 1.0F ? 1.0F : t;
    float ex = x - t * dx, ey = y - t * dy;
    return sqrtf(ex * ex + ey * ey);
}

void om_picture_line(om_picture *pic, int x0, int y0, int x1, int y1, int width,
                     om_rgba c)
{
    int left = min_int(x0, x1) - width, top = min_int(y0, y1) - width;
    int w = (x1 > x0 ? x1 - x0 : x0 - x1) + 2 * width + 1;
    int h = (y1 > y0 ? y1 - y0 : y0 - y1) + 2 * width + 1;
    om_rect box = clip(pic, (om_rect){left, top, w, h});
    float dx = (float)(x1 - x0), dy = (float)(y1 - y0),
          half = (float)width * 0.5F;
    for (int y = box.y; y < box.y + box.h; y++) {
        uint8_t *p = om_picture_at(pic, box.x, y);
        for (int x = box.x; x < box.x + box.w; x++, p += 3) {
            float d =
                distance_to_line((float)(x - x0), (float)(y - y0), dx, dy);
            om_pixel_blend(p, c, cover_at(d - half));
        }
    }
}

static int cell_of(int i, int cells, int n)
{
    return (int)((2 * (int64_t)i + 1) * cells / (2 * (int64_t)n));
}

int om_stretch_edge(int cell, int cells, int n)
{
    /* the smallest i with (2 i + 1) cells >= 2 n cell */
    return (int)((2 * (int64_t)n * cell + cells - 1) / (2 * (int64_t)cells));
}

void om_picture_stretch(om_picture *pic, om_rect r, const uint8_t *cells,
                        int columns, int rows)
{
    int last = -1;
    for (int y = 0; y < r.h; y++) {
        uint8_t *out = om_picture_at(pic, r.x, r.y + y);
        int row = cell_of(y, rows, r.h);
        if (row == last) { /* the same cells as the line above */
            memcpy(out, om_picture_at(pic, r.x, r.y + y - 1), (size_t)r.w * 3);
            continue;
        }
        const uint8_t *in = cells + (size_t)row * (size_t)columns * 3;
        for (int x = 0; x < r.w; x++)
            memcpy(out + (size_t)x * 3,
                   in + (size_t)cell_of(x, columns, r.w) * 3, 3);
        last = row;
    }
}

/* One axis of a scaling: out pixel i is the triangle filter around its centre
 * (i + 0.5) * n_in / n_out - 0.5, as wide as the coarser of the two grids. */
typedef struct axis {
    int n_in, n_out;
} axis;

static void taps(axis a, int i, int *first, int *last, float *centre,
                 float *reach)
{
    float ratio = (float)a.n_in / (float)a.n_out;
    *reach = ratio > 1.0F ? ratio : 1.0F;
    *centre = ((float)i + 0.5F) * ratio - 0.5F;
    *first = (int)ceilf(*centre - *reach);
    *last = (int)floorf(*centre + *reach);
    if (*first < 0) *first = 0;
    if (*last > a.n_in - 1) *last = a.n_in - 1;
}

/* out[j] = filtered in[..], `step` floats between neighbours on the axis */
static void filter(axis a, int i, const float *in, size_t step, float out[3])
{
    int first, last;
    float centre, reach, sum = 0.0F;
    taps(a, i, &first, &last, &centre, &reach);
    out[0] = out[1] = out[2] = 0.0F;
    for (int k = first; k <= last; k++) {
        float w = 1.0F - fabsf((float)k - centre) / reach;
        if (w <= 0.0F) continue;
        for (int j = 0; j < 3; j++)
            out[j] += w * in[(size_t)k * step + (size_t)j];
        sum += w;
    }
    for (int j = 0; j < 3; j++) out[j] /= sum;
}

/* Widths first into `wide`, which has out's width and in's height. */
static void scale_rows(float *wide, float *line, const om_picture *out,
                       const om_picture *in)
{
    axis across = {in->width, out->width};
    for (int y = 0; y < in->height; y++) {
        const uint8_t *p = om_picture_at(in, 0, y);
        for (int x = 0; x < in->width * 3; x++) line[x] = p[x];
        float *q = wide + (size_t)y * (size_t)out->width * 3;
        for (int x = 0; x < out->width; x++)
            filter(across, x, line, 3, q + (size_t)x * 3);
    }
}

static void scale_columns(om_picture *out, const float *wide, int n_in)
{
    axis down = {n_in, out->height};
    size_t row = (size_t)out->width * 3;
    for (int y = 0; y < out->height; y++) {
        uint8_t *p = om_picture_at(out, 0, y);
        for (int x = 0; x < out->width; x++, p += 3) {
            float px[3];
            filter(down, y, wide + (size_t)x * 3, row, px);
            for (int j = 0; j < 3; j++) p[j] = (uint8_t)(px[j] + 0.5F);
        }
    }
}

omost_status om_picture_scale(om_picture *out, const om_picture *in,
                              omost_error *err)
{
    size_t n = (size_t)out->width * (size_t)in->height * 3, bytes;
    float *wide =
        om_mul_size(n, sizeof *wide, &bytes) ? om_alloc(out->env, bytes) : NULL;
    float *line = om_alloc(out->env, (size_t)in->width * 3 * sizeof *line);
    if (wide && line) {
        scale_rows(wide, line, out, in);
        scale_columns(out, wide, in->height);
    }
    omost_status st = wide && line ? OMOST_OK : om_fail_nomem(err);
    om_free(out->env, wide);
    om_free(out->env, line);
    return st;
}
