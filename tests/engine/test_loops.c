/* test_loops.c - the loops of the dnnl back end by themselves: each, for f32
 * and bf16, in vectors and in plain C, against formulas in double, for every
 * length up to a few vectors and at odd addresses. */
#include "engine/nn_support.h"

#include "nn/loops.h"

enum { ROWS = 3, MOST = 41 };

static const om_loops *const tables[] = {
    &om_loops_plain,
#if defined(__x86_64__)
    &om_loops_avx2,
#endif
};
enum { N_TABLES = sizeof tables / sizeof *tables };

/* Numbers of one kind of element, at an address that no vector likes. */
typedef struct numbers {
    om_elem t;
    char raw[2 * ROWS * MOST * 4 + 64];
} numbers;

static void *elements(numbers *x)
{
    return x->raw + om_elem_size(x->t);
}

static void set(numbers *x, size_t i, float v)
{
    char *p = (char *)elements(x) + i * om_elem_size(x->t);
    const uint16_t b = om_bf16_of(v);
    if (x->t == OM_ELEM_F32)
        memcpy(p, &v, sizeof v);
    else
        memcpy(p, &b, sizeof b);
}

static double value(numbers *x, size_t i)
{
    const char *p = (char *)elements(x) + i * om_elem_size(x->t);
    float v;
    uint16_t b;
    memcpy(&b, p, sizeof b);
    if (x->t != OM_ELEM_F32) return (double)om_float_of_bf16(b);
    memcpy(&v, p, sizeof v);
    return (double)v;
}

static void random_numbers(numbers *x, om_elem t, size_t n, uint64_t seed)
{
    *x = (numbers){.t = t};
    for (size_t i = 0; i < n; i++) set(x, i, (float)(3 * next_normal(&seed)));
}

static const char *what; /* is being tested */

static void near(om_elem t, double got, double want, double size)
{
    double within = 2e-6 * (fabs(want) + size) + 1e-30;
    if (t == OM_ELEM_BF16) within += fabs(want) / 256;
    if (!(fabs(got - want) <= within))
        fail_msg("%s: %.9g, not %.9g", what, got, want);
}

/* Elements past the last are left alone. */
static void untouched(numbers *y, size_t n)
{
    if (value(y, n) != 7) fail_msg("%s writes too far", what);
}

static double gelu(double x)
{
    return 0.5 * x * erfc(-x / sqrt(2));
}

static double activation(om_unary_kind kind, double x)
{
    switch (kind) {
    case OM_SILU: return x / (1 + exp(-x));
    case OM_GELU: return gelu(x);
    case OM_QUICK_GELU: return x / (1 + exp(-1.702 * x));
    default: return x > 0 ? x : 0;
    }
}

/* f for every table, kind of element and length. */
typedef void loop_test(const om_loops *l, om_elem t, size_t c);

static void everywhere(loop_test *f)
{
    for (int i = 0; i < N_TABLES; i++) {
        if (tables[i] != &om_loops_plain && om_loops_best() != tables[i]) {
            printf("*** SKIPPED: %s ***\n", tables[i]->name);
            continue;
        }
        what = tables[i]->name;
        for (size_t c = 1; c < MOST; c++) {
            f(tables[i], OM_ELEM_F32, c);
            f(tables[i], OM_ELEM_BF16, c);
        }
    }
}

/* ---- each loop --------------------------------------------------------------- */

static void try_unary(const om_loops *l, om_elem t, size_t c)
{
    numbers x, y;
    random_numbers(&x, t, c, 1);
    for (int kind = 0; kind < OM_N_UNARIES; kind++) {
        random_numbers(&y, t, c, 2);
        set(&y, c, 7);
        l->unary(t, (om_unary_kind)kind, elements(&y), elements(&x), c);
        for (size_t i = 0; i < c; i++)
            near(t, value(&y, i), activation((om_unary_kind)kind, value(&x, i)),
                 fabs(value(&x, i)));
        untouched(&y, c);
    }
}

static void try_geglu(const om_loops *l, om_elem t, size_t c)
{
    numbers x, y = {.t = t};
    random_numbers(&x, t, 2 * ROWS * c, 3);
    set(&y, ROWS * c, 7);
    l->geglu(t, elements(&y), elements(&x), ROWS, c);
    for (size_t r = 0; r < ROWS; r++)
        for (size_t i = 0; i < c; i++) {
            double a = value(&x, 2 * r * c + i);
            double b = value(&x, (2 * r + 1) * c + i);
            near(t, value(&y, r * c + i), a * gelu(b), fabs(a * b));
        }
    untouched(&y, ROWS * c);
}

static void try_add(const om_loops *l, om_elem t, size_t c)
{
    numbers a, b, y = {.t = t};
    random_numbers(&a, t, ROWS * c, 4);
    random_numbers(&b, t, ROWS * c, 5);
    for (size_t step = 0; step <= c; step += c) {
        set(&y, ROWS * c, 7);
        l->add(t, elements(&y), elements(&a), elements(&b), ROWS, c, step);
        for (size_t i = 0; i < ROWS * c; i++) {
            double p = value(&a, i), q = value(&b, step ? i : i % c);
            near(t, value(&y, i), p + q, fabs(p) + fabs(q));
        }
        untouched(&y, ROWS * c);
    }
}

static void try_layer_norm(const om_loops *l, om_elem t, size_t c)
{
    numbers x, y = {.t = t};
    float w[MOST], bias[MOST];
    fill_floats(w, c, FILL_NORMAL, 6);
    fill_floats(bias, c, FILL_NORMAL, 7);
    random_numbers(&x, t, ROWS * c, 8);
    set(&y, ROWS * c, 7);
    l->layer_norm(t, elements(&y), elements(&x), ROWS, c, w, bias, 1e-3f);
    for (size_t r = 0; r < ROWS; r++) {
        double mean = 0, var = 0;
        for (size_t i = 0; i < c; i++) mean += value(&x, r * c + i);
        mean /= (double)c;
        for (size_t i = 0; i < c; i++)
            var += pow(value(&x, r * c + i) - mean, 2) / (double)c;
        for (size_t i = 0; i < c; i++) {
            double d =
                (value(&x, r * c + i) - mean) / sqrt(var + (double)1e-3f);
            near(t, value(&y, r * c + i), d * (double)w[i] + (double)bias[i],
                 (fabs(d) + fabs(mean)) * fabs((double)w[i]) +
                     fabs((double)bias[i]));
        }
    }
    untouched(&y, ROWS * c);
}

static void try_affine(const om_loops *l, om_elem t, size_t c)
{
    numbers x, y = {.t = t};
    float p[3][MOST], sum[MOST] = {0}, square[MOST] = {0};
    for (uint64_t i = 0; i < 3; i++) fill_floats(p[i], c, FILL_NORMAL, 9 + i);
    random_numbers(&x, t, ROWS * c, 12);
    for (int silu = 0; silu < 2; silu++) {
        set(&y, ROWS * c, 7);
        l->affine(t, elements(&y), elements(&x), ROWS, c,
                  (om_affine){p[0], p[1], p[2]}, silu);
        for (size_t i = 0; i < ROWS * c; i++) {
            double m = (double)p[0][i % c], s = (double)p[1][i % c];
            double v = (value(&x, i) - m) * s + (double)p[2][i % c];
            double size = (fabs(value(&x, i)) + fabs(m)) * fabs(s) +
                          fabs((double)p[2][i % c]);
            near(t, value(&y, i), silu ? activation(OM_SILU, v) : v, size);
        }
        untouched(&y, ROWS * c);
    }
    l->moments(t, elements(&x), ROWS, c, p[0], sum, square);
    for (size_t i = 0; i < c; i++) {
        double s = 0, q = 0;
        for (size_t r = 0; r < ROWS; r++) {
            double d = value(&x, r * c + i) - (double)p[0][i];
            s += d;
            q += d * d;
        }
        near(OM_ELEM_F32, (double)sum[i], s, 10);
        near(OM_ELEM_F32, (double)square[i], q, 10);
    }
}

static void test_elements(void **state)
{
    (void)state;
    everywhere(try_unary);
    everywhere(try_geglu);
    everywhere(try_add);
    everywhere(try_layer_norm);
    everywhere(try_affine);
}

/* Far out, where e^x has no room, and what is no number. */
static void test_limits(void **state)
{
    (void)state;
    for (int i = 0; i < N_TABLES; i++) {
        if (tables[i] != &om_loops_plain && om_loops_best() != tables[i])
            continue;
        what = tables[i]->name;
        const float far[] = {-1e30f, -200, -90, -88, 88, 90, 200, 1e30f};
        float y[8], nan = NAN;
        for (int k = 0; k < OM_N_UNARIES; k++) {
            tables[i]->unary(OM_ELEM_F32, (om_unary_kind)k, y, far, 8);
            for (int j = 0; j < 8; j++)
                near(OM_ELEM_F32, (double)y[j], j < 4 ? 0 : (double)far[j],
                     j == 0 ? 1 : 1e-6);
            tables[i]->unary(OM_ELEM_F32, (om_unary_kind)k, y, &nan, 1);
            assert_true(isnan(y[0]));
        }
    }
}

/* ---- bits -------------------------------------------------------------------- */

static float of_bits(om_bits b, uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, e = h >> 10 & 31,
             f = h & 1023;
    if (b == OM_BITS_BF16) return om_float_of_bf16(h);
    double v = e == 0 ? ldexp(f, -24) : ldexp(1024 + f, (int)e - 25);
    if (e == 31) return f ? NAN : sign ? -INFINITY : INFINITY;
    return (float)(sign ? -v : v);
}

/* All 65536 of each kind there and back; halves round to even. */
static void test_bits(void **state)
{
    (void)state;
    for (int i = 0; i < N_TABLES; i++) {
        if (tables[i] != &om_loops_plain && om_loops_best() != tables[i])
            continue;
        for (int b = OM_BITS_F16; b <= OM_BITS_BF16; b++)
            for (uint32_t h = 0; h < 65536; h++) {
                const uint16_t in = (uint16_t)h;
                float wide, want = of_bits((om_bits)b, in);
                uint16_t back;
                tables[i]->unpack((om_bits)b, &wide, &in, 1);
                tables[i]->pack((om_bits)b, &back, &wide, 1);
                if (isnan(want)) {
                    assert_true(isnan(wide));
                    assert_true(isnan(of_bits((om_bits)b, back)));
                    continue;
                }
                assert_memory_equal(&wide, &want, sizeof wide);
                assert_int_equal(back, in);
            }
        uint64_t seed = 3;
        for (int k = 0; k < 100000; k++) {
            float x =
                (float)(next_normal(&seed) * exp(8 * next_normal(&seed) - 6));
            uint16_t half;
            float wide;
            if (fabsf(x) > OM_F16_MAX) continue;
            tables[i]->pack(OM_BITS_F16, &half, &x, 1);
            tables[i]->unpack(OM_BITS_F16, &wide, &half, 1);
            assert_true(wide == om_round_f16(x));
            tables[i]->pack(OM_BITS_BF16, &half, &x, 1);
            assert_int_equal(half, om_bf16_of(x));
        }
    }
}

/* What can be kept in fewer bits is seen wherever the one number is that
 * cannot. */
static void test_look(void **state)
{
    (void)state;
    static const struct {
        float odd;
        bool f16, bf16, finite;
    } cases[] = {{1, true, true, true},
                 {-0.0f, true, true, true},
                 {1 + 0x1p-10f, true, false, true},
                 {0x1p-30f, false, true, true},
                 {65504, true, false, true},
                 {65536, false, true, false},
                 {1 + 0x1p-20f, false, false, true},
                 {INFINITY, true, true, false},
                 {NAN, true, true, false}};
    for (int i = 0; i < N_TABLES; i++) {
        if (tables[i] != &om_loops_plain && om_loops_best() != tables[i])
            continue;
        for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
            for (size_t n = 1; n < 20; n++)
                for (size_t at = 0; at < n; at++) {
                    float x[20];
                    bool f16, bf16, finite;
                    for (size_t j = 0; j < n; j++) x[j] = 0.5f;
                    x[at] = cases[k].odd;
                    tables[i]->look(x, n, &f16, &bf16, &finite);
                    assert_int_equal(f16, cases[k].f16);
                    assert_int_equal(bf16, cases[k].bf16);
                    if (!f16) assert_int_equal(finite, cases[k].finite);
                }
    }
}

/* Three streams of eights, the last of four missing. */
static void test_unpack8(void **state)
{
    (void)state;
    enum { N = 5, M = 4, THERE = 3 };
    for (int i = 0; i < N_TABLES; i++) {
        if (tables[i] != &om_loops_plain && om_loops_best() != tables[i])
            continue;
        uint16_t from[THERE * N * 8];
        float to[N * M * 8];
        for (int k = 0; k < THERE * N * 8; k++) from[k] = om_bf16_of((float)k);
        tables[i]->unpack8(OM_BITS_BF16, to, from, N, M, THERE, N * 8);
        for (int k = 0; k < N; k++)
            for (int s = 0; s < M; s++)
                for (int j = 0; j < 8; j++)
                    assert_true(
                        to[(k * M + s) * 8 + j] ==
                        (s < THERE ? (float)(s * N * 8 + k * 8 + j) : 0.0f));
    }
}

/* Eight rows of up to three vectors, to scattered columns. */
static void test_pack8(void **state)
{
    (void)state;
    enum { ROW = 25 };
    float x[8 * ROW];
    fill_floats(x, 8 * ROW, FILL_NORMAL, 4);
    for (int i = 0; i < N_TABLES; i++) {
        if (tables[i] != &om_loops_plain && om_loops_best() != tables[i])
            continue;
        for (size_t n = 0; n <= ROW; n++) {
            float y[ROW * 9] = {0};
            uint16_t half[ROW * 9] = {0};
            size_t at[ROW];
            for (size_t j = 0; j < n; j++) at[j] = (j * 7 % ROW) * 9;
            tables[i]->pack8(OM_BITS_F32, y, at, x, ROW, n);
            tables[i]->pack8(OM_BITS_BF16, half, at, x, ROW, n);
            for (size_t j = 0; j < n; j++)
                for (size_t k = 0; k < 8; k++) {
                    assert_true(y[at[j] + k] == x[k * ROW + j]);
                    assert_int_equal(half[at[j] + k],
                                     om_bf16_of(x[k * ROW + j]));
                }
            for (size_t j = 0; j < ROW; j++) assert_true(y[j * 9 + 8] == 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_bits),     cmocka_unit_test(test_look),
        cmocka_unit_test(test_unpack8),  cmocka_unit_test(test_pack8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
