/* ref_attend.c - attention of `ref`: one query and one head at a time. */
#include "nn/ref_internal.h"

#include <math.h>

enum { PARTS = 8 };

static double dot(const float *a, const float *b, int n)
{
    double part[PARTS] = {0}, sum = 0;
    int i = 0;
    for (; i + PARTS <= n; i += PARTS)
        for (int l = 0; l < PARTS; l++)
            part[l] += (double)a[i + l] * (double)b[i + l];
    for (; i < n; i++) part[0] += (double)a[i] * (double)b[i];
    for (int l = 0; l < PARTS; l++) sum += part[l];
    return sum;
}

/* Keys and values of one head: those of word t begin at t * stride. */
typedef struct head {
    const float *k, *v;
    size_t stride;
    int d;
} head;

/* logit[n] = q k^T / sqrt(d) * scale for words first..first+n; the largest */
static double find_logits(double *logit, const float *q, const head *h,
                          om_span span)
{
    const double factor = (double)span.scale / sqrt(h->d);
    double most = -INFINITY;
    for (int t = 0; t < span.n; t++) {
        const float *k = h->k + (size_t)(span.first + t) * h->stride;
        logit[t] = dot(q, k, h->d) * factor;
        if (logit[t] > most) most = logit[t];
    }
    return most;
}

/* logit[n] = e^(logit - most); their sum */
static double exponentials(double *logit, int n, double most)
{
    double sum = 0;
    for (int t = 0; t < n; t++) sum += logit[t] = exp(logit[t] - most);
    return sum;
}

/* out[d] += p[n] v * factor */
static void add_values(double *out, const double *p, const head *h,
                       om_span span, double factor)
{
    for (int t = 0; t < span.n; t++) {
        const float *v = h->v + (size_t)(span.first + t) * h->stride;
        const double w = p[t] * factor;
        for (int c = 0; c < h->d; c++) out[c] += w * (double)v[c];
    }
}

/* One softmax over all spans. */
static void attend_joint(double *out, const float *q, const head *h,
                         const om_attention_group *g, double *logit)
{
    double most = -INFINITY;
    int n = 0;
    for (int i = 0; i < g->n_spans; i++) {
        most = fmax(most, find_logits(logit + n, q, h, g->span[i]));
        n += g->span[i].n;
    }
    const double sum = exponentials(logit, n, most);
    for (int i = 0; i < g->n_spans; i++) {
        add_values(out, logit, h, g->span[i], 1 / sum);
        logit += g->span[i].n;
    }
}

/* A softmax for each span. */
static void attend_apart(double *out, const float *q, const head *h,
                         const om_attention_group *g, double *logit)
{
    for (int i = 0; i < g->n_spans; i++) {
        const om_span s = g->span[i];
        const double most = find_logits(logit, q, h, s);
        const double sum = exponentials(logit, s.n, most);
        add_values(out, logit, h, s, (double)s.weight / sum);
    }
}

/* y[d] = what the query sees; room: [d + words] */
static void attend_one(float *y, const float *q, const head *h,
                       const om_attention_group *g, bool apart, double *room)
{
    double *out = room, *logit = room + h->d;
    for (int c = 0; c < h->d; c++) out[c] = 0;
    (apart ? attend_apart : attend_joint)(out, q, h, g, logit);
    for (int c = 0; c < h->d; c++) y[c] = (float)out[c];
}

void om_ref_attend(float *y, const float *const qkv[3], om_shape s, int heads,
                   bool causal, double *room)
{
    const int words = s.h * s.w, d = s.c / heads;
    const size_t stride = (size_t)s.c;
    for (int n = 0; n < s.n; n++) {
        const size_t picture = (size_t)n * (size_t)words * stride;
        for (int i = 0; i < s.c; i += d) {
            const head h = {qkv[1] + picture + i, qkv[2] + picture + i, stride,
                            d};
            for (int t = 0; t < words; t++) {
                const om_span span = {0, causal ? t + 1 : words, 1, 1};
                const om_attention_group g = {.span = &span, .n_spans = 1};
                const size_t at = picture + (size_t)t * stride + (size_t)i;
                attend_one(y + at, qkv[0] + at, &h, &g, false, room);
            }
        }
    }
}

static void attend_map(float *y, const float *q, const om_cross *c,
                       const om_attention_map *map, double *room)
{
    const int d = c->shape.c / c->heads;
    const size_t stride = (size_t)c->shape.c;
    for (int i = 0; i < map->n_groups; i++) {
        const om_attention_group *g = &map->group[i];
        for (int r = 0; r < g->n_rows; r++)
            for (size_t l = 0; l < stride; l += (size_t)d) {
                const head h = {(const float *)c->kept->k + l,
                                (const float *)c->kept->v + l, stride, d};
                const size_t at = (size_t)g->row[r] * stride + l;
                attend_one(y + at, q + at, &h, g, map->separate, room);
            }
    }
}

void om_ref_attend_cross(float *y, const float *q, const om_cross *c,
                         double *room)
{
    om_shape one = c->shape;
    one.n = 1;
    for (int n = 0; n < c->shape.n; n++)
        attend_map(y + (size_t)n * om_shape_size(one),
                   q + (size_t)n * om_shape_size(one), c, c->maps[n], room);
}
