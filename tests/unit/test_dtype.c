/* test_dtype.c - conversions of number formats against their definitions,
 * computed by ldexp() in double precision. */
#include "support.h"

#include <math.h>

#include "weights/dtype.h"

/* A format of one sign bit, `e` bits of exponent, `m` of mantissa. */
static double value_of(uint32_t bits, int e, int m)
{
    int exponent = (int)(bits >> m & ((1u << e) - 1)),
        bias = (1 << (e - 1)) - 1;
    double mantissa = bits & ((1u << m) - 1);
    double v = exponent ? ldexp(mantissa + (1 << m), exponent - bias - m)
                        : ldexp(mantissa, 1 - bias - m);
    return bits >> (e + m) & 1 ? -v : v;
}

static uint32_t bits_of(float f)
{
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    return u;
}

static float float_of(uint32_t u)
{
    float f;
    memcpy(&f, &u, sizeof f);
    return f;
}

static void check_16(om_dtype d, int e, int m,
                     void (*narrow)(uint16_t *, const float *, size_t))
{
    enum { N = 65536 };
    uint16_t *in = malloc(N * sizeof *in), *back = malloc(N * sizeof *back);
    float *out = malloc(N * sizeof *out);
    const uint32_t top = (1u << e) - 1;
    for (uint32_t i = 0; i < N; i++) in[i] = (uint16_t)i;
    om_to_f32(out, d, in, N);
    narrow(back, out, N);
    for (uint32_t i = 0; i < N; i++) {
        bool special = (i >> m & top) == top, nan = i & ((1u << m) - 1);
        if (special && nan) {
            assert_true(isnan(out[i]));
            assert_int_equal(bits_of(out[i]) >> 31, i >> 15);
            assert_int_equal(back[i], i | 1u << (m - 1)); /* made quiet */
            continue;
        }
        if (special)
            assert_true(out[i] == (i >> 15 ? -INFINITY : INFINITY));
        else
            assert_true((double)out[i] == value_of(i, e, m));
        assert_int_equal(back[i], i);
    }
    free(in);
    free(back);
    free(out);
}

static void test_16_bits(void **state)
{
    (void)state;
    check_16(OM_F16, 5, 10, om_f32_to_f16);
    check_16(OM_BF16, 8, 7, om_f32_to_bf16);
}

/* Between two neighbours: below the middle, the middle, above it. */
static void check_rounding(int e, int m,
                           void (*narrow)(uint16_t *, const float *, size_t))
{
    const uint32_t end = ((1u << e) - 1) << m;
    for (uint32_t i = 0; i < end; i++) {
        double a = value_of(i, e, m);
        double b = i + 1 < end
                       ? value_of(i + 1, e, m)
                       : ldexp(1, 1 << (e - 1)); /* infinity from here */
        float mid = (float)((a + b) / 2);
        float x[6] = {nextafterf(mid, 0), mid, nextafterf(mid, INFINITY)};
        uint16_t got[6];
        if ((double)mid != (a + b) / 2) continue; /* subnormal bf16 only */
        for (int k = 0; k < 3; k++) x[3 + k] = -x[k];
        narrow(got, x, 6);
        uint32_t even = i & 1 ? i + 1 : i;
        const uint32_t want[3] = {i, even, i + 1};
        for (int k = 0; k < 3; k++) {
            assert_int_equal(got[k], want[k]);
            assert_int_equal(got[3 + k], want[k] | 0x8000);
        }
    }
}

static void test_rounding(void **state)
{
    (void)state;
    check_rounding(5, 10, om_f32_to_f16);
    check_rounding(8, 7, om_f32_to_bf16);
}

static void test_far_out(void **state)
{
    (void)state;
    const float x[] = {65504,           65519.996F, 65520,     1e30F,
                       -1e30F,          1e-30F,     -1e-30F,   0x1p-25F,
                       0x1.000002p-25F, INFINITY,   -INFINITY, -0.0F};
    const uint16_t want[] = {0x7bff, 0x7bff, 0x7c00, 0x7c00, 0xfc00, 0,
                             0x8000, 0,      1,      0x7c00, 0xfc00, 0x8000};
    uint16_t got[12];
    om_f32_to_f16(got, x, 12);
    for (int i = 0; i < 12; i++) assert_int_equal(got[i], want[i]);
    const float nan[2] = {float_of(0x7f800001), float_of(0xff800001)};
    om_f32_to_f16(got, nan, 2);
    assert_int_equal(got[0], 0x7e00);
    assert_int_equal(got[1], 0xfe00);
    om_f32_to_bf16(got, nan, 2);
    assert_int_equal(got[0], 0x7fc0);
    assert_int_equal(got[1], 0xffc0);
}

static void test_8_bits(void **state)
{
    (void)state;
    uint8_t in[256];
    float out[256];
    for (int i = 0; i < 256; i++) in[i] = (uint8_t)i;
    om_to_f32(out, OM_F8_E5M2, in, 256);
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t top = i & 0x7f;
        if (top > 0x7c)
            assert_true(isnan(out[i]));
        else if (top == 0x7c)
            assert_true(isinf(out[i]));
        else
            assert_true((double)out[i] == value_of(i, 5, 2));
    }
    om_to_f32(out, OM_F8_E4M3, in, 256);
    for (uint32_t i = 0; i < 256; i++) {
        if ((i & 0x7f) == 0x7f)
            assert_true(isnan(out[i]));
        else
            assert_true((double)out[i] == value_of(i, 4, 3));
    }
    assert_true(out[0x7e] == 448.0F);
}

/* Any length, any address, through every kind. */
static void test_lengths(void **state)
{
    (void)state;
    enum { N = 70 };
    char raw[N * 8 + 8];
    for (int d = 0; d < OM_N_DTYPES; d++) {
        size_t size = om_dtype_size(d);
        assert_int_equal(om_dtype_find(om_str_of(om_dtype_name(d))), d);
        for (size_t n = 0; n <= N; n++) {
            float all[N + 1], one;
            uint16_t half[N + 1];
            char *at = raw + 1;
            for (size_t i = 0; i < n * size; i++)
                at[i] = (char)(i * 37 % 60); /* never a NaN */
            all[n] = 12345;
            half[n] = 54321;
            om_to_f32(all, d, at, n);
            assert_true(om_dtype_convert(OM_BF16, half, d, at, n));
            assert_true(all[n] == 12345 && half[n] == 54321);
            for (size_t i = 0; i < n; i++) {
                uint16_t h;
                om_to_f32(&one, d, at + i * size, 1);
                assert_true(one == all[i]);
                om_f32_to_bf16(&h, &one, 1);
                assert_int_equal(h, half[i]);
            }
        }
    }
    assert_int_equal(om_dtype_find(OM_STR("F12")), OM_N_DTYPES);
    assert_false(om_dtype_convert(OM_I32, raw, OM_F32, raw, 0));
}

static void test_integers(void **state)
{
    (void)state;
    const int64_t wide[] = {INT64_MIN, -1, 0, 16777217, INT64_MAX};
    const uint64_t tall[] = {UINT64_MAX, 1};
    const uint8_t truth[] = {0, 1, 2};
    const double d[] = {0.1, 1e300, -0.0};
    float f[5];
    om_to_f32(f, OM_I64, wide, 5);
    assert_true(f[0] == -0x1p63F && f[1] == -1 && f[3] == 16777216 &&
                f[4] == 0x1p63F);
    om_to_f32(f, OM_U64, tall, 2);
    assert_true(f[0] == 0x1p64F && f[1] == 1);
    om_to_f32(f, OM_BOOL, truth, 3);
    assert_true(f[0] == 0 && f[1] == 1 && f[2] == 1);
    om_to_f32(f, OM_F64, d, 3);
    assert_true(f[0] == 0.1F && isinf(f[1]) && signbit(f[2]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_16_bits), cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_far_out), cmocka_unit_test(test_8_bits),
        cmocka_unit_test(test_lengths), cmocka_unit_test(test_integers),
    };
    return cmocka_run_group_tests_name("dtype", tests, NULL, NULL);
}
