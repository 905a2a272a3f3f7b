/* paint.c - see pipeline_impl.h: a pass, from its noise to its latents. All
 * memory is taken before the first step. */
#include "diffusion/latents.h"
#include "diffusion/pipeline_impl.h"
#include "diffusion/watch_part.h"

#include <stdio.h>

/* ---- noise ------------------------------------------------------------- */

static om_rng *generator(om_job *job, int index)
{
    return &job->rng[job->draw->opts->compat_omost ? 0 : index];
}

/* Latents of one picture: what it begins from plus noise (planar, [4, h, w]). */
static omost_status make_noisy(om_job *job, int pass, int index,
                               const float *planar, omost_error *err)
{
    const om_pass *p = &job->s.pass[pass];
    const size_t n = om_pass_latents(p);
    if (!job->latents[index]) { /* the first pass */
        job->latents[index] = om_zalloc(job->env, n * sizeof(float));
        if (!job->latents[index]) return om_fail_nomem(err);
        if (job->start)
            memcpy(job->latents[index], job->start, n * sizeof(float));
    }
    float *noise = om_alloc(job->env, n * sizeof *noise);
    if (!noise) return om_fail_nomem(err);
    om_channels_last(noise, planar, n / OM_LATENT_CHANNELS, OM_LATENT_CHANNELS);
    om_tap(job, pass, "noise", index, 0, noise, n);
    om_add_noise(job->latents[index], noise, p->sigmas[0], n);
    om_tap(job, pass, "latents_start", index, 0, job->latents[index], n);
    om_free(job->env, noise);
    return OMOST_OK;
}

/* compat_omost draws all pictures at once, which is not the same as drawing
 * them one by one. */
omost_status om_add_pass_noise(om_job *job, int pass, int first, int count,
                               omost_error *err)
{
    const bool at_once = job->draw->opts->compat_omost;
    const size_t n = om_pass_latents(&job->s.pass[pass]);
    size_t bytes;
    float *planar = NULL;
    if (om_mul_size(n * sizeof *planar, at_once ? (size_t)count : 1, &bytes))
        planar = om_alloc(job->env, bytes);
    if (!planar) return om_fail_nomem(err);
    if (at_once) om_rng_randn(generator(job, first), planar, n * (size_t)count);
    omost_status st = OMOST_OK;
    for (int i = 0; !st && i < count; i++) {
        if (!at_once) om_rng_randn(generator(job, first + i), planar, n);
        st = make_noisy(job, pass, first + i,
                        planar + (at_once ? (size_t)i * n : 0), err);
    }
    om_free(job->env, planar);
    return st;
}

/* ---- previews ---------------------------------------------------------- */

typedef struct previewer {
    bool on;
    uint8_t *rgb;  /* of h x w, or with a tiny decoder of height x width */
    float *pixels; /* for the tiny decoder: 0..1 */
} previewer;

static omost_status previewer_init(previewer *v, om_job *job,
                                   const om_pass *pass, omost_error *err)
{
    *v = (previewer){0};
    if (job->draw->opts->preview_every <= 0 || !job->draw->sink.preview)
        return OMOST_OK;
    omost_status st = om_need_tiny(job->p, err);
    if (!st && job->p->tiny)
        st = om_tiny_decoder_prepare(job->p->tiny, pass->h, pass->w, err);
    if (st) return st;
    const size_t n = om_pass_pixels(pass);
    v->rgb = om_alloc(job->env, n);
    if (job->p->tiny) v->pixels = om_alloc(job->env, n * sizeof *v->pixels);
    v->on = v->rgb && (v->pixels || !job->p->tiny);
    return v->on ? OMOST_OK : om_fail_nomem(err);
}

static void previewer_free(previewer *v, om_job *job)
{
    om_free(job->env, v->rgb);
    om_free(job->env, v->pixels);
}

/* What the model believes the picture to be. */
static omost_status show(previewer *v, om_job *job, const om_pass *pass,
                         int index, int step, const float *denoised,
                         omost_error *err)
{
    const om_draw_sink *sink = &job->draw->sink;
    omost_image image = {pass->w, pass->h, v->rgb};
    if (v->pixels) {
        /* No part of the steps: heard to be stopped, not to count. */
        const om_watch all = om_progress_watch(&job->progress);
        om_watch_part none = {&all, 0, 0};
        const om_watch watch = om_watch_of_part(&none);
        omost_status st = om_tiny_decoder_run(job->p->tiny, denoised, pass->h,
                                              pass->w, v->pixels, &watch, err);
        if (st) return st;
        const size_t n = om_pass_pixels(pass);
        for (size_t i = 0; i < n; i++) v->pixels[i] = v->pixels[i] * 2 - 1;
        om_signed_to_bytes(v->rgb, v->pixels, n);
        image.width = pass->width;
        image.height = pass->height;
    } else {
        om_latents_to_rgb(v->rgb, denoised, (size_t)pass->h * (size_t)pass->w);
    }
    if (!sink->preview(sink->user, index, step, pass->n_steps, image))
        return om_progress_stop(err);
    return OMOST_OK;
}

/* ---- one picture ------------------------------------------------------- */

/* What the sampler's callbacks need. */
typedef struct brush {
    om_guide *guide;
    om_rng *rng;
    float *planar; /* [4, h, w] */
} brush;

static omost_status brush_denoise(void *user, const float *x, float sigma,
                                  float *denoised, omost_error *err)
{
    const brush *b = user;
    return om_guide_denoise(b->guide, x, sigma, denoised, err);
}

static void brush_noise(void *user, float *out, size_t n)
{
    const brush *b = user;
    om_rng_randn(b->rng, b->planar, n);
    om_channels_last(out, b->planar, n / OM_LATENT_CHANNELS,
                     OM_LATENT_CHANNELS);
}

/* After a step: taps, a check, a preview, news. */
static omost_status after_step(om_job *job, int pass, int index, int step,
                               const om_sampling *run, previewer *v,
                               omost_error *err)
{
    const om_pass *p = &job->s.pass[pass];
    const size_t n = om_pass_latents(p);
    const float *denoised = om_sampling_denoised(run);
    om_tap(job, pass, "denoised", index, step, denoised, n);
    om_tap(job, pass, "latents_after_step", index, step, job->latents[index],
           n);
    if (!om_all_finite(job->latents[index], n)) {
        char where[64];
        snprintf(where, sizeof where, "step %d of %d", step + 1, p->n_steps);
        return om_fail_not_finite(job, where, err);
    }
    if (!om_progress_step(&job->progress)) return om_progress_stop(err);
    if (v->on && (step + 1) % job->draw->opts->preview_every == 0)
        return show(v, job, p, index, step + 1, denoised, err);
    return OMOST_OK;
}

static omost_status run_steps(om_job *job, int pass, int index, brush *b,
                              previewer *v, omost_error *err)
{
    const om_pass *p = &job->s.pass[pass];
    const om_sampling_opts o = {.sampler = job->s.sampler,
                                .sigmas = p->sigmas,
                                .n_steps = p->n_steps,
                                .x = job->latents[index],
                                .n = om_pass_latents(p),
                                .denoise = brush_denoise,
                                .noise = brush_noise,
                                .user = b};
    om_sampling *run = om_sampling_new(job->env, &o, err);
    if (!run) return err->status;
    omost_status st = OMOST_OK;
    for (int i = 0; !st && !om_sampling_done(run); i++) {
        st = om_sampling_step(run, err);
        if (!st) st = after_step(job, pass, index, i, run, v, err);
    }
    om_sampling_free(run);
    return st;
}

static omost_status paint_one(om_job *job, int pass, int index, brush *b,
                              previewer *v, omost_error *err)
{
    const om_pass *p = &job->s.pass[pass];
    const om_part part = {.phase = OMOST_PHASE_SAMPLE,
                          .index = index,
                          .pass = pass,
                          .steps = p->n_steps,
                          .work = p->n_steps *
                                  om_work_evaluation(om_guide_cells(b->guide))};
    if (!om_progress_begin(&job->progress, &part)) return om_progress_stop(err);
    b->rng = generator(job, index);
    omost_status st = run_steps(job, pass, index, b, v, err);
    if (st) return st;
    om_tap(job, pass, "latents", index, 0, job->latents[index],
           om_pass_latents(p));
    return om_progress_end(&job->progress) ? OMOST_OK : om_progress_stop(err);
}

/* ---- the pass ---------------------------------------------------------- */

/* The UNet, in a precision that the boxes allow. */
static omost_status open_unet(om_job *job, omost_error *err)
{
    omost_status st = om_need_unet(job->p, err);
    if (st) return st;
    return om_unet_set_exact(job->p->unet,
                             om_regions_are_sharp(job->text.region,
                                                  job->text.n_regions,
                                                  job->s.region),
                             err);
}

static omost_status open_guide(om_job *job, int pass, omost_error *err)
{
    /* The weights that keys and values take are an eighth of all. */
    const double of_words = job->words ? 0 : 0.125;
    const om_pass *p = &job->s.pass[pass];
    const om_watch watch = om_progress_watch(&job->progress);
    om_watch_part words = {&watch, 0, of_words};
    om_watch_part rest = {&watch, of_words, 1 - of_words};
    const om_watch watch_words = om_watch_of_part(&words);
    omost_status st = open_unet(job, err);
    if (st) return st;
    if (!job->words)
        job->words = om_unet_words_new(job->p->unet, job->text.states,
                                       job->text.n_words, &watch_words, err);
    if (!job->words) return err->status;
    const om_guide_opts o = {.unet = job->p->unet,
                             .text = &job->text,
                             .words = job->words,
                             .h = p->h,
                             .w = p->w,
                             .cfg = job->s.cfg,
                             .prediction = job->s.prediction,
                             .table = &job->s.table,
                             .region = job->s.region,
                             .watch = watch,
                             .loading = om_watch_of_part(&rest)};
    job->guide[pass] = om_guide_new(job->env, &o, err);
    return job->guide[pass] ? OMOST_OK : err->status;
}

/* The UNet compiled for this pass, with its words. */
static omost_status need_guide(om_job *job, int pass, omost_error *err)
{
    if (job->guide[pass]) return OMOST_OK;
    const om_part part = {
        .phase = OMOST_PHASE_LOAD, .pass = pass, .work = om_work_load_unet()};
    if (!om_progress_begin(&job->progress, &part)) return om_progress_stop(err);
    omost_status st = open_guide(job, pass, err);
    if (st) return st;
    return om_progress_end(&job->progress) ? OMOST_OK : om_progress_stop(err);
}

omost_status om_paint(om_job *job, int pass, int first, int n, omost_error *err)
{
    const om_pass *p = &job->s.pass[pass];
    previewer v = {0};
    brush b = {0};
    omost_status st = need_guide(job, pass, err);
    if (!st) st = previewer_init(&v, job, p, err);
    if (!st) {
        b.guide = job->guide[pass];
        b.planar = om_alloc(job->env, om_pass_latents(p) * sizeof *b.planar);
        if (!b.planar) st = om_fail_nomem(err);
    }
    for (int i = first; !st && i < first + n; i++)
        st = paint_one(job, pass, i, &b, &v, err);
    om_free(job->env, b.planar);
    previewer_free(&v, job);
    om_done_unet(job);
    return st;
}
