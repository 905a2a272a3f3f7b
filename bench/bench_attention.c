/* bench_attention.c - how fast attention is, beside a plain product of matrices.
 *
 *     attention [THREADS [ROUNDS [NAME]]]
 *
 * Prints GFLOP/s (4 * rows * words * width * heads, words as each row sees them)
 * and the ratio to oneDNN's f32 product of 4096x1280 and 1280x1280, which is
 * measured in every round too: the best round of each counts. Numbers, no
 * verdicts. Set OMP_NUM_THREADS to the same THREADS. Of one thread the processor
 * time counts, of several the time that passed. NAME: cases that begin so. */
#define _POSIX_C_SOURCE 200809L
#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "nn/attend.h"

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void stop(const char *why)
{
    fprintf(stderr, "bench_attention: %s\n", why);
    exit(1);
}

static float *random_floats(size_t n)
{
    void *p;
    if (posix_memalign(&p, 64, n * sizeof(float))) stop("no memory");
    float *f = p;
    uint32_t x = 1;
    for (size_t i = 0; i < n; i++) {
        x = x * 1664525 + 1013904223;
        f[i] = (float)(x >> 8) / 0x1p22f - 2;
    }
    return f;
}

/* ---- threads ----------------------------------------------------------- */

enum { MAX_THREADS = 256 };

/* Threads that wait for work; the caller is one of them. */
typedef struct crew {
    pthread_mutex_t lock;
    pthread_cond_t begin, end;
    int n_threads, round, busy;
    void (*body)(void *arg, int item, int thread);
    void *arg;
    int n_items;
    atomic_int next, thread;
} crew;

static void take_items(crew *c, int thread)
{
    int i;
    while ((i = atomic_fetch_add(&c->next, 1)) < c->n_items)
        c->body(c->arg, i, thread);
}

static void *member(void *user)
{
    crew *c = user;
    int thread = 1 + atomic_fetch_add(&c->thread, 1);
    for (int round = 1;; round++) {
        pthread_mutex_lock(&c->lock);
        while (c->round < round) pthread_cond_wait(&c->begin, &c->lock);
        pthread_mutex_unlock(&c->lock);
        take_items(c, thread);
        pthread_mutex_lock(&c->lock);
        if (--c->busy == 0) pthread_cond_signal(&c->end);
        pthread_mutex_unlock(&c->lock);
    }
    return NULL;
}

static void crew_run(void *user, int n_items,
                     void (*body)(void *arg, int item, int thread), void *arg)
{
    crew *c = user;
    pthread_mutex_lock(&c->lock);
    c->body = body;
    c->arg = arg;
    c->n_items = n_items;
    c->next = 0;
    c->busy = c->n_threads - 1;
    c->round++;
    pthread_cond_broadcast(&c->begin);
    pthread_mutex_unlock(&c->lock);
    take_items(c, 0);
    pthread_mutex_lock(&c->lock);
    while (c->busy > 0) pthread_cond_wait(&c->end, &c->lock);
    pthread_mutex_unlock(&c->lock);
}

static void crew_start(crew *c, int n_threads)
{
    *c = (crew){.n_threads = n_threads};
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->begin, NULL);
    pthread_cond_init(&c->end, NULL);
    for (int i = 1; i < n_threads; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, member, c)) stop("no thread");
        pthread_detach(thread);
    }
}

/* ---- the product it is compared with ----------------------------------- */

typedef struct product {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_t primitive;
    dnnl_exec_arg_t arg[3];
} product;

static void check(dnnl_status_t st)
{
    if (st != dnnl_success) stop("oneDNN refuses the product");
}

/* Memory in the order the product likes best: its content does not matter to
 * the time, but it is not to be subnormal. */
static dnnl_memory_t matrix(const product *p, const_dnnl_memory_desc_t d)
{
    dnnl_memory_t m;
    size_t bytes = dnnl_memory_desc_get_size(d);
    check(dnnl_memory_create(&m, d, p->engine,
                             random_floats(bytes / sizeof(float))));
    return m;
}

static void product_new(product *out)
{
    const dnnl_dims_t a = {4096, 1280}, b = {1280, 1280};
    dnnl_memory_desc_t d[3];
    dnnl_primitive_desc_t desc;
    product p;
    check(dnnl_engine_create(&p.engine, dnnl_cpu, 0));
    check(dnnl_stream_create(&p.stream, p.engine, dnnl_stream_default_flags));
    check(dnnl_memory_desc_create_with_tag(&d[0], 2, a, dnnl_f32, dnnl_ab));
    check(dnnl_memory_desc_create_with_tag(&d[1], 2, b, dnnl_f32,
                                           dnnl_format_tag_any));
    check(dnnl_memory_desc_create_with_tag(&d[2], 2, a, dnnl_f32, dnnl_ab));
    check(dnnl_matmul_primitive_desc_create(&desc, p.engine, d[0], d[1], NULL,
                                            d[2], NULL));
    const int name[3] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST};
    const dnnl_query_t query[3] = {dnnl_query_src_md, dnnl_query_weights_md,
                                   dnnl_query_dst_md};
    for (int i = 0; i < 3; i++) {
        p.arg[i].arg = name[i];
        p.arg[i].memory =
            matrix(&p, dnnl_primitive_desc_query_md(desc, query[i], 0));
    }
    check(dnnl_primitive_create(&p.primitive, desc));
    *out = p;
}

static double product_seconds(const product *p, clockid_t clock)
{
    double t = now(clock);
    check(dnnl_primitive_execute(p->primitive, p->stream, 3, p->arg));
    check(dnnl_stream_wait(p->stream));
    return now(clock) - t;
}

/* ---- a canvas of eight regions ----------------------------------------- */

enum { REGIONS = 8, WORDS = 77 };

/* Boxes in 64ths: top, left, bottom, right. */
static const int box[REGIONS][4] = {{0, 0, 32, 64},   {32, 0, 64, 64},
                                    {8, 8, 40, 36},   {20, 28, 60, 60},
                                    {4, 40, 24, 60},  {40, 4, 60, 28},
                                    {28, 20, 44, 44}, {50, 36, 62, 62}};

static int regions_at(int side, int y, int x)
{
    int set = 0;
    for (int i = 0; i < REGIONS; i++) {
        const int *b = box[i];
        int cy = (2 * y + 1) * 32 / side, cx = (2 * x + 1) * 32 / side;
        if (cy >= b[0] && cy < b[2] && cx >= b[1] && cx < b[3]) set |= 1 << i;
    }
    return set;
}

/* Positions grouped by which regions they lie in; slot 0 of the words is the
 * whole picture's. Never freed. */
static om_attention_map *region_map(int side)
{
    om_attention_map *map = calloc(1, sizeof *map);
    om_attention_group *group = calloc(1 << REGIONS, sizeof *group);
    if (!map || !group) stop("no memory");
    *map = (om_attention_map){.h = side, .w = side, .group = group};
    for (int set = 0; set < 1 << REGIONS; set++) {
        int32_t *row = calloc((size_t)side * (size_t)side, sizeof *row);
        om_span *span = calloc(REGIONS + 1, sizeof *span);
        om_attention_group *g = &group[map->n_groups];
        if (!row || !span) stop("no memory");
        for (int i = 0; i < side * side; i++)
            if (regions_at(side, i / side, i % side) == set)
                row[g->n_rows++] = i;
        if (g->n_rows == 0) continue;
        span[g->n_spans++] = (om_span){0, WORDS, 1, 1};
        for (int i = 0; i < REGIONS; i++)
            if (set & 1 << i)
                span[g->n_spans++] = (om_span){(i + 1) * WORDS, WORDS, 2, 1};
        g->row = row;
        g->span = span;
        map->n_groups++;
    }
    return map;
}

/* ---- jobs -------------------------------------------------------------- */

#define NOT_RUN 1e9 /* seconds */

typedef struct bench_case {
    const char *name;
    int n, rows, words, heads, width;
    bool causal;
    int side; /* with a map of eight regions */
    bool separate;
    om_attend_job job;
    double flops, seconds;
} bench_case;

/* map: NULL for none */
static double case_flops(const bench_case *c, const om_attention_map *map)
{
    double pairs = (double)c->rows * c->words;
    if (c->causal) pairs = (double)c->rows * (c->rows + 1) / 2;
    if (map) {
        pairs = 0;
        for (int i = 0; i < map->n_groups; i++)
            pairs +=
                (double)map->group[i].n_rows * (WORDS * map->group[i].n_spans);
    }
    return 4 * pairs * c->width * c->heads * c->n;
}

static void case_new(bench_case *c)
{
    const size_t channels = (size_t)c->heads * (size_t)c->width;
    const size_t rows = (size_t)c->n * (size_t)c->rows;
    const size_t words = (size_t)(c->side ? 1 : c->n) * (size_t)c->words;
    c->job = (om_attend_job){.type = OM_ATTEND_F32,
                             .n = c->n,
                             .rows = c->rows,
                             .words = c->words,
                             .heads = c->heads,
                             .width = c->width,
                             .q = random_floats(rows * channels),
                             .k = random_floats(words * channels),
                             .v = random_floats(words * channels),
                             .y = random_floats(rows * channels),
                             .q_stride = channels,
                             .k_stride = channels,
                             .v_stride = channels,
                             .y_stride = channels,
                             .causal = c->causal};
    om_attention_map *regions = NULL;
    if (c->side) {
        const om_attention_map **map = calloc((size_t)c->n, sizeof *map);
        regions = region_map(c->side);
        if (!map) stop("no memory");
        regions->separate = c->separate;
        for (int i = 0; i < c->n; i++) map[i] = regions;
        c->job.map = map;
    }
    c->flops = case_flops(c, regions);
    c->seconds = NOT_RUN;
}

static void case_free(bench_case *c)
{
    free((void *)(uintptr_t)c->job.q);
    free((void *)(uintptr_t)c->job.k);
    free((void *)(uintptr_t)c->job.v);
    free(c->job.y);
}

static double case_seconds(const bench_case *c, void *scratch,
                           const om_parallel *parallel, clockid_t clock)
{
    int n = c->flops > 1e9 ? 1 : 1 + (int)(1e9 / c->flops);
    double t = now(clock);
    for (int i = 0; i < n; i++) om_attend_run(&c->job, scratch, parallel);
    return (now(clock) - t) / n;
}

static bench_case cases[] = {
    {.name = "self 4096",
     .n = 1,
     .rows = 4096,
     .words = 4096,
     .heads = 10,
     .width = 64},
    {.name = "self 1024, 20 heads",
     .n = 1,
     .rows = 1024,
     .words = 1024,
     .heads = 20,
     .width = 64},
    {.name = "self 1024, two pictures",
     .n = 2,
     .rows = 1024,
     .words = 1024,
     .heads = 20,
     .width = 64},
    {.name = "self 1024, 10 heads",
     .n = 1,
     .rows = 1024,
     .words = 1024,
     .heads = 10,
     .width = 64},
    {.name = "self 256",
     .n = 1,
     .rows = 256,
     .words = 256,
     .heads = 20,
     .width = 64},
    {.name = "VAE 4096",
     .n = 1,
     .rows = 4096,
     .words = 4096,
     .heads = 1,
     .width = 512},
    {.name = "VAE 9216",
     .n = 1,
     .rows = 9216,
     .words = 9216,
     .heads = 1,
     .width = 512},
    {.name = "cross 4096, one prompt",
     .n = 1,
     .rows = 4096,
     .words = 77,
     .heads = 10,
     .width = 64},
    {.name = "cross 1024, one prompt",
     .n = 1,
     .rows = 1024,
     .words = 77,
     .heads = 20,
     .width = 64},
    {.name = "cross 1024, 770 words",
     .n = 1,
     .rows = 1024,
     .words = 770,
     .heads = 20,
     .width = 64},
    {.name = "cross 4096, regions",
     .n = 1,
     .rows = 4096,
     .words = 9 * WORDS,
     .heads = 10,
     .width = 64,
     .side = 64},
    {.name = "cross 1024, regions",
     .n = 1,
     .rows = 1024,
     .words = 9 * WORDS,
     .heads = 20,
     .width = 64,
     .side = 32},
    {.name = "cross 256, one prompt",
     .n = 1,
     .rows = 256,
     .words = 77,
     .heads = 20,
     .width = 64},
    {.name = "cross 256, regions",
     .n = 1,
     .rows = 256,
     .words = 9 * WORDS,
     .heads = 20,
     .width = 64,
     .side = 16},
    {.name = "cross 4096, separate",
     .n = 1,
     .rows = 4096,
     .words = 9 * WORDS,
     .heads = 10,
     .width = 64,
     .side = 64,
     .separate = true},
    {.name = "cross 1024, separate",
     .n = 1,
     .rows = 1024,
     .words = 9 * WORDS,
     .heads = 20,
     .width = 64,
     .side = 32,
     .separate = true},
    {.name = "CLIP-L, causal",
     .n = 1,
     .rows = 77,
     .words = 77,
     .heads = 12,
     .width = 64,
     .causal = true},
    {.name = "CLIP-G, causal",
     .n = 1,
     .rows = 77,
     .words = 77,
     .heads = 20,
     .width = 64,
     .causal = true},
};
enum { N_CASES = sizeof cases / sizeof *cases };

/* Every case and the product once, keeping each one's best. */
static void run_round(void *scratch, const om_parallel *parallel,
                      const product *p, double *best, const char *name)
{
    const clockid_t clock =
        parallel->n_threads > 1 ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID;
    for (int i = 0; i < N_CASES; i++) {
        if (strncmp(cases[i].name, name, strlen(name)) != 0) continue;
        double t = product_seconds(p, clock);
        if (t < *best) *best = t;
        t = case_seconds(&cases[i], scratch, parallel, clock);
        if (t < cases[i].seconds) cases[i].seconds = t;
    }
}

static int number(const char *text, long otherwise, int most)
{
    const long n = text ? strtol(text, NULL, 10) : otherwise;
    return n < 1 ? 1 : n > most ? most : (int)n;
}

int main(int argc, char **argv)
{
    const int n = number(argc > 1 ? argv[1] : NULL,
                         sysconf(_SC_NPROCESSORS_ONLN), MAX_THREADS);
    const int rounds = number(argc > 2 ? argv[2] : NULL, 7, 1000);
    crew c;
    product p;
    crew_start(&c, n);
    product_new(&p);
    om_parallel parallel = {crew_run, &c, n};
    double best = NOT_RUN;
    size_t most = 0;
    for (int i = 0; i < N_CASES; i++) {
        case_new(&cases[i]);
        size_t size = om_attend_scratch_size(&cases[i].job, n);
        if (size > most) most = size;
    }
    void *scratch = random_floats(most / sizeof(float) + 1);
    for (int r = 0; r < rounds; r++)
        run_round(scratch, &parallel, &p, &best, argc > 3 ? argv[3] : "");
    const double rate = 2.0 * 4096 * 1280 * 1280 / best;
    printf("%d threads; product %.1f GFLOP/s; scratch %zu KiB\n", n, rate / 1e9,
           most >> 10);
    for (int i = 0; i < N_CASES; i++) {
        double got = cases[i].flops / cases[i].seconds;
        if (cases[i].seconds < NOT_RUN)
            printf("  %-24s %8.3f ms %7.1f GFLOP/s  %.2f\n", cases[i].name,
                   cases[i].seconds * 1e3, got / 1e9, got / rate);
        case_free(&cases[i]);
    }
    return 0;
}
