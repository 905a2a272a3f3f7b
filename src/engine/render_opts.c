/* render_opts.c - see render_opts.h. */
#include "engine/render_opts.h"

#include <stdio.h>

#include "base/random.h"
#include "base/str.h"
#include "diffusion/sampler.h"
#include "diffusion/settings.h"
#include "prompt/profile.h"

/* clang-format off */
#define AT(field) offsetof(omost_render_opts, field)
const om_render_field om_render_fields[] = {
    {OM_RENDER_STEPS, OM_FIELD_INT, AT(steps), 0},
    {OM_RENDER_CFG, OM_FIELD_FLOAT, AT(cfg_scale), 0},
    {OM_RENDER_SAMPLER, OM_FIELD_NAME, AT(sampler), OMOST_CHOICE_SAMPLER},
    {OM_RENDER_SCHEDULE, OM_FIELD_NAME, AT(schedule), OMOST_CHOICE_SCHEDULE},
    {OM_RENDER_RNG, OM_FIELD_NAME, AT(rng), OMOST_CHOICE_RNG},
    {OM_RENDER_PREDICTION, OM_FIELD_NAME, AT(prediction), OMOST_CHOICE_PREDICTION},
    {OM_RENDER_BATCH, OM_FIELD_INT, AT(batch), 0},
    {OM_RENDER_POOLED, OM_FIELD_BOOL, AT(projected_pooled), 0},
    {OM_RENDER_FIT, OM_FIELD_BOOL, AT(fit_prefix), 0},
    {OM_RENDER_VAE_TILING, OM_FIELD_BOOL, AT(vae_tiling), 0},
    {OM_RENDER_LAYOUT, OM_FIELD_FLOAT, AT(init_layout), 0},
    {OM_RENDER_STRENGTH, OM_FIELD_FLOAT, AT(strength), 0},
    {OM_RENDER_HIRES, OM_FIELD_FLOAT, AT(hires_scale), 0},
    {OM_RENDER_HIRES_STEPS, OM_FIELD_INT, AT(hires_steps), 0},
    {OM_RENDER_HIRES_DENOISE, OM_FIELD_FLOAT, AT(hires_denoise), 0},
};
#undef AT
/* clang-format on */
const size_t om_n_render_fields =
    sizeof om_render_fields / sizeof *om_render_fields;

const om_render_field *om_render_field_of(om_render_id id)
{
    for (size_t i = 0; i < om_n_render_fields; i++)
        if (om_render_fields[i].id == id) return &om_render_fields[i];
    return NULL;
}

const char *om_choice_text(omost_choice which, char out[OM_CHOICE_TEXT])
{
    size_t used = 0;
    const char *name;
    out[0] = '\0';
    for (size_t i = 0; (name = omost_choice_name(which, i)) != NULL; i++) {
        bool last = !omost_choice_name(which, i + 1);
        int n = snprintf(out + used, OM_CHOICE_TEXT - used, "%s%s",
                         i == 0 ? ""
                         : last ? " or "
                                : ", ",
                         name);
        if (n < 0 || used + (size_t)n >= OM_CHOICE_TEXT) break;
        used += (size_t)n;
    }
    return out;
}

/* ---- one by one ---------------------------------------------------------- */

static omost_status out_of_range(const char *name, double v, double min,
                                 double max, omost_error *err)
{
    return om_fail(err, OMOST_RANGE, "--%s is %g; it must be %g to %g", name, v,
                   min, max);
}

static omost_status check_number(const om_render_field *f, double v,
                                 omost_error *err)
{
    const omost_option *o = omost_render_option(f->id);
    /* The colours of a canvas are left out (0) or can be seen. */
    const bool or_zero = f->id == OM_RENDER_LAYOUT;
    const double least = or_zero ? OMOST_MIN_SHARE : o->min;
    /* 0.01 as a float is a little less than as a double */
    bool fine = v >= least - 1e-6 && v <= o->max;
    if (fine || (or_zero && v == 0)) return OMOST_OK;
    if (!or_zero) return out_of_range(o->name, v, o->min, o->max, err);
    return om_fail(err, OMOST_RANGE, "--%s is %g; it must be 0 or %g to %g",
                   o->name, v, least, o->max);
}

static omost_status check_name(const om_render_field *f, const char **name,
                               omost_error *err)
{
    char list[OM_CHOICE_TEXT];
    int i = omost_choice_find(f->choice, *name);
    if (i < 0)
        return om_fail(err, OMOST_RANGE, "--%s is \"%.40s\"; it must be %s",
                       om_field_name(f), *name,
                       om_choice_text(f->choice, list));
    *name = omost_choice_name(f->choice, (size_t)i);
    return OMOST_OK;
}

static omost_status check_fields(omost_render_opts *o, omost_error *err)
{
    for (size_t i = 0; i < om_n_render_fields; i++) {
        const om_render_field *f = &om_render_fields[i];
        void *p = (char *)o + f->at;
        omost_status st = OMOST_OK;
        if (f->kind == OM_FIELD_INT) st = check_number(f, *(int *)p, err);
        if (f->kind == OM_FIELD_FLOAT)
            st = check_number(f, (double)*(float *)p, err);
        if (f->kind == OM_FIELD_NAME) st = check_name(f, p, err);
        if (st != OMOST_OK) return st;
    }
    return OMOST_OK;
}

/* ---- together ------------------------------------------------------------ */

static omost_status check_side(const char *name, int *side, omost_error *err)
{
    if (*side < OMOST_RENDER_GRAIN || *side > OMOST_RENDER_MAX)
        return out_of_range(name, *side, OMOST_RENDER_GRAIN, OMOST_RENDER_MAX,
                            err);
    *side -= *side % OMOST_RENDER_GRAIN;
    return OMOST_OK;
}

static omost_status check_sizes(omost_render_opts *o, omost_error *err)
{
    omost_status st = check_side("width", &o->width, err);
    if (st == OMOST_OK) st = check_side("height", &o->height, err);
    if (st != OMOST_OK || !om_has_second_pass(o->hires_scale)) return st;
    const double w = om_second_side(o->width, o->hires_scale),
                 h = om_second_side(o->height, o->hires_scale);
    if (w <= OMOST_RENDER_MAX && h <= OMOST_RENDER_MAX) return OMOST_OK;
    return om_fail(
        err, OMOST_RANGE,
        "--hires is %g, which makes %.0fx%.0f of %dx%d; a side must be at "
        "most %d",
        (double)o->hires_scale, w, h, o->width, o->height, OMOST_RENDER_MAX);
}

static omost_status check_start(const omost_render_opts *o, omost_error *err)
{
    const omost_image *i = &o->init_image;
    if (!i->rgb) return OMOST_OK;
    if (o->init_layout > 0)
        return om_fail(
            err, OMOST_RANGE,
            "--init-layout and --init-img: a picture can begin from one "
            "of them only");
    if (i->width >= 1 && i->height >= 1 && i->width <= 32768 &&
        i->height <= 32768)
        return OMOST_OK;
    return om_fail(err, OMOST_RANGE,
                   "the picture to begin from has %dx%d pixels; its sides must "
                   "be 1 to 32768",
                   i->width, i->height);
}

static omost_status check_text(const omost_render_opts *o, omost_error *err)
{
    if (strlen(o->negative_prompt) <= OM_PROFILE_MAX_TEXT) return OMOST_OK;
    return om_fail(err, OMOST_LIMIT,
                   "the negative prompt has more than %d bytes",
                   OM_PROFILE_MAX_TEXT);
}

static omost_status check_enums(const omost_render_opts *o, omost_error *err)
{
    char list[OM_CHOICE_TEXT];
    if ((unsigned)o->region >= OMOST_N_REGION_METHODS)
        return om_fail(err, OMOST_RANGE, "--region is %d; it must be %s",
                       (int)o->region,
                       om_choice_text(OMOST_CHOICE_REGION, list));
    if ((unsigned)o->prompt_style > OMOST_PROMPT_TAGS)
        return om_fail(err, OMOST_RANGE, "there is no prompt style %d",
                       (int)o->prompt_style);
    if (o->preview_every < 0)
        return om_fail(err, OMOST_RANGE,
                       "--preview-every is %d; 0 stands for no previews",
                       o->preview_every);
    return OMOST_OK;
}

/* A1111's random seeds have 32 bits: torch's CPU generator sees no more. */
static omost_status settle_seed(omost_render_opts *o, omost_error *err)
{
    uint32_t word = 0;
    omost_status st = OMOST_OK;
    if (o->seed < 0) {
        st = om_random_bytes(&word, sizeof word, err);
        /* so that the whole batch stays below 2^32 */
        o->seed = word % (UINT32_MAX - OMOST_MAX_BATCH);
    }
    if (st == OMOST_OK && o->seed > INT64_MAX - OMOST_MAX_BATCH)
        st =
            om_fail(err, OMOST_RANGE, "--seed is %lld; it must be at most %lld",
                    (long long)o->seed,
                    (long long)(INT64_MAX - OMOST_MAX_BATCH));
    return st;
}

omost_status om_render_resolve(omost_render_opts *out,
                               const omost_render_opts *in,
                               const om_model_files *model, omost_error *err)
{
    static const omost_render_opts defaults = OMOST_RENDER_DEFAULTS;
    omost_render_opts o = in ? *in : defaults;
    if (!o.sampler) o.sampler = "dpm++2m";
    if (!o.schedule)
        o.schedule = om_schedule_name(model ? om_default_schedule(model)
                                            : OM_SCHEDULE_KARRAS);
    if (!o.rng) o.rng = "cuda";
    if (!o.prediction)
        o.prediction = om_prediction_name(model && om_predicts_v(model)
                                              ? OM_PREDICTION_V
                                              : OM_PREDICTION_EPS);
    if (!o.negative_prompt) o.negative_prompt = OMOST_NEGATIVE_DEFAULT;
    if (!o.compat_omost) o.projected_pooled = true;
    omost_status st = check_enums(&o, err);
    if (st == OMOST_OK) st = check_fields(&o, err);
    if (st == OMOST_OK) st = check_sizes(&o, err);
    if (st == OMOST_OK) st = check_start(&o, err);
    if (st == OMOST_OK) st = check_text(&o, err);
    if (st == OMOST_OK) st = settle_seed(&o, err);
    if (st == OMOST_OK) *out = o;
    return st;
}

omost_status omost_render_check(const omost_render_opts *opts, omost_error *err)
{
    omost_render_opts resolved;
    omost_error local;
    if (!err) err = &local;
    om_error_clear(err);
    return om_render_resolve(&resolved, opts, NULL, err);
}
