/* nn_support.h - what the tests of graphs share: numbers of all kinds that are
 * the same every time, weights made from their names, back ends by number. */
#ifndef OM_TESTS_NN_SUPPORT_H
#define OM_TESTS_NN_SUPPORT_H

#include "unit/support.h"

#include <math.h>

#include "nn/backend.h"
#include "nn/numbers.h"

/* ---- numbers ------------------------------------------------------------- */

static inline uint64_t next_random(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline double next_unit(uint64_t *state) /* [0, 1) */
{
    return (double)(next_random(state) >> 11) / 9007199254740992.0;
}

/* Mean 0, deviation 1, within 6: enough like a normal distribution. */
static inline double next_normal(uint64_t *state)
{
    double sum = -6;
    for (int i = 0; i < 12; i++) sum += next_unit(state);
    return sum;
}

/* 0 <= result < n */
static inline int next_below(uint64_t *state, int n)
{
    return (int)(next_random(state) % (uint64_t)n);
}

/* id, formula of x (normal), u (0..1) and i; what it provokes */
#define FILL_LIST(X)                                                    \
    X(NORMAL, x)                                                        \
    X(MEAN_1000, 1000 + x) /* statistics that cancel */                 \
    X(MEAN_DRIFT, 50 * (double)(i % 7) + x)                             \
    X(CONSTANT, 0.1)  /* variance 0 */                                  \
    X(TINY, 1e-4 * x) /* epsilon decides */                             \
    X(HUGE, 1e4 * x)                                                    \
    X(SPIKES, u < 0.02 ? 300 * x : 0)                                   \
    X(ZEROES, u < 0.3 ? -0.0 : u < 0.6 ? 1e-40 * x : u < 0.9 ? 0.0 : x) \
    X(POSITIVE, fabs(x)) /* sums that only grow */                      \
    X(LOGITS, 12 * x)    /* softmax near its largest */
typedef enum fill {
#define X(id, formula) FILL_##id,
    FILL_LIST(X)
#undef X
} fill;

static inline void fill_floats(float *out, size_t n, fill kind, uint64_t seed)
{
    uint64_t state = seed;
    for (size_t i = 0; i < n; i++) {
        const double x = next_normal(&state), u = next_unit(&state);
        double v = 0;
        (void)u;
        switch (kind) {
#define X(id, formula) \
    case FILL_##id: v = (formula); break;
            FILL_LIST(X)
#undef X
        }
        out[i] = (float)v;
    }
}

static inline float *new_floats(size_t n)
{
    float *p = calloc(n ? n : 1, sizeof *p);
    assert_non_null(p);
    return p;
}

/* ---- weights --------------------------------------------------------------- */

/* A source that has every weight of every shape; its numbers follow from its
 * name. Counts what is asked of it. */
typedef struct made_up {
    om_stored stored;
    const char *missing; /* not this one */
    bool broken;         /* reading fails */
    int finds, reads;
} made_up;

static inline size_t count_of(int n_dims, const size_t *dim)
{
    size_t n = 1;
    for (int i = 0; i < n_dims; i++) n *= dim[i];
    return n;
}

/* Vectors: about 1 for a norm's weight, about 0 for a bias; matrices such that
 * outputs are about as large as inputs. */
static inline void made_up_weight(float *out, const char *name, int n_dims,
                                  const size_t *dim)
{
    const size_t n = count_of(n_dims, dim), len = strlen(name);
    uint64_t seed = 1469598103934665603u;
    for (const char *z = name; *z; z++) seed = seed * 31 + (unsigned char)*z;
    bool bias = len > 4 && strcmp(name + len - 4, "bias") == 0;
    double scale = 0.2, base = n_dims == 1 && !bias;
    if (n_dims > 1) scale = 1 / sqrt((double)n / (double)dim[0]);
    fill_floats(out, n, FILL_NORMAL, seed);
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(base + scale * (double)out[i]);
}

static inline omost_status made_up_find(void *user, const char *name,
                                        int n_dims, const size_t *dim,
                                        om_stored *stored, omost_error *err)
{
    made_up *m = user;
    (void)n_dims, (void)dim;
    m->finds++;
    *stored = m->stored;
    if (m->missing && strcmp(m->missing, name) == 0)
        return om_fail(err, OMOST_MISSING, "made-up file: no tensor %s", name);
    return OMOST_OK;
}

static inline omost_status made_up_read(void *user, const char *name,
                                        int n_dims, const size_t *dim,
                                        float *dst, omost_error *err)
{
    made_up *m = user;
    m->reads++;
    if (m->broken)
        return om_fail(err, OMOST_IO, "made-up file: cannot read %s", name);
    made_up_weight(dst, name, n_dims, dim);
    const size_t n = count_of(n_dims, dim);
    for (size_t i = 0; i < n; i++) {
        if (m->stored == OM_STORED_F16) dst[i] = om_round_f16(dst[i]);
        if (m->stored == OM_STORED_BF16) dst[i] = om_round_bf16(dst[i]);
    }
    return OMOST_OK;
}

static inline om_param_source made_up_source(made_up *m)
{
    return (om_param_source){made_up_find, made_up_read, m};
}

static inline om_params *new_params(om_backend *b, made_up *m)
{
    omost_error err;
    om_params *p =
        om_params_new(NULL, b, made_up_source(m), OM_KEEP_EXACT, &err);
    if (!p) fail_msg("%s", err.msg);
    return p;
}

/* ---- back ends -------------------------------------------------------------- */

/* The back end of this name with this precision; NULL, with a loud line, where
 * this machine has no such thing. */
static inline om_backend *open_backend(const char *name, om_precision precision)
{
    omost_error err;
    const om_backend_opts opts = {.name = name, .precision = precision};
    om_backend *b = om_backend_open(NULL, &opts, &err);
    if (!b) printf("*** SKIPPED: %s (%s) ***\n", name, err.msg);
    return b;
}

static inline om_program *compile(om_backend *b, const om_graph *g)
{
    omost_error err;
    om_program *p = om_backend_compile(b, g, &err);
    if (!p) fail_msg("%s: %s", om_backend_name(b), err.msg);
    return p;
}

static inline void run(om_program *p)
{
    omost_error err;
    if (om_program_run(p, NULL, &err)) fail_msg("%s", err.msg);
}

static inline void must(omost_status st, const omost_error *err)
{
    if (st) fail_msg("%s", err->msg);
}

/* The whole picture sees all words: one group, one span. */
typedef struct whole_map {
    om_span span;
    om_attention_group group;
    int32_t *row;
    om_attention_map map;
} whole_map;

static inline void whole_map_init(whole_map *m, int n, int h, int w, int words)
{
    m->row = malloc((size_t)(h * w) * sizeof *m->row);
    assert_non_null(m->row);
    for (int i = 0; i < h * w; i++) m->row[i] = i;
    m->span = (om_span){0, words, 1, 1};
    m->group = (om_attention_group){m->row, h * w, &m->span, 1};
    m->map = (om_attention_map){n, h, w, false, &m->group, 1};
}

#endif
