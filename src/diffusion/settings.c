/* settings.c - see settings.h. */
#include "diffusion/settings.h"

#include <math.h>
#include <stdio.h>

#include "diffusion/latents.h"
#include "weights/model_config.h"

/* ---- names ------------------------------------------------------------- */

static const char *sampler_name(int i)
{
    return i < OM_N_SAMPLERS ? om_samplers[i].name : NULL;
}

static const char *schedule_name(int i)
{
    return i < OM_N_SCHEDULES ? om_schedule_name((om_schedule)i) : NULL;
}

static const char *rng_name(int i)
{
    return i < OM_N_RNGS ? om_rng_name((om_rng_kind)i) : NULL;
}

static const char *prediction_name(int i)
{
    return i < OM_N_PREDICTIONS ? om_prediction_name((om_prediction)i) : NULL;
}

/* "there is no sampler \"x\": dpm++2m, euler, ..." */
static omost_status fail_unknown(omost_error *err, const char *what,
                                 const char *name, const char *(*nth)(int))
{
    char list[160];
    size_t n = 0;
    for (int i = 0; nth(i) && n < sizeof list; i++)
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "",
                              nth(i));
    return om_fail(err, OMOST_USAGE, "there is no %s \"%.40s\"; there are %s",
                   what, name, list);
}

om_schedule om_default_schedule(const om_model_files *model)
{
    return model->scheduler.spacing == OM_SPACING_TRAILING
               ? OM_SCHEDULE_TRAILING
               : OM_SCHEDULE_KARRAS;
}

static omost_status read_names(om_settings *s, const omost_render_opts *o,
                               const om_model_files *model, omost_error *err)
{
    int found;
    s->sampler = &om_samplers[0];
    if (o->sampler && !(s->sampler = om_sampler_find(om_str_of(o->sampler))))
        return fail_unknown(err, "sampler", o->sampler, sampler_name);
    s->schedule = om_default_schedule(model);
    if (o->schedule) {
        found = om_schedule_find(om_str_of(o->schedule));
        if (found < 0)
            return fail_unknown(err, "schedule", o->schedule, schedule_name);
        s->schedule = (om_schedule)found;
    }
    s->rng = OM_RNG_CUDA;
    if (o->rng) {
        found = om_rng_find(om_str_of(o->rng));
        if (found < 0) return fail_unknown(err, "rng", o->rng, rng_name);
        s->rng = (om_rng_kind)found;
    }
    s->prediction = om_predicts_v(model) ? OM_PREDICTION_V : OM_PREDICTION_EPS;
    if (o->prediction) {
        found = om_prediction_find(om_str_of(o->prediction));
        if (found < 0)
            return fail_unknown(err, "prediction", o->prediction,
                                prediction_name);
        s->prediction = (om_prediction)found;
    }
    return OMOST_OK;
}

/* ---- sizes ------------------------------------------------------------- */

static omost_status set_size(om_pass *p, double width, double height,
                             omost_error *err)
{
    if (!(width >= OMOST_RENDER_GRAIN && width <= OMOST_RENDER_MAX &&
          height >= OMOST_RENDER_GRAIN && height <= OMOST_RENDER_MAX))
        return om_fail(err, OMOST_RANGE,
                       "a picture of %.0fx%.0f: sides must be %d to %d", width,
                       height, OMOST_RENDER_GRAIN, OMOST_RENDER_MAX);
    p->width = (int)width / OMOST_RENDER_GRAIN * OMOST_RENDER_GRAIN;
    p->height = (int)height / OMOST_RENDER_GRAIN * OMOST_RENDER_GRAIN;
    p->w = p->width / OM_LATENT_CELL;
    p->h = p->height / OM_LATENT_CELL;
    return OMOST_OK;
}

bool om_has_second_pass(float scale)
{
    return om_decimal(scale) > 1.05;
}

double om_second_side(int side, float scale)
{
    return rint(side * om_decimal(scale) / OMOST_RENDER_GRAIN) *
           OMOST_RENDER_GRAIN;
}

/* ---- noise levels ------------------------------------------------------ */

/* Image to image, as users of diffusers know it: of `steps` steps the last
 * int(steps * strength) are done, at least one. */
static omost_status shorten(om_settings *s, om_pass *p, int steps,
                            double strength, omost_error *err)
{
    if (!(strength >= OMOST_MIN_SHARE && strength <= 1))
        return om_fail(err, OMOST_RANGE, "a strength of %g: it must be %g to 1",
                       strength, OMOST_MIN_SHARE);
    float all[OM_MAX_STEPS + 1];
    omost_status st =
        om_schedule_sigmas(&s->table, s->schedule, steps, 1, all, err);
    if (st) return st;
    int n = (int)(steps * strength);
    p->n_steps = n < 1 ? 1 : n;
    memcpy(p->sigmas, all + steps - p->n_steps,
           ((size_t)p->n_steps + 1) * sizeof *all);
    return OMOST_OK;
}

/* The original's way: `steps` steps, the last ones of a longer schedule. */
static omost_status lengthen(om_settings *s, om_pass *p, int steps,
                             double strength, omost_error *err)
{
    p->n_steps = steps;
    return om_schedule_sigmas(&s->table, s->schedule, steps, strength,
                              p->sigmas, err);
}

static omost_status read_first(om_settings *s, const omost_render_opts *o,
                               omost_error *err)
{
    om_pass *p = &s->pass[0];
    omost_status st = set_size(p, o->width, o->height, err);
    if (st) return st;
    if (o->init_image.rgb && o->init_layout > 0)
        return om_fail(err, OMOST_USAGE,
                       "a picture and the layout to begin from: give one of "
                       "the two");
    if (!(o->init_layout >= 0 && o->init_layout <= 1))
        return om_fail(err, OMOST_RANGE,
                       "an initial layout of %g: it must be 0 to 1",
                       (double)o->init_layout);
    if (o->init_image.rgb)
        return shorten(s, p, o->steps, om_decimal(o->strength), err);
    return lengthen(s, p, o->steps,
                    o->init_layout > 0 ? om_decimal(o->init_layout) : 1, err);
}

static omost_status read_second(om_settings *s, const omost_render_opts *o,
                                omost_error *err)
{
    s->n_passes = 1;
    if (!om_has_second_pass(o->hires_scale)) return OMOST_OK;
    om_pass *p = &s->pass[1];
    omost_status st =
        set_size(p, om_second_side(s->pass[0].width, o->hires_scale),
                 om_second_side(s->pass[0].height, o->hires_scale), err);
    if (!st)
        st = lengthen(s, p, o->hires_steps, om_decimal(o->hires_denoise), err);
    if (!st) s->n_passes = 2;
    return st;
}

omost_status om_settings_read(om_settings *s, const omost_render_opts *o,
                              const om_model_files *model, omost_error *err)
{
    *s = (om_settings){.cfg = o->cfg_scale,
                       .batch = o->batch,
                       .region = {.method = o->region,
                                  .strict = o->compat_omost}};
    omost_status st = read_names(s, o, model, err);
    if (st) return st;
    if (!(o->batch >= 1 && o->batch <= OMOST_MAX_BATCH))
        return om_fail(err, OMOST_RANGE, "%d pictures: there must be 1 to %d",
                       o->batch, OMOST_MAX_BATCH);
    if (!(o->cfg_scale >= 0 && o->cfg_scale <= OMOST_MAX_CFG))
        return om_fail(err, OMOST_RANGE, "a guidance of %g: it must be 0 to %d",
                       (double)o->cfg_scale, OMOST_MAX_CFG);
    if ((unsigned)o->region >= OMOST_N_REGION_METHODS)
        return om_fail(err, OMOST_USAGE, "there is no region method %d",
                       (int)o->region);
    om_sigma_table_init(&s->table, om_has_zero_snr(model));
    st = read_first(s, o, err);
    return st ? st : read_second(s, o, err);
}
