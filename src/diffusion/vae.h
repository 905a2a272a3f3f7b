/* vae.h - between latents and pixels.
 *
 * Latents [n, h, w, 4], pictures [n, 8h, 8w, 3] of -1..1 (not clipped), channels
 * last. Scaling (0.13025) is the caller's: latents here are what the VAE itself
 * computes with. Encoding gives the mean (the mode); nothing is sampled.
 *
 * Tiles: a picture larger than `tile` latent cells a side is decoded in
 * overlapping tiles, blended linearly over the overlap. The group norms of a
 * tile see the tile alone, so a tiled picture differs a little from a whole
 * one; seams do not show (docs/internals/diffusion.md). */
#ifndef OM_DIFFUSION_VAE_H
#define OM_DIFFUSION_VAE_H

#include "nn/backend.h"
#include "weights/model_config.h"

typedef struct om_vae om_vae;

om_vae *om_vae_open(const omost_env *env, om_backend *backend,
                    const om_model_files *files, const json_t *config,
                    om_keep keep, omost_error *err);
void om_vae_close(om_vae *vae);
const om_vae_config *om_vae_config_of(const om_vae *vae);
/* Latent cells to pixels: 2 ^ (n_blocks - 1). */
int om_vae_factor(const om_vae *vae);

typedef struct om_tiling {
    int tile;    /* latent cells a side; 0: never in tiles */
    int overlap; /* latent cells, < tile / 2 */
} om_tiling;

/* One picture: latents[h, w, 4] to image[H, W, 3] and back. */
omost_status om_vae_decode(om_vae *vae, const float *latents, int h, int w,
                           om_tiling tiling, float *image,
                           const om_watch *watch, omost_error *err);
/* image[H, W, 3], sides multiples of the factor, to mean[h, w, 4]; logvar may
 * be NULL. */
omost_status om_vae_encode(om_vae *vae, const float *image, int height,
                           int width, om_tiling tiling, float *mean,
                           float *logvar, const om_watch *watch,
                           omost_error *err);

/* Bytes that decoding (or encoding) latents[h, w, 4] takes at least: values of
 * the program, and packed weights. Nothing is packed. */
omost_status om_vae_plan(om_vae *vae, int h, int w, om_tiling tiling,
                         bool decode, size_t *values, size_t *weights,
                         omost_error *err);

om_value om_vae_record_decoder(om_graph *g, const om_vae_config *c, int h,
                               int w);
om_value om_vae_record_encoder(om_graph *g, const om_vae_config *c, int height,
                               int width);

/* ---- TAESD: a tiny decoder for previews -------------------------------- */

typedef struct om_tiny_decoder om_tiny_decoder;
/* madebyollin's taesdxl: a decoder-only or whole .safetensors file, names
 * "decoder.layers.N..." (diffusers AutoencoderTiny) or "N...". */
om_tiny_decoder *om_tiny_decoder_open(const omost_env *env, om_backend *backend,
                                      const om_model_files *files,
                                      omost_error *err);
void om_tiny_decoder_close(om_tiny_decoder *d);
/* What running it at this size needs, made now. */
omost_status om_tiny_decoder_prepare(om_tiny_decoder *d, int h, int w,
                                     omost_error *err);
/* Scaled latents (as the sampler has them) to a picture of 0..1. */
omost_status om_tiny_decoder_run(om_tiny_decoder *d, const float *latents,
                                 int h, int w, float *image,
                                 const om_watch *watch, omost_error *err);

#endif
