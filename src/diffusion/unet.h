/* unet.h - SDXL's UNet: noisy latents and words to the noise in them.
 *
 *     om_unet *u = om_unet_open(env, backend, files, NULL, OM_KEEP_EXACT, err);
 *     om_unet_words *words = om_unet_words_new(u, states, n_words, watch, err);
 *     om_unet_run *run = om_unet_run_new(u, (om_unet_size){2, h, w}, watch,
 *                                        err);
 *     st = om_unet_run_set_words(run, words, maps, n_maps, err);
 *     for each step:
 *         st = om_unet_run_eval(run, &in, eps, watch, err);
 *
 * Latents are channels last: [n, h, w, 4]. The keys and values of all words are
 * computed once (om_unet_words_new), not once per step. A run is the UNet
 * compiled for one size; it allocates nothing after its first evaluation. */
#ifndef OM_DIFFUSION_UNET_H
#define OM_DIFFUSION_UNET_H

#include "nn/backend.h"
#include "weights/model_config.h"

typedef struct om_unet om_unet;
typedef struct om_unet_words om_unet_words;
typedef struct om_unet_run om_unet_run;

/* Checks every name and shape, and that nothing is left over. */
om_unet *om_unet_open(const omost_env *env, om_backend *backend,
                      const om_model_files *files, const json_t *config,
                      om_keep keep, omost_error *err);
void om_unet_close(om_unet *u); /* after its words and runs */
const om_unet_config *om_unet_config_of(const om_unet *u);
/* Numbers in its tensors: 2,567,463,684 in SDXL. */
uint64_t om_unet_parameters(const om_unet *u);

/* Words and runs that are made from now on compute in f32, or again as the back
 * end does. A tiny box makes a choice of its words that bf16 is too coarse for
 * (om_regions_are_sharp). Nothing happens where the back end computes in f32.
 * What was packed is freed: not while there are runs (USAGE). Runs take words
 * of their own precision. */
omost_status om_unet_set_exact(om_unet *u, bool exact, omost_error *err);

/* Keys and values of states[n_words, context] in every layer. The weights it
 * takes for that are packed, used and freed layer by layer. */
om_unet_words *om_unet_words_new(om_unet *u, const float *states, int n_words,
                                 const om_watch *watch, omost_error *err);
void om_unet_words_free(om_unet_words *words);

typedef struct om_unet_size {
    int n, h, w; /* pictures (with guidance two), latent cells */
} om_unet_size;

enum { OM_UNET_MAX_LEVELS = OM_MAX_BLOCKS };

/* The heights and widths at which latents of this size meet words: the maps
 * that a run needs, for every picture of the batch. Returns how many. The sides
 * of latents are multiples of 2^(n_blocks - 1): 4 in SDXL. */
int om_unet_levels(const om_unet *u, int h, int w,
                   int level_h[OM_UNET_MAX_LEVELS],
                   int level_w[OM_UNET_MAX_LEVELS]);

/* `watch` is told how much of its weights has been packed (the first run packs
 * all of them), and can stop it. */
om_unet_run *om_unet_run_new(om_unet *u, om_unet_size size,
                             const om_watch *watch, omost_error *err);
void om_unet_run_free(om_unet_run *run);
/* Bytes that a run of this size takes at least: its values and the packed
 * weights, in the back end's own precision. Nothing is packed. */
omost_status om_unet_plan(om_unet *u, om_unet_size size, size_t *values,
                          size_t *weights, omost_error *err);
/* Maps are copied; words must outlive their use. */
omost_status om_unet_run_set_words(om_unet_run *run, const om_unet_words *words,
                                   const om_attention_map *maps, int n_maps,
                                   omost_error *err);

typedef struct om_unet_in {
    const float *x;             /* [n, h, w, in_channels] */
    const float *timestep;      /* [n] 0..999 */
    const float *pooled;        /* [n, pooled width] */
    const float (*time_ids)[6]; /* [n]: original h, w, crop y, x, target h, w */
} om_unet_in;

/* out[n, h, w, out_channels] */
omost_status om_unet_run_eval(om_unet_run *run, const om_unet_in *in,
                              float *out, const om_watch *watch,
                              omost_error *err);
/* For benches. */
om_program *om_unet_run_program(om_unet_run *run);

/* Record it (tests look at labelled values): inputs "x", "time" (sinusoids,
 * [n,1,1,channels[0]]), "add" ([n,1,1,add_width]); output "out". Labels are the
 * names of diffusers' modules: "conv_in", "down_blocks.0.resnets.1", ...,
 * "down_blocks.1", "mid_block", "conv_norm_out". */
om_value om_unet_record(om_graph *g, const om_unet_config *c,
                        om_unet_size size);

#endif
