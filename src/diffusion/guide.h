/* guide.h - what a sampler asks at every step: the picture in these latents, as
 * the UNet sees it with guidance.
 *
 *     om_guide *g = om_guide_new(env, &opts, err);
 *     om_sampling_opts o = {.denoise = om_guide_denoise, .user = g, ...};
 *
 * Guidance: noise = n + cfg * (p - n), where p is the UNet's answer to the
 * conditions and n to the negative one; both are one evaluation of a batch of
 * two. With a cfg of at most 1 the negative condition is not asked.
 *
 * score, couple, none: one evaluation of the whole picture; the maps of
 * regions.h say which words each position sees.
 *
 * multidiffusion: every condition is drawn by itself, as a guided evaluation of
 * its own part of the picture with its own words and pooled vector (and the
 * negative condition), and the answers are averaged where conditions overlap.
 * A part is the rectangle of the condition's cells, widened to what the UNet's
 * halvings need and to at least 16 x 16 cells, so the cost is that of a plain
 * step times the sum of the parts' areas. The negative condition is asked anew
 * for each part: a part has no surroundings, and guidance would magnify that
 * difference if only one of its two sides knew them. Time ids are the whole
 * picture's everywhere; those of a small picture would make small regions
 * blurred.
 *
 * One thread at a time. A new guide takes all its memory; om_guide_denoise()
 * takes none after its first call (multidiffusion: the maps of regions of equal
 * size change places). */
#ifndef OM_DIFFUSION_GUIDE_H
#define OM_DIFFUSION_GUIDE_H

#include "diffusion/prompt_text.h"
#include "diffusion/sampler.h"
#include "diffusion/sigmas.h"
#include "diffusion/unet.h"

enum { OM_LATENT_CHANNELS = 4, OM_LATENT_CELL = 8 /* pixels */ };

typedef struct om_guide_opts {
    om_unet *unet;
    const om_text *text;        /* states are not needed any more */
    const om_unet_words *words; /* of text->states */
    int h, w;                   /* latent cells, multiples of 8 */
    float cfg;
    om_prediction prediction;
    const om_sigma_table *table;
    om_region_opts region;
    om_watch watch;   /* of one call; .go_on may be NULL */
    om_watch loading; /* while it is made; .go_on may be NULL */
} om_guide_opts;

typedef struct om_guide om_guide;

/* All that opts points to must outlive it. USAGE when guidance is asked for
 * and the text has no negative condition. */
om_guide *om_guide_new(const omost_env *env, const om_guide_opts *opts,
                       omost_error *err);
void om_guide_free(om_guide *g);

/* An om_denoise_fn; `user` is the guide. x[h, w, 4], channels last. */
omost_status om_guide_denoise(void *user, const float *x, float sigma,
                              float *denoised, omost_error *err);

/* Cells that one call evaluates, pictures of a batch each counted. */
double om_guide_cells(const om_guide *g);

/* Whether this cfg asks the negative condition. */
static inline bool om_is_guided(float cfg)
{
    return cfg > 1;
}

#endif
