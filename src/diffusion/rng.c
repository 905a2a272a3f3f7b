/* rng.c - see rng.h. */
#include "diffusion/rng.h"

#include <math.h>

#include "diffusion/word.h"

#define TWO_PI 6.283185307179586476925

static const char *const names[] = {
#define X(id, name, text) name,
    OM_RNG_LIST(X)
#undef X
};

const char *om_rng_name(om_rng_kind kind)
{
    return names[kind];
}

int om_rng_find(om_str name)
{
    for (int i = 0; i < OM_N_RNGS; i++)
        if (om_word_eq(name, names[i])) return i;
    return -1;
}

/* ---- mt19937 ----------------------------------------------------------- */

enum { MT_N = 624, MT_M = 397 };

void om_mt19937_init(om_mt19937 *mt, uint32_t seed)
{
    mt->state[0] = seed;
    for (uint32_t i = 1; i < MT_N; i++) {
        uint32_t prev = mt->state[i - 1];
        mt->state[i] = 1812433253u * (prev ^ (prev >> 30)) + i;
    }
    mt->next = MT_N;
}

static void mt_refill(om_mt19937 *mt)
{
    uint32_t *s = mt->state;
    for (unsigned i = 0; i < MT_N; i++) {
        uint32_t y = (s[i] & 0x80000000u) | (s[(i + 1) % MT_N] & 0x7fffffffu);
        s[i] = s[(i + MT_M) % MT_N] ^ (y >> 1) ^ ((y & 1) ? 0x9908b0dfu : 0);
    }
    mt->next = 0;
}

uint32_t om_mt19937_u32(om_mt19937 *mt)
{
    if (mt->next >= MT_N) mt_refill(mt);
    uint32_t y = mt->state[mt->next++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
}

float om_mt19937_uniform(om_mt19937 *mt)
{
    return (float)(om_mt19937_u32(mt) & 0xffffffu) * 0x1p-24f;
}

/* 53 bits, in [0, 1). */
static double mt_uniform53(om_mt19937 *mt)
{
    uint64_t high = om_mt19937_u32(mt);
    uint64_t bits = high << 32 | om_mt19937_u32(mt);
    return (double)(bits & ((UINT64_C(1) << 53) - 1)) * 0x1p-53;
}

/* ---- torch on the CPU -------------------------------------------------- */

enum { BLOCK = 16, HALF = BLOCK / 2 };

/* Sixteen uniform values become normal ones, in pairs eight apart. */
static void box_muller_block(float b[BLOCK])
{
    for (int j = 0; j < HALF; j++) {
        float radius = sqrtf(-2.0f * logf(1.0f - b[j]));
        float angle = (float)TWO_PI * b[j + HALF];
        b[j] = radius * cosf(angle);
        b[j + HALF] = radius * sinf(angle);
    }
}

static void fill_uniform(om_mt19937 *mt, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++) out[i] = om_mt19937_uniform(mt);
}

static void cpu_randn_blocks(om_mt19937 *mt, float *out, size_t n)
{
    fill_uniform(mt, out, n);
    for (size_t i = 0; i + BLOCK <= n; i += BLOCK) box_muller_block(out + i);
    if (n % BLOCK) {
        /* The tail is drawn anew, over elements that were already done. */
        fill_uniform(mt, out + n - BLOCK, BLOCK);
        box_muller_block(out + n - BLOCK);
    }
}

/* Small tensors: pairs in double, the second of which waits for the next
 * element, be it of a later draw. */
static float cpu_randn_one(om_rng *rng)
{
    if (rng->has_spare) {
        rng->has_spare = false;
        return (float)rng->spare;
    }
    double angle = TWO_PI * mt_uniform53(&rng->mt);
    double radius = sqrt(-2.0 * log1p(-mt_uniform53(&rng->mt)));
    rng->spare = radius * sin(angle);
    rng->has_spare = true;
    return (float)(radius * cos(angle));
}

/* ---- torch on CUDA ----------------------------------------------------- */

void om_philox4x32(uint32_t ctr[4], const uint32_t key[2])
{
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)0xd2511f53u * ctr[0];
        uint64_t b = (uint64_t)0xcd9e8d57u * ctr[2];
        ctr[0] = (uint32_t)(b >> 32) ^ ctr[1] ^ k0;
        ctr[2] = (uint32_t)(a >> 32) ^ ctr[3] ^ k1;
        ctr[1] = (uint32_t)b;
        ctr[3] = (uint32_t)a;
        k0 += 0x9e3779b9u;
        k1 += 0xbb67ae85u;
    }
}

/* Value 0..3 of thread t's turn. Uniform values lie in (0, 1), half a step from
 * its ends; the step of the angle is a float in the original. */
static float cuda_normal(const om_rng *rng, uint64_t turn, uint64_t t,
                         unsigned value)
{
    const uint64_t at = rng->offset + turn;
    const uint32_t key[2] = {(uint32_t)rng->seed, (uint32_t)(rng->seed >> 32)};
    uint32_t c[4] = {(uint32_t)at, (uint32_t)(at >> 32), (uint32_t)t,
                     (uint32_t)(t >> 32)};
    om_philox4x32(c, key);
    const double step = (float)(TWO_PI * 0x1p-32);
    const unsigned pair = value & 2;
    double radius = sqrt(-2.0 * log(c[pair] * 0x1p-32 + 0x1p-33));
    double angle = c[pair + 1] * step + step / 2;
    return (float)(radius * ((value & 1) ? cos(angle) : sin(angle)));
}

static void cuda_randn(om_rng *rng, float *out, size_t n)
{
    uint64_t threads = ((uint64_t)n + 255) / 256 * 256;
    if (rng->cuda_threads && rng->cuda_threads < threads)
        threads = rng->cuda_threads;
    for (uint64_t i = 0; i < n; i++)
        out[i] = cuda_normal(rng, i / threads / 4, i % threads,
                             (unsigned)(i / threads % 4));
    rng->offset += (n - 1) / threads / 4 + 1;
}

/* ---- both -------------------------------------------------------------- */

void om_rng_init(om_rng *rng, om_rng_kind kind, uint64_t seed)
{
    *rng = (om_rng){.kind = kind, .seed = seed};
    om_mt19937_init(&rng->mt, (uint32_t)seed);
}

void om_rng_randn(om_rng *rng, float *out, size_t n)
{
    if (n == 0) return;
    if (rng->kind == OM_RNG_CUDA)
        cuda_randn(rng, out, n);
    else if (n >= BLOCK)
        cpu_randn_blocks(&rng->mt, out, n);
    else
        for (size_t i = 0; i < n; i++) out[i] = cpu_randn_one(rng);
}
