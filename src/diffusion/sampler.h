/* sampler.h - from noise to latents: samplers as a table, and a run of one of
 * them over a schedule.
 *
 *     om_sampling_opts o = {.sampler = om_sampler_find(OM_STR("euler")),
 *                           .sigmas = sigmas, .n_steps = steps,
 *                           .x = latents, .n = n, .denoise = denoise, ...};
 *     om_sampling *run = om_sampling_new(env, &o, err);
 *     while (!om_sampling_done(run))
 *         if ((st = om_sampling_step(run, err))) break;
 *     om_sampling_free(run);
 *
 * Latents are noisy in the "variance exploding" form: x = picture + sigma *
 * noise. The callback scales them for the model, which was trained on
 * x / sqrt(sigma^2 + 1), and turns its answer into the picture it believes in
 * (om_scaling), after guidance.
 *
 * om_sampling_new() takes all the memory; a step takes none. When a step fails
 * x is as it was before that step. One thread at a time. */
#ifndef OM_DIFFUSION_SAMPLER_H
#define OM_DIFFUSION_SAMPLER_H

#include "base/error.h"
#include "base/str.h"

/* ---- what a model predicts --------------------------------------------- */

/* id, name, what it is */
#define OM_PREDICTION_LIST(X)                                     \
    X(EPS, "eps", "the noise (SDXL and nearly all made from it)") \
    X(V, "v", "the velocity (\"v-prediction\" checkpoints)")

typedef enum om_prediction {
#define X(id, name, text) OM_PREDICTION_##id,
    OM_PREDICTION_LIST(X)
#undef X
        OM_N_PREDICTIONS
} om_prediction;

const char *om_prediction_name(om_prediction prediction);
/* The prediction of that name, or -1. */
int om_prediction_find(om_str name);

/* model input = in * x;  denoised = skip * x + out * model output */
typedef struct om_scaling {
    float in, skip, out;
} om_scaling;

om_scaling om_scaling_of(om_prediction prediction, float sigma);
/* out[n] = in * x[n] */
void om_scale_input(float *out, om_scaling c, const float *x, size_t n);
/* denoised[n] from the model's output[n]; they may be the same array. */
void om_scale_output(float *denoised, om_scaling c, const float *x,
                     const float *output, size_t n);

/* ---- samplers ---------------------------------------------------------- */

/* id, name, other name, its eta, what it is. eta is how much of each step is
 * fresh noise: 0 none, 1 as much as was in the model's training. */
#define OM_SAMPLER_LIST(X)                                                 \
    X(DPMPP_2M, "dpm++2m", NULL, 0, dpmpp_2m,                              \
      "second order, remembers one step; the original's")                  \
    X(EULER, "euler", NULL, 0, ancestral, "first order")                   \
    X(EULER_A, "euler_a", "euler_ancestral", 1, ancestral,                 \
      "first order, fresh noise at every step")                            \
    X(DDIM, "ddim", NULL, 0, ancestral, "as euler; with eta, the paper's") \
    X(LCM, "lcm", NULL, 1, lcm, "for LCM models and LoRAs, 2 to 8 steps")

enum {
#define X(id, name, alias, eta, step, text) OM_SAMPLER_##id,
    OM_SAMPLER_LIST(X)
#undef X
        OM_N_SAMPLERS
};

typedef struct om_sampling om_sampling;

typedef struct om_sampler {
    const char *name, *alias, *text;
    float eta;
    /* Take x from sigma to next. */
    omost_status (*step)(om_sampling *run, float sigma, float next,
                         omost_error *err);
} om_sampler;

/* Indexed by OM_SAMPLER_...; [0] is the default. */
extern const om_sampler om_samplers[OM_N_SAMPLERS];
/* The sampler of that name, or NULL. */
const om_sampler *om_sampler_find(om_str name);

/* ---- a run ------------------------------------------------------------- */

/* denoised[n]: the picture that the model sees in x[n], whose noise is sigma. */
typedef omost_status om_denoise_fn(void *user, const float *x, float sigma,
                                   float *denoised, omost_error *err);
/* out[n]: fresh normal noise (om_rng_randn on a generator per image). */
typedef void om_noise_fn(void *user, float *out, size_t n);

typedef struct om_sampling_opts {
    const om_sampler *sampler; /* NULL: the default */
    const float *sigmas;       /* [n_steps + 1], borrowed during the run */
    int n_steps;
    float *x; /* [n], borrowed: the noisy latents, in place the result */
    size_t n;
    bool has_eta; /* or else the sampler's own */
    float eta;    /* 0..1; dpm++2m and lcm have no use for it */
    om_denoise_fn *denoise;
    om_noise_fn *noise; /* may be NULL for samplers that draw none */
    void *user;         /* both callbacks' */
} om_sampling_opts;

/* NULL when there is no memory, or RANGE when the sigmas do not descend, eta is
 * out of range or noise is missing. */
om_sampling *om_sampling_new(const omost_env *env, const om_sampling_opts *opts,
                             omost_error *err);
bool om_sampling_done(const om_sampling *run);
/* One step. What the callback fails with comes through unchanged. */
OMOST_NODISCARD omost_status om_sampling_step(om_sampling *run,
                                              omost_error *err);
/* What the last step's model call returned, for a preview; lent until the next
 * step. NULL before the first. */
const float *om_sampling_denoised(const om_sampling *run);
void om_sampling_free(om_sampling *run);

/* x[n] += sigma * noise[n]: where a run starts. */
void om_add_noise(float *x, const float *noise, float sigma, size_t n);

#endif
