/* scene.h - a labelled preview as a list of things to draw. It is made once
 * and read by two painters, so the PNG and the SVG show the same.
 *
 * Texts live in the scene's arena or in the canvas. Adding fails stickily:
 * look at om_scene_check once, at the end. */
#ifndef OM_PREVIEW_SCENE_H
#define OM_PREVIEW_SCENE_H

#include "image/raster.h"
#include "image/text.h"
#include "omost/canvas.h"

typedef enum om_op_kind {
    OM_OP_OPEN, /* a group begins: text is its title, more its description;
                  * without a title: decoration, nothing a screen reader says */
    OM_OP_CLOSE,
    OM_OP_BASE,  /* the global colour over r; for pixels: the composition */
    OM_OP_LAYER, /* a region's colour, mixed in with 0.7; pixels: nothing, the
                  * composition has it, exact to the last bit */
    OM_OP_FILL,  /* r with corners of radius n */
    OM_OP_FRAME, /* the border of r, n thick, inside r */
    OM_OP_LINE,  /* from (x, y) to (x + w, y + h), n thick */
    OM_OP_TEXT   /* at x on the baseline y, n pixels an em, r.w wide */
} om_op_kind;

typedef struct om_op {
    om_op_kind kind;
    om_rect r;
    int n;
    om_rgba color;
    om_str text, more;
} om_op;

typedef struct om_scene {
    om_arena texts;
    om_font *font; /* lent */
    om_op *op;
    size_t n, cap;
    omost_status status;
    int width, height;
    om_rect layout; /* where the composition lies */
    om_rgba background;
} om_scene;

void om_scene_init(om_scene *s, const omost_env *env, om_font *font);
void om_scene_free(om_scene *s);
omost_status om_scene_check(const om_scene *s, omost_error *err);

void om_scene_add(om_scene *s, om_op op);

/* `text` cut to `width` with an ellipsis. */
om_str om_scene_fit(om_scene *s, int size, int width, om_str text);

/* Draw the same on a baseline. */
void om_scene_text(om_scene *s, int x, int baseline, int size, om_rgba c,
                   int width, om_str text);

/* A string in the arena, from printf or from a text of the canvas: there,
 * control characters and white space become single spaces, the full stop at
 * the end goes, and what is beyond a line or ten is cut. */
om_str om_scene_printf(om_scene *s, const char *fmt, ...) OMOST_PRINTF(2, 3);
om_str om_scene_plain(om_scene *s, om_str text);

/* ---- painters ---------------------------------------------------------- */

/* Make `pic` and draw the scene; `cells` is the composition. */
omost_status om_scene_paint(const om_scene *s, const uint8_t *cells,
                            om_picture *pic, omost_error *err);
/* Append the SVG document to `out`, whose status the caller checks. */
void om_scene_svg(const om_scene *s, om_str title, om_str desc, om_buf *out);

#endif
