/* resnet.c - see resnet.h. */
#include "diffusion/resnet.h"

om_value om_conv3_record(om_graph *g, om_value x, const char *name, int out)
{
    return om_conv(g, x, name,
                   (om_conv_shape){.out = out,
                                   .kernel = 3,
                                   .stride = 1,
                                   .pad = {1, 1, 1, 1}});
}

om_value om_resnet_record(om_graph *g, om_value x, const om_resnet *r)
{
    om_value h = om_group_norm(g, x, "norm1", r->groups, r->eps);
    h = om_conv3_record(g, om_unary(g, OM_SILU, h), "conv1", r->out);
    if (r->emb != OM_NO_VALUE)
        h = om_add(g, h, om_linear(g, r->emb, "time_emb_proj", r->out, true));
    h = om_group_norm(g, h, "norm2", r->groups, r->eps);
    h = om_conv3_record(g, om_unary(g, OM_SILU, h), "conv2", r->out);
    if (om_graph_shape(g, x).c != r->out)
        x = om_conv(g, x, "conv_shortcut",
                    (om_conv_shape){.out = r->out, .kernel = 1, .stride = 1});
    return om_graph_label(g, om_add(g, x, h), "");
}

om_value om_upsampler_record(om_graph *g, om_value x)
{
    om_graph_enter(g, "upsamplers.0");
    int channels = om_graph_shape(g, x).c;
    x = om_conv3_record(g, om_upsample(g, x), "conv", channels);
    om_graph_label(g, x, "");
    om_graph_leave(g);
    return x;
}

om_value om_conv_out_record(om_graph *g, om_value x, int out, int groups,
                            float eps)
{
    x = om_group_norm(g, x, "conv_norm_out", groups, eps);
    om_graph_label(g, x, "conv_norm_out");
    x = om_conv3_record(g, om_unary(g, OM_SILU, x), "conv_out", out);
    return om_graph_label(g, x, "conv_out");
}
