/* resnet.h - the block that the UNet and the VAE are made of. */
#ifndef OM_DIFFUSION_RESNET_H
#define OM_DIFFUSION_RESNET_H

#include "nn/graph.h"

typedef struct om_resnet {
    int out; /* channels */
    int groups;
    float eps;
    om_value emb; /* silu of the time embedding; OM_NO_VALUE: has none */
} om_resnet;

/* In the scope of the block:
 *
 *     h = conv1(silu(norm1(x)))
 *     h = h + time_emb_proj(emb)          where there is one
 *     h = conv2(silu(norm2(h)))
 *     y = x + h                           x through conv_shortcut, 1x1, when
 *                                         the channels change
 *
 * y is labelled with the scope. */
om_value om_resnet_record(om_graph *g, om_value x, const om_resnet *r);

/* 3x3, stride 1, padded by one; and conv(upsample(x)) in the scope
 * "upsamplers.0". */
om_value om_conv3_record(om_graph *g, om_value x, const char *name, int out);
om_value om_upsampler_record(om_graph *g, om_value x);
/* "conv_norm_out", silu, "conv_out": how UNet, encoder and decoder end. */
om_value om_conv_out_record(om_graph *g, om_value x, int out, int groups,
                            float eps);

#endif
