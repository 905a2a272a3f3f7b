/* guide_views.c - see guide_views.h. */
#include "diffusion/guide_views.h"

enum { LEAST = 16 }; /* cells a side of a part */

/* ---- which parts ------------------------------------------------------- */

/* [*at, *at + *size) widened to multiples of `grain` and to LEAST, within n. */
static void widen(int low, int high, int grain, int n, int *at, int *size)
{
    low = low / grain * grain;
    high = (high + grain - 1) / grain * grain;
    int least = LEAST < n ? LEAST : n;
    if (high - low < least) {
        low = (low + high - least) / 2 / grain * grain;
        if (low < 0) low = 0;
        high = low + (least + grain - 1) / grain * grain;
    }
    if (high > n) {
        low = low > high - n ? low - (high - n) : 0;
        high = n;
    }
    *at = low;
    *size = high - low;
}

static void place_view(om_view *view, const om_guide_opts *o, int region)
{
    const om_unet_config *c = om_unet_config_of(o->unet);
    const int grain = 1 << (c->n_blocks - 1);
    view->pooled = region;
    view->cells = om_region_cells(o->text->region[region].box, o->h, o->w,
                                  !o->region.strict);
    widen(view->cells.top, view->cells.bottom, grain, o->h, &view->y, &view->h);
    widen(view->cells.left, view->cells.right, grain, o->w, &view->x, &view->w);
}

static void place_whole(om_view *view, const om_guide_opts *o)
{
    *view = (om_view){.h = o->h, .w = o->w, .cells = {0, o->h, 0, o->w}};
}

/* The first condition, which is the whole picture's, and all that have cells
 * become views. */
static void place_views(om_views *v, const om_guide_opts *o)
{
    place_whole(&v->view[0], o);
    v->n_views = 1;
    if (o->region.method != OMOST_REGION_MULTIDIFFUSION) return;
    for (int i = 1; i < o->text->n_regions; i++) {
        om_view *view = &v->view[v->n_views];
        place_view(view, o, i);
        omost_box b = view->cells;
        v->n_views += b.top < b.bottom && b.left < b.right;
    }
}

static omost_status share_out(om_views *v, const om_guide_opts *o,
                              omost_error *err)
{
    const size_t n = (size_t)o->h * (size_t)o->w;
    v->share = om_zalloc(v->env, n * sizeof *v->share);
    if (!v->share) return om_fail_nomem(err);
    for (int i = 0; i < v->n_views; i++) {
        omost_box b = v->view[i].cells;
        for (int y = b.top; y < b.bottom; y++)
            for (int x = b.left; x < b.right; x++) v->share[y * o->w + x] += 1;
    }
    for (size_t p = 0; p < n; p++) v->share[p] = 1 / v->share[p];
    return OMOST_OK;
}

/* ---- their words ------------------------------------------------------- */

/* One condition's words everywhere. */
static omost_status add_plain(om_view *view, int n, int h, int w,
                              const om_region_words *words, omost_error *err)
{
    return om_region_maps_add(&view->maps, n, h, w, words, 1,
                              (om_region_opts){.method = OMOST_REGION_NONE},
                              err);
}

static omost_status map_view(om_view *view, const om_guide_opts *o, bool guided,
                             omost_error *err)
{
    int h[OM_UNET_MAX_LEVELS], w[OM_UNET_MAX_LEVELS];
    const om_text *t = o->text;
    int n = om_unet_levels(o->unet, view->h, view->w, h, w);
    for (int i = 0; i < n; i++) {
        omost_status st =
            o->region.method == OMOST_REGION_MULTIDIFFUSION
                ? add_plain(view, 0, h[i], w[i], &t->region[view->pooled], err)
                : om_region_maps_add(&view->maps, 0, h[i], w[i], t->region,
                                     t->n_regions, o->region, err);
        if (!st && guided)
            st = add_plain(view, 1, h[i], w[i], &t->negative, err);
        if (st) return st;
    }
    return OMOST_OK;
}

static omost_status compile_view(om_views *v, om_view *view,
                                 const om_guide_opts *o, omost_error *err)
{
    for (int i = 0; i < v->n_runs; i++)
        if (v->run[i].h == view->h && v->run[i].w == view->w) {
            view->run = i;
            return OMOST_OK;
        }
    om_sized_run *r = &v->run[v->n_runs];
    *r = (om_sized_run){.h = view->h, .w = view->w, .shows = -1};
    r->run = om_unet_run_new(o->unet, (om_unet_size){v->n, view->h, view->w},
                             &o->loading, err);
    if (!r->run) return err->status;
    view->run = v->n_runs++;
    return OMOST_OK;
}

omost_status om_view_show(om_views *v, int i, const om_guide_opts *o,
                          omost_error *err)
{
    om_view *view = &v->view[i];
    om_sized_run *r = &v->run[view->run];
    if (r->shows == i) return OMOST_OK;
    r->shows = -1;
    omost_status st = om_unet_run_set_words(r->run, o->words, view->maps.map,
                                            view->maps.n_maps, err);
    if (!st) r->shows = i;
    return st;
}

/* ---- all of them ------------------------------------------------------- */

omost_status om_views_init(om_views *v, const omost_env *env,
                           const om_guide_opts *o, omost_error *err)
{
    const bool multi = o->region.method == OMOST_REGION_MULTIDIFFUSION;
    const size_t n = multi ? (size_t)o->text->n_regions : 1;
    *v = (om_views){.env = env, .n = om_is_guided(o->cfg) ? 2 : 1};
    v->view = om_zalloc(env, n * sizeof *v->view);
    v->run = om_zalloc(env, n * sizeof *v->run);
    if (!v->view || !v->run) return om_fail_nomem(err);
    place_views(v, o);
    for (int i = 0; i < v->n_views; i++) {
        om_view *view = &v->view[i];
        om_region_maps_init(&view->maps, env);
        v->cells += (double)view->h * view->w;
        omost_status st = map_view(view, o, v->n == 2, err);
        if (!st) st = compile_view(v, view, o, err);
        if (st) return st;
    }
    return multi ? share_out(v, o, err) : OMOST_OK;
}

void om_views_free(om_views *v)
{
    for (int i = 0; v->view && i < v->n_views; i++)
        om_region_maps_free(&v->view[i].maps);
    for (int i = 0; v->run && i < v->n_runs; i++)
        om_unet_run_free(v->run[i].run);
    om_free(v->env, v->view);
    om_free(v->env, v->run);
    om_free(v->env, v->share);
}
