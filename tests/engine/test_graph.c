/* test_graph.c - recording graphs: shapes, names, the mistake that sticks, and
 * where values are put. test_program.c runs them. */
#include "engine/nn_support.h"
#include "nn/graph_memory.h"
#include "nn/params_internal.h"

/* A graph over made-up weights of `ref`. */
typedef struct rig {
    om_backend *backend;
    om_params *params;
    om_graph *g;
    made_up source;
} rig;

static void rig_open(rig *r)
{
    *r = (rig){.backend = open_backend("ref", OM_PRECISION_F32)};
    assert_non_null(r->backend);
    r->params = new_params(r->backend, &r->source);
    r->g = om_graph_new(NULL, r->params);
    assert_non_null(r->g);
}

static void rig_close(rig *r)
{
    om_graph_free(r->g);
    om_params_free(r->params);
    om_backend_close(r->backend);
}

static void assert_shape(const om_graph *g, om_value v, om_shape want)
{
    om_shape s = om_graph_shape(g, v);
    if (s.n != want.n || s.h != want.h || s.w != want.w || s.c != want.c)
        fail_msg("%d x %d x %d x %d, not %d x %d x %d x %d", s.n, s.h, s.w, s.c,
                 want.n, want.h, want.w, want.c);
}

#define S(...) ((om_shape){__VA_ARGS__})

/* ---- shapes -------------------------------------------------------------- */

static void test_shapes(void **state)
{
    (void)state;
    rig r;
    rig_open(&r);
    om_graph *g = r.g;
    om_value x = om_graph_input(g, "x", S(2, 9, 12, 8));
    assert_shape(g, om_linear(g, x, "a", 5, true), S(2, 9, 12, 5));
    om_conv_shape c = {.out = 6, .kernel = 3, .stride = 2, .pad = {0, 0, 1, 1}};
    assert_shape(g, om_conv(g, x, "b", c), S(2, 4, 6, 6));
    c = (om_conv_shape){
        .out = 6, .kernel = 3, .stride = 1, .pad = {1, 1, 1, 1}};
    assert_shape(g, om_conv(g, x, "c", c), S(2, 9, 12, 6));
    c = (om_conv_shape){.out = 1, .kernel = 9, .stride = 7};
    assert_shape(g, om_conv(g, x, "d", c), S(2, 1, 1, 1));
    assert_shape(g, om_group_norm(g, x, "e", 4, 1e-5f), S(2, 9, 12, 8));
    assert_shape(g, om_layer_norm(g, x, "f", 1e-5f), S(2, 9, 12, 8));
    assert_shape(g, om_unary(g, OM_SILU, x), S(2, 9, 12, 8));
    assert_shape(g, om_geglu(g, x), S(2, 9, 12, 4));
    om_value t = om_graph_input(g, "t", S(1, 1, 1, 8));
    assert_shape(g, om_add(g, x, t), S(2, 9, 12, 8));
    assert_shape(g, om_add(g, x, x), S(2, 9, 12, 8));
    om_value u = om_graph_input(g, "u", S(2, 9, 12, 3));
    assert_shape(g, om_concat(g, x, u), S(2, 9, 12, 11));
    assert_shape(g, om_upsample(g, x), S(2, 18, 24, 8));
    assert_shape(g, om_attention(g, x, x, x, 2, false), S(2, 9, 12, 8));
    assert_shape(g, om_cross_attention(g, x, 0, 4), S(2, 9, 12, 8));
    omost_error err;
    must(om_graph_check(g, &err), &err);
    assert_shape(g, OM_NO_VALUE, S(0, 0, 0, 0));
    assert_shape(g, 1000, S(0, 0, 0, 0));
    rig_close(&r);
}

/* ---- mistakes ------------------------------------------------------------ */

static void bad_linear(om_graph *g, om_value x)
{
    om_linear(g, x, "to_q", 0, true);
}
static void bad_conv_kernel(om_graph *g, om_value x)
{
    om_conv(g, x, "conv", (om_conv_shape){.out = 1, .kernel = 0, .stride = 1});
}
static void bad_conv_size(om_graph *g, om_value x)
{
    om_conv(g, x, "conv", (om_conv_shape){.out = 1, .kernel = 9, .stride = 1});
}
static void bad_groups(om_graph *g, om_value x)
{
    om_group_norm(g, x, "norm", 3, 1e-5f);
}
static void bad_epsilon(om_graph *g, om_value x)
{
    om_layer_norm(g, x, "norm", -NAN);
}
static void bad_geglu(om_graph *g, om_value x)
{
    om_geglu(g, om_linear(g, x, "a", 5, false));
}
static void bad_add(om_graph *g, om_value x)
{
    om_add(g, x, om_graph_input(g, "y", S(1, 4, 1, 8)));
}
static void bad_add_pictures(om_graph *g, om_value x)
{
    om_add(g, om_graph_input(g, "y", S(1, 4, 6, 8)), x);
}
static void bad_concat(om_graph *g, om_value x)
{
    om_concat(g, x, om_upsample(g, x));
}
static void bad_attention(om_graph *g, om_value x)
{
    om_attention(g, x, x, om_linear(g, x, "v", 4, false), 2, false);
}
static void bad_heads(om_graph *g, om_value x)
{
    om_attention(g, x, x, x, 3, false);
}
static void bad_cross(om_graph *g, om_value x)
{
    om_cross_attention(g, x, 0, 5);
}
static void bad_slot(om_graph *g, om_value x)
{
    om_cross_attention(g, x, -1, 2);
}
static void bad_keep(om_graph *g, om_value x)
{
    om_graph_keep(g, 0, x, om_linear(g, x, "v", 4, false));
}
static void bad_keep_twice(om_graph *g, om_value x)
{
    om_graph_keep(g, 3, x, x);
    om_graph_keep(g, 3, x, x);
}
static void bad_input(om_graph *g, om_value x)
{
    (void)x;
    om_graph_input(g, "z", S(1, 0, 6, 8));
}
static void bad_input_twice(om_graph *g, om_value x)
{
    (void)x;
    om_graph_input(g, "x", S(1, 1, 1, 1));
}
static void bad_huge(om_graph *g, om_value x)
{
    (void)x;
    om_graph_input(g, "z", S(1 << 30, 1 << 15, 1 << 15, 1 << 30));
}
static void bad_output_twice(om_graph *g, om_value x)
{
    om_graph_output(g, "y", x);
    om_graph_output(g, "y", x);
}
static void bad_label_twice(om_graph *g, om_value x)
{
    om_graph_label(g, x, "here");
    om_graph_label(g, x, "here");
}
static void bad_value(om_graph *g, om_value x)
{
    om_unary(g, OM_SILU, x + 100);
}
static void bad_leave(om_graph *g, om_value x)
{
    (void)x;
    om_graph_leave(g);
    om_graph_leave(g);
}
static void bad_depth(om_graph *g, om_value x)
{
    (void)x;
    for (int i = 0; i < 40; i++) om_graph_enter(g, "%d", i);
    for (int i = 0; i < 40; i++) om_graph_leave(g);
}
static void bad_name(om_graph *g, om_value x)
{
    om_graph_enter(g, "%0300d", 1);
    om_linear(g, x, "a", 1, false);
    om_graph_leave(g);
}
static void bad_shapes_of_one(om_graph *g, om_value x)
{
    om_linear(g, om_linear(g, x, "a", 3, false), "a", 3, false);
}
static void bad_model(om_graph *g, om_value x)
{
    (void)x;
    om_graph_fail(g, OMOST_RANGE, "a size of %d is too small", 8);
}
static void bad_weight(om_graph *g, om_value x)
{
    om_graph_enter(g, "attn%d", 1);
    om_linear(g, x, "gone", 8, false);
    om_graph_leave(g);
}

/* How it is recorded below the scope "top", and what must be said. */
static const struct {
    void (*record)(om_graph *g, om_value x);
    omost_status status;
    const char *says;
} mistakes[] = {
    {bad_linear, OMOST_USAGE, "top.to_q: a linear layer with 0 outputs"},
    {bad_conv_kernel, OMOST_USAGE, "top.conv: a convolution of 1 outputs"},
    {bad_conv_size, OMOST_USAGE, "4 x 6 is too small for a kernel of 9"},
    {bad_groups, OMOST_USAGE, "top.norm: 8 channels do not make 3 groups"},
    {bad_epsilon, OMOST_USAGE, "epsilon"},
    {bad_geglu, OMOST_USAGE, "geglu needs pairs, not 5"},
    {bad_add, OMOST_USAGE, "add of 2 x 4 x 6 x 8 and 1 x 4 x 1 x 8"},
    {bad_add_pictures, OMOST_USAGE, "add of 1 x 4 x 6 x 8 and 2 x 4 x 6 x 8"},
    {bad_concat, OMOST_USAGE, "concat of 2 x 4 x 6 x 8 and 2 x 8 x 12 x 8"},
    {bad_attention, OMOST_USAGE,
     "attention of 2 x 4 x 6 x 8 and 2 x 4 x 6 x 4"},
    {bad_heads, OMOST_USAGE, "8 channels do not make 3 heads"},
    {bad_cross, OMOST_USAGE, "8 channels do not make 5 heads"},
    {bad_slot, OMOST_USAGE, "slot -1"},
    {bad_keep, OMOST_USAGE, "slot 0: 48 keys of 8 channels"},
    {bad_keep_twice, OMOST_USAGE, "slot 3 twice"},
    {bad_input, OMOST_LIMIT, "1 x 0 x 6 x 8"},
    {bad_input_twice, OMOST_USAGE, "the input x twice"},
    {bad_huge, OMOST_LIMIT, "impossible"},
    {bad_output_twice, OMOST_USAGE, "the output y twice"},
    {bad_label_twice, OMOST_USAGE, "the label top.here twice"},
    {bad_value, OMOST_USAGE, "is not one of the graph's"},
    {bad_leave, OMOST_USAGE, "scope"},
    {bad_depth, OMOST_LIMIT, "nested deeper"},
    {bad_name, OMOST_LIMIT, "too long"},
    {bad_shapes_of_one, OMOST_USAGE, "top.a.weight is used in two shapes"},
    {bad_model, OMOST_RANGE, "a size of 8 is too small"},
    {bad_weight, OMOST_MISSING, "no tensor top.attn1.gone.weight"},
};

static void test_mistakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        rig r;
        rig_open(&r);
        r.source.missing = "top.attn1.gone.weight";
        omost_error err;
        om_value x = om_graph_input(r.g, "x", S(2, 4, 6, 8));
        om_graph_enter(r.g, "top");
        mistakes[i].record(r.g, x);
        assert_int_equal(om_graph_check(r.g, &err), mistakes[i].status);
        if (!strstr(err.msg, mistakes[i].says))
            fail_msg("\"%s\" does not say \"%s\"", err.msg, mistakes[i].says);
        /* It sticks: nothing more is recorded, another one does not show. */
        const int n = r.g->n_nodes;
        assert_int_equal(om_unary(r.g, OM_SILU, x), OM_NO_VALUE);
        assert_int_equal(om_graph_label(r.g, x, "late"), OM_NO_VALUE);
        assert_int_equal(om_graph_input(r.g, "late", S(1, 1, 1, 1)),
                         OM_NO_VALUE);
        om_graph_fail(r.g, OMOST_IO, "another");
        assert_int_equal(r.g->n_nodes, n);
        assert_int_equal(om_graph_check(r.g, &err), mistakes[i].status);
        assert_null(om_backend_compile(r.backend, r.g, &err));
        assert_non_null(strstr(err.msg, mistakes[i].says));
        rig_close(&r);
    }
}

/* Model code that got no graph finds out where it finds out everything. */
static void test_no_graph(void **state)
{
    (void)state;
    omost_error err;
    om_graph_enter(NULL, "a");
    om_value x = om_graph_input(NULL, "x", S(1, 1, 1, 1));
    x = om_linear(NULL, x, "b", 1, true);
    x = om_add(NULL, x, x);
    om_graph_output(NULL, "y", om_graph_label(NULL, x, ""));
    om_graph_keep(NULL, 0, x, x);
    om_graph_leave(NULL);
    om_graph_fail(NULL, OMOST_IO, "no");
    assert_int_equal(om_graph_find(NULL, "a"), OM_NO_VALUE);
    assert_int_equal(om_graph_check(NULL, &err), OMOST_NOMEM);
    om_graph_free(NULL);
}

/* ---- names --------------------------------------------------------------- */

static void test_labels(void **state)
{
    (void)state;
    rig r;
    rig_open(&r);
    om_graph *g = r.g;
    om_value x = om_graph_input(g, "x", S(1, 2, 2, 8));
    om_graph_enter(g, "down_blocks.%d", 1);
    om_graph_enter(g, "attentions.%d", 0);
    om_value q = om_graph_label(g, om_linear(g, x, "to_q", 4, true), "to_q");
    om_value a = om_graph_label(g, om_unary(g, OM_RELU, q), "");
    om_graph_leave(g);
    om_value b = om_graph_label(g, om_unary(g, OM_RELU, a), "");
    om_graph_leave(g);
    om_value c = om_graph_label(g, om_linear(g, b, "conv_out", 3, false), "c");
    assert_int_equal(om_graph_find(g, "down_blocks.1.attentions.0.to_q"), q);
    assert_int_equal(om_graph_find(g, "down_blocks.1.attentions.0"), a);
    assert_int_equal(om_graph_find(g, "down_blocks.1"), b);
    assert_int_equal(om_graph_find(g, "c"), c);
    assert_int_equal(om_graph_find(g, "down_blocks.2"), OM_NO_VALUE);
    static const char *const names[] = {
        "down_blocks.1.attentions.0.to_q.weight",
        "down_blocks.1.attentions.0.to_q.bias", "conv_out.weight"};
    assert_int_equal(r.params->n, 3);
    for (int i = 0; i < 3; i++)
        assert_string_equal(r.params->param[i].name, names[i]);
    omost_error err;
    must(om_graph_check(g, &err), &err);
    rig_close(&r);
}

/* A name that is the scope itself, and one without any scope. */
static void test_bare_names(void **state)
{
    (void)state;
    rig r;
    rig_open(&r);
    om_value x = om_graph_input(r.g, "x", S(1, 2, 2, 8));
    om_linear(r.g, x, "", 4, false);
    om_graph_enter(r.g, "proj");
    om_linear(r.g, x, "", 4, false);
    om_graph_leave(r.g);
    assert_int_equal(r.params->n, 2);
    assert_string_equal(r.params->param[0].name, "weight");
    assert_string_equal(r.params->param[1].name, "proj.weight");
    rig_close(&r);
}

static void test_weights_are_found_once(void **state)
{
    (void)state;
    rig r;
    rig_open(&r);
    for (int i = 0; i < 3; i++) {
        om_graph *g = om_graph_new(NULL, r.params);
        om_value x = om_graph_input(g, "x", S(1, 2, 2 + i, 8));
        om_graph_output(g, "y", om_linear(g, x, "a", 4, true));
        om_program *p = compile(r.backend, g);
        om_graph_free(g);
        om_program_free(p);
        assert_int_equal(r.source.finds, 2);
        assert_int_equal(r.source.reads, 2);
    }
    assert_true(om_params_bytes(r.params) >= (4 * 8 + 4) * sizeof(float));
    rig_close(&r);
}

/* ---- memory -------------------------------------------------------------- */

enum { MOST_VALUES = 64 };

/* A random graph of UNARY, ADD, CONCAT and GEGLU. */
static void record_random(om_graph *g, uint64_t *state, int n_nodes)
{
    om_value v[MOST_VALUES];
    int n = 0;
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "x%d", i);
        om_shape s = {1, 1, 1 + next_below(state, 40), 16};
        v[n++] = om_graph_input(g, name, s);
    }
    for (int i = 0; i < n_nodes; i++) {
        /* Mostly the newest, as models have it; sometimes a long way back. */
        int back =
            next_below(state, 4) ? next_below(state, 3) : next_below(state, n);
        om_value a = v[n - 1 - (back < n ? back : 0)];
        om_value b = v[next_below(state, n)];
        om_shape s = om_graph_shape(g, a), t = om_graph_shape(g, b);
        int kind = next_below(state, 5);
        om_value y;
        const bool same = s.h == t.h && s.w == t.w;
        if (kind == 0 && same && s.c == t.c)
            y = om_add(g, a, b);
        else if (kind == 1 && same && s.c + t.c < 500)
            y = om_concat(g, a, b);
        else if (kind == 2 && s.c % 2 == 0)
            y = om_geglu(g, a);
        else if (kind == 3 && s.h * s.w * s.c < 10000)
            y = om_upsample(g, a);
        else
            y = om_unary(g, OM_RELU, a);
        v[n++] = y;
    }
    om_graph_output(g, "y", v[n - 1]);
}

/* Memory as 64-byte cells that remember whose numbers they hold. */
typedef int cells;

static size_t bytes_of(const om_graph *g, om_value v, size_t elem)
{
    return (om_shape_size(om_graph_shape(g, v)) * elem + 63) / 64 * 64;
}

static void write_value(cells *m, const om_graph *g, const om_memory *plan,
                        om_value v, size_t elem)
{
    const size_t n = bytes_of(g, v, elem), at = plan->offset[v];
    assert_true(at % 64 == 0 && at + n <= plan->bytes);
    for (size_t i = 0; i < n / 64; i++) m[at / 64 + i] = v;
}

static void read_value(const cells *m, const om_graph *g, const om_memory *plan,
                       om_value v, size_t elem)
{
    const size_t n = bytes_of(g, v, elem), at = plan->offset[v];
    for (size_t i = 0; i < n / 64; i++) assert_int_equal(m[at / 64 + i], v);
}

static bool overlap(const om_graph *g, const om_memory *plan, om_value a,
                    om_value b, size_t elem)
{
    return plan->offset[a] < plan->offset[b] + bytes_of(g, b, elem) &&
           plan->offset[b] < plan->offset[a] + bytes_of(g, a, elem);
}

/* Every value is still there when it is read, and only operations that may work
 * in place do. */
static void follow_plan(const om_graph *g, const om_memory *plan, size_t elem)
{
    cells *m = calloc(plan->bytes / 64 + 1, sizeof *m);
    assert_non_null(m);
    for (int i = 0; i < g->n_inputs; i++)
        write_value(m, g, plan, g->input[i].value, elem);
    for (int i = 0; i < g->n_nodes; i++) {
        const om_node *n = &g->node[i];
        for (int j = 0; j < n->n_in; j++) {
            read_value(m, g, plan, n->in[j], elem);
            if (overlap(g, plan, n->in[j], n->out, elem)) {
                assert_true(n->op == OM_OP_UNARY || n->op == OM_OP_ADD);
                assert_int_equal(plan->offset[n->in[j]], plan->offset[n->out]);
            }
        }
        write_value(m, g, plan, n->out, elem);
    }
    free(m);
}

static int last_read(const om_graph *g, om_value v)
{
    int last = g->value[v].node;
    for (int j = 0; j < g->n_nodes; j++)
        for (int k = 0; k < g->node[j].n_in; k++)
            if (g->node[j].in[k] == v) last = j;
    return last;
}

static bool works_in_place(const om_graph *g, int i)
{
    bool may = false;
    for (int k = 0; k < 2; k++) {
        const om_value over = om_memory_over(g, g->node[i].out, k);
        may = may || (over != OM_NO_VALUE && last_read(g, over) == i);
    }
    return may;
}

/* What is alive in the worst step: no plan can do with less. */
static size_t least_bytes(const om_graph *g, size_t elem)
{
    size_t most = 0;
    for (int i = -1; i < g->n_nodes; i++) {
        size_t sum = 0;
        for (om_value v = 0; v < g->n_values; v++)
            if (g->value[v].node <= i && last_read(g, v) >= i)
                sum += bytes_of(g, v, elem);
        if (i >= 0 && works_in_place(g, i))
            sum -= bytes_of(g, g->node[i].out, elem);
        if (sum > most) most = sum;
    }
    return most;
}

static void test_memory_random(void **state)
{
    (void)state;
    uint64_t seed = 42;
    double worst = 0;
    for (int i = 0; i < 300; i++) {
        om_graph *g = om_graph_new(NULL, NULL);
        record_random(g, &seed, 2 + next_below(&seed, 50));
        omost_error err;
        must(om_graph_check(g, &err), &err);
        om_arena arena;
        om_arena_init(&arena, NULL, 0);
        om_memory plan;
        const om_memory_opts opts = {.elem = i % 2 ? 4 : 2};
        must(om_memory_plan(&plan, &arena, g, &opts, &err), &err);
        follow_plan(g, &plan, opts.elem);
        size_t all = 0;
        for (om_value v = 0; v < g->n_values; v++)
            all += bytes_of(g, v, opts.elem);
        assert_true(plan.bytes <= all);
        const double ratio =
            (double)plan.bytes / (double)least_bytes(g, opts.elem);
        worst = fmax(worst, ratio);
        om_arena_free(&arena);
        om_graph_free(g);
    }
    if (worst > 1.5) fail_msg("a plan takes %.2f of what is needed", worst);
}

static size_t planned_bytes(const om_graph *g, const om_memory_opts *opts)
{
    om_arena arena;
    om_arena_init(&arena, NULL, 0);
    om_memory plan;
    omost_error err;
    must(om_memory_plan(&plan, &arena, g, opts, &err), &err);
    om_arena_free(&arena);
    return plan.bytes;
}

static void test_memory_of_chains(void **state)
{
    (void)state;
    rig r;
    rig_open(&r);
    om_value x = om_graph_input(r.g, "x", S(1, 8, 8, 16));
    const size_t one = (size_t)8 * 8 * 16 * 4;
    const om_memory_opts opts = {.elem = 4}, half = {.elem = 2};
    for (int i = 0; i < 20; i++) x = om_unary(r.g, OM_SILU, x);
    assert_int_equal(planned_bytes(r.g, &opts), one);
    for (int i = 0; i < 20; i++) x = om_linear(r.g, x, "a", 16, true);
    assert_int_equal(planned_bytes(r.g, &opts), 2 * one);
    assert_int_equal(planned_bytes(r.g, &half), one);
    /* A residual: what is added to stays, the sum is made in its place. */
    for (int i = 0; i < 5; i++)
        x = om_add(r.g, x,
                   om_linear(r.g, om_linear(r.g, x, "b", 16, true), "c", 16,
                             false));
    assert_int_equal(planned_bytes(r.g, &opts), 3 * one);
    rig_close(&r);
}

/* A back end that fuses: two nodes as one step, a value that lies in another,
 * one that has no memory at all. */
static void test_memory_of_fused_steps(void **state)
{
    (void)state;
    rig r;
    rig_open(&r);
    om_graph *g = r.g;
    om_value x = om_graph_input(g, "x", S(1, 4, 4, 16)); /* 0 */
    om_value a = om_linear(g, x, "a", 16, true);         /* 1 */
    om_value b = om_unary(g, OM_SILU, a);                /* 2 */
    om_value c = om_linear(g, b, "c", 16, true);         /* 3 */
    om_value d = om_concat(g, b, c);                     /* 4 */
    om_value y = om_linear(g, d, "y", 16, true);         /* 5 */
    om_graph_output(g, "y", y);
    const int step[] = {0, 0, 1, 2, 3};
    const om_value alias[] = {x, a, d, d, d, y};
    const bool outside[] = {false, true, false, false, false, false};
    const om_value over[] = {-1, -1, -1, -1, -1, x};
    const size_t bytes[] = {0, 0, 0, 0, 5000, 0};
    om_memory_opts opts = {.elem = 4,
                           .step = step,
                           .alias = alias,
                           .outside = outside,
                           .over = over};
    om_memory plan;
    om_arena arena;
    omost_error err;
    om_arena_init(&arena, NULL, 0);
    must(om_memory_plan(&plan, &arena, g, &opts, &err), &err);
    assert_true(plan.offset[a] == OM_NO_OFFSET);
    assert_int_equal(plan.offset[b], plan.offset[d]);
    assert_int_equal(plan.offset[c], plan.offset[d]);
    assert_false(overlap(g, &plan, x, d, 4)); /* both alive in step 0 */
    assert_false(overlap(g, &plan, y, d, 4));
    assert_int_equal(plan.bytes, 1024 + 2048); /* y where x was, though late */
    opts.bytes = bytes;
    must(om_memory_plan(&plan, &arena, g, &opts, &err), &err);
    assert_int_equal(plan.bytes, 1024 + (5000 + 63) / 64 * 64);
    om_arena_free(&arena);
    rig_close(&r);
}

/* ---- the n-th allocation fails ------------------------------------------- */

static void record_all(om_graph *g)
{
    om_value x = om_graph_input(g, "x", S(1, 4, 4, 8));
    for (int i = 0; i < 20; i++) {
        om_graph_enter(g, "layer.%d", i);
        x = om_linear(g, om_unary(g, OM_SILU, x), "a", 8, true);
        x = om_graph_label(g, x, "");
        om_graph_leave(g);
    }
    om_graph_output(g, "y", x);
    om_graph_keep(g, 0, x, x);
}

static void test_no_memory(void **state)
{
    (void)state;
    om_backend *b = open_backend("ref", OM_PRECISION_F32);
    for (size_t n = 1;; n++) {
        meter m = {.fail_at = n};
        const omost_env env = {metered, &m};
        omost_error err;
        made_up source = {0};
        om_params *params =
            om_params_new(&env, b, made_up_source(&source), 0, &err);
        om_graph *g = params ? om_graph_new(&env, params) : NULL;
        if (g) record_all(g);
        omost_status st = om_graph_check(g, &err);
        om_graph_free(g);
        om_params_free(params);
        assert_int_equal(m.live, 0);
        if (m.calls < n) {
            assert_int_equal(st, OMOST_OK);
            break;
        }
        assert_int_equal(st, OMOST_NOMEM);
    }
    om_backend_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_no_graph),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_bare_names),
        cmocka_unit_test(test_weights_are_found_once),
        cmocka_unit_test(test_memory_random),
        cmocka_unit_test(test_memory_of_chains),
        cmocka_unit_test(test_memory_of_fused_steps),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests_name("graph", tests, NULL, NULL);
}
