/* attend_plain.c - attention with vectors of 4 floats, which compilers make of
 * whatever the processor has. */
#include "nn/attend_kernel.h"

#include <string.h>

#define TARGET
#define LANES 4
#define TILE 4
#define VECTORS 2
typedef float vec __attribute__((vector_size(4 * LANES)));
typedef uint32_t bits __attribute__((vector_size(4 * LANES)));

static inline vec v_load(const float *p)
{
    vec a;
    memcpy(&a, p, sizeof a);
    return a;
}

static inline void v_store(float *p, vec a)
{
    memcpy(p, &a, sizeof a);
}

static inline vec v_all(float f)
{
    return (vec){f, f, f, f};
}

static inline vec v_max(vec a, vec b)
{
    bits greater = (bits)(a > b);
    return (vec)((greater & (bits)a) | (~greater & (bits)b));
}

#define v_add(a, b) ((a) + (b))
#define v_sub(a, b) ((a) - (b))
#define v_mul(a, b) ((a) * (b))
#define v_fma(a, b, c) ((a) * (b) + (c))
#define v_shift23(a) ((vec)((bits)(a) << 23))

#include "nn/attend_panel.h"

const om_attend_kernel om_attend_plain = {.isa = OM_ATTEND_PLAIN,
                                          .tile = TILE,
                                          .lanes = LANES,
                                          .max_lanes = VECTORS * LANES,
                                          .absorb = absorb,
                                          .fold = fold};
