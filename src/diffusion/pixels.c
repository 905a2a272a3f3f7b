/* pixels.c - see pipeline_impl.h: between latents and pixels. */
#include "diffusion/latents.h"
#include "diffusion/pipeline_impl.h"
#include "image/lanczos.h"
#include "image/soften.h"

om_tiling om_tiling_of(const om_job *job, const om_pass *pass)
{
    /* 1536 x 1536 pixels: decoded whole, this takes some 4 GB in f32. */
    enum { LARGE = 192 * 192, SMALL_TILE = 64, TILE = 128, OVERLAP = 16 };
    if (job->draw->opts->vae_tiling) return (om_tiling){SMALL_TILE, OVERLAP};
    if (pass->h * pass->w > LARGE) return (om_tiling){TILE, OVERLAP};
    return (om_tiling){0, 0};
}

/* ---- encoding ---------------------------------------------------------- */

omost_status om_encode_pixels(om_job *job, const float *pixels, int pass,
                              int index, float *latents, omost_error *err)
{
    const om_pass *p = &job->s.pass[pass];
    const size_t n = om_pass_latents(p);
    const om_watch watch = om_progress_watch(&job->progress);
    omost_status st =
        om_vae_encode(job->p->vae, pixels, p->height, p->width,
                      om_tiling_of(job, p), latents, NULL, &watch, err);
    if (st) return st;
    if (!om_all_finite(latents, n))
        return om_fail_not_finite(job, "the encoded picture", err);
    om_tap(job, pass, "encoded_mode", index, 0, latents, n);
    for (size_t i = 0; i < n; i++) latents[i] *= job->p->scaling;
    om_tap(job, pass, "initial_latent", index, 0, latents, n);
    return OMOST_OK;
}

/* ---- decoding ---------------------------------------------------------- */

/* The latents of picture `index` to pic; they are divided by the scaling. */
static omost_status decode_floats(om_job *job, int pass, int index,
                                  float *pixels, omost_error *err)
{
    const om_pass *p = &job->s.pass[pass];
    const om_watch watch = om_progress_watch(&job->progress);
    float *latents = job->latents[index];
    for (size_t i = 0; i < om_pass_latents(p); i++)
        latents[i] /= job->p->scaling;
    omost_status st = om_vae_decode(job->p->vae, latents, p->h, p->w,
                                    om_tiling_of(job, p), pixels, &watch, err);
    if (st) return st;
    if (!om_all_finite(pixels, om_pass_pixels(p)))
        return om_fail_not_finite(job, "the decoded picture", err);
    om_tap(job, pass, "decoded", index, 0, pixels, om_pass_pixels(p));
    return OMOST_OK;
}

static omost_status decode(om_job *job, int pass, int index, om_picture *pic,
                           omost_error *err)
{
    const om_pass *p = &job->s.pass[pass];
    const om_part part = {.phase = OMOST_PHASE_DECODE,
                          .index = index,
                          .pass = pass,
                          .work = om_work_decode(p->h, p->w)};
    if (!om_progress_begin(&job->progress, &part)) return om_progress_stop(err);
    omost_status st = om_picture_init(pic, job->env, p->width, p->height, err);
    if (st) return st;
    float *pixels = om_alloc(job->env, om_pass_pixels(p) * sizeof *pixels);
    st = pixels ? decode_floats(job, pass, index, pixels, err)
                : om_fail_nomem(err);
    if (!st) om_signed_to_bytes(pic->rgb, pixels, om_pass_pixels(p));
    om_free(job->env, pixels);
    om_free(job->env, job->latents[index]);
    job->latents[index] = NULL;
    if (!st && !om_progress_end(&job->progress)) st = om_progress_stop(err);
    if (st) om_picture_free(pic);
    return st;
}

static omost_status hand_over(om_job *job, int index, const om_picture *pic,
                              omost_error *err)
{
    const om_draw_sink *sink = &job->draw->sink;
    const omost_image image = {pic->width, pic->height, pic->rgb};
    if (sink->image && !sink->image(sink->user, index, image))
        return om_progress_stop(err);
    return OMOST_OK;
}

omost_status om_finish(om_job *job, int first, int n, omost_error *err)
{
    omost_status st = om_need_vae(job->p, err);
    for (int i = first; !st && i < first + n; i++) {
        om_picture pic = {0};
        st = decode(job, job->s.n_passes - 1, i, &pic, err);
        if (st) break;
        st = hand_over(job, i, &pic, err);
        om_picture_free(&pic);
    }
    om_done_vae(job->p);
    return st;
}

/* ---- into the second pass ---------------------------------------------- */

/* Bytes of the larger picture to the latents the pass begins from. */
static omost_status encode_large(om_job *job, int index, const om_picture *pic,
                                 omost_error *err)
{
    const om_pass *p = &job->s.pass[1];
    const size_t n = om_pass_pixels(p);
    float *pixels = om_alloc(job->env, n * sizeof *pixels);
    float *latents = om_alloc(job->env, om_pass_latents(p) * sizeof *latents);
    job->latents[index] = latents;
    omost_status st = OMOST_OK;
    if (!pixels || !latents) {
        st = om_fail_nomem(err);
    } else {
        for (size_t i = 0; i < n; i++) pixels[i] = pic->rgb[i];
        om_tap(job, 1, "resized", index, 0, pixels, n);
        om_bytes_to_signed(pixels, pic->rgb, n);
        st = om_encode_pixels(job, pixels, 1, index, latents, err);
    }
    om_free(job->env, pixels);
    return st;
}

static omost_status enlarge(om_job *job, int index, omost_error *err)
{
    const om_pass *p = &job->s.pass[1];
    om_picture small = {0}, large = {0};
    omost_status st = decode(job, 0, index, &small, err);
    if (st) return st;
    st = om_picture_init(&large, job->env, p->width, p->height, err);
    if (!st) {
        const om_part part = {.phase = OMOST_PHASE_ENCODE,
                              .index = index,
                              .pass = 1,
                              .work = om_work_encode(p->h, p->w)};
        st = om_progress_begin(&job->progress, &part) ? OMOST_OK
                                                      : om_progress_stop(err);
        if (!st) st = om_picture_lanczos(&large, &small, err);
        if (!st) st = encode_large(job, index, &large, err);
        if (!st && !om_progress_end(&job->progress)) st = om_progress_stop(err);
        om_picture_free(&large);
    }
    om_picture_free(&small);
    return st;
}

omost_status om_enlarge(om_job *job, int first, int n, omost_error *err)
{
    omost_status st = om_need_vae(job->p, err);
    for (int i = first; !st && i < first + n; i++) st = enlarge(job, i, err);
    om_done_vae(job->p);
    return st;
}
