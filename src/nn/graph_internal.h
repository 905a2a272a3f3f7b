/* graph_internal.h - a recorded graph as back ends read it.
 *
 * Nodes stand in the order they were recorded in, which is an order they can be
 * computed in. Every node makes one value; a value without a node is an input.
 * Weights are indices into the graph's om_params (nn/params_internal.h).
 *
 * A graph is read-only for a back end, and gone after compile: copy what is
 * needed later. */
#ifndef OM_NN_GRAPH_INTERNAL_H
#define OM_NN_GRAPH_INTERNAL_H

#include "nn/backend.h"

/* id, name, kind of work */
#define OM_OP_LIST(X)                    \
    X(LINEAR, "linear", LINEAR)          \
    X(CONV, "conv", CONV)                \
    X(GROUP_NORM, "group_norm", NORM)    \
    X(LAYER_NORM, "layer_norm", NORM)    \
    X(UNARY, "unary", OTHER)             \
    X(GEGLU, "geglu", OTHER)             \
    X(ADD, "add", OTHER)                 \
    X(CONCAT, "concat", OTHER)           \
    X(UPSAMPLE, "upsample", OTHER)       \
    X(ATTENTION, "attention", ATTENTION) \
    X(CROSS, "cross_attention", CROSS)
typedef enum om_op {
#define X(id, name, work) OM_OP_##id,
    OM_OP_LIST(X)
#undef X
        OM_N_OPS
} om_op;

enum { OM_NODE_INPUTS = 3, OM_NO_PARAM = -1, OM_NO_NODE = -1 };

typedef struct om_node {
    om_op op;
    om_value in[OM_NODE_INPUTS]; /* attention: q, k, v */
    int n_in;
    om_value out;
    int weight, bias;    /* LINEAR, CONV, norms; else OM_NO_PARAM */
    om_conv_shape conv;  /* CONV */
    om_unary_kind unary; /* UNARY */
    int groups;          /* GROUP_NORM */
    float eps;           /* norms */
    int heads;           /* ATTENTION, CROSS */
    bool causal;         /* ATTENTION */
    int slot;            /* CROSS */
} om_node;

typedef struct om_value_info {
    om_shape shape;
    int node;          /* that makes it; OM_NO_NODE: an input */
    int n_reads;       /* how often nodes take it (twice by x + x) */
    bool output, kept; /* has a name outside, or a slot */
} om_value_info;

/* An input, an output or a label. */
typedef struct om_named_value {
    const char *name;
    om_value value;
} om_named_value;

typedef struct om_kept_values {
    int slot;
    om_value keys, values;
} om_kept_values;

enum { OM_SCOPE_DEPTH = 16, OM_SCOPE_BYTES = 256 };

struct om_graph {
    const omost_env *env;
    om_params *params;
    om_arena arena; /* names */

    om_node *node;
    int n_nodes;
    om_value_info *value;
    int n_values;
    om_named_value *input, *output, *label;
    int n_inputs, n_outputs, n_labels;
    om_kept_values *kept;
    int n_kept;

    size_t cap_nodes, cap_values, cap_inputs, cap_outputs, cap_labels, cap_kept;
    char scope[OM_SCOPE_BYTES]; /* "a.b", without the dot at the end */
    int scope_end[OM_SCOPE_DEPTH], depth;
    omost_error mistake; /* status OK: none so far */
};

static inline om_shape om_shape_of(const om_graph *g, om_value v)
{
    return g->value[v].shape;
}

const char *om_op_name(om_op op);
om_work om_op_work(om_op op);

/* What a node costs (om_cost): 2 per multiplication and addition of a product
 * (causal attention counts half), else 1 per number of the result. CROSS: 0,
 * see om_cross_flops(). */
double om_node_flops(const om_graph *g, const om_node *n);
/* Cross-attention of this many channels: what its map says. */
double om_cross_flops(const om_attention_map *map, int channels);

#endif
