/* png.h - PNG files, out and in. The one home of libpng.
 *
 * Writing is deterministic: the same pixels and texts give the same bytes with
 * the same libpng and zlib. Reading trusts nothing: sizes are checked before
 * memory is taken, every fault of the file is one FORMAT error. */
#ifndef OM_IMAGE_PNG_H
#define OM_IMAGE_PNG_H

#include "base/buf.h"
#include "image/raster.h"

/* Pixels somebody owns: 3 (RGB) or 4 (RGBA, alpha not multiplied in) bytes
 * each, rows from the top without gaps. */
typedef struct om_pixels {
    int width, height, channels;
    const uint8_t *p;
    bool is_flat; /* drawn, not photographed: PNG's filters would only cost */
} om_pixels;

static inline om_pixels om_picture_pixels(const om_picture *pic)
{
    return (om_pixels){pic->width, pic->height, 3, pic->rgb, false};
}

/* A text the file carries, e.g. "parameters". ASCII goes into a tEXt chunk,
 * anything else as UTF-8 into an iTXt chunk, as Pillow reads and writes them.
 * `key`: 1..79 printable ASCII characters; no NUL in either. */
typedef struct om_png_text {
    const char *key;
    om_str text;
} om_png_text;

/* Append the file's bytes to `out`. */
omost_status om_png_encode(om_buf *out, om_pixels pixels,
                           const om_png_text *texts, size_t n_texts,
                           omost_error *err);

/* Write the file, whole or not at all (base/file.h). */
omost_status om_png_save(const omost_env *env, const char *path,
                         om_pixels pixels, const om_png_text *texts,
                         size_t n_texts, omost_error *err);

/* Any PNG as RGB: gray and palettes become colours, 16 bits become 8, what is
 * transparent lies on white, gamma and colour profiles are left alone.
 * Pictures of more than `max_pixels` are LIMIT errors. On failure `pic` is
 * empty; else the caller frees it. */
omost_status om_png_decode(om_picture *pic, const omost_env *env, om_str bytes,
                           size_t max_pixels, omost_error *err);

/* Append the first text with this key to `out`; MISSING when there is none.
 * Texts of more than 4 MiB are passed over. */
omost_status om_png_find_text(om_buf *out, om_str bytes, const char *key,
                              omost_error *err);

#endif
