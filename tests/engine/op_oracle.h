/* op_oracle.h - every operation once more, as plainly as can be, in double, by
 * the index of a single result: what test_ops.c judges back ends by.
 *
 * Beside each result stands `mag`: how large the numbers were that it came from,
 * so that rounding of `eps` in a sensible algorithm shows as an error of a few
 * eps * mag; and `range`: the largest value that is weighted with something a
 * 16-bit back end may round (the probabilities of attention). */
#ifndef OM_TESTS_OP_ORACLE_H
#define OM_TESTS_OP_ORACLE_H

#include "engine/nn_support.h"
#include "nn/graph_internal.h"

/* One operation and what goes into it. */
typedef struct op_inputs {
    om_node node;                /* its parameters; values are not looked at */
    om_shape a, b, out;          /* in[0], in[1] */
    const float *x[3];           /* in[..] as the back end sees them */
    const float *weight, *bias;  /* torch's order; may be NULL */
    const om_attention_map *map; /* CROSS: [out.n] */
    const float *keys, *values;  /* CROSS: [words, c] */
} op_inputs;

typedef struct judged {
    double y, mag, range;
} judged;

static inline float at(const float *x, om_shape s, int n, int h, int w, int c)
{
    return x[(((size_t)n * (size_t)s.h + (size_t)h) * (size_t)s.w + (size_t)w) *
                 (size_t)s.c +
             (size_t)c];
}

static inline judged judge_linear(const op_inputs *o, int n, int h, int w,
                                  int c)
{
    judged j = {.y = o->bias ? (double)o->bias[c] : 0};
    j.mag = fabs(j.y);
    for (int i = 0; i < o->a.c; i++) {
        double t = (double)at(o->x[0], o->a, n, h, w, i) *
                   (double)o->weight[(size_t)c * (size_t)o->a.c + (size_t)i];
        j.y += t;
        j.mag += fabs(t);
    }
    return j;
}

static inline judged judge_conv(const op_inputs *o, int n, int h, int w, int c)
{
    const om_conv_shape *s = &o->node.conv;
    judged j = {.y = o->bias ? (double)o->bias[c] : 0};
    j.mag = fabs(j.y);
    for (int i = 0; i < o->a.c; i++)
        for (int ky = 0; ky < s->kernel; ky++)
            for (int kx = 0; kx < s->kernel; kx++) {
                int y = h * s->stride + ky - s->pad[0];
                int x = w * s->stride + kx - s->pad[1];
                if (y < 0 || y >= o->a.h || x < 0 || x >= o->a.w) continue;
                size_t k = (((size_t)c * (size_t)o->a.c + (size_t)i) *
                                (size_t)s->kernel +
                            (size_t)ky) *
                               (size_t)s->kernel +
                           (size_t)kx;
                double t = (double)at(o->x[0], o->a, n, y, x, i) *
                           (double)o->weight[k];
                j.y += t;
                j.mag += fabs(t);
            }
    return j;
}

/* Of the channels [first, last) at the positions [y0, y1) x [x0, x1). */
static inline judged judge_norm_over(const op_inputs *o, const int box[4],
                                     int first, int last, const int where[4])
{
    double sum = 0, sizes = 0, squares = 0, count = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int y = box[0]; y < box[1]; y++)
            for (int x = box[2]; x < box[3]; x++)
                for (int c = first; c < last; c++) {
                    double v = (double)at(o->x[0], o->a, where[0], y, x, c);
                    if (pass == 0) sum += v, sizes += v * v, count++;
                    if (pass == 1)
                        squares += (v - sum / count) * (v - sum / count);
                }
    const int c = where[3];
    double mean = sum / count;
    double scale = 1 / sqrt(squares / count + (double)o->node.eps);
    double v = (double)at(o->x[0], o->a, where[0], where[1], where[2], c);
    double weight = (double)o->weight[c], bias = (double)o->bias[c];
    return (judged){
        (v - mean) * scale * weight + bias,
        (fabs(v) + sqrt(sizes / count)) * scale * fabs(weight) + fabs(bias), 0};
}

static inline judged judge_norm(const op_inputs *o, int n, int h, int w, int c)
{
    const int where[] = {n, h, w, c};
    if (o->node.op == OM_OP_LAYER_NORM)
        return judge_norm_over(o, (int[]){h, h + 1, w, w + 1}, 0, o->a.c,
                               where);
    const int size = o->a.c / o->node.groups, first = c / size * size;
    return judge_norm_over(o, (int[]){0, o->a.h, 0, o->a.w}, first,
                           first + size, where);
}

static inline double oracle_unary(om_unary_kind kind, double x)
{
    switch (kind) {
    case OM_SILU:
        return x * (x > 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)));
    case OM_GELU: return 0.5 * x * erfc(-x / sqrt(2));
    case OM_QUICK_GELU: return x / (1 + exp(-1.702 * x));
    case OM_RELU: return fmax(x, 0);
    default: fail(); return 0;
    }
}

/* q . k, and the same of absolute values */
static inline judged judge_dot(const float *q, const float *k, int d)
{
    judged j = {0, 0, 0};
    for (int i = 0; i < d; i++) {
        j.y += (double)q[i] * (double)k[i];
        j.mag += fabs((double)q[i] * (double)k[i]);
    }
    return j;
}

enum { ORACLE_WORDS = 4096 };

/* Channel c of a softmax over the words of `n` spans. An error of the logits
 * is an error of that size, relatively, in every probability. */
static inline judged judge_softmax(const float *q, const float *k,
                                   const float *v, int d, int stride,
                                   const om_span *span, int n, int c)
{
    double logit[ORACLE_WORDS], most = -INFINITY, worst = 0, sum = 0;
    int t = 0;
    for (int i = 0; i < n; i++)
        for (int j = span[i].first; j < span[i].first + span[i].n; j++) {
            assert_true(t < ORACLE_WORDS);
            judged s = judge_dot(q, k + (size_t)j * (size_t)stride, d);
            double f = (double)span[i].scale / sqrt(d);
            logit[t++] = s.y * f;
            most = fmax(most, s.y * f);
            worst = fmax(worst, s.mag * f);
        }
    for (int i = 0; i < t; i++) sum += exp(logit[i] - most);
    judged out = {0, 0, 0};
    t = 0;
    for (int i = 0; i < n; i++)
        for (int j = span[i].first; j < span[i].first + span[i].n; j++) {
            double w = (double)v[(size_t)j * (size_t)stride + (size_t)c];
            out.y += exp(logit[t++] - most) / sum * w;
            out.range = fmax(out.range, fabs(w));
        }
    out.mag = out.range * (1 + worst);
    return out;
}

static inline judged judge_attention(const op_inputs *o, int n, int h, int w,
                                     int c)
{
    const int d = o->a.c / o->node.heads, head = c / d * d;
    const int t = h * o->a.w + w, words = o->a.h * o->a.w;
    const size_t picture = (size_t)n * (size_t)words * (size_t)o->a.c;
    const om_span span = {0, o->node.causal ? t + 1 : words, 1, 1};
    return judge_softmax(o->x[0] + picture + (size_t)t * (size_t)o->a.c + head,
                         o->x[1] + picture + head, o->x[2] + picture + head, d,
                         o->a.c, &span, 1, c - head);
}

static inline judged judge_cross(const op_inputs *o, int n, int h, int w, int c)
{
    const int d = o->a.c / o->node.heads, head = c / d * d;
    const int t = h * o->a.w + w;
    const float *q =
        o->x[0] +
        ((size_t)n * (size_t)(o->a.h * o->a.w) + (size_t)t) * (size_t)o->a.c +
        head;
    const om_attention_map *m = &o->map[n];
    const om_attention_group *g = NULL;
    for (int i = 0; i < m->n_groups && !g; i++)
        for (int r = 0; r < m->group[i].n_rows; r++)
            if (m->group[i].row[r] == t) g = &m->group[i];
    assert_non_null(g);
    const float *k = o->keys + head, *v = o->values + head;
    judged sum = {0, 0, 0};
    if (g->n_spans == 0) return sum;
    if (!m->separate)
        return judge_softmax(q, k, v, d, o->a.c, g->span, g->n_spans, c - head);
    for (int i = 0; i < g->n_spans; i++) {
        judged one =
            judge_softmax(q, k, v, d, o->a.c, &g->span[i], 1, c - head);
        sum.y += (double)g->span[i].weight * one.y;
        sum.mag += fabs((double)g->span[i].weight) * one.mag;
        sum.range += fabs((double)g->span[i].weight) * one.range;
    }
    return sum;
}

static inline judged judge(const op_inputs *o, int n, int h, int w, int c)
{
    const float *x = o->x[0];
    double v, u;
    switch (o->node.op) {
    case OM_OP_LINEAR: return judge_linear(o, n, h, w, c);
    case OM_OP_CONV: return judge_conv(o, n, h, w, c);
    case OM_OP_GROUP_NORM:
    case OM_OP_LAYER_NORM: return judge_norm(o, n, h, w, c);
    case OM_OP_UNARY:
        v = (double)at(x, o->a, n, h, w, c);
        return (judged){oracle_unary(o->node.unary, v), fabs(v), 0};
    case OM_OP_GEGLU:
        v = (double)at(x, o->a, n, h, w, c);
        u = (double)at(x, o->a, n, h, w, c + o->out.c);
        return (judged){.y = v * oracle_unary(OM_GELU, u), .mag = fabs(v * u)};
    case OM_OP_ADD:
        v = (double)at(x, o->a, n, h, w, c);
        u = (double)at(o->x[1], o->b, o->b.n == 1 ? 0 : n, o->b.h == 1 ? 0 : h,
                       o->b.w == 1 ? 0 : w, c);
        return (judged){v + u, fabs(v) + fabs(u), 0};
    case OM_OP_CONCAT:
        v = c < o->a.c ? (double)at(x, o->a, n, h, w, c)
                       : (double)at(o->x[1], o->b, n, h, w, c - o->a.c);
        return (judged){v, fabs(v), 0};
    case OM_OP_UPSAMPLE:
        v = (double)at(x, o->a, n, h / 2, w / 2, c);
        return (judged){v, fabs(v), 0};
    case OM_OP_ATTENTION: return judge_attention(o, n, h, w, c);
    case OM_OP_CROSS: return judge_cross(o, n, h, w, c);
    case OM_N_OPS: break;
    }
    fail();
    return (judged){0, 0, 0};
}

#endif
