/* vae_record.c - diffusers' AutoencoderKL as graphs. */
#include "diffusion/vae_record.h"

#include "diffusion/resnet.h"

static const float norm_eps = 1e-6F; /* of every norm; in no configuration */

static om_value record_resnet(om_graph *g, om_value x, const om_vae_config *c,
                              int i, int out)
{
    om_graph_enter(g, "resnets.%d", i);
    x = om_resnet_record(g, x,
                         &(om_resnet){.out = out,
                                      .groups = c->groups,
                                      .eps = norm_eps,
                                      .emb = OM_NO_VALUE});
    om_graph_leave(g);
    return x;
}

om_value om_vae_record_attention(om_graph *g, om_value x,
                                 const om_vae_config *c)
{
    const int channels = om_graph_shape(g, x).c;
    om_value h = om_group_norm(g, x, "group_norm", c->groups, norm_eps);
    om_value q = om_linear(g, h, "to_q", channels, true);
    om_value k = om_linear(g, h, "to_k", channels, true);
    om_value v = om_linear(g, h, "to_v", channels, true);
    h = om_attention(g, q, k, v, 1, false);
    h = om_add(g, om_linear(g, h, "to_out.0", channels, true), x);
    return om_graph_label(g, h, "");
}

static om_value record_mid(om_graph *g, om_value x, const om_vae_config *c)
{
    const int channels = c->channels[c->n_blocks - 1];
    om_graph_enter(g, "mid_block");
    x = record_resnet(g, x, c, 0, channels);
    om_graph_enter(g, "attentions.0");
    x = om_vae_record_attention(g, x, c);
    om_graph_leave(g);
    x = record_resnet(g, x, c, 1, channels);
    om_graph_label(g, x, "");
    om_graph_leave(g);
    return x;
}

static om_value record_up(om_graph *g, om_value x, const om_vae_config *c,
                          int b)
{
    const int last = c->n_blocks - 1;
    om_graph_enter(g, "up_blocks.%d", b);
    for (int l = 0; l <= c->layers; l++)
        x = record_resnet(g, x, c, l, c->channels[last - b]);
    if (b < last) x = om_upsampler_record(g, x);
    om_graph_label(g, x, "");
    om_graph_leave(g);
    return x;
}

/* Halved by a convolution that looks right and down alone: one row and column
 * of zeroes there. */
static om_value record_down(om_graph *g, om_value x, const om_vae_config *c,
                            int b)
{
    om_graph_enter(g, "down_blocks.%d", b);
    for (int l = 0; l < c->layers; l++)
        x = record_resnet(g, x, c, l, c->channels[b]);
    if (b < c->n_blocks - 1) {
        x = om_conv(g, x, "downsamplers.0.conv",
                    (om_conv_shape){.out = c->channels[b],
                                    .kernel = 3,
                                    .stride = 2,
                                    .pad = {0, 0, 1, 1}});
        om_graph_label(g, x, "downsamplers.0");
    }
    om_graph_label(g, x, "");
    om_graph_leave(g);
    return x;
}

static om_value record_conv1(om_graph *g, om_value x, const char *name)
{
    const int channels = om_graph_shape(g, x).c;
    x = om_conv(g, x, name,
                (om_conv_shape){.out = channels, .kernel = 1, .stride = 1});
    return om_graph_label(g, x, name);
}

om_value om_vae_record_decoder(om_graph *g, const om_vae_config *c, int h,
                               int w)
{
    om_value x =
        om_graph_input(g, "latents", (om_shape){1, h, w, c->latent_channels});
    x = record_conv1(g, x, "post_quant_conv");
    om_graph_enter(g, "decoder");
    x = om_conv3_record(g, x, "conv_in", c->channels[c->n_blocks - 1]);
    om_graph_label(g, x, "conv_in");
    x = record_mid(g, x, c);
    for (int b = 0; b < c->n_blocks; b++) x = record_up(g, x, c, b);
    x = om_conv_out_record(g, x, c->image_channels, c->groups, norm_eps);
    om_graph_leave(g);
    om_graph_output(g, "image", x);
    return x;
}

om_value om_vae_record_encoder(om_graph *g, const om_vae_config *c, int height,
                               int width)
{
    om_value x =
        om_graph_input(g, "image",
                       (om_shape){1, height, width, c->image_channels});
    om_graph_enter(g, "encoder");
    x = om_conv3_record(g, x, "conv_in", c->channels[0]);
    om_graph_label(g, x, "conv_in");
    for (int b = 0; b < c->n_blocks; b++) x = record_down(g, x, c, b);
    x = record_mid(g, x, c);
    x = om_conv_out_record(g, x, 2 * c->latent_channels, c->groups, norm_eps);
    om_graph_leave(g);
    x = record_conv1(g, x, "quant_conv");
    om_graph_output(g, "moments", x);
    return x;
}
