/* memory_need.c - see pipeline_impl.h: what a call needs at least, from the plans
 * of its graphs, so that a size that cannot be drawn is refused before hours of
 * work, and not by the kernel in the middle of them.
 *
 * Everything is rounded down: weights as if all matrices fitted 16 bits, values
 * as planned, no scratch, no program. Only what certainly cannot work is
 * refused. */
#include <stdio.h>

#include "base/ram.h"
#include "diffusion/pipeline_impl.h"

/* A stage, and what to do when it is too large. */
typedef struct need {
    uint64_t bytes;
    const om_pass *pass;
    const char *doing, *remedy;
} need;

static const char smaller[] = "choose a smaller size (-W, -H)";
static const char less_hires[] = "choose a smaller size or --hires";

static const char *remedy_of(const om_job *job, const om_pass *pass)
{
    return pass == &job->s.pass[0] ? smaller : less_hires;
}

static void keep_larger(need *most, need n)
{
    if (n.bytes > most->bytes) *most = n;
}

static omost_status need_of_unet(om_job *job, need *most, omost_error *err)
{
    const int n = om_is_guided(job->s.cfg) ? 2 : 1;
    for (int i = 0; i < job->s.n_passes; i++) {
        const om_pass *p = &job->s.pass[i];
        size_t values, weights;
        omost_status st =
            om_unet_plan(job->p->unet, (om_unet_size){n, p->h, p->w}, &values,
                         &weights, err);
        if (st) return st;
        keep_larger(most, (need){(uint64_t)values + weights, p, "drawing",
                                 remedy_of(job, p)});
    }
    return OMOST_OK;
}

/* Decoding a pass, or encoding what it begins from. */
static omost_status need_of_pass(om_job *job, const om_pass *p, bool decode,
                                 need *most, omost_error *err)
{
    const om_tiling tiling = om_tiling_of(job, p);
    size_t values, weights;
    omost_status st = om_vae_plan(job->p->vae, p->h, p->w, tiling, decode,
                                  &values, &weights, err);
    if (st) return st;
    keep_larger(most,
                (need){(uint64_t)values + weights +
                           om_pass_pixels(p) * sizeof(float),
                       p, decode ? "decoding" : "encoding",
                       tiling.tile ? remedy_of(job, p)
                                   : "choose a smaller size or --vae-tiling"});
    return OMOST_OK;
}

static omost_status need_of_vae(om_job *job, need *most, omost_error *err)
{
    const omost_render_opts *o = job->draw->opts;
    omost_status st = OMOST_OK;
    for (int i = 0; i < job->s.n_passes && !st; i++) {
        const om_pass *p = &job->s.pass[i];
        st = need_of_pass(job, p, true, most, err);
        if (!st && (i > 0 || o->init_image.rgb || o->init_layout > 0))
            st = need_of_pass(job, p, false, most, err);
    }
    return st;
}

static uint64_t limit_of(const om_pipeline *p)
{
    if (p->o.memory) return p->o.memory;
    const om_ram ram = om_ram_read("");
    return om_ram_most(&ram);
}

static omost_status refuse(const need *n, uint64_t limit, omost_error *err)
{
    const double gb = 1e9;
    return om_fail(err, OMOST_NOMEM,
                   "%s %dx%d takes at least %.1f GB of memory, and there are "
                   "%.1f GB; %s",
                   n->doing, n->pass->width, n->pass->height,
                   (double)n->bytes / gb, (double)limit / gb, n->remedy);
}

/* The parts stay open for who needs them next: opening one reads hardly any of
 * its weights. After a failure om_pipeline_draw() closes them. */
omost_status om_check_memory(om_job *job, omost_error *err)
{
    need most = {0};
    omost_status st = om_need_unet(job->p, err);
    if (!st) st = need_of_unet(job, &most, err);
    if (!st) st = om_need_vae(job->p, err);
    if (!st) st = need_of_vae(job, &most, err);
    const uint64_t limit = limit_of(job->p);
    if (!st && most.bytes > limit) st = refuse(&most, limit, err);
    return st;
}
