/* test_fusion.c - operations that a back end may do as one: chains of them, on
 * every back end against `ref`, in shapes of odd sizes; weights kept in fewer
 * bits; one set of weights for programs of several sizes; work done in pieces;
 * and runs that take no memory. */
#include "engine/nn_support.h"

#if OM_WITH_DNNL
#include "nn/dnnl_internal.h"
#endif

/* ---- chains -------------------------------------------------------------- */

static om_conv_shape conv3(int out)
{
    return (om_conv_shape){
        .out = out, .kernel = 3, .stride = 1, .pad = {1, 1, 1, 1}};
}

static om_value linear_posts(om_graph *g, om_value x)
{
    const int c = om_graph_shape(g, x).c;
    om_value a = om_unary(g, OM_SILU, om_linear(g, x, "a", c, true));
    om_value b = om_add(g, x, om_linear(g, a, "b", c, false));
    om_value d =
        om_unary(g, OM_RELU, om_add(g, om_linear(g, b, "d", c, true), a));
    om_value e = om_unary(g, OM_GELU, om_linear(g, d, "e", c + 3, true));
    return om_unary(g, OM_QUICK_GELU, om_linear(g, e, "f", c, true));
}

/* Both sums have a product on either side; only one can take the other in. */
static om_value two_products(om_graph *g, om_value x)
{
    om_value a = om_linear(g, x, "a", 24, true);
    om_value b = om_conv(g, x, "b", conv3(24));
    om_value s = om_add(g, a, b);
    return om_add(g, om_conv(g, s, "c", conv3(24)),
                  om_linear(g, s, "d", 24, false));
}

/* A row of its own for every picture, and one for all. */
static om_value rows(om_graph *g, om_value x)
{
    om_shape s = om_graph_shape(g, x);
    om_value many = om_graph_input(g, "many", (om_shape){s.n, 1, 1, s.c});
    om_value one = om_graph_input(g, "one", (om_shape){1, 1, 1, s.c});
    om_value a = om_add(g, om_linear(g, x, "a", s.c, true), one);
    om_value b = om_add(g, om_linear(g, a, "b", s.c, true), many);
    om_value d = om_add(g, om_conv(g, b, "c", conv3(s.c)), one);
    om_value e = om_group_norm(g, om_add(g, d, many), "norm", 4, 1e-5f);
    return om_group_norm(g, om_add(g, e, one), "norm2", 4, 1e-5f);
}

static om_value resnet(om_graph *g, om_value x, const char *name, int out)
{
    om_graph_enter(g, "%s", name);
    om_shape s = om_graph_shape(g, x);
    om_value row = om_graph_find(g, "row");
    om_value h = om_unary(g, OM_SILU, om_group_norm(g, x, "norm1", 4, 1e-5f));
    h = om_conv(g, h, "conv1", conv3(out));
    if (row != OM_NO_VALUE)
        h = om_add(g, h, om_linear(g, row, "time", out, true));
    h = om_unary(g, OM_SILU, om_group_norm(g, h, "norm2", 4, 1e-5f));
    h = om_conv(g, h, "conv2", conv3(out));
    if (s.c != out)
        x = om_conv(g, x, "short", (om_conv_shape){out, 1, 1, {0}, false});
    om_graph_leave(g);
    return om_add(g, x, h);
}

static om_value resnets(om_graph *g, om_value x)
{
    om_shape s = om_graph_shape(g, x);
    om_value row = om_graph_input(g, "one", (om_shape){s.n, 1, 1, 12});
    row = om_unary(g, OM_SILU, om_linear(g, row, "row", 20, true));
    om_graph_label(g, row, "row");
    om_value a = resnet(g, x, "r0", 16), b = resnet(g, a, "r1", 16);
    om_value c = resnet(g, om_concat(g, b, a), "r2", 28);
    return om_conv(g, om_upsample(g, c), "up", conv3(12));
}

static om_value geglus(om_graph *g, om_value x)
{
    const int c = om_graph_shape(g, x).c;
    om_value h = om_layer_norm(g, x, "norm", 1e-5f);
    h = om_geglu(g, om_linear(g, h, "in", 2 * 37, true));
    h = om_add(g, om_linear(g, h, "out", c, true), x);
    om_value wide = om_linear(g, h, "wide", 6000, true); /* several bands */
    return om_linear(g, om_geglu(g, wide), "back", c, false);
}

/* Values that are read twice, or leave, cannot vanish. */
static om_value shared(om_graph *g, om_value x)
{
    const int c = om_graph_shape(g, x).c;
    om_value a = om_linear(g, x, "a", c, true), b = om_unary(g, OM_SILU, a);
    om_graph_output(g, "a", a);
    om_value d = om_add(g, b, b), e = om_group_norm(g, d, "norm", 4, 1e-5f);
    om_graph_output(g, "e", e);
    om_value f = om_unary(g, OM_SILU, e);
    om_value h = om_conv(g, f, "c", conv3(c)), up = om_upsample(g, h);
    om_graph_output(g, "up", up);
    om_value k = om_conv(g, up, "d", conv3(c));
    om_graph_keep(g, 0, h, f);
    return om_add(g, om_unary(g, OM_RELU, k), up);
}

/* Outputs, and an input that is one, in memory that later values take over:
 * activations in place, and sums that fit where they were. */
static om_value early_outputs(om_graph *g, om_value x)
{
    const int c = om_graph_shape(g, x).c;
    om_graph_output(g, "x too", x);
    om_value a = om_unary(g, OM_SILU, om_unary(g, OM_RELU, x));
    om_graph_output(g, "a", a);
    om_value b = om_linear(g, om_unary(g, OM_SILU, a), "b", c, true);
    om_graph_output(g, "b", b);
    om_graph_output(g, "b again", b);
    om_value d = om_linear(g, om_unary(g, OM_GELU, b), "d", c, true);
    om_graph_output(g, "unread", om_linear(g, d, "e", c, false));
    om_value f = om_layer_norm(g, d, "norm", 1e-5f);
    om_graph_output(g, "f", f);
    om_graph_keep(g, 0, f, d);
    return om_add(g, om_conv(g, f, "c", conv3(c)), om_unary(g, OM_SILU, f));
}

static om_value strange_convs(om_graph *g, om_value x)
{
    om_value a = om_conv(g, om_group_norm(g, x, "n", 4, 1e-5f), "a",
                         (om_conv_shape){9, 3, 2, {0, 0, 1, 1}, false});
    om_value b =
        om_conv(g, a, "b", (om_conv_shape){17, 3, 1, {2, 0, 1, 3}, true});
    om_value c =
        om_conv(g, b, "c", (om_conv_shape){8, 5, 3, {2, 2, 2, 2}, false});
    om_value d = om_conv(g, om_upsample(g, c), "d",
                         (om_conv_shape){3, 2, 1, {1, 1, 0, 0}, false});
    return om_conv(g, om_upsample(g, d), "e",
                   (om_conv_shape){8, 1, 2, {0}, false});
}

/* The shapes a real VAE and UNet have most of, small. */
static om_value big_resnet(om_graph *g, om_value x)
{
    om_value a = om_conv(g, x, "in", conv3(64));
    a = resnet(g, a, "r0", 128);
    a = om_conv(g, om_upsample(g, a), "up", conv3(128));
    a = resnet(g, a, "r1", 64);
    return om_conv(g, a, "out", conv3(3));
}

typedef om_value chain_fn(om_graph *g, om_value x);
static const struct {
    const char *name;
    chain_fn *record;
    om_shape x;
} chains[] = {
    {"linear_posts", linear_posts, {2, 3, 5, 19}},
    {"linear_posts, one row", linear_posts, {1, 1, 1, 32}},
    {"two_products", two_products, {1, 7, 6, 20}},
    {"rows", rows, {1, 5, 4, 16}},
    {"rows of two pictures", rows, {2, 5, 4, 16}},
    {"resnets", resnets, {2, 9, 7, 8}},
    {"geglus", geglus, {1, 1, 700, 24}},
    {"shared", shared, {2, 6, 5, 12}},
    {"early_outputs", early_outputs, {2, 6, 5, 12}},
    {"strange_convs", strange_convs, {2, 21, 18, 12}},
    {"big_resnet", big_resnet, {1, 19, 22, 4}},
    {"big_resnet of two", big_resnet, {2, 33, 12, 4}},
};
enum { N_CHAINS = sizeof chains / sizeof *chains };

static om_graph *record(om_params *params, int i, om_shape x)
{
    om_graph *g = om_graph_new(NULL, params);
    om_value v = chains[i].record(g, om_graph_input(g, "x", x));
    om_graph_output(g, "y", v);
    omost_error err;
    must(om_graph_check(g, &err), &err);
    return g;
}

/* What a program gives for its inputs: all outputs and kept values, in f32. */
typedef struct results {
    float *y[10];
    size_t n[10];
    int count;
} results;

static void add_result(results *r, const float *y, size_t n)
{
    r->y[r->count] = new_floats(n);
    memcpy(r->y[r->count], y, n * sizeof *y);
    r->n[r->count++] = n;
}

static results run_graph(om_backend *b, const om_graph *g)
{
    results r = {0};
    om_program *p = compile(b, g);
    for (int times = 0; times < 2; times++) {
        for (int i = 0; i < g->n_inputs; i++)
            fill_floats(om_program_input(p, g->input[i].name),
                        om_shape_size(om_graph_shape(g, g->input[i].value)),
                        FILL_NORMAL, 10 + (uint64_t)i);
        run(p);
    }
    for (int i = 0; i < g->n_outputs; i++)
        add_result(&r, om_program_output(p, g->output[i].name),
                   om_shape_size(om_graph_shape(g, g->output[i].value)));
    om_kept kept;
    if (om_backend_precision(b) == OM_PRECISION_F32 &&
        om_program_kept(p, 0, &kept)) {
        add_result(&r, kept.k, kept.bytes / sizeof(float));
        add_result(&r, kept.v, kept.bytes / sizeof(float));
    }
    om_program_free(p);
    return r;
}

static void free_results(results *r)
{
    for (int i = 0; i < r->count; i++) free(r->y[i]);
}

static double relative(const float *a, const float *b, size_t n)
{
    double off = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        off += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        size += (double)b[i] * (double)b[i];
    }
    return sqrt(off / (size + 1e-30));
}

static void compare(const char *who, const char *name, const results *got,
                    const results *want, double within)
{
    assert_true(got->count <= want->count && got->count > 0);
    for (int i = 0; i < got->count; i++) {
        assert_int_equal(got->n[i], want->n[i]);
        double off = relative(got->y[i], want->y[i], got->n[i]);
        if (!(off <= within))
            fail_msg("%s: %s, result %d is off by %.2g (within %.2g)", who,
                     name, i, off, within);
    }
}

/* ---- every chain on every back end --------------------------------------- */

static om_params *params_of(om_backend *b, made_up *source, om_keep keep)
{
    omost_error err;
    om_params *p = om_params_new(NULL, b, made_up_source(source), keep, &err);
    if (!p) fail_msg("%s", err.msg);
    return p;
}

static results run_chain(om_backend *b, int i, om_stored stored, om_keep keep,
                         size_t *bytes)
{
    made_up source = {.stored = stored};
    om_params *params = params_of(b, &source, keep);
    om_graph *g = record(params, i, chains[i].x);
    results r = run_graph(b, g);
    om_graph_free(g);
    if (bytes) *bytes = om_params_bytes(params);
    om_params_free(params);
    return r;
}

static void try_chains(om_backend *b, om_backend *ref, const char *who,
                       double within)
{
    static const om_stored stored[] = {OM_STORED_F32, OM_STORED_F16,
                                       OM_STORED_BF16};
    for (int i = 0; i < N_CHAINS; i++)
        for (size_t s = 0; s < sizeof stored / sizeof *stored; s++)
            for (int keep = 0; keep < 2; keep++) {
                results got = run_chain(b, i, stored[s], (om_keep)keep, NULL);
                results want =
                    run_chain(ref, i, stored[s], (om_keep)keep, NULL);
                compare(who, chains[i].name, &got, &want, within);
                free_results(&got);
                free_results(&want);
            }
}

static void on_backends(void (*try)(om_backend *b, om_backend *ref,
                                    const char *who, double within))
{
    static const om_precision precision[] = {OM_PRECISION_F32,
                                             OM_PRECISION_BF16};
    for (size_t i = 0; om_backend_at(i); i++)
        for (int p = 0; p < 2; p++) {
            const char *name = om_backend_at(i);
            if (strcmp(name, "ref") == 0) continue;
            om_backend *b = open_backend(name, precision[p]);
            om_backend *ref = open_backend("ref", precision[p]);
            if (b) try(b, ref, name, p ? 0.03 : 3e-6);
            if (b) om_backend_close(b);
            om_backend_close(ref);
        }
}

static void test_chains(void **state)
{
    (void)state;
    on_backends(try_chains);
}

/* The same in pieces: the watch is asked more often, the result is the same. */
static void try_pieces(om_backend *b, om_backend *ref, const char *who,
                       double within)
{
#if OM_WITH_DNNL
    if (strcmp(who, "dnnl") != 0) return;
    ((om_dnnl *)b)->longest = 2e5;
    for (int i = 0; i < N_CHAINS; i++) {
        results got = run_chain(b, i, OM_STORED_F16, OM_KEEP_EXACT, NULL);
        results want = run_chain(ref, i, OM_STORED_F16, OM_KEEP_EXACT, NULL);
        compare("dnnl in pieces", chains[i].name, &got, &want, within);
        free_results(&got);
        free_results(&want);
    }
#else
    (void)b, (void)ref, (void)who, (void)within;
#endif
}

static void test_pieces(void **state)
{
    (void)state;
    on_backends(try_pieces);
}

/* Inputs and outputs copied as with bf16, in f32. */
static void try_apart(om_backend *b, om_backend *ref, const char *who,
                      double within)
{
#if OM_WITH_DNNL
    if (strcmp(who, "dnnl") != 0) return;
    ((om_dnnl *)b)->apart = true;
    for (int i = 0; i < N_CHAINS; i++) {
        results got = run_chain(b, i, OM_STORED_F16, OM_KEEP_EXACT, NULL);
        results want = run_chain(ref, i, OM_STORED_F16, OM_KEEP_EXACT, NULL);
        compare("dnnl, ports apart", chains[i].name, &got, &want, within);
        free_results(&got);
        free_results(&want);
    }
#else
    (void)b, (void)ref, (void)who, (void)within;
#endif
}

static void test_apart(void **state)
{
    (void)state;
    on_backends(try_apart);
}

/* ---- weights ------------------------------------------------------------- */

/* Programs of three sizes with the same weights. Those kept in 16 bits are
 * packed once; f32 ones in every order in which oneDNN is fast. */
static void sizes_of(om_backend *b, om_backend *ref, const char *who,
                     om_stored stored, double within)
{
    static const int side[] = {12, 40, 5};
    made_up here = {.stored = stored}, there = here;
    om_params *ours = params_of(b, &here, OM_KEEP_EXACT);
    om_params *theirs = params_of(ref, &there, OM_KEEP_EXACT);
    for (int i = 0; i < N_CHAINS; i++) {
        if (strncmp(chains[i].name, "big_resnet", 10) != 0) continue;
        size_t bytes = 0;
        for (size_t k = 0; k < sizeof side / sizeof *side; k++) {
            const om_shape x = {1, side[k], side[k] + 1, 4};
            om_graph *g = record(ours, i, x), *h = record(theirs, i, x);
            results got = run_graph(b, g), want = run_graph(ref, h);
            compare(who, "several sizes", &got, &want, within);
            if (k == 0) bytes = om_params_bytes(ours);
            if (stored == OM_STORED_F16)
                assert_int_equal(om_params_bytes(ours), bytes);
            free_results(&got);
            free_results(&want);
            om_graph_free(g);
            om_graph_free(h);
        }
    }
    om_params_free(ours);
    om_params_free(theirs);
}

static void try_sizes(om_backend *b, om_backend *ref, const char *who,
                      double within)
{
    sizes_of(b, ref, who, OM_STORED_F16, within);
    sizes_of(b, ref, who, OM_STORED_F32, within);
}

static void test_sizes(void **state)
{
    (void)state;
    on_backends(try_sizes);
}

/* What is stored in 16 bits is kept in 16 bits. */
static void try_bits(om_backend *b, om_backend *ref, const char *who,
                     double within)
{
    (void)ref, (void)within, (void)who;
    static const struct {
        om_stored stored;
        om_keep keep;
        double bytes;
    } cases[] = {{OM_STORED_F16, OM_KEEP_EXACT, 2},
                 {OM_STORED_BF16, OM_KEEP_EXACT, 2},
                 {OM_STORED_F32, OM_KEEP_HALF, 2},
                 {OM_STORED_F32, OM_KEEP_EXACT, 4}};
    for (int i = 0; i < N_CHAINS; i++) {
        if (strcmp(chains[i].name, "big_resnet") != 0) continue;
        /* weights of its matrices, and vectors */
        const double n = 9.0 * (4 * 64 + 64 * 128 + 128 * 128 + 128 * 128 +
                                128 * 64 + 64 * 64 + 64 * 3) +
                         64 * 128 + 128 * 64;
        for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
            size_t bytes;
            results r = run_chain(b, i, cases[k].stored, cases[k].keep, &bytes);
            free_results(&r);
            double each = om_backend_precision(b) == OM_PRECISION_BF16
                              ? 2
                              : cases[k].bytes;
            assert_true((double)bytes >= n * each);
            assert_true((double)bytes < n * each * 1.1);
        }
    }
}

static void test_bits(void **state)
{
    (void)state;
    on_backends(try_bits);
}

/* ---- memory -------------------------------------------------------------- */

/* A run takes nothing from the env, and leaves libc's heap as it was. */
static void test_no_allocation(void **state)
{
    (void)state;
    for (size_t i = 0; om_backend_at(i); i++) {
        meter m = {0};
        const omost_env counted = {metered, &m}, *env = &counted;
        omost_error err;
        const om_backend_opts opts = {.name = om_backend_at(i),
                                      .precision = OM_PRECISION_F32};
        om_backend *b = om_backend_open(env, &opts, &err);
        if (!b) fail_msg("%s", err.msg);
        made_up source = {0};
        om_params *params =
            om_params_new(env, b, made_up_source(&source), OM_KEEP_EXACT, &err);
        om_graph *g = record(params, N_CHAINS - 1, chains[N_CHAINS - 1].x);
        om_program *p = compile(b, g);
        om_graph_free(g);
        run(p);
        const size_t calls = m.calls;
        const struct mallinfo2 before = mallinfo2();
        run(p);
        const struct mallinfo2 after = mallinfo2();
        assert_int_equal(m.calls, calls);
        assert_int_equal(after.uordblks, before.uordblks);
        assert_int_equal(after.hblkhd, before.hblkhd);
        om_program_free(p);
        om_params_free(params);
        om_backend_close(b);
        assert_int_equal(m.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chains), cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_apart),  cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_bits),   cmocka_unit_test(test_no_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
