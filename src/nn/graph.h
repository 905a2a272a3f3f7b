/* graph.h - a model's computation, recorded once and run many times.
 *
 *     om_graph *g = om_graph_new(env, params);
 *     om_value x = om_graph_input(g, "x", (om_shape){2, 64, 64, 320});
 *     x = om_group_norm(g, x, "norm1", 32, 1e-5f);
 *     x = om_unary(g, OM_SILU, x);
 *     x = om_conv(g, x, "conv1",
 *                 (om_conv_shape){.out = 640, .kernel = 3, .stride = 1,
 *                                 .pad = {1, 1, 1, 1}});
 *     om_graph_output(g, "eps", x);
 *     om_program *p = om_backend_compile(backend, g, err);
 *
 * A value is n pictures of h x w positions with c channels each, channels last:
 * tokens are pictures whose positions are words (h = 1), so that [H, W, C] and
 * [H*W, C] are the same bytes and nothing is ever transposed. Values are f32 in
 * meaning; a back end may keep them in fewer bits (backend.h).
 *
 * Recording infers every shape. The first mistake (shapes that do not fit, a
 * weight that is missing or of another shape, no memory) sticks: every later
 * call returns OM_NO_VALUE and om_graph_check() tells what it was. Model code
 * therefore checks once, at its end; a graph that is NULL for want of memory
 * counts as one with that mistake.
 *
 * Weights are named as diffusers names them: om_linear(g, x, "to_q", ...) with
 * the scope "down_blocks.1.attentions.0" takes ".to_q.weight" and, where the
 * model has one and `bias` says so, ".to_q.bias". Their order is torch's:
 * linear [out, in], convolution [out, in, kernel, kernel].
 *
 * One thread at a time. A graph is not needed any more once it is compiled. */
#ifndef OM_NN_GRAPH_H
#define OM_NN_GRAPH_H

#include "base/error.h"
#include "base/mem.h"

typedef struct om_shape {
    int n, h, w, c;
} om_shape;

static inline size_t om_shape_rows(om_shape s) /* positions */
{
    return (size_t)s.n * (size_t)s.h * (size_t)s.w;
}
static inline size_t om_shape_size(om_shape s)
{
    return om_shape_rows(s) * (size_t)s.c;
}

typedef int om_value;
enum { OM_NO_VALUE = -1 };

typedef struct om_graph om_graph;
typedef struct om_params om_params; /* nn/params.h */

om_graph *om_graph_new(const omost_env *env, om_params *params);
void om_graph_free(om_graph *g);

/* What the first mistake was, or OK. */
omost_status om_graph_check(const om_graph *g, omost_error *err);
/* Make a mistake stick from model code ("a size of 8 is too small ..."). */
void om_graph_fail(om_graph *g, omost_status st, const char *fmt, ...)
    OMOST_PRINTF(3, 4);

/* ---- names ------------------------------------------------------------- */

/* Names of weights and labels that follow begin with this; printf-like, nested:
 * om_graph_enter(g, "down_blocks.%d", i); ... om_graph_leave(g). */
void om_graph_enter(om_graph *g, const char *fmt, ...) OMOST_PRINTF(2, 3);
void om_graph_leave(om_graph *g);

/* Label a value with the scope (name "") or SCOPE.name, so that tests and tools
 * find it: om_graph_find(g, "mid_block.attentions.0"). Returns v. A label given
 * twice is a mistake; a value may have several. */
om_value om_graph_label(om_graph *g, om_value v, const char *name);
/* OM_NO_VALUE (and no mistake) when no value has that label. */
om_value om_graph_find(const om_graph *g, const char *label);
om_shape om_graph_shape(const om_graph *g, om_value v);

/* ---- what goes in and comes out ---------------------------------------- */

/* f32, written by the caller before each run (om_program_input). */
om_value om_graph_input(om_graph *g, const char *name, om_shape s);
/* f32, read by the caller after each run (om_program_output). */
void om_graph_output(om_graph *g, const char *name, om_value v);
/* Like an output, but kept in the back end's own kind of number for
 * cross-attention of other programs (om_program_kept): slot i of a context. */
void om_graph_keep(om_graph *g, int slot, om_value keys, om_value values);

/* ---- operations -------------------------------------------------------- */

/* y[.., out] = x[.., in] W^T + b */
om_value om_linear(om_graph *g, om_value x, const char *name, int out,
                   bool bias);

/* Zeroes around the picture (top, left, bottom, right), then every
 * stride-th position of the correlation with a kernel x kernel window. */
typedef struct om_conv_shape {
    int out, kernel, stride;
    int pad[4];
    bool no_bias;
} om_conv_shape;
om_value om_conv(om_graph *g, om_value x, const char *name, om_conv_shape s);

/* Per picture and group of neighbouring channels: (x - mean) / sqrt(variance +
 * eps) * weight + bias; the variance is the biased one. Statistics are exact
 * enough for values whose mean is 1000 times their deviation. */
om_value om_group_norm(om_graph *g, om_value x, const char *name, int groups,
                       float eps);
/* The same per position over all channels. */
om_value om_layer_norm(om_graph *g, om_value x, const char *name, float eps);

/* id, name, formula */
#define OM_UNARY_LIST(X)                                  \
    X(SILU, "silu", "x / (1 + e^-x)")                     \
    X(GELU, "gelu", "x * (1 + erf(x / sqrt 2)) / 2")      \
    X(QUICK_GELU, "quick_gelu", "x / (1 + e^(-1.702 x))") \
    X(RELU, "relu", "max(x, 0)")
typedef enum om_unary_kind {
#define X(id, name, formula) OM_##id,
    OM_UNARY_LIST(X)
#undef X
        OM_N_UNARIES
} om_unary_kind;
om_value om_unary(om_graph *g, om_unary_kind kind, om_value x);

/* y[.., c] = x[.., :c] * gelu(x[.., c:]) */
om_value om_geglu(om_graph *g, om_value x);

/* a + b; b may have h = w = 1 and is then added at every position, and n = 1,
 * then to every picture. */
om_value om_add(om_graph *g, om_value a, om_value b);
/* Channels of a, then those of b. */
om_value om_concat(om_graph *g, om_value a, om_value b);
/* Twice the height and width, every position four times. */
om_value om_upsample(om_graph *g, om_value x);

/* Attention of every position to every position of the same picture. q, k and
 * v have heads * d channels, head by head. y = softmax(q k^T / sqrt(d)) v;
 * causal: position i sees 0..i. */
om_value om_attention(om_graph *g, om_value q, om_value k, om_value v,
                      int heads, bool causal);

/* Attention of every position to words that are given later, and to which of
 * them, position by position: slot `slot` of the context that the program is
 * given (nn/context.h), and its map for (picture, h, w). */
om_value om_cross_attention(om_graph *g, om_value q, int slot, int heads);

#endif
