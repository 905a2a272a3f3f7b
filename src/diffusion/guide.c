/* guide.c - see guide.h. */
#include "diffusion/guide.h"

#include "diffusion/guide_views.h"

struct om_guide {
    const omost_env *env;
    om_guide_opts o;
    om_views views;
    float *in, *out; /* [n, h, w, 4] of the largest view */
    float *pooled;   /* [n, pooled_width] of a view */
    float time_ids[2][6];
    double before, share; /* of a call: done by earlier views, this view's */
};

/* ---- one view ---------------------------------------------------------- */

/* The view's part of x, scaled, for each picture of the evaluation. */
static void cut_out(om_guide *g, const om_view *view, const float *x,
                    om_scaling scaling)
{
    const size_t line = (size_t)view->w * OM_LATENT_CHANNELS;
    const size_t n = (size_t)view->h * line;
    for (int y = 0; y < view->h; y++)
        om_scale_input(g->in + (size_t)y * line, scaling,
                       x + ((size_t)(view->y + y) * (size_t)g->o.w +
                            (size_t)view->x) *
                               OM_LATENT_CHANNELS,
                       line);
    if (g->views.n == 2) memcpy(g->in + n, g->in, n * sizeof *g->in);
}

static void tell_pooled(om_guide *g, const om_view *view)
{
    const om_text *t = g->o.text;
    const size_t w = (size_t)t->pooled_width;
    memcpy(g->pooled, om_text_pooled(t, view->pooled), w * sizeof *g->pooled);
    if (g->views.n == 2)
        memcpy(g->pooled + w, om_text_pooled(t, t->n_regions),
               w * sizeof *g->pooled);
}

/* out[n] = negative + cfg * (positive - negative), over the positive. */
static void guide_away(float *positive, const float *negative, float cfg,
                       size_t n)
{
    for (size_t i = 0; i < n; i++)
        positive[i] = negative[i] + cfg * (positive[i] - negative[i]);
}

static bool view_goes_on(void *user, double done)
{
    const om_guide *g = user;
    return g->o.watch.go_on(g->o.watch.user, g->before + g->share * done);
}

/* The guided answer to g->in, at the head of g->out. */
static omost_status evaluate(om_guide *g, const om_view *view, float timestep,
                             omost_error *err)
{
    const om_watch watch = {view_goes_on, g};
    const float timesteps[2] = {timestep, timestep};
    const om_unet_in in = {.x = g->in,
                           .timestep = timesteps,
                           .pooled = g->pooled,
                           .time_ids = (const float(*)[6])g->time_ids};
    omost_status st = om_unet_run_eval(g->views.run[view->run].run, &in, g->out,
                                       g->o.watch.go_on ? &watch : NULL, err);
    const size_t n = (size_t)view->h * (size_t)view->w * OM_LATENT_CHANNELS;
    if (!st && g->views.n == 2) guide_away(g->out, g->out + n, g->o.cfg, n);
    return st;
}

/* Add the view's share of the answer where it counts. */
static void lay_in(const om_guide *g, const om_view *view, float *sum)
{
    enum { C = OM_LATENT_CHANNELS };
    const omost_box b = view->cells;
    for (int y = b.top; y < b.bottom; y++)
        for (int x = b.left; x < b.right; x++) {
            const int p = y * g->o.w + x;
            const float *a =
                g->out + ((y - view->y) * view->w + x - view->x) * C;
            for (int c = 0; c < C; c++)
                sum[p * C + c] += g->views.share[p] * a[c];
        }
}

/* ---- all of them ------------------------------------------------------- */

omost_status om_guide_denoise(void *user, const float *x, float sigma,
                              float *denoised, omost_error *err)
{
    om_guide *g = user;
    const size_t n = (size_t)g->o.h * (size_t)g->o.w * OM_LATENT_CHANNELS;
    const om_scaling scaling = om_scaling_of(g->o.prediction, sigma);
    const float timestep = (float)om_sigma_timestep(g->o.table, sigma);
    if (g->views.share) memset(denoised, 0, n * sizeof *denoised);
    g->before = 0;
    for (int i = 0; i < g->views.n_views; i++) {
        const om_view *view = &g->views.view[i];
        g->share = (double)view->h * view->w / g->views.cells;
        cut_out(g, view, x, scaling);
        tell_pooled(g, view);
        omost_status st = om_view_show(&g->views, i, &g->o, err);
        if (!st) st = evaluate(g, view, timestep, err);
        if (st) return st;
        if (g->views.share)
            lay_in(g, view, denoised);
        else
            memcpy(denoised, g->out, n * sizeof *denoised);
        g->before += g->share;
    }
    om_scale_output(denoised, scaling, x, denoised, n);
    return OMOST_OK;
}

/* height, width, crop, target height, width: in pixels */
static void fill_time_ids(om_guide *g)
{
    const float h = (float)(g->o.h * OM_LATENT_CELL);
    const float w = (float)(g->o.w * OM_LATENT_CELL);
    for (int i = 0; i < 2; i++)
        memcpy(g->time_ids[i], (float[6]){h, w, 0, 0, h, w},
               sizeof g->time_ids[i]);
}

static omost_status guide_init(om_guide *g, omost_error *err)
{
    omost_status st = om_views_init(&g->views, g->env, &g->o, err);
    if (st) return st;
    int most = 0;
    for (int i = 0; i < g->views.n_views; i++) {
        int cells = g->views.view[i].h * g->views.view[i].w;
        if (cells > most) most = cells;
    }
    const size_t pictures = (size_t)g->views.n;
    const size_t bytes =
        pictures * (size_t)most * OM_LATENT_CHANNELS * sizeof(float);
    g->in = om_alloc(g->env, bytes);
    g->out = om_alloc(g->env, bytes);
    g->pooled = om_alloc(g->env, pictures * (size_t)g->o.text->pooled_width *
                                     sizeof(float));
    if (!g->in || !g->out || !g->pooled) return om_fail_nomem(err);
    fill_time_ids(g);
    return OMOST_OK;
}

om_guide *om_guide_new(const omost_env *env, const om_guide_opts *opts,
                       omost_error *err)
{
    omost_error mine;
    if (!err) err = &mine;
    if (om_is_guided(opts->cfg) && !opts->text->negative.n) {
        (void)om_fail(err, OMOST_USAGE,
                      "guidance of %g needs a negative prompt, if only an "
                      "empty one",
                      (double)opts->cfg);
        return NULL;
    }
    om_guide *g = om_zalloc(env, sizeof *g);
    if (!g) {
        (void)om_fail_nomem(err);
        return NULL;
    }
    g->env = env;
    g->o = *opts;
    if (guide_init(g, err) == OMOST_OK) return g;
    om_guide_free(g);
    return NULL;
}

double om_guide_cells(const om_guide *g)
{
    return g->views.cells * g->views.n;
}

void om_guide_free(om_guide *g)
{
    if (!g) return;
    om_views_free(&g->views);
    om_free(g->env, g->in);
    om_free(g->env, g->out);
    om_free(g->env, g->pooled);
    om_free(g->env, g);
}
