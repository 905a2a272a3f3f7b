/* preview.h - what the parts of a labelled preview share: the regions as they
 * are shown, the measures everything is drawn with, and the colours. */
#ifndef OM_PREVIEW_PREVIEW_H
#define OM_PREVIEW_PREVIEW_H

#include "omost/picture.h"
#include "preview/plates.h"
#include "preview/scene.h"

/* One region, nearest first in om_view.region. */
typedef struct om_shown {
    const omost_condition *item;
    const omost_region *region;
    om_str number;   /* "1": the nearest */
    om_str name;     /* its description, on one line */
    om_str color;    /* "darkgoldenrod" */
    om_str distance; /* "distance 5" */
    om_str place;    /* "on the left, slightly to the top" */
    om_str area;     /* "a large square area" */
    om_rgba hue;     /* of its outline, badge and legend row */
    om_rect box;     /* in pixels */
} om_shown;

typedef struct om_view {
    const omost_canvas *canvas;
    const omost_layout *layout;
    om_shown *region; /* in the scene's arena */
    size_t n;
    om_str title; /* the global description */
    om_str count; /* "4 regions" */
    omost_rgb background;
    om_str background_name;
    omost_preview_theme theme;
    int em; /* pixels of the main text; all measures follow it */
    int badge_w, badge_h;
    om_plate *plates; /* where the labels lie, as many; NULL without labels */
    size_t n_unlabelled;
} om_view;

/* A preview on its way: what the canvas becomes before it becomes a file. */
typedef struct om_drawing {
    omost_preview_opts opts; /* without zeroes */
    omost_layout *layout;
    om_font *font;
    om_scene scene;
    om_view view;
} om_drawing;

/* Check the options and make the scene; om_drawing_finish whatever comes. */
omost_status om_drawing_start(om_drawing *d, const omost_canvas *cv,
                              const omost_preview_opts *opts, omost_error *err);
void om_drawing_finish(om_drawing *d);

/* Fill `v` for a layout of width x height pixels. */
void om_view_init(om_view *v, om_scene *s, const omost_canvas *cv,
                  const omost_layout *lo, omost_preview_theme theme);

/* The composition, one group a region, far to near. */
void om_view_add_layers(const om_view *v, om_scene *s);

/* Outlines and plates on the layout. */
omost_status om_view_add_labels(om_view *v, om_scene *s, omost_error *err);

/* The list of regions beside or below the layout; makes the scene larger. */
void om_view_add_legend(const om_view *v, om_scene *s);

/* The number on the region's hue, in r. */
void om_view_add_badge(const om_view *v, om_scene *s, const om_shown *r, int x,
                       int y);

/* Near black or white, whichever shows better on `paper`: the contrast (WCAG
 * 2) is at least 4.5 on every colour. */
om_rgba om_ink_on(om_rgba paper);
double om_contrast(om_rgba a, om_rgba b);

#endif
