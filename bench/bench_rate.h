/* bench_rate.h - what the machine can do at best: oneDNN's own product of large
 * matrices, weights in the order it likes, nothing of ours around it. */
#ifndef OM_BENCH_RATE_H
#define OM_BENCH_RATE_H

#include <oneapi/dnnl/dnnl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline void bench_stop(const char *why)
{
    fprintf(stderr, "bench: %s\n", why);
    exit(1);
}

static inline void bench_check(dnnl_status_t st)
{
    if (st != dnnl_success) bench_stop("oneDNN failed");
}

/* Memory of the description, its numbers small and not zero. */
static inline dnnl_memory_t bench_memory(const_dnnl_memory_desc_t md,
                                         dnnl_engine_t engine)
{
    size_t n = dnnl_memory_desc_get_size(md);
    void *p;
    dnnl_memory_t m;
    if (posix_memalign(&p, 64, n)) bench_stop("no memory");
    for (size_t i = 0; i + 2 <= n; i += 2) { /* bf16 pairs: 0.0156 .. 0.03 */
        uint16_t v = (uint16_t)(0x3c80 + i * 40503 % 128);
        memcpy((char *)p + i, &v, 2);
    }
    bench_check(dnnl_memory_create(&m, md, engine, p));
    return m;
}

static inline void bench_memory_free(dnnl_memory_t m)
{
    void *p;
    bench_check(dnnl_memory_get_data_handle(m, &p));
    bench_check(dnnl_memory_destroy(m));
    free(p);
}

/* GFLOP/s of [m, k] [k, n] with weights in the order `tag`, the best of runs
 * that take about `seconds`; 0 when oneDNN does not do that. */
static inline double bench_product(dnnl_data_type_t type, dnnl_format_tag_t tag,
                                   dnnl_dim_t m, dnnl_dim_t k, dnnl_dim_t n,
                                   double seconds)
{
    const dnnl_dims_t sa = {m, k}, sb = {k, n}, sc = {m, n};
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_memory_desc_t a, b, c;
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t product;
    bench_check(dnnl_engine_create(&engine, dnnl_cpu, 0));
    bench_check(dnnl_stream_create(&stream, engine, 0));
    bench_check(dnnl_memory_desc_create_with_tag(&a, 2, sa, type, dnnl_ab));
    bench_check(dnnl_memory_desc_create_with_tag(&b, 2, sb, type, tag));
    bench_check(dnnl_memory_desc_create_with_tag(&c, 2, sc, type, dnnl_ab));
    if (dnnl_matmul_primitive_desc_create(&pd, engine, a, b, NULL, c, NULL) !=
        dnnl_success) {
        dnnl_memory_desc_destroy(a);
        dnnl_memory_desc_destroy(b);
        dnnl_memory_desc_destroy(c);
        dnnl_stream_destroy(stream);
        dnnl_engine_destroy(engine);
        return 0;
    }
    bench_check(dnnl_primitive_create(&product, pd));
    const_dnnl_memory_desc_t own =
        dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
    dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, bench_memory(a, engine)},
                              {DNNL_ARG_WEIGHTS, bench_memory(own, engine)},
                              {DNNL_ARG_DST, bench_memory(c, engine)}};
    double best = 1e300, begin = bench_now();
    for (int i = 0; i < 2 || bench_now() - begin < seconds; i++) {
        double t = bench_now();
        bench_check(dnnl_primitive_execute(product, stream, 3, args));
        bench_check(dnnl_stream_wait(stream));
        t = bench_now() - t;
        if (t < best) best = t;
    }
    for (int i = 0; i < 3; i++) bench_memory_free(args[i].memory);
    dnnl_primitive_destroy(product);
    dnnl_primitive_desc_destroy(pd);
    dnnl_memory_desc_destroy(a);
    dnnl_memory_desc_destroy(b);
    dnnl_memory_desc_destroy(c);
    dnnl_stream_destroy(stream);
    dnnl_engine_destroy(engine);
    return 2e-9 * (double)m * (double)k * (double)n / best;
}

/* The best of several large shapes, with weights as oneDNN chooses and (better
 * with f32 on AVX2) in blocks of 32 columns. */
static inline double bench_rate(bool bf16, double seconds)
{
    static const dnnl_dim_t shape[][3] = {{4096, 1280, 1280},
                                          {4096, 1280, 5120},
                                          {4096, 5120, 1280},
                                          {4096, 2048, 2048},
                                          {2048, 4096, 4096}};
    const dnnl_data_type_t type = bf16 ? dnnl_bf16 : dnnl_f32;
    const size_t n = sizeof shape / sizeof *shape;
    double best = 0;
    for (size_t i = 0; i < n; i++) {
        static const dnnl_format_tag_t tags[] = {dnnl_format_tag_any,
                                                 dnnl_BA16a32b};
        for (int j = 0; j < (bf16 ? 1 : 2); j++) {
            double r = bench_product(type, tags[j], shape[i][0], shape[i][1],
                                     shape[i][2], seconds / (double)n / 2);
            if (r > best) best = r;
        }
    }
    return best;
}

#endif
