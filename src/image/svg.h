/* svg.h - writing SVG into an om_buf: elements, attributes, text, all escaped.
 *
 *     om_svg_open(b, "rect");
 *     om_svg_int(b, "x", 3);
 *     om_svg_color(b, "fill", (om_rgba){255, 0, 0, 128});
 *     om_svg_close_empty(b);                         <rect x="3" .../>
 *
 *     om_svg_open(b, "title");
 *     om_svg_text(b, name);
 *     om_svg_end(b, "title");                        <title>...</title>
 *
 * Numbers are written without the locale. Failures are the buffer's. */
#ifndef OM_IMAGE_SVG_H
#define OM_IMAGE_SVG_H

#include "base/buf.h"
#include "image/raster.h"

void om_svg_open(om_buf *b, const char *name); /* "<name" */
void om_svg_int(om_buf *b, const char *name, int v);
/* halves / 2, e.g. 2.5: strokes lie on half pixels */
void om_svg_half(om_buf *b, const char *name, int halves);
void om_svg_attr(om_buf *b, const char *name, om_str v);
/* name="#rrggbb" and, unless opaque, name-opacity="0.dd" */
void om_svg_color(om_buf *b, const char *name, om_rgba c);
void om_svg_close_empty(om_buf *b);       /* "/>" and a line end */
void om_svg_close(om_buf *b);             /* ">" and a line end */
void om_svg_text(om_buf *b, om_str text); /* ">" and the escaped text */
void om_svg_end(om_buf *b, const char *name);

/* Append `s` so that it is text or an attribute's value in XML 1.0: markup is
 * escaped; what XML forbids (most control characters, U+FFFE, U+FFFF, bytes
 * that are no UTF-8) becomes U+FFFD. */
void om_xml_escape(om_buf *b, om_str s);

#endif
