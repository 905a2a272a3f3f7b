/* thumb.c - see thumb.h. */
#include "server/thumb.h"

#include "image/png.h"

static int scaled(int v, int side)
{
    const int n = side > OM_THUMB ? (int)((int64_t)v * OM_THUMB / side) : v;
    return n > 0 ? n : 1;
}

omost_status om_thumb_make(const om_picture *pic, om_buf *png, omost_error *err)
{
    om_picture small;
    const int side = pic->width > pic->height ? pic->width : pic->height;
    omost_status st = om_picture_init(&small, NULL, scaled(pic->width, side),
                                      scaled(pic->height, side), err);
    if (st == OMOST_OK) st = om_picture_scale(&small, pic, err);
    if (st == OMOST_OK)
        st = om_png_encode(png, om_picture_pixels(&small), NULL, 0, err);
    om_picture_free(&small);
    return st;
}
