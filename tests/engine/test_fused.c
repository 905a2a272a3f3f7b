/* test_fused.c - whole graphs: back ends that do several operations as one, and
 * use memory again, must still do what `ref` does, and `ref` what it does when
 * every value has memory of its own. Graphs are the blocks of models, and
 * random ones of the operations that blocks are made of.
 *
 *     test_fused [BACK END [SEED]]     one random graph alone */
#include "engine/op_maps.h"
#include "nn/graph_fuse.h"

#define S(...) ((om_shape){__VA_ARGS__})

enum { WORDS = 20, STATES = 24, MOST_NODES = 60, MOST_CROSS = 8 };

static const char *only_backend;
static uint64_t only_seed;

/* ---- recording ----------------------------------------------------------- */

/* A graph as it grows; cross-attentions as they are met, for their context. */
typedef struct growth {
    om_graph *g;
    uint64_t random;
    om_value v[MOST_NODES + 8];
    int n;
    om_shape cross[MOST_CROSS]; /* cross-attention i looks at slot i */
    int n_cross;
} growth;

static om_value newest(const growth *w)
{
    return w->v[w->n - 1];
}

static void grow(growth *w, om_value v)
{
    assert_true(w->n < MOST_NODES + 8);
    w->v[w->n++] = v;
}

static int pick(growth *w, int n)
{
    return next_below(&w->random, n);
}

static const char *name_next(const growth *w, char out[16])
{
    snprintf(out, 16, "node%d", w->n);
    return out;
}

static om_value grow_conv(growth *w, om_value x)
{
    char name[16];
    om_shape s = om_graph_shape(w->g, x);
    om_conv_shape c = {.out = 8 * (1 + pick(w, 6)),
                       .kernel = pick(w, 3) ? 3 : 1,
                       .stride = pick(w, 5) || s.h < 4 || s.w < 4 ? 1 : 2,
                       .no_bias = pick(w, 4) == 0};
    for (int i = 0; i < 4; i++) c.pad[i] = c.kernel / 2;
    if (c.stride == 2 && pick(w, 2)) c.pad[0] = c.pad[1] = 0;
    if (pick(w, 2)) c.out = s.c;
    return om_conv(w->g, x, name_next(w, name), c);
}

static om_value grow_linear(growth *w, om_value x)
{
    char name[16];
    const int out = pick(w, 2) ? om_graph_shape(w->g, x).c : 8 + pick(w, 60);
    return om_linear(w->g, x, name_next(w, name), out, pick(w, 3) > 0);
}

/* Groups of so few numbers that their deviation is nearly nothing would magnify
 * rounding. */
static om_value grow_norm(growth *w, om_value x)
{
    char name[16];
    om_shape s = om_graph_shape(w->g, x);
    const bool many = s.h * s.w >= 6 && s.c % 8 == 0;
    name_next(w, name);
    if (many && pick(w, 3)) return om_group_norm(w->g, x, name, 8, 1e-5f);
    return s.c >= 8 ? om_layer_norm(w->g, x, name, 1e-5f) : x;
}

/* x + an earlier value that fits, or one row for every position. */
static om_value grow_add(growth *w, om_value x)
{
    char name[16];
    om_shape s = om_graph_shape(w->g, x);
    for (int tries = 0; tries < 4; tries++) {
        om_value y = w->v[pick(w, w->n)];
        om_shape t = om_graph_shape(w->g, y);
        if (t.n == s.n && t.h == s.h && t.w == s.w && t.c == s.c)
            return pick(w, 2) ? om_add(w->g, x, y) : om_add(w->g, y, x);
    }
    om_value row = om_linear(w->g, om_graph_find(w->g, "t"), name_next(w, name),
                             s.c, true);
    return om_add(w->g, x, row);
}

static om_value grow_concat(growth *w, om_value x)
{
    om_shape s = om_graph_shape(w->g, x);
    for (int tries = 0; tries < 4; tries++) {
        om_value y = w->v[pick(w, w->n)];
        om_shape t = om_graph_shape(w->g, y);
        if (t.n == s.n && t.h == s.h && t.w == s.w && s.c + t.c <= 96)
            return om_concat(w->g, x, y);
    }
    return om_unary(w->g, OM_SILU, x);
}

/* Queries, keys and values are normed so that logits stay small. */
static om_value grow_attention(growth *w, om_value x)
{
    char name[16];
    om_shape s = om_graph_shape(w->g, x);
    if (s.c < 8 || s.h * s.w > 300) return om_unary(w->g, OM_GELU, x);
    const int heads = s.c % 4 == 0 ? 1 << pick(w, 3) : 1;
    om_value h = om_layer_norm(w->g, x, name_next(w, name), 1e-5f), y;
    om_graph_enter(w->g, "attn%d", w->n);
    om_value q = om_linear(w->g, h, "to_q", s.c, false);
    if (w->n_cross < MOST_CROSS && pick(w, 2)) {
        w->cross[w->n_cross] = s;
        y = om_cross_attention(w->g, q, w->n_cross++, heads);
    } else {
        om_value k = om_linear(w->g, h, "to_k", s.c, false);
        om_value v = om_linear(w->g, h, "to_v", s.c, pick(w, 2));
        y = om_attention(w->g, q, k, v, heads, pick(w, 3) == 0);
    }
    y = om_linear(w->g, y, "to_out", s.c, true);
    om_graph_leave(w->g);
    return pick(w, 3) ? om_add(w->g, y, x) : y;
}

static om_value grow_one(growth *w)
{
    om_value x = pick(w, 6) ? newest(w) : w->v[pick(w, w->n)];
    om_shape s = om_graph_shape(w->g, x);
    switch (pick(w, 12)) {
    case 0:
    case 1:
    case 2: return grow_conv(w, x);
    case 3:
    case 4: return grow_linear(w, x);
    case 5: return grow_norm(w, x);
    case 6: return om_unary(w->g, (om_unary_kind)pick(w, OM_N_UNARIES), x);
    case 7: return om_unary(w->g, OM_SILU, grow_norm(w, x));
    case 8: return grow_concat(w, x);
    case 9:
        if (s.c % 2 || s.c < 16) return grow_linear(w, x);
        return om_geglu(w->g, x);
    case 10: return grow_attention(w, x);
    default:
        if (s.h * s.w < 150 && pick(w, 3) == 0) return om_upsample(w->g, x);
        return grow_add(w, x);
    }
}

static void record_random(growth *w)
{
    const int n = 1 + pick(w, 2), side = 3 + pick(w, 9);
    om_value t = om_graph_input(w->g, "t", S(n, 1, 1, 16));
    om_graph_label(w->g, t, "t");
    om_value x =
        om_graph_input(w->g, "x",
                       S(n, side, 1 + pick(w, 12), 8 * (1 + pick(w, 4))));
    grow(w, x);
    const int n_nodes = 3 + pick(w, 25);
    for (int i = 0; i < n_nodes; i++) grow(w, grow_one(w));
    om_graph_output(w->g, "y", newest(w));
    om_graph_output(w->g, "some", w->v[1 + pick(w, w->n - 1)]);
}

/* ResnetBlock2D, twice, with a way past it. */
static void record_resnets(growth *w)
{
    om_graph *g = w->g;
    om_value x = om_graph_input(g, "x", S(2, 7, 10, 32));
    om_value t = om_graph_input(g, "t", S(2, 1, 1, 16));
    for (int i = 0; i < 2; i++) {
        om_graph_enter(g, "resnets.%d", i);
        const om_conv_shape c = {48, 3, 1, {1, 1, 1, 1}, false};
        om_value h = om_unary(g, OM_SILU, om_group_norm(g, x, "n1", 8, 1e-5f));
        h = om_conv(g, h, "conv1", c);
        h = om_add(g, h,
                   om_linear(g, om_unary(g, OM_SILU, t), "time", 48, true));
        h = om_unary(g, OM_SILU, om_group_norm(g, h, "n2", 8, 1e-5f));
        h = om_conv(g, h, "conv2", c);
        om_value skip = x;
        if (i == 0)
            skip =
                om_conv(g, x, "short", (om_conv_shape){48, 1, 1, {0}, false});
        x = om_add(g, skip, h);
        om_graph_leave(g);
    }
    om_conv_shape down = {48, 3, 2, {1, 1, 1, 1}, false};
    om_value d = om_conv(g, x, "down", down);
    om_conv_shape c = {.out = 48, .kernel = 3, .stride = 1};
    for (int i = 0; i < 4; i++) c.pad[i] = 1;
    om_value u = om_conv(g, om_upsample(g, d), "up", c);
    om_graph_output(g, "some", d);
    om_graph_output(g, "y", u);
}

/* BasicTransformerBlock between its projections. */
static void record_transformer(growth *w)
{
    om_graph *g = w->g;
    om_value x = om_graph_input(g, "x", S(2, 6, 9, 64));
    (void)om_graph_input(g, "t", S(2, 1, 1, 16));
    om_value h = om_group_norm(g, x, "norm", 32, 1e-6f);
    h = om_linear(g, h, "proj_in", 64, true);
    for (int i = 0; i < 2; i++) {
        om_graph_enter(g, "blocks.%d", i);
        om_value a = om_layer_norm(g, h, "norm1", 1e-5f);
        a = om_attention(g, om_linear(g, a, "q1", 64, false),
                         om_linear(g, a, "k1", 64, false),
                         om_linear(g, a, "v1", 64, false), 4, false);
        h = om_add(g, om_linear(g, a, "out1", 64, true), h);
        a = om_linear(g, om_layer_norm(g, h, "norm2", 1e-5f), "q2", 64, false);
        w->cross[w->n_cross] = om_graph_shape(g, a);
        a = om_cross_attention(g, a, w->n_cross++, 4);
        h = om_add(g, om_linear(g, a, "out2", 64, true), h);
        a = om_linear(g, om_layer_norm(g, h, "norm3", 1e-5f), "ff", 512, true);
        h = om_add(g, om_linear(g, om_geglu(g, a), "ff_out", 64, true), h);
        om_graph_leave(g);
    }
    om_graph_output(g, "some", h);
    om_graph_output(g, "y",
                    om_add(g, om_linear(g, h, "proj_out", 64, true), x));
}

/* A layer of CLIP's. */
static void record_clip(growth *w)
{
    om_graph *g = w->g;
    om_value t = om_graph_input(g, "t", S(1, 1, 77, 24));
    om_value x = om_add(g, om_graph_input(g, "x", S(3, 1, 77, 24)), t);
    for (int i = 0; i < 2; i++) {
        om_graph_enter(g, "layers.%d", i);
        om_value a = om_layer_norm(g, x, "n1", 1e-5f);
        a = om_attention(g, om_linear(g, a, "q", 24, true),
                         om_linear(g, a, "k", 24, true),
                         om_linear(g, a, "v", 24, true), 3, true);
        x = om_add(g, x, om_linear(g, a, "out", 24, true));
        a = om_linear(g, om_layer_norm(g, x, "n2", 1e-5f), "fc1", 96, true);
        a = om_unary(g, i ? OM_GELU : OM_QUICK_GELU, a);
        x = om_add(g, x, om_linear(g, a, "fc2", 24, true));
        om_graph_leave(g);
    }
    om_graph_output(g, "some", x);
    om_graph_output(g, "y", om_layer_norm(g, x, "final", 1e-5f));
}

/* ---- running ------------------------------------------------------------- */

typedef void recorder(growth *w);

/* Keys and values for every cross-attention, as models make them. */
static om_program *make_words(om_backend *b, om_params *params, const growth *w)
{
    om_graph *g = om_graph_new(NULL, params);
    om_value s = om_graph_input(g, "s", S(1, 1, WORDS, STATES));
    for (int i = 0; i < w->n_cross; i++) {
        om_graph_enter(g, "cross%d", i);
        om_value k = om_linear(g, s, "to_k", w->cross[i].c, false);
        om_graph_keep(g, i, k, om_linear(g, s, "to_v", w->cross[i].c, false));
        om_graph_leave(g);
    }
    om_program *p = compile(b, g);
    om_graph_free(g);
    fill_floats(om_program_input(p, "s"), (size_t)WORDS * STATES, FILL_NORMAL,
                3);
    run(p);
    return p;
}

static void set_context(om_program *p, const om_program *words, const growth *w)
{
    om_kept slot[MOST_CROSS];
    om_attention_map map[MOST_CROSS * 2];
    om_arena arena;
    int n_maps = 0;
    om_arena_init(&arena, NULL, 0);
    for (int i = 0; i < w->n_cross; i++) {
        const om_shape s = w->cross[i];
        bool old = false;
        assert_true(om_program_kept(words, i, &slot[i]));
        for (int j = 0; j < i; j++)
            old = old || (w->cross[j].h == s.h && w->cross[j].w == s.w);
        for (int n = 0; n < s.n && !old; n++)
            map[n_maps++] = make_map(&arena, i % 2 ? MAP_SEPARATE : MAP_MANY, n,
                                     s, WORDS, (uint64_t)i + (uint64_t)n);
    }
    const om_context context = {slot, w->n_cross, map, n_maps};
    omost_error err;
    must(om_program_set_context(p, &context, &err), &err);
    om_arena_free(&arena);
}

/* The outputs "y" and "some", one after the other. */
typedef struct result {
    float *x;
    size_t n, n_y;
} result;

static result take_result(const om_program *p, const om_shape s[2])
{
    result r = {.n_y = om_shape_size(s[0])};
    r.n = r.n_y + om_shape_size(s[1]);
    r.x = new_floats(r.n);
    memcpy(r.x, om_program_output(p, "y"), r.n_y * sizeof(float));
    memcpy(r.x + r.n_y, om_program_output(p, "some"),
           om_shape_size(s[1]) * sizeof(float));
    return r;
}

static om_value output_of(const om_graph *g, const char *name)
{
    for (int i = 0; i < g->n_outputs; i++)
        if (strcmp(g->output[i].name, name) == 0) return g->output[i].value;
    return OM_NO_VALUE;
}

/* Slots beyond those of words: values that are kept share no memory. In bf16
 * only those that are rounded anyway: a kept one always is. */
static void keep_all(om_graph *g, om_precision precision)
{
    bool *exact = calloc((size_t)g->n_values + 1, sizeof *exact);
    if (precision == OM_PRECISION_BF16)
        assert_true(om_graph_find_exact(g, exact));
    for (om_value v = 0; v < g->n_values; v++)
        if (!exact[v]) om_graph_keep(g, MOST_CROSS + v, v, v);
    free(exact);
}

static result run_graph(om_backend *b, recorder *record, uint64_t seed,
                        bool apart)
{
    made_up source = {0};
    om_params *params = new_params(b, &source);
    growth w = {.g = om_graph_new(NULL, params), .random = seed};
    record(&w);
    if (apart) keep_all(w.g, om_backend_precision(b));
    omost_error err;
    must(om_graph_check(w.g, &err), &err);
    om_program *p = compile(b, w.g), *words = NULL;
    const om_shape s[] = {om_graph_shape(w.g, output_of(w.g, "y")),
                          om_graph_shape(w.g, output_of(w.g, "some"))};
    om_shape xs = {0}, ts = {0};
    for (int i = 0; i < w.g->n_inputs; i++) {
        om_shape t = om_graph_shape(w.g, w.g->input[i].value);
        *(w.g->input[i].name[0] == 'x' ? &xs : &ts) = t;
    }
    om_graph_free(w.g);
    if (w.n_cross) {
        words = make_words(b, params, &w);
        set_context(p, words, &w);
    }
    fill_floats(om_program_input(p, "x"), om_shape_size(xs), FILL_NORMAL, 1);
    fill_floats(om_program_input(p, "t"), om_shape_size(ts), FILL_NORMAL, 2);
    run(p);
    run(p); /* the first leaves no trace */
    result r = take_result(p, s);
    om_program_free(p);
    om_program_free(words);
    om_params_free(params);
    return r;
}

/* |a - b| / |b| */
static double distance(const float *a, const float *b, size_t n)
{
    double d = 0, size = 1e-30;
    for (size_t i = 0; i < n; i++) {
        const double e = (double)a[i] - (double)b[i];
        d += e * e;
        size += (double)b[i] * (double)b[i];
    }
    return sqrt(d / size);
}

static void compare(om_backend *b, om_backend *ref, recorder *record,
                    uint64_t seed)
{
    const bool bf16 = om_backend_precision(b) == OM_PRECISION_BF16;
    const bool same = strcmp(om_backend_name(b), "ref") == 0;
    result got = run_graph(b, record, seed, false);
    result want = run_graph(ref, record, seed, same);
    assert_int_equal(got.n, want.n);
    double most = bf16 ? 0.05 : 2e-5;
    if (same) most = 0;
    double y = distance(got.x, want.x, got.n_y);
    double some = distance(got.x + got.n_y, want.x + got.n_y, got.n - got.n_y);
    if (!(y <= most && some <= most))
        fail_msg("%s %s, seed %llu: off by %.3g and %.3g (at most %.3g)",
                 om_backend_name(b), bf16 ? "bf16" : "f32",
                 (unsigned long long)seed, y, some, most);
    free(got.x);
    free(want.x);
}

static void try_all(recorder *record, uint64_t first, uint64_t count)
{
    for (size_t i = 0; om_backend_at(i); i++)
        for (int k = 0; k < 2; k++) {
            const om_precision precision =
                k ? OM_PRECISION_BF16 : OM_PRECISION_F32;
            const char *name = om_backend_at(i);
            if (only_backend && strcmp(name, only_backend) != 0) continue;
            om_backend *b = open_backend(name, precision);
            if (!b) continue;
            om_backend *ref = open_backend("ref", precision);
            /* Libraries that write code anew for every shape take long. */
            uint64_t n = strcmp(name, "ref") == 0 ? count : (count + 3) / 4;
            for (uint64_t seed = first; seed < first + n; seed++)
                compare(b, ref, record, seed);
            om_backend_close(ref);
            om_backend_close(b);
        }
}

static void test_blocks(void **state)
{
    (void)state;
    if (only_seed) return;
    try_all(record_resnets, 1, 1);
    try_all(record_transformer, 1, 1);
    try_all(record_clip, 1, 1);
}

static void test_random(void **state)
{
    (void)state;
    if (only_seed)
        try_all(record_random, only_seed, 1);
    else
        try_all(record_random, 1, 150);
}

int main(int argc, char **argv)
{
    if (argc > 1) only_backend = argv[1];
    if (argc > 2) only_seed = strtoull(argv[2], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests_name("fused", tests, NULL, NULL);
}
