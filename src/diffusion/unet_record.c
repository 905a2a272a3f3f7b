/* unet_record.c - diffusers' UNet2DConditionModel of SDXL as a graph. */
#include "diffusion/unet_record.h"

#include <math.h>
#include <stdio.h>

#include "diffusion/resnet.h"

/* Constants of diffusers' transformer blocks, in no configuration. */
static const float transformer_norm_eps = 1e-6F, layer_norm_eps = 1e-5F;

/* ---- spatial transformers ------------------------------------------------ */

static void add_site(om_unet_site *site, int *n, om_unet_site s)
{
    if (s.depth == 0) return;
    s.first_slot = *n ? site[*n - 1].first_slot + site[*n - 1].depth : 0;
    site[(*n)++] = s;
}

int om_unet_sites(const om_unet_config *c, om_unet_site site[OM_UNET_MAX_SITES])
{
    int n = 0;
    const int last = c->n_blocks - 1;
    for (int b = 0; b < c->n_blocks; b++)
        for (int l = 0; l < c->layers; l++) {
            om_unet_site s = {.depth = c->down_depth[b][l],
                              .channels = c->channels[b],
                              .heads = c->heads[b],
                              .level = b};
            snprintf(s.name, sizeof s.name, "down_blocks.%d.attentions.%d", b,
                     l);
            add_site(site, &n, s);
        }
    if (c->has_mid)
        add_site(site, &n,
                 (om_unet_site){.name = "mid_block.attentions.0",
                                .depth = c->mid_depth,
                                .channels = c->channels[last],
                                .heads = c->heads[last],
                                .level = last});
    for (int b = 0; b < c->n_blocks; b++)
        for (int l = 0; l <= c->layers; l++) {
            om_unet_site s = {.depth = c->up_depth[b][l],
                              .channels = c->channels[last - b],
                              .heads = c->heads[last - b],
                              .level = last - b};
            snprintf(s.name, sizeof s.name, "up_blocks.%d.attentions.%d", b, l);
            add_site(site, &n, s);
        }
    return n;
}

/* x + attn1(norm1(x)): every position sees every other */
static om_value record_self(om_graph *g, om_value x, int heads)
{
    const int c = om_graph_shape(g, x).c;
    om_value h = om_layer_norm(g, x, "norm1", layer_norm_eps);
    om_graph_label(g, h, "norm1");
    om_graph_enter(g, "attn1");
    om_value q = om_linear(g, h, "to_q", c, false);
    om_value k = om_linear(g, h, "to_k", c, false);
    om_value v = om_linear(g, h, "to_v", c, false);
    h = om_attention(g, q, k, v, heads, false);
    h = om_graph_label(g, om_linear(g, h, "to_out.0", c, true), "");
    om_graph_leave(g);
    return om_add(g, h, x);
}

/* x + attn2(norm2(x)): every position sees words; their keys and values come
 * from om_unet_record_words */
static om_value record_cross(om_graph *g, om_value x, int heads, int slot)
{
    const int c = om_graph_shape(g, x).c;
    om_value h = om_layer_norm(g, x, "norm2", layer_norm_eps);
    om_graph_label(g, h, "norm2");
    om_graph_enter(g, "attn2");
    om_value q = om_linear(g, h, "to_q", c, false);
    h = om_cross_attention(g, q, slot, heads);
    h = om_graph_label(g, om_linear(g, h, "to_out.0", c, true), "");
    om_graph_leave(g);
    return om_add(g, h, x);
}

/* x + ff(norm3(x)) */
static om_value record_feed_forward(om_graph *g, om_value x)
{
    const int c = om_graph_shape(g, x).c;
    om_value h = om_layer_norm(g, x, "norm3", layer_norm_eps);
    om_graph_label(g, h, "norm3");
    om_graph_enter(g, "ff");
    h = om_geglu(g, om_linear(g, h, "net.0.proj", 8 * c, true));
    h = om_graph_label(g, om_linear(g, h, "net.2", c, true), "");
    om_graph_leave(g);
    return om_add(g, h, x);
}

om_value om_unet_record_transformer(om_graph *g, const om_unet_config *c,
                                    const om_unet_site *site, om_value x)
{
    om_value h = om_group_norm(g, x, "norm", c->groups, transformer_norm_eps);
    om_graph_label(g, h, "norm");
    h = om_linear(g, h, "proj_in", site->channels, true);
    om_graph_label(g, h, "proj_in");
    for (int k = 0; k < site->depth; k++) {
        om_graph_enter(g, "transformer_blocks.%d", k);
        h = record_self(g, h, site->heads);
        h = record_cross(g, h, site->heads, site->first_slot + k);
        h = om_graph_label(g, record_feed_forward(g, h), "");
        om_graph_leave(g);
    }
    h = om_linear(g, h, "proj_out", site->channels, true);
    return om_graph_label(g, om_add(g, h, x), "");
}

void om_unet_record_words(om_graph *g, const om_unet_site *site,
                          om_value states)
{
    for (int k = 0; k < site->depth; k++) {
        om_graph_enter(g, "%s.transformer_blocks.%d.attn2", site->name, k);
        om_value keys = om_linear(g, states, "to_k", site->channels, false);
        om_value values = om_linear(g, states, "to_v", site->channels, false);
        om_graph_keep(g, k, keys, values);
        om_graph_leave(g);
    }
}

/* ---- what it is told besides the latents --------------------------------- */

void om_unet_sinusoids(float *out, const float *t, int n, int width)
{
    const int half = width / 2;
    const float step = -logf(10000.0F);
    for (int i = 0; i < half; i++) {
        const float f = expf(step * (float)i / (float)half);
        for (int k = 0; k < n; k++) {
            float *row = out + (size_t)k * (size_t)width;
            row[i] = cosf(t[k] * f);
            row[half + i] = sinf(t[k] * f);
        }
    }
}

/* linear_2(silu(linear_1(x))) */
static om_value record_embedding(om_graph *g, om_value x, const char *name,
                                 int width)
{
    om_graph_enter(g, "%s", name);
    om_value h = om_linear(g, x, "linear_1", width, true);
    h = om_linear(g, om_unary(g, OM_SILU, h), "linear_2", width, true);
    om_graph_label(g, h, "");
    om_graph_leave(g);
    return h;
}

/* ---- blocks -------------------------------------------------------------- */

enum { MAX_SKIPS = 1 + OM_MAX_BLOCKS * OM_MAX_LAYERS };

typedef struct recorder {
    om_graph *g;
    const om_unet_config *c;
    om_value emb; /* silu of time and size */
    om_value x;
    om_value skip[MAX_SKIPS]; /* what the way down leaves for the way up */
    int n_skips;
    const om_unet_site *next; /* transformer */
} recorder;

static void record_resnet(recorder *r, int i, int out)
{
    om_graph_enter(r->g, "resnets.%d", i);
    r->x = om_resnet_record(r->g, r->x,
                            &(om_resnet){.out = out,
                                         .groups = r->c->groups,
                                         .eps = r->c->norm_eps,
                                         .emb = r->emb});
    om_graph_leave(r->g);
}

static void record_attention(recorder *r, int i, int depth)
{
    if (depth == 0) return;
    om_graph_enter(r->g, "attentions.%d", i);
    r->x = om_unet_record_transformer(r->g, r->c, r->next++, r->x);
    om_graph_leave(r->g);
}

static void push_skip(recorder *r)
{
    r->skip[r->n_skips++] = r->x;
}

static void record_down(recorder *r, int b)
{
    om_graph *g = r->g;
    om_graph_enter(g, "down_blocks.%d", b);
    for (int l = 0; l < r->c->layers; l++) {
        record_resnet(r, l, r->c->channels[b]);
        record_attention(r, l, r->c->down_depth[b][l]);
        push_skip(r);
    }
    if (b < r->c->n_blocks - 1) {
        const om_conv_shape half = {.out = r->c->channels[b],
                                    .kernel = 3,
                                    .stride = 2,
                                    .pad = {1, 1, 1, 1}};
        r->x = om_conv(g, r->x, "downsamplers.0.conv", half);
        om_graph_label(g, r->x, "downsamplers.0");
        push_skip(r);
    }
    om_graph_label(g, r->x, "");
    om_graph_leave(g);
}

/* Without attention there is one resnet alone. */
static void record_mid(recorder *r)
{
    if (!r->c->has_mid) return;
    const int channels = r->c->channels[r->c->n_blocks - 1];
    om_graph_enter(r->g, "mid_block");
    record_resnet(r, 0, channels);
    record_attention(r, 0, r->c->mid_depth);
    if (r->c->mid_depth > 0) record_resnet(r, 1, channels);
    om_graph_label(r->g, r->x, "");
    om_graph_leave(r->g);
}

static void record_up(recorder *r, int b)
{
    om_graph *g = r->g;
    const int last = r->c->n_blocks - 1;
    om_graph_enter(g, "up_blocks.%d", b);
    for (int l = 0; l <= r->c->layers; l++) {
        r->x = om_concat(g, r->x, r->skip[--r->n_skips]);
        om_graph_enter(g, "resnets.%d", l);
        om_graph_label(g, r->x, "in");
        om_graph_leave(g);
        record_resnet(r, l, r->c->channels[last - b]);
        record_attention(r, l, r->c->up_depth[b][l]);
    }
    if (b < last) r->x = om_upsampler_record(g, r->x);
    om_graph_label(g, r->x, "");
    om_graph_leave(g);
}

static bool size_fits(const om_unet_config *c, om_unet_size s)
{
    const int halved = 1 << (c->n_blocks - 1);
    return s.n >= 1 && s.h >= halved && s.w >= halved && s.h % halved == 0 &&
           s.w % halved == 0;
}

om_value om_unet_record(om_graph *g, const om_unet_config *c, om_unet_size size)
{
    om_unet_site site[OM_UNET_MAX_SITES];
    (void)om_unet_sites(c, site);
    recorder r = {.g = g, .c = c, .next = site};
    if (!size_fits(c, size)) {
        om_graph_fail(g, OMOST_RANGE,
                      "latents of %d x %d cannot be halved %d times; the sides "
                      "must be multiples of %d",
                      size.w, size.h, c->n_blocks - 1, 1 << (c->n_blocks - 1));
        return OM_NO_VALUE;
    }
    om_value time =
        om_graph_input(g, "time", (om_shape){size.n, 1, 1, c->channels[0]});
    om_value add =
        om_graph_input(g, "add", (om_shape){size.n, 1, 1, c->add_width});
    r.x = om_graph_input(g, "x",
                         (om_shape){size.n, size.h, size.w, c->in_channels});
    time = record_embedding(g, time, "time_embedding", c->time_width);
    add = record_embedding(g, add, "add_embedding", c->time_width);
    r.emb = om_unary(g, OM_SILU, om_add(g, time, add));

    r.x = om_conv3_record(g, r.x, "conv_in", c->channels[0]);
    om_graph_label(g, r.x, "conv_in");
    push_skip(&r);
    for (int b = 0; b < c->n_blocks; b++) record_down(&r, b);
    record_mid(&r);
    for (int b = 0; b < c->n_blocks; b++) record_up(&r, b);
    r.x = om_conv_out_record(g, r.x, c->out_channels, c->groups, c->norm_eps);
    om_graph_output(g, "out", r.x);
    return r.x;
}
