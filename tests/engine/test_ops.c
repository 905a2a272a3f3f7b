/* test_ops.c - every operation on every back end: `ref` against a plain second
 * writing of the formulas (op_oracle.h), the others against `ref`, f32 and
 * bf16, in the shapes of op_cases.h and on numbers that provoke.
 *
 *     test_ops [BACK END [OPERATION]]     e.g. test_ops dnnl conv */
#include "engine/op_maps.h"
#include "engine/op_oracle.h"

static const char *only_backend, *only_op;

/* What goes into one case; the same for every back end. */
typedef struct op_data {
    op_inputs o;
    float *x[3], *weight, *bias, *keys, *values;
    om_attention_map *map;
    om_arena arena;
} op_data;

/* Results of a case that are worked out anew; those of attention are costly. */
enum { SAMPLES = 1500, ATTENTION_SAMPLES = 100 };

/* ---- data ---------------------------------------------------------------- */

static float *filled(om_shape s, fill kind, uint64_t seed, bool bf16)
{
    const size_t n = om_shape_size(s);
    float *x = new_floats(n);
    fill_floats(x, n, kind, seed);
    for (size_t i = 0; bf16 && i < n; i++) x[i] = om_round_bf16(x[i]);
    return x;
}

static float *made_up_floats(const char *name, int n_dims, const size_t *dim,
                             bool bf16)
{
    const size_t n = count_of(n_dims, dim);
    float *x = new_floats(n);
    made_up_weight(x, name, n_dims, dim);
    for (size_t i = 0; bf16 && n_dims > 1 && i < n; i++)
        x[i] = om_round_bf16(x[i]);
    return x;
}

static void make_weights(op_data *d, const op_case *c, om_shape out, bool bf16)
{
    const bool norm = c->op == OM_OP_GROUP_NORM || c->op == OM_OP_LAYER_NORM;
    const bool conv = c->op == OM_OP_CONV;
    const size_t k = (size_t)c->conv.kernel;
    const size_t vector[] = {(size_t)out.c};
    const size_t dim[] = {(size_t)out.c, (size_t)c->a.c, k, k};
    if (norm) d->weight = made_up_floats("op.weight", 1, vector, bf16);
    if (conv) d->weight = made_up_floats("op.weight", 4, dim, bf16);
    if (c->op == OM_OP_LINEAR)
        d->weight = made_up_floats("op.weight", 2, dim, bf16);
    if (norm || (conv && !c->conv.no_bias) || c->bias)
        d->bias = made_up_floats("op.bias", 1, vector, bf16);
}

static void make_words(op_data *d, const op_case *c, fill kind, bool bf16)
{
    const om_shape s = {1, 1, c->words, c->a.c};
    d->keys = filled(s, kind, 4, bf16);
    d->values = filled(s, FILL_NORMAL, 5, bf16);
    om_arena_init(&d->arena, NULL, 0);
    d->map = map_array(&d->arena, c->a.n, sizeof *d->map);
    for (int n = 0; n < c->a.n; n++)
        d->map[n] =
            make_map(&d->arena, c->map, n, c->a, c->words, 100 + (uint64_t)n);
}

static void make_data(op_data *d, const op_case *c, om_node node, om_shape out,
                      fill kind, bool bf16)
{
    *d = (op_data){0};
    for (int i = 0; i < node.n_in; i++)
        d->x[i] =
            filled(i == 1 && c->b.n ? c->b : c->a, kind, 1 + (uint64_t)i, bf16);
    make_weights(d, c, out, bf16);
    if (c->op == OM_OP_CROSS) make_words(d, c, kind, bf16);
    d->o = (op_inputs){
        node,      c->a,    c->b,   out,     {d->x[0], d->x[1], d->x[2]},
        d->weight, d->bias, d->map, d->keys, d->values};
}

static void free_data(op_data *d)
{
    float *all[] = {d->x[0], d->x[1], d->x[2],  d->weight,
                    d->bias, d->keys, d->values};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
    if (d->map) om_arena_free(&d->arena);
}

/* ---- running ------------------------------------------------------------- */

static const char *const input_names[] = {"a", "b", "c"};

static om_value record_op(om_graph *g, const op_case *c, const om_value in[3])
{
    switch (c->op) {
    case OM_OP_LINEAR: return om_linear(g, in[0], "op", c->out, c->bias);
    case OM_OP_CONV: return om_conv(g, in[0], "op", c->conv);
    case OM_OP_GROUP_NORM:
        return om_group_norm(g, in[0], "op", c->groups, c->eps);
    case OM_OP_LAYER_NORM: return om_layer_norm(g, in[0], "op", c->eps);
    case OM_OP_UNARY: return om_unary(g, c->unary, in[0]);
    case OM_OP_GEGLU: return om_geglu(g, in[0]);
    case OM_OP_ADD: return om_add(g, in[0], in[1]);
    case OM_OP_CONCAT: return om_concat(g, in[0], in[1]);
    case OM_OP_UPSAMPLE: return om_upsample(g, in[0]);
    case OM_OP_ATTENTION:
        return om_attention(g, in[0], in[1], in[2], c->heads, c->causal);
    case OM_OP_CROSS: return om_cross_attention(g, in[0], 1, c->heads);
    case OM_N_OPS: break;
    }
    return OM_NO_VALUE;
}

/* The graph of one operation; its node and shape of the result. */
static om_graph *record_case(om_params *params, const op_case *c, om_node *node,
                             om_shape *out)
{
    om_graph *g = om_graph_new(NULL, params);
    om_value in[3];
    const int n_in = c->op == OM_OP_ATTENTION                      ? 3
                     : c->op == OM_OP_ADD || c->op == OM_OP_CONCAT ? 2
                                                                   : 1;
    for (int i = 0; i < n_in; i++)
        in[i] =
            om_graph_input(g, input_names[i], i == 1 && c->b.n ? c->b : c->a);
    om_value y = record_op(g, c, in);
    om_graph_output(g, "y", y);
    omost_error err;
    must(om_graph_check(g, &err), &err);
    *node = g->node[g->n_nodes - 1];
    *out = om_graph_shape(g, y);
    return g;
}

/* A program without operations that keeps the words, in slot 1 for the test and
 * the other way round in slot 0. */
static om_program *keep_words(om_backend *b, const op_case *c, const op_data *d)
{
    om_graph *g = om_graph_new(NULL, NULL);
    const om_shape s = {1, 1, c->words, c->a.c};
    om_value k = om_graph_input(g, "k", s), v = om_graph_input(g, "v", s);
    om_graph_keep(g, 0, v, k);
    om_graph_keep(g, 1, k, v);
    om_program *p = compile(b, g);
    om_graph_free(g);
    memcpy(om_program_input(p, "k"), d->keys, om_shape_size(s) * sizeof(float));
    memcpy(om_program_input(p, "v"), d->values,
           om_shape_size(s) * sizeof(float));
    run(p);
    return p;
}

static void give_context(om_program *p, om_program *words, const op_case *c,
                         const op_data *d)
{
    om_kept slot[2];
    omost_error err;
    for (int i = 0; i < 2; i++)
        assert_true(om_program_kept(words, i, &slot[i]));
    const om_context context = {slot, 2, d->map, c->a.n};
    must(om_program_set_context(p, &context, &err), &err);
}

/* y[out], after the second of two runs: the first must leave no trace. */
static float *run_case(om_backend *b, const op_case *c, const op_data *d)
{
    made_up source = {0};
    om_params *params = new_params(b, &source);
    om_node node;
    om_shape out;
    om_graph *g = record_case(params, c, &node, &out);
    om_program *p = compile(b, g), *words = NULL;
    om_graph_free(g);
    if (c->op == OM_OP_CROSS) {
        words = keep_words(b, c, d);
        give_context(p, words, c, d);
    }
    for (int times = 0; times < 2; times++) {
        for (int i = 0; i < node.n_in; i++) {
            om_shape s = i == 1 && c->b.n ? c->b : c->a;
            memcpy(om_program_input(p, input_names[i]), d->x[i],
                   om_shape_size(s) * sizeof(float));
        }
        run(p);
    }
    const size_t n = om_shape_size(out);
    float *y = new_floats(n);
    memcpy(y, om_program_output(p, "y"), n * sizeof *y);
    om_program_free(words);
    om_program_free(p);
    om_params_free(params);
    return y;
}

/* ---- judging ------------------------------------------------------------- */

/* How far from `want` a result may be. In f32 sixteen roundings of what it came
 * from; in bf16 also the result's own rounding, and that of probabilities. */
static double tolerance(judged want, bool bf16)
{
    const double eps = 1.2e-7, eps16 = 1.0 / 256;
    double t = 16 * eps * want.mag + 1e-30;
    if (bf16) t += eps16 * (fabs(want.y) + want.range);
    return t;
}

static const char *describe(char out[200], const char *backend, bool bf16,
                            const op_case *c, int i_case, fill kind)
{
    snprintf(out, 200, "%s %s: %s, case %d, %d x %d x %d x %d, fill %d",
             backend, bf16 ? "bf16" : "f32", om_op_name(c->op), i_case, c->a.n,
             c->a.h, c->a.w, c->a.c, (int)kind);
    return out;
}

/* Some results (all, of a small case) against the formula, or against y_ref
 * where there is one, within what the formula says. */
static double judge_samples(const char *who, const op_data *d, const float *y,
                            const float *y_ref, bool bf16)
{
    const om_shape s = d->o.out;
    const om_op op = d->o.node.op;
    const int total = (int)om_shape_size(s);
    const int samples = op == OM_OP_ATTENTION || op == OM_OP_CROSS
                            ? ATTENTION_SAMPLES
                            : SAMPLES;
    uint64_t state = 7;
    double most = 0;
    for (int i = 0; i < samples && i < total; i++) {
        int at = total <= samples ? i : next_below(&state, total);
        int c = at % s.c, w = at / s.c % s.w, h = at / s.c / s.w % s.h;
        judged want = judge(&d->o, at / s.c / s.w / s.h, h, w, c);
        double t = tolerance(want, bf16);
        if (y_ref) want.y = (double)y_ref[at];
        if (!(fabs((double)y[at] - want.y) <= t))
            fail_msg("%s: result %d is %.9g, not %.9g (within %.2g)", who, at,
                     (double)y[at], want.y, t);
        most = fmax(most, t);
    }
    return most;
}

/* All of them, within the worst tolerance of the sampled. */
static void judge_all(const char *who, size_t n, const float *y,
                      const float *y_ref, double within)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)y[i] - (double)y_ref[i]) <= 4 * within))
            fail_msg("%s: result %zu is %.9g, and ref has %.9g", who, i,
                     (double)y[i], (double)y_ref[i]);
}

static void try_case(om_backend *b, om_backend *ref, const op_case *c,
                     fill kind)
{
    const bool bf16 = om_backend_precision(b) == OM_PRECISION_BF16;
    char who[200];
    made_up source = {0};
    om_node node;
    om_shape out;
    om_params *params = new_params(b, &source);
    om_graph_free(record_case(params, c, &node, &out));
    om_params_free(params);
    op_data d;
    make_data(&d, c, node, out, kind, bf16);
    describe(who, om_backend_name(b), bf16, c, (int)(c - op_cases), kind);
    float *y = run_case(b, c, &d), *y_ref = NULL;
    if (ref) y_ref = run_case(ref, c, &d);
    double within = judge_samples(who, &d, y, y_ref, bf16);
    if (ref) judge_all(who, om_shape_size(out), y, y_ref, within);
    free(y);
    free(y_ref);
    free_data(&d);
}

static void try_op(const char *name, om_precision precision, om_op op)
{
    om_backend *b = open_backend(name, precision), *ref = NULL;
    if (!b) return;
    if (strcmp(name, "ref") != 0) ref = open_backend("ref", precision);
    for (int i = 0; i < N_OP_CASES; i++)
        for (int kind = 0; op_fills[op] >> kind; kind++)
            if (op_cases[i].op == op && (op_fills[op] >> kind & 1))
                try_case(b, ref, &op_cases[i], (fill)kind);
    om_backend_close(ref);
    om_backend_close(b);
}

static void test_op(void **state)
{
    const om_op op = *(const om_op *)*state;
    if (only_op && strcmp(only_op, om_op_name(op)) != 0) return;
    for (size_t i = 0; om_backend_at(i); i++) {
        const char *name = om_backend_at(i);
        if (only_backend && strcmp(only_backend, name) != 0) continue;
        try_op(name, OM_PRECISION_F32, op);
        try_op(name, OM_PRECISION_BF16, op);
    }
}

int main(int argc, char **argv)
{
    static om_op ops[OM_N_OPS];
    struct CMUnitTest tests[OM_N_OPS];
    if (argc > 1) only_backend = argv[1];
    if (argc > 2) only_op = argv[2];
    for (int i = 0; i < OM_N_OPS; i++) {
        ops[i] = (om_op)i;
        tests[i] = (struct CMUnitTest){.name = om_op_name(ops[i]),
                                       .test_func = test_op,
                                       .initial_state = &ops[i]};
    }
    return cmocka_run_group_tests_name("ops", tests, NULL, NULL);
}
