/* test_sampler.c - noise levels, schedules, samplers: against the original's
 * tables and runs, and against what the mathematics says. */
#include "unit/golden_tensors.h"

#include <math.h>

#include "diffusion/rng.h"
#include "diffusion/sampler.h"
#include "diffusion/sigmas.h"

static om_sigma_table sdxl(void)
{
    om_sigma_table table;
    om_sigma_table_init(&table, false);
    return table;
}

static void assert_close(float got, float want, double relative)
{
    if (!(fabs((double)got - want) <= relative * fabs((double)want)))
        fail_msg("%.9g is not %.9g", (double)got, (double)want);
}

/* ---- the table and Karras, against the original ------------------------ */

static void check_schedule(const om_sigma_table *table, int steps,
                           double strength, const float *want)
{
    float got[OM_MAX_STEPS + 1];
    omost_error err;
    if (om_schedule_sigmas(table, OM_SCHEDULE_KARRAS, steps, strength, got,
                           &err))
        fail_msg("%s", err.msg);
    for (int i = 0; i <= steps; i++) assert_close(got[i], want[i], 2e-7);
}

static void check_schedule_row(const om_sigma_table *table, const json_t *row,
                               const float *want, size_t n)
{
    int steps = (int)json_integer_value(json_object_get(row, "steps"));
    assert_int_equal(n, steps + 1);
    check_schedule(table, steps,
                   json_number_value(json_object_get(row, "strength")), want);
}

static void check_timesteps(const om_sigma_table *table, const json_t *row)
{
    size_t n;
    float *sigma = json_floats(json_object_get(row, "sigma"), &n);
    const json_t *want = json_object_get(row, "timestep");
    for (size_t i = 0; i < n; i++)
        assert_int_equal(om_sigma_timestep(table, sigma[i]),
                         json_integer_value(json_array_get(want, i)));
    free(sigma);
}

static void check_table(const om_sigma_table *table, const json_t *row)
{
    const json_t *at = json_object_get(row, "at");
    size_t n;
    float *sigma = json_floats(json_object_get(row, "sigma"), &n);
    float *log = json_floats(json_object_get(row, "log"), NULL);
    for (size_t k = 0; k < n; k++) {
        size_t i = (size_t)json_integer_value(json_array_get(at, k));
        assert_close(table->sigma[i], sigma[k], 1e-6);
        assert_true(fabsf(table->log_sigma[i] - log[k]) < 1e-6f);
    }
    free(sigma);
    free(log);
}

static void test_schedules_carried(void **state)
{
    (void)state;
    const om_sigma_table table = sdxl();
    json_t *rows = golden_lines("schedules.jsonl");
    assert_true(json_array_size(rows) > 15);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        om_str kind = field(row, "kind");
        if (om_str_eqz(kind, "table")) check_table(&table, row);
        if (om_str_eqz(kind, "timesteps")) check_timesteps(&table, row);
        if (om_str_eqz(kind, "karras")) {
            size_t n;
            float *want = json_floats(json_object_get(row, "sigmas"), &n);
            check_schedule_row(&table, row, want, n);
            free(want);
        }
    }
    json_decref(rows);
}

static void test_table_golden(void **state)
{
    (void)state;
    const om_sigma_table table = sdxl();
    golden_tensors t;
    if (!golden_tensors_open(&t, "sampler/sigmas.safetensors")) skip();
    float *sigma = golden_floats(&t, "sigmas", NULL);
    float *log = golden_floats(&t, "log_sigmas", NULL);
    int n_differ = 0; /* of the logarithms: torch's has other last bits */
    for (int i = 0; i < OM_N_TIMESTEPS; i++) {
        assert_true(table.sigma[i] == sigma[i]);
        assert_true(fabsf(table.log_sigma[i] - log[i]) < 1e-6f);
        n_differ += table.log_sigma[i] != log[i];
    }
    printf("table: %d of %d logarithms differ in a last bit\n", n_differ,
           OM_N_TIMESTEPS);
    free(sigma);
    free(log);
    golden_tensors_close(&t);
}

static void test_timesteps_golden(void **state)
{
    (void)state;
    const om_sigma_table table = sdxl();
    golden_tensors t;
    if (!golden_tensors_open(&t, "sampler/timesteps.safetensors")) skip();
    size_t n;
    float *sigma = golden_floats(&t, "sigma", &n);
    int64_t *want = golden_tensor(&t, "timestep", sizeof *want, NULL);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(om_sigma_timestep(&table, sigma[i]), want[i]);
    free(sigma);
    free(want);
    golden_tensors_close(&t);
}

/* ---- runs of the original ---------------------------------------------- */

typedef struct trace {
    om_sigma_table table;
    size_t n;
    int n_steps, i;
    const float *denoised; /* [n_steps, n] */
    const int64_t *timesteps;
} trace;

/* Answers with what the original's model answered, and checks what it is told. */
static omost_status replay(void *user, const float *x, float sigma,
                           float *denoised, omost_error *err)
{
    trace *t = user;
    (void)x;
    (void)err;
    assert_int_equal(om_sigma_timestep(&t->table, sigma), t->timesteps[t->i]);
    memcpy(denoised, t->denoised + (size_t)t->i * t->n,
           t->n * sizeof *denoised);
    t->i++;
    return OMOST_OK;
}

/* The largest distance from after[n_steps, n]. */
static double follow(trace *t, float *x, const float *sigmas,
                     const float *after)
{
    omost_error err;
    om_sampling_opts o = {.sigmas = sigmas,
                          .n_steps = t->n_steps,
                          .x = x,
                          .n = t->n,
                          .denoise = replay,
                          .user = t};
    om_sampling *run = om_sampling_new(NULL, &o, &err);
    if (!run) fail_msg("%s", err.msg);
    double worst = 0;
    for (int i = 0; !om_sampling_done(run); i++) {
        assert_int_equal(om_sampling_step(run, &err), OMOST_OK);
        worst = fmax(worst, worst_distance(x, after + (size_t)i * t->n, t->n));
    }
    om_sampling_free(run);
    return worst;
}

/* Rows of equal length, one after the other. */
static float *flatten(const json_t *rows, size_t n)
{
    size_t n_rows = json_array_size(rows);
    float *all = malloc(n_rows * n * sizeof *all);
    assert_non_null(all);
    for (size_t i = 0; i < n_rows; i++) {
        float *row = json_floats(json_array_get(rows, i), NULL);
        memcpy(all + i * n, row, n * sizeof *row);
        free(row);
    }
    return all;
}

static void check_run_row(const json_t *row)
{
    trace t = {.table = sdxl()};
    size_t n_sigmas;
    float *sigmas = json_floats(json_object_get(row, "sigmas"), &n_sigmas);
    float *x = json_floats(json_object_get(row, "initial_latent"), &t.n);
    float *noise = json_floats(json_object_get(row, "noise"), NULL);
    float *start = json_floats(json_object_get(row, "latents_start"), NULL);
    float *denoised = flatten(json_object_get(row, "denoised"), t.n);
    float *after = flatten(json_object_get(row, "latents_after_step"), t.n);
    int64_t steps[OM_MAX_STEPS];
    t.n_steps = (int)n_sigmas - 1;
    for (int i = 0; i < t.n_steps; i++)
        steps[i] = json_integer_value(
            json_array_get(json_object_get(row, "timesteps"), (size_t)i));
    t.denoised = denoised;
    t.timesteps = steps;
    om_add_noise(x, noise, sigmas[0], t.n);
    double bound = json_number_value(json_object_get(row, "bound"));
    assert_true(worst_distance(x, start, t.n) <= bound);
    double worst = follow(&t, x, sigmas, after);
    assert_true(worst <= bound);
    free(sigmas);
    free(x);
    free(noise);
    free(start);
    free(denoised);
    free(after);
}

static void test_runs_carried(void **state)
{
    (void)state;
    json_t *rows = golden_lines("runs.jsonl");
    assert_true(json_array_size(rows) >= 5);
    for (size_t i = 0; i < json_array_size(rows); i++)
        check_run_row(json_array_get(rows, i));
    json_decref(rows);
}

static void check_run_golden(const char *name, const json_t *run, double bound)
{
    golden_tensors g;
    char path[256];
    snprintf(path, sizeof path, "sampler/%s.safetensors", name);
    if (!golden_tensors_open(&g, path)) skip();
    trace t = {.table = sdxl()};
    size_t n_sigmas;
    float *sigmas = golden_floats(&g, "sigmas", &n_sigmas);
    float *x = golden_floats(&g, "initial_latent", &t.n);
    float *noise = golden_floats(&g, "noise", NULL);
    float *start = golden_floats(&g, "latents_start", NULL);
    float *denoised = golden_floats(&g, "denoised", NULL);
    float *after = golden_floats(&g, "latents_after_step", NULL);
    int64_t *steps = golden_tensor(&g, "timesteps", sizeof *steps, NULL);
    t.n_steps = (int)n_sigmas - 1;
    t.denoised = denoised;
    t.timesteps = steps;
    check_schedule(&t.table, t.n_steps,
                   json_number_value(json_object_get(run, "strength")), sigmas);
    om_add_noise(x, noise, sigmas[0], t.n);
    double far = worst_distance(x, start, t.n);
    double worst = follow(&t, x, sigmas, after);
    printf("%s: start off by %.2g, steps by %.2g of %.2g allowed\n", name, far,
           worst, bound);
    assert_true(far <= bound && worst <= bound);
    free(sigmas);
    free(x);
    free(noise);
    free(start);
    free(denoised);
    free(after);
    free(steps);
    golden_tensors_close(&g);
}

static void test_runs_golden(void **state)
{
    (void)state;
    json_t *all = golden_json("sampler/runs.json");
    json_t *bounds = golden_json("tolerances.json");
    if (!all || !bounds) skip();
    const char *name;
    json_t *run;
    json_object_foreach(json_object_get(all, "runs"), name, run)
    {
        char key[128];
        snprintf(key, sizeof key, "sampler/%s", name);
        check_run_golden(name, run,
                         json_number_value(
                             json_object_get(json_object_get(bounds, key),
                                             "suggested_max_abs")));
    }
    json_decref(all);
    json_decref(bounds);
}

/* ---- schedules --------------------------------------------------------- */

static void test_table_shape(void **state)
{
    (void)state;
    const om_sigma_table table = sdxl();
    om_sigma_table zero;
    om_sigma_table_init(&zero, true);
    for (int i = 0; i < OM_N_TIMESTEPS; i++) {
        assert_int_equal(om_sigma_timestep(&table, table.sigma[i]), i);
        assert_int_equal(om_sigma_timestep(&zero, zero.sigma[i]), i);
        assert_true(om_sigma_at(&table, i) > table.sigma[i] * 0.999999f &&
                    om_sigma_at(&table, i) < table.sigma[i] * 1.000001f);
        if (i) assert_true(zero.sigma[i] > zero.sigma[i - 1]);
    }
    assert_close(table.sigma[0], 0.029167533f, 1e-6);
    assert_close(table.sigma[999], 14.614647f, 1e-6);
    assert_close(zero.sigma[0], table.sigma[0], 1e-3);
    assert_close(zero.sigma[999], 4518.76f, 1e-5);
    assert_int_equal(om_sigma_timestep(&table, 0), 0);
    assert_int_equal(om_sigma_timestep(&table, 1e9f), 999);
    assert_true(om_sigma_at(&table, -1) == table.sigma[0]);
    assert_true(om_sigma_at(&table, (double)NAN) == table.sigma[0]);
    assert_true(om_sigma_at(&table, 1e30) == table.sigma[999]);
}

/* Times of four steps, as users of other programs know them. */
static void test_schedule_times(void **state)
{
    (void)state;
    static const double want[OM_N_SCHEDULES][4] = {
        [OM_SCHEDULE_NORMAL] = {999, 666, 333, 0},
        [OM_SCHEDULE_SIMPLE] = {999, 749, 499, 249},
        [OM_SCHEDULE_SGM_UNIFORM] = {999, 749.25, 499.5, 249.75},
        [OM_SCHEDULE_DDIM_UNIFORM] = {751, 501, 251, 1},
        [OM_SCHEDULE_TRAILING] = {999, 749, 499, 249},
    };
    const om_sigma_table table = sdxl();
    for (int s = 0; s < OM_N_SCHEDULES; s++) {
        float got[5];
        omost_error err;
        assert_int_equal(om_schedule_sigmas(&table, (om_schedule)s, 4, 1, got,
                                            &err),
                         OMOST_OK);
        for (int i = 0; want[s][0] > 0 && i < 4; i++)
            assert_close(got[i], om_sigma_at(&table, want[s][i]), 1e-6);
    }
    float got[4];
    omost_error err;
    assert_int_equal(om_schedule_sigmas(&table, OM_SCHEDULE_EXPONENTIAL, 3, 1,
                                        got, &err),
                     OMOST_OK);
    assert_close(got[1], sqrtf(table.sigma[0] * table.sigma[999]), 1e-5);
    assert_int_equal(
        om_schedule_sigmas(&table, OM_SCHEDULE_TRAILING, 3, 1, got, &err),
        OMOST_OK); /* round(1000 - 333.3) - 1 = 666, round(333.3) - 1 = 332 */
    assert_close(got[1], table.sigma[666], 1e-6);
    assert_close(got[2], table.sigma[332], 1e-6);
}

/* Any schedule, any number of steps, any strength: descending, from the table's
 * range, 0 at the end, and with less strength the tail of a longer one. */
static void test_schedule_shape(void **state)
{
    (void)state;
    static const double strengths[] = {1, 0.99, 0.5, 0.4, 0.1, 0.001};
    static float got[OM_MAX_STEPS + 1], whole[2 * OM_MAX_STEPS + 1];
    const om_sigma_table table = sdxl();
    omost_error err;
    for (int s = 0; s < OM_N_SCHEDULES; s++)
        for (int steps = 1; steps <= OM_MAX_STEPS; steps += 1 + steps / 3)
            for (size_t k = 0; k < sizeof strengths / sizeof *strengths; k++) {
                assert_int_equal(om_schedule_sigmas(&table, (om_schedule)s,
                                                    steps, strengths[k], got,
                                                    &err),
                                 OMOST_OK);
                assert_true(got[steps] == 0.0f);
                assert_true(got[0] <= table.sigma[999] * 1.00001f);
                assert_true(got[steps - 1] >= table.sigma[0] * 0.99999f);
                for (int i = 0; i < steps; i++)
                    assert_true(got[i + 1] <= got[i] * 1.000001f);
                int n = (int)(steps / strengths[k]);
                if (n > OM_MAX_STEPS) continue;
                (void)!om_schedule_sigmas(&table, (om_schedule)s, n, 1, whole,
                                          &err);
                assert_memory_equal(got, whole + n - steps,
                                    ((size_t)steps + 1) * sizeof *got);
            }
}

static void test_schedule_refused(void **state)
{
    (void)state;
    static const struct {
        int steps;
        double strength;
    } rows[] = {{0, 1},   {-5, 1},       {OM_MAX_STEPS + 1, 1}, {5, 0},
                {5, -1},  {5, 1.01},     {5, (double)NAN},      {5, 1e-300},
                {5, 1e9}, {INT32_MAX, 1}};
    const om_sigma_table table = sdxl();
    float out[OM_MAX_STEPS + 1];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        omost_error err;
        assert_int_equal(om_schedule_sigmas(&table, OM_SCHEDULE_KARRAS,
                                            rows[i].steps, rows[i].strength,
                                            out, &err),
                         OMOST_RANGE);
        assert_true(err.msg[0] != 0);
    }
}

static void test_sampler_names(void **state)
{
    (void)state;
    for (int i = 0; i < OM_N_SCHEDULES; i++) {
        assert_int_equal(
            om_schedule_find(om_str_of(om_schedule_name((om_schedule)i))), i);
        assert_true(strlen(om_schedule_text((om_schedule)i)) > 0);
    }
    assert_int_equal(om_schedule_find(OM_STR("SGM Uniform")),
                     OM_SCHEDULE_SGM_UNIFORM);
    assert_int_equal(om_schedule_find(OM_STR("discrete")), OM_SCHEDULE_NORMAL);
    assert_int_equal(om_schedule_find(OM_STR("karra")), -1);
    for (int i = 0; i < OM_N_SAMPLERS; i++)
        assert_ptr_equal(om_sampler_find(om_str_of(om_samplers[i].name)),
                         &om_samplers[i]);
    static const char *const spellings[] = {"DPM++ 2M", "dpmpp_2m", "dpm++2m",
                                            "dpmpp2m"};
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        assert_ptr_equal(om_sampler_find(om_str_of(spellings[i])),
                         &om_samplers[OM_SAMPLER_DPMPP_2M]);
    assert_ptr_equal(om_sampler_find(OM_STR("Euler a")),
                     &om_samplers[OM_SAMPLER_EULER_A]);
    assert_ptr_equal(om_sampler_find(OM_STR("euler_ancestral")),
                     &om_samplers[OM_SAMPLER_EULER_A]);
    assert_null(om_sampler_find(OM_STR("heun")));
    assert_null(om_sampler_find(OM_STR("")));
    for (int i = 0; i < OM_N_PREDICTIONS; i++)
        assert_int_equal(om_prediction_find(
                             om_str_of(om_prediction_name((om_prediction)i))),
                         i);
    assert_int_equal(om_prediction_find(OM_STR("x0")), -1);
}

/* ---- scalings ---------------------------------------------------------- */

/* A perfect model's answer gives the picture back, whatever it predicts. */
static void test_scalings(void **state)
{
    (void)state;
    enum { N = 100 };
    static const float sigmas[] = {0.03f, 0.5f, 1, 7, 14.6f};
    float picture[N], noise[N], x[N], in[N], output[N], got[N];
    om_rng rng;
    om_rng_init(&rng, OM_RNG_CPU, 1);
    om_rng_randn(&rng, picture, N);
    om_rng_randn(&rng, noise, N);
    for (size_t k = 0; k < sizeof sigmas / sizeof *sigmas; k++) {
        const float s = sigmas[k], a = 1 / sqrtf(s * s + 1), b = s * a;
        memcpy(x, picture, sizeof x);
        om_add_noise(x, noise, s, N);
        for (int p = 0; p < OM_N_PREDICTIONS; p++) {
            om_scaling c = om_scaling_of((om_prediction)p, s);
            om_scale_input(in, c, x, N);
            for (int i = 0; i < N; i++) {
                assert_true(fabsf(in[i] - (a * picture[i] + b * noise[i])) <
                            1e-5f);
                output[i] = p == OM_PREDICTION_EPS
                                ? noise[i]
                                : a * noise[i] - b * picture[i];
            }
            om_scale_output(got, c, x, output, N);
            assert_true(worst_distance(got, picture, N) < 2e-5);
            om_scale_output(output, c, x, output, N); /* in place */
            assert_memory_equal(output, got, sizeof got);
        }
    }
}

/* ---- what samplers must do --------------------------------------------- */

/* Pictures are normal around `mean` with deviation `spread`: then the best
 * guess and the way of a noisy point are known exactly. */
typedef struct world {
    double mean, spread;
    om_rng rng;
    size_t n;
    int calls, fail_at, n_noise;
} world;

static omost_status guess(void *user, const float *x, float sigma,
                          float *denoised, omost_error *err)
{
    world *w = user;
    if (++w->calls == w->fail_at) {
        if (err) *err = (omost_error){.status = OMOST_CANCELLED};
        return OMOST_CANCELLED;
    }
    double s2 = w->spread * w->spread;
    double keep = s2 / (s2 + (double)sigma * sigma);
    for (size_t i = 0; i < w->n; i++)
        denoised[i] = (float)(w->mean + keep * ((double)x[i] - w->mean));
    return OMOST_OK;
}

static void draw(void *user, float *out, size_t n)
{
    world *w = user;
    om_rng_randn(&w->rng, out, n);
    w->n_noise++;
}

static om_sampling_opts options(world *w, int sampler, float *x, size_t n)
{
    w->n = n;
    return (om_sampling_opts){.sampler = &om_samplers[sampler],
                              .x = x,
                              .n = n,
                              .denoise = guess,
                              .noise = draw,
                              .user = w};
}

static void sample(om_sampling_opts o, const float *sigmas, int n_steps)
{
    omost_error err;
    o.sigmas = sigmas;
    o.n_steps = n_steps;
    om_sampling *run = om_sampling_new(NULL, &o, &err);
    if (!run) fail_msg("%s", err.msg);
    while (!om_sampling_done(run))
        assert_int_equal(om_sampling_step(run, &err), OMOST_OK);
    om_sampling_free(run);
}

/* Error after n even steps of log sigma from 10 to 0.1. */
static double error_after(int sampler, int n)
{
    static float sigmas[OM_MAX_STEPS + 1];
    world w = {.mean = 0.5, .spread = 0.8};
    float x = 12;
    for (int i = 0; i <= n; i++)
        sigmas[i] = (float)(10 * pow(0.01, i / (double)n));
    sample(options(&w, sampler, &x, 1), sigmas, n);
    assert_int_equal(w.calls, n);
    double s2 = 0.8 * 0.8;
    double exact = 0.5 + 11.5 * sqrt((s2 + 0.01) / (s2 + 100));
    return fabs((double)x - exact);
}

/* Twice the steps: half the error of Euler, a quarter of DPM++ 2M. */
static void test_order(void **state)
{
    (void)state;
    static const struct {
        int sampler;
        double ratio;
    } rows[] = {
        {OM_SAMPLER_EULER, 2}, {OM_SAMPLER_DDIM, 2}, {OM_SAMPLER_DPMPP_2M, 4}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int n = 20; n <= 40; n *= 2) {
            double ratio = error_after(rows[i].sampler, n) /
                           error_after(rows[i].sampler, 2 * n);
            assert_true(ratio > rows[i].ratio * 0.8);
            assert_true(ratio < rows[i].ratio * 1.25);
        }
    assert_true(error_after(OM_SAMPLER_DPMPP_2M, 40) <
                error_after(OM_SAMPLER_EULER, 40) / 5);
}

/* Noise around nothing stays noise of the right strength, whatever eta. */
static void test_ancestral_strength(void **state)
{
    (void)state;
    enum { N = 100000 };
    static float x[N];
    static const float sigmas[] = {14, 5, 1, 0.3f};
    static const float etas[] = {0, 0.3f, 1};
    for (size_t e = 0; e < 3; e++)
        for (int n = 1; n <= 3; n++) {
            world w = {0};
            om_rng_init(&w.rng, OM_RNG_CPU, 3);
            om_rng_randn(&w.rng, x, N);
            for (int i = 0; i < N; i++) x[i] *= sigmas[0];
            om_sampling_opts o = options(&w, OM_SAMPLER_EULER_A, x, N);
            o.has_eta = true;
            o.eta = etas[e];
            sample(o, sigmas, n);
            assert_int_equal(w.n_noise, etas[e] > 0 ? n : 0);
            double s2 = 0;
            for (int i = 0; i < N; i++) s2 += (double)x[i] * x[i] / N;
            double ratio = s2 / ((double)sigmas[n] * sigmas[n]);
            assert_true(fabs(ratio - 1) < 5 * sqrt(2.0 / N));
        }
}

/* Every sampler, with enough steps, ends in the pictures' distribution. */
static void test_distribution(void **state)
{
    (void)state;
    enum { N = 20000, STEPS = 200 };
    static float x[N], sigmas[STEPS + 1];
    const om_sigma_table table = sdxl();
    assert_int_equal(om_schedule_sigmas(&table, OM_SCHEDULE_KARRAS, STEPS, 1,
                                        sigmas, NULL),
                     OMOST_OK);
    for (int k = 0; k < OM_N_SAMPLERS; k++) {
        world w = {.mean = -0.4, .spread = 0.7};
        om_rng_init(&w.rng, OM_RNG_CUDA, 11);
        om_rng_randn(&w.rng, x, N);
        double start = sqrt(0.49 + (double)sigmas[0] * sigmas[0]), m = 0;
        for (int i = 0; i < N; i++) x[i] = (float)(-0.4 + start * x[i]);
        sample(options(&w, k, x, N), sigmas, STEPS);
        double s2 = 0;
        for (int i = 0; i < N; i++) m += x[i] / (double)N;
        for (int i = 0; i < N; i++) s2 += (x[i] - m) * (x[i] - m) / N;
        assert_true(fabs(m + 0.4) < 0.03);
        /* LCM's model would answer with one sample, not with the mean. */
        if (k != OM_SAMPLER_LCM) assert_true(fabs(sqrt(s2) - 0.7) < 0.03);
    }
}

/* One step of the DDIM paper, in its own coordinates. */
static double ddim_paper(double x, double picture, double s, double t,
                         double eta, double noise)
{
    double a = 1 / (1 + s * s), a_next = 1 / (1 + t * t);
    double eps = (x - picture) / s;
    double up = eta * sqrt((1 - a_next) / (1 - a)) * sqrt(1 - a / a_next);
    double vp =
        sqrt(a_next) * picture + sqrt(1 - a_next - up * up) * eps + up * noise;
    return vp / sqrt(a_next);
}

static void check_ddim(int sampler, float eta)
{
    static const float sigmas[] = {3, 1.2f};
    world w = {.mean = 1, .spread = 0.5}, same;
    om_rng_init(&w.rng, OM_RNG_CPU, 9);
    same = w;
    float x[5] = {-4, -1, 0, 2, 5}, before[5], noise[5] = {0};
    memcpy(before, x, sizeof x);
    if (eta > 0) draw(&same, noise, 5);
    om_sampling_opts o = options(&w, sampler, x, 5);
    o.has_eta = sampler == OM_SAMPLER_DDIM;
    o.eta = eta;
    sample(o, sigmas, 1);
    for (int i = 0; i < 5; i++) {
        double picture = 1 + 0.25 / (0.25 + 9) * ((double)before[i] - 1);
        double want =
            ddim_paper(before[i], picture, sigmas[0], sigmas[1], eta, noise[i]);
        assert_true(fabs(want - x[i]) < 1e-6);
    }
}

/* DDIM without eta is Euler; with eta 1 it is DDPM, which is Euler ancestral. */
static void test_ddim(void **state)
{
    (void)state;
    check_ddim(OM_SAMPLER_DDIM, 0);
    check_ddim(OM_SAMPLER_DDIM, 0.5f);
    check_ddim(OM_SAMPLER_DDIM, 1);
    check_ddim(OM_SAMPLER_EULER, 0);
    check_ddim(OM_SAMPLER_EULER_A, 1);
}

/* LCM: each step is the picture and fresh noise of the next level. */
static void test_lcm(void **state)
{
    (void)state;
    static const float sigmas[] = {14.6f, 4, 1, 0};
    world w = {.mean = 2, .spread = 1}, same;
    om_rng_init(&w.rng, OM_RNG_CPU, 4);
    same = w;
    same.n = 20;
    float x[20], want[20], noise[20], d[20];
    for (int i = 0; i < 20; i++) x[i] = want[i] = (float)(i - 10);
    sample(options(&w, OM_SAMPLER_LCM, x, 20), sigmas, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(guess(&same, want, sigmas[i], d, NULL), OMOST_OK);
        memcpy(want, d, sizeof d);
        if (sigmas[i + 1] > 0) {
            draw(&same, noise, 20);
            om_add_noise(want, noise, sigmas[i + 1], 20);
        }
    }
    assert_memory_equal(x, want, sizeof x);
    assert_int_equal(w.n_noise, 2);
}

/* To noise 0 every sampler ends in the model's last picture, exactly. */
static void test_last_step(void **state)
{
    (void)state;
    static const float sigmas[] = {5, 2, 0.1f, 0};
    for (int k = 0; k < OM_N_SAMPLERS; k++) {
        world w = {.mean = 0.1, .spread = 0.3};
        float x[9];
        om_rng_init(&w.rng, OM_RNG_CPU, 8);
        om_rng_randn(&w.rng, x, 9);
        om_sampling_opts o = options(&w, k, x, 9);
        omost_error err;
        o.sigmas = sigmas;
        o.n_steps = 3;
        om_sampling *run = om_sampling_new(NULL, &o, &err);
        assert_non_null(run);
        assert_null(om_sampling_denoised(run));
        while (!om_sampling_done(run))
            assert_int_equal(om_sampling_step(run, &err), OMOST_OK);
        const float *last = om_sampling_denoised(run);
        for (int i = 0; i < 9; i++) assert_true(x[i] == last[i]);
        om_sampling_free(run);
    }
}

/* Levels that repeat (more steps than the table has) do no harm. */
static void test_repeated_levels(void **state)
{
    (void)state;
    static const float sigmas[] = {5, 5, 2, 2, 2, 1, 0};
    for (int k = 0; k < OM_N_SAMPLERS; k++) {
        world w = {.mean = 0.1, .spread = 0.3};
        float x[3] = {1, -6, 3};
        om_rng_init(&w.rng, OM_RNG_CPU, 8);
        sample(options(&w, k, x, 3), sigmas, 6);
        for (int i = 0; i < 3; i++) assert_true(fabsf(x[i]) < 3);
    }
}

/* ---- a run's manners --------------------------------------------------- */

/* Memory is taken once; none by a step. */
static void test_no_allocation(void **state)
{
    (void)state;
    static const float sigmas[] = {5, 4, 3, 2, 1, 0};
    for (int k = 0; k < OM_N_SAMPLERS; k++) {
        world w = {.spread = 1};
        meter m = {0};
        omost_env env = {metered, &m};
        float x[64] = {0};
        omost_error err;
        om_rng_init(&w.rng, OM_RNG_CPU, 8);
        om_sampling_opts o = options(&w, k, x, 64);
        o.sigmas = sigmas;
        o.n_steps = 5;
        om_sampling *run = om_sampling_new(&env, &o, &err);
        assert_non_null(run);
        assert_int_equal(m.calls, 1);
        while (!om_sampling_done(run))
            assert_int_equal(om_sampling_step(run, &err), OMOST_OK);
        assert_int_equal(m.calls, 1);
        om_sampling_free(run);
        assert_int_equal(m.live, 0);

        meter none = {.fail_at = 1};
        omost_env poor = {metered, &none};
        assert_null(om_sampling_new(&poor, &o, &err));
        assert_int_equal(err.status, OMOST_NOMEM);
        o.n = SIZE_MAX / 3;
        assert_null(om_sampling_new(&env, &o, &err));
        assert_int_equal(err.status, OMOST_NOMEM);
    }
    om_sampling_free(NULL);
}

/* A step that fails leaves x alone and may be tried again. */
static void test_cancelled(void **state)
{
    (void)state;
    static const float sigmas[] = {5, 4, 3, 2, 1, 0};
    for (int k = 0; k < OM_N_SAMPLERS; k++) {
        float x[2][16];
        for (int turn = 0; turn < 2; turn++) {
            world w = {.spread = 1, .fail_at = turn ? 3 : 0};
            om_rng_init(&w.rng, OM_RNG_CPU, 8);
            om_rng_randn(&w.rng, x[turn], 16);
            om_sampling_opts o = options(&w, k, x[turn], 16);
            omost_error err;
            o.sigmas = sigmas;
            o.n_steps = 5;
            om_sampling *run = om_sampling_new(NULL, &o, &err);
            assert_non_null(run);
            int n_failed = 0;
            while (!om_sampling_done(run)) {
                float before[16];
                memcpy(before, x[turn], sizeof before);
                omost_status st = om_sampling_step(run, &err);
                if (st == OMOST_OK) continue;
                assert_int_equal(st, OMOST_CANCELLED);
                assert_int_equal(err.status, OMOST_CANCELLED);
                assert_memory_equal(x[turn], before, sizeof before);
                n_failed++;
            }
            assert_int_equal(n_failed, turn);
            om_sampling_free(run);
        }
        assert_memory_equal(x[0], x[1], sizeof x[0]);
    }
}

static void refuse(const om_sampling_opts *o)
{
    omost_error err;
    assert_null(om_sampling_new(NULL, o, &err));
    assert_int_equal(err.status, OMOST_RANGE);
    assert_true(err.msg[0] != 0);
}

static void test_sampling_refused(void **state)
{
    (void)state;
    static const float bad[][3] = {{1, 2, 0},   {1, -1, 0},       {0, 0, 0},
                                   {1, 0, 0},   {NAN, 1, 0},      {2, NAN, 0},
                                   {2, 1, NAN}, {INFINITY, 1, 0}, {2, 1, -1}};
    world w = {.spread = 1};
    float x[4] = {0};
    om_sampling_opts o = options(&w, OM_SAMPLER_EULER_A, x, 4);
    o.n_steps = 2;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        o.sigmas = bad[i];
        refuse(&o);
    }
    static const float good[] = {2, 1, 0};
    o.sigmas = good;
    o.noise = NULL;
    refuse(&o);
    o.has_eta = true; /* none is drawn then */
    om_sampling *run = om_sampling_new(NULL, &o, NULL);
    assert_non_null(run);
    om_sampling_free(run);
    o.noise = draw;
    static const float etas[] = {-0.1f, 1.5f, NAN};
    for (int i = 0; i < 3; i++) {
        o.eta = etas[i];
        refuse(&o);
    }
    o.n_steps = 0;
    o.eta = 1;
    run = om_sampling_new(NULL, &o, NULL);
    assert_true(om_sampling_done(run));
    om_sampling_free(run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedules_carried),
        cmocka_unit_test(test_table_golden),
        cmocka_unit_test(test_timesteps_golden),
        cmocka_unit_test(test_runs_carried),
        cmocka_unit_test(test_runs_golden),
        cmocka_unit_test(test_table_shape),
        cmocka_unit_test(test_schedule_times),
        cmocka_unit_test(test_schedule_shape),
        cmocka_unit_test(test_schedule_refused),
        cmocka_unit_test(test_sampler_names),
        cmocka_unit_test(test_scalings),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_ancestral_strength),
        cmocka_unit_test(test_distribution),
        cmocka_unit_test(test_ddim),
        cmocka_unit_test(test_lcm),
        cmocka_unit_test(test_last_step),
        cmocka_unit_test(test_repeated_levels),
        cmocka_unit_test(test_no_allocation),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_sampling_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
