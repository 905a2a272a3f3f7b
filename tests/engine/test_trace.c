/* test_trace.c - whole runs of the sampler through the golden UNet: what the
 * original's latents were after every step. */
#include "models.h"

#include "diffusion/guide.h"
#include "diffusion/latents.h"
#include "diffusion/vae.h"
#include "golden_text.h"

static margin closest;

/* ---- a run ------------------------------------------------------------- */

/* Picture `index` of a golden [.., C, H, W] array that begins at `from`, channels
 * last; to be freed. */
static float *picture_of(const float *from, size_t index, size_t cells)
{
    const size_t n = cells * OM_LATENT_CHANNELS;
    float *x = malloc(n * sizeof *x);
    assert_non_null(x);
    om_channels_last(x, from + index * n, cells, OM_LATENT_CHANNELS);
    return x;
}

static void compare(const char *who, const char *what, int step,
                    const float *got, const float *want, size_t index,
                    size_t cells, double bound)
{
    char name[96];
    float *x = picture_of(want, index, cells);
    const golden_array a = {{1, 1, (int)cells, OM_LATENT_CHANNELS}, x};
    snprintf(name, sizeof name, "%s, step %d", what, step);
    assert_golden(&closest, who, name, got, OM_LATENT_CHANNELS, &a, bound);
    free(x);
}

typedef struct trace {
    char name[64];
    golden_tensors t;
    int h, w, n_steps;
    size_t batch, cells;
    float cfg, *sigmas;
    double bound;
} trace;

static void trace_open(trace *r, const char *name, const json_t *run)
{
    char path[96];
    snprintf(r->name, sizeof r->name, "sampler/%s", name);
    snprintf(path, sizeof path, "%s.safetensors", r->name);
    assert_true(golden_tensors_open(&r->t, path));
    r->h = (int)json_integer_value(json_object_get(run, "height"));
    r->w = (int)json_integer_value(json_object_get(run, "width"));
    r->batch = (size_t)json_integer_value(json_object_get(run, "batch"));
    r->cells = (size_t)r->h * (size_t)r->w;
    r->cfg = (float)json_number_value(json_object_get(run, "guidance_scale"));
    r->bound = tolerance_of(r->name);
    size_t n;
    r->sigmas = golden_floats(&r->t, "sigmas", &n);
    r->n_steps = (int)n - 1;
}

static void trace_close(trace *r)
{
    free(r->sigmas);
    golden_tensors_close(&r->t);
}

static void follow(const trace *r, om_guide *guide, size_t index,
                   const char *who)
{
    float *noise = golden_floats(&r->t, "noise", NULL);
    float *start = golden_floats(&r->t, "initial_latent", NULL);
    float *after = golden_floats(&r->t, "latents_after_step", NULL);
    float *denoised = golden_floats(&r->t, "denoised", NULL);
    float *x = picture_of(start, index, r->cells);
    float *e = picture_of(noise, index, r->cells);
    om_add_noise(x, e, r->sigmas[0], r->cells * OM_LATENT_CHANNELS);
    const om_sampling_opts o = {.sigmas = r->sigmas,
                                .n_steps = r->n_steps,
                                .x = x,
                                .n = r->cells * OM_LATENT_CHANNELS,
                                .denoise = om_guide_denoise,
                                .user = guide};
    omost_error err;
    om_sampling *run = om_sampling_new(NULL, &o, &err);
    assert_non_null(run);
    for (int i = 0; !om_sampling_done(run); i++) {
        if (om_sampling_step(run, &err)) fail_msg("%s: %s", who, err.msg);
        size_t at = (size_t)i * r->batch + index;
        compare(who, "denoised", i, om_sampling_denoised(run), denoised, at,
                r->cells, r->bound);
        compare(who, "latents", i, x, after, at, r->cells, r->bound);
    }
    om_sampling_free(run);
    free(noise);
    free(start);
    free(after);
    free(denoised);
    free(x);
    free(e);
}

static void check_trace(const golden_model *m, golden_unet *u, const char *name,
                        const json_t *run)
{
    trace r = {0};
    char who[200];
    trace_open(&r, name, run);
    om_guide *guide = golden_guide(u, r.h, r.w, r.cfg);
    snprintf(who, sizeof who, "%s: %s", m->name, name);
    for (size_t i = 0; i < r.batch; i++) follow(&r, guide, i, who);
    om_guide_free(guide);
    trace_close(&r);
}

static void check_traces(golden_model *m)
{
    golden_unet u;
    golden_tensors t;
    json_t *all = golden_json("sampler/runs.json"), *run;
    const char *name;
    assert_true(golden_tensors_open(&t, "sampler/conds.safetensors"));
    golden_unet_open(&u, m, &t, NULL);
    json_object_foreach(json_object_get(all, "runs"), name, run)
        check_trace(m, &u, name, run);
    golden_unet_close(&u);
    golden_tensors_close(&t);
    json_decref(all);
}

static void test_traces(void **state)
{
    (void)state;
    if (!golden_is_here()) skip();
    each_model_once(check_traces);
    print_margin(&closest);
}

/* ---- the second pass, from the saved picture and noise ------------------ */

#define HIRES "e2e/highres_128x192"

/* Pixels [h, w, 3] of a golden u8 tensor as -1..1; to be freed. */
static float *signed_pixels(const golden_tensors *t, const char *name,
                            size_t *n)
{
    uint8_t *bytes = golden_tensor(t, name, 1, n);
    float *x = malloc(*n * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < *n; i++) x[i] = (float)bytes[i] / 127.5f - 1;
    free(bytes);
    return x;
}

static float *encode_resized(const golden_model *m, om_vae *vae,
                             const golden_tensors *t, const golden_array *want)
{
    size_t n;
    omost_error err;
    float *pixels = signed_pixels(t, "hr.resized", &n);
    float *mean = malloc(om_shape_size(want->s) * sizeof *mean);
    if (om_vae_encode(vae, pixels, want->s.h * OM_LATENT_CELL,
                      want->s.w * OM_LATENT_CELL, (om_tiling){0, 0}, mean, NULL,
                      NULL, &err))
        fail_msg("%s", err.msg);
    assert_golden(&closest, m->name, "hr.encoded_mode", mean,
                  OM_LATENT_CHANNELS, want, tolerance_of("vae/vae_b.mode"));
    free(pixels);
    return mean;
}

static void sample_second(om_guide *guide, const golden_tensors *t, float *x,
                          size_t n)
{
    size_t n_sigmas;
    omost_error err;
    float *sigmas = golden_floats(t, "hr.sigmas", &n_sigmas);
    golden_array noise = golden_array_of(t, "hr.noise");
    om_add_noise(x, noise.x, sigmas[0], n);
    const om_sampling_opts o = {.sigmas = sigmas,
                                .n_steps = (int)n_sigmas - 1,
                                .x = x,
                                .n = n,
                                .denoise = om_guide_denoise,
                                .user = guide};
    om_sampling *run = om_sampling_new(NULL, &o, &err);
    assert_non_null(run);
    while (!om_sampling_done(run))
        if (om_sampling_step(run, &err)) fail_msg("%s", err.msg);
    om_sampling_free(run);
    free(noise.x);
    free(sigmas);
}

static void decode_second(const golden_model *m, om_vae *vae,
                          const golden_tensors *t, float *x, om_shape s)
{
    omost_error err;
    golden_array want = golden_array_of(t, "hr.decoded");
    size_t n = om_shape_size(want.s), off = 0;
    float *image = malloc(n * sizeof *image);
    uint8_t *bytes = malloc(n),
            *pixels = golden_tensor(t, "hr.pixels", 1, NULL);
    const float scaling = om_vae_config_of(vae)->scaling;
    for (size_t i = 0; i < om_shape_size(s); i++) x[i] /= scaling;
    if (om_vae_decode(vae, x, s.h, s.w, (om_tiling){0, 0}, image, NULL, &err))
        fail_msg("%s", err.msg);
    assert_golden(&closest, m->name, "hr.decoded", image, 3, &want,
                  tolerance_of(HIRES ".hr.decoded"));
    om_signed_to_bytes(bytes, image, n);
    for (size_t i = 0; i < n; i++) {
        assert_true(abs(bytes[i] - pixels[i]) <= 1);
        off += bytes[i] != pixels[i];
    }
    assert_true(off * 1000 <= n);
    free(want.x);
    free(image);
    free(bytes);
    free(pixels);
}

static void check_second_pass(golden_model *m)
{
    golden_unet u;
    golden_tensors t;
    omost_error err;
    assert_true(golden_tensors_open(&t, HIRES ".safetensors"));
    golden_unet_open(&u, m, &t, "005-plain-3");
    golden_array mode = golden_array_of(&t, "hr.encoded_mode");
    golden_array want = golden_array_of(&t, "hr.latents");
    const size_t n = om_shape_size(mode.s);
    om_vae *vae =
        om_vae_open(NULL, m->backend, m->files, m->config, OM_KEEP_EXACT, &err);
    if (!vae) fail_msg("%s", err.msg);
    float *x = encode_resized(m, vae, &t, &mode);
    const float scaling = om_vae_config_of(vae)->scaling;
    for (size_t i = 0; i < n; i++) x[i] *= scaling;
    om_guide *guide = golden_guide(&u, mode.s.h, mode.s.w, 5);
    sample_second(guide, &t, x, n);
    assert_golden(&closest, m->name, "hr.latents", x, OM_LATENT_CHANNELS, &want,
                  tolerance_of(HIRES ".hr.latents"));
    decode_second(m, vae, &t, x, mode.s);
    om_guide_free(guide);
    om_vae_close(vae);
    golden_unet_close(&u);
    free(x);
    free(mode.x);
    free(want.x);
    golden_tensors_close(&t);
}

static void test_second_pass(void **state)
{
    (void)state;
    if (!golden_is_here()) skip();
    closest = (margin){0};
    each_model_once(check_second_pass);
    print_margin(&closest);
}

/* ---- guidance ---------------------------------------------------------- */

/* One evaluation of the first step. */
static float *denoise_once(golden_unet *u, omost_region_method method,
                           float cfg, const float *x)
{
    enum { H = 16, W = 24, N = H * W * OM_LATENT_CHANNELS };
    omost_error err;
    u->opts.region.method = method;
    om_guide *g = golden_guide(u, H, W, cfg);
    float *out = malloc(N * sizeof *out), *again = malloc(N * sizeof *again);
    if (om_guide_denoise(g, x, 5.0f, out, &err)) fail_msg("%s", err.msg);
    if (om_guide_denoise(g, x, 5.0f, again, &err)) fail_msg("%s", err.msg);
    assert_memory_equal(out, again, N * sizeof *out);
    for (int i = 0; i < N; i++) assert_true(isfinite(out[i]));
    om_guide_free(g);
    free(again);
    u->opts.region.method = OMOST_REGION_SCORE;
    return out;
}

/* With one condition for the whole picture all methods are one. */
static void check_methods(golden_model *m)
{
    enum { N = 16 * 24 * OM_LATENT_CHANNELS };
    float x[N];
    uint64_t state = 7;
    for (int i = 0; i < N; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        x[i] = (float)(int32_t)(state >> 32) / 4e8f;
    }
    golden_unet u;
    golden_tensors t;
    assert_true(golden_tensors_open(&t, "sampler/conds.safetensors"));
    golden_unet_open(&u, m, &t, NULL);
    float *score = denoise_once(&u, OMOST_REGION_SCORE, 5, x);
    for (int k = 0; k < OMOST_N_REGION_METHODS; k++) {
        if (k == OMOST_REGION_SCORE) continue;
        float *y = denoise_once(&u, (omost_region_method)k, 5, x);
        assert_true(worst_distance(score, y, N) > 1e-3); /* they do differ */
        free(y);
    }
    u.text.n_regions = 1;
    float *alone = denoise_once(&u, OMOST_REGION_NONE, 5, x);
    for (int k = 0; k < OMOST_N_REGION_METHODS; k++) {
        float *y = denoise_once(&u, (omost_region_method)k, 5, x);
        assert_true(worst_distance(alone, y, N) < 2e-4);
        free(y);
    }
    free(alone);
    free(score);
    u.text.n_regions = u.n_regions;
    golden_unet_close(&u);
    golden_tensors_close(&t);
}

static void test_methods(void **state)
{
    (void)state;
    if (!golden_is_here()) skip();
    each_backend(check_methods);
}

static void test_needs_negative(void **state)
{
    (void)state;
    om_text text = {0};
    omost_error err;
    const om_guide_opts o = {.text = &text, .cfg = 2};
    assert_null(om_guide_new(NULL, &o, &err));
    assert_int_equal(err.status, OMOST_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_traces),
        cmocka_unit_test(test_second_pass),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_needs_negative),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
