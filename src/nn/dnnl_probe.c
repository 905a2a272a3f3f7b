/* dnnl_probe.c - oneDNN: who it is, and whether its products are right.
 *
 * Small products of odd sizes are compared with plain C; one of 1024^3 is
 * timed. bf16 is asked for only where the processor computes in it: elsewhere
 * oneDNN would convert to f32 and be slower than f32 itself. */
#include "base/clock.h"
#include "nn/nn_probe.h"

#include <math.h>
#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* bits of dnnl_cpu_isa_t, what a person calls them */
static const struct {
    dnnl_cpu_isa_t isa;
    const char *name;
    bool bf16;
} isa_names[] = {
    {dnnl_cpu_isa_avx10_2, "AVX10.2", true},
    {dnnl_cpu_isa_avx512_core_amx_fp16, "AVX-512 AMX fp16", true},
    {dnnl_cpu_isa_avx512_core_amx, "AVX-512 AMX", true},
    {dnnl_cpu_isa_avx512_core_fp16, "AVX-512 fp16", true},
    {dnnl_cpu_isa_avx512_core_bf16, "AVX-512 bf16", true},
    {dnnl_cpu_isa_avx512_core_vnni, "AVX-512 VNNI", false},
    {dnnl_cpu_isa_avx512_core, "AVX-512", false},
    {dnnl_cpu_isa_avx2_vnni_2, "AVX2 VNNI 2", false},
    {dnnl_cpu_isa_avx2_vnni, "AVX2 VNNI", false},
    {dnnl_cpu_isa_avx2, "AVX2", false},
    {dnnl_cpu_isa_avx, "AVX", false},
    {dnnl_cpu_isa_sse41, "SSE4.1", false},
};

static const char *isa_name(bool *has_bf16)
{
    unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();
    *has_bf16 = false;
    for (size_t i = 0; i < sizeof isa_names / sizeof *isa_names; i++) {
        unsigned bits = (unsigned)isa_names[i].isa;
        if ((isa & bits) != bits) continue;
        *has_bf16 = isa_names[i].bf16;
        return isa_names[i].name;
    }
    return "the processor's basic instructions";
}

/* One product: c[m,n] = a[m,k] b[k,n], c always f32. */
typedef struct matmul {
    dnnl_dim_t m, k, n;
    dnnl_data_type_t type; /* of a and b */
    const void *a, *b;
    float *c;
    double seconds; /* the best run */
} matmul;

/* oneDNN's objects while a product runs; zeroed ones need no freeing. */
typedef struct rig {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_memory_desc_t desc[3];
    dnnl_memory_t memory[3];
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t primitive;
} rig;

static void rig_close(rig *s)
{
    if (s->primitive) dnnl_primitive_destroy(s->primitive);
    if (s->pd) dnnl_primitive_desc_destroy(s->pd);
    for (int i = 0; i < 3; i++) {
        if (s->memory[i]) dnnl_memory_destroy(s->memory[i]);
        if (s->desc[i]) dnnl_memory_desc_destroy(s->desc[i]);
    }
    if (s->stream) dnnl_stream_destroy(s->stream);
    if (s->engine) dnnl_engine_destroy(s->engine);
}

/* Row-major matrix `i` of the rig over the caller's numbers. */
static dnnl_status_t add_matrix(rig *s, int i, dnnl_dim_t rows,
                                dnnl_dim_t columns, dnnl_data_type_t type,
                                void *data)
{
    dnnl_dims_t dims = {rows, columns};
    dnnl_status_t st =
        dnnl_memory_desc_create_with_tag(&s->desc[i], 2, dims, type, dnnl_ab);
    if (st != dnnl_success) return st;
    return dnnl_memory_create(&s->memory[i], s->desc[i], s->engine, data);
}

static dnnl_status_t rig_open(rig *s, const matmul *mm)
{
    /* oneDNN has no type for "will only be read". */
    union {
        const void *read;
        void *data;
    } a = {mm->a}, b = {mm->b};
    dnnl_status_t st = dnnl_engine_create(&s->engine, dnnl_cpu, 0);
    if (st == dnnl_success)
        st = dnnl_stream_create(&s->stream, s->engine,
                                dnnl_stream_default_flags);
    if (st == dnnl_success)
        st = add_matrix(s, 0, mm->m, mm->k, mm->type, a.data);
    if (st == dnnl_success)
        st = add_matrix(s, 1, mm->k, mm->n, mm->type, b.data);
    if (st == dnnl_success)
        st = add_matrix(s, 2, mm->m, mm->n, dnnl_f32, mm->c);
    if (st == dnnl_success)
        st = dnnl_matmul_primitive_desc_create(
            &s->pd, s->engine, s->desc[0], s->desc[1], NULL, s->desc[2], NULL);
    if (st == dnnl_success) st = dnnl_primitive_create(&s->primitive, s->pd);
    return st;
}

static dnnl_status_t matmul_run(matmul *mm, int n_runs)
{
    rig s = {0};
    dnnl_status_t st = rig_open(&s, mm);
    dnnl_exec_arg_t args[] = {
        {DNNL_ARG_SRC, s.memory[0]},
        {DNNL_ARG_WEIGHTS, s.memory[1]},
        {DNNL_ARG_DST, s.memory[2]},
    };
    for (int i = 0; i < n_runs && st == dnnl_success; i++) {
        double start = om_clock();
        st = dnnl_primitive_execute(s.primitive, s.stream, 3, args);
        if (st == dnnl_success) st = dnnl_stream_wait(s.stream);
        double seconds = om_clock() - start;
        if (i == 0 || seconds < mm->seconds) mm->seconds = seconds;
    }
    rig_close(&s);
    return st;
}

/* Numbers of both signs with few bits: -1 .. 1 in 64ths, exact in bf16. */
static void fill(float *x, size_t n, uint32_t seed)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)((int)(seed >> 24) % 129 - 64) / 64.0f;
    }
}

static void to_bf16(uint16_t *out, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        out[i] = (uint16_t)(bits >> 16); /* exact: see fill() */
    }
}

/* The largest difference between c and the product computed here, in double. */
static double worst_error(const float *a, const float *b, const float *c,
                          size_t m, size_t k, size_t n)
{
    double worst = 0;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            double sum = 0;
            for (size_t l = 0; l < k; l++)
                sum += (double)a[i * k + l] * (double)b[l * n + j];
            double error = fabs(sum - (double)c[i * n + j]);
            if (!(error <= worst)) worst = error; /* NaN counts */
        }
    return worst;
}

/* Buffers of one check; f32 always, bf16 when asked for. */
typedef struct numbers {
    float *a, *b, *c;
    uint16_t *a16, *b16;
} numbers;

static bool numbers_new(numbers *x, size_t m, size_t k, size_t n)
{
    x->a = malloc(m * k * sizeof *x->a);
    x->b = malloc(k * n * sizeof *x->b);
    x->c = calloc(m * n, sizeof *x->c);
    x->a16 = malloc(m * k * sizeof *x->a16);
    x->b16 = malloc(k * n * sizeof *x->b16);
    if (!x->a || !x->b || !x->c || !x->a16 || !x->b16) return false;
    fill(x->a, m * k, 1);
    fill(x->b, k * n, 2);
    to_bf16(x->a16, x->a, m * k);
    to_bf16(x->b16, x->b, k * n);
    return true;
}

static void numbers_free(numbers *x)
{
    free(x->a);
    free(x->b);
    free(x->c);
    free(x->a16);
    free(x->b16);
}

typedef struct outcome {
    dnnl_status_t status;
    double error, seconds;
} outcome;

static outcome check_product(size_t m, size_t k, size_t n,
                             dnnl_data_type_t type, int n_runs, bool compare)
{
    outcome out = {.status = dnnl_out_of_memory};
    numbers x = {0};
    if (numbers_new(&x, m, k, n)) {
        bool half = type == dnnl_bf16;
        matmul mm = {
            .m = (dnnl_dim_t)m,
            .k = (dnnl_dim_t)k,
            .n = (dnnl_dim_t)n,
            .type = type,
            .a = half ? (const void *)x.a16 : x.a,
            .b = half ? (const void *)x.b16 : x.b,
            .c = x.c,
        };
        out.status = matmul_run(&mm, n_runs);
        out.seconds = mm.seconds;
        if (out.status == dnnl_success && compare)
            out.error = worst_error(x.a, x.b, x.c, m, k, n);
    }
    numbers_free(&x);
    return out;
}

static void probe_type(const om_probe_sink *to, bool quick, const char *name,
                       dnnl_data_type_t type)
{
    /* Sums of 77 products of 64ths are exact in f32, so is every order. */
    enum { M = 33, K = 77, N = 65, BIG = 1024, RUNS = 5 };
    const double tolerance = 1e-5;
    om_finding f = {.name = name};
    outcome o = check_product(M, K, N, type, 1, true);
    if (o.status != dnnl_success) {
        om_probe_tell(to, f, "a %dx%dx%d product failed: %s", M, K, N,
                      dnnl_status2str(o.status));
        return;
    }
    if (!(o.error <= tolerance)) {
        om_probe_tell(to, f, "a %dx%dx%d product is wrong by %g", M, K, N,
                      o.error);
        return;
    }
    f.works = true;
    outcome big = {.status = dnnl_unimplemented};
    if (!quick) big = check_product(BIG, BIG, BIG, type, RUNS, false);
    if (big.status == dnnl_success && big.seconds > 0)
        om_probe_tell(to, f, "products are right; %.0f GFLOP/s at %d^3",
                      2e-9 * BIG * BIG * BIG / big.seconds, BIG);
    else
        om_probe_tell(to, f, "products are right");
}

void om_dnnl_probe(const om_probe_sink *to, bool quick)
{
    const dnnl_version_t *v = dnnl_version();
    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", v->major, v->minor, v->patch);
    bool has_bf16;
    const char *isa = isa_name(&has_bf16);
    const om_finding f = {.works = true, .name = "oneDNN", .version = version};
    om_probe_tell(to, f, "computes with %s", isa);
    probe_type(to, quick, "oneDNN f32", dnnl_f32);
    if (has_bf16) probe_type(to, quick, "oneDNN bf16", dnnl_bf16);
}
