/* dnnl_conv.c - convolutions by oneDNN.
 *
 * Weights are kept in 16 bits, eight outputs side by side, and widened into
 * scratch before each convolution, in the order oneDNN asks for at this size.
 *
 * A convolution that would take long is done in bands of lines; the lines above
 * and below a band are read from the picture, or are zeroes at its edges. */
#include "nn/dnnl_internal.h"

enum { KINDS = 4 }; /* first, middle, last but one or last, only */

/* Lines y..y+rows of the result, from lines from..from+n of the picture with
 * zeroes around. */
typedef struct band {
    int y, rows, from, n, top, bottom, kind;
} band;

typedef struct convolution {
    om_dnnl_prim prim[KINDS];
    band *band;
    int n_bands, n_kinds;
    int pictures; /* at a time */
    const om_dnnl_weight *weight;
    const float *bias;
    size_t wide;  /* numbers to widen first; 0: none */
    size_t block; /* EIGHTS: of oneDNN's layout */
    size_t per_output;
} convolution;

static void free_conv(om_dnnl_step *s)
{
    convolution *m = s->data;
    for (int i = 0; i < KINDS; i++) om_dnnl_prim_free(&m->prim[i]);
}

/* ---- a run ------------------------------------------------------------- */

static void *at_line(const om_dnnl *b, om_spot p, om_shape s, int n, int y)
{
    const size_t line = (size_t)n * (size_t)s.h + (size_t)y;
    return (char *)om_spot_at(b, p) +
           line * (size_t)s.w * (size_t)s.c * om_elem_size(b->elem);
}

static omost_status run_band(om_dnnl_program *p, const om_dnnl_step *s, int n,
                             const band *r, void *weights, char *scratch,
                             omost_error *err)
{
    const om_dnnl *b = om_dnnl_of(p);
    const convolution *m = s->data;
    union { /* oneDNN has no type for what it only reads */
        const float *read;
        void *p;
    } bias = {m->bias};
    void *address[OM_N_ARGS] = {
        [OM_ARG_SRC] = at_line(b, s->x[0], s->in, n, r->from),
        [OM_ARG_WEIGHTS] = weights,
        [OM_ARG_BIAS] = bias.p,
        [OM_ARG_DST] = at_line(b, s->y, s->out, n, r->y),
        [OM_ARG_SCRATCH] = scratch,
    };
    for (int i = 0; i < OM_DNNL_POSTS; i++)
        address[OM_ARG_POST + i] = s->post_step[i]
                                       ? at_line(b, s->post[i], s->out, n, r->y)
                                       : om_spot_at(b, s->post[i]);
    return om_dnnl_prim_run(&m->prim[r->kind], b, address, s->what, err);
}

static omost_status run_conv(om_dnnl_program *p, const om_dnnl_step *s,
                             om_pace *pace, omost_error *err)
{
    const om_dnnl *b = om_dnnl_of(p);
    const convolution *m = s->data;
    char *scratch = om_dnnl_scratch(p);
    void *weights = m->weight->data.p;
    for (int n = 0; n < s->out.n; n += m->pictures)
        for (int i = 0; i < m->n_bands; i++) {
            const band *r = &m->band[i];
            const double part =
                (double)m->pictures * r->rows / ((double)s->out.n * s->out.h);
            if (!om_pace_step(pace, s->work, s->flops * part))
                return OMOST_CANCELLED;
            if (m->wide && n == 0 && i == 0) {
                float *to = (float *)(void *)scratch;
                if (m->block)
                    om_dnnl_widen_eights(b, m->weight, to, (size_t)s->out.c,
                                         m->per_output, m->block);
                else
                    om_dnnl_widen(b, m->weight, to, m->wide);
                weights = to;
                scratch += om_aligned(m->wide * sizeof(float));
            }
            omost_status st = run_band(p, s, n, r, weights, scratch, err);
            if (st) return st;
        }
    return OMOST_OK;
}

/* ---- bands ------------------------------------------------------------- */

static band band_of(const om_conv_shape *c, int h, int y, int rows)
{
    const int first = y * c->stride - c->pad[0];
    const int end = first + (rows - 1) * c->stride + c->kernel;
    band r = {.y = y, .rows = rows};
    r.top = first < 0 ? -first : 0;
    r.from = first < 0 ? 0 : first;
    r.bottom = end > h ? end - h : 0;
    r.n = (end > h ? h : end) - r.from;
    return r;
}

/* The primitive for a band like r; a new one when there is none. */
static int kind_of(convolution *m, int n_before, const band *r)
{
    for (int i = 0; i < n_before; i++) {
        const band *q = &m->band[i];
        if (q->rows == r->rows && q->n == r->n && q->top == r->top &&
            q->bottom == r->bottom)
            return q->kind;
    }
    return m->n_kinds++;
}

/* rows lines at a time; false when a band would see nothing of the picture, or
 * there are too many kinds of them. */
static bool cut(convolution *m, const om_conv_shape *c, om_shape in,
                om_shape out, int rows)
{
    m->n_kinds = m->n_bands = 0;
    for (int y = 0; y < out.h; y += rows) {
        band r = band_of(c, in.h, y, out.h - y < rows ? out.h - y : rows);
        if (r.n < 1) return false;
        r.kind = kind_of(m, m->n_bands, &r);
        if (m->n_kinds > KINDS) return false;
        m->band[m->n_bands++] = r;
    }
    return true;
}

static void undivide(convolution *m, const om_conv_shape *c,
                     const om_dnnl_step *s)
{
    m->n_bands = m->n_kinds = 1;
    m->band[0] = (band){
        .rows = s->out.h, .n = s->in.h, .top = c->pad[0], .bottom = c->pad[2]};
}

static omost_status divide(om_dnnl_build *k, convolution *m,
                           const om_conv_shape *c, omost_error *err)
{
    const om_dnnl_step *s = k->s;
    const double each = s->flops / s->out.n; /* picture */
    m->band = om_dnnl_array(k, (size_t)s->out.h, sizeof *m->band);
    if (!m->band) return om_fail_nomem(err);
    m->pictures = s->flops > k->b->longest ? 1 : s->out.n;
    if (each > k->b->longest) {
        const double pieces = each / k->b->longest + 1;
        const int n = pieces < s->out.h ? (int)pieces : s->out.h;
        if (cut(m, c, s->in, s->out, (s->out.h + n - 1) / n)) return OMOST_OK;
    }
    undivide(m, c, s);
    return OMOST_OK;
}

/* ---- making it --------------------------------------------------------- */

typedef struct making {
    om_dnnl_build *k;
    om_dnnl_source source;
    const om_conv_shape *c;
    om_dnnl_post post[OM_DNNL_POSTS];
    int n_posts;
    bool has_bias;
    convolution *m;
} making;

static dnnl_status_t describe(const making *z, const band *r,
                              const_dnnl_memory_desc_t w,
                              dnnl_primitive_desc_t *pd)
{
    const om_dnnl *b = z->k->b;
    const om_conv_shape *c = z->c;
    const om_dnnl_step *s = z->k->s;
    const om_shape in = {z->m->pictures, r->n, s->in.w, s->in.c};
    const om_shape out = {z->m->pictures, r->rows, s->out.w, s->out.c};
    dnnl_memory_desc_t src = NULL, dst = NULL, bias = NULL;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_dims_t channels = {s->out.c}, strides = {c->stride, c->stride};
    dnnl_dims_t dilation = {0, 0}, before = {r->top, c->pad[1]};
    dnnl_dims_t after = {r->bottom, c->pad[3]};
    *pd = NULL;
    dnnl_status_t st = om_dnnl_picture(&src, b->type, in);
    if (st == dnnl_success) st = om_dnnl_picture(&dst, b->type, out);
    if (st == dnnl_success && z->has_bias)
        st = dnnl_memory_desc_create_with_tag(&bias, 1, channels, dnnl_f32,
                                              dnnl_a);
    if (st == dnnl_success)
        st = om_dnnl_attr(&attr, b, false, z->post, z->n_posts, out, 4);
    if (st == dnnl_success)
        st = dnnl_convolution_forward_primitive_desc_create(
            pd, b->engine, dnnl_forward_inference, dnnl_convolution_direct, src,
            w, bias, dst, strides, dilation, before, after, attr);
    if (attr) dnnl_primitive_attr_destroy(attr);
    if (bias) dnnl_memory_desc_destroy(bias);
    if (dst) dnnl_memory_desc_destroy(dst);
    if (src) dnnl_memory_desc_destroy(src);
    return st;
}

static dnnl_status_t describe_any(const making *z, const band *r,
                                  dnnl_primitive_desc_t *pd)
{
    dnnl_dims_t dims = {z->k->s->out.c, z->k->s->in.c, z->c->kernel,
                        z->c->kernel};
    dnnl_memory_desc_t w = NULL;
    *pd = NULL;
    dnnl_status_t st =
        dnnl_memory_desc_create_with_tag(&w, 4, dims, z->k->b->type,
                                         dnnl_format_tag_any);
    if (st == dnnl_success) st = describe(z, r, w, pd);
    if (w) dnnl_memory_desc_destroy(w);
    return st;
}

/* With weights as they are packed already, for another size; else, and when
 * oneDNN is only fast in an order of its choice, in that one. */
static dnnl_status_t describe_first(const making *z, const band *r,
                                    dnnl_primitive_desc_t *pd)
{
    const om_dnnl_weight *there = om_dnnl_find(&z->source, OM_FORM_CONV);
    if (!there || describe(z, r, there->order.desc, pd) != dnnl_success)
        return describe_any(z, r, pd);
    if (om_dnnl_is_fast(*pd)) return dnnl_success;
    dnnl_primitive_desc_t other;
    if (describe_any(z, r, &other) != dnnl_success) return dnnl_success;
    const bool better = om_dnnl_is_fast(other);
    dnnl_primitive_desc_destroy(better ? *pd : other);
    if (better) *pd = other;
    return dnnl_success;
}

/* The weights for a primitive that wants them as desc says. */
static omost_status take_weights(making *z, dnnl_memory_desc_t desc,
                                 omost_error *err)
{
    convolution *m = z->m;
    om_bits bits;
    omost_status st = om_dnnl_bits(&z->source, &bits, err);
    if (st) return st;
    const bool narrow = z->k->b->elem == OM_ELEM_F32 && bits != OM_BITS_F32;
    m->block = narrow ? om_dnnl_eights_block(desc) : 0;
    m->per_output = z->source.in * z->source.taps;
    const om_dnnl_order eights = {.form = OM_FORM_EIGHTS};
    const om_dnnl_order own = {.form = OM_FORM_CONV, .desc = desc};
    st = om_dnnl_pack(&z->source, m->block ? &eights : &own, &m->weight, err);
    if (narrow) m->wide = dnnl_memory_desc_get_size(desc) / sizeof(float);
    return st;
}

static omost_status make_prims(making *z, omost_error *err)
{
    convolution *m = z->m;
    const char *what = z->k->s->what;
    dnnl_memory_desc_t desc = NULL;
    omost_status st = OMOST_OK;
    for (int i = 0; i < m->n_bands && st == OMOST_OK; i++) {
        const band *r = &m->band[i];
        if (m->prim[r->kind].primitive) continue;
        dnnl_primitive_desc_t pd = NULL;
        dnnl_status_t made =
            desc ? describe(z, r, desc, &pd) : describe_first(z, r, &pd);
        /* Bands share one order of the weights; where oneDNN has no fast way
         * with it for one of them, the whole at once is better. */
        if (made == dnnl_success && m->n_bands > 1 && !om_dnnl_is_fast(pd)) {
            dnnl_primitive_desc_destroy(pd);
            if (desc) dnnl_memory_desc_destroy(desc);
            for (int j = 0; j < KINDS; j++) om_dnnl_prim_free(&m->prim[j]);
            undivide(m, z->c, z->k->s);
            return make_prims(z, err);
        }
        if (made == dnnl_success && !desc)
            made = dnnl_memory_desc_clone(
                &desc,
                dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0));
        if (made == dnnl_success) {
            st = om_dnnl_prim_init(&m->prim[r->kind], z->k->b, pd, what, err);
            continue;
        }
        if (pd) dnnl_primitive_desc_destroy(pd);
        st = om_dnnl_failed(made, what, err);
    }
    if (st == OMOST_OK) st = take_weights(z, desc, err);
    if (desc) dnnl_memory_desc_destroy(desc);
    return st;
}

static size_t scratch_of(const convolution *m)
{
    size_t own = 0;
    for (int i = 0; i < m->n_kinds; i++)
        if (own < m->prim[i].scratch) own = m->prim[i].scratch;
    return om_aligned(m->wide * sizeof(float)) + own;
}

omost_status om_dnnl_conv(om_dnnl_build *k, omost_error *err)
{
    const om_node *n = &k->g->node[k->f->main];
    om_dnnl_step *s = k->s;
    convolution *m = om_dnnl_array(k, 1, sizeof *m);
    if (!m) return om_fail_nomem(err);
    making z = {.k = k,
                .source = om_dnnl_source_of(k->b, k->params, n->weight),
                .c = &n->conv,
                .n_posts = k->f->n_posts,
                .has_bias = n->bias != OM_NO_PARAM,
                .m = m};
    om_dnnl_posts(k, z.post);
    s->data = m;
    s->run = run_conv;
    s->free = free_conv;
    omost_status st = om_dnnl_vector(k->b, k->params, n->bias, &m->bias, err);
    if (st == OMOST_OK) st = divide(k, m, &n->conv, err);
    if (st == OMOST_OK) st = make_prims(&z, err);
    s->scratch = scratch_of(m);
    return st;
}
