/* loops_avx2.c - the loops for AVX2, FMA and F16C: see loops_body.h. */
#include "nn/loops.h"

#if defined(__x86_64__)

#include <math.h>
#include <string.h>

/* Only what is called after om_loops_best() has asked the processor. */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c")
#endif

#include <immintrin.h>

#define VF static inline __attribute__((always_inline))
typedef __m256 vf;

VF vf vf_zero(void)
{
    return _mm256_setzero_ps();
}
VF vf vf_set(float f)
{
    return _mm256_set1_ps(f);
}
VF vf vf_load(const float *p)
{
    return _mm256_loadu_ps(p);
}
VF void vf_store(float *p, vf v)
{
    _mm256_storeu_ps(p, v);
}
VF vf vf_add(vf a, vf b)
{
    return _mm256_add_ps(a, b);
}
VF vf vf_sub(vf a, vf b)
{
    return _mm256_sub_ps(a, b);
}
VF vf vf_mul(vf a, vf b)
{
    return _mm256_mul_ps(a, b);
}
VF vf vf_div(vf a, vf b)
{
    return _mm256_div_ps(a, b);
}
VF vf vf_min(vf a, vf b)
{
    return _mm256_min_ps(a, b);
}
VF vf vf_max(vf a, vf b)
{
    return _mm256_max_ps(a, b);
}
VF vf vf_fma(vf a, vf b, vf c)
{
    return _mm256_fmadd_ps(a, b, c);
}
VF vf vf_round(vf v)
{
    return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
VF vf vf_pow2(vf n)
{
    __m256i i = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(i, 23));
}

VF float vf_sum(vf v)
{
    __m128 s =
        _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

VF bool vf_same(vf a, vf b)
{
    __m256 equal = _mm256_cmp_ps(a, b, _CMP_EQ_OQ);
    __m256 nan = _mm256_and_ps(_mm256_cmp_ps(a, a, _CMP_UNORD_Q),
                               _mm256_cmp_ps(b, b, _CMP_UNORD_Q));
    return _mm256_movemask_ps(_mm256_or_ps(equal, nan)) == 0xff;
}

VF void vf_transpose(vf v[8])
{
    vf pair[8], four[8];
    for (int i = 0; i < 8; i += 2) {
        pair[i] = _mm256_unpacklo_ps(v[i], v[i + 1]);
        pair[i + 1] = _mm256_unpackhi_ps(v[i], v[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        four[i] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0x44);
        four[i + 1] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0xee);
        four[i + 2] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
        four[i + 3] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0xee);
    }
    for (int i = 0; i < 4; i++) {
        v[i] = _mm256_permute2f128_ps(four[i], four[i + 4], 0x20);
        v[i + 4] = _mm256_permute2f128_ps(four[i], four[i + 4], 0x31);
    }
}

VF __m128i load_half(const uint16_t *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}
VF vf vf_load_bf16(const uint16_t *p)
{
    __m256i wide = _mm256_cvtepu16_epi32(load_half(p));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}
VF vf vf_load_f16(const uint16_t *p)
{
    return _mm256_cvtph_ps(load_half(p));
}
VF void vf_store_f16(uint16_t *p, vf v)
{
    _mm_storeu_si128((__m128i *)(void *)p,
                     _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}
/* To nearest even; a NaN keeps its upper bits and becomes a quiet one. */
VF void vf_store_bf16(uint16_t *p, vf v)
{
    __m256i u = _mm256_castps_si256(v);
    __m256i odd =
        _mm256_and_si256(_mm256_srli_epi32(u, 16), _mm256_set1_epi32(1));
    __m256i up =
        _mm256_add_epi32(u, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
    __m256i quiet = _mm256_or_si256(u, _mm256_set1_epi32(0x400000));
    __m256i r = _mm256_srli_epi32(_mm256_blendv_epi8(up, quiet, nan), 16);
    __m128i packed = _mm_packus_epi32(_mm256_castsi256_si128(r),
                                      _mm256_extracti128_si256(r, 1));
    _mm_storeu_si128((__m128i *)(void *)p, packed);
}

#include "nn/loops_body.h"

const om_loops om_loops_avx2 = LOOPS_TABLE("AVX2");

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#else
typedef int om_loops_avx2_is_empty;
#endif
