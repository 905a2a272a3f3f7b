/* pipeline_impl.h - the inside of a pipeline, for the files that are it:
 *
 *   pipeline.c        a call, stage by stage
 *   pipeline_parts.c  parts of the model, opened and closed
 *   memory_need.c     what it needs, and whether there is as much
 *   pipeline_start.c  what the first pass begins from
 *   paint.c           a pass: noise, UNet, sampler, previews
 *   pixels.c          decoding, and the way into the second pass */
#ifndef OM_DIFFUSION_PIPELINE_IMPL_H
#define OM_DIFFUSION_PIPELINE_IMPL_H

#include "diffusion/progress.h"
#include "diffusion/settings.h"
#include "diffusion/vae.h"
#include "image/raster.h"

struct om_pipeline {
    const omost_env *env;
    om_pipeline_opts o;
    float scaling;   /* latents = what the VAE encodes times this */
    bool can_encode; /* the VAE has that half */
    om_text_encoder *encoder[2];
    om_unet *unet;
    om_vae *vae;
    om_tiny_decoder *tiny;
};

/* One call. */
typedef struct om_job {
    om_pipeline *p;
    const omost_env *env;
    const om_draw *draw;
    om_settings s;
    om_progress progress;
    om_text text;
    om_unet_words *words;
    om_guide *guide[OM_MAX_PASSES];
    om_rng *rng;     /* [batch]; compat_omost: [0] is everybody's */
    float *start;    /* [h, w, 4] what all begin from; NULL: nothing */
    float **latents; /* [batch] of the pass at hand; NULL: not begun, done */
} om_job;

/* ---- pipeline_parts.c -------------------------------------------------- */

/* Open what is not open. */
omost_status om_need_encoder(om_pipeline *p, omost_encoder which,
                             omost_error *err);
omost_status om_need_unet(om_pipeline *p, omost_error *err);
omost_status om_need_vae(om_pipeline *p, omost_error *err);
omost_status om_need_tiny(om_pipeline *p, omost_error *err);
/* Close, unless all is to be kept. */
void om_done_encoder(om_pipeline *p, omost_encoder which);
void om_done_vae(om_pipeline *p);
/* The UNet with what was compiled from it, and the tiny decoder. The words stay:
 * a tenth of its size, an eighth of the work of loading it. */
void om_done_unet(om_job *job);
/* What the job has of the UNet, words too. */
void om_job_forget(om_job *job);

/* ---- the stages -------------------------------------------------------- */

/* NOMEM when the call certainly needs more memory than there is. */
omost_status om_check_memory(om_job *job, omost_error *err);

/* job->start */
omost_status om_make_start(om_job *job, omost_error *err);

/* Pictures first .. first + n - 1: the noise of a pass added to what job->latents
 * holds (in the first pass: nothing yet). */
omost_status om_add_pass_noise(om_job *job, int pass, int first, int n,
                               omost_error *err);
/* The same pictures from there through the pass. */
omost_status om_paint(om_job *job, int pass, int first, int n,
                      omost_error *err);

/* Latents of pass 0 to those that pass 1 begins from. */
omost_status om_enlarge(om_job *job, int first, int n, omost_error *err);

/* Latents to pixels, handed over. */
omost_status om_finish(om_job *job, int first, int n, omost_error *err);

/* Pixels [height, width, 3] of -1..1 to scaled latents[h, w, 4]; taps them. */
omost_status om_encode_pixels(om_job *job, const float *pixels, int pass,
                              int index, float *latents, omost_error *err);

/* ---- small things ------------------------------------------------------ */

static inline size_t om_pass_latents(const om_pass *pass)
{
    return (size_t)pass->h * (size_t)pass->w * OM_LATENT_CHANNELS;
}
static inline size_t om_pass_pixels(const om_pass *pass)
{
    return (size_t)pass->height * (size_t)pass->width * 3;
}

/* What belongs to pass 1 is told with "hr." before its name. */
void om_tap(const om_job *job, int pass, const char *name, int index, int step,
            const float *x, size_t n);
void om_job_note(const om_job *job, const char *fmt, ...) OMOST_PRINTF(2, 3);

/* Numbers that are not finite, and what to try. */
omost_status om_fail_not_finite(const om_job *job, const char *where,
                                omost_error *err);

/* How pictures of this size are decoded and encoded. */
om_tiling om_tiling_of(const om_job *job, const om_pass *pass);

#endif
