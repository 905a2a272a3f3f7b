/* graph_ops.c - the operations: which shapes fit, what comes out, which weights
 * they take. */
#include "nn/graph_record.h"

#include <stdio.h>

/* name, kind of work */
static const struct {
    const char *name;
    om_work work;
} facts[OM_N_OPS] = {
#define X(id, name, work) {name, OM_WORK_##work},
    OM_OP_LIST(X)
#undef X
};

const char *om_op_name(om_op op)
{
    return facts[op].name;
}

om_work om_op_work(om_op op)
{
    return facts[op].work;
}

/* ---- shapes and weights ------------------------------------------------- */

enum { SHAPE_TEXT = 64 };

/* "2 x 64 x 64 x 320" */
static const char *shape_text(char out[SHAPE_TEXT], om_shape s)
{
    snprintf(out, SHAPE_TEXT, "%d x %d x %d x %d", s.n, s.h, s.w, s.c);
    return out;
}

/* "down.0.conv1", or the operation when it has no name */
static const char *full_name(om_graph *g, char out[OM_NAME_BYTES], om_op op,
                             const char *name)
{
    if (!om_graph_name(g, out, name, "") || !*out) return om_op_name(op);
    return out;
}

static om_value fail_two(om_graph *g, om_op op, om_shape a, om_shape b)
{
    char name[OM_NAME_BYTES], ta[SHAPE_TEXT], tb[SHAPE_TEXT];
    om_graph_fail(g, OMOST_USAGE, "%s: %s of %s and %s do not fit",
                  full_name(g, name, op, ""), om_op_name(op), shape_text(ta, a),
                  shape_text(tb, b));
    return OM_NO_VALUE;
}

/* The weight SCOPE.NAME.KIND; its failure sticks. */
static int take_param(om_graph *g, const char *name, const char *kind,
                      int n_dims, const size_t *dim)
{
    char full[OM_NAME_BYTES];
    omost_error err;
    if (g->mistake.status || !om_graph_name(g, full, name, kind))
        return OM_NO_PARAM;
    const char *plain = full[0] == '.' ? full + 1 : full;
    if (!g->params) {
        om_graph_fail(g, OMOST_USAGE, "there are no weights to find %s in",
                      plain);
        return OM_NO_PARAM;
    }
    int i = om_params_find(g->params, plain, n_dims, dim, &err);
    if (i < 0) g->mistake = err;
    return i;
}

static bool same_places(om_shape a, om_shape b)
{
    return a.n == b.n && a.h == b.h && a.w == b.w;
}

static bool same_shape(om_shape a, om_shape b)
{
    return same_places(a, b) && a.c == b.c;
}

static om_node new_node(om_op op, om_value x)
{
    return (om_node){.op = op,
                     .in = {x, OM_NO_VALUE, OM_NO_VALUE},
                     .n_in = 1,
                     .weight = OM_NO_PARAM,
                     .bias = OM_NO_PARAM};
}

/* ---- products ------------------------------------------------------------ */

om_value om_linear(om_graph *g, om_value x, const char *name, int out,
                   bool bias)
{
    if (om_graph_is_wrong(g, x)) return OM_NO_VALUE;
    om_shape s = om_shape_of(g, x);
    if (out < 1) {
        char full[OM_NAME_BYTES];
        om_graph_fail(g, OMOST_USAGE, "%s: a linear layer with %d outputs",
                      full_name(g, full, OM_OP_LINEAR, name), out);
        return OM_NO_VALUE;
    }
    const size_t dim[] = {(size_t)out, (size_t)s.c};
    om_node n = new_node(OM_OP_LINEAR, x);
    n.weight = take_param(g, name, ".weight", 2, dim);
    if (bias) n.bias = take_param(g, name, ".bias", 1, dim);
    s.c = out;
    return om_graph_add_node(g, n, s);
}

/* How many positions of a side of n; below 1: none. */
static int conv_side(int n, int before, int after, const om_conv_shape *s)
{
    int64_t room = (int64_t)n + before + after - s->kernel;
    return room < 0 ? 0 : (int)(room / s->stride + 1);
}

om_value om_conv(om_graph *g, om_value x, const char *name, om_conv_shape s)
{
    if (om_graph_is_wrong(g, x)) return OM_NO_VALUE;
    char full[OM_NAME_BYTES];
    om_shape in = om_shape_of(g, x);
    enum { MOST = 1 << 12 };
    bool sane = s.out >= 1 && s.kernel >= 1 && s.kernel <= MOST &&
                s.stride >= 1 && s.stride <= MOST;
    for (int i = 0; i < 4; i++) sane = sane && s.pad[i] >= 0 && s.pad[i] < MOST;
    if (!sane) {
        om_graph_fail(
            g, OMOST_USAGE,
            "%s: a convolution of %d outputs, kernel %d, stride %d is "
            "impossible",
            full_name(g, full, OM_OP_CONV, name), s.out, s.kernel, s.stride);
        return OM_NO_VALUE;
    }
    om_shape out = {in.n, conv_side(in.h, s.pad[0], s.pad[2], &s),
                    conv_side(in.w, s.pad[1], s.pad[3], &s), s.out};
    if (out.h < 1 || out.w < 1) {
        om_graph_fail(g, OMOST_USAGE,
                      "%s: a picture of %d x %d is too small for a kernel of "
                      "%d",
                      full_name(g, full, OM_OP_CONV, name), in.h, in.w,
                      s.kernel);
        return OM_NO_VALUE;
    }
    const size_t dim[] = {(size_t)s.out, (size_t)in.c, (size_t)s.kernel,
                          (size_t)s.kernel};
    om_node n = new_node(OM_OP_CONV, x);
    n.conv = s;
    n.weight = take_param(g, name, ".weight", 4, dim);
    if (!s.no_bias) n.bias = take_param(g, name, ".bias", 1, dim);
    return om_graph_add_node(g, n, out);
}

/* ---- norms --------------------------------------------------------------- */

static om_value add_norm(om_graph *g, om_node n, const char *name)
{
    om_shape s = om_shape_of(g, n.in[0]);
    const size_t dim[] = {(size_t)s.c};
    char full[OM_NAME_BYTES];
    if (n.groups < 1 || s.c % n.groups != 0)
        om_graph_fail(g, OMOST_USAGE, "%s: %d channels do not make %d groups",
                      full_name(g, full, n.op, name), s.c, n.groups);
    if (!(n.eps >= 0 && n.eps < 1))
        om_graph_fail(g, OMOST_USAGE, "%s: a norm with an epsilon of %g",
                      full_name(g, full, n.op, name), (double)n.eps);
    n.weight = take_param(g, name, ".weight", 1, dim);
    n.bias = take_param(g, name, ".bias", 1, dim);
    return om_graph_add_node(g, n, s);
}

om_value om_group_norm(om_graph *g, om_value x, const char *name, int groups,
                       float eps)
{
    if (om_graph_is_wrong(g, x)) return OM_NO_VALUE;
    om_node n = new_node(OM_OP_GROUP_NORM, x);
    n.groups = groups;
    n.eps = eps;
    return add_norm(g, n, name);
}

om_value om_layer_norm(om_graph *g, om_value x, const char *name, float eps)
{
    if (om_graph_is_wrong(g, x)) return OM_NO_VALUE;
    om_node n = new_node(OM_OP_LAYER_NORM, x);
    n.groups = 1;
    n.eps = eps;
    return add_norm(g, n, name);
}

/* ---- element by element -------------------------------------------------- */

om_value om_unary(om_graph *g, om_unary_kind kind, om_value x)
{
    if (om_graph_is_wrong(g, x)) return OM_NO_VALUE;
    om_node n = new_node(OM_OP_UNARY, x);
    n.unary = kind;
    return om_graph_add_node(g, n, om_shape_of(g, x));
}

om_value om_geglu(om_graph *g, om_value x)
{
    if (om_graph_is_wrong(g, x)) return OM_NO_VALUE;
    om_shape s = om_shape_of(g, x);
    if (s.c % 2) {
        char name[OM_NAME_BYTES];
        om_graph_fail(g, OMOST_USAGE, "%s: geglu needs pairs, not %d channels",
                      full_name(g, name, OM_OP_GEGLU, ""), s.c);
        return OM_NO_VALUE;
    }
    s.c /= 2;
    return om_graph_add_node(g, new_node(OM_OP_GEGLU, x), s);
}

om_value om_add(om_graph *g, om_value a, om_value b)
{
    if (om_graph_is_wrong(g, a) || om_graph_is_wrong(g, b)) return OM_NO_VALUE;
    om_shape s = om_shape_of(g, a), t = om_shape_of(g, b);
    bool places = (t.h == s.h && t.w == s.w) || (t.h == 1 && t.w == 1);
    if (!places || t.c != s.c || (t.n != s.n && t.n != 1))
        return fail_two(g, OM_OP_ADD, s, t);
    om_node n = new_node(OM_OP_ADD, a);
    n.in[n.n_in++] = b;
    return om_graph_add_node(g, n, s);
}

om_value om_concat(om_graph *g, om_value a, om_value b)
{
    if (om_graph_is_wrong(g, a) || om_graph_is_wrong(g, b)) return OM_NO_VALUE;
    om_shape s = om_shape_of(g, a), t = om_shape_of(g, b);
    if (!same_places(s, t) || s.c > INT32_MAX - t.c)
        return fail_two(g, OM_OP_CONCAT, s, t);
    om_node n = new_node(OM_OP_CONCAT, a);
    n.in[n.n_in++] = b;
    s.c += t.c;
    return om_graph_add_node(g, n, s);
}

om_value om_upsample(om_graph *g, om_value x)
{
    if (om_graph_is_wrong(g, x)) return OM_NO_VALUE;
    om_shape s = om_shape_of(g, x);
    s.h = s.h <= INT32_MAX / 2 ? s.h * 2 : 0;
    s.w = s.w <= INT32_MAX / 2 ? s.w * 2 : 0;
    return om_graph_add_node(g, new_node(OM_OP_UPSAMPLE, x), s);
}

/* ---- attention ----------------------------------------------------------- */

static bool heads_fit(om_graph *g, om_op op, om_shape s, int heads)
{
    if (heads >= 1 && s.c % heads == 0) return true;
    char name[OM_NAME_BYTES];
    om_graph_fail(g, OMOST_USAGE, "%s: %d channels do not make %d heads",
                  full_name(g, name, op, ""), s.c, heads);
    return false;
}

om_value om_attention(om_graph *g, om_value q, om_value k, om_value v,
                      int heads, bool causal)
{
    if (om_graph_is_wrong(g, q) || om_graph_is_wrong(g, k) ||
        om_graph_is_wrong(g, v))
        return OM_NO_VALUE;
    om_shape s = om_shape_of(g, q);
    const om_value in[] = {k, v};
    for (int i = 0; i < 2; i++)
        if (!same_shape(s, om_shape_of(g, in[i])))
            return fail_two(g, OM_OP_ATTENTION, s, om_shape_of(g, in[i]));
    if (!heads_fit(g, OM_OP_ATTENTION, s, heads)) return OM_NO_VALUE;
    om_node n = new_node(OM_OP_ATTENTION, q);
    n.in[n.n_in++] = k;
    n.in[n.n_in++] = v;
    n.heads = heads;
    n.causal = causal;
    return om_graph_add_node(g, n, s);
}

om_value om_cross_attention(om_graph *g, om_value q, int slot, int heads)
{
    if (om_graph_is_wrong(g, q)) return OM_NO_VALUE;
    om_shape s = om_shape_of(g, q);
    if (!heads_fit(g, OM_OP_CROSS, s, heads)) return OM_NO_VALUE;
    if (slot < 0) {
        om_graph_fail(g, OMOST_USAGE, "cross-attention to slot %d", slot);
        return OM_NO_VALUE;
    }
    om_node n = new_node(OM_OP_CROSS, q);
    n.heads = heads;
    n.slot = slot;
    return om_graph_add_node(g, n, s);
}

/* ---- what they cost ------------------------------------------------------ */

double om_node_flops(const om_graph *g, const om_node *n)
{
    const om_shape in = om_shape_of(g, n->in[0]), s = om_shape_of(g, n->out);
    const double places = (double)s.h * s.w, all = (double)om_shape_size(s);
    switch (n->op) {
    case OM_OP_LINEAR: return 2 * all * in.c;
    case OM_OP_CONV: return 2 * all * in.c * n->conv.kernel * n->conv.kernel;
    case OM_OP_ATTENTION:
        return 4 * all * (n->causal ? (places + 1) / 2 : places);
    case OM_OP_CROSS: return 0;
    default: return all;
    }
}

double om_cross_flops(const om_attention_map *map, int channels)
{
    double sum = 0;
    for (int i = 0; i < map->n_groups; i++) {
        const om_attention_group *group = &map->group[i];
        double words = 0;
        for (int j = 0; j < group->n_spans; j++) words += group->span[j].n;
        sum += words * group->n_rows;
    }
    return 4 * sum * channels;
}
