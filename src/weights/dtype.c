/* dtype.c - see dtype.h.
 *
 * The loops have no branches and run over BLOCK elements, a constant: that is
 * what compilers make vector code of, at -O2 and without any word about the
 * processor. Subnormals go through additions of normal numbers, so a thread
 * that flushes subnormals to zero gets the same results. */
#include "weights/dtype.h"

enum { BLOCK = 16, CHUNK = 1024 };

typedef struct dtype_fact {
    const char *name;
    size_t bytes;
} dtype_fact;

static const dtype_fact facts[] = {
#define X(name, word, bytes) [OM_##name] = {word, bytes},
    OM_DTYPE_LIST(X)
#undef X
};

const char *om_dtype_name(om_dtype d)
{
    return d < OM_N_DTYPES ? facts[d].name : "?";
}

size_t om_dtype_size(om_dtype d)
{
    return d < OM_N_DTYPES ? facts[d].bytes : 0;
}

om_dtype om_dtype_find(om_str name)
{
    om_dtype d = 0;
    while (d < OM_N_DTYPES && !om_str_eqz(name, facts[d].name)) d++;
    return d;
}

bool om_dtype_is_float(om_dtype d)
{
    return d <= OM_F8_E5M2;
}

/* ---- bits ---------------------------------------------------------------- */

static inline uint32_t bits_of(float f)
{
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    return u;
}

static inline float float_of(uint32_t u)
{
    float f;
    memcpy(&f, &u, sizeof f);
    return f;
}

/* All ones where it holds. Compilers turn "c ? x : y" of float results back
 * into branches, and branches do not become vector code; masks do. */
static inline uint32_t where(bool holds)
{
    return 0u - (uint32_t)holds;
}

/* a < b, both below 2^31: vectors compare signed numbers. */
static inline bool less(uint32_t a, uint32_t b)
{
    return (int32_t)a < (int32_t)b;
}

/* 1.mmm * 2^(e-15) becomes the same in the wider format by adding 112 to the
 * exponent; a subnormal, 0.mmm * 2^-14, is (1.mmm - 1) * 2^-14. */
static inline float f32_of_f16(uint32_t h)
{
    const uint32_t least = 113u << 23; /* 2^-14 */
    uint32_t em = h & 0x7fff, wide = em << 13;
    uint32_t normal = wide + (112u << 23);
    uint32_t subnormal = bits_of(float_of(wide + least) - float_of(least));
    uint32_t small = where(less(em, 0x400)), special = where(less(0x7bff, em));
    uint32_t u = (subnormal & small) | (normal & ~small);
    return float_of(u | (0x7f800000u & special) | (h & 0x8000) << 16);
}

static inline uint16_t f16_of_f32(float f)
{
    const uint32_t infinity = 255u << 23, over = 143u << 23; /* 2^16 */
    const uint32_t under = 113u << 23;                       /* 2^-14 */
    const uint32_t ulp = 126u << 23; /* its last bit is f16's last, 2^-24 */
    uint32_t sign = bits_of(f) & 0x80000000u, u = bits_of(f) ^ sign;
    uint32_t small = where(less(u, under)), large = where(!less(u, over));
    /* The processor rounds the subnormals for us, the carry the others. */
    uint32_t subnormal = bits_of(float_of(u & small) + float_of(ulp)) - ulp;
    uint32_t normal = (u - (112u << 23) + 0xfff + ((u >> 13) & 1)) >> 13;
    uint32_t nan = (0x200 | (u >> 13 & 0x3ff)) & where(less(infinity, u));
    uint32_t h = (subnormal & small) | (normal & ~small);
    h = ((0x7c00 | nan) & large) | (h & ~large);
    return (uint16_t)(h | sign >> 16);
}

static inline uint16_t bf16_of_f32(float f)
{
    uint32_t u = bits_of(f);
    uint32_t rounded = (u + 0x7fff + ((u >> 16) & 1)) >> 16;
    uint32_t nan = where(less(0x7f800000u, u & 0x7fffffffu));
    return (uint16_t)(((u >> 16 | 0x40) & nan) | (rounded & ~nan));
}

/* e4m3 has no infinity: all ones is its NaN, the largest is 448. */
static inline float f32_of_e4m3(uint32_t b)
{
    float f = f32_of_f16((b & 0x80) << 8 | (b & 0x7f) << 7) * 256.0F;
    return (b & 0x7f) == 0x7f ? float_of(0x7fc00000u | (b & 0x80) << 24) : f;
}

/* ---- loops --------------------------------------------------------------- */

/* Whole blocks first, then one that is padded. */
#define LOOP(name, dst_t, src_t, expression)                          \
    static void name(dst_t *dst, const char *src, size_t n)           \
    {                                                                 \
        while (n > 0) {                                               \
            src_t in[BLOCK] = {0};                                    \
            dst_t out[BLOCK];                                         \
            size_t m = n < BLOCK ? n : BLOCK;                         \
            if (m == BLOCK)                                           \
                memcpy(in, src, sizeof in);                           \
            else                                                      \
                memcpy(in, src, m * sizeof *in);                      \
            for (size_t i = 0; i < BLOCK; i++) out[i] = (expression); \
            if (m == BLOCK)                                           \
                memcpy(dst, out, sizeof out);                         \
            else                                                      \
                memcpy(dst, out, m * sizeof *out);                    \
            dst += m, src += m * sizeof *in, n -= m;                  \
        }                                                             \
    }

LOOP(from_f16, float, uint16_t, f32_of_f16(in[i]))
LOOP(from_bf16, float, uint16_t, float_of((uint32_t)in[i] << 16))
LOOP(from_f64, float, double, (float)in[i])
LOOP(from_e4m3, float, uint8_t, f32_of_e4m3(in[i]))
LOOP(from_e5m2, float, uint8_t, f32_of_f16((uint32_t)in[i] << 8))
LOOP(from_i64, float, int64_t, (float)in[i])
LOOP(from_i32, float, int32_t, (float)in[i])
LOOP(from_i16, float, int16_t, (float)in[i])
LOOP(from_i8, float, int8_t, (float)in[i])
LOOP(from_u64, float, uint64_t, (float)in[i])
LOOP(from_u32, float, uint32_t, (float)in[i])
LOOP(from_u16, float, uint16_t, (float)in[i])
LOOP(from_u8, float, uint8_t, (float)in[i])
LOOP(from_bool, float, uint8_t, in[i] ? 1.0F : 0.0F)
LOOP(to_f16, uint16_t, float, f16_of_f32(in[i]))
LOOP(to_bf16, uint16_t, float, bf16_of_f32(in[i]))

typedef void to_f32_fn(float *dst, const char *src, size_t n);

static to_f32_fn *const to_f32[OM_N_DTYPES] = {
    [OM_F16] = from_f16,      [OM_BF16] = from_bf16,    [OM_F64] = from_f64,
    [OM_F8_E4M3] = from_e4m3, [OM_F8_E5M2] = from_e5m2, [OM_I64] = from_i64,
    [OM_I32] = from_i32,      [OM_I16] = from_i16,      [OM_I8] = from_i8,
    [OM_U64] = from_u64,      [OM_U32] = from_u32,      [OM_U16] = from_u16,
    [OM_U8] = from_u8,        [OM_BOOL] = from_bool,
};

void om_to_f32(float *dst, om_dtype from, const void *src, size_t n)
{
    if (from == OM_F32 && n > 0)
        memcpy(dst, src, n * sizeof *dst);
    else if (from < OM_N_DTYPES && to_f32[from])
        to_f32[from](dst, src, n);
}

void om_f32_to_f16(uint16_t *dst, const float *src, size_t n)
{
    to_f16(dst, (const char *)src, n);
}

void om_f32_to_bf16(uint16_t *dst, const float *src, size_t n)
{
    to_bf16(dst, (const char *)src, n);
}

bool om_dtype_convert(om_dtype to, void *dst, om_dtype from, const void *src,
                      size_t n)
{
    float wide[CHUNK];
    uint16_t *out = dst;
    const char *in = src;
    if (to != OM_F32 && to != OM_F16 && to != OM_BF16) return false;
    if (to == from && n > 0) memcpy(dst, src, n * om_dtype_size(to));
    if (to == from) return true;
    if (to == OM_F32) om_to_f32(dst, from, src, n);
    while (to != OM_F32 && n > 0) {
        size_t m = n < CHUNK ? n : CHUNK;
        om_to_f32(wide, from, in, m);
        (to == OM_F16 ? om_f32_to_f16 : om_f32_to_bf16)(out, wide, m);
        in += m * om_dtype_size(from), out += m, n -= m;
    }
    return true;
}
