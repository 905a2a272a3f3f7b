/* guide_views.h - inside guide.h: the parts of a picture that are evaluated at
 * every step, and with which words. */
#ifndef OM_DIFFUSION_GUIDE_VIEWS_H
#define OM_DIFFUSION_GUIDE_VIEWS_H

#include "diffusion/guide.h"

/* The UNet compiled for one size, which several views may share. */
typedef struct om_sized_run {
    int h, w;
    om_unet_run *run;
    int shows; /* the view whose words are set; -1: none */
} om_sized_run;

typedef struct om_view {
    int y, x, h, w;  /* its part of the picture, in cells */
    omost_box cells; /* where its answer counts */
    int pooled;      /* the condition whose pooled vector it is told */
    int run;         /* index into the runs */
    om_region_maps maps;
} om_view;

typedef struct om_views {
    const omost_env *env;
    om_view *view;
    int n_views;
    om_sized_run *run;
    int n_runs;
    int n;        /* pictures of an evaluation: 2 with guidance */
    double cells; /* of all views: what the work is in proportion to */
    /* [h * w] one over the number of views that count there; NULL: there is
     * one view, of the whole picture */
    float *share;
} om_views;

omost_status om_views_init(om_views *v, const omost_env *env,
                           const om_guide_opts *opts, omost_error *err);
void om_views_free(om_views *v);
/* Give the view's run the view's words. */
omost_status om_view_show(om_views *v, int i, const om_guide_opts *opts,
                          omost_error *err);

#endif
