/* test_rng.c - noise: torch's CPU generator against its own results, Philox
 * against published values, and what any noise must be. */
#include "unit/golden_tensors.h"

#include <math.h>

#include "diffusion/rng.h"

#define BOUND 3e-6

/* ---- torch's CPU generator --------------------------------------------- */

static double check_draw(om_rng *rng, const float *want, size_t n)
{
    float *got = malloc(n * sizeof *got);
    assert_non_null(got);
    om_rng_randn(rng, got, n);
    double worst = worst_distance(got, want, n);
    free(got);
    if (!(worst <= BOUND)) fail_msg("%zu values: off by %g", n, worst);
    return worst;
}

static void check_sequence(const json_t *row, uint64_t seed)
{
    om_rng rng;
    om_rng_init(&rng, OM_RNG_CPU, seed);
    const json_t *draws = json_object_get(row, "draws");
    for (size_t i = 0; i < json_array_size(draws); i++) {
        size_t n;
        float *want = json_floats(json_array_get(draws, i), &n);
        check_draw(&rng, want, n);
        free(want);
    }
}

static void check_row(const json_t *row)
{
    uint64_t seed = (uint64_t)json_integer_value(json_object_get(row, "seed"));
    const json_t *values = json_object_get(row, "values");
    om_str kind = field(row, "kind");
    om_rng rng;
    om_rng_init(&rng, OM_RNG_CPU, seed);
    size_t n;
    float *want = json_floats(values, &n);
    if (om_str_eqz(kind, "mt19937"))
        for (size_t i = 0; i < n; i++)
            assert_int_equal(om_mt19937_u32(&rng.mt),
                             json_integer_value(json_array_get(values, i)));
    else if (om_str_eqz(kind, "uniform"))
        for (size_t i = 0; i < n; i++)
            assert_true(om_mt19937_uniform(&rng.mt) == want[i]);
    else if (om_str_eqz(kind, "randn"))
        check_draw(&rng, want, n);
    else
        check_sequence(row, seed);
    free(want);
}

static void test_cpu_carried(void **state)
{
    (void)state;
    json_t *rows = golden_lines("noise.jsonl");
    assert_true(json_array_size(rows) > 50);
    for (size_t i = 0; i < json_array_size(rows); i++)
        check_row(json_array_get(rows, i));
    json_decref(rows);
}

static void test_cpu_golden(void **state)
{
    (void)state;
    golden_tensors t;
    if (!golden_tensors_open(&t, "rng/randn.safetensors")) skip();
    double worst = 0;
    size_t n_draws = 0;
    const char *name;
    json_t *entry;
    json_object_foreach(t.header, name, entry)
    {
        if (strncmp(name, "randn.", 6) != 0) continue;
        size_t n;
        float *want = golden_floats(&t, name, &n);
        om_rng rng;
        om_rng_init(&rng, OM_RNG_CPU, strtoull(name + 6, NULL, 10));
        double d = check_draw(&rng, want, n);
        if (d > worst) worst = d;
        n_draws++;
        free(want);
    }
    assert_true(n_draws > 100);
    printf("%zu tensors, furthest %.2g\n", n_draws, worst);
    golden_tensors_close(&t);
}

static void test_mt19937_golden(void **state)
{
    (void)state;
    json_t *all = golden_json("rng/mt19937.json");
    if (!all) skip();
    const char *seed;
    json_t *words;
    json_object_foreach(all, seed, words)
    {
        om_mt19937 mt;
        om_mt19937_init(&mt, (uint32_t)strtoull(seed, NULL, 10));
        for (size_t i = 0; i < json_array_size(words); i++)
            assert_int_equal(om_mt19937_u32(&mt),
                             json_integer_value(json_array_get(words, i)));
    }
    json_decref(all);
}

/* The C++ standard's own check of its mt19937: word 10000 of seed 5489. */
static void test_mt19937_standard(void **state)
{
    (void)state;
    om_mt19937 mt;
    om_mt19937_init(&mt, 5489);
    for (int i = 1; i < 10000; i++) om_mt19937_u32(&mt);
    assert_int_equal(om_mt19937_u32(&mt), 4123659995u);
}

/* A small draw leaves a value for the next small draw; large draws between do
 * not touch it, a new seed forgets it. */
static void test_cpu_spare(void **state)
{
    (void)state;
    float pair[2], first, large[16], second;
    om_rng rng;
    om_rng_init(&rng, OM_RNG_CPU, 7);
    om_rng_randn(&rng, pair, 2);
    om_rng_init(&rng, OM_RNG_CPU, 7);
    om_rng_randn(&rng, &first, 1);
    om_rng_randn(&rng, large, 16);
    om_rng_randn(&rng, NULL, 0);
    om_rng_randn(&rng, &second, 1);
    assert_true(first == pair[0] && second == pair[1]);
    om_rng_randn(&rng, &first, 1);
    om_rng_init(&rng, OM_RNG_CPU, 7);
    om_rng_randn(&rng, &second, 1);
    assert_true(second == pair[0]);
}

/* ---- torch's CUDA generator -------------------------------------------- */

/* Known answers of the authors of Philox (Random123, kat_vectors). */
static void test_philox_known(void **state)
{
    (void)state;
    static const struct {
        uint32_t ctr[4], key[2], want[4];
    } rows[] = {
        {{0, 0, 0, 0},
         {0, 0},
         {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t ctr[4];
        memcpy(ctr, rows[i].ctr, sizeof ctr);
        om_philox4x32(ctr, rows[i].key);
        assert_memory_equal(ctr, rows[i].want, sizeof ctr);
    }
}

/* What A1111's source "NV" and torch.randn(12, device="cuda") give for seed 0,
 * as published beside the former. */
static void test_cuda_published(void **state)
{
    (void)state;
    static const float want[12] = {-0.92466259f, -0.42534415f, -2.6438457f,
                                   0.14518388f,  -0.12086647f, -0.57972564f,
                                   -0.62285122f, -0.32838709f, -1.07454231f,
                                   -0.36314407f, -1.67105067f, 2.26550497f};
    float got[12];
    om_rng rng;
    om_rng_init(&rng, OM_RNG_CUDA, 0);
    om_rng_randn(&rng, got, 12);
    assert_true(worst_distance(got, want, 12) < 3e-7);
}

/* Element i does not depend on how many follow; a second draw goes on. */
static void test_cuda_prefix(void **state)
{
    (void)state;
    enum { N = 5000 };
    static float few[N], more[N + 300], next[N];
    om_rng a, b;
    om_rng_init(&a, OM_RNG_CUDA, UINT64_C(0x123456789abcdef));
    om_rng_init(&b, OM_RNG_CUDA, UINT64_C(0x123456789abcdef));
    om_rng_randn(&a, few, N);
    om_rng_randn(&b, more, N + 300);
    assert_memory_equal(few, more, sizeof few);
    assert_int_equal(a.offset, 1);
    om_rng_randn(&a, next, N);
    assert_true(worst_distance(few, next, N) > 1);
    b = a;
    om_rng_init(&b, OM_RNG_CUDA, a.seed);
    b.offset = 1;
    om_rng_randn(&b, more, N);
    assert_memory_equal(next, more, sizeof next);
}

/* A small card: its threads' first values are those of a large one, the second
 * are their partners in Box-Muller's pairs, the fifth come a turn later. */
static void test_cuda_few_threads(void **state)
{
    (void)state;
    enum { T = 512, N = 5 * T + 100 };
    static float wide[N], narrow[N], turn[N];
    om_rng a, b;
    om_rng_init(&a, OM_RNG_CUDA, 42);
    om_rng_randn(&a, wide, N);
    om_rng_init(&b, OM_RNG_CUDA, 42);
    b.cuda_threads = T;
    om_rng_randn(&b, narrow, N);
    assert_int_equal(b.offset, 2);
    assert_memory_equal(narrow, wide, T * sizeof *wide);
    for (uint32_t t = 0; t < T; t++) {
        const uint32_t key[2] = {42, 0};
        uint32_t ctr[4] = {0, 0, t, 0};
        om_philox4x32(ctr, key);
        for (int pair = 0; pair < 2; pair++) {
            double u = (ctr[2 * pair] + 0.5) / 4294967296.0;
            double x = narrow[(2 * pair) * T + (int)t];
            double y = narrow[(2 * pair + 1) * T + (int)t];
            assert_true(fabs(x * x + y * y + 2 * log(u)) < 1e-5);
        }
    }
    om_rng_randn(&a, turn, N); /* counter 1 of every thread */
    assert_memory_equal(narrow + 4 * T, turn, T * sizeof *turn);
}

/* ---- any noise --------------------------------------------------------- */

static void check_moments(om_rng_kind kind, uint64_t seed)
{
    enum { N = 200000 };
    static float v[N];
    om_rng rng;
    om_rng_init(&rng, kind, seed);
    om_rng_randn(&rng, v, N);
    double m = 0, s2 = 0, s4 = 0, next = 0, far = 0;
    for (int i = 0; i < N; i++) {
        double x = v[i], x2 = x * x;
        assert_true(isfinite(x));
        m += x / N;
        s2 += x2 / N;
        s4 += x2 * x2 / N;
        next += i ? x * v[i - 1] / N : 0;
        far += i >= 8 ? x * v[i - 8] / N : 0;
    }
    /* five standard deviations each */
    assert_true(fabs(m) < 5 / sqrt(N));
    assert_true(fabs(s2 - 1) < 5 * sqrt(2.0 / N));
    assert_true(fabs(s4 - 3) < 5 * sqrt(96.0 / N));
    assert_true(fabs(next) < 5 / sqrt(N) && fabs(far) < 5 / sqrt(N));
}

static void test_moments(void **state)
{
    (void)state;
    static const uint64_t seeds[] = {0, 12345, UINT64_MAX};
    for (int kind = 0; kind < OM_N_RNGS; kind++)
        for (int i = 0; i < 3; i++) check_moments((om_rng_kind)kind, seeds[i]);
}

/* The CPU generator knows 32 bits of a seed, CUDA's all 64. */
static void test_seed_bits(void **state)
{
    (void)state;
    for (int kind = 0; kind < OM_N_RNGS; kind++) {
        float a[20], b[20];
        om_rng rng;
        om_rng_init(&rng, (om_rng_kind)kind, 5);
        om_rng_randn(&rng, a, 20);
        om_rng_init(&rng, (om_rng_kind)kind, 5 + (UINT64_C(1) << 32));
        om_rng_randn(&rng, b, 20);
        assert_int_equal(worst_distance(a, b, 20) == 0, kind == OM_RNG_CPU);
    }
}

static void test_names(void **state)
{
    (void)state;
    for (int kind = 0; kind < OM_N_RNGS; kind++)
        assert_int_equal(om_rng_find(om_str_of(om_rng_name((om_rng_kind)kind))),
                         kind);
    assert_int_equal(om_rng_find(OM_STR("CUDA")), OM_RNG_CUDA);
    assert_int_equal(om_rng_find(OM_STR("")), -1);
    assert_int_equal(om_rng_find(OM_STR("cud")), -1);
    assert_int_equal(om_rng_find(OM_STR("cuda/")), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cpu_carried),
        cmocka_unit_test(test_cpu_golden),
        cmocka_unit_test(test_mt19937_golden),
        cmocka_unit_test(test_mt19937_standard),
        cmocka_unit_test(test_cpu_spare),
        cmocka_unit_test(test_philox_known),
        cmocka_unit_test(test_cuda_published),
        cmocka_unit_test(test_cuda_prefix),
        cmocka_unit_test(test_cuda_few_threads),
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_seed_bits),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
