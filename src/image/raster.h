/* raster.h - a picture in memory (8-bit RGB) and what is drawn on it: filled
 * and framed rectangles, lines, scaling. Everything is clipped to the picture;
 * colours are mixed as bytes, without gamma, as the canvas's composition is. */
#ifndef OM_IMAGE_RASTER_H
#define OM_IMAGE_RASTER_H

#include "base/error.h"
#include "base/mem.h"

enum {
    OM_PICTURE_MAX_SIDE = 32768,
    OM_PICTURE_MAX_PIXELS = 1 << 27 /* 384 MiB */
};

typedef struct om_picture {
    const omost_env *env;
    int width, height;
    uint8_t *rgb; /* rows from the top, 3 bytes a pixel, no gaps */
} om_picture;

typedef struct om_rgba {
    uint8_t r, g, b, a;
} om_rgba;

typedef struct om_rect {
    int x, y, w, h;
} om_rect;

/* A black picture. Sides are 1..OM_PICTURE_MAX_SIDE, else LIMIT. */
omost_status om_picture_init(om_picture *pic, const omost_env *env, int width,
                             int height, omost_error *err);
void om_picture_free(om_picture *pic);

static inline size_t om_picture_bytes(const om_picture *pic)
{
    return (size_t)pic->width * (size_t)pic->height * 3;
}

static inline uint8_t *om_picture_at(const om_picture *pic, int x, int y)
{
    return pic->rgb + ((size_t)y * (size_t)pic->width + (size_t)x) * 3;
}

/* Lay c over the pixel at p, its alpha times cover/255. */
static inline void om_pixel_blend(uint8_t *p, om_rgba c, unsigned cover)
{
    unsigned a = (c.a * cover + 127) / 255, b = 255 - a;
    p[0] = (uint8_t)((p[0] * b + c.r * a + 127) / 255);
    p[1] = (uint8_t)((p[1] * b + c.g * a + 127) / 255);
    p[2] = (uint8_t)((p[2] * b + c.b * a + 127) / 255);
}

void om_picture_fill(om_picture *pic, om_rect r, om_rgba c);

/* With rounded corners, antialiased. */
void om_picture_fill_round(om_picture *pic, om_rect r, int radius, om_rgba c);

/* The border of `r`, `width` pixels thick, inside it. */
void om_picture_frame(om_picture *pic, om_rect r, int width, om_rgba c);

/* An antialiased line with round ends, between the centres of two pixels. */
void om_picture_line(om_picture *pic, int x0, int y0, int x1, int y1, int width,
                     om_rgba c);

/* Fill `r` (inside the picture) with `cells`, rows x columns of RGB stretched
 * over it: pixel i of n shows cell floor((i + 0.5) * cells / n). */
void om_picture_stretch(om_picture *pic, om_rect r, const uint8_t *cells,
                        int columns, int rows);

/* First pixel of n that om_picture_stretch gives to `cell` of `cells`, or n
 * for cell == cells. */
int om_stretch_edge(int cell, int cells, int n);

/* `out` (already made) gets `in` scaled to its size: linear interpolation
 * where it grows, averages where it shrinks. */
omost_status om_picture_scale(om_picture *out, const om_picture *in,
                              omost_error *err);

#endif
