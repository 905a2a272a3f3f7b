/* attend_avx512.c - attention with vectors of 16 floats. */
#include "nn/attend_kernel.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f")))
#define LANES 16
#define TILE 8
#define VECTORS 2 /* 32 rows: the sizes of pictures fill such panels exactly */
typedef __m512 vec;
#define v_load(p) _mm512_load_ps(p)
#define v_store(p, a) _mm512_store_ps(p, a)
#define v_all(f) _mm512_set1_ps(f)
#define v_add(a, b) _mm512_add_ps(a, b)
#define v_sub(a, b) _mm512_sub_ps(a, b)
#define v_mul(a, b) _mm512_mul_ps(a, b)
#define v_max(a, b) _mm512_max_ps(a, b)
#define v_fma(a, b, c) _mm512_fmadd_ps(a, b, c)
#define v_shift23(a) \
    _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(a), 23))

#include "nn/attend_panel.h"

const om_attend_kernel om_attend_avx512 = {.isa = OM_ATTEND_AVX512,
                                           .tile = TILE,
                                           .lanes = LANES,
                                           .max_lanes = VECTORS * LANES,
                                           .absorb = absorb,
                                           .fold = fold};
#endif
