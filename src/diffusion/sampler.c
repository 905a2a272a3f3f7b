/* sampler.c - see sampler.h. A sampler is a function that knows one step; its
 * coefficients are worked out in double, the arrays are float. */
#include "diffusion/sampler.h"

#include <math.h>

#include "base/mem.h"
#include "diffusion/word.h"

struct om_sampling {
    const omost_env *env;
    om_sampling_opts o;
    float eta;
    int i;           /* steps taken */
    float *denoised; /* [n] each: this step's, */
    float *old;      /* the step's before (dpm++2m), */
    float *fresh;    /* noise (when eta is not 0) */
    const float *latest;
    float memory[];
};

/* ---- scalings ---------------------------------------------------------- */

static const char *const prediction_names[] = {
#define X(id, name, text) name,
    OM_PREDICTION_LIST(X)
#undef X
};

const char *om_prediction_name(om_prediction prediction)
{
    return prediction_names[prediction];
}

int om_prediction_find(om_str name)
{
    for (int i = 0; i < OM_N_PREDICTIONS; i++)
        if (om_word_eq(name, prediction_names[i])) return i;
    return -1;
}

om_scaling om_scaling_of(om_prediction prediction, float sigma)
{
    const double total = (double)sigma * sigma + 1;
    om_scaling c = {.in = (float)(1 / sqrt(total)), .skip = 1, .out = -sigma};
    if (prediction == OM_PREDICTION_V) {
        c.skip = (float)(1 / total);
        c.out = (float)(-sigma / sqrt(total));
    }
    return c;
}

void om_scale_input(float *out, om_scaling c, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) out[i] = c.in * x[i];
}

void om_scale_output(float *denoised, om_scaling c, const float *x,
                     const float *output, size_t n)
{
    for (size_t i = 0; i < n; i++)
        denoised[i] = c.skip * x[i] + c.out * output[i];
}

void om_add_noise(float *x, const float *noise, float sigma, size_t n)
{
    for (size_t i = 0; i < n; i++) x[i] += noise[i] * sigma;
}

/* ---- steps ------------------------------------------------------------- */

static omost_status denoise(om_sampling *run, float sigma, omost_error *err)
{
    const om_sampling_opts *o = &run->o;
    omost_status st = o->denoise(o->user, o->x, sigma, run->denoised, err);
    run->latest = st == OMOST_OK ? run->denoised : NULL;
    return st;
}

static void add_fresh_noise(om_sampling *run, double amount)
{
    run->o.noise(run->o.user, run->fresh, run->o.n);
    om_add_noise(run->o.x, run->fresh, (float)amount, run->o.n);
}

/* x[n] = keep * x[n] + (1 - keep) * d[n] */
static void move_towards(float *x, const float *d, double keep, size_t n)
{
    const float a = (float)keep, b = (float)(1 - keep);
    for (size_t i = 0; i < n; i++) x[i] = a * x[i] + b * d[i];
}

/* Straight along the line from x to the picture, beyond what is aimed at by as
 * much as fresh noise (of deviation `up`) makes up for: up^2 + down^2 = next^2.
 * eta 0 is Euler and, in these coordinates, also DDIM; eta 1 is Euler ancestral
 * and DDPM, the amount being the same in both derivations. */
static omost_status step_ancestral(om_sampling *run, float sigma, float next,
                                   omost_error *err)
{
    omost_status st = denoise(run, sigma, err);
    if (st) return st;
    const double s2 = (double)sigma * sigma, t2 = (double)next * next;
    double up = run->eta * sqrt(t2 * fmax(s2 - t2, 0) / s2);
    double down = up > 0 ? sqrt(fmax(t2 - up * up, 0)) : next;
    move_towards(run->o.x, run->denoised, down / sigma, run->o.n);
    if (up > 0) add_fresh_noise(run, up);
    return OMOST_OK;
}

/* The picture, made noisy again. */
static omost_status step_lcm(om_sampling *run, float sigma, float next,
                             omost_error *err)
{
    omost_status st = denoise(run, sigma, err);
    if (st) return st;
    memcpy(run->o.x, run->denoised, run->o.n * sizeof *run->o.x);
    if (next > 0) add_fresh_noise(run, next);
    return OMOST_OK;
}

/* DPM-Solver++(2M): the picture extrapolated from this step's and the last's,
 * in the time -log sigma. First order at the first step and to sigma 0. */
static omost_status step_dpmpp_2m(om_sampling *run, float sigma, float next,
                                  omost_error *err)
{
    omost_status st = denoise(run, sigma, err);
    if (st) return st;
    float *x = run->o.x, *d = run->denoised, *old = run->old;
    const double keep = (double)next / sigma;
    double w = 0; /* how far beyond this step's picture */
    if (run->i > 0 && next > 0) {
        double last = log((double)run->o.sigmas[run->i - 1] / sigma);
        if (last > 0) w = log((double)sigma / next) / (2 * last);
    }
    if (w > 0) {
        const float a = (float)keep, b = (float)((1 - keep) * (1 + w)),
                    c = (float)(-(1 - keep) * w);
        for (size_t i = 0; i < run->o.n; i++)
            x[i] = a * x[i] + b * d[i] + c * old[i];
    } else {
        move_towards(x, d, keep, run->o.n);
    }
    run->denoised = old;
    run->old = d;
    return OMOST_OK;
}

/* ---- the table --------------------------------------------------------- */

const om_sampler om_samplers[OM_N_SAMPLERS] = {
#define X(id, name, alias, eta, step, text) \
    {name, alias, text, eta, step_##step},
    OM_SAMPLER_LIST(X)
#undef X
};

const om_sampler *om_sampler_find(om_str name)
{
    for (int i = 0; i < OM_N_SAMPLERS; i++)
        if (om_word_eq(name, om_samplers[i].name) ||
            (om_samplers[i].alias && om_word_eq(name, om_samplers[i].alias)))
            return &om_samplers[i];
    return NULL;
}

/* ---- a run ------------------------------------------------------------- */

static omost_status check_opts(const om_sampling_opts *o, float eta,
                               omost_error *err)
{
    for (int i = 0; i < o->n_steps; i++) {
        float here = o->sigmas[i], next = o->sigmas[i + 1];
        if (!(here > 0 && next >= 0 && here >= next && isfinite(here)))
            return om_fail(err, OMOST_RANGE,
                           "the noise of step %d goes from %g to %g: it must "
                           "descend to 0",
                           i + 1, (double)here, (double)next);
    }
    if (!(eta >= 0 && eta <= 1))
        return om_fail(err, OMOST_RANGE, "an eta of %g: it must be 0 to 1",
                       (double)eta);
    if (eta > 0 && !o->noise)
        return om_fail(err, OMOST_RANGE, "the sampler %s needs noise",
                       o->sampler->name);
    return OMOST_OK;
}

om_sampling *om_sampling_new(const omost_env *env, const om_sampling_opts *opts,
                             omost_error *err)
{
    om_sampling_opts o = *opts;
    if (!o.sampler) o.sampler = &om_samplers[0];
    bool is_2m = o.sampler->step == step_dpmpp_2m;
    bool is_fixed = is_2m || o.sampler->step == step_lcm;
    float eta = o.has_eta && !is_fixed ? o.eta : o.sampler->eta;
    if (check_opts(&o, eta, err)) return NULL;

    om_sampling *run = NULL;
    size_t n_arrays = 1 + (is_2m || eta > 0), size;
    if (om_mul_size(o.n, n_arrays * sizeof(float), &size) &&
        size <= SIZE_MAX - sizeof *run)
        run = om_alloc(env, sizeof *run + size);
    if (!run) {
        (void)om_fail_nomem(err);
        return NULL;
    }
    *run = (om_sampling){.env = env, .o = o, .eta = eta};
    run->denoised = run->memory;
    run->old = run->fresh = n_arrays > 1 ? run->memory + o.n : NULL;
    return run;
}

bool om_sampling_done(const om_sampling *run)
{
    return run->i >= run->o.n_steps;
}

omost_status om_sampling_step(om_sampling *run, omost_error *err)
{
    const float *sigma = run->o.sigmas + run->i;
    omost_status st = run->o.sampler->step(run, sigma[0], sigma[1], err);
    if (st == OMOST_OK) run->i++;
    return st;
}

const float *om_sampling_denoised(const om_sampling *run)
{
    return run->latest;
}

void om_sampling_free(om_sampling *run)
{
    if (run) om_free(run->env, run);
}
