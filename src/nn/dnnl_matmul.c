/* dnnl_matmul.c - linear layers and 1x1 convolutions: matrix products with
 * packed weights, bias, activation and sum written at once.
 *
 * oneDNN multiplies f32 by f16 weights as fast as by f32 ones, or faster: half
 * the memory goes through. Where it cannot (another processor), weights are
 * kept in 16 bits all the same and widened into scratch before each product.
 *
 * A GEGLU after the layer is done in bands of rows, small enough that what
 * passes between stays in the cache: it would be the largest value of the whole
 * network. */
#include "nn/dnnl_internal.h"

typedef struct product {
    om_dnnl_prim prim[2]; /* of a band, of a shorter last one */
    size_t rows, band, last;
    const om_dnnl_weight *weight;
    const float *bias;
    size_t wide;  /* numbers to widen first; 0: none */
    size_t geglu; /* channels of the result; 0: none */
} product;

static void free_product(om_dnnl_step *s)
{
    product *m = s->data;
    om_dnnl_prim_free(&m->prim[0]);
    om_dnnl_prim_free(&m->prim[1]);
}

/* ---- a run ------------------------------------------------------------- */

static void *at_row(const om_dnnl *b, om_spot p, size_t row, size_t step)
{
    return (char *)om_spot_at(b, p) + row * step * om_elem_size(b->elem);
}

typedef struct geglu_share {
    const om_dnnl *b;
    const char *x;
    char *y;
    size_t c;
} geglu_share;

static void geglu_range(void *arg, size_t first, size_t n)
{
    const geglu_share *h = arg;
    const size_t row = h->c * om_elem_size(h->b->elem);
    h->b->loops->geglu(h->b->elem, h->y + first * row, h->x + 2 * first * row,
                       n, h->c);
}

static omost_status run_band(om_dnnl_program *p, const om_dnnl_step *s,
                             size_t first, size_t rows, void *weights,
                             char *scratch, omost_error *err)
{
    const om_dnnl *b = om_dnnl_of(p);
    const product *m = s->data;
    union { /* oneDNN has no type for what it only reads */
        const float *read;
        void *p;
    } bias = {m->bias};
    const om_dnnl_prim *prim = &m->prim[rows != m->band];
    void *to = at_row(b, s->y, first, (size_t)s->out.c);
    char *between = scratch + prim->scratch;
    void *address[OM_N_ARGS] = {
        [OM_ARG_SRC] = at_row(b, s->x[0], first, (size_t)s->in.c),
        [OM_ARG_WEIGHTS] = weights,
        [OM_ARG_BIAS] = bias.p,
        [OM_ARG_DST] = m->geglu ? between : to,
        [OM_ARG_SCRATCH] = scratch,
    };
    for (int i = 0; i < OM_DNNL_POSTS; i++)
        address[OM_ARG_POST + i] =
            at_row(b, s->post[i], first, s->post_step[i]);
    omost_status st = om_dnnl_prim_run(prim, b, address, s->what, err);
    if (st || !m->geglu) return st;
    geglu_share h = {b, between, to, m->geglu};
    const om_parallel par = om_dnnl_parallel(b->base.n_threads);
    om_dnnl_ranges(&par, rows, 4, geglu_range, &h);
    return OMOST_OK;
}

static omost_status run_product(om_dnnl_program *p, const om_dnnl_step *s,
                                om_pace *pace, omost_error *err)
{
    const om_dnnl *b = om_dnnl_of(p);
    const product *m = s->data;
    char *scratch = om_dnnl_scratch(p);
    void *weights = m->weight->data.p;
    /* Bands of a GEGLU are short: ask the watch now and then. */
    const size_t n_bands = (m->rows + m->band - 1) / m->band;
    const size_t asks = s->flops > b->longest || !m->geglu ? n_bands : 1;
    for (size_t i = 0; i < n_bands; i++) {
        if (i < asks && !om_pace_step(pace, s->work, s->flops / (double)asks))
            return OMOST_CANCELLED;
        if (i == 0 && m->wide) {
            om_dnnl_widen(b, m->weight, (float *)(void *)scratch, m->wide);
            weights = scratch;
            scratch += om_aligned(m->wide * sizeof(float));
        }
        omost_status st =
            run_band(p, s, i * m->band, i + 1 < n_bands ? m->band : m->last,
                     weights, scratch, err);
        if (st) return st;
    }
    return OMOST_OK;
}

/* ---- making it --------------------------------------------------------- */

typedef struct making {
    om_dnnl_build *k;
    om_dnnl_source source;
    size_t in, out;
    om_dnnl_post post[OM_DNNL_POSTS];
    int n_posts;
    bool has_bias;
    product *m;
} making;

static dnnl_data_type_t type_of_bits(om_bits bits)
{
    return bits == OM_BITS_F16    ? dnnl_f16
           : bits == OM_BITS_BF16 ? dnnl_bf16
                                  : dnnl_f32;
}

/* rows rows times weights like w; *pd NULL when oneDNN has no such product. */
static dnnl_status_t describe(const making *z, size_t rows,
                              const_dnnl_memory_desc_t w,
                              dnnl_primitive_desc_t *pd)
{
    const om_dnnl *b = z->k->b;
    dnnl_memory_desc_t src = NULL, dst = NULL, bias = NULL;
    dnnl_primitive_attr_t attr = NULL;
    *pd = NULL;
    dnnl_status_t st = om_dnnl_matrix(&src, b->type, rows, z->in);
    if (st == dnnl_success) st = om_dnnl_matrix(&dst, b->type, rows, z->out);
    if (st == dnnl_success && z->has_bias)
        st = om_dnnl_matrix(&bias, dnnl_f32, 1, z->out);
    const om_shape full = {1, 1, (int)rows, (int)z->out};
    if (st == dnnl_success)
        st = om_dnnl_attr(&attr, b, z->post, z->n_posts, full, 2);
    if (st == dnnl_success)
        st = dnnl_matmul_primitive_desc_create(pd, b->engine, src, w, bias, dst,
                                               attr);
    if (attr) dnnl_primitive_attr_destroy(attr);
    if (bias) dnnl_memory_desc_destroy(bias);
    if (dst) dnnl_memory_desc_destroy(dst);
    if (src) dnnl_memory_desc_destroy(src);
    return st;
}

static dnnl_status_t describe_any(const making *z, size_t rows,
                                  dnnl_data_type_t type,
                                  dnnl_primitive_desc_t *pd)
{
    dnnl_dims_t dims = {(dnnl_dim_t)z->in, (dnnl_dim_t)z->out};
    dnnl_memory_desc_t w = NULL;
    *pd = NULL;
    dnnl_status_t st = dnnl_memory_desc_create_with_tag(&w, 2, dims, type,
                                                        dnnl_format_tag_any);
    if (st == dnnl_success) st = describe(z, rows, w, pd);
    if (w) dnnl_memory_desc_destroy(w);
    return st;
}

/* The best way there is: weights as they are packed already, as they are kept,
 * widened; the first that is fast, else the first. */
static dnnl_status_t choose(const making *z, size_t rows, om_bits bits,
                            dnnl_primitive_desc_t *out)
{
    const om_dnnl_weight *there =
        om_dnnl_find(&z->source, OM_FORM_MATMUL, NULL);
    dnnl_status_t st = dnnl_unimplemented;
    *out = NULL;
    for (int i = 0; i < 3; i++) {
        dnnl_primitive_desc_t pd = NULL;
        dnnl_status_t now = dnnl_unimplemented;
        if (i == 0 && there) now = describe(z, rows, there->desc, &pd);
        if (i == 1) now = describe_any(z, rows, type_of_bits(bits), &pd);
        if (i == 2) now = describe_any(z, rows, z->k->b->type, &pd);
        if (now != dnnl_success) continue;
        const bool fast = om_dnnl_is_fast(pd);
        if (!*out || fast) {
            if (*out) dnnl_primitive_desc_destroy(*out);
            *out = pd;
            st = dnnl_success;
        } else {
            dnnl_primitive_desc_destroy(pd);
        }
        if (fast) break;
    }
    return st;
}

static void divide(product *m, double flops, double longest, size_t elem)
{
    size_t band = m->rows;
    if (m->geglu) {
        const size_t cache = 8u << 20; /* of what passes between */
        band = cache / (2 * m->geglu * elem);
    }
    if (flops > longest) {
        const size_t most = (size_t)((double)m->rows * longest / flops);
        if (most < band) band = most;
    }
    band = band / 64 * 64;
    if (band < 64) band = 64;
    if (band > m->rows) band = m->rows;
    /* of about equal size */
    const size_t n = (m->rows + band - 1) / band;
    band = (m->rows + n - 1) / n;
    band = (band + 7) / 8 * 8;
    m->band = band < m->rows ? band : m->rows;
    m->last = m->rows - (m->rows - 1) / m->band * m->band;
}

static omost_status make_prims(making *z, omost_error *err)
{
    const om_dnnl_step *s = z->k->s;
    product *m = z->m;
    om_bits bits;
    dnnl_primitive_desc_t pd;
    omost_status st = om_dnnl_bits(&z->source, &bits, err);
    if (st) return st;
    dnnl_status_t made = choose(z, m->band, bits, &pd);
    if (made != dnnl_success) return om_dnnl_failed(made, s->what, err);
    const_dnnl_memory_desc_t desc =
        dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
    st = om_dnnl_pack(&z->source, OM_FORM_MATMUL, desc, &m->weight, err);
    if (st) {
        dnnl_primitive_desc_destroy(pd);
        return st;
    }
    dnnl_data_type_t type;
    (void)dnnl_memory_desc_query(desc, dnnl_query_data_type, &type);
    if (type != type_of_bits(m->weight->bits))
        m->wide = m->weight->data.bytes / om_bits_size(m->weight->bits);
    st = om_dnnl_prim_init(&m->prim[0], z->k->b, pd, s->what, err);
    if (st || m->last == m->band) return st;
    made = describe(z, m->last, m->weight->desc, &pd);
    if (made != dnnl_success) return om_dnnl_failed(made, s->what, err);
    return om_dnnl_prim_init(&m->prim[1], z->k->b, pd, s->what, err);
}

static size_t scratch_of(const product *m, size_t elem)
{
    size_t own = m->prim[0].scratch;
    if (own < m->prim[1].scratch) own = m->prim[1].scratch;
    return om_aligned(m->wide * sizeof(float)) + own +
           om_aligned(m->band * 2 * m->geglu * elem);
}

omost_status om_dnnl_matmul(om_dnnl_build *k, omost_error *err)
{
    const om_node *n = &k->g->node[k->f->main];
    om_dnnl_step *s = k->s;
    product *m = om_dnnl_array(k, 1, sizeof *m);
    if (!m) return om_fail_nomem(err);
    making z = {.k = k,
                .source = om_dnnl_source_of(k->b, k->params, n->weight),
                .in = (size_t)s->in.c,
                .out = (size_t)om_shape_of(k->g, n->out).c,
                .n_posts = k->f->n_posts,
                .has_bias = n->bias != OM_NO_PARAM,
                .m = m};
    om_dnnl_posts(k, z.post);
    m->rows = om_shape_rows(s->in);
    m->geglu = k->f->geglu == OM_NO_FUSION ? 0 : (size_t)s->out.c;
    const size_t elem = om_elem_size(k->b->elem);
    divide(m, s->flops, k->b->longest, elem);
    s->data = m;
    s->run = run_product;
    s->free = free_product;
    omost_status st = om_dnnl_vector(k->b, k->params, n->bias, &m->bias, err);
    if (st == OMOST_OK) st = make_prims(&z, err);
    om_dnnl_source_free(&z.source);
    s->scratch = scratch_of(m, elem);
    return st;
}
