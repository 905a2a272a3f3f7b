/* rng.h - torch's noise from a seed: its CPU generator (mt19937) and its CUDA
 * generator (Philox4x32-10), so that a seed means what users expect.
 *
 *     om_rng rng;
 *     om_rng_init(&rng, OM_RNG_CPU, 12345);
 *     om_rng_randn(&rng, noise, n);      torch.randn(n, generator=g)
 *
 * The draws of one generator depend on how they are cut: randn(32) is not
 * randn(16) twice. Draw whole tensors, in torch's layout (N,C,H,W).
 *
 * CPU. Only the low 32 bits of the seed count. Each value is within 3e-6 of
 * torch's, whose vector code has another logarithm.
 *
 * CUDA. torch runs T threads; thread t has the Philox stream (key = seed,
 * counter words 2,3 = t) and makes four normal values a turn. With T >= n, as
 * on large cards, element i is the first value of thread i: this is also what
 * A1111 draws with its source "NV" and stable-diffusion.cpp with --rng cuda, and
 * it is the default here. A card with fewer threads than elements goes on with
 * the second to fourth values: element i is value (i / T) % 4 of turn
 * i / (4 T) of thread i % T. T is the number of blocks of 256 that the card
 * holds at once, times 256: processors * (threads per processor / 256) * 256,
 * for example 82 * 6 * 256 = 125952 where there are 82 with 1536 threads. Set
 * cuda_threads to it to draw what such a card draws for more elements than
 * that. The Box-Muller transform is done in double as in A1111; a card uses
 * fast single-precision sines, so its values differ in the last digits. */
#ifndef OM_DIFFUSION_RNG_H
#define OM_DIFFUSION_RNG_H

#include "base/str.h"

/* id, name, what it is */
#define OM_RNG_LIST(X)                                      \
    X(CPU, "cpu", "torch's generator on the CPU (mt19937)") \
    X(CUDA, "cuda", "torch's generator on Nvidia cards (Philox)")

typedef enum om_rng_kind {
#define X(id, name, text) OM_RNG_##id,
    OM_RNG_LIST(X)
#undef X
        OM_N_RNGS
} om_rng_kind;

/* "cpu", "cuda". */
const char *om_rng_name(om_rng_kind kind);
/* The kind of that name, or -1. */
int om_rng_find(om_str name);

typedef struct om_mt19937 {
    uint32_t state[624];
    unsigned next; /* index of the next word; 624: the state is used up */
} om_mt19937;

void om_mt19937_init(om_mt19937 *mt, uint32_t seed);
uint32_t om_mt19937_u32(om_mt19937 *mt);
/* torch.rand: 24 bits, in [0, 1). */
float om_mt19937_uniform(om_mt19937 *mt);

/* The ten rounds: ctr becomes four random words. */
void om_philox4x32(uint32_t ctr[4], const uint32_t key[2]);

typedef struct om_rng {
    om_rng_kind kind;
    uint64_t seed;
    om_mt19937 mt;
    double spare; /* CPU: second value of a pair, for the next small draw */
    bool has_spare;
    uint64_t offset;       /* CUDA: counter words 0,1 of the next draw */
    uint64_t cuda_threads; /* CUDA: T, see above; 0: enough for any draw */
} om_rng;

/* Like manual_seed(): also forgets the spare value and the offset. */
void om_rng_init(om_rng *rng, om_rng_kind kind, uint64_t seed);

/* out[n]: independent normal values, as torch.randn draws a tensor of n. */
void om_rng_randn(om_rng *rng, float *out, size_t n);

#endif
