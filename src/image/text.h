/* text.h - text in pictures: measuring and drawing UTF-8 in the one font that
 * is part of the program (DejaVu Sans). The one home of FreeType.
 *
 * Measuring is exact and the same at every size (font units, kerning and all),
 * so a layout made with it holds for the PNG and for the SVG. Characters the
 * font lacks are boxes, as wide as a terminal would make them. Failures are
 * sticky: draw everything, then look at om_font_check once. */
#ifndef OM_IMAGE_TEXT_H
#define OM_IMAGE_TEXT_H

#include "base/buf.h"
#include "image/raster.h"

typedef struct om_font om_font;

/* The embedded font; NULL and an error when it cannot be read. */
om_font *om_font_new(const omost_env *env, omost_error *err);
void om_font_free(om_font *f);

/* OK, or what failed first. */
omost_status om_font_check(const om_font *f, omost_error *err);

/* Pixels that `s` takes on a line at `size` pixels an em. */
int om_font_width(om_font *f, int size, om_str s);

/* Bytes of `s` that fit in `width`: up to the last space if there is one, else
 * as many characters, one at least. The break's spaces belong to the line. */
size_t om_font_break(om_font *f, int size, int width, om_str s);

/* Append `s`, or as much of it as fits in `width` with "…" after it; nothing
 * when not even that fits. */
void om_font_ellipsis(om_font *f, int size, int width, om_str s, om_buf *out);

/* Height of a capital above the baseline. */
int om_font_cap_height(int size);

/* Draw `s` with its first letter's origin at x on the baseline. */
void om_font_draw(om_font *f, om_picture *pic, int x, int baseline, int size,
                  om_rgba c, om_str s);

#endif
