/* unet_record.h - the UNet's parts, for unet*.c and tests. */
#ifndef OM_DIFFUSION_UNET_RECORD_H
#define OM_DIFFUSION_UNET_RECORD_H

#include "diffusion/unet.h"

/* A spatial transformer: where it is, and its first slot in a context. Its k-th
 * block looks at slot first_slot + k. */
typedef struct om_unet_site {
    char name[48]; /* "down_blocks.1.attentions.0" */
    int depth;     /* blocks */
    int channels, heads;
    int level; /* how often the picture was halved */
    int first_slot;
} om_unet_site;

enum { OM_UNET_MAX_SITES = 2 * OM_MAX_BLOCKS * OM_MAX_LAYERS + 1 };

/* All of them in the order they are computed in; how many there are. */
int om_unet_sites(const om_unet_config *c,
                  om_unet_site site[OM_UNET_MAX_SITES]);

/* In the scope of the site, which labels the result. */
om_value om_unet_record_transformer(om_graph *g, const om_unet_config *c,
                                    const om_unet_site *site, om_value x);

/* Keys and values of `states` for the blocks of a site, kept as the slots 0 ..
 * depth - 1. */
void om_unet_record_words(om_graph *g, const om_unet_site *site,
                          om_value states);

/* out[n, width] = cos(t f_i), then sin(t f_i), f_i = 10000^(-2 i / width): how
 * a UNet is told numbers. */
void om_unet_sinusoids(float *out, const float *t, int n, int width);

/* What unet_words.c needs of a UNet. */
struct om_unet;
const omost_env *om_unet_env(const om_unet *u);
om_backend *om_unet_backend(const om_unet *u);
/* A new store over the UNet's weights, besides its own. */
om_params *om_unet_new_params(om_unet *u, omost_error *err);
const om_unet_site *om_unet_site_at(const om_unet *u, int i); /* NULL beyond */
int om_unet_slots(const om_unet *u);
/* The keys and values, one for each slot. */
const om_kept *om_unet_words_slots(const om_unet_words *words);

#endif
