/* op_cases.h - the shapes that test_ops.c tries every operation in: vectors of
 * 8 and 16 with and without tails, pictures of one position and of unequal
 * sides, batches, groups of one channel. Add a line to try another. */
#ifndef OM_TESTS_OP_CASES_H
#define OM_TESTS_OP_CASES_H

#include "engine/nn_support.h"
#include "nn/graph_internal.h"

/* How the positions of a picture see words. */
typedef enum map_kind {
    MAP_WHOLE,    /* all of them all */
    MAP_STRIPES,  /* three groups, their rows taking turns */
    MAP_EMPTY,    /* some nothing */
    MAP_SINGLE,   /* every position its own group, one word each */
    MAP_MANY,     /* up to nine spans, overlapping, of every scale */
    MAP_SCALES,   /* scales of tens of thousands */
    MAP_SEPARATE, /* a softmax for each span, weights 0 among them */
    N_MAP_KINDS
} map_kind;

typedef struct op_case {
    om_op op;
    om_shape a, b; /* b: ADD, CONCAT */
    int out;       /* LINEAR */
    bool bias;     /* LINEAR */
    om_conv_shape conv;
    om_unary_kind unary;
    int groups, heads, words; /* words: CROSS */
    bool causal;
    map_kind map;
    float eps;
} op_case;

#define A(n, h, w, c) .a = {n, h, w, c}
#define B(n, h, w, c) .b = {n, h, w, c}

/* clang-format off */
static const op_case op_cases[] = {
#define LINEAR(out_, bias_, ...) {OM_OP_LINEAR, __VA_ARGS__, .out = out_, .bias = bias_}
    LINEAR(1, true,    A(1, 1, 1, 1)),
    LINEAR(8, false,   A(1, 1, 1, 8)),
    LINEAR(16, true,   A(1, 1, 3, 16)),
    LINEAR(17, true,   A(2, 3, 5, 31)),
    LINEAR(5, false,   A(1, 7, 9, 33)),
    LINEAR(100, true,  A(1, 1, 77, 24)),
    LINEAR(64, true,   A(2, 1, 1, 320)),
    LINEAR(40, true,   A(1, 16, 24, 64)),
    LINEAR(130, false, A(2, 1, 77, 257)),
    LINEAR(192, true,  A(1, 13, 11, 640)),
#define CONV(out_, kernel_, stride_, t, l, b_, r, ...) \
    {OM_OP_CONV, __VA_ARGS__, .conv = {.out = out_, .kernel = kernel_, .stride = stride_, .pad = {t, l, b_, r}}}
    CONV(1, 1, 1,  0, 0, 0, 0, A(1, 1, 1, 1)),
    CONV(4, 3, 1,  1, 1, 1, 1, A(1, 1, 1, 3)),
    CONV(32, 3, 1, 1, 1, 1, 1, A(2, 5, 9, 4)),
    CONV(4, 3, 1,  1, 1, 1, 1, A(1, 16, 24, 32)),
    CONV(64, 3, 1, 1, 1, 1, 1, A(1, 12, 7, 40)),
    CONV(33, 3, 1, 1, 1, 1, 1, A(2, 3, 4, 17)),
    CONV(48, 3, 1, 1, 1, 1, 1, A(1, 33, 35, 16)),
    CONV(32, 1, 1, 0, 0, 0, 0, A(2, 6, 7, 64)),
    CONV(9, 1, 1,  0, 0, 0, 0, A(1, 5, 3, 7)),
    CONV(32, 3, 2, 1, 1, 1, 1, A(2, 8, 12, 32)),
    CONV(24, 3, 2, 1, 1, 1, 1, A(1, 7, 9, 20)),
    CONV(32, 3, 2, 0, 0, 1, 1, A(1, 8, 12, 32)), /* the VAE's encoder */
    CONV(16, 3, 2, 0, 0, 1, 1, A(2, 9, 5, 3)),
    CONV(8, 3, 1,  2, 0, 0, 1, A(1, 4, 6, 8)),
    CONV(8, 3, 1,  0, 0, 0, 0, A(1, 5, 5, 8)),
    CONV(8, 1, 2,  0, 0, 0, 0, A(1, 5, 8, 16)),
    CONV(3, 5, 3,  2, 1, 0, 2, A(1, 11, 10, 5)),
    {OM_OP_CONV, A(1, 6, 10, 64), .conv = {.out = 64, .kernel = 3, .stride = 1, .pad = {1, 1, 1, 1}, .no_bias = true}},
#define GROUP(groups_, eps_, ...) {OM_OP_GROUP_NORM, __VA_ARGS__, .groups = groups_, .eps = eps_}
    GROUP(1, 1e-5f,  A(1, 1, 1, 1)),
    GROUP(32, 1e-5f, A(1, 1, 1, 64)),
    GROUP(32, 1e-5f, A(2, 5, 7, 32)), /* groups of one channel */
    GROUP(32, 1e-6f, A(1, 16, 24, 64)),
    GROUP(32, 1e-5f, A(2, 9, 6, 320)),
    GROUP(3, 1e-6f,  A(1, 13, 11, 57)),
    GROUP(1, 1e-5f,  A(2, 3, 2, 9)),
    GROUP(32, 1e-6f, A(1, 40, 37, 96)),
#define LAYER(eps_, ...) {OM_OP_LAYER_NORM, __VA_ARGS__, .eps = eps_}
    LAYER(1e-5f, A(1, 1, 1, 1)),
    LAYER(1e-5f, A(1, 1, 77, 8)),
    LAYER(1e-5f, A(2, 3, 5, 33)),
    LAYER(1e-6f, A(1, 4, 4, 640)),
    LAYER(1e-5f, A(2, 1, 7, 100)),
#define UNARY(kind, ...) {OM_OP_UNARY, __VA_ARGS__, .unary = kind}
    UNARY(OM_SILU, A(1, 1, 1, 1)),       UNARY(OM_SILU, A(2, 5, 7, 33)),
    UNARY(OM_GELU, A(1, 1, 1, 7)),       UNARY(OM_GELU, A(2, 5, 7, 33)),
    UNARY(OM_QUICK_GELU, A(1, 1, 3, 1)), UNARY(OM_QUICK_GELU, A(2, 5, 7, 33)),
    UNARY(OM_RELU, A(1, 1, 1, 1)),       UNARY(OM_RELU, A(2, 5, 7, 33)),
    {OM_OP_GEGLU, A(1, 1, 1, 2)},    {OM_OP_GEGLU, A(2, 3, 5, 66)},
    {OM_OP_GEGLU, A(1, 1, 77, 160)}, {OM_OP_GEGLU, A(1, 6, 4, 30)},
    {OM_OP_ADD, A(1, 1, 1, 1), B(1, 1, 1, 1)},
    {OM_OP_ADD, A(2, 5, 7, 33), B(2, 5, 7, 33)},
    {OM_OP_ADD, A(2, 5, 7, 33), B(2, 1, 1, 33)}, /* the time embedding */
    {OM_OP_ADD, A(3, 4, 6, 16), B(1, 1, 1, 16)},
    {OM_OP_ADD, A(3, 1, 77, 8), B(1, 1, 77, 8)}, /* places of words */
    {OM_OP_ADD, A(2, 1, 9, 24), B(2, 1, 9, 24)},
    {OM_OP_CONCAT, A(1, 1, 1, 1), B(1, 1, 1, 1)},
    {OM_OP_CONCAT, A(2, 5, 7, 33), B(2, 5, 7, 3)},
    {OM_OP_CONCAT, A(1, 6, 4, 32), B(1, 6, 4, 64)},
    {OM_OP_CONCAT, A(2, 1, 77, 8), B(2, 1, 77, 16)},
    {OM_OP_UPSAMPLE, A(1, 1, 1, 1)},  {OM_OP_UPSAMPLE, A(2, 3, 5, 33)},
    {OM_OP_UPSAMPLE, A(1, 8, 4, 32)}, {OM_OP_UPSAMPLE, A(1, 1, 7, 16)},
#define ATTENTION(heads_, causal_, ...) {OM_OP_ATTENTION, __VA_ARGS__, .heads = heads_, .causal = causal_}
    ATTENTION(1, false,  A(1, 1, 1, 1)),
    ATTENTION(2, false,  A(1, 1, 3, 8)),    /* heads 4 wide */
    ATTENTION(2, true,   A(3, 1, 77, 8)),
    ATTENTION(4, true,   A(2, 1, 77, 64)),
    ATTENTION(1, true,   A(1, 1, 1, 64)),
    ATTENTION(4, false,  A(2, 4, 6, 32)),   /* 8 */
    ATTENTION(2, false,  A(1, 7, 9, 80)),   /* 40 */
    ATTENTION(2, false,  A(1, 12, 12, 128)),/* 64 */
    ATTENTION(10, false, A(2, 5, 3, 640)),
    ATTENTION(1, false,  A(1, 20, 13, 64)),
    ATTENTION(2, false,  A(1, 5, 5, 160)),  /* 80 */
    ATTENTION(1, false,  A(1, 8, 9, 512)),  /* 512: the VAE */
    ATTENTION(3, false,  A(1, 3, 11, 39)),  /* 13 */
    ATTENTION(1, true,   A(1, 1, 300, 16)),
#define CROSS(heads_, words_, map_, ...) {OM_OP_CROSS, __VA_ARGS__, .heads = heads_, .words = words_, .map = map_}
    CROSS(1, 1, MAP_WHOLE,       A(1, 1, 1, 1)),
    CROSS(4, 77, MAP_WHOLE,      A(2, 8, 12, 32)),
    CROSS(2, 154, MAP_WHOLE,     A(1, 5, 7, 128)),
    CROSS(2, 77, MAP_STRIPES,    A(1, 6, 9, 80)),
    CROSS(10, 231, MAP_STRIPES,  A(2, 4, 4, 640)),
    CROSS(4, 77, MAP_EMPTY,      A(2, 6, 5, 32)),
    CROSS(1, 9, MAP_EMPTY,       A(1, 1, 1, 5)),
    CROSS(2, 77, MAP_SINGLE,     A(1, 7, 3, 8)),
    CROSS(2, 154, MAP_MANY,      A(2, 9, 8, 64)),
    CROSS(5, 100, MAP_MANY,      A(1, 9, 13, 65)),
    CROSS(1, 308, MAP_MANY,      A(1, 5, 7, 160)),
    CROSS(4, 154, MAP_SCALES,    A(1, 8, 6, 32)),
    CROSS(2, 77, MAP_SCALES,     A(2, 5, 5, 128)),
    CROSS(4, 231, MAP_SEPARATE,  A(2, 8, 6, 32)),
    CROSS(2, 308, MAP_SEPARATE,  A(1, 12, 7, 128)),
};
/* clang-format on */

enum { N_OP_CASES = sizeof op_cases / sizeof *op_cases };

#undef A
#undef B

/* What each operation is fed. */
#define BIT(kind) (1u << FILL_##kind)
static const unsigned op_fills[OM_N_OPS] = {
    [OM_OP_LINEAR] = BIT(NORMAL) | BIT(POSITIVE) | BIT(ZEROES) | BIT(HUGE) |
                     BIT(SPIKES) | BIT(MEAN_1000),
    [OM_OP_CONV] =
        BIT(NORMAL) | BIT(POSITIVE) | BIT(ZEROES) | BIT(HUGE) | BIT(SPIKES),
    [OM_OP_GROUP_NORM] = BIT(NORMAL) | BIT(MEAN_1000) | BIT(MEAN_DRIFT) |
                         BIT(CONSTANT) | BIT(TINY) | BIT(HUGE) | BIT(SPIKES) |
                         BIT(ZEROES) | BIT(POSITIVE),
    [OM_OP_LAYER_NORM] = BIT(NORMAL) | BIT(MEAN_1000) | BIT(MEAN_DRIFT) |
                         BIT(CONSTANT) | BIT(TINY) | BIT(HUGE) | BIT(SPIKES) |
                         BIT(ZEROES) | BIT(POSITIVE),
    [OM_OP_UNARY] =
        BIT(NORMAL) | BIT(LOGITS) | BIT(TINY) | BIT(HUGE) | BIT(ZEROES),
    [OM_OP_GEGLU] =
        BIT(NORMAL) | BIT(LOGITS) | BIT(TINY) | BIT(HUGE) | BIT(ZEROES),
    [OM_OP_ADD] = BIT(NORMAL) | BIT(HUGE) | BIT(ZEROES),
    [OM_OP_CONCAT] = BIT(NORMAL) | BIT(HUGE) | BIT(ZEROES),
    [OM_OP_UPSAMPLE] = BIT(NORMAL) | BIT(HUGE) | BIT(ZEROES),
    [OM_OP_ATTENTION] = BIT(NORMAL) | BIT(LOGITS) | BIT(ZEROES) |
                        BIT(CONSTANT) | BIT(SPIKES) | BIT(HUGE) |
                        BIT(MEAN_1000),
    [OM_OP_CROSS] = BIT(NORMAL) | BIT(LOGITS) | BIT(ZEROES) | BIT(CONSTANT) |
                    BIT(SPIKES) | BIT(MEAN_1000),
};
#undef BIT

#endif
