/* tiny_decoder.c - TAESD (madebyollin's taesd.py): a small stack of convolutions
 * that makes previews.
 *
 *     0       x = 3 tanh(x / 3)
 *     1, 2    conv, relu
 *     3..     three times: three blocks, upsampling, conv without bias
 *     18, 19  block, conv to 3 channels
 *
 * These numbers are the original's names; diffusers has no layer 0, so that its
 * numbers are one less. */
#include <math.h>
#include <stdio.h>

#include "diffusion/model_source.h"
#include "diffusion/resnet.h"
#include "diffusion/vae.h"

enum { WIDTH = 64, LATENTS = 4, COLOURS = 3, UPS = 3, BLOCKS = 3 };
enum { FACTOR = 1 << UPS };

/* How a file spells layer i: prefix, then i - less. */
typedef struct naming {
    const char *prefix;
    int less;
} naming;

static const naming namings[] = {
    {"decoder.layers.", 1}, {"decoder.", 0}, {"", 0}};

struct om_tiny_decoder {
    const omost_env *env;
    om_backend *backend;
    om_model_source source;
    om_params *params;
    const naming *names;
    om_program *program;
    int h, w;
};

/* ---- the model ----------------------------------------------------------- */

static void enter(om_graph *g, const naming *n, int layer)
{
    om_graph_enter(g, "%s%d", n->prefix, layer - n->less);
}

static om_value record_conv(om_graph *g, const naming *n, om_value x, int layer,
                            int out, bool bias)
{
    enter(g, n, layer);
    x = om_conv(g, x, "",
                (om_conv_shape){.out = out,
                                .kernel = 3,
                                .stride = 1,
                                .pad = {1, 1, 1, 1},
                                .no_bias = !bias});
    om_graph_leave(g);
    return x;
}

/* relu(x + conv(relu(conv(relu(conv(x)))))) */
static om_value record_block(om_graph *g, const naming *n, om_value x,
                             int layer)
{
    enter(g, n, layer);
    om_value h = om_conv3_record(g, x, "conv.0", WIDTH);
    h = om_conv3_record(g, om_unary(g, OM_RELU, h), "conv.2", WIDTH);
    h = om_conv3_record(g, om_unary(g, OM_RELU, h), "conv.4", WIDTH);
    om_graph_leave(g);
    return om_unary(g, OM_RELU, om_add(g, h, x));
}

static void record(om_graph *g, const naming *n, int h, int w)
{
    om_value x = om_graph_input(g, "latents", (om_shape){1, h, w, LATENTS});
    int layer = 1;
    x = om_unary(g, OM_RELU, record_conv(g, n, x, layer, WIDTH, true));
    layer += 2;
    for (int up = 0; up < UPS; up++) {
        for (int b = 0; b < BLOCKS; b++) x = record_block(g, n, x, layer++);
        x = om_upsample(g, x);
        layer++;
        x = record_conv(g, n, x, layer++, WIDTH, false);
    }
    x = record_block(g, n, x, layer++);
    x = record_conv(g, n, x, layer, COLOURS, true);
    om_graph_output(g, "image", x);
}

/* ---- opening ------------------------------------------------------------- */

static omost_status find_naming(om_tiny_decoder *d, omost_error *err)
{
    const om_weights *w = &d->source.weights;
    for (size_t i = 0; i < sizeof namings / sizeof *namings; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s%d.conv.0.weight", namings[i].prefix,
                 3 - namings[i].less);
        if (!om_weights_has(w, name)) continue;
        d->names = &namings[i];
        return OMOST_OK;
    }
    return om_fail(err, OMOST_FORMAT,
                   "%s is no tiny decoder (TAESD): it has no layers named "
                   "\"decoder.layers.2.conv.0\" or \"3.conv.0\"",
                   w->files->path);
}

static omost_status open_parts(om_tiny_decoder *d, const om_model_files *files,
                               omost_error *err)
{
    /* No part of a model known by its names: all its tensors are of none. */
    d->source.weights = (om_weights){files, OMOST_MODEL_N_PARTS};
    omost_status st = find_naming(d, err);
    if (st != OMOST_OK) return st;
    d->params =
        om_params_new(d->env, d->backend, om_model_source_params(&d->source),
                      OM_KEEP_EXACT, err);
    if (!d->params) return OMOST_NOMEM;
    om_graph *g = om_graph_new(d->env, d->params);
    record(g, d->names, 1, 1);
    st = om_graph_check(g, err);
    om_graph_free(g);
    return st;
}

om_tiny_decoder *om_tiny_decoder_open(const omost_env *env, om_backend *backend,
                                      const om_model_files *files,
                                      omost_error *err)
{
    om_error_clear(err);
    om_tiny_decoder *d = om_zalloc(env, sizeof *d);
    if (!d) {
        (void)om_fail_nomem(err);
        return NULL;
    }
    d->env = env;
    d->backend = backend;
    if (open_parts(d, files, err) == OMOST_OK) return d;
    om_tiny_decoder_close(d);
    return NULL;
}

void om_tiny_decoder_close(om_tiny_decoder *d)
{
    if (!d) return;
    om_program_free(d->program);
    om_params_free(d->params);
    om_free(d->env, d);
}

/* ---- running ------------------------------------------------------------- */

omost_status om_tiny_decoder_prepare(om_tiny_decoder *d, int h, int w,
                                     omost_error *err)
{
    if (d->program && d->h == h && d->w == w) return OMOST_OK;
    om_program_free(d->program);
    d->program = NULL;
    om_graph *g = om_graph_new(d->env, d->params);
    record(g, d->names, h, w);
    omost_status st = om_graph_check(g, err);
    if (st == OMOST_OK) {
        d->program = om_backend_compile(d->backend, g, err);
        if (!d->program) st = err ? err->status : OMOST_BACKEND;
    }
    om_graph_free(g);
    d->h = h;
    d->w = w;
    return st;
}

static float clamp01(float v)
{
    return v > 0 ? v < 1 ? v : 1 : 0; /* NaN: 0 */
}

omost_status om_tiny_decoder_run(om_tiny_decoder *d, const float *latents,
                                 int h, int w, float *image,
                                 const om_watch *watch, omost_error *err)
{
    om_error_clear(err);
    omost_status st = om_tiny_decoder_prepare(d, h, w, err);
    if (st != OMOST_OK) return st;
    const size_t cells = (size_t)h * (size_t)w;
    float *in = om_program_input(d->program, "latents");
    for (size_t i = 0; i < cells * LATENTS; i++)
        in[i] = 3 * tanhf(latents[i] / 3);
    st = om_program_run(d->program, watch, err);
    if (st != OMOST_OK) return st;
    const float *out = om_program_output(d->program, "image");
    const size_t n = cells * FACTOR * FACTOR * COLOURS;
    for (size_t i = 0; i < n; i++) image[i] = clamp01(out[i]);
    return OMOST_OK;
}
