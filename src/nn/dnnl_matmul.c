/* dnnl_matmul.c - linear layers and 1x1 convolutions: matrix products with
 * packed weights, bias, activation and sum written at once.
 *
 * oneDNN multiplies f32 by f16 weights faster than by f32 ones: half the memory
 * goes through. But in 3.12 the result is wrong on AVX2 when the weights have
 * more than 1024 inputs (the second block of inputs is read from the wrong
 * place; found by om_dnnl_find_depth). So deep layers are done in pieces of
 * inputs, each added to the sum so far, which costs a few percent. Where there
 * is no such product at all, weights are kept in 16 bits all the same and
 * widened into scratch before.
 *
 * A GEGLU after the layer is done in bands of rows, small enough that what
 * passes between stays in the cache: it would be the largest value of the whole
 * network. */
#include "nn/dnnl_internal.h"

/* A piece of the inputs: the first starts the sum, the last one finishes. */
typedef enum part { ONLY, FIRST, MIDDLE, LAST, N_PARTS } part;

typedef struct product {
    om_dnnl_prim prim[2][N_PARTS]; /* of a band, of a shorter last one */
    size_t rows, band, last;
    size_t in, depth, n_pieces;
    int n_posts;
    const om_dnnl_weight *weight;
    const float *bias;
    size_t wide;  /* numbers to widen first; 0: none */
    size_t geglu; /* channels of the result; 0: none */
} product;

static bool adds(part k)
{
    return k == MIDDLE || k == LAST;
}

static bool ends(part k)
{
    return k == ONLY || k == LAST;
}

static part part_of(const product *m, size_t piece)
{
    if (m->n_pieces == 1) return ONLY;
    if (piece == 0) return FIRST;
    return piece + 1 < m->n_pieces ? MIDDLE : LAST;
}

static void free_product(om_dnnl_step *s)
{
    product *m = s->data;
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < N_PARTS; k++) om_dnnl_prim_free(&m->prim[i][k]);
}

/* ---- a run ------------------------------------------------------------- */

static size_t own_scratch(const product *m)
{
    size_t most = 0;
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < N_PARTS; k++)
            if (most < m->prim[i][k].scratch) most = m->prim[i][k].scratch;
    return most;
}

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

typedef struct call {
    size_t first, rows; /* of the band */
    char *weights, *scratch;
} call;

static omost_status run_band(om_dnnl_program *p, const om_dnnl_step *s,
                             const call *c, omost_error *err)
{
    const om_dnnl *b = om_dnnl_of(p);
    const product *m = s->data;
    union { /* oneDNN has no type for what it only reads */
        const float *read;
        void *p;
    } bias = {m->bias};
    const om_dnnl_prim *prims = m->prim[c->rows != m->band];
    char *from = at_row(b, s->x[0], c->first, m->in);
    char *to = at_row(b, s->y, c->first, (size_t)s->out.c);
    char *between = c->scratch + own_scratch(m);
    for (size_t i = 0; i < m->n_pieces; i++) {
        const part k = part_of(m, i);
        void *address[OM_N_ARGS] = {
            [OM_ARG_SRC] = from + i * m->depth * om_elem_size(b->elem),
            [OM_ARG_WEIGHTS] = c->weights + i * m->weight->piece,
            [OM_ARG_BIAS] = bias.p,
            [OM_ARG_DST] = m->geglu ? between : to,
            [OM_ARG_SCRATCH] = c->scratch,
        };
        for (int j = 0; j < m->n_posts; j++)
            address[OM_ARG_POST + j + adds(k)] =
                at_row(b, s->post[j], c->first, s->post_step[j]);
        omost_status st = om_dnnl_prim_run(&prims[k], b, address, s->what, err);
        if (st) return st;
    }
    if (!m->geglu) return OMOST_OK;
    geglu_share h = {b, between, to, m->geglu};
    const om_parallel par = om_dnnl_parallel(b->base.n_threads);
    om_dnnl_ranges(&par, c->rows, 4, geglu_range, &h);
    return OMOST_OK;
}

static omost_status run_product(om_dnnl_program *p, const om_dnnl_step *s,
                                om_pace *pace, omost_error *err)
{
    const om_dnnl *b = om_dnnl_of(p);
    const product *m = s->data;
    call c = {.weights = m->weight->data.p, .scratch = om_dnnl_scratch(p)};
    /* Bands of a GEGLU are short: ask the watch now and then. */
    const size_t n_bands = (m->rows + m->band - 1) / m->band;
    const size_t asks = s->flops > b->longest || !m->geglu ? n_bands : 1;
    for (size_t i = 0; i < n_bands; i++) {
        if (i < asks && !om_pace_step(pace, s->work, s->flops / (double)asks))
            return OMOST_CANCELLED;
        if (i == 0 && m->wide) {
            om_dnnl_widen(b, m->weight, (float *)(void *)c.scratch, m->wide);
            c.weights = c.scratch;
            c.scratch += om_aligned(m->wide * sizeof(float));
        }
        c.first = i * m->band;
        c.rows = i + 1 < n_bands ? m->band : m->last;
        omost_status st = run_band(p, s, &c, err);
        if (st) return st;
    }
    return OMOST_OK;
}

/* ---- making it --------------------------------------------------------- */

typedef struct making {
    om_dnnl_build *k;
    om_dnnl_source source;
    size_t out;
    om_dnnl_post post[OM_DNNL_POSTS];
    bool has_bias;
    product *m;
} making;

static dnnl_data_type_t type_of_bits(om_bits bits)
{
    return bits == OM_BITS_F16    ? dnnl_f16
           : bits == OM_BITS_BF16 ? dnnl_bf16
                                  : dnnl_f32;
}

/* `depth` of the inputs of some rows. */
static dnnl_status_t inputs_desc(dnnl_memory_desc_t *md, const making *z,
                                 size_t rows, size_t depth)
{
    const dnnl_dims_t dims = {(dnnl_dim_t)rows, (dnnl_dim_t)depth};
    const dnnl_dims_t strides = {(dnnl_dim_t)z->m->in, 1};
    return dnnl_memory_desc_create_with_strides(md, 2, dims, z->k->b->type,
                                                strides);
}

/* rows rows of `depth` inputs times weights like w; *pd NULL when oneDNN has no
 * such product. */
static dnnl_status_t describe(const making *z, size_t rows, size_t depth,
                              part k, const_dnnl_memory_desc_t w,
                              dnnl_primitive_desc_t *pd)
{
    const om_dnnl *b = z->k->b;
    dnnl_memory_desc_t src = NULL, dst = NULL, bias = NULL;
    dnnl_primitive_attr_t attr = NULL;
    *pd = NULL;
    dnnl_status_t st = inputs_desc(&src, z, rows, depth);
    if (st == dnnl_success) st = om_dnnl_matrix(&dst, b->type, rows, z->out);
    if (st == dnnl_success && z->has_bias && !adds(k))
        st = om_dnnl_matrix(&bias, dnnl_f32, 1, z->out);
    const om_shape full = {1, 1, (int)rows, (int)z->out};
    if (st == dnnl_success)
        st = om_dnnl_attr(&attr, b, adds(k), z->post,
                          ends(k) ? z->m->n_posts : 0, full, 2);
    if (st == dnnl_success)
        st = dnnl_matmul_primitive_desc_create(pd, b->engine, src, w, bias, dst,
                                               attr);
    if (attr) dnnl_primitive_attr_destroy(attr);
    if (bias) dnnl_memory_desc_destroy(bias);
    if (dst) dnnl_memory_desc_destroy(dst);
    if (src) dnnl_memory_desc_destroy(src);
    return st;
}

static dnnl_status_t describe_tag(const making *z, size_t rows, size_t depth,
                                  part k, dnnl_data_type_t type,
                                  dnnl_format_tag_t tag,
                                  dnnl_primitive_desc_t *pd)
{
    dnnl_dims_t dims = {(dnnl_dim_t)depth, (dnnl_dim_t)z->out};
    dnnl_memory_desc_t w = NULL;
    *pd = NULL;
    dnnl_status_t st = dnnl_memory_desc_create_with_tag(&w, 2, dims, type, tag);
    if (st == dnnl_success) st = describe(z, rows, depth, k, w, pd);
    if (w) dnnl_memory_desc_destroy(w);
    return st;
}

/* A way to do it: how deep pieces are, and how weights lie. */
typedef struct way {
    size_t depth;
    dnnl_data_type_t type;
    dnnl_format_tag_t tag;
    const om_dnnl_weight *there; /* as these do */
} way;

static dnnl_status_t describe_way(const making *z, const way *w,
                                  dnnl_primitive_desc_t *pd)
{
    const part k = w->depth < z->m->in ? FIRST : ONLY;
    if (w->there)
        return describe(z, z->m->band, w->depth, k, w->there->order.desc, pd);
    return describe_tag(z, z->m->band, w->depth, k, w->type, w->tag, pd);
}

/* Pieces of about equal size, in whole sixteens, of at most `most`. */
static size_t even_depth(size_t in, size_t most)
{
    if (most >= in) return in;
    const size_t n = (in + most - 1) / most;
    return ((in + n - 1) / n + 15) / 16 * 16;
}

enum { MOST_WAYS = 5 };

static int list_ways(const making *z, om_bits bits, way list[MOST_WAYS])
{
    const om_dnnl *b = z->k->b;
    const size_t in = z->m->in;
    const om_dnnl_weight *there = om_dnnl_find(&z->source, OM_FORM_MATMUL);
    const dnnl_data_type_t kept = type_of_bits(bits);
    const bool half = kept != b->type;
    int n = 0;
    if (there)
        list[n++] = (way){.depth = there->order.depth ? there->order.depth : in,
                          .there = there};
    if (half && b->depth)
        list[n++] =
            (way){even_depth(in, b->depth), kept, dnnl_format_tag_any, NULL};
    /* On AVX2 blocks of 32 outputs are a fifth faster than what oneDNN
     * chooses. */
    if (b->elem == OM_ELEM_F32 && !((unsigned)dnnl_get_effective_cpu_isa() &
                                    ~(unsigned)dnnl_cpu_isa_avx2_vnni_2))
        list[n++] = (way){in, b->type, dnnl_BA16a32b, NULL};
    list[n++] = (way){in, b->type, dnnl_format_tag_any, NULL};
    return n;
}

/* The first way that is fast, else the first there is. */
static dnnl_status_t choose(const making *z, om_bits bits, way *out,
                            dnnl_primitive_desc_t *pd)
{
    way list[MOST_WAYS];
    const int n = list_ways(z, bits, list);
    dnnl_status_t st = dnnl_unimplemented;
    *pd = NULL;
    for (int i = 0; i < n; i++) {
        dnnl_primitive_desc_t now = NULL;
        if (describe_way(z, &list[i], &now) != dnnl_success) continue;
        const bool fast = om_dnnl_is_fast(now);
        if (*pd && !fast) {
            dnnl_primitive_desc_destroy(now);
            continue;
        }
        if (*pd) dnnl_primitive_desc_destroy(*pd);
        *pd = now;
        *out = list[i];
        st = dnnl_success;
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

static size_t depth_of(const product *m, size_t piece)
{
    const size_t left = m->in - piece * m->depth;
    return left < m->depth ? left : m->depth;
}

/* Packed in pieces like desc. */
static omost_status pack_pieces(making *z, dnnl_memory_desc_t desc,
                                dnnl_data_type_t type, omost_error *err)
{
    product *m = z->m;
    om_dnnl_order order = {.form = OM_FORM_MATMUL, .desc = desc};
    const size_t last = depth_of(m, m->n_pieces - 1);
    dnnl_primitive_desc_t pd = NULL;
    dnnl_status_t made = dnnl_success;
    if (m->n_pieces > 1) {
        order.depth = m->depth;
        made = describe_tag(z, m->band, last, LAST, type, dnnl_format_tag_any,
                            &pd);
        if (made == dnnl_success)
            made = dnnl_memory_desc_clone(
                &order.last,
                dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0));
    }
    omost_status st = made == dnnl_success
                          ? om_dnnl_pack(&z->source, &order, &m->weight, err)
                          : om_dnnl_failed(made, z->k->s->what, err);
    if (order.last) dnnl_memory_desc_destroy(order.last);
    if (pd) dnnl_primitive_desc_destroy(pd);
    return st;
}

/* The weights as the way has them; `desc` is of a whole piece. */
static omost_status take_weights(making *z, const way *w,
                                 dnnl_memory_desc_t desc, omost_error *err)
{
    product *m = z->m;
    omost_status st = OMOST_OK;
    dnnl_data_type_t type = dnnl_f32;
    (void)dnnl_memory_desc_query(desc, dnnl_query_data_type, &type);
    if (w->there)
        m->weight = w->there;
    else
        st = pack_pieces(z, desc, type, err);
    if (st == OMOST_OK && type != type_of_bits(m->weight->bits))
        m->wide = m->weight->data.bytes / om_bits_size(m->weight->bits);
    return st;
}

/* The primitives of one length of band. */
static omost_status make_parts(making *z, int short_one, omost_error *err)
{
    product *m = z->m;
    const char *what = z->k->s->what;
    const size_t rows = short_one ? m->last : m->band;
    for (size_t i = 0; i < m->n_pieces; i++) {
        const part k = part_of(m, i);
        dnnl_primitive_desc_t pd;
        if (m->prim[short_one][k].primitive) continue;
        dnnl_status_t made =
            describe(z, rows, depth_of(m, i), k,
                     k == LAST ? m->weight->order.last : m->weight->order.desc,
                     &pd);
        if (made != dnnl_success) return om_dnnl_failed(made, what, err);
        omost_status st =
            om_dnnl_prim_init(&m->prim[short_one][k], z->k->b, pd, what, err);
        if (st) return st;
    }
    return OMOST_OK;
}

static omost_status make_prims(making *z, omost_error *err)
{
    product *m = z->m;
    om_bits bits;
    way w;
    dnnl_primitive_desc_t pd;
    dnnl_memory_desc_t desc = NULL;
    omost_status st = om_dnnl_bits(&z->source, &bits, err);
    if (st) return st;
    dnnl_status_t made = choose(z, bits, &w, &pd);
    if (made == dnnl_success) {
        made = dnnl_memory_desc_clone(
            &desc, dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0));
        dnnl_primitive_desc_destroy(pd);
    }
    if (made != dnnl_success) return om_dnnl_failed(made, z->k->s->what, err);
    m->depth = w.depth;
    m->n_pieces = (m->in + w.depth - 1) / w.depth;
    st = take_weights(z, &w, desc, err);
    dnnl_memory_desc_destroy(desc);
    if (st == OMOST_OK) st = make_parts(z, 0, err);
    if (st == OMOST_OK && m->last != m->band) st = make_parts(z, 1, err);
    return st;
}

static size_t scratch_of(const product *m, size_t elem)
{
    return om_aligned(m->wide * sizeof(float)) + own_scratch(m) +
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
                .out = (size_t)om_shape_of(k->g, n->out).c,
                .has_bias = n->bias != OM_NO_PARAM,
                .m = m};
    om_dnnl_posts(k, z.post);
    m->in = (size_t)s->in.c;
    m->n_posts = k->f->n_posts;
    m->rows = om_shape_rows(s->in);
    m->geglu = k->f->geglu == OM_NO_FUSION ? 0 : (size_t)s->out.c;
    const size_t elem = om_elem_size(k->b->elem);
    divide(m, s->flops, k->b->longest, elem);
    s->data = m;
    s->run = run_product;
    s->free = free_product;
    omost_status st = om_dnnl_vector(k->b, k->params, n->bias, &m->bias, err);
    if (st == OMOST_OK) st = make_prims(&z, err);
    s->scratch = scratch_of(m, elem);
    return st;
}
