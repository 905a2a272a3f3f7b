/* vae.c - see vae.h. What is computed is in vae_record.c; here the picture is
 * cut into tiles, of which one may be the whole. */
#include "diffusion/vae.h"

#include "diffusion/model_source.h"
#include "diffusion/vae_tiles.h"
#include "diffusion/watch_part.h"

static const float logvar_min = -30, logvar_max = 20; /* diffusers' */

typedef om_value record_fn(om_graph *g, const om_vae_config *c, int h, int w);

struct om_vae {
    const omost_env *env;
    om_backend *backend;
    om_model_source source;
    om_params *params;
    om_vae_config config;
    /* One program at a time: that of a large picture takes gigabytes. */
    om_program *program;
    record_fn *recorded; /* what the program is */
    int h, w;            /* of its input */
};

/* ---- opening ------------------------------------------------------------- */

static omost_status check_weights(om_vae *vae, record_fn *record, int side,
                                  omost_error *err)
{
    om_graph *g = om_graph_new(vae->env, vae->params);
    (void)record(g, &vae->config, side, side);
    omost_status st = om_graph_check(g, err);
    om_graph_free(g);
    return st;
}

static omost_status open_parts(om_vae *vae, const om_model_files *files,
                               const json_t *config, om_keep keep,
                               omost_error *err)
{
    om_weights *w = &vae->source.weights;
    omost_status st =
        om_model_source_open(&vae->source, files, OMOST_MODEL_VAE, err);
    if (st == OMOST_OK) st = om_vae_config_read(&vae->config, w, config, err);
    if (st != OMOST_OK) return st;
    vae->params =
        om_params_new(vae->env, vae->backend,
                      om_model_source_params(&vae->source), keep, err);
    if (!vae->params) return OMOST_NOMEM;
    st = check_weights(vae, om_vae_record_decoder, 1, err);
    if (st == OMOST_OK && vae->config.has_encoder)
        st = check_weights(vae, om_vae_record_encoder, om_vae_factor(vae), err);
    if (st == OMOST_OK) st = om_weights_finish(w, err);
    return st;
}

om_vae *om_vae_open(const omost_env *env, om_backend *backend,
                    const om_model_files *files, const json_t *config,
                    om_keep keep, omost_error *err)
{
    om_error_clear(err);
    om_vae *vae = om_zalloc(env, sizeof *vae);
    if (!vae) {
        (void)om_fail_nomem(err);
        return NULL;
    }
    vae->env = env;
    vae->backend = backend;
    if (open_parts(vae, files, config, keep, err) == OMOST_OK) return vae;
    om_vae_close(vae);
    return NULL;
}

void om_vae_close(om_vae *vae)
{
    if (!vae) return;
    om_program_free(vae->program);
    om_params_free(vae->params);
    om_free(vae->env, vae);
}

const om_vae_config *om_vae_config_of(const om_vae *vae)
{
    return &vae->config;
}

int om_vae_factor(const om_vae *vae)
{
    return 1 << (vae->config.n_blocks - 1);
}

static omost_status need_program(om_vae *vae, record_fn *record, int h, int w,
                                 const om_watch *watch, omost_error *err)
{
    om_watch_part none = {watch, 0, 0}; /* heard to be stopped */
    const om_watch loading = om_watch_of_part(&none);
    if (vae->program && vae->recorded == record && vae->h == h && vae->w == w)
        return OMOST_OK;
    om_program_free(vae->program);
    vae->program = NULL;
    om_graph *g = om_graph_new(vae->env, vae->params);
    (void)record(g, &vae->config, h, w);
    omost_status st = om_graph_check(g, err);
    if (st == OMOST_OK) {
        om_params_watch(vae->params, &loading);
        vae->program = om_backend_compile(vae->backend, g, err);
        om_params_watch(vae->params, NULL);
        if (!vae->program) st = err ? err->status : OMOST_BACKEND;
    }
    om_graph_free(g);
    vae->recorded = record;
    vae->h = h;
    vae->w = w;
    return st;
}

/* ---- tiles --------------------------------------------------------------- */

/* From one grid to another; a cell is in_scale x in_scale numbers of the input
 * and out_scale x out_scale of the output. */
typedef struct tiles {
    om_tile_side y, x; /* in cells */
    record_fn *record;
    const char *in_name, *out_name;
    const float *in;
    size_t in_scale, in_c;
    size_t out_scale, out_c; /* of the program's output */
    float *out[2]; /* its channels, half and half when there are two */
} tiles;

static void put_tile_in(const tiles *t, float *dst, size_t y, size_t x)
{
    const size_t h = (size_t)t->y.tile * t->in_scale;
    const size_t w = (size_t)t->x.tile * t->in_scale * t->in_c;
    const size_t whole = (size_t)t->x.n * t->in_scale * t->in_c;
    const float *src =
        t->in + y * t->in_scale * whole + x * t->in_scale * t->in_c;
    for (size_t i = 0; i < h; i++)
        memcpy(dst + i * w, src + i * whole, w * sizeof *dst);
}

static void take_tile_out(const tiles *t, const float *tile, int iy, int ix,
                          float *say)
{
    const size_t scale = t->out_scale;
    const size_t h = (size_t)t->y.tile * scale, w = (size_t)t->x.tile * scale;
    const size_t n_out = t->out[1] ? 2 : 1;
    om_tile_say(&t->y, iy, (int)scale, say);
    om_tile_say(&t->x, ix, (int)scale, say + h);
    om_tile_place p = {.width = (size_t)t->x.n * scale,
                       .c = t->out_c / n_out,
                       .total = t->out_c,
                       .y = (size_t)om_tile_start(&t->y, iy) * scale,
                       .x = (size_t)om_tile_start(&t->x, ix) * scale,
                       .h = h,
                       .w = w};
    for (size_t k = 0; k < n_out; k++) {
        p.out = t->out[k];
        p.first = k * p.c;
        om_tile_add(&p, tile, say, say + h);
    }
}

static omost_status run_tiles(om_vae *vae, const tiles *t,
                              const om_watch *watch, omost_error *err)
{
    const int n = t->y.count * t->x.count;
    const size_t scale = t->out_scale;
    const size_t n_out = t->out[1] ? 2 : 1;
    const size_t size =
        (size_t)t->y.n * scale * ((size_t)t->x.n * scale) * (t->out_c / n_out);
    for (size_t k = 0; k < n_out; k++)
        memset(t->out[k], 0, size * sizeof *t->out[k]);
    float *say = om_alloc(vae->env, ((size_t)t->y.tile + (size_t)t->x.tile) *
                                        scale * sizeof *say);
    if (!say) return om_fail_nomem(err);
    omost_status st = need_program(vae, t->record, t->y.tile * (int)t->in_scale,
                                   t->x.tile * (int)t->in_scale, watch, err);
    for (int i = 0; i < n && st == OMOST_OK; i++) {
        const int iy = i / t->x.count, ix = i % t->x.count;
        put_tile_in(t, om_program_input(vae->program, t->in_name),
                    (size_t)om_tile_start(&t->y, iy),
                    (size_t)om_tile_start(&t->x, ix));
        om_watch_part part = {watch, (double)i / n, 1.0 / n};
        const om_watch inner = om_watch_of_part(&part);
        st = om_program_run(vae->program, &inner, err);
        if (st == OMOST_OK)
            take_tile_out(t, om_program_output(vae->program, t->out_name), iy,
                          ix, say);
    }
    om_free(vae->env, say);
    return st;
}

static omost_status check_tiling(om_tiling t, omost_error *err)
{
    if (t.tile <= 0 || (t.overlap >= 0 && 2 * t.overlap < t.tile))
        return OMOST_OK;
    return om_fail(err, OMOST_USAGE,
                   "tiles of %d cells cannot overlap by %d: it must be less "
                   "than half",
                   t.tile, t.overlap);
}

/* ---- both ways ----------------------------------------------------------- */

omost_status om_vae_decode(om_vae *vae, const float *latents, int h, int w,
                           om_tiling tiling, float *image,
                           const om_watch *watch, omost_error *err)
{
    om_error_clear(err);
    if (h < 1 || w < 1)
        return om_fail(err, OMOST_RANGE, "there are no latents of %d x %d", w,
                       h);
    omost_status st = check_tiling(tiling, err);
    if (st != OMOST_OK) return st;
    const tiles t = {.y = om_tile_side_of(h, tiling.tile, tiling.overlap),
                     .x = om_tile_side_of(w, tiling.tile, tiling.overlap),
                     .record = om_vae_record_decoder,
                     .in_name = "latents",
                     .out_name = "image",
                     .in = latents,
                     .in_scale = 1,
                     .in_c = (size_t)vae->config.latent_channels,
                     .out_scale = (size_t)om_vae_factor(vae),
                     .out_c = (size_t)vae->config.image_channels,
                     .out = {image, NULL}};
    return run_tiles(vae, &t, watch, err);
}

omost_status om_vae_encode(om_vae *vae, const float *image, int height,
                           int width, om_tiling tiling, float *mean,
                           float *logvar, const om_watch *watch,
                           omost_error *err)
{
    const int factor = om_vae_factor(vae);
    float *unwanted = NULL;
    om_error_clear(err);
    if (!vae->config.has_encoder)
        return om_fail(err, OMOST_MISSING,
                       "%s: the vae has no encoder, which pictures to start "
                       "from need",
                       vae->source.weights.files->path);
    if (height < factor || width < factor || height % factor != 0 ||
        width % factor != 0)
        return om_fail(err, OMOST_RANGE,
                       "a picture of %d x %d: the sides must be multiples of "
                       "%d",
                       width, height, factor);
    omost_status st = check_tiling(tiling, err);
    if (st != OMOST_OK) return st;
    const int h = height / factor, w = width / factor;
    const size_t c = (size_t)vae->config.latent_channels;
    const size_t size = (size_t)h * (size_t)w * c;
    if (!logvar) {
        logvar = unwanted = om_alloc(vae->env, size * sizeof *logvar);
        if (!logvar) return om_fail_nomem(err);
    }
    const tiles t = {.y = om_tile_side_of(h, tiling.tile, tiling.overlap),
                     .x = om_tile_side_of(w, tiling.tile, tiling.overlap),
                     .record = om_vae_record_encoder,
                     .in_name = "image",
                     .out_name = "moments",
                     .in = image,
                     .in_scale = (size_t)factor,
                     .in_c = (size_t)vae->config.image_channels,
                     .out_scale = 1,
                     .out_c = 2 * c,
                     .out = {mean, logvar}};
    st = run_tiles(vae, &t, watch, err);
    for (size_t i = 0; i < size && st == OMOST_OK; i++) {
        if (logvar[i] < logvar_min) logvar[i] = logvar_min;
        if (logvar[i] > logvar_max) logvar[i] = logvar_max;
    }
    om_free(vae->env, unwanted);
    return st;
}

omost_status om_vae_plan(om_vae *vae, int h, int w, om_tiling tiling,
                         bool decode, size_t *values, size_t *weights,
                         omost_error *err)
{
    const int scale = decode ? 1 : om_vae_factor(vae);
    const om_tile_side y = om_tile_side_of(h, tiling.tile, tiling.overlap);
    const om_tile_side x = om_tile_side_of(w, tiling.tile, tiling.overlap);
    record_fn *record = decode ? om_vae_record_decoder : om_vae_record_encoder;
    om_graph *g = om_graph_new(vae->env, vae->params);
    (void)record(g, &vae->config, y.tile * scale, x.tile * scale);
    omost_status st = om_graph_check(g, err);
    if (st == OMOST_OK) st = om_backend_plan(vae->backend, g, values, err);
    *weights = om_params_least(vae->params);
    om_graph_free(g);
    return st;
}
