/* dnnl_simple.c - steps that are our own loops, and attention. */
#include <string.h>

#include "nn/dnnl_internal.h"

/* What a loop over rows needs. */
typedef struct share {
    const om_dnnl *b;
    const om_dnnl_step *s;
    const char *x[2];
    char *y;
    size_t c, size; /* channels of the result, bytes of an element */
} share;

static share share_of(const om_dnnl_program *p, const om_dnnl_step *s)
{
    const om_dnnl *b = om_dnnl_of(p);
    return (share){.b = b,
                   .s = s,
                   .x = {om_spot_at(b, s->x[0]), om_spot_at(b, s->x[1])},
                   .y = om_spot_at(b, s->y),
                   .c = (size_t)s->out.c,
                   .size = om_elem_size(b->elem)};
}

/* body over all rows of the result */
static omost_status over_rows(om_dnnl_program *p, const om_dnnl_step *s,
                              om_pace *pace, size_t rows, size_t unit,
                              om_range_fn *body)
{
    if (!om_pace_step(pace, s->work, s->flops)) return OMOST_CANCELLED;
    share h = share_of(p, s);
    const om_parallel par = om_dnnl_parallel(p->base.backend->n_threads);
    om_dnnl_ranges(&par, rows, unit, body, &h);
    return OMOST_OK;
}

/* ---- group norm -------------------------------------------------------- */

static omost_status run_group_norm(om_dnnl_program *p, const om_dnnl_step *s,
                                   om_pace *pace, omost_error *err)
{
    (void)err;
    const om_dnnl *b = om_dnnl_of(p);
    const om_dnnl_norm *norm = s->data;
    const size_t rows = (size_t)s->out.h * (size_t)s->out.w;
    const size_t bytes = rows * (size_t)s->out.c * om_elem_size(b->elem);
    char *y = om_spot_at(b, s->y);
    for (int n = 0; n < s->out.n; n++, y += bytes) {
        if (!om_pace_step(pace, s->work, s->flops / s->out.n))
            return OMOST_CANCELLED;
        om_affine a = om_dnnl_norm_measure(b, norm, n, om_dnnl_scratch(p));
        om_dnnl_norm_apply(b, norm, a, n, 0, rows, y);
    }
    return OMOST_OK;
}

static omost_status make_group_norm(om_dnnl_build *k, omost_error *err)
{
    om_dnnl_norm *norm = om_dnnl_array(k, 1, sizeof *norm);
    if (!norm) return om_fail_nomem(err);
    k->s->run = run_group_norm;
    k->s->data = norm;
    omost_status st =
        om_dnnl_norm_init(norm, k, k->f->main, k->f->pre_add, k->f->silu, err);
    k->s->scratch = om_dnnl_norm_scratch(k->b, norm);
    return st;
}

/* ---- layer norm -------------------------------------------------------- */

typedef struct layer_norm {
    const float *weight, *bias;
    float eps;
} layer_norm;

static void layer_norm_range(void *arg, size_t first, size_t n)
{
    const share *h = arg;
    const layer_norm *l = h->s->data;
    const size_t at = first * h->c * h->size;
    h->b->loops->layer_norm(h->b->elem, h->y + at, h->x[0] + at, n, h->c,
                            l->weight, l->bias, l->eps);
}

static omost_status run_layer_norm(om_dnnl_program *p, const om_dnnl_step *s,
                                   om_pace *pace, omost_error *err)
{
    (void)err;
    return over_rows(p, s, pace, om_shape_rows(s->out), 8, layer_norm_range);
}

static omost_status make_layer_norm(om_dnnl_build *k, omost_error *err)
{
    const om_node *n = &k->g->node[k->f->main];
    layer_norm *l = om_dnnl_array(k, 1, sizeof *l);
    if (!l) return om_fail_nomem(err);
    l->eps = n->eps;
    k->s->run = run_layer_norm;
    k->s->data = l;
    omost_status st =
        om_dnnl_vector(k->b, k->params, n->weight, &l->weight, err);
    if (st == OMOST_OK)
        st = om_dnnl_vector(k->b, k->params, n->bias, &l->bias, err);
    return st;
}

/* ---- element by element ------------------------------------------------ */

typedef struct simple {
    om_unary_kind unary;
    /* add: the second operand has one row per picture (or one for all) */
    size_t picture;   /* rows of a picture of the result */
    size_t picture_b; /* rows of b per picture: as many, or 1 */
    bool one_b;       /* one picture for all */
    size_t width[2];  /* concat: channels of each */
} simple;

static void unary_range(void *arg, size_t first, size_t n)
{
    const share *h = arg;
    const simple *e = h->s->data;
    const size_t at = first * h->size;
    h->b->loops->unary(h->b->elem, e->unary, h->y + at, h->x[0] + at, n);
}

static omost_status run_unary(om_dnnl_program *p, const om_dnnl_step *s,
                              om_pace *pace, omost_error *err)
{
    (void)err;
    return over_rows(p, s, pace, om_shape_size(s->out), 64, unary_range);
}

static void geglu_range(void *arg, size_t first, size_t n)
{
    const share *h = arg;
    h->b->loops->geglu(h->b->elem, h->y + first * h->c * h->size,
                       h->x[0] + 2 * first * h->c * h->size, n, h->c);
}

static omost_status run_geglu(om_dnnl_program *p, const om_dnnl_step *s,
                              om_pace *pace, omost_error *err)
{
    (void)err;
    return over_rows(p, s, pace, om_shape_rows(s->out), 4, geglu_range);
}

/* Rows first..first+n, picture by picture. */
static void add_range(void *arg, size_t first, size_t n)
{
    const share *h = arg;
    const simple *e = h->s->data;
    const size_t row = h->c * h->size;
    while (n) {
        const size_t picture = first / e->picture, in = first % e->picture;
        const size_t now = e->picture - in < n ? e->picture - in : n;
        size_t b_row = e->one_b ? 0 : picture * e->picture_b;
        if (e->picture_b > 1) b_row += in;
        h->b->loops->add(h->b->elem, h->y + first * row, h->x[0] + first * row,
                         h->x[1] + b_row * row, now, h->c,
                         e->picture_b > 1 ? h->c : 0);
        first += now;
        n -= now;
    }
}

static omost_status run_add(om_dnnl_program *p, const om_dnnl_step *s,
                            om_pace *pace, omost_error *err)
{
    (void)err;
    return over_rows(p, s, pace, om_shape_rows(s->out), 8, add_range);
}

static void concat_range(void *arg, size_t first, size_t n)
{
    const share *h = arg;
    const simple *e = h->s->data;
    const size_t a = e->width[0] * h->size, b = e->width[1] * h->size;
    char *y = h->y + first * (a + b);
    for (size_t i = first; i < first + n; i++, y += a + b) {
        memcpy(y, h->x[0] + i * a, a);
        memcpy(y + a, h->x[1] + i * b, b);
    }
}

static omost_status run_concat(om_dnnl_program *p, const om_dnnl_step *s,
                               om_pace *pace, omost_error *err)
{
    (void)err;
    return over_rows(p, s, pace, om_shape_rows(s->out), 8, concat_range);
}

/* Lines of the small picture: each makes two. */
static void upsample_range(void *arg, size_t first, size_t n)
{
    const share *h = arg;
    const size_t w = (size_t)h->s->in.w, c = h->c * h->size;
    for (size_t i = first; i < first + n; i++) {
        const char *x = h->x[0] + i * w * c;
        char *y = h->y + i * 4 * w * c;
        for (size_t j = 0; j < w; j++) {
            memcpy(y + 2 * j * c, x + j * c, c);
            memcpy(y + (2 * j + 1) * c, x + j * c, c);
        }
        memcpy(y + 2 * w * c, y, 2 * w * c);
    }
}

static omost_status run_upsample(om_dnnl_program *p, const om_dnnl_step *s,
                                 om_pace *pace, omost_error *err)
{
    (void)err;
    return over_rows(p, s, pace, (size_t)s->in.n * (size_t)s->in.h, 1,
                     upsample_range);
}

static omost_status make_simple(om_dnnl_build *k, om_step_fn *run,
                                omost_error *err)
{
    const om_node *n = &k->g->node[k->f->main];
    const om_shape out = k->s->out;
    simple *e = om_dnnl_array(k, 1, sizeof *e);
    if (!e) return om_fail_nomem(err);
    *e = (simple){.unary = n->unary};
    if (n->n_in > 1) {
        const om_shape b = om_shape_of(k->g, n->in[1]);
        e->picture = (size_t)out.h * (size_t)out.w;
        e->picture_b = (size_t)b.h * (size_t)b.w;
        e->one_b = b.n == 1;
        e->width[0] = (size_t)k->s->in.c;
        e->width[1] = (size_t)b.c;
    }
    k->s->run = run;
    k->s->data = e;
    return OMOST_OK;
}

/* ---- inputs and outputs ------------------------------------------------ */

static void widen_range(void *arg, size_t first, size_t n)
{
    const share *h = arg;
    h->b->loops->widen(h->b->elem, (float *)(void *)h->y + first,
                       h->x[0] + first * h->size, n);
}

static void narrow_range(void *arg, size_t first, size_t n)
{
    const share *h = arg;
    h->b->loops->narrow(h->b->elem, h->y + first * h->size,
                        (const float *)(const void *)h->x[0] + first, n);
}

static omost_status run_widen(om_dnnl_program *p, const om_dnnl_step *s,
                              om_pace *pace, omost_error *err)
{
    (void)err;
    return over_rows(p, s, pace, om_shape_size(s->out), 4096, widen_range);
}

static omost_status run_narrow(om_dnnl_program *p, const om_dnnl_step *s,
                               om_pace *pace, omost_error *err)
{
    (void)err;
    return over_rows(p, s, pace, om_shape_size(s->out), 4096, narrow_range);
}

static void copy_range(void *arg, size_t first, size_t n)
{
    const share *h = arg;
    memcpy(h->y + first * h->size, h->x[0] + first * h->size, n * h->size);
}

static omost_status run_copy(om_dnnl_program *p, const om_dnnl_step *s,
                             om_pace *pace, omost_error *err)
{
    (void)err;
    return over_rows(p, s, pace, om_shape_size(s->out), 4096, copy_range);
}

void om_dnnl_copy(om_dnnl_step *s)
{
    s->run = run_copy;
}

void om_dnnl_convert(om_dnnl_step *s, bool to_f32)
{
    s->run = to_f32 ? run_widen : run_narrow;
}

/* ---- attention --------------------------------------------------------- */

typedef struct attention {
    om_attend_job job; /* without addresses */
    int pictures;      /* at a time */
    int band;          /* rows at a time */
} attention;

static om_attend_job job_of(const om_dnnl_build *k, om_shape q, om_shape kv)
{
    const om_node *n = &k->g->node[k->f->main];
    const size_t c = (size_t)q.c;
    return (om_attend_job){.type = k->b->elem == OM_ELEM_F32 ? OM_ATTEND_F32
                                                             : OM_ATTEND_BF16,
                           .n = q.n,
                           .rows = q.h * q.w,
                           .words = kv.h * kv.w,
                           .heads = n->heads,
                           .width = q.c / n->heads,
                           .q_stride = c,
                           .k_stride = c,
                           .v_stride = c,
                           .y_stride = c,
                           .causal = n->causal,
                           .isa = OM_ATTEND_AUTO};
}

/* All pictures at once; when that would take long one by one, and in bands of
 * rows. */
static omost_status run_attention(om_dnnl_program *p, const om_dnnl_step *s,
                                  om_pace *pace, omost_error *err)
{
    (void)err;
    const om_dnnl *b = om_dnnl_of(p);
    const attention *a = s->data;
    om_attend_job job = a->job;
    const om_parallel par = om_dnnl_parallel(b->base.n_threads);
    const size_t row = job.q_stride * om_elem_size(b->elem);
    const size_t word = job.k_stride * om_elem_size(b->elem);
    const int rows = job.rows;
    const int pictures = a->pictures;
    job.n = pictures;
    for (int n = 0; n < s->out.n; n += pictures)
        for (int first = 0; first < rows; first += a->band) {
            job.rows = rows - first < a->band ? rows - first : a->band;
            const size_t at = (size_t)n * (size_t)rows + (size_t)first;
            const size_t words = (size_t)n * (size_t)job.words * word;
            job.q = (const char *)om_spot_at(b, s->x[0]) + at * row;
            job.y = (char *)om_spot_at(b, s->y) + at * row;
            job.k = (const char *)om_spot_at(b, s->x[1]) + words;
            job.v = (const char *)om_spot_at(b, s->x[2]) + words;
            const double part =
                (double)pictures * job.rows / ((double)s->out.n * rows);
            if (!om_pace_step(pace, s->work, s->flops * part))
                return OMOST_CANCELLED;
            om_attend_run(&job, om_dnnl_scratch(p), &par);
        }
    return OMOST_OK;
}

static omost_status make_attention(om_dnnl_build *k, omost_error *err)
{
    const om_node *n = &k->g->node[k->f->main];
    attention *a = om_dnnl_array(k, 1, sizeof *a);
    if (!a) return om_fail_nomem(err);
    a->job =
        job_of(k, om_shape_of(k->g, n->in[0]), om_shape_of(k->g, n->in[1]));
    const int rows = a->job.rows;
    const double pieces = k->s->flops / k->b->longest;
    a->band = rows;
    a->pictures = pieces > 1 ? 1 : a->job.n;
    if (pieces > 1 && !n->causal) {
        enum { UNIT = 256 };
        const double per = (double)rows * a->job.n / pieces;
        a->band = per < UNIT ? UNIT : (int)per / UNIT * UNIT;
        if (a->band > rows) a->band = rows;
    }
    k->s->scratch = om_attend_scratch_size(&a->job, k->b->base.n_threads);
    k->s->run = run_attention;
    k->s->data = a;
    return k->s->scratch ? OMOST_OK : om_fail_nomem(err);
}

static om_attend_job cross_job(const om_dnnl_step *s, const om_cross *cross)
{
    const attention *a = s->data;
    om_attend_job job = a->job;
    job.words = cross->kept->n_words;
    job.k = cross->kept->k;
    job.v = cross->kept->v;
    job.map = cross->maps;
    return job;
}

static omost_status run_cross(om_dnnl_program *p, const om_dnnl_step *s,
                              om_pace *pace, omost_error *err)
{
    (void)err;
    const om_dnnl *b = om_dnnl_of(p);
    if (!om_pace_step(pace, s->work, s->cross->flops)) return OMOST_CANCELLED;
    om_attend_job job = cross_job(s, s->cross);
    job.q = om_spot_at(b, s->x[0]);
    job.y = om_spot_at(b, s->y);
    const om_parallel par = om_dnnl_parallel(b->base.n_threads);
    om_attend_run(&job, om_dnnl_scratch(p), &par);
    return OMOST_OK;
}

static omost_status make_cross(om_dnnl_build *k, omost_error *err)
{
    attention *a = om_dnnl_array(k, 1, sizeof *a);
    if (!a) return om_fail_nomem(err);
    a->job = job_of(k, k->s->in, k->s->in);
    int i = 0;
    for (int node = 0; node < k->f->main; node++)
        i += k->g->node[node].op == OM_OP_CROSS;
    k->s->cross = &k->p->base.cross[i];
    k->s->run = run_cross;
    k->s->data = a;
    return OMOST_OK;
}

size_t om_dnnl_cross_scratch(const om_dnnl_step *s, int n_words, int n_threads)
{
    const attention *a = s->data;
    om_attend_job job = a->job;
    job.words = n_words;
    job.map = s->cross->maps; /* there will be some */
    return om_attend_scratch_size(&job, n_threads);
}

/* ---- which ------------------------------------------------------------- */

omost_status om_dnnl_simple(om_dnnl_build *k, omost_error *err)
{
    switch (k->g->node[k->f->main].op) {
    case OM_OP_GROUP_NORM: return make_group_norm(k, err);
    case OM_OP_LAYER_NORM: return make_layer_norm(k, err);
    case OM_OP_UNARY: return make_simple(k, run_unary, err);
    case OM_OP_GEGLU: return make_simple(k, run_geglu, err);
    case OM_OP_ADD: return make_simple(k, run_add, err);
    case OM_OP_CONCAT: return make_simple(k, run_concat, err);
    case OM_OP_UPSAMPLE: return make_simple(k, run_upsample, err);
    case OM_OP_ATTENTION: return make_attention(k, err);
    case OM_OP_CROSS: return make_cross(k, err);
    default:
        return om_fail(err, OMOST_BACKEND, "%s: the back end dnnl lacks it",
                       k->s->what);
    }
}
