/* pipeline_start.c - see pipeline_impl.h: what the first pass begins from, a
 * picture or the canvas's colours, as latents. */
#include "diffusion/latents.h"
#include "diffusion/pipeline_impl.h"
#include "image/lanczos.h"
#include "image/soften.h"

/* ---- a picture --------------------------------------------------------- */

static omost_status resize(om_job *job, omost_image image, om_picture *out,
                           omost_error *err)
{
    const om_pass *pass = &job->s.pass[0];
    om_picture in;
    omost_status st =
        om_picture_init(&in, job->env, image.width, image.height, err);
    if (st) return st;
    memcpy(in.rgb, image.rgb, om_picture_bytes(&in));
    st = om_picture_init(out, job->env, pass->width, pass->height, err);
    if (!st) {
        st = om_picture_lanczos(out, &in, err);
        if (st) om_picture_free(out);
    }
    om_picture_free(&in);
    return st;
}

static omost_status picture_pixels(om_job *job, float *pixels, omost_error *err)
{
    const omost_image image = job->draw->opts->init_image;
    const om_pass *pass = &job->s.pass[0];
    om_picture resized;
    omost_status st = resize(job, image, &resized, err);
    if (st) return st;
    double stretch = (double)pass->width / image.width /
                     ((double)pass->height / image.height);
    if (stretch < 0.99 || stretch > 1.01)
        om_job_note(job,
                    "the picture of %dx%d is stretched to %dx%d; choose -W and "
                    "-H of the same shape to avoid it",
                    image.width, image.height, pass->width, pass->height);
    om_bytes_to_signed(pixels, resized.rgb, om_picture_bytes(&resized));
    om_picture_free(&resized);
    return OMOST_OK;
}

/* ---- the canvas's colours ---------------------------------------------- */

static omost_status layout_pixels(om_job *job, float *pixels, omost_error *err)
{
    enum { RADIUS = 40, N = OMOST_GRID * OMOST_GRID * 3 };
    const om_extent grid = {OMOST_GRID, OMOST_GRID, 3};
    const om_pass *pass = &job->s.pass[0];
    if (!job->draw->composition)
        return om_fail(err, OMOST_USAGE,
                       "there are no colours of a canvas to begin from");
    float *soft = om_alloc(job->env, 2 * N * sizeof *soft);
    if (!soft) return om_fail_nomem(err);
    om_bytes_to_signed(soft + N, job->draw->composition, N);
    omost_status st =
        om_mean_reflect(job->env, soft, soft + N, grid, RADIUS, err);
    if (!st) {
        om_tap(job, 0, "blurred", 0, 0, soft, N);
        om_resize_nearest(pixels, (om_extent){pass->height, pass->width, 3},
                          soft, grid);
    }
    om_free(job->env, soft);
    return st;
}

/* ---- to latents -------------------------------------------------------- */

static omost_status encode_start(om_job *job, float *pixels, omost_error *err)
{
    omost_status st = job->draw->opts->init_image.rgb
                          ? picture_pixels(job, pixels, err)
                          : layout_pixels(job, pixels, err);
    if (!st) st = om_need_vae(job->p, err);
    if (!st) st = om_encode_pixels(job, pixels, 0, 0, job->start, err);
    om_done_vae(job->p);
    return st;
}

omost_status om_make_start(om_job *job, omost_error *err)
{
    const omost_render_opts *o = job->draw->opts;
    const om_pass *pass = &job->s.pass[0];
    if (!o->init_image.rgb && !(o->init_layout > 0)) return OMOST_OK;
    const om_part part = {.phase = OMOST_PHASE_ENCODE,
                          .work = om_work_encode(pass->h, pass->w)};
    if (!om_progress_begin(&job->progress, &part)) return om_progress_stop(err);
    job->start = om_alloc(job->env, om_pass_latents(pass) * sizeof(float));
    float *pixels = om_alloc(job->env, om_pass_pixels(pass) * sizeof *pixels);
    omost_status st = job->start && pixels ? encode_start(job, pixels, err)
                                           : om_fail_nomem(err);
    om_free(job->env, pixels);
    if (!st && !om_progress_end(&job->progress)) st = om_progress_stop(err);
    return st;
}
