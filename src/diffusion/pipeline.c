/* pipeline.c - see pipeline.h: opening, and a call from its text to its
 * pictures. */
#include "diffusion/pipeline_impl.h"

#include <math.h>
#include <stdio.h>

#include "diffusion/latents.h"

/* ---- opening ----------------------------------------------------------- */

/* A model of another kind (for inpainting, say) is told so before any work. */
static omost_status check_unet(const om_pipeline *p, omost_error *err)
{
    const om_unet_config *c = om_unet_config_of(p->unet);
    if (c->in_channels != OM_LATENT_CHANNELS ||
        c->out_channels != OM_LATENT_CHANNELS)
        return om_fail(err, OMOST_FORMAT,
                       "%s: a UNet of %d channels in and %d out; only those "
                       "with %d and %d draw from text alone",
                       p->o.model->path, c->in_channels, c->out_channels,
                       OM_LATENT_CHANNELS, OM_LATENT_CHANNELS);
    if (c->n_blocks > 4)
        return om_fail(err, OMOST_FORMAT,
                       "%s: a UNet of %d blocks; sides of multiples of %d suit "
                       "at most 4",
                       p->o.model->path, c->n_blocks, OMOST_RENDER_GRAIN);
    return OMOST_OK;
}

static const char *vae_path(const om_pipeline *p)
{
    return (p->o.vae ? p->o.vae : p->o.model)->path;
}

static omost_status check_vae(om_pipeline *p, omost_error *err)
{
    const om_vae_config *c = om_vae_config_of(p->vae);
    if (c->latent_channels != OM_LATENT_CHANNELS || c->image_channels != 3 ||
        1 << (c->n_blocks - 1) != OM_LATENT_CELL)
        return om_fail(err, OMOST_FORMAT,
                       "%s: a VAE of %d latent channels, %d pixels a side of a "
                       "cell; SDXL's has %d and %d",
                       vae_path(p), c->latent_channels, 1 << (c->n_blocks - 1),
                       OM_LATENT_CHANNELS, OM_LATENT_CELL);
    p->scaling = c->scaling;
    p->can_encode = c->has_encoder;
    return OMOST_OK;
}

static void close_parts(om_pipeline *p)
{
    for (int i = 0; i < 2; i++) om_text_encoder_close(p->encoder[i]);
    om_unet_close(p->unet);
    om_vae_close(p->vae);
    om_tiny_decoder_close(p->tiny);
    p->encoder[0] = p->encoder[1] = NULL;
    p->unet = NULL;
    p->vae = NULL;
    p->tiny = NULL;
}

/* Opening a part looks for every weight by name and shape and reads hardly
 * any: what is damaged or missing is told now, not when the steps are done. */
static omost_status check_parts(om_pipeline *p, omost_error *err)
{
    omost_status st = om_need_encoder(p, OMOST_ENCODER_1, err);
    if (!st) st = om_need_encoder(p, OMOST_ENCODER_2, err);
    if (!st) st = om_need_unet(p, err);
    if (!st) st = check_unet(p, err);
    if (!st) st = om_need_vae(p, err);
    if (!st) st = check_vae(p, err);
    if (!st) st = om_need_tiny(p, err);
    return st;
}

om_pipeline *om_pipeline_open(const omost_env *env,
                              const om_pipeline_opts *opts, omost_error *err)
{
    omost_error mine;
    if (!err) err = &mine;
    om_pipeline *p = om_zalloc(env, sizeof *p);
    if (!p) {
        (void)om_fail_nomem(err);
        return NULL;
    }
    p->env = env;
    p->o = *opts;
    omost_status st = check_parts(p, err);
    if (st || !opts->keep_loaded) close_parts(p);
    if (!st) return p;
    om_free(env, p);
    return NULL;
}

void om_pipeline_close(om_pipeline *p)
{
    if (!p) return;
    close_parts(p);
    om_free(p->env, p);
}

/* ---- small things ------------------------------------------------------ */

void om_tap(const om_job *job, int pass, const char *name, int index, int step,
            const float *x, size_t n)
{
    const om_draw_sink *sink = &job->draw->sink;
    if (!sink->tap) return;
    char full[40];
    snprintf(full, sizeof full, "%s%s", pass ? "hr." : "", name);
    sink->tap(sink->user, full, index, step, x, n);
}

void om_job_note(const om_job *job, const char *fmt, ...)
{
    const om_draw_sink *sink = &job->draw->sink;
    if (!sink->note) return;
    char text[240];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    sink->note(sink->user, text);
}

omost_status om_fail_not_finite(const om_job *job, const char *where,
                                omost_error *err)
{
    bool half = om_backend_precision(job->p->o.backend) != OM_PRECISION_F32;
    return om_fail(err, OMOST_BACKEND,
                   "the numbers of %s are not finite any more; %s", where,
                   half ? "try --precision f32"
                        : "the model may be damaged, or a LoRA's weight or "
                          "the guidance too large");
}

/* ---- text -------------------------------------------------------------- */

static omost_status encode_with(om_job *job, omost_encoder which,
                                omost_error *err)
{
    const om_draw *d = job->draw;
    om_pooling pooling = which == OMOST_ENCODER_1    ? OM_POOL_NONE
                         : d->opts->projected_pooled ? OM_POOL_PROJECTED
                                                     : OM_POOL_PLAIN;
    const om_watch watch = om_progress_watch(&job->progress);
    omost_status st = om_need_encoder(job->p, which, err);
    if (!st)
        st = om_text_encode(&job->text, job->p->encoder[which], which, pooling,
                            &watch, err);
    om_done_encoder(job->p, which);
    return st;
}

static omost_status read_text(om_job *job, omost_error *err)
{
    const int n_rows = job->text.n_words / OMOST_ROW_IDS;
    for (int i = 0; i < 2; i++) {
        const om_part part = {.phase = OMOST_PHASE_TEXT,
                              .work = om_work_text(n_rows) / 2};
        if (!om_progress_begin(&job->progress, &part))
            return om_progress_stop(err);
        omost_status st =
            encode_with(job, i ? OMOST_ENCODER_2 : OMOST_ENCODER_1, err);
        if (st) return st;
        if (!om_progress_end(&job->progress)) return om_progress_stop(err);
    }
    const om_text *t = &job->text;
    om_tap(job, 0, "words", 0, 0, t->states,
           (size_t)t->n_words * (size_t)t->width);
    om_tap(job, 0, "pooled", 0, 0, t->pooled,
           ((size_t)t->n_regions + 1) * (size_t)t->pooled_width);
    return OMOST_OK;
}

/* ---- a job ------------------------------------------------------------- */

/* Cells that one step of a pass evaluates. */
static double step_cells(const om_job *job, const om_pass *pass)
{
    double cells = (double)pass->h * pass->w, parts = 1;
    if (job->s.region.method == OMOST_REGION_MULTIDIFFUSION)
        for (int i = 1; i < job->text.n_regions; i++) {
            omost_box b = job->text.region[i].box;
            parts += (double)(b.bottom - b.top) * (b.right - b.left) /
                     (OMOST_GRID * OMOST_GRID);
        }
    return cells * parts * (om_is_guided(job->s.cfg) ? 2 : 1);
}

/* Evaluations of one picture. */
static double paint_work(const om_job *job)
{
    double work = 0;
    for (int i = 0; i < job->s.n_passes; i++) {
        const om_pass *p = &job->s.pass[i];
        work += p->n_steps * om_work_evaluation(step_cells(job, p));
    }
    return work;
}

/* How many pictures are painted before the first of them is decoded. Where UNet
 * and VAE are never in memory together, decoding costs loading the UNet again: a
 * picture is decoded at once when that is at most a tenth of its work, else a
 * group for which it is. */
static int group_size(const om_job *job)
{
    if (job->p->o.keep_loaded) return 1;
    const double load = job->s.n_passes * om_work_load_unet();
    const double n = job->p->o.group > 0 ? job->p->o.group
                                         : ceil(10 * load / paint_work(job));
    return n < job->s.batch ? (int)n : job->s.batch;
}

static double load_work(const om_job *job)
{
    const int n = group_size(job), last = job->s.n_passes - 1;
    const int groups = job->p->o.keep_loaded ? 1 : (job->s.batch + n - 1) / n;
    /* compat_omost does all passes but the last for the whole batch */
    const int loads = job->draw->opts->compat_omost ? groups + last
                                                    : groups * job->s.n_passes;
    return loads * om_work_load_unet();
}

static double total_work(const om_job *job)
{
    const om_pass *first = &job->s.pass[0];
    const om_pass *last = &job->s.pass[job->s.n_passes - 1];
    const omost_render_opts *o = job->draw->opts;
    double work = om_work_text(job->text.n_words / OMOST_ROW_IDS);
    double each = om_work_decode(last->h, last->w) + paint_work(job);
    work += load_work(job);
    if (o->init_layout > 0 || o->init_image.rgb)
        work += om_work_encode(first->h, first->w);
    if (job->s.n_passes > 1)
        each += om_work_decode(first->h, first->w) +
                om_work_encode(last->h, last->w);
    return work + each * job->s.batch;
}

static void seed_generators(om_job *job)
{
    const uint64_t seed = (uint64_t)job->draw->opts->seed;
    for (int i = 0; i < job->s.batch; i++)
        om_rng_init(&job->rng[i], job->s.rng, seed + (uint64_t)i);
}

/* What needs the VAE's other half is refused where it is not there. */
static omost_status check_encoder(const om_job *job, omost_error *err)
{
    const omost_render_opts *o = job->draw->opts;
    const char *what = o->init_image.rgb     ? "a picture to begin from"
                       : o->init_layout > 0  ? "the initial layout"
                       : job->s.n_passes > 1 ? "a second pass"
                                             : NULL;
    if (!what || job->p->can_encode) return OMOST_OK;
    return om_fail(err, OMOST_MISSING,
                   "%s: the VAE has no encoder, which %s needs; give one that "
                   "has it with --vae",
                   vae_path(job->p), what);
}

static void tell_second_size(const om_job *job)
{
    const om_pass *first = &job->s.pass[0], *second = &job->s.pass[1];
    const double scale = om_decimal(job->draw->opts->hires_scale);
    if (job->s.n_passes < 2 || (first->width * scale == second->width &&
                                first->height * scale == second->height))
        return;
    om_job_note(job,
                "%dx%d times %g is drawn as %dx%d: sides are multiples of %d",
                first->width, first->height, scale, second->width,
                second->height, OMOST_RENDER_GRAIN);
}

static omost_status job_init(om_job *job, omost_error *err)
{
    const om_draw *d = job->draw;
    om_text_init(&job->text, job->env);
    omost_status st = om_settings_read(&job->s, d->opts, job->p->o.model, err);
    if (st) return st;
    if (!omost_plan_row_count(d->plan, 0))
        return om_fail(err, OMOST_USAGE,
                       "the plan was made without a tokenizer and has no rows "
                       "to draw from");
    if (om_is_guided(job->s.cfg) && !d->negative)
        return om_fail(err, OMOST_USAGE,
                       "guidance of %g needs a negative prompt, if only an "
                       "empty one",
                       (double)job->s.cfg);
    if ((st = check_encoder(job, err))) return st;
    if ((st = om_check_memory(job, err))) return st;
    tell_second_size(job);
    const size_t batch = (size_t)job->s.batch;
    job->rng = om_alloc(job->env, batch * sizeof *job->rng);
    job->latents = om_zalloc(job->env, batch * sizeof *job->latents);
    if (!job->rng || !job->latents) return om_fail_nomem(err);
    seed_generators(job);
    bool alone = job->s.region.method == OMOST_REGION_NONE;
    st =
        om_text_plan(&job->text, d->plan, alone ? 1 : omost_plan_count(d->plan),
                     om_is_guided(job->s.cfg) ? d->negative : NULL, err);
    if (!st) om_progress_init(&job->progress, &d->sink, total_work(job));
    return st;
}

static void job_free(om_job *job)
{
    om_job_forget(job);
    om_text_free(&job->text);
    for (int i = 0; job->latents && i < job->s.batch; i++)
        om_free(job->env, job->latents[i]);
    om_free(job->env, job->latents);
    om_free(job->env, job->start);
    om_free(job->env, job->rng);
}

/* Some pictures up to where their last pass begins, each stage for all of them. */
static omost_status begin_some(om_job *job, int first, int n, omost_error *err)
{
    omost_status st = om_add_pass_noise(job, 0, first, n, err);
    if (!st && job->s.n_passes > 1) {
        st = om_paint(job, 0, first, n, err);
        if (!st) st = om_enlarge(job, first, n, err);
        if (!st) st = om_add_pass_noise(job, 1, first, n, err);
    }
    return st;
}

static omost_status end_some(om_job *job, int first, int n, omost_error *err)
{
    omost_status st = om_paint(job, job->s.n_passes - 1, first, n, err);
    if (st) return st;
    /* Nobody paints any more: let decoding have the memory. */
    if (first + n == job->s.batch && !job->p->o.keep_loaded) om_job_forget(job);
    return om_finish(job, first, n, err);
}

/* One generator for all draws the noise of a pass for all, so compat_omost can
 * only end them one by one. */
static omost_status draw_all(om_job *job, omost_error *err)
{
    const bool together = job->draw->opts->compat_omost;
    const int batch = job->s.batch, most = group_size(job);
    omost_status st = together ? begin_some(job, 0, batch, err) : OMOST_OK;
    for (int i = 0; !st && i < batch; i += most) {
        const int n = batch - i < most ? batch - i : most;
        if (!together) st = begin_some(job, i, n, err);
        if (!st) st = end_some(job, i, n, err);
    }
    return st;
}

static omost_status run_job(om_job *job, omost_error *err)
{
    omost_status st = job_init(job, err);
    if (!st) st = read_text(job, err);
    if (!st) st = om_make_start(job, err);
    return st ? st : draw_all(job, err);
}

omost_status om_pipeline_draw(om_pipeline *p, const om_draw *draw,
                              omost_error *err)
{
    omost_error mine;
    if (!err) err = &mine;
    om_job *job = om_zalloc(p->env, sizeof *job); /* some kB of noise levels */
    if (!job) return om_fail_nomem(err);
    job->p = p;
    job->env = p->env;
    job->draw = draw;
    omost_status st = run_job(job, err);
    job_free(job);
    /* A failure in the middle leaves parts open that nobody would close. */
    if (st && !p->o.keep_loaded) {
        om_done_unet(job);
        om_done_vae(p);
    }
    om_free(p->env, job);
    if (!st) om_error_clear(err);
    return st;
}
