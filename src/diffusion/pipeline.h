/* pipeline.h - a plan and a model to pictures: what happens when.
 *
 *   text encoders -> words and pooled vectors
 *   noise (and a picture or a layout, encoded) -> latents
 *   sampler: UNet per step, guidance
 *   [second pass: decode, Lanczos, encode, sampler]
 *   decoder -> pixels
 *
 * The pipeline opens the parts of the model when they are needed and, unless
 * keep_loaded, closes each after its use, so that encoders, UNet and VAE are
 * never in memory together: a second pass, and the next picture of a batch, then
 * open the UNet once more. (The keys and values of the words are kept.) A picture is
 * finished before the next is begun, so that who stops a batch has what was drawn;
 * only where painting takes so few steps that loading would cost more than a tenth of it
 * are some painted before the first of them is decoded. With keep_loaded it is
 * always one by one. compat_omost does all first passes before the first second
 * one: its one generator asks for the original's order.
 *
 * Noise. Picture i has a generator of its own with seed + i. It draws the first
 * pass's noise as [4, h, w], then what an ancestral sampler asks for, then the
 * second pass's. So picture i of a batch is the picture that seed + i gives
 * alone, byte for byte. compat_omost: one generator with the seed draws
 * [batch, 4, h, w] for each pass.
 *
 * Image to image (init_image): the picture is stretched to the size (Lanczos),
 * as A1111's "just resize", so that regions stay where they are; of the
 * schedule's steps the last int(steps * strength) are done, as in diffusers. The
 * initial layout and the second pass do as many steps as are asked for, at the
 * end of a longer schedule, as the original does.
 *
 * Numbers made on the way can be watched (om_draw_sink.tap): that is how tests
 * bisect. */
#ifndef OM_DIFFUSION_PIPELINE_H
#define OM_DIFFUSION_PIPELINE_H

#include "diffusion/rng.h"
#include "diffusion/sampler.h"
#include "diffusion/sigmas.h"
#include "nn/backend.h"
#include "omost/render.h"
#include "weights/model_files.h"

typedef struct om_pipeline om_pipeline;

typedef struct om_pipeline_opts {
    om_backend *backend;
    const om_model_files *model;
    const om_model_files *vae;   /* NULL: the model's */
    const om_model_files *taesd; /* NULL: none */
    const json_t *config;        /* NULL: none */
    om_keep keep;
    bool keep_loaded;
    uint64_t memory; /* bytes there are; 0: what the machine has */
    int group;       /* pictures painted before the first is decoded, without
                * keep_loaded; 0: as many as pays */
} om_pipeline_opts;

/* All must outlive it. Every part is opened once, which looks for all its
 * weights without reading them, and closed again (keep_loaded: kept): a damaged
 * file is told here. */
om_pipeline *om_pipeline_open(const omost_env *env,
                              const om_pipeline_opts *opts, omost_error *err);
void om_pipeline_close(om_pipeline *p);

/* What is told on the way; as omost_event, but without texts made for people. */
typedef struct om_draw_sink {
    bool (*progress)(void *user, omost_phase phase, int index, int pass,
                     int step, int steps, double done, double total_done);
    bool (*preview)(void *user, int index, int step, int steps,
                    omost_image image);
    bool (*image)(void *user, int index, omost_image image);
    void (*note)(void *user, const char *text);
    /* Tests: an array by name, f32, channels last, of picture `index`:
     * "words" and "pooled" (of all conditions, the negative one last; one
     * vector each), "blurred", "encoded_mode", "initial_latent", "noise",
     * "latents_start", "denoised" and "latents_after_step" (with a step from
     * 0), "latents", "decoded"; of the second pass the same behind "hr.", and
     * "hr.resized" as numbers of 0..255. */
    void (*tap)(void *user, const char *name, int index, int step,
                const float *x, size_t n);
    void *user;
} om_draw_sink;

typedef struct om_draw {
    const omost_render_opts *opts; /* sizes floored, seed real */
    const omost_plan *plan;        /* with rows */
    const omost_row *negative;     /* NULL: none; needed when cfg_scale > 1 */
    const uint8_t *composition;    /* [90, 90, 3] for init_layout, or NULL */
    om_draw_sink sink;             /* each may be NULL */
} om_draw;

omost_status om_pipeline_draw(om_pipeline *p, const om_draw *draw,
                              omost_error *err);

#endif
