/* vae_record.h - a part of the VAE that is tested alone. */
#ifndef OM_DIFFUSION_VAE_RECORD_H
#define OM_DIFFUSION_VAE_RECORD_H

#include "diffusion/vae.h"

/* In the scope of the attention: x + to_out(attention of group_norm(x)), one
 * head. Labelled with the scope. */
om_value om_vae_record_attention(om_graph *g, om_value x,
                                 const om_vae_config *c);

#endif
