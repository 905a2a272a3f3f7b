/* dnnl_norm.c - group norm: two passes over the picture.
 *
 * The first takes, for each channel, the sums of x - ref and of its square,
 * where ref is the median of some numbers of the channel's group: near the
 * mean, so that nothing cancels when the mean is large, and not led astray by a
 * few large numbers. A few rows are summed in f32, these sums in f64. The
 * second pass is y = (x - mean) * scale + shift; what f32 loses of the mean is
 * put into the shift.
 *
 * A row of the picture may have been added to every position before (the time
 * of a residual block): it only moves ref and mean. */
#include <math.h>
#include <string.h>

#include "nn/dnnl_internal.h"

enum { PIECES = 16, CHUNK = 32 /* rows */, LEAST = 256 /* rows of a piece */ };

omost_status om_dnnl_norm_init(om_dnnl_norm *norm, const om_dnnl_build *k,
                               int node, int pre_add, int silu,
                               omost_error *err)
{
    const om_graph *g = k->g;
    const om_node *n = &g->node[node];
    *norm = (om_dnnl_norm){.x = k->place[n->in[0]],
                           .shape = om_shape_of(g, n->in[0]),
                           .groups = n->groups,
                           .eps = n->eps,
                           .silu = silu != OM_NO_FUSION};
    if (pre_add != OM_NO_FUSION) {
        const om_node *a = &g->node[pre_add];
        norm->x = k->place[a->in[0]];
        norm->add = k->place[a->in[1]];
        norm->has_add = true;
        norm->add_one = om_shape_of(g, a->in[1]).n == 1;
    }
    omost_status st =
        om_dnnl_vector(k->b, k->params, n->weight, &norm->weight, err);
    if (st == OMOST_OK)
        st = om_dnnl_vector(k->b, k->params, n->bias, &norm->bias, err);
    return st;
}

/* Where things are in scratch, for c channels. */
typedef struct room {
    float *add, *ref, *mean, *scale, *shift; /* [c] */
    double *sum, *square;                    /* [PIECES][c] */
    float *part_sum, *part_square;           /* [PIECES][c] */
} room;

static size_t lay_out(room *r, size_t c, char *at)
{
    const size_t doubles = PIECES * c * sizeof(double);
    const size_t floats = PIECES * c * sizeof(float);
    size_t used = 0;
    float **const small[] = {&r->add, &r->ref, &r->mean, &r->scale, &r->shift};
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        *small[i] = at ? (float *)(void *)(at + used) : NULL;
        used += om_aligned(c * sizeof(float));
    }
    r->sum = at ? (double *)(void *)(at + used) : NULL;
    r->square = at ? r->sum + PIECES * c : NULL;
    used += om_aligned(2 * doubles);
    r->part_sum = at ? (float *)(void *)(at + used) : NULL;
    r->part_square = at ? r->part_sum + PIECES * c : NULL;
    return used + om_aligned(2 * floats);
}

size_t om_dnnl_norm_scratch(const om_dnnl *b, const om_dnnl_norm *norm)
{
    (void)b;
    room r;
    return lay_out(&r, (size_t)norm->shape.c, NULL);
}

typedef struct measure {
    const om_dnnl *b;
    const om_dnnl_norm *norm;
    const char *x; /* of this picture */
    size_t rows, c, piece;
    room r;
} measure;

static const char *row_of(const measure *m, size_t row)
{
    return m->x + row * m->c * om_elem_size(m->b->elem);
}

enum { SAMPLE_ROWS = 8, SAMPLES = 32 };

/* The middle of n numbers; sorts them. */
static float median(float *x, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const float v = x[i];
        size_t j = i;
        for (; j > 0 && x[j - 1] > v; j--) x[j] = x[j - 1];
        x[j] = v;
    }
    return x[n / 2];
}

/* ref: the median of some numbers of each group, less what is added. */
static void choose_ref(measure *m)
{
    const size_t c = m->c, groups = (size_t)m->norm->groups;
    const size_t width = c / groups;
    const size_t n_rows = m->rows < SAMPLE_ROWS ? m->rows : SAMPLE_ROWS;
    const size_t per_row =
        width < SAMPLES / SAMPLE_ROWS ? width : SAMPLES / SAMPLE_ROWS;
    float *row = m->r.mean, *samples = m->r.part_sum; /* c * 8 at most */
    for (size_t i = 0; i < n_rows; i++) {
        m->b->loops->widen(m->b->elem, row, row_of(m, i * m->rows / n_rows), c);
        for (size_t g = 0; g < groups; g++)
            for (size_t k = 0; k < per_row; k++) {
                const size_t j = g * width + k * width / per_row;
                samples[(g * n_rows + i) * per_row + k] = row[j] + m->r.add[j];
            }
    }
    for (size_t g = 0; g < groups; g++) {
        const size_t n = n_rows * per_row;
        const float middle = median(samples + g * n, n);
        for (size_t j = g * width; j < (g + 1) * width; j++)
            m->r.ref[j] = middle - m->r.add[j];
    }
}

static void measure_piece(void *arg, int item, int thread)
{
    (void)thread;
    measure *m = arg;
    const size_t c = m->c, at = (size_t)item * c;
    const size_t first = (size_t)item * m->piece;
    double *sum = m->r.sum + at, *square = m->r.square + at;
    float *s = m->r.part_sum + at, *q = m->r.part_square + at;
    memset(sum, 0, c * sizeof *sum);
    memset(square, 0, c * sizeof *square);
    size_t end = first + m->piece;
    if (end > m->rows) end = m->rows;
    for (size_t row = first; row < end; row += CHUNK) {
        const size_t n = end - row < CHUNK ? end - row : CHUNK;
        memset(s, 0, c * sizeof *s);
        memset(q, 0, c * sizeof *q);
        m->b->loops->moments(m->b->elem, row_of(m, row), n, c, m->r.ref, s, q);
        for (size_t j = 0; j < c; j++) {
            sum[j] += (double)s[j];
            square[j] += (double)q[j];
        }
    }
}

/* mean, scale and shift of the channels of a group from the sums of n pieces */
static void finish_group(measure *m, size_t first, size_t width, size_t n)
{
    const om_dnnl_norm *norm = m->norm;
    double sum = 0, square = 0;
    for (size_t p = 0; p < n; p++)
        for (size_t j = first; j < first + width; j++) {
            sum += m->r.sum[p * m->c + j];
            square += m->r.square[p * m->c + j];
        }
    const double count = (double)m->rows * (double)width;
    const double off = sum / count;
    double var = square / count - off * off;
    if (var < 0) var = 0;
    const double scale = 1.0 / sqrt(var + (double)norm->eps);
    for (size_t j = first; j < first + width; j++) {
        const double mean = (double)m->r.ref[j] + off;
        const float near = (float)mean, w = norm->weight[j];
        m->r.mean[j] = near;
        m->r.scale[j] = (float)(scale * (double)w);
        m->r.shift[j] = (float)((double)norm->bias[j] -
                                (mean - (double)near) * scale * (double)w);
    }
}

om_affine om_dnnl_norm_measure(const om_dnnl *b, const om_dnnl_norm *norm,
                               int n, char *scratch)
{
    const om_shape s = norm->shape;
    const size_t rows = (size_t)s.h * (size_t)s.w, c = (size_t)s.c;
    const size_t size = om_elem_size(b->elem);
    measure m = {.b = b, .norm = norm, .rows = rows, .c = c};
    m.x = (const char *)om_spot_at(b, norm->x) + (size_t)n * rows * c * size;
    (void)lay_out(&m.r, c, scratch);
    memset(m.r.add, 0, c * sizeof *m.r.add);
    if (norm->has_add)
        b->loops->widen(b->elem, m.r.add,
                        (const char *)om_spot_at(b, norm->add) +
                            (norm->add_one ? 0 : (size_t)n * c * size),
                        c);
    choose_ref(&m);
    m.piece = (rows + PIECES - 1) / PIECES;
    if (m.piece < LEAST) m.piece = LEAST;
    const size_t n_pieces = (rows + m.piece - 1) / m.piece;
    const om_parallel par = om_dnnl_parallel(b->base.n_threads);
    par.run(par.user, (int)n_pieces, measure_piece, &m);
    const size_t width = c / (size_t)norm->groups;
    for (size_t g = 0; g < c; g += width) finish_group(&m, g, width, n_pieces);
    return (om_affine){m.r.mean, m.r.scale, m.r.shift};
}

typedef struct apply {
    const om_dnnl *b;
    const char *x;
    char *y;
    size_t c;
    om_affine a;
    bool silu;
} apply;

static void apply_range(void *arg, size_t first, size_t n)
{
    const apply *p = arg;
    const size_t at = first * p->c * om_elem_size(p->b->elem);
    p->b->loops->affine(p->b->elem, p->y + at, p->x + at, n, p->c, p->a,
                        p->silu);
}

void om_dnnl_norm_apply(const om_dnnl *b, const om_dnnl_norm *norm, om_affine a,
                        int n, size_t first, size_t rows, void *y)
{
    const om_shape s = norm->shape;
    const size_t c = (size_t)s.c;
    const size_t row = (size_t)n * (size_t)s.h * (size_t)s.w + first;
    apply p = {.b = b,
               .x = (const char *)om_spot_at(b, norm->x) +
                    row * c * om_elem_size(b->elem),
               .y = y,
               .c = c,
               .a = a,
               .silu = norm->silu};
    const om_parallel par = om_dnnl_parallel(b->base.n_threads);
    om_dnnl_ranges(&par, rows, 8, apply_range, &p);
}
