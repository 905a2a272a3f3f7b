/* render_png.c - a drawn picture as a file with its texts. */
#include "base/buf.h"
#include "image/png.h"
#include "omost/render.h"

char *omost_image_png(const omost_env *env, omost_image image,
                      const char *parameters, const char *record, size_t *len,
                      omost_error *err)
{
    om_png_text texts[2];
    size_t n = 0;
    om_buf b;
    om_error_clear(err);
    const om_pixels px = {image.width, image.height, 3, image.rgb, false};
    if (parameters)
        texts[n++] = (om_png_text){OMOST_PNG_PARAMETERS, om_str_of(parameters)};
    if (record) texts[n++] = (om_png_text){OMOST_PNG_RECORD, om_str_of(record)};
    om_buf_init(&b, env, (size_t)OM_PICTURE_MAX_PIXELS * 8);
    omost_status st = om_png_encode(&b, px, texts, n, err);
    if (st != OMOST_OK) {
        om_buf_free(&b);
        return NULL;
    }
    return om_buf_steal(&b, len);
}
