/* loops_plain.c - the loops in plain C (see loops_body.h), and the choice. */
#include "nn/loops.h"

#include <math.h>
#include <string.h>

#include "nn/numbers.h"

#define VF static inline __attribute__((always_inline))
typedef struct vf {
    float f[8];
} vf;

#define EACH(v, expression)                                  \
    do {                                                     \
        for (int i = 0; i < 8; i++) (v).f[i] = (expression); \
    } while (0)

VF vf vf_set(float f)
{
    vf v;
    EACH(v, f);
    return v;
}
VF vf vf_zero(void)
{
    return vf_set(0);
}
VF vf vf_load(const float *p)
{
    vf v;
    memcpy(v.f, p, sizeof v.f);
    return v;
}
VF void vf_store(float *p, vf v)
{
    memcpy(p, v.f, sizeof v.f);
}
VF vf vf_add(vf a, vf b)
{
    EACH(a, a.f[i] + b.f[i]);
    return a;
}
VF vf vf_sub(vf a, vf b)
{
    EACH(a, a.f[i] - b.f[i]);
    return a;
}
VF vf vf_mul(vf a, vf b)
{
    EACH(a, a.f[i] * b.f[i]);
    return a;
}
VF vf vf_div(vf a, vf b)
{
    EACH(a, a.f[i] / b.f[i]);
    return a;
}
VF vf vf_min(vf a, vf b)
{
    EACH(b, a.f[i] < b.f[i] ? a.f[i] : b.f[i]);
    return b;
}
VF vf vf_max(vf a, vf b)
{
    EACH(b, a.f[i] > b.f[i] ? a.f[i] : b.f[i]);
    return b;
}
VF vf vf_fma(vf a, vf b, vf c)
{
    EACH(c, a.f[i] * b.f[i] + c.f[i]);
    return c;
}
VF vf vf_round(vf v)
{
    EACH(v, rintf(v.f[i]));
    return v;
}
VF vf vf_pow2(vf n)
{
    EACH(n, n.f[i] == n.f[i]
                ? om_bits_float((uint32_t)((int)n.f[i] + 127) << 23)
                : n.f[i]);
    return n;
}
VF float vf_sum(vf v)
{
    return ((v.f[0] + v.f[4]) + (v.f[2] + v.f[6])) +
           ((v.f[1] + v.f[5]) + (v.f[3] + v.f[7]));
}
VF bool vf_same(vf a, vf b)
{
    bool same = true;
    for (int i = 0; i < 8; i++)
        same &= a.f[i] == b.f[i] || (a.f[i] != a.f[i] && b.f[i] != b.f[i]);
    return same;
}
VF void vf_transpose(vf v[8])
{
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < i; j++) {
            const float t = v[i].f[j];
            v[i].f[j] = v[j].f[i];
            v[j].f[i] = t;
        }
}
VF vf vf_load_bf16(const uint16_t *p)
{
    vf v;
    EACH(v, om_float_of_bf16(p[i]));
    return v;
}
VF void vf_store_bf16(uint16_t *p, vf v)
{
    for (int i = 0; i < 8; i++) p[i] = om_bf16_of(v.f[i]);
}

/* Half floats have 5 bits of exponent (bias 15), 10 of fraction. */
VF float f32_of_f16(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, rest = h & 0x7fffu;
    if (rest >= 0x7c00) /* infinite, NaN */
        return om_bits_float(sign | 0x7f800000 | (rest & 0x3ff) << 13);
    if (rest < 0x400) { /* multiples of 2^-24 */
        float f = (float)rest * 0x1p-24f;
        return sign ? -f : f;
    }
    return om_bits_float(sign | ((rest << 13) + (112u << 23)));
}

VF uint16_t f16_of_f32(float f)
{
    uint32_t u = om_float_bits(f);
    uint16_t sign = (uint16_t)(u >> 16 & 0x8000);
    u &= 0x7fffffff;
    if (u > 0x7f800000) return (uint16_t)(sign | 0x7e00 | (u >> 13 & 0x1ff));
    if (u >= 0x477ff000) return (uint16_t)(sign | 0x7c00); /* rounds up */
    if (u < 0x38800000) { /* below 2^-14: adding 0.5 rounds at 2^-24 */
        float r = om_bits_float(u) + 0.5f;
        return (uint16_t)(sign | (om_float_bits(r) - 0x3f000000));
    }
    u += 0xfff + (u >> 13 & 1);
    return (uint16_t)(sign | ((u >> 13) - (112u << 10)));
}

VF vf vf_load_f16(const uint16_t *p)
{
    vf v;
    EACH(v, f32_of_f16(p[i]));
    return v;
}
VF void vf_store_f16(uint16_t *p, vf v)
{
    for (int i = 0; i < 8; i++) p[i] = f16_of_f32(v.f[i]);
}

#include "nn/loops_body.h"

const om_loops om_loops_plain = LOOPS_TABLE("plain C");

const om_loops *om_loops_best(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    /* What has AVX2 has F16C, which not every compiler can ask for. */
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &om_loops_avx2;
#endif
    return &om_loops_plain;
}
