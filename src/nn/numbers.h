/* numbers.h - floats rounded to fewer bits, to nearest even. */
#ifndef OM_NN_NUMBERS_H
#define OM_NN_NUMBERS_H

#include <stdint.h>
#include <string.h>

static inline uint32_t om_float_bits(float f)
{
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    return u;
}

static inline float om_bits_float(uint32_t u)
{
    float f;
    memcpy(&f, &u, sizeof f);
    return f;
}

/* The bf16 nearest to f; NaN stays NaN, too large becomes infinite. */
static inline uint16_t om_bf16_of(float f)
{
    uint32_t u = om_float_bits(f);
    uint32_t rounded = (u + 0x7fff + ((u >> 16) & 1)) >> 16;
    return (uint16_t)((u & 0x7fffffff) > 0x7f800000 ? (u >> 16 | 0x40)
                                                    : rounded);
}

static inline float om_float_of_bf16(uint16_t b)
{
    return om_bits_float((uint32_t)b << 16);
}

static inline float om_round_bf16(float f)
{
    return om_float_of_bf16(om_bf16_of(f));
}

/* f rounded to what f16 holds, for |f| <= 65504 (OM_F16_MAX). Adding and taking
 * away a power of two leaves as many bits as f16 has at that size. */
#define OM_F16_MAX 65504.0f
static inline float om_round_f16(float f)
{
    uint32_t u = om_float_bits(f), e = u & 0x7f800000;
    if (e < 113u << 23) e = 113u << 23; /* subnormal in f16: below 2^-14 */
    float magic = om_bits_float(e + (13u << 23));
    float r = om_bits_float(u & 0x7fffffff) + magic;
    r -= magic;
    return om_bits_float(om_float_bits(r) | (u & 0x80000000));
}

#endif
