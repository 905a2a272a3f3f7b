/* test_program.c - compiled graphs on every back end: inputs and outputs, kept
 * values, contexts and what is wrong with them, stopping, costs, memory.
 *
 *     test_program [BACK END] */
#include "engine/nn_support.h"
#include "nn/params_internal.h"

#if OM_WITH_DNNL
#include "nn/dnnl_internal.h"
#endif

#define S(...) ((om_shape){__VA_ARGS__})

static const char *only_backend; /* test_program BACKEND */

static bool is_left_out(const char *backend)
{
    return only_backend && strcmp(only_backend, backend) != 0;
}

/* Run `test` with every back end that opens. */
static void with_backends(void (*test)(om_backend *b))
{
    for (size_t i = 0; om_backend_at(i); i++) {
        if (is_left_out(om_backend_at(i))) continue;
        om_backend *b = open_backend(om_backend_at(i), OM_PRECISION_F32);
        if (!b) continue;
        test(b);
        om_backend_close(b);
    }
}

/* And once more where inputs and outputs are copied, as with bf16. */
static void with_layouts(void (*test)(om_backend *b))
{
    with_backends(test);
#if OM_WITH_DNNL
    if (is_left_out("dnnl")) return;
    om_backend *b = open_backend("dnnl", OM_PRECISION_F32);
    if (!b) return;
    ((om_dnnl *)b)->apart = true;
    test(b);
    om_backend_close(b);
#endif
}

static void fill_input(om_program *p, const char *name, size_t n, uint64_t seed)
{
    float *x = om_program_input(p, name);
    assert_non_null(x);
    assert_int_equal((uintptr_t)x % 64, 0);
    fill_floats(x, n, FILL_NORMAL, seed);
}

static bool same_floats(const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i]) return false;
    return true;
}

/* ---- back ends by name --------------------------------------------------- */

static void test_names(void **state)
{
    (void)state;
    omost_error err;
    om_backend_opts opts = {.name = "abacus"};
    assert_null(om_backend_open(NULL, &opts, &err));
    assert_int_equal(err.status, OMOST_USAGE);
    assert_non_null(strstr(err.msg, "abacus"));
    opts = (om_backend_opts){.n_threads = -1};
    assert_null(om_backend_open(NULL, &opts, &err));
    assert_int_equal(err.status, OMOST_USAGE);
    opts = (om_backend_opts){.precision = (om_precision)77};
    assert_null(om_backend_open(NULL, &opts, NULL));
    opts = (om_backend_opts){.name = "auto", .n_threads = 3};
    om_backend *b = om_backend_open(NULL, &opts, &err);
    assert_non_null(b);
    assert_int_equal(err.status, OMOST_OK);
    assert_int_equal(om_backend_threads(b), 3);
    assert_string_equal(om_backend_name(b), om_backend_at(0));
    assert_true(om_backend_precision(b) == OM_PRECISION_F32 ||
                om_backend_precision(b) == OM_PRECISION_BF16);
    om_backend_close(b);
    om_backend_close(NULL);
    opts = (om_backend_opts){.name = "ref", .precision = OM_PRECISION_BF16};
    b = om_backend_open(NULL, &opts, &err);
    assert_non_null(b);
    assert_int_equal(om_backend_precision(b), OM_PRECISION_BF16);
    assert_true(om_backend_threads(b) >= 1);
    om_backend_close(b);
    for (int i = 0; i < OM_N_WORKS; i++) assert_non_null(om_work_name(i));
}

/* ---- inputs, outputs, what is kept --------------------------------------- */

/* An input that is an output, a value with two names, one that is read on. */
static void check_ports(om_backend *b)
{
    om_graph *g = om_graph_new(NULL, NULL);
    om_value x = om_graph_input(g, "x", S(1, 2, 3, 5));
    om_value unused = om_graph_input(g, "unused", S(1, 1, 1, 7));
    om_value r = om_unary(g, OM_RELU, x);
    om_graph_output(g, "same", x);
    om_graph_output(g, "relu", r);
    om_graph_output(g, "relu again", r);
    om_value d = om_add(g, r, r);
    om_graph_output(g, "twice", d);
    om_graph_keep(g, 2, r, d);
    om_graph_keep(g, 5, x, r);
    om_program *p = compile(b, g);
    om_graph_free(g);
    (void)unused;
    assert_null(om_program_input(p, "relu"));
    assert_null(om_program_output(p, "x"));
    assert_non_null(om_program_input(p, "unused"));
    fill_input(p, "x", 30, 1);
    float want[30];
    memcpy(want, om_program_input(p, "x"), sizeof want);
    for (int times = 0; times < 2; times++) {
        run(p);
        /* An input stays as it was. */
        assert_memory_equal(om_program_input(p, "x"), want, sizeof want);
        for (int i = 0; i < 30; i++) {
            float relu = want[i] > 0 ? want[i] : 0;
            assert_true(om_program_output(p, "same")[i] == want[i]);
            assert_true(om_program_output(p, "relu")[i] == relu);
            assert_true(om_program_output(p, "relu again")[i] == relu);
            assert_true(om_program_output(p, "twice")[i] == 2 * relu);
        }
    }
    om_kept kept = {0};
    assert_true(om_program_kept(p, 2, &kept));
    assert_true(kept.n_words == 6 && kept.width == 5 && kept.k && kept.v);
    assert_true(om_program_kept(p, 5, &kept));
    assert_false(om_program_kept(p, 0, &kept));
    om_program_free(p);
    om_program_free(NULL);
}

static void test_ports(void **state)
{
    (void)state;
    with_layouts(check_ports);
}

/* ---- contexts ------------------------------------------------------------ */

enum { WORDS = 12, WIDTH = 16 };

/* Cross-attention of two pictures of 3 x 4, and the words for it: slot 0 only
 * has its place, slot 1 has them. */
typedef struct crossing {
    om_program *words, *p;
    om_kept slot[2];
    whole_map map[2];
    om_attention_map maps[2];
} crossing;

static om_program *kept_words(om_backend *b, uint64_t seed)
{
    om_graph *g = om_graph_new(NULL, NULL);
    om_value k = om_graph_input(g, "k", S(1, 1, WORDS, WIDTH));
    om_value v = om_graph_input(g, "v", S(1, 1, WORDS, WIDTH));
    om_graph_keep(g, 0, k, v);
    om_program *p = compile(b, g);
    om_graph_free(g);
    fill_input(p, "k", (size_t)WORDS * WIDTH, seed);
    fill_input(p, "v", (size_t)WORDS * WIDTH, seed + 1);
    run(p);
    return p;
}

static void crossing_open(crossing *c, om_backend *b)
{
    *c = (crossing){.words = kept_words(b, 5)};
    om_graph *g = om_graph_new(NULL, NULL);
    om_value x = om_graph_input(g, "x", S(2, 3, 4, WIDTH));
    om_graph_output(g, "y", om_cross_attention(g, x, 1, 2));
    c->p = compile(b, g);
    om_graph_free(g);
    fill_input(c->p, "x", (size_t)2 * 3 * 4 * WIDTH, 9);
    assert_true(om_program_kept(c->words, 0, &c->slot[0]));
    c->slot[1] = c->slot[0];
    for (int n = 0; n < 2; n++) {
        whole_map_init(&c->map[n], n, 3, 4, WORDS);
        c->maps[n] = c->map[n].map;
    }
}

static void crossing_close(crossing *c)
{
    om_program_free(c->p);
    om_program_free(c->words);
    free(c->map[0].row);
    free(c->map[1].row);
}

static om_context context_of(crossing *c)
{
    return (om_context){c->slot, 2, c->maps, 2};
}

/* One thing wrong each. */
typedef void spoil(crossing *c, om_context *context);

static void lose_map(crossing *c, om_context *context)
{
    (void)c;
    context->n_maps = 1;
}
static void lose_slot(crossing *c, om_context *context)
{
    (void)c;
    context->n_slots = 1;
}
static void lose_keys(crossing *c, om_context *context)
{
    (void)context;
    c->slot[1].k = NULL;
}
static void other_width(crossing *c, om_context *context)
{
    (void)context;
    c->slot[1].width = 8;
}
static void other_words(crossing *c, om_context *context)
{
    (void)context;
    c->slot[1].n_words = WORDS - 1;
}
static void other_precision(crossing *c, om_context *context)
{
    (void)context;
    c->slot[1].bytes /= 2;
}
static void other_picture(crossing *c, om_context *context)
{
    (void)context;
    c->maps[1].n = 2;
}
static void same_picture(crossing *c, om_context *context)
{
    (void)context;
    c->maps[1].n = 0;
}
static void span_beyond(crossing *c, om_context *context)
{
    (void)context;
    c->map[1].span.first = 1;
}
static void span_before(crossing *c, om_context *context)
{
    (void)context;
    c->map[1].span.first = -1;
}
static void span_empty(crossing *c, om_context *context)
{
    (void)context;
    c->map[1].span.n = 0;
}
static void span_huge(crossing *c, om_context *context)
{
    (void)context;
    c->map[1].span.first = 0x7fffffff;
}
static void scale_infinite(crossing *c, om_context *context)
{
    (void)context;
    c->map[1].span.scale = INFINITY;
}
static void scale_nan(crossing *c, om_context *context)
{
    (void)context;
    c->map[1].span.scale = NAN;
}
static void scale_zero(crossing *c, om_context *context)
{
    (void)context;
    c->map[1].span.scale = 0;
}
static void weight_nan(crossing *c, om_context *context)
{
    (void)context;
    c->maps[1].separate = true;
    c->map[1].span.weight = NAN;
}
static void row_missing(crossing *c, om_context *context)
{
    (void)context;
    c->map[1].group.n_rows--;
}
static void row_twice(crossing *c, om_context *context)
{
    (void)context;
    c->map[1].row[5] = 6;
}
static void row_outside(crossing *c, om_context *context)
{
    (void)context;
    c->map[1].row[11] = 12;
}
static void row_negative(crossing *c, om_context *context)
{
    (void)context;
    c->map[1].row[0] = -1;
}
static void no_groups(crossing *c, om_context *context)
{
    (void)context;
    c->maps[1].n_groups = 0;
}
static void no_size(crossing *c, om_context *context)
{
    (void)context;
    c->maps[1].h = 0;
}

static const struct {
    spoil *spoil;
    const char *says;
} faults[] = {
    {lose_map, "no map of picture 1, 3 x 4"},
    {lose_slot, "needs slot 1"},
    {lose_keys, "needs slot 1"},
    {other_width, "slot 1 has 8 channels and its queries 16"},
    {other_words, "slot 1 has 11 words and slot 0 12"},
    {other_precision, "for 12 words of 16 channels"},
    {other_picture, "no map of picture 1"},
    {same_picture, "twice"},
    {span_beyond, "words 1 to 13 are not among the 12"},
    {span_before, "words -1 to 11 are not among the 12"},
    {span_empty, "words 0 to 0"},
    {span_huge, "are not among"},
    {scale_infinite, "a scale of inf"},
    {scale_nan, "a scale of"},
    {scale_zero, "a scale of 0"},
    {weight_nan, "a weight of"},
    {row_missing, "its groups have 11 positions, not 12"},
    {row_twice, "position 6 of group 0 is outside or out of order"},
    {row_outside, "position 12 of group 0 is outside"},
    {row_negative, "position -1 of group 0 is outside"},
    {no_groups, "its groups have 0 positions, not 12"},
    {no_size, "0 x 4: this is no size"},
};

static void check_faults(om_backend *b)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        crossing c;
        crossing_open(&c, b);
        om_context context = context_of(&c);
        omost_error err;
        faults[i].spoil(&c, &context);
        omost_status st = om_program_set_context(c.p, &context, &err);
        assert_true(st == OMOST_USAGE || st == OMOST_RANGE);
        if (!strstr(err.msg, faults[i].says))
            fail_msg("\"%s\" does not say \"%s\"", err.msg, faults[i].says);
        /* and there is no context yet */
        assert_int_equal(om_program_run(c.p, NULL, &err), OMOST_USAGE);
        assert_non_null(strstr(err.msg, "no context"));
        crossing_close(&c);
    }
}

static void test_context_faults(void **state)
{
    (void)state;
    with_layouts(check_faults);
}

/* Two groups that share a position: as many rows as positions all the same. */
static void test_shared_position(void **state)
{
    (void)state;
    const int32_t first[] = {0, 1}, second[] = {1, 3};
    const om_span span = {0, 4, 1, 1};
    const om_attention_group group[] = {{first, 2, &span, 1},
                                        {second, 2, &span, 1}};
    const om_attention_map map = {0, 2, 2, false, group, 2};
    const om_context context = {NULL, 0, &map, 1};
    omost_error err;
    assert_int_equal(om_context_check(&context, 4, &err), OMOST_RANGE);
    assert_non_null(strstr(err.msg, "position 1 is in two groups"));
}

/* A context is copied; a bad one leaves the one before; another one is used
 * from then on. */
static void check_context_life(om_backend *b)
{
    enum { N = 2 * 3 * 4 * WIDTH };
    crossing c;
    crossing_open(&c, b);
    om_context context = context_of(&c);
    omost_error err;
    must(om_program_set_context(c.p, &context, &err), &err);
    run(c.p);
    float first[N];
    memcpy(first, om_program_output(c.p, "y"), sizeof first);
    memset(c.map[0].row, 0x55, 12 * sizeof(int32_t));
    memset(c.map[1].row, 0x55, 12 * sizeof(int32_t));
    c.map[0].span.first = c.map[1].span.first = 1000;
    assert_int_equal(om_program_set_context(c.p, &context, &err), OMOST_RANGE);
    c.slot[1].k = c.slot[1].v = NULL;
    run(c.p);
    assert_memory_equal(om_program_output(c.p, "y"), first, sizeof first);

    om_program *others = kept_words(b, 77);
    assert_true(om_program_kept(others, 0, &c.slot[1]));
    for (int n = 0; n < 2; n++) {
        for (int i = 0; i < 12; i++) c.map[n].row[i] = i;
        c.map[n].span.first = 0;
    }
    must(om_program_set_context(c.p, &context, &err), &err);
    run(c.p);
    assert_false(same_floats(om_program_output(c.p, "y"), first, N));
    om_program_free(others);
    crossing_close(&c);
}

static void test_context_life(void **state)
{
    (void)state;
    with_layouts(check_context_life);
}

/* ---- a run --------------------------------------------------------------- */

/* A bit of everything: what models are made of. */
static om_program *compile_block(om_backend *b, om_params *params)
{
    om_graph *g = om_graph_new(NULL, params);
    const om_conv_shape three = {
        .out = 32, .kernel = 3, .stride = 1, .pad = {1, 1, 1, 1}};
    om_value x = om_graph_input(g, "x", S(2, 6, 4, 16));
    om_value t = om_graph_input(g, "t", S(2, 1, 1, 16));
    om_value h = om_conv(g, om_add(g, x, t), "conv1", three);
    h = om_unary(g, OM_SILU, om_group_norm(g, h, "norm1", 32, 1e-5f));
    om_value q =
        om_linear(g, om_layer_norm(g, h, "norm2", 1e-5f), "q", 32, false);
    h = om_add(g, h, om_attention(g, q, h, h, 4, false));
    h = om_add(g, h, om_cross_attention(g, q, 0, 2));
    h = om_add(g, h,
               om_linear(g, om_geglu(g, om_linear(g, h, "ff", 64, true)), "out",
                         32, true));
    h = om_concat(g, h, x);
    om_graph_output(g, "y", om_conv(g, om_upsample(g, h), "conv2", three));
    om_program *p = compile(b, g);
    om_graph_free(g);
    fill_input(p, "x", (size_t)2 * 6 * 4 * 16, 3);
    fill_input(p, "t", (size_t)2 * 16, 4);
    return p;
}

typedef struct block {
    made_up source;
    om_params *params;
    om_program *p, *words;
    whole_map map[2];
} block;

static void block_open(block *k, om_backend *b)
{
    *k = (block){0};
    k->params = new_params(b, &k->source);
    k->p = compile_block(b, k->params);
    om_graph *g = om_graph_new(NULL, k->params);
    om_value s = om_graph_input(g, "s", S(1, 1, WORDS, 24));
    om_graph_keep(g, 0, om_linear(g, s, "to_k", 32, false),
                  om_linear(g, s, "to_v", 32, false));
    k->words = compile(b, g);
    om_graph_free(g);
    fill_input(k->words, "s", (size_t)WORDS * 24, 6);
    run(k->words);
    om_kept slot;
    assert_true(om_program_kept(k->words, 0, &slot));
    om_attention_map maps[2];
    for (int n = 0; n < 2; n++) {
        whole_map_init(&k->map[n], n, 6, 4, WORDS);
        maps[n] = k->map[n].map;
    }
    const om_context context = {&slot, 1, maps, 2};
    omost_error err;
    must(om_program_set_context(k->p, &context, &err), &err);
}

static void block_close(block *k)
{
    om_program_free(k->p);
    om_program_free(k->words);
    om_params_free(k->params);
    free(k->map[0].row);
    free(k->map[1].row);
}

typedef struct watcher {
    int calls, stop_at;
    double last;
} watcher;

static bool look(void *user, double done)
{
    watcher *w = user;
    assert_true(done >= w->last && done >= 0 && done <= 1);
    w->last = done;
    return ++w->calls != w->stop_at;
}

static void check_watch(om_backend *b)
{
    enum { N = 2 * 12 * 8 * 32 };
    block k;
    block_open(&k, b);
    watcher w = {0};
    const om_watch watch = {look, &w};
    omost_error err;
    must(om_program_run(k.p, &watch, &err), &err);
    assert_true(w.calls >= 5);
    assert_true(w.last > 0 && w.last < 0.5); /* the last is the largest */
    const int calls = w.calls;
    float *want = new_floats(N);
    memcpy(want, om_program_output(k.p, "y"), N * sizeof *want);
    for (int i = 1; i <= calls; i++) {
        w = (watcher){.stop_at = i};
        assert_int_equal(om_program_run(k.p, &watch, &err), OMOST_CANCELLED);
        assert_int_equal(w.calls, i);
    }
    w = (watcher){0};
    must(om_program_run(k.p, &watch, &err), &err);
    assert_int_equal(w.calls, calls);
    assert_memory_equal(om_program_output(k.p, "y"), want, N * sizeof *want);
    free(want);
    block_close(&k);
}

static void test_watch(void **state)
{
    (void)state;
    with_backends(check_watch);
}

static void check_cost(om_backend *b)
{
    block k;
    block_open(&k, b);
    om_cost cost;
    run(k.p);
    om_program_cost(k.p, &cost);
    assert_int_equal(cost.runs, 0);
    const double at = 2 * 6 * 4; /* positions */
    const double want[OM_N_WORKS] = {
        [OM_WORK_CONV] =
            2 * at * 16 * 32 * 9 + 2 * (4 * at) * (32 + 16) * 32 * 9,
        [OM_WORK_LINEAR] = 2 * at * (32 * 32 + 32 * 64 + 32 * 32),
        [OM_WORK_ATTENTION] = 4 * at * (6 * 4) * 32,
        [OM_WORK_CROSS] = 4 * at * WORDS * 32,
    };
    for (int i = 0; i < OM_WORK_NORM; i++)
        assert_true(cost.flops[i] == want[i]);
    for (int i = 0; i < OM_N_WORKS; i++) {
        assert_true(cost.flops[i] > 0);
        assert_true(cost.seconds[i] == 0);
    }
    assert_true(cost.arena_bytes > 0);
    om_program_time(k.p, true);
    run(k.p);
    run(k.p);
    om_program_time(k.p, false);
    run(k.p);
    om_program_cost(k.p, &cost);
    assert_int_equal(cost.runs, 2);
    assert_true(cost.seconds[OM_WORK_CONV] > 0);
    om_program_time(k.p, true);
    om_program_cost(k.p, &cost);
    assert_int_equal(cost.runs, 0);
    assert_true(cost.seconds[OM_WORK_CONV] == 0);
    block_close(&k);
}

static void test_cost(void **state)
{
    (void)state;
    with_layouts(check_cost);
}

/* ---- weights ------------------------------------------------------------- */

/* y of one linear layer, weights kept that way. */
static void linear_of(om_backend *b, om_stored stored, om_keep keep,
                      float y[3 * 40])
{
    made_up source = {.stored = stored};
    omost_error err;
    om_params *params =
        om_params_new(NULL, b, made_up_source(&source), keep, &err);
    om_graph *g = om_graph_new(NULL, params);
    om_value x = om_graph_input(g, "x", S(1, 1, 3, 24));
    om_graph_output(g, "y", om_linear(g, x, "a", 40, false));
    om_program *p = compile(b, g);
    om_graph_free(g);
    fill_input(p, "x", (size_t)3 * 24, 1);
    run(p);
    memcpy(y, om_program_output(p, "y"), sizeof(float) * 3 * 40);
    om_program_free(p);
    om_params_free(params);
}

/* Halved weights give the very results of weights that were halves. */
static void check_keep(om_backend *b)
{
    float exact[120], halved[120], halves[120];
    linear_of(b, OM_STORED_F32, OM_KEEP_EXACT, exact);
    linear_of(b, OM_STORED_F32, OM_KEEP_HALF, halved);
    linear_of(b, OM_STORED_F16, OM_KEEP_EXACT, halves);
    assert_false(same_floats(exact, halved, 120));
    for (int i = 0; i < 120; i++)
        assert_true(fabsf(halved[i] - halves[i]) <= 1e-5f);
    linear_of(b, OM_STORED_BF16, OM_KEEP_EXACT, exact);
    linear_of(b, OM_STORED_BF16, OM_KEEP_HALF, halved);
    for (int i = 0; i < 120; i++)
        assert_true(fabsf(exact[i] - halved[i]) <= 1e-5f);
}

static void test_keep(void **state)
{
    (void)state;
    with_layouts(check_keep);
}

static void check_broken_source(om_backend *b)
{
    made_up source = {.broken = true};
    om_params *params = new_params(b, &source);
    om_graph *g = om_graph_new(NULL, params);
    om_value x = om_graph_input(g, "x", S(1, 1, 3, 24));
    om_graph_output(g, "y", om_linear(g, x, "a", 40, true));
    omost_error err;
    assert_null(om_backend_compile(b, g, &err));
    assert_int_equal(err.status, OMOST_IO);
    assert_non_null(strstr(err.msg, "cannot read a."));
    source.broken = false; /* the file is back */
    om_program_free(compile(b, g));
    om_graph_free(g);
    om_params_free(params);
}

static void test_broken_source(void **state)
{
    (void)state;
    with_backends(check_broken_source);
}

static void test_foreign_weights(void **state)
{
    (void)state;
    om_backend *a = open_backend("ref", OM_PRECISION_F32);
    om_backend *b = open_backend("ref", OM_PRECISION_BF16);
    made_up source = {0};
    om_params *params = new_params(a, &source);
    om_graph *g = om_graph_new(NULL, params);
    omost_error err;
    assert_null(om_backend_compile(b, g, &err));
    assert_non_null(strstr(err.msg, "another back end"));
    om_graph_free(g);
    om_params_free(params);
    om_backend_close(a);
    om_backend_close(b);
}

/* ---- memory -------------------------------------------------------------- */

/* From a back end to a result; true when all went well. */
static bool all_the_way(const omost_env *env, meter *m, const char *name,
                        omost_error *err)
{
    const om_backend_opts opts = {.name = name, .precision = OM_PRECISION_F32};
    made_up source = {0};
    bool ok = false;
    om_graph *g = NULL;
    om_program *p = NULL, *words = NULL;
    om_params *params = NULL;
    whole_map map;
    whole_map_init(&map, 0, 3, 4, WORDS);
    om_backend *b = om_backend_open(env, &opts, err);
    if (b) params = om_params_new(env, b, made_up_source(&source), 0, err);
    if (!params) goto done;
    g = om_graph_new(env, params);
    om_value s = om_graph_input(g, "s", S(1, 1, WORDS, 24));
    om_graph_keep(g, 0, om_linear(g, s, "k", 16, true),
                  om_linear(g, s, "v", 16, true));
    words = om_backend_compile(b, g, err);
    om_graph_free(g);
    g = NULL;
    om_kept slot;
    if (!words || om_program_run(words, NULL, err) ||
        !om_program_kept(words, 0, &slot))
        goto done;
    g = om_graph_new(env, params);
    om_value x = om_graph_input(g, "x", S(1, 3, 4, 16));
    x = om_conv(g, om_layer_norm(g, x, "n", 1e-5f), "c",
                (om_conv_shape){16, 3, 1, {1, 1, 1, 1}, false});
    x = om_cross_attention(g, om_attention(g, x, x, x, 1, false), 0, 2);
    om_graph_output(g, "y", x);
    p = om_backend_compile(b, g, err);
    const om_context context = {&slot, 1, &map.map, 1};
    if (!p || om_program_set_context(p, &context, err)) goto done;
    const size_t calls = m->calls;
    ok = om_program_run(p, NULL, err) == OMOST_OK &&
         om_program_run(p, NULL, err) == OMOST_OK;
    assert_int_equal(m->calls, calls); /* a run takes no memory */
done:
    om_program_free(p);
    om_program_free(words);
    om_graph_free(g);
    om_params_free(params);
    om_backend_close(b);
    free(map.row);
    return ok;
}

/* Every allocation fails once: NOMEM, and nothing is lost. */
static void test_no_memory(void **state)
{
    (void)state;
    for (size_t i = 0; om_backend_at(i); i++)
        for (size_t n = is_left_out(om_backend_at(i)) ? SIZE_MAX : 1;; n++) {
            meter m = {.fail_at = n};
            const omost_env env = {metered, &m};
            omost_error err;
            bool ok = all_the_way(&env, &m, om_backend_at(i), &err);
            assert_int_equal(m.live, 0);
            if (!ok && n > m.calls) fail_msg("%s", err.msg);
            if (ok && n > m.calls) break;
            /* Others may do without some of their memory. */
            if (ok && strcmp(om_backend_at(i), "ref") != 0) continue;
            assert_false(ok);
            assert_int_equal(err.status, OMOST_NOMEM);
        }
}

int main(int argc, char **argv)
{
    if (argc > 1) only_backend = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_context_faults),
        cmocka_unit_test(test_shared_position),
        cmocka_unit_test(test_context_life),
        cmocka_unit_test(test_watch),
        cmocka_unit_test(test_cost),
        cmocka_unit_test(test_keep),
        cmocka_unit_test(test_broken_source),
        cmocka_unit_test(test_foreign_weights),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests_name("program", tests, NULL, NULL);
}
