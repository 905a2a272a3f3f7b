/* test_attend.c - attention of every instruction set against sums in double. */
#include "unit/support.h"

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>

#include "nn/attend.h"
#include "nn/numbers.h"

/* ---- numbers ----------------------------------------------------------- */

typedef struct dice {
    uint64_t state;
} dice;

static uint32_t roll(dice *d)
{
    d->state = d->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(d->state >> 33);
}

static int roll_below(dice *d, int n)
{
    return (int)(roll(d) % (uint32_t)n);
}

/* About normal, deviation 1. */
static float roll_float(dice *d)
{
    double sum = 0;
    for (int i = 0; i < 6; i++) sum += (double)roll(d) / 0x1p31 - 0.5;
    return (float)(sum * 1.4142135623730951);
}

/* ---- a case ------------------------------------------------------------ */

typedef struct sizes {
    int n, rows, words, heads, width;
    bool causal, bf16;
    float scale; /* of the logits, about */
} sizes;

/* q, k, v in doubles as the kernel sees them, and in elements with gaps between
 * the rows that nobody may read or write. */
typedef struct test_case {
    sizes s;
    om_attend_job job;
    size_t n_q, n_k; /* rows */
    double *q, *k, *v, *want;
    double top;    /* largest logit, without its sign */
    void *data[4]; /* q, k, v, y */
} test_case;

static void *take(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    if (!p) fail_msg("no memory for %zu elements", n);
    return p;
}

static size_t channels(const test_case *c)
{
    return (size_t)c->s.heads * (size_t)c->s.width;
}

static void set(const test_case *c, void *data, size_t i, double x)
{
    if (c->s.bf16)
        ((uint16_t *)data)[i] = om_bf16_of((float)x);
    else
        ((float *)data)[i] = (float)x;
}

static double get(const test_case *c, const void *data, size_t i)
{
    return c->s.bf16 ? (double)om_float_of_bf16(((const uint16_t *)data)[i])
                     : (double)((const float *)data)[i];
}

/* What fills the gaps: a read of one spoils every sum. */
static void *elements(const test_case *c, size_t rows, size_t stride)
{
    void *p = take(rows * stride, sizeof(float));
    for (size_t i = 0; i < rows * stride; i++) set(c, p, i, NAN);
    return p;
}

static double *numbers(const test_case *c, void *data, size_t rows,
                       size_t stride, dice *d, float scale)
{
    double *out = take(rows * channels(c), sizeof *out);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < channels(c); j++) {
            set(c, data, i * stride + j, roll_float(d) * scale);
            out[i * channels(c) + j] = get(c, data, i * stride + j);
        }
    return out;
}

static test_case new_case(sizes s, const om_attention_map *const *map, dice *d)
{
    test_case c = {.s = s};
    const size_t stride = channels(&c) + (size_t)roll_below(d, 3);
    c.n_q = (size_t)s.n * (size_t)s.rows;
    c.n_k = (size_t)(map ? 1 : s.n) * (size_t)s.words;
    for (int i = 0; i < 4; i++)
        c.data[i] =
            elements(&c, i == 0 || i == 3 ? c.n_q : c.n_k, stride + (size_t)i);
    c.q = numbers(&c, c.data[0], c.n_q, stride, d, s.scale);
    c.k = numbers(&c, c.data[1], c.n_k, stride + 1, d, 1);
    c.v = numbers(&c, c.data[2], c.n_k, stride + 2, d, 1);
    c.want = take(c.n_q * channels(&c), sizeof *c.want);
    c.job = (om_attend_job){.type = s.bf16 ? OM_ATTEND_BF16 : OM_ATTEND_F32,
                            .n = s.n,
                            .rows = s.rows,
                            .words = s.words,
                            .heads = s.heads,
                            .width = s.width,
                            .q = c.data[0],
                            .k = c.data[1],
                            .v = c.data[2],
                            .y = c.data[3],
                            .q_stride = stride,
                            .k_stride = stride + 1,
                            .v_stride = stride + 2,
                            .y_stride = stride + 3,
                            .causal = s.causal,
                            .map = map};
    return c;
}

static void free_case(test_case *c)
{
    for (int i = 0; i < 4; i++) free(c->data[i]);
    free(c->q);
    free(c->k);
    free(c->v);
    free(c->want);
}

/* ---- what is to come out ----------------------------------------------- */

static double logit(const test_case *c, size_t row, size_t word, int head)
{
    const double *q = c->q + row * channels(c) + head * c->s.width;
    const double *k = c->k + word * channels(c) + head * c->s.width;
    double sum = 0;
    for (int i = 0; i < c->s.width; i++) sum += q[i] * k[i];
    return sum / sqrt(c->s.width);
}

/* want += weight * one softmax over all words of the spans; they begin at word
 * `first`. */
static void softmax(test_case *c, size_t row, int head, size_t first,
                    const om_span *span, int n_spans, double weight)
{
    double *want = c->want + row * channels(c) + head * c->s.width;
    double *y = take((size_t)c->s.width, sizeof *y), top = -INFINITY, sum = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < n_spans; i++)
            for (int t = 0; t < span[i].n; t++) {
                size_t word = first + (size_t)(span[i].first + t);
                double s = logit(c, row, word, head) * span[i].scale;
                if (pass == 0) {
                    top = fmax(top, s);
                    c->top = fmax(c->top, fabs(s));
                    continue;
                }
                const double *v = c->v + word * channels(c) + head * c->s.width;
                sum += exp(s - top);
                for (int j = 0; j < c->s.width; j++)
                    y[j] += exp(s - top) * v[j];
            }
    for (int j = 0; j < c->s.width && sum > 0; j++)
        want[j] += weight * y[j] / sum;
    free(y);
}

static void want_mapped(test_case *c, int picture, int head)
{
    const om_attention_map *map = c->job.map[picture];
    const size_t first = (size_t)picture * (size_t)c->s.rows;
    for (int g = 0; g < map->n_groups; g++) {
        const om_attention_group *group = &map->group[g];
        for (int i = 0; i < group->n_rows; i++) {
            size_t row = first + (size_t)group->row[i];
            if (!map->separate)
                softmax(c, row, head, 0, group->span, group->n_spans, 1);
            for (int s = 0; s < group->n_spans && map->separate; s++)
                softmax(c, row, head, 0, &group->span[s], 1,
                        group->span[s].weight);
        }
    }
}

static void want(test_case *c)
{
    for (int p = 0; p < c->s.n; p++)
        for (int h = 0; h < c->s.heads; h++) {
            if (c->job.map) want_mapped(c, p, h);
            for (int i = 0; i < c->s.rows && !c->job.map; i++) {
                om_span seen = {0, c->s.words, 1, 1};
                if (c->s.causal && i + 1 < c->s.words) seen.n = i + 1;
                softmax(c, (size_t)p * (size_t)c->s.rows + (size_t)i, h,
                        (size_t)p * (size_t)c->s.words, &seen, 1, 1);
            }
        }
}

/* ---- threads ----------------------------------------------------------- */

typedef struct crew {
    void (*body)(void *arg, int item, int thread);
    void *arg;
    int n;
    atomic_int next, threads;
} crew;

static void *work(void *user)
{
    crew *c = user;
    int thread = atomic_fetch_add(&c->threads, 1), i;
    while ((i = atomic_fetch_add(&c->next, 1)) < c->n)
        c->body(c->arg, c->n - 1 - i, thread);
    return NULL;
}

static void run_threads(void *user, int n_items,
                        void (*body)(void *arg, int item, int thread),
                        void *arg)
{
    pthread_t thread[8];
    crew c = {.body = body, .arg = arg, .n = n_items};
    int n = *(int *)user;
    for (int i = 0; i < n; i++)
        if (pthread_create(&thread[i], NULL, work, &c)) fail_msg("no thread");
    for (int i = 0; i < n; i++) pthread_join(thread[i], NULL);
}

/* ---- comparison -------------------------------------------------------- */

static void run(const om_attend_job *job, int n_threads, int offset)
{
    om_parallel parallel = {run_threads, &n_threads, n_threads};
    size_t size = om_attend_scratch_size(job, n_threads);
    assert_true(size > 0);
    char *scratch = take(size + 4096, 1);
    memset(scratch, 0xff, size + 4096); /* NaN: nothing is zero by chance */
    om_attend_run(job, scratch + offset, n_threads > 1 ? &parallel : NULL);
    for (size_t i = size + (size_t)offset; i < size + 4096; i++)
        assert_int_equal(scratch[i], -1);
    free(scratch);
}

static const char *told(const test_case *c)
{
    static char text[200];
    snprintf(text, sizeof text,
             "%s%s%s: %d x %d rows, %d words, %d heads of %d",
             om_attend_isa_name(c->job.isa), c->s.bf16 ? ", bf16" : "",
             c->s.causal  ? ", causal"
             : c->job.map ? ", mapped"
                          : "",
             c->s.n, c->s.rows, c->s.words, c->s.heads, c->s.width);
    return text;
}

/* The largest difference, as a part of the largest value: what the values are
 * sums of is no larger. Logits are sums in f32: what they are off grows with them
 * and comes out of e^logit as it is. */
static void compare(const test_case *c)
{
    double worst = 0, most = 0;
    const double limit = (c->s.bf16 ? 0x1p-8 : 1.2e-6) + 2e-7 * c->top;
    for (size_t i = 0; i < c->n_q; i++) {
        for (size_t j = 0; j < channels(c); j++) {
            double w = c->want[i * channels(c) + j];
            double got = get(c, c->data[3], i * c->job.y_stride + j);
            most = fmax(most, fabs(w));
            if (!(fabs(got - w) <= worst)) worst = fabs(got - w);
        }
        for (size_t j = channels(c); j < c->job.y_stride; j++)
            if (!isnan(get(c, c->data[3], i * c->job.y_stride + j)))
                fail_msg("%s: wrote beyond row %zu", told(c), i);
    }
    if (!(worst <= limit * most))
        fail_msg("%s: %.3g off, the largest is %.3g", told(c), worst, most);
}

/* Every instruction set; the same bits from any number of threads. */
static void check_case(test_case *c)
{
    const size_t size = c->n_q * c->job.y_stride * sizeof(float);
    void *first = take(size, 1), *fresh = take(size, 1);
    memcpy(fresh, c->data[3], size);
    want(c);
    for (int isa = 0; isa < OM_N_ATTEND_ISAS; isa++) {
        if (!om_attend_isa_works(isa)) continue;
        c->job.isa = isa;
        memcpy(c->data[3], fresh, size);
        run(&c->job, 1, 0);
        compare(c);
        memcpy(first, c->data[3], size);
        memcpy(c->data[3], fresh, size);
        run(&c->job, 3, 13);
        assert_memory_equal(first, c->data[3], size);
    }
    free(first);
    free(fresh);
}

static void check(sizes s, const om_attention_map *const *map, dice *d)
{
    if (s.scale == 0) s.scale = 1;
    test_case c = new_case(s, map, d);
    check_case(&c);
    free_case(&c);
}

/* ---- self-attention ---------------------------------------------------- */

static void test_sizes(void **state)
{
    static const int all[][5] = {
        /* n, rows, words, heads, width */
        {1, 1, 1, 1, 4},      {1, 1, 1, 1, 1},      {2, 3, 5, 2, 3},
        {1, 24, 24, 3, 8},    {1, 25, 127, 2, 40},  {2, 33, 129, 2, 64},
        {1, 77, 77, 12, 64},  {1, 100, 257, 1, 80}, {1, 49, 200, 2, 160},
        {1, 60, 130, 1, 512}, {1, 17, 300, 2, 193}, {3, 7, 9, 5, 11},
        {1, 1, 3000, 1, 64},  {1, 409, 64, 1, 20},  {1, 770, 31, 1, 6},
    };
    dice d = {1};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (int kind = 0; kind < 4; kind++) {
            check((sizes){.n = all[i][0],
                          .rows = all[i][1],
                          .words = all[i][2],
                          .heads = all[i][3],
                          .width = all[i][4],
                          .causal = kind & 1,
                          .bf16 = kind & 2},
                  NULL, &d);
        }
}

static void test_random_sizes(void **state)
{
    dice d = {2};
    (void)state;
    for (int i = 0; i < 150; i++)
        check((sizes){.n = 1 + roll_below(&d, 2),
                      .rows = 1 + roll_below(&d, 130),
                      .words = 1 + roll_below(&d, 300),
                      .heads = 1 + roll_below(&d, 3),
                      .width = 1 + roll_below(&d, 70),
                      .causal = roll_below(&d, 2),
                      .bf16 = roll_below(&d, 4) == 0},
              NULL, &d);
}

/* Every weight but one vanishes, or nearly. */
static void test_large_logits(void **state)
{
    static const float scales[] = {1e-6f, 10, 100, 1e4f};
    dice d = {3};
    (void)state;
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++)
        for (int causal = 0; causal < 2; causal++)
            check((sizes){.n = 1,
                          .rows = 50,
                          .words = 333,
                          .heads = 2,
                          .width = 64,
                          .causal = causal,
                          .scale = scales[i]},
                  NULL, &d);
}

/* All logits the same and far from 0, then far below another: what the kernel
 * fills tiles up with must not be taken for a logit of 0. */
static void test_far_from_zero(void **state)
{
    dice d = {4};
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        sizes s = {.n = 1,
                   .rows = 5,
                   .words = 131,
                   .heads = 1,
                   .width = 16,
                   .scale = 1};
        test_case c = new_case(s, NULL, &d);
        for (size_t i = 0; i < c.n_k; i++)
            for (size_t j = 0; j < 16; j++) {
                double x = i % 2 ? 300 : 299.75;
                set(&c, c.data[1], i * c.job.k_stride + j, x);
                c.k[i * 16 + j] = x;
            }
        for (size_t i = 0; i < c.n_q; i++)
            for (size_t j = 0; j < 16; j++) {
                set(&c, c.data[0], i * c.job.q_stride + j, sign);
                c.q[i * 16 + j] = sign;
            }
        check_case(&c);
        free_case(&c);
    }
}

/* The result may take the place of the queries. */
static void test_in_place(void **state)
{
    dice d = {5};
    (void)state;
    for (int isa = 0; isa < OM_N_ATTEND_ISAS; isa++) {
        if (!om_attend_isa_works(isa)) continue;
        test_case c = new_case((sizes){.n = 2,
                                       .rows = 95,
                                       .words = 61,
                                       .heads = 3,
                                       .width = 24,
                                       .scale = 1},
                               NULL, &d);
        c.job.isa = isa;
        want(&c);
        c.job.y_stride = c.job.q_stride;
        c.job.y = c.data[0];
        run(&c.job, 1, 0);
        void *y = c.data[3];
        c.data[3] = c.data[0];
        compare(&c);
        c.data[3] = y;
        free_case(&c);
    }
}

/* ---- maps -------------------------------------------------------------- */

/* Random groups; the first `rows` positions dealt out to them. */
static om_attention_map random_map(sizes s, dice *d)
{
    om_attention_map map = {.h = 1, .w = s.rows, .separate = roll_below(d, 2)};
    map.n_groups = 1 + roll_below(d, 6);
    om_attention_group *group = take((size_t)map.n_groups, sizeof *group);
    int *of = take((size_t)s.rows, sizeof *of);
    for (int i = 0; i < s.rows; i++) of[i] = roll_below(d, map.n_groups);
    for (int g = 0; g < map.n_groups; g++) {
        int32_t *row = take((size_t)s.rows, sizeof *row);
        for (int i = 0; i < s.rows; i++)
            if (of[i] == g) row[group[g].n_rows++] = i;
        group[g].row = row;
        group[g].n_spans = roll_below(d, 5);
        om_span *span = take((size_t)group[g].n_spans, sizeof *span);
        for (int i = 0; i < group[g].n_spans; i++) {
            span[i].first = roll_below(d, s.words);
            span[i].n = roll_below(d, s.words - span[i].first + 1);
            span[i].scale = 0.25f + (float)roll_below(d, 100) / 20;
            span[i].weight = (float)roll_below(d, 100) / 50;
        }
        group[g].span = span;
    }
    free(of);
    map.group = group;
    return map;
}

static void free_map(om_attention_map *map)
{
    for (int g = 0; g < map->n_groups; g++) {
        free((void *)(uintptr_t)map->group[g].row);
        free((void *)(uintptr_t)map->group[g].span);
    }
    free((void *)(uintptr_t)map->group);
}

static void test_maps(void **state)
{
    dice d = {6};
    (void)state;
    for (int i = 0; i < 120; i++) {
        sizes s = {.n = 1 + roll_below(&d, 2),
                   .rows = 1 + roll_below(&d, i % 10 ? 90 : 900),
                   .words = 1 + roll_below(&d, 300),
                   .heads = 1 + roll_below(&d, 3),
                   .width = i % 4 ? 1 + roll_below(&d, 70) : 64,
                   .bf16 = i % 3 == 0,
                   .scale = i % 5 ? 1 : 5};
        om_attention_map map[2] = {random_map(s, &d), random_map(s, &d)};
        const om_attention_map *at[2] = {&map[0], &map[1]};
        check(s, at, &d);
        free_map(&map[0]);
        free_map(&map[1]);
    }
}

/* A row's bits do not depend on the rows it is grouped with. */
static void test_rows_alone(void **state)
{
    enum { ROWS = 61, WIDTH = 40 };
    dice d = {7};
    int32_t row[ROWS];
    om_span span[2] = {{3, 77, 1.5f, 1}, {100, 77, 0.5f, 1}};
    (void)state;
    for (int i = 0; i < ROWS; i++) row[i] = i;
    om_attention_group group[ROWS] = {{row, ROWS, span, 2}};
    om_attention_map map = {0, 1, ROWS, false, group, 1};
    const om_attention_map *at = &map;
    sizes s = {.n = 1,
               .rows = ROWS,
               .words = 200,
               .heads = 2,
               .width = WIDTH,
               .scale = 1};
    test_case c = new_case(s, &at, &d);
    const size_t size = c.n_q * c.job.y_stride * sizeof(float);
    void *together = take(size, 1);
    for (int isa = 0; isa < OM_N_ATTEND_ISAS; isa++) {
        if (!om_attend_isa_works(isa)) continue;
        c.job.isa = isa;
        group[0].n_rows = ROWS;
        map.n_groups = 1;
        run(&c.job, 1, 0);
        memcpy(together, c.data[3], size);
        map.n_groups = ROWS;
        for (int i = 0; i < ROWS; i++)
            group[i] = (om_attention_group){&row[i], 1, span, 2};
        run(&c.job, 2, 0);
        assert_memory_equal(together, c.data[3], size);
    }
    free(together);
    free_case(&c);
}

static void test_isas(void **state)
{
    (void)state;
    assert_true(om_attend_isa_works(OM_ATTEND_AUTO));
    assert_true(om_attend_isa_works(OM_ATTEND_PLAIN));
    for (int isa = 1; isa < OM_N_ATTEND_ISAS; isa++)
        if (!om_attend_isa_works(isa))
            printf("*** SKIPPED: %s (not on this processor) ***\n",
                   om_attend_isa_name(isa));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_isas),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_random_sizes),
        cmocka_unit_test(test_large_logits),
        cmocka_unit_test(test_far_from_zero),
        cmocka_unit_test(test_in_place),
        cmocka_unit_test(test_maps),
        cmocka_unit_test(test_rows_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
