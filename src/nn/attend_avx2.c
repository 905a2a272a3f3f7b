/* attend_avx2.c - attention with vectors of 8 floats. */
#include "nn/attend_kernel.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#define TILE 4
#define VECTORS 3 /* 4 * 3 sums, 3 loads, 1 broadcast: all 16 registers */
typedef __m256 vec;
#define v_load(p) _mm256_load_ps(p)
#define v_store(p, a) _mm256_store_ps(p, a)
#define v_all(f) _mm256_set1_ps(f)
#define v_add(a, b) _mm256_add_ps(a, b)
#define v_sub(a, b) _mm256_sub_ps(a, b)
#define v_mul(a, b) _mm256_mul_ps(a, b)
#define v_max(a, b) _mm256_max_ps(a, b)
#define v_fma(a, b, c) _mm256_fmadd_ps(a, b, c)
#define v_shift23(a) \
    _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(a), 23))

#include "nn/attend_panel.h"

const om_attend_kernel om_attend_avx2 = {.isa = OM_ATTEND_AVX2,
                                         .tile = TILE,
                                         .lanes = LANES,
                                         .max_lanes = VECTORS * LANES,
                                         .absorb = absorb,
                                         .fold = fold};
#endif
