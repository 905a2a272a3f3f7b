/* omost/picture.h - a canvas as a picture, before anything is rendered.
 *
 *     omost_preview_opts o = {.labels = OMOST_LABELS_LEGEND};
 *     o.width = 896, o.height = 1152;
 *     st = omost_preview_png_save(cv, "layout.png", &o, &err);
 *
 * Without labels and without a size the picture is the 90x90 composition a
 * renderer may start from, byte for byte (omost_layout_composition). A size
 * stretches the grid over width x height, as a renderer does with the regions:
 * pixel x shows cell floor((x + 0.5) * 90 / width), so cells stay exact and
 * have sharp edges.
 *
 * With labels every region's box is outlined and named. Regions are numbered
 * from the viewer: 1 is the nearest, the one drawn last; of equal distances
 * the one written later. The same canvas and options give the same bytes. */
#ifndef OMOST_PICTURE_H
#define OMOST_PICTURE_H

#include "omost/canvas.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    OMOST_PREVIEW_MIN = 16, /* pixels, each side of the layout */
    OMOST_PREVIEW_MAX = 8192,
    OMOST_PREVIEW_LABELLED = 1024 /* each side, with labels and no size given */
};

typedef enum omost_preview_labels {
    OMOST_LABELS_NONE,   /* the composition alone */
    OMOST_LABELS_LEGEND, /* outlines and names on it, and a list of the regions
                          * beside it (below it when the layout is narrow or
                          * flat): the picture is larger than the layout */
    OMOST_LABELS_PLAIN   /* outlines and names on it, no list */
} omost_preview_labels;

typedef enum omost_preview_theme {
    OMOST_THEME_LIGHT, /* of the list; the layout's colours are the canvas's */
    OMOST_THEME_DARK
} omost_preview_theme;

/* Zeroes are the defaults. */
typedef struct omost_preview_opts {
    const omost_env
        *env; /* where the result and all scratch memory come from */
    /* Of the layout in pixels, each 16..8192. One of them 0: as the other;
     * both: 90x90, with labels 1024x1024. */
    int width, height;
    omost_preview_labels labels;
    omost_preview_theme theme;
} omost_preview_opts;

/* An RGB PNG file of *len bytes, to be freed with omost_preview_free();
 * NULL on error. `opts` may be NULL. */
OMOST_API uint8_t *omost_preview_png(const omost_canvas *cv,
                                     const omost_preview_opts *opts,
                                     size_t *len, omost_error *err);

/* The same into a file, which appears whole or not at all; "-" is standard
 * output. */
OMOST_API OMOST_NODISCARD omost_status
omost_preview_png_save(const omost_canvas *cv, const char *path,
                       const omost_preview_opts *opts, omost_error *err);

/* The same picture as a standalone SVG 1.1 document: NUL-terminated UTF-8 of
 * *len bytes (len may be NULL), to be freed with omost_preview_free(). Every
 * region is a group with a <title> and a <desc>; there are no scripts and no
 * references to anything outside. Colours are mixed by whoever draws it: they
 * may be one level off the PNG's. */
OMOST_API char *omost_preview_svg(const omost_canvas *cv,
                                  const omost_preview_opts *opts, size_t *len,
                                  omost_error *err);

/* Free what the functions above returned; `env` is the one of their options.
 * NULL is fine. */
OMOST_API void omost_preview_free(const omost_env *env, void *bytes);

#ifdef __cplusplus
}
#endif
#endif
